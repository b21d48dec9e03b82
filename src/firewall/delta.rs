//! What newer facts add to the required flows, and what they take away, so that rules that stand already are changed and not
//! written anew.

use ipnet::IpNet;

use super::addresses::{as_networks, networks};
use super::flow::{Flow, Party};

/// The difference between two sheets for the same settings. An end of which only a part is told has a name of its own, so that
/// rules for it stand beside those that are there, and take the place of none: `cloudflare-added`.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Delta {
    /// Flows that are new, and of those that there were only the new hosts and addresses.
    pub added: Vec<Flow>,
    /// Flows that are gone, and of those that stay only the hosts and addresses that are gone.
    pub removed: Vec<Flow>,
}

impl Delta {
    /// What is in the newer sheet and not in the older one, and the other way round.
    pub fn between(older: &[Flow], newer: &[Flow]) -> Self {
        Delta { added: beyond(newer, older, "added"), removed: beyond(older, newer, "removed") }
    }

    /// Whether nothing changed.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }
}

/// What these flows have that the others do not.
fn beyond(flows: &[Flow], others: &[Flow], suffix: &str) -> Vec<Flow> {
    flows
        .iter()
        .filter_map(|flow| {
            let same = |other: &&Flow| {
                (&other.id, other.port, other.protocols, &other.source.object, &other.destination.object)
                    == (&flow.id, flow.port, flow.protocols, &flow.source.object, &flow.destination.object)
            };
            match others.iter().find(same) {
                None => Some(flow.clone()),
                Some(other) => part(flow, other, suffix),
            }
        })
        .collect()
}

/// The flow with what alone it has; nothing, where the other has everything.
fn part(flow: &Flow, other: &Flow, suffix: &str) -> Option<Flow> {
    let source = more(&flow.source, &other.source, suffix);
    let destination = more(&flow.destination, &other.destination, suffix);
    // Only one end of a flow is another's than the customer's; the customer's stays whole, so that rules can be written.
    match (source, destination) {
        (None, None) => None,
        (source, destination) => Some(Flow {
            source: source.unwrap_or_else(|| flow.source.clone()),
            destination: destination.unwrap_or_else(|| flow.destination.clone()),
            ..flow.clone()
        }),
    }
}

/// What an end has beyond the other: hosts and addresses; nothing, where that is none.
fn more(end: &Party, other: &Party, suffix: &str) -> Option<Party> {
    let hosts: Vec<String> = end.hosts.iter().filter(|host| !other.hosts.contains(host)).cloned().collect();
    let known = networks(&other.ranges);
    let ranges: Vec<IpNet> = end.ranges.iter().filter(|range| !known.covers(&networks([*range]))).copied().collect();
    if hosts.is_empty() && ranges.is_empty() {
        return None;
    }
    // Of a range that grew, only what it grew by is new.
    let ranges = as_networks(&networks(&ranges).minus(&known));
    // The addresses are said with the object itself: the owner's object is the one that stands there already.
    Some(Party { object: format!("{}-{suffix}", end.object), hosts, ranges, within: None, ..end.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::firewall::fixture;

    fn with(ranges: &[&str]) -> Vec<Flow> {
        let mut flows = fixture::flows();
        for flow in &mut flows {
            if flow.id == "egress-api" {
                flow.destination.ranges = ranges.iter().map(|range| range.parse().unwrap()).collect();
            }
        }
        flows
    }

    #[test]
    fn only_what_changed_is_told_however_the_ranges_are_cut() {
        let delta = Delta::between(
            &with(&["104.16.0.0/13", "104.24.0.0/14", "198.51.100.0/24"]),
            &with(&["104.16.0.0/14", "104.20.0.0/14", "104.24.0.0/13"]),
        );

        let said = |flows: &[Flow]| -> Vec<(String, String)> {
            let ranges =
                |flow: &Flow| flow.destination.ranges.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
            flows.iter().map(|flow| (flow.id.clone(), ranges(flow))).collect()
        };
        assert_eq!(said(&delta.added), [("egress-api".to_owned(), "104.28.0.0/14".to_owned())]);
        assert_eq!(said(&delta.removed), [("egress-api".to_owned(), "198.51.100.0/24".to_owned())]);
        let [added, removed] = [&delta.added[0], &delta.removed[0]].map(|flow| flow.destination.object.as_str());
        assert_eq!(
            (added, removed, delta.added[0].source.object.as_str()),
            ("workos-api-added", "workos-api-removed", "server")
        );
        assert!(Delta::between(&with(&["104.16.0.0/13"]), &with(&["104.16.0.0/14", "104.20.0.0/14"])).is_empty());
    }

    #[test]
    fn a_flow_that_is_new_is_new_as_a_whole_and_one_that_is_gone_likewise() {
        let (all, mut fewer) = (fixture::flows(), fixture::flows());
        let gone = fewer.remove(3);

        assert_eq!(Delta::between(&fewer, &all), Delta { added: vec![gone.clone()], removed: Vec::new() });
        assert_eq!(Delta::between(&all, &fewer), Delta { added: Vec::new(), removed: vec![gone] });
    }
}
