//! The played world as plain data: names, addresses, what answers there, and the settings a run against it is given.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::environment::Environment;
use super::service::{ApiManner, InstallationManner, Service, Site};
use super::writing::WritesManner;
use super::zone::{ResolverManner, Zone, ZoneAnswer};
use crate::facts::Facts;

/// The host of the `WorkOS` API.
pub const API: &str = "api.workos.com";
/// Where error pages of `WorkOS` are shown.
pub const ERRORS: &str = "error.workos.com";
/// The hosted sign-in of the played environment.
pub const AUTHKIT: &str = "quiet-harbor-21.authkit.app";
/// The host of DNS over HTTPS, which shows the public view.
pub const PUBLIC_DNS: &str = "cloudflare-dns.com";
/// The installation's external name.
pub const INSTALLATION: &str = "app.customer.example";
/// The customer's forward proxy.
pub const PROXY: &str = "proxy.customer.example";

pub(super) const API_ADDRESSES: [Ipv4Addr; 2] = [Ipv4Addr::new(104, 18, 2, 1), Ipv4Addr::new(104, 18, 3, 1)];
pub(super) const HOSTED_ADDRESS: Ipv4Addr = Ipv4Addr::new(104, 18, 4, 1);
pub(super) const PUBLIC_DNS_ADDRESSES: [Ipv4Addr; 2] =
    [Ipv4Addr::new(104, 16, 248, 249), Ipv4Addr::new(104, 16, 249, 249)];
pub(super) const INSTALLATION_ADDRESS: Ipv4Addr = Ipv4Addr::new(93, 184, 215, 14);
pub(super) const RESOLVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 20, 0, 53)), 53);
pub(super) const PROXY_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 20, 0, 31)), 3128);

/// Everything that the simulator plays. [`World::healthy`] has nothing wrong; a fault is a function that changes it.
#[derive(Clone, Debug)]
pub struct World {
    /// The resolver inside the customer's network, UDP and TCP.
    pub resolver: SocketAddr,
    /// How that resolver behaves.
    pub resolver_manner: ResolverManner,
    /// What it answers.
    pub inside_zone: Zone,
    /// What DNS over HTTPS, the public view, answers.
    pub public_zone: Zone,
    /// What listens where, on TCP.
    pub services: BTreeMap<SocketAddr, Service>,
    /// What a proxy finds where it differs from `services`: a way out that the client itself does not have.
    pub past_proxy: BTreeMap<SocketAddr, Service>,
    /// Whether this machine trusts the customer's own CA besides the public root.
    pub corporate_ca_trusted: bool,
    /// The `WorkOS` environments, each with its keys and objects.
    pub environments: Vec<Environment>,
    /// What becomes of requests that change an environment.
    pub writes: WritesManner,
    /// The addresses from which events are delivered, in turn.
    pub delivers_from: Vec<IpAddr>,
    /// The public address that the customer's NAT gives this machine, as the API's edge sees it.
    pub seen_as: IpAddr,
    /// Settings of a run against this world, one entry for each value of a list.
    pub settings: Vec<(&'static str, String)>,
    /// The API key the run is given.
    pub api_key: String,
    /// The webhook secret the run is given.
    pub webhook_secret: String,
    /// The webhook secret the installation verifies with.
    pub installation_secret: String,
    /// The Actions secret, here and at the installation.
    pub actions_secret: String,
}

impl World {
    /// The world with nothing wrong.
    pub fn healthy() -> Self {
        let environment = Environment::of_customer();
        let mut zone = Zone::default();
        zone.set(API, ZoneAnswer::v4(&API_ADDRESSES));
        zone.set(ERRORS, ZoneAnswer::v4(&[HOSTED_ADDRESS]));
        zone.set(AUTHKIT, ZoneAnswer::v4(&[HOSTED_ADDRESS]));
        zone.set(PUBLIC_DNS, ZoneAnswer::v4(&PUBLIC_DNS_ADDRESSES));
        zone.set(INSTALLATION, ZoneAnswer::v4(&[INSTALLATION_ADDRESS]));
        let public_zone = zone.clone();
        if let IpAddr::V4(proxy) = PROXY_ADDRESS.ip() {
            zone.set(PROXY, ZoneAnswer::v4(&[proxy]));
        }

        let mut services = BTreeMap::new();
        for address in API_ADDRESSES {
            services.insert(https(address), Service::https(Site::Workos(ApiManner::Works)));
        }
        services.insert(https(HOSTED_ADDRESS), Service::https(Site::HostedPages));
        for address in PUBLIC_DNS_ADDRESSES {
            services.insert(https(address), Service::https(Site::DnsOverHttps));
        }
        let installation = Site::Installation(InstallationManner::Works);
        services.insert(https(INSTALLATION_ADDRESS), Service::https(installation));

        let secret = environment.webhook_endpoints.first().map(|it| it.secret.clone()).unwrap_or_default();
        let settings = vec![
            ("workos.client_id", environment.client_id.clone()),
            ("workos.organizations", environment.organizations.first().map(|it| it.id.clone()).unwrap_or_default()),
            ("installation.domain", INSTALLATION.to_owned()),
            ("installation.addresses", INSTALLATION_ADDRESS.to_string()),
            ("installation.redirect_uris", format!("https://{INSTALLATION}/callback")),
            ("installation.webhook_url", format!("https://{INSTALLATION}/webhooks/workos")),
            ("installation.actions_url", format!("https://{INSTALLATION}/actions/workos")),
            ("network.resolver", RESOLVER.ip().to_string()),
        ];
        Self {
            resolver: RESOLVER,
            resolver_manner: ResolverManner::Answers,
            inside_zone: zone,
            public_zone,
            services,
            past_proxy: BTreeMap::new(),
            corporate_ca_trusted: false,
            api_key: environment.api_keys.first().cloned().unwrap_or_default(),
            environments: vec![environment],
            writes: WritesManner::Works,
            delivers_from: Facts::embedded().workos_sources.published.addresses,
            seen_as: INSTALLATION_ADDRESS.into(),
            settings,
            webhook_secret: secret.clone(),
            installation_secret: secret,
            actions_secret: "demo3Rf8KzW1yQpT6uXhVb9mJ".to_owned(),
        }
    }

    /// Gives a setting this value instead of any it has.
    pub fn set(&mut self, name: &'static str, value: impl Into<String>) {
        self.settings.retain(|(other, _)| *other != name);
        self.settings.push((name, value.into()));
    }
}

/// The address with the port of HTTPS.
pub(super) fn https(address: impl Into<IpAddr>) -> SocketAddr {
    SocketAddr::new(address.into(), 443)
}
