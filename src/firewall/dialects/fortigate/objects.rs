//! Objects of a FortiGate: addresses of both families, their groups, services, and the virtual addresses that it translates.

use std::collections::HashMap;

use super::context::Context;
use super::predefined;
use super::tree::{Entry, Settings};
use crate::firewall::addresses::Family;
use crate::firewall::dialects::edge::named::{Book, Part, Set};
use crate::firewall::dialects::edge::services::{Service, Services};
use crate::firewall::dialects::edge::{scattered, shown};
use crate::firewall::dialects::entry::{self, Entry as Address, Oddity};
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{Condition, NoteKind, Place, Rules};

/// Everything that policies refer to by name.
pub(super) struct Objects {
    pub v4: Book<Ranges>,
    pub v6: Book<Ranges>,
    pub services: Book<Services>,
    pub virtual_addresses: HashMap<String, Vec<Virtual>>,
    /// When schedules are on, as they are written; nothing for one that always is.
    pub schedules: HashMap<String, Option<String>>,
    /// The interfaces of zones.
    pub zones: HashMap<String, Vec<String>>,
}

/// What a virtual address stands for inside.
#[derive(Clone)]
pub(super) struct Virtual {
    pub mapped: Ranges,
    /// What of it is translated.
    pub service: Service,
    pub conditions: Vec<Condition>,
}

/// Keys that say nothing of what an object stands for.
const SILENT: &[&str] = &[
    "uuid",
    "comment",
    "comments",
    "color",
    "visibility",
    "associated-interface",
    "allow-routing",
    "cache-ttl",
    "category",
    "fabric-object",
    "clearpass-spt",
    "tags",
    "interface",
    "type",
    "passive-fqdn-learning",
    "global-object",
    "obj-type",
    "tag-type",
];

/// Reads the objects of a context.
pub(super) fn objects(context: &Context, rules: &mut Rules) -> Objects {
    let mut objects = Objects {
        v4: Book::new("address", |name, _, _| whole(name, Family::V4)),
        v6: Book::new("IPv6 address", |name, _, _| whole(name, Family::V6)),
        services: Book::new("service", predefined::service),
        virtual_addresses: HashMap::new(),
        schedules: HashMap::from([("always".to_owned(), None)]),
        zones: zones(context),
    };
    for (path, family) in [("firewall address", Family::V4), ("firewall address6", Family::V6)] {
        for entry in context.entries(path) {
            let parts = address(entry, family, rules);
            objects.book(family).define(0, &entry.name, entry.place.clone(), parts);
        }
    }
    for (path, family) in [("firewall addrgrp", Family::V4), ("firewall addrgrp6", Family::V6)] {
        for entry in context.entries(path) {
            let parts = group(entry, "address", &family.all(), rules);
            objects.book(family).define(0, &entry.name, entry.place.clone(), parts);
        }
    }
    for entry in context.entries("firewall service custom") {
        let parts = service(entry, rules);
        objects.services.define(0, &entry.name, entry.place.clone(), parts);
    }
    for entry in context.entries("firewall service group") {
        let parts = group(entry, "service", &Services::all(), rules);
        objects.services.define(0, &entry.name, entry.place.clone(), parts);
    }
    for path in ["firewall vip", "firewall vip6"] {
        for entry in context.entries(path) {
            let one = virtual_address(entry, rules);
            objects.virtual_addresses.insert(entry.name.clone(), one.into_iter().collect());
        }
    }
    for path in ["firewall vipgrp", "firewall vipgrp6"] {
        for entry in context.entries(path) {
            let members = entry.settings.all("member").iter();
            let known = &objects.virtual_addresses;
            let all = members.flat_map(|name| known.get(name).cloned().unwrap_or_default()).collect();
            objects.virtual_addresses.insert(entry.name.clone(), all);
        }
    }
    for path in ["firewall schedule recurring", "firewall schedule onetime", "firewall schedule group"] {
        for entry in context.entries(path) {
            // From midnight to midnight is all day.
            let midnight = |key: &str| entry.settings.one(key).is_none_or(|time| time == "00:00");
            let whole = entry.settings.all("day").len() == 7 && midnight("start") && midnight("end");
            let when = if whole { None } else { Some(entry.settings.in_words()) };
            objects.schedules.insert(entry.name.clone(), when);
        }
    }
    objects
}

impl Objects {
    /// The addresses of a family.
    pub(super) fn book(&mut self, family: Family) -> &mut Book<Ranges> {
        if family == Family::V4 { &mut self.v4 } else { &mut self.v6 }
    }

    /// All that is translated to.
    pub(super) fn translated(&self) -> Ranges {
        Ranges::any_of(self.virtual_addresses.values().flatten().map(|one| &one.mapped).collect::<Vec<_>>())
    }
}

