use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::firewall::audit::{Fate, Known, judge};
use crate::firewall::compare::{Budget, Verdict, compare, requested};
use crate::firewall::dialects::Request;
use crate::firewall::dialects::round_trip::said;
use crate::firewall::fixture;
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{NoteKind, Way};

fn read_all(documents: &[&Value], only: &[&str]) -> Result<Rules, Unread> {
    let inputs: Vec<Input> = (1..)
        .zip(documents)
        .map(|(nth, document)| Input { name: format!("{nth}.json"), text: document.to_string() })
        .collect();
    assert!(inputs.iter().all(|input| recognises(&input.text)));
    read(&inputs, &Scope { only: only.iter().map(|name| (*name).to_owned()).collect() })
}

fn incoming(document: &Value, peers: &str) -> Vec<String> {
    said(&read_all(&[document], &[]).unwrap(), Way::In, peers)
}

/// A rule as the command line prints it.
fn rule(name: &str, priority: u32, access: &str, source: &Value) -> Value {
    let mut rule = json!({
        "access": access,
        "destinationAddressPrefix": "*",
        "destinationAddressPrefixes": [],
        "destinationPortRange": "443",
        "destinationPortRanges": [],
        "direction": "Inbound",
        "id": format!("/subscriptions/0/resourceGroups/g/providers/Microsoft.Network/networkSecurityGroups/app/securityRules/{name}"),
        "name": name,
        "priority": priority,
        "protocol": "Tcp",
        "sourcePortRange": "*",
        "sourcePortRanges": [],
    });
    match source {
        Value::String(_) => rule["sourceAddressPrefix"] = source.clone(),
        _ => rule["sourceAddressPrefixes"] = source.clone(),
    }
    rule
}

fn group(name: &str, rules: &[Value]) -> Value {
    json!({ "name": name, "id": format!("/subscriptions/0/resourceGroups/g/providers/Microsoft.Network/networkSecurityGroups/{name}"), "securityRules": rules })
}

/// What keeps the default rules, which let in the virtual network, out of it.
fn deny_all() -> Value {
    let mut all = rule("deny-all", 4096, "Deny", &json!("*"));
    all["destinationPortRange"] = json!("*");
    all["protocol"] = json!("*");
    all
}

#[test]
fn rules_are_asked_by_priority_whatever_order_they_stand_in() {
    let document = group(
        "app",
        &[
            deny_all(),
            rule("web", 200, "Allow", &json!("10.0.0.0/8")),
            rule("not-these", 100, "Deny", &json!("10.1.0.0/16")),
        ],
    );

    assert_eq!(
        incoming(&document, "10.0.0.0/15 192.0.2.1/32"),
        [
            "10.0.0.0/16 Allowed by rule web of app, priority 200",
            "10.1.0.0/16 Denied by rule not-these of app, priority 100",
            "192.0.2.1 Denied by rule deny-all of app, priority 4096",
        ]
    );
}

#[test]
fn what_stands_in_the_plural_counts_where_the_singular_is_missing_or_empty() {
    let mut web = rule("web", 100, "Allow", &json!(["192.0.2.1", "198.51.100.0/24"]));
    web.as_object_mut().unwrap().remove("destinationPortRange");
    web["destinationPortRanges"] = json!(["80", "440-450"]);
    let mut empty = web.clone();
    empty["destinationPortRange"] = json!("");
    empty["sourceAddressPrefix"] = Value::Null;
    let mut other_port = web.clone();
    other_port["destinationPortRanges"] = json!(["80", "8443"]);

    for rule in [&web, &empty] {
        assert_eq!(
            incoming(&group("app", &[rule.clone(), deny_all()]), "192.0.2.0/31 198.51.100.7/32"),
            [
                "192.0.2.0 Denied by rule deny-all of app, priority 4096",
                "192.0.2.1, 198.51.100.7 Allowed by rule web of app, priority 100",
            ]
        );
    }
    assert_eq!(
        incoming(&group("app", &[other_port, deny_all()]), "192.0.2.1/32"),
        ["192.0.2.1 Denied by rule deny-all of app, priority 4096"]
    );
}

