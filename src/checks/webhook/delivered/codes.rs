//! What `webhook.delivered` finds, and what usually lies behind it.

use crate::check::Code;

pub(super) static NOT_DELIVERED: Code =
    Code::error("not-delivered", "WorkOS was made to send something, and it did not arrive in time");
pub(super) static FROM_ELSEWHERE: Code =
    Code::error("from-elsewhere", "a genuine delivery arrived from an address that is not WorkOS's");
pub(super) static BAD_SIGNATURE: Code = Code::error("bad-signature", "what arrived has no signature that holds");
pub(super) static TURNED_AWAY: Code = Code::error(
    "turned-away",
    "something came from an address of WorkOS's, and was turned away before its signature could be looked at",
);
pub(super) static FEWER_THAN_ASKED: Code =
    Code::undecided("fewer-than-asked", "genuine deliveries arrived, and fewer than were wanted");
pub(super) static NOTHING_ARRIVED: Code = Code::undecided(
    "nothing-arrived",
    "nothing arrived, and it is not known whether WorkOS sent anything while somebody listened",
);
pub(super) static NOT_VERIFIED: Code =
    Code::undecided("not-verified", "deliveries arrived, and there was no secret to hold their signatures to");
pub(super) static NO_PROOF: Code =
    Code::undecided("no-proof", "the saved report is of a run that did not listen for deliveries");
pub(super) static OF_ANOTHER: Code =
    Code::undecided("of-another-installation", "the saved report is about another webhook URL, or of a demonstration");
pub(super) static NOT_CAUSED: Code =
    Code::undecided("not-caused", "WorkOS could not be made to send anything, so nothing could arrive");
pub(super) static NOT_LISTED: Code = Code::undecided(
    "not-listed",
    "WorkOS was made to send something, which did not arrive, and which it does not list among its events either",
);
pub(super) static OTHER_PATH: Code = Code::undecided(
    "other-path",
    "something came for another path: with a signature that holds, or from an address of WorkOS's, as an Action or stream that belongs there",
);
pub(super) static LEFT_BEHIND: Code =
    Code::warning("left-behind", "something that was made at WorkOS for the test could not be deleted again");
pub(super) static FROM_REPORTED_SOURCE: Code = Code::warning(
    "from-reported-source",
    "genuine deliveries arrived, from addresses that others reported and WorkOS's guide does not list",
);
pub(super) static SOME_TURNED_AWAY: Code = Code::warning(
    "some-turned-away",
    "genuine deliveries arrived, and something else from WorkOS's addresses was turned away before its signature could be looked at",
);
pub(super) static NOT_FROM_ALL: Code =
    Code::warning("not-from-all", "genuine deliveries arrived from some of the published addresses, and not from all");
pub(super) static SOME_REFUSED: Code = Code::warning(
    "some-refused",
    "genuine deliveries arrived, and others from WorkOS's addresses bore a signature that does not hold",
);
pub(super) static PROOF_IS_OLD: Code = Code::warning("proof-is-old", "the proof is more than 30 days old");
