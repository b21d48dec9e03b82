//! Is the redirect URI registered with WorkOS?

pub(in crate::checks) mod codes;

use self::codes::{CLIENT_UNKNOWN, NO_AUTHKIT, NOT_ESTABLISHED, NOT_REGISTERED, TOO_BROAD};
use super::client;
use super::sign_in::{Followed, follow};
use crate::check::{
    About, Check, CheckId, Command, Contact, Endpoint, Finding, Grade, Outcome, Planned, Remediation, Running, Spec,
    Vantage, command,
};
use crate::checks::egress::answers;
use crate::context::Context;
use crate::facts::Facts;
use crate::settings::values::{shown_url, web_url};
use crate::settings::{REDIRECT_URIS, Settings};
use crate::workos::authorize::{self, Hop, MOST_HOPS};

pub(super) static SPEC: Spec = Spec {
    id: ID,
    title: "the redirect URI is registered",
    explain: "\
Begins a sign-in as a browser would (GET /user_management/authorize), follows it by hand for at most eight hops, never to \
hosts other than WorkOS's and the hosted login's, and looks where it leads. The same with a made-up redirect URI, which \
must be refused. No key and no cookie is sent.

WorkOS answers good and bad alike with a redirect. Only the hops tell: to the hosted login, or to a page that says that \
the redirect URI is not registered. If the made-up one is accepted as well, a wildcard is too broad, and the first \
answer says little.

Usually broken by a slash more or less at the end, by http in the place of https, by a port, or by a URI that was \
registered in another environment.",
    vantages: &[Vantage::Inside],
    required: super::required,
    codes: &[&NOT_REGISTERED, &CLIENT_UNKNOWN, &NOT_ESTABLISHED, &TOO_BROAD, &NO_AUTHKIT],
    needs: &[answers::ID, client::ID],
    plan: |_, settings| {
        let usable: Vec<_> = settings.redirect_uris.iter().filter(|uri| web_url(&uri.value).is_some()).collect();
        // A client ID is wanted by its own check, too; a redirect URI is by this one alone.
        if usable.is_empty() {
            return Planned::from(&REDIRECT_URIS);
        }
        let client = match settings.client_to_send() {
            Ok(client) => client,
            Err(why) => return why.into(),
        };
        Planned::each(
            usable.into_iter().map(|uri| Redirect {
                endpoint: settings.api.value.clone(),
                client_id: client.to_owned(),
                uri: uri.value.clone(),
            }),
            &REDIRECT_URIS,
        )
    },
};

pub(super) const ID: CheckId = CheckId::new("credentials.redirect");

/// The evidence that names the host of the hosted login, which users' browsers must reach.
pub(in crate::checks) const HOSTED_LOGIN: &str = "hosted login";

struct Redirect {
    endpoint: Endpoint,
    client_id: String,
    uri: String,
}

impl Check for Redirect {
    fn subject(&self) -> Option<String> {
        Some(shown_url(&self.uri))
    }

    fn about(&self) -> About {
        About::Endpoint(self.endpoint.clone())
    }

    fn contacts(&self, _: &Facts, settings: &Settings) -> Vec<Contact> {
        super::sign_in::contacts(
            &self.endpoint,
            "whether the redirect URI is registered, and a made-up one is not",
            settings,
        )
    }

    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
        Box::pin(async move {
            let mut outcome = Outcome::graded(Grade::Answered).via(cx.via(&self.endpoint));
            let made_up = made_up(&self.uri);
            let (real, control) = tokio::join!(
                follow(&self.endpoint, &self.client_id, &self.uri, cx),
                follow(&self.endpoint, &self.client_id, &made_up, cx)
            );
            outcome.saw("hops", real.hops.join(" → "));
            if let Some(answer) = &real.answer {
                answers::noted(&mut outcome, answer);
            }
            if let Some(host) = real.hosted_login() {
                outcome.saw(HOSTED_LOGIN, host);
            }
            outcome.saw("a made-up redirect URI", in_words(&control.last));
            match &real.last {
                Hop::RedirectUriInvalid => outcome.found(self.not_registered()),
                Hop::ClientIdInvalid => outcome.found(self.client_unknown()),
                Hop::SelectorInvalid => outcome.found(self.no_authkit()),
                Hop::HostedLogin(_) | Hop::Elsewhere(_) => {}
                Hop::Next(_) | Hop::End(_) => outcome.found(self.not_established(&real)),
            }
            let accepted = |hop: &Hop| matches!(hop, Hop::HostedLogin(_) | Hop::Elsewhere(_) | Hop::SelectorInvalid);
            if accepted(&real.last) && accepted(&control.last) {
                outcome.found(self.too_broad(&made_up));
            }
            outcome
        })
    }
}

