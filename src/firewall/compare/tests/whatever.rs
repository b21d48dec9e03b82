//! The same properties over rules of any seed.

use proptest::prelude::*;

use super::*;
use crate::firewall::fixture::random;

proptest! {
    #[test]
    fn whatever_two_rule_sets_are_a_packet_lies_in_the_row_of_its_change(seed: u64) {
        let (world, before, after) = pair(seed);
        let mut chance = Chance::of(seed);
        let few: Vec<Packet> = (0..6).map(|_| a_packet(&mut chance, &world)).collect();
        prop_assert_eq!(mismatch_of(&world, [&before, &after], few.into_iter(), &|_| ()), None);
    }

    #[test]
    fn whatever_the_budget_is_a_row_that_is_found_is_right(seed: u64, steps in 0_u64..400) {
        let (world, before, after) = pair(seed);
        let comparison = compare(&before, &after, &[], Budget { steps, ..Budget::default() });
        let whole = compared(&before, &after);
        if comparison.complete {
            prop_assert_eq!(comparison.rows, whole.rows);
        } else {
            prop_assert!(!matches!(comparison.verdict, Verdict::Nothing | Verdict::Exactly));
            let mentioned = mentioned([&before, &after]);
            let mut chance = Chance::of(seed);
            for packet in (0..6).map(|_| a_packet(&mut chance, &world)) {
                let row = comparison.rows.iter().find(|row| holds(row, &packet, &mentioned));
                let expected = change([&before, &after], &packet, world.conditions).0;
                prop_assert!(row.is_none_or(|row| Some(row.effect) == expected), "{packet:?}");
            }
        }
    }

    #[test]
    fn whatever_is_compared_with_itself_is_the_same(seed: u64) {
        let mut chance = Chance::of(seed);
        let world = World::by_chance(&mut chance);
        let rules = random::rules(&mut chance, &world);
        prop_assert_eq!(compared(&rules, &rules).verdict, Verdict::Nothing);
    }
}

/// A packet of a world, by chance.
fn a_packet(chance: &mut Chance, world: &World) -> Packet<'static> {
    let protocol = PROTOCOLS[chance.below(PROTOCOLS.len())];
    Packet {
        from: INTERFACES[chance.below(INTERFACES.len())],
        to: INTERFACES[chance.below(INTERFACES.len())],
        host: HOSTS[chance.below(HOSTS.len())],
        source: world.addresses(chance.below(PIECES)).1,
        destination: world.addresses(chance.below(PIECES)).1,
        protocol,
        source_port: World::ports(chance.below(PIECES)).1,
        port: World::ports(chance.below(PIECES)).1,
        state: States::NEW,
        flags: (protocol == 6).then_some(0x02),
    }
}
