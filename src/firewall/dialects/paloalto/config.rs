//! The set commands of a configuration, sorted by where they belong: who shares it, which object or rule it is about. Nothing is
//! judged here but whether a command is one.

use std::collections::HashMap;

use crate::firewall::dialects::Input;
use crate::firewall::dialects::edge::order::Order;
use crate::firewall::dialects::edge::words::{Command, Word, commands, near};
use crate::firewall::dialects::edge::{is_the_internet, shown};
use crate::firewall::dialects::entry;
use crate::firewall::rules::{NoteKind, Place};

/// A configuration.
#[derive(Default)]
pub(super) struct Config {
    /// The first is what all share; then virtual systems and device groups.
    pub scopes: Vec<Home>,
    /// What was noticed.
    pub notes: Vec<(NoteKind, Place, String)>,
    /// Whether addresses are translated.
    pub translates: bool,
    /// Interfaces and the zones they are in.
    zoned: Vec<(String, String)>,
    /// Static routes by router and name: whether one leads to something on the internet, and by which interface.
    routes: HashMap<(String, String), (bool, Option<String>)>,
    /// Interfaces that learn their route to the internet.
    learning: Vec<String>,
    known: HashMap<(Kind, String), usize>,
    /// The list that the last command about a rule was about.
    last: (usize, usize),
}

/// Where objects and rules are kept.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Kind {
    Shared,
    /// A firewall without virtual systems.
    Firewall,
    Vsys,
    DeviceGroup,
}

/// A virtual system, a device group, or what all share.
pub(super) struct Home {
    pub kind: Kind,
    pub name: String,
    /// The device group that this one lies in.
    pub within: Option<String>,
    pub zones: Vec<String>,
    pub objects: Vec<Object>,
    objects_by_name: HashMap<(ObjectKind, String), usize>,
    /// What comes before the rules of the firewall itself, these, and what comes behind them.
    pub lists: [List; 3],
    /// `intrazone-default` and `interzone-default`, as they were overridden.
    pub defaults: Vec<Setting>,
}

/// Kinds of objects.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum ObjectKind {
    Address,
    AddressGroup,
    Service,
    ServiceGroup,
    ApplicationGroup,
    ApplicationFilter,
    Application,
    ExternalList,
    Region,
    Schedule,
}

/// An object, and every command about it.
pub(super) struct Object {
    pub kind: ObjectKind,
    pub name: String,
    pub settings: Vec<Setting>,
}

/// What one command says of a thing.
#[derive(Clone)]
pub(super) struct Setting {
    pub place: Place,
    /// Its words behind the name.
    pub words: Vec<String>,
    /// Which of them are brackets of a list.
    pub brackets: Vec<bool>,
    /// What is wrong with its quotes.
    pub odd: Option<&'static str>,
}

/// Rules in order.
#[derive(Default)]
pub(super) struct List {
    pub rules: Vec<Commands>,
    by_name: HashMap<String, usize>,
    order: Order,
}

/// A rule as the commands about it.
pub(super) struct Commands {
    pub name: String,
    pub settings: Vec<Setting>,
    /// Why nobody knows what stands here.
    pub lost: Option<String>,
}

impl List {
    fn at(&mut self, name: &str) -> usize {
        if let Some(at) = self.by_name.get(name) {
            return *at;
        }
        self.by_name.insert(name.to_owned(), self.rules.len());
        self.push(Commands { name: name.to_owned(), settings: Vec::new(), lost: None })
    }

    fn push(&mut self, rule: Commands) -> usize {
        self.rules.push(rule);
        self.order.push()
    }

    fn move_to(&mut self, rule: &str, whither: &str, other: Option<&str>) -> Option<()> {
        let rule = *self.by_name.get(rule)?;
        let other = match other {
            Some(other) => Some(*self.by_name.get(other).filter(|other| **other != rule)?),
            None => None,
        };
        match (whither, other) {
            ("before", Some(_)) | ("bottom", None) => self.order.move_before(rule, other),
            ("after", Some(_)) | ("top", None) => self.order.move_after(rule, other),
            _ => return None,
        }
        Some(())
    }

