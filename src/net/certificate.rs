//! What a presented certificate says, and why it does not hold.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use aws_lc_rs::digest;
use rustls::CertificateError;
use rustls::pki_types::CertificateDer;
use x509_parser::prelude::{FromDer, GeneralName, ParsedExtension, X509Certificate, X509Name};

/// A certificate as it was presented.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Presented {
    /// The subject, `CN=api.workos.com`.
    pub subject: String,
    /// The issuer.
    pub issuer: String,
    /// The issuer's organization.
    pub issuer_organization: Option<String>,
    /// The issuer's common name.
    pub issuer_name: Option<String>,
    /// The subject's common name.
    pub name: Option<String>,
    /// The DNS names and addresses it is for.
    pub names: Vec<String>,
    /// The first moment at which it holds.
    pub not_before: SystemTime,
    /// The last moment at which it holds.
    pub not_after: SystemTime,
    /// Where its issuer's certificate can be fetched, as the certificate says.
    pub issuer_urls: Vec<String>,
    /// SHA-256 of the whole certificate, in hexadecimal.
    pub sha256: String,
}

/// Why a chain does not hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CertificateProblem {
    /// No root that is trusted stands behind it.
    UnknownIssuer,
    /// No root that is trusted stands behind it, but one of the same name and with another key does, in this file.
    Namesake(String),
    /// Its own issuer; no root that is trusted stands behind it.
    SelfSigned,
    /// It points to a public issuer whose certificate was not sent along.
    IncompleteChain,
    /// Its time is over.
    Expired,
    /// Its time has not come.
    NotYetValid,
    /// It is for other names.
    WrongName,
    /// It is for no name: a common name does not count.
    NoAlternativeName,
    /// A root that is trusted stands behind it, and what is built on OpenSSL refuses it all the same.
    Refused(Flaw),
    /// This tool cannot judge it; OpenSSL can. In words that go on from "because".
    Unjudged(String),
    /// Something else, in words.
    Other(String),
}

impl CertificateProblem {
    /// What is wrong, for the evidence.
    pub fn words(&self) -> &str {
        match self {
            CertificateProblem::UnknownIssuer | CertificateProblem::Namesake(_) => {
                "no root that is trusted stands behind it"
            }
            CertificateProblem::SelfSigned => "it is its own issuer",
            CertificateProblem::IncompleteChain => "its issuer's certificate was not sent along",
            CertificateProblem::Expired => "its time is over",
            CertificateProblem::NotYetValid => "it is not valid yet",
            CertificateProblem::WrongName => "it is for other names",
            CertificateProblem::NoAlternativeName => "it is for no name",
            CertificateProblem::Refused(_) => "what is built on OpenSSL refuses it",
            CertificateProblem::Unjudged(words) | CertificateProblem::Other(words) => words,
        }
    }
}

/// What is wrong with one certificate of a chain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Flaw {
    /// What.
    pub rule: Rule,
    /// How the certificate is best called.
    pub name: String,
    /// Which one it is.
    pub place: Place,
}

/// Where in a chain a certificate stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// The server's own.
    Leaf,
    /// Sent along between the server's own and the root.
    Between,
    /// Trusted here, from this file.
    Root(String),
}