/// A sibling of the host that nobody registers. A wildcard stands in the left-most label only (facts §6.1), so this is where
/// one that is too broad shows.
fn made_up(uri: &str) -> String {
    let Some(mut url) = web_url(uri) else { return uri.to_owned() };
    let host = url.host_str().unwrap_or_default();
    let parent = match host.split_once('.') {
        Some((_, parent)) if parent.contains('.') => parent,
        _ => host,
    };
    let sibling = format!("workos-preflight-made-up.{parent}");
    // An address has no siblings; a name that cannot exist stands in for one.
    if url.set_host(Some(&sibling)).is_err() || host_is_address(uri) {
        let _ = url.set_host(Some("workos-preflight.invalid"));
    }
    url.to_string()
}

fn host_is_address(uri: &str) -> bool {
    web_url(uri).is_some_and(|url| !matches!(url.host(), Some(url::Host::Domain(_))))
}

impl Redirect {
    fn curl(&self) -> Command {
        command!(
            "curl -s -o /dev/null -w '%{{redirect_url}}\\n' '{}'",
            self.endpoint.https(&authorize::path(&self.client_id, &self.uri))
        )
    }

    fn not_registered(&self) -> Finding {
        NOT_REGISTERED.found(
            format!("WorkOS refuses {}: it is not registered for this client ID", shown_url(&self.uri)),
            Remediation::vendor(format!(
                "Register {} under Redirects in the WorkOS dashboard of this customer's environment, letter by letter (scheme, port, path, final slash), or correct it in the application.",
                shown_url(&self.uri)
            ))
            .in_short("register the redirect URI")
            .verify(self.curl()),
        )
    }

    fn client_unknown(&self) -> Finding {
        CLIENT_UNKNOWN.found(
            "WorkOS refuses the client ID at the beginning of a sign-in",
            Remediation::vendor("Copy the client ID of this customer's environment from the WorkOS dashboard, and set WORKOS_CLIENT_ID or --client-id to it.")
                .in_short("set the environment's client ID")
                .verify(self.curl()),
        )
    }

    fn no_authkit(&self) -> Finding {
        NO_AUTHKIT.found(
            format!("WorkOS accepts {}, and finds no hosted login to send the browser to", shown_url(&self.uri)),
            Remediation::vendor("Set AuthKit up in the WorkOS dashboard of this environment if the application uses it; one that names a connection or organization at each sign-in does not need it.")
                .verify(self.curl()),
        )
    }

    fn too_broad(&self, made_up: &str) -> Finding {
        TOO_BROAD.found(
            format!("WorkOS accepts the made-up {made_up} as well: a wildcard is too broad, and that {} is accepted says little", shown_url(&self.uri)),
            Remediation::vendor("Replace the wildcard among the redirect URIs in the WorkOS dashboard by the exact URIs of this installation."),
        )
    }

