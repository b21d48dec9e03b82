//! The `WorkOS` API: routing, authentication and the answers recorded in production, with the manners that break them.

use std::io::Write;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::Method;
use serde_json::{Value, json};

use super::environment::Environment;
use super::http::{Answer, Asked, Sent};
use super::listing::{list, page_of};
use super::service::{ApiManner, Page};
use super::world::{AUTHKIT, ERRORS};
use super::writing::{Outgoing, WritesManner, Writing, is_writing};

/// The API over the environments it holds.
pub(super) struct Api {
    environments: Mutex<Vec<Environment>>,
    seen_as: IpAddr,
    requests: AtomicU64,
    limited: AtomicU64,
    writing: Writing,
}

impl Api {
    pub(super) fn new(environments: Vec<Environment>, seen_as: IpAddr, writes: WritesManner) -> Self {
        Self {
            environments: Mutex::new(environments),
            seen_as,
            requests: AtomicU64::new(0),
            limited: AtomicU64::new(0),
            writing: Writing::new(writes),
        }
    }

    /// The environments as they are now.
    pub(super) fn environments(&self) -> MutexGuard<'_, Vec<Environment>> {
        self.environments.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many requests that write have come.
    pub(super) fn writes(&self) -> u32 {
        self.writing.count()
    }

    /// What is to be delivered to webhook endpoints; each once.
    pub(super) fn outgoing(&self) -> Vec<Outgoing> {
        self.writing.outgoing()
    }

