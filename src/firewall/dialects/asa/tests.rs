use proptest::prelude::*;

use super::*;
use crate::firewall::dialects::Request;
use crate::firewall::dialects::edge::asking::{
    asked, assert_adds_exactly_the_flows, assert_exactly_the_flows, generated, notes, read, try_read, verdict,
};
use crate::firewall::evaluate::Verdict::{self, Allowed, Denied, Unsure};
use crate::firewall::fixture;
use crate::firewall::rules::{NoteKind, Way};

const ASA: &str = "\
: Saved
:
ASA Version 9.12(4)
!
hostname edge
names
name 23.21.184.92 WORKOS-B
!
interface GigabitEthernet0/0
 nameif outside
 security-level 0
 ip address 203.0.113.2 255.255.255.248
!
interface GigabitEthernet0/1
 nameif dmz
 security-level 50
 ip address 10.20.0.1 255.255.255.0
!
interface GigabitEthernet0/2
 nameif inside
 security-level 100
 ip address 10.1.0.1 255.255.255.0
!
object network APP
 host 10.20.0.10
object network API
 fqdn v4 api.workos.com
object service TLS
 service tcp destination eq https
object-group network WORKOS
 description sources of webhooks
 network-object host 3.217.146.166
 network-object host WORKOS-B
object-group network ALL-WORKOS
 group-object WORKOS
 network-object object APP
object-group service WEB tcp
 port-object eq https
 port-object range 8440 8450
object-group service MIXED
 service-object tcp destination eq https
 service-object udp source gt 1023 destination eq domain
 service-object object TLS
object-group protocol TCPUDP
 protocol-object udp
 protocol-object tcp
time-range NIGHT
 periodic daily 22:00 to 23:59
";

const BOUND: &str = "access-group OUT-IN in interface outside\n";

fn list(lines: &[&str]) -> String {
    lines.iter().map(|line| format!("access-list OUT-IN {line}\n")).collect::<Vec<_>>().concat()
}

fn text(lines: &[&str]) -> String {
    format!("{ASA}{}{BOUND}", list(lines))
}

fn with(lines: &[&str]) -> Rules {
    let rules = read(&DIALECT, &text(lines));
    assert!(rules.understood(), "{:?}", rules.notes);
    rules
}

const WORKOS: &str = "3.217.146.166";
const APP: &str = "10.20.0.10";
const ZONES: Option<(&str, &str)> = Some(("outside", "dmz"));

fn asks(rules: &Rules, service: &str) -> Verdict {
    verdict(rules, ZONES, WORKOS, APP, service)
}

#[test]
fn a_line_permits_what_its_objects_hold_where_its_list_is_bound() {
    for line in [
        "extended permit tcp object-group WORKOS object APP eq https",
        "extended permit tcp object-group ALL-WORKOS host 10.20.0.10 eq 443",
        "extended permit tcp host 3.217.146.166 any4 object-group WEB",
        "extended permit object TLS any any",
        "extended permit object-group MIXED any 10.20.0.0 255.255.255.0",
        "extended permit object-group TCPUDP any any eq https",
        "permit tcp 3.217.146.0 255.255.255.0 gt 1023 any eq https log informational interval 300",
        "line 1 extended permit 6 any any range 440 444 log",
    ] {
        let rules = with(&[line]);
        assert_eq!((asks(&rules, "tcp/443"), asks(&rules, "tcp/80")), (Allowed, Denied), "{line}");
        assert_eq!(verdict(&rules, Some(("GigabitEthernet0/0", "dmz")), WORKOS, APP, "tcp/443"), Allowed, "{line}");
        // What nobody bound a list to goes by its level.
        assert_eq!(verdict(&rules, Some(("dmz", "outside")), WORKOS, APP, "tcp/443"), Allowed, "{line}");
        assert_eq!(verdict(&rules, Some(("dmz", "inside")), WORKOS, APP, "tcp/443"), Denied, "{line}");
        assert_eq!(asked(&rules, Way::Out, ZONES, WORKOS, APP, "tcp/443"), Allowed, "{line}");
    }
    let named = with(&["extended permit tcp host WORKOS-B any eq www"]);
    assert_eq!(verdict(&named, ZONES, "23.21.184.92", APP, "tcp/80"), Allowed);
}

