//! What is wrong with one certificate of a chain, in words.

use crate::net::{Flaw, Place, Rule};
use crate::said::{day, listed};

/// Which certificate it is: "the CA “X” (/etc/ssl/corp.pem)".
pub(super) fn which(flaw: &Flaw) -> String {
    match &flaw.place {
        Place::Leaf => format!("the certificate “{}”", flaw.name),
        Place::Between => format!("the CA “{}” (sent along)", flaw.name),
        Place::Root(file) => format!("the CA “{}” ({file})", flaw.name),
    }
}

/// What it lacks or has: "has expired: it ended on 2026-11-17".
pub(super) fn breaks(rule: &Rule) -> String {
    match rule {
        Rule::Ended(end) => format!("expired on {}", day(*end)),
        Rule::NotBegun(start) => format!("is not valid before {} by this host's clock", day(*start)),
        Rule::NotCa => "is not a CA: it has no basicConstraints with CA:TRUE".to_owned(),
        Rule::SignsNoCertificates => "may not sign certificates: its keyUsage lacks keyCertSign".to_owned(),
        Rule::TooDeep(0) => "lets no other CA stand below it (pathlen:0), and one does".to_owned(),
        Rule::TooDeep(depth) => format!("lets at most {depth} CAs stand below it (pathlen:{depth}), and more do"),
        Rule::NotForServers => "is not for TLS servers by its key usage".to_owned(),
        Rule::NotTrustedForServers => "is marked in its file as not trusted for TLS servers".to_owned(),
        Rule::FileDamaged(line) => {
            format!("is in a damaged file, of which OpenSSL reads nothing at all: line {line} begins a broken block")
        }
        Rule::ShortKey(key) => format!("has a key that is too short ({key})"),
        Rule::WeakSignature(hash) => format!("is signed with {hash}, which is broken"),
        Rule::UnknownExtension(oid) => format!("has a critical extension that OpenSSL does not know ({oid})"),
        Rule::OtherNamesOnly(names) => {
            format!("may not issue for this name (name constraints: {})", listed(names.iter().take(5)))
        }
        Rule::NoBasicConstraints => "has no basicConstraints (Go and Java refuse that, too)".to_owned(),
        Rule::BasicConstraintsNotCritical => "has basicConstraints that are not critical".to_owned(),
        Rule::NoKeyUsage => "has no keyUsage".to_owned(),
        Rule::NoKeyId => "has no subject key identifier".to_owned(),
        Rule::NoIssuerKeyId => "has no authority key identifier".to_owned(),
        Rule::CommonNameAlone => "names its host only by its common name".to_owned(),
        Rule::NotARoot => "is not its own issuer".to_owned(),
    }
}
