//! Does the webhook endpoint accept what is signed with the webhook secret?

pub(in crate::checks) mod codes;
mod words;

use std::time::Duration;

use self::codes::{NO_ANSWER, REFUSED_BEFORE_THE_APPLICATION, REFUSED_OTHERWISE, SIGNATURE_REFUSED, SLOW, SLOWISH};
use super::receiver::{Kind, Receiver, now, wrong_signature};
use super::refuses_unsigned;
use crate::check::{About, Check, CheckId, Contact, Grade, Outcome, Planned, Running, Spec, Vantage};
use crate::checks::ingress::{Front, alike};
use crate::context::{Context, NOT_AGAIN};
use crate::facts::Facts;
use crate::net::{Attempted, ErrorKind, NetError, Phase, Request, Response, Way};
use crate::said::spoken;
use crate::secret::Secret;
use crate::settings::{SEND_SIGNED, Settings, WEBHOOK_SECRET_FILE};
use crate::workos::key::malformed_secret;
use crate::workos::signature;

pub(super) static SPEC: Spec = Spec {
    id: ID,
    title: "the webhook accepts what is signed",
    explain: "\
With --send-signed, and with the webhook secret: posts one event of a made-up type (workos_preflight.test) to the webhook \
URL, signed as WorkOS signs. The endpoint must answer 2xx, and soon: WorkOS counts an answer that is late as none and \
delivers again.

Where it refuses, up to eight more are posted, to tell the causes apart: the same with a forged signature, a body that \
nothing on the way can rewrite, and signatures made 170 s ago and from now (or by the clock of its Date header, where \
that is off), with the secret with or without its whsec_ (and mended, where something is wrong with it), and with the Actions secret. What is then said is only what the answers establish.

Usually broken by the secret of another endpoint or environment, by a framework or web application firewall that writes \
JSON bodies anew before the signature is verified, by a clock that is off by more than 180 s, or by a timestamp that is \
read as seconds.",
    vantages: &[Vantage::Inside],
    required: |settings, vantage| settings.send_signed && super::required(settings, vantage),
    codes: &[
        &SIGNATURE_REFUSED,
        &SLOW,
        &REFUSED_BEFORE_THE_APPLICATION,
        &REFUSED_OTHERWISE,
        &NO_ANSWER,
        &SLOWISH,
    ],
    needs: &[refuses_unsigned::ID],
    plan,
};

pub(super) const ID: CheckId = CheckId::new("webhook.accepts-signed");

/// How long WorkOS may wait is not published; the shortest time that its guides name is 5 s (facts of 2026-11-23, §4.3).
const TOO_LONG: Duration = Duration::from_secs(5);
const LONG: Duration = Duration::from_secs(3);

/// A signature this far from now is still within what SDKs allow, and no longer where the clock there is off the other way.
const SHIFT: i64 = 170;

fn plan(_: &crate::facts::Facts, settings: &Settings) -> Planned {
    let Some(receiver) = Receiver::of(Kind::Webhook, settings.webhook_url.as_ref()) else {
        return super::NO_URL.into();
    };
    if !settings.send_signed {
        return Planned::from(&SEND_SIGNED);
    }
    if settings.webhook_secret.is_none() {
        return Planned::from(&WEBHOOK_SECRET_FILE);
    }
    Planned::one(AcceptsSigned(receiver))
}

struct AcceptsSigned(Receiver);

impl Check for AcceptsSigned {
    fn subject(&self) -> Option<String> {
        Some(self.0.url.clone())
    }

    fn about(&self) -> About {
        About::Endpoint(self.0.endpoint.clone())
    }

