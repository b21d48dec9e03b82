//! A page of the manual for a ticket.

use super::Blocks;
use super::text::{code, prose, strong};
use crate::check::{Group, Spec};
use crate::documents::explain::{Decides, Page, effect, meaning};
use crate::said::all_of;

impl Blocks {
    pub(super) fn explain(&mut self, page: &Page) {
        match page {
            Page::List(groups) => groups.iter().for_each(|group| self.group(group)),
            Page::Check(spec, decides) => self.check(spec, decides),
            Page::Codes(codes) => {
                for (spec, code) in codes {
                    self.heading(1, &format!("{}/{}", spec.id, code.name));
                    self.paragraph(&meaning(spec, code));
                    self.paragraph(&format!("More: `{} explain {}`", env!("CARGO_PKG_NAME"), spec.id));
                }
            }
        }
    }

    fn group(&mut self, group: &Group) {
        self.heading(1, group.title);
        self.table(["check", "claim"], group.specs.iter().map(|spec| [spec.id.to_string(), spec.title.to_owned()]));
    }

    fn check(&mut self, spec: &Spec, decides: &Decides) {
        self.heading(1, &format!("{}: {}", spec.id, spec.title));
        spec.explain.split("\n\n").for_each(|paragraph| self.paragraph(paragraph));
        if !spec.needs.is_empty() {
            self.paragraph(&format!("Needs {}.", all_of(spec.needs)));
        }
        self.paragraph(&decides.in_words());
        self.heading(2, "Findings");
        self.stand_off();
        for found in spec.codes {
            let effect = strong(effect(found.severity));
            self.item(0, &format!("{} {effect}: {}", code(found.name), prose(found.means)));
        }
    }
}
