//! Does the forward proxy open a way to an endpoint?

use super::in_words;
use crate::check::{
    About, Check, CheckId, Code, Contact, Endpoint, Finding, Grade, Outcome, Planned, Remediation, Running, Spec,
    Touch, Vantage,
};
use crate::context::{Context, Tried};
use crate::net::{ErrorKind, NetError, Phase, ProxyAnswer};
use crate::settings::Proxy;
use crate::settings::values::spoken;

pub(super) static SPEC: Spec = Spec {
    id: ID,
    title: "the proxy opens a way through",
    explain: "\
Looks up the proxy's name, connects to it, and asks it with CONNECT for a tunnel to the endpoint, with the credentials \
that stand in the proxy's URL.

Behind a proxy every later question is a question to the proxy first: its answer to CONNECT says whether it knows this \
host, wants a sign-in, forbids the destination, or cannot reach it itself.

Usually broken by a proxy that wants credentials the application was not given (407), by a policy that lacks the WorkOS \
hosts (403), by the proxy's own firewall or DNS (502 to 504), or by a URL that names the wrong port.",
    vantages: &[Vantage::Inside],
    required: super::required,
    codes: &[
        &PROXY_UNRESOLVED, &PROXY_REFUSED, &PROXY_TIMED_OUT, &PROXY_UNREACHABLE, &PROXY_AUTH_REQUIRED, &PROXY_DENIED,
        &PROXY_UPSTREAM_FAILED, &NOT_A_PROXY,
    ],
    needs: &[],
    plan: |_, settings| {
        let proxied = settings.server_endpoints().into_iter().filter_map(|endpoint| {
            let proxy = settings.proxy_for(endpoint)?.clone();
            Some(ThroughProxy { endpoint: endpoint.clone(), proxy })
        });
        Planned::each(proxied, "requests go direct: no proxy is set (HTTPS_PROXY or --proxy sets one)")
    },
};

pub(super) const ID: CheckId = CheckId::new("egress.proxy");

static PROXY_UNRESOLVED: Code = Code::error("proxy-unresolved", "the proxy's name does not resolve here");
static PROXY_REFUSED: Code =
    Code::error("proxy-refused", "nothing accepts connections at the proxy's address and port");
static PROXY_TIMED_OUT: Code = Code::error("proxy-timed-out", "the proxy, or the way to it, stays silent");
static PROXY_UNREACHABLE: Code =
    Code::error("proxy-unreachable", "the connection to the proxy is rejected on the way, or broken");
static PROXY_AUTH_REQUIRED: Code = Code::error("proxy-auth-required", "the proxy wants a sign-in (407)");
static PROXY_DENIED: Code = Code::error("proxy-denied", "the proxy's policy forbids the destination");
static PROXY_UPSTREAM_FAILED: Code =
    Code::error("proxy-upstream-failed", "the proxy agrees, and cannot reach the destination itself");
static NOT_A_PROXY: Code = Code::error("not-a-proxy", "what answers at the proxy's address does not open tunnels");

struct ThroughProxy {
    endpoint: Endpoint,
    proxy: Proxy,
}

impl Check for ThroughProxy {
    fn subject(&self) -> Option<String> {
        Some(format!("{} → {}", self.proxy, self.endpoint))
    }

    fn about(&self) -> About {
        About::Endpoint(self.endpoint.clone())
    }

    fn contacts(&self) -> Vec<Contact> {
        vec![
            Contact::new(Touch::Name(self.proxy.endpoint.host.clone()), "where the proxy is"),
            Contact::new(
                Touch::Request("CONNECT", format!("{} at {}", self.endpoint, self.proxy)),
                "whether the proxy opens a way through",
            ),
        ]
    }

    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
        Box::pin(async move {
            let ways = cx.ways(&self.endpoint).await;
            let mut outcome = Outcome::graded(Grade::Declared).via(self.proxy.to_string());
            if ways.is_empty() {
                return outcome.because(unresolved(&self.proxy));
            }
            outcome.saw("proxy addresses", in_words(&ways.iter().map(|way| way.first_hop().ip()).collect::<Vec<_>>()));
            let tried = cx.try_ways(ways).await;
            self.judge(outcome, &tried, cx)
        })
    }
}

