//! Does a request from outside reach the very listener that stands at the installation?

pub(in crate::checks) mod codes;

use std::time::Duration;

use self::codes::{BODY_REWRITTEN, CLOCKS_APART, NO_ANSWER, NOT_ARRIVED, NOT_THE_LISTENER};
use crate::check::{
    About, Check, CheckId, Command, Contact, Endpoint, Finding, Grade, Outcome, Planned, Remediation, Running, Spec,
    Touch, Vantage, command,
};
use crate::checks::ingress::{arrival, contacts_of_arrival, trusted};
use crate::context::{Context, NOT_AGAIN};
use crate::facts::Facts;
use crate::inbound::nonce::{BODY, HEADER, ProbeSeen, Told};
use crate::net::{Method, Request, Response, Trust, Way};
use crate::said::spoken;
use crate::secret::Secret;
use crate::settings::Settings;
use crate::settings::values::{shown_url, url_endpoint, web_url};
use crate::workos::signature::{self, Refusal, Terms};

/// The check, which `probe --nonce` and `listen --nonce` answer from the two sides.
pub static SPEC: Spec = Spec {
    id: ID,
    title: "a request from outside arrives",
    explain: "\
With `listen --nonce` at the installation and `probe --nonce` on another machine: the probe sends a request that is signed \
with the nonce, and the listener answers with the address that it saw, signed with the same nonce. Both say then that the \
request reached this very listener, which source it had there, and whether the body arrived as it was sent.

Whatever else answers at the address, a default page, an old machine, a sign-in of the edge, cannot know the nonce. What \
the listener saw as source shows whether the router puts its own address in the sender's place, which would make an \
allowlist behind it useless. It proves the way for the probing machine, not for WorkOS: an allowlist may tell them apart.

Usually broken by a port forwarding to another machine, by an allowlist that leaves the probing machine out, or by a \
proxy that passes on other paths.",
    vantages: &[Vantage::Outside],
    required: |_, vantage| vantage == Vantage::Outside,
    codes: &[&NOT_THE_LISTENER, &NO_ANSWER, &NOT_ARRIVED, &BODY_REWRITTEN, &CLOCKS_APART],
    needs: &[trusted::ID],
    plan: |_, settings| {
        let url = settings.webhook_url.as_ref().and_then(|url| Some((web_url(&url.value)?, url.value.clone())));
        let endpoint = url.as_ref().and_then(|(url, _)| url_endpoint(url));
        Planned::AsTold {
            checks: Box::new(|probing| {
                let (nonce, (parsed, url), endpoint) = (probing.nonce.clone()?, url?, endpoint?);
                Some(vec![Box::new(Arrives { endpoint, path: parsed.path().to_owned(), url, nonce })])
            }),
            otherwise: "no nonce given: `listen --nonce` at the installation shows one, and `probe --nonce` presents it"
                .to_owned(),
        }
    },
};

pub(super) const ID: CheckId = CheckId::new("ingress.arrives");

/// As the listener has it for what a probe signs.
const CLOCKS_APART_FROM: Duration = Duration::from_mins(10);

struct Arrives {
    endpoint: Endpoint,
    path: String,
    url: String,
    nonce: Secret,
}

impl Check for Arrives {
    fn subject(&self) -> Option<String> {
        Some(shown_url(&self.url))
    }

    fn about(&self) -> About {
        About::Endpoint(self.endpoint.clone())
    }

    fn contacts(&self, facts: &Facts, settings: &Settings) -> Vec<Contact> {
        let mut contacts = contacts_of_arrival(&self.endpoint, true, "for the request to it", facts, settings);
        contacts.extend([
            Contact::new(
                Touch::request(Method::Post, &self.endpoint, &self.path),
                "whether the listener with this nonce is what answers",
            ),
            Contact::new(Touch::CLOCK, "the time of the signature"),
        ]);
        contacts
    }

    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
        Box::pin(async move {
            let outcome = Outcome::graded(Grade::Identified).via("direct");
            let arrival = arrival(&self.endpoint, cx).await;
            let Some(way) = arrival.way() else {
                return outcome.because(self.no_answer(NOT_AGAIN));
            };
            let sent = cx.network.fetch(&self.request(way.clone(), cx)).await;
            let outcome = outcome.tried(sent.attempts);
            match &sent.result {
                Ok(response) => self.judge(outcome, response, way, cx),
                Err(error) => outcome.because(self.no_answer(&error.detail)),
            }
        })
    }
}

