//! The shapes of API keys and signing secrets, as far as they are known (facts of 2026-11-23, §2.1 and §4.1). Nobody documents how
//! long they are, so nothing is refused for that.

use data_encoding::{BASE64, BASE64_NOPAD};

use crate::said::acts;
use crate::secret::Secret;

/// What keeps a key or a secret from being one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Malformed {
    /// There is nothing but white space.
    Blank,
    /// It holds a line break.
    LineBreak,
    /// It holds a space, or what looks like one.
    Space(char),
    /// It holds a character that nobody sees.
    Invisible(char, Place),
    /// It stands in quotes, or half of it.
    Quotes(char),
    /// It is a line that sets a variable to it.
    Assignment,
    /// It is a part of what was given: of JSON, of YAML, of a header, of a file with other lines.
    Among,
    /// It is encoded in base64.
    Base64,
    /// It is a client ID.
    ClientId,
    /// It is an API key, where a signing secret belongs.
    ApiKey,
    /// It is a signing secret, where an API key belongs.
    SigningSecret,
    /// It is shown masked, as dashboards do.
    Masked,
    /// There is nothing behind its prefix.
    PrefixAlone,
    /// It does not begin as one does.
    Prefix,
    /// It holds a character that none has.
    Letter(char, Place),
}

/// Where a character stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// Before everything else.
    First,
    /// Behind everything else.
    Last,
    /// Behind so many characters.
    Behind(usize),
}

impl Malformed {
    /// Finishes the sentence "the API key …", and does not repeat it.
    pub fn in_words(self) -> String {
        match self {
            Malformed::Blank => "is blank: there is nothing but white space".to_owned(),
            Malformed::LineBreak => "holds a line break".to_owned(),
            Malformed::Space(' ') => "holds a space".to_owned(),
            Malformed::Space(c) => format!("holds white space: {}", called(c)),
            Malformed::Invisible(c, place) => {
                format!("{}: {}, which no editor shows", place.in_words("an invisible character"), called(c))
            }
            Malformed::Quotes('"' | '\'' | '`') => "stands in quotes".to_owned(),
            Malformed::Quotes(c) => format!("stands in curly quotes ({c}), as word processors and chats make them"),
            Malformed::Assignment => {
                "is a whole line of an .env file, with the name of the variable and an equals sign".to_owned()
            }
            Malformed::Among => "stands among other text, as in JSON, in YAML or behind `Bearer`".to_owned(),
            Malformed::Base64 => "is encoded in base64, once too often".to_owned(),
            Malformed::ClientId => "begins with client_: it is a client ID".to_owned(),
            Malformed::ApiKey => "begins with sk_: it is an API key".to_owned(),
            Malformed::SigningSecret => "begins with whsec_: it is a webhook secret".to_owned(),
            Malformed::Masked => "is masked, as dashboards show it".to_owned(),
            Malformed::PrefixAlone => "is cut short: nothing stands behind its prefix".to_owned(),
            Malformed::Prefix => "does not begin with sk_".to_owned(),
            Malformed::Letter(c, place) => format!("{}: {}", place.in_words("a character that none has"), called(c)),
        }
    }
}

impl Place {
    fn in_words(self, what: &str) -> String {
        match self {
            Place::First => format!("begins with {what}"),
            Place::Last => format!("ends with {what}"),
            Place::Behind(count) => format!("holds {what} behind its first {count}"),
        }
    }
}

/// A character by its name, where it is one that turns up in what is copied, and by its number.
pub fn called(c: char) -> String {
    let name = match c {
        '\u{feff}' => "a byte order mark",
        '\u{200b}' => "a zero-width space",
        '\u{200c}' | '\u{200d}' => "a zero-width joiner",
        '\u{2060}' => "a word joiner",
        '\u{ad}' => "a soft hyphen",
        '\u{a0}' | '\u{202f}' => "a no-break space",
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => "a mark of writing direction",
        '\t' => "a tab",
        '\u{1b}' => "an escape character, as in coloured output",
        '\0' => "a zero byte, as UTF-16 has them",
        '\u{fffd}' => "the mark of bytes that are not UTF-8",
        c if c.is_control() => "a control character",
        c if c.is_alphabetic() => "a letter outside ASCII",
        _ => "a character outside ASCII",
    };
    format!("{name} (U+{:04X})", u32::from(c))
}

