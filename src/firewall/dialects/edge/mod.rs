//! What the firewalls at the edge of a site have in common: names that stand for addresses and services, often through other
//! names, and one list of rules that whatever passes through has to pass, whichever way it goes.

#[cfg(test)]
pub(crate) mod asking;
pub(crate) mod named;
pub(crate) mod order;
pub(crate) mod services;
pub(crate) mod words;
pub(crate) mod writing;

use std::net::IpAddr;
use std::sync::Arc;

use self::named::Meaning;
use self::services::{Service, Services};
use super::entry;
use crate::firewall::addresses::{never_public, number};
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{
    Answer, Chain, ChainId, Condition, Layer, Match, Names, Place, Policy, Replies, Rule, Rules, Then, Way,
};

/// Puts a chain before everything that passes through, whichever way: what goes in and what goes out is a matter of its addresses
/// and zones.
pub(crate) fn every_way(rules: &mut Rules, name: &str, families: &Ranges, chain: ChainId, replies: Replies) {
    for way in [Way::In, Way::Out, Way::Through] {
        rules.layers.push(Layer { name: name.to_owned(), way, families: families.clone(), chain, replies });
    }
}

/// Of several contexts, nobody knows which one the installation is behind; it is behind one of them.
pub(crate) fn one_of(rules: &mut Rules, chains: &[(String, ChainId)]) -> ChainId {
    if let [(_, only)] = chains {
        return *only;
    }
    let mut all = Vec::new();
    for (nth, (name, chain)) in chains.iter().enumerate() {
        let last = nth + 1 == chains.len();
        let behind = || Condition::holds(format!("the installation is behind {name}"));
        let when = if last { Match::any() } else { Match::any().on(behind()) };
        all.push(Rule::new(Place::new(0, 0, name.as_str(), ""), vec![when], Then::Jump(*chain)));
    }
    let policy = Some(Policy { answer: Answer::Drop, place: Place::default() });
    rules.add_chain(Chain { name: "whatever the installation is behind".to_owned(), rules: all, policy })
}

/// Puts rules for the same match into a chain that let it pass or stop it, whichever nobody knows.
pub(crate) fn either(rules: &mut Rules, chain: ChainId, place: &Place, when: &[Match], why: &str) {
    let Some(chain) = rules.chains.get_mut(chain.0 as usize) else { return };
    for (answer, does) in [(Answer::Accept, "lets it pass"), (Answer::Drop, "stops it")] {
        let doubt = Condition::holds(format!("it {does}: {why}"));
        let when = when.iter().map(|when| when.clone().on(doubt.clone())).collect();
        chain.rules.push(Rule::new(place.clone(), when, Then::Answer(answer)));
    }
}

/// A set, where that holds besides.
pub(crate) type Alternative<S> = (S, Vec<Condition>);

/// What a rule says, field by field. Each is a list of alternatives; it matches where one of each list does.
pub(crate) struct Fields {
    /// Where it comes from.
    pub sources: Vec<Alternative<Ranges>>,
    /// Where it goes to.
    pub destinations: Vec<Alternative<Ranges>>,
    /// What it is.
    pub services: Vec<Alternative<Service>>,
    /// Where it comes in and goes out.
    pub zones: Vec<(Names, Names)>,
    /// What has to hold in any case.
    pub conditions: Vec<Condition>,
}

/// No rule of a real firewall comes to as many.
const MOST_MATCHES: usize = 20_000;

