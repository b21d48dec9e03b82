//! How a question with, or about, a credential is put to the API, and what came back in its place.

use crate::check::{Endpoint, Outcome};
use crate::checks::egress::answers;
use crate::context::Context;
use crate::net::{Network, Request, Way};
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
    let way = cx.way(endpoint).await.ok_or("the connection did not come about again")?;
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
