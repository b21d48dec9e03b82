//! The layers of both sides on one way, each held against what it is instead of on the other side.

use std::collections::HashMap;

use super::cell::{self, Cell, Lies, SIDES, Sides};
use super::difference::{List, Purse, Side, difference};
use super::lists::{Listed, Table};
use super::merge::{self, Found};
use super::region::region;
use super::{Decider, Deciders, Unjudged};
use crate::firewall::addresses::Family;
use crate::firewall::program::{By, Packet, TooLong};
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{Layer, Replies, Rules, States, Way};

/// A kind of packet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// It begins a connection.
    New,
    /// Its connection is established.
    Known,
}

/// What was found on a way.
pub(super) struct Compared<'a> {
    pub(super) found: Vec<Found>,
    listed: [Vec<Listed<'a>>; 2],
    /// Which layers are instead of each other, by their places among those listed.
    pairs: Vec<[Option<usize>; 2]>,
}

const SYN: u8 = 0x02;
const ACK: u8 = 0x10;

/// Compares a way for one kind of packet. What cannot be compared is said once, of packets that begin a connection.
pub(super) fn compared<'a>(
    table: &mut Table,
    rules: [&'a Rules; 2],
    way: Way,
    kind: Kind,
    purse: &mut Purse,
    unjudged: &mut Vec<Unjudged>,
) -> Compared<'a> {
    let of_way =
        |rules: &'a Rules| -> Vec<&'a Layer> { rules.layers.iter().filter(|layer| layer.way == way).collect() };
    let nothing = || Compared { found: Vec::new(), listed: [Vec::new(), Vec::new()], pairs: Vec::new() };
    let by_state = |rules| of_way(rules).iter().any(|layer| layer.replies == Replies::ByState);
    if kind == Kind::Known && !rules.iter().any(|rules| by_state(rules)) {
        return nothing();
    }
    let mut listed = [Vec::new(), Vec::new()];
    for (side, rules) in listed.iter_mut().zip(rules) {
        for layer in of_way(rules) {
            let Some(packet) = packet(layer, kind) else { continue };
            match table.listed(rules, layer, packet) {
                Ok(list) => side.push(list),
                Err(why) => {
                    if kind == Kind::New {
                        let why = format!("{} {}", layer.name, too_long(why));
                        unjudged.push(Unjudged { way: Some(way), family: None, why });
                    }
                    return nothing();
                }
            }
        }
    }
    let mut compared = Compared { found: Vec::new(), listed, pairs: Vec::new() };
    let mut regions = HashMap::new();
    for family in Family::BOTH {
        let judging = |rules| of_way(rules).into_iter().any(|layer| layer.families.overlaps(&family.all()));
        match (judging(rules[0]), judging(rules[1])) {
            (false, false) => continue,
            (true, true) => {}
            (before, _) => {
                if kind == Kind::New {
                    unjudged.push(lacking(way, family, before));
                }
                continue;
            }
        }
        compared.family(table, family, &mut regions, purse);
    }
    compared.found = merge::merged(std::mem::take(&mut compared.found));
    compared
}

fn packet(layer: &Layer, kind: Kind) -> Option<Packet> {
    match (layer.replies, kind) {
        (Replies::Forgotten, Kind::New) => Some(Packet { state: None, flags: Some(SYN) }),
        (_, Kind::New) => Some(Packet { state: Some(States::NEW), flags: Some(SYN) }),
        (Replies::ByState, Kind::Known) => Some(Packet { state: Some(States::ESTABLISHED), flags: Some(ACK) }),
        // What is remembered passes, and what knows nothing of connections says to this packet what it says to any.
        (Replies::Remembered, Kind::Known) => None,
        (Replies::Forgotten, Kind::Known) => Some(Packet { state: None, flags: Some(ACK) }),
    }
}

fn too_long(why: TooLong) -> String {
    match why {
        TooLong::Steps(most) => format!("is not compared: its chains come to more than {most} steps"),
        TooLong::Circle => "is not compared: a chain leads back to itself".to_owned(),
    }
}

fn lacking(way: Way, family: Family, only_before: bool) -> Unjudged {
    let (there, not) = if only_before { ("before", "after") } else { ("after", "before") };
    let why = format!(
        "rules for {} {} are only among those {there} the change, and not among those {not} it",
        family.as_str(),
        said(way)
    );
    Unjudged { way: Some(way), family: Some(family), why }
}

/// A way in words.
pub(super) fn said(way: Way) -> &'static str {
    match way {
        Way::In => "on the way in",
        Way::Out => "on the way out",
        Way::Through => "on the way through",
    }
}

