//! Writes flows as a script of `gcloud` commands, one for each rule.

use std::fmt::Write;

use ipnet::IpNet;

use crate::firewall::dialects::{Generated, Request};
use crate::firewall::{Direction, Flow, Party};

pub(super) fn write(request: &Request) -> Generated {
    let mut rules = heading(&format!("Firewall rules for WorkOS; facts of {}.", plain(&request.as_of)));
    rules.push_str("# Nothing that is there is changed: a rule of the same name is refused, and the script ends.\n: \"${PRIORITY:=900}\"\n");
    let mut remarks = vec![
        "the rules are for instances with the network tag that TAG names: give it to the installation's (`gcloud compute \
         instances add-tags`)"
            .to_owned(),
        "the rules have the priority 900; a denial of this number or a lower one, and a policy of the organisation or a folder, \
         comes before them: choose another with PRIORITY"
            .to_owned(),
    ];
    for Blank { variable, what, flows } in blanks(&request.flows) {
        let flows = flows.join(", ");
        let _ = writeln!(rules, "# Fill in {what}, for {flows}.\n: \"${{{variable}:=}}\"");
        remarks.push(format!("{variable} has to be filled in with {what}: without it no rule is written for {flows}"));
    }
    let mut names: Vec<String> = Vec::new();
    for flow in &request.flows {
        let peer = ends(flow).1;
        let _ = writeln!(
            rules,
            "\n# {}: {} -> {}. {}",
            flow.id,
            plain(&flow.source.who),
            plain(&flow.destination.who),
            plain(&flow.reason)
        );
        for (suffix, ranges) in of_families(peer) {
            let name = name(&flow.id, suffix, &names);
            rules.push_str(&written(flow, &name, &ranges, request));
            names.push(name);
        }
    }
    let directions = [Direction::Ingress, Direction::Egress];
    let asked = |way: &Direction| request.flows.iter().any(|flow| flow.direction == *way);
    let directions: Vec<Direction> = directions.into_iter().filter(asked).collect();
    let mut default_deny =
        heading("Denies what no rule allows. Ingress is denied anyway; a rule of one's own can be logged.");
    let mut rollback = heading("Takes the firewall rules for WorkOS away again.");
    for direction in directions {
        for (suffix, any) in [("", "0.0.0.0/0"), ("-v6", "::/0")] {
            let name = format!("workos-deny-{}{suffix}", direction.as_str());
            default_deny.push_str(&denial(direction, &name, any, request));
            names.push(name);
        }
    }
    for name in names {
        // One that was never written is not there to be deleted.
        let _ = writeln!(
            rollback,
            "gcloud compute firewall-rules delete {name} --quiet ${{PROJECT:+--project=\"$PROJECT\"}} || true"
        );
    }
    Generated { rules, default_deny: Some(default_deny), rollback: Some(rollback), comment: Some("#"), remarks }
}

fn heading(what: &str) -> String {
    format!(
        "#!/bin/sh\n# {what}\n# NETWORK and TAG say which network and which instances; PROJECT says which project, unless it is the \
         usual one.\nset -euf\n: \"${{NETWORK:?name the network}}\" \"${{TAG:?name the network tag of the installation}}\" \
         \"${{PROJECT:=}}\"\n"
    )
}

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

/// The ranges of each family, as the field of a rule has them: none has both.
fn of_families(peer: &Party) -> Vec<(&'static str, String)> {
    let of = |v4: bool| -> Vec<String> {
        peer.ranges.iter().filter(|range: &&IpNet| range.addr().is_ipv4() == v4).map(ToString::to_string).collect()
    };
    let known: Vec<(&str, String)> = [("", of(true)), ("-v6", of(false))]
        .into_iter()
        .filter(|(_, ranges)| !ranges.is_empty())
        .map(|(suffix, ranges)| (suffix, ranges.join(",")))
        .collect();
    if known.is_empty() { vec![("", format!("${}", variable(peer, "RANGES")))] } else { known }
}

/// What only the customer knows, and which flows need it.
struct Blank<'a> {
    /// The variable that stands for it.
    variable: String,
    /// What it is, in words.
    what: String,
    flows: Vec<&'a str>,
}

