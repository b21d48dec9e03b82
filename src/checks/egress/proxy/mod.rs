//! Does the forward proxy open a way to an endpoint?

pub(in crate::checks) mod codes;

use url::Url;

use self::codes::{
    NOT_A_PROXY, PROXY_AUTH_REQUIRED, PROXY_DENIED, PROXY_REFUSED, PROXY_SIGN_IN_PAGE, PROXY_TIMED_OUT,
    PROXY_TLS_FAILED, PROXY_UNREACHABLE, PROXY_UNRESOLVED, PROXY_UNTRUSTED, PROXY_UPSTREAM_FAILED,
};
use super::{called, s_client};
use crate::check::{
    About, Check, CheckId, Command, Contact, Endpoint, Finding, Grade, Outcome, Planned, Remediation, Running, Spec,
    Vantage, command,
};
use crate::checks::flaw::{breaks, which};
use crate::context::{Context, Tried, reaching};
use crate::facts::Facts;
use crate::middlebox;
use crate::net::{CertificateProblem, ErrorKind, NetError, Phase, Place, ProxyRefusal};
use crate::said::spoken;
use crate::settings::{PROXY, Proxy, Scheme, Settings, Taker};

pub(super) static SPEC: Spec = Spec {
    id: ID,
    title: "the proxy opens a way through",
    explain: "\
Looks up the proxy's name, connects to it, shakes hands with it where its URL says https, and asks it for a way to the \
endpoint (CONNECT, or SOCKS 5) with the credentials that stand in its URL.

Behind a proxy every later question is a question to the proxy first: its answer to CONNECT says whether it knows this \
host, wants a sign-in, forbids the destination, or cannot reach it itself.

Usually broken by a proxy that wants credentials the application was not given (407), by a policy that lacks the WorkOS \
hosts (403; or 407 without a scheme), by a sign-in page (a redirect), by the proxy's own firewall or DNS (500 to 504, of \
Privoxy 404), or by a URL that names the wrong port.",
    vantages: &[Vantage::Inside],
    required: super::required,
    codes: &[
        &PROXY_UNRESOLVED, &PROXY_REFUSED, &PROXY_TIMED_OUT, &PROXY_UNREACHABLE, &PROXY_UNTRUSTED, &PROXY_TLS_FAILED, &PROXY_AUTH_REQUIRED, &PROXY_DENIED,
        &PROXY_SIGN_IN_PAGE, &PROXY_UPSTREAM_FAILED, &NOT_A_PROXY,
    ],
    needs: &[],
    plan: |_, settings| {
        let proxied = settings.server_endpoints().into_iter().filter_map(|endpoint| {
            let proxy = settings.proxy_for(endpoint)?.clone();
            Some(ThroughProxy { endpoint: endpoint.clone(), proxy })
        });
        Planned::each(proxied, format!("requests go direct: no proxy is set with {}", PROXY.places(Taker::Check)))
    },
};

pub(super) const ID: CheckId = CheckId::new("egress.proxy");

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

    fn contacts(&self, _: &Facts, settings: &Settings) -> Vec<Contact> {
        reaching(&self.endpoint, false, settings, "whether the proxy opens a way through")
    }

    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
        Box::pin(async move {
            let ways = cx.ways(&self.endpoint).await;
            let mut outcome = Outcome::graded(Grade::Declared).via(self.proxy.to_string());
            if ways.is_empty() {
                return outcome.because(unresolved(&self.proxy));
            }
            outcome.saw_all("proxy addresses", ways.iter().map(|way| way.first_hop().ip()));
            let tried = cx.try_ways(ways).await;
            self.judge(outcome, &tried, cx)
        })
    }
}

/// What a list of what is to be done says of a proxy's URL that is wrong, and of a proxy that wants a sign-in.
const URL: &str = "correct the proxy's URL";
const EXEMPT: &str = "exempt this host from the proxy's sign-in";

impl ThroughProxy {
    fn judge(&self, mut outcome: Outcome, tried: &[Tried], cx: &Context) -> Outcome {
        outcome = outcome.tried(tried.iter().map(|one| one.connection.attempts).max().unwrap_or(0));
        if tried.iter().any(|one| one.connection.result.is_ok()) {
            outcome.grade = Grade::Reached;
            outcome.saw("tunnel", format!("the proxy opened a way to {}", self.endpoint));
            return outcome;
        }
        // A proxy that answered says more than one of its addresses that did not.
        let errors = || tried.iter().filter_map(|one| one.connection.result.as_ref().err());
        let answered = errors().find(|error| matches!(error.kind, ErrorKind::Proxy(_)));
        let Some(error) = answered.or_else(|| errors().next()) else { return outcome };
        outcome.saw("failure", error.detail.clone());
        outcome.because(self.problem(error, cx))
    }

