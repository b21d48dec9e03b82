//! The rules that flows come to in a network security group, before they are written as a script or as a template.

use ipnet::IpNet;

use crate::firewall::dialects::Request;
use crate::firewall::{Direction, Flow, Party, Protocol};

/// A rule that is to be written.
pub(super) struct Planned<'a> {
    /// Its name, which no other rule has.
    pub(super) name: String,
    /// What it is for.
    pub(super) flow: &'a Flow,
    /// Which protocol it is for: a rule has one.
    pub(super) protocol: Protocol,
    /// How many rules stand before it.
    pub(super) nth: usize,
    /// The end inside.
    pub(super) own: End,
    /// The end outside.
    pub(super) peer: End,
}

/// One end of a rule.
pub(super) enum End {
    /// These networks, of one family: Azure takes no others beside them.
    Networks(Vec<IpNet>),
    /// Whatever stands behind the group, unless somebody says it closer.
    Behind(Blank),
    /// What only the customer knows: without it there is no rule.
    Blank(Blank),
}

impl Planned<'_> {
    /// Where its packets come from, and where they go.
    pub(super) fn ends(&self) -> (&End, &End) {
        match self.flow.direction {
            Direction::Egress => (&self.own, &self.peer),
            Direction::Ingress => (&self.peer, &self.own),
        }
    }
}

/// What the customer fills in.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Blank {
    /// The object that it stands for, as words of capitals: `RESOLVERS`.
    pub(super) name: String,
    /// Who that is.
    pub(super) who: String,
}

/// The rules, in the order of the sheet.
pub(super) fn planned(request: &Request) -> Vec<Planned<'_>> {
    let mut all: Vec<Planned> = Vec::new();
    for flow in &request.flows {
        let (own, peer) = ends(flow);
        for family in families(peer) {
            for protocol in flow.protocols {
                let mut name = flow.id.clone();
                name.truncate(50);
                if flow.protocols.len() > 1 {
                    name = format!("{name}-{}", protocol.as_str());
                }
                if family == Family::V6 {
                    name.push_str("-v6");
                }
                if all.iter().any(|known| known.name == format!("workos-{name}")) {
                    name = format!("{name}-{}", all.len());
                }
                all.push(Planned {
                    name: format!("workos-{name}"),
                    flow,
                    protocol: *protocol,
                    nth: all.len(),
                    own: own_end(own),
                    peer: family.of(peer),
                });
            }
        }
    }
    all
}

/// The installation's end, and the other.
pub(super) fn ends(flow: &Flow) -> (&Party, &Party) {
    match flow.direction {
        Direction::Egress => (&flow.source, &flow.destination),
        Direction::Ingress => (&flow.destination, &flow.source),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    V4,
    V6,
    /// Of neither, so far.
    Blank,
}

fn families(peer: &Party) -> Vec<Family> {
    let has = |v4: bool| peer.ranges.iter().any(|range| range.addr().is_ipv4() == v4);
    let known: Vec<Family> = [(has(true), Family::V4), (has(false), Family::V6)]
        .into_iter()
        .filter(|(has, _)| *has)
        .map(|(_, it)| it)
        .collect();
    if known.is_empty() { vec![Family::Blank] } else { known }
}

impl Family {
    fn of(self, peer: &Party) -> End {
        let of = |v4: bool| peer.ranges.iter().filter(|range| range.addr().is_ipv4() == v4).copied().collect();
        match self {
            Family::V4 => End::Networks(of(true)),
            Family::V6 => End::Networks(of(false)),
            Family::Blank => End::Blank(Blank::of(peer)),
        }
    }
}

/// A group stands in front of the installation's server, so that what is behind it is the server. Nobody else is.
fn own_end(party: &Party) -> End {
    let is_installation = party.object == "server" || party.object.starts_with("installation");
    if is_installation { End::Behind(Blank::of(party)) } else { End::Blank(Blank::of(party)) }
}

impl Blank {
    pub(super) fn of(party: &Party) -> Self {
        let name = party.object.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' });
        let hosts = if party.hosts.is_empty() { String::new() } else { format!(" ({})", party.hosts.join(", ")) };
        Blank { name: name.collect(), who: plain(&format!("{}{hosts}", party.who)) }
    }
}

/// Each thing that is to be filled in, once, with the flows that need it.
pub(super) fn blanks<'a>(planned: &'a [Planned], required: bool) -> Vec<(&'a Blank, Vec<&'a str>)> {
    let mut all: Vec<(&Blank, Vec<&str>)> = Vec::new();
    for rule in planned {
        for end in [&rule.own, &rule.peer] {
            let blank = match end {
                End::Blank(blank) if required => blank,
                End::Behind(blank) if !required => blank,
                _ => continue,
            };
            match all.iter_mut().find(|(known, _)| known.name == blank.name) {
                Some((_, flows)) if flows.contains(&rule.flow.id.as_str()) => {}
                Some((_, flows)) => flows.push(&rule.flow.id),
                None => all.push((blank, vec![&rule.flow.id])),
            }
        }
    }
    all
}

/// Words of others on one line, without what ends a comment or a string in any shell or template.
pub(super) fn plain(text: &str) -> String {
    let harmless = |c: char| match c {
        '\'' => '’',
        '\u{2028}' | '\u{2029}' | '"' | '`' | '$' | '\\' => ' ',
        c if c.is_control() => ' ',
        c => c,
    };
    let text: String = text.chars().map(harmless).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
