//! Firewall rules of Google Cloud, as Terraform has them.

use super::document::{Document, Resource};
use super::view::{Field, View};
use crate::firewall::dialects::gcp::firewalls::{Firewall, Party, Service, Targets};
use crate::firewall::rules::Place;

/// Which of the resources are read here.
pub(super) const KINDS: &[&str] = &["google_compute_firewall"];

/// The rules of a plan.
pub(super) fn read(document: &Document, file: u16) -> Vec<Firewall> {
    let mine = document.resources.iter().filter(|it| it.kind == "google_compute_firewall" && !it.is_data);
    mine.map(|resource| firewall(document, *resource, file)).collect()
}

fn firewall(document: &Document, resource: Resource, file: u16) -> Firewall {
    let (values, address) = (resource.values, resource.address);
    let mut later: Vec<&str> = Vec::new();
    let mut words = |key: &'static str| -> Vec<String> {
        let words = values.words(key);
        later.extend(words.more.then_some(key));
        words.known.into_iter().map(ToOwned::to_owned).collect()
    };
    let named = |kind: &str, words: Vec<String>| {
        words.into_iter().map(|word| format!("the {kind} `{word}`")).collect::<Vec<_>>()
    };
    let mut source = Party { ranges: words("source_ranges"), names: named("network tag", words("source_tags")) };
    source.names.extend(named("service account", words("source_service_accounts")));
    let mut destination = Party { ranges: words("destination_ranges"), names: Vec::new() };
    let mut targets = Targets { tags: words("target_tags"), accounts: words("target_service_accounts") };
    let (allowed, denied) = (services(values, "allow"), services(values, "deny"));
    for (key, services) in [("allow", &allowed), ("deny", &denied)] {
        later.extend(services.is_none().then_some(key));
    }
    later.extend(["direction", "priority", "disabled"].into_iter().filter(|key| values.is_unknown(key)));
    let strangers = values.strangers(ARGUMENTS);
    let direction = if values.is_unknown("direction") { "" } else { values.text("direction").unwrap_or("INGRESS") };
    let end = if direction.eq_ignore_ascii_case("EGRESS") { &mut destination } else { &mut source };
    for key in later.iter().copied().chain(strangers) {
        // Whoever it is for, only what comes out of it can be known.
        if key.starts_with("target") {
            targets.tags.push(format!("{key} of {address}, known after it is applied"));
            continue;
        }
        if !PEERS.contains(&key) {
            end.ranges.clear();
        }
        end.names.push(format!("`{key}` of {address}, known after it is applied,"));
    }
    let network = match values.text("network") {
        Some(network) => network.to_owned(),
        None => document.refers(address, "network").pop().unwrap_or_default(),
    };
    let priority = match values.number("priority") {
        // What is not said is 1000.
        Ok(None) => Some(1000),
        Ok(Some(number)) => u32::try_from(number).ok(),
        Err(_) => None,
    };
    let all = || vec![Service { protocol: "all".to_owned(), ports: Vec::new() }];
    let name = values.text("name").map_or_else(|| address.to_owned(), |name| format!("{name} ({address})"));
    Firewall {
        place: Place::new(file, 0, format!("rule {name}"), &values.value().to_string()),
        network,
        direction: direction.to_owned(),
        priority,
        disabled: values.is_true("disabled"),
        allowed: allowed.unwrap_or_else(all),
        denied: denied.unwrap_or_else(all),
        source,
        destination,
        targets,
        logs: values.items("log_config").is_some_and(|items| !items.is_empty()) || values.is_true("enable_logging"),
    }
}

/// The protocols and ports under a key; nothing, where some are not known.
fn services(values: View, key: &str) -> Option<Vec<Service>> {
    let service = |item: View| {
        let ports = item.words("ports");
        let protocol = item.text("protocol")?.to_owned();
        let known = !ports.more && !matches!(item.get("protocol"), Field::Unknown);
        known.then(|| Service { protocol, ports: ports.known.into_iter().map(ToOwned::to_owned).collect() })
    };
    values.items(key)?.into_iter().map(service).collect()
}

/// What names peers, each of which stands for itself; of what else is unknown, the whole rule depends.
const PEERS: &[&str] = &["destination_ranges", "source_ranges", "source_service_accounts", "source_tags"];

/// What rules have.
const ARGUMENTS: &[&str] = &[
    "allow",
    "creation_timestamp",
    "deny",
    "description",
    "destination_ranges",
    "direction",
    "disabled",
    "enable_logging",
    "id",
    "log_config",
    "name",
    "network",
    "params",
    "priority",
    "project",
    "self_link",
    "source_ranges",
    "source_service_accounts",
    "source_tags",
    "target_service_accounts",
    "target_tags",
    "timeouts",
];
