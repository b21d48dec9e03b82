//! What `ipset save` says: which addresses, ports and names a set holds, so that a rule that asks for it matches exactly those.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::firewall::addresses::Family;
use crate::firewall::dialects::entry;
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{Condition, Match, Names, NoteKind, Place, Rules};

/// Every set of the files.
#[derive(Default)]
pub(super) struct Sets<'a> {
    by_name: HashMap<&'a str, Set<'a>>,
    /// Sets that rules add to and take from.
    pub filled: Vec<String>,
    /// How many matches all rules came to so far: a set of many ports in many rules is more than fits anywhere.
    pub matches: Cell<usize>,
}

struct Set<'a> {
    dimensions: Vec<Dimension>,
    /// Nothing, for ports and for lists of sets.
    family: Option<Family>,
    netmask: Option<&'a str>,
    /// Whether entries that say nothing else run out.
    runs_out: bool,
    entries: Vec<Held<'a>>,
    /// Why it is not known what it holds.
    unknown: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Dimension {
    Address,
    Port,
    Interface,
    /// A MAC address or a mark, which nobody asks about.
    Other,
    List,
}

struct Held<'a> {
    parts: &'a str,
    nomatch: bool,
    runs_out: bool,
}

/// Which end of a packet a dimension of a set is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum End {
    Source,
    Destination,
}

/// What a set matches.
#[derive(Clone, Default)]
pub(super) struct Members {
    /// For certain.
    pub known: Vec<Match>,
    /// Under conditions that stand in it.
    pub perhaps: Vec<Match>,
}

/// Lists hold sets, and no lists.
const DEEPEST: usize = 2;

impl<'a> Sets<'a> {
    /// Takes in a line. Places name sets, and what is odd is noted.
    pub(super) fn line(&mut self, line: &'a str, place: &Place, rules: &mut Rules) {
        let mut words = line.split_whitespace();
        let command = words.next().unwrap_or_default();
        let Some(name) = words.next() else { return };
        match command {
            "create" => {
                let kind = words.next().unwrap_or_default();
                let options: Vec<&str> = words.collect();
                let set = created(kind, &options);
                if set.unknown {
                    rules.note(
                        NoteKind::NotUnderstood,
                        place,
                        format!("what the set `{name}` holds is not understood"),
                    );
                }
                self.by_name.insert(name, set);
            }
            "add" => {
                let Some(parts) = words.next() else { return };
                let options: Vec<&str> = words.collect();
                let Some(set) = self.by_name.get_mut(name) else {
                    rules.note(NoteKind::Undefined, place, format!("the set `{name}` is not created before this line"));
                    return;
                };
                let timeout = options.iter().position(|word| *word == "timeout").and_then(|at| options.get(at + 1));
                let runs_out = timeout.map_or(set.runs_out, |seconds| *seconds != "0");
                let nomatch = options.contains(&"nomatch");
                for (dimension, part) in set.dimensions.iter().zip(parts.split(',')) {
                    let odd = match dimension {
                        Dimension::Address => entry::entry(part).map_or_else(Some, |entry| entry.oddity),
                        _ => None,
                    };
                    if let Some(odd) = odd {
                        odd.note(rules, place);
                    }
                }
                set.entries.push(Held { parts, nomatch, runs_out });
            }
            _ => {
                if let Some(set) = self.by_name.get_mut(name) {
                    set.unknown = true;
                }
                let why = format!("what the set `{name}` holds is not known behind this line");
                rules.note(NoteKind::NotUnderstood, place, why);
            }
        }
    }

    /// Whether there is a set of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// Whether there is none at all.
    pub(super) fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// What a set matches, its dimensions being about these ends of a packet of this family.
    pub(super) fn members(&self, name: &str, ends: &[End], family: Family) -> Members {
        self.within(name, ends, family, 0)
    }

    fn within(&self, name: &str, ends: &[End], family: Family, depth: usize) -> Members {
        let open = |what: String| Members { known: Vec::new(), perhaps: vec![Match::any().on(Condition::holds(what))] };
        if self.filled.iter().any(|filled| filled == name) {
            return open(format!("the set `{name}`, which rules fill, holds {}", asked(ends)));
        }
        let Some(set) = self.by_name.get(name).filter(|set| !set.unknown) else {
            return open(format!("the set `{name}` holds {}", asked(ends)));
        };
        if set.dimensions == [Dimension::List] {
            let mut all = Members::default();
            for held in set.entries.iter().filter(|_| depth < DEEPEST) {
                let more = self.within(held.parts, ends, family, depth + 1);
                all.known.extend(more.known);
                all.perhaps.extend(more.perhaps);
            }
            return all;
        }
        // The kernel never finds anything in a set of another family, nor in one that has more dimensions than are asked for.
        if set.family.is_some_and(|its| its != family) || set.dimensions.len() > ends.len() {
            return Members::default();
        }
        set.members(name, ends, family)
    }
}

