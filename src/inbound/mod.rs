//! The door of an installation while `listen` stands at it: what arrives, from where, through what, and signed by whom.
//!
//! It is open to the internet while it runs, so everything a stranger sends is bounded in number, size and time, and is answered
//! with a bare status or not at all.

mod announced;
mod chain;
mod door;
mod forwarded;
mod guests;
mod identity;
mod listener;
pub mod nonce;
mod noticing;
mod routes;
mod tally;
#[cfg(test)]
mod tests;

pub use chain::Traced;
pub use door::Entry;
pub use identity::{IdentityError, Security};
pub use listener::{Heard, LARGEST_BODY, Listener};
pub use routes::{Answering, Keys, Route};
pub use tally::Tally;
