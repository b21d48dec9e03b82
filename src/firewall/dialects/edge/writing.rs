//! What the writers for edge firewalls have in common: which objects the flows need, how they are called within the limits of a
//! language, and words of others made harmless.

use std::collections::BTreeSet;

use ipnet::IpNet;

use crate::firewall::dialects::Request;
use crate::firewall::flow::{Direction, Flow, Party, Protocol};

/// What is to be written.
pub(crate) struct Plan<'a> {
    /// The objects, each once, in the order in which the flows first speak of them.
    pub groups: Vec<Group>,
    /// The services, each once.
    pub services: Vec<(Protocol, u16)>,
    /// The flows that can be written.
    pub flows: Vec<Planned<'a>>,
    /// What has to be filled in, and what cannot be written.
    pub remarks: Vec<String>,
}

/// Addresses, or host names, under a name.
pub(crate) struct Group {
    pub name: String,
    /// Who it is, on one line.
    pub who: String,
    pub ranges: Vec<IpNet>,
    /// Where it has no addresses.
    pub hosts: Vec<String>,
}

/// A flow, and the groups at its ends; none, where an end is whoever it may be.
pub(crate) struct Planned<'a> {
    pub flow: &'a Flow,
    pub source: Option<usize>,
    pub destination: Option<usize>,
}

/// What a language can say.
pub(crate) struct Language {
    /// As it is called in a remark.
    pub any: &'static str,
    /// Whether an object may be `*.example.com`.
    pub wildcards: bool,
    /// How long the name of an object may be.
    pub longest: usize,
}

/// Sorts out what the flows need.
pub(crate) fn plan<'a>(request: &'a Request, language: &Language) -> Plan<'a> {
    let mut plan = Plan { groups: Vec::new(), services: Vec::new(), flows: Vec::new(), remarks: Vec::new() };
    for flow in &request.flows {
        let (own, peer) = match flow.direction {
            Direction::Egress => (&flow.source, &flow.destination),
            Direction::Ingress => (&flow.destination, &flow.source),
        };
        let Some(peer) = plan.group(peer, language) else {
            let who = harmless(&peer.who);
            plan.remark(format!(
                "`{}` is not written: nobody publishes addresses of {who}, and a rule for any would be too wide",
                flow.id
            ));
            continue;
        };
        let own_group = if own.ranges.is_empty() { None } else { plan.group(own, language) };
        if own_group.is_none() {
            let (any, who) = (language.any, harmless(&own.who));
            plan.remark(format!(
                "`{any}` stands for {who}: put its own address in that place, as the firewall sees it"
            ));
        }
        for protocol in flow.protocols {
            if !plan.services.contains(&(*protocol, flow.port)) {
                plan.services.push((*protocol, flow.port));
            }
        }
        let (source, destination) = match flow.direction {
            Direction::Egress => (own_group, Some(peer)),
            Direction::Ingress => (Some(peer), own_group),
        };
        plan.flows.push(Planned { flow, source, destination });
    }
    plan
}

impl Plan<'_> {
    fn remark(&mut self, remark: String) {
        if !self.remarks.contains(&remark) {
            self.remarks.push(remark);
        }
    }

    fn group(&mut self, party: &Party, language: &Language) -> Option<usize> {
        let name = match party.within {
            Some(owner) if !party.ranges.is_empty() => owner.object,
            _ => &party.object,
        };
        let name = own_name(name, language.longest);
        if let Some(known) = self.groups.iter().position(|group| group.name == name) {
            return Some(known);
        }
        let mut hosts = Vec::new();
        if party.ranges.is_empty() {
            for host in &party.hosts {
                if host.starts_with("*.") && !language.wildcards {
                    self.remark(format!("`{}` cannot be an object here: name the hosts that are used", harmless(host)));
                } else if plain_host(host) {
                    hosts.push(host.clone());
                }
            }
            if hosts.is_empty() {
                return None;
            }
        }
        let who = party.within.filter(|_| !party.ranges.is_empty()).map_or(party.who.as_str(), |owner| owner.who);
        self.groups.push(Group { name, who: harmless(who), ranges: party.ranges.clone(), hosts });
        Some(self.groups.len() - 1)
    }
}

/// Whether a host name has nothing that no host name has.
fn plain_host(host: &str) -> bool {
    !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._*".contains(&byte))
}

/// A name that no object of the site's own is likely to have.
pub(crate) fn own_name(name: &str, longest: usize) -> String {
    let name: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' }).collect();
    fitting(&if name.starts_with("workos") { name } else { format!("workos-{name}") }, longest)
}

/// A name within a length: one that is cut ends with what tells it from others that begin alike.
pub(crate) fn fitting(name: &str, longest: usize) -> String {
    if name.len() <= longest || !name.is_ascii() {
        return name.to_owned();
    }
    // FNV-1a: the same in every run.
    let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    format!("{}-{hash:08x}", name[..longest - 9].trim_end_matches('-'))
}

/// The network as part of a name.
pub(crate) fn net_in_name(net: &IpNet) -> String {
    if net.prefix_len() == net.max_prefix_len() { net.addr().to_string() } else { net.to_string() }
        .replace(':', "-")
        .replace('/', "_")
}

/// Words of others as they may stand in a comment or a description of any language: on one line, without anything that quotes,
/// opens or ends something.
pub(crate) fn harmless(words: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || " -_.,:/()+*@%=".contains(c);
    let words: String = words.chars().map(|c| if plain(c) { c } else { ' ' }).collect();
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The same, no longer than a language takes it, in bytes.
pub(crate) fn described(words: &str, longest: usize) -> String {
    let mut words: String = harmless(words).chars().map(|c| if c.is_ascii() { c } else { '?' }).collect();
    words.truncate(longest);
    words.trim_end().to_owned()
}

/// What is said of a flow: its id, the day of the facts and what it is for.
pub(crate) fn of_flow(flow: &Flow, as_of: &str) -> String {
    format!("{} ({}): {}", flow.id, harmless(as_of), harmless(&flow.reason))
}

/// Names that are taken, so that no two are alike.
#[derive(Default)]
pub(crate) struct Taken(BTreeSet<String>);

impl Taken {
    /// The name, or one like it that is free.
    pub(crate) fn free(&mut self, name: &str, longest: usize) -> String {
        let mut free = name.to_owned();
        let mut nth = 2;
        while !self.0.insert(free.clone()) {
            free = fitting(&format!("{name}-{nth}"), longest);
            nth += 1;
        }
        free
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_cut_is_still_told_from_others() {
        let (one, other) = (format!("{}a", "x".repeat(80)), format!("{}b", "x".repeat(80)));

        assert_eq!(own_name("cloudflare", 63), "workos-cloudflare");
        assert_eq!((fitting(&one, 63).len(), fitting(&other, 63).len()), (63, 63));
        assert_ne!(fitting(&one, 63), fitting(&other, 63));
        assert_eq!(net_in_name(&"2606:4700::/32".parse().unwrap()), "2606-4700--_32");
    }

    #[test]
    fn words_of_others_open_and_end_nothing() {
        assert_eq!(harmless("a\"; rm\r\n`b` $(c) \u{2028}d ! # '"), "a rm b (c) d");
        assert_eq!(described("äbc def", 5), "?bc d");
    }
}
