//! The end of a report, which is what stays on the screen: what was not asked, what it comes to, who has to do what, and what to
//! type next.

use std::io::{self, Write};

use super::marks::{ODD, WAIVED};
use super::text::{columns, wrapped};
use super::{Detail, Human, Paint};
use crate::outcome::Remediation;
use crate::report::waivers::Waived;
use crate::report::{Report, ToDo, Verdict};
use crate::reporters::wording;

/// The column of what each setting would have asked.
const ENABLES: usize = 30;
/// The column of what is to be done, behind a number and a party.
const TO_DO: usize = 14;
/// How many lines one thing to do may take; the whole of it stands above.
const BRIEF: usize = 2;
/// How many things to do are listed before the rest is counted.
const AT_MOST: usize = 7;
/// The column of what there is to type.
const TYPED: usize = 9;

impl Human {
    /// What no setting called for: by setting where that is all there is to do, and else in a line.
    pub(super) fn not_asked(&mut self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        if self.look.detail != Detail::Normal {
            return Ok(());
        }
        let (required, optional) = (report.wants(true), report.wants(false));
        if report.verdict() == Verdict::Incomplete && !required.is_empty() {
            // An area of which nothing was asked may be one that the installation has; a report from elsewhere comes later.
            let areas = report.areas();
            let idle = |group: &str| areas.iter().any(|area| area.group == group && !area.asked);
            let others = optional.into_iter().filter(|(wanted, groups)| {
                !wanted.is_switch() && !wanted.names_files() && groups.iter().all(|it| idle(it))
            });
            let mut list = required;
            for (wanted, groups) in others {
                match list.iter_mut().find(|(known, _)| known.is_of_the_same_setting(wanted)) {
                    Some((_, known)) => {
                        let more: Vec<_> = groups.into_iter().filter(|group| !known.contains(group)).collect();
                        known.extend(more);
                    }
                    None => list.push((wanted, groups)),
                }
            }
            self.title("Not asked, for want of a setting", out)?;
            return list.into_iter().try_for_each(|(wanted, groups)| {
                let nouns: Vec<&str> = groups.into_iter().map(|group| wording::noun_of(self.groups, group)).collect();
                self.entry(&wanted.in_short(), ENABLES, &nouns.join(", "), out)
            });
        }
        let unasked: Vec<&str> =
            required.iter().flat_map(|(_, groups)| groups).map(|group| wording::noun_of(self.groups, group)).collect();
        let mut nouns: Vec<&str> = Vec::new();
        for noun in unasked {
            if !nouns.contains(&noun) {
                nouns.push(noun);
            }
        }
        let text = if !nouns.is_empty() {
            format!("Not asked, for want of settings: {}.", nouns.join(", "))
        } else if optional.is_empty() {
            return Ok(());
        } else {
            let wanted: Vec<String> = optional.iter().map(|(wanted, _)| wanted.in_short()).collect();
            format!("Optional, not asked: {}.", wanted.join(", "))
        };
        self.stand_off(out)?;
        self.prose(&text, out)
    }

    pub(super) fn verdict(&self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        let paint = match report.verdict() {
            Verdict::Ready => Paint::Good,
            Verdict::Incomplete if report.reaches_workos() => Paint::Good,
            Verdict::NotReady => Paint::Bad,
            Verdict::Incomplete | Verdict::Undecided => Paint::Odd,
        };
        self.led(&format!("{}:", wording::verdict(report)), paint, &wording::sum(report), out)?;
        wording::left_open_by(report).iter().try_for_each(|sentence| self.prose(sentence, out))
    }

    /// Who has to do what, in the order in which it helps.
    pub(super) fn to_do(&self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        let list = wording::to_do(report);
        for (nth, entries) in list.iter().take(AT_MOST).enumerate() {
            if let Some(first) = entries.first() {
                self.thing_to_do(nth + 1, first, entries.len(), out)?;
            }
        }
        match list.len().saturating_sub(AT_MOST) {
            0 => Ok(()),
            more => writeln!(out, "{:TO_DO$}and {more} more, above", ""),
        }
    }

