//! JSON as it is spelled: read with the order of its keys and the letters of its numbers, and written again in other spellings.

use std::fmt::Write as _;

/// A value, as far as spelling is concerned.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Node {
    Object(Vec<(String, Node)>),
    Array(Vec<Node>),
    Text(String),
    /// A number, `true`, `false` or `null`, as it stands there.
    Word(String),
}

/// How JSON is spelled. The default is how `WorkOS` does it, with what JavaScript has built in.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Style {
    pub(super) space: Space,
    pub(super) letters: Letters,
    /// `/` as `\/`.
    pub(super) slashes: bool,
    /// `&`, `<`, `>` and more as `\u…`.
    pub(super) html: bool,
    /// Numbers as JavaScript writes them, in the place of what stands there.
    pub(super) numbers: bool,
    pub(super) order: Order,
}

/// White space between parts.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) enum Space {
    #[default]
    None,
    /// Behind `,` and `:`, as Python has it.
    Behind,
    /// Lines, indented by so many.
    Lines(usize),
}

/// How letters outside ASCII are written.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) enum Letters {
    #[default]
    Plain,
    /// As `\u00fc`.
    Lower,
    /// As `\u00FC`.
    Upper,
}

/// The order of keys.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) enum Order {
    /// As they stand there.
    #[default]
    AsTheyStand,
    /// An event's own as `WorkOS` has them, those further in as they stand.
    Event,
    /// The same, and `object` and `id` first further in.
    Objects,
}

impl Node {
    /// Reads JSON; nothing where the text is none.
    pub(super) fn read(text: &str) -> Option<Self> {
        // What this takes is sound and not too deep, so that the reader below has little to look after.
        serde_json::from_str::<serde::de::IgnoredAny>(text).ok()?;
        let mut rest = text;
        value(&mut rest)
    }

    /// Writes it in a style.
    pub(super) fn written(&self, style: Style) -> String {
        let mut text = String::new();
        self.write(style, 0, &mut text);
        text
    }

    /// Whether every object has its keys in alphabetical order, and there are enough of them for that to be no chance.
    pub(super) fn is_sorted(&self) -> bool {
        let mut keys = 0;
        self.sorted(&mut keys) && keys > 3
    }

    fn sorted(&self, count: &mut usize) -> bool {
        match self {
            Node::Object(members) => {
                *count += members.len();
                members.is_sorted_by(|one, other| one.0 <= other.0) && members.iter().all(|(_, it)| it.sorted(count))
            }
            Node::Array(items) => items.iter().all(|item| item.sorted(count)),
            Node::Text(_) | Node::Word(_) => true,
        }
    }

    fn write(&self, style: Style, depth: usize, text: &mut String) {
        let line = |text: &mut String, depth: usize| {
            if let Space::Lines(by) = style.space {
                text.push('\n');
                text.extend(std::iter::repeat_n(' ', by * depth));
            }
        };
        let next = |text: &mut String, first: bool| {
            if !first {
                text.push_str(if style.space == Space::Behind { ", " } else { "," });
            }
            line(text, depth + 1);
        };
        match self {
            Node::Object(members) => {
                text.push('{');
                for (at, (key, value)) in ordered(members, style.order, depth).into_iter().enumerate() {
                    next(text, at == 0);
                    quoted(key, style, text);
                    text.push_str(if style.space == Space::None { ":" } else { ": " });
                    value.write(style, depth + 1, text);
                }
                if !members.is_empty() {
                    line(text, depth);
                }
                text.push('}');
            }
            Node::Array(items) => {
                text.push('[');
                for (at, value) in items.iter().enumerate() {
                    next(text, at == 0);
                    value.write(style, depth + 1, text);
                }
                if !items.is_empty() {
                    line(text, depth);
                }
                text.push(']');
            }
            Node::Text(value) => quoted(value, style, text),
            Node::Word(word) if style.numbers => text.push_str(&number(word)),
            Node::Word(word) => text.push_str(word),
        }
    }
}

fn ordered(members: &[(String, Node)], order: Order, depth: usize) -> Vec<&(String, Node)> {
    const EVENT: &[&str] = &["id", "event", "data", "created_at", "context"];
    const OBJECT: &[&str] = &["object", "id"];

    let first = match (order, depth) {
        (Order::AsTheyStand, _) | (Order::Event, 1..) => &[],
        (_, 0) => EVENT,
        (Order::Objects, _) => OBJECT,
    };
    let mut all: Vec<&(String, Node)> = members.iter().collect();
    all.sort_by_key(|(key, _)| first.iter().position(|known| known == key).unwrap_or(first.len()));
    all
}

fn quoted(value: &str, style: Style, text: &mut String) {
    text.push('"');
    for c in value.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            '/' if style.slashes => text.push_str("\\/"),
            c if c < ' ' => escaped(c, style.letters, text),
            '&' | '<' | '>' | '\u{2028}' | '\u{2029}' if style.html => escaped(c, style.letters, text),
            c if !c.is_ascii() && style.letters != Letters::Plain => escaped(c, style.letters, text),
            c => text.push(c),
        }
    }
    text.push('"');
}

fn escaped(c: char, letters: Letters, text: &mut String) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        let _ = match letters {
            Letters::Upper => write!(text, "\\u{unit:04X}"),
            Letters::Plain | Letters::Lower => write!(text, "\\u{unit:04x}"),
        };
    }
}

/// A number as JavaScript writes it, where that has no exponent.
fn number(word: &str) -> String {
    let Ok(value) = word.parse::<f64>() else { return word.to_owned() };
    let usual = value == 0.0 || (1e-6..1e21).contains(&value.abs());
    // More digits than it can hold are those of a number that it cannot hold.
    if !usual || !word.contains(['.', 'e', 'E']) {
        return word.to_owned();
    }
    if value == 0.0 { "0".to_owned() } else { value.to_string() }
}

