//! What a run found, as plain values. Formats people script against are types of their own: [`v1`].

mod areas;
pub mod compare;
mod hidden;
mod inbound;
mod kept_out;
mod to_do;
pub mod v1;
pub mod waivers;

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use crate::check::{About, CheckId, Spec};
use crate::ending::{Ending, Why};
use crate::outcome::{Evidence, Finding, Grade, Status, Vantage};
use crate::settings::{Source, Strategy};
use waivers::Waived;

pub use areas::Area;
pub use inbound::Inbound;
pub use to_do::{Found, ToDo, root};

/// What is known when a run begins.
#[derive(Clone, Debug)]
pub struct Head {
    /// When it began.
    pub started_at: SystemTime,
    /// The machine's name.
    pub host: String,
    /// The addresses from which it reaches out, as far as that could be told: one of a family.
    pub addresses: Vec<String>,
    /// Which side of the edge it looks from.
    pub vantage: Vantage,
    /// How the deployment reaches `WorkOS`.
    pub strategy: Strategy,
    /// How the API is reached: `direct`, or the proxy.
    pub via: String,
    /// What named the proxy, where there is one.
    pub via_from: Option<Source>,
    /// The settings file that was read.
    pub settings_file: Option<PathBuf>,
    /// What was typed, as it can be typed again. Only people are told, so that they need not find it again.
    pub typed: String,
    /// The day the facts were gathered.
    pub facts_as_of: String,
    /// Every value in effect as it may be shown.
    pub settings: Vec<(&'static str, String, Source)>,
    /// What is played, when this is a demonstration.
    pub demonstration: Option<String>,
}

impl Head {
    /// The machine, with the addresses from which it reaches out.
    pub fn machine(&self) -> String {
        match &self.addresses[..] {
            [] => self.host.clone(),
            addresses => format!("{} ({})", self.host, addresses.join(", ")),
        }
    }

    /// The settings file that was read, in words.
    pub fn file(&self) -> String {
        self.settings_file.as_ref().map_or_else(|| "none".to_owned(), |path| path.display().to_string())
    }

    /// The way that requests take, and what named the proxy, in words.
    pub fn way(&self) -> String {
        match (self.via.as_str(), &self.via_from) {
            ("direct", _) => "no proxy".to_owned(),
            (proxy, None) => format!("through {proxy}"),
            (proxy, Some(from)) => format!("through {proxy} ({from})"),
        }
    }
}

/// One row of a report: one check about one subject.
#[derive(Clone)]
pub struct Row {
    /// The kind of check.
    pub spec: &'static Spec,
    /// Whether a failure decides the verdict.
    pub required: bool,
    /// The subject, as the check names it.
    pub subject: Option<String>,
    /// What the question is about, as far as findings of other rows are concerned.
    pub about: About,
    ending: Ending,
    /// How long the check ran.
    pub took: Duration,
    /// Why its failure does not count, when it is waived.
    pub waived: Option<String>,
}

impl Row {
    /// How the question of this kind about this subject ended. Whatever else the row says follows from that.
    pub fn new(spec: &'static Spec, required: bool, subject: Option<String>, ending: Ending, took: Duration) -> Self {
        let ending = match ending {
            Ending::Asked(outcome) => Ending::of(spec, outcome),
            other => other,
        };
        Row { spec, required, subject, about: About::Run, ending, took, waived: None }
    }

    /// The same, about this.
    #[must_use]
    pub fn about(self, about: About) -> Self {
        Row { about, ..self }
    }

    /// How the question ended.
    pub fn ending(&self) -> &Ending {
        &self.ending
    }

    /// The group it stands in.
    pub fn group(&self) -> &'static str {
        self.spec.id.group()
    }

    /// What was concluded.
    pub fn status(&self) -> Status {
        self.ending.status()
    }

    /// Why it was skipped or left unknown without a finding.
    pub fn reason(&self) -> Option<String> {
        self.ending.reason()
    }

    /// Whether it was skipped because no setting calls for it.
    pub fn is_not_applicable(&self) -> bool {
        matches!(self.ending, Ending::Skipped(Why::NotApplicable { .. }))
    }

    /// The check whose failure, or open question, kept it from being asked.
    pub fn cause(&self) -> Option<CheckId> {
        self.ending.cause()
    }

    /// The check that it waited for, whether that did not pass or was not through.
    pub fn waited_for(&self) -> Option<CheckId> {
        self.ending.waited_for()
    }

