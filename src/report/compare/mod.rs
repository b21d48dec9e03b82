//! What two saved reports have to say to each other: row by row, what got better, worse or otherwise different.
//!
//! Rows are paired by check and subject, and what each says is one of these:
//!
//! | before ↓ after → | pass | warn | unknown | fail | skipped for a cause | not asked |
//! |---|---|---|---|---|---|---|
//! | **pass** | same | worse | worse | worse | worse | gone |
//! | **warn** | better | same | worse | worse | worse | gone |
//! | **unknown** | better | better | same | worse | changed | gone |
//! | **fail** | better | better | changed | same | changed | gone |
//! | **skipped for a cause** | better | better | changed | changed | same | gone |
//! | **not asked** | new | new | new | new | new | – |
//!
//! - *Skipped for a cause*: a need failed, or asking showed that there is nothing to conclude. What held is then no longer
//!   established, which is worse; what did not hold is only hidden, which is no better, and no worse when it shows again.
//! - From *fail* to *unknown* nothing got better: it is only not seen any more. The other way round it is worse, because it is
//!   seen now.
//! - *Not asked*: the report has no such row, no setting calls for it, or the user left it out. That is nobody's regression.
//! - What is waived ranks above what is not: below a warning, and above unknown.
//! - Within *same*, what is required ranks below what is not, where it failed or was left unknown. Else more of the findings
//!   that decide the status is worse, fewer is better, and others are a change. Else another grade, path, reason or piece of
//!   evidence is a change.
//!
//! Something *counts as worse* when it is worse, or when it is new, required and failing; never when it is waived, or when
//! all of its cause is.

pub mod v1;
pub mod words;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

pub use self::v1::{Change, Difference, Why};
use super::v1::{CheckResult, Evidence, Report, Severity, Skipped, Status, ToDo};
use crate::outcome;

/// Two reports, and what is different.
#[derive(Clone, Debug)]
pub struct Comparison<'a> {
    /// The earlier report.
    pub before: &'a Report,
    /// The later one.
    pub after: &'a Report,
    /// What makes the two hard to compare.
    pub notes: Vec<Note>,
    /// The rows that were asked in one of them at least: in the later report's order, and then those that it has not.
    pub rows: Vec<Pair<'a>>,
}

/// One check about one subject, in both reports.
#[derive(Clone, Debug)]
pub struct Pair<'a> {
    /// `group.check`.
    pub id: &'a str,
    /// The claim that holds when it passes.
    pub title: &'a str,
    /// The subject, as the check names it.
    pub subject: Option<&'a str>,
    /// Whether its failure decides the verdict; of the later report, where that has it.
    pub required: bool,
    /// What the earlier report has. `None` where it has nothing of it.
    pub before: Option<&'a CheckResult>,
    /// What the later report has. `None` where it has nothing of it.
    pub after: Option<&'a CheckResult>,
    /// What that comes to.
    pub change: Change,
    /// What it is concluded from.
    pub why: Why,
    /// Whether it counts as worse.
    pub counts: bool,
    /// What was seen otherwise than before, as far as both were asked.
    pub differences: Vec<Difference>,
    /// Codes of now that follow from others, and from which.
    explained: Vec<(&'a str, String)>,
}

