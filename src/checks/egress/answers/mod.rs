//! Does the API itself answer?

pub(in crate::checks) mod codes;
mod words;

use self::codes::{
    ADDRESS_BANNED, API_UNAVAILABLE, BAD_GATEWAY, BLOCK_PAGE, CAPTIVE_PORTAL, CHALLENGE, COMPRESSED, HEADERS_MISSING,
    NO_ANSWER, NOT_THE_API, RATE_LIMITED, REFUSED_AT_THE_EDGE, REFUSED_BY_THE_API, TRUNCATED,
};
pub(in crate::checks) use self::words::wait_asked_for;
use self::words::{
    anothers_401, api_unavailable, bad_gateway, block_page, captive_portal, challenge, compressed, filtered,
    headers_missing, moved, no_answer, not_the_api, other_json, rate_limited, refused_at_the_edge, refused_by_the_api,
    sign_in, strange, truncated,
};
use super::trusted;
use crate::check::{
    About, Check, CheckId, Contact, Endpoint, Grade, Method, Outcome, Planned, Running, Spec, Touch, Vantage,
};
use crate::context::{Context, NOT_AGAIN, requesting};
use crate::facts::Facts;
use crate::middlebox;
use crate::net::{Coding, NetError, Response};
use crate::said::spoken;
use crate::settings::Settings;
use crate::workos::{self, Answer};

pub(in crate::checks) static SPEC: Spec = Spec {
    id: ID,
    title: "the WorkOS API answers",
    explain: "\
Sends GET /organizations?limit=1 without a key, and wants exactly what the API answers to that: 401, a JSON object with a \
`message`, and one of the headers x-request-id and cf-ray.

A block page, a sign-in page and a captive portal all answer 200 on a connection that looks healthy. Only this answer, \
which nobody but the API gives, shows that requests arrive where they should. No key is sent before it has been seen.

Usually broken by a web filter that answers with its own page, by a portal that wants a sign-in, by a web application \
firewall that takes a server for a robot, or by an incident at WorkOS or Cloudflare.",
    vantages: &[Vantage::Inside],
    required: super::required,
    codes: &[
        &BLOCK_PAGE, &CAPTIVE_PORTAL, &CHALLENGE, &ADDRESS_BANNED, &NOT_THE_API, &BAD_GATEWAY,
        &API_UNAVAILABLE, &REFUSED_BY_THE_API, &TRUNCATED, &COMPRESSED, &NO_ANSWER, &REFUSED_AT_THE_EDGE, &HEADERS_MISSING, &RATE_LIMITED,
    ],
    needs: &[trusted::ID],
    plan: |_, settings| Planned::one(Answers(settings.api.value.clone())),
};

pub(in crate::checks) const ID: CheckId = CheckId::new("egress.answers");

struct Answers(Endpoint);

impl Check for Answers {
    fn subject(&self) -> Option<String> {
        Some(self.0.https(workos::LIST_ORGANIZATIONS))
    }

    fn about(&self) -> About {
        About::Endpoint(self.0.clone())
    }

    fn contacts(&self, _: &Facts, settings: &Settings) -> Vec<Contact> {
        let list = Touch::request(Method::Get, &self.0, workos::LIST_ORGANIZATIONS);
        requesting(&self.0, settings, [Contact::new(list, "whether the API answers, without a key")])
    }

    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
        Box::pin(async move {
            let Some(way) = cx.way(&self.0).await else {
                return Outcome::graded(Grade::Identified).because(no_answer(&self.0, NOT_AGAIN));
            };
            let via = way.via();
            let sent = cx.network.fetch(&workos::list_organizations(way, None)).await;
            let outcome = match &sent.result {
                Ok(response) => judge(&self.0, response).with_passing("time", spoken(sent.took)),
                Err(error) => failed(&self.0, error),
            };
            outcome.via(via).tried(sent.attempts)
        })
    }
}

