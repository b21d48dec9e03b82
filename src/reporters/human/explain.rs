//! A page of the manual as a person reads it.

use std::io::{self, Write};

use super::text::{columns, wrapped};
use super::{Human, Paint};
use crate::check::{Group, Spec};
use crate::documents::explain::{self, Address, CodePage, Decides, Page, meaning};
use crate::outcome::Cause;
use crate::said::{all_of, listed};

/// Where the meaning of a code begins.
const MEANING: usize = 33;
/// Where the labels of a cause begin, and what stands behind them.
const LABELS: usize = 5;
const LABELLED: usize = 16;
/// A space that is no place to break a line at, as long as lines are made.
const UNBROKEN: &str = "\u{a0}";

impl Human {
    pub(super) fn explain(&mut self, page: &Page, out: &mut dyn Write) -> io::Result<()> {
        match page {
            Page::List(groups) => self.list(groups, out),
            Page::Check(spec, decides) => self.manual(spec, decides, out),
            Page::Codes(pages) => pages.iter().try_for_each(|page| self.page(page, out)),
            Page::Name(name, codes) => self.choice(name, codes, out),
        }
    }

    fn list(&mut self, groups: &[&Group], out: &mut dyn Write) -> io::Result<()> {
        for group in groups {
            self.title(group.title, out)?;
            for spec in group.specs {
                self.entry(spec.id.as_str(), super::TITLES, spec.title, out)?;
            }
        }
        self.stand_off(out)?;
        let name = env!("CARGO_PKG_NAME");
        self.prose(
            &format!("`{name} explain ID` prints a check's page, `{name} explain ID/CODE` what a finding means."),
            out,
        )
    }

    fn manual(&mut self, spec: &'static Spec, decides: &Decides, out: &mut dyn Write) -> io::Result<()> {
        self.begun = true;
        self.led(&format!("{}:", spec.id), Paint::Strong, spec.title, out)?;
        for paragraph in spec.explain.split("\n\n") {
            self.stand_off(out)?;
            self.prose(paragraph, out)?;
        }
        self.stand_off(out)?;
        if !spec.needs.is_empty() {
            self.prose(&format!("Needs {}.", all_of(spec.needs)), out)?;
        }
        self.prose(&decides.in_words(), out)?;
        self.title("Findings", out)?;
        for code in spec.codes {
            self.entry(code.name, MEANING, &meaning(code), out)?;
        }
        let first = explain::first_page(spec.codes.iter().map(|code| (spec, *code)));
        self.command(explain::EACH_HAS_A_PAGE, &first, out)
    }

    fn page(&mut self, page: &CodePage, out: &mut dyn Write) -> io::Result<()> {
        self.title(&page.address(), out)?;
        self.hanging("  ", Paint::Plain, &meaning(page.code), out)?;
        self.stand_off(out)?;
        self.hanging("  ", Paint::Plain, &page.in_the_run(), out)?;
        self.related(explain::FOLLOWS_FROM, &page.follows_from, out)?;
        if !page.code.causes.is_empty() {
            self.title(explain::causes(page.code), out)?;
            for nth in 0..page.code.causes.len() {
                self.stand_off(out)?;
                self.cause(nth, page.code.causes, out)?;
            }
        }
        self.related(explain::EXPLAINS, &page.explains, out)?;
        self.title(explain::WAIVER, out)?;
        for line in page.waiver() {
            writeln!(out, "  {line}")?;
        }
        self.command(explain::CHECK, &page.check(), out)
    }

    /// Other findings, in a line for each check, where there are any.
    fn related(&mut self, heading: &str, found: &[Address], out: &mut dyn Write) -> io::Result<()> {
        if found.is_empty() {
            return Ok(());
        }
        self.title(heading, out)?;
        let lines = explain::by_check(found).into_iter();
        lines
            .map(|(spec, names)| format!("{}: {}", spec.id, listed(names)))
            .try_for_each(|line| self.hanging("  ", Paint::Plain, &line, out))
    }

    /// A command below what it is for. It is never wrapped: it is there to be copied.
    fn command(&mut self, what: &str, command: &str, out: &mut dyn Write) -> io::Result<()> {
        self.stand_off(out)?;
        self.prose(what, out)?;
        writeln!(out, "  {}", self.shown(command))
    }

    /// What may lie behind a finding, how it shows, and who mends it. A command that an earlier cause had is not repeated.
    fn cause(&self, nth: usize, causes: &[Cause], out: &mut dyn Write) -> io::Result<()> {
        let Some(cause) = causes.get(nth) else { return Ok(()) };
        let what = self.lines(cause.what, LABELS);
        for (index, line) in what.iter().enumerate() {
            let number = if index == 0 { format!("{:>3}", nth + 1) } else { String::new() };
            writeln!(out, "{number:LABELS$}{}", self.paint(Paint::Strong, line))?;
        }
        for (label, text) in [("told by", cause.told_by), (cause.who.as_str(), cause.mend)] {
            for (index, line) in self.lines(text, LABELLED).iter().enumerate() {
                writeln!(out, "{}{line}", self.behind(LABELS, if index == 0 { label } else { "" }, LABELLED))?;
            }
        }
        let Some(command) = cause.command else { return Ok(()) };
        let shown = match causes.iter().take(nth).position(|earlier| earlier.command == cause.command) {
            Some(earlier) => format!("as for {}", earlier + 1),
            // Never wrapped: it is there to be copied.
            None => self.shown(command),
        };
        writeln!(out, "{}{shown}", self.behind(LABELS, "see it", LABELLED))
    }

    /// Text in lines that leave room for so many columns before them. What stands between backticks stays whole, so that it can
    /// be copied.
    fn lines(&self, text: &str, before: usize) -> Vec<String> {
        let mut parts = self.shown(text);
        parts = parts.split('`').enumerate().fold(String::new(), |mut whole, (nth, part)| {
            if nth > 0 {
                whole.push('`');
            }
            whole.push_str(&if nth % 2 == 1 { part.replace(' ', UNBROKEN) } else { part.to_owned() });
            whole
        });
        let lines = wrapped(&parts, self.width.saturating_sub(before)).into_iter();
        lines.map(|line| line.replace(UNBROKEN, " ")).collect()
    }

    /// A label at one column, and room up to another.
    fn behind(&self, from: usize, label: &str, to: usize) -> String {
        let room = to.saturating_sub(from + columns(label));
        format!("{:from$}{}{:room$}", "", self.paint(Paint::Faint, label), "")
    }

    /// Which checks have a code, for somebody who gave none.
    fn choice(&mut self, name: &str, codes: &[Address], out: &mut dyn Write) -> io::Result<()> {
        self.title(&explain::several(name, codes.len()), out)?;
        for (spec, code) in codes {
            self.entry(spec.id.as_str(), super::TITLES, &meaning(code), out)?;
        }
        self.command(explain::ONE_OF_THEM, &explain::first_page(codes.iter().copied()), out)
    }
}
