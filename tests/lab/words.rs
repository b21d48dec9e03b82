//! What the findings of some faults must say, so that the person who has to act can.

use workos_preflight::report::v1::Who;

use crate::scenario::Words;

const OUT: &[&str] = &["outbound TCP 443", "api.workos.com", "15 IPv4, 7 IPv6"];
const PAST_THE_HOST: &[&str] = &["outbound TCP 443", "10.20.0.10", "api.workos.com", "15 IPv4, 7 IPv6"];
const BOTH: &[&str] = &["104.18.2.1", "104.18.3.1"];

const fn words(
    fault: &'static str,
    who: Who,
    problem: &'static [&'static str],
    action: &'static [&'static str],
) -> Words {
    Words { fault, who, problem, action }
}

/// One row a fault; the words of those that are not here are left to the units.
pub(crate) const WORDS: &[Words] = &[
    words("nxdomain", Who::Network, &["10.20.0.53", "api.workos.com", "NXDOMAIN"], &["10.20.0.53", "api.workos.com"]),
    words("servfail", Who::Network, &["10.20.0.53", "SERVFAIL"], &["10.20.0.53", "53 outbound"]),
    words("dns-refused", Who::Network, &["10.20.0.53", "REFUSED"], &["10.20.0.53"]),
    words("dns-silent", Who::Network, &["10.20.0.53:53"], &["UDP and TCP 53", "10.20.0.10", "10.20.0.53:53"]),
    words("dns-udp-dropped", Who::Network, &["10.20.0.53", "UDP"], &["UDP 53", "10.20.0.53"]),
    words("sinkholed", Who::Network, &["0.0.0.0"], &["api.workos.com"]),
    words("private-answer", Who::Network, &["10.1.2.3"], &["api.workos.com", "10.1.2.3"]),
    words("ipv6-broken", Who::Network, &["2606:4700::6812:201"], &["443", "IPv6"]),
    words("egress-dropped", Who::Network, &["104.18.2.1", "104.18.3.1", "443", "dropped"], PAST_THE_HOST),
    words("egress-refused", Who::Network, &["104.18.2.1", "104.18.3.1", "443", "refuse"], PAST_THE_HOST),
    words("egress-unreachable", Who::Network, BOTH, OUT),
    words("egress-prohibited", Who::Installer, BOTH, &["443", "104.18.2.1", "firewall"]),
    words("egress-no-route", Who::Installer, &["no route", "104.18.2.1"], &["route", "104.18.2.1"]),
    words("one-address-dropped", Who::Network, &["104.18.3.1"], PAST_THE_HOST),
    words("tls-reset", Who::Network, &["api.workos.com:443", "reset"], &["api.workos.com", "443"]),
    words("tls-stalled", Who::Network, &["api.workos.com:443", "1 s"], &["api.workos.com", "SNI"]),
    words("plain-http", Who::Network, &["not TLS", "HTTP/1.1 400"], &["api.workos.com", "443"]),
    words("untrusted-ca", Who::Network, &["Corp Inspect CA"], &["api.workos.com", "Corp Inspect CA"]),
    words("intercepted", Who::Network, &["Corp Inspect CA"], &["api.workos.com", "Corp Inspect CA"]),
    words("expired", Who::Network, &["api.workos.com:443", "3 days ago"], &["clock", "api.workos.com"]),
    words("not-yet-valid", Who::Installer, &["api.workos.com:443"], &["clock"]),
    words("wrong-name", Who::Network, &["intranet.customer.example", "api.workos.com"], &["api.workos.com"]),
    words("incomplete-chain", Who::Network, &["Demo Public Issuing CA 1"], &["Demo Public Issuing CA 1"]),
    words(
        "proxy-407",
        Who::Network,
        &["proxy.customer.example:3128", "407"],
        &["USER:PASSWORD@proxy.customer.example:3128"],
    ),
    words("proxy-403", Who::Network, &["403"], &["CONNECT to api.workos.com:443", "proxy.customer.example:3128"]),
    words("proxy-407-rule", Who::Network, &["407", "matches no rule"], &["CONNECT to api.workos.com:443", "policy"]),
    words(
        "proxy-sign-in-page",
        Who::Network,
        &["https://gateway.proxy.example/sign-in"],
        &["sign-in", "api.workos.com:443", "proxy.customer.example:3128"],
    ),
    words("proxy-windows-sign-in", Who::Network, &["Negotiate, NTLM, Digest)"], &["Exempt", "api.workos.com"]),
    words("proxy-500", Who::Network, &["500 Unable to connect", "tinyproxy"], &["resolve api.workos.com", "443"]),
    words("proxy-closes", Who::Installer, &["without an answer"], &["http://proxy.customer.example:3128"]),
    words("proxy-plain-on-tls", Who::Installer, &["TLS"], &["https://proxy.customer.example:443"]),
    words("proxy-502", Who::Network, &["502"], &["proxy.customer.example:3128", "api.workos.com", "443"]),
    words("proxy-dropped", Who::Network, &["proxy.customer.example:3128"], &["TCP 3128", "proxy.customer.example"]),
    words("proxy-unresolved", Who::Installer, &["proxy-old.customer.example"], &["proxy-old.customer.example"]),
    words("block-page", Who::Network, &["Web Page Blocked", "200"], &["api.workos.com", "web filter"]),
    words(
        "captive-portal",
        Who::Network,
        &["login.hotspot.example", "302"],
        &["api.workos.com", "login.hotspot.example"],
    ),
    words("api-down", Who::Workos, &["503", "cf-ray"], &["status.workos.com"]),
    words("key-in-quotes", Who::Installer, &["quotes"], &["WORKOS_API_KEY"]),
    words("key-revoked", Who::Vendor, &["401", "…"], &["dashboard", "WORKOS_API_KEY"]),
    words("key-forbidden", Who::Vendor, &["403"], &["permission"]),
    words("staging-key", Who::Vendor, &["sk_test_", "production"], &["support@workos.com"]),
    words(
        "domain-dangling",
        Who::Network,
        &["lb-17.hosting.example"],
        &["app.customer.example", "lb-17.hosting.example"],
    ),
    words("domain-private", Who::Network, &["10.20.0.20"], &["10.20.0.20", "app.customer.example"]),
    words("domain-elsewhere", Who::Network, &["93.184.215.9", "93.184.215.14"], &["93.184.215.14"]),
    words("ingress-private-ca", Who::Installer, &["Corp Inspect CA"], &["app.customer.example", "public CA"]),
    words("ingress-incomplete-chain", Who::Installer, &["Demo Public Issuing CA 1"], &["Demo Public Issuing CA 1"]),
    words("callback-missing", Who::Installer, &["404", "/callback"], &["/callback", "dashboard"]),
    words("callback-access-product", Who::Installer, &["Cloudflare Access", "/callback"], &["app.customer.example"]),
    words("webhook-open", Who::Vendor, &["200", "/webhooks/workos"], &["WorkOS-Signature", "401"]),
    words(
        "webhook-secret",
        Who::Installer,
        &["400", "secrets most likely differ"],
        &["dashboard", "WORKOS_WEBHOOK_SECRET"],
    ),
    words("webhook-rewritten", Who::Vendor, &["/webhooks/workos", "as it was sent"], &["raw body"]),
    words("webhook-clock", Who::Installer, &["170 s ago", "behind"], &["clock", "NTP"]),
    words("actions-missing", Who::Installer, &["404", "/actions/workos", "default deny"], &["path", "dashboard"]),
    words("webhook-missing", Who::Installer, &["404", "/webhooks/workos"], &["path"]),
];
