//! Values that cannot be printed: a key, a webhook secret, a proxy password.

use std::fmt;

/// A secret. `Debug` and `Display` show at most its prefix and its last four characters, and only when it is long
/// enough that this gives nothing away; [`Secret::expose`] is the one way to the value.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Secret(String);

/// The shortest secret of which any part is shown, in characters.
const SHOWN_FROM: usize = 17;

impl Secret {
    /// Takes the value in.
    pub fn new(value: impl Into<String>) -> Self {
        Secret(value.into())
    }

    /// The value itself, for the one place that sends it or computes with it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// `sk_live_…wxyz`: what may be shown of it.
    pub fn masked(&self) -> String {
        let shape: Vec<char> = self.0.chars().collect();
        let plain = shape.iter().all(|c| c.is_ascii_alphanumeric() || *c == '_' || *c == '-');
        if shape.len() < SHOWN_FROM || !plain {
            return "***".to_owned();
        }
        let prefix = ["sk_live_", "sk_test_", "sk_", "whsec_"].into_iter().find(|prefix| self.0.starts_with(prefix));
        let last: String = shape.iter().skip(shape.len() - 4).collect();
        format!("{}…{last}", prefix.unwrap_or_default())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

/// A secret that need not be text: a proxy's user or password, byte for byte as it is sent. Nothing of it is ever shown.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SecretBytes(Vec<u8>);

impl SecretBytes {
    /// Takes the bytes in.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        SecretBytes(bytes.into())
    }

    /// The bytes themselves, for the one place that sends them.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_key_shows_prefix_and_last_four_only() {
        let key = Secret::new("sk_live_abcdefghijklmnopqrstuvwxyz");

        assert_eq!(format!("{key} {key:?}"), "sk_live_…wxyz sk_live_…wxyz");
    }

    #[test]
    fn a_short_or_odd_secret_shows_nothing() {
        assert_eq!(Secret::new("sk_live_abcdefgh").to_string(), "***");
        assert_eq!(Secret::new("sk_live_abcdefghijklmnopqrst\nuvwx").to_string(), "***");
        assert_eq!(Secret::new("").to_string(), "***");
    }
}
