//! Flows as FortiGate commands: objects in groups of their own, and policies under ids that hang on the flows.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use ipnet::IpNet;

use crate::firewall::dialects::edge::writing::{
    Group, Language, Plan, Planned, Taken, described, fitting, harmless, net_in_name, of_flow, own_name, plan,
};
use crate::firewall::dialects::{Generated, Request};

/// How long the name of an object may be.
const LONGEST: usize = 79;

/// How long the name of a policy may be.
const LONGEST_POLICY: usize = 35;

/// How long a comment may be.
const LONGEST_COMMENT: usize = 255;

const LANGUAGE: Language = Language { any: "all", wildcards: true, longest: LONGEST };

pub(super) fn write(request: &Request) -> Generated {
    let plan = plan(request, &LANGUAGE);
    let as_of = harmless(&request.as_of);
    let mut text = Text::default();
    let mut taken = Taken::default();
    text.line(0, &format!("# what a deployment of WorkOS needs, by the facts of {as_of}"));
    let objects: Vec<Objects> = plan.groups.iter().map(|group| Objects::of(group, &mut taken)).collect();
    addresses(&plan, &objects, &as_of, &mut text);
    services(&plan, &mut text);
    let policies = policies(&plan, &objects, request, &mut text);
    let mut remarks = plan.remarks.clone();
    if !plan.flows.is_empty() {
        remarks.push("interfaces are `any`: name those that the flows come in and go out by".to_owned());
        let ids: Vec<String> = policies.iter().map(ToString::to_string).collect();
        remarks.push(format!(
            "new policies stand at the end: move them above what denies the same, with `move {} before` and the id of that policy",
            ids.first().map_or("", String::as_str)
        ));
        remarks.push(
            "what comes in by a virtual IP is matched by a policy that names it: put it in the place of `all`"
                .to_owned(),
        );
    }
    let default_deny = request.log.then(|| {
        let what = "# what no policy lets pass is denied by the firewall itself; this writes it to the log";
        format!("{what}\nconfig log setting\n    set fwpolicy-implicit-log enable\nend\n")
    });
    let rollback = Some(rollback(&plan, &objects, &policies));
    Generated { rules: text.0, default_deny, rollback, comment: Some("#"), remarks }
}

#[derive(Default)]
struct Text(String);

impl Text {
    fn line(&mut self, depth: usize, line: &str) {
        // Writing to a string does not fail.
        let _ = writeln!(self.0, "{:1$}{line}", "", depth * 4);
    }

    /// A block, where it has anything in it.
    fn block(&mut self, path: &str, entries: &[(String, Vec<String>)]) {
        if entries.is_empty() {
            return;
        }
        self.line(0, &format!("config {path}"));
        for (name, settings) in entries {
            self.line(1, &format!("edit {name}"));
            for setting in settings {
                self.line(2, &format!("set {setting}"));
            }
            self.line(1, "next");
        }
        self.line(0, "end");
    }
}

/// The objects of a group, by name, with what each is set to.
struct Objects {
    v4: Vec<(String, String)>,
    v6: Vec<(String, String)>,
}

impl Objects {
    fn of(group: &Group, taken: &mut Taken) -> Self {
        let mut objects = Objects { v4: Vec::new(), v6: Vec::new() };
        let mut name = |part: &str| taken.free(&fitting(&format!("{}-{part}", group.name), LONGEST), LONGEST);
        for net in &group.ranges {
            match net {
                IpNet::V4(v4) => {
                    objects.v4.push((name(&net_in_name(net)), format!("subnet {} {}", v4.network(), v4.netmask())));
                }
                IpNet::V6(v6) => objects.v6.push((name(&net_in_name(net)), format!("ip6 {}", v6.trunc()))),
            }
        }
        for host in &group.hosts {
            objects.v4.push((name(&host.replace('*', "any")), format!("type fqdn\n        set fqdn \"{host}\"")));
        }
        objects
    }
}

fn addresses(plan: &Plan, objects: &[Objects], as_of: &str, text: &mut Text) {
    for (which, path, group_path) in
        [(false, "firewall address", "firewall addrgrp"), (true, "firewall address6", "firewall addrgrp6")]
    {
        let (mut entries, mut groups) = (Vec::new(), Vec::new());
        for (group, objects) in plan.groups.iter().zip(objects) {
            let own = if which { &objects.v6 } else { &objects.v4 };
            let comment = format!("comment \"{}\"", described(&format!("{}, {as_of}", group.who), LONGEST_COMMENT));
            entries
                .extend(own.iter().map(|(name, value)| (format!("\"{name}\""), vec![value.clone(), comment.clone()])));
            if !own.is_empty() {
                let members: Vec<String> = own.iter().map(|(name, _)| format!("\"{name}\"")).collect();
                let members = format!("member {}", members.join(" "));
                groups.push((format!("\"{}\"", group.name), vec![members, comment]));
            }
        }
        text.block(path, &entries);
        text.block(group_path, &groups);
    }
}

