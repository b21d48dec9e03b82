//! Addresses that mean something else than a host on the internet: the special-purpose registries of IANA.

use std::net::IpAddr;

use ipnet::IpNet;

/// What an address that is not public is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Special {
    /// The nowhere addresses that name filters answer with: unspecified, "this network", loopback.
    Nowhere,
    /// An address of a private network, shared carrier space, or the link: reachable at most from near by.
    Private,
    /// Reserved for documentation, benchmarks, multicast or the future.
    Reserved,
}

/// RFC 6890 and its successors, as the IANA registries list them.
const RANGES: &[(&str, Special)] = &[
    ("0.0.0.0/8", Special::Nowhere),
    ("127.0.0.0/8", Special::Nowhere),
    ("::/128", Special::Nowhere),
    ("::1/128", Special::Nowhere),
    ("100::/64", Special::Nowhere),
    ("10.0.0.0/8", Special::Private),
    ("172.16.0.0/12", Special::Private),
    ("192.168.0.0/16", Special::Private),
    ("100.64.0.0/10", Special::Private),
    ("169.254.0.0/16", Special::Private),
    ("fc00::/7", Special::Private),
    ("fe80::/10", Special::Private),
    ("192.0.0.0/24", Special::Reserved),
    ("192.0.2.0/24", Special::Reserved),
    ("198.18.0.0/15", Special::Reserved),
    ("198.51.100.0/24", Special::Reserved),
    ("203.0.113.0/24", Special::Reserved),
    ("224.0.0.0/4", Special::Reserved),
    ("240.0.0.0/4", Special::Reserved),
    ("2001:db8::/32", Special::Reserved),
    ("3fff::/20", Special::Reserved),
    ("ff00::/8", Special::Reserved),
];

/// What an address is for, when it is not a public one.
pub fn special(address: IpAddr) -> Option<Special> {
    let address = match address {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    };
    RANGES
        .iter()
        .filter_map(|(range, special)| Some((range.parse::<IpNet>().ok()?, *special)))
        .find(|(range, _)| range.contains(&address))
        .map(|(_, special)| special)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_addresses_come_apart() {
        let of = |address: &str| special(address.parse().unwrap());

        assert!(RANGES.iter().all(|(range, _)| range.parse::<IpNet>().is_ok()));
        assert_eq!(of("0.0.0.0"), Some(Special::Nowhere));
        assert_eq!(of("10.1.2.3"), Some(Special::Private));
        assert_eq!(of("::ffff:192.168.1.1"), Some(Special::Private));
        assert_eq!(of("203.0.113.7"), Some(Special::Reserved));
        assert_eq!(of("104.18.2.1"), None);
        assert_eq!(of("2606:4700::1"), None);
    }
}
