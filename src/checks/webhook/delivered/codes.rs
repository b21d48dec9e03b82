//! What `webhook.delivered` finds, and what usually lies behind it.

use crate::check::Code;
use crate::checks::actions;
use crate::outcome::Cause;

pub(in crate::checks) static NOT_DELIVERED: Code =
    Code::error("not-delivered", "WorkOS was made to send something, and it did not arrive in time")
        .explains(&[&actions::delivered::codes::NOTHING_ARRIVED])
        .caused_by(&[
            Cause::network(
                "The edge lets WorkOS's addresses in as little as others, or only those of an earlier list.",
                "The rule for inbound TCP 443 lacks some of the addresses that `workos-preflight requirements` prints.",
                "Allow inbound TCP 443 from WorkOS's published addresses.",
            )
            .shown_by("tcpdump -ni any 'tcp port 443'"),
            Cause::network(
                "The port is not forwarded to this host, or is forwarded to another.",
                "`workos-preflight probe URL --nonce NONCE`, on the internet, does not reach this listener either.",
                "Forward TCP 443 of the public address to the host on which somebody listens.",
            ),
            UNTRUSTED,
        ]);

pub(in crate::checks) static FROM_ELSEWHERE: Code =
    Code::error("from-elsewhere", "a genuine delivery arrived from an address that is not WorkOS's")
        .explains(&[&actions::delivered::codes::FROM_ELSEWHERE])
        .caused_by(HIDDEN);

/// Why a genuine request comes from an address that is not WorkOS's.
pub(in crate::checks) const HIDDEN: &[Cause] = &[
    Cause::network(
        "A reverse proxy or load balancer stands in front, and its own address is what arrives.",
        "The source is the address of that proxy.",
        "Have it send X-Forwarded-For or the PROXY protocol, and listen with --trusted-proxy and its address.",
    ),
    Cause::network(
        "A router puts its own address in the sender's place when it forwards the port.",
        "The source is the router's, and everybody who comes from outside has it.",
        "Forward the port without translating the source.",
    )
    .shown_by("tcpdump -ni any 'tcp port 443'"),
    Cause::network(
        "The external name is proxied by Cloudflare.",
        "The finding names a range of Cloudflare's.",
        "Let Cloudflare's ranges through at the edge, and filter WorkOS's addresses in Cloudflare.",
    ),
    Cause::network(
        "WorkOS's list of addresses has grown.",
        "The source is a public address, no device of this site has it, and WorkOS's documentation lists it.",
        "Allow that address too.",
    ),
];

pub(in crate::checks) static BAD_SIGNATURE: Code =
    Code::error("bad-signature", "what arrived has no signature that holds").caused_by(&[
        Cause::installer(
            "The secret is of another endpoint or environment, or was copied with something more or less.",
            "The finding says that it holds for nothing that was tried, or what is wrong with the secret.",
            "Copy the secret of this endpoint anew from the WorkOS dashboard, in one line.",
        ),
        REWRITTEN,
        Cause::installer(
            "This host's clock is off by more than three minutes.",
            "The finding says that the signature is right, and too old or ahead of this host's clock.",
            "Set this host's clock by NTP.",
        )
        .shown_by("timedatectl"),
        HEADER_DROPPED,
    ]);

pub(in crate::checks) static TURNED_AWAY: Code = Code::error(
    "turned-away",
    "something came from an address of WorkOS's, and was turned away before its signature could be looked at",
)
.explains(&[&actions::delivered::codes::NOTHING_ARRIVED])
.caused_by(&[
    UNTRUSTED,
    Cause::installer(
        "A proxy in front speaks otherwise than the listener expects: plain HTTP, TLS, or with a PROXY header.",
        "The finding says what the connection speaks.",
        "Listen with --plain behind a proxy that ends TLS, and with --proxy-protocol behind one that sends a PROXY header.",
    ),
    Cause::network(
        "Something in front changes requests, or holds back what follows an open connection.",
        "The finding says that the method, the size or the body is not what WorkOS sends, or that nothing followed.",
        "Have what stands in front pass on POST requests whole and as they came.",
    ),
]);

