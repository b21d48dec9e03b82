//! What is known of App-ID's applications without the firewall: how a few of them are carried. Whether a connection is taken for one is
//! seen by the firewall alone, after the first packets.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::firewall::dialects::edge::Alternative;
use crate::firewall::dialects::edge::named::{Meaning, Set};
use crate::firewall::dialects::edge::services::Service;
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::Condition;

/// Applications by name.
pub(super) type Applications = BTreeSet<Arc<str>>;

impl Set for Applications {
    fn none() -> Self {
        BTreeSet::new()
    }

    fn all() -> Self {
        BTreeSet::new()
    }

    fn any_of(sets: &[&Self]) -> Self {
        sets.iter().flat_map(|set| set.iter().cloned()).collect()
    }

    fn minus(&self, other: &Self) -> Option<Self> {
        Some(self.difference(other).cloned().collect())
    }

    fn weight(&self) -> usize {
        self.len()
    }
}

/// Applications with the protocols that they are carried by, and the ports that are theirs by default, or could be: nothing, where
/// that is left open.
const KNOWN: &[(&str, &[u8], &[u16])] = &[
    ("ssl", &[6], &[443]),
    ("web-browsing", &[6], &[80, 443, 8080]),
    ("dns", &[6, 17], &[53, 853, 5353]),
    ("dns-base", &[6, 17], &[53, 853, 5353]),
    ("ntp", &[17], &[123]),
    ("ntp-base", &[17], &[123]),
    ("ssh", &[6], &[22]),
    ("quic", &[17], &[]),
    ("quic-base", &[17], &[]),
    ("ping", &[1, 58], &[]),
    ("icmp", &[1], &[]),
    ("ipv6-icmp", &[58], &[]),
    ("gre", &[47], &[]),
    ("ipsec-esp", &[50], &[]),
    ("ipsec-ah", &[51], &[]),
    ("ike", &[17], &[]),
    ("snmp", &[6, 17], &[]),
    ("ftp", &[6], &[]),
    ("telnet", &[6], &[]),
    ("ms-rdp", &[6, 17], &[]),
    ("bgp", &[6], &[]),
    ("ospf", &[89], &[]),
];

/// More applications than that are told together.
const MOST: usize = 8;

/// What a rule's applications ask for: each is a condition, on whatever can carry it.
pub(super) fn alternatives(meaning: &Meaning<Applications>, on_default_ports: bool) -> Vec<Alternative<Service>> {
    let doubts = meaning.unsure.keys().map(|words| (Service::any(), vec![Condition::holds(format!("it is {words}"))]));
    if meaning.known.len() > MOST {
        let names: Vec<&str> = meaning.known.iter().map(AsRef::as_ref).collect();
        let on = if on_default_ports { " on one of its default ports" } else { "" };
        let what = format!("App-ID takes it for one of {}{on}", names.join(", "));
        return doubts.chain([(Service::any(), vec![Condition::holds(what)])]).collect();
    }
    doubts.chain(meaning.known.iter().map(|name| one(name, on_default_ports))).collect()
}

fn one(name: &str, on_default_ports: bool) -> Alternative<Service> {
    let known = KNOWN.iter().find(|(known, ..)| *known == name);
    let mut carried = Service::any();
    if let Some((_, protocols, _)) = known {
        carried.protocol = numbers(protocols);
    }
    if !on_default_ports {
        return (carried, vec![Condition::holds(format!("App-ID takes it for `{name}`"))]);
    }
    let ports = known.map_or(&[][..], |(_, _, ports)| ports);
    if !ports.is_empty() {
        carried.port = numbers(ports);
    }
    // Where there is one port alone, its default is not in doubt.
    let on = if ports.len() == 1 { "" } else { " on one of its default ports" };
    (carried, vec![Condition::holds(format!("App-ID takes it for `{name}`{on}"))])
}

fn numbers<N: Copy + Into<u128>>(numbers: &[N]) -> Ranges {
    Ranges::of(numbers.iter().map(|number| ((*number).into(), (*number).into())))
}
