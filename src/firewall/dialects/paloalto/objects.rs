//! Objects of PAN-OS: what addresses, services, applications and their groups stand for.

use std::collections::HashMap;

use super::applications::Applications;
use super::config::{Config, Object, ObjectKind, Setting};
use crate::firewall::dialects::edge::named::{Book, Part};
use crate::firewall::dialects::edge::services::{Service, Services};
use crate::firewall::dialects::edge::{ports, scattered, shown};
use crate::firewall::dialects::entry::{self, Entry, Oddity};
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{NoteKind, Place, Rules};

/// Everything that rules refer to by name.
pub(super) struct Objects {
    pub addresses: Book<Ranges>,
    pub services: Book<Services>,
    pub applications: Book<Applications>,
    /// When schedules are on, as they are written.
    pub schedules: HashMap<(usize, String), String>,
}

/// Reads the objects of a configuration, and lets go of them.
pub(super) fn objects(config: &mut Config, rules: &mut Rules) -> Objects {
    let mut objects = Objects {
        addresses: Book::new("address", literal),
        services: Book::new("service", predefined),
        applications: Book::new("application", |name, _, _| Some(Part::Is([name.into()].into()))),
        schedules: HashMap::new(),
    };
    for scope in 0..config.scopes.len() {
        let above = config.scopes[scope].within.as_ref();
        let above = above.and_then(|above| config.scopes.iter().position(|home| home.name == **above));
        let above = above.unwrap_or_default();
        objects.addresses.put_below(scope, above);
        objects.services.put_below(scope, above);
        objects.applications.put_below(scope, above);
        let home = &mut config.scopes[scope];
        for object in std::mem::take(&mut home.objects) {
            objects.define(scope, &object, rules);
        }
    }
    objects
}

impl Objects {
    fn define(&mut self, scope: usize, object: &Object, rules: &mut Rules) {
        let Some(place) = object.settings.first().map(|setting| setting.place.clone()) else { return };
        let name = object.name.as_str();
        match object.kind {
            ObjectKind::Address => {
                let parts = address(object, &place, rules);
                self.addresses.define(scope, name, place, parts);
            }
            ObjectKind::AddressGroup => {
                let parts = address_group(object, &place, rules);
                self.addresses.define(scope, name, place, parts);
            }
            ObjectKind::ExternalList => {
                let words = format!("on the external list `{}` ({})", shown(name), all_words(object));
                self.addresses.define(scope, name, place, vec![Part::Perhaps(words.into(), Ranges::all())]);
            }
            ObjectKind::Region => {
                let parts = region(object, &place, rules);
                self.addresses.define(scope, name, place, parts);
            }
            ObjectKind::Service => {
                let parts = service(object, &place, rules);
                self.services.define(scope, name, place, parts);
            }
            ObjectKind::ServiceGroup => {
                let parts = members(object, "members", &place, rules);
                self.services.define(scope, name, place, parts);
            }
            ObjectKind::ApplicationGroup => {
                let parts = members(object, "members", &place, rules);
                self.applications.define(scope, name, place, parts);
            }
            ObjectKind::ApplicationFilter => {
                let words = format!("filter {} ({})", shown(name), all_words(object));
                self.applications.define(scope, name, place, vec![Part::Is([words.into()].into())]);
            }
            ObjectKind::Application => {}
            ObjectKind::Schedule => {
                self.schedules.insert((scope, name.to_owned()), all_words(object));
            }
        }
    }
}

/// Keys that say nothing of what an object stands for.
const SILENT: [&str; 4] = ["description", "tag", "disable-override", "color"];

/// Whatever is said of an object, on one line: two that differ are told apart by it.
fn all_words(object: &Object) -> String {
    let words = object.settings.iter().flat_map(|setting| &setting.words).map(|word| shown(word));
    let mut all = words.collect::<Vec<_>>().join(" ");
    if let Some((cut, _)) = all.char_indices().nth(400) {
        all.truncate(cut);
        all.push('…');
    }
    all
}

