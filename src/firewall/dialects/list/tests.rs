use proptest::prelude::*;

use super::*;
use crate::firewall::addresses;
use crate::firewall::dialects::Request;
use crate::firewall::evaluate::{self, Question, Verdict, ask};
use crate::firewall::{Direction, fixture};

fn input(text: &str) -> Input {
    Input { name: "allowed.txt".to_owned(), text: text.to_owned() }
}

fn rules(text: &str) -> Rules {
    read(&[input(text)], &Scope::default()).unwrap_or_else(|unread| panic!("{}: {text}", unread.why))
}

/// What passes on a way, in words; what is unsure behind a question mark.
fn passes(rules: &Rules, way: Way) -> String {
    let peer = if way == Way::In { evaluate::Peer::Source } else { evaluate::Peer::Destination };
    let question = Question {
        way,
        peers: Ranges::all(),
        peer,
        here: None,
        protocol: 6,
        port: 443,
        from: None,
        to: None,
        host: Some("api.workos.com"),
    };
    let of = |verdict: Verdict| {
        let parts = ask(rules, &question);
        let sets: Vec<&Ranges> = parts.iter().filter(|part| part.verdict == verdict).map(|part| &part.peers).collect();
        Ranges::any_of(sets)
    };
    let (sure, unsure) = (addresses::in_words(&of(Verdict::Allowed)), of(Verdict::Unsure));
    if unsure.is_empty() { sure } else { format!("{sure} ? {}", addresses::in_words(&unsure)) }
}

fn kinds(rules: &Rules) -> Vec<NoteKind> {
    rules.notes.iter().map(|note| note.kind).filter(|kind| *kind != NoteKind::Assumed).collect()
}

#[test]
fn a_list_is_read_however_it_was_pasted() {
    for (text, means) in [
        ("1.2.3.4\n10.0.0.0/8\n", "1.2.3.4, 10.0.0.0/8"),
        ("1.2.3.4, 10.0.0.0/8;2606:4700::/32 9.9.9.9", "1.2.3.4, 9.9.9.9, 10.0.0.0/8, 2606:4700::/32"),
        (
            "# Cloudflare\n1.2.3.4# one\n// old: 9.9.9.9\n; 8.8.8.8\n1.2.3.5 // two\n1.2.3.6 ; three",
            "1.2.3.4/31, 1.2.3.6",
        ),
        ("IP address\tOwner\n1.2.3.4\tWorkOS webhooks\n1.2.3.5\tWorkOS\n", "1.2.3.4/31"),
        ("1\tWorkOS\t1.2.3.4\n2\tWorkOS\t1.2.3.5", "1.2.3.4/31"),
        ("10.0.0.0 255.255.255.0\n10.0.1.0 - 10.0.1.255\n10.0.2.0-10.0.2.255", "10.0.0.0/23, 10.0.2.0/24"),
        ("allowed = [\"1.2.3.4/32\", \"10.0.0.0/8\"]", "1.2.3.4, 10.0.0.0/8"),
        ("allowed = [\n  \"1.2.3.4/32\", # one\n  \"10.0.0.0/8\",\n]\n", "1.2.3.4, 10.0.0.0/8"),
        ("allowed:\n  - 1.2.3.4\n  - 10.0.0.0/8\n", "1.2.3.4, 10.0.0.0/8"),
        ("[\"1.2.3.4\",\"10.0.0.0/8\"]", "1.2.3.4, 10.0.0.0/8"),
        ("\u{feff}1.2.3.4\r\n10.0.0.0/8\r\n", "1.2.3.4, 10.0.0.0/8"),
        ("IPv4\n* 1.2.3.4\n• `10.0.0.0/8`\nIPv6\n- 2606:4700::/32", "1.2.3.4, 10.0.0.0/8, 2606:4700::/32"),
        ("| Address | Owner |\n|---|---|\n| 1.2.3.4 | WorkOS |\n", "1.2.3.4"),
        (
            "Name,Type,Address,Mask\nCF-1,Subnet,10.0.0.0,255.0.0.0\nCF-2,Host,1.2.3.4,255.255.255.255\n",
            "1.2.3.4, 10.0.0.0/8",
        ),
        ("{\n  \"ipv4_cidrs\": [\n    \"1.2.3.4/32\",\n    \"10.0.0.0/8\"\n  ]\n}\n", "1.2.3.4, 10.0.0.0/8"),
    ] {
        let rules = rules(text);
        assert_eq!((passes(&rules, Way::In).as_str(), kinds(&rules)), (means, vec![]), "{text}");
        assert_eq!(passes(&rules, Way::Out), means, "{text}");
        assert!(recognises(text), "{text}");
    }
}

