//! Receives requests at the paths that WorkOS delivers to, holds them to their signatures, and tells of them.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Body, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::announced::announced;
use super::chain::{Announced, Said, Traced, trace};
use super::door::{self, Entry};
use super::identity::Security;
use super::nonce::{self, ProbeSeen};
use crate::facts::Facts;
use crate::secret::Secret;
use crate::workos::delivery::{self, Delivery, Event, Purpose, Signature, Turned};
use crate::workos::signature::{self, Refusal, Rewriting, Terms};

/// The largest body that is read, in bytes. Events are a few kilobytes.
pub const LARGEST_BODY: usize = 512 * 1024;

/// The largest head that is read, in bytes.
const LARGEST_HEAD: usize = 16 * 1024;

/// A clock that is off by more makes a probe of a nonce no use, in either direction.
const PROBE_TOLERANCE: Duration = Duration::from_secs(600);

/// A path that something is delivered to.
pub struct Route {
    /// The path, without a query.
    pub path: String,
    /// What it is for.
    pub purpose: Purpose,
    /// What its signatures are held to.
    pub keys: Arc<Keys>,
    /// What a genuine delivery is answered with.
    pub answering: Answering,
}

/// The secret that deliveries to a path are signed with, and those of endpoints that a mark in the query tells apart. These
/// can come while the door is open.
#[derive(Default)]
pub struct Keys {
    usual: Option<Secret>,
    marked: Mutex<Vec<(String, Secret)>>,
}

impl Keys {
    /// Begins with this secret, if there is one.
    pub fn of(secret: Option<Secret>) -> Arc<Self> {
        Arc::new(Keys { usual: secret, marked: Mutex::default() })
    }

    /// Takes in the secret of an endpoint whose URL has this mark in its query.
    pub fn add(&self, mark: &str, secret: Secret) {
        self.marked.lock().unwrap_or_else(PoisonError::into_inner).push((mark.to_owned(), secret));
    }

    /// The secret that a delivery should be signed with, by its query.
    fn of_query(&self, query: &str) -> Option<Secret> {
        let own = self.marked().into_iter().find(|(mark, _)| query.contains(mark.as_str())).map(|(_, secret)| secret);
        own.or_else(|| self.usual.clone())
    }