    fn contacts(&self, facts: &Facts, settings: &Settings) -> Vec<Contact> {
        self.0.asked(
            "one event of the made-up type workos_preflight.test, signed, to see whether it is accepted (--send-signed), \
             and up to eight more where it is not, to tell clock, body and secret apart",
            facts,
            settings,
        )
    }

    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
        Box::pin(async move {
            let outcome = Outcome::graded(Grade::Identified).via("direct");
            let Some(secret) = cx.settings.webhook_secret.as_ref().map(|secret| &secret.value) else {
                return outcome.because(self.no_answer("there is no webhook secret"));
            };
            let Some(way) = self.0.way(cx).await else {
                return outcome.because(self.no_answer(NOT_AGAIN));
            };
            let asking = Asking { receiver: &self.0, way: &way, cx };
            let first = asking.signed(&event(cx), 0, secret).await;
            let outcome = outcome.tried(first.attempts);
            match &first.result {
                Ok(response) if is_taken(response) => self.in_time(outcome, response, first.took),
                Ok(response) => self.refused(outcome, response, secret, &asking).await,
                Err(error) => self.unanswered(outcome, error, cx),
            }
        })
    }
}

/// The requests of one run.
struct Asking<'a> {
    receiver: &'a Receiver,
    way: &'a Way,
    cx: &'a Context,
}

impl Asking<'_> {
    /// A body, signed `ahead` seconds from now.
    async fn signed(&self, body: &[u8], ahead: i64, secret: &Secret) -> Attempted<Response> {
        let at = now(self.cx).saturating_add_signed(ahead * 1000);
        self.send(body, signature::sign(secret, at, body)).await
    }

    async fn forged(&self, body: &[u8]) -> Attempted<Response> {
        self.send(body, wrong_signature(self.cx)).await
    }

    async fn send(&self, body: &[u8], signature: String) -> Attempted<Response> {
        // A connection of its own: what a slow handler keeps back is not to be taken for a slow answer to the next.
        let request = Request { fresh: true, ..self.receiver.request(self.way, body, Some(signature)) };
        self.cx.network.fetch(&request).await
    }
}

/// What a refusal turns out to be, as far as the answers establish it.
enum Cause {
    /// `{}` is accepted, and the event is not: it does not arrive as it was sent.
    Rewritten,
    /// Signatures made so many seconds from now are accepted, and those made now are not.
    Clock(i64),
    /// Signatures with this secret are accepted.
    OtherSecret(&'static str),
    /// Nothing that was tried is accepted; the clock there says that it is ahead by so many seconds.
    None(i64),
    /// One of them got no answer, so that nothing can be said.
    Untold(String),
}

const MENDED: &str = "the secret without what is wrong with it (see settings.consistent)";

/// The smallest body there is: nothing that writes JSON anew changes it.
const SMALLEST: &[u8] = b"{}";

impl AcceptsSigned {
    fn alike(&self, one: &Response, other: &Response) -> bool {
        let path = self.0.path_shown();
        alike(one, path, other, path)
    }

    async fn refused(&self, outcome: Outcome, refusal: &Response, secret: &Secret, asking: &Asking<'_>) -> Outcome {
        let outcome = outcome.with("a signed event", in_short(refusal));
        if let Some(wall) = self.0.wall(&Front::default(), refusal) {
            return outcome.because(self.before_the_application(wall, refusal.status));
        }
        let Ok(forged) = asking.forged(&event(asking.cx)).await.result else {
            return outcome.because(self.no_answer("a forged signature got no answer to compare with"));
        };
        let mut outcome = outcome.with("a forged one", in_short(&forged));
        if !self.alike(refusal, &forged) {
            outcome.grade = Grade::Answered;
            return outcome.because(self.refused_otherwise(refusal, &forged));
        }
        let cause = self.cause(secret, asking, clock_there(refusal), &mut outcome).await;
        outcome.because(self.signature_refused(refusal.status, &cause, asking.cx))
    }

