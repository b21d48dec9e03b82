//! Ranges in rules that were once published and are no longer, and lists that are an earlier state of what is published.

use super::{Judged, peers_of, question};
use crate::facts::Facts;
use crate::firewall::addresses::{Family, networks};
use crate::firewall::audit::Known;
use crate::firewall::evaluate::{Asking, By, Verdict};
use crate::firewall::flow::{Direction, Protocol};
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{Rule, Rules};

/// A rule that lets a range pass which nobody publishes any longer.
pub struct Outdated<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// The addresses.
    pub addresses: Ranges,
    /// Since when, and what they were a part of: "104.28.0.0/14, a part of 104.16.0.0/12 until 2021-04".
    pub since: String,
}

/// As many addresses as a rule can name and still mean somebody in particular.
const NAMES_SOMEBODY: u128 = 1 << 26;

/// The retired ranges that rules let pass by name, and not only because they let everybody pass.
pub fn outdated<'a>(rules: &'a Rules, judged: &[Judged<'a>], facts: &Facts, known: &Known) -> Vec<Outdated<'a>> {
    let asking = Asking::of(rules);
    let all = networks(facts.cloudflare.retired.iter().map(|retired| &retired.cidr).collect::<Vec<_>>());
    let mut found: Vec<Outdated<'a>> = Vec::new();
    for one in judged.iter().filter(|one| one.flow.protocols.contains(&Protocol::Tcp)) {
        let question = question(one.flow, Protocol::Tcp, None, all.clone(), known);
        for part in asking.ask(&question).into_iter().filter(|part| part.verdict != Verdict::Denied) {
            let By::Rule(_, rule) = part.perhaps.unwrap_or(part.by) else { continue };
            if !names_somebody(rule, one.flow.direction) {
                continue;
            }
            for retired in &facts.cloudflare.retired {
                let addresses = networks([&retired.cidr]).and(&part.peers);
                let part_of = retired.was_part_of.map(|whole| format!(", a part of {whole}")).unwrap_or_default();
                let since = format!("{}{part_of} until {}", retired.cidr, retired.removed);
                let known = found.iter().any(|it| std::ptr::eq(it.rule, rule) && it.since == since);
                if !addresses.is_empty() && !known {
                    found.push(Outdated { rule, addresses, since });
                }
            }
        }
    }
    found
}

/// Whether the rule is for somebody in particular, rather than for nearly everybody.
fn names_somebody(rule: &Rule, direction: Direction) -> bool {
    let peers = rule.when.iter().map(|when| match direction {
        Direction::Egress => &when.destination,
        Direction::Ingress => &when.source,
    });
    let named = Ranges::any_of(peers.collect::<Vec<_>>()).and(&Family::V4.all());
    named.count() <= NAMES_SOMEBODY
}

/// The earlier published list that the allowed ones among the WorkOS sources are, where they are exactly that: how many addresses
/// it had, and until when it was published.
pub fn outdated_list(judged: &[Judged], facts: &Facts) -> Option<(usize, String)> {
    let ingress = judged
        .iter()
        .find(|one| one.flow.id.starts_with("ingress-workos") && one.flow.source.object == "workos-published")?;
    let published = peers_of(ingress.flow);
    let parts = ingress.asked.iter().flat_map(|asked| &asked.parts);
    let passing = parts.filter(|said| said.part.verdict == Verdict::Allowed).map(|said| &said.part.peers);
    let passing = Ranges::any_of(passing.collect::<Vec<_>>());
    if passing == published {
        return None;
    }
    let earlier = facts.workos_sources.history.iter().filter(|earlier| !earlier.addresses.is_empty());
    earlier
        .filter(|earlier| {
            let nets: Vec<_> = earlier.addresses.iter().copied().map(ipnet::IpNet::from).collect();
            networks(&nets).and(&published) == passing && !passing.is_empty()
        })
        .map(|earlier| (earlier.count, earlier.until.clone().unwrap_or_default()))
        .next()
}
