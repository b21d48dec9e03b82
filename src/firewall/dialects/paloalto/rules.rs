//! Security rules of PAN-OS: which come first, what each matches, and what becomes of what none of them matches.

use super::applications;
use super::config::{Commands, Config, Home, Kind, List, Setting};
use super::objects::{Objects, objects};
use crate::firewall::addresses::Family;
use crate::firewall::dialects::edge::services::Service;
use crate::firewall::dialects::edge::{Alternative, Fields, addresses, either, every_way, one_of, services, shown};
use crate::firewall::dialects::{Input, Scope};
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{
    Answer, Chain, ChainId, Condition, File, Match, Names, NoteKind, Place, Policy, Replies, Rule, Rules, Then,
};

/// The rules of a configuration.
pub(super) fn rules(mut config: Config, inputs: &[Input], scope: &Scope) -> Rules {
    let files = inputs.iter().map(|input| File { name: input.name.clone(), dialect: super::DIALECT.name });
    let mut rules = Rules { files: files.collect(), ..Rules::default() };
    for (kind, place, what) in std::mem::take(&mut config.notes) {
        rules.note(kind, &place, what);
    }
    let mut objects = objects(&mut config, &mut rules);
    if config.translates {
        let what = "security rules hold addresses as they are before NAT, and zones as they are behind it";
        rules.note(NoteKind::Assumed, &Place::default(), what);
    }
    let mut behind: Vec<usize> = (1..config.scopes.len()).filter(|home| config.scopes[*home].has_rules()).collect();
    if behind.is_empty() {
        behind.push(0);
    }
    let named: Vec<usize> = behind.iter().copied().filter(|home| scope.holds(&[&config.scopes[*home].name])).collect();
    if named.is_empty() {
        let what =
            format!("`{}` is no virtual system or device group with rules in these files", scope.only.join(", "));
        rules.note(NoteKind::NotUnderstood, &Place::default(), what);
    } else {
        behind = named;
    }
    if let [home] = behind.as_slice() {
        let outward = config.outward().unwrap_or_default();
        let zones = &config.scopes[*home].zones;
        let others: Vec<String> = zones.iter().filter(|zone| !outward.contains(zone)).cloned().collect();
        rules.faces(&outward, &others);
    }
    let chains: Vec<(String, ChainId)> = behind
        .into_iter()
        .map(|home| (config.scopes[home].in_words(), of_home(&config, home, &mut objects, &mut rules)))
        .collect();
    let first = one_of(&mut rules, &chains);
    every_way(&mut rules, "security rules", &Ranges::all(), first, Replies::Remembered);
    rules
}

/// All that is asked for a virtual system or device group, in order.
fn of_home(config: &Config, home: usize, objects: &mut Objects, rules: &mut Rules) -> ChainId {
    let own = &config.scopes[home];
    // From what all share inwards, and out again.
    let mut around = vec![home];
    while let Some(within) = config.scopes[around[around.len() - 1]].within.as_ref()
        && let Some(next) = config.scopes.iter().position(|home| home.name == *within && home.kind == Kind::DeviceGroup)
        && !around.contains(&next)
    {
        around.push(next);
    }
    if !around.contains(&0) {
        around.push(0);
    }
    let name = if own.kind == Kind::Firewall { "security rules".to_owned() } else { own.in_words() };
    let chain = rules.add_chain(Chain { name, rules: Vec::new(), policy: None });
    let mut walk = Walk { chain, objects, rules };
    for at in around.iter().rev() {
        walk.list(*at, &config.scopes[*at].lists[0]);
    }
    walk.list(home, &own.lists[1]);
    if own.lists[1].rules.is_empty() && own.kind != Kind::Vsys && own.kind != Kind::Firewall {
        walk.of_the_firewall_itself();
    }
    for at in &around {
        walk.list(*at, &config.scopes[*at].lists[2]);
    }
    let zones = zones(around.iter().map(|at| &config.scopes[*at]));
    let defaults: Vec<&Setting> = around.iter().rev().flat_map(|at| &config.scopes[*at].defaults).collect();
    walk.defaults(&defaults, &zones);
    chain
}

/// Every zone that is defined or spoken of.
fn zones<'a>(homes: impl Iterator<Item = &'a Home>) -> Vec<String> {
    let mut zones = std::collections::BTreeSet::new();
    for home in homes {
        zones.extend(home.zones.iter().cloned());
        for setting in home.lists.iter().flat_map(|list| &list.rules).flat_map(|rule| &rule.settings) {
            for (key, values) in setting.each(IN_FULL).unwrap_or_default() {
                if matches!(key, "from" | "to") {
                    zones.extend(values.into_iter().filter(|zone| *zone != "any").map(ToOwned::to_owned));
                }
            }
        }
    }
    zones.into_iter().collect()
}