#[test]
fn every_shape_says_the_same() {
    let flat = group("app", &[rule("web", 100, "Allow", &json!("192.0.2.1")), deny_all()]);
    let nested = |rule: &Value| json!({ "name": rule["name"], "properties": rule });
    let rest = json!({
        "name": "app",
        "type": "Microsoft.Network/networkSecurityGroups",
        "properties": { "securityRules": [nested(&flat["securityRules"][0]), nested(&flat["securityRules"][1])] },
    });
    let template = json!({
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "resources": [
            rest,
            { "type": "Microsoft.Network/virtualNetworks", "name": "v" },
        ],
    });
    let apart = json!({
        "languageVersion": "2.0",
        "resources": {
            "nsg": { "type": "Microsoft.Network/networkSecurityGroups", "name": "app", "properties": {} },
            "web": {
                "type": "Microsoft.Network/networkSecurityGroups/securityRules",
                "name": "app/web",
                "properties": flat["securityRules"][0],
            },
            "deny": {
                "type": "Microsoft.Network/networkSecurityGroups/securityRules",
                "name": "[format('{0}/{1}', 'app', 'deny-all')]",
                "properties": flat["securityRules"][1],
            },
        },
    });
    let powershell = json!({ "Name": "app", "SecurityRules": [
        { "Name": "web", "Priority": 100, "Access": "Allow", "Direction": "Inbound", "Protocol": "TCP",
          "SourceAddressPrefix": ["192.0.2.1"], "DestinationAddressPrefix": ["*"], "DestinationPortRange": ["443"], "SourcePortRange": ["*"] },
        { "Name": "deny-all", "Priority": 4096, "Access": "Deny", "Direction": "Inbound", "Protocol": "*",
          "SourceAddressPrefix": ["*"], "DestinationAddressPrefix": ["*"], "DestinationPortRange": ["*"], "SourcePortRange": ["*"] },
    ] });

    for document in [
        &flat,
        &rest,
        &json!([flat]),
        &json!({ "value": [rest] }),
        &template,
        &apart,
        &powershell,
        &flat["securityRules"],
    ] {
        let verdicts: Vec<String> = incoming(document, "192.0.2.0/31")
            .iter()
            .map(|said| said.split(" by ").next().unwrap().to_owned())
            .collect();
        assert_eq!(verdicts, ["192.0.2.0 Denied", "192.0.2.1 Allowed"], "{document}");
    }
}

#[test]
fn what_azure_adds_to_every_group_is_there_without_being_exported_and_lets_in_nobody_from_the_internet() {
    let rules = read_all(&[&group("app", &[])], &[]).unwrap();

    assert_eq!(
        said(&rules, Way::In, "104.16.0.1/32 2606:4700::1/128"),
        ["104.16.0.1, 2606:4700::1 Denied by default rule 65500 (DenyAllInBound) of app"]
    );
    let inside = &said(&rules, Way::In, "10.0.0.1/32")[0];
    assert!(
        inside.contains("Unsure") && inside.contains("the service tag `VirtualNetwork` holds the source"),
        "{inside}"
    );
    assert_eq!(
        said(&rules, Way::Out, "104.16.0.1/32 2606:4700::1/128"),
        ["104.16.0.1, 2606:4700::1 Allowed by default rule 65001 (AllowInternetOutBound) of app"]
    );
    assert_eq!(
        said(&rules, Way::Out, "10.0.0.1/32"),
        ["10.0.0.1 Allowed by default rule 65000 (AllowVnetOutBound) of app"],
        "a private address is reached through the network or not at all"
    );
    assert!(rules.notes.iter().any(|note| note.kind == NoteKind::Assumed && note.what.contains("a default route")));
}

#[test]
fn the_internet_is_every_public_address_and_no_private_one() {
    let mut shut = rule("shut", 200, "Deny", &json!("*"));
    shut["direction"] = json!("Outbound");
    shut["destinationAddressPrefix"] = json!("internet");
    let open = rule("web", 100, "Allow", &json!("Internet"));
    let rules = read_all(&[&group("app", &[shut, open])], &[]).unwrap();

    assert_eq!(said(&rules, Way::Out, "104.16.0.1/32"), ["104.16.0.1 Denied by rule shut of app, priority 200"]);
    assert!(said(&rules, Way::Out, "10.0.0.1/32")[0].contains("Allowed by default rule 65000"));
    assert_eq!(
        said(&rules, Way::In, "3.217.146.166/32 2606:4700::1/128"),
        ["3.217.146.166, 2606:4700::1 Allowed by rule web of app, priority 100"]
    );
    assert!(!said(&rules, Way::In, "10.0.0.1/32")[0].contains("Allowed"));
}

