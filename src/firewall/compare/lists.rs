//! The layers of both sides as lists of steps over one table, in which the same step is the same number whichever side it is of.

use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher, RandomState};

use super::cell::{self, Sides};
use super::names::Kinds;
use crate::firewall::program::{By, Go, Packet, Program, TooLong};
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{Layer, Match, Names, Rules};

/// What a step does, wherever it stands.
#[derive(PartialEq, Eq, Hash, Debug)]
pub(super) struct What {
    /// What it matches.
    pub(super) sides: Sides,
    /// What has to hold besides, by the numbers of the conditions.
    pub(super) guard: Box<[(u32, bool)]>,
    pub(super) turn: Turn,
}

/// What becomes of what a step matches.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Turn {
    Pass,
    Stop,
    /// It goes on further ahead.
    Skip,
}

/// A step of a list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    /// Which step, in the table.
    pub(super) what: u32,
    /// Its place in the whole list; those that match nothing are left out.
    pub(super) at: u32,
    /// Where it skips to.
    pub(super) to: u32,
    /// Whether it is known to lie around the box that is looked at.
    pub(super) around: bool,
}

/// A layer.
pub(super) struct Listed<'a> {
    pub(super) layer: &'a Layer,
    pub(super) entries: Vec<Entry>,
    /// Who says so, by the places of steps.
    pub(super) by: Vec<By<'a>>,
}

/// Everything that lists refer to by number.
pub(super) struct Table {
    pub(super) whats: Vec<What>,
    pub(super) conditions: Vec<String>,
    pub(super) from: Kinds,
    pub(super) to: Kinds,
    pub(super) host: Kinds,
    /// For each hash the last step that has it, and for each step the one before it that has the same.
    known: HashMap<u64, u32>,
    before: Vec<Option<u32>>,
    hash: RandomState,
    numbered: HashMap<String, u32>,
    matching: HashMap<(usize, Names), Ranges>,
}

const TCP: u8 = 6;

impl Table {
    /// An empty table over the names that these rules and these hosts speak of; nothing, where they are too many.
    pub(super) fn of(sides: [&Rules; 2], hosts: &[&str]) -> Option<Self> {
        let kinds = |names: fn(&Match) -> &Names, others: &[&str]| {
            let chains = sides.iter().flat_map(|rules| &rules.chains);
            let matches = chains.flat_map(|chain| &chain.rules).flat_map(|rule| &rule.when);
            let tests = matches.flat_map(|when| names(when).tests());
            // The same few names stand in most rules.
            let mut patterns: BTreeSet<&str> = others.iter().copied().collect();
            patterns.extend(tests.flat_map(|test| &test.any_of).map(AsRef::as_ref));
            Kinds::of(patterns)
        };
        Some(Table {
            from: kinds(|when| &when.from, &[])?,
            to: kinds(|when| &when.to, &[])?,
            host: kinds(|when| &when.host, hosts)?,
            whats: Vec::new(),
            conditions: Vec::new(),
            known: HashMap::new(),
            before: Vec::new(),
            hash: RandomState::new(),
            numbered: HashMap::new(),
            matching: HashMap::new(),
        })
    }

    /// A layer as a list.
    pub(super) fn listed<'a>(
        &mut self,
        rules: &'a Rules,
        layer: &'a Layer,
        packet: Packet,
    ) -> Result<Listed<'a>, TooLong> {
        let program = Program::of(rules, layer, packet)?;
        let mut entries = Vec::with_capacity(program.steps.len());
        let mut by = Vec::with_capacity(program.steps.len());
        for (at, step) in (0_u32..).zip(program.steps) {
            by.push(step.by);
            let (turn, to) = match step.then {
                Go::Answer(answer) if answer.passes() => (Turn::Pass, 0),
                Go::Answer(_) => (Turn::Stop, 0),
                Go::To(to) => (Turn::Skip, u32::try_from(to).unwrap_or(u32::MAX)),
            };
            if let Some(what) = self.what(&step.when, turn) {
                entries.push(Entry { what, at, to, around: false });
            }
        }
        Ok(Listed { layer, entries, by })
    }

    /// The number of a step; nothing, where it matches nothing.
    fn what(&mut self, when: &Match, turn: Turn) -> Option<u32> {
        let mut guard: Vec<(u32, bool)> = Vec::with_capacity(when.conditions.len());
        for condition in &when.conditions {
            let number = self.number(&condition.what);
            guard.push((number, condition.holds));
        }
        guard.sort_unstable();
        guard.dedup();
        if guard.windows(2).any(|two| two[0].0 == two[1].0) {
            return None;
        }
        let sides = self.sides(when)?;
        let what = What { sides, guard: guard.into(), turn };
        let hash = self.hash.hash_one(&what);
        let last = self.known.get(&hash).copied();
        let mut same = last;
        while let Some(number) = same {
            if self.whats[number as usize] == what {
                return Some(number);
            }
            same = self.before[number as usize];
        }
        let number = u32::try_from(self.whats.len()).unwrap_or(u32::MAX);
        self.known.insert(hash, number);
        self.before.push(last);
        self.whats.push(what);
        Some(number)
    }

    fn number(&mut self, condition: &str) -> u32 {
        if let Some(number) = self.numbered.get(condition) {
            return *number;
        }
        let number = u32::try_from(self.conditions.len()).unwrap_or(u32::MAX);
        self.conditions.push(condition.to_owned());
        self.numbered.insert(condition.to_owned(), number);
        number
    }

    /// A match as a box; nothing, where no packet lies in it.
    fn sides(&mut self, when: &Match) -> Option<Sides> {
        let mut sides = Vec::with_capacity(4);
        for (side, names) in [(cell::FROM, &when.from), (cell::TO, &when.to), (cell::HOST, &when.host)] {
            if !names.is_any() {
                sides.push((side, self.matching(side, names)));
            }
        }
        // Only TCP has flags.
        let tcp = (!when.flags.is_empty()).then(|| when.protocol.and(&Ranges::one(TCP)));
        let sets = [
            (cell::SOURCE, &when.source),
            (cell::DESTINATION, &when.destination),
            (cell::PROTOCOL, tcp.as_ref().unwrap_or(&when.protocol)),
            (cell::SOURCE_PORT, &when.source_port),
            (cell::PORT, &when.port),
        ];
        sides.extend(sets.into_iter().filter(|(_, set)| !set.is_all()).map(|(side, set)| (side, set.clone())));
        let possible = sides.iter().all(|(_, set)| !set.is_empty());
        possible.then(|| Sides::of(sides))
    }

    fn matching(&mut self, side: usize, names: &Names) -> Ranges {
        let key = (side, names.clone());
        if let Some(known) = self.matching.get(&key) {
            return known.clone();
        }
        let set = self.kinds(side).map_or_else(Ranges::all, |kinds| kinds.matching(names));
        self.matching.insert(key, set.clone());
        set
    }

    pub(super) fn kinds(&self, side: usize) -> Option<&Kinds> {
        match side {
            cell::FROM => Some(&self.from),
            cell::TO => Some(&self.to),
            cell::HOST => Some(&self.host),
            _ => None,
        }
    }
}
