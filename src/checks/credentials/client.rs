//! Does WorkOS know the client ID?

use super::asking;
use crate::check::{
    About, Check, CheckId, Code, Command, Contact, Endpoint, Finding, Grade, Method, Outcome, Planned, Remediation,
    Running, Spec, Touch, Vantage, command,
};
use crate::checks::egress::answers;
use crate::context::{Context, requesting};
use crate::facts::Facts;
use crate::outcome::Cause;
use crate::settings::Settings;
use crate::workos;

pub(super) static SPEC: Spec = Spec {
    id: ID,
    title: "WorkOS knows the client ID",
    explain: "\
Fetches the public keys of the client ID (GET /sso/jwks/CLIENT_ID), which needs no API key.

The application sends this ID with every sign-in, and verifies every session with these keys. An ID with a wrong letter \
shows only when the first person tries to sign in.

Usually broken by an ID that was cut short or taken from another environment. That an ID exists does not yet say that it \
belongs with the API key.",
    vantages: &[Vantage::Inside],
    required: super::required,
    codes: &[&UNKNOWN_CLIENT, &NOT_ESTABLISHED],
    needs: &[answers::ID],
    plan: |_, settings| match settings.client_to_send() {
        Ok(id) => Planned::one(Client { endpoint: settings.api.value.clone(), id: id.to_owned() }),
        Err(why) => why.into(),
    },
};

pub(super) const ID: CheckId = CheckId::new("credentials.client");

pub(in crate::checks) static UNKNOWN_CLIENT: Code =
    Code::error("unknown-client", "WorkOS has no public keys for the client ID (404)")
        .caused_by(&[
            Cause::vendor(
                "The client ID was cut short, or has a wrong letter.",
                "In the WorkOS dashboard the ID of this customer's environment begins alike, and goes on otherwise.",
                "Copy the client ID from the WorkOS dashboard of this customer's environment, where it stands beside the API key.",
            )
            .shown_by("curl -si \"https://api.workos.com/sso/jwks/$WORKOS_CLIENT_ID\""),
            Cause::vendor(
                "The environment, or the application in it, that had this ID was deleted.",
                "No environment of the WorkOS dashboard has the ID.",
                "Give the installer the client ID of the environment that is in use now.",
            ),
            Cause::installer(
                "WORKOS_CLIENT_ID is set for another program of this host, and is read here as well.",
                "The variable's value is not the one in the application's own settings.",
                "Give this tool the application's own ID with --client-id.",
            )
            .shown_by("printenv WORKOS_CLIENT_ID"),
        ]);
pub(in crate::checks) static NOT_ESTABLISHED: Code =
    Code::undecided("not-established", "what came back says nothing about the client ID").caused_by(&[
        Cause::workos(
            "WorkOS answers this request with an error for a while.",
            "Another run passes, or https://status.workos.com tells of an incident.",
            "Restore the service; if it lasts, the request id and the time of the evidence tell which request it was.",
        )
        .shown_by("curl -si \"https://api.workos.com/sso/jwks/$WORKOS_CLIENT_ID\""),
        Cause::network(
            "A proxy or gateway lets the path of the API that egress.answers asks for through, and not this one.",
            "The answer is a page for people, or names a product.",
            "Let every path of the API's host through, and not only the known ones.",
        )
        .shown_by("curl -si \"https://api.workos.com/sso/jwks/$WORKOS_CLIENT_ID\""),
    ]);

struct Client {
    endpoint: Endpoint,
    id: String,
}

impl Check for Client {
    fn about(&self) -> About {
        About::Endpoint(self.endpoint.clone())
    }

    fn contacts(&self, _: &Facts, settings: &Settings) -> Vec<Contact> {
        let keys = Touch::request(Method::Get, &self.endpoint, &workos::path_of_jwks(&self.id));
        requesting(&self.endpoint, settings, [Contact::new(keys, "whether WorkOS knows the client ID, without a key")])
    }

    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
        Box::pin(async move {
            let mut outcome = Outcome::graded(Grade::Answered);
            let answer = match asking::ask(&self.endpoint, cx, &mut outcome, |way| workos::jwks(way, &self.id)).await {
                Ok(answer) => answer,
                Err(instead) => return outcome.because(self.not_established(&instead)),
            };
            match (answer.status, answer.key_ids()) {
                (_, Some(ids)) => {
                    let ids: Vec<String> = ids.into_iter().take(5).map(|id| id.chars().take(80).collect()).collect();
                    outcome.with_all("key ids", ids)
                }
                (404, _) => outcome.because(self.unknown()),
                (status, _) => outcome.because(self.not_established(&format!("an answer without keys ({status})"))),
            }
        })
    }
}

impl Client {
    fn curl(&self) -> Command {
        command!("curl -si {}", self.endpoint.https(&format!("/sso/jwks/{}", self.id)))
    }

    fn unknown(&self) -> Finding {
        UNKNOWN_CLIENT.found(
            "WorkOS knows no application by the client ID (404)",
            Remediation::vendor("Copy the client ID of this customer's environment from the WorkOS dashboard, where it stands beside the API key, and set WORKOS_CLIENT_ID or --client-id to it.")
                .in_short("set the environment's client ID")
                .verify(self.curl()),
        )
    }

    fn not_established(&self, instead: &str) -> Finding {
        NOT_ESTABLISHED.found(
            format!("whether WorkOS knows the client ID is not established: {instead}"),
            Remediation::workos(
                "Run the check again; if it lasts, send WorkOS support the request id and the time of the evidence.",
            )
            .in_short("run again, then ask WorkOS support")
            .verify(self.curl()),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Status;
    use crate::checks::fixture::{Held, Site, ask, codes};
    use crate::net::Method;
    use crate::net::fake::{Fake, response};

    async fn run(status: u16, body: &str) -> Held {
        let network = Fake::api().fetches(
            Method::Get,
            "https://api.workos.com/sso/jwks/client_1",
            Ok(response(status, &[], body)),
        );
        let check = Client { endpoint: Endpoint::new("api.workos.com", 443), id: "client_1".to_owned() };
        ask(&SPEC, &check, &Site::of(network).context()).await
    }

    #[tokio::test]
    async fn the_command_asks_what_the_check_asked() {
        let outcome = run(404, r#"{"message":"Client not found"}"#).await;
        let command = outcome.findings[0].remediations.likeliest().verify.as_ref().unwrap();

        assert_eq!(command.as_str(), "curl -si https://api.workos.com/sso/jwks/client_1");
    }

    #[tokio::test]
    async fn keys_pass_a_404_fails_and_the_rest_says_nothing() {
        assert_eq!(run(200, r#"{"keys":[{"kid":"key_1"}]}"#).await.status(), Status::Pass);
        assert_eq!(codes(&run(404, r#"{"message":"Client not found"}"#).await), ["unknown-client"]);
        for (status, body, words) in [
            (200, "{}", "an answer without keys (200)"),
            (403, r#"{"message":"No"}"#, "an answer without keys (403)"),
            (200, "<title>Blocked</title>", "Blocked"),
        ] {
            let outcome = run(status, body).await;
            assert_eq!((codes(&outcome), outcome.status()), (vec!["not-established"], Status::Unknown), "{body}");
            assert!(outcome.findings[0].problem.contains(words), "{}", outcome.findings[0].problem);
        }
    }
}
