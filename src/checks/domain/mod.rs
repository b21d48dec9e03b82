//! Domain: whether the installation's external name leads to the installation, as the internet sees it.

mod front;
pub(super) mod here;
pub(super) mod public;
pub(super) mod resolves;
pub(super) mod split;
mod view;

use crate::check::{About, Check, Contact, Group, Planned, Running, Vantage};
use crate::context::Context;
use crate::facts::Facts;
use crate::settings::{Settings, Strategy};

pub(super) use view::{contacts as contacts_of_public_view, public_view};

pub(super) const GROUP: Group = Group {
    id: "domain",
    title: "External name",
    noun: "external name",
    specs: &[&resolves::SPEC, &public::SPEC, &here::SPEC, &split::SPEC],
};

/// With strategy `events` no webhook is delivered; what is left that leads callers to the name are Actions and redirects.
fn required(settings: &Settings, _: Vantage) -> bool {
    match settings.strategy.value {
        Strategy::Firewall => true,
        Strategy::Events => settings.actions_url.is_some() || !settings.redirect_uris.is_empty(),
    }
}

/// A look at one external name.
struct OfName {
    host: String,
    besides: Besides,
    look: Look,
}

/// What a check touches besides the public view of the name.
type Besides = fn(&Settings) -> Vec<Contact>;

/// What is asked about a name, and concluded.
type Look = for<'a> fn(&'a str, &'a Context) -> Running<'a>;

impl Check for OfName {
    fn subject(&self) -> Option<String> {
        Some(self.host.clone())
    }

    fn about(&self) -> About {
        About::Host(self.host.clone())
    }

    fn contacts(&self, facts: &Facts, settings: &Settings) -> Vec<Contact> {
        let mut contacts = view::contacts(&self.host, facts, settings);
        contacts.extend((self.besides)(settings));
        contacts
    }

    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
        (self.look)(&self.host, cx)
    }
}

/// One check for each external name. It touches what asking for the public view touches, and `besides`.
fn per_name(settings: &Settings, besides: Besides, look: Look) -> Planned {
    let names = settings.inbound_hosts().into_iter();
    Planned::each(names.map(|host| OfName { host, besides, look }), settings.no_inbound_endpoint())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::fixture::Site;
    use crate::net::fake::Fake;

    #[test]
    fn a_url_with_an_address_is_no_external_name_and_is_not_said_to_be_missing() {
        for (name, url) in [
            ("installation.webhook_url", "https://10.1.2.3/hook"),
            ("installation.actions_url", "https://[2001:db8::7]/actions"),
        ] {
            let cx = Site::of(Fake::default()).with(name, url).context();
            for spec in GROUP.specs.iter().chain(crate::checks::ingress::GROUP.specs) {
                let Planned::WantsAs(_, why) = (spec.plan)(&cx.facts, &cx.settings) else { continue };
                assert!(!why.contains("no external name given"), "{}: {why}", spec.id);
            }
            let Planned::WantsAs(_, why) = (resolves::SPEC.plan)(&cx.facts, &cx.settings) else { panic!("{url}") };
            assert!(why.contains("names the address") && why.contains("--domain"), "{why}");
        }
    }

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