pub(in crate::checks) static FEWER_THAN_ASKED: Code =
    Code::undecided("fewer-than-asked", "genuine deliveries arrived, and fewer than were wanted").caused_by(&[
        Cause::vendor(
            "WorkOS had no more to send in that time.",
            "The endpoint's deliveries in the WorkOS dashboard are as many as arrived.",
            "Have WorkOS send as many events while somebody listens, or ask for fewer with --count.",
        ),
        Cause::network(
            "The allowlist lacks some of WorkOS's addresses, and what comes from those is lost.",
            "The WorkOS dashboard shows deliveries at this time that failed.",
            "Allow inbound TCP 443 from every address that `workos-preflight requirements` prints.",
        ),
    ]);

pub(in crate::checks) static NOTHING_ARRIVED: Code = Code::undecided(
    "nothing-arrived",
    "nothing arrived, and it is not known whether WorkOS sent anything while somebody listened",
)
.caused_by(&[
    Cause::vendor(
        "WorkOS sent nothing in that time.",
        "The WorkOS dashboard shows no delivery of this endpoint at this time.",
        "Send a test event from the WorkOS dashboard while somebody listens, or listen with --deliver.",
    ),
    Cause::network(
        "The edge does not let WorkOS in, or forwards the port to another host.",
        "The WorkOS dashboard shows deliveries at this time that failed.",
        "Allow inbound TCP 443 from WorkOS's published addresses, and forward it to this host.",
    )
    .shown_by("tcpdump -ni any 'tcp port 443'"),
    Cause::vendor(
        "The endpoint that is registered has another URL.",
        "The URL in the WorkOS dashboard is not the one at which somebody listens.",
        "Change the endpoint in the WorkOS dashboard to the webhook URL, letter by letter.",
    ),
]);

pub(in crate::checks) static NOT_VERIFIED: Code =
    Code::undecided("not-verified", "deliveries arrived, and there was no secret to hold their signatures to")
        .caused_by(&[Cause::installer(
            "The listener was started without the webhook secret.",
            "Neither WORKOS_WEBHOOK_SECRET nor --webhook-secret-file was given to it.",
            "Give the endpoint's secret in one of the two, and listen again; or listen with --deliver.",
        )]);

pub(in crate::checks) static NOT_CAUSED: Code =
    Code::undecided("not-caused", "WorkOS could not be made to send anything, so nothing could arrive").caused_by(&[
        Cause::vendor(
            "The key may not create organizations or webhook endpoints.",
            "The finding names the status 401, 403 or 404.",
            "Give a key that may, or listen without --deliver and send a test event from the WorkOS dashboard.",
        ),
        Cause::network(
            "The API is not reached from here.",
            "`workos-preflight check --only egress` fails here.",
            "Mend that first: it says what to open.",
        ),
    ]);

pub(in crate::checks) static NOT_LISTED: Code = Code::undecided(
    "not-listed",
    "WorkOS was made to send something, which did not arrive, and which it does not list among its events either",
)
.caused_by(&[
    Cause::workos(
        "Events are sent and listed with a delay just now.",
        "The WorkOS dashboard shows the event later, or https://status.workos.com/ tells of an incident.",
        "Listen with --deliver again in some minutes.",
    ),
    Cause::network(
        "The delivery was sent before it was listed, and did not get in.",
        "The deliveries of the endpoint in the WorkOS dashboard show one that failed.",
        "Allow inbound TCP 443 from WorkOS's published addresses, and forward it to this host.",
    ),
]);

pub(in crate::checks) static OTHER_PATH: Code = Code::undecided(
    "other-path",
    "something came for another path: with a signature that holds, or from an address of WorkOS's, as an Action or stream that belongs there",
)
.caused_by(&[
    Cause::network(
        "A proxy in front takes the beginning of the path away, or puts one before it.",
        "The path that was asked for is the end of the URL's path, or the reverse.",
        "Have the proxy pass on the path as it came (in nginx: proxy_pass without a path or slash behind host and port).",
    ),
    Cause::vendor(
        "The endpoint is registered with another path.",
        "The URL in the WorkOS dashboard has the path that was asked for.",
        "Make the path in the WorkOS dashboard and that of the URL given here the same, letter by letter.",
    ),
    Cause::vendor(
        "It is no delivery of this endpoint, but an Action or a log stream, which belongs to that path.",
        "The path is the one of the Actions endpoint or of a stream in the WorkOS dashboard.",
        "Change nothing for its sake, and send a test event to this endpoint while somebody listens.",
    ),
]);

