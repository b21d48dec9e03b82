//! What `webhook.accepts-signed` finds, and what usually lies behind it.

use crate::check::Code;

pub(super) static SIGNATURE_REFUSED: Code =
    Code::error("signature-refused", "the endpoint refuses an event that is signed with the webhook secret");
pub(super) static SLOW: Code = Code::error("slow", "the endpoint takes more than 5 s to answer a signed event");
pub(super) static SLOWISH: Code = Code::warning("slowish", "the endpoint takes more than 3 s to answer a signed event");
pub(super) static REFUSED_BEFORE_THE_APPLICATION: Code = Code::undecided(
    "refused-before-the-application",
    "something before the application refuses the signed event, so nothing is known of secret, clock or body",
);
pub(super) static REFUSED_OTHERWISE: Code = Code::undecided(
    "refused-otherwise",
    "a signed event is refused in another way than a forged one: for what it says, it seems, and not for its signature",
);
pub(super) static NO_ANSWER: Code = Code::undecided("no-answer", "no HTTP answer came to the signed event");
