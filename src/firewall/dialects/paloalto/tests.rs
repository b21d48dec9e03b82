use proptest::prelude::*;

use super::*;
use crate::firewall::dialects::Request;
use crate::firewall::dialects::edge::asking::{
    asked, assert_adds_exactly_the_flows, assert_exactly_the_flows, generated, notes, read, try_read, verdict,
};
use crate::firewall::evaluate::Verdict::{Allowed, Denied, Unsure};
use crate::firewall::fixture;
use crate::firewall::rules::{NoteKind, Way};

const OBJECTS: &str = "
set deviceconfig system hostname edge-fw
set zone untrust network layer3 [ ethernet1/1 ]
set zone dmz network layer3 ethernet1/2
set address WorkOS-1 ip-netmask 3.217.146.166/32
set address WorkOS-2 ip-netmask 23.21.184.92
set address App ip-netmask 10.20.0.10
set address Branch ip-range 10.9.0.10-10.9.0.20
set address Api fqdn api.workos.com
set address-group WorkOS static [ WorkOS-1 WorkOS-2 ]
set service tcp-8443 protocol tcp port 8443,9000-9010
set service-group Web members [ service-https tcp-8443 ]
";

/// A rule with what is left open being `any`.
fn rule(name: &str, says: &str) -> String {
    let keys = ["from", "to", "source", "destination", "application", "service"];
    let left_open = keys.iter().filter(|key| !says.split_whitespace().any(|word| word == **key));
    let rule: Vec<String> = left_open.map(|key| format!("set rulebase security rules {name} {key} any\n")).collect();
    let rule = rule.concat();
    format!("{rule}set rulebase security rules {name} {says}\n")
}

fn with(rules: &[(&str, &str)]) -> Rules {
    let rules: String = rules.iter().map(|(name, says)| rule(name, says)).collect();
    let read = read(&DIALECT, &format!("{OBJECTS}{rules}"));
    assert!(read.understood(), "{:?}", read.notes);
    read
}

const WORKOS: &str = "3.217.146.166";
const APP: &str = "10.20.0.10";

fn asks(rules: &Rules, service: &str) -> crate::firewall::evaluate::Verdict {
    verdict(rules, Some(("untrust", "dmz")), WORKOS, APP, service)
}

#[test]
fn a_rule_lets_through_what_its_groups_hold_and_nothing_else() {
    let rules = with(&[("In", "from untrust to dmz source WorkOS destination App service Web action allow")]);

    assert_eq!(
        (asks(&rules, "tcp/443"), asks(&rules, "tcp/9005"), asks(&rules, "tcp/9011")),
        (Allowed, Allowed, Denied)
    );
    assert_eq!(asks(&rules, "udp/443"), Denied);
    assert_eq!(verdict(&rules, Some(("dmz", "untrust")), WORKOS, APP, "tcp/443"), Denied);
    assert_eq!(verdict(&rules, None, WORKOS, APP, "tcp/443"), Unsure);
    assert_eq!(verdict(&rules, Some(("untrust", "dmz")), "3.217.146.167", APP, "tcp/443"), Denied);
    for way in [Way::Out, Way::Through] {
        assert_eq!(asked(&rules, way, Some(("untrust", "dmz")), WORKOS, APP, "tcp/443"), Allowed);
    }
}