impl Arrives {
    fn request(&self, way: Way, cx: &Context) -> Request {
        let now = signature::milliseconds(cx.host.now());
        Request {
            trust: Trust::Public,
            method: Method::Post,
            headers: vec![
                (HEADER, signature::sign(&self.nonce, now, BODY.as_bytes())),
                ("content-type", "application/json".to_owned()),
            ],
            body: BODY.as_bytes().to_vec(),
            ..Request::get(way, self.path.clone())
        }
    }

    fn judge(&self, mut outcome: Outcome, response: &Response, way: &Way, cx: &Context) -> Outcome {
        outcome.saw("status", response.status.to_string());
        let now = signature::milliseconds(cx.host.now());
        // Whose clock is off does not matter here, only who signed.
        let terms = Terms { secret: &self.nonce, others: &[], now, tolerance: Duration::MAX };
        let Ok(verified) = signature::verify(response.header(HEADER), &response.body, terms) else {
            return outcome.because(self.not_the_listener(response.status));
        };
        let apart = Duration::from_millis(verified.age.unsigned_abs());
        outcome.grade = Grade::Answered;
        let Ok(told) = serde_json::from_slice::<Told>(&response.body) else {
            return outcome.because(self.not_the_listener(response.status));
        };
        outcome.saw("the listener saw", told.source.to_string());
        if !told.chain.is_empty() {
            outcome.saw("chain", told.chain);
        }
        if let Ok(own) = cx.host.source_for(way.first_hop().ip()) {
            outcome.saw("sent from", own.to_string());
        }
        match told.rewritten {
            Some(how) => outcome.because(body_rewritten(&how)),
            None if apart > CLOCKS_APART_FROM => outcome.because(clocks_apart(apart)),
            None => outcome,
        }
    }

    fn curl(&self) -> Command {
        command!("curl -si -X POST -d '{{}}' {}", shown_url(&self.url))
    }

    fn no_answer(&self, detail: &str) -> Finding {
        NO_ANSWER.found(
            format!("no HTTP answer came from {}: {detail}", shown_url(&self.url)),
            Remediation::installer(format!("Start `workos-preflight listen --nonce` where {} leads to, and look at its lines while the probe runs.", self.endpoint))
                .in_short("start listen --nonce where the URL leads to")
                .verify(self.curl()),
        )
    }

    fn not_the_listener(&self, status: u16) -> Finding {
        NOT_THE_LISTENER.found(
            format!("{} answers {status}, and what answers does not know the nonce", shown_url(&self.url)),
            Remediation::network(format!(
                "Forward TCP {} of {} to the machine on which `listen --nonce` runs, with this path; something else answers now (or the nonce is of an earlier run).",
                self.endpoint.port, self.endpoint.host
            ))
            .in_short(format!("forward TCP {} to the listening machine", self.endpoint.port))
            .verify(self.curl()),
        )
    }
}

/// What a listener heard of probes.
pub fn heard(probes: &[ProbeSeen], lasted: Duration) -> Outcome {
    let Some(first) = probes.first() else {
        return Outcome::graded(Grade::Declared)
            .with_passing("listened for", spoken(lasted))
            .because(not_arrived(lasted));
    };
    let mut outcome = Outcome::graded(Grade::Answered).with_passing("listened for", spoken(lasted));
    for probe in probes.iter().take(MOST_SHOWN) {
        outcome.saw("source", probe.traced.source.to_string());
        if !probe.traced.told.is_empty() {
            outcome.saw("chain", probe.traced.told.clone());
        }
    }
    match &first.whole {
        Err(Refusal::Rewritten(how)) => outcome.because(body_rewritten(how.in_words())),
        Err(Refusal::TooOld(by) | Refusal::FromTheFuture(by)) => outcome.because(clocks_apart(*by)),
        _ => outcome,
    }
}

const MOST_SHOWN: usize = 10;

fn not_arrived(lasted: Duration) -> Finding {
    NOT_ARRIVED.found(
        format!("no probe that knows the nonce arrived within {}", spoken(lasted)),
        Remediation::installer("Run `workos-preflight probe URL --nonce NONCE` on a machine on the internet while this listens; its report says how far it gets.")
            .in_short("run probe --nonce while this listens"),
    )
}

