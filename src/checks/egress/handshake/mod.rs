//! Does the TLS handshake with an endpoint complete?

pub(in crate::checks) mod codes;

use self::codes::{
    ALERT, CLIENT_CERTIFICATE, FAILED, LARGE_HELLO, NOT_SPOKEN, NOT_TLS, RESET_IN_HANDSHAKE, STALLED, TLS_TOO_OLD,
};
use super::{called, connects, s_client};
use crate::check::{
    About, Check, CheckId, Command, Contact, Endpoint, Finding, Grade, Outcome, Planned, Remediation, Running, Spec,
    Vantage, command,
};
use crate::context::{Context, reaching};
use crate::facts::Facts;
use crate::net::{Attempted, ErrorKind, Handshake, NetError, OpensslsOwn};
use crate::said::spoken;
use crate::settings::Settings;

pub(super) static SPEC: Spec = Spec {
    id: ID,
    title: "the TLS handshake completes",
    explain: "\
Begins TLS 1.2 or 1.3 with the endpoint's name as SNI and with HTTP/2 and HTTP/1.1 on offer, and waits for the handshake \
to complete, whatever the certificate is: that is for the next check.

A connection that is made and then goes silent or is reset has been looked into: firewalls that let TCP 443 through often \
read the server name in the first packet and act on it. Something that does not speak TLS at all is a proxy, a portal or \
another service on that port.

The first message is the one that Node 22 and newer, Go, Bun and browsers send: its hybrid key share (X25519MLKEM768) makes it \
larger than one packet. Where only the smaller one of curl, Python and Java is answered, that is a warning, and everything \
after goes on with the smaller one. Where neither is answered and OpenSSL would be, the tool says that it cannot tell.

Usually broken by SNI filtering whose list lacks the host, by inspection that is overloaded or fails on TLS 1.3, or by a \
path whose MTU is smaller than its ends believe, so that large packets vanish.",
    vantages: &[Vantage::Inside],
    required: super::required,
    codes: &[&STALLED, &RESET_IN_HANDSHAKE, &NOT_TLS, &TLS_TOO_OLD, &ALERT, &CLIENT_CERTIFICATE, &FAILED, &NOT_SPOKEN, &LARGE_HELLO],
    needs: &[connects::ID],
    plan: |_, settings| Planned::each(settings.server_endpoints().into_iter().cloned().map(Shakes), String::new()),
};

pub(super) const ID: CheckId = CheckId::new("egress.handshake");

struct Shakes(Endpoint);

impl Check for Shakes {
    fn subject(&self) -> Option<String> {
        Some(self.0.to_string())
    }

    fn about(&self) -> About {
        About::Endpoint(self.0.clone())
    }

    fn contacts(&self, _: &Facts, settings: &Settings) -> Vec<Contact> {
        reaching(&self.0, true, settings, "whether the handshake completes")
    }

    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
        Box::pin(async move {
            match cx.way(&self.0).await {
                Some(way) => {
                    let shaken = cx.network.handshake(&way).await;
                    judge(&self.0, &shaken, cx).via(way.via()).with_passing("address", way.first_hop().to_string())
                }
                None => Outcome::graded(Grade::Declared).because(lost(&self.0)),
            }
        })
    }
}

fn judge(endpoint: &Endpoint, shaken: &Attempted<Handshake>, cx: &Context) -> Outcome {
    let outcome = Outcome::graded(Grade::Reached).tried(shaken.attempts);
    match &shaken.result {
        Ok(handshake) => {
            let protocol = handshake.protocol.clone().unwrap_or_else(|| "none agreed on".to_owned());
            let version = handshake.version.replace("TLSv1_", "TLS 1.");
            let outcome = outcome
                .in_short(version.clone())
                .with("protocol", version)
                .with("cipher", handshake.cipher.clone())
                .with("application protocol", protocol);
            match &handshake.small_hello_only {
                Some(how) => outcome.because(large_hello(endpoint, how)),
                None => outcome,
            }
        }
        Err(error) => outcome.with("failure", error.detail.clone()).because(problem(endpoint, error, cx)),
    }
}

