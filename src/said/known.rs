//! The secrets that were given, kept in every spelling in which they can come out again.

use std::borrow::Cow;
use std::sync::{PoisonError, RwLock};

use url::Url;

use super::strangers::{acts, harmless};
use crate::secret::Secret;

/// What was given so far. Text is written from many places, so what is known is known to all of them.
static KNOWN: RwLock<Known> = RwLock::new(Known { whole: Vec::new(), spelt: Vec::new(), names: Vec::new() });

#[derive(Default)]
struct Known {
    /// Too short to be told from a part of a word.
    whole: Vec<String>,
    /// Each spelling in small letters, the longest first, and what stands in its place.
    spelt: Vec<(String, String)>,
    /// Those that nobody takes for a name, in small letters.
    names: Vec<String>,
}

/// A secret that is shorter is removed only where it is the whole value, in characters.
const SHORTEST: usize = 8;
/// What of a key is shorter, without its beginning, may as well be a word.
const SHORTEST_INSIDE: usize = 12;
/// A secret that is shorter may as well be a name.
const SHORTEST_NAME: usize = 16;

/// Keeps a key or a signing secret from ever being written: as it is, without the quotes, blanks and the `NAME=` around it,
/// and as URLs, JSON, XML, shells and Basic credentials spell it.
pub fn keep(given: &str) {
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    for form in forms(given) {
        if form.chars().count() >= SHORTEST_NAME {
            known.names.push(form.to_ascii_lowercase());
        }
        known.take(&form);
    }
    known.sort();
}

/// Keeps what a proxy's URL signs in with from ever being written, as it was typed and as it is sent.
pub fn keep_proxy(url: &str) {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let Some((userinfo, _)) = rest.rsplit_once('@') else { return };
    let decoded = |text: &str| percent_decoded(text);
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    for userinfo in [userinfo.to_owned(), decoded(userinfo)] {
        known.take_long(&userinfo);
        let secret = match userinfo.split_once(':') {
            Some((user, "")) => user,
            Some((_, password)) => password,
            None => userinfo.as_str(),
        };
        for form in forms(secret) {
            known.take(&form);
        }
    }
    known.sort();
}

/// Whether a name is a secret that was given, or holds one, as `sk-live-…` does in the place of `sk_live_…`.
pub fn is_known(name: &str) -> bool {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    let name = name.to_ascii_lowercase();
    known.names.iter().any(|secret| name.contains(secret.as_str()))
}

/// The value without the secrets that were given.
pub(super) fn removed(value: &str) -> Cow<'_, str> {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    if known.whole.iter().any(|secret| secret == bare(value) || secret == value) {
        return Cow::Borrowed("***");
    }
    known.without(value, |_| true)
}

/// A document without the secrets that were given, as far as they cannot be words of its format.
pub(super) fn caught(document: &str) -> Cow<'_, str> {
    let is_word = |c: char| c.is_ascii_lowercase() || matches!(c, '.' | '_' | '-' | ' ');
    KNOWN.read().unwrap_or_else(PoisonError::into_inner).without(document, |spelt| !spelt.chars().all(is_word))
}

impl Known {
    fn take(&mut self, secret: &str) {
        if secret.chars().count() < SHORTEST {
            if !secret.is_empty() {
                self.whole.push(secret.to_owned());
            }
            return;
        }
        self.take_long(secret);
    }

    fn take_long(&mut self, secret: &str) {
        if secret.chars().count() < SHORTEST {
            return;
        }
        let masked = Secret::new(secret).masked();
        self.spelt.push((secret.to_ascii_lowercase(), masked));
        for spelling in spellings(secret) {
            if spelling.len() >= SHORTEST {
                self.spelt.push((spelling.to_ascii_lowercase(), "***".to_owned()));
            }
        }
    }

    fn sort(&mut self) {
        self.whole.sort();
        self.whole.dedup();
        self.names.sort();
        self.names.dedup();
        self.spelt.sort_by(|(one, _), (other, _)| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
        self.spelt.dedup_by(|(one, _), (other, _)| one == other);
    }

    fn without<'t>(&self, text: &'t str, counts: impl Fn(&str) -> bool) -> Cow<'t, str> {
        let mut told = Cow::Borrowed(text);
        // Small letters are as long as large ones, so that a place in the one is that place in the other.
        let mut small = text.to_ascii_lowercase();
        for (spelt, masked) in self.spelt.iter().filter(|(spelt, _)| counts(spelt)) {
            if !small.contains(spelt.as_str()) {
                continue;
            }
            let mut rest = String::with_capacity(told.len());
            let mut from = 0;
            for (at, found) in small.match_indices(spelt.as_str()) {
                rest.push_str(told.get(from..at).unwrap_or_default());
                rest.push_str(masked);
                from = at + found.len();
            }
            rest.push_str(told.get(from..).unwrap_or_default());
            small = rest.to_ascii_lowercase();
            told = Cow::Owned(rest);
        }
        told
    }
}

