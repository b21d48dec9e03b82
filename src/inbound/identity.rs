//! What the door shows of itself: a certificate from files, one made for the occasion, or none behind a proxy that has one.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::server::NoServerSessionStorage;
use rustls::sign::CertifiedKey;
use rustls::{InconsistentKeys, ServerConfig};
use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::files::{self, Unreadable};
use crate::outcome::{Command, command};

/// How the door speaks.
#[derive(Clone)]
pub enum Security {
    /// HTTP, behind a proxy that ends TLS.
    Plain,
    /// HTTPS.
    Tls(Arc<ServerConfig>),
}

/// Why there is no certificate to show.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// A file cannot be read.
    #[error("{0}")]
    Unreadable(Unreadable),
    /// A file does not hold what it should.
    #[error("it holds no {0} in PEM")]
    Lacks(&'static str),
    /// A file holds something else than it should.
    #[error("it holds {0}, and no {1} in PEM{2}")]
    Instead(&'static str, &'static str, &'static str),
    /// There is a key or a certificate, and it is not to be read as it is; the command makes one that is.
    #[error("the {0} in it is {1}; this writes one that can be used: {2}")]
    Unreadily(&'static str, &'static str, Command),
    /// The key is another one's.
    #[error("the private key in it is not that of the certificate in {0}")]
    OtherKey(PathBuf),
    /// The certificate of the key is there, and others stand before it.
    #[error(
        "the certificate of the private key is number {0} in it, and has to be the first, with the intermediates behind it"
    )]
    NotTheFirst(usize),
    /// The key is of a kind that this tool has no TLS for.
    #[error(
        "the private key in it is of a kind that this tool cannot use: RSA of 2048 to 8192 bits, P-256, P-384, P-521 and Ed25519 can be used"
    )]
    StrangeKey,
    /// Certificate and key do not make a TLS server.
    #[error("certificate and key do not go together")]
    Unusable,
    /// A certificate could not be made.
    #[error("a certificate could not be made: {0}")]
    NotMade(rcgen::Error),
}

impl IdentityError {
    /// What a file holds in the place of a private key in PEM.
    fn of_key(text: &[u8], path: &Path) -> Self {
        const WANTED: &str = "private key";
        let holds = |word: &[u8]| text.windows(word.len()).any(|part| part == word);
        let (old, new) = (path.display(), path.with_extension("plain.pem"));
        let new = new.display();
        if holds(b"BEGIN ENCRYPTED PRIVATE KEY") || holds(b"Proc-Type: 4,ENCRYPTED") {
            let decrypt = command!("(umask 077; openssl pkey -in {} -out {})", old, new);
            IdentityError::Unreadily(WANTED, "encrypted with a passphrase, and nobody is there to type it", decrypt)
        } else if holds(b"BEGIN OPENSSH PRIVATE KEY") {
            let convert = command!("(umask 077; cp {} {}; ssh-keygen -p -m PKCS8 -f {})", old, new, new);
            IdentityError::Unreadily(WANTED, "in OpenSSH's own format", convert)
        } else if is_pkcs12(text) {
            let convert = command!("(umask 077; openssl pkcs12 -in {} -nocerts -nodes -out {})", old, new);
            IdentityError::Unreadily(WANTED, "in PKCS#12 (.pfx, .p12), and not in PEM", convert)
        } else if is_der(text) {
            let convert = command!("(umask 077; openssl pkey -inform DER -in {} -out {})", old, new);
            IdentityError::Unreadily(WANTED, "in DER, and not in PEM", convert)
        } else if holds(b"PRIVATE KEY-----") {
            IdentityError::Instead(
                "a private key that is damaged",
                WANTED,
                ": each of its lines stands by itself, and -----BEGIN at the very beginning of the first",
            )
        } else {
            Self::of_neither(text, WANTED)
        }
    }

    /// What a file holds in the place of certificates in PEM.
    fn of_chain(text: &[u8], path: &Path) -> Self {
        const WANTED: &str = "certificate";
        let (old, new) = (path.display(), path.with_extension("chain.pem"));
        let new = new.display();
        if is_pkcs12(text) {
            let convert = command!("openssl pkcs12 -in {} -nokeys -out {}", old, new);
            IdentityError::Unreadily(WANTED, "in PKCS#12 (.pfx, .p12), and not in PEM", convert)
        } else if is_der(text) {
            let convert = command!("openssl x509 -inform DER -in {} -out {}", old, new);
            IdentityError::Unreadily(WANTED, "in DER, and not in PEM", convert)
        } else if text
            .windows(23)
            .any(|part| part == b"BEGIN CERTIFICATE-----\n" || part == b"BEGIN CERTIFICATE-----\r")
        {
            IdentityError::Lacks("certificate, or one that cannot be read")
        } else {
            Self::of_neither(text, WANTED)
        }
    }

