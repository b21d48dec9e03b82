//! Writes flows as a script of `ufw` commands. What ufw has made of its rules is read through iptables-save.

use std::fmt::Write;

use super::edge::writing::{harmless, of_flow};
use super::host::{Object, Plan, Planned, plan};
use super::{Dialect, Generated, Request};
use crate::firewall::Direction;
use crate::firewall::addresses::Family;

/// The language.
pub(super) static DIALECT: Dialect = Dialect {
    name: "ufw",
    title: "commands for ufw, the firewall of Ubuntu and Debian",
    reads: None,
    writes: Some(write),
};

fn write(request: &Request) -> Generated {
    let plan = plan(request);
    Generated {
        rules: rules(&plan, request),
        default_deny: Some(default_deny(&plan, request)),
        rollback: Some(rollback(&plan, request)),
        comment: Some("#"),
        remarks: remarks(&plan, request),
    }
}

/// How a script tells ufw of each family: rules of IPv6 are refused where it is switched off.
const FAMILIES: &str = r#"ipv6=$(sed -n 's/^IPV6=//p' /etc/default/ufw | tr -d '"' | tail -n 1)
family() { # an address: whether ufw takes rules for it
	case $1 in *:*) ;; *) return 0 ;; esac
	case $ipv6 in [Yy][Ee][Ss]) return 0 ;; esac
	echo "left out, since IPV6=yes is not set in /etc/default/ufw: $1" >&2
	return 1
}
"#;

fn rules(plan: &Plan, request: &Request) -> String {
    let mut text = format!(
        "#!/bin/sh\n# What WorkOS needs, by the facts of {}. Each rule is put before those that are there; what is there stays.\n\
         # UFW='ufw --dry-run' shows what would be done. ROUTED=yes is for what runs in containers or behind this host.\n\
         set -euf\n: \"${{UFW:=ufw}}\" \"${{ROUTED:=}}\"\n",
        harmless(&request.as_of)
    );
    text.push_str(&blanks(plan));
    text.push_str(FAMILIES);
    let log = if request.log { "log " } else { "" };
    let _ = write!(
        text,
        "allow() {{ # in or out, the peer, the rest\n\tway=$1 peer=$2; shift 2\n\tfamily \"$peer\" || return 0\n\
         \tif [ -n \"$ROUTED\" ]; then $UFW route prepend allow {log}\"$@\"; else $UFW prepend allow \"$way\" {log}\"$@\"; fi\n}}\n"
    );
    // The last that is put to the top stands first.
    for planned in plan.flows.iter().rev() {
        let _ = writeln!(text, "\n# {}", of_flow(planned.flow, &request.as_of));
        let comment = format!(" comment 'WorkOS {}, facts of {}'", planned.flow.id, harmless(&request.as_of));
        text.push_str(&commands(plan, planned, "allow", &comment));
    }
    text
}

/// One command for each network and protocol, or a loop over what is to be filled in.
fn commands(plan: &Plan, planned: &Planned, command: &str, comment: &str) -> String {
    let (flow, object, mut text) = (planned.flow, &plan.objects[planned.peer], String::new());
    for protocol in flow.protocols.iter().map(|protocol| protocol.as_str()) {
        let rest = |peer: &str| match flow.direction {
            Direction::Ingress => {
                format!("{command} in {peer} proto {protocol} from {peer} to any port {}{comment}", flow.port)
            }
            Direction::Egress => {
                format!("{command} out {peer} proto {protocol} to {peer} port {}{comment}", flow.port)
            }
        };
        if object.networks.is_empty() {
            let _ = writeln!(text, "for peer in ${}; do {}; done", variable(object), rest("\"$peer\""));
        }
        for family in Family::BOTH {
            for net in object.of(family) {
                let _ = writeln!(text, "{}", rest(&net.to_string()));
            }
        }
    }
    text
}

fn blanks(plan: &Plan) -> String {
    let mut text = String::new();
    for (object, flows) in plan.blank() {
        let _ = writeln!(
            text,
            "# {}: nobody publishes its addresses. Fill them in, separated by spaces, for {}.\n: \"${{{}:=}}\"",
            object.who,
            flows.join(", "),
            variable(object)
        );
    }
    text
}

fn variable(object: &Object) -> String {
    object.name.to_ascii_uppercase().replace('-', "_")
}

