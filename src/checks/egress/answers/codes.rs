//! What `egress.answers` finds, and what usually lies behind it.

use crate::checks::credentials::accepted;
use crate::checks::egress::causes::{LED_ELSEWHERE, LOST_BY_CHANCE, UNTOLD};
use crate::checks::egress::{carries, stable};
use crate::outcome::{Cause, Code};

/// What is answered to the request that this check makes.
const ASKED: &str = "curl -si 'https://api.workos.com/organizations?limit=1'";

const REPUTATION: Cause = Cause::network(
    "This host's outbound address is shared, or is of a range with a bad reputation (VPN, hosting).",
    "From another outbound address the same command is answered with 401.",
    "Give this host an outbound address of good repute, and one that few others use.",
)
.shown_by(ASKED);

pub(in crate::checks) static BLOCK_PAGE: Code =
    Code::error("block-page", "a page for people answers in the API's place").explains(UNTOLD).caused_by(&[
        Cause::network(
            "A web filter blocks the host, or the category that it is filed under.",
            "The page names a category or a policy.",
            "Allow api.workos.com (TCP 443) for this host in the web filter.",
        )
        .shown_by(ASKED),
        Cause::network(
            "The gateway wants people to read a page and go on, or to sign in.",
            "The page has a button or a form.",
            "Exempt api.workos.com for this host from sign-in and from pages in between.",
        )
        .shown_by(ASKED),
        LED_ELSEWHERE,
    ]);

pub(in crate::checks) static CAPTIVE_PORTAL: Code =
    Code::error("captive-portal", "the network wants a sign-in before it lets the request pass")
        .explains(UNTOLD)
        .caused_by(&[
            Cause::network(
                "The network (often one for guests or for new devices) lets nothing out before a sign-in.",
                "Requests to other hosts are sent to the same page.",
                "Exempt this host, or api.workos.com, from the portal.",
            )
            .shown_by("curl -si https://example.com/ | grep -i ^location"),
            Cause::network(
                "A proxy or gateway on the way wants a sign-in, although nobody named it as a proxy.",
                "The answer is 407, or leads to the same path again with a cookie.",
                "Exempt this host, or api.workos.com, from sign-in on that gateway.",
            )
            .shown_by(ASKED),
            Cause::installer(
                "This site goes out through a proxy with a sign-in, and this process does not name it.",
                "The answer is 407, and other programs here are set to a proxy.",
                "Set HTTPS_PROXY to this site's proxy, with the user and password that it wants, and run this again.",
            )
            .shown_by("env | grep -i _proxy; grep -i proxy /etc/environment"),
        ]);

pub(in crate::checks) static CHALLENGE: Code =
    Code::error("challenge", "a challenge for browsers answers in the API's place").explains(UNTOLD).caused_by(&[
        REPUTATION,
        Cause::network(
            "A web application firewall of this site challenges what it takes for a robot.",
            "The answer carries no cf-ray.",
            "Exempt api.workos.com from that web application firewall.",
        )
        .shown_by("curl -si 'https://api.workos.com/organizations?limit=1' | grep -i cf-ray"),
        Cause::workos(
            "A rule before the API takes this client for a robot.",
            "The answer carries a cf-ray, and the same comes from every network.",
            "Send WorkOS support the cf-ray of the evidence, the time and this host's outbound address.",
        )
        .shown_by("curl -si 'https://api.workos.com/organizations?limit=1' | grep -iE '^(cf-ray|cf-mitigated|date)'"),
    ]);

pub(in crate::checks) static ADDRESS_BANNED: Code = Code::error(
    "address-banned",
    "Cloudflare, which stands before the API, refuses the address or the country that this host's requests come from",
)
.explains(UNTOLD)
.caused_by(&[
    REPUTATION,
    Cause::workos(
        "The network or country that this host's requests come from is refused as a whole.",
        "Every outbound address of the same provider or country is refused alike.",
        "Send WorkOS support the cf-ray, the time and this host's outbound address, and ask why it is banned.",
    )
    .shown_by("curl -si 'https://api.workos.com/organizations?limit=1' | grep -iE '^cf-ray|error code'"),
]);

