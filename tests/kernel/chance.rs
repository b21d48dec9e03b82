//! Numbers that look like chance and are the same on every machine.

use std::env;

/// A sequence of them (splitmix64).
pub(crate) struct Chance(u64);

impl Chance {
    /// The sequence of a seed and of what it is for.
    pub(crate) fn of(seed: u64, what: &str) -> Self {
        let mixed = what.bytes().fold(seed, |sum, byte| sum.wrapping_mul(0x0100_0000_01b3) ^ u64::from(byte));
        Chance(mixed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below a number.
    pub(crate) fn below(&mut self, number: usize) -> usize {
        usize::try_from(self.next() % number.max(1) as u64).unwrap()
    }

    /// One time in a hundred, as often as that.
    pub(crate) fn percent(&mut self, often: usize) -> bool {
        self.below(100) < often
    }

    /// One of these.
    pub(crate) fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// The seed, which is the same in every run unless somebody wants another.
pub(crate) fn seed() -> u64 {
    env::var("KERNEL_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_128)
}

/// How many sets of rules of a language are asked about: fewer where nobody requires them all.
pub(crate) fn sets() -> usize {
    let required = env::var_os("NETLAB_REQUIRED").is_some_and(|value| value == "1");
    env::var("KERNEL_SETS").ok().and_then(|sets| sets.parse().ok()).unwrap_or(if required { 300 } else { 48 })
}
