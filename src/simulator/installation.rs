//! The customer's application: a webhook endpoint that verifies signatures, a callback and a front page.

use std::time::{SystemTime, UNIX_EPOCH};

use hyper::Method;

use super::http::{Answer, Asked};
use super::service::{InstallationManner, Page};
use crate::secret::Secret;
use crate::workos::signature::{self, Terms};

/// What the application, or what stands in front of it, answers.
pub(super) fn answer(manner: InstallationManner, secret: &str, asked: &Asked) -> Answer {
    match manner {
        InstallationManner::ForbidsEverything => return Page::html(403, FORBIDDEN).into(),
        InstallationManner::LoginWall => return Page::html(200, SIGN_IN).into(),
        _ => {}
    }
    let page = match (&asked.method, asked.path.as_str()) {
        (&Method::POST, "/webhooks/workos") => webhook(manner, secret, asked),
        (_, "/webhooks/workos") => not_allowed(),
        (&Method::GET, "/callback") if manner != InstallationManner::CallbackMissing => callback(asked),
        (&Method::GET, "/login") => Page::html(200, SIGN_IN),
        (&Method::GET, "/") => {
            Page::html(200, "<!doctype html><title>Customer App</title><a href=\"/login\">Sign in</a>")
        }
        _ => Page::html(404, "<!doctype html><title>Not found</title>"),
    };
    page.into()
}

fn webhook(manner: InstallationManner, secret: &str, asked: &Asked) -> Page {
    let signature = asked.header("workos-signature");
    match manner {
        InstallationManner::AcceptsUnsigned => Page::json(200, r#"{"received":true}"#),
        InstallationManner::WebhookMissing => Page::html(404, "<!doctype html><title>Not found</title>"),
        InstallationManner::MethodRefused => not_allowed(),
        InstallationManner::RedirectsToLogin => Page::redirect("/login"),
        InstallationManner::ServerError => Page::html(500, "<!doctype html><title>Internal Server Error</title>"),
        InstallationManner::Unauthorized if signature.is_empty() => Page::json(401, r#"{"error":"missing signature"}"#),
        InstallationManner::ForbidsUnsigned if signature.is_empty() => {
            Page::json(403, r#"{"error":"missing signature"}"#)
        }
        _ if is_signed(secret, signature, &asked.body) => Page::json(200, r#"{"received":true}"#),
        _ => Page::json(400, r#"{"error":"invalid signature"}"#),
    }
}

/// An answer of the identity provider without a code is an error that the application says itself.
fn callback(asked: &Asked) -> Page {
    match asked.parameter("code") {
        None => Page::json(400, r#"{"error":"missing code"}"#),
        Some(_) => Page::json(400, r#"{"error":"invalid_grant"}"#),
    }
}

fn not_allowed() -> Page {
    Page::html(405, "<!doctype html><title>Method Not Allowed</title>").with("allow", "GET")
}

fn is_signed(secret: &str, header: &str, body: &[u8]) -> bool {
    let secret = Secret::new(secret);
    let terms = Terms { secret: &secret, others: &[], now: now_ms(), tolerance: signature::WEBHOOK_TOLERANCE };
    signature::verify(Some(header), body, terms).is_ok()
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

const SIGN_IN: &str = "<!doctype html><html><head><title>Sign in</title></head><body><form method=\"post\"><input \
                       name=\"username\"><input name=\"password\" type=\"password\"></form></body></html>";
const FORBIDDEN: &str = "<html><head><title>403 Forbidden</title></head><body>Request blocked.</body></html>";
