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
    // An installation without Actions misses nothing.
    required: |settings, _| settings.actions_url.is_some(),
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
    use crate::check::{Status, Who};
    use crate::checks::fixture::{Held, Site, ask, codes};
    use crate::net::fake::{Fake, response};
    use crate::net::{ErrorKind, Method, Response};

    const ACTIONS: &str = "https://app.customer.example/actions";

    async fn run(status: u16) -> Held {
        behind(Ok(response(status, &[], "")), None).await
    }

    /// What the Actions URL answers, and a made-up path on the same host, which is not there otherwise.
    async fn behind(answer: Result<Response, ErrorKind>, made_up: Option<Response>) -> Held {
        let made_up = made_up.unwrap_or_else(|| response(404, &[], "not here"));
        let network = Fake::installation().fetches(Method::Post, ACTIONS, answer).fetches(
            Method::Post,
            "https://app.customer.example/workos-preflight-made-up-path",
            Ok(made_up),
        );
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

    #[tokio::test]
    async fn what_answers_in_the_applications_place_has_its_own_code_and_whoever_runs_it_has_to_act() {
        let html = [("content-type", "text/html")];
        for (answer, made_up, code, who) in [
            (response(200, &html, "<title>Sign in</title>"), None, "login-wall", Who::Installer),
            (
                response(400, &[], "<center>No required SSL certificate was sent</center>"),
                None,
                "client-certificate-required",
                Who::Network,
            ),
            (response(403, &[], "invalid csrf token"), None, "cross-site-token-required", Who::Vendor),
            (response(403, &[], "no"), Some(response(403, &[], "no")), "refused-before-the-application", Who::Network),
            (response(415, &[], ""), None, "unclear-answer", Who::Vendor),
        ] {
            let outcome = behind(Ok(answer), made_up).await;

            assert_eq!(codes(&outcome), [code]);
            let remedy = outcome.findings[0].remediations.likeliest();
            assert!(remedy.who == who && !remedy.action.contains("webhook"), "{code}: {remedy:?}");
        }
    }

    #[tokio::test]
    async fn where_nothing_answers_it_is_unknown() {
        let outcome = behind(Err(ErrorKind::Closed), None).await;

        assert_eq!((codes(&outcome), outcome.status()), (vec!["no-answer"], Status::Unknown));
        assert!(outcome.findings[0].problem.contains("as the test decided"), "{}", outcome.findings[0].problem);
    }
}
