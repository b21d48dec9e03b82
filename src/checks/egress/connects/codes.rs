//! What `egress.connects` finds, and what usually lies behind it.

use crate::checks::egress::causes::{HOSTS_LINE, LED_ELSEWHERE, PAST_THE_PROXY, UNSEEN, UNTOLD};
use crate::outcome::{Cause, Code};

/// A host outside that is not WorkOS's.
const ANOTHER_HOST: &str = "curl -sv --connect-timeout 5 https://1.1.1.1/";

/// What the rule that is missing everywhere here has to say.
const ALLOW: &str = "Allow outbound TCP 443 from this host to Cloudflare's published ranges (`workos-preflight requirements` prints them).";

pub(in crate::checks) static TIMED_OUT: Code =
    Code::error("timed-out", "no address answers in time: packets are dropped on the way").explains(UNSEEN).caused_by(
        &[
            Cause::network(
                "A firewall between this host and the internet drops what it does not allow.",
                "Every other host outside is silent as well.",
                ALLOW,
            )
            .shown_by(ANOTHER_HOST),
            PAST_THE_PROXY,
            Cause::network(
                "The rule holds the addresses of one day, and WorkOS answers from others now.",
                "Addresses of Cloudflare's ranges stand in the rule, and not those that the command prints.",
                ALLOW,
            )
            .shown_by("dig api.workos.com A +short"),
            HOSTS_LINE,
        ],
    );

pub(in crate::checks) static REFUSED: Code =
    Code::error("refused", "the connection is refused: a closed port, or a rule that rejects with a reset")
        .explains(UNSEEN)
        .caused_by(&[
            Cause::network(
                "A firewall on the way rejects with a reset what it does not allow.",
                "Connections to other hosts outside are refused as well, and at once.",
                ALLOW,
            )
            .shown_by(ANOTHER_HOST),
            PAST_THE_PROXY,
            LED_ELSEWHERE,
        ]);

pub(in crate::checks) static RESET: Code =
    Code::error("reset", "the connection is reset as soon as it is made").explains(UNTOLD).caused_by(&[
        Cause::network(
            "A firewall that inspects connections resets what its policy forbids.",
            "A connection to another host outside stands.",
            "Exempt api.workos.com:443 from the inspection, and allow outbound TCP 443 to Cloudflare's published ranges.",
        )
        .shown_by(ANOTHER_HOST),
        PAST_THE_PROXY,
        Cause::network(
            "The firewall's state table is full, or this host has reached its limit of connections.",
            "Now and then a connection stands, and its log speaks of sessions or limits.",
            "Raise the limit of connections on the firewall, or find out which program here holds so many.",
        )
        .shown_by("for i in $(seq 10); do nc -vz -w 3 api.workos.com 443; done"),
    ]);

pub(in crate::checks) static UNREACHABLE: Code =
    Code::error("unreachable", "the connection is rejected on the way with ICMP, or there is no such host")
        .explains(UNSEEN)
        .caused_by(&[
            Cause::network(
                "A firewall or router on the way rejects with ICMP what it does not allow.",
                "This host's gateway answers, and every other host outside is unreachable as well.",
                ALLOW,
            )
            .shown_by(ANOTHER_HOST),
            PAST_THE_PROXY,
            Cause::network(
                "The gateway that this host sends to is gone.",
                "The entry of the gateway says FAILED or INCOMPLETE.",
                "Give this host a gateway that answers.",
            )
            .shown_by("ip route get 104.16.0.1; ip neigh"),
        ]);

pub(in crate::checks) static NO_ROUTE: Code =
    Code::error("no-route", "this host has no route to the address").explains(UNSEEN).caused_by(&[
        Cause::installer(
            "This host has no default gateway.",
            "No line of the routes begins with `default`.",
            "Give this host a default gateway.",
        )
        .shown_by("ip route; ip -6 route"),
        PAST_THE_PROXY,
        Cause::installer(
            "Only IPv6 addresses are tried, and this host has no way out over IPv6.",
            "-6 was given, or the name has no IPv4 address here, and no default route is an IPv6 one.",
            "Leave -6 out, or give this host a default gateway for IPv6.",
        )
        .shown_by("getent ahosts api.workos.com; ip -6 route"),
    ]);

pub(in crate::checks) static PROHIBITED: Code =
    Code::error("prohibited", "this host itself forbids the connection").explains(UNSEEN).caused_by(&[
        Cause::installer(
            "This host's own firewall rejects what leaves.",
            "As root, the rules show a chain with `hook output` that rejects or drops.",
            "Allow outbound TCP 443 in this host's own firewall.",
        )
        .shown_by("nft list ruleset"),
        Cause::installer(
            "A route of the kind `prohibit` covers the addresses.",
            "`ip route get` says that permission is denied.",
            "Remove the `prohibit` route, or give this host a route that leads out.",
        )
        .shown_by("ip route get 104.16.0.1; ip route show type prohibit"),
        Cause::installer(
            "SELinux, a sandbox or a limit of the service (IPAddressDeny= of systemd) forbids it.",
            "The same command works outside of the service or container.",
            "Allow outbound TCP 443 in the policy of the service or container.",
        )
        .shown_by("curl -sv --connect-timeout 5 https://api.workos.com/"),
    ]);

pub(in crate::checks) static FAILED: Code =
    Code::error("failed", "the connection fails in a way that has no name of its own").explains(UNSEEN).caused_by(&[
        Cause::installer(
            "This host cannot make the connection: it has no free port, no memory or no open file left for it.",
            "The evidence holds the system's words, and `curl` on this host says the same.",
            "Follow what the system's words say, and run this again.",
        )
        .shown_by("curl -sv --connect-timeout 5 https://api.workos.com/; ss -s"),
    ]);

pub(in crate::checks) static SOME_ADDRESSES: Code =
    Code::warning("some-addresses", "some of the addresses answer and others do not").caused_by(&[
        Cause::network(
            "The rule covers some of the addresses, mostly those of the day on which it was written.",
            "The addresses that do not answer are in no rule, and lie in Cloudflare's ranges.",
            ALLOW,
        )
        .shown_by("curl -sv --connect-timeout 5 --resolve api.workos.com:443:ADDRESS https://api.workos.com/"),
        Cause::network(
            "One of several firewalls or lines lacks the rule.",
            "The same address answers one time and not the next.",
            "Give every firewall on the way the same rule.",
        )
        .shown_by("for i in $(seq 10); do nc -vz -w 3 ADDRESS 443; done"),
    ]);

pub(in crate::checks) static IPV6_BROKEN: Code =
    Code::warning("ipv6-broken", "IPv6 addresses are published and do not answer, while IPv4 does").caused_by(&[
        Cause::network(
            "This host has IPv6, and its way out over IPv6 leads nowhere.",
            "No other host outside answers over IPv6 either.",
            "Let IPv6 out, or take the IPv6 default route off this host.",
        )
        .shown_by("curl -6 -sv --connect-timeout 5 'https://[2606:4700:4700::1111]/'"),
        Cause::network(
            "The rule holds Cloudflare's IPv4 ranges alone.",
            "Other hosts outside answer over IPv6.",
            "Allow outbound TCP 443 to Cloudflare's IPv6 ranges as well.",
        )
        .shown_by("curl -6 -sv --connect-timeout 5 https://api.workos.com/"),
    ]);
