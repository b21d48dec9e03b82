//! Tables whose rules are understood: each chain with what its rules match and where they go, and what a chain has from those that it
//! jumps to.

use std::collections::{HashMap, HashSet};

use super::options::{Parsed, Reading, parse};
use super::sets::Sets;
use super::target::{Does, does, unknown};
use super::text::{self, BASES, words};
use crate::firewall::addresses::Family;
use crate::firewall::rules::{Answer, NoteKind, Place, Policy, Rules, States};

/// A chain that leads back to itself: in which file, at which line, and its name.
pub(super) struct Circle(pub u16, pub usize, pub String);

/// Understands the tables of a family, each with its file.
pub(super) fn tables<'a>(
    all: &[(u16, &'a text::Table<'a>)],
    family: Family,
    sets: &Sets,
    rules: &mut Rules,
) -> Result<Vec<Table<'a>>, Circle> {
    let mut tables = Vec::new();
    for (file, table) in all {
        let file = *file;
        let mut read = Table { name: table.name, file, line: table.line, whole: table.whole, ..Table::default() };
        for chain in &table.chains {
            read.chains.push(read_chain(chain, table, file, family, sets, rules));
        }
        read.order = order(&read.chains).map_err(|at| {
            Circle(file, table.chains[at].rules.front().map_or(0, |rule| rule.line), read.chains[at].name.clone())
        })?;
        read.has_bases = table.chains.iter().any(|chain| BASES.contains(&chain.name) && states_policy(chain));
        read.learn();
        tables.push(read);
    }
    Ok(tables)
}

fn states_policy(chain: &text::Chain) -> bool {
    chain.declared.is_some_and(|(_, policy)| policy != "-")
}

#[derive(Default)]
pub(super) struct Table<'a> {
    pub name: &'a str,
    pub file: u16,
    pub line: usize,
    pub whole: bool,
    pub chains: Vec<Read>,
    /// Its chains, those that are jumped to before those that jump.
    pub order: Vec<usize>,
    /// Whether it states the policy of any of its own chains.
    pub has_bases: bool,
    pub by_name: HashMap<String, usize>,
}

