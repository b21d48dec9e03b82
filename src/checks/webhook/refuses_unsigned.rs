//! Does the webhook endpoint answer, and refuse what WorkOS did not sign?

use std::time::UNIX_EPOCH;

use crate::check::{
    About, Check, CheckId, Code, Contact, Endpoint, Finding, Grade, Outcome, Planned, Remediation, Running, Spec,
    Touch, Vantage,
};
use crate::checks::ingress::{arrival, trusted};
use crate::context::Context;
use crate::net::{Attempted, Method, Request, Response, Trust, Way, page_title};
use crate::settings::values::{shown_url, url_endpoint, web_url};

pub(super) static SPEC: Spec = Spec {
    id: ID,
    title: "the webhook refuses what is not signed",
    explain: "\
Sends the webhook URL a made-up event twice: without the WorkOS-Signature header, and with a signature that is wrong. \
Both must be refused with 400, 401 or 403. A 403 is compared with the one of a made-up path on the same host.

An endpoint that answers 2xx takes forged events from anybody. One that answers 404, 405, a redirect or a login page is \
not the webhook endpoint, or something stands before it. A 403 that every path gives comes from an allowlist or a web \
application firewall: nothing is then known of the application behind it.

Usually broken by a path that differs by a prefix or a slash, by single sign-on in front of the whole site, or by a \
handler that checks signatures only in production.",
    vantages: &[Vantage::Inside, Vantage::Outside],
    required: super::required,
    codes: &[
        &ACCEPTS_UNSIGNED, &NOT_FOUND, &METHOD_REFUSED, &REDIRECTS, &SERVER_ERROR, &LOGIN_WALL, &REFUSED_BEFORE_THE_APPLICATION,
        &UNCLEAR_ANSWER, &NO_ANSWER,
    ],
    needs: &[trusted::ID],
    plan: |_, settings| {
        let url = settings.webhook_url.as_ref().and_then(|given| web_url(&given.value)).filter(|url| url.scheme() == "https");
        let webhook = url.and_then(|url| {
            let endpoint = url_endpoint(&url)?;
            let path = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
            Some(Unsigned { endpoint, path, url: shown_url(url.as_str()) })
        });
        Planned::each(webhook, super::NO_URL)
    },
};

pub(super) const ID: CheckId = CheckId::new("webhook.refuses-unsigned");

static ACCEPTS_UNSIGNED: Code =
    Code::error("accepts-unsigned", "the endpoint accepts an event that WorkOS did not sign");
static NOT_FOUND: Code = Code::error("not-found", "there is nothing at the webhook URL's path (404 or 410)");
static METHOD_REFUSED: Code = Code::error("method-refused", "the endpoint takes no POST (405)");
static REDIRECTS: Code = Code::error("redirects", "the webhook URL redirects to somewhere else");
static SERVER_ERROR: Code =
    Code::error("server-error", "the endpoint, or what stands before it, answers with a server error");
static LOGIN_WALL: Code =
    Code::error("login-wall", "a page for people, or a demand to sign in, answers in the endpoint's place");
static REFUSED_BEFORE_THE_APPLICATION: Code = Code::undecided(
    "refused-before-the-application",
    "every path is refused alike (403): an allowlist or firewall answers, so nothing is known of the application",
);
static UNCLEAR_ANSWER: Code =
    Code::undecided("unclear-answer", "the endpoint refuses with a status that says nothing about signatures");
static NO_ANSWER: Code = Code::undecided("no-answer", "no HTTP answer came from the webhook URL");

struct Unsigned {
    endpoint: Endpoint,
    path: String,
    /// As it may be shown.
    url: String,
}

impl Check for Unsigned {
    fn subject(&self) -> Option<String> {
        Some(self.url.clone())
    }

    fn about(&self) -> About {
        About::Endpoint(self.endpoint.clone())
    }

    fn contacts(&self) -> Vec<Contact> {
        let made_up = self.endpoint.https(MADE_UP_PATH);
        vec![
            Contact::new(
                Touch::Request("POST", self.url.clone()),
                "whether it refuses an unsigned and a wrongly signed event",
            ),
            Contact::new(
                Touch::Request("POST", made_up),
                "only after a 403, to see whether every path is refused alike",
            ),
        ]
    }

    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
        Box::pin(async move {
            let Some(way) = arrival(&self.endpoint, cx).await.way().cloned() else {
                return Outcome::graded(Grade::Identified)
                    .because(self.no_answer("the connection did not come about again"));
            };
            let plain = cx.network.fetch(&event(&way, &self.path, None)).await;
            let forged = cx.network.fetch(&event(&way, &self.path, Some(wrong_signature(cx)))).await;
            let mut outcome = self.judge(&plain, &forged);
            let refused_403 =
                |answer: &Attempted<Response>| answer.result.as_ref().is_ok_and(|response| response.status == 403);
            if outcome.findings.is_empty() && (refused_403(&plain) || refused_403(&forged)) {
                let made_up = cx.network.fetch(&event(&way, MADE_UP_PATH, None)).await;
                if refused_403(&made_up) {
                    outcome.saw("a made-up path", "403 as well");
                    outcome.grade = Grade::Identified;
                    outcome.found(self.refused_before_the_application());
                }
            }
            outcome.via("direct").tried(plain.attempts.max(forged.attempts))
        })
    }
}

