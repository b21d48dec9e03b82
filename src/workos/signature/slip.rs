//! What a secret may have been before it was copied, encoded or put into a file, and what of that is wrong with it.

use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL_NOPAD, HEXLOWER_PERMISSIVE};
use url::form_urlencoded;

use crate::workos::key::{invisible, is_quote};

/// How the given secret differs from the one that holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SecretSlip {
    /// Once this is mended, in this order.
    Spoilt(Vec<Slip>),
    /// It is that of something else, which the caller named.
    Of(&'static str),
}

/// One thing that is wrong with a secret.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Slip {
    /// A byte order mark stands before it.
    ByteOrderMark,
    /// It holds characters that nobody sees.
    Invisible,
    /// White space or a line break stands around it, or in it.
    Blank,
    /// Quotes stand around it, straight or curly.
    Quoted,
    /// It is a whole line of a `.env` file, with the name of the variable.
    EnvironmentLine,
    /// It is encoded in base64.
    Base64,
    /// It is encoded in hexadecimal digits.
    Hexadecimal,
    /// It is encoded as in a URL.
    Percent,
    /// Its `whsec_` was left out, and belongs to it.
    PrefixLost,
    /// A `whsec_` was put before it that does not belong there.
    PrefixAdded,
    /// It is a part of what was given: of JSON, of several lines, of a placeholder in `<…>`, before a `\n` in letters.
    Among,
}

impl Slip {
    /// Finishes the sentence "the secret …".
    pub fn in_words(self) -> &'static str {
        match self {
            Slip::ByteOrderMark => "has a byte order mark before it",
            Slip::Invisible => "holds characters that nobody sees",
            Slip::Blank => "has white space or a line break around it",
            Slip::Quoted => "has quotes around it",
            Slip::EnvironmentLine => "is a whole line of an .env file, with the name of the variable",
            Slip::Base64 => "is encoded in base64 once too often",
            Slip::Hexadecimal => "is encoded in hexadecimal digits",
            Slip::Percent => "is encoded as in a URL, with % signs",
            Slip::PrefixLost => "lacks the whsec_ before it",
            Slip::PrefixAdded => "has a whsec_ before it that does not belong there",
            Slip::Among => "has other text around it, such as JSON, other lines, brackets or a `\\n` in letters",
        }
    }

    /// Finishes the sentence "Write it …".
    pub fn remedy(self) -> &'static str {
        match self {
            Slip::ByteOrderMark => "without that mark",
            Slip::Invisible | Slip::Blank => "without them",
            Slip::Quoted => "without the quotes",
            Slip::EnvironmentLine => "without the name and the equals sign",
            Slip::Base64 => "decoded (a Kubernetes `data:` entry is encoded once, and `stringData:` not at all)",
            Slip::Hexadecimal | Slip::Percent => "decoded",
            Slip::PrefixLost => "with whsec_ before it",
            Slip::PrefixAdded => "without that whsec_",
            Slip::Among => "alone",
        }
    }

    /// The secret with this mended, where it is wrong.
    fn mended(self, text: &str) -> Option<String> {
        let mended = match self {
            Slip::ByteOrderMark => {
                // As the mark comes out where its bytes were taken for Latin-1.
                let bare = text.strip_prefix('\u{feff}').or_else(|| text.strip_prefix("ï»¿"))?;
                bare.to_owned()
            }
            Slip::Invisible => text.chars().filter(|c| !invisible(*c)).collect(),
            Slip::Blank => text.split_whitespace().collect(),
            Slip::Quoted => text.trim_matches(is_quote).to_owned(),
            Slip::EnvironmentLine => {
                let line = text.trim();
                let line = ["export ", "set ", "SET ", "ENV ", "$env:", "-e "]
                    .iter()
                    .find_map(|it| line.strip_prefix(it))
                    .unwrap_or(line);
                let (name, value) = line.trim_start().split_once(['=', ':'])?;
                let is_name = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c) || is_quote(c);
                if name.is_empty() || !name.trim_end().chars().all(is_name) {
                    return None;
                }
                value.trim().trim_end_matches(';').to_owned()
            }
            Slip::Base64 => {
                let text: String = text.split_whitespace().collect();
                let decoded =
                    [BASE64, BASE64_NOPAD, BASE64URL_NOPAD].iter().find_map(|by| by.decode(text.as_bytes()).ok())?;
                printed(decoded)?
            }
            Slip::Hexadecimal => printed(HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()?)?,
            Slip::Percent => {
                // A value of a form, in which neither of these means anything else.
                let value = text.replace('+', "%2B").replace('&', "%26");
                form_urlencoded::parse(format!("={value}").as_bytes()).next()?.1.into_owned()
            }
            Slip::PrefixLost if text.starts_with(PREFIX) => return None,
            Slip::PrefixLost => format!("{PREFIX}{text}"),
            Slip::PrefixAdded => text.strip_prefix(PREFIX)?.to_owned(),
            // More than one may stand there.
            Slip::Among => return None,
        };
        (mended != text && !mended.is_empty()).then_some(mended)
    }
}

