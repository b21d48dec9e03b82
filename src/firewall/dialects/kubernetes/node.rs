//! Documents as trees that remember their lines: YAML of one or many documents, and JSON, where lines mean nothing.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_saphyr::{Options, Spanned};

/// A part of a document.
#[derive(Clone, Debug)]
pub(super) struct Node {
    /// Where it begins, from 1; 0 in JSON.
    pub line: usize,
    is: Is,
}

#[derive(Clone, Debug)]
enum Is {
    Nothing,
    Text(String),
    Bool(bool),
    Number(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

/// The documents of a text; otherwise the line and why there are none.
pub(super) fn documents(text: &str) -> Result<Vec<Node>, (Option<usize>, String)> {
    let text = text.trim_start_matches('\u{feff}');
    if text.trim_start().starts_with(['{', '[']) {
        let mut all = Vec::new();
        for value in serde_json::Deserializer::from_str(text).into_iter::<Value>() {
            let value = value.map_err(|error| (Some(error.line()), format!("is no JSON: {error}")))?;
            all.push(Node::of_json(value));
        }
        return Ok(all);
    }
    let read: Result<Vec<Spanned<Tree>>, _> = serde_saphyr::from_multiple_with_options(text, options());
    let read = read.map_err(|error| {
        let line = error.location().and_then(|location| usize::try_from(location.line()).ok());
        let words = error.to_string();
        let first = words.lines().next().unwrap_or_default();
        (line, format!("is no YAML: {}", first.strip_prefix("error: ").unwrap_or(first)))
    })?;
    Ok(read.into_iter().map(Node::of_yaml).collect())
}

/// As much as a cluster has policies, and no more.
fn options() -> Options {
    let mut options = Options::default();
    if let Some(budget) = &mut options.budget {
        budget.max_documents = 20_000;
        budget.max_nodes = 2_000_000;
        budget.max_events = 8_000_000;
    }
    options
}

impl Node {
    /// What stands under a key; nothing, where it is not there or null.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        let Is::Map(entries) = &self.is else { return None };
        entries.iter().find(|(name, node)| name == key && !matches!(node.is, Is::Nothing)).map(|(_, node)| node)
    }

    /// The text under a key.
    pub(super) fn word(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(Node::text)
    }

    pub(super) fn text(&self) -> Option<&str> {
        if let Is::Text(text) = &self.is { Some(text) } else { None }
    }

    pub(super) fn bool(&self) -> Option<bool> {
        if let Is::Bool(bool) = self.is { Some(bool) } else { None }
    }

    /// A whole number, written as a number.
    pub(super) fn number(&self) -> Option<u32> {
        if let Is::Number(number) = &self.is { number.parse().ok() } else { None }
    }

    pub(super) fn list(&self) -> Option<&[Node]> {
        if let Is::List(list) = &self.is { Some(list) } else { None }
    }

    pub(super) fn map(&self) -> Option<&[(String, Node)]> {
        if let Is::Map(map) = &self.is { Some(map) } else { None }
    }

    /// The list under a key: empty where it is not there; otherwise why it is none.
    pub(super) fn list_of(&self, key: &str) -> Result<&[Node], String> {
        match self.get(key) {
            None => Ok(&[]),
            Some(node) => node.list().ok_or_else(|| format!("`{key}` is no list")),
        }
    }

    /// That this is a map of these keys and no others; otherwise which one is unknown.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), String> {
        let Some(entries) = self.map() else { return Err(format!("`{}` is no map", self.shown(80))) };
        let unknown =
            entries.iter().find(|(key, node)| !known.contains(&key.as_str()) && !matches!(node.is, Is::Nothing));
        unknown.map_or(Ok(()), |(key, _)| Err(format!("`{}` is not known here", cut(key, 80))))
    }

    /// All of it on one line, as far as that goes.
    pub(super) fn shown(&self, most: usize) -> String {
        let mut text = String::new();
        self.show(&mut text, most);
        cut(&text, most)
    }

    fn show(&self, text: &mut String, most: usize) {
        if text.len() > most {
            return;
        }
        match &self.is {
            Is::Nothing => text.push_str("null"),
            Is::Bool(bool) => text.push_str(if *bool { "true" } else { "false" }),
            Is::Text(it) | Is::Number(it) => text.extend(it.chars().take(most)),
            Is::List(list) => {
                text.push('[');
                for (nth, node) in list.iter().enumerate() {
                    text.push_str(if nth > 0 { ", " } else { "" });
                    node.show(text, most);
                }
                text.push(']');
            }
            Is::Map(map) => {
                text.push('{');
                for (nth, (key, node)) in map.iter().enumerate() {
                    text.push_str(if nth > 0 { ", " } else { "" });
                    text.extend(key.chars().take(most));
                    text.push_str(": ");
                    node.show(text, most);
                }
                text.push('}');
            }
        }
    }

    fn of_json(value: Value) -> Self {
        let is = match value {
            Value::Null => Is::Nothing,
            Value::Bool(bool) => Is::Bool(bool),
            Value::Number(number) => Is::Number(number.to_string()),
            Value::String(text) => Is::Text(text),
            Value::Array(list) => Is::List(list.into_iter().map(Node::of_json).collect()),
            Value::Object(map) => Is::Map(map.into_iter().map(|(key, value)| (key, Node::of_json(value))).collect()),
        };
        Node { line: 0, is }
    }

    fn of_yaml(read: Spanned<Tree>) -> Self {
        let line = usize::try_from(read.referenced.line()).unwrap_or_default();
        let is = match read.value {
            Tree::Leaf(is) => is,
            Tree::List(list) => Is::List(list.into_iter().map(Node::of_yaml).collect()),
            Tree::Map(map) => Is::Map(map.into_iter().map(|(key, node)| (key, Node::of_yaml(node))).collect()),
        };
        Node { line, is }
    }
}

pub(super) fn cut(text: &str, most: usize) -> String {
    let mut cut: String = text.chars().take(most).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    cut
}

/// What the parser of YAML fills; it bounds depth, aliases and size.
enum Tree {
    Leaf(Is),
    List(Vec<Spanned<Tree>>),
    Map(Vec<(String, Spanned<Tree>)>),
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Grows)
    }
}

struct Grows;

impl<'de> Visitor<'de> for Grows {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Leaf(Is::Bool(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Leaf(Is::Number(value.to_string())))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Leaf(Is::Number(value.to_string())))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Tree, E> {
        Ok(Tree::Leaf(Is::Number(value.to_string())))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Tree, E> {
        Ok(Tree::Leaf(Is::Number(value.to_string())))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree::Leaf(Is::Number(value.to_string())))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Leaf(Is::Text(value.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Leaf(Is::Nothing))
    }

    fn visit_none<E>(self) -> Result<Tree, E> {
        Ok(Tree::Leaf(Is::Nothing))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        Tree::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Tree, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Tree::Map(map))
    }
}
