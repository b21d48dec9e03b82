//! The WorkOS API as `listen` writes to it: what is there, what of it carries a marker, and how that is deleted again.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;

use super::marker::Marker;
use crate::context::Context;
use crate::net::{Method, Request, Response, Way};
use crate::secret::Secret;
use crate::workos::id::{Id, Kind};
use crate::workos::pages::{Next, Object, Pages};
use crate::workos::{self, Answer, JsonAnswer, writing};

/// How often something is tried that may come out better the next time.
pub(crate) const ATTEMPTS: u32 = 3;

/// Environments with more of a kind are looked through no further; what is marked is among the newest.
const MOST_OBJECTS: usize = 2_000;

/// So many requests may that take, where pages have to be small.
const MOST_PAGES: usize = 200;

/// The API with the key of an environment.
pub(crate) struct Vendor<'a> {
    pub(crate) cx: &'a Context,
    pub(crate) key: &'a Secret,
    /// What was asked for and what identifies the answer to WorkOS's support, for requests that write.
    written: Mutex<Vec<String>>,
}

/// Something at WorkOS: its id, and the name or URL that a person knows it by.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Thing {
    pub(crate) id: Id,
    pub(crate) called: String,
}

/// What there is of a kind, as far as it could be looked through.
#[derive(Default, Debug)]
pub(crate) struct Listing {
    pub(crate) objects: Vec<Object>,
    /// Why there may be more.
    pub(crate) unseen: Option<Unseen>,
}

/// Why there may be more than was seen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Unseen {
    /// There are more than are looked through; what is marked is newer.
    Older,
    /// For this reason the rest could not be looked through.
    Rest(String),
}

/// What carries a marker, of a kind.
#[derive(Default, Debug)]
pub(crate) struct Marked {
    pub(crate) things: Vec<Thing>,
    /// So many bear a marker under an id that does not look like one; no request can be made about them.
    pub(crate) unnameable: usize,
    pub(crate) unseen: Option<Unseen>,
}

/// Why an answer is no use.
enum Trouble {
    /// It breaks off: for its size, or for the time that it takes.
    Cut(String),
    /// Anything else.
    Other(String),
}

impl From<Trouble> for String {
    fn from(trouble: Trouble) -> Self {
        let (Trouble::Cut(why) | Trouble::Other(why)) = trouble;
        why
    }
}

/// How a walk through a list ended.
enum Walk {
    /// At its end.
    Through,
    /// After as many as are looked through.
    Enough,
    /// At one object that is too large to be read even alone.
    Blocked(String),
    /// For another reason.
    Failed(String),
}

/// Whether something is there.
enum Presence {
    There,
    Gone,
    Unknown(String),
}

impl<'a> Vendor<'a> {
    pub(crate) fn new(cx: &'a Context, key: &'a Secret) -> Self {
        Vendor { cx, key, written: Mutex::default() }
    }

    /// One request, once: what writes must not be repeated blindly. Redirects are never followed.
    pub(crate) async fn ask(&self, make: impl FnOnce(Way) -> Request) -> Result<JsonAnswer, String> {
        Ok(self.put(make).await?)
    }