impl Fields {
    /// Every combination; nothing, where they are more than anybody means.
    pub(crate) fn matches(&self) -> Option<Vec<Match>> {
        let counts = [self.sources.len(), self.destinations.len(), self.services.len(), self.zones.len()];
        let all = counts.iter().try_fold(1_usize, |all, count| all.checked_mul(*count))?;
        if all > MOST_MATCHES {
            return None;
        }
        let mut matches = Vec::with_capacity(all);
        for (from, to) in &self.zones {
            for (source, unless_source) in &self.sources {
                for (destination, unless_destination) in &self.destinations {
                    for (service, unless_service) in &self.services {
                        let mut conditions = self.conditions.clone();
                        for condition in unless_source.iter().chain(unless_destination).chain(unless_service) {
                            if !conditions.contains(condition) {
                                conditions.push(condition.clone());
                            }
                        }
                        let one = Match {
                            source: source.clone(),
                            destination: destination.clone(),
                            protocol: service.protocol.clone(),
                            source_port: service.source_port.clone(),
                            port: service.port.clone(),
                            from: from.clone(),
                            to: to.clone(),
                            conditions,
                            ..Match::any()
                        };
                        if !one.is_nothing() && !contradicts(&one.conditions) {
                            matches.push(one);
                        }
                    }
                }
            }
        }
        Some(matches)
    }
}

fn contradicts(conditions: &[Condition]) -> bool {
    conditions.iter().any(|one| conditions.iter().any(|other| one.what == other.what && one.holds != other.holds))
}

/// More doubts than that about one field are one doubt.
const MOST_DOUBTS: usize = 8;

/// The addresses of a field as alternatives, of those that the field can speak of.
pub(crate) fn addresses(
    meaning: &Meaning<Ranges>,
    side: &str,
    universe: &Ranges,
    negated: bool,
) -> Vec<Alternative<Ranges>> {
    let known = meaning.known.and(universe);
    let doubts = doubts(meaning, |words| format!("its {side} is {words}"));
    let mut all: Vec<Alternative<Ranges>> = Vec::new();
    if negated {
        // Where no member that is in doubt can be, what is known decides; elsewhere none of them may hold it.
        let others = universe.minus(&known);
        let reach = Ranges::any_of(doubts.iter().map(|(_, reach)| reach));
        all.push((others.minus(&reach), Vec::new()));
        all.push((others.and(&reach), doubts.iter().map(|(what, _)| Condition::fails(what.clone())).collect()));
    } else {
        all.extend(doubts.iter().map(|(what, reach)| {
            let beyond = reach.and(universe).minus(&known);
            (beyond, vec![Condition::holds(what.clone())])
        }));
        all.insert(0, (known, Vec::new()));
    }
    all.retain(|(set, _)| !set.is_empty());
    all
}

/// The services of a field as alternatives.
pub(crate) fn services(meaning: &Meaning<Services>, negated: bool) -> Vec<Alternative<Service>> {
    let doubts = doubts(meaning, |words| format!("it is {words}"));
    if negated {
        let fails: Vec<Condition> = doubts.iter().map(|(what, _)| Condition::fails(what.clone())).collect();
        return match meaning.known.others() {
            Some(others) => others.into_iter().map(|service| (service, fails.clone())).collect(),
            None => vec![(Service::any(), vec![Condition::holds("it is none of the services that are left out")])],
        };
    }
    let certain = meaning.known.each().iter().map(|service| (service.clone(), Vec::new()));
    let unsure = doubts.iter().flat_map(|(what, reach)| {
        reach.each().iter().map(|service| (service.clone(), vec![Condition::holds(what.clone())]))
    });
    certain.chain(unsure).collect()
}

/// What is in doubt, in a sentence each.
fn doubts<S: named::Set>(meaning: &Meaning<S>, say: impl Fn(&str) -> String) -> Vec<(Arc<str>, S)> {
    if meaning.unsure.len() <= MOST_DOUBTS {
        return meaning.unsure.iter().map(|(words, reach)| (say(words).into(), reach.clone())).collect();
    }
    let mut words = String::new();
    for one in meaning.unsure.keys() {
        if words.len() > 4000 {
            words.push_str(" or another");
            break;
        }
        if !words.is_empty() {
            words.push_str(" or ");
        }
        words.push_str(one);
    }
    vec![(say(&words).into(), S::any_of(&meaning.unsure.values().collect::<Vec<_>>()))]
}

