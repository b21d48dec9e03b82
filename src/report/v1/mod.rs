//! The report as a stable format, version 1. Fields are only ever added, and reading passes over those it does not know.

#[cfg(test)]
mod tests;
mod written;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::settings::Strategy;

/// What [`Report::schema`] holds.
pub const SCHEMA: &str = "workos-preflight/report/v1";

/// What one run of `workos-preflight` found.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// The name and version of this format.
    #[schemars(extend("const" = SCHEMA))]
    pub schema: String,
    /// What wrote the report.
    pub tool: Tool,
    /// When the run began: RFC 3339, UTC, to the second.
    pub started_at: String,
    /// How long the run took, in milliseconds.
    pub duration_ms: u64,
    /// The user ended the run before it was through; what is here is what was known by then.
    pub interrupted: bool,
    /// What was played, when this was a demonstration. Nothing outside the machine was contacted then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub demonstration: Option<String>,
    /// The machine that the run looked from.
    pub host: Host,
    /// Which side of the installation's edge the run looked from.
    pub vantage: Vantage,
    /// How the deployment reaches `WorkOS`, by the name of a [`Strategy`].
    #[schemars(description = the_strategies())]
    pub strategy: String,
    /// The way that requests to `WorkOS` take.
    pub route: Route,
    /// The facts about `WorkOS` that the run was held to.
    pub facts: Facts,
    /// The settings file that was read. Null when there was none.
    pub settings_file: Option<String>,
    /// Every setting in effect, as it may be shown.
    pub settings: Vec<Setting>,
    /// What the report comes to.
    pub verdict: Verdict,
    /// Whether requests from `WorkOS` are known to arrive.
    pub inbound: Inbound,
    /// The groups of checks, and how far each was asked.
    pub areas: Vec<Area>,
    /// What to act on, in order: each thing where it comes from.
    pub to_do: Vec<ToDo>,
    /// How many results ended how.
    pub summary: Summary,
    /// Every waiver of the settings file, and what became of it.
    #[serde(default)]
    pub waivers: Vec<Waiver>,
    /// The checks, in run order.
    pub checks: Vec<Check>,
}

/// What wrote a report.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// The machine that a run looked from.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Host {
    /// The machine's name.
    pub name: String,
    /// Its operating system: `linux`, `macos`, `windows`.
    pub os: String,
    /// The addresses from which it reaches out, one of a family; empty when that could not be told.
    pub addresses: Vec<String>,
}

/// Where, when and by which way a document was made that is no report.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Head {
    /// What wrote it.
    pub tool: Tool,
    /// When: RFC 3339, UTC, to the second.
    pub made_at: String,
    /// The machine on which it was made.
    pub host: Host,
    /// The way that requests to `WorkOS` take from there.
    pub route: Route,
    /// The facts about `WorkOS` that it follows from.
    pub facts: Facts,
    /// The settings file that was read. Null when there was none.
    pub settings_file: Option<String>,
}

/// The way that requests to `WorkOS` take.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Route {
    /// `direct`, or the proxy.
    pub via: String,
    /// Which flag, environment variable or file named the proxy. Null when there is none.
    pub from: Option<String>,
}

/// A group of checks, and how far it was asked.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Area {
    /// The group, as its checks name it.
    pub group: String,
    /// Whether the verdict depends on it.
    pub required: bool,
    /// Whether anything of it was asked.
    pub asked: bool,
    /// The settings for want of which something of it was not asked; absent when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enable: Option<String>,
}

/// One thing to act on.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct ToDo {
    /// Who has to act.
    pub who: Who,
    /// What they have to do.
    pub action: String,
    /// Other ways, often another party's, where that one is not it: who, and what.
    pub either: Vec<String>,
    /// The check that found it.
    pub check: String,
    /// Which kind of finding it is.
    pub code: String,
    /// What it is about. Null when it is about the run as a whole.
    pub subject: Option<String>,
    /// What was found besides, and follows from it: it is not on the list by itself.
    pub explains: Vec<Explained>,
}

/// A finding that follows from another.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Explained {
    /// The check that found it.
    pub check: String,
    /// Which kind of finding it is.
    pub code: String,
    /// What it is about. Null when it is about the run as a whole.
    pub subject: Option<String>,
}

/// The facts about `WorkOS` that a run was held to.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Facts {
    /// The day they were gathered.
    pub as_of: String,
}

/// A setting in effect.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Setting {
    /// Its name, as in the settings file.
    pub name: String,
    /// Its value as it may be shown; secrets are masked.
    pub value: String,
    /// What kind of source gave it: `flag`, `argument`, `environment`, `file`, `default` or `demonstration`.
    pub from: String,
    /// Which flag, argument, environment variable or file it was; absent for the others.
    #[serde(default, rename = "where", skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}

/// A failure that is known and accepted for a while.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Waiver {
    /// A check's id, or `check-id/code`.
    pub id: String,
    /// Why it is accepted.
    pub reason: String,
    /// The last day on which it is.
    pub until: String,
    /// What became of it: `covers`, `ended`, `unmatched` (there was nothing for it to cover) or `not-asked`
    /// (its check was not, or broke).
    pub standing: String,
}

/// How many results ended how.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// Results that passed.
    pub pass: usize,
    /// Results that passed with a warning.
    pub warn: usize,
    /// Results that failed.
    pub fail: usize,
    /// Results that were skipped.
    pub skip: usize,
    /// Results that were left unknown.
    pub unknown: usize,
    /// Results that failed or were left unknown and are waived. They are counted nowhere else.
    pub waived: usize,
}