/// Words that stand for a whole family, unless the file defines them.
fn whole(name: &str, family: Family) -> Option<Part<Ranges>> {
    match name {
        "all" => Some(Part::Is(family.all())),
        "none" => Some(Part::Is(Ranges::none())),
        _ => None,
    }
}

/// The interfaces of zones, those of an SD-WAN among them.
fn zones(context: &Context) -> HashMap<String, Vec<String>> {
    let mut zones: HashMap<String, Vec<String>> = HashMap::new();
    for zone in context.entries("system zone") {
        zones.entry(zone.name.clone()).or_default().extend(zone.settings.all("interface").iter().cloned());
    }
    for member in context.entries("sdwan members") {
        let zone = member.settings.one("zone").unwrap_or("virtual-wan-link");
        zones.entry(zone.to_owned()).or_default().extend(member.settings.all("interface").iter().cloned());
    }
    zones
}

/// What was not understood of an object leaves all of it in doubt.
fn doubt<S>(entry: &Entry, kind: &str, why: &str, all: S, rules: &mut Rules) -> Vec<Part<S>> {
    rules.note(NoteKind::NotUnderstood, &entry.place, format!("the {kind} `{}` {why}", shown(&entry.name)));
    vec![Part::Perhaps(format!("of the {kind} `{}`, which {why}", shown(&entry.name)).into(), all)]
}

/// Why an entry is not understood: something in it, or a key that nobody knows here.
fn trouble(entry: &Entry, known: &[&str]) -> Option<String> {
    if let Some(trouble) = &entry.trouble {
        return Some(format!("has a command that is not understood: {}", trouble.why));
    }
    if entry
        .settings
        .keys()
        .any(|key| entry.settings.all(key).iter().any(|it| it.contains('\n')) && !key.starts_with("comment"))
    {
        return Some("has a value that spans lines".to_owned());
    }
    let unknown = entry.settings.keys().find(|key| !SILENT.contains(key) && !known.contains(key));
    unknown.map(|key| format!("has a setting that is not understood: `{}`", shown(key)))
}

/// What an address says of itself.
enum Says {
    Addresses(Result<Address, Oddity>),
    Part(Part<Ranges>),
}

fn address(entry: &Entry, family: Family, rules: &mut Rules) -> Vec<Part<Ranges>> {
    let settings = &entry.settings;
    let kind = settings.one("type").unwrap_or(if family == Family::V4 { "ipmask" } else { "ipprefix" });
    let perhaps = |what: &str| {
        let words = format!("{what} the object `{}` ({})", shown(&entry.name), settings.in_words());
        Says::Part(Part::Perhaps(words.into(), family.all()))
    };
    let says = match kind {
        "ipmask" | "interface-subnet" => match settings.all("subnet") {
            [] => Some((&["subnet"][..], Says::Part(Part::Is(family.all())))),
            [net] => Some((&["subnet"][..], Says::Addresses(entry::entry(net)))),
            [net, mask] => Some((&["subnet"][..], Says::Addresses(entry::netmask(net, mask)))),
            _ => None,
        },
        "ipprefix" => match settings.one("ip6") {
            Some(net) => Some((&["ip6"][..], Says::Addresses(entry::entry(net)))),
            None => Some((&[][..], Says::Part(Part::Is(family.all())))),
        },
        "iprange" => match (settings.one("start-ip"), settings.one("end-ip")) {
            (Some(first), Some(last)) => {
                Some((&["start-ip", "end-ip"][..], Says::Addresses(entry::range(first, last))))
            }
            _ => None,
        },
        "wildcard" => match settings.all("wildcard") {
            [base, mask] => {
                // What is set counts there, as in a netmask, though with gaps.
                let set = inverse(mask).and_then(|mask| scattered(base, &mask));
                Some((&["wildcard"][..], set.map_or_else(|| perhaps("of"), |set| Says::Part(Part::Is(set)))))
            }
            _ => None,
        },
        "fqdn" | "wildcard-fqdn" => Some((&["fqdn", "wildcard-fqdn"][..], perhaps("an address of"))),
        "geography" => Some((&["country"][..], perhaps("in the country of"))),
        "dynamic" | "mac" | "route-tag" => Some((&[][..], perhaps("of"))),
        _ => None,
    };
    let Some((known, says)) = says else {
        return doubt(entry, "address", "is of a type, or in a shape, that is not understood", family.all(), rules);
    };
    let all: Vec<&str> = settings.keys().collect();
    // Of what is in doubt anyway, all that is said is in the words.
    let known = if matches!(says, Says::Part(Part::Perhaps(..))) { &all } else { known };
    if let Some(why) = trouble(entry, known) {
        return doubt(entry, "address", &why, family.all(), rules);
    }
    match says {
        Says::Part(part) => vec![part],
        Says::Addresses(Ok(address)) => vec![Part::Is(address.noted(rules, &entry.place).and(&family.all()))],
        Says::Addresses(Err(oddity)) => {
            oddity.note(rules, &entry.place);
            doubt(entry, "address", &format!("is broken: {}", oddity.what), family.all(), rules)
        }
    }
}

