//! A line of an access list as a rule: what it permits or denies, from where to where.

use std::sync::Arc;

use super::config::{Config, Entry, Kind, List};
use super::objects::{Objects, has_ports, protocol};
use super::ports::operator;
use crate::firewall::addresses::Family;
use crate::firewall::dialects::edge::named::Meaning;
use crate::firewall::dialects::edge::services::{Service, Services};
use crate::firewall::dialects::edge::{Fields, addresses, scattered, services, shown};
use crate::firewall::dialects::entry;
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{Answer, Condition, FlagsTest, Match, Names, NoteKind, Place, Rule, Rules, Then};

/// What is asked for beside the line itself.
pub(super) struct Around<'a> {
    pub config: &'a Config,
    pub objects: &'a mut Objects,
    pub rules: &'a mut Rules,
}

/// A line of a list, read.
pub(super) enum Read {
    Rule(Rule),
    /// A remark.
    Nothing,
    /// It is not understood, for this reason.
    Trouble(String),
}

/// Reads a line.
pub(super) fn read(list: &List, entry: &Entry, place: &Place, around: &mut Around) -> Read {
    let words: Vec<&str> = entry.words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["remark", ..] => return Read::Nothing,
        // What a router let out may come back.
        ["evaluate", name] => {
            let when = Match::any().on(Condition::holds(format!("it answers what `{}` let out", shown(name))));
            return Read::Rule(Rule::new(place.clone(), vec![when], Then::Answer(Answer::Accept)));
        }
        _ => {}
    }
    let mut line = Line { list, around, place, words: &words, at: 0, said: Said::default() };
    match line.read() {
        Ok(rule) => Read::Rule(rule),
        Err(why) => Read::Trouble(why),
    }
}

#[derive(Default)]
struct Said {
    conditions: Vec<Condition>,
    flags: Vec<FlagsTest>,
    logs: bool,
    idle: Option<String>,
}

struct Line<'l, 'a> {
    list: &'l List,
    around: &'l mut Around<'a>,
    place: &'l Place,
    words: &'l [&'l str],
    at: usize,
    said: Said,
}

/// What a line is about: services, or a protocol whose ports are still to come.
enum About {
    Services(Arc<Meaning<Services>>),
    Protocol(Arc<Meaning<Ranges>>),
}

