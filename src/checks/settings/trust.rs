//! Which certificate authorities does this host trust?

use crate::check::{
    Check, CheckId, Code, Contact, Finding, Grade, Outcome, Planned, Remediation, Running, Spec, Touch, Vantage,
};
use crate::context::Context;
use crate::net::TrustSummary;

pub(super) static SPEC: Spec = Spec {
    id: ID,
    title: "the trust store can be used",
    explain: "\
Loads the system's certificate authorities (or those that SSL_CERT_FILE and SSL_CERT_DIR name) and those of --ca-bundle, \
counts them, and names the ones that were added.

Everything about TLS is judged against this store. A CA that is here and not in public is usually that of an inspecting \
proxy; the application needs it too, and finds it only if it uses this same store.

Usually broken by a slim container image without the package ca-certificates, by SSL_CERT_FILE that names a file with the \
company's CA alone, or by a company CA that was renewed and not replaced.",
    vantages: &[Vantage::Inside],
    required: super::never,
    codes: &[&UNREADABLE, &EMPTY, &EXPIRED_ROOT],
    needs: &[],
    plan: |_, _| Planned::one(TrustStore),
};

pub(super) const ID: CheckId = CheckId::new("settings.trust");

static UNREADABLE: Code =
    Code::error("unreadable", "the system's trust store could not be read, and there is nothing else");
static EMPTY: Code = Code::error("empty", "the trust store holds no certificate authority");
static EXPIRED_ROOT: Code = Code::warning("expired-root", "a certificate authority that --ca-bundle adds has ended");

struct TrustStore;

impl Check for TrustStore {
    fn contacts(&self) -> Vec<Contact> {
        vec![Contact::new(
            Touch::Local("the system's trust store".to_owned()),
            "which certificate authorities are trusted here",
        )]
    }

    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
        Box::pin(async move { judge(&cx.trust) })
    }
}

fn judge(trust: &TrustSummary) -> Outcome {
    let mut outcome = Outcome::graded(Grade::Declared).with("certificate authorities", trust.roots.to_string());
    if trust.beside_public > 0 {
        outcome.saw("beside the public ones", trust.beside_public.to_string());
    }
    if !trust.added.is_empty() {
        let named: Vec<&str> = trust.added.iter().take(5).map(String::as_str).collect();
        let more = trust.added.len().saturating_sub(named.len());
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        outcome.saw("added by --ca-bundle", format!("{}{more}", named.join("; ")));
    }
    for remark in trust.remarks.iter().take(3) {
        outcome.saw("remark", remark.clone());
    }
    if trust.roots == 0 {
        return outcome.because(if trust.remarks.is_empty() { empty() } else { unreadable() });
    }
    match trust.expired.first() {
        Some(subject) => outcome.because(expired(subject)),
        None => outcome,
    }
}

const STORE: &str = "Install the package ca-certificates on this host or in the container image, and unset SSL_CERT_FILE and SSL_CERT_DIR or let them name a complete store.";

fn unreadable() -> Finding {
    UNREADABLE.found(
        "the system's trust store cannot be read; the evidence says why",
        Remediation::installer(STORE)
            .verify("ls -lL /etc/ssl/certs/ca-certificates.crt; echo \"$SSL_CERT_FILE $SSL_CERT_DIR\""),
    )
}

fn empty() -> Finding {
    EMPTY.found(
        "no certificate authority is trusted here: no TLS connection can be verified",
        Remediation::installer(STORE)
            .verify("ls -lL /etc/ssl/certs/ca-certificates.crt; echo \"$SSL_CERT_FILE $SSL_CERT_DIR\""),
    )
}

fn expired(subject: &str) -> Finding {
    EXPIRED_ROOT.found(
        format!("the certificate authority {subject} of --ca-bundle has ended: what it issued is refused"),
        Remediation::network(format!(
            "Hand out the renewed CA in the place of {subject}, and replace it in the CA bundle and the application's trust store."
        ))
        .verify("openssl x509 -in CA_BUNDLE -noout -subject -enddate"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::fixture::codes;

    fn judged(roots: usize, expired: &[&str], remarks: &[&str]) -> Vec<&'static str> {
        let owned = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect();
        codes(&judge(&TrustSummary {
            roots,
            added: owned(expired),
            expired: owned(expired),
            remarks: owned(remarks),
            ..TrustSummary::default()
        }))
    }

    #[test]
    fn stores_that_cannot_be_used_come_apart() {
        assert!(judged(140, &[], &[]).is_empty());
        assert_eq!(judged(0, &[], &[]), ["empty"]);
        assert_eq!(judged(0, &[], &["permission denied"]), ["unreadable"]);
        assert_eq!(judged(141, &["CN=Old Corp CA"], &[]), ["expired-root"]);
    }
}
