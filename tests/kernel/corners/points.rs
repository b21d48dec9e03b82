//! Which connections are made, and making them.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use workos_preflight::firewall::addresses::{Family, address, number};
use workos_preflight::firewall::compare::{Effect, Named, Row};
use workos_preflight::firewall::evaluate::{TCP, UDP};
use workos_preflight::firewall::ranges::Ranges;
use workos_preflight::firewall::rules::{Rules, Way};

use crate::agree::{boundaries, is_tried};
use crate::chance::Chance;
use crate::net::{INNER, Net, OUTER, SERVER};
use crate::probe::{self, Try};

/// The ports that are tried, each served: what rules ask for begins and ends among them.
const FIRST_PORT: u16 = 440;
const LAST_PORT: u16 = 451;
/// Those that are not served already.
pub(super) const MORE_PORTS: [u16; 11] = [440, 441, 442, 444, 445, 446, 447, 448, 449, 450, 451];

/// More corners than that are not tried of one pair, and not more other boundaries than that.
const MOST_CORNERS: usize = 2400;
const MOST_OTHERS: usize = 1000;

/// How many connections are made at once.
const AT_ONCE: usize = 700;

/// A way by which connections are made.
#[derive(Debug)]
struct Kind {
    way: Way,
    /// By which interface of the firewall they come in, and go out.
    from: Option<&'static str>,
    to: Option<&'static str>,
    /// The end that is not the peer, in both families.
    here: [&'static str; 2],
    peer_is_source: bool,
    /// Whether there is somebody at the other end who answers datagrams.
    udp: bool,
}

#[rustfmt::skip]
static KINDS: [Kind; 5] = [
    Kind { way: Way::In, from: Some("eth0"), to: None, here: OUTER, peer_is_source: true, udp: true },
    Kind { way: Way::In, from: Some("eth1"), to: None, here: INNER, peer_is_source: true, udp: true },
    Kind { way: Way::Out, from: None, to: Some("eth0"), here: OUTER, peer_is_source: false, udp: false },
    Kind { way: Way::Through, from: Some("eth0"), to: Some("eth1"), here: SERVER, peer_is_source: true, udp: true },
    Kind { way: Way::Through, from: Some("eth1"), to: Some("eth0"), here: SERVER, peer_is_source: false, udp: false },
];

/// A connection that is made under both sets of rules.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Point {
    kind: usize,
    peer: IpAddr,
    port: u16,
    udp: bool,
}

impl Point {
    fn of(self) -> &'static Kind {
        &KINDS[self.kind]
    }

    fn ends(self) -> (IpAddr, IpAddr) {
        let here = self.of().here[usize::from(self.peer.is_ipv6())].parse().unwrap();
        if self.of().peer_is_source { (self.peer, here) } else { (here, self.peer) }
    }

    fn connection(self) -> Try {
        let (source, destination) = self.ends();
        Try { source, destination: SocketAddr::new(destination, self.port), udp: self.udp }
    }

    /// Whether a row speaks of it.
    pub(super) fn is_in(self, row: &Row) -> bool {
        let (kind, (source, destination)) = (self.of(), self.ends());
        let named = |names: &Named, name: Option<&str>| {
            name.is_none_or(|name| names.names.iter().any(|one| one == name) != names.but)
        };
        row.way == kind.way
            && named(&row.from, kind.from)
            && named(&row.to, kind.to)
            && row.source.contains(number(source))
            && row.destination.contains(number(destination))
            && row.protocol.contains(if self.udp { UDP } else { TCP })
            && row.port.contains(self.port)
    }

    /// Whether that came of it which is said, before and after.
    pub(super) fn is_right(self, rows: &[Row], [before, after]: [bool; 2]) -> bool {
        match self.row(rows).map(|row| row.effect) {
            None => before == after,
            Some(Effect::Opens) => !before && after,
            Some(Effect::Closes) => before && !after,
            // It may stay as it was.
            Some(Effect::MayOpen) => !before || after,
            Some(Effect::MayClose) => before || !after,
            Some(Effect::MayEither) => true,
        }
    }

    pub(super) fn row(self, rows: &[Row]) -> Option<&Row> {
        rows.iter().find(|row| self.is_in(row))
    }
}

/// The first and the last of every interval, and their neighbours outside.
fn corners(set: &Ranges) -> impl Iterator<Item = u128> {
    let all = set.intervals().iter();
    all.flat_map(|(first, last)| [first.saturating_sub(1), *first, *last, last.saturating_add(1)])
}

