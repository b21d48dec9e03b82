//! A host and a port: what most questions are about.

use std::fmt;

/// A host name (or address literal) and a TCP port.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Endpoint {
    /// Lower case, without a trailing dot.
    pub host: String,
    /// The TCP port.
    pub port: u16,
}

impl Endpoint {
    /// `host` and `port` as one.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Endpoint { host: host.into(), port }
    }

    /// The URL of a path on it; the port is left out where it is 443.
    pub fn https(&self, path: &str) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        match self.port {
            443 => format!("https://{host}{path}"),
            port => format!("https://{host}:{port}{path}"),
        }
    }
}

/// Whether a host is one of these, or under one of them.
pub fn is_under(host: &str, hosts: &[&str]) -> bool {
    hosts.iter().any(|known| host.strip_suffix(known).is_some_and(|before| before.is_empty() || before.ends_with('.')))
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}
