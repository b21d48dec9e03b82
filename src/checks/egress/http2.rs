//! Does HTTP/2 work where both sides agree on it?

use super::answers;
use super::causes::LOST_BY_CHANCE;
use crate::check::{
    About, Check, CheckId, Code, Contact, Endpoint, Finding, Grade, Method, Outcome, Planned, Remediation, Running,
    Spec, Touch, Vantage, command,
};
use crate::context::{Context, NOT_AGAIN, requesting};
use crate::facts::Facts;
use crate::outcome::Cause;
use crate::settings::Settings;
use crate::workos;

pub(super) static SPEC: Spec = Spec {
    id: ID,
    title: "HTTP/2 works where it is agreed on",
    explain: "\
Looks at which version of HTTP the TLS handshake with the API agreed on (ALPN), and whether the request without a key was \
answered in that version. Nothing is sent for it that egress.handshake and egress.answers do not send.

WorkOS offers HTTP/2 and HTTP/1.1, and each program takes what it likes best: curl, PHP, Go and Java's HttpClient go by \
HTTP/2 where it is agreed on, Node's fetch, Python and Ruby by HTTP/1.1. So a box on the way that agrees on HTTP/2 and then \
breaks it stops some applications and not others, and the same request works from one and not from the other. That only \
HTTP/1.1 is agreed on is no trouble: every program speaks it.

Usually broken by TLS inspection or a web application firewall that passes the agreement on and does not speak HTTP/2 well \
itself, or by a proxy that was updated on one of its sides.",
    vantages: &[Vantage::Inside],
    required: |_, _| false,
    codes: &[&BROKEN, &NOT_ESTABLISHED],
    needs: &[answers::ID],
    plan: |_, settings| Planned::one(Http2(settings.api.value.clone())),
};

pub(super) const ID: CheckId = CheckId::new("egress.http2");

pub(in crate::checks) static BROKEN: Code =
    Code::warning("broken", "HTTP/2 is agreed on and breaks, while HTTP/1.1 works").caused_by(&[
        Cause::network(
            "TLS inspection or a web application firewall on the way agrees on HTTP/2, and does not speak it well.",
            "The issuer that `curl` prints is not a public one.",
            "Exempt api.workos.com from TLS inspection, or have that box agree on http/1.1 alone (ALPN).",
        )
        .shown_by("curl -sv -m 10 --http2 -o /dev/null https://api.workos.com/"),
        Cause::workos(
            "HTTP/2 breaks at Cloudflare or WorkOS for a while.",
            "The issuer is a public one, and the command breaks in other networks as well.",
            "Run the check again; if it lasts, send WorkOS support the time and what `curl` prints.",
        )
        .shown_by("curl -sv -m 10 --http2 -o /dev/null https://api.workos.com/"),
    ]);
pub(in crate::checks) static NOT_ESTABLISHED: Code =
    Code::undecided("not-established", "the API did not answer this time").caused_by(&[LOST_BY_CHANCE]);

struct Http2(Endpoint);

impl Check for Http2 {
    fn about(&self) -> About {
        About::Endpoint(self.0.clone())
    }

    fn contacts(&self, _: &Facts, settings: &Settings) -> Vec<Contact> {
        let list = Touch::request(Method::Get, &self.0, workos::LIST_ORGANIZATIONS);
        let why = "which version of HTTP is agreed on, and in which the API answers, from the same answer";
        requesting(&self.0, settings, [Contact::new(list, why)])
    }

    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
        Box::pin(async move {
            let mut outcome = Outcome::graded(Grade::Answered);
            let Some(way) = cx.way(&self.0).await else {
                return outcome.because(not_established(&self.0, NOT_AGAIN));
            };
            outcome.via = Some(way.via());
            if let Ok(handshake) = &cx.network.handshake(&way).await.result {
                outcome.saw("agreed on", handshake.protocol.as_deref().unwrap_or("nothing, which means HTTP/1.1"));
            }
            match &cx.network.fetch(&workos::list_organizations(way, None)).await.result {
                Ok(response) => {
                    outcome.saw("answered in", response.version.to_string());
                    match &response.http2_broke {
                        Some(how) => outcome.because(broken(&self.0, how)),
                        None => outcome,
                    }
                }
                Err(error) => outcome.because(not_established(&self.0, &error.detail)),
            }
        })
    }
}

