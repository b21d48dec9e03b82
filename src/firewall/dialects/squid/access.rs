//! Who may go where: the lists of access that a CONNECT has to pass, in the order of the file.

use std::collections::{HashMap, HashSet};

use super::acls::Acl;
use super::config::{Directive, Directives, Word};
use crate::firewall::dialects::Input;
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{
    Answer, Chain, ChainId, Condition, Layer, Match, NoteKind, Place, Policy, Replies, Rule, Rules, Then, Way,
};

/// What a CONNECT is asked, in this order. What is only asked of answers is not: the answer to a CONNECT is squid's own.
const LISTS: [&str; 3] = ["http_access", "adapted_http_access", "miss_access"];

const TCP: u8 = 6;
const DNS: u8 = 53;

/// Adds a layer for each list.
pub(super) fn add_layers(rules: &mut Rules, directives: &Directives, inputs: &[Input]) {
    let mut reading = Reading {
        rules,
        inputs,
        acls: HashMap::new(),
        lists: LISTS.map(|_| List::default()),
        refusal: None,
        lacks_a_file: false,
        quotes_are_values: false,
        looked_at: 0,
    };
    for acl in Acl::built_in() {
        reading.acls.insert(key(acl.name()), acl);
    }
    if let Some((file, line, text)) = &directives.refused {
        let place = Place::new(*file, *line, format!("line {line}"), text);
        reading.refuse(&place, format!("squid does not start with it: `{text}` is no condition"));
    }
    for directive in &directives.all {
        reading.directive(directive);
    }
    reading.finish(&directives.all);
}

#[derive(Default)]
struct List {
    entries: Vec<Entry>,
    /// What the last line says.
    last: Option<(Answer, Place)>,
}

enum Entry {
    Rule(Rule),
    /// Nobody can say what stands here.
    Unknown(Place, Match, String),
}

struct Reading<'a> {
    rules: &'a mut Rules,
    inputs: &'a [Input],
    acls: HashMap<String, Acl>,
    lists: [List; 3],
    /// Why squid does not start with it.
    refusal: Option<(Place, String)>,
    lacks_a_file: bool,
    quotes_are_values: bool,
    /// How many values lines have asked for.
    looked_at: usize,
}