/// What could not be read of an object is in doubt.
fn doubtful<S>(kind: &str, name: &str, place: &Place, why: &str, all: S, rules: &mut Rules) -> Vec<Part<S>> {
    rules.note(NoteKind::NotUnderstood, place, format!("the {kind} `{}` {why}", shown(name)));
    vec![Part::Perhaps(format!("of the {kind} `{}`, which {why}", shown(name)).into(), all)]
}

fn address(object: &Object, place: &Place, rules: &mut Rules) -> Vec<Part<Ranges>> {
    let mut parts = Vec::new();
    let doubt = |why: &str, rules: &mut Rules| doubtful("address", &object.name, place, why, Ranges::all(), rules);
    for setting in &object.settings {
        let each = match setting.each(&[]) {
            Ok(each) => each,
            Err(why) => return doubt(&why, rules),
        };
        for (key, values) in each {
            let value = values.first().copied().unwrap_or_default();
            // What is set again takes the place of what was.
            parts = match key {
                "ip-netmask" => vec![read(entry::entry(value), &setting.place, &object.name, rules)],
                "ip-range" if value.contains('-') => {
                    vec![read(entry::entry(value), &setting.place, &object.name, rules)]
                }
                "fqdn" => {
                    let words = format!("an address of the FQDN object `{}` ({})", shown(&object.name), shown(value));
                    vec![Part::Perhaps(words.into(), Ranges::all())]
                }
                "ip-wildcard" => {
                    let set = value.split_once('/').and_then(|(base, mask)| scattered(base, mask));
                    let words = || format!("of the wildcard object `{}` ({})", shown(&object.name), shown(value));
                    vec![set.map_or_else(|| Part::Perhaps(words().into(), Ranges::all()), Part::Is)]
                }
                key if SILENT.contains(&key) => continue,
                key => return doubt(&format!("has a setting that is not understood: `{}`", shown(key)), rules),
            };
        }
    }
    if parts.is_empty() {
        return doubt("has no address", rules);
    }
    parts
}

fn read(entry: Result<Entry, Oddity>, place: &Place, name: &str, rules: &mut Rules) -> Part<Ranges> {
    match entry {
        Ok(entry) => Part::Is(entry.noted(rules, place)),
        Err(oddity) => {
            oddity.note(rules, place);
            rules.note(NoteKind::NotUnderstood, place, oddity.what.clone());
            Part::Perhaps(format!("of `{}`, where {}", shown(name), oddity.what).into(), Ranges::all())
        }
    }
}

fn address_group(object: &Object, place: &Place, rules: &mut Rules) -> Vec<Part<Ranges>> {
    let dynamic = object.settings.iter().find(|setting| setting.words.first().is_some_and(|word| word == "dynamic"));
    if dynamic.is_some() {
        let words = format!("of the dynamic address group `{}` ({})", shown(&object.name), all_words(object));
        return vec![Part::Perhaps(words.into(), Ranges::all())];
    }
    members(object, "static", place, rules)
}

/// The members of a group, which are named under this key.
fn members<S: crate::firewall::dialects::edge::named::Set>(
    object: &Object,
    under: &str,
    place: &Place,
    rules: &mut Rules,
) -> Vec<Part<S>> {
    let mut parts = Vec::new();
    for setting in &object.settings {
        // Before PAN-OS 6, members stood there without a word before them.
        if setting.odd.is_none()
            && let (Some(true), [_, members @ .., end]) = (setting.brackets.first(), setting.words.as_slice())
            && end == "]"
            && !setting.brackets[1..setting.brackets.len() - 1].contains(&true)
        {
            parts.extend(members.iter().map(|member| Part::Of(member.as_str().into())));
            continue;
        }
        let each = match setting.each(&[]) {
            Ok(each) => each,
            Err(why) => return doubtful("group", &object.name, place, &why, S::all(), rules),
        };
        for (key, values) in each {
            if key == under {
                parts.extend(values.into_iter().map(|value| Part::Of(value.into())));
            } else if !SILENT.contains(&key) {
                let why = format!("has a setting that is not understood: `{}`", shown(key));
                return doubtful("group", &object.name, place, &why, S::all(), rules);
            }
        }
    }
    if parts.is_empty() {
        rules.note(NoteKind::Assumed, place, format!("the group `{}` is empty", shown(&object.name)));
    }
    parts
}

