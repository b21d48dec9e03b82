use std::collections::BTreeSet;

use proptest::prelude::*;

use super::super::Request;
use super::super::round_trip::{assert_exactly, passes};
use super::*;
use crate::firewall::fixture;

fn input(text: &str) -> Input {
    Input { name: "policies.yaml".to_owned(), text: text.to_owned() }
}

fn of(text: &str, only: &[&str]) -> Rules {
    let scope = Scope { only: only.iter().map(|&name| name.to_owned()).collect() };
    read(&[input(text)], &scope).unwrap_or_else(|unread| panic!("{}: {text}", unread.why))
}

fn rules(text: &str) -> Rules {
    of(text, &[])
}

fn out(rules: &Rules) -> String {
    passes(rules, Way::Out, 6, 443, None)
}

fn into(rules: &Rules) -> String {
    passes(rules, Way::In, 6, 443, None)
}

fn kinds(rules: &Rules) -> BTreeSet<NoteKind> {
    rules.notes.iter().map(|note| note.kind).filter(|kind| *kind != NoteKind::Assumed).collect()
}

/// A `NetworkPolicy` with this spec, in JSON, which is YAML too.
fn policy(name: &str, space: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: {name}, namespace: {space}}}\nspec: {spec}\n"
    )
}

fn cilium(spec: &str) -> String {
    format!(
        "---\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {{name: c, namespace: shop}}\nspec: {spec}\n"
    )
}

const ALL: &str = "any address";

#[test]
fn of_several_namespaces_it_is_told_that_one_has_to_be_named() {
    let both = [policy("deny", "shop", "{podSelector: {}}"), policy("deny", "bank", "{podSelector: {}}")].concat();
    let told = |only: &[&str]| of(&both, only).notes.iter().any(|note| note.what.contains("its namespace is named"));

    assert!(told(&[]));
    assert!(!told(&["shop"]));
    assert_eq!(into(&of(&both, &["shop"])), "");
}

