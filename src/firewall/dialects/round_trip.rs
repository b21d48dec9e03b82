//! What was written is read and asked again, for the tests of languages that are both: every flow passes, and nothing else does.

use crate::firewall::addresses;
use crate::firewall::evaluate::{By, Peer, Question, Verdict, ask};
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{Rules, Way};
use crate::firewall::{Direction, Flow, Protocol};

/// What passes on a way, in words; behind a question mark, what may.
pub(super) fn passes(rules: &Rules, way: Way, protocol: u8, port: u16, host: Option<&str>) -> String {
    let peer = if way == Way::In { Peer::Source } else { Peer::Destination };
    let peers = Ranges::all();
    let question = Question { way, peers, peer, here: None, protocol, port, from: None, to: None, host };
    let parts = ask(rules, &question);
    let of = |verdict: Verdict| {
        Ranges::any_of(parts.iter().filter(|part| part.verdict == verdict).map(|part| &part.peers).collect::<Vec<_>>())
    };
    let (sure, unsure) = (addresses::in_words(&of(Verdict::Allowed)), of(Verdict::Unsure));
    if unsure.is_empty() { sure } else { format!("{sure} ? {}", addresses::in_words(&unsure)) }
}

/// That these rules let these flows through, by their addresses, and nothing else at the ports around theirs.
pub(super) fn assert_exactly(rules: &Rules, flows: &[Flow]) {
    let mut ports: Vec<u16> = flows.iter().flat_map(|flow| [flow.port - 1, flow.port, flow.port + 1]).collect();
    ports.extend([0, 22, 8443, u16::MAX]);
    for way in [Way::In, Way::Out] {
        for (protocol, number) in [(Some(Protocol::Tcp), 6), (Some(Protocol::Udp), 17), (None, 132)] {
            for port in &ports {
                let asked = |flow: &&Flow| {
                    (flow.direction == Direction::Egress) == (way == Way::Out)
                        && flow.port == *port
                        && protocol.is_some_and(|protocol| flow.protocols.contains(&protocol))
                };
                let wanted: Vec<_> = flows.iter().filter(asked).flat_map(|flow| &peer(flow).ranges).copied().collect();
                let wanted = addresses::in_words(&addresses::networks(&wanted));
                assert_eq!(passes(rules, way, number, *port, None), wanted, "{way:?}, protocol {number}, port {port}");
            }
        }
    }
}

fn peer(flow: &Flow) -> &crate::firewall::Party {
    if flow.direction == Direction::Egress { &flow.destination } else { &flow.source }
}

/// Who passes to port 443, and by which rule: `10.0.0.0/8 Allowed by rule web of app, priority 100`.
pub(super) fn said(rules: &Rules, way: Way, peers: &str) -> Vec<String> {
    let question = Question {
        way,
        peers: addresses::networks(&peers.split(' ').map(|net| net.parse().unwrap()).collect::<Vec<ipnet::IpNet>>()),
        peer: if way == Way::In { Peer::Source } else { Peer::Destination },
        here: None,
        protocol: 6,
        port: 443,
        from: None,
        to: None,
        host: None,
    };
    let by = |by: By| match by {
        By::Rule(_, rule) => rule.place.name.to_string(),
        By::Policy(_, policy) => policy.place.name.to_string(),
        By::Nobody => "nobody".to_owned(),
    };
    ask(rules, &question)
        .iter()
        .map(|part| {
            let why =
                if part.why.is_empty() { String::new() } else { format!(" unsure whether {}", part.why.join("; ")) };
            format!("{} {:?} by {}{why}", addresses::in_words(&part.peers), part.verdict, by(part.by))
        })
        .collect()
}
