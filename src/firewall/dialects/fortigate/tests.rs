use proptest::prelude::*;

use super::*;
use crate::firewall::dialects::Request;
use crate::firewall::dialects::edge::asking::{
    asked, assert_adds_exactly_the_flows, assert_exactly_the_flows, generated, notes, read, try_read, verdict,
};
use crate::firewall::evaluate::Verdict::{self, Allowed, Denied, Unsure};
use crate::firewall::fixture;
use crate::firewall::rules::{NoteKind, Way};

const OBJECTS: &str = r#"#config-version=FGT60F-7.2.5-FW-build1517-230606:opmode=0:vdom=0
config system global
    set hostname "edge"
end
config system zone
    edit "OUTSIDE"
        set interface "wan1" "wan2"
    next
end
config firewall address
    edit "all"
        set uuid 1a2b3c
    next
    edit "workos-1"
        set subnet 3.217.146.166 255.255.255.255
    next
    edit "workos-2"
        set type iprange
        set start-ip 23.21.184.92
        set end-ip 23.21.184.93
        set comment "two
of them"
    next
    edit "api"
        set type fqdn
        set fqdn "api.workos.com"
    next
    edit "at-home"
        set type geography
        set country "US"
    next
    edit "app"
        set subnet 10.20.0.10/32
    next
end
config firewall addrgrp
    edit "workos"
        set member "workos-1" "workos-2"
    next
end
config firewall service custom
    edit "tcp-8443"
        set tcp-portrange 8443 9000-9010
    next
    edit "from-11"
        set tcp-portrange 12:11
    next
end
config firewall service group
    edit "web"
        set member "HTTPS" "tcp-8443"
    next
end
"#;

/// A policy with what is left open being `any` and `all`.
fn policy(id: &str, says: &[&str]) -> String {
    let open = [
        ("srcintf", "\"any\""),
        ("dstintf", "\"any\""),
        ("srcaddr", "\"all\""),
        ("dstaddr", "\"all\""),
        ("service", "\"ALL\""),
        ("schedule", "\"always\""),
    ];
    let said = |key: &str| says.iter().any(|line| line.split(' ').nth(1) == Some(key));
    let open = open.iter().filter(|(key, _)| !said(key)).map(|(key, value)| format!("        set {key} {value}\n"));
    let says = says.iter().map(|line| format!("        {line}\n"));
    format!("    edit {id}\n{}    next\n", open.chain(says).collect::<Vec<_>>().concat())
}

fn policies(all: &[String]) -> String {
    format!("config firewall policy\n{}end\n", all.concat())
}

fn with(all: &[String]) -> Rules {
    let rules = read(&DIALECT, &format!("{OBJECTS}{}", policies(all)));
    assert!(rules.understood(), "{:?}", rules.notes);
    rules
}

const WORKOS: &str = "3.217.146.166";
const APP: &str = "10.20.0.10";

fn asks(rules: &Rules, service: &str) -> Verdict {
    verdict(rules, Some(("wan1", "dmz")), WORKOS, APP, service)
}

const ACCEPT: &str = "set action accept";

#[test]
fn a_policy_lets_through_what_its_objects_hold_and_denies_where_it_says_nothing_else() {
    let says = [
        "set srcintf \"OUTSIDE\"",
        "set dstintf \"dmz\"",
        "set srcaddr \"workos\"",
        "set dstaddr \"app\"",
        "set service \"web\"",
        ACCEPT,
    ];
    let rules = with(&[policy("7", &says)]);

    assert_eq!(
        (asks(&rules, "tcp/443"), asks(&rules, "tcp/9005"), asks(&rules, "udp/443")),
        (Allowed, Allowed, Denied)
    );
    assert_eq!(verdict(&rules, Some(("OUTSIDE", "dmz")), "23.21.184.93", APP, "tcp/443"), Allowed);
    assert_eq!(verdict(&rules, Some(("lan", "dmz")), WORKOS, APP, "tcp/443"), Denied);
    assert_eq!(verdict(&rules, None, WORKOS, APP, "tcp/443"), Unsure);
    assert_eq!(asked(&rules, Way::Out, Some(("wan2", "dmz")), WORKOS, APP, "tcp/443"), Allowed);
    // Without an action, a policy denies.
    assert_eq!(asks(&with(&[policy("7", &["set srcaddr \"workos\""]), policy("8", &[ACCEPT])]), "tcp/443"), Denied);
}

