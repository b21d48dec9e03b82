//! Addresses that mean something else than a host on the internet: the special-purpose registries of IANA.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv6Net};

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
    ("64:ff9b:1::/48", Special::Private),
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

/// A prefix under which a translator maps `IPv4` addresses into `IPv6`, as RFC 6052 lays them out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Nat64(Ipv6Net);

impl Nat64 {
    /// The prefix that is the same everywhere: `64:ff9b::/96`.
    pub fn well_known() -> Option<Self> {
        Ipv6Net::new(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96).ok().map(Nat64)
    }

    /// The `IPv4` address that a translator with the well-known prefix, or with one of these, reaches by an address, and the prefix.
    pub fn undone(address: IpAddr, known: &[Nat64]) -> Option<(Ipv4Addr, Nat64)> {
        let IpAddr::V6(address) = address else { return None };
        let prefixes = Self::well_known().into_iter().chain(known.iter().copied());
        prefixes.into_iter().find_map(|prefix| Some((prefix.stands_for(address)?, prefix)))
    }

    /// The `IPv4` address that an address under this prefix stands for.
    pub fn stands_for(self, address: Ipv6Addr) -> Option<Ipv4Addr> {
        self.0.contains(&address).then(|| embedded(address, self.0.prefix_len())).flatten()
    }
}

impl std::fmt::Display for Nat64 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// The prefixes that show in what a resolver gives for `ipv4only.arpa`, whose only addresses are 192.0.0.170 and .171.
pub fn nat64_prefixes(addresses: impl IntoIterator<Item = IpAddr>) -> Vec<Nat64> {
    let mut found = Vec::new();
    for address in addresses {
        let IpAddr::V6(address) = address else { continue };
        // The longest first: bytes that are zero look like an address under a shorter prefix only where they are one.
        let fits =
            |length: &u8| matches!(embedded(address, *length).map(|v4| v4.octets()), Some([192, 0, 0, 170 | 171]));
        let prefix = LENGTHS.iter().find(|length| fits(length)).and_then(|length| Ipv6Net::new(address, *length).ok());
        if let Some(prefix) = prefix.map(|prefix| Nat64(prefix.trunc()))
            && !found.contains(&prefix)
        {
            found.push(prefix);
        }
    }
    found
}

/// The lengths that RFC 6052 allows, longest first.
const LENGTHS: [u8; 6] = [96, 64, 56, 48, 40, 32];

/// The four bytes behind a prefix of this length; the ninth byte of an address is passed over, and has to be zero.
fn embedded(address: Ipv6Addr, length: u8) -> Option<Ipv4Addr> {
    let bytes = address.octets();
    if length < 96 && bytes[8] != 0 {
        return None;
    }
    let start = usize::from(length / 8);
    let behind: Vec<u8> =
        (start..16).filter(|at| length == 96 || *at != 8).filter_map(|at| bytes.get(at)).copied().take(4).collect();
    <[u8; 4]>::try_from(behind).ok().map(Ipv4Addr::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_translators_prefix_shows_in_the_name_that_has_ipv4_alone_at_each_length() {
        // The examples of RFC 6052, section 2.4, with 192.0.0.170 and 104.18.2.1 in the place of 192.0.2.33.
        for (well_known, prefix, api) in [
            ("2001:db8:c000:aa::", "2001:db8::/32", "2001:db8:6812:201::"),
            ("2001:db8:1c0:0:aa::", "2001:db8:100::/40", "2001:db8:168:1202:1::"),
            ("2001:db8:122:c000:0:aa00::", "2001:db8:122::/48", "2001:db8:122:6812:2:100::"),
            ("2001:db8:122:3c0:0:aa::", "2001:db8:122:300::/56", "2001:db8:122:368:12:201::"),
            ("2001:db8:122:344:c0:0:aa00::", "2001:db8:122:344::/64", "2001:db8:122:344:68:1202:100::"),
            ("2001:db8:122:344::c000:aa", "2001:db8:122:344::/96", "2001:db8:122:344::6812:201"),
            ("fd00:64::c000:ab", "fd00:64::/96", "fd00:64::6812:201"),
        ] {
            let found = nat64_prefixes([well_known.parse().unwrap()]);

            assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), [prefix]);
            assert_eq!(found[0].stands_for(api.parse().unwrap()), Some(Ipv4Addr::new(104, 18, 2, 1)), "{prefix}");
        }
    }

    #[test]
    fn other_addresses_show_no_prefix_and_stand_for_nothing() {
        assert_eq!(nat64_prefixes(["2606:4700::1".parse().unwrap(), "192.0.0.170".parse().unwrap()]), []);
        let known = Nat64::well_known().unwrap();

        assert_eq!(known.stands_for("64:ff9b::6812:201".parse().unwrap()), Some(Ipv4Addr::new(104, 18, 2, 1)));
        assert_eq!(known.stands_for("64:ff9b:1::6812:201".parse().unwrap()), None);
        let own = nat64_prefixes(["fd00:64::c000:aa".parse().unwrap()]);
        let undone = |address: &str| Nat64::undone(address.parse().unwrap(), &own).map(|(v4, _)| v4.to_string());
        assert_eq!(undone("64:ff9b::6812:201").as_deref(), Some("104.18.2.1"));
        assert_eq!(undone("fd00:64::6812:201").as_deref(), Some("104.18.2.1"));
        assert_eq!(undone("2606:4700::1").or(undone("104.18.2.1")), None);
    }

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