#[test]
fn operators_and_names_of_ports_are_ciscos_own() {
    let ask = |ports: &str, service: &str| asks(&with(&[&format!("extended permit tcp any any {ports}")]), service);

    assert_eq!((ask("neq 80", "tcp/443"), ask("neq https", "tcp/443")), (Allowed, Denied));
    assert_eq!((ask("lt 443", "tcp/442"), ask("lt 443", "tcp/443")), (Allowed, Denied));
    assert_eq!((ask("gt 443", "tcp/444"), ask("gt 443", "tcp/443")), (Allowed, Denied));
    assert_eq!((ask("eq kerberos", "tcp/750"), ask("eq kerberos", "tcp/88")), (Allowed, Denied));
    for broken in ["eq 080", "eq htps", "range 9 5", "eq", "eq 70000"] {
        assert!(!read(&DIALECT, &text(&[&format!("extended permit tcp any any {broken}")])).understood(), "{broken}");
    }
}

#[test]
fn the_first_line_decides_and_what_is_inactive_or_a_remark_decides_nothing() {
    let permit = "extended permit tcp any any eq https";
    assert_eq!(
        asks(&with(&["remark first", "extended deny tcp object-group WORKOS any eq https", permit]), "tcp/443"),
        Denied
    );
    let inactive = with(&["extended deny ip any any inactive", permit]);
    assert_eq!(
        (asks(&inactive, "tcp/443"), notes(&inactive, NoteKind::Idle)),
        (Allowed, vec!["line 1 of OUT-IN is inactive"])
    );
    // A line with a number goes in before the one that has it, remarks counted.
    let deny = "extended deny ip any any";
    assert_eq!(asks(&with(&["remark a", deny, &format!("line 2 {permit}")]), "tcp/443"), Allowed);
    assert_eq!(asks(&with(&["remark a", deny, &format!("line 3 {permit}")]), "tcp/443"), Denied);
    assert_eq!(asks(&with(&[&format!("{permit} log disable")]), "tcp/443"), Allowed);
}

#[test]
fn a_list_that_is_bound_to_nothing_has_no_effect_and_says_so() {
    let unbound = read(&DIALECT, &text(&["extended permit tcp any any eq https"]).replace(BOUND, ""));
    assert!(unbound.understood());
    assert_eq!(notes(&unbound, NoteKind::Idle), ["the access list `OUT-IN` is bound to no interface"]);
    assert_eq!(
        (asks(&unbound, "tcp/443"), verdict(&unbound, Some(("inside", "outside")), APP, WORKOS, "tcp/443")),
        (Denied, Allowed)
    );
    let elsewhere = text(&["extended permit tcp any any eq https"]).replace("interface outside", "interface inside");
    assert_eq!(asks(&read(&DIALECT, &elsewhere), "tcp/443"), Denied);
    // Bound to what the firewall itself is asked.
    let itself =
        text(&["extended permit tcp any any eq https"]).replace("interface outside", "interface outside control-plane");
    assert_eq!(asks(&read(&DIALECT, &itself), "tcp/443"), Denied);
    // One list for each interface: the last one counts.
    let twice = format!(
        "{}access-list NEW extended deny ip any any\naccess-group NEW in interface outside\n",
        text(&["extended permit tcp any any eq https"])
    );
    assert_eq!(asks(&read(&DIALECT, &twice), "tcp/443"), Denied);
}