fn created<'a>(kind: &str, options: &[&'a str]) -> Set<'a> {
    let value = |name: &str| options.iter().position(|word| *word == name).and_then(|at| options.get(at + 1)).copied();
    let dimension = |word: &str| match word {
        "ip" | "net" => Dimension::Address,
        "port" => Dimension::Port,
        "iface" => Dimension::Interface,
        "set" => Dimension::List,
        _ => Dimension::Other,
    };
    let (method, words) = kind.split_once(':').unwrap_or((kind, ""));
    let dimensions: Vec<Dimension> = words.split(',').map(dimension).collect();
    let family = match value("family") {
        Some("inet6") => Family::V6,
        _ => Family::V4,
    };
    let known = ["hash", "bitmap", "list"].contains(&method) && value("bitmask").is_none();
    Set {
        family: dimensions.contains(&Dimension::Address).then_some(family),
        dimensions,
        netmask: value("netmask"),
        runs_out: value("timeout").is_some_and(|seconds| seconds != "0"),
        entries: Vec::new(),
        unknown: !known,
    }
}

/// The other dimensions of an entry, by which addresses are gathered.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Rest {
    protocol: Ranges,
    ports: Vec<Ranges>,
    addresses: Vec<Ranges>,
    interfaces: Vec<Arc<str>>,
    conditions: Vec<Condition>,
    runs_out: bool,
}

impl Set<'_> {
    fn members(&self, name: &str, ends: &[End], family: Family) -> Members {
        let mut groups: BTreeMap<Rest, Vec<(u128, Ranges, bool)>> = BTreeMap::new();
        for held in &self.entries {
            let (first, rest) = self.taken_apart(name, held);
            let breadth = first.count();
            groups.entry(rest).or_default().push((breadth, first, held.nomatch));
        }
        let mut all = Members::default();
        for (rest, addresses) in groups {
            let Some(first) = narrowest_decides(addresses) else {
                all.perhaps.push(Match::any().on(Condition::holds(format!("the set `{name}` holds {}", asked(ends)))));
                continue;
            };
            let matched = self.placed(&first, &rest, ends, family);
            if rest.conditions.is_empty() && !rest.runs_out {
                all.known.push(matched);
            } else {
                all.perhaps.push(matched);
            }
        }
        all
    }

    /// The first address of an entry, everything where there is none, and the rest.
    fn taken_apart(&self, name: &str, held: &Held) -> (Ranges, Rest) {
        let mut rest = Rest {
            protocol: Ranges::all(),
            ports: Vec::new(),
            addresses: Vec::new(),
            interfaces: Vec::new(),
            conditions: Vec::new(),
            runs_out: held.runs_out,
        };
        if held.runs_out {
            rest.conditions.push(Condition::holds(format!("entries of the set `{name}` that run out still stand")));
        }
        let odd = |part: &str| Condition::holds(format!("`{part}` in the set `{name}` fits the packet"));
        let mut first = None;
        let mut parts = held.parts.split(',');
        for dimension in &self.dimensions {
            let Some(part) = parts.next() else { continue };
            match dimension {
                Dimension::Address => {
                    let masked = match self.netmask {
                        Some(mask) if !part.contains(['/', '-']) => entry::entry(&format!("{part}/{mask}")),
                        _ => entry::entry(part),
                    };
                    let set = masked.map_or_else(
                        |_| {
                            rest.conditions.push(odd(part));
                            Ranges::all()
                        },
                        |entry| entry.ranges,
                    );
                    if first.is_none() { first = Some(set) } else { rest.addresses.push(set) }
                }
                Dimension::Port => match ports(part) {
                    Some((protocol, numbers)) => {
                        // A set of ports alone knows no protocol.
                        let alone = self.dimensions.len() == 1;
                        rest.protocol = if alone { Ranges::of(WITH_PORTS) } else { protocol };
                        rest.ports.push(numbers);
                    }
                    None => rest.conditions.push(odd(part)),
                },
                Dimension::Interface => match part.strip_prefix("physdev:") {
                    Some(_) => rest.conditions.push(odd(part)),
                    None => rest.interfaces.push(part.into()),
                },
                Dimension::Other | Dimension::List => rest.conditions.push(odd(part)),
            }
        }
        (first.unwrap_or_else(Ranges::all), rest)
    }

    fn placed(&self, first: &Ranges, rest: &Rest, ends: &[End], family: Family) -> Match {
        let mut matched = Match { protocol: rest.protocol.clone(), ..Match::any() };
        matched.conditions.clone_from(&rest.conditions);
        let (mut addresses, mut ports) = (std::iter::once(first).chain(&rest.addresses), rest.ports.iter());
        let mut interfaces = rest.interfaces.iter();
        for (dimension, end) in self.dimensions.iter().zip(ends) {
            match (dimension, end) {
                (Dimension::Address, End::Source) => {
                    matched.source = matched.source.and(&within(addresses.next(), family));
                }
                (Dimension::Address, End::Destination) => {
                    matched.destination = matched.destination.and(&within(addresses.next(), family));
                }
                (Dimension::Port, End::Source) => {
                    matched.source_port = ports.next().cloned().unwrap_or_else(Ranges::all);
                }
                (Dimension::Port, End::Destination) => matched.port = ports.next().cloned().unwrap_or_else(Ranges::all),
                (Dimension::Interface, End::Source) => matched.from = Names::one_of(interfaces.next().cloned()),
                (Dimension::Interface, End::Destination) => matched.to = Names::one_of(interfaces.next().cloned()),
                (Dimension::Other | Dimension::List, _) => {}
            }
        }
        matched
    }
}

