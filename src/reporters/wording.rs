//! A report in words, whichever format for people they are written in.

use super::worst;
use crate::check::{CheckId, Group};
use crate::outcome::{Finding, Severity, Status, Vantage};
use crate::report::{Inbound, Report, Row, ToDo, Verdict};
use crate::said::{counted, lasted, listed};

/// The heading of a group.
pub(super) fn title_of(groups: &[Group], group: &'static str) -> &'static str {
    known(groups, group).map_or(group, |known| known.title)
}

/// What a group is called among others.
pub(super) fn noun_of(groups: &[Group], group: &'static str) -> &'static str {
    known(groups, group).map_or(group, |known| known.noun)
}

fn known<'a>(groups: &'a [Group], group: &str) -> Option<&'a Group> {
    groups.iter().find(|known| known.id == group)
}

/// That nothing of it is about a real network.
pub(super) fn demonstration(played: &str) -> String {
    let played = played.trim_end_matches('.');
    format!("This is a demonstration: {played}; nothing outside this machine was contacted.")
}

/// That there may be more to know.
pub(super) const INTERRUPTED: &str = "Interrupted before it was through; this is what was known by then.";

/// What it comes to, in the words that stand out.
pub(super) fn verdict(report: &Report) -> &'static str {
    match report.verdict() {
        Verdict::Ready => "READY",
        Verdict::Incomplete if report.reaches_workos() => "REACHES WORKOS",
        Verdict::Incomplete => "INCOMPLETE",
        Verdict::NotReady => "NOT READY",
        Verdict::Undecided => "UNDECIDED",
    }
}

/// What the verdict rests on: how many rows ended how, and how much was asked.
pub(super) fn sum(report: &Report) -> String {
    let part = match report.verdict() {
        Verdict::Incomplete => format!(" {}", how_much(report)),
        _ => String::new(),
    };
    let kept_out = if report.is_kept_out() { KEPT_OUT } else { "" };
    format!("{kept_out}{} in {}.{part}", tally(report), lasted(report.duration))
}

/// What comes before everything else where an allowlist may have done what it should.
const KEPT_OUT: &str =
    "this machine is kept out, as an allowlist for WorkOS alone keeps it; --expect-closed asks for that. ";

/// How much of what the strategy requires was asked.
fn how_much(report: &Report) -> String {
    let areas = report.areas();
    let required = areas.iter().filter(|area| area.required).count();
    let asked = areas.iter().filter(|area| area.required && area.asked).count();
    if asked == required {
        return "Not everything that is required was asked, so it is not yet \"ready\".".to_owned();
    }
    format!("This is {asked} of {} that are required, so not yet \"ready\".", counted(required, "area"))
}

/// How many rows ended how, what matters most first.
fn tally(report: &Report) -> String {
    let summary = report.summary();
    let optional = |status, all: usize| {
        let own = |row: &&Row| row.waived.is_none() && row.waited_for().is_none();
        let counted = |row: &&Row| own(row) && row.status() == status && !row.required;
        match report.rows.iter().filter(counted).count() {
            0 => String::new(),
            some if some == all => " (not required)".to_owned(),
            some => format!(" ({some} not required)"),
        }
    };
    let waited = |row: &&Row| row.waited_for().is_some() && row.waived.is_none();
    let behind = report.rows.iter().filter(waited).count();
    // What waited for something that was cut short is open as well; it is counted once.
    let unknown =
        summary.unknown - report.rows.iter().filter(waited).filter(|row| row.status() == Status::Unknown).count();
    let left_out = report.rows.iter().filter(|row| row.is_left_out() && row.waived.is_none()).count();
    let mut parts = [
        (summary.fail, format!("{} failed{}", summary.fail, optional(Status::Fail, summary.fail))),
        (unknown, format!("{unknown} unknown{}", optional(Status::Unknown, unknown))),
        (summary.warn, counted(summary.warn, "warning")),
        (summary.waived, format!("{} waived", summary.waived)),
        (behind, format!("{behind} not reached")),
        (left_out, format!("{left_out} left out")),
        (summary.pass, format!("{} passed", summary.pass)),
    ];
    if matches!(report.verdict(), Verdict::Ready | Verdict::Incomplete) {
        parts.rotate_right(1);
    }
    let parts: Vec<String> = parts.into_iter().filter(|(number, _)| *number > 0).map(|(_, text)| text).collect();
    if parts.is_empty() { "nothing was asked".to_owned() } else { parts.join(", ") }
}

