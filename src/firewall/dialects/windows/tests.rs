use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::firewall::addresses::{in_words, networks};
use crate::firewall::audit::{Fate, Known, judge};
use crate::firewall::compare::{self, Budget, compare, requested};
use crate::firewall::dialects::Request;
use crate::firewall::evaluate::{By, Peer, Question, TCP, Verdict, ask};
use crate::firewall::fixture;
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{NoteKind, Way};

fn nets(text: &str) -> Ranges {
    networks(&text.split(' ').map(|net| net.parse().unwrap()).collect::<Vec<ipnet::IpNet>>())
}

fn read_text(text: &str) -> Result<Rules, Unread> {
    assert!(recognises(text), "{text}");
    read(&[Input { name: "firewall.json".to_owned(), text: text.to_owned() }], &Scope::default())
}

fn said_on(rules: &Rules, way: Way, profile: Option<&str>, peers: &str) -> Vec<String> {
    let question = Question {
        way,
        peers: nets(peers),
        peer: if way == Way::In { Peer::Source } else { Peer::Destination },
        here: None,
        protocol: TCP,
        port: 443,
        from: profile.filter(|_| way == Way::In),
        to: profile.filter(|_| way == Way::Out),
        host: None,
    };
    let by = |by: By| match by {
        By::Rule(_, rule) => rule.place.name.to_string(),
        By::Policy(_, policy) => policy.place.name.to_string(),
        By::Nobody => "nobody".to_owned(),
    };
    ask(rules, &question)
        .iter()
        .map(|part| {
            let why =
                if part.why.is_empty() { String::new() } else { format!(" unsure whether {}", part.why.join("; ")) };
            format!("{} {:?} by {}{why}", in_words(&part.peers), part.verdict, by(part.by))
        })
        .collect()
}

fn said(rules: &Rules, way: Way, peers: &str) -> Vec<String> {
    said_on(rules, way, None, peers)
}

/// A rule with these fields besides or instead.
fn rule(name: &str, fields: Value) -> Value {
    let mut rule = json!({
        "Name": name, "DisplayName": name, "Enabled": "True", "Profile": "Any", "Direction": "Inbound", "Action": "Allow",
        "Protocol": "TCP", "LocalPort": ["443"], "RemotePort": ["Any"], "LocalAddress": ["Any"], "RemoteAddress": ["Any"],
        "Program": "Any", "Service": "Any", "InterfaceType": "Any", "LocalUser": "Any", "Authentication": "NotRequired",
    });
    let Value::Object(fields) = fields else { panic!() };
    rule.as_object_mut().unwrap().extend(fields);
    rule
}

fn of(rules: &[Value]) -> Rules {
    read_text(&json!(rules).to_string()).unwrap()
}

const CSV: &str = "\u{feff}\"Name\";\"DisplayName\";\"Enabled\";\"Profile\";\"Direction\";\"Action\";\"LocalAddress\";\"RemoteAddress\";\"Protocol\";\"LocalPort\";\"RemotePort\";\"Program\"\r\n\
    \"a\";\"web in\";\"True\";\"Any\";\"Inbound\";\"Allow\";\"Any\";\"192.0.2.0/255.255.255.0,198.51.100.1-198.51.100.9\";\"TCP\";\"80,443\";\"Any\";\"Any\"\r\n\
    \"b\";\"not this\";\"True\";\"Any\";\"Inbound\";\"Block\";\"Any\";\"192.0.2.7\";\"Any\";\"Any\";\"Any\";\"Any\"\r\n\
    \"c\";\"off\";\"False\";\"Any\";\"Inbound\";\"Allow\";\"Any\";\"Any\";\"TCP\";\"443\";\"Any\";\"Any\"\r\n";

