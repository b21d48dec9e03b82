//! An exported ruleset as layers: every base chain is one, in the order in which packets meet them, and each has to let them pass.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::EXPORT;
use super::matching::{Reading, Sets};
use super::passing::Passing;
use super::ruleset::{Base, Chain, Other, Ruleset, text};
use super::{fields, render, statements};
use crate::firewall::addresses::Family;
use crate::firewall::dialects::{Input, Scope, Unread};
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{
    self, Answer, ChainId, Condition, File, Layer, Match, Names, NoteKind, Place, Policy, Replies, Rule, Rules, States,
    Then, Way,
};

/// More alternatives than that are not told apart in a file.
const MOST_ALTERNATIVES: usize = 500_000;

/// More of what may be translated is not told apart.
const MOST_TRANSLATED: usize = 64;

/// The dialect's name, and what a file is said to be written in.
const NAME: &str = "nftables";

/// Whether a text is a ruleset, be it as JSON or as nft prints it otherwise.
pub(super) fn recognises(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.starts_with('{') {
        let beginning: String = text.chars().skip(1).take(200).collect();
        return beginning.trim_start().starts_with("\"nftables\"");
    }
    is_text(text)
}

/// Whether it is the language that people write.
fn is_text(text: &str) -> bool {
    text.lines().take(2000).any(|line| {
        let words: Vec<&str> = line.split_whitespace().take(3).collect();
        matches!(
            words.as_slice(),
            ["table", "ip" | "ip6" | "inet" | "bridge" | "arp" | "netdev", ..]
                | ["add", "table" | "chain" | "rule", ..]
                | ["flush", "ruleset", ..]
                | ["#!/usr/sbin/nft" | "#!/sbin/nft", ..]
        )
    })
}

/// Reads rulesets: what passes has to pass every one of them.
pub(super) fn read(inputs: &[Input], scope: &Scope) -> Result<Rules, Unread> {
    let mut all = Rules::default();
    for input in inputs {
        let objects = parsed(input)?;
        let mut ruleset = Ruleset::default();
        for object in &objects {
            ruleset.take(object);
        }
        ruleset.mark_growing();
        all.join(Assembly::of(&ruleset, input, scope).rules);
    }
    in_order(&mut all.layers);
    open_where_nothing_is(&mut all);
    Ok(all)
}

fn parsed(input: &Input) -> Result<Vec<Value>, Unread> {
    let unread = |line, why: String| Unread { file: input.name.clone(), line, why };
    let text = input.text.trim_start_matches('\u{feff}');
    if is_text(text) && !text.trim_start().starts_with('{') {
        let why = format!("is the text that nft prints for people; `{EXPORT}` exports the ruleset as it is read here");
        return Err(unread(None, why));
    }
    let mut file: Value = serde_json::from_str(text).map_err(|error| {
        unread(Some(error.line()), format!("is no JSON ({error}); `{EXPORT}` exports the ruleset as it is read here"))
    })?;
    match file.get_mut("nftables").map(Value::take) {
        Some(Value::Array(objects)) => Ok(objects),
        _ => Err(unread(None, format!("holds no list called `nftables`, which is what `{EXPORT}` prints"))),
    }
}

/// Layers stand in the order in which packets meet them; a file may list its tables in any.
fn in_order(layers: &mut [Layer]) {
    layers.sort_by_key(|layer| layer.way);
}

/// Without a base chain packets pass, and that is said by a layer: a layer that is missing would say that nothing is known.
fn open_where_nothing_is(rules: &mut Rules) {
    for way in [Way::In, Way::Out, Way::Through] {
        let judged = Ranges::any_of(rules.layers.iter().filter(|layer| layer.way == way).map(|layer| &layer.families));
        let open = judged.not();
        if open.is_empty() {
            continue;
        }
        let hook = match way {
            Way::In => "input",
            Way::Out => "output",
            Way::Through => "forward",
        };
        let families: Vec<&str> =
            Family::BOTH.into_iter().filter(|it| open.overlaps(&it.all())).map(Family::as_str).collect();
        let what = format!("no base chain on {hook} for {}", families.join(" and "));
        let place = Place::new(0, 0, what.clone(), "");
        let policy = Some(Policy { answer: Answer::Accept, place });
        let chain = rules.add_chain(rules::Chain { name: what.clone(), rules: Vec::new(), policy });
        rules.layers.push(Layer { name: what, way, families: open, chain, replies: Replies::ByState });
    }
}

/// One file as rules.
struct Assembly<'r, 'v> {
    ruleset: &'r Ruleset<'v>,
    rules: Rules,
    ids: Vec<ChainId>,
}

