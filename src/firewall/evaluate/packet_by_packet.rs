//! Answers held against what a person finds who tries every packet of a connection, under everything that the files leave open.

use proptest::prelude::*;

use super::*;
use crate::firewall::fixture::naive::{self, Packet};
use crate::firewall::fixture::random::{self, CONDITIONS, Chance, HOSTS, INTERFACES, PIECES, World};
use crate::firewall::rules::{ChainId, Replies};

/// A question about a small world, and what is not known in it.
struct Asked {
    world: World,
    rules: Rules,
    question: Question<'static>,
    /// The pieces of the line in which the installation's addresses lie.
    here: Vec<usize>,
}

impl Asked {
    fn by_chance(seed: u64) -> Self {
        let mut chance = Chance::of(seed);
        let mut world = World::by_chance(&mut chance);
        // Peers and the installation have addresses; names and ports are narrowed as it comes.
        world.narrows[0] |= chance.often(70);
        world.narrows[1] &= chance.often(70);
        let mut rules = random::rules(&mut chance, &world);
        rules.layers.truncate(1);
        if chance.often(70) {
            let mut out = rules.layers[0].clone();
            (out.way, out.chain, out.name) = (Way::Out, ChainId(1), "out".to_owned());
            rules.layers.push(out);
        }
        let first = chance.below(PIECES);
        let here = if chance.often(70) { vec![first, (first + 3) % PIECES] } else { (0..PIECES).collect() };
        let known = here.len() < PIECES;
        let some = |chance: &mut Chance, all: &[&'static str]| -> Option<&'static str> {
            chance.often(70).then(|| all[chance.below(all.len())])
        };
        let set =
            |pieces: &[usize]| Ranges::any_of(&pieces.iter().map(|it| world.addresses(*it).0).collect::<Vec<_>>());
        let question = Question {
            way: *chance.one(&[Way::In, Way::Out]),
            peers: set(&[chance.below(PIECES), chance.below(PIECES), chance.below(PIECES)]),
            peer: *chance.one(&[Peer::Source, Peer::Destination]),
            here: known.then(|| set(&here)),
            protocol: *chance.one(&[TCP, UDP]),
            port: World::ports(chance.below(PIECES)).1,
            from: some(&mut chance, &INTERFACES),
            to: some(&mut chance, &INTERFACES),
            host: some(&mut chance, &HOSTS),
        };
        Asked { world, rules, question, here }
    }

    fn replies(&self) -> Replies {
        self.rules.layers[0].replies
    }

    /// Whether a rule looks at more than one of what is tried for this.
    fn narrows(&self, nth: usize) -> bool {
        self.world.narrows[nth]
    }

    /// The same for interfaces: what comes back comes in where the first went out.
    fn narrows_names(&self) -> bool {
        self.narrows(5) || self.narrows(6)
    }

    /// Whether a connection passes that a peer has a part in, where these names are what nobody said.
    fn passes(&self, peer: u128, names: [&'static str; 4], holds: &dyn Fn(&str) -> bool) -> bool {
        let [from, to, host, back_host] = names;
        let ports = if self.narrows(2) || self.narrows(3) { 0..PIECES } else { 0..1 };
        let asked = &self.question;
        let port = asked.port;
        self.here.iter().all(|here| {
            let here = self.world.addresses(*here).1;
            let (source, destination) = if asked.peer == Peer::Source { (peer, here) } else { (here, peer) };
            ports.clone().all(|piece| {
                let first = Packet {
                    from,
                    to,
                    host,
                    source,
                    destination,
                    protocol: asked.protocol,
                    source_port: World::ports(piece).1,
                    port,
                    state: States::NEW,
                    flags: (asked.protocol == TCP).then_some(SYN),
                };
                let passes = |way, packet: &Packet| naive::passes(&self.rules, way, packet, holds).0;
                let later = Packet { state: States::ESTABLISHED, ..first };
                let back = Packet {
                    from: to,
                    to: from,
                    host: back_host,
                    source: destination,
                    destination: source,
                    source_port: port,
                    port: first.source_port,
                    ..later
                };
                let flagged = |packet: &Packet<'static>, flags: &[u8]| -> Vec<Packet<'static>> {
                    match asked.protocol {
                        TCP => flags.iter().map(|flags| Packet { flags: Some(*flags), ..*packet }).collect(),
                        _ => vec![*packet],
                    }
                };
                if !passes(asked.way, &first) {
                    return false;
                }
                if self.replies() == Replies::Remembered {
                    return true;
                }
                (asked.protocol != TCP
                    || flagged(&later, &[ACK, PSH | ACK]).iter().all(|packet| passes(asked.way, packet)))
                    && flagged(&back, &[SYN | ACK, ACK, PSH | ACK])
                        .iter()
                        .all(|packet| passes(super::back(asked.way), packet))
            })
        })
    }

    /// Under how much of what is open a peer passes: all of it, and any of it.
    fn outcomes(&self, peer: u128) -> (bool, bool) {
        let open = |known: Option<&'static str>, narrows: bool, all: &[&'static str]| -> Vec<&'static str> {
            match known {
                Some(known) => vec![known],
                // What nobody named is not the loopback.
                None if narrows => all.iter().copied().filter(|name| *name != "lo").collect(),
                None => vec![""],
            }
        };
        let asked = &self.question;
        // What comes back goes to the peer, under whatever name.
        let back_hosts = open(None, self.narrows(7), &HOSTS);
        let (mut all, mut any) = (true, false);
        for valuation in 0..1_usize << self.world.conditions {
            let holds = |what: &str| {
                let nth = CONDITIONS.iter().position(|known| *known == what).unwrap();
                valuation & (1 << nth) != 0
            };
            for from in open(asked.from, self.narrows_names(), &INTERFACES) {
                for to in open(asked.to, self.narrows_names(), &INTERFACES) {
                    for host in open(asked.host, self.narrows(7), &HOSTS) {
                        for back in &back_hosts {
                            let passes = self.passes(peer, [from, to, host, back], &holds);
                            (all, any) = (all && passes, any || passes);
                        }
                    }
                }
            }
        }
        (all, any)
    }

