use super::*;
use crate::firewall::addresses::{in_words, networks};
use crate::firewall::rules::{Answer, Chain, ChainId, Condition, FlagsTest, Match, Names, Place, Policy, Rule, Then};

fn nets(text: &str) -> Ranges {
    networks(&text.split(' ').map(|net| net.parse().unwrap()).collect::<Vec<ipnet::IpNet>>())
}

fn from(text: &str) -> Match {
    Match { source: nets(text), ..Match::any() }
}

fn rule(when: Match, then: Then) -> Rule {
    Rule::new(Place::default(), vec![when], then)
}

const ACCEPT: Then = Then::Answer(Answer::Accept);
const DROP: Then = Then::Answer(Answer::Drop);

fn chain(name: &str, rules: Vec<Rule>, policy: Option<Answer>) -> Chain {
    let policy = policy.map(|answer| Policy { answer, place: Place::default() });
    Chain { name: name.to_owned(), rules, policy }
}

fn numbered(mut chain: Chain) -> Chain {
    for (nth, rule) in (1..).zip(&mut chain.rules) {
        rule.place = Place::new(0, nth, format!("{} {nth}", chain.name), "");
    }
    chain
}

fn layer(way: Way, chain: u32, replies: Replies) -> Layer {
    Layer { name: format!("{way:?}"), way, families: Ranges::all(), chain: ChainId(chain), replies }
}

/// One layer in, over these chains.
fn stateful(chains: Vec<Chain>) -> Rules {
    let chains = chains.into_iter().map(numbered).collect();
    Rules { layers: vec![layer(Way::In, 0, Replies::Remembered)], chains, ..Rules::default() }
}

fn question(peers: &str) -> Question<'static> {
    Question {
        way: Way::In,
        peers: nets(peers),
        peer: Peer::Source,
        here: None,
        protocol: TCP,
        port: 443,
        from: None,
        to: None,
        host: None,
    }
}

/// Each part as it would be said in a word: `10.0.0.0/8 Allowed by INPUT 1`.
fn said(rules: &Rules, question: &Question) -> Vec<String> {
    let by = |by: By| match by {
        By::Rule(_, rule) => rule.place.name.to_string(),
        By::Policy(chain, _) => format!("policy of {}", chain.name),
        By::Nobody => "nobody".to_owned(),
    };
    ask(rules, question)
        .iter()
        .map(|part| format!("{} {:?} by {}", in_words(&part.peers), part.verdict, by(part.by)))
        .collect()
}

#[test]
fn the_first_rule_that_matches_decides_and_what_none_matches_is_the_policys() {
    let rules = stateful(vec![chain(
        "INPUT",
        vec![
            rule(from("10.0.0.0/9"), DROP),
            rule(from("10.0.0.0/8"), ACCEPT),
            rule(Match { port: Ranges::one(22_u8), ..Match::any() }, ACCEPT),
        ],
        Some(Answer::Drop),
    )]);

    assert_eq!(
        said(&rules, &question("10.0.0.0/8 11.0.0.0/8")),
        ["10.0.0.0/9 Denied by INPUT 1", "10.128.0.0/9 Allowed by INPUT 2", "11.0.0.0/8 Denied by policy of INPUT"]
    );
}

#[test]
fn a_chain_comes_back_from_a_jump_and_to_the_callers_caller_from_a_goto() {
    let inner = |policy| {
        chain("inner", vec![rule(from("10.1.0.0/16"), ACCEPT), rule(from("10.2.0.0/16"), Then::Return)], policy)
    };
    let rules = |to: fn(ChainId) -> Then| {
        stateful(vec![
            chain(
                "INPUT",
                vec![rule(from("10.0.0.0/8"), to(ChainId(1))), rule(from("10.2.0.0/15"), ACCEPT)],
                Some(Answer::Drop),
            ),
            inner(None),
        ])
    };

    let asked = question("10.1.0.0/16 10.2.0.0/16 10.3.0.0/16");
    assert_eq!(said(&rules(Then::Jump), &asked), ["10.1.0.0/16 Allowed by inner 1", "10.2.0.0/15 Allowed by INPUT 2"]);
    assert_eq!(
        said(&rules(Then::Goto), &asked),
        ["10.1.0.0/16 Allowed by inner 1", "10.2.0.0/15 Denied by policy of INPUT"]
    );
}

