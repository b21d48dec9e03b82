//! What a look from outside was told for this one run.

use super::Source;
use crate::secret::Secret;

/// What a look from outside was told. It is no setting: it says what this run is for.
#[derive(Clone, Default, Debug)]
pub struct Probing {
    /// This machine is expected to be kept out.
    pub expect_closed: bool,
    /// Addresses of private networks are contacted too.
    pub allow_private: bool,
    /// What `listen --nonce` showed; each run of it has its own.
    pub nonce: Option<Secret>,
}

impl Probing {
    /// As the head of a report shows it, like a setting; the nonce is a secret.
    pub fn shown(&self) -> Vec<(&'static str, String, Source)> {
        let told = [
            ("probe.expect_closed", "--expect-closed", self.expect_closed),
            ("probe.allow_private", "--allow-private", self.allow_private),
        ];
        let told = told.into_iter().filter(|(.., on)| *on);
        told.map(|(name, flag, _)| (name, "true".to_owned(), Source::Flag(flag))).collect()
    }
}
