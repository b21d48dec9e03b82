//! What satisfies what: the one place that says how each kind of contact is held.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use super::Bounds;
use crate::contact::{By, Query, Server, Touch};
use crate::context::IPV4_ONLY;

/// Whether what was declared covers what is reached for.
pub(super) fn covers(
    declared: &Touch,
    wanted: &Touch,
    given: &HashMap<String, HashSet<IpAddr>>,
    bounds: &Bounds,
) -> bool {
    match (declared, wanted) {
        // By name and by who is asked. The system's resolution asks the servers in effect, and of them also what the search
        // list makes of the name, and the name by which a translator of addresses is found (RFC 7050). A server that is named
        // is asked for the name alone, also where it stands in for the system's.
        (Touch::Lookup { name, server }, Touch::Lookup { name: asked, server: of }) => {
            let of_the_system =
                *server == Server::System && matches!(of, Server::Named(of) if bounds.servers().contains(of));
            let expanded = || bounds.host.resolvers().expansions(name).iter().any(|name| plain(name) == plain(asked));
            let is_named = plain(name) == plain(asked);
            server == of && is_named || of_the_system && (is_named || asked == IPV4_ONLY || expanded())
        }
        // By host and port. Declared with TLS, it may be made without. Where it is made to has to be known: from a lookup that
        // was declared, or beforehand. A proxy is a connection of its own.
        (Touch::Connect { endpoint, by, tls }, Touch::Connect { endpoint: to, by: made, tls: spoken }) => {
            let leads = match (by, made) {
                (By::Name, By::Addresses(to)) => to.iter().all(|to| leads_to(*to, &endpoint.host, given)),
                (By::Addresses(known), By::Addresses(to)) => to.iter().all(|to| known.contains(to)),
                (by, made) => by == made,
            };
            endpoint == to && leads && (*tls || !spoken)
        }
        // By method, endpoint, path, query, and whether the key goes along. A later page is asked for by what stands behind the
        // query of the first.
        (
            Touch::Request { method, endpoint, path, query, with_key },
            Touch::Request { method: how, endpoint: to, path: at, query: sent, with_key: carries },
        ) => {
            let asked = match (query, sent) {
                (Query::Given, _) | (Query::None, Query::None) => true,
                (Query::From(first), Query::From(sent)) => {
                    sent.strip_prefix(first.as_str()).is_some_and(|more| more.is_empty() || more.starts_with('&'))
                }
                _ => false,
            };
            (method, endpoint, path) == (how, to, at) && asked && (*with_key || !carries)
        }
        // To the letter.
        (Touch::File(declared), Touch::File(wanted)) => declared == wanted,
        (Touch::Local(declared), Touch::Local(wanted)) => declared == wanted,
        // A rule covers nothing by itself: what follows from it is added as touches of the other kinds.
        _ => false,
    }
}

/// Whether an address is what a host is, or what a lookup gave for its name.
pub(super) fn leads_to(address: IpAddr, host: &str, given: &HashMap<String, HashSet<IpAddr>>) -> bool {
    host.parse() == Ok(address) || given.get(&plain(host)).is_some_and(|given| given.contains(&address))
}

/// A name as it is compared.
pub(super) fn plain(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}
