//! What `ingress.connects` finds, and what usually lies behind it.

use crate::check::Code;

pub(super) static HAIRPIN: Code =
    Code::undecided("hairpin", "from inside, the public address could not be connected to, which proves nothing");
pub(super) static NOT_CONTACTED: Code = Code::undecided(
    "not-contacted",
    "there is no public address that may be contacted, or that is of the wanted family",
);
pub(super) static TIMED_OUT: Code = Code::error("timed-out", "from outside, no public address answers in time");
pub(super) static REFUSED: Code = Code::error("refused", "from outside, the connection is refused");
pub(super) static RESET: Code = Code::error("reset", "from outside, the connection is reset as soon as it is made");
pub(super) static UNREACHABLE: Code = Code::error("unreachable", "from outside, the connection is rejected on the way");
pub(super) static NO_ROUTE: Code =
    Code::error("no-route", "the machine that looks from outside has no route to the address");
pub(super) static PROHIBITED: Code =
    Code::error("prohibited", "the machine that looks from outside forbids the connection itself");
pub(super) static SOME_ADDRESSES: Code =
    Code::warning("some-addresses", "from outside, some public addresses accept connections and others do not");