/// A mask in which those bits are set that were not.
fn inverse(mask: &str) -> Option<String> {
    let mask: std::net::Ipv4Addr = mask.parse().ok()?;
    Some(std::net::Ipv4Addr::from(!u32::from(mask)).to_string())
}

fn group<S: Set>(entry: &Entry, kind: &'static str, all: &S, rules: &mut Rules) -> Vec<Part<S>> {
    if let Some(why) = trouble(entry, &["member", "exclude", "exclude-member"]) {
        return doubt(entry, kind, &why, all.clone(), rules);
    }
    let mut parts: Vec<Part<S>> =
        entry.settings.all("member").iter().map(|member| Part::Of(member.as_str().into())).collect();
    if parts.is_empty() {
        rules.note(NoteKind::Assumed, &entry.place, format!("the group `{}` is empty", shown(&entry.name)));
    }
    if entry.settings.enabled("exclude") {
        let without = entry.settings.all("exclude-member");
        parts.extend(without.iter().map(|member| Part::Not(member.as_str().into())));
    }
    parts
}

/// Keys of services that say nothing of what they match.
const SILENT_OF_SERVICES: &[&str] = &[
    "helper",
    "session-ttl",
    "udp-idle-timer",
    "tcp-halfclose-timer",
    "tcp-halfopen-timer",
    "tcp-timewait-timer",
    "tcp-rst-timer",
    "check-reset-range",
    "proxy",
    "app-service-type",
    "explicit-proxy",
];

fn service(entry: &Entry, rules: &mut Rules) -> Vec<Part<Services>> {
    let settings = &entry.settings;
    let ports = ["tcp-portrange", "udp-portrange", "sctp-portrange"];
    let (known, each): (&[&str], Result<Vec<Service>, String>) = match settings.one("protocol") {
        None | Some("TCP/UDP/SCTP" | "TCP/UDP/UDP-Lite/SCTP") => {
            let of = |key: &str, number: u8| -> Result<Vec<Service>, String> {
                settings.all(key).iter().map(|list| port_range(list, number)).collect()
            };
            let each = of(ports[0], 6).and_then(|mut tcp| {
                tcp.extend(of(ports[1], 17)?);
                tcp.extend(of(ports[2], 132)?);
                if tcp.is_empty() { Err("has no ports".to_owned()) } else { Ok(tcp) }
            });
            (&["protocol", "tcp-portrange", "udp-portrange", "sctp-portrange"], each)
        }
        Some("IP") => {
            let each = match settings.one("protocol-number") {
                None | Some("0") => Ok(vec![Service::any()]),
                Some(number) => entry::protocol(number)
                    .map(|number| vec![Service::protocol(number)])
                    .ok_or_else(|| format!("has `{}` for a protocol", shown(number))),
            };
            (&["protocol", "protocol-number", "tcp-portrange", "udp-portrange"], each)
        }
        Some(icmp @ ("ICMP" | "ICMP6")) => {
            let known = &["protocol", "icmptype", "icmpcode", "protocol-number", "tcp-portrange", "udp-portrange"];
            let number = if icmp == "ICMP" { 1 } else { 58 };
            if settings.has("icmptype") && trouble(entry, &[&known[..], SILENT_OF_SERVICES].concat()).is_none() {
                let words = format!("of the ICMP service `{}` ({})", shown(&entry.name), settings.in_words());
                return vec![Part::Perhaps(words.into(), Services::of([Service::protocol(number)]))];
            }
            (known, Ok(vec![Service::protocol(number)]))
        }
        // A protocol of the explicit proxy alone.
        Some("HTTP" | "FTP" | "CONNECT" | "SOCKS-TCP" | "SOCKS-UDP" | "ALL") => {
            let words = format!("of the proxy service `{}`", shown(&entry.name));
            return vec![Part::Perhaps(words.into(), Services::all())];
        }
        Some(other) => (&[], Err(format!("has a protocol that is not understood: `{}`", shown(other)))),
    };
    let unlimited = |key| settings.one(key).is_none_or(|value| value == "0.0.0.0" || value.is_empty());
    let narrowed = !(unlimited("iprange") && unlimited("fqdn"));
    let known = [known, &["iprange", "fqdn"], SILENT_OF_SERVICES].concat();
    if let Some(why) = trouble(entry, &known) {
        return doubt(entry, "service", &why, Services::all(), rules);
    }
    match each {
        Err(why) => doubt(entry, "service", &why, Services::all(), rules),
        Ok(each) if narrowed => {
            let words = format!("to an address of the service `{}` ({})", shown(&entry.name), settings.in_words());
            vec![Part::Perhaps(words.into(), Services::of(each))]
        }
        Ok(each) => vec![Part::Is(Services::of(each))],
    }
}