impl Compared<'_> {
    fn family(
        &mut self,
        table: &Table,
        family: Family,
        regions: &mut HashMap<[Option<usize>; 2], Vec<Sides>>,
        purse: &mut Purse,
    ) {
        let universe = universe(table, family);
        let mut sides = [Side { lists: Vec::new() }, Side { lists: Vec::new() }];
        let mut boxes = Vec::new();
        for pair in self.paired(family) {
            let number = self.pairs.iter().position(|known| *known == pair).unwrap_or_else(|| {
                self.pairs.push(pair);
                self.pairs.len() - 1
            });
            for (nth, side) in sides.iter_mut().enumerate() {
                if let Some(at) = pair[nth] {
                    side.lists.push((number, List::of(table, self.listed[nth][at].entries.clone())));
                }
            }
            let can_differ = regions.entry(pair).or_insert_with(|| match pair {
                [Some(before), Some(after)] => {
                    region(table, &self.listed[0][before].entries, &self.listed[1][after].entries)
                }
                // What is not there lets everything pass.
                _ => vec![Sides::of(Vec::new())],
            });
            boxes.extend(can_differ.iter().filter(|one| one.lies_to(&universe) != Lies::Apart).cloned());
        }
        let found = difference(table, &universe, sides, &boxes, purse);
        self.found.extend(found.into_iter().map(|one| Found { cell: widened(&one.cell, &universe), ..one }));
    }

    /// The layers that judge a family, each with what is instead of it: the one of its name, or else the next that is left.
    fn paired(&self, family: Family) -> Vec<[Option<usize>; 2]> {
        let judging = |listed: &[Listed]| -> Vec<usize> {
            let layers = listed.iter().enumerate();
            layers.filter(|(_, one)| one.layer.families.overlaps(&family.all())).map(|(at, _)| at).collect()
        };
        let (before, mut after) = (judging(&self.listed[0]), judging(&self.listed[1]));
        let mut pairs: Vec<[Option<usize>; 2]> = before.iter().map(|at| [Some(*at), None]).collect();
        for pair in &mut pairs {
            let name = pair[0].map(|at| &self.listed[0][at].layer.name);
            let same = after.iter().position(|at| Some(&self.listed[1][*at].layer.name) == name);
            pair[1] = same.map(|at| after.remove(at));
        }
        let mut left = after.into_iter();
        for pair in pairs.iter_mut().filter(|pair| pair[1].is_none()) {
            pair[1] = left.next();
        }
        pairs.extend(left.map(|at| [None, Some(at)]));
        pairs
    }

    /// Steps by their numbers as rules and policies.
    pub(super) fn deciders(&self, side: usize, deciders: &merge::Deciders) -> Deciders {
        let first = deciders.steps.iter().filter_map(|(pair, step)| {
            let listed = self.listed[side].get(self.pairs.get(*pair)?[side]?)?;
            Some(decider(listed.layer, *listed.by.get(*step as usize)?))
        });
        Deciders { first: first.collect(), more: deciders.more }
    }
}

/// Who decides in a layer.
pub(super) fn decider(layer: &Layer, by: By) -> Decider {
    let (place, policy) = match by {
        By::Rule(_, rule) => (Some(rule.place.clone()), false),
        By::Policy(_, policy) => (Some(policy.place.clone()), true),
        By::Nobody => (None, true),
    };
    Decider { layer: layer.name.clone(), place, policy }
}

/// All packets of a family.
fn universe(table: &Table, family: Family) -> Cell {
    let mut all = Cell::all();
    for side in 0..SIDES {
        if let Some(kinds) = table.kinds(side) {
            all.0[side] = kinds.all();
        }
    }
    (all.0[cell::SOURCE], all.0[cell::DESTINATION]) = (family.all(), family.all());
    all.0[cell::PROTOCOL] = Ranges::between(0_u8, u8::MAX);
    (all.0[cell::SOURCE_PORT], all.0[cell::PORT]) =
        (Ranges::between(0_u16, u16::MAX), Ranges::between(0_u16, u16::MAX));
    all
}

/// The same box, with everything that a side can be said as all, so that boxes of both families can be put together. One address
/// says of which family a packet is, so one side may lose it.
fn widened(cell: &Cell, universe: &Cell) -> Cell {
    let mut wide = cell.clone();
    for side in 0..SIDES {
        let keeps_the_family = side == cell::SOURCE && cell.0[cell::DESTINATION] == universe.0[cell::DESTINATION];
        if cell.0[side] == universe.0[side] && !keeps_the_family {
            wide.0[side] = Ranges::all();
        }
    }
    wide
}
