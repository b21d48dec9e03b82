//! What follows from a difference for what was requested.

use super::*;
use crate::firewall::addresses::{Family, networks};
use crate::firewall::evaluate::{Peer, TCP};
use crate::firewall::rules::{Answer, Chain, ChainId, Condition, Layer, NoteKind, Policy, Rule, Then};

fn nets(text: &str) -> Ranges {
    networks(&text.split(' ').map(|net| net.parse().unwrap()).collect::<Vec<ipnet::IpNet>>())
}

fn web(from: &str) -> Match {
    Match { source: nets(from), protocol: Ranges::one(6_u8), port: Ranges::one(443_u16), ..Match::any() }
}

fn accept(when: Match) -> Rule {
    Rule::new(Place::default(), vec![when], Then::Answer(Answer::Accept))
}

fn drops(when: Match) -> Rule {
    Rule::new(Place::default(), vec![when], Then::Answer(Answer::Drop))
}

/// One layer in that drops what no rule accepts.
fn rules(rules: Vec<Rule>) -> Rules {
    let mut all = Rules::default();
    let policy = Some(Policy { answer: Answer::Drop, place: Place::new(0, 1, "policy", "") });
    all.add_chain(Chain { name: "INPUT".to_owned(), rules, policy });
    random::numbered(&mut all, "");
    all.layers.push(layer("filter INPUT", Ranges::all(), 0));
    all
}

fn layer(name: &str, families: Ranges, chain: u32) -> Layer {
    Layer { name: name.to_owned(), way: Way::In, families, chain: ChainId(chain), replies: Replies::Remembered }
}

fn asked(peers: &str) -> Requested<'static> {
    let asked = Question {
        way: Way::In,
        peers: nets(peers),
        peer: Peer::Source,
        here: None,
        protocol: TCP,
        port: 443,
        from: None,
        to: None,
        host: None,
    };
    Requested { flow: "ingress-workos", asked, peers_are_known: true }
}

fn verdict(before: Vec<Rule>, after: Vec<Rule>) -> Verdict {
    compare(&rules(before), &rules(after), &[asked("192.0.2.0/24")], Budget::default()).verdict
}

fn wrong(opens_more: bool, leaves_out: bool, shuts: bool) -> Verdict {
    Verdict::Otherwise(Wrong { opens_more, leaves_out, shuts })
}

#[test]
fn what_was_requested_and_nothing_else_is_told_from_more_less_and_what_is_shut_besides() {
    let ssh = || accept(Match { port: Ranges::one(22_u16), ..web("198.51.100.0/24") });

    assert_eq!(verdict(vec![ssh()], vec![ssh(), accept(web("192.0.2.0/24"))]), Verdict::Exactly);
    assert_eq!(verdict(vec![], vec![accept(web("192.0.2.0/25")), accept(web("192.0.2.128/25"))]), Verdict::Exactly);
    assert_eq!(verdict(vec![], vec![accept(web("192.0.2.0/23"))]), wrong(true, false, false));
    assert_eq!(verdict(vec![], vec![accept(web("192.0.2.0/25"))]), wrong(false, true, false));
    assert_eq!(verdict(vec![ssh()], vec![accept(web("192.0.2.0/24"))]), wrong(false, false, true));
    assert_eq!(verdict(vec![ssh()], vec![accept(web("192.0.3.0/25"))]), wrong(true, true, true));
    assert_eq!(verdict(vec![], vec![]), wrong(false, true, false));
    assert_eq!(verdict(vec![accept(web("192.0.2.0/24"))], vec![accept(web("192.0.2.0/24"))]), Verdict::Nothing);
}

#[test]
fn a_rule_that_stands_behind_one_that_drops_leaves_out_what_was_requested_and_says_who_stops_it() {
    let after = rules(vec![drops(web("192.0.2.0/26")), accept(web("192.0.2.0/24"))]);
    let comparison = compare(&rules(vec![]), &after, &[asked("192.0.2.0/24")], Budget::default());

    assert_eq!(comparison.verdict, wrong(false, true, false));
    let left = &comparison.left_out[0];
    assert_eq!((left.flow.as_str(), &left.peers, left.sure), ("ingress-workos", &nets("192.0.2.0/26"), true));
    assert_eq!(left.by.as_ref().unwrap().place.as_ref().unwrap().name.as_ref(), "INPUT rule 1");
}