/// What remains of a secret without what people wrap it in, and the lines of what is a whole file.
fn forms(given: &str) -> Vec<String> {
    let whole = unwrapped(given);
    let mut forms = vec![whole.to_owned(), bare(whole).to_owned()];
    if whole.contains('\n') {
        for line in whole.lines() {
            // The other lines of a `.env` file are not secret, and hiding them would hide what a report is about.
            let is_secret = match line.split_once('=') {
                Some((name, _)) => {
                    ["KEY", "SECRET", "PASSWORD", "TOKEN"].iter().any(|word| name.to_uppercase().contains(word))
                }
                None => true,
            };
            if is_secret {
                forms.push(bare(line).to_owned());
            }
        }
    }
    let inner: Vec<String> = forms.iter().filter_map(|form| without_beginning(form)).map(str::to_owned).collect();
    forms.extend(inner);
    forms.retain(|form| !form.is_empty());
    forms.dedup();
    forms
}

/// A key without `sk_live_`, a signing secret without `whsec_`: the beginning is known to everybody, and a double click leaves
/// it out. What is short can be a word, as in `sk_test_default`.
fn without_beginning(form: &str) -> Option<&str> {
    let rest =
        ["sk_live_", "sk_test_", "sk_", "whsec_"].into_iter().find_map(|beginning| form.strip_prefix(beginning))?;
    (rest.chars().count() >= SHORTEST_INSIDE).then_some(rest)
}

/// Without blanks, invisible characters and quotes around it.
fn unwrapped(text: &str) -> &str {
    text.trim_matches(|c: char| {
        c.is_whitespace()
            || acts(c)
            || matches!(c, '"' | '\'' | '`' | '“' | '”' | '‘' | '’' | '„' | '«' | '»' | '\u{fffd}')
    })
}

/// The same without `export NAME=`.
fn bare(text: &str) -> &str {
    let text = unwrapped(text);
    let Some((name, value)) = text.split_once('=') else { return text };
    let name = name.trim_start_matches("export ").trim();
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    if is_name && !unwrapped(value).is_empty() { unwrapped(value) } else { text }
}

/// The ways in which formats, URLs and headers spell a text.
fn spellings(text: &str) -> Vec<String> {
    let form: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    let every = text.bytes().map(|byte| format!("%{byte:02x}")).collect::<Vec<_>>().concat();
    let inner = |quoted: String| quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default().to_owned();
    let xml = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let mut spellings = vec![
        form.replace('+', "%20"),
        form,
        every,
        harmless(text),
        xml.replace('\'', "&apos;"),
        xml,
        text.replace('\'', r"'\''"),
        inner(format!("{text:?}")),
        inner(serde_json::to_string(text).unwrap_or_default()),
    ];
    if let Ok(mut url) = Url::parse("http://host/") {
        let _ = url.set_password(Some(text));
        url.set_path(text);
        url.set_query(Some(text));
        spellings.extend(url.password().map(str::to_owned));
        spellings.push(url.path().trim_start_matches('/').to_owned());
        spellings.extend(url.query().map(str::to_owned));
    }
    spellings.extend(in_base64(text));
    spellings.retain(|spelling| spelling != text);
    spellings
}

/// What of a text is the same in base64 whatever stands before and behind it, for each of the three places where it can begin.
fn in_base64(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for before in 0..3 {
        let mut bytes = vec![0; before];
        bytes.extend(text.as_bytes());
        let whole = bytes.len() / 3 * 3;
        for encoding in [data_encoding::BASE64, data_encoding::BASE64URL] {
            let encoded = encoding.encode(bytes.get(..whole).unwrap_or_default());
            let shared = if before == 0 { 0 } else { 4 };
            found.push(encoded.get(shared..).unwrap_or_default().to_owned());
        }
    }
    found
}

