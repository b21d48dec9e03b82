//! The two sets of roots: what this host trusts, and what the public trusts.

use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, TrustAnchor};

use super::certificate::{self, Presented};
use crate::files::{self, NotText};

/// The roots that chains are held to.
#[derive(Clone)]
pub struct TrustStores {
    /// The system's store and `--ca-bundle`.
    pub here: Arc<RootCertStore>,
    /// The public roots: Mozilla's list, unless `--public-roots` says otherwise.
    pub public: Arc<RootCertStore>,
    /// The organizations of the public roots.
    pub public_organizations: Arc<Vec<String>>,
    /// What there is to say about the roots that this host trusts.
    pub summary: TrustSummary,
}

/// What there is to say about the roots that this host trusts.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct TrustSummary {
    /// How many there are.
    pub roots: usize,
    /// How many of the system's are not among the public roots: the company's own, and old public ones that
    /// distributions keep for a while.
    pub beside_public: usize,
    /// The subjects of those that `--ca-bundle` adds.
    pub added: Vec<String>,
    /// The subjects of those among them whose time is over.
    pub expired: Vec<String>,
    /// What was wrong with the system's store.
    pub remarks: Vec<String>,
}

/// Why a file of roots cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// It cannot be read.
    #[error("{0}")]
    Unreadable(String),
    /// There is no certificate in it.
    #[error("it holds no PEM certificate")]
    Empty,
}

impl TrustStores {
    /// The system's store with the bundle added, and the public roots.
    pub fn load(bundle: Option<&Path>, public_roots: Option<&Path>) -> Result<Self, (&'static str, TrustError)> {
        let system = rustls_native_certs::load_native_certs();
        let remarks = system.errors.iter().map(ToString::to_string).collect();
        let added = match bundle {
            Some(path) => certificates(path).map_err(|error| ("network.ca_bundle", error))?,
            None => Vec::new(),
        };
        let public = match public_roots {
            Some(path) => {
                let mut store = RootCertStore::empty();
                store.add_parsable_certificates(certificates(path).map_err(|error| ("network.public_roots", error))?);
                store
            }
            None => RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() },
        };
        Ok(Self::of(system.certs, added, public, remarks))
    }

    /// Roots given as PEM: those of the embedded demonstration.
    pub fn from_pem(here: &str, public: &str) -> Result<Self, TrustError> {
        let read = |pem: &str| {
            let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
            read.map_err(|error| TrustError::Unreadable(error.to_string()))
        };
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(read(public)?);
        Ok(Self::of(read(here)?, Vec::new(), roots, Vec::new()))
    }

    fn of(
        system: Vec<CertificateDer<'static>>,
        added: Vec<CertificateDer<'static>>,
        public: RootCertStore,
        remarks: Vec<String>,
    ) -> Self {
        let mut here = RootCertStore::empty();
        let mut summary = TrustSummary { remarks, ..TrustSummary::default() };
        let now = SystemTime::now();
        here.add_parsable_certificates(system);
        let is_public = |root: &TrustAnchor<'_>| public.roots.iter().any(|other| other.subject == root.subject);
        summary.beside_public = here.roots.iter().filter(|root| !is_public(root)).count();
        for certificate in added {
            let read = Presented::read(&certificate);
            let (Ok(()), Some(read)) = (here.add(certificate), read) else { continue };
            if read.not_after < now {
                summary.expired.push(read.subject.clone());
            }
            summary.added.push(read.subject);
        }
        summary.roots = here.len();
        let mut organizations: Vec<String> =
            public.roots.iter().filter_map(|root| certificate::organization(root.subject.as_ref())).collect();
        organizations.sort();
        organizations.dedup();
        TrustStores {
            here: Arc::new(here),
            public: Arc::new(public),
            public_organizations: Arc::new(organizations),
            summary,
        }
    }
}

/// A bundle larger than this is no bundle; the largest in use are below 1 MiB.
const LARGEST_BUNDLE: u64 = 16 << 20;

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TrustError> {
    let unreadable = |why: String| TrustError::Unreadable(why);
    let pem = files::read(path, LARGEST_BUNDLE).map_err(|error| unreadable(error.to_string()))?;
    if files::is_utf16(&pem) {
        return Err(unreadable(NotText::Utf16.to_string()));
    }
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let read = read.map_err(|error| unreadable(error.to_string()))?;
    if read.is_empty() { Err(TrustError::Empty) } else { Ok(read) }
}
