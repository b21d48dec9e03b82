//! `CiliumNetworkPolicy` and `CiliumClusterwideNetworkPolicy`: what is denied by name before what is allowed, names of hosts, and
//! entities of the cluster.

use super::node::{Node, cut};
use super::peers::{self, Peer};
use super::selector::Selector;
use super::{Effect, OneWay, Policy, PolicyRule, Reader};
use crate::firewall::addresses::Family;
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{Condition, Match, Names, NoteKind, Place, Way};

/// Reads one: its `spec`, and each of its `specs`.
pub(super) fn read(node: &Node, kind: &str, reader: &mut Reader) -> Vec<Policy> {
    let specs = node.list_of("specs");
    let mut all: Vec<Policy> = Vec::new();
    for spec in node.get("spec").into_iter().chain(specs.as_ref().copied().unwrap_or_default()) {
        let mut policy = reader.policy(node, kind);
        if kind == "CiliumClusterwideNetworkPolicy" {
            policy.namespace = None;
        }
        if read_spec(spec, &mut policy, reader) {
            all.push(policy);
        }
    }
    if all.is_empty() && node.get("spec").is_none() && specs.as_ref().map_or(true, |specs| specs.is_empty()) {
        let mut policy = reader.policy(node, kind);
        policy.unclear(&specs.err().unwrap_or_else(|| "it has neither `spec` nor `specs`".to_owned()));
        all.push(policy);
    }
    all
}

/// Whether the spec is one of pods.
fn read_spec(spec: &Node, policy: &mut Policy, reader: &mut Reader) -> bool {
    let known = [
        "endpointSelector",
        "nodeSelector",
        "description",
        "labels",
        "log",
        "enableDefaultDeny",
        "ingress",
        "ingressDeny",
        "egress",
        "egressDeny",
    ];
    if let Err(why) = spec.only(&known) {
        policy.unclear(&why);
    }
    match (spec.get("endpointSelector"), spec.get("nodeSelector")) {
        (Some(selector), None) => match Selector::read(Some(selector)) {
            Ok(selector) => policy.selector = selector,
            Err(why) => policy.unclear(&why),
        },
        (None, Some(_)) => {
            reader.rules.note(NoteKind::Idle, &policy.place, "it is for nodes, not for pods");
            return false;
        }
        _ => policy.unclear("it has neither an `endpointSelector` nor a `nodeSelector`, or both"),
    }
    if policy.namespace.is_none() {
        policy.namespace = policy.selector.take_namespace();
    } else {
        // A namespace's policy selects in its namespace, whatever else it says.
        let other = policy.selector.take_namespace().filter(|other| Some(other) != policy.namespace.as_ref());
        if let Some(other) = other {
            let what = format!("it selects nothing: it is of another namespace than `{}`", cut(&other, 80));
            reader.rules.note(NoteKind::Idle, &policy.place, what);
            return false;
        }
    }
    for (way, key, deny_key) in [(Way::In, "ingress", "ingressDeny"), (Way::Out, "egress", "egressDeny")] {
        let mut one_way = OneWay { way, isolates: false, rules: Vec::new() };
        for (key, effect) in [(deny_key, Effect::Deny), (key, Effect::Allow)] {
            let rules = match spec.list_of(key) {
                Ok(rules) => rules,
                Err(why) => {
                    policy.unclear(&why);
                    continue;
                }
            };
            one_way.isolates |= !rules.is_empty();
            for (nth, rule) in rules.iter().enumerate() {
                let place = reader.place(rule, &format!("{key} rule {} of {}", nth + 1, policy.title));
                one_way.rules.extend(read_rule(rule, way, effect, place, reader));
            }
        }
        match spec.get("enableDefaultDeny").map(|it| (it.only(&["ingress", "egress"]), it.get(key).map(Node::bool))) {
            None | Some((Ok(()), None)) => {}
            Some((Ok(()), Some(Some(isolates)))) => one_way.isolates = isolates,
            Some(_) => policy.unclear("`enableDefaultDeny` is not understood"),
        }
        policy.ways.push(one_way);
    }
    true
}

