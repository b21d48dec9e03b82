//! Faults in forward proxies that speak TLS or SOCKS, and those that are as they should be.

use std::net::SocketAddr;

use super::Fault;
use crate::simulator::service::{Certificate, ProxyManner, Service, SocksManner};
use crate::simulator::world::{PROXY, PROXY_ADDRESS, World};

pub(super) const FAULTS: &[Fault] = &[
    Fault::new(
        "proxy-credentials",
        "The proxy wants a user and a password, and is given them: nothing is wrong.",
        &[],
        |world| {
            world.services.insert(PROXY_ADDRESS, Service::Proxy(ProxyManner::Requires));
            world.set("network.proxy", format!("http://installer:demo@{PROXY}:{}", PROXY_ADDRESS.port()));
        },
    ),
    Fault::new(
        "proxy-wrong-password",
        "The proxy refuses the password that it is given.",
        &["egress.proxy/proxy-auth-required"],
        |world| {
            world.services.insert(PROXY_ADDRESS, Service::Proxy(ProxyManner::Requires));
            world.set("network.proxy", format!("http://installer:wrong@{PROXY}:{}", PROXY_ADDRESS.port()));
        },
    ),
    Fault::new(
        "proxy-old",
        "The proxy answers as old ones do, after an interim answer: nothing is wrong.",
        &[],
        |world| {
            answering(world, ProxyManner::OpensInOldStyle);
        },
    ),
    Fault::new(
        "proxy-windows-sign-in",
        "The proxy offers the sign-in schemes of Windows alone, which servers cannot use.",
        &["egress.proxy/proxy-auth-required"],
        |world| answering(world, ProxyManner::WantsWindowsSignIn),
    ),
    Fault::new(
        "proxy-sign-in-page",
        "The proxy leads to a page where people sign in.",
        &["egress.proxy/proxy-sign-in-page"],
        |world| answering(world, ProxyManner::LeadsToSignIn),
    ),
    Fault::new(
        "proxy-407-rule",
        "The proxy refuses the WorkOS API by a rule, with 407 and without a way to sign in.",
        &["egress.proxy/proxy-denied"],
        |world| answering(world, ProxyManner::DeniesWith407),
    ),
    Fault::new(
        "proxy-500",
        "The proxy cannot reach the WorkOS API itself, and says so with 500.",
        &["egress.proxy/proxy-upstream-failed"],
        |world| answering(world, ProxyManner::UpstreamFailsWith500),
    ),
    Fault::new(
        "proxy-closes",
        "What listens where the proxy should be ends connections without an answer.",
        &["egress.proxy/not-a-proxy"],
        |world| answering(world, ProxyManner::Closes),
    ),
    Fault::new(
        "proxy-plain-on-tls",
        "The proxy's URL says http, and the proxy speaks TLS.",
        &["egress.proxy/not-a-proxy"],
        |world| {
            over_tls(world, Certificate::Good, ProxyManner::Opens);
            world.set("network.proxy", format!("http://{PROXY}:{}", tls_port().port()));
        },
    ),
    Fault::new("proxy-tls", "The proxy is spoken to over TLS: nothing is wrong.", &[], |world| {
        over_tls(world, Certificate::Good, ProxyManner::Opens);
    }),
    Fault::new(
        "proxy-tls-untrusted",
        "The proxy is spoken to over TLS, and its own certificate is of a CA that is not trusted here.",
        &["egress.proxy/proxy-untrusted"],
        |world| over_tls(world, Certificate::PrivateCa, ProxyManner::Opens),
    ),
    Fault::new(
        "proxy-tls-expired",
        "The proxy is spoken to over TLS, and its own certificate has expired.",
        &["egress.proxy/proxy-untrusted"],
        |world| over_tls(world, Certificate::Expired, ProxyManner::Opens),
    ),
    Fault::new(
        "proxy-tls-403",
        "The proxy is spoken to over TLS, and forbids the WorkOS API.",
        &["egress.proxy/proxy-denied"],
        |world| over_tls(world, Certificate::Good, ProxyManner::Denies),
    ),
    Fault::new(
        "proxy-tls-on-plain",
        "The proxy's URL says https, and the proxy speaks plain HTTP.",
        &["egress.proxy/proxy-tls-failed"],
        |world| {
            world.services.insert(tls_port(), Service::Proxy(ProxyManner::Opens));
            world.set("network.proxy", format!("https://{PROXY}"));
        },
    ),
    Fault::new("socks", "The proxy speaks SOCKS and resolves names itself: nothing is wrong.", &[], |world| {
        by_socks(world, "socks5h", "", SocksManner::Opens);
    }),
    Fault::new("socks-local-names", "The proxy speaks SOCKS and is given addresses: nothing is wrong.", &[], |world| {
        by_socks(world, "socks5", "", SocksManner::Opens);
    }),
    Fault::new("socks-credentials", "The SOCKS proxy wants a user and a password, and is given them.", &[], |world| {
        by_socks(world, "socks5h", "installer:demo@", SocksManner::WantsPassword);
    }),
    Fault::new(
        "socks-password",
        "The SOCKS proxy wants a user and a password that were not given.",
        &["egress.proxy/proxy-auth-required"],
        |world| by_socks(world, "socks5h", "", SocksManner::WantsPassword),
    ),
    Fault::new("socks-denied", "The SOCKS proxy forbids the WorkOS API.", &["egress.proxy/proxy-denied"], |world| {
        by_socks(world, "socks5h", "", SocksManner::Denies);
    }),
    Fault::new(
        "socks-unreachable",
        "The SOCKS proxy cannot reach the WorkOS API itself.",
        &["egress.proxy/proxy-upstream-failed"],
        |world| by_socks(world, "socks5h", "", SocksManner::CannotReach),
    ),
    Fault::new(
        "socks-not",
        "The proxy's URL says SOCKS, and the proxy speaks HTTP.",
        &["egress.proxy/not-a-proxy"],
        |world| {
            world.services.insert(PROXY_ADDRESS, Service::Proxy(ProxyManner::Opens));
            world.set("network.proxy", format!("socks5h://{PROXY}:{}", PROXY_ADDRESS.port()));
        },
    ),
];

fn answering(world: &mut World, manner: ProxyManner) {
    world.services.insert(PROXY_ADDRESS, Service::Proxy(manner));
    world.set("network.proxy", format!("http://{PROXY}:{}", PROXY_ADDRESS.port()));
}

/// Where an https proxy listens.
fn tls_port() -> SocketAddr {
    SocketAddr::new(PROXY_ADDRESS.ip(), 443)
}

fn over_tls(world: &mut World, certificate: Certificate, manner: ProxyManner) {
    world.services.insert(tls_port(), Service::TlsProxy { certificate, manner });
    world.set("network.proxy", format!("https://{PROXY}"));
}

fn by_socks(world: &mut World, scheme: &str, userinfo: &str, manner: SocksManner) {
    world.services.insert(PROXY_ADDRESS, Service::Socks(manner));
    world.set("network.proxy", format!("{scheme}://{userinfo}{PROXY}:{}", PROXY_ADDRESS.port()));
}