/// One kind of check, and what it concluded about each of its subjects.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Check {
    /// `group.check`, stable.
    pub id: String,
    /// The group it stands in, stable.
    pub group: String,
    /// A claim that holds when it passes.
    pub title: String,
    /// Whether a failure decides the verdict.
    pub required: bool,
    /// One result per subject. A check that was not called for, or left out, has one that is skipped.
    pub results: Vec<CheckResult>,
}

/// What a check concluded about one subject.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Result")]
pub struct CheckResult {
    /// What it is about: an endpoint, a name, a file. Null when it is about the run as a whole, or was not planned.
    pub subject: Option<String>,
    /// What was concluded.
    pub status: Status,
    /// How strong the best evidence is. Null when nothing was asked.
    pub grade: Option<Grade>,
    /// The path that was taken: `direct`, or the proxy. Null when nothing was sent.
    pub via: Option<String>,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// How many attempts the slowest question took; 0 when nothing was sent.
    pub attempts: u32,
    /// How it ended, where the check came to no conclusion. Null when it did, and when it was skipped.
    #[serde(deserialize_with = "present")]
    pub ended: Option<Ended>,
    /// Why it was skipped. Null when it was not.
    #[serde(deserialize_with = "present")]
    pub skipped: Option<Skipped>,
    /// Why its failure does not count, and until when, if it is waived.
    pub waived: Option<String>,
    /// What is wrong, or keeps the question open.
    pub findings: Vec<Finding>,
    /// What was seen.
    pub evidence: Vec<Evidence>,
}

/// How a question ended that was left unknown without a finding.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Ended {
    /// The run ended before it was through.
    CutShort {
        /// What ended the run.
        by: Stop,
        /// The same in words.
        why: String,
    },
    /// The check itself broke: a defect of the tool, which says nothing of the network.
    Broke {
        /// What happened.
        why: String,
    },
}

/// What ends a run before it is through.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Stop {
    /// The time that the whole run has was over.
    Deadline,
    /// The user ended it.
    Interruption,
}

/// Why a question was not asked, or came to nothing.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Skipped {
    /// No setting calls for it.
    NotApplicable {
        /// Which setting would, as a sentence.
        enable: String,
    },
    /// The user left it out.
    LeftOut {
        /// The reason that was given. Null when none was.
        #[serde(deserialize_with = "present")]
        reason: Option<String>,
    },
    /// A check that has to pass first did not. Where that leaves a required question open, the verdict is undecided.
    Needs {
        /// The check whose failure, or open question, is the cause.
        check: String,
    },
    /// It was asked, and that showed that there is nothing to conclude here.
    NotAvailable {
        /// Why.
        detail: String,
    },
}

/// One thing wrong, or one thing that keeps the question open.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// Which kind of finding, stable; addressed as `check-id/code`.
    pub code: String,
    /// How much it weighs.
    pub severity: Severity,
    /// Finishes the sentence that the subject begins.
    pub problem: String,
    /// What to do about it: alternatives, likeliest first. There is always one.
    #[schemars(length(min = 1))]
    pub remediations: Vec<Remediation>,
}

/// What to change, who has to, and how to see it without this tool.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Remediation {
    /// Who has to act.
    pub who: Who,
    /// What they have to do.
    pub action: String,
    /// A public command that shows the problem, and shows when it is gone.
    pub verify: Option<String>,
}

/// A named fact that was seen.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// Its name, stable from run to run.
    pub what: String,
    /// What was seen.
    pub value: String,
    /// Which part of that two runs are held to, where it is not all of it: without times, ids and the order of lists. Empty
    /// where nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steady: Option<String>,
}

/// Which side of the installation's edge a run looked from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Vantage {
    /// The installation host.
    Inside,
    /// Somewhere on the internet.
    Outside,
}

/// What a report comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
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

/// Whether requests from `WorkOS` are known to arrive.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Inbound {
    /// A genuine delivery from `WorkOS` was seen to arrive.
    Proved,
    /// None was. A run that looks from one side cannot tell by itself.
    NotProved,
    /// Nothing in the plan needs `WorkOS` to reach the installation.
    NotApplicable,
}

/// What a check concluded.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// The title's claim holds.
    Pass,
    /// It holds, and somebody should know something.
    Warn,
    /// It does not hold.
    Fail,
    /// Not asked, for the reason given.
    Skip,
    /// Asked, and not established.
    Unknown,
}

/// How strong the best evidence of a result is, weakest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
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
    /// A signed round trip that `WorkOS` started.
    Proved,
}

/// How much a finding weighs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// It does not work.
    Error,
    /// The question could not be answered.
    Undecided,
    /// It works, and somebody should know.
    Warning,
}

/// The parties to a deployment.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Who {
    /// Customer IT.
    Network,
    /// Whoever is installing.
    Installer,
    /// The maker of the application being installed.
    Vendor,
    /// `WorkOS`.
    Workos,
}

/// What a strategy may be, as schemas say it.
pub(crate) fn the_strategies() -> String {
    let names: Vec<String> = Strategy::ALL.iter().map(|strategy| format!("`{}`", strategy.as_str())).collect();
    format!("How the deployment reaches `WorkOS`: {}.", names.join(" or "))
}

/// A member that may be null, and has to be there: what lacks it is of another shape, and must not be taken for null.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(member: D) -> Result<Option<T>, D::Error> {
    Option::deserialize(member)
}
