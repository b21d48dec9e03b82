//! Does the API accept the key?

pub(in crate::checks) mod codes;

use self::codes::{
    API_UNAVAILABLE, FORBIDDEN, KEPT_ANSWER, MALFORMED, NO_ANSWER, NOT_AN_ENVIRONMENT_KEY, RATE_LIMITED,
    REFUSED_AT_THE_EDGE, UNAUTHORIZED, UNEXPECTED,
};
use crate::check::{
    About, Check, CheckId, Command, Contact, Endpoint, Finding, Grade, Method, Outcome, Planned, Remediation, Running,
    Spec, Touch, Vantage,
};
use crate::checks::egress::{answers, clock};
use crate::checks::whence::Whence;
use crate::context::{Context, NOT_AGAIN, requesting};
use crate::facts::Facts;
use crate::net::{NetError, Response, Way};
use crate::secret::Secret;
use crate::settings::{API_KEY_FILE, Settings};
use crate::workos::key::shortness;
use crate::workos::{self, Answer};

pub(super) static SPEC: Spec = Spec {
    id: ID,
    title: "the API accepts the key",
    explain: "\
Sends GET /organizations?limit=1 with the key, over the path and to the address that the egress checks have judged, and \
wants a list in the API's shape. It reads one organization and changes nothing, so it is safe in production.

Every call the application makes carries this key. A key that was revoked, cut short while being copied, or taken from \
another place fails here as it would fail there.

Usually broken by a key that was rotated in the dashboard and not on the host, by a shell that swallowed a character, or \
by a key of another kind: those that an application issues to its own customers also begin with sk_.",
    vantages: &[Vantage::Inside],
    required: super::required,
    codes: &[&UNAUTHORIZED, &NOT_AN_ENVIRONMENT_KEY, &FORBIDDEN, &MALFORMED, &UNEXPECTED, &API_UNAVAILABLE, &NO_ANSWER, &RATE_LIMITED, &KEPT_ANSWER, &REFUSED_AT_THE_EDGE],
    needs: &[answers::ID],
    plan: |_, settings| match settings.api_key {
        Some(_) => Planned::one(Accepted(settings.api.value.clone())),
        None => Planned::from(&API_KEY_FILE),
    },
};

pub(in crate::checks) const ID: CheckId = CheckId::new("credentials.accepted");

struct Accepted(Endpoint);

impl Check for Accepted {
    fn subject(&self) -> Option<String> {
        None
    }

    fn about(&self) -> About {
        About::Endpoint(self.0.clone())
    }

    fn contacts(&self, _: &Facts, settings: &Settings) -> Vec<Contact> {
        let list = Touch::request(Method::Get, &self.0, workos::LIST_ORGANIZATIONS);
        requesting(
            &self.0,
            settings,
            [
                Contact::new(list.clone().with_the_key(), "whether the API accepts the key"),
                Contact::new(list, "only after a 401, whether the answer differs from the one without a key"),
            ],
        )
    }

    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
        Box::pin(async move {
            let Some(key) = cx.settings.api_key.as_ref().map(|key| &key.value) else {
                return Outcome::graded(Grade::Declared).because(no_answer("there is no key", cx));
            };
            let start = Outcome::graded(Grade::Answered).with("key", key.masked());
            if key.expose().chars().any(|c| c.is_control() || !c.is_ascii()) {
                return start.because(malformed(cx));
            }
            if workos::key::malformed(key).is_some() {
                return start.not_available("the key is malformed, and is not sent: see settings.consistent");
            }
            let Some(way) = cx.way(&self.0).await else {
                return start.because(no_answer(NOT_AGAIN, cx));
            };
            let via = way.via();
            let sent = cx.network.fetch(&workos::list_organizations(way.clone(), Some(key))).await;
            let outcome = match &sent.result {
                Ok(response) if response.status == 401 && may_be_stripped(response, &way, cx).await => {
                    stripped(start, response, key, cx)
                }
                Ok(response) => judge(start, response, key, cx),
                Err(error) => failed(start, error, cx),
            };
            outcome.via(via).tried(sent.attempts)
        })
    }
}

fn judge(mut outcome: Outcome, response: &Response, key: &Secret, cx: &Context) -> Outcome {
    answers::noted(&mut outcome, response);
    match Answer::read(response) {
        Answer::Json(answer) if let (200 | 401 | 403, Some(says)) = (answer.status, clock::kept(response)) => {
            outcome.because(kept_answer(answer.status, &says, cx))
        }
        Answer::Json(answer) if answer.status == 200 && answer.is_list() => {
            outcome.grade = Grade::Authorized;
            outcome
        }
        Answer::Json(answer) => match answer.status {
            401 => outcome.because(unauthorized(key, cx)),
            403 => outcome.because(forbidden(key, answer.message(), cx)),
            429 => outcome.because(rate_limited(response.header("retry-after"))),
            _ => outcome.because(unexpected(&Answer::Json(answer).in_words(), cx)),
        },
        Answer::Unavailable { status, ray } => outcome.because(api_unavailable(status, &ray)),
        Answer::RefusedAtTheEdge { status, error, ray } => {
            outcome.because(refused_at_the_edge(status, error, &ray, cx))
        }
        other => outcome.because(unexpected(&other.in_words(), cx)),
    }
}

