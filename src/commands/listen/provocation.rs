//! Makes WorkOS send an event, and takes back what that took. Everything made carries a marker in its name or URL, so that it is
//! found again after whatever happens, also when this process was killed between a request and its answer.

use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;

use crate::context::Context;
use crate::inbound::Keys;
use crate::net::{Request, Way};
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
    pub(super) cx: &'a Context,
    pub(super) key: &'a Secret,
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
    /// There are more organizations than were looked through.
    pub(super) incomplete: bool,
}

impl Marked {
    pub(super) fn is_empty(&self) -> bool {
        self.organizations.is_empty() && self.endpoints.is_empty()
    }
}

impl Vendor<'_> {
    /// One request, once: what writes must not be repeated blindly.
    async fn ask(&self, make: impl FnOnce(Way) -> Request) -> Result<JsonAnswer, String> {
        let endpoint = &self.cx.settings.api.value;
        let way = self.cx.way(endpoint).await.ok_or_else(|| format!("{endpoint} cannot be reached"))?;
        let response = self.cx.unrepeated.fetch(&make(way)).await.result.map_err(|error| error.detail)?;
        if response.status == 204 {
            return Ok(JsonAnswer { status: 204, body: Value::Null, marked: true });
        }
        Answer::read(&response).about_what_was_asked()
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

    async fn endpoints(&self) -> Result<Vec<Value>, String> {
        let (all, _) = self.list(|way, after| workos::page_of_webhook_endpoints(way, self.key, after)).await?;
        Ok(all)
    }

    /// Everything that carries a marker; with a run's own marker, what that run made.
    pub(super) async fn marked(&self, marker: Option<&str>) -> Result<Marked, String> {
        let (organizations, incomplete) = self.organizations().await?;
        let endpoints = self.endpoints().await?;
        let things = |all: Vec<Value>, field: &str, is_marked: fn(&str) -> bool| {
            let named = all.iter().filter_map(|one| Some(Thing { id: text(one, "id")?, called: text(one, field)? }));
            named
                .filter(|thing| is_marked(&thing.called) && marker.is_none_or(|marker| thing.called.contains(marker)))
                .collect::<Vec<_>>()
        };
        Ok(Marked {
            organizations: things(organizations, "name", is_marked_name),
            endpoints: things(endpoints, "endpoint_url", is_marked_url),
            incomplete,
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
        self.delete(thing, writing::delete_organization).await
    }

    pub(super) async fn delete_endpoint(&self, thing: &Thing) -> Result<(), String> {
        self.delete(thing, writing::delete_endpoint).await
    }
}

fn text(value: &Value, field: &str) -> Option<String> {
    value.get(field).and_then(Value::as_str).map(str::to_owned)
}

fn refused(answer: &JsonAnswer) -> String {
    let said: String = answer.message().unwrap_or_default().chars().filter(|c| !c.is_control()).take(200).collect();
    let said = if said.is_empty() { said } else { format!(": “{said}”") };
    format!("the API answers {}{said}", answer.status)
}

/// "workos-preflight-1a2b3c4d (…": as `Provocation` names organizations, and nobody else does.
fn is_marked_name(name: &str) -> bool {
    let rest = name.strip_prefix(MARK).and_then(|rest| rest.strip_prefix('-'));
    let digits = rest.map(|rest| rest.chars().take_while(char::is_ascii_hexdigit).count());
    digits == Some(MARKER_DIGITS)
}

/// A URL whose query has the marker, as `Provocation` registers endpoints.
fn is_marked_url(url: &str) -> bool {
    web_url(url).is_some_and(|url| url.query_pairs().any(|(name, _)| name == MARK))
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
        let endpoints = vendor.endpoints().await?;
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
                    self.url()
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
        let joint = if self.webhook.contains('?') { '&' } else { '?' };
        format!("{}{joint}{MARK}={}", self.webhook, self.digits)
    }

    /// Makes WorkOS send the event. What it is signed with is put to the keys before it can arrive. Says what was made.
    pub(super) async fn cause(&self, keys: &Keys) -> Result<String, String> {
        if self.existing.is_none() {
            set(&self.endpoint, Step::Begun);
            let url = self.url();
            let answer =
                self.vendor.ask(|way| writing::register_endpoint(way, self.vendor.key, &url, &[EVENT])).await?;
            let id = made(&answer, &self.endpoint).map_err(|why| format!("the endpoint was not registered: {why}"))?;
            let secret = text(&answer.body, "secret").filter(|secret| !secret.is_empty());
            keys.add(Secret::new(
                secret.ok_or_else(|| format!("the API did not give the secret of the endpoint {id}"))?,
            ));
        }
        set(&self.organization, Step::Begun);
        let name = self.name();
        let answer = self.vendor.ask(|way| writing::create_organization(way, self.vendor.key, &name)).await?;
        let id = made(&answer, &self.organization).map_err(|why| format!("no organization was created: {why}"))?;
        Ok(format!("WorkOS was made to send {EVENT} (organization {id})"))
    }

    /// The id under which WorkOS lists the event, if it does.
    pub(super) async fn event_at_workos(&self) -> Option<String> {
        let Step::Made(organization) = get(&self.organization) else { return None };
        let answer = self.vendor.ask(|way| workos::latest_events(way, self.vendor.key, EVENT)).await.ok()?;
        let events = answer.body.get("data")?.as_array()?;
        let own =
            events.iter().find(|event| event.pointer("/data/id").and_then(Value::as_str) == Some(&organization))?;
        text(own, "id")
    }

    /// Deletes what was made. An error says what is left.
    pub(super) async fn take_back(&self) -> Result<Vec<String>, String> {
        let mut done = Vec::new();
        let mut left = Vec::new();
        let unknown = [&self.organization, &self.endpoint].iter().any(|step| get(step) == Step::Begun);
        let searched = if unknown { self.vendor.marked(Some(&self.digits)).await } else { Ok(Marked::default()) };
        let found = searched.as_ref();
        for (step, is_organization, found) in [
            (&self.organization, true, found.map(|marked| &marked.organizations)),
            (&self.endpoint, false, found.map(|marked| &marked.endpoints)),
        ] {
            let kind = if is_organization { "the organization" } else { "the endpoint" };
            let things = match (get(step), found) {
                (Step::Made(id), _) => vec![Thing { called: id.clone(), id }],
                (Step::Begun, Ok(found)) => found.clone(),
                (Step::Begun, Err(why)) => {
                    left.push(format!("{kind} {} ({why})", self.marker));
                    continue;
                }
                (Step::NotBegun | Step::Gone, _) => Vec::new(),
            };
            for thing in things {
                let deleted = if is_organization {
                    self.vendor.delete_organization(&thing).await
                } else {
                    self.vendor.delete_endpoint(&thing).await
                };
                match deleted {
                    Ok(()) => done.push(format!("{kind} {} made and deleted", thing.id)),
                    Err(why) => left.push(format!("{kind} {} ({why})", shown_url(&thing.called))),
                }
            }
            set(step, Step::Gone);
        }
        if left.is_empty() { Ok(done) } else { Err(left.join("; ")) }
    }
}

/// The id of what was made; where the API refused, there is nothing to take back.
fn made(answer: &JsonAnswer, step: &Mutex<Step>) -> Result<String, String> {
    match (answer.status, text(&answer.body, "id")) {
        (200 | 201, Some(id)) => {
            set(step, Step::Made(id.clone()));
            Ok(id)
        }
        (400..=499, _) => {
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
        assert!(!is_marked_url("https://app.customer.example/workos-preflight"));
    }
}
