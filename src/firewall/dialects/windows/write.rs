//! Writes flows as PowerShell: one rule for each, in a group of their own.

use std::fmt::Write;

use crate::firewall::dialects::{Generated, Request};
use crate::firewall::{Direction, Flow, Party};

pub(super) fn write(request: &Request) -> Generated {
    let mut rules = format!(
        "#Requires -RunAsAdministrator\n# Rules for WorkOS in the Windows firewall; facts of {}.\n\
         # A rule of the same name is refused, and the script ends: nothing that is there is changed.\n\
         $ErrorActionPreference = 'Stop'\n",
        plain(&request.as_of)
    );
    let mut remarks =
        vec!["a rule that blocks beats every rule that allows: look for those with `Get-NetFirewallRule -Action Block -Enabled True`".to_owned()];
    let mut blanks: Vec<String> = Vec::new();
    for flow in &request.flows {
        for (party, is_own) in [(ends(flow).1, false), (ends(flow).0, true)] {
            let is_filled_in = if is_own { is_installation(party) } else { !party.ranges.is_empty() };
            let name = variable(party);
            if is_filled_in || blanks.contains(&name) {
                continue;
            }
            let hosts = if party.hosts.is_empty() { String::new() } else { format!(" ({})", party.hosts.join(", ")) };
            let who = plain(&format!("{}{hosts}", party.who));
            if is_own {
                let _ = writeln!(rules, "# $true on the machine of: {who}.\n${name} = $false");
                remarks.push(format!("{} belongs to the machine of {who}: set ${name} there", flow.id));
            } else {
                let _ =
                    writeln!(rules, "# {who}: nobody publishes the addresses. Fill them in, in quotes.\n${name} = @()");
                remarks.push(format!(
                    "{who}: no addresses are published; without ${name} filled in there is no rule for {}",
                    flow.id
                ));
            }
            blanks.push(name);
        }
    }
    let mut names: Vec<String> = Vec::new();
    for flow in &request.flows {
        let _ = writeln!(
            rules,
            "\n# {}: {} -> {}. {}",
            flow.id,
            plain(&flow.source.who),
            plain(&flow.destination.who),
            plain(&flow.reason)
        );
        for protocol in flow.protocols {
            let suffix = if flow.protocols.len() > 1 { format!("-{}", protocol.as_str()) } else { String::new() };
            let name = format!("workos-{}{suffix}", flow.id);
            if !names.contains(&name) {
                rules.push_str(&written(flow, &name, protocol.as_str(), request));
                names.push(name);
            }
        }
    }
    if request.log {
        remarks.push(
            "Windows logs by profile and not by rule: `Set-NetFirewallProfile -All -LogAllowed True -LogBlocked True` logs what \
             crosses and what is blocked"
                .to_owned(),
        );
    }
    Generated {
        rules,
        default_deny: Some(default_deny(request)),
        rollback: Some(format!(
            "#Requires -RunAsAdministrator\n# Takes the rules for WorkOS away again. What the profiles did before is for you to know.\n\
             Remove-NetFirewallRule -Group '{GROUP}'\n"
        )),
        comment: Some("#"),
        remarks,
    }
}

const GROUP: &str = "WorkOS";

/// The installation's end, and the other.
fn ends(flow: &Flow) -> (&Party, &Party) {
    match flow.direction {
        Direction::Egress => (&flow.source, &flow.destination),
        Direction::Ingress => (&flow.destination, &flow.source),
    }
}

fn is_installation(party: &Party) -> bool {
    party.object == "server" || party.object.starts_with("installation")
}

fn variable(party: &Party) -> String {
    let name = party.object.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' });
    format!("workos_{}", name.collect::<String>())
}

fn written(flow: &Flow, name: &str, protocol: &str, request: &Request) -> String {
    let (own, peer) = ends(flow);
    let addresses = if peer.ranges.is_empty() {
        format!("${}", variable(peer))
    } else {
        peer.ranges.iter().map(|range| format!("'{range}'")).collect::<Vec<String>>().join(", ")
    };
    let mut needed = Vec::new();
    if peer.ranges.is_empty() {
        needed.push(format!("${}", variable(peer)));
    }
    if !is_installation(own) {
        needed.push(format!("${}", variable(own)));
    }
    let (direction, port) = match flow.direction {
        Direction::Egress => ("Outbound", "RemotePort"),
        Direction::Ingress => ("Inbound", "LocalPort"),
    };
    let rule = format!(
        "New-NetFirewallRule -Name '{name}' -DisplayName 'WorkOS {}' -Group '{GROUP}' -Direction {direction} -Action Allow \
         -Profile Any -Protocol {} -{port} {} -RemoteAddress @({addresses}) -Description 'facts of {}' | Out-Null\n",
        flow.id,
        protocol.to_ascii_uppercase(),
        flow.port,
        plain(&request.as_of),
    );
    if needed.is_empty() { rule } else { format!("if ({}) {{\n  {rule}}}\n", needed.join(" -and ")) }
}

fn default_deny(request: &Request) -> String {
    let mut text = "#Requires -RunAsAdministrator\n# Blocks what no rule allows, in every profile. Rules that are there already, such as those of the system, go on allowing.\n"
        .to_owned();
    for (direction, field) in
        [(Direction::Ingress, "DefaultInboundAction"), (Direction::Egress, "DefaultOutboundAction")]
    {
        if request.flows.iter().any(|flow| flow.direction == direction) {
            let _ = writeln!(text, "Set-NetFirewallProfile -All -Enabled True -{field} Block");
        }
    }
    text
}

/// Words of others on one line, without what ends a string in PowerShell, which takes curly quotes for straight ones.
fn plain(text: &str) -> String {
    let harmless = |c: char| {
        !c.is_control() && !matches!(c, '\u{2018}'..='\u{201f}' | '\u{2028}' | '\u{2029}' | '\'' | '"' | '`' | '$')
    };
    let text: String = text.chars().map(|c| if harmless(c) { c } else { ' ' }).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
