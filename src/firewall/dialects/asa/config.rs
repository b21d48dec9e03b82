//! The lines of a configuration, sorted by what they belong to: a list, an object, an interface. A line that may have been about
//! rules, and is not understood, is kept as such.

use std::collections::HashMap;

use crate::firewall::dialects::Input;
use crate::firewall::dialects::edge::words::near;
use crate::firewall::dialects::edge::{is_the_internet, shown};
use crate::firewall::dialects::entry;
use crate::firewall::rules::{NoteKind, Place};

/// A configuration.
#[derive(Default)]
pub(super) struct Config {
    pub router: bool,
    /// The first number of an ASA's version.
    pub version: Option<u32>,
    pub lists: Vec<List>,
    lists_by_name: HashMap<(bool, String), usize>,
    pub objects: Vec<Object>,
    objects_by_name: HashMap<(Kind, String), usize>,
    pub bindings: Vec<Binding>,
    pub interfaces: Vec<Interface>,
    /// Names for addresses.
    pub names: HashMap<String, String>,
    pub time_ranges: HashMap<String, String>,
    /// Whether interfaces of the same level let each other pass.
    pub same_level: bool,
    /// Whether what comes in by an interface may go out by it.
    pub back_out: bool,
    /// What can pass or stop something besides the lists.
    pub besides: Vec<(Place, String)>,
    /// Interfaces of an ASA by which something on the internet is reached.
    pub outward: std::collections::BTreeSet<String>,
    /// Where a router lets replies back in by itself.
    pub inspects: Vec<Place>,
    pub notes: Vec<(NoteKind, Place, String)>,
}

/// An access list.
pub(super) struct List {
    pub name: String,
    pub v6: bool,
    pub standard: bool,
    pub entries: Vec<Entry>,
    /// How often something was put in between.
    inserted: usize,
}

/// A line of an access list.
pub(super) struct Entry {
    pub place: Place,
    pub words: Vec<String>,
    /// Its number, on a router.
    sequence: u32,
}

/// An object or a group, and the lines that say what it is.
pub(super) struct Object {
    pub kind: Kind,
    pub name: String,
    pub place: Place,
    pub lines: Vec<(Place, Vec<String>)>,
}

/// Kinds of objects.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Kind {
    Network,
    NetworkGroup,
    Service,
    /// Of services with their protocols.
    ServiceGroup,
    /// Of ports alone.
    PortGroup,
    ProtocolGroup,
    IcmpGroup,
    /// Of users or security groups.
    Identity,
}

/// A list at an interface.
pub(super) struct Binding {
    pub place: Place,
    pub list: String,
    pub v6: bool,
    pub at: At,
    /// Whether a user's own list can come before it.
    pub per_user: bool,
}

/// Where a list is bound.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum At {
    In(String),
    Out(String),
    Global,
}

/// An interface.
pub(super) struct Interface {
    pub name: String,
    /// As an ASA calls it.
    pub nameif: Option<String>,
    pub level: Option<u32>,
    /// Whether it is shut, or for management alone.
    pub aside: bool,
}

/// What the lines below one belong to.
#[derive(Clone)]
enum Within {
    Nothing,
    Object(usize),
    Interface(usize),
    List(usize),
    TimeRange(String),
    /// Something that has no bearing.
    Other,
}

/// No list is built by putting that much in between.
const MOST_INSERTED: usize = 10_000;

