//! Does the path carry full-size packets?

use futures_util::future::join_all;

use super::answers;
use super::causes::{LOST_BY_CHANCE, SMALLER_MTU};
use super::handshake::codes::LARGE_HELLO;
use crate::check::{
    About, Check, CheckId, Code, Contact, Endpoint, Finding, Grade, Method, Outcome, Planned, Remediation, Running,
    Spec, Touch, Vantage, command,
};
use crate::context::{Context, NOT_AGAIN, requesting};
use crate::facts::Facts;
use crate::net::{Attempted, ErrorKind, Phase, Request, Response};
use crate::outcome::Cause;
use crate::said::spoken;
use crate::settings::Settings;
use crate::workos::{self, Answer};

pub(super) static SPEC: Spec = Spec {
    id: ID,
    title: "the path carries full-size packets",
    explain: "\
Repeats the request without a key, with 6 KiB of padding in a header, so that packets of full size leave this host.

Small requests fit in one small packet. Where the path carries smaller packets than its ends believe, and the message \
that would say so is filtered, small requests pass and large ones vanish: sign-ins work, and the first long token does not.

Usually broken by a VPN or tunnel on the way whose smaller MTU is not announced because ICMP is dropped, or by a proxy \
or web application firewall with a small limit on headers.",
    vantages: &[Vantage::Inside],
    required: super::required,
    codes: &[&STALLED_ON_SIZE, &PADDING_REFUSED, &NOT_ESTABLISHED],
    needs: &[answers::ID],
    plan: |_, settings| Planned::one(Carries(settings.api.value.clone())),
};

pub(super) const ID: CheckId = CheckId::new("egress.carries");

pub(in crate::checks) static STALLED_ON_SIZE: Code =
    Code::error("stalled-on-size", "small requests pass, and full-size packets vanish")
        .explains(&[&LARGE_HELLO])
        .caused_by(&[
            SMALLER_MTU,
            Cause::installer(
                "The network of this host or container has a larger MTU than the network beneath it.",
                "The mtu that the command prints in here is larger than that of the interface outside of it.",
                "Set the MTU of the container or overlay network to that of the network beneath it, less its headers.",
            )
            .shown_by("ip link"),
            Cause::network(
                "Inspection on the way holds requests of this size back.",
                "Large pings are answered.",
                "Exempt api.workos.com from content inspection.",
            )
            .shown_by("ping -M do -s 1472 -c 3 api.workos.com"),
        ]);
pub(in crate::checks) static PADDING_REFUSED: Code = Code::warning(
    "padding-refused",
    "something refuses a request for the size of its headers",
)
.caused_by(&[Cause::network(
    "A proxy or web application firewall on the way has a small limit on request headers.",
    "The refusal's Server header is not cloudflare, or it carries no cf-ray.",
    "Raise the limit on request headers to 16 KiB for api.workos.com in that proxy or firewall.",
)
.shown_by(
    "curl -si -H \"x-padding: $(head -c 6000 /dev/zero | tr '\\0' p)\" 'https://api.workos.com/organizations?limit=1'",
)]);
pub(in crate::checks) static NOT_ESTABLISHED: Code =
    Code::undecided("not-established", "the large request failed in a way that size does not explain").caused_by(&[
        LOST_BY_CHANCE,
        Cause::network(
            "Something on the way cuts off large requests.",
            "The padded request fails each time, and small ones never do.",
            "Find in the log of the proxy or firewall why it ends the request, and raise its limit on headers.",
        )
        .shown_by("curl -sv -H \"x-padding: $(head -c 6000 /dev/zero | tr '\\0' p)\" 'https://api.workos.com/organizations?limit=1'"),
    ]);

/// Four packets of full size; the API and Cloudflare take headers of several times this.
const PADDING: usize = 6 * 1024;

struct Carries(Endpoint);

impl Check for Carries {
    fn about(&self) -> About {
        About::Endpoint(self.0.clone())
    }

    fn contacts(&self, _: &Facts, settings: &Settings) -> Vec<Contact> {
        let list = Touch::request(Method::Get, &self.0, workos::LIST_ORGANIZATIONS);
        let why = "whether the path carries full-size packets: without a key, with 6 KiB of padding in a header";
        requesting(&self.0, settings, [Contact::new(list, why)])
    }

    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
        Box::pin(async move {
            let Some(way) = cx.way(&self.0).await else {
                return Outcome::graded(Grade::Declared).because(not_established(&self.0, NOT_AGAIN));
            };
            let via = way.via();
            let mut request = workos::list_organizations(way, None);
            pad(&mut request);
            let sent = cx.network.fetch(&request).await;
            let silent = sent.result.as_ref().is_err_and(|error| matches!(error.kind, ErrorKind::TimedOut(_)));
            // A connection that is lost is silent, too. What is lost for its size is lost each time.
            let again = if silent { answered_again(&request, cx).await } else { None };
            match again {
                Some(answered) => judge(&self.0, &answered, cx).with("lost", "the same was not answered before"),
                None => judge(&self.0, &sent, cx),
            }
            .via(via)
            .tried(sent.attempts)
        })
    }
}

