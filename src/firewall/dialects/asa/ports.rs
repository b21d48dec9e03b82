//! Ports by the names that Cisco has for them, and what an operator makes of them.

use crate::firewall::ranges::Ranges;

/// Names of ports. Some differ from what everybody else calls so.
const PORTS: &[(&str, u16)] = &[
    ("aol", 5190),
    ("bgp", 179),
    ("biff", 512),
    ("bootpc", 68),
    ("bootps", 67),
    ("chargen", 19),
    ("cifs", 3020),
    ("citrix-ica", 1494),
    ("cmd", 514),
    ("ctiqbe", 2748),
    ("daytime", 13),
    ("discard", 9),
    ("dnsix", 195),
    ("domain", 53),
    ("echo", 7),
    ("exec", 512),
    ("finger", 79),
    ("ftp", 21),
    ("ftp-data", 20),
    ("gopher", 70),
    ("h323", 1720),
    ("hostname", 101),
    ("http", 80),
    ("https", 443),
    ("ident", 113),
    ("imap4", 143),
    ("irc", 194),
    ("isakmp", 500),
    ("kerberos", 750),
    ("klogin", 543),
    ("kshell", 544),
    ("ldap", 389),
    ("ldaps", 636),
    ("login", 513),
    ("lotusnotes", 1352),
    ("lpd", 515),
    ("mobile-ip", 434),
    ("msrpc", 135),
    ("nameserver", 42),
    ("netbios-dgm", 138),
    ("netbios-ns", 137),
    ("netbios-ss", 139),
    ("netbios-ssn", 139),
    ("nfs", 2049),
    ("nntp", 119),
    ("non500-isakmp", 4500),
    ("ntp", 123),
    ("pcanywhere-data", 5631),
    ("pcanywhere-status", 5632),
    ("pim-auto-rp", 496),
    ("pop2", 109),
    ("pop3", 110),
    ("pptp", 1723),
    ("radius", 1645),
    ("radius-acct", 1646),
    ("rip", 520),
    ("rsh", 514),
    ("rtsp", 554),
    ("secureid-udp", 5510),
    ("sip", 5060),
    ("smtp", 25),
    ("snmp", 161),
    ("snmptrap", 162),
    ("sqlnet", 1521),
    ("ssh", 22),
    ("sunrpc", 111),
    ("syslog", 514),
    ("tacacs", 49),
    ("talk", 517),
    ("telnet", 23),
    ("tftp", 69),
    ("time", 37),
    ("uucp", 540),
    ("vxlan", 4789),
    ("who", 513),
    ("whois", 43),
    ("www", 80),
    ("xdmcp", 177),
];

/// A port by number or name.
pub(super) fn port(word: &str) -> Option<u16> {
    let digits = word.bytes().all(|byte| byte.is_ascii_digit()) && (word.len() == 1 || !word.starts_with('0'));
    if digits {
        return word.parse().ok();
    }
    PORTS.iter().find(|(name, _)| *name == word).map(|(_, port)| *port)
}

/// The ports that an operator and what stands behind it stand for, and how many words that were; nothing, where there is no
/// operator. On IOS, `eq` and `neq` take several.
pub(super) fn operator(words: &[&str], several: bool) -> Option<Result<(Ranges, usize), String>> {
    let (operator, rest) = words.split_first()?;
    if !["eq", "neq", "lt", "gt", "range"].contains(operator) {
        return None;
    }
    let most = if several && *operator != "range" { 10 } else { 1 };
    let wanted = if *operator == "range" { 2 } else { most };
    let known: Vec<u16> = rest.iter().take(wanted).map_while(|word| port(word)).collect();
    let all = Ranges::between(0_u8, u16::MAX);
    let ports = match (*operator, known.as_slice()) {
        ("range", [first, last]) if first <= last => Ranges::between(*first, *last),
        ("eq", [_, ..]) => Ranges::of(known.iter().map(|port| (u128::from(*port), u128::from(*port)))),
        ("neq", [_, ..]) => all.minus(&Ranges::of(known.iter().map(|port| (u128::from(*port), u128::from(*port))))),
        ("lt", [port]) => port.checked_sub(1).map_or_else(Ranges::none, |last| Ranges::between(0_u8, last)),
        ("gt", [port]) => port.checked_add(1).map_or_else(Ranges::none, |first| Ranges::between(first, u16::MAX)),
        _ => return Some(Err(format!("has no port that is known behind `{operator}`"))),
    };
    Some(Ok((ports, 1 + known.len())))
}
