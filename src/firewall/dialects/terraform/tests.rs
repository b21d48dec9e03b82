//! What plans and states are read as: asked of the evaluation, as whoever reads a report would see it.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::firewall::addresses::{Family, in_words, networks};
use crate::firewall::evaluate::{Part, Peer, Question, Verdict, ask};
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::Way;

fn try_read(text: &str, only: &[&str]) -> Result<Rules, Unread> {
    let scope = Scope { only: only.iter().map(|only| (*only).to_owned()).collect() };
    read(&[Input { name: "plan.json".to_owned(), text: text.to_owned() }], &scope)
}

fn read_plan(plan: &Value) -> Rules {
    try_read(&plan.to_string(), &[]).unwrap()
}

fn asked(rules: &Rules, way: Way, peers: Ranges, port: u16) -> Vec<Part<'_>> {
    let peer = if way == Way::In { Peer::Source } else { Peer::Destination };
    ask(rules, &Question { way, peers, peer, here: None, protocol: 6, port, from: None, to: None, host: None })
}

/// What becomes of these peers at a TCP port, in words.
fn says(rules: &Rules, way: Way, peers: &str, port: u16) -> String {
    let nets: Vec<_> = peers.split(' ').map(|net| net.parse().unwrap()).collect();
    let said = |part: &Part| match part.verdict {
        Verdict::Allowed => format!("allowed {}", in_words(&part.peers)),
        Verdict::Denied => format!("denied {}", in_words(&part.peers)),
        Verdict::Unsure => format!("unsure {}: {}", in_words(&part.peers), part.why.join("; ")),
    };
    asked(rules, way, networks(&nets), port).iter().map(said).collect::<Vec<_>>().join(" | ")
}

fn notes(rules: &Rules) -> Vec<String> {
    rules.notes.iter().map(|note| format!("{:?} {}: {}", note.kind, note.place.name, note.what)).collect()
}