#[test]
fn lists_come_in_go_out_and_are_global() {
    let out = format!(
        "{}access-list DMZ-OUT extended permit tcp any any eq 8443\naccess-group DMZ-OUT out interface dmz\n",
        text(&["extended permit ip any any"])
    );
    let out = read(&DIALECT, &out);
    assert_eq!((asks(&out, "tcp/443"), asks(&out, "tcp/8443")), (Denied, Allowed));
    assert_eq!(verdict(&out, Some(("outside", "inside")), WORKOS, APP, "tcp/443"), Allowed);

    let global = format!(
        "{}access-list ALL extended permit tcp any any eq 8443\naccess-group ALL global\n",
        text(&["extended permit tcp any any eq https", "extended deny tcp any any eq 22"])
    );
    let global = read(&DIALECT, &global);
    assert_eq!(
        (asks(&global, "tcp/443"), asks(&global, "tcp/8443"), asks(&global, "tcp/80")),
        (Allowed, Allowed, Denied)
    );
    // Behind a global list, levels let nothing pass.
    assert_eq!(verdict(&global, Some(("inside", "outside")), APP, WORKOS, "tcp/443"), Denied);
}

#[test]
fn without_a_list_the_levels_decide_and_are_unsure_where_they_are_not_known() {
    let rules = with(&["extended permit tcp any any eq https"]);
    assert_eq!(verdict(&rules, Some(("inside", "dmz")), APP, WORKOS, "tcp/22"), Allowed);
    assert_eq!(verdict(&rules, Some(("dmz", "inside")), APP, WORKOS, "tcp/22"), Denied);
    let same = text(&["extended permit tcp any any eq https"]).replace("security-level 100", "security-level 50");
    assert_eq!(verdict(&read(&DIALECT, &same), Some(("inside", "dmz")), APP, WORKOS, "tcp/22"), Denied);
    let permitted = read(&DIALECT, &format!("same-security-traffic permit inter-interface\n{same}"));
    assert_eq!(verdict(&permitted, Some(("inside", "dmz")), APP, WORKOS, "tcp/22"), Allowed);
    let unknown = read(&DIALECT, &format!("{}{BOUND}", list(&["extended permit tcp any any eq https"])));
    assert_eq!(verdict(&unknown, Some(("inside", "outside")), APP, WORKOS, "tcp/22"), Unsure);
    assert_eq!(verdict(&unknown, ZONES, WORKOS, APP, "tcp/22"), Denied);
}

#[test]
fn what_the_firewall_alone_knows_is_a_condition() {
    for line in [
        "extended deny tcp object API any",
        "extended deny tcp any any eq https time-range NIGHT",
        "extended deny tcp user ACME\\joe any any eq https",
        "extended deny tcp any security-group name web any eq https",
        "extended deny tcp any interface outside eq https",
    ] {
        let line = line.replace("any security-group name web any", "security-group name web any any");
        assert_eq!(asks(&with(&[&line, "extended permit ip any any"]), "tcp/443"), Unsure, "{line}");
    }
    let icmp = with(&[
        "extended deny icmp any any echo",
        "extended deny icmp any any unreachable 4 log",
        "extended permit ip any any",
    ]);
    assert_eq!(asks(&icmp, "tcp/443"), Allowed);
    let per_user =
        text(&["extended permit ip any any"]).replace("interface outside", "interface outside per-user-override");
    assert_eq!(asks(&read(&DIALECT, &per_user), "tcp/443"), Unsure);
}

#[test]
fn a_group_that_holds_itself_or_is_not_there_is_never_a_certain_answer() {
    let ask = |groups: &str, source: &str| {
        let rules = read(
            &DIALECT,
            &format!("{ASA}{groups}{}{BOUND}", list(&["extended permit tcp object-group G any eq https"])),
        );
        verdict(&rules, ZONES, source, APP, "tcp/443")
    };
    let looped = "object-group network G\n group-object H\n network-object host 3.217.146.166\nobject-group network H\n group-object G\n";
    assert_eq!((ask(looped, WORKOS), ask(looped, "9.9.9.9")), (Allowed, Unsure));
    assert_eq!(ask("", WORKOS), Unsure);
    assert_eq!(ask("object-group network G\n group-object NOWHERE\n", WORKOS), Unsure);
    assert_eq!(ask("object-group network G\n", WORKOS), Unsure);
    // A group that is opened again goes on.
    let again = "object-group network G\n network-object host 9.9.9.9\nobject-group network G\n network-object host 3.217.146.166\n";
    assert_eq!((ask(again, WORKOS), ask(again, "9.9.9.9")), (Allowed, Allowed));
}

