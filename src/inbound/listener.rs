//! Receives requests at the paths that WorkOS delivers to, holds them to their signatures, and tells of them.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::header::{ALLOW, HeaderMap, HeaderValue};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ServerConfig;
use rustls::server::Acceptor;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{timeout, timeout_at};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use super::announced::announced;
use super::chain::{Announced, Said, Traced, trace};
use super::door::{self, Entry};
use super::guests::{House, Rank, Step, Visit};
use super::identity::Security;
use super::nonce::{self, ProbeSeen};
use super::noticing::Noticing;
use super::routes::{Route, accepted, bare, with_body};
use super::tally::Tally;
use crate::facts::{Facts, Origin};
use crate::secret::Secret;
use crate::workos::delivery::{self, Delivery, Purpose, Signature, Turned, TurnedAway, shown_path};
use crate::workos::signature::{self, Refusal, Rewriting, Terms};

/// The largest body that is read, in bytes. Events are a few kilobytes.
pub const LARGEST_BODY: usize = 512 * 1024;

/// The largest head that is read, in bytes.
const LARGEST_HEAD: usize = 16 * 1024;

/// A clock that is off by more makes a probe of a nonce no use, in either direction.
const PROBE_TOLERANCE: Duration = Duration::from_mins(10);

/// What the listener tells of.
#[derive(Debug)]
pub enum Heard {
    /// A request at the path of a purpose, or a signed one at another path.
    Delivery(Box<Delivery>),
    /// A `probe` that knows the nonce.
    Probe(ProbeSeen),
    /// Something else, which was turned away. Not all of it is told; all of it is counted.
    Turned(TurnedAway),
}

/// What stands at the door.
pub struct Listener {
    /// How connections are let in.
    pub entry: Entry,
    /// Where things are delivered to.
    pub routes: Vec<Route>,
    /// What a probe must know.
    pub nonce: Option<Secret>,
    /// What stands in the body of deliveries that this run caused. They are accepted, whatever is done with others.
    pub marker: Option<String>,
    /// Who is who.
    pub facts: Facts,
    /// Who is told.
    pub heard: mpsc::Sender<Heard>,
    /// Where what is turned away is counted.
    pub tally: Arc<Tally>,
}

/// A connection on its way to a request.
struct Caller {
    /// Who is at its other end.
    peer: IpAddr,
    /// What a balancer says of the sender.
    named: Announced,
    visit: Visit,
}

impl Caller {
    /// Who sent what comes, as far as is known before a request does.
    fn source(&self) -> IpAddr {
        match self.named {
            Announced::Sender(sender) => sender,
            Announced::Nobody | Announced::NotUsed => self.peer,
        }
    }
}

/// What a connection speaks, by its first bytes.
#[derive(Clone, Copy)]
enum Beginning {
    Tls,
    Proxy,
    Http,
    Other,
}

impl Beginning {
    fn of(first: &[u8]) -> Self {
        let method = first.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
        match first {
            [0x16, 0x03, ..] => Beginning::Tls,
            _ if first.starts_with(b"PROXY ") || first.starts_with(b"\r\n\r\n\0\r\nQUIT\n") => Beginning::Proxy,
            _ if method > 2 && first.get(method) == Some(&b' ') => Beginning::Http,
            _ => Beginning::Other,
        }
    }

    /// What it is where it was not understood.
    fn instead(self, tls: bool) -> Option<Turned> {
        match self {
            Beginning::Proxy => Some(Turned::Announced),
            Beginning::Tls if !tls => Some(Turned::SpeaksTls),
            Beginning::Http if tls => Some(Turned::SpeaksHttp),
            _ => None,
        }
    }
}

impl Listener {
    /// Receives until it is dropped.
    pub async fn serve(self: Arc<Self>, socket: TcpListener) {
        let (knowing, receiving, turning) = (Arc::clone(&self), Arc::clone(&self), Arc::clone(&self));
        let house = House::new(door::room(), move |who| turning.turn(Turned::Crowded, who));
        let rank = move |peer| knowing.rank(peer);
        door::admit(socket, house, rank, move |stream, peer, visit| {
            let listener = Arc::clone(&receiving);
            let caller = Caller { peer: peer.ip(), named: Announced::NotUsed, visit };
            async move { listener.receive(stream, caller).await }
        })
        .await;
    }

