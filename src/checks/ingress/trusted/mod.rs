//! Is the installation's certificate one that WorkOS and browsers trust?

pub(in crate::checks) mod codes;

use std::time::{Duration, SystemTime};

use self::codes::{
    CANNOT_JUDGE, CLIENT_CERTIFICATE_REQUIRED, EXPIRED, EXPIRES_SOON, INCOMPLETE_CHAIN, INVALID, NO_ALTERNATIVE_NAME,
    NO_HANDSHAKE, NOT_TLS, NOT_YET_VALID, PRIVATE_CA, REFUSED, SELF_SIGNED, TLS_TOO_OLD, WRONG_NAME,
};
use super::{arrival, connects, contacts_of_arrival};
use crate::check::{
    About, Check, CheckId, Command, Contact, Endpoint, Finding, Grade, Outcome, Planned, Remediation, Running, Spec,
    Touch, Vantage, command,
};
use crate::checks::egress::s_client;
use crate::checks::flaw::{breaks, which};
use crate::context::{Context, NOT_AGAIN};
use crate::elsewhere::{OTHERWISE_OUTSIDE, SEEN_LONG_AGO};
use crate::facts::Facts;
use crate::net::{CertificateProblem, ErrorKind, Flaw, Handshake, NetError, Presented};
use crate::said::{day, distance, listed};
use crate::settings::Settings;

pub(super) static SPEC: Spec = Spec {
    id: ID,
    title: "the installation is publicly trusted",
    explain: "\
Shakes hands with the installation and holds its certificate chain against the public roots alone, as WorkOS does: what \
this host trusts besides does not count.

WorkOS delivers webhooks and Actions over verified TLS. Browsers of the customer's own machines may trust a private CA; \
WorkOS does not, and fetches no intermediate certificate that the server leaves out.

Usually broken by a certificate of the company's own CA, by a server configured with the leaf and without the \
intermediate, or by a renewal that was installed in one place and not in the other.",
    vantages: &[Vantage::Inside, Vantage::Outside],
    required: super::required,
    codes: &[
        &SELF_SIGNED, &PRIVATE_CA, &INCOMPLETE_CHAIN, &WRONG_NAME, &EXPIRED, &NOT_YET_VALID, &INVALID, &TLS_TOO_OLD, &NOT_TLS,
        &CLIENT_CERTIFICATE_REQUIRED, &NO_HANDSHAKE, &EXPIRES_SOON, &NO_ALTERNATIVE_NAME, &REFUSED, &CANNOT_JUDGE,
        &SEEN_LONG_AGO, &OTHERWISE_OUTSIDE,
    ],
    needs: &[connects::ID],
    plan: |_, settings| Planned::each(settings.inbound_endpoints().into_iter().map(Trusted), settings.no_inbound_endpoint()),
};

pub(in crate::checks) const ID: CheckId = CheckId::new("ingress.trusted");

/// A renewal that has not come by now is late.
const SOON: Duration = Duration::from_hours(21 * 24);

struct Trusted(Endpoint);

impl Check for Trusted {
    fn subject(&self) -> Option<String> {
        Some(self.0.to_string())
    }

    fn about(&self) -> About {
        About::Endpoint(self.0.clone())
    }

    fn contacts(&self, facts: &Facts, settings: &Settings) -> Vec<Contact> {
        let why = "which certificate the installation shows";
        let mut contacts = contacts_of_arrival(&self.0, true, why, facts, settings);
        contacts.push(Contact::new(Touch::CLOCK, "whether the certificate holds now"));
        contacts
    }

    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
        Box::pin(async move {
            let arrival = arrival(&self.0, cx).await;
            let Some(way) = arrival.way() else {
                return Outcome::graded(Grade::Reached).because(no_handshake(&self.0, NOT_AGAIN));
            };
            let shaken = cx.network.handshake(way).await;
            let outcome = match &shaken.result {
                Ok(handshake) => judge(&self.0, handshake, cx.host.now()),
                Err(error) => failed(&self.0, error),
            };
            outcome.with_passing("address", way.first_hop().to_string()).via("direct").tried(shaken.attempts)
        })
    }
}

