//! Writes flows as a text for `nft -f`: sets and chains of their own, and a jump to them at the top of the chains that are there.

use std::fmt::Write;

use crate::firewall::Direction;
use crate::firewall::addresses::Family;
use crate::firewall::dialects::edge::writing::{harmless, of_flow};
use crate::firewall::dialects::host::{Object, Plan, Planned, plan, suffix};
use crate::firewall::dialects::{Generated, Request};

/// The table that Debian, Red Hat and the examples of nftables have.
const TABLE: &str = "inet filter";

pub(super) fn write(request: &Request) -> Generated {
    let plan = plan(request);
    Generated {
        rules: rules(&plan, request),
        default_deny: Some(default_deny(&plan, request)),
        rollback: Some(rollback(&plan)),
        comment: Some("#"),
        remarks: remarks(&plan),
    }
}

fn rules(plan: &Plan, request: &Request) -> String {
    let mut text = format!(
        "#!/usr/sbin/nft -f\n\
         # What WorkOS needs, by the facts of {as_of}. `nft -c -f FILE` tries it, `nft -f FILE` applies all of it or nothing.\n\
         # It adds sets and chains to the table {TABLE}, and a jump to them at the top of its chains; what is there stays.\n\n\
         table {TABLE} {{\n",
        as_of = harmless(&request.as_of),
    );
    for object in &plan.objects {
        for family in object.families() {
            text.push_str(&set(object, family, request));
        }
    }
    for direction in sides() {
        let _ = writeln!(text, "\tchain {} {{", own_chain(direction));
        for planned in &plan.flows {
            let forward = planned.flow.direction == direction;
            let _ = writeln!(text, "\t\t# {}", said(planned, request, forward));
            text.push_str(&accepts(plan, planned, request, forward));
        }
        text.push_str("\t}\n\n");
    }
    for direction in sides() {
        let hook = hook(direction);
        let _ = writeln!(text, "\t# Where it is there already, nothing is changed; where it is not, it accepts.");
        let _ = writeln!(text, "\tchain {hook} {{\n\t\ttype filter hook {hook} priority filter\n\t}}\n");
    }
    text.truncate(text.trim_end().len());
    text.push_str("\n}\n\n");
    for direction in sides() {
        let _ = writeln!(
            text,
            "insert rule {TABLE} {} jump {} comment \"WorkOS, facts of {}\"",
            hook(direction),
            own_chain(direction),
            harmless(&request.as_of)
        );
    }
    text
}

/// A connection needs both chains: one for what opens it, one for what comes back.
fn sides() -> [Direction; 2] {
    [Direction::Ingress, Direction::Egress]
}

fn hook(direction: Direction) -> &'static str {
    if direction == Direction::Ingress { "input" } else { "output" }
}

fn own_chain(direction: Direction) -> &'static str {
    if direction == Direction::Ingress { "workos_in" } else { "workos_out" }
}

/// What denies the rest.
fn rest_chain(direction: Direction) -> &'static str {
    if direction == Direction::Ingress { "workos_rest_in" } else { "workos_rest_out" }
}

fn said(planned: &Planned, request: &Request, forward: bool) -> String {
    if forward {
        of_flow(planned.flow, &request.as_of)
    } else {
        format!("{} ({}): what comes back", planned.flow.id, harmless(&request.as_of))
    }
}

fn set(object: &Object, family: Family, request: &Request) -> String {
    let of = if family == Family::V4 { "ipv4_addr" } else { "ipv6_addr" };
    let mut text = format!("\t# {}; facts of {}\n", object.who, harmless(&request.as_of));
    let elements: Vec<String> = object.of(family).map(ToString::to_string).collect();
    let _ = writeln!(text, "\tset {} {{\n\t\ttype {of}\n\t\tflags interval", set_name(object, family));
    let _ = writeln!(text, "\t\tcomment \"WorkOS, facts of {}\"", harmless(&request.as_of));
    if !elements.is_empty() {
        let _ = writeln!(text, "\t\telements = {{\n\t\t\t{}\n\t\t}}", elements.join(",\n\t\t\t"));
    }
    text.push_str("\t}\n\n");
    text
}

