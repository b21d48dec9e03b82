//! Writes flows as a Bicep template, one resource for each rule.

use std::fmt::Write;

use super::planned::{Blank, End, Planned, blanks, plain, planned};
use super::script::{Denial, denials, directions, protocol, remarks, rollback, shortened, way};
use crate::firewall::dialects::{Generated, Request};

const TYPE: &str = "Microsoft.Network/networkSecurityGroups/securityRules@2023-09-01";

pub(super) fn write(request: &Request) -> Generated {
    let planned = planned(request);
    let mut rules = heading(&format!(
        "Rules for WorkOS in a network security group that is there already; facts of {}.",
        plain(&request.as_of)
    ));
    rules.push_str(
        "@description('The priority of the first rule; the others follow it.')\nparam firstPriority int = 300\n",
    );
    for (blank, _) in blanks(&planned, false) {
        let what = format!("{}: say its addresses to narrow the rules.", blank.who);
        let _ = writeln!(rules, "@description('{what}')\nparam {} array = ['*']", parameter(blank));
    }
    for (blank, flows) in blanks(&planned, true) {
        let what = format!("{}: nobody publishes its addresses. Fill them in for {}.", blank.who, flows.join(", "));
        let _ = writeln!(rules, "@description('{what}')\nparam {} array = []", parameter(blank));
    }
    rules.push_str(GROUP);
    for rule in &planned {
        rules.push_str(&written(rule, request));
    }
    Generated {
        rules,
        default_deny: Some(default_deny(request)),
        rollback: Some(rollback(request, &planned)),
        comment: Some("//"),
        remarks: remarks(request, &planned, "firstPriority", parameter),
    }
}

const GROUP: &str =
    "\nresource nsg 'Microsoft.Network/networkSecurityGroups@2023-09-01' existing = {\n  name: nsgName\n}\n";

fn heading(what: &str) -> String {
    format!("// {what}\n@description('The network security group.')\nparam nsgName string\n")
}

/// The parameter that stands for it: `resolversPrefixes`.
fn parameter(blank: &Blank) -> String {
    let mut name = String::from("for");
    for word in blank.name.split('_') {
        let mut letters = word.chars();
        name.extend(letters.next());
        name.push_str(&letters.as_str().to_ascii_lowercase());
    }
    name
}

fn written(rule: &Planned, request: &Request) -> String {
    let (flow, mut text) = (rule.flow, String::new());
    let _ = writeln!(
        text,
        "\n// {}: {} -> {}. {}",
        flow.id,
        plain(&flow.source.who),
        plain(&flow.destination.who),
        plain(&flow.reason)
    );
    let (source, destination) = rule.ends();
    let filled: Vec<String> = [source, destination]
        .into_iter()
        .filter_map(|end| match end {
            End::Blank(blank) => Some(format!("!empty({})", parameter(blank))),
            _ => None,
        })
        .collect();
    let only = if filled.is_empty() { String::new() } else { format!("if ({}) ", filled.join(" && ")) };
    let _ = write!(
        text,
        "resource {} '{TYPE}' = {only}{{\n  parent: nsg\n  name: '{}'\n  properties: {{\n    \
         description: 'WorkOS: {}, facts of {}'\n    priority: firstPriority + {}\n    direction: '{}'\n    access: 'Allow'\n    \
         protocol: '{}'\n{}    sourcePortRange: '*'\n{}    destinationPortRange: '{}'\n  }}\n}}\n",
        rule.name.replace('-', "_"),
        rule.name,
        shortened(&flow.id),
        plain(&request.as_of),
        rule.nth,
        way(flow.direction),
        protocol(rule),
        prefixes("source", source),
        prefixes("destination", destination),
        flow.port,
    );
    text
}

/// One prefix belongs into the singular, which alone takes `*`.
fn prefixes(end: &str, of: &End) -> String {
    match of {
        End::Networks(networks) => {
            let networks: Vec<String> = networks.iter().map(|network| format!("      '{network}'\n")).collect();
            format!("    {end}AddressPrefixes: [\n{}    ]\n", networks.concat())
        }
        End::Behind(blank) | End::Blank(blank) => {
            let name = parameter(blank);
            format!(
                "    {end}AddressPrefix: length({name}) == 1 ? {name}[0] : null\n    \
                 {end}AddressPrefixes: length({name}) == 1 ? null : {name}\n"
            )
        }
    }
}

fn default_deny(request: &Request) -> String {
    let mut text = heading("Denies what no rule allows, the virtual network included: allow first what it needs.");
    text.push_str(GROUP);
    for direction in directions(request) {
        for Denial { name, priority, access, source } in denials(direction) {
            let _ = write!(
                text,
                "\nresource {} '{TYPE}' = {{\n  parent: nsg\n  name: '{name}'\n  properties: {{\n    priority: {priority}\n    \
                 direction: '{}'\n    access: '{access}'\n    protocol: '*'\n    sourceAddressPrefix: '{source}'\n    \
                 sourcePortRange: '*'\n    destinationAddressPrefix: '*'\n    destinationPortRange: '*'\n  }}\n}}\n",
                name.replace('-', "_"),
                way(direction)
            );
        }
    }
    text
}