impl ThroughProxy {
    fn judge(&self, mut outcome: Outcome, tried: &[Tried], cx: &Context) -> Outcome {
        outcome = outcome.tried(tried.iter().map(|one| one.connection.attempts).max().unwrap_or(0));
        if tried.iter().any(|one| one.connection.result.is_ok()) {
            outcome.grade = Grade::Reached;
            outcome.saw("CONNECT", format!("the proxy opened a tunnel to {}", self.endpoint));
            return outcome;
        }
        // A proxy that answered says more than one of its addresses that did not.
        let errors = || tried.iter().filter_map(|one| one.connection.result.as_ref().err());
        let answered = errors().find(|error| matches!(error.kind, ErrorKind::ProxyAnswered(_) | ErrorKind::NotAProxy));
        let Some(error) = answered.or_else(|| errors().next()) else { return outcome };
        outcome.saw("failure", error.detail.clone());
        outcome.because(self.problem(error, cx))
    }

    fn problem(&self, error: &NetError, cx: &Context) -> Finding {
        match &error.kind {
            ErrorKind::ProxyAnswered(answer) => self.answered(answer),
            ErrorKind::NotAProxy => self.not_a_proxy("does not answer in HTTP"),
            ErrorKind::Refused => self.refused(),
            ErrorKind::TimedOut(phase) => self.timed_out(*phase, cx),
            ErrorKind::Closed | ErrorKind::Reset => {
                self.not_a_proxy("ends the connection without an answer to CONNECT")
            }
            _ => self.unreachable(error),
        }
    }

    fn answered(&self, answer: &ProxyAnswer) -> Finding {
        match answer.status {
            407 => self.auth_required(answer),
            502..=504 => self.upstream_failed(answer),
            400 | 404 | 405 | 501 | 200..=399 => self.not_a_proxy(&format!("answers CONNECT with {}", answer.status)),
            _ => self.denied(answer),
        }
    }

    fn curl(&self) -> String {
        format!("curl -sv --proxy {} {}", self.proxy.url(), self.endpoint.https("/"))
    }

    fn refused(&self) -> Finding {
        PROXY_REFUSED.found(
            format!("nothing accepts connections at the proxy {}", self.proxy.endpoint),
            Remediation::network(format!(
                "Start the proxy at {}, or correct the proxy's URL where the application is configured.",
                self.proxy.endpoint
            ))
            .verify(self.curl()),
        )
    }

    fn timed_out(&self, phase: Phase, cx: &Context) -> Finding {
        let limit = spoken(cx.settings.timeout.value);
        let (problem, action) = match phase {
            Phase::Tunnel => (
                format!(
                    "the proxy {} accepts the connection, and does not answer CONNECT {} within {limit}",
                    self.proxy.endpoint, self.endpoint
                ),
                format!(
                    "Find out in the log of the proxy {} why CONNECT {} is not answered: an overloaded authentication or content service, or its own way out.",
                    self.proxy.endpoint, self.endpoint
                ),
            ),
            _ => (
                format!("no answer from the proxy {} within {limit}", self.proxy.endpoint),
                format!(
                    "Allow TCP {} {} to the proxy {}.",
                    self.proxy.endpoint.port,
                    cx.source_in_words(None),
                    self.proxy.endpoint.host
                ),
            ),
        };
        PROXY_TIMED_OUT.found(problem, Remediation::network(action).verify(self.curl()))
    }

    fn unreachable(&self, error: &NetError) -> Finding {
        PROXY_UNREACHABLE.found(
            format!("the proxy {} cannot be reached: {}", self.proxy.endpoint, error.detail),
            Remediation::network(format!(
                "Give this host a route and a rule to the proxy {} (TCP {}).",
                self.proxy.endpoint.host, self.proxy.endpoint.port
            ))
            .verify(self.curl()),
        )
    }

    fn auth_required(&self, answer: &ProxyAnswer) -> Finding {
        let offered = if answer.schemes.is_empty() { "no scheme named".to_owned() } else { answer.schemes.join(", ") };
        let basic = answer.schemes.iter().any(|scheme| scheme.eq_ignore_ascii_case("basic"));
        let given = self.proxy.credentials.is_some();
        let action = match (basic, given) {
            (true, false) => format!(
                "Give the application credentials for the proxy (http://USER:PASSWORD@{}), or exempt this host from sign-in on the proxy.",
                self.proxy.endpoint
            ),
            (true, true) => "Correct the user and password in the proxy's URL: the proxy refuses them.".to_owned(),
            (false, _) => format!(
                "Exempt this host, or the destination {}, from sign-in on the proxy: servers cannot use the schemes it offers.",
                self.endpoint.host
            ),
        };
        PROXY_AUTH_REQUIRED.found(
            format!(
                "the proxy {} wants a sign-in before it opens a way to {} (407; offered: {offered})",
                self.proxy.endpoint, self.endpoint
            ),
            Remediation::network(action).verify(self.curl()),
        )
    }