fn broken(endpoint: &Endpoint, how: &str) -> Finding {
    BROKEN.found(
        format!("HTTP/2 is agreed on with {endpoint} and breaks ({how}), while HTTP/1.1 works: curl, PHP, Go and Java fail or wait, Node, Python and Ruby do not"),
        Remediation::network(format!(
            "Exempt {} from TLS inspection, or have the box on the way agree on http/1.1 alone (ALPN) until it speaks HTTP/2.",
            endpoint.host
        ))
        .verify(command!("curl -sS -m 10 --http2 -o /dev/null -w '%{{http_version}} %{{http_code}}\\n' {}", endpoint.https("/")))
        .or(Remediation::installer(
            "Until then keep the application on HTTP/1.1: GODEBUG=http2client=0 in the environment of Go, HttpClient.Version.HTTP_1_1 in Java, CURL_HTTP_VERSION_1_1 in PHP.",
        )),
    )
}

fn not_established(endpoint: &Endpoint, detail: &str) -> Finding {
    NOT_ESTABLISHED.found(
        format!("whether HTTP/2 works with {endpoint} is not established: {detail}"),
        Remediation::network("Run the check again; if it lasts, mend what the other checks of this group find first.")
            .in_short("run the check again")
            .verify(command!(
                "curl -sS -m 10 --http2 -o /dev/null -w '%{{http_version}} %{{http_code}}\\n' {}",
                endpoint.https("/")
            )),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Status, Who};
    use crate::checks::fixture::{Held, Site, ask, codes};
    use crate::net::fake::{Fake, response};
    use crate::net::{ErrorKind, Method, Response, Version};

    const UNAUTHORIZED: &str = r#"{"message":"Unauthorized"}"#;

    async fn run(answer: Result<Response, ErrorKind>) -> Held {
        let network = Fake::api().fetches(Method::Get, "https://api.workos.com/organizations?limit=1", answer);
        ask(&SPEC, &Http2(Endpoint::new("api.workos.com", 443)), &Site::of(network).context()).await
    }

    fn seen<'a>(outcome: &'a Outcome, what: &str) -> Option<&'a str> {
        outcome.evidence.iter().find(|seen| seen.what == what).map(|seen| seen.value.as_str())
    }

    #[tokio::test]
    async fn an_answer_in_either_version_passes_and_says_which() {
        for version in [Version::Http1, Version::Http2] {
            let outcome = run(Ok(Response { version, ..response(401, &[], UNAUTHORIZED) })).await;

            assert_eq!(outcome.status(), Status::Pass);
            assert_eq!(seen(&outcome, "answered in"), Some(version.to_string().as_str()));
        }
    }

    #[tokio::test]
    async fn http2_that_breaks_is_a_warning_that_names_how_and_what_goes_on_working() {
        let how = "the other side ended it with GOAWAY, INTERNAL_ERROR";
        let outcome = run(Ok(Response { http2_broke: Some(how.to_owned()), ..response(401, &[], UNAUTHORIZED) })).await;

        assert_eq!((codes(&outcome), outcome.status()), (vec!["broken"], Status::Warn));
        let finding = &outcome.findings[0];
        assert!(finding.problem.contains(how) && finding.problem.contains("HTTP/1.1 works"), "{}", finding.problem);
        let remedy = finding.remediations.likeliest();
        assert!(remedy.who == Who::Network && remedy.action.contains("api.workos.com"), "{}", remedy.action);
        assert!(remedy.verify.as_ref().unwrap().as_str().contains("--http2"));
    }

    #[tokio::test]
    async fn without_an_answer_nothing_is_said_of_http2() {
        assert_eq!(codes(&run(Err(ErrorKind::Reset)).await), ["not-established"]);
    }
}