    /// The answer of the API, or of what stands in front of it.
    pub(super) fn answer(&self, manner: ApiManner, asked: &Asked) -> Answer {
        match manner {
            ApiManner::BlockPage => block_page().into(),
            ApiManner::CaptivePortal => Page::redirect("http://login.hotspot.example/").into(),
            ApiManner::FilterRedirect => Page::redirect("http://webfilter.customer.example/blocked?id=7").into(),
            ApiManner::RefusedAtEdge(error) => {
                let status = if error == 1015 { 429 } else { 403 };
                let mut page = Page::html(status, "").with("content-type", "text/plain; charset=UTF-8");
                page.body = format!("error code: {error}");
                self.at_edge(page).into()
            }
            ApiManner::Kept(seconds) => {
                let page = self.dressed(self.genuine(manner, asked)).with("age", seconds.to_string());
                page.with("date", httpdate::fmt_http_date(now_but_for(-i64::from(seconds)))).into()
            }
            ApiManner::CloudflareChallenge => self.at_edge(challenge()).into(),
            ApiManner::BadGatewayWithoutCfRay => Page::html(502, BAD_GATEWAY).with("server", "nginx").into(),
            ApiManner::Unavailable { html: true } => self.at_edge(Page::html(503, EDGE_ERROR)).into(),
            ApiManner::NotFound => Page::json(404, r#"{"message":"no Route matched with those values"}"#).into(),
            ApiManner::NeverAnswers => silence(),
            ApiManner::StallsOnSize if asked.is_large() => silence(),
            ApiManner::RefusesLargeHeaders if asked.is_large() => Page::html(431, HEADERS_TOO_LARGE).into(),
            ApiManner::NotTheApi => Page::json(200, r#"{"status":"ok","service":"inventory"}"#).into(),
            ApiManner::Unavailable { html: false } => self.dressed(Page::json(503, SERVICE_UNAVAILABLE)).into(),
            ApiManner::HeadersMissing => self.genuine(manner, asked).into(),
            ApiManner::Works if is_writing(asked) => self.write(asked),
            ApiManner::NotJson => {
                let mut page = self.dressed(self.genuine(manner, asked));
                "Unauthorized\n".clone_into(&mut page.body);
                page.into()
            }
            ApiManner::Compressed => {
                let page = self.dressed(self.genuine(manner, asked)).with("content-encoding", "gzip");
                let sent = Sent::Binary(compressed(&page.body));
                Answer { page, sent }
            }
            ApiManner::CompressedForBrowsers => {
                let page = self.dressed(self.genuine(manner, asked)).with("content-encoding", "br");
                // Nobody here undoes it, so it may hold anything.
                let sent = Sent::Binary(b"\x0b\x0d\x80noise\x03".to_vec());
                Answer { page, sent }
            }
            ApiManner::TruncatedJson => Answer { page: self.dressed(self.genuine(manner, asked)), sent: Sent::Half },
            ApiManner::Late(milliseconds) => {
                let page = self.dressed(self.genuine(manner, asked));
                Answer { page, sent: Sent::Late(Duration::from_millis(milliseconds)) }
            }
            ApiManner::ClockOff(seconds) => {
                let page = self.dressed(self.genuine(manner, asked));
                page.with("date", httpdate::fmt_http_date(now_but_for(seconds))).into()
            }
            _ => self.dressed(self.genuine(manner, asked)).into(),
        }
    }

    /// The headers of production.
    fn dressed(&self, page: Page) -> Page {
        let id = self.requests.fetch_add(1, Ordering::Relaxed);
        self.at_edge(page)
            .with("cf-cache-status", "DYNAMIC")
            .with("x-request-id", format!("3f6a1c9e-58d2-4b07-9a41-{id:012x}"))
            .with("strict-transport-security", "max-age=31536000; includeSubDomains")
            .with("vary", "Origin, Accept-Encoding")
    }

    /// The headers of Cloudflare's edge, which its own pages have too.
    fn at_edge(&self, page: Page) -> Page {
        let ray = 0x8f3a_91c2_0000_0000 + self.requests.fetch_add(1, Ordering::Relaxed);
        page.with("server", "cloudflare").with("cf-ray", format!("{ray:016x}-FRA"))
    }

    /// A request that changes an environment, where its key may.
    fn write(&self, asked: &Asked) -> Answer {
        let mut environments = self.environments();
        let key = asked.header("authorization").strip_prefix("Bearer ").unwrap_or_default();
        let found = environments.iter_mut().find(|it| it.api_keys.iter().any(|known| known == key));
        let done = match found {
            None => Answer::from(Page::json(401, r#"{"message":"Unauthorized"}"#)),
            Some(environment) if environment.forbids(&asked.path) => Page::json(403, FORBIDDEN).into(),
            Some(environment) => self.writing.perform(environment, asked),
        };
        Answer { page: self.dressed(done.page), sent: done.sent }
    }

    fn genuine(&self, manner: ApiManner, asked: &Asked) -> Page {
        let segments: Vec<&str> = asked.path.split('/').skip(1).collect();
        match (&asked.method, segments.as_slice()) {
            (&Method::GET, ["cdn-cgi", "trace"]) => self.trace(),
            (&Method::GET, ["sso", "jwks", client]) => self.jwks(client),
            (&Method::GET, ["user_management" | "sso", "authorize"]) => self.authorize(asked),
            (&Method::POST, ["user_management", "authenticate"] | ["sso", "token"]) => self.exchange_code(asked),
            (
                &Method::GET,
                ["organizations" | "events" | "webhook_endpoints" | "connections" | "directories"]
                | ["organizations", _]
                | ["user_management", "redirect_uris"],
            ) => match self.authenticated(manner, asked) {
                Ok(environment) if environment.forbids(&asked.path) => Page::json(403, FORBIDDEN),
                Ok(environment) => read_object(&environment, &segments, asked),
                Err(refused) => refused,
            },
            _ => Page::json(404, r#"{"message":"Not Found"}"#),
        }
    }

    /// The environment that the request's key opens.
    fn authenticated(&self, manner: ApiManner, asked: &Asked) -> Result<Environment, Page> {
        let unauthorized = || Page::json(401, r#"{"message":"Unauthorized"}"#);
        let key = asked.header("authorization").strip_prefix("Bearer ").unwrap_or_default();
        if key.is_empty() || manner == ApiManner::KeyRevoked {
            return Err(unauthorized());
        }
        if let ApiManner::RateLimited { retry_after, once } = manner {
            let earlier = self.limited.fetch_add(1, Ordering::Relaxed);
            if !once || earlier == 0 {
                let page = Page::json(429, r#"{"message":"Too many requests.","code":"rate_limit_exceeded"}"#);
                return Err(page.with("retry-after", retry_after.to_string()));
            }
        }
        let known = self.environments();
        let environment = known.iter().find(|it| it.api_keys.iter().any(|known| known == key)).cloned();
        let environment = environment.ok_or_else(unauthorized)?;
        if manner == ApiManner::Forbidden {
            return Err(Page::json(403, FORBIDDEN));
        }
        Ok(environment)
    }

    fn client(&self, id: &str) -> Option<Environment> {
        self.environments().iter().find(|it| it.client_id == id).cloned()
    }

    fn jwks(&self, client: &str) -> Page {
        match self.client(client) {
            Some(environment) => Page::json(200, &environment.jwks()),
            None => Page::json(404, &json!({ "message": format!("Client not found: '{client}'.") })),
        }
    }

    /// The first hop of a sign-in: accepted and refused are both a 302, and only where it leads tells them apart.
    fn authorize(&self, asked: &Asked) -> Page {
        let parameter = |name| asked.parameter(name).unwrap_or_default();
        let Some(environment) = self.client(&parameter("client_id")) else {
            return Page::redirect(format!("https://{ERRORS}/client-id-invalid"));
        };
        let selectors = ["provider", "connection", "organization", "connection_id", "organization_id"];
        let selected = selectors.iter().any(|name| asked.parameter(name).is_some());
        let page = if !environment.accepts(&parameter("redirect_uri")) {
            "redirect-uri-invalid"
        } else if !selected || !environment.hosted_login {
            "invalid-connection-selector"
        } else {
            return Page::redirect(format!("https://{AUTHKIT}/?client_id={}", environment.client_id));
        };
        Page::redirect(format!("https://{AUTHKIT}/{page}?client_id={}", environment.client_id))
    }

    /// The token endpoint; no code is ever valid here.
    fn exchange_code(&self, asked: &Asked) -> Page {
        let field = body_field(asked);
        let known = self.client(&field("client_id"));
        let paired = known.is_some_and(|it| it.api_keys.contains(&field("client_secret")));
        let (error, description) = if paired {
            ("invalid_grant", format!("The code '{}' has expired or is invalid.", field("code")))
        } else {
            ("invalid_client", "Invalid client ID or secret.".to_owned())
        };
        Page::json(400, &json!({ "error": error, "error_description": description }))
    }

    fn trace(&self) -> Page {
        let body = format!("fl=123f45\nh=api.workos.com\nip={}\nvisit_scheme=https\ncolo=FRA\n", self.seen_as);
        Page { status: 200, headers: vec![("content-type", "text/plain".to_owned())], body }
    }
}

const FORBIDDEN: &str = r#"{"message":"This API key does not have access to this resource."}"#;

/// A field of a JSON or form body.
fn body_field(asked: &Asked) -> impl Fn(&str) -> String {
    let fields: Vec<(String, String)> = match serde_json::from_slice::<Value>(&asked.body) {
        Ok(Value::Object(object)) => {
            object.into_iter().map(|(name, value)| (name, value.as_str().unwrap_or_default().to_owned())).collect()
        }
        _ => url::form_urlencoded::parse(&asked.body).into_owned().collect(),
    };
    move |name| fields.iter().find(|(it, _)| it == name).map(|(_, value)| value.clone()).unwrap_or_default()
}

/// What a key may read.
fn read_object(environment: &Environment, segments: &[&str], asked: &Asked) -> Page {
    match segments {
        ["organizations", id] => match environment.organizations.iter().find(|it| it.id == *id) {
            Some(organization) => Page::json(200, &organization.json()),
            None => Page::json(
                404,
                &json!({ "message": format!("Organization not found: '{id}'."), "code": "entity_not_found", "entity_id": id }),
            ),
        },
        ["organizations"] => list(environment.organizations(), asked),
        ["webhook_endpoints"] => list(environment.webhook_endpoints(), asked),
        ["connections"] => list(environment.connections(), asked),
        ["directories"] => list(environment.directories(), asked),
        ["events"] => events(environment, asked),
        _ => list(environment.redirect_uris(), asked),
    }
}

fn events(environment: &Environment, asked: &Asked) -> Page {
    let Some(names) = asked.parameter("events").filter(|it| !it.is_empty()) else {
        return Page::json(
            400,
            &json!({
                "message": "One or more event names (e.g. dsync.user.created) must be provided using the events parameter.",
                "code": "invalid_events_request",
            }),
        );
    };
    let names: Vec<&str> = names.split(',').map(str::trim).collect();
    match page_of(environment.events(&names), asked) {
        Ok((data, _, after)) => {
            Page::json(200, &json!({ "object": "list", "data": data, "list_metadata": { "after": after } }))
        }
        Err(refused) => refused,
    }
}

/// Where a sign-in leads: error pages and the sign-in itself, on whichever host.
pub(super) fn hosted_page(asked: &Asked) -> Answer {
    let title = match asked.path.as_str() {
        "/redirect-uri-invalid" => "Invalid Redirect URI",
        "/client-id-invalid" => "Invalid Client ID",
        "/invalid-connection-selector" => "Invalid Connection Selector",
        _ => "Sign in",
    };
    let body = format!("<!doctype html><title>{title}</title><h1>{title}</h1>");
    Page::html(200, body).with("server", "cloudflare").into()
}

fn compressed(body: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    // Writing to memory does not fail.
    let _ = encoder.write_all(body.as_bytes());
    encoder.finish().unwrap_or_default()
}

fn silence() -> Answer {
    Answer { page: Page::html(200, ""), sent: Sent::Nothing }
}

fn block_page() -> Page {
    Page::html(
        200,
        "<!doctype html><html><head><title>Web Page Blocked</title></head><body><h1>FortiGuard Intrusion Prevention - Access \
         Blocked</h1><p>Web Page Blocked</p><p>You have tried to access a web page that is in violation of your Internet \
         usage policy.</p><p>Category: Information Technology</p><p>URL: https://api.workos.com/</p></body></html>",
    )
}

fn challenge() -> Page {
    let body = "<!DOCTYPE html><html lang=\"en-US\"><head><title>Just a moment...</title></head><body>Enable JavaScript and \
                cookies to continue</body></html>";
    Page::html(403, body).with("cf-mitigated", "challenge")
}

fn now_but_for(seconds: i64) -> SystemTime {
    let offset = Duration::from_secs(seconds.unsigned_abs());
    let now = SystemTime::now();
    let moved = if seconds < 0 { now.checked_sub(offset) } else { now.checked_add(offset) };
    moved.unwrap_or(now)
}

const SERVICE_UNAVAILABLE: &str = r#"{"message":"Service Unavailable"}"#;
const EDGE_ERROR: &str = "<!DOCTYPE html><html><head><title>api.workos.com | 503: Service temporarily \
                          unavailable</title></head><body>Cloudflare</body></html>";
const BAD_GATEWAY: &str = "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad \
                           Gateway</h1></center><hr><center>nginx</center></body></html>";
const HEADERS_TOO_LARGE: &str =
    "<html><head><title>431 Request Header Fields Too Large</title></head><body>gateway.customer.example</body></html>";
