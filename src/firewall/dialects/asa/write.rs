//! Flows as commands of an ASA: groups of networks, and lines on top of the lists that are bound to its interfaces.

use std::fmt::Write as _;

use ipnet::IpNet;

use crate::firewall::dialects::edge::writing::{Group, Language, described, fitting, harmless, of_flow, plan};
use crate::firewall::dialects::{Generated, Request};
use crate::firewall::flow::Direction;

/// How long the name of an object may be.
const LONGEST: usize = 64;

/// How long a remark may be.
const LONGEST_REMARK: usize = 100;

const LANGUAGE: Language = Language { any: "any", wildcards: false, longest: LONGEST };

/// The lists that the lines are written for, and the interfaces that they are bound to.
const LISTS: [(Direction, &str, &str); 2] =
    [(Direction::Egress, "INSIDE_IN", "inside"), (Direction::Ingress, "OUTSIDE_IN", "outside")];

pub(super) fn write(request: &Request) -> Generated {
    let plan = plan(request, &LANGUAGE);
    let as_of = harmless(&request.as_of);
    let (mut rules, mut rollback, mut gone) = (String::new(), String::new(), Vec::new());
    line(&mut rules, &format!("! what a deployment of WorkOS needs, by the facts of {as_of}"));
    for group in &plan.groups {
        group_of(group, &as_of, &mut rules, &mut gone);
    }
    let (mut default_deny, mut remarks) = (String::new(), plan.remarks.clone());
    for (direction, list, interface) in LISTS {
        let mut lines = Vec::new();
        for planned in plan.flows.iter().filter(|planned| planned.flow.direction == direction) {
            let flow = planned.flow;
            lines.push(format!("remark {}", described(&of_flow(flow, &request.as_of), LONGEST_REMARK)));
            let end = |group: Option<usize>| match group.and_then(|at| plan.groups.get(at)) {
                Some(group) => format!("object-group {}", group.name),
                None => "any".to_owned(),
            };
            let log = if request.log { " log" } else { "" };
            for protocol in flow.protocols {
                let (protocol, from, to) = (protocol.as_str(), end(planned.source), end(planned.destination));
                lines.push(format!("extended permit {protocol} {from} {to} eq {}{log}", flow.port));
            }
        }
        if lines.is_empty() {
            continue;
        }
        for (nth, text) in (1..).zip(&lines) {
            line(&mut rules, &format!("access-list {list} line {nth} {text}"));
            line(&mut rollback, &format!("no access-list {list} {text}"));
        }
        let log = if request.log { " log" } else { "" };
        line(&mut default_deny, &format!("access-list {list} extended deny ip any any{log}"));
        line(&mut default_deny, &format!("access-group {list} in interface {interface}"));
        remarks.push(format!(
            "`{list}` stands for the list that is bound to `{interface}`: put the names of your own in their place, since an interface has one list alone"
        ));
    }
    if !plan.flows.is_empty() {
        remarks.push("the lines go to the top of their lists; a list that is bound denies whatever it does not permit, so bind a new one with care".to_owned());
    }
    for name in gone.iter().rev() {
        line(&mut rollback, name);
    }
    if !default_deny.is_empty() {
        default_deny.insert_str(0, "! what no line permits is denied, by the last one and by binding the list\n");
    }
    Generated {
        rules,
        default_deny: Some(default_deny).filter(|text| !text.is_empty()),
        rollback: Some(rollback),
        comment: Some("!"),
        remarks,
    }
}

fn line(text: &mut String, line: &str) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "{line}");
}

fn group_of(group: &Group, as_of: &str, rules: &mut String, gone: &mut Vec<String>) {
    let mut members = Vec::new();
    for host in &group.hosts {
        let name = fitting(&format!("{}-{host}", group.name), LONGEST);
        line(rules, &format!("object network {name}"));
        line(rules, &format!(" fqdn {host}"));
        gone.push(format!("no object network {name}"));
        members.push(format!("network-object object {name}"));
    }
    members.extend(group.ranges.iter().map(|net| match net {
        _ if net.prefix_len() == net.max_prefix_len() => format!("network-object host {}", net.addr()),
        IpNet::V4(net) => format!("network-object {} {}", net.network(), net.netmask()),
        IpNet::V6(net) => format!("network-object {}", net.trunc()),
    }));
    line(rules, &format!("object-group network {}", group.name));
    line(rules, &format!(" description {}", described(&format!("{}, {as_of}", group.who), 200)));
    for member in members {
        line(rules, &format!(" {member}"));
    }
    gone.push(format!("no object-group network {}", group.name));
}
