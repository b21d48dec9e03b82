//! Events: whether events can be fetched from inside, which the guide prefers on-prem.

pub(super) mod readable;

use crate::check::{Group, Vantage};
use crate::settings::{Settings, Strategy};

pub(super) const GROUP: Group = Group { id: "events", title: "Events", noun: "events", specs: &[&readable::SPEC] };

fn required(settings: &Settings, vantage: Vantage) -> bool {
    settings.strategy.value == Strategy::Events && vantage == Vantage::Inside
}
