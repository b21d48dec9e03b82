//! One entry as firewalls and people write it: an address, a network, a range, a port, a protocol; and what is odd about it.
//!
//! Words for everything (`any`, `*`, `all`) are their languages' own, and so are the names of objects.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::firewall::addresses::{Family, number};
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{NoteKind, Place, Rules};

/// An entry that stands for addresses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Entry {
    /// Which. None, where no packet has such an address (IPv4 mapped into IPv6).
    pub ranges: Ranges,
    /// Of which family.
    pub family: Family,
    /// What is odd about how it is written; it was read all the same.
    pub oddity: Option<Oddity>,
}

/// What is odd about an entry, or why it cannot be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Oddity {
    /// Of which kind: [`NoteKind::HostBits`] or [`NoteKind::Malformed`].
    pub kind: NoteKind,
    /// In words, with the entry: "`10.0.0.1/8` has host bits set and is read as 10.0.0.0/8".
    pub what: String,
}

impl Oddity {
    fn malformed(entry: &str, what: &str) -> Self {
        Oddity { kind: NoteKind::Malformed, what: format!("`{}` {what}", short(entry)) }
    }

    /// Notes it.
    pub(super) fn note(&self, rules: &mut Rules, place: &Place) {
        rules.note(self.kind, place, self.what.clone());
    }
}

impl Entry {
    /// Notes what is odd about it, and gives the addresses.
    pub(super) fn noted(self, rules: &mut Rules, place: &Place) -> Ranges {
        if let Some(oddity) = &self.oddity {
            oddity.note(rules, place);
        }
        self.ranges
    }

    fn of(first: IpAddr, last: IpAddr) -> Self {
        let family = Family::of(first);
        // The line of IPv6 has a gap where IPv4 lies.
        let ranges = Ranges::between(number(first), number(last)).and(&family.all());
        Entry { ranges, family, oddity: None }
    }

    fn odd(mut self, oddity: Option<Oddity>) -> Self {
        self.oddity = match (self.oddity.take(), oddity) {
            (Some(first), Some(second)) => {
                Some(Oddity { kind: first.kind, what: format!("{}; {}", first.what, second.what) })
            }
            (first, second) => first.or(second),
        };
        self
    }
}

/// What an address, a network (`/13` or `/255.255.255.0`) or a range (`a-b`) stands for; otherwise why nobody can say.
pub(super) fn entry(text: &str) -> Result<Entry, Oddity> {
    let (bare, wrapped) = unwrapped(text);
    let read = match bare.split_once('/') {
        Some((address, length)) => of_network(bare, address.trim(), length.trim()),
        None => match bare.split_once(['-', '–', '—']) {
            Some((first, last)) => range(first, last),
            None => address(bare),
        },
    }?;
    Ok(read.odd(wrapped))
}

/// What a single address stands for.
pub(super) fn address(text: &str) -> Result<Entry, Oddity> {
    let (bare, wrapped) = unwrapped(text);
    let (one, zone) = parsed(bare)?;
    let one = Entry::of(one, one);
    let mapped = one.ranges.is_empty().then(|| mapped(bare));
    Ok(one.odd(mapped).odd(zone).odd(wrapped))
}

/// All from one address to another.
pub(super) fn range(first: &str, last: &str) -> Result<Entry, Oddity> {
    let ((first, first_zone), (last, last_zone)) = (parsed(first.trim())?, parsed(last.trim())?);
    let written = format!("{first}-{last}");
    if Family::of(first) != Family::of(last) {
        return Err(Oddity::malformed(&written, "goes from one family of addresses to the other"));
    }
    if first > last {
        return Err(Oddity::malformed(&written, "is a range that ends before it begins"));
    }
    let between = Entry::of(first, last);
    let mapped = between.ranges.is_empty().then(|| mapped(&written));
    Ok(between.odd(mapped).odd(first_zone).odd(last_zone))
}

/// What an address under a netmask (`255.255.255.0`) stands for.
pub(super) fn netmask(address: &str, mask: &str) -> Result<Entry, Oddity> {
    let (address, mask) = (address.trim(), mask.trim());
    let written = format!("{address} {mask}");
    let ((base, zone), (bits, _)) = (parsed(address)?, parsed(mask)?);
    match contiguous(base, bits, &written)? {
        Mask::Net(length) => under(&written, base, length).map(|entry| entry.odd(zone)),
        Mask::Wildcard => Err(Oddity::malformed(&written, "has a wildcard mask where a netmask belongs")),
        Mask::Scattered => Err(Oddity::malformed(&written, "has a netmask with gaps")),
    }
}

