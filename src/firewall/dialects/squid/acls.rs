//! What an ACL matches of a CONNECT: sets of addresses, ports and names, and what cannot be known of it.

use std::collections::{BTreeMap, HashSet};

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
    /// Why squid does not start with it, in words.
    pub(super) refused: Option<String>,
    /// Whether it is squid's own.
    pub(super) is_built_in: bool,
    /// Whether something uses it.
    pub(super) is_used: bool,
}

/// What values stand for.
enum Known {
    Source(Addresses),
    Destination(Addresses),
    Host(Domains),
    Port(Vec<Ranges>),
    /// It matches every CONNECT, or none.
    Fixed(bool),
}

/// Names of hosts, and domains with all under them (`.example.com`).
#[derive(Default)]
struct Domains {
    /// Those that a host can match.
    names: Vec<String>,
    /// All of them.
    all: HashSet<String>,
    /// What each of them lies under, itself included.
    above: HashSet<String>,
}

impl Domains {
    /// Takes in another. What it says is the one that is there already, where squid before version 6 starts with one of the two
    /// only: a domain beside its own name, or behind a name that lies under it.
    fn add(&mut self, value: &str) -> Option<String> {
        let value = value.to_ascii_lowercase();
        if value.len() > LONGEST || !self.all.insert(value.clone()) {
            return None;
        }
        let base = value.strip_prefix('.').unwrap_or(&value);
        let under = || std::iter::successors(Some(base), |name| name.split_once('.').map(|(_, above)| above));
        // What lies under a wider domain is passed over with a warning.
        let is_covered = under().skip(1).any(|above| self.all.contains(&format!(".{above}")));
        let meets =
            if value.starts_with('.') { self.above.contains(base) } else { self.all.contains(&format!(".{base}")) };
        let other = meets && !is_covered;
        self.above.extend(under().map(str::to_owned));
        if !value.starts_with("*.") && !value.ends_with(['.', '*', '+']) {
            self.names.push(value.clone());
        }
        other.then(|| if value.starts_with('.') { format!("what lies under {base}") } else { format!(".{base}") })
    }
}

/// No name of a host is longer.
const LONGEST: usize = 255;

