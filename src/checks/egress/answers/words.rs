//! What is said of an answer that is not the API's own.

use url::Url;

use super::codes::{
    ADDRESS_BANNED, API_UNAVAILABLE, BAD_GATEWAY, BLOCK_PAGE, CAPTIVE_PORTAL, CHALLENGE, COMPRESSED, HEADERS_MISSING,
    NO_ANSWER, NOT_THE_API, RATE_LIMITED, REFUSED_AT_THE_EDGE, REFUSED_BY_THE_API, TRUNCATED,
};
use crate::check::{Command, Endpoint, Finding, Remediation, Remediations, command};
use crate::checks::egress::called;
use crate::middlebox::Guess;
use crate::net::BodyEnd;
use crate::said::counted;
use crate::workos::{self, JsonAnswer, USUAL_HOST};

fn curl(endpoint: &Endpoint) -> Command {
    command!("curl -si '{}'", endpoint.https(workos::LIST_ORGANIZATIONS))
}

fn by(product: Option<Guess>) -> String {
    product.map(|guess| format!(", {}", guess.in_words())).unwrap_or_default()
}

pub(super) fn block_page(endpoint: &Endpoint, status: u16, title: Option<&str>, product: Option<Guess>) -> Finding {
    let called = title.map_or_else(|| "a page without a title".to_owned(), |title| format!("a page called “{title}”"));
    BLOCK_PAGE.found(
        format!("{called} answers in the API's place ({status}{})", by(product)),
        Remediation::network(format!(
            "Allow {} (TCP {}) for this host in the web filter{}, without a sign-in or a page in between.",
            endpoint.host,
            endpoint.port,
            by(product)
        ))
        .in_short(allowing(endpoint))
        .verify(curl(endpoint)),
    )
}

/// What a list of what is to be done says of a web filter that is in the way.
fn allowing(endpoint: &Endpoint) -> String {
    format!("allow {} in the web filter", called(&endpoint.host))
}

/// Of TLS inspection and content scanning.
fn exempting(endpoint: &Endpoint) -> String {
    format!("exempt {} from inspection", called(&endpoint.host))
}

/// Of a setting that names another host.
const API_URL: &str = "correct --api-url";

pub(super) fn filtered(endpoint: &Endpoint, status: u16, location: &str, product: Guess) -> Finding {
    BLOCK_PAGE.found(
        format!("the request is sent on to {location} ({status}), the page of a filter: {}", product.in_words()),
        Remediation::network(format!(
            "Allow {} (TCP {}) for this host in the web filter, {}.",
            endpoint.host,
            endpoint.port,
            product.in_words()
        ))
        .in_short(allowing(endpoint))
        .verify(curl(endpoint)),
    )
}

/// Cloudflare's errors that are about where a request comes from, whoever sends it: bans of an address, and of a country
/// (<https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-1xxx-errors/>).
const BANS: &[u16] = &[1005, 1006, 1007, 1008, 1009, 1106];

/// Its errors about an address that does not serve the name that was asked for: mostly one that somebody wrote down.
const NOT_SERVED: &[u16] = &[1000, 1001, 1002, 1003, 1004, 1014, 1018, 1023, 1034];

