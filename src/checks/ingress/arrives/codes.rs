//! What `ingress.arrives` finds, and what usually lies behind it.

use crate::check::Code;
use crate::checks::{actions, webhook};
use crate::outcome::Cause;

pub(in crate::checks) static NOT_THE_LISTENER: Code =
    Code::error("not-the-listener", "something answers that does not know the nonce").caused_by(&[
        Cause::network(
            "The port is forwarded to another machine than the one on which somebody listens.",
            "The command there shows no packet of the probing machine while it probes.",
            "Forward the port to the machine on which `workos-preflight listen --nonce` runs.",
        )
        .shown_by("tcpdump -ni any 'tcp port 443'"),
        Cause::network(
            "A reverse proxy passes this path to another server than the listener.",
            "The proxy's access log shows the probe, and the listener shows no line.",
            "Pass this path to the host and port on which `workos-preflight listen --nonce` runs.",
        ),
        Cause::installer(
            "The nonce is of an earlier run of `listen`.",
            "The listener shows a line about a probe with another nonce.",
            "Give `probe --nonce` the nonce that the running listener shows.",
        ),
    ]);

pub(in crate::checks) static NO_ANSWER: Code =
    Code::error("no-answer", "no HTTP answer comes back").like_an_allowlist().caused_by(&[
        Cause::installer(
            "Nobody listens any more, or not on the port to which the connection leads.",
            "The command prints no line with that port on the installation's host.",
            "Start `workos-preflight listen --nonce` where the URL leads to, and probe while it runs.",
        )
        .shown_by("ss -ltnp"),
        Cause::installer(
            "The listener expects TLS where a reverse proxy speaks plain HTTP to it, or the reverse.",
            "The listener shows a line that says what the connection speaks.",
            "Listen with --plain behind a proxy that ends TLS, and with --tls-cert and --tls-key otherwise.",
        ),
        Cause::network(
            "Something before the listener takes the connection, and holds the request back.",
            "The listener shows a connection without a request, or none at all.",
            "Exempt the port from what inspects its traffic.",
        ),
    ]);

pub(in crate::checks) static NOT_ARRIVED: Code =
    Code::undecided("not-arrived", "no probe that knows the nonce arrived while somebody listened").caused_by(&[
        Cause::installer(
            "Nobody probed while the listener ran.",
            "There is no report of a probe from this time.",
            "Run `workos-preflight probe URL --nonce NONCE` on a machine on the internet while this listens.",
        ),
        Cause::network(
            "The port is not open at the edge, or is forwarded to another machine.",
            "The probe's report says that the connection is not made, or that something answers that does not know the nonce.",
            "Forward the port to the machine on which somebody listens.",
        ),
        Cause::network(
            "An allowlist for WorkOS's addresses leaves the probing machine out, as it should.",
            "The probe's report says that nothing answers, and the edge's rule for inbound TCP 443 names sources.",
            "Allow the probing machine for the time of the probe, or listen with --deliver, which has WorkOS send.",
        ),
    ]);

pub(in crate::checks) static BODY_REWRITTEN: Code =
    Code::error("body-rewritten", "the request arrives, and its body was written anew on the way")
        .explains(&[
            &webhook::delivered::codes::BAD_SIGNATURE,
            &webhook::delivered::codes::SOME_REFUSED,
            &actions::delivered::codes::BAD_SIGNATURE,
        ])
        .caused_by(&[
            Cause::network(
                "A web application firewall or JSON filter before this host reads bodies and writes them anew.",
                "The probe finds nothing wrong where the request does not pass that device.",
                "Exempt the webhook path from whatever changes bodies before this host.",
            ),
            Cause::network(
                "An API gateway or queue puts the body into a document of its own.",
                "The finding says that the body was put into an envelope, and the gateway has a mapping template or a queue for the path.",
                "Have it pass on the request's body itself, byte for byte (a plain HTTP proxy integration).",
            ),
        ]);

pub(in crate::checks) static CLOCKS_APART: Code =
    Code::warning("clocks-apart", "the clocks of the two machines are more than 10 minutes apart").caused_by(&[
        Cause::installer(
            "One of the two machines does not set its clock by NTP.",
            "The command says “System clock synchronized: no” on one of them.",
            "Set both clocks by NTP.",
        )
        .shown_by("timedatectl"),
        Cause::installer(
            "A virtual machine was resumed, and its clock went on from where it stood.",
            "It is behind by about as long as the machine was paused.",
            "Have that machine set its clock by NTP after it is resumed.",
        )
        .shown_by("date -u"),
    ]);
