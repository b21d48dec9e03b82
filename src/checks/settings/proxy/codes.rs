//! The ways in which proxy settings lead programs apart.

use crate::check::Code;

pub(in crate::checks) static MALFORMED: Code = Code::error(
    "malformed",
    "a proxy variable of the environment holds something that programs do not take as a proxy",
);
pub(in crate::checks) static DISAGREEMENT: Code =
    Code::warning("disagreement", "the proxy variables disagree, so that programs take different ways");
pub(in crate::checks) static NO_PROXY_COVERS_API: Code =
    Code::warning("no-proxy-covers-api", "a proxy is set, and NO_PROXY exempts the API from it");
pub(in crate::checks) static SYSTEM_ONLY: Code =
    Code::warning("system-only", "a proxy is set in a file of the system, and not for this process");