pub(in crate::checks) static LEFT_BEHIND: Code =
    Code::warning("left-behind", "something that was made at WorkOS for the test could not be deleted again")
        .caused_by(&[
            Cause::installer(
                "The API could not be reached or could not answer at the end, or the run was ended before.",
                "`workos-preflight listen --clean-up` deletes it now.",
                "Run that with the same key.",
            ),
            Cause::vendor(
                "The key may create and not delete.",
                "`workos-preflight listen --clean-up` is refused as well.",
                "Delete it in the WorkOS dashboard: its name or URL says workos-preflight.",
            ),
        ]);

pub(in crate::checks) static FROM_REPORTED_SOURCE: Code = Code::warning(
    "from-reported-source",
    "genuine deliveries arrived, from addresses that others reported and WorkOS's guide does not list",
)
.caused_by(&[Cause::network(
    "WorkOS sends from more addresses than its guide for installations lists.",
    "`workos-preflight requirements` names the address among the reported ones.",
    "Keep the address allowed, and allow the other reported ones too.",
)]);

pub(in crate::checks) static SOME_TURNED_AWAY: Code = Code::warning(
    "some-turned-away",
    "genuine deliveries arrived, and something else from WorkOS's addresses was turned away before its signature could be looked at",
)
.caused_by(&[
    Cause::vendor(
        "An Action, a log stream or another endpoint of this environment leads to the same host.",
        "The finding names a path that is one of those.",
        "Change nothing where the path belongs to another handler; otherwise correct it in the WorkOS dashboard.",
    ),
    Cause::network(
        "One of several machines in front behaves otherwise than the rest.",
        "Only what comes through that machine is turned away.",
        "Set that machine as the others are.",
    ),
    Cause::network(
        "Something on the way cuts off some connections, as a limit or an inspection does.",
        "The finding says that nothing followed, or that the body was not whole.",
        "Exempt the port from it.",
    ),
]);

pub(in crate::checks) static NOT_FROM_ALL: Code =
    Code::warning("not-from-all", "genuine deliveries arrived from some of the published addresses, and not from all")
        .caused_by(&[
            Cause::workos(
                "WorkOS has not used those addresses while somebody listened.",
                "The allowlist for inbound TCP 443 has all of them.",
                "Change nothing, or listen for longer.",
            ),
            Cause::network(
                "The allowlist lacks those addresses.",
                "The rule for inbound TCP 443 does not have them.",
                "Add to the rule for inbound TCP 443 the addresses that it lacks.",
            ),
        ]);

pub(in crate::checks) static SOME_REFUSED: Code = Code::warning(
    "some-refused",
    "genuine deliveries arrived, and others from WorkOS's addresses bore a signature that does not hold",
)
.caused_by(&[
    Cause::vendor(
        "Several endpoints are registered with this URL, each with a secret of its own.",
        "The WorkOS dashboard has the URL more than once, in this environment or another.",
        "Delete all but the endpoint whose secret the application has.",
    ),
    REWRITTEN,
    HEADER_DROPPED,
]);

const UNTRUSTED: Cause = Cause::installer(
    "WorkOS does not trust the certificate that it is shown, and sends nothing then.",
    "The command, on another machine, ends with another line than “Verify return code: 0 (ok)”.",
    "Show a certificate of a public CA, with its intermediate: with --tls-cert, or on the proxy in front.",
)
.shown_by("openssl s_client -connect NAME:443 -servername NAME -verify_hostname NAME </dev/null");

/// Whatever is signed, a firewall or gateway that writes bodies anew breaks it.
pub(in crate::checks) const REWRITTEN: Cause = Cause::network(
    "A web application firewall or API gateway before this host writes bodies anew.",
    "The finding says for which other spelling of the body the signature holds.",
    "Exempt the path from whatever changes bodies before this host: the signature is about the bytes as they were sent.",
);

/// The signature does not arrive at all.
pub(in crate::checks) const HEADER_DROPPED: Cause = Cause::network(
    "The reverse proxy or firewall before this host drops or changes the WorkOS-Signature header.",
    "The finding says that the header is missing, or that it has no time or code in it.",
    "Have it pass on the header WorkOS-Signature as it came.",
);
