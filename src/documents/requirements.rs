//! The sheet for a firewall request: each connection that must be let through.

use ipnet::IpNet;

use crate::firewall::{Direction, Flow, Party};
use crate::said::{all_of, hidden};

/// What must be let through, and for which deployment.
pub struct Sheet {
    /// How the deployment reaches `WorkOS`.
    pub strategy: &'static str,
    /// The day of the facts that it follows from.
    pub as_of: String,
    /// The connections.
    pub flows: Vec<Flow>,
}

/// The directions, under the headings that a person reads them.
pub const DIRECTIONS: [(Direction, &str); 2] = [
    (Direction::Egress, "Egress: connections opened inside"),
    (Direction::Ingress, "Ingress: connections opened outside"),
];

/// What the sheet ends with.
pub const OTHERWISE: &str =
    "Everything else can stay closed. Answers to these connections must come back (stateful rules).";

impl Sheet {
    /// A sheet without secrets.
    pub fn new(strategy: &'static str, as_of: &str, flows: Vec<Flow>) -> Self {
        Sheet { strategy, as_of: hidden(as_of), flows: flows.into_iter().map(without_secrets).collect() }
    }
}

fn without_secrets(mut flow: Flow) -> Flow {
    for party in [&mut flow.source, &mut flow.destination] {
        party.who = hidden(&party.who);
        party.hosts.iter_mut().for_each(|host| *host = hidden(host));
    }
    flow.reason = hidden(&flow.reason);
    flow.since = hidden(&flow.since);
    flow
}

/// `TCP 443`, `UDP and TCP 53`
pub fn port(flow: &Flow) -> String {
    format!("{} {}", all_of(flow.protocols.iter().map(|protocol| protocol.as_str().to_uppercase())), flow.port)
}

/// `the WorkOS API, at Cloudflare: api.workos.com; 173.245.48.0/20 …`
pub fn in_words(party: &Party) -> String {
    let ranges = party.ranges.iter().map(|range| shown(*range)).collect::<Vec<_>>().join(" ");
    let places: Vec<String> = [party.hosts.join(" "), ranges].into_iter().filter(|place| !place.is_empty()).collect();
    if places.is_empty() { party.who.clone() } else { format!("{}: {}", party.who, places.join("; ")) }
}

/// A single address is written without its length.
fn shown(range: IpNet) -> String {
    if range.prefix_len() == range.max_prefix_len() { range.addr().to_string() } else { range.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Facts;
    use crate::firewall::flows;
    use crate::settings::{GivenSecrets, Settings};

    #[test]
    fn whatever_was_given_for_a_fact_or_a_name_no_secret_is_in_a_sheet() {
        let key = "sk_live_abcdefghijklmnopqrstuvwx";
        let settings = Settings::merge(&[], GivenSecrets::default(), Vec::new()).unwrap();
        let mut flow = flows(&Facts::embedded(), &settings, &[]).remove(0);
        flow.source.who = key.to_owned();
        flow.destination.hosts = vec![key.to_owned()];
        flow.reason = key.to_owned();
        flow.since = key.to_owned();

        let sheet = Sheet::new("firewall", key, vec![flow]);

        assert_eq!(sheet.as_of, "sk_live_…uvwx");
        let shown = format!("{:?}", sheet.flows);
        assert!(!shown.contains(key), "{shown}");
        assert_eq!(shown.matches("sk_live_…uvwx").count(), 4, "{shown}");
    }
}
