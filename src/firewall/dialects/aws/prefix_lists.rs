//! Prefix lists: networks under a name, which a rule refers to and another command prints.

use std::collections::{BTreeMap, BTreeSet};

use crate::firewall::addresses::Family;
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{Condition, Match, NoteKind, Place, Rules};

/// What is known of prefix lists.
pub(in super::super) struct PrefixLists {
    /// How entries that are not there are got.
    advice: &'static str,
    lists: BTreeMap<String, PrefixList>,
    /// Entries of which their document does not say the list.
    nameless: Vec<Entries>,
    undefined: BTreeSet<String>,
}

/// A prefix list.
#[derive(Default)]
struct PrefixList {
    name: Option<String>,
    family: Option<Family>,
    entries: Option<Entries>,
}

/// The entries of a list.
#[derive(Clone)]
pub(in super::super) struct Entries {
    /// The addresses in them.
    pub(in super::super) addresses: Ranges,
    /// Whether there are more that were not read.
    pub(in super::super) more: bool,
    /// Where they stand.
    pub(in super::super) place: Place,
}

/// On which end of a match the peer is.
pub(in super::super) type Put = fn(Match, Ranges) -> Match;

impl PrefixLists {
    /// None so far. The advice says how entries that are not there are got, of a list that is called `{id}` in it.
    pub(in super::super) fn of(advice: &'static str) -> Self {
        PrefixLists { advice, lists: BTreeMap::new(), nameless: Vec::new(), undefined: BTreeSet::new() }
    }

    /// Takes in what a list is called and which family it holds.
    pub(in super::super) fn describe(&mut self, id: &str, name: Option<&str>, family: Option<&str>) {
        let list = self.lists.entry(id.to_owned()).or_default();
        list.name = name.map(ToOwned::to_owned).or(list.name.take());
        list.family = match family {
            Some("IPv4") => Some(Family::V4),
            Some("IPv6") => Some(Family::V6),
            _ => list.family,
        };
    }

    /// Takes in the entries of a list; of one that nobody names, where there is no id.
    pub(in super::super) fn hold(&mut self, id: Option<&str>, entries: Entries) {
        let Some(id) = id else { return self.nameless.push(entries) };
        let list = self.lists.entry(id.to_owned()).or_default();
        list.entries = Some(match list.entries.take() {
            Some(known) => Entries {
                addresses: known.addresses.or(&entries.addresses),
                more: known.more || entries.more,
                place: known.place,
            },
            None => entries,
        });
    }

    /// The command that prints a list does not print its id. Where one list alone is referred to and not known, and the entries of
    /// one alone are there, they belong together.
    pub(in super::super) fn match_up(&mut self, rules: &mut Rules, referred: &BTreeSet<String>) {
        let unknown = |id: &&String| self.lists.get(*id).is_none_or(|list| list.entries.is_none());
        let wanted: Vec<&String> = referred.iter().filter(unknown).collect();
        match (wanted.as_slice(), self.nameless.len()) {
            (_, 0) => {}
            ([id], 1) => {
                let id = (*id).clone();
                let entries = self.nameless.remove(0);
                let what = format!("these are taken for the entries of {id}, the one prefix list that is referred to");
                rules.note(NoteKind::Assumed, &entries.place, what);
                self.hold(Some(&id), entries);
            }
            ([], _) => {
                for entries in &self.nameless {
                    rules.note(NoteKind::Idle, &entries.place, "no rule refers to these entries of a prefix list");
                }
            }
            _ => {
                for entries in &self.nameless {
                    let why = "does not say of which prefix list these are the entries: name each file after its list, \
                               as in `pl-0123456789abcdef0.json`";
                    rules.note(NoteKind::NotUnderstood, &entries.place, why);
                }
            }
        }
    }

    /// What a rule matches whose peer is a prefix list.
    pub(in super::super) fn matches(
        &mut self,
        rules: &mut Rules,
        place: &Place,
        id: &str,
        traffic: &Match,
        put: Put,
    ) -> Vec<Match> {
        let list = self.lists.get(id);
        let entries = list.and_then(|list| list.entries.as_ref());
        let known = entries.map(|entries| put(traffic.clone(), entries.addresses.clone()));
        if known.is_none() && self.undefined.insert(id.to_owned()) {
            let what = format!(
                "{id} stands for a prefix list whose entries are not there: {}",
                self.advice.replace("{id}", id)
            );
            rules.note(NoteKind::Undefined, place, what);
        }
        let unknown = entries.is_none_or(|entries| entries.more).then(|| {
            let family = list.and_then(|list| list.family).map_or_else(Ranges::all, Family::all);
            let name = list.and_then(|list| list.name.as_deref());
            let called = name.map_or_else(|| id.to_owned(), |name| format!("{id} ({name})"));
            put(traffic.clone(), family).on(Condition::holds(format!("prefix list {called} holds the address")))
        });
        known.into_iter().chain(unknown).collect()
    }
}