fn openssl(endpoint: &Endpoint, cx: &Context) -> Command {
    s_client(endpoint, cx.settings.proxy_for(endpoint), "</dev/null")
}

fn problem(endpoint: &Endpoint, error: &NetError, cx: &Context) -> Finding {
    match &error.kind {
        ErrorKind::TimedOut(_) => stalled(endpoint, cx),
        ErrorKind::Reset => cut(endpoint, "is reset", cx),
        ErrorKind::Closed => cut(endpoint, "is closed without an answer", cx),
        ErrorKind::NotTls(first) => not_tls(endpoint, first, cx),
        ErrorKind::TlsTooOld => too_old(endpoint, cx),
        ErrorKind::Alert(alert) => alerted(endpoint, alert, cx),
        ErrorKind::ClientCertificateRequired => client_certificate(endpoint, cx),
        ErrorKind::Beyond(taken) => not_spoken(endpoint, taken, cx),
        _ => failed(endpoint, error, cx),
    }
}

/// What a list of what is to be done says of a tunnel that leads nowhere.
const IN_THE_PROXY: &str = "find out what the proxy does with the tunnel";

/// And of TLS inspection that is in the way.
fn exempting(endpoint: &Endpoint) -> String {
    format!("exempt {} from TLS inspection", called(&endpoint.host))
}

fn stalled(endpoint: &Endpoint, cx: &Context) -> Finding {
    let limit = spoken(cx.settings.timeout.value);
    if let Some(proxy) = cx.settings.proxy_for(endpoint) {
        return STALLED.found(
            format!(
                "the proxy {proxy} says that the way to {endpoint} is open, and then nothing comes back within {limit}: it does not reach the host, its inspection hangs, or large packets vanish"
            ),
            Remediation::network(format!(
                "Find out on the proxy {} what becomes of the tunnel to {endpoint}: its own way out, or its TLS inspection, from which {} can be exempted.",
                proxy.endpoint, endpoint.host
            ))
            .in_short(IN_THE_PROXY)
            .verify(openssl(endpoint, cx)),
        );
    }
    STALLED.found(
        format!(
            "{endpoint} accepts the connection, and then nothing comes back within {limit}: the server name is filtered, inspection hangs, or large packets vanish"
        ),
        Remediation::network(format!(
            "Exempt {} from SNI filtering and TLS inspection. To tell the causes apart, repeat the command with another name after -servername: if that answers, the name is filtered; if not, look at the path MTU.",
            endpoint.host
        ))
        .in_short(format!("exempt {} from TLS filters", called(&endpoint.host)))
        .verify(openssl(endpoint, cx)),
    )
}

fn cut(endpoint: &Endpoint, how: &str, cx: &Context) -> Finding {
    if let Some(proxy) = cx.settings.proxy_for(endpoint) {
        return RESET_IN_HANDSHAKE.found(
            format!(
                "the proxy {proxy} says that the way to {endpoint} is open, and then the connection {how} in the handshake: it did not reach the host after all, or a TLS filter there has seen the server name"
            ),
            Remediation::network(format!(
                "Look in the log of the proxy {} why it ends the tunnel to {endpoint}: its own way out (DNS, firewall), or its TLS filter or inspection, which has to allow the server name {}.",
                proxy.endpoint, endpoint.host
            ))
            .in_short(IN_THE_PROXY)
            .verify(openssl(endpoint, cx)),
        );
    }
    RESET_IN_HANDSHAKE.found(
        format!("{endpoint} accepts the connection, which then {how} in the handshake, as a filter does that has seen the server name"),
        Remediation::network(format!("Allow the server name {} (TCP {}) in the firewall's or proxy's TLS filter.", endpoint.host, endpoint.port))
            .in_short(format!("allow {} in the TLS filter", called(&endpoint.host)))
            .verify(openssl(endpoint, cx)),
    )
}

