//! Fields of what AWS describes.

use serde_json::{Map, Value};

use super::super::{Traffic, traffic};
use crate::firewall::rules::{Match, NoteKind, Place, Rules};

pub(super) type Object = Map<String, Value>;

pub(super) fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key)?.as_str()
}

/// Whether this says nothing.
pub(super) fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(object) => object.is_empty(),
        Value::String(text) => text.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The keys of an object that say something that nobody knows.
pub(super) fn strangers<'a>(object: &'a Object, known: &'a [&str]) -> impl Iterator<Item = &'a str> {
    object
        .iter()
        .filter(|(key, value)| !known.contains(&key.as_str()) && !is_nothing(value))
        .map(|(key, _)| key.as_str())
}

/// Notes such keys, and says whether there are any.
pub(super) fn strange(rules: &mut Rules, place: &Place, object: &Object, known: &[&str]) -> bool {
    let mut any = false;
    for key in strangers(object, known) {
        rules.note(NoteKind::NotUnderstood, place, format!("`{key}` is not understood"));
        any = true;
    }
    any
}

/// A pair of numbers under these keys; nothing, where neither is there.
pub(super) fn numbers(object: &Object, first: &str, last: &str) -> Result<Option<(i64, i64)>, String> {
    let of = |key: &str| object.get(key).filter(|value| !value.is_null());
    match (of(first), of(last)) {
        (None, None) => Ok(None),
        (Some(first), Some(last)) => match (first.as_i64(), last.as_i64()) {
            (Some(first), Some(last)) => Ok(Some((first, last))),
            _ => Err(format!("`{first}` and `{last}` are no ports")),
        },
        _ => Err(format!("has one of `{first}` and `{last}` without the other")),
    }
}

/// The traffic that an object names by its protocol, under this key, and a pair of numbers.
pub(super) fn traffic_of(object: &Object, pair: Result<Option<(i64, i64)>, String>, protocol: &str) -> Traffic {
    let Some(protocol) = object.get(protocol).and_then(Value::as_str) else {
        return Traffic::unclear(Match::any(), "names no protocol");
    };
    match pair {
        Ok(pair) => traffic(protocol, pair),
        Err(why) => Traffic::unclear(traffic(protocol, None).matches, why),
    }
}

/// As rules are called: `tcp 443`, `udp 8000-9000`, `every protocol`.
pub(super) fn traffic_in_words(object: &Object) -> String {
    let number = |key: &str| object.get(key).and_then(Value::as_i64);
    match (object.get("IpProtocol").and_then(Value::as_str), number("FromPort"), number("ToPort")) {
        (None, ..) => "no protocol".to_owned(),
        (Some("-1"), ..) => "every protocol".to_owned(),
        (Some(icmp @ ("icmp" | "icmpv6" | "1" | "58")), Some(kind), _) if kind >= 0 => format!("{icmp} type {kind}"),
        (Some(protocol), Some(first), Some(last)) if first >= 0 && first == last => format!("{protocol} {first}"),
        (Some(protocol), Some(first), Some(last)) if first >= 0 => format!("{protocol} {first}-{last}"),
        (Some(protocol), ..) => protocol.to_owned(),
    }
}

/// What a thing is called by its tag.
pub(super) fn name_tag(value: &Value) -> Option<String> {
    let tags = value.get("Tags")?.as_array()?;
    let tag = tags.iter().find(|tag| text(tag, "Key") == Some("Name"))?;
    text(tag, "Value").filter(|name| !name.is_empty()).map(ToOwned::to_owned)
}
