//! What looks like a secret, wherever it was put by mistake: a key in the place of a host name, a whole line of a `.env`, a
//! password in a URL.

use std::borrow::Cow;

use super::strangers::acts;
use crate::secret::Secret;

/// How keys and signing secrets begin, as they are and in base64, with the fewest characters behind it that make one.
const BEGINNINGS: &[Beginning] = &[
    Beginning { text: "sk_live_", inside_of_words: true, least: 1, base64: false },
    Beginning { text: "sk_test_", inside_of_words: true, least: 1, base64: false },
    Beginning { text: "whsec_", inside_of_words: true, least: 1, base64: false },
    Beginning { text: "sk_", inside_of_words: false, least: 5, base64: false },
    // sk_live_, sk_test_ and whsec_ once more: what somebody encoded is as good as the key itself. In base64 a text looks
    // different in each of three places, as behind the user of Basic credentials.
    Beginning { text: "c2tfbGl2ZV", inside_of_words: true, least: 4, base64: true },
    Beginning { text: "X2xpdmVf", inside_of_words: true, least: 4, base64: true },
    Beginning { text: "a19saXZlX", inside_of_words: true, least: 4, base64: true },
    Beginning { text: "c2tfdGVzdF", inside_of_words: true, least: 4, base64: true },
    Beginning { text: "X3Rlc3Rf", inside_of_words: true, least: 4, base64: true },
    Beginning { text: "a190ZXN0X", inside_of_words: true, least: 4, base64: true },
    Beginning { text: "d2hzZWNf", inside_of_words: true, least: 4, base64: true },
    Beginning { text: "c2VjX", inside_of_words: true, least: 16, base64: true },
    Beginning { text: "aHNlY1", inside_of_words: true, least: 16, base64: true },
];

struct Beginning {
    text: &'static str,
    /// Whether it is told from a word that ends so, as `task_` does in `sk_`.
    inside_of_words: bool,
    least: usize,
    base64: bool,
}

impl Beginning {
    /// The length of this beginning at the head of a text, whatever its case, and however its underscores are written.
    fn at_head_of(&self, text: &str) -> Option<usize> {
        let mut rest = text;
        for wanted in self.text.chars() {
            let c = rest.chars().next()?;
            let same = if self.base64 { c == wanted } else { c.eq_ignore_ascii_case(&wanted) };
            if same {
                rest = rest.get(c.len_utf8()..)?;
            } else if wanted == '_' && rest.get(..3)?.eq_ignore_ascii_case("%5f") {
                rest = rest.get(3..)?;
            } else {
                return None;
            }
        }
        Some(text.len() - rest.len())
    }

    fn goes_on_with(&self, c: char) -> bool {
        if self.base64 {
            return c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '-' | '_' | '=');
        }
        let also = if self.text == "whsec_" { "_-+/=" } else { "_-" };
        c.is_alphanumeric() || also.contains(c) || c == char::REPLACEMENT_CHARACTER || (acts(c) && c != '\n')
    }
}

/// Whether something in the text looks like a key or a signing secret.
pub fn looks_secret(text: &str) -> bool {
    matches!(without_keys(text), Cow::Owned(_))
}

/// Whether a word that was typed where it means nothing may be a secret: it looks like one, or like nothing that people make up.
pub fn may_be_secret(word: &str) -> bool {
    let word = word.trim_start_matches('-');
    let plain = word.len() >= 16 && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let mixed = word.contains(|c: char| c.is_ascii_digit()) && word.contains(|c: char| c.is_ascii_alphabetic());
    looks_secret(word) || (plain && mixed)
}

/// The text with everything that looks like a secret masked: keys, the values of variables whose name says so, the user and
/// password of a URL.
pub(super) fn masked(text: &str) -> Cow<'_, str> {
    let mut text = without_keys(text);
    for part in [without_values, without_userinfo] {
        if let Some(changed) = part(&text) {
            text = Cow::Owned(changed);
        }
    }
    text
}

