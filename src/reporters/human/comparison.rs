//! Two reports side by side as a person reads them: what is worse first, with who has to do what.

use std::io::{self, Write};

use super::marks::mark;
use super::text::columns;
use super::{BELOW, HANDFUL, Human, Paint};
use crate::outcome::{Status, Who};
use crate::report::compare::words::{self, named, strength, transition, worst_first};
use crate::report::compare::{Change, Comparison, Pair, Verdict, Why};
use crate::report::v1::{CheckResult, Finding};
use crate::reporters::{Detail, parts};

impl Human {
    /// The whole comparison, as it is put before those who approve a change.
    pub(super) fn comparison(&mut self, comparison: &Comparison, out: &mut dyn Write) -> io::Result<()> {
        let paint = match comparison.verdict() {
            Verdict::Worse => Paint::Bad,
            Verdict::Better => Paint::Good,
            Verdict::Same => Paint::Strong,
        };
        self.begun = true;
        self.led(words::verdict(comparison), paint, &format!("{}.", words::tally(comparison)), out)?;
        self.sides(comparison, out)?;
        self.notes(comparison, out)?;
        parts(comparison, self.look.detail).into_iter().try_for_each(|part| self.part(part, out))
    }

    /// What follows a run's own report: the remedies and the evidence of what is worse stand there already.
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
        self.led(word, paint, &format!("of {}: {}.", comparison.before.started_at, words::tally(comparison)), out)?;
        self.notes(comparison, out)?;
        let all = |wanted: fn(&&Pair) -> bool| comparison.rows.iter().filter(wanted).collect::<Vec<_>>();
        for (heading, pairs) in [
            ("Worse", all(|pair| pair.counts)),
            ("Hidden before, and failing", all(|pair| pair.is_revealed())),
            ("Still wrong", all(|pair| pair.is_still_wrong())),
            ("Improved", all(|pair| pair.change == Change::Improved && !pair.is_still_wrong())),
        ] {
            if pairs.is_empty() || (heading == "Improved" && self.look.detail == Detail::Quiet) {
                continue;
            }
            self.title(heading, out)?;
            let (dependent, own): (Vec<_>, Vec<_>) = pairs.into_iter().partition(|pair| pair.why == Why::Established);
            for pair in own {
                self.pair_line(pair, out)?;
                // It is on nobody's mind any more, so that what is to be done is said once more.
                if let Some(after) = pair.after.filter(|_| pair.is_still_wrong() && self.look.detail != Detail::Quiet) {
                    self.transition(pair, out)?;
                    self.after(pair, after, out)?;
                    continue;
                }
                match pair.after.and_then(|after| worst_first(after).first().copied()) {
                    Some(finding) => self.problem(&transition(pair), &format!("{}/{}", pair.id, finding.code), out)?,
                    None => self.transition(pair, out)?,
                }
            }
            self.dependents(&dependent, out)?;
        }
        Ok(())
    }

    fn sides(&self, comparison: &Comparison, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out)?;
        self.hanging("  by       ", Paint::Plain, words::TOOL, out)?;
        self.hanging("  before   ", Paint::Plain, &words::side(comparison.before), out)?;
        self.hanging("  after    ", Paint::Plain, &words::side(comparison.after), out)?;
        self.hanging("  verdict  ", Paint::Plain, &words::verdicts(comparison), out)
    }

    /// What makes the two hard to compare.
    fn notes(&mut self, comparison: &Comparison, out: &mut dyn Write) -> io::Result<()> {
        let sentences = words::notes(comparison);
        if !sentences.is_empty() {
            self.title("Mind, when comparing", out)?;
        }
        sentences.iter().try_for_each(|sentence| self.hanging("  ! ", Paint::Plain, sentence, out))
    }

    fn part(&mut self, (heading, pairs): (&str, Vec<&Pair>), out: &mut dyn Write) -> io::Result<()> {
        if pairs.is_empty() {
            return Ok(());
        }
        self.title(heading, out)?;
        let verbose = self.look.detail == Detail::Verbose;
        // What only follows from a cause would bury it.
        let (dependent, own): (Vec<_>, Vec<_>) =
            pairs.into_iter().partition(|pair| pair.why == Why::Established && !verbose);
        for pair in own {
            self.pair_line(pair, out)?;
            self.pair_details(pair, out)?;
        }
        self.dependents(&dependent, out)
    }

    fn pair_line(&self, pair: &Pair, out: &mut dyn Write) -> io::Result<()> {
        let (status, waived) = (pair.status(), pair.is_waived());
        let title = if status == Status::Fail && !waived { Paint::Strong } else { Paint::Plain };
        let optional = if pair.is_open_and_not_required() { " (not required)" } else { "" };
        let beside = self.shown(&format!("{}{optional}", pair.subject.unwrap_or_default()));
        self.claim(mark(status, waived), (pair.title, title), Paint::Plain, |_| beside.trim_start().to_owned(), out)
    }

    fn pair_details(&self, pair: &Pair, out: &mut dyn Write) -> io::Result<()> {
        if pair.change != Change::New {
            self.transition(pair, out)?;
        }
        if let Some(before) = pair.before.filter(|_| pair.change == Change::Improved) {
            for finding in worst_first(before) {
                let problem = format!("{} [{}/{}]", finding.problem, pair.id, finding.code);
                self.labelled("was", Paint::Faint, &problem, out)?;
            }
            if let Some(reason) = words::unconcluded(before) {
                self.labelled("was", Paint::Faint, &format!("{reason} [{}]", pair.id), out)?;
            }
        }
        if let Some(after) = pair.after.filter(|_| words::wants_action(pair)) {
            self.after(pair, after, out)?;
        }
        self.differences(pair, out)
    }

    /// What is wrong now, and what to do about it.
    fn after(&self, pair: &Pair, after: &CheckResult, out: &mut dyn Write) -> io::Result<()> {
        if let Some(reason) = words::unconcluded(after) {
            self.problem(&reason, pair.id, out)?;
        }
        worst_first(after).into_iter().try_for_each(|finding| self.remedy(pair, after, finding, out))
    }

    /// From what to what, in words.
    fn transition(&self, pair: &Pair, out: &mut dyn Write) -> io::Result<()> {
        match transition(pair) {
            text if text.is_empty() => Ok(()),
            text => self.hanging(&" ".repeat(BELOW), Paint::Plain, &text, out),
        }
    }

    fn remedy(&self, pair: &Pair, now: &CheckResult, finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
        let kind = words::lesser(now, finding);
        self.problem(&format!("{kind}{}", finding.problem), &format!("{}/{}", pair.id, finding.code), out)?;
        if now.waived.is_some() && self.look.detail != Detail::Verbose {
            return Ok(());
        }
        if let Some(cause) = pair.cause_of(&finding.code) {
            return self.labelled("same cause", Paint::Strong, &format!("as {cause}: mend that first"), out);
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
        let room = self.width - BELOW - super::LABEL;
        let differences = words::telling(pair);
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
        words::dependents(pairs).iter().try_for_each(|(lost, sentence)| {
            let symbol = self.shown(if *lost { "-" } else { "✓" });
            self.hanging(&format!("  {symbol} "), Paint::Plain, sentence, out)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::Document;
    use crate::report::v1::Report;
    use crate::reporters::fixture::{self, NORMAL};
    use crate::reporters::{HUMAN, Look, against_baseline, of_documents};

    fn written(look: Look, before: &Report, after: &Report) -> String {
        fixture::document(HUMAN, look, &Document::Comparison(&Comparison::of(before, after)))
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
                "passed; run again with --deadline 2m [domain.resolves]",
            ] {
                assert!(written.contains(part), "{part} is missing in\n{written}");
            }
        }
        let (before, after) = (healthy(), unfinished.clone());
        let document = Document::Comparison(&Comparison::of(&before, &after));
        for format in of_documents(document.kind()) {
            let written = fixture::document(format, NORMAL, &document);
            assert!(written.contains("it panicked"), "{format:?} does not say that a check broke:\n{written}");
        }
        let repaired = written(NORMAL, &unfinished, &healthy());
        assert!(repaired.contains("was           the check itself broke: it panicked"), "{repaired}");
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
        for part in [
            "\nStill wrong\n",
            "[egress.connects/timed-out]",
            "      network       Allow",
            "[domain.resolves/no-public-view]",
        ] {
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