    /// Tries one thing after the other, and ends with the first that is accepted.
    async fn cause(&self, secret: &Secret, asking: &Asking<'_>, off: i64, outcome: &mut Outcome) -> Cause {
        let forged = match asking.forged(SMALLEST).await.result {
            Ok(forged) => forged,
            Err(error) => return Cause::Untold(error.detail),
        };
        let (other, named) = other_spelling(secret);
        let mut tries = vec![("the body {}", 0, secret, Cause::Rewritten)];
        if off.abs() > SHIFT {
            outcome.saw_passing("its Date header", format!("{off} s from this host's clock"));
            tries.push(("{} signed by the clock of its Date header", off, secret, Cause::Clock(off)));
        } else {
            tries.push(("{} signed 170 s ago", -SHIFT, secret, Cause::Clock(-SHIFT)));
            tries.push(("{} signed 170 s from now", SHIFT, secret, Cause::Clock(SHIFT)));
        }
        // What is wrong with the secret here need not be wrong with the application's.
        let mended = malformed_secret(secret).and_then(|_| {
            let repaired = signature::repaired(secret.expose()).into_iter().map(|(_, text)| Secret::new(text));
            repaired.into_iter().find(|mended| malformed_secret(mended).is_none())
        });
        if let Some(mended) = &mended {
            tries.push((MENDED, 0, mended, Cause::OtherSecret(MENDED)));
        }
        tries.push((named, 0, &other, Cause::OtherSecret(named)));
        if let Some(actions) = &asking.cx.settings.actions_secret {
            tries.push(("the Actions secret", 0, &actions.value, Cause::OtherSecret("the Actions secret")));
        }
        for (what, ahead, secret, cause) in tries {
            let answer = match asking.signed(SMALLEST, ahead, secret).await.result {
                Ok(answer) => answer,
                Err(error) => return Cause::Untold(error.detail),
            };
            outcome.saw(what, in_short(&answer));
            // `{}` lacks everything that an event has, so what accepts its signature may still refuse it for that.
            if is_taken(&answer) || !self.alike(&answer, &forged) {
                return cause;
            }
        }
        Cause::None(off)
    }

    fn in_time(&self, outcome: Outcome, response: &Response, took: Duration) -> Outcome {
        let outcome = outcome.with("a signed event", in_short(response)).with_passing("took", spoken(took));
        let outcome = Outcome { grade: Grade::Authorized, ..outcome };
        match took {
            _ if took > TOO_LONG => outcome.because(self.slow(&format!("takes {}", spoken(took)))),
            _ if took > LONG => outcome.because(self.slowish(took)),
            _ => outcome,
        }
    }

    fn unanswered(&self, outcome: Outcome, error: &NetError, cx: &Context) -> Outcome {
        let outcome = outcome.with("failure", error.detail.clone());
        let waited = cx.settings.timeout.value;
        match error.kind {
            ErrorKind::TimedOut(Phase::Answer) if waited >= TOO_LONG => {
                outcome.because(self.slow(&format!("gives no answer within {}", spoken(waited))))
            }
            _ => outcome.because(self.no_answer(&error.detail)),
        }
    }
}

/// As WorkOS writes an event, of a type that it has not: with what a rewriting on the way would change, order and letters.
pub(super) fn event(cx: &Context) -> Vec<u8> {
    let at = now(cx);
    format!(
        r#"{{"id":"event_workos_preflight_{at}","event":"workos_preflight.test","data":{{"object":"test","name":"Zoë & Søn </>","ratio":1.0}},"created_at":"2026-01-01T00:00:00.000Z","context":{{}}}}"#
    )
    .into_bytes()
}

/// The secret without its prefix, or with one, and how that is called.
fn other_spelling(secret: &Secret) -> (Secret, &'static str) {
    match secret.expose().strip_prefix("whsec_") {
        Some(rest) => (Secret::new(rest), "the secret without its whsec_"),
        None => (Secret::new(format!("whsec_{}", secret.expose())), "the secret with whsec_ before it"),
    }
}

/// By how many seconds the clock of what answered is ahead of this host's, as far as its Date header says.
fn clock_there(response: &Response) -> i64 {
    let Some(date) = response.header("date").and_then(|date| httpdate::parse_http_date(date).ok()) else { return 0 };
    let seconds = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX / 2000);
    match date.duration_since(response.at) {
        Ok(ahead) => seconds(ahead),
        Err(behind) => -seconds(behind.duration()),
    }
}