fn services(plan: &Plan, text: &mut Text) {
    let entries: Vec<(String, Vec<String>)> = plan
        .services
        .iter()
        .map(|(protocol, port)| {
            let protocol = protocol.as_str();
            (format!("\"workos-{protocol}-{port}\""), vec![format!("{protocol}-portrange {port}")])
        })
        .collect();
    text.block("firewall service custom", &entries);
}

/// Writes the policies, and says by which ids.
fn policies(plan: &Plan, objects: &[Objects], request: &Request, text: &mut Text) -> Vec<u32> {
    let (mut ids, mut entries, mut taken) = (BTreeSet::new(), Vec::new(), Taken::default());
    let mut in_order = Vec::new();
    for planned in &plan.flows {
        let flow = planned.flow;
        let mut id = id(&flow.id);
        while !ids.insert(id) {
            id += 1;
        }
        in_order.push(id);
        let name = taken.free(&own_name(&flow.id, LONGEST_POLICY), LONGEST_POLICY);
        let mut settings = vec![format!("name \"{name}\""), "srcintf \"any\"".to_owned(), "dstintf \"any\"".to_owned()];
        settings.extend(ends(planned, plan, objects));
        let services: Vec<String> =
            flow.protocols.iter().map(|protocol| format!("\"workos-{}-{}\"", protocol.as_str(), flow.port)).collect();
        settings.extend([
            "action accept".to_owned(),
            "schedule \"always\"".to_owned(),
            format!("service {}", services.join(" ")),
            format!("logtraffic {}", if request.log { "all" } else { "utm" }),
            format!("comments \"{}\"", described(&of_flow(flow, &request.as_of), LONGEST_COMMENT)),
        ]);
        entries.push((id.to_string(), settings));
    }
    text.block("firewall policy", &entries);
    in_order
}

/// An id far above those that a FortiGate gives by itself, the same for a flow in every run, so that applying it again changes the
/// policy in the place of adding another.
fn id(flow: &str) -> u32 {
    let hash = flow.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    3_000_000_000 + hash % 1_000_000_000
}

/// Where a policy is from and to, in the families that its groups have.
fn ends(planned: &Planned, plan: &Plan, objects: &[Objects]) -> Vec<String> {
    let has = |group: Option<usize>, six: bool| {
        group
            .and_then(|at| objects.get(at))
            .is_none_or(|objects| !if six { &objects.v6 } else { &objects.v4 }.is_empty())
    };
    let name =
        |group: Option<usize>| group.and_then(|at| plan.groups.get(at)).map_or("all", |group| group.name.as_str());
    let mut ends = Vec::new();
    for (six, suffix) in [(false, ""), (true, "6")] {
        if has(planned.source, six) && has(planned.destination, six) {
            ends.push(format!("srcaddr{suffix} \"{}\"", name(planned.source)));
            ends.push(format!("dstaddr{suffix} \"{}\"", name(planned.destination)));
        }
    }
    ends
}

/// Policies first, then the groups, then what was in them.
fn rollback(plan: &Plan, objects: &[Objects], policies: &[u32]) -> String {
    let mut text = Text::default();
    let mut delete = |path: &str, names: Vec<String>| {
        if !names.is_empty() {
            text.line(0, &format!("config {path}"));
            for name in names {
                text.line(1, &format!("delete {name}"));
            }
            text.line(0, "end");
        }
    };
    let quoted = |name: &String| format!("\"{name}\"");
    delete("firewall policy", policies.iter().map(ToString::to_string).collect());
    for (six, group_path, path) in
        [(false, "firewall addrgrp", "firewall address"), (true, "firewall addrgrp6", "firewall address6")]
    {
        let own = |objects: &Objects| if six { objects.v6.clone() } else { objects.v4.clone() };
        let groups = plan.groups.iter().zip(objects).filter(|(_, objects)| !own(objects).is_empty());
        delete(group_path, groups.map(|(group, _)| quoted(&group.name)).collect());
        delete(path, objects.iter().flat_map(own).map(|(name, _)| quoted(&name)).collect());
    }
    let services = plan.services.iter().map(|(protocol, port)| format!("\"workos-{}-{port}\"", protocol.as_str()));
    delete("firewall service custom", services.collect());
    text.0
}
