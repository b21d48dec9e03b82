//! How the installation's own endpoints are reached from where we stand.

use std::net::IpAddr;

use crate::check::{By, Contact, Endpoint, Touch, Vantage};
use crate::checks::domain::{contacts_of_public_view, public_view};
use crate::context::{Context, Tried};
use crate::facts::Facts;
use crate::net::Way;
use crate::net::special::special;
use crate::settings::{Family, Settings};

/// Connections to an endpoint of the installation, at its public addresses and, from inside, at its inside ones.
pub(in crate::checks) struct Arrival {
    /// At the addresses that the internet is told.
    pub(in crate::checks) public: Vec<Tried>,
    /// At the addresses that the resolvers here give besides. Empty when seen from outside.
    pub(in crate::checks) inside: Vec<Tried>,
    /// Addresses that lead into somebody's own network, which a look from outside leaves alone.
    pub(in crate::checks) withheld: Vec<IpAddr>,
}

/// What [`arrival`] touches, and with TLS what is spoken on the connections it makes. No proxy of this host stands on the way
/// that callers take.
pub(in crate::checks) fn contacts(
    endpoint: &Endpoint,
    tls: bool,
    why: &str,
    facts: &Facts,
    settings: &Settings,
) -> Vec<Contact> {
    let mut contacts = contacts_of_public_view(&endpoint.host, facts, settings);
    contacts.push(Contact::new(Touch::Connect { endpoint: endpoint.clone(), by: By::Name, tls }, why));
    contacts
}

impl Arrival {
    /// The first way that connected; public ones come first.
    pub(in crate::checks) fn way(&self) -> Option<&Way> {
        let all = self.public.iter().chain(&self.inside);
        all.clone().find(|one| one.connection.result.is_ok()).map(|one| &one.way)
    }

    /// How many attempts the slowest connection took.
    pub(in crate::checks) fn attempts(&self) -> u32 {
        self.public.iter().chain(&self.inside).map(|one| one.connection.attempts).max().unwrap_or(0)
    }
}

/// Tries every address of an endpoint, straight: a forward proxy has no part in what arrives from outside.
pub(in crate::checks) async fn arrival(endpoint: &Endpoint, cx: &Context) -> Arrival {
    let view = public_view(&endpoint.host, cx).await;
    let family = cx.settings.family.as_ref().map(|family| family.value);
    let mut public = view.addresses();
    public.retain(|address| family.is_none_or(|family| family == Family::of(*address)));
    let (public, withheld): (Vec<IpAddr>, Vec<IpAddr>) =
        public.into_iter().partition(|address| may_be_contacted(*address, cx));
    let inside: Vec<IpAddr> = match cx.vantage {
        Vantage::Inside => view.inside.iter().copied().filter(|address| !public.contains(address)).collect(),
        Vantage::Outside => Vec::new(),
    };
    let ways = |addresses: &[IpAddr]| addresses.iter().take(8).map(|address| Way::direct(endpoint, *address)).collect();
    let (public, inside) = tokio::join!(cx.try_ways(ways(&public)), cx.try_ways(ways(&inside)));
    Arrival { public, inside, withheld }
}

/// From outside, an address of a private network is another machine in the network of whoever looks.
fn may_be_contacted(address: IpAddr, cx: &Context) -> bool {
    cx.vantage == Vantage::Inside || cx.probing.allow_private || special(address).is_none()
}
