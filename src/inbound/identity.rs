//! What the door shows of itself: a certificate from files, one made for the occasion, or none behind a proxy that has one.

use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::server::NoServerSessionStorage;
use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::check::{Command, command};
use crate::files::{self, Unreadable};

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
    /// There is a key, and it is not to be read as it is; the command makes one that is.
    #[error("the private key in it is {0}; this writes one that can be used: {1}")]
    Unreadily(&'static str, Command),
    /// Certificate and key do not make a TLS server.
    #[error("certificate and key do not go together: {0}")]
    Unusable(rustls::Error),
    /// A certificate could not be made.
    #[error("a certificate could not be made: {0}")]
    NotMade(rcgen::Error),
}

impl IdentityError {
    /// What a file holds in the place of a private key in PEM.
    fn of_key(text: &[u8], path: &Path) -> Self {
        let holds = |word: &[u8]| text.windows(word.len()).any(|part| part == word);
        let (old, new) = (path.display(), path.with_extension("plain.pem"));
        let new = new.display();
        if holds(b"BEGIN ENCRYPTED PRIVATE KEY") || holds(b"Proc-Type: 4,ENCRYPTED") {
            let decrypt = command!("(umask 077; openssl pkey -in {} -out {})", old, new);
            IdentityError::Unreadily("encrypted with a passphrase, and nobody is there to type it", decrypt)
        } else if holds(b"BEGIN OPENSSH PRIVATE KEY") {
            let convert = command!("(umask 077; cp {} {}; ssh-keygen -p -m PKCS8 -f {})", old, new, new);
            IdentityError::Unreadily("in OpenSSH's own format", convert)
        } else if text.starts_with(&[0x30, 0x82]) {
            let convert = command!("(umask 077; openssl pkey -inform DER -in {} -out {})", old, new);
            IdentityError::Unreadily("in DER, and PEM is wanted", convert)
        } else {
            IdentityError::Lacks("private key")
        }
    }
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
            return Err((chain, IdentityError::Lacks("certificate, or one that cannot be read")));
        }
        let text = files::read(key, LARGEST_FILE).map_err(|error| (key, IdentityError::Unreadable(error)))?;
        let private =
            PrivateKeyDer::from_pem_slice(&text).map_err(|_: pem::Error| (key, IdentityError::of_key(&text, key)))?;
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
            .map_err(IdentityError::Unusable)?;
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
            Some((key.clone(), "it holds no certificate, or one that cannot be read in PEM".to_owned()))
        );
        assert_eq!(refused(&chain, &chain), Some((chain.clone(), "it holds no private key in PEM".to_owned())));
        for (text, words) in [
            ("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n", "passphrase"),
            (
                "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nMIIB\n-----END RSA PRIVATE KEY-----\n",
                "passphrase",
            ),
            ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----\n", "ssh-keygen"),
            ("0\u{2}", "no private key"),
        ] {
            let odd = path("odd key.pem", text);
            assert!(refused(&chain, &odd).unwrap().1.contains(words), "{text}");
        }
        let decrypt = refused(&chain, &path("my key.pem", "-----BEGIN ENCRYPTED PRIVATE KEY-----")).unwrap().1;
        assert!(decrypt.contains("openssl pkey -in '") && decrypt.contains("my key.pem'"), "{decrypt}");
        std::fs::write(folder.path().join("der"), [0x30, 0x82, 1, 2]).unwrap();
        assert!(refused(&chain, &folder.path().join("der")).unwrap().1.contains("-inform DER"));
        assert!(refused(&chain, &other).unwrap().1.contains("do not go together"));
        assert!(refused(&missing, &key).unwrap().1.contains("no such file"));
    }
}
