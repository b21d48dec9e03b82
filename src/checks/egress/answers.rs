//! Does the API itself answer?

use super::trusted;
use crate::check::{
    About, Check, CheckId, Code, Command, Contact, Endpoint, Finding, Grade, Outcome, Planned, Remediation,
    Remediations, Running, Spec, Touch, Vantage, command,
};
use crate::context::Context;
use crate::middlebox::{self, Guess};
use crate::net::{BodyEnd, Coding, NetError, Response};
use crate::settings::values::spoken;
use crate::workos::{self, Answer, JsonAnswer};
use url::Url;

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

static BLOCK_PAGE: Code = Code::error("block-page", "a page for people answers in the API's place");
static CAPTIVE_PORTAL: Code =
    Code::error("captive-portal", "the network wants a sign-in before it lets the request pass");
static CHALLENGE: Code = Code::error("challenge", "a challenge for browsers answers in the API's place");
static ADDRESS_BANNED: Code = Code::error(
    "address-banned",
    "Cloudflare, which stands before the API, refuses the address or the country that this host's requests come from",
);
static REFUSED_AT_THE_EDGE: Code = Code::undecided(
    "refused-at-the-edge",
    "Cloudflare, which stands before the API, refuses this request, for its rate, its client or a rule",
);
static RATE_LIMITED: Code =
    Code::warning("rate-limited", "the API itself answers that there were too many requests (429)");
static REFUSED_BY_THE_API: Code = Code::undecided(
    "refused-by-the-api",
    "the answer passed Cloudflare, and is not what the API says to a request without a key",
);
static NOT_THE_API: Code = Code::error("not-the-api", "something answers, and it is not the API");
static BAD_GATEWAY: Code =
    Code::error("bad-gateway", "a proxy or gateway on the way answers with a server error of its own");
static API_UNAVAILABLE: Code = Code::error("api-unavailable", "WorkOS or Cloudflare answers with a server error");
static TRUNCATED: Code = Code::error("truncated", "the answer begins and breaks off");
static COMPRESSED: Code =
    Code::error("compressed", "the answer comes compressed, unasked and so that it cannot be read");
static NO_ANSWER: Code = Code::error("no-answer", "the connection is secure, and no HTTP answer comes");
static HEADERS_MISSING: Code =
    Code::warning("headers-missing", "the right answer, without the headers that the API's answers carry");

struct Answers(Endpoint);

impl Check for Answers {
    fn subject(&self) -> Option<String> {
        Some(self.0.https(workos::LIST_ORGANIZATIONS))
    }

    fn about(&self) -> About {
        About::Endpoint(self.0.clone())
    }