impl<'r, 'v> Assembly<'r, 'v> {
    fn of(ruleset: &'r Ruleset<'v>, input: &Input, scope: &Scope) -> Self {
        let file = File { name: input.name.clone(), dialect: NAME };
        let mut rules = Rules { files: vec![file], ..Rules::default() };
        let ids = ruleset.chains.iter().map(|chain| rules.add_chain(empty(chain))).collect();
        let mut assembly = Assembly { ruleset, rules, ids };
        let entered = assembly.entered(scope);
        let passing = assembly.passing(&entered);
        assembly.layers(&entered);
        assembly.chains(&entered, &passing);
        assembly.notes(&passing);
        assembly
    }

    /// The base chains that packets enter, in the order in which they do.
    fn entered(&mut self, scope: &Scope) -> Vec<usize> {
        let ruleset = self.ruleset;
        let bases =
            || ruleset.chains.iter().enumerate().filter_map(|(at, chain)| Some((at, chain, chain.base.as_ref()?)));
        let named = |chain: &Chain| {
            let (table, family) = (chain.table.name, chain.table.family);
            let whole = format!("{family} {table} {}", chain.name);
            scope.names(&[table, &chain.table.in_words(), &whole])
        };
        let some_named = bases().any(|(_, chain, _)| named(chain));
        let mut entered: Vec<(usize, i64, usize)> = Vec::new();
        for (at, chain, base) in bases() {
            if some_named && !named(chain) {
                continue;
            }
            if ruleset.dormant.contains(&chain.table) {
                let what = format!("the table `{}` is dormant, so its chains are not asked", chain.table.in_words());
                self.rules.note(NoteKind::Idle, &of_chain(chain), what);
                continue;
            }
            if chain.table.family == "arp" {
                self.rules.note(
                    NoteKind::Assumed,
                    &of_chain(chain),
                    "ARP is taken to be answered: it is not looked at",
                );
                continue;
            }
            if let Some(rank) = HOOKS.iter().position(|hook| *hook == base.hook) {
                entered.push((rank, base.priority, at));
            } else {
                let what = format!("the hook `{}` is not known", base.hook);
                self.rules.note(NoteKind::NotUnderstood, &of_chain(chain), what);
            }
        }
        entered.sort_unstable();
        entered.into_iter().map(|(_, _, at)| at).collect()
    }

    /// Which packets come by each chain, be it by way of others.
    fn passing(&self, entered: &[usize]) -> Vec<Option<Passing>> {
        let targets: Vec<Vec<usize>> = self.ruleset.chains.iter().map(|chain| self.targets(chain)).collect();
        let mut passing: Vec<Option<Passing>> = vec![None; targets.len()];
        let bases = entered.iter().filter_map(|at| Some((*at, passing_by(self.ruleset.chains[*at].base.as_ref()?))));
        let mut open: Vec<(usize, Passing)> = bases.collect();
        // A chain is looked at again only where more comes by than was known: a handful of times at most.
        while let Some((at, comes)) = open.pop() {
            let all = passing[at].unwrap_or_default().with(comes);
            if passing[at] != Some(all) {
                passing[at] = Some(all);
                open.extend(targets[at].iter().map(|to| (*to, all)));
            }
        }
        passing
    }

    /// The chains that rules of a chain lead to.
    fn targets(&self, chain: &Chain<'v>) -> Vec<usize> {
        let mut targets = Vec::new();
        let mut add = |verdict: &Value| {
            let to = verdict.get("jump").or(verdict.get("goto")).and_then(|to| text(to, "target"));
            targets.extend(to.and_then(|to| self.ruleset.by_name.get(&(chain.table, to))));
        };
        for statement in chain.rules.iter().flat_map(|rule| rule["expr"].as_array().into_iter().flatten()) {
            add(statement);
            let Some(data) = statement.get("vmap").map(|vmap| &vmap["data"]) else { continue };
            let named = data.as_str().and_then(|name| name.strip_prefix('@'));
            let elements = match named.and_then(|name| self.ruleset.sets.get(&(chain.table, name))) {
                Some(map) => map.elements,
                None => data["set"].as_array().map_or(&[][..], Vec::as_slice),
            };
            for element in elements {
                add(&element[1]);
            }
        }
        targets.sort_unstable();
        targets.dedup();
        targets
    }

    fn layers(&mut self, entered: &[usize]) {
        for at in entered {
            let chain = &self.ruleset.chains[*at];
            let Some(base) = &chain.base else { continue };
            for way in ways(base.hook) {
                self.rules.layers.push(Layer {
                    name: format!("{} {} (priority {})", chain.table.in_words(), chain.name, base.priority),
                    way: *way,
                    families: chain.table.families(),
                    chain: self.ids[*at],
                    replies: Replies::ByState,
                });
            }
        }
    }

