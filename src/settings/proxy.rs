//! Which way a request leaves: straight, or through a forward proxy.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use url::Url;

use crate::check::Endpoint;
use crate::secret::Secret;

/// A forward proxy that is spoken to in plain HTTP and asked to CONNECT.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Proxy {
    /// Where it listens.
    pub endpoint: Endpoint,
    /// `user:password`, percent-decoded, when the URL has them.
    pub credentials: Option<Secret>,
}

impl Proxy {
    /// Reads a proxy setting: a URL, or a host and port. The message about a bad one never repeats it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wanted = || {
            "an http URL such as `http://proxy.customer.example:3128` (https and socks proxies are not supported yet)"
                .to_owned()
        };
        let with_scheme = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let url = Url::parse(&with_scheme).map_err(|_| wanted())?;
        if url.scheme() != "http" {
            return Err(wanted());
        }
        let host = match url.host().ok_or_else(wanted)? {
            url::Host::Domain(name) => name.to_owned(),
            url::Host::Ipv4(address) => address.to_string(),
            url::Host::Ipv6(address) => address.to_string(),
        };
        let credentials = (!url.username().is_empty() || url.password().is_some()).then(|| {
            Secret::new(format!("{}:{}", decoded(url.username()), decoded(url.password().unwrap_or_default())))
        });
        Ok(Proxy { endpoint: Endpoint::new(host, url.port_or_known_default().unwrap_or(80)), credentials })
    }

    /// The proxy's URL without credentials.
    pub fn url(&self) -> String {
        format!("http://{}", self.endpoint)
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.credentials {
            Some(_) => write!(f, "http://***@{}", self.endpoint),
            None => write!(f, "http://{}", self.endpoint),
        }
    }
}

fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        if let Some(byte) = escaped.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            plain.push(byte);
            at += 3;
        } else {
            plain.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
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
        let proxy = Proxy::parse("http://user:p%40ss@proxy.example:3128").unwrap();

        assert_eq!(proxy.to_string(), "http://***@proxy.example:3128");
        assert_eq!(proxy.credentials.unwrap().expose(), "user:p@ss");
        assert_eq!(Proxy::parse("proxy.example:3128").unwrap().endpoint.port, 3128);
    }

    #[test]
    fn a_bad_proxy_is_refused_without_repeating_it() {
        for bad in ["http://u:planted@:bad", "socks5://planted@h:1", "://planted"] {
            assert!(!Proxy::parse(bad).unwrap_err().contains("planted"), "{bad}");
        }
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
}