#[test]
fn an_asa_takes_netmasks_and_a_router_wildcards_and_each_says_so_of_the_other() {
    let asa = |mask: &str| {
        let rules = read(&DIALECT, &text(&[&format!("extended permit tcp 3.217.146.0 {mask} any eq https")]));
        (asks(&rules, "tcp/443"), rules.understood(), notes(&rules, NoteKind::Malformed).len())
    };
    assert_eq!(asa("255.255.255.0"), (Allowed, true, 0));
    assert_eq!(asa("0.0.0.255"), (Unsure, false, 1));
    assert_eq!(asa("255.0.255.0"), (Unsure, false, 1));

    let router = |mask: &str| {
        let text = format!(
            "interface Gi0/0\n ip access-group IN in\n!\nip access-list extended IN\n permit tcp 3.217.146.0 {mask} any eq 443\n"
        );
        let rules = read(&DIALECT, &text);
        (
            verdict(&rules, Some(("Gi0/0", "Gi0/1")), WORKOS, APP, "tcp/443"),
            rules.understood(),
            notes(&rules, NoteKind::Malformed).len(),
        )
    };
    assert_eq!(router("0.0.0.255"), (Allowed, true, 0));
    assert_eq!(router("255.255.255.0"), (Unsure, false, 1));
    // A wildcard with gaps is what a router makes of it.
    assert_eq!(router("0.0.2.255"), (Allowed, true, 0));
    assert_eq!(router("255.255.255.255"), (Allowed, true, 1));
}

const ROUTER: &str = "\
Current configuration : 4242 bytes
version 15.9
banner motd ^C
Only permit those who deny nothing.
^C
interface GigabitEthernet0/0
 description to the internet
 ip access-group FROM-NET in
 ip access-group TO-NET out
!
interface GigabitEthernet0/1
 ip address 10.20.0.1 255.255.255.0
!
ip access-list extended FROM-NET
 20 deny ip any any log
 10 permit tcp host 3.217.146.166 host 10.20.0.10 eq www 443
 15 permit tcp any any established
ip access-list extended TO-NET
 permit tcp host 10.20.0.10 any
ip prefix-list NETS seq 5 permit 10.0.0.0/8
route-map OUT permit 10
";

const IN: Option<(&str, &str)> = Some(("GigabitEthernet0/0", "GigabitEthernet0/1"));

#[test]
fn a_router_goes_by_numbers_and_forgets_connections() {
    let ask = |text: &str, service: &str| {
        let rules = read(&DIALECT, text);
        assert!(rules.understood(), "{:?}", rules.notes);
        verdict(&rules, IN, WORKOS, APP, service)
    };
    assert_eq!((ask(ROUTER, "tcp/443"), ask(ROUTER, "tcp/80"), ask(ROUTER, "tcp/22")), (Allowed, Allowed, Denied));
    // Without the way back, it does not pass.
    assert_eq!(
        ask(&ROUTER.replace("permit tcp host 10.20.0.10 any", "permit udp host 10.20.0.10 any"), "tcp/443"),
        Denied
    );
    // Out it goes, and what comes back is established.
    let rules = read(&DIALECT, ROUTER);
    let out = |rules: &Rules| {
        asked(rules, Way::Out, Some(("GigabitEthernet0/1", "GigabitEthernet0/0")), APP, "104.16.0.1", "tcp/443")
    };
    assert_eq!(out(&rules), Allowed);
    assert_eq!(out(&read(&DIALECT, &ROUTER.replace(" 15 permit tcp any any established\n", ""))), Denied);
    let inspected = ROUTER
        .replace(" 15 permit tcp any any established\n", "")
        .replace(" ip access-group TO-NET out\n", " ip inspect FW out\n");
    assert_eq!((out(&read(&DIALECT, &inspected)), ask(&inspected, "tcp/22")), (Unsure, Denied));
}