#[test]
fn the_first_rule_decides_unless_it_was_moved_or_is_disabled() {
    let both = [("Stop", "service Web action deny"), ("In", "source WorkOS service Web action allow")];
    let text: String = both.iter().map(|(name, says)| rule(name, says)).collect();
    let ask = |more: &str| asks(&read(&DIALECT, &format!("{OBJECTS}{text}{more}")), "tcp/443");

    assert_eq!(ask(""), Denied);
    assert_eq!(ask("move rulebase security rules In before Stop\n"), Allowed);
    assert_eq!(ask("move rulebase security rules In top\n"), Allowed);
    assert_eq!(ask("move rulebase security rules Stop bottom\n"), Allowed);
    assert_eq!(ask("move rulebase security rules Stop after In\n"), Allowed);
    assert_eq!(ask("move rulebase security rules In top\nmove rulebase security rules Stop top\n"), Denied);
    assert_eq!(ask("set rulebase security rules Stop disabled yes\n"), Allowed);
    assert_eq!(ask("set rulebase security rules Stop disabled no\n"), Denied);
    let disabled = with(&[("Off", "disabled yes source WorkOS action allow")]);
    assert_eq!(notes(&disabled, NoteKind::Idle), ["rule `Off` is disabled"]);
    assert_eq!(asks(&disabled, "tcp/443"), Denied);
}

#[test]
fn negation_is_everything_else_of_the_family_and_of_an_unknown_name_is_unsure() {
    let rules = with(&[("Others", "source WorkOS negate-source yes action deny"), ("In", "action allow")]);
    let from = |rules: &Rules, source: &str, to: &str| verdict(rules, Some(("untrust", "dmz")), source, to, "tcp/443");

    assert_eq!((from(&rules, WORKOS, APP), from(&rules, "3.217.146.167", APP)), (Allowed, Denied));
    assert_eq!(from(&rules, "2001:db8::1", "2001:db8::2"), Unsure);

    let named = with(&[("Others", "source [ WorkOS Api ] negate-source yes action deny"), ("In", "action allow")]);
    assert_eq!((from(&named, WORKOS, APP), from(&named, "9.9.9.9", APP)), (Allowed, Unsure));
}

#[test]
fn what_the_firewall_alone_knows_is_a_condition() {
    for says in [
        "source Api action allow",
        "source US action allow",
        "application ssl action allow",
        "application [ ssl web-browsing ] service application-default action allow",
        "service application-default action allow",
        "source-user [ \"acme\\workos team\" ] action allow",
        "category computer-and-internet-info action allow",
        "schedule Nights action allow",
        "rule-type intrazone action allow",
        "hip-profiles managed action allow",
    ] {
        let rules = with(&[("In", says)]);
        let zones = if says.contains("intrazone") { Some(("dmz", "dmz")) } else { Some(("untrust", "dmz")) };
        let denied = with(&[("First", &says.replace("allow", "deny")), ("In", "action allow")]);
        assert_eq!(verdict(&denied, zones, WORKOS, APP, "tcp/443"), Unsure, "{says}");
        if zones == Some(("untrust", "dmz")) {
            assert_eq!(verdict(&rules, zones, WORKOS, APP, "tcp/443"), Unsure, "{says}");
        }
    }
    // What cannot carry the application is not in doubt.
    let quic = with(&[("Quic", "application quic action deny"), ("In", "action allow")]);
    assert_eq!((asks(&quic, "tcp/443"), asks(&quic, "udp/443")), (Allowed, Unsure));
    let ssl = with(&[("In", "application ssl service application-default action allow")]);
    assert_eq!((asks(&ssl, "tcp/443"), asks(&ssl, "tcp/8443")), (Unsure, Denied));
}

#[test]
fn what_does_not_bear_on_the_match_changes_nothing() {
    let rules = with(&[(
        "In",
        "source WorkOS tag [ a b ] log-start no log-end yes log-setting default source-user any category any hip-profiles any \
         description \"deny\nset nothing\" action allow",
    )]);
    assert_eq!(asks(&rules, "tcp/443"), Allowed);
    assert!(rules.chains[0].rules[0].logs);
    assert!(!with(&[("In", "log-end no action allow")]).chains[0].rules[0].logs);
    let elsewhere = format!(
        "{}set mgt-config users admin phash x\nset profiles vulnerability strict rules simple action default\n",
        rule("In", "action allow")
    );
    assert!(read(&DIALECT, &elsewhere).understood());
    let profiles = format!(
        "{}set rulebase security rules In profile-setting profiles virus default spyware strict\n",
        rule("In", "action allow")
    );
    assert!(read(&DIALECT, &profiles).understood());
}

