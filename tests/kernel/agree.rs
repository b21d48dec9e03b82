//! What is said of rules against what the kernel does with them.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use workos_preflight::firewall::Direction;
use workos_preflight::firewall::addresses::{Family, address, number};
use workos_preflight::firewall::evaluate::{By, Peer, Question, TCP, UDP, Verdict, ask};
use workos_preflight::firewall::ranges::Ranges;
use workos_preflight::firewall::rules::{Rules, Way};

use crate::net::{INNER, Net, OUTER, PATIENCE, SERVER};
use crate::probe::{self, Try};

/// A kind of connection that is asked about for every peer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    way: Way,
    port: u16,
    udp: bool,
    /// By which interface of the firewall it comes in, and goes out.
    from: Option<&'static str>,
    to: Option<&'static str>,
}

const fn kind(way: Way, port: u16, udp: bool, from: Option<&'static str>, to: Option<&'static str>) -> Kind {
    Kind { way, port, udp, from, to }
}

/// Every kind that rules are asked about.
pub(crate) const KINDS: [Kind; 8] = [
    kind(Way::In, 443, false, Some("eth0"), None),
    kind(Way::In, 80, false, Some("eth0"), None),
    kind(Way::In, 443, true, Some("eth0"), None),
    kind(Way::In, 443, false, Some("eth1"), None),
    kind(Way::Out, 443, false, None, Some("eth0")),
    kind(Way::Out, 843, false, None, Some("eth0")),
    kind(Way::Through, 443, false, Some("eth0"), Some("eth1")),
    kind(Way::Through, 80, false, Some("eth0"), Some("eth1")),
];

impl Kind {
    /// The end of the connection that is not the peer.
    fn here(self, family: Family) -> IpAddr {
        let of = match (self.way, self.from) {
            (Way::Through, _) => SERVER,
            (Way::In, Some("eth1")) => INNER,
            _ => OUTER,
        };
        of[usize::from(family == Family::V6)].parse().unwrap()
    }

    fn question(self, family: Family, peers: Ranges) -> Question<'static> {
        Question {
            way: self.way,
            peers,
            peer: if self.way == Way::Out { Peer::Destination } else { Peer::Source },
            here: Some(Ranges::one(number(self.here(family)))),
            protocol: if self.udp { UDP } else { TCP },
            port: self.port,
            from: self.from,
            to: self.to,
            host: None,
        }
    }

    fn connection(self, family: Family, peer: IpAddr) -> Try {
        let here = self.here(family);
        let (source, destination) = if self.way == Way::Out { (here, peer) } else { (peer, here) };
        Try { source, destination: SocketAddr::new(destination, self.port), udp: self.udp }
    }
}

/// What came of the connections: of each kind, for every peer in the order given, whether a byte came back.
pub(crate) struct Answers {
    family: Family,
    peers: Vec<IpAddr>,
    by_kind: Vec<Vec<bool>>,
}

impl Answers {
    /// The connections that came about and should not have, or the other way round, in words.
    pub(crate) fn wrong(&self, passes: impl Fn(Direction, u16, IpAddr) -> bool) -> Vec<String> {
        let mut wrong = Vec::new();
        for (kind, came_back) in
            KINDS.iter().zip(&self.by_kind).filter(|(kind, _)| kind.way != Way::Through && !kind.udp)
        {
            let direction = if kind.way == Way::Out { Direction::Egress } else { Direction::Ingress };
            for (peer, came_back) in self.peers.iter().zip(came_back) {
                if passes(direction, kind.port, *peer) != *came_back {
                    wrong.push(format!("{kind:?} {peer}: came back: {came_back}"));
                }
            }
        }
        wrong
    }
}

/// More peers than that are not tried for one set of rules.
const MOST_PEERS: usize = 48;

/// Both sides of every boundary that these rules draw, and of these besides.
pub(crate) fn boundaries(rules: &Rules, family: Family, besides: &Ranges) -> Vec<IpAddr> {
    let matches = || rules.chains.iter().flat_map(|chain| &chain.rules).flat_map(|rule| &rule.when);
    let sets = matches().flat_map(|when| [&when.source, &when.destination]).chain([besides]);
    let mut points = BTreeSet::new();
    for (first, last) in sets.filter(|set| !set.is_all()).flat_map(Ranges::intervals) {
        points.extend([first.wrapping_sub(1), *first, *last, last.wrapping_add(1)]);
    }
    let usable: Vec<IpAddr> = points
        .into_iter()
        .filter(|point| family.all().contains(*point))
        .map(address)
        .filter(|point| is_tried(*point))
        .collect();
    let every = usable.len().div_ceil(MOST_PEERS).max(1);
    usable.into_iter().step_by(every).collect()
}

/// Whether connections can come from there, and go there.
pub(crate) fn is_tried(peer: IpAddr) -> bool {
    match peer {
        IpAddr::V4(v4) => (1..224).contains(&v4.octets()[0]) && v4.octets()[0] != 127 && v4.octets()[..2] != [198, 18],
        IpAddr::V6(v6) => v6.segments()[0] & 0xe000 == 0x2000,
    }
}

