//! Network ACLs: numbered entries, of which the first that matches decides, for every packet by itself.

use std::collections::HashSet;

use super::super::Scope;
use super::groups::{called, put, words};
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{
    Answer, Chain, ChainId, Condition, Layer, Match, NoteKind, Place, Policy, Replies, Rule, Rules, Then, Way,
};

/// A network ACL.
#[derive(Debug)]
pub(in super::super) struct Acl {
    /// `acl-0123456789abcdef0`, or by whatever it is known where it has no id yet.
    pub(in super::super) id: String,
    /// Its name.
    pub(in super::super) name: Option<String>,
    /// The subnets that it is for; nothing, where that is not said.
    pub(in super::super) subnets: Option<Vec<String>>,
    /// Where it stands.
    pub(in super::super) place: Place,
    /// Its entries, in any order.
    pub(in super::super) entries: Vec<AclEntry>,
}

/// An entry of an ACL.
#[derive(Clone, Debug)]
pub(in super::super) struct AclEntry {
    /// Which way: in or out.
    pub(in super::super) way: Way,
    /// Where it is in the order; nothing, where that is not known.
    pub(in super::super) number: Option<i64>,
    /// What it matches, but for the peer.
    pub(in super::super) traffic: Match,
    /// The peers.
    pub(in super::super) peers: Ranges,
    /// Whether it lets that pass; otherwise why nobody knows.
    pub(in super::super) passes: Result<bool, String>,
    /// Where it stands.
    pub(in super::super) place: Place,
}

/// An entry, without its place.
type Said = (Way, Option<i64>, Match, Ranges, Result<bool, String>);

impl Acl {
    pub(super) fn called(&self) -> String {
        called(&self.id, self.name.as_deref())
    }

    pub(super) fn is_named(&self, scope: &Scope) -> bool {
        let subnets = self.subnets.iter().flatten().chain(&self.name).map(String::as_str);
        scope.names(&subnets.chain([self.id.as_str()]).collect::<Vec<_>>())
    }

    /// What it comes to, wherever that stands.
    fn says(&self) -> Vec<Said> {
        let mut said: Vec<Said> = self
            .entries
            .iter()
            .map(|entry| (entry.way, entry.number, entry.traffic.clone(), entry.peers.clone(), entry.passes.clone()))
            .collect();
        said.sort_by_key(|(way, number, ..)| (*way, *number));
        said
    }

    fn is_bound(&self) -> bool {
        self.subnets.as_ref().is_none_or(|subnets| !subnets.is_empty())
    }
}

/// Adds what these ACLs come to. A subnet has exactly one: the one that the scope names, or that stands alone; of several nobody
/// knows which.
pub(in super::super) fn lay_out(rules: &mut Rules, acls: Vec<Acl>, scope: &Scope) {
    let any_named = acls.iter().any(|acl| acl.is_named(scope));
    let mut acls: Vec<Acl> = acls.into_iter().filter(|acl| !any_named || acl.is_named(scope)).collect();
    for acl in acls.iter().filter(|acl| !acl.is_bound()) {
        rules.note(NoteKind::Idle, &acl.place, format!("{} is associated with no subnet", acl.called()));
    }
    // What is for no subnet is not for that of the installation, unless nothing else stands there.
    if acls.iter().any(Acl::is_bound) {
        acls.retain(Acl::is_bound);
    }
    // Of ACLs that say the same it does not matter which it is.
    let mut said: HashSet<Vec<Said>> = HashSet::new();
    acls.retain(|acl| said.insert(acl.says()));
    let several = acls.len() > 1;
    if let (true, Some(first)) = (several, acls.first()) {
        let what = format!(
            "{} different network ACLs stand there, and nothing says which is that of the installation's subnet; one of them is taken to be",
            acls.len()
        );
        rules.note(NoteKind::Assumed, &first.place, what);
    }
    for way in [Way::In, Way::Out] {
        let chains: Vec<ChainId> = acls.iter().map(|acl| add_chain(rules, acl, way, several)).collect();
        let (name, chain) = match (acls.as_slice(), chains.as_slice()) {
            ([acl], [chain]) => (format!("network ACL {}, {}", acl.called(), words(way)), *chain),
            ([.., last], [..]) => {
                let name = format!("{} network ACLs, {}", acls.len(), words(way));
                let policy = Some(Policy { answer: Answer::Drop, place: last.place.clone() });
                let rules_of_choice = acls.iter().zip(&chains).enumerate().map(|(nth, (acl, chain))| {
                    // Where it is none of the others, it is the last.
                    let it_is = format!("{} is the network ACL of the installation's subnet", acl.called());
                    let when = Match::any();
                    let when = if nth + 1 < acls.len() { when.on(Condition::holds(it_is)) } else { when };
                    Rule::new(acl.place.clone(), vec![when], Then::Jump(*chain))
                });
                let choice = Chain { name: name.clone(), rules: rules_of_choice.collect(), policy };
                (name, rules.add_chain(choice))
            }
            _ => return,
        };
        rules.layers.push(Layer { name, way, families: Ranges::all(), chain, replies: Replies::Forgotten });
    }
}

/// The entries of one way. Where it is one of several ACLs, its implicit deny is a rule like the others.
fn add_chain(rules: &mut Rules, acl: &Acl, way: Way, several: bool) -> ChainId {
    let of_acl = format!("{}, {}", acl.called(), words(way));
    let place = Place { name: format!("the implicit deny of {of_acl}").into(), ..acl.place.clone() };
    let policy = (!several).then(|| Policy { answer: Answer::Drop, place: place.clone() });
    let chain = rules.add_chain(Chain { name: format!("network ACL {of_acl}"), rules: Vec::new(), policy });
    let mut entries: Vec<&AclEntry> = acl.entries.iter().filter(|entry| entry.way == way).collect();
    // Entries whose place in the order nobody knows may come before all others.
    entries.sort_by_key(|entry| entry.number);
    for (nth, entry) in entries.iter().enumerate() {
        let when = put(way)(entry.traffic.clone(), entry.peers.clone());
        let beside = |other: Option<&&AclEntry>| other.is_some_and(|other| other.number == entry.number);
        let twin = beside(nth.checked_sub(1).and_then(|before| entries.get(before))) || beside(entries.get(nth + 1));
        let why = match (&entry.passes, entry.number) {
            (Err(why), _) => why.clone(),
            (_, None) => "has no number, and so no place in the order".to_owned(),
            (_, Some(number)) if twin => format!("shares the number {number} with another entry"),
            (Ok(passes), _) => {
                let answer = if *passes { Answer::Accept } else { Answer::Drop };
                if let Some(chain) = rules.chains.get_mut(chain.0 as usize) {
                    chain.rules.push(Rule::new(entry.place.clone(), vec![when], Then::Answer(answer)));
                }
                continue;
            }
        };
        rules.not_understood(chain, &entry.place, &when, &why);
    }
    if several && let Some(chain) = rules.chains.get_mut(chain.0 as usize) {
        chain.rules.push(Rule::new(place, vec![Match::any()], Then::Answer(Answer::Drop)));
    }
    chain
}
