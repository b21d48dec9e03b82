//! The customer's application: endpoints for webhooks and Actions that verify signatures, a callback and a front page.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hyper::Method;

use super::http::{Answer, Asked, Sent};
use super::service::{InstallationManner, Page};
use crate::secret::Secret;
use crate::workos::signature::{self, Terms};

/// What the application verifies signatures with.
pub(super) struct Secrets {
    pub(super) webhook: Secret,
    pub(super) actions: Secret,
}

/// What the application, or what stands in front of it, answers.
pub(super) fn answer(manner: InstallationManner, secrets: &Secrets, asked: &Asked) -> Answer {
    match manner {
        InstallationManner::ForbidsEverything => return Page::html(403, FORBIDDEN).into(),
        InstallationManner::SignInEverywhere => return Page::html(401, UNAUTHORIZED).into(),
        InstallationManner::WantsCertificate => return Page::html(400, "").into(),
        InstallationManner::Firewall if asked.method == Method::POST => return Page::html(406, BLOCKED).into(),
        InstallationManner::LoginWall => return Page::html(200, SIGN_IN).into(),
        InstallationManner::AccessProduct if asked.method == Method::GET => return Page::redirect(ACCESS).into(),
        _ => {}
    }
    let page = match (&asked.method, asked.path.as_str()) {
        (&Method::POST, "/webhooks/workos") => webhook(manner, &secrets.webhook, asked),
        (&Method::POST, "/actions/workos") => actions(manner, &secrets.actions, asked),
        (_, "/webhooks/workos" | "/actions/workos") => not_allowed(),
        (&Method::GET, "/callback") => callback(manner, asked),
        (&Method::GET, "/login") => Page::html(200, SIGN_IN),
        (&Method::GET, "/") => {
            Page::html(200, "<!doctype html><title>Customer App</title><a href=\"/login\">Sign in</a>")
        }
        _ => not_found(),
    };
    match manner {
        InstallationManner::AnswersLate(late) if page.status == 200 && asked.method == Method::POST => {
            Answer { page, sent: Sent::Late(Duration::from_millis(late)) }
        }
        _ => page.into(),
    }
}

fn webhook(manner: InstallationManner, secret: &Secret, asked: &Asked) -> Page {
    let signature = asked.header("workos-signature");
    match manner {
        InstallationManner::AcceptsUnsigned => Page::json(200, r#"{"received":true}"#),
        InstallationManner::WebhookMissing => not_found(),
        InstallationManner::MethodRefused => not_allowed(),
        InstallationManner::RedirectsToLogin => Page::redirect("/login"),
        InstallationManner::ServerError => Page::html(500, "<!doctype html><title>Internal Server Error</title>"),
        InstallationManner::Unauthorized if signature.is_empty() => Page::json(401, r#"{"error":"missing signature"}"#),
        InstallationManner::ForbidsUnsigned if signature.is_empty() => {
            Page::json(403, r#"{"error":"missing signature"}"#)
        }
        _ if !is_signed(manner, secret, signature, asked, signature::WEBHOOK_TOLERANCE) => {
            Page::json(400, r#"{"error":"invalid signature"}"#)
        }
        InstallationManner::KnownEventsOnly => Page::json(422, r#"{"error":"unknown event type"}"#),
        _ => Page::json(200, r#"{"received":true}"#),
    }
}

/// An application that is asked something it does not know denies.
fn actions(manner: InstallationManner, secret: &Secret, asked: &Asked) -> Page {
    let signature = asked.header("workos-signature");
    match manner {
        InstallationManner::ActionsMissing => not_found(),
        InstallationManner::ActionsOpen => verdict(secret),
        _ if is_signed(manner, secret, signature, asked, signature::ACTION_TOLERANCE) => verdict(secret),
        _ => Page::json(401, r#"{"error":"invalid signature"}"#),
    }
}

fn verdict(secret: &Secret) -> Page {
    let timestamp = now_ms(0);
    let payload = format!(r#"{{"timestamp":{timestamp},"verdict":"Deny"}}"#);
    let signed = signature::sign(secret, timestamp, payload.as_bytes());
    let code = signed.rsplit_once("v1=").map(|(_, code)| code).unwrap_or_default();
    let body = format!(r#"{{"object":"authentication_action_response","payload":{payload},"signature":"{code}"}}"#);
    Page::json(200, &body)
}

/// An answer of the identity provider without a code is an error that the application says itself.
fn callback(manner: InstallationManner, asked: &Asked) -> Page {
    match (manner, asked.parameter("code")) {
        (InstallationManner::CallbackMissing, _) => not_found(),
        (InstallationManner::CallbackBroken, _) => {
            Page::html(500, "<!doctype html><title>Internal Server Error</title>")
        }
        (InstallationManner::CallbackElsewhere, _) => Page::redirect("https://www.vendor.example/welcome"),
        (_, None) => Page::json(400, r#"{"error":"missing code"}"#),
        (_, Some(_)) => Page::json(400, r#"{"error":"invalid_grant"}"#),
    }
}

fn not_found() -> Page {
    Page::html(404, "<!doctype html><title>Not found</title>")
}

fn not_allowed() -> Page {
    Page::html(405, "<!doctype html><title>Method Not Allowed</title>").with("allow", "GET")
}

fn is_signed(manner: InstallationManner, secret: &Secret, header: &str, asked: &Asked, tolerance: Duration) -> bool {
    let off = if let InstallationManner::ClockOff(seconds) = manner { seconds } else { 0 };
    let body = if manner == InstallationManner::RewritesBodies { rewritten(&asked.body) } else { asked.body.to_vec() };
    let terms = Terms { secret, others: &[], now: now_ms(off), tolerance };
    signature::verify(Some(header), &body, terms).is_ok()
}

/// As something does that reads JSON and writes it down again: other letters, the same meaning.
fn rewritten(body: &[u8]) -> Vec<u8> {
    let value: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    value.map_or_else(|| body.to_vec(), |value| value.to_string().into_bytes())
}

/// The milliseconds since the epoch by a clock that is ahead by so many seconds.
fn now_ms(ahead: i64) -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX).saturating_add_signed(ahead * 1000)
}

/// Where an access product in the cloud sends browsers.
const ACCESS: &str = "https://customer.cloudflareaccess.com/cdn-cgi/access/login/app.customer.example";
const SIGN_IN: &str = "<!doctype html><html><head><title>Sign in</title></head><body><form method=\"post\"><input \
                       name=\"username\"><input name=\"password\" type=\"password\"></form></body></html>";
const UNAUTHORIZED: &str = "<html><head><title>401 Authorization Required</title></head><body></body></html>";
const BLOCKED: &str = "<html><head><title>Not Acceptable!</title></head><body>An appropriate representation of the requested \
                       resource could not be found on this server. This error was generated by Mod_Security.</body></html>";
const FORBIDDEN: &str = "<html><head><title>403 Forbidden</title></head><body>Request blocked.</body></html>";
