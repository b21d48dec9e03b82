//! The sheet for a firewall request as a person reads it.

use std::io::{self, Write};

use super::{Human, Paint};
use crate::documents::requirements::{DIRECTIONS, OBJECTS, OTHERWISE, REMOVED, Sheet, TITLE, place, port};
use crate::firewall::Flow;

impl Human {
    pub(super) fn requirements(&mut self, sheet: &Sheet, out: &mut dyn Write) -> io::Result<()> {
        self.title(TITLE, out)?;
        for (label, words) in sheet.head() {
            self.hanging(&format!("  {label:<13} "), Paint::Plain, &words, out)?;
        }
        let mut number = 0;
        for (direction, heading) in DIRECTIONS {
            let flows: Vec<&Flow> = sheet.flows.iter().filter(|flow| flow.direction == direction).collect();
            // Of changes, only what there is.
            if sheet.compared.is_none() || !flows.is_empty() {
                self.title(heading, out)?;
            }
            self.flows(&flows, &mut number, out)?;
        }
        if let Some(compared) = sheet.compared.as_ref().filter(|compared| !compared.removed.is_empty()) {
            self.title(REMOVED, out)?;
            self.flows(&compared.removed.iter().collect::<Vec<_>>(), &mut number, out)?;
        }
        if sheet.objects.is_empty() {
            return self.prose("Nothing has been sent.", out);
        }
        self.title(OBJECTS, out)?;
        for object in &sheet.objects {
            writeln!(out, "\n  {}", self.shown(&object.name))?;
            for words in [object.who.clone(), place(object)].iter().filter(|words| !words.is_empty()) {
                self.hanging("     ", Paint::Plain, words, out)?;
            }
        }
        self.stand_off(out)?;
        self.prose(&format!("{OTHERWISE} Nothing has been sent."), out)
    }

    fn flows(&mut self, flows: &[&Flow], number: &mut usize, out: &mut dyn Write) -> io::Result<()> {
        for flow in flows {
            *number += 1;
            writeln!(out, "\n  {number}. {} ({})", self.shown(&flow.id), flow.need.as_str())?;
            for (label, words) in [
                ("from", flow.source.object.clone()),
                ("to", format!("{}, {}", flow.destination.object, port(flow))),
                ("for", flow.reason.clone()),
                ("fact", flow.since.clone()),
            ] {
                self.hanging(&format!("     {label:<5} "), Paint::Plain, &words, out)?;
            }
        }
        Ok(())
    }
}