fn judge(endpoint: &Endpoint, handshake: &Handshake, now: SystemTime) -> Outcome {
    let mut outcome = Outcome::graded(if handshake.public.is_ok() { Grade::Identified } else { Grade::Reached });
    for link in &handshake.chain {
        outcome.saw(
            "certificate",
            format!("{}; issued by {}; {} to {}", link.subject, link.issuer, day(link.not_before), day(link.not_after)),
        );
    }
    if handshake.asked_for_certificate {
        outcome.saw("client certificate", "asked for, and the handshake completes without one");
    }
    let Some(leaf) = handshake.chain.first() else { return outcome.because(invalid(endpoint, "none was presented")) };
    match &handshake.public {
        Ok(()) if leaf.not_after.duration_since(now).is_ok_and(|left| left < SOON) => {
            outcome.because(expires_soon(endpoint, leaf, now))
        }
        Ok(()) => outcome.in_short(format!("certificate by {} until {}", leaf.issued_by(), day(leaf.not_after))),
        Err(problem) => outcome.because(match problem {
            CertificateProblem::UnknownIssuer | CertificateProblem::Namesake(_) => private_ca(endpoint, leaf),
            CertificateProblem::SelfSigned => self_signed(endpoint, leaf),
            CertificateProblem::IncompleteChain => incomplete(endpoint, leaf),
            CertificateProblem::WrongName => wrong_name(endpoint, leaf),
            CertificateProblem::NoAlternativeName => no_alternative_name(endpoint, leaf),
            CertificateProblem::Refused(flaw) => refused(endpoint, flaw),
            CertificateProblem::Unjudged(why) => cannot_judge(endpoint, why),
            CertificateProblem::Expired => expired(endpoint, leaf, now),
            CertificateProblem::NotYetValid => not_yet_valid(endpoint, leaf, now),
            CertificateProblem::Other(detail) => invalid(endpoint, detail),
        }),
    }
}

fn failed(endpoint: &Endpoint, error: &NetError) -> Outcome {
    let outcome = Outcome::graded(Grade::Reached).with("failure", error.detail.clone());
    outcome.because(match &error.kind {
        ErrorKind::TlsTooOld => too_old(endpoint),
        ErrorKind::NotTls(first) => not_tls(endpoint, first),
        ErrorKind::ClientCertificateRequired => client_certificate(endpoint),
        ErrorKind::Beyond(taken) => cannot_judge(
            endpoint,
            &format!("it refuses what this tool offers, and takes what OpenSSL offers besides ({})", taken.in_words()),
        ),
        _ => no_handshake(endpoint, &error.detail),
    })
}

fn openssl(endpoint: &Endpoint) -> Command {
    s_client(endpoint, None, "-showcerts </dev/null")
}

fn public_certificate(endpoint: &Endpoint) -> Remediation {
    Remediation::installer(format!(
        "Install a certificate for {} from a public CA (such as Let's Encrypt), with its intermediate, on what answers at {endpoint}.",
        endpoint.host
    ))
    .in_short(PUBLIC_CERTIFICATE)
}

const PUBLIC_CERTIFICATE: &str = "install a certificate of a public CA";

fn self_signed(endpoint: &Endpoint, leaf: &Presented) -> Finding {
    SELF_SIGNED.found(
        format!("{endpoint} shows a certificate that is its own issuer ({}): WorkOS refuses it", leaf.subject),
        public_certificate(endpoint).verify(openssl(endpoint)),
    )
}

fn private_ca(endpoint: &Endpoint, leaf: &Presented) -> Finding {
    PRIVATE_CA.found(
        format!(
            "{endpoint} shows a certificate issued by “{}”, which is no public CA: WorkOS refuses it",
            leaf.issuer_in_words()
        ),
        public_certificate(endpoint).verify(openssl(endpoint)),
    )
}

fn incomplete(endpoint: &Endpoint, leaf: &Presented) -> Finding {
    let issuer = leaf.issuer_in_words();
    let from = leaf.issuer_urls.first().map(|url| format!(" (from {url})")).unwrap_or_default();
    INCOMPLETE_CHAIN.found(
        format!("{endpoint} shows its certificate without the intermediate “{issuer}”: browsers may fetch it, WorkOS does not"),
        Remediation::installer(format!("Append the certificate of “{issuer}”{from} to the server's certificate file (the full chain) and reload the server."))
            .in_short("send the certificate's intermediate along")
            .verify(openssl(endpoint)),
    )
}

