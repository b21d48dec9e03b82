//! An endpoint of the application that takes what WorkOS signs, a webhook or Actions, asked without a right signature.

use std::time::UNIX_EPOCH;

use url::Position;

use crate::check::{
    About, Check, Code, Command, Contact, Endpoint, Finding, Grade, Outcome, Remediation, Remediations, Running, Touch,
    command,
};
use crate::checks::ingress::{Front, MADE_UP_PATH, Wall, alike, arrival, shown_location, wants_sign_in};
use crate::context::Context;
use crate::middlebox;
use crate::net::{Attempted, Method, Request, Response, Trust, Way, page_title};
use crate::settings::Setting;
use crate::settings::values::{shown_url, url_endpoint, web_url};
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
];

static ACCEPTS_UNSIGNED: Code =
    Code::error("accepts-unsigned", "the endpoint accepts a request that WorkOS did not sign");
static NOT_FOUND: Code = Code::error("not-found", "there is nothing at the URL's path (404 or 410)");
static METHOD_REFUSED: Code = Code::error("method-refused", "the endpoint takes no POST (405)");
static REDIRECTS: Code = Code::error("redirects", "the URL redirects to somewhere else");
static SERVER_ERROR: Code =
    Code::error("server-error", "the endpoint, or what stands before it, answers with a server error");
static LOGIN_WALL: Code =
    Code::error("login-wall", "a page for people, or a demand to sign in, answers in the endpoint's place");
static CLIENT_CERTIFICATE_REQUIRED: Code = Code::error(
    "client-certificate-required",
    "requests are refused for the want of a client certificate, and WorkOS shows none",
);
static CROSS_SITE_TOKEN_REQUIRED: Code = Code::error(
    "cross-site-token-required",
    "requests are refused for the want of a token against forged requests of browsers (CSRF), and WorkOS sends none",
);
static REFUSED_BEFORE_THE_APPLICATION: Code = Code::undecided(
    "refused-before-the-application",
    "something before the application refuses: it answers every path alike, or says its name on the page, so nothing is known of the application",
);
static UNCLEAR_ANSWER: Code =
    Code::undecided("unclear-answer", "the endpoint refuses with a status that says nothing about signatures");
