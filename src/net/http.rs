//! The HTTP request as a verb: along a judged way, to pinned addresses, with an answer in bounded size and time.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use reqwest::{Client, Proxy as HttpProxy, redirect};

use super::error::{ErrorKind, NetError, Phase};
use super::trust::TrustStores;
use super::{BodyEnd, Method, Request, Response, Through, Trust, Way, tls};
use crate::settings::Scheme;

/// How much of a body is read unless the request says otherwise, in bytes. The API's answers to the requests here are a few kilobytes.
pub(super) const LARGEST_BODY: usize = 256 * 1024;

/// How many headers an answer is shown with.
const MOST_HEADERS: usize = 64;

/// One client per way and trust: a connection that was judged is not shared with one that was not.
#[derive(Default)]
pub(super) struct Clients(Mutex<HashMap<(Way, Trust), Client>>);

impl Clients {
    fn of(&self, request: &Request, hop: SocketAddr, stores: &TrustStores) -> Result<Client, NetError> {
        let mut clients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (request.way.clone(), request.trust);
        if let Some(client) = clients.get(&key) {
            return Ok(client.clone());
        }
        let client = build(&request.way, request.trust, hop, stores)?;
        clients.insert(key, client.clone());
        Ok(client)
    }
}

fn build(way: &Way, trust: Trust, hop: SocketAddr, stores: &TrustStores) -> Result<Client, NetError> {
    let builder = Client::builder()
        .tls_backend_preconfigured(tls::verifying(stores, trust)?)
        .user_agent(concat!("workos-preflight/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .http1_only()
        .tcp_nodelay(true);
    let builder = match &way.through {
        Through::Address(_) => builder.no_proxy().resolve(&way.endpoint.host, hop),
        Through::Proxy { proxy, target, .. } => {
            // The address stands for the proxy's name, which has been looked up and judged already; only an https proxy
            // needs its name, for its certificate.
            let (place, builder) = match proxy.scheme {
                Scheme::Https => (proxy.endpoint.to_string(), builder.resolve(&proxy.endpoint.host, hop)),
                _ => (hop.to_string(), builder),
            };
            let builder = match target {
                Some(address) => builder.resolve(&way.endpoint.host, SocketAddr::new(*address, way.endpoint.port)),
                None => builder,
            };
            let route = HttpProxy::all(format!("{}://{place}", proxy.scheme.as_str()))
                .map_err(|error| NetError::from(&error))?;
            builder.proxy(match &proxy.credentials {
                Some(both) => route.basic_auth(both.user.expose(), both.password.expose()),
                None => route,
            })
        }
    };
    builder.build().map_err(|error| NetError::from(&error))
}

/// Sends the request to `hop`, the first address on its way, and reads the answer for at most `limit`.
pub(super) async fn fetch(
    clients: &Clients,
    request: &Request,
    hop: SocketAddr,
    stores: &TrustStores,
    limit: Duration,
) -> Result<Response, NetError> {
    let client = if request.fresh {
        build(&request.way, request.trust, hop, stores)?
    } else {
        clients.of(request, hop, stores)?
    };
    let url = request.way.endpoint.https(&request.path);
    let mut sending = match request.method {
        Method::Get => client.get(url),
        Method::Post => client.post(url).body(request.body.clone()),
        Method::Delete => client.delete(url),
    };
    for (name, value) in &request.headers {
        sending = sending.header(*name, value);
    }
    if let Some(key) = &request.bearer {
        let mut value = reqwest::header::HeaderValue::try_from(format!("Bearer {}", key.expose()))
            .map_err(|_| NetError::new(ErrorKind::Other, "the key holds characters that no header can carry"))?;
        value.set_sensitive(true);
        sending = sending.header(reqwest::header::AUTHORIZATION, value);
    }

    let end = Instant::now() + limit;
    let answer = tokio::time::timeout(limit, sending.send())
        .await
        .map_err(|_| NetError::timed_out(Phase::Answer, limit))?
        .map_err(|error| NetError::from(&error))?;
    let at = SystemTime::now();
    let headers = answer
        .headers()
        .iter()
        .take(MOST_HEADERS)
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let status = answer.status().as_u16();
    let (body, end) = body(answer, end, request.largest).await;
    Ok(Response { status, headers, body, end, at })
}

async fn body(mut answer: reqwest::Response, end: Instant, largest: usize) -> (Vec<u8>, BodyEnd) {
    let mut body = Vec::new();
    loop {
        let left = end.saturating_duration_since(Instant::now());
        match tokio::time::timeout(left, answer.chunk()).await {
            Err(_) => return (body, BodyEnd::Unfinished),
            Ok(Err(_)) => return (body, BodyEnd::Cut),
            Ok(Ok(None)) => return (body, BodyEnd::Whole),
            Ok(Ok(Some(chunk))) => {
                let room = largest.saturating_sub(body.len());
                body.extend(chunk.iter().take(room));
                if chunk.len() > room {
                    return (body, BodyEnd::TooLarge);
                }
            }
        }
    }
}
