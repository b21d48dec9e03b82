//! The rules of one chain as the model has them, on one way; and what finds the packets that a chain makes others of.

use super::options::{KindTest, Parsed};
use super::tables::Goes;
use super::target::{Does, unknown};
use crate::firewall::addresses::Family;
use crate::firewall::rules::{Answer, Condition, Match, Names, Place, Rule, States, Then, Way};

/// Where a rule sends packets on to, in words.
pub(super) fn elsewhere(parsed: &Parsed) -> String {
    let after = |names: &[&str]| {
        let at = parsed.options.iter().position(|option| names.contains(&option.as_str()))?;
        parsed.options.get(at + 1).cloned()
    };
    match (after(&["--to-destination", "--to"]), after(&["--to-ports", "--to-port"])) {
        (Some(to), _) => to,
        (None, Some(port)) => format!("port {port} of this host"),
        (None, None) => "this host".to_owned(),
    }
}

/// What a rule matches on a way, which is what decides whether an address is the host's own.
pub(super) fn on_way(parsed: &Parsed, way: Option<Way>, family: Family) -> Vec<Match> {
    let mut when = parsed.when.clone();
    // What goes out came in nowhere, and what comes in does not go out: a chain can be jumped to from either.
    when.retain(|when| match way {
        Some(Way::Out) => when.from.matches(""),
        Some(Way::In) => when.to.matches(""),
        _ => true,
    });
    for when in &mut when {
        match way {
            Some(Way::Out) => when.from = Names::any(),
            Some(Way::In) => when.to = Names::any(),
            _ => {}
        }
    }
    for test in &parsed.kinds {
        match way.and_then(|way| fits(test, way, family)) {
            Some(true) => {}
            Some(false) => when.clear(),
            None => {
                let end = if test.source { "source" } else { "destination" };
                let what = format!("the kind of its {end} is {}", test.kinds.join(" or "));
                let condition = if test.is { Condition::holds(what) } else { Condition::fails(what) };
                for when in &mut when {
                    when.conditions.push(condition.clone());
                }
            }
        }
    }
    when
}

/// Both ends of a connection are single hosts, of which one can be this one.
fn fits(test: &KindTest, way: Way, family: Family) -> Option<bool> {
    let own = match way {
        Way::In => !test.source,
        Way::Out => test.source,
        Way::Through => false,
    };
    let has = |kind: &str| test.kinds.iter().any(|one| one == kind);
    let none_but = |known: &[&str]| test.kinds.iter().all(|kind| known.contains(&kind.as_str()));
    let fits = match family {
        Family::V4 if none_but(&["LOCAL", "UNICAST", "BROADCAST", "MULTICAST", "ANYCAST", "UNSPEC"]) => {
            has(if own { "LOCAL" } else { "UNICAST" })
        }
        // Of IPv6 the kernel wants several kinds at a time, and to it the host's own addresses are unicast, too.
        Family::V6 if has("MULTICAST") || has("UNSPEC") => false,
        Family::V6 if none_but(&["UNICAST"]) => true,
        Family::V6 if none_but(&["LOCAL", "UNICAST", "ANYCAST"]) => has("LOCAL") && own,
        _ => return None,
    };
    Some(fits == test.is)
}

/// Adds a rule to those that are asked.
pub(super) fn asked(
    rules: &mut Vec<Rule>,
    place: &Place,
    parsed: &Parsed,
    when: Vec<Match>,
    goes: Goes,
    to: impl Fn(usize) -> Option<Then>,
) {
    let then = match goes {
        Goes::To(chain) => match to(chain) {
            Some(then) => then,
            None => return,
        },
        Goes::Does(Does::Answers(answer)) => Then::Answer(answer),
        Goes::Does(Does::Returns) => Then::Return,
        Goes::Does(Does::Unknown) => {
            return either(rules, place, &when, &unknown(parsed.target.as_deref().unwrap_or_default()));
        }
        Goes::Does(Does::Logs) => {
            rules.push(Rule { logs: true, ..Rule::new(place.clone(), when, Then::Next) });
            return;
        }
        Goes::Does(Does::Nothing | Does::SendsElsewhere | Does::HidesSource | Does::Untracks) => Then::Next,
    };
    rules.push(Rule::new(place.clone(), when, then));
}

/// It may be let through, stopped, or neither.
pub(super) fn either(rules: &mut Vec<Rule>, place: &Place, when: &[Match], why: &str) {
    for (answer, does) in [(Answer::Accept, "lets it pass"), (Answer::Drop, "stops it")] {
        let condition = Condition::holds(format!("{} {does}: {why}", place.name));
        let when = when.iter().map(|when| when.clone().on(condition.clone())).collect();
        rules.push(Rule::new(place.clone(), when, Then::Answer(answer)));
    }
}

/// Adds what finds the packets that a rule diverts.
pub(super) fn diverting(
    rules: &mut Vec<Rule>,
    place: &Place,
    parsed: &Parsed,
    when: Vec<Match>,
    goes: Goes,
    to: impl Fn(usize) -> Option<Then>,
) {
    let what = match goes {
        Goes::To(chain) => {
            rules.extend(to(chain).map(|then| Rule::new(place.clone(), when, then)));
            return;
        }
        Goes::Does(Does::SendsElsewhere) => {
            format!("what {} sends on to {} is let through there", place.name, elsewhere(parsed))
        }
        Goes::Does(Does::Untracks) => format!("what {} takes out of connection tracking is let through", place.name),
        Goes::Does(Does::Unknown) => {
            format!("{} lets it pass: {}", place.name, unknown(parsed.target.as_deref().unwrap_or_default()))
        }
        Goes::Does(Does::Answers(_) | Does::Returns) => {
            rules.push(Rule::new(place.clone(), when, Then::Return));
            return;
        }
        Goes::Does(Does::Nothing | Does::Logs | Does::HidesSource) => return,
    };
    let unsure = when.iter().map(|when| when.clone().on(Condition::holds(what.as_str()))).collect();
    rules.push(Rule::new(place.clone(), unsure, Then::Answer(Answer::Accept)));
    rules.push(Rule::new(place.clone(), when, Then::Answer(Answer::Drop)));
}

/// What a rule that is asked for first packets diverts of all of a connection; `back`, of the answers.
pub(super) fn diverted(when: Match, back: bool) -> Option<Match> {
    if !when.states.covers(States::NEW) {
        return None;
    }
    if !back {
        return Some(Match { states: States::ANY, flags: Vec::new(), ..when });
    }
    Some(Match {
        source: when.destination,
        destination: when.source,
        source_port: when.port,
        port: when.source_port,
        from: when.to,
        to: when.from,
        states: !States::NEW,
        flags: Vec::new(),
        ..when
    })
}
