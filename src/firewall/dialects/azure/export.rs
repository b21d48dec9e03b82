//! The documents that hold network security groups: what the command line prints, what the REST API and PowerShell say, templates,
//! and the effective rules of a network interface.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::super::Input;
use super::groups::{SecurityGroup, SecurityRule, Side};
use crate::firewall::rules::{NoteKind, Place, Rules};

/// What stands in a document.
pub(super) enum Document {
    /// Groups, of which nobody says which one is in force where.
    Groups(Vec<SecurityGroup>),
    /// The groups of one network interface, all of them in force.
    Effective(Vec<SecurityGroup>),
}

/// Reads a document; says what it is lacking, where it holds no group.
pub(super) fn document(rules: &mut Rules, input: &Input, file: u16) -> Result<Document, String> {
    let text = input.text.trim_start_matches('\u{feff}');
    let value: Value = serde_json::from_str(text).map_err(|error| format!("is no JSON: {error}; {EXPORT}"))?;
    let items: Vec<&Value> = match field(&value, "value").or_else(|| field(&value, "resources")).unwrap_or(&value) {
        Value::Array(items) => items.iter().collect(),
        // Templates with symbolic names have them as keys.
        Value::Object(named) if field(&value, "resources").is_some() && !is_group(&value) => named.values().collect(),
        _ => vec![&value],
    };
    let mut reading = Reading { rules, file };
    if items.iter().any(|item| field(item, "effectiveSecurityRules").is_some()) {
        return Ok(Document::Effective(items.iter().map(|item| reading.effective(item)).collect()));
    }
    let mut groups: Vec<SecurityGroup> =
        items.iter().filter(|item| is_group(item)).map(|item| reading.group(item)).collect();
    let mut known: HashMap<String, usize> =
        groups.iter().enumerate().map(|(at, group)| (group.name.to_ascii_lowercase(), at)).collect();
    for item in items.iter().filter(|item| !is_group(item) && is_rule(item)) {
        let of = group_of(item);
        let rule = reading.rule(item, of);
        let at = match known.get(&of.to_ascii_lowercase()) {
            Some(at) => *at,
            None if of.is_empty() && groups.len() == 1 => 0,
            None if of.is_empty() && !groups.is_empty() => {
                return Err(format!("does not say which group {} belongs to; {EXPORT}", rule.place.name));
            }
            None => {
                let name = if of.is_empty() { "that the rules belong to" } else { of };
                let place = Place::new(file, 0, format!("network security group {name}"), name);
                groups.push(SecurityGroup { name: name.to_owned(), place, ..SecurityGroup::default() });
                known.insert(of.to_ascii_lowercase(), groups.len() - 1);
                groups.len() - 1
            }
        };
        groups[at].rules.push(rule);
    }
    if groups.is_empty() {
        Err(format!("holds no network security group; {EXPORT}"))
    } else {
        Ok(Document::Groups(groups))
    }
}

const EXPORT: &str =
    "export it with `az network nic list-effective-nsg --resource-group GROUP --name NIC --output json`";

/// A field of an object or of its `properties`, whatever the case of its name: PowerShell has its own.
fn field<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    let find = |object: &'a Map<String, Value>, name: &str| {
        object
            .get(name)
            .or_else(|| object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
    };
    let object = value.as_object()?;
    find(object, name).or_else(|| find(find(object, "properties")?.as_object()?, name))
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    field(value, name).and_then(Value::as_str).unwrap_or_default()
}