#[test]
fn groups_nest_and_one_that_holds_itself_is_never_a_certain_answer() {
    let looped = format!(
        "{OBJECTS}set address-group A static [ B WorkOS-1 ]\nset address-group B static [ C ]\nset address-group C static [ A ]\n{}",
        rule("In", "source B action allow")
    );
    let rules = read(&DIALECT, &looped);

    assert_eq!(verdict(&rules, Some(("untrust", "dmz")), "9.9.9.9", APP, "tcp/443"), Unsure);
    assert_eq!(notes(&rules, NoteKind::NotUnderstood), ["the address group `B` holds itself"]);
    let old =
        format!("{OBJECTS}set address-group Old [ WorkOS-1 WorkOS-2 ]\n{}", rule("In", "source Old action allow"));
    assert_eq!(asks(&read(&DIALECT, &old), "tcp/443"), Allowed);
    let nested = format!("{OBJECTS}set address-group Outer static WorkOS\n{}", rule("In", "source Outer action allow"));
    assert_eq!(asks(&read(&DIALECT, &nested), "tcp/443"), Allowed);
    let dynamic = format!(
        "{OBJECTS}set address-group D dynamic filter \"'workos' and 'prod'\"\n{}",
        rule("In", "source D action allow")
    );
    assert_eq!(asks(&read(&DIALECT, &dynamic), "tcp/443"), Unsure);
    let undefined = read(&DIALECT, &format!("{OBJECTS}{}", rule("In", "source Nobody action allow")));
    assert_eq!(notes(&undefined, NoteKind::Undefined), ["`Nobody` is no address that these files define"]);
    assert_eq!(asks(&undefined, "tcp/443"), Unsure);
}

#[test]
fn a_service_that_is_redefined_is_what_the_file_says() {
    let ports = |define: &str| {
        let rules = format!("{OBJECTS}{define}\n{}", rule("In", "service service-https action allow"));
        let rules = read(&DIALECT, &rules);
        (asks(&rules, "tcp/443"), asks(&rules, "tcp/8443"))
    };
    assert_eq!(ports(""), (Allowed, Denied));
    assert_eq!(ports("set service service-https protocol tcp port 8443"), (Denied, Allowed));
    assert_eq!(ports("set service service-https protocol tcp prot 8443"), (Unsure, Unsure));
}

#[test]
fn between_zones_nothing_passes_and_within_one_everything_unless_that_was_overridden() {
    let rules = with(&[("Other", "source 192.0.2.1 action allow")]);
    let ask = |rules: &Rules, zones| verdict(rules, zones, WORKOS, APP, "tcp/443");

    assert_eq!(ask(&rules, Some(("untrust", "dmz"))), Denied);
    assert_eq!(ask(&rules, Some(("dmz", "dmz"))), Allowed);
    // What crosses the edge does not stay within a zone, whichever zones those are.
    assert_eq!(ask(&rules, None), Denied);
    let overridden = |says: &str| {
        let default = format!("set rulebase default-security-rules rules {says}\n");
        read(&DIALECT, &format!("{OBJECTS}{}{default}", rule("Other", "source 192.0.2.1 action allow")))
    };
    assert_eq!(ask(&overridden("intrazone-default action deny"), Some(("dmz", "dmz"))), Denied);
    assert_eq!(ask(&overridden("interzone-default action allow"), None), Allowed);
    assert!(overridden("interzone-default log-end yes").chains[0].rules.last().unwrap().logs);
    assert_eq!(ask(&overridden("interzone-default actoin allow"), None), Unsure);
}

