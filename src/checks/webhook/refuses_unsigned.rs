//! Does the webhook endpoint answer, and refuse what WorkOS did not sign?

use super::receiver::{CODES, Kind, Receiver};
use crate::check::{CheckId, Planned, Spec, Vantage};
use crate::checks::ingress::trusted;

pub(super) static SPEC: Spec = Spec {
    id: ID,
    title: "the webhook refuses unsigned events",
    explain: "\
Sends the webhook URL a made-up event twice: without the WorkOS-Signature header, and with a signature that is wrong. \
Both must be refused with 400, 401 or 403, and by the application itself: the refusals are compared with what a made-up \
path on the same host is answered, and with the pages of products that stand before applications.

An endpoint that answers 2xx takes forged events from anybody. One that answers 404, 405, a redirect or a login page is \
not the webhook endpoint, or something stands before it. A refusal that every path gives, in the same words, comes from a \
sign-in, an allowlist or a web application firewall: nothing is then known of the application behind it; with --send-signed, \
one signed event tells whether it is the application itself. A server that wants a client certificate (mutual TLS) refuses \
WorkOS, which shows none, and so does a framework that wants a token against cross-site requests (CSRF).

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
    use crate::check::{Grade, Status, Who};
    use crate::checks::fixture::{Held, Site, ask, codes};
    use crate::net::fake::{Fake, certificate, handshake, response};
    use crate::net::{ErrorKind, Handshake, Method, Response};
    use crate::workos::signature;

    const APP: &str = "app.customer.example";
    const HOOK: &str = "https://app.customer.example/hook";

    async fn run(answer: Result<Response, ErrorKind>, made_up: u16) -> Held {
        behind(answer, response(made_up, &[], ""), false).await
    }

    /// The answer to every event, that to the made-up path, and whether the handshake asks for a client certificate.
    async fn behind(answer: Result<Response, ErrorKind>, made_up: Response, asks_certificate: bool) -> Held {
        let shaken = Handshake {
            asked_for_certificate: asks_certificate,
            ..handshake(certificate(APP, "a CA"), Ok(()), Ok(()))
        };
        let network = Fake::installation()
            .fetches(Method::Post, HOOK, answer)
            .fetches(Method::Post, "https://app.customer.example/workos-preflight-made-up-path", Ok(made_up))
            .shakes(APP, Ok(shaken));
        let site = Site::of(network).with("network.public_resolver", "9.9.9.9").with("installation.webhook_url", HOOK);
        let check = Receiver::of(Kind::Webhook, site.settings().webhook_url.as_ref()).unwrap();
        ask(&SPEC, &check, &site.context()).await
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
        let network = Fake::installation()
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

        assert_eq!(ask(&SPEC, &check, &site.context()).await.status(), Status::Pass);
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
            (response(403, &[], "<p>CSRF verification failed. Request aborted.</p>"), "cross-site-token-required"),
            (
                response(422, &[], "<title>The change you wanted was rejected (422)</title>"),
                "cross-site-token-required",
            ),
            (response(419, &[], ""), "cross-site-token-required"),
        ] {
            assert_eq!(codes(&run(Ok(answer), 404).await), [code]);
        }
        assert_eq!(codes(&run(Err(ErrorKind::Closed), 404).await), ["no-answer"]);
    }

    #[tokio::test]
    async fn each_wall_sends_whoever_runs_it() {
        let sign_in = ("location", "https://customer.cloudflareaccess.com/cdn-cgi/access/login?x=1");
        let elsewhere = ("location", "https://id.customer.example/?rd=1");
        let (json, html) = (r#"{"ok":true}"#, [("content-type", "text/html")]);
        let network = Who::Network;
        for (answer, made_up, words, who) in [
            (response(302, &[sign_in], ""), response(404, &[], ""), "Cloudflare Access", network),
            (response(302, &[("location", "/oauth2/sign_in")], ""), response(404, &[], ""), "sign-in", network),
            (response(302, &[elsewhere], ""), response(302, &[elsewhere], ""), "in front of the application", network),
            (response(301, &[("location", "/hook/")], ""), response(404, &[], ""), "redirects to", Who::Installer),
            (response(405, &[], "no"), response(405, &[], "no"), "a made-up one alike", network),
            (response(405, &[], "no"), response(404, &[], "no"), "takes no POST", Who::Installer),
            (response(429, &[], ""), response(404, &[], ""), "rate limit", network),
            (response(429, &[], "a"), response(429, &[], "a"), "429, and so is a made-up path", network),
            (response(413, &html, "<h1>too large</h1>"), response(404, &[], ""), "too large", network),
            (response(503, &html, "soon"), response(503, &html, "soon"), "maintenance", Who::Installer),
            (response(500, &[], ""), response(404, &[], ""), "handler breaks", Who::Vendor),
            (response(200, &[], json), response(200, &[], json), "takes everything", Who::Installer),
            (response(200, &[], json), response(404, &[], ""), "anybody can forge", Who::Vendor),
            (response(403, &[], "invalid csrf token"), response(404, &[], ""), "CSRF", Who::Vendor),
        ] {
            let outcome = behind(Ok(answer), made_up, false).await;
            let finding = &outcome.findings[0];

            assert!(finding.problem.contains(words), "{words}: {}", finding.problem);
            assert_eq!(finding.remediations.likeliest().who, who, "{}", finding.problem);
        }
        let asks = behind(Ok(response(302, &[elsewhere], "")), response(302, &[elsewhere], ""), true).await;
        assert!(asks.findings[0].problem.contains("client certificate"), "{}", asks.findings[0].problem);
    }

    /// Answers by what is signed, and how: nothing, wrongly, rightly.
    async fn handled(unsigned: Response, wrong: Response, right: Response, made_up: Response, send: bool) -> Held {
        let network = Fake::installation()
            .handles(Method::Post, HOOK, move |request| {
                match request.headers.iter().find(|(name, _)| *name == signature::HEADER) {
                    None => unsigned.clone(),
                    Some((_, value)) if value.ends_with(&"0".repeat(64)) => wrong.clone(),
                    Some(_) => right.clone(),
                }
            })
            .fetches(Method::Post, "https://app.customer.example/workos-preflight-made-up-path", Ok(made_up));
        let mut site = Site::of(network)
            .with("network.public_resolver", "9.9.9.9")
            .with("installation.webhook_url", HOOK)
            .webhook_secret("whsec_1234567890abcdefghij");
        if send {
            site = site.with("checks.send_signed", "true");
        }
        let check = Receiver::of(Kind::Webhook, site.settings().webhook_url.as_ref()).unwrap();
        ask(&SPEC, &check, &site.context()).await
    }

    #[tokio::test]
    async fn a_framework_that_misses_the_header_refuses_as_well() {
        let (missing, wrong) = (response(422, &[], "field required"), response(401, &[], "no"));
        let named = response(412, &[], "Signature missing");
        let nothing = response(404, &[], "");

        let by_framework = handled(missing, wrong, response(200, &[], ""), nothing.clone(), false).await;
        let by_name = run(Ok(named), 404).await;
        let (same, taken) = (response(422, &[], "field required"), response(200, &[], ""));
        let forged = handled(same.clone(), taken.clone(), taken, nothing.clone(), false).await;
        let blind = handled(same.clone(), same.clone(), same, nothing, false).await;

        assert_eq!((by_framework.status(), by_name.status()), (Status::Pass, Status::Pass));
        assert_eq!(codes(&forged), ["accepts-unsigned"]);
        assert_eq!(codes(&blind), ["unclear-answer"]);
    }

    #[tokio::test]
    async fn an_application_that_answers_every_path_alike_shows_itself_by_taking_what_is_signed() {
        let no = || response(401, &[], "unauthorized");

        let asked = handled(no(), no(), response(200, &[], ""), no(), true).await;
        let unasked = handled(no(), no(), response(200, &[], ""), no(), false).await;
        let walled = handled(no(), no(), no(), no(), true).await;

        assert_eq!(asked.status(), Status::Pass);
        for outcome in [unasked, walled] {
            assert_eq!(codes(&outcome), ["refused-before-the-application"]);
        }
    }
}
