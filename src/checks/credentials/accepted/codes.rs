//! What the API, or something before it, says to the key.

use crate::check::Code;

pub(in crate::checks) static UNAUTHORIZED: Code = Code::error("unauthorized", "the API does not know the key (401)");
pub(in crate::checks) static NOT_AN_ENVIRONMENT_KEY: Code = Code::error(
    "not-an-environment-key",
    "the API does not know the key (401), and it does not look like one of an environment: perhaps an application issued it to its customer",
);
pub(in crate::checks) static FORBIDDEN: Code =
    Code::error("forbidden", "the API knows the key, and does not let it list organizations (403)");
pub(in crate::checks) static MALFORMED: Code =
    Code::error("malformed", "the key holds characters that no request can carry");
pub(in crate::checks) static UNEXPECTED: Code =
    Code::error("unexpected-answer", "with the key, something else than the API answers");
pub(in crate::checks) static API_UNAVAILABLE: Code = Code::undecided(
    "api-unavailable",
    "WorkOS or Cloudflare answers with a server error, so nothing is known of the key",
);
pub(in crate::checks) static NO_ANSWER: Code =
    Code::undecided("no-answer", "no answer came to the request with the key, so nothing is known of it");
pub(in crate::checks) static RATE_LIMITED: Code = Code::undecided(
    "rate-limited",
    "too many requests (429), also after the wait that was asked for, so nothing is known of the key",
);
pub(in crate::checks) static KEPT_ANSWER: Code = Code::undecided(
    "kept-answer",
    "a cache on the way answers the request with the key, so nothing is known of the key now",
);
pub(in crate::checks) static REFUSED_AT_THE_EDGE: Code = Code::undecided(
    "refused-at-the-edge",
    "Cloudflare, which stands before the API, refuses the request with the key, so nothing is known of the key",
);