static NO_ANSWER: Code = Code::undecided("no-answer", "no HTTP answer came from the URL");

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

    fn contacts(&self) -> Vec<Contact> {
        let why = match self.kind {
            Kind::Webhook => "whether it refuses an unsigned and a wrongly signed event",
            Kind::Actions => "whether it refuses an unsigned and a wrongly signed Action",
        };
        vec![
            Contact::new(Touch::Request("POST", self.url.clone()), why),
            Contact::new(
                Touch::Request("POST", self.endpoint.https(MADE_UP_PATH)),
                "to see whether every path is refused alike, by something before the application",
            ),
            Contact::new(Touch::Connection(self.endpoint.clone(), "TLS"), "whether a client certificate is asked for"),
        ]
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

    /// Asks it without a signature and with a wrong one. Both must be refused.
    async fn asked_unsigned(&self, cx: &Context) -> Outcome {
        let Some(way) = self.way(cx).await else {
            return Outcome::graded(Grade::Identified)
                .because(self.no_answer("the connection did not come about again"));
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

    pub(super) fn curl(&self) -> Command {
        command!("curl -si -X POST -H 'Content-Type: application/json' -d '{{}}' {}", self.url)
    }

    fn accepts(&self, status: u16, how: &str) -> Finding {
        let what = match self.kind {
            Kind::Webhook => format!("to an event {how}: anybody can forge events"),
            Kind::Actions => format!("to an Action {how}: anybody can ask it for verdicts"),
        };
        ACCEPTS_UNSIGNED.found(
            format!("{} answers {status} {what}", self.url),
            Remediation::vendor(format!(
                "Verify the WorkOS-Signature header with {} before anything else, and answer 401 when it is missing or wrong.",
                self.kind.secret()
            ))
            .verify(self.curl()),
        )
    }

    fn not_found(&self, status: u16) -> Finding {
        NOT_FOUND.found(
            format!("there is nothing at {} ({status}){}", self.url, self.kind.consequence()),
            Remediation::installer(format!(
                "Correct the path of the {}, here and in the WorkOS dashboard, or have the reverse proxy pass it to the application.",
                self.kind.url()
            ))
            .verify(self.curl()),
        )
    }

    fn takes_everything(&self, status: u16) -> Finding {
        ACCEPTS_UNSIGNED.found(
            format!(
                "{} answers {status} to an event that is not signed, and so is a made-up path, in the same words: what answers there takes everything, and may not be the application{}",
                self.url,
                self.kind.consequence()
            ),
            Remediation::installer(format!(
                "Have what answers at {} pass {} to the application that handles {}, instead of answering every path itself (a catch-all, a default page, a firewall's page).",
                self.endpoint,
                self.path_shown(),
                self.kind.sent()
            ))
            .verify(self.curl())
            .or(Remediation::vendor(format!(
                "Verify the WorkOS-Signature header with {} before anything else, and answer 401 when it is missing or wrong, if it is the application that answers so.",
                self.kind.secret()
            ))),
        )
    }

    fn method_refused(&self, everywhere: bool) -> Finding {
        let url = self.kind.url();
        let (and_so, remedies) = if everywhere {
            let allow = Remediation::network(format!(
                "Allow POST for {} in what stands in front of {} (a list of allowed methods in the reverse proxy, load balancer or web application firewall).",
                self.path_shown(),
                self.endpoint
            ));
            let server = Remediation::installer(format!(
                "Have what answers at {} pass {} to the application, if it serves files alone.",
                self.endpoint,
                self.path_shown()
            ));
            (" at this path and at a made-up one alike", allow.or(server))
        } else {
            let correct = Remediation::installer(format!(
                "Correct the path of the {url}, or allow POST for it in the reverse proxy or web application firewall."
            ));
            ("", correct.into())
        };
        METHOD_REFUSED.found(
            format!("{} takes no POST (405){and_so}, and WorkOS uses POST{}", self.url, self.kind.consequence()),
            remedies.verify(self.curl()),
        )
    }

    fn redirects(&self, response: &Response, front: &Front) -> Finding {
        let location = response.header("location").unwrap_or_default();
        let target = web_url(&self.url).and_then(|url| url.join(location).ok());
        let product = target.as_ref().and_then(middlebox::by_sign_in);
        let sign_in = product.is_some()
            || front.is_everywhere(response, &self.path)
            || target.as_ref().is_some_and(middlebox::is_sign_in);
        let mut whose = match product {
            Some(guess) => format!(": {}, a sign-in in front of the application", guess.in_words()),
            None if sign_in => ": a sign-in, or another wall in front of the application".to_owned(),
            None => String::new(),
        };
        if front.asks_certificate {
            whose.push_str("; it asks for a client certificate as well, whose want may be why");
        }
        let register = Remediation::installer(format!(
            "Register the final URL with WorkOS, or exempt the path {} of the {} from the redirect (sign-on, http to https, slash).",
            self.path_shown(),
            self.kind.url()
        ));
        let remedies = if sign_in {
            Remediation::network(format!(
                "Exempt the path {} from the sign-in in front of {}: the signature authenticates {}.",
                self.path_shown(),
                self.endpoint,
                self.kind.sent()
            ))
            .or(register)
        } else {
            register.into()
        };
        REDIRECTS.found(
            format!(
                "{} redirects to {} ({}), where {} end{whose}{}",
                self.url,
                shown_location(location),
                response.status,
                self.kind.sent(),
                self.kind.consequence()
            ),
            remedies.verify(self.curl()),
        )
    }

    fn server_error(&self, status: u16, everywhere: bool) -> Finding {
        let does = match (status, everywhere) {
            (502..=504, true) => {
                "and so is a made-up path: what stands in front does not reach the application, or keeps it in maintenance"
            }
            (502..=504, false) => {
                "to an unsigned request: the reverse proxy does not reach the handler, or it is in maintenance"
            }
            _ => "to an unsigned request: the handler breaks",
        };
        let start = Remediation::installer(format!(
            "Start the application behind what answers at {}, or end its maintenance, and run this again.",
            self.endpoint
        ));
        let mend = Remediation::vendor(
            "Find the error in the application's log at this time: the handler must answer 400 or 401 to what has no valid signature.",
        );
        SERVER_ERROR.found(
            format!("{} answers {status} {does}{}", self.url, self.kind.consequence()),
            if (502..=504).contains(&status) { start.or(mend) } else { mend.or(start) }.verify(self.curl()),
        )
    }

    fn login_wall(&self, status: u16, title: Option<&str>, everywhere: bool) -> Finding {
        let called = title.map_or_else(|| "a demand to sign in".to_owned(), |title| format!("a page called “{title}”"));
        let place = if everywhere { ", as at a made-up path" } else { "" };
        LOGIN_WALL.found(
            format!("{called} answers at {} ({status}){place}: it is made for people, and takes no {}{}", self.url, self.kind.sent(), self.kind.consequence()),
            Remediation::installer(format!("If that page is a sign-in, exempt the path {} from it: the signature authenticates {}. If it is the application's own front page, pass the path to the application's server. If it is of another site, correct the {}, or the public record of its host.", self.path_shown(), self.kind.sent(), self.kind.url()))
                .verify(self.curl()),
        )
    }

    fn before_the_application(&self, wall: Wall, status: u16) -> Finding {
        let code = match wall {
            Wall::ClientCertificate => &CLIENT_CERTIFICATE_REQUIRED,
            Wall::CrossSite => &CROSS_SITE_TOKEN_REQUIRED,
            Wall::Product(_) | Wall::EveryPath => &REFUSED_BEFORE_THE_APPLICATION,
        };
        let so = match wall {
            Wall::ClientCertificate | Wall::CrossSite => ", and WorkOS has none to show",
            Wall::Product(_) | Wall::EveryPath => ": nothing is known of the application",
        };
        code.found(
            format!("a request to {} is refused {}{so}{}", self.url, wall.in_words(status), self.kind.consequence()),
            self.let_through(wall, status).verify(self.curl()),
        )
    }

    /// What to change on what stands before the application.
    pub(super) fn let_through(&self, wall: Wall, status: u16) -> Remediations {
        let (path, endpoint, sent) = (self.path_shown(), &self.endpoint, self.kind.sent());
        let from_sign_in = Remediation::network(format!(
            "Exempt the path {path} from the sign-in in front of {endpoint} (forward auth, single sign-on): the signature authenticates {sent}."
        ));
        let for_the_check = Remediation::network(format!(
            "Let this host through to {endpoint} for the time of the check, if it is an allowlist that refuses: it is right if it lists WorkOS's addresses."
        ));
        let in_its_own_words = Remediation::vendor(
            "Answer a request without a right signature in words of its own, such as 401 and `invalid signature`, if it is the application that answers every path so: then this can be told.",
        );
        match wall {
            Wall::ClientCertificate => Remediation::network(format!(
                "Require no client certificate for {path} on what answers at {endpoint} (nginx: ssl_verify_client optional, and ask for $ssl_client_verify in the other locations): WorkOS has none to show."
            ))
            .into(),
            Wall::Product(guess) => Remediation::network(format!(
                "Exempt POST {path} from the rules of what stands in front of {endpoint} ({}), for WorkOS's addresses at least; its log at this time names the rule.",
                guess.in_words()
            ))
            .into(),
            Wall::CrossSite => Remediation::vendor(format!(
                "Exempt {path} from the framework's protection against cross-site requests (Django: csrf_exempt; Rails: skip_forgery_protection; Laravel: validateCsrfTokens except): the signature protects it."
            ))
            .into(),
            Wall::EveryPath if matches!(status, 413 | 429) => self.lifted(status).or(in_its_own_words),
            Wall::EveryPath if status == 403 => for_the_check.or(from_sign_in).or(in_its_own_words),
            Wall::EveryPath => from_sign_in.or(for_the_check).or(in_its_own_words),
        }
    }

    /// What to change where something has a limit.
    fn lifted(&self, status: u16) -> Remediation {
        let (path, endpoint) = (self.path_shown(), &self.endpoint);
        Remediation::network(match status {
            429 => format!(
                "Raise the rate limit for {path} on what answers at {endpoint}, for WorkOS's addresses at least, and run this again once the limit's time is over."
            ),
            _ => format!(
                "Allow bodies of at least 1 MB for {path} on what answers at {endpoint} (nginx: client_max_body_size 1m): an event of less than 200 bytes is too large for it."
            ),
        })
    }

    fn unclear(&self, status: u16) -> Finding {
        let handle = Remediation::vendor("Have the handler answer 400 or 401 to what has no valid signature.");
        let (why, remedies) = match status {
            429 => (": a rate limit refuses, and would refuse WorkOS too", self.lifted(status).or(handle)),
            413 => (": the body is too large for what answers", self.lifted(status).or(handle)),
            _ => ("", handle.into()),
        };
        UNCLEAR_ANSWER.found(
            format!("{} answers {status}, which says nothing about signatures{why}", self.url),
            remedies.verify(self.curl()),
        )
    }

    fn no_answer(&self, detail: &str) -> Finding {
        NO_ANSWER.found(
            format!("no HTTP answer came from {}: {detail}", self.url),
            Remediation::installer(format!(
                "Look in the log of what listens at {} at this time, and run the command below from another network.",
                self.endpoint
            ))
            .verify(self.curl()),
        )
    }

    pub(super) fn path_shown(&self) -> &str {
        self.path.split('?').next().unwrap_or_default()
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
