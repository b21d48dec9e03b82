//! What the addresses of a name can be that the internet is told.

use crate::check::Code;

pub(in crate::checks) static PRIVATE_ADDRESS: Code =
    Code::error("private-address", "public DNS gives addresses of a private network only");
pub(in crate::checks) static RESERVED_ADDRESS: Code =
    Code::error("reserved-address", "public DNS gives addresses that no host on the internet has");
pub(in crate::checks) static MIXED: Code =
    Code::warning("mixed", "public DNS gives public addresses and others beside them");
pub(in crate::checks) static AAAA_ONLY: Code =
    Code::warning("aaaa-only", "the name has IPv6 addresses only, and WorkOS's listed sources are IPv4");
pub(in crate::checks) static PRIVATE_ALLOWED: Code = Code::warning(
    "private-allowed",
    "the name leads to addresses that are not public, which this look was told to contact all the same",
)
.of_the_looker();
