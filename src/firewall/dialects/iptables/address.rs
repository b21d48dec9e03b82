//! Addresses and ports as iptables itself takes them, which is more freely than anybody else.

use std::net::{IpAddr, Ipv4Addr};

use crate::firewall::addresses::{Family, number};
use crate::firewall::dialects::entry::{self, Oddity};
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::NoteKind;

/// What `-s` and `-d` stand for, and what is odd about it; otherwise why nobody can say.
pub(super) fn read(text: &str, family: Family) -> Result<(Ranges, Option<Oddity>), String> {
    let strict = if text.contains(['-', '[', '(']) { None } else { entry::entry(text).ok() };
    if let Some(read) = strict {
        if read.family == family {
            return Ok((read.ranges, read.oddity));
        }
        return Err(format!("`{text}` is no address of {}, which this table is for", family.as_str()));
    }
    let loose = (family == Family::V4).then(|| loosely(text)).flatten();
    loose.ok_or_else(|| match entry::entry(text) {
        Err(odd) => odd.what,
        Ok(_) => format!("`{text}` is no address"),
    })
}

/// What iptables makes of an address with octets left out (`104.16.0/13`), with leading zeros (which are octal to it), or with a mask
/// that has gaps.
fn loosely(text: &str) -> Option<(Ranges, Option<Oddity>)> {
    let (address, mask) = text.split_once('/').map_or((text, None), |(address, mask)| (address, Some(mask)));
    let octets: Vec<&str> = address.split('.').collect();
    if octets.len() > 4 {
        return None;
    }
    let base = octets
        .iter()
        .chain(std::iter::repeat(&"0"))
        .take(4)
        .try_fold(0_u32, |sum, octet| Some(sum << 8 | octal_or_not(octet).filter(|octet| *octet < 256)?))?;
    let mask = match mask {
        None => u32::MAX,
        Some(mask) if mask.contains('.') => u32::from(mask.parse::<Ipv4Addr>().ok()?),
        Some(length) => match octal_or_not(length)? {
            0 => 0,
            length => u32::MAX.checked_shl(32_u32.checked_sub(length)?)?,
        },
    };
    let set = masked(base & mask, mask)?;
    let words = crate::firewall::addresses::in_words(&set);
    let words: String = words.chars().take(60).collect();
    let what = format!("`{text}` is read as iptables reads it, {words}");
    Some((set, Some(Oddity { kind: NoteKind::Malformed, what })))
}

fn octal_or_not(text: &str) -> Option<u32> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    if let Some(hexadecimal) = lower.strip_prefix("0x") {
        return u32::from_str_radix(hexadecimal, 16).ok();
    }
    let radix = if lower.len() > 1 && lower.starts_with('0') { 8 } else { 10 };
    u32::from_str_radix(&lower, radix).ok()
}

/// All addresses that are this one where the mask has ones; nothing, where they lie in too many places.
fn masked(base: u32, mask: u32) -> Option<Ranges> {
    let trailing = mask.trailing_zeros().min(32);
    let free = !mask & !u32::MAX.checked_shr(32 - trailing).unwrap_or(0);
    if free.count_ones() > 12 {
        return None;
    }
    let tail = u32::try_from((1_u64 << trailing) - 1).unwrap_or(u32::MAX);
    let at = |address: u32| number(IpAddr::V4(address.into()));
    let mut intervals = Vec::new();
    // Every choice of the free bits, in ascending order.
    let mut choice = 0_u32;
    loop {
        intervals.push((at(base | choice), at(base | choice | tail)));
        choice = choice.wrapping_sub(free) & free;
        if choice == 0 {
            return Some(Ranges::of(intervals));
        }
    }
}

/// `443`, `80:90`, `:1023`, `1024:`, `https`.
pub(super) fn ports(text: &str) -> Option<Ranges> {
    match text.split_once(':') {
        Some((first, last)) => {
            let first = if first.is_empty() { "0" } else { first };
            let last = if last.is_empty() { "65535" } else { last };
            entry::ports(&format!("{first}:{last}")).ok()
        }
        None => entry::ports(text).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::firewall::addresses::in_words;

    #[test]
    fn addresses_are_what_iptables_makes_of_them() {
        let of = |text: &str| match read(text, Family::V4) {
            Ok((set, odd)) => format!("{}{}", in_words(&set), if odd.is_some() { " (odd)" } else { "" }),
            Err(why) => format!("no: {why}"),
        };

        // Each as iptables-save prints it when that was added.
        for (text, read) in [
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("10.0.0.0/255.0.0.0", "10.0.0.0/8"),
            ("10.0.0.1/8", "10.0.0.0/8 (odd)"),
            ("104.16.0/13", "104.16.0.0/13 (odd)"),
            ("010.0.0.0/8", "8.0.0.0/8 (odd)"),
            ("10/8", "10.0.0.0/8 (odd)"),
            ("0/0", "0.0.0.0/0 (odd)"),
            ("104.16.0.0/013", "104.0.0.0/11 (odd)"),
            ("10.0.1.1/255.255.255.254", "10.0.1.0/31 (odd)"),
            ("10.0.0.0/08", "no: `10.0.0.0/08` has a length with a leading zero, which not every reader takes alike"),
            ("::1", "no: `::1` is no address of IPv4, which this table is for"),
            ("example.com", "no: `example.com` is the name of a host, not an address"),
        ] {
            assert_eq!(of(text), read, "{text}");
        }
        let (gaps, _) = read("10.0.1.0/255.0.255.0", Family::V4).unwrap();
        let lies = |text: &str| gaps.contains(number(text.parse().unwrap()));
        assert!(lies("10.7.1.9") && lies("10.255.1.255") && !lies("10.7.2.9") && !lies("11.7.1.9"));
        assert_eq!(gaps.intervals().len(), 256);
    }

    #[test]
    fn ranges_of_ports_may_be_open() {
        assert_eq!(ports(":1023"), Some(Ranges::between(0_u8, 1023_u16)));
        assert_eq!(ports("1024:"), Some(Ranges::between(1024_u16, u16::MAX)));
        assert_eq!((ports("https"), ports("90:80"), ports("x")), (Some(Ranges::one(443_u16)), None, None));
    }
}
