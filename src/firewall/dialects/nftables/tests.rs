//! What a ruleset lets pass, as the evaluation says it.
#![expect(clippy::needless_pass_by_value, reason = "what `json!` makes is made to be given away")]

use serde_json::{Value, json};

use super::DIALECT;
use crate::firewall::addresses::{in_words, networks};
use crate::firewall::dialects::{Input, Scope, Unread};
use crate::firewall::evaluate::{By, Peer, Question, TCP, ask};
use crate::firewall::rules::{NoteKind, Rules, Way};

fn read_text(text: &str) -> Result<Rules, Unread> {
    let input = Input { name: "nft.json".to_owned(), text: text.to_owned() };
    (DIALECT.reads.as_ref().unwrap().read)(&[input], &Scope::default())
}

fn read(objects: Value) -> Rules {
    read_text(&json!({"nftables": objects}).to_string()).unwrap()
}

fn base(family: &str, name: &str, hook: &str, prio: i64, policy: &str) -> Value {
    json!({"chain": {"family": family, "table": "filter", "name": name, "type": "filter", "hook": hook, "prio": prio,
        "policy": policy}})
}

fn chain(family: &str, name: &str) -> Value {
    json!({"chain": {"family": family, "table": "filter", "name": name}})
}

fn set(family: &str, name: &str, flags: Value, elem: Value) -> Value {
    json!({"set": {"family": family, "table": "filter", "name": name, "type": "ipv4_addr", "flags": flags, "elem": elem}})
}

fn rule(family: &str, chain: &str, handle: u64, expr: Value) -> Value {
    json!({"rule": {"family": family, "table": "filter", "chain": chain, "handle": handle, "expr": expr}})
}

fn is(op: &str, left: Value, right: Value) -> Value {
    json!({"match": {"op": op, "left": left, "right": right}})
}

fn payload(protocol: &str, field: &str) -> Value {
    json!({"payload": {"protocol": protocol, "field": field}})
}

fn net(address: &str, len: u8) -> Value {
    json!({"prefix": {"addr": address, "len": len}})
}

fn port(port: u16) -> Value {
    is("==", payload("tcp", "dport"), json!(port))
}

fn from(right: Value) -> Value {
    is("==", payload("ip", "saddr"), right)
}

/// A rule and a base chain on input that drops by its policy, in the family `inet`.
fn input(rules: Vec<Value>) -> Rules {
    let mut objects = vec![base("inet", "input", "input", 0, "drop")];
    objects.extend((1..).zip(rules).map(|(handle, expr)| rule("inet", "input", handle, expr)));
    read(Value::Array(objects))
}

/// Each part as it is said in a word: `10.0.0.0/8 Allowed by handle 1 of inet filter input`.
fn asked(rules: &Rules, way: Way, peers: &str, port: u16) -> Vec<String> {
    let peers = networks(&peers.split(' ').map(|net| net.parse().unwrap()).collect::<Vec<ipnet::IpNet>>());
    let peer = if way == Way::Out { Peer::Destination } else { Peer::Source };
    let question = Question { way, peers, peer, here: None, protocol: TCP, port, from: None, to: None, host: None };
    let by = |by: By| match by {
        By::Rule(_, rule) => rule.place.name.to_string(),
        By::Policy(chain, _) => format!("policy of {}", chain.name),
        By::Nobody => "nobody".to_owned(),
    };
    let parts = ask(rules, &question);
    parts.iter().map(|part| format!("{} {:?} by {}", in_words(&part.peers), part.verdict, by(part.by))).collect()
}

fn said(rules: &Rules, peers: &str) -> Vec<String> {
    asked(rules, Way::In, peers, 443)
}

fn why(rules: &Rules, peers: &str) -> Vec<String> {
    let peers = networks(&[peers.parse().unwrap()]);
    let question = Question {
        way: Way::In,
        peers,
        peer: Peer::Source,
        here: None,
        protocol: TCP,
        port: 443,
        from: None,
        to: None,
        host: None,
    };
    ask(rules, &question).into_iter().flat_map(|part| part.why).collect()
}

fn established() -> Value {
    json!([is("in", json!({"ct": {"key": "state"}}), json!(["established", "related"])), {"accept": null}])
}

