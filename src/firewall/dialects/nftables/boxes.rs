//! Alternatives of which any holds: what several lists of them come to, and what lies outside of some.

use std::collections::HashMap;

use super::fields::Field;
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{Condition, FlagsTest, Match, Names};

/// More alternatives than that are not told apart for one rule.
pub(super) const MOST: usize = 65_536;

/// More than that do not come of taking combinations out of all there are.
const MOST_PIECES: usize = 4096;

/// Matches, of which those that differ in where they come from only, or in where they go only, are one.
#[derive(Default)]
pub(super) struct Boxes(Vec<Match>);

impl Boxes {
    /// Adds one.
    pub(super) fn add(&mut self, one: Match) {
        self.0.push(one);
    }

    /// How many were added.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// As few as they come to.
    pub(super) fn merged(self) -> Vec<Match> {
        let by_port = by_all_but(self.0, |one| &mut one.port);
        let by_source = by_all_but(by_port, |one| &mut one.source);
        by_all_but(by_source, |one| &mut one.destination)
    }
}

fn by_all_but(all: Vec<Match>, part: fn(&mut Match) -> &mut Ranges) -> Vec<Match> {
    let mut order: Vec<(Match, Vec<Ranges>)> = Vec::new();
    let mut at: HashMap<Match, usize> = HashMap::new();
    for mut one in all {
        let set = std::mem::replace(part(&mut one), Ranges::all());
        let next = *at.entry(one.clone()).or_insert_with(|| {
            order.push((one, Vec::new()));
            order.len() - 1
        });
        order[next].1.push(set);
    }
    let joined = order.into_iter().map(|(mut one, sets)| {
        *part(&mut one) = Ranges::any_of(&sets);
        one
    });
    joined.collect()
}

/// What both lists match, each being alternatives; nothing, where that would be too many.
pub(super) fn product(some: &[Match], others: &[Match]) -> Option<Vec<Match>> {
    if some.len().saturating_mul(others.len()) > MOST {
        return None;
    }
    Some(some.iter().flat_map(|one| others.iter().filter_map(|other| one.and(other))).collect())
}

/// What all these fields need to be there.
pub(super) fn together(fields: &[Field]) -> Match {
    fields
        .iter()
        .try_fold(Match::any(), |all, field| all.and(&field.reach()))
        .unwrap_or_else(|| Match { source: Ranges::none(), ..Match::any() })
}

/// What lies in a match and in none of these; nothing, where that would come to too many pieces, or cannot be said.
pub(super) fn without(all: &Match, taken: &[Match]) -> Option<Vec<Match>> {
    let mut pieces = vec![all.clone()];
    for one in taken {
        let mut left = Vec::new();
        for piece in &pieces {
            if piece.and(one).is_none() {
                left.push(piece.clone());
                continue;
            }
            left.extend(outside(piece, one)?);
            if left.len() > MOST_PIECES {
                return None;
            }
        }
        pieces = left;
    }
    Some(pieces)
}

/// A match without another, cut at one field after the other.
fn outside(piece: &Match, one: &Match) -> Option<Vec<Match>> {
    // The tests of names and flags are lists, of which the contrary is not one test.
    if one.flags.len() > 1 || one.from.tests().len() > 1 || one.to.tests().len() > 1 {
        return None;
    }
    let (mut left, mut within) = (Vec::new(), piece.clone());
    let mut cut = |within: &mut Match, inside: Match, outside: Option<Match>| {
        left.extend(outside.and_then(|outside| within.and(&outside)));
        match within.and(&inside) {
            Some(next) => *within = next,
            None => within.source = Ranges::none(),
        }
    };
    let any = Match::any;
    let parts: [fn(&mut Match) -> &mut Ranges; 5] = [
        |it| &mut it.source,
        |it| &mut it.destination,
        |it| &mut it.protocol,
        |it| &mut it.source_port,
        |it| &mut it.port,
    ];
    for part in parts {
        let set = part(&mut one.clone()).clone();
        if set.is_all() {
            continue;
        }
        let (mut inside, mut outside) = (any(), any());
        *part(&mut outside) = set.not();
        *part(&mut inside) = set;
        cut(&mut within, inside, Some(outside));
    }
    cut(&mut within, Match { states: one.states, ..any() }, Some(Match { states: !one.states, ..any() }));
    for test in &one.flags {
        let contrary = FlagsTest { is: !test.is, ..*test };
        cut(&mut within, Match { flags: vec![*test], ..any() }, Some(Match { flags: vec![contrary], ..any() }));
    }
    for (names, to) in [(&one.from, false), (&one.to, true)] {
        let Some(test) = names.tests().first() else { continue };
        let of = |is: bool| {
            let names = if is { Names::one_of(test.any_of.clone()) } else { Names::none_of(test.any_of.clone()) };
            if to { Match { to: names, ..any() } } else { Match { from: names, ..any() } }
        };
        cut(&mut within, of(test.is), Some(of(!test.is)));
    }
    for condition in &one.conditions {
        cut(&mut within, any().on(condition.clone()), Some(any().on(not(condition))));
    }
    Some(left)
}

/// The contrary.
pub(super) fn not(condition: &Condition) -> Condition {
    Condition { what: condition.what.clone(), holds: !condition.holds }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::firewall::rules::States;

    fn port(port: u16) -> Match {
        Match { port: Ranges::one(port), ..Match::any() }
    }

    #[test]
    fn what_lies_outside_of_combinations_is_everything_else_and_nothing_twice() {
        let from = |source: u8| Match { source: Ranges::one(source), ..Match::any() };
        let taken = [from(1).and(&port(443)), from(2).and(&port(80))].map(Option::unwrap);
        let rest = without(&Match::any(), &taken).unwrap();

        for source in 0..4_u8 {
            for to in [80_u16, 443] {
                let packet = from(source).and(&port(to)).unwrap();
                let in_rest = rest.iter().filter(|piece| piece.and(&packet).is_some()).count();
                let is_taken = taken.iter().any(|one| one.and(&packet).is_some());
                assert_eq!(in_rest, usize::from(!is_taken), "from {source} to {to}");
            }
        }
    }

    #[test]
    fn a_condition_a_state_and_an_interface_are_cut_as_sets_are() {
        let one = Match { states: States::NEW, from: Names::one_of(["eth0"]), ..Match::any() }
            .on(Condition::holds("the mark is 7"));
        let rest = without(&Match::any(), &[one]).unwrap();

        assert_eq!(rest.len(), 3, "{rest:?}");
        assert!(rest.iter().any(|piece| piece.states == !States::NEW));
        assert!(rest.iter().any(|piece| !piece.from.matches("eth0") && piece.from.matches("eth1")));
        assert!(rest.iter().any(|piece| piece.conditions == [Condition::fails("the mark is 7")]));
    }

    #[test]
    fn combinations_that_differ_in_one_field_are_one() {
        let mut boxes = Boxes::default();
        [80, 443, 8443].map(port).into_iter().for_each(|one| boxes.add(one));

        assert_eq!(boxes.merged().len(), 1);
        assert_eq!(product(&vec![Match::any(); 300], &vec![Match::any(); 300]), None);
    }
}
