//! `ipset save` by itself: named sets, of which nobody says here what they are used for.

use std::collections::{BTreeMap, BTreeSet};

use super::{Doubt, Draft, Peer, Said};
use crate::firewall::addresses::Family;
use crate::firewall::dialects::entry;
use crate::firewall::dialects::{Input, Scope};
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{NoteKind, Place};

/// Whether this is what `ipset save` prints, or a script that fills sets.
pub(super) fn is_saved(text: &str) -> bool {
    let says = |line: &&str| !line.is_empty() && !line.starts_with('#') && words(line).first() != Some(&"flush");
    let words = words(text.lines().map(str::trim).find(says).unwrap_or_default());
    match words[..] {
        ["create", _, kind, ..] => ["hash:", "bitmap:", "list:"].iter().any(|known| kind.starts_with(known)),
        ["add", _, member, ..] => entry::entry(member).is_ok(),
        _ => false,
    }
}

/// The words of a command, without those that only say how it is to be run.
fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().filter(|word| !matches!(*word, "ipset" | "sudo" | "-exist" | "-!" | "--exist")).collect()
}

/// A set: its kind, its members, and what is taken out of it again.
#[derive(Default)]
struct Set {
    kind: String,
    family: Option<Family>,
    members: Vec<(Place, Ranges)>,
    except: Vec<Ranges>,
    /// Of a set of sets.
    sets: Vec<String>,
    place: Place,
}

pub(super) fn read(input: &Input, file: u16, scope: &Scope, draft: &mut Draft) {
    let mut sets: BTreeMap<String, Set> = BTreeMap::new();
    for (nth, line) in input.text.lines().enumerate() {
        let words = words(line);
        let place = |name: &str| Place::new(file, nth + 1, format!("line {} (set {name})", nth + 1), line);
        match words[..] {
            [] => {}
            [first, ..] if first.starts_with('#') => {}
            ["create", name, kind, ref options @ ..] => {
                let family = if options.contains(&"inet6") { Family::V6 } else { Family::V4 };
                let set = Set { kind: kind.to_owned(), family: Some(family), place: place(name), ..Set::default() };
                sets.insert(name.to_owned(), set);
            }
            ["add", name, member, ref options @ ..] => {
                let place = place(name);
                if !sets.contains_key(name) {
                    let what = format!("nothing here creates the set `{name}`: it is taken as one of networks");
                    draft.rules.note(NoteKind::Assumed, &place, what);
                    let set = Set { kind: "hash:net".to_owned(), place: place.clone(), ..Set::default() };
                    sets.insert(name.to_owned(), set);
                }
                if let Some(set) = sets.get_mut(name) {
                    add(set, &place, member, options, draft);
                }
            }
            // A set that is emptied before it is filled.
            ["flush", name] if sets.get(name).is_none_or(|set| set.members.is_empty()) => {}
            _ => draft.unclear(&place("?"), Ranges::all(), "it is neither `create` nor `add`"),
        }
    }
    let all: Vec<&str> = sets.keys().map(String::as_str).collect();
    let mut wanted: Vec<&str> = all.iter().copied().filter(|name| scope.names(&[*name])).collect();
    let named = !wanted.is_empty();
    if !named {
        // What was named can be of another file.
        if !scope.only.is_empty() {
            let place = Place { file, name: "all sets".into(), ..Place::default() };
            let what = format!("no set is called {}; there are {}", scope.only.join(", "), all.join(", "));
            draft.rules.note(NoteKind::Undefined, &place, what);
        }
        wanted = all;
    }
    // Sets in sets are said by those that hold them.
    let held: BTreeSet<&String> = sets.values().flat_map(|set| &set.sets).collect();
    let outer: Vec<&str> = wanted.into_iter().filter(|name| named || !held.contains(&(*name).to_owned())).collect();
    // One for each family is what somebody makes who wants both; of more, some may be for something else.
    let plain = |name: &&str| sets.get(*name).is_some_and(|set| !set.kind.starts_with("list:"));
    let families: BTreeSet<Option<Family>> =
        outer.iter().filter_map(|name| sets.get(*name)).map(|set| set.family).collect();
    let certain = named || outer.len() == 1 || (outer.iter().all(plain) && families.len() == outer.len());
    for name in outer {
        if let Some(set) = sets.get(name) {
            let what = format!("the set `{name}` is taken as one of peers that are allowed");
            draft.rules.note(NoteKind::Assumed, &set.place, what);
        }
        let unless = (!certain).then(|| format!("the set `{name}` is used to allow"));
        say(name, &sets, unless.as_deref(), draft);
    }
}

fn add(set: &mut Set, place: &Place, member: &str, options: &[&str], draft: &mut Draft) {
    if set.kind.starts_with("list:") {
        set.sets.push(member.to_owned());
        return;
    }
    if !matches!(set.kind.as_str(), "hash:ip" | "hash:net" | "bitmap:ip") {
        // Ports and marks narrow what a member means: it cannot be said in a list.
        let address = member.split(',').next().and_then(|first| entry::entry(first).ok());
        let reach = address.map_or_else(Ranges::all, |address| address.ranges);
        draft.unclear(place, reach, &format!("a member of a `{}` set says more than an address", set.kind));
        return;
    }
    match entry::entry(member) {
        Ok(read) => {
            let family = read.family;
            let ranges = read.noted(&mut draft.rules, place);
            if set.family.is_some_and(|its| its != family) {
                draft.unclear(place, ranges, "its family is not that of the set");
            } else if options.contains(&"nomatch") {
                set.except.push(ranges);
            } else {
                set.members.push((place.clone(), ranges));
            }
        }
        Err(oddity) => draft.unclear(place, Ranges::all(), &oddity.what),
    }
}

/// Says what a set holds. A set of sets holds no set of sets.
fn say(name: &str, sets: &BTreeMap<String, Set>, unless: Option<&str>, draft: &mut Draft) {
    let Some(set) = sets.get(name) else { return };
    for inner in &set.sets {
        match sets.get(inner) {
            Some(inner) if inner.sets.is_empty() => say_members(inner, unless, draft),
            Some(_) => {
                draft.unclear(&set.place, Ranges::all(), &format!("the set of sets `{inner}` stands in another"));
            }
            None => draft.unclear(&set.place, Ranges::all(), &format!("there is no set `{inner}`")),
        }
    }
    say_members(set, unless, draft);
}

fn say_members(set: &Set, unless: Option<&str>, draft: &mut Draft) {
    // The longest of those that fit decides: `nomatch` takes out what no longer member puts back.
    let except = Ranges::any_of(&set.except);
    for (place, ranges) in &set.members {
        let inner = set.except.iter().filter(|out| ranges.covers(out));
        let left = if ranges.overlaps(&except) { ranges.minus(&Ranges::any_of(inner)) } else { ranges.clone() };
        match unless {
            None => draft.allow(place, Peer::Addresses(left)),
            Some(what) => {
                let unless = Some(Doubt::If(what.to_owned()));
                draft.said.push(Said { place: place.clone(), peer: Peer::Addresses(left), unless });
            }
        }
    }
}
