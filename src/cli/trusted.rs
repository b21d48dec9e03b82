//! `--trusted-proxy`: whose word about the sender is taken. Whoever is in such a range can say that WorkOS sent something, so a
//! range that means more than proxies is refused, with what would be right.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ipnet::{IpNet, Ipv4Net};

use crate::net::special::{Special, special};

/// How many bits are told of an IPv4 address by the part that it is mapped with (`::ffff:0:0/96`).
const MAPPED: u8 = 96;

pub(super) fn range(text: &str) -> Result<IpNet, String> {
    let range = match text.split_once('/') {
        None => text.parse::<IpAddr>().map(|address| IpNet::from(address.to_canonical())).map_err(|_| odd(text))?,
        Some((address, prefix)) => {
            let address: IpAddr = address.parse().map_err(|_| odd(text))?;
            let prefix: u8 = digits(prefix).ok_or_else(|| odd_prefix(address, prefix))?;
            unmapped(address, prefix)?
        }
    };
    if range.network() != range.addr() {
        return Err(format!("expected {} for the whole range, {} for the one address", range.trunc(), range.addr()));
    }
    if range.addr().is_unspecified() && range.prefix_len() == range.max_prefix_len() {
        return Err(
            "expected the address by which the proxy reaches this host: no connection comes from this one".to_owned()
        );
    }
    if range.addr().is_multicast() || range.addr() == IpAddr::V4(Ipv4Addr::BROADCAST) {
        return Err("expected the address of one host: no connection comes from a group of them".to_owned());
    }
    if range.prefix_len() < shortest(range.addr()) {
        return Err(
            "expected an address or a narrower range: everybody in it can say that WorkOS sent something".to_owned()
        );
    }
    Ok(range)
}

/// The shortest prefix that can mean proxies: a private network, or the ranges of a provider, which are narrower.
fn shortest(address: IpAddr) -> u8 {
    match (address, special(address)) {
        (IpAddr::V4(_), Some(_)) | (IpAddr::V6(_), Some(Special::Private)) => 8,
        (IpAddr::V4(_), None) => 10,
        (IpAddr::V6(_), _) => 24,
    }
}

fn digits(text: &str) -> Option<u8> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A range as connections from it are seen: IPv4 that is written as IPv6 becomes IPv4.
fn unmapped(address: IpAddr, prefix: u8) -> Result<IpNet, String> {
    let mapped = match address {
        IpAddr::V6(v6) => v6.to_ipv4_mapped(),
        IpAddr::V4(_) => None,
    };
    let net = |address, prefix| {
        IpNet::new(address, prefix).map_err(|_| {
            let most = if address.is_ipv4() { 32 } else { 128 };
            format!("expected a prefix from 0 to {most} for {address}")
        })
    };
    match mapped {
        None => net(address, prefix),
        Some(v4) if prefix >= MAPPED => net(IpAddr::V4(v4), prefix - MAPPED),
        Some(v4) => {
            let narrow =
                Ipv4Net::new(v4, prefix.min(32)).map_or_else(|_| v4.to_string(), |net| net.trunc().to_string());
            Err(format!("expected {narrow}, or, written as IPv6, a prefix of {MAPPED} and that of IPv4 together"))
        }
    }
}

/// What would be right where there is no address.
fn odd(text: &str) -> String {
    let usual = "expected an address or a range such as 10.20.0.0/24";
    let inside = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let bare = inside.and_then(|inside| inside.parse::<Ipv6Addr>().ok()).map(IpAddr::V6);
    if let Some(address) = bare.or_else(|| text.parse::<SocketAddr>().ok().map(|place| place.ip())) {
        return format!("expected {}, without brackets and port", address.to_canonical());
    }
    if text.contains([',', ' ', ';']) {
        return format!("{usual}; the option is given once for each");
    }
    if text.contains('%') {
        return format!("{usual}, without the interface after %");
    }
    let is_name = text.contains(|c: char| c.is_ascii_alphabetic()) && !text.contains([':', '/']);
    if is_name {
        return format!("{usual}; a name will not do, because who answers to it can change");
    }
    usual.to_owned()
}