    /// What is wrong.
    pub fn findings(&self) -> &[Finding] {
        self.ending.findings()
    }

    /// By which name something that is wrong here is explained and waived.
    pub fn address(&self, finding: &Finding) -> String {
        self.spec.address(finding.code)
    }

    /// What was seen.
    pub fn evidence(&self) -> &[Evidence] {
        self.ending.evidence()
    }

    /// How strong the best evidence is, where something was concluded from it.
    pub fn grade(&self) -> Option<Grade> {
        self.ending.grade()
    }

    /// What it comes to in a few words, where its check has such.
    pub fn gist(&self) -> Option<&str> {
        self.ending.outcome()?.gist.as_deref()
    }

    /// The path that was taken.
    pub fn via(&self) -> Option<&str> {
        self.ending.outcome()?.via.as_deref()
    }

    /// How many attempts the slowest question took.
    pub fn attempts(&self) -> u32 {
        self.ending.outcome().map_or(0, |outcome| outcome.attempts)
    }

    /// Whether it counts against the verdict.
    pub fn decides(&self) -> bool {
        self.required && self.waived.is_none()
    }
}

/// What a run found.
#[derive(Clone)]
pub struct Report {
    /// What was known when it began.
    pub head: Head,
    /// One row per check and subject, in plan order.
    pub rows: Vec<Row>,
    /// How long it took.
    pub duration: Duration,
    /// It was ended by the user before it was through.
    pub interrupted: bool,
    /// Every waiver of the settings file, and what became of it.
    pub waivers: Vec<Waived>,
}

/// What a report comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Everything required was asked, and is met or waived.
    Ready,
    /// Nothing that was asked is wrong, and not everything required was asked.
    Incomplete,
    /// Something required failed.
    NotReady,
    /// Nothing required failed, but something required is unknown or could not be asked, a check broke, required or not, nothing
    /// was asked, or the run was interrupted.
    Undecided,
}

impl Verdict {
    /// As the report says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Ready => "ready",
            Verdict::Incomplete => "incomplete",
            Verdict::NotReady => "not-ready",
            Verdict::Undecided => "undecided",
        }
    }
}

/// How many rows ended how. Waived rows are counted apart.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Summary {
    /// Rows that passed.
    pub pass: usize,
    /// Rows that passed with a warning.
    pub warn: usize,
    /// Rows that failed.
    pub fail: usize,
    /// Rows that were skipped.
    pub skip: usize,
    /// Rows that were left unknown.
    pub unknown: usize,
    /// Rows whose failure is waived.
    pub waived: usize,
}

impl Report {
    /// A required failure makes it not ready; else it is undecided by a required question that is unknown, or that a cause kept
    /// from being asked, by a check that broke, by an interruption, and where nothing was asked at all; else it is incomplete
    /// while something required was not asked.
    pub fn verdict(&self) -> Verdict {
        let any = |status| self.rows.iter().any(|row| row.decides() && row.status() == status);
        let hidden = self.hidden().next().is_some();
        // A defect of the tool leaves everything open, whatever it was that broke.
        let broke = self.broke().next().is_some();
        let nothing_asked = !self.rows.is_empty() && self.rows.iter().all(|row| row.status() == Status::Skip);
        if any(Status::Fail) {
            Verdict::NotReady
        } else if any(Status::Unknown) || broke || hidden || nothing_asked || self.interrupted {
            Verdict::Undecided
        } else if self.is_complete() {
            Verdict::Ready
        } else {
            Verdict::Incomplete
        }
    }