#[test]
fn the_order_is_that_of_the_listing_and_of_moves_and_not_of_ids() {
    let (stop, pass) = (policy("9", &["set srcaddr \"workos\"", "set action deny"]), policy("1", &[ACCEPT]));
    let ask = |text: &str| asks(&read(&DIALECT, &format!("{OBJECTS}{text}")), "tcp/443");

    assert_eq!(ask(&policies(&[stop.clone(), pass.clone()])), Denied);
    assert_eq!(ask(&policies(&[pass.clone(), stop.clone()])), Allowed);
    assert_eq!(ask(&policies(&[stop.clone(), pass.clone(), "    move 1 before 9\n".to_owned()])), Allowed);
    assert_eq!(ask(&policies(&[stop.clone(), pass.clone(), "    move 9 after 1\n".to_owned()])), Allowed);
    let disabled = policy("9", &["set srcaddr \"workos\"", "set status disable"]);
    let rules = with(&[disabled, pass.clone()]);
    assert_eq!((asks(&rules, "tcp/443"), notes(&rules, NoteKind::Idle).len()), (Allowed, 1));
    // What stands further down changes what was said above.
    let again = "config firewall policy\n    edit 9\n        set action accept\n    next\nend\n";
    assert_eq!(ask(&format!("{}{again}", policies(&[stop]))), Allowed);
}

#[test]
fn what_is_appended_and_unset_is_so() {
    let ask = |says: &[&str]| asks(&with(&[policy("1", &[says, &[ACCEPT]].concat())]), "tcp/443");

    assert_eq!(ask(&["set srcaddr \"api\"", "set srcaddr \"app\"", "append srcaddr \"workos\""]), Allowed);
    assert_eq!(ask(&["set srcaddr \"workos\"", "set srcaddr \"app\""]), Denied);
    assert_eq!(ask(&["set srcaddr \"workos\"", "set status disable", "unset status"]), Allowed);
}

#[test]
fn negation_is_everything_else_of_the_family() {
    let from = |says: &[&str], source: &str| {
        verdict(&with(&[policy("1", &[says, &[ACCEPT]].concat())]), Some(("wan1", "dmz")), source, APP, "tcp/443")
    };
    let negated = ["set srcaddr \"workos\"", "set srcaddr-negate enable"];
    assert_eq!((from(&negated, WORKOS), from(&negated, "9.9.9.9")), (Denied, Allowed));
    let unknown = ["set srcaddr \"workos\" \"api\"", "set srcaddr-negate enable"];
    assert_eq!((from(&unknown, WORKOS), from(&unknown, "9.9.9.9")), (Denied, Unsure));
    let services = with(&[policy("1", &["set service \"HTTPS\"", "set service-negate enable", ACCEPT])]);
    assert_eq!(
        (asks(&services, "tcp/443"), asks(&services, "tcp/80"), asks(&services, "udp/443")),
        (Denied, Allowed, Allowed)
    );
}

