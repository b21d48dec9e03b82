//! An endpoint of the application that takes what WorkOS signs, a webhook or Actions, asked without a right signature.

pub(in crate::checks) mod codes;
mod words;

use std::time::UNIX_EPOCH;

use url::Position;

use self::codes::{
    ACCEPTS_UNSIGNED, CLIENT_CERTIFICATE_REQUIRED, CROSS_SITE_TOKEN_REQUIRED, LOGIN_WALL, METHOD_REFUSED, NO_ANSWER,
    NOT_FOUND, REDIRECTS, REFUSED_BEFORE_THE_APPLICATION, SERVER_ERROR, UNCLEAR_ANSWER,
};
use crate::check::{About, Check, Code, Contact, Endpoint, Finding, Grade, Outcome, Running, Touch};
use crate::checks::ingress::{Front, MADE_UP_PATH, Wall, alike, arrival, contacts_of_arrival, wants_sign_in};
use crate::context::{Context, NOT_AGAIN};
use crate::elsewhere::{OTHERWISE_OUTSIDE, SEEN_LONG_AGO};
use crate::facts::Facts;
use crate::middlebox;
use crate::net::{Attempted, Method, Request, Response, Trust, Way};
use crate::said::page_title;
use crate::settings::values::{shown_url, url_endpoint, web_url};
use crate::settings::{Setting, Settings};
use crate::workos::signature;

use super::accepts_signed;

pub(in crate::checks) const CODES: &[&Code] = &[
    &ACCEPTS_UNSIGNED,
    &NOT_FOUND,
    &METHOD_REFUSED,
    &REDIRECTS,
    &SERVER_ERROR,
    &LOGIN_WALL,
    &CLIENT_CERTIFICATE_REQUIRED,
    &CROSS_SITE_TOKEN_REQUIRED,
    &REFUSED_BEFORE_THE_APPLICATION,
    &UNCLEAR_ANSWER,
    &NO_ANSWER,
    &SEEN_LONG_AGO,
    &OTHERWISE_OUTSIDE,
];

/// What WorkOS sends there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::checks) enum Kind {
    /// Events, after they happened.
    Webhook,
    /// Questions whether a sign-in or a registration may go on.
    Actions,
}

impl Kind {
    /// The URL, as people call it.
    fn url(self) -> &'static str {
        match self {
            Kind::Webhook => "webhook URL",
            Kind::Actions => "Actions URL",
        }
    }

    /// What the handler has to verify.
    fn signatures(self) -> &'static str {
        match self {
            Kind::Webhook => "webhook signatures",
            Kind::Actions => "the signatures of Actions",
        }
    }

    fn secret(self) -> &'static str {
        match self {
            Kind::Webhook => "the endpoint's webhook secret",
            Kind::Actions => "the Actions secret",
        }
    }

    /// What is sent, in the plural.
    fn sent(self) -> &'static str {
        match self {
            Kind::Webhook => "deliveries",
            Kind::Actions => "Actions",
        }
    }

    /// What it leads to when nothing right answers; finishes the sentence.
    fn consequence(self) -> &'static str {
        match self {
            Kind::Webhook => "",
            Kind::Actions => {
                "; WorkOS denies by default what Actions do not answer (default deny), so nobody can log in"
            }
        }
    }

    /// Of a type, or an object, that no application acts on.
    fn made_up(self) -> &'static str {
        match self {
            Kind::Webhook => {
                r#"{"id":"event_workos_preflight","event":"workos_preflight.unsigned","data":{},"created_at":"2026-01-01T00:00:00.000Z"}"#
            }
            Kind::Actions => r#"{"id":"action_workos_preflight","object":"workos_preflight_unsigned"}"#,
        }
    }
}

/// The endpoint. As a check, it is asked whether it refuses what bears no right signature.
pub(in crate::checks) struct Receiver {
    kind: Kind,
    pub(in crate::checks) endpoint: Endpoint,
    path: String,
    /// As it may be shown.
    pub(in crate::checks) url: String,
}

impl Check for Receiver {
    fn subject(&self) -> Option<String> {
        Some(self.url.clone())
    }