#[test]
fn settings_beside_a_list_are_passed_over_where_they_say_nothing_of_it() {
    let text = |setting: &str| {
        format!("{setting}\nregion = \"eu-west-1\"\naccount_no = \"123456789012\"\nallowed = [\n  \"1.2.3.4/32\",\n]\n")
    };
    for setting in ["profile = \"default\"", "tag_type    = \"devops\"", "vpc-id = \"vpc-0a1b2c\""] {
        let rules = rules(&text(setting));
        assert_eq!((passes(&rules, Way::In).as_str(), kinds(&rules)), ("1.2.3.4", vec![]), "{setting}");
        assert!(recognises(&text(setting)));
    }
    for setting in [
        "action = \"deny\"",
        "mode = \"inverse\"",
        "open_port = \"8080\"",
        "blocked = \"yes\"",
        "profile = \"disabled\"",
        "no = \"x\"",
        "allowed_protocol = \"x\"",
        "profile = default",
        "others = \"all\"",
    ] {
        let rules = rules(&text(&format!("first = \"x\"\n9.9.9.9\n{setting}")));
        assert_ne!((passes(&rules, Way::In).as_str(), kinds(&rules)), ("1.2.3.4, 9.9.9.9", vec![]), "{setting}");
    }
}

#[test]
fn a_slip_is_noted_and_has_no_effect() {
    for (text, means, kind) in [
        ("104.16.0/13\n1.2.3.4", "1.2.3.4", NoteKind::Malformed),
        ("010.0.0.0/8\n1.2.3.4", "1.2.3.4", NoteKind::Malformed),
        ("1.2.3.4\n10.0.0.9-10.0.0.1", "1.2.3.4", NoteKind::Malformed),
        ("1.2.3.4\n10.0.0.0 0.0.0.255", "1.2.3.4", NoteKind::Malformed),
        ("1.2.3.4\nx,10.0.0.0,255.0.255.0", "1.2.3.4", NoteKind::Malformed),
        ("1.2.3.4\n10.0.0.1/24", "1.2.3.4, 10.0.0.0/24", NoteKind::HostBits),
        ("1.2.3.4\n1.2.3.4/32", "1.2.3.4", NoteKind::Duplicate),
    ] {
        let rules = rules(text);
        assert_eq!((passes(&rules, Way::In).as_str(), kinds(&rules)), (means, vec![kind]), "{text}");
        assert!(rules.notes.iter().any(|note| note.kind == kind && note.place.line > 0), "{text}");
    }
}

#[test]
fn what_could_take_an_entry_back_leaves_it_unsure() {
    for text in [
        "10.0.0.0/8\ndeny 1.2.3.4",
        "10.0.0.0/8\n1.2.3.4\tblocked",
        "10.0.0.0/8\n1.2.3.4 tcp",
        "10.0.0.0/8\n1.2.3.4 https",
        "10.0.0.0/8\n1.2.3.4 443",
        "10.0.0.0/8\n1.2.3.4 except",
        "1.2.3.4\n10.0.0.0/8\nnot 1.2.3.4",
        "10.0.0.0/8\n!1.2.3.4 1.2.3.4",
    ] {
        let rules = rules(text);
        assert_eq!(passes(&rules, Way::In), "10.0.0.0/8 ? 1.2.3.4", "{text}");
        assert!(!rules.understood(), "{text}");
    }
    for text in [
        "1.2.3.4\nCloudflare ranges",
        "1.2.3.4\n10.x.0.0/8",
        "1.2.3.4\n!10.0.0.0/8",
        "1.2.3.4\npermit tcp any",
        "1.2.3.4\nblocked = [\n9.9.9.9\n]",
    ] {
        let rules = rules(text);
        assert!(!rules.understood() && passes(&rules, Way::In).contains('?'), "{text}");
    }
}