/// What an address under a wildcard mask (`0.0.0.255`, in which the bits that are set do not count) stands for. One with gaps is
/// refused, though a router takes it: nobody means what it does.
pub(super) fn wildcard(address: &str, mask: &str) -> Result<Entry, Oddity> {
    let (address, mask) = (address.trim(), mask.trim());
    let written = format!("{address} {mask}");
    let ((base, zone), (bits, _)) = (parsed(address)?, parsed(mask)?);
    match contiguous(base, inverse(bits), &written)? {
        Mask::Net(length) => under(&written, base, length).map(|entry| entry.odd(zone)),
        Mask::Wildcard => Err(Oddity::malformed(&written, "has a netmask where a wildcard mask belongs")),
        Mask::Scattered => Err(Oddity::malformed(&written, "has a wildcard mask with gaps")),
    }
}

/// What `443`, `8000-9000`, `8000:9000` or the name of a service stands for among ports.
pub(super) fn ports(text: &str) -> Result<Ranges, Oddity> {
    let text = text.trim();
    if let Some(port) = service(text) {
        return Ok(Ranges::one(port));
    }
    let end = |word: &str| number_up_to(word.trim(), u16::MAX.into()).or_else(|| service(word.trim()).map(u32::from));
    match text.split_once(['-', ':']) {
        None => end(text).map(Ranges::one).ok_or_else(|| Oddity::malformed(text, "is no port")),
        Some((first, last)) => match (end(first), end(last)) {
            (Some(first), Some(last)) if first <= last => Ok(Ranges::between(first, last)),
            (Some(_), Some(_)) => Err(Oddity::malformed(text, "is a range that ends before it begins")),
            _ => Err(Oddity::malformed(text, "is no range of ports")),
        },
    }
}

/// The port of a service that goes by this name everywhere.
pub(super) fn service(name: &str) -> Option<u16> {
    SERVICES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, port)| *port)
}

/// The number of a protocol, by its name or as it is written (`6`).
pub(super) fn protocol(text: &str) -> Option<u8> {
    let text = text.trim();
    let named = PROTOCOLS.iter().find(|(known, _)| known.eq_ignore_ascii_case(text)).map(|(_, number)| *number);
    named.or_else(|| number_up_to(text, u8::MAX.into()).and_then(|number| u8::try_from(number).ok()))
}

