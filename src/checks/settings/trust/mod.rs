//! Which certificate authorities does this host trust?

pub(in crate::checks) mod codes;

use self::codes::{DAMAGED, EMPTY, EXPIRED_ROOT, NOT_PEM, PASSED_OVER, PRIVATE_KEY, READ_BY_SOME, UNREADABLE};
use crate::check::{
    Check, CheckId, Command, Contact, Finding, Grade, Outcome, Planned, Remediation, Running, Spec, Touch, Vantage,
    command,
};
use crate::context::Context;
use crate::facts::Facts;
use crate::net::{BundleFlaw, Damage, FileFlaw, Foreign, PassedOver, TrustSummary, Unread};
use crate::settings::Settings;

pub(super) static SPEC: Spec = Spec {
    id: ID,
    title: "the trust store can be used",
    explain: "\
Loads the system's certificate authorities (or those that SSL_CERT_FILE and SSL_CERT_DIR name) and those of --ca-bundle, \
counts them, and names the ones that were added.

Everything about TLS is judged against this store. A CA that is here and not in public is usually that of an inspecting \
proxy; the application needs it too, and finds it only if it uses this same store.

Files are read the way OpenSSL reads them: one damaged block anywhere, and it takes nothing at all of that file. What is \
damaged, and what only some programs read, is named with its line.

Usually broken by a slim container image without the package ca-certificates, by SSL_CERT_FILE that names a file with the \
company's CA alone, or by a company CA that was renewed and not replaced.",
    vantages: &[Vantage::Inside],
    required: super::never,
    codes: &[
        &UNREADABLE, &EMPTY, &NOT_PEM, &DAMAGED, &PASSED_OVER, &READ_BY_SOME, &PRIVATE_KEY, &EXPIRED_ROOT,
    ],
    needs: &[],
    plan: |_, _| Planned::one(TrustStore),
};

pub(super) const ID: CheckId = CheckId::new("settings.trust");

struct TrustStore;

impl Check for TrustStore {
    /// Whatever certificates are judged by is read before the run.
    fn contacts(&self, _: &Facts, _: &Settings) -> Vec<Contact> {
        vec![Contact::new(Touch::TRUST_VARIABLES, "which certificate authorities some programs alone trust")]
    }

    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
        Box::pin(async move {
            let mut outcome = judge(&cx.trust);
            for (name, file) in cx.trust_variables() {
                outcome.saw("read by some programs alone", format!("{name}={file}"));
            }
            outcome
        })
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
    for place in trust.places.iter().take(5) {
        outcome.saw("read", place.clone());
    }
    for unread in trust.unreadable.iter().take(3) {
        outcome.saw("not read", format!("{}: {}", unread.path, unread.why));
    }
    if trust.roots == 0 && trust.foreign.is_empty() {
        let nothing = trust.remarks.is_empty() && trust.unreadable.is_empty();
        outcome.found(if nothing { empty() } else { unreadable() });
    } else {
        for unread in &trust.unreadable {
            if let Some(variable) = unread.variable {
                outcome.found(named_and_unreadable(unread, variable));
            }
        }
    }
    for (file, kind) in &trust.foreign {
        outcome.found(not_pem(file, *kind));
    }
    for finding in flawed(&trust.flaws) {
        outcome.found(finding);
    }
    match trust.expired.first() {
        Some(subject) => outcome.because(expired(subject)),
        None => outcome,
    }
}

