//! What this machine says of itself: its clock, name, addresses, routes and resolver files.

mod names;

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::path::{Component, Path};
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

pub use names::{HOSTS_FILE, HostsLine, Oddity, RESOLVER_FILE, Resolvers, SERVICES_FILE, endless_file, oddities};

use crate::files;
use crate::settings::Proxy;

/// The second, smaller boundary: checks about this machine see it through this.
pub trait Host: Send + Sync {
    /// The time by its clock.
    fn now(&self) -> SystemTime;
    /// Its name.
    fn name(&self) -> String;
    /// The addresses of its interfaces, loopback and those of a link left out.
    fn addresses(&self) -> Vec<IpAddr>;
    /// Whether an interface has an `IPv6` address, if only one of the link: then programs ask for `IPv6` addresses that
    /// otherwise spare themselves the question.
    fn has_ipv6(&self) -> bool;
    /// What its resolver file says.
    fn resolvers(&self) -> Resolvers;
    /// The lines of its hosts file about a name.
    fn hosts_lines(&self, name: &str) -> Vec<HostsLine>;
    /// Who is asked for names here, as its name service switch says: `files dns`.
    fn name_services(&self) -> Option<String>;
    /// Proxies that are set in files of the system and not for this process: the file, and the line without credentials.
    fn system_proxies(&self) -> Vec<(String, String)>;
    /// The address from which packets to `to` leave, or whether there is no route. Nothing is sent to find out.
    fn source_for(&self, to: IpAddr) -> Result<IpAddr, NoSource>;
    /// Whether everybody on the machine may read a file, and who could change that.
    fn open_to_all(&self, path: &Path) -> Option<ModeOf>;
}

/// Who sets the mode of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ModeOf {
    /// The file itself, which its owner can change.
    File,
    /// The volume that Kubernetes made it in; nothing can be changed inside of the container.
    KubernetesVolume,
    /// Whoever mounted it read-only.
    Mount,
}

/// Why packets to an address would not leave.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoSource {
    /// The machine has no route to it.
    NoRoute,
    /// Something else.
    Unclear,
}

/// This machine.
#[derive(Default)]
pub struct ThisHost {
    /// The resolver file is read once, so that a run speaks of one state of it.
    resolvers: OnceLock<Resolvers>,
}

impl Host for ThisHost {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn name(&self) -> String {
        let read = |path| small_text(path).map(|name| name.trim().to_owned());
        read("/proc/sys/kernel/hostname")
            .or_else(|| read("/etc/hostname"))
            .or_else(|| std::env::var("COMPUTERNAME").ok())
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| "this host".to_owned())
    }

    fn addresses(&self) -> Vec<IpAddr> {
        let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
        let known = interfaces.iter().filter(|one| !one.is_loopback() && !one.is_link_local());
        known.map(if_addrs::Interface::ip).collect()
    }

    fn has_ipv6(&self) -> bool {
        let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
        interfaces.iter().any(|one| one.ip().is_ipv6() && !one.is_loopback())
    }

    fn resolvers(&self) -> Resolvers {
        self.resolvers.get_or_init(|| names::resolvers(index_of, |name| std::env::var(name).ok())).clone()
    }

    fn hosts_lines(&self, name: &str) -> Vec<HostsLine> {
        names::hosts_lines(name)
    }

    fn name_services(&self) -> Option<String> {
        names::name_services()
    }

    fn system_proxies(&self) -> Vec<(String, String)> {
        let files = PROXY_FILES.iter().filter_map(|file| Some((*file, small_text(file)?)));
        let lines =
            files.flat_map(|(file, text)| text.lines().filter_map(|line| proxy_line(file, line)).collect::<Vec<_>>());
        lines.collect()
    }

    fn source_for(&self, to: IpAddr) -> Result<IpAddr, NoSource> {
        let any: SocketAddr = if to.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0_u16; 8], 0).into() };
        // Connecting a UDP socket asks the routing table and sends nothing.
        let found = UdpSocket::bind(any).and_then(|socket| {
            socket.connect((to, 443))?;
            socket.local_addr()
        });
        match found {
            Ok(address) => Ok(address.ip()),
            Err(error) if error.kind() == io::ErrorKind::NetworkUnreachable => Err(NoSource::NoRoute),
            Err(_) => Err(NoSource::Unclear),
        }
    }

    #[cfg(unix)]
    fn open_to_all(&self, path: &Path) -> Option<ModeOf> {
        use std::os::unix::fs::PermissionsExt;

        let found = std::fs::metadata(path).ok()?;
        if !found.is_file() || found.permissions().mode() & 0o004 == 0 {
            return None;
        }
        Some(if is_in_kubernetes_volume(path) {
            ModeOf::KubernetesVolume
        } else if is_read_only(path) {
            ModeOf::Mount
        } else {
            ModeOf::File
        })
    }

    #[cfg(not(unix))]
    fn open_to_all(&self, _path: &Path) -> Option<ModeOf> {
        None
    }
}

