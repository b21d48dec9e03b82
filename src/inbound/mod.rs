//! The door of an installation while `listen` stands at it: what arrives, from where, through what, and signed by whom.
//!
//! It is open to the internet while it runs, so everything a stranger sends is bounded in number, size and time, and is answered
//! with a bare status or not at all.

mod announced;
mod chain;
mod door;
mod identity;
mod listener;

pub use chain::Traced;
pub use door::Entry;
pub use identity::{IdentityError, Security};
pub use listener::{Answering, Heard, Keys, LARGEST_BODY, Listener, ProbeSeen, Route, Turned};

/// The header with which `probe` shows that it knows a listener's nonce, and the listener that it knows it too.
pub const PROBE_HEADER: &str = "workos-preflight-probe";
