//! The words of the project: what a check is, what it may conclude, and what a conclusion must carry.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use crate::context::Context;
pub use crate::endpoint::Endpoint;
use crate::facts::Facts;
use crate::settings::{Settings, Strategy};

/// One question about one subject, asked once per run.
pub trait Check: Send + Sync {
    /// The subject as the report shows it: an endpoint, a name, a file.
    fn subject(&self) -> Option<String> {
        None
    }

    /// What the question is about; binds [`Spec::needs`] to the checks about the same thing.
    fn about(&self) -> About {
        About::Run
    }

    /// Every name, address, request and file that running it may touch, with the reason.
    fn contacts(&self) -> Vec<Contact>;

    /// Asks the question. Everything it may look at is in the context.
    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a>;
}

/// A check in progress.
pub type Running<'a> = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// What is known about a kind of check before anything is sent.
pub struct Spec {
    /// `group.check`, which is also where its file lies.
    pub id: CheckId,
    /// A claim that holds when the check passes: "the endpoint accepts a connection".
    pub title: &'static str,
    /// The manual page: what is looked at, why it matters, what usually breaks it.
    pub explain: &'static str,
    /// From where the question can be asked.
    pub vantages: &'static [Vantage],
    /// Whether a failure decides the verdict.
    pub required: fn(Strategy, Vantage) -> bool,
    /// Every finding it can make.
    pub codes: &'static [&'static Code],
    /// Checks that must have passed first; all stand earlier in the registry.
    pub needs: &'static [CheckId],
    /// The checks of this kind that these settings call for. There is no network in reach: planning sends nothing.
    pub plan: fn(&Facts, &Settings) -> Planned,
}

/// Checks about one thing, in run order.
pub struct Group {
    /// The first half of its checks' ids.
    pub id: &'static str,
    /// The heading a person sees.
    pub title: &'static str,
    /// Its checks, in run order.
    pub specs: &'static [&'static Spec],
}

/// What a [`Spec`] makes of the settings.
pub enum Planned {
    /// One check per subject.
    Checks(Vec<Box<dyn Check>>),
    /// The setting that would enable it, as a sentence.
    NotApplicable(String),
}

impl Planned {
    /// One check.
    pub fn one(check: impl Check + 'static) -> Self {
        Planned::Checks(vec![Box::new(check)])
    }

    /// One check per subject, or, without any subject, the sentence that says what would give one.
    pub fn each<C: Check + 'static>(checks: impl IntoIterator<Item = C>, otherwise: &str) -> Self {
        let checks: Vec<Box<dyn Check>> = checks.into_iter().map(|check| Box::new(check) as Box<dyn Check>).collect();
        if checks.is_empty() { Planned::NotApplicable(otherwise.to_owned()) } else { Planned::Checks(checks) }
    }
}

/// `group.check`: the name of a kind of check. Every check file declares its own; naming another's is an import.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CheckId(&'static str);

impl CheckId {
    /// Declares an id; a registry test holds it to its file's path.
    pub const fn new(id: &'static str) -> Self {
        CheckId(id)
    }

    /// `egress.connects`
    pub const fn as_str(self) -> &'static str {
        self.0
    }

    /// `egress`
    pub fn group(self) -> &'static str {
        self.0.split_once('.').map_or(self.0, |(group, _)| group)
    }
}

impl fmt::Display for CheckId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
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

/// What a check is about, as far as needs are concerned.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum About {
    /// The run as a whole: bound to, and by, everything.
    Run,
    /// A host, whichever port.
    Host(String),
    /// A host and a port.
    Endpoint(Endpoint),
}

impl About {
    /// Whether a need between checks about these two is a need between the checks.
    pub fn concerns(&self, other: &About) -> bool {
        match (self, other) {
            (About::Run, _) | (_, About::Run) => true,
            (About::Endpoint(a), About::Endpoint(b)) => a == b,
            (About::Host(a), About::Host(b)) => a == b,
            (About::Host(host), About::Endpoint(endpoint)) | (About::Endpoint(endpoint), About::Host(host)) => {
                endpoint.host == *host
            }
        }
    }
}

/// One thing that a run may touch, and why.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Contact {
    /// What is touched.
    pub what: Touch,
    /// The reason, as a fragment: "to see whether the name resolves here".
    pub why: String,
}

/// The ways in which a run touches the world.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Touch {
    /// A name asked of the resolvers in effect.
    Name(String),
    /// A TCP connection, and what is spoken on it: "TCP", "TLS".
    Connection(Endpoint, &'static str),
    /// An HTTP request: method and URL without query values that could be secret.
    Request(&'static str, String),
    /// A file or a property of this machine that is read.
    Local(String),
}

impl fmt::Display for Touch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Touch::Name(name) => write!(f, "look up {name}"),
            Touch::Connection(endpoint, protocol) => write!(f, "{protocol} to {endpoint}"),
            Touch::Request(method, url) => write!(f, "{method} {url}"),
            Touch::Local(what) => write!(f, "read {what}"),
        }
    }
}

