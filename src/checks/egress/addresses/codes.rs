//! What `egress.addresses` finds, and what usually lies behind it.

use crate::checks::egress::answers::codes::{BAD_GATEWAY, BLOCK_PAGE, CAPTIVE_PORTAL, NO_ANSWER, NOT_THE_API};
use crate::checks::egress::causes::{HOSTS_LINE, UNTOLD};
use crate::checks::egress::connects::codes::{
    FAILED, IPV6_BROKEN, REFUSED, RESET, SOME_ADDRESSES, TIMED_OUT, UNREACHABLE,
};
use crate::checks::egress::handshake::codes as handshake;
use crate::checks::egress::trusted::codes as trusted;
use crate::outcome::{Cause, Code};

pub(in crate::checks) static SINKHOLED: Code =
    Code::error("sinkholed", "the name resolves to an address of nowhere, as name filters answer")
        .explains(UNTOLD)
        .caused_by(&[
            Cause::network(
                "A DNS filter answers so for a name that it blocks.",
                "A public resolver gives other addresses than this site's, and the filter's log has the name.",
                "Take the name off the filter's block list, or exempt it from its category.",
            )
            .shown_by(BOTH_VIEWS),
            HOSTS_LINE,
            TUNNELLED,
            OTHER_SERVICE,
        ]);

pub(in crate::checks) static PRIVATE_ANSWER: Code = Code::error(
    "private-answer",
    "the name resolves to an address of a private network, and the API is not there",
)
.explains(UNTOLD)
.caused_by(&[
    Cause::network(
        "An internal zone, an override or a block rule leads the name to an address of this site.",
        "A public resolver gives other addresses than this site's.",
        "Remove the zone, override or rule; where a relay is meant to stand there, have it pass TCP 443 on untouched.",
    )
    .shown_by(BOTH_VIEWS),
    HOSTS_LINE,
    TUNNELLED,
    Cause::installer(
        "This site's own TLS inspection answers at that address, with a CA that this host does not trust.",
        "The issuer that `openssl` prints is the company's or a security product's.",
        "Add the root of that CA to this host's trust store, or give it with --ca-bundle.",
    )
    .shown_by("openssl s_client -connect ADDRESS:443 -servername api.workos.com </dev/null"),
]);

pub(in crate::checks) static BLOCKED: Code =
    Code::error("blocked", "the name resolves to the block page of a DNS filter").explains(UNTOLD).caused_by(&[
        Cause::network(
            "The filter's policy blocks the name, or the category that it is filed under.",
            "Every machine of this site gets the same address, and a public resolver gives others.",
            "Unblock the name in the filter, in the policy that applies to this host.",
        )
        .shown_by(BOTH_VIEWS),
        Cause::network(
            "The filter does not know this host, and applies a stricter policy to it than to others.",
            "Another machine of this site gets the public addresses from the same filter.",
            "Put this host under a policy of the filter that allows the name.",
        )
        .shown_by("dig @RESOLVER api.workos.com A +short"),
    ]);

pub(in crate::checks) static SEARCH_LIST: Code = Code::error(
    "search-list",
    "applications get the answer for another name, which the search list makes of this one",
)
.explains(UNTOLD)
.caused_by(&[
    Cause::installer(
        "`ndots` is so high that the search list is tried before the name itself, as Kubernetes sets it.",
        "The file holds `options ndots:5` or the like, and with a dot at its end the name has other addresses.",
        "Set `options ndots:1` in /etc/resolv.conf (in Kubernetes: dnsConfig of the pod), or shorten the search list.",
    )
    .shown_by("cat /etc/resolv.conf; getent ahosts api.workos.com; getent ahosts api.workos.com."),
    Cause::network(
        "A wildcard record of a domain on the search list answers for every name under it.",
        "A made-up name under that domain gets the same address.",
        "Remove the wildcard record.",
    )
    .shown_by("dig @RESOLVER MADE-UP.DOMAIN A +short"),
    Cause::network(
        "The resolver gives no address for the name itself, so that the search list's answer is the only one.",
        "With a dot at its end the name does not resolve.",
        "Make the resolver resolve the name itself.",
    )
    .shown_by("dig @RESOLVER api.workos.com. A"),
]);

