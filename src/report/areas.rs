//! How much of what a strategy requires was asked: a report on a part of it is no report on the whole.

use super::{Report, Row};
use crate::ending::{Ending, Why};
use crate::outcome::{Grade, Status, Vantage};
use crate::settings::Wanted;

/// A group of checks, as far as it was asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Area {
    /// The group.
    pub group: &'static str,
    /// Whether the verdict depends on it.
    pub required: bool,
    /// Whether anything of it was asked, or would have been if nothing had stood in the way.
    pub asked: bool,
    /// The settings for want of which something of it was not, those first that the verdict depends on.
    pub wants: Vec<Wanted>,
}

impl Report {
    /// The groups of this run, in run order.
    pub fn areas(&self) -> Vec<Area> {
        let mut areas: Vec<Area> = Vec::new();
        for row in &self.rows {
            let group = row.group();
            if areas.iter().any(|area| area.group == group) {
                continue;
            }
            let rows = || self.rows.iter().filter(|row| row.group() == group);
            let mut wants: Vec<Wanted> = Vec::new();
            for required in [true, false] {
                for wanted in rows().filter(|row| row.required == required).filter_map(Row::wants) {
                    if !wants.contains(&wanted) {
                        wants.push(wanted);
                    }
                }
            }
            areas.push(Area {
                group,
                required: rows().any(|row| row.required),
                asked: !rows().all(|row| row.is_not_applicable() || row.is_left_out()),
                wants,
            });
        }
        areas
    }

    /// Whether everything that decides the verdict was asked, or left out for a reason.
    pub fn is_complete(&self) -> bool {
        !self.rows.iter().any(|row| row.decides() && (row.wants().is_some() || row.is_left_out_without_a_reason()))
    }

    /// The settings for want of which something was not asked: those that the verdict depends on, or the others.
    pub fn wants(&self, required: bool) -> Vec<(Wanted, Vec<&'static str>)> {
        let mut wants: Vec<(Wanted, Vec<&'static str>)> = Vec::new();
        for row in self.rows.iter().filter(|row| row.required == required) {
            let Some(wanted) = row.wants() else { continue };
            match wants.iter_mut().find(|(known, _)| known.is_of_the_same_setting(wanted)) {
                Some((_, groups)) if groups.contains(&row.group()) => {}
                Some((_, groups)) => groups.push(row.group()),
                None => wants.push((wanted, vec![row.group()])),
            }
        }
        wants
    }

    /// Whether this host got an answer from `WorkOS` that only it gives, and nothing about the way there is wrong.
    pub fn reaches_workos(&self) -> bool {
        let mut out = self.rows.iter().filter(|row| row.group() == "egress" && row.decides()).peekable();
        self.head.vantage == Vantage::Inside
            && out.peek().is_some()
            && out.clone().any(|row| row.grade() >= Some(Grade::Answered))
            && out.all(|row| matches!(row.status(), Status::Pass | Status::Warn) || row.is_not_applicable())
    }
}

impl Row {
    /// The setting for want of which it was not asked, where that is the reason.
    pub fn wants(&self) -> Option<Wanted> {
        match self.ending() {
            Ending::Skipped(Why::NotApplicable { wants, .. }) => *wants,
            _ => None,
        }
    }

    /// Whether the user left it out.
    pub fn is_left_out(&self) -> bool {
        matches!(self.ending(), Ending::Skipped(Why::LeftOut(_)))
    }

    /// Whether the user left it out, and did not say that it is not needed here.
    fn is_left_out_without_a_reason(&self) -> bool {
        matches!(self.ending(), Ending::Skipped(Why::LeftOut(None)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;
    use crate::reporters::fixture;
    use crate::settings::{DOMAIN, WEBHOOK_URL};

    /// A healthy report whose last row ended otherwise.
    fn last(why: Why, required: bool) -> Report {
        let mut report = fixture::healthy();
        report.rows.retain(|row| row.wants().is_none() && !row.is_not_applicable());
        let row = report.rows.last_mut().unwrap();
        *row = Row::new(row.spec, required, None, Ending::Skipped(why), row.took);
        report
    }

    fn wanting(wants: Option<Wanted>) -> Why {
        Why::NotApplicable { enable: "give it".to_owned(), wants }
    }

    #[test]
    fn what_is_required_and_wants_a_setting_leaves_a_run_incomplete_that_is_well_otherwise() {
        let verdict = |why, required| last(why, required).verdict();

        assert_eq!(verdict(wanting(Some(DOMAIN.wanted())), true), Verdict::Incomplete);
        assert_eq!(verdict(wanting(Some(DOMAIN.wanted())), false), Verdict::Ready);
        assert_eq!(verdict(wanting(None), true), Verdict::Ready);
    }

    #[test]
    fn what_is_left_out_for_a_reason_is_decided_and_what_is_left_out_without_one_is_not() {
        let verdict = |reason| last(Why::LeftOut(reason), true).verdict();

        assert_eq!(verdict(Some("we have no webhooks".to_owned())), Verdict::Ready);
        assert_eq!(verdict(None), Verdict::Incomplete);
    }

    #[test]
    fn an_area_names_each_setting_that_it_wants_once_and_those_first_that_decide() {
        let mut report = fixture::healthy();
        let spec = report.rows[0].spec;
        let row = |required, wants| Row::new(spec, required, None, Ending::Skipped(wanting(wants)), report.duration);
        let [domain, webhook] = [DOMAIN.wanted(), WEBHOOK_URL.wanted()];
        report.rows = vec![row(false, Some(domain)), row(true, Some(webhook)), row(true, Some(webhook))];

        let group = spec.id.group();
        let area = Area { group, required: true, asked: false, wants: vec![webhook, domain] };
        assert_eq!(report.areas(), [area]);
        assert_eq!(report.wants(true), [(webhook, vec![group])]);
    }
}
