//! What a rule of a network security group matches: what is certain, and what a tag, a group or an expression stands for.

use super::super::entry;
use super::groups::{SecurityRule, Side};
use crate::firewall::addresses::{Family, never_public};
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{Condition, Match, Place, Rules};

/// What a rule matches.
pub(super) fn matches(rules: &mut Rules, rule: &SecurityRule) -> Vec<Match> {
    let place = &rule.place;
    let (comes_in, goes_out) =
        (rule.direction.eq_ignore_ascii_case("inbound"), rule.direction.eq_ignore_ascii_case("outbound"));
    let sources = rule.source.addresses(rules, place, "source", goes_out);
    let destinations = rule.destination.addresses(rules, place, "destination", comes_in);
    let mut base = Match::any();
    match protocol(&rule.protocol) {
        Ok(protocol) => base.protocol = protocol,
        Err(unknown) => base.conditions.push(unknown),
    }
    let (from, to) = (rule.source.ports(rules, place), rule.destination.ports(rules, place));
    let icmp = base.protocol == Ranges::one(ICMP);
    let narrows = !(from.set.is_all() && to.set.is_all());
    if narrows && !icmp {
        (base.source_port, base.port) = (from.set, to.set);
        base.protocol = base.protocol.and(&Ranges::of([(TCP, TCP), (UDP, UDP)]));
    }
    if !icmp {
        base.conditions.extend([from.unless, to.unless].into_iter().flatten());
    }
    let mut all = Vec::new();
    for source in &sources {
        for destination in &destinations {
            let mut both = base.clone();
            (both.source, both.destination) = (source.set.clone(), destination.set.clone());
            both.conditions.extend([&source.unless, &destination.unless].into_iter().flatten().cloned());
            all.push(both);
        }
    }
    all
}

const ICMP: u128 = 1;
const TCP: u128 = 6;
const UDP: u128 = 17;

fn protocol(word: &str) -> Result<Ranges, Condition> {
    if is_any(word) || word.eq_ignore_ascii_case("all") {
        return Ok(Ranges::all());
    }
    match entry::protocol(word) {
        Some(number) => Ok(Ranges::one(number)),
        None => Err(Condition::holds(format!("`{word}` is the protocol"))),
    }
}

pub(super) fn is_any(word: &str) -> bool {
    word == "*" || word.eq_ignore_ascii_case("any")
}

/// A set, and what has to hold for it to be matched.
struct Alternative {
    set: Ranges,
    unless: Option<Condition>,
}

impl Alternative {
    fn certain(set: Ranges) -> Self {
        Alternative { set, unless: None }
    }

    fn under(set: Ranges, what: String) -> Self {
        Alternative { set, unless: Some(Condition::holds(what)) }
    }
}

impl Side {
    /// The addresses of one end: those that are certain, then those that something stands for which the document does not resolve.
    /// The installation's own end lies in its virtual network.
    fn addresses(&self, rules: &mut Rules, place: &Place, end: &str, is_own: bool) -> Vec<Alternative> {
        let mut known = Vec::new();
        let mut names: Vec<(String, Ranges)> = Vec::new();
        let words = self.prefixes.iter().flat_map(|prefix| split(prefix));
        for word in words {
            if is_any(word) || (is_own && word.eq_ignore_ascii_case("VirtualNetwork")) {
                return vec![Alternative::certain(Ranges::all())];
            }
            match service_tag(word) {
                Some(tag) => {
                    // Nobody gets anything to a private address but in the network, or through what is connected to it.
                    if tag.spelt == "VirtualNetwork" && end == "destination" {
                        known.push(never_public());
                    }
                    known.push(tag.certain);
                    names.push((format!("the service tag `{}`", tag.spelt), tag.reach));
                }
                None if word.starts_with('[') => names.push((format!("`{word}`"), Ranges::all())),
                None => match entry::entry(word) {
                    Ok(entry) => known.push(entry.noted(rules, place)),
                    Err(oddity) => oddity.note(rules, place),
                },
            }
            if self.resolved && word == "0.0.0.0/0" {
                names.push(("0.0.0.0/0, as Azure resolved the rule,".to_owned(), Family::V6.all()));
            }
        }
        for group in &self.groups {
            let name = group.rsplit('/').next().unwrap_or(group);
            names.push((format!("the application security group `{name}`"), Ranges::all()));
        }
        if names.is_empty() && known.is_empty() && self.prefixes.is_empty() {
            names.push((format!("{}, which names none,", place.name), Ranges::all()));
        }
        names.dedup();
        let mut all = vec![Alternative::certain(Ranges::any_of(&known))];
        if names.len() > APART {
            let reach = Ranges::any_of(names.iter().map(|(_, reach)| reach));
            let names: Vec<String> = names.into_iter().map(|(name, _)| name).collect();
            let (first, last) = (&names[0], &names[names.len() - 1]);
            let what = format!("one of {} names, from {first} to {last} in {},", names.len(), place.name);
            names_hold(&mut all, &what, reach, end);
        } else {
            for (name, reach) in names {
                names_hold(&mut all, &name, reach, end);
            }
        }
        all.retain(|alternative| !alternative.set.is_empty());
        all
    }

