//! Two reports side by side as a person reads them: what is worse first, with who has to do what.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::text::columns;
use super::{BELOW, HANDFUL, Human, Paint, symbol};
use crate::outcome::{Grade, Status, Vantage, Who};
use crate::report;
use crate::report::compare::{About, Change, Comparison, Difference, Note, Pair, Verdict, Why, machine};
use crate::report::v1::{CheckResult, Finding, Report, Severity};
use crate::reporters::Detail;

impl Human {
    /// The whole comparison, as it is put before those who approve a change.
    pub(in crate::reporters) fn comparison(&mut self, comparison: &Comparison, out: &mut dyn Write) -> io::Result<()> {
        let (word, paint) = match comparison.verdict() {
            Verdict::Worse => ("Worse:", Paint::Bad),
            Verdict::Better => ("Better:", Paint::Good),
            Verdict::Same if comparison.count(Change::Regressed) > 0 => {
                ("Nothing that counts is worse:", Paint::Strong)
            }
            Verdict::Same => ("Neither better nor worse:", Paint::Strong),
        };
        self.begun = true;
        self.led(word, paint, &format!("{}.", tally(comparison)), out)?;
        if self.look.detail == Detail::Quiet {
            self.notes(comparison, out)?;
            self.part("Worse", comparison.rows.iter().filter(|pair| pair.counts), out)?;
            return self.part("Still wrong", comparison.rows.iter().filter(|pair| pair.is_still_wrong()), out);
        }
        self.sides(comparison, out)?;
        self.notes(comparison, out)?;
        self.part("Regressed", comparison.of_which(Change::Regressed), out)?;
        self.part("New, and failing", comparison.of_which(Change::New).filter(|pair| pair.counts), out)?;
        self.part("Hidden before, and failing", comparison.rows.iter().filter(|pair| pair.is_revealed()), out)?;
        self.part("Still wrong, as before", comparison.rows.iter().filter(|pair| pair.is_still_wrong()), out)?;
        self.part("Improved", comparison.of_which(Change::Improved), out)?;
        let other = comparison.of_which(Change::Changed).filter(|pair| !pair.is_revealed() && !pair.is_still_wrong());
        self.part("Changed, and neither better nor worse", other, out)?;
        self.part("New", comparison.of_which(Change::New).filter(|pair| !pair.counts), out)?;
        self.part("No longer asked", comparison.of_which(Change::Gone), out)?;
        if self.look.detail == Detail::Verbose {
            self.part("Unchanged", comparison.of_which(Change::Unchanged).filter(|pair| !pair.is_still_wrong()), out)?;
        }
        Ok(())
    }

    /// What follows a run's own report: remedies and evidence stand there already.
    pub(in crate::reporters) fn against_baseline(
        &mut self,
        comparison: &Comparison,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let (word, paint) = match comparison.verdict() {
            Verdict::Worse => ("Worse than the baseline", Paint::Bad),
            Verdict::Better => ("Better than the baseline", Paint::Good),
            Verdict::Same => ("No worse than the baseline", Paint::Strong),
        };
        self.begun = true;
        self.led(word, paint, &format!("of {}: {}.", comparison.before.started_at, tally(comparison)), out)?;
        self.notes(comparison, out)?;
        let all = |wanted: fn(&&Pair) -> bool| comparison.rows.iter().filter(wanted).collect::<Vec<_>>();
        for (heading, pairs) in [
            ("Worse", all(|pair| pair.counts)),
            ("Hidden before, and failing", all(|pair| pair.is_revealed())),
            ("Still wrong, as before", all(|pair| pair.is_still_wrong())),
            ("Improved", all(|pair| pair.change == Change::Improved)),
        ] {
            if pairs.is_empty() || (heading == "Improved" && self.look.detail == Detail::Quiet) {
                continue;
            }
            self.title(heading, out)?;
            let (dependent, own): (Vec<_>, Vec<_>) = pairs.into_iter().partition(|pair| pair.why == Why::Established);
            for pair in own {
                self.pair_line(pair, out)?;
                match pair.after.and_then(|after| worst_first(after).first().copied()) {
                    Some(finding) => self.problem(&transition(pair), &format!("{}/{}", pair.id, finding.code), out)?,
                    None => self.transition(pair, out)?,
                }
            }
            self.dependents(&dependent, out)?;
        }
        Ok(())
    }