fn wrong_name(endpoint: &Endpoint, leaf: &Presented) -> Finding {
    WRONG_NAME.found(
        format!("{endpoint} shows a certificate for {}, not for {}", listed(leaf.names.iter().take(5)), endpoint.host),
        public_certificate(endpoint).verify(openssl(endpoint)),
    )
}

fn no_alternative_name(endpoint: &Endpoint, leaf: &Presented) -> Finding {
    NO_ALTERNATIVE_NAME.found(
        format!(
            "{endpoint} shows a certificate that names “{}” only as its common name: that does not count, and there is no subject alternative name",
            leaf.name.as_deref().unwrap_or_default()
        ),
        Remediation::installer(format!(
            "Install a certificate with subjectAltName DNS:{} from a public CA (such as Let's Encrypt), with its intermediate, on what answers at {endpoint}.",
            endpoint.host
        ))
        .in_short(PUBLIC_CERTIFICATE)
        .verify(openssl(endpoint)),
    )
}

fn refused(endpoint: &Endpoint, flaw: &Flaw) -> Finding {
    REFUSED.found(
        format!("{endpoint} shows a chain in which {} {}: TLS clients refuse it", which(flaw), breaks(&flaw.rule)),
        public_certificate(endpoint).verify(openssl(endpoint)),
    )
}

fn cannot_judge(endpoint: &Endpoint, why: &str) -> Finding {
    CANNOT_JUDGE.found(
        format!("this tool cannot judge the certificate that {endpoint} shows: {why}"),
        Remediation::installer(format!(
            "Run the command below: where it ends without a verification error, the certificate of {} holds for what is built on OpenSSL.",
            endpoint.host
        ))
        .in_short("have OpenSSL judge the certificate")
        .verify(command!(
            "openssl s_client -connect {} -servername {} -verify_hostname {} -verify_return_error -auth_level 2 </dev/null",
            endpoint, endpoint.host, endpoint.host
        )),
    )
}

fn expired(endpoint: &Endpoint, leaf: &Presented, now: SystemTime) -> Finding {
    EXPIRED.found(
        format!(
            "{endpoint} shows a certificate that expired on {}, {} ago",
            day(leaf.not_after),
            distance(leaf.not_after, now)
        ),
        Remediation::installer(format!(
            "Renew the certificate of {}, and reload the server so that it shows the new one.",
            endpoint.host
        ))
        .in_short("renew the certificate, and reload the server")
        .verify(openssl(endpoint)),
    )
}

fn not_yet_valid(endpoint: &Endpoint, leaf: &Presented, now: SystemTime) -> Finding {
    NOT_YET_VALID.found(
        format!(
            "{endpoint} shows a certificate that is valid from {} on, {} from now",
            day(leaf.not_before),
            distance(now, leaf.not_before)
        ),
        Remediation::installer(format!(
            "Set this host's clock if it is behind; otherwise install a certificate for {} that holds now.",
            endpoint.host
        ))
        .in_short("set the clock, or install a valid certificate")
        .verify(Command::from("date -u").then(&openssl(endpoint))),
    )
}

fn expires_soon(endpoint: &Endpoint, leaf: &Presented, now: SystemTime) -> Finding {
    EXPIRES_SOON.found(
        format!(
            "{endpoint} shows a certificate that expires on {}, in {}",
            day(leaf.not_after),
            distance(now, leaf.not_after)
        ),
        Remediation::installer(format!(
            "Renew the certificate of {} now, and see why its automatic renewal is late.",
            endpoint.host
        ))
        .in_short("renew the certificate")
        .verify(openssl(endpoint)),
    )
}

fn invalid(endpoint: &Endpoint, detail: &str) -> Finding {
    INVALID.found(
        format!("the certificate that {endpoint} shows does not hold: {detail}"),
        public_certificate(endpoint).verify(openssl(endpoint)),
    )
}

fn too_old(endpoint: &Endpoint) -> Finding {
    TLS_TOO_OLD.found(
        format!("{endpoint} refuses TLS 1.2 and TLS 1.3"),
        Remediation::installer(format!("Enable TLS 1.2 and TLS 1.3 on what answers at {endpoint}."))
            .in_short("enable TLS 1.2 and TLS 1.3")
            .verify(openssl(endpoint).and("-tls1_2")),
    )
}