    /// What else is put into such files by mistake.
    fn of_neither(text: &[u8], wanted: &'static str) -> Self {
        let holds = |word: &[u8]| text.windows(word.len()).any(|part| part == word);
        let (what, hint) = if text.starts_with(&[0xff, 0xfe]) || text.starts_with(&[0xfe, 0xff]) {
            ("text in UTF-16", ": write it as plain text")
        } else if holds(b"PRIVATE KEY-----") {
            ("a private key", " (--tls-cert and --tls-key may be exchanged)")
        } else if holds(b"BEGIN CERTIFICATE REQUEST") || holds(b"BEGIN NEW CERTIFICATE REQUEST") {
            ("a request for a certificate", ": the certificate is what the CA made of it")
        } else if holds(b"BEGIN CERTIFICATE") || holds(b"BEGIN TRUSTED CERTIFICATE") {
            ("a certificate", " (--tls-cert and --tls-key may be exchanged)")
        } else if holds(b"BEGIN PUBLIC KEY") || holds(b"BEGIN RSA PUBLIC KEY") {
            ("a public key", "")
        } else if text.is_empty() {
            ("nothing", "")
        } else {
            return IdentityError::Lacks(if wanted == "certificate" { "certificate" } else { "private key" });
        };
        IdentityError::Instead(what, wanted, hint)
    }
}

/// A sequence of some length, as every DER file of this kind begins.
fn is_der(text: &[u8]) -> bool {
    matches!(text, [0x30, 0x81..=0x83, ..])
}

/// A sequence that begins with the version 3 of PKCS#12.
fn is_pkcs12(text: &[u8]) -> bool {
    matches!(text, [0x30, 0x81, _, 2, 1, 3, ..] | [0x30, 0x82, _, _, 2, 1, 3, ..] | [0x30, 0x83, _, _, _, 2, 1, 3, ..])
}

/// A file larger than this holds no certificate chain, in bytes.
const LARGEST_FILE: u64 = 1 << 20;

