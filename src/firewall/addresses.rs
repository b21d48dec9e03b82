//! Addresses of both families on one line, so that one set holds them all: IPv4 lies where IPv6 maps it (`::ffff:0:0/96`), where
//! no address of IPv6 is ever seen on a wire.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv4Subnets, Ipv6Net, Ipv6Subnets};

use super::ranges::{Interval, Ranges};

/// Where IPv4 begins on the line.
const MAPPED: u128 = 0xffff_0000_0000;

/// A family of addresses.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// Both.
    pub const BOTH: [Family; 2] = [Family::V4, Family::V6];

    /// All its addresses.
    pub fn all(self) -> Ranges {
        let v4 = Ranges::between(MAPPED, MAPPED | u128::from(u32::MAX));
        if self == Family::V4 { v4 } else { v4.not() }
    }

    /// The family of an address.
    pub fn of(address: IpAddr) -> Self {
        if address.is_ipv4() { Family::V4 } else { Family::V6 }
    }

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Family::V4 => "IPv4",
            Family::V6 => "IPv6",
        }
    }
}

/// Where an address lies on the line.
pub fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => MAPPED | u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

/// The address at this place of the line.
pub fn address(number: u128) -> IpAddr {
    match u32::try_from(number.wrapping_sub(MAPPED)) {
        Ok(v4) => IpAddr::V4(Ipv4Addr::from(v4)),
        Err(_) => IpAddr::V6(Ipv6Addr::from(number)),
    }
}

/// The addresses of a network, whatever host bits it was written with.
pub fn network(network: IpNet) -> Ranges {
    // Around IPv4, the line of IPv6 has a gap.
    Ranges::between(number(network.network()), number(network.broadcast())).and(&Family::of(network.addr()).all())
}

/// The addresses of several networks.
pub fn networks<'a>(all: impl IntoIterator<Item = &'a IpNet>) -> Ranges {
    Ranges::of(all.into_iter().flat_map(|one| network(*one).intervals().to_vec()))
}

/// As few networks as hold these addresses and no others, IPv4 first.
pub fn as_networks(set: &Ranges) -> Vec<IpNet> {
    let (v4, v6) = (set.and(&Family::V4.all()), set.and(&Family::V6.all()));
    // The line of IPv6 has a gap where IPv4 lies: all of it is one network all the same.
    if v6 == Family::V6.all() {
        return v4.intervals().iter().flat_map(nets).chain([IpNet::V6(Ipv6Net::default())]).collect();
    }
    v4.intervals().iter().chain(v6.intervals()).flat_map(nets).collect()
}

fn nets(interval: &Interval) -> Vec<IpNet> {
    match (address(interval.0), address(interval.1)) {
        (IpAddr::V4(first), IpAddr::V4(last)) => Ipv4Subnets::new(first, last, 0).map(IpNet::V4).collect(),
        (IpAddr::V6(first), IpAddr::V6(last)) => Ipv6Subnets::new(first, last, 0).map(IpNet::V6).collect(),
        // Both ends of an interval within a family are of it.
        _ => Vec::new(),
    }
}

/// The addresses of a whole family, as a network.
pub fn any(family: Family) -> IpNet {
    match family {
        Family::V4 => IpNet::V4(Ipv4Net::default()),
        Family::V6 => IpNet::V6(Ipv6Net::default()),
    }
}

/// Addresses that are a site's own: nothing on the internet has them.
pub fn never_public() -> Ranges {
    let nets = [
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "fc00::/7",
        "fe80::/10",
        "::1/128",
    ];
    networks(&nets.iter().filter_map(|net| net.parse().ok()).collect::<Vec<_>>())
}

/// These addresses in words: networks, single addresses without a length, `a-b` where networks would be many; `any` for all.
pub fn in_words(set: &Ranges) -> String {
    if set.is_all() {
        return "any address".to_owned();
    }
    let words = |family: Family| -> Vec<String> {
        let part = set.and(&family.all());
        if part == family.all() {
            return vec![any(family).to_string()];
        }
        part.intervals().iter().flat_map(interval_in_words).collect()
    };
    Family::BOTH.into_iter().flat_map(words).collect::<Vec<_>>().join(", ")
}

fn interval_in_words(interval: &Interval) -> Vec<String> {
    let nets = nets(interval);
    if nets.len() > 2 {
        return vec![format!("{}-{}", address(interval.0), address(interval.1))];
    }
    nets.iter()
        .map(|net| if net.prefix_len() == net.max_prefix_len() { net.addr().to_string() } else { net.to_string() })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nets(text: &str) -> Ranges {
        networks(&text.split(' ').map(|net| net.parse().unwrap()).collect::<Vec<IpNet>>())
    }

    #[test]
    fn an_address_comes_back_from_the_line_and_a_network_from_its_addresses() {
        for text in
            ["0.0.0.0", "255.255.255.255", "104.16.0.1", "::", "::1", "2606:4700::1", "::fffe:ffff:ffff", "::1:0:0:0"]
        {
            let one: IpAddr = text.parse().unwrap();
            assert_eq!(address(number(one)), one, "{text}");
        }
        for text in ["0.0.0.0/0", "104.16.0.0/13", "10.0.0.1/32", "2606:4700::/32", "::/0", "10.0.0.0/8 2a06:98c0::/29"]
        {
            let written: Vec<String> = as_networks(&nets(text)).iter().map(ToString::to_string).collect();
            assert_eq!(written.join(" "), text);
        }
    }

    #[test]
    fn the_families_are_apart_and_together_they_are_all() {
        assert_eq!(nets("0.0.0.0/0").and(&nets("::/0")), Ranges::none());
        assert_eq!(nets("0.0.0.0/0").or(&nets("::/0")), Ranges::all());
        assert_eq!(nets("::/8").and(&nets("0.0.0.0/0")), Ranges::none());
        assert_eq!(nets("104.16.0.0/12").minus(&nets("104.16.0.0/13 104.24.0.0/14")), nets("104.28.0.0/14"));
    }

    #[test]
    fn what_is_never_public_is_of_both_families_and_nothing_of_the_internets() {
        let inside = never_public();

        assert!(inside.covers(&nets("10.20.0.2/32 172.31.0.0/16 192.168.1.0/24 fd00::/8 fe80::1/128")));
        assert!(!inside.overlaps(&nets("104.16.0.0/13 172.64.0.0/13 3.217.146.166/32 2606:4700::/32")));
    }

    #[test]
    fn addresses_are_said_as_networks_or_as_what_lies_between() {
        assert_eq!(in_words(&nets("10.0.0.1/32 104.28.0.0/14")), "10.0.0.1, 104.28.0.0/14");
        assert_eq!(in_words(&nets("0.0.0.0/0")), "0.0.0.0/0");
        assert_eq!(in_words(&Ranges::all()), "any address");
        let odd = Ranges::between(number("10.0.0.1".parse().unwrap()), number("10.0.0.254".parse().unwrap()));
        assert_eq!(in_words(&odd), "10.0.0.1-10.0.0.254");
    }
}