#[test]
fn hosts_in_a_list_are_gone_to_and_never_come_in() {
    let rules = rules("api.workos.com\n1.2.3.4");
    assert_eq!(passes(&rules, Way::In), "1.2.3.4");
    assert_eq!(passes(&rules, Way::Out), "any address");
}

#[test]
fn sets_are_read_as_what_they_hold() {
    let saved = "create cf4 hash:net family inet hashsize 1024 maxelem 65536\nadd cf4 104.16.0.0/13\nadd cf4 104.17.0.0/16 nomatch\n\
                 create cf6 hash:net family inet6 hashsize 1024 maxelem 65536\nadd cf6 2606:4700::/32\n";
    let rules_of = |text: &str, only: &[&str]| {
        let scope = Scope { only: only.iter().map(|&name| name.to_owned()).collect() };
        read(&[input(text)], &scope)
    };
    let cloudflare = "104.16.0.0/16, 104.18.0.0/15, 104.20.0.0/14, 2606:4700::/32";

    assert_eq!(passes(&rules_of(saved, &[]).unwrap(), Way::In), cloudflare);
    let more = format!("{saved}create banned hash:ip family inet\nadd banned 9.9.9.9\n");
    let unsure = rules_of(&more, &[]).unwrap();
    assert!(passes(&unsure, Way::In).starts_with(" ? 9.9.9.9"), "{}", passes(&unsure, Way::In));
    assert_eq!(passes(&rules_of(&more, &["cf4", "cf6"]).unwrap(), Way::In), cloudflare);
    assert!(kinds(&rules_of(&more, &["cf"]).unwrap()).contains(&NoteKind::Undefined));
    let of_sets = format!("{more}create both list:set size 8\nadd both cf4\nadd both cf6\n");
    assert_eq!(passes(&rules_of(&of_sets, &["both"]).unwrap(), Way::In), cloudflare);
    let circle = rules_of(&format!("{of_sets}add both both\nadd both nothing\n"), &["both"]).unwrap();
    assert!(!circle.understood() && passes(&circle, Way::In).starts_with(cloudflare));
    let script = "ipset flush cf\nipset -exist add cf 104.16.0.0/13\nipset add cf 2606:4700::/32\n";
    assert!(recognises(script));
    assert_eq!(passes(&rules_of(script, &[]).unwrap(), Way::In), "104.16.0.0/13, 2606:4700::/32");
    let with_ports = "create web hash:ip,port family inet\nadd web 1.2.3.4,tcp:443\n";
    let ported = rules_of(with_ports, &[]).unwrap();
    assert_eq!((passes(&ported, Way::In).as_str(), ported.understood()), (" ? 1.2.3.4", false));
}

#[test]
fn other_texts_are_not_taken_for_lists() {
    for text in [
        "",
        "# nothing\n\n",
        "The office has these:\n1.2.3.4\nand is reached by everybody\nover the internet\n",
        "*filter\n:INPUT DROP [0:0]\n-A INPUT -s 1.2.3.4 -j ACCEPT\nCOMMIT\n",
        "allow 1.2.3.4;\nallow 10.0.0.0/8;\ndeny all;\n",
        "access-list OUT extended permit tcp host 1.2.3.4 any eq https\naccess-group OUT in interface inside\n",
        "set address WorkOS ip-netmask 1.2.3.4/32\nset address WorkOS2 ip-netmask 1.2.3.5/32\n",
        "{\n \"SecurityGroups\": [\n {\n \"CidrIp\": \"1.2.3.4/32\"\n }\n ]\n}\n",
        "source,destination,port\n1.2.3.4,10.0.0.1,443\n10.0.0.1,1.2.3.4,443\n",
        "acl workos dstdomain api.workos.com\nhttp_access allow workos\n",
        "443/tcp ALLOW IN 173.245.48.0/20\n443/tcp ALLOW IN 103.21.244.0/22\n",
    ] {
        assert!(!recognises(text), "{text}");
    }
    assert!(read(&[input("# nothing\n")], &Scope::default()).is_err());
}