impl Pair<'_> {
    /// How the question stands now; skipped where it is no longer asked.
    pub fn status(&self) -> outcome::Status {
        self.after.filter(|_| self.change != Change::Gone).map_or(Status::Skip, |now| now.status).into()
    }

    /// Whether what is wrong now is waived.
    pub fn is_waived(&self) -> bool {
        self.after.is_some_and(|after| after.waived.is_some())
    }

    /// Whether something is wrong now that decides no verdict.
    pub fn is_open_and_not_required(&self) -> bool {
        let open = matches!(self.status(), outcome::Status::Fail | outcome::Status::Unknown);
        open && !self.is_waived() && !self.required
    }

    /// Whether it was wrong before and still is, perhaps in another way, and not worse.
    pub fn is_still_wrong(&self) -> bool {
        let wrong = |result: Option<&CheckResult>| {
            result.is_some_and(|it| matches!(it.status, Status::Fail | Status::Unknown) && it.waived.is_none())
        };
        self.change != Change::Regressed && wrong(self.before) && wrong(self.after)
    }

    /// What a finding of now follows from, as `check-id/code`: acting on the finding itself cannot help as long as that stands.
    pub fn cause_of(&self, code: &str) -> Option<&str> {
        self.explained.iter().find(|(explained, _)| *explained == code).map(|(_, cause)| cause.as_str())
    }

    /// Whether it fails and did not show before, so that nothing is known of whether that is new.
    pub fn is_revealed(&self) -> bool {
        let fails = self.after.is_some_and(|after| after.status == Status::Fail && after.waived.is_none());
        self.change == Change::Changed && self.why == Why::Hidden && fails
    }
}

/// Something that makes two reports hard to compare. It is told, and is no error.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    /// What it is about.
    pub about: Aspect,
    /// What the earlier report has.
    pub before: String,
    /// What the later report has.
    pub after: String,
}

/// What two reports can differ in as a whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Aspect {
    /// The later report began earlier.
    Order,
    /// They are demonstrations, or one is.
    Demonstration,
    /// The user ended one of them before it was through.
    Interrupted,
    /// The machine, its system or its address.
    Host,
    /// The side of the edge.
    Vantage,
    /// How the deployment reaches `WorkOS`.
    Strategy,
    /// The day of the facts.
    Facts,
    /// The version of the tool.
    Tool,
    /// A setting.
    Setting(String),
}

/// What a comparison comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Something counts as worse.
    Worse,
    /// Something is better, and nothing counts as worse.
    Better,
    /// Neither.
    Same,
}

impl<'a> Comparison<'a> {
    /// Compares two reports.
    pub fn of(before: &'a Report, after: &'a Report) -> Self {
        let (earlier, later) = (Asked::of(before), Asked::of(after));
        let excused = excused(after);
        let mut rows = Vec::new();
        let mut unpaired = earlier.rows.clone();
        for ((id, subject), results) in &later.rows {
            let mut partners = unpaired.remove(&(*id, *subject)).unwrap_or_default();
            for row in results {
                let before = partners.pop_front().or_else(|| earlier.stand_in(id));
                rows.push((row.place, pair(before, Some(*row), &excused)));
            }
            unpaired.insert((*id, *subject), partners);
        }
        rows.sort_by_key(|(place, _)| *place);
        let mut gone: Vec<Placed> = unpaired.into_values().flatten().collect();
        gone.sort_by_key(|row| row.place);
        let gone = gone.into_iter().map(|row| pair(Some(row), later.stand_in(row.id), &excused));
        let rows = rows.into_iter().map(|(_, pair)| pair).chain(gone);
        let asked_once = |pair: &Pair<'_>| pair.before.is_some_and(asked) || pair.after.is_some_and(asked);
        let rows = rows.filter(asked_once).map(|pair| Pair { explained: explained(&pair, after), ..pair });
        Comparison { before, after, notes: notes(before, after), rows: rows.collect() }
    }

    /// What it comes to.
    pub fn verdict(&self) -> Verdict {
        if self.rows.iter().any(|pair| pair.counts) {
            Verdict::Worse
        } else if self.count(Change::Improved) > 0 {
            Verdict::Better
        } else {
            Verdict::Same
        }
    }

    /// The rows of which this became, in order.
    pub fn of_which(&self, change: Change) -> impl Iterator<Item = &Pair<'a>> {
        self.rows.iter().filter(move |pair| pair.change == change)
    }

    /// How many they are.
    pub fn count(&self, change: Change) -> usize {
        self.of_which(change).count()
    }
}

impl Verdict {
    /// As a program reads it.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Worse => "worse",
            Verdict::Better => "better",
            Verdict::Same => "same",
        }
    }
}

/// One result of a report, and where it stands there.
#[derive(Clone, Copy)]
struct Placed<'a> {
    place: usize,
    id: &'a str,
    title: &'a str,
    required: bool,
    result: &'a CheckResult,
}

