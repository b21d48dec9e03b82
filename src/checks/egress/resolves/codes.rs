//! What `egress.resolves` finds, and what usually lies behind it.

use crate::checks::egress::causes::{UNSEEN, UNTOLD};
use crate::outcome::{Cause, Code};

pub(in crate::checks) static NXDOMAIN: Code =
    Code::error("nxdomain", "the resolver says that the name does not exist").explains(UNTOLD).caused_by(&[
        Cause::network(
            "The resolver serves internal names, and forwards nothing to the internet.",
            "It denies every public name, such as example.com.",
            "Have the resolver forward workos.com, or all public names, to the internet.",
        )
        .shown_by("dig @RESOLVER example.com A"),
        Cause::network(
            "A DNS filter denies the name.",
            "The resolver gives addresses for other public names, and a public resolver gives some for this one.",
            "Take the name off the filter's list, or exempt it from the category that it is filed under.",
        )
        .shown_by("dig @RESOLVER api.workos.com A; dig @1.1.1.1 api.workos.com A"),
        Cause::installer(
            "This site goes out through a proxy, which resolves names itself, and this process does not use it.",
            "No public name resolves on this host, and browsers here are set to a proxy.",
            "Set HTTPS_PROXY=http://PROXY:PORT where the application is started, and run this again.",
        )
        .shown_by("env | grep -i _proxy"),
        Cause::installer(
            "The name that was given with --api-url or --endpoint is spelt differently.",
            "A public resolver says as well that it does not exist.",
            "Correct the name.",
        )
        .shown_by("dig @1.1.1.1 NAME A"),
    ]);

pub(in crate::checks) static NODATA: Code =
    Code::error("nodata", "the resolver knows the name, and no address for it").explains(UNTOLD).caused_by(&[
        Cause::network(
            "An internal zone or an override for the name hides its addresses.",
            "A public resolver gives addresses for the same name.",
            "Remove the zone or override, so that public DNS answers.",
        )
        .shown_by("dig @RESOLVER api.workos.com A; dig @1.1.1.1 api.workos.com A"),
        Cause::network(
            "A DNS filter answers a name that it blocks without an address.",
            "The filter's log has the question among those that it blocked.",
            "Take the name off the filter's list, or exempt it from the category that it is filed under.",
        ),
        Cause::network(
            "An alias leads to a name that the resolver does not know, or in a circle.",
            "The answer holds a CNAME record and no address.",
            "Make the resolver resolve what the alias leads to as well, or let public DNS answer for the name.",
        )
        .shown_by("dig @RESOLVER api.workos.com A +noall +answer"),
    ]);

pub(in crate::checks) static SERVFAIL: Code =
    Code::error("servfail", "the resolver says that it could not find out").explains(UNSEEN).caused_by(&[
        Cause::network(
            "The resolver does not reach its forwarders or the public DNS servers.",
            "It answers SERVFAIL for every public name, mostly after some seconds.",
            "Let the resolver reach its forwarders or the public DNS servers: UDP and TCP 53 outbound.",
        )
        .shown_by("dig @RESOLVER example.com A"),
        Cause::network(
            "The resolver's check of DNSSEC signatures fails, often because its clock is wrong.",
            "With +cd, which leaves that check out, the same question is answered.",
            "Set the resolver's clock, and have it ask forwarders that pass DNSSEC signatures on.",
        )
        .shown_by("dig @RESOLVER api.workos.com A +cd"),
    ]);

pub(in crate::checks) static REFUSED: Code =
    Code::error("refused", "the resolver refuses to answer this question").explains(UNTOLD).caused_by(&[
        Cause::network(
            "The resolver does not serve the network that this host is in.",
            "It answers the same question to machines of other networks of this site.",
            "Allow recursive queries from this host on the resolver, or give this host a resolver that serves it.",
        )
        .shown_by("dig @RESOLVER example.com A"),
        Cause::network(
            "The server answers for its own zones alone, and resolves for nobody.",
            "It refuses public names to every machine, and answers the names of its own zones.",
            "Give this host a resolver that resolves for others (recursion).",
        )
        .shown_by("dig @RESOLVER INTERNAL_NAME A; dig @RESOLVER example.com A"),
    ]);

pub(in crate::checks) static STRANGE_CODE: Code = Code::error(
    "strange-code",
    "the resolver answers with a code that is no answer: it does not understand the question, or does not serve its kind",
)
.explains(UNTOLD)
.caused_by(&[
    Cause::network(
        "A DNS proxy, often the one of a firewall or router, cannot read an ordinary question.",
        "The status that `dig` prints is FORMERR.",
        "Replace or update the DNS service there, or give this host another resolver.",
    )
    .shown_by("dig @RESOLVER api.workos.com A +noedns"),
    Cause::network(
        "The service there takes updates or serves zones, and answers no questions of others.",
        "The status that `dig` prints is NOTIMP.",
        "Have it answer A and AAAA questions and resolve for others, or give this host a resolver that does.",
    )
    .shown_by("dig @RESOLVER example.com A"),
]);

