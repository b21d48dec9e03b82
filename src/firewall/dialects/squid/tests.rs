use proptest::prelude::*;

use super::*;
use crate::firewall::addresses::{in_words, networks};
use crate::firewall::audit::{Fate, Known, judge};
use crate::firewall::compare::{Budget, Verdict, compare, requested};
use crate::firewall::dialects::Request;
use crate::firewall::evaluate::{By, Peer, Question, TCP, ask};
use crate::firewall::fixture;
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{NoteKind, Way};

fn nets(text: &str) -> Ranges {
    networks(&text.split(' ').map(|net| net.parse().unwrap()).collect::<Vec<ipnet::IpNet>>())
}

fn inputs(files: &[(&str, &str)]) -> Vec<Input> {
    files.iter().map(|(name, text)| Input { name: (*name).to_owned(), text: (*text).to_owned() }).collect()
}

fn read_text(text: &str) -> Rules {
    read(&inputs(&[("squid.conf", text)]), &Scope::default()).unwrap()
}

struct Asked<'a> {
    host: &'a str,
    port: u16,
    from: Option<&'a str>,
    peers: &'a str,
}

const API: Asked<'static> = Asked { host: "api.workos.com", port: 443, from: None, peers: "104.16.0.1/32" };

fn said(rules: &Rules, asked: &Asked) -> String {
    let question = Question {
        way: Way::Out,
        peers: nets(asked.peers),
        peer: Peer::Destination,
        here: asked.from.map(nets),
        protocol: TCP,
        port: asked.port,
        from: None,
        to: None,
        host: Some(asked.host),
    };
    let by = |by: By| match by {
        By::Rule(_, rule) => rule.place.name.to_string(),
        By::Policy(_, policy) => policy.place.name.to_string(),
        By::Nobody => "nobody".to_owned(),
    };
    let parts = ask(rules, &question);
    let words = parts.iter().map(|part| {
        let why = if part.why.is_empty() { String::new() } else { format!(" unsure whether {}", part.why.join("; ")) };
        format!("{} {:?} by {}{why}", in_words(&part.peers), part.verdict, by(part.by))
    });
    words.collect::<Vec<String>>().join("\n").replace("104.16.0.1 ", "")
}

fn verdict(text: &str, asked: &Asked) -> String {
    said(&read_text(text), asked).split(' ').next().unwrap().to_owned()
}

#[test]
fn values_are_alternatives_lines_of_a_name_too_and_names_of_a_line_all_have_to_match() {
    let text = "acl web port 443\nacl web port 8000-8010\nacl ours dstdomain .workos.com b.example\nhttp_access allow CONNECT web ours\n";

    assert_eq!(said(&read_text(text), &API), "Allowed by http_access at line 4");
    assert_eq!(verdict(text, &Asked { port: 8005, ..API }), "Allowed");
    assert_eq!(verdict(text, &Asked { port: 80, ..API }), "Denied");
    assert_eq!(verdict(text, &Asked { host: "workos.com", ..API }), "Allowed");
    assert_eq!(verdict(text, &Asked { host: "notworkos.com", ..API }), "Denied");
    assert_eq!(verdict(text, &Asked { host: "c.b.example", ..API }), "Denied");
}

#[test]
fn the_first_line_that_matches_decides_and_none_is_the_opposite_of_the_last() {
    let denied_first = "acl ours dstdomain api.workos.com\nhttp_access deny all\nhttp_access allow ours\n";
    let last_denies = "acl no dstdomain other.example\nhttp_access deny no\n";

    assert_eq!(said(&read_text(denied_first), &API), "Denied by http_access at line 2");
    assert_eq!(said(&read_text(last_denies), &API), "Allowed by the opposite of the last line of http_access");
    assert_eq!(verdict("acl a port 1\nhttp_access allow a\n", &API), "Denied");
    assert_eq!(verdict("acl a port 443\n", &API), "Denied", "without a line nobody may anything");
    let skipped = read_text("http_access deny\nhttp_access allow all\n");
    assert!(said(&skipped, &API).starts_with("Allowed") && skipped.notes[0].kind == NoteKind::Idle);
}

