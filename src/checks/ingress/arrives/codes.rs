//! What `ingress.arrives` finds, and what usually lies behind it.

use crate::check::Code;

pub(super) static NOT_THE_LISTENER: Code =
    Code::error("not-the-listener", "something answers that does not know the nonce");
pub(super) static NO_ANSWER: Code = Code::error("no-answer", "no HTTP answer comes back");
pub(super) static NOT_ARRIVED: Code =
    Code::undecided("not-arrived", "no probe that knows the nonce arrived while somebody listened");
pub(super) static BODY_REWRITTEN: Code =
    Code::error("body-rewritten", "the request arrives, and its body was written anew on the way");
pub(super) static CLOCKS_APART: Code =
    Code::warning("clocks-apart", "the clocks of the two machines are more than 10 minutes apart");
