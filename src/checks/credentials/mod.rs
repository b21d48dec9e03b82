//! Credentials: whether the key works, and is the right one.

pub(super) mod accepted;
pub(super) mod asking;
pub(super) mod client;
pub(super) mod environment;
pub(super) mod isolated;
pub(super) mod pair;
pub(super) mod redirect;
mod sign_in;

use crate::check::{Group, Vantage};
use crate::settings::Settings;

pub(super) use asking::ask;
pub(super) use redirect::HOSTED_LOGIN;
pub(super) use sign_in::{contacts as contacts_of_sign_in, follow};

pub(super) const GROUP: Group = Group {
    id: "credentials",
    title: "Credentials",
    noun: "credentials",
    specs: &[&environment::SPEC, &accepted::SPEC, &isolated::SPEC, &client::SPEC, &pair::SPEC, &redirect::SPEC],
};

fn required(_: &Settings, vantage: Vantage) -> bool {
    vantage == Vantage::Inside
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Planned;
    use crate::checks::fixture::Site;
    use crate::net::fake::Fake;

    #[test]
    fn a_key_in_the_place_of_the_client_id_is_sent_to_nobody() {
        for id in [
            "sk_live_abcdefghijklmnopqrst",
            "\"sk_live_abcdefghijklmnopqrst\"",
            "WORKOS_API_KEY=sk_test_abcdefghijklmnop",
            "whsec_abcdefghijklmnop",
        ] {
            let cx = Site::of(Fake::default())
                .key("sk_live_abcdefghijklmnopqrst")
                .with("workos.client_id", id)
                .with("installation.redirect_uris", "https://app.customer.example/callback")
                .with("checks.probe_pair", "true")
                .context();
            for spec in [&client::SPEC, &redirect::SPEC, &pair::SPEC] {
                let planned = (spec.plan)(&cx.facts, &cx.settings);
                assert!(
                    matches!(&planned, Planned::NotApplicable(why) if why.contains("is not sent")),
                    "{}: {id}",
                    spec.id
                );
            }
        }
    }
}
