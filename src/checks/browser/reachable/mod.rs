//! Does a browser on this machine reach the hosts of the hosted pages?

pub(in crate::checks) mod codes;

use self::codes::{INTERCEPTED, NO_CONNECTION, NO_HANDSHAKE, NOT_LEARNT, UNRESOLVED, UNTRUSTED};
use crate::check::{
    About, Check, CheckId, Command, Contact, Endpoint, Finding, Grade, Outcome, Planned, Remediation, Running, Spec,
    Vantage, command,
};
use crate::checks::credentials::{contacts_of_sign_in, follow};
use crate::checks::egress::destination;
use crate::context::{Context, Tried, reaching};
use crate::facts::Facts;
use crate::middlebox;
use crate::net::{ErrorKind, Way};
use crate::said::listed;
use crate::settings::{BROWSER_HOSTS, Settings};

pub(super) static SPEC: Spec = Spec {
    id: ID,
    title: "browsers reach the host",
    explain: "\
With --browser-hosts, looks up each host that browsers of users and admins need for the hosted pages (sign-in, Admin \
Portal, their assets), connects to it, and looks at its certificate. Run it from a desktop of the customer: the server \
needs none of them.

A server that reaches the API is half of a sign-in. The other half happens in a browser, on another part of the \
network, with other rules: there the page stays empty, or the check box of Cloudflare's challenge turns for ever.

Usually broken by a web filter that knows workos.com and not authkit.app or workoscdn.com, or by inspection that the \
browser's own store does not trust. The host of the hosted login is a setting of the environment: give it with \
--authkit-domain; otherwise a sign-in is followed to it, where client ID and redirect URI are given.",
    vantages: &[Vantage::Inside],
    required: |_, _| false,
    codes: &[&UNRESOLVED, &NO_CONNECTION, &NO_HANDSHAKE, &UNTRUSTED, &NOT_LEARNT, &INTERCEPTED],
    needs: &[],
    plan: |facts, settings| {
        if !settings.browser_hosts && settings.authkit_domains.is_empty() {
            return Planned::from(&BROWSER_HOSTS);
        }
        let listed = facts.hosts.browser.iter().filter(|known| settings.browser_hosts && !known.host.starts_with("*."));
        let listed = listed.map(|known| (known.host.clone(), known.why.clone()));
        let named = settings.authkit_domains.iter().map(|named| (named.value.clone(), "the hosted login".to_owned()));
        let known = listed.chain(named).map(|(host, why)| Reachable { endpoint: Endpoint::new(host, 443), why });
        let mut checks: Vec<Box<dyn Check>> = known.map(|check| Box::new(check) as Box<dyn Check>).collect();
        // Where the login's host is not named, a sign-in leads there.
        if let (true, [], Ok(client), [uri, ..]) = (
            settings.browser_hosts,
            &settings.authkit_domains[..],
            settings.client_to_send(),
            &settings.redirect_uris[..],
        ) {
            let api = settings.api.value.clone();
            checks.push(Box::new(HostedLogin { api, client_id: client.to_owned(), uri: uri.value.clone() }));
        }
        Planned::Checks(checks)
    },
};

pub(super) const ID: CheckId = CheckId::new("browser.reachable");

struct Reachable {
    endpoint: Endpoint,
    why: String,
}

impl Check for Reachable {
    fn subject(&self) -> Option<String> {
        Some(self.endpoint.host.clone())
    }

    fn about(&self) -> About {
        About::Endpoint(self.endpoint.clone())
    }

    fn contacts(&self, _: &Facts, settings: &Settings) -> Vec<Contact> {
        reaching(&self.endpoint, true, settings, format!("whether browsers reach it: {}", self.why))
    }

    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
        Box::pin(async move {
            let start =
                Outcome::graded(Grade::Declared).with("needed for", self.why.clone()).via(cx.via(&self.endpoint));
            let ways = cx.ways(&self.endpoint).await;
            if ways.is_empty() {
                return start.because(self.unresolved());
            }
            let tried = cx.try_ways(ways).await;
            match tried.iter().find(|one| one.connection.result.is_ok()) {
                None => start.because(self.no_connection(&tried, cx)),
                Some(standing) => self.shake(start, &standing.way, cx).await,
            }
        })
    }
}