fn set_name(object: &Object, family: Family) -> String {
    format!("{}_{}", object.name.replace('-', "_"), suffix(family))
}

/// The rules of a flow: for what opens it and follows, or for what comes back.
fn accepts(plan: &Plan, planned: &Planned, request: &Request, forward: bool) -> String {
    let (flow, object, mut text) = (planned.flow, &plan.objects[planned.peer], String::new());
    // The peer is the source of what comes in, whoever opened the connection.
    let comes_in = (flow.direction == Direction::Ingress) == forward;
    let (side, port) = (if comes_in { "saddr" } else { "daddr" }, if forward { "dport" } else { "sport" });
    for family in object.families() {
        let ip = if family == Family::V4 { "ip" } else { "ip6" };
        for protocol in flow.protocols {
            let of = format!("{ip} {side} @{} {} {port} {}", set_name(object, family), protocol.as_str(), flow.port);
            if forward && request.log {
                let _ = writeln!(text, "\t\t{of} ct state new log prefix \"workos {}: \"", log_name(&flow.id));
            }
            let state = if forward { "" } else { " ct state established" };
            let _ = writeln!(text, "\t\t{of}{state} counter accept comment \"{}\"", log_name(&flow.id));
        }
    }
    text
}

/// The prefix of a log ends at 127 characters, and a comment at 128.
fn log_name(id: &str) -> String {
    harmless(id).chars().take(100).collect()
}

fn default_deny(plan: &Plan, request: &Request) -> String {
    let mut text = String::from(
        "#!/usr/sbin/nft -f\n\
         # Denies what no rule lets through. First let in what this host needs besides (SSH, monitoring, DHCP, updates): whatever\n\
         # stands in the chains by then is asked before.\n\n",
    );
    let _ = writeln!(text, "table {TABLE} {{");
    for direction in plan.directions() {
        let (device, errors) = match direction {
            Direction::Ingress => (
                "iifname",
                "destination-unreachable, packet-too-big, time-exceeded, parameter-problem, echo-request, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert",
            ),
            Direction::Egress => (
                "oifname",
                "destination-unreachable, packet-too-big, time-exceeded, parameter-problem, echo-request, echo-reply, mld-listener-report, mld2-listener-report, nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert",
            ),
        };
        let _ = writeln!(text, "\tchain {} {{", rest_chain(direction));
        text.push_str("\t\tct state established,related accept\n");
        let _ = writeln!(text, "\t\t{device} \"lo\" accept");
        text.push_str("\t\t# IPv6 finds neighbours, routers and the size of packets by ICMPv6.\n");
        let _ = writeln!(text, "\t\ticmpv6 type {{ {errors} }} accept");
        text.push_str("\t\ticmp type { destination-unreachable, time-exceeded, parameter-problem } accept\n");
        if request.log {
            let way = if direction == Direction::Ingress { "in" } else { "out" };
            let _ = writeln!(text, "\t\tlimit rate 10/second log prefix \"workos denied {way}: \"");
        }
        text.push_str("\t\tcounter drop comment \"WorkOS: what is not let through is denied\"\n\t}\n\n");
    }
    text.truncate(text.trim_end().len());
    text.push_str("\n}\n\n");
    for direction in plan.directions() {
        let _ = writeln!(text, "add rule {TABLE} {} jump {}", hook(direction), rest_chain(direction));
    }
    text
}

/// Rules are deleted by their handles, which only the host knows.
fn rollback(plan: &Plan) -> String {
    let mut text = String::from(
        "#!/bin/sh\n# Takes away what was added for WorkOS, what denies the rest included, and nothing else.\nset -eu\n\
         without() { # chain, chain jumped to\n\
         \tnft -a list chain ",
    );
    let _ = writeln!(
        text,
        "{TABLE} \"$1\" | sed -n \"s/.*jump $2\\( .*\\)\\{{0,1\\}} # handle \\([0-9]*\\)\\$/\\2/p\" |\n\
         \t\twhile read -r handle; do nft delete rule {TABLE} \"$1\" handle \"$handle\"; done\n\
         \tif nft list chain {TABLE} \"$2\" >/dev/null 2>&1; then nft delete chain {TABLE} \"$2\"; fi\n}}"
    );
    for direction in sides() {
        for chain in [own_chain(direction), rest_chain(direction)] {
            let _ = writeln!(text, "without {} {chain}", hook(direction));
        }
    }
    for object in &plan.objects {
        for family in object.families() {
            let _ = writeln!(text, "nft delete set {TABLE} {}", set_name(object, family));
        }
    }
    text
}