#[test]
fn what_is_not_matched_is_exact_and_names_are_alike_in_either_case() {
    let text = "acl SSL_ports port 443\nacl lan src 10.0.0.0/8\nhttp_access deny CONNECT !ssl_ports\nhttp_access allow LAN\nhttp_access deny all\n";
    let from = |from| Asked { from: Some(from), ..API };

    assert_eq!(verdict(text, &from("10.1.2.3/32")), "Allowed");
    assert_eq!(verdict(text, &from("192.0.2.1/32")), "Denied");
    assert_eq!(verdict(text, &Asked { port: 8443, ..from("10.1.2.3/32") }), "Denied");
    assert!(said(&read_text(text), &API).contains("unsure whether the installation's address is"));
    let but = "acl no dstdomain .workos.com\nhttp_access allow !no\n";
    assert_eq!(
        (verdict(but, &API), verdict(but, &Asked { host: "a.example", ..API })),
        ("Denied".into(), "Allowed".into())
    );
    let other_method = "acl get method GET\nhttp_access deny !get\nhttp_access allow all\n";
    assert_eq!(verdict(other_method, &API), "Denied");
    assert_eq!(verdict("acl tls proto HTTPS\nhttp_access allow tls\n", &API), "Denied", "a CONNECT has no scheme");
}

#[test]
fn a_destination_is_asked_by_address_and_what_is_squids_own_is_there() {
    let text = "acl there dst 104.16.0.0/13\nhttp_access deny to_localhost\nhttp_access allow there\nhttp_access deny !there\nhttp_access allow there\n";
    let rules = read_text(text);

    assert_eq!(
        said(&rules, &Asked { peers: "104.16.0.1/32 192.0.2.1/32 127.0.0.1/32", ..API }),
        "Allowed by http_access at line 3\n127.0.0.1 Denied by http_access at line 2\n\
         192.0.2.1 Denied by http_access at line 4"
    );
    assert_eq!(rules.notes.iter().filter(|note| note.kind == NoteKind::Assumed).count(), 1);
}

#[test]
fn what_cannot_be_told_from_the_files_is_unsure_with_the_acl_that_it_hangs_on() {
    for (kind, value) in [
        ("dstdom_regex", "workos"),
        ("proxy_auth", "REQUIRED"),
        ("external", "x"),
        ("time", "09:00-17:00"),
        ("localport", "3128"),
        ("any-of", "all"),
    ] {
        let said = said(&read_text(&format!("acl x {kind} {value}\nhttp_access allow x\n")), &API);
        assert!(said.starts_with("Unsure") && said.contains(&format!("the ACL `x` ({kind}) matches")), "{said}");
    }
    let beside = "acl x src proxy.example 10.0.0.0/8\nhttp_access allow x\nhttp_access deny all\n";
    assert_eq!(verdict(beside, &Asked { from: Some("10.0.0.1/32"), ..API }), "Allowed");
    assert_eq!(verdict(beside, &Asked { from: Some("192.0.2.1/32"), ..API }), "Unsure");
    let both = "acl x proxy_auth a\nhttp_access deny !x\nhttp_access allow x\n";
    assert_eq!(verdict(both, &API), "Unsure");
    assert_eq!(verdict("acl x dst -n 104.16.0.0/13\nhttp_access allow x\n", &API), "Unsure");
}

#[test]
fn what_squid_does_not_start_with_is_not_understood() {
    for text in [
        "http_access allow nobody\nhttp_access allow all\n",
        "acl x src 10.0.0.1\nacl x dst 10.0.0.1\nhttp_access allow all\n",
        "http_access permit all\nhttp_access allow all\n",
        "acl x\nhttp_access allow all\n",
        "http_access allow late\nacl late port 443\n",
        "if 1\nendif\nhttp_access allow all\n",
    ] {
        let rules = read_text(text);
        assert!(!rules.understood(), "{text}");
        let said = said(&rules, &API);
        assert!(said.starts_with("Unsure") && said.contains("squid does not start with it"), "{text}{said}");
    }
}

#[test]
fn a_domain_beside_its_own_name_or_behind_one_under_it_keeps_an_older_squid_from_starting() {
    for (values, starts) in [
        ("workos.com .workos.com", false),
        (".workos.com workos.com", false),
        ("api.workos.com .workos.com", false),
        (".api.workos.com x.example .workos.com", false),
        (".workos.com api.workos.com .sub.workos.com", true),
        (".com api.workos.com .api.workos.com", true),
        (".com .api.workos.com api.workos.com", true),
        ("workos.com api.workos.com API.workos.com", true),
        ("workos.com .api.workos.com", true),
    ] {
        let rules = read_text(&format!("acl x dstdomain {values}\nhttp_access allow x\n"));
        assert_eq!(rules.understood(), starts, "{values}");
    }
}

