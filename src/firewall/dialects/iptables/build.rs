//! From the tables of a family to layers and chains: which chains a packet meets on its way, in the order of the kernel's hooks.

use std::collections::HashMap;

use super::emit::{asked, diverted, diverting, either, elsewhere, on_way};
use super::sets::Sets;
use super::tables::{Circle, Goes, Table, tables};
use super::target::Does;
use super::text;
use crate::firewall::addresses::Family;
use crate::firewall::dialects::Scope;
use crate::firewall::rules::{
    Answer, Chain, ChainId, Condition, Layer, Match, NoteKind, Place, Policy, Replies, Rule, Rules, Then, Way,
};

/// The chains that a packet meets, in order; what rewrites destinations stands among them.
const WAYS: [(Way, &[(&str, &str)]); 3] = [
    (
        Way::In,
        &[
            ("raw", "PREROUTING"),
            ("mangle", "PREROUTING"),
            ("nat", "PREROUTING"),
            ("mangle", "INPUT"),
            ("filter", "INPUT"),
            ("security", "INPUT"),
        ],
    ),
    (
        Way::Out,
        &[
            ("raw", "OUTPUT"),
            ("mangle", "OUTPUT"),
            ("nat", "OUTPUT"),
            ("filter", "OUTPUT"),
            ("security", "OUTPUT"),
            ("mangle", "POSTROUTING"),
        ],
    ),
    (
        Way::Through,
        &[
            ("raw", "PREROUTING"),
            ("mangle", "PREROUTING"),
            ("nat", "PREROUTING"),
            ("mangle", "FORWARD"),
            ("filter", "FORWARD"),
            ("security", "FORWARD"),
            ("mangle", "POSTROUTING"),
        ],
    ),
];

/// Rules that rewrite are noted one by one up to so many.
const MOST_NOTED: usize = 8;

/// Adds the layers of the tables of a family, each with its file.
pub(super) fn build(
    all: &[(u16, &text::Table)],
    family: Family,
    sets: &Sets,
    scope: &Scope,
    rules: &mut Rules,
) -> Result<(), Circle> {
    let tables = tables(all, family, sets, rules)?;
    let asks_state = tables.iter().any(|table| table.name != "nat" && table.asks_state());
    let mut building = Building { tables, family, rules, made: HashMap::new(), bases: HashMap::new() };
    building.note_tables(asks_state);
    building.layers(scope, asks_state);
    Ok(())
}

/// What a chain is made for.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Made {
    /// To be asked.
    Asked(Option<Way>),
    /// To find what it diverts, for those that come behind it; `back`, for the answers to that.
    Diverting { way: Way, back: bool },
}

struct Building<'r, 'a> {
    tables: Vec<Table<'a>>,
    family: Family,
    rules: &'r mut Rules,
    made: HashMap<(usize, usize, Made), ChainId>,
    /// Chains that layers begin with, by what they are asked after.
    bases: HashMap<(usize, usize, Option<Way>, Vec<ChainId>), ChainId>,
}

impl Building<'_, '_> {
    fn table(&self, name: &str) -> Option<usize> {
        self.tables.iter().position(|table| table.name == name)
    }

    fn layers(&mut self, scope: &Scope, asks_state: bool) {
        let named = |table: &str, base: &str| scope.names(&[table, base, &format!("{table} {base}")]);
        // Who names none of these means the rules of another language.
        let narrowed = WAYS.iter().flat_map(|(_, bases)| bases.iter()).any(|(table, base)| named(table, base));
        for (way, bases) in WAYS {
            let mut before: Vec<ChainId> = self.answers_to_diverted(way, asks_state);
            for (table, base) in bases {
                let Some(at) = self.table(table) else { continue };
                if *table != "nat" && (!narrowed || named(table, base)) {
                    let chain = self.base(at, base, way, &before);
                    let of = if self.family == Family::V6 { " (IPv6)" } else { "" };
                    let (name, families) = (format!("{table} {base}{of}"), self.family.all());
                    self.rules.layers.push(Layer { name, way, families, chain, replies: Replies::ByState });
                }
                if *table == "nat" || (*table == "raw" && asks_state) {
                    before.extend(self.diverting(at, base, Made::Diverting { way, back: false }));
                }
            }
        }
    }

