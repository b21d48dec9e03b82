//! Lists at interfaces: which of them a packet meets where it comes in and where it goes out, and what decides where there is none.

use super::config::{At, Binding, Config, Entry, List};
use super::entries::{Around, Read, read};
use super::objects::{objects, protocol as protocol_of};
use crate::firewall::addresses::Family;
use crate::firewall::dialects::Input;
use crate::firewall::dialects::edge::{either, every_way, shown};
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{
    Answer, Chain, ChainId, Condition, File, FlagsTest, Match, Names, NoteKind, Place, Policy, Replies, Rule, Rules,
    Then,
};

/// The rules of a configuration.
pub(super) fn rules(mut config: Config, inputs: &[Input]) -> Rules {
    let mut rules = Rules {
        files: inputs.iter().map(|input| File { name: input.name.clone(), dialect: super::DIALECT.name }).collect(),
        ..Rules::default()
    };
    for (kind, place, what) in std::mem::take(&mut config.notes) {
        rules.note(kind, &place, what);
    }
    let mut objects = objects(&mut config, &mut rules);
    let mut chains = Vec::with_capacity(config.lists.len());
    for list in &config.lists {
        let around = Around { config: &config, objects: &mut objects, rules: &mut rules };
        chains.push(chain(list, around));
    }
    let mut binding = Bound { config: &config, rules: &mut rules, chains };
    let coming_in = binding.coming_in();
    let going_out = binding.going_out();
    let replies = if config.router { Replies::Forgotten } else { Replies::Remembered };
    let outward: Vec<String> = config.outward.iter().cloned().collect();
    let others = config.interfaces.iter().filter(|one| !one.aside).filter_map(|one| one.nameif.clone());
    // Where no list is bound, those that are may have been cut off.
    if !config.bindings.is_empty() {
        rules.faces(&outward, &others.filter(|name| !outward.contains(name)).collect::<Vec<_>>());
    }
    every_way(&mut rules, "access groups, coming in", &Ranges::all(), coming_in, replies);
    if let Some(going_out) = going_out {
        every_way(&mut rules, "access groups, going out", &Ranges::all(), going_out, replies);
    }
    rules
}

/// The lines of a list. What none of them answers goes back to where the list is bound.
fn chain(list: &List, around: Around) -> ChainId {
    let Around { config, objects, rules } = around;
    let name = format!("access list `{}`", shown(&list.name));
    let chain = rules.add_chain(Chain { name, rules: Vec::new(), policy: None });
    for (nth, entry) in (1..).zip(&list.entries) {
        let place = Place { name: format!("line {nth} of {}", shown(&list.name)).into(), ..entry.place.clone() };
        let mut around = Around { config, objects: &mut *objects, rules: &mut *rules };
        match read(list, entry, &place, &mut around) {
            Read::Nothing => {}
            Read::Rule(rule) => push(rules, chain, rule),
            Read::Trouble(why) => {
                let why = format!("{} {why}", place.name);
                rules.not_understood(chain, &place, &reach(entry), &why);
            }
        }
    }
    chain
}

/// What a line can be about that is not understood: at most the protocol that it begins with.
fn reach(entry: &Entry) -> Match {
    match entry.words.as_slice() {
        [verb, protocol, ..] if ["permit", "deny"].contains(&verb.as_str()) => match protocol_of(protocol) {
            Some(protocol) => Match { protocol, ..Match::any() },
            None => Match::any(),
        },
        _ => Match::any(),
    }
}

fn push(rules: &mut Rules, chain: ChainId, rule: Rule) {
    if let Some(chain) = rules.chains.get_mut(chain.0 as usize) {
        chain.rules.push(rule);
    }
}

struct Bound<'a> {
    config: &'a Config,
    rules: &'a mut Rules,
    /// The chain of each list.
    chains: Vec<ChainId>,
}