/// What leaves a verdict open that is: a defect of the tool, and what the verdict depends on and nobody asked.
pub(super) fn left_open_by(report: &Report) -> Vec<String> {
    if report.verdict() != Verdict::Undecided {
        return Vec::new();
    }
    broke(report).into_iter().chain(depends_on(report)).collect()
}

/// What leaves the verdict open although the network may be in order, whether it is required or not.
fn broke(report: &Report) -> Option<String> {
    let mut broke: Vec<&str> = report.broke().map(|row| row.spec.id.as_str()).collect();
    broke.dedup();
    let what = match &broke[..] {
        [] => return None,
        [one] => format!("a check broke: {one}"),
        several => format!("checks broke: {}", listed(several)),
    };
    Some(format!("The verdict is open because {what}. That is a defect in the tool; please report it."))
}

/// What the verdict depends on, and nobody asked.
fn depends_on(report: &Report) -> Option<String> {
    if !report.rows.is_empty() && report.rows.iter().all(|row| row.status() == Status::Skip) {
        return Some("Nothing was asked: no setting calls for it, or it was left out.".to_owned());
    }
    let mut hidden: Vec<String> = Vec::new();
    for row in report.kept_from_being_asked() {
        let name = format!("{} ({})", row.spec.id, row.reason().unwrap_or_default());
        if !hidden.contains(&name) {
            hidden.push(name);
        }
    }
    (!hidden.is_empty()).then(|| format!("The verdict depends on what could not be asked: {}.", hidden.join(", ")))
}

/// What there is to do in its order, and together what is one finding about several subjects.
pub(super) fn to_do(report: &Report) -> Vec<Vec<ToDo<'_>>> {
    let mut list: Vec<Vec<ToDo<'_>>> = Vec::new();
    for entry in report.to_do() {
        let is_same = |known: &ToDo<'_>| {
            known.row.spec.id == entry.row.spec.id && std::ptr::eq(known.finding.code, entry.finding.code)
        };
        match list.iter_mut().find(|known| known.first().is_some_and(is_same)) {
            Some(known) => known.push(entry),
            None => list.push(vec![entry]),
        }
    }
    list
}

/// What is known and accepted, with what stands behind it unasked.
pub(super) fn waived(report: &Report) -> Vec<String> {
    let own = report.rows.iter().filter(|row| row.cause().is_none());
    own.filter_map(|row| {
        let waived = row.waived.as_ref()?;
        let subject = row.subject.as_ref().map(|subject| format!(" {subject}")).unwrap_or_default();
        let behind = match report.behind(row) {
            0 => String::new(),
            1 => "; one required check behind it was not asked".to_owned(),
            more => format!("; {more} required checks behind it were not asked"),
        };
        Some(format!("waived: {}{subject}: {waived}{behind}", row.spec.id))
    })
    .collect()
}

/// Whether `WorkOS` gets in, where that is a question.
pub(super) fn inbound(report: &Report) -> Option<&'static str> {
    let at_the_edge = |row: &Row| ["domain", "ingress", "webhook", "actions"].contains(&row.group());
    let asked = report.rows.iter().any(|row| at_the_edge(row) && row.status() != Status::Skip);
    match (report.inbound(), report.head.vantage) {
        (Inbound::NotApplicable, _) => None,
        (Inbound::Proved, _) => Some("Inbound from WorkOS is proved: what it signed arrived."),
        _ if !asked => None,
        (Inbound::NotProved, _) if report.rows.iter().any(listened) => Some("Inbound from WorkOS is not proved."),
        (Inbound::NotProved, Vantage::Inside) => {
            Some("Inbound from WorkOS is not proved from here: `workos-preflight listen` at the webhook URL would.")
        }
        (Inbound::NotProved, Vantage::Outside) => Some(
            "Inbound from WorkOS is not proved: this shows what gets in from this machine, and not what does from WorkOS.",
        ),
    }
}

/// Whether somebody stood at the webhook URL.
fn listened(row: &Row) -> bool {
    ["webhook.delivered", "actions.delivered"].contains(&row.spec.id.as_str()) && row.status() != Status::Skip
}

/// Whether a row is among what is wrong.
pub(super) fn is_wrong(row: &Row) -> bool {
    row.waived.is_none() && matches!(row.status(), Status::Fail | Status::Warn | Status::Unknown)
}

