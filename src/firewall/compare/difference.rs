//! The exact difference of two sides: boxes are cut until each has one answer on either side, and only where the lists still differ.

use std::rc::Rc;

use super::cell::{Cell, Lies, SIDES, Sides};
use super::lists::{Entry, Table, Turn};
use super::merge::{self, Found};
use super::valuations;
use crate::firewall::ranges::Ranges;

/// What may be spent. Beyond that, what was found so far is all that is known.
pub(super) struct Purse<'b> {
    pub(super) steps: u64,
    pub(super) rows: usize,
    pub(super) stop: Option<&'b dyn Fn() -> bool>,
    /// Whether it was too little.
    pub(super) empty: bool,
}

impl Purse<'_> {
    /// Spends steps; whether they were there.
    pub(super) fn spend(&mut self, steps: usize) -> bool {
        let steps = steps as u64 + 1;
        self.empty |= self.steps < steps || self.stop.is_some_and(|stop| stop());
        self.steps = self.steps.saturating_sub(steps);
        !self.empty
    }
}

/// The steps of a layer that overlap a box.
#[derive(Clone)]
pub(super) struct List {
    pub(super) entries: Vec<Entry>,
    /// From here on every step gives the same answer.
    pub(super) cut: usize,
    /// That answer: whether it passes.
    pub(super) passes: bool,
}

/// What one side says in a box: all of its layers have to let a packet pass.
#[derive(Clone)]
pub(super) struct Side {
    /// Each with its number; layers of the same number are what they are instead of each other.
    pub(super) lists: Vec<(usize, List)>,
}

struct Task {
    cell: Cell,
    sides: Rc<[Side; 2]>,
    /// Which boxes of the region may overlap it.
    region: Rc<[u32]>,
}

/// Above this many steps a box is halved; below, it is cut where its first step ends.
const FEW: usize = 60;

/// Steps that are held at once in all boxes still to be looked at.
const MOST_HELD: usize = 12_000_000;

/// The boxes of the universe to which the sides give different answers, which can only be in the region.
pub(super) fn difference(
    table: &Table,
    universe: &Cell,
    sides: [Side; 2],
    region: &[Sides],
    purse: &mut Purse,
) -> Vec<Found> {
    let mut found = Vec::new();
    let mut merged = 0;
    let mut held = 0_usize;
    let everywhere = (0..u32::try_from(region.len()).unwrap_or(u32::MAX)).collect();
    let mut open = vec![(0, Task { cell: universe.clone(), sides: Rc::new(sides), region: everywhere })];
    while let Some((holding, task)) = open.pop() {
        held -= holding;
        if purse.empty {
            break;
        }
        let Some((cell, sides, within)) = task.narrowed(table, region, purse) else { continue };
        let Some((inside, outside)) = parted(table, &cell, &sides, region, &within) else {
            found.extend(valuations::judged(table, cell, &sides, purse));
            // Pieces of what belongs together are put together before they are too many to be held.
            if found.len() >= 2 * merged + 4096 {
                found = merge::merged(found);
                merged = found.len();
                purse.empty |= merged > purse.rows;
            }
            continue;
        };
        let steps = sides.iter().flat_map(|side| &side.lists).map(|(_, list)| list.entries.len()).sum::<usize>();
        held += steps;
        purse.empty |= held > MOST_HELD;
        let sides = Rc::new(sides);
        // What lies outside frees what it was cut from.
        open.push((steps, Task { cell: outside, sides: Rc::clone(&sides), region: Rc::clone(&within) }));
        open.push((0, Task { cell: inside, sides, region: within }));
    }
    merge::merged(found)
}

