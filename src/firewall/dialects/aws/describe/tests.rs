//! What exports are read as: asked of the evaluation, as whoever reads a report would see it.

use proptest::prelude::*;

use super::*;
use crate::firewall::addresses::{self, in_words};
use crate::firewall::evaluate::{Part, Peer, Question, Verdict, ask};
use crate::firewall::rules::Way;

fn input(name: &str, text: impl Into<String>) -> Input {
    Input { name: name.to_owned(), text: text.into() }
}

fn read_all(inputs: &[Input], only: &[&str]) -> Rules {
    let scope = Scope { only: only.iter().map(|only| (*only).to_owned()).collect() };
    read(inputs, &scope, "aws-security-group").unwrap()
}

fn read_one(text: &str) -> Rules {
    read_all(&[input("sg.json", text)], &[])
}

fn asked<'a>(rules: &'a Rules, way: Way, peers: &str, port: u16) -> Vec<Part<'a>> {
    let nets: Vec<_> = peers.split(' ').map(|net| net.parse().unwrap()).collect();
    let question = Question {
        way,
        peers: addresses::networks(&nets),
        peer: if way == Way::In { Peer::Source } else { Peer::Destination },
        here: None,
        protocol: 6,
        port,
        from: None,
        to: None,
        host: None,
    };
    ask(rules, &question)
}

/// What becomes of these peers at a TCP port, in words: `allowed 104.16.0.0/13 | denied 104.24.0.0/14`.
fn says(rules: &Rules, way: Way, peers: &str, port: u16) -> String {
    let said = |part: &Part| match part.verdict {
        Verdict::Allowed => format!("allowed {}", in_words(&part.peers)),
        Verdict::Denied => format!("denied {}", in_words(&part.peers)),
        Verdict::Unsure => format!("unsure {}: {}", in_words(&part.peers), part.why.join("; ")),
    };
    asked(rules, way, peers, port).iter().map(said).collect::<Vec<_>>().join(" | ")
}

fn allowed(rules: &Rules, way: Way, port: u16) -> Ranges {
    let parts = asked(rules, way, "0.0.0.0/0 ::/0", port);
    Ranges::any_of(parts.iter().filter(|part| part.verdict == Verdict::Allowed).map(|part| &part.peers))
}

fn notes(rules: &Rules) -> Vec<String> {
    rules.notes.iter().map(|note| format!("{:?} {}: {}", note.kind, note.place.name, note.what)).collect()
}

/// A group with these permissions in, and the default one out.
fn group(id: &str, ingress: &str) -> String {
    format!(
        r#"{{"GroupId":"{id}","GroupName":"web","Description":"d","OwnerId":"1","VpcId":"vpc-1","Tags":[],
        "IpPermissions":[{ingress}],
        "IpPermissionsEgress":[{{"IpProtocol":"-1","IpRanges":[{{"CidrIp":"0.0.0.0/0"}}],"Ipv6Ranges":[],"PrefixListIds":[],
        "UserIdGroupPairs":[]}}]}}"#
    )
}