/// The text with keys and signing secrets masked.
pub(super) fn without_keys(text: &str) -> Cow<'_, str> {
    let mut told = String::new();
    let mut from = 0;
    let mut at = 0;
    while let Some(rest) = text.get(at..) {
        let Some(c) = rest.chars().next() else { break };
        let in_word = text.get(..at).and_then(|before| before.chars().next_back()).is_some_and(char::is_alphanumeric);
        let begins = BEGINNINGS
            .iter()
            .filter(|beginning| beginning.inside_of_words || !in_word)
            .find_map(|beginning| Some((beginning, beginning.at_head_of(rest)?)));
        let Some((beginning, length)) = begins else {
            at += c.len_utf8();
            continue;
        };
        let behind = rest.get(length..).unwrap_or_default();
        let end = behind.find(|c| !beginning.goes_on_with(c)).unwrap_or(behind.len());
        if behind.get(..end).unwrap_or_default().chars().count() < beginning.least {
            at += length;
            continue;
        }
        told.push_str(text.get(from..at).unwrap_or_default());
        told.push_str(&Secret::new(rest.get(..length + end).unwrap_or_default()).masked());
        at += length + end;
        from = at;
    }
    if from == 0 {
        return Cow::Borrowed(text);
    }
    told.push_str(text.get(from..).unwrap_or_default());
    Cow::Owned(told)
}

/// What the names of variables that hold secrets end in.
const NAMES: &[&str] = &["API_KEY", "SECRET", "PASSWORD", "TOKEN"];

/// `WORKOS_WEBHOOK_SECRET=…`, as it stands in a `.env` file or a shell.
fn without_values(text: &str) -> Option<String> {
    let mut told = String::new();
    let mut from = 0;
    for (at, _) in text.match_indices('=') {
        let name = text.get(from..at).unwrap_or_default();
        let behind = text.get(at + 1..).unwrap_or_default();
        let first = behind.chars().next();
        let taken_from_elsewhere = first.is_none_or(|c| c.is_whitespace() || matches!(c, '$' | '…' | '<' | '*'));
        if !NAMES.iter().any(|ending| name.ends_with(ending)) || taken_from_elsewhere {
            continue;
        }
        let quote = first.filter(|c| matches!(c, '"' | '\''));
        let value = if quote.is_some() { behind.get(1..).unwrap_or_default() } else { behind };
        let ends = |c: char| {
            quote.map_or_else(|| c.is_whitespace() || matches!(c, '`' | '"' | '\'' | ';'), |quote| c == quote)
        };
        let end = value.find(ends).unwrap_or(value.len());
        told.push_str(text.get(from..=at).unwrap_or_default());
        told.extend(quote);
        told.push_str("***");
        from = at + 1 + usize::from(quote.is_some()) + end;
    }
    (from > 0).then(|| told + text.get(from..).unwrap_or_default())
}

