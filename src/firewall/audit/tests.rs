use super::*;
use crate::facts::Facts;
use crate::firewall::addresses::in_words;
use crate::firewall::fixture::flows;
use crate::firewall::rules::{
    Answer, Chain, ChainId, Condition, Layer, Match, Place as At, Policy, Replies, Rule, Then,
};

const ACCEPT: Then = Then::Answer(Answer::Accept);
const DROP: Then = Then::Answer(Answer::Drop);

fn nets(text: &str) -> Ranges {
    networks(&text.split(' ').map(|net| net.parse().unwrap()).collect::<Vec<ipnet::IpNet>>())
}

fn tcp(port: u16) -> Match {
    Match { protocol: Ranges::one(TCP), port: Ranges::one(port), ..Match::any() }
}

fn from(ranges: &Ranges, port: u16) -> Match {
    Match { source: ranges.clone(), ..tcp(port) }
}

/// A firewall with one chain in and one out, each with its policy.
fn firewall(input: Vec<(Match, Then)>, output: Vec<(Match, Then)>, policies: [Answer; 2]) -> Rules {
    let mut rules = Rules { files: vec![file("iptables")], ..Rules::default() };
    for ((name, way, all), policy) in
        [("INPUT", Way::In, input), ("OUTPUT", Way::Out, output)].into_iter().zip(policies)
    {
        let rule =
            |(nth, (when, then))| Rule::new(At::new(0, nth, format!("rule {nth} of {name}"), ""), vec![when], then);
        let chain = rules.add_chain(Chain {
            name: name.to_owned(),
            rules: (1..).zip(all).map(rule).collect(),
            policy: Some(Policy { answer: policy, place: At::default() }),
        });
        let (families, replies) = (Ranges::all(), Replies::Remembered);
        rules.layers.push(Layer { name: name.to_owned(), way, families, chain, replies });
    }
    rules
}

fn file(dialect: &'static str) -> crate::firewall::rules::File {
    crate::firewall::rules::File { name: "rules".to_owned(), dialect }
}

fn published() -> Ranges {
    networks(&flows()[2].source.ranges)
}

fn cloudflare() -> Ranges {
    networks(&flows()[4].source.ranges)
}

fn incoming(rules: Vec<(Match, Then)>) -> Rules {
    firewall(rules, Vec::new(), [Answer::Drop, Answer::Accept])
}

fn fate(rules: &Rules, id: &str) -> Fate {
    let flows = flows();
    let judged = judge(rules, &flows, &Known::default());
    judged.iter().find(|one| one.flow.id == id).unwrap().fate()
}

#[test]
fn a_flow_is_allowed_where_all_its_addresses_are_and_missing_where_one_is_not() {
    let all = incoming(vec![(from(&published(), 443), ACCEPT)]);
    let but_one = incoming(vec![(from(&published().minus(&nets("52.21.49.187/32")), 443), ACCEPT)]);
    let flows = flows();
    let lacking = judge(&but_one, &flows, &Known::default())[2].lacking().unwrap();

    assert_eq!((fate(&all, "ingress-workos"), fate(&but_one, "ingress-workos")), (Fate::Allowed, Fate::Missing));
    assert_eq!(lacking.source.ranges, ["52.21.49.187/32".parse().unwrap()]);
    assert!(judge(&all, &flows, &Known::default())[2].lacking().is_none());
}

#[test]
fn what_is_dropped_on_the_line_before_it_is_accepted_is_shadowed_and_both_rules_are_named() {
    let rules = incoming(vec![(tcp(443), DROP), (from(&published(), 443), ACCEPT)]);
    let flows = flows();
    let judged = judge(&rules, &flows, &Known::default());
    let said = &judged[2].asked[0].parts[0];

    assert_eq!(judged[2].fate(), Fate::Shadowed);
    assert_eq!(place(&said.part.by).unwrap().line, 1);
    assert!(matches!(&said.hidden, Some(Hidden::Behind(by)) if place(by).unwrap().line == 2));
}

#[test]
fn a_rule_that_is_switched_off_is_told_where_it_would_have_been_the_answer() {
    let mut rules = incoming(vec![(from(&published(), 443), ACCEPT)]);
    rules.chains[0].rules[0].idle = Some("it is disabled".to_owned());
    let flows = flows();
    let judged = judge(&rules, &flows, &Known::default());

    assert!(matches!(&judged[2].asked[0].parts[0].hidden, Some(Hidden::Idle(_, why)) if why == "it is disabled"));
}