#[test]
fn what_is_in_doubt_is_undecided_unless_something_else_is_proved() {
    let rate = || Condition::holds("the rate is kept");
    let limited = || accept(web("192.0.2.0/24").on(rate()));
    let other = || accept(web("198.51.100.0/24").on(rate()));
    let sure = || accept(web("192.0.2.0/24"));

    assert_eq!(verdict(vec![], vec![limited()]), Verdict::Undecided);
    assert_eq!(verdict(vec![], vec![sure(), other()]), Verdict::Undecided);
    assert_eq!(verdict(vec![limited()], vec![sure()]), Verdict::Exactly);
    assert_eq!(verdict(vec![other()], vec![other(), sure()]), Verdict::Exactly);
    assert_eq!(verdict(vec![other()], vec![sure()]), Verdict::Undecided);
    assert_eq!(verdict(vec![], vec![other()]), wrong(false, true, false));
    let comparison = compare(&rules(vec![]), &rules(vec![limited()]), &[], Budget::default());
    assert_eq!(
        (comparison.rows[0].effect, &comparison.rows[0].conditions),
        (Effect::MayOpen, &vec!["the rate is kept".to_owned()])
    );
}

#[test]
fn a_row_names_the_rules_that_decided_and_decide_and_holds_nine_addresses_together() {
    let one = |last: u8| accept(web(&format!("192.0.2.{}/32", u16::from(last) * 2)));
    let before = rules(vec![accept(web("203.0.113.0/24"))]);
    let mut all = before.chains[0].rules.clone();
    all.extend((1..=9).map(one));
    let comparison = compare(&before, &rules(all), &[], Budget::default());

    assert_eq!((comparison.rows.len(), comparison.verdict), (1, Verdict::Differs));
    let row = &comparison.rows[0];
    assert_eq!(
        (row.effect, row.source.count(), row.destination.is_all(), row.from.is_any()),
        (Effect::Opens, 9, true, true)
    );
    assert_eq!((row.before.first.len(), row.before.first[0].policy, row.before.more), (1, true, false));
    assert_eq!(row.after.first[0].place.as_ref().unwrap().name.as_ref(), "INPUT rule 2");
    assert!(row.after.more && row.after.first.len() == 8);
}

#[test]
fn a_family_that_only_one_side_has_is_not_compared_and_said_so() {
    let mut before = rules(vec![]);
    before.layers[0].families = Family::V4.all();
    let after = rules(vec![accept(web("192.0.2.0/24 2001:db8::/32"))]);
    let comparison = compare(&before, &after, &[asked("192.0.2.0/24")], Budget::default());

    assert_eq!(comparison.verdict, Verdict::Undecided);
    assert_eq!((comparison.rows.len(), &comparison.rows[0].source), (1, &nets("192.0.2.0/24")));
    let [unjudged] = comparison.unjudged.as_slice() else { panic!("{:?}", comparison.unjudged) };
    assert_eq!((unjudged.way, unjudged.family), (Some(Way::In), Some(Family::V6)));
}

#[test]
fn a_family_that_neither_side_has_is_said_and_the_verdict_is_about_the_other() {
    let only_v4 = |all: Vec<Rule>| {
        let mut rules = rules(all);
        rules.layers[0].families = Family::V4.all();
        rules
    };
    let requested = [asked("192.0.2.0/24"), asked("2001:db8::/32")];
    let after = only_v4(vec![accept(web("192.0.2.0/24"))]);
    let comparison = compare(&only_v4(vec![]), &after, &requested, Budget::default());

    assert_eq!((comparison.verdict, comparison.unsaid.len()), (Verdict::Exactly, 1));
    assert_eq!(comparison.unsaid[0].family, Some(Family::V6));
}

#[test]
fn both_families_are_one_row_where_one_rule_opens_both_and_all_of_one_is_not_all_of_both() {
    let open = |from: &str| compare(&rules(vec![]), &rules(vec![accept(web(from))]), &[], Budget::default()).rows;

    let both = open("192.0.2.0/24 2001:db8::/32");
    assert_eq!((both.len(), &both[0].source), (1, &nets("192.0.2.0/24 2001:db8::/32")));
    assert_eq!(open("0.0.0.0/0")[0].source, Family::V4.all());
    assert!(open("0.0.0.0/0 ::/0")[0].source.is_all());
}

#[test]
fn a_layer_that_is_gone_let_nothing_through_that_it_stopped() {
    let mut before = rules(vec![accept(web("192.0.2.0/24"))]);
    let policy = Some(Policy { answer: Answer::Accept, place: Place::default() });
    before.add_chain(Chain { name: "raw".to_owned(), rules: vec![drops(web("192.0.2.0/25"))], policy });
    before.layers.insert(0, layer("raw PREROUTING", Ranges::all(), 1));
    let after = rules(vec![accept(web("192.0.2.0/24"))]);
    let comparison = compare(&before, &after, &[], Budget::default());

    assert_eq!((comparison.rows.len(), comparison.rows[0].effect), (1, Effect::Opens));
    assert_eq!(comparison.rows[0].source, nets("192.0.2.0/25"));
    assert_eq!(comparison.rows[0].before.first[0].layer, "raw PREROUTING");
    assert_eq!(comparison.rows[0].after.first[0].layer, "filter INPUT");
}

