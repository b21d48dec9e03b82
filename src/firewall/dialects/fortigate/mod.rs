//! FortiGate, as `show` prints it and as a backup holds it: blocks of `config`, `edit`, `set` and `next`. Rules are asked in the order
//! of the listing; what the firewall resolves by itself is a condition.

mod context;
mod objects;
mod policies;
mod predefined;
#[cfg(test)]
mod tests;
mod tree;
mod write;

use super::edge::{every_way, one_of};
use super::{Dialect, Input, Reads, Scope, Unread};
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{ChainId, File, NoteKind, Place, Replies, Rules};

/// The language.
pub(super) static DIALECT: Dialect = Dialect {
    name: "fortigate",
    title: "FortiGate, show commands or a backup",
    reads: Some(Reads { export: EXPORT, recognises, read }),
    writes: Some(write::write),
};

const EXPORT: &str = "show (or `show firewall policy`, `address`, `addrgrp`, `vip`, `service custom` and `service group`, `show system zone`)";

fn recognises(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').starts_with("#config-version=F")
        || text.lines().any(|line| {
            let mut words = line.split_whitespace().skip_while(|word| *word != "config");
            words.next().is_some()
                && match words.next() {
                    Some("firewall") => matches!(
                        words.next(),
                        Some(
                            "policy" | "policy6" | "address" | "address6" | "addrgrp" | "addrgrp6" | "service" | "vip"
                        )
                    ),
                    Some("vdom") => words.next().is_none(),
                    _ => false,
                }
        })
}

fn read(inputs: &[Input], scope: &Scope) -> Result<Rules, Unread> {
    let mut rules = Rules {
        files: inputs.iter().map(|input| File { name: input.name.clone(), dialect: DIALECT.name }).collect(),
        ..Rules::default()
    };
    let mut all = context::Contexts::default();
    for (file, input) in (0_u16..).zip(inputs) {
        let tree = tree::Tree::of(&input.text, file).map_err(|line| Unread {
            file: input.name.clone(),
            line: Some(line),
            why: "has more blocks in one another than any configuration".to_owned(),
        })?;
        all.take(tree, &mut rules);
    }
    let contexts: Vec<context::Context> = all.with_policies();
    if contexts.is_empty() {
        let file = inputs.first().map(|input| input.name.clone()).unwrap_or_default();
        let why =
            "holds no policies (`config firewall policy`): export them with `show firewall policy`, and the objects";
        return Err(Unread { file, line: None, why: why.to_owned() });
    }
    let named = contexts.iter().filter(|context| scope.holds(&[&context.name])).count();
    if named == 0 {
        let what = format!("`{}` is no VDOM with policies in these files", scope.only.join(", "));
        rules.note(NoteKind::NotUnderstood, &Place::default(), what);
    }
    // With VDOMs, interfaces are shared out elsewhere.
    if let [context] = contexts.as_slice()
        && context.name.is_empty()
    {
        let outward: Vec<String> = context.outward.iter().cloned().collect();
        let others = context.addressed.iter().filter(|name| !outward.contains(name)).cloned();
        rules.faces(&outward, &others.collect::<Vec<_>>());
    }
    let behind = contexts.into_iter().filter(|context| named == 0 || scope.holds(&[&context.name]));
    let chains: Vec<(String, ChainId)> = behind
        .map(|context| {
            let name = if context.name.is_empty() { "policies".to_owned() } else { format!("VDOM `{}`", context.name) };
            let chain = policies::chain(&context, &name, &mut rules);
            (name, chain)
        })
        .collect();
    let first = one_of(&mut rules, &chains);
    every_way(&mut rules, "policies", &Ranges::all(), first, Replies::Remembered);
    Ok(rules)
}
