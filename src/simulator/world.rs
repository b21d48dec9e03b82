//! The played world as plain data: names, addresses, what answers there, and the settings a run against it is given.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::environment::Environment;

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

pub(super) const API_ADDRESSES: [Ipv4Addr; 2] =
    [Ipv4Addr::new(104, 18, 2, 1), Ipv4Addr::new(104, 18, 3, 1)];
pub(super) const HOSTED_ADDRESS: Ipv4Addr = Ipv4Addr::new(104, 18, 4, 1);
pub(super) const PUBLIC_DNS_ADDRESSES: [Ipv4Addr; 2] = [
    Ipv4Addr::new(104, 16, 248, 249),
    Ipv4Addr::new(104, 16, 249, 249),
];
pub(super) const INSTALLATION_ADDRESS: Ipv4Addr = Ipv4Addr::new(93, 184, 215, 14);
pub(super) const RESOLVER: SocketAddr =
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 20, 0, 53)), 53);
pub(super) const PROXY_ADDRESS: SocketAddr =
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 20, 0, 31)), 3128);

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
}

/// How the inside resolver treats questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResolverManner {
    /// It answers over UDP and TCP.
    Answers,
    /// It answers nothing at all.
    Silent,
    /// It answers over TCP only, as where UDP 53 is dropped.
    UdpSilent,
    /// It answers REFUSED to everything.
    Refuses,
    /// Over UDP it sends the TC bit and no records; over TCP it answers.
    Truncates,
}

/// The names a resolver knows; every other name is NXDOMAIN.
#[derive(Clone, Debug, Default)]
pub struct Zone {
    answers: BTreeMap<String, ZoneAnswer>,
}

/// What a resolver says about one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ZoneAnswer {
    /// These addresses; NODATA for a family without any.
    Addresses {
        /// A records.
        v4: Vec<Ipv4Addr>,
        /// AAAA records.
        v6: Vec<Ipv6Addr>,
        /// How long they may be kept, in seconds.
        ttl: u32,
    },
    /// A CNAME.
    Alias {
        /// The name it points to.
        to: String,
    },
    /// The name does not exist.
    NxDomain,
    /// The name exists without any address.
    NoData,
    /// The resolver could not find out.
    ServFail,
    /// SERVFAIL by DNSSEC validation: a question with the CD bit gets the addresses.
    ServFailUnlessCheckingDisabled {
        /// A records behind the failed validation.
        v4: Vec<Ipv4Addr>,
    },
    /// REFUSED, for this name only.
    Refused,
    /// No answer at all, for this name only.
    Silence,
}

impl ZoneAnswer {
    /// IPv4 addresses, kept for five minutes.
    pub fn v4(addresses: &[Ipv4Addr]) -> Self {
        Self::Addresses {
            v4: addresses.to_vec(),
            v6: Vec::new(),
            ttl: 300,
        }
    }

    /// The addresses that are in the answer, whether or not validation lets them through.
    fn addresses(&self) -> Vec<IpAddr> {
        match self {
            Self::Addresses { v4, v6, .. } => v4
                .iter()
                .copied()
                .map(IpAddr::from)
                .chain(v6.iter().copied().map(IpAddr::from))
                .collect(),
            Self::ServFailUnlessCheckingDisabled { v4 } => {
                v4.iter().copied().map(IpAddr::from).collect()
            }
            _ => Vec::new(),
        }
    }
}

impl Zone {
    /// Says from now on what this name has.
    pub fn set(&mut self, name: &str, answer: ZoneAnswer) {
        self.answers.insert(canonical(name), answer);
    }

    /// What is said about a name.
    pub fn answer(&self, name: &str) -> &ZoneAnswer {
        self.answers
            .get(&canonical(name))
            .unwrap_or(&ZoneAnswer::NxDomain)
    }

    /// The addresses of a name, aliases followed.
    pub fn addresses(&self, name: &str) -> Vec<IpAddr> {
        let mut name = canonical(name);
        // A played chain is short; a loop ends here.
        for _ in 0..8 {
            match self.answer(&name) {
                ZoneAnswer::Alias { to } => name = canonical(to),
                other => return other.addresses(),
            }
        }
        Vec::new()
    }

    /// The names that lead to an address.
    pub(super) fn names_of(&self, address: IpAddr) -> impl Iterator<Item = &str> {
        self.answers
            .keys()
            .filter(move |name| self.addresses(name).contains(&address))
            .map(String::as_str)
    }
}

fn canonical(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

/// What a TCP port does.
#[derive(Clone, Debug)]
pub enum Service {
    /// SYNs vanish. In a namespace nothing is bound here: the test gives the address a route that drops.
    Drops,
    /// A closed port.
    Refuses,
    /// ICMP host-unreachable on the way; only a namespace can play it.
    Unreachable,
    /// ICMP prohibited on the way; only a namespace can play it.
    Prohibited,
    /// Accepts, then resets once the client has spoken.
    ResetsInHandshake,
    /// Accepts, then says nothing.
    StallsInHandshake,
    /// Accepts, then sends bytes that are no protocol.
    Garbage,
    /// Answers plain HTTP where TLS was expected.
    PlainHttp(Page),
    /// Refuses every version of TLS that is offered.
    OnlyOldTls,
    /// TLS, then HTTP/1.1.
    Tls {
        /// What it shows.
        certificate: Certificate,
        /// Whether it insists on a certificate of the client.
        asks_client_certificate: bool,
        /// What is behind it.
        site: Site,
    },
    /// An HTTP CONNECT proxy.
    Proxy(ProxyManner),
}

impl Service {
    /// A site behind TLS with nothing wrong.
    pub fn https(site: Site) -> Self {
        Self::Tls {
            certificate: Certificate::Good,
            asks_client_certificate: false,
            site,
        }
    }
}

/// The certificate a TLS service shows. Where nothing else is said it is for the right names, by the public issuer, for 90 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certificate {
    /// Nothing is wrong.
    Good,
    /// Ended three days ago.
    Expired,
    /// Begins in two days.
    NotYetValid,
    /// For another name.
    WrongName,
    /// Signed by itself.
    SelfSigned,
    /// The intermediate is not sent; the leaf says where it could be fetched.
    IncompleteChain,
    /// By the customer's own CA, as from an inspecting proxy.
    PrivateCa,
    /// Ends in ten days.
    ExpiresSoon,
}

