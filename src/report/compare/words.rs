//! A comparison in words, whichever format they are written in.

use std::collections::BTreeMap;

use super::{Aspect, Change, Comparison, Difference, Note, Pair, Verdict, Why, machine};
use crate::outcome::{Grade, Status, Vantage};
use crate::report;
use crate::report::v1::{CheckResult, Finding, Report, Severity};

/// What it comes to.
pub fn verdict(comparison: &Comparison) -> &'static str {
    match comparison.verdict() {
        Verdict::Worse => "Worse:",
        Verdict::Better => "Better:",
        Verdict::Same if comparison.count(Change::Regressed) > 0 => "Nothing that counts is worse:",
        Verdict::Same => "Neither better nor worse:",
    }
}

/// The rows under their headings, what matters most first.
pub fn parts<'p, 'a>(comparison: &'p Comparison<'a>) -> Vec<(&'static str, Vec<&'p Pair<'a>>)> {
    vec![
        ("Regressed", all(comparison, |pair| pair.change == Change::Regressed)),
        ("New, and failing", all(comparison, |pair| pair.change == Change::New && pair.counts)),
        ("Hidden before, and failing", all(comparison, Pair::is_revealed)),
        ("Still wrong", all(comparison, Pair::is_still_wrong)),
        ("Improved", all(comparison, |pair| pair.change == Change::Improved && !pair.is_still_wrong())),
        (
            "Changed, and neither better nor worse",
            all(comparison, |pair| pair.change == Change::Changed && !pair.is_revealed() && !pair.is_still_wrong()),
        ),
        ("New", all(comparison, |pair| pair.change == Change::New && !pair.counts)),
        ("No longer asked", all(comparison, |pair| pair.change == Change::Gone)),
    ]
}

/// What nothing has become of, under its heading.
pub fn unchanged<'p, 'a>(comparison: &'p Comparison<'a>) -> (&'static str, Vec<&'p Pair<'a>>) {
    let unchanged = comparison.of_which(Change::Unchanged).filter(|pair| !pair.is_still_wrong());
    ("Unchanged", unchanged.collect())
}

/// What is wrong after all, for those who want no more.
pub fn in_short<'p, 'a>(comparison: &'p Comparison<'a>) -> Vec<(&'static str, Vec<&'p Pair<'a>>)> {
    vec![("Worse", all(comparison, |pair| pair.counts)), ("Still wrong", all(comparison, Pair::is_still_wrong))]
}

fn all<'p, 'a>(comparison: &'p Comparison<'a>, wanted: impl Fn(&Pair<'a>) -> bool) -> Vec<&'p Pair<'a>> {
    comparison.rows.iter().filter(|pair| wanted(pair)).collect()
}

/// What makes the two hard to compare, other settings in one sentence.
pub fn notes(comparison: &Comparison) -> Vec<String> {
    let mut sentences: Vec<String> = Vec::new();
    let mut settings: Vec<String> = Vec::new();
    for note in &comparison.notes {
        match &note.about {
            Aspect::Setting(name) => settings.push(format!("{name} ({})", turned(&note.before, &note.after))),
            _ => sentences.push(sentence(note)),
        }
    }
    if !settings.is_empty() {
        sentences.push(format!("other settings: {}", settings.join(", ")));
    }
    sentences
}

/// What the two runs came to: "ready → not ready".
pub fn verdicts(comparison: &Comparison) -> String {
    let verdict = |report: &Report| match report::Verdict::from(report.verdict) {
        report::Verdict::Ready => "ready",
        report::Verdict::Incomplete => "incomplete",
        report::Verdict::NotReady => "not ready",
        report::Verdict::Undecided => "undecided",
    };
    format!("{} → {}", verdict(comparison.before), verdict(comparison.after))
}

/// Whether what is to be done about a row belongs to what is said of it.
pub fn wants_action(pair: &Pair) -> bool {
    matches!(pair.change, Change::Regressed | Change::New | Change::Changed | Change::Improved)
        && pair.why != Why::Evidence
        || pair.is_still_wrong()
}

/// Why a question was left unknown by no finding: the run was over, or the check broke.
pub fn unconcluded(result: &CheckResult) -> Option<String> {
    result.reason().filter(|_| result.ended.is_some())
}

/// What tells a finding from those that decided its row: "warning: ".
pub fn lesser(result: &CheckResult, finding: &Finding) -> &'static str {
    let lesser = worst_first(result).first().is_some_and(|worst| worst.severity != finding.severity);
    match finding.severity {
        Severity::Warning if lesser => "warning: ",
        Severity::Undecided if lesser => "undecided: ",
        _ => "",
    }
}

