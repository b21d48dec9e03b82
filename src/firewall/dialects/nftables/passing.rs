//! What the place of a chain says of its packets, which the rules ask for and no file holds: their direction, their interfaces, and
//! whether their connection is known yet.

use serde_json::Value;

use super::fields::{self};
use super::matching::{Item, Reading, elements};
use super::render;
use super::ruleset::text;
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{Condition, Match, States};

/// Which packets come by a chain.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Passing {
    /// Those that come in for this host.
    pub inward: bool,
    /// Those that this host sends.
    pub outward: bool,
    /// Those of others.
    pub through: bool,
    /// Some where it is not known yet by which interface they go out.
    pub before_routing: bool,
    /// Some where it is known.
    pub after_routing: bool,
    /// Some that are not tracked yet: none of them is of a connection.
    pub before_tracking: bool,
    /// Some that are.
    pub after_tracking: bool,
}

impl<'v> Reading<'_, 'v> {
    /// What packets of this kind do that the rules do not say, but the place where they are asked: no interface to go out by is known
    /// on the way in, and what comes in is for an address of this host.
    pub(super) fn by_what_passes(&self, op: &str, left: &'v Value, right: &'v Value) -> Option<Vec<Match>> {
        let yes_or_no = |holds: bool| Some(if holds == (op != "!=") { vec![Match::any()] } else { Vec::new() });
        if let Some((result, flags)) = fields::fib(left) {
            // Whoever is answered is answered by the way he came, or is not answered at all: otherwise no connection could be.
            if result == "oif" && flags.contains(&"saddr") && right == &Value::Bool(false) {
                return yes_or_no(false);
            }
            // What comes in for this host goes to an address of it, and what else passes does not.
            let kinds: Vec<Option<&str>> = elements(right).into_iter().map(Value::as_str).collect();
            let known = ["local", "broadcast", "multicast", "anycast", "unicast"];
            let are_known =
                !kinds.is_empty() && kinds.iter().all(|kind| kind.is_some_and(|kind| known.contains(&kind)));
            if result == "type" && flags.contains(&"daddr") && flags.len() == 1 && are_known {
                let local = kinds.contains(&Some("local"));
                match self.passing {
                    Passing { inward: true, outward: false, through: false, .. } => return yes_or_no(local),
                    Passing { inward: false, .. } if kinds.len() == 1 && local => return yes_or_no(false),
                    _ => {}
                }
            }
            return None;
        }
        if let Some(ct) = left.get("ct") {
            if text(ct, "key")? != "state" && self.passing.before_tracking && !self.passing.after_tracking {
                return Some(Vec::new());
            }
            return match (text(ct, "key")?, text(ct, "dir")) {
                ("status", None) if right.as_str() == Some("dnat") => self.translated(op),
                ("direction", None) => Some(direction(op, right)),
                _ => None,
            };
        }
        if let Some(meta) = left.get("meta") {
            return match text(meta, "key")? {
                "pkttype" => Some(kind_of_packet(op, right)),
                // There is none, so that only a star alone fits.
                "oif" | "oifname" if self.passing.before_routing && !self.passing.after_routing => {
                    yes_or_no(self.interfaces(right)?.contains(&"*"))
                }
                "iif" | "iifname" if self.passing.outward && !self.passing.inward && !self.passing.through => {
                    yes_or_no(self.interfaces(right)?.contains(&"*"))
                }
                _ => None,
            };
        }
        None
    }

    /// Which interfaces a right side names.
    fn interfaces(&self, right: &'v Value) -> Option<Vec<&'v str>> {
        let named = match right.as_str().and_then(|name| name.strip_prefix('@')) {
            Some(name) => self.sets.get(&(self.table, name)).filter(|set| !set.grows)?.elements.iter().collect(),
            None => elements(right),
        };
        Some(named.into_iter().filter_map(|element| Item::of(element).value.as_str()).collect())
    }

    /// Whether an earlier rule has changed where it goes: none has, where there is no such rule, or where it does not match.
    fn translated(&self, op: &str) -> Option<Vec<Match>> {
        match op {
            "in" | "==" => {
                let words = "an earlier rule has changed where it goes";
                Some(self.translated.iter().map(|when| when.clone().on(Condition::holds(words))).collect())
            }
            "!" | "!=" if self.translated.is_empty() => Some(vec![Match::any()]),
            _ => None,
        }
    }

    /// Where connections are not tracked yet, every packet is of none.
    pub(super) fn as_tracked(&self, mut one: Match, what: &Value) -> Option<Match> {
        if !self.passing.before_tracking || one.states == States::ANY {
            return Some(one);
        }
        let of_none = one.states.covers(States::INVALID);
        one.states = States::ANY;
        if self.passing.after_tracking {
            return Some(one.on(self.condition(what)));
        }
        of_none.then_some(one)
    }
}

/// What begins a connection goes its original way; of the rest nobody knows.
fn direction(op: &str, right: &Value) -> Vec<Match> {
    let original = (right.as_str() == Some("original") || right.as_u64() == Some(0)) == (op != "!=");
    let new = Match { states: States::NEW, ..Match::any() };
    let rest = Match { states: !States::NEW, ..Match::any() };
    let words = "it goes the way of the packet that opened the connection";
    if original { vec![new, rest.on(Condition::holds(words))] } else { vec![rest.on(Condition::fails(words))] }
}

/// TCP goes from one host to one host, so nothing of it is a broadcast.
fn kind_of_packet(op: &str, right: &Value) -> Vec<Match> {
    let values = right.get("set").and_then(Value::as_array).map_or_else(|| vec![right], |set| set.iter().collect());
    let to_one = values.iter().any(|value| matches!(value.as_str(), Some("host" | "unicast")));
    let tcp = Match { protocol: Ranges::one(6_u8), ..Match::any() };
    let others = Match { protocol: Ranges::one(6_u8).not(), ..Match::any() };
    let what = Value::Array(values.into_iter().cloned().collect());
    let words = format!("`meta pkttype {}` matches it", render::expression(&what));
    let is = op != "!=";
    let mut all = vec![others.on(if is { Condition::holds(words) } else { Condition::fails(words) })];
    if to_one == is {
        all.push(tcp);
    }
    all
}