struct Walk<'a> {
    chain: ChainId,
    objects: &'a mut Objects,
    rules: &'a mut Rules,
}

impl Walk<'_> {
    fn push(&mut self, rule: Rule) {
        if let Some(chain) = self.rules.chains.get_mut(self.chain.0 as usize) {
            chain.rules.push(rule);
        }
    }

    fn list(&mut self, home: usize, list: &List) {
        for commands in list.in_order() {
            let place = place(commands);
            if let Some(why) = &commands.lost {
                self.rules.not_understood(self.chain, &place, &Match::any(), why);
                continue;
            }
            let said = said(commands);
            self.rule(home, commands, place, said);
        }
    }

    fn rule(&mut self, home: usize, commands: &Commands, place: Place, mut said: Said) {
        let matches = said.fields(home, &place, self.objects, self.rules).matches();
        let name = shown(&commands.name);
        if matches.is_none() {
            said.troubled("comes to too many combinations".to_owned());
        }
        let when = matches.unwrap_or_else(|| vec![Match::any()]);
        if said.disabled {
            self.rules.note(NoteKind::Idle, &place, format!("rule `{name}` is disabled"));
        } else if let Some(why) = &said.trouble {
            let why = format!("rule `{name}` {why}");
            self.rules.note(NoteKind::NotUnderstood, &place, why.clone());
            either(self.rules, self.chain, &place, &when, &why);
            return;
        }
        let answer = said.action.unwrap_or(Answer::Drop);
        self.push(Rule {
            place,
            when,
            then: Then::Answer(answer),
            logs: said.logs.contains(&true),
            idle: said.disabled.then(|| "it is disabled".to_owned()),
        });
    }

    /// Panorama does not hold the rules that firewalls have of their own, between the ones that it puts around them.
    fn of_the_firewall_itself(&mut self) {
        let what = "rules that the firewalls have of their own, between Panorama's pre- and post-rules, are not in these files";
        self.rules.note(NoteKind::Assumed, &Place::default(), what);
        let place = Place::new(0, 0, "rules of the firewall itself", "");
        either(self.rules, self.chain, &place, &[Match::any()], "a rule that the firewall has of its own");
    }

    /// Within a zone everything passes and between zones nothing, unless that was overridden. What comes in by a zone and goes out by
    /// the same one is named by that zone twice.
    fn defaults(&mut self, settings: &[&Setting], zones: &[String]) {
        let within = self.default_rule("intrazone-default", Answer::Accept, settings);
        let between = self.default_rule("interzone-default", Answer::Drop, settings);
        if within.0 != between.0 {
            // A zone that nobody speaks of is one as well.
            let known = zones.iter().map(String::as_str).chain(["any other zone"]);
            let within_one = |zone| Match { from: Names::one_of([zone]), to: Names::one_of([zone]), ..Match::any() };
            let when = known.map(within_one).collect();
            self.push(Rule { logs: within.2, ..Rule::new(within.1, when, Then::Answer(within.0)) });
        }
        if between.2 {
            let all = vec![Match::any()];
            self.push(Rule { logs: true, ..Rule::new(between.1.clone(), all, Then::Answer(between.0)) });
        }
        if let Some(chain) = self.rules.chains.get_mut(self.chain.0 as usize) {
            chain.policy = Some(Policy { answer: between.0, place: between.1 });
        }
    }

    fn default_rule(&mut self, name: &str, answer: Answer, settings: &[&Setting]) -> (Answer, Place, bool) {
        let mut said = (answer, Place::new(0, 0, name, ""), false);
        for setting in settings.iter().filter(|setting| setting.words.first().is_some_and(|word| word == name)) {
            let rest = Setting {
                place: setting.place.clone(),
                words: setting.words[1..].to_vec(),
                brackets: setting.brackets[1..].to_vec(),
                odd: setting.odd,
            };
            let each = rest.each(IN_FULL).map(|each| {
                each.into_iter().map(|(key, values)| (key.to_owned(), values.join(" "))).collect::<Vec<_>>()
            });
            for (key, value) in each.unwrap_or_else(|why| vec![(why, String::new())]) {
                match (key.as_str(), action(&value)) {
                    ("action", Some(answer)) => said = (answer, setting.place.clone(), said.2),
                    ("log-start" | "log-end", _) => said.2 |= value == "yes",
                    ("log-setting" | "profile-setting" | "tag" | "description" | "group-tag", _) => {}
                    _ => {
                        let why = format!("rule `{name}` has a setting that is not understood: `{}`", shown(&key));
                        self.rules.not_understood(self.chain, &setting.place, &Match::any(), &why);
                    }
                }
            }
        }
        said
    }
}

