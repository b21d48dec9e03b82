//! What an exported ruleset holds, by name: tables, chains with their rules, sets and maps. Nothing is judged here.

use std::collections::HashMap;

use serde_json::Value;

use crate::firewall::addresses::Family;
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::Answer;

/// All of a file.
#[derive(Default)]
pub(super) struct Ruleset<'v> {
    /// The chains, in the order of the file.
    pub chains: Vec<Chain<'v>>,
    /// Sets and maps, by table and name.
    pub sets: HashMap<(TableName<'v>, &'v str), Set<'v>>,
    /// Which chain has this name in this table.
    pub by_name: HashMap<(TableName<'v>, &'v str), usize>,
    /// Tables that the kernel has switched off.
    pub dormant: Vec<TableName<'v>>,
    /// What is there besides, and may bear on what passes.
    pub others: Vec<Other<'v>>,
}

/// A table: its family, and its name in it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct TableName<'v> {
    /// `ip`, `ip6`, `inet`, `bridge`, `arp`, `netdev`.
    pub family: &'v str,
    /// Its name.
    pub name: &'v str,
}

/// A chain.
pub(super) struct Chain<'v> {
    /// Its table.
    pub table: TableName<'v>,
    /// Its name.
    pub name: &'v str,
    /// Where packets enter it; nothing, where it is only jumped to.
    pub base: Option<Base<'v>>,
    /// Its rules as they stand there.
    pub rules: Vec<&'v Value>,
}

/// How packets enter a base chain.
pub(super) struct Base<'v> {
    /// `filter`, `nat`, `route`.
    pub kind: &'v str,
    /// `prerouting`, `input`, …
    pub hook: &'v str,
    /// Lower comes first.
    pub priority: i64,
    /// What becomes of what no rule decides.
    pub policy: Answer,
    /// The devices whose packets enter, for `ingress` and `egress`.
    pub devices: Vec<&'v str>,
}

/// A set, or a map.
pub(super) struct Set<'v> {
    /// Its flags, whichever way they are written.
    pub flags: Vec<&'v str>,
    /// Its elements.
    pub elements: &'v [Value],
    /// Whether rules put elements into it.
    pub grows: bool,
}