/// A chain whose rules are understood.
pub(super) struct Read {
    pub name: String,
    pub policy: Option<Policy>,
    pub rules: Vec<(Place, Parsed, Goes)>,
    /// Whether it, or a chain that it jumps to, is not the same on every way.
    pub by_way: bool,
    /// Whether it, or a chain that it jumps to, makes of the packet what later chains do not know.
    pub diverts: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Goes {
    To(usize),
    Does(Does),
}

fn read_chain(
    chain: &text::Chain,
    table: &text::Table,
    file: u16,
    family: Family,
    sets: &Sets,
    rules: &mut Rules,
) -> Read {
    let of = match (table.name, family) {
        ("filter", Family::V4) => String::new(),
        ("filter", Family::V6) => " (IPv6)".to_owned(),
        (table, Family::V4) => format!(" in {table}"),
        (table, Family::V6) => format!(" in {table} (IPv6)"),
    };
    let mut read = Vec::with_capacity(chain.rules.len());
    let mut seen = HashSet::new();
    for (nth, written) in (1..).zip(&chain.rules) {
        let place = Place::new(file, written.line, format!("rule {nth} of {}{of}", chain.name), written.text);
        let all = words(written.text);
        let numbered = all.first().is_some_and(|word| word == "-I" || word == "--insert")
            && all.get(2).is_some_and(|word| word.bytes().all(|byte| byte.is_ascii_digit()));
        let own = all.get(if numbered { 3 } else { 2 }..).unwrap_or_default();
        if !seen.insert(written.text) {
            rules.note(NoteKind::Duplicate, &place, "stands in this chain before, word for word");
        }
        let Some(mut parsed) = parse(own, Reading { family, sets, place: &place, rules }) else { continue };
        if table.name == "raw" {
            before_tracking(&mut parsed);
        }
        let goes = match parsed.target.as_deref() {
            None => Goes::Does(Does::Nothing),
            Some(name) => match table.position(name).filter(|_| !BASES.contains(&name)) {
                Some(at) => Goes::To(at),
                None => Goes::Does(does(name, &parsed.options)),
            },
        };
        if goes == Goes::Does(Does::Unknown) {
            let name = parsed.target.clone().unwrap_or_default();
            rules.note(NoteKind::NotUnderstood, &place, unknown(&name));
        }
        parsed.goto &= matches!(goes, Goes::To(_));
        read.push((place, parsed, goes));
    }
    if chain.declared.is_none() && !BASES.contains(&chain.name) && table.whole {
        let place = read.first().map(|(place, ..)| place.clone()).unwrap_or_default();
        let why = format!("the chain {} is not declared, so that iptables-restore refuses the whole table", chain.name);
        rules.note(NoteKind::NotUnderstood, &place, why);
    }
    let policy = chain.declared.and_then(|(line, policy)| {
        let answer = match policy {
            "ACCEPT" => Answer::Accept,
            "DROP" => Answer::Drop,
            _ => return None,
        };
        let place =
            Place::new(file, line, format!("policy of {}{of}", chain.name), &format!(":{} {policy}", chain.name));
        Some(Policy { answer, place })
    });
    let own = BASES.contains(&chain.name);
    let asks_interface = |parsed: &Parsed| parsed.when.iter().any(|when| !when.from.is_any() || !when.to.is_any());
    let by_way = read.iter().any(|(_, parsed, _)| !parsed.kinds.is_empty() || (!own && asks_interface(parsed)));
    let diverts = read.iter().any(|(_, _, goes)| {
        matches!(goes, Goes::Does(Does::SendsElsewhere | Does::Untracks))
            || (table.name == "nat" && *goes == Goes::Does(Does::Unknown))
    });
    Read { name: chain.name.to_owned(), policy, rules: read, by_way, diverts }
}

/// To what is asked before connections are tracked, every packet belongs to none.
fn before_tracking(parsed: &mut Parsed) {
    parsed.asks_state = false;
    parsed.when.retain(|when| when.states.covers(States::INVALID));
    for when in &mut parsed.when {
        when.states = States::ANY;
    }
}

/// The chains, those that are jumped to first; an error is one that leads back to itself.
fn order(chains: &[Read]) -> Result<Vec<usize>, usize> {
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        Not,
        Open,
        Done,
    }
    let mut seen = vec![Seen::Not; chains.len()];
    let mut order = Vec::with_capacity(chains.len());
    for root in 0..chains.len() {
        // Which chain, and at which of its rules the walk stands.
        let mut path = vec![(root, 0)];
        while let Some((chain, rule)) = path.pop() {
            if rule == 0 {
                if seen[chain] == Seen::Done {
                    continue;
                }
                seen[chain] = Seen::Open;
            }
            let next = chains[chain].rules.iter().enumerate().skip(rule).find_map(|(nth, (_, _, goes))| match goes {
                Goes::To(to) if seen[*to] != Seen::Done => Some((nth, *to)),
                _ => None,
            });
            match next {
                Some((_, to)) if seen[to] == Seen::Open => return Err(to),
                Some((nth, to)) => path.extend([(chain, nth + 1), (to, 0)]),
                None => {
                    seen[chain] = Seen::Done;
                    order.push(chain);
                }
            }
        }
    }
    Ok(order)
}

impl Table<'_> {
    /// What chains have from those that they jump to.
    fn learn(&mut self) {
        for at in self.order.clone() {
            let of = |it: fn(&Read) -> bool| {
                self.chains[at].rules.iter().any(|(_, _, goes)| matches!(goes, Goes::To(to) if it(&self.chains[*to])))
            };
            let (by_way, diverts) = (of(|chain| chain.by_way), of(|chain| chain.diverts));
            self.chains[at].by_way |= by_way;
            self.chains[at].diverts |= diverts;
        }
        self.by_name = self.chains.iter().enumerate().map(|(at, chain)| (chain.name.clone(), at)).collect();
    }

    /// Whether any of its rules asks for the state of a connection.
    pub(super) fn asks_state(&self) -> bool {
        self.chains.iter().flat_map(|chain| &chain.rules).any(|(_, parsed, _)| parsed.asks_state)
    }

    /// Which chains are reached from this one.
    pub(super) fn reached(&self, from: usize) -> Vec<bool> {
        let mut reached = vec![false; self.chains.len()];
        reached[from] = true;
        for at in self.order.iter().rev().copied() {
            if reached[at] {
                for (_, _, goes) in &self.chains[at].rules {
                    if let Goes::To(to) = goes {
                        reached[*to] = true;
                    }
                }
            }
        }
        reached
    }
}
