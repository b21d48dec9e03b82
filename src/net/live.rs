//! The network as it is.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio::time::timeout;

use super::error::{ErrorKind, NetError, Phase};
use super::hello::{self, Besides, Hello, Hellos, Takes};
use super::line::Line;
use super::lines::{Http2, Lines, is_silence};
use super::stream::Stream;
use super::tls::{Offer, Session};
use super::trust::TrustStores;
use super::underway::waits_for;
use super::{
    Asking, Attempted, BodyEnd, Connected, Handshake, Network, Question, Records, Request, Response, Through, Version,
    Way, dns, http, socks, tls, tunnel,
};
use crate::host;
use crate::settings::Scheme;

/// The bounds of one attempt.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How long each step of an attempt may take: the connection, the handshake, the answer.
    pub attempt: Duration,
}

/// Longer than this no client of `WorkOS`'s waits for a name.
pub const LONGEST_LOOKUP: Duration = Duration::from_secs(30);

/// Where played addresses really are: the map of the embedded demonstration.
pub type Places = HashMap<SocketAddr, SocketAddr>;

/// The network as it is, or, for a demonstration, the one that is played on loopback.
pub struct Live {
    limits: Limits,
    stores: TrustStores,
    places: Option<Places>,
    /// Sessions that were looked at, and that requests go on with: what was judged is what the request uses.
    lines: Lines,
    /// Where only the small first message of TLS is answered.
    hellos: Hellos,
    /// Connections that were made to see whether they can be, and that the handshake goes on with: it saves a round trip,
    /// and the handshake is looked at on a connection that is known to stand.
    standing: Mutex<HashMap<Way, Stream>>,
    /// The file, if there is one, on which the C library must not be set, and why.
    endless: OnceCell<Option<(&'static str, String)>>,
}

impl Live {
    /// The network as it is.
    pub fn new(limits: Limits, stores: TrustStores) -> Self {
        Self::on(limits, stores, None)
    }

    /// A network in which only these addresses exist. Nothing else is contacted.
    pub fn played(limits: Limits, stores: TrustStores, places: Places) -> Self {
        Self::on(limits, stores, Some(places))
    }

    fn on(limits: Limits, stores: TrustStores, places: Option<Places>) -> Self {
        Live {
            limits,
            stores,
            places,
            lines: Lines::default(),
            hellos: Hellos::default(),
            standing: Mutex::default(),
            endless: OnceCell::new(),
        }
    }

    /// Where an address really is.
    fn place(&self, address: SocketAddr) -> Result<SocketAddr, NetError> {
        match &self.places {
            None => Ok(address),
            Some(places) => places.get(&address).copied().ok_or_else(|| {
                NetError::new(ErrorKind::NoRoute, format!("{address} does not exist in this demonstration"))
            }),
        }
    }

    async fn stream(&self, way: &Way) -> Result<Stream, NetError> {
        let hop = self.place(way.first_hop())?;
        let limit = self.limits.attempt;
        waits_for(Phase::Connect);
        let tcp =
            timeout(limit, TcpStream::connect(hop)).await.map_err(|_| NetError::timed_out(Phase::Connect, limit))??;
        tcp.set_nodelay(true)?;
        let Through::Proxy { proxy, target, .. } = &way.through else { return Ok(Stream::Plain(tcp)) };
        let mut stream = match proxy.scheme {
            Scheme::Https => {
                waits_for(Phase::ProxyHandshake);
                timeout(limit, tls::to_proxy(tcp, &proxy.endpoint.host, &self.stores))
                    .await
                    .map_err(|_| NetError::timed_out(Phase::ProxyHandshake, limit))??
            }
            _ => Stream::Plain(tcp),
        };
        waits_for(Phase::Tunnel);
        let tunnel = async {
            match proxy.scheme {
                Scheme::Http | Scheme::Https => {
                    tunnel::connect(&mut stream, proxy, &way.endpoint).await?;
                }
                Scheme::Socks5 | Scheme::Socks5h => socks::open(&mut stream, proxy, &way.endpoint, *target).await?,
            }
            Ok(stream)
        };
        timeout(limit, tunnel).await.map_err(|_| NetError::timed_out(Phase::Tunnel, limit))?
    }

    /// Looked for once, where a file system that hangs holds up nothing else.
    async fn endless_file(&self) -> &Option<(&'static str, String)> {
        let look = || host::endless_file().map(|(file, why)| (file, why.to_string()));
        self.endless.get_or_init(|| async { tokio::task::spawn_blocking(look).await.unwrap_or_default() }).await
    }