/// Whether what inspects TLS on the way may have removed the header that carries the key: then the answer is the one without.
/// Both are known from the checks of egress.
async fn may_be_stripped(refusal: &Response, way: &Way, cx: &Context) -> bool {
    let shaken = cx.network.handshake(way).await;
    if !shaken.result.is_ok_and(|handshake| handshake.here.is_ok() && handshake.public.is_err()) {
        return false;
    }
    let without = cx.network.fetch(&workos::list_organizations(way.clone(), None)).await;
    without.result.is_ok_and(|without| without.status == refusal.status && without.body == refusal.body)
}

fn stripped(mut outcome: Outcome, response: &Response, key: &Secret, cx: &Context) -> Outcome {
    answers::noted(&mut outcome, response);
    outcome.saw("the answer without a key", "the same");
    let host = &cx.settings.api.value.host;
    let unauthorized = unauthorized(key, cx);
    let replace = unauthorized.remediations.likeliest().clone();
    outcome.because(unauthorized.code.found(
        format!("the API answers a request with the key {key} as one without (401), and TLS is intercepted on the way: what inspects it may remove the Authorization header, or the API does not know the key"),
        Remediation::network(format!("Exempt {host} from TLS inspection, or have the inspecting proxy pass on the Authorization header; then run the check again."))
            .in_short("let the Authorization header through")
            .verify(curl(cx))
            .or(replace),
    ))
}

fn failed(outcome: Outcome, error: &NetError, cx: &Context) -> Outcome {
    outcome.with("failure", error.detail.clone()).because(no_answer(&error.detail, cx))
}

fn curl(cx: &Context) -> Command {
    Whence::of_key(&cx.settings).asking(&cx.settings.api.value.https(workos::LIST_ORGANIZATIONS))
}

fn unauthorized(key: &Secret, cx: &Context) -> Finding {
    let place = Whence::of_key(&cx.settings).words;
    // Nobody documents how long keys are, so this explains a refusal and is none.
    let short = match shortness(key) {
        Some(count) => format!(
            "; with {count} characters behind its prefix it is shorter than any known one, and may be cut short"
        ),
        None => String::new(),
    };
    let known_prefix = ["sk_live_", "sk_test_"].iter().any(|prefix| key.expose().starts_with(prefix));
    if known_prefix {
        UNAUTHORIZED.found(
            format!("the API does not know the key {key} (401): revoked, cut short, or of another system{short}"),
            Remediation::vendor(format!(
                "Take a current key from the WorkOS dashboard (API Keys, in this customer's environment) and set it where the old one is ({place})."
            ))
            .in_short("set a current key")
            .verify(curl(cx)),
        )
    } else {
        NOT_AN_ENVIRONMENT_KEY.found(
            format!("the API does not know the key {key} (401), and it has neither prefix that keys of an environment usually have: perhaps one that an application issued to its own customer, which also begins with sk_{short}"),
            Remediation::vendor(format!(
                "Use the API key of this customer's environment (API Keys in the WorkOS dashboard, sk_live_ in production) in its place ({place}); keys that an application issues are checked by that application, and open nothing at WorkOS."
            ))
            .in_short("set the environment's API key")
            .verify(curl(cx)),
        )
    }
}

fn forbidden(key: &Secret, message: Option<&str>, cx: &Context) -> Finding {
    let said =
        message.map(|message| format!(": “{}”", message.chars().take(200).collect::<String>())).unwrap_or_default();
    FORBIDDEN.found(
        format!("the API knows the key {key}, and does not let it list organizations (403){said}"),
        Remediation::vendor(
            "Give the key the permission to read organizations in the WorkOS dashboard, or use one that has it.",
        )
        .in_short("let the key read organizations")
        .verify(curl(cx)),
    )
}

fn malformed(cx: &Context) -> Finding {
    let place = Whence::of_key(&cx.settings);
    MALFORMED.found(
        "the key holds line breaks, control characters or letters outside ASCII, which no header can carry",
        Remediation::installer(format!(
            "Set the key again without quotes, spaces or line breaks (it is read from: {}).",
            place.words
        ))
        .in_short("set the API key again")
        .verify(place.look()),
    )
}