pub(in crate::checks) static RELAYED: Code =
    Code::warning("relayed", "the name resolves to an address that is not WorkOS's, and the API itself answers there")
        .caused_by(&[
            Cause::network(
                "A relay that reads the server name (an SNI proxy), or an address translator, is meant to stand there.",
                "The address is one of this site's own.",
                "Keep TCP 443 from this host to the relay open, and write the rule towards Cloudflare's ranges for the relay.",
            )
            .shown_by(BOTH_VIEWS),
            Cause::network(
                "A tunnel agent (VPN, ZTNA or transparent proxy) gives out addresses of its own and passes connections on.",
                "The address lies in 198.18.0.0/15 or 100.64.0.0/10.",
                "Write the rule towards Cloudflare's ranges for the agent's gateway, and keep the name among those that it passes.",
            )
            .shown_by("getent ahosts api.workos.com"),
        ]);

pub(in crate::checks) static OUTSIDE_RANGES: Code =
    Code::warning("outside-ranges", "the name resolves to a public address outside the published ranges")
        .explains(&[
            // Whoever answers there is not WorkOS, and no rule for WorkOS leads there.
            &TIMED_OUT,
            &REFUSED,
            &RESET,
            &UNREACHABLE,
            &FAILED,
            &SOME_ADDRESSES,
            &handshake::STALLED,
            &handshake::RESET_IN_HANDSHAKE,
            &handshake::NOT_TLS,
            &handshake::TLS_TOO_OLD,
            &handshake::ALERT,
            &handshake::CLIENT_CERTIFICATE,
            &handshake::NOT_SPOKEN,
            &handshake::FAILED,
            &trusted::UNTRUSTED,
            &trusted::SELF_SIGNED,
            &trusted::INCOMPLETE_CHAIN,
            &trusted::EXPIRED,
            &trusted::WRONG_NAME,
            &trusted::NO_ALTERNATIVE_NAME,
            &trusted::INVALID,
            &BLOCK_PAGE,
            &CAPTIVE_PORTAL,
            &NOT_THE_API,
            &BAD_GATEWAY,
            &NO_ANSWER,
        ])
        .caused_by(&[
            Cause::network(
                "The resolver leads the name elsewhere, as a DNS filter does to its block page.",
                "A public resolver gives other addresses.",
                "Take the name off the filter's list, or remove the override.",
            )
            .shown_by(BOTH_VIEWS),
            HOSTS_LINE,
            Cause::network(
                "A relay of this site's own stands there, with a public address.",
                "The address belongs to this site, and the API itself answers there.",
                "Write the firewall rule for the relay in the place of Cloudflare's ranges.",
            ),
            Cause::network(
                "WorkOS answers from addresses that this tool's list does not hold yet.",
                "A public resolver gives the same addresses.",
                "Allow TCP 443 to these addresses besides, and give --facts a newer list.",
            )
            .shown_by("dig @1.1.1.1 api.workos.com A +short"),
        ]);

pub(in crate::checks) static IPV6_ELSEWHERE: Code = Code::warning(
    "ipv6-elsewhere",
    "the IPv6 addresses of the name lead elsewhere, while its IPv4 addresses are published ones",
)
.explains(&[&IPV6_BROKEN])
.caused_by(&[
    Cause::network(
        "A DNS filter or an override answers for IPv6 with an address of its own.",
        "A public resolver gives other IPv6 addresses.",
        "Have the name's AAAA question answered with its public addresses, or with none.",
    )
    .shown_by("dig @RESOLVER api.workos.com AAAA +short; dig @1.1.1.1 api.workos.com AAAA +short"),
    HOSTS_LINE,
]);

/// What this site's resolver and a public one say of the name.
const BOTH_VIEWS: &str = "dig @RESOLVER api.workos.com A +short; dig @1.1.1.1 api.workos.com A +short";

const TUNNELLED: Cause = Cause::network(
    "A tunnel agent (VPN, ZTNA or transparent proxy) gives out an address of its own, and does not pass the name on.",
    "The address lies in 198.18.0.0/15 or 100.64.0.0/10.",
    "Have the agent pass api.workos.com:443 on, or exclude the name from it.",
)
.shown_by("getent ahosts api.workos.com");

const OTHER_SERVICE: Cause = Cause::installer(
    "Another name service of this host gives the address.",
    "No DNS server and no line of /etc/hosts gives it, and `getent` does.",
    "Find the service on the `hosts:` line of /etc/nsswitch.conf that gives it, and take the name out of it.",
)
.shown_by("getent -s dns ahosts api.workos.com; getent ahosts api.workos.com; grep ^hosts: /etc/nsswitch.conf");
