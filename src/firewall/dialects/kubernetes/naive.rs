//! Policies walked packet by packet, as their documentation says it, for every packet of a small universe.

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr};

use proptest::prelude::*;
use proptest::sample::select;

use super::read;
use crate::firewall::addresses::number;
use crate::firewall::dialects::{Input, Scope};
use crate::firewall::evaluate::{Peer, Question, Verdict, ask};
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::Way;

/// The last octet of an address and the length behind it: `10.0.0.8/30`.
type Net = (u8, u8);

#[derive(Clone, Debug)]
struct Block {
    net: Net,
    except: Vec<Net>,
}

#[derive(Clone, Debug)]
struct Port {
    protocol: Option<&'static str>,
    first: Option<u16>,
    end: Option<u16>,
}

#[derive(Clone, Debug)]
struct Rule {
    blocks: Vec<Block>,
    ports: Vec<Port>,
}

#[derive(Clone, Debug)]
struct Policy {
    selector: &'static str,
    types: Option<&'static str>,
    ingress: Option<Vec<Rule>>,
    egress: Option<Vec<Rule>>,
    /// Of Cilium alone.
    denies: Vec<Rule>,
    default_deny: Option<bool>,
    cilium: bool,
}

fn net() -> impl Strategy<Value = Net> {
    (0_u8..16, 28_u8..=32).prop_map(|(host, length)| (host & u8::MAX << (32 - length), length))
}

fn rule() -> impl Strategy<Value = Rule> {
    let port = (
        select(vec![None, Some("TCP"), Some("UDP"), Some("SCTP")]),
        prop::option::of(79_u16..83),
        prop::option::of(0_u16..3),
    );
    let port = port.prop_map(|(protocol, port, more)| Port {
        protocol,
        first: port,
        end: port.and_then(|port| more.map(|more| port + more)),
    });
    let block = (net(), prop::collection::vec(net(), 0..3)).prop_map(|(net, except)| Block { net, except });
    (prop::collection::vec(block, 0..3), prop::collection::vec(port, 0..3))
        .prop_map(|(blocks, ports)| Rule { blocks, ports })
}

fn policy() -> impl Strategy<Value = Policy> {
    let rules = || prop::option::of(prop::collection::vec(rule(), 0..3));
    (
        select(vec![
            "{}",
            "{matchLabels: {app: web}}",
            "{matchLabels: {app: db}}",
            "{matchExpressions: [{key: app, operator: NotIn, values: [db]}]}",
        ]),
        select(vec![None, Some("[]"), Some("[Ingress]"), Some("[Egress]"), Some("[Ingress, Egress]")]),
        rules(),
        rules(),
        prop::collection::vec(rule(), 0..2),
        select(vec![None, None, Some(true), Some(false)]),
        any::<bool>(),
    )
        .prop_map(|(selector, types, ingress, egress, denies, default_deny, cilium)| Policy {
            selector,
            types,
            ingress,
            egress,
            denies,
            default_deny,
            cilium,
        })
}

/// As it is written.
fn text(policy: &Policy) -> String {
    let cidr = |(host, length): &Net| format!("10.0.0.{host}/{length}");
    let list = |items: Vec<String>| format!("[{}]", items.join(", "));
    let blocks = |rule: &Rule| {
        list(
            rule.blocks
                .iter()
                .map(|block| {
                    let except = list(block.except.iter().map(cidr).collect());
                    let inner = format!("cidr: {}, except: {except}", cidr(&block.net));
                    if policy.cilium { format!("{{{inner}}}") } else { format!("{{ipBlock: {{{inner}}}}}") }
                })
                .collect(),
        )
    };
    let ports = |rule: &Rule| {
        list(
            rule.ports
                .iter()
                .map(|port| {
                    let mut keys = Vec::new();
                    keys.extend(port.protocol.map(|it| format!("protocol: {it}")));
                    if policy.cilium {
                        keys.push(format!("port: \"{}\"", port.first.unwrap_or_default()));
                    } else {
                        keys.extend(port.first.map(|it| format!("port: {it}")));
                    }
                    keys.extend(port.end.map(|it| format!("endPort: {it}")));
                    format!("{{{}}}", keys.join(", "))
                })
                .collect(),
        )
    };
    let rules = |rules: &[Rule], side: &str| {
        list(
            rules
                .iter()
                .map(|rule| {
                    let mut keys = Vec::new();
                    if !rule.blocks.is_empty() || !policy.cilium {
                        let key = if policy.cilium { format!("{side}CIDRSet") } else { side.to_owned() };
                        keys.push(format!("{key}: {}", blocks(rule)));
                    }
                    if !rule.ports.is_empty() {
                        keys.push(if policy.cilium {
                            format!("toPorts: [{{ports: {}}}]", ports(rule))
                        } else {
                            format!("ports: {}", ports(rule))
                        });
                    }
                    format!("{{{}}}", keys.join(", "))
                })
                .collect(),
        )
    };
    let mut spec = if policy.cilium {
        format!("endpointSelector: {}", policy.selector)
    } else {
        format!("podSelector: {}", policy.selector)
    };
    if let (Some(types), false) = (policy.types, policy.cilium) {
        let _ = write!(spec, ", policyTypes: {types}");
    }
    for (key, side, of) in [("ingress", "from", &policy.ingress), ("egress", "to", &policy.egress)] {
        if let Some(of) = of {
            let _ = write!(spec, ", {key}: {}", rules(of, side));
        }
    }
    if policy.cilium {
        let _ = write!(spec, ", egressDeny: {}", rules(&policy.denies, "to"));
        if let Some(deny) = policy.default_deny {
            let _ = write!(spec, ", enableDefaultDeny: {{egress: {deny}}}");
        }
    }
    let (group, kind) =
        if policy.cilium { ("cilium.io/v2", "CiliumNetworkPolicy") } else { ("networking.k8s.io/v1", "NetworkPolicy") };
    format!("---\napiVersion: {group}\nkind: {kind}\nmetadata: {{name: p, namespace: shop}}\nspec: {{{spec}}}\n")
}