fn remarks(plan: &Plan) -> Vec<String> {
    let mut remarks = vec![
        format!(
            "the rules go into the table {TABLE}, chains input and output: where `nft list ruleset` shows the rules that deny under \
             another name, put that name in its place; an accept in one base chain does not override a drop in another, so a table \
             of its own would change nothing"
        ),
        "where ufw, firewalld or iptables-nft keep the rules, write them in that language: what is added beside them is lost or does \
         not count"
            .to_owned(),
        format!("to be there after a restart, it has to stand in /etc/nftables.conf too, behind the table {TABLE}"),
        "applied twice, the rules stand there twice: take them away first with what undoes it".to_owned(),
    ];
    for (object, flows) in plan.blank() {
        let name = set_name(object, Family::V4);
        remarks.push(format!(
            "nobody publishes addresses of {}: `nft add element {TABLE} {name} '{{ ADDRESS }}'` fills them in (v6 likewise); until \
             then nothing is let through for {}",
            object.who,
            flows.join(", ")
        ));
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::firewall::fixture;

    fn written(flows: Vec<crate::firewall::Flow>, log: bool) -> Generated {
        write(&Request { flows, as_of: "2026-11-23".to_owned(), log })
    }

    #[test]
    fn a_flow_is_let_through_from_a_set_and_its_answers_by_their_state() {
        let generated = written(fixture::flows(), false);

        for line in [
            "\tset workos_cloudflare_v6 {",
            "\t\tflags interval",
            "\t\t\t104.16.0.0/13,",
            "\t\tip saddr @workos_published_v4 tcp dport 443 counter accept comment \"ingress-workos\"",
            "\t\tip daddr @workos_published_v4 tcp sport 443 ct state established counter accept comment \"ingress-workos\"",
            "\t\tip6 daddr @workos_cloudflare_v6 tcp dport 443 counter accept comment \"egress-api\"",
            "insert rule inet filter input jump workos_in comment \"WorkOS, facts of 2026-11-23\"",
        ] {
            assert!(generated.rules.lines().any(|it| it == line), "{line}\n{}", generated.rules);
        }
        assert!(!generated.rules.contains("policy"), "an existing policy stays");
        assert!(generated.remarks[0].contains("inet filter"));
    }

    #[test]
    fn what_crosses_and_what_is_denied_is_logged_where_that_is_asked_for() {
        let (quiet, logged) = (written(fixture::flows(), false), written(fixture::flows(), true));

        assert!(!quiet.rules.contains("log prefix") && !quiet.default_deny.unwrap().contains("log prefix"));
        assert!(logged.rules.contains("ct state new log prefix \"workos egress-dns: \""));
        assert!(logged.default_deny.unwrap().contains("log prefix \"workos denied in: \""));
    }

    #[test]
    fn an_object_without_addresses_is_an_empty_set_to_be_filled_in() {
        let mut flows = fixture::flows();
        flows[0].destination.ranges.clear();
        let generated = written(flows, false);

        let set = "\tset workos_resolvers_v4 {\n\t\ttype ipv4_addr\n\t\tflags interval\n\t\tcomment \"WorkOS, facts of 2026-11-23\"\n\t}\n";
        assert!(generated.rules.contains(set), "{}", generated.rules);
        assert!(
            generated
                .remarks
                .iter()
                .any(|remark| remark.contains("workos_resolvers_v4") && remark.contains("egress-dns"))
        );
    }

    #[test]
    fn only_the_direction_that_is_asked_for_is_denied_in_the_rest() {
        let flows = fixture::flows().into_iter().filter(|flow| flow.direction == Direction::Egress).collect();
        let deny = written(flows, false).default_deny.unwrap();

        assert!(deny.contains("add rule inet filter output jump workos_rest_out") && !deny.contains("workos_rest_in"));
    }
}
