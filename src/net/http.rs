//! The HTTP request as a verb: over a line that was judged, with an answer in bounded size and time.
//!
//! Requests and answers are reqwest's. Its client is not used: it makes connections of its own, which could be other ones
//! than those that were judged.

use std::time::{Duration, Instant, SystemTime};

use reqwest::Body;
use reqwest::header::{ACCEPT, AUTHORIZATION, HOST, HeaderName, HeaderValue, USER_AGENT};

use super::error::{ErrorKind, NetError, Phase};
use super::line::Line;
use super::{BodyEnd, Method, Request, Response, Version, coding};

/// How much of a body is read unless the request says otherwise, in bytes. The API's answers to the requests here are a few kilobytes.
pub(super) const LARGEST_BODY: usize = 256 * 1024;

/// How many headers an answer is shown with.
const MOST_HEADERS: usize = 64;

/// Sends the request over the line, and reads the answer for at most `limit`.
pub(super) async fn ask(line: &Line, request: &Request, limit: Duration) -> Result<Response, NetError> {
    let written = written(request, line.version())?;
    let end = Instant::now() + limit;
    let answer = tokio::time::timeout(limit, line.send(written))
        .await
        .map_err(|_| NetError::timed_out(Phase::Answer, limit))??;
    let at = SystemTime::now();
    let answer = reqwest::Response::from(answer.map(Body::wrap));
    let headers: Vec<(String, String)> = answer
        .headers()
        .iter()
        .take(MOST_HEADERS)
        .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let status = answer.status().as_u16();
    let (body, end) = body(answer, end, request.largest).await;
    let named = headers.iter().filter(|(name, _)| name == "content-encoding").map(|(_, value)| value.as_str());
    let plain = coding::undo(body, named, request.largest, end == BodyEnd::Whole);
    let end = if plain.more { BodyEnd::TooLarge } else { end };
    Ok(Response {
        status,
        headers,
        body: plain.body,
        end,
        at,
        version: line.version(),
        coding: plain.coding,
        http2_broke: None,
    })
}

/// The request as this version of HTTP has it.
fn written(request: &Request, version: Version) -> Result<hyper::Request<Body>, NetError> {
    let unfit = |what: &str| NetError::new(ErrorKind::Other, format!("{what} no request can carry"));
    let url =
        reqwest::Url::parse(&request.way.endpoint.https(&request.path)).map_err(|_| unfit("the URL is one that"))?;
    let host = url.host_str().map(|host| match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    });
    let origin = format!("{}{}", url.path(), url.query().map(|query| format!("?{query}")).unwrap_or_default());
    let method = match request.method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Delete => reqwest::Method::DELETE,
    };
    let mut asked = reqwest::Request::new(method, url);
    let headers = asked.headers_mut();
    if version == Version::Http1 {
        let host = HeaderValue::try_from(host.unwrap_or_default()).map_err(|_| unfit("the host is one that"))?;
        headers.insert(HOST, host);
    }
    headers.insert(USER_AGENT, HeaderValue::from_static(super::USER_AGENT));
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    for (name, value) in &request.headers {
        let name = HeaderName::try_from(*name).map_err(|_| unfit("there is a header that"))?;
        let value = HeaderValue::try_from(value).map_err(|_| unfit("there is a header that"))?;
        headers.insert(name, value);
    }
    if let Some(key) = &request.bearer {
        let mut value = HeaderValue::try_from(format!("Bearer {}", key.expose()))
            .map_err(|_| NetError::new(ErrorKind::Other, "the key holds characters that no header can carry"))?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    if request.method == Method::Post {
        *asked.body_mut() = Some(Body::from(request.body.clone()));
    }
    let mut asked = hyper::Request::try_from(asked).map_err(|_| unfit("the URL is one that"))?;
    if version == Version::Http1 {
        *asked.uri_mut() = origin.parse().map_err(|_| unfit("the URL is one that"))?;
    }
    Ok(asked)
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
