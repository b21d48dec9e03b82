//! Reports and every other document as markdown, for a ticket: `CommonMark`, with the tables that GitHub and GitLab added.

mod audit;
mod change;
mod comparison;
mod explain;
mod faults;
mod head;
mod plan;
mod report;
mod requirements;
mod text;

#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::io::{self, Write};

use super::{Documents, Encoding, Format, Look};
use crate::documents::Document;
use crate::said::harmless;
use text::{cell, prose};

/// For a ticket, or the summary of a CI job.
pub(super) static FORMAT: Format = Format {
    name: "markdown",
    ending: "md",
    encoding: Encoding::Text,
    report: Some(report::begin),
    documents: Some(Documents::every(document)),
};

fn document(document: &Document, look: Look, out: &mut dyn Write) -> io::Result<()> {
    let mut blocks = Blocks::default();
    match document {
        Document::Audit(document) => return audit::write(document, look, out),
        Document::Change(change) => blocks.change(change),
        Document::Plan(plan) => blocks.plan(plan),
        Document::Requirements(requirements) => blocks.requirements(requirements),
        Document::Explain(page) => blocks.explain(page),
        Document::Comparison(comparison) => blocks.comparison(comparison, look.detail),
        Document::Faults(faults) => blocks.faults(faults),
    }
    out.write_all(blocks.text.as_bytes())
}

/// What is written, block by block.
#[derive(Default)]
struct Blocks {
    text: String,
}

impl Blocks {
    /// A heading, in plain words.
    fn heading(&mut self, level: usize, words: &str) {
        self.stand_off();
        let _ = writeln!(self.text, "{} {}", "#".repeat(level), prose(words));
    }

    /// A paragraph, in plain words.
    fn paragraph(&mut self, words: &str) {
        self.stand_off();
        let _ = writeln!(self.text, "{}", prose(words));
    }

    /// Something that belongs to what is being listed, as markdown; the deeper, the further in.
    fn item(&mut self, depth: usize, markdown: &str) {
        let _ = writeln!(self.text, "{}- {markdown}", "  ".repeat(depth));
    }

    /// A line, as markdown.
    fn line(&mut self, markdown: &str) {
        let _ = writeln!(self.text, "{markdown}");
    }

    /// A table, in plain words.
    fn table<const COLUMNS: usize>(
        &mut self,
        head: [&str; COLUMNS],
        rows: impl IntoIterator<Item = [String; COLUMNS]>,
    ) {
        self.stand_off();
        let _ = writeln!(self.text, "| {} |\n|{}", head.join(" | "), "---|".repeat(COLUMNS));
        for row in rows {
            let _ = writeln!(self.text, "| {} |", row.map(|words| cell(&words)).join(" | "));
        }
    }

    /// Lines to be copied as they stand.
    fn block(&mut self, lines: &[String]) {
        self.stand_off();
        let lines: Vec<String> = lines.iter().map(|line| harmless(line)).collect();
        // A fence is longer than any that stands inside.
        let runs = lines.iter().flat_map(|line| line.split(|c| c != '`')).map(str::len);
        let fence = "`".repeat(runs.max().unwrap_or(0).max(2) + 1);
        let _ = writeln!(self.text, "{fence}text\n{}\n{fence}", lines.join("\n"));
    }

    /// An empty line between blocks, but not before the first.
    fn stand_off(&mut self) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
    }
}