#[test]
fn what_is_accepted_in_doubt_and_then_for_sure_is_accepted_and_what_then_is_dropped_is_unsure() {
    let limited = || Match::any().on(Condition::holds("the rate is kept"));
    let then = |answer| {
        stateful(vec![chain("INPUT", vec![rule(limited(), ACCEPT), rule(Match::any(), Then::Answer(answer))], None)])
    };

    assert_eq!(said(&then(Answer::Accept), &question("10.0.0.0/8")), ["10.0.0.0/8 Allowed by INPUT 2"]);
    let rules = then(Answer::Drop);
    let parts = ask(&rules, &question("10.0.0.0/8"));
    assert_eq!(
        (parts.len(), parts[0].verdict, parts[0].why.as_slice()),
        (1, Verdict::Unsure, ["the rate is kept".to_owned()].as_slice())
    );
    assert!(matches!(parts[0].perhaps, Some(By::Rule(_, rule)) if rule.place.line == 1));
}

#[test]
fn rules_in_doubt_that_cover_or_exclude_one_another_are_weighed_together() {
    let on = |holds: bool, from_text: &str, then| {
        let condition = if holds { Condition::holds("acl-1 is the one") } else { Condition::fails("acl-1 is the one") };
        rule(from(from_text).on(condition), then)
    };
    let first =
        |rules: Vec<Rule>| said(&stateful(vec![chain("INPUT", rules, Some(Answer::Drop))]), &question("10.0.0.0/8"));

    // One of two lists is in force, and both let it pass: what each denies behind that is never reached.
    let either = vec![on(true, "10.0.0.0/8", ACCEPT), on(true, "0.0.0.0/0", DROP), rule(from("10.0.0.0/8"), ACCEPT)];
    assert_eq!(first(either), ["10.0.0.0/8 Allowed by INPUT 1"]);
    // A thing and its opposite leave no way out.
    assert_eq!(
        first(vec![on(true, "10.0.0.0/8", ACCEPT), on(false, "10.0.0.0/8", ACCEPT)]),
        ["10.0.0.0/8 Allowed by INPUT 1"]
    );
    let both_stop = vec![on(true, "10.0.0.0/8", DROP), on(false, "10.0.0.0/8", DROP), rule(Match::any(), ACCEPT)];
    assert_eq!(first(both_stop), ["10.0.0.0/8 Denied by INPUT 1"]);
    assert_eq!(first(vec![on(true, "10.0.0.0/8", ACCEPT)]), ["10.0.0.0/8 Unsure by policy of INPUT"]);
}

#[test]
fn a_return_in_doubt_makes_what_follows_it_in_the_chain_doubtful_and_nothing_behind() {
    let doubtful = Match::any().on(Condition::holds("the mark is set"));
    let rules = stateful(vec![
        chain(
            "INPUT",
            vec![rule(Match::any(), Then::Jump(ChainId(1))), rule(from("10.0.0.0/9"), ACCEPT)],
            Some(Answer::Drop),
        ),
        chain("inner", vec![rule(doubtful, Then::Return), rule(from("10.0.0.0/8"), ACCEPT)], None),
    ]);

    assert_eq!(
        said(&rules, &question("10.0.0.0/8 11.0.0.0/8")),
        [
            "10.0.0.0/9 Allowed by INPUT 2",
            "10.128.0.0/9 Unsure by policy of INPUT",
            "11.0.0.0/8 Denied by policy of INPUT"
        ]
    );
}

