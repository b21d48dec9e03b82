//! What an ACL matches of a CONNECT: sets of addresses, ports and names, and what cannot be known of it.

use super::config::{Word, named, words};
use crate::firewall::dialects::{Input, entry};
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{Condition, Match, Names, NoteKind, Place, Rules};

/// An ACL, as far as it has been defined.
pub(super) struct Acl {
    /// Its name, as it was first written.
    name: String,
    /// Its type.
    pub(super) kind: String,
    /// Where it was first defined.
    pub(super) place: Place,
    /// What it certainly matches, where values can be told.
    known: Known,
    /// What else it may match, in words.
    unknown: Option<String>,
    /// Whether it is squid's own.
    pub(super) is_built_in: bool,
    /// Whether something uses it.
    pub(super) is_used: bool,
}

/// What values stand for.
enum Known {
    Source(Vec<Ranges>),
    Destination(Vec<Ranges>),
    Host(Vec<String>),
    Port(Vec<Ranges>),
    /// It matches every CONNECT, or none.
    Fixed(bool),
}

impl Acl {
    /// One of this type without values.
    pub(super) fn new(name: &str, kind: &str, place: Place) -> Self {
        let known = match kind {
            "src" => Known::Source(Vec::new()),
            "dst" => Known::Destination(Vec::new()),
            "dstdomain" | "ssl::server_name" => Known::Host(Vec::new()),
            "port" => Known::Port(Vec::new()),
            _ => Known::Fixed(false),
        };
        let (name, kind) = (name.to_owned(), kind.to_owned());
        Acl { name, kind, place, known, unknown: None, is_built_in: false, is_used: false }
    }

    /// Those that are there before anything is defined.
    pub(super) fn built_in() -> Vec<Acl> {
        let defined = [
            ("all", "src", "all"),
            ("localhost", "src", "127.0.0.1 ::1"),
            ("to_localhost", "dst", "127.0.0.0/8 0.0.0.0 ::1 ::"),
            ("to_linklocal", "dst", "169.254.0.0/16 fe80::/10"),
            ("CONNECT", "method", "CONNECT"),
            // What asks squid for its own state is no CONNECT.
            ("manager", "method", "GET"),
        ];
        let mut unheard = Rules::default();
        defined
            .into_iter()
            .map(|(name, kind, values)| {
                let mut acl = Acl::new(name, kind, Place::default());
                acl.is_built_in = true;
                acl.add(&words(values), &[], &mut unheard, &Place::default(), false);
                acl
            })
            .collect()
    }

    /// Takes in the values of a line; those that stand in a file, where that is there.
    pub(super) fn add(
        &mut self,
        values: &[Word],
        inputs: &[Input],
        rules: &mut Rules,
        place: &Place,
        quotes_are_values: bool,
    ) {
        let mut values = values.iter();
        let mut looks_nothing_up = false;
        for word in values.by_ref() {
            if !word.quoted && is_flag(&word.text) {
                looks_nothing_up |= word.text == "-n";
                if word.text == "--" {
                    break;
                }
                continue;
            }
            self.take(word, inputs, rules, place, quotes_are_values);
        }
        for word in values {
            self.take(word, inputs, rules, place, quotes_are_values);
        }
        if looks_nothing_up && self.kind == "dst" {
            // A name of which no address is known yet then matches nothing.
            self.known = Known::Destination(Vec::new());
            self.unsure("matches without a lookup");
        }
    }

    fn take(&mut self, word: &Word, inputs: &[Input], rules: &mut Rules, place: &Place, quotes_are_values: bool) {
        let file = word.text.strip_prefix("parameters(").map(|file| file.trim_matches(['"', '\'', ')']));
        let file = file.or((word.quoted && !quotes_are_values).then_some(word.text.as_str()));
        let Some(file) = file else {
            self.value(&word.text, rules, place);
            return;
        };
        let found = named(inputs, file, None);
        if found.is_empty() {
            rules.note(NoteKind::Undefined, place, format!("takes values from `{file}`, which is not among the files"));
            self.unsure(&format!("matches by the file `{file}`"));
        }
        for at in found {
            let number = u16::try_from(at).unwrap_or(u16::MAX);
            for (nth, line) in (1..).zip(inputs[at].text.trim_start_matches('\u{feff}').lines()) {
                for value in words(line) {
                    let place = Place::new(number, nth, format!("value of the ACL {}", self.name), line);
                    self.value(&value.text, rules, &place);
                }
            }
        }
    }