    /// The rules, in order.
    pub(super) fn in_order(&self) -> impl Iterator<Item = &Commands> {
        self.order.iter().filter_map(|rule| self.rules.get(rule))
    }
}

/// Parts of a configuration that bear on what passes.
const PARTS: &[&str] = &[
    "rulebase",
    "pre-rulebase",
    "post-rulebase",
    "address",
    "address-group",
    "service",
    "service-group",
    "application-group",
    "external-list",
    "schedule",
    "shared",
    "device-group",
];

/// Whether an unknown part of a configuration may be a slip of one that bears on what passes. All others, of which there are many, do
/// not.
fn may_be_rules(part: &str, rest: &[Word]) -> bool {
    let pair = |two: &[Word]| two[0].is("security") && two[1].is("rules");
    PARTS.iter().any(|known| near(known, part)) || rest.windows(2).any(pair)
}

/// Rules about something else than whether a connection passes.
const OTHER_RULEBASES: &[&str] = &[
    "qos",
    "pbf",
    "decryption",
    "application-override",
    "captive-portal",
    "authentication",
    "dos",
    "tunnel-inspect",
    "sdwan",
    "network-packet-broker",
];

/// What a console says around the commands.
const CONSOLE: &[&str] = &["configure", "exit", "quit", "show", "commit", "run", "Entering", "Exiting", "[edit]"];

impl Config {
    pub(super) fn of(inputs: &[Input]) -> Self {
        let mut config = Config::default();
        config.home(Kind::Shared, "");
        for (file, input) in (0_u16..).zip(inputs) {
            for command in commands(&input.text) {
                config.command(file, &command);
            }
        }
        config
    }

    pub(super) fn has_rules(&self) -> bool {
        self.scopes.iter().any(Home::has_rules)
    }

    fn home(&mut self, kind: Kind, name: &str) -> usize {
        if let Some(known) = self.known.get(&(kind, name.to_owned())) {
            return *known;
        }
        self.known.insert((kind, name.to_owned()), self.scopes.len());
        self.scopes.push(Home {
            kind,
            name: name.to_owned(),
            within: None,
            zones: Vec::new(),
            objects: Vec::new(),
            objects_by_name: HashMap::new(),
            lists: Default::default(),
            defaults: Vec::new(),
        });
        self.scopes.len() - 1
    }

    fn command(&mut self, file: u16, command: &Command) {
        let mut words = &command.words[..];
        // A console's prompt, `admin@fw#`, may stand before it.
        if words.first().is_some_and(|word| !word.quoted && word.text.contains('@') && word.text.ends_with(['#', '>']))
        {
            words = &words[1..];
        }
        let Some(first) = words.first() else { return };
        let place = |name: &str| Place::new(file, command.line, name, command.text);
        let done = match first.text.as_ref() {
            "set" if words.get(1).is_some_and(|word| word.is("cli")) => Ok(()),
            "set" => self.set(&words[1..], command, &place),
            "move" => self.moved(&words[1..]),
            // What RANCID writes above a configuration.
            word if word.starts_with("!RANCID") => Ok(()),
            // What RANCID writes above a configuration.
            word if word.starts_with("!RANCID") => Ok(()),
            word if CONSOLE.contains(&word) && !first.quoted => Ok(()),
            word => Err(format!("`{}` is not understood", shown(word))),
        };
        if let Err(why) = done {
            self.lost(&place(&format!("line {}", command.line)), command, &why);
        }
    }

    /// A command that is not understood stands in the list where it was met, if it can be about rules.
    fn lost(&mut self, place: &Place, command: &Command, why: &str) {
        let (home, list) = self.last;
        let about_rules = command.words.iter().any(|word| word.text.contains("rule") || word.text.contains("security"));
        let (Some(home), true) = (self.scopes.get_mut(home), about_rules) else {
            self.notes.push((NoteKind::NotUnderstood, place.clone(), why.to_owned()));
            return;
        };
        let setting = Setting { place: place.clone(), words: Vec::new(), brackets: Vec::new(), odd: None };
        let command = Commands { name: place.name.to_string(), settings: vec![setting], lost: Some(why.to_owned()) };
        home.lists[list].push(command);
    }