    fn problem(&self, error: &NetError, cx: &Context) -> Finding {
        match &error.kind {
            ErrorKind::Proxy(refusal) => match refusal {
                ProxyRefusal::SignIn(schemes) => self.auth_required(schemes),
                ProxyRefusal::SignInPage(page) => self.sign_in_page(page, cx),
                ProxyRefusal::Denied(said) => self.denied(said),
                ProxyRefusal::Upstream(said) => self.upstream_failed(said),
                ProxyRefusal::NotAProxy(does) => self.not_a_proxy(does),
                ProxyRefusal::SpeaksTls(said) => self.speaks_tls(said),
                ProxyRefusal::Tls(kind) => self.tls(kind, &error.detail),
            },
            ErrorKind::Refused => self.refused(),
            ErrorKind::TimedOut(phase) => self.timed_out(*phase, cx),
            ErrorKind::Closed | ErrorKind::Reset => self.ends_without_an_answer(),
            // With TLS 1.3 it says so only after the handshake.
            ErrorKind::ClientCertificateRequired | ErrorKind::Alert(_) => self.tls(&error.kind, &error.detail),
            _ => self.unreachable(error),
        }
    }

    fn speaks_http(&self) -> bool {
        matches!(self.proxy.scheme, Scheme::Http | Scheme::Https)
    }

    fn curl(&self) -> Command {
        command!("curl -sv --proxy {} {}", self.proxy.url(), self.endpoint.https("/"))
    }

    fn refused(&self) -> Finding {
        PROXY_REFUSED.found(
            format!("nothing accepts connections at the proxy {}", self.proxy.endpoint),
            Remediation::network(format!(
                "Start the proxy at {}, or correct the proxy's URL where the application is configured.",
                self.proxy.endpoint
            ))
            .in_short("start the proxy, or correct its URL")
            .verify(self.curl()),
        )
    }

    fn timed_out(&self, phase: Phase, cx: &Context) -> Finding {
        let limit = spoken(cx.settings.timeout.value);
        let (proxy, endpoint) = (&self.proxy.endpoint, &self.endpoint);
        let (problem, action, brief) = match phase {
            Phase::Tunnel if !self.speaks_http() => (
                format!("the proxy {proxy} accepts the connection, and does not answer in SOCKS 5 within {limit}"),
                format!(
                    "Correct the proxy's URL if the proxy speaks HTTP (http://{proxy}); otherwise find out in its log why the request for {endpoint} is not answered."
                ),
                URL.to_owned(),
            ),
            Phase::Tunnel => (
                format!(
                    "the proxy {proxy} accepts the connection, and does not answer the request for {endpoint} within {limit}"
                ),
                format!(
                    "Find out in the log of the proxy {proxy} why the request for {endpoint} is not answered: an overloaded authentication or content service, or its own way out."
                ),
                "find out why the proxy does not answer".to_owned(),
            ),
            Phase::ProxyHandshake => (
                format!(
                    "the proxy {proxy} accepts the connection, and does not complete the TLS handshake within {limit}"
                ),
                format!(
                    "Correct the proxy's URL if the proxy does not speak TLS (http://{proxy}), or find out why TLS on {proxy} hangs."
                ),
                URL.to_owned(),
            ),
            _ => (
                format!("no answer from the proxy {proxy} within {limit}"),
                format!("Allow TCP {} {} to the proxy {}.", proxy.port, cx.source_in_words(None), proxy.host),
                format!("open TCP {} to the proxy", proxy.port),
            ),
        };
        PROXY_TIMED_OUT.found(problem, Remediation::network(action).in_short(brief).verify(self.curl()))
    }

    fn unreachable(&self, error: &NetError) -> Finding {
        let proxy = &self.proxy.endpoint;
        PROXY_UNREACHABLE.found(
            format!("the proxy {proxy} cannot be reached: {}", error.detail),
            Remediation::network(format!(
                "Give this host a route and a rule to the proxy {} (TCP {}).",
                proxy.host, proxy.port
            ))
            .in_short("give this host a way to the proxy")
            .verify(self.curl()),
        )
    }