#[test]
fn every_layer_of_the_way_has_to_let_it_pass_and_only_those_of_its_family() {
    let mut rules = stateful(vec![
        chain("raw", vec![rule(from("10.128.0.0/9"), DROP)], Some(Answer::Accept)),
        chain("filter", vec![rule(from("10.0.0.0/8"), ACCEPT)], Some(Answer::Drop)),
    ]);
    rules.layers.push(layer(Way::In, 1, Replies::Remembered));
    for layer in &mut rules.layers {
        layer.families = Family::V4.all();
    }

    assert_eq!(
        said(&rules, &question("10.0.0.0/8 2606:4700::/32")),
        ["10.0.0.0/9 Allowed by filter 1", "10.128.0.0/9 Denied by raw 1", "2606:4700::/32 Unsure by nobody"]
    );
}

#[test]
fn a_connection_needs_its_later_packets_and_its_replies_as_well() {
    let established = Match { states: States::ESTABLISHED, ..Match::any() };
    let by_state = |input: Vec<Rule>, output: Vec<Rule>| {
        let chains = vec![
            numbered(chain("INPUT", input, Some(Answer::Drop))),
            numbered(chain("OUTPUT", output, Some(Answer::Drop))),
        ];
        let layers = vec![layer(Way::In, 0, Replies::ByState), layer(Way::Out, 1, Replies::ByState)];
        Rules { layers, chains, ..Rules::default() }
    };
    let new = || rule(Match { states: States::NEW, ..Match::any() }, ACCEPT);
    let known = |then| rule(established.clone(), then);
    let verdict = |rules: &Rules| ask(rules, &question("10.0.0.0/8"))[0].verdict;

    assert_eq!(verdict(&by_state(vec![new(), known(ACCEPT)], vec![known(ACCEPT)])), Verdict::Allowed);
    assert_eq!(verdict(&by_state(vec![known(DROP), new()], vec![known(ACCEPT)])), Verdict::Denied);
    assert_eq!(verdict(&by_state(vec![new(), known(ACCEPT)], vec![])), Verdict::Denied);
    let syn = FlagsTest { mask: 0x17, set: SYN, is: true };
    let only_syn = rule(Match { protocol: Ranges::one(TCP), flags: vec![syn], ..Match::any() }, ACCEPT);
    assert_eq!(verdict(&by_state(vec![only_syn.clone()], vec![known(ACCEPT)])), Verdict::Denied);
    assert_eq!(verdict(&by_state(vec![only_syn, known(ACCEPT)], vec![known(ACCEPT)])), Verdict::Allowed);
}

#[test]
fn a_firewall_that_forgets_needs_the_way_back_for_every_port_that_is_answered_to() {
    let back = |first: u16| Match {
        destination: nets("10.0.0.0/8"),
        protocol: Ranges::one(TCP),
        port: Ranges::between(first, u16::MAX),
        ..Match::any()
    };
    let rules = |out: Vec<Rule>| Rules {
        layers: vec![layer(Way::In, 0, Replies::Forgotten), layer(Way::Out, 1, Replies::Forgotten)],
        chains: vec![
            numbered(chain("in", vec![rule(from("10.0.0.0/8"), ACCEPT)], Some(Answer::Drop))),
            numbered(chain("out", out, Some(Answer::Drop))),
        ],
        ..Rules::default()
    };
    let part = |out: Vec<Rule>| {
        let rules = rules(out);
        let parts = ask(&rules, &question("10.0.0.0/8"));
        (parts[0].verdict, parts[0].leg)
    };

    assert_eq!(part(vec![rule(back(1024), ACCEPT)]), (Verdict::Allowed, Leg::First));
    assert_eq!(part(vec![]), (Verdict::Denied, Leg::Back));
    assert_eq!(part(vec![rule(back(32768), ACCEPT)]), (Verdict::Denied, Leg::Back));
}