/// Whether this can be the name of a host, or a pattern of names: its top is letters, another part has one too (an address with a
/// slip of the finger has none), and nothing stands in it that no name has.
pub(super) fn is_host_name(text: &str) -> bool {
    let name = text.strip_prefix("*.").or(text.strip_prefix('.')).unwrap_or(text);
    let name = name.strip_suffix('.').unwrap_or(name);
    let label = |label: &str| {
        !label.is_empty()
            && label.len() < 64
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let letters = |text: &str| text.contains(|c: char| c.is_ascii_alphabetic());
    let Some((rest, top)) = name.rsplit_once('.') else { return false };
    let is_top = top.len() > 1 && (top.bytes().all(|byte| byte.is_ascii_alphabetic()) || top.starts_with("xn--"));
    name.len() < 254 && name.split('.').all(label) && is_top && letters(rest)
}

/// Without what people's programs leave around an entry; what that was, where a firewall would not have taken it so.
fn unwrapped(text: &str) -> (&str, Option<Oddity>) {
    let invisible = |c: char| {
        c.is_control()
            || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    let quote =
        |c: char| matches!(c, '"' | '\'' | '`' | '“' | '”' | '‘' | '’' | '«' | '»' | '[' | ']' | '(' | ')' | '<' | '>');
    let text = text.trim();
    let seen = text.trim_matches(|c: char| invisible(c) || c.is_whitespace());
    let bare = seen.trim_matches(|c: char| quote(c) || invisible(c) || c.is_whitespace());
    let oddity = if seen.len() < text.len() {
        Some(Oddity::malformed(bare, "stands between invisible characters"))
    } else {
        (bare.len() < seen.len()).then(|| Oddity::malformed(seen, "stands in quotes or brackets"))
    };
    (bare, oddity)
}

fn of_network(written: &str, address: &str, length: &str) -> Result<Entry, Oddity> {
    if length.contains(['.', ':']) {
        return netmask(address, length);
    }
    let (base, zone) = parsed(address).map_err(|_| Oddity::malformed(written, why_no_address(address)))?;
    let max = IpNet::from(base).max_prefix_len();
    match number_up_to(length, u32::MAX) {
        Some(length) => match u8::try_from(length) {
            Ok(length) if length <= max => under(written, base, length).map(|entry| entry.odd(zone)),
            _ => Err(Oddity::malformed(
                written,
                &format!("is longer than {max}, the most that {} has", Family::of(base).as_str()),
            )),
        },
        None if length.len() > 1 && length.starts_with('0') && length.bytes().all(|byte| byte.is_ascii_digit()) => {
            Err(Oddity::malformed(written, "has a length with a leading zero, which not every reader takes alike"))
        }
        None => Err(Oddity::malformed(written, "has no length that is a number")),
    }
}

/// The network of this length around an address.
fn under(written: &str, base: IpAddr, length: u8) -> Result<Entry, Oddity> {
    let Ok(net) = IpNet::new(base, length) else { return Err(Oddity::malformed(written, "has an impossible length")) };
    let entry = Entry::of(net.network(), net.broadcast());
    let mapped = entry.ranges.is_empty().then(|| mapped(written));
    let host_bits = (net.network() != base).then(|| Oddity {
        kind: NoteKind::HostBits,
        what: format!("`{}` has host bits set and is read as {}", short(written), net.trunc()),
    });
    Ok(entry.odd(host_bits).odd(mapped))
}

fn mapped(written: &str) -> Oddity {
    Oddity::malformed(written, "is IPv4 mapped into IPv6, which no packet on a network has")
}

/// An address, without its zone; strictly, since firewalls differ about everything else.
fn parsed(text: &str) -> Result<(IpAddr, Option<Oddity>), Oddity> {
    if let Ok(address) = text.parse() {
        return Ok((address, None));
    }
    if let Some((one, zone)) = text.split_once('%')
        && let Ok(IpAddr::V6(address)) = one.parse()
        && !zone.is_empty()
    {
        return Ok((address.into(), Some(Oddity::malformed(text, "has a zone, which is read without it"))));
    }
    Err(Oddity::malformed(text, why_no_address(text)))
}

fn why_no_address(text: &str) -> &'static str {
    let octets: Vec<&str> = text.split('.').collect();
    let numbers = octets.iter().all(|octet| !octet.is_empty() && octet.bytes().all(|byte| byte.is_ascii_digit()));
    if text.is_empty() {
        return "is empty";
    }
    if text.contains("://") {
        return "is a URL, not an address";
    }
    if numbers && octets.len() < 4 {
        return "has too few octets";
    }
    if numbers && octets.len() > 4 {
        return "has too many octets";
    }
    if numbers && octets.iter().any(|octet| octet.len() > 1 && octet.starts_with('0')) {
        return "has an octet with a leading zero, which some readers take as octal";
    }
    if numbers {
        return "has an octet above 255";
    }
    if text.split_once(':').is_some_and(|(host, _)| host.parse::<std::net::Ipv4Addr>().is_ok()) {
        return "has a port, where only an address belongs";
    }
    if text.contains('*') {
        return "is a pattern, not an address";
    }
    if is_host_name(text) { "is the name of a host, not an address" } else { "is no address" }
}

enum Mask {
    /// Ones, then zeros: a length.
    Net(u8),
    /// Zeros, then ones.
    Wildcard,
    /// Neither.
    Scattered,
}

fn contiguous(base: IpAddr, mask: IpAddr, written: &str) -> Result<Mask, Oddity> {
    let (bits, width) = match (base, mask) {
        (IpAddr::V4(_), IpAddr::V4(mask)) => (u128::from(u32::from(mask)) << 96, 32),
        (IpAddr::V6(_), IpAddr::V6(mask)) => (u128::from(mask), 128),
        _ => return Err(Oddity::malformed(written, "has an address and a mask of different families")),
    };
    let (ones, zeros) = (bits.leading_ones().min(width), bits.leading_zeros().min(width));
    Ok(if bits.count_ones() == ones {
        Mask::Net(u8::try_from(ones).unwrap_or(u8::MAX))
    } else if bits.count_ones() == width - zeros {
        Mask::Wildcard
    } else {
        Mask::Scattered
    })
}

fn inverse(mask: IpAddr) -> IpAddr {
    match mask {
        IpAddr::V4(mask) => IpAddr::V4((!u32::from(mask)).into()),
        IpAddr::V6(mask) => IpAddr::V6((!u128::from(mask)).into()),
    }
}

/// A number in plain digits, without a sign or leading zeros.
fn number_up_to(text: &str, most: u32) -> Option<u32> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text.len() == 1 || !text.starts_with('0'));
    plain.then(|| text.parse().ok()).flatten().filter(|number| *number <= most)
}