struct Packet {
    way: Way,
    peer: u8,
    protocol: &'static str,
    port: u16,
}

fn holds(net: Net, peer: u8) -> bool {
    (u32::from(peer) ^ u32::from(net.0)) >> (32 - u32::from(net.1)) == 0
}

fn matches(rule: &Rule, packet: &Packet, cilium: bool) -> bool {
    if cilium && rule.blocks.is_empty() && rule.ports.is_empty() {
        return false;
    }
    let from = rule.blocks.is_empty()
        || rule
            .blocks
            .iter()
            .any(|block| holds(block.net, packet.peer) && !block.except.iter().any(|net| holds(*net, packet.peer)));
    let to = rule.ports.is_empty()
        || rule.ports.iter().any(|port| {
            let protocol = match port.protocol {
                None if cilium => true,
                protocol => protocol.unwrap_or("TCP") == packet.protocol,
            };
            let within = port.first.is_none_or(|first| (first..=port.end.unwrap_or(first)).contains(&packet.port));
            protocol && within
        });
    from && to
}

/// Whether it passes to or from a pod with the label `app=web`.
fn passes(policies: &[Policy], packet: &Packet) -> bool {
    let (mut isolated, mut allowed) = (false, false);
    for policy in policies.iter().filter(|policy| !policy.selector.contains("app: db")) {
        let rules = if packet.way == Way::In { &policy.ingress } else { &policy.egress };
        let listed = rules.as_deref().unwrap_or_default();
        let denies_rest = if policy.cilium {
            let denies = packet.way == Way::Out && !policy.denies.is_empty();
            let usual = !listed.is_empty() || denies;
            if packet.way == Way::Out { policy.default_deny.unwrap_or(usual) } else { usual }
        } else {
            match policy.types.unwrap_or("[]") {
                "[]" => packet.way == Way::In || policy.egress.is_some(),
                types => types.contains(if packet.way == Way::In { "Ingress" } else { "Egress" }),
            }
        };
        if policy.cilium && packet.way == Way::Out && policy.denies.iter().any(|rule| matches(rule, packet, true)) {
            return false;
        }
        isolated |= denies_rest;
        // Rules of a type that the policy is not of do not count; Cilium's do, whether they isolate or not.
        allowed |= (denies_rest || policy.cilium) && listed.iter().any(|rule| matches(rule, packet, policy.cilium));
    }
    allowed || !isolated
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_packet_is_judged_as_the_documentation_says(policies in prop::collection::vec(policy(), 0..4)) {
        let all: String = policies.iter().map(text).collect();
        let all = if all.is_empty() { "{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": []}".to_owned() } else { all };
        let scope = Scope { only: vec!["app=web".to_owned()] };
        let rules = read(&[Input { name: "p".to_owned(), text: all.clone() }], &scope).unwrap();
        prop_assert!(rules.understood(), "{}", all);
        let address = |peer: u8| number(IpAddr::V4(Ipv4Addr::new(10, 0, 0, peer)));
        for way in [Way::In, Way::Out] {
            for (protocol, of) in [("TCP", 6_u8), ("UDP", 17), ("SCTP", 132)] {
                for port in 78..85 {
                    let question = Question {
                        way,
                        peers: Ranges::between(address(0), address(15)),
                        peer: if way == Way::In { Peer::Source } else { Peer::Destination },
                        here: None,
                        protocol: of,
                        port,
                        from: None,
                        to: None,
                        host: None,
                    };
                    for part in ask(&rules, &question) {
                        for peer in (0..16).filter(|peer| part.peers.contains(address(*peer))) {
                            let wanted = passes(&policies, &Packet { way, peer, protocol, port });
                            let wanted = if wanted { Verdict::Allowed } else { Verdict::Denied };
                            prop_assert_eq!(part.verdict, wanted, "{:?} {} {} {}\n{}", way, peer, protocol, port, all);
                        }
                    }
                }
            }
        }
    }
}