/// A report's rows by what they are about. Two about the same thing are told apart by their order.
struct Asked<'a> {
    rows: BTreeMap<(&'a str, Option<&'a str>), VecDeque<Placed<'a>>>,
}

impl<'a> Asked<'a> {
    fn of(report: &'a Report) -> Self {
        let all = report.checks.iter().flat_map(|check| check.results.iter().map(move |result| (check, result)));
        let mut rows: BTreeMap<_, VecDeque<Placed>> = BTreeMap::new();
        for (place, (check, result)) in all.enumerate() {
            let row = Placed { place, id: &check.id, title: &check.title, required: check.required, result };
            rows.entry((row.id, result.subject.as_deref())).or_default().push_back(row);
        }
        Asked { rows }
    }

    /// A check that was not planned has one row without a subject, which stands for every subject that it would have had.
    fn stand_in(&self, id: &'a str) -> Option<Placed<'a>> {
        let row = self.rows.get(&(id, None)).and_then(VecDeque::front)?;
        (!asked(row.result)).then_some(*row)
    }
}

/// Whether the question was asked, or would have been but for a cause.
fn asked(result: &CheckResult) -> bool {
    !matches!(result.skipped, Some(Skipped::NotApplicable { .. } | Skipped::LeftOut { .. }))
}

/// The checks of which whatever does not hold is waived.
fn excused(report: &Report) -> BTreeSet<&str> {
    let wrong = |result: &&CheckResult| matches!(result.status, Status::Fail | Status::Unknown);
    let checks = report.checks.iter().filter(|check| {
        let mut wrong = check.results.iter().filter(wrong).peekable();
        wrong.peek().is_some() && wrong.all(|result| result.waived.is_some())
    });
    checks.map(|check| check.id.as_str()).collect()
}

fn pair<'a>(before: Option<Placed<'a>>, after: Option<Placed<'a>>, excused: &BTreeSet<&str>) -> Pair<'a> {
    let was = before.map(|row| row.result).filter(|result| asked(result));
    let is = after.map(|row| row.result).filter(|result| asked(result));
    let row = after.filter(|_| is.is_some()).or(before).or(after);
    let (id, title, required) = row.map_or(("", "", false), |row| (row.id, row.title, row.required));
    let demanded = |row: Option<Placed>| row.is_some_and(|row| row.required);
    let (change, why, differences) = match (was, is) {
        (Some(was), Some(is)) => judged(was, is, demanded(before), demanded(after)),
        (None, Some(_)) => (Change::New, Why::Asked, Vec::new()),
        (Some(_), None) => (Change::Gone, Why::Asked, Vec::new()),
        (None, None) => (Change::Unchanged, Why::Nothing, Vec::new()),
    };
    let accepted = is.is_some_and(|is| waived(is) || is.cause().is_some_and(|cause| excused.contains(cause)));
    let failing = required && is.is_some_and(|is| is.status == Status::Fail);
    Pair {
        id,
        title,
        subject: row.and_then(|row| row.result.subject.as_deref()),
        required,
        before: before.map(|row| row.result),
        after: after.map(|row| row.result),
        change,
        why,
        counts: !accepted && (change == Change::Regressed || (change == Change::New && failing)),
        differences,
        explained: Vec::new(),
    }
}

/// What the later report takes off its list because it follows from something else.
fn explained<'a>(pair: &Pair<'a>, after: &'a Report) -> Vec<(&'a str, String)> {
    let of = |entry: &'a ToDo| {
        let about = entry.explains.iter().filter(|it| it.check == pair.id && it.subject.as_deref() == pair.subject);
        about.map(move |it| (it.code.as_str(), format!("{}/{}", entry.check, entry.code)))
    };
    after.to_do.iter().flat_map(of).collect()
}

