//! What to do about requests that were turned away before anybody could look at a signature.

use crate::check::{Remediation, Remediations};
use crate::net::special::special;
use crate::settings::values::web_url;
use crate::workos::delivery::{Turned, TurnedAway};

/// What to change, where something that should have come in was turned away.
pub(super) fn remedy(away: &TurnedAway, path: &str) -> Remediations {
    let source = away.source;
    let listed = special(source).is_none();
    match away.why {
        Turned::NotThroughTheProxy if listed => Remediation::installer(
            "Listen without --proxy-protocol: WorkOS reaches this host itself, and no proxy announces it.",
        )
        .in_short("listen without --proxy-protocol"),
        Turned::NotThroughTheProxy => Remediation::installer(format!(
            "Listen with --trusted-proxy {source} too if that is the proxy before this host; with --proxy-protocol only what a trusted proxy announces is let in."
        ))
        .in_short("name the proxy with --trusted-proxy too"),
        Turned::NotAnnounced => Remediation::network(format!(
            "Have {source} begin its connections with a PROXY header (in haproxy: send-proxy-v2 on the server line), or listen without --proxy-protocol."
        ))
        .in_short("have the proxy send a PROXY header"),
        Turned::NoHandshake => Remediation::installer(
            "Show the certificate that the internet trusts, with its intermediate, in --tls-cert; where a proxy before this host ends TLS and speaks HTTP, listen with --plain, and where it begins with a PROXY header, with --proxy-protocol.",
        )
        .in_short("show a certificate that the internet trusts"),
        Turned::SpeaksHttp => {
            return Remediation::installer(
                "Listen with --plain in place of --tls-cert or --self-signed: what comes in speaks plain HTTP, as behind a proxy that ends TLS.",
            )
            .in_short("listen with --plain")
            .or(Remediation::network(format!("Have {source} speak TLS to this host (in nginx: proxy_pass https://…)."))
                .in_short("have the proxy speak TLS to this host"));
        }
        Turned::SpeaksTls => {
            return Remediation::installer(
                "Listen with --tls-cert and --tls-key (or --self-signed) in place of --plain: what comes in speaks TLS.",
            )
            .in_short("listen with --tls-cert and --tls-key")
            .or(Remediation::network(format!(
                "Have {source} speak plain HTTP to this host (in nginx: proxy_pass http://…)."
            ))
            .in_short("have the proxy speak plain HTTP to this host"));
        }
        Turned::Announced => {
            return Remediation::installer(format!(
                "Listen with --proxy-protocol and --trusted-proxy {source}: connections from there begin with a PROXY header."
            ))
            .in_short("listen with --proxy-protocol")
            .or(Remediation::network(format!(
                "Have {source} send no PROXY header (in haproxy: no send-proxy on the server line), where the application expects none."
            ))
            .in_short("have the proxy send no PROXY header"));
        }
        Turned::NoRequest => Remediation::network(format!(
            "Have what stands before this host pass on requests as they are, in HTTP/1.1: what arrives from {source} is none that can be read, or does not arrive whole."
        ))
        .in_short("pass requests on as they are"),
        Turned::Mute | Turned::HandshakeOnly => Remediation::network(format!(
            "Find what stands between {source} and this host and holds back what follows an open connection (inspection of TLS or content, or a link that loses large packets), and exempt the port from it."
        ))
        .in_short("exempt the port from what holds it back"),
        Turned::OtherPath => return other_path(away.path.as_deref().unwrap_or_default(), path, ""),
        Turned::OtherMethod => Remediation::network(format!(
            "Have what stands before this host pass on POST requests as they are: what arrives from {source} has another method."
        ))
        .in_short("pass POST requests on as they are"),
        Turned::TooLarge | Turned::BodyMissing => Remediation::network(format!(
            "Have what stands before this host pass on bodies whole and at once: what arrives from {source} is too large, or not whole."
        ))
        .in_short("pass bodies on whole"),
        Turned::Crowded | Turned::OwnCheck | Turned::OtherNonce => Remediation::network(
            "Keep others away from the port while this listens, as the allowlist for WorkOS's addresses does: too many connections stood there at once.",
        )
        .in_short("keep others away from the port"),
    }
    .into()
}

/// What to change where something asked for another path than the one of the URL. A proxy that takes the beginning of paths
/// away, or puts one before them, may mean to: then the application is where it leads.
pub(in crate::checks) fn other_path(asked: &str, path: &str, url: &str) -> Remediations {
    let same = Remediation::vendor(format!(
        "Make the path of the endpoint in the WorkOS dashboard and that of the URL given here the same, letter by letter: here it is {path}{}.",
        if asked.is_empty() { String::new() } else { format!(", and what arrives asks for {asked}") }
    ))
    .in_short("make the two paths the same");
    let cut = !asked.is_empty() && (path.ends_with(asked) || asked.ends_with(path));
    let Some(url) = web_url(url).filter(|_| cut) else { return same.into() };
    let origin = url.origin().ascii_serialization();
    Remediation::network(format!(
        "Have the proxy before this host pass on the path as it came, {path} instead of {asked} (in nginx: proxy_pass without a path or slash behind host and port)."
    ))
    .in_short("pass the path on as it came")
    .or(Remediation::installer(format!(
        "Where the proxy is meant to change the path, and the application serves {asked}, listen with the URL {origin}{asked}."
    ))
    .in_short("listen with the URL that arrives"))
    .or(same)
}