fn not_tls(endpoint: &Endpoint, first: &str, cx: &Context) -> Finding {
    let heard = if first.is_empty() { String::new() } else { format!(" (“{first}”)") };
    if let Some(proxy) = cx.settings.proxy_for(endpoint) {
        return NOT_TLS.found(
            format!(
                "the proxy {proxy} says that the way to {endpoint} is open, and answers in it with something that is not TLS{heard}: a page of its own, or of a box behind it"
            ),
            Remediation::network(format!(
                "Let the proxy {} open tunnels to {endpoint} untouched: allow the destination in its policy, and look in its log what it answers with instead.",
                proxy.endpoint
            ))
            .in_short(format!("allow {} on the proxy", called(&endpoint.host)))
            .verify(openssl(endpoint, cx)),
        );
    }
    NOT_TLS.found(
        format!("{endpoint} answers with something that is not TLS{heard}: another service or a portal stands there"),
        Remediation::network(format!(
            "Let TCP {} to {} through to the internet untouched: a box on the way answers in its place.",
            endpoint.port, endpoint.host
        ))
        .in_short(format!("let {} through untouched", called(&endpoint.host)))
        .verify(openssl(endpoint, cx)),
    )
}

fn too_old(endpoint: &Endpoint, cx: &Context) -> Finding {
    TLS_TOO_OLD.found(
        format!("what answers at {endpoint} refuses TLS 1.2 and TLS 1.3, which WorkOS speaks: it is a box on the way"),
        Remediation::network(format!(
            "Update the inspecting proxy to TLS 1.2 or newer, or exempt {} from inspection.",
            endpoint.host
        ))
        .in_short("update the inspecting proxy")
        .verify(s_client(endpoint, cx.settings.proxy_for(endpoint), "-tls1_2 </dev/null")),
    )
}

fn alerted(endpoint: &Endpoint, alert: &str, cx: &Context) -> Finding {
    ALERT.found(
        format!("what answers at {endpoint} ends the handshake with the alert {alert}"),
        Remediation::network(format!(
            "Exempt {} from TLS inspection, or find the alert {alert} in the inspecting proxy's log.",
            endpoint.host
        ))
        .in_short(exempting(endpoint))
        .verify(openssl(endpoint, cx)),
    )
}

fn client_certificate(endpoint: &Endpoint, cx: &Context) -> Finding {
    CLIENT_CERTIFICATE.found(
        format!("what answers at {endpoint} wants a client certificate, which WorkOS does not: it is a box on the way"),
        Remediation::network(format!("Exempt {} from the gateway that demands client certificates.", endpoint.host))
            .in_short(format!("exempt {} from that gateway", called(&endpoint.host)))
            .verify(openssl(endpoint, cx)),
    )
}

fn not_spoken(endpoint: &Endpoint, taken: &OpensslsOwn, cx: &Context) -> Finding {
    let enable = match taken {
        OpensslsOwn::Suite(_) => "ECDHE with AES-GCM",
        OpensslsOwn::Group(_) => "the groups X25519 and P-256",
    };
    NOT_SPOKEN.found(
        format!("what answers at {endpoint} refuses what this tool offers, and takes what OpenSSL offers besides ({})", taken.in_words()),
        Remediation::network(format!(
            "Enable {enable} on the box that answers for {}, which every program speaks, or exempt the host from TLS inspection; until then run the command below: where it completes, so do curl, Python, Ruby and PHP.",
            endpoint.host
        ))
        .in_short(format!("enable {enable}"))
        .verify(openssl(endpoint, cx)),
    )
}

fn large_hello(endpoint: &Endpoint, how: &ErrorKind) -> Finding {
    let became = match how {
        ErrorKind::TimedOut(_) => "stays unanswered".to_owned(),
        ErrorKind::Alert(alert) => format!("is refused with the alert {alert}"),
        _ => "ends the connection".to_owned(),
    };
    LARGE_HELLO.found(
        format!(
            "a first message of TLS to {endpoint} that is larger than one packet {became}, and a smaller one is answered: Node 22 and newer, Go, Bun and browsers send the large one and fail, curl, Python and Java do not"
        ),
        Remediation::network(format!(
            "Update the firewall or proxy that reads the server name on the way to {}, so that it puts a ClientHello of several packets together, or exempt the host from that.",
            endpoint.host
        ))
        .verify(command!(
            "openssl s_client -connect {} -servername {} -alpn \"http/1.1$(printf ',%0200d' 1 2 3 4 5 6 7)\" </dev/null",
            endpoint, endpoint.host
        ))
        .or(Remediation::vendor("Until then let the application offer no hybrid key share: GODEBUG=tlsmlkem=0 in the environment of Go, tls.DEFAULT_ECDH_CURVE = 'X25519:P-256' in Node.")),
    )
}