/// The hosted login, where its host is only learnt by beginning a sign-in.
struct HostedLogin {
    api: Endpoint,
    client_id: String,
    uri: String,
}

impl Check for HostedLogin {
    fn subject(&self) -> Option<String> {
        Some("the hosted login".to_owned())
    }

    fn contacts(&self, _: &Facts, settings: &Settings) -> Vec<Contact> {
        contacts_of_sign_in(&self.api, "where the hosted login is, and whether browsers reach it", settings)
    }

    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
        Box::pin(async move {
            let followed = follow(&self.api, &self.client_id, &self.uri, cx).await;
            let Some(host) = followed.hosted_login() else {
                return Outcome::graded(Grade::Declared).with("hops", followed.hops.join(" → ")).because(not_learnt());
            };
            let login = Reachable { endpoint: Endpoint::new(host, 443), why: "the hosted login".to_owned() };
            login.run(cx).await.with("host", host)
        })
    }
}

fn not_learnt() -> Finding {
    NOT_LEARNT.found(
        "the host of the hosted login is not known: a sign-in does not lead to it",
        Remediation::installer("Name the host with --authkit-domain (it stands under Domains in the WorkOS dashboard), or mend what credentials.redirect finds.")
            .in_short("name the login's host (--authkit-domain)"),
    )
}

impl Reachable {
    async fn shake(&self, mut outcome: Outcome, way: &Way, cx: &Context) -> Outcome {
        let shaken = cx.network.handshake(way).await;
        outcome = outcome.tried(shaken.attempts);
        outcome.grade = Grade::Reached;
        let handshake = match &shaken.result {
            Ok(handshake) => handshake,
            Err(error) => return outcome.because(self.no_handshake(&error.detail)),
        };
        let issuer = handshake.chain.first().map(|leaf| leaf.issuer.clone()).unwrap_or_default();
        outcome.saw("issuer", issuer.clone());
        match (&handshake.here, &handshake.public) {
            (Ok(()), Ok(())) => outcome.grade = Grade::Identified,
            (Ok(()), Err(_)) => {
                outcome.grade = Grade::Identified;
                outcome.found(self.intercepted(&issuer));
            }
            (Err(_), _) => outcome.found(self.untrusted(&issuer)),
        }
        outcome
    }

    fn curl(&self) -> Command {
        command!("curl -sv --connect-timeout 5 {}", self.endpoint.https("/"))
    }

    fn unresolved(&self) -> Finding {
        UNRESOLVED.found(
            format!("{} does not resolve here ({})", self.endpoint.host, self.why),
            Remediation::network(format!(
                "Let the resolver of users' machines answer for {}, and take it off the name filter's list.",
                self.endpoint.host
            ))
            .in_short(format!("let browsers resolve {}", self.endpoint.host))
            .verify(command!("nslookup {}", self.endpoint.host)),
        )
    }

    fn no_connection(&self, tried: &[Tried], cx: &Context) -> Finding {
        let addresses: Vec<_> = tried.iter().map(|one| one.way.first_hop().ip()).collect();
        let detail =
            tried.iter().find_map(|one| one.connection.result.as_ref().err()).map(|error| error.detail.clone());
        let silent = tried
            .iter()
            .all(|one| one.connection.result.as_ref().is_err_and(|error| matches!(error.kind, ErrorKind::TimedOut(_))));
        let how = if silent { "no answer in time".to_owned() } else { detail.unwrap_or_default() };
        NO_CONNECTION.found(
            format!("{} accepts no connection at {}: {how} ({})", self.endpoint, listed(&addresses), self.why),
            Remediation::network(format!(
                "Allow outbound TCP 443 from users' machines to {}, by name where the firewall or proxy can.",
                destination(&self.endpoint, &addresses, cx)
            ))
            .in_short(format!("let browsers reach {}", self.endpoint.host))
            .verify(self.curl()),
        )
    }

    fn no_handshake(&self, detail: &str) -> Finding {
        NO_HANDSHAKE.found(
            format!("the TLS handshake with {} does not complete: {detail} ({})", self.endpoint, self.why),
            Remediation::network(format!(
                "Allow the server name {} in the web filter for users' machines.",
                self.endpoint.host
            ))
            .in_short(format!("let browsers reach {}", self.endpoint.host))
            .verify(self.curl()),
        )
    }

