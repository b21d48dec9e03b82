//! What `ingress.closed-to-others` finds, and what usually lies behind it.

use crate::check::Code;

pub(super) static OPEN_TO_ALL: Code =
    Code::error("open-to-all", "a machine whose address WorkOS does not list gets in, as far as TLS and what it says");
pub(super) static NOT_TRIED: Code =
    Code::undecided("not-tried", "this machine itself could not send there, which says nothing about the installation");
pub(super) static NO_STRANGER: Code = Code::undecided(
    "no-stranger",
    "this machine has an address that WorkOS lists, so what it sees says nothing of what others see",
);
