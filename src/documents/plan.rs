//! What a command would touch, and which checks would.

use crate::check::{CheckId, Touch};
use crate::contact::{Piece, sentence};
use crate::ending::Why;
use crate::plan::{self, Fate, Touched};
use crate::report::Head;
use crate::said::hidden;

/// What a command would touch.
pub struct Plan {
    /// When, where and by which way, as a run would begin.
    pub head: Head,
    /// The command.
    pub command: &'static str,
    /// What it would touch, each thing once.
    pub contacts: Vec<Contact>,
    /// The checks, in the order in which they would be asked.
    pub checks: Vec<Planned>,
}

/// One thing that would be touched.
pub struct Contact {
    /// What is touched, in its parts.
    pub touch: Touch,
    /// Where a person looks for it.
    pub heading: &'static str,
    /// What is touched, in words, and what of it is no word.
    pub pieces: Vec<Piece>,
    /// Why: each reason once.
    pub why: Vec<String>,
}

/// One check about one subject.
pub struct Planned {
    /// Which check.
    pub id: CheckId,
    /// What it is about.
    pub subject: Option<String>,
    /// Whether a failure would decide the verdict.
    pub required: bool,
    /// Why it would not be asked.
    pub idle: Option<Why>,
}

/// The headings under which a person reads the contacts, in their order.
pub const HEADINGS: [&str; 4] = ["On this machine", "Names", "Connections", "Requests"];

impl Plan {
    /// A plan without secrets.
    pub fn of(plan: &plan::Plan, head: Head, command: &'static str) -> Self {
        let contacts = plan.contacts().into_iter().map(Contact::from);
        let checks = plan.entries.iter().map(|entry| {
            let (subject, idle) = match &entry.fate {
                Fate::Runs { check, .. } => (check.subject(), None),
                Fate::Skipped(why) => (None, Some(why.reworded(hidden))),
            };
            let subject = subject.as_deref().map(hidden);
            Planned { id: entry.spec.id, subject, required: entry.required, idle }
        });
        Plan { head: head.without_secrets(), command, contacts: contacts.collect(), checks: checks.collect() }
    }

    /// What stands under a heading.
    pub fn under(&self, heading: &str) -> Vec<&Contact> {
        self.contacts.iter().filter(|contact| contact.heading == heading).collect()
    }

    /// The checks that would not be asked, each with its reason.
    pub fn idle(&self) -> Vec<(CheckId, String)> {
        self.checks.iter().filter_map(|check| Some((check.id, check.idle.as_ref()?.in_words()))).collect()
    }

    /// What it is, in a sentence that a person reads first.
    pub fn title(&self) -> String {
        format!("What `{}` would touch with these settings", self.command)
    }
}

impl Contact {
    /// What is touched, in a sentence.
    pub fn what(&self) -> String {
        sentence(&self.pieces)
    }
}

impl From<Touched> for Contact {
    fn from(Touched { what: touch, why }: Touched) -> Self {
        let heading = heading(&touch);
        let pieces = touch.pieces().into_iter().map(|piece| match piece {
            Piece::Words(text) => Piece::Words(hidden(&text)),
            Piece::Literal(text) => Piece::Literal(hidden(&text)),
        });
        let pieces = pieces.collect();
        Contact { touch, heading, pieces, why: why.iter().map(|reason| hidden(reason)).collect() }
    }
}

fn heading(touch: &Touch) -> &'static str {
    match touch {
        Touch::File(_) | Touch::Local(_) => "On this machine",
        Touch::Lookup { .. } => "Names",
        Touch::Connect { .. } => "Connections",
        Touch::Request { .. } | Touch::Learnt(_) => "Requests",
    }
}