/// An entry that is long was not meant to be one.
fn short(text: &str) -> String {
    let mut short: String = text.chars().take(80).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(80).is_some() {
        short.push('…');
    }
    short
}

/// Of /etc/services and the tables of Cisco and others, what stands in rules and means the same everywhere.
const SERVICES: &[(&str, u16)] = &[
    ("ftp-data", 20),
    ("ftp", 21),
    ("ssh", 22),
    ("telnet", 23),
    ("smtp", 25),
    ("whois", 43),
    ("tacacs", 49),
    ("domain", 53),
    ("dns", 53),
    ("bootps", 67),
    ("bootpc", 68),
    ("tftp", 69),
    ("gopher", 70),
    ("finger", 79),
    ("http", 80),
    ("www", 80),
    ("kerberos", 88),
    ("pop2", 109),
    ("pop3", 110),
    ("sunrpc", 111),
    ("ident", 113),
    ("nntp", 119),
    ("ntp", 123),
    ("netbios-ns", 137),
    ("netbios-dgm", 138),
    ("netbios-ssn", 139),
    ("imap", 143),
    ("imap2", 143),
    ("imap4", 143),
    ("snmp", 161),
    ("snmptrap", 162),
    ("xdmcp", 177),
    ("bgp", 179),
    ("irc", 194),
    ("ldap", 389),
    ("https", 443),
    ("microsoft-ds", 445),
    ("smtps", 465),
    ("submissions", 465),
    ("isakmp", 500),
    ("syslog", 514),
    ("printer", 515),
    ("submission", 587),
    ("ipp", 631),
    ("ldaps", 636),
    ("domain-s", 853),
    ("ftps", 990),
    ("imaps", 993),
    ("pop3s", 995),
    ("socks", 1080),
    ("openvpn", 1194),
    ("ms-sql-s", 1433),
    ("ms-sql-m", 1434),
    ("pptp", 1723),
    ("nfs", 2049),
    ("mysql", 3306),
    ("ms-wbt-server", 3389),
    ("rdp", 3389),
    ("ipsec-nat-t", 4500),
    ("sip", 5060),
    ("sip-tls", 5061),
    ("xmpp-client", 5222),
    ("postgresql", 5432),
    ("http-alt", 8080),
];

