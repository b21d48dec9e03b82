//! What rules that were read come to for the flows that a deployment needs: allowed by which rule, missing, hidden behind another
//! rule, or unsure and why; and what they allow beyond need.

mod least;
mod outdated;
#[cfg(test)]
mod tests;

use super::addresses::{Family, as_networks, networks, never_public};
use super::evaluate::{Asking, By, Leg, Part, Peer, Question, TCP, UDP, Verdict};
use super::flow::{Direction, Flow, Need, Party, Protocol};
use super::ranges::Ranges;
use super::rules::{Edge, Place, Rules, Way};

pub use least::{Open, TooWide, open_by_default, too_wide, unlogged};
pub use outdated::{Outdated, outdated, outdated_list};

/// What is known of the place where the rules stand.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Known {
    /// The installation's own addresses as the firewall sees them, which behind a translation are not the public ones; nothing,
    /// where they are not known.
    pub here: Option<Ranges>,
    /// The interface or zone towards the internet.
    pub outside: Option<String>,
    /// The interface or zone of the installation; of no meaning on its own host.
    pub inside: Option<String>,
    /// Whether the machine stands in between, rather than being the installation's own.
    pub through: bool,
    /// Who the users of the application are.
    pub users: Users,
}

/// Where the users of the application are, as far as that was said.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Users {
    /// Nobody said.
    #[default]
    Unsaid,
    /// Anywhere on the internet.
    Anywhere,
    /// In the site's own network.
    Inside,
}

/// What becomes of a flow.
pub struct Judged<'a> {
    /// The flow.
    pub flow: &'a Flow,
    /// What becomes of each protocol, host and family of it.
    pub asked: Vec<Asked<'a>>,
}

/// What becomes of a flow over one protocol, to one host, in one family.
pub struct Asked<'a> {
    /// The protocol.
    pub protocol: Protocol,
    /// The host, for firewalls that go by name.
    pub host: Option<String>,
    /// The family.
    pub family: Family,
    /// The parts, which together are all peers of the family.
    pub parts: Vec<Said<'a>>,
}

/// What becomes of some peers.
pub struct Said<'a> {
    /// What the rules say.
    pub part: Part<'a>,
    /// What would let them pass if it were reached or had effect, for what is denied.
    pub hidden: Option<Hidden<'a>>,
}

/// A rule that would let something pass.
pub enum Hidden<'a> {
    /// It stands behind what stops it.
    Behind(By<'a>),
    /// It has no effect, for this reason.
    Idle(By<'a>, String),
}

/// What becomes of a flow as a whole.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Fate {
    /// It passes.
    Allowed,
    /// Some of it does not, and nothing would let it.
    Missing,
    /// Some of it does not, and a rule that is not reached, or has no effect, would let it.
    Shadowed,
    /// Some of it cannot be decided, and nothing of it is stopped.
    Unsure,
}

/// Judges flows by rules.
pub fn judge<'a>(rules: &'a Rules, flows: &'a [Flow], known: &Known) -> Vec<Judged<'a>> {
    let asking = Asking::of(rules);
    let by_name = goes_by_name(rules);
    flows.iter().map(|flow| Judged { flow, asked: asked(&asking, &rules.edge, flow, by_name, known) }).collect()
}

fn asked<'a>(asking: &Asking<'a>, edge: &Edge, flow: &Flow, by_name: bool, known: &Known) -> Vec<Asked<'a>> {
    let asked = questions(flow, by_name, known).into_iter().map(|(protocol, family, question)| {
        let question = placed(question, edge, flow.direction, known);
        let parts = asking.ask(&question).into_iter().map(|part| said(asking, &question, part)).collect();
        Asked { protocol, host: question.host.map(str::to_owned), family, parts }
    });
    asked.collect()
}

/// The question with the interfaces or zones that the files themselves tell, where nobody named any. What is behind them on the
/// internet's side is no private address.
fn placed<'q>(question: Question<'q>, edge: &'q Edge, direction: Direction, known: &Known) -> Question<'q> {
    if known.inside.is_some() || known.outside.is_some() {
        return question;
    }
    let public = !question.peers.overlaps(&never_public());
    let outside = edge.outside.as_deref().filter(|_| public);
    let inside = edge.inside.as_deref().filter(|_| public);
    match direction {
        Direction::Egress => Question { from: inside, to: outside, ..question },
        Direction::Ingress => Question { from: outside, to: inside, ..question },
    }
}

