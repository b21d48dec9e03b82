//! What a check may conclude, and what a conclusion must carry.

mod bearing;
mod cause;
mod command;
mod findings;

pub use bearing::Bearing;
pub use cause::Cause;
pub use command::Command;
pub(crate) use command::command;
pub use findings::Findings;

use std::fmt::Display;

use crate::said::{in_any_order, listed};

/// One kind of finding that a check can make. Addressed everywhere as `check-id/code`.
#[derive(PartialEq, Eq, Debug)]
pub struct Code {
    /// Kebab-case, stable.
    pub name: &'static str,
    /// What a finding of this kind does to the status.
    pub severity: Severity,
    /// One sentence: what has been seen when this is found.
    pub means: &'static str,
    /// What it makes plain: findings of these kinds about the same thing follow from it, and nothing is mended by acting on them.
    pub explains: &'static [&'static Code],
    /// Whether it comes of the way out of this network, whatever its row is about.
    pub of_the_way_out: bool,
    /// What usually lies behind it, likeliest first.
    pub causes: &'static [Cause],
    /// What it tells to somebody who was not there.
    pub bearing: Bearing,
}

impl Code {
    /// A code whose findings fail the check.
    pub const fn error(name: &'static str, means: &'static str) -> Self {
        Code::of(name, Severity::Error, means)
    }

    /// A code whose findings leave the question open.
    pub const fn undecided(name: &'static str, means: &'static str) -> Self {
        Code::of(name, Severity::Undecided, means)
    }

    /// A code whose findings pass the check with a warning.
    pub const fn warning(name: &'static str, means: &'static str) -> Self {
        Code::of(name, Severity::Warning, means)
    }

    const fn of(name: &'static str, severity: Severity, means: &'static str) -> Self {
        let bearing = Bearing::Installation;
        Code { name, severity, means, explains: &[], of_the_way_out: false, causes: &[], bearing }
    }

    /// The same, which findings of these kinds about the same thing follow from.
    #[must_use]
    pub const fn explains(self, symptoms: &'static [&'static Code]) -> Self {
        Code { explains: symptoms, ..self }
    }

    /// The same, which comes of the way out of this network, and not of what its row is about: where nothing gets out, it follows
    /// from what explains it, whatever that is about.
    #[must_use]
    pub const fn comes_of_the_way_out(self) -> Self {
        Code { of_the_way_out: true, ..self }
    }

    /// The same with what usually lies behind it, likeliest first.
    #[must_use]
    pub const fn caused_by(self, causes: &'static [Cause]) -> Self {
        Code { causes, ..self }
    }

    /// The same, which an allowlist that works looks like to a machine that it leaves out.
    #[must_use]
    pub const fn like_an_allowlist(self) -> Self {
        Code { bearing: Bearing::Allowlist, ..self }
    }

    /// The same, which is about the machine that looks, and about nothing that it looks at.
    #[must_use]
    pub const fn of_the_looker(self) -> Self {
        Code { bearing: Bearing::Looker, ..self }
    }

    /// A finding of this kind. There is none without a remediation.
    pub fn found(&'static self, problem: impl Into<String>, remediations: impl Into<Remediations>) -> Finding {
        Finding { code: self, problem: problem.into(), remediations: remediations.into() }
    }
}

/// How much a finding weighs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Severity {
    /// It works, and somebody should know.
    Warning,
    /// The question could not be answered.
    Undecided,
    /// It does not work.
    Error,
}

impl Severity {
    /// As the report says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Warning => "warning",
            Severity::Undecided => "undecided",
            Severity::Error => "error",
        }
    }
}

/// One thing wrong, or one thing that keeps the question open.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Which kind of finding; decides the severity.
    pub code: &'static Code,
    /// Finishes the sentence that the subject begins: "no answer from 104.18.2.1 within 5 s".
    pub problem: String,
    /// What to do about it; for an undecided one, what would decide it.
    pub remediations: Remediations,
}

/// The ways to mend something, likeliest first: alternatives, often of different parties. There is always one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Remediations {
    likeliest: Remediation,
    others: Vec<Remediation>,
}

impl Remediations {
    /// The one to try first.
    pub fn likeliest(&self) -> &Remediation {
        &self.likeliest
    }