/// The differences that are worth a word. Where the status is another, a word on what was seen on both sides is telling; the
/// rest follows from the status.
pub fn telling<'p>(pair: &'p Pair) -> Vec<&'p Difference> {
    let telling = |difference: &&Difference| match difference.what.as_str() {
        "findings" => pair.why == Why::Evidence,
        "grade" | "path" | "reason" | "waived" => pair.change == Change::Changed,
        _ => pair.change == Change::Changed || !(difference.before.is_empty() || difference.after.is_empty()),
    };
    pair.differences.iter().filter(telling).collect()
}

/// What is no longer established, or is now, because of a cause that is told beside it: whether it is lost, and a sentence that
/// names the checks.
pub fn dependents(pairs: &[&Pair]) -> Vec<(bool, String)> {
    let mut by_reason: BTreeMap<(bool, String), Vec<&str>> = BTreeMap::new();
    for pair in pairs {
        let lost = pair.change == Change::Regressed;
        let hidden = if lost { pair.after } else { pair.before };
        let reason = hidden.and_then(CheckResult::reason).unwrap_or_default();
        let ids = by_reason.entry((lost, reason)).or_default();
        // A check's subjects stand one after the other.
        if ids.last() != Some(&pair.id) {
            ids.push(pair.id);
        }
    }
    let sentence = |((lost, reason), ids): ((bool, String), Vec<&str>)| {
        let words = if lost { "no longer established" } else { "established now" };
        let then = if lost { "" } else { "before: " };
        (lost, format!("{words} ({then}{reason}): {}", ids.join(", ")))
    };
    by_reason.into_iter().map(sentence).collect()
}

/// One of the two reports: when, where, how, by what.
pub fn side(report: &Report) -> String {
    let vantage = Vantage::from(report.vantage).as_str();
    let (time, version) = (&report.started_at, &report.tool.version);
    format!("{time}, from {}, {vantage}, {} strategy, version {version}", machine(report), report.strategy)
}

/// What compares them.
pub const TOOL: &str = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"));

/// How many rows became what, what matters most first.
pub fn tally(comparison: &Comparison) -> String {
    let of = |change: Change, wanted: &dyn Fn(&Pair) -> bool| {
        comparison.of_which(change).filter(|pair| wanted(pair)).count()
    };
    let established = |change| match of(change, &|pair| pair.why == Why::Established && counts(pair)) {
        0 => String::new(),
        some if change == Change::Regressed => format!(" ({some} of them no longer established)"),
        some => format!(" ({some} of them could not be asked before)"),
    };
    let regressed = of(Change::Regressed, &|pair| pair.counts);
    let waived = of(Change::Regressed, &|pair| !pair.counts);
    let failing = of(Change::New, &|pair| pair.counts);
    let improved = comparison.count(Change::Improved);
    let none_worse = usize::from(comparison.verdict() == Verdict::Better && waived == 0);
    let revealed = comparison.rows.iter().filter(|pair| pair.is_revealed()).count();
    // What is better and still wrong counts as both.
    let still = comparison.rows.iter().filter(|pair| pair.is_still_wrong()).count();
    let still_as = |change| of(change, &|pair| pair.is_still_wrong());
    let changed = comparison.count(Change::Changed) - revealed - still_as(Change::Changed);
    let unchanged = comparison.count(Change::Unchanged) - still_as(Change::Unchanged);
    let parts = [
        (regressed, format!("{regressed} regressed{}", established(Change::Regressed))),
        (failing, format!("{failing} new and failing")),
        (improved, format!("{improved} improved{}", established(Change::Improved))),
        (none_worse, "none worse".to_owned()),
        (waived, format!("{waived} regressed but waived")),
        (revealed, format!("{revealed} failing that was hidden before")),
        (still, format!("{still} still wrong")),
        (changed, format!("{changed} changed")),
        (of(Change::New, &|pair| !pair.counts), format!("{} new", of(Change::New, &|pair| !pair.counts))),
        (comparison.count(Change::Gone), format!("{} no longer asked", comparison.count(Change::Gone))),
        (1, format!("{unchanged} unchanged")),
    ];
    parts.into_iter().filter(|(number, _)| *number > 0).map(|(_, text)| text).collect::<Vec<_>>().join(", ")
}

/// Whether a row is in the first number of its kind.
fn counts(pair: &Pair) -> bool {
    pair.counts || pair.change == Change::Improved
}

