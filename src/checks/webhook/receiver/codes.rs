//! What is wrong with an endpoint that takes webhooks or Actions, and what usually lies behind it.

use crate::check::Code;

pub(super) static ACCEPTS_UNSIGNED: Code =
    Code::error("accepts-unsigned", "the endpoint accepts a request that WorkOS did not sign");
pub(super) static NOT_FOUND: Code = Code::error("not-found", "there is nothing at the URL's path (404 or 410)");
pub(super) static METHOD_REFUSED: Code = Code::error("method-refused", "the endpoint takes no POST (405)");
pub(super) static REDIRECTS: Code = Code::error("redirects", "the URL redirects to somewhere else");
pub(super) static SERVER_ERROR: Code =
    Code::error("server-error", "the endpoint, or what stands before it, answers with a server error");
pub(super) static LOGIN_WALL: Code =
    Code::error("login-wall", "a page for people, or a demand to sign in, answers in the endpoint's place");
pub(super) static CLIENT_CERTIFICATE_REQUIRED: Code = Code::error(
    "client-certificate-required",
    "requests are refused for want of a client certificate, and WorkOS shows none",
);
pub(super) static CROSS_SITE_TOKEN_REQUIRED: Code = Code::error(
    "cross-site-token-required",
    "requests are refused for want of a token against forged requests of browsers (CSRF), and WorkOS sends none",
);
pub(super) static REFUSED_BEFORE_THE_APPLICATION: Code = Code::undecided(
    "refused-before-the-application",
    "something before the application refuses: it answers every path alike, or says its name on the page, so nothing is known of the application",
);
pub(super) static UNCLEAR_ANSWER: Code =
    Code::undecided("unclear-answer", "the endpoint refuses with a status that says nothing about signatures");
pub(super) static NO_ANSWER: Code = Code::undecided("no-answer", "no HTTP answer came from the URL");
