//! Which way a request leaves: straight, or through a forward proxy.

use std::fmt;
use std::net::IpAddr;

use data_encoding::BASE64;
use ipnet::IpNet;

use super::proxy_url::{self, Misread};
use crate::endpoint::Endpoint;
use crate::secret::{Secret, SecretBytes};

/// A forward proxy.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Proxy {
    /// What is spoken to it.
    pub scheme: Scheme,
    /// Where it listens.
    pub endpoint: Endpoint,
    /// User and password, percent-decoded, when the URL has them.
    pub credentials: Option<Credentials>,
}

/// What is spoken to a proxy.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Scheme {
    /// HTTP, asked to CONNECT.
    Http,
    /// HTTP over TLS, asked to CONNECT.
    Https,
    /// SOCKS 5 with addresses: names are resolved on this host.
    Socks5,
    /// SOCKS 5 with names: the proxy resolves.
    Socks5h,
}

impl Scheme {
    pub(super) const ALL: [Scheme; 4] = [Scheme::Http, Scheme::Https, Scheme::Socks5, Scheme::Socks5h];

    /// As it stands in a URL.
    pub fn as_str(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
            Scheme::Socks5 => "socks5",
            Scheme::Socks5h => "socks5h",
        }
    }

    /// The port that is meant when a proxy's URL names none, as most programs mean it.
    pub(super) fn usual_port(self) -> u16 {
        match self {
            Scheme::Http => 80,
            Scheme::Https => 443,
            Scheme::Socks5 | Scheme::Socks5h => 1080,
        }
    }
}

/// A user and a password, byte for byte as they are sent.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Credentials {
    user: SecretBytes,
    password: Option<SecretBytes>,
}

impl Credentials {
    /// A user, and a password where one is given.
    pub fn new(user: SecretBytes, password: Option<SecretBytes>) -> Self {
        Credentials { user, password }
    }

    /// The user.
    pub fn user(&self) -> &[u8] {
        self.user.expose()
    }

    /// The password; empty where there is none.
    pub fn password(&self) -> &[u8] {
        self.password.as_ref().map(SecretBytes::expose).unwrap_or_default()
    }

    /// The value of the `Proxy-Authorization` header: `Basic …`.
    pub fn basic(&self) -> Secret {
        Secret::new(format!("Basic {}", BASE64.encode(&[self.user(), b":", self.password()].concat())))
    }
}

impl Proxy {
    /// Reads a proxy setting: a URL, or a host and port. What is said about a bad one never repeats a password.
    pub fn parse(text: &str) -> Result<Self, Misread> {
        proxy_url::read(text)
    }

    /// The proxy's URL without credentials.
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme.as_str(), self.endpoint)
    }

    /// Whether names are resolved by the proxy, so that what this host resolves is evidence only.
    pub fn resolves(&self) -> bool {
        self.scheme != Scheme::Socks5
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://", self.scheme.as_str())?;
        match &self.credentials {
            Some(Credentials { password: Some(_), .. }) => f.write_str("***@")?,
            // A user alone is shown, escaped as a URL has it.
            Some(Credentials { user, password: None }) => {
                for byte in user.expose() {
                    match byte {
                        b'-' | b'.' | b'_' | b'~' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                            write!(f, "{}", char::from(*byte))?;
                        }
                        _ => write!(f, "%{byte:02X}")?,
                    }
                }
                f.write_str("@")?;
            }
            None => {}
        }
        write!(f, "{}", self.endpoint)
    }
}

/// The hosts that a proxy is not used for: names with everything below them, addresses, ranges, or `*`.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct NoProxy(Vec<Exemption>);

#[derive(Clone, PartialEq, Eq, Debug)]
enum Exemption {
    Everything,
    Below(String, Option<u16>),
    Address(IpAddr, Option<u16>),
    Range(IpNet),
}

impl NoProxy {
    /// Reads a comma-separated list. What is not an address or a range is a name.
    pub fn parse(text: &str) -> Self {
        NoProxy(text.split([',', ' ']).map(str::trim).filter(|entry| !entry.is_empty()).map(exemption).collect())
    }

    /// Whether the endpoint is reached without the proxy.
    pub fn covers(&self, endpoint: &Endpoint) -> bool {
        let host = endpoint.host.to_lowercase();
        let address: Option<IpAddr> = host.parse().ok();
        let on_port = |port: &Option<u16>| port.is_none_or(|port| port == endpoint.port);
        self.0.iter().any(|exemption| match exemption {
            Exemption::Everything => true,
            Exemption::Below(name, port) => {
                on_port(port)
                    && (host == *name || host.strip_suffix(name.as_str()).is_some_and(|left| left.ends_with('.')))
            }
            Exemption::Address(exempt, port) => on_port(port) && address == Some(*exempt),
            Exemption::Range(range) => address.is_some_and(|address| range.contains(&address)),
        })
    }
}

