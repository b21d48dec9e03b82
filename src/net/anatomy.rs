//! What of a certificate OpenSSL and others judge by besides its signature, its time and its name.

use std::time::SystemTime;

use x509_parser::prelude::{FromDer, GeneralName, ParsedExtension, X509Certificate, X509Version};

use super::certificate::{moment, named};
use super::der;

/// What a certificate is made of.
pub(super) struct Anatomy {
    /// How it is best called in a sentence.
    pub(super) name: String,
    pub(super) subject: Vec<u8>,
    pub(super) issuer: Vec<u8>,
    pub(super) not_before: SystemTime,
    pub(super) not_after: SystemTime,
    /// The form of 1988, without extensions.
    pub(super) first_version: bool,
    pub(super) basic_constraints: Option<BasicConstraints>,
    /// The bits of its keyUsage.
    pub(super) key_usage: Option<u16>,
    /// Whether its extended key usage, where it has one, names TLS servers.
    pub(super) serves: Option<bool>,
    pub(super) key: Key,
    pub(super) signature: Signature,
    pub(super) key_id: Option<Vec<u8>>,
    pub(super) issuer_key_id: Option<Vec<u8>>,
    /// The DNS names that it is for, in lower case.
    pub(super) names: Vec<String>,
    /// DNS names that it may issue for, and may not.
    pub(super) permitted: Vec<String>,
    pub(super) excluded: Vec<String>,
    /// A critical extension that OpenSSL does not know either.
    pub(super) unknown_critical: Option<String>,
}

/// What basicConstraints say.
#[derive(Clone, Copy)]
pub(super) struct BasicConstraints {
    pub(super) ca: bool,
    pub(super) critical: bool,
    pub(super) depth: Option<u32>,
}

/// A public key, as far as it matters whether it can be used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Key {
    /// One that this tool and OpenSSL verify with.
    Usable,
    /// One that OpenSSL refuses at security level 2.
    Short(String),
    /// One that OpenSSL takes and this tool cannot verify with.
    Unusual(String),
}

/// How it was signed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Signature {
    /// In a way that this tool and OpenSSL verify, or that is not known here.
    Usual,
    /// In a way that OpenSSL refuses at security level 1 and above.
    Weak(&'static str),
    /// In a way that OpenSSL verifies and this tool does not.
    Unusual(String),
}

impl Anatomy {
    /// Reads a certificate; `None` where it is not one.
    pub(super) fn read(der: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let key_usage = certificate.key_usage().ok().flatten().map(|usage| usage.value.flags);
        let basic_constraints = certificate.basic_constraints().ok().flatten().map(|it| BasicConstraints {
            ca: it.value.ca,
            critical: it.critical,
            depth: it.value.path_len_constraint,
        });
        let serves = certificate.extended_key_usage().ok().flatten().map(|usage| usage.value.server_auth);
        let (mut key_id, mut issuer_key_id) = (None, None);
        let (mut names, mut permitted, mut excluded) = (Vec::new(), Vec::new(), Vec::new());
        let mut unknown_critical = None;
        for extension in certificate.extensions() {
            match extension.parsed_extension() {
                ParsedExtension::SubjectKeyIdentifier(id) => key_id = Some(id.0.to_vec()),
                ParsedExtension::AuthorityKeyIdentifier(id) => {
                    issuer_key_id = id.key_identifier.as_ref().map(|id| id.0.to_vec());
                }
                ParsedExtension::SubjectAlternativeName(all) => {
                    names = all.general_names.iter().filter_map(dns_name).take(1_000).collect();
                }
                ParsedExtension::NameConstraints(constraints) => {
                    permitted = dns_names(constraints.permitted_subtrees.as_deref());
                    excluded = dns_names(constraints.excluded_subtrees.as_deref());
                }
                _ => {}
            }
            let oid = extension.oid.to_id_string();
            if extension.critical && !KNOWN_TO_OPENSSL.contains(&oid.as_str()) {
                unknown_critical.get_or_insert(oid);
            }
        }
        let spki = certificate.public_key();
        Some(Anatomy {
            name: named(certificate.subject()),
            subject: certificate.subject().as_raw().to_vec(),
            issuer: certificate.issuer().as_raw().to_vec(),
            not_before: moment(certificate.validity().not_before.timestamp()),
            not_after: moment(certificate.validity().not_after.timestamp()),
            first_version: certificate.version() == X509Version::V1,
            basic_constraints,
            key_usage,
            serves,
            key: key(&spki.algorithm, spki.subject_public_key.as_ref()),
            signature: signature(&certificate.signature_algorithm),
            key_id,
            issuer_key_id,
            names,
            permitted,
            excluded,
            unknown_critical,
        })
    }