pub(in crate::checks) static CUT_SHORT: Code =
    Code::error("cut-short", "the answer over UDP is cut, and the whole one cannot be fetched over TCP")
        .explains(UNTOLD)
        .caused_by(&[
            Cause::network(
                "A firewall lets UDP 53 through to the resolver, and not TCP 53.",
                "Machines beside the resolver reach its TCP 53, and this host does not.",
                "Allow TCP 53 from this host to the resolver, beside UDP 53.",
            )
            .shown_by("dig @RESOLVER api.workos.com A +tcp"),
            Cause::network(
                "The DNS service does not listen on TCP.",
                "Its TCP 53 is refused on its own host too.",
                "Have the DNS service listen on TCP 53 as well.",
            )
            .shown_by("nc -vz -w 3 RESOLVER 53"),
        ]);

pub(in crate::checks) static DNS_TIMED_OUT: Code = Code::error(
    "dns-timed-out",
    "no DNS server answered in time, over UDP or TCP",
)
.explains(UNSEEN)
.caused_by(&[
    Cause::network(
        "A firewall drops DNS between this host and the resolver.",
        "Machines in other networks of this site get answers from the same resolver.",
        "Allow UDP and TCP 53 from this host to the resolver.",
    )
    .shown_by("dig @RESOLVER example.com A; dig @RESOLVER example.com A +tcp"),
    Cause::installer(
        "The resolver file names a server that is gone, or one of another network.",
        "Other machines of this site ask other servers.",
        "Name this site's DNS servers in /etc/resolv.conf, or through the service that writes it.",
    )
    .shown_by("cat /etc/resolv.conf"),
    Cause::network(
        "No DNS server runs at that address.",
        "Machines of its own network get no answer from it either.",
        "Start the DNS server there.",
    ),
    Cause::network(
        "Something drops one kind of question, mostly AAAA, or the answers to it.",
        "Of the two questions, one is answered at once and the other never.",
        "Have the firewall's DNS inspection pass both kinds, and the resolver answer both, if only without an address.",
    )
    .shown_by("dig @RESOLVER api.workos.com A; dig @RESOLVER api.workos.com AAAA"),
]);

pub(in crate::checks) static DNS_UNREACHABLE: Code =
    Code::error("dns-unreachable", "no DNS server can be reached: port 53 is closed or there is no way there")
        .explains(UNSEEN)
        .caused_by(&[
            Cause::installer(
                "The resolver file names a stub on this host, and its service does not run.",
                "The server is 127.0.0.53 or another address that begins with 127, and nothing listens on port 53.",
                "Start the stub's service (systemd-resolved, for example), or name this site's DNS servers in /etc/resolv.conf.",
            )
            .shown_by("cat /etc/resolv.conf; ss -lun 'sport = :53'"),
            Cause::network(
                "A firewall rejects DNS between this host and the server.",
                "Machines in other networks of this site get answers from the same server.",
                "Allow UDP and TCP 53 from this host to the server.",
            )
            .shown_by("dig @RESOLVER example.com A"),
            Cause::network(
                "No DNS server runs at that address.",
                "Its port 53 is refused to machines of its own network too.",
                "Start a DNS server there, or give this host the address of one that runs.",
            ),
        ]);

pub(in crate::checks) static NOT_RESOLVED: Code = Code::error(
    "not-resolved",
    "the system's own resolution gives nothing, and the DNS servers do not explain it",
)
.explains(UNSEEN)
.caused_by(&[
    Cause::installer(
        "The name service switch of this host does not come to DNS.",
        "`hosts:` lacks `dns`, or a word in brackets before it ends the search, while `dig` gets an answer.",
        "Put `dns` on the `hosts:` line of /etc/nsswitch.conf, and remove what ends the search before it.",
    )
    .shown_by("grep ^hosts: /etc/nsswitch.conf; dig api.workos.com A +short; getent ahosts api.workos.com"),
    Cause::installer(
        "No DNS server that could be asked is named on this host.",
        "/etc/resolv.conf is missing or empty, or its lines end in ^M.",
        "Name a DNS server in /etc/resolv.conf that resolves public names, in plain lines.",
    )
    .shown_by("cat -A /etc/resolv.conf"),
    Cause::network(
        "The DNS service, or a firewall before it, does not understand questions with EDNS, which this host sends.",
        "The first question is answered, and the second is not.",
        "Update the DNS service, or the firewall whose DNS inspection stands before it.",
    )
    .shown_by("dig @RESOLVER api.workos.com A +noedns; dig @RESOLVER api.workos.com A +edns=0"),
    Cause::installer(
        "A file that every lookup reads is no ordinary one and has no end.",
        "The command shows a device or a pipe in the place of a file, and `getent` hangs.",
        "Put an ordinary file in the place of what stands or is mounted there.",
    )
    .shown_by("ls -lL /etc/hosts /etc/resolv.conf /etc/nsswitch.conf"),
]);