    /// All of them, likeliest first.
    pub fn iter(&self) -> impl Iterator<Item = &Remediation> {
        std::iter::once(&self.likeliest).chain(&self.others)
    }

    /// One way more, where those before it are not the ones.
    #[must_use]
    pub fn or(mut self, other: Remediation) -> Self {
        self.others.push(other);
        self
    }

    /// One way more, where there is one.
    #[must_use]
    pub fn and(self, other: Option<Remediation>) -> Self {
        other.into_iter().fold(self, Remediations::or)
    }

    /// The same ways in other words: every text of them is changed.
    #[must_use]
    pub fn reworded(self, reword: impl Fn(&str) -> String) -> Self {
        let one = |Remediation { who, action, brief, verify }: Remediation| Remediation {
            who,
            action: reword(&action),
            brief: brief.as_deref().map(&reword),
            verify: verify.map(|command| Command::repeated(reword(command.as_str()))),
        };
        Remediations { likeliest: one(self.likeliest), others: self.others.into_iter().map(one).collect() }
    }

    /// The command that shows the problem without this tool, whichever way it is mended. Where the likeliest way has one of its
    /// own, that one stays.
    #[must_use]
    pub fn verify(mut self, command: impl Into<Command>) -> Self {
        self.likeliest.verify.get_or_insert_with(|| command.into());
        self
    }
}

impl From<Remediation> for Remediations {
    fn from(only: Remediation) -> Self {
        Remediations { likeliest: only, others: Vec::new() }
    }
}

/// What to change, who has to, and how to see it without this tool.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Remediation {
    /// Who has to act.
    pub who: Who,
    /// One imperative sentence with the real host, port, range, file or setting in it.
    pub action: String,
    /// The same in a few words, for a list of what is to be done: "open TCP 443 to `WorkOS`".
    pub brief: Option<String>,
    /// A public command that shows the problem, and shows when it is gone.
    pub verify: Option<Command>,
}

impl Remediation {
    /// The customer's IT has to act.
    pub fn network(action: impl Into<String>) -> Self {
        Self::of(Who::Network, action)
    }

    /// Whoever is installing has to act.
    pub fn installer(action: impl Into<String>) -> Self {
        Self::of(Who::Installer, action)
    }

    /// The maker of the application being installed has to act.
    pub fn vendor(action: impl Into<String>) -> Self {
        Self::of(Who::Vendor, action)
    }

    /// `WorkOS` has to act; the action says what the reader does meanwhile.
    pub fn workos(action: impl Into<String>) -> Self {
        Self::of(Who::Workos, action)
    }

    /// The public command that shows the problem without this tool.
    #[must_use]
    pub fn verify(mut self, command: impl Into<Command>) -> Self {
        self.verify = Some(command.into());
        self
    }

    /// The same with what a list of what is to be done says of it: a few words, without a full stop.
    #[must_use]
    pub fn in_short(mut self, brief: impl Into<String>) -> Self {
        self.brief = Some(brief.into());
        self
    }

    /// What a list of what is to be done says: what was made for it, or else the action up to where it goes on to explain.
    pub fn in_few_words(&self) -> String {
        if let Some(brief) = &self.brief {
            return brief.clone();
        }
        let end = ["; ", ": ", ". "].into_iter().filter_map(|stop| self.action.find(stop)).min();
        let text = self.action.get(..end.unwrap_or(self.action.len())).unwrap_or(&self.action).trim_end_matches('.');
        let mut chars = text.chars();
        chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
    }

    /// Another way, often another party's, where this one is not it.
    #[must_use]
    pub fn or(self, other: Remediation) -> Remediations {
        Remediations::from(self).or(other)
    }

    fn of(who: Who, action: impl Into<String>) -> Self {
        Remediation { who, action: action.into(), brief: None, verify: None }
    }
}

/// The parties to a deployment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Who {
    /// Customer IT.
    Network,
    /// Whoever stands at the installation host.
    Installer,
    /// The maker of the application being installed.
    Vendor,
    /// `WorkOS`.
    Workos,
}

impl Who {
    /// As the report says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Who::Network => "network",
            Who::Installer => "installer",
            Who::Vendor => "vendor",
            Who::Workos => "workos",
        }
    }
}