/// Kubernetes keeps what it mounts in a directory `..TIME`, with a link `..data` to it and links by name through that; a
/// file that is mounted alone (`subPath`) comes out of such a directory too.
#[cfg(unix)]
fn is_in_kubernetes_volume(path: &Path) -> bool {
    let is_made = |path: &Path| {
        path.components().any(|part| match part {
            Component::Normal(name) => name.as_encoded_bytes().starts_with(b".."),
            _ => false,
        })
    };
    let Ok(real) = path.canonicalize() else { return false };
    let mounts = small_text("/proc/self/mountinfo").unwrap_or_default();
    // proc_pid_mountinfo(5): its number, its parent's, its device, what of the file system is mounted, and where.
    let alone = mounts.lines().any(|line| {
        let mut fields = line.split(' ').skip(3);
        matches!((fields.next(), fields.next()), (Some(root), Some(at)) if Path::new(at) == real && is_made(Path::new(root)))
    });
    is_made(&real) || alone
}

#[cfg(unix)]
fn is_read_only(path: &Path) -> bool {
    rustix::fs::statvfs(path).is_ok_and(|system| system.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY))
}

/// The number by which the system knows an interface.
fn index_of(interface: &str) -> Option<u32> {
    let interfaces = if_addrs::get_if_addrs().ok()?;
    interfaces.iter().find(|one| one.name == interface)?.index
}

/// Where distributions keep a proxy for logins, which services and containers do not see.
pub const PROXY_FILES: &[&str] = &["/etc/environment", "/etc/sysconfig/proxy", "/etc/profile.d/proxy.sh"];