    fn title(&mut self, heading: &str, out: &mut dyn Write) -> io::Result<()> {
        self.stand_off(out)?;
        writeln!(out, "{}", self.paint(Paint::Strong, heading))
    }

    fn sides(&self, comparison: &Comparison, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out)?;
        let Comparison { before, after, .. } = comparison;
        let verdict = |report: &Report| match report::Verdict::from(report.verdict) {
            report::Verdict::Ready => "ready",
            report::Verdict::NotReady => "not ready",
            report::Verdict::Undecided => "undecided",
        };
        self.hanging("  before   ", Paint::Plain, &side(before), out)?;
        self.hanging("  after    ", Paint::Plain, &side(after), out)?;
        self.hanging("  verdict  ", Paint::Plain, &format!("{} → {}", verdict(before), verdict(after)), out)
    }

    /// What makes the two hard to compare.
    fn notes(&mut self, comparison: &Comparison, out: &mut dyn Write) -> io::Result<()> {
        let mut sentences: Vec<String> = Vec::new();
        let mut settings: Vec<String> = Vec::new();
        for note in &comparison.notes {
            match &note.about {
                About::Setting(name) => settings.push(format!("{name} ({})", turned(&note.before, &note.after))),
                _ => sentences.push(sentence(note)),
            }
        }
        if !settings.is_empty() {
            sentences.push(format!("other settings: {}", settings.join(", ")));
        }
        if sentences.is_empty() {
            return Ok(());
        }
        self.title("Mind, when comparing", out)?;
        for sentence in sentences {
            self.hanging("  ! ", Paint::Plain, &sentence, out)?;
        }
        Ok(())
    }

    fn part<'p, 'a: 'p>(
        &mut self,
        heading: &str,
        pairs: impl Iterator<Item = &'p Pair<'a>>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let mut pairs = pairs.peekable();
        if pairs.peek().is_none() {
            return Ok(());
        }
        self.title(heading, out)?;
        let verbose = self.look.detail == Detail::Verbose;
        // What only follows from a cause would bury it.
        let (dependent, own): (Vec<_>, Vec<_>) = pairs.partition(|pair| pair.why == Why::Established && !verbose);
        for pair in own {
            self.pair_line(pair, out)?;
            self.pair_details(pair, out)?;
        }
        self.dependents(&dependent, out)
    }

    fn pair_line(&self, pair: &Pair, out: &mut dyn Write) -> io::Result<()> {
        let status = pair.after.filter(|_| pair.change != Change::Gone).map_or(Status::Skip, |now| now.status.into());
        let waived = pair.after.is_some_and(|after| after.waived.is_some());
        let symbol = if waived { ("-", Paint::Faint) } else { symbol(status) };
        let title = if status == Status::Fail && !waived { Paint::Strong } else { Paint::Plain };
        let open = matches!(status, Status::Fail | Status::Unknown);
        let optional = if open && !waived && !pair.required { " (not required)" } else { "" };
        let beside = self.shown(&format!("{}{optional}", pair.subject.unwrap_or_default()));
        self.claim(symbol, (pair.title, title), Paint::Plain, |_| beside.trim_start().to_owned(), out)
    }

    fn pair_details(&self, pair: &Pair, out: &mut dyn Write) -> io::Result<()> {
        if pair.change != Change::New {
            self.transition(pair, out)?;
        }
        if let Some(before) = pair.before.filter(|_| pair.change == Change::Improved) {
            for finding in worst_first(before) {
                let problem = format!("{} [{}/{}]", finding.problem, pair.id, finding.code);
                self.labelled("  was", Paint::Faint, &problem, out)?;
            }
            if let Some(reason) = unconcluded(before) {
                self.labelled("  was", Paint::Faint, &format!("{reason} [{}]", pair.id), out)?;
            }
        }
        let wants_action = matches!(pair.change, Change::Regressed | Change::New | Change::Changed | Change::Improved)
            && pair.why != Why::Evidence
            || pair.is_still_wrong();
        if let Some(after) = pair.after.filter(|_| wants_action) {
            if let Some(reason) = unconcluded(after) {
                self.problem(&reason, pair.id, out)?;
            }
            for finding in worst_first(after) {
                self.remedy(pair, after, finding, out)?;
            }
        }
        self.differences(pair, out)
    }

    /// From what to what, in words.
    fn transition(&self, pair: &Pair, out: &mut dyn Write) -> io::Result<()> {
        match transition(pair) {
            text if text.is_empty() => Ok(()),
            text => self.hanging(&" ".repeat(BELOW), Paint::Plain, &text, out),
        }
    }

    fn remedy(&self, pair: &Pair, now: &CheckResult, finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
        let lesser = worst_first(now).first().is_some_and(|worst| worst.severity != finding.severity);
        let kind = match finding.severity {
            Severity::Warning if lesser => "warning: ",
            Severity::Undecided if lesser => "undecided: ",
            _ => "",
        };
        self.problem(&format!("{kind}{}", finding.problem), &format!("{}/{}", pair.id, finding.code), out)?;
        if now.waived.is_some() && self.look.detail != Detail::Verbose {
            return Ok(());
        }
        finding.remediations.iter().enumerate().try_for_each(|(nth, remediation)| {
            let who = Who::from(remediation.who);
            self.remediation(nth, who, &remediation.action, remediation.verify.as_deref(), out)
        })
    }

    fn differences(&self, pair: &Pair, out: &mut dyn Write) -> io::Result<()> {
        if self.look.detail == Detail::Quiet {
            return Ok(());
        }
        let verbose = self.look.detail == Detail::Verbose;
        let room = self.width - BELOW - self.label;
        // Where the status is another, a word on what was seen on both sides is telling; the rest follows from the status.
        let telling = |difference: &&Difference| match difference.what.as_str() {
            "findings" => pair.why == Why::Evidence,
            "grade" | "path" | "reason" | "waived" => pair.change == Change::Changed,
            _ => pair.change == Change::Changed || !(difference.before.is_empty() || difference.after.is_empty()),
        };
        let differences: Vec<&Difference> = pair.differences.iter().filter(telling).collect();
        let shown = if verbose { differences.len() } else { HANDFUL };
        for (index, difference) in differences.iter().take(shown).enumerate() {
            let label = if index == 0 { "  changed" } else { "" };
            let strength = if difference.what == "grade" { strength(pair) } else { "" };
            let [before, after] = [&difference.before, &difference.after].map(|value| named(value));
            let text = format!("{}: {before} → {after}{strength}", difference.what);
            if columns(&text) <= room {
                self.labelled(label, Paint::Faint, &text, out)?;
            } else {
                self.labelled(label, Paint::Faint, &format!("{}: {before}", difference.what), out)?;
                self.labelled("", Paint::Faint, &format!("→ {after}"), out)?;
            }
        }
        match differences.len().saturating_sub(shown) {
            0 => Ok(()),
            more => self.labelled("", Paint::Faint, &format!("and {more} more with -v"), out),
        }
    }

    /// What is no longer established, or is now, because of a cause that stands above.
    fn dependents(&self, pairs: &[&Pair], out: &mut dyn Write) -> io::Result<()> {
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
        for ((lost, reason), ids) in by_reason {
            let symbol = self.shown(if lost { "-" } else { "✓" });
            let words = if lost { "no longer established" } else { "established now" };
            let then = if lost { "" } else { "before: " };
            let text = format!("{words} ({then}{reason}): {}", ids.join(", "));
            self.hanging(&format!("  {symbol} "), Paint::Plain, &text, out)?;
        }
        Ok(())
    }
}

