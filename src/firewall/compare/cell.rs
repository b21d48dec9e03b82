//! Boxes of packets: a set for each thing by which rules tell packets apart. A packet lies in a box when it lies in every set.

use crate::firewall::ranges::Ranges;

/// How many things there are.
pub(super) const SIDES: usize = 8;
pub(super) const FROM: usize = 0;
pub(super) const TO: usize = 1;
pub(super) const HOST: usize = 2;
pub(super) const SOURCE: usize = 3;
pub(super) const DESTINATION: usize = 4;
pub(super) const PROTOCOL: usize = 5;
pub(super) const SOURCE_PORT: usize = 6;
pub(super) const PORT: usize = 7;

/// A box.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Cell(pub(super) [Ranges; SIDES]);

impl Cell {
    pub(super) fn all() -> Self {
        Cell(std::array::from_fn(|_| Ranges::all()))
    }

    /// The same, with another set on one side.
    pub(super) fn with(&self, side: usize, set: Ranges) -> Self {
        let mut cell = self.clone();
        cell.0[side] = set;
        cell
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().any(Ranges::is_empty)
    }

    pub(super) fn overlaps(&self, other: &Cell) -> bool {
        self.0.iter().zip(&other.0).all(|(mine, theirs)| mine.overlaps(theirs))
    }

    pub(super) fn and(&self, other: &Cell) -> Cell {
        Cell(std::array::from_fn(|side| self.0[side].and(&other.0[side])))
    }

    /// What lies in this box and not in the other, as boxes that do not overlap.
    pub(super) fn minus(&self, other: &Cell) -> Vec<Cell> {
        if !self.overlaps(other) {
            return vec![self.clone()];
        }
        let mut rest = self.clone();
        let mut pieces = Vec::new();
        for side in 0..SIDES {
            let outside = rest.0[side].minus(&other.0[side]);
            if !outside.is_empty() {
                pieces.push(rest.with(side, outside));
                rest.0[side] = rest.0[side].and(&other.0[side]);
            }
        }
        pieces
    }
}

/// A box as a rule has it: only those sides that it narrows.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct Sides(Box<[(usize, Ranges)]>);

/// How a rule's box lies to another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Lies {
    Apart,
    Across,
    Around,
}

impl Sides {
    /// These sides, in ascending order; all others are whole.
    pub(super) fn of(narrow: Vec<(usize, Ranges)>) -> Self {
        Sides(narrow.into_boxed_slice())
    }

    /// A box, by the sides that it narrows.
    pub(super) fn of_cell(cell: &Cell) -> Self {
        let narrow = (0..SIDES).zip(&cell.0).filter(|(_, set)| !set.is_all());
        Self::of(narrow.map(|(side, set)| (side, set.clone())).collect())
    }

    pub(super) fn narrow(&self) -> &[(usize, Ranges)] {
        &self.0
    }

    /// What it narrows a side to; nothing, where it does not.
    pub(super) fn side(&self, side: usize) -> Option<&Ranges> {
        self.0.iter().find(|(of, _)| *of == side).map(|(_, set)| set)
    }

    pub(super) fn cell(&self) -> Cell {
        let mut cell = Cell::all();
        for (side, set) in &self.0 {
            cell.0[*side] = set.clone();
        }
        cell
    }

    pub(super) fn lies_to(&self, cell: &Cell) -> Lies {
        let mut lies = Lies::Around;
        for (side, set) in &self.0 {
            let theirs = &cell.0[*side];
            if !set.overlaps(theirs) {
                return Lies::Apart;
            }
            if lies == Lies::Around && !set.covers(theirs) {
                lies = Lies::Across;
            }
        }
        lies
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_a_box_lies_in_none_of_the_pieces_twice_and_never_in_the_other() {
        let cell = |sets: &[(usize, u8, u8)]| {
            let mut cell = Cell::all();
            for (side, first, last) in sets {
                cell.0[*side] = Ranges::between(*first, *last);
            }
            cell
        };
        let (whole, hole) =
            (cell(&[(SOURCE, 0, 3), (PORT, 0, 3), (FROM, 0, 1)]), cell(&[(SOURCE, 1, 2), (PORT, 2, 9), (FROM, 0, 0)]));
        let pieces = whole.minus(&hole);

        for (source, port, from) in
            (0..5_u8).flat_map(|s| (0..5_u8).flat_map(move |p| (0..3_u8).map(move |f| (s, p, f))))
        {
            let one = cell(&[(SOURCE, source, source), (PORT, port, port), (FROM, from, from)]);
            let held = pieces.iter().filter(|piece| piece.overlaps(&one)).count();
            assert_eq!(held, usize::from(whole.overlaps(&one) && !hole.overlaps(&one)), "{source} {port} {from}");
        }
        assert_eq!(whole.minus(&cell(&[(PORT, 9, 9)])), std::slice::from_ref(&whole));
        assert!(whole.minus(&Cell::all()).is_empty());
    }

    #[test]
    fn a_rule_lies_around_a_box_only_when_each_of_its_sides_does() {
        let mut web = Cell::all();
        web.0[PORT] = Ranges::one(443_u16);
        web.0[PROTOCOL] = Ranges::one(6_u8);
        let rule = Sides::of_cell(&web);

        assert_eq!(rule.lies_to(&Cell::all()), Lies::Across);
        assert_eq!(rule.lies_to(&web.with(SOURCE, Ranges::one(1_u8))), Lies::Around);
        assert_eq!(rule.lies_to(&web.with(PORT, Ranges::one(80_u8))), Lies::Apart);
        assert_eq!(rule.cell(), web);
    }
}