const PREFIX: &str = "whsec_";

const ALL: &[Slip] = &[
    Slip::ByteOrderMark,
    Slip::Invisible,
    Slip::Blank,
    Slip::Quoted,
    Slip::EnvironmentLine,
    Slip::Base64,
    Slip::Hexadecimal,
    Slip::Percent,
    Slip::PrefixLost,
    Slip::PrefixAdded,
];

/// Secrets are no longer than this; what is, is not looked into.
const LONGEST: usize = 4_096;

/// What the secret may have been, with what is mended of it, the least of that first.
pub fn repaired(secret: &str) -> Vec<(Vec<Slip>, String)> {
    const MOST: usize = 48;
    const DEEPEST: usize = 4;

    let mut all: Vec<(Vec<Slip>, String)> = vec![(Vec::new(), secret.to_owned())];
    if secret.len() > LONGEST {
        return Vec::new();
    }
    let mut at = 0;
    while let Some((slips, text)) = all.get(at).cloned() {
        at += 1;
        // What a prefix was put to or taken from is not mended further.
        let prefixed = slips.last().is_some_and(|slip| matches!(slip, Slip::PrefixAdded | Slip::PrefixLost));
        let twice = text.starts_with("whsec_whsec_");
        if slips.len() >= DEEPEST || (prefixed && !twice) {
            continue;
        }
        for slip in ALL.iter().filter(|slip| !slips.contains(slip)) {
            let Some(mended) = slip.mended(&text) else { continue };
            if all.len() < MOST && all.iter().all(|(_, known)| *known != mended) {
                all.push(([slips.as_slice(), &[*slip]].concat(), mended));
            }
        }
    }
    all.remove(0);
    for part in parts(secret) {
        if part != secret && all.iter().all(|(_, known)| known != part) {
            all.push((vec![Slip::Among], part.to_owned()));
        }
    }
    all
}

/// What in a text may be a secret among other things, some of it.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    const MOST: usize = 16;
    const SHORTEST: usize = 16;

    let is_within = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+' | '/');
    text.split(move |c| !is_within(c)).filter(|part| part.len() >= SHORTEST).take(MOST)
}