    /// The ports of one end.
    fn ports(&self, rules: &mut Rules, place: &Place) -> Alternative {
        let mut known = Vec::new();
        let mut unless = None;
        for word in self.ports.iter().flat_map(|ports| split(ports)) {
            if is_any(word) || word == "0-65535" {
                return Alternative::certain(Ranges::all());
            }
            match entry::ports(word) {
                Ok(ports) => known.push(ports),
                Err(_) if word.starts_with('[') => {
                    unless = Some(Condition::holds(format!("`{word}` holds the port")));
                    known.push(Ranges::all());
                }
                Err(oddity) => oddity.note(rules, place),
            }
        }
        if self.ports.is_empty() {
            Alternative::certain(Ranges::all())
        } else {
            Alternative { set: Ranges::any_of(&known), unless }
        }
    }
}

/// As many names stand apart, each a condition of its own.
const APART: usize = 6;

fn names_hold(all: &mut Vec<Alternative>, name: &str, reach: Ranges, end: &str) {
    all.push(Alternative::under(reach, format!("{name} holds the {end}")));
}

fn split(list: &str) -> impl Iterator<Item = &str> {
    // An expression of a template is one word, whatever commas it holds.
    let whole = list.trim_start().starts_with('[');
    list.split(move |c| c == ',' && !whole).map(str::trim).filter(|word| !word.is_empty())
}

/// A service tag.
struct Tag {
    /// As Azure spells it.
    spelt: String,
    /// What it stands for wherever it stands.
    certain: Ranges,
    /// What else it can stand for.
    reach: Ranges,
}

/// What a service tag stands for, as Azure documents it: `Internet` for what is public and outside of the virtual network, and
/// `VirtualNetwork` for the address space of this and of what is connected to it, which differ by network. What Azure resolves the
/// others to changes every week.
fn service_tag(word: &str) -> Option<Tag> {
    let is_tag = word.starts_with(|c: char| c.is_ascii_alphabetic())
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
    if !is_tag {
        return None;
    }
    let spelt = TAGS.iter().find(|tag| tag.eq_ignore_ascii_case(word)).map_or(word, |tag| *tag);
    let (certain, reach) = match spelt {
        "Internet" => (public(), Ranges::none()),
        "VirtualNetwork" => (Ranges::none(), non_public()),
        // Probes come from these two addresses, and nothing else of the load balancer does.
        "AzureLoadBalancer" => {
            let probes = [0xffff_a83f_8110, 0xfe80_0000_0000_0000_0000_1234_5678_9abc].map(|probe| (probe, probe));
            (Ranges::none(), Ranges::of(probes))
        }
        _ => (Ranges::none(), Ranges::all()),
    };
    Some(Tag { spelt: spelt.to_owned(), certain, reach })
}

fn non_public() -> Ranges {
    Ranges::all().minus(&public())
}

/// Addresses that anybody on the internet can have.
fn public() -> Ranges {
    let private = [
        (0x0000_0000_u32, 8),
        (0x0a00_0000, 8),
        (0x6440_0000, 10),
        (0x7f00_0000, 8),
        (0xa83f_8110, 32),
        (0xa9fe_0000, 16),
        (0xac10_0000, 12),
        (0xc0a8_0000, 16),
        (0xe000_0000, 3),
    ];
    let private = Ranges::of(private.map(|(first, length)| {
        let first = 0xffff_0000_0000 | u128::from(first);
        (first, first + (1 << (32 - length)) - 1)
    }));
    let v6 = Ranges::between(0x2000_u128 << 112, (0x4000_u128 << 112) - 1);
    Family::V4.all().minus(&private).or(&v6)
}

const TAGS: [&str; 4] = ["Internet", "VirtualNetwork", "AzureLoadBalancer", "AzureCloud"];
