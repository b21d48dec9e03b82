//! Sets of numbers as sorted intervals: addresses, ports and protocols, with the exact algebra that rules are judged by.

use std::fmt;
use std::sync::{Arc, LazyLock};

/// A set of numbers: disjoint inclusive intervals in ascending order, none touching the next.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ranges(Arc<[Interval]>);

/// From the first number to the last, both within.
pub type Interval = (u128, u128);

static ALL: LazyLock<Ranges> = LazyLock::new(|| Ranges(Arc::from([(0, u128::MAX)])));
/// Protocols, mostly: what stands in every rule is held once.
static SMALL: LazyLock<Vec<Ranges>> = LazyLock::new(|| (0..256).map(|n| Ranges(Arc::from([(n, n)]))).collect());
static NONE: LazyLock<Ranges> = LazyLock::new(|| Ranges(Arc::from([])));

impl Ranges {
    /// Every number, of whatever it is a set of.
    pub fn all() -> Self {
        ALL.clone()
    }

    /// No number.
    pub fn none() -> Self {
        NONE.clone()
    }

    /// One number.
    pub fn one(number: impl Into<u128>) -> Self {
        let number = number.into();
        let small = usize::try_from(number).ok().and_then(|number| SMALL.get(number));
        small.cloned().unwrap_or_else(|| Ranges(Arc::from([(number, number)])))
    }

    /// From the first to the last; nothing where the last comes first.
    pub fn between(first: impl Into<u128>, last: impl Into<u128>) -> Self {
        let (first, last) = (first.into(), last.into());
        if first <= last { Ranges(Arc::from([(first, last)])) } else { Self::none() }
    }

    /// All that lies in any of these, in whatever order they come. Intervals whose end lies before their beginning are nothing.
    pub fn of(intervals: impl IntoIterator<Item = Interval>) -> Self {
        let mut intervals: Vec<Interval> = intervals.into_iter().filter(|(first, last)| first <= last).collect();
        intervals.sort_unstable();
        let mut joined: Vec<Interval> = Vec::with_capacity(intervals.len());
        for (first, last) in intervals {
            match joined.last_mut() {
                Some((_, end)) if first <= end.saturating_add(1) => *end = (*end).max(last),
                _ => joined.push((first, last)),
            }
        }
        Ranges(joined.into())
    }

    /// All that lies in any of these sets.
    pub fn any_of<'a>(sets: impl IntoIterator<Item = &'a Ranges>) -> Self {
        Self::of(sets.into_iter().flat_map(|set| set.intervals().iter().copied()))
    }

    /// The intervals, in ascending order.
    pub fn intervals(&self) -> &[Interval] {
        &self.0
    }

    /// Whether no number lies in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether every number lies in it.
    pub fn is_all(&self) -> bool {
        *self.0 == [(0, u128::MAX)]
    }

    /// Whether this number lies in it.
    pub fn contains(&self, number: impl Into<u128>) -> bool {
        let number = number.into();
        let at = self.0.partition_point(|(_, last)| *last < number);
        self.0.get(at).is_some_and(|(first, _)| *first <= number)
    }

    /// Whether all of the other lies in this one.
    pub fn covers(&self, other: &Ranges) -> bool {
        self.is_all()
            || other.0.iter().all(|(first, last)| {
                let at = self.0.partition_point(|(_, end)| end < first);
                self.0.get(at).is_some_and(|(begin, end)| begin <= first && last <= end)
            })
    }

    /// Whether some number lies in both.
    pub fn overlaps(&self, other: &Ranges) -> bool {
        let (few, many) = if self.0.len() <= other.0.len() { (self, other) } else { (other, self) };
        few.0.iter().any(|(first, last)| {
            let at = many.0.partition_point(|(_, end)| end < first);
            many.0.get(at).is_some_and(|(begin, _)| begin <= last)
        })
    }

    /// What lies in both.
    #[must_use]
    pub fn and(&self, other: &Ranges) -> Self {
        if self.is_all() {
            return other.clone();
        }
        if other.is_all() {
            return self.clone();
        }
        let (mut mine, mut theirs) = (self.0.iter().copied().peekable(), other.0.iter().copied().peekable());
        let mut both = Vec::new();
        while let (Some((a, b)), Some((c, d))) = (mine.peek().copied(), theirs.peek().copied()) {
            if a.max(c) <= b.min(d) {
                both.push((a.max(c), b.min(d)));
            }
            if b <= d {
                mine.next();
            } else {
                theirs.next();
            }
        }
        Ranges(both.into())
    }

    /// What lies in either.
    #[must_use]
    pub fn or(&self, other: &Ranges) -> Self {
        Self::any_of([self, other])
    }

    /// What does not lie in it.
    #[must_use]
    pub fn not(&self) -> Self {
        let mut gaps = Vec::with_capacity(self.0.len() + 1);
        let mut next = Some(0);
        for (first, last) in self.0.iter().copied() {
            if let (Some(next), Some(before)) = (next, first.checked_sub(1))
                && next <= before
            {
                gaps.push((next, before));
            }
            next = last.checked_add(1);
        }
        gaps.extend(next.map(|next| (next, u128::MAX)));
        Ranges(gaps.into())
    }

    /// What lies in this one and not in the other.
    #[must_use]
    pub fn minus(&self, other: &Ranges) -> Self {
        if !self.overlaps(other) {
            return self.clone();
        }
        self.and(&other.not())
    }

    /// How many numbers lie in it; the greatest number there is where they are more.
    pub fn count(&self) -> u128 {
        self.0.iter().fold(0, |sum: u128, (first, last)| sum.saturating_add((last - first).saturating_add(1)))
    }

    /// The least number in it.
    pub fn first(&self) -> Option<u128> {
        self.0.first().map(|(first, _)| *first)
    }
}

