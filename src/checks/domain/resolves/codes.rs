//! What the internet can be told of a name, or not.

use crate::check::Code;

pub(in crate::checks) static NXDOMAIN: Code = Code::error("nxdomain", "the name does not exist in public DNS");
pub(in crate::checks) static NODATA: Code = Code::error("nodata", "the name exists in public DNS, and has no address");
pub(in crate::checks) static SERVFAIL: Code = Code::error("servfail", "public resolvers cannot find the name out");
pub(in crate::checks) static DANGLING_CNAME: Code =
    Code::error("dangling-cname", "the name is an alias for a name without addresses");
pub(in crate::checks) static REFUSED: Code =
    Code::undecided("refused", "the public resolver refuses the question, so what the internet is told is not known");
pub(in crate::checks) static SEEN_FROM_INSIDE_ONLY: Code = Code::warning(
    "seen-from-inside-only",
    "no public resolver could be asked; the resolvers here give a public address",
);
pub(in crate::checks) static NO_PUBLIC_VIEW: Code =
    Code::undecided("no-public-view", "no public resolver could be asked, and the resolvers here do not settle it");
