//! Does the webhook endpoint answer, and refuse what WorkOS did not sign?

use super::receiver::{CODES, Kind, Receiver};
use crate::check::{CheckId, Planned, Spec, Vantage};
use crate::checks::ingress::trusted;

pub(super) static SPEC: Spec = Spec {
    id: ID,
    title: "the webhook refuses what is not signed",
    explain: "\
Sends the webhook URL a made-up event twice: without the WorkOS-Signature header, and with a signature that is wrong. \
Both must be refused with 400, 401 or 403, and by the application itself: the refusals are compared with what a made-up \
path on the same host is answered, and with the pages of products that stand before applications.

An endpoint that answers 2xx takes forged events from anybody. One that answers 404, 405, a redirect or a login page is \
not the webhook endpoint, or something stands before it. A refusal that every path gives, in the same words, comes from a \
sign-in, an allowlist or a web application firewall: nothing is then known of the application behind it. A server that \
wants a client certificate (mutual TLS) refuses WorkOS, which shows none.

Usually broken by a path that differs by a prefix or a slash, by single sign-on in front of the whole site, or by a \
handler that checks signatures only in production.",
    vantages: &[Vantage::Inside, Vantage::Outside],
    required: super::required,
    codes: CODES,
    needs: &[trusted::ID],
    plan: |_, settings| {
        let webhook = Receiver::of(Kind::Webhook, settings.webhook_url.as_ref());
        Planned::each(webhook, super::NO_URL)
    },
};

pub(super) const ID: CheckId = CheckId::new("webhook.refuses-unsigned");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Check, Grade, Outcome, Status, Who};
    use crate::checks::fixture::{Site, codes};
    use crate::net::fake::{Fake, certificate, handshake, response};
    use crate::net::{ErrorKind, Handshake, Method, Response};
    use crate::workos::signature;

    const APP: &str = "app.customer.example";
    const HOOK: &str = "https://app.customer.example/hook";

    async fn run(answer: Result<Response, ErrorKind>, made_up: u16) -> Outcome {
        behind(answer, response(made_up, &[], ""), false).await
    }

    /// The answer to every event, that to the made-up path, and whether the handshake asks for a client certificate.
    async fn behind(answer: Result<Response, ErrorKind>, made_up: Response, asks_certificate: bool) -> Outcome {
        let shaken = Handshake {
            asked_for_certificate: asks_certificate,
            ..handshake(certificate(APP, "a CA"), Ok(()), Ok(()))
        };
        let network = Fake::default()
            .resolves(APP, Ok(&["93.184.215.14"]))
            .serves("10.20.0.53:53", APP, Ok(&["93.184.215.14"]))
            .serves("9.9.9.9:53", APP, Ok(&["93.184.215.14"]))
            .connects("93.184.215.14:443", Ok(()))
            .fetches(Method::Post, HOOK, answer)
            .fetches(Method::Post, "https://app.customer.example/workos-preflight-made-up-path", Ok(made_up))
            .shakes(APP, Ok(shaken));
        let site = Site::of(network).with("network.public_resolver", "9.9.9.9").with("installation.webhook_url", HOOK);
        let check = Receiver::of(Kind::Webhook, site.settings().webhook_url.as_ref()).unwrap();
        check.run(&site.context()).await
    }

    #[tokio::test]
    async fn a_refusal_of_the_application_passes() {
        for status in [400, 401, 403] {
            let outcome = run(Ok(response(status, &[], "")), 404).await;
            assert_eq!((outcome.status(), outcome.grade), (Status::Pass, Grade::Answered), "{status}");
        }
    }

    #[tokio::test]
    async fn a_refusal_that_every_path_gives_says_nothing_of_the_application() {
        for status in [400, 401, 403, 406, 415, 429] {
            let outcome = run(Ok(response(status, &[], "")), status).await;

            assert_eq!((codes(&outcome), outcome.status()), (vec!["refused-before-the-application"], Status::Unknown));
        }
        let signature =
            behind(Ok(response(401, &[], "bad signature")), response(401, &[], "who are you?"), false).await;
        assert_eq!(signature.status(), Status::Pass);
    }

    #[tokio::test]
    async fn what_tells_no_signature_from_a_wrong_one_is_the_application_whatever_other_paths_answer() {
        let network = Fake::default()
            .resolves(APP, Ok(&["93.184.215.14"]))
            .serves("10.20.0.53:53", APP, Ok(&["93.184.215.14"]))
            .serves("9.9.9.9:53", APP, Ok(&["93.184.215.14"]))
            .connects("93.184.215.14:443", Ok(()))
            .handles(Method::Post, HOOK, |request| {
                if request.headers.iter().any(|(name, _)| *name == signature::HEADER) {
                    response(401, &[], "unauthorized")
                } else {
                    response(401, &[], "signature missing")
                }
            })
            .fetches(
                Method::Post,
                "https://app.customer.example/workos-preflight-made-up-path",
                Ok(response(401, &[], "unauthorized")),
            );
        let site = Site::of(network).with("network.public_resolver", "9.9.9.9").with("installation.webhook_url", HOOK);
        let check = Receiver::of(Kind::Webhook, site.settings().webhook_url.as_ref()).unwrap();

        assert_eq!(check.run(&site.context()).await.status(), Status::Pass);
    }

    #[tokio::test]
    async fn a_page_of_a_product_in_front_is_not_the_applications_refusal() {
        for (status, page) in [
            (200, "<title>Request Rejected</title>"),
            (403, "<center>Microsoft-Azure-Application-Gateway/v2</center>"),
            (501, "<p>This error was generated by Mod_Security.</p>"),
        ] {
            let outcome = run(Ok(response(status, &[("content-type", "text/html")], page)), 404).await;

            assert_eq!(codes(&outcome), ["refused-before-the-application"], "{page}");
            assert_eq!(outcome.findings[0].remediations.likeliest().who, Who::Network);
        }
    }

    #[tokio::test]
    async fn a_server_that_wants_a_client_certificate_keeps_workos_out() {
        let bare = || response(400, &[], "");
        let nginx = response(400, &[], "<center>No required SSL certificate was sent</center>");

        let by_handshake = behind(Ok(bare()), bare(), true).await;
        let by_page = behind(Ok(nginx), response(404, &[], ""), false).await;
        let optional = behind(Ok(bare()), response(404, &[], ""), true).await;

        for outcome in [by_handshake, by_page] {
            assert_eq!((codes(&outcome), outcome.status()), (vec!["client-certificate-required"], Status::Fail));
        }
        assert_eq!(optional.status(), Status::Pass);
    }

    #[tokio::test]
    async fn everything_else_has_its_own_code() {
        let html = ("content-type", "text/html");
        for (answer, code) in [
            (response(200, &[], "ok"), "accepts-unsigned"),
            (response(200, &[html], "OK"), "accepts-unsigned"),
            (response(200, &[html], "<title>Sign in</title>"), "login-wall"),
            (response(401, &[("www-authenticate", "Basic realm=x")], ""), "login-wall"),
            (response(302, &[("location", "https://sso.example/?next=secret")], ""), "redirects"),
            (response(404, &[], ""), "not-found"),
            (response(405, &[], ""), "method-refused"),
            (response(502, &[], ""), "server-error"),
            (response(415, &[], ""), "unclear-answer"),
        ] {
            assert_eq!(codes(&run(Ok(answer), 404).await), [code]);
        }
        assert_eq!(codes(&run(Err(ErrorKind::Closed), 404).await), ["no-answer"]);
    }
}
