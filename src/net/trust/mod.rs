//! The two sets of roots: what this host trusts, and what the public trusts.

mod bundle;
mod places;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, TrustAnchor};

pub use bundle::{BundleFlaw, Damage, Foreign, PassedOver};

use super::anatomy::Anatomy;
use super::certificate::{self, Presented};
use crate::contact::Touch;
use crate::files;
use bundle::Bundle;
use places::Places;

/// The roots that chains are held to.
#[derive(Clone)]
pub struct TrustStores {
    /// The system's store and `--ca-bundle`, as requests are verified with it.
    pub here: Arc<RootCertStore>,
    /// The public roots: Mozilla's list, unless `--public-roots` says otherwise.
    pub public: Arc<RootCertStore>,
    /// The organizations of the public roots.
    pub public_organizations: Arc<Vec<String>>,
    /// What there is to say about the roots that this host trusts.
    pub summary: TrustSummary,
    pub(super) held: Arc<Held>,
}

/// What this host trusts, each with the file it comes from.
#[derive(Default)]
pub(super) struct Held {
    /// The same roots in the same order as `roots`.
    pub(super) anchors: Vec<TrustAnchor<'static>>,
    pub(super) roots: Vec<Root>,
    /// Those that this tool's library cannot read.
    pub(super) unread: Vec<Root>,
}

/// A certificate that is trusted here, or would be.
#[derive(Clone)]
pub(super) struct Root {
    pub(super) certificate: CertificateDer<'static>,
    /// The file that it is in.
    pub(super) file: Arc<str>,
    /// What stands beside it lets it vouch for TLS servers.
    pub(super) for_servers: bool,
    /// OpenSSL takes nothing of the file, because of this line.
    pub(super) damaged_at: Option<usize>,
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
    /// The files and folders that were read.
    pub places: Vec<String>,
    /// The file that `SSL_CERT_FILE` names.
    pub named_file: Option<String>,
    /// Files and folders that could not be read, and why.
    pub unreadable: Vec<Unread>,
    /// Files that are no PEM.
    pub foreign: Vec<(String, Foreign)>,
    /// What is wrong inside of files.
    pub flaws: Vec<FileFlaw>,
    /// What was wrong with the system's store.
    pub remarks: Vec<String>,
}

/// A file or folder that could not be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unread {
    /// Its path.
    pub path: String,
    /// Why.
    pub why: String,
    /// The variable that names it.
    pub variable: Option<&'static str>,
}

/// What is wrong with a place of a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileFlaw {
    /// The file's path.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong.
    pub flaw: BundleFlaw,
}

/// Why a file of roots cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TrustError {
    /// It cannot be read.
    #[error("{0}")]
    Unreadable(String),
    /// It is no PEM, but this.
    #[error("it holds no PEM certificate: {0}")]
    Foreign(Foreign),
}

/// A bundle larger than this is no bundle; the largest in use are below 1 MiB.
const LARGEST_BUNDLE: u64 = 16 << 20;
/// How long all of the system's store may take. It is a few hundred small files.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many files of a folder are looked at.
const MOST_FILES: usize = 4_096;

/// What is read of this machine for the system's part of the trust store, whichever store is in force.
pub fn system_store() -> Vec<Touch> {
    let Places { file, file_is_named, folders, folders_are_named } = Places::in_effect();
    // These systems keep their store in no file. Where a variable names one, it takes the store's place.
    let elsewhere = cfg!(any(windows, target_os = "macos"));
    let file = file.filter(|_| file_is_named || !elsewhere);
    let folders = folders.into_iter().filter(|_| folders_are_named || !elsewhere);
    let files: Vec<Touch> = file.into_iter().chain(folders).map(Touch::File).collect();
    if elsewhere && files.is_empty() { vec![Touch::Local("the system's trust store")] } else { files }
}