pub(super) fn refused_at_the_edge(endpoint: &Endpoint, status: u16, error: Option<u16>, ray: &str) -> Finding {
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
    )
    .in_short("give this host another outbound address");
    let ask = |about: &str| {
        Remediation::workos(format!(
            "Send WorkOS support the cf-ray {ray}, the time and this host's outbound address, and ask {about}; run the check again meanwhile."
        ))
        .in_short("send WorkOS support the cf-ray, and ask")
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
            Remediation::installer("Wait some minutes, and run the check again.").in_short("wait, and run the check again").or(another_address),
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
            .in_short("take out the address that is written down")
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
            .in_short(exempting(endpoint))
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

pub(super) fn rate_limited(endpoint: &Endpoint, retry_after: Option<&str>) -> Finding {
    let wait = wait_asked_for(retry_after);
    RATE_LIMITED.found(
        format!("{} answers that there were too many requests (429){wait}: it is reached, and wants to be asked less", endpoint.host),
        Remediation::installer("Run the check again in a minute; if it lasts, find out which other programs behind this outbound address ask the API so much.")
            .in_short("run the check again in a minute")
            .verify(curl(endpoint)),
    )
}

pub(super) fn bad_gateway(endpoint: &Endpoint, status: u16, title: Option<&str>) -> Finding {
    let titled = title.map(|title| format!(", “{title}”")).unwrap_or_default();
    BAD_GATEWAY.found(
        format!("a server error of a proxy or gateway on the way answers in the API's place ({status}{titled}): it carries no cf-ray, so it did not pass Cloudflare"),
        Remediation::network(format!(
            "Find this request in the log of the proxy or gateway between this host and {}: it cannot reach TCP {} there, or its name resolution fails.",
            endpoint.host, endpoint.port
        ))
        .in_short(format!("let the gateway reach {}", called(&endpoint.host)))
        .verify(curl(endpoint)),
    )
}

/// Somebody else's 401, which looks like the API's.
pub(super) fn anothers_401(endpoint: &Endpoint, answer: &JsonAnswer, product: Option<Guess>) -> Finding {
    let says: String = answer.message().unwrap_or_default().chars().take(80).collect();
    not_the_api(
        endpoint,
        &format!(
            "answers 401 with “{says}”{}, without x-request-id and cf-ray, which the API always sends: somebody else asks for a key",
            by(product)
        ),
    )
}

pub(super) fn refused_by_the_api(endpoint: &Endpoint, answer: &JsonAnswer, ray: &str) -> Finding {
    let says: String =
        answer.message().map(|says| format!(" (“{}”)", says.chars().take(80).collect::<String>())).unwrap_or_default();
    let ray: String = ray.chars().take(80).collect();
    let ask = Remediation::workos(format!(
        "Run the check again; if it lasts, send WorkOS support the cf-ray {ray}, the time and this host's outbound address, and ask why it is answered so."
    ))
    .in_short("run it again, or send support the cf-ray");
    let problem = format!(
        "{} answers {}{says} through Cloudflare (cf-ray {ray}), where it answers 401 to a request without a key: the answer comes from WorkOS, not from a gateway of this network",
        endpoint.host, answer.status
    );
    let remedy: Remediations = match endpoint.host.as_str() {
        USUAL_HOST => ask.verify(curl(endpoint)).into(),
        _ => Remediation::installer(format!("Correct --api-url if {} is not the WorkOS API.", endpoint.host))
            .in_short(API_URL)
            .verify(curl(endpoint))
            .or(ask),
    };
    REFUSED_BY_THE_API.found(problem, remedy)
}

pub(super) fn moved(endpoint: &Endpoint, status: u16, location: &str, ray: &str) -> Finding {
    let ask = Remediation::workos(format!(
        "Look at https://status.workos.com and run the check again; if it lasts, send WorkOS support the cf-ray {ray} and the time."
    ))
    .in_short("run it again, or send support the cf-ray");
    let problem = format!(
        "{} sends the request on to {location} ({status}) through Cloudflare (cf-ray {ray}), which the API does not do: no portal of this network does that",
        endpoint.host
    );
    let settings = Remediation::installer(format!("Correct --api-url if {} is not the WorkOS API.", endpoint.host));
    REFUSED_BY_THE_API.found(problem, settings.in_short(API_URL).verify(curl(endpoint)).or(ask))
}

pub(super) fn sign_in(endpoint: &Endpoint, status: u16, asks: &str) -> Finding {
    let host = &endpoint.host;
    let exempt = Remediation::network(format!(
        "Exempt this host, or {host}, from the sign-in that the proxy, gateway or portal on the way wants."
    ))
    .in_short("exempt this host from the sign-in")
    .verify(curl(endpoint));
    let remedies = match status {
        407 => exempt.or(Remediation::installer(
            "If this site goes out through a proxy, name it in HTTPS_PROXY, with the user name and password that it wants, and run this again.",
        )
        .in_short("set HTTPS_PROXY, with user and password")),
        _ => exempt.into(),
    };
    CAPTIVE_PORTAL.found(
        format!(
            "something on the way to {host} wants a sign-in of its own ({status}, `{asks}`), which is not the API's"
        ),
        remedies,
    )
}

pub(super) fn captive_portal(endpoint: &Endpoint, status: u16, location: &str) -> Finding {
    let own = Url::parse(location).map_or(location.starts_with('/'), |url| url.host_str() == Some(&endpoint.host));
    if own {
        return CAPTIVE_PORTAL.found(
            format!("the request is sent on to {location} ({status}), under the name of the API, which never does that: a gateway on the way wants a cookie or a sign-in first"),
            Remediation::network(format!("Exempt this host, or {}, from the sign-in and the web filter of the gateway on the way.", endpoint.host))
                .in_short("exempt this host from the sign-in")
                .verify(curl(endpoint)),
        );
    }
    CAPTIVE_PORTAL.found(
        format!("the request is sent on to {location} ({status}), which is no part of the API: the network wants a sign-in first"),
        Remediation::network(format!("Exempt this host, or {}, from the portal or login page at {location}.", endpoint.host))
            .in_short("exempt this host from the portal")
            .verify(curl(endpoint)),
    )
}

pub(super) fn challenge(endpoint: &Endpoint, status: u16) -> Finding {
    CHALLENGE.found(
        format!("a challenge for browsers answers in the API's place ({status}): a server cannot pass it"),
        Remediation::network(format!(
            "Give this host an outbound address of good repute (no shared VPN or hosting range), exempt {} from any web application firewall of your own, and send WorkOS support the cf-ray of the evidence.",
            endpoint.host
        ))
        .in_short("give this host another outbound address")
        .verify(curl(endpoint)),
    )
}

pub(super) fn api_unavailable(endpoint: &Endpoint, status: u16, ray: &str) -> Finding {
    API_UNAVAILABLE.found(
        format!("{} answers {status} through Cloudflare (cf-ray {ray}): the trouble is at WorkOS or Cloudflare, not in this network", endpoint.host),
        Remediation::workos(format!("Look at https://status.workos.com and try again; if it lasts, send WorkOS support the cf-ray {ray} and the time."))
            .in_short("see status.workos.com, and try again")
            .verify(curl(endpoint)),
    )
}

pub(super) fn truncated(endpoint: &Endpoint, read: usize, end: BodyEnd) -> Finding {
    let how = match end {
        BodyEnd::TooLarge => format!("is larger than {read} bytes, while the API's is below one kilobyte"),
        BodyEnd::Unfinished => {
            format!("does not end: {} came, and then nothing in time", counted(read, "byte"))
        }
        BodyEnd::Cut | BodyEnd::Whole => {
            format!("breaks off after {}", counted(read, "byte"))
        }
    };
    TRUNCATED.found(
        format!("an answer from {} begins, and {how}", endpoint.host),
        Remediation::network(format!("Exempt {} from content scanning and size limits of the proxy or firewall: something on the way changes its answers.", endpoint.host))
            .in_short(exempting(endpoint))
            .verify(curl(endpoint)),
    )
}

pub(super) fn other_json(endpoint: &Endpoint, answer: &JsonAnswer) -> Finding {
    let what = if answer.status == 200 {
        "lists organizations without a key, which the API never does: a proxy on the way adds one, or gives an answer that it kept"
            .to_owned()
    } else {
        format!("answers {} with JSON, where the API answers 401 with a message", answer.status)
    };
    not_the_api(endpoint, &what)
}

pub(super) fn strange(endpoint: &Endpoint, status: u16, media_type: Option<&str>, product: Option<Guess>) -> Finding {
    let media_type = media_type.unwrap_or("no content type");
    not_the_api(
        endpoint,
        &format!(
            "answers {status} with a body that is no JSON ({media_type}{}), where the API answers 401 with JSON",
            by(product)
        ),
    )
}

pub(super) fn not_the_api(endpoint: &Endpoint, what: &str) -> Finding {
    let remedy = if endpoint.host == USUAL_HOST {
        Remediation::network(format!(
            "Let {} (TCP {}) through untouched: a gateway on the way answers in its place.",
            endpoint.host, endpoint.port
        ))
        .in_short("let WorkOS through untouched")
    } else {
        Remediation::installer(format!(
            "Correct --api-url: {endpoint} is not the WorkOS API, or a gateway on the way answers in its place."
        ))
        .in_short(API_URL)
    };
    NOT_THE_API.found(format!("{endpoint} {what}"), remedy.verify(curl(endpoint)))
}

pub(super) fn compressed(endpoint: &Endpoint, coding: &str) -> Finding {
    COMPRESSED.found(
        format!("the answer of {endpoint} comes as `Content-Encoding: {coding}`, which the request did not ask for, and cannot be read as that: something on the way writes answers anew"),
        Remediation::network(format!(
            "Exempt {} from compression and from every other change of answers in the proxy or gateway on the way.",
            endpoint.host
        ))
        .in_short(format!("exempt {} from compression", called(&endpoint.host)))
        .verify(curl(endpoint)),
    )
}

pub(super) fn no_answer(endpoint: &Endpoint, detail: &str) -> Finding {
    NO_ANSWER.found(
        format!("{endpoint} completes the TLS handshake, and then gives no HTTP answer: {detail}"),
        Remediation::network(format!("Exempt {} from TLS inspection and content scanning: what stands on the way takes the request and does not pass the answer on.", endpoint.host))
            .in_short(exempting(endpoint))
            .verify(curl(endpoint)),
    )
}

pub(super) fn headers_missing(endpoint: &Endpoint) -> Finding {
    HEADERS_MISSING.found(
        format!("the answer of {} is the right one, and carries neither x-request-id nor cf-ray, which the API always sends", endpoint.host),
        Remediation::network(format!("Stop the proxy from removing response headers of {}: WorkOS support asks for x-request-id and cf-ray.", endpoint.host))
            .verify(curl(endpoint)),
    )
}