#[test]
fn a_service_named_https_is_what_the_file_says() {
    let ask = |define: &str, port: &str| {
        let text =
            format!("{OBJECTS}config firewall service custom\n    edit \"HTTPS\"\n        {define}\n    next\nend\n");
        asks(&read(&DIALECT, &format!("{text}{}", policies(&[policy("1", &["set service \"HTTPS\"", ACCEPT])]))), port)
    };
    assert_eq!(asks(&with(&[policy("1", &["set service \"HTTPS\"", ACCEPT])]), "tcp/443"), Allowed);
    assert_eq!(
        (ask("set tcp-portrange 8443", "tcp/443"), ask("set tcp-portrange 8443", "tcp/8443")),
        (Denied, Allowed)
    );
    assert_eq!(ask("set tcp-portrange 443:1024-65535", "tcp/443"), Allowed);
    assert_eq!(ask("set tcp-portrange 443:1-1023", "tcp/443"), Denied);
    assert_eq!(ask("set tcp-portrnge 443", "tcp/443"), Unsure);
    assert_eq!(ask("set protocol IP", "udp/443"), Allowed);
    assert_eq!(ask("set protocol ICMP", "tcp/443"), Denied);
    assert_eq!(ask("set protocol IP\n        set protocol-number 6", "tcp/443"), Allowed);
    assert_eq!(ask("set tcp-portrange 443\n        set iprange 10.0.0.1-10.0.0.2", "tcp/443"), Unsure);
}

#[test]
fn what_the_firewall_alone_knows_is_a_condition() {
    for says in [
        "set srcaddr \"api\"",
        "set srcaddr \"at-home\"",
        "set groups \"staff\"",
        "set users \"joe\"",
        "set schedule \"nights\"",
        "set application 1234",
        "set reputation-minimum 3",
        "set policy-expiry enable",
    ] {
        let stop = with(&[policy("1", &[says]), policy("2", &[ACCEPT])]);
        assert_eq!(asks(&stop, "tcp/443"), Unsure, "{says}");
    }
    let cloud = "    edit 1\n        set srcintf any\n        set dstintf any\n        set srcaddr all\n        set internet-service enable\n        set internet-service-name \"Cloudflare-CDN\"\n        set action accept\n        set schedule always\n    next\n";
    assert_eq!(asks(&with(&[cloud.to_owned()]), "tcp/443"), Unsure);
}

#[test]
fn inspection_and_translation_change_nothing_about_what_passes() {
    let says = [
        "set utm-status enable",
        "set ssl-ssh-profile \"certificate-inspection\"",
        "set ips-sensor \"default\"",
        "set nat enable",
        "set comments \"it's\nhere\"",
        "set logtraffic all",
        ACCEPT,
    ];
    let rules = with(&[policy("1", &says)]);
    assert_eq!(asks(&rules, "tcp/443"), Allowed);
    assert!(rules.chains[0].rules[0].logs);
    assert!(!with(&[policy("1", &["set logtraffic utm", ACCEPT])]).chains[0].rules[0].logs);
}

#[test]
fn groups_nest_leave_out_and_are_in_doubt_where_they_hold_themselves() {
    let ask = |groups: &str, source: &str| {
        let text = format!(
            "{OBJECTS}config firewall addrgrp\n{groups}end\n{}",
            policies(&[policy("1", &["set srcaddr \"g\"", ACCEPT])])
        );
        verdict(&read(&DIALECT, &text), Some(("wan1", "dmz")), source, APP, "tcp/443")
    };
    let group = |name: &str, says: &str| format!("    edit \"{name}\"\n        set member {says}\n    next\n");

    assert_eq!(ask(&group("g", "\"workos\""), WORKOS), Allowed);
    let less = group("g", "\"workos\"\n        set exclude enable\n        set exclude-member \"workos-1\"");
    assert_eq!((ask(&less, WORKOS), ask(&less, "23.21.184.92")), (Denied, Allowed));
    let less_unknown = group("g", "\"workos\"\n        set exclude enable\n        set exclude-member \"api\"");
    assert_eq!((ask(&less_unknown, WORKOS), ask(&less_unknown, "9.9.9.9")), (Unsure, Denied));
    let looped = group("g", "\"h\" \"workos\"") + &group("h", "\"g\"");
    assert_eq!(ask(&looped, "9.9.9.9"), Unsure);
    assert_eq!(ask(&group("g", "\"nobody\""), WORKOS), Unsure);
}