/// A resource as it is planned: its address, its values, and which of those are not known.
type Planned = (&'static str, Value, Value);

fn resource(address: &str, values: &Value) -> Value {
    let kind = bare_kind(address);
    json!({"address": address, "mode": "managed", "type": kind, "name": "x", "provider_name": "p", "values": values})
}

fn bare_kind(address: &str) -> String {
    let bare = document::bare(address);
    let parts: Vec<&str> = bare.split('.').collect();
    parts[parts.len() - 2].to_owned()
}

/// A plan of resources at the root and in modules, with the module at the root as it is written.
fn plan_of(resources: &[Planned], configuration: &Value) -> Value {
    let at = |module: &str| -> Vec<Value> {
        let of = resources.iter().filter(|(address, ..)| document::instance(address) == module);
        of.map(|(address, values, _)| resource(address, values)).collect()
    };
    let mut modules: Vec<&str> = resources.iter().map(|(address, ..)| document::instance(address)).collect();
    modules.sort_unstable();
    modules.dedup();
    let children: Vec<Value> = modules
        .iter()
        .filter(|module| !module.is_empty())
        .map(|module| json!({"address": module, "resources": at(module)}))
        .collect();
    let changes: Vec<Value> = resources
        .iter()
        .map(|(address, values, unknown)| {
            json!({"address": address, "type": bare_kind(address),
                "change": {"actions": ["create"], "before": null, "after": values, "after_unknown": unknown}})
        })
        .collect();
    json!({"format_version": "1.2", "terraform_version": "1.9.0",
        "planned_values": {"root_module": {"resources": at(""), "child_modules": children}},
        "resource_changes": changes, "configuration": {"root_module": configuration}, "complete": true, "errored": false})
}

/// A group that has no rules of its own, which is only known to have none once it is there.
fn empty_group(address: &'static str) -> Planned {
    (address, json!({"name": "app"}), json!({"id": true, "ingress": true, "egress": true}))
}

fn rule_of(address: &'static str, cidr: &str, unknown: Value) -> Planned {
    let values = json!({"cidr_ipv4": cidr, "cidr_ipv6": null, "ip_protocol": "tcp", "from_port": 443, "to_port": 443,
        "prefix_list_id": null, "referenced_security_group_id": null, "tags": null, "description": "d"});
    (address, values, unknown)
}

#[expect(clippy::needless_pass_by_value, reason = "what is written stands where it is used")]
fn written(address: &str, expressions: Value) -> Value {
    json!({"address": address, "mode": "managed", "type": bare_kind(address), "expressions": expressions})
}

fn refers(to: &[&str]) -> Value {
    json!({"references": to})
}

#[test]
fn a_group_with_inline_rules_is_read_whether_a_list_is_null_empty_or_full() {
    let block = |ports: (i32, i32), protocol: &str, v4: &[&str], other: Value| {
        json!({"from_port": ports.0, "to_port": ports.1, "protocol": protocol, "cidr_blocks": v4, "ipv6_cidr_blocks": other,
            "prefix_list_ids": other, "security_groups": other, "self": false, "description": ""})
    };
    for other in [json!(null), json!([])] {
        let group = json!({"name": "app", "tags": {"Name": "the app"},
            "ingress": [block((443, 443), "tcp", &["104.16.0.0/13", "104.24.0.0/14"], other.clone())],
            "egress": [block((0, 0), "-1", &["0.0.0.0/0"], other.clone())]});
        let rules = read_plan(&plan_of(&[("aws_security_group.app", group, json!({"id": true}))], &json!({})));

        assert_eq!(
            says(&rules, Way::In, "104.16.0.0/12 2606:4700::/32", 443),
            "allowed 104.16.0.0/13 | allowed 104.24.0.0/14 | denied 104.28.0.0/14, 2606:4700::/32"
        );
        assert_eq!(
            says(&rules, Way::Out, "104.16.0.0/13 2606:4700::/32", 22),
            "allowed 104.16.0.0/13 | denied 2606:4700::/32"
        );
        assert_eq!(notes(&rules), [""; 0]);
    }
}

#[test]
fn rules_that_are_resources_belong_to_the_group_that_they_refer_to() {
    let legacy = json!({"type": "egress", "protocol": "-1", "from_port": 0, "to_port": 0, "cidr_blocks": ["0.0.0.0/0"],
        "ipv6_cidr_blocks": null, "prefix_list_ids": null, "self": false, "source_security_group_id": null});
    let to_group = || json!({"security_group_id": refers(&["aws_security_group.app.id", "aws_security_group.app"])});
    let configuration = json!({"resources": [
        written("aws_security_group.app", json!({"name": {"constant_value": "app"}})),
        written("aws_vpc_security_group_ingress_rule.cf", to_group()),
        written("aws_security_group_rule.out", to_group()),
    ]});
    let rules = read_plan(&plan_of(
        &[
            empty_group("aws_security_group.app"),
            rule_of(
                "aws_vpc_security_group_ingress_rule.cf",
                "104.16.0.0/13",
                json!({"id": true, "security_group_id": true}),
            ),
            ("aws_security_group_rule.out", legacy, json!({"id": true, "security_group_id": true})),
        ],
        &configuration,
    ));

    assert_eq!(says(&rules, Way::In, "104.16.0.0/12", 443), "allowed 104.16.0.0/13 | denied 104.24.0.0/13");
    assert_eq!(says(&rules, Way::Out, "104.16.0.0/12 ::/0", 443), "allowed 104.16.0.0/12 | denied ::/0");
    assert_eq!(notes(&rules), [""; 0]);
    let name = rules.chains[0].rules[0].place.name.to_string();
    assert_eq!(name, "aws_vpc_security_group_ingress_rule.cf (tcp 443)");
}

#[test]
fn references_are_followed_through_variables_outputs_and_instances_of_modules() {
    let configuration = json!({
        "resources": [written("aws_vpc_security_group_ingress_rule.out", json!({
            "security_group_id": refers(&["module.sg[0].group_id", "module.sg[0]"])}))],
        "module_calls": {
            "sg": {"module": {
                "outputs": {"group_id": {"expression": refers(&["aws_security_group.app.id", "aws_security_group.app"])}},
                "resources": [
                    {"address": "aws_security_group.app", "type": "aws_security_group"},
                    written("aws_vpc_security_group_ingress_rule.own", json!({
                        "security_group_id": refers(&["aws_security_group.app.id", "aws_security_group.app"])})),
                ]}},
            "rules": {"expressions": {"gid": refers(&["module.sg[1].group_id", "module.sg[1]"])}, "module": {
                "resources": [written("aws_vpc_security_group_ingress_rule.given", json!({
                    "security_group_id": refers(&["var.gid"])}))]}},
        }
    });
    let unknown = || json!({"security_group_id": true});
    let plan = plan_of(
        &[
            empty_group("module.sg[0].aws_security_group.app"),
            empty_group("module.sg[1].aws_security_group.app"),
            rule_of("aws_vpc_security_group_ingress_rule.out", "1.0.0.0/8", unknown()),
            rule_of("module.sg[0].aws_vpc_security_group_ingress_rule.own", "2.0.0.0/8", unknown()),
            rule_of("module.sg[1].aws_vpc_security_group_ingress_rule.own", "3.0.0.0/8", unknown()),
            rule_of("module.rules.aws_vpc_security_group_ingress_rule.given", "4.0.0.0/8", unknown()),
        ],
        &configuration,
    );
    let of = |group: &str| try_read(&plan.to_string(), &[group]).unwrap();

    let all = "1.0.0.0/8 2.0.0.0/8 3.0.0.0/8 4.0.0.0/8";
    assert_eq!(
        says(&of("module.sg[0].aws_security_group.app"), Way::In, all, 443),
        "allowed 1.0.0.0/8 | allowed 2.0.0.0/8 | denied 3.0.0.0/8, 4.0.0.0/8"
    );
    assert_eq!(
        says(&of("module.sg[1].aws_security_group.app"), Way::In, all, 443),
        "denied 1.0.0.0/8, 2.0.0.0/8 | allowed 3.0.0.0/8 | allowed 4.0.0.0/8"
    );
}

#[test]
fn a_rule_whose_group_cannot_be_found_out_is_unsure() {
    let cannot = json!({"resources": [
        {"address": "aws_security_group.app", "type": "aws_security_group"},
        written("aws_vpc_security_group_ingress_rule.cf", json!({"security_group_id": refers(&["aws_vpc.x.default_security_group_id"])}))]});
    let rule =
        || rule_of("aws_vpc_security_group_ingress_rule.cf", "104.16.0.0/13", json!({"security_group_id": true}));
    let one = read_plan(&plan_of(&[empty_group("aws_security_group.app"), rule()], &cannot));
    let none = read_plan(&plan_of(&[rule()], &cannot));

    assert_eq!(
        says(&one, Way::In, "104.16.0.0/12", 443),
        "unsure 104.16.0.0/13: aws_vpc_security_group_ingress_rule.cf belongs to aws_security_group.app (app) | denied 104.24.0.0/13"
    );
    assert!(says(&none, Way::In, "104.24.0.0/13", 443).starts_with("unsure"), "what else its group has is not there");
}

#[test]
fn a_local_value_is_the_group_that_its_module_makes_where_it_makes_one_alone() {
    let rule =
        written("aws_vpc_security_group_ingress_rule.cf", json!({"security_group_id": refers(&["local.this_sg_id"])}));
    let group = json!({"address": "aws_security_group.app", "type": "aws_security_group"});
    let configuration = json!({"module_calls": {"sg": {"module": {"resources": [group, rule]}}}});
    let rule = |of: &'static str| rule_of(of, "104.16.0.0/13", json!({"security_group_id": true}));
    let [app, other] = ["module.sg.aws_security_group.app[0]", "module.sg.aws_security_group.app[1]"].map(empty_group);
    let rule = rule("module.sg.aws_vpc_security_group_ingress_rule.cf[0]");
    let alone = read_plan(&plan_of(&[app.clone(), rule.clone()], &configuration));
    let beside = read_plan(&plan_of(&[app, other, rule], &configuration));

    assert_eq!(says(&alone, Way::In, "104.16.0.0/12", 443), "allowed 104.16.0.0/13 | denied 104.24.0.0/13");
    assert!(
        notes(&alone)[0].contains("taken to be module.sg.aws_security_group.app[0], the only one"),
        "{:?}",
        notes(&alone)
    );
    assert!(says(&beside, Way::In, "104.16.0.0/13", 443).starts_with("unsure"));
}

#[test]
fn rules_for_a_group_that_is_not_in_the_plan_leave_the_rest_of_it_unsure() {
    let (address, mut values, _) = rule_of("aws_vpc_security_group_ingress_rule.cf", "104.16.0.0/13", json!({}));
    values["security_group_id"] = json!("sg-0123");
    let rules = read_plan(&plan_of(&[(address, values, json!({}))], &json!({})));

    assert_eq!(
        says(&rules, Way::In, "104.16.0.0/12", 443),
        "allowed 104.16.0.0/13 | unsure 104.24.0.0/13: sg-0123 has another rule that lets it pass, ingress"
    );
    assert!(notes(&rules)[0].starts_with("Undefined sg-0123"));
}

#[test]
fn what_is_known_after_it_is_applied_is_unsure_and_nothing_else() {
    let values = json!({"type": "ingress", "protocol": "tcp", "from_port": 443, "to_port": 443, "security_group_id": "sg-1",
        "cidr_blocks": ["104.16.0.0/13", null], "self": false});
    let unknown = json!({"cidr_blocks": [false, true]});
    let group =
        || ("aws_security_group.app", json!({"id": "sg-1", "name": "app", "ingress": [], "egress": []}), json!({}));
    let list = read_plan(&plan_of(&[group(), ("aws_security_group_rule.cf", values.clone(), unknown)], &json!({})));
    let mut port = values.clone();
    port["cidr_blocks"] = json!(["104.16.0.0/13"]);
    port.as_object_mut().unwrap().remove("from_port");
    let port =
        read_plan(&plan_of(&[group(), ("aws_security_group_rule.cf", port, json!({"from_port": true}))], &json!({})));
    let blocks =
        ("aws_security_group.app", json!({"id": "sg-1", "name": "app", "egress": []}), json!({"ingress": true}));
    let written_so = json!({"resources": [written("aws_security_group.app", json!({"ingress": refers(&["var.x"])}))]});
    let blocks = read_plan(&plan_of(&[blocks], &written_so));

    assert_eq!(
        says(&list, Way::In, "104.16.0.0/12", 443),
        "allowed 104.16.0.0/13 | unsure 104.24.0.0/13: `cidr_blocks` of aws_security_group_rule.cf (tcp 443), known after it is \
         applied, holds the address"
    );
    assert_eq!(says(&list, Way::In, "104.24.0.0/13", 80), "denied 104.24.0.0/13");
    assert!(says(&port, Way::In, "104.16.0.0/12", 80).starts_with("unsure 104.16.0.0/13"));
    assert!(says(&port, Way::In, "104.16.0.0/12", 80).ends_with("denied 104.24.0.0/13") && !port.understood());
    assert!(says(&blocks, Way::In, "1.1.1.1/32", 443).starts_with("unsure 1.1.1.1: a rule among `ingress` of"));
    assert_eq!(says(&blocks, Way::Out, "1.1.1.1/32", 443), "denied 1.1.1.1");
}

#[test]
fn a_rule_that_goes_is_gone_though_the_state_of_its_group_still_has_it() {
    let inline = |cidrs: &[&str]| json!({"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": cidrs});
    let group = json!({"id": "sg-1", "name": "app", "ingress": [inline(&["1.0.0.0/8", "2.0.0.0/8"])], "egress": []});
    let configuration = json!({"resources": [{"address": "aws_security_group.app", "type": "aws_security_group"}]});
    let mut plan = plan_of(&[("aws_security_group.app", group, json!({}))], &configuration);
    let before = json!({"type": "ingress", "protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": ["2.0.0.0/8"],
        "security_group_id": "sg-1"});
    plan["resource_changes"].as_array_mut().unwrap().push(json!({"address": "aws_security_group_rule.old",
        "type": "aws_security_group_rule", "change": {"actions": ["delete"], "before": before, "after": null}}));

    assert_eq!(says(&read_plan(&plan), Way::In, "1.0.0.0/8 2.0.0.0/8", 443), "allowed 1.0.0.0/8 | denied 2.0.0.0/8");
}

#[test]
fn a_state_is_read_like_a_plan_and_so_are_modules_within_modules() {
    let group = resource(
        "module.a.module.b.aws_security_group.app",
        &json!({"id": "sg-1", "name": "app", "egress": [],
        "ingress": [{"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": ["1.0.0.0/8"], "self": true}]}),
    );
    let state = json!({"format_version": "1.0", "terraform_version": "1.9.0", "values": {"root_module": {"child_modules": [
        {"address": "module.a", "child_modules": [{"address": "module.a.module.b", "resources": [group]}]}]}}});
    let rules = read_plan(&state);

    assert!(recognises(&state.to_string()));
    assert_eq!(
        says(&rules, Way::In, "1.0.0.0/8 10.0.0.0/8", 443),
        "allowed 1.0.0.0/8 | unsure 10.0.0.0/8: the peer is a member of module.a.module.b.aws_security_group.app"
    );
    assert_eq!(says(&rules, Way::Out, "1.0.0.0/8", 443), "denied 1.0.0.0/8");
}

#[test]
fn a_prefix_list_is_known_by_the_plan_by_what_was_looked_up_and_otherwise_unsure() {
    let group =
        || ("aws_security_group.app", json!({"id": "sg-1", "name": "app", "ingress": [], "egress": []}), json!({}));
    let rule = |list: Value, unknown: Value| {
        let (address, mut values, _) = rule_of("aws_vpc_security_group_ingress_rule.cf", "", json!({}));
        (values["prefix_list_id"], values["security_group_id"]) = (list, json!("sg-1"));
        (address, values, unknown)
    };
    let list = json!({"name": "cf", "address_family": "IPv4", "entry": [{"cidr": "104.16.0.0/13", "description": ""}]});
    let planned = ("aws_ec2_managed_prefix_list.cf", list.clone(), json!({"id": true}));
    let configuration = json!({"resources": [written("aws_vpc_security_group_ingress_rule.cf", json!({
        "prefix_list_id": refers(&["aws_ec2_managed_prefix_list.cf.id", "aws_ec2_managed_prefix_list.cf"])}))]});
    let made = plan_of(&[group(), planned, rule(json!(null), json!({"prefix_list_id": true}))], &configuration);
    let mut looked_up = plan_of(&[group(), rule(json!("pl-1"), json!({}))], &json!({}));
    looked_up["prior_state"] = json!({"values": {"root_module": {"resources": [{"address": "data.aws_ec2_managed_prefix_list.cf",
        "mode": "data", "type": "aws_ec2_managed_prefix_list", "values": {"id": "pl-1", "name": "cf",
        "entries": [{"cidr": "104.16.0.0/13", "description": ""}]}}]}}});
    let unknown = plan_of(&[group(), rule(json!("pl-2"), json!({}))], &json!({}));

    for plan in [made, looked_up] {
        let rules = read_plan(&plan);
        assert_eq!(says(&rules, Way::In, "104.16.0.0/12", 443), "allowed 104.16.0.0/13 | denied 104.24.0.0/13");
        assert!(rules.understood());
    }
    let rules = read_plan(&unknown);
    assert_eq!(says(&rules, Way::In, "104.16.0.0/13", 443), "unsure 104.16.0.0/13: prefix list pl-2 holds the address");
    assert!(notes(&rules)[0].contains("aws_ec2_managed_prefix_list"));
}

#[test]
fn network_acls_are_read_with_their_entries_in_order_and_need_the_way_back() {
    let acl = json!({"id": "acl-1", "vpc_id": "vpc-1", "tags": {"Name": "dmz"},
        "ingress": [{"rule_no": 200, "action": "allow", "protocol": "tcp", "from_port": 443, "to_port": 443,
            "cidr_block": "0.0.0.0/0", "ipv6_cidr_block": "", "icmp_code": 0, "icmp_type": 0}], "egress": []});
    let rule = |number: i32, egress: bool, action: &str, ports: (i32, i32)| {
        json!({"network_acl_id": "acl-1", "rule_number": number, "egress": egress, "protocol": "6", "rule_action": action,
            "cidr_block": "104.24.0.0/14", "from_port": ports.0, "to_port": ports.1, "ipv6_cidr_block": null,
            "icmp_type": null, "icmp_code": null})
    };
    let deny = || ("aws_network_acl_rule.deny", rule(100, false, "deny", (443, 443)), json!({"id": true}));
    let mut back = rule(100, true, "allow", (1024, 65535));
    back["cidr_block"] = json!("104.16.0.0/12");
    let one_way = read_plan(&plan_of(&[("aws_network_acl.dmz", acl.clone(), json!({})), deny()], &json!({})));
    let both = [("aws_network_acl.dmz", acl, json!({})), deny(), ("aws_network_acl_rule.back", back, json!({}))];
    let both = read_plan(&plan_of(&both, &json!({})));

    assert_eq!(says(&one_way, Way::In, "104.16.0.0/13", 443), "denied 104.16.0.0/13");
    assert_eq!(
        says(&both, Way::In, "104.16.0.0/12", 443),
        "allowed 104.16.0.0/13, 104.28.0.0/14 | denied 104.24.0.0/14"
    );
    assert_eq!(notes(&both), [""; 0]);
}

#[expect(clippy::needless_pass_by_value, reason = "what is written stands where it is used")]
fn azure_rule(name: &str, priority: u32, access: &str, sources: Value) -> Value {
    json!({"name": name, "priority": priority, "direction": "Inbound", "access": access, "protocol": "Tcp",
        "source_port_range": "*", "destination_port_range": "443", "destination_address_prefix": "*",
        "source_address_prefix": null, "source_address_prefixes": sources, "destination_address_prefixes": null,
        "source_port_ranges": [], "destination_port_ranges": [], "description": ""})
}

#[test]
fn groups_of_azure_are_read_by_priority_wherever_their_rules_stand() {
    let group = json!({"name": "nsg", "security_rule": [azure_rule("all", 200, "Allow", json!(["0.0.0.0/0"]))]});
    let mut deny = azure_rule("deny", 100, "Deny", json!(["104.24.0.0/14"]));
    deny["network_security_group_name"] = json!("nsg");
    let mut later = azure_rule("later", 90, "Deny", json!(null));
    later.as_object_mut().unwrap().remove("source_address_prefixes");
    let group = || ("azurerm_network_security_group.nsg", group.clone(), json!({"id": true}));
    let known = read_plan(&plan_of(&[group(), ("azurerm_network_security_rule.deny", deny, json!({}))], &json!({})));
    let configuration = json!({"resources": [written("azurerm_network_security_rule.later", json!({
        "network_security_group_name": refers(&["azurerm_network_security_group.nsg.name", "azurerm_network_security_group.nsg"])}))]});
    let unknown = json!({"source_address_prefixes": true, "network_security_group_name": true});
    let later =
        read_plan(&plan_of(&[group(), ("azurerm_network_security_rule.later", later, unknown)], &configuration));

    assert_eq!(
        says(&known, Way::In, "104.16.0.0/12", 443),
        "allowed 104.16.0.0/13, 104.28.0.0/14 | denied 104.24.0.0/14"
    );
    assert!(says(&later, Way::In, "104.16.0.0/12", 443).starts_with("unsure 104.16.0.0/12"));
    assert!(says(&later, Way::In, "104.16.0.0/12", 443).contains("known after it is applied"));
}

#[test]
fn rules_of_google_are_read_with_those_that_are_switched_off_having_no_effect() {
    let rule = |name: &str, kind: &str, priority: u32, ranges: Value, disabled: bool| {
        let mut values = json!({"name": name, "network": "default", "direction": "INGRESS", "priority": priority,
            "disabled": disabled, "source_ranges": ranges, "source_tags": null, "target_tags": null, "allow": [], "deny": []});
        values[kind] = json!([{"protocol": "tcp", "ports": ["443"]}]);
        values
    };
    let resources = [
        ("google_compute_firewall.a", rule("a", "allow", 1000, json!(["104.16.0.0/12"]), false), json!({})),
        ("google_compute_firewall.b", rule("b", "deny", 1000, json!(["104.24.0.0/14"]), false), json!({})),
        ("google_compute_firewall.c", rule("c", "deny", 1, json!(["0.0.0.0/0"]), true), json!({})),
    ];
    let rules = read_plan(&plan_of(&resources, &json!({})));
    let mut later = resources[0].clone();
    later.1.as_object_mut().unwrap().remove("source_ranges");
    later.2 = json!({"source_ranges": true});
    let later = read_plan(&plan_of(&[later], &json!({})));

    assert_eq!(
        says(&rules, Way::In, "104.16.0.0/12", 443),
        "allowed 104.16.0.0/13, 104.28.0.0/14 | denied 104.24.0.0/14"
    );
    assert!(says(&later, Way::In, "104.16.0.0/12", 443).starts_with("unsure 104.16.0.0/12: `source_ranges` of"));
    assert_eq!(says(&later, Way::In, "104.16.0.0/12", 80), "denied 104.16.0.0/12");
}

#[test]
fn in_a_plan_for_several_clouds_none_of_them_decides_for_another() {
    let group = json!({"id": "sg-1", "name": "app", "egress": [], "ingress": [
        {"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": ["104.16.0.0/13"]}]});
    let azure = json!({"name": "nsg", "security_rule": [azure_rule("all", 200, "Allow", json!(["104.16.0.0/13"]))]});
    let resources =
        [("aws_security_group.app", group, json!({})), ("azurerm_network_security_group.nsg", azure, json!({}))];
    let rules = read_plan(&plan_of(&resources, &json!({})));

    assert!(
        says(&rules, Way::In, "104.16.0.0/13", 443).starts_with("allowed"),
        "{}",
        says(&rules, Way::In, "104.16.0.0/13", 443)
    );
    assert!(says(&rules, Way::In, "1.1.1.1/32", 443).starts_with("unsure 1.1.1.1: the installation is in"));
}

#[test]
fn what_is_not_read_and_may_decide_is_told() {
    let group =
        || ("aws_security_group.app", json!({"id": "sg-1", "name": "app", "ingress": [], "egress": []}), json!({}));
    let other = ("aws_networkfirewall_rule_group.x", json!({"name": "x"}), json!({}));
    let (address, mut strange, _) = rule_of("aws_vpc_security_group_ingress_rule.cf", "104.16.0.0/13", json!({}));
    (strange["security_group_id"], strange["except"]) = (json!("sg-1"), json!(["104.17.0.0/16"]));
    let mut cut = plan_of(&[group()], &json!({}));
    cut["complete"] = json!(false);

    assert!(!read_plan(&plan_of(&[group(), other], &json!({}))).understood());
    assert!(!read_plan(&plan_of(&[group(), (address, strange, json!({}))], &json!({}))).understood());
    assert!(!read_plan(&cut).understood());
    assert!(read_plan(&plan_of(&[group()], &json!({}))).understood());
}

#[test]
fn a_configuration_and_a_raw_state_are_refused_with_what_to_give_instead() {
    let configuration = "# our group\nresource \"aws_security_group\" \"app\" {\n  name = \"app\"\n}\n";
    let raw = r#"{"version":4,"terraform_version":"1.9.0","serial":1,"lineage":"x","resources":[]}"#;
    let nothing = r#"{"terraform_version":"1.9.0","planned_values":{"root_module":{"resources":[]}}}"#;

    for (text, says) in [
        (configuration, "terraform plan -out p && terraform show -json p"),
        (raw, "terraform show -json"),
        (nothing, "plans no security group"),
        (r#"{"resource":{"aws_security_group":{"app":{"name":"app"}}}}"#, "neither a plan nor a state"),
        (r#"{"resource_changes":[]}"#, "neither a plan nor a state"),
        (r#"{"planned_values""#, "is no JSON"),
    ] {
        assert!(recognises(text), "{text}");
        let unread = try_read(text, &[]).unwrap_err();
        assert!(unread.why.contains(says), "{}", unread.why);
    }
    assert!(!recognises("10.0.0.0/8\n") && !recognises("{\"SecurityGroups\":[]}"));
}

/// One place of a document put out of shape.
fn bent(value: &mut Value, at: &mut usize, how: u8) {
    if *at == 0 {
        *value = match how {
            0 => Value::Null,
            1 => Value::from("x"),
            2 => Value::from(-1),
            3 => Value::from(vec![Value::Null]),
            4 => json!({"unheard": ["of"]}),
            _ => Value::from(true),
        };
    }
    *at = at.wrapping_sub(1);
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| bent(item, at, how)),
        Value::Object(object) => object.iter_mut().for_each(|(_, item)| bent(item, at, how)),
        _ => {}
    }
}

proptest! {
    #[test]
    fn whatever_is_put_out_of_shape_lets_no_more_pass_in_silence(at in 0_usize..120, how in 0_u8..6) {
        let block = json!({"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": ["104.16.0.0/13"], "self": false});
        let group = json!({"id": "sg-1", "name": "app", "ingress": [block], "egress": []});
        let (address, mut rule, _) = rule_of("aws_vpc_security_group_egress_rule.cf", "104.16.0.0/13", json!({}));
        rule["security_group_id"] = json!("sg-1");
        let acl = json!({"id": "acl-1", "ingress": [{"rule_no": 1, "action": "allow", "protocol": "-1", "cidr_block": "0.0.0.0/0"}],
            "egress": [{"rule_no": 1, "action": "deny", "protocol": "6", "from_port": 22, "to_port": 22, "cidr_block": "0.0.0.0/0"},
                {"rule_no": 2, "action": "allow", "protocol": "-1", "cidr_block": "0.0.0.0/0"}]});
        let mut plan = plan_of(&[("aws_security_group.app", group, json!({})), (address, rule, json!({})), ("aws_network_acl.dmz", acl, json!({}))], &json!({}));
        let before = read_plan(&plan);
        let mut at = at;
        bent(&mut plan["planned_values"], &mut at, how);
        let Ok(after) = try_read(&plan.to_string(), &[]) else { return Ok(()) };
        let everyone = || Family::V4.all().or(&Family::V6.all());
        let allowed = |rules: &Rules, way, port| {
            let parts = asked(rules, way, everyone(), port);
            Ranges::any_of(parts.iter().filter(|part| part.verdict == Verdict::Allowed).map(|part| &part.peers))
        };
        for (way, port) in [(Way::In, 443), (Way::In, 22), (Way::Out, 443), (Way::Out, 22)] {
            let more = !allowed(&before, way, port).covers(&allowed(&after, way, port));
            prop_assert!(!more || !after.notes.is_empty(), "{}: {}", plan["planned_values"], in_words(&allowed(&after, way, port)));
        }
    }

    #[test]
    fn whatever_the_text_it_is_read_or_refused(text in "\\PC{0,80}|[{}\\[\\]\":,0-9a-z_]{0,80}") {
        let _ = (recognises(&text), try_read(&text, &[]));
    }
}