    fn contacts(&self) -> Vec<Contact> {
        vec![Contact::new(
            Touch::Request("GET", self.0.https(workos::LIST_ORGANIZATIONS)),
            "whether the API answers, without a key",
        )]
    }

    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
        Box::pin(async move {
            let Some(way) = cx.way(&self.0).await else {
                return Outcome::graded(Grade::Identified)
                    .because(no_answer(&self.0, "the connection did not come about again"));
            };
            let via = way.via();
            let sent = cx.network.fetch(&workos::list_organizations(way, None)).await;
            let outcome = match &sent.result {
                Ok(response) => judge(&self.0, response).with("time", spoken(sent.took)),
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
            outcome.saw(what, value.chars().take(80).collect::<String>());
        }
    }
    if let Some(how) = &response.http2_broke {
        outcome.saw("HTTP/2", format!("breaks on the way ({how}); HTTP/1.1 works"));
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

fn curl(endpoint: &Endpoint) -> Command {
    command!("curl -si '{}'", endpoint.https(workos::LIST_ORGANIZATIONS))
}

fn by(product: Option<Guess>) -> String {
    product.map(|guess| format!(", {}", guess.in_words())).unwrap_or_default()
}

fn block_page(endpoint: &Endpoint, status: u16, title: Option<&str>, product: Option<Guess>) -> Finding {
    let called = title.map_or_else(|| "a page without a title".to_owned(), |title| format!("a page called “{title}”"));
    BLOCK_PAGE.found(
        format!("{called} answers in the API's place ({status}{})", by(product)),
        Remediation::network(format!(
            "Allow {} (TCP {}) for this host in the web filter{}, without a sign-in or a page in between.",
            endpoint.host,
            endpoint.port,
            by(product)
        ))
        .verify(curl(endpoint)),
    )
}

fn filtered(endpoint: &Endpoint, status: u16, location: &str, product: Guess) -> Finding {
    BLOCK_PAGE.found(
        format!("the request is sent on to {location} ({status}), the page of a filter: {}", product.in_words()),
        Remediation::network(format!(
            "Allow {} (TCP {}) for this host in the web filter, {}.",
            endpoint.host,
            endpoint.port,
            product.in_words()
        ))
        .verify(curl(endpoint)),
    )
}

/// Cloudflare's errors that are about where a request comes from, whoever sends it: bans of an address, and of a country
/// (<https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-1xxx-errors/>).
const BANS: &[u16] = &[1005, 1006, 1007, 1008, 1009, 1106];

/// Its errors about an address that does not serve the name that was asked for: mostly one that somebody wrote down.
const NOT_SERVED: &[u16] = &[1000, 1001, 1002, 1003, 1004, 1014, 1018, 1023, 1034];

fn refused_at_the_edge(endpoint: &Endpoint, status: u16, error: Option<u16>, ray: &str) -> Finding {
    let number = error.map(|error| format!(", error {error}")).unwrap_or_default();
    // What it cannot even read has no id.
    let (ray, named) = match ray {
        "-" => ("(none was given)", String::new()),
        ray => (ray, format!(", cf-ray {ray}")),
    };
    let refuses = format!(
        "Cloudflare, which stands before {}, refuses the request itself ({status}{number}{named})",
        endpoint.host
    );
    let another_address = Remediation::network(
        "Give this host an outbound address of good repute (no shared VPN or hosting range), and one that few others use.",
    );
    let ask = |about: &str| {
        Remediation::workos(format!(
            "Send WorkOS support the cf-ray {ray}, the time and this host's outbound address, and ask {about}; run the check again meanwhile."
        ))
    };
    let (code, why, remedy) = match error {
        Some(error) if BANS.contains(&error) => (
            &ADDRESS_BANNED,
            ": the address, or its country, is banned there",
            another_address.or(ask("why that address is banned")),
        ),
        _ if error == Some(1015) || error.is_none() && status == 429 => (
            &REFUSED_AT_THE_EDGE,
            ": too many requests came from this host's outbound address, which limits the rate for everybody behind it",
            Remediation::installer("Wait some minutes, and run the check again.").or(another_address),
        ),
        Some(1010) => (
            &REFUSED_AT_THE_EDGE,
            ": it takes the client for a robot, by its signature; an inspecting proxy gives every client its own, and the application's may be taken",
            ask("which signature is refused").or(another_address),
        ),
        Some(error) if NOT_SERVED.contains(&error) => (
            &REFUSED_AT_THE_EDGE,
            ": the address that was asked does not serve this name, or no longer",
            Remediation::installer(format!(
                "Compare the addresses that {host} resolves to here with a public resolver's, and take an address that is written down somewhere (hosts file, internal zone, proxy, relay) out, so that the public ones are used.",
                host = endpoint.host
            ))
            .verify(command!("getent ahosts {}; dig @1.1.1.1 {} A +short", endpoint.host, endpoint.host))
            .or(ask("why it does not serve the name")),
        ),
        None if status == 400 => (
            &REFUSED_AT_THE_EDGE,
            ": it finds the request malformed, so something on the way may write requests anew",
            Remediation::network(format!(
                "Exempt {} from TLS inspection and from every change of request headers in the proxy or gateway on the way.",
                endpoint.host
            ))
            .or(ask("what is wrong with the request")),
        ),
        _ => (
            &REFUSED_AT_THE_EDGE,
            ", by a rule of its firewall: of the client, or of the reputation of its address",
            ask("which rule refuses it").or(another_address),
        ),
    };
    code.found(format!("{refuses}{why}"), remedy.verify(curl(endpoint)))
}

/// How long an answer asks to wait, as it is put behind what it is.
pub(in crate::checks) fn wait_asked_for(retry_after: Option<&str>) -> String {
    retry_after
        .map(|value| format!(" (Retry-After: {})", value.chars().take(40).collect::<String>()))
        .unwrap_or_default()
}

fn rate_limited(endpoint: &Endpoint, retry_after: Option<&str>) -> Finding {
    let wait = wait_asked_for(retry_after);
    RATE_LIMITED.found(
        format!("{} answers that there were too many requests (429){wait}: it is reached, and wants to be asked less", endpoint.host),
        Remediation::installer("Run the check again in a minute; if it lasts, find out which other programs behind this outbound address ask the API so much.")
            .verify(curl(endpoint)),
    )
}

fn bad_gateway(endpoint: &Endpoint, status: u16, title: Option<&str>) -> Finding {
    let called = title.map(|title| format!(", “{title}”")).unwrap_or_default();
    BAD_GATEWAY.found(
        format!("a server error of a proxy or gateway on the way answers in the API's place ({status}{called}): it carries no cf-ray, so it did not pass Cloudflare"),
        Remediation::network(format!(
            "Find this request in the log of the proxy or gateway between this host and {}: it cannot reach TCP {} there, or its name resolution fails.",
            endpoint.host, endpoint.port
        ))
        .verify(curl(endpoint)),
    )
}

/// Somebody else's 401, which looks like the API's.
fn anothers_401(endpoint: &Endpoint, answer: &JsonAnswer, product: Option<Guess>) -> Finding {
    let says: String = answer.message().unwrap_or_default().chars().take(80).collect();
    not_the_api(
        endpoint,
        &format!(
            "answers 401 with “{says}”{}, without x-request-id and cf-ray, which the API always sends: somebody else asks for a key",
            by(product)
        ),
    )
}

fn refused_by_the_api(endpoint: &Endpoint, answer: &JsonAnswer, ray: &str) -> Finding {
    let says: String =
        answer.message().map(|says| format!(" (“{}”)", says.chars().take(80).collect::<String>())).unwrap_or_default();
    let ray: String = ray.chars().take(80).collect();
    let ask = Remediation::workos(format!(
        "Run the check again; if it lasts, send WorkOS support the cf-ray {ray}, the time and this host's outbound address, and ask why it is answered so."
    ));
    let problem = format!(
        "{} answers {}{says} through Cloudflare (cf-ray {ray}), where it answers 401 to a request without a key: the answer comes from WorkOS, not from a gateway of this network",
        endpoint.host, answer.status
    );
    let remedy: Remediations = match endpoint.host.as_str() {
        "api.workos.com" => ask.verify(curl(endpoint)).into(),
        _ => Remediation::installer(format!("Correct --api-url if {} is not the WorkOS API.", endpoint.host))
            .verify(curl(endpoint))
            .or(ask),
    };
    REFUSED_BY_THE_API.found(problem, remedy)
}

fn moved(endpoint: &Endpoint, status: u16, location: &str, ray: &str) -> Finding {
    let ask = Remediation::workos(format!(
        "Look at https://status.workos.com and run the check again; if it lasts, send WorkOS support the cf-ray {ray} and the time."
    ));
    let problem = format!(
        "{} sends the request on to {location} ({status}) through Cloudflare (cf-ray {ray}), which the API does not do: no portal of this network does that",
        endpoint.host
    );
    let settings = Remediation::installer(format!("Correct --api-url if {} is not the WorkOS API.", endpoint.host));
    REFUSED_BY_THE_API.found(problem, settings.verify(curl(endpoint)).or(ask))
}

fn sign_in(endpoint: &Endpoint, status: u16, asks: &str) -> Finding {
    let host = &endpoint.host;
    let exempt = Remediation::network(format!(
        "Exempt this host, or {host}, from the sign-in that the proxy, gateway or portal on the way wants."
    ))
    .verify(curl(endpoint));
    let remedies = match status {
        407 => exempt.or(Remediation::installer(
            "If this site goes out through a proxy, name it in HTTPS_PROXY, with the user name and password that it wants, and run this again.",
        )),
        _ => exempt.into(),
    };
    CAPTIVE_PORTAL.found(
        format!(
            "something on the way to {host} wants a sign-in of its own ({status}, `{asks}`), which is not the API's"
        ),
        remedies,
    )
}

fn captive_portal(endpoint: &Endpoint, status: u16, location: &str) -> Finding {
    let own = Url::parse(location).map_or(location.starts_with('/'), |url| url.host_str() == Some(&endpoint.host));
    if own {
        return CAPTIVE_PORTAL.found(
            format!("the request is sent on to {location} ({status}), under the name of the API, which never does that: a gateway on the way wants a cookie or a sign-in first"),
            Remediation::network(format!("Exempt this host, or {}, from the sign-in and the web filter of the gateway on the way.", endpoint.host))
                .verify(curl(endpoint)),
        );
    }
    CAPTIVE_PORTAL.found(
        format!("the request is sent on to {location} ({status}), which is no part of the API: the network wants a sign-in first"),
        Remediation::network(format!("Exempt this host, or {}, from the portal or login page at {location}.", endpoint.host))
            .verify(curl(endpoint)),
    )
}

fn challenge(endpoint: &Endpoint, status: u16) -> Finding {
    CHALLENGE.found(
        format!("a challenge for browsers answers in the API's place ({status}): a server cannot pass it"),
        Remediation::network(format!(
            "Give this host an outbound address of good repute (no shared VPN or hosting range), exempt {} from any web application firewall of your own, and send WorkOS support the cf-ray of the evidence.",
            endpoint.host
        ))
        .verify(curl(endpoint)),
    )
}

fn api_unavailable(endpoint: &Endpoint, status: u16, ray: &str) -> Finding {
    API_UNAVAILABLE.found(
        format!("{} answers {status} through Cloudflare (cf-ray {ray}): the trouble is at WorkOS or Cloudflare, not in this network", endpoint.host),
        Remediation::workos(format!("Look at https://status.workos.com and try again; if it lasts, send WorkOS support the cf-ray {ray} and the time."))
            .verify(curl(endpoint)),
    )
}

fn truncated(endpoint: &Endpoint, read: usize, end: BodyEnd) -> Finding {
    let how = match end {
        BodyEnd::TooLarge => format!("is larger than {read} bytes, while the API's is below one kilobyte"),
        BodyEnd::Unfinished => {
            format!("does not end: {read} {} came, and then nothing in time", if read == 1 { "byte" } else { "bytes" })
        }
        BodyEnd::Cut | BodyEnd::Whole => {
            format!("breaks off after {read} {}", if read == 1 { "byte" } else { "bytes" })
        }
    };
    TRUNCATED.found(
        format!("an answer from {} begins, and {how}", endpoint.host),
        Remediation::network(format!("Exempt {} from content scanning and size limits of the proxy or firewall: something on the way changes its answers.", endpoint.host))
            .verify(curl(endpoint)),
    )
}

fn other_json(endpoint: &Endpoint, answer: &JsonAnswer) -> Finding {
    let what = if answer.status == 200 {
        "lists organizations without a key, which the API never does: a proxy on the way adds one, or gives an answer that it kept"
            .to_owned()
    } else {
        format!("answers {} with JSON, where the API answers 401 with a message", answer.status)
    };
    not_the_api(endpoint, &what)
}

fn strange(endpoint: &Endpoint, status: u16, media_type: Option<&str>, product: Option<Guess>) -> Finding {
    let media_type = media_type.unwrap_or("no content type");
    not_the_api(
        endpoint,
        &format!(
            "answers {status} with a body that is no JSON ({media_type}{}), where the API answers 401 with JSON",
            by(product)
        ),
    )
}

fn not_the_api(endpoint: &Endpoint, what: &str) -> Finding {
    let remedy = if endpoint.host == "api.workos.com" {
        Remediation::network(format!(
            "Let {} (TCP {}) through untouched: a gateway on the way answers in its place.",
            endpoint.host, endpoint.port
        ))
    } else {
        Remediation::installer(format!(
            "Correct --api-url: {endpoint} is not the WorkOS API, or a gateway on the way answers in its place."
        ))
    };
    NOT_THE_API.found(format!("{endpoint} {what}"), remedy.verify(curl(endpoint)))
}

fn compressed(endpoint: &Endpoint, coding: &str) -> Finding {
    COMPRESSED.found(
        format!("the answer of {endpoint} comes as `Content-Encoding: {coding}`, which the request did not ask for, and cannot be read as that: something on the way writes answers anew"),
        Remediation::network(format!(
            "Exempt {} from compression and from every other change of answers in the proxy or gateway on the way.",
            endpoint.host
        ))
        .verify(curl(endpoint)),
    )
}

fn no_answer(endpoint: &Endpoint, detail: &str) -> Finding {
    NO_ANSWER.found(
        format!("{endpoint} completes the TLS handshake, and then gives no HTTP answer: {detail}"),
        Remediation::network(format!("Exempt {} from TLS inspection and content scanning: what stands on the way takes the request and does not pass the answer on.", endpoint.host))
            .verify(curl(endpoint)),
    )
}

fn headers_missing(endpoint: &Endpoint) -> Finding {
    HEADERS_MISSING.found(
        format!("the answer of {} is the right one, and carries neither x-request-id nor cf-ray, which the API always sends", endpoint.host),
        Remediation::network(format!("Stop the proxy from removing response headers of {}: WorkOS support asks for x-request-id and cf-ray.", endpoint.host))
            .verify(curl(endpoint)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Status;
    use crate::checks::fixture::{Site, codes};
    use crate::net::fake::{Fake, response};
    use crate::net::{ErrorKind, Method, Phase};

    const UNAUTHORIZED: &str = r#"{"message":"Unauthorized"}"#;
    const RAY: (&str, &str) = ("cf-ray", "8a0b1c2d3e4f5a6b-FRA");

    async fn run(answer: Result<Response, ErrorKind>) -> Outcome {
        let network = Fake::api().fetches(Method::Get, "https://api.workos.com/organizations?limit=1", answer);
        let site = Site::of(network).key("sk_live_never_sent_by_this_check");
        Answers(Endpoint::new("api.workos.com", 443)).run(&site.context()).await
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
    async fn http2_that_breaks_while_http1_works_is_evidence_and_no_fault() {
        let mut answer = response(401, &[RAY], UNAUTHORIZED);
        answer.http2_broke = Some("the other side ended it with GOAWAY, INTERNAL_ERROR".to_owned());
        let outcome = run(Ok(answer)).await;

        assert_eq!(outcome.status(), Status::Pass);
        assert!(outcome.evidence.iter().any(|seen| seen.what == "HTTP/2" && seen.value.contains("GOAWAY")));
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