#[test]
fn kinds_of_rules_go_by_whether_the_zones_are_the_same() {
    let ask = |says: &str, zones| {
        let rules = with(&[("R", says), ("Rest", "action deny")]);
        verdict(&rules, Some(zones), WORKOS, APP, "tcp/443")
    };
    let intra = "rule-type intrazone from [ untrust dmz ] to [ untrust dmz ] action allow";
    assert_eq!((ask(intra, ("dmz", "dmz")), ask(intra, ("untrust", "dmz"))), (Allowed, Denied));
    let inter = "rule-type interzone from [ untrust dmz ] to [ untrust dmz ] action allow";
    assert_eq!((ask(inter, ("dmz", "dmz")), ask(inter, ("untrust", "dmz"))), (Denied, Allowed));
    let to_dmz = "rule-type interzone to dmz action allow";
    assert_eq!((ask(to_dmz, ("dmz", "dmz")), ask(to_dmz, ("untrust", "dmz"))), (Denied, Allowed));
}

#[test]
fn device_groups_stand_between_what_all_share_and_the_rules_of_the_firewall_itself_are_unsure() {
    let rule =
        |prefix: &str, name: &str, says: &str| rule(name, says).replace("set rulebase", &format!("set {prefix}"));
    let shared_stop = rule("shared pre-rulebase", "Stop", "service tcp-8443 action deny");
    let own = rule("device-group DG1 pre-rulebase", "In", "source WorkOS action allow");
    let post = rule("device-group DG1 post-rulebase", "Late", "action allow");
    let objects = OBJECTS.replace("set address", "set shared address").replace("set service", "set shared service");
    let one = read(&DIALECT, &format!("{objects}{own}{shared_stop}{post}"));

    assert_eq!((asks(&one, "tcp/8443"), asks(&one, "tcp/443")), (Denied, Allowed));
    assert_eq!(verdict(&one, None, "9.9.9.9", APP, "tcp/443"), Unsure);
    let another = rule("device-group DG2 pre-rulebase", "No", "action deny");
    let two = read(&DIALECT, &format!("{objects}{own}{shared_stop}{another}"));
    assert_eq!(asks(&two, "tcp/443"), Unsure);
    let only = Scope { only: vec!["dg1".to_owned()] };
    let inputs = [Input { name: "panorama".to_owned(), text: format!("{objects}{own}{shared_stop}{another}") }];
    let named = (DIALECT.reads.as_ref().unwrap().read)(&inputs, &only).unwrap();
    assert_eq!(asks(&named, "tcp/443"), Allowed);
}

#[test]
fn an_object_of_a_virtual_system_comes_before_one_that_is_shared() {
    let text = format!(
        "set shared address X ip-netmask 192.0.2.1\nset vsys vsys1 address X ip-netmask {WORKOS}\n{}",
        rule("In", "source X action allow").replace("set rulebase", "set vsys vsys1 rulebase")
    );
    let rules = read(&DIALECT, &text);
    assert_eq!((asks(&rules, "tcp/443"), verdict(&rules, None, "192.0.2.1", APP, "tcp/443")), (Allowed, Denied));
}

#[test]
fn what_is_not_understood_is_neither_clean_nor_certain() {
    let good = rule("Stop", "source WorkOS action deny") + &rule("In", "action allow");
    for broken in [
        good.replace("action deny", "acton deny"),
        good.replace("action deny", "action denny"),
        good.replace("action deny", ""),
        good.replace("security rules Stop source", "securty rules Stop source"),
        good.replace("security rules Stop source", "security ruls Stop source"),
        good.replacen("set rulebase security rules Stop source", "sat rulebase security rules Stop source", 1),
        good.replace("source WorkOS", "source [ WorkOS"),
        good.replace("source WorkOS", "source \"WorkOS"),
        good.replace("source WorkOS", "source WorkOS ]"),
        good.replacen("set rulebase security rules Stop from any\n", "", 1),
        good.replacen("set rulebase", "set rulebsae", 1),
        format!("set adress X ip-netmask 192.0.2.1\n{good}"),
        format!("{good}delete rulebase security rules Stop\n"),
        format!("{good}rename rulebase security rules Stop to Halt\n"),
        format!("{good}move rulebase security rules Stop befor In\n"),
        format!("{good}set rulebase security rules Stop options weird yes\n"),
    ] {
        let rules = read(&DIALECT, &format!("{OBJECTS}{broken}"));
        assert!(!rules.understood(), "{broken}");
    }
    let unknown = read(&DIALECT, &format!("{OBJECTS}{}", good.replace("action deny", "action deny future-thing on")));
    assert_eq!((asks(&unknown, "tcp/443"), verdict(&unknown, None, "9.9.9.9", APP, "tcp/443")), (Unsure, Allowed));
}

