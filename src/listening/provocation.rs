//! Makes WorkOS send an event, and takes back what that took. Everything made carries a marker in its name or URL, so that it is
//! found again after whatever happens, also when this process was killed between a request and its answer.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use super::marker::{Marker, shown_marked};
use super::vendor::{ATTEMPTS, Unseen, Vendor, pause, refused};
use crate::inbound::Keys;
use crate::said::line;
use crate::workos::id::{Id, Kind};
use crate::workos::pages::{ListedEvent, Object};
use crate::workos::{self, JsonAnswer, writing};

/// The event that is caused.
const EVENT: &str = "organization.created";

/// How far one of the things to be made is.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Step {
    NotBegun,
    /// It was asked for, and the answer is not known.
    Begun,
    Made(Id),
    Gone,
}

/// One run's making of an event.
pub(crate) struct Provocation<'a> {
    vendor: Vendor<'a>,
    webhook: &'a str,
    /// What stands in the organization's name, and so in the body of what is delivered.
    pub(crate) marker: Marker,
    /// An endpoint that is registered already, and whose secret is known.
    existing: Option<Id>,
    endpoint: Mutex<Step>,
    organization: Mutex<Step>,
}

impl<'a> Provocation<'a> {
    /// Looks which endpoints there are; writes nothing. `random` holds at least twelve hexadecimal digits.
    pub(crate) async fn prepare(vendor: Vendor<'a>, webhook: &'a str, random: &str) -> Result<Self, String> {
        let has_secret = vendor.cx.settings.webhook_secret.is_some();
        let endpoints = vendor.list(Kind::Endpoint).await?.objects;
        let usable = |endpoint: &&Object| {
            endpoint.called.as_deref() == Some(webhook)
                && endpoint.enabled
                && endpoint.events.iter().any(|event| event == EVENT)
        };
        let existing = endpoints.iter().find(usable).filter(|_| has_secret);
        Ok(Provocation {
            marker: Marker::new(random),
            existing: existing.and_then(|one| Id::read(Kind::Endpoint, &one.id)),
            vendor,
            webhook,
            endpoint: Mutex::new(Step::NotBegun),
            organization: Mutex::new(Step::NotBegun),
        })
    }

