//! What has to pass a firewall, as a model that sheets, generated rules and the evaluation of exported ones share.

pub mod flows;

pub use flows::{Direction, Flow, Need, Party, Protocol, flows};
