//! An area as a person reads it: in a line or three where it is well, at length where it is not.

use std::io::{self, Write};

use super::marks::{self, loudest, mark};
use super::rows::not_required;
use super::text::{columns, wrapped};
use super::{Detail, Human, Paint};
use crate::check::CheckId;
use crate::ending::Ending;
use crate::outcome::{Finding, Status};
use crate::report::{Row, root};
use crate::reporters::wording::{self, counts, is_wrong, lesser};
use crate::reporters::worst_first;

/// The column of how many rows ended how.
const COUNTS: usize = 30;
/// How many lines the facts of what is well may take.
const FACTS: usize = 3;

impl Human {
    /// Tells the rows of an area, which are all there.
    pub(super) fn area(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let rows = std::mem::take(&mut self.area);
        let wrong = rows.iter().any(is_wrong);
        let idle = rows.iter().all(Row::is_not_applicable);
        if idle || (self.look.detail == Detail::Quiet && !wrong) {
            return Ok(());
        }
        if !std::mem::replace(&mut self.headed, true) {
            self.stand_off(out)?;
        }
        self.area_line(&rows, out)?;
        if self.look.detail == Detail::Normal {
            let indent = 2 + self.marks() + 1;
            self.facts(&rows, indent, if wrong { 1 } else { FACTS }, out)?;
        }
        for row in rows.iter().filter(|row| is_told(row)) {
            if row.waived.is_none() || self.look.detail == Detail::Normal {
                self.told_at_length(row, &rows, out)?;
            }
        }
        self.waiting(&rows, out)?;
        self.left_out(&rows, out)
    }

    /// What became of the area: its mark, its name and how many ended how.
    fn area_line(&self, rows: &[Row], out: &mut dyn Write) -> io::Result<()> {
        let mark = loudest(rows);
        let title = self.shown(wording::title_of(self.groups, rows.first().map(Row::group).unwrap_or_default()));
        let at = self.marks() + 1 + columns(&title);
        let gap = (COUNTS + self.marks()).saturating_sub(at).max(2);
        let counts = wrapped(&self.shown(&counts(rows)), self.width.saturating_sub(at + gap));
        let strong = if rows.iter().any(is_wrong) { Paint::Strong } else { Paint::Plain };
        for (nth, counts) in counts.iter().enumerate() {
            match nth {
                0 => writeln!(out, "{} {}{:gap$}{counts}", self.marked(mark), self.paint(strong, &title), "")?,
                _ => writeln!(out, "{:1$}{counts}", "", at + gap)?,
            }
        }
        Ok(())
    }

    /// What was seen of what is well, in the words that its checks have for it.
    fn facts(&self, rows: &[Row], indent: usize, most: usize, out: &mut dyn Write) -> io::Result<()> {
        let mut gists = wording::gists(rows);
        let all = gists.len();
        let told = |gists: &[&str]| {
            let more = if gists.len() < all { " · …" } else { "" };
            wrapped(&self.shown(&format!("{}{more}", gists.join(" · "))), self.width.saturating_sub(indent))
        };
        // What comes last is left out whole.
        while gists.len() > 1 && told(&gists).len() > most {
            gists.pop();
        }
        let lines = told(&gists);
        let more = lines.len().saturating_sub(most);
        for (nth, line) in lines.iter().take(most).enumerate() {
            let line = if more > 0 && nth + 1 == most {
                let cut = self.cut(&format!("{line}{}", "…".repeat(2)), self.width.saturating_sub(indent));
                cut.replace("……", "…")
            } else {
                line.clone()
            };
            writeln!(out, "{:indent$}{}", "", self.paint(Paint::Faint, self.shown(&line).trim_end()))?;
        }
        Ok(())
    }

    /// A row that something is wrong with: what it is, and who has to do what.
    fn told_at_length(&self, row: &Row, area: &[Row], out: &mut dyn Write) -> io::Result<()> {
        let strong = if row.status() == Status::Fail { Paint::Strong } else { Paint::Plain };
        // What is wrong says it itself.
        let told = |subject: &&str| row.findings().iter().any(|finding| finding.problem.contains(*subject));
        let subject = row.subject.as_deref().filter(|subject| !told(subject));
        let mut beside = subject.map(|subject| self.shown(subject)).unwrap_or_default();
        beside.push_str(not_required(row, &beside));
        let only = match worst_first(row)[..] {
            [one] => Some(format!("[{}]", row.address(one))),
            _ => None,
        };
        let mut named = false;
        let beside = |room: usize| match only {
            Some(name) if columns(&beside) + 2 + columns(&name) <= room && !beside.is_empty() => {
                named = true;
                format!("{beside}  {name}")
            }
            Some(name) if beside.is_empty() && columns(&name) <= room => {
                named = true;
                name
            }
            _ => beside,
        };
        self.claim(mark(row.status(), row.waived.is_some()), (row.spec.title, strong), Paint::Plain, beside, out)?;
        // Why it is waived, and what stands behind it, is said at the end.
        if let Some(reason) = row.reason() {
            self.problem(&reason, row.spec.id.as_str(), out)?;
        }
        if matches!(row.ending(), Ending::CutShort { .. }) {
            self.evidence(row, out)?;
        }
        worst_first(row).into_iter().try_for_each(|finding| self.found(row, finding, named, area, out))
    }