    fn rank(&self, address: IpAddr) -> Rank {
        if self.facts.origin(address.to_canonical()).is_workos() {
            Rank::Listed
        } else if self.entry.trusts(address) {
            Rank::Proxy
        } else {
            Rank::Stranger
        }
    }

    /// As long as nothing comes, a connection costs next to nothing here.
    async fn receive(&self, mut stream: TcpStream, mut caller: Caller) {
        let _ = stream.set_nodelay(true);
        let Some(mut begun) = self.beginning(&stream).await else { return self.turn(Turned::Mute, caller.peer) };
        if self.entry.proxy_protocol {
            if !self.entry.trusts(caller.peer) {
                return self.turn(Turned::NotThroughTheProxy, caller.peer);
            }
            match timeout(self.entry.patience, announced(&mut stream)).await {
                Ok(Ok(named)) => caller.named = named.map_or(Announced::Nobody, Announced::Sender),
                _ => return self.turn(Turned::NotAnnounced, caller.peer),
            }
            caller.visit.is_from(caller.source(), self.rank(caller.source()));
            begun = match self.beginning(&stream).await {
                Some(begun) => begun,
                None => return self.turn(Turned::Mute, caller.source()),
            };
        }
        caller.visit.reaches(Step::Speaking);
        match &self.entry.security {
            Security::Plain => {
                let unread = begun.instead(false).unwrap_or(Turned::NoRequest);
                Box::pin(self.converse(stream, &caller, Turned::Mute, unread)).await;
            }
            Security::Tls(config) => match Box::pin(self.handshake(stream, config, &caller.visit)).await {
                Some(stream) => {
                    Box::pin(self.converse(stream, &caller, Turned::HandshakeOnly, Turned::NoRequest)).await;
                }
                None => self.turn(begun.instead(true).unwrap_or(Turned::NoHandshake), caller.source()),
            },
        }
    }

    /// How it begins, if something comes at all.
    async fn beginning(&self, stream: &TcpStream) -> Option<Beginning> {
        let mut first = [0; 16];
        let seen = timeout(self.entry.patience, stream.peek(&mut first)).await;
        let length = seen.ok()?.ok().filter(|length| *length > 0)?;
        Some(Beginning::of(first.get(..length)?))
    }

    async fn handshake(
        &self,
        stream: TcpStream,
        config: &Arc<ServerConfig>,
        visit: &Visit,
    ) -> Option<TlsStream<TcpStream>> {
        let end = tokio::time::Instant::now() + self.entry.patience;
        let greeting = LazyConfigAcceptor::new(Acceptor::default(), stream);
        let begun = timeout_at(end, greeting).await.ok()?.ok()?;
        visit.reaches(Step::Greeting);
        timeout_at(end, begun.into_stream(Arc::clone(config))).await.ok()?.ok()
    }

