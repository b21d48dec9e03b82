//! Makes WorkOS send an event, and takes back what that took. Everything made carries a marker in its name or URL, so that it is
//! found again after whatever happens, also when this process was killed between a request and its answer.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;

use crate::context::Context;
use crate::inbound::Keys;
use crate::net::{Method, Request, Response, Way};
use crate::secret::Secret;
use crate::settings::values::{shown_url, web_url};
use crate::workos::{self, Answer, JsonAnswer, writing};

/// What every marker begins with.
const MARK: &str = "workos-preflight";

/// The event that is caused.
const EVENT: &str = "organization.created";

/// How often taking back is tried.
const ATTEMPTS: u32 = 3;

/// Environments with more organizations are looked through no further; a marked one is among the newest.
const MOST_PAGES: usize = 20;

/// The API with the key of an environment.
pub(super) struct Vendor<'a> {
    cx: &'a Context,
    pub(super) key: &'a Secret,
    /// What was asked for and what identifies the answer to WorkOS's support, for requests that write.
    written: Mutex<Vec<String>>,
}

/// Something at WorkOS: its id, and the name or URL that a person knows it by.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Thing {
    pub(super) id: String,
    pub(super) called: String,
}

/// Things that carry a marker.
#[derive(Default, Debug)]
pub(super) struct Marked {
    pub(super) organizations: Vec<Thing>,
    pub(super) endpoints: Vec<Thing>,
    /// There are more things than were looked through.
    pub(super) incomplete: bool,
}

impl Marked {
    pub(super) fn is_empty(&self) -> bool {
        self.organizations.is_empty() && self.endpoints.is_empty()
    }
}

impl<'a> Vendor<'a> {
    pub(super) fn new(cx: &'a Context, key: &'a Secret) -> Self {
        Vendor { cx, key, written: Mutex::default() }
    }

    /// One request, once: what writes must not be repeated blindly.
    async fn ask(&self, make: impl FnOnce(Way) -> Request) -> Result<JsonAnswer, String> {
        let endpoint = &self.cx.settings.api.value;
        let way = self.cx.way(endpoint).await.ok_or_else(|| format!("{endpoint} cannot be reached"))?;
        let request = make(way);
        let response = self.cx.unrepeated.fetch(&request).await.result.map_err(|error| error.detail)?;
        if request.method != Method::Get {
            self.note(&request, &response);
        }
        if request.method == Method::Delete && matches!(response.status, 200..=204) {
            // What is deleted is told of without a body: 200 or 202 for organizations, 204 for endpoints.
            return Ok(JsonAnswer { status: response.status, body: Value::Null, marked: true });
        }
        match Answer::read(&response) {
            // Nobody waits here for what a write that is refused for now might say later.
            Answer::Json(answer) if answer.status == 429 => Ok(answer),
            answer => answer.about_what_was_asked(),
        }
    }

    fn note(&self, request: &Request, response: &Response) {
        let ids = ["x-request-id", "cf-ray"].map(|name| (name, response.header(name)));
        let ids = ids.into_iter().filter_map(|(name, id)| Some(format!(", {name} {}", plain(id?))));
        let method = if request.method == Method::Delete { "DELETE" } else { "POST" };
        let line = format!("{method} {}: {}{}", request.path, response.status, ids.collect::<String>());
        self.written.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    /// What was written so far, for a ticket with WorkOS.
    pub(super) fn written(&self) -> Vec<String> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A list, page by page; whether it went on further than was looked.
    async fn list(&self, page: impl Fn(Way, Option<&str>) -> Request) -> Result<(Vec<Value>, bool), String> {
        let mut all = Vec::new();
        let mut after: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let answer = self.ask(|way| page(way, after.as_deref())).await?;
            if answer.status != 200 || !answer.is_list() {
                return Err(refused(&answer));
            }
            let data = answer.body.get("data").and_then(Value::as_array).cloned().unwrap_or_default();
            all.extend(data);
            let next = answer.body.pointer("/list_metadata/after").and_then(Value::as_str).map(str::to_owned);
            if next.is_none() || next == after {
                return Ok((all, false));
            }
            after = next;
        }
        Ok((all, true))
    }

    async fn organizations(&self) -> Result<(Vec<Value>, bool), String> {
        self.list(|way, after| workos::page_of_organizations(way, self.key, 100, after)).await
    }

    async fn endpoints(&self) -> Result<(Vec<Value>, bool), String> {
        self.list(|way, after| workos::page_of_webhook_endpoints(way, self.key, after)).await
    }