impl Config {
    pub(super) fn of(inputs: &[Input]) -> Self {
        let mut config = Config { router: is_router(inputs), ..Config::default() };
        for (file, input) in (0_u16..).zip(inputs) {
            let mut within = Within::Nothing;
            let mut banner: Option<&str> = None;
            let text = input.text.strip_prefix('\u{feff}').unwrap_or(&input.text);
            for (line, text) in (1..).zip(text.lines()) {
                let text = without_pager(text);
                let place = Place::new(file, line, format!("line {line}"), text);
                if let Some(end) = banner {
                    banner = Some(end).filter(|end| !text.contains(end));
                    let words: Vec<&str> = text.split_whitespace().collect();
                    if begins_rules(&words) {
                        let what = "a banner holds what looks like a rule".to_owned();
                        config.notes.push((NoteKind::NotUnderstood, place, what));
                    }
                    continue;
                }
                banner = begins_banner(text).filter(|end| config.router && text.matches(end).count() < 2);
                within = config.line(text, place, within);
            }
            if banner.is_some() {
                let place = Place::new(file, 0, "end of the file", "");
                config.notes.push((NoteKind::NotUnderstood, place, "a banner does not end".to_owned()));
            }
        }
        for list in &mut config.lists {
            if config.router {
                list.entries.sort_by_key(|entry| entry.sequence);
            }
        }
        config
    }

    fn line(&mut self, text: &str, place: Place, within: Within) -> Within {
        let mut words: Vec<&str> = text.split_whitespace().collect();
        let indented = text.starts_with([' ', '\t']);
        // A console's prompt may stand before it.
        if !indented && words.len() > 1 && words[0].len() > 1 && words[0].ends_with(['#', '>']) {
            words.remove(0);
        }
        if words.first().is_none_or(|word| word.starts_with('!') || word.starts_with(':')) {
            return if text.starts_with(['!', ':']) { Within::Nothing } else { within };
        }
        let belongs = match &within {
            Within::Nothing => false,
            _ if indented => true,
            Within::Object(at) => is_of_object(self.objects[*at].kind, words[0]),
            Within::List(_) => is_of_list(&words),
            Within::Interface(_) => {
                matches!(
                    words.as_slice(),
                    ["nameif" | "security-level", ..] | ["ip", "address" | "access-group" | "inspect", ..]
                )
            }
            Within::TimeRange(_) => matches!(words[0], "absolute" | "periodic"),
            Within::Other => false,
        };
        if belongs {
            self.below(&words, place, &within);
            return within;
        }
        match self.top(&words, &place) {
            Ok(within) => within,
            Err(why) => {
                self.notes.push((NoteKind::NotUnderstood, place, why));
                Within::Other
            }
        }
    }

    fn below(&mut self, words: &[&str], place: Place, within: &Within) {
        let owned = || words.iter().map(ToString::to_string).collect::<Vec<_>>();
        match within {
            Within::Object(at) => self.objects[*at].lines.push((place, owned())),
            Within::List(at) => {
                let list = &mut self.lists[*at];
                let (sequence, words) = match words {
                    ["sequence", number, rest @ ..] | [number, rest @ ..] if number.parse::<u32>().is_ok() => {
                        (number.parse().ok(), rest)
                    }
                    // A number behind the words, as IPv6 lists print it.
                    [rest @ .., "sequence", number] => (number.parse().ok(), rest),
                    _ => (None, words),
                };
                let before = list.entries.last().map_or(0, |entry| entry.sequence);
                let sequence = sequence.unwrap_or(before.saturating_add(10));
                let mut words: Vec<String> = words.iter().map(ToString::to_string).collect();
                without_counts(&mut words);
                list.entries.push(Entry { place, words, sequence });
            }
            Within::Interface(at) => self.of_interface(*at, words, place),
            Within::TimeRange(name) => {
                let written = self.time_ranges.entry(name.clone()).or_default();
                if written.len() < 400 {
                    written.push_str(&shown(&words.join(" ")));
                    written.push(' ');
                }
            }
            Within::Nothing | Within::Other => {
                if matches!(words, ["ip", "access-group", ..] | ["ipv6", "traffic-filter", ..]) {
                    let why = "a list is bound within something that is no interface".to_owned();
                    self.notes.push((NoteKind::NotUnderstood, place, why));
                }
            }
        }
    }

