//! Can events be read with the key?

use crate::check::{
    About, Check, CheckId, Code, Command, Contact, Endpoint, Finding, Grade, Method, Outcome, Planned, Remediation,
    Running, Spec, Touch, Vantage, command,
};
use crate::checks::credentials::{accepted, ask};
use crate::context::{Context, requesting};
use crate::facts::Facts;
use crate::outcome::Cause;
use crate::settings::{API_KEY_FILE, Settings};
use crate::workos;

pub(super) static SPEC: Spec = Spec {
    id: ID,
    title: "events can be read",
    explain: "\
Reads one event (GET /events with an event's name, limit 1) with the key. Nothing is changed, and no event is shown.

The Events API is what WorkOS recommends on-prem: its requests start inside, so no webhook has to be let in. With strategy \
`events` the installation depends on it; with strategy `firewall` it is evidence that it could be used.

Usually broken by a key whose permissions leave events out, or by a proxy that knows the API's first path and no other.",
    vantages: &[Vantage::Inside],
    required: super::required,
    codes: &[&FORBIDDEN, &UNAUTHORIZED, &NOT_ESTABLISHED],
    needs: &[accepted::ID],
    plan: |_, settings| match settings.api_key {
        Some(_) => Planned::one(Readable(settings.api.value.clone())),
        None => Planned::from(&API_KEY_FILE),
    },
};

pub(super) const ID: CheckId = CheckId::new("events.readable");

/// Asks as the application does, with the key that stands in the environment.
const WITH_THE_KEY: &str = "curl -si -H \"Authorization: Bearer $WORKOS_API_KEY\" 'https://api.workos.com/events?events=organization.created&limit=1'";

pub(in crate::checks) static FORBIDDEN: Code =
    Code::error("forbidden", "the key may not read events (403)").caused_by(&[Cause::vendor(
        "The key was made with permissions that leave events out.",
        "The answer is the API's own: JSON with a message, and an x-request-id among the headers.",
        "Give the key the permission to read events in the WorkOS dashboard, or use one that has it.",
    )
    .shown_by(WITH_THE_KEY)]);
pub(in crate::checks) static UNAUTHORIZED: Code =
    Code::error("unauthorized", "the API does not accept the key for events (401)").caused_by(&[
        Cause::vendor(
            "The key was revoked while the checks were running.",
            "Another run finds credentials.accepted/unauthorized.",
            "Give the installer a current key from API Keys in this customer's environment.",
        )
        .shown_by(WITH_THE_KEY),
        Cause::workos(
            "WorkOS accepts the key for organizations, and refuses it for events.",
            "Every run ends so, and credentials.accepted passes each time.",
            "Say why: the request id and the time of the evidence tell which request it was.",
        )
        .shown_by(WITH_THE_KEY),
    ]);
pub(in crate::checks) static NOT_ESTABLISHED: Code =
    Code::undecided("not-established", "what came back says nothing about events").caused_by(&[
        Cause::workos(
            "WorkOS answers requests for events with an error, or limits them, for a while.",
            "Another run passes, or https://status.workos.com tells of an incident.",
            "Restore the service; if it lasts, the request id and the time of the evidence tell which request it was.",
        )
        .shown_by(WITH_THE_KEY),
        Cause::network(
            "A proxy or gateway lets through the paths of the API that it knows, and not this one.",
            "The answer is a page for people, or names a product.",
            "Let every path of the API's host through, and not only the known ones.",
        )
        .shown_by(WITH_THE_KEY),
    ]);

struct Readable(Endpoint);

impl Check for Readable {
    fn about(&self) -> About {
        About::Endpoint(self.0.clone())
    }

    fn contacts(&self, _: &Facts, settings: &Settings) -> Vec<Contact> {
        let list = Touch::request(Method::Get, &self.0, workos::LIST_EVENTS).with_the_key();
        requesting(&self.0, settings, [Contact::new(list, "whether events can be read")])
    }

    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
        Box::pin(async move {
            let mut outcome = Outcome::graded(Grade::Answered);
            let Some(key) = cx.settings.api_key.as_ref().map(|key| &key.value) else {
                return outcome.because(not_established("there is no key"));
            };
            match ask(&self.0, cx, &mut outcome, |way| workos::list_events(way, key)).await {
                Ok(answer) => match answer.status {
                    // The list of events has no `before`, and is a list all the same.
                    200 if answer.is_list() => {
                        outcome.grade = Grade::Authorized;
                        outcome
                    }
                    401 => outcome.because(unauthorized(cx)),
                    403 => outcome.because(forbidden(cx)),
                    status => outcome.because(not_established(&format!("status {status}"))),
                },
                Err(instead) => outcome.because(not_established(&instead)),
            }
        })
    }
}

fn curl(cx: &Context) -> Command {
    command!(
        "curl -si -H \"Authorization: Bearer $WORKOS_API_KEY\" '{}'",
        cx.settings.api.value.https(workos::LIST_EVENTS)
    )
}

fn forbidden(cx: &Context) -> Finding {
    FORBIDDEN.found(
        "the key may list organizations, and not read events (403)",
        Remediation::vendor(
            "Give the key the permission to read events in the WorkOS dashboard, or use one that has it.",
        )
        .in_short("let the key read events")
        .verify(curl(cx)),
    )
}

fn unauthorized(cx: &Context) -> Finding {
    UNAUTHORIZED.found(
        "the key is accepted for organizations, and refused for events (401)",
        Remediation::workos(
            "Send WorkOS support the request id and the time of the evidence: the same key is accepted elsewhere.",
        )
        .in_short("ask WorkOS why events are refused")
        .verify(curl(cx)),
    )
}

fn not_established(instead: &str) -> Finding {
    NOT_ESTABLISHED.found(
        format!("whether events can be read is not established: {instead}"),
        Remediation::workos(
            "Run the check again; if it lasts, send WorkOS support the request id and the time of the evidence.",
        )
        .in_short("run again, then ask WorkOS support"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Status;
    use crate::checks::fixture::{Held, Site, ask, codes};
    use crate::net::Method;
    use crate::net::fake::{Fake, response};

    async fn run(status: u16, body: &str) -> Held {
        let url = format!("https://api.workos.com{}", workos::LIST_EVENTS);
        let network = Fake::api().fetches(Method::Get, &url, Ok(response(status, &[], body)));
        ask(
            &SPEC,
            &Readable(Endpoint::new("api.workos.com", 443)),
            &Site::of(network).key("sk_live_abcdefghijklmnop").context(),
        )
        .await
    }

    #[tokio::test]
    async fn a_list_passes_and_refusals_come_apart() {
        assert_eq!(
            run(200, r#"{"object":"list","data":[],"list_metadata":{"after":null}}"#).await.status(),
            Status::Pass
        );
        assert_eq!(codes(&run(403, r#"{"message":"No"}"#).await), ["forbidden"]);
        assert_eq!(codes(&run(401, r#"{"message":"Unauthorized"}"#).await), ["unauthorized"]);
        for (status, body, words) in [
            (400, r#"{"code":"invalid_events_request"}"#, "status 400"),
            (200, "{}", "status 200"),
            (503, r#"{"message":"soon"}"#, "a server error (503)"),
        ] {
            let outcome = run(status, body).await;
            assert_eq!((codes(&outcome), outcome.status()), (vec!["not-established"], Status::Unknown), "{body}");
            assert!(outcome.findings[0].problem.contains(words), "{}", outcome.findings[0].problem);
        }
    }
}
