//! What the rules of an export come to: whatever a rule blocks is blocked, whatever else a rule allows is allowed, and the profile
//! answers the rest.

use super::super::entry;
use super::rows::{Export, Row};
use crate::firewall::addresses::never_public;
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{
    Answer, Chain, Condition, Layer, Match, Names, NoteKind, Place, Policy, Replies, Rule, Rules, Then, Way,
};

const PROFILES: [&str; 3] = ["Domain", "Private", "Public"];

/// Adds a layer for each way.
pub(super) fn add_layers(rules: &mut Rules, export: &Export, file: u16) {
    if export.profiles.is_empty() {
        let place = Place::new(file, 0, "the profiles", "");
        let what =
            "says nothing of the profiles: it is read as if all were on, block what comes in and allow what goes out";
        rules.note(NoteKind::Assumed, &place, what);
    }
    for way in [Way::In, Way::Out] {
        let mut read: Vec<(u8, Rule)> =
            export.rules.iter().filter_map(|row| of_row(rules, row, way, file, &export.profiles)).collect();
        // Sorting keeps the order of what is alike.
        read.sort_by_key(|(rank, _)| *rank);
        let (before, policy, mut after) = defaults(rules, export, way, file);
        let mut all = before;
        all.extend(read.into_iter().map(|(_, rule)| rule));
        all.append(&mut after);
        let name = format!("Windows firewall ({})", words(way));
        let chain = rules.add_chain(Chain { name: name.clone(), rules: all, policy: Some(policy) });
        rules.layers.push(Layer { name, way, families: Ranges::all(), chain, replies: Replies::Remembered });
    }
}

fn words(way: Way) -> &'static str {
    if way == Way::In { "inbound" } else { "outbound" }
}

/// What a profile says of everything, before its rules and after them.
fn defaults(rules: &mut Rules, export: &Export, way: Way, file: u16) -> (Vec<Rule>, Policy, Vec<Rule>) {
    let usual = if way == Way::In { Answer::Drop } else { Answer::Accept };
    let (mut before, mut after) = (Vec::new(), Vec::new());
    for row in &export.profiles {
        let name = row.get("name").or(row.get("profile")).unwrap_or_default();
        let place = Place::new(file, row.line, format!("profile {name}"), &row.quoted(&SAID_OF_PROFILES));
        let mut when = Match::any();
        match way {
            Way::In => when.from = Names::one_of([name]),
            _ => when.to = Names::one_of([name]),
        }
        let push = |into: &mut Vec<Rule>, answer| {
            into.push(Rule::new(place.clone(), vec![when.clone()], Then::Answer(answer)));
        };
        if is(row.get("enabled"), &["false", "0"]) {
            push(&mut before, Answer::Accept);
            rules.note(NoteKind::Idle, &place, "is switched off: everything passes where it applies");
            continue;
        }
        if way == Way::In && is(row.get("allowinboundrules"), &["false", "0"]) {
            push(&mut before, Answer::Drop);
        }
        if way == Way::In && is(row.get("allowlocalfirewallrules"), &["false", "0"]) {
            rules.note(
                NoteKind::NotUnderstood,
                &place,
                "leaves out local rules, and which ones are local is not in the export",
            );
        }
        let action = row.get(if way == Way::In { "defaultinboundaction" } else { "defaultoutboundaction" });
        let answer = match action {
            action if is(action, &["allow", "2"]) => Answer::Accept,
            action if is(action, &["block", "4"]) => Answer::Drop,
            _ => usual,
        };
        push(&mut after, answer);
    }
    // Where every profile says the same, it is the same wherever it comes in.
    if let [first, others @ ..] = after.as_slice()
        && after.len() == PROFILES.len()
        && others.iter().all(|other| other.then == first.then)
        && let Then::Answer(answer) = first.then
    {
        return (before, Policy { answer, place: first.place.clone() }, Vec::new());
    }
    let place = Place::new(file, 0, format!("default of what is {}", words(way)), "");
    (before, Policy { answer: usual, place }, after)
}

const SAID_OF_PROFILES: [&str; 6] =
    ["name", "enabled", "defaultinboundaction", "defaultoutboundaction", "allowinboundrules", "logallowed"];

fn is(value: Option<&str>, words: &[&str]) -> bool {
    value.is_some_and(|value| words.iter().any(|word| value.eq_ignore_ascii_case(word)))
}

const SAID: [&str; 13] = [
    "displayname",
    "enabled",
    "profile",
    "direction",
    "action",
    "protocol",
    "localport",
    "remoteport",
    "localaddress",
    "remoteaddress",
    "program",
    "service",
    "interfacetype",
];