/// Why a question was left unknown by no finding: the run was over, or the check broke.
fn unconcluded(result: &CheckResult) -> Option<String> {
    result.reason().filter(|_| result.ended.is_some())
}

fn side(report: &Report) -> String {
    let vantage = Vantage::from(report.vantage).as_str();
    format!("{}, from {}, {vantage}, {} strategy", report.started_at, machine(report), report.strategy)
}

/// How many rows became what, what matters most first.
fn tally(comparison: &Comparison) -> String {
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
    let (still, still_unchanged) = {
        let still: Vec<&Pair> = comparison.rows.iter().filter(|pair| pair.is_still_wrong()).collect();
        (still.len(), still.iter().filter(|pair| pair.change == Change::Unchanged).count())
    };
    let changed = comparison.count(Change::Changed) - revealed - (still - still_unchanged);
    let unchanged = comparison.count(Change::Unchanged) - still_unchanged;
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
        About::Order => {
            let (before, after) = (&note.before, &note.after);
            format!(
                "the report before began later ({before}) than the one after ({after}): are they the right way round?"
            )
        }
        About::Demonstration => match (note.before.is_empty(), note.after.is_empty()) {
            (false, false) => "both are demonstrations: nothing was measured on a real network".to_owned(),
            (false, true) => "the report before is a demonstration, and the one after is not".to_owned(),
            (true, _) => "the report after is a demonstration, and the one before is not".to_owned(),
        },
        About::Interrupted => match (note.before.as_str(), note.after.as_str()) {
            ("interrupted", "interrupted") => {
                "both runs were interrupted; what they left unknown says nothing".to_owned()
            }
            ("interrupted", _) => "the run before was interrupted; what it left unknown says nothing".to_owned(),
            _ => "the run after was interrupted; what it left unknown says nothing".to_owned(),
        },
        About::Host => format!("another host: {change}"),
        About::Vantage => format!("another vantage: {change}"),
        About::Strategy => format!("another strategy: {change}"),
        About::Facts => format!("other facts: {change}"),
        About::Tool => format!("another version of workos-preflight: {change}"),
        About::Setting(name) => format!("another {name}: {change}"),
    }
}

