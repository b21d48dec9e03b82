//! What answers in the API's place, or is odd about its answer.

use crate::check::Code;

pub(in crate::checks) static BLOCK_PAGE: Code =
    Code::error("block-page", "a page for people answers in the API's place");
pub(in crate::checks) static CAPTIVE_PORTAL: Code =
    Code::error("captive-portal", "the network wants a sign-in before it lets the request pass");
pub(in crate::checks) static CHALLENGE: Code =
    Code::error("challenge", "a challenge for browsers answers in the API's place");
pub(in crate::checks) static ADDRESS_BANNED: Code = Code::error(
    "address-banned",
    "Cloudflare, which stands before the API, refuses the address or the country that this host's requests come from",
);
pub(in crate::checks) static REFUSED_AT_THE_EDGE: Code = Code::undecided(
    "refused-at-the-edge",
    "Cloudflare, which stands before the API, refuses this request, for its rate, its client or a rule",
);
pub(in crate::checks) static RATE_LIMITED: Code =
    Code::warning("rate-limited", "the API itself answers that there were too many requests (429)");
pub(in crate::checks) static REFUSED_BY_THE_API: Code = Code::undecided(
    "refused-by-the-api",
    "the answer passed Cloudflare, and is not what the API says to a request without a key",
);
pub(in crate::checks) static NOT_THE_API: Code = Code::error("not-the-api", "something answers, and it is not the API");
pub(in crate::checks) static BAD_GATEWAY: Code =
    Code::error("bad-gateway", "a proxy or gateway on the way answers with a server error of its own");
pub(in crate::checks) static API_UNAVAILABLE: Code =
    Code::error("api-unavailable", "WorkOS or Cloudflare answers with a server error");
pub(in crate::checks) static TRUNCATED: Code = Code::error("truncated", "the answer begins and breaks off");
pub(in crate::checks) static COMPRESSED: Code =
    Code::error("compressed", "the answer comes compressed, unasked and so that it cannot be read");
pub(in crate::checks) static NO_ANSWER: Code =
    Code::error("no-answer", "the connection is secure, and no HTTP answer comes");
pub(in crate::checks) static HEADERS_MISSING: Code =
    Code::warning("headers-missing", "the right answer, without the headers that the API's answers carry");