    async fn put(&self, make: impl FnOnce(Way) -> Request) -> Result<JsonAnswer, Trouble> {
        let endpoint = &self.cx.settings.api.value;
        let way = self.cx.way(endpoint).await.ok_or_else(|| Trouble::Other(format!("{endpoint} cannot be reached")))?;
        let request = make(way);
        let sent = self.cx.unrepeated.fetch(&request).await.result;
        let response = sent.map_err(|error| Trouble::Other(error.detail))?;
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
            answer @ Answer::Cut { .. } => Err(Trouble::Cut(answer.about_what_was_asked().err().unwrap_or_default())),
            answer => answer.about_what_was_asked().map_err(Trouble::Other),
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
    pub(crate) fn written(&self) -> Vec<String> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Everything of a kind, page by page. Where one object blocks the way, the rest is looked at from the other end.
    pub(crate) async fn list(&self, kind: Kind) -> Result<Listing, String> {
        let mut listing = Listing::default();
        listing.unseen = match self.walk(Pages::of(kind), &mut listing.objects).await {
            Walk::Through => None,
            Walk::Enough => Some(Unseen::Older),
            Walk::Failed(why) if listing.objects.is_empty() => return Err(why),
            Walk::Failed(why) => Some(Unseen::Rest(why)),
            Walk::Blocked(why) => {
                let _ = self.walk(Pages::oldest_first(kind), &mut listing.objects).await;
                Some(Unseen::Rest(format!("one of them is too large to be read: {why}")))
            }
        };
        Ok(listing)
    }

    async fn walk(&self, mut pages: Pages, objects: &mut Vec<Object>) -> Walk {
        for _ in 0..MOST_PAGES {
            let answer = match self.read(|way| pages.request(way, self.key)).await {
                Ok(answer) => answer,
                Err(Trouble::Cut(_)) if pages.shrink() => continue,
                Err(Trouble::Cut(why)) => return Walk::Blocked(why),
                Err(Trouble::Other(why)) => return Walk::Failed(why),
            };
            let Some(page) = pages.turn(&answer) else { return Walk::Failed(refused(&answer)) };
            objects.extend(page.objects);
            match page.next {
                Next::Nothing => return Walk::Through,
                Next::Circle => return Walk::Failed("its pages lead in a circle".to_owned()),
                Next::Page if objects.len() >= MOST_OBJECTS => return Walk::Enough,
                Next::Page => {}
            }
        }
        Walk::Enough
    }

    /// A request that only reads, and so may be repeated.
    async fn read(&self, make: impl Fn(Way) -> Request) -> Result<JsonAnswer, Trouble> {
        let mut attempt = 1;
        loop {
            let read = self.put(&make).await;
            let again = match &read {
                Ok(answer) => answer.status == 429,
                Err(Trouble::Cut(_)) => false,
                Err(Trouble::Other(_)) => true,
            };
            if !again || attempt == ATTEMPTS {
                return read;
            }
            pause(attempt).await;
            attempt += 1;
        }
    }

    /// Everything of a kind that carries a marker; with a run's own marker, what that run made.
    pub(crate) async fn marked(&self, kind: Kind, of: Option<&Marker>) -> Result<Marked, String> {
        let Listing { objects, unseen } = self.list(kind).await?;
        let mut marked = Marked { unseen, ..Marked::default() };
        for object in &objects {
            let Some(called) = &object.called else { continue };
            let borne = match kind {
                Kind::Organization => Marker::of_name(called),
                Kind::Endpoint => Marker::of_url(called),
            };
            if borne.is_none_or(|borne| of.is_some_and(|of| *of != borne)) {
                continue;
            }
            match Id::read(kind, &object.id) {
                Some(id) if marked.things.iter().any(|thing| thing.id == id) => {}
                Some(id) => marked.things.push(Thing { id, called: called.clone() }),
                None => marked.unnameable += 1,
            }
        }
        Ok(marked)
    }

    /// Deletes, and looks whether that came about: neither a refusal nor a success is believed by itself.
    pub(crate) async fn delete(&self, id: &Id) -> Result<(), String> {
        let mut said = self.ask(|way| writing::delete(way, self.key, id)).await;
        let mut attempt = 1;
        loop {
            let presence = self.presence(id).await;
            let told = match &said {
                Ok(answer) => matches!(answer.status, 200..=204),
                Err(_) => false,
            };
            match presence {
                Presence::Gone => return Ok(()),
                Presence::Unknown(_) if told => return Ok(()),
                Presence::Unknown(why) if attempt == ATTEMPTS => {
                    return Err(format!("{}; and whether it is there cannot be seen: {why}", in_words(&said)));
                }
                Presence::There if attempt == ATTEMPTS || is_final(&said) => return Err(in_words(&said)),
                Presence::There | Presence::Unknown(_) => {}
            }
            pause(attempt).await;
            attempt += 1;
            // What the API says it has deleted may be seen for a while.
            if !told {
                said = self.ask(|way| writing::delete(way, self.key, id)).await;
            }
        }
    }

    async fn presence(&self, id: &Id) -> Presence {
        if id.kind() == Kind::Organization {
            match self.read(|way| workos::organization(way, self.key, id)).await {
                Ok(answer) if answer.status == 404 && answer.marked => return Presence::Gone,
                Ok(answer) if answer.status == 200 && Object::read(id.kind(), &answer.body).is(id) => {
                    return Presence::There;
                }
                _ => {}
            }
        }
        match self.list(id.kind()).await {
            Ok(listing) if listing.objects.iter().any(|object| object.is(id)) => Presence::There,
            Ok(Listing { unseen: None, .. }) => Presence::Gone,
            Ok(Listing { unseen: Some(Unseen::Rest(why)), .. }) | Err(why) => Presence::Unknown(why),
            Ok(_) => Presence::Unknown("there are too many to look through".to_owned()),
        }
    }
}

/// Whether asking again cannot come out otherwise.
fn is_final(said: &Result<JsonAnswer, String>) -> bool {
    said.as_ref().is_ok_and(|answer| !matches!(answer.status, 200..=204 | 408 | 409 | 423 | 425 | 429))
}

fn in_words(said: &Result<JsonAnswer, String>) -> String {
    match said {
        Ok(answer) if matches!(answer.status, 200..=204) => {
            format!("the API answers {}, and it is still there", answer.status)
        }
        Ok(answer) => refused(answer),
        Err(why) => why.clone(),
    }
}

/// Longer before each further attempt.
pub(crate) async fn pause(attempt: u32) {
    // In tests there is nobody to wait for.
    let first = if cfg!(test) { Duration::ZERO } else { Duration::from_millis(500) };
    tokio::time::sleep(first * attempt).await;
}

pub(crate) fn refused(answer: &JsonAnswer) -> String {
    let said = plain(answer.message().unwrap_or_default());
    let said = if said.is_empty() { said } else { format!(": “{said}”") };
    format!("the API answers {}{said}", answer.status)
}

/// Words of somebody else, as they may be shown.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

#[cfg(test)]
mod tests;