#[test]
fn a_right_side_is_a_scalar_a_prefix_a_range_a_list_or_a_named_set() {
    let cf4 = set(
        "inet",
        "cf4",
        json!("interval"),
        json!([net("104.16.0.0", 13), {"elem": {"val": "1.2.3.4", "comment": "x"}}]),
    );
    for (right, means) in [
        (json!("10.0.0.1"), "10.0.0.1"),
        (net("104.16.0.0", 13), "104.16.0.0/13"),
        (json!({"range": ["10.0.0.1", "10.0.0.9"]}), "10.0.0.1-10.0.0.9"),
        (json!({"set": ["10.0.0.1", net("10.1.0.0", 16)]}), "10.0.0.1, 10.1.0.0/16"),
        (json!("@cf4"), "1.2.3.4, 104.16.0.0/13"),
    ] {
        let rules = read(json!([
            cf4,
            base("inet", "input", "input", 0, "drop"),
            rule("inet", "input", 1, established()),
            rule("inet", "input", 2, json!([from(right.clone()), port(443), {"accept": null}])),
            base("inet", "output", "output", 0, "drop"),
            rule("inet", "output", 3, established()),
        ]));

        let parts = said(&rules, "0.0.0.0/0");
        assert!(rules.understood(), "{:?}", rules.notes);
        assert!(parts.contains(&format!("{means} Allowed by handle 2 of inet filter input")), "{right}: {parts:?}");
        assert_eq!(parts.len(), 2, "{parts:?}");
    }
}

#[test]
fn a_negation_stays_within_its_family_and_a_port_within_its_protocol() {
    let rules = input(vec![json!([is("!=", payload("ip", "saddr"), net("10.0.0.0", 8)), {"accept": null}])]);

    assert_eq!(said(&rules, "2606:4700::/32"), ["2606:4700::/32 Denied by policy of inet filter input"]);
    assert_eq!(said(&rules, "11.0.0.0/8"), ["11.0.0.0/8 Allowed by handle 1 of inet filter input"]);
    assert_eq!(said(&rules, "10.0.0.0/8"), ["10.0.0.0/8 Denied by policy of inet filter input"]);
    let udp = input(vec![json!([is("==", payload("udp", "dport"), json!(443)), {"accept": null}])]);
    assert_eq!(said(&udp, "10.0.0.1/32"), ["10.0.0.1 Denied by policy of inet filter input"]);
}

#[test]
fn an_accept_ends_only_its_own_chain_and_a_drop_ends_all() {
    let objects = |first: i64| {
        read(json!([
            base("inet", "early", "input", first, "accept"),
            rule("inet", "early", 1, json!([port(443), {"accept": null}])),
            base("inet", "late", "input", 0, "accept"),
            rule("inet", "late", 2, json!([port(443), {"drop": null}])),
        ]))
    };

    assert_eq!(said(&objects(-10), "10.0.0.1/32"), ["10.0.0.1 Denied by handle 2 of inet filter late"]);
    assert_eq!(said(&objects(10), "10.0.0.1/32"), ["10.0.0.1 Denied by handle 2 of inet filter late"]);
    let layers: Vec<&str> = [&objects(-10), &objects(10)]
        .map(|rules| rules.layers[0].chain.0)
        .map(|chain| ["early", "late"][chain as usize])
        .into();
    assert_eq!(layers, ["early", "late"], "by priority, not as they stand in the file");
}

#[test]
fn a_table_of_one_family_leaves_the_other_open_which_is_how_ipv6_is_forgotten() {
    let rules = read(json!([base("ip", "input", "input", 0, "drop")]));

    assert_eq!(said(&rules, "10.0.0.1/32"), ["10.0.0.1 Denied by policy of ip filter input"]);
    assert_eq!(said(&rules, "2606:4700::/32"), ["2606:4700::/32 Allowed by policy of no base chain on input for IPv6"]);
    assert_eq!(
        asked(&rules, Way::Out, "10.0.0.1/32", 443),
        ["10.0.0.1 Denied by policy of ip filter input"],
        "the way back is dropped"
    );
}