#[test]
fn a_part_that_was_not_understood_leaves_the_rest_decided_only_where_it_is_the_same_on_both_sides() {
    let strange = |quoted: &str, all: Vec<Rule>| {
        let mut rules = rules(all);
        rules.note(NoteKind::NotUnderstood, &Place::new(0, 3, "rule 3", quoted), "the match is unknown");
        rules
    };
    let after = || vec![accept(web("192.0.2.0/24"))];
    let verdict =
        |before: &Rules, after: &Rules| compare(before, after, &[asked("192.0.2.0/24")], Budget::default()).verdict;

    assert_eq!(verdict(&strange("-m odd", vec![]), &strange("-m odd", after())), Verdict::Exactly);
    assert_eq!(verdict(&strange("-m odd", vec![]), &strange("-m even", after())), Verdict::Undecided);
    assert_eq!(verdict(&rules(vec![]), &strange("-m odd", after())), Verdict::Undecided);
}

#[test]
fn a_budget_that_is_spent_keeps_what_was_found_and_never_says_that_all_is_well() {
    let many = |port: u16| {
        let one = |nth: u8| accept(Match { port: Ranges::one(port), ..web(&format!("10.{nth}.0.0/16")) });
        rules((0..200).map(one).collect())
    };
    let all = compare(&many(80), &many(81), &[], Budget::default());
    let some = |steps: u64| compare(&many(80), &many(81), &[], Budget { steps, ..Budget::default() });

    assert!(all.complete && all.rows.len() == 2);
    assert_eq!((some(10).complete, some(10).verdict), (false, Verdict::Undecided));
    let part = (1..200).map(|nth| some(nth * 100)).find(|part| !part.complete && !part.rows.is_empty()).unwrap();
    assert_eq!(part.verdict, Verdict::Differs);
    let late = || true;
    assert!(!compare(&many(80), &many(81), &[], Budget { stop: Some(&late), ..Budget::default() }).complete);
}

#[test]
fn a_host_that_was_requested_may_have_any_address_and_another_host_is_more() {
    let to = |host: &str| Match { host: crate::firewall::rules::Names::one_of([host]), ..Match::any() };
    let out = |when: Match| {
        let when = Match { protocol: Ranges::one(6_u8), port: Ranges::one(443_u16), ..when };
        let mut rules = rules(vec![accept(when)]);
        rules.layers[0].way = Way::Out;
        rules
    };
    let none = {
        let mut rules = rules(vec![]);
        rules.layers[0].way = Way::Out;
        rules
    };
    let question = Question {
        way: Way::Out,
        peer: Peer::Destination,
        host: Some("api.workos.com"),
        ..asked("192.0.2.0/24").asked
    };
    let requested = [Requested { flow: "egress-api", asked: question, peers_are_known: true }];
    let verdict = |after: &Rules| compare(&none, after, &requested, Budget::default()).verdict;

    assert_eq!(verdict(&out(to("api.workos.com"))), Verdict::Exactly);
    assert_eq!(verdict(&out(to(".workos.com"))), wrong(true, false, false));
    assert_eq!(verdict(&out(to("*.example.com"))), wrong(true, true, false));
}

#[test]
fn a_rule_that_moves_out_of_the_chain_that_is_returned_from_is_met_by_what_returned() {
    let there = || web("192.0.2.0/24");
    let with = |inner: Vec<Rule>, outer: Vec<Rule>| {
        let jump = Rule::new(Place::default(), vec![Match::any()], Then::Jump(ChainId(1)));
        let mut all = rules([vec![jump], outer].concat());
        let back = Rule::new(Place::default(), vec![there()], Then::Return);
        let inner = [vec![back], inner].concat();
        all.add_chain(Chain { name: "inner".to_owned(), rules: inner, policy: None });
        all
    };
    // The steps are the same, in the same order; only where the first one leads is not.
    let (before, after) =
        (with(vec![drops(there())], vec![accept(there())]), with(vec![], vec![drops(there()), accept(there())]));
    let comparison = compare(&before, &after, &[], Budget::default());

    assert_eq!(comparison.rows.len(), 1);
    assert_eq!((comparison.rows[0].effect, &comparison.rows[0].source), (Effect::Closes, &nets("192.0.2.0/24")));
}
