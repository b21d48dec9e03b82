//! Every row as it comes, with all that is known of it: what somebody reads who asked for everything.

use std::io::{self, Write};

use super::marks::mark;
use super::{BELOW, Detail, Human, Paint};
use crate::outcome::Status;
use crate::report::Row;
use crate::reporters::wording::{self, is_not_required, is_wrong};
use crate::reporters::worst_first;
use crate::said::{counted, lasted};

impl Human {
    /// The next row of a group: at once, unless nothing was asked of it so far.
    pub(super) fn in_full(&mut self, row: &Row, begins: bool, out: &mut dyn Write) -> io::Result<()> {
        if begins {
            self.headed = false;
            self.several = false;
            self.last = None;
        }
        self.several |= self.last == Some(row.spec.id);
        self.last = Some(row.spec.id);
        let same = self.held.first().is_none_or(|held| held.reason() == row.reason());
        if row.is_not_applicable() && same && !self.headed {
            self.held.push(row.clone());
            return Ok(());
        }
        self.heading(out)?;
        for held in std::mem::take(&mut self.held) {
            self.line(&held, out)?;
        }
        self.line(row, out)?;
        self.details(row, out)
    }

    fn heading(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.headed {
            return Ok(());
        }
        self.headed = true;
        self.title(wording::title_of(self.groups, self.group.unwrap_or_default()), out)
    }

    /// Ends a group of which nothing was called for: one line says what all of its would.
    pub(super) fn release_as_one(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let held = std::mem::take(&mut self.held);
        let Some(row) = held.first() else { return Ok(()) };
        self.heading(out)?;
        let reason = format!("not checked: {}", row.reason().unwrap_or_default());
        self.hanging("  - ", Paint::Faint, &reason, out)
    }

    /// The line that every row has.
    fn line(&self, row: &Row, out: &mut dyn Write) -> io::Result<()> {
        let faint = row.status() == Status::Skip;
        let strong = if is_wrong(row) && row.status() == Status::Fail { Paint::Strong } else { Paint::Plain };
        let title = (row.spec.title, if faint { Paint::Faint } else { strong });
        let beside_paint = if faint { Paint::Faint } else { Paint::Plain };
        let mark = mark(row.status(), row.waived.is_some());
        self.claim(mark, title, beside_paint, |room| self.beside(row, room), out)
    }

    /// What stands to the right of a title: the subject and what is most telling about it.
    fn beside(&self, row: &Row, room: usize) -> String {
        let subject = row.subject.as_deref().map(|subject| self.shown(subject));
        if row.status() == Status::Skip {
            let why = if row.is_not_applicable() { "not checked" } else { "skipped" };
            let reason = self.shown(&format!("{why}: {}", row.reason().unwrap_or_default()));
            return match subject.filter(|_| self.several) {
                Some(subject) => format!("{reason} ({subject})"),
                None => reason,
            };
        }
        let mut text = subject.unwrap_or_default();
        // Where something is wrong, the evidence stands below.
        if let Some(seen) = row.evidence().first().filter(|seen| seen.what == "addresses" && !is_wrong(row)) {
            if !text.is_empty() {
                text.push_str(&self.shown(" → "));
            }
            let left = room.saturating_sub(super::columns(&text));
            text.push_str(&self.as_many(&seen.value, left));
        }
        text.push_str(not_required(row, &text));
        text
    }

    /// What follows a row's line: what is wrong, what to do about it, what was seen.
    fn details(&self, row: &Row, out: &mut dyn Write) -> io::Result<()> {
        let indent = " ".repeat(BELOW);
        if let Some(waived) = &row.waived {
            self.hanging(&indent, Paint::Plain, &format!("waived: {waived}"), out)?;
        }
        if let Some(reason) = row.reason().filter(|_| row.status() != Status::Skip) {
            self.problem(&reason, row.spec.id.as_str(), out)?;
        }
        for finding in worst_first(row) {
            self.finding(row, finding, out)?;
        }
        self.evidence(row, out)?;
        if let Some(grade) = row.grade() {
            let mut parts = vec![grade.as_str().to_owned()];
            parts.extend(row.via().map(|via| if via == "direct" { via.to_owned() } else { format!("through {via}") }));
            if row.attempts() > 0 {
                parts.push(counted(row.attempts() as usize, "attempt"));
            }
            parts.push(lasted(row.took));
            self.labelled("grade", Paint::Faint, &parts.join(", "), out)?;
        }
        Ok(())
    }

    /// What was seen: what is in somebody's confidence only where everything is wanted.
    pub(super) fn evidence(&self, row: &Row, out: &mut dyn Write) -> io::Result<()> {
        let verbose = self.look.detail == Detail::Verbose;
        for (index, seen) in row.evidence().iter().filter(|seen| verbose || !seen.confidential).enumerate() {
            let label = if index == 0 { "seen" } else { "" };
            self.labelled(label, Paint::Faint, &format!("{}: {}", seen.what, seen.value), out)?;
        }
        Ok(())
    }
}

/// What is said beside a subject whose trouble does not count.
pub(super) fn not_required(row: &Row, before: &str) -> &'static str {
    match (is_not_required(row), before.is_empty()) {
        (false, _) => "",
        (true, true) => "(not required)",
        (true, false) => " (not required)",
    }
}
