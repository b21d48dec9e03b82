//! What is said of established connections, where that is not what is said of new ones.

use super::*;
use crate::firewall::rules::{Answer, Chain, ChainId, Layer, Policy, Rule, Then};

/// One layer in that says what becomes of replies.
fn rules(rules: Vec<Rule>, replies: Replies) -> Rules {
    let mut all = Rules::default();
    let policy = Some(Policy { answer: Answer::Drop, place: Place::default() });
    let chain = all.add_chain(Chain { name: "INPUT".to_owned(), rules, policy });
    random::numbered(&mut all, "");
    all.layers.push(Layer { name: "filter INPUT".to_owned(), way: Way::In, families: Ranges::all(), chain, replies });
    assert_eq!(chain, ChainId(0));
    all
}

fn accept(when: Match) -> Rule {
    Rule::new(Place::default(), vec![when], Then::Answer(Answer::Accept))
}

fn known() -> Rule {
    accept(Match { states: States::ESTABLISHED.or(States::RELATED), ..Match::any() })
}

fn web() -> Rule {
    accept(Match { protocol: Ranges::one(6_u8), port: Ranges::one(443_u16), ..Match::any() })
}

#[test]
fn who_no_longer_lets_established_connections_through_shuts_them_with_the_rule_that_did() {
    let (before, after) = (rules(vec![known(), web()], Replies::ByState), rules(vec![web()], Replies::ByState));

    let comparison = compared(&before, &after);
    assert!(comparison.rows.is_empty());
    assert!(comparison.established.iter().all(|row| row.effect == Effect::Closes));
    let by = &comparison.established[0].before.first[0];
    assert_eq!(by.place.as_ref().unwrap().name.as_ref(), "INPUT rule 1");
    let asked = compared(&after, &before);
    assert!(asked.established.iter().all(|row| row.effect == Effect::Opens) && !asked.established.is_empty());
}

#[test]
fn what_follows_from_a_rule_for_both_is_not_told_twice() {
    let (before, after) = (rules(vec![known()], Replies::ByState), rules(vec![known(), web()], Replies::ByState));
    let (bare, more) = (rules(vec![], Replies::ByState), rules(vec![web()], Replies::ByState));

    for (before, after) in [(&before, &after), (&bare, &more)] {
        let comparison = compared(before, after);
        assert_eq!((comparison.rows.len(), comparison.established), (1, Vec::new()));
    }
}

#[test]
fn a_firewall_that_remembers_has_nothing_to_say_of_them() {
    let (before, after) = (rules(vec![known()], Replies::Remembered), rules(vec![], Replies::Remembered));

    assert_eq!(compared(&before, &after).verdict, Verdict::Nothing);
}