impl Reading<'_> {
    fn refuse(&mut self, place: &Place, why: String) {
        self.refusal.get_or_insert((place.clone(), why));
    }

    fn directive(&mut self, directive: &Directive) {
        let place = Place::new(directive.file, directive.line, directive_name(directive), &directive.text);
        if directive.is_missing {
            self.lacks_a_file = true;
            let why = format!("`{}` includes what is not among the files, or only perhaps", directive.text.trim());
            for list in &mut self.lists {
                list.entries.push(Entry::Unknown(place.clone(), connect(), why.clone()));
            }
            return;
        }
        let words = &directive.words;
        let name = words.first().map(|word| word.text.as_str()).unwrap_or_default();
        match name {
            "acl" => self.acl(directive, &place),
            "configuration_includes_quoted_values" => {
                self.quotes_are_values = words.get(1).is_some_and(|word| word.text == "on");
            }
            "http_access2" => self.access(1, directive, &place),
            "ssl_bump" if words.get(1).is_some_and(|word| word.text == "terminate") => {
                let why = "`ssl_bump terminate` may end the connection within the tunnel".to_owned();
                self.lists[0].entries.insert(0, Entry::Unknown(place, connect(), why));
            }
            name => {
                if let Some(list) = LISTS.iter().position(|list| *list == name) {
                    self.access(list, directive, &place);
                }
            }
        }
    }

    fn acl(&mut self, directive: &Directive, place: &Place) {
        let [_, name, kind, values @ ..] = directive.words.as_slice() else {
            self.refuse(place, format!("squid does not start with it: `{}` is no ACL", directive.text.trim()));
            return;
        };
        // It is there by itself, and the line of old that defines it is passed over; either is about no CONNECT.
        if name.text == "manager" && kind.text == "proto" {
            return;
        }
        let key = key(&name.text);
        let mut acl = match self.acls.remove(&key) {
            Some(known) if known.kind != kind.text => {
                let why = format!(
                    "squid does not start with it: the ACL `{}` has the type {} already, and is given {}",
                    name.text, known.kind, kind.text
                );
                self.acls.insert(key, known);
                self.refuse(place, why);
                return;
            }
            Some(known) => known,
            None => Acl::new(&name.text, &kind.text, place.clone()),
        };
        if let Some(option) = unknown_option(&kind.text, values) {
            let why = format!("squid does not start with it: the type {} has no option `{option}`", kind.text);
            self.refuse(place, why);
        }
        match &directive.only {
            Some(_) => acl.unsure("matches by a line that squid reads only on a condition"),
            None => acl.add(values, self.inputs, self.rules, place, self.quotes_are_values),
        }
        if !KINDS.contains(&acl.kind.as_str()) {
            acl.unsure("matches");
        }
        if let Some(why) = acl.refused.clone() {
            self.refuse(place, format!("squid before version 6 does not start with it: {why}"));
        }
        self.acls.insert(key, acl);
    }

    fn access(&mut self, list: usize, directive: &Directive, place: &Place) {
        let (verdict, terms) = match directive.words.as_slice() {
            [_, verdict, terms @ ..] => (verdict.text.as_str(), terms),
            _ => ("", [].as_slice()),
        };
        let answer = match verdict {
            "allow" => Answer::Accept,
            "deny" => Answer::Reject,
            other => {
                self.refuse(place, format!("squid does not start with it: `{other}` neither allows nor denies"));
                return;
            }
        };
        if terms.is_empty() {
            self.rules.note(NoteKind::Idle, place, "names no ACL, so that squid passes it over");
            return;
        }
        let Some(mut when) = self.matches(terms, place) else { return };
        if let Some(what) = &directive.only {
            when = when.into_iter().map(|each| each.on(Condition::holds(what.as_str()))).collect();
        }
        let entry = if when.len() > MOST {
            let why = format!("{}: it combines too many ACLs of which only a part is known", place.name);
            Entry::Unknown(place.clone(), connect(), why)
        } else {
            Entry::Rule(Rule { logs: true, ..Rule::new(place.clone(), when, Then::Answer(answer)) })
        };
        self.lists[list].entries.push(entry);
        self.lists[list].last = Some((answer, place.clone()));
    }

    /// What lies in all of these ACLs; nothing, where one is not defined.
    fn matches(&mut self, terms: &[Word], place: &Place) -> Option<Vec<Match>> {
        let mut all = vec![connect()];
        let mut seen = HashSet::new();
        for term in terms.iter().filter(|term| seen.insert(term.text.as_str())) {
            let (name, is) = term.text.strip_prefix('!').map_or((term.text.as_str(), true), |name| (name, false));
            let key = key(name);
            let these = match self.acls.get_mut(&key) {
                Some(acl) => {
                    if acl.kind == "dst" && !acl.is_built_in && !acl.is_used {
                        let what =
                            format!("`{name}` is asked of each address of a host by itself; squid takes any of them");
                        self.rules.note(NoteKind::Assumed, place, what);
                    }
                    acl.is_used = true;
                    self.looked_at = self.looked_at.saturating_add(acl.size());
                    if self.looked_at > MOST_VALUES {
                        let what = format!(
                            "the ACL `{name}` matches, which is one of too many that are asked for again and again"
                        );
                        vec![Match::any().on(Condition { what: what.into(), holds: is })]
                    } else {
                        acl.matches(is)
                    }
                }
                None if self.lacks_a_file => {
                    let what = format!("the ACL `{name}`, which is not defined in these files, matches");
                    vec![Match::any().on(Condition { what: what.into(), holds: is })]
                }
                None => {
                    self.rules.note(
                        NoteKind::Undefined,
                        place,
                        format!("names the ACL `{name}`, which is not defined before it"),
                    );
                    self.refuse(place, format!("squid does not start with it: the ACL `{name}` is not defined"));
                    return None;
                }
            };
            all = all.iter().flat_map(|one| these.iter().filter_map(|other| one.and(other))).take(MOST + 1).collect();
            if all.len() > MOST {
                break;
            }
        }
        Some(all)
    }

    fn finish(mut self, directives: &[Directive]) {
        self.note_unused(directives);
        let whole = Place::new(0, 0, "squid.conf", "");
        for (name, list) in LISTS.into_iter().zip(std::mem::take(&mut self.lists)) {
            // Without a line of its own, only the first list stops anything.
            let has_lines = list.entries.iter().any(|entry| matches!(entry, Entry::Rule(_)));
            if name != LISTS[0] && !has_lines {
                continue;
            }
            let (answer, place) = match &list.last {
                Some((Answer::Accept, place)) => (Answer::Reject, place.clone()),
                Some((_, place)) => (Answer::Accept, place.clone()),
                None => (Answer::Reject, whole.clone()),
            };
            let place = Place { name: format!("the opposite of the last line of {name}").into(), ..place };
            let lines = Chain { name: name.to_owned(), rules: Vec::new(), policy: None };
            let chain = self.rules.add_chain(lines);
            if let Some((place, why)) = &self.refusal {
                self.rules.not_understood(chain, place, &connect(), why);
            }
            for entry in list.entries {
                match entry {
                    Entry::Rule(rule) => self.push(chain, rule),
                    Entry::Unknown(place, reach, why) => self.rules.not_understood(chain, &place, &reach, &why),
                }
            }
            self.push(chain, Rule::new(place, vec![connect()], Then::Answer(answer)));
            let asked = Chain { name: format!("what is asked of {name}"), ..asked_of(chain, &whole) };
            let chain = self.rules.add_chain(asked);
            let families = Ranges::all();
            let layer = Layer { name: name.to_owned(), way: Way::Out, families, chain, replies: Replies::Remembered };
            self.rules.layers.push(layer);
        }
    }

    fn push(&mut self, chain: ChainId, rule: Rule) {
        if let Some(chain) = self.rules.chains.get_mut(chain.0 as usize) {
            chain.rules.push(rule);
        }
    }

    /// A list of destinations that nothing uses was meant to be used.
    fn note_unused(&mut self, directives: &[Directive]) {
        let others =
            directives.iter().filter(|directive| directive.words.first().is_some_and(|word| word.text != "acl"));
        let used: HashSet<String> = others
            .flat_map(|directive| directive.words.iter().skip(1))
            .map(|word| word.text.trim_start_matches('!').to_ascii_lowercase())
            .collect();
        let mut unused: Vec<&Acl> = self
            .acls
            .iter()
            .filter(|(key, acl)| !acl.is_used && !acl.is_built_in && !used.contains(*key))
            .map(|(_, acl)| acl)
            .filter(|acl| matches!(acl.kind.as_str(), "dst" | "dstdomain" | "ssl::server_name"))
            .collect();
        unused.sort_by_key(|acl| (acl.place.file, acl.place.line));
        for acl in unused {
            self.rules.note(NoteKind::Idle, &acl.place, format!("the ACL `{}` is used by nothing", acl.name()));
        }
    }
}

