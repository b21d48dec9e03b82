//! Credentials: whether the key works, and is the right one.

pub(super) mod accepted;
mod asking;
mod client;
mod environment;
mod isolated;
mod pair;
mod redirect;
mod sign_in;

use crate::check::{Group, Vantage};
use crate::settings::Settings;

pub(super) use asking::ask;
pub(super) use redirect::HOSTED_LOGIN;
pub(super) use sign_in::follow;

pub(super) const GROUP: Group = Group {
    id: "credentials",
    title: "Credentials",
    specs: &[&environment::SPEC, &accepted::SPEC, &isolated::SPEC, &client::SPEC, &pair::SPEC, &redirect::SPEC],
};

pub(super) const NO_KEY: &str = "no API key given: set WORKOS_API_KEY, or give --api-key-file";
const NO_CLIENT: &str = "no client ID given: set WORKOS_CLIENT_ID, or give --client-id";

fn required(_: &Settings, vantage: Vantage) -> bool {
    vantage == Vantage::Inside
}

/// Where a key is looked for, for a remedy that says where to put another one.
fn key_source(settings: &Settings) -> String {
    settings.api_key.as_ref().map_or_else(|| "WORKOS_API_KEY".to_owned(), |key| key.source.to_string())
}