    async fn resolve_now(&self, name: &str) -> Result<Vec<IpAddr>, NetError> {
        if self.places.is_some() {
            return Err(NetError::new(
                ErrorKind::NotResolved,
                "the system's resolution has no part in a demonstration",
            ));
        }
        // The C library has limits of its own, which are what an application waits; this one is for what has none.
        let found = timeout(LONGEST_LOOKUP, async {
            if let Some((file, why)) = self.endless_file().await {
                return Err(NetError::new(
                    ErrorKind::Endless(file),
                    format!("{file} cannot be read to its end: {why}"),
                ));
            }
            Ok(tokio::net::lookup_host((name, 0)).await)
        });
        match found.await.map_err(|_| NetError::timed_out(Phase::Lookup, LONGEST_LOOKUP))?? {
            Ok(addresses) => {
                let mut unique = Vec::new();
                for address in addresses.map(|address| address.ip()) {
                    if !unique.contains(&address) {
                        unique.push(address);
                    }
                }
                Ok(unique)
            }
            // getaddrinfo's own codes come without errno, so the resolvers are asked for the cause.
            Err(error) => Err(NetError::new(ErrorKind::NotResolved, error.to_string())),
        }
    }

    async fn ask_now(&self, question: &Question) -> Result<Records, NetError> {
        let server = self.place(question.server)?;
        dns::ask(server, question, self.limits.attempt).await
    }

    async fn connect_now(&self, way: &Way) -> Result<Connected, NetError> {
        let stream = self.stream(way).await?;
        let from = stream.tcp().local_addr()?;
        self.standing.lock().unwrap_or_else(PoisonError::into_inner).insert(way.clone(), stream);
        Ok(Connected { from })
    }

    async fn handshake_now(&self, way: &Way) -> Result<Handshake, NetError> {
        let standing = self.standing.lock().unwrap_or_else(PoisonError::into_inner).remove(way);
        let stream = match standing {
            Some(stream) => stream,
            None => self.stream(way).await?,
        };
        let session = self.shake(stream, way, Offer::Both).await?;
        let seen = session.seen.clone();
        if let Some(session) = session.settled().await? {
            self.lines.shaken(way, session);
        }
        Ok(seen)
    }

    /// Every TLS session to an endpoint begins here, so that what is judged and what is used say the same hello: the large
    /// one, and the small one where only that is answered.
    async fn shake(&self, stream: Stream, way: &Way, offer: Offer) -> Result<Session, NetError> {
        let limit = self.limits.attempt;
        match self.hellos.taken(&way.endpoint) {
            Some(Takes::SmallOnly(how)) => {
                let mut session = self.hello(stream, way, offer, Hello::Small, limit).await?;
                session.seen.small_hello_only = Some(how);
                return Ok(session);
            }
            // A second try would hide that some connections are lost.
            Some(Takes::Large) => return self.hello(stream, way, offer, Hello::Large, limit).await,
            None => {}
        }
        let answered = |session| {
            self.hellos.note(&way.endpoint, Takes::Large);
            Ok(session)
        };
        let large = self.hello(stream, way, offer, Hello::Large, limit);
        tokio::pin!(large);
        // The small one is tried beside a large one that stays unanswered, so that both have been tried within one time.
        let half = limit / 2;
        let (failed, small) = match timeout(half, &mut large).await {
            Ok(Ok(session)) => return answered(session),
            Ok(Err(failed)) if hello::may_be_its_size(&failed.kind) => {
                (failed, self.fresh_hello(way, offer, Hello::Small, limit).await)
            }
            Ok(Err(failed)) => return Err(failed),
            Err(_) => {
                let small = self.fresh_hello(way, offer, Hello::Small, half);
                match tokio::join!(large, small) {
                    (Ok(session), _) => return answered(session),
                    (Err(failed), small) => (failed, small),
                }
            }
        };
        let Ok(mut session) = small else { return Err(self.beyond(way, failed, half).await) };
        // Once more, so that chance is not taken for the size.
        if let Ok(session) = self.fresh_hello(way, offer, Hello::Large, half).await {
            return answered(session);
        }
        self.hellos.note(&way.endpoint, Takes::SmallOnly(failed.kind.clone()));
        session.seen.small_hello_only = Some(failed.kind);
        Ok(session)
    }

    async fn hello(
        &self,
        stream: Stream,
        way: &Way,
        offer: Offer,
        hello: Hello,
        limit: Duration,
    ) -> Result<Session, NetError> {
        waits_for(Phase::Handshake);
        timeout(limit, tls::handshake(stream, &way.endpoint.host, &self.stores, offer, hello))
            .await
            .map_err(|_| NetError::timed_out(Phase::Handshake, self.limits.attempt))?
    }

    async fn fresh_hello(&self, way: &Way, offer: Offer, hello: Hello, limit: Duration) -> Result<Session, NetError> {
        let stream = timeout(limit, self.stream(way))
            .await
            .map_err(|_| NetError::timed_out(Phase::Connect, self.limits.attempt))??;
        self.hello(stream, way, offer, hello, limit).await
    }

    /// Where both first messages are refused, others say whether OpenSSL would be answered: then it is this tool that lacks
    /// something.
    async fn beyond(&self, way: &Way, failed: NetError, limit: Duration) -> NetError {
        if matches!(failed.kind, ErrorKind::TimedOut(_)) {
            return failed;
        }
        for besides in [Besides::Groups, Besides::Suites] {
            let asked = async {
                let stream = self.stream(way).await.ok()?;
                hello::taken_from_openssl(stream, &way.endpoint.host, besides).await
            };
            if let Ok(Some(taken)) = timeout(limit, asked).await {
                return NetError::new(ErrorKind::Beyond(taken), failed.detail);
            }
        }
        failed
    }

