//! Writes the peers of flows as a list, object by object.

use std::collections::BTreeSet;
use std::fmt::Write;

use ipnet::IpNet;

use crate::firewall::dialects::table::remark;
use crate::firewall::dialects::{Generated, Request};
use crate::firewall::{Direction, Flow, Party};

pub(super) fn write(request: &Request) -> Generated {
    let mut text = format!(
        "# Peers of an application that uses WorkOS, by object. Facts of {}.\n# A list says nothing of ports and directions: they stand beside each object.\n",
        plain(&request.as_of)
    );
    let (mut remarks, mut written) = (Vec::new(), BTreeSet::<IpNet>::new());
    for (object, flows) in by_object(&request.flows) {
        let Some(party) = flows.first().map(|flow| peer(flow)) else { continue };
        let _ = writeln!(text, "\n# {}: {}", plain(object), plain(within(party)));
        for flow in &flows {
            let protocols: Vec<&str> = flow.protocols.iter().map(|protocol| protocol.as_str()).collect();
            let (way, protocols) = (flow.direction.as_str(), protocols.join(" and "));
            let _ =
                writeln!(text, "#   {} ({way}, {protocols} {}, {})", plain(&flow.id), flow.port, flow.need.as_str());
        }
        if party.ranges.is_empty() {
            let hosts = party.hosts.join(" ");
            let hosts = if hosts.is_empty() {
                "nobody publishes addresses: fill in your own".to_owned()
            } else {
                format!("by name only: {hosts}")
            };
            let _ = writeln!(text, "#   {}", plain(&hosts));
            remarks.extend(flows.iter().filter_map(|flow| remark(flow)));
        }
        for range in &party.ranges {
            if written.insert(*range) {
                let _ = writeln!(text, "{range}");
            } else {
                let _ = writeln!(text, "# {range} stands above");
            }
        }
    }
    Generated { rules: text, comment: Some("#"), remarks, ..Generated::default() }
}

/// The end that is not the installation's.
fn peer(flow: &Flow) -> &Party {
    if flow.direction == Direction::Egress { &flow.destination } else { &flow.source }
}

/// The flows with each peer, in the order in which they first speak of it. Whoever has addresses within another's goes with that.
fn by_object(flows: &[Flow]) -> Vec<(&str, Vec<&Flow>)> {
    let mut objects: Vec<(&str, Vec<&Flow>)> = Vec::new();
    for flow in flows {
        let party = peer(flow);
        let name = party.within.map_or(party.object.as_str(), |owner| owner.object);
        match objects.iter_mut().find(|(known, _)| *known == name) {
            Some((_, flows)) => flows.push(flow),
            None => objects.push((name, vec![flow])),
        }
    }
    objects
}

fn within(party: &Party) -> &str {
    party.within.map_or(party.who.as_str(), |owner| owner.who)
}

/// On one line, whatever it is.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c }).collect()
}