/// Whether a route there leads to the internet, rather than to a site's own networks, which may have public addresses.
pub(crate) fn is_the_internet(to: &Ranges) -> bool {
    to.minus(&never_public()).intervals().iter().any(|(first, last)| last - first >= 1 << 16)
}

/// What an address under a wildcard mask stands for, also where the mask has gaps; nothing, where those come to too much.
pub(crate) fn scattered(address: &str, mask: &str) -> Option<Ranges> {
    let (Ok(IpAddr::V4(base)), Ok(IpAddr::V4(mask))) = (address.parse(), mask.parse()) else { return None };
    let (base, mask) = (u32::from(base), u32::from(mask));
    let low = (1_u64 << mask.trailing_ones()) - 1;
    let gaps: Vec<u32> = (mask.trailing_ones()..32).filter(|bit| mask & (1 << bit) != 0).collect();
    if gaps.len() > 10 {
        return None;
    }
    let starts = (0..1_u32 << gaps.len()).map(|choice| {
        let set = gaps.iter().enumerate().filter(|(nth, _)| choice & (1 << nth) != 0);
        set.fold(base & !mask, |start, (_, bit)| start | 1 << bit)
    });
    Some(Ranges::of(starts.map(|start| {
        let start = number(IpAddr::V4(start.into()));
        (start, start + u128::from(low))
    })))
}

/// A name as it is quoted in a sentence: on one line, and no longer than a name is.
pub(crate) fn shown(name: &str) -> String {
    let mut shown: String = name.chars().take(100).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if name.chars().nth(100).is_some() {
        shown.push('…');
    }
    shown
}

/// The ports of a list such as `80,443,8000-9000`; otherwise which part is none. Names of services are none here.
pub(crate) fn ports(list: &str) -> Result<Ranges, String> {
    let mut all = Vec::new();
    for part in list.split(',') {
        let part = part.trim();
        let digits = part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        match entry::ports(part) {
            Ok(ports) if digits => all.push(ports),
            Ok(_) => return Err(format!("`{}` is no port", shown(part))),
            Err(oddity) => return Err(oddity.what),
        }
    }
    Ok(Ranges::any_of(&all))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::firewall::addresses::in_words;

    #[test]
    fn a_wildcard_with_gaps_is_every_address_that_fits_and_one_with_many_gaps_is_left_alone() {
        assert_eq!(in_words(&scattered("10.0.0.0", "0.0.0.255").unwrap()), "10.0.0.0/24");
        assert_eq!(in_words(&scattered("10.0.1.7", "0.0.2.0").unwrap()), "10.0.1.7, 10.0.3.7");
        assert_eq!(in_words(&scattered("10.0.0.0", "0.1.0.3").unwrap()), "10.0.0.0/30, 10.1.0.0/30");
        assert_eq!(scattered("10.0.0.0", "255.255.255.0"), None);
        assert_eq!(in_words(&scattered("1.2.3.4", "255.255.255.255").unwrap()), "0.0.0.0/0");
    }

    #[test]
    fn what_is_negated_is_all_but_the_known_where_nothing_in_doubt_can_be() {
        let known = entry::entry("10.0.0.0/8").unwrap().ranges;
        let reach = entry::entry("11.0.0.0/8").unwrap().ranges;
        let meaning = Meaning { known: known.clone(), unsure: [("one of `x`".into(), reach.clone())].into() };

        let plain = addresses(&meaning, "source", &Ranges::all(), false);
        assert_eq!(
            plain,
            [(known.clone(), vec![]), (reach.clone(), vec![Condition::holds("its source is one of `x`")])]
        );
        let negated = addresses(&meaning, "source", &Ranges::all(), true);
        assert_eq!(negated[0], (known.not().minus(&reach), vec![]));
        assert_eq!(negated[1], (reach, vec![Condition::fails("its source is one of `x`")]));
    }
}