fn judged(
    was: &CheckResult,
    is: &CheckResult,
    was_required: bool,
    is_required: bool,
) -> (Change, Why, Vec<Difference>) {
    let differences = differences(was, is);
    let (change, why) = match (rank(was), rank(is)) {
        (None, None) => (Change::Unchanged, Why::Nothing),
        (Some(rank), None) if rank >= HOLDS => (Change::Regressed, Why::Established),
        (None, Some(rank)) if rank >= HOLDS => (Change::Improved, Why::Established),
        (Some(_), None) | (None, Some(_)) => (Change::Changed, Why::Hidden),
        (Some(_), Some(_))
            if (was.status, is.status) == (Status::Fail, Status::Unknown) && waived(was) == waived(is) =>
        {
            (Change::Changed, Why::Status)
        }
        (Some(before), Some(after)) if before != after => {
            let why = if waived(was) != waived(is) && before.max(after) < HOLDS { Why::Waiver } else { Why::Status };
            (if after > before { Change::Improved } else { Change::Regressed }, why)
        }
        (Some(rank), Some(_)) if rank < HOLDS && was_required != is_required => {
            (if is_required { Change::Regressed } else { Change::Improved }, Why::Requirement)
        }
        (Some(_), Some(_)) => {
            let (before, after) = (deciding(was), deciding(is));
            match (includes(&after, &before), includes(&before, &after)) {
                (true, true) => (Change::Unchanged, Why::Nothing),
                (true, false) => (Change::Regressed, Why::Findings),
                (false, true) => (Change::Improved, Why::Findings),
                (false, false) => (Change::Changed, Why::Findings),
            }
        }
    };
    match (change, why) {
        (Change::Unchanged, _) if !differences.is_empty() => (Change::Changed, Why::Evidence, differences),
        // Only one of the two was asked, so that everything would differ.
        (_, Why::Established | Why::Hidden) => (change, why, Vec::new()),
        _ => (change, why, differences),
    }
}

/// From this rank on, the claim holds.
const HOLDS: u8 = 4;

/// How good it is; `None` where a cause keeps the question from being asked.
fn rank(result: &CheckResult) -> Option<u8> {
    match (result.status, waived(result)) {
        (Status::Pass, _) => Some(5),
        (Status::Warn, _) => Some(HOLDS),
        (Status::Unknown, true) => Some(3),
        (Status::Fail, true) => Some(2),
        (Status::Unknown, false) => Some(1),
        (Status::Fail, false) => Some(0),
        (Status::Skip, _) => None,
    }
}

fn waived(result: &CheckResult) -> bool {
    result.waived.is_some() && matches!(result.status, Status::Fail | Status::Unknown)
}

/// The codes of the findings that decide the status, in order.
fn deciding(result: &CheckResult) -> Vec<&str> {
    let severity = match result.status {
        Status::Fail => Severity::Error,
        Status::Unknown => Severity::Undecided,
        Status::Warn => Severity::Warning,
        Status::Pass | Status::Skip => return Vec::new(),
    };
    codes(result, |found| found == severity)
}

fn codes(result: &CheckResult, wanted: impl Fn(Severity) -> bool) -> Vec<&str> {
    let mut codes: Vec<&str> = result
        .findings
        .iter()
        .filter(|finding| wanted(finding.severity))
        .map(|finding| finding.code.as_str())
        .collect();
    codes.sort_unstable();
    codes
}

/// Whether the one has all of the other, each as often. Both are sorted.
fn includes(all: &[&str], some: &[&str]) -> bool {
    let mut rest = all.iter();
    some.iter().all(|code| rest.any(|other| other == code))
}