    fn tls(&self, kind: &ErrorKind, detail: &str) -> Finding {
        let proxy = &self.proxy.endpoint;
        let host = &proxy.host;
        if let ErrorKind::Certificate(problem) = kind {
            let why = match problem.as_ref() {
                CertificateProblem::Expired => "has expired".to_owned(),
                CertificateProblem::NotYetValid => "is not valid yet by this host's clock".to_owned(),
                CertificateProblem::WrongName => format!("is not for {host}"),
                CertificateProblem::NoAlternativeName => {
                    format!("is for no name: it has no subjectAltName DNS:{host}, and its common name does not count")
                }
                CertificateProblem::Unjudged(why) => format!("cannot be judged by this tool: {why}"),
                CertificateProblem::Other(why) => format!("does not hold: {why}"),
                CertificateProblem::Refused(flaw) => match flaw.place {
                    Place::Leaf => breaks(&flaw.rule),
                    _ => format!("does not hold: {} {}", which(flaw), breaks(&flaw.rule)),
                },
                CertificateProblem::Namesake(file) => {
                    format!("is issued by a CA of which {file} holds only one of the same name with another key")
                }
                _ => "is issued by a CA that this host does not trust".to_owned(),
            };
            return PROXY_UNTRUSTED.found(
                format!("the certificate of the proxy {proxy} {why}"),
                Remediation::network(format!(
                    "Give the proxy {host} a certificate that holds, or hand its CA to the installer, who adds it to this host's trust store and passes it with --ca-bundle."
                ))
                .in_short("give the proxy a certificate that holds")
                .verify(s_client(proxy, None, "-showcerts </dev/null")),
            );
        }
        if *kind == ErrorKind::ClientCertificateRequired {
            return PROXY_TLS_FAILED.found(
                format!("the proxy {proxy} wants a certificate from the client, which the application does not have"),
                Remediation::network(format!(
                    "Let the proxy {proxy} take connections from this host without a client certificate, or name another port of it or another proxy that does."
                ))
                .in_short("have the proxy want no client certificate")
                .verify(self.curl()),
            );
        }
        PROXY_TLS_FAILED.found(
            format!("the TLS handshake with the proxy {proxy} does not complete: {detail}"),
            Remediation::installer(format!(
                "Correct the proxy's URL if the proxy does not speak TLS (http://{proxy} in place of https://{proxy}), or have TLS 1.2 or 1.3 enabled on it."
            ))
            .in_short(URL)
            .verify(self.curl()),
        )
    }

    fn auth_required(&self, schemes: &[String]) -> Finding {
        let offered = if schemes.is_empty() { "no scheme named".to_owned() } else { schemes.join(", ") };
        let usable = |scheme: &String| scheme.eq_ignore_ascii_case("basic") || scheme == "user and password";
        let (proxy, endpoint) = (&self.proxy.endpoint, &self.endpoint);
        let status = if self.speaks_http() { "407; " } else { "" };
        let given = self.proxy.credentials.is_some();
        let remediations = if !schemes.iter().any(usable) {
            Remediation::network(format!(
                "Exempt this host, or the destination {}, from sign-in on the proxy {proxy}: servers cannot use the schemes it offers.",
                endpoint.host
            ))
            .in_short(EXEMPT)
            .or(Remediation::installer(
                "Where no exemption is given, run a relay that signs in for the application (cntlm or px, for example) on this host, and set HTTPS_PROXY to the relay.",
            )
            .in_short("run a relay that signs in"))
        } else if given {
            let action = format!("Correct the user and password in the URL of the proxy {proxy}: it refuses them.");
            Remediation::installer(action).in_short("correct the proxy's user and password").or(Remediation::network(
                format!(
                    "Look in the log of the proxy {proxy} why it refuses this user, or exempt this host from sign-in."
                ),
            )
            .in_short(EXEMPT))
        } else {
            Remediation::network(format!(
                "Give the application credentials for the proxy (USER:PASSWORD@{proxy} in its URL), or exempt this host from sign-in on the proxy."
            ))
            .in_short("give the application the proxy's credentials")
            .into()
        };
        PROXY_AUTH_REQUIRED.found(
            format!(
                "the proxy {proxy} wants a sign-in before it opens a way to {endpoint} ({status}offered: {offered})"
            ),
            remediations.verify(self.curl()),
        )
    }

