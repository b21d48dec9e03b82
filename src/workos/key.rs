//! The shape of an API key, as far as it is known (facts §2.1).

use crate::secret::Secret;

/// What keeps a key from being one, in words that do not repeat it.
pub fn malformed(key: &Secret) -> Option<String> {
    let key = key.expose();
    let quoted = |key: &str| ['"', '\'', '`'].iter().any(|quote| key.starts_with(*quote) || key.ends_with(*quote));
    let rest = key.trim_start_matches("sk_").trim_start_matches("live_").trim_start_matches("test_");
    if key.contains(['\n', '\r']) {
        Some("holds a line break".to_owned())
    } else if key.chars().any(char::is_whitespace) {
        Some("holds a space".to_owned())
    } else if quoted(key) {
        Some("stands in quotes".to_owned())
    } else if key.starts_with("client_") {
        Some("begins with client_: it is a client ID".to_owned())
    } else if key.starts_with("whsec_") {
        Some("begins with whsec_: it is a webhook secret".to_owned())
    } else if !key.starts_with("sk_") {
        Some("does not begin with sk_".to_owned())
    } else if key.contains('…') || key.contains("...") || key.contains('*') {
        Some("is a masked key, as dashboards show it".to_owned())
    } else if rest.len() < 8 {
        Some("is cut short".to_owned())
    } else if !key.chars().all(|c| c.is_ascii_graphic()) {
        Some("holds characters that no key has".to_owned())
    } else {
        None
    }
}
