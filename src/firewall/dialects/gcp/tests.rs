use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::firewall::audit::{Fate, Known, judge};
use crate::firewall::compare::{Budget, Verdict, compare, requested};
use crate::firewall::dialects::Request;
use crate::firewall::dialects::round_trip::said;
use crate::firewall::fixture;

fn read_one(document: &Value, only: &[&str]) -> Rules {
    let input = Input { name: "rules.json".to_owned(), text: document.to_string() };
    assert!(recognises(&input.text), "{document}");
    read(&[input], &Scope { only: only.iter().map(|name| (*name).to_owned()).collect() }).unwrap()
}

fn incoming(document: &Value, peers: &str) -> Vec<String> {
    said(&read_one(document, &[]), Way::In, peers)
}

/// A rule as it is printed, with these fields besides or instead.
fn rule(name: &str, priority: u32, fields: Value) -> Value {
    let mut rule = json!({
        "name": name,
        "network": "https://www.googleapis.com/compute/v1/projects/p/global/networks/default",
        "direction": "INGRESS",
        "priority": priority,
        "disabled": false,
        "logConfig": { "enable": false },
    });
    let Value::Object(fields) = fields else { panic!() };
    rule.as_object_mut().unwrap().extend(fields);
    rule
}

fn web() -> Value {
    json!([{ "IPProtocol": "tcp", "ports": ["443", "8000-9000"] }])
}

#[test]
fn the_lowest_number_comes_first_and_of_the_same_number_what_denies() {
    let document = json!([
        rule("allow", 1000, json!({ "allowed": web(), "sourceRanges": ["10.0.0.0/8"] })),
        rule("deny", 1000, json!({ "denied": [{ "IPProtocol": "all" }], "sourceRanges": ["10.1.0.0/16"] })),
        rule("first", 900, json!({ "allowed": web(), "sourceRanges": ["10.1.1.1"] })),
        rule("last", 1100, json!({ "denied": [{ "IPProtocol": "all" }], "sourceRanges": ["10.0.0.0/8"] })),
    ]);

    assert_eq!(
        incoming(&document, "10.0.0.1/32 10.1.1.0/31 192.0.2.1/32 2001:db8::1/128"),
        [
            "10.0.0.1 Allowed by firewall rule allow, priority 1000",
            "10.1.1.0 Denied by firewall rule deny, priority 1000",
            "10.1.1.1 Allowed by firewall rule first, priority 900",
            "192.0.2.1, 2001:db8::1 Denied by implied rule 65535 (ingress is denied) of network default",
        ]
    );
}

#[test]
fn what_no_rule_stops_goes_out_and_ranges_of_destinations_count_there() {
    let document = json!([rule(
        "no-web",
        1000,
        json!({ "direction": "EGRESS", "denied": web(), "destinationRanges": ["104.16.0.0/13", "2606:4700::/32"] })
    )]);
    let out = said(&read_one(&document, &[]), Way::Out, "104.16.0.1/32 192.0.2.1/32 2606:4700::1/128 2001:db8::1/128");

    assert_eq!(
        out,
        [
            "104.16.0.1, 2606:4700::1 Denied by firewall rule no-web, priority 1000",
            "192.0.2.1, 2001:db8::1 Allowed by implied rule 65535 (egress is allowed) of network default",
        ]
    );
}

#[test]
fn protocols_go_by_name_and_number_and_all_and_who_names_no_source_means_ipv4() {
    for protocol in [json!("TCP"), json!("6"), json!(6), json!("all")] {
        let document = json!([rule("r", 1000, json!({ "allowed": [{ "IPProtocol": protocol }] }))]);
        assert_eq!(
            incoming(&document, "192.0.2.1/32 2001:db8::1/128"),
            [
                "192.0.2.1 Allowed by firewall rule r, priority 1000",
                "2001:db8::1 Denied by implied rule 65535 (ingress is denied) of network default"
            ],
            "{protocol}"
        );
    }
    let udp = json!([rule("r", 1000, json!({ "allowed": [{ "IPProtocol": "17" }] }))]);
    assert!(incoming(&udp, "192.0.2.1/32")[0].contains("Denied"));
}

