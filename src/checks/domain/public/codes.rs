//! What the addresses of a name can be that the internet is told.

use crate::check::Code;
use crate::checks::domain::here;
use crate::outcome::Cause;

/// Asks a resolver of the internet for both kinds of addresses.
const PUBLIC: &str = "dig @1.1.1.1 NAME A +short; dig @1.1.1.1 NAME AAAA +short";

pub(in crate::checks) static PRIVATE_ADDRESS: Code =
    Code::error("private-address", "public DNS gives addresses of a private network only").caused_by(&[
        Cause::network(
            "The record was copied from the internal zone, or made for users on the customer's network alone.",
            "The internal zone gives the same address, and it opens from that network and its VPN.",
            "Replace the address in the public zone by the public one of the installation.",
        )
        .shown_by(PUBLIC),
        Cause::network(
            "A dynamic DNS client, or a controller in a cluster, reports the inside address of the host.",
            "The record comes back after it was corrected by hand.",
            "Have the client report the public address, or keep the record by hand.",
        )
        .shown_by("dig @1.1.1.1 NAME A +short; ip -br address"),
        Cause::network(
            "The installation has no public address: it is meant for the customer's own network.",
            "No address translation or load balancer leads to it from the internet.",
            "Publish it under a public address on TCP 443; where no Actions are used, --strategy events needs nothing let in.",
        ),
    ]);
pub(in crate::checks) static RESERVED_ADDRESS: Code =
    Code::error("reserved-address", "public DNS gives addresses that no host on the internet has").caused_by(&[
        Cause::network(
            "The name was prepared with a placeholder, such as 192.0.2.1, 127.0.0.1 or 0.0.0.0, and never completed.",
            "The record has been like that since it was made.",
            "Replace the address in the public zone by the public one of the installation.",
        )
        .shown_by(PUBLIC),
        Cause::network(
            "The record was set to nowhere on purpose, to take a former installation out of service.",
            "Whoever keeps the zone remembers the change.",
            "Set the record to the public address of this installation, or choose another name for it.",
        )
        .shown_by(PUBLIC),
    ]);
pub(in crate::checks) static MIXED: Code =
    Code::warning("mixed", "public DNS gives public addresses and others beside them")
        .explains(&[&here::ELSEWHERE])
        .caused_by(&[
            Cause::network(
                "The internal address was added beside the public one, for users on the customer's network.",
                "One of the addresses is of that network.",
                "Take the internal address out of the public zone, and give it in the internal zone instead.",
            )
            .shown_by(PUBLIC),
            Cause::network(
                "A record of a former state was left beside the new one.",
                "Nothing answers at the address that is not public.",
                "Remove the old record from the public zone.",
            )
            .shown_by(PUBLIC),
        ]);
pub(in crate::checks) static AAAA_ONLY: Code =
    Code::warning("aaaa-only", "the name has IPv6 addresses only, and WorkOS's listed sources are IPv4").caused_by(&[
        Cause::network(
            "The A record was forgotten, or removed when IPv6 was brought in.",
            "The installation has a public IPv4 address as well.",
            "Add an A record with that address to the name.",
        )
        .shown_by(PUBLIC),
        Cause::network(
            "The site has no public IPv4 address of its own.",
            "Its provider gives it IPv6 and a shared IPv4 address (carrier-grade NAT).",
            "Put something with a public IPv4 address in front of the installation, such as a load balancer or a reverse proxy elsewhere.",
        ),
    ]);
pub(in crate::checks) static PRIVATE_ALLOWED: Code = Code::warning(
    "private-allowed",
    "the name leads to addresses that are not public, which this look was told to contact all the same",
)
.of_the_looker()
.caused_by(&[
    Cause::network(
        "The installation is looked at before its name is public, with --allow-private.",
        "The look is made from a machine inside, or from a laboratory.",
        "Before going live, publish the public address of the installation in the public zone, and look without --allow-private.",
    )
    .shown_by(PUBLIC),
]);