    fn set(&mut self, words: &[Word], command: &Command, place: &dyn Fn(&str) -> Place) -> Result<(), String> {
        let (home, words) = self.home_of(words)?;
        let Some((part, rest)) = words.split_first() else { return Ok(()) };
        let kind = match part.text.as_ref() {
            "rulebase" => return self.rulebase(home, 1, rest, command, place),
            "pre-rulebase" => return self.rulebase(home, 0, rest, command, place),
            "post-rulebase" => return self.rulebase(home, 2, rest, command, place),
            "zone" => {
                if let Some(zone) = rest.first()
                    && !self.scopes[home].zones.iter().any(|known| *known == zone.text)
                {
                    self.scopes[home].zones.push(zone.text.to_string());
                }
                if let [zone, network, _, interfaces @ ..] = rest
                    && network.is("network")
                {
                    let each = interfaces.iter().filter(|word| !word.is("[") && !word.is("]"));
                    self.zoned.extend(each.map(|word| (word.text.to_string(), zone.text.to_string())));
                }
                return Ok(());
            }
            "network" => {
                self.network(rest);
                return hidden(command);
            }
            "parent-dg" => {
                self.scopes[home].within = rest.first().map(|word| word.text.to_string());
                return Ok(());
            }
            "address" => ObjectKind::Address,
            "address-group" => ObjectKind::AddressGroup,
            "service" => ObjectKind::Service,
            "service-group" => ObjectKind::ServiceGroup,
            "application" => ObjectKind::Application,
            "application-group" => ObjectKind::ApplicationGroup,
            "application-filter" => ObjectKind::ApplicationFilter,
            "external-list" => ObjectKind::ExternalList,
            "region" => ObjectKind::Region,
            "schedule" => ObjectKind::Schedule,
            other if may_be_rules(other, rest) => {
                return Err(format!("`{}` is no part of a configuration that is known here", shown(other)));
            }
            _ => return hidden(command),
        };
        let Some((name, rest)) = rest.split_first() else { return Ok(()) };
        if let Some(odd) = command.odd {
            return Err(format!("`{}` {odd}", shown(&name.text)));
        }
        let setting = Setting::of(rest, place(&name.text));
        self.scopes[home].object(kind, &name.text).settings.push(setting);
        Ok(())
    }

    /// What routes and interfaces say of the way to the internet.
    fn network(&mut self, words: &[Word]) {
        let text: Vec<&str> = words.iter().map(|word| word.text.as_ref()).collect();
        match text.as_slice() {
            ["virtual-router" | "logical-router", router, rest @ ..] => {
                let at = rest.windows(2).position(|two| two == ["ip", "static-route"]);
                let Some((name, rest)) = at.and_then(|at| rest.get(at + 2..)?.split_first()) else { return };
                let key = ((*router).to_owned(), (*name).to_owned());
                let route = self.routes.entry(key).or_default();
                for two in rest.windows(2) {
                    match two {
                        ["destination", to] => route.0 = entry::entry(to).is_ok_and(|to| is_the_internet(&to.ranges)),
                        ["interface", by] => route.1 = Some((*by).to_owned()),
                        _ => {}
                    }
                }
            }
            ["interface", _, interface, rest @ ..] if rest.contains(&"dhcp-client") || rest.contains(&"pppoe") => {
                let unit = rest.iter().position(|word| *word == "units").and_then(|at| rest.get(at + 1));
                let learning = (*unit.unwrap_or(interface)).to_owned();
                if rest.ends_with(&["create-default-route", "no"]) || rest.ends_with(&["enable", "no"]) {
                    self.learning.retain(|known| *known != learning);
                } else if !self.learning.contains(&learning) {
                    self.learning.push(learning);
                }
            }
            _ => {}
        }
    }

