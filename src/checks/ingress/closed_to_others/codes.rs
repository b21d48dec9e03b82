//! What `ingress.closed-to-others` finds, and what usually lies behind it.

use crate::check::Code;
use crate::outcome::Cause;

pub(in crate::checks) static OPEN_TO_ALL: Code = Code::error(
    "open-to-all",
    "a machine whose address WorkOS does not list gets in, as far as TLS and what it says",
)
.caused_by(&[
    Cause::network(
        "Users sign in over the internet, so the port is open to everybody on purpose.",
        "People use the application from outside the site's networks, without a VPN.",
        "Let only WorkOS's addresses reach the webhook and Actions paths, in the reverse proxy.",
    ),
    Cause::network(
        "A rule for any source stands before the allowlist.",
        "The rule that the edge's log names for this connection is another one than the allowlist.",
        "Remove that rule, or move it behind the allowlist and a rule that drops the rest of TCP 443.",
    ),
    Cause::network(
        "The allowlist stands where this traffic does not pass: a load balancer or cloud has a rule set of its own.",
        "The firewall that holds the allowlist counts no packet of this machine.",
        "Set the allowlist on what the internet reaches first.",
    ),
]);

pub(in crate::checks) static NOT_TRIED: Code =
    Code::undecided("not-tried", "this machine itself could not send there, which says nothing about the installation")
        .caused_by(&[
            Cause::installer(
                "This machine has no route to the address, often because it has no IPv6.",
                "The command says that the network is unreachable.",
                "Look from a machine that has a route to it.",
            )
            .shown_by("ip route get ADDRESS"),
            Cause::installer(
                "-4 or -6 leaves out the only family in which the name has an address.",
                "The command prints addresses of the other family alone.",
                "Look without -4 or -6, from a machine that has both families.",
            )
            .shown_by("dig @1.1.1.1 NAME A NAME AAAA +short"),
        ]);

pub(in crate::checks) static NO_STRANGER: Code = Code::undecided(
    "no-stranger",
    "this machine has an address that WorkOS lists, so what it sees says nothing of what others see",
)
.caused_by(&[
    Cause::installer(
        "This machine goes out through Cloudflare, by a tunnel or a VPN client of theirs.",
        "The finding names a range of Cloudflare's.",
        "Turn that off for the time of the look, or look from another machine.",
    ),
    Cause::installer(
        "This machine's own address is one that WorkOS lists.",
        "The finding names one of WorkOS's listed addresses, and the command prints it.",
        "Look from a machine whose address is not on the allowlist.",
    )
    .shown_by("ip -brief address"),
]);