impl Security {
    /// The chain and the key in these PEM files, as a web server is given them. The error names the file that is wrong.
    pub fn from_files<'a>(chain: &'a Path, key: &'a Path) -> Result<Self, (&'a Path, IdentityError)> {
        let text = files::read(chain, LARGEST_FILE).map_err(|error| (chain, IdentityError::Unreadable(error)))?;
        let certificates: Vec<CertificateDer<'static>> =
            CertificateDer::pem_slice_iter(&text).collect::<Result<_, _>>().unwrap_or_default();
        // One that cannot be read would be missing in the chain that is shown.
        if certificates.is_empty() {
            return Err((chain, IdentityError::of_chain(&text, chain)));
        }
        let text = files::read(key, LARGEST_FILE).map_err(|error| (key, IdentityError::Unreadable(error)))?;
        let private =
            PrivateKeyDer::from_pem_slice(&text).map_err(|_: pem::Error| (key, IdentityError::of_key(&text, key)))?;
        let signing = aws_lc_rs::sign::any_supported_type(&private).map_err(|_| (key, IdentityError::StrangeKey))?;
        let is_of = |certificate: &CertificateDer<'static>| {
            let pair = CertifiedKey::new(vec![certificate.clone()], Arc::clone(&signing)).keys_match();
            !matches!(pair, Err(rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch)))
        };
        match certificates.iter().position(is_of) {
            None => return Err((key, IdentityError::OtherKey(chain.to_owned()))),
            Some(0) => {}
            Some(before) => return Err((chain, IdentityError::NotTheFirst(before + 1))),
        }
        Self::of(certificates, private).map_err(|error| (key, error))
    }

    /// A certificate for these names that nobody trusts: for behind a proxy that does not ask.
    pub fn self_made(names: Vec<String>) -> Result<Self, IdentityError> {
        let made = rcgen::generate_simple_self_signed(names).map_err(IdentityError::NotMade)?;
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der())
            .map_err(|_| IdentityError::Lacks("private key"))?;
        Self::of(vec![made.cert.der().clone()], key)
    }

    fn of(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<Self, IdentityError> {
        let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
            .map_err(|_| IdentityError::Unusable)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // Nobody comes back so soon that remembering would pay, and what is remembered of strangers takes room.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Security::Tls(Arc::new(config)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key made for this test, on a curve that TLS has no use for.
    const ON_SECP256K1: &str = "MIGEAgEAMBAGByqGSM49AgEGBSuBBAAKBG0wawIBAQQg7QL/N7+foWeVd/6urzO7
MfHfvwr/MDi6UgkegurViwahRANCAARI/N6KLHumnSMwS7gkfTxxHmKh3qWHfnzv
BOQokvLYQxhrw3dMHUeb2z6+Ju2S60OWlNqABRoPihw28Fqr5ZhR";

    #[test]
    fn files_that_hold_something_else_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let made = |name: &str| {
            let made = rcgen::generate_simple_self_signed(vec!["app.customer.example".to_owned()]).unwrap();
            (
                path(&format!("{name}.pem"), &made.cert.pem()),
                path(&format!("{name}.key"), &made.signing_key.serialize_pem()),
            )
        };
        let ((chain, key), (_, other)) = (made("a"), made("b"));
        let missing = folder.path().join("missing.pem");
        let refused = |chain: &Path, key: &Path| {
            Security::from_files(chain, key).err().map(|(path, error)| (path.to_owned(), error.to_string()))
        };

        assert_eq!(refused(&chain, &key), None);
        assert_eq!(
            refused(&key, &key),
            Some((
                key.clone(),
                "it holds a private key, and no certificate in PEM (--tls-cert and --tls-key may be exchanged)"
                    .to_owned()
            ))
        );
        assert_eq!(
            refused(&chain, &chain),
            Some((
                chain.clone(),
                "it holds a certificate, and no private key in PEM (--tls-cert and --tls-key may be exchanged)"
                    .to_owned()
            ))
        );
        for (text, words) in [
            ("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n", "passphrase"),
            (
                "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nMIIB\n-----END RSA PRIVATE KEY-----\n",
                "passphrase",
            ),
            ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----\n", "ssh-keygen"),
            ("0\u{2}", "no private key"),
            ("", "it holds nothing"),
            ("\u{feff}-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n", "damaged"),
            ("-----BEGIN PRIVATE KEY----- MIIB -----END PRIVATE KEY-----", "damaged"),
            ("-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n", "a public key"),
        ] {
            let odd = path("odd key.pem", text);
            assert!(refused(&chain, &odd).unwrap().1.contains(words), "{text}");
        }
        let decrypt = refused(&chain, &path("my key.pem", "-----BEGIN ENCRYPTED PRIVATE KEY-----")).unwrap().1;
        assert!(decrypt.contains("openssl pkey -in '") && decrypt.contains("my key.pem'"), "{decrypt}");
        std::fs::write(folder.path().join("der"), [0x30, 0x82, 1, 2]).unwrap();
        assert!(refused(&chain, &folder.path().join("der")).unwrap().1.contains("-inform DER"));
        std::fs::write(folder.path().join("pfx"), [0x30, 0x82, 9, 9, 2, 1, 3]).unwrap();
        let pfx = folder.path().join("pfx");
        assert!(refused(&chain, &pfx).unwrap().1.contains("openssl pkcs12 -in"));
        // One file holds both, so what is made of it must not overwrite itself.
        assert!(
            refused(&pfx, &key).unwrap().1.contains("-nokeys -out")
                && refused(&pfx, &key).unwrap().1.contains("pfx.chain.pem")
        );
        assert!(refused(&folder.path().join("der"), &key).unwrap().1.contains("openssl x509 -inform DER"));
        let request =
            path("request.pem", "-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n");
        assert!(refused(&request, &key).unwrap().1.contains("a request for a certificate"));
        assert!(refused(&chain, &other).unwrap().1.contains("is not that of the certificate in"));
        let both = |first: &Path, second: &Path| {
            std::fs::read_to_string(first).unwrap() + &std::fs::read_to_string(second).unwrap()
        };
        let (other_chain, _) = made("c");
        let backwards = path("backwards.pem", &both(&other_chain, &chain));
        let forwards = path("forwards.pem", &both(&chain, &other_chain));
        assert_eq!(refused(&forwards, &key), None);
        assert_eq!(refused(&backwards, &key), Some((backwards.clone(), IdentityError::NotTheFirst(2).to_string())));
        let old = path("old.pem", &format!("-----BEGIN PRIVATE KEY-----\n{ON_SECP256K1}\n-----END PRIVATE KEY-----\n"));
        assert!(refused(&chain, &old).unwrap().1.contains("of a kind that this tool cannot use"));
        assert!(refused(&missing, &key).unwrap().1.contains("no such file"));
    }
}