#[test]
fn without_a_policy_all_passes_and_with_one_only_what_it_allows() {
    let nothing = rules(r#"{"apiVersion":"v1","kind":"List","items":[]}"#);
    assert_eq!((out(&nothing).as_str(), into(&nothing).as_str()), (ALL, ALL));

    for (spec, outward, inward) in [
        ("{podSelector: {}}", ALL, ""),
        ("{podSelector: {}, egress: []}", "", ""),
        ("{podSelector: {}, policyTypes: [Egress]}", "", ALL),
        ("{podSelector: {}, policyTypes: [Egress], egress: [{}]}", ALL, ALL),
        ("{podSelector: {}, policyTypes: [Ingress], ingress: [{from: []}]}", ALL, ALL),
        ("{podSelector: {}, egress: [{to: [{ipBlock: {cidr: 1.2.3.0/24}}]}]}", "1.2.3.0/24", ""),
        ("{podSelector: {}, egress: [{ports: [{port: 443}]}]}", ALL, ""),
        ("{podSelector: {}, egress: [{ports: [{port: 80}]}, {ports: [{protocol: UDP, port: 443}]}]}", "", ""),
        ("{podSelector: {}, egress: [{ports: [{port: 400, endPort: 500}]}]}", ALL, ""),
        ("{podSelector: {}, egress: [{ports: [{protocol: TCP}]}]}", ALL, ""),
        ("{podSelector: {}, egress: [{ports: [{protocol: SCTP, port: 443}]}]}", "", ""),
        (
            "{podSelector: {}, egress: [{to: [{ipBlock: {cidr: 1.2.3.0/24, except: [1.2.3.0/25, 1.2.3.192/26]}}], ports: [{port: 443}]}]}",
            "1.2.3.128/26",
            "",
        ),
    ] {
        let rules = rules(&policy("p", "shop", spec));
        assert_eq!((out(&rules).as_str(), into(&rules).as_str()), (outward, inward), "{spec}");
        assert!(kinds(&rules).is_empty(), "{spec}: {:?}", rules.notes);
    }
}

#[test]
fn policies_add_up_and_say_which_rule_lets_a_packet_pass() {
    let text = policy("deny-all", "shop", "{podSelector: {}, policyTypes: [Ingress, Egress]}")
        + &policy(
            "a",
            "shop",
            "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 1.2.3.4/32}}]}]}",
        )
        + &policy(
            "b",
            "shop",
            "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}",
        );
    let rules = rules(&text);

    assert_eq!((out(&rules).as_str(), into(&rules).as_str()), ("1.2.3.4, 10.0.0.0/8", ""));
    let denies = rules.chains[1].policy.as_ref().unwrap();
    assert_eq!(
        (&*denies.place.name, &*denies.place.quoted),
        (
            "the default deny of NetworkPolicy shop/deny-all",
            "NetworkPolicy shop/deny-all, podSelector: {}, policyTypes: [Ingress, Egress]"
        )
    );
    let places: Vec<(String, u32)> =
        rules.chains[1].rules.iter().map(|rule| (rule.place.name.to_string(), rule.place.line)).collect();
    assert_eq!(
        places,
        [
            ("egress rule 1 of NetworkPolicy shop/a".to_owned(), 10),
            ("egress rule 1 of NetworkPolicy shop/b".to_owned(), 15)
        ]
    );
}

#[test]
fn which_pod_is_asked_about_is_named_assumed_or_unsure() {
    let web = policy(
        "web",
        "shop",
        "{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 1.2.3.4/32}}]}]}",
    );
    let database = policy("db", "shop", "{podSelector: {matchLabels: {app: db}}, policyTypes: [Egress], egress: []}");
    let other = policy("deny", "other", "{podSelector: {}, policyTypes: [Egress]}");

    assert_eq!(out(&rules(&web)), "1.2.3.4");
    let two = format!("{web}{database}");
    assert!(out(&rules(&two)).starts_with(" ? "), "{}", out(&rules(&two)));
    for only in ["web", "shop/web", "app=web"] {
        assert_eq!(out(&of(&format!("{two}{other}"), &[only, "shop"])), "1.2.3.4", "{only}");
    }
    assert_eq!(out(&of(&two, &["app=db"])), "");
    assert_eq!(out(&of(&two, &["app=cache"])), ALL);
    let spaces = format!("{other}{}", policy("all", "shop", "{podSelector: {}, policyTypes: [Egress], egress: [{}]}"));
    assert_eq!(out(&rules(&spaces)), " ? any address");
    assert_eq!((out(&of(&spaces, &["shop"])).as_str(), out(&of(&spaces, &["other"])).as_str()), (ALL, ""));
    assert_eq!(kinds(&of(&spaces, &["shpo"])), [NoteKind::Undefined].into());
    let expression = "{podSelector: {matchExpressions: [{key: app, operator: In, values: [web, api]}, {key: tier, operator: DoesNotExist}]}, egress: []}";
    assert_eq!(out(&of(&policy("e", "shop", expression), &["app=db"])), ALL);
    assert_eq!(out(&of(&policy("e", "shop", expression), &["app=api", "tier=x"])), ALL);
}

#[test]
fn pods_are_peers_that_nobody_on_the_internet_is() {
    let spec = "{podSelector: {}, egress: [{to: [{podSelector: {}}, {namespaceSelector: {matchLabels: {a: b}}}]}, {to: [{ipBlock: {cidr: 1.2.3.4/32}}]}]}";
    let rules = rules(&policy("p", "shop", spec));
    let passes = out(&rules);

    assert!(passes.starts_with("1.2.3.4 ? 10.0.0.0/8, 100.64.0.0/10, 172.16.0.0/12, 192.168.0.0/16"), "{passes}");
    assert!(!passes.contains("2606:4700::/32") && kinds(&rules).is_empty());
}

#[test]
fn what_is_not_understood_is_unsure_and_takes_nothing_from_the_rest() {
    let certain = "{to: [{ipBlock: {cidr: 9.9.9.9/32}}]}";
    for (rule, passes) in [
        ("{to: [{ipBlock: {cidr: 1.2.3.0/24}}], ports: [{port: https}]}", "9.9.9.9 ? 1.2.3.0/24"),
        ("{to: [{ipBlock: {cidr: 1.2.3.0/24}}], ports: [{port: \"443\"}]}", "9.9.9.9 ? 1.2.3.0/24"),
        ("{to: [{ipBlock: {cidr: 1.2.3.0/24}}], ports: [{protocol: ICMP}]}", "9.9.9.9 ? 1.2.3.0/24"),
        ("{to: [{ipBlock: {cidr: 1.2.3.0/24}}], ports: [{port: 443, endPort: 80}]}", "9.9.9.9 ? 1.2.3.0/24"),
        ("{to: [{ipBlock: {cidr: 1.2.3.0/24}}], ports: [{endPort: 80}]}", "9.9.9.9 ? 1.2.3.0/24"),
    ] {
        let rules = rules(&policy("p", "shop", &format!("{{podSelector: {{}}, egress: [{rule}, {certain}]}}")));
        assert_eq!(out(&rules), passes, "{rule}");
    }
    for rule in [
        "{to: [{ipBlock: {cidr: 104.16.0/13}}]}",
        "{to: [{ipBlock: {cidr: 010.0.0.0/8}}]}",
        "{to: [{ipBlock: {cidr: 1.2.3.4/32}, podSelector: {}}]}",
        "{to: [{}]}",
        "{to: [{service: x}]}",
        "{from: [{ipBlock: {cidr: 1.2.3.4/32}}]}",
        "{to: [{ipBlock: {cidr: 1.2.3.4/32, exept: [1.2.3.4/32]}}]}",
    ] {
        let rules = rules(&policy("p", "shop", &format!("{{podSelector: {{}}, egress: [{rule}, {certain}]}}")));
        assert!(out(&rules).starts_with("9.9.9.9 ? ") && !rules.understood(), "{rule}: {}", out(&rules));
    }
    for spec in [
        "{podSelector: {matchLabel: {a: b}}, egress: []}",
        "{podSelector: {}, egres: []}",
        "{podSelector: {}, policyTypes: [Egres]}",
    ] {
        let rules = rules(&policy("p", "shop", spec));
        assert!(!rules.understood() && into(&rules).starts_with(" ? "), "{spec}: {}", into(&rules));
    }
    let host_bits = rules(&policy("p", "shop", "{podSelector: {}, egress: [{to: [{ipBlock: {cidr: 10.1.2.3/8}}]}]}"));
    assert_eq!((out(&host_bits).as_str(), kinds(&host_bits)), ("10.0.0.0/8", [NoteKind::HostBits].into()));
    let types = rules(&policy("p", "shop", "{podSelector: {}, policyTypes: [Ingress], egress: [{}]}"));
    assert_eq!((out(&types).as_str(), kinds(&types)), (ALL, [NoteKind::Idle].into()));
}

#[test]
fn policies_of_others_that_decide_too_leave_all_unsure() {
    let text = policy("p", "shop", "{podSelector: {}, policyTypes: [Egress], egress: [{}]}")
        + "---\napiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicy\nmetadata: {name: x}\nspec: {}\n\
           ---\napiVersion: v1\nkind: Service\nmetadata: {name: x}\n";
    let rules = rules(&text);
    assert!(!rules.understood() && out(&rules) == " ? any address", "{}", out(&rules));
    assert!(read(&[input("apiVersion: v1\nkind: Service\n")], &Scope::default()).is_err());
    let chart = read(&[input("kind: NetworkPolicy\nspec: {{ .Values.x }}\n  - {{- end }}\n")], &Scope::default());
    assert!(chart.unwrap_err().why.contains("helm template") || !recognises("{{"), "a template is no policy yet");
}

#[test]
fn cilium_denies_before_it_allows_and_knows_the_world() {
    for (spec, outward) in [
        (
            "{endpointSelector: {}, egress: [{toCIDR: [1.2.3.0/24]}], egressDeny: [{toCIDRSet: [{cidr: 1.2.3.0/25, except: [1.2.3.0/26]}]}]}",
            "1.2.3.0/26, 1.2.3.128/25",
        ),
        ("{endpointSelector: {}, egress: [{}]}", ""),
        ("{endpointSelector: {}, egress: []}", ALL),
        ("{endpointSelector: {}, ingress: [{}]}", ALL),
        ("{endpointSelector: {}, egressDeny: [{toCIDR: [1.2.3.4/32]}]}", ""),
        ("{endpointSelector: {}, enableDefaultDeny: {egress: false}, egressDeny: [{toCIDR: [0.0.0.0/0]}]}", "::/0"),
        ("{endpointSelector: {}, egress: [{toEntities: [all]}]}", ALL),
        ("{endpointSelector: {}, egress: [{toPorts: [{ports: [{port: \"443\"}]}]}]}", ALL),
        ("{endpointSelector: {}, egress: [{toPorts: [{ports: [{port: \"443\", protocol: UDP}]}]}]}", ""),
        ("{endpointSelector: {}, egress: [{toPorts: [{ports: [{port: \"0\", protocol: TCP}]}]}]}", ALL),
        ("{endpointSelector: {}, egress: [{toPorts: [{ports: [{port: \"400\", endPort: 500}]}]}]}", ALL),
        (
            "{endpointSelector: {}, egress: [{toCIDR: [1.2.3.4], toPorts: [{ports: [{port: \"80\"}, {port: \"443\", protocol: TCP}]}]}]}",
            "1.2.3.4",
        ),
    ] {
        let rules = rules(&cilium(spec));
        assert_eq!(out(&rules), outward, "{spec}");
        assert!(kinds(&rules).is_empty(), "{spec}: {:?}", rules.notes);
    }
    let world = out(&rules(&cilium("{endpointSelector: {}, egress: [{toEntities: [world]}]}")));
    let (sure, unsure) = world.split_once(" ? ").unwrap();
    assert!(
        sure.contains("2606:4700::/32") && !sure.contains("10.0.0.0/8") && unsure.starts_with("10.0.0.0/8"),
        "{world}"
    );
}

#[test]
fn cilium_goes_by_names_once_it_sees_dns() {
    let with = |names: &str, dns: &str| {
        let rules = rules(&cilium(&format!(
            "{{endpointSelector: {{}}, egress: [{{toFQDNs: [{names}], toPorts: [{{ports: [{{port: \"443\", protocol: TCP}}]}}]}}{dns}]}}"
        )));
        assert!(rules.understood(), "{names}: {:?}", rules.notes);
        move |host: &str| passes(&rules, Way::Out, 6, 443, Some(host)).replace(", ", ",")
    };
    let dns = ", {toEntities: [cluster], toPorts: [{ports: [{port: \"53\", protocol: ANY}], rules: {dns: [{matchPattern: \"*\"}]}}]}";
    let named = with("{matchName: api.workos.com}, {matchPattern: \"*.authkit.app\"}", dns);
    assert_eq!((named("api.workos.com").as_str(), named("x.authkit.app").as_str()), (ALL, ALL));
    assert_eq!(
        (named("a.b.authkit.app").as_str(), named("authkit.app").as_str(), named("workos.com").as_str()),
        ("", "", "")
    );
    assert_eq!(with("{matchPattern: \"*\"}", dns)("anything.example"), ALL);
    assert_eq!(with("{matchPattern: \"**.workos.com\"}", dns)("a.b.workos.com"), ALL);
    assert_eq!(with("{matchPattern: \"api*.workos.com\"}", dns)("api.workos.com"), " ? any address");
    assert_eq!(
        with("{matchName: api.workos.com}", "")("api.workos.com"),
        " ? any address",
        "without DNS it knows no name"
    );
    let http = ", {toCIDR: [1.2.3.4/32], toPorts: [{ports: [{port: \"80\", protocol: TCP}], rules: {http: [{}]}}]}";
    assert_eq!(with("{matchName: api.workos.com}", http)("api.workos.com"), " ? any address");
}

#[test]
fn what_cilium_says_beyond_addresses_and_ports_is_unsure() {
    for rule in [
        "{toCIDR: [1.2.3.4/32], toPorts: [{ports: [{port: \"443\", protocol: TCP}], rules: {http: [{method: GET}]}}]}",
        "{toCIDR: [1.2.3.4/32], toPorts: [{ports: [{port: \"443\", protocol: TCP}], serverNames: [x]}]}",
        "{toCIDR: [1.2.3.4/32], authentication: {mode: required}}",
        "{toCIDR: [1.2.3.4/32], toPorts: [{ports: [{port: https, protocol: TCP}]}]}",
    ] {
        let rules = rules(&cilium(&format!("{{endpointSelector: {{}}, egress: [{rule}]}}")));
        assert_eq!((out(&rules).as_str(), rules.understood()), (" ? 1.2.3.4", true), "{rule}");
    }
    for rule in [
        "{toCIDR: [1.2.3.4/32], toEntities: [world]}",
        "{toCIDR: []}",
        "{toRequires: [{}]}",
        "{toPorts: [{}]}",
        "{toPorts: [{ports: [{port: \"0443\"}]}]}",
        "{toEntities: [moon]}",
        "{toCIDR: [1.2.3/24]}",
        "{toCidr: [1.2.3.4/32]}",
    ] {
        let rules = rules(&cilium(&format!("{{endpointSelector: {{}}, egress: [{rule}]}}")));
        assert!(out(&rules).starts_with(" ? ") && !rules.understood(), "{rule}: {}", out(&rules));
    }
    let nodes = rules(&cilium("{nodeSelector: {}, egress: [{}]}"));
    assert_eq!((out(&nodes).as_str(), kinds(&nodes)), (ALL, [NoteKind::Idle].into()));
}

#[test]
fn cluster_wide_policies_are_bound_to_a_namespace_by_their_labels() {
    let text = "apiVersion: cilium.io/v2\nkind: CiliumClusterwideNetworkPolicy\nmetadata: {name: all}\nspecs:\n\
                - {endpointSelector: {matchLabels: {\"k8s:io.kubernetes.pod.namespace\": shop}}, egress: [{toCIDR: [1.2.3.4/32]}]}\n\
                - {endpointSelector: {matchLabels: {io.kubernetes.pod.namespace: other}}, egress: [{toCIDR: [9.9.9.9/32]}]}\n";
    assert_eq!(out(&of(text, &["shop"])), "1.2.3.4");
    assert!(out(&rules(text)).contains('?'));
    let everywhere = text
        .replace("\"k8s:io.kubernetes.pod.namespace\"", "\"k8s:k8s.io/tier\"")
        .replace("io.kubernetes.pod.namespace: other", "\"any:k8s.io/tier\": other");
    assert_eq!(out(&of(&everywhere, &["k8s.io/tier=shop"])), "1.2.3.4");
    assert_eq!(out(&of(&everywhere, &["app=web"])), " ? any address");
    let of_another = cilium("{endpointSelector: {matchLabels: {io.kubernetes.pod.namespace: other}}, egress: [{}]}");
    assert_eq!(out(&rules(&of_another)), ALL, "a policy of a namespace selects nothing in another");
}

#[test]
fn what_is_written_reads_back_as_the_flows_and_nothing_else() {
    let request = || Request { flows: fixture::flows(), as_of: "2026-02-11".to_owned(), log: true };
    let text = write::write(&request()).rules;
    let back = rules(&text);
    assert!(recognises(&text) && kinds(&back).is_empty(), "{:?}", back.notes);
    assert_exactly(&back, &fixture::flows());

    let written = write_cilium::write(&request());
    let back = rules(&format!("{}{}", written.rules, written.default_deny.unwrap()));
    assert!(kinds(&back).is_empty(), "{:?}", back.notes);
    assert_eq!(passes(&back, Way::Out, 6, 443, Some("api.workos.com")), ALL);
    assert_eq!(passes(&back, Way::Out, 6, 443, Some("example.com")), "");
    assert!(passes(&back, Way::Out, 17, 53, None).starts_with("10.20.0.2 ? "), "the cluster's DNS besides");
    let without_names: Vec<_> =
        fixture::flows().into_iter().filter(|flow| flow.direction == crate::firewall::Direction::Ingress).collect();
    for port in [442, 443, 444] {
        let all = if port == 443 {
            let nets: Vec<ipnet::IpNet> = without_names.iter().flat_map(|flow| flow.source.ranges.clone()).collect();
            crate::firewall::addresses::in_words(&crate::firewall::addresses::networks(&nets))
        } else {
            String::new()
        };
        assert_eq!(passes(&back, Way::In, 6, port, None), all, "{port}");
    }
    let alone = rules(&written.rules);
    assert_eq!((out(&alone).as_str(), into(&alone).as_str()), (ALL, ALL), "by itself it denies nothing");
}

#[test]
fn a_flow_without_addresses_goes_by_name_or_is_remarked() {
    let mut flows = fixture::flows();
    flows.truncate(2);
    flows[0].destination.ranges.clear();
    flows[1].destination.ranges.clear();
    flows[1].destination.within = None;
    let request = Request { flows, as_of: "2026-02-11".to_owned(), log: false };
    let plain = write::write(&request);
    assert!(
        plain.remarks.iter().any(|remark| remark.contains("goes by addresses: egress-api: ")),
        "{:?}",
        plain.remarks
    );
    assert!(plain.rules.contains("k8s-app: kube-dns") && rules(&plain.rules).understood());
    let named = write_cilium::write(&request);
    assert!(named.rules.contains("matchName: \"api.workos.com\"") && rules(&named.rules).understood());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn a_garbled_policy_is_refused_noted_or_means_the_same(at in any::<prop::sample::Index>(), garble in "[a-z0-9!?*&{}:\\[\\],\"# -]{1,3}", cut in 0_usize..3) {
        let text = policy("p", "shop", "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 1.2.3.0/24, except: [1.2.3.128/25]}}], ports: [{protocol: TCP, port: 443}]}]}");
        let begin = text.find("policyTypes").unwrap();
        let at = begin + at.index(text.len() - begin);
        let to = (at + cut).min(text.len());
        let garbled = format!("{}{garble}{}", &text[..at], &text[to..]);
        if let Ok(rules) = read(&[input(&garbled)], &Scope::default()) {
            let _ = (out(&rules), into(&rules));
        }
    }

    #[test]
    fn an_unknown_word_is_never_passed_over(which in 0_usize..12, letter in "[q-z]") {
        let words = ["policyTypes", "Egress", "egress", "to:", "ipBlock", "cidr", "1.2.3.0", "except", "1.2.3.128", "ports", "protocol", "TCP"];
        let text = policy("p", "shop", "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 1.2.3.0/24, except: [1.2.3.128/25]}}], ports: [{protocol: TCP, port: 443}]}]}");
        let garbled = text.replacen(words[which], &format!("{letter}{}", words[which]), 1);
        let rules = rules(&garbled);
        prop_assert!(!rules.understood(), "{}", garbled);
    }

    #[test]
    fn an_unknown_word_in_a_policy_of_cilium_is_never_passed_over(which in 0_usize..12, letter in "[q-z]") {
        let words = ["endpointSelector", "egress:", "toCIDRSet", "cidr", "1.2.3.0", "except", "1.2.3.128", "toPorts", "ports:", "protocol", "TCP", "egressDeny"];
        let text = cilium("{endpointSelector: {}, egress: [{toCIDRSet: [{cidr: 1.2.3.0/24, except: [1.2.3.128/25]}], toPorts: [{ports: [{protocol: TCP, port: \"443\"}]}]}], egressDeny: [{toEntities: [world]}]}");
        let garbled = text.replacen(words[which], &format!("{letter}{}", words[which]), 1);
        let rules = rules(&garbled);
        prop_assert!(!rules.understood(), "{}", garbled);
    }

    #[test]
    fn whatever_stands_there_never_breaks(text in "(kind: NetworkPolicy|apiVersion: networking.k8s.io/v1|spec:|egress:|[ \n:{}\\[\\]\"&*-]|to|a){0,40}") {
        let _ = (recognises(&text), read(&[input(&text)], &Scope::default()).is_ok());
    }
}