    fn denied(&self, answer: &ProxyAnswer) -> Finding {
        let page = answer.title.as_ref().map(|title| format!("; its page says “{title}”")).unwrap_or_default();
        PROXY_DENIED.found(
            format!("the proxy {} forbids {} ({}{page})", self.proxy.endpoint, self.endpoint, answer.status),
            Remediation::network(format!(
                "Allow CONNECT to {} for this host in the policy of the proxy {}.",
                self.endpoint, self.proxy.endpoint
            ))
            .verify(self.curl()),
        )
    }

    fn upstream_failed(&self, answer: &ProxyAnswer) -> Finding {
        PROXY_UPSTREAM_FAILED.found(
            format!("the proxy {} agrees, and cannot reach {} itself ({})", self.proxy.endpoint, self.endpoint, answer.status),
            Remediation::network(format!(
                "Let the proxy {} resolve {} and reach TCP {} at Cloudflare's published ranges: its own DNS or firewall stops it.",
                self.proxy.endpoint, self.endpoint.host, self.endpoint.port
            ))
            .verify(self.curl()),
        )
    }

    fn not_a_proxy(&self, what: &str) -> Finding {
        NOT_A_PROXY.found(
            format!("what listens at {} {what}: it is no forward proxy", self.proxy.endpoint),
            Remediation::installer(format!(
                "Correct the proxy's URL: {} is the address or port of something else.",
                self.proxy.url()
            ))
            .verify(self.curl()),
        )
    }
}

fn unresolved(proxy: &Proxy) -> Finding {
    PROXY_UNRESOLVED.found(
        format!("the proxy's name {} does not resolve here", proxy.endpoint.host),
        Remediation::installer(format!(
            "Correct the proxy's name in the proxy's URL, or make the local resolver answer for {}.",
            proxy.endpoint.host
        ))
        .verify(format!("getent ahosts {}", proxy.endpoint.host)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Status;
    use crate::checks::fixture::{Site, codes};
    use crate::net::fake::Fake;

    async fn run(connection: Result<(), ErrorKind>) -> Outcome {
        let network = Fake::default().connects("10.20.0.31:3128", connection);
        let site = Site::of(network).with("network.proxy", "http://user:secret@10.20.0.31:3128");
        let proxy = Proxy::parse("http://user:secret@10.20.0.31:3128").unwrap();
        ThroughProxy { endpoint: Endpoint::new("api.workos.com", 443), proxy }.run(&site.context()).await
    }

    fn answer(status: u16, schemes: &[&str]) -> ErrorKind {
        let schemes = schemes.iter().map(|scheme| (*scheme).to_owned()).collect();
        ErrorKind::ProxyAnswered(ProxyAnswer { status, schemes, title: Some("Access Denied".to_owned()) })
    }

    #[tokio::test]
    async fn a_tunnel_that_opens_passes() {
        let outcome = run(Ok(())).await;

        assert_eq!((outcome.status(), outcome.via.as_deref()), (Status::Pass, Some("http://***@10.20.0.31:3128")));
    }

    #[tokio::test]
    async fn each_refusal_has_its_own_code() {
        for (kind, code) in [
            (answer(407, &["Negotiate"]), "proxy-auth-required"),
            (answer(403, &[]), "proxy-denied"),
            (answer(502, &[]), "proxy-upstream-failed"),
            (answer(404, &[]), "not-a-proxy"),
            (ErrorKind::NotAProxy, "not-a-proxy"),
            (ErrorKind::Refused, "proxy-refused"),
            (ErrorKind::TimedOut(Phase::Tunnel), "proxy-timed-out"),
            (ErrorKind::Unreachable, "proxy-unreachable"),
        ] {
            let outcome = run(Err(kind)).await;
            assert_eq!(codes(&outcome), [code]);
            assert!(!format!("{outcome:?}").contains("secret"));
        }
    }
}