/// Something that is neither table, chain, rule, set nor map.
pub(super) enum Other<'v> {
    /// A command other than one that adds.
    Command(&'v str),
    /// Connections that a rule hands to a flowtable pass without further rules.
    Flowtable(&'v str),
    /// A word that is not known.
    Unknown(&'v str),
    /// A rule without a chain.
    Stray(TableName<'v>, &'v str),
}

impl<'v> TableName<'v> {
    /// As it is named.
    pub(super) fn in_words(self) -> String {
        format!("{} {}", self.family, self.name)
    }

    /// The addresses of the packets that its chains see.
    pub(super) fn families(self) -> Ranges {
        match self.family {
            "ip" => Family::V4.all(),
            "ip6" => Family::V6.all(),
            _ => Ranges::all(),
        }
    }

    fn of(object: &'v Value, name: &str) -> Option<Self> {
        Some(TableName { family: text(object, "family")?, name: text(object, name)? })
    }
}

impl<'v> Ruleset<'v> {
    /// Takes an object of the file in.
    pub(super) fn take(&mut self, object: &'v Value) {
        let Some((word, what)) = object.as_object().and_then(|object| object.iter().next()) else {
            return self.others.push(Other::Unknown("an entry that is no object"));
        };
        match word.as_str() {
            // What is written to be loaded wraps each object in a command.
            "add" | "create" => self.take(what),
            "insert" => {
                self.take(what);
                self.moved_to_the_front(what);
            }
            "table" => self.table(what),
            "chain" => self.chain(what),
            "rule" => self.rule(what),
            "set" | "map" => self.set(what),
            "element" => self.others.push(Other::Command("add element")),
            "flowtable" => self.others.push(Other::Flowtable(text(what, "name").unwrap_or_default())),
            "metainfo" | "counter" | "quota" | "limit" | "ct helper" | "ct timeout" | "ct expectation" | "secmark"
            | "synproxy" => {}
            "delete" | "destroy" | "flush" | "replace" | "rename" | "reset" | "list" => {
                // A file that is loaded begins by emptying what is there.
                let anew = word == "flush" && self.chains.is_empty() && self.sets.is_empty();
                if !anew {
                    self.others.push(Other::Command(word));
                }
            }
            _ => self.others.push(Other::Unknown(word)),
        }
    }

    fn table(&mut self, what: &'v Value) {
        let Some(table) = TableName::of(what, "name") else { return };
        // Some versions cut the word.
        if strings(&what["flags"]).iter().any(|flag| flag.starts_with('d')) {
            self.dormant.push(table);
        }
    }

    fn chain(&mut self, what: &'v Value) {
        let (Some(table), Some(name)) = (TableName::of(what, "table"), text(what, "name")) else { return };
        let base = text(what, "hook").map(|hook| Base {
            kind: text(what, "type").unwrap_or("filter"),
            hook,
            priority: priority(&what["prio"], table.family),
            policy: if text(what, "policy") == Some("drop") { Answer::Drop } else { Answer::Accept },
            devices: strings(&what["dev"]).into_iter().chain(strings(&what["devices"])).collect(),
        });
        self.by_name.insert((table, name), self.chains.len());
        self.chains.push(Chain { table, name, base, rules: Vec::new() });
    }

    fn rule(&mut self, what: &'v Value) {
        let (Some(table), Some(name)) = (TableName::of(what, "table"), text(what, "chain")) else {
            return self.others.push(Other::Unknown("a rule without table or chain"));
        };
        match self.by_name.get(&(table, name)).and_then(|at| self.chains.get_mut(*at)) {
            Some(chain) => chain.rules.push(what),
            None => self.others.push(Other::Stray(table, name)),
        }
    }

    fn moved_to_the_front(&mut self, what: &'v Value) {
        let Some(rule) = what.get("rule") else { return };
        let (Some(table), Some(name)) = (TableName::of(rule, "table"), text(rule, "chain")) else { return };
        if let Some(chain) = self.by_name.get(&(table, name)).and_then(|at| self.chains.get_mut(*at)) {
            chain.rules.rotate_right(1);
        }
    }

    fn set(&mut self, what: &'v Value) {
        let (Some(table), Some(name)) = (TableName::of(what, "table"), text(what, "name")) else { return };
        let elements = what["elem"].as_array().map_or(&[][..], Vec::as_slice);
        let flags = strings(&what["flags"]);
        let grows = flags.contains(&"dynamic");
        self.sets.insert((table, name), Set { flags, elements, grows });
    }

    /// Marks the sets that rules put elements into: what stands in them now is not what will.
    pub(super) fn mark_growing(&mut self) {
        for chain in &self.chains {
            for rule in &chain.rules {
                let Some(statements) = rule["expr"].as_array() else { continue };
                for statement in statements {
                    let puts =
                        statement.get("set").or_else(|| statement.get("map")).filter(|put| put["op"] != "delete");
                    let name = puts.and_then(|put| text(put, "set").or_else(|| text(put, "map")));
                    let Some(name) = name.and_then(|name| name.strip_prefix('@')) else { continue };
                    if let Some(set) = self.sets.get_mut(&(chain.table, name)) {
                        set.grows = true;
                    }
                }
            }
        }
    }
}

/// A text in an object.
pub(super) fn text<'v>(object: &'v Value, key: &str) -> Option<&'v str> {
    object.get(key).and_then(Value::as_str)
}

/// One text or a list of them: versions differ.
pub(super) fn strings(value: &Value) -> Vec<&str> {
    match value {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Where in its hook a chain stands: a number, or a name with what is added to it.
fn priority(value: &Value, family: &str) -> i64 {
    if let Some(number) = value.as_i64() {
        return number;
    }
    let Some(written) = value.as_str() else { return 0 };
    let words = written.replace('+', " + ").replace('-', " - ");
    let mut words = words.split_whitespace();
    let (mut sum, mut sign) = (0, 1);
    for word in words.by_ref() {
        match word {
            "-" => sign = -1,
            "+" => sign = 1,
            word => sum += sign * word.parse().unwrap_or_else(|_| named(word, family)),
        }
    }
    sum
}

fn named(name: &str, family: &str) -> i64 {
    match (name, family) {
        ("filter", "bridge") => -200,
        ("srcnat", "bridge") => 300,
        ("dstnat", "bridge") | ("raw", _) => -300,
        ("mangle", _) => -150,
        ("dstnat", _) => -100,
        ("security", _) => 50,
        ("out", "bridge") | ("srcnat", _) => 100,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_priority_is_a_number_or_a_name_with_what_is_added() {
        for (written, family, is) in [
            (json!(-10), "inet", -10),
            (json!("filter"), "inet", 0),
            (json!("filter - 5"), "inet", -5),
            (json!("raw+10"), "ip", -290),
            (json!("mangle"), "ip6", -150),
            (json!("filter"), "bridge", -200),
            (json!("-7"), "ip", -7),
        ] {
            assert_eq!(priority(&written, family), is, "{written}");
        }
    }
}