#[test]
fn odd_addresses_are_noted_and_a_broken_one_is_in_doubt() {
    let text = |address: &str| format!("set address X ip-netmask {address}\n{}", rule("In", "source X action allow"));
    let host_bits = read(&DIALECT, &text("104.16.1.1/13"));
    assert_eq!(notes(&host_bits, NoteKind::HostBits).len(), 1);
    assert_eq!(verdict(&host_bits, None, "104.16.0.1", APP, "tcp/443"), Allowed);
    for broken in ["104.16.0/13", "010.0.0.0/8", "10.0.0.0/08", "104.16.0.0/33"] {
        let rules = read(&DIALECT, &text(broken));
        assert_eq!(notes(&rules, NoteKind::Malformed).len(), 1, "{broken}");
        assert_eq!(verdict(&rules, None, "104.16.0.1", APP, "tcp/443"), Unsure, "{broken}");
    }
    let rules = read(&DIALECT, &text("x").replace("ip-netmask x", "ip-wildcard 10.0.0.0/0.0.255.0"));
    assert_eq!(verdict(&rules, None, "10.0.7.0", APP, "tcp/443"), Allowed);
    assert_eq!(verdict(&rules, None, "10.0.7.1", APP, "tcp/443"), Denied);
}

#[test]
fn xml_and_a_file_without_rules_say_what_would_be_right() {
    let xml = "<?xml version=\"1.0\"?>\n<config version=\"10.1.0\" urldb=\"paloaltonetworks\"><devices><entry name=\"x\"/></devices></config>";
    assert!(recognises(xml) && recognises(OBJECTS) && !recognises("set security policies from-zone trust"));
    for (text, says) in [(xml, "is XML"), (OBJECTS, "holds no security rules")] {
        let unread = try_read(&DIALECT, text).unwrap_err();
        assert!(unread.why.starts_with(says) && unread.why.contains("config-output-format set"), "{}", unread.why);
    }
}

#[test]
fn a_prompt_and_what_a_console_says_are_no_rules() {
    let text = format!(
        "admin@fw> configure\nEntering configuration mode\n[edit]\nadmin@fw# show\n{}admin@fw# exit\n",
        rule("In", "action allow")
    );
    assert!(read(&DIALECT, &text).understood());
}

#[test]
fn what_is_written_lets_exactly_the_flows_through() {
    for log in [false, true] {
        let written = generated(&DIALECT, log);
        let text = format!("{}{}", written.rules, written.default_deny.unwrap_or_default());
        let rules = read(&DIALECT, &text);
        assert!(rules.understood(), "{:?}", rules.notes);
        assert_exactly_the_flows(&rules, Some(("untrust", "dmz")), &fixture::flows());
        assert_exactly_the_flows(&rules, None, &fixture::flows());
    }
}

#[test]
fn what_is_written_goes_on_top_of_what_is_there() {
    let before = format!("{OBJECTS}{}", rule("Stop", "action deny"));
    let after = read(&DIALECT, &format!("{before}{}", generated(&DIALECT, false).rules));
    assert_exactly_the_flows(&after, Some(("untrust", "dmz")), &fixture::flows());
    assert_adds_exactly_the_flows(&DIALECT, &before);
}