/// One finding for each file and kind, at the first line.
fn flawed(flaws: &[FileFlaw]) -> Vec<Finding> {
    let mut told: Vec<(&str, &'static str)> = Vec::new();
    let mut findings = Vec::new();
    for flaw in flaws {
        let finding = match flaw.flaw {
            BundleFlaw::Damaged(how) => damaged(flaw, how),
            BundleFlaw::PassedOver(why) => passed_over(flaw, why),
            BundleFlaw::ByteOrderMark | BundleFlaw::OpensslForm => read_by_some(flaw),
            BundleFlaw::PrivateKey => private_key(flaw),
        };
        let kind = (flaw.file.as_str(), finding.code.name);
        if !told.contains(&kind) {
            told.push(kind);
            findings.push(finding);
        }
    }
    findings
}

/// The command that makes PEM of a file of another kind.
pub(crate) fn conversion(file: &str, kind: Foreign) -> Option<Command> {
    let pem = format!("{file}.pem");
    match kind {
        Foreign::Der => Some(command!("openssl x509 -inform DER -in {} -out {}", file, pem)),
        Foreign::Pkcs7Der => Some(command!("openssl pkcs7 -inform DER -in {} -print_certs -out {}", file, pem)),
        Foreign::Pkcs7Pem => Some(command!("openssl pkcs7 -in {} -print_certs -out {}", file, pem)),
        Foreign::Pkcs12 => Some(command!("openssl pkcs12 -in {} -nokeys -out {}", file, pem)),
        Foreign::JavaKeyStore => Some(command!("keytool -list -rfc -keystore {} > {}", file, pem)),
        Foreign::Utf16 => Some(command!("iconv -f UTF-16 -t UTF-8 {} > {}", file, pem)),
        Foreign::LineEndsLost => Some(command!("sed 's/\\\\n/\\n/g' {} | tr '\\r' '\\n' > {}", file, pem)),
        Foreign::Nothing => None,
    }
}

/// What OpenSSL makes of a file: the names of all that it holds, or the error at which it stops.
fn listing(file: &str) -> Command {
    command!("openssl crl2pkcs7 -nocrl -certfile {} | openssl pkcs7 -print_certs -noout", file)
}

fn named_and_unreadable(unread: &Unread, variable: &str) -> Finding {
    UNREADABLE.found(
        format!("{} ({variable}) cannot be read: {}", unread.path, unread.why),
        Remediation::installer(format!(
            "Let {variable} name a store that the application's user can read, or unset it: programs that go by it trust nothing else."
        ))
        .in_short(format!("let {variable} name a readable store"))
        .verify(command!("ls -lL {}", unread.path)),
    )
}

fn not_pem(file: &str, kind: Foreign) -> Finding {
    let (action, verify) = match conversion(file, kind) {
        Some(command) => (format!("Convert {file} with `{command}`, and put the result in its place."), listing(file)),
        None => {
            (format!("Put certificate authorities in PEM into {file}, or let another file be named."), listing(file))
        }
    };
    NOT_PEM.found(
        format!("the file {file} holds no certificate authority in PEM: {kind}"),
        Remediation::installer(action).in_short("give the trust store in PEM").verify(verify),
    )
}

fn damaged(flaw: &FileFlaw, how: Damage) -> Finding {
    let FileFlaw { file, line, .. } = flaw;
    let how = match how {
        Damage::Unended => "the block that begins there has no END line",
        Damage::WrongEnd => "the END line of the block that begins there is not its own",
        Damage::Glued => "an END line and the next BEGIN line are one line there",
        Damage::NotBase64 => "the block that begins there is not base64",
        Damage::Empty => "the block that begins there is empty",
        Damage::Incomplete => "the block that begins there is cut short",
    };
    DAMAGED.found(
        format!("{file} is damaged at line {line}: {how}; OpenSSL, and with it curl, Python, Ruby and PHP, then takes nothing of the whole file"),
        Remediation::installer(match flaw.flaw {
            BundleFlaw::Damaged(Damage::Glued) => {
                format!("Put a line break before -----BEGIN at line {line} of {file}; files that end without one are joined so.")
            }
            _ => format!("Put the whole certificate in the place of the block at line {line} of {file}, or take that block out."),
        })
        .in_short("mend the damaged file of certificates")
        .verify(listing(file)),
    )
}

fn passed_over(flaw: &FileFlaw, why: PassedOver) -> Finding {
    let FileFlaw { file, line, .. } = flaw;
    let why = match why {
        PassedOver::NotAlone => "its BEGIN line does not stand alone at the head of a line",
        PassedOver::Swallowed => "the block before it has no END line",
    };
    PASSED_OVER.found(
        format!("the certificate at line {line} of {file} is not trusted by what is built on OpenSSL: {why}"),
        Remediation::installer(format!(
            "Write the block at line {line} of {file} anew, with -----BEGIN CERTIFICATE----- and -----END CERTIFICATE----- at the head of lines of their own."
        ))
        .verify(listing(file)),
    )
}

fn read_by_some(flaw: &FileFlaw) -> Finding {
    let FileFlaw { file, line, .. } = flaw;
    let (problem, action) = if flaw.flaw == BundleFlaw::ByteOrderMark {
        (
            format!(
                "{file} has a byte order mark at line {line}: OpenSSL reads over it, and Go does not see the certificate behind it"
            ),
            format!("Take the byte order mark out of {file}: sed -i 's/^\\xEF\\xBB\\xBF//' does it."),
        )
    } else {
        (
            format!(
                "{file} holds a certificate in OpenSSL's own form (TRUSTED or X509 CERTIFICATE, line {line}), which Go, Java and .NET pass over"
            ),
            format!(
                "Write the certificate at line {line} of {file} in the plain form: `openssl x509 -clrtrust` makes it."
            ),
        )
    };
    READ_BY_SOME.found(problem, Remediation::installer(action).verify(command!("head -c 60 {}", file)))
}

fn private_key(flaw: &FileFlaw) -> Finding {
    let FileFlaw { file, line, .. } = flaw;
    PRIVATE_KEY.found(
        format!("{file} holds a private key at line {line}, and is a file of certificates, which many read"),
        Remediation::installer(format!(
            "Take the private key at line {line} out of {file}, and make a new one where others could read the file."
        ))
        .verify(command!("grep -n 'PRIVATE KEY' {}", file)),
    )
}

const STORE: &str = "Install the package ca-certificates on this host or in the container image, and unset SSL_CERT_FILE and SSL_CERT_DIR or let them name a complete store.";

fn unreadable() -> Finding {
    UNREADABLE.found(
        "the system's trust store cannot be read; the evidence says why",
        Remediation::installer(STORE)
            .in_short("install ca-certificates")
            .verify("ls -lL /etc/ssl/certs/ca-certificates.crt; echo \"$SSL_CERT_FILE $SSL_CERT_DIR\""),
    )
}

fn empty() -> Finding {
    EMPTY.found(
        "no certificate authority is trusted here: no TLS connection can be verified",
        Remediation::installer(STORE)
            .in_short("install ca-certificates")
            .verify("ls -lL /etc/ssl/certs/ca-certificates.crt; echo \"$SSL_CERT_FILE $SSL_CERT_DIR\""),
    )
}

fn expired(subject: &str) -> Finding {
    EXPIRED_ROOT.found(
        format!("the certificate authority {subject} of --ca-bundle has expired: what it issued is refused"),
        Remediation::network(format!(
            "Hand out the renewed CA in the place of {subject}, and replace it in the CA bundle and the application's trust store."
        ))
        .in_short("replace the expired CA")
        .verify("openssl x509 -in CA_BUNDLE -noout -subject -enddate"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::fixture::{Held, codes, held};

    fn judge(trust: &TrustSummary) -> Held {
        held(&SPEC, super::judge(trust))
    }

    fn judged(trust: &TrustSummary) -> Vec<&'static str> {
        codes(&judge(trust))
    }

    fn roots(roots: usize) -> TrustSummary {
        TrustSummary { roots, ..TrustSummary::default() }
    }

    fn unread(variable: Option<&'static str>) -> Vec<Unread> {
        vec![Unread { path: "/etc/corp.pem".to_owned(), why: "there is no such file".to_owned(), variable }]
    }

    #[test]
    fn stores_that_cannot_be_used_come_apart() {
        let expired = vec!["CN=Old Corp CA".to_owned()];
        let foreign = vec![("/etc/corp.p7b".to_owned(), Foreign::Pkcs7Der)];

        assert!(judged(&roots(140)).is_empty());
        assert_eq!(judged(&roots(0)), ["empty"]);
        assert_eq!(judged(&TrustSummary { remarks: vec!["denied".to_owned()], ..roots(0) }), ["unreadable"]);
        assert_eq!(judged(&TrustSummary { unreadable: unread(None), ..roots(0) }), ["unreadable"]);
        assert_eq!(judged(&TrustSummary { foreign, ..roots(0) }), ["not-pem"]);
        assert_eq!(judged(&TrustSummary { expired, ..roots(141) }), ["expired-root"]);
    }

    #[test]
    fn what_a_variable_names_must_be_read_and_what_is_only_usual_need_not() {
        assert_eq!(judged(&TrustSummary { unreadable: unread(Some("SSL_CERT_FILE")), ..roots(140) }), ["unreadable"]);
        assert!(judged(&TrustSummary { unreadable: unread(None), ..roots(140) }).is_empty());
    }

    #[test]
    fn what_is_wrong_inside_of_a_file_is_told_once_with_its_line() {
        for (flaw, code) in [
            (BundleFlaw::Damaged(Damage::Glued), "damaged"),
            (BundleFlaw::Damaged(Damage::NotBase64), "damaged"),
            (BundleFlaw::PassedOver(PassedOver::NotAlone), "passed-over"),
            (BundleFlaw::PassedOver(PassedOver::Swallowed), "passed-over"),
            (BundleFlaw::ByteOrderMark, "read-by-some"),
            (BundleFlaw::OpensslForm, "read-by-some"),
            (BundleFlaw::PrivateKey, "private-key"),
        ] {
            let at = |line| FileFlaw { file: "/etc/corp.pem".to_owned(), line, flaw };
            let outcome = judge(&TrustSummary { flaws: vec![at(7), at(90)], ..roots(140) });

            assert_eq!(codes(&outcome), [code]);
            assert!(outcome.findings[0].problem.contains("line 7"), "{}", outcome.findings[0].problem);
        }
    }

    #[test]
    fn a_file_of_another_kind_is_named_with_what_converts_it() {
        for (kind, word) in [
            (Foreign::Der, "x509 -inform DER"),
            (Foreign::Pkcs7Der, "pkcs7 -inform DER"),
            (Foreign::Pkcs7Pem, "pkcs7 -in"),
            (Foreign::Pkcs12, "pkcs12 -in"),
            (Foreign::JavaKeyStore, "keytool"),
            (Foreign::Utf16, "iconv"),
            (Foreign::LineEndsLost, "tr "),
        ] {
            let command = conversion("/etc/our ca.bin", kind).unwrap();

            assert!(command.as_str().contains(word) && command.as_str().contains("'/etc/our ca.bin.pem'"), "{command}");
        }
        assert_eq!(conversion("/etc/ca.bin", Foreign::Nothing), None);
    }
}
