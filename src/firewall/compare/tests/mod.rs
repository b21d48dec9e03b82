//! Comparisons held against what a person finds who tries every packet.

mod established;
mod generated;
mod invariants;
mod verdicts;
mod whatever;

use super::*;
use crate::firewall::fixture::naive::{self, Packet};
use crate::firewall::fixture::random::{self, CONDITIONS, Chance, HOSTS, INTERFACES, PIECES, PROTOCOLS, World};
use crate::firewall::rules::{Match, Names, Place, Replies, States};

/// Every packet of a world that begins a connection, one for each piece and name.
fn packets(world: &World) -> Vec<Packet<'static>> {
    let pieces = |nth: usize| if world.narrows[nth] { 0..PIECES } else { 5..6 };
    let some = |nth: usize, all: usize| if world.narrows[nth] { 0..all } else { all - 1..all };
    let mut packets = vec![Packet {
        from: "",
        to: "",
        host: "",
        source: 0,
        destination: 0,
        protocol: 0,
        source_port: 0,
        port: 0,
        state: States::NEW,
        flags: None,
    }];
    let mut each = |count: std::ops::Range<usize>, put: &dyn Fn(&mut Packet<'static>, usize)| {
        packets = packets
            .iter()
            .flat_map(|packet| {
                count.clone().map(|nth| {
                    let mut packet = *packet;
                    put(&mut packet, nth);
                    packet
                })
            })
            .collect();
    };
    each(pieces(0), &|packet, nth| packet.source = world.addresses(nth).1);
    each(pieces(1), &|packet, nth| packet.destination = world.addresses(nth).1);
    each(pieces(2), &|packet, nth| packet.port = World::ports(nth).1);
    each(pieces(3), &|packet, nth| packet.source_port = World::ports(nth).1);
    // Some rules test flags, so that TCP is always apart.
    each(0..PROTOCOLS.len(), &|packet, nth| {
        packet.protocol = PROTOCOLS[nth];
        packet.flags = (packet.protocol == 6).then_some(0x02);
    });
    each(some(5, INTERFACES.len()), &|packet, nth| packet.from = INTERFACES[nth]);
    each(some(6, INTERFACES.len()), &|packet, nth| packet.to = INTERFACES[nth]);
    each(some(7, HOSTS.len()), &|packet, nth| packet.host = HOSTS[nth]);
    packets
}

/// Whether a row holds a packet.
fn holds(row: &Row, packet: &Packet, mentioned: &[BTreeSet<String>; 3]) -> bool {
    let named = |named: &Named, mentioned: &BTreeSet<String>, name: &str, beginning: &str, ending: &str| {
        let label = if mentioned.contains(name) {
            name.to_owned()
        } else if !beginning.is_empty() && mentioned.contains("eth+") && name.starts_with(beginning) {
            format!("any other {beginning}*")
        } else if !ending.is_empty() && mentioned.contains(ending) && name.ends_with(&format!(".{ending}")) {
            format!("any other *.{ending}")
        } else {
            "any other".to_owned()
        };
        named.names.contains(&label) != named.but
    };
    row.source.contains(packet.source)
        && row.destination.contains(packet.destination)
        && row.protocol.contains(packet.protocol)
        && row.source_port.contains(packet.source_port)
        && row.port.contains(packet.port)
        && named(&row.from, &mentioned[0], packet.from, "eth", "")
        && named(&row.to, &mentioned[1], packet.to, "eth", "")
        && named(&row.host, &mentioned[2], packet.host, "", "workos.com")
}

/// Names as they are mentioned on either side, of every kind.
fn mentioned(sides: [&Rules; 2]) -> [BTreeSet<String>; 3] {
    let matches =
        || sides.into_iter().flat_map(|rules| &rules.chains).flat_map(|chain| &chain.rules).flat_map(|rule| &rule.when);
    let of: [fn(&Match) -> &Names; 3] = [|when| &when.from, |when| &when.to, |when| &when.host];
    of.map(|names| {
        let tests = matches().flat_map(|when| names(when).tests());
        let mut all = BTreeSet::new();
        for pattern in tests.flat_map(|test| &test.any_of) {
            all.insert(pattern.to_string());
            all.insert(pattern.trim_start_matches("*.").trim_start_matches('.').to_owned());
        }
        all
    })
}

