//! A network whose answers a test decides. What was not told is an error that says so.

#![expect(clippy::missing_panics_doc, clippy::needless_pass_by_value, reason = "a fake for tests, told in literals")]

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::rdata::{A, CNAME};
use hickory_proto::rr::{Name, RData, Record};

use super::*;

/// What a test has in the place of an application.
type Handler = Box<dyn Fn(&Request) -> Response + Send + Sync>;

/// A network that answers as it was told.
#[derive(Default)]
pub struct Fake {
    resolutions: HashMap<String, Result<Vec<IpAddr>, NetError>>,
    resolving_takes: Option<Duration>,
    records: HashMap<(SocketAddr, String, RecordKind), Result<Records, NetError>>,
    connections: HashMap<SocketAddr, Result<(), NetError>>,
    handshakes: HashMap<String, Result<Handshake, NetError>>,
    responses: HashMap<(Method, String), Result<Response, NetError>>,
    handlers: HashMap<(Method, String), Handler>,
    /// What is never answered: an address and port, a name, a DNS server, a host that shakes hands, or a URL.
    silent: HashSet<String>,
    /// Every request that was sent, as `GET https://host/path`.
    pub sent: Mutex<Vec<String>>,
}

/// An error of this kind.
pub fn error(kind: ErrorKind) -> NetError {
    NetError::new(kind, "as the test decided")
}

/// A complete answer with JSON and headers.
pub fn response(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
    Response {
        status,
        headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        body: body.as_bytes().to_vec(),
        end: BodyEnd::Whole,
        at: SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000),
        version: Version::Http2,
        coding: None,
        http2_broke: None,
    }
}

/// An answer by DNS over HTTPS: a name has an address.
pub fn dns_answer(name: &str, address: [u8; 4]) -> Response {
    let mut answer = dns::message(name, RecordKind::A).unwrap();
    answer.answers =
        vec![Record::from_rdata(Name::from_ascii(name).unwrap(), 300, RData::A(A::from(Ipv4Addr::from(address))))];
    let body = dns::bytes(&answer).unwrap();
    Response { body, ..response(200, &[("content-type", "application/dns-message")], "") }
}

/// A certificate for `host` by `issuer`, valid from 2026 to 2027.
pub fn certificate(host: &str, issuer: &str) -> Presented {
    Presented {
        subject: format!("CN={host}"),
        issuer: format!("CN={issuer}"),
        issuer_organization: None,
        issuer_name: Some(issuer.to_owned()),
        name: Some(host.to_owned()),
        names: vec![host.to_owned()],
        not_before: SystemTime::UNIX_EPOCH + Duration::from_hours(490_896),
        not_after: SystemTime::UNIX_EPOCH + Duration::from_hours(499_656),
        issuer_urls: Vec::new(),
        sha256: "00".repeat(32),
    }
}

/// A handshake with a certificate that holds here and in public, or does not.
pub fn handshake(
    certificate: Presented,
    here: Result<(), CertificateProblem>,
    public: Result<(), CertificateProblem>,
) -> Handshake {
    Handshake {
        version: "TLSv1_3".to_owned(),
        cipher: "TLS13_AES_256_GCM_SHA384".to_owned(),
        protocol: Some("h2".to_owned()),
        chain: vec![certificate],
        here,
        public,
        asked_for_certificate: false,
        doubts: Vec::new(),
        small_hello_only: None,
    }
}

impl Fake {
    /// A network in which the API is reached, as far as a connection.
    pub fn api() -> Self {
        Fake::default()
            .resolves("api.workos.com", Ok(&["104.18.2.1"]))
            .serves("10.20.0.53:53", "api.workos.com", Ok(&["104.18.2.1"]))
            .connects("104.18.2.1:443", Ok(()))
    }

    /// A network in which the installation is reached at its public address, as far as a connection: asked of the resolver
    /// here and of the public one at 9.9.9.9.
    pub fn installation() -> Self {
        const APP: &str = "app.customer.example";
        const ADDRESS: &str = "93.184.215.14";

        Fake::default()
            .resolves(APP, Ok(&[ADDRESS]))
            .serves("10.20.0.53:53", APP, Ok(&[ADDRESS]))
            .serves("9.9.9.9:53", APP, Ok(&[ADDRESS]))
            .connects("93.184.215.14:443", Ok(()))
    }

    /// The system's resolution of a name.
    #[must_use]
    pub fn resolves(mut self, name: &str, result: Result<&[&str], ErrorKind>) -> Self {
        self.resolutions.insert(name.to_owned(), result.map(addresses).map_err(error));
        self
    }

    /// How long the system's resolution says that it took; nobody waits for it.
    #[must_use]
    pub fn resolving_takes(mut self, took: Duration) -> Self {
        self.resolving_takes = Some(took);
        self
    }

    /// What the DNS server says of a name; AAAA is NODATA unless the answer has any.
    #[must_use]
    pub fn serves(mut self, server: &str, name: &str, result: Result<&[&str], ErrorKind>) -> Self {
        for kind in [RecordKind::A, RecordKind::Aaaa] {
            let fitting = result.clone().map_err(error).and_then(|all| {
                let addresses: Vec<IpAddr> =
                    addresses(all).into_iter().filter(|address| RecordKind::of(Family::of(*address)) == kind).collect();
                if addresses.is_empty() {
                    Err(error(ErrorKind::NoData))
                } else {
                    Ok(Records { addresses, ttl: Some(300), ..Records::default() })
                }
            });
            self.records.insert((server.parse().unwrap(), name.to_owned(), kind), fitting);
        }
        self
    }