#[test]
fn a_stale_network_in_a_set_is_as_wide_as_it_stands_there() {
    let rules = read(json!([
        set("inet", "cf", json!(["interval"]), json!([net("104.16.0.0", 12)])),
        base("inet", "input", "input", 0, "drop"),
        rule("inet", "input", 1, json!([from(json!("@cf")), port(443), {"accept": null}])),
    ]));

    assert_eq!(
        asked(&rules, Way::In, "104.28.0.0/14", 443),
        ["104.28.0.0/14 Allowed by handle 1 of inet filter input"]
    );
}

#[test]
fn a_map_of_verdicts_decides_key_by_key_and_its_star_decides_the_rest() {
    let map = |data: Value| json!([{"vmap": {"key": payload("ip", "saddr"), "data": data}}]);
    let elements = json!([[net("10.0.0.0", 8), {"drop": null}], [{"elem": {"val": "11.0.0.1", "comment": "x"}}, {"jump": {"target": "web"}}],
        ["12.0.0.1", {"continue": null}], ["*", {"accept": null}]]);
    let named = json!({"map": {"family": "inet", "table": "filter", "name": "m", "type": "ipv4_addr", "map": "verdict", "elem": elements}});
    for data in [json!({"set": elements}), json!("@m")] {
        let rules = read(json!([
            named,
            chain("inet", "web"),
            base("inet", "input", "input", 0, "drop"),
            rule("inet", "web", 1, json!([port(443), {"accept": null}])),
            rule("inet", "input", 2, map(data)),
            rule("inet", "input", 3, json!([from(json!("11.0.0.1")), {"accept": null}])),
        ]));
        let at = |peers: &str| said(&rules, peers).join("; ");

        assert_eq!(at("10.0.0.1/32"), "10.0.0.1 Denied by handle 2 of inet filter input");
        assert_eq!(at("11.0.0.1/32"), "11.0.0.1 Allowed by handle 1 of inet filter web");
        assert_eq!(asked(&rules, Way::In, "11.0.0.1/32", 80), ["11.0.0.1 Allowed by handle 3 of inet filter input"]);
        assert_eq!(at("12.0.0.1/32"), "12.0.0.1 Denied by policy of inet filter input");
        assert_eq!(at("13.0.0.1/32"), "13.0.0.1 Allowed by handle 2 of inet filter input");
        assert_eq!(at("2606:4700::1/128"), "2606:4700::1 Denied by policy of inet filter input");
    }
}

#[test]
fn combinations_hold_together_and_their_negation_holds_outside_of_each() {
    let both = json!({"concat": [payload("ip", "saddr"), payload("tcp", "dport")]});
    let elements =
        json!({"set": [{"concat": [net("10.0.0.0", 8), 443]}, {"concat": ["11.0.0.1", {"range": [80, 90]}]}]});
    let yes = input(vec![json!([is("==", both.clone(), elements.clone()), {"accept": null}])]);
    let no = input(vec![json!([is("!=", both, elements), {"accept": null}])]);

    for (peer, port, within) in
        [("10.1.1.1", 443, true), ("10.1.1.1", 80, false), ("11.0.0.1", 80, true), ("11.0.0.1", 443, false)]
    {
        let peers = format!("{peer}/32");
        let passes = |rules: &Rules| asked(rules, Way::In, &peers, port)[0].contains("Allowed");
        assert_eq!((passes(&yes), passes(&no)), (within, !within), "{peer} {port}");
    }
}

#[test]
fn bits_are_looked_for_with_in_and_compared_with_equals() {
    let state = |op: &str, right: Value| is(op, json!({"ct": {"key": "state"}}), right);
    for (test, passes) in [
        (state("in", json!(["established", "related"])), false),
        (state("in", json!(["new", "established"])), true),
        (state("==", json!({"set": ["new", "established"]})), true),
        (state("==", json!({"|": ["new", "established"]})), false),
        (state("!=", json!({"|": ["established", "related"]})), true),
        (state("!", json!("established")), true),
        (state("!", json!("new")), false),
        (is("==", json!({"&": [payload("tcp", "flags"), ["fin", "syn", "rst", "ack"]]}), json!("syn")), true),
        (is("in", payload("tcp", "flags"), json!(["fin", "rst"])), false),
        (is("!", payload("tcp", "flags"), json!(["fin", "rst"])), true),
        (is("<", json!({"&": [payload("tcp", "flags"), ["fin", "syn"]]}), json!("syn")), false),
    ] {
        let rules = input(vec![
            json!([is("!", json!({"ct": {"key": "state"}}), json!("new")), {"accept": null}]),
            json!([test, {"accept": null}]),
        ]);
        assert_eq!(said(&rules, "10.0.0.1/32")[0].contains("Allowed"), passes, "{test}");
    }
}

