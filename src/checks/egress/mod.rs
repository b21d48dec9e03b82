//! Egress: whether this host reaches what the application's server needs, on the path the application takes.

pub(super) mod addresses;
pub(super) mod answers;
pub(super) mod carries;
mod causes;
pub(super) mod clock;
pub(super) mod connects;
pub(super) mod handshake;
pub(super) mod http2;
pub(super) mod proxy;
pub(super) mod ranges;
pub(super) mod resolves;
pub(super) mod stable;
pub(super) mod trusted;

use crate::check::{Command, Contact, Endpoint, Group, Vantage, command};
use crate::context::translating;
use crate::settings::{Proxy, Scheme, Settings};
use crate::workos::USUAL_HOST;

pub(super) use connects::destination;

pub(super) const GROUP: Group = Group {
    id: "egress",
    title: "Reaching the WorkOS API",
    noun: "WorkOS API",
    specs: &[
        &resolves::SPEC,
        &addresses::SPEC,
        &proxy::SPEC,
        &connects::SPEC,
        &handshake::SPEC,
        &trusted::SPEC,
        &answers::SPEC,
        &http2::SPEC,
        &clock::SPEC,
        &carries::SPEC,
        &stable::SPEC,
        &ranges::SPEC,
    ],
};

/// From inside, every strategy of this version needs the API.
fn required(_: &Settings, vantage: Vantage) -> bool {
    vantage == Vantage::Inside
}

/// What telling a published address of an endpoint from another one touches. Ranges are published of the API alone, and
/// through a proxy nobody sees its addresses.
fn whose_addresses(endpoint: &Endpoint, settings: &Settings) -> Vec<Contact> {
    let judged = *endpoint == settings.api.value && settings.proxy_for(endpoint).is_none();
    if judged { translating(settings) } else { Vec::new() }
}

/// What a list of what is to be done calls a host: by whose it is, where everybody knows that.
fn called(host: &str) -> &str {
    if host == USUAL_HOST { "WorkOS" } else { host }
}

/// What shows the handshake with an endpoint on the way that the application takes, with these words behind.
pub(super) fn s_client(endpoint: &Endpoint, proxy: Option<&Proxy>, more: &'static str) -> Command {
    match proxy {
        None => command!("openssl s_client -connect {} -servername {}", endpoint, endpoint.host).and(more),
        Some(proxy) if proxy.scheme == Scheme::Http => {
            let by = if proxy.credentials.is_some() { "-proxy_user USER -proxy_pass pass:PASSWORD" } else { "" };
            let through = command!(
                "openssl s_client -proxy {} -connect {} -servername {}",
                proxy.endpoint,
                endpoint,
                endpoint.host
            );
            if by.is_empty() { through.and(more) } else { through.and(by).and(more) }
        }
        // openssl speaks to no other kind of proxy.
        Some(proxy) => command!("curl -sv --proxy {} {}", proxy.url(), endpoint.https("/")),
    }
}