#[test]
fn numbered_and_standard_lists_and_those_of_ipv6_are_read() {
    let numbered = "interface Gi0/0\n ip access-group 101 in\n ip access-group 10 out\n ipv6 traffic-filter SIX in\n!\naccess-list 101 permit tcp any any eq 443\naccess-list 10 permit 10.20.0.10\naccess-list 10 deny any\nipv6 access-list SIX\n sequence 10 permit tcp 2606:4700::/32 any eq 443\n";
    let rules = read(&DIALECT, numbered);
    assert!(rules.understood(), "{:?}", rules.notes);
    let ask = |source: &str, to: &str, service: &str| verdict(&rules, Some(("Gi0/0", "Gi0/1")), source, to, service);

    assert_eq!((ask(WORKOS, APP, "tcp/443"), ask(WORKOS, APP, "tcp/22")), (Allowed, Denied));
    assert_eq!(ask(WORKOS, "10.20.0.11", "tcp/443"), Denied);
    assert_eq!(
        (ask("2606:4700::1", "2001:db8::1", "tcp/443"), ask("2606:4701::1", "2001:db8::1", "tcp/443")),
        (Allowed, Denied)
    );
}

#[test]
fn the_policies_of_zones_leave_everything_unsure() {
    let rules = read(&DIALECT, &ROUTER.replace(" description to the internet\n", " zone-member security NET\n"));
    assert_eq!((verdict(&rules, IN, WORKOS, APP, "tcp/443"), rules.understood()), (Unsure, false));
}

#[test]
fn what_was_listed_with_counts_is_read_as_it_stands() {
    let listed = "access-list cached ACL log flows: total 0, denied 0\naccess-list OUT-IN; 3 elements; name hash: 0x1\naccess-list OUT-IN line 1 extended deny tcp object-group WORKOS any eq ssh (hitcnt=3) 0xabc\n  access-list OUT-IN line 1 extended deny tcp host 3.217.146.166 any eq ssh (hitcnt=3) 0xabc\naccess-list OUT-IN line 2 extended permit tcp any any (hitcnt=9) 0xdef\n";
    let rules = read(&DIALECT, &format!("{ASA}{BOUND}{listed}"));
    assert!(rules.understood(), "{:?}", rules.notes);
    assert_eq!((asks(&rules, "tcp/443"), asks(&rules, "tcp/22")), (Allowed, Denied));
    let router = "interface Gi0/0\n ip access-group 101 in\nExtended IP access list 101\n    10 deny tcp any any eq 22\n    20 permit tcp any any (53 matches)\n";
    let rules = read(&DIALECT, router);
    assert!(rules.understood(), "{:?}", rules.notes);
    assert_eq!(verdict(&rules, Some(("Gi0/0", "x")), WORKOS, APP, "tcp/443"), Allowed);
}

#[test]
fn lists_without_interfaces_may_or_may_not_be_the_one_that_is_met() {
    let rules = read(&DIALECT, &list(&["extended permit tcp host 3.217.146.166 any eq https"]));
    assert!(rules.understood());
    assert_eq!((asks(&rules, "tcp/443"), asks(&rules, "tcp/22")), (Unsure, Denied));
    assert_eq!(notes(&rules, NoteKind::Assumed).len(), 1);
}

