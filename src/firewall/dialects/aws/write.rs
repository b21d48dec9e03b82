//! From flows to the rules that a security group has to hold for them, and what somebody who adds them has to know, whichever way
//! they are written down.

use std::collections::BTreeMap;

use ipnet::IpNet;

use super::super::Request;
use crate::firewall::{Direction, Flow, Party, Protocol};

/// A rule to be added: one peer at one port. A group holds it once, however many flows need it.
#[derive(Clone)]
pub(in super::super) struct Allowed<'a> {
    pub(in super::super) direction: Direction,
    pub(in super::super) protocol: Protocol,
    pub(in super::super) port: u16,
    pub(in super::super) peer: IpNet,
    /// The flows that need it.
    flows: Vec<&'a str>,
    as_of: &'a str,
}

/// What a description may be long.
const LONGEST: usize = 255;
/// How many rules a group holds each way and of each family, unless the account has more.
const MOST_IN_GROUP: usize = 60;
/// How many rules a network ACL holds each way and of each family, unless the account has more.
const MOST_IN_ACL: usize = 20;

impl Allowed<'_> {
    /// Which flows it is for and of which day the facts are, as long and in such letters as AWS takes.
    pub(in super::super) fn description(&self) -> String {
        let facts = format!(", facts of {}", self.as_of);
        let mut ids = self.flows.join(" ");
        if ids.len() + facts.len() > LONGEST {
            let mut kept = self.flows.clone();
            while ids.len() + facts.len() > LONGEST && kept.pop().is_some() {
                ids = format!("{} and {} more", kept.join(" "), self.flows.len() - kept.len());
            }
        }
        let allowed = |c: &char| c.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(*c);
        format!("{ids}{facts}").chars().filter(allowed).take(LONGEST).collect()
    }

    /// `Egress tcp 443`, in which AWS's interfaces group them.
    pub(in super::super) fn kind(&self) -> (Direction, &'static str, u16) {
        (self.direction, self.protocol.as_str(), self.port)
    }
}

/// The rules for these flows, in their order, egress first where they are.
pub(in super::super) fn rules(request: &Request) -> Vec<Allowed<'_>> {
    let mut rules: Vec<Allowed> = Vec::new();
    let mut at = BTreeMap::new();
    for flow in &request.flows {
        for protocol in flow.protocols.iter().copied() {
            for peer in peer(flow).ranges.iter().map(IpNet::trunc) {
                let key = (flow.direction, protocol.as_str(), flow.port, peer);
                let place = *at.entry(key).or_insert_with(|| {
                    let (direction, port) = (flow.direction, flow.port);
                    rules.push(Allowed { direction, protocol, port, peer, flows: Vec::new(), as_of: &request.as_of });
                    rules.len() - 1
                });
                if let Some(rule) = rules.get_mut(place)
                    && !rule.flows.contains(&flow.id.as_str())
                {
                    rule.flows.push(&flow.id);
                }
            }
        }
    }
    rules
}

/// Rules of one kind beside each other: `egress tcp 443`.
pub(in super::super) fn by_kind<'r, 'a>(rules: &'r [Allowed<'a>]) -> Vec<Vec<&'r Allowed<'a>>> {
    let mut kinds: Vec<Vec<&Allowed>> = Vec::new();
    for rule in rules {
        match kinds.iter_mut().find(|kind| kind.first().is_some_and(|first| first.kind() == rule.kind())) {
            Some(kind) => kind.push(rule),
            None => kinds.push(vec![rule]),
        }
    }
    kinds
}

/// The end that is not the installation's.
fn peer(flow: &Flow) -> &Party {
    if flow.direction == Direction::Egress { &flow.destination } else { &flow.source }
}

/// Whether something is to be let out.
pub(in super::super) fn lets_out(rules: &[Allowed]) -> bool {
    rules.iter().any(|rule| rule.direction == Direction::Egress)
}

/// What begins whatever is generated, without anything that begins a comment.
pub(in super::super) fn head(request: &Request, what: &str) -> String {
    format!("{what} for an application that uses WorkOS. Facts of {}.", plain(&request.as_of))
}