    /// The answer over HTTP/2 where both sides have it, and over HTTP/1.1 where HTTP/2 breaks on the way.
    async fn fetch_now(&self, request: &Request) -> Result<Response, NetError> {
        let way = &request.way;
        let known = self.lines.http2(way);
        if let Http2::Broke(how) = known {
            let answer = self.exchange(request, Offer::Http1).await.map_err(|failed| failed.error)?;
            return Ok(Response { http2_broke: Some(how), ..answer });
        }
        let first = self.exchange(request, Offer::Both).await;
        let Some(how) = broke(&first) else {
            if matches!(&first, Ok(answer) if answer.version == Version::Http2) {
                self.lines.learn(way, Http2::Works);
            }
            return first.map_err(|failed| failed.error);
        };
        // Where it has worked, it is not HTTP/2 that breaks.
        if known == Http2::Works || (known == Http2::Silent && how.silent) {
            return first.map_err(|failed| failed.error);
        }
        match self.exchange(request, Offer::Http1).await {
            Ok(answer) if answer.end == BodyEnd::Whole => {
                self.lines.forget_http2(way);
                self.lines.learn(way, Http2::Broke(how.words.clone()));
                Ok(Response { http2_broke: Some(how.words), ..answer })
            }
            // HTTP/1.1 does no better, so HTTP/2 is not the cause.
            _ => {
                if how.silent {
                    self.lines.learn(way, Http2::Silent);
                }
                first.map_err(|failed| failed.error)
            }
        }
    }

    async fn exchange(&self, request: &Request, offer: Offer) -> Result<Response, Failed> {
        let way = &request.way;
        loop {
            let line = self.line(request, offer).await.map_err(|error| Failed { error, over: None })?;
            let over = Some(line.version());
            line.trusted(request.trust).map_err(|error| Failed { error, over: None })?;
            waits_for(Phase::Answer);
            let answer = http::ask(&line, request, self.limits.attempt).await;
            match answer {
                Ok(answer) => {
                    if !request.fresh && (answer.end == BodyEnd::Whole || answer.version == Version::Http2) {
                        self.lines.give_back(way, &line);
                    }
                    return Ok(answer);
                }
                Err(failed) => {
                    self.lines.forget(way, &line);
                    // The other side may have closed it while it stood idle. Each turn uses up one that did.
                    if line.stood_idle() && !is_silence(&failed) {
                        continue;
                    }
                    return Err(Failed { error: failed, over });
                }
            }
        }
    }

    /// A line for the request: one that stands, or one made for it.
    async fn line(&self, request: &Request, offer: Offer) -> Result<Line, NetError> {
        let (way, limit) = (&request.way, self.limits.attempt);
        if !request.fresh {
            if let Some(line) = self.lines.take(way, offer) {
                return Ok(line);
            }
            if let Some(session) = self.lines.take_shaken(way, offer) {
                return Ok(Line::open(session, limit).await?.after_idling());
            }
        }
        let stream = self.stream(way).await?;
        Line::open(self.shake(stream, way, offer).await?, limit).await
    }
}

/// A request without an answer.
struct Failed {
    error: NetError,
    /// What was spoken, where it came to that.
    over: Option<Version>,
}

/// How HTTP/2 let a request down.
struct Broke {
    words: String,
    silent: bool,
}

fn broke(ended: &Result<Response, Failed>) -> Option<Broke> {
    match ended {
        Err(Failed { error, over: Some(Version::Http2) }) => {
            Some(Broke { words: error.detail.clone(), silent: is_silence(error) })
        }
        Ok(Response { version: Version::Http2, end: BodyEnd::Cut, .. }) => {
            Some(Broke { words: "the answer broke off".to_owned(), silent: false })
        }
        Ok(Response { version: Version::Http2, end: BodyEnd::Unfinished, .. }) => {
            Some(Broke { words: "the answer began and did not end".to_owned(), silent: true })
        }
        _ => None,
    }
}

/// Counts one attempt and its time.
async fn once<T>(attempt: impl Future<Output = Result<T, NetError>>) -> Attempted<T> {
    let started = Instant::now();
    let result = attempt.await;
    Attempted { result, attempts: 1, took: started.elapsed() }
}

impl Network for Live {
    fn resolve<'a>(&'a self, name: &'a str) -> Asking<'a, Vec<IpAddr>> {
        Box::pin(once(self.resolve_now(name)))
    }

    fn ask<'a>(&'a self, question: &'a Question) -> Asking<'a, Records> {
        Box::pin(once(self.ask_now(question)))
    }

    fn connect<'a>(&'a self, way: &'a Way) -> Asking<'a, Connected> {
        Box::pin(once(self.connect_now(way)))
    }

    fn handshake<'a>(&'a self, way: &'a Way) -> Asking<'a, Handshake> {
        Box::pin(once(self.handshake_now(way)))
    }

    fn fetch<'a>(&'a self, request: &'a Request) -> Asking<'a, Response> {
        Box::pin(once(self.fetch_now(request)))
    }
}
