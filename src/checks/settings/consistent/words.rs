//! What is said of settings that cannot be right.

use std::net::IpAddr;
use std::path::Path;

use url::Url;

use super::codes::{
    API_KEY_AS_SECRET, BOTH_API_DOMAINS, CLIENT_ID_AS_KEY, DOMAIN_MISMATCH, FACTS_ARE_OLD, IDN_NOT_PUNYCODE,
    INVISIBLE_IN_KEY, KEY_CUT_SHORT, KEY_IN_QUOTES, KEY_WITH_WHITE_SPACE, LOCALHOST, MALFORMED_CLIENT_ID,
    MALFORMED_KEY, MALFORMED_SECRET, MALFORMED_URL, MASKED_KEY, NOT_HTTPS, NOT_PORT_443, ONE_SECRET_FOR_BOTH,
    PRIVATE_ADDRESS, PRIVATE_REDIRECT, SECRET_FILE_READABLE_BY_ALL, WEBHOOK_SECRET_AS_KEY,
};
use crate::check::{Finding, Remediation, command};
use crate::checks::whence::Whence;
use crate::host::ModeOf;
use crate::settings::Setting;
use crate::settings::values::shown_url;
use crate::workos::USUAL_HOST;
use crate::workos::key::{Malformed, called};

pub(super) fn malformed_key(kind: Malformed, place: &Whence) -> Finding {
    let at = &place.words;
    let again = format!("Set the API key again ({at})");
    let (code, action) = match kind {
        Malformed::Blank | Malformed::LineBreak | Malformed::Space(_) => (
            &KEY_WITH_WHITE_SPACE,
            format!("{again} as one line without spaces; `printf %s` writes a file without a line break."),
        ),
        Malformed::Invisible(..) => {
            (&INVISIBLE_IN_KEY, format!("{again} without {}: {WITHOUT_MARK}.", invisibly(kind)))
        }
        Malformed::Quotes(_) => {
            (&KEY_IN_QUOTES, format!("{again} without the quotes: what reads it takes them for a part of the key."))
        }
        Malformed::Assignment => (
            &MALFORMED_KEY,
            format!(
                "{again} alone, without the variable's name, the equals sign and quotes: what is read is the key, not a settings file."
            ),
        ),
        Malformed::Among => (
            &MALFORMED_KEY,
            format!("{again} alone: what is read is taken for the key as a whole, whatever stands around it."),
        ),
        Malformed::Base64 => (&MALFORMED_KEY, format!("{again} decoded: {DECODED}.")),
        Malformed::ClientId => (
            &CLIENT_ID_AS_KEY,
            format!(
                "Move the client ID to WORKOS_CLIENT_ID, and put the API key in its place ({at}): it begins with sk_ and stands beside the client ID in the WorkOS dashboard."
            ),
        ),
        Malformed::SigningSecret => (
            &WEBHOOK_SECRET_AS_KEY,
            format!(
                "Move the webhook secret to WORKOS_WEBHOOK_SECRET, and put the API key in its place ({at}): it begins with sk_ and stands under API Keys in the WorkOS dashboard."
            ),
        ),
        Malformed::Masked => (
            &MASKED_KEY,
            format!(
                "Take the whole key from where it was kept and set it ({at}): WorkOS shows a production key once, so where it was not kept, the vendor makes a new one."
            ),
        ),
        Malformed::PrefixAlone => {
            (&KEY_CUT_SHORT, format!("{again} in its full length: it was cut while being copied."))
        }
        Malformed::Prefix | Malformed::Letter(..) | Malformed::ApiKey => {
            (&MALFORMED_KEY, format!("{again}: one line that begins with sk_, as the WorkOS dashboard gives it."))
        }
    };
    code.found(
        format!("the API key {}", kind.in_words()),
        Remediation::installer(action).in_short("set the API key again").verify(place.look()),
    )
}