/// Whether nobody sees this character, and it is no white space.
pub fn invisible(c: char) -> bool {
    !c.is_whitespace() && acts(c)
}

/// Whether this character quotes, straight or curly.
pub fn is_quote(c: char) -> bool {
    matches!(
        c,
        '"' | '\'' | '`' | '\u{b4}' | '«' | '»' | '\u{2018}'
            ..='\u{201f}' | '‹' | '›' | '「' | '」' | '\u{ff02}' | '\u{ff07}'
    )
}

/// What keeps an API key from being one.
pub fn malformed(key: &Secret) -> Option<Malformed> {
    let text = key.expose();
    wrapped(text)
        .or_else(|| taken_for_another(text).filter(|kind| *kind != Malformed::ApiKey))
        .or_else(|| is_masked(text).then_some(Malformed::Masked))
        .or_else(|| is_encoded(text).then_some(Malformed::Base64))
        .or_else(|| (!text.starts_with("sk_")).then_some(Malformed::Prefix))
        .or_else(|| ["sk_", "sk_live_", "sk_test_"].contains(&text).then_some(Malformed::PrefixAlone))
        .or_else(|| odd_letter(text))
}

/// What keeps a webhook's or Action's secret from being one. Older secrets have no prefix.
pub fn malformed_secret(secret: &Secret) -> Option<Malformed> {
    let text = secret.expose();
    wrapped(text)
        .or_else(|| taken_for_another(text).filter(|kind| *kind != Malformed::SigningSecret))
        .or_else(|| is_masked(text).then_some(Malformed::Masked))
        .or_else(|| is_encoded(text).then_some(Malformed::Base64))
        .or_else(|| (text == "whsec_").then_some(Malformed::PrefixAlone))
        .or_else(|| odd_letter(text))
}

/// How many characters a key or secret has behind its prefixes, where that is fewer than any known one has: it may have been cut.
pub fn shortness(secret: &Secret) -> Option<usize> {
    const SHORTEST: usize = 12;

    let text = secret.expose();
    let bare = text.strip_prefix("whsec_").or_else(|| text.strip_prefix("sk_")).unwrap_or(text);
    let bare = bare.strip_prefix("live_").or_else(|| bare.strip_prefix("test_")).unwrap_or(bare);
    let count = bare.chars().count();
    (count < SHORTEST).then_some(count)
}

fn wrapped(text: &str) -> Option<Malformed> {
    if text.chars().all(char::is_whitespace) {
        return Some(Malformed::Blank);
    }
    if let Some(found) = first(text, invisible) {
        return Some(Malformed::Invisible(found.0, found.1));
    }
    let inner = text.trim().trim_matches(is_quote);
    if is_assignment(inner) {
        Some(Malformed::Assignment)
    } else if is_among(inner) {
        Some(Malformed::Among)
    } else if text.contains(['\n', '\r']) {
        Some(Malformed::LineBreak)
    } else if let Some(quote) = text.trim().chars().next().filter(|c| is_quote(*c)) {
        Some(Malformed::Quotes(quote))
    } else if let Some(quote) = text.trim().chars().last().filter(|c| is_quote(*c)) {
        Some(Malformed::Quotes(quote))
    } else {
        text.chars().find(|c| c.is_whitespace()).map(Malformed::Space)
    }
}

/// `export WORKOS_API_KEY=…`: a name, an equals sign, and something.
fn is_assignment(text: &str) -> bool {
    let text = ["export ", "set ", "SET ", "ENV "].iter().find_map(|word| text.strip_prefix(word)).unwrap_or(text);
    text.split_once('=').is_some_and(|(name, value)| {
        let name = name.trim();
        let word = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && taken_for_another(name).is_none()
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        // Base64 ends with equals signs.
        word && value.chars().any(|c| c.is_ascii_alphanumeric())
    })
}

