//! Changes that change nothing, and what is alike both ways round.

use super::*;
use crate::firewall::rules::{Answer, Rule, Then};

fn nothing(before: &Rules, after: &Rules, seed: u64) {
    let comparison = compared(before, after);
    assert_eq!(
        (comparison.rows, comparison.established, comparison.verdict),
        (Vec::new(), Vec::new(), Verdict::Nothing),
        "{seed}"
    );
}

#[test]
fn nothing_differs_from_itself() {
    for seed in 0..300 {
        let (_, before, _) = pair(seed);
        nothing(&before, &before, seed);
    }
}

#[test]
fn what_opens_one_way_round_closes_the_other() {
    for seed in 0..300 {
        let (_, before, after) = pair(seed);
        let told = |comparison: Comparison, turned: bool| {
            let turn = |effect| match effect {
                Effect::Opens => Effect::Closes,
                Effect::Closes => Effect::Opens,
                Effect::MayOpen => Effect::MayClose,
                Effect::MayClose => Effect::MayOpen,
                Effect::MayEither => Effect::MayEither,
            };
            let told = comparison.rows.into_iter().map(|mut row| {
                if turned {
                    row.effect = turn(row.effect);
                    std::mem::swap(&mut row.before, &mut row.after);
                }
                // Both sides may be cut in another order, but they hold the same packets.
                (row.effect, row.conditions)
            });
            told.collect::<BTreeSet<_>>()
        };

        assert_eq!(told(compared(&before, &after), false), told(compared(&after, &before), true), "{seed}");
    }
}

/// Each rule, as `change` has it instead.
fn instead(rules: &Rules, change: &mut dyn FnMut(&Rule) -> Vec<Rule>) -> Rules {
    let mut rules = rules.clone();
    for chain in &mut rules.chains {
        chain.rules = chain.rules.iter().flat_map(&mut *change).collect();
    }
    rules
}

#[test]
fn a_rule_that_is_split_in_two_or_stands_there_twice_changes_nothing() {
    for seed in 0..300 {
        let (world, before, _) = pair(seed);
        let half = Ranges::any_of(&(0..PIECES / 2).map(|piece| world.addresses(piece).0).collect::<Vec<_>>());
        let split = instead(&before, &mut |rule| {
            let with = |set: &Ranges| {
                let mut part = rule.clone();
                for when in &mut part.when {
                    when.source = when.source.and(set);
                }
                part
            };
            vec![with(&half), with(&half.not())]
        });
        let twice = instead(&before, &mut |rule| vec![rule.clone(), rule.clone()]);

        nothing(&before, &split, seed);
        nothing(&before, &twice, seed);
    }
}

#[test]
fn rules_that_have_nothing_in_common_can_be_told_in_any_order_and_a_dead_one_left_out() {
    for seed in 0..300 {
        let (world, mut before, _) = pair(seed);
        let mut chance = Chance::of(seed);
        let apart = |port: usize| {
            let mut rule = random::a_rule(&mut Chance::of(seed + port as u64), &world, 3);
            for when in &mut rule.when {
                when.port = World::ports(port).0;
            }
            rule
        };
        let chain = &mut before.chains[0].rules;
        chain.splice(0..0, (0..4).map(apart));
        let mut shuffled = before.clone();
        for _ in 0..4 {
            shuffled.chains[0].rules.swap(chance.below(4), chance.below(4));
        }
        let mut dead = before.clone();
        let all = Rule::new(Place::default(), vec![Match::any()], dead.chains[0].rules[0].then);
        let answers = Rule { then: Then::Answer(Answer::Drop), ..all };
        dead.chains[0].rules.push(answers.clone());
        let mut deader = dead.clone();
        deader.chains[0].rules.push(random::a_rule(&mut chance, &world, 0));

        nothing(&before, &shuffled, seed);
        nothing(&dead, &deader, seed);
    }
}
