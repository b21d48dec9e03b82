//! What keeps certificate authorities from being read, or from being right.

use crate::check::Code;

pub(in crate::checks) static UNREADABLE: Code =
    Code::error("unreadable", "the system's trust store, or what a variable names in its place, could not be read");
pub(in crate::checks) static EMPTY: Code = Code::error("empty", "the trust store holds no certificate authority");
pub(in crate::checks) static NOT_PEM: Code =
    Code::error("not-pem", "the file of the trust store is of a form that programs do not read");
pub(in crate::checks) static DAMAGED: Code =
    Code::error("damaged", "a block of a file is damaged, so that OpenSSL takes nothing of that file");
pub(in crate::checks) static PASSED_OVER: Code =
    Code::warning("passed-over", "a certificate in a file stands where OpenSSL does not see it");
pub(in crate::checks) static READ_BY_SOME: Code =
    Code::warning("read-by-some", "a file is written in a form that not every program reads");
pub(in crate::checks) static PRIVATE_KEY: Code =
    Code::warning("private-key", "a private key stands in a file of certificates");
pub(in crate::checks) static EXPIRED_ROOT: Code =
    Code::warning("expired-root", "a certificate authority that --ca-bundle adds has expired");
