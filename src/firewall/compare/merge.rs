//! Boxes that belong together as one: those that differ on one side alone are one box, until nothing is left to be put together.

use std::collections::{BTreeSet, HashMap};

use super::Effect;
use super::cell::{self, Cell, SIDES};
use crate::firewall::ranges::{Interval, Ranges};

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

/// What is alike in boxes that are one but for a side.
#[derive(PartialEq, Eq, Hash)]
struct Rest {
    effect: Effect,
    conditions: Vec<u32>,
    requested: bool,
    cell: Cell,
}

/// The same boxes, put together and in order.
pub(super) fn merged(mut all: Vec<Found>) -> Vec<Found> {
    loop {
        let before = all.len();
        for side in ORDER {
            all = on_side(all, side);
        }
        if all.len() == before {
            break;
        }
    }
    all.sort_unstable();
    all
}

fn on_side(all: Vec<Found>, side: usize) -> Vec<Found> {
    let mut put: Vec<(Found, Vec<Interval>)> = Vec::with_capacity(all.len());
    let mut known: HashMap<Rest, usize> = HashMap::with_capacity(all.len());
    for found in all {
        let Found { effect, requested, .. } = found;
        let cell = found.cell.with(side, Ranges::none());
        let rest = Rest { effect, conditions: found.conditions.clone(), requested, cell };
        if let Some(at) = known.get(&rest) {
            let (one, intervals) = &mut put[*at];
            intervals.extend(found.cell.0[side].intervals());
            one.before.join(&found.before);
            one.after.join(&found.after);
        } else {
            known.insert(rest, put.len());
            put.push((found, Vec::new()));
        }
    }
    let joined = put.into_iter().map(|(mut found, more)| {
        if !more.is_empty() {
            let own = found.cell.0[side].intervals().iter().copied();
            found.cell.0[side] = Ranges::of(own.chain(more));
        }
        found
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