impl TrustStores {
    /// The system's store with the bundle added, and the public roots.
    pub fn load(bundle: Option<&Path>, public_roots: Option<&Path>) -> Result<Self, (&'static str, TrustError)> {
        let added = match bundle {
            Some(path) => Some((path, certificates(path).map_err(|error| ("network.ca_bundle", error))?)),
            None => None,
        };
        let public = match public_roots {
            Some(path) => {
                let bundle = certificates(path).map_err(|error| ("network.public_roots", error))?;
                public(bundle.entries.into_iter().map(|entry| entry.certificate))
            }
            None => RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() },
        };
        let mut gathered = Gathered::default();
        gathered.system();
        if let Some((path, bundle)) = added {
            gathered.added(&path.display().to_string(), bundle);
        }
        Ok(gathered.against(public))
    }

    /// Roots given as PEM: those of the embedded demonstration.
    pub fn from_pem(here: &str, public_roots: &str) -> Result<Self, TrustError> {
        let read = |pem: &str| bundle::parse(pem.as_bytes()).map_err(TrustError::Foreign);
        let mut gathered = Gathered::default();
        gathered.take("the demonstration's store", read(here)?);
        Ok(gathered.against(public(read(public_roots)?.entries.into_iter().map(|entry| entry.certificate))))
    }

    /// No roots at all, for a run that connects to nobody.
    pub fn none() -> Self {
        Gathered::default().against(RootCertStore::empty())
    }
}

fn public(certificates: impl Iterator<Item = CertificateDer<'static>>) -> RootCertStore {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(certificates);
    store
}

fn certificates(path: &Path) -> Result<Bundle, TrustError> {
    let bytes = files::read(path, LARGEST_BUNDLE).map_err(|error| TrustError::Unreadable(error.to_string()))?;
    bundle::parse(&bytes).map_err(TrustError::Foreign)
}

/// What is trusted here, while it is gathered.
#[derive(Default)]
struct Gathered {
    roots: Vec<Root>,
    /// How many of them are the system's.
    of_system: usize,
    summary: TrustSummary,
}

impl Gathered {
    #[cfg(any(windows, target_os = "macos"))]
    fn system(&mut self) {
        let system = rustls_native_certs::load_native_certs();
        self.summary.remarks = system.errors.iter().map(ToString::to_string).collect();
        let file: Arc<str> = Arc::from("the system's store");
        self.roots = system
            .certs
            .into_iter()
            .map(|certificate| Root { certificate, file: Arc::clone(&file), for_servers: true, damaged_at: None })
            .collect();
        self.of_system = self.roots.len();
    }

    /// The file and the hashed files of the folders, as OpenSSL finds them.
    #[cfg(not(any(windows, target_os = "macos")))]
    fn system(&mut self) {
        let places = Places::in_effect();
        let end = Instant::now() + PATIENCE;
        if let Some(file) = &places.file {
            let variable = places.file_is_named.then_some("SSL_CERT_FILE");
            let shown = file.display().to_string();
            self.summary.named_file = variable.map(|_| shown.clone());
            match files::read_within(file, LARGEST_BUNDLE, PATIENCE).map(|bytes| bundle::parse(&bytes)) {
                Ok(Ok(bundle)) => {
                    self.take(&shown, bundle);
                    self.summary.places.push(shown);
                }
                Ok(Err(foreign)) => self.summary.foreign.push((shown, foreign)),
                Err(why) => self.summary.unreadable.push(Unread { path: shown, why: why.to_string(), variable }),
            }
        }
        let variable = places.folders_are_named.then_some("SSL_CERT_DIR");
        for folder in &places.folders {
            let shown = folder.display().to_string();
            match files::names_in(folder, MOST_FILES) {
                Ok(names) => {
                    let mut hashed: Vec<PathBuf> = names
                        .iter()
                        .filter(|name| name.to_str().is_some_and(places::is_hashed))
                        .map(|name| folder.join(name))
                        .collect();
                    hashed.sort();
                    if self.files(&hashed, end) {
                        self.summary.places.push(shown);
                    } else {
                        let why = format!("reading all of it takes longer than {} s", PATIENCE.as_secs());
                        self.summary.unreadable.push(Unread { path: shown, why, variable });
                    }
                }
                Err(why) if variable.is_some() => {
                    self.summary.unreadable.push(Unread { path: shown, why: why.to_string(), variable });
                }
                Err(_) => {}
            }
        }
        self.of_system = self.roots.len();
    }