    fn thing_to_do(&self, nth: usize, entry: &ToDo<'_>, times: usize, out: &mut dyn Write) -> io::Result<()> {
        let ToDo { row, finding, .. } = entry;
        let mut ways = finding.remediations.iter();
        let mut text = ways.next().map(Remediation::in_few_words).unwrap_or_default();
        for way in ways.filter(|way| way.brief.is_some()) {
            let who = if way.who == entry.who() { String::new() } else { format!("({}) ", way.who.as_str()) };
            text = format!("{text}, or {who}{}", way.in_few_words());
        }
        if times > 1 {
            text = format!("{text} ({times} times)");
        }
        let code = self.shown(&row.address(finding));
        let lines = wrapped(&self.shown(&text), self.width.saturating_sub(TO_DO));
        let who = self.paint(Paint::Strong, &format!("{:<11}", entry.who().as_str()));
        match &lines[..] {
            [line] if TO_DO + columns(line) + 2 + columns(&code) <= self.width => {
                writeln!(out, "{nth:>2} {who}{line}  {}", self.paint(Paint::Faint, &code))
            }
            lines => {
                for (index, line) in lines.iter().take(BRIEF).enumerate() {
                    let more =
                        if index + 1 == BRIEF && lines.len() > BRIEF { self.shown("…") } else { String::new() };
                    match index {
                        0 => writeln!(out, "{nth:>2} {who}{line}")?,
                        _ => writeln!(out, "{:TO_DO$}{line}{more}", "")?,
                    }
                }
                // The first is named below, by what explains it.
                if nth == 1 { Ok(()) } else { writeln!(out, "{:TO_DO$}{}", "", self.paint(Paint::Faint, &code)) }
            }
        }
    }

    /// What is known and accepted, with what stands behind it unasked; and waivers that cover nothing.
    pub(super) fn waivers(&self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        for text in wording::waived(report) {
            self.marked_prose(WAIVED, &text, out)?;
        }
        let warnings = report.waivers.iter().filter_map(Waived::warning);
        warnings.into_iter().try_for_each(|warning| self.marked_prose(ODD, &warning, out))
    }

    /// What to type next, and what this run cannot show.
    pub(super) fn pointers(&self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        let name = env!("CARGO_PKG_NAME");
        if let Some(first) = report.to_do().first() {
            self.typed("Why", &format!("{name} explain {}", first.row.address(first.finding)), out)?;
        }
        if self.look.detail != Detail::Quiet && report.head.demonstration.is_none() {
            let typed = &report.head.typed;
            let asked_for = typed.contains("markdown=");
            if matches!(report.verdict(), Verdict::NotReady | Verdict::Undecided) && !asked_for {
                self.typed("Ticket", &format!("{typed} --report markdown=ticket.md"), out)?;
            }
            if report.verdict() == Verdict::Incomplete {
                let wanted = report.wants(true).into_iter().map(|(wanted, _)| wanted.to_type());
                let wanted: Vec<String> = wanted.collect();
                if !wanted.is_empty() {
                    self.typed("Next", &format!("{typed} {}", wanted.join(" ")), out)?;
                }
                if self.look.detail == Detail::Normal {
                    self.typed("Rows", &format!("{typed} -v"), out)?;
                }
                // What was typed besides may be what `plan` does not take.
                if self.look.detail == Detail::Normal && typed == name {
                    self.typed("Plan", &format!("{name} plan"), out)?;
                }
            }
        }
        wording::inbound(report).into_iter().try_for_each(|sentence| self.prose(sentence, out))
    }

    /// A command behind what it is for. It is there to be copied, and never wrapped.
    fn typed(&self, label: &str, command: &str, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}{}", self.paint(Paint::Strong, &format!("{label:<TYPED$}")), self.shown(command))
    }
}