    fn marked(&self) -> Vec<(String, Secret)> {
        self.marked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What a genuine delivery is answered with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answering {
    /// 200: it is taken, and the application will not see it.
    Accept,
    /// 503: it is to be delivered again, to the application.
    Defer,
    /// For an Action: 200 and a signed Allow.
    Allow,
}

/// What the listener tells of.
#[derive(Debug)]
pub enum Heard {
    /// A request at the path of a purpose.
    Delivery(Box<Delivery>),
    /// A `probe` that knows the nonce.
    Probe(ProbeSeen),
    /// Something else, which was turned away.
    Turned(Turned, IpAddr),
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
}

impl Listener {
    /// Receives until it is dropped.
    pub async fn serve(self: Arc<Self>, socket: TcpListener) {
        let (of_peer, receiving) = (Arc::clone(&self), Arc::clone(&self));
        let is_expected =
            move |peer: IpAddr| of_peer.facts.origin(peer.to_canonical()).is_workos() || of_peer.entry.trusts(peer);
        let turning = Arc::clone(&self);
        let crowded = move |peer: IpAddr| turning.turn(Turned::Crowded, peer);
        door::admit(socket, is_expected, crowded, move |stream, peer, heard| {
            let listener = Arc::clone(&receiving);
            async move { listener.receive(stream, peer.ip(), &heard).await }
        })
        .await;
    }

    async fn receive(&self, mut stream: TcpStream, peer: IpAddr, heard: &AtomicBool) {
        let _ = stream.set_nodelay(true);
        let mut named = Announced::NotUsed;
        if self.entry.proxy_protocol {
            if !self.entry.trusts(peer) {
                return self.turn(Turned::NotThroughTheProxy, peer);
            }
            match timeout(self.entry.patience, announced(&mut stream)).await {
                Ok(Ok(announced)) => named = announced.map_or(Announced::Nobody, Announced::Sender),
                _ => return self.turn(Turned::NotAnnounced, peer),
            }
        }
        match &self.entry.security {
            Security::Plain => self.converse(stream, peer, named, heard).await,
            Security::Tls(acceptor) => match timeout(self.entry.patience, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => self.converse(stream, peer, named, heard).await,
                _ => self.turn(Turned::NoHandshake, peer),
            },
        }
    }

    /// One request, and its answer; then the connection is closed.
    async fn converse(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin,
        peer: IpAddr,
        named: Announced,
        heard: &AtomicBool,
    ) {
        // The head alone; the door is told of whole requests.
        let spoke = AtomicBool::new(false);
        let service = service_fn(async |request: Request<Incoming>| {
            spoke.store(true, Ordering::Relaxed);
            Ok::<_, Infallible>(self.answer(request, peer, named, heard).await)
        });
        let visit = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.entry.patience)
            .max_buf_size(LARGEST_HEAD)
            .keep_alive(false)
            .auto_date_header(false)
            .serve_connection(TokioIo::new(stream), service);
        // Head, body and an answer that is not fetched: each has its turn, and then it is over.
        let ended = timeout(self.entry.patience * 3, visit).await;
        if !spoke.load(Ordering::Relaxed) && !matches!(ended, Ok(Ok(()))) {
            self.turn(Turned::NoRequest, peer);
        }
    }

    async fn answer(
        &self,
        request: Request<Incoming>,
        peer: IpAddr,
        named: Announced,
        whole: &AtomicBool,
    ) -> Response<Full<Bytes>> {
        let (at, begun) = (SystemTime::now(), Instant::now());
        let traced = trace(peer, &Said { announced: named, headers: request.headers() }, &self.entry.trusted_proxies);
        let probing = self.nonce.as_ref().filter(|_| request.headers().contains_key(nonce::HEADER));
        let route = self.routes.iter().find(|route| route.path == request.uri().path());
        let Some(route) = route else {
            self.turn(Turned::OtherPath, traced.source);
            return bare(StatusCode::NOT_FOUND);
        };
        if request.method() != Method::POST {
            self.turn(Turned::OtherMethod, traced.source);
            let mut response = bare(StatusCode::METHOD_NOT_ALLOWED);
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
            return response;
        }
        let (head, body) = request.into_parts();
        let body = match self.body(body, traced.source).await {
            Ok(body) => body,
            Err(status) => return bare(status),
        };
        whole.store(true, Ordering::Relaxed);
        if let Some(secret) = probing {
            return self.meet_probe(secret, &head.headers, &body, traced).await;
        }
        let query = head.uri.query().unwrap_or_default();
        let signature = self.verdict(route, query, &head.headers, &body, signature::milliseconds(at));
        let genuine = matches!(signature, Signature::Holds(_));
        let marked = self.marker.as_ref().is_some_and(|marker| contains(&body, marker.as_bytes()));
        let own = marked && genuine;
        let event = delivery::event(&body);
        let response = if genuine { accepted(route, own, event.as_ref()) } else { bare(StatusCode::UNAUTHORIZED) };
        if event.as_ref().is_some_and(|event| event.name.starts_with(delivery::OWN_EVENTS)) {
            // It is answered as anything else is, and is no delivery of WorkOS.
            self.turn(Turned::OwnCheck, traced.source);
            return response;
        }
        let delivery = Delivery {
            purpose: route.purpose,
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
        self.tell(Heard::Delivery(Box::new(delivery)), genuine).await;
        response
    }

    async fn body(&self, body: Incoming, source: IpAddr) -> Result<Bytes, StatusCode> {
        if body.size_hint().lower() > LARGEST_BODY as u64 {
            self.turn(Turned::TooLarge, source);
            return Err(StatusCode::PAYLOAD_TOO_LARGE);
        }
        match timeout(self.entry.patience, Limited::new(body, LARGEST_BODY).collect()).await {
            Ok(Ok(body)) => Ok(body.to_bytes()),
            Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => {
                self.turn(Turned::TooLarge, source);
                Err(StatusCode::PAYLOAD_TOO_LARGE)
            }
            _ => {
                self.turn(Turned::BodyMissing, source);
                Err(StatusCode::REQUEST_TIMEOUT)
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
        let tolerance = match route.purpose {
            Purpose::Webhook => signature::WEBHOOK_TOLERANCE,
            Purpose::Action => signature::ACTION_TOLERANCE,
        };
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

    fn turn(&self, why: Turned, source: IpAddr) {
        // What nobody has time to hear of is not told: it is only counted anyway.
        let _ = self.heard.try_send(Heard::Turned(why, source.to_canonical()));
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

fn accepted(route: &Route, own: bool, event: Option<&Event>) -> Response<Full<Bytes>> {
    match route.answering {
        Answering::Allow => allow(route, event),
        Answering::Defer if !own => {
            let mut response = bare(StatusCode::SERVICE_UNAVAILABLE);
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("300"));
            response
        }
        Answering::Accept | Answering::Defer => bare(StatusCode::OK),
    }
}

/// The answer that lets a sign-in or a registration go on, signed with the Action's secret (facts §4.5).
fn allow(route: &Route, event: Option<&Event>) -> Response<Full<Bytes>> {
    let registration = event.is_some_and(|event| event.name.starts_with("user_registration"));
    let object = if registration { "user_registration_action_response" } else { "authentication_action_response" };
    let now = signature::milliseconds(SystemTime::now());
    // The signed text is the payload as it is sent, so the answer is put together around it.
    let payload = json!({ "timestamp": now, "verdict": "Allow" }).to_string();
    let Some(secret) = &route.keys.usual else { return bare(StatusCode::SERVICE_UNAVAILABLE) };
    let signature = signature::code_of(secret, now, payload.as_bytes());
    let text = format!(r#"{{"object":"{object}","payload":{payload},"signature":"{signature}"}}"#);
    with_body(StatusCode::OK, text.into_bytes())
}

fn bare(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::new()));
    *response.status_mut() = status;
    response
}

fn with_body(status: StatusCode, body: Vec<u8>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
