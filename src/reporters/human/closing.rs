//! The end of a report, which is what stays on the screen: what was not asked, what it comes to, who has to do what, and what to
//! type next.

use std::io::{self, Write};

use super::marks::{ODD, WAIVED};
use super::text::{columns, wrapped};
use super::{Detail, Human, Paint};
use crate::outcome::{Remediation, Status, Vantage};
use crate::report::waivers::Waived;
use crate::report::{Inbound, Report, Row, ToDo, Verdict};
use crate::said::{counted, lasted, listed};

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
            // An area of which nothing was asked may be one that the installation has.
            let idle = |group: &str| report.areas().iter().any(|area| area.group == group && !area.asked);
            let others =
                optional.into_iter().filter(|(wanted, groups)| !wanted.is_switch() && groups.iter().all(|it| idle(it)));
            self.title("Not asked, for want of a setting", out)?;
            return required.into_iter().chain(others).try_for_each(|(wanted, groups)| {
                let nouns: Vec<&str> = groups.into_iter().map(|group| self.noun_of(group)).collect();
                self.entry(&wanted.in_short(), ENABLES, &nouns.join(", "), out)
            });
        }
        let unasked: Vec<&str> =
            required.iter().flat_map(|(_, groups)| groups).map(|group| self.noun_of(group)).collect();
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
        let (word, paint) = match report.verdict() {
            Verdict::Ready => ("READY:", Paint::Good),
            Verdict::Incomplete if report.reaches_workos() => ("REACHES WORKOS:", Paint::Good),
            Verdict::Incomplete => ("INCOMPLETE:", Paint::Odd),
            Verdict::NotReady => ("NOT READY:", Paint::Bad),
            Verdict::Undecided => ("UNDECIDED:", Paint::Odd),
        };
        let part = match report.verdict() {
            Verdict::Incomplete => format!(" {}", how_much(report)),
            _ => String::new(),
        };
        let kept_out = if report.is_kept_out() { KEPT_OUT } else { "" };
        self.led(word, paint, &format!("{kept_out}{} in {}.{part}", tally(report), lasted(report.duration)), out)?;
        match report.verdict() {
            Verdict::Undecided => {
                self.broke(report, out)?;
                self.depends_on(report, out)
            }
            Verdict::Ready | Verdict::Incomplete | Verdict::NotReady => Ok(()),
        }
    }

    /// What leaves the verdict open although the network may be in order, whether it is required or not.
    fn broke(&self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        let mut broke: Vec<&str> = report.broke().map(|row| row.spec.id.as_str()).collect();
        broke.dedup();
        let what = match &broke[..] {
            [] => return Ok(()),
            [one] => format!("a check broke: {one}"),
            several => format!("checks broke: {}", listed(several)),
        };
        self.prose(&format!("The verdict is open because {what}. That is a defect in the tool; please report it."), out)
    }

    /// What the verdict depends on, and nobody asked.
    fn depends_on(&self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        if !report.rows.is_empty() && report.rows.iter().all(|row| row.status() == Status::Skip) {
            return self.prose("Nothing was asked: no setting calls for it, or it was left out.", out);
        }
        let mut hidden: Vec<String> = Vec::new();
        for row in report.kept_from_being_asked() {
            let name = format!("{} ({})", row.spec.id, row.reason().unwrap_or_default());
            if !hidden.contains(&name) {
                hidden.push(name);
            }
        }
        if hidden.is_empty() {
            return Ok(());
        }
        self.prose(&format!("The verdict depends on what could not be asked: {}.", hidden.join(", ")), out)
    }

    /// Who has to do what, in the order in which it helps.
    pub(super) fn to_do(&self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        let mut list: Vec<(ToDo<'_>, usize)> = Vec::new();
        for entry in report.to_do() {
            let same = |(known, _): &&mut (ToDo<'_>, usize)| {
                known.row.spec.id == entry.row.spec.id && std::ptr::eq(known.finding.code, entry.finding.code)
            };
            match list.iter_mut().find(same) {
                Some((_, times)) => *times += 1,
                None => list.push((entry, 1)),
            }
        }
        for (nth, (entry, times)) in list.iter().take(AT_MOST).enumerate() {
            self.thing_to_do(nth + 1, entry, *times, out)?;
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
        let code = self.shown(&format!("{}/{}", row.spec.id, finding.code.name));
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
                writeln!(out, "{:TO_DO$}{}", "", self.paint(Paint::Faint, &code))
            }
        }
    }

    /// What is known and accepted, with what stands behind it unasked; and waivers that cover nothing.
    pub(super) fn waivers(&self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        for row in report.rows.iter().filter(|row| row.cause().is_none()) {
            let Some(waived) = &row.waived else { continue };
            let subject = row.subject.as_ref().map(|subject| format!(" {subject}")).unwrap_or_default();
            let behind = match report.behind(row) {
                0 => String::new(),
                1 => "; one required check behind it was not asked".to_owned(),
                more => format!("; {more} required checks behind it were not asked"),
            };
            let text = format!("waived: {}{subject}: {waived}{behind}", row.spec.id);
            self.marked_prose(WAIVED, &text, out)?;
        }
        let warnings = report.waivers.iter().filter_map(Waived::warning);
        warnings.into_iter().try_for_each(|warning| self.marked_prose(ODD, &warning, out))
    }

    /// What to type next, and what this run cannot show.
    pub(super) fn pointers(&self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        let name = env!("CARGO_PKG_NAME");
        if let Some(first) = report.to_do().first() {
            let code = format!("{}/{}", first.row.spec.id, first.finding.code.name);
            self.typed("Why", &format!("{name} explain {code}"), out)?;
        }
        if self.look.detail != Detail::Quiet && report.head.demonstration.is_none() {
            let typed = &report.head.typed;
            if matches!(report.verdict(), Verdict::NotReady | Verdict::Undecided) {
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
            }
        }
        self.inbound(report, out)
    }

    fn inbound(&self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        let at_the_edge = |row: &Row| ["domain", "ingress", "webhook", "actions"].contains(&row.group());
        let asked = report.rows.iter().any(|row| at_the_edge(row) && row.status() != Status::Skip);
        let text = match (report.inbound(), report.head.vantage) {
            (Inbound::NotApplicable, _) => return Ok(()),
            (Inbound::Proved, _) => "Inbound from WorkOS is proved: what it signed arrived.",
            _ if !asked => return Ok(()),
            (Inbound::NotProved, _) if report.rows.iter().any(listened) => "Inbound from WorkOS is not proved.",
            (Inbound::NotProved, Vantage::Inside) => {
                "Inbound from WorkOS is not proved from here: `workos-preflight listen` at the webhook URL would."
            }
            (Inbound::NotProved, Vantage::Outside) => {
                "Inbound from WorkOS is not proved: this shows what gets in from this machine, and not what does from WorkOS."
            }
        };
        self.prose(text, out)
    }

    /// A command behind what it is for. It is there to be copied, and never wrapped.
    fn typed(&self, label: &str, command: &str, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}{}", self.paint(Paint::Strong, &format!("{label:<TYPED$}")), self.shown(command))
    }

    fn noun_of(&self, group: &'static str) -> &'static str {
        self.groups.iter().find(|known| known.id == group).map_or(group, |known| known.noun)
    }
}

