//! What `probe` and `listen` say to each other: both sign with a nonce that the listener showed, so that the one knows which
//! listener it reached, and the other that it was not a stranger.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::chain::Traced;
use crate::workos::signature::{Refusal, Verified};

/// The header with the signature, in both directions, in the shape that WorkOS's signatures have.
pub const HEADER: &str = "workos-preflight-probe";

/// The body of a probe, always the same: white space, letters outside ASCII and an order of keys that a proxy which writes JSON
/// anew would change.
pub const BODY: &str = "{\"workos-preflight\":\"probe\", \"b\":1,\"a\": \"Büro – 試験\",\"c\":[1.0, 2]}\n";

/// What a listener answers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Told {
    /// Whom it saw as the sender.
    pub source: IpAddr,
    /// Who stood at the other end of its connection.
    pub peer: IpAddr,
    /// How the one was told from the other, in words.
    pub chain: String,
    /// How the body was written anew on the way, if it was; finishes "the body was …".
    pub rewritten: Option<String>,
}

/// A probe that reached the listener.
#[derive(Clone, Debug)]
pub struct ProbeSeen {
    /// Who sent it, and how that was told.
    pub traced: Traced,
    /// Whether it arrived as it was sent.
    pub whole: Result<Verified, Refusal>,
}

impl ProbeSeen {
    /// What the probe is answered.
    pub fn told(&self) -> Told {
        let rewritten = match &self.whole {
            Err(Refusal::Rewritten(how)) => Some(how.in_words().to_owned()),
            _ => None,
        };
        Told { source: self.traced.source, peer: self.traced.peer, chain: self.traced.told.clone(), rewritten }
    }
}
