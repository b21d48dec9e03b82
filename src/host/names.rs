//! The files by which this machine turns names into addresses, read as the C library reads them.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::path::Path;
use std::time::Duration;

use resolv_conf::Config;

use crate::files::{self, Unreadable};

/// What the resolver file says.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Resolvers {
    /// The DNS servers that are asked, in their order.
    pub servers: Vec<SocketAddr>,
    /// Servers that stand in the file and are never asked: behind the third, or by an interface that is not there.
    pub unasked: Vec<String>,
    /// The domains that are tried in turn behind a name.
    pub search: Vec<String>,
    /// A name with fewer dots than this is tried with the search list first.
    pub ndots: u32,
    /// How long the C library waits for a server, in seconds.
    pub timeout: u32,
    /// How often it asks each server.
    pub attempts: u32,
    /// The servers are asked in turn, and not from the first on.
    pub rotates: bool,
    /// Questions carry EDNS, which old servers and firewalls do not understand.
    pub edns: bool,
    /// Lines that name a server and that the C library passes over: their numbers, and why.
    pub passed_over: Vec<(usize, Oddity)>,
    /// Why it could not be read, when it could not.
    pub unreadable: Option<String>,
}

impl Resolvers {
    /// Whether the C library is told already to wait as little as it can be told to.
    pub fn is_impatient(&self) -> bool {
        self.timeout <= 1 && self.attempts <= 1
    }

    /// The names that the search list makes of a name, if they are asked before the name itself.
    pub fn asked_first(&self, name: &str) -> Vec<String> {
        if self.comes_first(name) { self.expansions(name) } else { Vec::new() }
    }

    /// Whether the search list is tried before the name itself.
    pub fn comes_first(&self, name: &str) -> bool {
        let dots = name.matches('.').count();
        !name.ends_with('.') && u32::try_from(dots).is_ok_and(|dots| dots < self.ndots)
    }

    /// The names that the search list makes of a name.
    pub fn expansions(&self, name: &str) -> Vec<String> {
        let real = self.search.iter().map(|domain| domain.trim_matches('.')).filter(|domain| !domain.is_empty());
        real.map(|domain| format!("{name}.{domain}")).collect()
    }
}

/// Why the C library takes no server from a line that names one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Oddity {
    /// It ends in CR LF.
    WindowsLineEnd,
    /// It begins with a blank.
    Indented,
    /// A byte order mark stands before it.
    ByteOrderMark,
    /// What it names is no address.
    NoAddress,
}

/// A line of the hosts file about a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HostsLine {
    /// Its number, from 1.
    pub number: usize,
    /// The address it gives.
    pub address: IpAddr,
}

/// The file that names the DNS servers.
pub const RESOLVER_FILE: &str = "/etc/resolv.conf";
/// The file of names that no server is asked for.
pub const HOSTS_FILE: &str = "/etc/hosts";
/// The file that says who is asked for a name.
pub const SERVICES_FILE: &str = "/etc/nsswitch.conf";

/// The C library asks no more servers than this (`MAXNS`).
const MOST_SERVERS: usize = 3;
/// Larger than this, such a file holds something else.
const LARGEST: u64 = 1 << 20;
/// Longer than this, a file that every lookup reads may not take.
const PATIENCE: Duration = Duration::from_secs(2);

/// Other files that a lookup of the C library reads.
const FURTHER_FILES: &[&str] = &["/etc/gai.conf", "/etc/host.conf"];

/// Larger than this, none of these files is what it should be. Lists of names to block have some megabytes.
const LARGEST_HOSTS: u64 = 64 << 20;

/// A file of those that the C library reads in every lookup, line by line and each line however long it is, of which it would
/// not find the end: its process grows until the kernel ends it. And why it has no end.
pub fn endless_file() -> Option<(&'static str, Unreadable)> {
    let files = [RESOLVER_FILE, HOSTS_FILE, SERVICES_FILE].into_iter().chain(FURTHER_FILES.iter().copied());
    files.into_iter().find_map(|file| Some((file, files::endless(Path::new(file), LARGEST_HOSTS)?)))
}