/// What comes before everything else where an allowlist may have done what it should.
const KEPT_OUT: &str =
    "this machine is kept out, as an allowlist for WorkOS alone keeps it; --expect-closed asks for that. ";

/// Whether somebody stood at the webhook URL.
fn listened(row: &Row) -> bool {
    ["webhook.delivered", "actions.delivered"].contains(&row.spec.id.as_str()) && row.status() != Status::Skip
}

/// How much of what the strategy requires was asked.
fn how_much(report: &Report) -> String {
    let areas = report.areas();
    let required = areas.iter().filter(|area| area.required).count();
    let asked = areas.iter().filter(|area| area.required && area.asked).count();
    if asked == required {
        return "Not everything that is required was asked, so it is not yet \"ready\".".to_owned();
    }
    format!("This is {asked} of {} that are required, so not yet \"ready\".", counted(required, "area"))
}

/// How many rows ended how, what matters most first.
fn tally(report: &Report) -> String {
    let summary = report.summary();
    let optional = |status, all: usize| {
        let own = |row: &&Row| row.waived.is_none() && row.waited_for().is_none();
        let counted = |row: &&Row| own(row) && row.status() == status && !row.required;
        match report.rows.iter().filter(counted).count() {
            0 => String::new(),
            some if some == all => " (not required)".to_owned(),
            some => format!(" ({some} not required)"),
        }
    };
    let waited = |row: &&Row| row.waited_for().is_some() && row.waived.is_none();
    let behind = report.rows.iter().filter(waited).count();
    // What waited for something that was cut short is open as well; it is counted once.
    let unknown =
        summary.unknown - report.rows.iter().filter(waited).filter(|row| row.status() == Status::Unknown).count();
    let left_out = report.rows.iter().filter(|row| row.is_left_out() && row.waived.is_none()).count();
    let mut parts = [
        (summary.fail, format!("{} failed{}", summary.fail, optional(Status::Fail, summary.fail))),
        (unknown, format!("{unknown} unknown{}", optional(Status::Unknown, unknown))),
        (summary.warn, counted(summary.warn, "warning")),
        (summary.waived, format!("{} waived", summary.waived)),
        (behind, format!("{behind} not reached")),
        (left_out, format!("{left_out} left out")),
        (summary.pass, format!("{} passed", summary.pass)),
    ];
    if matches!(report.verdict(), Verdict::Ready | Verdict::Incomplete) {
        parts.rotate_right(1);
    }
    let parts: Vec<String> = parts.into_iter().filter(|(number, _)| *number > 0).map(|(_, text)| text).collect();
    if parts.is_empty() { "nothing was asked".to_owned() } else { parts.join(", ") }
}
