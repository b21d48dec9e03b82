//! Two reports side by side, for the ticket of a change.

use super::Blocks;
use super::text::{code, prose, strong};
use crate::outcome::Who;
use crate::report::compare::words::{self, named, strength, transition, worst_first};
use crate::report::compare::{Change, Comparison, Pair, Why};
use crate::report::v1::{CheckResult, Finding};
use crate::reporters::{Detail, parts};

impl Blocks {
    pub(super) fn comparison(&mut self, comparison: &Comparison, detail: Detail) {
        self.heading(1, &format!("{} {}", words::verdict(comparison), words::tally(comparison)));
        let sides = [
            ["by".to_owned(), words::TOOL.to_owned()],
            ["before".to_owned(), words::side(comparison.before)],
            ["after".to_owned(), words::side(comparison.after)],
            ["verdict".to_owned(), words::verdicts(comparison)],
        ];
        self.table(["", "run"], sides);
        self.notes(comparison);
        for part in parts(comparison, detail) {
            self.part(part, detail);
        }
    }

    /// What makes the two hard to compare.
    fn notes(&mut self, comparison: &Comparison) {
        let sentences = words::notes(comparison);
        if !sentences.is_empty() {
            self.heading(2, "Mind, when comparing");
            self.stand_off();
        }
        for sentence in sentences {
            self.item(0, &prose(&sentence));
        }
    }

    fn part(&mut self, (heading, pairs): (&str, Vec<&Pair>), detail: Detail) {
        if pairs.is_empty() {
            return;
        }
        self.heading(2, heading);
        self.stand_off();
        // What only follows from a cause would bury it.
        let (dependent, own): (Vec<_>, Vec<_>) =
            pairs.into_iter().partition(|pair| pair.why == Why::Established && detail != Detail::Verbose);
        for pair in own {
            self.pair(pair, detail);
        }
        for (_, sentence) in words::dependents(&dependent) {
            self.item(0, &prose(&sentence));
        }
    }

    fn pair(&mut self, pair: &Pair, detail: Detail) {
        let mut line = vec![code(pair.id), strong(pair.title)];
        line.extend(pair.subject.map(code));
        line.extend(pair.is_open_and_not_required().then(|| "(not required)".to_owned()));
        let turned = if pair.change == Change::New { String::new() } else { transition(pair) };
        let line = line.join(" ");
        self.item(0, &if turned.is_empty() { line } else { format!("{line}: {}", prose(&turned)) });
        if let Some(before) = pair.before.filter(|_| pair.change == Change::Improved) {
            for finding in worst_first(before) {
                self.item(1, &format!("was: {} ({})", prose(&finding.problem), name(pair, finding)));
            }
            if let Some(reason) = words::unconcluded(before) {
                self.item(1, &prose(&format!("was: {reason}")));
            }
        }
        if let Some(after) = pair.after.filter(|_| words::wants_action(pair)) {
            if let Some(reason) = words::unconcluded(after) {
                self.item(1, &prose(&reason));
            }
            for finding in worst_first(after) {
                self.remedy(pair, after, finding, detail);
            }
        }
        if detail != Detail::Quiet {
            for difference in words::telling(pair) {
                let strength = if difference.what == "grade" { strength(pair) } else { "" };
                let [before, after] = [&difference.before, &difference.after].map(|value| named(value));
                self.item(1, &prose(&format!("{}: {before} → {after}{strength}", difference.what)));
            }
        }
    }

    fn remedy(&mut self, pair: &Pair, now: &CheckResult, finding: &Finding, detail: Detail) {
        let problem = format!("{}{}", words::lesser(now, finding), finding.problem);
        self.item(1, &format!("{} ({})", prose(&problem), name(pair, finding)));
        if now.waived.is_some() && detail != Detail::Verbose {
            return;
        }
        if let Some(cause) = pair.cause_of(&finding.code) {
            return self.item(2, &format!("same cause as {}: mend that first", code(cause)));
        }
        for (nth, remediation) in finding.remediations.iter().enumerate() {
            let or = if nth == 0 { "" } else { "or " };
            let who = Who::from(remediation.who).as_str();
            self.item(2, &format!("{or}{} {}", strong(&format!("{who}:")), prose(&remediation.action)));
            if let Some(command) = &remediation.verify {
                self.item(3, &format!("see it: {}", code(command)));
            }
        }
    }
}

/// By which name a finding is explained and waived.
fn name(pair: &Pair, finding: &Finding) -> String {
    code(&format!("{}/{}", pair.id, finding.code))
}
