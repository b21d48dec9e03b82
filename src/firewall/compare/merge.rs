//! Boxes that belong together as one: those that differ on one side alone are one box, until nothing is left to be put together.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

use super::Effect;
use super::cell::{self, Cell, SIDES};
use crate::firewall::ranges::Ranges;

/// A box to which the sides give different answers.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Found {
    pub(super) effect: Effect,
    /// On what it hangs.
    pub(super) conditions: Vec<u32>,
    /// Whether it was requested to pass.
    pub(super) requested: bool,
    pub(super) cell: Cell,
    pub(super) before: Deciders,
    pub(super) after: Deciders,
}

/// Steps that decide, by layer and place; a few of them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub(super) struct Deciders {
    pub(super) steps: BTreeSet<(usize, u32)>,
    /// Whether there are more.
    pub(super) more: bool,
}

impl Deciders {
    /// Nobody reads more of them.
    pub(super) const MOST: usize = 8;

    /// Those of a layer, where it has a say; otherwise those of the last that has.
    pub(super) fn add(&mut self, by: &[(usize, Vec<u32>)], layer: Option<usize>) {
        let of_layer = by.iter().find(|(of, _)| Some(*of) == layer).or(by.last());
        let Some((layer, steps)) = of_layer else { return };
        self.steps.extend(steps.iter().map(|step| (*layer, *step)));
        self.shorten();
    }

    fn join(&mut self, other: &Deciders) {
        self.steps.extend(other.steps.iter().copied());
        self.more |= other.more;
        self.shorten();
    }

    fn shorten(&mut self) {
        while self.steps.len() > Self::MOST {
            self.steps.pop_last();
            self.more = true;
        }
    }
}

/// Peers first, since lists of them are what rows are mostly cut by; names last.
const ORDER: [usize; SIDES] =
    [cell::SOURCE, cell::DESTINATION, cell::PORT, cell::PROTOCOL, cell::SOURCE_PORT, cell::HOST, cell::FROM, cell::TO];

/// The same boxes, put together and in order.
pub(super) fn merged(all: Vec<Found>) -> Vec<Found> {
    let mut sets = Sets::default();
    let mut kinds: HashMap<(Effect, bool, Vec<u32>), u32> = HashMap::new();
    let numbered = all.into_iter().map(|found| {
        let next = u32::try_from(kinds.len()).unwrap_or(u32::MAX);
        let kind = *kinds.entry((found.effect, found.requested, found.conditions.clone())).or_insert(next);
        let sides = std::array::from_fn(|side| sets.number(&found.cell.0[side]));
        Numbered { kind, sides, found }
    });
    let mut all: Vec<Numbered> = numbered.collect();
    // Once none of the sides has put anything together, none will.
    let mut in_vain = 0;
    for side in ORDER.into_iter().cycle() {
        let before = all.len();
        all = on_side(all, side, &mut sets);
        in_vain = if all.len() == before { in_vain + 1 } else { 0 };
        if in_vain == SIDES {
            break;
        }
    }
    let cells = all.into_iter().map(|Numbered { sides, found, .. }| {
        let cell = Cell(std::array::from_fn(|side| sets.sets[sides[side] as usize].clone()));
        Found { cell, ..found }
    });
    let mut merged: Vec<Found> = cells.collect();
    merged.sort_unstable();
    merged
}

/// A box whose sides are numbers, so that comparing boxes is comparing numbers.
struct Numbered {
    /// Of its effect and conditions.
    kind: u32,
    sides: [u32; SIDES],
    /// Everything else; its own cell is not kept up.
    found: Found,
}

/// Sets that stand on sides.
#[derive(Default)]
struct Sets {
    sets: Vec<Ranges>,
    numbers: HashMap<Ranges, u32>,
}

impl Sets {
    fn number(&mut self, set: &Ranges) -> u32 {
        if let Some(number) = self.numbers.get(set) {
            return *number;
        }
        let number = u32::try_from(self.sets.len()).unwrap_or(u32::MAX);
        self.sets.push(set.clone());
        self.numbers.insert(set.clone(), number);
        number
    }
}

fn on_side(all: Vec<Numbered>, side: usize, sets: &mut Sets) -> Vec<Numbered> {
    let mut put: Vec<(Numbered, Vec<u32>)> = Vec::with_capacity(all.len());
    let mut known: HashMap<(u32, [u32; SIDES]), usize> = HashMap::with_capacity(all.len());
    for one in all {
        let mut rest = one.sides;
        rest[side] = 0;
        match known.entry((one.kind, rest)) {
            Entry::Occupied(at) => {
                let (first, more) = &mut put[*at.get()];
                more.push(one.sides[side]);
                first.found.before.join(&one.found.before);
                first.found.after.join(&one.found.after);
            }
            Entry::Vacant(place) => {
                place.insert(put.len());
                put.push((one, Vec::new()));
            }
        }
    }
    let joined = put.into_iter().map(|(mut one, more)| {
        if !more.is_empty() {
            let all = more.into_iter().chain([one.sides[side]]);
            let together = Ranges::any_of(all.map(|number| &sets.sets[number as usize]));
            one.sides[side] = sets.number(&together);
        }
        one
    });
    joined.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(source: u8, port: u16, effect: Effect, step: u32) -> Found {
        let mut cell = Cell::all();
        cell.0[cell::SOURCE] = Ranges::one(source);
        cell.0[cell::PORT] = Ranges::one(port);
        let mut before = Deciders::default();
        before.add(&[(0, vec![step])], None);
        Found { effect, conditions: Vec::new(), requested: false, cell, before, after: Deciders::default() }
    }

    #[test]
    fn boxes_that_differ_on_one_side_are_one_and_what_has_another_effect_stays_apart() {
        let boxes = [(1, 80), (1, 443), (3, 80), (3, 443)].map(|(source, port)| found(source, port, Effect::Opens, 7));
        let all = merged(boxes.into_iter().chain([found(2, 80, Effect::Closes, 7)]).collect());

        assert_eq!(all.len(), 2);
        assert_eq!(all[0].cell.0[cell::SOURCE], Ranges::of([(1, 1), (3, 3)]));
        assert_eq!(all[0].cell.0[cell::PORT], Ranges::of([(80, 80), (443, 443)]));
        assert_eq!(all[1].effect, Effect::Closes);
    }

    #[test]
    fn the_first_few_deciders_are_kept_whatever_the_order_they_come_in() {
        let rows = |steps: &mut dyn Iterator<Item = u32>| {
            merged(steps.map(|step| found(u8::try_from(step).unwrap(), 80, Effect::Opens, step)).collect())
        };
        let (one, other) = (rows(&mut (0..20)), rows(&mut (0..20).rev()));

        assert_eq!(one, other);
        assert_eq!((one[0].before.steps.len(), one[0].before.more), (8, true));
        assert_eq!(one[0].before.steps.first(), Some(&(0, 0)));
    }
}