fn exemption(entry: &str) -> Exemption {
    if entry == "*" {
        return Exemption::Everything;
    }
    if let Ok(range) = entry.parse::<IpNet>() {
        return Exemption::Range(range);
    }
    if let Ok(address) = entry.parse::<IpAddr>() {
        return Exemption::Address(address, None);
    }
    let (name, port) = match entry.rsplit_once(':') {
        Some((name, port)) => match port.parse() {
            Ok(port) => (name, Some(port)),
            Err(_) => (entry, None),
        },
        None => (entry, None),
    };
    match name.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(address) => Exemption::Address(address, port),
        Err(_) => Exemption::Below(name.trim_start_matches("*.").trim_start_matches('.').to_lowercase(), port),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_shows_its_address_and_never_its_password() {
        let shown = |text: &str| Proxy::parse(text).unwrap().to_string();
        let proxy = Proxy::parse("http://user:p%40ss@proxy.example:3128").unwrap();

        assert_eq!(proxy.to_string(), "http://***@proxy.example:3128");
        assert_eq!(proxy.credentials.unwrap().basic().expose(), "Basic dXNlcjpwQHNz");
        assert_eq!(shown("http://user@proxy.example:3128"), "http://user@proxy.example:3128");
        assert_eq!(shown("http://CORP%5cuser@proxy.example:3128"), "http://CORP%5Cuser@proxy.example:3128");
        assert_eq!(shown("proxy.example:3128"), "http://proxy.example:3128");
    }

    #[test]
    fn the_last_at_sign_ends_the_credentials() {
        let proxy = Proxy::parse("http://user:p@ss/w#rd@proxy.example:3128/").unwrap_err().meant.unwrap();

        assert_eq!(proxy.endpoint, Endpoint::new("proxy.example", 3128));
        assert_eq!(proxy.credentials.unwrap().password(), b"p@ss/w#rd");
    }

    #[test]
    fn each_scheme_has_its_usual_port() {
        let port = |text: &str| {
            let proxy = Proxy::parse(text).unwrap_or_else(|misread| *misread.meant.unwrap());
            proxy.endpoint.port
        };

        assert_eq!((port("http://p"), port("https://p"), port("socks5h://p")), (80, 443, 1080));
        assert_eq!((port("socks5://p:80"), port("HTTPS://[2001:db8::1]:8443")), (80, 8443));
        assert!(!Proxy::parse("socks5://p").unwrap().resolves() && Proxy::parse("socks5h://p").unwrap().resolves());
    }

    #[test]
    fn exemptions_are_suffixes_addresses_ranges_ports_and_star() {
        let covers = |list: &str, host: &str, port| NoProxy::parse(list).covers(&Endpoint::new(host, port));

        assert!(covers("workos.com", "api.workos.com", 443));
        assert!(covers(".workos.com", "API.workos.com", 443));
        assert!(!covers("workos.com", "notworkos.com", 443));
        assert!(
            covers("api.workos.com:443", "api.workos.com", 443) && !covers("api.workos.com:80", "api.workos.com", 443)
        );
        assert!(covers("10.0.0.0/8", "10.1.2.3", 443) && !covers("10.0.0.0/8", "api.workos.com", 443));
        assert!(covers("localhost, *", "anything.example", 443));
    }

    proptest::proptest! {
        #[test]
        fn whatever_stands_in_no_proxy_is_read_without_a_panic(list in ".*", host in "[a-z0-9.:-]{0,30}", port: u16) {
            let _ = NoProxy::parse(&list).covers(&Endpoint::new(host, port));
        }

        #[test]
        fn whatever_stands_in_a_proxy_url_its_password_is_never_shown(user in "[a-z]{0,8}", password in "PLANTED[ -~]{0,12}", rest in "[ -~]{0,20}") {
            let shown = match Proxy::parse(&format!("http://{user}:{password}@{rest}")) {
                Ok(proxy) => format!("{proxy} {proxy:?} {}", proxy.url()),
                Err(misread) => format!("{misread:?}"),
            };

            // What follows the last `@` is the place, so a password that ends in one may be cut there, and not before.
            proptest::prop_assert!(!shown.contains("PLANTED"), "{}", shown);
        }
    }
}
