//! Resources of Terraform that add rules to a security group of AWS.

use std::fmt::Write;

use super::super::{Generated, Request};
use crate::firewall::Direction;
use crate::firewall::dialects::aws::default_deny;
use crate::firewall::dialects::aws::write::{Allowed, by_kind, head, lets_out, remarks, rules, sheet};

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

    /// What a plan makes of these resources, for a group that has no rules.
    fn planned(text: &str) -> String {
        let group = r#"{"address":"aws_security_group.app","mode":"managed","type":"aws_security_group","name":"app",
            "values":{"id":"sg-1","name":"app","ingress":[],"egress":[]}}"#;
        let mut resources = vec![group.to_owned()];
        for block in text.split("\nresource \"").skip(1) {
            let value = |key: &str| {
                let line = block.lines().find(|line| line.trim_start().starts_with(&format!("{key} "))).unwrap();
                line.split_once('=').unwrap().1.trim().to_owned()
            };
            let key = if block.contains("cidr_ipv4") { "cidr_ipv4" } else { "cidr_ipv6" };
            let (kind, rest) = block.split_once('"').unwrap();
            let name = rest.split('"').nth(1).unwrap();
            for line in block.lines().filter(|line| line.starts_with("    \"")) {
                let (peer, description) = line.split_once('=').unwrap();
                resources.push(format!(
                    "{{\"address\":\"{kind}.{name}\",\"type\":\"{kind}\",\"mode\":\"managed\",\"values\":{{\"{key}\":{peer},\
                     \"description\":{description},\"ip_protocol\":{},\"from_port\":{},\"to_port\":{},\"tags\":null,\
                     \"security_group_id\":\"sg-1\",\"referenced_security_group_id\":null,\"prefix_list_id\":null}}}}",
                    value("ip_protocol"),
                    value("from_port"),
                    value("to_port"),
                ));
            }
        }
        format!(
            r#"{{"terraform_version":"1.9.0","values":{{"root_module":{{"resources":[{}]}}}}}}"#,
            resources.join(",")
        )
    }

    #[test]
    fn the_group_then_lets_through_exactly_the_flows() {
        let request = request();

        exactly(&request, &planned(&write(&request).rules), "terraform-plan");
    }

    #[test]
    fn nothing_in_a_description_is_an_expression() {
        let request = Request { as_of: "${file(\"x\")}".to_owned(), ..request() };

        let text = write(&request).rules;
        let code: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(code.join("\n").contains("facts of $${file(") && !code.join("\n").replace("$${", "").contains("${"));
    }
}