    fn of_interface(&mut self, at: usize, words: &[&str], place: Place) {
        let interface = &mut self.interfaces[at];
        match words {
            ["nameif", name] => interface.nameif = Some((*name).to_owned()),
            ["security-level", level] => interface.level = level.parse().ok(),
            ["shutdown" | "management-only", ..] => interface.aside = true,
            ["ip", "address", "dhcp" | "pppoe", .., "setroute"] => {
                self.outward.extend(interface.nameif.clone());
            }
            ["ip", "access-group", list, way @ ("in" | "out")]
            | ["ipv6", "traffic-filter", list, way @ ("in" | "out")] => {
                let name = interface.name.clone();
                let at = if *way == "in" { At::In(name) } else { At::Out(name) };
                self.bind(Binding { place, list: (*list).to_owned(), v6: words[0] == "ipv6", at, per_user: false });
            }
            ["ip", "access-group", ..] | ["ipv6", "traffic-filter", ..] => {
                self.notes.push((
                    NoteKind::NotUnderstood,
                    place,
                    "binds a list in a way that is not understood".to_owned(),
                ));
            }
            ["ip" | "ipv6", "inspect", _, "in" | "out"] => self.inspects.push(place),
            ["zone-member", "security", _] => {
                let why = "the policies of zones (zone-pair) judge what passes besides the lists, and are not read";
                self.besides.push((place, why.to_owned()));
            }
            [first, ..] if suspicious(first, words) => {
                self.notes.push((NoteKind::NotUnderstood, place, format!("`{}` is not understood here", shown(first))));
            }
            _ => {}
        }
    }

    fn top(&mut self, words: &[&str], place: &Place) -> Result<Within, String> {
        match words {
            ["ASA", "Version", version, ..] => {
                self.version = version.split(['.', '(']).next().and_then(|number| number.parse().ok());
            }
            ["access-list", "alert-interval" | "deny-flow-max" | "cached", ..]
            | ["ip", "access-list", "resequence" | "log-update" | "logging" | "helper" | "persistent", ..] => {}
            ["access-list", name, ..] if name.ends_with(';') => {}
            ["access-list", name, rest @ ..] => return self.list_line(name, rest, place).map(|()| Within::Other),
            ["access-group", list, rest @ ..] => {
                let (at, rest) = match rest {
                    [way @ ("in" | "out"), "interface", name, rest @ ..] => {
                        let name = (*name).to_owned();
                        (if *way == "in" { At::In(name) } else { At::Out(name) }, rest)
                    }
                    ["global", rest @ ..] => (At::Global, rest),
                    _ => return Err("binds a list in a way that is not understood".to_owned()),
                };
                let per_user = match rest {
                    [] => false,
                    ["per-user-override"] => true,
                    // What the firewall itself is asked.
                    ["control-plane"] => return Ok(Within::Other),
                    _ => return Err("binds a list in a way that is not understood".to_owned()),
                };
                self.bind(Binding { place: place.clone(), list: (*list).to_owned(), v6: false, at, per_user });
            }
            ["ip", "access-list", kind @ ("extended" | "standard"), name] => {
                return Ok(Within::List(self.list(name, false, *kind == "standard")));
            }
            ["Extended" | "Standard", "IP", "access", "list", name] => {
                return Ok(Within::List(self.list(name, false, words[0] == "Standard")));
            }
            ["IPv6", "access", "list", name] | ["ipv6", "access-list", name] => {
                return Ok(Within::List(self.list(name, true, false)));
            }
            ["ipv6", "access-list", name, rest @ ..] if !self.router => {
                return self.list_line(name, rest, place).map(|()| Within::Other);
            }
            ["object", kind @ ("network" | "service"), name] => {
                let kind = if *kind == "network" { Kind::Network } else { Kind::Service };
                return Ok(self.object(kind, name, None, place));
            }
            ["object-group", kind, rest @ ..] => return self.group(kind, rest, place),
            ["interface", name @ ..] if !name.is_empty() => {
                self.interfaces.push(Interface { name: name.join(""), nameif: None, level: None, aside: false });
                return Ok(Within::Interface(self.interfaces.len() - 1));
            }
            ["name", address, name, ..] if address.parse::<std::net::IpAddr>().is_ok() => {
                self.names.insert((*name).to_owned(), (*address).to_owned());
            }
            ["route", interface, net, mask, ..] if !self.router => {
                let zero = |word: &str| if word == "0" { "0.0.0.0".to_owned() } else { word.to_owned() };
                let to = entry::netmask(&zero(net), &zero(mask));
                if to.is_ok_and(|to| is_the_internet(&to.ranges)) {
                    self.outward.insert((*interface).to_owned());
                }
            }
            ["time-range", name] => {
                self.time_ranges.entry((*name).to_owned()).or_default();
                return Ok(Within::TimeRange((*name).to_owned()));
            }
            ["same-security-traffic", "permit", "inter-interface"] => self.same_level = true,
            ["same-security-traffic", "permit", "intra-interface"] => self.back_out = true,
            ["no" | "clear", rest @ ..] => {
                let about = ["access-list", "access-group", "object", "object-group", "permit", "deny"];
                let sequence = rest.first().is_some_and(|word| word.parse::<u32>().is_ok());
                if sequence || rest.iter().any(|word| about.contains(word)) {
                    return Err("takes something away, which is not understood".to_owned());
                }
            }
            [first, ..] if suspicious(first, words) => {
                return Err(format!("`{}` is not understood here", shown(first)));
            }
            _ => {}
        }
        Ok(Within::Other)
    }