#[test]
fn a_rule_that_is_disabled_has_no_effect_and_is_noted() {
    let document =
        json!([rule("off", 1, json!({ "allowed": web(), "disabled": true, "sourceRanges": ["0.0.0.0/0"] }))]);
    let rules = read_one(&document, &[]);

    assert!(said(&rules, Way::In, "192.0.2.1/32")[0].contains("Denied"));
    assert_eq!(rules.chains.iter().flat_map(|chain| &chain.rules).filter(|rule| rule.idle.is_some()).count(), 1);
    assert!(rules.notes.iter().any(|note| note.kind == NoteKind::Idle && note.place.name.contains("off")));
}

#[test]
fn host_bits_are_noted_and_read_as_the_network() {
    let document = json!([rule("r", 1000, json!({ "allowed": web(), "sourceRanges": ["36.235.250.0/20"] }))]);
    let rules = read_one(&document, &[]);

    assert_eq!(said(&rules, Way::In, "36.235.240.1/32"), ["36.235.240.1 Allowed by firewall rule r, priority 1000"]);
    assert!(rules.notes.iter().any(|note| note.kind == NoteKind::HostBits));
}

#[test]
fn whoever_bears_a_source_tag_is_unknown_and_a_range_beside_it_is_certain() {
    let document = json!([rule(
        "r",
        1000,
        json!({ "allowed": web(), "sourceRanges": ["192.0.2.1"], "sourceTags": ["lb"], "sourceServiceAccounts": [] })
    )]);

    assert_eq!(
        incoming(&document, "192.0.2.0/31"),
        [
            "192.0.2.0 Unsure by implied rule 65535 (ingress is denied) of network default unsure whether \
             the network tag `lb` holds the source",
            "192.0.2.1 Allowed by firewall rule r, priority 1000",
        ]
    );
}

#[test]
fn a_target_is_the_installations_where_it_is_named_and_no_other_is_then() {
    let document = json!([
        rule("db", 900, json!({ "denied": [{ "IPProtocol": "all" }], "targetTags": ["db"] })),
        rule("app", 1000, json!({ "allowed": web(), "targetServiceAccounts": ["app@p.iam.gserviceaccount.com"] })),
    ]);
    let named = |only: &[&str]| said(&read_one(&document, only), Way::In, "192.0.2.1/32").remove(0);

    let unsure = named(&[]);
    assert!(unsure.contains("Unsure") && unsure.contains("the installation bears the network tag `db`"), "{unsure}");
    assert!(named(&["app@p.iam.gserviceaccount.com"]).contains("Allowed by firewall rule app"));
    assert!(named(&["db"]).contains("Denied by firewall rule db"));
    assert!(named(&["db", "app@p.iam.gserviceaccount.com"]).contains("Denied by firewall rule db"));
}

#[test]
fn of_several_networks_nobody_knows_which_unless_it_is_named() {
    let other = json!("projects/p/global/networks/other");
    let document = json!([
        rule("here", 1000, json!({ "allowed": web() })),
        rule("there", 1000, json!({ "network": other, "allowed": [{ "IPProtocol": "udp" }] })),
        rule("out", 1000, json!({ "network": other, "direction": "EGRESS", "denied": web() })),
    ]);
    let named = |only: &[&str], way| said(&read_one(&document, only), way, "192.0.2.1/32").remove(0);

    let unsure = named(&[], Way::In);
    assert!(unsure.contains("Unsure") && unsure.contains("the installation is in the network `default`"), "{unsure}");
    assert!(named(&[], Way::Out).contains("Unsure"));
    assert!(named(&["default"], Way::In).contains("Allowed by firewall rule here"));
    assert!(named(&["other"], Way::In).contains("Denied") && named(&["other"], Way::Out).contains("Denied"));
}

fn policy_rule(priority: u32, action: &str, source: &str, fields: Value) -> Value {
    let mut rule = json!({
        "action": action,
        "direction": "INGRESS",
        "kind": "compute#firewallPolicyRule",
        "match": { "srcIpRanges": [source], "layer4Configs": [{ "ipProtocol": "tcp", "ports": ["443"] }] },
        "priority": priority,
    });
    let Value::Object(fields) = fields else { panic!() };
    rule.as_object_mut().unwrap().extend(fields);
    rule
}

