//! The report as a person reads it: what holds in a line each, what does not with who has to do what.

mod closing;
mod comparison;
mod explain;
mod faults;
mod plan;
mod requirements;
mod text;

#[cfg(test)]
mod tests;

use std::io::{self, Write};

use colored::Colorize;

use super::{Detail, Encoding, Format, Look, Reporter, worst, worst_first};
use crate::check::{CheckId, Group};
use crate::documents::Document;
use crate::outcome::{Command, Finding, Severity, Status, Vantage, Who};
use crate::report::{Head, Report, Row};
use crate::said::{counted, harmless, in_ascii, lasted};
use text::{columns, wrapped};

/// For a person at a terminal.
pub(super) static FORMAT: Format = Format {
    name: "human",
    ending: "txt",
    encoding: Encoding::Text,
    report: Some(|look, groups| Box::new(Human::new(look, groups))),
    document: Some(document),
};

fn document(document: &Document, look: Look, out: &mut dyn Write) -> io::Result<()> {
    let mut human = Human::new(look, &[]);
    match document {
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
/// How far a label reaches from there: an arrow, the longest of [`Who`], and a gap. ASCII's arrow is wider.
const LABEL: usize = 13;
const LABEL_IN_ASCII: usize = 14;
/// Narrower than this, nothing can be laid out.
const NARROWEST: usize = 60;
/// Wider than this, prose is hard to read.
const WIDEST: usize = 120;
/// How much evidence of what did not pass is shown unasked.
const HANDFUL: usize = 4;

pub(super) struct Human {
    look: Look,
    width: usize,
    label: usize,
    /// Where the titles of groups are found.
    groups: &'static [Group],
    /// The group that rows belong to now.
    group: Option<&'static str>,
    /// Its rows that are not applicable for one and the same reason, as long as it has no others.
    held: Vec<Row>,
    /// Its heading has been written.
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
        if self.look.detail == Detail::Quiet {
            return Ok(());
        }
        self.stand_off(out)?;
        self.header(head, out)?;
        if self.look.detail == Detail::Verbose && !head.settings.is_empty() {
            self.settings(head, out)?;
        }
        Ok(())
    }

    fn happens(&mut self, line: &str, out: &mut dyn Write) -> io::Result<()> {
        self.hanging("  ", Paint::Plain, line, out)
    }

    fn row(&mut self, row: &Row, out: &mut dyn Write) -> io::Result<()> {
        if self.group != Some(row.group()) {
            self.release_as_one(out)?;
            self.group = Some(row.group());
            self.headed = false;
            self.several = false;
            self.last = None;
        }
        self.several |= self.last == Some(row.spec.id);
        self.last = Some(row.spec.id);
        if self.look.detail == Detail::Quiet && !is_wrong(row) {
            return Ok(());
        }
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

    fn end(&mut self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        self.release_as_one(out)?;
        self.stand_off(out)?;
        if report.interrupted {
            self.prose("Interrupted before it was through; this is what was known by then.", out)?;
        }
        self.verdict(report, out)?;
        self.waivers(report, out)?;
        self.inbound(report, out)?;
        self.first(report, out)?;
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
            label: if look.unicode { LABEL } else { LABEL_IN_ASCII },
            group: None,
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

    fn header(&self, head: &Head, out: &mut dyn Write) -> io::Result<()> {
        let address = match &head.addresses[..] {
            [] => String::new(),
            addresses => format!(" ({})", addresses.join(", ")),
        };
        let route = if head.via == "direct" { "direct".to_owned() } else { format!("through {}", head.via) };
        let parts = vec![
            concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")).to_owned(),
            match head.vantage {
                Vantage::Inside => format!("{} strategy", head.strategy.as_str()),
                Vantage::Outside => "the installation from outside".to_owned(),
            },
            format!("from {}{address}, {route}", head.host),
            format!("facts of {}", head.facts_as_of),
        ];
        let mut lines: Vec<String> = Vec::new();
        for part in parts {
            let part = self.shown(&part);
            match lines.last_mut() {
                Some(line) if columns(line) + 5 + columns(&part) <= self.width => {
                    line.push_str(&self.shown("  ·  "));
                    line.push_str(&part);
                }
                Some(_) => lines.push(format!("  {part}")),
                None => lines.push(part),
            }
        }
        for line in lines {
            writeln!(out, "{line}")?;
        }
        Ok(())
    }

    fn settings(&self, head: &Head, out: &mut dyn Write) -> io::Result<()> {
        let lines: Vec<[String; 3]> = head
            .settings
            .iter()
            .map(|(name, value, source)| [(*name).to_owned(), self.shown(value), self.shown(&source.to_string())])
            .collect();
        let widest = |cell: usize| lines.iter().filter_map(|line| line.get(cell)).map(|cell| columns(cell)).max();
        let (names, values) = (widest(0).unwrap_or(0), widest(1).unwrap_or(0).min(40));
        writeln!(out, "\n{}", self.paint(Paint::Strong, "Settings in effect"))?;
        for [name, value, from] in &lines {
            writeln!(out, "  {name:names$}  {value:values$}  {}", self.paint(Paint::Faint, from))?;
        }
        Ok(())
    }

    fn heading(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.headed {
            return Ok(());
        }
        self.headed = true;
        let group = self.groups.iter().find(|group| self.group == Some(group.id));
        let title = group.map(|group| group.title).or(self.group).unwrap_or_default();
        self.title(title, out)
    }

    /// Ends a group of which nothing was called for: one line says what all of its would.
    fn release_as_one(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let held = std::mem::take(&mut self.held);
        let Some(row) = held.first() else { return Ok(()) };
        self.heading(out)?;
        let reason = format!("not checked: {}", row.reason().unwrap_or_default());
        self.hanging("  - ", Paint::Faint, &reason, out)
    }

    /// The line that every row has.
    fn line(&self, row: &Row, out: &mut dyn Write) -> io::Result<()> {
        let (symbol, paint) = if row.waived.is_some() { ("-", Paint::Faint) } else { symbol(row.status()) };
        let faint = row.status() == Status::Skip;
        let strong = if is_wrong(row) && row.status() == Status::Fail { Paint::Strong } else { Paint::Plain };
        let title = (row.spec.title, if faint { Paint::Faint } else { strong });
        let beside_paint = if faint { Paint::Faint } else { Paint::Plain };
        self.claim((symbol, paint), title, beside_paint, |room| self.beside(row, room), out)
    }

    /// A symbol, a title, and beside it, or else below it, what is made for the room that is left.
    fn claim(
        &self,
        (symbol, paint): (&str, Paint),
        (title, title_paint): (&str, Paint),
        beside_paint: Paint,
        beside: impl FnOnce(usize) -> String,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let symbol = self.shown(symbol);
        let title = self.shown(title);
        let gap = BESIDE.saturating_sub(4 + columns(&title)).max(2);
        let at = 4 + columns(&title) + gap;
        let room = self.width.saturating_sub(at);
        let beside = beside(room);
        write!(out, "  {} {}", self.paint(paint, &symbol), self.paint(title_paint, &title))?;
        if beside.is_empty() {
            writeln!(out)
        } else if columns(&beside) <= room {
            writeln!(out, "{:gap$}{}", "", self.paint(beside_paint, &beside))
        } else {
            writeln!(out)?;
            self.hanging(&" ".repeat(BELOW), beside_paint, &beside, out)
        }
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
            let left = room.saturating_sub(columns(&text));
            text.push_str(&self.as_many(&seen.value, left));
        }
        if is_wrong(row) && row.status() != Status::Warn && !row.required {
            text.push_str(if text.is_empty() { "(not required)" } else { " (not required)" });
        }
        text
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

    /// What follows a row's line: what is wrong, what to do about it, what was seen.
    fn details(&self, row: &Row, out: &mut dyn Write) -> io::Result<()> {
        let verbose = self.look.detail == Detail::Verbose;
        let indent = " ".repeat(BELOW);
        if let Some(waived) = &row.waived {
            self.hanging(&indent, Paint::Plain, &format!("waived: {waived}"), out)?;
        }
        if let Some(reason) = row.reason().filter(|_| row.status() != Status::Skip) {
            self.problem(&reason, row.spec.id.as_str(), out)?;
        }
        for finding in worst_first(row) {
            self.finding(row, finding, verbose || row.waived.is_none(), out)?;
        }
        if verbose || (is_wrong(row) && self.look.detail == Detail::Normal) {
            self.evidence(row, out)?;
        }
        if let Some(grade) = row.grade().filter(|_| verbose) {
            let mut parts = vec![grade.as_str().to_owned()];
            parts.extend(row.via().map(|via| if via == "direct" { via.to_owned() } else { format!("through {via}") }));
            if row.attempts() > 0 {
                parts.push(counted(row.attempts() as usize, "attempt"));
            }
            parts.push(lasted(row.took));
            self.labelled("  grade", Paint::Faint, &parts.join(", "), out)?;
        }
        Ok(())
    }

    fn finding(&self, row: &Row, finding: &Finding, remedy: bool, out: &mut dyn Write) -> io::Result<()> {
        let lesser = worst(row).is_some_and(|worst| finding.code.severity < worst.code.severity);
        let kind = match finding.code.severity {
            Severity::Warning if lesser => "warning: ",
            Severity::Undecided if lesser => "undecided: ",
            _ => "",
        };
        let code = format!("{}/{}", row.spec.id, finding.code.name);
        self.problem(&format!("{kind}{}", finding.problem), &code, out)?;
        if !remedy {
            return Ok(());
        }
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
        let mark = if nth == 0 { "→" } else { "or" };
        self.labelled(&format!("{mark} {}", who.as_str()), Paint::Strong, action, out)?;
        let Some(command) = command else { return Ok(()) };
        // Never wrapped: it is there to be copied.
        let command = self.shown(command);
        writeln!(out, "{}{}{command}", " ".repeat(BELOW), self.label_of("  see it", Paint::Faint))
    }

    /// What is wrong, and by which name it is explained and waived.
    fn problem(&self, text: &str, name: &str, out: &mut dyn Write) -> io::Result<()> {
        let name = format!("[{name}]");
        for line in wrapped(&self.shown(&format!("{text} {name}")), self.width - BELOW) {
            let (line, name) = line.strip_suffix(&name).map_or((line.as_str(), ""), |line| (line, name.as_str()));
            writeln!(out, "{}{line}{}", " ".repeat(BELOW), self.paint(Paint::Faint, name))?;
        }
        Ok(())
    }

    fn evidence(&self, row: &Row, out: &mut dyn Write) -> io::Result<()> {
        let verbose = self.look.detail == Detail::Verbose;
        let room = self.width - BELOW - self.label;
        let evidence: Vec<_> = row.evidence().iter().filter(|seen| verbose || !seen.confidential).collect();
        let shown = if verbose { evidence.len() } else { HANDFUL };
        for (index, seen) in evidence.iter().take(shown).enumerate() {
            let label = if index == 0 { "  seen" } else { "" };
            let text = format!("{}: {}", seen.what, seen.value);
            if verbose {
                self.labelled(label, Paint::Faint, &text, out)?;
            } else {
                self.labelled(label, Paint::Faint, &self.cut(&text, room), out)?;
            }
        }
        match evidence.len().saturating_sub(shown) {
            0 => Ok(()),
            more => self.labelled("", Paint::Faint, &format!("and {more} more with -v"), out),
        }
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
        let played = played.trim_end_matches('.');
        let text = format!("This is a demonstration: {played}; nothing outside this machine was contacted.");
        for line in wrapped(&self.shown(&text), self.width) {
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

    /// Text behind a label; its further lines stand under its first.
    fn labelled(&self, label: &str, paint: Paint, text: &str, out: &mut dyn Write) -> io::Result<()> {
        let lines = wrapped(&self.shown(text), self.width - BELOW - self.label);
        for (index, line) in lines.iter().enumerate() {
            let label = self.label_of(if index == 0 { label } else { "" }, paint);
            writeln!(out, "{}{label}{line}", " ".repeat(BELOW))?;
        }
        Ok(())
    }

    fn label_of(&self, text: &str, paint: Paint) -> String {
        let text = self.shown(text);
        let gap = self.label.saturating_sub(columns(&text));
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

/// Whether a row is among what is wrong.
fn is_wrong(row: &Row) -> bool {
    row.waived.is_none() && matches!(row.status(), Status::Fail | Status::Warn | Status::Unknown)
}

fn symbol(status: Status) -> (&'static str, Paint) {
    match status {
        Status::Pass => ("✓", Paint::Good),
        Status::Fail => ("✗", Paint::Bad),
        Status::Warn => ("!", Paint::Odd),
        Status::Unknown => ("?", Paint::Odd),
        Status::Skip => ("-", Paint::Faint),
    }
}