#[test]
fn ipv6_that_was_forgotten_is_a_fate_of_its_own_and_ipv4_decides() {
    let v4 = cloudflare().and(&Family::V4.all());
    let out = Match { destination: v4, ..tcp(443) };
    let rules = firewall(Vec::new(), vec![(out, ACCEPT)], [Answer::Drop; 2]);
    let flows = flows();
    let judged = judge(&rules, &flows, &Known::default());

    assert_eq!(judged[1].fate(), Fate::Allowed);
    assert_eq!(
        (judged[1].fate_of(Family::V4), judged[1].fate_of(Family::V6)),
        (Some(Fate::Allowed), Some(Fate::Missing))
    );
    assert_eq!(judged[1].lacking().unwrap().destination.ranges.len(), 7);
}

#[test]
fn of_peers_that_nobody_knows_some_may_be_among_those_that_pass() {
    let mut flows = flows();
    flows[0].destination.ranges.clear();
    let dns = |destination: &str| {
        let to = |protocol: u8| Match { destination: nets(destination), protocol: Ranges::one(protocol), ..tcp(53) };
        firewall(Vec::new(), vec![(to(TCP), ACCEPT), (to(UDP), ACCEPT)], [Answer::Drop; 2])
    };
    let fate = |rules: &Rules| judge(rules, &flows, &Known::default())[0].fate();

    assert_eq!(fate(&dns("10.0.0.2/32")), Fate::Unsure);
    assert_eq!(fate(&dns("0.0.0.0/0")), Fate::Allowed);
    assert_eq!(fate(&firewall(Vec::new(), Vec::new(), [Answer::Drop; 2])), Fate::Missing);
}

#[test]
fn a_rule_is_too_wide_by_exactly_what_no_flow_needs() {
    let wide =
        Match { source: published().or(&nets("3.0.0.0/8")), port: Ranges::between(443_u16, 445_u16), ..tcp(443) };
    let rules = incoming(vec![(wide, ACCEPT)]);
    let flows = flows();
    let known = |users| Known { users, ..Known::default() };
    let found = |users| {
        let known = known(users);
        let judged = judge(&rules, &flows, &known);
        let wide = too_wide(&rules, &judged, &known);
        assert_eq!(wide.len(), 1);
        (in_words(&wide[0].addresses), format!("{:?}", wide[0].ports))
    };

    let (addresses, ports) = found(Users::Inside);
    assert_eq!(addresses, "3.0.0.0-3.217.146.165, 3.217.146.167-3.255.255.255");
    assert_eq!(ports, "[(444, 445)]");
    // Somebody has to let users in, and nobody said who they are.
    assert_eq!(found(Users::Unsaid).0, "");
}

#[test]
fn exactly_what_the_flows_need_is_not_too_wide_and_reported_sources_never_are() {
    let sources = networks(&flows()[3].source.ranges).or(&published()).or(&cloudflare());
    let rules = incoming(vec![(from(&sources, 443), ACCEPT)]);
    let known = Known { users: Users::Inside, ..Known::default() };
    let flows = flows();
    let judged = judge(&rules, &flows, &known);

    assert!(too_wide(&rules, &judged, &known).is_empty());
}

#[test]
fn a_rule_for_everything_is_told_as_a_default_and_a_rule_in_doubt_as_no_grant() {
    let known = Known { users: Users::Inside, ..Known::default() };
    let flows = flows();
    let wide = |when: Match| {
        let rules = incoming(vec![(when, ACCEPT)]);
        let judged = judge(&rules, &flows, &known);
        too_wide(&rules, &judged, &known).len()
    };

    assert_eq!(wide(Match::any()), 0);
    assert_eq!(wide(Match { protocol: Ranges::one(TCP), port: Ranges::between(0_u8, 1023_u16), ..Match::any() }), 1);
    assert_eq!(wide(tcp(443).on(Condition::holds("the tag holds the source"))), 0);
}