#[test]
fn what_is_blocked_is_blocked_wherever_it_stands_and_the_rest_of_what_is_allowed_passes() {
    for text in
        [CSV.to_owned(), CSV.replace(',', " ").replace(';', ",").replace("0 198", "0,198").replace("80 443", "80,443")]
    {
        let rules = read_text(&text).unwrap();
        assert_eq!(
            said(&rules, Way::In, "192.0.2.6/31 198.51.100.9/32 203.0.113.1/32"),
            [
                "192.0.2.6, 198.51.100.9 Allowed by rule web in",
                "192.0.2.7 Denied by rule not this",
                "203.0.113.1 Denied by default of what is inbound",
            ],
            "{text}"
        );
        assert_eq!(said(&rules, Way::Out, "203.0.113.1/32"), ["203.0.113.1 Allowed by default of what is outbound"]);
        let places: Vec<u32> = rules.chains[0].rules.iter().map(|rule| rule.place.line).collect();
        assert_eq!(places, [3, 2, 4], "what blocks stands first");
        let noted = |kind| rules.notes.iter().filter(|note| note.kind == kind).count();
        assert_eq!((noted(NoteKind::Idle), noted(NoteKind::Assumed)), (1, 1));
    }
}

#[test]
fn enumerations_are_read_as_numbers_too_and_lists_as_they_are_wrapped() {
    let numbers = rule(
        "web",
        json!({ "Enabled": 1, "Profile": 0, "Direction": 1, "Action": 2, "Protocol": "6",
                "RemoteAddress": { "value": ["192.0.2.1"], "Count": 1 } }),
    );
    let off = rule("off", json!({ "Enabled": 2, "Profile": 7, "Direction": 1, "Action": 2 }));
    let block =
        rule("block", json!({ "Enabled": 1, "Direction": 2, "Action": 4, "RemotePort": 443, "LocalPort": "Any" }));
    let rules = of(&[numbers, off, block]);

    assert_eq!(
        said(&rules, Way::In, "192.0.2.0/31"),
        ["192.0.2.0 Denied by default of what is inbound", "192.0.2.1 Allowed by rule web"]
    );
    assert_eq!(said(&rules, Way::Out, "192.0.2.1/32"), ["192.0.2.1 Denied by rule block"]);
}

#[test]
fn what_goes_out_is_matched_by_the_remote_port_and_address() {
    let out = json!({ "Direction": "Outbound", "Action": "Block", "LocalPort": ["Any"], "RemotePort": ["443"], "RemoteAddress": ["104.16.0.0/13"] });
    let rules = of(&[rule("no", out)]);

    assert_eq!(
        said(&rules, Way::Out, "104.16.0.1/32 192.0.2.1/32"),
        ["104.16.0.1 Denied by rule no", "192.0.2.1 Allowed by default of what is outbound"]
    );
}

#[test]
fn a_profile_is_a_zone_and_nobody_knows_which_unless_it_is_said() {
    for profile in [json!("Domain, Private"), json!(3)] {
        let rules = of(&[rule("web", json!({ "Profile": profile }))]);
        let on = |profile| said_on(&rules, Way::In, profile, "192.0.2.1/32").remove(0);

        assert!(on(Some("Domain")).contains("Allowed") && on(Some("public")).contains("Denied"));
        assert!(on(None).contains("unsure whether it comes in by Domain or Private"), "{}", on(None));
    }
}

#[test]
fn a_program_a_service_or_a_word_that_the_machine_resolves_is_a_condition() {
    for (fields, says) in [
        (json!({ "Program": "C:\\app.exe" }), "the program `C:\\app.exe`"),
        (json!({ "Service": "W3SVC" }), "the service `W3SVC`"),
        (json!({ "InterfaceType": "Wired" }), "an interface of the type `Wired`"),
        (json!({ "RemoteUser": "O:LSD:(A;;CC;;;WD)" }), "the remote user"),
        (json!({ "RemoteAddress": ["LocalSubnet"] }), "`LocalSubnet` holds the source"),
        (json!({ "LocalPort": ["PlayToDiscovery"] }), "`PlayToDiscovery` holds the port"),
        (json!({ "LocalPort": ["IPHTTPSIn"] }), "`IPHTTPSIn` holds the port"),
    ] {
        let said = said(&of(&[rule("web", fields)]), Way::In, "10.1.2.3/32").remove(0);
        assert!(said.contains("Unsure") && said.contains(says), "{said}");
    }
    let rpc = of(&[rule("rpc", json!({ "LocalPort": ["RPC", "RPCEPMap"] }))]);
    assert!(said(&rpc, Way::In, "192.0.2.1/32")[0].contains("Denied"), "no endpoint is handed out at 443");
    let beside = of(&[rule("web", json!({ "RemoteAddress": ["LocalSubnet", "192.0.2.1"] }))]);
    assert_eq!(said(&beside, Way::In, "192.0.2.1/32"), ["192.0.2.1 Allowed by rule web"]);
}