pub(super) fn malformed_signing_secret(of: &str, kind: Malformed, place: &Whence) -> Finding {
    let code = match kind {
        Malformed::ApiKey | Malformed::ClientId => &API_KEY_AS_SECRET,
        _ => &MALFORMED_SECRET,
    };
    let how = match kind {
        Malformed::Invisible(..) => format!("without {}: {WITHOUT_MARK}", invisibly(kind)),
        Malformed::Assignment => {
            "alone, without the variable's name, the equals sign and quotes: no signature holds with the line".to_owned()
        }
        Malformed::Among => "alone, without the text around it: no signature holds with the whole".to_owned(),
        Malformed::Base64 => format!("decoded: {DECODED}"),
        _ => "as the WorkOS dashboard shows it for this endpoint, in one line without quotes; no signature holds with another".to_owned(),
    };
    let (at, look) = (&place.words, place.look());
    code.found(
        format!("the {of} secret {}", kind.in_words()),
        Remediation::installer(format!("Set the {of} secret again ({at}) {how}."))
            .in_short(format!("set the {of} secret again"))
            .verify(look),
    )
}

/// The character that nobody sees, as what to leave out.
fn invisibly(kind: Malformed) -> String {
    match kind {
        Malformed::Invisible('\u{feff}', _) => "the byte order mark".to_owned(),
        Malformed::Invisible(c, _) => called(c),
        _ => "it".to_owned(),
    }
}

/// How a file comes to be without what editors and shells put into it.
const WITHOUT_MARK: &str =
    "type it, or write the file with `printf %s` or, in PowerShell, with -Encoding ascii -NoNewline";

/// Where one base64 too many comes from.
const DECODED: &str =
    "an entry under `data:` of a Kubernetes secret is encoded once, and one under `stringData:` not at all";

pub(super) fn one_secret_for_both(webhook: &str, actions: &str) -> Finding {
    ONE_SECRET_FOR_BOTH.found(
        format!("the webhook secret ({webhook}) and the Actions secret ({actions}) are the same"),
        Remediation::installer("Give each its own secret: WorkOS signs webhooks and Actions with different ones, so one of the two fails on every delivery.")
            .in_short("give each endpoint its own secret"),
    )
}

pub(super) fn malformed_client_id(id: &Setting<String>) -> Finding {
    let shown = if id.value.starts_with("client_") {
        format!("“{}”", id.value.chars().take(60).collect::<String>())
    } else {
        "what was given".to_owned()
    };
    MALFORMED_CLIENT_ID.found(
        format!("{shown} does not have the shape of a client ID"),
        Remediation::installer(format!("Set the client ID again ({}): it begins with client_ and stands beside the API key in the WorkOS dashboard.", id.source))
            .in_short("set the client ID again"),
    )
}

pub(super) fn malformed_url(name: &str, text: &str) -> Finding {
    MALFORMED_URL.found(
        format!("the {name} `{}` is no http or https URL with a host", shown_url(text)),
        Remediation::installer(format!("Give the {name} as an https URL, such as https://app.customer.example/path."))
            .in_short(format!("give the {name} as an https URL")),
    )
}

pub(super) fn not_https(name: &str, text: &str) -> Finding {
    NOT_HTTPS.found(
        format!("the {name} {} is not https, which WorkOS wants in production", shown_url(text)),
        Remediation::installer(format!("Serve the {name} over https with a publicly trusted certificate, and set it so here, in the application and in the WorkOS dashboard."))
            .in_short(format!("serve the {name} over https")),
    )
}

pub(super) fn localhost(name: &str, text: &str) -> Finding {
    LOCALHOST.found(
        format!("the {name} {} points at the machine of whoever opens it", shown_url(text)),
        Remediation::installer(format!("Set the {name} to the installation's external domain, here, in the application and in the WorkOS dashboard."))
            .in_short(format!("set the {name} to the external domain")),
    )
}

pub(super) fn private_address(name: &str, text: &str, address: IpAddr) -> Finding {
    PRIVATE_ADDRESS.found(
        format!("the {name} {} names {address}, which is not a public address: WorkOS can never reach it", shown_url(text)),
        Remediation::installer(format!("Set the {name} to the installation's external domain, whose public address leads there, here, in the application and in the WorkOS dashboard."))
            .in_short(format!("set the {name} to the external domain")),
    )
}