impl Task {
    /// The steps that overlap the box, and the box no greater than it has to be; nothing, where both sides are the same there.
    fn narrowed(self, table: &Table, region: &[Sides], purse: &mut Purse) -> Option<(Cell, [Side; 2], Rc<[u32]>)> {
        let Task { mut cell, sides, region: mut within } = self;
        let overlaps = |one: &u32| region[*one as usize].lies_to(&cell) != Lies::Apart;
        let mut looked = within.len();
        if !within.iter().all(overlaps) {
            within = within.iter().copied().filter(overlaps).collect();
        }
        if within.is_empty() {
            return None;
        }
        if within.len() <= FEW {
            let narrow = |side: usize| within.iter().map(move |one| region[*one as usize].side(side));
            for side in 0..SIDES {
                if let Some(sets) = narrow(side).collect::<Option<Vec<&Ranges>>>() {
                    cell.0[side] = cell.0[side].and(&Ranges::any_of(sets));
                }
            }
        }
        let mut sides = [0, 1].map(|side: usize| sides[side].clipped(table, &cell, &mut looked));
        purse.spend(looked).then_some(())?;
        for side in &mut sides {
            side.settle();
        }
        let both_stop = sides.iter().all(|side| side.lists.first().is_some_and(|(_, list)| list.stops()));
        (!both_stop && !alike(&sides)).then_some((cell, sides, within))
    }
}

impl Side {
    fn clipped(&self, table: &Table, cell: &Cell, looked: &mut usize) -> Side {
        let lists = self.lists.iter().map(|(layer, list)| (*layer, list.clipped(table, cell, looked)));
        Side { lists: lists.collect() }
    }

    /// Where one layer stops everything, the others do not matter.
    fn settle(&mut self) {
        if let Some(at) = self.lists.iter().position(|(_, list)| list.stops()) {
            self.lists.swap(0, at);
            self.lists.truncate(1);
        }
    }
}

impl List {
    /// A whole layer.
    pub(super) fn of(table: &Table, entries: Vec<Entry>) -> Self {
        let turn = |entry: &Entry| table.whats[entry.what as usize].turn;
        // Whatever stands before the end and gives the same answer as the end can be left to it, also what only skips.
        let passes = entries.last().is_none_or(|last| turn(last) == Turn::Pass);
        let same = |entry: &&Entry| match turn(entry) {
            Turn::Pass => passes,
            Turn::Stop => !passes,
            Turn::Skip => true,
        };
        let cut = entries.len() - entries.iter().rev().take_while(same).count();
        List { entries, cut, passes }
    }

    fn clipped(&self, table: &Table, cell: &Cell, looked: &mut usize) -> List {
        let mut entries = Vec::with_capacity(self.entries.len().min(4 * FEW));
        let (mut skipped_to, mut may_land_before) = (0, 0);
        for entry in &self.entries {
            if entry.at < skipped_to {
                continue;
            }
            *looked += 1;
            let what = &table.whats[entry.what as usize];
            let lies = if entry.around { Lies::Around } else { what.sides.lies_to(cell) };
            if lies == Lies::Apart {
                continue;
            }
            let around = lies == Lies::Around;
            // Nothing goes on from here, unless an earlier step that may skip lands further ahead.
            let certain = around && what.guard.is_empty() && may_land_before <= entry.at;
            match what.turn {
                Turn::Skip if certain => {
                    skipped_to = entry.to;
                    continue;
                }
                Turn::Skip => may_land_before = may_land_before.max(entry.to),
                Turn::Pass | Turn::Stop => {}
            }
            entries.push(Entry { around, ..*entry });
            if certain {
                break;
            }
        }
        List::of(table, entries)
    }

    fn stops(&self) -> bool {
        self.cut == 0 && !self.passes
    }

    /// What decides: every step before the cut.
    fn deciding(&self) -> &[Entry] {
        &self.entries[..self.cut]
    }

    /// Where a skip lands among the steps that decide.
    pub(super) fn lands(&self, to: u32) -> usize {
        self.deciding().partition_point(|entry| entry.at < to)
    }