impl Contact {
    /// `what` is touched `why`.
    pub fn new(what: Touch, why: impl Into<String>) -> Self {
        Contact { what, why: why.into() }
    }
}

/// One kind of finding that a check can make. Addressed everywhere as `check-id/code`.
#[derive(PartialEq, Eq, Debug)]
pub struct Code {
    /// Kebab-case, stable.
    pub name: &'static str,
    /// What a finding of this kind does to the status.
    pub severity: Severity,
    /// One sentence: what has been seen when this is found.
    pub means: &'static str,
}

impl Code {
    /// A code whose findings fail the check.
    pub const fn error(name: &'static str, means: &'static str) -> Self {
        Code { name, severity: Severity::Error, means }
    }

    /// A code whose findings leave the question open.
    pub const fn undecided(name: &'static str, means: &'static str) -> Self {
        Code { name, severity: Severity::Undecided, means }
    }

    /// A code whose findings pass the check with a warning.
    pub const fn warning(name: &'static str, means: &'static str) -> Self {
        Code { name, severity: Severity::Warning, means }
    }

    /// A finding of this kind. There is none without a remediation.
    pub fn found(&'static self, problem: impl Into<String>, remediation: Remediation) -> Finding {
        Finding { code: self, problem: problem.into(), remediation }
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
    pub remediation: Remediation,
}

/// What to change, who has to, and how to see it without this tool.
#[derive(Clone, Debug)]
pub struct Remediation {
    /// Who has to act.
    pub who: Who,
    /// One imperative sentence with the real host, port, range, file or setting in it.
    pub action: String,
    /// A public command that shows the problem, and shows when it is gone.
    pub verify: Option<String>,
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
    pub fn verify(mut self, command: impl Into<String>) -> Self {
        self.verify = Some(command.into());
        self
    }

    fn of(who: Who, action: impl Into<String>) -> Self {
        Remediation { who, action: action.into(), verify: None }
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
    /// It names other customers: for a person who asks for it with `-v`, and in no file.
    pub confidential: bool,
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
    /// What is wrong, worst first as the check sees it.
    pub findings: Vec<Finding>,
    /// What was seen.
    pub evidence: Vec<Evidence>,
    /// How strong the best evidence is.
    pub grade: Grade,
    /// The path that was taken: `direct`, or the proxy. `None` where nothing was sent.
    pub via: Option<String>,
    /// How many attempts the slowest question took; 0 where nothing was sent.
    pub attempts: u32,
    /// Why there is nothing to conclude after all, where only asking could show it.
    pub not_available: Option<String>,
}

impl Outcome {
    /// Nothing wrong so far, with evidence of this grade.
    pub fn graded(grade: Grade) -> Self {
        Outcome { findings: Vec::new(), evidence: Vec::new(), grade, via: None, attempts: 0, not_available: None }
    }

    /// Adds a fact that was seen.
    pub fn saw(&mut self, what: &'static str, value: impl Into<String>) {
        self.evidence.push(Evidence { what, value: value.into(), confidential: false });
    }

    /// Adds a fact that only a person who asks for it is shown.
    pub fn saw_in_confidence(&mut self, what: &'static str, value: impl Into<String>) {
        self.evidence.push(Evidence { what, value: value.into(), confidential: true });
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

    /// The outcome with the number of attempts, where that is more than known so far.
    #[must_use]
    pub fn tried(mut self, attempts: u32) -> Self {
        self.attempts = self.attempts.max(attempts);
        self
    }

    /// Nothing can be concluded here, and that says nothing about the claim.
    #[must_use]
    pub fn not_available(mut self, why: impl Into<String>) -> Self {
        self.not_available = Some(why.into());
        self
    }

    /// What is not available is skipped. Otherwise any error fails; else any undecided finding leaves it unknown; else any warning warns.
    pub fn status(&self) -> Status {
        if self.not_available.is_some() {
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
    fn the_worst_finding_decides_the_status() {
        assert_eq!(with(&[]), Status::Pass);
        assert_eq!(with(&[&ODD]), Status::Warn);
        assert_eq!(with(&[&ODD, &OPEN]), Status::Unknown);
        assert_eq!(with(&[&OPEN, &BROKEN, &ODD]), Status::Fail);
    }

    #[test]
    fn needs_bind_by_host_and_by_endpoint() {
        let https = About::Endpoint(Endpoint::new("a.example", 443));
        let other_port = About::Endpoint(Endpoint::new("a.example", 8443));
        let host = About::Host("a.example".to_owned());

        assert!(https.concerns(&host) && other_port.concerns(&host));
        assert!(!https.concerns(&other_port));
        assert!(!https.concerns(&About::Host("b.example".to_owned())));
        assert!(https.concerns(&About::Run));
    }
}