/// Whether its trouble is none that counts.
pub(super) fn is_not_required(row: &Row) -> bool {
    is_wrong(row) && row.status() != Status::Warn && !row.required
}

/// What is put before a finding that did not decide its row.
pub(super) fn lesser(row: &Row, finding: &Finding) -> &'static str {
    let lesser = worst(row).is_some_and(|worst| finding.code.severity < worst.code.severity);
    match finding.code.severity {
        Severity::Warning if lesser => "warning: ",
        Severity::Undecided if lesser => "undecided: ",
        _ => "",
    }
}

/// Of several rows together, the one that calls loudest.
pub(super) fn loudest<'a>(rows: impl IntoIterator<Item = &'a Row>) -> Option<&'a Row> {
    let rank = |row: &Row| match (row.status(), row.waived.is_some()) {
        (Status::Skip, false) => 0,
        (Status::Pass, _) => 1,
        (_, true) => 2,
        (Status::Warn, _) => 3,
        (Status::Unknown, _) => 4,
        (Status::Fail, _) => 5,
    };
    rows.into_iter().max_by_key(|row| rank(row))
}

/// What was seen of what is well, in the words that its checks have for it.
pub(super) fn gists(rows: &[Row]) -> Vec<&str> {
    let mut gists: Vec<&str> = Vec::new();
    for gist in rows.iter().filter(|row| row.status() == Status::Pass).filter_map(Row::gist) {
        if !gists.contains(&gist) {
            gists.push(gist);
        }
    }
    gists
}

/// What waits for something that did not pass, by that.
pub(super) fn waiting(rows: &[Row]) -> Vec<(CheckId, Vec<CheckId>)> {
    grouped(rows.iter().filter_map(|row| Some((row.waited_for()?, row.spec.id))))
}

/// What the user left out, by the reason.
pub(super) fn left_out(rows: &[Row]) -> Vec<(String, Vec<CheckId>)> {
    let left_out = rows.iter().filter(|row| row.is_left_out());
    grouped(left_out.map(|row| (row.reason().unwrap_or_default(), row.spec.id)))
}

/// The checks under what they have in common, all in the order in which they come up, and each once.
fn grouped<K: PartialEq>(pairs: impl Iterator<Item = (K, CheckId)>) -> Vec<(K, Vec<CheckId>)> {
    let mut groups: Vec<(K, Vec<CheckId>)> = Vec::new();
    for (key, id) in pairs {
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, ids)) if ids.contains(&id) => {}
            Some((_, ids)) => ids.push(id),
            None => groups.push((key, vec![id])),
        }
    }
    groups
}

/// How many rows ended how, in the order of what they call for.
pub(super) fn counts(rows: &[Row]) -> String {
    let own = |row: &&Row| row.waived.is_none() && row.waited_for().is_none();
    let of = |status: Status| rows.iter().filter(own).filter(|row| row.status() == status).count();
    let [passed, failed, unknown, warned] = [Status::Pass, Status::Fail, Status::Unknown, Status::Warn].map(of);
    let waived = rows.iter().filter(|row| row.waived.is_some()).count();
    let left_out = rows.iter().filter(|row| row.is_left_out()).count();
    let mut parts = Vec::new();
    let mut part = |number: usize, text: String| {
        if number > 0 {
            parts.push(text);
        }
    };
    let well = failed + unknown + warned + waived == 0 && rows.iter().all(|row| row.waited_for().is_none());
    part(passed, if well { counted(passed, "check") } else { format!("{passed} passed") });
    part(failed, format!("{failed} failed"));
    part(unknown, format!("{unknown} unknown"));
    part(warned, counted(warned, "warning"));
    part(waived, format!("{waived} waived"));
    let wait = rows.iter().filter(|row| row.waited_for().is_some()).count();
    let (verb, within) = (if wait == 1 { "waits" } else { "wait" }, rows.first().map(Row::group));
    part(
        wait,
        match waiting(rows)[..] {
            [(cause, _)] if Some(cause.group()) == within => format!("{wait} {verb} for it"),
            [(cause, _)] => format!("{wait} {verb} for {cause}"),
            _ => format!("{wait} {verb}"),
        },
    );
    part(left_out, format!("{left_out} left out"));
    if parts.is_empty() { "nothing to tell".to_owned() } else { parts.join(", ") }
}