#[test]
fn policies_above_come_first_and_leave_to_the_network_what_they_go_next_for() {
    let document = json!({
        "firewallPolicys": [
            { "name": "1", "displayName": "org", "type": "HIERARCHY", "rules": [
                policy_rule(200, "deny", "10.0.0.0/8", json!({})),
                policy_rule(100, "goto_next", "10.1.0.0/16", json!({})),
                policy_rule(50, "deny", "0.0.0.0/0", json!({ "disabled": true })),
            ] },
            { "name": "2", "displayName": "folder", "type": "HIERARCHY", "rules": [
                policy_rule(100, "allow", "10.1.0.0/17", json!({ "enableLogging": true })),
                policy_rule(2_147_483_647, "goto_next", "0.0.0.0/0", json!({})),
            ] },
        ],
        "firewalls": [rule("web", 1000, json!({ "allowed": web(), "sourceRanges": ["192.0.2.1", "10.1.128.0/24"] }))],
    });

    assert_eq!(
        incoming(&document, "10.0.0.1/32 10.1.0.1/32 10.1.128.1/32 10.1.129.1/32 192.0.2.1/32"),
        [
            "10.0.0.1 Denied by rule 200 of firewall policy org",
            "10.1.0.1 Allowed by rule 100 of firewall policy folder",
            "10.1.128.1, 192.0.2.1 Allowed by firewall rule web, priority 1000",
            "10.1.129.1 Denied by implied rule 65535 (ingress is denied) of network default",
        ]
    );
}

#[test]
fn policies_of_a_network_come_before_its_rules_or_behind_them_which_matters_where_they_differ() {
    let document = json!({
        "firewallPolicys": [{ "name": "np", "type": "NETWORK", "rules": [
            policy_rule(100, "deny", "192.0.2.0/31", json!({})),
            policy_rule(200, "allow", "198.51.100.0/24", json!({})),
        ] }],
        "firewalls": [
            rule("web", 1000, json!({ "allowed": web(), "sourceRanges": ["192.0.2.1"] })),
        ],
    });

    let said = incoming(&document, "192.0.2.0/31 198.51.100.1/32");
    assert_eq!(said[0], "192.0.2.0 Denied by rule 100 of firewall policy np");
    assert!(
        said[1].starts_with("192.0.2.1 Unsure") && said[1].contains("asks its firewall policies before"),
        "{said:?}"
    );
    assert_eq!(said[2], "198.51.100.1 Allowed by rule 200 of firewall policy np");
}

#[test]
fn what_a_policy_matches_by_name_or_region_is_unsure_and_what_it_does_that_nobody_knows_too() {
    let by = |end: Value| {
        json!({ "firewalls": [], "firewallPolicys": [{ "name": "p", "rules": [
        { "action": "allow", "direction": "INGRESS", "priority": 1, "match": end },
    ] }] })
    };
    for (field, says) in [
        ("srcFqdns", "the FQDN object `x`"),
        ("srcRegionCodes", "the region `x`"),
        ("srcThreatIntelligences", "the list of Google `x`"),
        ("srcAddressGroups", "the address group `x`"),
        ("srcSecureTags", "the secure tag `x`"),
    ] {
        let said = incoming(&by(json!({ field: ["x"], "layer4Configs": [{ "ipProtocol": "all" }] })), "192.0.2.1/32");
        assert!(said[0].contains("Unsure") && said[0].contains(says), "{said:?}");
    }
    let inspected = json!({ "firewalls": [], "firewallPolicys": [{ "name": "p", "rules": [
        policy_rule(1, "apply_security_profile_group", "192.0.2.1/32", json!({})),
    ] }] });
    assert!(!read_one(&inspected, &[]).understood());
    let said = incoming(&inspected, "192.0.2.0/31");
    assert!(said[0].starts_with("192.0.2.0 Denied") && said[1].starts_with("192.0.2.1 Unsure"), "{said:?}");
}