    /// Everything that carries a marker; with a run's own marker, what that run made.
    pub(super) async fn marked(&self, marker: Option<&str>) -> Result<Marked, String> {
        let (organizations, more) = self.organizations().await?;
        let (endpoints, more_endpoints) = self.endpoints().await?;
        let things = |all: Vec<Value>, field: &str, is_marked: fn(&str) -> bool| {
            let named = all.iter().filter_map(|one| Some(Thing { id: text(one, "id")?, called: text(one, field)? }));
            named
                .filter(|thing| is_marked(&thing.called) && marker.is_none_or(|marker| thing.called.contains(marker)))
                .collect::<Vec<_>>()
        };
        Ok(Marked {
            organizations: things(organizations, "name", is_marked_name),
            endpoints: things(endpoints, "endpoint_url", is_marked_url),
            incomplete: more || more_endpoints,
        })
    }

    async fn delete(&self, thing: &Thing, make: fn(Way, &Secret, &str) -> Request) -> Result<(), String> {
        let mut why = String::new();
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
            match self.ask(|way| make(way, self.key, &thing.id)).await {
                // What is not there any more is deleted.
                Ok(answer) if matches!(answer.status, 200..=204 | 404) => return Ok(()),
                Ok(answer) => why = refused(&answer),
                Err(instead) => why = instead,
            }
        }
        Err(why)
    }

    pub(super) async fn delete_organization(&self, thing: &Thing) -> Result<(), String> {
        let deleted = self.delete(thing, writing::delete_organization).await;
        if deleted.is_err() {
            // One that is gone already is refused with 403, by the published description.
            let there = self.ask(|way| workos::organization(way, self.key, &thing.id)).await;
            if there.is_ok_and(|answer| answer.status == 404) {
                return Ok(());
            }
        }
        deleted
    }

    pub(super) async fn delete_endpoint(&self, thing: &Thing) -> Result<(), String> {
        self.delete(thing, writing::delete_endpoint).await
    }
}

fn text(value: &Value, field: &str) -> Option<String> {
    value.get(field).and_then(Value::as_str).map(str::to_owned)
}

fn refused(answer: &JsonAnswer) -> String {
    let said = plain(answer.message().unwrap_or_default());
    let said = if said.is_empty() { said } else { format!(": “{said}”") };
    format!("the API answers {}{said}", answer.status)
}

/// Words of somebody else, as they may be shown.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

/// "workos-preflight-1a2b3c4d (…": as `Provocation` names organizations, and nobody else does.
fn is_marked_name(name: &str) -> bool {
    let rest = name.strip_prefix(MARK).and_then(|rest| rest.strip_prefix('-'));
    let digits = rest.map(|rest| rest.chars().take_while(char::is_ascii_hexdigit).count());
    digits == Some(MARKER_DIGITS)
}

/// A URL whose query has the marker, as `Provocation` registers endpoints.
fn is_marked_url(url: &str) -> bool {
    let is_digits = |value: &str| value.len() == MARKER_DIGITS && value.chars().all(|c| c.is_ascii_hexdigit());
    web_url(url).is_some_and(|url| url.query_pairs().any(|(name, value)| name == MARK && is_digits(&value)))
}

/// A URL with the marker of a run in its query.
fn marked_url(webhook: &str, digits: &str) -> String {
    let Some(mut url) = web_url(webhook) else { return webhook.to_owned() };
    url.set_fragment(None);
    url.query_pairs_mut().append_pair(MARK, digits);
    url.into()
}

/// The same as it may be shown: what else stands in the query may be secret.
pub(super) fn shown_marked(url: &str) -> String {
    let digits =
        web_url(url).and_then(|url| url.query_pairs().find(|(name, _)| name == MARK).map(|(_, value)| plain(&value)));
    let bare = shown_url(url);
    let bare = bare.trim_end_matches("?…");
    digits.map_or_else(|| bare.to_owned(), |digits| format!("{bare}?{MARK}={digits}"))
}

/// How long the part of a marker is that differs from run to run.
const MARKER_DIGITS: usize = 12;

/// How far one of the things to be made is.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Step {
    NotBegun,
    /// It was asked for, and the answer is not known.
    Begun,
    Made(String),
    Gone,
}

/// One run's making of an event.
pub(super) struct Provocation<'a> {
    vendor: Vendor<'a>,
    webhook: &'a str,
    /// What stands in the organization's name, and so in the body of what is delivered.
    pub(super) marker: String,
    digits: String,
    /// An endpoint that is registered already, and whose secret is known.
    existing: Option<Thing>,
    endpoint: Mutex<Step>,
    organization: Mutex<Step>,
}