#[test]
fn a_network_that_overlaps_one_before_it_hangs_on_the_version_and_the_wider_one_first_does_not() {
    let from = |values: &str, client| {
        let rules = read_text(&format!("acl lan src {values}\nhttp_access allow lan\nhttp_access deny all\n"));
        let noted = rules.notes.iter().any(|note| note.what.contains("overlaps a value before it"));
        (said(&rules, &Asked { from: Some(client), ..API }).split(' ').next().unwrap().to_owned(), noted)
    };

    assert_eq!(from("10.9.0.0/24 10.9.0.0/16", "10.9.0.1/32"), ("Allowed".to_owned(), true));
    assert_eq!(from("10.9.0.0/24 10.9.0.0/16", "10.9.1.1/32"), ("Unsure".to_owned(), true));
    assert_eq!(from("10.9.0.0/16 10.9.0.0/24", "10.9.1.1/32"), ("Allowed".to_owned(), false));
    assert_eq!(from("10.9.0.0/24 10.9.1.0/24", "10.9.1.1/32"), ("Allowed".to_owned(), false));
    assert_eq!(from("10.9.0.0/24 10.9.0.0/16", "10.8.1.1/32"), ("Denied".to_owned(), true));
    assert_eq!(
        from("0.0.0.0/0", "2001:db8::1/128"),
        ("Allowed".to_owned(), false),
        "a proxy has both families at once"
    );
    assert_eq!(from("::/0 all", "10.9.0.1/32").0, "Unsure");
    let mapped = Asked { peers: "104.16.0.1/32", ..API };
    assert_eq!(verdict("acl x dst ::/1\nhttp_access allow x\n", &mapped), "Allowed", "IPv4 lies where IPv6 maps it");
    let but = read_text("acl lan src 10.9.0.0/24 10.9.0.0/16\nhttp_access deny !lan\nhttp_access allow all\n");
    for (client, expected) in [("10.9.0.1/32", "Allowed"), ("10.9.1.1/32", "Unsure"), ("10.8.1.1/32", "Denied")] {
        assert!(said(&but, &Asked { from: Some(client), ..API }).starts_with(expected), "{client}");
    }
}

#[test]
fn values_and_lines_are_taken_from_other_files_and_those_that_are_missing_leave_it_open() {
    let main = "include /etc/squid/conf.d/*.conf\nacl ours dstdomain \"/etc/squid/hosts.txt\"\nhttp_access allow ours\nhttp_access deny all\n";
    let deny = ("conf.d/10-deny.conf", "acl bad dstdomain bad.example\nhttp_access deny bad\n");
    let list = ("lists/hosts.txt", "# ours\napi.workos.com # the API\n\nother.example bad.example\n");
    let all = read(&inputs(&[("squid.conf", main), deny, list]), &Scope::default()).unwrap();

    assert_eq!(all.notes, []);
    assert_eq!(said(&all, &API), "Allowed by http_access at line 3");
    assert_eq!(said(&all, &Asked { host: "bad.example", ..API }), "Denied by http_access at line 2");
    let no_list = read(&inputs(&[("squid.conf", main), deny]), &Scope::default()).unwrap();
    assert!(said(&no_list, &API).contains("matches by the file `/etc/squid/hosts.txt`"));
    let no_include = read(&inputs(&[("squid.conf", main), list]), &Scope::default()).unwrap();
    assert!(said(&no_include, &API).contains("includes what is not among the files"));
    assert!(!no_include.understood());
}

#[test]
fn conditions_lines_that_go_on_and_comments_are_read_as_squid_reads_them() {
    for (text, expected) in [
        ("if 1 = 2\nhttp_access deny all\nelse\nhttp_access allow all\nendif\n", "Allowed"),
        ("if false\nhttp_access deny all\nendif\nhttp_access allow all\n", "Allowed"),
        ("if ${process_number} = 1\nhttp_access deny all\nendif\nhttp_access allow all\n", "Unsure"),
        ("if false\nif true\nhttp_access deny all\nendif\nendif\nhttp_access allow all\n", "Unsure"),
        ("acl x dstdomain a.example \\\n  api.workos.com # and this too \\\nhttp_access allow x\n", "Denied"),
        ("acl x dstdomain api.work\\\n   os.com\nhttp_access allow x\n", "Allowed"),
        ("acl x dstdomain a.example # api.workos.com\nhttp_access allow x\n", "Denied"),
    ] {
        assert_eq!(verdict(text, &API), expected, "{text}");
    }
}

