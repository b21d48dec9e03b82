//! Is the certificate of an endpoint trusted, and is it the real one?

pub(in crate::checks) mod codes;
mod refused;
mod words;

use std::time::SystemTime;

use self::codes::{
    BUNDLE_DAMAGED, CA_EXPIRED, CA_LIMITED, CANNOT_JUDGE, EXPIRED, INCOMPLETE_CHAIN, INTERCEPTED, INVALID,
    NO_ALTERNATIVE_NAME, NOT_A_CA, NOT_FOR_SERVERS, NOT_YET_VALID, SELF_SIGNED, STORE_LACKS_ROOT, STRICTER, UNTRUSTED,
    WEAK_KEY, WEAK_SIGNATURE, WRONG_NAME,
};
use self::words::{
    expired, incomplete, intercepted, invalid, namesake, no_alternative_name, not_yet_valid, openssl, self_signed,
    store_lacks_root, untrusted, verifying, wrong_name,
};
use super::handshake;
use crate::check::{
    About, Check, CheckId, Contact, Endpoint, Finding, Grade, Outcome, Planned, Remediation, Remediations, Running,
    Severity, Spec, Touch, Vantage, command,
};
use crate::context::{Context, NOT_AGAIN, reaching};
use crate::facts::Facts;
use crate::net::{CertificateProblem, Handshake, Place, Rule, Way};
use crate::said::day;
use crate::settings::{Proxy, Settings};

pub(super) static SPEC: Spec = Spec {
    id: ID,
    title: "the certificate is trusted",
    explain: "\
Holds the presented certificate chain against two sets of roots: what this host trusts (the system's store and \
--ca-bundle), and the public roots that browsers trust.

The application sends its API key to whoever holds this certificate. A chain that is trusted here and not in public was \
made by an inspecting proxy: that works for applications that use the system's store, and fails for those that bring \
their own list of roots, as many SDKs and containers do.

A CA in the store is not enough for every program. What OpenSSL refuses at its usual security level (a CA that has expired, that \
is not marked as one, whose key is too short, a file with a damaged block) is an error here too; what only stricter programs \
refuse, such as Python 3.13, is a warning; and what this tool cannot verify, it does not judge.

Usually broken by a TLS-inspecting proxy whose CA is missing from the store (of the host, or of the container image), by \
a clock that is wrong, or by a box on the way that answers with its own certificate.",
    vantages: &[Vantage::Inside],
    required: super::required,
    codes: &[
        &UNTRUSTED, &STORE_LACKS_ROOT, &SELF_SIGNED, &INCOMPLETE_CHAIN, &EXPIRED, &NOT_YET_VALID, &WRONG_NAME, &NO_ALTERNATIVE_NAME,
        &CA_EXPIRED, &NOT_A_CA, &CA_LIMITED, &NOT_FOR_SERVERS, &WEAK_KEY,
        &WEAK_SIGNATURE, &BUNDLE_DAMAGED, &INVALID, &CANNOT_JUDGE, &INTERCEPTED, &STRICTER,
    ],
    needs: &[handshake::ID],
    plan: |_, settings| Planned::each(settings.server_endpoints().into_iter().cloned().map(Trusted), String::new()),
};

pub(super) const ID: CheckId = CheckId::new("egress.trusted");

struct Trusted(Endpoint);

impl Check for Trusted {
    fn subject(&self) -> Option<String> {
        Some(self.0.to_string())
    }

    fn about(&self) -> About {
        About::Endpoint(self.0.clone())
    }

    fn contacts(&self, _: &Facts, given: &Settings) -> Vec<Contact> {
        let mut contacts = reaching(&self.0, true, given, "whose certificate answers");
        contacts.extend(super::whose_addresses(&self.0, given));
        contacts.extend([
            Contact::new(Touch::TRUST_VARIABLES, "which file holds a CA that is not trusted here"),
            Contact::new(Touch::CLOCK, "whether the certificate holds now"),
        ]);
        contacts
    }

    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
        Box::pin(async move {
            let lost = |detail: String| {
                Outcome::graded(Grade::Reached).because(invalid(&self.0, &detail, &Kept::of(cx, &self.0)))
            };
            let Some(way) = cx.way(&self.0).await else {
                return lost(NOT_AGAIN.to_owned());
            };
            let shaken = cx.network.handshake(&way).await;
            match &shaken.result {
                Ok(handshake) => {
                    let outcome = judge(&self.0, handshake, cx.host.now(), &Kept::of(cx, &self.0));
                    elsewhere_first(&self.0, &way, outcome, cx).via(way.via()).tried(shaken.attempts)
                }
                Err(error) => lost(error.detail.clone()),
            }
        })
    }
}