/// A region that the configuration defines by addresses.
fn region(object: &Object, place: &Place, rules: &mut Rules) -> Vec<Part<Ranges>> {
    let addresses =
        object.settings.iter().map(Setting::clone).filter(|one| one.words.first().is_some_and(|it| it == "address"));
    let mut parts = Vec::new();
    for setting in addresses {
        for (_, values) in setting.each(&[]).unwrap_or_default() {
            parts.extend(values.into_iter().map(|value| read(entry::entry(value), place, &object.name, rules)));
        }
    }
    if parts.is_empty() {
        let words = format!("in the region `{}`", shown(&object.name));
        return vec![Part::Perhaps(words.into(), Ranges::all())];
    }
    parts
}

fn service(object: &Object, place: &Place, rules: &mut Rules) -> Vec<Part<Services>> {
    let mut all: Vec<(u8, Option<Ranges>, Option<Ranges>)> = Vec::new();
    let all_services = || <Services as crate::firewall::dialects::edge::named::Set>::all();
    for setting in &object.settings {
        let words: Vec<&str> = setting.words.iter().map(String::as_str).collect();
        let why = match words.as_slice() {
            [key, ..] if SILENT.contains(key) => continue,
            ["protocol", protocol @ ("tcp" | "udp" | "sctp"), rest @ ..] => {
                let number = entry::protocol(protocol).unwrap_or_default();
                if all.iter().all(|(known, ..)| *known != number) {
                    all.push((number, None, None));
                }
                let Some(one) = all.iter_mut().find(|(known, ..)| *known == number) else { continue };
                service_ports(rest, setting, one).err()
            }
            _ => Some(format!("has a setting that is not understood: `{}`", shown(&words.join(" ")))),
        };
        if let Some(why) = why {
            return doubtful("service", &object.name, place, &why, all_services(), rules);
        }
    }
    if all.is_empty() || all.iter().any(|(_, to, _)| to.is_none()) {
        return doubtful("service", &object.name, place, "has no port", all_services(), rules);
    }
    let each = all.into_iter().map(|(number, to, from)| Service {
        source_port: from.unwrap_or_else(Ranges::all),
        ..Service::to(number, to.unwrap_or_else(Ranges::all))
    });
    vec![Part::Is(Services::of(each))]
}

fn service_ports(
    words: &[&str],
    setting: &Setting,
    one: &mut (u8, Option<Ranges>, Option<Ranges>),
) -> Result<(), String> {
    if let Some(odd) = setting.odd {
        return Err(odd.to_owned());
    }
    let mut words = words.iter();
    while let Some(key) = words.next() {
        match (*key, words.next()) {
            ("port", Some(list)) => one.1 = Some(ports(list)?),
            ("source-port", Some(list)) => one.2 = Some(ports(list)?),
            // How long sessions are kept.
            ("override", Some(_)) => return Ok(()),
            (key, _) => return Err(format!("has a setting that is not understood: `{}`", shown(key))),
        }
    }
    Ok(())
}

/// Services that need no definition.
fn predefined(name: &str, _: &Place, _: &mut Rules) -> Option<Part<Services>> {
    let tcp = |ports: &[u16]| {
        let ports = Ranges::of(ports.iter().map(|port| (u128::from(*port), u128::from(*port))));
        Some(Part::Is(Services::of([Service::to(6, ports)])))
    };
    match name {
        "any" => Some(Part::Is(Services::of([Service::any()]))),
        "service-http" => tcp(&[80, 8080]),
        "service-https" => tcp(&[443]),
        _ => None,
    }
}

/// What stands in a rule or group without being an object: addresses, and countries by two letters.
fn literal(name: &str, place: &Place, rules: &mut Rules) -> Option<Part<Ranges>> {
    if name == "any" {
        return Some(Part::Is(Ranges::all()));
    }
    if let Ok(entry) = entry::entry(name) {
        return Some(Part::Is(entry.noted(rules, place)));
    }
    let country = name.len() == 2 && name.bytes().all(|byte| byte.is_ascii_uppercase());
    country.then(|| Part::Perhaps(format!("in the region `{name}`").into(), Ranges::all()))
}
