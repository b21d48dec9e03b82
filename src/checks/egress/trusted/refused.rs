//! Chains whose root is trusted here, and which programs refuse all the same, or only some programs, or which this tool cannot
//! judge.

use super::super::s_client;
use super::codes::{
    BUNDLE_DAMAGED, CA_EXPIRED, CA_LIMITED, CANNOT_JUDGE, NOT_A_CA, NOT_FOR_SERVERS, STORE_LACKS_ROOT, STRICTER,
    WEAK_KEY, WEAK_SIGNATURE,
};
use super::words::exempting;
use super::{Kept, openssl, verifying};
use crate::check::{Code, Command, Endpoint, Finding, Remediation, Remediations, command};
use crate::checks::flaw::{breaks, which};
use crate::net::{Flaw, Place, Rule};
use crate::settings::Scheme;

/// A root stands behind the chain, and OpenSSL refuses it.
pub(super) fn refused(endpoint: &Endpoint, flaw: &Flaw, issuer: &str, kept: &Kept) -> Finding {
    let problem = match &flaw.place {
        Place::Leaf => format!("the certificate of {endpoint} {}", breaks(&flaw.rule)),
        _ => format!("{}, behind the certificate of {endpoint}, {}", which(flaw), breaks(&flaw.rule)),
    };
    let problem = format!("{problem}; OpenSSL, and with it curl, Python, Ruby and PHP, refuses it");
    let remediations = remedies(endpoint, flaw, issuer);
    code(flaw).found(problem, remediations.verify(verification(endpoint, flaw, kept)))
}

fn code(flaw: &Flaw) -> &'static Code {
    match (&flaw.rule, &flaw.place) {
        (Rule::Ended(_) | Rule::NotBegun(_), _) => &CA_EXPIRED,
        (Rule::NotCa | Rule::SignsNoCertificates, _) => &NOT_A_CA,
        (Rule::NotForServers, Place::Leaf) => &NOT_FOR_SERVERS,
        (Rule::ShortKey(_), _) => &WEAK_KEY,
        (Rule::WeakSignature(_), _) => &WEAK_SIGNATURE,
        (Rule::FileDamaged(_), _) => &BUNDLE_DAMAGED,
        _ => &CA_LIMITED,
    }
}

fn remedies(endpoint: &Endpoint, flaw: &Flaw, issuer: &str) -> Remediations {
    let host = &endpoint.host;
    let exempt = || Remediation::network(format!("Exempt {host} from TLS inspection.")).in_short(exempting(endpoint));
    let name = &flaw.name;
    let issuing = match &flaw.place {
        // The server's own certificate is made anew by whoever made it.
        Place::Leaf => format!("the CA “{issuer}” that answers for {host}"),
        _ => format!("the CA “{name}” that inspects TLS to {host}"),
    };
    match (&flaw.rule, &flaw.place) {
        (Rule::FileDamaged(line), Place::Root(file)) => Remediation::installer(format!(
            "Put the whole certificate in the place of the broken block at line {line} of {file}, or take that block out."
        ))
        .in_short("repair the block, or take it out")
        .into(),
        (Rule::NotTrustedForServers, Place::Root(file)) => Remediation::installer(format!(
            "Add the CA “{name}” to {file} in the plain form, which `openssl x509 -clrtrust` makes of it, if it is meant to vouch for servers."
        ))
        .in_short("add the CA in the plain form")
        .or(exempt()),
        (Rule::NotBegun(_), _) => {
            Remediation::installer("Set this host's clock: it is probably behind (start chrony or systemd-timesyncd and allow NTP).").in_short("set this host's clock").into()
        }
        (Rule::Ended(_), Place::Root(file)) => Remediation::network(format!(
            "Renew {issuing} on the device that issues with it, and hand its new certificate to the installer, who puts it in the place of the old one in {file}."
        ))
        .in_short("renew the inspecting CA")
        .or(exempt()),
        (Rule::OtherNamesOnly(_), Place::Root(file)) => Remediation::network(format!(
            "Have {issuing} made anew without name constraints, or with some that allow {host}, and hand it to the installer, who puts it in the place of the old one in {file}."
        ))
        .in_short("have the CA made anew for all names")
        .or(exempt()),
        (Rule::TooDeep(_), Place::Root(file)) => Remediation::network(format!(
            "Have {issuing} sign the certificates of servers itself, or made anew without that pathlen, and hand it to the installer, who puts it in the place of the old one in {file}."
        ))
        .in_short("have the CA made anew without its pathlen")
        .or(exempt()),
        (_, Place::Root(file)) => Remediation::network(format!(
            "Have {issuing} made anew, with basicConstraints critical and CA:TRUE, keyUsage keyCertSign and a key of at least 2,048 bits, and hand it to the installer, who puts it in the place of the old one in {file}."
        ))
        .in_short("have the inspecting CA made anew")
        .or(exempt()),
        (Rule::WeakSignature(_) | Rule::ShortKey(_), Place::Leaf) => {
            Remediation::network(format!("Have {issuing} sign with SHA-256 and use keys of at least 2,048 bits."))
                .in_short("have the CA use SHA-256 and 2,048 bits")
                .or(exempt())
        }
        (_, Place::Leaf) => {
            Remediation::network(format!("Have {issuing} issue certificates for TLS servers (extendedKeyUsage serverAuth)."))
                .in_short("have the CA issue certificates for servers")
                .or(exempt())
        }
        (_, Place::Between) => Remediation::network(format!(
            "Have {issuing} made anew, with what its place in the chain needs, and sent along in the place of the old one."
        ))
        .in_short("have the CA in between made anew")
        .or(exempt()),
    }
}

