//! What rules let pass beyond what the flows need: more addresses, ports or protocols, whatever no rule speaks of, and all of it
//! without a word in a log.

use std::collections::BTreeSet;

use super::{Judged, Known, Users, anything, peers_of, question};
use crate::firewall::addresses::{Family, never_public};
use crate::firewall::evaluate::{Asking, By, Question, Verdict};
use crate::firewall::flow::{Direction, Flow, Protocol};
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{Chain, Layer, Match, Rule, Rules, Then};

/// A rule that a flow passes by, and that lets more pass than any flow needs.
pub struct TooWide<'a> {
    /// The chain that it stands in.
    pub chain: &'a Chain,
    /// The rule.
    pub rule: &'a Rule,
    /// Which way.
    pub direction: Direction,
    /// The flows that pass by it.
    pub flows: Vec<&'a Flow>,
    /// The addresses that no flow needs, at the flows' own ports, as far as this rule is what lets them pass.
    pub addresses: Ranges,
    /// The ports that no flow needs.
    pub ports: Ranges,
    /// The protocols that no flow needs, by number.
    pub protocols: Ranges,
}

/// Something that passes because nothing stops it.
pub struct Open<'a> {
    /// Which way.
    pub direction: Direction,
    /// In which family.
    pub family: Family,
    /// What lets it pass: a policy, or a rule for everything.
    pub by: By<'a>,
}

/// The rules by which flows pass, where they let more pass.
pub fn too_wide<'a>(rules: &'a Rules, judged: &[Judged<'a>], known: &Known) -> Vec<TooWide<'a>> {
    let mut found: Vec<TooWide<'a>> = Vec::new();
    for one in judged {
        for asked in &one.asked {
            // What is unsure is somebody's question already, and a rule in doubt is no grant.
            let passing = asked.parts.iter().filter(|said| said.part.verdict == Verdict::Allowed);
            for (chain, rule) in passing.filter_map(|said| rule_of(&said.part.by)) {
                let alike = |it: &&mut TooWide| std::ptr::eq(it.rule, rule) && it.direction == one.flow.direction;
                let known_already = found.iter_mut().find(alike);
                match known_already {
                    Some(known) if known.flows.iter().any(|flow| std::ptr::eq(*flow, one.flow)) => {}
                    Some(known) => known.flows.push(one.flow),
                    None => found.push(TooWide {
                        chain,
                        rule,
                        direction: one.flow.direction,
                        flows: vec![one.flow],
                        addresses: Ranges::none(),
                        ports: Ranges::none(),
                        protocols: Ranges::none(),
                    }),
                }
            }
        }
    }
    let asking = Asking::of(rules);
    for wide in &mut found {
        let needs: Vec<&Flow> =
            judged.iter().map(|one| one.flow).filter(|flow| flow.direction == wide.direction).collect();
        wide.addresses = addresses_beyond(&asking, wide, &needs, known);
        (wide.ports, wide.protocols) = services_beyond(wide, &needs);
    }
    // A rule for everything is told as that: it stands for the policy, and may be one that cannot be narrowed.
    let directions: Vec<Direction> = [Direction::Egress, Direction::Ingress]
        .into_iter()
        .filter(|direction| found.iter().any(|wide| wide.direction == *direction))
        .collect();
    let open = open_by_default(rules, known, &directions);
    let for_everything = |wide: &TooWide| {
        open.iter().any(|open| rule_of(&open.by).is_some_and(|(_, rule)| std::ptr::eq(rule, wide.rule)))
    };
    found.retain(|wide| !for_everything(wide));
    found.retain(|wide| [&wide.addresses, &wide.ports, &wide.protocols].iter().any(|beyond| !beyond.is_empty()));
    found
}

fn rule_of<'a>(by: &By<'a>) -> Option<(&'a Chain, &'a Rule)> {
    match by {
        By::Rule(chain, rule) => Some((chain, rule)),
        By::Policy(..) | By::Nobody => None,
    }
}

/// The peers that pass by this rule at the ports of its flows, and are nobody's that a flow speaks of.
fn addresses_beyond(asking: &Asking, wide: &TooWide, needs: &[&Flow], known: &Known) -> Ranges {
    let mut beyond = Vec::new();
    let services: BTreeSet<(u16, bool)> = wide
        .flows
        .iter()
        .flat_map(|flow| flow.protocols.iter().map(|protocol| (flow.port, *protocol == Protocol::Tcp)))
        .collect();
    for (port, tcp) in services {
        let protocol = if tcp { Protocol::Tcp } else { Protocol::Udp };
        let at_port = |flow: &&&Flow| flow.port == port && flow.protocols.contains(&protocol);
        let needed: Vec<Ranges> = needs.iter().filter(at_port).map(|flow| peers_of(flow)).collect();
        let needed = Ranges::any_of(&needed).or(&users(wide.direction, known));
        let Some(flow) = wide.flows.iter().find(|flow| flow.port == port) else { continue };
        let everybody = question(flow, protocol, None, needed.not(), known);
        let by_this = |by: &By| rule_of(by).is_some_and(|(_, rule)| std::ptr::eq(rule, wide.rule));
        if everybody.peers.is_empty() {
            continue;
        }
        let parts = asking.ask(&everybody);
        let passing = parts.into_iter().filter(|part| part.verdict != Verdict::Denied);
        beyond.extend(passing.filter(|part| by_this(part.perhaps.as_ref().unwrap_or(&part.by))).map(|part| part.peers));
    }
    Ranges::any_of(&beyond)
}