/// No application has it.
const MADE_UP_PATH: &str = "/workos-preflight-made-up-path";

/// An event as WorkOS would send it, of a type that no application acts on.
const EVENT: &str = r#"{"id":"event_workos_preflight","event":"workos_preflight.unsigned","data":{},"created_at":"2026-01-01T00:00:00.000Z"}"#;

fn event(way: &Way, path: &str, signature: Option<String>) -> Request {
    let mut request = Request {
        trust: Trust::Public,
        method: Method::Post,
        headers: vec![("content-type", "application/json".to_owned())],
        body: EVENT.as_bytes().to_vec(),
        ..Request::get(way.clone(), path)
    };
    request.headers.extend(signature.map(|signature| ("workos-signature", signature)));
    request
}

/// The right form at the right time with a hash that no secret gives.
fn wrong_signature(cx: &Context) -> String {
    let now = cx.host.now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    format!("t={now}, v1={}", "0".repeat(64))
}

impl Unsigned {
    fn judge(&self, plain: &Attempted<Response>, forged: &Attempted<Response>) -> Outcome {
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
        for (answer, how) in [(plain, "without a signature"), (forged, "with a wrong signature")] {
            let Ok(response) = &answer.result else { continue };
            if let Some(finding) = self.problem(response, how) {
                outcome.found(finding);
                break;
            }
        }
        outcome
    }

    fn problem(&self, response: &Response, how: &str) -> Option<Finding> {
        let html = response.header("content-type").is_some_and(|value| value.starts_with("text/html"));
        let title = page_title(&response.body);
        let wants_sign_in = response.header("www-authenticate").is_some_and(|value| {
            let scheme = value.split_ascii_whitespace().next().unwrap_or_default().to_ascii_lowercase();
            ["basic", "digest", "negotiate", "ntlm"].contains(&scheme.trim_end_matches(','))
        });
        match response.status {
            200..=299 if html => Some(self.login_wall(response.status, title.as_deref())),
            200..=299 => Some(self.accepts(response.status, how)),
            300..=399 => Some(self.redirects(response.status, response.header("location").unwrap_or_default())),
            401 if wants_sign_in => Some(self.login_wall(401, title.as_deref())),
            400 | 401 | 403 => None,
            404 | 410 => Some(self.not_found(response.status)),
            405 => Some(self.method_refused()),
            500..=599 => Some(self.server_error(response.status)),
            status => Some(self.unclear(status)),
        }
    }

    fn curl(&self) -> String {
        format!("curl -si -X POST -H 'Content-Type: application/json' -d '{{}}' {}", self.url)
    }

    fn accepts(&self, status: u16, how: &str) -> Finding {
        ACCEPTS_UNSIGNED.found(
            format!("{} answers {status} to an event {how}: anybody can forge events", self.url),
            Remediation::vendor("Verify the WorkOS-Signature header with the endpoint's webhook secret before anything else, and answer 401 when it is missing or wrong.")
                .verify(self.curl()),
        )
    }

    fn not_found(&self, status: u16) -> Finding {
        NOT_FOUND.found(
            format!("there is nothing at {} ({status})", self.url),
            Remediation::installer("Correct the webhook URL's path, here and in the WorkOS dashboard, or have the reverse proxy pass it to the application.")
                .verify(self.curl()),
        )
    }

    fn method_refused(&self) -> Finding {
        METHOD_REFUSED.found(
            format!("{} takes no POST (405), and WorkOS delivers with POST", self.url),
            Remediation::installer("Correct the webhook URL's path, or allow POST for it in the reverse proxy or web application firewall.").verify(self.curl()),
        )
    }

    fn redirects(&self, status: u16, location: &str) -> Finding {
        let location = shown_url(&location.chars().filter(|c| !c.is_control()).take(200).collect::<String>());
        REDIRECTS.found(
            format!("{} redirects to {location} ({status}); a delivery ends there", self.url),
            Remediation::installer(format!("Register the final URL with WorkOS, or exempt the webhook path {} from the redirect (sign-on, http to https, slash).", self.path_shown()))
                .verify(self.curl()),
        )
    }