/// The corners of these sets of ports that are served, and some besides.
fn served<'a>(sets: impl IntoIterator<Item = &'a Ranges>) -> Vec<u16> {
    let ports = sets.into_iter().flat_map(corners).chain([FIRST_PORT, 443, LAST_PORT].map(u128::from));
    let ports = ports.filter_map(|port| u16::try_from(port).ok());
    let ports: BTreeSet<u16> = ports.filter(|port| (FIRST_PORT..=LAST_PORT).contains(port)).collect();
    ports.into_iter().collect()
}

/// The corners of every row, by every kind of its way: also by those that it says nothing of.
pub(super) fn corners_of(rows: &[Row], families: &[Family]) -> BTreeSet<Point> {
    let mut points = BTreeSet::new();
    for row in rows {
        let ports = served([&row.port]);
        for (nth, kind) in KINDS.iter().enumerate().filter(|(_, kind)| kind.way == row.way) {
            let peers = if kind.peer_is_source { &row.source } else { &row.destination };
            // Of what has no corner in reach, something within.
            let within = ["99.9.9.9", "2c0f::9"].map(|peer| number(peer.parse().unwrap()));
            for peer in corners(peers).chain(within).map(address) {
                for port in ports.iter().copied() {
                    points.extend([false, kind.udp].map(|udp| Point { kind: nth, peer, port, udp }));
                }
            }
        }
    }
    points.retain(|point| is_tried(point.peer) && families.contains(&Family::of(point.peer)));
    points
}

/// What is tried: the corners of every row, and all boundaries that both sets of rules draw, also where no row is.
pub(super) fn points(rows: &[Row], rules: [&Rules; 2], families: &[Family]) -> Vec<Point> {
    let corners = corners_of(rows, families);
    let mut others = BTreeSet::new();
    let matches =
        rules.iter().flat_map(|rules| &rules.chains).flat_map(|chain| &chain.rules).flat_map(|rule| &rule.when);
    let ports: Vec<u16> = served(matches.map(|when| &when.port));
    for family in families {
        for peer in rules.into_iter().flat_map(|rules| boundaries(rules, *family, &Ranges::none())) {
            for (kind, of) in KINDS.iter().enumerate() {
                for port in ports.iter().copied() {
                    others.extend([false, of.udp].map(|udp| Point { kind, peer, port, udp }));
                }
            }
        }
    }
    others.retain(|point| !corners.contains(point));
    some(corners, MOST_CORNERS).chain(some(others, MOST_OTHERS)).collect()
}

/// Some of all kinds, where there are more than that.
fn some(points: BTreeSet<Point>, most: usize) -> impl Iterator<Item = Point> {
    let mut chance = Chance::of(1, "points");
    let mut shuffled: Vec<(u64, Point)> = points.into_iter().map(|point| (chance.next(), point)).collect();
    shuffled.sort_unstable();
    shuffled.into_iter().map(|(_, point)| point).take(most)
}

/// Whether a byte came back, for every point.
pub(super) fn kernel(net: &Net, points: &[Point], patience: Duration) -> Result<Vec<bool>, String> {
    let some = points.chunks(AT_ONCE).map(|points| at_once(net, points, patience));
    Ok(some.collect::<Result<Vec<_>, _>>()?.concat())
}

fn at_once(net: &Net, points: &[Point], patience: Duration) -> Result<Vec<bool>, String> {
    let of = |from: Option<&str>| -> Vec<(usize, Try)> {
        let here = points.iter().enumerate().filter(|(_, point)| point.of().from == from);
        here.map(|(nth, point)| (nth, point.connection())).collect()
    };
    let (outer, inner, own) = (of(Some("eth0")), of(Some("eth1")), of(None));
    let tries = |of: &[(usize, Try)]| of.iter().map(|(_, one)| *one).collect::<Vec<_>>();
    let (from_outside, from_behind) = (tries(&outer), tries(&inner));
    let outside = net.outside.begin(move || probe::all(&from_outside, patience));
    let behind = net.behind.begin(move || probe::all(&from_behind, patience));
    let own_answers = probe::all(&tries(&own), patience);
    let mut came_back = vec![false; points.len()];
    for (asked, answers) in [(outer, outside()), (inner, behind()), (own, own_answers)] {
        for ((nth, _), answer) in asked.into_iter().zip(answers?) {
            came_back[nth] = answer;
        }
    }
    Ok(came_back)
}