/// The same three times more, at once; the first that is answered.
async fn answered_again(request: &Request, cx: &Context) -> Option<Attempted<Response>> {
    let more = join_all((0..3).map(|_| cx.unrepeated.fetch(request))).await;
    more.into_iter().find(|sent| sent.result.is_ok())
}

fn pad(request: &mut Request) {
    request.headers.push(("x-preflight-padding", "p".repeat(PADDING)));
    // On its own connection, so that a stall does not hold up anything else.
    request.fresh = true;
}

fn judge(endpoint: &Endpoint, sent: &Attempted<Response>, cx: &Context) -> Outcome {
    let outcome = Outcome::graded(Grade::Answered);
    match &sent.result {
        Ok(response) => {
            let outcome = outcome.with("status", response.status.to_string());
            match (response.status, Answer::read(response)) {
                (401, Answer::Json(_)) => outcome,
                (400 | 413 | 414 | 431 | 494, _) => outcome.because(refused(endpoint, response)),
                (status, _) => {
                    outcome.because(not_established(endpoint, &format!("the answer is {status} instead of 401")))
                }
            }
        }
        Err(error) => {
            let outcome = outcome.with("failure", error.detail.clone());
            outcome.because(match error.kind {
                ErrorKind::TimedOut(Phase::Answer) => stalled(endpoint, &spoken(cx.settings.timeout.value)),
                _ => not_established(endpoint, &error.detail),
            })
        }
    }
}

fn stalled(endpoint: &Endpoint, limit: &str) -> Finding {
    STALLED_ON_SIZE.found(
        format!("a small request to {endpoint} is answered, and the same with 6 KiB of padding is not within {limit}: full-size packets vanish on the way"),
        Remediation::network(format!(
            "Let ICMP “fragmentation needed” (type 3 code 4) and ICMPv6 “packet too big” back to this host, or clamp the TCP MSS on the VPN or firewall between it and {}.",
            endpoint.host
        ))
        .in_short("let ICMP back, or clamp the TCP MSS")
        .verify(command!("ping -M do -s 1472 -c 3 {}", endpoint.host)),
    )
}

fn refused(endpoint: &Endpoint, response: &Response) -> Finding {
    let by = match response.header("server") {
        Some(server) => format!(" by “{}”", server.chars().filter(|c| !c.is_control()).take(60).collect::<String>()),
        None => String::new(),
    };
    PADDING_REFUSED.found(
        format!(
            "a request with 6 KiB of headers is refused{by} ({}): long tokens and cookies will be too",
            response.status
        ),
        Remediation::network(format!(
            "Raise the limit on request headers to 16 KiB for {} in the proxy or web application firewall on the way.",
            endpoint.host
        ))
        .verify(command!(
            "curl -so /dev/null -w '%{{http_code}}' -H \"x-padding: $(head -c 6000 /dev/zero | tr '\\0' p)\" '{}'",
            endpoint.https(workos::LIST_ORGANIZATIONS)
        )),
    )
}

fn not_established(endpoint: &Endpoint, detail: &str) -> Finding {
    NOT_ESTABLISHED.found(
        format!("whether full-size packets pass is not established: {detail}"),
        Remediation::network(
            "Run the check again; if it lasts, compare what the command prints with small and with large packets.",
        )
        .in_short("run the check again")
        .verify(command!("ping -M do -s 1472 -c 3 {}", endpoint.host)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Status;
    use crate::checks::fixture::{Held, Site, ask, codes};
    use crate::net::Method;
    use crate::net::fake::{Fake, response};

    fn network(answer: Result<Response, ErrorKind>) -> Fake {
        Fake::api().fetches(Method::Get, "https://api.workos.com/organizations?limit=1", answer)
    }

    async fn run(answer: Result<Response, ErrorKind>) -> Held {
        ask(&SPEC, &Carries(Endpoint::new("api.workos.com", 443)), &Site::of(network(answer)).context()).await
    }

    #[tokio::test]
    async fn a_connection_that_is_lost_by_chance_is_not_laid_to_its_size() {
        for (again, expected) in [
            (Ok(response(401, &[], r#"{"message":"Unauthorized"}"#)), vec![]),
            (Ok(response(431, &[], "")), vec!["padding-refused"]),
            (Err(ErrorKind::TimedOut(Phase::Answer)), vec!["stalled-on-size"]),
        ] {
            let mut cx = Site::of(network(Err(ErrorKind::TimedOut(Phase::Answer)))).context();
            cx.unrepeated = std::sync::Arc::new(network(again));

            assert_eq!(codes(&ask(&SPEC, &Carries(Endpoint::new("api.workos.com", 443)), &cx).await), expected);
        }
    }

    #[tokio::test]
    async fn silence_refusal_and_other_failures_come_apart() {
        assert_eq!(run(Ok(response(401, &[], r#"{"message":"Unauthorized"}"#))).await.status(), Status::Pass);
        assert_eq!(codes(&run(Err(ErrorKind::TimedOut(Phase::Answer))).await), ["stalled-on-size"]);
        assert_eq!(codes(&run(Ok(response(431, &[("server", "squid")], ""))).await), ["padding-refused"]);
        assert_eq!(codes(&run(Err(ErrorKind::Reset)).await), ["not-established"]);
        assert_eq!(codes(&run(Err(ErrorKind::TimedOut(Phase::Handshake))).await), ["not-established"]);
    }
}
