//! How a question with, or about, a credential is put to the API, and what came back in its place.

use crate::check::{Endpoint, Outcome};
use crate::checks::egress::answers;
use crate::context::{Context, NOT_AGAIN};
use crate::net::{Network, Request, Way};
use crate::workos::id::Kind;
use crate::workos::pages::{Next, Object, Pages};
use crate::workos::{Answer, JsonAnswer};

/// Sends the request that `ask` makes along the way to the API, and notes what identifies it to support. An error says, in
/// words, what came in the place of the API's JSON: nothing is then known of what was asked.
pub(in crate::checks) async fn ask(
    endpoint: &Endpoint,
    cx: &Context,
    outcome: &mut Outcome,
    ask: impl FnOnce(Way) -> Request,
) -> Result<JsonAnswer, String> {
    put(cx.network.as_ref(), endpoint, cx, outcome, ask).await
}

/// The same without a second attempt, for what should leave as few traces as it can.
pub(super) async fn ask_once(
    endpoint: &Endpoint,
    cx: &Context,
    outcome: &mut Outcome,
    ask: impl FnOnce(Way) -> Request,
) -> Result<JsonAnswer, String> {
    put(cx.unrepeated.as_ref(), endpoint, cx, outcome, ask).await
}

async fn put(
    network: &dyn Network,
    endpoint: &Endpoint,
    cx: &Context,
    outcome: &mut Outcome,
    ask: impl FnOnce(Way) -> Request,
) -> Result<JsonAnswer, String> {
    let way = cx.way(endpoint).await.ok_or(NOT_AGAIN)?;
    outcome.via = Some(way.via());
    let sent = network.fetch(&ask(way)).await;
    outcome.attempts = outcome.attempts.max(sent.attempts);
    let response = sent.result.map_err(|error| {
        outcome.saw("failure", error.detail.clone());
        error.detail
    })?;
    answers::noted(outcome, &response);
    Answer::read(&response).about_what_was_asked()
}

/// So many pages of a list are read at most.
pub(in crate::checks) const MOST_PAGES: usize = 5;

/// What the API lists of a kind.
pub(in crate::checks) struct Listed {
    pub(in crate::checks) objects: Vec<Object>,
    /// There are no more than these.
    pub(in crate::checks) all: bool,
}

/// Why there is no list.
#[derive(Debug, thiserror::Error)]
pub(in crate::checks) enum Unlisted {
    /// There is no key to ask with.
    #[error("there is no key")]
    NoKey,
    /// The API answers with this status, and not with a list.
    #[error("an answer that is no list ({0})")]
    Answered(u16),
    /// Its pages lead in a circle.
    #[error("its pages lead in a circle")]
    Circle,
    /// Something came in the place of the API's answer.
    #[error("{0}")]
    Instead(String),
}

/// Lists what the key can see of a kind, up to [`MOST_PAGES`].
pub(in crate::checks) async fn list(
    endpoint: &Endpoint,
    cx: &Context,
    outcome: &mut Outcome,
    kind: Kind,
) -> Result<Listed, Unlisted> {
    let key = cx.settings.api_key.as_ref().map(|key| &key.value).ok_or(Unlisted::NoKey)?;
    let mut pages = Pages::of(kind);
    let mut objects = Vec::new();
    for _ in 0..MOST_PAGES {
        let answer = ask(endpoint, cx, outcome, |way| pages.request(way, key)).await.map_err(Unlisted::Instead)?;
        let page = pages.turn(&answer).ok_or(Unlisted::Answered(answer.status))?;
        objects.extend(page.objects);
        match page.next {
            Next::Page => {}
            Next::Nothing => return Ok(Listed { objects, all: true }),
            Next::Circle => return Err(Unlisted::Circle),
        }
    }
    Ok(Listed { objects, all: false })
}