pub(super) fn private_redirect(text: &str, address: IpAddr) -> Finding {
    PRIVATE_REDIRECT.found(
        format!("the redirect URI {} names {address}, which is not a public address: only browsers in that network come back from a sign-in", shown_url(text)),
        Remediation::installer("Set the redirect URI to the installation's external domain, here, in the application and in the WorkOS dashboard, unless everybody signs in from within that network.")
            .in_short("set the redirect URI to the external domain"),
    )
}

pub(super) fn not_port_443(name: &str, text: &str, port: u16) -> Finding {
    NOT_PORT_443.found(
        format!("the {name} {} asks WorkOS to call port {port}; its requests are HTTPS on 443", shown_url(text)),
        Remediation::network(format!(
            "Publish the {name} on port 443, with a reverse proxy or a port translation to {port} where needed."
        ))
        .in_short(format!("publish the {name} on port 443")),
    )
}

pub(super) fn idn(text: &str, url: &Url) -> Finding {
    IDN_NOT_PUNYCODE.found(
        format!("the redirect URI {} holds letters outside ASCII: WorkOS compares the punycode form", shown_url(text)),
        Remediation::vendor(format!("Register and send the redirect URI as {}.", shown_url(url.as_str())))
            .in_short("register the punycode form of the redirect URI"),
    )
}

pub(super) fn domain_mismatch(name: &str, host: &str, domain: &str) -> Finding {
    DOMAIN_MISMATCH.found(
        format!("the {name}'s host {host} is not the external domain {domain}"),
        Remediation::installer(format!("Use {domain} in the {name}, unless it is meant to arrive elsewhere: then name, certificate and firewall are needed for {host} too.")),
    )
}

pub(super) fn both_api_domains(custom: &str) -> Finding {
    BOTH_API_DOMAINS.found(
        format!("the custom Authentication API domain {custom} is used, and {USUAL_HOST} beside it: tokens of the one are not those of the other"),
        Remediation::vendor(format!("Send every request of the application through {custom}: once a custom domain is set, WorkOS says that going on with {USUAL_HOST} can cause trouble.")),
    )
}

pub(super) fn readable_by_all(file: &Path, mode: ModeOf) -> Finding {
    let path = file.display().to_string();
    let (problem, action) = match mode {
        ModeOf::File => (
            format!("every user of this machine can read {path}"),
            format!("Take the file away from others: {}", command!("chmod o-rwx {}", path)),
        ),
        ModeOf::KubernetesVolume => (
            format!("every user of this container can read {path}; its mode is that of the Kubernetes volume"),
            format!(
                "Set `defaultMode: 0400` on the secret volume that holds {path} in the pod's specification, and roll it out (chmod is refused inside); \
                 where the application does not run as root, set `defaultMode: 0440` and `securityContext.fsGroup` to its group, since the file belongs to root."
            ),
        ),
        ModeOf::Mount => (
            format!("every user of this machine can read {path}, which is mounted read-only"),
            format!(
                "Set mode 0400 where {path} is mounted from, since chmod is refused here: `mode: 0400` under the service's `secrets` for a Docker secret, \
                 chmod 400 on the host for a file that is mounted from there; the application's user has to be its owner."
            ),
        ),
    };
    SECRET_FILE_READABLE_BY_ALL.found(problem, Remediation::installer(action).verify(command!("ls -lL {}", path)))
}

pub(super) fn facts_are_old(as_of: &str, days: u64, from_file: bool) -> Finding {
    let newer = if from_file {
        "Get a newer file for --facts"
    } else {
        "Run a newer version of workos-preflight, or give newer facts with --facts FILE"
    };
    FACTS_ARE_OLD.found(
        format!("the facts are of {as_of}, {days} days ago: addresses and ranges may have changed since"),
        Remediation::installer(format!("{newer}; `requirements --compare-facts OLD` says what changed."))
            .in_short("get newer facts"),
    )
}