/// A line for each flow, for comments: what it is, or that it is not among the rules.
pub(in super::super) fn sheet(request: &Request) -> Vec<String> {
    let line = |flow: &Flow| {
        let party = peer(flow);
        let to = if flow.direction == Direction::Egress { "to" } else { "from" };
        let who = party.within.map_or(party.who.as_str(), |owner| owner.who);
        let not = if party.ranges.is_empty() { "NOT IN HERE, having no addresses; " } else { "" };
        let (protocols, port, need) = (protocols(flow), flow.port, flow.need.as_str());
        plain(&format!("{}: {not}{protocols} {port} {to} {who}, {need}: {}", flow.id, flow.reason))
    };
    request.flows.iter().map(line).collect()
}

/// On one line, whatever it is.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c }).collect()
}

fn protocols(flow: &Flow) -> String {
    flow.protocols.iter().map(|protocol| protocol.as_str()).collect::<Vec<_>>().join(" and ")
}

/// What has to be known before these rules are added.
pub(in super::super) fn remarks(request: &Request, rules: &[Allowed]) -> Vec<String> {
    let mut remarks: Vec<String> =
        request.flows.iter().filter(|flow| peer(flow).ranges.is_empty()).map(without_addresses).collect();
    let mut sizes: Vec<String> = Vec::new();
    let mut too_many = false;
    let mut most_each_way = 0;
    for direction in [Direction::Egress, Direction::Ingress] {
        let count = |v4: bool| {
            rules.iter().filter(|rule| rule.direction == direction && rule.peer.addr().is_ipv4() == v4).count()
        };
        let (v4, v6) = (count(true), count(false));
        too_many |= v4.max(v6) > MOST_IN_GROUP;
        most_each_way = most_each_way.max(v4).max(v6);
        if v4 + v6 > 0 {
            sizes.push(format!("{v4} {} rules of IPv4 and {v6} of IPv6", direction.as_str()));
        }
    }
    if !sizes.is_empty() {
        let sizes = sizes.join(", ");
        remarks.push(if too_many {
            format!(
                "these are {sizes}, more than the {MOST_IN_GROUP} each way and family that a security group holds by default: \
                 have the quota \"Inbound or outbound rules per security group\" raised first, or spread them over several groups"
            )
        } else {
            format!(
                "these are {sizes}; a security group holds {MOST_IN_GROUP} each way and family by default, counting those that \
                 it has already"
            )
        });
    }
    if lets_out(rules) {
        remarks.push(
            "a security group lets everything out by its default rule, whatever is added: only the default deny, which takes \
             that rule away, makes the egress rules count"
                .to_owned(),
        );
    }
    if most_each_way > 0 {
        let acl = if most_each_way > MOST_IN_ACL {
            format!(
                "; that would be {most_each_way} entries one way, where an ACL holds {MOST_IN_ACL} each way and family by default, so let \
                 port and protocol pass there and leave the addresses to the group"
            )
        } else {
            String::new()
        };
        remarks.push(format!(
            "a network ACL of the subnet that is not the default one has to let the same pass, and the replies to ports 1024-65535 \
             the other way, since it does not remember connections{acl}"
        ));
    }
    if request.log {
        remarks.push(
            "security groups write no log: what crosses and what is denied is in the flow logs of the VPC (`aws ec2 \
             create-flow-logs --resource-type NetworkInterface --traffic-type ALL`)"
                .to_owned(),
        );
    }
    remarks
}

