//! The documents that hold firewall rules and policies: what `gcloud` and the API print.

use serde_json::Value;

use super::super::Input;
use super::firewalls::{Firewall, Party, Service, Targets};
use super::policies::FirewallPolicy;
use crate::firewall::rules::Place;

/// What stands in a document.
#[derive(Default)]
pub(super) struct Document {
    /// The rules of networks.
    pub(super) firewalls: Vec<Firewall>,
    /// Firewall policies, in the order in which they are asked.
    pub(super) policies: Vec<FirewallPolicy>,
    /// Whether it is all that is in force in a network.
    pub(super) is_effective: bool,
}

const EXPORT: &str = "export it with `gcloud compute networks get-effective-firewalls NETWORK --format=json`";

/// Reads a document; says what it is lacking, where it holds no rule.
pub(super) fn document(input: &Input, file: u16) -> Result<Document, String> {
    let text = input.text.trim_start_matches('\u{feff}');
    let value: Value = serde_json::from_str(text).map_err(|error| format!("is no JSON: {error}; {EXPORT}"))?;
    let mut document = Document::default();
    let lists = |names: &[&str]| -> Vec<Value> {
        let lists = names.iter().filter_map(|name| value.get(name).and_then(Value::as_array));
        lists.flatten().cloned().collect()
    };
    let is_effective =
        ["firewalls", "firewallPolicys", "firewallPolicies"].iter().any(|name| value.get(name).is_some());
    let items: Vec<Value> = if is_effective {
        lists(&["firewallPolicys", "firewallPolicies", "firewalls"])
    } else {
        match value.get("items").unwrap_or(&value) {
            Value::Array(items) => items.clone(),
            one => vec![one.clone()],
        }
    };
    document.is_effective = is_effective;
    let mut apart = Vec::new();
    for item in &items {
        if item.get("rules").is_some_and(Value::is_array) {
            document.policies.push(FirewallPolicy::of(item, file));
        } else if item.get("match").is_some() && item.get("action").is_some() {
            apart.push(item.clone());
        } else if is_firewall(item) {
            document.firewalls.push(firewall(item, file));
        } else if !item.is_object() {
            return Err(format!("holds something else than firewall rules; {EXPORT}"));
        }
    }
    if !apart.is_empty() {
        let place = Place::new(file, 0, "firewall policy", "");
        let name = "of these rules".to_owned();
        document.policies.push(FirewallPolicy { place, name, kind: String::new(), rules: apart });
    }
    let is_empty = document.firewalls.is_empty() && document.policies.is_empty();
    if is_empty && !is_effective && !items.is_empty() {
        return Err(format!("holds no firewall rule; {EXPORT}"));
    }
    Ok(document)
}

fn is_firewall(value: &Value) -> bool {
    ["allowed", "denied", "sourceRanges", "destinationRanges"].iter().any(|name| value.get(name).is_some())
        || text(value, "kind") == "compute#firewall"
}

pub(super) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn words(value: &Value, name: &str) -> Vec<String> {
    let items = value.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    items.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), |word| word.trim().to_owned())).collect()
}

pub(super) fn is_true(value: &Value, name: &str) -> bool {
    match value.get(name) {
        Some(Value::Bool(holds)) => *holds,
        Some(Value::String(word)) => word.eq_ignore_ascii_case("true"),
        _ => false,
    }
}

pub(super) fn service(value: &Value) -> Service {
    let protocol = match value.get("IPProtocol").or_else(|| value.get("ipProtocol")) {
        Some(Value::String(word)) => word.trim().to_owned(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    Service { protocol, ports: words(value, "ports") }
}

fn firewall(value: &Value, file: u16) -> Firewall {
    let services = |name: &str| {
        let items = value.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        items.iter().map(service).collect::<Vec<Service>>()
    };
    let number = |value: &Value| match value {
        Value::String(digits) => digits.parse().ok(),
        number => number.as_u64().and_then(|number| u32::try_from(number).ok()),
    };
    // What is left out has the value that the API gives it.
    let priority = value.get("priority").map_or(Some(1000), number);
    let direction = value.get("direction").map_or("INGRESS", |direction| direction.as_str().unwrap_or_default());
    let (name, network) = (text(value, "name"), text(value, "network"));
    let said = priority.map(|priority| format!(", priority {priority}")).unwrap_or_default();
    let mut names: Vec<String> =
        words(value, "sourceTags").iter().map(|tag| format!("the network tag `{tag}`")).collect();
    names
        .extend(words(value, "sourceServiceAccounts").iter().map(|account| format!("the service account `{account}`")));
    Firewall {
        place: Place::new(file, 0, format!("firewall rule {name}{said}"), &quoted(value)),
        network: network.to_owned(),
        direction: direction.to_owned(),
        priority,
        disabled: is_true(value, "disabled"),
        allowed: services("allowed"),
        denied: services("denied"),
        source: Party { ranges: words(value, "sourceRanges"), names },
        destination: Party { ranges: words(value, "destinationRanges"), names: Vec::new() },
        targets: Targets { tags: words(value, "targetTags"), accounts: words(value, "targetServiceAccounts") },
        logs: value.get("logConfig").is_some_and(|config| is_true(config, "enable")),
    }
}

/// What a rule says, without what says nothing about it.
fn quoted(value: &Value) -> String {
    const SAID: [&str; 12] = [
        "direction",
        "priority",
        "disabled",
        "allowed",
        "denied",
        "sourceRanges",
        "sourceTags",
        "sourceServiceAccounts",
        "destinationRanges",
        "targetTags",
        "targetServiceAccounts",
        "logConfig",
    ];
    let said = SAID.iter().filter_map(|name| value.get(name).map(|value| format!("\"{name}\": {value}")));
    said.collect::<Vec<String>>().join(", ")
}
