//! From the tables of a family to layers and chains: which chains a packet meets on its way, in the order of the kernel's hooks.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};

use super::options::{KindTest, Parsed, Reading, parse};
use super::sets::Sets;
use super::target::{Does, does, unknown};
use super::text::{self, BASES, words};
use crate::firewall::addresses::Family;
use crate::firewall::dialects::Scope;
use crate::firewall::rules::{
    Answer, Chain, ChainId, Condition, Layer, Match, Names, NoteKind, Place, Policy, Replies, Rule, Rules, States,
    Then, Way,
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

/// A chain that leads back to itself: in which file, at which line, and its name.
pub(super) struct Circle(pub u16, pub usize, pub String);

/// Adds the layers of the tables of a family, each with its file.
pub(super) fn build(
    all: &[(u16, &text::Table)],
    family: Family,
    sets: &Sets,
    scope: &Scope,
    rules: &mut Rules,
) -> Result<(), Circle> {
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
    let asks_state = tables.iter().any(|table| table.name != "nat" && table.asks_state());
    let mut building = Building { tables, family, rules, made: HashMap::new(), bases: HashMap::new() };
    building.note_tables(asks_state);
    building.layers(scope, asks_state);
    Ok(())
}

fn states_policy(chain: &text::Chain) -> bool {
    chain.declared.is_some_and(|(_, policy)| policy != "-")
}

#[derive(Default)]
struct Table<'a> {
    name: &'a str,
    file: u16,
    line: usize,
    whole: bool,
    chains: Vec<Read>,
    /// Its chains, those that are jumped to before those that jump.
    order: Vec<usize>,
    /// Whether it states the policy of any of its own chains.
    has_bases: bool,
    by_name: HashMap<String, usize>,
}

