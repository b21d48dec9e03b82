//! What to do about a genuine request that did not come from an address of WorkOS's: who hides the sender, and how it comes to
//! be seen.

use crate::check::{Remediation, Remediations, command};
use crate::facts::Origin;
use crate::net::special::special;
use crate::workos::delivery::{Delivery, Header, Unnamed};

/// What is wrong, and what to do. `what` begins the sentence: "a genuine delivery".
pub(in crate::checks) fn told(delivery: &Delivery, what: &str) -> (String, Remediations) {
    let source = delivery.source;
    let (problem, remediations): (String, Remediations) = if let Some(why) = delivery.unnamed {
        (
            format!("{what} arrived through the trusted proxy {source}, which {}", why.in_words()),
            naming(why, &source.to_string()),
        )
    } else if let Origin::Cloudflare(range) = delivery.origin {
        (
            format!(
                "{what} arrived from {source}, in Cloudflare's range {range}: the external name is proxied by Cloudflare, which hides the sender"
            ),
            Remediation::network(format!(
                "Let Cloudflare's ranges through at the edge and filter WorkOS's addresses in Cloudflare; to see the sender here, listen with --trusted-proxy for each of Cloudflare's ranges ({range} among them), whose X-Forwarded-For is then believed."
            ))
            .in_short("filter WorkOS's addresses in Cloudflare")
            .into(),
        )
    } else if special(source).is_some() {
        (
            format!(
                "{what} arrived, and its sender is hidden behind {source}: a reverse proxy, or a router that puts its own address in the sender's place"
            ),
            Remediation::network(format!(
                "If {source} is a reverse proxy, have it send X-Forwarded-For (or the PROXY protocol) and listen with --trusted-proxy {source}. If it is a router, forward port 443 without translating the source, or an allowlist behind it sees one address for everybody."
            ))
            .in_short("keep the sender's address on the way here")
            .into(),
        )
    } else {
        (
            format!("{what} arrived from {source}, which is on no list of WorkOS's addresses"),
            Remediation::network(format!(
                "Find out what {source} is: if a proxy or load balancer of yours, listen with --trusted-proxy {source} and have it name the sender; if not, look whether WorkOS's list of webhook addresses has grown, and allow {source} too."
            ))
            .in_short("find out whose address it is")
            .into(),
        )
    };
    (problem, remediations.verify(command!("tcpdump -ni any 'tcp and host {}'", source)))
}

const NAME_THE_SENDER: &str = "have the proxy name the sender";

/// How a proxy that is trusted already comes to name the sender. It is its owner who has to act.
fn naming(why: Unnamed, proxy: &str) -> Remediations {
    match why {
        Unnamed::Silent => Remediation::network(format!(
            "Have {proxy} send X-Forwarded-For (in nginx: proxy_set_header X-Forwarded-For $remote_addr), Forwarded or the PROXY protocol, so that an allowlist can be judged from here."
        ))
        .in_short(NAME_THE_SENDER)
        .into(),
        Unnamed::NotAnnounced => Remediation::network(format!(
            "Have {proxy} put the client's address into its PROXY header: UNKNOWN and LOCAL are for connections of its own (in haproxy: send-proxy-v2 on the server line of a frontend that itself sees the client, with accept-proxy on its bind line where a balancer stands before it)."
        ))
        .in_short(NAME_THE_SENDER)
        .or(Remediation::installer(format!(
            "Where {proxy} reads HTTP and sets X-Forwarded-For, listen without --proxy-protocol, so that the header counts."
        ))
        .in_short("listen without --proxy-protocol")),
        Unnamed::Contradiction => Remediation::network(format!(
            "Have {proxy} send only the header that it sets itself and take the other away, which it passes on as it came (in nginx: proxy_set_header Forwarded \"\"; in haproxy: http-request del-header Forwarded)."
        ))
        .in_short(NAME_THE_SENDER)
        .into(),
        Unnamed::Unknown(header) => Remediation::network(format!(
            "Have {proxy} write the client's address into {} instead of “unknown” (in Squid: forwarded_for on).",
            header.as_str()
        ))
        .in_short(NAME_THE_SENDER)
        .into(),
        Unnamed::Obfuscated(header) => Remediation::network(format!(
            "Have {proxy} write the client's address into {} towards this host, instead of a name of its own making.",
            header.as_str()
        ))
        .in_short(NAME_THE_SENDER)
        .into(),
        Unnamed::Empty(Header::Forwarded) => Remediation::network(format!(
            "Have {proxy} add for= with the client's address to Forwarded, or send X-Forwarded-For."
        ))
        .in_short(NAME_THE_SENDER)
        .into(),
        Unnamed::Empty(Header::XForwardedFor) => Remediation::network(format!(
            "Have {proxy} append the client's address to X-Forwarded-For (in nginx: proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for); now its entry is empty, as a variable without a value leaves it."
        ))
        .in_short(NAME_THE_SENDER)
        .into(),
        Unnamed::Unreadable(header) => Remediation::network(format!(
            "Have {proxy} replace {} with the client's address, instead of passing on or garbling what came (in nginx: proxy_set_header {} $remote_addr).",
            header.as_str(),
            match header {
                Header::XForwardedFor => "X-Forwarded-For",
                Header::Forwarded => "Forwarded \"\"; proxy_set_header X-Forwarded-For",
            }
        ))
        .in_short(NAME_THE_SENDER)
        .into(),
        Unnamed::OnlyProxies(header) => Remediation::network(format!(
            "Have the first proxy that the internet reaches write the client's address into {}: what arrives names {proxy} as the first, which is itself in the ranges of --trusted-proxy.",
            header.as_str()
        ))
        .in_short(NAME_THE_SENDER)
        .or(Remediation::installer(format!(
            "Where {proxy} is no proxy but a sender, name only the proxies in --trusted-proxy, by their own addresses instead of a range."
        ))
        .in_short("name only proxies in --trusted-proxy")),
    }
}
