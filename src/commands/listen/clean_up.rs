//! `listen --clean-up`: finds by its marker what a `--deliver` left that could not clean up after itself, and deletes it.

use std::fmt::Write as _;

use super::super::{Failure, print, session};
use super::{consent, key};
use crate::cli::ListenArgs;
use crate::facts::Facts;
use crate::listening::marker::shown_marked;
use crate::listening::vendor::{Marked, Thing, Unseen, Vendor};
use crate::said::line;
use crate::settings::Settings;
use crate::workos::id::Kind;

/// Something that should be gone is still there, or may be.
const LEFT: u8 = 1;

pub(super) fn run(args: &ListenArgs, settings: Settings, facts: Facts) -> Result<u8, Failure> {
    let cx = session::this_machine(settings, facts)?;
    session::block_on(async {
        let vendor = Vendor::new(&cx, key(&cx, "--clean-up")?);
        let place = format!("in the environment of the key {} at {}", vendor.key, cx.settings.api.value.https(""));
        let mut found = Found::default();
        // Each by itself: trouble with the one does not leave the other behind.
        for kind in [Kind::Organization, Kind::Endpoint] {
            match vendor.marked(kind, None).await {
                Ok(marked) => found.take(kind, marked),
                Err(why) => found.unseen.push(format!("{}s could not be looked through: {why}", kind.in_words())),
            }
        }
        if found.looked_through == 0 {
            return Err(Failure::machine("--clean-up cannot list what is there", found.unseen.join("; ")));
        }
        if found.things.is_empty() {
            let (nothing, code) = found.nothing_else();
            print(&format!("{nothing} {place}{}.\n{}", found.further, found.open()))?;
            return Ok(code);
        }
        consent::ask(&found.in_words(&place), args.yes, "--clean-up")?;
        found.delete(&vendor).await
    })?
}

/// What was found of all kinds.
#[derive(Default)]
struct Found {
    things: Vec<Thing>,
    /// How many kinds could be looked through.
    looked_through: usize,
    /// What there may be besides, a line for each.
    unseen: Vec<String>,
    further: &'static str,
}

impl Found {
    fn take(&mut self, kind: Kind, marked: Marked) {
        self.looked_through += 1;
        self.things.extend(marked.things);
        if marked.unnameable > 0 {
            self.unseen.push(format!(
                "{} of the {}s bear this tool's marker under an id that does not look like one, and are left alone: delete them in the WorkOS dashboard",
                marked.unnameable,
                kind.in_words()
            ));
        }
        match marked.unseen {
            Some(Unseen::Older) => self.further = "; only the newest organizations and endpoints were looked through",
            Some(Unseen::Rest(why)) => {
                self.unseen.push(format!("not all {}s could be looked through: {why}", kind.in_words()));
            }
            None => {}
        }
    }

    fn nothing_else(&self) -> (&'static str, u8) {
        if self.unseen.is_empty() {
            ("Nothing is left over", 0)
        } else {
            ("Nothing that can be deleted was found", LEFT)
        }
    }

    /// What remains to be looked at by a person.
    fn open(&self) -> String {
        let sentences: Vec<String> = self.unseen.iter().map(|unseen| format!("Besides: {}.\n", line(unseen))).collect();
        sentences.concat()
    }

    fn in_words(&self, place: &str) -> String {
        let mut text = format!("This was left over, and would be deleted, {place}:\n");
        for thing in &self.things {
            let _ = match thing.id.kind() {
                Kind::Organization => writeln!(text, "  organization {}  “{}”", thing.id, line(&thing.called)),
                Kind::Endpoint => writeln!(text, "  endpoint {}  {}", thing.id, line(&shown_marked(&thing.called))),
            };
        }
        text.push_str("A `listen --deliver` that is running now would lose what it waits for.\n");
        text
    }

    async fn delete(&self, vendor: &Vendor<'_>) -> Result<u8, Failure> {
        let mut text = String::new();
        let mut left = 0;
        for thing in &self.things {
            let kind = thing.id.kind().in_words();
            let _ = match vendor.delete(&thing.id).await {
                Ok(()) => writeln!(text, "{kind} {}: deleted", thing.id),
                Err(why) => {
                    left += 1;
                    writeln!(text, "{kind} {}: not deleted, {}", thing.id, line(&why))
                }
            };
        }
        let (nothing, code) = self.nothing_else();
        let _ = match left {
            0 if code == 0 => writeln!(text, "{nothing} now{}.", self.further),
            0 => writeln!(text, "What was found is deleted{}.", self.further),
            _ => writeln!(text, "Still there: {left}; run this again, or delete them in the WorkOS dashboard."),
        };
        print(&(text + &self.open()))?;
        Ok(if left == 0 { code } else { LEFT })
    }
}