/// Whether some rule goes by the names of hosts.
pub(super) fn goes_by_name(rules: &Rules) -> bool {
    rules.chains.iter().flat_map(|chain| &chain.rules).flat_map(|rule| &rule.when).any(|when| !when.host.is_any())
}

/// The questions that a flow puts to a firewall: one for each protocol, host, where it goes by names, and family.
pub(super) fn questions<'q>(flow: &'q Flow, by_name: bool, known: &'q Known) -> Vec<(Protocol, Family, Question<'q>)> {
    let peer = peer_of(flow);
    let hosts: Vec<Option<&str>> = match flow.direction {
        Direction::Egress if by_name && !peer.hosts.is_empty() => {
            peer.hosts.iter().map(|host| Some(host.as_str())).collect()
        }
        _ => vec![None],
    };
    let peers = peers_of(flow);
    let mut questions = Vec::new();
    for protocol in flow.protocols {
        for host in &hosts {
            for family in Family::BOTH {
                let question = question(flow, *protocol, *host, peers.and(&family.all()), known);
                if !question.peers.is_empty() {
                    questions.push((*protocol, family, question));
                }
            }
        }
    }
    questions
}

fn said<'a>(asking: &Asking<'a>, question: &Question, part: Part<'a>) -> Said<'a> {
    let denied = part.verdict == Verdict::Denied && part.leg == Leg::First;
    let hidden = if denied { asking.behind(question, &part) } else { None };
    let hidden = hidden.map(|(by, idle)| match idle {
        Some(why) => Hidden::Idle(by, why),
        None => Hidden::Behind(by),
    });
    Said { part, hidden }
}

/// The question that a flow puts to a firewall.
fn question<'q>(
    flow: &Flow,
    protocol: Protocol,
    host: Option<&'q str>,
    peers: Ranges,
    known: &'q Known,
) -> Question<'q> {
    Question {
        protocol: match protocol {
            Protocol::Tcp => TCP,
            Protocol::Udp => UDP,
        },
        port: flow.port,
        host,
        ..anything(flow.direction, peers, known)
    }
}

/// The question whether anything at all gets through that way.
fn anything(direction: Direction, peers: Ranges, known: &Known) -> Question<'_> {
    let (inside, outside) = (known.inside.as_deref(), known.outside.as_deref());
    let (way, peer, from, to) = match direction {
        Direction::Egress => (Way::Out, Peer::Destination, inside, outside),
        Direction::Ingress => (Way::In, Peer::Source, outside, inside),
    };
    Question {
        way: if known.through { Way::Through } else { way },
        peers,
        peer,
        here: known.here.clone(),
        protocol: TCP,
        port: 0,
        from,
        to,
        host: None,
    }
}

/// The end of a flow that is elsewhere.
pub fn peer_of(flow: &Flow) -> &Party {
    match flow.direction {
        Direction::Egress => &flow.destination,
        Direction::Ingress => &flow.source,
    }
}

/// The addresses of that end; all there are, where nobody says which.
fn peers_of(flow: &Flow) -> Ranges {
    let ranges = &peer_of(flow).ranges;
    if ranges.is_empty() { Ranges::all() } else { networks(ranges) }
}

