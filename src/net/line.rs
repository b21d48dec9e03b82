//! A line: HTTP over one TLS session that was looked at, in the version that both sides agreed on.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use reqwest::Body;
use tokio::task::AbortHandle;
use tokio::time::timeout;

use super::certificate::CertificateProblem;
use super::error::{ErrorKind, NetError, Phase};
use super::tls::Session;
use super::{Trust, Version};

/// How much of a head is read, in bytes.
const LARGEST_HEAD: u32 = 64 * 1024;

/// How much of a body may be under way before it is read.
const WINDOW: u32 = 512 * 1024;

/// HTTP over one TLS session. HTTP/2 is shared by its clones.
#[derive(Clone)]
pub(super) struct Line {
    requests: Requests,
    here: Result<(), CertificateProblem>,
    public: Result<(), CertificateProblem>,
    carried: Arc<Carried>,
    /// Whether it has stood idle, in which time the other side may have closed it.
    idle: bool,
}

/// What sends requests. HTTP/1.1 takes one at a time, and is taken out of here for it.
#[derive(Clone)]
enum Requests {
    Http1(Arc<Mutex<Option<http1::SendRequest<Body>>>>),
    Http2(http2::SendRequest<Body>),
}

/// The task that reads and writes; it ends with the last clone of its line.
struct Carried {
    task: AbortHandle,
    ended: Arc<Mutex<Option<NetError>>>,
}

impl Drop for Carried {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Line {
    /// Begins to speak HTTP.
    pub(super) async fn open(session: Session, limit: Duration) -> Result<Self, NetError> {
        let Session { tls, seen } = session;
        let ended = Arc::new(Mutex::new(None));
        let note = |ended: &Arc<Mutex<Option<NetError>>>, result: Result<(), hyper::Error>| {
            let error = result.err().map(|error| NetError::from(&error));
            *ended.lock().unwrap_or_else(PoisonError::into_inner) = error;
        };
        let stream = TokioIo::new(tls);
        let noted = Arc::clone(&ended);
        let (requests, task) = if seen.protocol.as_deref() == Some("h2") {
            let mut builder = http2::Builder::new(TokioExecutor::new());
            builder
                .max_header_list_size(LARGEST_HEAD)
                .initial_stream_window_size(WINDOW)
                .initial_connection_window_size(WINDOW);
            let begun = timeout(limit, builder.handshake(stream))
                .await
                .map_err(|_| NetError::timed_out(Phase::Answer, limit))?;
            let (requests, connection) = begun.map_err(|error| NetError::from(&error))?;
            let task = tokio::spawn(async move { note(&noted, connection.await) });
            (Requests::Http2(requests), task)
        } else {
            let mut builder = http1::Builder::new();
            builder.max_buf_size(LARGEST_HEAD as usize).allow_obsolete_multiline_headers_in_responses(true);
            let (requests, connection) = builder.handshake(stream).await.map_err(|error| NetError::from(&error))?;
            let task = tokio::spawn(async move { note(&noted, connection.await) });
            (Requests::Http1(Arc::new(Mutex::new(Some(requests)))), task)
        };
        let carried = Arc::new(Carried { task: task.abort_handle(), ended });
        Ok(Line { requests, here: seen.here, public: seen.public, carried, idle: false })
    }

    /// The same after a time in which nothing was sent.
    pub(super) fn after_idling(self) -> Self {
        Line { idle: true, ..self }
    }

    /// Whether there was such a time, in which the other side may have closed it.
    pub(super) fn stood_idle(&self) -> bool {
        self.idle
    }

    /// The version that both sides agreed on.
    pub(super) fn version(&self) -> Version {
        match &self.requests {
            Requests::Http1(_) => Version::Http1,
            Requests::Http2(_) => Version::Http2,
        }
    }

    /// Whether both are the same session.
    pub(super) fn is(&self, other: &Line) -> bool {
        Arc::ptr_eq(&self.carried, &other.carried)
    }

    /// Whether the other side's certificate holds against these roots. Nothing is sent before.
    pub(super) fn trusted(&self, trust: Trust) -> Result<(), NetError> {
        let judged = match trust {
            Trust::Here => &self.here,
            Trust::Public => &self.public,
        };
        judged.clone().map_err(NetError::untrusted)
    }

    /// Whether it can carry another request, as far as is known.
    pub(super) fn stands(&self) -> bool {
        match &self.requests {
            Requests::Http1(requests) => {
                let requests = requests.lock().unwrap_or_else(PoisonError::into_inner);
                requests.as_ref().is_some_and(|requests| !requests.is_closed())
            }
            Requests::Http2(requests) => !requests.is_closed(),
        }
    }

    /// Sends a request and waits for the head of its answer.
    pub(super) async fn send(&self, request: hyper::Request<Body>) -> Result<hyper::Response<Incoming>, NetError> {
        let answer = match &self.requests {
            Requests::Http1(place) => {
                let taken = place.lock().unwrap_or_else(PoisonError::into_inner).take();
                let Some(mut requests) = taken else {
                    return Err(NetError::new(ErrorKind::Closed, "the connection is in use"));
                };
                let answer = match requests.ready().await {
                    Ok(()) => requests.send_request(request).await,
                    Err(error) => Err(error),
                };
                *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(requests);
                answer
            }
            Requests::Http2(requests) => {
                let mut requests = requests.clone();
                match requests.ready().await {
                    Ok(()) => requests.send_request(request).await,
                    Err(error) => Err(error),
                }
            }
        };
        answer.map_err(|error| self.cause(&error))
    }

    /// The request is told that the connection ended, and the connection knows why.
    fn cause(&self, error: &hyper::Error) -> NetError {
        let ended = self.carried.ended.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match ended {
            Some(cause) if error.is_canceled() || error.is_closed() => cause,
            _ => NetError::from(error),
        }
    }
}