/// A named fact that was seen. Two runs are compared by it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Evidence {
    /// Its name, stable from run to run.
    pub what: &'static str,
    /// What was seen.
    pub value: String,
    /// Which part of it two runs are held to.
    pub steady: Steady,
    /// It names other customers: for a person who asks for it with `-v`, and in no file.
    pub confidential: bool,
}

/// Which part of a fact two runs are held to.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub enum Steady {
    /// All of it: another value is a change.
    #[default]
    Whole,
    /// This much. What else is in the value, such as a time or the order of a list, is another in every run.
    Part(String),
    /// Nothing of it: it is an id, an age or a time, or one of several that are as good.
    Nothing,
}

impl Evidence {
    /// A fact that stays as it is.
    pub fn new(what: &'static str, value: impl Into<String>) -> Self {
        Evidence { what, value: value.into(), steady: Steady::Whole, confidential: false }
    }

    /// The same, of which this much stays from run to run.
    #[must_use]
    pub fn of_which(self, steady: impl Into<String>) -> Self {
        Evidence { steady: Steady::Part(steady.into()), ..self }
    }

    /// The same, which is another in every run.
    #[must_use]
    pub fn passing(self) -> Self {
        Evidence { steady: Steady::Nothing, ..self }
    }
}

/// How strong the best evidence of a result is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Grade {
    /// Said in the settings.
    Declared,
    /// Computed from facts or exported rules.
    Modelled,
    /// Packets came back.
    Reached,
    /// It is known who answered, by certificate.
    Identified,
    /// An answer that only the real service gives.
    Answered,
    /// The credential was accepted.
    Authorized,
    /// A signed round trip that the vendor started.
    Proved,
}

impl Grade {
    /// As the report says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Grade::Declared => "declared",
            Grade::Modelled => "modelled",
            Grade::Reached => "reached",
            Grade::Identified => "identified",
            Grade::Answered => "answered",
            Grade::Authorized => "authorized",
            Grade::Proved => "proved",
        }
    }
}

/// What a check concluded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// The title's claim holds.
    Pass,
    /// It holds, and somebody should know something.
    Warn,
    /// It does not hold.
    Fail,
    /// Not asked, for a reason that the report gives.
    Skip,
    /// Asked, and not established.
    Unknown,
}

impl Status {
    /// As the report says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Pass => "pass",
            Status::Warn => "warn",
            Status::Fail => "fail",
            Status::Skip => "skip",
            Status::Unknown => "unknown",
        }
    }
}

/// What a check that ran found out. Its status follows from its findings and cannot be set.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What is wrong, or why there is nothing to conclude.
    pub findings: Findings,
    /// What was seen.
    pub evidence: Vec<Evidence>,
    /// How strong the best evidence is.
    pub grade: Grade,
    /// The path that was taken: `direct`, or the proxy. `None` where nothing was sent.
    pub via: Option<String>,
    /// What it comes to, in the few words that stay where a whole area is told in a line: "TLS 1.3".
    pub gist: Option<String>,
    /// How many attempts the slowest question took; 0 where nothing was sent.
    pub attempts: u32,
}

impl Outcome {
    /// Nothing wrong so far, with evidence of this grade.
    pub fn graded(grade: Grade) -> Self {
        Outcome { findings: Findings::default(), evidence: Vec::new(), grade, gist: None, via: None, attempts: 0 }
    }

    /// Adds a fact that was seen.
    pub fn saw(&mut self, what: &'static str, value: impl Into<String>) {
        self.evidence.push(Evidence::new(what, value));
    }

    /// Adds a list that was seen, in whichever order.
    pub fn saw_all(&mut self, what: &'static str, things: impl IntoIterator<Item = impl Display>) {
        let things: Vec<String> = things.into_iter().map(|thing| thing.to_string()).collect();
        let value = listed(&things);
        self.evidence.push(Evidence::new(what, value).of_which(in_any_order(things)));
    }

    /// Adds a fact of which no more than this stays from run to run.
    pub fn saw_of_which(&mut self, what: &'static str, value: impl Into<String>, steady: impl Into<String>) {
        self.evidence.push(Evidence::new(what, value).of_which(steady));
    }

