//! Does the Actions endpoint answer, and refuse what WorkOS did not sign?

use crate::check::{CheckId, Planned, Spec, Vantage};
use crate::checks::ingress::trusted;
use crate::checks::webhook::receiver::{CODES, Kind, Receiver};
use crate::settings::{ACTIONS_URL, Wanted};

pub(super) static SPEC: Spec = Spec {
    id: ID,
    title: "Actions refuse what is not signed",
    explain: "\
Sends the Actions URL a made-up Action twice: without the WorkOS-Signature header, and with a signature that is wrong. \
Both must be refused with 400, 401 or 403, and by the application itself: the refusals are compared with what a made-up \
path on the same host is answered, and with the pages of products that stand before applications.

WorkOS asks this endpoint while a person waits at the sign-in, and waits for a signed verdict. By default it denies when \
there is none (default deny): while the endpoint cannot be reached, answers with something else, or answers too late, \
nobody can log in or register, although nothing else is broken. The default can be changed with the Action in the WorkOS \
dashboard.

Usually broken by a path that differs by a prefix or a slash, by single sign-on in front of the whole site, by an \
allowlist that lets webhooks through and forgets Actions, or by a clock that is off by more than the 30 s that Actions \
allow.",
    vantages: &[Vantage::Inside, Vantage::Outside],
    required: |_, _| true,
    codes: CODES,
    needs: &[trusted::ID],
    plan: |_, settings| {
        let actions = Receiver::of(Kind::Actions, settings.actions_url.as_ref());
        Planned::each(actions, NO_URL)
    },
};

pub(super) const ID: CheckId = CheckId::new("actions.answers");

const NO_URL: Wanted = ACTIONS_URL.wanted_as("(https, at the external name)");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Status;
    use crate::checks::fixture::{Held, Site, ask, codes};
    use crate::net::Method;
    use crate::net::fake::{Fake, response};

    const ACTIONS: &str = "https://app.customer.example/actions";

    async fn run(status: u16) -> Held {
        let network = Fake::installation().fetches(Method::Post, ACTIONS, Ok(response(status, &[], "")));
        let site =
            Site::of(network).with("network.public_resolver", "9.9.9.9").with("installation.actions_url", ACTIONS);
        let check = Receiver::of(Kind::Actions, site.settings().actions_url.as_ref()).unwrap();
        ask(&SPEC, &check, &site.context()).await
    }

    #[tokio::test]
    async fn a_refusal_of_the_application_passes() {
        assert_eq!(run(401).await.status(), Status::Pass);
        assert_eq!(codes(&run(200).await), ["accepts-unsigned"]);
    }

    #[tokio::test]
    async fn a_wrong_answer_says_that_nobody_can_log_in() {
        for (status, code) in [(404, "not-found"), (405, "method-refused"), (302, "redirects"), (502, "server-error")] {
            let outcome = run(status).await;

            assert_eq!(codes(&outcome), [code]);
            assert!(outcome.findings[0].problem.contains("default deny"), "{}", outcome.findings[0].problem);
            assert!(!outcome.findings[0].remediations.likeliest().action.contains("webhook"));
        }
    }
}
