//! Where two lists can differ at all: a packet that meets only steps which both have in the same order is answered alike.

use std::collections::HashMap;

use super::cell::{Cell, Sides};
use super::lists::{Entry, Table, Turn};

/// Boxes outside of which both lists give the same answers. They may overlap.
pub(super) fn region(table: &Table, before: &[Entry], after: &[Entry]) -> Vec<Sides> {
    let names = |list: &[Entry]| list.iter().map(|entry| entry.what).collect::<Vec<u32>>();
    let mut common = common(&names(before), &names(after));
    skip_alike(table, before, after, &mut common);
    let mut boxes = Vec::new();
    let (mut from, mut from_after) = (0, 0);
    for (at, at_after) in common.iter().copied().chain([(before.len(), after.len())]) {
        gap(table, &before[from..at], &after[from_after..at_after], &mut boxes);
        (from, from_after) = (at + 1, at_after + 1);
    }
    boxes.iter().map(Sides::of_cell).collect()
}

/// A step that skips is the same step only where it skips to the same. Once it is not, what stood on both sides of it stands in one
/// gap, so that the others are looked at again.
fn skip_alike(table: &Table, before: &[Entry], after: &[Entry], common: &mut Vec<(usize, usize)>) {
    const ROUNDS: usize = 8;
    let skips = |pair: &(usize, usize)| table.whats[before[pair.0].what as usize].turn == Turn::Skip;
    for round in 0..=ROUNDS {
        let known = common.clone();
        if !known.iter().any(skips) {
            return;
        }
        // Behind how many common steps it lands, and behind how many of the pairs in the gap there.
        let lands = |pair: &(usize, usize)| {
            let at = before.partition_point(|entry| entry.at < before[pair.0].to);
            let at_after = after.partition_point(|entry| entry.at < after[pair.1].to);
            let nth = known.partition_point(|common| common.0 < at);
            let nth_after = known.partition_point(|common| common.1 < at_after);
            let (from, from_after) = nth.checked_sub(1).map_or((0, 0), |last| (known[last].0 + 1, known[last].1 + 1));
            let (to, to_after) = known.get(nth).copied().unwrap_or((before.len(), after.len()));
            let pairs = (to - from).min(to_after - from_after);
            nth == nth_after && (at - from).min(pairs) == (at_after - from_after).min(pairs)
        };
        common.retain(|pair| !skips(pair) || (round < ROUNDS && lands(pair)));
        if common.len() == known.len() {
            return;
        }
    }
}

/// What stands between two common steps: steps that were edited in place matter only where they differ.
fn gap(table: &Table, before: &[Entry], after: &[Entry], boxes: &mut Vec<Cell>) {
    let what = |entry: &Entry| &table.whats[entry.what as usize];
    for nth in 0..before.len().max(after.len()) {
        match (before.get(nth).map(what), after.get(nth).map(what)) {
            (Some(old), Some(new)) => {
                let (a, b) = (old.sides.cell(), new.sides.cell());
                if old.turn == new.turn && old.guard == new.guard && old.turn != Turn::Skip {
                    boxes.extend(a.minus(&b));
                    boxes.extend(b.minus(&a));
                } else {
                    boxes.extend([a, b]);
                }
            }
            (Some(one), None) | (None, Some(one)) => boxes.push(one.sides.cell()),
            (None, None) => {}
        }
    }
}

/// How often anchors are looked for between anchors; what is left then counts as changed.
const ROUNDS: usize = 12;

/// Positions of steps that both lists have in the same order: at both ends, around steps that stand once in each, and between those
/// again.
fn common(before: &[u32], after: &[u32]) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    let mut open = vec![((0, before.len()), (0, after.len()), 0)];
    while let Some(((mut a, mut a_end), (mut b, mut b_end), round)) = open.pop() {
        while a < a_end && b < b_end && before[a] == after[b] {
            pairs.push((a, b));
            (a, b) = (a + 1, b + 1);
        }
        while a < a_end && b < b_end && before[a_end - 1] == after[b_end - 1] {
            (a_end, b_end) = (a_end - 1, b_end - 1);
            pairs.push((a_end, b_end));
        }
        if a == a_end || b == b_end || round == ROUNDS {
            continue;
        }
        let anchors = anchors(&before[a..a_end], &after[b..b_end]);
        if anchors.is_empty() {
            continue;
        }
        let (mut from, mut from_after) = (a, b);
        for (at, at_after) in anchors {
            let (at, at_after) = (a + at, b + at_after);
            pairs.push((at, at_after));
            open.push(((from, at), (from_after, at_after), round + 1));
            (from, from_after) = (at + 1, at_after + 1);
        }
        open.push(((from, a_end), (from_after, b_end), round + 1));
    }
    pairs.sort_unstable();
    pairs
}

/// Of the steps that stand once in each list, as many as come in the same order.
fn anchors(before: &[u32], after: &[u32]) -> Vec<(usize, usize)> {
    /// Nothing, one place, or more of them.
    fn once(list: &[u32]) -> HashMap<u32, Option<usize>> {
        let mut once = HashMap::with_capacity(list.len());
        for (at, what) in list.iter().enumerate() {
            once.entry(*what).and_modify(|place| *place = None).or_insert(Some(at));
        }
        once
    }
    let (mine, theirs) = (once(before), once(after));
    let both = before.iter().enumerate().filter_map(|(at, what)| {
        let alone = mine.get(what).copied().flatten().is_some();
        alone.then_some((at, theirs.get(what).copied().flatten()?))
    });
    longest_rising(&both.collect::<Vec<_>>())
}

/// The longest part of these pairs, which rise on the left, that rises on the right as well.
fn longest_rising(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    // For each length the pair with the least end, and for each pair the one before it.
    let mut ends: Vec<usize> = Vec::new();
    let mut previous: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    for (nth, (_, right)) in pairs.iter().enumerate() {
        let length = ends.partition_point(|end| pairs[*end].1 < *right);
        previous.push(length.checked_sub(1).map(|shorter| ends[shorter]));
        if length == ends.len() {
            ends.push(nth);
        } else {
            ends[length] = nth;
        }
    }
    let mut rising = Vec::with_capacity(ends.len());
    let mut at = ends.last().copied();
    while let Some(nth) = at {
        rising.push(pairs[nth]);
        at = previous[nth];
    }
    rising.reverse();
    rising
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_both_lists_have_in_the_same_order_is_found_around_inserted_taken_and_moved_steps() {
        assert_eq!(common(&[1, 2, 3], &[1, 9, 2, 3]), [(0, 0), (1, 2), (2, 3)]);
        assert_eq!(common(&[1, 2, 3, 4], &[1, 4]), [(0, 0), (3, 1)]);
        assert_eq!(common(&[1, 2, 3, 4, 5], &[1, 3, 4, 2, 5]), [(0, 0), (2, 1), (3, 2), (4, 4)]);
        assert_eq!(common(&[7, 7, 1, 7], &[8, 7, 1, 8]), [(1, 1), (2, 2)]);
        assert_eq!(common(&[1, 2], &[3, 4]), []);
    }
}
