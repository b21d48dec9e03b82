//! A script that adds rules to a security group by AWS's command line.

use std::fmt::Write;

use super::super::{Generated, Request};
use super::write::{Allowed, by_kind, head, lets_out, remarks, rules, sheet};
use crate::firewall::Direction;

/// The script, the one that takes the default egress rule away, and the one that takes these rules away again.
pub(super) fn write(request: &Request) -> Generated {
    let rules = rules(request);
    let mut remarks = remarks(request, &rules);
    if !rules.is_empty() {
        remarks.push(
            "each command adds all of its rules or none: where one of them is there already it says \
             `InvalidPermission.Duplicate`; take that range out of it and run it again"
                .to_owned(),
        );
    }
    let script = |what: &str, verb: &str, order: &[Direction]| {
        let mut text = beginning(request, what, &sheet(request));
        for direction in order {
            text.push_str(&command(&rules, *direction, verb));
        }
        text
    };
    Generated {
        rules: script("Adds rules to a security group", "authorize", &[Direction::Egress, Direction::Ingress]),
        default_deny: lets_out(&rules).then(|| default_deny(request)),
        rollback: Some(script(
            "Takes rules of a security group away",
            "revoke",
            &[Direction::Ingress, Direction::Egress],
        )),
        comment: Some("#"),
        remarks,
    }
}

/// Takes away the rule by which every group lets everything out; where there is one for IPv6, that too.
pub(in super::super) fn default_deny(request: &Request) -> String {
    let mut text = beginning(request, "Takes the rule that lets everything out of a security group away", &[]);
    text.push_str(
        "\n# Whatever else the installation opens (updates, databases, logs) has to have rules of its own first.\n\
         aws ec2 revoke-security-group-egress --group-id \"$GROUP_ID\" --ip-permissions \\\n\
         \x20   '[{\"IpProtocol\": \"-1\", \"IpRanges\": [{\"CidrIp\": \"0.0.0.0/0\"}]}]'\n\
         # There is one for IPv6 where the VPC has IPv6; otherwise this says InvalidPermission.NotFound.\n\
         aws ec2 revoke-security-group-egress --group-id \"$GROUP_ID\" --ip-permissions \\\n\
         \x20   '[{\"IpProtocol\": \"-1\", \"Ipv6Ranges\": [{\"CidrIpv6\": \"::/0\"}]}]' || true\n",
    );
    text
}

/// A group has to be named: the script changes none that nobody meant.
fn beginning(request: &Request, what: &str, sheet: &[String]) -> String {
    let mut text = format!("#!/bin/sh\n# {}\n", head(request, what));
    for line in sheet {
        let _ = writeln!(text, "# {line}");
    }
    text.push_str(
        "# Run it with the id of the group of the installation: GROUP_ID=sg-0123456789abcdef0 sh FILE\n\
         set -eu\n\
         case \"${GROUP_ID:-}\" in\n\
         \x20   sg-?*) ;;\n\
         \x20   *) echo 'set GROUP_ID to the id of the security group, sg-...' >&2; exit 2 ;;\n\
         esac\n\
         export AWS_PAGER=''\n",
    );
    text
}

fn command(rules: &[Allowed], direction: Direction, verb: &str) -> String {
    let rules: Vec<Allowed> = rules.iter().filter(|rule| rule.direction == direction).cloned().collect();
    let mut text = String::new();
    if rules.is_empty() {
        return text;
    }
    let way = direction.as_str();
    let _ = write!(text, "\naws ec2 {verb}-security-group-{way} --group-id \"$GROUP_ID\" --ip-permissions '[");
    for (nth, kind) in by_kind(&rules).iter().enumerate() {
        let Some(first) = kind.first() else { continue };
        let (protocol, port) = (first.protocol.as_str(), first.port);
        let comma = if nth == 0 { "" } else { "," };
        let _ = write!(text, "{comma}\n  {{\"IpProtocol\": \"{protocol}\", \"FromPort\": {port}, \"ToPort\": {port}");
        for (list, key, v4) in [("IpRanges", "CidrIp", true), ("Ipv6Ranges", "CidrIpv6", false)] {
            let of_family: Vec<String> = kind
                .iter()
                .filter(|rule| rule.peer.addr().is_ipv4() == v4)
                .map(|rule| {
                    format!("\n    {{\"{key}\": \"{}\", \"Description\": \"{}\"}}", rule.peer, rule.description())
                })
                .collect();
            if !of_family.is_empty() {
                let _ = write!(text, ",\n   \"{list}\": [{}]", of_family.join(","));
            }
        }
        text.push('}');
    }
    text.push_str("\n]'\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::firewall::audit::Known;
    use crate::firewall::compare::{Budget, Verdict, compare, requested};
    use crate::firewall::dialects::aws::write::tests::{exactly, read, request};

    /// What a group holds after the commands in a script, as AWS would describe it.
    fn described(script: &str) -> String {
        let of = |way: &str| {
            let command = format!("authorize-security-group-{way} --group-id \"$GROUP_ID\" --ip-permissions '");
            script.split_once(&command).map_or("[]", |(_, rest)| rest.split_once('\'').unwrap().0).to_owned()
        };
        format!(r#"{{"GroupId":"sg-1","IpPermissions":{},"IpPermissionsEgress":{}}}"#, of("ingress"), of("egress"))
    }

    #[test]
    fn the_group_then_lets_through_exactly_the_flows() {
        let request = request();
        let generated = write(&request);

        exactly(&request, &described(&generated.rules), "aws-security-group");
        let taken = generated.rollback.unwrap().replace("revoke-", "authorize-");
        exactly(&request, &described(&taken), "aws-security-group");
    }

    #[test]
    fn beside_what_a_group_holds_already_it_adds_what_was_requested_and_nothing_else() {
        let request = request();
        let ssh = r#"{"IpProtocol":"tcp","FromPort":22,"ToPort":22,"IpRanges":[{"CidrIp":"10.0.0.0/8"}]}"#;
        let before = format!(r#"{{"GroupId":"sg-1","IpPermissions":[{ssh}],"IpPermissionsEgress":[]}}"#);
        let after = described(&write(&request).rules);
        let (after, wider) =
            (after.replace("Permissions\":[", &format!("Permissions\":[{ssh},")), after.replace("/13\"", "/12\""));
        let verdict = |after: &str| {
            let (before, after) = (read(&before, "aws-security-group"), read(after, "aws-security-group"));
            let known = Known::default();
            let requested = requested(&request.flows, &known, &before, &after);
            compare(&before, &after, &requested, Budget::default()).verdict
        };

        assert_eq!(verdict(&after), Verdict::Exactly);
        assert!(matches!(verdict(&wider), Verdict::Otherwise(wrong) if wrong.opens_more && wrong.shuts));
    }

    #[test]
    fn a_script_changes_no_group_that_is_not_named_and_only_egress_has_a_default_rule_to_take_away() {
        let whole = request();
        let ingress = Request {
            flows: whole.flows.iter().filter(|flow| flow.direction == Direction::Ingress).cloned().collect(),
            ..request()
        };
        let (all, only_in) = (write(&whole), write(&ingress));

        for part in [Some(&all.rules), all.default_deny.as_ref(), all.rollback.as_ref()] {
            let part = part.unwrap();
            assert!(part.find("GROUP_ID:-").unwrap() < part.find("aws ec2").unwrap(), "{part}");
        }
        assert!(all.default_deny.unwrap().contains("revoke-security-group-egress"));
        assert!(only_in.default_deny.is_none() && !only_in.rules.contains("egress"), "{}", only_in.rules);
    }
}
