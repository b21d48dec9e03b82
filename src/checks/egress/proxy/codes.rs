//! The ways in which a proxy opens none.

use crate::check::Code;

pub(in crate::checks) static PROXY_UNRESOLVED: Code =
    Code::error("proxy-unresolved", "the proxy's name does not resolve here");
pub(in crate::checks) static PROXY_REFUSED: Code =
    Code::error("proxy-refused", "nothing accepts connections at the proxy's address and port");
pub(in crate::checks) static PROXY_TIMED_OUT: Code =
    Code::error("proxy-timed-out", "the proxy, or the way to it, stays silent");
pub(in crate::checks) static PROXY_UNREACHABLE: Code =
    Code::error("proxy-unreachable", "the connection to the proxy is rejected on the way, or broken");
pub(in crate::checks) static PROXY_UNTRUSTED: Code =
    Code::error("proxy-untrusted", "the certificate of the https proxy itself does not hold here");
pub(in crate::checks) static PROXY_TLS_FAILED: Code =
    Code::error("proxy-tls-failed", "the TLS handshake with the https proxy itself does not complete");
pub(in crate::checks) static PROXY_AUTH_REQUIRED: Code =
    Code::error("proxy-auth-required", "the proxy wants a sign-in (407)");
pub(in crate::checks) static PROXY_SIGN_IN_PAGE: Code =
    Code::error("proxy-sign-in-page", "the proxy leads to a page for people in place of opening a way");
pub(in crate::checks) static PROXY_DENIED: Code =
    Code::error("proxy-denied", "the proxy's policy forbids the destination");
pub(in crate::checks) static PROXY_UPSTREAM_FAILED: Code =
    Code::error("proxy-upstream-failed", "the proxy agrees, and cannot reach the destination itself");
pub(in crate::checks) static NOT_A_PROXY: Code =
    Code::error("not-a-proxy", "what answers at the proxy's address does not open tunnels");
