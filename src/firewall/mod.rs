//! What has to pass a firewall, and what passes one: a model that sheets, generated rules and the evaluation of exported ones share.

pub mod addresses;
pub mod audit;
pub mod compare;
mod delta;
pub mod dialects;
pub mod evaluate;
#[cfg(test)]
pub(crate) mod fixture;
mod flow;
mod flows;
mod objects;
mod program;
pub mod ranges;
pub mod review;
pub mod rules;

pub use delta::Delta;
pub use flow::{Direction, Flow, Need, Owner, Party, Protocol};
pub use flows::flows;
pub use objects::{Object, objects};
