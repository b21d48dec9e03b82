//! What `ingress.trusted` finds, and what usually lies behind it.

use crate::check::Code;

pub(super) static SELF_SIGNED: Code = Code::error("self-signed", "the installation's certificate is its own issuer");
pub(super) static PRIVATE_CA: Code =
    Code::error("private-ca", "the installation's certificate is issued by a CA that is not public");
pub(super) static INCOMPLETE_CHAIN: Code =
    Code::error("incomplete-chain", "the installation leaves out the certificate of its public issuer");
pub(super) static WRONG_NAME: Code = Code::error("wrong-name", "the installation's certificate is for other names");
pub(super) static EXPIRED: Code = Code::error("expired", "the installation's certificate has expired");
pub(super) static NOT_YET_VALID: Code = Code::error("not-yet-valid", "the installation's certificate is not valid yet");
pub(super) static NO_ALTERNATIVE_NAME: Code =
    Code::error("no-alternative-name", "the installation's certificate has only a common name, which does not count");
pub(super) static REFUSED: Code =
    Code::error("refused", "a certificate of the installation's chain breaks a rule that TLS clients hold it to");
pub(super) static CANNOT_JUDGE: Code =
    Code::undecided("cannot-judge", "the chain holds something that this tool cannot verify and OpenSSL can");
pub(super) static INVALID: Code =
    Code::error("invalid", "the installation's certificate does not hold for a reason that has no name of its own");
pub(super) static TLS_TOO_OLD: Code = Code::error("tls-too-old", "the installation refuses TLS 1.2 and TLS 1.3");
pub(super) static NOT_TLS: Code = Code::error("not-tls", "what answers at the installation's port does not speak TLS");
pub(super) static CLIENT_CERTIFICATE_REQUIRED: Code = Code::error(
    "client-certificate-required",
    "the installation wants a certificate from the client, and WorkOS has none",
);
pub(super) static NO_HANDSHAKE: Code =
    Code::undecided("no-handshake", "the TLS handshake with the installation did not complete");
pub(super) static EXPIRES_SOON: Code =
    Code::warning("expires-soon", "the installation's certificate expires within three weeks");