#[test]
fn a_policy_without_the_rules_of_the_network_leaves_the_end_unsure_and_rules_alone_say_what_they_assume() {
    let policy = json!({ "name": "p", "kind": "compute#firewallPolicy", "rules": [policy_rule(1, "deny", "192.0.2.1/32", json!({}))] });
    let said_of_policy = incoming(&policy, "192.0.2.0/31");
    let rules = read_one(&json!([rule("web", 1000, json!({ "allowed": web() }))]), &[]);

    assert!(said_of_policy[0].starts_with("192.0.2.0 Unsure") && said_of_policy[1].starts_with("192.0.2.1 Denied"));
    assert!(
        rules.notes.iter().any(|note| note.kind == NoteKind::Assumed && note.what.contains("get-effective-firewalls"))
    );
}

#[test]
fn a_rule_that_allows_and_denies_or_has_no_priority_yet_is_not_understood() {
    for fields in [
        json!({ "allowed": web(), "denied": web(), "sourceRanges": ["192.0.2.1"] }),
        json!({ "allowed": web(), "priority": null, "sourceRanges": ["192.0.2.1"] }),
        json!({ "allowed": web(), "direction": "SIDEWAYS", "sourceRanges": ["192.0.2.1"] }),
    ] {
        let said = incoming(&json!([rule("odd", 1000, fields.clone())]), "192.0.2.0/31");
        assert!(
            said[0].starts_with("192.0.2.0 Denied") && said[1].starts_with("192.0.2.1 Unsure"),
            "{fields}: {said:?}"
        );
    }
}

#[test]
fn what_holds_no_rule_is_unread_with_the_command_that_exports_them() {
    for text in ["{", "3", "[1]", "[{\"name\": \"x\"}]"] {
        let input = Input { name: "x".to_owned(), text: text.to_owned() };
        let unread = read(&[input], &Scope::default()).unwrap_err();
        assert!(unread.why.contains("get-effective-firewalls"), "{text}: {}", unread.why);
    }
}

/// The commands of a script as the rules that they make, with what was not filled in left out.
fn applied(script: &str) -> Vec<Value> {
    let script = script.replace("\\\n", " ");
    let mut rules = Vec::new();
    let mut is_left_out = false;
    for line in script.lines().map(str::trim) {
        is_left_out = (is_left_out || line.starts_with("if ")) && line != "fi";
        let Some(command) = line.strip_prefix("gcloud compute firewall-rules create ").filter(|_| !is_left_out) else {
            continue;
        };
        let mut made = rule(command.split(' ').next().unwrap(), 900, json!({ "targetTags": ["app"] }));
        let mut services = Vec::new();
        for (name, value) in command.split(" --").filter_map(|option| option.trim().split_once('=')) {
            let words: Vec<&str> = value.trim_matches('"').split(',').collect();
            match name {
                "direction" => made["direction"] = json!(words[0]),
                "priority" if words[0] != "$PRIORITY" => made["priority"] = json!(words[0].parse::<u32>().unwrap()),
                "source-ranges" => made["sourceRanges"] = json!(words),
                "destination-ranges" => made["destinationRanges"] = json!(words),
                "rules" => services.extend(words.iter().map(|service| match service.split_once(':') {
                    Some((protocol, port)) => json!({ "IPProtocol": protocol, "ports": [port] }),
                    None => json!({ "IPProtocol": service }),
                })),
                _ => {}
            }
        }
        made[if command.contains("--action=ALLOW") { "allowed" } else { "denied" }] = json!(services);
        rules.push(made);
    }
    rules
}

#[test]
fn what_the_script_makes_lets_every_flow_pass_and_with_the_denial_nothing_else() {
    let flows = fixture::flows();
    let generated = script::write(&Request { flows: flows.clone(), as_of: "2026-11-23".to_owned(), log: true });
    let mut made = applied(&generated.rules);
    made.extend(applied(&generated.default_deny.unwrap()));
    let rules = read_one(&json!(made), &["app"]);

    for judged in judge(&rules, &flows, &Known::default()) {
        assert_eq!(judged.fate(), Fate::Allowed, "{}", judged.flow.id);
    }
    assert!(said(&rules, Way::In, "192.0.2.1/32")[0].contains("Denied by firewall rule workos-deny-ingress,"));
    assert!(said(&rules, Way::Out, "192.0.2.1/32")[0].contains("Denied by firewall rule workos-deny-egress,"));
    assert!(said(&rules, Way::Out, "2001:db8::1/128")[0].contains("Denied by firewall rule workos-deny-egress-v6,"));
    assert_eq!(generated.rules.matches("--enable-logging").count(), made.len() - 4);
    let rollback = generated.rollback.unwrap();
    for rule in &made {
        assert!(rollback.contains(&format!("delete {} ", rule["name"].as_str().unwrap())), "{rollback}");
        let ranges = rule.get("sourceRanges").or(rule.get("destinationRanges")).unwrap().to_string();
        assert!(ranges.contains(':') != ranges.contains('.'), "a rule has one family: {ranges}");
    }
}