    fn untrusted(&self, issuer: &str) -> Finding {
        UNTRUSTED.found(
            format!(
                "the certificate of {} ({issuer}{}) does not hold here ({})",
                self.endpoint,
                guess(issuer),
                self.why
            ),
            Remediation::network(format!(
                "Exempt {} from TLS inspection, or see that users' browsers trust the inspecting CA.",
                self.endpoint.host
            ))
            .in_short(format!("exempt {} from inspection", self.endpoint.host))
            .verify(self.curl()),
        )
    }

    fn intercepted(&self, issuer: &str) -> Finding {
        INTERCEPTED.found(
            format!(
                "the certificate of {} is issued by {issuer}{}: trusted here and not in public, so TLS is inspected",
                self.endpoint,
                guess(issuer)
            ),
            Remediation::network(format!(
                "See that every user's browser trusts this CA, or exempt {} from TLS inspection.",
                self.endpoint.host
            ))
            .verify(self.curl()),
        )
    }
}

fn guess(issuer: &str) -> String {
    middlebox::by_issuer(issuer).map(|guess| format!(", {}", guess.in_words())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Status;
    use crate::checks::fixture::{Held, Site, ask, codes};
    use crate::net::fake::{Fake, certificate, handshake, response};
    use crate::net::{CertificateProblem, Method, Phase};
    use crate::workos::authorize;

    const HOST: &str = "setup.workos.com";

    fn network(connection: Result<(), ErrorKind>) -> Fake {
        Fake::default()
            .resolves(HOST, Ok(&["104.18.4.1"]))
            .serves("10.20.0.53:53", HOST, Ok(&["104.18.4.1"]))
            .connects("104.18.4.1:443", connection)
    }

    async fn run(network: Fake) -> Held {
        let check = Reachable { endpoint: Endpoint::new(HOST, 443), why: "Admin Portal".to_owned() };
        ask(&SPEC, &check, &Site::of(network).context()).await
    }

    #[tokio::test]
    async fn a_login_whose_host_is_not_named_is_found_by_following_a_sign_in() {
        const LOGIN: &str = "quiet-harbor-21.authkit.app";
        const CALLBACK: &str = "https://app.customer.example/callback";
        let run = |location: &str| {
            let url = format!("https://api.workos.com{}", authorize::path("client_1", CALLBACK));
            let network = Fake::api()
                .fetches(Method::Get, &url, Ok(response(302, &[("location", location)], "")))
                .resolves(LOGIN, Ok(&["104.18.4.1"]))
                .serves("10.20.0.53:53", LOGIN, Ok(&["104.18.4.1"]))
                .connects("104.18.4.1:443", Ok(()))
                .shakes(LOGIN, Ok(handshake(certificate(LOGIN, "WE1"), Ok(()), Ok(()))));
            let api = Endpoint::new("api.workos.com", 443);
            let check = HostedLogin { api, client_id: "client_1".to_owned(), uri: CALLBACK.to_owned() };
            async move { ask(&SPEC, &check, &Site::of(network).context()).await }
        };

        assert_eq!(run("https://quiet-harbor-21.authkit.app/?x=1").await.status(), Status::Pass);
        assert_eq!(codes(&run("https://error.workos.com/redirect-uri-invalid").await), ["not-learnt"]);
    }

    #[tokio::test]
    async fn each_step_has_its_own_code() {
        let unknown = || Err(CertificateProblem::UnknownIssuer);
        let shaken =
            |here, public| network(Ok(())).shakes(HOST, Ok(handshake(certificate(HOST, "Corp"), here, public)));

        assert_eq!(run(shaken(Ok(()), Ok(()))).await.status(), Status::Pass);
        assert_eq!(codes(&run(shaken(Ok(()), unknown())).await), ["intercepted"]);
        assert_eq!(codes(&run(shaken(unknown(), unknown())).await), ["untrusted"]);
        assert_eq!(codes(&run(network(Ok(())).shakes(HOST, Err(ErrorKind::Reset))).await), ["no-handshake"]);
        assert_eq!(codes(&run(network(Err(ErrorKind::TimedOut(Phase::Connect)))).await), ["no-connection"]);
        assert_eq!(codes(&run(Fake::default().resolves(HOST, Err(ErrorKind::NotResolved))).await), ["unresolved"]);
    }
}
