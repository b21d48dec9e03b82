//! The ways in which a TLS handshake does not complete, or not for everybody.

use crate::check::Code;

pub(in crate::checks) static STALLED: Code = Code::error(
    "stalled",
    "connected, and then silence: the server name is filtered, inspection hangs, or large packets vanish",
);
pub(in crate::checks) static RESET_IN_HANDSHAKE: Code =
    Code::error("reset-in-handshake", "connected, and cut off as soon as the server name was seen");
pub(in crate::checks) static NOT_TLS: Code = Code::error("not-tls", "what answers on the port does not speak TLS");
pub(in crate::checks) static TLS_TOO_OLD: Code =
    Code::error("tls-too-old", "the other side refuses TLS 1.2 and TLS 1.3");
pub(in crate::checks) static ALERT: Code = Code::error("alert", "the other side ends the handshake with an alert");
pub(in crate::checks) static CLIENT_CERTIFICATE: Code =
    Code::error("client-certificate-required", "the other side wants a certificate from the client");
pub(in crate::checks) static NOT_SPOKEN: Code =
    Code::undecided("not-spoken", "the other side speaks TLS in a way that OpenSSL knows and this tool does not");
pub(in crate::checks) static LARGE_HELLO: Code = Code::warning(
    "large-hello",
    "a first message of TLS that is larger than one packet is not answered, and a smaller one is",
);
pub(in crate::checks) static FAILED: Code =
    Code::error("failed", "the handshake fails in a way that has no name of its own");