#[test]
fn every_list_that_a_connect_meets_has_to_let_it_pass_and_that_of_answers_is_none_of_them() {
    assert_eq!(verdict("http_access allow all\nmiss_access deny all\n", &API), "Denied");
    assert_eq!(verdict("http_access allow all\nadapted_http_access deny all\n", &API), "Denied");
    assert_eq!(verdict("http_access allow all\nhttp_reply_access deny all\n", &API), "Allowed");
    assert_eq!(verdict("acl s any-of all\nhttp_access allow all\nssl_bump terminate s\n", &API), "Unsure");
}

#[test]
fn what_matches_nothing_as_it_is_written_is_noted() {
    let rules = read_text(
        "acl ours dstdomain *.workos.com api.workos.com.\nacl there dst 104.16.0/13\nacl unused dstdomain a.example\n\
         acl lan src 10.0.0.1/8\nhttp_access allow ours\nhttp_access allow there\nhttp_access allow lan\n",
    );
    let kinds: Vec<NoteKind> = rules.notes.iter().map(|note| note.kind).collect();

    let (malformed, host_bits) = (NoteKind::Malformed, NoteKind::HostBits);
    let expected = [malformed, malformed, malformed, host_bits, NoteKind::Assumed, NoteKind::Idle];
    assert_eq!(kinds, expected, "{:#?}", rules.notes);
    let said = said(&rules, &Asked { from: Some("192.0.2.1/32"), ..API });
    assert!(said.contains("by what squid takes for an address: `104.16.0/13`"), "{said}");
}

#[test]
fn datagrams_and_names_are_not_squids_to_stop() {
    let rules = read_text("http_access deny all\n");
    for judged in judge(&rules, &fixture::flows()[..1], &Known::default()) {
        assert_eq!(judged.fate(), Fate::Unsure);
    }
}

#[test]
fn what_is_written_is_read_as_what_was_asked_for() {
    let mut flows = fixture::flows();
    flows[1].destination.hosts.push("*.authkit.app".to_owned());
    let generated = write::write(&Request { flows: flows.clone(), as_of: "2026-11-23".to_owned(), log: true });
    let rules = read_text(&generated.rules);

    assert!(recognises(&generated.rules) && rules.notes.is_empty(), "{}\n{:?}", generated.rules, rules.notes);
    assert_eq!(judge(&rules, &flows[1..2], &Known::default())[0].fate(), Fate::Allowed);
    for (asked, expected) in [
        (API, "Allowed"),
        (Asked { host: "quiet.authkit.app", ..API }, "Allowed"),
        (Asked { host: "workos.com", ..API }, "Denied"),
        (Asked { port: 80, ..API }, "Denied"),
    ] {
        assert!(said(&rules, &asked).starts_with(expected), "{} {}\n{}", asked.host, asked.port, generated.rules);
    }
    let remarks = generated.remarks.join("\n");
    for told in ["egress-dns is not in it", "ingress-workos is not in it", "*.authkit.app", "every client of the proxy"]
    {
        assert!(remarks.contains(told), "{remarks}");
    }
}

#[test]
fn before_what_is_there_already_the_file_adds_what_was_requested_and_nothing_else() {
    let flows = fixture::flows()[1..2].to_vec();
    let written = write::write(&Request { flows: flows.clone(), as_of: "2026-11-23".to_owned(), log: false }).rules;
    let there = "acl other dstdomain other.example\nacl tls port 443\nhttp_access allow CONNECT tls other\nhttp_access deny all\n";
    let before = read_text(there);
    let verdict = |written: &str| {
        let (after, known) = (read_text(&format!("{written}{there}")), Known::default());
        compare(&before, &after, &requested(&flows, &known, &before, &after), Budget::default()).verdict
    };

    // The name may lead anywhere, and what was requested says where its addresses are.
    let exactly = verdict(&written);
    assert!(!matches!(&exactly, Verdict::Otherwise(wrong) if wrong.shuts || wrong.leaves_out), "{exactly:?}");
    let wider = verdict(&written.replace("dstdomain api.workos.com", "dstdomain .com"));
    assert!(matches!(wider, Verdict::Otherwise(wrong) if wrong.opens_more), "it opens more");
}