fn percent_decoded(text: &str) -> String {
    // The query of a form is decoded so, but for its `+`.
    url::form_urlencoded::parse(format!("x={}", text.replace('+', "%2B").replace('&', "%26")).as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Knows these alone; what all of the process knows would change other tests.
    fn told(secrets: &[&str], value: &str) -> String {
        let mut known = Known::default();
        for secret in secrets {
            for form in forms(secret) {
                known.take(&form);
            }
        }
        known.sort();
        if known.whole.iter().any(|secret| secret == bare(value)) {
            return "***".to_owned();
        }
        known.without(value, |_| true).into_owned()
    }

    #[test]
    fn a_secret_is_removed_in_every_spelling() {
        let secret = "0FW \"Ai'V&Gk/Ef:PLANTED";
        let basic = data_encoding::BASE64.encode(format!("user:{secret}").as_bytes());
        let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let quoted = secret.replace('\'', r"'\''");
        let json = serde_json::to_string(secret).unwrap();
        let parsed = Url::parse(&format!("https://a.example/{}", secret.replace(' ', "%20"))).unwrap().to_string();
        for value in [
            secret.to_owned(),
            form.clone(),
            form.to_lowercase(),
            form.replace('+', "%20"),
            quoted,
            json,
            format!("{secret:?}"),
            parsed,
            secret.to_lowercase(),
            basic.clone(),
            format!("x{secret}y"),
        ] {
            let shown = told(&[secret], &value);
            assert!(!shown.to_lowercase().contains("planted") && shown.contains("***"), "{value}: {shown}");
        }
        for before in ["", "u", "us", "use", "user"] {
            let basic = data_encoding::BASE64.encode(format!("{before}:{secret}").as_bytes());
            let shown = told(&[secret], &basic);
            assert!(shown.len() < basic.len() / 2, "{basic}: {shown}");
        }
    }

    #[test]
    fn a_wrapped_secret_is_known_without_its_wrapping() {
        let secret = "0FWAiVGkEfGBqqsJH4aN";
        for given in [
            format!("\"{secret}\""),
            format!(" {secret}\t"),
            format!("'{secret}'\n"),
            format!("\u{feff}{secret}"),
            format!("{secret}\u{200b}"),
            format!("WORKOS_WEBHOOK_SECRET={secret}"),
            format!("export WORKOS_WEBHOOK_SECRET=\"{secret}\"\r\n"),
            format!("“{secret}”"),
            format!("# comment\nPORT=3000\nWORKOS_WEBHOOK_SECRET={secret}\nDOMAIN=app.customer.example\n"),
        ] {
            assert_eq!(told(&[&given], &format!("a {secret} b")), "a …H4aN b", "{given:?}");
            assert_eq!(told(&[&given], "app.customer.example"), "app.customer.example");
        }
    }

    #[test]
    fn a_key_is_known_without_its_beginning_unless_that_leaves_a_word() {
        for beginning in ["sk_live_", "sk_test_", "sk_", "whsec_"] {
            let given = format!("WORKOS_SECRET='{beginning}0FWAiVGkEfGBqqsJH4aN'");
            for value in
                ["0FWAiVGkEfGBqqsJH4aN", "sk-live-0FWAiVGkEfGBqqsJH4aN", "https://a.example/0fwaivgkefgbqqsjh4an"]
            {
                let shown = told(&[&given], value);
                assert!(!shown.to_lowercase().contains("gbqqs"), "{value} of {given}: {shown}");
            }
        }
        for value in ["default", "the default", "staging", "from: default"] {
            assert_eq!(told(&["sk_test_default", "sk_test_staging"], value), value);
        }
    }

    #[test]
    fn a_short_secret_is_removed_where_it_is_the_whole_value_and_nowhere_else() {
        for value in ["ready", "\"ready\"", " ready", "WORKOS_API_KEY=ready"] {
            assert_eq!(told(&["ready"], value), "***", "{value}");
        }
        assert_eq!(told(&["ready"], "it is ready"), "it is ready");
        assert_eq!(told(&[""], "it is ready"), "it is ready");
    }

    #[test]
    fn a_proxy_s_password_is_kept_as_typed_and_as_sent() {
        keep_proxy("http://corp:k%C3%A9p%40t-Planted1@proxy.example:3128");

        for value in ["k%C3%A9p%40t-Planted1", "kép@t-Planted1", "a kép@t-Planted1 b"] {
            assert!(!removed(value).contains("Planted1"), "{value}");
        }
        let basic = data_encoding::BASE64.encode("corp:kép@t-Planted1".as_bytes());
        assert!(!removed(&basic).contains(&basic[8..20]), "{}", removed(&basic));
        assert_eq!(removed("proxy.example:3128"), "proxy.example:3128");
    }

    #[test]
    fn a_name_that_is_a_given_secret_is_known() {
        keep("0Fq8AiVGkEfGBqqsJH4aNknown");

        assert!(is_known("0fq8aivgkefgbqqsjh4anknown") && is_known("0fq8aivgkefgbqqsjh4anknown.customer.example"));
        assert!(is_known("sk-live-0fq8aivgkefgbqqsjh4anknown"));
        assert!(!is_known("app.customer.example"));
    }

    #[test]
    fn words_of_a_format_are_left_to_the_value_they_stand_for() {
        keep("evidence-of");
        keep("Evidence-Of-9");

        assert_eq!(caught("\"evidence-of\": \"evidence-of-9\""), "\"evidence-of\": \"***\"");
    }
}
