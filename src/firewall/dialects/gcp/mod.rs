//! Google Cloud: firewall rules of VPC networks, and the firewall policies that stand before and beside them.

mod export;
pub(super) mod firewalls;
mod policies;
mod script;

use super::{Dialect, Input, Reads, Scope, Unread};
use crate::firewall::rules::{Answer, Condition, File, Match, NoteKind, Place, Rule, Rules, Then, Way};
use export::Document;
use firewalls::Networks;
use policies::{FirewallPolicy, not_there};

pub(super) static DIALECT: Dialect = Dialect {
    name: "gcp",
    title: "Google Cloud firewall rules and policies: gcloud compute, as JSON",
    reads: Some(Reads {
        export: "gcloud compute networks get-effective-firewalls NETWORK --format=json",
        recognises,
        read,
    }),
    writes: Some(script::write),
};

fn recognises(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let says =
        ["\"IPProtocol\"", "\"firewallPolicys\"", "\"firewallPolicies\"", "\"layer4Configs\"", "\"compute#firewall\""];
    text.starts_with(['{', '[']) && says.iter().any(|word| text.contains(word))
}

/// What stands in several files is in force together.
fn read(inputs: &[Input], scope: &Scope) -> Result<Rules, Unread> {
    let mut rules = Rules::default();
    let mut all = Document { is_effective: true, ..Document::default() };
    for input in inputs {
        let file = u16::try_from(rules.files.len()).unwrap_or(u16::MAX);
        rules.files.push(File { name: input.name.clone(), dialect: DIALECT.name });
        let unread = |why| Unread { file: input.name.clone(), line: None, why };
        let document = export::document(input, file).map_err(unread)?;
        all.firewalls.extend(document.firewalls);
        all.policies.extend(document.policies);
        all.is_effective &= document.is_effective;
    }
    add_layers(&mut rules, all, scope);
    Ok(rules)
}

/// Policies of the organisation and of folders come first. Those of a network come behind its rules, or before them where the
/// network is set so, which no export of rules says.
fn add_layers(rules: &mut Rules, all: Document, scope: &Scope) {
    let Document { firewalls, policies, is_effective } = all;
    let has_rules = !firewalls.is_empty();
    let networks = Networks::of(firewalls, scope);
    let whole = Place::new(0, 0, "the export", "");
    if !is_effective && policies.is_empty() {
        let what = "holds no firewall policies; it is read as if none of an organisation, a folder or a network were in force \
                    (`gcloud compute networks get-effective-firewalls` shows them)";
        rules.note(NoteKind::Assumed, &whole, what);
    }
    if policies.iter().filter(|policy| !policy.is_of_network()).count() > 1 {
        let what = "the firewall policies that are not a network's are asked in the order in which they stand there";
        rules.note(NoteKind::Assumed, &whole, what);
    }
    for way in [Way::In, Way::Out] {
        let (of_network, above): (Vec<&FirewallPolicy>, Vec<&FirewallPolicy>) =
            policies.iter().partition(|policy| policy.is_of_network());
        let jump = |rules: &mut Rules, policy: &FirewallPolicy, when: Match| {
            let chain = policy.add_chain(rules, way, scope);
            Rule::new(policy.place.clone(), vec![when], Then::Jump(chain))
        };
        let mut steps: Vec<Rule> = above.iter().map(|policy| jump(rules, policy, Match::any())).collect();
        let beside: Vec<Rule> = of_network.iter().map(|policy| jump(rules, policy, Match::any())).collect();
        if has_rules && !beside.is_empty() {
            let before = Condition::holds("the network asks its firewall policies before its firewall rules");
            let asked_first = beside.iter().cloned();
            steps.extend(asked_first.map(|rule| Rule { when: vec![Match::any().on(before.clone())], ..rule }));
        }
        let own = networks.steps(rules, way, scope);
        if networks.count() > 1 && !beside.is_empty() {
            let name = format!("firewall rules of {} ({})", networks.name(), firewalls::words(way));
            let chain = rules.add_chain(crate::firewall::rules::Chain { name, rules: own, policy: None });
            steps.push(Rule::new(whole.clone(), vec![Match::any()], Then::Jump(chain)));
        } else {
            steps.extend(own);
        }
        steps.extend(beside);
        if !has_rules && !is_effective {
            let answer = if way == Way::In { Answer::Accept } else { Answer::Drop };
            steps.push(not_there(&whole, "a firewall rule of the network, of which none are in these files,", answer));
        }
        firewalls::add_layer(rules, way, steps, &networks.name(), &whole);
    }
}

#[cfg(test)]
mod tests;