impl Bound<'_> {
    fn coming_in(&mut self) -> ChainId {
        let chain = self.rules.add_chain(Chain {
            name: "access groups, coming in".to_owned(),
            rules: Vec::new(),
            policy: None,
        });
        self.besides(chain);
        if self.config.bindings.is_empty() && self.config.interfaces.is_empty() {
            self.lists_alone(chain);
            return chain;
        }
        let mut bound = Vec::new();
        let mut global = None;
        for binding in &self.config.bindings {
            match &binding.at {
                At::In(interface) => {
                    self.list_at(chain, binding, |names| Match { from: names, ..Match::any() }, interface);
                    bound.push((interface.clone(), binding.v6));
                }
                At::Global => global = Some(binding),
                At::Out(_) => {}
            }
        }
        let place = Place::new(0, 0, "implicit deny", "");
        let answer = match global {
            Some(binding) => {
                if let Some(list) = self.list(binding) {
                    push(self.rules, chain, Rule::new(binding.place.clone(), vec![Match::any()], Then::Jump(list)));
                }
                Answer::Drop
            }
            None if self.config.router => {
                self.end_of_lists(chain, &bound, true);
                Answer::Accept
            }
            None => {
                self.end_of_lists(chain, &bound, true);
                self.by_level(chain, &bound);
                Answer::Drop
            }
        };
        let place = if answer.passes() { Place::new(0, 0, "interfaces without a list", "") } else { place };
        self.idle_lists(chain);
        self.policy(chain, answer, place);
        chain
    }

    fn going_out(&mut self) -> Option<ChainId> {
        let out: Vec<&Binding> =
            self.config.bindings.iter().filter(|binding| matches!(binding.at, At::Out(_))).collect();
        if out.is_empty() {
            return None;
        }
        let chain = self.rules.add_chain(Chain {
            name: "access groups, going out".to_owned(),
            rules: Vec::new(),
            policy: None,
        });
        self.replies(chain);
        let mut bound = Vec::new();
        for binding in out {
            if let At::Out(interface) = &binding.at {
                self.list_at(chain, binding, |names| Match { to: names, ..Match::any() }, interface);
                bound.push((interface.clone(), binding.v6));
            }
        }
        self.end_of_lists(chain, &bound, false);
        self.policy(chain, Answer::Accept, Place::new(0, 0, "interfaces without a list", ""));
        Some(chain)
    }

    fn policy(&mut self, chain: ChainId, answer: Answer, place: Place) {
        if let Some(chain) = self.rules.chains.get_mut(chain.0 as usize) {
            chain.policy = Some(Policy { answer, place });
        }
    }

    /// The chain of a bound list.
    fn list(&mut self, binding: &Binding) -> Option<ChainId> {
        let known = self.config.lists.iter().position(|list| list.name == binding.list && list.v6 == binding.v6);
        if known.is_none() {
            let what = format!("`{}` is no access list that these files define", shown(&binding.list));
            self.rules.note(NoteKind::Undefined, &binding.place, what);
        }
        known.and_then(|at| self.chains.get(at).copied())
    }

    fn list_at(&mut self, chain: ChainId, binding: &Binding, at: impl Fn(Names) -> Match, interface: &str) {
        let when = self.of_family(at(self.names(interface)), binding.v6);
        if binding.per_user {
            let why = "a list that was loaded for the user comes first (per-user-override)";
            either(self.rules, chain, &binding.place, std::slice::from_ref(&when), why);
        }
        if let Some(list) = self.list(binding) {
            push(self.rules, chain, Rule::new(binding.place.clone(), vec![when], Then::Jump(list)));
            return;
        }
        let why = format!("the access list `{}` is not in these files", shown(&binding.list));
        either(self.rules, chain, &binding.place, &[when], &why);
    }

    /// On a router, lists of one family know nothing of the other.
    fn of_family(&self, when: Match, v6: bool) -> Match {
        if !self.config.router {
            return when;
        }
        let all = if v6 { Family::V6.all() } else { Family::V4.all() };
        Match { source: all.clone(), destination: all, ..when }
    }

    /// An interface by whichever name somebody may know it.
    fn names(&self, interface: &str) -> Names {
        let physical = self.config.interfaces.iter().filter(|known| known.nameif.as_deref() == Some(interface));
        Names::one_of(std::iter::once(interface).chain(physical.map(|known| known.name.as_str())))
    }

    /// What no line of a list permits is denied.
    fn end_of_lists(&mut self, chain: ChainId, bound: &[(String, bool)], coming_in: bool) {
        for (interface, v6) in bound {
            let names = self.names(interface);
            let at =
                if coming_in { Match { from: names, ..Match::any() } } else { Match { to: names, ..Match::any() } };
            let when = self.of_family(at, *v6);
            let place = Place::new(0, 0, format!("implicit deny at {}", shown(interface)), "");
            push(self.rules, chain, Rule::new(place, vec![when], Then::Answer(Answer::Drop)));
        }
    }

    /// Without a list, an ASA lets pass what goes from a higher level to a lower one.
    fn by_level(&mut self, chain: ChainId, bound: &[(String, bool)]) {
        let named: Vec<(&str, Option<u32>)> = self
            .config
            .interfaces
            .iter()
            // Nothing passes through what is shut or for management alone.
            .filter(|interface| !interface.aside)
            .filter_map(|interface| Some((interface.nameif.as_deref()?, interface.level)))
            .collect();
        let place = Place::new(0, 0, "security levels", "");
        let with_lists: Vec<&str> = bound.iter().map(|(name, _)| name.as_str()).collect();
        let mut when = Vec::new();
        for (name, level) in named.iter().filter(|(name, _)| !with_lists.contains(name)) {
            let Some(level) = level else { continue };
            let passes = |other: &u32| other < level || (other == level && self.config.same_level);
            let to: Vec<&str> = named
                .iter()
                .filter(|(other, other_level)| other != name && other_level.as_ref().is_some_and(passes))
                .flat_map(|(other, _)| self.physical(other))
                .collect();
            if !to.is_empty() {
                when.push(Match { from: self.names(name), to: Names::one_of(to), ..Match::any() });
            }
        }
        // Interfaces that nobody speaks of have a level as well.
        if named.is_empty() || named.iter().any(|(_, level)| level.is_none()) {
            let others = Match { from: Names::none_of(with_lists.iter().copied()), ..Match::any() };
            when.push(others.on(Condition::holds(
                "it goes from a higher security level to a lower one, by interfaces without a list",
            )));
        }
        if !when.is_empty() {
            push(self.rules, chain, Rule::new(place, when, Then::Answer(Answer::Accept)));
        }
    }

    fn physical(&self, nameif: &'_ str) -> Vec<&str> {
        let all = self.config.interfaces.iter().filter(|known| known.nameif.as_deref() == Some(nameif));
        all.flat_map(|known| known.nameif.as_deref().into_iter().chain([known.name.as_str()])).collect()
    }

    /// Lists without the interfaces that they are bound to: each may be the one that is met, and what it does not permit is denied.
    fn lists_alone(&mut self, chain: ChainId) {
        let what =
            "no interface is in these files, nor which lists are bound to one: each list may be the one that is met";
        self.rules.note(NoteKind::Assumed, &Place::default(), what);
        for (list, at) in self.config.lists.iter().zip(self.chains.clone()) {
            let name = shown(&list.name);
            let when = Match::any().on(Condition::holds(format!("the access list `{name}` is bound where it passes")));
            let place = Place::new(0, 0, format!("access list `{name}`"), "");
            push(self.rules, chain, Rule::new(place, vec![self.of_family(when, list.v6)], Then::Jump(at)));
        }
        self.policy(chain, Answer::Drop, Place::new(0, 0, "implicit deny", ""));
    }

    /// Lists that are bound to nothing have no effect, and are told where they would have been the answer.
    fn idle_lists(&mut self, chain: ChainId) {
        for (list, at) in self.config.lists.iter().zip(self.chains.clone()) {
            if self.config.bindings.iter().any(|binding| binding.list == list.name && binding.v6 == list.v6) {
                continue;
            }
            let why = format!("the access list `{}` is bound to no interface", shown(&list.name));
            let place = list.entries.first().map(|entry| entry.place.clone()).unwrap_or_default();
            self.rules.note(NoteKind::Idle, &place, why.clone());
            let lines = self.rules.chain(at).map(|chain| chain.rules.clone()).unwrap_or_default();
            for line in lines {
                push(self.rules, chain, Rule { idle: Some(why.clone()), ..line });
            }
        }
    }

    /// What can pass or stop something besides the lists.
    fn besides(&mut self, chain: ChainId) {
        for (place, why) in &self.config.besides {
            if self.rules.notes.iter().all(|note| note.what != *why) {
                self.rules.note(NoteKind::NotUnderstood, place, why.clone());
                either(self.rules, chain, place, &[Match::any()], why);
            }
        }
        if self.config.same_level || self.config.back_out {
            let what = "same-security-traffic lets pass what interfaces without lists would stop, by their levels";
            self.rules.note(NoteKind::Assumed, &Place::default(), what);
        }
        self.replies(chain);
    }

    /// A router that inspects lets back in what belongs to what it let out.
    fn replies(&mut self, chain: ChainId) {
        if let Some(place) = self.config.inspects.first() {
            let back = Condition::holds("inspection (ip inspect) lets it back");
            let not_first = FlagsTest { mask: 0x12, set: 0x02, is: false };
            let tcp = Match { protocol: Ranges::one(6_u8), flags: vec![not_first], ..Match::any() };
            let udp = Match { protocol: Ranges::one(17_u8), ..Match::any() };
            let when = [tcp, udp].map(|when| when.on(back.clone())).to_vec();
            push(self.rules, chain, Rule::new(place.clone(), when, Then::Answer(Answer::Accept)));
        }
    }
}