/// Keys whose value is all that follows.
const IN_FULL: &[&str] = &["profile-setting", "option", "qos", "target", "saas-user-list", "saas-tenant-list"];

/// What the commands about a rule say.
#[derive(Default)]
struct Said<'a> {
    lists: [Option<Vec<&'a str>>; 6],
    action: Option<Answer>,
    disabled: bool,
    /// At the beginning of a session, and at its end.
    logs: [bool; 2],
    tells: bool,
    negate_source: bool,
    negate_destination: bool,
    /// `universal`, where nothing is said.
    rule_type: Option<&'a str>,
    schedule: Option<&'a str>,
    conditions: Vec<Condition>,
    trouble: Option<String>,
}

/// The lists that every rule has.
const LISTS: [&str; 6] = ["from", "to", "source", "destination", "service", "application"];

fn action(word: &str) -> Option<Answer> {
    match word {
        "allow" => Some(Answer::Accept),
        "deny" | "drop" => Some(Answer::Drop),
        "reset-client" | "reset-server" | "reset-both" => Some(Answer::Reject),
        _ => None,
    }
}

fn said(commands: &Commands) -> Said<'_> {
    // Unless it is told otherwise, a rule logs the end of a session.
    let mut said = Said { logs: [false, true], ..Said::default() };
    for setting in &commands.settings {
        match setting.each(IN_FULL) {
            Ok(each) => each.into_iter().for_each(|(key, values)| said.hear(key, values)),
            Err(why) => said.troubled(why),
        }
    }
    for (list, key) in said.lists.iter().zip(LISTS) {
        if list.is_none() && said.trouble.is_none() {
            said.trouble = Some(format!("says no `{key}`, without which PAN-OS takes no rule"));
        }
    }
    if said.action.is_none() {
        said.troubled("says no action that is known".to_owned());
    }
    if said.tells && said.action == Some(Answer::Drop) {
        said.action = Some(Answer::Reject);
    }
    said
}

impl<'a> Said<'a> {
    fn troubled(&mut self, why: String) {
        self.trouble.get_or_insert(why);
    }

    fn hear(&mut self, key: &'a str, values: Vec<&'a str>) {
        if let Some(at) = LISTS.iter().position(|list| *list == key) {
            self.lists[at].get_or_insert_default().extend(values);
            return;
        }
        let value = values.first().copied().unwrap_or_default();
        let yes = match value {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        };
        match (key, yes) {
            ("disabled", Some(yes)) => self.disabled = yes,
            ("negate-source", Some(yes)) => self.negate_source = yes,
            ("negate-destination", Some(yes)) => self.negate_destination = yes,
            ("log-start", Some(yes)) => self.logs[0] = yes,
            ("log-end", Some(yes)) => self.logs[1] = yes,
            ("icmp-unreachable", Some(yes)) => self.tells = yes,
            ("action", _) => match action(value) {
                Some(answer) => self.action = Some(answer),
                None => self.troubled(format!("has an action that is not understood: `{}`", shown(value))),
            },
            ("rule-type", _) if ["universal", "intrazone", "interzone"].contains(&value) => {
                self.rule_type = Some(value);
            }
            ("schedule", _) => self.schedule = Some(value),
            (
                "source-user" | "category" | "source-hip" | "destination-hip" | "hip-profiles" | "source-device"
                | "destination-device" | "source-imsi" | "source-imei" | "source-nw-slice",
                _,
            ) => {
                let others: Vec<String> =
                    values.iter().filter(|value| **value != "any").map(|value| shown(value)).collect();
                if !others.is_empty() && others.len() == values.len() {
                    self.conditions.push(Condition::holds(format!("its {key} is {}", others.join(" or "))));
                }
            }
            ("target", _) => {
                let devices: Vec<&str> =
                    values.iter().copied().filter(|value| !matches!(*value, "negate" | "no")).collect();
                if !devices.is_empty() {
                    let what = format!("the firewall is a target of the rule ({})", shown(&devices.join(" ")));
                    self.conditions.push(Condition::holds(what));
                }
            }
            ("saas-user-list" | "saas-tenant-list", _) => {
                self.conditions.push(Condition::holds(format!("its {key} is {}", shown(&values.join(" ")))));
            }
            (
                "description"
                | "tag"
                | "group-tag"
                | "uuid"
                | "profile-setting"
                | "option"
                | "qos"
                | "log-setting"
                | "audit-comment"
                | "disable-inspect"
                | "disable-server-response-inspection",
                _,
            ) => {}
            _ => self.troubled(format!("has a setting that is not understood: `{} {}`", shown(key), shown(value))),
        }
    }

    fn list(&self, name: &str) -> &[&'a str] {
        let at = LISTS.iter().position(|list| *list == name);
        at.and_then(|at| self.lists[at].as_deref()).unwrap_or(&["any"])
    }