fn https(peers: &str) -> String {
    format!(r#"{{"IpProtocol":"tcp","FromPort":443,"ToPort":443,{peers}}}"#)
}

const CLOUDFLARE: &str = r#""IpRanges":[{"CidrIp":"104.16.0.0/13","Description":"Cloudflare"},{"CidrIp":"104.24.0.0/14"}],
    "Ipv6Ranges":[{"CidrIpv6":"2606:4700::/32"}],"PrefixListIds":[],"UserIdGroupPairs":[]"#;

#[test]
fn a_group_lets_in_what_its_rules_name_and_out_what_the_default_rule_does() {
    let rules = read_one(&format!(r#"{{"SecurityGroups":[{}]}}"#, group("sg-1", &https(CLOUDFLARE))));

    assert_eq!(
        says(&rules, Way::In, "104.16.0.0/12 2606:4700::/32", 443),
        "allowed 104.16.0.0/13 | allowed 104.24.0.0/14 | denied 104.28.0.0/14 | allowed 2606:4700::/32"
    );
    assert_eq!(says(&rules, Way::In, "104.16.0.0/13", 444), "denied 104.16.0.0/13");
    assert_eq!(
        says(&rules, Way::Out, "104.16.0.0/13 2606:4700::/32", 443),
        "allowed 104.16.0.0/13 | denied 2606:4700::/32"
    );
    assert_eq!(notes(&rules), [""; 0]);
    let rule = &rules.chains[0].rules[0];
    assert_eq!(&*rule.place.name, "ingress tcp 443 from 104.16.0.0/13 of sg-1 (web)");
    assert_eq!(
        &*rule.place.quoted,
        r#"{"IpProtocol":"tcp","FromPort":443,"ToPort":443,"IpRanges":[{"CidrIp":"104.16.0.0/13","Description":"Cloudflare"}]}"#
    );
}

#[test]
fn every_shape_that_commands_print_is_read_alike() {
    let one = group("sg-1", &https(CLOUDFLARE));
    let rules_apart = r#"{"SecurityGroupRules":[
        {"SecurityGroupRuleId":"sgr-1","GroupId":"sg-1","GroupOwnerId":"1","IsEgress":false,"IpProtocol":"tcp","FromPort":443,
         "ToPort":443,"CidrIpv4":"104.16.0.0/13","Tags":[]},
        {"SecurityGroupRuleId":"sgr-2","GroupId":"sg-1","GroupOwnerId":"1","IsEgress":false,"IpProtocol":"tcp","FromPort":443,
         "ToPort":443,"CidrIpv4":"104.24.0.0/14","Tags":[]},
        {"SecurityGroupRuleId":"sgr-3","GroupId":"sg-1","GroupOwnerId":"1","IsEgress":true,"IpProtocol":"-1","FromPort":-1,
         "ToPort":-1,"CidrIpv4":"0.0.0.0/0","Tags":[]}]}"#;
    let shapes = [format!(r#"{{"SecurityGroups":[{one}]}}"#), format!("[{one}]"), one.clone(), rules_apart.to_owned()];

    for shape in &shapes {
        assert!(holds_groups(shape) && !holds_acls(shape), "{shape}");
        let rules = read_one(shape);
        assert_eq!(says(&rules, Way::In, "104.16.0.0/14 1.1.1.1/32", 443), "denied 1.1.1.1 | allowed 104.16.0.0/14");
        assert_eq!(says(&rules, Way::Out, "104.16.0.0/14", 443), "allowed 104.16.0.0/14");
        assert_eq!(notes(&rules), [""; 0]);
    }
}

#[test]
fn all_protocols_have_no_ports_and_a_number_is_the_protocol_of_that_name() {
    let everything = read_one(&group("sg-1", r#"{"IpProtocol":"-1","IpRanges":[{"CidrIp":"10.0.0.0/8"}]}"#));
    let by_number = read_one(&group(
        "sg-1",
        r#"{"IpProtocol":"6","FromPort":443,"ToPort":443,"IpRanges":[{"CidrIp":"0.0.0.0/0"}]},
           {"IpProtocol":"17","FromPort":0,"ToPort":65535,"IpRanges":[{"CidrIp":"0.0.0.0/0"}]},
           {"IpProtocol":"icmp","FromPort":-1,"ToPort":-1,"IpRanges":[{"CidrIp":"0.0.0.0/0"}]}"#,
    ));

    assert_eq!(says(&everything, Way::In, "10.0.0.0/7", 443), "allowed 10.0.0.0/8 | denied 11.0.0.0/8");
    assert_eq!(says(&by_number, Way::In, "0.0.0.0/0 ::/0", 443), "allowed 0.0.0.0/0 | denied ::/0");
    assert_eq!(says(&by_number, Way::In, "0.0.0.0/0", 80), "denied 0.0.0.0/0");
}

#[test]
fn a_prefix_list_whose_entries_are_not_there_is_unsure_and_never_nothing() {
    let text = group("sg-1", &https(r#""IpRanges":[],"PrefixListIds":[{"PrefixListId":"pl-0a1b2c3d4e"}]"#));
    let rules = read_one(&text);

    assert_eq!(
        says(&rules, Way::In, "104.16.0.0/13", 443),
        "unsure 104.16.0.0/13: prefix list pl-0a1b2c3d4e holds the address"
    );
    assert!(
        notes(&rules)[0]
            .starts_with("Undefined ingress tcp 443 from pl-0a1b2c3d4e of sg-1 (web): pl-0a1b2c3d4e stands")
    );
}

#[test]
fn the_entries_of_a_prefix_list_are_found_by_the_name_of_their_file_or_where_only_one_is_wanted() {
    let text = group("sg-1", &https(r#""PrefixListIds":[{"PrefixListId":"pl-0a1b2c3d4e"}]"#));
    let entries = r#"{"Entries":[{"Cidr":"104.16.0.0/13","Description":"cf"}]}"#;
    let described =
        r#"{"PrefixLists":[{"PrefixListId":"pl-0a1b2c3d4e","PrefixListName":"cf","Cidrs":["104.16.0.0/13"]}]}"#;
    let other =
        group("sg-1", &https(r#""PrefixListIds":[{"PrefixListId":"pl-0a1b2c3d4e"},{"PrefixListId":"pl-ffffffffff"}]"#));

    for (sg, name, entries, how) in [
        (&text, "out/pl-0a1b2c3d4e.json", entries, ""),
        (&text, "entries.json", described, ""),
        (&text, "entries.json", entries, "Assumed prefix list: these are taken for the entries of pl-0a1b2c3d4e"),
    ] {
        let rules = read_all(&[input("sg.json", sg.as_str()), input(name, entries)], &[]);
        assert!(holds_groups(entries));
        assert_eq!(says(&rules, Way::In, "104.16.0.0/12", 443), "allowed 104.16.0.0/13 | denied 104.24.0.0/13");
        assert!(
            notes(&rules).first().is_none_or(|note| note.starts_with(how) && !how.is_empty()),
            "{:?}",
            notes(&rules)
        );
    }
    let rules = read_all(&[input("sg.json", other), input("entries.json", entries)], &[]);
    assert!(says(&rules, Way::In, "104.16.0.0/13", 443).starts_with("unsure"));
    assert!(!rules.understood());
}

#[test]
fn the_rest_of_a_prefix_list_that_was_cut_off_is_unsure() {
    let text = group("sg-1", &https(r#""PrefixListIds":[{"PrefixListId":"pl-0a1b2c3d4e"}]"#));
    let cut = r#"{"NextToken":"abc","Entries":[{"Cidr":"104.16.0.0/13"}]}"#;
    let rules = read_all(&[input("sg.json", text), input("pl-0a1b2c3d4e.json", cut)], &[]);

    assert_eq!(
        says(&rules, Way::In, "104.16.0.0/12", 443),
        "allowed 104.16.0.0/13 | unsure 104.24.0.0/13: prefix list pl-0a1b2c3d4e holds the address"
    );
    assert!(!rules.understood());
}

#[test]
fn members_of_another_group_are_unsure_and_only_private_addresses_are_members() {
    let rules = read_one(&group("sg-1", &https(r#""UserIdGroupPairs":[{"GroupId":"sg-lb","UserId":"1"}]"#)));

    assert_eq!(says(&rules, Way::In, "10.0.0.1/32", 443), "unsure 10.0.0.1: the peer is a member of sg-lb");
    assert_eq!(says(&rules, Way::In, "3.217.146.166/32", 443), "denied 3.217.146.166");
    assert!(rules.understood());
}

#[test]
fn of_several_groups_those_that_are_named_hold_together_and_of_others_nobody_knows() {
    let text = format!(
        r#"{{"SecurityGroups":[{},{},{}]}}"#,
        group("sg-1", &https(r#""IpRanges":[{"CidrIp":"104.16.0.0/13"},{"CidrIp":"1.1.1.1/32"}]"#)),
        group("sg-2", &https(r#""IpRanges":[{"CidrIp":"104.24.0.0/14"},{"CidrIp":"1.1.1.1/32"}]"#)),
        group("sg-3", &https(r#""IpRanges":[{"CidrIp":"0.0.0.0/0"},{"CidrIp":"1.1.1.1/32"}]"#)),
    );
    let named = read_all(&[input("sg.json", text.as_str())], &["sg-1", "SG-2"]);
    let none = read_one(&text);

    let both = "104.16.0.0/12 1.1.1.1/32";
    assert_eq!(
        says(&named, Way::In, both, 443),
        "allowed 1.1.1.1 | allowed 104.16.0.0/13 | allowed 104.24.0.0/14 | denied 104.28.0.0/14"
    );
    assert_eq!(says(&none, Way::In, "1.1.1.1/32", 443), "allowed 1.1.1.1", "each of them lets it in");
    assert!(says(&none, Way::In, "104.16.0.0/13", 443).contains("sg-1 (web) is attached to the installation"));
    assert!(says(&none, Way::In, "104.28.0.0/14", 443).starts_with("unsure 104.28.0.0/14: sg-3 (web) is attached"));
    assert_eq!(says(&none, Way::Out, "104.16.0.0/13", 443), "allowed 104.16.0.0/13", "each has the default rule");
}

#[test]
fn what_each_of_several_groups_lets_in_by_a_rule_of_its_own_passes_whichever_is_attached() {
    let groups = |second: &str| {
        let wide =
            r#""IpPermissionsEgress":[],"IpPermissions":[{"IpProtocol":"-1","IpRanges":[{"CidrIp":"0.0.0.0/0"}]}]"#;
        let first = group("sg-1", &https(CLOUDFLARE));
        read_one(&format!(r#"{{"SecurityGroups":[{first},{second},{{"GroupId":"sg-3","GroupName":"wide",{wide}}}]}}"#))
    };
    let all = groups(&group("sg-2", &https(r#""IpRanges":[{"CidrIp":"104.0.0.0/8"}]"#)));
    let two = groups(&group("sg-2", &https(r#""IpRanges":[{"CidrIp":"10.0.0.0/8"}]"#)));

    assert_eq!(says(&all, Way::In, "104.16.0.0/13", 443), "allowed 104.16.0.0/13");
    assert!(says(&all, Way::In, "104.128.0.0/9", 443).starts_with("unsure"), "the first one does not");
    assert!(says(&two, Way::In, "104.16.0.0/13", 443).starts_with("unsure"), "the second one does not");
    assert!(says(&all, Way::In, "104.16.0.0/13", 80).starts_with("unsure"), "only the last one does");
    assert!(says(&all, Way::Out, "104.16.0.0/13", 443).starts_with("unsure"), "the last one lets nothing out");
}

#[test]
fn a_group_of_an_export_that_was_cut_off_is_not_alone() {
    let one = group("sg-1", &https(CLOUDFLARE));
    let rules = read_one(&format!(r#"{{"NextToken":"x","SecurityGroups":[{one}]}}"#));

    assert!(says(&rules, Way::In, "104.16.0.0/13", 443).starts_with("unsure"));
    assert!(!rules.understood());
}

#[test]
fn what_is_not_known_in_a_permission_makes_unsure_what_it_can_bear_on() {
    let peer = read_one(&group("sg-1", &https(r#""IpRanges":[],"FirewallIds":[{"Id":"fw-1"}]"#)));
    let item =
        read_one(&group("sg-1", &https(r#""IpRanges":[{"CidrIp":"104.16.0.0/13","Except":["104.17.0.0/16"]}]"#)));
    let half = read_one(r#"{"GroupId":"sg-1","IpPermissions":[]}"#);

    for rules in [&peer, &item] {
        assert!(says(rules, Way::In, "104.16.0.0/13", 443).starts_with("unsure 104.16.0.0/13"));
        assert_eq!(says(rules, Way::In, "104.16.0.0/13", 80), "denied 104.16.0.0/13");
        assert!(!rules.understood());
    }
    assert_eq!(says(&half, Way::In, "1.1.1.1/32", 443), "denied 1.1.1.1");
    assert!(says(&half, Way::Out, "1.1.1.1/32", 443).starts_with("unsure 1.1.1.1"));
}

#[test]
fn a_network_that_is_none_lets_nobody_in_and_is_told() {
    let rules = read_one(&group("sg-1", &https(r#""IpRanges":[{"CidrIp":"104.16.0/13"},{"CidrIp":"10.0.0.1/8"}]"#)));

    assert_eq!(says(&rules, Way::In, "104.16.0.0/13 10.0.0.0/8", 443), "allowed 10.0.0.0/8 | denied 104.16.0.0/13");
    assert!(
        notes(&rules)[0].starts_with("Malformed") && notes(&rules)[1].starts_with("HostBits"),
        "{:?}",
        notes(&rules)
    );
}

#[test]
fn what_lists_no_rules_at_all_is_refused_with_what_would_be_right() {
    for text in [
        r#"{"Reservations":[{"Instances":[]}]}"#,
        r#"{"SecurityGroups":[]}"#,
        "[]",
        "not json",
        r#"{"Entries":[{"Cidr":"1.1.1.1/32"}]}"#,
        r#"["sg-1"]"#,
    ] {
        let unread = read(&[input("x.json", text)], &Scope::default(), "aws-security-group").unwrap_err();
        assert!(
            unread.why.contains("describe-security-groups") || unread.why.contains("--output json"),
            "{}",
            unread.why
        );
    }
    let names_only = read_one(r#"{"SecurityGroups":[{"GroupId":"sg-1","GroupName":"web"}]}"#);
    assert!(
        says(&names_only, Way::In, "1.1.1.1/32", 443).starts_with("unsure"),
        "no rules are told, which is not none"
    );
}

#[test]
fn a_group_or_acl_that_is_named_and_is_not_there_is_not_read_past() {
    let group = group("sg-1", &https(CLOUDFLARE));
    let try_named = |text: &str, only: &str| {
        read(&[input("x.json", text)], &Scope { only: vec![only.to_owned()] }, "aws-security-group")
    };

    let unread = try_named(&group, "sg-2").unwrap_err();
    assert!(unread.why.contains("holds no security group sg-2; it has sg-1 (web)"), "{}", unread.why);
    assert!(
        try_named(&acl_of("acl-1", "subnet-1", &[]), "subnet-2")
            .unwrap_err()
            .why
            .contains("no network ACL for subnet-2")
    );
    // What names an ACL is no concern of the groups, and a name of another kind may be that of anything.
    assert_eq!(notes(&try_named(&group, "acl-1").unwrap()), [""; 0]);
    assert!(notes(&try_named(&group, "db").unwrap())[0].starts_with("Assumed sg-1 (web): none of the names"));
}

#[test]
fn what_was_printed_for_eyes_is_known_and_refused_with_how_to_export_it() {
    for text in [
        "SECURITYGROUPS\td\tsg-1\tweb\t1\tvpc-1\nIPPERMISSIONS\t443\ttcp\t443\nIPRANGES\t104.16.0.0/13\n",
        "-----------------\n|  DescribeSecurityGroups  |\n+----+\n||  104.16.0.0/13 ||\n",
        "SecurityGroups:\n- GroupId: sg-1\n",
    ] {
        assert!(holds_groups(text) && !holds_acls(text), "{text}");
        let unread = read(&[input("x", text)], &Scope::default(), "aws-security-group").unwrap_err();
        assert!(unread.why.contains("--output json"), "{}", unread.why);
    }
    assert!(holds_acls("NETWORKACLS\tFalse\tacl-1\n") && !holds_groups("104.16.0.0/13\n# SecurityGroups\n"));
}

fn entry_of(number: u32, egress: bool, action: &str, peer: &str, ports: &str) -> String {
    let key = if peer.contains(':') { "Ipv6CidrBlock" } else { "CidrBlock" };
    let protocol = if ports.is_empty() { "-1" } else { "6" };
    let ports = ports.split_once('-').map(|(from, to)| format!(r#","PortRange":{{"From":{from},"To":{to}}}"#));
    format!(
        r#"{{"RuleNumber":{number},"Egress":{egress},"Protocol":"{protocol}","RuleAction":"{action}","{key}":"{peer}"{}}}"#,
        ports.unwrap_or_default()
    )
}

fn acl_of(id: &str, subnet: &str, entries: &[String]) -> String {
    let entries: Vec<String> = entries
        .iter()
        .cloned()
        .chain([entry_of(32767, true, "deny", "0.0.0.0/0", ""), entry_of(32767, false, "deny", "0.0.0.0/0", "")])
        .collect();
    format!(
        r#"{{"NetworkAclId":"{id}","Associations":[{{"NetworkAclAssociationId":"a","NetworkAclId":"{id}","SubnetId":"{subnet}"}}],
        "IsDefault":false,"VpcId":"vpc-1","OwnerId":"1","Tags":[],"Entries":[{}]}}"#,
        entries.join(",")
    )
}

#[test]
fn an_acl_decides_by_the_lowest_number_and_needs_the_way_back() {
    let way_in = [
        entry_of(200, false, "allow", "0.0.0.0/0", "443-443"),
        entry_of(100, false, "deny", "104.24.0.0/14", "443-443"),
        entry_of(300, false, "allow", "104.24.0.0/14", "443-443"),
    ];
    let back = entry_of(100, true, "allow", "104.16.0.0/12", "1024-65535");
    let one_way = read_one(&acl_of("acl-1", "subnet-1", &way_in));
    let both = read_one(&acl_of("acl-1", "subnet-1", &[way_in.to_vec(), vec![back]].concat()));

    assert_eq!(says(&one_way, Way::In, "104.16.0.0/13", 443), "denied 104.16.0.0/13", "no answer comes back");
    assert_eq!(
        says(&both, Way::In, "104.16.0.0/12 1.1.1.1/32 2606:4700::/32", 443),
        "denied 1.1.1.1 | allowed 104.16.0.0/13, 104.28.0.0/14 | denied 104.24.0.0/14 | denied 2606:4700::/32"
    );
    assert_eq!(&*both.chains[0].rules[0].place.name, "entry 100 of acl-1, ingress");
}

#[test]
fn of_several_acls_the_named_one_holds_and_otherwise_it_is_unsure_where_they_differ() {
    let open = |net: &str| [entry_of(1, false, "allow", net, "443-443"), entry_of(1, true, "allow", "0.0.0.0/0", "")];
    let text = |net: &str| {
        format!(
            r#"{{"NetworkAcls":[{},{},{}]}}"#,
            acl_of("acl-1", "subnet-1", &open("104.16.0.0/12")),
            acl_of("acl-2", "subnet-2", &open(net)),
            acl_of("acl-3", "subnet-3", &open("104.16.0.0/12")),
        )
    };
    let differing = text("104.16.0.0/13");
    assert!(holds_acls(&differing) && !holds_groups(&differing));
    let by_subnet = read_all(&[input("acl.json", differing.as_str())], &["subnet-2"]);

    assert_eq!(says(&by_subnet, Way::In, "104.16.0.0/12", 443), "allowed 104.16.0.0/13 | denied 104.24.0.0/13");
    assert_eq!(
        says(&read_one(&differing), Way::In, "104.24.0.0/13", 443),
        "unsure 104.24.0.0/13: acl-1 is the network ACL of the installation's subnet"
    );
    let alike = read_one(&text("104.16.0.0/12"));
    assert_eq!(says(&alike, Way::In, "104.16.0.0/12 1.1.1.1/32", 443), "denied 1.1.1.1 | allowed 104.16.0.0/12");
    assert_eq!(notes(&alike), [""; 0]);
}

#[test]
fn an_acl_that_is_for_no_subnet_decides_nothing_beside_one_that_is() {
    let bound = acl_of("acl-1", "subnet-1", &[]);
    let unbound = r#"{"NetworkAclId":"acl-2","Associations":[],"Entries":[]}"#;
    let rules = read_one(&format!(r#"{{"NetworkAcls":[{unbound},{bound}]}}"#));

    assert_eq!(rules.layers[0].name, "network ACL acl-1, ingress");
    assert_eq!(notes(&rules), ["Idle acl-2: acl-2 is associated with no subnet"]);
}

#[test]
fn an_entry_that_is_not_understood_may_decide_either_way() {
    let open = [entry_of(1, false, "allow", "0.0.0.0/0", ""), entry_of(1, true, "allow", "0.0.0.0/0", "")];
    for (strange, reach) in [
        (entry_of(0, false, "perhaps", "104.16.0.0/13", "443-443"), "allowed 1.1.1.1 | unsure 104.16.0.0/13"),
        (entry_of(1, false, "deny", "104.16.0.0/13", "443-443"), "unsure 1.1.1.1"),
        (entry_of(0, false, "deny", "104.16.0/13", "443-443"), "unsure 1.1.1.1"),
        (r#"{"RuleNumber":0,"Egress":false,"RuleAction":"deny","Protocol":"6"}"#.to_owned(), "unsure 1.1.1.1"),
        (
            r#"{"RuleNumber":0,"Egress":false,"RuleAction":"deny","Protocol":"6","CidrBlock":"0.0.0.0/0"}"#.to_owned(),
            "unsure 1.1.1.1",
        ),
    ] {
        let rules = read_one(&acl_of("acl-1", "subnet-1", &[open.to_vec(), vec![strange.clone()]].concat()));
        assert!(!rules.understood(), "{strange}");
        assert!(
            says(&rules, Way::In, "1.1.1.1/32 104.16.0.0/13", 443).starts_with(reach),
            "{strange}: {}",
            says(&rules, Way::In, "1.1.1.1/32 104.16.0.0/13", 443)
        );
    }
}

#[test]
fn groups_and_acls_in_one_text_both_have_to_let_pass() {
    let acl = acl_of(
        "acl-1",
        "subnet-1",
        &[entry_of(1, true, "allow", "0.0.0.0/0", ""), entry_of(1, false, "allow", "104.16.0.0/14", "")],
    );
    let rules = read_one(&format!("{}\n{acl}", group("sg-1", &https(CLOUDFLARE))));

    assert_eq!(says(&rules, Way::In, "104.16.0.0/13", 443), "allowed 104.16.0.0/14 | denied 104.20.0.0/14");
}

/// One place of a document put out of shape.
fn bent(value: &mut Value, at: &mut usize, how: u8) {
    if *at == 0 {
        *value = match how {
            0 => Value::Null,
            1 => Value::from("x"),
            2 => Value::from(-1),
            3 => Value::from(vec![Value::Null]),
            4 => serde_json::json!({"Unheard": ["of"]}),
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
    fn whatever_is_put_out_of_shape_lets_no_more_pass_in_silence(at in 1_usize..80, how in 0_u8..6) {
        let acl = acl_of("acl-1", "subnet-1", &[entry_of(1, true, "allow", "0.0.0.0/0", ""), entry_of(1, false, "allow", "104.16.0.0/14", "443-443")]);
        for text in [group("sg-1", &https(CLOUDFLARE)), acl] {
            let mut value: Value = serde_json::from_str(&text).unwrap();
            let before = read_one(&text);
            let mut at = at;
            bent(&mut value, &mut at, how);
            let Ok(after) = read(&[input("x.json", value.to_string())], &Scope::default(), "aws-security-group") else { continue };
            for (way, port) in [(Way::In, 443), (Way::In, 22), (Way::Out, 443), (Way::Out, 50_000)] {
                let more = !allowed(&before, way, port).covers(&allowed(&after, way, port));
                prop_assert!(!more || !after.notes.is_empty(), "{value}: {}", in_words(&allowed(&after, way, port)));
            }
        }
    }

    #[test]
    fn whatever_the_text_it_is_read_or_refused(text in "\\PC{0,80}|[{}\\[\\]\":,0-9a-z]{0,80}") {
        let _ = (holds_groups(&text), holds_acls(&text));
        let _ = read(&[input("pl-", text.clone()), input("x", text)], &Scope::default(), "aws-network-acl");
    }
}