#[test]
fn what_comes_by_a_virtual_address_is_matched_by_the_policy_that_names_it() {
    let vip = |more: &str| {
        format!(
            "{OBJECTS}config firewall vip\n    edit \"app-vip\"\n        set extip 203.0.113.5\n        set mappedip \"10.20.0.10\"\n        set extintf \"wan1\"\n{more}    next\nend\n"
        )
    };
    let named = policy("1", &["set srcaddr \"workos\"", "set dstaddr \"app-vip\"", "set service \"HTTPS\"", ACCEPT]);
    let ask = |vip: &str, all: &[String]| {
        let rules = read(&DIALECT, &format!("{vip}{}", policies(all)));
        assert!(rules.understood(), "{:?}", rules.notes);
        (asks(&rules, "tcp/443"), asks(&rules, "tcp/8443"))
    };
    let forward = |outer: u16, inner: u16| {
        format!("        set portforward enable\n        set extport {outer}\n        set mappedport {inner}\n")
    };

    assert_eq!(ask(&vip(""), std::slice::from_ref(&named)), (Allowed, Denied));
    assert_eq!(ask(&vip(&forward(443, 443)), std::slice::from_ref(&named)), (Allowed, Denied));
    assert_eq!(ask(&vip(&forward(80, 80)), std::slice::from_ref(&named)), (Denied, Denied));
    let to_8443 = policy("1", &["set dstaddr \"app-vip\"", ACCEPT]);
    assert_eq!(ask(&vip(&forward(443, 8443)), &[to_8443]), (Denied, Unsure));
    // A policy for `all` does not match what a virtual address has translated, unless it is told to.
    let (stop, matching) =
        (policy("5", &["set action deny"]), policy("5", &["set action deny", "set match-vip enable"]));
    assert_eq!(ask(&vip(""), &[stop, named.clone()]).0, Unsure);
    assert_eq!(ask(&vip(""), &[matching, named.clone()]).0, Denied);
    assert_eq!(ask(&vip("        set src-filter \"9.9.9.9\"\n"), &[named]).0, Unsure);
}

#[test]
fn the_families_are_apart() {
    let six = "config firewall address6\n    edit \"cf6\"\n        set ip6 2606:4700::/32\n    next\nend\n";
    let says = ["set srcaddr \"workos\"", "set srcaddr6 \"cf6\"", "set dstaddr6 \"all\"", ACCEPT];
    let rules = read(&DIALECT, &format!("{OBJECTS}{six}{}", policies(&[policy("1", &says)])));
    assert!(rules.understood());
    let v6 = |rules: &Rules, source: &str| verdict(rules, Some(("wan1", "dmz")), source, "2001:db8::10", "tcp/443");

    assert_eq!(
        (asks(&rules, "tcp/443"), v6(&rules, "2606:4700::1"), v6(&rules, "2606:4701::1")),
        (Allowed, Allowed, Denied)
    );
    assert_eq!(v6(&with(&[policy("1", &[ACCEPT])]), "2606:4700::1"), Denied);
    let own = policies(&[policy("1", &["set srcaddr \"cf6\"", ACCEPT])]).replace("firewall policy", "firewall policy6");
    let own = read(&DIALECT, &format!("{OBJECTS}{six}{own}"));
    assert_eq!((v6(&own, "2606:4700::1"), asks(&own, "tcp/443")), (Allowed, Denied));
}

#[test]
fn vdoms_are_apart_and_which_one_it_is_has_to_be_said() {
    let vdom = |name: &str, body: &str| format!("config vdom\nedit {name}\n{body}end\n");
    let objects = OBJECTS.replace("config system global\n    set hostname \"edge\"\nend\n", "");
    let open = format!("{objects}{}", policies(&[policy("1", &[ACCEPT])]));
    let shut = policies(&[policy("1", &["set action deny"])]);
    let text =
        format!("config vdom\nedit root\nnext\nedit guest\nnext\nend\n{}{}", vdom("root", &open), vdom("guest", &shut));
    let ask = |only: &[&str]| {
        let inputs = [Input { name: "fg".to_owned(), text: text.clone() }];
        let scope = Scope { only: only.iter().map(ToString::to_string).collect() };
        let rules = (DIALECT.reads.as_ref().unwrap().read)(&inputs, &scope).unwrap();
        (asks(&rules, "tcp/443"), rules.understood())
    };

    assert_eq!(ask(&[]), (Unsure, true));
    assert_eq!(ask(&["root"]), (Allowed, true));
    assert_eq!(ask(&["guest"]), (Denied, true));
    assert!(!ask(&["nowhere"]).1);
}