/// What a packet's answer changes to, asked rule by rule under every valuation, and the conditions that bear on it.
fn change(sides: [&Rules; 2], packet: &Packet, conditions: usize) -> (Option<Effect>, Vec<String>) {
    let under = |valuation: usize| {
        let holds = |what: &str| {
            let nth = CONDITIONS.iter().position(|known| *known == what).unwrap();
            valuation & (1 << nth) != 0
        };
        sides.map(|rules| naive::passes(rules, Way::In, packet, &holds).0)
    };
    let changes: Vec<[bool; 2]> = (0..1_usize << conditions).map(under).collect();
    let is = |change: [bool; 2]| changes.contains(&change);
    let effect = match (is([false, true]), is([true, false]), is([true, true]) || is([false, false])) {
        (true, true, _) => Some(Effect::MayEither),
        (true, false, false) => Some(Effect::Opens),
        (true, false, true) => Some(Effect::MayOpen),
        (false, true, false) => Some(Effect::Closes),
        (false, true, true) => Some(Effect::MayClose),
        (false, false, _) => return (None, Vec::new()),
    };
    let differs = |[before, after]: [bool; 2]| i8::from(after) - i8::from(before);
    let bears = |nth: &usize| {
        (0..changes.len()).any(|valuation| differs(changes[valuation]) != differs(changes[valuation ^ (1 << nth)]))
    };
    let mut bearing: Vec<String> = (0..conditions).filter(bears).map(|nth| CONDITIONS[nth].to_owned()).collect();
    bearing.sort();
    (effect, bearing)
}

fn pair(seed: u64) -> (World, Rules, Rules) {
    let mut chance = Chance::of(seed);
    let world = World::by_chance(&mut chance);
    let before = random::rules(&mut chance, &world);
    let after = if chance.often(50) {
        random::edited(&mut chance, &world, &before)
    } else {
        random::rules(&mut chance, &world)
    };
    (world, before, after)
}

fn compared(before: &Rules, after: &Rules) -> Comparison {
    compare(before, after, &[], Budget::default())
}

/// The first packet of which the comparison says something else than the rules do.
fn mismatch(seed: u64, altered: &dyn Fn(&mut Comparison)) -> Option<String> {
    let (world, before, after) = pair(seed);
    let wrong = mismatch_of(&world, [&before, &after], packets(&world).into_iter(), altered);
    wrong.map(|wrong| format!("{seed}: {wrong}"))
}

fn mismatch_of(
    world: &World,
    [before, after]: [&Rules; 2],
    packets: impl Iterator<Item = Packet<'static>>,
    altered: &dyn Fn(&mut Comparison),
) -> Option<String> {
    let mut comparison = compared(before, after);
    altered(&mut comparison);
    let mentioned = mentioned([before, after]);
    assert!(comparison.complete && comparison.unjudged.is_empty(), "{comparison:?}");
    for packet in packets {
        let rows: Vec<&Row> = comparison.rows.iter().filter(|row| holds(row, &packet, &mentioned)).collect();
        let (expected, bearing) = change([before, after], &packet, world.conditions);
        let said = rows.first().map(|row| row.effect);
        if said != expected || rows.len() > 1 || rows.first().is_some_and(|row| row.conditions != bearing) {
            return Some(format!("{packet:?} {expected:?}, and the rows say {rows:#?}\n{before:#?}\n{after:#?}"));
        }
        let (Some(row), Some(Effect::Opens | Effect::Closes)) = (rows.first(), expected) else { continue };
        if before.layers.len() == 1 && after.layers.len() == 1 && world.conditions == 0 {
            for (rules, deciders) in [(before, &row.before), (after, &row.after)] {
                let by = naive::passes(rules, Way::In, &packet, &|_| false).1;
                let told = deciders.first.iter().any(|decider| decider.place.as_ref() == Some(&by));
                if !told && !deciders.more {
                    return Some(format!("{packet:?} is decided by {by:?}, and not by {deciders:#?}"));
                }
            }
        }
    }
    None
}

#[test]
fn the_rows_are_the_difference_packet_by_packet_under_every_valuation() {
    for seed in 0..2500 {
        assert_eq!(mismatch(seed, &|_| ()), None);
    }
}

#[test]
fn a_comparison_that_is_wrong_somewhere_is_caught() {
    let rowless = |comparison: &mut Comparison| drop(comparison.rows.pop());
    let turned = |comparison: &mut Comparison| {
        for row in &mut comparison.rows {
            row.effect = if row.effect == Effect::Opens { Effect::MayOpen } else { Effect::Opens };
        }
    };
    let wider = |comparison: &mut Comparison| {
        for row in &mut comparison.rows {
            (row.source, row.port, row.protocol) = (Ranges::all(), Ranges::all(), Ranges::all());
        }
    };
    let nobody = |comparison: &mut Comparison| {
        for row in &mut comparison.rows {
            row.before = Deciders::default();
        }
    };

    for wrong in [&rowless as &dyn Fn(&mut Comparison), &turned, &wider, &nobody] {
        assert!((0..100).any(|seed| mismatch(seed, wrong).is_some()));
    }
}