impl fmt::Debug for Ranges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_all() { f.write_str("all") } else { f.debug_list().entries(self.0.iter()).finish() }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Every set of numbers below eight, the greatest number being the eighth.
    fn universe() -> Vec<(BTreeSet<u8>, Ranges)> {
        let number = |n: u8| if n == 7 { u128::MAX } else { u128::from(n) };
        let of = |bits: u16| -> BTreeSet<u8> { (0..8).filter(|n| bits & (1 << n) != 0).collect() };
        (0..256)
            .map(|bits| {
                let set = of(bits);
                // What lies between the seventh and the greatest goes with the seventh.
                let spans = set.iter().map(|n| (number(*n), if *n == 6 { u128::MAX - 1 } else { number(*n) }));
                let ranges = Ranges::of(spans);
                (set, ranges)
            })
            .collect()
    }

    #[test]
    fn the_algebra_is_that_of_sets_in_every_small_case() {
        let universe = universe();
        let everything: BTreeSet<u8> = (0..8).collect();
        let find = |set: &BTreeSet<u8>| &universe.iter().find(|(known, _)| known == set).unwrap().1;

        for (a, ranges_a) in &universe {
            assert_eq!(&ranges_a.not(), find(&everything.difference(a).copied().collect()), "not {a:?}");
            assert_eq!(ranges_a.is_empty(), a.is_empty());
            for n in 0..7u8 {
                assert_eq!(ranges_a.contains(n), a.contains(&n));
            }
            for (b, ranges_b) in &universe {
                assert_eq!(&ranges_a.and(ranges_b), find(&a.intersection(b).copied().collect()), "{a:?} and {b:?}");
                assert_eq!(&ranges_a.or(ranges_b), find(&a.union(b).copied().collect()), "{a:?} or {b:?}");
                assert_eq!(&ranges_a.minus(ranges_b), find(&a.difference(b).copied().collect()), "{a:?} minus {b:?}");
                assert_eq!(ranges_a.covers(ranges_b), b.is_subset(a), "{a:?} covers {b:?}");
                assert_eq!(ranges_a.overlaps(ranges_b), !a.is_disjoint(b), "{a:?} overlaps {b:?}");
            }
        }
    }

    #[test]
    fn what_touches_is_one_interval_and_what_is_backwards_is_none() {
        assert_eq!(Ranges::of([(5, 6), (0, 2), (3, 4), (9, 8)]).intervals(), [(0, 6)]);
        assert_eq!((Ranges::all().count(), Ranges::between(3_u8, 4_u8).count()), (u128::MAX, 2));
        assert_eq!(Ranges::all().not(), Ranges::none());
    }
}