/// An option before the values of an ACL that its type does not have: `-i` is for patterns, `-n` for what is looked up.
fn unknown_option<'a>(kind: &str, values: &'a [Word]) -> Option<&'a str> {
    let known: &[&str] = match kind {
        "dst" | "dstdomain" => &["-n"],
        "src" | "port" | "method" | "proto" => &[],
        _ => return None,
    };
    let options =
        values.iter().take_while(|word| !word.quoted && word.text.len() > 1 && word.text.starts_with(['-', '+']));
    options.map(|word| word.text.as_str()).take_while(|option| *option != "--").find(|option| !known.contains(option))
}

/// As many alternatives a line may come to.
const MOST: usize = 256;

/// As many values as lines may ask for altogether: a list of two hundred thousand, used by ten lines.
const MOST_VALUES: usize = 2_000_000;

/// Types whose values can be told.
const KINDS: [&str; 7] = ["src", "dst", "dstdomain", "ssl::server_name", "port", "method", "proto"];

/// What squid carries without looking into it.
fn connect() -> Match {
    Match { protocol: Ranges::one(TCP), ..Match::any() }
}

/// What no client asks squid for is not stopped by it either: datagrams, and names, which squid looks up itself.
fn asked_of(lines: ChainId, whole: &Place) -> Chain {
    let through = Condition::holds("it goes through squid, which looks names up itself and carries no datagrams");
    let place = Place { name: "what is not asked of squid".into(), ..whole.clone() };
    let datagrams = Match { protocol: Ranges::one(TCP).not(), ..Match::any() };
    let names = Match { port: Ranges::one(DNS), ..connect() };
    let others = Match { port: Ranges::one(DNS).not(), ..connect() };
    let rules = vec![
        Rule::new(place.clone(), vec![datagrams.on(through.clone())], Then::Answer(Answer::Reject)),
        Rule::new(place.clone(), vec![names.on(through)], Then::Jump(lines)),
        Rule::new(place.clone(), vec![others], Then::Jump(lines)),
    ];
    Chain { name: String::new(), rules, policy: Some(Policy { answer: Answer::Accept, place }) }
}

/// Names are alike in either case.
fn key(name: &str) -> String {
    name.to_ascii_lowercase()
}

fn directive_name(directive: &Directive) -> String {
    let name = directive.words.first().map(|word| word.text.as_str()).unwrap_or_default();
    format!("{name} at line {}", directive.line)
}
