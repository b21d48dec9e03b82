//! Writes `NetworkPolicy`: one for each direction, which lets the flows pass and nothing else.

use std::fmt::Write;

use crate::firewall::dialects::table::remark;
use crate::firewall::dialects::{Generated, Request};
use crate::firewall::{Direction, Flow, Party, Protocol};

pub(super) fn write(request: &Request) -> Generated {
    let mut text = format!(
        "# What an application that uses WorkOS needs, as network policies. Facts of {}.\n",
        plain(&request.as_of)
    );
    text.push_str("# Put in the labels and the namespace of your pods.\n");
    let mut remarks = vec![REMARK_LABELS.to_owned(), REMARK_DENIES.to_owned()];
    let mut names = Vec::new();
    for (direction, name) in [(Direction::Egress, "workos-egress"), (Direction::Ingress, "workos-ingress")] {
        let flows: Vec<&Flow> = request.flows.iter().filter(|flow| flow.direction == direction).collect();
        if flows.is_empty() {
            continue;
        }
        let (kind, key, peers) = match direction {
            Direction::Egress => ("Egress", "egress", "to"),
            Direction::Ingress => ("Ingress", "ingress", "from"),
        };
        names.push(name);
        let _ = write!(
            text,
            "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: {name}\nspec:\n  podSelector:\n    matchLabels:\n      {LABEL}\n  policyTypes:\n    - {kind}\n  {key}:\n"
        );
        let mut any = false;
        for flow in flows {
            let party = peer(flow);
            comment(&mut text, "    ", flow);
            if party.ranges.is_empty() && flow.port != 53 {
                text.push_str("    #   left out, since its addresses are missing\n");
                remarks.extend(
                    remark(flow).map(|what| format!("left out, since a NetworkPolicy goes by addresses: {what}")),
                );
                continue;
            }
            any = true;
            let _ = writeln!(text, "    - {peers}:");
            if party.ranges.is_empty() {
                text.push_str(CLUSTER_DNS);
                remarks.push(format!("{}: the cluster's own DNS is taken for the resolvers", flow.id));
            }
            for range in &party.ranges {
                let _ = writeln!(text, "        - ipBlock:\n            cidr: {range}");
            }
            text.push_str("      ports:\n");
            for protocol in flow.protocols {
                let _ = writeln!(text, "        - protocol: {}\n          port: {}", upper(*protocol), flow.port);
            }
        }
        if !any {
            // A key without a list is null, which says nothing; an empty list says that nothing is allowed.
            text.push_str("    []\n");
        }
    }
    if request.flows.iter().any(|flow| flow.direction == Direction::Ingress) {
        remarks.push(REMARK_INGRESS.to_owned());
    }
    if request.log {
        remarks.push("a NetworkPolicy writes no log; what enforces it may".to_owned());
    }
    let rollback = (!names.is_empty()).then(|| format!("kubectl delete networkpolicy {}\n", names.join(" ")));
    Generated { rules: text, rollback, comment: Some("#"), remarks, ..Generated::default() }
}

/// By which the pods are selected until somebody puts in his own.
pub(super) const LABEL: &str = "app: your-application # yours";

pub(super) const REMARK_LABELS: &str =
    "put in the labels of your pods for `app: your-application`, and apply it in their namespace (`kubectl -n`)";

const REMARK_DENIES: &str = "pods that a NetworkPolicy selects are denied everything else of its direction, unless another policy allows it: apply \
     these only where all that the pods need is allowed";

pub(super) const REMARK_INGRESS: &str = "ingress is judged where it reaches the pods: behind a Service or an ingress controller the port can be another one \
     (its target port), and the source is WorkOS's only with `externalTrafficPolicy: Local`; otherwise allow the controller, and WorkOS at it";

const CLUSTER_DNS: &str = "        - namespaceSelector:\n            matchLabels:\n              kubernetes.io/metadata.name: kube-system\n          podSelector:\n            matchLabels:\n              k8s-app: kube-dns\n";

/// What a flow is, as comments.
pub(super) fn comment(text: &mut String, indent: &str, flow: &Flow) {
    let party = peer(flow);
    let _ = writeln!(text, "{indent}# {} ({}): {}", plain(&flow.id), flow.need.as_str(), plain(&flow.reason));
    let _ = writeln!(text, "{indent}#   {}; {}", plain(&party.who), plain(&flow.since));
}

/// The end that is not the installation's.
pub(super) fn peer(flow: &Flow) -> &Party {
    if flow.direction == Direction::Egress { &flow.destination } else { &flow.source }
}

pub(super) fn upper(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "TCP",
        Protocol::Udp => "UDP",
    }
}

/// On one line, whatever it is.
pub(super) fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() || matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}') { ' ' } else { c })
        .collect()
}