/// Reads the resolver file. `index_of` knows the interfaces; `environment` the variables that overrule the file.
pub(super) fn resolvers(
    index_of: impl Fn(&str) -> Option<u32>,
    environment: impl Fn(&str) -> Option<String>,
) -> Resolvers {
    match files::read_within(Path::new(RESOLVER_FILE), LARGEST, PATIENCE) {
        Ok(bytes) => parse(&bytes, index_of, environment),
        // Without the file nobody is named, which is not the same as a file that cannot be read, or a system that has none.
        Err(Unreadable::Missing | Unreadable::Dangling(_)) if cfg!(unix) => parse(b"", index_of, environment),
        Err(why) => Resolvers { unreadable: Some(why.to_string()), ndots: 1, ..Resolvers::default() },
    }
}

fn parse(
    bytes: &[u8],
    index_of: impl Fn(&str) -> Option<u32>,
    environment: impl Fn(&str) -> Option<String>,
) -> Resolvers {
    let (unmarked, marked) = match bytes.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) => (rest, true),
        None => (bytes, false),
    };
    // It goes on after a line that it does not understand, as the C library does.
    let (mut config, _) = Config::parse_with_errors(unmarked);
    if let Some(options) = environment("RES_OPTIONS") {
        let (overruling, _) = Config::parse_with_errors(format!("options {options}").as_bytes());
        let says = |option: &str| options.split_whitespace().any(|word| word.starts_with(option));
        config.ndots = if says("ndots:") { overruling.ndots } else { config.ndots };
        config.timeout = if says("timeout:") { overruling.timeout } else { config.timeout };
        config.attempts = if says("attempts:") { overruling.attempts } else { config.attempts };
        config.rotate |= overruling.rotate;
        config.edns0 |= overruling.edns0;
    }
    let search = match environment("LOCALDOMAIN") {
        Some(domains) => domains.split_whitespace().map(str::to_owned).collect(),
        None => config.get_last_search_or_domain().cloned().collect(),
    };
    let mut found = Resolvers {
        search,
        ndots: config.ndots,
        timeout: config.timeout,
        attempts: config.attempts,
        rotates: config.rotate,
        edns: config.edns0,
        passed_over: odd_lines(unmarked, marked),
        ..Resolvers::default()
    };
    for (_, line) in named(unmarked) {
        let server = line.server.trim_end_matches('\r');
        match server_at(server, &index_of) {
            Some(address) if found.servers.contains(&address) => {}
            Some(address) if found.servers.len() < MOST_SERVERS => found.servers.push(address),
            None if !is_address(server) => {}
            _ => found.unasked.push(server.to_owned()),
        }
    }
    found
}

/// A line that names a server.
struct Named {
    indented: bool,
    server: String,
}

/// The lines that name a server, by their numbers. The library knows no scope with a dot or a hyphen in it (`eth0.100`), and
/// stops short of what stands on odd lines.
fn named(text: &[u8]) -> impl Iterator<Item = (usize, Named)> {
    text.split(|byte| *byte == b'\n').enumerate().filter_map(|(at, line)| {
        let line = String::from_utf8_lossy(line);
        let rest = line.trim_start().strip_prefix("nameserver")?;
        let named = rest.strip_prefix([' ', '\t'])?.trim_start_matches([' ', '\t']);
        let server = named.split([' ', '\t', '#', ';']).next().unwrap_or_default();
        Some((at + 1, Named { indented: line.starts_with([' ', '\t']), server: server.to_owned() }))
    })
}

/// The server at an address, which may carry the interface that it is asked by.
fn server_at(server: &str, index_of: impl Fn(&str) -> Option<u32>) -> Option<SocketAddr> {
    match server.split_once('%') {
        None => Some(SocketAddr::new(server.parse().ok()?, 53)),
        Some((address, scope)) => {
            let address: Ipv6Addr = address.parse().ok()?;
            let index = scope.parse().ok().or_else(|| index_of(scope))?;
            Some(SocketAddrV6::new(address, 53, 0, index).into())
        }
    }
}

