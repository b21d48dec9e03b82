//! What `actions.delivered` finds, and what usually lies behind it.

use crate::check::Code;

pub(super) static FROM_ELSEWHERE: Code =
    Code::error("from-elsewhere", "a genuine Action arrived from an address that is not WorkOS's");
pub(super) static BAD_SIGNATURE: Code = Code::error("bad-signature", "what arrived has no signature that holds");
pub(super) static NOTHING_ARRIVED: Code = Code::undecided(
    "nothing-arrived",
    "no Action arrived, and it is not known whether WorkOS sent one while somebody listened",
);
pub(super) static OTHER_PATH: Code =
    Code::undecided("other-path", "an Action with a signature that holds came for another path");
pub(super) static NOT_VERIFIED: Code =
    Code::undecided("not-verified", "Actions arrived, and there was no secret to hold their signatures to");
pub(super) static FROM_REPORTED_SOURCE: Code = Code::warning(
    "from-reported-source",
    "a genuine Action arrived, from an address that others reported and WorkOS's guide does not list",
);