#[test]
fn lists_beside_the_policies_are_noted_and_those_that_can_stop_it_leave_it_unsure() {
    let beside = |path: &str| {
        let text = format!(
            "{OBJECTS}config {path}\n    edit 1\n        set interface \"wan1\"\n    next\nend\n{}",
            policies(&[policy("1", &[ACCEPT])])
        );
        let rules = read(&DIALECT, &text);
        (asks(&rules, "tcp/443"), rules.understood(), notes(&rules, NoteKind::Assumed).len())
    };
    assert_eq!(beside("firewall local-in-policy"), (Allowed, true, 1));
    assert_eq!(beside("firewall DoS-policy"), (Allowed, true, 1));
    assert_eq!(beside("firewall acl"), (Unsure, false, 0));
}

#[test]
fn what_is_not_understood_is_neither_clean_nor_certain() {
    let good = policies(&[policy("1", &["set srcaddr \"workos\"", "set action deny"]), policy("2", &[ACCEPT])]);
    for broken in [
        good.replace("set action deny", "st action deny"),
        good.replace("set action deny", "set acton deny"),
        good.replace("set action deny", "set action denny"),
        good.replace("set srcaddr \"workos\"", "set srcaddr \"workos"),
        good.replace("set srcaddr \"workos\"", "set srcaddr"),
        good.replace("set srcaddr \"workos\"", "set srcadr \"workos\""),
        good.replace("    edit 1", "    edti 1"),
        good.replacen("    next", "    nxt", 1),
        good.replace("\nend", "\nedn"),
        good.replace("config firewall policy", "config firewall policy\nconfig firewal"),
        good.replace("    edit 2", "    edit 1"),
        good.replace("    edit 2", "    delete 1\n    edit 2"),
        good.replace("\nend", ""),
        good.replace("set action deny", "set action deny\n        set future-thing on"),
        good.replace("set action deny", "set status off"),
    ] {
        let rules = read(&DIALECT, &format!("{OBJECTS}{broken}"));
        assert!(!rules.understood(), "{broken}");
    }
    let unknown = good.replace("set action deny", "set action deny\n        set future-thing on");
    let rules = read(&DIALECT, &format!("{OBJECTS}{unknown}"));
    assert_eq!((asks(&rules, "tcp/443"), verdict(&rules, None, "9.9.9.9", APP, "tcp/443")), (Unsure, Allowed));
    // A block above that does not end takes the policies into itself.
    let swallowed = OBJECTS.replacen("end\nconfig system zone", "edn\nconfig system zone", 1);
    assert!(!try_read(&DIALECT, &format!("{swallowed}{good}")).is_ok_and(|rules| rules.understood()));
}

#[test]
fn odd_addresses_are_noted_and_a_broken_one_is_in_doubt() {
    let ask = |subnet: &str| {
        let text = format!(
            "{OBJECTS}config firewall address\n    edit \"x\"\n        set subnet {subnet}\n    next\nend\n{}",
            policies(&[policy("1", &["set srcaddr \"x\"", ACCEPT])])
        );
        let rules = read(&DIALECT, &text);
        let kinds: Vec<NoteKind> = rules.notes.iter().map(|note| note.kind).collect();
        (verdict(&rules, None, "104.16.0.1", APP, "tcp/443"), kinds)
    };
    assert_eq!(ask("104.16.0.0 255.248.0.0"), (Allowed, vec![]));
    assert_eq!(ask("104.16.1.1 255.248.0.0"), (Allowed, vec![NoteKind::HostBits]));
    for broken in ["104.16.0.0 0.7.255.255", "104.16.0 255.248.0.0", "104.16.0.0 255.0.248.0", "104.16.0/13"] {
        assert_eq!(ask(broken), (Unsure, vec![NoteKind::Malformed, NoteKind::NotUnderstood]), "{broken}");
    }
}