    /// The checks that broke, which is a defect of the tool.
    pub fn broke(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| matches!(row.ending(), Ending::Broke(_)))
    }

    /// What keeps questions that decide the verdict from being asked.
    fn hidden(&self) -> impl Iterator<Item = CheckId> {
        self.kept_from_being_asked().filter_map(Row::cause)
    }

    /// The questions that decide the verdict, and that something else kept from being asked. A cause that is waived is accepted
    /// with what it hides.
    pub fn kept_from_being_asked(&self) -> impl Iterator<Item = &Row> {
        let waived = |cause: CheckId| {
            let mut open = self.rows.iter().filter(|row| row.spec.id == cause && is_open(row)).peekable();
            open.peek().is_some() && open.all(|row| row.waived.is_some())
        };
        self.rows.iter().filter(move |row| row.decides() && row.cause().is_some_and(|cause| !waived(cause)))
    }

    /// How many questions that decide the verdict were not asked because of this row.
    pub fn behind(&self, row: &Row) -> usize {
        let of_it =
            |other: &&Row| other.required && other.cause() == Some(row.spec.id) && other.about.concerns(&row.about);
        self.rows.iter().filter(of_it).count()
    }

    /// How many rows ended how.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for row in &self.rows {
            let count = match (row.status(), &row.waived) {
                (_, Some(_)) => &mut summary.waived,
                (Status::Pass, None) => &mut summary.pass,
                (Status::Warn, None) => &mut summary.warn,
                (Status::Fail, None) => &mut summary.fail,
                (Status::Skip, None) => &mut summary.skip,
                (Status::Unknown, None) => &mut summary.unknown,
            };
            *count += 1;
        }
        summary
    }

    /// Whether anything warns: a row that is not waived, or a waiver that covers nothing.
    pub fn warns(&self) -> bool {
        self.rows.iter().any(|row| row.status() == Status::Warn && row.waived.is_none())
            || self.waivers.iter().any(|waived| waived.warning().is_some())
    }
}

fn is_open(row: &Row) -> bool {
    matches!(row.status(), Status::Fail | Status::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{Outcome, Remediation};
    use crate::reporters::fixture;

    /// Three rows: an optional failure, what it hides, and what has nothing to do with it.
    fn hiding() -> Report {
        let mut report = fixture::healthy();
        report.rows.truncate(3);
        let cause = report.rows[0].spec.id;
        let found = fixture::BROKEN.found("is broken", Remediation::network("Mend it."));
        ends(&mut report.rows[0], Ending::Asked(Outcome::graded(Grade::Reached).because(found)));
        report.rows[0].required = false;
        ends(&mut report.rows[1], Ending::Skipped(Why::Needs(cause)));
        report
    }

    fn ends(row: &mut Row, ending: Ending) {
        *row = Row::new(row.spec, row.required, row.subject.clone(), ending, row.took);
    }

    #[test]
    fn a_required_question_that_is_hidden_leaves_the_verdict_open_and_names_its_cause() {
        let report = hiding();

        assert_eq!(report.verdict(), Verdict::Undecided);
        assert_eq!(report.to_do().first().map(|first| first.row.spec.id), Some(report.rows[0].spec.id));
    }

    #[test]
    fn a_waiver_of_the_cause_or_of_what_it_hides_accepts_both() {
        for waived in [0, 1] {
            let mut report = hiding();
            report.rows[waived].waived = Some("known".to_owned());

            assert_eq!(report.verdict(), Verdict::Ready, "row {waived}");
        }
    }

    #[test]
    fn what_is_not_required_hides_nothing_and_a_run_that_asked_nothing_is_open() {
        let mut optional = hiding();
        optional.rows[1].required = false;
        let mut idle = hiding();
        idle.rows.iter_mut().for_each(|row| ends(row, Ending::Skipped(Why::LeftOut(None))));

        assert_eq!((optional.verdict(), idle.verdict()), (Verdict::Ready, Verdict::Undecided));
    }

    #[test]
    fn a_check_that_broke_leaves_the_run_open_although_it_is_not_required() {
        let mut report = hiding();
        report.rows.drain(..2);
        let row = report.rows.last_mut().unwrap();
        row.required = false;
        ends(row, Ending::Broke("it reached for what it does not declare".to_owned()));

        assert_eq!(report.verdict(), Verdict::Undecided);
    }

    #[test]
    fn a_run_that_was_interrupted_is_open_although_nothing_required_is() {
        let mut report = hiding();
        report.rows.drain(..2);
        assert_eq!(report.verdict(), Verdict::Ready);
        report.interrupted = true;

        assert_eq!(report.verdict(), Verdict::Undecided);
    }

    #[test]
    fn what_is_to_be_fixed_first_is_the_cause_and_not_what_else_is_wrong_and_hides_nothing() {
        let mut report = hiding();
        let mut harmless = report.rows[2].clone();
        let found = fixture::BROKEN.found("is broken as well", Remediation::network("Mend it."));
        ends(&mut harmless, Ending::Asked(Outcome::graded(Grade::Reached).because(found)));
        harmless.required = false;
        report.rows.insert(0, harmless);

        assert_eq!(report.to_do().first().map(|first| first.row.spec.id), Some(report.rows[1].spec.id));
    }
}
