//! Are the addresses of the API the ones that firewall rules for WorkOS are written for?

mod behind;
pub(in crate::checks) mod codes;
mod words;

use std::net::{IpAddr, Ipv4Addr};

use futures_util::future::join_all;
use ipnet::IpNet;

use self::behind::behind;
use self::codes::{BLOCKED, IPV6_ELSEWHERE, OUTSIDE_RANGES, PRIVATE_ANSWER, RELAYED, SEARCH_LIST, SINKHOLED};
use self::words::Odd;
use super::resolves;
use crate::check::{
    About, By, Check, CheckId, Contact, Endpoint, Finding, Grade, Method, Outcome, Planned, Running, Severity, Spec,
    Touch, Vantage,
};
use crate::context::{Context, GivenBy, Lookup, looking_up, routes, translating};
use crate::facts::{BlockPage, Facts};
use crate::host::{HOSTS_FILE, SERVICES_FILE};
use crate::net::special::{Nat64, Special, special};
use crate::said::listed;
use crate::settings::{Proxy, Settings};
use crate::workos;

pub(super) static SPEC: Spec = Spec {
    id: ID,
    title: "the addresses are published ones",
    explain: "\
Holds every address that the name resolves to against Cloudflare's published ranges, from which WorkOS answers. An IPv6 \
address under the prefix of an address translator (NAT64) is judged by the IPv4 address that it stands for.

Firewall rules for WorkOS are written for these ranges. At any other address this check looks who answers, with a handshake \
and with the request that egress.answers sends: where the API itself does, behind an SNI proxy, a tunnel agent or a \
translator, that is a warning, and the way is right. Where it does not, somebody answers in WorkOS's place, and what gave \
the address is named: the hosts file and its line, the search list, the DNS server, or the filter whose block page it is.

Usually broken by a DNS filter that answers with 0.0.0.0 or the address of its block page, by a split-horizon zone that \
was set up for another purpose, or by a wildcard record of a domain on the search list. Through a forward proxy the proxy \
resolves: what is found here is then evidence only.",
    vantages: &[Vantage::Inside],
    required: super::required,
    codes: &[&SINKHOLED, &PRIVATE_ANSWER, &BLOCKED, &SEARCH_LIST, &RELAYED, &OUTSIDE_RANGES, &IPV6_ELSEWHERE],
    needs: &[resolves::ID],
    plan: |_, settings| Planned::one(Addresses(settings.api.value.clone())),
};

pub(super) const ID: CheckId = CheckId::new("egress.addresses");

struct Addresses(Endpoint);

impl Check for Addresses {
    fn subject(&self) -> Option<String> {
        Some(self.0.host.clone())
    }

    fn about(&self) -> About {
        About::Endpoint(self.0.clone())
    }

    fn contacts(&self, _: &Facts, settings: &Settings) -> Vec<Contact> {
        let there = "what stands at an address that is not a published one";
        let mut contacts = looking_up(&self.0.host, settings, "whether its addresses are published ones");
        contacts.extend(translating(settings));
        // Where a proxy resolves, what is answered here is evidence alone.
        if settings.proxy_for(&self.0).is_some_and(Proxy::resolves) {
            return contacts;
        }
        contacts.extend([
            Contact::new(Touch::Connect { endpoint: self.0.clone(), by: By::Name, tls: true }, there),
            Contact::new(Touch::request(Method::Get, &self.0, workos::LIST_ORGANIZATIONS), there),
            Contact::new(Touch::File(HOSTS_FILE.into()), "which line gives an address, where one does"),
            Contact::new(Touch::File(SERVICES_FILE.into()), "what else gives an address, where something does"),
            routes(),
        ]);
        contacts
    }

    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
        Box::pin(async move {
            let lookup = cx.lookup(&self.0.host).await;
            let found = match cx.resolving_proxy(&self.0) {
                None => judge(&self.0, &lookup, cx).await,
                Some(proxy) => {
                    let seen = lookup.addresses().into_iter().map(|address| Seen::of(address, cx));
                    let mut outcome = Outcome::graded(Grade::Reached).via(proxy.to_string());
                    seen.for_each(|seen| outcome.saw("address", seen.in_words()));
                    outcome
                }
            };
            found.tried(lookup.attempts())
        })
    }
}

