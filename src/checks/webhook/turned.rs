//! What to do about requests that were turned away before anybody could look at a signature.

use std::net::IpAddr;

use crate::check::Remediation;
use crate::net::special::special;
use crate::workos::delivery::Turned;

/// What to change, where something that should have come in was turned away; `source` is where it came from.
pub(super) fn remedy(why: Turned, source: IpAddr, path: &str) -> Remediation {
    let listed = special(source).is_none();
    match why {
        Turned::NotThroughTheProxy if listed => Remediation::installer(
            "Listen without --proxy-protocol: WorkOS reaches this host itself, and no proxy announces it.",
        ),
        Turned::NotThroughTheProxy => Remediation::installer(format!(
            "Listen with --trusted-proxy {source} too if that is the proxy before this host; with --proxy-protocol only what a trusted proxy announces is let in."
        )),
        Turned::NotAnnounced => Remediation::network(format!(
            "Have {source} begin its connections with a PROXY header (in haproxy: send-proxy-v2 on the server line), or listen without --proxy-protocol."
        )),
        Turned::NoHandshake => Remediation::installer(
            "Show the certificate that the internet trusts, with its intermediate, in --tls-cert; where a proxy before this host ends TLS and speaks HTTP, listen with --plain, and where it begins with a PROXY header, with --proxy-protocol.",
        ),
        Turned::NoRequest => Remediation::installer(
            "Listen with --tls-cert and --tls-key (or --self-signed) where what comes in speaks TLS, with --proxy-protocol where it begins with a PROXY header: no HTTP request could be read.",
        ),
        Turned::OtherPath => Remediation::vendor(format!(
            "Make the path of the endpoint in the WorkOS dashboard and that of --webhook-url the same, letter by letter: here it is {path}."
        )),
        Turned::OtherMethod => Remediation::network(format!(
            "Have what stands before this host pass on POST requests as they are: what arrives from {source} has another method."
        )),
        Turned::TooLarge | Turned::BodyMissing => Remediation::network(format!(
            "Have what stands before this host pass on bodies whole and at once: what arrives from {source} is too large, or not whole."
        )),
        Turned::Crowded | Turned::OwnCheck | Turned::OtherNonce => Remediation::network(
            "Keep others away from the port while this listens, as the allowlist for WorkOS's addresses does: too many connections stood there at once.",
        ),
    }
}
