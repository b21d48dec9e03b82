//! Objects and groups of a configuration: what they stand for among addresses, services, ports and protocols.

use std::collections::HashMap;

use super::config::{Config, Kind, Object};
use super::ports::operator;
use crate::firewall::dialects::edge::named::{Book, Part, Set};
use crate::firewall::dialects::edge::services::{Service, Services};
use crate::firewall::dialects::edge::shown;
use crate::firewall::dialects::entry::{self, Entry, Oddity};
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{NoteKind, Place, Rules};

/// Everything that lists refer to by name.
pub(super) struct Objects {
    pub kinds: HashMap<String, Kind>,
    pub addresses: Book<Ranges>,
    pub services: Book<Services>,
    pub ports: Book<Ranges>,
    pub protocols: Book<Ranges>,
}

/// Reads the objects of a configuration, and lets go of them.
pub(super) fn objects(config: &mut Config, rules: &mut Rules) -> Objects {
    let mut objects = Objects {
        kinds: HashMap::new(),
        addresses: Book::new("network", |_, _, _| None),
        services: Book::new("service", |_, _, _| None),
        ports: Book::new("port", |_, _, _| None),
        protocols: Book::new("protocol", |_, _, _| None),
    };
    for object in std::mem::take(&mut config.objects) {
        let name = object.name.as_str();
        let place = object.place.clone();
        objects.kinds.insert(name.to_owned(), object.kind);
        match object.kind {
            Kind::Network | Kind::NetworkGroup => {
                let parts = parts(&object, rules, |words, place, rules| network(words, config, name, place, rules));
                objects.addresses.define(0, name, place, parts);
            }
            Kind::Service | Kind::ServiceGroup => {
                let parts = parts(&object, rules, |words, _, _| service_line(words, config.router));
                objects.services.define(0, name, place, parts);
            }
            Kind::PortGroup => {
                let parts = parts(&object, rules, |words, _, _| match words {
                    ["port-object", rest @ ..] => match operator(rest, false) {
                        Some(Ok((ports, used))) if used == rest.len() => Ok(Some(Part::Is(ports))),
                        _ => Err("has ports that are not understood".to_owned()),
                    },
                    ["protocol", _] => Ok(None),
                    _ => group_object(words),
                });
                objects.ports.define(0, name, place, parts);
            }
            Kind::ProtocolGroup => {
                let parts = parts(&object, rules, |words, _, _| match words {
                    ["protocol-object", word] => match protocol(word) {
                        Some(protocols) => Ok(Some(Part::Is(protocols))),
                        None => Err(format!("has a protocol that is not understood: `{}`", shown(word))),
                    },
                    _ => group_object(words),
                });
                objects.protocols.define(0, name, place, parts);
            }
            Kind::IcmpGroup | Kind::Identity => {}
        }
    }
    objects
}

/// The parts of an object, line by line. What is not understood leaves it in doubt.
fn parts<S: Set>(
    object: &Object,
    rules: &mut Rules,
    mut read: impl FnMut(&[&str], &Place, &mut Rules) -> Result<Option<Part<S>>, String>,
) -> Vec<Part<S>> {
    let mut parts = Vec::new();
    let mut alone = None;
    for (place, words) in &object.lines {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match read(&words, place, rules) {
            // An object stands for one thing: what is said last.
            Ok(Some(part)) if matches!(object.kind, Kind::Network | Kind::Service) => alone = Some(part),
            Ok(part) => parts.extend(part),
            Err(why) => {
                rules.note(NoteKind::NotUnderstood, place, format!("`{}` {why}", shown(&object.name)));
                parts.push(Part::Perhaps(format!("of `{}`, which {why}", shown(&object.name)).into(), S::all()));
            }
        }
    }
    parts.extend(alone);
    if parts.is_empty() {
        let what = format!("`{}` is empty", shown(&object.name));
        rules.note(NoteKind::NotUnderstood, &object.place, what);
        parts.push(Part::Perhaps(format!("of `{}`, which is empty", shown(&object.name)).into(), S::all()));
    }
    parts
}