#[test]
fn what_the_tags_are_taken_for_is_said_once_and_not_where_no_rule_hangs_on_them() {
    let taken = |documents: &[&Value]| {
        let rules = read_all(documents, &[]).unwrap();
        rules.notes.iter().filter(|note| note.what.contains("`Internet`")).count()
    };
    let mut all_out = rule("out", 100, "Deny", &json!("*"));
    all_out["direction"] = json!("Outbound");
    all_out["protocol"] = json!("*");
    all_out["destinationPortRange"] = json!("*");

    assert_eq!(taken(&[&json!([group("one", &[]), group("two", &[])])]), 1);
    assert_eq!(taken(&[&group("shut", &[deny_all(), all_out])]), 0);
}

#[test]
fn a_tag_or_an_application_group_beside_addresses_leaves_these_certain() {
    let mut web = rule("web", 100, "Allow", &json!(["AzureCloud.westeurope", "192.0.2.1"]));
    let tagged = incoming(&group("app", &[web.clone(), deny_all()]), "192.0.2.0/31");
    web["sourceAddressPrefixes"] = json!([]);
    web["sourceApplicationSecurityGroups"] = json!([{ "id": "/subscriptions/0/applicationSecurityGroups/edge" }]);
    let grouped = incoming(&group("app", &[web, deny_all()]), "192.0.2.1/32");

    assert_eq!(
        tagged,
        [
            "192.0.2.0 Unsure by rule deny-all of app, priority 4096 unsure whether \
             the service tag `AzureCloud.westeurope` holds the source",
            "192.0.2.1 Allowed by rule web of app, priority 100",
        ]
    );
    assert!(grouped[0].contains("the application security group `edge` holds the source"), "{grouped:?}");
}

#[test]
fn the_probes_of_a_load_balancer_are_two_addresses() {
    let document = group("app", &[rule("probe", 100, "Allow", &json!("azureloadbalancer")), deny_all()]);

    assert!(incoming(&document, "192.0.2.1/32")[0].contains("Denied"));
    assert!(incoming(&document, "168.63.129.16/32")[0].contains("Unsure"));
}

#[test]
fn the_groups_of_an_interface_and_its_subnet_both_have_to_let_pass_and_what_azure_resolved_is_certain() {
    let effective = |kind: &str, name: &str, rules: Value| {
        json!({
            "association": { kind: { "id": format!("/subscriptions/0/{kind}s/{kind}1") } },
            "networkSecurityGroup": { "id": format!("/subscriptions/0/networkSecurityGroups/{name}") },
            "effectiveSecurityRules": rules,
        })
    };
    let resolved = |name: &str, priority: u32, access: &str, tag: &str, expanded: Value| {
        json!({
            "name": name, "priority": priority, "access": access, "direction": "Inbound", "protocol": "All",
            "sourceAddressPrefix": tag, "sourceAddressPrefixes": [tag], "expandedSourceAddressPrefix": expanded,
            "destinationAddressPrefix": "0.0.0.0/0", "destinationAddressPrefixes": ["0.0.0.0/0"],
            "sourcePortRange": "0-65535", "destinationPortRange": "0-65535",
        })
    };
    let document = json!({ "value": [
        effective("networkInterface", "nic", json!([
            resolved("UserRule_web", 100, "Allow", "AzureCloud", json!(["192.0.2.0/30", "2001:db8::5/128"])),
            resolved("DefaultInboundDenyAll", 65500, "Deny", "0.0.0.0/0", Value::Null),
        ])),
        effective("subnet", "net", json!([
            resolved("UserRule_one", 100, "Deny", "192.0.2.1", Value::Null),
            resolved("UserRule_all", 200, "Allow", "0.0.0.0/0", Value::Null),
            resolved("DefaultInboundDenyAll", 65500, "Deny", "0.0.0.0/0", Value::Null),
        ])),
    ] });

    assert_eq!(
        incoming(&document, "192.0.2.0/31 198.51.100.1/32 2001:db8::1/128"),
        [
            "192.0.2.0 Allowed by rule UserRule_web of nic, at the interface networkInterface1, priority 100",
            "192.0.2.1 Denied by rule UserRule_one of net, at the subnet subnet1, priority 100",
            "198.51.100.1, 2001:db8::1 Denied by rule DefaultInboundDenyAll of nic, at the interface networkInterface1, priority 65500",
        ]
    );
    let v6 = &incoming(&document, "2001:db8::5/128")[0];
    assert!(v6.contains("Unsure") && v6.contains("0.0.0.0/0, as Azure resolved the rule"), "{v6}");
}