/// A rule; nothing, where it matches nothing.
fn read_rule(rule: &Node, way: Way, effect: Effect, place: Place, reader: &mut Reader) -> Option<PolicyRule> {
    let side = if way == Way::In { "from" } else { "to" };
    let keys: Vec<String> = PEERS.iter().map(|key| format!("{side}{key}")).collect();
    let mut known: Vec<&str> = keys.iter().map(String::as_str).collect();
    known.extend(["toPorts", "icmps", "authentication"]);
    let read = rule.only(&known).and_then(|()| {
        let present: Vec<&str> = keys.iter().map(String::as_str).filter(|key| rule.get(key).is_some()).collect();
        let peers = match present.as_slice() {
            [] => None,
            [key] => Some(read_peers(rule, key, side, &place, reader)?),
            [one, other, ..] => return Err(format!("`{one}` cannot stand beside `{other}`")),
        };
        let ports = read_ports(rule, reader)?;
        Ok((peers, ports))
    });
    let (peers, ports) = match read {
        Ok(read) => read,
        Err(why) => {
            let reach = super::product(way, &[(Ranges::all(), None)], &[Match::any()]);
            return Some(PolicyRule::unclear(place, effect, reach, why));
        }
    };
    // A rule that names neither peers nor ports matches nothing: it only makes the rest denied.
    let (peers, ports) = match (peers, ports) {
        (None, None) => return None,
        (None, Some(ports)) => (Peers::At(vec![(Ranges::all(), None)]), ports),
        (Some(peers), ports) => (peers, ports.unwrap_or_else(|| vec![Match::any()])),
    };
    let mut when = match peers {
        Peers::At(peers) => super::product(way, &peers, &ports),
        Peers::Named(named) => named
            .iter()
            .flat_map(|(host, doubt)| {
                ports.iter().map(move |port| {
                    let mut when = Match { host: host.clone(), ..port.clone() };
                    when.conditions.extend(doubt.iter().map(|what| Condition::holds(what.as_str())));
                    when
                })
            })
            .collect(),
    };
    if let Some(mode) = rule.get("authentication").map(|it| it.word("mode").unwrap_or("?"))
        && mode != "disabled"
    {
        let what = format!("the authentication that it demands (`{}`) succeeds", cut(mode, 40));
        for when in &mut when {
            when.conditions.push(Condition::holds(what.as_str()));
        }
    }
    Some(PolicyRule { place, effect, when, unclear: None })
}

const PEERS: [&str; 10] =
    ["Endpoints", "Requires", "CIDR", "CIDRSet", "Entities", "Services", "FQDNs", "Groups", "Nodes", "Node"];

enum Peers {
    At(Vec<Peer>),
    Named(Vec<(Names, Option<String>)>),
}

fn read_peers(rule: &Node, key: &str, side: &str, place: &Place, reader: &mut Reader) -> Result<Peers, String> {
    let list = rule.list_of(key)?;
    if list.is_empty() {
        return Err(format!("`{key}` is empty, which versions of Cilium take differently"));
    }
    let (mut at, mut odd) = (Vec::new(), Vec::new());
    for one in list {
        match key.strip_prefix(side).unwrap_or_default() {
            "CIDR" => {
                let cidr = one.text().ok_or_else(|| format!("an entry of `{key}` is no text"))?;
                at.push((peers::block(cidr, &[], &mut odd)?, None));
            }
            "CIDRSet" => {
                one.only(&["cidr", "except", "cidrGroupRef", "cidrGroupSelector"])?;
                if let Some(group) = one.get("cidrGroupRef").or(one.get("cidrGroupSelector")) {
                    let what = format!("the CIDR group `{}` holds the address", group.shown(80));
                    at.push((Ranges::all(), Some(what)));
                    continue;
                }
                let cidr = one.word("cidr").ok_or_else(|| format!("an entry of `{key}` has no `cidr`"))?;
                let mut except = Vec::new();
                for out in one.list_of("except")? {
                    except.push(out.text().ok_or("an exception is no text")?);
                }
                at.push((peers::block(cidr, &except, &mut odd)?, None));
            }
            "Entities" => at.extend(entity(one.text().unwrap_or("?"))?),
            "Endpoints" => {
                let selector = Selector::read(Some(one))?;
                let words = if selector.is_all() { "any".to_owned() } else { selector.words() };
                at.push((peers::of_pods(), Some(format!("a pod (labels {words}) has the address"))));
            }
            "Nodes" => at.push((peers::of_nodes(), Some(format!("a node ({}) has the address", one.shown(120))))),
            "Services" | "Groups" => {
                at.push((Ranges::all(), Some(format!("`{key}` ({}) holds the address", one.shown(120)))));
            }
            "FQDNs" if side == "to" => return fqdns(list),
            _ => return Err(format!("`{key}` is not understood")),
        }
    }
    for oddity in &odd {
        oddity.note(&mut reader.rules, place);
    }
    Ok(Peers::At(at))
}

fn entity(name: &str) -> Result<Vec<Peer>, String> {
    Ok(match name {
        "all" => vec![(Ranges::all(), None)],
        "none" => Vec::new(),
        "world" => peers::of_world(&Ranges::all()),
        "world-ipv4" => peers::of_world(&Family::V4.all()),
        "world-ipv6" => peers::of_world(&Family::V6.all()),
        "cluster" | "host" | "remote-node" | "kube-apiserver" | "ingress" | "health" | "init" | "unmanaged" => {
            vec![(peers::of_nodes(), Some(format!("the entity `{name}` has the address")))]
        }
        other => return Err(format!("`{}` is no entity", cut(other, 40))),
    })
}