#[test]
fn a_file_without_policies_says_what_would_be_right() {
    let unread = try_read(&DIALECT, OBJECTS).unwrap_err();
    assert!(unread.why.contains("show firewall policy"), "{}", unread.why);
    assert!(
        recognises(OBJECTS)
            && recognises("FGT # show firewall policy\nconfig firewall policy\nend")
            && !recognises("config system dns\nend")
    );
    let deep = "config a\nedit b\n".repeat(100_000);
    assert!(try_read(&DIALECT, &deep).is_err());
}

#[test]
fn a_prompt_is_no_command() {
    let text = format!("FGT # show firewall policy\n{}FGT (root) # \n", policies(&[policy("1", &[ACCEPT])]));
    assert!(read(&DIALECT, &text).understood());
}

#[test]
fn what_is_written_lets_exactly_the_flows_through() {
    for log in [false, true] {
        let written = generated(&DIALECT, log);
        let rules = read(&DIALECT, &format!("{}{}", written.rules, written.default_deny.unwrap_or_default()));
        assert!(rules.understood(), "{:?}", rules.notes);
        assert_exactly_the_flows(&rules, Some(("wan1", "dmz")), &fixture::flows());
        assert_exactly_the_flows(&rules, None, &fixture::flows());
        assert_eq!(rules.chains[0].rules.iter().all(|rule| rule.logs), log);
    }
}

#[test]
fn what_is_written_adds_the_flows_to_what_is_there_and_nothing_else() {
    let there = policy("4", &["set service \"SSH\"", ACCEPT]);
    assert_adds_exactly_the_flows(&DIALECT, &format!("{OBJECTS}{}", policies(&[there])));
}

#[test]
fn names_keep_to_their_lengths_and_words_of_others_to_their_line() {
    let mut flows = fixture::flows();
    flows[2].id = format!("ingress-{}", "x".repeat(80));
    flows[2].source.object = format!("object-{}", "y".repeat(80));
    flows[2].reason = "broken\"\n    next\nend".to_owned();
    let written =
        (DIALECT.writes.unwrap())(&Request { flows: flows.clone(), as_of: "2026-11-23".to_owned(), log: true });

    for line in written.rules.lines() {
        let value = |key: &str| line.trim().strip_prefix(key).map(|value| value.trim_matches('"').len());
        assert!(
            value("edit \"").is_none_or(|length| length <= 79) && value("set name ").is_none_or(|length| length <= 35),
            "{line}"
        );
    }
    let rules = read(&DIALECT, &written.rules);
    assert!(rules.understood());
    assert_exactly_the_flows(&rules, None, &flows);
}

#[test]
fn the_rules_of_one_flow_read_as_they_should() {
    let mut flow = fixture::flows().remove(2);
    flow.source.ranges.truncate(1);
    let net = flow.source.ranges[0].addr();
    let written = (DIALECT.writes.unwrap())(&Request { flows: vec![flow], as_of: "2026-11-23".to_owned(), log: true });

    let expected = format!(
        r#"# what a deployment of WorkOS needs, by the facts of 2026-11-23
config firewall address
    edit "workos-published-{net}"
        set subnet {net} 255.255.255.255
        set comment "workos-published, 2026-11-23"
    next
end
config firewall addrgrp
    edit "workos-published"
        set member "workos-published-{net}"
        set comment "workos-published, 2026-11-23"
    next
end
config firewall service custom
    edit "workos-tcp-443"
        set tcp-portrange 443
    next
end
config firewall policy
    edit ID
        set name "workos-ingress-workos"
        set srcintf "any"
        set dstintf "any"
        set srcaddr "workos-published"
        set dstaddr "all"
        set action accept
        set schedule "always"
        set service "workos-tcp-443"
        set logtraffic all
        set comments "ingress-workos (2026-11-23): what ingress-workos is for"
    next
end
"#
    );
    let id = written.rules.lines().find_map(|line| line.strip_prefix("    edit 3")).unwrap();
    assert_eq!(written.rules.replace(&format!("edit 3{id}"), "edit ID"), expected);
    let rollback = written.rollback.unwrap();
    assert!(
        rollback.starts_with(&format!("config firewall policy\n    delete 3{id}\nend\nconfig firewall addrgrp\n")),
        "{rollback}"
    );
    assert!(rollback.ends_with("config firewall service custom\n    delete \"workos-tcp-443\"\nend\n"));
}