/// The users who come in by the same port: everybody, while nobody says where they are, since a rule for them is none of ours.
fn users(direction: Direction, known: &Known) -> Ranges {
    match (direction, known.users) {
        (Direction::Egress, _) => Ranges::none(),
        (Direction::Ingress, Users::Unsaid | Users::Anywhere) => Ranges::all(),
        (Direction::Ingress, Users::Inside) => never_public(),
    }
}

/// The ports and protocols that the rule lets pass for its flows' peers, and that no flow the same way needs.
fn services_beyond(wide: &TooWide, needs: &[&Flow]) -> (Ranges, Ranges) {
    let number = |protocol: &Protocol| match protocol {
        Protocol::Tcp => 6_u8,
        Protocol::Udp => 17,
    };
    let serves = |when: &&Match| {
        wide.flows.iter().any(|flow| {
            when.port.contains(flow.port)
                && flow.protocols.iter().any(|protocol| when.protocol.contains(number(protocol)))
        })
    };
    let needed_ports = Ranges::of(needs.iter().map(|flow| (u128::from(flow.port), u128::from(flow.port))));
    let protocols = needs.iter().flat_map(|flow| flow.protocols).map(|protocol| u128::from(number(protocol)));
    let needed_protocols = Ranges::of(protocols.map(|number| (number, number)));
    let mut ports = Vec::new();
    let mut more = Vec::new();
    for when in wide.rule.when.iter().filter(serves) {
        ports.push(when.port.and(&Ranges::between(0_u8, u16::MAX)).minus(&needed_ports));
        more.push(when.protocol.and(&Ranges::between(0_u8, u8::MAX)).minus(&needed_protocols));
    }
    // A list says nothing of ports: whoever uses it does.
    (Ranges::any_of(&ports), Ranges::any_of(&more))
}

/// What passes without any rule that speaks of it, each way and in each family that the files judge.
pub fn open_by_default<'a>(rules: &'a Rules, known: &Known, directions: &[Direction]) -> Vec<Open<'a>> {
    let mut open = Vec::new();
    let Some(port) = unmentioned(rules) else { return open };
    let asking = Asking::of(rules);
    for direction in directions {
        for family in Family::BOTH {
            let anything = Question { port, ..anything(*direction, family.all(), known) };
            let judges = |layer: &Layer| layer.way == anything.way && layer.families.overlaps(&family.all());
            if !rules.layers.iter().any(judges) {
                continue;
            }
            let found = asking.ask(&anything).into_iter().filter(|part| part.verdict == Verdict::Allowed);
            // Where only a few peers pass, that is a rule for them, and no default.
            let most = found
                .max_by_key(|part| part.peers.count())
                .filter(|part| part.peers.count() > anything.peers.count() / 2);
            open.extend(most.map(|part| Open { direction: *direction, family, by: part.by }));
        }
    }
    open
}

/// A port that no rule names: what happens to it happens to whatever nobody thought of.
fn unmentioned(rules: &Rules) -> Option<u16> {
    let matches = rules.chains.iter().flat_map(|chain| &chain.rules).flat_map(|rule| &rule.when);
    let all = Ranges::between(1_u8, u16::MAX);
    let named = matches.map(|when| &when.port).filter(|ports| !ports.covers(&all)).collect::<Vec<_>>();
    // The wide ones first given up: `1024-65535` names nothing in particular.
    let narrow = named.iter().filter(|ports| ports.count() < 1024).copied();
    let free = all.minus(&Ranges::any_of(narrow));
    let beyond_wide = free.minus(&Ranges::any_of(named.iter().copied()));
    let free = if beyond_wide.is_empty() { free } else { beyond_wide };
    free.first().and_then(|port| u16::try_from(port).ok())
}

/// Whether nothing that passes the way of these directions is ever logged, in rules whose language can say so.
pub fn unlogged(rules: &Rules) -> bool {
    let can = |name: &str| ["iptables", "nftables", "gcp", "paloalto", "fortigate", "asa"].contains(&name);
    let mut active = rules.chains.iter().flat_map(|chain| &chain.rules).filter(|rule| rule.idle.is_none()).peekable();
    let any = active.peek().is_some();
    any && rules.files.iter().any(|file| can(file.dialect)) && active.all(|rule| !rule.logs || is_nothing(rule))
}

fn is_nothing(rule: &Rule) -> bool {
    rule.when.is_empty() && rule.then == Then::Next
}