    /// Adds a fact that is another in every run: a time, an age, an id.
    pub fn saw_passing(&mut self, what: &'static str, value: impl Into<String>) {
        self.evidence.push(Evidence::new(what, value).passing());
    }

    /// Adds a fact that only a person who asks for it is shown.
    pub fn saw_in_confidence(&mut self, what: &'static str, value: impl Into<String>) {
        self.evidence.push(Evidence { confidential: true, ..Evidence::new(what, value) });
    }

    /// Adds a finding.
    pub fn found(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// The outcome with a fact added.
    #[must_use]
    pub fn with(mut self, what: &'static str, value: impl Into<String>) -> Self {
        self.saw(what, value);
        self
    }

    /// The outcome with a list added that was seen, in whichever order.
    #[must_use]
    pub fn with_all(mut self, what: &'static str, things: impl IntoIterator<Item = impl Display>) -> Self {
        self.saw_all(what, things);
        self
    }

    /// The outcome with a fact added that is another in every run.
    #[must_use]
    pub fn with_passing(mut self, what: &'static str, value: impl Into<String>) -> Self {
        self.saw_passing(what, value);
        self
    }

    /// The outcome with a finding added.
    #[must_use]
    pub fn because(mut self, finding: Finding) -> Self {
        self.found(finding);
        self
    }

    /// The outcome with the path that was taken.
    #[must_use]
    pub fn via(mut self, via: impl Into<String>) -> Self {
        self.via = Some(via.into());
        self
    }

    /// The outcome with what it comes to in a few words.
    #[must_use]
    pub fn in_short(mut self, gist: impl Into<String>) -> Self {
        self.gist = Some(gist.into());
        self
    }

    /// The outcome with the number of attempts, where that is more than known so far.
    #[must_use]
    pub fn tried(mut self, attempts: u32) -> Self {
        self.attempts = self.attempts.max(attempts);
        self
    }

    /// Nothing can be concluded here, and that says nothing about the claim.
    #[must_use]
    pub fn not_available(mut self, why: impl Into<String>) -> Self {
        self.findings.not_to_be_had(why.into());
        self
    }

    /// What is not available is skipped. Otherwise any error fails; else any undecided finding leaves it unknown; else any warning warns.
    pub fn status(&self) -> Status {
        if self.findings.not_available().is_some() {
            return Status::Skip;
        }
        match self.findings.iter().map(|finding| finding.code.severity).max() {
            Some(Severity::Error) => Status::Fail,
            Some(Severity::Undecided) => Status::Unknown,
            Some(Severity::Warning) => Status::Warn,
            None => Status::Pass,
        }
    }
}

/// Which side of the installation's edge we look from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Vantage {
    /// The installation host.
    Inside,
    /// Somewhere on the internet.
    Outside,
}

impl Vantage {
    /// As the report says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Vantage::Inside => "inside",
            Vantage::Outside => "outside",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static BROKEN: Code = Code::error("broken", "it is broken");
    static OPEN: Code = Code::undecided("open", "it is open");
    static ODD: Code = Code::warning("odd", "it is odd");

    fn with(codes: &[&'static Code]) -> Status {
        let mut outcome = Outcome::graded(Grade::Reached);
        for code in codes {
            outcome.found(code.found("…", Remediation::installer("Do it.")));
        }
        outcome.status()
    }

    #[test]
    fn what_is_wrong_is_never_hidden_by_what_is_not_available() {
        let outcome = || Outcome::graded(Grade::Reached);
        let found = || BROKEN.found("…", Remediation::installer("Do it."));
        let (none, before, after) = (
            outcome().not_available("there is none"),
            outcome().because(found()).not_available("there is none"),
            outcome().not_available("there is none").because(found()),
        );

        assert_eq!([none.status(), before.status(), after.status()], [Status::Skip, Status::Fail, Status::Fail]);
        assert_eq!((none.findings.not_available(), after.findings.not_available()), (Some("there is none"), None));
    }

    #[test]
    fn the_worst_finding_decides_the_status() {
        assert_eq!(with(&[]), Status::Pass);
        assert_eq!(with(&[&ODD]), Status::Warn);
        assert_eq!(with(&[&ODD, &OPEN]), Status::Unknown);
        assert_eq!(with(&[&OPEN, &BROKEN, &ODD]), Status::Fail);
    }
}
