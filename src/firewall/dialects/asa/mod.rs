//! Cisco: access lists of an ASA, and of IOS and IOS XE, with the objects and groups that they name and the interfaces that they are
//! bound to. The two are told apart, since the one takes netmasks where the other takes wildcards.

mod bindings;
mod config;
mod entries;
mod objects;
mod ports;
#[cfg(test)]
mod tests;
mod write;

use super::{Dialect, Input, Reads, Scope, Unread};
use crate::firewall::rules::Rules;

/// The language.
pub(super) static DIALECT: Dialect = Dialect {
    name: "asa",
    title: "Cisco ASA, and access lists of IOS",
    reads: Some(Reads { export: EXPORT, recognises, read }),
    writes: Some(write::write),
};

const EXPORT: &str = "show running-config";

fn recognises(text: &str) -> bool {
    text.lines().any(|line| {
        let words: Vec<&str> = line.split_whitespace().take(5).collect();
        matches!(
            words.as_slice(),
            ["ASA", "Version", ..]
                | ["object-group", "network" | "service" | "protocol", ..]
                | ["object", "network" | "service", _]
                | ["ip", "access-list", "extended" | "standard", ..]
                | ["ip", "access-group", _, "in" | "out"]
                | ["access-group", _, "in" | "out", "interface", ..]
                | ["access-group", _, "global"]
                | ["access-list", _, "extended" | "standard" | "remark" | "line" | "permit" | "deny", ..]
                | ["Extended" | "Standard", "IP", "access", "list", _]
        )
    })
}

fn read(inputs: &[Input], _: &Scope) -> Result<Rules, Unread> {
    let config = config::Config::of(inputs);
    if config.lists.is_empty() && config.bindings.is_empty() {
        let file = inputs.first().map(|input| input.name.clone()).unwrap_or_default();
        return Err(Unread {
            file,
            line: None,
            why: format!("holds no access list: export all of it with `{EXPORT}`"),
        });
    }
    Ok(bindings::rules(config, inputs))
}
