//! What [`Context::lookup`](super::Context::lookup) and [`Context::ways`](super::Context::ways) touch, as checks that use them
//! declare it.

use std::net::IpAddr;

use super::IPV4_ONLY;
use crate::contact::{By, Contact, Server, Touch};
use crate::endpoint::Endpoint;
use crate::host::RESOLVER_FILE;
use crate::settings::{Scheme, Settings};

/// Looking a name up, and at what is set here for that. An address is none to ask for.
pub fn looking_up(name: &str, settings: &Settings, why: impl Into<String>) -> Vec<Contact> {
    let lookup = Contact::new(lookup(name, settings), why);
    let file = Contact::new(Touch::File(RESOLVER_FILE.into()), "which DNS servers are asked, and how");
    if is_address(name) { vec![file] } else { vec![lookup, file] }
}

/// What a name is asked of: the system's resolution, or the server that stands in for it.
pub(super) fn lookup(name: &str, settings: &Settings) -> Touch {
    let server = settings.resolver.as_ref().map_or(Server::System, |named| Server::Named(named.value));
    Touch::Lookup { name: name.to_owned(), server }
}

/// Finding the prefix of an address translator, or looking at what another check has found of one: what
/// [`Context::undone`](super::Context::undone) goes by.
pub fn translating(settings: &Settings) -> Vec<Contact> {
    looking_up(IPV4_ONLY, settings, "the prefix of an address translator, where one is at work")
}

fn is_address(host: &str) -> bool {
    host.parse::<IpAddr>().is_ok()
}

/// Finding out where a host is, on the way to somewhere.
fn finding(host: &str, settings: &Settings, why: &str) -> Vec<Contact> {
    if is_address(host) { Vec::new() } else { looking_up(host, settings, why) }
}

/// Connecting to an endpoint, straight or through the proxy that these settings have for it, to speak TLS or nothing.
pub fn reaching(endpoint: &Endpoint, tls: bool, settings: &Settings, why: impl Into<String>) -> Vec<Contact> {
    let on_the_way = format!("on the way to {endpoint}");
    let mut contacts = Vec::new();
    let by = match settings.proxy_for(endpoint) {
        None => {
            contacts.extend(finding(&endpoint.host, settings, &on_the_way));
            By::Name
        }
        Some(proxy) => {
            contacts.extend(finding(&proxy.endpoint.host, settings, "where the proxy is"));
            if !proxy.resolves() {
                contacts.extend(finding(&endpoint.host, settings, &on_the_way));
            }
            let to_proxy =
                Touch::Connect { endpoint: proxy.endpoint.clone(), by: By::Name, tls: proxy.scheme == Scheme::Https };
            contacts.push(Contact::new(to_proxy, on_the_way));
            By::Proxy(proxy.endpoint.clone())
        }
    };
    contacts.push(Contact::new(Touch::Connect { endpoint: endpoint.clone(), by, tls }, why));
    contacts.push(routes());
    contacts
}

/// Sending requests to an endpoint, and getting there.
pub fn requesting(
    endpoint: &Endpoint,
    settings: &Settings,
    requests: impl IntoIterator<Item = Contact>,
) -> Vec<Contact> {
    let mut contacts = reaching(endpoint, true, settings, "for the requests to it");
    contacts.extend(requests);
    contacts
}

/// Naming this host in a request to open a firewall.
pub fn routes() -> Contact {
    Contact::new(Touch::ROUTES, "which source a firewall rule has to name")
}