/// Whether something stands before what begins as a key or a secret, and does not belong to it.
fn is_among(text: &str) -> bool {
    const SHORTEST: usize = 5;

    let is_within = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let begins = |at: usize| {
        let rest = text.get(at..).unwrap_or_default();
        let bare = ["sk_", "whsec_"].into_iter().find_map(|prefix| rest.strip_prefix(prefix));
        bare.is_some_and(|bare| bare.chars().take_while(|c| is_within(*c)).count() >= SHORTEST)
    };
    // A key can hold another's beginning; what it is a part of begins otherwise.
    let word = |at: usize| !text.get(..at).is_some_and(|before| before.ends_with(is_within));
    taken_for_another(text).is_none() && text.char_indices().skip(1).any(|(at, _)| word(at) && begins(at))
}

/// Whether it is base64 of something that has a known prefix.
fn is_encoded(text: &str) -> bool {
    let decoded = BASE64.decode(text.as_bytes()).or_else(|_| BASE64_NOPAD.decode(text.as_bytes()));
    decoded.is_ok_and(|bytes| bytes.starts_with(b"whsec_") || bytes.starts_with(b"sk_"))
}

fn taken_for_another(text: &str) -> Option<Malformed> {
    let kinds = [("client_", Malformed::ClientId), ("sk_", Malformed::ApiKey), ("whsec_", Malformed::SigningSecret)];
    kinds.into_iter().find(|(prefix, _)| text.starts_with(prefix)).map(|(_, kind)| kind)
}

fn is_masked(text: &str) -> bool {
    text.contains(['…', '*', '•', '●', '·']) || text.contains("...")
}

fn odd_letter(text: &str) -> Option<Malformed> {
    first(text, |c| !c.is_ascii_graphic()).map(|(c, place)| Malformed::Letter(c, place))
}