fn is_taken(response: &Response) -> bool {
    (200..=299).contains(&response.status)
}

/// The status, and how the answer begins.
fn in_short(response: &Response) -> String {
    let text: String = response.text().split_whitespace().collect::<Vec<_>>().join(" ").chars().take(100).collect();
    if text.is_empty() { response.status.to_string() } else { format!("{}, “{text}”", response.status) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Status, Who};
    use crate::checks::fixture::{Held, Site, ask, codes, held};
    use crate::net::Method;
    use crate::net::fake::{Fake, response};
    use crate::workos::signature::Terms;

    const HOOK: &str = "https://app.customer.example/hook";
    const SECRET: &str = "whsec_1234567890abcdefghij";

    fn site(network: Fake) -> Site {
        Site::of(network)
            .with("network.public_resolver", "9.9.9.9")
            .with("installation.webhook_url", HOOK)
            .with("checks.send_signed", "true")
            .webhook_secret(SECRET)
    }

    fn check() -> AcceptsSigned {
        let settings = site(Fake::default()).settings();
        AcceptsSigned(Receiver::of(Kind::Webhook, settings.webhook_url.as_ref()).unwrap())
    }

    /// An application that verifies what `sees` makes of a body, with this secret, by a clock that is `ahead` by so much.
    async fn run(secret: &'static str, ahead: i64, sees: fn(&[u8]) -> Vec<u8>, refusal: u16) -> Held {
        let cx = site(Fake::default()).context();
        let clock = now(&cx).saturating_add_signed(ahead * 1000);
        let network = Fake::installation().handles(Method::Post, HOOK, move |request| {
            let header = request.headers.iter().find(|(name, _)| *name == signature::HEADER);
            let secret = Secret::new(secret);
            let tolerance = signature::WEBHOOK_TOLERANCE;
            let terms = Terms { secret: &secret, others: &[], now: clock, tolerance };
            match signature::verify(header.map(|(_, value)| value.as_str()), &sees(&request.body), terms) {
                Ok(_) => response(if refusal == 400 { 200 } else { refusal }, &[], ""),
                Err(_) => response(400, &[], "{\"error\":\"bad signature\",\"request\":\"req-1\"}"),
            }
        });
        ask(&SPEC, &check(), &site(network).context()).await
    }

    fn as_sent(body: &[u8]) -> Vec<u8> {
        body.to_vec()
    }

    fn sorted(body: &[u8]) -> Vec<u8> {
        serde_json::from_slice::<serde_json::Value>(body).unwrap().to_string().into_bytes()
    }

    #[tokio::test]
    async fn an_application_that_has_the_secret_passes_as_authorized() {
        let outcome = run(SECRET, 0, as_sent, 400).await;

        assert_eq!((outcome.status(), outcome.grade), (Status::Pass, Grade::Authorized));
    }

    #[tokio::test]
    async fn refusals_come_apart_by_what_is_accepted_instead() {
        for (secret, ahead, sees, words) in [
            (SECRET, 0, sorted as fn(&[u8]) -> Vec<u8>, "does not reach the verification as it was sent"),
            (SECRET, -200, as_sent, "is behind this host's"),
            (SECRET, 200, as_sent, "is ahead of this host's"),
            ("1234567890abcdefghij", 0, as_sent, "without its whsec_"),
            ("whsec_another", 0, as_sent, "the secrets most likely differ"),
        ] {
            let outcome = run(secret, ahead, sees, 400).await;

            assert_eq!(codes(&outcome), ["signature-refused"]);
            assert!(outcome.findings[0].problem.contains(words), "{}", outcome.findings[0].problem);
            assert!(!format!("{outcome:?}").contains(SECRET));
        }
    }

    #[tokio::test]
    async fn a_secret_that_is_spoilt_here_is_tried_as_it_should_be() {
        for spoilt in [format!("\u{feff}{SECRET}"), format!("\"{SECRET}\""), format!("WORKOS_WEBHOOK_SECRET={SECRET}")]
        {
            let network = Fake::installation().handles(Method::Post, HOOK, move |request| {
                let header = request.headers.iter().find(|(name, _)| *name == signature::HEADER);
                let now = signature::milliseconds(response(200, &[], "").at);
                let secret = Secret::new(SECRET);
                let terms = Terms { secret: &secret, others: &[], now, tolerance: signature::WEBHOOK_TOLERANCE };
                match signature::verify(header.map(|(_, value)| value.as_str()), &request.body, terms) {
                    Ok(_) => response(200, &[], ""),
                    Err(_) => response(400, &[], "bad signature"),
                }
            });
            let outcome = ask(&SPEC, &check(), &site(network).webhook_secret(&spoilt).context()).await;

            assert_eq!(codes(&outcome), ["signature-refused"], "{spoilt}");
            assert!(outcome.findings[0].problem.contains(MENDED), "{}", outcome.findings[0].problem);
        }
    }

    #[tokio::test]
    async fn an_event_that_is_refused_for_what_it_says_settles_nothing_about_signatures() {
        let outcome = run(SECRET, 0, as_sent, 422).await;

        assert_eq!((codes(&outcome), outcome.status()), (vec!["refused-otherwise"], Status::Unknown));
    }

    #[tokio::test]
    async fn a_wall_that_refuses_the_signed_event_says_nothing_of_the_secret() {
        for (status, page) in [
            (403, "<center>Microsoft-Azure-Application-Gateway/v2</center>"),
            (406, "<p>This error was generated by Mod_Security.</p>"),
            (400, "<center>No required SSL certificate was sent</center>"),
        ] {
            let network = Fake::installation().fetches(Method::Post, HOOK, Ok(response(status, &[], page)));
            let outcome = ask(&SPEC, &check(), &site(network).context()).await;

            assert_eq!((codes(&outcome), outcome.status()), (vec!["refused-before-the-application"], Status::Unknown));
            assert_eq!(outcome.findings[0].remediations.likeliest().who, Who::Network);
        }
    }

    #[tokio::test]
    async fn an_application_that_hangs_up_is_unknown_and_one_that_is_silent_for_as_long_as_workos_waits_is_slow() {
        let ended = async |kind, timeout| {
            let site =
                site(Fake::installation().fetches(Method::Post, HOOK, Err(kind))).with("network.timeout", timeout);
            ask(&SPEC, &check(), &site.context()).await
        };
        let hung_up = ended(ErrorKind::Closed, "5s").await;
        let impatient = ended(ErrorKind::TimedOut(Phase::Answer), "1s").await;
        let silent = ended(ErrorKind::TimedOut(Phase::Answer), "5s").await;

        for outcome in [hung_up, impatient] {
            assert_eq!((codes(&outcome), outcome.status()), (vec!["no-answer"], Status::Unknown));
            let action = &outcome.findings[0].remediations.likeliest().action;
            assert!(action.contains("app.customer.example:443") && action.contains("--timeout"), "{action}");
        }
        assert_eq!((codes(&silent), silent.status()), (vec!["slow"], Status::Fail));
    }

    #[test]
    fn an_answer_in_time_passes_and_a_late_one_has_its_codes() {
        let took = |milliseconds| {
            let outcome = Outcome::graded(Grade::Identified);
            let answer = response(200, &[], "ok");
            held(&SPEC, check().in_time(outcome, &answer, Duration::from_millis(milliseconds)))
        };

        assert_eq!(took(200).status(), Status::Pass);
        assert_eq!(codes(&took(3_100)), ["slowish"]);
        assert_eq!(codes(&took(5_100)), ["slow"]);
    }

    #[test]
    fn the_clock_there_is_read_from_the_date_header() {
        let at = |date: &str| clock_there(&response(400, &[("date", date)], ""));
        let now = response(400, &[], "").at;
        let later = httpdate::fmt_http_date(now + Duration::from_hours(2));

        assert_eq!((at(&later), at("yesterday")), (7_200, 0));
    }
}
