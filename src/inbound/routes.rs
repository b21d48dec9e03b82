//! The paths that something is delivered to: what signatures there are held to, and what a genuine request is answered with.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{Response, StatusCode};
use serde_json::json;

use crate::secret::Secret;
use crate::workos::delivery::{Event, Purpose};
use crate::workos::signature;

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
    pub(super) usual: Option<Secret>,
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
    pub(super) fn of_query(&self, query: &str) -> Option<Secret> {
        let own = self.marked().into_iter().find(|(mark, _)| query.contains(mark.as_str())).map(|(_, secret)| secret);
        own.or_else(|| self.usual.clone())
    }

    pub(super) fn marked(&self) -> Vec<(String, Secret)> {
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

/// The answer to a genuine request.
pub(super) fn accepted(route: &Route, own: bool, event: Option<&Event>) -> Response<Full<Bytes>> {
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

/// An answer without a body.
pub(super) fn bare(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::new()));
    *response.status_mut() = status;
    response
}

/// An answer in JSON.
pub(super) fn with_body(status: StatusCode, body: Vec<u8>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