    fn about(&self) -> About {
        About::Endpoint(self.endpoint.clone())
    }

    fn contacts(&self, facts: &Facts, settings: &Settings) -> Vec<Contact> {
        let why = match self.kind {
            Kind::Webhook => "whether it refuses an unsigned and a wrongly signed event",
            Kind::Actions => "whether it refuses an unsigned and a wrongly signed Action",
        };
        let mut contacts = self.asked(why, facts, settings);
        contacts.push(Contact::new(
            Touch::request(Method::Post, &self.endpoint, MADE_UP_PATH),
            "to see whether every path is refused alike, by something before the application",
        ));
        contacts
    }

    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
        Box::pin(self.asked_unsigned(cx))
    }
}

impl Receiver {
    /// The endpoint that a setting names, where that is an https URL.
    pub(in crate::checks) fn of(kind: Kind, given: Option<&Setting<String>>) -> Option<Self> {
        let url = web_url(&given?.value).filter(|url| url.scheme() == "https")?;
        let endpoint = url_endpoint(&url)?;
        let path = url[Position::BeforePath..Position::AfterQuery].to_owned();
        Some(Receiver { kind, endpoint, path, url: shown_url(url.as_str()) })
    }

    /// What asking it touches, whatever is sent.
    pub(super) fn asked(&self, why: &str, facts: &Facts, settings: &Settings) -> Vec<Contact> {
        let mut contacts = contacts_of_arrival(&self.endpoint, true, "for the requests to it", facts, settings);
        contacts
            .push(Contact::new(Touch::request(Method::Post, &self.endpoint, &self.path).with_query_as_given(), why));
        contacts.push(Contact::new(Touch::CLOCK, "the time of a signature"));
        contacts
    }

    /// Asks it without a signature and with a wrong one. Both must be refused.
    async fn asked_unsigned(&self, cx: &Context) -> Outcome {
        let Some(way) = self.way(cx).await else {
            return Outcome::graded(Grade::Identified).because(self.no_answer(NOT_AGAIN));
        };
        let body = self.kind.made_up().as_bytes();
        let plain = cx.network.fetch(&self.request(&way, body, None)).await;
        let wrongly_signed = self.request(&way, body, Some(wrong_signature(cx)));
        let (forged, mut front) = tokio::join!(cx.network.fetch(&wrongly_signed), self.front(&way, cx));
        let everywhere = plain.result.as_ref().is_ok_and(|it| self.wall(&front, it) == Some(Wall::EveryPath));
        if everywhere && self.takes_what_is_signed(&way, cx).await {
            front.made_up = None;
        }
        self.judge(&plain, &forged, front).via("direct").tried(plain.attempts.max(forged.attempts))
    }

    /// What is known of whatever stands before it.
    pub(super) async fn front(&self, way: &Way, cx: &Context) -> Front {
        Front::seen(&self.request(way, self.kind.made_up().as_bytes(), None), cx).await
    }

    /// What answered in the application's place, if a refusal gives that away.
    pub(super) fn wall(&self, front: &Front, answer: &Response) -> Option<Wall> {
        let wants_token = matches!(answer.status, 400 | 401 | 403 | 419 | 422)
            && (answer.status == 419 || middlebox::wants_cross_site_token(&answer.text()));
        match front.wall(answer, &self.path) {
            None | Some(Wall::EveryPath) if wants_token => Some(Wall::CrossSite),
            wall => wall,
        }
    }

    /// Whether what answers every path alike takes an event that is signed with the secret, and so is the application. Sent
    /// only where signed events are to be sent.
    async fn takes_what_is_signed(&self, way: &Way, cx: &Context) -> bool {
        let Some(secret) = cx.settings.webhook_secret.as_ref().filter(|_| cx.settings.send_signed) else {
            return false;
        };
        if self.kind != Kind::Webhook {
            return false;
        }
        let body = accepts_signed::event(cx);
        let signature = signature::sign(&secret.value, now(cx), &body);
        let signed = cx.network.fetch(&self.request(way, &body, Some(signature))).await;
        signed.result.is_ok_and(|response| matches!(response.status, 200..=299) && !is_page(&response))
    }

