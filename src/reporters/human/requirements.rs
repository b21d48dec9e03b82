//! The sheet for a firewall request as a person reads it.

use std::io::{self, Write};

use super::{Human, Paint};
use crate::documents::requirements::{DIRECTIONS, OTHERWISE, Sheet, in_words, port};

impl Human {
    pub(super) fn requirements(&mut self, sheet: &Sheet, out: &mut dyn Write) -> io::Result<()> {
        let head = format!(
            "What must be let through for an application that uses WorkOS: {} strategy, facts of {}. Nothing has been sent.",
            sheet.strategy, sheet.as_of
        );
        self.prose(&head, out)?;
        self.begun = true;
        let mut number = 0;
        for (direction, heading) in DIRECTIONS {
            self.title(heading, out)?;
            for flow in sheet.flows.iter().filter(|flow| flow.direction == direction) {
                number += 1;
                writeln!(out, "\n  {number}. {} ({})", self.shown(&flow.id), flow.need.as_str())?;
                for (label, words) in [
                    ("from", in_words(&flow.source)),
                    ("to", format!("{}, {}", in_words(&flow.destination), port(flow))),
                    ("for", flow.reason.clone()),
                    ("since", flow.since.clone()),
                ] {
                    self.hanging(&format!("     {label:<6} "), Paint::Plain, &words, out)?;
                }
            }
        }
        self.stand_off(out)?;
        self.prose(OTHERWISE, out)
    }
}