    fn chains(&mut self, entered: &[usize], passing: &[Option<Passing>]) {
        let entered: HashSet<usize> = entered.iter().copied().collect();
        let ruleset = self.ruleset;
        let marks_change = ruleset.chains.iter().flat_map(|chain| &chain.rules).any(|rule| sets_a_mark(rule));
        let mut known = HashMap::new();
        let (mut combinations, mut left) = (HashMap::new(), MOST_ALTERNATIVES);
        let translated = self.translated(passing, &mut known);
        for (at, chain) in ruleset.chains.iter().enumerate() {
            let Some(passes) = passing[at] else { continue };
            let id = self.ids[at];
            if entered.contains(&at) {
                self.enter(chain, id);
            }
            let target = |name: &str| ruleset.by_name.get(&(chain.table, name)).map(|at| self.ids[*at]);
            for (nth, rule) in (1_usize..).zip(&chain.rules) {
                let place = of_rule(chain, rule, nth);
                let mut reading = Reading {
                    sets: &ruleset.sets,
                    table: chain.table,
                    place: &place,
                    passing: passes,
                    translated: &translated,
                    marks_change,
                    known: &mut known,
                    combinations: &mut combinations,
                    left: &mut left,
                    rules: &mut self.rules,
                };
                statements::rule(&mut reading, id, &target, rule);
            }
        }
    }

    /// What rules that translate may match at most: others ask whether something was translated.
    fn translated(&mut self, passing: &[Option<Passing>], known: &mut Sets<'v>) -> Vec<Match> {
        let ruleset = self.ruleset;
        let mut all = Vec::new();
        for (chain, passing) in ruleset.chains.iter().zip(passing) {
            let Some(passing) = *passing else { continue };
            for rule in chain.rules.iter().filter(|rule| translates(rule)) {
                let mut reading = Reading {
                    sets: &ruleset.sets,
                    table: chain.table,
                    place: &Place::default(),
                    passing,
                    translated: &[],
                    marks_change: true,
                    known,
                    combinations: &mut HashMap::new(),
                    left: &mut 10_000,
                    rules: &mut Rules::default(),
                };
                let within = Match { source: chain.table.families(), ..Match::any() };
                let reach = statements::reach(&mut reading, rule);
                all.extend(reach.iter().filter_map(|when| when.and(&within)));
                if all.len() > MOST_TRANSLATED {
                    return vec![Match::any()];
                }
            }
        }
        all
    }

    /// What does not come by a base chain, though the layer stands for all packets: it passes.
    fn enter(&mut self, chain: &Chain<'v>, id: ChainId) {
        let Some(base) = &chain.base else { return };
        let mut passed = Vec::new();
        if base.kind == "nat" {
            passed.push(Match { states: !States::NEW, ..Match::any() });
        }
        if chain.table.family == "bridge" {
            passed.push(Match::any().on(Condition::fails("it crosses a bridge of this host")));
        }
        if matches!(base.hook, "ingress" | "egress") {
            passed.push(match (base.devices.as_slice(), base.hook) {
                ([], _) => {
                    let words = format!("it passes a device of {} {}", chain.table.in_words(), chain.name);
                    Match::any().on(Condition::fails(words))
                }
                (devices, "egress") => Match { to: Names::none_of(devices.iter().copied()), ..Match::any() },
                (devices, _) => Match { from: Names::none_of(devices.iter().copied()), ..Match::any() },
            });
        }
        if let Some(into) = self.rules.chains.get_mut(id.0 as usize)
            && !passed.is_empty()
        {
            into.rules.push(Rule::new(of_chain(chain), passed, Then::Answer(Answer::Accept)));
        }
    }

    fn notes(&mut self, passing: &[Option<Passing>]) {
        let ruleset = self.ruleset;
        for (chain, passing) in ruleset.chains.iter().zip(passing) {
            if passing.is_none() && chain.base.is_none() && !chain.rules.is_empty() {
                self.rules.note(NoteKind::Idle, &of_chain(chain), "nothing leads to this chain");
            }
        }
        for chain in &ruleset.chains {
            for (nth, rule) in (1_usize..).zip(&chain.rules).filter(|(_, rule)| asks_for_the_way_back(rule)) {
                let what = "there is taken to be a way back to whoever asks, by the interface that he comes in by";
                self.rules.note(NoteKind::Assumed, &of_rule(chain, rule, nth), what);
            }
        }
        for other in &ruleset.others {
            let place = Place::default();
            match other {
                Other::Flowtable(name) => self.rules.note(
                    NoteKind::Assumed,
                    &Place::new(0, 0, format!("flowtable {name}"), ""),
                    "connections that were let through once and are handed to it pass without further rules",
                ),
                Other::Command(word) => {
                    self.rules.note(NoteKind::NotUnderstood, &place, format!("the command `{word}` is not followed"));
                }
                Other::Unknown(word) => {
                    self.rules.note(NoteKind::NotUnderstood, &place, format!("`{word}` is not known"));
                }
                Other::Stray(table, chain) => self.rules.note(
                    NoteKind::NotUnderstood,
                    &place,
                    format!("there is a rule of {} {chain}, which is not in this file", table.in_words()),
                ),
            }
        }
    }
}

