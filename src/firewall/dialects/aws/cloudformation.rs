//! A template of `CloudFormation` that adds rules to a security group.

use std::fmt::Write;

use ipnet::IpNet;

use super::super::{Generated, Request};
use super::cli::default_deny;
use super::write::{Allowed, head, lets_out, remarks, rules, sheet};
use crate::firewall::Direction;

/// A template holds no more resources than that.
const MOST: usize = 500;

/// The template; what takes the default egress rule away is no part of it, since `CloudFormation` only adds.
pub(super) fn write(request: &Request) -> Generated {
    let rules = rules(request);
    let mut remarks = remarks(request, &rules);
    if rules.len() > MOST {
        remarks.push(format!(
            "a template holds {MOST} resources, and these are {}: divide it, by direction for instance",
            rules.len()
        ));
    }
    let begins = head(request, "Rules of a security group");
    let mut text = String::new();
    for line in std::iter::once(&begins).chain(&sheet(request)) {
        let _ = writeln!(text, "# {line}");
    }
    if rules.is_empty() {
        return Generated { rules: text, comment: Some("#"), remarks, ..Generated::default() };
    }
    remarks.push(
        "the template adds to the group that its parameter SecurityGroupId names: `aws cloudformation deploy --stack-name workos \
         --template-file FILE --parameter-overrides SecurityGroupId=sg-...`; a rule that the group has already makes it fail as \
         a whole"
            .to_owned(),
    );
    let _ = write!(
        text,
        "AWSTemplateFormatVersion: \"2010-09-09\"\nDescription: \"{}\"\nParameters:\n  SecurityGroupId:\n    \
         Type: AWS::EC2::SecurityGroup::Id\n    Description: The security group of the installation\nResources:\n",
        begins.replace(['"', '\\'], " ")
    );
    for rule in &rules {
        resource(&mut text, rule);
    }
    Generated {
        rules: text,
        default_deny: lets_out(&rules).then(|| default_deny(request)),
        rollback: Some("#!/bin/sh\n# With the stack its rules go; the group stays.\naws cloudformation delete-stack --stack-name workos\n".to_owned()),
        comment: Some("#"),
        remarks,
    }
}

fn resource(text: &mut String, rule: &Allowed) {
    let (kind, towards) = match rule.direction {
        Direction::Egress => ("Egress", "To"),
        Direction::Ingress => ("Ingress", "From"),
    };
    let (protocol, port) = (rule.protocol.as_str(), rule.port);
    let key = if rule.peer.addr().is_ipv4() { "CidrIp" } else { "CidrIpv6" };
    let id = format!("{kind}{}{port}{towards}{}", capital(protocol), letters(rule.peer));
    let _ = write!(
        text,
        "  {id}:\n    Type: AWS::EC2::SecurityGroup{kind}\n    Properties:\n      GroupId: !Ref SecurityGroupId\n      \
         IpProtocol: {protocol}\n      FromPort: {port}\n      ToPort: {port}\n      {key}: \"{}\"\n      Description: \"{}\"\n",
        rule.peer,
        rule.description()
    );
}

fn capital(word: &str) -> String {
    let (first, rest) = word.split_at(word.len().min(1));
    format!("{}{rest}", first.to_ascii_uppercase())
}

/// A network in letters and digits, so that its rule bears the same name however the list around it changes: `104x16x0x0m13`.
fn letters(network: IpNet) -> String {
    network.to_string().replace(['.', ':'], "x").replace('/', "m")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value, json};

    use super::*;
    use crate::firewall::dialects::aws::write::tests::{exactly, request};

    /// The group with the resources of a template, as AWS would describe it.
    fn described(template: &str) -> String {
        let plain = template.replace("!Ref ", "");
        let template: BTreeMap<String, Value> = serde_saphyr::from_str(&plain).unwrap();
        let of = |kind: &str| -> Vec<Value> {
            let resources = template["Resources"].as_object().unwrap().values();
            resources
                .filter(|it| {
                    it["Type"] == format!("AWS::EC2::SecurityGroup{kind}")
                        && it["Properties"]["GroupId"] == "SecurityGroupId"
                })
                .map(|it| {
                    let it = &it["Properties"];
                    let peers = |key: &str| it.get(key).map_or(json!([]), |network| json!([{ key: network }]));
                    json!({"IpProtocol": it["IpProtocol"], "FromPort": it["FromPort"], "ToPort": it["ToPort"],
                        "IpRanges": peers("CidrIp"), "Ipv6Ranges": peers("CidrIpv6")})
                })
                .collect()
        };
        json!({"GroupId": "sg-1", "IpPermissions": of("Ingress"), "IpPermissionsEgress": of("Egress")}).to_string()
    }

    #[test]
    fn the_group_then_lets_through_exactly_the_flows() {
        let request = request();

        exactly(&request, &described(&write(&request).rules), "aws-security-group");
    }

    #[test]
    fn a_rule_keeps_its_name_when_others_come_and_go() {
        let whole = write(&request()).rules;
        let mut less = request();
        less.flows[1].destination.ranges.remove(0);
        let less = write(&less).rules;

        assert!(
            whole.contains("\n  EgressTcp443To104x16x0x0m13:\n") && less.contains("\n  EgressTcp443To104x16x0x0m13:\n")
        );
        assert!(whole.contains("\n  IngressTcp443From2606x4700xxm32:\n"));
    }
}