impl<'a> Provocation<'a> {
    /// Looks which endpoints there are; writes nothing. `random` holds at least twelve hexadecimal digits.
    pub(super) async fn prepare(vendor: Vendor<'a>, webhook: &'a str, random: &str) -> Result<Self, String> {
        let digits: String = random.chars().take(MARKER_DIGITS).collect();
        let has_secret = vendor.cx.settings.webhook_secret.is_some();
        let (endpoints, _) = vendor.endpoints().await?;
        let usable = |endpoint: &&Value| {
            let events = endpoint.get("events").and_then(Value::as_array);
            text(endpoint, "endpoint_url").as_deref() == Some(webhook)
                && text(endpoint, "status").as_deref() != Some("disabled")
                && events.is_some_and(|events| events.iter().any(|event| event == EVENT))
        };
        let existing = endpoints.iter().find(usable).filter(|_| has_secret);
        let existing =
            existing.and_then(|one| Some(Thing { id: text(one, "id")?, called: text(one, "endpoint_url")? }));
        Ok(Provocation {
            marker: format!("{MARK}-{digits}"),
            digits,
            vendor,
            webhook,
            existing,
            endpoint: Mutex::new(Step::NotBegun),
            organization: Mutex::new(Step::NotBegun),
        })
    }

    /// What would be written, and where, for the one who is asked.
    pub(super) fn in_words(&self) -> String {
        let settings = &self.vendor.cx.settings;
        let mut text = format!(
            "To make WorkOS send an event, this is written into the environment of the key {} at {}:\n",
            self.vendor.key,
            settings.api.value.https("")
        );
        match &self.existing {
            Some(endpoint) => {
                let _ =
                    writeln!(text, "  (the endpoint {} is registered for this URL, and is used as it is)", endpoint.id);
            }
            None => {
                let _ = writeln!(
                    text,
                    "  POST   {}  a temporary endpoint {} for {EVENT}",
                    writing::WEBHOOK_ENDPOINTS,
                    shown_marked(&self.url())
                );
            }
        }
        let _ = writeln!(text, "  POST   {}  an organization called “{}”", writing::ORGANIZATIONS, self.name());
        let _ = writeln!(
            text,
            "  DELETE that organization{}",
            if self.existing.is_none() { ", and that endpoint" } else { "" }
        );
        text.push_str(
            "Other endpoints and streams of this environment that listen for organizations are told of it, too. What is made is deleted \
             whatever happens; `workos-preflight listen --clean-up` finds it by its name should this machine go down meanwhile.\n",
        );
        text
    }

    fn name(&self) -> String {
        format!("{} (a test of webhook delivery; safe to delete)", self.marker)
    }

    fn url(&self) -> String {
        marked_url(self.webhook, &self.digits)
    }

    /// Makes WorkOS send the event. What it is signed with is put to the keys before it can arrive. Says what was made.
    /// Once it is told to stop, it begins no further write.
    pub(super) async fn cause(&self, keys: &Keys, stopping: &AtomicBool) -> Result<String, String> {
        if self.existing.is_none() {
            set(&self.endpoint, Step::Begun);
            let url = self.url();
            let answer =
                self.vendor.ask(|way| writing::register_endpoint(way, self.vendor.key, &url, &[EVENT])).await?;
            let id = made(&answer, &self.endpoint).map_err(|why| format!("the endpoint was not registered: {why}"))?;
            let secret = text(&answer.body, "secret").filter(|secret| !secret.is_empty());
            let secret = secret.ok_or_else(|| format!("the API did not give the secret of the endpoint {id}"))?;
            keys.add(&format!("{MARK}={}", self.digits), Secret::new(secret));
        }
        if stopping.load(Ordering::Relaxed) {
            return Err("it was told to stop before an organization was created".to_owned());
        }
        set(&self.organization, Step::Begun);
        let name = self.name();
        let answer = self.vendor.ask(|way| writing::create_organization(way, self.vendor.key, &name)).await?;
        let id = made(&answer, &self.organization).map_err(|why| format!("no organization was created: {why}"))?;
        Ok(format!("WorkOS was made to send {EVENT} (organization {id})"))
    }

    /// Whether WorkOS lists the event.
    pub(super) async fn event_at_workos(&self) -> Listed {
        let Step::Made(organization) = get(&self.organization) else { return Listed::Unknown };
        let answer = self.vendor.ask(|way| workos::latest_events(way, self.vendor.key, EVENT)).await;
        let Some(answer) = answer.ok().filter(|answer| answer.status == 200 && answer.is_list()) else {
            return Listed::Unknown;
        };
        let events = answer.body.get("data").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let own = |event: &&Value| event.pointer("/data/id").and_then(Value::as_str) == Some(organization.as_str());
        events.iter().find(own).map_or(Listed::No, |event| Listed::As(text(event, "id").unwrap_or_default()))
    }