/// A rule that a certificate breaks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Rule {
    /// Its time is over since then.
    Ended(SystemTime),
    /// Its time has not come until then.
    NotBegun(SystemTime),
    /// Nothing in it says that it is a CA.
    NotCa,
    /// Its keyUsage does not let it sign certificates.
    SignsNoCertificates,
    /// It lets fewer CAs stand below it than do.
    TooDeep(u32),
    /// It is not for TLS servers, by its usages.
    NotForServers,
    /// It is not for TLS servers, by what stands beside it in the store.
    NotTrustedForServers,
    /// OpenSSL reads nothing of the file that it is in, because of this line.
    FileDamaged(usize),
    /// Its key is too short; the key in words.
    ShortKey(String),
    /// It was signed with a broken hash.
    WeakSignature(&'static str),
    /// A critical extension that nobody knows, by its number.
    UnknownExtension(String),
    /// It may issue only for these names, or not for these.
    OtherNamesOnly(Vec<String>),
    /// It has no basicConstraints. Go, Java and Python 3.13 want them.
    NoBasicConstraints,
    /// Its basicConstraints are not critical. Python 3.13 wants them so.
    BasicConstraintsNotCritical,
    /// A CA without keyUsage. Python 3.13 wants it.
    NoKeyUsage,
    /// A CA without a subject key identifier. Python 3.13 wants it.
    NoKeyId,
    /// Not the root, and without an authority key identifier. Python 3.13 wants it.
    NoIssuerKeyId,
    /// It names its host only by its common name. Go, the library `requests`, `OkHttp` and rustls want an alternative name.
    CommonNameAlone,
    /// The root is not its own issuer. Programs on OpenSSL want one that is, but for curl and Python 3.13.
    NotARoot,
}

impl From<&CertificateError> for CertificateProblem {
    fn from(error: &CertificateError) -> Self {
        let unjudged = |why: &str| CertificateProblem::Unjudged(why.to_owned());
        match error {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => CertificateProblem::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                CertificateProblem::NotYetValid
            }
            CertificateError::NotValidForNameContext { presented, .. } if presented.is_empty() => {
                CertificateProblem::NoAlternativeName
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                CertificateProblem::WrongName
            }
            CertificateError::UnknownIssuer | CertificateError::BadSignature => CertificateProblem::UnknownIssuer,
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
                CertificateProblem::Other("it is not for TLS servers".to_owned())
            }
            CertificateError::UnsupportedSignatureAlgorithmContext { .. }
            | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
                unjudged("it is signed in a way that this tool cannot verify")
            }
            CertificateError::BadEncoding => unjudged("it holds what this tool cannot read"),
            CertificateError::UnhandledCriticalExtension => {
                unjudged("it holds a critical extension that this tool does not know")
            }
            _ => unjudged("it breaks a rule that this tool has no name for"),
        }
    }
}

impl Presented {
    /// Reads a certificate; `None` when it is not one.
    pub fn read(der: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let mut names = Vec::new();
        if let Ok(Some(alternatives)) = certificate.subject_alternative_name() {
            names.extend(alternatives.value.general_names.iter().filter_map(|name| match name {
                GeneralName::DNSName(name) => Some(printable(name)),
                GeneralName::IPAddress(bytes) => address(bytes),
                _ => None,
            }));
        }
        let issuer_urls = certificate
            .extensions()
            .iter()
            .filter_map(|extension| match extension.parsed_extension() {
                ParsedExtension::AuthorityInfoAccess(access) => Some(access),
                _ => None,
            })
            .flat_map(|access| access.accessdescs.iter())
            .filter_map(|description| match &description.access_location {
                GeneralName::URI(url) => Some(printable(url)),
                _ => None,
            })
            .collect();
        Some(Presented {
            subject: printable(&certificate.subject().to_string()),
            issuer: printable(&certificate.issuer().to_string()),
            issuer_organization: first(certificate.issuer().iter_organization()),
            issuer_name: first(certificate.issuer().iter_common_name()),
            name: first(certificate.subject().iter_common_name()),
            names,
            not_before: moment(certificate.validity().not_before.timestamp()),
            not_after: moment(certificate.validity().not_after.timestamp()),
            issuer_urls,
            sha256: fingerprint(der),
        })
    }

    /// Its issuer as people know it: the organization, where it names one.
    pub fn issued_by(&self) -> &str {
        self.issuer_organization.as_deref().or(self.issuer_name.as_deref()).unwrap_or(&self.issuer)
    }

    /// Whether it names itself as its issuer.
    pub fn is_self_issued(&self) -> bool {
        self.subject == self.issuer
    }

