//! Security groups: lists of what is let through, of which those that are attached to an installation hold together, and nothing else.

use std::collections::{BTreeMap, HashMap};

use super::super::{Scope, entry};
use super::Traffic;
use super::prefix_lists::PrefixLists;
use crate::firewall::addresses::never_public;
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{
    Answer, Chain, Condition, Layer, Match, NoteKind, Place, Policy, Replies, Rule, Rules, Then, Way,
};

/// A security group.
#[derive(Debug)]
pub(in super::super) struct Group {
    /// `sg-0123456789abcdef0`, or by whatever it is known where it has no id yet.
    pub(in super::super) id: String,
    /// Its other names.
    pub(in super::super) names: Vec<String>,
    /// Where it stands.
    pub(in super::super) place: Place,
    /// Its rules.
    pub(in super::super) rules: Vec<GroupRule>,
}

/// A rule of a group. It lets pass what it matches.
#[derive(Clone, Debug)]
pub(in super::super) struct GroupRule {
    /// Which way: in or out.
    pub(in super::super) way: Way,
    /// Where it stands.
    pub(in super::super) place: Place,
    /// What it matches.
    pub(in super::super) when: Vec<Match>,
    /// Why nobody knows what it does with that, where it is so.
    pub(in super::super) unclear: Option<String>,
}

impl Group {
    /// A group without rules.
    pub(in super::super) fn new(id: &str, name: Option<&str>, place: Place) -> Self {
        Group { id: id.to_owned(), names: name.map(ToOwned::to_owned).into_iter().collect(), place, rules: Vec::new() }
    }

    /// As reports call it: `sg-0a1b (web)`.
    pub(in super::super) fn called(&self) -> String {
        called(&self.id, self.names.first().map(String::as_str))
    }

    pub(super) fn is_named(&self, scope: &Scope) -> bool {
        let mut names = vec![self.id.as_str()];
        names.extend(self.names.iter().map(String::as_str));
        scope.names(&names)
    }
}

/// An id with the name beside it.
pub(in super::super) fn called(id: &str, name: Option<&str>) -> String {
    match name {
        Some(name) if !name.is_empty() && name != id => format!("{id} ({name})"),
        _ => id.to_owned(),
    }
}

/// Which way a rule lets through, in AWS's words.
pub(in super::super) fn words(way: Way) -> &'static str {
    if way == Way::Out { "egress" } else { "ingress" }
}

/// Puts a peer where it stands in packets of this way.
pub(in super::super) fn put(way: Way) -> fn(Match, Ranges) -> Match {
    match way {
        Way::Out => |when, peers| Match { destination: peers, ..when },
        Way::In | Way::Through => |when, peers| Match { source: peers, ..when },
    }
}

