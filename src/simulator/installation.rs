//! The customer's application: a webhook endpoint that verifies signatures, a callback and a front page.

use std::time::{SystemTime, UNIX_EPOCH};

use hyper::Method;
use ring::hmac;

use super::http::{Answer, Asked};
use super::service::{InstallationManner, Page};

/// How far the timestamp of a signature may be from now.
const TOLERANCE_MS: u64 = 180_000;

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
        _ if is_signed(secret, signature, &asked.body, now_ms()) => Page::json(200, r#"{"received":true}"#),
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

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Whether `t=<ms>, v1=<hex>` is this secret's signature of the body, made not long before or after `now`.
fn is_signed(secret: &str, header: &str, body: &[u8], now: u64) -> bool {
    let component = |name: &str| header.split(',').find_map(|part| part.trim().strip_prefix(name));
    let (Some(timestamp), Some(signature)) = (component("t="), component("v1=")) else {
        return false;
    };
    let fresh = timestamp.parse::<u64>().is_ok_and(|it| it.abs_diff(now) <= TOLERANCE_MS);
    let Some(signature) = from_hex(signature) else {
        return false;
    };
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    fresh && hmac::verify(&key, &[timestamp.as_bytes(), b".", body].concat(), &signature).is_ok()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text.chars().map(|it| it.to_digit(16)).collect();
    digits?
        .chunks(2)
        .map(|pair| if let [high, low] = pair { u8::try_from(high * 16 + low).ok() } else { None })
        .collect()
}

const SIGN_IN: &str = "<!doctype html><html><head><title>Sign in</title></head><body><form method=\"post\"><input \
                       name=\"username\"><input name=\"password\" type=\"password\"></form></body></html>";
const FORBIDDEN: &str = "<html><head><title>403 Forbidden</title></head><body>Request blocked.</body></html>";

#[cfg(test)]
mod tests {
    use super::*;

    // The vector in the tests of WorkOS's Rust SDK.
    const HEADER: &str = "t=1700000000000, v1=32850522003ebbce01a416e5d5df8ec8354a96e921cac7d0ebbaeef5732bdaea";
    const MADE: u64 = 1_700_000_000_000;

    #[test]
    fn a_genuine_signature_is_accepted() {
        assert!(is_signed("secret", HEADER, b"body", MADE));
        assert!(is_signed("secret", HEADER, b"body", MADE + TOLERANCE_MS));
    }

    #[test]
    fn a_signature_of_anything_else_is_refused() {
        assert!(!is_signed("secret", HEADER, b"body ", MADE));
        assert!(!is_signed("Secret", HEADER, b"body", MADE));
        assert!(!is_signed("secret", &HEADER.replace("t=17", "t=18"), b"body", MADE));
    }

    #[test]
    fn an_old_or_future_signature_is_refused() {
        assert!(!is_signed("secret", HEADER, b"body", MADE + TOLERANCE_MS + 1));
        assert!(!is_signed("secret", HEADER, b"body", MADE - TOLERANCE_MS - 1));
    }

    #[test]
    fn odd_headers_are_refused() {
        for odd in ["", "t=", "v1=", "t=1, v1=zz", "t=1700000000000, v1=3", "t=1700000000000, v1=", "t=é, v1=é"] {
            assert!(!is_signed("secret", odd, b"body", MADE), "{odd}");
        }
    }
}
