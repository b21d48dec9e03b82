//! Writes flows as a script of `az` commands, one for each rule.

use std::fmt::Write;

use super::planned::{Blank, End, Planned, blanks, plain, planned};
use crate::firewall::Direction;
use crate::firewall::dialects::{Generated, Request};

/// Where rules begin, unless somebody says otherwise: behind what is most urgent, before most denials.
const FIRST: usize = 300;

pub(super) fn write(request: &Request) -> Generated {
    let planned = planned(request);
    let mut rules =
        heading(&format!("Rules for WorkOS in a network security group; facts of {}.", plain(&request.as_of)));
    rules.push_str(
        "# Nothing that is there is changed: a priority that is taken already is refused, and the script ends.\n",
    );
    let _ = writeln!(rules, ": \"${{FIRST_PRIORITY:={FIRST}}}\"");
    for (blank, _) in blanks(&planned, false) {
        let _ = writeln!(rules, "# {}: set it to narrow the rules to its addresses.", blank.who);
        let _ = writeln!(rules, ": \"${{{}:=*}}\"", variable(blank));
    }
    for (blank, flows) in blanks(&planned, true) {
        let _ = writeln!(
            rules,
            "# {}: nobody publishes its addresses. Fill them in, separated by spaces, for {}.",
            blank.who,
            flows.join(", ")
        );
        let _ = writeln!(rules, ": \"${{{}:=}}\"", variable(blank));
    }
    for rule in &planned {
        rules.push_str(&written(rule, request));
    }
    Generated {
        rules,
        default_deny: Some(default_deny(request)),
        rollback: Some(rollback(request, &planned)),
        comment: Some("#"),
        remarks: remarks(request, &planned, "FIRST_PRIORITY", variable),
    }
}

/// Takes the rules away, and what denies the rest.
pub(super) fn rollback(request: &Request, planned: &[Planned]) -> String {
    let mut text = heading("Takes the rules for WorkOS away again.");
    let denials = directions(request).into_iter().flat_map(|way| denials(way).iter().map(|denial| denial.name));
    for name in planned.iter().map(|rule| rule.name.as_str()).chain(denials) {
        let group = "--resource-group \"$RESOURCE_GROUP\" --nsg-name \"$NSG\"";
        let _ = writeln!(text, "az network nsg rule delete {group} --name {name}");
    }
    text
}

/// What a reader has to know, whichever way the rules are written.
pub(super) fn remarks(
    request: &Request,
    planned: &[Planned],
    first: &str,
    variable: fn(&Blank) -> String,
) -> Vec<String> {
    let mut remarks = vec![format!(
        "the rules take {} priorities from {FIRST} on; Azure refuses one that another rule of the same direction has, and a \
         denial below it would come first: choose another with {first} where one is taken",
        planned.len()
    )];
    for (blank, flows) in blanks(planned, true) {
        let name = variable(blank);
        remarks.push(format!(
            "{} has no addresses that are published: fill in {name}, without which no rule is written for {}",
            blank.who,
            flows.join(", ")
        ));
    }
    for (blank, _) in blanks(planned, false) {
        remarks.push(format!("the rules are for everything behind the group, unless {} narrows them", variable(blank)));
    }
    if request.log {
        remarks.push(
            "a network security group does not log by rule: `az network watcher flow-log create` logs what crosses it, allowed \
             and denied, for the virtual network"
                .to_owned(),
        );
    }
    remarks.push("where the subnet and the interface have a group each, both have to hold the rules".to_owned());
    remarks
}

/// The variable that stands for it.
fn variable(blank: &Blank) -> String {
    format!("{}_PREFIXES", blank.name)
}

fn heading(what: &str) -> String {
    format!(
        "#!/bin/sh\n# {what}\n# RESOURCE_GROUP and NSG say which group it is.\nset -euf\n\
         : \"${{RESOURCE_GROUP:?name the resource group}}\" \"${{NSG:?name the network security group}}\"\n"
    )
}