#[test]
fn of_several_groups_in_a_list_nobody_knows_which_unless_it_is_named_and_several_files_all_count() {
    let open = group("open", &[rule("web", 100, "Allow", &json!("*"))]);
    let shut = group("shut", &[deny_all()]);
    let list = json!([open, shut]);

    let unsure = &incoming(&list, "192.0.2.1/32")[0];
    assert!(unsure.contains("Unsure") && unsure.contains("`open` is the network security group"), "{unsure}");
    assert!(
        incoming(&json!([shut, group("also", &[deny_all()])]), "192.0.2.1/32").iter().all(|it| it.contains("Denied"))
    );
    let named = |only: &[&str]| said(&read_all(&[&list], only).unwrap(), Way::In, "192.0.2.1/32").remove(0);
    assert!(named(&["OPEN"]).contains("Allowed") && named(&["shut"]).contains("Denied"));
    assert!(named(&["open", "shut"]).contains("Denied"));
    let both = said(&read_all(&[&open, &shut], &[]).unwrap(), Way::In, "192.0.2.1/32").remove(0);
    assert!(both.contains("Denied by rule deny-all of shut"), "{both}");
    let nobody = read_all(&[&list], &["other"]).unwrap_err();
    assert!(nobody.why.contains("open, shut"), "{}", nobody.why);
}

#[test]
fn what_each_of_several_groups_says_holds_whichever_it_is() {
    let web = |name, priority, prefix| group(name, &[rule("web", priority, "Allow", &json!(prefix)), deny_all()]);
    let list = json!([web("one", 100, "*"), web("two", 200, "104.16.0.0/13"), web("three", 300, "Internet")]);
    let rules = read_all(&[&list], &[]).unwrap();
    let verdicts = |way, peers| said(&rules, way, peers).join(" | ");

    assert!(verdicts(Way::In, "104.16.0.0/13").starts_with("104.16.0.0/13 Allowed"), "each lets it in by its own rule");
    assert!(verdicts(Way::In, "192.0.2.1/32").contains("Unsure"), "one of them does not");
    assert!(verdicts(Way::Out, "104.16.0.1/32").contains("Allowed"), "and what Azure adds is the same in all");
}

#[test]
fn what_a_template_computes_is_unsure_and_says_which_words_it_comes_from() {
    let mut web = rule("web", 100, "Allow", &json!("[parameters('sources')]"));
    let computed = &incoming(&group("app", &[web.clone(), deny_all()]), "192.0.2.1/32")[0];
    web["sourceAddressPrefix"] = json!("192.0.2.1");
    web["priority"] = json!("[parameters('first')]");
    let rules = read_all(&[&group("app", &[web.clone(), deny_all()])], &[]).unwrap();
    web["priority"] = json!("100");
    web["destinationPortRange"] = json!("[variables('port')]");
    let port = &incoming(&group("app", &[web, deny_all()]), "192.0.2.1/32")[0];

    assert!(
        computed.contains("Unsure") && computed.contains("`[parameters('sources')]` holds the source"),
        "{computed}"
    );
    assert!(!rules.understood());
    assert!(said(&rules, Way::In, "192.0.2.1/32")[0].contains("Unsure"));
    assert!(said(&rules, Way::In, "192.0.2.2/32")[0].contains("Denied"), "its reach is known");
    assert!(port.contains("`[variables('port')]` holds the port"), "{port}");
    let looped = json!({ "resources": [{ "type": "Microsoft.Network/networkSecurityGroups", "name": "app",
        "properties": { "securityRules": [deny_all()], "copy": [{ "name": "securityRules", "count": 3 }] } }] });
    assert!(incoming(&looped, "192.0.2.1/32")[0].contains("Unsure"));
}

#[test]
fn a_protocol_without_ports_is_not_narrowed_to_them_and_any_protocol_with_ports_is() {
    let mut ping = rule("ping", 100, "Allow", &json!("*"));
    ping["protocol"] = json!("Icmp");
    let mut any = rule("any", 110, "Allow", &json!("192.0.2.1"));
    any["protocol"] = json!("*");
    let rules = read_all(&[&group("app", &[ping, any, deny_all()])], &[]).unwrap();
    let chain = &rules.chains[0];

    assert!(chain.rules[0].when[0].port.is_all() && chain.rules[0].when[0].protocol == Ranges::one(1_u8));
    assert_eq!(chain.rules[1].when[0].protocol, Ranges::of([(6, 6), (17, 17)]));
    assert!(said(&rules, Way::In, "192.0.2.1/32")[0].contains("Allowed by rule any"));
}

