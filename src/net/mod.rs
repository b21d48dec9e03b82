//! The boundary to the world: a handful of verbs, each one attempt that ends in an answer or a classified error.
//!
//! Layers, outermost first: [`Memo`] asks each question once, [`Retrying`] repeats transient failures, [`Watched`] knows how far
//! each attempt has come, [`Live`] asks.
//! Judging and advising are for the caller.

mod anatomy;
pub mod certificate;
mod chain;
mod coding;
mod connect_answer;
#[cfg(test)]
pub mod counted;
mod der;
mod dns;
pub mod doh;
mod error;
#[cfg(test)]
pub mod fake;
mod hello;
mod http;
mod line;
mod lines;
mod live;
mod memo;
mod retrying;
mod socks;
pub mod special;
mod stream;
mod tls;
mod trust;
mod tunnel;
mod underway;

use std::fmt;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

pub use certificate::{CertificateProblem, Flaw, Place, Presented, Rule};
pub use coding::Coding;
pub use error::{ErrorKind, NetError, Phase, ProxyRefusal, dns_code};
pub use hello::OpensslsOwn;
pub use live::{LONGEST_LOOKUP, Limits, Live, Places};
pub use memo::Memo;
pub use retrying::Retrying;
pub use trust::{
    BundleFlaw, Damage, FileFlaw, Foreign, PassedOver, TrustError, TrustStores, TrustSummary, Unread, system_store,
};
pub use underway::{Reached, Underway, Verb, Watched};

pub use crate::contact::Method;
use crate::endpoint::Endpoint;
use crate::secret::Secret;
use crate::settings::{Family, Proxy};

/// How this program calls itself, to proxies and to servers alike.
pub const USER_AGENT: &str = concat!("workos-preflight/", env!("CARGO_PKG_VERSION"));

/// What a check may do to the network.
pub trait Network: Send + Sync {
    /// What the system's own resolution gives an application: hosts file, name service switch, DNS.
    fn resolve<'a>(&'a self, name: &'a str) -> Asking<'a, Vec<IpAddr>>;
    /// One question to one DNS server: over UDP, and over TCP when UDP stays silent or is cut.
    fn ask<'a>(&'a self, question: &'a Question) -> Asking<'a, Records>;
    /// A TCP connection along a way; through a proxy, up to the proxy's consent.
    fn connect<'a>(&'a self, way: &'a Way) -> Asking<'a, Connected>;
    /// A TLS handshake along a way that completes whatever the certificate is, and says what the certificate is.
    fn handshake<'a>(&'a self, way: &'a Way) -> Asking<'a, Handshake>;
    /// An HTTP request along a way, over TLS that is verified.
    fn fetch<'a>(&'a self, request: &'a Request) -> Asking<'a, Response>;
}

impl<N: Network + ?Sized> Network for Arc<N> {
    fn resolve<'a>(&'a self, name: &'a str) -> Asking<'a, Vec<IpAddr>> {
        self.as_ref().resolve(name)
    }

    fn ask<'a>(&'a self, question: &'a Question) -> Asking<'a, Records> {
        self.as_ref().ask(question)
    }

    fn connect<'a>(&'a self, way: &'a Way) -> Asking<'a, Connected> {
        self.as_ref().connect(way)
    }

    fn handshake<'a>(&'a self, way: &'a Way) -> Asking<'a, Handshake> {
        self.as_ref().handshake(way)
    }

    fn fetch<'a>(&'a self, request: &'a Request) -> Asking<'a, Response> {
        self.as_ref().fetch(request)
    }
}

/// A network as a run sees it.
pub struct Layered {
    /// Each question is asked once, and transient failures are repeated.
    pub network: Arc<dyn Network>,
    /// The same without memory and without repetition.
    pub unrepeated: Arc<dyn Network>,
    /// How far what is asked of the first has come.
    pub underway: Underway,
}

impl Layered {
    /// The layers over a network, with so many repetitions.
    pub fn over(network: impl Network + 'static, retries: u32) -> Self {
        let (unrepeated, underway) = (Arc::new(network), Underway::default());
        let watched = Watched::new(Arc::clone(&unrepeated), underway.clone());
        Layered { network: Arc::new(Memo::new(Retrying::new(watched, retries))), unrepeated, underway }
    }

    /// A network of a test, with no layer over it.
    #[cfg(test)]
    pub(crate) fn bare(network: Arc<dyn Network>) -> Self {
        Layered { network: Arc::clone(&network), unrepeated: network, underway: Underway::default() }
    }
}

/// A verb in progress.
pub type Asking<'a, T> = Pin<Box<dyn Future<Output = Attempted<T>> + Send + 'a>>;

/// The end of one or several attempts at the same thing.
#[derive(Clone, Debug)]
pub struct Attempted<T> {
    /// How the last attempt ended.
    pub result: Result<T, NetError>,
    /// How many attempts there were.
    pub attempts: u32,
    /// How long the last attempt took.
    pub took: Duration,
}

/// A DNS record type that is asked for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum RecordKind {
    /// `IPv4` addresses.
    A,
    /// `IPv6` addresses.
    Aaaa,
}

impl RecordKind {
    /// The record type that holds addresses of a family.
    pub fn of(family: Family) -> Self {
        match family {
            Family::V4 => RecordKind::A,
            Family::V6 => RecordKind::Aaaa,
        }
    }
}

impl fmt::Display for RecordKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RecordKind::A => "A",
            RecordKind::Aaaa => "AAAA",
        })
    }
}

/// One DNS question to one server.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Question {
    /// Whom to ask.
    pub server: SocketAddr,
    /// The name, taken as fully qualified.
    pub name: String,
    /// The record type.
    pub kind: RecordKind,
}

