//! The report as a person reads it: what holds in a line each, what does not with who has to do what.

mod area;
mod audit;
mod change;
mod closing;
mod comparison;
mod explain;
mod faults;
mod head;
mod marks;
mod plan;
mod requirements;
mod rows;
mod text;

#[cfg(test)]
mod tests;

use std::io::{self, Write};

use colored::Colorize;

use super::{Detail, Documents, Encoding, Format, Look, Reporter, wording};
use crate::check::{CheckId, Group};
use crate::documents::Document;
use crate::outcome::{Command, Finding, Who};
use crate::report::{Head, Report, Row};
use crate::said::{harmless, in_ascii};
use marks::Mark;
use text::{columns, wrapped};

/// For a person at a terminal.
pub(super) static FORMAT: Format = Format {
    name: "human",
    ending: "txt",
    encoding: Encoding::Text,
    report: Some(|look, groups| Box::new(Human::new(look, groups))),
    documents: Some(Documents::every(document)),
};

fn document(document: &Document, look: Look, out: &mut dyn Write) -> io::Result<()> {
    let mut human = Human::new(look, &[]);
    match document {
        Document::Audit(audit) => Human::new(look, audit.groups).audit(audit, out),
        Document::Change(change) => human.change(change, out),
        Document::Plan(plan) => human.plan(plan, out),
        Document::Requirements(sheet) => human.of_width(60, 110).requirements(sheet, out),
        Document::Explain(page) => human.of_width(40, 100).explain(page, out),
        Document::Comparison(comparison) => human.comparison(comparison, out),
        Document::Faults(faults) => human.faults(faults, out),
    }
}

/// The column of subjects and reasons; titles that reach it push them on.
const BESIDE: usize = 42;
/// The column of what belongs to a row.
const BELOW: usize = 6;
/// The column of what a check claims, or why it is not asked, behind its id.
const TITLES: usize = 31;
/// How far a label reaches from there: the longest of [`Who`] behind an "or", and a gap.
const LABEL: usize = 14;
/// Narrower than this, nothing can be laid out.
const NARROWEST: usize = 60;
/// Wider than this, prose is hard to read.
const WIDEST: usize = 120;
/// How much evidence of what did not pass is shown unasked.
const HANDFUL: usize = 4;

pub(super) struct Human {
    look: Look,
    width: usize,
    /// Where the titles of groups are found.
    groups: &'static [Group],
    /// The group that rows belong to now.
    group: Option<&'static str>,
    /// Its rows, until it is through.
    area: Vec<Row>,
    /// Every row so far.
    told: Vec<Row>,
    /// Its rows that are not applicable for one and the same reason, as long as it has no others.
    held: Vec<Row>,
    /// Its heading, or the first line of any area, has been written.
    headed: bool,
    /// The check that the last row was about.
    last: Option<CheckId>,
    /// A check in this group was about more than one subject, so that subjects have to be named.
    several: bool,
    /// Something has been written, so that the next part stands off from it.
    begun: bool,
}

impl Reporter for Human {
    fn begin(&mut self, head: &Head, out: &mut dyn Write) -> io::Result<()> {
        if let Some(played) = &head.demonstration {
            self.demonstration(played, out)?;
        }
        self.stand_off(out)?;
        self.head(head, out)?;
        if self.look.detail == Detail::Verbose && !head.settings.is_empty() {
            self.settings(head, out)?;
        }
        Ok(())
    }

    fn happens(&mut self, line: &str, out: &mut dyn Write) -> io::Result<()> {
        self.hanging("  ", Paint::Plain, line, out)
    }

    fn row(&mut self, row: &Row, out: &mut dyn Write) -> io::Result<()> {
        let begins = self.group != Some(row.group());
        if begins {
            self.area_is_through(out)?;
        }
        self.group = Some(row.group());
        self.told.push(row.clone());
        if self.look.detail == Detail::Verbose {
            return self.in_full(row, begins, out);
        }
        self.area.push(row.clone());
        Ok(())
    }

    fn area_is_through(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.release_as_one(out)?;
        self.area(out)
    }

    fn end(&mut self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        self.area_is_through(out)?;
        self.not_asked(report, out)?;
        self.stand_off(out)?;
        if report.interrupted {
            self.prose(wording::INTERRUPTED, out)?;
        }
        self.verdict(report, out)?;
        self.to_do(report, out)?;
        self.waivers(report, out)?;
        self.pointers(report, out)?;
        if let Some(played) = &report.head.demonstration {
            self.demonstration(played, out)?;
        }
        Ok(())
    }
}