#[test]
fn names_keep_to_their_lengths_and_words_of_others_to_their_line() {
    let mut flows = fixture::flows();
    flows[2].id = format!("ingress-{}", "x".repeat(80));
    flows[2].source.object = format!("object-{}", "y".repeat(80));
    flows[2].reason = "broken\"\nset rulebase security rules Evil action allow".to_owned();
    let written =
        (DIALECT.writes.unwrap())(&Request { flows: flows.clone(), as_of: "2026-11-23".to_owned(), log: true });

    assert!(!written.rules.lines().any(|line| line.starts_with("set rulebase security rules Evil")));
    for word in written.rules.split_whitespace().filter(|word| word.starts_with("workos-")) {
        assert!(word.len() <= 63, "{word}");
    }
    let rules = read(&DIALECT, &written.rules);
    assert_exactly_the_flows(&rules, None, &flows);
}

#[test]
fn a_flow_to_hosts_without_addresses_is_written_by_name_and_one_without_either_is_told() {
    let mut flows = fixture::flows();
    flows[1].destination.ranges.clear();
    flows[1].destination.within = None;
    flows[2].source.ranges.clear();
    let written = (DIALECT.writes.unwrap())(&Request { flows, as_of: "2026-11-23".to_owned(), log: false });

    assert!(written.rules.contains("fqdn api.workos.com"));
    assert!(!written.rules.contains("rules workos-ingress-workos "));
    assert!(written.remarks.iter().any(|remark| remark.starts_with("`ingress-workos` is not written")));
}

#[test]
fn the_rules_of_one_flow_read_as_they_should() {
    let flows = vec![fixture::flows().remove(2)];
    let written = (DIALECT.writes.unwrap())(&Request { flows, as_of: "2026-11-23".to_owned(), log: true });
    let tail: Vec<&str> = written.rules.lines().skip_while(|line| !line.starts_with("set address-group")).collect();

    assert_eq!(
        tail[1..],
        [
            "set address-group workos-published description \"workos-published, 2026-11-23\"",
            "set service workos-tcp-443 protocol tcp port 443",
            "# ingress-workos (2026-11-23): what ingress-workos is for",
            "set rulebase security rules workos-ingress-workos description \"ingress-workos (2026-11-23): what ingress-workos is for\"",
            "set rulebase security rules workos-ingress-workos from any to any",
            "set rulebase security rules workos-ingress-workos source workos-published destination any",
            "set rulebase security rules workos-ingress-workos application any service [ workos-tcp-443 ]",
            "set rulebase security rules workos-ingress-workos action allow",
            "set rulebase security rules workos-ingress-workos log-end yes",
            "move rulebase security rules workos-ingress-workos top",
        ]
    );
    let rollback = written.rollback.unwrap();
    let first: Vec<&str> = rollback.lines().take(2).collect();
    assert_eq!(
        first,
        ["delete rulebase security rules workos-ingress-workos", "delete address-group workos-published"]
    );
    assert!(rollback.ends_with("delete service workos-tcp-443\n"));
}

