//! What `ingress.connects` finds, and what usually lies behind it.

use crate::check::Code;
use crate::checks::ingress::closed_to_others::codes::NOT_TRIED;
use crate::outcome::Cause;

pub(in crate::checks) static HAIRPIN: Code =
    Code::undecided("hairpin", "from inside, the public address could not be connected to, which proves nothing")
        .caused_by(&[
        Cause::network(
            "The edge does not turn connections from inside around to its own public address.",
            "The command connects on a machine on the internet, and not here.",
            "Change nothing for WorkOS's sake: look from a machine on the internet with `workos-preflight probe URL`.",
        )
        .shown_by("curl -sv --connect-timeout 5 https://NAME/"),
        Cause::network(
            "No port forwarding leads from the public address to the installation.",
            "The command fails on a machine on the internet too, while the installation answers at its inside address.",
            "Forward TCP 443 of the public address to the installation.",
        ),
        NOTHING_LISTENS,
    ]);

pub(in crate::checks) static NOT_CONTACTED: Code = Code::undecided(
    "not-contacted",
    "there is no public address that may be contacted, or that is of the wanted family",
)
.explains(&[&NOT_TRIED])
.caused_by(&[
    Cause::network(
        "Public DNS gives an address of a private network for the name.",
        "What the command prints lies in 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16.",
        "Publish the public address of the installation in the public zone of its name.",
    )
    .shown_by("dig @1.1.1.1 NAME +short"),
    Cause::installer(
        "-4 or -6 leaves out the only family in which the name has an address.",
        "The command prints addresses of the other family alone.",
        "Leave -4 and -6 out.",
    )
    .shown_by("dig @1.1.1.1 NAME A NAME AAAA +short"),
    Cause::installer(
        "The look is taken in a network where a private address is the installation, such as a lab.",
        "The address is the installation's own: its host lists it.",
        "Give --allow-private.",
    )
    .shown_by("ip -brief address"),
]);

pub(in crate::checks) static TIMED_OUT: Code =
    Code::error("timed-out", "from outside, no public address answers in time").like_an_allowlist().caused_by(&[
        LEFT_OUT,
        Cause::network(
            "No rule at the edge lets the connection in, or none forwards it to the installation.",
            "On the installation's host the command shows no packet of the looking machine while it looks.",
            "Allow inbound TCP 443 to the public address, and forward it to the installation.",
        )
        .shown_by("tcpdump -ni any 'tcp port 443'"),
        Cause::network(
            "The installation's answers leave by another way than the one by which the packets came.",
            "The looking machine's packets arrive on the installation's host, and the command there names another gateway than the edge.",
            "Route the installation's answers back through the edge that let the connection in.",
        )
        .shown_by("ip route get ADDRESS"),
        Cause::network(
            "Public DNS leads to an address that is not the installation's, or no longer.",
            "The edge does not have the address that the command prints.",
            "Publish the installation's public address for its name.",
        )
        .shown_by("dig @1.1.1.1 NAME +short"),
    ]);

pub(in crate::checks) static REFUSED: Code = Code::error("refused", "from outside, the connection is refused").like_an_allowlist()
    .caused_by(&[
    NOTHING_LISTENS,
    Cause::network(
        "The port is forwarded to a machine that does not listen there.",
        "The application listens on its own host, and the command shows no packet there while the other machine looks.",
        "Forward TCP 443 of the public address to the installation.",
    )
    .shown_by("tcpdump -ni any 'tcp port 443'"),
    LEFT_OUT,
]);

pub(in crate::checks) static RESET: Code =
    Code::error("reset", "from outside, the connection is reset as soon as it is made").like_an_allowlist().caused_by(
        &[
            LEFT_OUT,
            Cause::network(
                "A load balancer takes the connection, and has no machine behind it that it holds to be up.",
                "The load balancer shows no machine behind this address, or all of them as failing.",
                "Start the installation if it is not up, and mend the load balancer's health check if it is.",
            ),
            Cause::network(
                "An intrusion prevention system or a filter by country resets what comes from the looking machine.",
                "From a machine in another network or country the command connects.",
                "Exempt WorkOS's addresses from that filter (`workos-preflight requirements` prints them).",
            )
            .shown_by("curl -sv --connect-timeout 5 https://NAME/"),
        ],
    );