/// Of networks that hold an address the narrowest decides, be it an exception or not. Nothing, where they are of more breadths than
/// networks can have.
fn narrowest_decides(addresses: Vec<(u128, Ranges, bool)>) -> Option<Ranges> {
    if addresses.iter().all(|(_, _, nomatch)| !nomatch) {
        return Some(Ranges::any_of(addresses.iter().map(|(_, set, _)| set)));
    }
    let mut by_breadth: BTreeMap<std::cmp::Reverse<u128>, [Vec<Ranges>; 2]> = BTreeMap::new();
    for (breadth, set, nomatch) in addresses {
        by_breadth.entry(std::cmp::Reverse(breadth)).or_default()[usize::from(nomatch)].push(set);
    }
    (by_breadth.len() <= MOST_BREADTHS).then(|| {
        by_breadth.values().fold(Ranges::none(), |sum, [held, excepted]| {
            sum.or(&Ranges::any_of(held)).minus(&Ranges::any_of(excepted))
        })
    })
}

const MOST_BREADTHS: usize = 160;

fn within(set: Option<&Ranges>, family: Family) -> Ranges {
    set.map_or_else(|| family.all(), |set| set.and(&family.all()))
}

/// Protocols whose ports a set of ports holds: TCP, UDP, SCTP and UDP-Lite.
const WITH_PORTS: [(u128, u128); 4] = [(6, 6), (17, 17), (132, 132), (136, 136)];

/// `443`, `tcp:443`, `udp:53-54`; of ICMP nothing is asked, and its types are no ports.
fn ports(text: &str) -> Option<(Ranges, Ranges)> {
    let (protocol, port) = text.split_once(':').unwrap_or(("tcp", text));
    let protocol = entry::protocol(protocol)?;
    Some((Ranges::one(protocol), entry::ports(port).ok()?))
}

fn asked(ends: &[End]) -> String {
    let one = |end: &End| if *end == End::Source { "source" } else { "destination" };
    format!("the packet's {}", ends.iter().map(one).collect::<Vec<_>>().join(" and "))
}

/// What none of these matches: nothing, where that would take too many pieces to say.
pub(super) fn none_of(boxes: &[Match], family: Family) -> Option<Vec<Match>> {
    let mut left = vec![Match::any()];
    for one in boxes {
        if !one.conditions.is_empty() {
            return None;
        }
        let mut next = Vec::with_capacity(left.len() + 4);
        for piece in left {
            if piece.and(one).is_none() {
                next.push(piece);
            } else {
                next.extend(without(&piece, one, family));
            }
        }
        if next.len() > MOST_PIECES {
            return None;
        }
        left = next;
    }
    Some(left)
}

/// A set that is negated is taken apart into as many pieces at most.
const MOST_PIECES: usize = 600;

/// A piece less a box, as pieces that do not overlap.
fn without(piece: &Match, hole: &Match, family: Family) -> Vec<Match> {
    type Field = (fn(&Match) -> &Ranges, fn(&mut Match) -> &mut Ranges);
    const FIELDS: [Field; 5] = [
        (|it| &it.protocol, |it| &mut it.protocol),
        (|it| &it.port, |it| &mut it.port),
        (|it| &it.source_port, |it| &mut it.source_port),
        (|it| &it.source, |it| &mut it.source),
        (|it| &it.destination, |it| &mut it.destination),
    ];
    let mut pieces = Vec::new();
    let mut inside = piece.clone();
    for (nth, (of, of_mut)) in FIELDS.iter().enumerate() {
        let hole = of(hole);
        if hole.is_all() {
            continue;
        }
        let all = if nth < 3 { Ranges::all() } else { family.all() };
        let outside = of(&inside).and(&all).minus(hole);
        if !outside.is_empty() {
            let mut piece = inside.clone();
            *of_mut(&mut piece) = outside;
            pieces.push(piece);
        }
        *of_mut(&mut inside) = of(&inside).and(hole);
    }
    for (names, put) in [(&hole.from, true), (&hole.to, false)] {
        for test in names.tests() {
            let other = Names::none_of(test.any_of.iter().cloned());
            let mut piece = inside.clone();
            if put {
                piece.from = piece.from.and(&other);
            } else {
                piece.to = piece.to.and(&other);
            }
            pieces.push(piece);
        }
    }
    pieces
}