/// Words of which a garbled one is no longer what it was.
const TELLING: [&str; 7] = ["set", "edit", "next", "end", "config", "action", "accept"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn arbitrary_commands_are_read_or_refused(
        text in proptest::collection::vec(prop_oneof![
            Just("config firewall policy\n".to_owned()), Just("edit 1\n".to_owned()), Just("next\n".to_owned()),
            Just("end\n".to_owned()), Just("set srcaddr ".to_owned()), Just("config vdom\n".to_owned()), Just("\"".to_owned()),
            Just("move 1 before 2\n".to_owned()), Just("config firewall addrgrp\n".to_owned()), Just("set member \"1\"\n".to_owned()),
            "[ -~]{0,8}", "\\PC{0,4}", Just("\n".to_owned()),
        ], 0..60).prop_map(|parts| parts.concat())
    ) {
        if let Ok(rules) = try_read(&DIALECT, &text) {
            let _ = verdict(&rules, None, WORKOS, APP, "tcp/443");
        }
    }

    #[test]
    fn a_rule_with_a_garbled_word_is_never_understood(
        which in any::<prop::sample::Index>(),
        word in 0..TELLING.len(),
        at in any::<prop::sample::Index>(),
        instead in "[a-z~!%^&*]",
    ) {
        let text = generated(&DIALECT, true).rules;
        let mut lines: Vec<&str> = text.lines().collect();
        let policies = lines.iter().position(|line| *line == "config firewall policy").unwrap();
        let concerned: Vec<usize> =
            (policies..lines.len()).filter(|line| lines[*line].split(' ').any(|it| it == TELLING[word])).collect();
        let line = concerned[which.index(concerned.len())];
        let at = at.index(TELLING[word].len());
        let mut garbled = TELLING[word].to_owned();
        garbled.replace_range(at..=at, &instead);
        prop_assume!(garbled != TELLING[word]);
        let broken = lines[line].replacen(TELLING[word], &garbled, 1);
        lines[line] = &broken;
        if let Ok(rules) = try_read(&DIALECT, &lines.join("\n")) {
            prop_assert!(!rules.understood(), "{}", broken);
        }
    }
}

#[test]
fn services_that_a_firewall_has_from_the_beginning_need_no_definition_and_hold_nothing_else() {
    let text = r#"config firewall policy
    edit 1
        set srcintf "any"
        set dstintf "any"
        set srcaddr "all"
        set dstaddr "all"
        set action accept
        set schedule "always"
        set service "PING" "TRACEROUTE" "IKE" "Email Access" "Windows AD" "NONE" "SQUID" "SIP" "H323" "PING6"
    next
end
"#;
    let rules = read(&DIALECT, text);
    assert_eq!(rules.notes, []);
    for (service, expected) in [
        ("tcp/443", Denied),
        ("udp/53", Allowed),
        ("tcp/993", Allowed),
        ("udp/4500", Allowed),
        ("tcp/3128", Allowed),
        ("udp/33434", Allowed),
        ("tcp/1719", Denied),
        ("icmp/0", Unsure),
    ] {
        assert_eq!(verdict(&rules, None, "3.217.146.166", "10.20.0.10", service), expected, "{service}");
    }
}