/// Holds the chain to the file in question, as OpenSSL 3 does.
fn verification(endpoint: &Endpoint, flaw: &Flaw, kept: &Kept) -> Command {
    match &flaw.place {
        Place::Root(file) => strict(endpoint, Some(file), kept),
        _ => strict(endpoint, kept.bundle.as_deref(), kept),
    }
}

fn strict(endpoint: &Endpoint, file: Option<&str>, kept: &Kept) -> Command {
    let as_openssl = s_client(endpoint, kept.proxy.as_ref(), "-verify_return_error -auth_level 2 -verify_hostname");
    match file {
        _ if kept.proxy.as_ref().is_some_and(|proxy| proxy.scheme != Scheme::Http) => {
            s_client(endpoint, kept.proxy.as_ref(), "")
        }
        Some(file) => as_openssl.with(&command!("{} -CAfile {} </dev/null", endpoint.host, file)),
        None => as_openssl.with(&command!("{} </dev/null", endpoint.host)),
    }
}

/// What answers is publicly trusted, and the root that this host has for it is not the one that holds.
pub(super) fn store_outdated(endpoint: &Endpoint, flaw: &Flaw, kept: &Kept) -> Finding {
    STORE_LACKS_ROOT.found(
        format!(
            "the certificate of {endpoint} is publicly trusted, and the root that this host has for it is an old one: {} {}",
            which(flaw),
            breaks(&flaw.rule)
        ),
        Remediation::installer(
            "Update the package ca-certificates on this host or in the container image (apt-get install ca-certificates, apk add -u ca-certificates, or dnf upgrade ca-certificates), so that the roots that hold today are there.",
        )
        .in_short("update ca-certificates")
        .verify(verifying(endpoint, kept)),
    )
}

/// The chain holds here, and not for everybody.
pub(super) fn stricter(endpoint: &Endpoint, doubts: &[Flaw], kept: &Kept) -> Vec<Finding> {
    let (common, doubts): (Vec<&Flaw>, Vec<&Flaw>) = doubts.iter().partition(|flaw| flaw.rule == Rule::CommonNameAlone);
    let (partial, strict): (Vec<&Flaw>, Vec<&Flaw>) = doubts.into_iter().partition(|flaw| flaw.rule == Rule::NotARoot);
    let host = &endpoint.host;
    let common = common.into_iter().map(|flaw| {
        STRICTER.found(
            format!("{} of {endpoint} {} and has no subject alternative name: Go, Rust, requests and OkHttp refuse it, curl, Node and PHP do not", which(flaw), breaks(&flaw.rule)),
            Remediation::network(format!("Have the box that answers for {host} issue certificates with subjectAltName DNS:{host}, or exempt the host from TLS inspection."))
                .verify(openssl(endpoint, kept)),
        )
    });
    let partial = partial.into_iter().map(|flaw| {
        STRICTER.found(
            format!("{}, at which the chain of {endpoint} ends, {}: Node, Ruby, PHP and Python before 3.13 want the root above it, which is not here", which(flaw), breaks(&flaw.rule)),
            Remediation::installer(format!("Add the root that issued “{}” to the same file.", flaw.name))
                .verify(openssl(endpoint, kept)),
        )
    });
    let words: Vec<String> = strict.iter().map(|flaw| format!("{} {}", which(flaw), breaks(&flaw.rule))).collect();
    let strict = (!words.is_empty()).then(|| {
        STRICTER.found(
            format!("behind {endpoint}, {}: Python 3.13 and newer refuse the chain", words.join("; ")),
            Remediation::network(format!(
                "Exempt {host} from TLS inspection, or have its certificates made by the rules of RFC 5280 (critical basicConstraints, keyUsage, key identifiers)."
            ))
            .verify(command!(
                "openssl s_client -connect {} -servername {} -verify_return_error -partial_chain -x509_strict </dev/null",
                endpoint, host
            ))
            .or(Remediation::vendor("Where the application is in Python 3.13 or newer, take ssl.VERIFY_X509_STRICT out of the verify_flags of its SSL context.")),
        )
    });
    common.chain(partial).chain(strict).collect()
}

/// What this tool cannot judge, and OpenSSL can.
pub(super) fn cannot_judge(endpoint: &Endpoint, why: &str, kept: &Kept) -> Finding {
    CANNOT_JUDGE.found(
        format!("this tool cannot judge the certificate of {endpoint}: {why}"),
        Remediation::installer(format!(
            "Run the command below: where it ends without a verification error, the certificate of {} holds for what is built on OpenSSL.",
            endpoint.host
        ))
        .in_short("verify the chain with OpenSSL")
        .verify(strict(endpoint, kept.bundle.as_deref(), kept)),
    )
}