fn is_address(server: &str) -> bool {
    match server.split_once('%') {
        None => server.parse::<IpAddr>().is_ok(),
        Some((address, scope)) => address.parse::<Ipv6Addr>().is_ok() && !scope.is_empty(),
    }
}

fn odd_lines(text: &[u8], marked: bool) -> Vec<(usize, Oddity)> {
    let odd = |(number, line): (usize, Named)| {
        let oddity = if line.server.ends_with('\r') {
            Oddity::WindowsLineEnd
        } else if line.indented {
            Oddity::Indented
        } else if marked && number == 1 {
            Oddity::ByteOrderMark
        } else if !is_address(&line.server) {
            Oddity::NoAddress
        } else {
            return None;
        };
        Some((number, oddity))
    };
    named(text).filter_map(odd).collect()
}

/// The lines of the hosts file that are about a name.
pub(super) fn hosts_lines(name: &str) -> Vec<HostsLine> {
    let read = files::read_within(Path::new(HOSTS_FILE), LARGEST_HOSTS, PATIENCE);
    read.map(|bytes| lines_about(name, &bytes)).unwrap_or_default()
}

fn lines_about(name: &str, bytes: &[u8]) -> Vec<HostsLine> {
    let name = name.trim_end_matches('.');
    let about = |(at, line): (usize, &[u8])| {
        let line = String::from_utf8_lossy(line);
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        let address: IpAddr = words.next()?.split('%').next()?.parse().ok()?;
        words
            .any(|word| word.trim_end_matches('.').eq_ignore_ascii_case(name))
            .then_some(HostsLine { number: at + 1, address })
    };
    bytes.split(|byte| *byte == b'\n').enumerate().filter_map(about).collect()
}

/// Who is asked for a host's name, as `/etc/nsswitch.conf` says: `files dns`.
pub(super) fn name_services() -> Option<String> {
    let bytes = files::read_within(Path::new(SERVICES_FILE), LARGEST, PATIENCE).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let line = text.lines().find_map(|line| line.trim_start().strip_prefix("hosts:"))?;
    let services = line.split('#').next().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
    (!services.is_empty()).then_some(services)
}

