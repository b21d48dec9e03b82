//! A page of the manual for a ticket.

use super::Blocks;
use super::text::{code, prose, strong};
use crate::check::{Group, Spec};
use crate::documents::explain::{self, Address, CodePage, Decides, Page, address, effect, meaning};
use crate::outcome::Cause;
use crate::said::{all_of, listed};

impl Blocks {
    pub(super) fn explain(&mut self, page: &Page) {
        match page {
            Page::List(groups) => groups.iter().for_each(|group| self.group(group)),
            Page::Check(spec, decides) => self.check(spec, decides),
            Page::Codes(pages) => pages.iter().for_each(|page| self.page(page)),
            Page::Name(name, codes) => self.choice(name, codes),
        }
    }

    fn page(&mut self, page: &CodePage) {
        self.heading(1, &page.address());
        self.paragraph(&meaning(page.code));
        self.paragraph(&page.in_the_run());
        self.related(explain::FOLLOWS_FROM, &page.follows_from);
        if !page.code.causes.is_empty() {
            self.heading(2, explain::causes(page.code));
            self.stand_off();
            (0..page.code.causes.len()).for_each(|nth| self.cause(nth, page.code.causes));
        }
        self.related(explain::EXPLAINS, &page.explains);
        self.heading(2, explain::WAIVER);
        self.fenced("toml", &page.waiver());
        self.paragraph(&format!("{}: `{}`", explain::CHECK, page.check()));
    }

    /// Other findings, in an item for each check, where there are any.
    fn related(&mut self, heading: &str, found: &[Address]) {
        if found.is_empty() {
            return;
        }
        self.heading(2, heading);
        self.stand_off();
        for (spec, names) in explain::by_check(found) {
            self.item(0, &format!("{}: {}", code(spec.id.as_str()), listed(names.into_iter().map(code))));
        }
    }

    /// What may lie behind a finding, how it shows, and who mends it. A command that an earlier cause had is not repeated.
    fn cause(&mut self, nth: usize, causes: &[Cause]) {
        let Some(cause) = causes.get(nth) else { return };
        let number = format!("{}. ", nth + 1);
        let inside = " ".repeat(number.len());
        let who = strong(&format!("{}:", cause.who.as_str()));
        self.line(&format!("{number}{}", prose(cause.what)));
        self.line(&format!("{inside}- told by: {}", prose(cause.told_by)));
        self.line(&format!("{inside}- {who} {}", prose(cause.mend)));
        let Some(command) = cause.command else { return };
        match causes.iter().take(nth).position(|earlier| earlier.command == cause.command) {
            Some(earlier) => self.line(&format!("{inside}- see it: as for {}", earlier + 1)),
            None => self.line(&format!("{inside}- see it: {}", code(command))),
        }
    }

    fn choice(&mut self, name: &str, codes: &[Address]) {
        self.heading(1, &explain::several(name, codes.len()));
        self.stand_off();
        for found in codes {
            self.item(0, &format!("{} {}", code(&address(*found)), prose(&meaning(found.1))));
        }
        self.paragraph(&format!("{} `{}`", explain::ONE_OF_THEM, explain::first_page(codes.iter().copied())));
    }

    fn fenced(&mut self, language: &str, lines: &[String]) {
        self.stand_off();
        self.line(&format!("```{language}"));
        for line in lines {
            self.line(line);
        }
        self.line("```");
    }

    fn group(&mut self, group: &Group) {
        self.heading(1, group.title);
        self.table(["check", "claim"], group.specs.iter().map(|spec| [spec.id.to_string(), spec.title.to_owned()]));
    }

    fn check(&mut self, spec: &'static Spec, decides: &Decides) {
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
        let first = explain::first_page(spec.codes.iter().map(|code| (spec, *code)));
        self.paragraph(&format!("{} `{first}`", explain::EACH_HAS_A_PAGE));
    }
}