#[test]
fn host_bits_malformed_entries_and_priorities_given_twice_are_noted() {
    let rules = read_all(
        &[&group(
            "app",
            &[rule("a", 100, "Allow", &json!(["10.0.0.1/8", "104.16.0/13"])), rule("b", 100, "Deny", &json!("*"))],
        )],
        &[],
    )
    .unwrap();
    let kinds: Vec<NoteKind> =
        rules.notes.iter().map(|note| note.kind).filter(|kind| *kind != NoteKind::Assumed).collect();

    assert_eq!(kinds, [NoteKind::Malformed, NoteKind::HostBits, NoteKind::Malformed], "{:?}", rules.notes);
}

#[test]
fn what_holds_no_group_is_unread_with_the_command_that_exports_one() {
    for text in ["{", "[]", "{\"securityRules\": 1, \"x\": ", "3", "{\"value\": []}"] {
        let input = Input { name: "x".to_owned(), text: text.to_owned() };
        let unread = read(&[input], &Scope::default()).unwrap_err();
        assert!(unread.why.contains("az network nic list-effective-nsg"), "{}", unread.why);
    }
}

/// The commands of a script as the group that they make, with what was not filled in left out.
fn applied(script: &str) -> Value {
    let script = script.replace("\\\n", " ");
    let mut rules = Vec::new();
    let mut is_left_out = false;
    for line in script.lines().map(str::trim) {
        is_left_out = (is_left_out || line.starts_with("if ")) && line != "fi";
        if !line.starts_with("az network nsg rule create") || is_left_out {
            continue;
        }
        let mut rule = json!({});
        for option in line.split(" --").skip(1) {
            let (name, value) = option.split_once(' ').unwrap();
            let plain =
                value.trim().trim_matches('\'').trim_start_matches("$((FIRST_PRIORITY + ").trim_end_matches("))");
            let words: Vec<&str> =
                plain.split(' ').map(|word| if word.starts_with('$') { "*" } else { word }).collect();
            match name {
                "source-address-prefixes" => rule["sourceAddressPrefixes"] = json!(words),
                "destination-address-prefixes" => rule["destinationAddressPrefixes"] = json!(words),
                "destination-port-ranges" => rule["destinationPortRanges"] = json!(words),
                "name" | "priority" | "direction" | "access" | "protocol" => rule[name] = json!(plain),
                _ => {}
            }
        }
        rules.push(rule);
    }
    group("app", &rules)
}

#[test]
fn what_the_script_makes_lets_every_flow_pass_and_with_the_denial_nothing_else() {
    let flows = fixture::flows();
    let generated = script::write(&Request { flows: flows.clone(), as_of: "2026-11-23".to_owned(), log: false });
    let mut made = applied(&generated.rules);
    let denial = applied(&generated.default_deny.unwrap());
    made["securityRules"].as_array_mut().unwrap().extend(denial["securityRules"].as_array().unwrap().iter().cloned());
    let rules = read_all(&[&made], &[]).unwrap();

    assert_eq!(rules.notes, []);
    for judged in judge(&rules, &flows, &Known::default()) {
        assert_eq!(judged.fate(), Fate::Allowed, "{}", judged.flow.id);
    }
    assert!(said(&rules, Way::In, "192.0.2.1/32 2001:db8::1/128")[0].contains("Denied by rule workos-deny-inbound"));
    assert!(said(&rules, Way::Out, "192.0.2.1/32 2001:db8::1/128")[0].contains("Denied by rule workos-deny-outbound"));
    let of_both = |rule: &&Value| {
        let text = rule["sourceAddressPrefixes"].to_string() + &rule["destinationAddressPrefixes"].to_string();
        text.contains("104.16.0.0/13") && text.contains("2606:4700::/32")
    };
    assert_eq!(made["securityRules"].as_array().unwrap().iter().filter(of_both).count(), 0, "Azure takes one family");
}