fn group_object<S>(words: &[&str]) -> Result<Option<Part<S>>, String> {
    match words {
        ["group-object", name] => Ok(Some(Part::Of((*name).into()))),
        ["description", ..] => Ok(None),
        _ => Err(format!("has a line that is not understood: `{}`", shown(&words.join(" ")))),
    }
}

fn network(
    words: &[&str],
    config: &Config,
    name: &str,
    place: &Place,
    rules: &mut Rules,
) -> Result<Option<Part<Ranges>>, String> {
    let known = |word: &str| config.names.get(word).cloned().unwrap_or_else(|| word.to_owned());
    let words = words.strip_prefix(&["network-object"]).unwrap_or(words);
    let read: Result<Entry, Oddity> = match words {
        ["host", address] => entry::address(&known(address)),
        ["subnet", address, mask] => entry::netmask(&known(address), mask),
        ["range", first, last] => entry::range(&known(first), &known(last)),
        ["object", name] => return Ok(Some(Part::Of((*name).into()))),
        ["fqdn", rest @ ..] => {
            let words = format!("an address of the FQDN object `{}` ({})", shown(name), shown(&rest.join(" ")));
            return Ok(Some(Part::Perhaps(words.into(), Ranges::all())));
        }
        ["any"] => return Ok(Some(Part::Is(Ranges::all()))),
        ["nat", ..] => return Ok(None),
        ["subnet", network] | [network] if network.contains('/') => entry::entry(network),
        [address, mask] if mask.starts_with('/') => entry::entry(&format!("{address}{mask}")),
        [address, mask] if known(address).parse::<std::net::IpAddr>().is_ok() => entry::netmask(&known(address), mask),
        _ => return group_object(words),
    };
    match read {
        Ok(entry) => Ok(Some(Part::Is(entry.noted(rules, place)))),
        Err(oddity) => {
            oddity.note(rules, place);
            Err(format!("is broken: {}", oddity.what))
        }
    }
}

/// The protocols that a word stands for.
pub(super) fn protocol(word: &str) -> Option<Ranges> {
    let number = match word {
        "ip" => return Some(Ranges::all()),
        "tcp-udp" => return Some(Ranges::of([(6, 6), (17, 17)])),
        "ipinip" => 4,
        "igrp" => 9,
        "nos" => 94,
        "pcp" => 108,
        "snp" => 109,
        _ => entry::protocol(word)?,
    };
    Some(Ranges::one(number))
}

/// Whether these protocols have ports.
pub(super) fn has_ports(protocols: &Ranges) -> bool {
    !protocols.is_empty() && Ranges::of([(6, 6), (17, 17), (132, 132)]).covers(protocols)
}

fn service_line(words: &[&str], router: bool) -> Result<Option<Part<Services>>, String> {
    match words {
        ["service-object", "object", name] => return Ok(Some(Part::Of((*name).into()))),
        ["group-object" | "description", ..] => return group_object(words),
        _ => {}
    }
    let words = match words {
        ["service-object" | "service", rest @ ..] => rest,
        _ => words,
    };
    let broken = || format!("has a line that is not understood: `{}`", shown(&words.join(" ")));
    let (first, mut rest) = words.split_first().ok_or_else(broken)?;
    let protocols = protocol(first).ok_or_else(broken)?;
    let mut service = Service { protocol: protocols.clone(), ..Service::any() };
    if !has_ports(&protocols) {
        if rest.is_empty() {
            return Ok(Some(Part::Is(Services::of([service]))));
        }
        // Types of ICMP.
        let icmp = Ranges::of([(1, 1), (58, 58)]).covers(&protocols);
        let words = format!("{} of type {}", shown(first), shown(&rest.join(" ")));
        return if icmp { Ok(Some(Part::Perhaps(words.into(), Services::of([service])))) } else { Err(broken()) };
    }
    while let Some(word) = rest.first() {
        let (to, at) = match *word {
            "source" => (&mut service.source_port, &rest[1..]),
            "destination" => (&mut service.port, &rest[1..]),
            _ => (&mut service.port, rest),
        };
        let (ports, used) = operator(at, router).ok_or_else(broken)??;
        *to = ports;
        rest = &at[used..];
    }
    Ok(Some(Part::Is(Services::of([service]))))
}
