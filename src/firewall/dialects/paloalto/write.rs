//! Flows as set commands: objects in groups of their own, and rules that are moved to the top.

use std::fmt::Write as _;

use crate::firewall::dialects::edge::writing::{
    Group, Language, Planned, Taken, described, fitting, harmless, net_in_name, of_flow, own_name, plan,
};
use crate::firewall::dialects::{Generated, Request};

/// How long a name may be since PAN-OS 8.1.
const LONGEST: usize = 63;

/// How long a description may be.
const LONGEST_DESCRIPTION: usize = 255;

const LANGUAGE: Language = Language { any: "any", wildcards: false, longest: LONGEST };

pub(super) fn write(request: &Request) -> Generated {
    let plan = plan(request, &LANGUAGE);
    let (mut rules, mut rollback) = (String::new(), Rollback::default());
    let as_of = harmless(&request.as_of);
    let mut taken = Taken::default();
    line(&mut rules, &format!("# what a deployment of WorkOS needs, by the facts of {as_of}"));
    line(&mut rules, "# type `configure` before, and `commit` when it is reviewed");
    for group in &plan.groups {
        group_of(group, &mut taken, &mut rules, &mut rollback, &as_of);
    }
    for (protocol, port) in &plan.services {
        let name = format!("workos-{}-{port}", protocol.as_str());
        line(&mut rules, &format!("set service {name} protocol {} port {port}", protocol.as_str()));
        rollback.objects.push(format!("delete service {name}"));
    }
    let mut names = Vec::new();
    for planned in &plan.flows {
        names.push(rule_of(planned, &plan.groups, request, &mut taken, &mut rules, &mut rollback));
    }
    // The last one goes first, so that all of them stand on top in the order of the sheet.
    for name in names.iter().rev() {
        line(&mut rules, &format!("move rulebase security rules {name} top"));
    }
    let mut remarks = plan.remarks;
    if !plan.flows.is_empty() {
        remarks.push("zones are `any`: name the zones that the flows come from and go to".to_owned());
        remarks.push(
            "the rules are moved to the top; below Panorama, or in a virtual system, put its prefix before `rulebase`"
                .to_owned(),
        );
        remarks
            .push("applications are `any`: `ssl` and `web-browsing` are narrower, if TLS is not decrypted".to_owned());
    }
    let default_deny = request.log.then(|| {
        let what = "# what no rule lets pass between zones is denied by the firewall itself; this writes it to the log";
        let rule = "set rulebase default-security-rules rules interzone-default";
        format!("{what}\n{rule} action deny\n{rule} log-end yes\n")
    });
    Generated { rules, default_deny, rollback: Some(rollback.text()), comment: Some("#"), remarks }
}

fn line(text: &mut String, line: &str) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "{line}");
}

/// What takes everything away again: rules first, then what they referred to, the groups before their members.
#[derive(Default)]
struct Rollback {
    rules: Vec<String>,
    groups: Vec<String>,
    objects: Vec<String>,
}

impl Rollback {
    fn text(&self) -> String {
        let mut text = String::new();
        self.rules.iter().chain(&self.groups).chain(&self.objects).for_each(|command| line(&mut text, command));
        text
    }
}

fn group_of(group: &Group, taken: &mut Taken, rules: &mut String, rollback: &mut Rollback, as_of: &str) {
    line(rules, &format!("# {}", group.who));
    let addresses = group.ranges.iter().map(|net| (net_in_name(net), format!("ip-netmask {net}")));
    let hosts = group.hosts.iter().map(|host| (host.clone(), format!("fqdn {host}")));
    let mut members = Vec::new();
    for (part, value) in addresses.chain(hosts) {
        let name = taken.free(&fitting(&format!("{}-{part}", group.name), LONGEST), LONGEST);
        line(rules, &format!("set address {name} {value}"));
        rollback.objects.push(format!("delete address {name}"));
        members.push(name);
    }
    line(rules, &format!("set address-group {} static [ {} ]", group.name, members.join(" ")));
    let described = described(&format!("{}, {as_of}", group.who), LONGEST_DESCRIPTION);
    line(rules, &format!("set address-group {} description \"{described}\"", group.name));
    rollback.groups.push(format!("delete address-group {}", group.name));
}

fn rule_of(
    planned: &Planned,
    groups: &[Group],
    request: &Request,
    taken: &mut Taken,
    rules: &mut String,
    rollback: &mut Rollback,
) -> String {
    let flow = planned.flow;
    let name = taken.free(&own_name(&flow.id, LONGEST), LONGEST);
    let named = |group: Option<usize>| group.and_then(|at| groups.get(at)).map_or("any", |group| group.name.as_str());
    let services: Vec<String> =
        flow.protocols.iter().map(|protocol| format!("workos-{}-{}", protocol.as_str(), flow.port)).collect();
    let rule = format!("set rulebase security rules {name}");
    line(rules, &format!("# {}", of_flow(flow, &request.as_of)));
    let described = described(&of_flow(flow, &request.as_of), LONGEST_DESCRIPTION);
    line(rules, &format!("{rule} description \"{described}\""));
    line(rules, &format!("{rule} from any to any"));
    line(rules, &format!("{rule} source {} destination {}", named(planned.source), named(planned.destination)));
    line(rules, &format!("{rule} application any service [ {} ]", services.join(" ")));
    line(rules, &format!("{rule} action allow"));
    if request.log {
        line(rules, &format!("{rule} log-end yes"));
    }
    rollback.rules.push(format!("delete rulebase security rules {name}"));
    name
}