fn transition(pair: &Pair) -> String {
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
fn turned(before: &str, after: &str) -> String {
    format!("{} → {}", named(before), named(after))
}

fn named(text: &str) -> &str {
    if text.is_empty() { "none" } else { text }
}

fn strength(pair: &Pair) -> &'static str {
    let grade = |result: Option<&CheckResult>| result.and_then(|result| result.grade).map(Grade::from);
    match (grade(pair.before), grade(pair.after)) {
        (before, after) if after < before => " (weaker evidence)",
        (before, after) if after > before => " (stronger evidence)",
        _ => "",
    }
}

/// The findings that decided the status first.
fn worst_first(result: &CheckResult) -> Vec<&Finding> {
    let mut findings: Vec<&Finding> = result.findings.iter().collect();
    findings.sort_by_key(|finding| match finding.severity {
        Severity::Error => 0,
        Severity::Undecided => 1,
        Severity::Warning => 2,
    });
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reporters::fixture::{self, NORMAL};
    use crate::reporters::{Look, against_baseline, comparison};

    fn written(look: Look, before: &Report, after: &Report) -> String {
        let mut out = Vec::new();
        comparison(&Comparison::of(before, after), look, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn healthy() -> Report {
        Report::from(&fixture::healthy())
    }

    /// As [`fixture::broken`], on another day and another host.
    fn broken() -> Report {
        let mut report = Report::from(&fixture::broken());
        report.started_at = "2026-11-24T09:30:00Z".to_owned();
        report.host.name = "app02".to_owned();
        report.host.os = healthy().host.os;
        report
    }

    fn golden(name: &str, written: &str) {
        fixture::golden(name, &written.replace(std::env::consts::OS, "linux"));
    }

    #[test]
    fn a_network_that_broke() {
        golden("worse.comparison.txt", &written(NORMAL, &healthy(), &broken()));
    }

    #[test]
    fn a_network_that_was_repaired() {
        golden("better.comparison.txt", &written(NORMAL, &broken(), &healthy()));
    }

    #[test]
    fn a_network_that_broke_in_short() {
        let quiet = Look { detail: Detail::Quiet, ..NORMAL };

        golden("worse.comparison.quiet.txt", &written(quiet, &healthy(), &broken()));
    }

    #[test]
    fn a_network_that_broke_on_a_narrow_terminal_in_ascii() {
        let narrow = Look { detail: Detail::Verbose, unicode: false, width: 60, ..NORMAL };
        let written = written(narrow, &healthy(), &broken());

        golden("worse.comparison.narrow.txt", &written);
        assert!(written.is_ascii());
    }

    #[test]
    fn a_check_that_broke_is_a_defect_of_the_tool_in_a_comparison_too() {
        let unfinished = Report::from(&fixture::unfinished());
        for written in [written(NORMAL, &healthy(), &unfinished), written(NORMAL, &unfinished, &unfinished)] {
            for part in [
                "the check itself broke: it panicked; this is a defect in the tool, please report it [egress.trusted]",
                "not through when the run's deadline of 60 s passed [domain.resolves]",
            ] {
                assert!(written.contains(part), "{part} is missing in\n{written}");
            }
        }
        let repaired = written(NORMAL, &unfinished, &healthy());
        assert!(repaired.contains("was        the check itself broke: it panicked"), "{repaired}");
    }

    #[test]
    fn a_run_that_is_held_to_a_baseline() {
        let (before, after) = (healthy(), broken());
        let mut out = Vec::new();
        against_baseline(&Comparison::of(&before, &after), NORMAL, &mut out).unwrap();

        golden("worse.baseline.txt", &String::from_utf8(out).unwrap());
    }

    #[test]
    fn the_same_report_twice_is_neither_better_nor_worse() {
        let written = written(NORMAL, &broken(), &broken());

        assert!(written.starts_with("Neither better nor worse: 4 still wrong, 8 unchanged."), "{written}");
        assert!(!written.contains("Mind"), "{written}");
        for part in
            ["Still wrong, as before", "[egress.connects/timed-out]", "→ network", "[domain.resolves/no-public-view]"]
        {
            assert!(written.contains(part), "{part} is missing in\n{written}");
        }
    }

    #[test]
    fn colour_changes_nothing_but_colour() {
        // Only reporters that were asked for colour use it, so that this cannot reach into other tests.
        colored::control::set_override(true);
        let coloured = written(Look { colour: true, ..NORMAL }, &healthy(), &broken());

        let mut parts = coloured.split('\u{1b}');
        let first = parts.next().unwrap_or_default().to_owned();
        let bare = parts.filter_map(|part| part.split_once('m')).fold(first, |text, (_, rest)| text + rest);
        assert_ne!(coloured, bare);
        assert_eq!(bare, written(NORMAL, &healthy(), &broken()));
    }

    #[test]
    fn what_strangers_wrote_cannot_steer_the_terminal() {
        let hostile = Report::from(&fixture::hostile());
        for look in fixture::LOOKS {
            for (before, after) in [(&hostile, &healthy()), (&healthy(), &hostile)] {
                let written = written(look, before, after);

                let acting: Vec<char> = written.chars().filter(|&c| crate::said::acts(c) && c != '\n').collect();
                assert!(acting.is_empty(), "{acting:?}\n{written}");
            }
        }
    }
}