fn written(rule: &Planned, request: &Request) -> String {
    let (flow, mut text) = (rule.flow, String::new());
    let _ = writeln!(
        text,
        "\n# {}: {} -> {}. {}",
        flow.id,
        plain(&flow.source.who),
        plain(&flow.destination.who),
        plain(&flow.reason)
    );
    let (source, destination) = rule.ends();
    let indent = match needed(rule) {
        needed if needed.is_empty() => "",
        needed => {
            let tests: Vec<String> = needed.iter().map(|name| format!("[ -n \"${name}\" ]")).collect();
            let _ = writeln!(text, "if {}; then", tests.join(" && "));
            "  "
        }
    };
    let _ = write!(
        text,
        "{indent}az network nsg rule create --resource-group \"$RESOURCE_GROUP\" --nsg-name \"$NSG\" \\\n\
         {indent}  --name {} --priority $((FIRST_PRIORITY + {})) --direction {} --access Allow --protocol {} \\\n\
         {indent}  --source-address-prefixes {} --source-port-ranges '*' \\\n\
         {indent}  --destination-address-prefixes {} --destination-port-ranges {} \\\n\
         {indent}  --description 'WorkOS: {}, facts of {}'\n",
        rule.name,
        rule.nth,
        way(flow.direction),
        protocol(rule),
        prefixes(source),
        prefixes(destination),
        flow.port,
        shortened(&flow.id),
        plain(&request.as_of),
    );
    if !indent.is_empty() {
        text.push_str("fi\n");
    }
    text
}

pub(super) fn protocol(rule: &Planned) -> &'static str {
    if rule.protocol.as_str() == "udp" { "Udp" } else { "Tcp" }
}

/// A description has 140 characters.
pub(super) fn shortened(id: &str) -> String {
    id.chars().take(80).collect()
}

/// What has to be filled in, before there is a rule.
fn needed(rule: &Planned) -> Vec<String> {
    [&rule.own, &rule.peer]
        .into_iter()
        .filter_map(|end| match end {
            End::Blank(blank) => Some(variable(blank)),
            _ => None,
        })
        .collect()
}

/// Without quotes, so that the shell makes several words of them; `set -f` keeps it from taking `*` for files.
fn prefixes(end: &End) -> String {
    match end {
        End::Networks(networks) => networks.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        End::Behind(blank) | End::Blank(blank) => format!("${}", variable(blank)),
    }
}

/// The directions that are asked for.
pub(super) fn directions(request: &Request) -> Vec<Direction> {
    let asked = |way: &Direction| request.flows.iter().any(|flow| flow.direction == *way);
    [Direction::Ingress, Direction::Egress].into_iter().filter(asked).collect()
}

/// As Azure calls it.
pub(super) fn way(direction: Direction) -> &'static str {
    if direction == Direction::Ingress { "Inbound" } else { "Outbound" }
}

/// A rule of those that deny the rest.
pub(super) struct Denial {
    pub(super) name: &'static str,
    pub(super) priority: u16,
    pub(super) access: &'static str,
    pub(super) source: &'static str,
}

/// What denies the rest of a direction. A load balancer takes an instance away that its probes do not reach.
pub(super) fn denials(direction: Direction) -> &'static [Denial] {
    match direction {
        Direction::Ingress => &[
            Denial { name: "workos-allow-probes", priority: 4095, access: "Allow", source: "AzureLoadBalancer" },
            Denial { name: "workos-deny-inbound", priority: 4096, access: "Deny", source: "*" },
        ],
        Direction::Egress => &[Denial { name: "workos-deny-outbound", priority: 4096, access: "Deny", source: "*" }],
    }
}

fn default_deny(request: &Request) -> String {
    let mut text = heading("Denies what no rule allows, the virtual network included: allow first what it needs.");
    for direction in directions(request) {
        for Denial { name, priority, access, source } in denials(direction) {
            let _ = write!(
                text,
                "\naz network nsg rule create --resource-group \"$RESOURCE_GROUP\" --nsg-name \"$NSG\" \\\n  \
                 --name {name} --priority {priority} --direction {} --access {access} --protocol '*' \\\n  \
                 --source-address-prefixes '{source}' --source-port-ranges '*' \\\n  \
                 --destination-address-prefixes '*' --destination-port-ranges '*'\n",
                way(direction)
            );
        }
    }
    text
}