/// Names of hosts. A `*` stands for letters, digits and hyphens, but for no dot.
fn fqdns(list: &[Node]) -> Result<Peers, String> {
    let mut named = Vec::new();
    for one in list {
        one.only(&["matchName", "matchPattern"])?;
        for (key, is_pattern) in [("matchName", false), ("matchPattern", true)] {
            let Some(name) = one.get(key) else { continue };
            let name = name.text().ok_or_else(|| format!("`{key}` is no text"))?.trim_end_matches('.');
            let (wild, rest) = match (is_pattern, name) {
                (true, "*" | "**") => ("*", ""),
                (true, name) => match (name.strip_prefix("**."), name.strip_prefix("*.")) {
                    (Some(domain), _) => ("*.", domain),
                    (None, Some(domain)) => ("+.", domain),
                    (None, None) => ("", name),
                },
                (false, name) => ("", name),
            };
            if rest.contains('*') {
                let what = format!("the pattern `{}` fits the name of the host", cut(name, 120));
                named.push((Names::any(), Some(what)));
            } else {
                named.push((Names::one_of([format!("{wild}{rest}")]), None));
            }
        }
    }
    Ok(Peers::Named(named))
}

/// The ports; nothing, where none are named.
fn read_ports(rule: &Node, reader: &mut Reader) -> Result<Option<Vec<Match>>, String> {
    let (list, icmps) = (rule.list_of("toPorts")?, rule.list_of("icmps")?);
    if !icmps.is_empty() {
        if !list.is_empty() {
            return Err("`icmps` cannot stand beside `toPorts`".to_owned());
        }
        let icmp = Match { protocol: Ranges::of([(1, 1), (58, 58)]), ..Match::any() };
        return Ok(Some(vec![icmp.on(Condition::holds("its ICMP type is one that the rule names"))]));
    }
    if list.is_empty() {
        return Ok(None);
    }
    let mut all = Vec::new();
    for entry in list {
        entry.only(&["ports", "rules", "serverNames", "listener", "originatingTLS", "terminatingTLS"])?;
        let ports = entry.list_of("ports")?;
        if ports.is_empty() {
            return Err("an entry of `toPorts` names no port".to_owned());
        }
        let mut doubts = Vec::new();
        if let Some(rules) = entry.get("rules") {
            doubts.extend(layer_seven(rules, reader));
        }
        for key in ["serverNames", "listener", "originatingTLS", "terminatingTLS"] {
            if let Some(value) = entry.get(key) {
                doubts.push(format!("the request passes `{key}` ({})", value.shown(120)));
            }
        }
        for port in ports {
            let mut when = read_port(port)?;
            when.conditions.extend(doubts.iter().map(|what| Condition::holds(what.as_str())));
            all.push(when);
        }
    }
    Ok(Some(all))
}

/// What rules about what is said inside a connection leave unsure.
fn layer_seven(rules: &Node, reader: &mut Reader) -> Option<String> {
    let dns = rules.get("dns").and_then(Node::list);
    reader.sees_dns |= dns.is_some();
    let every_name = dns.is_some_and(|dns| dns.iter().any(|one| matches!(one.word("matchPattern"), Some("*" | "**"))));
    if every_name || rules.map().is_some_and(<[_]>::is_empty) {
        return None;
    }
    Some(format!("what is asked for is allowed by its rules ({})", rules.shown(160)))
}

fn read_port(node: &Node) -> Result<Match, String> {
    node.only(&["port", "endPort", "protocol"])?;
    let with_ports = Ranges::of([(6, 6), (17, 17), (132, 132)]);
    let protocol = match node.word("protocol").map(str::to_ascii_uppercase).as_deref() {
        None | Some("ANY" | "") => with_ports,
        Some("TCP") => Ranges::one(6_u8),
        Some("UDP") => Ranges::one(17_u8),
        Some("SCTP") => Ranges::one(132_u8),
        Some("ICMP") => Ranges::one(1_u8),
        Some("ICMPV6") => Ranges::one(58_u8),
        Some(other) => return Err(format!("`{}` is no protocol", cut(other, 40))),
    };
    let when = Match { protocol, ..Match::any() };
    let port = node.get("port").ok_or("a port is missing")?;
    let end = node.get("endPort").map(|end| end.number().ok_or("`endPort` is no number")).transpose()?;
    let text = port.text().map(str::to_owned).or(port.number().map(|number| number.to_string()));
    let text = text.ok_or("a port is neither a number nor a name")?;
    if text.contains(|c: char| c.is_ascii_alphabetic()) && !text.starts_with("0x") {
        return Ok(
            when.on(Condition::holds(format!("the port that pods call `{}` is the one asked for", cut(&text, 80))))
        );
    }
    // Cilium reads a leading zero as octal.
    let first: u16 =
        text.parse().ok().filter(|_| text == "0" || !text.starts_with('0')).ok_or("a port is no number")?;
    let first = u32::from(first);
    match end.filter(|end| *end != 0) {
        None if first == 0 => Ok(when),
        None => Ok(Match { port: Ranges::one(first), ..when }),
        Some(end) if first <= end && end <= 65535 => Ok(Match { port: Ranges::between(first, end), ..when }),
        Some(_) => Err("its ports end before they begin".to_owned()),
    }
}