/// The kinds of oddity among these lines, for a sentence.
pub fn oddities(lines: &[(usize, Oddity)]) -> String {
    let kinds: BTreeSet<Oddity> = lines.iter().map(|(_, oddity)| *oddity).collect();
    let words = kinds.into_iter().map(|oddity| match oddity {
        Oddity::WindowsLineEnd => "they end in CR LF, as on Windows",
        Oddity::Indented => "they begin with a blank",
        Oddity::ByteOrderMark => "a byte order mark stands before them",
        Oddity::NoAddress => "what they name is no address",
    });
    words.collect::<Vec<_>>().join(", and ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Resolvers {
        parse(text.as_bytes(), |name| (name == "eth0").then_some(7), |_| None)
    }

    fn servers(text: &str) -> Vec<String> {
        parsed(text).servers.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn servers_are_read_in_their_order_once_each_and_three_at_most() {
        let four =
            "nameserver 10.0.0.1\nnameserver 10.0.0.2\nnameserver 10.0.0.1\nnameserver ::1\nnameserver 10.0.0.4\n";

        assert_eq!(servers(four), ["10.0.0.1:53", "10.0.0.2:53", "[::1]:53"]);
        assert_eq!(parsed(four).unasked, ["10.0.0.4"]);
        assert_eq!(servers(""), [""; 0]);
    }

    #[test]
    fn a_scope_names_the_interface_that_a_link_local_server_is_asked_by() {
        assert_eq!(servers("nameserver fe80::53%eth0\n"), ["[fe80::53%7]:53"]);
        assert_eq!(servers("nameserver fe80::53%3\n"), ["[fe80::53%3]:53"]);
        let vlan = parse(b"nameserver fe80::53%eth0.100\n", |name| (name == "eth0.100").then_some(9), |_| None);
        assert_eq!(vlan.servers, ["[fe80::53%9]:53".parse().unwrap()]);
        assert_eq!(parsed("nameserver fe80::53%gone\n").unasked, ["fe80::53%gone"]);
        assert_eq!(parsed("nameserver fe80::53%gone\n").passed_over, []);
    }

    #[test]
    fn a_line_that_is_not_understood_does_not_hide_the_others() {
        let odd = "nonsense here\nnameserver nobody\noptions what:ever ndots:4\nnameserver 10.0.0.1 # ours\n";

        assert_eq!(servers(odd), ["10.0.0.1:53"]);
        assert_eq!((parsed(odd).ndots, parsed(odd).passed_over), (4, vec![(2, Oddity::NoAddress)]));
    }

    #[test]
    fn lines_that_the_c_library_passes_over_are_told() {
        let over = |text| parsed(text).passed_over;

        assert_eq!(over("nameserver 10.0.0.1\nsearch a.example\n"), []);
        assert_eq!(over("search a.example\r\nnameserver 10.0.0.1\r\n"), [(2, Oddity::WindowsLineEnd)]);
        assert_eq!(over("  nameserver 10.0.0.1\n"), [(1, Oddity::Indented)]);
        assert_eq!(over("\u{feff}nameserver 10.0.0.1\nnameserver 10.0.0.2\n"), [(1, Oddity::ByteOrderMark)]);
        // What follows behind a blank does not matter to it.
        assert_eq!(over("nameserver 10.0.0.1 \r\n"), []);
    }

    #[test]
    fn what_the_options_say_of_turns_and_edns_is_known() {
        let all = parsed("nameserver 10.0.0.1\noptions rotate edns0 trust-ad");
        let none = parsed("nameserver 10.0.0.1\noptions timeout:1");

        assert!(all.rotates && all.edns);
        assert!(!none.rotates && !none.edns);
    }

    #[test]
    fn the_search_list_comes_first_for_a_name_with_few_dots() {
        let file = parsed("search corp.example. lab.example\noptions ndots:3\n");

        assert_eq!(file.asked_first("api.workos.com"), ["api.workos.com.corp.example", "api.workos.com.lab.example"]);
        assert_eq!(file.asked_first("a.b.c.example"), [""; 0]);
        assert_eq!(parsed("search corp.example\n").asked_first("api.workos.com"), [""; 0]);
        assert_eq!(parsed("domain corp.example\n").expansions("api.workos.com"), ["api.workos.com.corp.example"]);
    }

    #[test]
    fn the_environment_overrules_the_file() {
        let of = |name: &str| match name {
            "RES_OPTIONS" => Some("ndots:5".to_owned()),
            "LOCALDOMAIN" => Some("one.example two.example".to_owned()),
            _ => None,
        };
        let file = parse(b"search corp.example\n", |_| None, of);

        assert_eq!((file.timeout, file.attempts), (5, 2));
        assert_eq!((file.ndots, file.search), (5, vec!["one.example".to_owned(), "two.example".to_owned()]));
    }

    #[test]
    fn a_line_of_the_hosts_file_is_found_by_any_of_its_names() {
        let hosts = b"127.0.0.1 localhost # api.workos.com\n10.0.0.9\tproxy API.workos.com\r\n::1 api.workos.com.evil\nfe80::1%eth0 api.workos.com\n";
        let found: Vec<(usize, String)> =
            lines_about("api.workos.com", hosts).iter().map(|line| (line.number, line.address.to_string())).collect();

        assert_eq!(found, [(2, "10.0.0.9".to_owned()), (4, "fe80::1".to_owned())]);
    }

    proptest::proptest! {
        #[test]
        fn whatever_the_files_hold_is_read_without_a_panic(bytes: Vec<u8>) {
            let _ = parse(&bytes, |_| None, |_| None);
            let _ = lines_about("a.example", &bytes);
        }
    }
}