    fn value(&mut self, value: &str, rules: &mut Rules, place: &Place) {
        match &mut self.known {
            Known::Source(sets) | Known::Destination(sets) => match addresses(value) {
                Ok(Some(entry)) => sets.push(entry.noted(rules, place)),
                Ok(None) => sets.push(Ranges::all()),
                Err(oddity) => {
                    // Squid reads as the C library does: `010` is 8, and `104.16.0` has its zeros elsewhere.
                    let is_name = entry::is_host_name(value) || matches!(value, "ipv4" | "ipv6");
                    if !is_name {
                        oddity.note(rules, place);
                    }
                    let what = if is_name { "by the addresses of" } else { "by what squid takes for an address:" };
                    self.unsure(&format!("matches {what} `{value}`"));
                }
            },
            Known::Host(names) => {
                let is_odd = value.starts_with("*.") || value.ends_with(['.', '*', '+']);
                if is_odd {
                    let what =
                        format!("`{value}` matches no host: squid writes a domain with all under it as `.example.com`");
                    rules.note(NoteKind::Malformed, place, what);
                } else {
                    names.push(value.to_ascii_lowercase());
                }
            }
            Known::Port(sets) => match entry::ports(value) {
                Ok(ports) => sets.push(ports),
                Err(oddity) => {
                    oddity.note(rules, place);
                    self.unsure(&format!("matches by what squid takes for a port: `{value}`"));
                }
            },
            Known::Fixed(holds) => match (self.kind.as_str(), value) {
                ("method", "CONNECT") => *holds = true,
                // A CONNECT has no scheme.
                ("proto", value) if !value.eq_ignore_ascii_case("none") => {}
                ("method", value) if !value.eq_ignore_ascii_case("connect") => {}
                _ => self.unsure("matches"),
            },
        }
    }

    /// It may match what is not known to.
    pub(super) fn unsure(&mut self, does: &str) {
        let what = format!("the ACL `{}` ({}) {does}", self.name, self.kind);
        match &mut self.unknown {
            None => self.unknown = Some(what),
            Some(known) if known.len() < 200 && !known.contains(does) => {
                known.push_str(", or ");
                known.push_str(does);
            }
            Some(_) => {}
        }
    }

    /// As it was first written.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// What it matches, or what it does not.
    pub(super) fn matches(&self, is: bool) -> Vec<Match> {
        let any = Match::any();
        let set = |sets: &[Ranges]| {
            let set = Ranges::any_of(sets);
            if is { set } else { set.not() }
        };
        let mut known = match &self.known {
            Known::Source(sets) => vec![Match { source: set(sets), ..any }],
            Known::Destination(sets) => vec![Match { destination: set(sets), ..any }],
            Known::Port(sets) => vec![Match { port: set(sets), ..any }],
            Known::Host(names) if is && names.is_empty() => Vec::new(),
            Known::Host(names) if is => vec![Match { host: Names::one_of(names.iter().map(String::as_str)), ..any }],
            Known::Host(names) if names.is_empty() => vec![any],
            Known::Host(names) => vec![Match { host: Names::none_of(names.iter().map(String::as_str)), ..any }],
            Known::Fixed(holds) => {
                if *holds == is {
                    vec![any]
                } else {
                    Vec::new()
                }
            }
        };
        match &self.unknown {
            Some(what) if is => known.push(Match::any().on(Condition::holds(what.as_str()))),
            Some(what) => known = known.into_iter().map(|each| each.on(Condition::fails(what.as_str()))).collect(),
            None => {}
        }
        known.retain(|each| !each.is_nothing());
        known
    }
}

fn is_flag(word: &str) -> bool {
    matches!(word, "-i" | "+i" | "-n" | "--") || word.starts_with("-m")
}

/// An entry; nothing, where it stands for all.
fn addresses(value: &str) -> Result<Option<entry::Entry>, entry::Oddity> {
    if value == "all" {
        return Ok(None);
    }
    // A range may have the length of what lies at its ends: `10.0.0.0-10.0.1.0/24`.
    if let Some((range, length)) = value.rsplit_once('/')
        && let Some((first, last)) = range.split_once('-')
    {
        let ends = (entry::entry(&format!("{first}/{length}"))?, entry::entry(&format!("{last}/{length}"))?);
        let (from, to) = (ends.0.ranges.first(), ends.1.ranges.intervals().last().map(|(_, last)| *last));
        if let (Some(from), Some(to)) = (from, to)
            && ends.0.family == ends.1.family
        {
            return Ok(Some(entry::Entry { ranges: Ranges::between(from, to), ..ends.0 }));
        }
    }
    entry::entry(value).map(Some)
}
