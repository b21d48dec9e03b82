//! Writes flows for `iptables-restore --noflush` and `ip6tables-restore --noflush`: chains of their own, and a jump to them at the top
//! of the chains that are there.

use std::fmt::Write;

use crate::firewall::Direction;
use crate::firewall::addresses::Family;
use crate::firewall::dialects::edge::writing::{harmless, of_flow};
use crate::firewall::dialects::host::{Plan, Planned, plan};
use crate::firewall::dialects::{Generated, Request};

/// Writes what one family needs.
pub(super) fn write(request: &Request, family: Family) -> Generated {
    let plan = plan(request);
    let writing = Writing { plan: &plan, request, family };
    Generated {
        rules: writing.rules(),
        default_deny: Some(writing.default_deny()),
        rollback: Some(writing.rollback()),
        comment: Some("#"),
        remarks: writing.remarks(),
    }
}

struct Writing<'a> {
    plan: &'a Plan<'a>,
    request: &'a Request,
    family: Family,
}

/// The chains of a direction. Each direction can be loaded, and taken away, without the other.
struct Chains {
    /// Where connections are opened, and the chain of the table that it is asked from.
    opens: &'static str,
    hook: &'static str,
    /// Where their answers pass.
    answers: &'static str,
    back: &'static str,
    /// Where what is let through is logged.
    logged: &'static str,
    /// Where the rest is denied.
    rest: &'static str,
    /// The loopback.
    lo: &'static str,
    /// As a log says it.
    way: &'static str,
}

fn chains(direction: Direction) -> Chains {
    match direction {
        Direction::Ingress => Chains {
            opens: "WORKOS-IN",
            hook: "INPUT",
            answers: "WORKOS-IN-BACK",
            back: "OUTPUT",
            logged: "WORKOS-IN-LOGGED",
            rest: "WORKOS-IN-REST",
            lo: "-i lo",
            way: "in",
        },
        Direction::Egress => Chains {
            opens: "WORKOS-OUT",
            hook: "OUTPUT",
            answers: "WORKOS-OUT-BACK",
            back: "INPUT",
            logged: "WORKOS-OUT-LOGGED",
            rest: "WORKOS-OUT-REST",
            lo: "-o lo",
            way: "out",
        },
    }
}

/// Beyond that a log is no help.
const RATE: &str = "-m limit --limit 10/minute --limit-burst 20";