    fn not_established(&self, followed: &Followed) -> Finding {
        let how = match (&followed.failure, &followed.last) {
            (Some(failure), _) => failure.clone(),
            (None, Hop::Next(_)) => format!("it goes on after {MOST_HOPS} hops"),
            (None, last) => in_words(last),
        };
        NOT_ESTABLISHED.found(
            format!("whether {} is registered is not established: {how}", shown_url(&self.uri)),
            Remediation::installer("Open the sign-in of the application in a browser: WorkOS shows a page that says so if the redirect URI is not registered.")
                .in_short("try a sign-in in a browser")
                .verify(self.curl()),
        )
    }
}

fn in_words(hop: &Hop) -> String {
    match hop {
        Hop::RedirectUriInvalid => "refused".to_owned(),
        Hop::ClientIdInvalid => "the client ID is refused".to_owned(),
        Hop::SelectorInvalid => "accepted, without a hosted login".to_owned(),
        Hop::HostedLogin(host) | Hop::Elsewhere(host) => format!("accepted, on to {host}"),
        Hop::Next(_) => "not decided".to_owned(),
        Hop::End(status) => format!("the sign-in ends with status {status}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Status;
    use crate::checks::fixture::{Held, Site, ask, codes};
    use crate::net::Method;
    use crate::net::fake::{Fake, response};

    const CALLBACK: &str = "https://app.customer.example/callback";
    const LOGIN: &str = "https://quiet-harbor-21.authkit.app/?client_id=1";
    const REFUSED: &str = "https://error.workos.com/redirect-uri-invalid";

    async fn run(real: &str, control: &str) -> Held {
        let url = |uri: &str| format!("https://api.workos.com{}", authorize::path("client_1", uri));
        let network = Fake::api()
            .fetches(Method::Get, &url(CALLBACK), Ok(response(302, &[("location", real)], "")))
            .fetches(Method::Get, &url(&made_up(CALLBACK)), Ok(response(302, &[("location", control)], "")));
        let check = Redirect {
            endpoint: Endpoint::new("api.workos.com", 443),
            client_id: "client_1".to_owned(),
            uri: CALLBACK.to_owned(),
        };
        ask(&SPEC, &check, &Site::of(network).context()).await
    }

    #[tokio::test]
    async fn acceptance_counts_when_the_made_up_one_is_refused() {
        let outcome = run(LOGIN, REFUSED).await;

        assert_eq!(outcome.status(), Status::Pass);
        assert!(outcome.evidence.iter().any(|seen| seen.value.starts_with("quiet-harbor-21.authkit.app")));
    }

    #[tokio::test]
    async fn the_command_asks_what_the_check_asked() {
        let outcome = run(REFUSED, REFUSED).await;
        let command = outcome.findings[0].remediations.likeliest().verify.as_ref().unwrap();
        let asked = format!("'https://api.workos.com{}'", authorize::path("client_1", CALLBACK));

        assert!(command.as_str().ends_with(&asked), "{command}");
    }

    #[test]
    fn the_made_up_uri_is_a_sibling_that_only_a_wildcard_accepts() {
        assert_eq!(made_up(CALLBACK), "https://workos-preflight-made-up.customer.example/callback");
        assert_eq!(made_up("https://vendor.example/cb"), "https://workos-preflight-made-up.vendor.example/cb");
        assert_eq!(made_up("http://127.0.0.1:3000/cb"), "http://workos-preflight.invalid:3000/cb");
    }

    #[tokio::test]
    async fn refusals_and_wildcards_have_their_own_codes() {
        assert_eq!(codes(&run(REFUSED, REFUSED).await), ["not-registered"]);
        assert_eq!(codes(&run("https://error.workos.com/client-id-invalid", REFUSED).await), ["client-unknown"]);
        assert_eq!(codes(&run("https://error.workos.com/invalid-connection-selector", REFUSED).await), ["no-authkit"]);
        assert_eq!(codes(&run(LOGIN, LOGIN).await), ["too-broad"]);
        assert_eq!(codes(&run("mailto:nobody", REFUSED).await), ["not-established"]);
    }
}