fn body_rewritten(how: &str) -> Finding {
    BODY_REWRITTEN.found(
        format!("the request arrives, and on the way its body was {how}: no signature of WorkOS would hold"),
        Remediation::network("Exempt the webhook path from whatever changes bodies before this host (WAF, API gateway, JSON transformation).")
            .in_short("stop what rewrites the webhook's bodies"),
    )
}

fn clocks_apart(by: Duration) -> Finding {
    CLOCKS_APART.found(
        format!("the clocks of the two machines are {} apart", spoken(by)),
        Remediation::installer("Set both clocks by NTP: webhooks are refused from 180 s on, Actions from 30 s on.")
            .in_short("set both clocks by NTP")
            .verify("timedatectl; date -u"),
    )
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;
    use crate::check::Status;
    use crate::checks::fixture::{Held, Site, ask, codes, held};
    use crate::inbound::Traced;
    use crate::net::ErrorKind;
    use crate::net::fake::{Fake, response};
    use crate::workos::signature::{Rewriting, Verified};

    fn heard(probes: &[ProbeSeen], lasted: Duration) -> Held {
        held(&SPEC, super::heard(probes, lasted))
    }

    const APP: &str = "app.customer.example";
    const HOOK: &str = "https://app.customer.example/hook";
    const NONCE: &str = "0123456789abcdef0123456789abcdef";

    async fn run(answer: Result<Response, ErrorKind>) -> Held {
        let network = Fake::installation().fetches(Method::Post, HOOK, answer);
        let site = Site::of(network).with("network.public_resolver", "9.9.9.9").with("installation.webhook_url", HOOK);
        let check = Arrives {
            endpoint: Endpoint::new(APP, 443),
            path: "/hook".to_owned(),
            url: HOOK.to_owned(),
            nonce: Secret::new(NONCE),
        };
        ask(&SPEC, &check, &site.seen_from_outside().context()).await
    }

    fn told(nonce: &str, body: &str) -> Response {
        let header = signature::sign(&Secret::new(nonce), 1_795_000_000_000, body.as_bytes());
        response(200, &[(HEADER, &header)], body)
    }

    #[tokio::test]
    async fn only_what_knows_the_nonce_is_the_listener() {
        let body = r#"{"source":"203.0.113.9","peer":"10.20.0.5","chain":"203.0.113.9 → 10.20.0.5","rewritten":null}"#;
        let real = run(Ok(told(NONCE, body))).await;

        assert_eq!((real.status(), real.grade), (Status::Pass, Grade::Answered));
        assert!(real.evidence.iter().any(|seen| seen.what == "the listener saw" && seen.value == "203.0.113.9"));
        assert_eq!(codes(&run(Ok(told("another", body))).await), ["not-the-listener"]);
        assert_eq!(codes(&run(Ok(response(200, &[], body))).await), ["not-the-listener"]);
        assert_eq!(codes(&run(Err(ErrorKind::Closed)).await), ["no-answer"]);
    }

    #[tokio::test]
    async fn a_body_that_was_written_anew_on_the_way_fails() {
        let body = r#"{"source":"203.0.113.9","peer":"203.0.113.9","chain":"","rewritten":"written anew with other white space"}"#;

        assert_eq!(codes(&run(Ok(told(NONCE, body))).await), ["body-rewritten"]);
    }

    #[test]
    fn the_listeners_side_says_the_same() {
        let source: IpAddr = "203.0.113.9".parse().unwrap();
        let probe =
            |whole| ProbeSeen { traced: Traced { source, peer: source, told: String::new(), unnamed: None }, whole };
        let second = Duration::from_secs(1);

        assert_eq!(heard(&[probe(Ok(Verified { age: 3 }))], second).status(), Status::Pass);
        assert_eq!(codes(&heard(&[probe(Err(Refusal::Rewritten(Rewriting::Spaced)))], second)), ["body-rewritten"]);
        assert_eq!(codes(&heard(&[probe(Err(Refusal::TooOld(Duration::from_secs(700))))], second)), ["clocks-apart"]);
        assert_eq!(codes(&heard(&[], second)), ["not-arrived"]);
    }
}
