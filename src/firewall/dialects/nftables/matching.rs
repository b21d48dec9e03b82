//! What a match of a rule matches: one field or several at once against values, sets and maps, as alternatives of which any holds.

use std::collections::HashMap;

use serde_json::Value;

use super::boxes::{Boxes, MOST, not, product, together, without};
use super::fields::{self, Field, Values};
use super::passing::Passing;
use super::render;
use super::ruleset::{Set, TableName, text};
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{Condition, Match, NoteKind, Place, Rules};

/// Values of named sets, by the field that they are read for.
pub(super) type Sets<'v> = HashMap<(TableName<'v>, &'v str, Field), Known>;

/// What combinations of named sets match, by the fields that they are read for, and under which condition there are others.
pub(super) type Combinations<'v> = HashMap<(TableName<'v>, &'v str, Vec<Field>), (Vec<Match>, Option<Condition>)>;

/// What a rule is read with.
pub(super) struct Reading<'r, 'v> {
    /// All sets and maps.
    pub sets: &'r HashMap<(TableName<'v>, &'v str), Set<'v>>,
    /// The table of the rule.
    pub table: TableName<'v>,
    /// Where the rule stands.
    pub place: &'r Place,
    /// Which packets come by here.
    pub passing: Passing,
    /// What rules of this ruleset may have translated before: the packets, or nothing where none is.
    pub translated: &'r [Match],
    /// Whether rules set marks, so that a mark is not the same everywhere.
    pub marks_change: bool,
    /// Values of named sets that were read before, by the field that they were read for.
    pub known: &'r mut Sets<'v>,
    /// Combinations of named sets, likewise.
    pub combinations: &'r mut Combinations<'v>,
    /// How many alternatives may still be told apart in this file.
    pub left: &'r mut usize,
    /// Where what is noticed goes.
    pub rules: &'r mut Rules,
}

/// The values of a field that a right side names.
#[derive(Clone)]
pub(super) struct Known {
    /// Those that are certain.
    certain: Values,
    /// Those that are there under a condition.
    perhaps: Option<(Values, Condition)>,
    /// Under which condition there are others.
    others: Option<Condition>,
}

/// An element of a right side.
pub(super) struct Item<'v> {
    /// Its value.
    pub value: &'v Value,
    /// Whether it goes away by itself, or is kept back by a rate.
    fleeting: bool,
}

