//! Webhook: whether the application's endpoint does what a webhook endpoint must.

pub(super) mod accepts_signed;
pub mod delivered;
pub(super) mod elsewhere;
pub(super) mod receiver;
mod refuses_unsigned;
pub(super) mod registered;
pub(super) mod turned;
pub(super) mod unheld;

use crate::check::{Group, Vantage};
use crate::settings::{Settings, Strategy, WEBHOOK_URL, Wanted};

pub(super) const GROUP: Group = Group {
    id: "webhook",
    title: "Webhooks",
    noun: "webhooks",
    specs: &[&registered::SPEC, &refuses_unsigned::SPEC, &accepts_signed::SPEC, &delivered::SPEC],
};

const NO_URL: Wanted = WEBHOOK_URL.wanted_as("(https, at the external name)");

/// With strategy `events` there are no webhooks.
fn required(settings: &Settings, _: Vantage) -> bool {
    settings.strategy.value == Strategy::Firewall
}