pub(in crate::checks) static UNREACHABLE: Code = Code::error(
    "unreachable",
    "from outside, the connection is rejected on the way",
)
.like_an_allowlist()
.caused_by(&[
    LEFT_OUT,
    Cause::network(
        "The edge has no machine at the address to which it forwards the port.",
        "The installation does not answer at its inside address either, or has another one than the edge forwards to.",
        "Bring the installation's host up, or correct the address to which the edge forwards TCP 443.",
    ),
    Cause::network(
        "The address is not routed to this site, or public DNS names one that was given up.",
        "The last line with an address lies in the network of a provider, or of somebody else.",
        "Have the provider route the address to this site, or publish the installation's address for its name.",
    )
    .shown_by("traceroute -n ADDRESS"),
]);

pub(in crate::checks) static NO_ROUTE: Code =
    Code::error("no-route", "the machine that looks from outside has no route to the address")
        .of_the_looker()
        .explains(&[&NOT_TRIED])
        .caused_by(&[
            Cause::installer(
                "The looking machine has no IPv6, and the name has IPv6 addresses only.",
                "The address has colons in it, and the command prints no default route.",
                "Look from a machine that has IPv6.",
            )
            .shown_by("ip -6 route show default"),
            Cause::installer(
                "The looking machine is cut off, or a VPN took its default route away.",
                "The command prints no default route.",
                "Look from a machine that has a route to the internet.",
            )
            .shown_by("ip route show default"),
        ]);

pub(in crate::checks) static PROHIBITED: Code =
    Code::error("prohibited", "the machine that looks from outside forbids the connection itself").of_the_looker()
        .explains(&[&NOT_TRIED])
        .caused_by(&[
            Cause::installer(
                "A packet filter on the looking machine rejects what it sends.",
                "The command, as root, prints a rule for output that rejects or drops.",
                "Look from a machine that may connect to the internet on TCP 443.",
            )
            .shown_by("nft list ruleset"),
            Cause::installer(
                "A sandbox around the process forbids it to reach the network (a service's IPAddressDeny, SELinux, a container).",
                "In a plain shell of the same machine the command connects.",
                "Run the look in a plain shell, outside that sandbox.",
            )
            .shown_by("curl -sv --connect-timeout 5 https://NAME/"),
        ]);

pub(in crate::checks) static SOME_ADDRESSES: Code =
    Code::warning("some-addresses", "from outside, some public addresses accept connections and others do not")
        .caused_by(&[
            Cause::network(
                "An IPv6 address is published, and the edge lets nothing in over IPv6.",
                "The address that does not answer has colons in it.",
                "Allow inbound TCP 443 over IPv6, or remove the AAAA record from the public zone of the name.",
            )
            .shown_by("dig @1.1.1.1 NAME AAAA +short"),
            Cause::network(
                "One of several edges lacks the rule or the forwarding that the others have.",
                "The address that does not answer belongs to another firewall or line than the others.",
                "Let that address accept inbound TCP 443 as the others do.",
            ),
            Cause::network(
                "Public DNS still lists an address that was given up.",
                "No device of this site has the address that does not answer.",
                "Remove it from the public zone of the name.",
            )
            .shown_by("dig @1.1.1.1 NAME +short"),
        ]);

/// A look from outside does not come from WorkOS.
const LEFT_OUT: Cause = Cause::network(
    "An allowlist for WorkOS's addresses stands at the edge, and leaves the looking machine out, as it should.",
    "The edge's rule for inbound TCP 443 names sources, and the looking machine's address is not among them.",
    "Change nothing: look with --expect-closed, and see with `workos-preflight listen` that WorkOS gets in.",
);

const NOTHING_LISTENS: Cause = Cause::installer(
    "Nothing listens on the installation's host: the application, or what stands before it, is not up.",
    "The command prints no line with the port on that host.",
    "Start the application, or the reverse proxy before it.",
)
.shown_by("ss -ltn");