#[test]
fn before_connections_are_tracked_every_packet_is_of_none() {
    let early = |prio: i64| {
        read(json!([
            base("inet", "raw", "prerouting", prio, "accept"),
            rule(
                "inet",
                "raw",
                1,
                json!([is("in", json!({"ct": {"key": "state"}}), json!("invalid")), {"drop": null}])
            ),
        ]))
    };

    assert_eq!(said(&early(-300), "10.0.0.1/32"), ["10.0.0.1 Denied by handle 1 of inet filter raw"]);
    assert_eq!(said(&early(-150), "10.0.0.1/32"), ["10.0.0.1 Allowed by policy of inet filter raw"]);
}

#[test]
fn what_the_file_does_not_say_is_unsure_and_reaches_no_further_than_it_can() {
    let accept = |expr: Value| input(vec![json!([port(443), expr, {"accept": null}])]);
    for (expr, says) in [
        (
            json!({"limit": {"rate": 5, "per": "minute"}}),
            "`limit rate 5/minute` (handle 1 of inet filter input) matches it",
        ),
        (is("==", json!({"meta": {"key": "mark"}}), json!(1)), "`meta mark 1` matches it"),
        (is("!=", json!({"meta": {"key": "mark"}}), json!(1)), "`meta mark 1` matches it"),
        (is("==", json!({"socket": {"key": "transparent"}}), json!(1)), "`socket transparent 1` matches it"),
        (json!({"ct count": {"val": 10}}), "`ct count 10` (handle 1 of inet filter input) matches it"),
    ] {
        let rules = accept(expr);
        assert_eq!(why(&rules, "10.0.0.1/32"), [says]);
        assert!(rules.understood());
        assert_eq!(asked(&rules, Way::In, "10.0.0.1/32", 80), ["10.0.0.1 Denied by policy of inet filter input"]);
    }
    for (expr, says) in [
        (json!([port(443), {"brandnew": {"x": 1}}]), "`{\"brandnew\":{\"x\":1}}` is not known"),
        (json!([port(443), {"xt": null}]), "it holds an extension of iptables"),
        (json!([port(443), {"notrack": null}]), "it keeps the connection from being tracked"),
        (json!([port(443), {"jump": {"target": "gone"}}]), "the chain `gone` is not in this file"),
        (
            json!([port(443), {"vmap": {"key": payload("ip", "saddr"), "data": "@gone"}}]),
            "`ip saddr vmap @gone` decides is not known",
        ),
    ] {
        let rules = input(vec![expr]);
        let reasons = why(&rules, "10.0.0.1/32").join("; ");
        assert!(reasons.contains(says), "{says}: {reasons}");
        assert!(!rules.understood());
        assert_eq!(asked(&rules, Way::In, "10.0.0.1/32", 80), ["10.0.0.1 Denied by policy of inet filter input"]);
    }
}