impl<'v> Reading<'_, 'v> {
    /// What a match statement matches.
    pub(super) fn matched(&mut self, what: &'v Value) -> Vec<Match> {
        let all = self.compared(what);
        all.into_iter().filter_map(|one| self.as_tracked(one, what)).collect()
    }

    /// Whether so many alternatives more can be told apart.
    pub(super) fn affords(&mut self, alternatives: usize) -> bool {
        let left = self.left.checked_sub(alternatives);
        *self.left = left.unwrap_or(0);
        left.is_some()
    }

    fn compared(&mut self, what: &'v Value) -> Vec<Match> {
        let (op, left, right) = (text(what, "op").unwrap_or("=="), &what["left"], &what["right"]);
        if let Some(answer) = self.by_what_passes(op, left, right) {
            return answer;
        }
        if let Some(combined) = left.get("concat").and_then(Value::as_array) {
            return self.combined(combined, op, what);
        }
        let field = self.field(left);
        let bitwise = match op {
            "in" if !right.is_object() && !is_name(right) => Some(true),
            "!" => Some(false),
            _ => None,
        };
        if let Some(set) = bitwise
            && let Some(tests) = fields::bits_test(&field, right, set)
        {
            return tests;
        }
        let is = match op {
            "==" | "in" => true,
            "!=" => false,
            "<" | "<=" | ">" | ">=" => {
                let values = field.flags_beyond(op, right).or_else(|| field.beyond(op, right));
                return values.map_or_else(|| self.unknown(&field, what), |values| field.test(&values, true));
            }
            _ => return self.unknown(&field, what),
        };
        if matches!(field, Field::Else(_)) {
            return self.unknown(&field, what);
        }
        self.known(&field, right).tests(&field, is)
    }

    /// What an expression looks at, in this table.
    fn field(&self, left: &Value) -> Field {
        match Field::of(left) {
            // The whole table is of one family.
            Field::Protocol(Some(_)) if matches!(self.table.family, "ip" | "ip6") => Field::Protocol(None),
            field => field,
        }
    }

    /// What is not understood, as far as it reaches.
    fn unknown(&self, field: &Field, what: &Value) -> Vec<Match> {
        vec![field.reach().on(self.condition(what))]
    }

    /// That a match matches, as a condition: the same match means the same wherever it stands, and with `!=` its contrary.
    pub(super) fn condition(&self, what: &Value) -> Condition {
        let (left, right) = (&what["left"], render::expression(&what["right"]));
        let (op, holds) = match text(what, "op").unwrap_or("==") {
            "!=" => (String::new(), false),
            "==" | "in" => (String::new(), true),
            other => (format!("{other} "), true),
        };
        let words = format!("{} {op}{right}", render::expression(left));
        let mark = |left: &Value| ["meta", "ct"].iter().any(|of| left.get(*of).is_some_and(|it| it["key"] == "mark"));
        let masked = left.get("&").and_then(|masked| masked.get(0));
        let changes = self.marks_change && (mark(left) || masked.is_some_and(mark));
        let random = ["numgen", "jhash", "symhash"].iter().any(|word| left.get(*word).is_some());
        let words = if changes || random { self.own(&words) } else { format!("`{words}` matches it") };
        Condition { what: words.into(), holds }
    }

    /// Words for something that holds at this rule, whatever holds at another of the same words.
    pub(super) fn own(&self, words: &str) -> String {
        format!("`{words}` ({}) matches it", self.place.name)
    }

    /// The values that a right side names for one field.
    fn known(&mut self, field: &Field, right: &'v Value) -> Known {
        let Some(name) = right.as_str().and_then(|name| name.strip_prefix('@')) else {
            return Self::listed(field, elements(right), "the set");
        };
        if let Some(known) = self.known.get(&(self.table, name, field.clone())) {
            return known.clone();
        }
        let known = match self.sets.get(&(self.table, name)) {
            None => {
                self.rules.note(NoteKind::Undefined, self.place, format!("the set `{name}` is not in this file"));
                let others = Condition::holds(format!("the set `{name}`, which is not in this file, holds it"));
                Known { certain: field.no_values(), perhaps: None, others: Some(others) }
            }
            Some(set) => {
                self.without_flag(name, set);
                let mut known = Self::listed(field, set.elements.iter().collect(), &format!("the set `{name}`"));
                if set.grows {
                    known.others.get_or_insert(growing(name));
                }
                known
            }
        };
        self.known.insert((self.table, name, field.clone()), known.clone());
        known
    }

    /// The kernel keeps networks and ranges only in sets that are declared to hold intervals.
    fn without_flag(&mut self, name: &str, set: &Set<'v>) {
        let interval = |element: &Value| {
            let value = key(element);
            value.get("prefix").is_some() || value.get("range").is_some()
        };
        if !set.flags.contains(&"interval") && set.elements.iter().any(interval) {
            let what =
                format!("the set `{name}` holds networks or ranges without the flag `interval`, and is not loaded so");
            self.rules.note(NoteKind::Malformed, self.place, what);
        }
    }

    fn listed(field: &Field, elements: Vec<&'v Value>, whose: &str) -> Known {
        let mut numbers: Vec<(u128, u128)> = Vec::new();
        let mut known = Known { certain: field.no_values(), perhaps: None, others: None };
        let mut fleeting = field.no_values();
        for element in elements {
            let item = Item::of(element);
            let value = if item.value == &Value::from("*") && !matches!(field, Field::From | Field::To) {
                field.everything()
            } else {
                field.value(item.value)
            };
            match value {
                Some(Values::Numbers(set)) if !item.fleeting => numbers.extend(set.intervals()),
                Some(values) if !item.fleeting => known.certain.join(values),
                Some(values) => fleeting.join(values),
                None => {
                    let element = render::expression(item.value);
                    known.others = Some(Condition::holds(format!("`{element}` of {whose} stands for it")));
                }
            }
        }
        if !numbers.is_empty() {
            known.certain.join(Values::Numbers(Ranges::of(numbers)));
        }
        if fleeting != field.no_values() {
            let words = format!("{whose} still holds it, whose elements expire or are kept to a rate");
            known.perhaps = Some((fleeting, Condition::holds(words)));
        }
        known
    }

    /// Several fields at once against combinations of values.
    fn combined(&mut self, parts: &'v [Value], op: &str, what: &'v Value) -> Vec<Match> {
        let right = &what["right"];
        let fields: Vec<Field> = parts.iter().map(|it| self.field(it)).collect();
        let is = match op {
            "==" | "in" => true,
            "!=" => false,
            _ => return self.unknown(&Field::Else(Box::new(together(&fields))), what),
        };
        let (elements, mut others) = match right.as_str().and_then(|name| name.strip_prefix('@')) {
            None => (elements(right), None),
            Some(name) => match self.sets.get(&(self.table, name)) {
                None => {
                    self.rules.note(NoteKind::Undefined, self.place, format!("the set `{name}` is not in this file"));
                    return self.unknown(&Field::Else(Box::new(together(&fields))), what);
                }
                Some(set) => (set.elements.iter().collect(), set.grows.then(|| growing(name))),
            },
        };
        let named = right.as_str().filter(|_| fields.iter().all(Field::is_the_same_everywhere));
        let key = named.map(|name| (self.table, name, fields.clone()));
        let known = key.as_ref().and_then(|key| self.combinations.get(key).cloned());
        let boxes = if let Some((boxes, unclear)) = known {
            others = others.or(unclear);
            boxes
        } else {
            if !self.affords(elements.len()) {
                return self.unknown(&Field::Else(Box::new(together(&fields))), what);
            }
            let mut boxes = Boxes::default();
            for element in elements {
                let item = Item::of(element);
                let tests = self.combination(parts, &fields, item.value);
                let Some(tests) = tests.filter(|_| boxes.len() < MOST) else {
                    others.get_or_insert(self.condition(&serde_json::json!({"left": what["left"], "right": right})));
                    continue;
                };
                for test in tests {
                    boxes.add(if item.fleeting { test.on(Condition::holds(fleeting(right))) } else { test });
                }
            }
            let boxes = boxes.merged();
            if let Some(key) = key {
                self.combinations.insert(key, (boxes.clone(), others.clone()));
            }
            boxes
        };
        let all = together(&fields);
        if !is {
            return match without(&all, &boxes) {
                Some(rest) => match others {
                    Some(others) => rest.into_iter().map(|it| it.on(not(&others))).collect(),
                    None => rest,
                },
                None => vec![all.on(self.condition(what))],
            };
        }
        boxes.into_iter().chain(others.map(|others| all.on(others))).collect()
    }

    /// What one combination matches; nothing, where part of it is not understood.
    fn combination(&mut self, parts: &'v [Value], fields: &[Field], value: &'v Value) -> Option<Vec<Match>> {
        if value == &Value::from("*") {
            return Some(vec![together(fields)]);
        }
        let values = value.get("concat").and_then(Value::as_array)?;
        if values.len() != fields.len() {
            return None;
        }
        let mut all = vec![Match::any()];
        for ((part, field), value) in parts.iter().zip(fields).zip(values) {
            let tests = if let Field::Else(reach) = field {
                let what = serde_json::json!({"op": "==", "left": part, "right": value});
                vec![(**reach).clone().on(self.condition(&what))]
            } else if let Some(answer) = self.by_what_passes("==", part, value) {
                answer
            } else {
                field.test(&field.value(value)?, true)
            };
            all = product(&all, &tests)?;
        }
        Some(all)
    }

    /// A map of verdicts: what each key matches, in an order in which the first that matches is the right one, with its verdict.
    pub(super) fn mapped(&mut self, what: &'v Value) -> Option<Vec<(Vec<Match>, &'v Value)>> {
        let (left, data) = (&what["key"], &what["data"]);
        let (elements, doubt) = match data.as_str().and_then(|name| name.strip_prefix('@')) {
            None => (elements(data), None),
            Some(name) => {
                let Some(set) = self.sets.get(&(self.table, name)) else {
                    self.rules.note(NoteKind::Undefined, self.place, format!("the map `{name}` is not in this file"));
                    return None;
                };
                (set.elements.iter().collect(), set.grows.then(|| growing(name)))
            }
        };
        // What rules put into a map can do anything, and so can a map without end.
        if doubt.is_some() || elements.len() > MOST || !self.affords(elements.len()) {
            return None;
        }
        let field = self.field(left);
        let combined: Option<(&Vec<Value>, Vec<Field>)> = left
            .get("concat")
            .and_then(Value::as_array)
            .map(|parts| (parts, parts.iter().map(|it| self.field(it)).collect()));
        let (mut entries, mut taken, mut rest) = (Vec::new(), Vec::new(), None);
        for element in elements {
            let pair = element.as_array().filter(|pair| pair.len() == 2)?;
            let item = Item::of(&pair[0]);
            if item.value == &Value::from("*") {
                rest = Some(&pair[1]);
                continue;
            }
            let tests = if let Some((parts, fields)) = &combined {
                self.combination(parts, fields, item.value)?
            } else if let Some(answer) = self.by_what_passes("==", left, item.value) {
                answer
            } else if matches!(field, Field::Else(_)) {
                self.unknown(&field, &serde_json::json!({"op": "==", "left": left, "right": item.value}))
            } else {
                field.test(&field.value(item.value)?, true)
            };
            let doubt = item.fleeting.then(|| Condition::holds(fleeting(data)));
            let tests: Vec<Match> = tests
                .into_iter()
                .filter_map(|test| self.as_tracked(test, &serde_json::json!({"left": left, "right": item.value})))
                .map(|test| doubt.iter().fold(test, |test, doubt| test.on(doubt.clone())))
                .collect();
            taken.extend(tests.iter().cloned());
            entries.push((tests, &pair[1]));
        }
        if let Some(verdict) = rest {
            let all = combined.as_ref().map_or_else(|| field.reach(), |(_, fields)| together(fields));
            let mut boxes = Boxes::default();
            for one in taken {
                boxes.add(one);
            }
            entries.push((without(&all, &boxes.merged())?, verdict));
        }
        Some(entries)
    }
}