impl Passing {
    fn with(self, other: Passing) -> Passing {
        Passing {
            inward: self.inward || other.inward,
            outward: self.outward || other.outward,
            through: self.through || other.through,
            before_routing: self.before_routing || other.before_routing,
            after_routing: self.after_routing || other.after_routing,
            before_tracking: self.before_tracking || other.before_tracking,
            after_tracking: self.after_tracking || other.after_tracking,
        }
    }
}

/// The hooks, in the order in which a packet meets them.
const HOOKS: &[&str] = &["ingress", "prerouting", "input", "forward", "output", "postrouting", "egress"];

fn ways(hook: &str) -> &'static [Way] {
    match hook {
        "ingress" | "prerouting" => &[Way::In, Way::Through],
        "input" => &[Way::In],
        "forward" => &[Way::Through],
        "output" => &[Way::Out],
        _ => &[Way::Out, Way::Through],
    }
}

/// Connections are tracked from this priority on, in the hooks by which packets enter.
const TRACKING: i64 = -200;

fn passing_by(base: &Base) -> Passing {
    let ways = ways(base.hook);
    let before_routing = matches!(base.hook, "ingress" | "prerouting" | "input");
    let enters = matches!(base.hook, "prerouting" | "output");
    let before_tracking = base.hook == "ingress" || enters && base.priority < TRACKING;
    Passing {
        inward: ways.contains(&Way::In),
        outward: ways.contains(&Way::Out),
        through: ways.contains(&Way::Through),
        before_routing,
        after_routing: !before_routing,
        before_tracking,
        after_tracking: !before_tracking,
    }
}

fn empty(chain: &Chain) -> rules::Chain {
    let policy = chain.base.as_ref().map(|base| Policy { answer: base.policy, place: of_chain(chain) });
    rules::Chain { name: format!("{} {}", chain.table.in_words(), chain.name), rules: Vec::new(), policy }
}

fn of_chain(chain: &Chain) -> Place {
    let name = format!("chain {} {}", chain.table.in_words(), chain.name);
    let quoted = match &chain.base {
        Some(Base { kind, hook, priority, policy, .. }) => {
            let policy = if policy.passes() { "accept" } else { "drop" };
            format!("chain {} {{ type {kind} hook {hook} priority {priority}; policy {policy}; }}", chain.name)
        }
        None => format!("chain {}", chain.name),
    };
    Place::new(0, 0, name, &quoted)
}

fn of_rule(chain: &Chain, rule: &Value, nth: usize) -> Place {
    let of = format!("{} {}", chain.table.in_words(), chain.name);
    let name = match rule["handle"].as_u64() {
        Some(handle) => format!("handle {handle} of {of}"),
        None => format!("rule {nth} of {of}"),
    };
    Place::new(0, 0, name, &render::rule(rule))
}

/// Whether a rule changes where packets go, before others are asked about them.
fn translates(rule: &Value) -> bool {
    let statements = rule["expr"].as_array();
    statements.into_iter().flatten().any(|it| ["dnat", "redirect", "tproxy"].iter().any(|word| it.get(*word).is_some()))
}

/// Whether a rule asks whether what comes in could be answered the way it came.
fn asks_for_the_way_back(rule: &Value) -> bool {
    let matches = rule["expr"].as_array().into_iter().flatten().filter_map(|it| it.get("match"));
    matches
        .filter_map(|what| fields::fib(&what["left"]))
        .any(|(result, flags)| result == "oif" && flags.contains(&"saddr"))
}

fn sets_a_mark(rule: &Value) -> bool {
    let statements = rule["expr"].as_array();
    statements.into_iter().flatten().filter_map(|it| it.get("mangle")).any(|mangle| {
        let key = &mangle["key"];
        ["meta", "ct"].iter().any(|of| key.get(*of).is_some_and(|it| it["key"] == "mark"))
    })
}