fn not_tls(endpoint: &Endpoint, first: &str) -> Finding {
    NOT_TLS.found(
        format!("{endpoint} answers with something that is not TLS (“{first}”)"),
        Remediation::installer(format!(
            "Serve HTTPS at {endpoint}: the port leads to a service that speaks something else."
        ))
        .in_short(format!("serve HTTPS at port {}", endpoint.port))
        .verify(openssl(endpoint)),
    )
}

fn client_certificate(endpoint: &Endpoint) -> Finding {
    CLIENT_CERTIFICATE_REQUIRED.found(
        format!("{endpoint} wants a client certificate, which WorkOS and browsers do not have"),
        Remediation::installer(format!(
            "Stop demanding client certificates at {endpoint}, at least for the webhook, Actions and callback paths."
        ))
        .in_short("stop demanding client certificates")
        .verify(openssl(endpoint)),
    )
}

fn no_handshake(endpoint: &Endpoint, detail: &str) -> Finding {
    NO_HANDSHAKE.found(
        format!("the TLS handshake with {endpoint} did not complete from here: {detail}"),
        Remediation::network(format!(
            "Look at the edge and in the log of what listens at {endpoint}, and run the command below from another network: the handshake must complete there."
        ))
        .in_short("find what ends the TLS handshake at the edge")
        .verify(openssl(endpoint)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Status;
    use crate::checks::fixture::{Held, codes, held};
    use crate::net::fake::{certificate, error, handshake};
    use crate::net::{Place, Rule};

    fn judge(endpoint: &Endpoint, handshake: &Handshake, now: SystemTime) -> Held {
        held(&SPEC, super::judge(endpoint, handshake, now))
    }

    const APP: &str = "app.customer.example";

    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000)
    }

    fn judged(public: Result<(), CertificateProblem>, left: Duration) -> Held {
        let mut leaf = certificate(APP, "R11");
        leaf.not_after = now() + left;
        judge(&Endpoint::new(APP, 443), &handshake(leaf, Ok(()), public), now())
    }

    #[test]
    fn only_the_public_roots_count() {
        let public = judged(Ok(()), SOON * 2);

        assert_eq!((public.status(), public.grade), (Status::Pass, Grade::Identified));
        for (problem, code) in [
            (CertificateProblem::UnknownIssuer, "private-ca"),
            (CertificateProblem::SelfSigned, "self-signed"),
            (CertificateProblem::IncompleteChain, "incomplete-chain"),
            (CertificateProblem::WrongName, "wrong-name"),
            (CertificateProblem::Expired, "expired"),
            (CertificateProblem::NotYetValid, "not-yet-valid"),
            (CertificateProblem::NoAlternativeName, "no-alternative-name"),
            (CertificateProblem::Namesake("/etc/ssl/corp.pem".to_owned()), "private-ca"),
            (
                CertificateProblem::Refused(Flaw {
                    rule: Rule::WeakSignature("SHA-1"),
                    name: APP.to_owned(),
                    place: Place::Leaf,
                }),
                "refused",
            ),
            (CertificateProblem::Unjudged("it is signed with SHA-224".to_owned()), "cannot-judge"),
            (CertificateProblem::Other("odd".to_owned()), "invalid"),
        ] {
            assert_eq!(codes(&judged(Err(problem), SOON * 2)), [code]);
        }
    }

    #[test]
    fn a_certificate_in_its_last_weeks_warns() {
        assert_eq!(codes(&judged(Ok(()), Duration::from_hours(240))), ["expires-soon"]);
    }

    #[test]
    fn handshakes_that_fail_come_apart() {
        let failed = |kind| codes(&held(&SPEC, failed(&Endpoint::new(APP, 443), &error(kind))));

        assert_eq!(failed(ErrorKind::TlsTooOld), ["tls-too-old"]);
        assert_eq!(failed(ErrorKind::NotTls("SSH-2.0".to_owned())), ["not-tls"]);
        assert_eq!(failed(ErrorKind::ClientCertificateRequired), ["client-certificate-required"]);
        assert_eq!(failed(ErrorKind::Beyond(crate::net::OpensslsOwn::Suite("AES128-SHA"))), ["cannot-judge"]);
        assert_eq!(failed(ErrorKind::Reset), ["no-handshake"]);
    }
}
