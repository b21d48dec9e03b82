//! Settings: whether what was given can work at all, and what this host itself is set to.

pub mod consistent;
pub(super) mod proxy;
pub(super) mod resolvers;
pub(super) mod trust;

pub(crate) use trust::conversion as to_pem;

use crate::check::{Group, Vantage};
use crate::settings::Settings;

pub(super) const GROUP: Group = Group {
    id: "settings",
    title: "This host's settings",
    noun: "this host",
    specs: &[&consistent::SPEC, &proxy::SPEC, &trust::SPEC, &resolvers::SPEC],
};

/// What this host is set to shows in the checks of egress; by itself it decides nothing.
fn never(_: &Settings, _: Vantage) -> bool {
    false
}
