//! Where a sign-in can lead that does not lead back.

use crate::check::Code;

pub(in crate::checks) static NOT_REGISTERED: Code =
    Code::error("not-registered", "WorkOS refuses the redirect URI: nobody can sign in");
pub(in crate::checks) static CLIENT_UNKNOWN: Code =
    Code::error("client-unknown", "WorkOS refuses the client ID: nobody can sign in");
pub(in crate::checks) static NOT_ESTABLISHED: Code =
    Code::undecided("not-established", "the sign-in led nowhere that tells");
pub(in crate::checks) static TOO_BROAD: Code =
    Code::warning("too-broad", "WorkOS accepts a made-up redirect URI as well");
pub(in crate::checks) static NO_AUTHKIT: Code =
    Code::warning("no-authkit", "the redirect URI is accepted, and the hosted login is not set up");