pub(in crate::checks) static REFUSED_AT_THE_EDGE: Code = Code::undecided(
    "refused-at-the-edge",
    "Cloudflare, which stands before the API, refuses this request, for its rate, its client or a rule",
)
.explains(UNTOLD)
.caused_by(&[
    Cause::installer(
        "Too many requests came from this host's outbound address, perhaps of others behind it.",
        "The status is 429, or the error is 1015.",
        "Wait some minutes, and run the check again.",
    )
    .shown_by(ASKED),
    Cause::workos(
        "A rule refuses the client by its signature, or its address by its reputation.",
        "The error is 1010 or 1020, or none is named with a 403.",
        "Send WorkOS support the cf-ray, the time and this host's outbound address, and ask which rule refuses it.",
    )
    .shown_by(ASKED),
    Cause::installer(
        "The address that was asked is written down somewhere, and does not serve this name any more.",
        "The error is one of 1000 to 1034, and a public resolver gives other addresses.",
        "Take the address out of the hosts file, internal zone, proxy or relay that holds it.",
    )
    .shown_by("getent ahosts api.workos.com; dig @1.1.1.1 api.workos.com A +short"),
    Cause::network(
        "A proxy or gateway on the way writes requests anew, so that Cloudflare finds them malformed.",
        "The status is 400.",
        "Exempt api.workos.com from TLS inspection and from every change of request headers.",
    )
    .shown_by(ASKED),
]);

pub(in crate::checks) static RATE_LIMITED: Code =
    Code::warning("rate-limited", "the API itself answers that there were too many requests (429)")
        .explains(&[&carries::NOT_ESTABLISHED, &stable::UNSTABLE, &accepted::codes::RATE_LIMITED])
        .caused_by(&[
            Cause::installer(
                "Other programs behind the same outbound address ask the API too much.",
                "It lasts when the check is run again after some minutes.",
                "Find out which programs behind this outbound address ask the API so much, and have them ask less.",
            )
            .shown_by(ASKED),
            Cause::installer(
                "This check was run many times in a short time.",
                "It is gone after a minute.",
                "Run the check again in a minute, and less often.",
            ),
        ]);

pub(in crate::checks) static REFUSED_BY_THE_API: Code = Code::undecided(
    "refused-by-the-api",
    "the answer passed Cloudflare, and is not what the API says to a request without a key",
)
.explains(UNTOLD)
.caused_by(&[
    Cause::workos(
        "The API answers otherwise than usual for a while.",
        "The host that was asked is api.workos.com, and the same comes from other networks.",
        "Look at https://status.workos.com and run the check again; if it lasts, send WorkOS support the cf-ray.",
    )
    .shown_by(ASKED),
    Cause::installer(
        "--api-url names a host behind Cloudflare that is not the WorkOS API.",
        "The host that was asked is another one than api.workos.com and than the custom Authentication API domain.",
        "Correct --api-url, WORKOS_BASE_URL or `workos.api_url`, whichever names that host.",
    )
    .shown_by("printenv WORKOS_BASE_URL"),
]);

pub(in crate::checks) static NOT_THE_API: Code =
    Code::error("not-the-api", "something answers, and it is not the API").explains(UNTOLD).caused_by(&[
        Cause::network(
            "A gateway on the way answers in the API's place.",
            "The answer carries neither cf-ray nor x-request-id.",
            "Let api.workos.com (TCP 443) through untouched.",
        )
        .shown_by(ASKED),
        Cause::installer(
            "--api-url names a host that is not the WorkOS API.",
            "The host that was asked is another one than api.workos.com and than the custom Authentication API domain.",
            "Correct --api-url, WORKOS_BASE_URL or `workos.api_url`, whichever names that host.",
        )
        .shown_by("printenv WORKOS_BASE_URL"),
        Cause::network(
            "A proxy on the way adds a key to requests, or gives an answer that it kept.",
            "The answer is 200 with a list of organizations, although no key was sent.",
            "Stop the proxy from adding an Authorization header for api.workos.com, and from keeping its answers.",
        )
        .shown_by(ASKED),
    ]);