#[test]
fn peers_on_the_internet_are_behind_the_interface_of_the_default_route_unless_there_are_several() {
    use crate::firewall::audit::{Fate, Known, judge};
    let fate = |config: &str, id: &str| {
        let (rules, flows) = (read(&DIALECT, config), fixture::flows());
        assert!(rules.understood(), "{:?}", rules.notes);
        let judged = judge(&rules, &flows, &Known::default());
        judged.iter().find(|one| one.flow.id == id).unwrap().fate()
    };
    let policy = |id: u8, from: &str, to: &str, service: &str| {
        format!(
            "    edit {id}\n        set srcintf \"{from}\"\n        set dstintf \"{to}\"\n        set srcaddr \"all\"\n        \
             set dstaddr \"all\"\n        set action accept\n        set schedule \"always\"\n        set service \"{service}\"\n    next\n"
        )
    };
    let policies = format!(
        "config firewall policy\n{}{}end\n",
        policy(1, "internal", "wan1", "ALL"),
        policy(2, "internal", "dmz", "ALL")
    );
    let interfaces = "config system interface\n    edit \"wan1\"\n        set ip 203.0.113.2 255.255.255.0\n    next\n    \
        edit \"internal\"\n        set ip 10.20.0.1 255.255.255.0\n    next\n    edit \"dmz\"\n        set ip 0.0.0.0 0.0.0.0\n    next\nend\n";
    let route = "config router static\n    edit 1\n        set gateway 203.0.113.1\n        set device \"wan1\"\n    next\nend\n";
    let whole = format!("{interfaces}{route}{policies}");
    assert_eq!(fate(&whole, "egress-api"), Fate::Allowed);
    assert_eq!(fate(&whole, "ingress-workos"), Fate::Missing);
    assert_eq!(fate(&format!("{interfaces}{policies}"), "egress-api"), Fate::Unsure);
    // A third interface in use can be the one that the installation is behind.
    let third = whole.replace("set ip 0.0.0.0 0.0.0.0", "set ip 10.30.0.1 255.255.255.0");
    assert_eq!(fate(&third, "egress-api"), Fate::Unsure);
    assert_eq!(fate(&third, "ingress-workos"), Fate::Missing);
    let learned = whole.replace("set ip 0.0.0.0 0.0.0.0", "set mode dhcp");
    assert_eq!(fate(&learned, "ingress-workos"), Fate::Unsure);
}

#[test]
fn all_that_a_firewall_shows_of_a_policy_says_no_more_than_what_is_set_of_it() {
    let text = r#"config firewall policy
    edit 1
        set status enable
        set srcintf "any"
        set dstintf "any"
        set action accept
        set ztna-status disable
        set srcaddr "all"
        set dstaddr "all"
        set internet-service disable
        unset reputation-minimum
        set src-vendor-mac
        set schedule "always"
        set policy-expiry disable
        set service "HTTPS"
        set tos 0x00
        set tos-mask 0x00
        set tos-negate disable
        set log-http-transaction disable
        set webproxy-profile ''
        set ztna-ems-tag-negate disable
        set ztna-tags-match-logic or
        set geoip-match physical-location
        set identity-based-route ''
        set captive-portal-exempt disable
        set wsso enable
        set groups
        set users
        set fsso disable
    next
end
config firewall schedule recurring
    edit "always"
        set start 00:00
        set end 00:00
        set day sunday monday tuesday wednesday thursday friday saturday
        set color 0
    next
end
"#;
    let ask = |text: &str| {
        let rules = read(&DIALECT, text);
        (rules.understood(), verdict(&rules, None, "3.217.146.166", "10.20.0.10", "tcp/443"))
    };
    assert_eq!(ask(text), (true, Allowed));
    assert_eq!(ask(&text.replace("tos-mask 0x00", "tos-mask 0xff")), (true, Unsure));
    assert_eq!(ask(&text.replace("set end 00:00", "set end 17:00")), (true, Unsure));
    assert_eq!(ask(&text.replace("set groups\n", "set groups staff\n")), (true, Unsure));
    assert_eq!(ask(&text.replace("set action accept", "set action")), (false, Unsure));
}
