//! The certificate authorities of the played world and the certificates they issue.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use data_encoding::BASE64;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use time::OffsetDateTime;

use super::service::{Certificate, ClientCertificate};

const DAY: i64 = 24 * 60 * 60;
/// Where the leaf says its issuer can be fetched; nothing answers there.
const ISSUER_URL: &str = "http://certs.demo-trust.example/issuing-1.cer";

/// The public root with its intermediate, and the customer's own CA.
pub struct Authorities {
    root: CertifiedIssuer<'static, KeyPair>,
    intermediate: CertifiedIssuer<'static, KeyPair>,
    corporate: CertifiedIssuer<'static, KeyPair>,
    now: i64,
}

impl Authorities {
    /// New ones, each with a key of its own.
    ///
    /// # Errors
    /// Where the clock stands before 1970, or a certificate cannot be made.
    pub fn new() -> io::Result<Self> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(io::Error::other)?.as_secs();
        let now = i64::try_from(now).map_err(io::Error::other)?;
        let root = authority("Demo Public Root", "Demo Trust Services", now, None)?;
        let intermediate = authority("Demo Public Issuing CA 1", "Demo Trust Services", now, Some(&root))?;
        let corporate = authority("Corp Inspect CA", "Customer Corp", now, None)?;
        Ok(Self { root, intermediate, corporate, now })
    }

    /// The public root.
    pub fn public_pem(&self) -> String {
        self.root.pem()
    }

    /// The public root, as certificate stores take it.
    pub(super) fn public_der(&self) -> CertificateDer<'static> {
        self.root.der().clone()
    }

    /// The customer's own CA.
    pub(super) fn corporate_pem(&self) -> String {
        self.corporate.pem()
    }

    /// A certificate with nothing wrong for these names: the chain as it is sent, leaf first, and the leaf's key, as PEM.
    ///
    /// # Errors
    /// Where a name is none that a certificate can hold.
    pub fn certificate_pem(&self, names: &[String]) -> io::Result<(String, String)> {
        let (chain, key) = self.issue(Certificate::Good, names)?;
        let blocks: Vec<String> = chain.iter().map(|it| pem("CERTIFICATE", it)).collect();
        Ok((blocks.concat(), pem("PRIVATE KEY", key.secret_der())))
    }

    /// What a TLS service with this certificate for these names presents.
    pub(super) fn server_config(
        &self,
        certificate: Certificate,
        names: &[String],
        client_certificate: ClientCertificate,
    ) -> io::Result<ServerConfig> {
        let (chain, key) = self.issue(certificate, names)?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?;
        let builder = if client_certificate == ClientCertificate::NotAsked {
            builder.with_no_client_auth()
        } else {
            let mut roots = RootCertStore::empty();
            roots.add(self.corporate.der().clone()).map_err(io::Error::other)?;
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            let verifier = match client_certificate {
                ClientCertificate::Required => verifier,
                _ => verifier.allow_unauthenticated(),
            };
            builder.with_client_cert_verifier(verifier.build().map_err(io::Error::other)?)
        };
        let mut config = builder.with_single_cert(chain, key).map_err(io::Error::other)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }

    /// The chain as it is sent, leaf first, and the leaf's key.
    fn issue(
        &self,
        certificate: Certificate,
        names: &[String],
    ) -> io::Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
        let days = match certificate {
            Certificate::Expired => -93..-3,
            Certificate::NotYetValid => 2..92,
            Certificate::ExpiresSoon => -80..10,
            _ => -1..89,
        };
        let other_name = [String::from("intranet.customer.example")];
        let names = if certificate == Certificate::WrongName { &other_name } else { names };
        let common_name = names.first().map_or("unnamed.example", String::as_str);

        let key = KeyPair::generate().map_err(io::Error::other)?;
        let mut leaf = CertificateParams::new(names).map_err(io::Error::other)?;
        leaf.distinguished_name = name(common_name, None);
        leaf.not_before = moment(self.now + days.start * DAY)?;
        leaf.not_after = moment(self.now + days.end * DAY)?;
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];

        let chain = match certificate {
            Certificate::SelfSigned => vec![leaf.self_signed(&key).map_err(io::Error::other)?.der().clone()],
            Certificate::PrivateCa => {
                leaf.use_authority_key_identifier_extension = true;
                let leaf = leaf.signed_by(&key, &self.corporate).map_err(io::Error::other)?;
                vec![leaf.der().clone(), self.corporate.der().clone()]
            }
            _ => {
                leaf.use_authority_key_identifier_extension = true;
                leaf.custom_extensions.push(authority_information_access());
                let leaf = leaf.signed_by(&key, &self.intermediate).map_err(io::Error::other)?;
                let mut chain = vec![leaf.der().clone()];
                if certificate != Certificate::IncompleteChain {
                    chain.push(self.intermediate.der().clone());
                }
                chain
            }
        };
        let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(io::Error::other)?;
        Ok((chain, key))
    }
}

impl fmt::Debug for Authorities {
    /// Without the keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorities").finish_non_exhaustive()
    }
}

fn authority(
    common_name: &str,
    organization: &str,
    now: i64,
    signer: Option<&CertifiedIssuer<'static, KeyPair>>,
) -> io::Result<CertifiedIssuer<'static, KeyPair>> {
    let mut params = CertificateParams::default();
    params.distinguished_name = name(common_name, Some(organization));
    params.not_before = moment(now - 400 * DAY)?;
    params.not_after = moment(now + 3000 * DAY)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate().map_err(io::Error::other)?;
    let issued = match signer {
        Some(signer) => {
            params.use_authority_key_identifier_extension = true;
            CertifiedIssuer::signed_by(params, key, signer)
        }
        None => CertifiedIssuer::self_signed(params, key),
    };
    issued.map_err(io::Error::other)
}

fn name(common_name: &str, organization: Option<&str>) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    if let Some(organization) = organization {
        name.push(DnType::OrganizationName, organization);
    }
    name.push(DnType::CommonName, common_name);
    name
}

fn moment(seconds: i64) -> io::Result<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp(seconds).map_err(io::Error::other)
}

/// RFC 5280 §4.2.2.1 with one caIssuers URL, written out because rcgen has no such extension.
fn authority_information_access() -> CustomExtension {
    const CA_ISSUERS: [u8; 10] = [0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x02];
    let location = tagged(0x86, ISSUER_URL.as_bytes());
    let description = tagged(0x30, &[CA_ISSUERS.as_slice(), &location].concat());
    CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], tagged(0x30, &description))
}

/// DER with the short form of a length, which is enough below 128 bytes.
fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).unwrap_or(u8::MAX).min(0x7f);
    [&[tag, length], content].concat()
}

/// RFC 7468: base64 in lines of 64 between two labels.
fn pem(label: &str, der: &[u8]) -> String {
    let text = BASE64.encode(der);
    let lines: Vec<String> =
        text.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}