#[test]
fn what_is_written_reads_back_as_the_peers_of_the_flows_and_nothing_else() {
    let flows = fixture::flows();
    for direction in [Direction::Egress, Direction::Ingress] {
        let flows: Vec<_> = flows.iter().filter(|flow| flow.direction == direction).cloned().collect();
        let peers = |flow: &crate::firewall::Flow| {
            if direction == Direction::Egress { flow.destination.ranges.clone() } else { flow.source.ranges.clone() }
        };
        let wanted = addresses::networks(&flows.iter().flat_map(peers).collect::<Vec<_>>());
        let written = write::write(&Request { flows, as_of: "2026-02-11".to_owned(), log: false });
        assert!(recognises(&written.rules));
        let rules = rules(&written.rules);
        assert_eq!((passes(&rules, Way::In), kinds(&rules)), (addresses::in_words(&wanted), vec![]));
        assert!(written.rules.contains("2026-02-11") && flow_ids_are_said(&written.rules, direction));
    }
}

fn flow_ids_are_said(text: &str, direction: Direction) -> bool {
    fixture::flows().iter().filter(|flow| flow.direction == direction).all(|flow| text.contains(&flow.id))
}

#[test]
fn a_network_that_two_objects_have_stands_in_the_list_once() {
    let mut flows = fixture::flows();
    flows[0].destination.ranges = flows[4].source.ranges.clone();
    let written = write::write(&Request { flows, as_of: "2026-02-11".to_owned(), log: false });
    assert_eq!(written.rules.lines().filter(|line| *line == "104.16.0.0/13").count(), 1);
    assert!(kinds(&rules(&written.rules)).is_empty());
}

#[test]
fn a_flow_without_addresses_is_remarked_and_its_words_stay_in_comments() {
    let mut flows = fixture::flows();
    flows[1].destination.ranges.clear();
    flows[1].destination.within = None;
    flows[1].destination.hosts = vec!["api.workos.com".to_owned()];
    flows[1].destination.who = "somebody\n0.0.0.0/0\u{2028}::/0".to_owned();
    let written = write::write(&Request { flows: flows[1..2].to_vec(), as_of: "2026-02-11".to_owned(), log: false });

    assert!(written.rules.lines().all(|line| line.is_empty() || line.starts_with('#')), "{}", written.rules);
    assert!(written.remarks[0].contains("egress-api") && written.remarks[0].contains("api.workos.com"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn whatever_is_pasted_never_breaks(text in "(\\PC{0,30}[\n\t ,;]){0,8}|([0-9a-f.:/ ,;#\"\\[\\]=-]{0,24}\n){0,10}") {
        let _ = recognises(&text);
        let _ = read(&[input(&text)], &Scope::default());
        let _ = read(&[input(&format!("create a hash:net family inet\n{text}"))], &Scope::default());
    }

    #[test]
    fn a_garbled_entry_is_never_passed_over(at in 0_usize..15, garble in "[g-z!?$%&=<>]{1,3}", within in 0_usize..8) {
        let flows = fixture::flows();
        let nets: Vec<String> = flows[4].source.ranges.iter().map(ToString::to_string).collect();
        let mut garbled = nets.clone();
        let line = garbled[at].clone();
        garbled[at] = format!("{}{garble}{}", &line[..within], &line[within..]);
        let rules = rules(&garbled.join("\n"));
        let said = rules.notes.iter().any(|note| note.kind != NoteKind::Assumed && note.place.line as usize == at + 1);
        prop_assert!(said, "{}", garbled[at]);
    }
}
