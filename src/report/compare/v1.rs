//! The comparison as a stable format, version 1. Fields are only ever added.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Aspect;
use crate::report::v1::{
    CheckResult, Ended, Facts, Finding, Grade, Host, Report, Route, Skipped, Status, ToDo, Tool, Vantage, Verdict,
};

/// What [`Comparison::schema`] holds.
pub const SCHEMA: &str = "workos-preflight/comparison/v1";

/// What is different between two reports of `workos-preflight`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Comparison {
    /// The name and version of this format.
    #[schemars(extend("const" = SCHEMA))]
    pub schema: String,
    /// What wrote the comparison.
    pub tool: Tool,
    /// What the comparison comes to.
    pub verdict: ComparisonVerdict,
    /// The earlier report.
    pub before: Side,
    /// The later report.
    pub after: Side,
    /// What makes the two hard to compare.
    pub notes: Vec<Note>,
    /// How many rows became what.
    pub summary: Summary,
    /// What is to be acted on now, in order: the list of the later report.
    pub to_do: Vec<ToDo>,
    /// Every check and subject that was asked in one of the reports at least: in the later report's order, and then those
    /// that it has not.
    pub rows: Vec<ComparedRow>,
}

/// What a comparison comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ComparisonVerdict {
    /// Something counts as worse.
    Worse,
    /// Something is better, and nothing counts as worse.
    Better,
    /// Neither.
    Same,
}

/// One of the two reports.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Side {
    /// What wrote it.
    pub tool: Tool,
    /// When its run began: RFC 3339, UTC, to the second.
    pub started_at: String,
    /// The machine that it looked from.
    pub host: Host,
    /// Which side of the installation's edge it looked from.
    pub vantage: Vantage,
    /// How the deployment reaches `WorkOS`.
    pub strategy: String,
    /// The way that requests to `WorkOS` took.
    pub route: Route,
    /// The facts about `WorkOS` that it was held to.
    pub facts: Facts,
    /// The settings file that was read. Null when there was none.
    pub settings_file: Option<String>,
    /// The user ended it before it was through.
    pub interrupted: bool,
    /// What was played, when it was a demonstration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub demonstration: Option<String>,
    /// What it comes to.
    pub verdict: Verdict,
}

/// Something that makes two reports hard to compare.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Note {
    /// What it is about: `order`, `demonstration`, `interrupted`, `host`, `vantage`, `strategy`, `facts`, `tool` or `setting`.
    pub about: String,
    /// Which setting, when it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setting: Option<String>,
    /// What the earlier report has; empty where it has nothing.
    pub before: String,
    /// What the later report has; empty where it has nothing.
    pub after: String,
}

/// How many rows became what.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Summary {
    /// Rows that are worse.
    pub regressed: usize,
    /// Rows that are better.
    pub improved: usize,
    /// Rows that are different, and neither better nor worse.
    pub changed: usize,
    /// Rows that only the later report asked.
    pub new: usize,
    /// Rows that only the earlier report asked.
    pub gone: usize,
    /// Rows that are as before.
    pub unchanged: usize,
    /// Rows that were wrong before, and still are.
    #[serde(default)]
    pub still_wrong: usize,
    /// Rows that count as worse: what regressed without being waived, and what is new, required and failing.
    pub worse: usize,
}

/// One check about one subject, in both reports.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Row")]
pub struct ComparedRow {
    /// `group.check`, stable.
    pub id: String,
    /// A claim that holds when it passes.
    pub title: String,
    /// What it is about. Null when it is about the run as a whole.
    pub subject: Option<String>,
    /// Whether a failure decides the verdict.
    pub required: bool,
    /// What became of it.
    pub change: Change,
    /// What that is concluded from.
    pub why: Why,
    /// Whether it counts as worse.
    pub worse: bool,
    /// Whether it was wrong before and still is, perhaps in another way, and not worse. What to do stands with the findings of
    /// `after`.
    pub still_wrong: bool,
    /// What the earlier report has. Null where it has nothing of it.
    pub before: Option<State>,
    /// What the later report has. Null where it has nothing of it.
    pub after: Option<State>,
    /// What was seen otherwise than before. Durations and ids of requests are passed over.
    pub differences: Vec<Difference>,
}

/// What a report has of a row.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct State {
    /// What was concluded.
    pub status: Status,
    /// How strong the best evidence is. Null when nothing was asked.
    pub grade: Option<Grade>,
    /// How it ended, where the check came to no conclusion. Null when it did, and when it was skipped.
    pub ended: Option<Ended>,
    /// Why it was skipped. Null when it was not.
    pub skipped: Option<Skipped>,
    /// Why its failure does not count, if it is waived.
    pub waived: Option<String>,
    /// What is wrong, or keeps the question open.
    pub findings: Vec<Finding>,
}

