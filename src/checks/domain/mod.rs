//! Domain: whether the installation's external name leads to the installation, as the internet sees it.

mod here;
pub(super) mod public;
mod resolves;
mod view;

use crate::check::{Check, Contact, Group, Planned, Vantage};
use crate::facts::Facts;
use crate::settings::{Settings, Strategy};

pub(super) use view::public_view;

pub(super) const GROUP: Group = Group {
    id: "domain",
    title: "The installation's external name",
    specs: &[&resolves::SPEC, &public::SPEC, &here::SPEC],
};

const NO_DOMAIN: &str = "no external name given: give --domain (or PREFLIGHT_DOMAIN), or --webhook-url";

/// With strategy `events` nothing of `WorkOS` calls the installation; browsers may still find it inside.
fn required(settings: &Settings, _: Vantage) -> bool {
    settings.strategy.value == Strategy::Firewall
}

/// One check for each external name, with what asking for its public view touches.
fn per_name<C: Check + 'static>(
    facts: &Facts,
    settings: &Settings,
    check: impl Fn(String, Vec<Contact>) -> C,
) -> Planned {
    let names = settings.inbound_hosts().into_iter();
    let checks = names.map(|host| {
        let contacts = view::contacts(&host, facts, settings);
        check(host, contacts)
    });
    Planned::each(checks, NO_DOMAIN)
}