    /// What finds the answers to what the opposite way diverts.
    fn answers_to_diverted(&mut self, way: Way, asks_state: bool) -> Vec<ChainId> {
        let (way, base) = match way {
            Way::In => (Way::Out, "OUTPUT"),
            Way::Out => (Way::In, "PREROUTING"),
            Way::Through => (Way::Through, "PREROUTING"),
        };
        let mut found = Vec::new();
        for table in ["raw", "nat"] {
            if let Some(at) = self.table(table).filter(|_| table == "nat" || asks_state) {
                found.extend(self.diverting(at, base, Made::Diverting { way, back: true }));
            }
        }
        found
    }

    /// A chain that finds what a base diverts; nothing, where it diverts nothing.
    fn diverting(&mut self, table: usize, base: &str, made: Made) -> Option<ChainId> {
        let at = *self.tables[table].by_name.get(base)?;
        if !self.tables[table].chains[at].diverts {
            return None;
        }
        self.callees(table, at, made);
        Some(self.make(table, at, made))
    }

    /// The chain that a layer begins with, asked after these.
    fn base(&mut self, table: usize, base: &str, way: Way, before: &[ChainId]) -> ChainId {
        let at = self.tables[table].by_name.get(base).copied();
        let by_way = at.is_some_and(|at| self.tables[table].chains[at].by_way).then_some(way);
        let key = (table, at.unwrap_or(usize::MAX), by_way, before.to_vec());
        // A chain that is not mentioned has no place of its own, but its name.
        if at.is_some()
            && let Some(known) = self.bases.get(&key)
        {
            return *known;
        }
        let mut rules = Vec::new();
        for chain in before {
            let name = self.rules.chain(*chain).map(|chain| chain.name.clone()).unwrap_or_default();
            rules.push(Rule::new(
                Place::new(self.tables[table].file, 0, name, ""),
                vec![Match::any()],
                Then::Jump(*chain),
            ));
        }
        if let Some(at) = at {
            self.callees(table, at, Made::Asked(Some(way)));
            rules.extend(self.rules_of(table, at, Made::Asked(Some(way))));
        }
        let policy = self.policy(table, at, base, &mut rules);
        let id = self.rules.add_chain(Chain { name: base.to_owned(), rules, policy: Some(policy) });
        if at.is_some() {
            self.bases.insert(key, id);
        }
        id
    }

    fn policy(&mut self, table: usize, at: Option<usize>, base: &str, rules: &mut Vec<Rule>) -> Policy {
        let read = &self.tables[table];
        if let Some(policy) = at.and_then(|at| read.chains[at].policy.clone()) {
            return policy;
        }
        let of = if self.family == Family::V6 { " (IPv6)" } else { "" };
        let place = Place::new(read.file, read.line, format!("policy of {base} in {}{of}", read.name), "");
        if at.is_none() && read.has_bases {
            let what = format!("{base} does not stand in {}{of}; its policy is taken to be ACCEPT", read.name);
            if self.rules.notes.iter().all(|note| note.place != place) {
                self.rules.note(NoteKind::Assumed, &place, what);
            }
            return Policy { answer: Answer::Accept, place };
        }
        let what = format!("the policy of {base} in {}{of}, which is not in these files, is ACCEPT", read.name);
        let when = Match::any().on(Condition::holds(what));
        rules.push(Rule::new(place.clone(), vec![when], Then::Answer(Answer::Accept)));
        Policy { answer: Answer::Drop, place }
    }

    /// Makes every chain that is jumped to from here, however far.
    fn callees(&mut self, table: usize, from: usize, made: Made) {
        let reached = self.tables[table].reached(from);
        for at in self.tables[table].order.clone() {
            if reached[at] && at != from {
                self.make(table, at, made);
            }
        }
    }

