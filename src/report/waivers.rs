//! Failures that are known and accepted for a while: which rows they cover, and which of them cover nothing.

use jiff::civil::Date;

use super::Row;
use crate::ending::Ending;
use crate::outcome::{Finding, Severity, Status};
use crate::settings::Waiver;

/// A waiver, and what became of it in a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Waived {
    /// What the settings file says.
    pub waiver: Waiver,
    /// What became of it.
    pub standing: Standing,
}

/// What became of a waiver in a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// It covers something that would count otherwise.
    Covers,
    /// Its last day is over, so that it covers nothing any more.
    Ended,
    /// Its check was asked, and there is nothing for it to cover.
    Unmatched,
    /// Its check was not asked in this run, or broke.
    NotAsked,
}

impl Standing {
    /// As the report says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Standing::Covers => "covers",
            Standing::Ended => "ended",
            Standing::Unmatched => "unmatched",
            Standing::NotAsked => "not-asked",
        }
    }
}

impl Waived {
    /// What somebody has to know who relies on it; nothing where it does what it is there for.
    pub fn warning(&self) -> Option<String> {
        let Waiver { id, until, .. } = &self.waiver;
        match self.standing {
            Standing::Ended => Some(format!(
                "the waiver for {id} ended on {until} and covers nothing any more: take it out of the settings file, or give it a later `until`"
            )),
            Standing::Unmatched => Some(format!(
                "the waiver for {id} (until {until}) has nothing to cover: what it excuses did not happen in this run, so take it out of the settings file"
            )),
            Standing::Covers | Standing::NotAsked => None,
        }
    }
}

/// Marks a row whose failure is known and accepted: by its id, or code by code for everything that is wrong with it.
pub fn waive(row: &mut Row, waivers: &[Waiver], today: Date) {
    if !may_be_covered(row) {
        return;
    }
    let in_force = || waivers.iter().filter(|waiver| today <= waiver.until);
    let id = row.spec.id.as_str();
    let whole = in_force().find(|waiver| waiver.id == id);
    let mut wrong = row.findings().iter().filter(|finding| counts(row, finding)).peekable();
    let by_code = if wrong.peek().is_some() {
        wrong
            .map(|finding| in_force().find(|waiver| code_of(waiver, id) == Some(finding.code.name)))
            .collect::<Option<Vec<_>>>()
            .and_then(|all| all.first().copied())
    } else {
        None
    };
    row.waived = whole.or(by_code).map(|waiver| format!("{} (until {})", waiver.reason, waiver.until));
}

/// What became of each waiver in a run with these rows.
pub fn standings(waivers: &[Waiver], rows: &[Row], today: Date) -> Vec<Waived> {
    waivers.iter().map(|waiver| Waived { waiver: waiver.clone(), standing: standing(waiver, rows, today) }).collect()
}

fn standing(waiver: &Waiver, rows: &[Row], today: Date) -> Standing {
    let check = waiver.id.split_once('/').map_or(waiver.id.as_str(), |(check, _)| check);
    let own = || rows.iter().filter(|row| row.spec.id.as_str() == check);
    let covers = |row: &Row| {
        let by_code = |name| row.findings().iter().any(|it| it.code.name == name && counts(row, it));
        may_be_covered(row) && code_of(waiver, check).is_none_or(by_code)
    };
    if today > waiver.until {
        Standing::Ended
    } else if own().any(covers) {
        Standing::Covers
    } else if own().any(was_asked) {
        Standing::Unmatched
    } else {
        Standing::NotAsked
    }
}

/// The code that a waiver names, where it names one of this check's.
fn code_of<'a>(waiver: &'a Waiver, check: &str) -> Option<&'a str> {
    waiver.id.strip_prefix(check).and_then(|rest| rest.strip_prefix('/'))
}

/// A check that broke has asked nothing that a waiver could be about.
fn was_asked(row: &Row) -> bool {
    row.status() != Status::Skip && !matches!(row.ending(), Ending::Broke(_))
}

