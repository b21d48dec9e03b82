//! What the internet can be told of a name, or not.

use crate::check::Code;
use crate::outcome::Cause;

/// Asks a resolver of the internet.
const PUBLIC: &str = "dig @1.1.1.1 NAME A";
/// Asks for one at an address that firewalls let through more often than plain DNS.
const OVER_HTTPS: &str =
    "curl -sS -H 'accept: application/dns-json' 'https://cloudflare-dns.com/dns-query?name=NAME&type=A'";

pub(in crate::checks) static NXDOMAIN: Code = Code::error("nxdomain", "the name does not exist in public DNS")
    .caused_by(&[
        Cause::network(
            "The record stands in the internal zone alone.",
            "The resolvers of the customer's network know the name, and 1.1.1.1 does not.",
            "Publish an A record for the name in the public zone, with the address at which the internet reaches the installation.",
        )
        .shown_by("dig NAME A +short; dig @1.1.1.1 NAME A +short"),
        Cause::installer(
            "The name is misspelt, or is that of another installation.",
            "The application is set up for a name that differs by a letter, a hyphen or a part.",
            "Give the name that the application has with --domain.",
        )
        .shown_by(PUBLIC),
        Cause::network(
            "The name ends in something that no public zone has, such as .local, .internal or .corp.",
            "Its last part is none of the internet's, or it has no dot at all.",
            "Give the installation a name under a domain that the customer owns in public DNS.",
        ),
        Cause::network(
            "The whole domain is gone: its registration ended, or its name servers were changed.",
            "Other names of the domain do not exist either.",
            "Have the domain registered again, or its name servers set right at the registrar.",
        )
        .shown_by("dig @1.1.1.1 DOMAIN NS"),
    ]);
pub(in crate::checks) static NODATA: Code = Code::error("nodata", "the name exists in public DNS, and has no address")
    .caused_by(&[
        Cause::network(
            "The name has records of other kinds only, such as TXT for a proof of ownership, or names below it.",
            "`dig` for TXT shows something, and for A nothing.",
            "Add an A record to the name, with the address at which the internet reaches the installation.",
        )
        .shown_by("dig @1.1.1.1 NAME A +short; dig @1.1.1.1 NAME TXT +short"),
        Cause::network(
            "The address stands in the internal zone alone, which hides the public one.",
            "The resolvers of the customer's network give an address, and 1.1.1.1 gives none.",
            "Publish the A record in the public zone as well.",
        )
        .shown_by("dig NAME A +short; dig @1.1.1.1 NAME A +short"),
    ]);
pub(in crate::checks) static SERVFAIL: Code = Code::error("servfail", "public resolvers cannot find the name out")
    .caused_by(&[
        Cause::network(
            "The zone's DNSSEC signatures have run out, or its keys were changed and the DS record at the registrar was not.",
            "`dig` answers with `+cd`, which leaves the signatures unchecked, and not without.",
            "Sign the zone anew, or correct the DS record at the registrar.",
        )
        .shown_by("dig @1.1.1.1 NAME A; dig @1.1.1.1 NAME A +cd"),
        Cause::network(
            "The zone's name servers are down, or not reachable from the internet.",
            "`dig +trace` ends at them, with time-outs.",
            "Bring the public name servers of the zone back.",
        )
        .shown_by("dig +trace NAME A"),
        Cause::network(
            "The zone was moved, and the old name servers refuse it while the registrar still names them.",
            "`dig` at one of the zone's own servers answers REFUSED.",
            "Name the zone's present servers at the registrar.",
        )
        .shown_by("dig @1.1.1.1 DOMAIN NS +short; dig @SERVER NAME A"),
    ]);