    /// Deletes what was made. An error says what is left, or may be.
    pub(super) async fn take_back(&self) -> Result<Vec<String>, String> {
        let mut done = Vec::new();
        let mut left = Vec::new();
        for kind in [Kind::Organization, Kind::Endpoint] {
            let step = match kind {
                Kind::Organization => &self.organization,
                Kind::Endpoint => &self.endpoint,
            };
            let things = match get(step) {
                Step::NotBegun | Step::Gone => Vec::new(),
                Step::Made(id) => vec![Thing { called: id.clone(), id }],
                Step::Begun => match self.searched(kind).await {
                    Ok(things) => things,
                    Err(why) => {
                        left.push(format!("{} of {} ({why})", kind.in_words(), self.marker));
                        continue;
                    }
                },
            };
            for thing in things {
                let deleted = match kind {
                    Kind::Organization => self.vendor.delete_organization(&thing).await,
                    Kind::Endpoint => self.vendor.delete_endpoint(&thing).await,
                };
                match deleted {
                    Ok(()) => done.push(format!("{} {} made and deleted", kind.in_words(), thing.id)),
                    Err(why) => left.push(format!("{} {} ({why})", kind.in_words(), thing.id)),
                }
            }
            set(step, Step::Gone);
        }
        if left.is_empty() { Ok(done) } else { Err(left.join("; ")) }
    }

    /// Looks for what was asked for without an answer. It may come to be only after a while, so nothing found is no proof that
    /// there is nothing.
    async fn searched(&self, kind: Kind) -> Result<Vec<Thing>, String> {
        let mut why = "it was asked for, no answer came, and it is not to be seen; it may have come since".to_owned();
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            let things = match (self.vendor.marked(Some(&self.digits)).await, kind) {
                (Ok(marked), Kind::Organization) => marked.organizations,
                (Ok(marked), Kind::Endpoint) => marked.endpoints,
                (Err(instead), _) => {
                    why = instead;
                    continue;
                }
            };
            if !things.is_empty() {
                return Ok(things);
            }
        }
        Err(why)
    }

    /// What was written, and what identifies the answers to WorkOS's support.
    pub(super) fn written(&self) -> Vec<String> {
        self.vendor.written()
    }
}

/// Whether WorkOS lists an event.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(super) enum Listed {
    /// The list could not be read, or nobody looked.
    #[default]
    Unknown,
    /// It was read, and the event is not in it.
    No,
    /// Under this id.
    As(String),
}

/// What is made.
#[derive(Clone, Copy)]
enum Kind {
    Organization,
    Endpoint,
}

impl Kind {
    fn in_words(self) -> &'static str {
        match self {
            Kind::Organization => "the organization",
            Kind::Endpoint => "the endpoint",
        }
    }
}

/// The id of what was made; where the API refused, there is nothing to take back.
fn made(answer: &JsonAnswer, step: &Mutex<Step>) -> Result<String, String> {
    match (answer.status, text(&answer.body, "id")) {
        (200 | 201, Some(id)) => {
            set(step, Step::Made(id.clone()));
            Ok(id)
        }
        // These say for certain that nothing was made; a 408 of something on the way does not.
        (400 | 401 | 403 | 404 | 409 | 422 | 429, _) => {
            set(step, Step::Gone);
            Err(refused(answer))
        }
        _ => Err(refused(answer)),
    }
}

fn get(step: &Mutex<Step>) -> Step {
    step.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

fn set(step: &Mutex<Step>, to: Step) {
    *step.lock().unwrap_or_else(PoisonError::into_inner) = to;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_this_tool_made_carries_its_marker() {
        assert!(is_marked_name("workos-preflight-0123456789ab (a test of webhook delivery; safe to delete)"));
        for other in [
            "workos-preflight",
            "workos-preflight-tests",
            "Customer workos-preflight-0123456789ab",
            "workos-preflight-0123456789abc",
        ] {
            assert!(!is_marked_name(other), "{other}");
        }
        assert!(is_marked_url("https://app.customer.example/hook?workos-preflight=0123456789ab"));
        assert!(is_marked_url("https://app.customer.example/hook?a=1&workos-preflight=0123456789ab"));
        for other in ["workos-preflight", "hook?workos-preflight=1", "hook?workos-preflight=0123456789abc"] {
            assert!(!is_marked_url(&format!("https://app.customer.example/{other}")), "{other}");
        }
    }

    #[test]
    fn a_marked_url_can_be_found_again_and_shows_nothing_else_of_its_query() {
        let marked = marked_url("https://user:planted@app.customer.example/hook?token=planted#x", "0123456789ab");

        assert!(is_marked_url(&marked) && marked.contains("token=planted&workos-preflight=0123456789ab"), "{marked}");
        assert_eq!(shown_marked(&marked), "https://app.customer.example/hook?workos-preflight=0123456789ab");
    }
}