/// Nobody can have accepted a defect of this tool beforehand.
fn may_be_covered(row: &Row) -> bool {
    if matches!(row.ending(), Ending::Broke(_)) {
        return false;
    }
    matches!(row.status(), Status::Fail | Status::Unknown | Status::Warn) || row.cause().is_some()
}

/// Whether a finding has to be covered for the row to be: a warning has, where there is nothing worse.
fn counts(row: &Row, finding: &Finding) -> bool {
    finding.code.severity > Severity::Warning || row.status() == Status::Warn
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::reporters::fixture;

    #[test]
    fn a_warning_is_covered_too_and_then_warns_no_more() {
        let mut report = fixture::broken();
        let waiver = Waiver {
            id: "egress.trusted/intercepted".to_owned(),
            reason: "the exemption is ordered".to_owned(),
            until: date(2999, 1, 1),
        };
        report.rows.retain(|row| row.status() == Status::Warn);
        report.waivers.clear();
        assert!(report.warns());
        for row in &mut report.rows {
            waive(row, std::slice::from_ref(&waiver), date(2026, 11, 27));
        }

        assert!(!report.warns());
        assert_eq!(report.summary().waived, report.rows.len());
    }

    #[test]
    fn a_check_that_broke_is_covered_by_no_waiver() {
        let waiver =
            Waiver { id: "egress.connects".to_owned(), reason: "ticket 7".to_owned(), until: date(2999, 1, 1) };
        let mut report = fixture::broken();
        let row = report.rows.iter_mut().find(|row| row.spec.id.as_str() == waiver.id).unwrap();
        let mut broke = Row::new(row.spec, true, None, Ending::Broke("it panicked".to_owned()), row.took);

        waive(row, std::slice::from_ref(&waiver), date(2026, 11, 27));
        waive(&mut broke, std::slice::from_ref(&waiver), date(2026, 11, 27));

        assert!(row.waived.is_some() && broke.waived.is_none());
    }

    #[test]
    fn a_waiver_of_a_check_that_broke_is_not_asked_about_and_nobody_is_told_to_take_it_out() {
        let mut report = fixture::broken();
        report.rows.retain(|row| row.spec.id.as_str() == "egress.connects");
        let ids = ["egress.connects", "egress.connects/timed-out", "egress.connects/refused"];
        let waivers =
            ids.map(|id| Waiver { id: id.to_owned(), reason: "ticket 7".to_owned(), until: date(2999, 1, 1) });
        let of = |rows: &[Row]| standings(&waivers, rows, date(2026, 11, 27)).into_iter().map(|it| it.standing);
        let asked: Vec<Standing> = of(&report.rows).collect();
        for row in &mut report.rows {
            *row = Row::new(row.spec, true, None, Ending::Broke("it panicked".to_owned()), row.took);
        }

        assert_eq!(asked, [Standing::Covers, Standing::Covers, Standing::Unmatched]);
        assert!(of(&report.rows).all(|standing| standing == Standing::NotAsked));
    }

    #[test]
    fn a_waiver_that_ended_or_has_nothing_to_cover_is_told_from_one_that_does_or_was_not_asked() {
        let report = fixture::broken();
        let waiver = |id: &str, until| Waiver { id: id.to_owned(), reason: "ticket 7".to_owned(), until };
        let (later, earlier) = (date(2999, 1, 1), date(2020, 1, 1));
        let of = |id: &str, until| standing(&waiver(id, until), &report.rows, date(2026, 11, 27));

        assert_eq!(of("egress.connects", later), Standing::Covers);
        assert_eq!(of("egress.connects/timed-out", later), Standing::Covers);
        assert_eq!(of("egress.connects", earlier), Standing::Ended);
        assert_eq!(of("egress.connects/refused", later), Standing::Unmatched);
        assert_eq!(of("egress.resolves", later), Standing::Unmatched);
        assert_eq!(of("egress.trusted/intercepted", later), Standing::Covers);
        assert_eq!(of("events.readable", later), Standing::NotAsked);
        let warned = |standing| Waived { waiver: waiver("a.b", later), standing }.warning().is_some();
        assert!(warned(Standing::Ended) && warned(Standing::Unmatched));
        assert!(!warned(Standing::Covers) && !warned(Standing::NotAsked));
    }
}
