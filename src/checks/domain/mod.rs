//! Domain: whether the installation's external name leads to the installation, as the internet sees it.

mod front;
mod here;
pub(super) mod public;
mod resolves;
mod split;
mod view;

use crate::check::{Check, Contact, Group, Planned, Vantage};
use crate::facts::Facts;
use crate::settings::{Settings, Strategy};

pub(super) use view::{contacts as contacts_of_public_view, public_view};

pub(super) const GROUP: Group = Group {
    id: "domain",
    title: "The installation's external name",
    specs: &[&resolves::SPEC, &public::SPEC, &here::SPEC, &split::SPEC],
};

const NO_DOMAIN: &str = "no external name given: give --domain (or PREFLIGHT_DOMAIN), or --webhook-url";

/// With strategy `events` no webhook is delivered; what is left that leads callers to the name are Actions and redirects.
fn required(settings: &Settings, _: Vantage) -> bool {
    match settings.strategy.value {
        Strategy::Firewall => true,
        Strategy::Events => settings.actions_url.is_some() || !settings.redirect_uris.is_empty(),
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::fixture::Site;
    use crate::net::fake::Fake;

    #[test]
    fn with_events_the_name_matters_only_to_actions_and_redirects() {
        let events = || Site::of(Fake::default()).with("strategy", "events");
        let needed = |site: Site| required(&site.settings(), Vantage::Inside);

        assert!(needed(Site::of(Fake::default())));
        assert!(!needed(events()) && !needed(events().with("installation.webhook_url", "https://a.example/hook")));
        assert!(needed(events().with("installation.actions_url", "https://a.example/actions")));
        assert!(needed(events().with("installation.redirect_uris", "https://a.example/callback")));
    }
}