#[test]
fn states_that_exclude_one_another_along_a_jump_are_nothing_to_a_firewall_that_forgets() {
    let on = |states| Match { states, ..Match::any() };
    let chains = vec![
        chain("in", vec![rule(on(States::NEW), Then::Jump(ChainId(1)))], Some(Answer::Accept)),
        chain("inner", vec![rule(on(States::ESTABLISHED), DROP)], None),
    ];
    let verdict = |replies| {
        let rules = Rules { layers: vec![layer(Way::In, 0, replies)], chains: chains.clone(), ..Rules::default() };
        ask(&rules, &question("10.0.0.0/8"))[0].verdict
    };

    assert_eq!((verdict(Replies::Forgotten), verdict(Replies::Remembered)), (Verdict::Denied, Verdict::Allowed));
}

#[test]
fn an_interface_an_address_and_a_host_that_nobody_named_are_in_doubt_and_the_loopback_is_not() {
    let only = |when: Match| stateful(vec![chain("INPUT", vec![rule(when, ACCEPT)], Some(Answer::Drop))]);
    let verdict = |when: Match, question: &Question| ask(&only(when), question)[0].verdict;
    let by = |name: &str| Match { from: Names::one_of([name]), ..Match::any() };
    let asked = question("10.0.0.0/8");

    assert_eq!(verdict(by("lo"), &asked), Verdict::Denied);
    assert_eq!(verdict(by("eth0"), &asked), Verdict::Unsure);
    assert_eq!(verdict(by("eth0"), &Question { from: Some("eth0"), ..asked.clone() }), Verdict::Allowed);
    assert_eq!(verdict(by("eth+"), &Question { from: Some("wan"), ..asked.clone() }), Verdict::Denied);
    assert_eq!(verdict(Match { from: Names::none_of(["lo"]), ..Match::any() }, &asked), Verdict::Allowed);
    let to = Match { destination: nets("192.0.2.10/32"), ..Match::any() };
    let here = |text: &str| Question { here: Some(nets(text)), ..asked.clone() };
    assert_eq!(verdict(to.clone(), &asked), Verdict::Unsure);
    assert_eq!(verdict(to.clone(), &here("192.0.2.10/32")), Verdict::Allowed);
    assert_eq!(verdict(to.clone(), &here("192.0.2.11/32")), Verdict::Denied);
    assert_eq!(verdict(to, &here("192.0.2.10/32 192.0.2.11/32")), Verdict::Denied);
    let host = Match { host: Names::one_of([".workos.com"]), ..Match::any() };
    assert_eq!(verdict(host.clone(), &asked), Verdict::Unsure);
    assert_eq!(verdict(host, &Question { host: Some("api.workos.com"), ..asked }), Verdict::Allowed);
}

#[test]
fn source_ports_that_rules_tell_apart_are_asked_one_by_one() {
    let ports = |first: u16, last: u16| Match {
        protocol: Ranges::one(TCP),
        source_port: Ranges::between(first, last),
        ..Match::any()
    };
    let rules = |all: &[(u16, u16)]| {
        let rules = all.iter().map(|(first, last)| rule(ports(*first, *last), ACCEPT)).collect();
        stateful(vec![chain("INPUT", rules, Some(Answer::Drop))])
    };

    assert_eq!(ask(&rules(&[(1024, 32767), (32768, 65535)]), &question("10.0.0.0/8"))[0].verdict, Verdict::Allowed);
    assert_eq!(ask(&rules(&[(32768, 65535)]), &question("10.0.0.0/8"))[0].verdict, Verdict::Denied);
}

#[test]
fn chains_that_lead_in_a_circle_are_unsure_and_not_walked_for_ever() {
    let rules = stateful(vec![
        chain("INPUT", vec![rule(Match::any(), Then::Jump(ChainId(1)))], Some(Answer::Accept)),
        chain("a", vec![rule(Match::any(), Then::Jump(ChainId(0)))], None),
    ]);

    assert_eq!(ask(&rules, &question("10.0.0.0/8"))[0].verdict, Verdict::Unsure);
}
