//! What a comparison comes to: the rows, what was left out or could not be judged, and the verdict that follows.

use super::Named;
use crate::firewall::addresses::Family;
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{Place, Way};

/// What a change does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Comparison {
    /// Packets that begin a connection (of TCP, a SYN) to which the answer changes. Rows do not overlap; together they are all such
    /// packets, or at least those, where it is not complete.
    pub rows: Vec<Row>,
    /// Packets of established connections to which the answer changes otherwise than to those that begin one. What opens here does
    /// not bear on the verdict: nothing is established that nothing began.
    pub established: Vec<Row>,
    /// What was requested and does not pass afterwards, or may not.
    pub left_out: Vec<LeftOut>,
    /// What could not be compared.
    pub unjudged: Vec<Unjudged>,
    /// What was requested and of which neither side says anything, as of a family whose rules were not exported. The verdict is
    /// about the rest.
    pub unsaid: Vec<Unjudged>,
    /// Whether everything else was compared. Otherwise there may be more.
    pub complete: bool,
    /// What follows.
    pub verdict: Verdict,
}

/// A box of packets to which the answer changes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// How it changes.
    pub effect: Effect,
    /// On which way.
    pub way: Way,
    /// Where they come in.
    pub from: Named,
    /// Where they go out.
    pub to: Named,
    /// To which host, where the firewall goes by names.
    pub host: Named,
    /// From which addresses.
    pub source: Ranges,
    /// To which, of the same family.
    pub destination: Ranges,
    /// By which protocol.
    pub protocol: Ranges,
    /// From which port.
    pub source_port: Ranges,
    /// To which.
    pub port: Ranges,
    /// Whether that was requested.
    pub requested: bool,
    /// Who decided.
    pub before: Deciders,
    /// Who decides now.
    pub after: Deciders,
    /// On what it hangs, for what may change; each finishes "unsure whether …".
    pub conditions: Vec<String>,
}

/// How the answer changes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Effect {
    /// What did not pass does.
    Opens,
    /// What passed does not.
    Closes,
    /// It depends on what the files do not say whether it opens, or stays as it was.
    MayOpen,
    /// The same, for closing.
    MayClose,
    /// It depends which of both.
    MayEither,
}

impl Effect {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Effect::Opens => "opens",
            Effect::Closes => "closes",
            Effect::MayOpen => "may-open",
            Effect::MayClose => "may-close",
            Effect::MayEither => "may-either",
        }
    }
}

/// Who decides a row: some of it the one, some the other.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Deciders {
    /// In the order of their layers and rules; the first few.
    pub first: Vec<Decider>,
    /// Whether there are more.
    pub more: bool,
}

/// A rule that decides, or a policy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decider {
    /// In which layer.
    pub layer: String,
    /// Where it stands; nothing, where a chain ends without an answer.
    pub place: Option<Place>,
    /// Whether it is what a chain answers to everything else.
    pub policy: bool,
}

/// Something that was requested and is not there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LeftOut {
    /// Of which flow.
    pub flow: String,
    /// Which peers.
    pub peers: Ranges,
    /// Whether that is sure.
    pub sure: bool,
    /// Who stops it, or may.
    pub by: Option<Decider>,
    /// What would have to be known.
    pub why: Vec<String>,
}

/// Something that could not be compared.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unjudged {
    /// On which way; nothing, where it is all of them.
    pub way: Option<Way>,
    /// Of which family.
    pub family: Option<Family>,
    /// Why, in words that stand by themselves.
    pub why: String,
}

/// What follows of a comparison.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Nothing changes, and what was requested passes.
    Nothing,
    /// Something changes, and nothing was requested.
    Differs,
    /// What was requested, and nothing else.
    Exactly,
    /// Something else than was requested. That much is proved, whether or not the comparison is complete.
    Otherwise(Wrong),
    /// It may be what was requested, and may not.
    Undecided,
}

/// What is wrong with a change.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Wrong {
    /// It opens what was not requested.
    pub opens_more: bool,
    /// It does not let through what was requested.
    pub leaves_out: bool,
    /// It shuts something.
    pub shuts: bool,
}

impl Comparison {
    /// The verdict, where something was requested or not.
    pub(super) fn follows(&self, requested: bool) -> Verdict {
        let wrong = Wrong {
            opens_more: self.rows.iter().any(|row| row.effect == Effect::Opens && !row.requested),
            leaves_out: self.left_out.iter().any(|one| one.sure),
            shuts: self.rows.iter().chain(&self.established).any(|row| row.effect == Effect::Closes),
        };
        let unsure = |row: &Row| match row.effect {
            Effect::Opens | Effect::Closes => false,
            // What may have passed before and was requested is to pass afterwards, which is asked by itself.
            Effect::MayOpen => !row.requested,
            Effect::MayClose | Effect::MayEither => true,
        };
        let may_shut = |row: &Row| matches!(row.effect, Effect::MayClose | Effect::MayEither);
        let undecided = !self.complete || !self.unjudged.is_empty();
        match (requested, self.rows.is_empty() && self.established.is_empty()) {
            (true, _) if wrong != Wrong::default() => Verdict::Otherwise(wrong),
            (true, _)
                if undecided
                    || !self.left_out.is_empty()
                    || self.rows.iter().any(unsure)
                    || self.established.iter().any(may_shut) =>
            {
                Verdict::Undecided
            }
            (true, false) => Verdict::Exactly,
            (false, false) => Verdict::Differs,
            (_, true) if undecided => Verdict::Undecided,
            (_, true) => Verdict::Nothing,
        }
    }
}
