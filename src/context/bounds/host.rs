//! This machine in the bounds of a check. What lies outside of them is answered as if nothing were there, and nobody gets to
//! see what is made of that: the check has ended.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use super::Bounds;
use crate::contact::Touch;
use crate::host::{
    HOSTS_FILE, Host, HostsLine, ModeOf, NoSource, PROXY_FILES, RESOLVER_FILE, Resolvers, SERVICES_FILE,
};

/// A machine that tells what lies in the bounds.
pub(super) struct BoundedHost {
    inner: Arc<dyn Host>,
    bounds: Arc<Bounds>,
}

impl BoundedHost {
    pub(super) fn new(inner: Arc<dyn Host>, bounds: Arc<Bounds>) -> Self {
        BoundedHost { inner, bounds }
    }

    fn file(&self, path: impl AsRef<Path>) -> bool {
        self.bounds.holds(Touch::File(path.as_ref().to_owned()))
    }
}

impl Host for BoundedHost {
    fn now(&self) -> SystemTime {
        if self.bounds.holds(Touch::CLOCK) { self.inner.now() } else { SystemTime::UNIX_EPOCH }
    }

    fn name(&self) -> String {
        if self.bounds.holds(Touch::ROUTES) { self.inner.name() } else { String::new() }
    }

    fn addresses(&self) -> Vec<IpAddr> {
        if self.bounds.holds(Touch::INTERFACES) { self.inner.addresses() } else { Vec::new() }
    }

    fn has_ipv6(&self) -> bool {
        self.bounds.holds(Touch::INTERFACES) && self.inner.has_ipv6()
    }

    fn resolvers(&self) -> Resolvers {
        if self.file(RESOLVER_FILE) { self.inner.resolvers() } else { Resolvers::default() }
    }

    fn hosts_lines(&self, name: &str) -> Vec<HostsLine> {
        if self.file(HOSTS_FILE) { self.inner.hosts_lines(name) } else { Vec::new() }
    }

    fn name_services(&self) -> Option<String> {
        if self.file(SERVICES_FILE) { self.inner.name_services() } else { None }
    }

    fn system_proxies(&self) -> Vec<(String, String)> {
        if PROXY_FILES.iter().all(|path| self.file(path)) { self.inner.system_proxies() } else { Vec::new() }
    }

    fn source_for(&self, to: IpAddr) -> Result<IpAddr, NoSource> {
        if self.bounds.holds(Touch::ROUTES) { self.inner.source_for(to) } else { Err(NoSource::Unclear) }
    }

    fn open_to_all(&self, path: &Path) -> Option<ModeOf> {
        if self.file(path) { self.inner.open_to_all(path) } else { None }
    }
}