impl Known {
    /// What matches where the field has one of these values, or none of them.
    fn tests(&self, field: &Field, is: bool) -> Vec<Match> {
        let mut tests = Vec::new();
        if is {
            tests.extend(field.test(&self.certain, true));
            if let Some((values, condition)) = &self.perhaps {
                tests.extend(field.test(values, true).into_iter().map(|it| it.on(condition.clone())));
            }
            tests.extend(self.others.iter().map(|others| field.reach().on(others.clone())));
            return tests;
        }
        let mut all = self.certain.clone();
        if let Some((values, condition)) = &self.perhaps {
            all.join(values.clone());
            let certainly_not = field.test(&self.certain, false);
            let perhaps = field.test(values, true);
            let both = product(&certainly_not, &perhaps).unwrap_or_default();
            tests.extend(both.into_iter().map(|it| it.on(not(condition))));
        }
        tests.extend(field.test(&all, false));
        match &self.others {
            Some(others) => tests.into_iter().map(|it| it.on(not(others))).collect(),
            None => tests,
        }
    }
}

impl<'v> Item<'v> {
    /// What an element holds.
    pub(super) fn of(element: &'v Value) -> Self {
        let Some(dressed) = element.get("elem") else { return Item { value: element, fleeting: false } };
        let fleeting =
            ["timeout", "expires", "limit", "quota", "ct count"].iter().any(|word| dressed.get(*word).is_some());
        Item { value: &dressed["val"], fleeting }
    }
}

fn fleeting(right: &Value) -> String {
    format!("`{}` still holds it, whose elements expire or are kept to a rate", render::expression(right))
}

fn growing(name: &str) -> Condition {
    Condition::holds(format!("`{name}`, which rules add to, holds it"))
}

/// The key of an element of a set or of a map.
fn key(element: &Value) -> &Value {
    let element = element.as_array().and_then(|pair| pair.first()).unwrap_or(element);
    Item::of(element).value
}

/// The elements that a right side lists; itself, where it is one value.
pub(super) fn elements(right: &Value) -> Vec<&Value> {
    match right.get("set") {
        Some(Value::Array(several)) => several.iter().collect(),
        Some(one) => vec![one],
        None => vec![right],
    }
}

fn is_name(right: &Value) -> bool {
    right.as_str().is_some_and(|name| name.starts_with('@'))
}