    /// The zones by which something on the internet is reached; nothing, where one of them is not known.
    pub(super) fn outward(&self) -> Option<Vec<String>> {
        let routes = self.routes.values().filter(|(public, _)| *public).map(|(_, by)| by.as_deref());
        let mut zones = std::collections::BTreeSet::new();
        for interface in routes.chain(self.learning.iter().map(|by| Some(by.as_str()))) {
            let (_, zone) = self.zoned.iter().find(|(known, _)| Some(known.as_str()) == interface)?;
            zones.insert(zone.clone());
        }
        Some(zones.into_iter().collect())
    }

    /// Whose command it is, and what is left of it.
    fn home_of<'w, 't>(&mut self, words: &'w [Word<'t>]) -> Result<(usize, &'w [Word<'t>]), String> {
        // As a configuration is kept, rather than as it is shown, it says whose device that is.
        let words = if words.first().is_some_and(|word| word.is("config")) { &words[1..] } else { words };
        let words = if words.first().is_some_and(|word| word.is("devices")) {
            words.get(2..).unwrap_or_default()
        } else {
            words
        };
        let text = |at: usize| words.get(at).map(|word| word.text.as_ref());
        Ok(match (text(0), text(1), text(2)) {
            (Some("shared"), ..) => (0, &words[1..]),
            (Some("vsys"), Some(name), _) => (self.home(Kind::Vsys, name), &words[2..]),
            (Some("device-group"), Some(name), _) => {
                // Which devices belong to it is not asked about.
                let rest = if text(2) == Some("devices") { &[][..] } else { &words[2..] };
                (self.home(Kind::DeviceGroup, name), rest)
            }
            // Panorama tells there which group lies in which.
            (Some("readonly"), ..) => match words.iter().position(|word| word.is("device-group")) {
                Some(at) if words.get(at + 2).is_some_and(|word| word.is("parent-dg")) => {
                    let name = words[at + 1].text.to_string();
                    (self.home(Kind::DeviceGroup, &name), &words[at + 2..])
                }
                _ => (0, &[][..]),
            },
            (Some("vsys" | "device-group"), ..) => return Err("ends before it says whose it is".to_owned()),
            _ => (self.home(Kind::Firewall, ""), words),
        })
    }

    fn rulebase(
        &mut self,
        home: usize,
        list: usize,
        words: &[Word],
        command: &Command,
        place: &dyn Fn(&str) -> Place,
    ) -> Result<(), String> {
        let text = |at: usize| words.get(at).map(|word| word.text.as_ref());
        match (text(0), text(1), text(2)) {
            (Some("security"), Some("rules"), Some(name)) => {
                self.last = (home, list);
                let setting = Setting { odd: command.odd, ..Setting::of(&words[3..], place(name)) };
                let list = &mut self.scopes[home].lists[list];
                let at = list.at(name);
                list.rules[at].settings.push(setting);
                Ok(())
            }
            (
                Some("default-security-rules"),
                Some("rules"),
                Some(name @ ("intrazone-default" | "interzone-default")),
            ) => {
                self.scopes[home].defaults.push(Setting::of(&words[2..], place(name)));
                Ok(())
            }
            (Some("security"), None | Some("rules"), None) => Ok(()),
            (Some("nat"), ..) => {
                self.translates = true;
                hidden(command)
            }
            (None, ..) => hidden(command),
            (Some(other), ..) if OTHER_RULEBASES.contains(&other) => hidden(command),
            (Some(other), ..) => {
                self.last = (home, list);
                Err(format!("`{}` is no rulebase that is known here", shown(other)))
            }
        }
    }

    fn moved(&mut self, words: &[Word]) -> Result<(), String> {
        let (home, words) = self.home_of(words)?;
        let text: Vec<&str> = words.iter().map(|word| word.text.as_ref()).collect();
        let list = match text.first() {
            Some(&"rulebase") => 1,
            Some(&"pre-rulebase") => 0,
            Some(&"post-rulebase") => 2,
            _ => return Ok(()),
        };
        let moved = match text[1..] {
            ["security", "rules", rule, whither] => self.scopes[home].lists[list].move_to(rule, whither, None),
            ["security", "rules", rule, whither, other] => {
                self.scopes[home].lists[list].move_to(rule, whither, Some(other))
            }
            ["security", ..] => None,
            _ => return Ok(()),
        };
        self.last = (home, list);
        moved.ok_or_else(|| "moves a rule in a way that is not understood".to_owned())
    }
}