/// What stands in a small file of the system, which a run does not wait for.
fn small_text(path: &str) -> Option<String> {
    const LARGEST: u64 = 1 << 20;
    const LIMIT: Duration = Duration::from_secs(1);

    let bytes = files::read_within(Path::new(path), LARGEST, LIMIT).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// `HTTPS_PROXY=…` in a file of the system, as it may be shown.
fn proxy_line(file: &str, line: &str) -> Option<(String, String)> {
    let (name, value) = line.trim().trim_start_matches("export ").split_once('=')?;
    let name = name.trim();
    let value = value.trim().trim_matches(['"', '\'']);
    let is_proxy = ["https_proxy", "all_proxy"].iter().any(|known| name.eq_ignore_ascii_case(known));
    if !is_proxy || value.is_empty() {
        return None;
    }
    let shown = Proxy::parse(value).map_or_else(|misread| misread.shown, |proxy| proxy.to_string());
    Some((file.to_owned(), format!("{name}={shown}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_file_that_all_may_read_is_told_with_who_sets_its_mode() {
        use std::fs;
        use std::os::unix::fs::{PermissionsExt, symlink};

        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let write = |name: &str, mode: u32| {
            fs::write(at(name), "sk_live_planted").unwrap();
            fs::set_permissions(at(name), fs::Permissions::from_mode(mode)).unwrap();
        };
        fs::create_dir(at("..2026_11_27_15_00_00.123")).unwrap();
        write("..2026_11_27_15_00_00.123/open", 0o644);
        write("..2026_11_27_15_00_00.123/closed", 0o400);
        symlink("..2026_11_27_15_00_00.123", at("..data")).unwrap();
        for name in ["open", "closed"] {
            symlink(format!("..data/{name}"), at(name)).unwrap();
        }
        write("plain", 0o644);
        write("group", 0o640);
        symlink("plain", at("link")).unwrap();

        for (name, mode) in [
            ("open", Some(ModeOf::KubernetesVolume)),
            ("..data/open", Some(ModeOf::KubernetesVolume)),
            ("closed", None),
            ("plain", Some(ModeOf::File)),
            ("link", Some(ModeOf::File)),
            ("group", None),
            ("missing", None),
        ] {
            assert_eq!(ThisHost::default().open_to_all(&at(name)), mode, "{name}");
        }
    }

    #[test]
    fn a_proxy_in_a_file_of_the_system_is_shown_without_its_password() {
        let line = |text| proxy_line("/etc/environment", text).map(|(_, shown)| shown);

        assert_eq!(
            line("export HTTPS_PROXY=\"http://u:planted@p.example:3128\""),
            Some("HTTPS_PROXY=http://***@p.example:3128".to_owned())
        );
        assert_eq!(line("PATH=/bin"), None);
        assert_eq!(line("https_proxy="), None);
    }
}

#[cfg(test)]
pub mod fake {
    //! A machine whose answers a test decides.

    use super::*;

    /// A machine at a fixed time, with one address and one resolver.
    pub struct FakeHost {
        /// The time by its clock.
        pub now: SystemTime,
        /// Its addresses; the first is the source of everything.
        pub addresses: Vec<IpAddr>,
        /// Its resolvers.
        pub resolvers: Vec<SocketAddr>,
        /// What else its resolver file says.
        pub resolver_file: Resolvers,
        /// The lines of its hosts file, whichever name they are about.
        pub hosts_lines: Vec<HostsLine>,
        /// Proxies in files of the system.
        pub system_proxies: Vec<(String, String)>,
        /// Whether it has routes at all.
        pub routed: bool,
        /// Whether secret files are open to everybody, and who could change that.
        pub open_files: Option<ModeOf>,
    }

    impl Default for FakeHost {
        fn default() -> Self {
            FakeHost {
                now: SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_795_000_000),
                addresses: vec![IpAddr::from([10, 20, 0, 10])],
                resolvers: vec![SocketAddr::from(([10, 20, 0, 53], 53))],
                resolver_file: Resolvers {
                    search: vec!["customer.example".to_owned()],
                    ndots: 1,
                    timeout: 5,
                    attempts: 2,
                    ..Resolvers::default()
                },
                hosts_lines: Vec::new(),
                system_proxies: Vec::new(),
                routed: true,
                open_files: None,
            }
        }
    }

    impl Host for FakeHost {
        fn now(&self) -> SystemTime {
            self.now
        }

        fn name(&self) -> String {
            "app01".to_owned()
        }

        fn addresses(&self) -> Vec<IpAddr> {
            self.addresses.clone()
        }

        fn has_ipv6(&self) -> bool {
            self.addresses.iter().any(IpAddr::is_ipv6)
        }

        fn resolvers(&self) -> Resolvers {
            Resolvers { servers: self.resolvers.clone(), ..self.resolver_file.clone() }
        }

        fn hosts_lines(&self, _name: &str) -> Vec<HostsLine> {
            self.hosts_lines.clone()
        }

        fn name_services(&self) -> Option<String> {
            Some("files dns".to_owned())
        }

        fn system_proxies(&self) -> Vec<(String, String)> {
            self.system_proxies.clone()
        }

        fn source_for(&self, _to: IpAddr) -> Result<IpAddr, NoSource> {
            self.addresses.first().copied().filter(|_| self.routed).ok_or(NoSource::NoRoute)
        }

        fn open_to_all(&self, _path: &Path) -> Option<ModeOf> {
            self.open_files
        }
    }
}
