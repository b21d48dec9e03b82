//! Faults on the way to the `WorkOS` API: packets, TLS, certificates and proxies.

use super::Fault;
use crate::simulator::service::{Certificate, Page, ProxyManner, Service};
use crate::simulator::world::{API_ADDRESSES, HOSTED_ADDRESS, PROXY, PROXY_ADDRESS, PUBLIC_DNS_ADDRESSES, World};

pub(super) const FAULTS: &[Fault] = &[
    Fault::new(
        "egress-dropped",
        "A firewall drops packets to the WorkOS API, so that connections time out.",
        &["egress.connects/timed-out"],
        |world| world.put(&API_ADDRESSES, &Service::Drops),
    ),
    Fault::new(
        "egress-refused",
        "Connections to the WorkOS API are refused at once.",
        &["egress.connects/refused"],
        |world| world.put(&API_ADDRESSES, &Service::Refuses),
    ),
    Fault {
        name: "egress-unreachable",
        shows: "A router on the way says that the WorkOS API cannot be reached.",
        expect: &["egress.connects/unreachable"],
        anywhere: false,
        apply: |world| world.put(&API_ADDRESSES, &Service::Unreachable),
    },
    Fault {
        name: "egress-prohibited",
        shows: "This machine's own routes forbid connections to the WorkOS API.",
        expect: &["egress.connects/prohibited"],
        anywhere: false,
        apply: |world| world.put(&API_ADDRESSES, &Service::Prohibited),
    },
    Fault {
        name: "egress-no-route",
        shows: "This machine has no route to the WorkOS API, as without a default gateway.",
        expect: &["egress.connects/no-route"],
        anywhere: false,
        apply: |world| world.put(&API_ADDRESSES, &Service::NoRoute),
    },
    Fault::new(
        "one-address-dropped",
        "One of the two addresses of the WorkOS API is dropped, as by an allowlist of single addresses.",
        &["egress.connects/some-addresses"],
        |world| world.put(&API_ADDRESSES[1..], &Service::Drops),
    ),
    Fault::new(
        "tls-reset",
        "Connections are reset as soon as the TLS handshake begins, as by a filter that reads the hostname in it.",
        &["egress.handshake/reset-in-handshake"],
        |world| world.put(&API_ADDRESSES, &Service::ResetsInHandshake),
    ),
    Fault::new(
        "tls-stalled",
        "Connections open, then nothing answers the TLS handshake.",
        &["egress.handshake/stalled"],
        |world| world.put(&API_ADDRESSES, &Service::StallsInHandshake),
    ),
    Fault::new(
        "tls-garbage",
        "Something that does not speak TLS answers the handshake.",
        &["egress.handshake/not-tls"],
        |world| world.put(&API_ADDRESSES, &Service::Garbage),
    ),
    Fault::new(
        "tls-old",
        "What answers is older than TLS 1.2 and refuses the handshake.",
        &["egress.handshake/tls-too-old"],
        |world| world.put(&API_ADDRESSES, &Service::OnlyOldTls),
    ),
    Fault::new(
        "tls-cbc-only",
        "What answers speaks TLS 1.2 with cipher suites of CBC alone, which OpenSSL takes and this tool does not have.",
        &["egress.handshake/not-spoken"],
        |world| world.put(&API_ADDRESSES, &Service::OnlyCbc),
    ),
    Fault::new(
        "large-hello",
        "A box on the way loses a first TLS message that is larger than one packet, as Node 22 and Go send it.",
        &["egress.handshake/large-hello"],
        |world| behind_small_packets(world, false),
    ),
    Fault::new(
        "large-hello-reset",
        "A box on the way resets connections whose first TLS message is larger than one packet.",
        &["egress.handshake/large-hello"],
        |world| behind_small_packets(world, true),
    ),
    Fault::new(
        "plain-http",
        "Something answers plain HTTP on the port of HTTPS.",
        &["egress.handshake/not-tls"],
        |world| {
            let page = Page::html(400, "<html><head><title>400 Bad Request</title></head></html>");
            world.put(&API_ADDRESSES, &Service::PlainHttp(page));
        },
    ),
    Fault::new(
        "untrusted-ca",
        "An inspecting proxy replaces certificates with its own, and this machine does not trust them.",
        &["egress.trusted/untrusted"],
        intercept,
    ),
    Fault::new(
        "intercepted",
        "An inspecting proxy replaces certificates with its own; this machine trusts them, the application may not.",
        &["egress.trusted/intercepted"],
        |world| {
            intercept(world);
            world.corporate_ca_trusted = true;
        },
    ),
    Fault::new(
        "expired",
        "The certificate shown for the WorkOS API has expired.",
        &["egress.trusted/expired"],
        |world| world.show(&API_ADDRESSES, Certificate::Expired),
    ),
    Fault::new(
        "not-yet-valid",
        "The certificate shown for the WorkOS API is not valid yet by this machine's clock.",
        &["egress.trusted/not-yet-valid"],
        |world| world.show(&API_ADDRESSES, Certificate::NotYetValid),
    ),
    Fault::new(
        "wrong-name",
        "The certificate shown for the WorkOS API is for another name.",
        &["egress.trusted/wrong-name"],
        |world| world.show(&API_ADDRESSES, Certificate::WrongName),
    ),
    Fault::new(
        "self-signed",
        "The certificate shown for the WorkOS API is signed by itself.",
        &["egress.trusted/self-signed"],
        |world| world.show(&API_ADDRESSES, Certificate::SelfSigned),
    ),
    Fault::new(
        "incomplete-chain",
        "The certificate shown for the WorkOS API comes without its intermediate.",
        &["egress.trusted/incomplete-chain"],
        |world| world.show(&API_ADDRESSES, Certificate::IncompleteChain),
    ),
    Fault::new(
        "proxy-407",
        "The proxy asks for a user name and a password that were not given.",
        &["egress.proxy/proxy-auth-required"],
        |world| use_proxy(world, Service::Proxy(ProxyManner::Requires)),
    ),
    Fault::new("proxy-403", "The proxy forbids the WorkOS API.", &["egress.proxy/proxy-denied"], |world| {
        use_proxy(world, Service::Proxy(ProxyManner::Denies));
    }),
    Fault::new(
        "proxy-502",
        "The proxy cannot reach the WorkOS API itself.",
        &["egress.proxy/proxy-upstream-failed"],
        |world| use_proxy(world, Service::Proxy(ProxyManner::UpstreamFails)),
    ),
    Fault::new(
        "proxy-refused",
        "Nothing listens where the proxy should be.",
        &["egress.proxy/proxy-refused"],
        |world| use_proxy(world, Service::Refuses),
    ),
    Fault::new(
        "proxy-silent",
        "The proxy accepts connections and never answers.",
        &["egress.proxy/proxy-timed-out"],
        |world| use_proxy(world, Service::Proxy(ProxyManner::NeverAnswers)),
    ),
    Fault::new("proxy-dropped", "Packets to the proxy are dropped.", &["egress.proxy/proxy-timed-out"], |world| {
        use_proxy(world, Service::Drops);
    }),
    Fault::new(
        "proxy-unresolved",
        "The name of the proxy does not exist.",
        &["egress.proxy/proxy-unresolved"],
        |world| world.set("network.proxy", "http://proxy-old.customer.example:3128"),
    ),
    Fault::new(
        "proxy-not-a-proxy",
        "What listens where the proxy should be is a web server.",
        &["egress.proxy/not-a-proxy"],
        |world| use_proxy(world, Service::Proxy(ProxyManner::NotAProxy)),
    ),
    Fault::new(
        "proxy-only",
        "Direct connections are dropped, but the proxy opens tunnels: nothing is wrong.",
        &[],
        |world| {
            let outside = [&API_ADDRESSES[..], &PUBLIC_DNS_ADDRESSES, &[HOSTED_ADDRESS]].concat();
            for address in outside.into_iter().map(super::https) {
                let direct = world.services.insert(address, Service::Drops);
                world.past_proxy.extend(direct.map(|service| (address, service)));
            }
            use_proxy(world, Service::Proxy(ProxyManner::Opens));
        },
    ),
];

/// Everything outside is reached through a box that wants the server name in the first packet.
fn behind_small_packets(world: &mut World, resets: bool) {
    for outside in [&API_ADDRESSES[..], &PUBLIC_DNS_ADDRESSES, &[HOSTED_ADDRESS]] {
        world.change(outside, |service| {
            *service = Service::BehindSmallPackets { resets, service: Box::new(service.clone()) };
        });
    }
}

/// Everything outside shows certificates of the customer's own CA.
pub(super) fn intercept(world: &mut World) {
    for outside in [&API_ADDRESSES[..], &PUBLIC_DNS_ADDRESSES, &[HOSTED_ADDRESS]] {
        world.show(outside, Certificate::PrivateCa);
    }
}

fn use_proxy(world: &mut World, service: Service) {
    world.services.insert(PROXY_ADDRESS, service);
    world.set("network.proxy", format!("http://{PROXY}:{}", PROXY_ADDRESS.port()));
}