    /// Whether everything is known.
    fn certain(&self) -> bool {
        let asked = &self.question;
        self.world.conditions == 0
            && asked.here.is_some()
            && ((asked.from.is_some() && asked.to.is_some()) || !self.narrows_names())
            && !self.narrows(7)
    }
}

/// The first peer of which the answer says something else than the rules do.
fn mismatch(seed: u64, altered: fn(Verdict) -> Verdict) -> Option<String> {
    let asked = Asked::by_chance(seed);
    let parts = ask(&asked.rules, &asked.question);
    let together = Ranges::any_of(parts.iter().map(|part| &part.peers));
    let apart = parts.iter().map(|part| part.peers.count()).sum::<u128>();
    if together != asked.question.peers || apart != together.count() {
        return Some(format!("{seed}: the parts are not the peers: {parts:?}"));
    }
    // Without a layer of the way nothing is known.
    if asked.rules.layers.iter().all(|layer| layer.way != asked.question.way) {
        return parts.iter().find(|part| part.verdict != Verdict::Unsure).map(|part| format!("{seed}: {part:?}"));
    }
    let peers = (0..PIECES).map(|piece| asked.world.addresses(piece).1);
    for peer in peers.filter(|peer| asked.question.peers.contains(*peer)) {
        let part = parts.iter().find(|part| part.peers.contains(peer)).unwrap();
        let outcomes = asked.outcomes(peer);
        let right = match altered(part.verdict) {
            Verdict::Allowed => outcomes == (true, true),
            Verdict::Denied => outcomes == (false, false),
            // What is asked together is judged more coarsely than packet by packet.
            Verdict::Unsure => !asked.certain(),
        };
        if !right {
            return Some(format!("{seed}: {outcomes:?} and not {part:#?}\n{:#?}\n{:#?}", asked.question, asked.rules));
        }
    }
    None
}

#[test]
fn who_is_allowed_passes_whatever_holds_and_who_is_denied_never_and_doubt_comes_from_what_is_open() {
    for seed in 0..2000 {
        assert_eq!(mismatch(seed, |verdict| verdict), None);
    }
}

#[test]
fn an_answer_that_is_wrong_is_caught() {
    let turned = |verdict| match verdict {
        Verdict::Allowed => Verdict::Denied,
        Verdict::Denied => Verdict::Allowed,
        Verdict::Unsure => Verdict::Unsure,
    };
    let bold = |verdict| if verdict == Verdict::Unsure { Verdict::Allowed } else { verdict };
    let shy = |_| Verdict::Unsure;

    for wrong in [turned, bold, shy] {
        assert!((0..200).any(|seed| mismatch(seed, wrong).is_some()));
    }
}

proptest! {
    #[test]
    fn whatever_is_asked_of_whatever_rules_the_answer_is_theirs(seed: u64) {
        prop_assert_eq!(mismatch(seed, |verdict| verdict), None);
    }
}