#[test]
fn what_is_not_understood_is_neither_clean_nor_certain() {
    let good = text(&["extended deny tcp object-group WORKOS any eq https", "extended permit ip any any"]);
    for (from, to) in [
        ("access-list OUT-IN extended deny", "acces-list OUT-IN extended deny"),
        ("OUT-IN extended deny", "OUT-IN extnded deny"),
        ("extended deny", "extended dney"),
        ("extended deny tcp", "extended deny tpc"),
        ("object-group WORKOS any", "object-grup WORKOS any"),
        ("any eq https", "any eq https bogus"),
        ("any eq https", "any qe https"),
        ("any eq https", ""),
        ("access-group OUT-IN in", "acces-group OUT-IN in"),
        ("access-group OUT-IN in", "access-group OUT-IN inn"),
        ("object-group network WORKOS\n", "object-gruop network WORKOS\n"),
        ("object network APP", "objct network APP"),
        (" network-object host 3.217.146.166", " network-objct host 3.217.146.166"),
        (" network-object host 3.217.146.166", " network-object hots 3.217.146.166"),
        ("network-object host 3.217.146.166", "network-object host 3.217.146"),
        (" host 10.20.0.10", " hsot 10.20.0.10"),
        ("ASA Version", "no access-list OUT-IN extended deny ip any any\nASA Version"),
        ("ASA Version", "clear configure access-list\nASA Version"),
        ("extended permit ip", "advanced permit ip"),
    ] {
        let broken = good.replacen(from, to, 1);
        assert_ne!(broken, good, "{from}");
        assert!(!read(&DIALECT, &broken).understood(), "{to}");
    }
    // What lost its indentation is what it was.
    let flat: String = good.lines().map(|line| format!("{}\n", line.trim_start())).collect::<Vec<_>>().concat();
    assert_eq!(asks(&read(&DIALECT, &flat), "tcp/443"), Denied);
    assert!(!read(&DIALECT, &flat.replace("network-object host 3", "network-objct host 3")).understood());
}

#[test]
fn a_file_without_lists_says_what_would_be_right() {
    assert!(try_read(&DIALECT, "hostname edge\n").unwrap_err().why.contains("show running-config"));
    assert!(
        recognises(ASA)
            && recognises(ROUTER)
            && recognises("access-list 101 permit ip any any")
            && !recognises("set rulebase")
    );
}

#[test]
fn what_is_written_lets_exactly_the_flows_through_once_it_is_bound() {
    for log in [false, true] {
        let written = generated(&DIALECT, log);
        let rules = read(&DIALECT, &format!("{}{}", written.rules, written.default_deny.unwrap()));
        assert!(rules.understood(), "{:?}", rules.notes);
        assert_exactly_the_flows(&rules, Some(("outside", "inside")), &fixture::flows());
    }
}

#[test]
fn what_is_written_goes_on_top_of_what_is_bound() {
    let before = format!(
        "{ASA}access-list OUTSIDE_IN extended deny ip any any\naccess-list INSIDE_IN remark none\naccess-list INSIDE_IN extended deny ip any any\naccess-group OUTSIDE_IN in interface outside\naccess-group INSIDE_IN in interface inside\n"
    );
    let after = read(&DIALECT, &format!("{before}{}", generated(&DIALECT, false).rules));
    assert!(after.understood());
    assert_exactly_the_flows(&after, Some(("outside", "inside")), &fixture::flows());
    assert_adds_exactly_the_flows(&DIALECT, &before);
}

#[test]
fn names_keep_to_their_lengths_and_words_of_others_to_their_line() {
    let mut flows = fixture::flows();
    flows[2].id = format!("ingress-{}", "x".repeat(80));
    flows[2].source.object = format!("object-{}", "y".repeat(80));
    flows[2].reason = "broken\naccess-list OUTSIDE_IN extended permit ip any any".to_owned();
    let written =
        (DIALECT.writes.unwrap())(&Request { flows: flows.clone(), as_of: "2026-11-23".to_owned(), log: true });

    for line in written.rules.lines() {
        let name = line.strip_prefix("object-group network ");
        assert!(name.is_none_or(|name| name.len() <= 64), "{line}");
        assert!(line.split_once(" remark ").is_none_or(|(_, remark)| remark.len() <= 100), "{line}");
    }
    let rules = read(&DIALECT, &format!("{}{}", written.rules, written.default_deny.unwrap()));
    assert_exactly_the_flows(&rules, Some(("outside", "inside")), &flows);
}