    /// The way that requests to it take.
    pub(super) async fn way(&self, cx: &Context) -> Option<Way> {
        arrival(&self.endpoint, cx).await.way().cloned()
    }

    /// A request as WorkOS would send it.
    pub(super) fn request(&self, way: &Way, body: &[u8], signature: Option<String>) -> Request {
        let mut request = Request {
            trust: Trust::Public,
            method: Method::Post,
            headers: vec![("content-type", "application/json".to_owned())],
            body: body.to_vec(),
            ..Request::get(way.clone(), self.path.clone())
        };
        request.headers.extend(signature.map(|signature| (signature::HEADER, signature)));
        request
    }

    fn judge(&self, plain: &Attempted<Response>, forged: &Attempted<Response>, mut front: Front) -> Outcome {
        let mut outcome = Outcome::graded(Grade::Answered);
        for (what, answer) in [("without a signature", plain), ("with a wrong signature", forged)] {
            match &answer.result {
                Ok(response) => outcome.saw(what, response.status.to_string()),
                Err(error) => {
                    outcome.saw(what, error.detail.clone());
                    outcome.grade = Grade::Identified;
                    outcome.found(self.no_answer(&error.detail));
                    return outcome;
                }
            }
        }
        let (Ok(unsigned), Ok(wrong)) = (&plain.result, &forged.result) else { return outcome };
        let reads_signatures = !alike(unsigned, &self.path, wrong, &self.path);
        if let Some(made_up) = &front.made_up {
            outcome.saw("a made-up path", made_up.status.to_string());
        }
        if reads_signatures {
            // What answers the two in different words is the application, whatever it makes of other paths.
            front.made_up = None;
        }
        for (answer, how) in [(unsigned, "without a signature"), (wrong, "with a wrong signature")] {
            if let Some(wall) = self.wall(&front, answer) {
                outcome.grade = Grade::Identified;
                outcome.found(self.before_the_application(wall, answer.status));
                break;
            }
            if reads_signatures && answer.status == 422 {
                // A framework that finds the header missing before the handler is asked.
                continue;
            }
            if let Some(finding) = self.problem(answer, how, &front) {
                outcome.found(finding);
                break;
            }
        }
        outcome
    }

    fn problem(&self, response: &Response, how: &str, front: &Front) -> Option<Finding> {
        let title = page_title(&response.body);
        let everywhere = front.is_everywhere(response, &self.path);
        match response.status {
            200..=299 if is_page(response) => Some(self.login_wall(response.status, title.as_deref(), everywhere)),
            200..=299 if everywhere => Some(self.takes_everything(response.status)),
            200..=299 => Some(self.accepts(response.status, how)),
            300..=399 => Some(self.redirects(response, front)),
            401 if wants_sign_in(response) => Some(self.login_wall(401, title.as_deref(), everywhere)),
            400 | 401 | 403 => None,
            404 | 410 => Some(self.not_found(response.status)),
            405 => Some(self.method_refused(everywhere)),
            500..=599 => Some(self.server_error(response.status, everywhere)),
            400..=499 if response.text().to_ascii_lowercase().contains("signature") => None,
            status => Some(self.unclear(status)),
        }
    }
}

/// Now, in the milliseconds of signatures.
pub(super) fn now(cx: &Context) -> u64 {
    let since = cx.host.now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// The right form at the right time with a hash that no secret gives.
pub(super) fn wrong_signature(cx: &Context) -> String {
    format!("t={}, v1={}", now(cx), "0".repeat(64))
}

/// A page made for people. Some frameworks call every text HTML, so its type alone says nothing.
fn is_page(response: &Response) -> bool {
    let html = response.header("content-type").is_some_and(|value| value.starts_with("text/html"));
    let start: String = response.text().chars().take(64_000).collect::<String>().to_ascii_lowercase();
    html && ["<html", "<!doctype html", "<title", "<form"].iter().any(|mark| start.contains(mark))
}