    fn sign_in_page(&self, page: &str, cx: &Context) -> Finding {
        let (proxy, endpoint) = (&self.proxy.endpoint, &self.endpoint);
        let product = Url::parse(page).ok().and_then(|url| middlebox::by_sign_in(&url));
        let product = product.map(|guess| format!(" ({})", guess.in_words())).unwrap_or_default();
        PROXY_SIGN_IN_PAGE.found(
            format!(
                "the proxy {proxy} answers the request for {endpoint} with a redirect to {page}{product}: a page where people sign in, or are told what is blocked, which a server cannot do"
            ),
            Remediation::network(format!(
                "Exempt the requests {} to {endpoint} from sign-in on the proxy {proxy}, and allow CONNECT to it: now they are led to {page}.",
                cx.source_in_words(None)
            ))
            .in_short(EXEMPT)
            .verify(self.curl()),
        )
    }

    fn denied(&self, said: &str) -> Finding {
        let (proxy, endpoint) = (&self.proxy.endpoint, &self.endpoint);
        let what = if self.speaks_http() { "CONNECT to " } else { "" };
        PROXY_DENIED.found(
            format!("a rule of the proxy {proxy} forbids {endpoint} ({said})"),
            Remediation::network(format!("Allow {what}{endpoint} for this host in the policy of the proxy {proxy}."))
                .in_short(format!("allow {} on the proxy", called(&endpoint.host)))
                .verify(self.curl()),
        )
    }

    fn ends_without_an_answer(&self) -> Finding {
        let (proxy, endpoint) = (&self.proxy.endpoint, &self.endpoint);
        NOT_A_PROXY.found(
            format!(
                "what listens at {proxy} ends the connection without an answer when it is asked for {endpoint}: it is no {} proxy, or one that drops what it does not allow",
                self.proxy.scheme.as_str()
            ),
            Remediation::installer(format!(
                "Correct the proxy's URL if {} is the address or port of something else, or of a proxy of another kind.",
                self.proxy.url()
            ))
            .in_short(URL)
            .or(Remediation::network(format!(
                "If it is the proxy, look in its log why it ends connections that ask for {endpoint}, and allow that for this host."
            ))
            .in_short(format!("allow {} on the proxy", called(&endpoint.host))))
            .verify(self.curl()),
        )
    }

    fn speaks_tls(&self, said: &str) -> Finding {
        let proxy = &self.proxy.endpoint;
        NOT_A_PROXY.found(
            format!("what listens at {proxy} speaks TLS, and the proxy's URL says http ({said})"),
            Remediation::installer(format!(
                "Set the proxy's URL to https://{proxy} if that is a proxy over TLS; else correct its address and port."
            ))
            .in_short(URL)
            .verify(command!(
                "curl -sv --proxy {} {}",
                format!("https://{proxy}"),
                self.endpoint.https("/")
            )),
        )
    }

    fn upstream_failed(&self, said: &str) -> Finding {
        let (proxy, endpoint) = (&self.proxy.endpoint, &self.endpoint);
        PROXY_UPSTREAM_FAILED.found(
            format!("the proxy {proxy} agrees, and cannot reach {endpoint} itself ({said})"),
            Remediation::network(format!(
                "Let the proxy {proxy} resolve {} and reach TCP {} at Cloudflare's published ranges: its own DNS or firewall stops it.",
                endpoint.host, endpoint.port
            ))
            .in_short(format!("let the proxy reach {}", called(&endpoint.host)))
            .verify(self.curl()),
        )
    }

    fn not_a_proxy(&self, does: &str) -> Finding {
        NOT_A_PROXY.found(
            format!(
                "what listens at {} {does}: it is no {} proxy, or opens no tunnels",
                self.proxy.endpoint,
                self.proxy.scheme.as_str()
            ),
            Remediation::installer(format!(
                "Correct the proxy's URL: {} is the address or port of something else, or of a proxy of another kind.",
                self.proxy.url()
            ))
            .in_short(URL)
            .or(Remediation::network(format!(
                "If it is the proxy, let it open tunnels (CONNECT) to {}.",
                self.endpoint
            ))
            .in_short(format!("let the proxy open ways to {}", called(&self.endpoint.host))))
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
        .in_short("correct the proxy's name")
        .verify(command!("getent ahosts {}", proxy.endpoint.host)),
    )
}

#[cfg(test)]
mod tests;
