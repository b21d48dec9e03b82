//! A plan as a person reads it.

use std::io::{self, Write};

use super::{BELOW, Human, Paint, TITLES};
use crate::documents::plan::{HEADINGS, Plan};

impl Human {
    pub(super) fn plan(&mut self, plan: &Plan, out: &mut dyn Write) -> io::Result<()> {
        self.head(&plan.head, out)?;
        self.begun = true;
        self.stand_off(out)?;
        self.prose(&format!("{}. Nothing has been sent.", plan.title()), out)?;
        for heading in HEADINGS {
            let contacts = plan.under(heading);
            if !contacts.is_empty() {
                self.title(heading, out)?;
            }
            for contact in contacts {
                self.hanging("  ", Paint::Plain, &contact.what(), out)?;
                for reason in &contact.why {
                    self.hanging(&" ".repeat(BELOW), Paint::Plain, reason, out)?;
                }
            }
        }
        let idle = plan.idle();
        if !idle.is_empty() {
            self.title("Not asked", out)?;
        }
        idle.iter().try_for_each(|(id, reason)| self.entry(id.as_str(), TITLES, reason, out))
    }
}
