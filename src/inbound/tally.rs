//! What was turned away, counted without a gap however fast it comes. What was turned away of an address of `WorkOS`'s has a room
//! of its own here, which no noise can fill.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use crate::facts::Facts;
use crate::workos::delivery::{Turned, TurnedAway, may_hide};

/// So many addresses behind which `WorkOS` may be hidden are kept apart.
const MOST_HIDING: usize = 200;

/// So many are told one by one.
const MOST_TOLD: usize = 100;

/// What was turned away so far.
#[derive(Default)]
pub struct Tally {
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    all: BTreeMap<Turned, usize>,
    listed: BTreeMap<(Turned, IpAddr), TurnedAway>,
    hiding: BTreeMap<(Turned, IpAddr), TurnedAway>,
}

impl Tally {
    /// Counts more of it; whether it is worth a word besides, as it is of `WorkOS`'s addresses and at the beginning.
    pub(super) fn count(&self, away: &TurnedAway, facts: &Facts) -> bool {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.all.entry(away.why).or_default() += away.count;
        let total: usize = counts.all.values().sum();
        let origin = facts.origin(away.source);
        let worth_a_word = origin.is_workos() || total <= MOST_TOLD;
        let kept = match (origin.is_workos(), may_hide(origin, away.source)) {
            (true, _) => &mut counts.listed,
            (_, true) if counts.hiding.len() < MOST_HIDING => &mut counts.hiding,
            _ => return worth_a_word,
        };
        let same = kept.entry((away.why, away.source)).or_insert_with(|| TurnedAway { count: 0, ..away.clone() });
        same.count += away.count;
        worth_a_word
    }

    /// How often each reason was the one.
    pub fn by_reason(&self) -> BTreeMap<Turned, usize> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).all.clone()
    }

    /// What was turned away of addresses that deliveries come from, and then of those behind which they may come.
    pub fn telling(&self) -> Vec<TurnedAway> {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.listed.values().chain(counts.hiding.values()).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_from_many_addresses_never_hides_one_of_workos() {
        let (tally, facts) = (Tally::default(), Facts::embedded());
        let away = |why, source: IpAddr| TurnedAway { why, source, count: 1, path: None };
        for host in 0..2000_u32 {
            tally.count(&away(Turned::NoHandshake, std::net::Ipv4Addr::from(0x0a14_0000 + host).into()), &facts);
            tally.count(&away(Turned::NoHandshake, std::net::Ipv4Addr::from(0x0808_0000 + host).into()), &facts);
        }
        let listed: IpAddr = "3.217.146.166".parse().unwrap();
        tally.count(&TurnedAway { path: Some("/other".to_owned()), ..away(Turned::OtherPath, listed) }, &facts);
        tally.count(&away(Turned::OtherPath, listed), &facts);

        let first = tally.telling().first().cloned().unwrap();
        assert_eq!((first.source, first.count, first.path.as_deref()), (listed, 2, Some("/other")));
        assert_eq!(tally.by_reason()[&Turned::NoHandshake], 4000);
        assert_eq!(tally.telling().len(), MOST_HIDING + 1);
    }
}