/// Words of which a garbled one is no longer what it was.
const TELLING: [&str; 6] = ["rulebase", "security", "rules", "action", "allow", "service"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn arbitrary_commands_are_read_or_refused(
        text in proptest::collection::vec(prop_oneof![
            Just("set rulebase security rules R ".to_owned()), Just("set ".to_owned()), Just("address-group ".to_owned()),
            Just("static [ ".to_owned()), Just("] ".to_owned()), Just("\"".to_owned()), Just("\n".to_owned()),
            Just("move rulebase security rules R top\n".to_owned()), Just("source any ".to_owned()), Just("A B ".to_owned()),
            "[ -~]{0,8}", "\\PC{0,4}",
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
        let concerned: Vec<usize> = (0..lines.len())
            .filter(|line| lines[*line].starts_with("set rulebase") && !lines[*line].contains("description"))
            .filter(|line| lines[*line].split(' ').any(|it| it == TELLING[word]))
            .collect();
        let line = concerned[which.index(concerned.len())];
        let at = at.index(TELLING[word].len());
        let mut garbled = TELLING[word].to_owned();
        garbled.replace_range(at..=at, &instead);
        prop_assume!(garbled != TELLING[word]);
        let broken = lines[line].replacen(&format!(" {}", TELLING[word]), &format!(" {garbled}"), 1);
        lines[line] = &broken;
        let text = lines.join("
");
        if let Ok(rules) = try_read(&DIALECT, &text) {
            prop_assert!(!rules.understood(), "{}", broken);
        }
    }
}

#[test]
fn peers_on_the_internet_are_behind_the_zone_of_the_default_route_unless_there_are_several() {
    use crate::firewall::audit::{Fate, Known, judge};
    let fate = |config: &str, id: &str| {
        let (rules, flows) = (read(&DIALECT, config), fixture::flows());
        assert!(rules.understood(), "{:?}", rules.notes);
        let judged = judge(&rules, &flows, &Known::default());
        judged.iter().find(|one| one.flow.id == id).unwrap().fate()
    };
    let whole = "\
set network virtual-router default routing-table ip static-route out nexthop ip-address 203.0.113.1
set network virtual-router default routing-table ip static-route out destination 0.0.0.0/0
set network virtual-router default routing-table ip static-route out interface ethernet1/1
set network virtual-router default routing-table ip static-route lan destination 10.0.0.0/8 interface ethernet1/2
set zone untrust network layer3 [ ethernet1/1 ]
set zone trust network layer3 [ ethernet1/2 ]
set rulebase security rules out from trust to untrust source any destination any application any service any action allow
";
    assert_eq!(fate(whole, "egress-api"), Fate::Allowed);
    assert_eq!(fate(whole, "ingress-workos"), Fate::Missing);
    assert_eq!(fate(&whole.replace("0.0.0.0/0", "10.9.0.0/16"), "egress-api"), Fate::Unsure);
    let third = format!("{whole}set zone dmz network layer3 ethernet1/3\n");
    assert_eq!(fate(&third, "egress-api"), Fate::Unsure);
    assert_eq!(fate(&third, "ingress-workos"), Fate::Missing);
    let second = whole.replace("destination 10.0.0.0/8", "destination 0.0.0.0/0");
    assert_eq!(fate(&second, "ingress-workos"), Fate::Unsure);
    let learned =
        format!("{whole}set network interface ethernet ethernet1/2 layer3 dhcp-client create-default-route yes\n");
    assert_eq!(fate(&learned, "ingress-workos"), Fate::Unsure);
}

#[test]
fn a_configuration_as_it_is_kept_on_disk_or_by_rancid_is_read_like_one_that_is_shown() {
    let text = "\
!RANCID-CONTENT-TYPE: paloalto
set config devices localhost.localdomain deviceconfig system hostname edge
set config shared address workos ip-netmask 3.217.146.166/32
set config devices localhost.localdomain vsys vsys1 rulebase security rules in from untrust to dmz source workos
set config devices localhost.localdomain vsys vsys1 rulebase security rules in destination any application any service any
set config devices localhost.localdomain vsys vsys1 rulebase security rules in action allow
";
    let rules = read(&DIALECT, text);
    assert!(rules.understood(), "{:?}", rules.notes);
    let zones = Some(("untrust", "dmz"));
    assert_eq!(verdict(&rules, zones, "3.217.146.166", "10.20.0.10", "tcp/443"), Allowed);
    assert_eq!(verdict(&rules, zones, "3.217.146.167", "10.20.0.10", "tcp/443"), Denied);
    let braces = "config {\n  devices {\n    localhost.localdomain {\n rulebase {\n security {\n rules {\n";
    assert!((DIALECT.reads.as_ref().unwrap().recognises)(text) && (DIALECT.reads.as_ref().unwrap().recognises)(braces));
    assert!(try_read(&DIALECT, braces).unwrap_err().why.contains("set cli config-output-format set"));
}