/// Each thing that is to be filled in: addresses that nobody publishes, and tags of instances that are not the installation's.
fn blanks(flows: &[Flow]) -> Vec<Blank<'_>> {
    let mut all: Vec<Blank> = Vec::new();
    for flow in flows {
        let (own, peer) = ends(flow);
        let ranges = peer.ranges.is_empty().then(|| {
            let hosts = if peer.hosts.is_empty() { String::new() } else { format!(" ({})", peer.hosts.join(", ")) };
            (variable(peer, "RANGES"), plain(&format!("the addresses of {}{hosts}, separated by commas", peer.who)))
        });
        let tag = (!is_installation(own))
            .then(|| (tag(own), plain(&format!("the network tag of {}, where they are of this network", own.who))));
        for (variable, what) in [ranges, tag].into_iter().flatten() {
            match all.iter_mut().find(|known| known.variable == variable) {
                Some(known) if known.flows.contains(&flow.id.as_str()) => {}
                Some(known) => known.flows.push(&flow.id),
                None => all.push(Blank { variable, what, flows: vec![&flow.id] }),
            }
        }
    }
    all
}

/// The variable that names the tag of whoever has this end.
fn tag(own: &Party) -> String {
    if is_installation(own) { "TAG".to_owned() } else { variable(own, "TAG") }
}

fn variable(party: &Party, what: &str) -> String {
    let name = party.object.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' });
    format!("{}_{what}", name.collect::<String>())
}

/// A name has 63 characters.
fn name(id: &str, suffix: &str, taken: &[String]) -> String {
    let id: String = id.chars().take(48).collect();
    let name = format!("workos-{}{suffix}", id.trim_end_matches('-'));
    if taken.contains(&name) { format!("{name}-{}", taken.len()) } else { name }
}

fn written(flow: &Flow, name: &str, ranges: &str, request: &Request) -> String {
    let mut text = String::new();
    let own = tag(ends(flow).0);
    let needed = [ranges.strip_prefix('$'), (own != "TAG").then_some(own.as_str())];
    let needed: Vec<String> = needed.into_iter().flatten().map(|name| format!("[ -n \"${name}\" ]")).collect();
    let indent = if needed.is_empty() { "" } else { "  " };
    if !needed.is_empty() {
        let _ = writeln!(text, "if {}; then", needed.join(" && "));
    }
    let services: Vec<String> =
        flow.protocols.iter().map(|protocol| format!("{}:{}", protocol.as_str(), flow.port)).collect();
    let (direction, field) = way(flow.direction);
    let logging = if request.log { " --enable-logging" } else { "" };
    let _ = write!(
        text,
        "{indent}gcloud compute firewall-rules create {name} ${{PROJECT:+--project=\"$PROJECT\"}} --network=\"$NETWORK\" \\\n\
         {indent}  --direction={direction} --priority=\"$PRIORITY\" --action=ALLOW --rules={} --target-tags=\"${own}\"{logging} \\\n\
         {indent}  --{field}=\"{ranges}\" \\\n\
         {indent}  --description='WorkOS: {}, facts of {}'\n",
        services.join(","),
        flow.id,
        plain(&request.as_of),
    );
    if !needed.is_empty() {
        text.push_str("fi\n");
    }
    text
}

fn denial(direction: Direction, name: &str, any: &str, request: &Request) -> String {
    let (way, field) = way(direction);
    let logging = if request.log { " --enable-logging" } else { "" };
    format!(
        "\ngcloud compute firewall-rules create {name} ${{PROJECT:+--project=\"$PROJECT\"}} --network=\"$NETWORK\" \\\n  \
         --direction={way} --priority=65534 --action=DENY --rules=all --target-tags=\"$TAG\"{logging} \\\n  \
         --{field}={any}\n"
    )
}

fn way(direction: Direction) -> (&'static str, &'static str) {
    match direction {
        Direction::Ingress => ("INGRESS", "source-ranges"),
        Direction::Egress => ("EGRESS", "destination-ranges"),
    }
}

/// Words of others on one line, without what a shell would take for its own.
fn plain(text: &str) -> String {
    let harmless = |c: char| match c {
        '\'' => '’',
        '\u{2028}' | '\u{2029}' | '"' | '`' | '$' | '\\' => ' ',
        c if c.is_control() => ' ',
        c => c,
    };
    let text: String = text.chars().map(harmless).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