    /// Whether it names itself as its issuer.
    pub(super) fn is_self_issued(&self) -> bool {
        self.subject == self.issuer
    }

    /// Whether it can be the issuer of `other`, by the names and, where both are given, by the key's identifier.
    pub(super) fn may_have_issued(&self, other: &Anatomy) -> bool {
        self.subject == other.issuer
            && match (&self.key_id, &other.issuer_key_id) {
                (Some(own), Some(wanted)) => own == wanted,
                _ => true,
            }
    }

    /// Whether its keyUsage, where it has one, has one of these bits, counted from the first.
    pub(super) fn is_used_for(&self, bits: &[u16]) -> bool {
        self.key_usage.is_none_or(|flags| bits.iter().any(|bit| (flags >> bit) & 1 == 1))
    }
}

/// digitalSignature, keyEncipherment, keyAgreement: a TLS server needs one of them.
pub(super) const FOR_SERVERS: &[u16] = &[0, 2, 4];
/// keyCertSign.
pub(super) const SIGNS_CERTIFICATES: &[u16] = &[5];

/// Extensions that OpenSSL 3.0 handles where they are critical (`X509_supported_extension`).
const KNOWN_TO_OPENSSL: &[&str] = &[
    "2.16.840.1.113730.1.1",
    "2.5.29.15",
    "2.5.29.17",
    "2.5.29.19",
    "2.5.29.32",
    "2.5.29.31",
    "2.5.29.37",
    "1.3.6.1.5.5.7.1.7",
    "1.3.6.1.5.5.7.1.8",
    "2.5.29.36",
    "1.3.6.1.5.5.7.1.14",
    "2.5.29.30",
    "2.5.29.33",
    "2.5.29.54",
];

fn dns_names(subtrees: Option<&[x509_parser::extensions::GeneralSubtree<'_>]>) -> Vec<String> {
    subtrees.unwrap_or_default().iter().filter_map(|subtree| dns_name(&subtree.base)).take(32).collect()
}

fn dns_name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some(name.to_lowercase()),
        _ => None,
    }
}

/// OpenSSL rounds: an RSA key of 1,984 bits is strong enough for level 2, one of 1,960 is not.
const SHORTEST_RSA: usize = 1_976;