/// What became of a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// Worse than before.
    Regressed,
    /// Better than before.
    Improved,
    /// Different, and neither better nor worse.
    Changed,
    /// Only the later report asked.
    New,
    /// Only the earlier report asked.
    Gone,
    /// As before.
    Unchanged,
}

/// What a change is concluded from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Why {
    /// The status is another.
    Status,
    /// A claim that held is no longer established, or one that could not be asked about is now.
    Established,
    /// What does not hold is hidden by a cause, or shows now that the cause is gone.
    Hidden,
    /// It is waived, or is no longer.
    Waiver,
    /// It is required, or is no longer.
    Requirement,
    /// The status is the same, and is decided by other findings.
    Findings,
    /// The grade, the path, the reason or the evidence is another.
    Evidence,
    /// One of the two did not ask.
    Asked,
    /// Nothing is different.
    Nothing,
}

/// One thing that was seen otherwise.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub struct Difference {
    /// Its name: a piece of evidence's, or `findings`, `grade`, `path`, `reason`, `waived`.
    pub what: String,
    /// As it was; empty where there was none.
    pub before: String,
    /// As it is; empty where there is none.
    pub after: String,
}

impl From<&super::Comparison<'_>> for Comparison {
    fn from(comparison: &super::Comparison) -> Self {
        Comparison {
            schema: SCHEMA.to_owned(),
            tool: Tool { name: env!("CARGO_PKG_NAME").to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
            verdict: comparison.verdict().into(),
            before: comparison.before.into(),
            after: comparison.after.into(),
            notes: comparison.notes.iter().map(Note::from).collect(),
            summary: comparison.into(),
            to_do: comparison.after.to_do.clone(),
            rows: comparison.rows.iter().map(ComparedRow::from).collect(),
        }
    }
}

impl From<&super::Comparison<'_>> for Summary {
    fn from(comparison: &super::Comparison) -> Self {
        Summary {
            regressed: comparison.count(Change::Regressed),
            improved: comparison.count(Change::Improved),
            changed: comparison.count(Change::Changed),
            new: comparison.count(Change::New),
            gone: comparison.count(Change::Gone),
            unchanged: comparison.count(Change::Unchanged),
            still_wrong: comparison.rows.iter().filter(|pair| pair.is_still_wrong()).count(),
            worse: comparison.rows.iter().filter(|pair| pair.counts).count(),
        }
    }
}

impl From<&Report> for Side {
    fn from(report: &Report) -> Self {
        Side {
            tool: report.tool.clone(),
            started_at: report.started_at.clone(),
            host: report.host.clone(),
            vantage: report.vantage,
            strategy: report.strategy.clone(),
            route: report.route.clone(),
            facts: report.facts.clone(),
            settings_file: report.settings_file.clone(),
            interrupted: report.interrupted,
            demonstration: report.demonstration.clone(),
            verdict: report.verdict,
        }
    }
}

impl From<&super::Note> for Note {
    fn from(note: &super::Note) -> Self {
        let (about, setting) = match &note.about {
            Aspect::Order => ("order", None),
            Aspect::Demonstration => ("demonstration", None),
            Aspect::Interrupted => ("interrupted", None),
            Aspect::Host => ("host", None),
            Aspect::Vantage => ("vantage", None),
            Aspect::Strategy => ("strategy", None),
            Aspect::Facts => ("facts", None),
            Aspect::Tool => ("tool", None),
            Aspect::Setting(name) => ("setting", Some(name.clone())),
        };
        Note { about: about.to_owned(), setting, before: note.before.clone(), after: note.after.clone() }
    }
}

impl From<&super::Pair<'_>> for ComparedRow {
    fn from(pair: &super::Pair) -> Self {
        ComparedRow {
            id: pair.id.to_owned(),
            title: pair.title.to_owned(),
            subject: pair.subject.map(str::to_owned),
            required: pair.required,
            change: pair.change,
            why: pair.why,
            worse: pair.counts,
            still_wrong: pair.is_still_wrong(),
            before: pair.before.map(State::from),
            after: pair.after.map(State::from),
            differences: pair.differences.clone(),
        }
    }
}

impl From<&CheckResult> for State {
    fn from(result: &CheckResult) -> Self {
        State {
            status: result.status,
            grade: result.grade,
            ended: result.ended.clone(),
            skipped: result.skipped.clone(),
            waived: result.waived.clone(),
            findings: result.findings.clone(),
        }
    }
}

impl From<super::Verdict> for ComparisonVerdict {
    fn from(verdict: super::Verdict) -> Self {
        match verdict {
            super::Verdict::Worse => ComparisonVerdict::Worse,
            super::Verdict::Better => ComparisonVerdict::Better,
            super::Verdict::Same => ComparisonVerdict::Same,
        }
    }
}
