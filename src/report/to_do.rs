//! What to act on, and in which order: causes before what follows from them, and nothing twice.

use super::{Report, Row};
use crate::outcome::{Finding, Severity, Status, Who};

/// A finding of a row.
pub type Found<'a> = (&'a Row, &'a Finding);

/// One thing to act on.
#[derive(Clone)]
pub struct ToDo<'a> {
    /// The row that it stands in.
    pub row: &'a Row,
    /// What is wrong.
    pub finding: &'a Finding,
    /// What is wrong besides, and follows from it.
    pub explains: Vec<Found<'a>>,
}

impl ToDo<'_> {
    /// Who has to act, as far as is likeliest.
    pub fn who(&self) -> Who {
        self.finding.remediations.likeliest().who
    }

    /// Whether something does not work because of it, rather than being open.
    fn fails(&self) -> bool {
        let all = self.explains.iter().map(|(_, finding)| *finding).chain([self.finding]);
        all.into_iter().any(|finding| finding.code.severity == Severity::Error)
    }
}

impl Report {
    /// What to act on: everything that keeps the verdict from being better, each thing where it comes from. What has failed stands
    /// before what is open, what explains others before what does not, and what one party has to do together; otherwise it is in
    /// run order.
    pub fn to_do(&self) -> Vec<ToDo<'_>> {
        let mut to_do: Vec<ToDo<'_>> = Vec::new();
        for symptom in self.in_the_way() {
            let (row, finding) = root(&self.rows, symptom).unwrap_or(symptom);
            let known = to_do.iter().position(|known| std::ptr::eq(known.finding, finding));
            let at = known.unwrap_or_else(|| {
                to_do.push(ToDo { row, finding, explains: Vec::new() });
                to_do.len() - 1
            });
            if let Some(entry) = to_do.get_mut(at).filter(|entry| !std::ptr::eq(entry.finding, symptom.1)) {
                entry.explains.push(symptom);
            }
        }
        let at = |entry: &ToDo<'_>| self.rows.iter().position(|row| std::ptr::eq(row, entry.row));
        to_do.sort_by_key(|entry| (!entry.fails(), entry.explains.is_empty(), at(entry)));
        let mut parties: Vec<Who> = Vec::new();
        for who in to_do.iter().map(ToDo::who) {
            if !parties.contains(&who) {
                parties.push(who);
            }
        }
        let party = |entry: &ToDo<'_>| parties.iter().position(|known| *known == entry.who());
        to_do.sort_by_key(|entry| (!entry.fails(), entry.explains.is_empty(), party(entry)));
        to_do
    }

    /// Every finding that keeps the verdict from being better: of what decides it, and of what keeps that from being asked.
    fn in_the_way(&self) -> impl Iterator<Item = Found<'_>> {
        let causes: Vec<_> = self.kept_from_being_asked().filter_map(Row::cause).collect();
        let counts = move |row: &&Row| row.decides() || (row.waived.is_none() && causes.contains(&row.spec.id));
        self.rows.iter().filter(counts).flat_map(|row| decisive(row).map(move |finding| (row, finding)))
    }
}

/// The findings that made a row what it is: not those that weigh less.
fn decisive(row: &Row) -> impl Iterator<Item = &Finding> {
    let wanted = match row.status() {
        Status::Fail => Some(Severity::Error),
        Status::Unknown => Some(Severity::Undecided),
        Status::Pass | Status::Warn | Status::Skip => None,
    };
    row.findings().iter().filter(move |finding| wanted == Some(finding.code.severity))
}

/// What a finding follows from in the end, if anything among these rows explains it: acting on the finding itself cannot help as
/// long as that stands.
pub fn root<'a>(rows: &'a [Row], (row, finding): (&Row, &Finding)) -> Option<Found<'a>> {
    let mut root = explaining(rows, row, finding)?;
    // A chain that is longer than there are rows goes round in a circle.
    for _ in rows {
        match explaining(rows, root.0, root.1) {
            Some(further) => root = further,
            None => break,
        }
    }
    (!std::ptr::eq(root.1, finding)).then_some(root)
}

