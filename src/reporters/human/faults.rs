//! The faults as a person reads them.

use std::io::{self, Write};

use super::Human;
use crate::documents::faults::Faults;

/// Where what is broken begins.
const SHOWS: usize = 27;

impl Human {
    pub(super) fn faults(&self, Faults(faults): &Faults, out: &mut dyn Write) -> io::Result<()> {
        let name = env!("CARGO_PKG_NAME");
        self.prose(&format!("Faults that `{name} demo --fault NAME` plays, and what the run then finds:"), out)?;
        writeln!(out)?;
        for fault in faults {
            self.entry(fault.name, SHOWS, fault.shows, out)?;
            self.entry("", SHOWS, &format!("→ {}", fault.first()), out)?;
        }
        Ok(())
    }
}
