//! Where this host keeps the CA certificates that it trusts: as OpenSSL has it, a file and folders, each with a variable that
//! puts another in its place.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

/// The file and the folders of the system's store.
pub(super) struct Places {
    /// The file.
    pub(super) file: Option<PathBuf>,
    /// Whether `SSL_CERT_FILE` names it.
    pub(super) file_is_named: bool,
    /// The folders of files that are named by their subject's hash.
    pub(super) folders: Vec<PathBuf>,
    /// Whether `SSL_CERT_DIR` names them.
    pub(super) folders_are_named: bool,
}

impl Places {
    /// What is in effect. A variable that is empty is one that is not set.
    pub(super) fn in_effect() -> Self {
        let set = |name| env::var_os(name).filter(|value: &OsString| !value.is_empty());
        let (file, folders) = (set("SSL_CERT_FILE"), set("SSL_CERT_DIR"));
        Places {
            file_is_named: file.is_some(),
            folders_are_named: folders.is_some(),
            file: file.map(PathBuf::from).or_else(|| openssl_probe::probe().cert_file),
            folders: match folders {
                Some(named) => env::split_paths(&named).filter(|path| !path.as_os_str().is_empty()).collect(),
                None => openssl_probe::candidate_cert_dirs().map(PathBuf::from).collect(),
            },
        }
    }
}

/// Whether OpenSSL looks at a file of this name in a folder: eight hexadecimal digits, a dot, a number.
pub(super) fn is_hashed(name: &str) -> bool {
    name.split_once('.').is_some_and(|(hash, number)| {
        hash.len() == 8
            && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
            && !number.is_empty()
            && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_openssl_would_ask_for_are_hashed() {
        for name in ["71f3bb26.0", "912e7cd5.12"] {
            assert!(is_hashed(name), "{name}");
        }
        for name in [
            "corp-ca.crt",
            "71f3bb26",
            "71f3bb26.",
            "71f3bb26.r0",
            "71f3bb2.0",
            "ca-certificates.crt",
            "71f3bb26.0.bak",
        ] {
            assert!(!is_hashed(name), "{name}");
        }
    }
}