fn value(rest: &mut &str) -> Option<Node> {
    *rest = rest.trim_ascii_start();
    match rest.chars().next()? {
        '{' => {
            let mut members = Vec::new();
            *rest = rest.get(1..)?.trim_ascii_start();
            while !rest.starts_with('}') {
                let key = string(rest)?;
                *rest = rest.trim_ascii_start().strip_prefix(':')?;
                members.push((key, value(rest)?));
                *rest = rest.trim_ascii_start();
                *rest = rest.strip_prefix(',').unwrap_or(rest).trim_ascii_start();
            }
            *rest = rest.get(1..)?;
            Some(Node::Object(members))
        }
        '[' => {
            let mut items = Vec::new();
            *rest = rest.get(1..)?.trim_ascii_start();
            while !rest.starts_with(']') {
                items.push(value(rest)?);
                *rest = rest.trim_ascii_start();
                *rest = rest.strip_prefix(',').unwrap_or(rest).trim_ascii_start();
            }
            *rest = rest.get(1..)?;
            Some(Node::Array(items))
        }
        '"' => string(rest).map(Node::Text),
        _ => {
            let end = rest.find([',', '}', ']', ' ', '\n', '\r', '\t']).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            *rest = after;
            (!word.is_empty()).then(|| Node::Word(word.to_owned()))
        }
    }
}

/// A string in quotes, with its escapes undone.
fn string(rest: &mut &str) -> Option<String> {
    let text = rest.strip_prefix('"')?;
    let mut value = String::new();
    let mut from = 0;
    loop {
        let at = from + text.get(from..)?.find(['"', '\\'])?;
        value.push_str(text.get(from..at)?);
        if text.get(at..)?.starts_with('"') {
            *rest = text.get(at + 1..)?;
            return Some(value);
        }
        let escape = text.get(at + 1..)?.chars().next()?;
        from = at + 1 + escape.len_utf8();
        value.push(match escape {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'u' => {
                // A pair of escapes may make one letter.
                let units = [text.get(at..at + 6), text.get(at + 6..at + 12)].into_iter().map_while(unit);
                let letter = char::decode_utf16(units).next()?.unwrap_or(char::REPLACEMENT_CHARACTER);
                from = at + 6 * letter.len_utf16();
                letter
            }
            other => other,
        });
    }
}

/// `\u00fc`
fn unit(escape: Option<&str>) -> Option<u16> {
    u16::from_str_radix(escape?.strip_prefix("\\u")?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    use proptest::prelude::*;

    const EVENT: &str = r#"{"id":"event_1","event":"user.created","data":{"object":"user","name":"Zoë 🦀 </b> & \"q\"\\\n","n":[1,2.5,-3,true,null],"e":{},"l":[]},"created_at":"x"}"#;

    #[test]
    fn what_workos_writes_is_written_as_it_was() {
        let read = Node::read(EVENT).unwrap();

        assert_eq!(read.written(Style::default()), EVENT);
        assert_eq!(Node::read(&read.written(Style { space: Space::Lines(2), ..Style::default() })), Some(read));
    }

    #[test]
    fn styles_spell_as_other_languages_do() {
        let spelled = |text: &str, style| Node::read(text).unwrap().written(style);
        let style = Style::default();

        assert_eq!(
            spelled(r#"{"a":"ü/é"}"#, Style { letters: Letters::Lower, slashes: true, ..style }),
            r#"{"a":"\u00fc\/\u00e9"}"#
        );
        assert_eq!(spelled(r#"{"a":"🦀"}"#, Style { letters: Letters::Upper, ..style }), r#"{"a":"\uD83E\uDD80"}"#);
        assert_eq!(spelled(r#"{"a":"<&>"}"#, Style { html: true, ..style }), r#"{"a":"\u003c\u0026\u003e"}"#);
        assert_eq!(spelled(r#"{"a":1,"b":[2]}"#, Style { space: Space::Behind, ..style }), r#"{"a": 1, "b": [2]}"#);
        assert_eq!(
            spelled(r#"{"a":[1],"b":{}}"#, Style { space: Space::Lines(2), ..style }),
            "{\n  \"a\": [\n    1\n  ],\n  \"b\": {}\n}"
        );
        assert_eq!(spelled("[1.0,1e3,1.50,0.0,12,1e300]", Style { numbers: true, ..style }), "[1,1000,1.5,0,12,1e300]");
        assert_eq!(
            spelled(r#"{"data":{"id":1,"object":2},"event":3,"id":4}"#, Style { order: Order::Objects, ..style }),
            r#"{"id":4,"event":3,"data":{"object":2,"id":1}}"#
        );
    }

    #[test]
    fn only_order_that_is_no_chance_counts_as_sorted() {
        assert!(Node::read(r#"{"data":{"id":1,"n":2},"event":3,"id":4}"#).unwrap().is_sorted());
        for other in [EVENT, r#"{"a":1}"#, r#"{"a":1,"b":{"z":1,"a":2}}"#] {
            assert!(!Node::read(other).unwrap().is_sorted(), "{other}");
        }
    }

    proptest! {
        #[test]
        fn whatever_stands_there_is_read_without_a_panic(text in ".*", inner in ".*") {
            let _ = Node::read(&text);
            let quoted = serde_json::to_string(&inner).unwrap();
            let read = Node::read(&format!("{{{quoted}:[{quoted}]}}")).unwrap();
            prop_assert_eq!(Node::read(&read.written(Style { letters: Letters::Lower, html: true, ..Style::default() })), Some(read));
        }
    }
}