const PROTOCOLS: &[(&str, u8)] = &[
    ("icmp", 1),
    ("igmp", 2),
    ("ipip", 4),
    ("ipencap", 4),
    ("tcp", 6),
    ("egp", 8),
    ("igp", 9),
    ("udp", 17),
    ("dccp", 33),
    ("ipv6", 41),
    ("rsvp", 46),
    ("gre", 47),
    ("esp", 50),
    ("ah", 51),
    ("ahp", 51),
    ("icmpv6", 58),
    ("icmp6", 58),
    ("ipv6-icmp", 58),
    ("eigrp", 88),
    ("ospf", 89),
    ("pim", 103),
    ("vrrp", 112),
    ("l2tp", 115),
    ("sctp", 132),
    ("udplite", 136),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::firewall::addresses;

    fn words(text: &str) -> String {
        addresses::in_words(&entry(text).unwrap_or_else(|odd| panic!("{text}: {}", odd.what)).ranges)
    }

    fn odd(text: &str) -> String {
        match entry(text) {
            Ok(entry) => entry.oddity.map(|oddity| oddity.what).unwrap_or_default(),
            Err(oddity) => format!("no: {}", oddity.what),
        }
    }

    #[test]
    fn an_entry_is_read_however_it_is_written_plainly() {
        for (text, means) in [
            ("3.217.146.166", "3.217.146.166"),
            (" 104.16.0.0/13\t", "104.16.0.0/13"),
            ("10.0.0.0/255.255.255.0", "10.0.0.0/24"),
            ("10.0.0.1/255.255.255.255", "10.0.0.1"),
            ("10.0.0.0-10.0.1.255", "10.0.0.0/23"),
            ("10.0.0.1 - 10.0.0.1", "10.0.0.1"),
            ("2606:4700::/32", "2606:4700::/32"),
            ("2606:4700:0000::1", "2606:4700::1"),
            ("2606:4700::/ffff:ffff::", "2606:4700::/32"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("::/0", "::/0"),
        ] {
            assert_eq!((words(text).as_str(), odd(text).as_str()), (means, ""), "{text}");
        }
        assert_eq!(entry("::/0").unwrap().ranges, Family::V6.all());
        assert!(
            !entry("::/64").unwrap().ranges.overlaps(&Family::V4.all()),
            "IPv4 lies on the line of IPv6, and is not of it"
        );
    }

    #[test]
    fn what_is_odd_is_said_and_read_all_the_same() {
        for (text, means, says) in [
            ("10.0.0.1/8", "10.0.0.0/8", "`10.0.0.1/8` has host bits set and is read as 10.0.0.0/8"),
            (
                "10.1.1.1/255.255.0.0",
                "10.1.0.0/16",
                "`10.1.1.1 255.255.0.0` has host bits set and is read as 10.1.0.0/16",
            ),
            ("fe80::1%eth0", "fe80::1", "`fe80::1%eth0` has a zone, which is read without it"),
            ("\"1.2.3.4\"", "1.2.3.4", "`\"1.2.3.4\"` stands in quotes or brackets"),
            ("[2606:4700::1]", "2606:4700::1", "`[2606:4700::1]` stands in quotes or brackets"),
            ("\u{feff}1.2.3.4\u{200b}", "1.2.3.4", "`1.2.3.4` stands between invisible characters"),
            ("::ffff:1.2.3.4", "", "`::ffff:1.2.3.4` is IPv4 mapped into IPv6, which no packet on a network has"),
            ("::ffff:0:0/96", "", "`::ffff:0:0/96` is IPv4 mapped into IPv6, which no packet on a network has"),
        ] {
            assert_eq!((words(text).as_str(), odd(text).as_str()), (means, says), "{text}");
        }
        assert_eq!(entry("10.0.0.1/8").unwrap().oddity.unwrap().kind, NoteKind::HostBits);
    }

    #[test]
    fn what_firewalls_read_differently_is_not_read() {
        for (text, says) in [
            ("104.16.0/13", "`104.16.0/13` has too few octets"),
            ("010.0.0.0/8", "`010.0.0.0/8` has an octet with a leading zero, which some readers take as octal"),
            ("10.0.0.0/08", "`10.0.0.0/08` has a length with a leading zero, which not every reader takes alike"),
            ("10.0.0.0/33", "`10.0.0.0/33` is longer than 32, the most that IPv4 has"),
            ("2606:4700::/129", "`2606:4700::/129` is longer than 128, the most that IPv6 has"),
            ("10.0.0.0/", "`10.0.0.0/` has no length that is a number"),
            ("10.0.0.0/+8", "`10.0.0.0/+8` has no length that is a number"),
            ("10.0.0.0/0.0.0.255", "`10.0.0.0 0.0.0.255` has a wildcard mask where a netmask belongs"),
            ("10.0.0.0/255.0.255.0", "`10.0.0.0 255.0.255.0` has a netmask with gaps"),
            ("10.0.0.9-10.0.0.1", "`10.0.0.9-10.0.0.1` is a range that ends before it begins"),
            ("10.0.0.1-::1", "`10.0.0.1-::1` goes from one family of addresses to the other"),
            ("10.0.0.1-50", "`50` has too few octets"),
            ("1.2.3.4:443", "`1.2.3.4:443` has a port, where only an address belongs"),
            ("256.1.1.1", "`256.1.1.1` has an octet above 255"),
            ("1.2.3.4.5", "`1.2.3.4.5` has too many octets"),
            ("10.0.*.*", "`10.0.*.*` is a pattern, not an address"),
            ("api.workos.com", "`api.workos.com` is the name of a host, not an address"),
            ("", "`` is empty"),
            ("https", "`https` is no address"),
        ] {
            assert_eq!(odd(text), format!("no: {says}"), "{text}");
        }
    }

    #[test]
    fn a_netmask_and_a_wildcard_mask_are_told_apart() {
        let says = |read: Result<Entry, Oddity>| match read {
            Ok(entry) => addresses::in_words(&entry.ranges),
            Err(oddity) => oddity.what,
        };

        assert_eq!(says(netmask("10.0.0.0", "255.255.255.0")), "10.0.0.0/24");
        assert_eq!(says(wildcard("10.0.0.0", "0.0.0.255")), "10.0.0.0/24");
        assert_eq!(says(netmask("0.0.0.0", "0.0.0.0")), "0.0.0.0/0");
        assert_eq!(says(wildcard("0.0.0.0", "255.255.255.255")), "0.0.0.0/0");
        assert_eq!(says(wildcard("10.0.0.1", "0.0.0.0")), "10.0.0.1");
        assert_eq!(
            says(wildcard("10.0.0.0", "255.255.255.0")),
            "`10.0.0.0 255.255.255.0` has a netmask where a wildcard mask belongs"
        );
        assert_eq!(
            says(netmask("10.0.0.0", "0.0.0.255")),
            "`10.0.0.0 0.0.0.255` has a wildcard mask where a netmask belongs"
        );
        assert_eq!(says(wildcard("10.0.0.0", "0.0.255.0")), "`10.0.0.0 0.0.255.0` has a wildcard mask with gaps");
    }

    #[test]
    fn ports_and_protocols_go_by_number_and_by_name() {
        assert_eq!(ports("443"), Ok(Ranges::one(443_u16)));
        assert_eq!(ports("HTTPS"), ports("443"));
        assert_eq!(ports("8000-9000"), ports("8000:9000"));
        assert_eq!(ports("ftp-data"), Ok(Ranges::one(20_u8)));
        assert_eq!(ports("0-65535"), Ok(Ranges::between(0_u8, 65535_u16)));
        for text in ["", "65536", "0443", "9000-8000", "-1", "1-", "443/tcp", "４４３"] {
            assert!(ports(text).is_err(), "{text}");
        }
        assert_eq!((protocol("tcp"), protocol("6"), protocol("Icmp"), protocol("256"), protocol("ip")), {
            (Some(6), Some(6), Some(1), None, None)
        });
    }

    #[test]
    fn a_host_is_told_from_an_address_with_a_slip() {
        for name in ["api.workos.com", "*.authkit.app", ".example.com", "a.xn--p1ai", "3com.example", "x.y.internal."] {
            assert!(is_host_name(name), "{name}");
        }
        for name in
            ["1.2.3.4", "1.2.3.4q", "1.2.3.q", "1.2.3.ab", "https", "a..b", "a b.c", "-a.com", "", ".", "10.0.0.0/8"]
        {
            assert!(!is_host_name(name), "{name}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read_or_refused(text in "\\PC{0,60}|[0-9a-f.:/%*\\-\\[\\] ]{0,50}") {
            for read in [entry(&text), address(&text), netmask("10.0.0.0", &text), wildcard(&text, "0.0.0.255")] {
                match read {
                    Ok(entry) => prop_assert!(entry.family.all().covers(&entry.ranges)),
                    Err(oddity) => prop_assert!(oddity.what.chars().count() < 400),
                }
            }
            if let Ok(set) = ports(&text) {
                prop_assert!(!set.is_empty() && Ranges::between(0_u8, u16::MAX).covers(&set));
            }
            let _ = (protocol(&text), is_host_name(&text));
        }

        #[test]
        fn a_network_is_what_it_is_however_it_is_written(address: u32, length in 0_u8..=32) {
            let net = ipnet::Ipv4Net::new(address.into(), length).unwrap().trunc();
            let (first, last) = (net.network(), net.broadcast());
            let means = addresses::network(net.into());

            for text in [net.to_string(), format!("{first}/{}", net.netmask()), format!("{first}-{last}")] {
                let read = entry(&text).unwrap();
                prop_assert_eq!((&read.ranges, read.oddity), (&means, None), "{}", text);
            }
            let hostmask = net.hostmask().to_string();
            prop_assert_eq!(wildcard(&first.to_string(), &hostmask).unwrap().ranges, means);
        }
    }
}