/// What would be right where there is an address, and no prefix behind it: a netmask is common.
fn odd_prefix(address: IpAddr, prefix: &str) -> String {
    let mask = prefix.parse::<Ipv4Addr>().ok().and_then(|mask| ipnet::ipv4_mask_to_prefix(mask).ok());
    match (address, mask) {
        (IpAddr::V4(v4), Some(bits)) => {
            let range = Ipv4Net::new(v4, bits).map_or_else(|_| v4.to_string(), |net| net.trunc().to_string());
            format!("expected {range}")
        }
        _ => format!(
            "expected a number of bits behind the slash, such as {address}/{}",
            if address.is_ipv4() { 32 } else { 128 }
        ),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::range;

    #[test]
    fn addresses_and_ranges_of_proxies_are_taken_also_as_ipv6_writes_ipv4() {
        for (text, meant) in [
            ("10.20.0.5", "10.20.0.5/32"),
            ("10.20.0.0/24", "10.20.0.0/24"),
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("172.16.0.0/12", "172.16.0.0/12"),
            ("104.16.0.0/13", "104.16.0.0/13"),
            ("127.0.0.1", "127.0.0.1/32"),
            ("127.0.0.0/8", "127.0.0.0/8"),
            ("::1", "::1/128"),
            ("fd00::/8", "fd00::/8"),
            ("2a06:98c0::/29", "2a06:98c0::/29"),
            ("::ffff:10.0.0.1", "10.0.0.1/32"),
            ("::ffff:10.20.0.5/128", "10.20.0.5/32"),
            ("::ffff:10.20.0.0/120", "10.20.0.0/24"),
            ("::FFFF:0a00:0000/104", "10.0.0.0/8"),
        ] {
            assert_eq!(range(text), Ok(meant.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn what_means_more_than_proxies_or_nobody_is_refused_with_what_is_right() {
        for (text, right) in [
            ("0.0.0.0/0", "narrower"),
            ("0.0.0.0/1", "narrower"),
            ("128.0.0.0/1", "narrower"),
            ("3.0.0.0/8", "narrower"),
            ("::/0", "narrower"),
            ("2000::/3", "narrower"),
            ("2600::/16", "narrower"),
            ("::ffff:0.0.0.0/96", "narrower"),
            ("::ffff:0:0/97", "narrower"),
            ("10.20.0.5/24", "expected 10.20.0.0/24 for the whole range, 10.20.0.5 for the one address"),
            ("::ffff:10.20.0.5/120", "expected 10.20.0.0/24"),
            ("2001:db8::1/64", "expected 2001:db8::/64"),
            ("::ffff:10.0.0.0/8", "expected 10.0.0.0/8"),
            ("10.0.0.0/255.0.0.0", "expected 10.0.0.0/8"),
            ("10.0.0.0/33", "from 0 to 32"),
            ("10.0.0.0/+8", "a number of bits"),
            ("10.0.0.0/", "a number of bits"),
            ("10.20.0.5:8080", "expected 10.20.0.5, without"),
            ("[::1]:443", "expected ::1, without"),
            ("[fd00::5]", "expected fd00::5, without"),
            ("10.0.0.1,10.0.0.2", "once for each"),
            ("fe80::1%eth0", "without the interface"),
            ("proxy.customer.example", "a name will not do"),
            ("localhost", "a name will not do"),
            ("0.0.0.0", "no connection comes from this one"),
            ("::", "no connection comes from this one"),
            ("224.0.0.1", "a group of them"),
            ("255.255.255.255", "a group of them"),
            ("ff02::1", "a group of them"),
            ("10.20.0", "such as 10.20.0.0/24"),
            ("", "such as 10.20.0.0/24"),
        ] {
            let said = range(text).unwrap_err();
            assert!(said.contains(right), "{text}: {said}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_written_it_is_read_without_a_panic_and_never_means_everybody(text in "[0-9a-f:.,/%\\[\\]]{0,24}|[0-9.]{1,15}/[0-9]{1,3}") {
            if let Ok(range) = range(&text) {
                prop_assert!(range.prefix_len() >= 8);
            }
        }
    }
}