fn sentence(note: &Note) -> String {
    let change = turned(&note.before, &note.after);
    match &note.about {
        Aspect::Order => {
            let (before, after) = (&note.before, &note.after);
            format!(
                "the report before began later ({before}) than the one after ({after}): are they the right way round?"
            )
        }
        Aspect::Demonstration => match (note.before.is_empty(), note.after.is_empty()) {
            (false, false) => "both are demonstrations: nothing was measured on a real network".to_owned(),
            (false, true) => "the report before is a demonstration, and the one after is not".to_owned(),
            (true, _) => "the report after is a demonstration, and the one before is not".to_owned(),
        },
        Aspect::Interrupted => match (note.before.as_str(), note.after.as_str()) {
            ("interrupted", "interrupted") => {
                "both runs were interrupted; what they left unknown says nothing".to_owned()
            }
            ("interrupted", _) => "the run before was interrupted; what it left unknown says nothing".to_owned(),
            _ => "the run after was interrupted; what it left unknown says nothing".to_owned(),
        },
        Aspect::Host => format!("another host: {change}"),
        Aspect::Vantage => format!("another vantage: {change}"),
        Aspect::Strategy => format!("another strategy: {change}"),
        Aspect::Facts => format!("other facts: {change}"),
        Aspect::Tool => format!("another version of workos-preflight: {change}"),
        Aspect::Setting(name) => format!("another {name}: {change}"),
    }
}

/// From what to what, in words; empty where the status is the same.
pub fn transition(pair: &Pair) -> String {
    let reason = |result: Option<&CheckResult>| result.and_then(CheckResult::reason);
    let (Some(before), Some(after)) = (pair.before, pair.after) else {
        return match pair.change {
            Change::Gone => "the report after has nothing of it".to_owned(),
            _ => "not asked before".to_owned(),
        };
    };
    let hidden = |result| reason(Some(result)).unwrap_or_default();
    let was_hidden = Status::from(before.status) == Status::Skip;
    let text = match pair.why {
        Why::Status | Why::Waiver => format!("{} before, {} now", was(before), is(after)),
        Why::Established if was_hidden => format!("{} now; not established before: {}", is(after), hidden(before)),
        Why::Established => format!("{} before; no longer established: {}", was(before), hidden(after)),
        Why::Hidden if was_hidden => format!("{} now; hidden before: {}", is(after), hidden(before)),
        Why::Hidden => format!("{} before; hidden now: {}", was(before), hidden(after)),
        Why::Requirement if pair.required => format!("{} as before, and is required now", is(after)),
        Why::Requirement => format!("{} as before, and is no longer required", is(after)),
        Why::Findings => {
            let findings = pair.differences.iter().find(|difference| difference.what == "findings");
            let findings = findings.map(|found| turned(&found.before, &found.after)).unwrap_or_default();
            format!("{} as before, with other findings: {findings}", is(after))
        }
        Why::Asked if pair.change == Change::Gone => return reason(pair.after).unwrap_or_default(),
        Why::Asked => return "not asked before".to_owned(),
        Why::Evidence | Why::Nothing => return String::new(),
    };
    match &after.waived {
        Some(waived) => format!("{text}; waived: {waived}"),
        None => text,
    }
}

fn was(result: &CheckResult) -> String {
    let word = match Status::from(result.status) {
        Status::Pass => "passed",
        Status::Warn => "passed with a warning",
        Status::Fail => "failed",
        Status::Skip => "was skipped",
        Status::Unknown => "was unknown",
    };
    if result.waived.is_some() { format!("{word} (waived)") } else { word.to_owned() }
}

fn is(result: &CheckResult) -> &'static str {
    match Status::from(result.status) {
        Status::Pass => "passes",
        Status::Warn => "passes with a warning",
        Status::Fail => "fails",
        Status::Skip => "is skipped",
        Status::Unknown => "is unknown",
    }
}

/// From what to what; what is not there is said to be missing.
pub fn turned(before: &str, after: &str) -> String {
    format!("{} → {}", named(before), named(after))
}

/// A value; what is not there is said to be missing.
pub fn named(text: &str) -> &str {
    if text.is_empty() { "none" } else { text }
}

/// Whether the evidence is of another strength.
pub fn strength(pair: &Pair) -> &'static str {
    let grade = |result: Option<&CheckResult>| result.and_then(|result| result.grade).map(Grade::from);
    match (grade(pair.before), grade(pair.after)) {
        (before, after) if after < before => " (weaker evidence)",
        (before, after) if after > before => " (stronger evidence)",
        _ => "",
    }
}

/// The findings that decided the status first.
pub fn worst_first(result: &CheckResult) -> Vec<&Finding> {
    let mut findings: Vec<&Finding> = result.findings.iter().collect();
    findings.sort_by_key(|finding| match finding.severity {
        Severity::Error => 0,
        Severity::Undecided => 1,
        Severity::Warning => 2,
    });
    findings
}