/// `http://user:password@host`: what stands before the last `@` of a URL's place.
fn without_userinfo(text: &str) -> Option<String> {
    let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '`' | '<' | '>');
    let mut told = String::new();
    let mut from = 0;
    // The word that was looked at last: its end, and the place of its last `@`. A word can hold many of what begins a URL.
    let mut word: (usize, Option<usize>) = (0, None);
    for (at, separator) in text.match_indices("://") {
        let begin = at + separator.len();
        if begin < from {
            continue;
        }
        if begin > word.0 {
            let rest = text.get(begin..).unwrap_or_default();
            let length = rest.find(ends).unwrap_or(rest.len());
            let last = rest.get(..length).and_then(|url| url.rfind('@'));
            word = (begin + length, last.map(|last| begin + last));
        }
        let Some(last) = word.1.filter(|last| *last >= begin) else { continue };
        let before = text.get(begin..last).unwrap_or_default();
        let place = before.split('/').next().unwrap_or_default();
        // An `@` in the path of a URL ends no password, unless what stands before the path is not a host and a port.
        let port = place.rsplit_once(':').map(|(_, port)| port);
        let in_path =
            place.len() < before.len() && !place.contains('@') && port.is_none_or(|port| port.parse::<u16>().is_ok());
        if in_path || before == "***" {
            continue;
        }
        told.push_str(text.get(from..begin).unwrap_or_default());
        told.push_str("***");
        from = last;
    }
    (from > 0).then(|| told + text.get(from..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "sk_live_abcdefghijklmnopqrstuvwx";

    #[test]
    fn a_key_is_masked_wherever_it_stands_and_however_it_is_wrapped() {
        for (said, told) in [
            (KEY.to_owned(), "sk_live_…uvwx"),
            (format!("\"{KEY}\""), "\"sk_live_…uvwx\""),
            (format!("WORKOS_API_KEY={KEY}"), "WORKOS_API_KEY=***"),
            (format!("export WORKOS_API_KEY='{KEY}' next"), "export WORKOS_API_KEY='***' next"),
            (format!("look up {KEY}.example (A)"), "look up sk_live_…uvwx.example (A)"),
            (format!("https://{KEY}/a"), "https://sk_live_…uvwx/a"),
            (format!("https://a.example/{KEY}/b?x"), "https://a.example/sk_live_…uvwx/b?x"),
            (KEY.to_uppercase(), "…UVWX"),
            ("https://a.example/sk%5Flive%5Fabcdefghijklmnop".to_owned(), "https://a.example/***"),
            ("sk_test_default, and sk_example_123456789".to_owned(), "***, and sk_…6789"),
            ("(whsec_0FWAiVGkEfGBqqsJH4aNAGBJ4)".to_owned(), "(whsec_…GBJ4)"),
            ("whsec_".to_owned() + "a+b/c==", "***"),
            (format!("sk_live_abcd\u{200b}{}", "efghijklmnopqr"), "***"),
            ("x c2tfbGl2ZV9hYmNkZWZnaGlqa2xtbm9w= y".to_owned(), "x *** y"),
            ("d2hzZWNfMEZXQWlWR2tFZkdC".to_owned(), "…ZkdC"),
        ] {
            assert_eq!(masked(&said), told, "{said}");
        }
    }

    #[test]
    fn what_may_be_shown_stays_and_is_not_masked_twice() {
        for text in [
            "sk_live_…wxyz",
            "sk_…wxyz",
            "whsec_…wxyz",
            "begins with sk_: it is an API key",
            "sk_live_ or sk_test_",
            "task_id and disk_size",
            "holds once whsec_ is put before the secret",
            "client_01HZBC6N1EB1ZY7KG32X",
            "WORKOS_API_KEY",
            "WORKOS_API_KEY=$KEY",
            "http://***@proxy.example:3128",
            "https://a.example:8443/@user",
            "https://a.example/x@y",
            "a@b.example",
            "HTTPS_PROXY=http://PROXY:PORT",
        ] {
            assert_eq!(masked(text), text);
        }
    }

    #[test]
    fn a_url_keeps_its_host_and_loses_who_signs_in() {
        for (said, told) in [
            ("http://user:pass@proxy.example:3128", "http://***@proxy.example:3128"),
            ("http://u:p@ss/w#rd@proxy.example:3128/ is set", "http://***@proxy.example:3128/ is set"),
            ("http://u:p/w@proxy.example", "http://***@proxy.example"),
            ("http://token@proxy.example", "http://***@proxy.example"),
            ("`socks5h://u:p@a` and `http://u:p@b`", "`socks5h://***@a` and `http://***@b`"),
        ] {
            assert_eq!(masked(said), told);
        }
    }

    #[test]
    fn basic_credentials_show_no_key() {
        for key in ["sk_live_PLANTEDabcdefghijkl", "sk_test_PLANTEDabcdefghijkl", "whsec_PLANTEDabcdefghijkl"] {
            for user in ["", "u", "us", "use", "user"] {
                let basic = data_encoding::BASE64.encode(format!("{user}:{key}").as_bytes());
                let told = masked(&basic).into_owned();
                assert!(told.len() < 20, "{user}:{key}: {basic}: {told}");
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn a_key_in_the_middle_of_anything_is_never_shown(before in ".{0,12}", behind in "[^a-zA-Z0-9]{0,1}.{0,12}") {
            let told = masked(&format!("{before}sk_live_abcdefghPLANTEDijklmnop{behind}")).into_owned();

            proptest::prop_assert!(!told.contains("PLANTED"), "{told}");
        }
    }
}