/// Where a certificate does not hold at an address from which the API never answers, the address comes first.
fn elsewhere_first(endpoint: &Endpoint, way: &Way, outcome: Outcome, cx: &Context) -> Outcome {
    let address = way.first_hop().ip().to_canonical();
    let is_elsewhere = *endpoint == cx.settings.api.value
        && cx.settings.proxy_for(endpoint).is_none()
        && cx.cloudflare_range(address).is_none();
    if !is_elsewhere {
        return outcome;
    }
    let first = Remediation::network(format!(
        "Have {} resolve to its public addresses: {address} lies outside the ranges from which it answers, so what stands there is not WorkOS, and no trusted CA makes it so.",
        endpoint.host
    ))
    .in_short("have DNS give its public addresses")
    .verify(command!("getent ahosts {}; dig @1.1.1.1 {} A +short", endpoint.host, endpoint.host));
    let findings = outcome.findings.each(|finding| match finding.code.severity {
        Severity::Error => {
            let then = finding.remediations.iter().cloned();
            let remediations = then.fold(first.clone().into(), Remediations::or);
            Finding { remediations, ..finding }
        }
        _ => finding,
    });
    Outcome { findings, ..outcome }
}

/// Where the roots of this host are named.
#[derive(Default)]
struct Kept {
    /// The file of `--ca-bundle`.
    bundle: Option<String>,
    /// The file that `SSL_CERT_FILE` names.
    named_file: Option<String>,
    /// What variables name that some programs alone read.
    elsewhere: Vec<(&'static str, String)>,
    /// The proxy on the way, for the commands.
    proxy: Option<Proxy>,
}

impl Kept {
    fn of(cx: &Context, endpoint: &Endpoint) -> Self {
        Kept {
            bundle: cx.settings.ca_bundle.as_ref().map(|file| file.value.display().to_string()),
            named_file: cx.trust.named_file.clone(),
            elsewhere: cx.trust_variables().to_vec(),
            proxy: cx.settings.proxy_for(endpoint).cloned(),
        }
    }
}

fn judge(endpoint: &Endpoint, handshake: &Handshake, now: SystemTime, kept: &Kept) -> Outcome {
    let mut outcome = Outcome::graded(if handshake.here.is_ok() { Grade::Identified } else { Grade::Reached });
    if let Some(leaf) = handshake.chain.first() {
        outcome.saw("issuer", leaf.issuer.clone());
    }
    for (place, link) in handshake.chain.iter().enumerate() {
        outcome.saw(
            if place == 0 { "leaf" } else { "issuer certificate" },
            format!(
                "{}; issued by {}; {} to {}; SHA-256 {}",
                link.subject,
                link.issuer,
                day(link.not_before),
                day(link.not_after),
                link.sha256
            ),
        );
    }
    outcome.saw("public roots", if handshake.public.is_ok() { "trusted" } else { "not trusted" });
    let Some(leaf) = handshake.chain.first() else {
        return outcome.because(invalid(endpoint, "no certificate was presented", kept));
    };
    match (&handshake.here, &handshake.public) {
        (Ok(()), Ok(())) => outcome.in_short(format!("publicly trusted ({})", leaf.issued_by())),
        (Ok(()), Err(_)) => {
            let stricter = refused::stricter(endpoint, &handshake.doubts, kept);
            stricter.into_iter().fold(outcome.because(intercepted(endpoint, leaf, kept)), Outcome::because)
        }
        (Err(problem), public) => outcome.because(match problem {
            // The store is the odd one out when the public roots accept what the server sends.
            CertificateProblem::UnknownIssuer
            | CertificateProblem::Namesake(_)
            | CertificateProblem::IncompleteChain
            | CertificateProblem::SelfSigned
                if public.is_ok() =>
            {
                store_lacks_root(endpoint, leaf, kept)
            }
            // An old store leads to a root that has ended, or to none that holds; a newer one would lead elsewhere.
            CertificateProblem::Refused(flaw)
                if public.is_ok()
                    && matches!(flaw.place, Place::Root(_))
                    && !matches!(flaw.rule, Rule::FileDamaged(_) | Rule::NotTrustedForServers | Rule::NotBegun(_)) =>
            {
                refused::store_outdated(endpoint, flaw, kept)
            }
            CertificateProblem::Expired if public.is_ok() => store_lacks_root(endpoint, leaf, kept),
            CertificateProblem::UnknownIssuer => untrusted(endpoint, leaf, kept),
            CertificateProblem::Namesake(file) => namesake(endpoint, leaf, file, kept),
            CertificateProblem::SelfSigned => self_signed(endpoint, leaf, kept),
            CertificateProblem::IncompleteChain => incomplete(endpoint, leaf, kept),
            CertificateProblem::Expired => expired(endpoint, &handshake.chain, now, kept),
            CertificateProblem::NotYetValid => not_yet_valid(endpoint, &handshake.chain, now, kept),
            CertificateProblem::WrongName => wrong_name(endpoint, leaf, kept),
            CertificateProblem::NoAlternativeName => no_alternative_name(endpoint, kept),
            CertificateProblem::Refused(flaw) => refused::refused(endpoint, flaw, &leaf.issuer_in_words(), kept),
            CertificateProblem::Unjudged(why) => refused::cannot_judge(endpoint, why, kept),
            CertificateProblem::Other(detail) => invalid(endpoint, detail, kept),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Status;
    use crate::checks::fixture::{Held, Site, ask, codes, held};
    use crate::context::IPV4_ONLY;
    use crate::net::fake::{Fake, certificate, handshake};
    use crate::net::{Flaw, Place, RecordKind, Records, Rule};
    use std::time::Duration;

    fn judge(endpoint: &Endpoint, handshake: &Handshake, now: SystemTime, kept: &Kept) -> Held {
        held(&SPEC, super::judge(endpoint, handshake, now, kept))
    }

    const API: &str = "api.workos.com";

    fn judged(issuer: &str, here: Result<(), CertificateProblem>, public: Result<(), CertificateProblem>) -> Held {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000);
        judge(&Endpoint::new(API, 443), &handshake(certificate(API, issuer), here, public), now, &Kept::default())
    }

    #[test]
    fn a_public_chain_identifies_the_endpoint() {
        let outcome = judged("WE1", Ok(()), Ok(()));

        assert_eq!((outcome.status(), outcome.grade), (Status::Pass, Grade::Identified));
    }

    #[tokio::test]
    async fn at_an_address_from_which_the_api_never_answers_the_address_is_mended_first() {
        for (address, first) in [
            ("198.51.100.7", "Have api.workos.com resolve"),
            ("2001:db8::7", "Have api.workos.com resolve"),
            ("64:ff9b::c633:6407", "Have api.workos.com resolve"),
            ("104.18.2.1", "Exempt api.workos.com"),
            ("64:ff9b::6812:201", "Exempt api.workos.com"),
            ("2606:4700::1", "Exempt api.workos.com"),
        ] {
            let cx = Site::of(Fake::default()).context();
            let endpoint = Endpoint::new(API, 443);
            let way = Way::direct(&endpoint, address.parse().unwrap());
            let unknown = || Err(CertificateProblem::UnknownIssuer);
            let judged = judged("Corp", unknown(), unknown()).into_outcome();
            let outcome = held(&SPEC, elsewhere_first(&endpoint, &way, judged, &cx));

            assert!(outcome.findings[0].remediations.likeliest().action.starts_with(first), "{address}");
        }
    }

    #[tokio::test]
    async fn an_api_or_a_proxy_that_is_given_by_address_is_judged_whatever_was_asked_of_translators_before() {
        const API_URL: &str = "workos.api_url";

        let own = Records { addresses: vec!["fd00:64::c000:aa".parse().unwrap()], ..Records::default() };
        for (name, value, place, first) in [
            (API_URL, "https://[fd00:64::6812:201]", "[fd00:64::6812:201]:443", "Exempt fd00:64::6812:201"),
            (API_URL, "https://[fd00::5]", "[fd00::5]:443", "Have fd00::5 resolve"),
            ("network.proxy", "http://[fd00::9]:3128", "[fd00::9]:3128", "Exempt api.workos.com"),
        ] {
            let network = Fake::default().connects(place, Ok(()));
            let network = network.answers("10.20.0.53:53", IPV4_ONLY, RecordKind::Aaaa, Ok(own.clone()));
            let host = Site::of(Fake::default()).with(name, value).settings().api.value.host;
            let shaken = handshake(certificate(&host, "Corp"), unknown(), unknown());
            let cx = Site::of(network.shakes(&host, Ok(shaken))).with(name, value).context();
            cx.nat64().await;
            let outcome = ask(&SPEC, &Trusted(cx.settings.api.value.clone()), &cx).await;

            let said = &outcome.findings[0].remediations.likeliest().action;
            assert!(said.starts_with(first), "{name} {value}: {said}");
        }
    }

    #[test]
    fn trusted_here_alone_is_interception_and_names_issuer_and_product() {
        let outcome = judged("Zscaler Root CA", Ok(()), Err(CertificateProblem::UnknownIssuer));

        assert_eq!((outcome.status(), codes(&outcome)), (Status::Warn, vec!["intercepted"]));
        assert!(outcome.findings[0].problem.contains("“Zscaler Root CA”, likely Zscaler"));
    }

    #[test]
    fn a_ca_that_a_variable_names_for_some_programs_is_offered_to_look_with() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000);
        let unknown = || Err(CertificateProblem::UnknownIssuer);
        let shaken = handshake(certificate(API, "Corp"), unknown(), unknown());
        let elsewhere = vec![("NODE_EXTRA_CA_CERTS", "/etc/ssl/corp $ca.pem".to_owned())];
        let outcome = judge(&Endpoint::new(API, 443), &shaken, now, &Kept { elsewhere, ..Kept::default() });
        let other = outcome.findings[0].remediations.iter().nth(1).unwrap();

        assert!(other.action.contains("NODE_EXTRA_CA_CERTS") && other.action.contains("--ca-bundle /etc/ssl/corp"));
        assert!(other.verify.as_ref().unwrap().as_str().contains("'/etc/ssl/corp $ca.pem'"));
    }

    #[test]
    fn an_old_root_in_the_store_is_the_stores_fault_where_the_public_roots_hold() {
        let old = |rule, place: &str| {
            let flaw = Flaw { rule, name: "Old Root X3".to_owned(), place: Place::Root(place.to_owned()) };
            Err(CertificateProblem::Refused(flaw))
        };
        let ended = Rule::Ended(SystemTime::UNIX_EPOCH);
        let outcome = judged("R3", old(ended.clone(), "/etc/ssl/certs/ca-certificates.crt"), Ok(()));

        assert_eq!(codes(&outcome), ["store-lacks-root"]);
        assert!(outcome.findings[0].problem.contains("“Old Root X3” (/etc/ssl/certs/ca-certificates.crt) expired on"));
        assert!(outcome.findings[0].remediations.iter().all(|one| one.who == crate::check::Who::Installer));
        assert_eq!(codes(&judged("R3", Err(CertificateProblem::Expired), Ok(()))), ["store-lacks-root"]);
        let untrusted = Err(CertificateProblem::UnknownIssuer);
        assert_eq!(codes(&judged("R3", old(ended, "/etc/ssl/corp.pem"), untrusted.clone())), ["ca-expired"]);
        assert_eq!(codes(&judged("R3", old(Rule::FileDamaged(3), "/etc/ssl/corp.pem"), Ok(()))), ["bundle-damaged"]);
        let limits = old(Rule::OtherNamesOnly(vec!["customer.example".to_owned()]), "/etc/ssl/corp.pem");
        let limited = judged("Corp", limits, untrusted);
        assert!(limited.findings[0].remediations.likeliest().action.contains("name constraints"), "{limited:?}");
    }

    #[test]
    fn behind_a_proxy_the_commands_take_the_same_way() {
        let through = |url: &str| {
            let kept = Kept { proxy: Some(Proxy::parse(url).unwrap()), ..Kept::default() };
            let untrusted = Err(CertificateProblem::UnknownIssuer);
            let seen = handshake(certificate(API, "Corp"), untrusted.clone(), untrusted);
            let outcome = judge(&Endpoint::new(API, 443), &seen, SystemTime::UNIX_EPOCH, &kept);
            outcome.findings[0].remediations.likeliest().verify.clone().unwrap().to_string()
        };

        assert_eq!(
            through("http://p.example:3128"),
            "openssl s_client -proxy p.example:3128 -connect api.workos.com:443 -servername api.workos.com -showcerts </dev/null"
        );
        assert!(through("http://u:planted@p.example:3128").contains("-proxy_user USER -proxy_pass pass:PASSWORD"));
        for url in ["https://p.example:3129", "socks5h://p.example:1080"] {
            assert_eq!(through(url), format!("curl -sv --proxy {url} https://api.workos.com/"));
        }
    }

    #[test]
    fn each_way_of_not_holding_has_its_own_code() {
        for (problem, code) in [
            (CertificateProblem::UnknownIssuer, "untrusted"),
            (CertificateProblem::SelfSigned, "self-signed"),
            (CertificateProblem::IncompleteChain, "incomplete-chain"),
            (CertificateProblem::Expired, "expired"),
            (CertificateProblem::NotYetValid, "not-yet-valid"),
            (CertificateProblem::WrongName, "wrong-name"),
            (CertificateProblem::NoAlternativeName, "no-alternative-name"),
            (CertificateProblem::Namesake("/etc/ssl/corp.pem".to_owned()), "untrusted"),
            (CertificateProblem::Other("odd".to_owned()), "invalid"),
        ] {
            assert_eq!(codes(&judged("Corp", Err(problem.clone()), Err(problem))), [code]);
        }
    }

    #[test]
    fn what_openssl_refuses_is_a_failure_that_names_the_ca_and_its_file() {
        let ended = Rule::Ended(SystemTime::UNIX_EPOCH);
        for (rule, code) in [
            (ended, "ca-expired"),
            (Rule::NotCa, "not-a-ca"),
            (Rule::SignsNoCertificates, "not-a-ca"),
            (Rule::TooDeep(0), "ca-limited"),
            (Rule::NotTrustedForServers, "ca-limited"),
            (Rule::OtherNamesOnly(vec!["corp.example".to_owned()]), "ca-limited"),
            (Rule::ShortKey("RSA key of 1024 bits".to_owned()), "weak-key"),
            (Rule::WeakSignature("SHA-1"), "weak-signature"),
            (Rule::FileDamaged(7), "bundle-damaged"),
        ] {
            let place = Place::Root("/etc/ssl/corp.pem".to_owned());
            let flaw = Flaw { rule, name: "Corp Inspect CA".to_owned(), place };
            let outcome = judged("Corp Inspect CA", Err(CertificateProblem::Refused(flaw)), unknown());

            assert_eq!((outcome.status(), codes(&outcome)), (Status::Fail, vec![code]));
            let finding = &outcome.findings[0];
            assert!(finding.problem.contains("“Corp Inspect CA” (/etc/ssl/corp.pem)"), "{}", finding.problem);
            let verify = finding.remediations.likeliest().verify.as_ref().unwrap();
            assert!(verify.as_str().contains("-CAfile /etc/ssl/corp.pem"), "{verify}");
        }
        let own = Flaw { rule: Rule::NotForServers, name: API.to_owned(), place: Place::Leaf };
        assert_eq!(codes(&judged("Corp", Err(CertificateProblem::Refused(own)), unknown())), ["not-for-servers"]);
    }

    #[test]
    fn what_only_strict_programs_refuse_warns_and_what_cannot_be_verified_is_unknown() {
        let doubt = |rule| Flaw { rule, name: "Corp".to_owned(), place: Place::Root("/etc/ssl/corp.pem".to_owned()) };
        let mut shaken = handshake(certificate(API, "Corp"), Ok(()), unknown());
        shaken.doubts = vec![doubt(Rule::NotARoot), doubt(Rule::NoKeyId), doubt(Rule::BasicConstraintsNotCritical)];
        let strict = judge(&Endpoint::new(API, 443), &shaken, SystemTime::UNIX_EPOCH, &Kept::default());
        let unjudged = CertificateProblem::Unjudged("it is signed with SHA-224".to_owned());
        let unjudged = judged("Corp", Err(unjudged), unknown());

        assert_eq!(
            (strict.status(), codes(&strict)),
            (Status::Warn, vec!["intercepted", "stricter-programs", "stricter-programs"])
        );
        assert_eq!((unjudged.status(), codes(&unjudged)), (Status::Unknown, vec!["cannot-judge"]));
    }

    #[test]
    fn a_public_chain_that_the_store_lacks_the_root_of_is_the_stores_whatever_is_named() {
        for here in [
            CertificateProblem::UnknownIssuer,
            CertificateProblem::IncompleteChain,
            CertificateProblem::Namesake("/etc/ssl/old.pem".to_owned()),
        ] {
            assert_eq!(codes(&judged("WE1", Err(here), Ok(()))), ["store-lacks-root"]);
        }
        let named = Kept { named_file: Some("/etc/corp.pem".to_owned()), ..Kept::default() };
        let shaken = handshake(certificate(API, "WE1"), unknown(), Ok(()));
        let outcome = judge(&Endpoint::new(API, 443), &shaken, SystemTime::UNIX_EPOCH, &named);
        assert!(outcome.findings[0].remediations.likeliest().action.contains("/etc/corp.pem"));
    }

    fn unknown() -> Result<(), CertificateProblem> {
        Err(CertificateProblem::UnknownIssuer)
    }

    #[test]
    fn a_store_without_public_roots_is_the_installers_to_mend() {
        let outcome = judged("WE1", Err(CertificateProblem::UnknownIssuer), Ok(()));

        assert_eq!(
            (codes(&outcome), outcome.findings[0].remediations.likeliest().who.as_str()),
            (vec!["store-lacks-root"], "installer")
        );
    }
}
