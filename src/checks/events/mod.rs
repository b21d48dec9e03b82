//! Events: whether events can be fetched from inside, which the guide prefers on-prem.

mod readable;

use crate::check::{Group, Vantage};
use crate::settings::Strategy;

pub(super) const GROUP: Group = Group { id: "events", title: "Events", specs: &[&readable::SPEC] };

fn required(strategy: Strategy, vantage: Vantage) -> bool {
    strategy == Strategy::Events && vantage == Vantage::Inside
}