/// `443`, `8000-8010`, and behind a colon the ports that it comes from.
fn port_range(text: &str, number: u8) -> Result<Service, String> {
    let ports = |text: &str| crate::firewall::dialects::edge::ports(text);
    match text.split_once(':') {
        None => Ok(Service::to(number, ports(text)?)),
        Some((to, from)) => Ok(Service { source_port: ports(from)?, ..Service::to(number, ports(to)?) }),
    }
}

/// What a virtual address lets through to, or nothing where it is switched off.
fn virtual_address(entry: &Entry, rules: &mut Rules) -> Option<Virtual> {
    let settings: &Settings = &entry.settings;
    let name = shown(&entry.name);
    if settings.one("status") == Some("disable") {
        rules.note(NoteKind::Idle, &entry.place, format!("the virtual address `{name}` is disabled"));
        return None;
    }
    let mut one = Virtual { mapped: Ranges::none(), service: Service::any(), conditions: Vec::new() };
    let mut unless = |what: String| one.conditions.push(Condition::holds(what));
    let targets: Vec<String> = match settings.one("type").unwrap_or("static-nat") {
        "static-nat" => settings.all("mappedip").to_vec(),
        "server-load-balance" => {
            unless(format!("the load balancer `{name}` passes it on"));
            let servers =
                entry.blocks.iter().filter(|block| block.path == "realservers").flat_map(|block| &block.items);
            let address = |item: &super::tree::Item| match item {
                super::tree::Item::Entry(server) => server.settings.one("ip").map(ToOwned::to_owned),
                _ => None,
            };
            servers.filter_map(address).collect()
        }
        _ => Vec::new(),
    };
    let mut read = Vec::new();
    for target in targets.iter().flat_map(|target| target.split([',', ' '])).filter(|target| !target.is_empty()) {
        match entry::entry(target) {
            Ok(address) => read.push(address.noted(rules, &entry.place)),
            Err(oddity) => oddity.note(rules, &entry.place),
        }
    }
    let mapped = Ranges::any_of(&read);
    if mapped.is_empty() {
        rules.note(
            NoteKind::NotUnderstood,
            &entry.place,
            format!("the virtual address `{name}` has no address inside that is known"),
        );
        unless(format!("the virtual address `{name}` is translated to the installation"));
    }
    if settings.enabled("portforward") && settings.one("type").is_none_or(|kind| kind == "static-nat") {
        let number = entry::protocol(settings.one("protocol").unwrap_or("tcp"));
        let (outer, inner) = (settings.one("extport"), settings.one("mappedport").or(settings.one("extport")));
        if let (Some(number), Some(Ok(ports))) = (number, inner.map(crate::firewall::dialects::edge::ports)) {
            one.service = Service::to(number, ports);
            if outer != inner {
                let (outer, inner) = (shown(outer.unwrap_or("?")), shown(inner.unwrap_or("?")));
                unless(format!("port {inner} is asked about, which `{name}` translates port {outer} to"));
            }
        } else {
            let what = format!("the virtual address `{name}` forwards ports in a way that is not understood");
            rules.note(NoteKind::NotUnderstood, &entry.place, what.clone());
            unless(format!("it passes, though {what}"));
        }
    }
    for key in ["src-filter", "srcintf-filter", "service", "src-vip-filter", "status-check"] {
        if settings.has(key) && settings.one(key) != Some("disable") {
            unless(format!("`{name}` translates it ({key} {})", shown(&settings.all(key).join(" "))));
        }
    }
    if let Some(trouble) = &entry.trouble {
        let what = format!("the virtual address `{name}` holds what is not understood: {}", trouble.why);
        rules.note(NoteKind::NotUnderstood, &entry.place, what.clone());
        unless(format!("it passes, though {what}"));
    }
    one.mapped = if mapped.is_empty() { Ranges::all() } else { mapped };
    Some(one)
}

/// Where something about a policy is written, for what has no entry.
pub(super) fn nowhere(name: &str) -> Place {
    Place::new(0, 0, name, "")
}
