//! A layer as one list of steps: chains that rules jump to are laid out where they are jumped to, so that walking it only ever goes
//! forward. Evaluation and comparison both walk it.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Deref;

use super::rules::{Answer, Chain, ChainId, Layer, Match, Policy, Rule, Rules, States, Then};

/// What is asked of a layer for packets of one kind, in order.
pub(super) struct Program<'a> {
    /// The steps. The last one answers everything.
    pub(super) steps: Vec<Step<'a>>,
}

/// What is matched, and what becomes of it.
pub(super) struct Step<'a> {
    /// The match, already within those of the jumps that lead here.
    pub(super) when: When<'a>,
    /// What becomes of it.
    pub(super) then: Go,
    /// Who says so.
    pub(super) by: By<'a>,
}

/// A match: as the rule has it, or narrowed by the jumps that lead to it. Most steps of long lists are of the first kind.
pub(super) enum When<'a> {
    Whole(&'a Match),
    Narrowed(Box<Match>),
}

impl Deref for When<'_> {
    type Target = Match;

    fn deref(&self) -> &Match {
        match self {
            When::Whole(when) => when,
            When::Narrowed(when) => when,
        }
    }
}

/// What becomes of what a step matches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Go {
    /// It is decided.
    Answer(Answer),
    /// The steps before this one are passed over. It lies ahead.
    To(usize),
}

/// Who decides.
#[derive(Clone, Copy, Debug)]
pub enum By<'a> {
    /// A rule of a chain.
    Rule(&'a Chain, &'a Rule),
    /// What the chain answers to everything else.
    Policy(&'a Chain, &'a Policy),
    /// Nobody: the chain ends without an answer, or is not there.
    Nobody,
}

/// A kind of packet, as the rules of a layer tell packets apart besides their headers.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Packet {
    /// The state of its connection; nothing, where the layer knows nothing of connections.
    pub(super) state: Option<States>,
    /// Its TCP flags; nothing, for what has none.
    pub(super) flags: Option<u8>,
}

/// Why a layer cannot be laid out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum TooLong {
    /// Its chains, laid out, have more steps than this.
    Steps(usize),
    /// A chain leads back to itself.
    Circle,
}

/// More steps than any firewall walks for one packet.
const LONGEST: usize = 2_000_000;

/// A chain can be jumped to from another, that from a third, and so on: the kernel allows sixteen.
const DEEPEST: usize = 64;

impl<'a> Program<'a> {
    /// Lays out a layer for packets of one kind.
    pub(super) fn of(rules: &'a Rules, layer: &Layer, packet: Packet) -> Result<Self, TooLong> {
        let mut laying = Laying { rules, packet, steps: Vec::new(), looked: 0, within: BTreeSet::new() };
        laying.chain(layer.chain, None, 0)?;
        let mut steps = laying.steps;
        let chain = rules.chain(layer.chain);
        let (then, by) = match chain.and_then(|chain| chain.policy.as_ref().map(|policy| (chain, policy))) {
            Some((chain, policy)) => (policy.answer, By::Policy(chain, policy)),
            None => (Answer::Accept, By::Nobody),
        };
        steps.push(Step { when: When::Narrowed(Box::new(Match::any())), then: Go::Answer(then), by });
        Ok(Program { steps })
    }
}

struct Laying<'a> {
    rules: &'a Rules,
    packet: Packet,
    steps: Vec<Step<'a>>,
    /// How many matches were looked at, also where chains are empty.
    looked: usize,
    /// The chains that this one was jumped to from.
    within: BTreeSet<ChainId>,
}

impl Laying<'_> {
    fn chain(&mut self, id: ChainId, only: Option<&Match>, depth: usize) -> Result<(), TooLong> {
        let Some(chain) = self.rules.chain(id) else { return Ok(()) };
        if depth > DEEPEST || !self.within.insert(id) {
            return Err(TooLong::Circle);
        }
        // Steps that go to the end of this chain are told where that is once it is known.
        let mut to_the_end = Vec::new();
        for rule in chain.rules.iter().filter(|rule| rule.idle.is_none() && rule.then != Then::Next) {
            for when in &rule.when {
                self.looked += 1;
                if self.looked > LONGEST {
                    return Err(TooLong::Steps(LONGEST));
                }
                let Some(when) = self.narrowed(when, only).filter(|when| self.meets(when)) else { continue };
                let go = match rule.then {
                    Then::Answer(answer) => Go::Answer(answer),
                    Then::Jump(to) => {
                        self.chain(to, Some(&when), depth + 1)?;
                        continue;
                    }
                    Then::Goto(to) => {
                        self.chain(to, Some(&when), depth + 1)?;
                        Go::To(0)
                    }
                    Then::Return => Go::To(0),
                    Then::Next => continue,
                };
                if go == Go::To(0) {
                    to_the_end.push(self.steps.len());
                }
                self.steps.push(Step { when, then: go, by: By::Rule(chain, rule) });
            }
        }
        let end = self.steps.len();
        for at in to_the_end {
            self.steps[at].then = Go::To(end);
        }
        self.within.remove(&id);
        Ok(())
    }

    /// Whether packets of this kind can be matched at all.
    fn meets(&self, when: &Match) -> bool {
        let state = self.packet.state.is_none_or(|state| when.states.covers(state));
        let flags = when.flags.is_empty()
            || self.packet.flags.is_some_and(|flags| when.flags.iter().all(|test| test.passes(flags)));
        state && flags
    }

    /// The match within that of the jump. What knows nothing of connections takes no notice of their states, which otherwise could
    /// exclude one another along a jump.
    fn narrowed<'w>(&self, when: &'w Match, only: Option<&Match>) -> Option<When<'w>> {
        if when.is_nothing() {
            return None;
        }
        let when = if self.packet.state.is_none() && when.states != States::ANY {
            Cow::Owned(Match { states: States::ANY, ..when.clone() })
        } else {
            Cow::Borrowed(when)
        };
        match (only, when) {
            (None, Cow::Borrowed(when)) => Some(When::Whole(when)),
            (None, Cow::Owned(when)) => Some(When::Narrowed(Box::new(when))),
            (Some(only), when) => when.and(only).map(|both| When::Narrowed(Box::new(both))),
        }
    }
}