    fn fields(&mut self, home: usize, place: &Place, objects: &mut Objects, rules: &mut Rules) -> Fields {
        let mut conditions = std::mem::take(&mut self.conditions);
        if let Some(schedule) = self.schedule {
            let written = [home, 0].iter().find_map(|home| objects.schedules.get(&(*home, schedule.to_owned())));
            let written = written.map_or("not defined in these files", String::as_str);
            conditions.push(Condition::holds(format!("the schedule `{}` is on ({written})", shown(schedule))));
        }
        let mut side = |list: &str, negated: bool, side: &str| {
            let meaning = objects.addresses.meanings(home, self.list(list).iter().copied(), place, rules);
            let mut all = addresses(&meaning, side, &Ranges::all(), negated);
            if negated && meaning.unsure.is_empty() {
                // Of a negated list of one family, nobody says what it makes of the other.
                for family in Family::BOTH.map(Family::all).iter().filter(|family| !family.overlaps(&meaning.known)) {
                    let what = format!("a negated {side} takes in the family of addresses that it does not name");
                    let apart = all.iter().map(|(set, _)| set.minus(family)).collect::<Vec<_>>();
                    all = apart.into_iter().map(|set| (set, Vec::new())).collect();
                    all.push((family.clone(), vec![Condition::holds(what)]));
                }
            }
            all
        };
        let sources = side("source", self.negate_source, "source");
        let destinations = side("destination", self.negate_destination, "destination");
        Fields {
            sources,
            destinations,
            services: self.services(home, place, objects, rules),
            zones: self.zones(&mut conditions),
            conditions,
        }
    }

    fn services(
        &self,
        home: usize,
        place: &Place,
        objects: &mut Objects,
        rules: &mut Rules,
    ) -> Vec<Alternative<Service>> {
        let (services_named, applications) = (self.list("service"), self.list("application"));
        let by_default = services_named.contains(&"application-default");
        let carried = if applications.contains(&"any") {
            let when = if by_default {
                vec![Condition::holds("App-ID takes it for an application that has this port by default")]
            } else {
                Vec::new()
            };
            vec![(Service::any(), when)]
        } else {
            let named = objects.applications.meanings(home, applications.iter().copied(), place, rules);
            applications::alternatives(&named, by_default)
        };
        if by_default {
            return carried;
        }
        let meaning = objects.services.meanings(home, services_named.iter().copied(), place, rules);
        let mut both = Vec::new();
        for (service, unless_service) in services(&meaning, false) {
            for (carrier, unless_carrier) in &carried {
                if let Some(service) = service.and(carrier) {
                    both.push((service, unless_service.iter().chain(unless_carrier).cloned().collect()));
                }
            }
        }
        both
    }

    /// By which zones it comes in and goes out.
    fn zones(&self, conditions: &mut Vec<Condition>) -> Vec<(Names, Names)> {
        let (from, to) = (self.list("from"), self.list("to"));
        let (any_from, any_to) = (from.contains(&"any"), to.contains(&"any"));
        let names = |zones: &[&str], any: bool| {
            if any { Names::any() } else { Names::one_of(zones.iter().copied()) }
        };
        match self.rule_type {
            Some("intrazone") if any_from => {
                conditions.push(Condition::holds("its source and destination are in the same zone"));
                vec![(Names::any(), Names::any())]
            }
            Some("intrazone") => from.iter().map(|zone| (Names::one_of([*zone]), Names::one_of([*zone]))).collect(),
            Some("interzone") if any_from && any_to => {
                conditions.push(Condition::fails("its source and destination are in the same zone"));
                vec![(Names::any(), Names::any())]
            }
            Some("interzone") if any_from => {
                to.iter().map(|zone| (Names::none_of([*zone]), Names::one_of([*zone]))).collect()
            }
            Some("interzone") => from
                .iter()
                .map(|zone| (Names::one_of([*zone]), names(to, any_to).and(&Names::none_of([*zone]))))
                .collect(),
            _ => vec![(names(from, any_from), names(to, any_to))],
        }
    }
}

/// Where a rule is written: its first command, with what the others say of it.
fn place(commands: &Commands) -> Place {
    let Some(first) = commands.settings.first() else { return Place::default() };
    if commands.lost.is_some() {
        return first.place.clone();
    }
    let mut quoted = first.place.quoted.to_string();
    for setting in &commands.settings[1..] {
        if quoted.len() > 400 {
            break;
        }
        quoted.push_str("; ");
        quoted.push_str(&setting.words.join(" "));
    }
    Place::new(first.place.file, first.place.line as usize, format!("rule `{}`", shown(&commands.name)), &quoted)
}
