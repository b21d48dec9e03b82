//! Domain: whether the installation's external name leads to the installation, as the internet sees it.

mod here;
pub(super) mod public;
mod resolves;
mod view;

use crate::check::{Group, Vantage};
use crate::settings::Strategy;

pub(super) use view::public_view;

pub(super) const GROUP: Group = Group {
    id: "domain",
    title: "The installation's external name",
    specs: &[&resolves::SPEC, &public::SPEC, &here::SPEC],
};

const NO_DOMAIN: &str = "no external name given: give --domain (or PREFLIGHT_DOMAIN), or --webhook-url";

/// With strategy `events` nothing of `WorkOS` calls the installation; browsers may still find it inside.
fn required(strategy: Strategy, _: Vantage) -> bool {
    strategy == Strategy::Firewall
}
