//! What is said of a chain that does not hold here, or here alone.

use std::time::SystemTime;

use super::Kept;
use super::codes::{
    EXPIRED, INCOMPLETE_CHAIN, INTERCEPTED, INVALID, NO_ALTERNATIVE_NAME, NOT_YET_VALID, SELF_SIGNED, STORE_LACKS_ROOT,
    UNTRUSTED, WRONG_NAME,
};
use crate::check::{Command, Endpoint, Finding, Remediation, Remediations, command};
use crate::checks::egress::{called, s_client};
use crate::middlebox;
use crate::net::Presented;
use crate::said::{day, distance, listed};

pub(super) fn openssl(endpoint: &Endpoint, kept: &Kept) -> Command {
    s_client(endpoint, kept.proxy.as_ref(), "-showcerts </dev/null")
}

/// What a list of what is to be done says of inspection that is in the way.
pub(super) fn exempting(endpoint: &Endpoint) -> String {
    format!("exempt {} from TLS inspection", called(&endpoint.host))
}

/// And of a box that answers in the place of an endpoint.
fn untouched(endpoint: &Endpoint) -> String {
    format!("let {} through untouched", called(&endpoint.host))
}

fn guess(leaf: &Presented) -> String {
    middlebox::by_issuer(&leaf.issuer).map(|guess| format!(", {}", guess.in_words())).unwrap_or_default()
}

pub(super) fn untrusted(endpoint: &Endpoint, leaf: &Presented, kept: &Kept) -> Finding {
    // Another variable's file often is the first's.
    let named = kept.elsewhere.first().map(|(name, file)| {
        Remediation::installer(format!(
            "If the application is of a kind that reads {name}, which this tool does not, look as it does: run this again with --ca-bundle {file}."
        ))
        .in_short("run this again with --ca-bundle")
        .verify(command!("openssl x509 -in {} -noout -subject -enddate", file))
    });
    let issuer = leaf.issuer_in_words();
    UNTRUSTED.found(
        format!("the certificate of {endpoint} is issued by “{issuer}”{}, which this host does not trust", guess(leaf)),
        named.into_iter().fold(Remediations::from(Remediation::network(format!(
            "Exempt {} from TLS inspection; or hand the CA certificate “{issuer}” to the installer, who adds it to this host's trust store (and the container's) and passes it with --ca-bundle.",
            endpoint.host
        ))
        .in_short(format!("exempt {}, or trust its CA", called(&endpoint.host)))
        .verify(openssl(endpoint, kept))), Remediations::or),
    )
}

pub(super) fn namesake(endpoint: &Endpoint, leaf: &Presented, file: &str, kept: &Kept) -> Finding {
    let issuer = leaf.issuer_in_words();
    UNTRUSTED.found(
        format!("the certificate of {endpoint} is issued by “{issuer}”{}; a CA of that name is in {file}, but with another key: it was made anew", guess(leaf)),
        Remediation::network(format!(
            "Hand the CA certificate that is in use now to the installer, who puts it in the place of the old one in {file}; or exempt {} from TLS inspection.",
            endpoint.host
        ))
        .in_short("replace the old CA by the one in use now")
        .verify(openssl(endpoint, kept)),
    )
}

pub(super) fn store_lacks_root(endpoint: &Endpoint, leaf: &Presented, kept: &Kept) -> Finding {
    let install = "Install or update the package ca-certificates on this host or in the container image (apt-get install ca-certificates, apk add ca-certificates, or dnf install ca-certificates).";
    let package = || {
        Remediation::installer(install).in_short("install or update ca-certificates").verify(verifying(endpoint, kept))
    };
    let problem = format!(
        "the certificate of {endpoint}, issued by “{}”, is publicly trusted, and its root is missing from the roots that this host trusts",
        leaf.issuer_in_words()
    );
    let remediations = match &kept.named_file {
        Some(file) => Remediation::installer(format!(
            "Append the public roots to {file}, which SSL_CERT_FILE puts in the place of this host's own file, or unset SSL_CERT_FILE."
        ))
        .in_short("add the public roots to SSL_CERT_FILE's file")
        .verify(verifying(endpoint, kept))
        .or(package()),
        None => package().into(),
    };
    STORE_LACKS_ROOT.found(problem, remediations)
}

pub(super) fn verifying(endpoint: &Endpoint, kept: &Kept) -> Command {
    s_client(endpoint, kept.proxy.as_ref(), "-verify_return_error </dev/null")
}

pub(super) fn no_alternative_name(endpoint: &Endpoint, kept: &Kept) -> Finding {
    NO_ALTERNATIVE_NAME.found(
        format!("the certificate that answers at {endpoint} names no host: it has no subject alternative name and no common name"),
        Remediation::network(format!(
            "Have the box that answers for {} issue certificates with subjectAltName DNS:{}, or exempt the host from TLS inspection.",
            endpoint.host, endpoint.host
        ))
        .in_short(exempting(endpoint))
        .verify(openssl(endpoint, kept)),
    )
}