fn default_deny(plan: &Plan, request: &Request) -> String {
    let mut text = String::from(
        "#!/bin/sh\n# Denies what no rule lets through. First let in what this host needs besides, such as SSH; replies, the loopback and\n\
         # what IPv6 needs are let through by ufw's own rules.\nset -euf\n: \"${UFW:=ufw}\"\n",
    );
    for direction in plan.directions() {
        let way = if direction == Direction::Ingress { "incoming" } else { "outgoing" };
        let _ = writeln!(text, "$UFW default deny {way}");
    }
    if request.log {
        text.push_str("# Every packet that is denied by a default is logged, within a rate.\n$UFW logging low\n");
    }
    text
}

fn rollback(plan: &Plan, request: &Request) -> String {
    let mut text = String::from(
        "#!/bin/sh\n# Takes the rules for WorkOS away again. The defaults stay as they are: ufw's own are `ufw default deny incoming` and\n\
         # `ufw default allow outgoing`.\nset -euf\n: \"${UFW:=ufw}\" \"${ROUTED:=}\"\n",
    );
    text.push_str(&blanks(plan));
    text.push_str(FAMILIES);
    let log = if request.log { "log " } else { "" };
    let _ = write!(
        text,
        "take() {{ # in or out, the peer, the rest\n\tway=$1 peer=$2; shift 2\n\tfamily \"$peer\" || return 0\n\
         \tif [ -n \"$ROUTED\" ]; then $UFW route delete allow {log}\"$@\"; else $UFW delete allow \"$way\" {log}\"$@\"; fi\n}}\n"
    );
    for planned in &plan.flows {
        text.push_str(&commands(plan, planned, "take", ""));
    }
    text
}

fn remarks(plan: &Plan, request: &Request) -> Vec<String> {
    let mut remarks = vec![
        "`ufw prepend` needs ufw 0.36 or newer (`ufw version`)".to_owned(),
        "what runs in containers or behind this host is not asked for by these rules, but by `ufw route`: run the script with \
         ROUTED=yes for it; ports that Docker publishes are let through before ufw is asked"
            .to_owned(),
        "`iptables-save; ip6tables-save` shows what ufw has made of them, and is what can be audited".to_owned(),
    ];
    if request.log {
        remarks.push(
            "`ufw allow log` logs each new connection that crosses, and `ufw logging low` what is denied".to_owned(),
        );
    }
    for (object, flows) in plan.blank() {
        remarks.push(format!(
            "{} has no addresses that are published: fill in {}, without which no rule is written for {}",
            object.who,
            variable(object),
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
    fn every_network_of_a_flow_is_a_rule_of_its_own_in_either_family() {
        let generated = written(fixture::flows(), false);
        let comment = "comment 'WorkOS ingress-cloudflare, facts of 2026-11-23'";

        for line in [
            format!("allow in 104.16.0.0/13 proto tcp from 104.16.0.0/13 to any port 443 {comment}"),
            format!("allow in 2606:4700::/32 proto tcp from 2606:4700::/32 to any port 443 {comment}"),
            "allow out 10.20.0.2/32 proto udp to 10.20.0.2/32 port 53 comment 'WorkOS egress-dns, facts of 2026-11-23'"
                .to_owned(),
        ] {
            assert!(generated.rules.lines().any(|it| it == line), "{line}\n{}", generated.rules);
        }
        let (allowed, taken) =
            (generated.rules.matches("\nallow ").count(), generated.rollback.unwrap().matches("\ntake ").count());
        assert_eq!((allowed, taken), (allowed, allowed));
    }

    #[test]
    fn the_first_flow_is_put_to_the_top_last_so_that_it_stands_first() {
        let rules = written(fixture::flows(), false).rules;
        let at = |id: &str| rules.find(&format!("# {id} ")).unwrap();

        assert!(at("egress-dns") > at("ingress-cloudflare"));
    }

    #[test]
    fn a_peer_without_addresses_is_never_any() {
        let mut flows = fixture::flows();
        flows[0].destination.ranges.clear();
        let generated = written(flows, true);

        assert!(
            generated
                .rules
                .contains("for peer in $WORKOS_RESOLVERS; do allow out \"$peer\" proto udp to \"$peer\" port 53")
        );
        assert!(generated.remarks.iter().any(|remark| remark.contains("WORKOS_RESOLVERS")));
        assert!(!generated.rules.contains("to any port 53"));
        assert!(generated.rules.contains("prepend allow \"$way\" log"));
        assert!(generated.default_deny.unwrap().contains("logging low"));
    }
}