/// What to do about a flow of which nobody publishes the addresses.
fn without_addresses(flow: &Flow) -> String {
    let party = peer(flow);
    let who = if party.hosts.is_empty() { party.who.clone() } else { party.hosts.join(" ") };
    let at = if flow.direction == Direction::Egress { "goes to" } else { "comes from" };
    let more = match (flow.direction, party.hosts.is_empty(), flow.port) {
        (Direction::Egress, false, _) => {
            "a security group does not go by names: let it out through a proxy or AWS Network Firewall, which do"
        }
        (Direction::Egress, true, 53) => {
            "add their addresses; the resolver of the VPC itself is reached whatever a security group says"
        }
        (Direction::Egress, true, _) => "add their addresses",
        (Direction::Ingress, ..) => "add their networks, which are 0.0.0.0/0 and ::/0 where they are anywhere",
    };
    format!(
        "{} is not in these rules: it {at} {}, whose addresses are not known here; {more} ({} {})",
        flow.id,
        plain(&who),
        protocols(flow),
        flow.port
    )
}

#[cfg(test)]
pub(in super::super) mod tests {
    use super::*;
    use crate::firewall::dialects::round_trip::assert_exactly;
    use crate::firewall::dialects::{Input, Scope, dialect};
    use crate::firewall::fixture;
    use crate::firewall::rules::Rules;

    pub(in super::super::super) fn request() -> Request {
        Request { flows: fixture::flows(), as_of: "2026-11-23".to_owned(), log: false }
    }

    /// The rules of what is described.
    pub(in super::super::super) fn read(described: &str, by: &str) -> Rules {
        let input = Input { name: "described.json".to_owned(), text: described.to_owned() };
        let reads = dialect(by).unwrap().reads.as_ref().unwrap();
        assert!((reads.recognises)(described));
        (reads.read)(&[input], &Scope::default()).unwrap()
    }

    /// Holds that what is described lets through what is requested, and nothing else.
    pub(in super::super::super) fn exactly(request: &Request, described: &str, by: &str) {
        let rules = read(described, by);
        assert!(rules.understood(), "{:?}", rules.notes);
        assert_exactly(&rules, &request.flows);
    }

    #[test]
    fn a_range_that_several_flows_need_is_one_rule_that_names_them() {
        let mut request = request();
        let mut twin = request.flows[1].clone();
        "egress-endpoints".clone_into(&mut twin.id);
        request.flows.push(twin);
        let all = rules(&request);
        let cloudflare: Vec<&Allowed> =
            all.iter().filter(|rule| rule.kind() == (Direction::Egress, "tcp", 443)).collect();

        assert_eq!(cloudflare.len(), 22);
        assert_eq!(cloudflare[0].description(), "egress-api egress-endpoints, facts of 2026-11-23");
    }

    #[test]
    fn a_description_is_as_long_and_in_such_letters_as_is_taken() {
        let mut request = request();
        for nth in 0..40 {
            let mut twin = request.flows[1].clone();
            twin.id = format!("egress-endpoint-{nth}");
            request.flows.push(twin);
        }
        "2026-11-23'\"\n".clone_into(&mut request.as_of);
        let all = rules(&request);
        let long = all.iter().find(|rule| rule.port == 443).unwrap().description();

        assert!(long.len() <= 255 && long.ends_with(" more, facts of 2026-11-23"), "{long}");
        assert!(long.starts_with("egress-api egress-endpoint-0 "), "{long}");
    }

    #[test]
    fn what_cannot_be_written_is_told_with_what_to_do() {
        let mut request = Request { log: true, ..request() };
        request.flows[0].destination.ranges.clear();
        let mut page = request.flows[1].clone();
        page.id = "egress-browser-page".to_owned();
        page.destination = Party { hosts: vec!["setup.workos.com".to_owned()], ..Party::default() };
        request.flows.push(page);
        for nth in 0..50 {
            request.flows[1].destination.ranges.push(format!("10.{nth}.0.0/16").parse().unwrap());
        }
        let all = rules(&request);
        let said = remarks(&request, &all).join("\n");

        for part in [
            "egress-dns is not in these rules: it goes to",
            "the resolver of the VPC itself is reached whatever",
            "egress-browser-page is not in these rules: it goes to setup.workos.com",
            "more than the 60 each way",
            "an ACL holds 20 each way and family by default",
            "create-flow-logs",
        ] {
            assert!(said.contains(part), "{part}\n{said}");
        }
        assert!(all.iter().all(|rule| rule.peer.prefix_len() > 0));
    }
}
