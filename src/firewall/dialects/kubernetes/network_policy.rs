//! `NetworkPolicy`, as Kubernetes has it: what is allowed once a policy selects a pod; nothing is denied by name.

use super::node::{Node, cut};
use super::peers::{self, Peer};
use super::selector::Selector;
use super::{Effect, OneWay, Policy, PolicyRule, Reader};
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{Condition, Match, NoteKind, Place, Way};

/// Reads one.
pub(super) fn read(node: &Node, reader: &mut Reader) -> Policy {
    let mut policy = reader.policy(node, "NetworkPolicy");
    let Some(spec) = node.get("spec") else {
        policy.unclear("it has no `spec`");
        return policy;
    };
    if let Err(why) = spec.only(&["podSelector", "policyTypes", "ingress", "egress"]) {
        policy.unclear(&why);
    }
    match Selector::read(spec.get("podSelector")) {
        Ok(selector) => policy.selector = selector,
        Err(why) => policy.unclear(&why),
    }
    let types: Vec<&str> = match spec.list_of("policyTypes") {
        Ok(types) => types.iter().map(|one| one.text().unwrap_or("?")).collect(),
        Err(why) => {
            policy.unclear(&why);
            Vec::new()
        }
    };
    if let Some(other) = types.iter().find(|one| !matches!(**one, "Ingress" | "Egress")) {
        policy.unclear(&format!("`{}` is no policy type", cut(other, 40)));
    }
    for (way, name, key) in [(Way::In, "Ingress", "ingress"), (Way::Out, "Egress", "egress")] {
        // Without types, ingress is always one, and egress where its rules are written, even as an empty list.
        let isolates =
            if types.is_empty() { way == Way::In || spec.get("egress").is_some() } else { types.contains(&name) };
        let rules = spec.list_of(key);
        let rules = match rules {
            Ok(rules) => rules,
            Err(why) => {
                policy.unclear(&why);
                &[]
            }
        };
        if !isolates {
            if !rules.is_empty() {
                let what = format!("its {key} rules have no effect: `policyTypes` does not name {name}");
                reader.rules.note(NoteKind::Idle, &policy.place, what);
            }
            continue;
        }
        let mut one_way = OneWay { way, isolates, rules: Vec::new() };
        for (nth, rule) in rules.iter().enumerate() {
            let place = reader.place(rule, &format!("{key} rule {} of {}", nth + 1, policy.title));
            one_way.rules.push(read_rule(rule, way, place, reader));
        }
        policy.ways.push(one_way);
    }
    policy
}

fn read_rule(rule: &Node, way: Way, place: Place, reader: &mut Reader) -> PolicyRule {
    let key = if way == Way::In { "from" } else { "to" };
    let peers = rule.only(&[key, "ports"]).and_then(|()| read_peers(rule, key, &place, reader));
    let ports = read_ports(rule);
    match (peers, ports) {
        (Ok(peers), Ok(ports)) => PolicyRule::allows(place, super::product(way, &peers, &ports)),
        (Ok(peers), Err(why)) => {
            PolicyRule::unclear(place, Effect::Allow, super::product(way, &peers, &[Match::any()]), why)
        }
        (Err(why), ports) => {
            let ports = ports.unwrap_or_else(|_| vec![Match::any()]);
            PolicyRule::unclear(place, Effect::Allow, super::product(way, &[(Ranges::all(), None)], &ports), why)
        }
    }
}

/// The peers. None named are all.
fn read_peers(rule: &Node, key: &str, place: &Place, reader: &mut Reader) -> Result<Vec<Peer>, String> {
    let list = rule.list_of(key)?;
    if list.is_empty() {
        return Ok(vec![(Ranges::all(), None)]);
    }
    let mut peers = Vec::new();
    for peer in list {
        peer.only(&["ipBlock", "podSelector", "namespaceSelector"])?;
        let (pods, spaces) = (peer.get("podSelector"), peer.get("namespaceSelector"));
        match (peer.get("ipBlock"), pods.or(spaces)) {
            (Some(block), None) => {
                block.only(&["cidr", "except"])?;
                let cidr = block.word("cidr").ok_or("an `ipBlock` has no `cidr`")?;
                let mut except = Vec::new();
                for one in block.list_of("except")? {
                    except.push(one.text().ok_or("an exception is no text")?);
                }
                let mut odd = Vec::new();
                peers.push((peers::block(cidr, &except, &mut odd)?, None));
                for oddity in &odd {
                    oddity.note(&mut reader.rules, place);
                }
            }
            (None, Some(_)) => {
                let words = |node: Option<&Node>, own: &str| match node {
                    None => Ok(own.to_owned()),
                    Some(node) => {
                        Selector::read(Some(node)).map(|it| if it.is_all() { "any".to_owned() } else { it.words() })
                    }
                };
                let (pods, spaces) = (words(pods, "any")?, words(spaces, "its own")?);
                let what = format!("a pod (labels {pods}; namespace {spaces}) has the address");
                peers.push((peers::of_pods(), Some(what)));
            }
            (Some(_), Some(_)) => return Err("an `ipBlock` cannot stand beside a selector".to_owned()),
            (None, None) => return Err("a peer names nobody".to_owned()),
        }
    }
    Ok(peers)
}

/// The ports. None named are all, of every protocol.
fn read_ports(rule: &Node) -> Result<Vec<Match>, String> {
    let list = rule.list_of("ports")?;
    if list.is_empty() {
        return Ok(vec![Match::any()]);
    }
    let mut ports = Vec::new();
    for port in list {
        port.only(&["protocol", "port", "endPort"])?;
        let protocol = match port.get("protocol").map(Node::text) {
            None | Some(Some("TCP")) => 6_u8,
            Some(Some("UDP")) => 17,
            Some(Some("SCTP")) => 132,
            Some(other) => return Err(format!("`{}` is no protocol", cut(other.unwrap_or("?"), 40))),
        };
        let when = Match { protocol: Ranges::one(protocol), ..Match::any() };
        let end = port.get("endPort").map(|end| end.number().ok_or("`endPort` is no number")).transpose()?;
        let first = port.get("port");
        ports.push(match (first.and_then(Node::number), end) {
            (Some(first), end) if first <= 65535 && end.is_none_or(|end| first <= end && end <= 65535) => {
                Match { port: Ranges::between(first, end.unwrap_or(first)), ..when }
            }
            (Some(_), _) => return Err("its ports are none, or end before they begin".to_owned()),
            (None, None) => match first.map(Node::text) {
                None => when,
                Some(Some(name)) if name.contains(|c: char| c.is_ascii_alphabetic()) => when
                    .on(Condition::holds(format!("the port that pods call `{}` is the one asked for", cut(name, 80)))),
                Some(_) => return Err("its port is neither a number nor a name".to_owned()),
            },
            (None, Some(_)) => return Err("`endPort` stands without a number in `port`".to_owned()),
        });
    }
    Ok(ports)
}