impl Writing<'_> {
    fn tool(&self) -> &'static str {
        if self.family == Family::V4 { "iptables" } else { "ip6tables" }
    }

    fn rules(&self) -> String {
        let (tool, as_of) = (self.tool(), harmless(&self.request.as_of));
        let mut text = format!(
            "# What WorkOS needs over {}, by the facts of {as_of}. Try it with `{tool}-restore --noflush --test FILE`, load it\n\
             # with `{tool}-restore --noflush FILE`: all of it or nothing. It adds chains of its own and a jump to each at the top of\n\
             # INPUT and OUTPUT; what is there stays. Before it is loaded again, take it away with what undoes it.\n\
             *filter\n",
            self.family.as_str(),
        );
        let mut lines = String::new();
        for direction in self.plan.directions() {
            let chains = chains(direction);
            for chain in [chains.opens, chains.answers] {
                let _ = writeln!(text, ":{chain} - [0:0]");
            }
            if self.request.log {
                let _ = writeln!(text, ":{} - [0:0]", chains.logged);
            }
            let _ = writeln!(lines, "-I {} 1 -j {}", chains.hook, chains.opens);
            let _ = writeln!(lines, "-I {} 1 -j {}", chains.back, chains.answers);
            for planned in self.plan.flows.iter().filter(|planned| planned.flow.direction == direction) {
                let _ = writeln!(lines, "# {}", of_flow(planned.flow, &self.request.as_of));
                self.flow(&mut lines, planned, &chains);
            }
            if self.request.log {
                let prefix = format!("--log-prefix \"workos {}: \"", chains.way);
                let _ = writeln!(lines, "-A {} -m conntrack --ctstate NEW {RATE} -j LOG {prefix}", chains.logged);
                let _ = writeln!(lines, "-A {} -j ACCEPT", chains.logged);
            }
        }
        text + &lines + "COMMIT\n"
    }

    /// What opens a flow and follows, and what comes back.
    fn flow(&self, lines: &mut String, planned: &Planned, chains: &Chains) {
        let flow = planned.flow;
        let comes_in = flow.direction == Direction::Ingress;
        let comment: String = format!("{} {}", flow.id, self.request.as_of).chars().take(200).collect();
        let comment = format!("-m comment --comment \"{}\"", harmless(&comment));
        let target = if self.request.log { chains.logged } else { "ACCEPT" };
        let here = if comes_in { &flow.destination } else { &flow.source };
        let mut ours: Vec<String> = Vec::new();
        for net in here.ranges.iter().filter(|net| Family::of(net.addr()) == self.family) {
            ours.push(format!(" {} {}", if comes_in { "-d" } else { "-s" }, net.trunc()));
        }
        if here.ranges.is_empty() {
            ours.push(String::new());
        }
        for net in self.plan.objects[planned.peer].of(self.family) {
            for protocol in flow.protocols.iter().map(|protocol| protocol.as_str()) {
                let (there, back) = if comes_in { ("-s", "-d") } else { ("-d", "-s") };
                let port = flow.port;
                for ours in &ours {
                    let _ = writeln!(
                        lines,
                        "-A {} {there} {net}{ours} -p {protocol} -m {protocol} --dport {port} -m conntrack \
                         --ctstate NEW,ESTABLISHED {comment} -j {target}",
                        chains.opens
                    );
                }
                let _ = writeln!(
                    lines,
                    "-A {} {back} {net} -p {protocol} -m {protocol} --sport {port} -m conntrack --ctstate ESTABLISHED \
                     {comment} -j ACCEPT",
                    chains.answers
                );
            }
        }
    }

    fn default_deny(&self) -> String {
        let tool = self.tool();
        let mut text = format!(
            "# Denies what no rule lets through over {}. First let in what this host needs besides (SSH, monitoring, DHCP,\n\
             # updates): whatever stands in the chains by then is asked before. Load it with `{tool}-restore --noflush FILE`.\n\
             *filter\n",
            self.family.as_str()
        );
        let directions = self.plan.directions();
        for direction in &directions {
            let _ = writeln!(text, ":{} - [0:0]", chains(*direction).rest);
        }
        for direction in &directions {
            let Chains { rest, hook, lo, way, .. } = chains(*direction);
            let _ = writeln!(text, "-A {rest} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT");
            let _ = writeln!(text, "-A {rest} {lo} -j ACCEPT");
            if self.family == Family::V6 {
                text.push_str("# IPv6 finds neighbours, routers and the size of packets by ICMPv6.\n");
            }
            for kind in self.errors(*direction) {
                let _ = match self.family {
                    Family::V4 => writeln!(text, "-A {rest} -p icmp -m icmp --icmp-type {kind} -j ACCEPT"),
                    Family::V6 => writeln!(text, "-A {rest} -p ipv6-icmp -m icmp6 --icmpv6-type {kind} -j ACCEPT"),
                };
            }
            if self.request.log {
                let _ = writeln!(text, "-A {rest} {RATE} -j LOG --log-prefix \"workos denied {way}: \"");
            }
            let denied = match (direction, self.family) {
                (Direction::Ingress, _) => "DROP",
                (Direction::Egress, Family::V4) => "REJECT --reject-with icmp-admin-prohibited",
                (Direction::Egress, Family::V6) => "REJECT --reject-with icmp6-adm-prohibited",
            };
            let _ = writeln!(text, "-A {rest} -j {denied}");
            let _ = writeln!(text, "-A {hook} -j {rest}");
        }
        text + "COMMIT\n"
    }

    /// Types of messages without which connections hang: what went wrong on the way, its size, and for IPv6 the neighbours (133 to
    /// 136) and who listens to them (131, 132, 143).
    fn errors(&self, direction: Direction) -> &'static [u8] {
        match (self.family, direction) {
            (Family::V4, _) => &[3, 8, 11, 12],
            (Family::V6, Direction::Ingress) => &[1, 2, 3, 4, 128, 130, 133, 134, 135, 136],
            (Family::V6, Direction::Egress) => &[1, 2, 3, 4, 128, 131, 132, 133, 134, 135, 136, 143],
        }
    }

    fn rollback(&self) -> String {
        let tool = self.tool();
        let mut text = format!(
            "#!/bin/sh\n# Takes away what was added for WorkOS over {}, what denies the rest included, and nothing else.\n\
             without() {{ # chain, chain jumped to\n\
             \twhile {tool} -D \"$1\" -j \"$2\" 2>/dev/null; do :; done\n\
             \tif {tool} -F \"$2\" 2>/dev/null; then {tool} -X \"$2\"; fi\n}}\n",
            self.family.as_str()
        );
        for direction in self.plan.directions() {
            let Chains { opens, hook, answers, back, logged, rest, .. } = chains(direction);
            for (from, to) in [(hook, rest), (hook, opens), (back, answers), (opens, logged)] {
                let _ = writeln!(text, "without {from} {to}");
            }
        }
        text
    }

    fn remarks(&self) -> Vec<String> {
        let (tool, other) =
            if self.family == Family::V4 { ("iptables", "ip6tables") } else { ("ip6tables", "iptables") };
        let others: usize =
            self.plan.objects.iter().map(|object| object.networks.len() - object.of(self.family).count()).sum();
        let mut remarks = Vec::new();
        if others > 0 {
            let (family, networks) = (self.family.as_str(), if others == 1 { "network" } else { "networks" });
            remarks.push(format!(
                "these rules are for {family} alone: the other {others} {networks} of these flows are in the rules for {other}"
            ));
        }
        remarks.push(
            "where ufw, firewalld or nftables keep the rules, write them in that language: what is added beside them is lost or does \
             not count"
                .to_owned(),
        );
        remarks.push(format!(
            "to be there after a restart they have to be saved: `netfilter-persistent save`, or what {tool}-save prints into the file \
             that is loaded at start"
        ));
        remarks.push(
            "ports that Docker publishes are behind FORWARD and DOCKER-USER, which these rules of INPUT do not bear on"
                .to_owned(),
        );
        for (object, flows) in self.plan.blank() {
            remarks.push(format!(
                "nobody publishes addresses of {}: nothing is let through for {} until a rule for them stands in the chain of its \
                 direction",
                object.who,
                flows.join(", ")
            ));
        }
        remarks
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::firewall::dialects::iptables::{IP6TABLES, IPTABLES};
    use crate::firewall::dialects::{Dialect, Input, Scope, round_trip};
    use crate::firewall::rules::{Rules, Way};
    use crate::firewall::{Flow, fixture};

    fn request(flows: Vec<Flow>, log: bool) -> Request {
        Request { flows, as_of: "2026-11-23".to_owned(), log }
    }

    fn read(texts: &[String], dialect: &Dialect) -> Rules {
        let input = |text: &String| Input { name: "rules".to_owned(), text: text.clone() };
        let reads = dialect.reads.as_ref().unwrap();
        (reads.read)(&texts.iter().map(input).collect::<Vec<_>>(), &Scope::default()).unwrap()
    }

    fn whole(generated: &Generated) -> String {
        generated.rules.clone() + generated.default_deny.as_deref().unwrap()
    }

    /// A host whose own rules let SSH in, and everything out.
    fn host(tool: &str) -> String {
        format!(
            "# Generated by {tool}-save\n*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT DROP [0:0]\n\
             -A INPUT -p tcp --dport 22 -j ACCEPT\nCOMMIT\n"
        )
    }

    #[test]
    fn what_is_written_for_both_families_lets_exactly_the_flows_pass() {
        for log in [false, true] {
            let request = request(fixture::flows(), log);
            let (four, six) = (write(&request, Family::V4), write(&request, Family::V6));
            let mut rules = read(&[whole(&four)], &IPTABLES);
            rules.join(read(&[whole(&six)], &IP6TABLES));

            assert!(rules.understood(), "{:?}", rules.notes);
            round_trip::assert_exactly(&rules, &request.flows);
        }
    }

    #[test]
    fn beside_what_is_there_only_the_flows_are_added() {
        let request = request(fixture::flows(), false);
        for (family, dialect) in [(Family::V4, &IPTABLES), (Family::V6, &IP6TABLES)] {
            let generated = write(&request, family);
            let before = read(&[host(dialect.name)], dialect);
            let after = read(&[host(dialect.name) + &generated.rules], dialect);
            let of = |rules: &Rules, way: Way, port: u16| round_trip::passes(rules, way, 6, port, None);
            let nothing = |text: &str| text.split(" ? ").next().unwrap().is_empty();

            assert!(nothing(&of(&before, Way::In, 443)) && !nothing(&of(&after, Way::In, 443)), "{family:?}");
            for (way, port) in [(Way::In, 444), (Way::Out, 22), (Way::Through, 443), (Way::In, 80)] {
                assert_eq!(of(&before, way, port), of(&after, way, port), "{family:?} {way:?} {port}");
            }
        }
    }

    #[test]
    fn a_direction_is_written_and_taken_away_without_the_other() {
        let into: Vec<Flow> =
            fixture::flows().into_iter().filter(|flow| flow.direction == Direction::Ingress).collect();
        let generated = write(&request(into, true), Family::V4);

        for text in [&generated.rules, generated.default_deny.as_ref().unwrap(), generated.rollback.as_ref().unwrap()] {
            assert!(text.contains("WORKOS-IN") && !text.contains("WORKOS-OUT"), "{text}");
        }
    }

    #[test]
    fn a_host_that_is_known_is_written_and_one_of_the_other_family_is_not() {
        let mut flows = fixture::flows();
        flows[2].destination.ranges = vec!["10.20.0.10/32".parse().unwrap()];
        let (four, six) =
            (write(&request(flows.clone(), false), Family::V4), write(&request(flows, false), Family::V6));

        assert!(
            four.rules.contains(
                "-A WORKOS-IN -s 3.217.146.166/32 -d 10.20.0.10/32 -p tcp -m tcp --dport 443 -m conntrack --ctstate \
             NEW,ESTABLISHED -m comment --comment \"ingress-workos 2026-11-23\" -j ACCEPT"
            ),
            "{}",
            four.rules
        );
        assert!(!six.rules.contains("-d 10.") && six.rules.contains("2606:4700::/32"));
    }

    #[test]
    fn what_has_no_addresses_is_said_and_not_let_through() {
        let mut flows = fixture::flows();
        flows[0].destination.ranges.clear();
        let generated = write(&request(flows, false), Family::V4);

        assert!(generated.remarks.iter().any(|remark| remark.contains("egress-dns")));
        assert!(!generated.rules.contains("--dport 53"));
    }
}