fn explaining<'a>(rows: &'a [Row], row: &Row, finding: &Finding) -> Option<Found<'a>> {
    let explains = |other: &Finding| {
        !std::ptr::eq(other, finding) && other.code.explains.iter().any(|code| std::ptr::eq(*code, finding.code))
    };
    // What one endpoint fails of says nothing of another, unless every one that was asked about fails of it.
    let by_all = |other: &Row| {
        let mut asked = rows.iter().filter(|it| it.spec.id == other.spec.id && it.status() != Status::Skip);
        asked.all(|it| it.findings().iter().any(explains))
    };
    let concerns = |other: &&Row| {
        other.waived.is_none() && (other.about.concerns(&row.about) || finding.code.of_the_way_out && by_all(other))
    };
    let concerned = rows.iter().filter(concerns);
    concerned
        .flat_map(|other| other.findings().iter().map(move |found| (other, found)))
        .find(|(_, other)| explains(other))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::check::{About, CheckId, Endpoint, Planned, Spec};
    use crate::ending::{Ending, Why};
    use crate::outcome::{Code, Grade, Outcome, Remediation, Vantage};
    use crate::reporters::fixture;

    static SILENT: Code = Code::error("silent", "no answer");
    static OPEN: Code = Code::undecided("open", "it could not be told");
    static WRONG: Code = Code::error("wrong", "it is wrong by itself");
    static UNSEEN: Code = Code::undecided("unseen", "the public view is not seen").comes_of_the_way_out();
    static SHUT_OUT: Code = Code::error("shut-out", "the proxy is not asked").explains(&[&SILENT, &UNSEEN]);
    static ODD: Code = Code::warning("odd", "a setting is odd").explains(&[&SHUT_OUT, &SILENT]);
    static SPEC: Spec = Spec {
        id: CheckId::new("a.first"),
        title: "",
        explain: "",
        vantages: &[Vantage::Inside],
        required: |_, _| true,
        codes: &[&SILENT, &OPEN, &WRONG, &UNSEEN, &SHUT_OUT, &ODD],
        needs: &[],
        plan: |_, _| Planned::NotApplicable(String::new()),
    };

    static SECOND: Spec = Spec { id: CheckId::new("a.second"), ..SPEC };

    fn found(code: &'static Code, who: Who) -> Row {
        let remediation = match who {
            Who::Network => Remediation::network("Mend it."),
            _ => Remediation::installer("Mend it."),
        };
        let outcome = Outcome::graded(Grade::Reached).because(code.found("is so", remediation));
        Row::new(&SPEC, true, None, Ending::Asked(outcome), Duration::ZERO)
    }

    fn at(host: &str, row: Row) -> Row {
        row.about(About::Endpoint(Endpoint::new(host, 443)))
    }

    fn report(rows: Vec<Row>) -> Report {
        Report { rows, ..fixture::healthy() }
    }

    /// Each thing to do, and what it explains.
    fn to_do(report: &Report) -> Vec<(&'static str, Vec<&'static str>)> {
        let named = |(_, finding): &Found<'_>| finding.code.name;
        report.to_do().iter().map(|it| (it.finding.code.name, it.explains.iter().map(named).collect())).collect()
    }

    #[test]
    fn a_cause_stands_in_the_place_of_what_follows_from_it_although_it_only_warns() {
        let report = report(vec![found(&ODD, Who::Installer), at("a", found(&SILENT, Who::Network))]);

        assert_eq!(to_do(&report), [("odd", vec!["silent"])]);
    }

    #[test]
    fn a_chain_of_causes_is_followed_to_its_end() {
        let rows =
            vec![found(&ODD, Who::Installer), found(&SHUT_OUT, Who::Network), at("a", found(&SILENT, Who::Network))];

        assert_eq!(to_do(&report(rows)), [("odd", vec!["shut-out", "silent"])]);
    }

    #[test]
    fn what_is_found_at_another_host_follows_from_nothing() {
        let report = report(vec![at("a", found(&ODD, Who::Installer)), at("b", found(&SILENT, Who::Network))]);

        assert_eq!(to_do(&report), [("silent", vec![])]);
    }

    #[test]
    fn what_comes_of_the_way_out_follows_from_what_shuts_every_endpoint_out_and_not_from_what_shuts_out_one() {
        let unseen = || at("site", found(&UNSEEN, Who::Network));
        let shut_out = |host| at(host, found(&SHUT_OUT, Who::Network));
        let open = |host| {
            at(host, Row::new(&SPEC, true, None, Ending::Asked(Outcome::graded(Grade::Reached)), Duration::ZERO))
        };
        let other = |row: Row| Row { spec: &SECOND, ..row };

        let all = report(vec![shut_out("a"), shut_out("b"), other(unseen())]);
        assert_eq!(to_do(&all), [("shut-out", vec!["unseen"]), ("shut-out", vec![])]);
        let one = report(vec![shut_out("a"), open("b"), other(unseen())]);
        assert_eq!(to_do(&one), [("shut-out", vec![]), ("unseen", vec![])]);
    }

    #[test]
    fn a_warning_that_explains_nothing_and_what_is_waived_or_not_required_are_nothing_to_do() {
        let mut waived = found(&WRONG, Who::Network);
        waived.waived = Some("known".to_owned());
        let mut optional = found(&WRONG, Who::Network);
        optional.required = false;

        assert_eq!(to_do(&report(vec![found(&ODD, Who::Installer), waived, optional])), []);
    }

    #[test]
    fn what_keeps_a_required_question_from_being_asked_is_to_be_done_although_it_is_not_required() {
        let mut optional = found(&WRONG, Who::Network);
        optional.required = false;
        let hidden = Row::new(&SPEC, true, None, Ending::Skipped(Why::Needs(SPEC.id)), Duration::ZERO);

        assert_eq!(to_do(&report(vec![optional, hidden])), [("wrong", vec![])]);
    }

    #[test]
    fn what_failed_comes_first_then_causes_and_one_partys_together() {
        let rows = vec![
            found(&OPEN, Who::Installer),
            found(&WRONG, Who::Network),
            at("a", found(&WRONG, Who::Installer)),
            at("b", found(&WRONG, Who::Network)),
            at("c", found(&ODD, Who::Installer)),
            at("c", found(&SILENT, Who::Network)),
        ];
        let report = report(rows);

        let who: Vec<_> = report.to_do().iter().map(|it| (it.finding.code.name, it.who())).collect();
        assert_eq!(
            who,
            [
                ("odd", Who::Installer),
                ("wrong", Who::Installer),
                ("wrong", Who::Network),
                ("wrong", Who::Network),
                ("open", Who::Installer)
            ]
        );
    }
}
