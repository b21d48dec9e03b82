//! Where and when a run looked, by which way, and held to what: what a reader of a ticket asks first.

use std::io::{self, Write};

use super::text::{columns, wrapped};
use super::{Human, Paint};
use crate::outcome::Vantage;
use crate::report::Head;
use crate::said::utc;

impl Human {
    pub(super) fn head(&self, head: &Head, out: &mut dyn Write) -> io::Result<()> {
        let run = [
            concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")).to_owned(),
            utc(head.started_at).replace('T', " "),
            format!("{}, {}", head.machine(), head.way()),
        ];
        let what = match head.vantage {
            Vantage::Outside => Some("the installation from outside".to_owned()),
            Vantage::Inside if head.strategy.is_usual() => None,
            Vantage::Inside => Some(format!("{} strategy", head.strategy.as_str())),
        };
        let held_to = what
            .into_iter()
            .chain([format!("facts of {}", head.facts_as_of), format!("settings file: {}", head.file())]);
        self.parts(run, out)?;
        self.parts(held_to, out)
    }

    /// Parts of a line with points between them, or as many lines as they take.
    pub(super) fn parts(&self, parts: impl IntoIterator<Item = String>, out: &mut dyn Write) -> io::Result<()> {
        let point = self.shown(" · ");
        let mut lines: Vec<String> = Vec::new();
        for part in parts {
            let part = self.shown(&part);
            match lines.last_mut() {
                Some(line) if columns(line) + columns(&point) + columns(&part) <= self.width => {
                    line.push_str(&point);
                    line.push_str(&part);
                }
                _ => lines.push(part),
            }
        }
        for (nth, line) in lines.iter().enumerate() {
            let indent = if nth == 0 { 0 } else { 2 };
            for (further, line) in wrapped(line, self.width - indent).iter().enumerate() {
                let indent = if further == 0 { indent } else { 4 };
                writeln!(out, "{:indent$}{line}", "")?;
            }
        }
        Ok(())
    }

    pub(super) fn settings(&self, head: &Head, out: &mut dyn Write) -> io::Result<()> {
        let lines: Vec<[String; 3]> = head
            .settings
            .iter()
            .map(|(name, value, source)| [(*name).to_owned(), self.shown(value), self.shown(&source.to_string())])
            .collect();
        let widest = |cell: usize| lines.iter().filter_map(|line| line.get(cell)).map(|cell| columns(cell)).max();
        let (names, values) = (widest(0).unwrap_or(0), widest(1).unwrap_or(0).min(40));
        writeln!(out, "\n{}", self.paint(Paint::Strong, "Settings in effect"))?;
        for [name, value, from] in &lines {
            let source = self.paint(Paint::Faint, from);
            let fits = |value_takes: usize| 2 + names + 2 + value_takes + 2 + columns(from) <= self.width;
            if fits(values.max(columns(value))) {
                writeln!(out, "  {name:names$}  {value:values$}  {source}")?;
            } else if fits(columns(value)) {
                writeln!(out, "  {name:names$}  {value}  {source}")?;
            } else {
                writeln!(out, "  {name}")?;
                for line in wrapped(value, self.width.saturating_sub(UNDER_A_NAME)) {
                    writeln!(out, "{:UNDER_A_NAME$}{line}", "")?;
                }
                writeln!(out, "{:UNDER_A_NAME$}{source}", "")?;
            }
        }
        Ok(())
    }
}

/// Where a value stands that has no room behind its name.
const UNDER_A_NAME: usize = 6;
