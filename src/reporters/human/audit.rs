//! The review of exported rules as a person reads it: the flows and who decides them, what to change, and then the report.

use std::io::{self, Write};

use super::marks::mark;
use super::{BELOW, Human, Paint, Reporter};
use crate::documents::audit::{Audit, Decided, FLOWS, fate};
use crate::firewall::audit::Fate;
use crate::outcome::Status;

impl Human {
    pub(super) fn audit(&mut self, audit: &Audit, out: &mut dyn Write) -> io::Result<()> {
        let report = &audit.report;
        self.begin(&report.head, out)?;
        self.title(FLOWS, out)?;
        for (file, dialect) in &audit.files {
            self.hanging("  read    ", Paint::Plain, &format!("{file} ({dialect})"), out)?;
        }
        for (file, why) in &audit.skipped {
            self.hanging("  passed over  ", Paint::Plain, &format!("{file}: {why}"), out)?;
        }
        for decided in &audit.flows {
            self.decided(decided, out)?;
        }
        if let Some(change) = &audit.change {
            self.title(&change.heading(), out)?;
            writeln!(out)?;
            for remark in &change.remarks {
                self.hanging("  ! ", Paint::Plain, remark, out)?;
            }
            // To be copied: never broken.
            for line in change.lines() {
                writeln!(out, "  {}", self.shown(&line))?;
            }
        }
        for row in &report.rows {
            self.row(row, out)?;
        }
        self.end(report, out)
    }

    fn decided(&mut self, decided: &Decided, out: &mut dyn Write) -> io::Result<()> {
        let status = match decided.fate {
            Fate::Allowed => Status::Pass,
            Fate::Unsure => Status::Unknown,
            Fate::Missing | Fate::Shadowed if decided.flow.need == crate::firewall::Need::Required => Status::Fail,
            Fate::Missing | Fate::Shadowed => Status::Warn,
        };
        let words = format!("{}, {}", fate(decided.fate), decided.flow.need.as_str());
        self.claim(mark(status, false), (&decided.flow.id, Paint::Plain), Paint::Plain, |_| words, out)?;
        for sentence in decided.sentences() {
            self.hanging(&" ".repeat(BELOW), Paint::Plain, &sentence, out)?;
        }
        Ok(())
    }
}