#[test]
fn the_line_of_old_that_defines_the_manager_is_passed_over() {
    let text = |name: &str| {
        format!(
            "acl {name} proto cache_object\nacl web port 443\nhttp_access allow manager localhost\n\
             http_access deny manager\nhttp_access allow web\nhttp_access deny all\n"
        )
    };
    let rules = read_text(&text("manager"));
    assert_eq!((said(&rules, &API).as_str(), rules.notes.len()), ("Allowed by http_access at line 5", 0));
    assert_eq!(verdict(&text("Manager"), &API), "Unsure", "squid compares that name letter by letter");
}

#[test]
fn an_option_that_a_type_does_not_have_keeps_squid_from_starting() {
    let text = |acl: &str| format!("acl a {acl}\nhttp_access allow a\nhttp_access deny all\n");
    for acl in [
        "dstdomain -i .workos.com",
        "port -i 443",
        "dstdomain +i .workos.com",
        "port -n 443",
        "dstdomain -n -i .workos.com",
    ] {
        assert_eq!(verdict(&text(acl), &API), "Unsure", "{acl}");
    }
    for acl in ["dstdomain -n .workos.com", "port 443", "port -- 443", "dstdomain .workos.com"] {
        assert_eq!(verdict(&text(acl), &API), "Allowed", "{acl}");
    }
}

#[test]
fn long_lists_that_many_lines_ask_for_are_read_in_time() {
    let values = (0..1000).map(|nth| format!("h{nth}.example")).collect::<Vec<_>>().join("\n") + "\n";
    let lines = "http_access deny long\n".repeat(2500);
    let files = [
        ("squid.conf".to_owned(), format!("acl long dstdomain \"list\"\nhttp_access allow !long\n{lines}")),
        ("list".to_owned(), values),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let begun = std::time::Instant::now();
    let rules = read(&inputs(&files), &Scope::default()).unwrap();

    assert!(said(&rules, &API).starts_with("Allowed"));
    let matched: usize = rules
        .chains
        .iter()
        .flat_map(|chain| &chain.rules)
        .flat_map(|rule| &rule.when)
        .map(|when| when.host.tests().iter().map(|test| test.any_of.len()).sum::<usize>())
        .sum();
    assert!(matched <= 2_000_000, "{matched} names in {:?}", begun.elapsed());
}

#[test]
fn two_configurations_are_not_one_and_a_circle_is_none() {
    let two =
        read(&inputs(&[("a.conf", "http_access allow all"), ("b.conf", "http_access deny all")]), &Scope::default());
    assert!(two.unwrap_err().why.contains("b.conf"));
    let circle = read(
        &inputs(&[
            ("squid.conf", "http_access allow all\ninclude a.conf a.conf\n"),
            ("a.conf", "include b.conf b.conf b.conf\n"),
            ("b.conf", "include a.conf a.conf a.conf\n"),
        ]),
        &Scope::default(),
    );
    assert!(circle.is_err());
    assert!(read(&inputs(&[("x", "hello")]), &Scope::default()).unwrap_err().why.contains("squid.conf"));
}

proptest! {
    #[test]
    fn whatever_a_configuration_holds_it_is_read_or_refused(
        lines in prop::collection::vec(
            prop_oneof![
                "acl [ab] (src|dst|dstdomain|port|method|any-of|time) (-n |-i )?[0-9a-z./:*\"-]{0,12}( [0-9.!]{0,5})?",
                "http_access (allow|deny|x)( !?(a|b|all|c)){0,3}",
                "(if|else|endif|include)( [a-z0-9=.*]{0,6}){0,2}\\\\?",
                "\\PC{0,20}",
            ],
            0..20,
        ),
    ) {
        let text = format!("http_access deny all\n{}", lines.join("\n"));
        if let Ok(rules) = read(&inputs(&[("squid.conf", text.as_str()), ("b", "acl b port 1\n")]), &Scope::default()) {
            let _ = said(&rules, &API);
        }
    }
}