fn first(text: &str, is_one: impl Fn(char) -> bool) -> Option<(char, Place)> {
    let count = text.chars().count();
    let (at, found) = text.chars().enumerate().find(|(_, c)| is_one(*c))?;
    let place = match at {
        0 => Place::First,
        at if at + 1 == count => Place::Last,
        at => Place::Behind(at),
    };
    Some((found, place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_told_from_everything_that_is_put_in_its_place() {
        let told = |key: &str| malformed(&Secret::new(key));

        for (key, kind) in [
            (" \n", Malformed::Blank),
            ("sk_live_abcdefghijkl\n", Malformed::LineBreak),
            ("sk_live_abcdef ghijkl", Malformed::Space(' ')),
            ("sk_live_abcdefghijkl\u{a0}", Malformed::Space('\u{a0}')),
            ("\u{feff}sk_live_abcdefghijkl", Malformed::Invisible('\u{feff}', Place::First)),
            ("sk_live_abcdefghijkl\u{200b}", Malformed::Invisible('\u{200b}', Place::Last)),
            ("sk_live_\u{ad}abcdefghijkl", Malformed::Invisible('\u{ad}', Place::Behind(8))),
            ("s\0k\0_\0", Malformed::Invisible('\0', Place::Behind(1))),
            ("\"sk_live_abcdefghijkl\"", Malformed::Quotes('"')),
            ("“sk_live_abcdefghijkl”", Malformed::Quotes('“')),
            ("sk_live_abcdefghijkl'", Malformed::Quotes('\'')),
            ("WORKOS_API_KEY=sk_live_abcdefghijkl", Malformed::Assignment),
            ("export WORKOS_API_KEY=\"sk_live_abcdefghijkl\"", Malformed::Assignment),
            ("{\"WORKOS_API_KEY\":\"sk_live_abcdefghijkl\"}", Malformed::Among),
            ("{\n  \"key\": \"sk_live_abcdefghijkl\"\n}", Malformed::Among),
            ("WORKOS_API_KEY: sk_live_abcdefghijkl", Malformed::Among),
            ("Bearer sk_test_abcdefghijkl", Malformed::Among),
            ("<sk_live_abcdefghijkl>", Malformed::Among),
            ("# the key\nWORKOS_API_KEY=sk_live_abcdefghijkl\n", Malformed::Among),
            ("c2tfbGl2ZV9hYmNkZWZnaGlqa2w=", Malformed::Base64),
            ("client_01HZBC6N1EB1ZY7KG32X", Malformed::ClientId),
            ("whsec_0FWAiVGkEfGBqqsJH4aNAGBJ4", Malformed::SigningSecret),
            ("abcdefghijkl", Malformed::Prefix),
            ("sk_live_…wxyz", Malformed::Masked),
            ("sk_live_********wxyz", Malformed::Masked),
            ("••••••••wxyz", Malformed::Masked),
            ("****", Malformed::Masked),
            ("sk_live_", Malformed::PrefixAlone),
            ("sk_live_abcdefghéjkl", Malformed::Letter('é', Place::Behind(16))),
        ] {
            assert_eq!(told(key), Some(kind), "{key}");
        }
    }

    #[test]
    fn nothing_that_begins_as_a_key_is_refused_for_what_nobody_documents() {
        for key in [
            "sk_live_abcdefghijkl",
            "sk_example_123456789",
            "sk_test_default",
            "sk_1",
            "sk_live_a",
            "sk_test_a-b.c~d/e+f==",
            "sk_live_a=b",
        ] {
            assert_eq!(malformed(&Secret::new(key)), None, "{key}");
        }
        assert_eq!(shortness(&Secret::new("sk_test_default")), Some(7));
        assert_eq!(shortness(&Secret::new("sk_live_abcdefghijklmnop")), None);
    }

    #[test]
    fn a_secret_may_lack_its_prefix_and_is_no_key() {
        let told = |secret: &str| malformed_secret(&Secret::new(secret));

        assert_eq!(told("{\"secret\":\"whsec_0FWAiVGkEfGBqqsJH4aNAGBJ4\"}"), Some(Malformed::Among));
        for right in [
            "whsec_0FWAiVGkEfGBqqsJH4aNAGBJ4",
            "0FWAiVGkEfGBqqsJH4aNAGBJ4",
            "whsec_abc",
            "secret",
            "task_whsec_abcdefgh",
            "whsec_a/sk_bcdefgh",
        ] {
            assert_eq!(told(right), None, "{right}");
        }
        assert_eq!(told("sk_live_abcdefghijkl"), Some(Malformed::ApiKey));
        assert_eq!(told("client_01HZBC6N1EB1ZY7KG32X"), Some(Malformed::ClientId));
        assert_eq!(told("d2hzZWNfMEZXQWlWR2tFZkdCcXFzSkg0YU5BR0JKNA=="), Some(Malformed::Base64));
        assert_eq!(told("d2hzZWNfMEZXQWlWR2tFZkdCcXFzSkg0YU5BR0JKNA"), Some(Malformed::Base64));
        assert_eq!(told("WORKOS_WEBHOOK_SECRET=whsec_0FWAiVGkEfGBqqsJH4aNAGBJ4"), Some(Malformed::Assignment));
        assert_eq!(told("whsec_"), Some(Malformed::PrefixAlone));
    }

    #[test]
    fn what_nobody_sees_is_called_by_its_name_and_place() {
        let told = |key: &str| malformed(&Secret::new(key)).unwrap().in_words();

        assert!(
            told("\u{feff}sk_live_abcdefghijkl")
                .contains("begins with an invisible character: a byte order mark (U+FEFF)")
        );
        assert!(told("sk_live_\u{2060}abcdefghijkl").contains("behind its first 8: a word joiner (U+2060)"));
        assert!(told("sk_live_abcdefghijkl\u{a0}").contains("a no-break space (U+00A0)"));
        assert!(told("sk_live_аbcdefghijkl").contains("a letter outside ASCII (U+0430)"));
    }
}