    fn bind(&mut self, binding: Binding) {
        // One list for each interface and way: the last one counts.
        self.bindings.retain(|known| known.at != binding.at || known.v6 != binding.v6);
        self.bindings.push(binding);
    }

    fn list(&mut self, name: &str, v6: bool, standard: bool) -> usize {
        let key = (v6, name.to_owned());
        if let Some(known) = self.lists_by_name.get(&key) {
            return *known;
        }
        self.lists_by_name.insert(key, self.lists.len());
        self.lists.push(List { name: name.to_owned(), v6, standard, entries: Vec::new(), inserted: 0 });
        self.lists.len() - 1
    }

    /// A line that names its list.
    fn list_line(&mut self, name: &str, words: &[&str], place: &Place) -> Result<(), String> {
        let (line, words) = match words {
            ["line", number, rest @ ..] => {
                (Some(number.parse::<usize>().map_err(|_| "has no line number".to_owned())?), rest)
            }
            _ => (None, words),
        };
        let numbered = name.parse::<u32>().ok().filter(|_| self.router);
        // Those are of other protocols than IP.
        if numbered.is_some_and(|number| (200..1300).contains(&number)) {
            return Ok(());
        }
        let (standard, words) = match words {
            ["extended", rest @ ..] => (false, rest),
            ["standard", rest @ ..] => (true, rest),
            // Those are for other things than what passes.
            ["webtype" | "ethertype", ..] => return Ok(()),
            _ => (numbered.is_some_and(|number| number < 100 || (1300..2000).contains(&number)), words),
        };
        let counted = words.iter().any(|word| word.starts_with("(hitcnt"));
        let at = self.list(name, false, standard);
        let list = &mut self.lists[at];
        if words.first() != Some(&"remark") {
            list.standard = standard;
        }
        let sequence = list.entries.last().map_or(0, |entry| entry.sequence).saturating_add(10);
        let mut words: Vec<String> = words.iter().map(ToString::to_string).collect();
        without_counts(&mut words);
        let entry = Entry { place: place.clone(), words, sequence };
        match line {
            // What was listed with counts stands in its order; what is typed is put in between.
            Some(line) if !counted && line > 0 && line <= list.entries.len() => {
                list.inserted += 1;
                if list.inserted > MOST_INSERTED {
                    return Err("puts more in between than anybody does".to_owned());
                }
                list.entries.insert(line - 1, entry);
            }
            _ => list.entries.push(entry),
        }
        Ok(())
    }

