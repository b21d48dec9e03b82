//! Do the key and the client ID belong together?

use super::{accepted, asking, client};
use crate::check::{
    About, Check, CheckId, Code, Contact, Endpoint, Finding, Grade, Method, Outcome, Planned, Remediation, Running,
    Spec, Touch, Vantage,
};
use crate::context::{Context, requesting};
use crate::facts::Facts;
use crate::outcome::Cause;
use crate::settings::{API_KEY_FILE, PROBE_PAIR, Settings};
use crate::workos;

pub(super) static SPEC: Spec = Spec {
    id: ID,
    title: "key and client ID belong together",
    explain: "\
With --probe-pair, asks the token endpoint to exchange a code that cannot exist. `invalid_grant` says that key and client \
ID were accepted together; `invalid_client` that they were not.

No endpoint says to which environment a key belongs, so this is inferred: it follows the standard, WorkOS's own \
description and its SDKs, and was not seen at the live API. It is therefore a warning, and never sole proof. It is opt-in, \
because the refused exchange may stand in the environment's log as a failed sign-in.

Usually broken by a client ID of the staging environment beside a production key.",
    vantages: &[Vantage::Inside],
    required: |_, _| false,
    codes: &[&DIFFERENT_ENVIRONMENTS, &NOT_ESTABLISHED],
    needs: &[accepted::ID, client::ID],
    plan: |_, settings| match (&settings.api_key, settings.client_to_send()) {
        (None, _) => Planned::from(&API_KEY_FILE),
        (_, Err(why)) => why.into(),
        (Some(_), Ok(id)) if settings.probe_pair => {
            Planned::one(Pair { endpoint: settings.api.value.clone(), client_id: id.to_owned() })
        }
        _ => Planned::from(&PROBE_PAIR),
    },
};

pub(super) const ID: CheckId = CheckId::new("credentials.pair");

pub(in crate::checks) static DIFFERENT_ENVIRONMENTS: Code = Code::warning(
    "different-environments",
    "the token endpoint refuses key and client ID together (invalid_client)",
)
.caused_by(&[
    Cause::vendor(
        "Client ID and API key were copied from different environments, one of them often staging.",
        "In the WorkOS dashboard, no environment has both this client ID and a key with these last four characters.",
        "Copy both from the same environment, this customer's production environment.",
    )
    .shown_by("printenv WORKOS_CLIENT_ID; printenv WORKOS_API_KEY | head -c 8"),
    Cause::vendor(
        "WorkOS refuses the pair for a reason of its own: what it answers to a wrong pair is not documented.",
        "Both stand in one environment of the WorkOS dashboard, and a real sign-in works.",
        "Leave both as they are: this is inferred, and a sign-in that works proves more.",
    ),
]);
pub(in crate::checks) static NOT_ESTABLISHED: Code =
    Code::undecided("not-established", "what came back says nothing about the pair").caused_by(&[
        Cause::workos(
            "WorkOS answers the exchange with something that neither accepts nor refuses the pair, such as a limit or an error.",
            "The evidence names another error than `invalid_grant` and `invalid_client`.",
            "Say which error it was: the request id and the time of the evidence tell which request to look at.",
        ),
        Cause::network(
            "A proxy or gateway lets no POST through, or not this path.",
            "The finding names a page for people or a product, and the other checks of credentials pass.",
            "Let every method and every path of the API's host through.",
        ),
    ]);

struct Pair {
    endpoint: Endpoint,
    client_id: String,
}

impl Check for Pair {
    fn about(&self) -> About {
        About::Endpoint(self.endpoint.clone())
    }

    fn contacts(&self, _: &Facts, settings: &Settings) -> Vec<Contact> {
        let exchange = Touch::request(Method::Post, &self.endpoint, workos::AUTHENTICATE).with_the_key();
        let why = "whether key and client ID belong together, by a code that cannot exist; may leave a failed sign-in in the environment's log";
        requesting(&self.endpoint, settings, [Contact::new(exchange, why)])
    }

    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
        Box::pin(async move {
            let mut outcome = Outcome::graded(Grade::Answered);
            let Some(key) = cx.settings.api_key.as_ref().map(|key| &key.value) else {
                return outcome.because(not_established("there is no key"));
            };
            let ask = |way| workos::exchange_no_code(way, key, &self.client_id);
            match asking::ask_once(&self.endpoint, cx, &mut outcome, ask).await {
                Ok(answer) => {
                    let error = answer.error_kind();
                    outcome.saw("error", error.unwrap_or("none").chars().take(60).collect::<String>());
                    match error {
                        Some("invalid_grant") => outcome,
                        Some("invalid_client" | "unauthorized_client") => outcome.because(different()),
                        _ => outcome.because(not_established(&format!("status {}", answer.status))),
                    }
                }
                Err(instead) => outcome.because(not_established(&instead)),
            }
        })
    }
}

fn different() -> Finding {
    DIFFERENT_ENVIRONMENTS.found(
        "the token endpoint refuses the client ID and the key together: they are probably of different environments",
        Remediation::vendor("Copy client ID and API key from the same environment of the WorkOS dashboard, this customer's production environment.")
            .in_short("take key and client ID of one environment"),
    )
}

fn not_established(instead: &str) -> Finding {
    NOT_ESTABLISHED.found(
        format!("whether key and client ID belong together is not established: {instead}"),
        Remediation::vendor("Compare in the WorkOS dashboard whether the client ID and the key's last four characters stand in one environment.")
            .in_short("compare key and client ID in the dashboard"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::fixture::{Site, ask, codes};
    use crate::net::Method;
    use crate::net::fake::{Fake, response};

    async fn run(body: &str) -> Vec<&'static str> {
        let network = Fake::api().fetches(
            Method::Post,
            "https://api.workos.com/user_management/authenticate",
            Ok(response(400, &[], body)),
        );
        let check = Pair { endpoint: Endpoint::new("api.workos.com", 443), client_id: "client_1".to_owned() };
        codes(&ask(&SPEC, &check, &Site::of(network).key("sk_live_abcdefghijklmnop").context()).await)
    }

    #[tokio::test]
    async fn the_error_of_the_token_endpoint_is_read_for_what_it_implies() {
        assert!(run(r#"{"error":"invalid_grant"}"#).await.is_empty());
        assert_eq!(run(r#"{"error":"invalid_client"}"#).await, ["different-environments"]);
        assert_eq!(run(r#"{"code":"sso_required"}"#).await, ["not-established"]);
    }
}
