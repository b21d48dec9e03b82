//! What a key reaches that it should not, or does not reach.

use crate::check::Code;

pub(in crate::checks) static SHARED: Code =
    Code::error("shared", "the key reaches organizations that this installation does not serve");
pub(in crate::checks) static ORGANIZATION_MISSING: Code =
    Code::error("organization-missing", "the key does not reach an organization that this installation serves");
pub(in crate::checks) static NOT_ESTABLISHED: Code =
    Code::undecided("not-established", "the organizations that the key reaches could not be listed");
pub(in crate::checks) static MANY: Code =
    Code::warning("many", "the key reaches several organizations, and none was named that it should reach");
