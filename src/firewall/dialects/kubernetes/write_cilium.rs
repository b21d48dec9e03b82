//! Writes `CiliumNetworkPolicy`: by the name of a host where one is known, by addresses where not. It denies nothing by itself.

use std::fmt::Write;

use super::write::{LABEL, REMARK_INGRESS, REMARK_LABELS, comment, peer, plain, upper};
use crate::firewall::dialects::table::remark;
use crate::firewall::dialects::{Generated, Request};
use crate::firewall::{Direction, Flow, Party};

pub(super) fn write(request: &Request) -> Generated {
    let mut text = format!(
        "# What an application that uses WorkOS needs, as policies of Cilium. Facts of {}.\n",
        plain(&request.as_of)
    );
    text.push_str("# Put in the labels and the namespace of your pods.\n");
    let (mut deny, mut remarks) = (String::new(), vec![REMARK_LABELS.to_owned(), REMARK_ADDITIVE.to_owned()]);
    let mut names = Vec::new();
    for (direction, name) in [(Direction::Egress, "workos-egress"), (Direction::Ingress, "workos-ingress")] {
        let flows: Vec<&Flow> = request.flows.iter().filter(|flow| flow.direction == direction).collect();
        if flows.is_empty() {
            continue;
        }
        names.push(name);
        let key = direction.as_str();
        head(&mut text, name);
        let _ = write!(text, "  enableDefaultDeny:\n    {key}: false\n  {key}:\n");
        let by_name = direction == Direction::Egress && flows.iter().any(|flow| !peer(flow).hosts.is_empty());
        if by_name {
            text.push_str(CLUSTER_DNS);
        }
        let mut any = by_name;
        for flow in flows {
            any |= rule(&mut text, flow, by_name, &mut remarks);
        }
        if !any {
            text.push_str("    - {}\n");
        }
        if deny.is_empty() {
            let _ = writeln!(
                deny,
                "# Denies all else to and from the pods: they then need every policy that lets them work."
            );
        }
        head(&mut deny, &format!("{name}-default-deny"));
        let _ = write!(deny, "  enableDefaultDeny:\n    {key}: true\n  {key}:\n    - {{}}\n");
    }
    if request.flows.iter().any(|flow| flow.direction == Direction::Ingress) {
        remarks.push(REMARK_INGRESS.to_owned());
    }
    if request.log {
        remarks.push(
            "a policy of Cilium writes no log; Hubble shows what it decides: `hubble observe --verdict DROPPED`"
                .to_owned(),
        );
    }
    let rollback = (!names.is_empty()).then(|| {
        let denies: Vec<String> = names.iter().map(|name| format!("{name}-default-deny")).collect();
        format!("kubectl delete --ignore-not-found ciliumnetworkpolicy {} {}\n", denies.join(" "), names.join(" "))
    });
    let default_deny = (!deny.is_empty()).then_some(deny);
    Generated { rules: text, default_deny, rollback, comment: Some("#"), remarks }
}

const REMARK_ADDITIVE: &str = "the policies only allow (`enableDefaultDeny` is false, which Cilium knows since 1.16; older versions deny all else as soon \
     as a policy selects a pod)";

fn head(text: &mut String, name: &str) {
    let _ = write!(
        text,
        "---\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata:\n  name: {name}\nspec:\n  endpointSelector:\n    matchLabels:\n      {LABEL}\n"
    );
}

/// Hosts are known by the answers of DNS that Cilium has seen.
const CLUSTER_DNS: &str = "    # The cluster's DNS, through Cilium's proxy: without it no host is known by its name.
    - toEndpoints:
        - matchLabels:
            io.kubernetes.pod.namespace: kube-system
            k8s-app: kube-dns
      toPorts:
        - ports:
            - port: \"53\"
              protocol: UDP
            - port: \"53\"
              protocol: TCP
          rules:
            dns:
              - matchPattern: \"*\"
";

/// Writes a rule; false, where there is nothing to write it by.
fn rule(text: &mut String, flow: &Flow, by_name: bool, remarks: &mut Vec<String>) -> bool {
    let party = peer(flow);
    comment(text, "    ", flow);
    let egress = flow.direction == Direction::Egress;
    if egress && !party.hosts.is_empty() {
        text.push_str("    - toFQDNs:\n");
        hosts(text, party);
    } else if party.ranges.is_empty() {
        let dns = flow.port == 53 && by_name;
        let what =
            if dns { "the cluster's DNS above is taken for it" } else { "left out, since nothing says where it is" };
        let _ = writeln!(text, "    #   {what}");
        if dns {
            remarks.push(format!("{}: {what}", flow.id));
        } else {
            remarks.extend(remark(flow).map(|what| format!("left out: {what}")));
        }
        return false;
    } else {
        let _ = writeln!(text, "    - {}:", if egress { "toCIDR" } else { "fromCIDR" });
        for range in &party.ranges {
            let _ = writeln!(text, "        - {range}");
        }
    }
    text.push_str("      toPorts:\n        - ports:\n");
    for protocol in flow.protocols {
        let _ = writeln!(text, "            - port: \"{}\"\n              protocol: {}", flow.port, upper(*protocol));
    }
    if egress && flow.port == 53 && by_name {
        text.push_str("          rules:\n            dns:\n              - matchPattern: \"*\"\n");
    }
    true
}

fn hosts(text: &mut String, party: &Party) {
    for host in &party.hosts {
        let key = if host.contains('*') { "matchPattern" } else { "matchName" };
        let _ = writeln!(text, "        - {key}: {}", serde_json::Value::from(plain(host)));
    }
}
