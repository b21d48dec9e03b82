//! What the API, or something before it, says to the key.

use crate::check::Code;
use crate::outcome::Cause;

/// Asks as the application does, with the key that stands in the environment.
const WITH_THE_KEY: &str =
    "curl -si -H \"Authorization: Bearer $WORKOS_API_KEY\" 'https://api.workos.com/organizations?limit=1'";

pub(in crate::checks) static UNAUTHORIZED: Code = Code::error("unauthorized", "the API does not know the key (401)")
    .caused_by(&[
        Cause::vendor(
            "The key was revoked or rotated in the WorkOS dashboard, and the old one is still set here.",
            "The WorkOS dashboard of this customer's environment shows no key with these last four characters.",
            "Give the installer a current key from API Keys in this customer's environment, to be set where the old one is.",
        )
        .shown_by(WITH_THE_KEY),
        Cause::installer(
            "The key was cut short or changed while it was copied.",
            "The vendor has a key with the same beginning that is longer, or that differs in a letter.",
            "Set the key again from where the vendor keeps it, in its full length.",
        )
        .shown_by("printf %s \"$WORKOS_API_KEY\" | wc -c"),
        Cause::network(
            "What inspects TLS on the way takes the Authorization header out of requests.",
            "egress.trusted says `intercepted`, and the same command with the same key is accepted from another network.",
            "Exempt the API's host from TLS inspection, or have the inspecting proxy pass the Authorization header on.",
        )
        .shown_by(WITH_THE_KEY),
    ]);
pub(in crate::checks) static NOT_AN_ENVIRONMENT_KEY: Code = Code::error(
    "not-an-environment-key",
    "the API does not know the key (401), and it does not look like one of an environment: perhaps an application issued it to its customer",
)
.caused_by(&[
    Cause::vendor(
        "It is a key that the application issued to its customer: such keys begin with sk_ too, and open nothing at WorkOS.",
        "The key was made in the application, and not in the WorkOS dashboard.",
        "Give the installer the API key of this customer's environment, from API Keys in the WorkOS dashboard.",
    )
    .shown_by("printenv WORKOS_API_KEY | head -c 8"),
    Cause::installer(
        "It is the key of another service whose keys begin with sk_ as well.",
        "The vendor does not know a key with these last four characters.",
        "Set the API key that the vendor gave for this installation.",
    )
    .shown_by("printenv WORKOS_API_KEY | head -c 8"),
]);
pub(in crate::checks) static FORBIDDEN: Code =
    Code::error("forbidden", "the API knows the key, and does not let it list organizations (403)").caused_by(&[
        Cause::vendor(
            "The key was made with permissions that leave organizations out.",
            "The answer is the API's own: JSON with a message, and an x-request-id among the headers.",
            "Give the key the permission to read organizations in the WorkOS dashboard, or use one that has it.",
        )
        .shown_by(WITH_THE_KEY),
    ]);
pub(in crate::checks) static MALFORMED: Code =
    Code::error("malformed", "the key holds characters that no request can carry").caused_by(&[Cause::installer(
        "A line break, a control character or a letter outside ASCII came along when the key was copied or written.",
        "`od` shows `\\n`, `\\r`, or three-digit numbers among the letters.",
        "Set the key again without quotes, spaces or line breaks; `printf %s` writes a file without a line break.",
    )
    .shown_by("printf %s \"$WORKOS_API_KEY\" | od -c | head")]);
pub(in crate::checks) static UNEXPECTED: Code = Code::error(
    "unexpected-answer",
    "with the key, something else than the API answers",
)
.caused_by(&[
    Cause::network(
        "A proxy or gateway that inspects content stops requests that carry an Authorization header.",
        "The answer is a page for people, or names a product, and the same request without the header passes.",
        "Exempt the API's host from content inspection.",
    )
    .shown_by(WITH_THE_KEY),
    Cause::installer(
        "--api-url names something that forwards the API's answers and takes the key for its own, such as a gateway.",
        "The setting's host is neither api.workos.com nor a domain that the vendor set up at WorkOS.",
        "Leave --api-url out, or give the custom Authentication API domain of this environment.",
    ),
]);
pub(in crate::checks) static API_UNAVAILABLE: Code = Code::undecided(
    "api-unavailable",
    "WorkOS or Cloudflare answers with a server error, so nothing is known of the key",
)
.caused_by(&[Cause::workos(
    "WorkOS, or Cloudflare before it, has an incident.",
    "https://status.workos.com tells of it, and the answer carries a cf-ray.",
    "Restore the service; here, wait until it is over and run the check again.",
)
.shown_by(WITH_THE_KEY)]);
pub(in crate::checks) static NO_ANSWER: Code =
    Code::undecided("no-answer", "no answer came to the request with the key, so nothing is known of it").caused_by(&[
        Cause::network(
            "The line to WorkOS loses packets or is cut now and then.",
            "Another run passes, and egress.stable warns.",
            "Find out on the firewall or proxy why connections to the API end early.",
        )
        .shown_by(WITH_THE_KEY),
        Cause::network(
            "Something on the way holds back or cuts requests that carry an Authorization header.",
            "Every run ends so, and egress.answers, which sends no key, passes each time.",
            "Exempt the API's host from inspection of requests that carry an Authorization header.",
        )
        .shown_by(WITH_THE_KEY),
    ]);
pub(in crate::checks) static RATE_LIMITED: Code = Code::undecided(
    "rate-limited",
    "too many requests (429), also after the wait that was asked for, so nothing is known of the key",
)
.caused_by(&[
    Cause::vendor(
        "Another program with this key asks too often: a loop, a retry without a pause, or a synchronisation.",
        "It goes on for minutes, and stops when the application is stopped.",
        "Find the program that uses this key so much, and let it wait as long as Retry-After says.",
    )
    .shown_by(WITH_THE_KEY),
    Cause::installer(
        "Many hosts behind one outbound address ask WorkOS at once, as when a fleet is rolled out.",
        "The same request passes from another outbound address.",
        "Run the check again when the others are through.",
    ),
]);
pub(in crate::checks) static KEPT_ANSWER: Code = Code::undecided(
    "kept-answer",
    "a cache on the way answers the request with the key, so nothing is known of the key now",
)
.caused_by(&[Cause::network(
    "A caching proxy or gateway that inspects TLS keeps answers, also those to requests with a key.",
    "The answer has a header `Age`, or one of a cache (`X-Cache: HIT`), and the same request id twice.",
    "Exempt the API's host from caching: an answer that one key was given must not be given to another.",
)
.shown_by(WITH_THE_KEY)]);
pub(in crate::checks) static REFUSED_AT_THE_EDGE: Code = Code::undecided(
    "refused-at-the-edge",
    "Cloudflare, which stands before the API, refuses the request with the key, so nothing is known of the key",
)
.caused_by(&[
    Cause::installer(
        "Too many requests came from this outbound address in a short time.",
        "The status is 429 or the error 1015, and it is over after some minutes.",
        "Wait some minutes, and run the check again.",
    )
    .shown_by(WITH_THE_KEY),
    Cause::workos(
        "A rule at Cloudflare refuses this outbound address, its country or this kind of request.",
        "It lasts, and the same command passes from another outbound address.",
        "Say why the request is refused: its cf-ray, the time and this host's outbound address tell which it was.",
    )
    .shown_by(WITH_THE_KEY),
]);