/// Every word of these fields, each of which may be a word, a number or a list of them.
fn words(value: &Value, names: [&str; 2]) -> Vec<String> {
    let word = |value: &Value| match value {
        Value::String(word) if !word.trim().is_empty() => Some(word.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let fields = names.iter().filter_map(|name| field(value, name));
    let mut words: Vec<String> = fields
        .flat_map(|value| value.as_array().map_or_else(|| std::slice::from_ref(value), Vec::as_slice))
        .filter_map(word)
        .collect();
    words.dedup();
    words
}

fn is_group(value: &Value) -> bool {
    field(value, "securityRules").is_some()
        || text(value, "type").eq_ignore_ascii_case("Microsoft.Network/networkSecurityGroups")
}

fn is_rule(value: &Value) -> bool {
    field(value, "access").is_some() && field(value, "direction").is_some()
}

/// A rule that stands apart from its group belongs to the one in its path, or that its name begins with.
fn group_of(rule: &Value) -> &str {
    let (id, name) = (text(rule, "id"), text(rule, "name"));
    match id.split('/').rev().nth(2).filter(|_| id.starts_with('/')) {
        Some(group) => group,
        None => name.split_once('/').filter(|_| !name.starts_with('[')).map_or("", |(group, _)| group),
    }
}

/// The last part of a path; all of what is none.
fn last_of(path: &str) -> &str {
    if path.starts_with('/') { path.rsplit('/').next().unwrap_or(path) } else { path }
}

struct Reading<'a> {
    rules: &'a mut Rules,
    file: u16,
}

impl Reading<'_> {
    fn group(&mut self, value: &Value) -> SecurityGroup {
        let (name, id) = (text(value, "name"), text(value, "id"));
        let name = if name.is_empty() { last_of(id) } else { name };
        let place = Place::new(self.file, 0, format!("network security group {name}"), name);
        let mut group = SecurityGroup { name: name.to_owned(), id: id.to_owned(), place, rules: Vec::new() };
        for list in ["securityRules", "defaultSecurityRules"] {
            match field(value, list) {
                Some(Value::Array(items)) => group.rules.extend(items.iter().map(|item| self.rule(item, name))),
                Some(Value::Null) | None => {}
                Some(other) => group.rules.push(unknown(&group.place, &other.to_string())),
            }
        }
        for child in field(value, "resources").and_then(Value::as_array).into_iter().flatten() {
            if is_rule(child) {
                group.rules.push(self.rule(child, name));
            }
        }
        for (word, what) in [("copy", "holds rules that a loop makes"), ("condition", "may not be there at all")] {
            if field(value, word).is_some_and(|value| !matches!(value, Value::Null | Value::Bool(true))) {
                group.rules.push(unknown(&group.place, &format!("{word}: {what}")));
            }
        }
        let is_deployed = ["resourceGuid", "etag"].iter().any(|name| field(value, name).is_some());
        let is_bound = ["subnets", "networkInterfaces"]
            .iter()
            .any(|name| field(value, name).and_then(Value::as_array).is_some_and(|bound| !bound.is_empty()));
        if is_deployed && !is_bound {
            let what = "names no subnet or network interface that it is bound to; it is read as if it were in force";
            self.rules.note(NoteKind::Assumed, &group.place, what);
        }
        group
    }

    fn effective(&mut self, value: &Value) -> SecurityGroup {
        let id = field(value, "networkSecurityGroup").map(|group| text(group, "id")).unwrap_or_default();
        let association = field(value, "association");
        let at = ["networkInterface", "subnet"].iter().find_map(|kind| {
            let bound = text(field(association?, kind)?, "id");
            (!bound.is_empty()).then(|| {
                format!("{} {}", if *kind == "subnet" { "the subnet" } else { "the interface" }, last_of(bound))
            })
        });
        let mut name = last_of(id).to_owned();
        if let Some(at) = at {
            name = format!("{name}, at {at}");
        }
        let place = Place::new(self.file, 0, format!("network security group {name}"), &name);
        let mut group = SecurityGroup { name: name.clone(), id: last_of(id).to_owned(), place, rules: Vec::new() };
        match field(value, "effectiveSecurityRules").and_then(Value::as_array) {
            Some(items) => {
                for item in items {
                    let mut rule = self.rule(item, &name);
                    let comes_in = rule.direction.eq_ignore_ascii_case("inbound");
                    rule.source.resolve(words(item, ["expandedSourceAddressPrefix", ""]), !comes_in);
                    rule.destination.resolve(words(item, ["expandedDestinationAddressPrefix", ""]), comes_in);
                    group.rules.push(rule);
                }
            }
            None => group.rules.push(unknown(&group.place, "no effective rules")),
        }
        group
    }

    fn rule(&mut self, value: &Value, group: &str) -> SecurityRule {
        let name = text(value, "name");
        let priority = field(value, "priority").and_then(|priority| match priority {
            Value::String(digits) => digits.parse().ok(),
            number => number.as_u64().and_then(|number| u32::try_from(number).ok()),
        });
        let number = priority.map(|priority| format!(", priority {priority}")).unwrap_or_default();
        let of = if group.is_empty() { String::new() } else { format!(" of {group}") };
        let asked = |name: &str| field(value, name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let groups = |name: &str| {
            asked(name)
                .iter()
                .map(|group| last_of(group.as_str().unwrap_or_else(|| text(group, "id"))).to_owned())
                .collect::<Vec<String>>()
        };
        SecurityRule {
            place: Place::new(self.file, 0, format!("rule {name}{of}{number}"), &quoted(value)),
            priority,
            direction: text(value, "direction").to_owned(),
            access: text(value, "access").to_owned(),
            protocol: text(value, "protocol").to_owned(),
            source: Side {
                prefixes: words(value, ["sourceAddressPrefix", "sourceAddressPrefixes"]),
                groups: groups("sourceApplicationSecurityGroups"),
                ports: words(value, ["sourcePortRange", "sourcePortRanges"]),
                resolved: false,
            },
            destination: Side {
                prefixes: words(value, ["destinationAddressPrefix", "destinationAddressPrefixes"]),
                groups: groups("destinationApplicationSecurityGroups"),
                ports: words(value, ["destinationPortRange", "destinationPortRanges"]),
                resolved: false,
            },
        }
    }
}

impl Side {
    /// Takes what Azure resolved the prefixes to, where it did. The installation's own end lies in its virtual network anyway.
    fn resolve(&mut self, networks: Vec<String>, is_own: bool) {
        self.resolved = true;
        let is_own_network = is_own && self.prefixes.iter().any(|prefix| prefix == "VirtualNetwork");
        if !networks.is_empty() && !is_own_network {
            self.prefixes = networks;
        }
    }
}

/// Stands for rules that nobody can read: they can be anywhere, and do anything.
fn unknown(place: &Place, what: &str) -> SecurityRule {
    let any = || Side { prefixes: vec!["*".to_owned()], ..Side::default() };
    let mut place = Place::new(place.file, 0, place.name.clone(), what);
    place.name = format!("{} ({})", place.name, place.quoted).into();
    SecurityRule { place, protocol: "*".to_owned(), source: any(), destination: any(), ..SecurityRule::default() }
}

/// What a rule says, without what says nothing about it.
fn quoted(value: &Value) -> String {
    const SAID: [&str; 13] = [
        "access",
        "direction",
        "priority",
        "protocol",
        "sourceAddressPrefix",
        "sourceAddressPrefixes",
        "sourceApplicationSecurityGroups",
        "destinationAddressPrefix",
        "destinationAddressPrefixes",
        "destinationApplicationSecurityGroups",
        "destinationPortRange",
        "destinationPortRanges",
        "sourcePortRange",
    ];
    let says = |value: &Value| match value {
        Value::Null => false,
        Value::String(word) => !word.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => true,
    };
    let said: Vec<String> = SAID
        .iter()
        .filter_map(|name| field(value, name).filter(|value| says(value)).map(|value| format!("\"{name}\": {value}")))
        .collect();
    said.join(", ")
}
