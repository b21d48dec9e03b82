//! What has to pass a firewall, as a model that sheets, generated rules and the evaluation of exported ones share.

mod flow;
mod flows;
mod objects;

pub use flow::{Direction, Flow, Need, Owner, Party, Protocol};
pub use flows::flows;
pub use objects::{Object, objects};
