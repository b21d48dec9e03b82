//! The faults as a person reads them.

use std::io::{self, Write};

use super::Human;
use super::text::columns;
use crate::documents::faults::Faults;

/// Where what is broken begins, where names have lines of their own, and what is found always.
const UNDER_A_NAME: usize = 6;

/// The narrowest that leaves room for more than a few words behind a name.
const ROOMY: usize = 80;

impl Human {
    pub(super) fn faults(&self, Faults(faults): &Faults, out: &mut dyn Write) -> io::Result<()> {
        let name = env!("CARGO_PKG_NAME");
        let behind = faults.iter().map(|fault| columns(fault.name)).max().unwrap_or(0) + 4;
        self.prose(&format!("Faults that `{name} demo --fault NAME` plays, and what the run then finds:"), out)?;
        writeln!(out)?;
        for fault in faults {
            if self.width < ROOMY {
                writeln!(out, "  {}", self.shown(fault.name))?;
                self.entry("", UNDER_A_NAME, fault.shows, out)?;
            } else {
                self.entry(fault.name, behind, fault.shows, out)?;
            }
            self.entry("", UNDER_A_NAME, &format!("→ {}", fault.first()), out)?;
        }
        Ok(())
    }
}