#[test]
fn profiles_say_what_becomes_of_the_rest() {
    let with = |profiles: Value| {
        read_text(
            &json!({ "profiles": profiles, "rules": [rule("none", json!({ "LocalPort": ["1"], "Profile": "Any" }))] })
                .to_string(),
        )
        .unwrap()
    };
    let profile = |name: &str, fields: Value| {
        let mut profile = json!({ "Name": name, "Enabled": 1, "DefaultInboundAction": 4, "DefaultOutboundAction": 2, "AllowInboundRules": 2 });
        profile.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        profile
    };
    let all = |fields: &Value| json!(["Domain", "Private", "Public"].map(|name| profile(name, fields.clone())));
    let verdict = |rules: &Rules, way, on| said_on(rules, way, on, "192.0.2.1/32").remove(0);

    let shut = with(all(&json!({ "DefaultOutboundAction": "Block" })));
    assert!(verdict(&shut, Way::Out, None).contains("Denied by profile Domain") && shut.notes.is_empty());
    let open = with(all(&json!({ "DefaultInboundAction": "Allow" })));
    assert!(verdict(&open, Way::In, None).contains("Allowed"));
    let usual = with(all(&json!({ "DefaultInboundAction": "NotConfigured", "DefaultOutboundAction": 0 })));
    assert!(verdict(&usual, Way::In, None).contains("Denied") && verdict(&usual, Way::Out, None).contains("Allowed"));
    let off = with(json!([
        profile("Domain", json!({ "Enabled": 0 })),
        profile("Private", json!({})),
        profile("Public", json!({}))
    ]));
    assert!(
        verdict(&off, Way::In, Some("Domain")).contains("Allowed")
            && verdict(&off, Way::In, Some("Public")).contains("Denied")
    );
    assert!(verdict(&off, Way::In, None).contains("Unsure"));
    let none = read_text(
        &json!({ "profiles": all(&json!({ "AllowInboundRules": "False" })), "rules": [rule("web", json!({}))] })
            .to_string(),
    )
    .unwrap();
    assert!(verdict(&none, Way::In, Some("Public")).contains("Denied by profile Public"));
}

#[test]
fn what_overrides_blocks_comes_before_them_and_what_does_nothing_known_is_not_understood() {
    let rules = of(&[
        rule("block", json!({ "Action": "Block" })),
        rule("bypass", json!({ "OverrideBlockRules": "True", "RemoteAddress": ["192.0.2.1"] })),
    ]);
    assert!(said(&rules, Way::In, "192.0.2.1/32")[0].contains("Allowed by rule bypass"));

    let odd = of(&[rule("odd", json!({ "Action": "NotConfigured" })), rule("web", json!({}))]);
    assert!(!odd.understood() && said(&odd, Way::In, "192.0.2.1/32")[0].contains("Unsure"));
}

