//! A run for a ticket, or for the summary of a CI job: what it comes to and who has to do what first, and below what that rests
//! on. There is no HTML in it, so that it reads well in every tracker.

mod rows;

use std::io::{self, Write};

use super::Blocks;
use super::text::{code, prose, strong};
use crate::check::Group;
use crate::outcome::{Remediation, Status};
use crate::report::waivers::Waived;
use crate::report::{Head, Report, Row, ToDo};
use crate::reporters::{Detail, Look, Reporter, wording};

/// Begins to tell. A title needs the verdict, so that everything is written at the end.
pub(super) fn begin(look: Look, groups: &'static [Group]) -> Box<dyn Reporter> {
    Box::new(Markdown { detail: look.detail, groups })
}

struct Markdown {
    detail: Detail,
    groups: &'static [Group],
}

impl Reporter for Markdown {
    fn end(&mut self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        let mut ticket = Ticket {
            report,
            detail: self.detail,
            groups: self.groups,
            to_do: wording::to_do(report),
            blocks: Blocks::default(),
        };
        ticket.write();
        out.write_all(ticket.blocks.text.as_bytes())
    }
}

/// What is being written of a report.
struct Ticket<'a> {
    report: &'a Report,
    detail: Detail,
    groups: &'static [Group],
    to_do: Vec<Vec<ToDo<'a>>>,
    blocks: Blocks,
}