#[test]
fn an_extension_of_iptables_does_what_its_name_says() {
    let xt = |kind: &str, name: &str| json!({"xt": {"type": kind, "name": name}});
    let then_accept = |first: serde_json::Value| input(vec![json!([port(443), first]), json!([{"accept": null}])]);
    let says = |rules: &Rules| asked(rules, Way::In, "10.0.0.1/32", 443).join("; ");
    for (name, says_of_it) in [
        ("LOG", "10.0.0.1 Allowed by handle 2 of inet filter input"),
        ("TCPMSS", "10.0.0.1 Allowed by handle 2 of inet filter input"),
        ("MASQUERADE", "10.0.0.1 Allowed by handle 1 of inet filter input"),
        ("REJECT", "10.0.0.1 Denied by handle 1 of inet filter input"),
    ] {
        let rules = then_accept(xt("target", name));
        assert_eq!((says(&rules).as_str(), rules.understood()), (says_of_it, true), "{name}");
    }
    let commented = input(vec![json!([port(443), xt("match", "comment"), {"accept": null}])]);
    assert_eq!(says(&commented), "10.0.0.1 Allowed by handle 1 of inet filter input");
    let limited =
        input(vec![json!([port(443), xt("match", "conntrack"), xt("target", "LOG")]), json!([{"accept": null}])]);
    assert_eq!(says(&limited), "10.0.0.1 Allowed by handle 2 of inet filter input");
    let matched = input(vec![json!([port(443), xt("match", "conntrack"), {"accept": null}])]);
    assert_eq!(
        why(&matched, "10.0.0.1/32"),
        ["`-m conntrack, an extension of iptables` (handle 1 of inet filter input) matches it"]
    );
    for unclear in [xt("target", "CT"), xt("target", "SYNPROXY"), xt("watcher", "LOG")] {
        assert!(!then_accept(unclear).understood());
    }
    let sent_on = then_accept(xt("target", "DNAT"));
    assert!(why(&sent_on, "10.0.0.1/32").join("; ").contains("changed where it goes"));
}

#[test]
fn a_set_that_rules_add_to_or_that_is_not_there_leaves_open_what_it_holds() {
    let adds = json!([{"set": {"op": "add", "elem": payload("ip", "saddr"), "set": "@seen"}}]);
    let rules = |elements: Value, adds: &Value| {
        read(json!([
            set("inet", "seen", json!(["timeout"]), elements),
            base("inet", "input", "input", 0, "accept"),
            rule("inet", "input", 1, json!([from(json!("@seen")), {"drop": null}])),
            rule("inet", "input", 2, adds.clone()),
        ]))
    };

    let open = rules(json!(["10.0.0.1"]), &adds);
    assert_eq!(said(&open, "10.0.0.1/32"), ["10.0.0.1 Denied by handle 1 of inet filter input"]);
    assert_eq!(why(&open, "10.0.0.2/32"), ["`seen`, which rules add to, holds it"]);
    let fleeting = json!([{"elem": {"val": "10.0.0.1", "timeout": 10, "expires": 9}}]);
    let closed = rules(fleeting, &json!([{"counter": null}]));
    assert_eq!(said(&closed, "10.0.0.2/32"), ["10.0.0.2 Allowed by policy of inet filter input"]);
    assert_eq!(
        why(&closed, "10.0.0.1/32"),
        ["the set `seen` still holds it, whose elements expire or are kept to a rate"]
    );
    let gone = input(vec![json!([from(json!("@gone")), {"accept": null}])]);
    assert_eq!(why(&gone, "10.0.0.2/32"), ["the set `gone`, which is not in this file, holds it"]);
    assert!(gone.notes.iter().any(|note| note.kind == NoteKind::Undefined));
}

#[test]
fn networks_in_a_set_without_the_flag_are_said() {
    let rules = read(json!([
        set("inet", "cf", json!([]), json!([net("104.16.0.0", 13)])),
        base("inet", "input", "input", 0, "drop"),
        rule("inet", "input", 1, json!([from(json!("@cf")), {"accept": null}])),
    ]));

    assert!(
        rules
            .notes
            .iter()
            .any(|note| note.kind == NoteKind::Malformed && note.what.contains("without the flag `interval`"))
    );
}

#[test]
fn an_element_that_is_no_address_stands_for_what_nobody_knows() {
    let rules = input(vec![json!([from(json!({"set": ["10.0.0.1", "010.0.0.2"]})), {"accept": null}])]);

    assert_eq!(said(&rules, "10.0.0.1/32"), ["10.0.0.1 Allowed by handle 1 of inet filter input"]);
    assert_eq!(why(&rules, "10.0.0.2/32"), ["`010.0.0.2` of the set stands for it"]);
}