impl<'l> Line<'l, '_> {
    fn rest(&self) -> &'l [&'l str] {
        &self.words[self.at.min(self.words.len())..]
    }

    fn next(&mut self) -> Result<&'l str, String> {
        let word = self.words.get(self.at).copied().ok_or("ends before it says all that it has to")?;
        self.at += 1;
        Ok(word)
    }

    fn read(&mut self) -> Result<Rule, String> {
        let answer = match self.next()? {
            "permit" => Answer::Accept,
            "deny" => Answer::Drop,
            other => return Err(format!("neither permits nor denies: `{}`", shown(other))),
        };
        let universe = self.universe();
        if self.list.standard {
            let sources = self.address("source")?;
            self.options()?;
            let fields = Fields {
                sources: addresses(&sources, "source", &universe, false),
                destinations: vec![(universe, Vec::new())],
                services: vec![(Service::any(), Vec::new())],
                zones: vec![(Names::any(), Names::any())],
                conditions: std::mem::take(&mut self.said.conditions),
            };
            return self.rule(&fields, answer);
        }
        let about = self.about()?;
        self.identity()?;
        let sources = self.address("source")?;
        let from = self.ports(&about)?;
        self.identity()?;
        let destinations = self.address("destination")?;
        let to = self.ports(&about)?;
        if to.is_none() {
            self.icmp_type(&about)?;
        }
        self.options()?;
        let asked = asked(&about, from, to);
        let fields = Fields {
            sources: addresses(&sources, "source", &universe, false),
            destinations: addresses(&destinations, "destination", &universe, false),
            services: services(&asked, false),
            zones: vec![(Names::any(), Names::any())],
            conditions: std::mem::take(&mut self.said.conditions),
        };
        self.rule(&fields, answer)
    }

    fn rule(&mut self, fields: &Fields, answer: Answer) -> Result<Rule, String> {
        let mut when = fields.matches().ok_or("comes to too many combinations")?;
        for one in &mut when {
            one.flags.clone_from(&self.said.flags);
        }
        if let Some(idle) = &self.said.idle {
            self.around.rules.note(NoteKind::Idle, self.place, format!("{} {idle}", self.place.name));
        }
        let then = Then::Answer(answer);
        Ok(Rule { place: self.place.clone(), when, then, logs: self.said.logs, idle: self.said.idle.clone() })
    }

    /// The families that the list is about. An ASA has lists for both since its version 9.
    fn universe(&self) -> Ranges {
        let config = self.around.config;
        match (config.router, self.list.v6, config.version) {
            (_, true, _) => Family::V6.all(),
            (true, false, _) | (false, false, Some(..9)) => Family::V4.all(),
            (false, false, _) => Ranges::all(),
        }
    }

    fn about(&mut self) -> Result<About, String> {
        let word = self.next()?;
        let meaning = |protocols: Ranges| About::Protocol(Arc::new(Meaning::certain(protocols)));
        match word {
            "object" | "object-group" => {
                let name = self.next()?;
                let (objects, rules) = (&mut *self.around.objects, &mut *self.around.rules);
                match objects.kinds.get(name) {
                    Some(Kind::Service | Kind::ServiceGroup) => {
                        Ok(About::Services(objects.services.meaning(0, name, self.place, rules)))
                    }
                    Some(Kind::ProtocolGroup) => {
                        Ok(About::Protocol(objects.protocols.meaning(0, name, self.place, rules)))
                    }
                    _ => Err(format!("names `{}`, which is no service that these files define", shown(name))),
                }
            }
            "ipv6" if self.list.v6 => Ok(meaning(Ranges::all())),
            _ => match protocol(word) {
                Some(protocols) => Ok(meaning(protocols)),
                None => Err(format!("has a protocol that is not understood: `{}`", shown(word))),
            },
        }
    }

    /// Users and security groups, which the firewall learns elsewhere.
    fn identity(&mut self) -> Result<(), String> {
        loop {
            let (what, words) = match self.rest() {
                ["user" | "user-group" | "object-group-user" | "object-group-security", name, ..] => (*name, 2),
                ["security-group", "name" | "tag", name, ..] => (*name, 3),
                ["user" | "user-group" | "security-group" | "object-group-user" | "object-group-security", ..] => {
                    return Err("ends before it names a user or group".to_owned());
                }
                _ => return Ok(()),
            };
            let kind = self.rest()[0];
            self.said.conditions.push(Condition::holds(format!("it is of the {kind} `{}`", shown(what))));
            self.at += words;
        }
    }

    fn address(&mut self, side: &str) -> Result<Arc<Meaning<Ranges>>, String> {
        let certain = |ranges: Ranges| Ok(Arc::new(Meaning::certain(ranges)));
        let universe = self.universe();
        let word = self.next()?;
        let word = self.around.config.names.get(word).map_or(word, String::as_str);
        match word {
            "any" => certain(universe),
            "any4" => certain(Family::V4.all()),
            "any6" => certain(Family::V6.all()),
            "host" => {
                let host = self.next()?;
                let host = self.around.config.names.get(host).map_or(host, String::as_str);
                let read = entry::address(host);
                certain(self.noted(read)?)
            }
            "object" | "object-group" => {
                let name = self.next()?;
                let objects = &mut *self.around.objects;
                match objects.kinds.get(name) {
                    Some(Kind::Network | Kind::NetworkGroup) | None => {
                        Ok(objects.addresses.meaning(0, name, self.place, self.around.rules))
                    }
                    _ => Err(format!("names `{}` as its {side}, which is no network", shown(name))),
                }
            }
            "interface" => {
                let name = shown(self.next()?);
                Ok(Arc::new(Meaning::perhaps(format!("the address of the interface `{name}`"))))
            }
            network if network.contains('/') => {
                let read = entry::entry(network);
                certain(self.noted(read)?)
            }
            address if address.parse::<std::net::IpAddr>().is_ok() || address.contains('.') => {
                let mask = self
                    .rest()
                    .first()
                    .copied()
                    .filter(|mask| mask.contains('.') && mask.starts_with(|c: char| c.is_ascii_digit()));
                let Some(mask) = mask else {
                    // In standard lists, a host may stand alone.
                    if self.list.standard {
                        let read = entry::address(address);
                        return certain(self.noted(read)?);
                    }
                    return Err(format!("has an address without a mask: `{}`", shown(address)));
                };
                self.at += 1;
                if self.around.config.router {
                    self.wildcard(address, mask)
                } else {
                    let read = entry::netmask(address, mask);
                    certain(self.noted(read)?)
                }
            }
            other => Err(format!("has a {side} that is not understood: `{}`", shown(other))),
        }
    }

    /// Routers take what looks like a netmask as a wildcard, and do what nobody meant.
    fn wildcard(&mut self, address: &str, mask: &str) -> Result<Arc<Meaning<Ranges>>, String> {
        match entry::wildcard(address, mask) {
            Ok(read) if mask == "255.255.255.255" && address != "0.0.0.0" => {
                let what = format!("`{address} {mask}` is any address, since a router takes a wildcard there");
                self.around.rules.note(NoteKind::Malformed, self.place, what);
                Ok(Arc::new(Meaning::certain(read.ranges)))
            }
            Ok(read) => Ok(Arc::new(Meaning::certain(read.noted(self.around.rules, self.place)))),
            Err(oddity) => {
                if let Some(ranges) = scattered(address, mask) {
                    return Ok(Arc::new(Meaning::certain(ranges)));
                }
                oddity.note(self.around.rules, self.place);
                Err(oddity.what)
            }
        }
    }

    fn noted(&mut self, read: Result<entry::Entry, entry::Oddity>) -> Result<Ranges, String> {
        match read {
            Ok(read) => Ok(read.noted(self.around.rules, self.place)),
            Err(oddity) => {
                oddity.note(self.around.rules, self.place);
                Err(oddity.what)
            }
        }
    }

    /// Ports, where they stand here.
    fn ports(&mut self, about: &About) -> Result<Option<Arc<Meaning<Ranges>>>, String> {
        let About::Protocol(protocols) = about else { return Ok(None) };
        if let ["object-group", name, ..] = self.rest()
            && self.around.objects.kinds.get(*name) == Some(&Kind::PortGroup)
        {
            self.at += 2;
            return Ok(Some(self.around.objects.ports.meaning(0, name, self.place, self.around.rules)));
        }
        match operator(self.rest(), self.around.config.router) {
            None => Ok(None),
            Some(_) if !has_ports(&protocols.known) => Err("has ports, and a protocol without any".to_owned()),
            Some(read) => {
                let (ports, used) = read?;
                self.at += used;
                Ok(Some(Arc::new(Meaning::certain(ports))))
            }
        }
    }

    /// A type of ICMP, and a code.
    fn icmp_type(&mut self, about: &About) -> Result<(), String> {
        let About::Protocol(protocols) = about else { return Ok(()) };
        let icmp = [1_u8, 58].into_iter().any(|number| protocols.known == Ranges::one(number));
        if !icmp {
            return Ok(());
        }
        let mut types = Vec::new();
        while let Some(word) = self.rest().first().copied() {
            if OPTIONS.contains(&word) {
                break;
            }
            if types.len() > 3 {
                return Err("has more of a type than ICMP has".to_owned());
            }
            types.push(shown(word));
            self.at += 1;
        }
        if !types.is_empty() {
            self.said.conditions.push(Condition::holds(format!("it is ICMP of type {}", types.join(" "))));
        }
        Ok(())
    }

    fn options(&mut self) -> Result<(), String> {
        let router = self.around.config.router;
        while let Some(word) = self.rest().first().copied() {
            self.at += 1;
            match word {
                "log" if router => {
                    self.said.logs = true;
                    // A cookie may follow.
                    if self.rest().first().is_some_and(|word| !OPTIONS.contains(word)) {
                        self.at += 1;
                    }
                }
                "log-input" if router => self.said.logs = true,
                "log" => self.log_of_an_asa()?,
                "inactive" => self.said.idle = Some("is inactive".to_owned()),
                "time-range" => {
                    let name = self.next()?;
                    let written = self.around.config.time_ranges.get(name);
                    let written = written.map_or("not defined in these files", |written| written.trim());
                    self.said
                        .conditions
                        .push(Condition::holds(format!("the time range `{}` is on ({written})", shown(name))));
                }
                // One of these flags is set in all but the first packet.
                "established" if router => self.said.flags.push(FlagsTest { mask: 0x14, set: 0, is: false }),
                "reflect" if router => {
                    self.next()?;
                    if self.rest().first() == Some(&"timeout") {
                        self.at += 2;
                    }
                }
                "fragments" | "ack" | "fin" | "psh" | "rst" | "syn" | "urg" if router => {
                    self.said.conditions.push(Condition::holds(format!("it has what `{word}` asks for")));
                }
                "dscp" | "precedence" | "tos" | "ttl" | "option" if router => {
                    let value = shown(self.next()?);
                    self.said.conditions.push(Condition::holds(format!("its {word} is {value}")));
                }
                other => return Err(format!("has a word that is not understood: `{}`", shown(other))),
            }
        }
        Ok(())
    }

    /// `log`, and a level, `interval` with seconds, `disable` or `default`.
    fn log_of_an_asa(&mut self) -> Result<(), String> {
        const LEVELS: [&str; 8] =
            ["emergencies", "alerts", "critical", "errors", "warnings", "notifications", "informational", "debugging"];
        self.said.logs = true;
        match self.rest().first().copied() {
            Some("disable") => {
                self.said.logs = false;
                self.at += 1;
            }
            Some("default") => self.at += 1,
            Some(level) if LEVELS.contains(&level) || level.parse::<u8>().is_ok_and(|level| level < 8) => self.at += 1,
            _ => {}
        }
        if self.rest().first() == Some(&"interval") {
            self.at += 1;
            self.next()?.parse::<u32>().map_err(|_| "has an interval that is no number".to_owned())?;
        }
        Ok(())
    }
}

