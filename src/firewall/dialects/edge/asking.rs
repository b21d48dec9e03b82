//! Questions to an edge firewall, for the tests of its readers and writers: from which zone to which, from where and to where.

use crate::firewall::addresses::networks;
use crate::firewall::audit::Known;
use crate::firewall::compare::{self, Budget, compare, requested};
use crate::firewall::dialects::{Dialect, Generated, Input, Request, Scope, Unread};
use crate::firewall::evaluate::{Peer, Question, Verdict, ask};
use crate::firewall::rules::{NoteKind, Rules, Way};
use crate::firewall::{Direction, Flow, Protocol, fixture};

/// What was read of a text.
pub(crate) fn read(dialect: &Dialect, text: &str) -> Rules {
    try_read(dialect, text).unwrap()
}

pub(crate) fn try_read(dialect: &Dialect, text: &str) -> Result<Rules, Unread> {
    let reads = dialect.reads.as_ref().unwrap();
    (reads.read)(&[Input { name: "edge".to_owned(), text: text.to_owned() }], &Scope::default())
}

/// One packet: `tcp 443 from 1.2.3.4 to 10.20.0.10`, and by which zones.
pub(crate) fn verdict(rules: &Rules, zones: Option<(&str, &str)>, source: &str, to: &str, service: &str) -> Verdict {
    asked(rules, Way::In, zones, source, to, service)
}

pub(crate) fn asked(
    rules: &Rules,
    way: Way,
    zones: Option<(&str, &str)>,
    source: &str,
    to: &str,
    service: &str,
) -> Verdict {
    let net = |text: &str| networks(&[text.parse::<std::net::IpAddr>().unwrap().into()]);
    let (protocol, port) = service.split_once('/').unwrap();
    let question = Question {
        way,
        peers: net(source),
        peer: Peer::Source,
        here: Some(net(to)),
        protocol: crate::firewall::dialects::entry::protocol(protocol).unwrap(),
        port: port.parse().unwrap(),
        from: zones.map(|(from, _)| from),
        to: zones.map(|(_, to)| to),
        host: None,
    };
    let parts = ask(rules, &question);
    assert_eq!(parts.len(), 1);
    parts[0].verdict
}

/// That what is written adds the flows to what is there, and nothing else.
pub(crate) fn assert_adds_exactly_the_flows(dialect: &Dialect, before: &str) {
    let after = format!("{before}{}", generated(dialect, false).rules);
    let (before, after) = (read(dialect, before), read(dialect, &after));
    let (outside, inside) = (Some("outside".to_owned()), Some("inside".to_owned()));
    let known = Known { outside, inside, ..Known::default() };
    let flows = fixture::flows();
    let requested = requested(&flows, &known, &before, &after);
    let comparison = compare(&before, &after, &requested, Budget::default());
    assert_eq!(comparison.verdict, compare::Verdict::Exactly, "{:?}", comparison.rows);
}

/// What is noted of a kind.
pub(crate) fn notes(rules: &Rules, kind: NoteKind) -> Vec<&str> {
    rules.notes.iter().filter(|note| note.kind == kind).map(|note| note.what.as_str()).collect()
}

/// What is written for the flows of the fixture.
pub(crate) fn generated(dialect: &Dialect, log: bool) -> Generated {
    let request = Request { flows: fixture::flows(), as_of: "2026-11-23".to_owned(), log };
    (dialect.writes.unwrap())(&request)
}

/// That exactly the flows pass, for an installation at 10.20.0.10 between these zones.
pub(crate) fn assert_exactly_the_flows(rules: &Rules, zones: Option<(&str, &str)>, flows: &[Flow]) {
    let here = networks(&["10.20.0.10/32", "2001:db8::10/128"].map(|net| net.parse().unwrap()));
    for way in [Way::In, Way::Out] {
        let (peer, direction) = match way {
            Way::In => (Peer::Source, Direction::Ingress),
            _ => (Peer::Destination, Direction::Egress),
        };
        let (outside, inside) = (zones.map(|(outside, _)| outside), zones.map(|(_, inside)| inside));
        let (from, to) = if way == Way::In { (outside, inside) } else { (inside, outside) };
        for (protocol, number) in [(Protocol::Tcp, 6), (Protocol::Udp, 17)] {
            for port in [22, 52, 53, 54, 80, 442, 443, 444, 8443] {
                let question = Question {
                    way,
                    peers: crate::firewall::ranges::Ranges::all(),
                    peer,
                    here: Some(here.clone()),
                    protocol: number,
                    port,
                    from,
                    to,
                    host: None,
                };
                let wanted = flows.iter().filter(|flow| {
                    flow.direction == direction && flow.port == port && flow.protocols.contains(&protocol)
                });
                let ranges: Vec<ipnet::IpNet> = wanted
                    .flat_map(|flow| match flow.direction {
                        Direction::Ingress => &flow.source.ranges,
                        Direction::Egress => &flow.destination.ranges,
                    })
                    .copied()
                    .collect();
                let parts = ask(rules, &question);
                let of = |verdict| {
                    let parts = parts.iter().filter(|part| part.verdict == verdict);
                    crate::firewall::ranges::Ranges::any_of(parts.map(|part| &part.peers).collect::<Vec<_>>())
                };
                assert_eq!(of(Verdict::Unsure), crate::firewall::ranges::Ranges::none(), "{way:?} {protocol:?} {port}");
                assert_eq!(of(Verdict::Allowed), networks(&ranges), "{way:?} {protocol:?} {port}");
            }
        }
    }
}