impl Ticket<'_> {
    fn write(&mut self) {
        self.title();
        self.blocks.head(&self.report.head);
        self.what_to_do();
        if self.detail != Detail::Quiet {
            self.areas();
        }
        self.what_is_wrong();
        if self.detail == Detail::Verbose {
            self.everything();
        }
        if self.detail != Detail::Quiet {
            self.not_asked();
        }
        self.waivers();
        if let Some(sentence) = wording::inbound(self.report) {
            self.blocks.paragraph(sentence);
        }
        if self.detail == Detail::Verbose && !self.report.head.settings.is_empty() {
            self.settings(&self.report.head);
        }
    }

    /// What it comes to, and whether there is anything else to know before one relies on it.
    fn title(&mut self) {
        self.blocks.heading(1, &format!("WorkOS preflight: {}", wording::verdict(self.report)));
        if let Some(played) = &self.report.head.demonstration {
            self.blocks.paragraph(&wording::demonstration(played));
        }
        if self.report.interrupted {
            self.blocks.paragraph(wording::INTERRUPTED);
        }
        self.blocks.paragraph(&wording::sum(self.report));
        for sentence in wording::left_open_by(self.report) {
            self.blocks.paragraph(&sentence);
        }
    }

    /// Who has to do what, in the order in which it helps, whole and with what it rests on.
    fn what_to_do(&mut self) {
        let list = std::mem::take(&mut self.to_do);
        let Some(first) = list.first().and_then(|entries| entries.first()) else { return };
        self.blocks.heading(2, "What to do");
        self.blocks.stand_off();
        for (nth, entries) in list.iter().enumerate() {
            self.thing_to_do(nth + 1, entries);
        }
        let command = code(&format!("{} explain {}", env!("CARGO_PKG_NAME"), address(first)));
        self.blocks.stand_off();
        let which = if list.len() == 1 { "it" } else { "the first of them" };
        self.blocks.line(&format!("What usually lies behind {which}: {command}"));
        self.to_do = list;
    }

    /// One thing to do, about everything that it is to be done about.
    fn thing_to_do(&mut self, nth: usize, entries: &[ToDo]) {
        let Some(first) = entries.first() else { return };
        let number = format!("{nth}. ");
        let inside = " ".repeat(number.len());
        for (way, remediation) in first.finding.remediations.iter().enumerate() {
            let action = in_full(way, remediation);
            let at = if way == 0 { number.clone() } else { format!("{inside}- ") };
            self.blocks.line(&format!("{at}{action}"));
            let at = if way == 0 { format!("{inside}- ") } else { format!("{inside}  - ") };
            if let Some(command) = &remediation.verify {
                self.blocks.line(&format!("{at}see it: {}", code(command.as_str())));
            }
            if way == 0 {
                for entry in entries {
                    let what = about(entry.row.subject.as_deref(), &entry.finding.problem);
                    self.blocks.line(&format!("{at}found: {what} ({})", code(&address(entry))));
                }
            }
        }
        let mut explains: Vec<String> = Vec::new();
        for (row, finding) in entries.iter().flat_map(|entry| &entry.explains) {
            let name = code(&row.address(finding));
            if !explains.contains(&name) {
                explains.push(name);
            }
        }
        if !explains.is_empty() {
            self.blocks.line(&format!("{inside}- explains: {}", explains.join(", ")));
        }
    }

    /// What became of each area of which anything was asked.
    fn areas(&mut self) {
        let areas = self.report.areas();
        let rows = areas.iter().filter_map(|area| {
            let rows = self.of(area.group);
            if rows.iter().all(Row::is_not_applicable) {
                return None;
            }
            let title = wording::title_of(self.groups, area.group).to_owned();
            Some([became(&rows).to_owned(), title, wording::counts(&rows), wording::gists(&rows).join(" · ")])
        });
        let rows: Vec<_> = rows.collect();
        if !rows.is_empty() {
            self.blocks.heading(2, "Areas");
            self.blocks.table(["", "area", "checks", "seen"], rows);
        }
    }

    /// What was not asked: for want of something else that holds, of a setting, or because the user left it out.
    fn not_asked(&mut self) {
        let waiting = wording::waiting(&self.report.rows);
        let left_out = wording::left_out(&self.report.rows);
        let wants = [(true, "required"), (false, "optional")].map(|(required, need)| {
            let wants = self.report.wants(required);
            wants.into_iter().map(move |(wanted, groups)| (wanted, groups, need))
        });
        let settings: Vec<[String; 3]> = wants
            .into_iter()
            .flatten()
            .map(|(wanted, groups, need)| {
                let nouns: Vec<&str> = groups.into_iter().map(|group| wording::noun_of(self.groups, group)).collect();
                [format!("`{}`", wanted.in_short()), nouns.join(", "), need.to_owned()]
            })
            .collect();
        if waiting.is_empty() && left_out.is_empty() && settings.is_empty() {
            return;
        }
        self.blocks.heading(2, "Not asked");
        if !(waiting.is_empty() && left_out.is_empty()) {
            self.blocks.stand_off();
        }
        let names = |ids: Vec<_>| ids.iter().map(|id| code(&format!("{id}"))).collect::<Vec<_>>().join(", ");
        for (cause, ids) in waiting {
            self.blocks.item(0, &format!("behind {}: {}", code(cause.as_str()), names(ids)));
        }
        for (reason, ids) in left_out {
            self.blocks.item(0, &format!("{}: {}", prose(&reason), names(ids)));
        }
        if !settings.is_empty() {
            self.blocks.table(["for want of", "not asked", "need"], settings);
        }
    }

    /// What is known and accepted; and waivers that cover nothing.
    fn waivers(&mut self) {
        let warnings = self.report.waivers.iter().filter_map(Waived::warning);
        let sentences: Vec<String> = wording::waived(self.report).into_iter().chain(warnings).collect();
        if sentences.is_empty() {
            return;
        }
        self.blocks.heading(2, "Waivers");
        self.blocks.stand_off();
        for sentence in sentences {
            self.blocks.item(0, &prose(&sentence));
        }
    }

    fn settings(&mut self, head: &Head) {
        self.blocks.heading(2, "Settings in effect");
        let rows = head.settings.iter();
        let rows = rows.map(|(name, value, source)| [(*name).to_owned(), value.clone(), source.to_string()]);
        self.blocks.table(["setting", "value", "from"], rows);
    }

    fn of(&self, group: &str) -> Vec<Row> {
        self.report.rows.iter().filter(|row| row.group() == group).cloned().collect()
    }
}

/// By which name a thing to do is explained and waived.
fn address(entry: &ToDo) -> String {
    entry.row.address(entry.finding)
}

/// One way to mend it; those after the first are alternatives.
fn in_full(nth: usize, remediation: &Remediation) -> String {
    let or = if nth == 0 { "" } else { "or " };
    let who = strong(&format!("{}:", remediation.who.as_str()));
    format!("{or}{who} {}", prose(&remediation.action))
}

/// What is wrong, behind what it is about.
fn about(subject: Option<&str>, problem: &str) -> String {
    match subject {
        Some(subject) => format!("{} {}", code(subject), prose(problem)),
        None => prose(problem),
    }
}

/// What became of several rows together, in a word.
fn became(rows: &[Row]) -> &'static str {
    match wording::loudest(rows) {
        Some(row) if row.status() == Status::Skip && row.waived.is_none() => {
            if rows.iter().any(|row| row.waited_for().is_some()) { "not reached" } else { "left out" }
        }
        Some(row) => rows::became(row),
        None => "",
    }
}