#[test]
fn what_no_rule_speaks_of_passes_by_a_policy_or_by_a_rule_for_everything() {
    let open = |rules: &Rules| -> Vec<(Direction, bool)> {
        let found = open_by_default(rules, &Known::default(), &[Direction::Egress, Direction::Ingress]);
        found.iter().map(|open| (open.direction, matches!(open.by, By::Rule(..)))).collect()
    };
    let rule = |when, then| vec![(when, then)];

    let by_policy = firewall(rule(tcp(22), ACCEPT), Vec::new(), [Answer::Drop, Answer::Accept]);
    assert_eq!(open(&by_policy), [(Direction::Egress, false), (Direction::Egress, false)]);
    let by_rule = firewall(rule(Match::any(), ACCEPT), rule(Match::any(), DROP), [Answer::Drop, Answer::Accept]);
    assert_eq!(open(&by_rule), [(Direction::Ingress, true), (Direction::Ingress, true)]);
    assert!(open(&firewall(rule(tcp(443), ACCEPT), Vec::new(), [Answer::Drop; 2])).is_empty());
}

#[test]
fn rules_whose_language_could_log_and_does_not_are_told() {
    let mut rules = incoming(vec![(from(&published(), 443), ACCEPT)]);
    assert!(unlogged(&rules));
    rules.chains[0].rules[0].logs = true;
    assert!(!unlogged(&rules));
    rules.chains[0].rules[0].logs = false;
    rules.files = vec![file("aws-security-group")];
    assert!(!unlogged(&rules));
}

#[test]
fn a_retired_range_that_is_named_is_outdated_and_one_that_passes_with_everybody_is_not() {
    let facts = Facts::embedded();
    let found = |source: Ranges| {
        let rules = incoming(vec![(from(&source, 443), ACCEPT)]);
        let flows = flows();
        let judged = judge(&rules, &flows, &Known::default());
        outdated(&rules, &judged, &facts, &Known::default())
            .iter()
            .map(|it| (in_words(&it.addresses), it.since.clone()))
            .collect::<Vec<_>>()
    };

    let stale = found(cloudflare().or(&nets("104.16.0.0/12")));
    assert_eq!(
        stale,
        [("104.28.0.0/14".to_owned(), "104.28.0.0/14, a part of 104.16.0.0/12 until 2021-04".to_owned())]
    );
    assert!(found(nets("0.0.0.0/0")).is_empty() && found(cloudflare()).is_empty());
    assert_eq!(found(nets("199.27.128.0/21 104.16.0.0/12")).len(), 2);
}

#[test]
fn a_list_of_sources_that_equals_an_earlier_one_is_known_by_it() {
    let facts = Facts::embedded();
    let known = Known::default();
    let flows = flows();
    let earlier = |sources: Ranges| {
        let rules = incoming(vec![(from(&sources, 443), ACCEPT)]);
        outdated_list(&judge(&rules, &flows, &known), &facts)
    };
    let six = networks(&flows[2].source.ranges[..6]);

    assert_eq!(earlier(six.clone()), Some((6, "about 2026-02".to_owned())));
    assert_eq!((earlier(published()), earlier(six.minus(&nets("3.217.146.166/32")))), (None, None));
}

#[test]
fn a_list_is_held_to_the_flows_that_it_speaks_of_and_to_all_where_it_speaks_of_none() {
    let flows = flows();
    let judged = |source: Ranges| {
        let mut rules = incoming(vec![(Match { source, ..Match::any() }, ACCEPT)]);
        rules.chains[1].policy = Some(Policy { answer: Answer::Drop, place: At::default() });
        rules.files = vec![file("list")];
        let ids = spoken_of(&rules, judge(&rules, &flows, &Known::default()));
        ids.iter().map(|one| one.flow.id.clone()).collect::<Vec<_>>()
    };

    assert_eq!(judged(published().minus(&nets("52.21.49.187/32"))), ["ingress-workos"]);
    assert_eq!(judged(nets("192.0.2.0/24")).len(), flows.len());
}

#[test]
fn the_answers_of_a_chain_that_is_not_there_are_nobodys() {
    let mut rules = incoming(Vec::new());
    rules.layers[0].chain = ChainId(9);

    let flows = flows();
    let judged = judge(&rules, &flows, &Known::default());
    assert!(place(&judged[2].asked[0].parts[0].part.by).is_none());
}
