//! What changes an environment: organizations and webhook endpoints come and go, and endpoints are told of it.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use hyper::Method;
use serde_json::{Value, json};

use super::environment::{Environment, Organization, WebhookEndpoint};
use super::http::{Answer, Asked, Sent};
use super::service::Page;

/// What becomes of requests that write.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum WritesManner {
    /// They are carried out.
    #[default]
    Works,
    /// The n-th, from 1 on, is carried out and never answered.
    SilentAfter(u32),
    /// The n-th is never answered, and not carried out either.
    SilentBefore(u32),
    /// The n-th is carried out and answered 500.
    FailsAfter(u32),
    /// They are carried out, and answered after so many milliseconds.
    Late(u64),
    /// They are carried out, and nothing is delivered.
    DeliversNothing,
    /// Deletions are carried out and refused with this status.
    DeletesAndRefuses(u16),
    /// Deletions are answered as if they were carried out, and are not.
    DeletesNothing,
}

/// Something on its way to a webhook endpoint.
pub(super) struct Outgoing {
    pub(super) url: String,
    pub(super) secret: String,
    pub(super) body: String,
}

/// Carries out what writes, and keeps what is to be delivered.
pub(super) struct Writing {
    manner: WritesManner,
    count: AtomicU32,
    outgoing: Mutex<Vec<Outgoing>>,
}

/// Whether a request changes something.
pub(super) fn is_writing(asked: &Asked) -> bool {
    let first = asked.path.split('/').nth(1).unwrap_or_default();
    matches!(first, "organizations" | "webhook_endpoints") && matches!(asked.method, Method::POST | Method::DELETE)
}

impl Writing {
    pub(super) fn new(manner: WritesManner) -> Self {
        Self { manner, count: AtomicU32::new(0), outgoing: Mutex::default() }
    }

    pub(super) fn count(&self) -> u32 {
        self.count.load(Ordering::Relaxed)
    }

    pub(super) fn outgoing(&self) -> Vec<Outgoing> {
        std::mem::take(&mut *self.outgoing.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Carries a request out, as far as the manner lets it.
    pub(super) fn perform(&self, environment: &mut Environment, asked: &Asked) -> Answer {
        let number = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        let silent = |page| Answer { page, sent: Sent::Nothing };
        if self.manner == WritesManner::SilentBefore(number) {
            return silent(Page::json(200, ""));
        }
        let deletes = asked.method == Method::DELETE;
        if deletes && self.manner == WritesManner::DeletesNothing {
            return Page { status: 204, headers: Vec::new(), body: String::new() }.into();
        }
        let page = self.carry_out(environment, asked, number);
        match self.manner {
            WritesManner::DeletesAndRefuses(status) if deletes => {
                Page::json(status, r#"{"message":"It is being changed by another request."}"#).into()
            }
            WritesManner::SilentAfter(at) if at == number => silent(page),
            WritesManner::FailsAfter(at) if at == number => {
                Page::json(500, r#"{"message":"Internal Server Error"}"#).into()
            }
            WritesManner::Late(milliseconds) => {
                Answer { page, sent: Sent::Late(std::time::Duration::from_millis(milliseconds)) }
            }
            _ => page.into(),
        }
    }

    fn carry_out(&self, environment: &mut Environment, asked: &Asked, number: u32) -> Page {
        let segments: Vec<&str> = asked.path.split('/').skip(1).collect();
        let body: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
        let text = |field: &str| body.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        match (&asked.method, segments.as_slice()) {
            (&Method::POST, ["organizations"]) if !text("name").is_empty() => {
                let id = format!("org_01SIM{number:021}");
                let organization = Organization { id, name: text("name"), domain: "example.com".to_owned() };
                let answer = Page::json(201, &organization.json());
                self.tell(environment, "organization.created", &organization);
                environment.organizations.push(organization);
                answer
            }
            (&Method::DELETE, ["organizations", id]) => {
                let Some(at) = environment.organizations.iter().position(|it| it.id == *id) else {
                    let message = format!("Organization not found: '{id}'.");
                    return Page::json(403, &json!({ "message": message }));
                };
                let organization = environment.organizations.remove(at);
                self.tell(environment, "organization.deleted", &organization);
                Page { status: 202, headers: Vec::new(), body: String::new() }
            }
            (&Method::POST, ["webhook_endpoints"]) => register(environment, &text("endpoint_url"), &body, number),
            (&Method::DELETE, ["webhook_endpoints", id]) => {
                let Some(at) = environment.webhook_endpoints.iter().position(|it| it.id == *id) else {
                    return absent(id);
                };
                environment.webhook_endpoints.remove(at);
                Page { status: 204, headers: Vec::new(), body: String::new() }
            }
            _ => invalid("name"),
        }
    }

    /// Puts an event on its way to every endpoint that is registered for it.
    fn tell(&self, environment: &Environment, event: &str, organization: &Organization) {
        if self.manner == WritesManner::DeliversNothing {
            return;
        }
        let id = organization.id.replacen("org_", "event_", 1);
        let body = json!({
            "id": id, "event": event, "data": organization.json(), "created_at": "2026-11-25T00:00:00.000Z",
        });
        let told =
            environment.webhook_endpoints.iter().filter(|it| it.enabled && it.events.iter().any(|it| it == event));
        let outgoing =
            told.map(|it| Outgoing { url: it.url.clone(), secret: it.secret.clone(), body: body.to_string() });
        self.outgoing.lock().unwrap_or_else(PoisonError::into_inner).extend(outgoing);
    }
}

fn register(environment: &mut Environment, url: &str, body: &Value, number: u32) -> Page {
    if !url.starts_with("https://") {
        return Page::json(422, r#"{"message":"Endpoint URL must be https.","code":"invalid_url"}"#);
    }
    if environment.webhook_endpoints.iter().any(|it| it.url == url) {
        return Page::json(409, r#"{"message":"An endpoint with this URL exists.","code":"duplicate_endpoint"}"#);
    }
    let events = body.get("events").and_then(Value::as_array).cloned().unwrap_or_default();
    let events: Vec<String> = events.iter().filter_map(|event| Some(event.as_str()?.to_owned())).collect();
    if events.is_empty() {
        return invalid("events");
    }
    let endpoint = WebhookEndpoint {
        id: format!("we_01SIM{number:021}"),
        url: url.to_owned(),
        secret: format!("whsec_sim{number:03}Kp7Lm2Nq9Rs4Tv"),
        enabled: true,
        events,
    };
    let answer = Page::json(201, &endpoint.json());
    environment.webhook_endpoints.push(endpoint);
    answer
}

fn absent(id: &str) -> Page {
    Page::json(404, &json!({ "message": format!("Not found: '{id}'."), "code": "entity_not_found", "entity_id": id }))
}

fn invalid(field: &str) -> Page {
    Page::json(422, &json!({ "message": "Validation failed", "errors": [{ "field": field, "code": "required" }] }))
}