/// A command that does not matter is let go, unless its quotes may have swallowed one that does.
fn hidden(command: &Command) -> Result<(), String> {
    let swallows = command.text.lines().skip(1).any(|line| line.trim_start().starts_with("set "));
    match command.odd {
        Some(odd) if odd.contains("never") => Err(odd.to_owned()),
        _ if swallows => Err("holds other commands within its quotes".to_owned()),
        _ => Ok(()),
    }
}

impl Home {
    fn object(&mut self, kind: ObjectKind, name: &str) -> &mut Object {
        let at = *self.objects_by_name.entry((kind, name.to_owned())).or_insert_with(|| {
            self.objects.push(Object { kind, name: name.to_owned(), settings: Vec::new() });
            self.objects.len() - 1
        });
        &mut self.objects[at]
    }

    pub(super) fn has_rules(&self) -> bool {
        self.lists.iter().any(|list| !list.rules.is_empty())
    }

    /// As a reader knows it.
    pub(super) fn in_words(&self) -> String {
        match self.kind {
            Kind::Shared => "what all device groups share".to_owned(),
            Kind::Firewall => "the firewall".to_owned(),
            Kind::Vsys => format!("virtual system `{}`", shown(&self.name)),
            Kind::DeviceGroup => format!("device group `{}`", shown(&self.name)),
        }
    }
}

impl Setting {
    fn of(words: &[Word], place: Place) -> Self {
        Setting {
            place,
            words: words.iter().map(|word| word.text.to_string()).collect(),
            brackets: words.iter().map(|word| word.is("[") || word.is("]")).collect(),
            odd: None,
        }
    }

    /// The settings of the command one by one: a key, and its value or the values of its list. Keys of `rest` take all that follows.
    pub(super) fn each(&self, rest: &[&str]) -> Result<Vec<(&str, Vec<&str>)>, String> {
        if let Some(odd) = self.odd {
            return Err(odd.to_owned());
        }
        let mut each = Vec::new();
        let mut at = 0;
        while let Some(key) = self.words.get(at) {
            if self.brackets[at] {
                return Err(format!("has `{}` where a setting belongs", shown(key)));
            }
            at += 1;
            let mut values = Vec::new();
            if rest.contains(&key.as_str()) {
                values.extend(self.words[at..].iter().map(String::as_str));
                at = self.words.len();
            } else if self.brackets.get(at) == Some(&true) && self.words[at] == "[" {
                at += 1;
                while self.brackets.get(at) == Some(&false) {
                    values.push(self.words[at].as_str());
                    at += 1;
                }
                if self.words.get(at).is_none_or(|word| word != "]") {
                    return Err(format!("has a list of `{}` that is not closed", shown(key)));
                }
                at += 1;
            } else if let Some(value) = self.words.get(at).filter(|_| !self.brackets[at]) {
                values.push(value);
                at += 1;
            } else if at < self.words.len() {
                return Err(format!("has a `]` that closes nothing behind `{}`", shown(key)));
            }
            if values.is_empty() {
                return Err(format!("gives no value to `{}`", shown(key)));
            }
            if values.iter().any(|value| value.contains('\n')) && key != "description" {
                return Err(format!("has a value of `{}` that spans lines", shown(key)));
            }
            each.push((key.as_str(), values));
        }
        Ok(each)
    }
}
