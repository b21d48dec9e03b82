//! The end of a report: what it comes to, what it says of inbound, and where to begin.

use std::io::{self, Write};

use super::text::columns;
use super::{Human, Paint};
use crate::outcome::{Status, Vantage, Who};
use crate::report::waivers::Waived;
use crate::report::{Inbound, Report, Row, Verdict};
use crate::said::{counted, lasted, listed};

impl Human {
    pub(super) fn verdict(&self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        let (word, paint) = match report.verdict() {
            Verdict::Ready => ("Ready:", Paint::Good),
            Verdict::Incomplete => ("Incomplete:", Paint::Odd),
            Verdict::NotReady => ("Not ready:", Paint::Bad),
            Verdict::Undecided => ("Undecided:", Paint::Odd),
        };
        let unasked: Vec<&str> = report.areas().into_iter().filter(|area| !area.asked).map(|area| area.group).collect();
        let unchecked = match &unasked[..] {
            [] => String::new(),
            groups => format!(" Not checked: {} (no settings given).", groups.join(", ")),
        };
        let kept_out = if report.is_kept_out() { KEPT_OUT } else { "" };
        self.led(word, paint, &format!("{kept_out}{} in {}.{unchecked}", tally(report), lasted(report.duration)), out)?;
        match report.verdict() {
            Verdict::Undecided => {
                self.broke(report, out)?;
                self.not_asked(report, out)
            }
            Verdict::Ready | Verdict::Incomplete | Verdict::NotReady => Ok(()),
        }
    }

    /// Waivers that somebody relies on, and that cover nothing.
    pub(super) fn waivers(&self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        let warnings = report.waivers.iter().filter_map(Waived::warning);
        warnings.into_iter().try_for_each(|warning| self.hanging("! ", Paint::Odd, &warning, out))
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
    fn not_asked(&self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
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

    pub(super) fn inbound(&self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        let text = match (report.inbound(), report.head.vantage) {
            (Inbound::NotApplicable, _) => return Ok(()),
            (Inbound::Proved, _) => "Inbound from WorkOS is proved: what it signed arrived.",
            (Inbound::NotProved, _) if report.rows.iter().any(listened) => "Inbound from WorkOS is not proved.",
            (Inbound::NotProved, Vantage::Inside) => {
                "Inbound from WorkOS is not proved from here: this run looked from inside only."
            }
            (Inbound::NotProved, Vantage::Outside) => {
                "Inbound from WorkOS is not proved: this shows what gets in from this machine, and not what does from WorkOS."
            }
        };
        self.prose(text, out)
    }

    pub(super) fn first(&self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        let to_do = match report.verdict() {
            Verdict::Ready | Verdict::Incomplete => return Ok(()),
            Verdict::NotReady => "fix",
            Verdict::Undecided => "settle",
        };
        let list = report.to_do();
        let Some((row, finding)) = list.first().map(|first| (first.row, first.finding)) else { return Ok(()) };
        let name = format!("{}/{}", row.spec.id, finding.code.name);
        let first = format!("First thing to {to_do}: {name} ({}).", party(finding.remediations.likeliest().who));
        let more = format!("More: {} explain {name}", env!("CARGO_PKG_NAME"));
        if columns(&first) + 3 + columns(&more) <= self.width {
            return writeln!(out, "{first}   {more}");
        }
        self.prose(&first, out)?;
        writeln!(out, "{more}")
    }
}

/// What comes before everything else where an allowlist may have done what it should.
const KEPT_OUT: &str =
    "this machine is kept out, as an allowlist for WorkOS alone keeps it; --expect-closed asks for that. ";

/// Whether somebody stood at the webhook URL.
fn listened(row: &Row) -> bool {
    ["webhook.delivered", "actions.delivered"].contains(&row.spec.id.as_str()) && row.status() != Status::Skip
}

/// How many rows ended how, what matters most first.
fn tally(report: &Report) -> String {
    let summary = report.summary();
    let optional = |status, all: usize| {
        let counted = |row: &&Row| row.status() == status && row.waived.is_none() && !row.required;
        match report.rows.iter().filter(counted).count() {
            0 => String::new(),
            some if some == all => " (not required)".to_owned(),
            some => format!(" ({some} not required)"),
        }
    };
    let mut parts = [
        (summary.fail, format!("{} failed{}", summary.fail, optional(Status::Fail, summary.fail))),
        (summary.unknown, format!("{} unknown{}", summary.unknown, optional(Status::Unknown, summary.unknown))),
        (summary.warn, counted(summary.warn, "warning")),
        (summary.waived, format!("{} waived", summary.waived)),
        (summary.skip, format!("{} skipped", summary.skip)),
        (summary.pass, format!("{} passed", summary.pass)),
    ];
    if report.verdict() == Verdict::Ready {
        parts.rotate_right(1);
    }
    let parts: Vec<String> = parts.into_iter().filter(|(number, _)| *number > 0).map(|(_, text)| text).collect();
    if parts.is_empty() { "nothing was asked".to_owned() } else { parts.join(", ") }
}

/// Who that is, for somebody who reads it for the first time.
fn party(who: Who) -> &'static str {
    match who {
        Who::Network => "network team: customer IT",
        Who::Installer => "installer: whoever sets this host up",
        Who::Vendor => "vendor: the maker of the application",
        Who::Workos => "WorkOS",
    }
}