/// Whom a rule names.
#[derive(Clone, Copy, Debug)]
pub(in super::super) enum Peer<'a> {
    /// A network: `104.16.0.0/13`.
    Network(&'a str),
    /// A prefix list, by its id.
    PrefixList(&'a str),
    /// The members of a group: the files do not say who they are.
    Group(&'a str),
    /// Somebody whom the files do not name; this would have to be known.
    Whoever(&'a str),
    /// Nobody knows: why.
    Unclear(&'a str),
}

/// A rule for one peer.
pub(in super::super) fn rule(
    rules: &mut Rules,
    lists: &mut PrefixLists,
    way: Way,
    place: Place,
    traffic: &Traffic,
    peer: Peer,
) -> GroupRule {
    let (reach, mut unclear) = (&traffic.matches, traffic.unclear.clone());
    let when = match peer {
        Peer::Network(text) => match entry::entry(text) {
            Ok(entry) => vec![put(way)(reach.clone(), entry.noted(rules, &place))],
            Err(oddity) => {
                oddity.note(rules, &place);
                Vec::new()
            }
        },
        Peer::PrefixList(id) => lists.matches(rules, &place, id, reach, put(way)),
        // A group stands for the private addresses of its members, also where they have public ones.
        Peer::Group(id) => {
            let members = put(way)(reach.clone(), never_public());
            vec![members.on(Condition::holds(format!("the peer is a member of {id}")))]
        }
        Peer::Whoever(what) => vec![reach.clone().on(Condition::holds(what))],
        Peer::Unclear(why) => {
            unclear = Some(unclear.map_or_else(|| why.to_owned(), |first| format!("{first}, and {why}")));
            vec![reach.clone()]
        }
    };
    GroupRule { way, place, when, unclear }
}

/// Adds what these groups come to: a layer for each way, in which whatever any attached group lets through passes. All that the
/// scope names are attached, and one that stands alone is, where these are `all` there are; of others nobody knows.
pub(in super::super) fn lay_out(rules: &mut Rules, groups: Vec<Group>, all: bool, scope: &Scope) {
    let any_named = groups.iter().any(|group| group.is_named(scope));
    let groups: Vec<Group> = groups.into_iter().filter(|group| !any_named || group.is_named(scope)).collect();
    let Some(first) = groups.first().map(|group| group.place.clone()) else { return };
    let known = any_named || (all && groups.len() == 1);
    if !known {
        let what = format!(
            "{} security groups stand there, and nothing says which of them are attached to the installation{}",
            groups.len(),
            if all { "; at least one of them is taken to be" } else { "" }
        );
        rules.note(NoteKind::Assumed, &first, what);
    }
    let name = match groups.as_slice() {
        [one] => format!("security group {}", one.called()),
        several => format!("{} security groups", several.len()),
    };
    let mut chains = BTreeMap::new();
    for way in [Way::In, Way::Out] {
        let place = Place { name: format!("the implicit deny of {name}, {}", words(way)).into(), ..first.clone() };
        let policy = Some(Policy { answer: Answer::Drop, place });
        let name = format!("{name}, {}", words(way));
        let chain = rules.add_chain(Chain { name: name.clone(), rules: Vec::new(), policy });
        rules.layers.push(Layer { name, way, families: Ranges::all(), chain, replies: Replies::Remembered });
        chains.insert(way, chain);
    }
    let whichever = if known || !all { HashMap::new() } else { in_every_group(&groups) };
    // What every group lets through passes whichever is attached, and is said of the first.
    let mut said = HashMap::new();
    let is_attached = |group: &Group| format!("{} is attached to the installation", group.called());
    for (nth, group) in groups.iter().enumerate() {
        let attached = Condition::holds(is_attached(group));
        // One of them is attached: the last one, where no other is. More groups than can be weighed together are left alone.
        let is_the_last = all && nth + 1 == groups.len() && groups.len() <= WEIGHED;
        let no_other: Vec<Condition> =
            groups.iter().take(nth).filter(|_| is_the_last).map(|other| Condition::fails(is_attached(other))).collect();
        for rule in &group.rules {
            let Some(chain) = chains.get(&rule.way).copied() else { continue };
            if let Some(why) = &rule.unclear {
                for when in &rule.when {
                    let when = if known { when.clone() } else { when.clone().on(attached.clone()) };
                    rules.not_understood(chain, &rule.place, &when, why);
                }
                continue;
            }
            let on = |when: &Match| match whichever.get(&(rule.way, when)) {
                _ if known => vec![when.clone()],
                Some(count) if *count == groups.len() => {
                    let is_first = *said.entry((rule.way, when.clone())).or_insert(nth) == nth;
                    is_first.then(|| when.clone()).into_iter().collect()
                }
                _ => {
                    let mut under = vec![when.clone().on(attached.clone())];
                    if !no_other.is_empty() {
                        let mut alone = when.clone();
                        alone.conditions.extend(no_other.iter().cloned());
                        under.push(alone);
                    }
                    under
                }
            };
            let when: Vec<Match> = rule.when.iter().flat_map(on).collect();
            if let Some(chain) = rules.chains.get_mut(chain.0 as usize)
                && !when.is_empty()
            {
                chain.rules.push(Rule::new(rule.place.clone(), when, Then::Answer(Answer::Accept)));
            }
        }
    }
}

/// As many groups that may be attached are weighed together.
const WEIGHED: usize = 10;

/// In how many groups each match stands.
fn in_every_group(groups: &[Group]) -> HashMap<(Way, &Match), usize> {
    let mut counts: HashMap<(Way, &Match), (usize, usize)> = HashMap::new();
    for (nth, group) in groups.iter().enumerate() {
        for rule in group.rules.iter().filter(|rule| rule.unclear.is_none()) {
            for when in &rule.when {
                // A group is counted once, however often it says so.
                let count = counts.entry((rule.way, when)).or_insert((0, usize::MAX));
                if count.1 != nth {
                    *count = (count.0 + 1, nth);
                }
            }
        }
    }
    counts.into_iter().map(|(when, (count, _))| (when, count)).collect()
}