/// A rule of this way, and whether it comes first (0), among those that block (1) or those that allow (2).
fn of_row(rules: &mut Rules, row: &Row, way: Way, file: u16, profiles: &[Row]) -> Option<(u8, Rule)> {
    let direction = row.get("direction");
    let other = if way == Way::In { ["outbound", "2"] } else { ["inbound", "1"] };
    if is(direction, &other) {
        return None;
    }
    let name = row.get("displayname").or(row.get("name")).unwrap_or("without a name");
    let place = Place::new(file, row.line, format!("rule {name}"), &row.quoted(&SAID));
    let mut when = matches(rules, row, way, &place);
    if !is(direction, &["inbound", "1", "outbound", "2"]) {
        let what = format!("{} is for this direction", place.name);
        when = when.into_iter().map(|each| each.on(Condition::holds(what.clone()))).collect();
    }
    let (rank, answer) = match row.get("action") {
        action if is(action, &["allow", "2"]) && is(row.get("overrideblockrules"), &["true", "1"]) => {
            (0, Answer::Accept)
        }
        action if is(action, &["allow", "2"]) => (2, Answer::Accept),
        action if is(action, &["block", "4"]) => (1, Answer::Drop),
        other => {
            let what = format!("{} does `{}`", place.name, other.unwrap_or_default());
            rules.note(NoteKind::NotUnderstood, &place, what.clone());
            when = when.into_iter().map(|each| each.on(Condition::holds(format!("{what}, which blocks")))).collect();
            (1, Answer::Drop)
        }
    };
    let idle = is(row.get("enabled"), &["false", "2"]).then(|| "it is disabled".to_owned());
    if idle.is_some() {
        rules.note(NoteKind::Idle, &place, "has no effect: it is disabled");
    }
    let logged = if answer.passes() { "logallowed" } else { "logblocked" };
    let logs = profiles.iter().any(|profile| is(profile.get(logged), &["true", "1"]));
    Some((rank, Rule { logs, idle, ..Rule::new(place, when, Then::Answer(answer)) }))
}

fn matches(rules: &mut Rules, row: &Row, way: Way, place: &Place) -> Vec<Match> {
    let mut base = Match::any();
    match row.get("protocol").map(protocol) {
        None => {}
        Some(Ok(protocol)) => base.protocol = protocol,
        Some(Err(what)) => base.conditions.push(Condition::holds(what)),
    }
    let zones: Vec<&str> = zones(row.get("profile").unwrap_or("Any"));
    if zones.len() < PROFILES.len() {
        let names = Names::one_of(zones);
        if way == Way::In {
            base.from = names;
        } else {
            base.to = names;
        }
    }
    for (field, what) in ONLY {
        if let Some(value) = row.get(field).filter(|value| !is(Some(value), &["any", "0", "all", "notrequired"])) {
            base.conditions.push(Condition::holds(format!("{what} `{value}`")));
        }
    }
    let (source, destination) = if way == Way::In { ("remote", "local") } else { ("local", "remote") };
    let mut all = vec![base];
    let has_ports = |when: &Match| when.protocol == Ranges::one(TCP) || when.protocol == Ranges::one(UDP);
    for (end, side) in [("source", source), ("destination", destination)] {
        let addresses = addresses(rules, &row.words(&format!("{side}address")), place, end);
        let ports = ports(rules, &row.words(&format!("{side}port")), place);
        let each = |when: &Match| -> Vec<Match> {
            let ports = if has_ports(when) { ports.as_slice() } else { &[(Ranges::all(), None)] };
            let mut these = Vec::new();
            for (set, holds) in &addresses {
                for (port, named) in ports {
                    let mut one = when.clone();
                    if end == "source" {
                        (one.source, one.source_port) = (set.clone(), port.clone());
                    } else {
                        (one.destination, one.port) = (set.clone(), port.clone());
                    }
                    one.conditions.extend([holds, named].into_iter().flatten().cloned());
                    these.push(one);
                }
            }
            these
        };
        all = all.iter().flat_map(each).collect();
    }
    all
}

const TCP: u8 = 6;
const UDP: u8 = 17;

/// What a rule is only for, and how that is said.
const ONLY: [(&str, &str); 12] = [
    ("program", "the connection is that of the program"),
    ("package", "the connection is that of the package"),
    ("service", "the connection is that of the service"),
    ("dynamictarget", "it belongs to the transport"),
    ("dynamictransport", "it belongs to the transport"),
    ("interfacetype", "it crosses an interface of the type"),
    ("interfacealias", "it crosses the interface"),
    ("localuser", "it belongs to the local user"),
    ("remoteuser", "it belongs to the remote user"),
    ("remotemachine", "it belongs to the remote machine"),
    ("authentication", "it is authenticated by IPsec:"),
    ("owner", "it belongs to the user"),
];