/// What answers HTTP.
#[derive(Clone, Debug)]
pub enum Site {
    /// The `WorkOS` API.
    Workos(ApiManner),
    /// Hosted pages of `WorkOS`: sign-in and errors.
    HostedPages,
    /// DNS over HTTPS with the public zone.
    DnsOverHttps,
    /// The customer's application.
    Installation(InstallationManner),
    /// The same page for every request.
    Page(Page),
    /// 50 MB.
    OversizedBody,
    /// Headers, then a byte now and then for ever.
    EndlessBody,
}

/// A whole HTTP answer.
#[derive(Clone, Debug)]
pub struct Page {
    /// The status code.
    pub status: u16,
    /// Its headers; the length is added.
    pub headers: Vec<(&'static str, String)>,
    /// Its body.
    pub body: String,
}

/// How the API, or what stands in front of it, treats requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiManner {
    /// As in production.
    Works,
    /// 401 for every key.
    KeyRevoked,
    /// 403 for every key.
    Forbidden,
    /// 429 for requests with a key.
    RateLimited {
        /// Seconds in `Retry-After`.
        retry_after: u32,
        /// Whether only the first such request is refused.
        once: bool,
    },
    /// 503 from `WorkOS` or its edge.
    Unavailable {
        /// The edge's own page instead of JSON.
        html: bool,
    },
    /// 502 by something that is not the edge.
    BadGatewayWithoutCfRay,
    /// 200 with the page of a web filter.
    BlockPage,
    /// 302 to a hotspot's sign-in.
    CaptivePortal,
    /// The edge's challenge, which only a browser can pass.
    CloudflareChallenge,
    /// Half of the announced body, then the connection closes.
    TruncatedJson,
    /// The right status, but a body that is not JSON.
    NotJson,
    /// JSON of something else.
    NotTheApi,
    /// The right body without any header of `WorkOS` or its edge.
    HeadersMissing,
    /// The Date header is off by so many seconds.
    ClockOff(i64),
    /// 431 where the headers are large.
    RefusesLargeHeaders,
    /// Silence where the request is larger than a few packets, as behind an MTU blackhole.
    StallsOnSize,
    /// Reads the request and never answers.
    NeverAnswers,
}

/// How the customer's application, or what stands in front of it, treats requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstallationManner {
    /// It verifies signatures.
    Works,
    /// The webhook path answers 200 to anything.
    AcceptsUnsigned,
    /// 404 at the webhook path.
    WebhookMissing,
    /// 405 at the webhook path.
    MethodRefused,
    /// The webhook path redirects to a sign-in.
    RedirectsToLogin,
    /// 500 at the webhook path.
    ServerError,
    /// 401 at the webhook path to anything without a signature.
    Unauthorized,
    /// A sign-in page with status 200 at every path.
    LoginWall,
    /// 403 at every path: an allowlist or WAF answers.
    ForbidsEverything,
    /// 403 at the webhook path only, to anything without a signature.
    ForbidsUnsigned,
    /// The callback answers 404.
    CallbackMissing,
}

/// How the forward proxy treats CONNECT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyManner {
    /// It opens a tunnel.
    Opens,
    /// It opens a tunnel for [`PROXY_AUTHORIZATION`], else 407.
    Requires,
    /// 403 with a page.
    Denies,
    /// 502.
    UpstreamFails,
    /// Silence.
    NeverAnswers,
    /// It is a web server.
    NotAProxy,
}

/// The `Proxy-Authorization` that [`ProxyManner::Requires`] accepts: user `installer`, password `demo`.
pub const PROXY_AUTHORIZATION: &str = "Basic aW5zdGFsbGVyOmRlbW8=";

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
            services.insert(
                https(address),
                Service::https(Site::Workos(ApiManner::Works)),
            );
        }
        services.insert(https(HOSTED_ADDRESS), Service::https(Site::HostedPages));
        for address in PUBLIC_DNS_ADDRESSES {
            services.insert(https(address), Service::https(Site::DnsOverHttps));
        }
        let installation = Site::Installation(InstallationManner::Works);
        services.insert(https(INSTALLATION_ADDRESS), Service::https(installation));

        let secret = environment
            .webhook_endpoints
            .first()
            .map(|it| it.secret.clone())
            .unwrap_or_default();
        let settings = vec![
            ("workos.client_id", environment.client_id.clone()),
            (
                "workos.organizations",
                environment
                    .organizations
                    .first()
                    .map(|it| it.id.clone())
                    .unwrap_or_default(),
            ),
            ("installation.domain", INSTALLATION.to_owned()),
            ("installation.addresses", INSTALLATION_ADDRESS.to_string()),
            (
                "installation.redirect_uris",
                format!("https://{INSTALLATION}/callback"),
            ),
            (
                "installation.webhook_url",
                format!("https://{INSTALLATION}/webhooks/workos"),
            ),
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
            seen_as: INSTALLATION_ADDRESS.into(),
            settings,
            webhook_secret: secret.clone(),
            installation_secret: secret,
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