    /// How the issuer is best called in a sentence.
    pub fn issuer_in_words(&self) -> String {
        let name = self.issuer_name.as_deref().or(self.issuer_organization.as_deref());
        name.unwrap_or(if self.issuer.is_empty() { "an issuer without a name" } else { &self.issuer }).to_owned()
    }
}

/// The presented chain, leaf first; at most eight, as certificates are evidence and not data.
pub fn chain(presented: &[CertificateDer<'_>]) -> Vec<Presented> {
    presented.iter().take(8).filter_map(|der| Presented::read(der)).collect()
}

/// Public issuers by the host that their certificates point to; organizations of public roots are known besides.
const PUBLIC_ISSUER_HOSTS: &[&str] = &[
    "lencr.org",
    "digicert.com",
    "sectigo.com",
    "comodoca.com",
    "usertrust.com",
    "amazontrust.com",
    "pki.goog",
    "globalsign.com",
    "entrust.net",
    "godaddy.com",
    "starfieldtech.com",
    "identrust.com",
    "ssl.com",
    "certum.pl",
    "geotrust.com",
    "rapidssl.com",
    "thawte.com",
    "quovadisglobal.com",
    "swisssign.net",
    "buypass.com",
    "harica.gr",
];

/// Tells the ways of having no trusted root behind a chain apart: its own issuer, a public issuer left out, or neither.
pub fn without_root(chain: &[Presented], public_organizations: &[String]) -> CertificateProblem {
    let Some(leaf) = chain.first() else { return CertificateProblem::UnknownIssuer };
    if leaf.is_self_issued() {
        return CertificateProblem::SelfSigned;
    }
    // Follow the chain as far as it goes: what is missing is the issuer of its last link.
    let mut last = leaf;
    for _ in 0..chain.len() {
        match chain.iter().find(|candidate| candidate.subject == last.issuer && *candidate != last) {
            Some(next) if !next.is_self_issued() => last = next,
            Some(_) => return CertificateProblem::UnknownIssuer,
            None => break,
        }
    }
    let by_name = last.issuer_organization.as_ref().is_some_and(|name| public_organizations.contains(name));
    let by_url = last.issuer_urls.iter().any(|url| {
        let host = url::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_lowercase)).unwrap_or_default();
        PUBLIC_ISSUER_HOSTS.iter().any(|known| host == *known || host.ends_with(&format!(".{known}")))
    });
    if by_name || by_url { CertificateProblem::IncompleteChain } else { CertificateProblem::UnknownIssuer }
}

/// The organization in a root's subject, which trust anchors hold without the outer DER header.
pub fn organization(subject: &[u8]) -> Option<String> {
    let mut der = vec![0x30];
    match subject.len() {
        short @ 0..=127 => der.push(u8::try_from(short).ok()?),
        long => {
            der.push(0x82);
            der.extend(u16::try_from(long).ok()?.to_be_bytes());
        }
    }
    der.extend(subject);
    let (_, name) = X509Name::from_der(&der).ok()?;
    first(name.iter_organization())
}

fn first<'a>(mut values: impl Iterator<Item = &'a x509_parser::prelude::AttributeTypeAndValue<'a>>) -> Option<String> {
    values.next().and_then(|value| value.as_str().ok()).map(printable)
}

/// How a name is best called in a sentence: its common name, its organization, or all of it.
pub(super) fn named(name: &X509Name<'_>) -> String {
    let whole = || printable(&name.to_string());
    first(name.iter_common_name()).or_else(|| first(name.iter_organization())).unwrap_or_else(whole)
}

/// A certificate is what a stranger wrote: no control characters, and not without end.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).take(300).collect()
}

fn address(bytes: &[u8]) -> Option<String> {
    if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
        return Some(std::net::Ipv4Addr::from(v4).to_string());
    }
    <[u8; 16]>::try_from(bytes).ok().map(|v6| std::net::Ipv6Addr::from(v6).to_string())
}