    fn same_as(&self, other: &List) -> bool {
        self.passes == other.passes
            && self.cut == other.cut
            && self.deciding().iter().zip(other.deciding()).all(|(mine, theirs)| {
                // Numbers of steps mean different steps on either side: where they land is what counts.
                mine.what == theirs.what && self.lands(mine.to) == other.lands(theirs.to)
            })
    }
}

/// Whether both sides are the same word for word.
fn alike(sides: &[Side; 2]) -> bool {
    fn telling(side: &Side) -> Vec<&(usize, List)> {
        side.lists.iter().filter(|(_, list)| list.cut > 0 || !list.passes).collect()
    }
    let (before, after) = (telling(&sides[0]), telling(&sides[1]));
    before.len() == after.len() && before.iter().zip(after).all(|(mine, theirs)| mine.1.same_as(&theirs.1))
}

/// The box in two; nothing, where every step that decides lies around it.
fn parted(table: &Table, cell: &Cell, sides: &[Side; 2], region: &[Sides], within: &[u32]) -> Option<(Cell, Cell)> {
    let lists = || sides.iter().flat_map(|side| &side.lists).map(|(_, list)| list.deciding());
    let across: Vec<u32> = lists().flatten().filter(|entry| !entry.around).map(|entry| entry.what).collect();
    let first = *across.first()?;
    if across.len() > FEW {
        let changed: Vec<&Sides> = sample(within).map(|one| &region[one as usize]).collect();
        let steps: Vec<&Sides> = sample(&across).map(|what| &table.whats[what as usize].sides).collect();
        let halves = if changed.len() > 1 { halved(cell, &changed) } else { None };
        let halves = halves.or_else(|| halved(cell, &steps));
        if halves.is_some() {
            return halves;
        }
    }
    let sides = table.whats[first as usize].sides.narrow();
    let (side, set) = sides.iter().find(|(side, set)| !set.covers(&cell.0[*side]))?;
    let mine = &cell.0[*side];
    Some((cell.with(*side, mine.and(set)), cell.with(*side, mine.minus(set))))
}

const SAMPLE: usize = 200;

fn sample(all: &[u32]) -> impl Iterator<Item = u32> + '_ {
    all.iter().copied().step_by(all.len().div_ceil(SAMPLE).max(1))
}

/// The box in two at the edge, among the middle ones of each side, that parts these sets best; nothing, where none parts them well.
fn halved(cell: &Cell, sets: &[&Sides]) -> Option<(Cell, Cell)> {
    let mut best: Option<(usize, usize, u128)> = None;
    for side in 0..SIDES {
        let (Some(first), Some((_, last))) = (cell.0[side].first(), cell.0[side].intervals().last().copied()) else {
            continue;
        };
        let own = || sets.iter().filter_map(|set| set.side(side));
        let mut edges: Vec<u128> = Vec::new();
        for set in own() {
            let within = set.intervals().partition_point(|(_, end)| *end < first);
            for (begin, end) in set.intervals()[within..].iter().take(8) {
                edges.extend([Some(*begin), end.checked_add(1)].into_iter().flatten());
            }
        }
        edges.retain(|edge| first < *edge && *edge <= last);
        if edges.is_empty() {
            continue;
        }
        let middle = edges.len() / 2;
        let (_, edge, _) = edges.select_nth_unstable(middle);
        let edge = *edge;
        // What does not narrow this side lies in both halves.
        let whole = sets.len() - own().count();
        let (left, right) = (Ranges::between(first, edge - 1), Ranges::between(edge, last));
        let count = |half: &Ranges| whole + own().filter(|set| set.overlaps(half)).count();
        let worst = count(&left).max(count(&right));
        if best.is_none_or(|(known, ..)| worst < known) {
            best = Some((worst, side, edge));
        }
    }
    let (worst, side, edge) = best?;
    if worst * 10 > sets.len() * 9 {
        return None;
    }
    let low = Ranges::between(0_u8, edge - 1);
    let mine = &cell.0[side];
    Some((cell.with(side, mine.and(&low)), cell.with(side, mine.minus(&low))))
}
