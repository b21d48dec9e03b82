//! The ways in which a host that browsers need is not reached.

use crate::check::Code;

pub(in crate::checks) static UNRESOLVED: Code = Code::error("unresolved", "the host's name does not resolve here");
pub(in crate::checks) static NO_CONNECTION: Code =
    Code::error("no-connection", "no address of the host, or not the proxy, accepts a connection to it");
pub(in crate::checks) static NO_HANDSHAKE: Code =
    Code::error("no-handshake", "the TLS handshake with the host does not complete");
pub(in crate::checks) static UNTRUSTED: Code = Code::error("untrusted", "the host's certificate does not hold here");
pub(in crate::checks) static NOT_LEARNT: Code =
    Code::undecided("not-learnt", "the host of the hosted login is not named, and a sign-in does not lead to it");
pub(in crate::checks) static INTERCEPTED: Code =
    Code::warning("intercepted", "the host's certificate is trusted here and not in public: TLS is inspected");