#[test]
fn beside_what_a_group_holds_already_the_script_adds_what_was_requested_and_nothing_else() {
    let flows = fixture::flows();
    let generated = script::write(&Request { flows: flows.clone(), as_of: "2026-11-23".to_owned(), log: false });
    let made = applied(&generated.rules);
    let there = [rule("ssh", 200, "Allow", &json!("10.0.0.0/8")), deny_all(), {
        let mut out = deny_all();
        out["direction"] = json!("Outbound");
        out
    }];
    let after = |made: &Value| group("app", &[made["securityRules"].as_array().unwrap().as_slice(), &there].concat());
    let before = read_all(&[&group("app", &there)], &[]).unwrap();
    let verdict = |made: &Value| {
        let (after, known) = (read_all(&[&after(made)], &[]).unwrap(), Known::default());
        compare(&before, &after, &requested(&flows, &known, &before, &after), Budget::default()).verdict
    };

    assert_eq!(verdict(&made), Verdict::Exactly);
    let wider: Value = serde_json::from_str(&made.to_string().replace("104.16.0.0/13", "104.16.0.0/12")).unwrap();
    assert!(matches!(verdict(&wider), Verdict::Otherwise(wrong) if wrong.opens_more));
}

#[test]
fn whoever_has_no_published_addresses_gets_no_rule_until_they_are_filled_in() {
    let mut flows = fixture::flows();
    flows[2].source.ranges.clear();
    flows[1].source.object = "browsers".to_owned();
    let request = Request { flows, as_of: "2026-11-23".to_owned(), log: true };

    for (generated, needed) in [
        (
            script::write(&request),
            ["if [ -n \"$WORKOS_PUBLISHED_PREFIXES\" ]", "if [ -n \"$BROWSERS_PREFIXES\" ]", "flow-log"],
        ),
        (bicep::write(&request), ["if (!empty(forWorkosPublished))", "if (!empty(forBrowsers))", "flow-log"]),
    ] {
        let remarks = generated.remarks.join("\n");
        assert!(generated.rules.contains(needed[0]) && generated.rules.contains(needed[1]), "{}", generated.rules);
        assert!(remarks.contains("ingress-workos") && remarks.contains(needed[2]), "{remarks}");
        let rollback = generated.rollback.unwrap();
        for name in ["workos-egress-dns-udp", "workos-ingress-workos", "workos-deny-outbound", "workos-allow-probes"] {
            assert!(rollback.contains(&format!("--name {name}\n")), "{rollback}");
        }
    }
}

#[test]
fn the_template_says_what_the_script_says() {
    let request = Request { flows: fixture::flows(), as_of: "2026-11-23".to_owned(), log: false };
    let (script, template) = (script::write(&request).rules, bicep::write(&request).rules);

    for rule in applied(&script)["securityRules"].as_array().unwrap() {
        let from = template.find(&format!("name: '{}'\n", rule["name"].as_str().unwrap())).unwrap();
        let said = template[from..].split("\n}\n").next().unwrap();
        let mut needed = vec![
            format!("firstPriority + {}\n", rule["priority"].as_str().unwrap()),
            format!("direction: '{}'", rule["direction"].as_str().unwrap()),
            format!("protocol: '{}'", rule["protocol"].as_str().unwrap()),
            format!("destinationPortRange: '{}'", rule["destinationPortRanges"][0].as_str().unwrap()),
        ];
        let prefixes = [&rule["sourceAddressPrefixes"], &rule["destinationAddressPrefixes"]];
        let prefixes = prefixes.into_iter().flat_map(|list| list.as_array().unwrap()).filter(|prefix| *prefix != "*");
        needed.extend(prefixes.map(|prefix| format!("      '{}'\n", prefix.as_str().unwrap())));
        for each in needed {
            assert!(said.contains(&each), "{each}\n{said}");
        }
    }
}

proptest! {
    #[test]
    fn whatever_a_document_holds_it_is_read_or_refused(cut in 0_usize..2000, with in "\\PC{0,12}|[\\[\\]{}\",:0-9*/a-z]{0,12}", keep in 0_usize..40) {
        let mut web = rule("web", 100, "Allow", &json!(["192.0.2.1", "VirtualNetwork"]));
        web["destinationPortRanges"] = json!(["80", "1-2"]);
        let mut text = json!([group("app", &[web, deny_all()]), group("b", &[])]).to_string();
        let cut = cut % text.len();
        if text.is_char_boundary(cut) {
            let end = (cut + keep).min(text.len());
            text.replace_range(cut..end, &with);
        }
        let input = Input { name: "x".to_owned(), text };
        if let Ok(rules) = read(&[input], &Scope::default()) {
            let _ = said(&rules, Way::In, "0.0.0.0/0 ::/0");
        }
    }
}