#[test]
fn the_rules_of_one_flow_read_as_they_should() {
    let mut flow = fixture::flows().remove(2);
    flow.source.ranges =
        ["3.217.146.166/32", "104.16.0.0/13", "2606:4700::/32"].map(|net| net.parse().unwrap()).to_vec();
    let written = (DIALECT.writes.unwrap())(&Request { flows: vec![flow], as_of: "2026-11-23".to_owned(), log: true });

    assert_eq!(
        written.rules,
        "! what a deployment of WorkOS needs, by the facts of 2026-11-23\n\
         object-group network workos-published\n \
         description workos-published, 2026-11-23\n \
         network-object host 3.217.146.166\n \
         network-object 104.16.0.0 255.248.0.0\n \
         network-object 2606:4700::/32\n\
         access-list OUTSIDE_IN line 1 remark ingress-workos (2026-11-23): what ingress-workos is for\n\
         access-list OUTSIDE_IN line 2 extended permit tcp object-group workos-published any eq 443 log\n"
    );
    assert_eq!(
        written.default_deny.unwrap(),
        "! what no line permits is denied, by the last one and by binding the list\n\
         access-list OUTSIDE_IN extended deny ip any any log\n\
         access-group OUTSIDE_IN in interface outside\n"
    );
    assert_eq!(
        written.rollback.unwrap(),
        "no access-list OUTSIDE_IN remark ingress-workos (2026-11-23): what ingress-workos is for\n\
         no access-list OUTSIDE_IN extended permit tcp object-group workos-published any eq 443 log\n\
         no object-group network workos-published\n"
    );
}

/// Words of which a garbled one is no longer what it was.
const TELLING: [&str; 6] = ["access-list", "extended", "permit", "object-group", "eq", "any"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn arbitrary_commands_are_read_or_refused(
        text in proptest::collection::vec(prop_oneof![
            Just("access-list A extended permit ".to_owned()), Just("tcp any any ".to_owned()), Just("object-group network A\n".to_owned()),
            Just(" group-object A\n".to_owned()), Just("access-group A in interface x\n".to_owned()), Just("host ".to_owned()),
            Just("10.0.0.1 ".to_owned()), Just("eq ".to_owned()), Just("ip access-list extended A\n".to_owned()), Just("range 1 2 ".to_owned()),
            Just("interface x\n".to_owned()), Just(" ip access-group A in\n".to_owned()), Just("log ".to_owned()),
            "[ -~]{0,8}", "\\PC{0,4}", Just("\n".to_owned()),
        ], 0..60).prop_map(|parts| parts.concat())
    ) {
        if let Ok(rules) = try_read(&DIALECT, &text) {
            let _ = verdict(&rules, ZONES, WORKOS, APP, "tcp/443");
        }
    }

    #[test]
    fn a_rule_with_a_garbled_word_is_never_understood(
        which in any::<prop::sample::Index>(),
        word in 0..TELLING.len(),
        at in any::<prop::sample::Index>(),
        instead in "[a-z~!%^&*]",
    ) {
        let written = generated(&DIALECT, true);
        let text = format!("{}{}", written.rules, written.default_deny.unwrap());
        let mut lines: Vec<&str> = text.lines().collect();
        let concerned: Vec<usize> = (0..lines.len())
            .filter(|line| lines[*line].contains(" extended "))
            .filter(|line| lines[*line].split(' ').any(|it| it == TELLING[word]))
            .collect();
        let line = concerned[which.index(concerned.len())];
        let at = at.index(TELLING[word].len());
        let mut garbled = TELLING[word].to_owned();
        garbled.replace_range(at..=at, &instead);
        // A comment is one by its first letter, and `neq` and `any4` are words as well.
        prop_assume!(garbled != TELLING[word] && !garbled.starts_with('!'));
        let broken = lines[line].replacen(TELLING[word], &garbled, 1);
        lines[line] = &broken;
        if let Ok(rules) = try_read(&DIALECT, &lines.join("\n")) {
            prop_assert!(!rules.understood(), "{}", broken);
        }
    }
}