pub(in crate::checks) static DANGLING_CNAME: Code =
    Code::error("dangling-cname", "the name is an alias for a name without addresses").caused_by(&[
        Cause::network(
            "The alias leads to a load balancer or a host that was deleted or renamed.",
            "The name that the alias leads to does not exist any more.",
            "Let the alias lead to what is in front of the installation now, or replace it by an A record.",
        )
        .shown_by("dig @1.1.1.1 NAME"),
        Cause::network(
            "The alias leads to a name that only the internal zone has.",
            "The resolvers of the customer's network know the name behind the alias, and 1.1.1.1 does not.",
            "Replace the alias in the public zone by an A record of the installation's public address.",
        )
        .shown_by("dig NAME; dig @1.1.1.1 NAME"),
        Cause::network(
            "The alias lacks its final dot in the zone file, so that the zone's own name is added to it, or aliases lead in a circle.",
            "The name behind the alias ends in the domain twice, or is the name itself.",
            "Write the alias with a final dot, or replace it by an A record.",
        )
        .shown_by("dig @1.1.1.1 NAME CNAME +short"),
    ]);
pub(in crate::checks) static REFUSED: Code =
    Code::undecided("refused", "the public resolver refuses the question, so what the internet is told is not known")
        .caused_by(&[
            Cause::installer(
                "--public-resolver names a server that answers its own customers or its own zones alone.",
                "It refuses every name of the internet from this host.",
                "Name a resolver that answers everybody with --public-resolver, or leave it out.",
            )
            .shown_by("dig @RESOLVER example.com A"),
            Cause::network(
                "Something on the way takes DNS questions for itself, and answers them by its own rules.",
                "A server at which nobody answers DNS seems to answer the command.",
                "Let this host's questions through to the resolver, or name one over HTTPS with --public-resolver.",
            )
            .shown_by("dig @192.0.2.53 example.com A +time=2 +tries=1"),
        ]);
pub(in crate::checks) static SEEN_FROM_INSIDE_ONLY: Code = Code::warning(
    "seen-from-inside-only",
    "no public resolver could be asked; the resolvers here give a public address",
)
.comes_of_the_way_out()
.caused_by(&[
    Cause::network(
        "The policy of this network does not let DNS over HTTPS out.",
        "The API is reached, and cloudflare-dns.com is refused, silent, or answered by a page of the filter.",
        "Allow HTTPS to cloudflare-dns.com from this host, or name a resolver that sees the internet with --public-resolver.",
    )
    .shown_by(OVER_HTTPS),
    Cause::installer(
        "`--public-resolver none` was given, so that nobody was asked.",
        "The finding says so.",
        "Leave it out, or look the name up on a machine on the internet and compare.",
    )
    .shown_by(PUBLIC),
]);
pub(in crate::checks) static NO_PUBLIC_VIEW: Code =
    Code::undecided("no-public-view", "no public resolver could be asked, and the resolvers here do not settle it")
        .comes_of_the_way_out()
        .caused_by(&[
            Cause::network(
                "The policy of this network does not let DNS over HTTPS out.",
                "The API is reached, and cloudflare-dns.com is refused, silent, or answered by a page of the filter.",
                "Allow HTTPS to cloudflare-dns.com from this host, or name a resolver that sees the internet with --public-resolver.",
            )
            .shown_by(OVER_HTTPS),
            Cause::network(
                "TLS is inspected on the way to cloudflare-dns.com, with a certificate that is not trusted here.",
                "`curl` says that the issuer is unknown, and egress.trusted may say the same of the API.",
                "Exempt cloudflare-dns.com from TLS inspection, or give the installer the root of the inspection for --ca-bundle.",
            )
            .shown_by(OVER_HTTPS),
            Cause::installer(
                "The proxy, by which the public resolver is asked as well, does not let it pass or wants a sign-in.",
                "egress.proxy fails, or the finding names what the proxy said.",
                "Settle first what egress.proxy says.",
            )
            .shown_by("curl -sS -x http://PROXY:PORT -o /dev/null -w '%{http_code}\\n' https://cloudflare-dns.com/"),
            Cause::installer(
                "`--public-resolver none` was given, and the resolvers here give a private address or none.",
                "The finding says that no public resolver was to be asked.",
                "Name a resolver with --public-resolver, or look the name up on a machine on the internet.",
            )
            .shown_by(PUBLIC),
        ]);