pub(in crate::checks) static BAD_GATEWAY: Code =
    Code::error("bad-gateway", "a proxy or gateway on the way answers with a server error of its own")
        .explains(UNTOLD)
        .caused_by(&[
            Cause::network(
                "A firewall does not let the proxy or gateway out to WorkOS.",
                "Its log has, for this request, a connection that timed out or was refused.",
                "Allow TCP 443 from the proxy or gateway to Cloudflare's published ranges.",
            )
            .shown_by(ASKED),
            Cause::network(
                "The proxy or gateway does not resolve the name.",
                "Its page or log speaks of DNS.",
                "Let the proxy or gateway resolve api.workos.com.",
            )
            .shown_by(ASKED),
            Cause::network(
                "The inspecting gateway does not trust WorkOS's certificate, or fails in the handshake with it.",
                "Its page or log speaks of a certificate or of TLS.",
                "Update the public roots and the TLS library of the gateway, or exempt api.workos.com from inspection.",
            )
            .shown_by(ASKED),
        ]);

pub(in crate::checks) static API_UNAVAILABLE: Code =
    Code::error("api-unavailable", "WorkOS or Cloudflare answers with a server error")
        .explains(UNTOLD)
        .caused_by(&[Cause::workos(
        "WorkOS or Cloudflare has an incident.",
        "The answer carries a cf-ray, and other networks get the same.",
        "Look at https://status.workos.com and try again; if it lasts, send WorkOS support the cf-ray and the time.",
    )
    .shown_by(ASKED)]);

pub(in crate::checks) static TRUNCATED: Code =
    Code::error("truncated", "the answer begins and breaks off").explains(UNTOLD).caused_by(&[
        Cause::network(
            "A content scanner on the way holds answers back, cuts them or makes them longer.",
            "The answer breaks off at the same place each time, and from another network it is whole.",
            "Exempt api.workos.com from content scanning and size limits of the proxy or firewall.",
        )
        .shown_by("curl -sv 'https://api.workos.com/organizations?limit=1'"),
        LOST_BY_CHANCE,
    ]);

pub(in crate::checks) static COMPRESSED: Code =
    Code::error("compressed", "the answer comes compressed, unasked and so that it cannot be read")
        .explains(UNTOLD)
        .caused_by(&[Cause::network(
        "A proxy or gateway on the way compresses answers, or leaves the header on what it has decompressed.",
        "`curl`, which asks for no compression, prints a Content-Encoding header; from another network it does not.",
        "Exempt api.workos.com from compression and from every other change of answers.",
    )
    .shown_by(ASKED)]);

pub(in crate::checks) static NO_ANSWER: Code =
    Code::error("no-answer", "the connection is secure, and no HTTP answer comes").explains(UNTOLD).caused_by(&[
        Cause::network(
            "TLS inspection or content scanning takes the request and does not pass the answer on.",
            "The issuer that `curl` prints is not a public one, and from another network the answer comes.",
            "Exempt api.workos.com from TLS inspection and content scanning.",
        )
        .shown_by("curl -sv -m 10 'https://api.workos.com/organizations?limit=1'"),
        LOST_BY_CHANCE,
    ]);

pub(in crate::checks) static HEADERS_MISSING: Code =
    Code::warning("headers-missing", "the right answer, without the headers that the API's answers carry").caused_by(
        &[Cause::network(
            "A proxy on the way removes response headers that it does not know.",
            "From another network the answer carries cf-ray and x-request-id.",
            "Stop the proxy from removing response headers of api.workos.com.",
        )
        .shown_by("curl -si 'https://api.workos.com/organizations?limit=1' | grep -iE '^(cf-ray|x-request-id)'")],
    );