/// A chain whose rules are understood.
struct Read {
    name: String,
    policy: Option<Policy>,
    rules: Vec<(Place, Parsed, Goes)>,
    /// Whether it, or a chain that it jumps to, is not the same on every way.
    by_way: bool,
    /// Whether it, or a chain that it jumps to, makes of the packet what later chains do not know.
    diverts: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Goes {
    To(usize),
    Does(Does),
}

/// What a chain is made for.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Made {
    /// To be asked.
    Asked(Option<Way>),
    /// To find what it diverts, for those that come behind it; `back`, for the answers to that.
    Diverting { way: Way, back: bool },
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
    // By their hashes: the words of a hundred thousand rules are not held twice for a note.
    let (mut seen, hash) = (HashSet::new(), RandomState::new());
    for (nth, written) in (1..).zip(&chain.rules) {
        let place = Place::new(file, written.line, format!("rule {nth} of {}{of}", chain.name), written.text);
        let all = words(written.text);
        let numbered = all.first().is_some_and(|word| word == "-I" || word == "--insert")
            && all.get(2).is_some_and(|word| word.bytes().all(|byte| byte.is_ascii_digit()));
        let own = all.get(if numbered { 3 } else { 2 }..).unwrap_or_default();
        if !seen.insert(hash.hash_one(own)) {
            rules.note(NoteKind::Duplicate, &place, "stands in this chain before, word for word");
        }
        let Some(mut parsed) = parse(own, Reading { family, sets, place: &place, rules }) else { continue };
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

    fn asks_state(&self) -> bool {
        self.chains.iter().flat_map(|chain| &chain.rules).any(|(_, parsed, _)| parsed.asks_state)
    }

    /// Which chains are reached from this one.
    fn reached(&self, from: usize) -> Vec<bool> {
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
            self.rules.note(NoteKind::Assumed, &place, what);
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

/// Where a rule sends packets on to, in words.
fn elsewhere(parsed: &Parsed) -> String {
    let after = |names: &[&str]| {
        let at = parsed.options.iter().position(|option| names.contains(&option.as_str()))?;
        parsed.options.get(at + 1).cloned()
    };
    match (after(&["--to-destination", "--to"]), after(&["--to-ports", "--to-port"])) {
        (Some(to), _) => to,
        (None, Some(port)) => format!("port {port} of this host"),
        (None, None) => "this host".to_owned(),
    }
}

/// What a rule matches on a way, which is what decides whether an address is the host's own.
fn on_way(parsed: &Parsed, way: Option<Way>, family: Family) -> Vec<Match> {
    let mut when = parsed.when.clone();
    // What goes out came in nowhere, and what comes in does not go out: a chain can be jumped to from either.
    when.retain(|when| match way {
        Some(Way::Out) => when.from.matches(""),
        Some(Way::In) => when.to.matches(""),
        _ => true,
    });
    for when in &mut when {
        match way {
            Some(Way::Out) => when.from = Names::any(),
            Some(Way::In) => when.to = Names::any(),
            _ => {}
        }
    }
    for test in &parsed.kinds {
        match way.and_then(|way| fits(test, way, family)) {
            Some(true) => {}
            Some(false) => when.clear(),
            None => {
                let end = if test.source { "source" } else { "destination" };
                let what = format!("the kind of its {end} is {}", test.kinds.join(" or "));
                let condition = if test.is { Condition::holds(what) } else { Condition::fails(what) };
                for when in &mut when {
                    when.conditions.push(condition.clone());
                }
            }
        }
    }
    when
}

/// Both ends of a connection are single hosts, of which one can be this one.
fn fits(test: &KindTest, way: Way, family: Family) -> Option<bool> {
    let own = match way {
        Way::In => !test.source,
        Way::Out => test.source,
        Way::Through => false,
    };
    let has = |kind: &str| test.kinds.iter().any(|one| one == kind);
    let none_but = |known: &[&str]| test.kinds.iter().all(|kind| known.contains(&kind.as_str()));
    let fits = match family {
        Family::V4 if none_but(&["LOCAL", "UNICAST", "BROADCAST", "MULTICAST", "ANYCAST", "UNSPEC"]) => {
            has(if own { "LOCAL" } else { "UNICAST" })
        }
        // Of IPv6 the kernel wants several kinds at a time, and to it the host's own addresses are unicast, too.
        Family::V6 if has("MULTICAST") || has("UNSPEC") => false,
        Family::V6 if none_but(&["UNICAST"]) => true,
        Family::V6 if none_but(&["LOCAL", "UNICAST", "ANYCAST"]) => has("LOCAL") && own,
        _ => return None,
    };
    Some(fits == test.is)
}

fn asked(
    rules: &mut Vec<Rule>,
    place: &Place,
    parsed: &Parsed,
    when: Vec<Match>,
    goes: Goes,
    to: impl Fn(usize) -> Option<Then>,
) {
    let then = match goes {
        Goes::To(chain) => match to(chain) {
            Some(then) => then,
            None => return,
        },
        Goes::Does(Does::Answers(answer)) => Then::Answer(answer),
        Goes::Does(Does::Returns) => Then::Return,
        Goes::Does(Does::Unknown) => {
            return either(rules, place, &when, &unknown(parsed.target.as_deref().unwrap_or_default()));
        }
        Goes::Does(Does::Logs) => {
            rules.push(Rule { logs: true, ..Rule::new(place.clone(), when, Then::Next) });
            return;
        }
        Goes::Does(Does::Nothing | Does::SendsElsewhere | Does::HidesSource | Does::Untracks) => Then::Next,
    };
    rules.push(Rule::new(place.clone(), when, then));
}

/// It may be let through, stopped, or neither.
fn either(rules: &mut Vec<Rule>, place: &Place, when: &[Match], why: &str) {
    for (answer, does) in [(Answer::Accept, "lets it pass"), (Answer::Drop, "stops it")] {
        let condition = Condition::holds(format!("{} {does}: {why}", place.name));
        let when = when.iter().map(|when| when.clone().on(condition.clone())).collect();
        rules.push(Rule::new(place.clone(), when, Then::Answer(answer)));
    }
}

fn diverting(
    rules: &mut Vec<Rule>,
    place: &Place,
    parsed: &Parsed,
    when: Vec<Match>,
    goes: Goes,
    to: impl Fn(usize) -> Option<Then>,
) {
    let what = match goes {
        Goes::To(chain) => {
            rules.extend(to(chain).map(|then| Rule::new(place.clone(), when, then)));
            return;
        }
        Goes::Does(Does::SendsElsewhere) => {
            format!("what {} sends on to {} is let through there", place.name, elsewhere(parsed))
        }
        Goes::Does(Does::Untracks) => format!("what {} takes out of connection tracking is let through", place.name),
        Goes::Does(Does::Unknown) => {
            format!("{} lets it pass: {}", place.name, unknown(parsed.target.as_deref().unwrap_or_default()))
        }
        Goes::Does(Does::Answers(_) | Does::Returns) => {
            rules.push(Rule::new(place.clone(), when, Then::Return));
            return;
        }
        Goes::Does(Does::Nothing | Does::Logs | Does::HidesSource) => return,
    };
    let unsure = when.iter().map(|when| when.clone().on(Condition::holds(what.as_str()))).collect();
    rules.push(Rule::new(place.clone(), unsure, Then::Answer(Answer::Accept)));
    rules.push(Rule::new(place.clone(), when, Then::Answer(Answer::Drop)));
}

/// What a rule that is asked for first packets diverts of all of a connection; `back`, of the answers.
fn diverted(when: Match, back: bool) -> Option<Match> {
    if !when.states.covers(States::NEW) {
        return None;
    }
    if !back {
        return Some(Match { states: States::ANY, flags: Vec::new(), ..when });
    }
    Some(Match {
        source: when.destination,
        destination: when.source,
        source_port: when.port,
        port: when.source_port,
        from: when.to,
        to: when.from,
        states: !States::NEW,
        flags: Vec::new(),
        ..when
    })
}