pub(super) fn moment(timestamp: i64) -> SystemTime {
    let distance = Duration::from_secs(timestamp.unsigned_abs());
    let moment = if timestamp >= 0 {
        SystemTime::UNIX_EPOCH.checked_add(distance)
    } else {
        SystemTime::UNIX_EPOCH.checked_sub(distance)
    };
    moment.unwrap_or(SystemTime::UNIX_EPOCH)
}

fn fingerprint(der: &[u8]) -> String {
    digest::digest(&digest::SHA256, der).as_ref().iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(subject: &str, issuer: &str, organization: Option<&str>, url: Option<&str>) -> Presented {
        Presented {
            subject: subject.to_owned(),
            issuer: issuer.to_owned(),
            issuer_organization: organization.map(str::to_owned),
            issuer_name: None,
            name: None,
            names: Vec::new(),
            not_before: SystemTime::UNIX_EPOCH,
            not_after: SystemTime::UNIX_EPOCH,
            issuer_urls: url.map(str::to_owned).into_iter().collect(),
            sha256: String::new(),
        }
    }

    #[test]
    fn a_missing_public_intermediate_is_not_a_private_ca() {
        let public = vec!["Public Trust Ltd".to_owned()];
        let by_url = link("CN=a", "CN=R11", Some("Let's Encrypt"), Some("http://r11.i.lencr.org/"));
        let by_name = link("CN=a", "CN=Intermediate", Some("Public Trust Ltd"), None);
        let private = link("CN=a", "CN=Inspect", Some("Customer Corp"), Some("http://pki.corp.example/ca.crt"));

        assert_eq!(without_root(&[by_url], &public), CertificateProblem::IncompleteChain);
        assert_eq!(without_root(&[by_name], &public), CertificateProblem::IncompleteChain);
        assert_eq!(without_root(&[private], &public), CertificateProblem::UnknownIssuer);
    }

    #[test]
    fn a_chain_up_to_a_private_root_is_complete() {
        let chain =
            [link("CN=a", "CN=i", None, None), link("CN=i", "CN=r", None, None), link("CN=r", "CN=r", None, None)];

        assert_eq!(without_root(&chain, &[]), CertificateProblem::UnknownIssuer);
    }

    #[test]
    fn the_public_roots_have_organizations() {
        let known =
            webpki_roots::TLS_SERVER_ROOTS.iter().filter_map(|root| organization(root.subject.as_ref())).count();

        assert!(known > 50, "{known}");
    }

    #[test]
    fn what_is_not_a_certificate_is_none() {
        assert_eq!(Presented::read(b""), None);
        assert_eq!(Presented::read(&[0x30, 0x82, 0xff, 0xff, 0x00]), None);
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_presented_is_read_without_a_panic(bytes: Vec<u8>, at: proptest::sample::Index, flipped: u8) {
            let _ = Presented::read(&bytes);
            let mut real = webpki_roots::TLS_SERVER_ROOTS[0].subject.as_ref().to_vec();
            let place = at.index(real.len());
            real[place] ^= flipped;
            let _ = organization(&real);
        }

        #[test]
        fn whatever_byte_of_a_real_certificate_is_changed_it_is_read_without_a_panic(at: proptest::sample::Index, flipped: u8) {
            let mut der = REAL.get_or_init(self_signed).clone();
            let place = at.index(der.len());
            der[place] ^= flipped;
            if let Some(read) = Presented::read(&der) {
                proptest::prop_assert!(!read.subject.chars().any(char::is_control));
            }
        }
    }

    static REAL: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();

    fn self_signed() -> Vec<u8> {
        let key = rcgen::KeyPair::generate().unwrap();
        let parameters = rcgen::CertificateParams::new(vec!["app.customer.example".to_owned()]).unwrap();
        parameters.self_signed(&key).unwrap().der().to_vec()
    }
}