    /// Files of one certificate or a few. What is damaged in one of them concerns that file alone, and nobody says a word.
    fn files(&mut self, files: &[PathBuf], end: Instant) -> bool {
        for file in files {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let Ok(bytes) = files::read_within(file, LARGEST_BUNDLE, left) else { continue };
            let Ok(bundle) = bundle::parse(&bytes) else { continue };
            if !bundle.flaws.iter().any(|(_, flaw)| matches!(flaw, BundleFlaw::Damaged(_))) {
                let quiet = Bundle { flaws: Vec::new(), ..bundle };
                self.take(&file.display().to_string(), quiet);
            }
        }
        true
    }

    fn added(&mut self, path: &str, bundle: Bundle) {
        let now = SystemTime::now();
        for entry in &bundle.entries {
            let Some(read) = Presented::read(&entry.certificate) else { continue };
            if read.not_after < now {
                self.summary.expired.push(read.subject.clone());
            }
            self.summary.added.push(read.subject);
        }
        self.take(path, bundle);
    }

    /// The certificates of a file. One that is there already counts once, as the file has it in which nothing is wrong.
    fn take(&mut self, path: &str, bundle: Bundle) {
        let file: Arc<str> = Arc::from(path);
        let damaged_at =
            bundle.flaws.iter().find_map(|(line, flaw)| matches!(flaw, BundleFlaw::Damaged(_)).then_some(*line));
        for entry in bundle.entries {
            let root = Root {
                certificate: entry.certificate,
                file: Arc::clone(&file),
                for_servers: entry.for_servers,
                damaged_at,
            };
            match self.roots.iter_mut().find(|other| other.certificate == root.certificate) {
                Some(other) if other.damaged_at.is_some() || !other.for_servers => *other = root,
                Some(_) => {}
                None => self.roots.push(root),
            }
        }
        let file = path.to_owned();
        self.summary.flaws.extend(bundle.flaws.into_iter().map(|(line, flaw)| FileFlaw {
            file: file.clone(),
            line,
            flaw,
        }));
    }

    fn against(self, public: RootCertStore) -> TrustStores {
        let Gathered { roots, of_system, mut summary } = self;
        let mut held = Held::default();
        let is_public = |anchor: &TrustAnchor<'_>| public.roots.iter().any(|other| other.subject == anchor.subject);
        for (place, root) in roots.into_iter().enumerate() {
            let Ok(anchor) = webpki::anchor_from_trusted_cert(&root.certificate).map(|anchor| anchor.to_owned()) else {
                held.unread.push(root);
                continue;
            };
            if place < of_system && !is_public(&anchor) {
                summary.beside_public += 1;
            }
            held.anchors.push(anchor);
            held.roots.push(root);
        }
        summary.roots = held.anchors.len();
        if !held.unread.is_empty() {
            summary.remarks.push(format!("{} certificates that this tool cannot read", held.unread.len()));
        }
        let for_servers = held.anchors.iter().zip(&held.roots).filter(|(_, root)| root.for_servers);
        let here = RootCertStore { roots: for_servers.map(|(anchor, _)| anchor.clone()).collect() };
        let mut organizations: Vec<String> =
            public.roots.iter().filter_map(|root| certificate::organization(root.subject.as_ref())).collect();
        organizations.sort();
        organizations.dedup();
        TrustStores {
            here: Arc::new(here),
            public: Arc::new(public),
            public_organizations: Arc::new(organizations),
            summary,
            held: Arc::new(held),
        }
    }
}

impl Held {
    /// The roots that can have issued a certificate, by their name.
    pub(super) fn issuers<'a>(&'a self, of: &'a Anatomy) -> impl Iterator<Item = (&'a Root, Anatomy)> {
        // Anchors hold their subject without its header; the header is two to four bytes.
        let wanted = of.issuer.as_slice();
        self.anchors
            .iter()
            .zip(&self.roots)
            .filter(move |(anchor, _)| wanted.ends_with(anchor.subject.as_ref()))
            .filter_map(|(_, root)| Some((root, Anatomy::read(&root.certificate)?)))
            .filter(move |(_, anatomy)| anatomy.subject == of.issuer)
    }
}
