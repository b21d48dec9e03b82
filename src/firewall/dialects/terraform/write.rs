//! Resources of Terraform that add rules to a security group of AWS.

use std::fmt::Write;

use super::super::aws::default_deny;
use super::super::aws::write::{Allowed, by_kind, head, lets_out, remarks, rules, sheet};
use super::super::{Generated, Request};
use crate::firewall::Direction;

const GROUP: &str = "workos_security_group_id";

/// A variable for the group, and a resource for each port and family.
pub(super) fn write(request: &Request) -> Generated {
    let rules = rules(request);
    let mut remarks = remarks(request, &rules);
    let mut text = format!("# {}\n", head(request, "Rules of a security group"));
    for line in sheet(request) {
        let _ = writeln!(text, "# {line}");
    }
    if rules.is_empty() {
        return Generated { rules: text, comment: Some("#"), remarks, ..Generated::default() };
    }
    remarks.push(format!(
        "the rules are added to the group of the variable {GROUP}; where its aws_security_group has rules inline, or \
         aws_security_group_rule beside it, these contend with them: take its `ingress` and `egress` blocks out first"
    ));
    let _ = write!(
        text,
        "\nvariable \"{GROUP}\" {{\n  description = \"The security group of the installation\"\n  type        = string\n\n  \
         validation {{\n    condition     = startswith(var.{GROUP}, \"sg-\")\n    error_message = \"This is no id of a security group: sg-...\"\n  }}\n}}\n"
    );
    let mut targets = Vec::new();
    for kind in by_kind(&rules) {
        for (family, v4) in [("ipv4", true), ("ipv6", false)] {
            let of_family: Vec<&Allowed> =
                kind.iter().copied().filter(|rule| rule.peer.addr().is_ipv4() == v4).collect();
            targets.extend(resource(&mut text, &of_family, family));
        }
    }
    let targets: Vec<String> = targets.iter().map(|target| format!(" \\\n    -target={target}")).collect();
    Generated {
        rules: text,
        default_deny: lets_out(&rules).then(|| default_deny(request)),
        rollback: Some(format!(
            "#!/bin/sh\n# Or take the file out of the configuration, and apply that.\nterraform destroy{}\n",
            targets.concat()
        )),
        comment: Some("#"),
        remarks,
    }
}

/// Writes one resource, and says its address.
fn resource(text: &mut String, rules: &[&Allowed], family: &str) -> Option<String> {
    let first = rules.first()?;
    let way = first.direction.as_str();
    let (protocol, port) = (first.protocol.as_str(), first.port);
    let kind = format!("aws_vpc_security_group_{way}_rule");
    let name = format!("workos_{protocol}_{port}_{family}");
    let (key, side) = (format!("cidr_{family}"), if first.direction == Direction::Egress { "to" } else { "from" });
    let _ = write!(
        text,
        "\n# {way} {protocol} {port}, {side} these:\nresource \"{kind}\" \"{name}\" {{\n  for_each = {{\n"
    );
    let width = rules.iter().map(|rule| rule.peer.to_string().len()).max().unwrap_or_default() + 2;
    for rule in rules {
        let peer = format!("\"{}\"", rule.peer);
        // A dollar before a brace would begin an expression.
        let description = rule.description().replace("${", "$${");
        let _ = writeln!(text, "    {peer:width$} = \"{description}\"");
    }
    let _ = write!(
        text,
        "  }}\n\n  security_group_id = var.{GROUP}\n  description       = each.value\n  ip_protocol       = \"{protocol}\"\n  \
         from_port         = {port}\n  to_port           = {port}\n  {key}         = each.key\n}}\n"
    );
    Some(format!("{kind}.{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::firewall::dialects::aws::write::tests::{exactly, request};

    /// The group with these resources, as AWS would describe it.
    fn described(text: &str) -> String {
        let (mut into, mut out) = (Vec::new(), Vec::new());
        for block in text.split("\nresource \"").skip(1) {
            let value = |key: &str| {
                let line = block.lines().find(|line| line.trim_start().starts_with(&format!("{key} "))).unwrap();
                line.split_once('=').unwrap().1.trim().to_owned()
            };
            let (list, key) =
                if block.contains("cidr_ipv4") { ("IpRanges", "CidrIp") } else { ("Ipv6Ranges", "CidrIpv6") };
            let entries = block.lines().filter(|line| line.starts_with("    \""));
            let peers: Vec<String> =
                entries.map(|line| format!("{{\"{key}\":{}}}", line.split_once('=').unwrap().0.trim())).collect();
            let permission = format!(
                "{{\"IpProtocol\":{},\"FromPort\":{},\"ToPort\":{},\"{list}\":[{}]}}",
                value("ip_protocol"),
                value("from_port"),
                value("to_port"),
                peers.join(",")
            );
            if block.starts_with("aws_vpc_security_group_egress_rule") { &mut out } else { &mut into }.push(permission);
        }
        format!(
            r#"{{"GroupId":"sg-1","IpPermissions":[{}],"IpPermissionsEgress":[{}]}}"#,
            into.join(","),
            out.join(",")
        )
    }

    #[test]
    fn the_group_then_lets_through_exactly_the_flows() {
        let request = request();

        exactly(&request, &described(&write(&request).rules), "aws-security-group");
    }

    #[test]
    fn nothing_in_a_description_is_an_expression() {
        let request = Request { as_of: "${file(\"x\")}".to_owned(), ..request() };

        let text = write(&request).rules;
        let code: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(code.join("\n").contains("facts of $${file(") && !code.join("\n").replace("$${", "").contains("${"));
    }
}