    /// One request, and its answer; then the connection is closed. `mute` is what one is that asks for nothing,
    /// `unread` one that asks for it in another way.
    async fn converse(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin,
        caller: &Caller,
        mute: Turned,
        unread: Turned,
    ) {
        caller.visit.reaches(Step::Secured);
        let (asked, brought) = (AtomicBool::new(false), AtomicBool::new(false));
        let service = service_fn(async |request: Request<Incoming>| {
            asked.store(true, Ordering::Relaxed);
            Ok::<_, Infallible>(self.answer(request, caller).await)
        });
        let visit = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.entry.patience)
            .max_buf_size(LARGEST_HEAD)
            .keep_alive(false)
            .auto_date_header(false)
            .serve_connection(TokioIo::new(Noticing::new(stream, &brought)), service);
        // Head, body and an answer that is not fetched: each has its turn, and then it is over.
        let _ = timeout(self.entry.patience * 3, visit).await;
        match (asked.into_inner(), brought.into_inner()) {
            (true, _) => {}
            (false, true) => self.turn(unread, caller.source()),
            (false, false) => self.turn(mute, caller.source()),
        }
    }

    async fn answer(&self, request: Request<Incoming>, caller: &Caller) -> Response<Full<Bytes>> {
        let (at, begun) = (SystemTime::now(), Instant::now());
        let said = Said { announced: caller.named, headers: request.headers() };
        let traced = trace(caller.peer, &said, &self.entry.trusted_proxies);
        caller.visit.is_from(traced.source, self.rank(traced.source));
        caller.visit.reaches(Step::Asking);
        let probing = self.nonce.as_ref().filter(|_| request.headers().contains_key(nonce::HEADER));
        let route = self.routes.iter().find(|route| route.path == request.uri().path());
        let signed = request.method() == Method::POST && request.headers().contains_key(signature::HEADER);
        if route.is_none() && !signed {
            self.turn_at(Turned::OtherPath, traced.source, request.uri().path());
            return bare(StatusCode::NOT_FOUND);
        }
        if request.method() != Method::POST {
            self.turn(Turned::OtherMethod, traced.source);
            let mut response = bare(StatusCode::METHOD_NOT_ALLOWED);
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
            return response;
        }
        let (head, body) = request.into_parts();
        let body = match self.body(body, traced.source, &caller.visit).await {
            Ok(body) => body,
            Err(status) => return bare(status),
        };
        caller.visit.reaches(Step::Heard);
        if let (Some(secret), Some(_)) = (probing, route) {
            return self.meet_probe(secret, &head.headers, &body, traced).await;
        }
        let now = signature::milliseconds(at);
        let (path, query) = (head.uri.path(), head.uri.query().unwrap_or_default());
        let (purpose, signature) = match route {
            Some(route) => (route.purpose, self.verdict(route, query, &head.headers, &body, now)),
            None => {
                if let Some((purpose, verified)) = self.owner(&head.headers, &body, now) {
                    (purpose, Signature::Holds(verified))
                } else {
                    self.turn_at(Turned::OtherPath, traced.source, path);
                    return bare(StatusCode::NOT_FOUND);
                }
            }
        };
        let genuine = matches!(signature, Signature::Holds(_));
        let marked = self.marker.as_ref().is_some_and(|marker| contains(&body, marker.as_bytes()));
        let own = marked && genuine;
        let event = delivery::event(&body);
        let response = match route {
            None => bare(StatusCode::NOT_FOUND),
            Some(route) if genuine => accepted(route, own, event.as_ref()),
            Some(_) => bare(StatusCode::UNAUTHORIZED),
        };
        if event.as_ref().is_some_and(|event| event.name.starts_with(delivery::OWN_EVENTS)) {
            // It is answered as anything else is, and is no delivery of WorkOS.
            self.turn(Turned::OwnCheck, traced.source);
            return response;
        }
        let delivery = Delivery {
            purpose,
            astray: route.is_none().then(|| shown_path(path)),
            at,
            source: traced.source,
            peer: traced.peer,
            chain: traced.told,
            unnamed: traced.unnamed,
            origin: self.facts.origin(traced.source),
            signature,
            event,
            own,
            resembles_own: marked && !genuine,
            bytes: body.len(),
            answered: response.status().as_u16(),
            took: begun.elapsed(),
        };
        let matters = delivery.origin != Origin::Unlisted || genuine || marked;
        self.tell(Heard::Delivery(Box::new(delivery)), matters).await;
        response
    }

    /// The whole body, of which no more is held than there is room for.
    async fn body(&self, mut body: Incoming, source: IpAddr, visit: &Visit) -> Result<Bytes, StatusCode> {
        let too_large = || {
            self.turn(Turned::TooLarge, source);
            StatusCode::PAYLOAD_TOO_LARGE
        };
        if body.size_hint().lower() > LARGEST_BODY as u64 {
            return Err(too_large());
        }
        let end = tokio::time::Instant::now() + self.entry.patience;
        let mut whole = Vec::new();
        loop {
            match timeout_at(end, body.frame()).await {
                Ok(Some(Ok(frame))) => {
                    let Ok(data) = frame.into_data() else { continue };
                    if whole.len() + data.len() > LARGEST_BODY {
                        return Err(too_large());
                    }
                    whole.extend_from_slice(&data);
                    visit.holds(whole.len());
                }
                Ok(None) => return Ok(whole.into()),
                Ok(Some(Err(_))) | Err(_) => {
                    self.turn(Turned::BodyMissing, source);
                    return Err(StatusCode::REQUEST_TIMEOUT);
                }
            }
        }
    }

    /// Tells a probe that knows the nonce whom it was seen as, signed with the nonce. One that does not is nobody.
    async fn meet_probe(
        &self,
        secret: &Secret,
        headers: &HeaderMap,
        body: &Bytes,
        traced: Traced,
    ) -> Response<Full<Bytes>> {
        let now = signature::milliseconds(SystemTime::now());
        let header = headers.get(nonce::HEADER).and_then(|value| value.to_str().ok());
        let terms = Terms { secret, others: &[], now, tolerance: PROBE_TOLERANCE };
        let mut whole = signature::verify(header, body, terms);
        // What a probe sends is known, so whatever else arrives with a signature of it was changed on the way.
        if matches!(whole, Err(Refusal::NoMatch { .. }))
            && signature::verify(header, nonce::BODY.as_bytes(), terms).is_ok()
        {
            whole = Err(Refusal::Rewritten(Rewriting::Otherwise));
        }
        if !matches!(whole, Ok(_) | Err(Refusal::Rewritten(_) | Refusal::TooOld(_) | Refusal::FromTheFuture(_))) {
            self.turn(Turned::OtherNonce, traced.source);
            return bare(StatusCode::NOT_FOUND);
        }
        let seen = ProbeSeen { traced, whole };
        let told = serde_json::to_vec(&seen.told()).unwrap_or_default();
        let mut response = with_body(StatusCode::OK, told.clone());
        if let Ok(value) = HeaderValue::try_from(signature::sign(secret, now, &told)) {
            response.headers_mut().insert(nonce::HEADER, value);
        }
        self.tell(Heard::Probe(seen), true).await;
        response
    }

    /// Holds a delivery to the secret of its endpoint; one that belongs to another path is told for what it is.
    fn verdict(&self, route: &Route, query: &str, headers: &HeaderMap, body: &[u8], now: u64) -> Signature {
        let header = headers.get(signature::HEADER).and_then(|value| value.to_str().ok());
        let tolerance = tolerance(route.purpose);
        // What stands before this host may have dropped the query.
        let marked = route.keys.marked();
        let plain = |secret| Terms { secret, others: &[], now, tolerance };
        let held = marked.iter().find_map(|(_, secret)| signature::verify(header, body, plain(secret)).ok());
        if let Some(verified) = held {
            return Signature::Holds(verified);
        }
        let Some(secret) = route.keys.of_query(query) else {
            return header.map_or(Signature::Refused(Refusal::Missing), |_| Signature::Unchecked);
        };
        let others = self.routes.iter().filter(|other| other.purpose != route.purpose);
        let others: Vec<(&'static str, &Secret)> =
            others.filter_map(|other| Some((other.purpose.whose(), other.keys.usual.as_ref()?))).collect();
        match signature::verify(header, body, Terms { secret: &secret, others: &others, now, tolerance }) {
            Ok(verified) => Signature::Holds(verified),
            Err(why) => Signature::Refused(why),
        }
    }

    /// Whose signature holds for something that came to none of the paths: a path that is written differently elsewhere, or a
    /// proxy that takes a part of it away, is no reason to take it for nobody's.
    fn owner(&self, headers: &HeaderMap, body: &[u8], now: u64) -> Option<(Purpose, signature::Verified)> {
        let header = headers.get(signature::HEADER).and_then(|value| value.to_str().ok());
        self.routes.iter().find_map(|route| {
            let keys = route.keys.marked().into_iter().map(|(_, secret)| secret).chain(route.keys.usual.clone());
            let tolerance = tolerance(route.purpose);
            let holds = |secret: Secret| {
                signature::verify(header, body, Terms { secret: &secret, others: &[], now, tolerance }).ok()
            };
            keys.map(holds).find_map(|verified| Some((route.purpose, verified?)))
        })
    }

    fn turn(&self, why: Turned, source: IpAddr) {
        self.turn_away(TurnedAway { why, source: source.to_canonical(), count: 1, path: None });
    }

    fn turn_at(&self, why: Turned, source: IpAddr, path: &str) {
        let path = Some(shown_path(path));
        self.turn_away(TurnedAway { why, source: source.to_canonical(), count: 1, path });
    }

    fn turn_away(&self, away: TurnedAway) {
        if self.tally.count(&away, &self.facts) {
            // What nobody has time to hear of is counted all the same.
            let _ = self.heard.try_send(Heard::Turned(away));
        }
    }

    /// What matters is told even if that takes a while; the rest only where there is time for it.
    async fn tell(&self, heard: Heard, matters: bool) {
        if matters {
            let _ = self.heard.send(heard).await;
        } else {
            let _ = self.heard.try_send(heard);
        }
    }
}

/// How far the time of a signature may be off.
fn tolerance(purpose: Purpose) -> Duration {
    match purpose {
        Purpose::Webhook => signature::WEBHOOK_TOLERANCE,
        Purpose::Action => signature::ACTION_TOLERANCE,
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