    fn make(&mut self, table: usize, at: usize, made: Made) -> ChainId {
        let made = self.alike(table, at, made);
        if let Some(known) = self.made.get(&(table, at, made)) {
            return *known;
        }
        let rules = self.rules_of(table, at, made);
        let name = match made {
            Made::Asked(_) => self.tables[table].chains[at].name.clone(),
            Made::Diverting { .. } => format!("{} in {}", self.tables[table].chains[at].name, self.tables[table].name),
        };
        let id = self.rules.add_chain(Chain { name, rules, policy: None });
        self.made.insert((table, at, made), id);
        id
    }

    /// A chain that is the same on every way is made once.
    fn alike(&self, table: usize, at: usize, made: Made) -> Made {
        match made {
            Made::Asked(_) if !self.tables[table].chains[at].by_way => Made::Asked(None),
            made => made,
        }
    }

    /// The rules of a chain, those that it jumps to being made.
    fn rules_of(&self, table: usize, at: usize, made: Made) -> Vec<Rule> {
        let read = &self.tables[table];
        let mut rules = Vec::with_capacity(read.chains[at].rules.len());
        for (place, parsed, goes) in &read.chains[at].rules {
            let way = match made {
                Made::Asked(way) => way,
                Made::Diverting { way, .. } => Some(way),
            };
            let when = on_way(parsed, way, self.family);
            let to = |to: usize| {
                self.made
                    .get(&(table, to, self.alike(table, to, made)))
                    .map(|id| if parsed.goto { Then::Goto(*id) } else { Then::Jump(*id) })
            };
            match made {
                Made::Asked(_) => asked(&mut rules, place, parsed, when, *goes, to),
                Made::Diverting { back, .. } => {
                    let when: Vec<Match> = when.into_iter().filter_map(|when| diverted(when, back)).collect();
                    diverting(&mut rules, place, parsed, when, *goes, to);
                }
            }
        }
        if !read.whole && matches!(made, Made::Asked(_)) {
            let place = Place::new(read.file, read.line, format!("the end of {}", read.name), "");
            either(&mut rules, &place, &[Match::any()], "rules that are missing where the text was cut off");
        }
        rules
    }

    fn note_tables(&mut self, asks_state: bool) {
        let of = if self.family == Family::V6 { " (IPv6)" } else { "" };
        for table in &self.tables {
            let place = Place::new(table.file, table.line, format!("table {}{of}", table.name), "");
            if !table.whole {
                let what = format!("the text of {} ends without COMMIT: rules are missing", table.name);
                self.rules.note(NoteKind::NotUnderstood, &place, what);
            }
            if !["raw", "mangle", "nat", "filter", "security"].contains(&table.name) {
                self.rules.note(NoteKind::NotUnderstood, &place, format!("`{}` is no table that is known", table.name));
            }
            let mut rewriting = Vec::new();
            for (place, parsed, goes) in table.chains.iter().flat_map(|chain| &chain.rules) {
                let target = parsed.target.as_deref().unwrap_or_default();
                match goes {
                    Goes::Does(Does::SendsElsewhere) => rewriting.push((place, format!(
                        "{target} sends what it matches on to {}: whether that is let through there is not judged, since \
                         it is asked of other rules",
                        elsewhere(parsed)
                    ))),
                    Goes::Does(Does::HidesSource) => rewriting.push((place, format!(
                        "{target} rewrites the source behind the filter: firewalls further out see another one"
                    ))),
                    Goes::Does(Does::Untracks) if asks_state => rewriting.push((place, format!(
                        "{target} takes what it matches out of connection tracking, and other rules ask for states"
                    ))),
                    _ => {}
                }
            }
            for (place, what) in rewriting.iter().take(MOST_NOTED) {
                self.rules.note(NoteKind::Assumed, place, what.clone());
            }
            if let Some((place, _)) = rewriting.get(MOST_NOTED) {
                let more = rewriting.len() - MOST_NOTED;
                self.rules.note(NoteKind::Assumed, place, format!("rewrites, too, like {more} in all from here on"));
            }
            let docker = table.chains.iter().find(|chain| chain.name == "DOCKER-USER");
            if docker.is_some() && table.name == "filter" {
                let what = "containers are behind FORWARD and DOCKER-USER: rules of INPUT do not bear on their published ports";
                self.rules.note(NoteKind::Assumed, &place, what);
            }
        }
    }
}