#[test]
fn what_a_console_leaves_between_pages_and_what_every_asa_prints_besides_its_lists_is_no_rule() {
    let listing = ": Saved\r
ASA Version 9.4(4)5 \r
xlate per-session deny tcp any4 any4\r
xlate per-session deny udp any6 any6 eq domain\r
object network APP\r
<--- More --->\r\0              \r\0 host 10.20.0.10\r
<--- More --->\r              \raccess-list OUT-IN extended permit tcp any object APP eq https \r
<--- More --->              access-list OUT-IN extended deny ip any any \r
access-group OUT-IN in interface outside\r
radius-server authorization permit missing Service-Type\r
\0\r";
    let rules = read(&DIALECT, listing);
    assert!(rules.understood(), "{:?}", rules.notes);
    assert_eq!(verdict(&rules, Some(("outside", "inside")), WORKOS, APP, "tcp/443"), Allowed);
    assert_eq!(verdict(&rules, Some(("outside", "inside")), WORKOS, APP, "tcp/444"), Denied);
    // What a pause hides is not wiped out.
    let hidden = listing.replace("<--- More --->\r              \racc", "<--- More --->\rfrob permit\racc");
    assert!(!read(&DIALECT, &hidden).understood());
}

#[test]
fn a_line_that_is_not_understood_leaves_other_protocols_than_its_own_alone() {
    let rules = read(&DIALECT, &text(&["extended permit esp host any any", "extended permit tcp any any eq https"]));
    assert!(!rules.understood());
    assert_eq!(verdict(&rules, Some(("outside", "inside")), WORKOS, APP, "tcp/443"), Allowed);
    assert_eq!(verdict(&rules, Some(("outside", "inside")), WORKOS, APP, "esp/0"), Unsure);
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
    let lists = "\
access-list OUT-IN extended permit tcp any any eq https
access-list IN-IN extended permit tcp any any eq https
access-list IN-IN extended deny ip any any
access-group OUT-IN in interface outside
access-group IN-IN in interface inside
";
    let shut = lists.replacen("permit", "deny", 1);
    let route = "route outside 0.0.0.0 0.0.0.0 203.0.113.1 1\nroute inside 198.51.100.0 255.255.255.0 10.1.0.2 1\n";
    assert_eq!(fate(&format!("{ASA}{lists}{route}"), "ingress-workos"), Fate::Allowed);
    assert_eq!(fate(&format!("{ASA}{shut}{route}"), "ingress-workos"), Fate::Missing);
    assert_eq!(fate(&format!("{ASA}{shut}"), "ingress-workos"), Fate::Unsure);
    let without = format!("{ASA}{route}{}", shut.split("access-group").next().unwrap());
    assert_eq!(fate(&without, "egress-api"), Fate::Unsure, "where lists are bound may have been cut off");
    let managed = format!("{ASA}{route}{shut}").replace(" nameif dmz\n", " management-only\n nameif dmz\n");
    let closed = managed.replace("IN-IN extended permit", "IN-IN extended deny");
    assert_eq!(fate(&closed, "egress-api"), Fate::Missing);
    let second = "route dmz 0.0.0.0 0.0.0.0 10.20.0.2 200\n";
    assert_eq!(fate(&format!("{ASA}{shut}{route}{second}"), "ingress-workos"), Fate::Unsure);
    let between_two = ASA.replace(" nameif dmz\n", " nameif dmz\n shutdown\n");
    assert_eq!(fate(&format!("{between_two}{shut}{route}"), "egress-api"), Fate::Allowed);
    assert_eq!(fate(&format!("{ASA}{shut}{route}"), "egress-api"), Fate::Unsure);
}
