//! Palo Alto Networks, in the `set` format of PAN-OS and Panorama: objects, groups and security rules. App-ID, users and names that
//! the firewall resolves are conditions, since no file says them.

mod applications;
mod config;
mod objects;
mod rules;
#[cfg(test)]
mod tests;
mod write;

use super::{Dialect, Input, Reads, Scope, Unread};
use crate::firewall::rules::Rules;

/// The language.
pub(super) static DIALECT: Dialect = Dialect {
    name: "paloalto",
    title: "Palo Alto PAN-OS and Panorama, set commands",
    reads: Some(Reads { export: EXPORT, recognises, read }),
    writes: Some(write::write),
};

const EXPORT: &str = "set cli config-output-format set; set cli pager off; configure; show";

fn recognises(text: &str) -> bool {
    is_xml(text) || is_braces(text) || text.lines().any(is_telling)
}

fn is_xml(text: &str) -> bool {
    let start = text.trim_start_matches('\u{feff}').trim_start();
    let of_pan = ["<rulebase>", "<security>", "<vsys>", "<device-group>", "<pre-rulebase>", "urldb="];
    start.starts_with('<')
        && (start.contains("<entry name=") || start.contains("detail-version="))
        && of_pan.iter().any(|tag| start.contains(tag))
}

/// As a firewall shows its configuration unless it is told otherwise.
fn is_braces(text: &str) -> bool {
    let mut lines = text.trim_start_matches('\u{feff}').lines().map(str::trim).filter(|line| !line.is_empty());
    let opens =
        lines.next().is_some_and(|line| matches!(line, "config {" | "mgt-config {" | "rulebase {" | "devices {"));
    opens && text.contains("security {") && text.contains("rules {")
}

/// Whether only PAN-OS has such a line.
fn is_telling(line: &str) -> bool {
    let mut words = line.split_whitespace();
    if words.next() != Some("set") {
        return false;
    }
    let words: Vec<&str> = words.skip_while(|word| *word == "config").take(8).collect();
    let objects = ["ip-netmask", "ip-range", "fqdn", "ip-wildcard", "static"];
    match words.first().copied() {
        Some("rulebase" | "pre-rulebase" | "post-rulebase" | "device-group" | "deviceconfig" | "mgt-config") => true,
        Some("devices") => words.get(1) == Some(&"localhost.localdomain"),
        Some("shared" | "vsys") => words.len() > 2,
        Some("address" | "address-group") => words.iter().skip(2).any(|word| objects.contains(word)),
        _ => false,
    }
}

fn read(inputs: &[Input], scope: &Scope) -> Result<Rules, Unread> {
    for input in inputs {
        if is_braces(&input.text) {
            return Err(Unread {
                file: input.name.clone(),
                line: None,
                why: format!("is in braces, of which only the set format is read: export it with `{EXPORT}`"),
            });
        }
        if input.text.trim_start_matches('\u{feff}').trim_start().starts_with('<') {
            return Err(Unread {
                file: input.name.clone(),
                line: None,
                why: format!("is XML, of which only the set format is read: export it with `{EXPORT}`"),
            });
        }
    }
    let config = config::Config::of(inputs);
    if !config.has_rules() {
        let file = inputs.first().map(|input| input.name.clone()).unwrap_or_default();
        let why = format!("holds no security rules (`set … security rules …`): export it with `{EXPORT}`");
        return Err(Unread { file, line: None, why });
    }
    Ok(rules::rules(config, inputs, scope))
}
