//! The rows of a run: what is wrong with each, what to do about it, and what was seen.

use super::{Ticket, in_full};
use crate::outcome::{Finding, Status};
use crate::report::{Row, ToDo, root};
use crate::reporters::markdown::text::{code, prose, strong};
use crate::reporters::{Detail, wording, worst_first};
use crate::said::{counted, lasted};

impl Ticket<'_> {
    /// Every row that did not pass by itself, or that is waived.
    pub(super) fn what_is_wrong(&mut self) {
        let quiet = self.detail == Detail::Quiet;
        let told =
            |row: &&Row| row.waited_for().is_none() && (wording::is_wrong(row) || (row.waived.is_some() && !quiet));
        let rows: Vec<&Row> = self.report.rows.iter().filter(told).collect();
        if rows.is_empty() {
            return;
        }
        self.blocks.heading(2, "What is wrong");
        for row in rows {
            let subject = row.subject.as_ref().map(|subject| format!(", {subject}")).unwrap_or_default();
            let optional = if wording::is_not_required(row) { " (not required)" } else { "" };
            self.blocks.heading(3, &format!("{}: {}{subject}{optional}", became(row), row.spec.title));
            self.blocks.stand_off();
            self.row(row);
        }
    }

    fn row(&mut self, row: &Row) {
        if let Some(waived) = &row.waived {
            self.blocks.item(0, &prose(&format!("waived: {waived}")));
        }
        if let Some(reason) = row.reason() {
            self.blocks.item(0, &format!("{} ({})", prose(&reason), code(row.spec.id.as_str())));
        }
        for finding in worst_first(row) {
            let problem = prose(&format!("{}{}", wording::lesser(row, finding), finding.problem));
            let name = code(&row.address(finding));
            self.blocks.item(0, &format!("{problem} ({name})"));
            self.remedies(row, finding);
        }
        if self.detail != Detail::Quiet {
            self.evidence(0, row);
        }
    }

    /// What to do about a finding, unless it is mended elsewhere or stands above.
    fn remedies(&mut self, row: &Row, finding: &Finding) {
        if let Some((cause, of)) = root(&self.report.rows, (row, finding)) {
            let cause = code(&cause.address(of));
            return self.blocks.item(1, &format!("{} as {cause}: mend that first", strong("same cause")));
        }
        if let Some(nth) = self.stands_above(finding) {
            return self.blocks.item(1, &format!("{} {nth} above", strong("what to do:")));
        }
        for (nth, remediation) in finding.remediations.iter().enumerate() {
            self.blocks.item(1, &in_full(nth, remediation));
            if let Some(command) = &remediation.verify {
                self.blocks.item(2, &format!("see it: {}", code(command.as_str())));
            }
        }
    }

    /// The number under which it is listed, in the very words that this finding has for it.
    fn stands_above(&self, finding: &Finding) -> Option<usize> {
        let is_it = |entries: &Vec<ToDo<'_>>| {
            entries.iter().any(|entry| std::ptr::eq(entry.finding, finding))
                && entries.first().is_some_and(|first| first.finding.remediations == finding.remediations)
        };
        self.to_do.iter().position(is_it).map(|nth| nth + 1)
    }

    /// What was seen, but not what names other customers: it is passed on.
    fn evidence(&mut self, depth: usize, row: &Row) {
        for seen in row.evidence().iter().filter(|seen| !seen.confidential) {
            self.blocks.item(depth, &format!("seen: {}", prose(&format!("{}: {}", seen.what, seen.value))));
        }
    }

    /// Every row with what was seen, area by area; what is wrong stands above at length.
    pub(super) fn everything(&mut self) {
        self.blocks.heading(2, "Every check");
        for area in self.report.areas() {
            self.blocks.heading(3, wording::title_of(self.groups, area.group));
            self.blocks.stand_off();
            for row in self.of(area.group) {
                self.in_short(&row);
            }
        }
    }

    fn in_short(&mut self, row: &Row) {
        let subject = row.subject.as_deref().map(|subject| format!(" {}", code(subject))).unwrap_or_default();
        let reason = match row.reason() {
            Some(reason) if row.status() == Status::Skip => format!(": {}", prose(&reason)),
            _ => String::new(),
        };
        let id = code(row.spec.id.as_str());
        self.blocks.item(0, &format!("{} {id} {}{subject}{reason}", strong(became(row)), prose(row.spec.title)));
        // What is wrong has its section, evidence and all.
        if !wording::is_wrong(row) && row.waived.is_none() {
            self.evidence(1, row);
        }
        if let Some(grade) = row.grade() {
            let mut parts = vec![grade.as_str().to_owned()];
            parts.extend(row.via().map(|via| if via == "direct" { via.to_owned() } else { format!("through {via}") }));
            if row.attempts() > 0 {
                parts.push(counted(row.attempts() as usize, "attempt"));
            }
            parts.push(lasted(row.took));
            self.blocks.item(1, &prose(&format!("grade: {}", parts.join(", "))));
        }
    }
}

/// What became of a row, in a word.
pub(super) fn became(row: &Row) -> &'static str {
    match row.status() {
        _ if row.waived.is_some() => "waived",
        Status::Pass => "passed",
        Status::Fail => "FAILED",
        Status::Warn => "warning",
        Status::Unknown => "unknown",
        Status::Skip if row.is_not_applicable() => "not checked",
        Status::Skip => "skipped",
    }
}