/// Asks the kernel.
pub(crate) fn kernel(net: &Net, family: Family, peers: &[IpAddr]) -> Result<Answers, String> {
    let tries = |wanted: fn(&Kind) -> bool| -> Vec<(usize, Vec<Try>)> {
        let of = |kind: &Kind| peers.iter().map(|peer| kind.connection(family, *peer)).collect();
        KINDS.iter().enumerate().filter(|(_, kind)| wanted(kind)).map(|(nth, kind)| (nth, of(kind))).collect()
    };
    let outer = tries(|kind| kind.way != Way::Out && kind.from == Some("eth0"));
    let inner = tries(|kind| kind.from == Some("eth1"));
    let own = tries(|kind| kind.way == Way::Out);
    let flat = |of: &[(usize, Vec<Try>)]| of.iter().flat_map(|(_, tries)| tries.iter().copied()).collect::<Vec<_>>();
    let (from_outside, from_behind) = (flat(&outer), flat(&inner));
    let outside = net.outside.begin(move || probe::all(&from_outside, PATIENCE));
    let behind = net.behind.begin(move || probe::all(&from_behind, PATIENCE));
    let own_answers = probe::all(&flat(&own), PATIENCE)?;
    let mut by_kind = vec![Vec::new(); KINDS.len()];
    for (asked, answers) in [(outer, outside()?), (inner, behind()?), (own, own_answers)] {
        let mut answers = answers.into_iter();
        for (nth, tries) in asked {
            by_kind[nth] = answers.by_ref().take(tries.len()).collect();
        }
    }
    Ok(Answers { family, peers: peers.to_vec(), by_kind })
}

/// A connection of which something else was said than came of it.
pub(crate) struct Disagreement {
    kind: Kind,
    peer: IpAddr,
    family: Family,
    /// What was said, by whom.
    pub(crate) said: String,
    verdict: Verdict,
}

impl Disagreement {
    /// In words.
    pub(crate) fn in_words(&self) -> String {
        format!("{:?} {}: {}", self.kind, self.peer, self.said)
    }

    /// What did not come back in time is tried once more, alone and with patience.
    fn holds_still(&self, net: &Net) -> bool {
        if self.verdict != Verdict::Allowed {
            return true;
        }
        let one = [self.kind.connection(self.family, self.peer)];
        let patience = Duration::from_secs(3);
        let again = match (self.kind.way, self.kind.from) {
            (Way::Out, _) => probe::all(&one, patience),
            (_, Some("eth1")) => net.behind.run(move || probe::all(&one, patience)),
            _ => net.outside.run(move || probe::all(&one, patience)),
        };
        again.is_ok_and(|came_back| !came_back[0])
    }
}

/// Where what is said of the rules and what the kernel did differ. Unsure is a difference, too, unless something in the rules cannot
/// be known.
pub(crate) fn disagreements(rules: &Rules, answers: &Answers, may_be_unsure: bool) -> Vec<Disagreement> {
    let mut found = Vec::new();
    let peers = Ranges::of(answers.peers.iter().map(|peer| (number(*peer), number(*peer))));
    for (kind, came_back) in KINDS.iter().zip(&answers.by_kind) {
        let parts = ask(rules, &kind.question(answers.family, peers.clone()));
        for (peer, came_back) in answers.peers.iter().zip(came_back) {
            let part = parts.iter().find(|part| part.peers.contains(number(*peer))).unwrap();
            let wrong = match part.verdict {
                Verdict::Allowed => !came_back,
                Verdict::Denied => *came_back,
                Verdict::Unsure => !may_be_unsure,
            };
            if wrong {
                let by = match part.by {
                    By::Rule(_, rule) => rule.place.name.to_string(),
                    By::Policy(_, policy) => policy.place.name.to_string(),
                    By::Nobody => "nobody".to_owned(),
                };
                let said =
                    format!("{:?} by {by} ({:?}) {:?}; came back: {came_back}", part.verdict, part.leg, part.why);
                found.push(Disagreement {
                    kind: *kind,
                    peer: *peer,
                    family: answers.family,
                    said,
                    verdict: part.verdict,
                });
            }
        }
    }
    found
}

/// The same, after what may have been slow was tried again.
pub(crate) fn disagreements_that_stay(net: &Net, rules: &Rules, answers: &Answers, may_be_unsure: bool) -> Vec<String> {
    let found = disagreements(rules, answers, may_be_unsure);
    found.iter().take(20).filter(|one| one.holds_still(net)).map(Disagreement::in_words).collect()
}

/// How many connections came about, how many did not, and of how many it was not said beforehand.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Tally {
    pub(crate) came: usize,
    pub(crate) did_not: usize,
    pub(crate) unsure: usize,
}

impl Tally {
    /// Takes in what came of one set of rules.
    pub(crate) fn add(&mut self, rules: &Rules, answers: &Answers) {
        let all = || answers.by_kind.iter().flatten();
        let came = all().filter(|came_back| **came_back).count();
        self.came += came;
        self.did_not += all().count() - came;
        let peers = Ranges::of(answers.peers.iter().map(|peer| (number(*peer), number(*peer))));
        for kind in KINDS {
            let parts = ask(rules, &kind.question(answers.family, peers.clone()));
            let unsure = parts.iter().filter(|part| part.verdict == Verdict::Unsure);
            self.unsure += unsure.map(|part| usize::try_from(part.peers.count()).unwrap()).sum::<usize>();
        }
    }

    /// A network in which nothing ever connects agrees with rules that let nothing pass, and whoever is unsure is never wrong.
    pub(crate) fn is_a_test(self) -> bool {
        let all = self.came + self.did_not;
        self.came * 20 > all && self.did_not * 20 > all && self.unsure * 10 < all
    }
}
