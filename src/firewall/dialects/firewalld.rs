//! Writes flows as a script of `firewall-cmd` commands: sets of addresses, and a policy for each direction that names them. What
//! firewalld has made of its configuration is read through nft.

use std::fmt::Write;

use super::edge::writing::{described, harmless, of_flow};
use super::host::{Object, Plan, Planned, plan, suffix};
use super::{Dialect, Generated, Request};
use crate::firewall::Direction;
use crate::firewall::addresses::Family;

/// The language.
pub(super) static DIALECT: Dialect = Dialect {
    name: "firewalld",
    title: "commands for firewalld, the firewall of Red Hat, Fedora and SUSE",
    reads: None,
    writes: Some(write),
};

/// Beginning and end of every script: changes are permanent, and come into force by a reload, which forgets what is not permanent.
/// So nothing is reloaded where something is there that would be forgotten.
const BEGIN: &str = r#"set -euf
: "${FIREWALL_CMD:=firewall-cmd}"
permanent() { $FIREWALL_CMD --permanent "$@" >/dev/null; }
configuration() { # --permanent, or what is in force
	for what in --list-all-zones --list-all-policies --get-ipsets; do $FIREWALL_CMD $1 $what; done | sed -e 's/ (.*active)$//' -e '/^  interfaces:/d'
}
in_force=$(configuration "") && kept=$(configuration --permanent)
"#;

const END: &str = r#"
$FIREWALL_CMD --check-config >/dev/null
if [ "$in_force" = "$kept" ]; then
	$FIREWALL_CMD --reload >/dev/null
else
	echo "written, but not in force: what is in force differs from what is permanent, and a reload would forget it." >&2
	echo "Look at it, keep it with firewall-cmd --runtime-to-permanent before this script, or run firewall-cmd --reload." >&2
fi
"#;

fn write(request: &Request) -> Generated {
    let plan = plan(request);
    Generated {
        rules: rules(&plan, request),
        default_deny: Some(default_deny(&plan, request)),
        rollback: Some(rollback(&plan)),
        comment: Some("#"),
        remarks: remarks(&plan, request),
    }
}

fn rules(plan: &Plan, request: &Request) -> String {
    let mut text = format!(
        "#!/bin/sh\n# What WorkOS needs, by the facts of {}. It adds sets and policies of its own; zones and their rules stay.\n{BEGIN}",
        harmless(&request.as_of)
    );
    for object in &plan.objects {
        for family in object.families() {
            text.push_str(&ipset(object, family, request));
        }
    }
    for direction in plan.directions() {
        text.push_str(&policy(own_policy(direction), direction, "-100"));
        let description = format!("What WorkOS needs, facts of {}", described(&request.as_of, 20));
        let _ = writeln!(text, "permanent --policy={} --set-description='{description}'", own_policy(direction));
        for planned in plan.flows.iter().filter(|planned| planned.flow.direction == direction) {
            let _ = writeln!(text, "# {}", of_flow(planned.flow, &request.as_of));
            text.push_str(&rich_rules(plan, planned, request));
        }
    }
    text.push_str(END);
    text
}

/// The name of a policy has 17 characters.
fn own_policy(direction: Direction) -> &'static str {
    if direction == Direction::Ingress { "workos-in" } else { "workos-out" }
}

/// What denies the rest.
fn rest_policy(direction: Direction) -> &'static str {
    if direction == Direction::Ingress { "workos-rest-in" } else { "workos-rest-out" }
}

fn policy(name: &str, direction: Direction, priority: &str) -> String {
    let (from, to) = if direction == Direction::Ingress { ("ANY", "HOST") } else { ("HOST", "ANY") };
    format!(
        "\npermanent --new-policy={name}\n\
         permanent --policy={name} --add-ingress-zone={from}\n\
         permanent --policy={name} --add-egress-zone={to}\n\
         permanent --policy={name} --set-priority={priority}\n"
    )
}

fn ipset(object: &Object, family: Family, request: &Request) -> String {
    let name = set_name(object, family);
    let of = if family == Family::V4 { "inet" } else { "inet6" };
    let mut text = format!("\n# {}; facts of {}\n", object.who, harmless(&request.as_of));
    let _ = writeln!(text, "permanent --new-ipset={name} --type=hash:net --option=family={of}");
    let nets: Vec<String> = object.of(family).map(|net| format!(" --add-entry={net}")).collect();
    if !nets.is_empty() {
        let _ =
            writeln!(text, "permanent --ipset={name} \\\n\t{}", nets.join(" \\\n\t").replace("\t ", "\t").trim_start());
    }
    text
}

fn set_name(object: &Object, family: Family) -> String {
    format!("{}-{}", object.name, suffix(family))
}

fn rich_rules(plan: &Plan, planned: &Planned, request: &Request) -> String {
    let (flow, object, mut text) = (planned.flow, &plan.objects[planned.peer], String::new());
    let side = if flow.direction == Direction::Ingress { "source" } else { "destination" };
    for family in object.families() {
        let (of, name) = (if family == Family::V4 { "ipv4" } else { "ipv6" }, set_name(object, family));
        for protocol in flow.protocols.iter().map(|protocol| protocol.as_str()) {
            let log = if request.log {
                format!(" log prefix=\"workos {}: \" level=\"info\"", described(&flow.id, 100))
            } else {
                String::new()
            };
            let _ = writeln!(
                text,
                "permanent --policy={} --add-rich-rule='rule family=\"{of}\" {side} ipset=\"{name}\" port port=\"{}\" \
                 protocol=\"{protocol}\"{log} accept'",
                own_policy(flow.direction),
                flow.port
            );
        }
    }
    text
}