/// What was said about the answer, for a support ticket: status and the ids that WorkOS and Cloudflare give a request.
pub(in crate::checks) fn noted(outcome: &mut Outcome, response: &Response) {
    outcome.saw("status", response.status.to_string());
    for (header, what) in [("x-request-id", "request id"), ("cf-ray", "cf-ray"), ("date", "date")] {
        if let Some(value) = response.header(header) {
            outcome.saw_passing(what, value.chars().take(80).collect::<String>());
        }
    }
    if let Some(Coding::Undone(coding)) = &response.coding {
        outcome.saw("compression", format!("{coding}, which nobody asked for and most programs undo"));
    }
}

fn judge(endpoint: &Endpoint, response: &Response) -> Outcome {
    let mut outcome = Outcome::graded(Grade::Identified);
    noted(&mut outcome, response);
    match Answer::read(response) {
        Answer::Json(_)
        | Answer::Cut { .. }
        | Answer::Strange { .. }
        | Answer::RefusedAtTheEdge { error: None, .. }
            if unreadable(response).is_some() =>
        {
            outcome.because(compressed(endpoint, unreadable(response).unwrap_or_default()))
        }
        Answer::Json(answer) if answer.status == 401 && answer.message().is_some() => {
            if answer.marked {
                outcome.grade = Grade::Answered;
                return outcome;
            }
            // Without a mark of WorkOS's, its very words are wanted, and no mark of somebody else's.
            match middlebox::by_gateway(&response.headers) {
                None if answer.message() == Some(workos::UNAUTHORIZED) => {
                    outcome.grade = Grade::Answered;
                    outcome.because(headers_missing(endpoint))
                }
                product => outcome.because(anothers_401(endpoint, &answer, product)),
            }
        }
        Answer::Json(answer) if answer.status == 429 && response.header("cf-ray").is_some() => {
            outcome.because(rate_limited(endpoint, response.header("retry-after")))
        }
        Answer::Json(answer) if (400..500).contains(&answer.status) && response.header("cf-ray").is_some() => {
            outcome.because(refused_by_the_api(endpoint, &answer, response.header("cf-ray").unwrap_or_default()))
        }
        Answer::Json(answer) => outcome.because(other_json(endpoint, &answer)),
        Answer::Moved { status, location, ray } => outcome.because(moved(endpoint, status, &location, &ray)),
        Answer::SignIn { status, asks } => outcome.because(sign_in(endpoint, status, &asks)),
        Answer::Unavailable { status, ray } => outcome.because(api_unavailable(endpoint, status, &ray)),
        Answer::Challenge => outcome.because(challenge(endpoint, response.status)),
        Answer::RefusedAtTheEdge { status, error, ray } => {
            outcome.because(refused_at_the_edge(endpoint, status, error, &ray))
        }
        Answer::Filter { location, product } => {
            outcome.because(filtered(endpoint, response.status, &location, product))
        }
        Answer::Portal { location } => outcome.because(captive_portal(endpoint, response.status, &location)),
        Answer::Page { status: status @ 500.., title, .. } => {
            outcome.because(bad_gateway(endpoint, status, title.as_deref()))
        }
        Answer::Page { status, title, product } => {
            outcome.because(block_page(endpoint, status, title.as_deref(), product))
        }
        Answer::Cut { read, end } => outcome.because(truncated(endpoint, read, end)),
        Answer::Strange { status: status @ 500.., .. } => outcome.because(bad_gateway(endpoint, status, None)),
        Answer::Strange { status, .. } if response.body.is_empty() => outcome.because(not_the_api(
            endpoint,
            &format!("answers {status} without a body, where the API answers 401 with JSON"),
        )),
        Answer::Strange { status, media_type, product } => {
            outcome.because(strange(endpoint, status, media_type.as_deref(), product))
        }
    }
}

/// What a body is compressed with, or said to be, where it cannot be undone.
fn unreadable(response: &Response) -> Option<&str> {
    match &response.coding {
        Some(Coding::Unread(coding) | Coding::Untrue(coding)) => Some(coding),
        Some(Coding::Undone(_)) | None => None,
    }
}

