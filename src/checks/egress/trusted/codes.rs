//! The ways in which a certificate does not hold here, or here alone.

use crate::check::Code;

pub(in crate::checks) static UNTRUSTED: Code = Code::error("untrusted", "the certificate's issuer is not trusted here");
pub(in crate::checks) static STORE_LACKS_ROOT: Code = Code::error(
    "store-lacks-root",
    "the certificate is publicly trusted, and its root is missing from the roots of this host",
);
pub(in crate::checks) static SELF_SIGNED: Code = Code::error("self-signed", "the certificate is its own issuer");
pub(in crate::checks) static INCOMPLETE_CHAIN: Code =
    Code::error("incomplete-chain", "the issuer is public, and its certificate was not sent along");
pub(in crate::checks) static EXPIRED: Code =
    Code::error("expired", "the certificate has expired, or this host's clock is ahead");
pub(in crate::checks) static NOT_YET_VALID: Code =
    Code::error("not-yet-valid", "the certificate is not valid yet, or this host's clock is behind");
pub(in crate::checks) static WRONG_NAME: Code = Code::error("wrong-name", "the certificate is for other names");
pub(in crate::checks) static NO_ALTERNATIVE_NAME: Code =
    Code::error("no-alternative-name", "the certificate names no host at all");
pub(in crate::checks) static INVALID: Code =
    Code::error("invalid", "the certificate does not hold for a reason that has no name of its own");
pub(in crate::checks) static INTERCEPTED: Code =
    Code::warning("intercepted", "the certificate is trusted here and not in public: TLS is inspected on the way");
pub(in crate::checks) static CA_EXPIRED: Code =
    Code::error("ca-expired", "the CA that is trusted here has expired, or is not valid yet");
pub(in crate::checks) static NOT_A_CA: Code =
    Code::error("not-a-ca", "what is trusted here as a CA, or sent along as one, is none");
pub(in crate::checks) static CA_LIMITED: Code =
    Code::error("ca-limited", "a CA of the chain may not issue this certificate");
pub(in crate::checks) static NOT_FOR_SERVERS: Code =
    Code::error("not-for-servers", "the certificate is not for TLS servers");
pub(in crate::checks) static WEAK_KEY: Code = Code::error("weak-key", "a key in the chain is too short for OpenSSL");
pub(in crate::checks) static WEAK_SIGNATURE: Code =
    Code::error("weak-signature", "a certificate of the chain is signed with a broken hash");
pub(in crate::checks) static BUNDLE_DAMAGED: Code = Code::error(
    "bundle-damaged",
    "the CA is in a file that OpenSSL reads nothing of, because a block in it is damaged",
);
pub(in crate::checks) static STRICTER: Code =
    Code::warning("stricter-programs", "the chain holds for most programs, and the strict ones among them refuse it");
pub(in crate::checks) static CANNOT_JUDGE: Code =
    Code::undecided("cannot-judge", "the chain holds something that this tool cannot verify and OpenSSL can");