/// What a line is about, with the ports that it comes from and goes to.
fn asked(about: &About, from: Option<Arc<Meaning<Ranges>>>, to: Option<Arc<Meaning<Ranges>>>) -> Meaning<Services> {
    let protocols = match about {
        About::Services(meaning) => return (**meaning).clone(),
        About::Protocol(protocols) => protocols,
    };
    let all = || Arc::new(Meaning::certain(Ranges::all()));
    let (from, to) = (from.unwrap_or_else(all), to.unwrap_or_else(all));
    let service = |protocol: &Ranges| Service {
        protocol: protocol.clone(),
        source_port: from.known.clone(),
        port: to.known.clone(),
    };
    let certain = !protocols.known.is_empty() && !from.known.is_empty() && !to.known.is_empty();
    let known = Services::of(certain.then(|| service(&protocols.known)));
    // Of groups in doubt, whatever the protocol has may be meant.
    let unsure = [protocols, &from, &to].into_iter().flat_map(|meaning| meaning.unsure.keys());
    let reach = Services::of([Service {
        protocol: if protocols.unsure.is_empty() { protocols.known.clone() } else { Ranges::all() },
        ..Service::any()
    }]);
    Meaning { known, unsure: unsure.map(|words| (words.clone(), reach.clone())).collect() }
}

/// Words that may follow all of what is matched.
const OPTIONS: &[&str] = &[
    "log",
    "log-input",
    "inactive",
    "time-range",
    "established",
    "reflect",
    "fragments",
    "dscp",
    "precedence",
    "tos",
    "ttl",
    "option",
];