    /// A finding, and what to do about it, unless it is mended elsewhere or that was said already.
    fn found(&self, row: &Row, finding: &Finding, named: bool, area: &[Row], out: &mut dyn Write) -> io::Result<()> {
        let name = if named { String::new() } else { row.address(finding) };
        self.problem(&format!("{}{}", lesser(row, finding), finding.problem), &name, out)?;
        if row.waived.is_some() {
            return Ok(());
        }
        if let Some((cause, of)) = root(&self.told, (row, finding)) {
            let cause = cause.address(of);
            return self.labelled("same cause", Paint::Strong, &format!("as {cause}: mend that first"), out);
        }
        let before = area.iter().take_while(|other| !std::ptr::eq(*other, row)).filter(|other| is_wrong(other));
        let mut before = before.flat_map(|other| other.findings().iter().map(move |found| (other, found)));
        let same = before.find(|(other, found)| {
            std::ptr::eq(found.code, finding.code) && other.spec.id == row.spec.id && other.subject != row.subject
        });
        if let Some((other, _)) = same.filter(|(_, found)| is_alike(found, finding)) {
            let what = format!("as for {}", other.subject.as_deref().unwrap_or("the one above"));
            return self.labelled("the same", Paint::Strong, &what, out);
        }
        self.remediations(finding, out)
    }

    /// What waits for something that did not pass: a line for each cause.
    fn waiting(&self, rows: &[Row], out: &mut dyn Write) -> io::Result<()> {
        let causes = wording::waiting(rows);
        // Where nothing else is in the area, its first line has said for what all of them wait.
        if rows.iter().all(|row| row.status() == Status::Skip || row.waited_for().is_some()) && causes.len() == 1 {
            return Ok(());
        }
        let mut told = rows.iter().filter(|row| is_told(row)).peekable();
        let alone = told.peek().map(|row| row.spec.id).filter(|first| told.all(|row| row.spec.id == *first));
        causes.iter().try_for_each(|(cause, ids)| {
            // Where nothing else stands above.
            let what = if alone == Some(*cause) { "behind it".to_owned() } else { format!("behind {cause}") };
            self.aside(&what, &names(ids), out)
        })
    }

    /// What the user left out, and why.
    fn left_out(&self, rows: &[Row], out: &mut dyn Write) -> io::Result<()> {
        if self.look.detail == Detail::Quiet {
            return Ok(());
        }
        wording::left_out(rows).iter().try_for_each(|(reason, ids)| self.aside(&names(ids), reason, out))
    }

    /// A line about what was not asked.
    fn aside(&self, what: &str, text: &str, out: &mut dyn Write) -> io::Result<()> {
        let before = format!("  {} {}  ", self.marked(marks::NOT_ASKED), self.paint(Paint::Faint, &self.shown(what)));
        let indent = 2 + self.marks() + 1 + columns(&self.shown(what)) + 2;
        if indent > self.width / 2 {
            let prefix = if self.look.unicode { "  - " } else { "  --   " };
            return self.hanging(prefix, Paint::Faint, &format!("{what}: {text}"), out);
        }
        let lines = wrapped(&self.shown(text), self.width.saturating_sub(indent));
        for (nth, line) in lines.iter().enumerate() {
            let before = if nth == 0 { before.clone() } else { " ".repeat(indent) };
            writeln!(out, "{before}{}", self.paint(Paint::Faint, line))?;
        }
        Ok(())
    }

    /// A finding with all that there is to do about it.
    pub(super) fn finding(&self, row: &Row, finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
        self.problem(&format!("{}{}", lesser(row, finding), finding.problem), &row.address(finding), out)?;
        self.remediations(finding, out)
    }
}

/// The checks as they are called in their area.
fn names(ids: &[CheckId]) -> String {
    ids.iter().map(|id| id.name()).collect::<Vec<_>>().join(", ")
}

/// Whether something is said of a row itself.
fn is_told(row: &Row) -> bool {
    row.waited_for().is_none() && (is_wrong(row) || row.waived.is_some())
}

/// Whether the same parties have to do as much about both.
fn is_alike(one: &Finding, other: &Finding) -> bool {
    let parties = |finding: &Finding| finding.remediations.iter().map(|way| way.who).collect::<Vec<_>>();
    parties(one) == parties(other)
}