fn key(algorithm: &x509_parser::prelude::AlgorithmIdentifier<'_>, key: &[u8]) -> Key {
    match algorithm.algorithm.to_id_string().as_str() {
        "1.2.840.113549.1.1.1" => match rsa_bits(key) {
            bits if bits < SHORTEST_RSA => Key::Short(format!("RSA key of {bits} bits")),
            bits if !(2_048..=8_192).contains(&bits) => Key::Unusual(format!("RSA key of {bits} bits")),
            _ => Key::Usable,
        },
        "1.2.840.113549.1.1.10" => match rsa_bits(key) {
            bits if bits < SHORTEST_RSA => Key::Short(format!("RSA key of {bits} bits")),
            _ => Key::Unusual("key that is for RSASSA-PSS alone".to_owned()),
        },
        "1.2.840.10045.2.1" => {
            let curve = algorithm.parameters.as_ref().and_then(|it| it.as_oid().ok()).map(|oid| oid.to_id_string());
            match curve.as_deref() {
                Some("1.2.840.10045.3.1.7" | "1.3.132.0.34" | "1.3.132.0.35") => Key::Usable,
                Some("1.2.840.10045.3.1.1") => Key::Short("key on the curve P-192".to_owned()),
                Some("1.3.132.0.33") => Key::Unusual("key on the curve P-224".to_owned()),
                Some("1.3.132.0.10") => Key::Unusual("key on the curve secp256k1".to_owned()),
                Some(oid) if oid.starts_with("1.3.36.3.3.2.8.1.1.") => {
                    Key::Unusual("key on a Brainpool curve".to_owned())
                }
                Some(oid) => Key::Unusual(format!("key on the curve {oid}")),
                None => Key::Unusual("key on a curve that is written out".to_owned()),
            }
        }
        "1.3.101.112" => Key::Usable,
        "1.3.101.113" => Key::Unusual("Ed448 key".to_owned()),
        "1.2.840.10040.4.1" => Key::Unusual("DSA key".to_owned()),
        _ => Key::Unusual(format!("key of the kind {}", algorithm.algorithm)),
    }
}

/// How long the modulus of an RSA key is.
fn rsa_bits(key: &[u8]) -> usize {
    let modulus = der::sequence(key).and_then(|content| der::each(content).next());
    let Some((0x02, bytes)) = modulus else { return 0 };
    let digits = &bytes[bytes.iter().take_while(|byte| **byte == 0).count()..];
    digits.first().map_or(0, |first| digits.len() * 8 - first.leading_zeros() as usize)
}

fn signature(algorithm: &x509_parser::prelude::AlgorithmIdentifier<'_>) -> Signature {
    match algorithm.algorithm.to_id_string().as_str() {
        "1.2.840.113549.1.1.2" => Signature::Weak("MD2"),
        "1.2.840.113549.1.1.3" => Signature::Weak("MD4"),
        "1.2.840.113549.1.1.4" => Signature::Weak("MD5"),
        "1.2.840.113549.1.1.5" | "1.3.14.3.2.29" | "1.2.840.10045.4.1" | "1.2.840.10040.4.3" | "1.3.14.3.2.27" => {
            Signature::Weak("SHA-1")
        }
        "1.2.840.113549.1.1.14" | "1.2.840.10045.4.3.1" => Signature::Unusual("SHA-224".to_owned()),
        "1.2.840.113549.1.1.15" | "1.2.840.113549.1.1.16" => Signature::Unusual("SHA-512/t".to_owned()),
        "1.3.101.113" => Signature::Unusual("Ed448".to_owned()),
        "1.2.840.113549.1.1.10" => pss(algorithm),
        oid if oid.starts_with("2.16.840.1.101.3.4.3.")
            && !oid.ends_with(".17")
            && !oid.ends_with(".18")
            && !oid.ends_with(".19") =>
        {
            Signature::Unusual("DSA or SHA-3".to_owned())
        }
        _ => Signature::Usual,
    }
}

/// RSASSA-PSS names its hash in its parameters, and means SHA-1 where it names none.
fn pss(algorithm: &x509_parser::prelude::AlgorithmIdentifier<'_>) -> Signature {
    const SHA2: &[&[u8]] = &[
        &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01],
        &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02],
        &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03],
    ];
    const SHA1: &[u8] = &[0x2b, 0x0e, 0x03, 0x02, 0x1a];

    let parameters = algorithm.parameters.as_ref().map(|it| it.data).unwrap_or_default();
    let hash = der::each(parameters).find(|(tag, _)| *tag == 0xa0).and_then(|(_, hash)| der::sequence(hash));
    match hash.and_then(|hash| der::each(hash).next()) {
        None => Signature::Weak("SHA-1"),
        Some((_, oid)) if oid == SHA1 => Signature::Weak("SHA-1"),
        Some((_, oid)) if SHA2.contains(&oid) => Signature::Usual,
        Some(_) => Signature::Unusual("RSASSA-PSS with an unusual hash".to_owned()),
    }
}