fn rate_limited(retry_after: Option<&str>) -> Finding {
    let wait = answers::wait_asked_for(retry_after);
    RATE_LIMITED.found(
        format!("the API answers that there were too many requests (429){wait}: the key was not refused, and not accepted either"),
        Remediation::vendor("Find out which other program uses this key or this outbound address so much, and run the check again in a minute.")
            .in_short("find what asks WorkOS so much, run again"),
    )
}

fn unexpected(what: &str, cx: &Context) -> Finding {
    UNEXPECTED.found(
        format!("without a key the API answers, and with the key {what} comes back"),
        Remediation::network(format!("Exempt {} from content inspection: something on the way looks at requests that carry an Authorization header.", cx.settings.api.value.host))
            .in_short("exempt the API from content inspection")
            .verify(curl(cx)),
    )
}

fn kept_answer(status: u16, says: &str, cx: &Context) -> Finding {
    let host = &cx.settings.api.value.host;
    KEPT_ANSWER.found(
        format!("the answer to the request with the key ({status}) was kept by a cache on the way (`{says}`): whether the API takes the key now is not known"),
        Remediation::network(format!(
            "Exempt {host} from caching on the proxy or gateway on the way: an answer that one key was given must not be given to another."
        ))
        .in_short("exempt the API from caching")
        .verify(curl(cx)),
    )
}

fn refused_at_the_edge(status: u16, error: Option<u16>, ray: &str, cx: &Context) -> Finding {
    let number = error.map(|error| format!(", error {error}")).unwrap_or_default();
    let ask = Remediation::workos(format!(
        "Send WorkOS support the cf-ray {ray}, the time and this host's outbound address, and ask why it is refused."
    ))
    .in_short("ask WorkOS why the request is refused");
    let remedies = match (status, error) {
        (429, _) | (_, Some(1015)) => Remediation::installer("Wait some minutes, and run the check again.")
            .in_short("wait some minutes, run again")
            .verify(curl(cx))
            .or(ask),
        _ => ask.verify(curl(cx)).into(),
    };
    REFUSED_AT_THE_EDGE.found(
        format!("Cloudflare, which stands before the API, refuses the request with the key ({status}{number}, cf-ray {ray}): nothing is known of the key"),
        remedies,
    )
}

fn api_unavailable(status: u16, ray: &str) -> Finding {
    API_UNAVAILABLE.found(
        format!("the API answers {status} through Cloudflare (cf-ray {ray}), so nothing is known of the key"),
        Remediation::workos("Look at https://status.workos.com and run the check again when it is over.")
            .in_short("wait for WorkOS, run again"),
    )
}