impl Acl {
    /// One of this type without values.
    pub(super) fn new(name: &str, kind: &str, place: Place) -> Self {
        let known = match kind {
            "src" => Known::Source(Addresses::default()),
            "dst" => Known::Destination(Addresses::default()),
            "dstdomain" | "ssl::server_name" => Known::Host(Domains::default()),
            "port" => Known::Port(Vec::new()),
            _ => Known::Fixed(false),
        };
        let (name, kind) = (name.to_owned(), kind.to_owned());
        Acl { name, kind, place, known, unknown: None, refused: None, is_built_in: false, is_used: false }
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
            self.known = Known::Destination(Addresses::default());
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
            Known::Source(sets) | Known::Destination(sets) if value == "::/0" => {
                // It overlaps what is all of both families, as any address does.
                sets.add(&Ranges::one(0_u8));
                rules.note(NoteKind::Malformed, place, "`::/0` is no address at all to squid 5, which writes `all`");
                self.unsure("matches by `::/0`, which squid 5 takes for no address");
            }
            Known::Source(sets) | Known::Destination(sets) => match addresses(value) {
                Ok(entry) => {
                    let set = entry.map_or_else(Ranges::all, |entry| entry.noted(rules, place));
                    if !sets.add(&set) {
                        let what = format!("`{value}` overlaps a value before it, and squid 5 passes it over");
                        rules.note(NoteKind::Malformed, place, what);
                    }
                }
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
            Known::Host(domains) => {
                if let Some(other) = domains.add(value) {
                    self.refused
                        .get_or_insert_with(|| format!("the ACL `{}` holds `{value}` beside `{other}`", self.name));
                }
                if value.starts_with("*.") || value.ends_with(['.', '*', '+']) {
                    let what =
                        format!("`{value}` matches no host: squid writes a domain with all under it as `.example.com`");
                    rules.note(NoteKind::Malformed, place, what);
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

    /// How many values have to be looked at to say what it matches.
    pub(super) fn size(&self) -> usize {
        match &self.known {
            Known::Source(sets) | Known::Destination(sets) => sets.certain.len() + sets.passed_over.len(),
            Known::Host(domains) => domains.names.len(),
            Known::Port(sets) => sets.len(),
            Known::Fixed(_) => 1,
        }
    }

    /// What it matches, or what it does not.
    pub(super) fn matches(&self, is: bool) -> Vec<Match> {
        let any = Match::any();
        let mut known = match &self.known {
            Known::Source(sets) => {
                self.addressed(sets, is, |set, condition| Match { source: set, conditions: condition, ..any.clone() })
            }
            Known::Destination(sets) => self.addressed(sets, is, |set, condition| Match {
                destination: set,
                conditions: condition,
                ..any.clone()
            }),
            Known::Port(sets) => {
                let set = Ranges::any_of(sets);
                vec![Match { port: if is { set } else { set.not() }, ..any }]
            }
            Known::Host(domains) if !domains.names.is_empty() => {
                let names = domains.names.iter().map(String::as_str);
                vec![Match { host: if is { Names::one_of(names) } else { Names::none_of(names) }, ..any }]
            }
            Known::Host(_) => (!is).then_some(any).into_iter().collect(),
            Known::Fixed(holds) => (*holds == is).then_some(any).into_iter().collect(),
        };
        match &self.unknown {
            Some(what) if is => known.push(Match::any().on(Condition::holds(what.as_str()))),
            Some(what) => known = known.into_iter().map(|each| each.on(Condition::fails(what.as_str()))).collect(),
            None => {}
        }
        known.retain(|each| !each.is_nothing());
        known
    }

    /// What is certain of addresses, and what hangs on the version of squid.
    fn addressed(&self, sets: &Addresses, is: bool, of: impl Fn(Ranges, Vec<Condition>) -> Match) -> Vec<Match> {
        let certain = Ranges::of(sets.certain.iter().map(|(first, last)| (*first, *last)));
        let passed_over = Ranges::any_of(&sets.passed_over).minus(&certain);
        let what =
            format!("this squid takes values of the ACL `{}` that overlap others, as version 5 does not", self.name);
        let neither = || certain.or(&passed_over).not();
        let condition = vec![Condition { what: what.into(), holds: is }];
        vec![of(if is { certain.clone() } else { neither() }, Vec::new()), of(passed_over.clone(), condition)]
    }
}

/// Addresses as squid keeps them: apart from one another.
#[derive(Default)]
struct Addresses {
    /// Those that are in force, by where they begin.
    certain: BTreeMap<u128, u128>,
    /// Those that overlapped one of them, and were more.
    passed_over: Vec<Ranges>,
}

impl Addresses {
    /// Takes in more; says whether it was not passed over, or would have changed nothing.
    fn add(&mut self, set: &Ranges) -> bool {
        let holds = |first: u128, last: u128| {
            let before = self.certain.range(..=last).next_back();
            before.filter(|(_, end)| **end >= first).map(|(begin, end)| *begin <= first && last <= *end)
        };
        let overlaps: Vec<bool> = set.intervals().iter().filter_map(|(first, last)| holds(*first, *last)).collect();
        if overlaps.is_empty() {
            self.certain.extend(set.intervals().iter().copied());
            return true;
        }
        let changes_nothing = overlaps.len() == set.intervals().len() && overlaps.iter().all(|within| *within);
        if !changes_nothing {
            self.passed_over.push(set.clone());
        }
        changes_nothing
    }
}

fn is_flag(word: &str) -> bool {
    matches!(word, "-i" | "+i" | "-n" | "--") || word.starts_with("-m")
}

/// An entry; nothing, where it stands for all.
fn addresses(value: &str) -> Result<Option<entry::Entry>, entry::Oddity> {
    // It is all of both families.
    if ["all", "0.0.0.0/0", "0.0.0.0/0.0.0.0", "0/0"].contains(&value) {
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
    let mut entry = entry::entry(value)?;
    // Squid has IPv4 where IPv6 maps it, so that a network of IPv6 around it holds it.
    if let [(first, _), .., (_, last)] = entry.ranges.intervals() {
        entry.ranges = Ranges::between(*first, *last);
    }
    Ok(Some(entry))
}
