//! Does the webhook endpoint answer, and refuse what WorkOS did not sign?

use super::receiver::{CODES, Kind, Receiver};
use crate::check::{CheckId, Planned, Spec, Vantage};
use crate::checks::ingress::trusted;

pub(super) static SPEC: Spec = Spec {
    id: ID,
    title: "the webhook refuses what is not signed",
    explain: "\
Sends the webhook URL a made-up event twice: without the WorkOS-Signature header, and with a signature that is wrong. \
Both must be refused with 400, 401 or 403. A 403 is compared with the one of a made-up path on the same host.

An endpoint that answers 2xx takes forged events from anybody. One that answers 404, 405, a redirect or a login page is \
not the webhook endpoint, or something stands before it. A 403 that every path gives comes from an allowlist or a web \
application firewall: nothing is then known of the application behind it.

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
    use crate::check::{Check, Grade, Outcome, Status};
    use crate::checks::fixture::{Site, codes};
    use crate::net::fake::{Fake, response};
    use crate::net::{ErrorKind, Method, Response};

    const APP: &str = "app.customer.example";
    const HOOK: &str = "https://app.customer.example/hook";

    async fn run(answer: Result<Response, ErrorKind>, made_up: u16) -> Outcome {
        let network = Fake::default()
            .resolves(APP, Ok(&["93.184.215.14"]))
            .serves("10.20.0.53:53", APP, Ok(&["93.184.215.14"]))
            .serves("9.9.9.9:53", APP, Ok(&["93.184.215.14"]))
            .connects("93.184.215.14:443", Ok(()))
            .fetches(Method::Post, HOOK, answer)
            .fetches(
                Method::Post,
                "https://app.customer.example/workos-preflight-made-up-path",
                Ok(response(made_up, &[], "")),
            );
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
    async fn a_403_that_every_path_gives_says_nothing_of_the_application() {
        let outcome = run(Ok(response(403, &[], "")), 403).await;

        assert_eq!((codes(&outcome), outcome.status()), (vec!["refused-before-the-application"], Status::Unknown));
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