/// How a piece of text stands out, for those who see colours.
#[derive(Clone, Copy)]
enum Paint {
    Good,
    Bad,
    Odd,
    Strong,
    Faint,
    Plain,
}

impl Human {
    pub(super) fn new(look: Look, groups: &'static [Group]) -> Self {
        Human {
            look,
            groups,
            width: look.width.clamp(NARROWEST, WIDEST),
            group: None,
            area: Vec::new(),
            told: Vec::new(),
            held: Vec::new(),
            headed: false,
            last: None,
            several: false,
            begun: false,
        }
    }

    /// As wide as the terminal, within these bounds.
    fn of_width(mut self, least: usize, most: usize) -> Self {
        self.width = self.look.width.clamp(least, most);
        self
    }

    /// A symbol, a title, and beside it, or else below it, what is made for the room that is left.
    fn claim(
        &self,
        mark: Mark,
        (title, title_paint): (&str, Paint),
        beside_paint: Paint,
        beside: impl FnOnce(usize) -> String,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let title = self.shown(title);
        let begin = 2 + self.marks() + 1;
        let gap = BESIDE.saturating_sub(begin + columns(&title)).max(2);
        let at = begin + columns(&title) + gap;
        let room = self.width.saturating_sub(at);
        let beside = beside(room);
        write!(out, "  {} {}", self.marked(mark), self.paint(title_paint, &title))?;
        if beside.is_empty() {
            writeln!(out)
        } else if columns(&beside) <= room {
            writeln!(out, "{:gap$}{}", "", self.paint(beside_paint, &beside))
        } else {
            writeln!(out)?;
            self.hanging(&" ".repeat(BELOW), beside_paint, &beside, out)
        }
    }

    /// As many items of a list as there is room for, and at least one.
    fn as_many(&self, list: &str, room: usize) -> String {
        let list = self.shown(list);
        if columns(&list) <= room {
            return list;
        }
        let more = self.shown(", …");
        let mut text = String::new();
        for item in list.split(", ") {
            let comma = if text.is_empty() { "" } else { ", " };
            if !text.is_empty() && columns(&text) + columns(comma) + columns(item) + columns(&more) > room {
                break;
            }
            text.push_str(comma);
            text.push_str(item);
        }
        text.push_str(&more);
        text
    }

    fn remediations(&self, finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
        finding.remediations.iter().enumerate().try_for_each(|(nth, remediation)| {
            let command = remediation.verify.as_ref().map(Command::as_str);
            self.remediation(nth, remediation.who, &remediation.action, command, out)
        })
    }

    /// One way to mend it; those after the first are alternatives.
    fn remediation(
        &self,
        nth: usize,
        who: Who,
        action: &str,
        command: Option<&str>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let or = if nth == 0 { "" } else { "or " };
        self.labelled(&format!("{or}{}", who.as_str()), Paint::Strong, action, out)?;
        let Some(command) = command else { return Ok(()) };
        // Never wrapped: it is there to be copied.
        let command = self.shown(command);
        writeln!(out, "{}{}{command}", " ".repeat(BELOW), self.label_of("see it", Paint::Faint))
    }

    /// What is wrong, and by which name it is explained and waived.
    fn problem(&self, text: &str, name: &str, out: &mut dyn Write) -> io::Result<()> {
        let name = if name.is_empty() { String::new() } else { format!("[{name}]") };
        for line in wrapped(self.shown(&format!("{text} {name}")).trim_end(), self.width - BELOW) {
            let (line, name) = line.strip_suffix(&name).map_or((line.as_str(), ""), |line| (line, name.as_str()));
            writeln!(out, "{}{line}{}", " ".repeat(BELOW), self.paint(Paint::Faint, name))?;
        }
        Ok(())
    }

    /// Text behind the word that it comes to.
    fn led(&self, word: &str, paint: Paint, text: &str, out: &mut dyn Write) -> io::Result<()> {
        for (index, line) in wrapped(&self.shown(&format!("{word} {text}")), self.width).into_iter().enumerate() {
            match line.strip_prefix(word).filter(|_| index == 0) {
                Some(rest) => writeln!(out, "{}{rest}", self.paint(paint, word))?,
                None => writeln!(out, "{line}")?,
            }
        }
        Ok(())
    }