#[test]
fn what_is_rewritten_before_the_filter_stays_in_doubt_and_nothing_else_does() {
    let nat = json!({"chain": {"family": "inet", "table": "filter", "name": "nat", "type": "nat", "hook": "prerouting", "prio": -100}});
    let rules = read(json!([
        nat,
        base("inet", "input", "input", 0, "accept"),
        rule("inet", "nat", 1, json!([port(443), {"redirect": {"port": 8443}}])),
        rule("inet", "nat", 2, json!([{"masquerade": null}])),
        rule("inet", "input", 3, json!([is("in", json!({"ct": {"key": "status"}}), json!("dnat")), {"accept": null}])),
        rule("inet", "input", 4, json!([port(80), {"drop": null}])),
    ]));

    assert_eq!(
        why(&rules, "10.0.0.1/32"),
        [
            "what follows lets it pass once this has changed where it goes: `redirect to :8443` (handle 1 of inet filter nat)"
        ]
    );
    assert_eq!(asked(&rules, Way::In, "10.0.0.1/32", 80), ["10.0.0.1 Denied by handle 4 of inet filter input"]);
    assert_eq!(asked(&rules, Way::In, "10.0.0.1/32", 81), ["10.0.0.1 Allowed by handle 2 of inet filter nat"]);
}

#[test]
fn interfaces_that_a_packet_has_not_met_yet_are_none() {
    let kind_of_destination = |op: &str, kinds| is(op, json!({"fib": {"result": "type", "flags": ["daddr"]}}), kinds);
    let rules = input(vec![
        json!([is("==", json!({"meta": {"key": "oifname"}}), json!("eth0")), {"drop": null}]),
        json!([is("==", json!({"meta": {"key": "iifname"}}), json!({"set": ["lo"]})), {"drop": null}]),
        json!([is("!=", json!({"fib": {"result": "type", "flags": ["daddr"]}}), json!("local")), {"drop": null}]),
        json!([is("!=", json!({"meta": {"key": "pkttype"}}), json!("host")), {"drop": null}]),
        json!([kind_of_destination("==", json!({"set": ["broadcast", "multicast"]})), {"drop": null}]),
        json!([kind_of_destination("!=", json!({"set": ["local", "broadcast"]})), {"drop": null}]),
        json!([kind_of_destination("==", json!("broadcast")), {"drop": null}]),
        json!([{"accept": null}]),
    ]);

    assert_eq!(said(&rules, "10.0.0.1/32"), ["10.0.0.1 Allowed by handle 8 of inet filter input"]);
}

#[test]
fn a_way_back_is_taken_for_given_and_that_is_said() {
    let missing = is("==", json!({"fib": {"result": "oif", "flags": ["saddr", "iif"]}}), json!(false));
    let rules = read(json!([
        base("inet", "input", "input", 0, "accept"),
        rule("inet", "input", 1, json!([missing, {"drop": null}])),
    ]));

    assert_eq!(said(&rules, "2606:4700::1/128"), ["2606:4700::1 Allowed by policy of inet filter input"]);
    assert!(rules.notes.iter().any(|note| note.kind == NoteKind::Assumed && note.what.contains("way back")));
}

#[test]
fn bridges_and_devices_bear_on_what_passes_there_and_arp_on_nothing() {
    let ingress = json!({"chain": {"family": "netdev", "table": "filter", "name": "i", "type": "filter", "hook": "ingress",
        "prio": -500, "dev": "eth1"}});
    let rules = read(json!([
        ingress,
        base("bridge", "b", "input", -200, "accept"),
        base("arp", "a", "input", 0, "drop"),
        rule("netdev", "i", 1, json!([from(json!("10.0.0.1")), {"drop": null}])),
        rule("bridge", "b", 2, json!([from(json!("10.0.0.2")), {"drop": null}])),
    ]));

    assert_eq!(why(&rules, "10.0.0.1/32"), ["it comes in by something else than eth1"]);
    assert_eq!(why(&rules, "10.0.0.2/32"), ["it crosses a bridge of this host"]);
    assert!(said(&rules, "10.0.0.3/32")[0].contains("Allowed"));
}