async fn judge(endpoint: &Endpoint, lookup: &Lookup, cx: &Context) -> Outcome {
    let addresses = lookup.addresses();
    if addresses.iter().any(|address| address.is_ipv6() && !Seen::of(*address, cx).is_published()) {
        cx.nat64().await;
    }
    let mut outcome = Outcome::graded(Grade::Reached);
    if !addresses.is_empty() && addresses.iter().all(|address| Seen::of(*address, cx).is_published()) {
        outcome = outcome.in_short("in Cloudflare's ranges");
    }
    let (mut odd, mut published_v4) = (Vec::new(), false);
    let pinned = cx.host.hosts_lines(&endpoint.host);
    for address in addresses {
        let seen = Seen::of(address, cx);
        let line = pinned.iter().find(|line| line.address == address);
        let pin = line.map(|line| format!(", from line {} of {HOSTS_FILE}", line.number)).unwrap_or_default();
        outcome.saw("address", format!("{}{pin}", seen.in_words()));
        published_v4 |= seen.is_published() && address.is_ipv4();
        if !seen.is_published() || is_another_names(endpoint, address, lookup, cx) {
            odd.push(seen);
        }
    }
    let told = join_all(odd.into_iter().map(|seen| async move {
        let (behind, given_by) =
            tokio::join!(behind(endpoint, seen.address, cx), cx.given_by(&endpoint.host, lookup, seen.address));
        Odd { addresses: vec![seen.address], kind: seen.kind, behind, given_by }
    }));
    let mut groups: Vec<Odd> = Vec::new();
    for odd in told.await {
        outcome.saw("behind", format!("{}: {}", listed(&odd.addresses), odd.behind.in_words()));
        // A published address that the search list did not give is none to speak of.
        if odd.kind.is_published() && !matches!(odd.given_by, GivenBy::SearchList { .. }) {
            continue;
        }
        match groups.iter_mut().find(|group| group.is_like(&odd)) {
            Some(group) => group.addresses.extend(odd.addresses),
            None => groups.push(odd),
        }
    }
    for group in groups {
        let finding = group.finding(&endpoint.host, endpoint.port, cx);
        // IPv6 decides only where it is the only way.
        let beside = published_v4 && group.addresses.iter().all(IpAddr::is_ipv6);
        outcome.found(match finding.code.severity {
            Severity::Error if beside => Finding { code: &IPV6_ELSEWHERE, ..finding },
            _ => finding,
        });
    }
    outcome
}

/// Whether a published address can be the answer for another name: the search list is tried first, and no server gives it for
/// this one.
fn is_another_names(endpoint: &Endpoint, address: IpAddr, lookup: &Lookup, cx: &Context) -> bool {
    lookup.system.is_some()
        && !lookup.from_servers().contains(&address)
        && !cx.host.resolvers().asked_first(&endpoint.host).is_empty()
}

/// What an address is.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Kind {
    /// In this published range of Cloudflare's.
    Published(IpNet),
    /// The block page of a filter.
    BlockPage(BlockPage),
    /// Of nowhere, or of this host.
    Nowhere,
    /// Of a private network.
    Private,
    /// Reserved for something else.
    Reserved,
    /// Public, and in none of the ranges.
    Outside,
}

impl Kind {
    fn is_published(&self) -> bool {
        matches!(self, Kind::Published(_))
    }

    /// As a fragment.
    fn in_words(&self) -> String {
        match self {
            Kind::Published(range) => format!("in {range}"),
            Kind::BlockPage(page) => format!("the block page of {}", page.product),
            Kind::Nowhere => "an address of nowhere".to_owned(),
            Kind::Private => "a private address".to_owned(),
            Kind::Reserved => "a reserved address".to_owned(),
            Kind::Outside => "outside Cloudflare's published ranges".to_owned(),
        }
    }
}

/// An address, and what it is.
struct Seen {
    address: IpAddr,
    /// The address that a translator reaches by it, and the translator's prefix.
    stands_for: Option<(Ipv4Addr, Nat64)>,
    kind: Kind,
}

impl Seen {
    fn of(address: IpAddr, cx: &Context) -> Self {
        let stands_for = cx.undone(address);
        let judged = stands_for.map_or(address, |(v4, _)| v4.into());
        let kind = match (cx.facts.block_page(judged), cx.facts.cloudflare_range(judged), special(judged)) {
            (Some(page), ..) => Kind::BlockPage(page.clone()),
            (None, Some(range), _) => Kind::Published(range),
            (None, None, Some(Special::Nowhere)) => Kind::Nowhere,
            (None, None, Some(Special::Private)) => Kind::Private,
            (None, None, Some(Special::Reserved)) => Kind::Reserved,
            (None, None, None) => Kind::Outside,
        };
        Seen { address, stands_for, kind }
    }

    fn is_published(&self) -> bool {
        self.kind.is_published()
    }

    fn in_words(&self) -> String {
        match self.stands_for {
            Some((v4, prefix)) => {
                format!("{}: {v4} by address translation (NAT64, {prefix}), {}", self.address, self.kind.in_words())
            }
            None => format!("{}: {}", self.address, self.kind.in_words()),
        }
    }
}

#[cfg(test)]
mod tests;
