//! HTTP/1.1 on the serving side: a request read within bounds, an answer sent as whole or as broken as it is meant to be.

use std::convert::Infallible;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, Limited, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::header::{CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use super::service::Page;

pub(super) const LARGEST_REQUEST: usize = 1024 * 1024;
const OVERSIZED: u64 = 50 * 1024 * 1024;

/// A request, read to its end.
pub(super) struct Asked {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// What is sent back, and how.
pub(super) struct Answer {
    pub(super) page: Page,
    pub(super) sent: Sent,
}

/// How much of an answer really leaves.
pub(super) enum Sent {
    Whole,
    /// These bytes instead of the page's text, which cannot hold them.
    Binary(Vec<u8>),
    /// Half of what the length announces, then the connection closes.
    Half,
    /// 50 MB after the page's headers.
    Oversized,
    /// A byte now and then for ever.
    Endless,
    /// All of it, after a while.
    Late(Duration),
    Nothing,
}

impl From<Page> for Answer {
    fn from(page: Page) -> Self {
        Self { page, sent: Sent::Whole }
    }
}

impl Page {
    /// A page of HTML.
    pub fn html(status: u16, body: impl Into<String>) -> Self {
        let headers = vec![("content-type", "text/html; charset=utf-8".to_owned())];
        Self { status, headers, body: body.into() }
    }

    /// A JSON answer.
    pub fn json(status: u16, body: &(impl ToString + ?Sized)) -> Self {
        let headers = vec![("content-type", "application/json; charset=utf-8".to_owned())];
        Self { status, headers, body: body.to_string() }
    }

    /// A redirect.
    pub fn redirect(to: impl Into<String>) -> Self {
        Self { status: 302, headers: vec![("location", to.into())], body: String::new() }
    }

    /// The same page with one more header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl Asked {
    /// A request whose body was read.
    pub(super) fn of(head: Parts, body: Bytes) -> Self {
        Self {
            method: head.method,
            path: head.uri.path().to_owned(),
            query: head.uri.query().unwrap_or_default().to_owned(),
            headers: head.headers,
            body,
        }
    }

    /// A header as text; empty where it is absent or no text.
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|it| it.to_str().ok()).unwrap_or_default()
    }

    /// The first value of a query parameter, decoded.
    pub(super) fn parameter(&self, name: &str) -> Option<String> {
        let mut pairs = url::form_urlencoded::parse(self.query.as_bytes());
        pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    fn headers_size(&self) -> usize {
        self.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum()
    }

    /// Whether the request needs more than a few packets, as one padded on purpose does.
    pub(super) fn is_large(&self) -> bool {
        self.headers_size() > 4096
    }
}

/// Serves one connection until either side closes it.
pub(super) async fn serve<S, F>(stream: S, answer: F) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
    F: Fn(&Asked) -> Answer,
{
    let answer = &answer;
    let service = service_fn(async |request: Request<Incoming>| {
        let answer = match read(request).await {
            Ok(asked) => answer(&asked),
            Err(_) => Page::json(413, r#"{"message":"Payload Too Large"}"#).into(),
        };
        Ok::<_, Infallible>(respond(answer).await)
    });
    hyper::server::conn::http1::Builder::new()
        .title_case_headers(true)
        // One buffer, so that head and body leave in one write.
        .writev(false)
        .serve_connection(TokioIo::new(stream), service)
        .await
        .map_err(io::Error::other)
}

async fn read(request: Request<Incoming>) -> Result<Asked, Box<dyn std::error::Error + Send + Sync>> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, LARGEST_REQUEST).collect().await?.to_bytes();
    Ok(Asked::of(head, body))
}

pub(super) type Body = BoxBody<Bytes, io::Error>;

pub(super) async fn respond(Answer { page, sent }: Answer) -> Response<Body> {
    let text = Bytes::from(page.body);
    let (body, announced) = match sent {
        Sent::Whole => (whole(text), None),
        Sent::Binary(bytes) => (whole(Bytes::from(bytes)), None),
        Sent::Half => (half(&text), u64::try_from(text.len()).ok()),
        Sent::Oversized => (oversized(), Some(OVERSIZED)),
        Sent::Endless => (endless(), None),
        Sent::Late(pause) => {
            tokio::time::sleep(pause).await;
            (whole(text), None)
        }
        Sent::Nothing => std::future::pending().await,
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(page.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in page.headers {
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().append(HeaderName::from_static(name), value);
        }
    }
    if let Some(length) = announced {
        response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    response
}

fn whole(bytes: Bytes) -> Body {
    Full::new(bytes).map_err(|never: Infallible| match never {}).boxed()
}

fn half(text: &Bytes) -> Body {
    let first = text.slice(..text.len() / 2);
    let parts = stream::unfold(Some(first), async |rest| {
        if let Some(first) = rest {
            return Some((Ok(Frame::data(first)), None));
        }
        // The first half must be on its way before the error closes the connection.
        tokio::time::sleep(Duration::from_millis(50)).await;
        Some((Err(io::Error::from(io::ErrorKind::UnexpectedEof)), None))
    });
    BoxBody::new(StreamBody::new(Box::pin(parts)))
}

fn oversized() -> Body {
    const PIECE: usize = 64 * 1024;
    let piece = Bytes::from(vec![b' '; PIECE]);
    let parts = stream::iter((0..OVERSIZED / PIECE as u64).map(move |_| Ok(Frame::data(piece.clone()))));
    BoxBody::new(StreamBody::new(parts))
}

fn endless() -> Body {
    let parts = stream::unfold((), async |()| {
        tokio::time::sleep(Duration::from_millis(500)).await;
        Some((Ok(Frame::data(Bytes::from_static(b" "))), ()))
    });
    BoxBody::new(StreamBody::new(Box::pin(parts)))
}