fn differences(was: &CheckResult, is: &CheckResult) -> Vec<Difference> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let grade = |result: &CheckResult| {
        result.grade.map(|grade| crate::outcome::Grade::from(grade).as_str().to_owned()).unwrap_or_default()
    };
    let findings = |result: &CheckResult| codes(result, |_| true).join(", ");
    let mut found = vec![
        ("findings".to_owned(), findings(was), findings(is)),
        ("grade".to_owned(), grade(was), grade(is)),
        ("path".to_owned(), text(&was.via), text(&is.via)),
        ("reason".to_owned(), text(&was.reason()), text(&is.reason())),
        ("waived".to_owned(), text(&was.waived), text(&is.waived)),
    ];
    let (before, after) = (seen(was), seen(is));
    let names = was.evidence.iter().chain(&is.evidence).map(|seen| seen.what.as_str());
    let mut told = BTreeSet::new();
    for name in names.filter(|name| told.insert(*name)) {
        let [before, after] = [&before, &after].map(|seen| seen.get(name).cloned().unwrap_or_default());
        let (before, after) = (only(&before, &after), only(&after, &before));
        found.push((name.to_owned(), before.join("; "), after.join("; ")));
    }
    let different = found.into_iter().filter(|(_, before, after)| before != after);
    different.map(|(what, before, after)| Difference { what, before, after }).collect()
}

/// What was seen under each name, and is not another in every run.
fn seen(result: &CheckResult) -> BTreeMap<&str, Vec<&Evidence>> {
    let mut by_name: BTreeMap<&str, Vec<&Evidence>> = BTreeMap::new();
    for seen in result.evidence.iter().filter(|seen| !steady(seen).is_empty()) {
        by_name.entry(&seen.what).or_default().push(seen);
    }
    by_name
}

/// What two runs are held to.
fn steady(seen: &Evidence) -> &str {
    seen.steady.as_deref().unwrap_or(&seen.value)
}

/// The values that have no equal among the others.
fn only<'v>(some: &[&'v Evidence], others: &[&Evidence]) -> Vec<&'v str> {
    let has_equal = |one: &Evidence| others.iter().any(|other| steady(other) == steady(one));
    some.iter().filter(|one| !has_equal(one)).map(|one| one.value.as_str()).collect()
}

fn notes(before: &Report, after: &Report) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut note = |about: Aspect, before: &str, after: &str, matters: bool| {
        if matters {
            notes.push(Note { about, before: before.to_owned(), after: after.to_owned() });
        }
    };
    let mut differ = |about: Aspect, before: &str, after: &str| note(about, before, after, before != after);
    differ(Aspect::Host, &machine(before), &machine(after));
    let vantage = |report: &Report| crate::outcome::Vantage::from(report.vantage).as_str();
    differ(Aspect::Vantage, vantage(before), vantage(after));
    differ(Aspect::Strategy, &before.strategy, &after.strategy);
    differ(Aspect::Facts, &before.facts.as_of, &after.facts.as_of);
    differ(Aspect::Tool, &before.tool.version, &after.tool.version);
    let (old, new) = (settings(before), settings(after));
    let names: BTreeSet<&str> = old.keys().chain(new.keys()).copied().collect();
    for name in names.into_iter().filter(|name| *name != "strategy") {
        let [old, new] = [&old, &new].map(|settings| settings.get(name).copied().unwrap_or_default());
        differ(Aspect::Setting(name.to_owned()), old, new);
    }
    let time = |report: &Report| report.started_at.parse::<jiff::Timestamp>().ok();
    let reversed = time(before).zip(time(after)).is_some_and(|(before, after)| after < before);
    note(Aspect::Order, &before.started_at, &after.started_at, reversed);
    let played = |report: &Report| report.demonstration.clone().unwrap_or_default();
    let either = before.demonstration.is_some() || after.demonstration.is_some();
    note(Aspect::Demonstration, &played(before), &played(after), either);
    let through = |report: &Report| if report.interrupted { "interrupted" } else { "complete" };
    note(Aspect::Interrupted, through(before), through(after), before.interrupted || after.interrupted);
    notes
}

fn settings(report: &Report) -> BTreeMap<&str, &str> {
    report.settings.iter().map(|setting| (setting.name.as_str(), setting.value.as_str())).collect()
}

/// A machine's name, system and addresses.
pub(crate) fn machine(report: &Report) -> String {
    let host = &report.host;
    let facts: Vec<&str> = [host.os.as_str()].into_iter().chain(host.addresses.iter().map(String::as_str)).collect();
    format!("{} ({})", host.name, facts.join(", "))
}
