//! What stands in a cell: addresses, hosts and names; ports and services; yes or no.

use std::collections::BTreeMap;

use crate::firewall::dialects::entry::{self, Oddity};
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{Answer, Way};

/// The values of a cell of text. `a - b` is one.
pub(in crate::firewall::dialects) fn values(cell: &str) -> Vec<String> {
    let cell = unquoted(cell.trim());
    let mut values: Vec<String> = Vec::new();
    let mut joins = false;
    for word in cell.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '|')).filter(|word| !word.is_empty())
    {
        let is_dash = matches!(word, "-" | "–" | "—");
        match values.last_mut() {
            Some(last) if joins || (is_dash && last.contains(|c: char| c.is_ascii_digit())) => {
                last.push_str(if is_dash { "-" } else { word });
            }
            _ => values.push(unquoted(word).to_owned()),
        }
        joins = is_dash && values.last().is_some_and(|last| last.len() > 1);
    }
    values.retain(|value| !value.trim_matches(['-', '–', '—']).is_empty());
    values
}

/// Without the `'` that keeps a spreadsheet from calculating.
fn unquoted(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@']) => rest,
        _ => text,
    }
}

/// Whether a word means everything.
pub(super) fn is_any(word: &str) -> bool {
    ["any", "all", "*", "any4", "any6", "anywhere", "everything", "ip"].iter().any(|any| word.eq_ignore_ascii_case(any))
}

/// One end of a connection.
#[derive(Default, Debug)]
pub(super) struct End {
    /// Addresses that are certain.
    pub known: Vec<Ranges>,
    /// Hosts.
    pub hosts: Vec<String>,
    /// Names that stand for something that is not said.
    pub names: Vec<String>,
    /// Names that the table explains, but not by addresses.
    pub bare: Vec<String>,
    /// What is odd about what was read.
    pub odd: Vec<Oddity>,
    /// What was meant as an address and is none.
    pub malformed: Vec<Oddity>,
    /// What turns a meaning round.
    pub unclear: Option<String>,
}

impl End {
    pub(super) fn is_empty(&self) -> bool {
        self.known.is_empty()
            && self.hosts.is_empty()
            && self.names.is_empty()
            && self.malformed.is_empty()
            && self.unclear.is_none()
    }

    /// Takes in a value.
    pub(super) fn take(&mut self, value: &str) {
        if value.eq_ignore_ascii_case("not") || value.eq_ignore_ascii_case("except") || value.starts_with('!') {
            self.unclear.get_or_insert_with(|| format!("`{value}` turns the meaning of an address round"));
        } else if is_any(value) {
            self.known.push(Ranges::all());
        } else {
            match entry::entry(value) {
                Ok(read) => {
                    self.odd.extend(read.oddity);
                    self.known.push(read.ranges);
                }
                Err(_) if entry::is_host_name(value) => self.hosts.push(value.to_ascii_lowercase()),
                Err(oddity) if is_attempt(value) => self.malformed.push(oddity),
                Err(_) => self.names.push(value.to_owned()),
            }
        }
    }
}

/// Whether somebody meant to write an address.
fn is_attempt(value: &str) -> bool {
    let dotted = value.contains('.')
        && value.contains(|c: char| c.is_ascii_digit())
        && value.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '/' | '-' | '*'));
    let colons = value.matches(':').count() > 1
        && value.chars().all(|c| c.is_ascii_hexdigit() || matches!(c, ':' | '.' | '/' | '-'));
    dotted || colons
}

/// Ports, by protocol.
#[derive(Default, Debug)]
pub(super) struct Services {
    /// Every port of every protocol.
    pub any: bool,
    /// Ports of whatever protocol the row says.
    pub ports: Vec<Ranges>,
    /// Ports of a protocol.
    pub of: BTreeMap<u8, Vec<Ranges>>,
    /// What is no port.
    pub unknown: Vec<String>,
}

impl Services {
    /// Takes in the values of a cell: `443`, `https`, `tcp/443`, `443/udp`, `TCP 443`, `icmp`.
    pub(super) fn take(&mut self, values: &[String]) {
        let mut named: Option<u8> = None;
        let mut used = true;
        for value in values {
            if let (Some(protocol), true) = (entry::protocol(value), value.parse::<u8>().is_err()) {
                if let (Some(before), false) = (named, used) {
                    self.of.entry(before).or_default().push(Ranges::all());
                }
                (named, used) = (Some(protocol), false);
                continue;
            }
            let halves = value.split_once(['/', ':', '_']).or_else(|| value.split_once('-'));
            let of_protocol = halves.and_then(|(one, other)| {
                let is_name = |word: &str| word.parse::<u8>().is_err();
                let (protocol, port) = match (entry::protocol(one), entry::protocol(other)) {
                    (Some(protocol), _) if is_name(one) => (protocol, other),
                    (_, Some(protocol)) if is_name(other) => (protocol, one),
                    _ => return None,
                };
                if is_any(port) { Some((protocol, Ranges::all())) } else { Some((protocol, entry::ports(port).ok()?)) }
            });
            match (of_protocol, entry::ports(value)) {
                (Some((protocol, ports)), _) => self.of.entry(protocol).or_default().push(ports),
                (None, Ok(ports)) => match named {
                    Some(protocol) => {
                        used = true;
                        self.of.entry(protocol).or_default().push(ports);
                    }
                    None => self.ports.push(ports),
                },
                (None, Err(_)) if is_any(value) => match named {
                    Some(protocol) => {
                        used = true;
                        self.of.entry(protocol).or_default().push(Ranges::all());
                    }
                    None => self.any = true,
                },
                (None, Err(_)) => self.unknown.push(value.clone()),
            }
        }
        if let (Some(before), false) = (named, used) {
            self.of.entry(before).or_default().push(Ranges::all());
        }
    }
}

/// The ways that a word means; nothing, where it means none.
pub(super) fn ways(word: &str) -> Option<&'static [Way]> {
    let word: String = word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    match word.as_str() {
        "in" | "inbound" | "ingress" | "incoming" | "i" => Some(&[Way::In]),
        "out" | "outbound" | "egress" | "outgoing" | "o" | "e" => Some(&[Way::Out]),
        "both" | "bidirectional" | "inout" | "any" | "all" | "inoutbound" | "bi" => Some(&[Way::In, Way::Out]),
        _ => None,
    }
}

/// The answer that a word means.
pub(super) fn answer(word: &str) -> Option<Answer> {
    match word.trim().to_ascii_lowercase().as_str() {
        "allow" | "allowed" | "accept" | "accepted" | "permit" | "permitted" | "pass" => Some(Answer::Accept),
        "deny" | "denied" | "drop" | "dropped" | "block" | "blocked" | "discard" => Some(Answer::Drop),
        "reject" | "rejected" | "refuse" | "refused" => Some(Answer::Reject),
        _ => None,
    }
}

/// Whether a word says that something is switched on.
pub(super) fn is_on(word: &str) -> Option<bool> {
    match word.trim().to_ascii_lowercase().as_str() {
        "yes" | "true" | "enabled" | "enable" | "active" | "on" | "1" | "y" | "x" => Some(true),
        "no" | "false" | "disabled" | "disable" | "inactive" | "off" | "0" | "n" => Some(false),
        _ => None,
    }
}
