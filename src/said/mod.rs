//! The one way out for words: what everything passes before it is written, in every document and every format.
//!
//! A value passes [`hidden`], which takes every secret out of it, and then, where text is read as it stands, [`harmless`];
//! JSON says the same with [`escaped`]. What leaves the tool passes [`caught`] once more, which is the second net.
//! How a value is said, a duration or a day, a size or a list, is said once for everybody, too: [`spoken`] and its like.

mod known;
mod looks;
mod strangers;
mod values;

use std::borrow::Cow;

pub use known::{is_known, keep, keep_proxy};
pub use looks::{looks_secret, may_be_secret};
pub use strangers::{acts, apart, harmless, harmless_lines, harmless_script};
pub use values::{
    all_of, counted, day, distance, in_any_order, lasted, listed, page_title, size, spoken, time_of_day, utc,
};

/// The value without any secret: none that was given, and nothing that looks like one. A short secret is told from a common
/// word only where it is the whole value.
pub fn hidden(value: &str) -> String {
    looks::masked(&known::removed(value)).into_owned()
}

/// A value as it may stand in a line: without secrets, and without anything that acts instead of being read.
pub fn line(value: &str) -> String {
    harmless(&hidden(value))
}

/// A whole document, however its format encodes values, once more without the secrets that were given and what is shaped like
/// a key. Values have passed [`hidden`] before; this is for the one that was forgotten.
pub fn caught(document: &str) -> String {
    looks::without_keys(&known::caught(document)).into_owned()
}

/// JSON that a terminal or the log of a CI system can show without being steered. It says the same: such characters stand
/// only inside of strings, line breaks between tokens apart.
pub fn escaped(json: &str) -> String {
    // They come in the order of the text.
    let mut commands = strangers::commands(json).into_iter().peekable();
    let mut text = String::with_capacity(json.len());
    for (at, c) in json.char_indices() {
        let begins_one = commands.next_if_eq(&at).is_some();
        if c != '\n' && (acts(c) || begins_one) {
            push_escape(&mut text, c);
        } else {
            text.push(c);
        }
    }
    text
}

/// The same JSON in ASCII.
pub fn json_in_ascii(json: &str) -> Cow<'_, str> {
    if json.is_ascii() {
        return Cow::Borrowed(json);
    }
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() { text.push(c) } else { push_escape(&mut text, c) }
    }
    Cow::Owned(text)
}

/// The same XML in ASCII.
pub fn xml_in_ascii(xml: &str) -> Cow<'_, str> {
    if xml.is_ascii() {
        return Cow::Borrowed(xml);
    }
    let one = |c: char| if c.is_ascii() { c.to_string() } else { format!("&#{};", u32::from(c)) };
    Cow::Owned(xml.chars().map(one).collect())
}

/// The nearest that ASCII has.
pub fn in_ascii(text: &str) -> String {
    let mut ascii = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '✓' => ascii.push('+'),
            '✗' | '×' => ascii.push('x'),
            '→' => ascii.push_str("->"),
            '…' => ascii.push_str("..."),
            '·' | '–' | '—' | '‑' | '−' => ascii.push('-'),
            '‘' | '’' => ascii.push('\''),
            '“' | '”' => ascii.push('"'),
            '≥' => ascii.push_str(">="),
            '≤' => ascii.push_str("<="),
            c if c.is_ascii() => ascii.push(c),
            _ => ascii.push('?'),
        }
    }
    ascii
}

fn push_escape(text: &mut String, c: char) {
    use std::fmt::Write as _;

    for unit in c.encode_utf16(&mut [0; 2]) {
        let _ = write!(text, "\\u{unit:04x}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_says_the_same_with_escapes() {
        let value = serde_json::json!({
            "a": "::error::x ##vso[task] \u{1b}[2J \u{202e} \u{e0041} \u{fdd0} ::1 é 😀",
            "b": ["##teamcity[x]", "[::]:443"],
        });
        let plain = serde_json::to_string_pretty(&value).unwrap();

        let written = escaped(&plain);
        let ascii = json_in_ascii(&written);

        assert_eq!(serde_json::from_str::<serde_json::Value>(&written).unwrap(), value);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&ascii).unwrap(), value);
        assert!(ascii.is_ascii() && written.contains("😀") && written.contains("[::]:443"));
        assert!(!written.contains("::error") && !written.contains("##"), "{written}");
        assert!(written.chars().all(|c| c == '\n' || !acts(c)));
    }

    #[test]
    fn xml_says_the_same_in_ascii() {
        assert_eq!(xml_in_ascii("<a b=\"é→\"/>"), "<a b=\"&#233;&#8594;\"/>");
    }
}