pub(in crate::checks) static PASSED_OVER: Code =
    Code::error("passed-over", "the C library passes over the lines of the resolver file that name the servers")
        .explains(UNSEEN)
        .caused_by(&[
            Cause::installer(
                "The file was written on Windows, or by a template from there.",
                "Its lines end in ^M$.",
                "Give /etc/resolv.conf Unix line ends, and correct what writes it.",
            )
            .shown_by("cat -A /etc/resolv.conf"),
            Cause::installer(
                "A line names its server in another form than the C library reads.",
                "A line begins with blanks or another word than `nameserver`, or has no blank before the address.",
                "Write each server on a line of its own that begins with `nameserver`, and its address behind a blank.",
            )
            .shown_by("cat -A /etc/resolv.conf"),
        ]);

pub(in crate::checks) static TOO_SLOW: Code =
    Code::error("too-slow", "the name resolves, and only after applications have given up the connection")
        .explains(UNTOLD)
        .caused_by(LATE);

pub(in crate::checks) static SLOW: Code =
    Code::warning("slow", "the name resolves, and takes longer than a second to").caused_by(LATE);

/// Why a lookup takes long.
const LATE: &[Cause] = &[
    Cause::installer(
        "A server that is dead stands first, and every lookup waits for it.",
        "The first server of /etc/resolv.conf gives `dig` no answer, and the next one does.",
        "Remove the dead server from /etc/resolv.conf, or have it repaired.",
    )
    .shown_by("cat /etc/resolv.conf; time getent ahosts api.workos.com"),
    Cause::network(
        "AAAA questions are dropped on the way, and the C library waits for the answers to both.",
        "`dig` has an answer for A at once, and none for AAAA.",
        "Have AAAA questions answered, if only without an address: by the firewall in front, and by the resolver.",
    )
    .shown_by("dig @RESOLVER api.workos.com A; dig @RESOLVER api.workos.com AAAA"),
    Cause::installer(
        "The search list makes other names of this one, which are asked first.",
        "With a dot at its end the same name is looked up at once.",
        "Set `options ndots:1` in /etc/resolv.conf (in Kubernetes: dnsConfig of the pod), or shorten the search list.",
    )
    .shown_by("time getent ahosts api.workos.com; time getent ahosts api.workos.com."),
    Cause::network(
        "The resolver itself is slow, or packets to it are lost.",
        "The query time that `dig` prints is long, or differs by seconds from one question to the next.",
        "See why it takes so long (its forwarders, or loss on the way), or give this host a resolver near by.",
    )
    .shown_by("for i in $(seq 10); do dig @RESOLVER api.workos.com A | grep 'Query time'; done"),
];

pub(in crate::checks) static TCP_ONLY: Code =
    Code::error("tcp-only", "the resolver answers over TCP and stays silent over UDP, which applications ask over")
        .explains(UNSEEN)
        .caused_by(&[Cause::network(
            "A firewall lets TCP 53 through to the resolver, and not UDP 53, or not the answers over UDP.",
            "The first question is answered, and the second is not.",
            "Allow UDP 53 from this host to the resolver, beside TCP 53.",
        )
        .shown_by("dig @RESOLVER api.workos.com A +tcp; dig @RESOLVER api.workos.com A +notcp")]);

pub(in crate::checks) static ONE_RESOLVER_DEAD: Code =
    Code::warning("one-resolver-dead", "one of several resolvers does not answer").caused_by(&[
        Cause::installer(
            "The server is gone, and the resolver file still names it.",
            "It answers nobody, and other machines of this site are not set to ask it.",
            "Remove it from /etc/resolv.conf, or from the service that writes that file.",
        )
        .shown_by("cat /etc/resolv.conf; dig @RESOLVER example.com A"),
        Cause::network(
            "A firewall lets this host ask one of the servers and not the other.",
            "Machines in other networks of this site get answers from the same server.",
            "Allow UDP and TCP 53 from this host to every server that it is given.",
        )
        .shown_by("dig @RESOLVER example.com A"),
    ]);