    fn object(&mut self, kind: Kind, name: &str, first: Option<&str>, place: &Place) -> Within {
        let lines =
            first.map(|word| (place.clone(), vec!["protocol".to_owned(), word.to_owned()])).into_iter().collect();
        // One that is opened again goes on.
        if let Some(known) = self.objects_by_name.get(&(kind, name.to_owned())) {
            return Within::Object(*known);
        }
        self.objects_by_name.insert((kind, name.to_owned()), self.objects.len());
        self.objects.push(Object { kind, name: name.to_owned(), place: place.clone(), lines });
        Within::Object(self.objects.len() - 1)
    }

    fn group(&mut self, kind: &str, rest: &[&str], place: &Place) -> Result<Within, String> {
        Ok(match (kind, rest) {
            ("network", [name]) => self.object(Kind::NetworkGroup, name, None, place),
            ("service", [name]) => self.object(Kind::ServiceGroup, name, None, place),
            ("service", [name, protocol @ ("tcp" | "udp" | "tcp-udp")]) => {
                self.object(Kind::PortGroup, name, Some(protocol), place)
            }
            ("protocol", [name]) => self.object(Kind::ProtocolGroup, name, None, place),
            ("icmp-type", [name]) => self.object(Kind::IcmpGroup, name, None, place),
            ("user" | "security", [name]) => self.object(Kind::Identity, name, None, place),
            _ => return Err("is a group of a kind that is not understood".to_owned()),
        })
    }
}

/// Whether an ASA or a router wrote these files.
fn is_router(inputs: &[Input]) -> bool {
    let (mut router, mut asa) = (0_usize, 0_usize);
    for line in inputs.iter().flat_map(|input| input.text.lines()) {
        let words: Vec<&str> = line.split_whitespace().take(5).collect();
        let of_asa = match words.as_slice() {
            ["ASA" | "PIX", "Version", ..]
            | ["nameif" | "security-level" | "access-group" | "network-object" | "same-security-traffic", ..]
            | ["object", "network" | "service", ..]
            | ["access-list", _, "extended" | "line", ..] => true,
            ["ip", "access-list" | "access-group", ..]
            | ["ipv6", "traffic-filter", ..]
            | ["Building", "configuration..."]
            | ["Current", "configuration", ..]
            | ["Extended" | "Standard", "IP", "access", "list", _] => false,
            ["access-list", number, "permit" | "deny", ..] if number.parse::<u32>().is_ok() => false,
            _ => continue,
        };
        *(if of_asa { &mut asa } else { &mut router }) += 1_usize;
    }
    router > asa
}

/// What a console prints that stops at every page.
const PAUSES: [(&str, usize); 2] = [("<--- More --->", 14), ("--More--", 0)];

/// A line without what such a console leaves in it: its pause, and the blanks that wiped it out again.
fn without_pager(line: &str) -> &str {
    let line = line.trim_start_matches('\0');
    let start = line.trim_start();
    let Some((rest, blanks)) = PAUSES.iter().find_map(|(pause, blanks)| Some((start.strip_prefix(pause)?, *blanks)))
    else {
        return line;
    };
    let wiped = |c: char| matches!(c, ' ' | '\r' | '\0' | '\u{8}');
    let lead = &rest[..rest.len() - rest.trim_start_matches(wiped).len()];
    let end = lead.rfind(|c| c != ' ').map_or(blanks.min(lead.len()), |at| at + 1);
    rest.get(end..).unwrap_or_default()
}

/// Counts that a listing adds to a line.
fn without_counts(words: &mut Vec<String>) {
    if let Some(at) = words.iter().position(|word| word.starts_with("(hitcnt")) {
        words.truncate(at);
    }
    if let [.., count, last] = words.as_slice()
        && count.starts_with('(')
        && matches!(last.as_str(), "matches)" | "match)")
    {
        words.truncate(words.len() - 2);
    }
}

