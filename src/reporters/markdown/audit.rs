//! The review of exported rules, for the ticket of the change: the report, the flows with who decides them, and what to change.

use std::io::{self, Write};

use super::{Blocks, Look, report};
use crate::documents::audit::{Audit, FLOWS, fate};

/// Writes it: what it comes to and who has to do what come first.
pub(super) fn write(audit: &Audit, look: Look, out: &mut dyn Write) -> io::Result<()> {
    report::begin(look, audit.groups).end(&audit.report, out)?;
    let mut blocks = Blocks::default();
    blocks.audit(audit);
    write!(out, "\n{}", blocks.text)
}

impl Blocks {
    fn audit(&mut self, audit: &Audit) {
        self.heading(2, FLOWS);
        let rows = audit.flows.iter().map(|decided| {
            let flow = &decided.flow;
            [
                format!("`{}`", flow.id),
                flow.direction.as_str().to_owned(),
                flow.need.as_str().to_owned(),
                fate(decided.fate).to_owned(),
                decided.sentences().join("; "),
            ]
        });
        self.table(["flow", "direction", "need", "verdict", "decided by"], rows);
        let read = audit.files.iter().map(|(file, dialect)| [format!("`{file}`"), (*dialect).to_owned()]);
        let passed = audit.skipped.iter().map(|(file, why)| [format!("`{file}`"), format!("passed over: {why}")]);
        self.table(["file", "language"], read.chain(passed));
        if let Some(change) = &audit.change {
            self.heading(2, &change.heading());
            for remark in &change.remarks {
                self.paragraph(remark);
            }
            self.block(&change.lines());
        }
    }
}