fn default_deny(plan: &Plan, request: &Request) -> String {
    let mut text = format!(
        "#!/bin/sh\n# Denies what neither a policy nor a zone lets through: first let in what this host needs besides, and look at\n\
         # `firewall-cmd --list-all-zones`, since a zone whose target is ACCEPT is asked before. Replies, the loopback and what IPv6\n\
         # needs are let through.\n{BEGIN}"
    );
    for direction in plan.directions() {
        let name = rest_policy(direction);
        text.push_str(&policy(name, direction, "32000"));
        for protocol in ["icmp", "ipv6-icmp"] {
            if direction == Direction::Egress {
                let _ = writeln!(
                    text,
                    "permanent --policy={name} --add-rich-rule='rule protocol value=\"{protocol}\" accept'"
                );
            }
        }
        let _ = writeln!(text, "permanent --policy={name} --set-target=DROP");
    }
    if request.log {
        text.push_str(
            "# What is denied is logged, whichever rule denies it.\n$FIREWALL_CMD --set-log-denied=all >/dev/null\n",
        );
    }
    text.push_str(END);
    text
}

fn rollback(plan: &Plan) -> String {
    let mut text = format!(
        "#!/bin/sh\n# Takes away what was added for WorkOS, what denies the rest included, and nothing else.\n{BEGIN}"
    );
    text.push_str("policies=\" $($FIREWALL_CMD --permanent --get-policies) \"\n");
    for direction in plan.directions() {
        for name in [own_policy(direction), rest_policy(direction)] {
            let _ = writeln!(text, "case $policies in *\" {name} \"*) permanent --delete-policy={name} ;; esac");
        }
    }
    for object in &plan.objects {
        for family in object.families() {
            let _ = writeln!(text, "permanent --delete-ipset={}", set_name(object, family));
        }
    }
    text.push_str(END);
    text
}

fn remarks(plan: &Plan, request: &Request) -> Vec<String> {
    let mut remarks = vec![
        "policies need firewalld 0.9 or newer, and sets as a destination 1.0 (`firewall-cmd --version`)".to_owned(),
        "the script writes the permanent configuration and reloads only where nothing would be forgotten by that; otherwise it says \
         so and leaves the reload to you"
            .to_owned(),
        "what runs in containers or behind this host is not asked for by these policies: their zones stand for this host (HOST)".to_owned(),
        "`nft -j list ruleset` shows what firewalld has made of them, and is what can be audited".to_owned(),
    ];
    if request.log {
        remarks.push(
            "`--set-log-denied=all` holds for all of firewalld; `--set-log-denied=off` is its own default".to_owned(),
        );
    }
    for (object, flows) in plan.blank() {
        remarks.push(format!(
            "nobody publishes addresses of {}: `firewall-cmd --permanent --ipset={} --add-entry=ADDRESS` fills them in (v6 likewise), \
             and a reload; until then nothing is let through for {}",
            object.who,
            set_name(object, Family::V4),
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
    fn a_flow_is_a_rule_for_each_family_and_protocol_over_a_set() {
        let generated = written(fixture::flows(), false);

        for line in [
            "permanent --new-ipset=workos-cloudflare-v6 --type=hash:net --option=family=inet6",
            "\t--add-entry=104.16.0.0/13 \\",
            "permanent --policy=workos-in --add-rich-rule='rule family=\"ipv4\" source ipset=\"workos-published-v4\" port port=\"443\" protocol=\"tcp\" accept'",
            "permanent --policy=workos-out --add-rich-rule='rule family=\"ipv6\" destination ipset=\"workos-cloudflare-v6\" port port=\"443\" protocol=\"tcp\" accept'",
            "permanent --policy=workos-out --add-rich-rule='rule family=\"ipv4\" destination ipset=\"workos-resolvers-v4\" port port=\"53\" protocol=\"udp\" accept'",
        ] {
            assert!(generated.rules.lines().any(|it| it == line), "{line}\n{}", generated.rules);
        }
        let rollback = generated.rollback.unwrap();
        for set in generated.rules.split("--new-ipset=").skip(1).map(|rest| rest.split(' ').next().unwrap()) {
            assert!(rollback.contains(&format!("--delete-ipset={set}\n")) && set.len() < 32, "{set}");
        }
    }

    #[test]
    fn nothing_is_reloaded_that_would_be_forgotten() {
        let generated = written(fixture::flows(), false);
        for script in [generated.rules, generated.default_deny.unwrap(), generated.rollback.unwrap()] {
            let reload = script.find("--reload >/dev/null").unwrap();
            assert!(script[..reload].contains("if [ \"$in_force\" = \"$kept\" ]; then"));
            assert!(
                script.find("in_force=").unwrap() < script.find("\npermanent --").unwrap_or(usize::MAX),
                "looked at before anything is written"
            );
        }
    }

    #[test]
    fn logging_and_blanks_are_said() {
        let mut flows = fixture::flows();
        flows[0].destination.ranges.clear();
        let generated = written(flows, true);

        assert!(generated.rules.contains("log prefix=\"workos egress-dns: \" level=\"info\" accept"));
        assert!(generated.default_deny.unwrap().contains("--set-log-denied=all"));
        assert!(
            generated.rules.contains("--new-ipset=workos-resolvers-v4")
                && !generated.rules.contains("--ipset=workos-resolvers-v4")
        );
        assert!(
            generated
                .remarks
                .iter()
                .any(|remark| remark.contains("--ipset=workos-resolvers-v4") && remark.contains("egress-dns"))
        );
    }
}