    fn demonstration(&mut self, played: &str, out: &mut dyn Write) -> io::Result<()> {
        self.stand_off(out)?;
        for line in wrapped(&self.shown(&wording::demonstration(played)), self.width) {
            writeln!(out, "{}", self.paint(Paint::Odd, &line))?;
        }
        Ok(())
    }

    /// An empty line between parts, but not before the first.
    fn stand_off(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if std::mem::replace(&mut self.begun, true) { writeln!(out) } else { Ok(()) }
    }

    fn title(&mut self, heading: &str, out: &mut dyn Write) -> io::Result<()> {
        self.stand_off(out)?;
        self.hanging("", Paint::Strong, heading, out)
    }

    /// Text behind a name, from column `at` on.
    fn entry(&self, name: &str, at: usize, text: &str, out: &mut dyn Write) -> io::Result<()> {
        let name = self.shown(name);
        let gap = at.saturating_sub(2 + columns(&name)).max(1);
        for (index, line) in wrapped(&self.shown(text), self.width.saturating_sub(at)).iter().enumerate() {
            if index == 0 { writeln!(out, "  {name}{:gap$}{line}", "")? } else { writeln!(out, "{:at$}{line}", "")? }
        }
        Ok(())
    }

    fn prose(&self, text: &str, out: &mut dyn Write) -> io::Result<()> {
        self.hanging("", Paint::Plain, text, out)
    }

    /// Text behind a mark.
    fn marked_prose(&self, mark: Mark, text: &str, out: &mut dyn Write) -> io::Result<()> {
        let indent = self.marks() + 1;
        for (nth, line) in wrapped(&self.shown(text), self.width.saturating_sub(indent)).iter().enumerate() {
            match nth {
                0 => writeln!(out, "{} {line}", self.marked(mark))?,
                _ => writeln!(out, "{:indent$}{line}", "")?,
            }
        }
        Ok(())
    }

    /// Text behind a label; its further lines stand under its first.
    fn labelled(&self, label: &str, paint: Paint, text: &str, out: &mut dyn Write) -> io::Result<()> {
        let lines = wrapped(&self.shown(text), self.width - BELOW - LABEL);
        for (index, line) in lines.iter().enumerate() {
            let label = self.label_of(if index == 0 { label } else { "" }, paint);
            writeln!(out, "{}{label}{line}", " ".repeat(BELOW))?;
        }
        Ok(())
    }

    fn label_of(&self, text: &str, paint: Paint) -> String {
        let text = self.shown(text);
        let gap = LABEL.saturating_sub(columns(&text));
        format!("{}{:gap$}", self.paint(paint, &text), "")
    }

    /// Text behind a prefix; its further lines are indented by as much.
    fn hanging(&self, prefix: &str, paint: Paint, text: &str, out: &mut dyn Write) -> io::Result<()> {
        let indent = columns(prefix);
        for (index, line) in wrapped(&self.shown(text), self.width.saturating_sub(indent)).iter().enumerate() {
            let before = if index == 0 { prefix.to_owned() } else { " ".repeat(indent) };
            writeln!(out, "{before}{}", self.paint(paint, line))?;
        }
        Ok(())
    }

    /// At most this many columns of a text.
    fn cut(&self, text: &str, room: usize) -> String {
        let text = self.shown(text);
        if columns(&text) <= room {
            return text;
        }
        let more = self.shown("…");
        let kept: String = text.chars().take(room.saturating_sub(columns(&more))).collect();
        format!("{}{more}", kept.trim_end())
    }

    /// The text as it can be shown here. Everything that is written comes through here, or was written here.
    fn shown(&self, text: &str) -> String {
        let text = harmless(text);
        if self.look.unicode { text } else { in_ascii(&text) }
    }

    fn paint(&self, paint: Paint, text: &str) -> String {
        if !self.look.colour || text.is_empty() {
            return text.to_owned();
        }
        match paint {
            Paint::Good => text.green().bold().to_string(),
            Paint::Bad => text.red().bold().to_string(),
            Paint::Odd => text.yellow().bold().to_string(),
            Paint::Strong => text.bold().to_string(),
            Paint::Faint => text.dimmed().to_string(),
            Paint::Plain => text.to_owned(),
        }
    }
}