    fn server_error(&self, status: u16) -> Finding {
        SERVER_ERROR.found(
            format!("{} answers {status} to an unsigned event: the handler breaks, or the reverse proxy does not reach it", self.url),
            Remediation::vendor("Find the error in the application's log at this time: the handler must answer 400 or 401 to an event without a valid signature. With 502 to 504, start the application behind the reverse proxy.")
                .verify(self.curl()),
        )
    }

    fn login_wall(&self, status: u16, title: Option<&str>) -> Finding {
        let called = title.map_or_else(|| "a demand to sign in".to_owned(), |title| format!("a page called “{title}”"));
        LOGIN_WALL.found(
            format!("{called} answers at {} ({status}): it is made for people, and takes no delivery", self.url),
            Remediation::installer(format!("If that page is a sign-in, exempt the webhook path {} from it: the signature authenticates deliveries. If it is of another site, correct the webhook URL, or the public record of its host.", self.path_shown()))
                .verify(self.curl()),
        )
    }

    fn refused_before_the_application(&self) -> Finding {
        REFUSED_BEFORE_THE_APPLICATION.found(
            format!("{} answers 403, and so does a made-up path: an allowlist or firewall answers this host, so nothing is known of the application", self.url),
            Remediation::network(format!("Let this host through to {} for the time of the check; the allowlist itself is right if it lists WorkOS's addresses.", self.endpoint))
                .verify(self.curl()),
        )
    }

    fn unclear(&self, status: u16) -> Finding {
        UNCLEAR_ANSWER.found(
            format!("{} answers {status}, which says nothing about signatures", self.url),
            Remediation::vendor("Have the handler answer 400 or 401 to an event without a valid signature.")
                .verify(self.curl()),
        )
    }

    fn no_answer(&self, detail: &str) -> Finding {
        NO_ANSWER.found(
            format!("no HTTP answer came from {}: {detail}", self.url),
            Remediation::installer(format!("Look in the log of what listens at {} at this time, and run the command below from a machine on the internet.", self.endpoint))
                .verify(self.curl()),
        )
    }

    fn path_shown(&self) -> &str {
        self.path.split('?').next().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Status;
    use crate::checks::fixture::{Site, codes};
    use crate::net::ErrorKind;
    use crate::net::fake::{Fake, response};

    const APP: &str = "app.customer.example";
    const HOOK: &str = "https://app.customer.example/hook";

    async fn run(answer: Result<Response, ErrorKind>, made_up: u16) -> Outcome {
        let network = Fake::default()
            .resolves(APP, Ok(&["93.184.215.14"]))
            .serves("10.20.0.53:53", APP, Ok(&["93.184.215.14"]))
            .serves("9.9.9.9:53", APP, Ok(&["93.184.215.14"]))
            .connects("93.184.215.14:443", Ok(()))
            .fetches(Method::Post, HOOK, answer)
            .fetches(
                Method::Post,
                "https://app.customer.example/workos-preflight-made-up-path",
                Ok(response(made_up, &[], "")),
            );
        let site = Site::of(network).with("network.public_resolver", "9.9.9.9").with("installation.webhook_url", HOOK);
        let check = Unsigned { endpoint: Endpoint::new(APP, 443), path: "/hook".to_owned(), url: HOOK.to_owned() };
        check.run(&site.context()).await
    }

    #[tokio::test]
    async fn a_refusal_of_the_application_passes() {
        for status in [400, 401, 403] {
            let outcome = run(Ok(response(status, &[], "")), 404).await;
            assert_eq!((outcome.status(), outcome.grade), (Status::Pass, Grade::Answered), "{status}");
        }
    }

    #[tokio::test]
    async fn a_403_that_every_path_gives_says_nothing_of_the_application() {
        let outcome = run(Ok(response(403, &[], "")), 403).await;

        assert_eq!((codes(&outcome), outcome.status()), (vec!["refused-before-the-application"], Status::Unknown));
    }

    #[tokio::test]
    async fn everything_else_has_its_own_code() {
        let html = ("content-type", "text/html");
        for (answer, code) in [
            (response(200, &[], "ok"), "accepts-unsigned"),
            (response(200, &[html], "<title>Sign in</title>"), "login-wall"),
            (response(401, &[("www-authenticate", "Basic realm=x")], ""), "login-wall"),
            (response(302, &[("location", "https://sso.example/?next=secret")], ""), "redirects"),
            (response(404, &[], ""), "not-found"),
            (response(405, &[], ""), "method-refused"),
            (response(502, &[], ""), "server-error"),
            (response(415, &[], ""), "unclear-answer"),
        ] {
            assert_eq!(codes(&run(Ok(answer), 404).await), [code]);
        }
        assert_eq!(codes(&run(Err(ErrorKind::Closed), 404).await), ["no-answer"]);
    }
}