#[test]
fn rules_without_their_filters_cannot_be_audited_and_the_right_command_is_named() {
    let plain = json!([{ "Name": "a", "DisplayName": "a", "Enabled": 1, "Profile": 0, "Direction": 1, "Action": 2, "EdgeTraversalPolicy": 0 }]);
    let empty = "DisplayName,Enabled,Direction,Action,Profile,Protocol,LocalPort,RemotePort,RemoteAddress\nweb,True,Inbound,Allow,Any,,,,\n";

    for text in [plain.to_string(), empty.to_owned()] {
        let why = read_text(&text).unwrap_err().why;
        assert!(
            why.contains("without their ports and addresses") && why.contains("Get-NetFirewallAddressFilter"),
            "{why}"
        );
    }
    let broken = read(&[Input { name: "x".to_owned(), text: "[{\n\"DisplayName\" 3".to_owned() }], &Scope::default());
    assert_eq!(broken.unwrap_err().line, Some(2));
}

#[test]
fn what_is_odd_about_entries_is_noted() {
    let rules =
        of(&[rule("web", json!({ "RemoteAddress": ["10.0.0.1/8", "104.16.0/13"], "LocalPort": ["443", "70000"] }))]);
    let kinds: Vec<NoteKind> = rules.notes.iter().map(|note| note.kind).collect();

    assert_eq!(kinds, [NoteKind::Assumed, NoteKind::HostBits, NoteKind::Malformed, NoteKind::Malformed]);
}

/// The commands of a script as the rules that they make, with what was not filled in left out.
fn applied(script: &str) -> Vec<Value> {
    let commands = script.lines().filter(|line| line.starts_with("New-NetFirewallRule "));
    commands
        .map(|command| {
            let mut made = rule("made", json!({ "LocalPort": "Any" }));
            for (name, value) in
                command.trim_end_matches(" | Out-Null").split(" -").skip(1).filter_map(|it| it.split_once(' '))
            {
                let value = value.trim_start_matches("@(").trim_end_matches(')').replace('\'', "");
                made[name] = json!(value);
            }
            made
        })
        .collect()
}

#[test]
fn what_the_script_makes_lets_every_flow_pass_and_nothing_else_in() {
    let flows = fixture::flows();
    let generated = write::write(&Request { flows: flows.clone(), as_of: "2026-11-23".to_owned(), log: true });
    let block = json!(
        ["Domain", "Private", "Public"]
            .map(|name| json!({ "Name": name, "Enabled": 1, "DefaultInboundAction": 4, "DefaultOutboundAction": 4 }))
    );
    let rules = read_text(&json!({ "profiles": block, "rules": applied(&generated.rules) }).to_string()).unwrap();

    for judged in judge(&rules, &flows, &Known::default()) {
        assert_eq!(judged.fate(), Fate::Allowed, "{}", judged.flow.id);
    }
    for way in [Way::In, Way::Out] {
        assert!(said(&rules, way, "192.0.2.1/32 2001:db8::1/128")[0].contains("Denied"), "{way:?}");
    }
    let deny = generated.default_deny.unwrap();
    assert!(deny.contains("-DefaultInboundAction Block") && deny.contains("-DefaultOutboundAction Block"), "{deny}");
    assert!(generated.rollback.unwrap().contains("Remove-NetFirewallRule -Group 'WorkOS'"));
    assert!(generated.remarks.join("\n").contains("-LogBlocked True"));
}

#[test]
fn beside_what_is_there_already_the_script_adds_what_was_requested_and_nothing_else() {
    let flows = fixture::flows();
    let generated = write::write(&Request { flows: flows.clone(), as_of: "2026-11-23".to_owned(), log: false });
    let block = json!(
        ["Domain", "Private", "Public"]
            .map(|name| json!({ "Name": name, "Enabled": 1, "DefaultInboundAction": 4, "DefaultOutboundAction": 4 }))
    );
    let with = |made: Vec<Value>| {
        let there = rule("ssh", json!({ "LocalPort": ["22"], "RemoteAddress": ["10.0.0.0/8"] }));
        let rules: Vec<Value> = std::iter::once(there).chain(made).collect();
        read_text(&json!({ "profiles": block, "rules": rules }).to_string()).unwrap()
    };
    let before = with(Vec::new());
    let verdict = |made: Vec<Value>| {
        let (after, known) = (with(made), Known::default());
        compare(&before, &after, &requested(&flows, &known, &before, &after), Budget::default()).verdict
    };
    let mut made = applied(&generated.rules);

    assert_eq!(verdict(made.clone()), compare::Verdict::Exactly);
    made[0]["RemotePort"] = json!("Any");
    assert!(matches!(verdict(made), compare::Verdict::Otherwise(wrong) if wrong.opens_more));
}