fn failed(endpoint: &Endpoint, error: &NetError, cx: &Context) -> Finding {
    FAILED.found(
        format!("the handshake with {endpoint} fails: {}", error.detail),
        Remediation::network(format!(
            "Exempt {} from TLS inspection, and compare what the command below prints from here and from elsewhere.",
            endpoint.host
        ))
        .in_short(exempting(endpoint))
        .verify(openssl(endpoint, cx)),
    )
}

fn lost(endpoint: &Endpoint) -> Finding {
    FAILED.found(
        format!("no connection to {endpoint} is left to shake hands on"),
        Remediation::network(format!(
            "Find out why connections to {endpoint} come and go: a rate limit or a state table that is full."
        ))
        .in_short("find out why connections come and go"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Status;
    use crate::checks::fixture::{Held, Site, ask, codes};
    use crate::net::Phase;
    use crate::net::fake::{Fake, certificate, handshake};

    const API: &str = "api.workos.com";

    async fn run(shaken: Result<Handshake, ErrorKind>) -> Held {
        let network = Fake::default()
            .resolves(API, Ok(&["104.18.2.1"]))
            .serves("10.20.0.53:53", API, Ok(&["104.18.2.1"]))
            .connects("104.18.2.1:443", Ok(()))
            .shakes(API, shaken);
        ask(&SPEC, &Shakes(Endpoint::new(API, 443)), &Site::of(network).context()).await
    }

    #[tokio::test]
    async fn a_handshake_passes_whatever_the_certificate_is() {
        let untrusted = Err(crate::net::CertificateProblem::UnknownIssuer);
        let outcome = run(Ok(handshake(certificate(API, "Corp"), untrusted.clone(), untrusted))).await;

        assert_eq!((outcome.status(), outcome.grade), (Status::Pass, Grade::Reached));
        assert_eq!(outcome.evidence[0].value, "TLS 1.3");
    }

    #[tokio::test]
    async fn each_way_of_failing_has_its_own_code() {
        for (kind, code) in [
            (ErrorKind::TimedOut(Phase::Handshake), "stalled"),
            (ErrorKind::Reset, "reset-in-handshake"),
            (ErrorKind::Closed, "reset-in-handshake"),
            (ErrorKind::NotTls("HTTP/1.1 400 Bad Request".to_owned()), "not-tls"),
            (ErrorKind::TlsTooOld, "tls-too-old"),
            (ErrorKind::Alert("handshake_failure".to_owned()), "alert"),
            (ErrorKind::ClientCertificateRequired, "client-certificate-required"),
            (ErrorKind::Beyond(OpensslsOwn::Suite("AES128-SHA")), "not-spoken"),
            (ErrorKind::Other, "failed"),
        ] {
            assert_eq!(codes(&run(Err(kind)).await), [code]);
        }
    }

    #[tokio::test]
    async fn a_large_first_message_that_is_lost_is_a_warning_that_says_how() {
        for (how, words) in [
            (ErrorKind::TimedOut(Phase::Handshake), "stays unanswered"),
            (ErrorKind::Reset, "ends the connection"),
            (ErrorKind::Alert("decode_error".to_owned()), "the alert decode_error"),
        ] {
            let mut shaken = handshake(certificate(API, "WE1"), Ok(()), Ok(()));
            shaken.small_hello_only = Some(how);
            let outcome = run(Ok(shaken)).await;

            assert_eq!((outcome.status(), codes(&outcome)), (Status::Warn, vec!["large-hello"]));
            assert!(outcome.findings[0].problem.contains(words), "{}", outcome.findings[0].problem);
        }
    }

    #[tokio::test]
    async fn what_is_not_tls_is_quoted() {
        let outcome = run(Err(ErrorKind::NotTls("HTTP/1.1 400 Bad Request".to_owned()))).await;

        assert!(outcome.findings[0].problem.contains("“HTTP/1.1 400 Bad Request”"));
    }
}
