//! Network security groups of Azure, as Terraform has them.

use std::collections::HashMap;

use super::document::{Document, Resource, bare};
use super::view::View;
use crate::firewall::dialects::azure::groups::{SecurityGroup, SecurityRule, Side};
use crate::firewall::rules::{NoteKind, Place, Rules};

/// Which of the resources are read here.
pub(super) const KINDS: &[&str] = &["azurerm_network_security_group", "azurerm_network_security_rule"];

/// The groups of a plan.
pub(super) fn read(rules: &mut Rules, document: &Document, file: u16) -> Vec<SecurityGroup> {
    let of = |kind: &str| {
        document.resources.iter().filter(|it| it.kind == kind && !it.is_data).copied().collect::<Vec<Resource>>()
    };
    let resources = of("azurerm_network_security_group");
    let mut groups: Vec<SecurityGroup> = resources
        .iter()
        .map(|resource| {
            let values = resource.values;
            let place = Place::new(file, 0, resource.address, &values.value().to_string());
            let name = values.text("name").unwrap_or(resource.address).to_owned();
            let mut group = SecurityGroup {
                name,
                id: values.text("id").unwrap_or(resource.address).to_owned(),
                place,
                rules: Vec::new(),
            };
            match values.items("security_rule") {
                Some(blocks) => {
                    group.rules =
                        blocks.into_iter().map(|block| rule(block, &group.name, resource.address, file)).collect();
                }
                // What is not written is only known after it is applied, too: what stands in resources of their own.
                None if document.sets(resource.address, "security_rule") == Some(false) => {}
                None => group.rules.extend(unknown_rules(&group.place, resource.address)),
            }
            group
        })
        .collect();
    let mut by_name: HashMap<String, usize> = HashMap::new();
    let mut by_address: HashMap<String, Option<usize>> = HashMap::new();
    for (at, (group, resource)) in groups.iter().zip(&resources).enumerate() {
        by_name.insert(group.name.to_ascii_lowercase(), at);
        // Of several instances nobody knows which one is meant.
        by_address.entry(bare(resource.address)).and_modify(|known| *known = None).or_insert(Some(at));
    }
    let mut any_unknown = false;
    for resource in of("azurerm_network_security_rule") {
        let named = resource.values.text("network_security_group_name");
        let owner = match named {
            Some(named) => by_name.get(&named.to_ascii_lowercase()).copied(),
            None => document
                .refers_to(resource.address, "network_security_group_name")
                .and_then(|address| by_address.get(&address).copied().flatten()),
        };
        let place = |name: &str| Place::new(file, 0, name, resource.address);
        match (owner, named) {
            (Some(at), _) => {
                let read = rule(resource.values, &groups[at].name, resource.address, file);
                groups[at].rules.push(read);
            }
            (None, Some(name)) => {
                let what = "is not in this plan, only rules for it are: export it with `az network nsg show` too";
                rules.note(NoteKind::NotUnderstood, &place(name), format!("{name} {what}"));
                let read = rule(resource.values, name, resource.address, file);
                let (name, id) = (name.to_owned(), String::new());
                let mut group = SecurityGroup { name, id, place: place(resource.address), rules: vec![read] };
                group.rules.extend(unknown_rules(&group.place, &group.name));
                by_name.insert(group.name.to_ascii_lowercase(), groups.len());
                groups.push(group);
            }
            (None, None) => {
                any_unknown = true;
                let what = "nobody knows to which network security group it belongs";
                rules.note(NoteKind::NotUnderstood, &place(resource.address), what);
            }
        }
    }
    for group in groups.iter_mut().filter(|_| any_unknown) {
        group.rules.extend(unknown_rules(&group.place, &group.name));
    }
    groups
}

/// Rules that are there and of which nothing is known: either way, first of all, and they let pass or do not.
fn unknown_rules(place: &Place, of: &str) -> [SecurityRule; 2] {
    ["Inbound", "Outbound"].map(|direction| {
        let all = || Side { prefixes: vec!["*".to_owned()], ports: vec!["*".to_owned()], ..Side::default() };
        SecurityRule {
            place: Place { name: format!("the rules of {of} that are not in the plan").into(), ..place.clone() },
            priority: None,
            direction: direction.to_owned(),
            access: String::new(),
            protocol: "*".to_owned(),
            source: all(),
            destination: all(),
        }
    })
}

fn rule(values: View, group: &str, address: &str, file: u16) -> SecurityRule {
    let text = |key: &str| values.text(key).unwrap_or_default().to_owned();
    let name = values.text("name").unwrap_or("a rule");
    let priority = values.number("priority").ok().flatten().and_then(|number| u32::try_from(number).ok());
    let said = priority.map_or_else(|| format!("rule {name}"), |priority| format!("rule {priority} ({name})"));
    let side = |of: &str| {
        let list = |keys: [String; 2], end: &str| -> Vec<String> {
            keys.iter()
                .flat_map(|key| {
                    let words = values.words(key);
                    // Azure's reader takes what stands in brackets for something that is worked out later.
                    let later = words.more.then(|| format!("[{key} of {address}, known after it is applied]"));
                    words.known.into_iter().map(ToOwned::to_owned).chain(later)
                })
                .filter(|word| !word.is_empty() || end.is_empty())
                .collect()
        };
        let groups = values.words(&format!("{of}_application_security_group_ids"));
        let later = groups.more.then(|| format!("known after it is applied, in {address}"));
        Side {
            prefixes: list([format!("{of}_address_prefix"), format!("{of}_address_prefixes")], of),
            groups: groups.known.into_iter().map(ToOwned::to_owned).chain(later).collect(),
            ports: list([format!("{of}_port_range"), format!("{of}_port_ranges")], of),
            resolved: false,
        }
    };
    // What is not known is not understood either, where it decides which rule it is.
    let access = if values.strangers(ARGUMENTS).is_empty() { text("access") } else { String::new() };
    SecurityRule {
        place: Place::new(file, 0, format!("{said} of {group}"), &values.value().to_string()),
        priority,
        direction: text("direction"),
        access,
        protocol: if values.is_unknown("protocol") {
            format!("protocol of {address}, known after it is applied,")
        } else {
            text("protocol")
        },
        source: side("source"),
        destination: side("destination"),
    }
}

/// What rules have.
const ARGUMENTS: &[&str] = &[
    "access",
    "description",
    "destination_address_prefix",
    "destination_address_prefixes",
    "destination_application_security_group_ids",
    "destination_port_range",
    "destination_port_ranges",
    "direction",
    "id",
    "name",
    "network_security_group_name",
    "priority",
    "protocol",
    "resource_group_name",
    "source_address_prefix",
    "source_address_prefixes",
    "source_application_security_group_ids",
    "source_port_range",
    "source_port_ranges",
    "timeouts",
];
