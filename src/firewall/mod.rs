//! What has to pass a firewall, as a model that sheets, generated rules and the evaluation of exported ones share.

mod flow;
mod flows;

pub use flow::{Direction, Flow, Need, Party, Protocol};
pub use flows::flows;