#[test]
fn beside_what_a_network_holds_already_the_script_adds_what_was_requested_and_nothing_else() {
    let flows = fixture::flows();
    let generated = script::write(&Request { flows: flows.clone(), as_of: "2026-11-23".to_owned(), log: false });
    let there = [
        rule(
            "ssh",
            1000,
            json!({ "allowed": [{ "IPProtocol": "tcp", "ports": ["22"] }], "sourceRanges": ["10.0.0.0/8"] }),
        ),
        rule("shut", 1000, json!({ "direction": "EGRESS", "denied": [{ "IPProtocol": "all" }] })),
        rule(
            "shut-v6",
            1000,
            json!({ "direction": "EGRESS", "denied": [{ "IPProtocol": "all" }], "destinationRanges": ["::/0"] }),
        ),
    ];
    let before = read_one(&json!(there), &["app"]);
    let verdict = |made: &[Value]| {
        let (after, known) = (read_one(&json!([made, &there].concat()), &["app"]), Known::default());
        compare(&before, &after, &requested(&flows, &known, &before, &after), Budget::default()).verdict
    };
    let mut made = applied(&generated.rules);

    assert_eq!(verdict(&made), Verdict::Exactly);
    made[0]["destinationRanges"] = json!(["10.20.0.0/24"]);
    assert!(matches!(verdict(&made), Verdict::Otherwise(wrong) if wrong.opens_more));
}

#[test]
fn whoever_has_no_published_addresses_or_is_elsewhere_gets_no_rule_until_that_is_filled_in() {
    let mut flows = fixture::flows();
    flows[2].source.ranges.clear();
    flows[1].source.object = "browsers".to_owned();
    let generated = script::write(&Request { flows, as_of: "2026-11-23".to_owned(), log: false });
    let remarks = generated.remarks.join("\n");

    assert!(generated.rules.contains("if [ -n \"$WORKOS_PUBLISHED_RANGES\" ]; then"), "{}", generated.rules);
    assert!(generated.rules.contains("if [ -n \"$BROWSERS_TAG\" ]; then"), "{}", generated.rules);
    assert!(remarks.contains("WORKOS_PUBLISHED_RANGES") && remarks.contains("BROWSERS_TAG"), "{remarks}");
}

proptest! {
    #[test]
    fn whatever_a_document_holds_it_is_read_or_refused(at in 0_usize..3000, with in "\\PC{0,12}|[\\[\\]{}\",:0-9*/a-z]{0,12}", keep in 0_usize..40) {
        let mut text = json!({
            "firewallPolicys": [{ "name": "org", "type": "HIERARCHY", "rules": [
                policy_rule(200, "deny", "10.0.0.0/8", json!({ "targetResources": ["n"] })),
                policy_rule(100, "goto_next", "10.1.0.0/16", json!({})),
            ] }],
            "firewalls": [
                rule("web", 1000, json!({ "allowed": web(), "sourceRanges": ["10.0.0.1"], "targetTags": ["a"] })),
                rule("no", 1000, json!({ "denied": web(), "sourceTags": ["a"], "network": "other" })),
            ],
        })
        .to_string();
        let at = at % text.len();
        if text.is_char_boundary(at) {
            let end = (at + keep).min(text.len());
            text.replace_range(at..end, &with);
        }
        let input = Input { name: "x".to_owned(), text };
        if let Ok(rules) = read(&[input], &Scope::default()) {
            let _ = said(&rules, Way::In, "0.0.0.0/0 ::/0");
        }
    }
}