/// Whether a line begins something that rules are made of.
fn begins_rules(words: &[&str]) -> bool {
    matches!(
        words,
        ["access-list" | "access-group" | "object-group", _, ..]
            | ["ip", "access-list" | "access-group", ..]
            | ["ipv6", "access-list" | "traffic-filter", ..]
            | ["object", "network" | "service", _]
    )
}

/// The end of a banner that goes over several lines.
fn begins_banner(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("banner ")?;
    let text = rest.split_once(' ')?.1.trim_start();
    // `^C`, or whichever character it begins with: an ASA has none, and banners of one line.
    let end = if text.starts_with("^C") { 2 } else { text.chars().next().filter(|c| !c.is_alphanumeric())?.len_utf8() };
    text.get(..end)
}

fn is_of_object(kind: Kind, word: &str) -> bool {
    let known: &[&str] = match kind {
        Kind::Network => &["host", "subnet", "range", "fqdn", "nat", "description"],
        Kind::NetworkGroup => &["network-object", "group-object", "description", "host", "range"],
        Kind::Service => &["service", "description"],
        Kind::ServiceGroup => &["service-object", "group-object", "description", "tcp", "udp", "tcp-udp", "icmp"],
        Kind::PortGroup => &["port-object", "group-object", "description"],
        Kind::ProtocolGroup => &["protocol-object", "group-object", "description"],
        Kind::IcmpGroup => &["icmp-object", "group-object", "description"],
        Kind::Identity => &["user", "user-group", "security-group", "group-object", "description"],
    };
    let address = kind == Kind::NetworkGroup && word.starts_with(|c: char| c.is_ascii_digit());
    // A slip in such a word is one of the object all the same.
    address || known.contains(&word) || known.iter().any(|known| known.len() > 8 && near(known, word))
}

fn is_of_list(words: &[&str]) -> bool {
    let first = words.iter().find(|word| word.parse::<u32>().is_err() && **word != "sequence");
    first.is_some_and(|word| ["permit", "deny", "remark", "evaluate", "dynamic"].contains(word))
}

/// Lines of other things that permit or deny.
const OTHER_PERMITS: &[&str] = &[
    "route-map",
    "prefix-list",
    "community-list",
    "as-path",
    "policy-list",
    "icmp",
    "mac-list",
    "mac",
    "banner",
    "description",
    "logging",
    "snmp-server",
    "aaa",
    "crypto",
    "username",
    "remark",
    "event",
    "action",
    "filter",
    "dap",
    "threat-detection",
    "hostname",
    "regex",
    "arp",
    "user-identity",
    "parameters",
    "message",
    // Translations one by one, which every ASA since version 9 prints.
    "xlate",
    // Who may call, log in or manage.
    "dialer-list",
    "radius-server",
    "tacacs-server",
    "radius",
    "tacacs",
    "http",
    "ssh",
    "telnet",
    "privilege",
    "cts",
    "snmp",
    "ntp",
    "vpdn",
    "webvpn",
    "sysopt",
    "failover",
];

/// Whether a line that is not understood may have been about rules.
fn suspicious(first: &str, words: &[&str]) -> bool {
    let other = OTHER_PERMITS.contains(&first)
        || matches!(
            words,
            ["ip" | "ipv6", "prefix-list" | "as-path" | "community-list" | "extcommunity-list" | "icmp", ..]
        );
    if other {
        return false;
    }
    let telling = words.iter().any(|word| ["permit", "deny", "extended"].contains(word));
    let bound = words.windows(2).any(|two| matches!(two, ["in" | "out", "interface"]));
    let slip = ["access-list", "access-group", "object-group"].iter().any(|known| near(known, first));
    let object = near("object", first) && matches!(words, [_, "network" | "service", ..]);
    let list = matches!(words, ["ip" | "ipv6", second, ..] if ["access-list", "access-group", "traffic-filter"].iter().any(|known| near(known, second)));
    telling || bound || slip || object || list
}