/// A positive DNS answer.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Records {
    /// The addresses, in the order of the answer.
    pub addresses: Vec<IpAddr>,
    /// The names that the question was led along by CNAME, first to last.
    pub aliases: Vec<String>,
    /// The smallest time to live of the answer, in seconds.
    pub ttl: Option<u32>,
    /// UDP stayed silent, and the answer came over TCP.
    pub over_tcp_only: bool,
}

/// How a stream reaches an endpoint.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Way {
    /// The endpoint: its host is the SNI and the Host header.
    pub endpoint: Endpoint,
    /// What the TCP connection is made to.
    pub through: Through,
}

/// What the TCP connection is made to.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Through {
    /// This address of the endpoint itself.
    Address(IpAddr),
    /// A forward proxy.
    Proxy {
        /// The proxy.
        proxy: Proxy,
        /// Which of its addresses.
        address: IpAddr,
        /// The endpoint's address, where this host has to tell the proxy one.
        target: Option<IpAddr>,
    },
}

impl Way {
    /// Straight to an address.
    pub fn direct(endpoint: &Endpoint, address: IpAddr) -> Self {
        Way { endpoint: endpoint.clone(), through: Through::Address(address) }
    }

    /// The address and port that the TCP connection is made to.
    pub fn first_hop(&self) -> SocketAddr {
        match &self.through {
            Through::Address(address) => SocketAddr::new(*address, self.endpoint.port),
            Through::Proxy { proxy, address, .. } => SocketAddr::new(*address, proxy.endpoint.port),
        }
    }

    /// As the report says it: `direct`, or the proxy.
    pub fn via(&self) -> String {
        match &self.through {
            Through::Address(_) => "direct".to_owned(),
            Through::Proxy { proxy, .. } => proxy.to_string(),
        }
    }
}

/// A TCP connection that was made, and closed again.
#[derive(Clone, Debug)]
pub struct Connected {
    /// The address of this host on it.
    pub from: SocketAddr,
}

/// A TLS handshake that completed.
#[derive(Clone, Debug)]
pub struct Handshake {
    /// `TLSv1_3`
    pub version: String,
    /// The cipher suite.
    pub cipher: String,
    /// The application protocol that was agreed on.
    pub protocol: Option<String>,
    /// The presented chain, leaf first.
    pub chain: Vec<Presented>,
    /// The chain against what this host trusts.
    pub here: Result<(), CertificateProblem>,
    /// The chain against the public roots alone.
    pub public: Result<(), CertificateProblem>,
    /// A client certificate was asked for. The handshake completed without one, which says nothing of what requests are answered.
    pub asked_for_certificate: bool,
    /// What stricter programs than OpenSSL's at its defaults refuse in the chain that holds here.
    pub doubts: Vec<Flaw>,
    /// How it ended with a first message larger than one packet, where only a smaller one was answered.
    pub small_hello_only: Option<ErrorKind>,
}

/// Which roots a request's TLS is held to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Trust {
    /// What this host trusts: the system's store and `--ca-bundle`.
    Here,
    /// The public roots alone, as `WorkOS` sees an installation.
    Public,
}

/// An HTTP request.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Request {
    /// How it reaches the endpoint.
    pub way: Way,
    /// Which roots its TLS is held to.
    pub trust: Trust,
    /// `GET`, `POST` or `DELETE`.
    pub method: Method,
    /// Path and query.
    pub path: String,
    /// Headers besides Host and User-Agent.
    pub headers: Vec<(&'static str, String)>,
    /// The key that goes into the Authorization header.
    pub bearer: Option<Secret>,
    /// The body of a POST.
    pub body: Vec<u8>,
    /// A connection of its own, made for it alone.
    pub fresh: bool,
    /// How much of the answer's body is read, in bytes.
    pub largest: usize,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A body may hold a secret, and so may a query.
        write!(f, "{:?} {} ({} bytes)", self.method, self.way.endpoint, self.body.len())
    }
}

impl Request {
    /// A GET that trusts what this host trusts.
    pub fn get(way: Way, path: impl Into<String>) -> Self {
        Request {
            way,
            trust: Trust::Here,
            method: Method::Get,
            path: path.into(),
            headers: Vec::new(),
            bearer: None,
            body: Vec::new(),
            fresh: false,
            largest: http::LARGEST_BODY,
        }
    }
}

/// An HTTP answer, in bounded size.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Headers with lower-case names, in the order they came.
    pub headers: Vec<(String, String)>,
    /// The body, as far as the request wanted it: 256 KiB unless it said otherwise.
    pub body: Vec<u8>,
    /// How the body ended.
    pub end: BodyEnd,
    /// When the head arrived, by this host's clock.
    pub at: SystemTime,
    /// The version of HTTP that was spoken.
    pub version: Version,
    /// What became of a compression that nobody asked for, if the body came in one.
    pub coding: Option<Coding>,
    /// How HTTP/2 broke on this way, if it did and HTTP/1.1 answered in its place.
    pub http2_broke: Option<String>,
}

/// A version of HTTP.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Version {
    /// HTTP/1.1, or 1.0.
    Http1,
    /// HTTP/2.
    Http2,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Version::Http1 => "HTTP/1.1",
            Version::Http2 => "HTTP/2",
        })
    }
}

/// How a body ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BodyEnd {
    /// As announced.
    Whole,
    /// It was larger than what is read.
    TooLarge,
    /// It was not there in time.
    Unfinished,
    /// The connection ended before the body did.
    Cut,
}

impl Response {
    /// The first header of this name, which is given in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }

    /// The body as text, whatever it is.
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }
}