impl Judged<'_> {
    /// What becomes of it as a whole. Where nobody says which addresses its peers have, it passes where all of a family do, and
    /// cannot be decided where only some do. Where the peers have both families, IPv4 decides: [`Self::fate_of`] says the other.
    pub fn fate(&self) -> Fate {
        let fates: Vec<Fate> = Family::BOTH.into_iter().filter_map(|family| self.fate_of(family)).collect();
        if self.peers_are_known() {
            return fates.first().copied().unwrap_or(Fate::Unsure);
        }
        fates.into_iter().min_by_key(|fate| (*fate != Fate::Allowed, *fate != Fate::Unsure)).unwrap_or(Fate::Unsure)
    }

    /// What becomes of one family of it; nothing, where it has no peers in it.
    pub fn fate_of(&self, family: Family) -> Option<Fate> {
        let of_family = self.asked.iter().filter(|asked| asked.family == family);
        of_family.map(|asked| asked.fate(self.peers_are_known())).max_by_key(|fate| match fate {
            Fate::Allowed => 0,
            Fate::Unsure => 1,
            Fate::Shadowed => 2,
            Fate::Missing => 3,
        })
    }

    /// Whether somebody says which addresses its peers have.
    pub fn peers_are_known(&self) -> bool {
        !peer_of(self.flow).ranges.is_empty()
    }

    /// The flow with those of its peers alone that do not pass, as somebody would have to let them.
    pub fn lacking(&self) -> Option<Flow> {
        let denied =
            self.asked.iter().flat_map(|asked| &asked.parts).filter(|said| said.part.verdict == Verdict::Denied);
        let peers = Ranges::any_of(denied.map(|said| &said.part.peers).collect::<Vec<_>>());
        if peers.is_empty() {
            return None;
        }
        let mut flow = self.flow.clone();
        if self.peers_are_known() {
            let party = match flow.direction {
                Direction::Egress => &mut flow.destination,
                Direction::Ingress => &mut flow.source,
            };
            // As they were published where they are wholly missing.
            let whole: Vec<_> = party.ranges.iter().copied().filter(|net| peers.covers(&networks([net]))).collect();
            let rest = peers.minus(&networks(&whole));
            party.ranges = whole;
            party.ranges.extend(as_networks(&rest));
        }
        Some(flow)
    }
}

impl Asked<'_> {
    fn fate(&self, peers_are_known: bool) -> Fate {
        let verdicts = |verdict| self.parts.iter().filter(move |said| said.part.verdict == verdict);
        let (denied, unsure) = (verdicts(Verdict::Denied).count(), verdicts(Verdict::Unsure).count());
        if denied == 0 {
            return if unsure == 0 { Fate::Allowed } else { Fate::Unsure };
        }
        // Of peers that nobody knows, some may be among those that pass.
        if !peers_are_known && denied < self.parts.len() {
            return Fate::Unsure;
        }
        if verdicts(Verdict::Denied).all(|said| said.hidden.is_some()) { Fate::Shadowed } else { Fate::Missing }
    }
}

/// Where something is written.
pub fn place<'a>(by: &By<'a>) -> Option<&'a Place> {
    match by {
        By::Rule(_, rule) => Some(&rule.place),
        By::Policy(_, policy) => Some(&policy.place),
        By::Nobody => None,
    }
}

/// The flows that the rules of a firewall can be held to: what the installation's server opens and what is opened to it. What
/// browsers open is another machine's; users come from where nobody can list, unless somebody said so.
pub fn concerned(flows: Vec<Flow>, known: &Known) -> Vec<Flow> {
    let mine = |flow: &Flow| match flow.direction {
        Direction::Egress => {
            let opener = flow.source.object.as_str();
            flow.need != Need::WhereUsed && (opener == "server" || (known.through && opener == "forward-proxy"))
        }
        Direction::Ingress => !flow.id.starts_with("ingress-users") || known.users == Users::Anywhere,
    };
    flows.into_iter().filter(mine).collect()
}

/// Of flows that were judged by lists of addresses alone, those that the lists speak of: a list of one vendor's addresses is no
/// answer about another's. Where they speak of none, all of them.
pub fn spoken_of<'a>(rules: &Rules, judged: Vec<Judged<'a>>) -> Vec<Judged<'a>> {
    let only_lists = !rules.files.is_empty() && rules.files.iter().all(|file| file.dialect == "list");
    let speaks = |one: &Judged| {
        one.peers_are_known()
            && one.asked.iter().flat_map(|asked| &asked.parts).any(|said| said.part.verdict == Verdict::Allowed)
    };
    if !only_lists || !judged.iter().any(speaks) {
        return judged;
    }
    judged.into_iter().filter(speaks).collect()
}