fn printed(bytes: Vec<u8>) -> Option<String> {
    let text = String::from_utf8(bytes).ok()?;
    text.chars().all(|c| !c.is_control() || c == '\n' || c == '\r').then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_0FWAiVGkEfGBqqsJH4aNAGBJ4";

    #[test]
    fn every_way_to_spoil_a_secret_is_mended_and_named() {
        let base64 = BASE64.encode(SECRET.as_bytes());
        let twice = BASE64.encode(base64.as_bytes());
        for (given, wanted) in [
            (format!("\u{feff}{SECRET}"), vec![Slip::ByteOrderMark]),
            (format!("ï»¿{SECRET}"), vec![Slip::ByteOrderMark]),
            (format!("{SECRET}\u{200b}"), vec![Slip::Invisible]),
            (format!("whsec_\u{ad}{}", &SECRET[6..]), vec![Slip::Invisible]),
            (format!(" {SECRET}\r\n"), vec![Slip::Blank]),
            (format!("\u{a0}{SECRET}"), vec![Slip::Blank]),
            ("whsec_0FWAiVGk\nEfGBqqsJH4aNAGBJ4".to_string(), vec![Slip::Blank]),
            (format!("\"{SECRET}\""), vec![Slip::Quoted]),
            (format!("“{SECRET}”"), vec![Slip::Quoted]),
            (format!("«{SECRET}»"), vec![Slip::Quoted]),
            (format!("‘{SECRET}"), vec![Slip::Quoted]),
            (format!("WORKOS_WEBHOOK_SECRET={SECRET}"), vec![Slip::EnvironmentLine]),
            (format!("webhook-secret: {SECRET}"), vec![Slip::EnvironmentLine]),
            (format!("export WORKOS_WEBHOOK_SECRET=\"{SECRET}\""), vec![Slip::EnvironmentLine, Slip::Quoted]),
            (format!("\u{feff}X='{SECRET}'"), vec![Slip::ByteOrderMark, Slip::EnvironmentLine, Slip::Quoted]),
            (base64.clone(), vec![Slip::Base64]),
            (base64.trim_end_matches('=').to_owned(), vec![Slip::Base64]),
            (format!("{}\n{}", &base64[..10], &base64[10..]), vec![Slip::Blank, Slip::Base64]),
            (format!("data: {base64}"), vec![Slip::EnvironmentLine, Slip::Base64]),
            (data_encoding::HEXLOWER.encode(SECRET.as_bytes()), vec![Slip::Hexadecimal]),
            (SECRET.replace('_', "%5F"), vec![Slip::Percent]),
            (SECRET[6..].to_owned(), vec![Slip::PrefixLost]),
            (format!("whsec_{SECRET}"), vec![Slip::PrefixAdded]),
            (format!("\"{}\" ", &SECRET[6..]), vec![Slip::Blank, Slip::Quoted, Slip::PrefixLost]),
        ] {
            let found = repaired(&given).into_iter().find(|(_, text)| text == SECRET).map(|(slips, _)| slips);
            let slips = found.unwrap_or_default();
            let same = slips.len() == wanted.len() && wanted.iter().all(|slip| slips.contains(slip));
            // White space in base64 is no mistake of its own.
            assert!(same || slips == [Slip::Base64], "{given:?}: {slips:?}");
        }
        assert!(repaired(&twice).iter().all(|(_, text)| text != SECRET));
        for given in [
            format!("{{\"WORKOS_API_KEY\":\"sk_live_abcdefghijklmnopqrst\",\"WORKOS_WEBHOOK_SECRET\":\"{SECRET}\"}}"),
            format!("{{\n  \"secret\": \"{SECRET}\"\n}}\n"),
            format!("PORT=3000\nWORKOS_WEBHOOK_SECRET={SECRET} # production\nHOST=a\n"),
            format!("whsec_0FWAiVGkEfGBqqsJH4aNother\n{SECRET}\n"),
            format!("{SECRET}\\n"),
            format!("{SECRET}\\r\\n"),
            format!("<{SECRET}>"),
            format!("\"{SECRET}\","),
        ] {
            let found = repaired(&given).into_iter().find(|(_, text)| text == SECRET).map(|(slips, _)| slips);
            assert_eq!(found, Some(vec![Slip::Among]), "{given}");
        }
    }

    #[test]
    fn what_is_tried_is_bounded_whatever_the_secret() {
        for given in [
            "",
            " ",
            "\"\"",
            "=",
            "whsec_",
            &"a".repeat(100_000),
            &"%41=\" ".repeat(600),
            &"whsec_".repeat(600),
            &"whsec_abcdefghijklmnop ".repeat(100),
        ] {
            assert!(repaired(given).len() <= 64, "{}", given.len());
        }
    }
}