fn no_answer(detail: &str, cx: &Context) -> Finding {
    NO_ANSWER.found(
        format!("no answer came to the request with the key: {detail}"),
        Remediation::network(format!("Run the check again; if it lasts, exempt {} from inspection of requests that carry an Authorization header.", cx.settings.api.value.host)).in_short("run again, then exempt the API from inspection"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Status, Who};
    use crate::checks::fixture::{Held, Site, ask, codes};
    use crate::net::fake::{Fake, certificate, handshake, response};
    use crate::net::{CertificateProblem, ErrorKind, Method, Phase};

    const KEY: &str = "sk_live_abcdefghijklmnopqrstuvwxyz";
    const LIST: &str = r#"{"object":"list","data":[],"list_metadata":{"before":null,"after":null}}"#;

    async fn run(answer: Result<Response, ErrorKind>, key: &str) -> Held {
        let network = Fake::api().fetches(Method::Get, "https://api.workos.com/organizations?limit=1", answer);
        ask(&SPEC, &Accepted(Endpoint::new("api.workos.com", 443)), &Site::of(network).key(key).context()).await
    }

    #[tokio::test]
    async fn a_list_in_the_apis_shape_is_acceptance() {
        let outcome = run(Ok(response(200, &[], LIST)), KEY).await;

        assert_eq!((outcome.status(), outcome.grade), (Status::Pass, Grade::Authorized));
    }

    #[tokio::test]
    async fn a_200_of_another_shape_is_never_acceptance() {
        assert_eq!(codes(&run(Ok(response(200, &[], "{}")), KEY).await), ["unexpected-answer"]);
        assert_eq!(codes(&run(Ok(response(200, &[], "<title>Sign in</title>")), KEY).await), ["unexpected-answer"]);
    }

    #[tokio::test]
    async fn what_a_cache_kept_says_nothing_of_the_key() {
        for kept in [("age", "7200"), ("x-cache", "HIT from gw.customer.example")] {
            for (status, body) in [(200, LIST), (401, r#"{"message":"Unauthorized"}"#)] {
                let outcome = run(Ok(response(status, &[kept], body)), KEY).await;
                assert_eq!((codes(&outcome), outcome.status()), (vec!["kept-answer"], Status::Unknown), "{kept:?}");
            }
        }
        for fresh in [("age", "0"), ("x-cache", "MISS from gw.customer.example"), ("cf-cache-status", "DYNAMIC")] {
            assert_eq!(run(Ok(response(200, &[fresh], LIST)), KEY).await.status(), Status::Pass, "{fresh:?}");
        }
    }

    #[tokio::test]
    async fn what_cloudflare_refuses_with_the_key_is_nothing_of_this_networks() {
        for (status, body, who) in [(403, "error code: 1020", Who::Workos), (429, "error code: 1015", Who::Installer)] {
            let outcome = run(Ok(response(status, &[("cf-ray", "8a0-FRA")], body)), KEY).await;
            assert_eq!((codes(&outcome), outcome.status()), (vec!["refused-at-the-edge"], Status::Unknown));
            assert_eq!(outcome.findings[0].remediations.likeliest().who, who);
        }
    }

    #[tokio::test]
    async fn refusals_limits_and_outages_come_apart() {
        let ray = [("cf-ray", "8a0-FRA")];
        assert_eq!(codes(&run(Ok(response(401, &[], r#"{"message":"Unauthorized"}"#)), KEY).await), ["unauthorized"]);
        assert_eq!(codes(&run(Ok(response(403, &[], r#"{"message":"No"}"#)), KEY).await), ["forbidden"]);
        assert_eq!(
            run(Ok(response(429, &[], r#"{"message":"Too many requests."}"#)), KEY).await.status(),
            Status::Unknown
        );
        let (outage, silence) =
            (run(Ok(response(503, &ray, "")), KEY).await, run(Err(ErrorKind::TimedOut(Phase::Answer)), KEY).await);
        assert_eq!((codes(&outage), outage.status()), (vec!["api-unavailable"], Status::Unknown));
        assert!(outage.findings[0].problem.contains("8a0-FRA"), "{}", outage.findings[0].problem);
        assert_eq!(outage.findings[0].remediations.likeliest().who, Who::Workos);
        assert_eq!((codes(&silence), silence.status()), (vec!["no-answer"], Status::Unknown));
        assert!(silence.findings[0].remediations.likeliest().action.contains("api.workos.com"));
    }

    #[tokio::test]
    async fn behind_interception_the_same_answer_with_and_without_the_key_may_be_a_removed_header() {
        let refused = |body: &'static str| {
            move |request: &crate::net::Request| {
                response(401, &[], if request.bearer.is_some() { body } else { r#"{"message":"Unauthorized"}"# })
            }
        };
        for (public, body, said) in [
            (Err(CertificateProblem::UnknownIssuer), r#"{"message":"Unauthorized"}"#, true),
            (Err(CertificateProblem::UnknownIssuer), r#"{"message":"Key revoked"}"#, false),
            (Ok(()), r#"{"message":"Unauthorized"}"#, false),
        ] {
            let network = Fake::api()
                .shakes("api.workos.com", Ok(handshake(certificate("api.workos.com", "Corp CA"), Ok(()), public)))
                .handles(Method::Get, "https://api.workos.com/organizations?limit=1", refused(body));
            let cx = Site::of(network).key(KEY).context();
            let outcome = ask(&SPEC, &Accepted(Endpoint::new("api.workos.com", 443)), &cx).await;

            assert_eq!(codes(&outcome), ["unauthorized"]);
            assert_eq!(outcome.findings[0].problem.contains("Authorization header"), said, "{outcome:?}");
            assert_eq!(outcome.findings[0].remediations.likeliest().who == Who::Network, said);
        }
    }

    #[tokio::test]
    async fn a_key_that_is_short_is_sent_and_its_shortness_explains_a_refusal() {
        for key in ["sk_test_default", "sk_live_a", "sk_1"] {
            assert_eq!(run(Ok(response(200, &[], LIST)), key).await.status(), Status::Pass, "{key}");
            let refused = run(Ok(response(401, &[], r#"{"message":"Unauthorized"}"#)), key).await;
            assert!(refused.findings[0].problem.contains("characters behind its prefix"), "{key}");
        }
        let long = run(Ok(response(401, &[], r#"{"message":"Unauthorized"}"#)), KEY).await;
        assert!(!long.findings[0].problem.contains("behind its prefix"));
    }

    #[tokio::test]
    async fn a_key_with_a_line_break_is_said_to_be_malformed_and_never_shown() {
        let outcome = run(Ok(response(200, &[], LIST)), "sk_live_planted_secret\nmore").await;

        assert_eq!(codes(&outcome), ["malformed"]);
        assert!(!format!("{outcome:?}").contains("planted"));
    }
}
