//! What both sides say to a box that every step lies around, for everything that the files leave open: each condition is tried both
//! ways, once it is asked.

use std::collections::{BTreeMap, BTreeSet};

use super::Effect;
use super::cell::Cell;
use super::difference::{List, Purse, Side};
use super::lists::{Table, Turn};
use super::merge::{Deciders, Found};

/// What a side says under some conditions.
struct Says {
    passes: bool,
    /// In which layer, and at which of its steps.
    by: Vec<(usize, Vec<u32>)>,
}

/// Ways through the conditions of one box; beyond them it stays undecided.
const MOST_WAYS: usize = 4096;

/// Up to so many ways it is worked out which conditions matter.
const FEW_WAYS: usize = 64;

/// The box, where it is not answered alike under all conditions.
pub(super) fn judged(table: &Table, cell: Cell, sides: &[Side; 2], purse: &mut Purse) -> Option<Found> {
    // The conditions that were chosen, in order, and whether the other choice has been tried.
    let mut chosen: Vec<(u32, bool)> = Vec::new();
    let mut held: BTreeMap<u32, bool> = BTreeMap::new();
    let mut ways: Vec<(BTreeMap<u32, bool>, i8)> = Vec::new();
    let mut further = 0;
    // Whether somewhere both say the same, the later one lets more pass, or less.
    let mut seen = [false; 3];
    let (mut before, mut after) = (Deciders::default(), Deciders::default());
    loop {
        let mut looked = 0;
        let said = [0, 1].map(|side: usize| walk(table, &sides[side], &held, &mut looked));
        if !purse.spend(looked) {
            return None;
        }
        match said {
            [Err(asked), _] | [_, Err(asked)] => {
                chosen.push((asked, false));
                held.insert(asked, true);
                continue;
            }
            [Ok(old), Ok(new)] => {
                let differs = i8::from(new.passes) - i8::from(old.passes);
                seen[usize::from(differs.unsigned_abs()) + usize::from(differs < 0)] = true;
                if differs != 0 {
                    let layer = if old.passes { stopping(&new) } else { stopping(&old) };
                    before.add(&old.by, layer);
                    after.add(&new.by, layer);
                }
                if ways.len() <= FEW_WAYS {
                    ways.push((held.clone(), differs));
                }
            }
        }
        let known = seen[1] && seen[2] && ways.len() > FEW_WAYS;
        if known || !next(&mut chosen, &mut held) {
            break;
        }
        if ways.len() > FEW_WAYS {
            further += 1;
            if further > MOST_WAYS {
                purse.empty = true;
                break;
            }
        }
    }
    let effect = match seen {
        [_, true, true] => Effect::MayEither,
        [false, true, false] => Effect::Opens,
        [false, false, true] => Effect::Closes,
        [true, true, false] => Effect::MayOpen,
        [true, false, true] => Effect::MayClose,
        [_, false, false] => return None,
    };
    let conditions = if matches!(effect, Effect::Opens | Effect::Closes) { BTreeSet::new() } else { mattering(&ways) };
    Some(Found { effect, conditions: conditions.into_iter().collect(), requested: false, cell, before, after })
}

/// The layer that stops it.
fn stopping(says: &Says) -> Option<usize> {
    says.by.last().map(|(layer, _)| *layer)
}

/// The next way through the conditions; whether there is one.
fn next(chosen: &mut Vec<(u32, bool)>, held: &mut BTreeMap<u32, bool>) -> bool {
    while let Some((condition, tried)) = chosen.pop() {
        held.remove(&condition);
        if !tried {
            chosen.push((condition, true));
            held.insert(condition, false);
            return true;
        }
    }
    false
}

/// What a side says where these conditions hold and fail; or which condition has to be known first.
fn walk(table: &Table, side: &Side, held: &BTreeMap<u32, bool>, looked: &mut usize) -> Result<Says, u32> {
    let mut by = Vec::new();
    for (layer, list) in &side.lists {
        let mut at = 0;
        let passes = loop {
            if at >= list.cut {
                by.push((*layer, last(table, list, at)));
                break list.passes;
            }
            *looked += 1;
            let entry = list.entries[at];
            let what = &table.whats[entry.what as usize];
            let mut meets = true;
            for (condition, holds) in &what.guard {
                match held.get(condition) {
                    None => return Err(*condition),
                    Some(known) if known != holds => {
                        meets = false;
                        break;
                    }
                    Some(_) => {}
                }
            }
            match what.turn {
                _ if !meets => at += 1,
                Turn::Skip => at = list.lands(entry.to).max(at + 1),
                turn => {
                    by.push((*layer, vec![entry.at]));
                    break turn == Turn::Pass;
                }
            }
        };
        if !passes {
            return Ok(Says { passes, by });
        }
    }
    Ok(Says { passes: true, by })
}

/// The steps that give the last answer: all that may come before one that certainly does.
fn last(table: &Table, list: &List, from: usize) -> Vec<u32> {
    let mut steps = Vec::new();
    let mut may_land_before = 0;
    for entry in &list.entries[from..] {
        let what = &table.whats[entry.what as usize];
        if what.turn == Turn::Skip {
            may_land_before = may_land_before.max(entry.to);
            continue;
        }
        steps.push(entry.at);
        let certain = entry.around && what.guard.is_empty() && may_land_before <= entry.at;
        if certain || steps.len() > Deciders::MOST {
            break;
        }
    }
    steps
}

/// The conditions on which it hangs what becomes of the box.
fn mattering(ways: &[(BTreeMap<u32, bool>, i8)]) -> BTreeSet<u32> {
    let all = || ways.iter().flat_map(|(held, _)| held.keys().copied());
    if ways.len() > FEW_WAYS {
        return all().collect();
    }
    let only_in = |one: &BTreeMap<u32, bool>, other: &BTreeMap<u32, bool>| {
        let mut apart = one.iter().filter(|(condition, holds)| other.get(condition).is_some_and(|it| it != *holds));
        let first = apart.next().map(|(condition, _)| *condition);
        first.filter(|_| apart.next().is_none())
    };
    let mut matter = BTreeSet::new();
    for (nth, (held, differs)) in ways.iter().enumerate() {
        for (other, also) in &ways[nth + 1..] {
            if differs != also {
                matter.extend(only_in(held, other));
            }
        }
    }
    // Two ways that part in several conditions at once are told by all of them.
    if matter.is_empty() { all().collect() } else { matter }
}