#[test]
fn a_dormant_table_is_not_asked_and_a_chain_that_nothing_leads_to_is_idle() {
    let rules = read(json!([
        {"table": {"family": "inet", "name": "filter", "flags": "dormant"}},
        base("inet", "input", "input", 0, "drop"),
        chain("inet", "unused"),
        rule("inet", "unused", 1, json!([{"drop": null}])),
    ]));

    assert_eq!(said(&rules, "10.0.0.1/32"), ["10.0.0.1 Allowed by policy of no base chain on input for IPv4 and IPv6"]);
    assert_eq!(rules.notes.iter().filter(|note| note.kind == NoteKind::Idle).count(), 2, "{:?}", rules.notes);
}

#[test]
fn chains_in_a_circle_end_in_doubt() {
    let rules = read(json!([
        chain("inet", "a"),
        chain("inet", "b"),
        base("inet", "input", "input", 0, "drop"),
        rule("inet", "a", 1, json!([{"jump": {"target": "b"}}])),
        rule("inet", "b", 2, json!([{"goto": {"target": "a"}}])),
        rule("inet", "input", 3, json!([{"jump": {"target": "a"}}])),
    ]));

    assert!(said(&rules, "10.0.0.1/32")[0].contains("Unsure"));
}

#[test]
fn a_text_that_is_no_json_names_the_command_that_exports_it() {
    let reads = DIALECT.reads.as_ref().unwrap();
    for text in
        ["table inet filter {\n}\n", "#!/usr/sbin/nft -f\nflush ruleset\n", "{\"nftables\": [", "{\"nftables\": {}}"]
    {
        assert!((reads.recognises)(text), "{text}");
        let unread = read_text(text).unwrap_err();
        assert!(unread.why.contains("nft -j list ruleset"), "{unread:?}");
    }
    assert!(
        !(reads.recognises)("*filter\n:INPUT DROP [0:0]\nCOMMIT\n") && !(reads.recognises)("{\"SecurityGroups\": []}")
    );
}

#[test]
fn commands_that_add_are_read_as_what_they_add() {
    let add = |object: Value| json!({"add": object});
    let rules = read(json!([
        {"flush": {"ruleset": null}},
        add(base("inet", "input", "input", 0, "drop")),
        add(rule("inet", "input", 1, json!([port(443), {"drop": null}]))),
        {"insert": rule("inet", "input", 2, json!([port(443), {"accept": null}]))},
    ]));

    assert_eq!(said(&rules, "10.0.0.1/32"), ["10.0.0.1 Allowed by handle 2 of inet filter input"]);
    assert!(rules.understood(), "{:?}", rules.notes);
    assert!(!read(json!([base("inet", "input", "input", 0, "drop"), {"delete": {"rule": {}}}])).understood());
}

#[test]
fn alternatives_without_end_end_in_doubt_and_not_in_memory() {
    // Each test has 64 alternatives that the next one does not rule out.
    let test = |mask: Value| {
        is("<", json!({"&": [payload("tcp", "flags"), mask]}), json!(["urg", "ack", "psh", "rst", "syn", "fin"]))
    };
    let many = json!([test(json!(63)), test(json!(127)), port(443), {"accept": null}]);
    let rules = input(vec![many; 200]);

    let alternatives: usize = rules.chains.iter().flat_map(|chain| &chain.rules).map(|rule| rule.when.len()).sum();
    assert!((1000..600_000).contains(&alternatives), "{alternatives}");
    assert_eq!(asked(&rules, Way::In, "10.0.0.1/32", 80), ["10.0.0.1 Denied by policy of inet filter input"]);
}

#[test]
fn whatever_stands_in_the_list_is_read_without_a_panic() {
    for odd in [
        json!([null, 1, "x", [], {}]),
        json!([{"chain": null}, {"rule": 5}, {"set": []}, {"table": "x"}]),
        json!([
            base("inet", "input", "input", 0, "drop"),
            rule("inet", "input", 1, json!([null, [], {"match": null}, {"vmap": 1}, {"jump": null}]))
        ]),
        json!([base("inet", "input", "sideways", 0, "drop")]),
        json!([rule("inet", "nowhere", 1, json!([]))]),
    ] {
        let rules = read(odd.clone());
        assert!(!said(&rules, "10.0.0.1/32").is_empty());
        assert!(!rules.understood(), "{odd}");
    }
}
