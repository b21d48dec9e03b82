//! A page of the manual as a person reads it.

use std::io::{self, Write};

use super::{Human, Paint};
use crate::check::{Group, Spec};
use crate::documents::explain::{Decides, Page, effect, meaning};
use crate::said::all_of;

/// Where the meaning of a code begins.
const MEANING: usize = 33;

impl Human {
    pub(super) fn explain(&mut self, page: &Page, out: &mut dyn Write) -> io::Result<()> {
        match page {
            Page::List(groups) => self.list(groups, out),
            Page::Check(spec, decides) => self.manual(spec, decides, out),
            Page::Codes(codes) => codes.iter().try_for_each(|(spec, code)| {
                self.stand_off(out)?;
                writeln!(out, "{}", self.paint(Paint::Strong, &format!("{}/{}", spec.id, code.name)))?;
                self.hanging("  ", Paint::Plain, &meaning(spec, code), out)?;
                writeln!(out, "\n  More: {} explain {}", env!("CARGO_PKG_NAME"), spec.id)
            }),
        }
    }

    fn list(&mut self, groups: &[&Group], out: &mut dyn Write) -> io::Result<()> {
        for group in groups {
            self.title(group.title, out)?;
            for spec in group.specs {
                self.entry(spec.id.as_str(), super::TITLES, spec.title, out)?;
            }
        }
        self.stand_off(out)?;
        let name = env!("CARGO_PKG_NAME");
        self.prose(
            &format!("`{name} explain ID` prints a check's page, `{name} explain ID/CODE` what a finding means."),
            out,
        )
    }

    fn manual(&mut self, spec: &Spec, decides: &Decides, out: &mut dyn Write) -> io::Result<()> {
        self.begun = true;
        self.led(&format!("{}:", spec.id), Paint::Strong, spec.title, out)?;
        for paragraph in spec.explain.split("\n\n") {
            self.stand_off(out)?;
            self.prose(paragraph, out)?;
        }
        self.stand_off(out)?;
        if !spec.needs.is_empty() {
            self.prose(&format!("Needs {}.", all_of(spec.needs)), out)?;
        }
        self.prose(&decides.in_words(), out)?;
        self.title("Findings", out)?;
        for code in spec.codes {
            self.entry(code.name, MEANING, &format!("{}: {}", effect(code.severity), code.means), out)?;
        }
        Ok(())
    }
}