#[test]
fn whoever_has_no_published_addresses_or_is_elsewhere_gets_no_rule_until_that_is_filled_in() {
    let mut flows = fixture::flows();
    flows[2].source.ranges.clear();
    flows[1].source.object = "browsers".to_owned();
    let generated = write::write(&Request { flows, as_of: "2026-11-23".to_owned(), log: false });

    assert!(generated.rules.contains("$workos_workos_published = @()\n"), "{}", generated.rules);
    assert!(generated.rules.contains("if ($workos_workos_published) {\n  New-NetFirewallRule"), "{}", generated.rules);
    assert!(generated.rules.contains("if ($workos_browsers) {\n  New-NetFirewallRule"), "{}", generated.rules);
    assert!(applied(&generated.rules).iter().all(|rule| rule["RemoteAddress"].as_str().unwrap().contains('.')));
}

proptest! {
    #[test]
    fn whatever_an_export_holds_it_is_read_or_refused(at in 0_usize..3000, with in "\\PC{0,12}|[\\[\\]{}\",;:0-9*/a-z]{0,12}", keep in 0_usize..40, csv: bool) {
        let json = json!({ "profiles": [{ "Name": "Domain", "Enabled": 1 }], "rules": [rule("a", json!({})), rule("b", json!({ "Profile": 3 }))] });
        let mut text = if csv { CSV.to_owned() } else { json.to_string() };
        let at = at % text.len();
        let end = (at + keep).min(text.len());
        if text.is_char_boundary(at) && text.is_char_boundary(end) {
            text.replace_range(at..end, &with);
        }
        if let Ok(rules) = read(&[Input { name: "x".to_owned(), text }], &Scope::default()) {
            for part in said(&rules, Way::In, "0.0.0.0/0 ::/0") {
                prop_assert!(["Allowed", "Denied", "Unsure"].iter().any(|verdict| part.contains(verdict)), "{:?}", Verdict::Unsure);
            }
        }
    }
}

#[test]
fn what_an_export_lost_of_a_rule_leaves_it_in_doubt_and_what_is_of_the_local_subnet_is_not_of_the_internet() {
    let heading =
        "DisplayName,Enabled,Profile,Direction,Action,Protocol,LocalPort,RemotePort,LocalAddress,RemoteAddress";
    let blocked = format!(
        "{heading}\r\nWeb,True,Any,Inbound,Allow,TCP,443,Any,Any,Any\r\n\
         Lost,True,Any,Inbound,Block,TCP,443,Any,Any,System.String[]\r\n"
    );
    let rules = read_text(&blocked).unwrap();
    assert_eq!(
        said(&rules, Way::In, "3.217.146.166/32"),
        ["3.217.146.166 Unsure by rule Lost unsure whether `System.String[]` stands for the source"]
    );
    let ports = format!("{heading}\r\nLost,True,Any,Inbound,Allow,TCP,System.String[],Any,Any,Any\r\n");
    assert_eq!(
        said(&read_text(&ports).unwrap(), Way::In, "3.217.146.166/32"),
        ["3.217.146.166 Unsure by default of what is inbound unsure whether `System.String[]` stands for the port"]
    );
    let near = format!("{heading}\r\nNear,True,Any,Inbound,Allow,TCP,Any,Any,Any,LocalSubnet\r\n");
    assert_eq!(
        said(&read_text(&near).unwrap(), Way::In, "3.217.146.166/32 10.1.2.3/32"),
        [
            "3.217.146.166 Denied by default of what is inbound",
            "10.1.2.3 Unsure by default of what is inbound unsure whether `LocalSubnet` holds the source",
        ]
    );
}