fn failed(endpoint: &Endpoint, error: &NetError) -> Outcome {
    Outcome::graded(Grade::Identified).with("failure", error.detail.clone()).because(no_answer(endpoint, &error.detail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Status;
    use crate::checks::fixture::{Held, Site, ask, codes};
    use crate::net::fake::{Fake, response};
    use crate::net::{ErrorKind, Method, Phase};

    const UNAUTHORIZED: &str = r#"{"message":"Unauthorized"}"#;
    const RAY: (&str, &str) = ("cf-ray", "8a0b1c2d3e4f5a6b-FRA");

    async fn run(answer: Result<Response, ErrorKind>) -> Held {
        let network = Fake::api().fetches(Method::Get, "https://api.workos.com/organizations?limit=1", answer);
        let site = Site::of(network).key("sk_live_never_sent_by_this_check");
        ask(&SPEC, &Answers(Endpoint::new("api.workos.com", 443)), &site.context()).await
    }

    #[tokio::test]
    async fn only_the_apis_own_answer_passes() {
        let outcome = run(Ok(response(401, &[RAY], UNAUTHORIZED))).await;

        assert_eq!((outcome.status(), outcome.grade), (Status::Pass, Grade::Answered));
        assert!(outcome.evidence.iter().any(|seen| seen.what == "cf-ray"));
    }

    #[tokio::test]
    async fn what_the_api_says_counts_under_another_name_of_its_type() {
        for media_type in ["text/html", "text/plain", "application/octet-stream"] {
            let outcome = run(Ok(response(401, &[RAY, ("content-type", media_type)], UNAUTHORIZED))).await;
            assert_eq!(outcome.status(), Status::Pass, "{media_type}");
        }
    }

    #[tokio::test]
    async fn each_refusal_of_cloudflares_is_told_by_its_number_or_its_status() {
        let page = |number: u16| {
            format!(
                "<title>Access denied | x used Cloudflare to restrict access</title><span class=\"cf-error-type\">Error</span>\n<span class=\"cf-error-code\">{number}</span>"
            )
        };
        let html = ("content-type", "text/html");
        for (status, body, wanted) in [
            (403, page(1009), "banned"),
            (403, "<title>Access denied | x</title><b>Error</b>\n <i class='c'>1005</i>".to_owned(), "banned"),
            (400, "<title>400 Bad Request</title><center>cloudflare</center>".to_owned(), "malformed"),
            (403, page(1020), "rule of its firewall"),
            (409, "error code: 1001".to_owned(), "does not serve this name"),
            (409, "error code: 1034".to_owned(), "does not serve this name"),
            (403, "error code: 1003".to_owned(), "does not serve this name"),
            (429, "<title>Rate Limited</title>".to_owned(), "too many requests"),
            (400, "<title>400 Bad Request</title>".to_owned(), "malformed"),
        ] {
            let outcome = run(Ok(response(status, &[RAY, html], &body))).await;
            assert!(outcome.findings[0].problem.contains(wanted), "{status} {body}: {}", outcome.findings[0].problem);
        }
    }

    #[tokio::test]
    async fn a_name_that_is_not_served_is_shown_by_its_addresses_and_other_refusals_by_the_request() {
        for (error, wanted) in [
            ("error code: 1001", "getent ahosts api.workos.com; dig @1.1.1.1 api.workos.com A +short"),
            ("error code: 1020", "curl -si 'https://api.workos.com/organizations?limit=1'"),
        ] {
            let outcome = run(Ok(response(403, &[RAY], error))).await;
            let command =
                outcome.findings[0].remediations.likeliest().verify.as_ref().map(crate::check::Command::as_str);
            assert_eq!(command, Some(wanted), "{error}");
        }
    }

    #[tokio::test]
    async fn compression_is_no_fault_where_it_was_undone_and_named_where_it_was_not() {
        let under = |coding, body| {
            let mut answer = response(401, &[RAY, ("content-type", "application/json")], body);
            answer.coding = Some(coding);
            answer
        };
        let undone = run(Ok(under(Coding::Undone("gzip".to_owned()), UNAUTHORIZED))).await;
        assert_eq!(undone.status(), Status::Pass);
        assert!(undone.evidence.iter().any(|seen| seen.value.starts_with("gzip")), "{:?}", undone.evidence);

        for (coding, body) in [
            (Coding::Unread("br".to_owned()), "\u{b}\u{d}noise"),
            (Coding::Untrue("gzip".to_owned()), UNAUTHORIZED),
            (Coding::Untrue("deflate".to_owned()), "noise"),
        ] {
            let outcome = run(Ok(under(coding.clone(), body))).await;
            assert_eq!(codes(&outcome), ["compressed"], "{coding:?}");
            assert!(outcome.findings[0].problem.contains("Content-Encoding: "), "{coding:?}");
        }
    }

    #[tokio::test]
    async fn everything_else_has_its_own_code() {
        let html = ("content-type", "text/html");
        for (answer, code) in [
            (response(200, &[html], "<title>Web Page Blocked</title>"), "block-page"),
            (response(302, &[("location", "http://portal.example/")], ""), "captive-portal"),
            (response(403, &[html, RAY, ("cf-mitigated", "challenge")], ""), "challenge"),
            (response(503, &[RAY], ""), "api-unavailable"),
            (response(403, &[RAY], "error code: 1006"), "address-banned"),
            (response(403, &[RAY], "error code: 1009"), "address-banned"),
            (response(403, &[RAY], "error code: 1010"), "refused-at-the-edge"),
            (response(403, &[RAY], "error code: 1020"), "refused-at-the-edge"),
            (response(429, &[RAY], "error code: 1015"), "refused-at-the-edge"),
            (response(400, &[RAY, html], "<title>400 Bad Request</title>"), "refused-at-the-edge"),
            (response(429, &[RAY], r#"{"message":"Too many requests."}"#), "rate-limited"),
            (response(429, &[], r#"{"message":"Too many requests."}"#), "not-the-api"),
            (response(403, &[RAY], r#"{"message":"Forbidden"}"#), "refused-by-the-api"),
            (response(404, &[RAY], r#"{"message":"Not Found"}"#), "refused-by-the-api"),
            (response(301, &[RAY, ("location", "https://workos.com/")], ""), "refused-by-the-api"),
            (response(403, &[], r#"{"message":"Forbidden"}"#), "not-the-api"),
            (response(401, &[], r#"{"message":"No API key found in request"}"#), "not-the-api"),
            (response(401, &[("x-amzn-requestid", "1")], UNAUTHORIZED), "not-the-api"),
            (response(401, &[("server", "kong/3.6")], UNAUTHORIZED), "not-the-api"),
            (response(401, &[html, ("www-authenticate", "Basic realm=\"gw\"")], "<h1>401</h1>"), "captive-portal"),
            (response(407, &[html], "<title>Proxy</title>"), "captive-portal"),
            (response(511, &[html], "<title>Network sign-in</title>"), "captive-portal"),
            (
                response(200, &[html], "<meta http-equiv='refresh' content='0; url=http://portal.example/'>"),
                "captive-portal",
            ),
            (response(200, &[html], ""), "not-the-api"),
            (response(302, &[("location", "https://block.opendns.com/?x=1")], ""), "block-page"),
            (response(502, &[html], "<title>502 Bad Gateway</title>"), "bad-gateway"),
            (response(503, &[], "upstream"), "bad-gateway"),
            (response(200, &[], r#"{"hello":1}"#), "not-the-api"),
            (response(401, &[], r#"{"mess"#), "truncated"),
            (response(401, &[], UNAUTHORIZED), "headers-missing"),
        ] {
            assert_eq!(codes(&run(Ok(answer)).await), [code]);
        }
        assert_eq!(codes(&run(Err(ErrorKind::TimedOut(Phase::Answer))).await), ["no-answer"]);
    }
}
