//! Writes flows as a file that squid.conf includes: an ACL for each host and port, and a line that allows the CONNECT.

use std::fmt::Write;

use crate::firewall::dialects::{Generated, Request};
use crate::firewall::{Direction, Flow, Party};

/// Where it goes, so that the configuration of Debian and others reads it before the lines that deny.
const FILE: &str = "/etc/squid/conf.d/workos.conf";

pub(super) fn write(request: &Request) -> Generated {
    let mut rules = format!(
        "# What an application that uses WorkOS connects to through squid; facts of {}.\n\
         # Save it as {FILE}; squid.conf has to include it before the first line that denies these hosts.\n\
         acl workos_connect method CONNECT\n",
        plain(&request.as_of)
    );
    let mut remarks = vec![format!(
        "the first line that matches decides: include {FILE} above the first `http_access deny` that matches these hosts, and \
         below those that keep strangers from using the proxy"
    )];
    let mut allowed = String::new();
    for flow in &request.flows {
        match carried(flow) {
            Ok(()) => allow(flow, &mut rules, &mut allowed, &mut remarks),
            Err(why) => {
                let peer = if flow.direction == Direction::Egress { &flow.destination } else { &flow.source };
                let ranges: Vec<String> = peer.ranges.iter().map(ToString::to_string).collect();
                let _ = writeln!(rules, "\n# {} is not here: {why}.", flow.id);
                if !ranges.is_empty() {
                    let _ = writeln!(rules, "#   {}", ranges.join(" "));
                }
                remarks.push(format!("{} is not in it: {why}", flow.id));
            }
        }
    }
    if !allowed.is_empty() {
        let _ = write!(rules, "\n{allowed}");
    }
    if request.log {
        remarks.push("squid logs every request in its access.log, those that it denies too (`TCP_DENIED`)".to_owned());
    }
    Generated {
        rules,
        default_deny: Some(
            "# The last line of http_access: what no line before it allows is denied.\nhttp_access deny all\n"
                .to_owned(),
        ),
        rollback: Some(format!("# In a shell; it takes away that file alone.\n# rm {FILE} && squid -k reconfigure\n")),
        comment: Some("#"),
        remarks,
    }
}

/// Whether squid carries it; why not, otherwise.
fn carried(flow: &Flow) -> Result<(), &'static str> {
    let tcp = flow.protocols.iter().all(|protocol| protocol.as_str() == "tcp");
    if flow.direction == Direction::Ingress {
        Err("a forward proxy lets nothing in, so that a firewall has to")
    } else if !tcp {
        Err("squid carries no datagrams, and looks names up itself")
    } else if flow.destination.object == "forward-proxy" {
        Err("it is the way to the proxy itself")
    } else if flow.destination.hosts.is_empty() && flow.destination.ranges.is_empty() {
        Err("nobody publishes its hosts or addresses: fill in your own")
    } else {
        Ok(())
    }
}

fn allow(flow: &Flow, rules: &mut String, allowed: &mut String, remarks: &mut Vec<String>) {
    let name = flow.id.replace('-', "_");
    let (destination, source) = (&flow.destination, &flow.source);
    let _ = writeln!(
        rules,
        "\n# {}: {} -> {}. {}",
        flow.id,
        plain(&source.who),
        plain(&destination.who),
        plain(&flow.reason)
    );
    let mut terms = format!("workos_connect workos_{name}_port workos_{name}");
    let _ = writeln!(rules, "acl workos_{name}_port port {}", flow.port);
    for host in &destination.hosts {
        let _ = writeln!(rules, "acl workos_{name} dstdomain {}", domain(host));
        if host.starts_with("*.") {
            remarks.push(format!(
                "{}: squid has no pattern for {}, so that the domain itself is allowed too",
                flow.id,
                plain(host)
            ));
        }
    }
    if destination.hosts.is_empty() {
        for range in &destination.ranges {
            let _ = writeln!(rules, "acl workos_{name} dst {range}");
        }
    }
    if is_narrowed(source) {
        for range in &source.ranges {
            let _ = writeln!(rules, "acl workos_{name}_client src {range}");
        }
        let _ = write!(terms, " workos_{name}_client");
    } else {
        remarks.push(format!(
            "{} is allowed to every client of the proxy: add an ACL of type src for {}",
            flow.id,
            plain(&source.who)
        ));
    }
    let _ = writeln!(allowed, "http_access allow {terms}");
}

fn is_narrowed(source: &Party) -> bool {
    !source.ranges.is_empty()
}

/// As squid writes a domain with all under it. A name that is none stays one word.
fn domain(host: &str) -> String {
    let host = host.strip_prefix('*').unwrap_or(host);
    host.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':')).collect()
}

/// On one line, and without what goes on in the next.
fn plain(text: &str) -> String {
    let harmless = |c: char| !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}' | '\\');
    let text: String = text.chars().map(|c| if harmless(c) { c } else { ' ' }).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
