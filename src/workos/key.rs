//! The shapes of API keys and signing secrets, as far as they are known (facts of 2026-11-23, §2.1 and §4.1).

use crate::secret::Secret;

/// What keeps a key or a secret from being one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Malformed {
    /// It holds a line break.
    LineBreak,
    /// It holds a space.
    Space,
    /// It stands in quotes.
    Quotes,
    /// It is a client ID.
    ClientId,
    /// It is an API key, where a signing secret belongs.
    ApiKey,
    /// It is a signing secret, where an API key belongs.
    SigningSecret,
    /// It is shown masked, as dashboards do.
    Masked,
    /// It is shorter than any is.
    CutShort,
    /// It does not begin as one does.
    Prefix,
    /// It holds characters that none has.
    Letters,
}

impl Malformed {
    /// Finishes the sentence "the API key …", and does not repeat it.
    pub fn in_words(self) -> &'static str {
        match self {
            Malformed::LineBreak => "holds a line break",
            Malformed::Space => "holds a space",
            Malformed::Quotes => "stands in quotes",
            Malformed::ClientId => "begins with client_: it is a client ID",
            Malformed::ApiKey => "begins with sk_: it is an API key",
            Malformed::SigningSecret => "begins with whsec_: it is a webhook secret",
            Malformed::Masked => "is masked, as dashboards show it",
            Malformed::CutShort => "is cut short",
            Malformed::Prefix => "does not begin with sk_",
            Malformed::Letters => "holds characters that none has",
        }
    }
}

/// What keeps an API key from being one.
pub fn malformed(key: &Secret) -> Option<Malformed> {
    let text = key.expose();
    let rest = text.trim_start_matches("sk_").trim_start_matches("live_").trim_start_matches("test_");
    wrapped(text)
        .or_else(|| taken_for_another(text).filter(|kind| *kind != Malformed::ApiKey))
        .or_else(|| (!text.starts_with("sk_")).then_some(Malformed::Prefix))
        .or_else(|| is_masked(text).then_some(Malformed::Masked))
        .or_else(|| (rest.len() < SHORTEST_KEY).then_some(Malformed::CutShort))
        .or_else(|| odd_letters(text))
}

/// What keeps a webhook's or Action's secret from being one. Older secrets have no prefix.
pub fn malformed_secret(secret: &Secret) -> Option<Malformed> {
    let text = secret.expose();
    wrapped(text)
        .or_else(|| taken_for_another(text).filter(|kind| *kind != Malformed::SigningSecret))
        .or_else(|| is_masked(text).then_some(Malformed::Masked))
        .or_else(|| (text.trim_start_matches("whsec_").len() < SHORTEST_SECRET).then_some(Malformed::CutShort))
        .or_else(|| odd_letters(text))
}

/// Behind its prefixes a key is longer than this.
const SHORTEST_KEY: usize = 8;

/// Known secrets have 25 characters behind their prefix; this leaves room for others.
const SHORTEST_SECRET: usize = 12;

fn wrapped(text: &str) -> Option<Malformed> {
    let quote = |c: char| matches!(c, '"' | '\'' | '`');
    if text.contains(['\n', '\r']) {
        Some(Malformed::LineBreak)
    } else if text.chars().any(char::is_whitespace) {
        Some(Malformed::Space)
    } else if text.starts_with(quote) || text.ends_with(quote) {
        Some(Malformed::Quotes)
    } else {
        None
    }
}

fn taken_for_another(text: &str) -> Option<Malformed> {
    let kinds = [("client_", Malformed::ClientId), ("sk_", Malformed::ApiKey), ("whsec_", Malformed::SigningSecret)];
    kinds.into_iter().find(|(prefix, _)| text.starts_with(prefix)).map(|(_, kind)| kind)
}

fn is_masked(text: &str) -> bool {
    text.contains('…') || text.contains("...") || text.contains('*')
}

fn odd_letters(text: &str) -> Option<Malformed> {
    (!text.chars().all(|c| c.is_ascii_graphic())).then_some(Malformed::Letters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_told_from_everything_that_is_put_in_its_place() {
        let told = |key: &str| malformed(&Secret::new(key));

        for (key, kind) in [
            ("sk_live_abcdefghijkl\n", Malformed::LineBreak),
            ("sk_live_abcdef ghijkl", Malformed::Space),
            ("\"sk_live_abcdefghijkl\"", Malformed::Quotes),
            ("client_01HZBC6N1EB1ZY7KG32X", Malformed::ClientId),
            ("whsec_0FWAiVGkEfGBqqsJH4aNAGBJ4", Malformed::SigningSecret),
            ("abcdefghijkl", Malformed::Prefix),
            ("sk_live_…wxyz", Malformed::Masked),
            ("sk_live_abc", Malformed::CutShort),
            ("sk_live_abcdefghéjkl", Malformed::Letters),
        ] {
            assert_eq!(told(key), Some(kind), "{key}");
        }
        assert_eq!(told("sk_live_abcdefghijkl"), None);
        assert_eq!(told("sk_example_123456789"), None);
    }

    #[test]
    fn a_secret_may_lack_its_prefix_and_is_no_key() {
        let told = |secret: &str| malformed_secret(&Secret::new(secret));

        assert_eq!(told("whsec_0FWAiVGkEfGBqqsJH4aNAGBJ4"), None);
        assert_eq!(told("0FWAiVGkEfGBqqsJH4aNAGBJ4"), None);
        assert_eq!(told("sk_live_abcdefghijkl"), Some(Malformed::ApiKey));
        assert_eq!(told("client_01HZBC6N1EB1ZY7KG32X"), Some(Malformed::ClientId));
        assert_eq!(told("whsec_abc"), Some(Malformed::CutShort));
    }
}