    /// What would be written, and where, for the one who is asked.
    pub(crate) fn in_words(&self) -> String {
        let settings = &self.vendor.cx.settings;
        let mut text = format!(
            "To make WorkOS send an event, this is written into the environment of the key {} at {}:\n",
            self.vendor.key,
            settings.api.value.https("")
        );
        match &self.existing {
            Some(endpoint) => {
                let _ = writeln!(text, "  (the endpoint {endpoint} is registered for this URL, and is used as it is)");
            }
            None => {
                let _ = writeln!(
                    text,
                    "  POST   {}  a temporary endpoint {} for {EVENT}",
                    Kind::Endpoint.place(),
                    line(&shown_marked(&self.url()))
                );
            }
        }
        let _ =
            writeln!(text, "  POST   {}  an organization called “{}”", Kind::Organization.place(), self.marker.name());
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

    /// The URL of the temporary endpoint.
    fn url(&self) -> String {
        self.marker.url(self.webhook)
    }

    /// Makes WorkOS send the event. What it is signed with is put to the keys before it can arrive. Says what was made.
    /// Once it is told to stop, it begins no further write.
    pub(crate) async fn cause(&self, keys: &Keys, stopping: &AtomicBool) -> Result<String, String> {
        if self.existing.is_none() {
            set(&self.endpoint, Step::Begun);
            let url = self.url();
            let answer =
                self.vendor.ask(|way| writing::register_endpoint(way, self.vendor.key, &url, &[EVENT])).await?;
            let id = made(&answer, Kind::Endpoint, &self.marker.in_query(), &self.endpoint)
                .map_err(|why| format!("the endpoint was not registered: {why}"))?;
            let secret = answer.signing_secret();
            let secret = secret.ok_or_else(|| format!("the API did not give the secret of the endpoint {id}"))?;
            keys.add(&self.marker.in_query(), secret);
        }
        if stopping.load(Ordering::Relaxed) {
            return Err("it was told to stop before an organization was created".to_owned());
        }
        set(&self.organization, Step::Begun);
        let name = self.marker.name();
        let answer = self.vendor.ask(|way| writing::create_organization(way, self.vendor.key, &name)).await?;
        let id = made(&answer, Kind::Organization, &name, &self.organization)
            .map_err(|why| format!("no organization was created: {why}"))?;
        Ok(format!("WorkOS was made to send {EVENT} (organization {id})"))
    }

    /// Whether WorkOS lists the event.
    pub(crate) async fn event_at_workos(&self) -> Listed {
        let Step::Made(organization) = get(&self.organization) else { return Listed::Unknown };
        let organization = organization.to_string();
        let mut answer = Err(String::new());
        // What others made of late may be large.
        for limit in [100, 10, 1] {
            answer = self.vendor.ask(|way| workos::latest_events(way, self.vendor.key, EVENT, limit)).await;
            if answer.is_ok() {
                break;
            }
        }
        let Some(events) = answer.ok().and_then(|answer| ListedEvent::all(&answer)) else { return Listed::Unknown };
        let own = events.into_iter().find(|event| event.about == organization);
        own.map_or(Listed::No, |event| Listed::As(event.id))
    }

    /// Deletes what was made. An error says what is left, or may be.
    pub(crate) async fn take_back(&self) -> Result<Vec<String>, String> {
        let mut done = Vec::new();
        let mut left = Vec::new();
        for (kind, step) in [(Kind::Organization, &self.organization), (Kind::Endpoint, &self.endpoint)] {
            let ids = match get(step) {
                Step::NotBegun | Step::Gone => Vec::new(),
                Step::Made(id) => vec![id],
                Step::Begun => match self.searched(kind).await {
                    Ok(ids) => ids,
                    Err(why) => {
                        left.push(format!("the {} of {} ({why})", kind.in_words(), self.marker));
                        continue;
                    }
                },
            };
            for id in ids {
                match self.vendor.delete(&id).await {
                    Ok(()) => done.push(format!("the {} {id} made and deleted", kind.in_words())),
                    Err(why) => left.push(format!("the {} {id} ({why})", kind.in_words())),
                }
            }
            set(step, Step::Gone);
        }
        if left.is_empty() { Ok(done) } else { Err(left.join("; ")) }
    }

    /// Looks for what was asked for without an answer. It may come to be only after a while, so nothing found is no proof that
    /// there is nothing.
    async fn searched(&self, kind: Kind) -> Result<Vec<Id>, String> {
        let mut why = "it was asked for, no answer came, and it is not to be seen; it may have come since".to_owned();
        for attempt in 1..=ATTEMPTS {
            match self.vendor.marked(kind, Some(&self.marker)).await {
                Ok(marked) if !marked.things.is_empty() => {
                    return Ok(marked.things.into_iter().map(|thing| thing.id).collect());
                }
                Ok(marked) if marked.unnameable > 0 => return Err("its id does not look like one".to_owned()),
                Ok(marked) => {
                    if let Some(Unseen::Rest(instead)) = marked.unseen {
                        why = instead;
                    }
                }
                Err(instead) => why = instead,
            }
            if attempt < ATTEMPTS {
                pause(attempt).await;
            }
        }
        Err(why)
    }

    /// What was written, and what identifies the answers to WorkOS's support.
    pub(crate) fn written(&self) -> Vec<String> {
        self.vendor.written()
    }
}

/// Whether WorkOS lists an event.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) enum Listed {
    /// The list could not be read, or nobody looked.
    #[default]
    Unknown,
    /// It was read, and the event is not in it.
    No,
    /// Under this id.
    As(String),
}

/// The id of what was made; where the API refused, there is nothing to take back. What it tells of something else, or under an id
/// that is none, is not believed: what was made is then looked for.
fn made(answer: &JsonAnswer, kind: Kind, mark: &str, step: &Mutex<Step>) -> Result<Id, String> {
    match answer.status {
        200 | 201 => {
            let told = Object::read(kind, &answer.body);
            let id = Id::read(kind, &told.id).filter(|_| told.called.is_none_or(|called| called.contains(mark)));
            let id =
                id.ok_or_else(|| format!("the API answers {}, and not with the {}", answer.status, kind.in_words()))?;
            set(step, Step::Made(id.clone()));
            Ok(id)
        }
        // These say for certain that nothing was made; a 408 of something on the way does not.
        400 | 401 | 403 | 404 | 409 | 422 | 429 => {
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