    /// What the DNS server says of one record type of a name.
    #[must_use]
    pub fn answers(mut self, server: &str, name: &str, kind: RecordKind, result: Result<Records, ErrorKind>) -> Self {
        self.records.insert((server.parse().unwrap(), name.to_owned(), kind), result.map_err(error));
        self
    }

    /// The DNS server says that a name does not exist, at the end of these aliases.
    #[must_use]
    pub fn leads_nowhere(mut self, server: &str, name: &str, aliases: &[&str]) -> Self {
        let named = |name: &str| Name::from_ascii(name).unwrap();
        for kind in [RecordKind::A, RecordKind::Aaaa] {
            let mut answer = dns::message(name, kind).unwrap();
            answer.metadata.response_code = ResponseCode::NXDomain;
            let owners = [name].into_iter().chain(aliases.iter().copied());
            let records = owners.zip(aliases);
            answer.answers = records
                .map(|(owner, alias)| Record::from_rdata(named(owner), 300, RData::CNAME(CNAME(named(alias)))))
                .collect();
            self.records.insert((server.parse().unwrap(), name.to_owned(), kind), dns::read(&answer));
        }
        self
    }

    /// How connections to an address and port end.
    #[must_use]
    pub fn connects(mut self, address: &str, result: Result<(), ErrorKind>) -> Self {
        self.connections.insert(address.parse().unwrap(), result.map_err(error));
        self
    }

    /// Whatever this is asked of is never answered: connections to an address and port, the resolution of a name, a DNS server's
    /// answers, handshakes with a host, or requests of a URL.
    #[must_use]
    pub fn hangs(mut self, what: &str) -> Self {
        self.silent.insert(what.to_owned());
        self
    }

    /// Waits for ever for what is never answered.
    async fn answers_at_all(&self, what: &str) {
        if self.silent.contains(what) {
            std::future::pending::<()>().await;
        }
    }

    /// How handshakes with a host end.
    #[must_use]
    pub fn shakes(mut self, host: &str, result: Result<Handshake, ErrorKind>) -> Self {
        self.handshakes.insert(host.to_owned(), result.map_err(error));
        self
    }

    /// How requests end; the URL is that of the endpoint and the path.
    #[must_use]
    pub fn fetches(mut self, method: Method, url: &str, result: Result<Response, ErrorKind>) -> Self {
        self.responses.insert((method, url.to_owned()), result.map_err(error));
        self
    }

    /// What answers requests, where that depends on what they hold.
    #[must_use]
    pub fn handles(
        mut self,
        method: Method,
        url: &str,
        handler: impl Fn(&Request) -> Response + Send + Sync + 'static,
    ) -> Self {
        self.handlers.insert((method, url.to_owned()), Box::new(handler));
        self
    }
}

fn addresses(all: &[&str]) -> Vec<IpAddr> {
    all.iter().map(|address| address.parse().unwrap()).collect()
}

fn ended<T: Clone>(result: Option<&Result<T, NetError>>, what: &str) -> Attempted<T> {
    let untold = || Err(NetError::new(ErrorKind::Other, format!("the test did not say what {what} gives")));
    let result = result.cloned().unwrap_or_else(untold);
    let attempts = if result.as_ref().err().is_some_and(NetError::is_transient) { 2 } else { 1 };
    Attempted { result, attempts, took: Duration::from_millis(10) }
}

impl Network for Fake {
    fn resolve<'a>(&'a self, name: &'a str) -> Asking<'a, Vec<IpAddr>> {
        Box::pin(async move {
            self.answers_at_all(name).await;
            let resolved = ended(self.resolutions.get(name), name);
            Attempted { took: self.resolving_takes.unwrap_or(resolved.took), ..resolved }
        })
    }

    fn ask<'a>(&'a self, question: &'a Question) -> Asking<'a, Records> {
        let key = (question.server, question.name.clone(), question.kind);
        Box::pin(async move {
            self.answers_at_all(&question.server.to_string()).await;
            ended(self.records.get(&key), &format!("{question:?}"))
        })
    }

    fn connect<'a>(&'a self, way: &'a Way) -> Asking<'a, Connected> {
        let hop = way.first_hop();
        let connected = self
            .connections
            .get(&hop)
            .map(|result| result.clone().map(|()| Connected { from: SocketAddr::from(([10, 20, 0, 10], 40_000)) }));
        Box::pin(async move {
            self.answers_at_all(&hop.to_string()).await;
            ended(connected.as_ref(), &hop.to_string())
        })
    }

    fn handshake<'a>(&'a self, way: &'a Way) -> Asking<'a, Handshake> {
        Box::pin(async move {
            self.answers_at_all(&way.endpoint.host).await;
            ended(self.handshakes.get(&way.endpoint.host), &way.endpoint.host)
        })
    }

    fn fetch<'a>(&'a self, request: &'a Request) -> Asking<'a, Response> {
        let url = request.way.endpoint.https(&request.path);
        self.sent.lock().unwrap().push(format!("{:?} {url}", request.method).to_uppercase());
        let key = (request.method, url.clone());
        let handled = self.handlers.get(&key).map(|handler| Ok(handler(request)));
        Box::pin(async move {
            self.answers_at_all(&url).await;
            ended(handled.as_ref().or_else(|| self.responses.get(&key)), &url)
        })
    }
}
