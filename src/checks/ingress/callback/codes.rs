//! What `ingress.callback` finds, and what usually lies behind it.

use crate::check::Code;

pub(super) static NOT_FOUND: Code =
    Code::error("not-found", "there is nothing at the redirect URI's path (404 or 410)");
pub(super) static SERVER_ERROR: Code =
    Code::error("server-error", "the application, or what stands before it, answers with a server error");
pub(super) static LOGIN_WALL: Code =
    Code::error("login-wall", "the sign-in of another product answers in the application's place");
pub(super) static SIGN_IN_EVERYWHERE: Code = Code::undecided(
    "sign-in-everywhere",
    "a page with a sign-in answers here as at every other path: an access product's, or the application's own",
);
pub(super) static UNTRUSTED: Code =
    Code::error("untrusted", "the certificate at the redirect URI is not one that browsers trust");
pub(super) static UNREACHABLE: Code = Code::error("unreachable", "from outside, nothing answers at the redirect URI");
pub(super) static NOT_REACHED: Code =
    Code::undecided("not-reached", "from inside, the redirect URI is not reached, which proves nothing");
pub(super) static REFUSED_BEFORE_THE_APPLICATION: Code = Code::undecided(
    "refused-before-the-application",
    "something before the application refuses: it answers every path alike, or says its name on the page, so nothing is known of the application",
);
pub(super) static UNCLEAR_ANSWER: Code =
    Code::undecided("unclear-answer", "the answer's status says neither that the callback is there nor that it is not");
pub(super) static REDIRECTS_ELSEWHERE: Code = Code::warning(
    "redirects-elsewhere",
    "the callback sends browsers to a host that is neither the installation's nor one of WorkOS",
);