fn protocol(word: &str) -> Result<Ranges, String> {
    match word.to_ascii_lowercase().as_str() {
        "any" | "256" => Ok(Ranges::all()),
        "icmpv4" => Ok(Ranges::one(1_u8)),
        "icmpv6" => Ok(Ranges::one(58_u8)),
        other => entry::protocol(other).map(Ranges::one).ok_or_else(|| format!("`{word}` is the protocol")),
    }
}

/// The profiles of a rule: by name, or as the bits of a number.
fn zones(value: &str) -> Vec<&'static str> {
    let bits = value.trim().parse::<u32>().ok();
    let named = |name: &str| value.split([',', ';', ' ']).any(|word| word.eq_ignore_ascii_case(name));
    let all = bits == Some(0) || named("any") || named("all");
    let has = |(nth, name): &(usize, &str)| all || bits.map_or_else(|| named(name), |bits| bits & (1 << nth) != 0);
    let zones: Vec<&str> = PROFILES.into_iter().enumerate().filter(has).map(|(_, name)| name).collect();
    if zones.is_empty() { PROFILES.to_vec() } else { zones }
}

/// Sets that are certain, then those that a word stands for which only the machine knows.
type Alternatives = Vec<(Ranges, Option<Condition>)>;

const LOCAL_SUBNETS: [&str; 3] = ["LocalSubnet", "LocalSubnet4", "LocalSubnet6"];

/// What was not exported as it should have been can have been anything: `System.String[]` stands for a whole list.
fn lost_words(lost: &[&str], what: &str) -> Condition {
    Condition::holds(format!("`{}` stands for the {what}", lost.join("` or `")))
}

fn addresses(rules: &mut Rules, values: &[&str], place: &Place, end: &str) -> Alternatives {
    if values.is_empty() || values.iter().any(|value| is(Some(value), &["any", "*"])) {
        return vec![(Ranges::all(), None)];
    }
    let (mut known, mut names, mut near, mut lost) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for value in values {
        match entry::entry(value) {
            // No subnet that a machine is in holds a service of the internet's.
            Err(_) if LOCAL_SUBNETS.iter().any(|name| is(Some(value), &[name])) => near.push(*value),
            Ok(entry) => known.push(entry.noted(rules, place)),
            Err(_)
                if value.bytes().all(|byte| byte.is_ascii_alphanumeric())
                    && !value.starts_with(|c: char| c.is_ascii_digit()) =>
            {
                names.push(*value);
            }
            Err(oddity) => {
                oddity.note(rules, place);
                lost.push(*value);
            }
        }
    }
    let mut all = vec![(Ranges::any_of(&known), None)];
    let what = "the local subnet is read as one of private addresses";
    if !near.is_empty() && rules.notes.iter().all(|note| note.what != what) {
        rules.note(NoteKind::Assumed, place, what);
    }
    for (names, reach) in [(names, Ranges::all()), (near, never_public())] {
        if !names.is_empty() {
            let what = format!("`{}` holds the {end}", names.join("` or `"));
            all.push((reach, Some(Condition::holds(what))));
        }
    }
    if !lost.is_empty() {
        all.push((Ranges::all(), Some(lost_words(&lost, end))));
    }
    all.retain(|(set, _)| !set.is_empty());
    all
}

fn ports(rules: &mut Rules, values: &[&str], place: &Place) -> Alternatives {
    if values.is_empty() || values.iter().any(|value| is(Some(value), &["any", "*"])) {
        return vec![(Ranges::all(), None)];
    }
    let mut known = Vec::new();
    let mut named: Vec<(&str, Ranges)> = Vec::new();
    let mut lost = Vec::new();
    for value in values {
        match value.to_ascii_lowercase().as_str() {
            "rpcepmap" | "rpc-epmap" => known.push(Ranges::one(135_u8)),
            "mdns" => known.push(Ranges::one(5353_u16)),
            // What the endpoint mapper hands out lies above the ports of services.
            "rpc" | "teredo" => named.push((value, Ranges::between(1024_u16, u16::MAX))),
            "iphttpsin" | "iphttpsout" | "iphttps" => named.push((value, Ranges::one(443_u16))),
            _ => match entry::ports(value) {
                Ok(ports) => known.push(ports),
                Err(_) if value.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_') => {
                    named.push((value, Ranges::all()));
                }
                Err(oddity) => {
                    oddity.note(rules, place);
                    lost.push(*value);
                }
            },
        }
    }
    let mut all = vec![(Ranges::any_of(&known), None)];
    if let [(first, _), ..] = named.as_slice() {
        let reach = Ranges::any_of(named.iter().map(|(_, reach)| reach));
        all.push((reach, Some(Condition::holds(format!("`{first}` holds the port")))));
    }
    if !lost.is_empty() {
        all.push((Ranges::all(), Some(lost_words(&lost, "port"))));
    }
    all.retain(|(set, _)| !set.is_empty());
    all
}
