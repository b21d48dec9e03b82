//! What `egress.handshake` finds, and what usually lies behind it.

use crate::checks::egress::causes::{LED_ELSEWHERE, LOST_BY_CHANCE, SMALLER_MTU, UNTOLD};
use crate::outcome::{Cause, Code};

const HERE: &str = "openssl s_client -connect api.workos.com:443 -servername api.workos.com </dev/null";
const ANOTHER_NAME: &str = "openssl s_client -connect api.workos.com:443 -servername example.com </dev/null";
const TLS_1_2: &str = "openssl s_client -connect api.workos.com:443 -servername api.workos.com -tls1_2 </dev/null";

pub(in crate::checks) static STALLED: Code = Code::error(
    "stalled",
    "connected, and then silence: the server name is filtered, inspection hangs, or large packets vanish",
)
.explains(UNTOLD)
.caused_by(&[
    Cause::network(
        "A firewall that reads the server name drops what its list lacks.",
        "With another name after -servername the handshake is answered.",
        "Allow the server name api.workos.com (TCP 443) in the firewall's TLS filter.",
    )
    .shown_by(ANOTHER_NAME),
    Cause::network(
        "TLS inspection on the way hangs.",
        "Other https hosts hang as well, and the inspecting device logs the connection.",
        "Exempt api.workos.com from TLS inspection.",
    )
    .shown_by(HERE),
    SMALLER_MTU,
    Cause::network(
        "The proxy says that the way is open, and does not reach the host.",
        "A proxy is set, and its log has no connection to api.workos.com that stands.",
        "Find out on the proxy what becomes of the tunnel: its own way out, or its TLS inspection.",
    ),
]);

pub(in crate::checks) static RESET_IN_HANDSHAKE: Code =
    Code::error("reset-in-handshake", "connected, and cut off as soon as the server name was seen")
        .explains(UNTOLD)
        .caused_by(&[
            Cause::network(
                "A firewall that reads the server name cuts off what its list lacks.",
                "With another name after -servername the connection is not cut off.",
                "Allow the server name api.workos.com (TCP 443) in the firewall's or proxy's TLS filter.",
            )
            .shown_by(ANOTHER_NAME),
            Cause::network(
                "TLS inspection on the way fails on TLS 1.3.",
                "With -tls1_2 the handshake completes.",
                "Update the inspecting device, or exempt api.workos.com from TLS inspection.",
            )
            .shown_by(TLS_1_2),
            Cause::network(
                "The proxy says that the way is open before it has reached the host, and does not reach it.",
                "A proxy is set, and its log has a connection to api.workos.com that failed.",
                "Let the proxy resolve api.workos.com and reach TCP 443 at Cloudflare's published ranges.",
            ),
        ]);

pub(in crate::checks) static NOT_TLS: Code =
    Code::error("not-tls", "what answers on the port does not speak TLS").explains(UNTOLD).caused_by(&[
        Cause::network(
            "A portal or a block page answers there in plain HTTP.",
            "What came back begins with HTTP/1.",
            "Let TCP 443 to api.workos.com through to the internet untouched.",
        )
        .shown_by("curl -si -m 5 --noproxy '*' http://api.workos.com:443/"),
        Cause::network(
            "A rule leads port 443 to another service.",
            "What came back is the greeting of another protocol, such as SSH-2.0 or 220.",
            "Remove the address translation that leads TCP 443 there.",
        )
        .shown_by("nc -w 5 api.workos.com 443 </dev/null"),
        Cause::network(
            "The proxy, or a box behind it, answers in the tunnel with a page of its own.",
            "A proxy is set, and its log has the request as denied.",
            "Let the proxy open tunnels to api.workos.com:443 untouched.",
        ),
    ]);

pub(in crate::checks) static TLS_TOO_OLD: Code =
    Code::error("tls-too-old", "the other side refuses TLS 1.2 and TLS 1.3").explains(UNTOLD).caused_by(&[
        Cause::network(
            "An inspecting proxy that speaks TLS 1.1 and older alone answers in WorkOS's place.",
            "With -tls1_2 the handshake fails here, and completes from a network without that proxy.",
            "Update the inspecting proxy to TLS 1.2 or newer, or exempt api.workos.com from inspection.",
        )
        .shown_by(TLS_1_2),
        LED_ELSEWHERE,
    ]);

pub(in crate::checks) static ALERT: Code =
    Code::error("alert", "the other side ends the handshake with an alert").explains(UNTOLD).caused_by(&[
        Cause::network(
            "TLS inspection refuses the connection by its policy, or fails on its own way to WorkOS.",
            "From a network without inspection the same command completes, and the device's log has the alert.",
            "Exempt api.workos.com from TLS inspection, or mend what the device's log says of the alert.",
        )
        .shown_by(HERE),
        LED_ELSEWHERE,
    ]);

pub(in crate::checks) static CLIENT_CERTIFICATE: Code =
    Code::error("client-certificate-required", "the other side wants a certificate from the client")
        .explains(UNTOLD)
        .caused_by(&[
            Cause::network(
                "A gateway on the way knows its clients by their certificates.",
                "`openssl` prints “Acceptable client certificate CA names”, and they are the company's.",
                "Exempt api.workos.com from the gateway that demands client certificates.",
            )
            .shown_by(HERE),
            LED_ELSEWHERE,
        ]);

pub(in crate::checks) static NOT_SPOKEN: Code =
    Code::undecided("not-spoken", "the other side speaks TLS in a way that OpenSSL knows and this tool does not")
        .explains(UNTOLD)
        .caused_by(&[Cause::network(
            "A device on the way speaks only older cipher suites or key exchanges.",
            "`openssl` completes, with a suite without ECDHE and GCM or a group other than X25519 and P-256.",
            "Enable ECDHE with AES-GCM, X25519 and P-256 on the device, or exempt api.workos.com from TLS inspection.",
        )
        .shown_by(HERE)]);

pub(in crate::checks) static LARGE_HELLO: Code = Code::warning(
    "large-hello",
    "a first message of TLS that is larger than one packet is not answered, and a smaller one is",
)
.caused_by(&[
    Cause::network(
        "A firewall or proxy that reads the server name wants to find it in the first packet.",
        "The padded message of the command stays unanswered, while large pings are answered.",
        "Update the firewall or proxy, so that it puts a first message of several packets together, or exempt the host.",
    )
    .shown_by("openssl s_client -connect api.workos.com:443 -servername api.workos.com -alpn \"http/1.1$(printf ',%0200d' 1 2 3 4 5 6 7)\" </dev/null"),
    SMALLER_MTU,
]);

pub(in crate::checks) static FAILED: Code =
    Code::error("failed", "the handshake fails in a way that has no name of its own").explains(UNTOLD).caused_by(&[
        Cause::network(
            "TLS inspection on the way answers in a manner of its own.",
            "From a network without inspection the same command completes.",
            "Exempt api.workos.com from TLS inspection.",
        )
        .shown_by(HERE),
        LOST_BY_CHANCE,
    ]);