pub(super) fn self_signed(endpoint: &Endpoint, leaf: &Presented, kept: &Kept) -> Finding {
    SELF_SIGNED.found(
        format!(
            "the certificate of {endpoint} is its own issuer ({}){}: it is not WorkOS that answers",
            leaf.subject,
            guess(leaf)
        ),
        Remediation::network(format!(
            "Let TCP {} to {} through untouched: a box on the way answers in its place.",
            endpoint.port, endpoint.host
        ))
        .in_short(untouched(endpoint))
        .verify(openssl(endpoint, kept)),
    )
}

pub(super) fn incomplete(endpoint: &Endpoint, leaf: &Presented, kept: &Kept) -> Finding {
    INCOMPLETE_CHAIN.found(
        format!("{endpoint} sends its certificate without the one of its issuer “{}”", leaf.issuer_in_words()),
        Remediation::network(format!("Have the box that answers for {} send the intermediate certificate “{}” along, or exempt the host from inspection.", endpoint.host, leaf.issuer_in_words()))
            .in_short("have the intermediate certificate sent along")
            .verify(openssl(endpoint, kept)),
    )
}

pub(super) fn expired(endpoint: &Endpoint, chain: &[Presented], now: SystemTime, kept: &Kept) -> Finding {
    let over = chain.iter().find(|link| link.not_after < now).or(chain.first());
    let (subject, end) = over.map_or((String::new(), now), |link| (link.subject.clone(), link.not_after));
    EXPIRED.found(
        format!("the certificate {subject} of {endpoint} expired on {}, {} ago by this host's clock ({})", day(end), distance(end, now), day(now)),
        Remediation::network(format!("Correct this host's clock if it is wrong; otherwise renew the certificate of the box that answers for {}: WorkOS's own is renewed automatically.", endpoint.host))
            .in_short("set the clock, or renew the certificate")
            .verify(Command::from("date -u").then(&openssl(endpoint, kept))),
    )
}

pub(super) fn not_yet_valid(endpoint: &Endpoint, chain: &[Presented], now: SystemTime, kept: &Kept) -> Finding {
    let early = chain.iter().find(|link| link.not_before > now).or(chain.first());
    let (subject, start) = early.map_or((String::new(), now), |link| (link.subject.clone(), link.not_before));
    NOT_YET_VALID.found(
        format!(
            "the certificate {subject} of {endpoint} is valid from {} on, {} after this host's clock ({})",
            day(start),
            distance(now, start),
            day(now)
        ),
        Remediation::installer(
            "Set this host's clock: it is probably behind (start chrony or systemd-timesyncd and allow NTP).",
        )
        .in_short("set this host's clock")
        .verify(Command::from("date -u").then(&openssl(endpoint, kept))),
    )
}

pub(super) fn wrong_name(endpoint: &Endpoint, leaf: &Presented, kept: &Kept) -> Finding {
    let names = match &leaf.names[..] {
        [] => match leaf.name.as_deref().unwrap_or_default() {
            "" => "no name at all".to_owned(),
            name => format!("{name} (only by its common name)"),
        },
        names => listed(names.iter().take(5)),
    };
    WRONG_NAME.found(
        format!("the certificate that answers at {endpoint} is for {names}, not for {}", endpoint.host),
        Remediation::network(format!(
            "Let {} reach the internet untouched: a portal, load balancer or proxy answers with its own certificate.",
            endpoint.host
        ))
        .in_short(untouched(endpoint))
        .verify(openssl(endpoint, kept)),
    )
}

pub(super) fn invalid(endpoint: &Endpoint, detail: &str, kept: &Kept) -> Finding {
    INVALID.found(
        format!("the certificate of {endpoint} does not hold: {detail}"),
        Remediation::network(format!(
            "Exempt {} from TLS inspection, and compare its chain from here with the one from elsewhere.",
            endpoint.host
        ))
        .in_short(exempting(endpoint))
        .verify(openssl(endpoint, kept)),
    )
}

pub(super) fn intercepted(endpoint: &Endpoint, leaf: &Presented, kept: &Kept) -> Finding {
    let issuer = leaf.issuer_in_words();
    INTERCEPTED.found(
        format!("the certificate of {endpoint} is issued by “{issuer}”{}: trusted here, and not in public, so TLS is inspected on the way", guess(leaf)),
        Remediation::network(format!(
            "Exempt {} from TLS inspection; or make sure that the application trusts “{issuer}” too: SDKs that bring their own roots do not (set NODE_EXTRA_CA_CERTS for Node, SSL_CERT_FILE for Python).",
            endpoint.host
        ))
        .verify(openssl(endpoint, kept)),
    )
}
