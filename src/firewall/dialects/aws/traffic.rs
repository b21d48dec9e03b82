//! Protocol and ports as security groups and network ACLs name them.

use super::super::entry;
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{Condition, Match};

/// What a rule matches, whoever its peer is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in super::super) struct Traffic {
    /// What it can match at most.
    pub(in super::super) matches: Match,
    /// Why nobody knows how much of that it matches, where it is so.
    pub(in super::super) unclear: Option<String>,
}

impl Traffic {
    fn clear(matches: Match) -> Self {
        Traffic { matches, unclear: None }
    }

    /// Something of this that nobody understands.
    pub(in super::super) fn unclear(matches: Match, why: impl Into<String>) -> Self {
        Traffic { matches, unclear: Some(why.into()) }
    }
}

const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMP: u8 = 1;
const ICMPV6: u8 = 58;

/// What a protocol (`tcp`, `6`, `-1`) and a pair of numbers (first and last port, or type and code) match, whoever the peer is.
pub(in super::super) fn traffic(protocol: &str, numbers: Option<(i64, i64)>) -> Traffic {
    // With all protocols come all ports, whatever stands beside.
    if protocol == "-1" || protocol.eq_ignore_ascii_case("all") {
        return Traffic::clear(Match::any());
    }
    let Some(protocol) = entry::protocol(protocol) else {
        return Traffic::unclear(Match::any(), format!("`{protocol}` is no protocol"));
    };
    let of_protocol = Match { protocol: Ranges::one(protocol), ..Match::any() };
    match protocol {
        TCP | UDP => with_ports(of_protocol, numbers),
        ICMP | ICMPV6 => Traffic::clear(of_type(of_protocol, numbers)),
        // Of other protocols AWS knows no ports, and passes over what is given.
        _ => Traffic::clear(of_protocol),
    }
}

fn with_ports(reach: Match, ports: Option<(i64, i64)>) -> Traffic {
    let why = match ports {
        None => "names no ports".to_owned(),
        Some((first, last)) => match (u16::try_from(first), u16::try_from(last)) {
            (Ok(first), Ok(last)) if first <= last => {
                return Traffic::clear(Match { port: Ranges::between(first, last), ..reach });
            }
            _ => format!("`{first}-{last}` is no range of ports"),
        },
    };
    Traffic::unclear(reach, why)
}

fn of_type(reach: Match, numbers: Option<(i64, i64)>) -> Match {
    match numbers {
        None | Some((-1, _)) => reach,
        Some((kind, -1)) => reach.on(Condition::holds(format!("the ICMP message is of type {kind}"))),
        Some((kind, code)) => reach.on(Condition::holds(format!("the ICMP message is of type {kind}, code {code}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(protocol: &str, ports: Option<(i64, i64)>) -> Match {
        let read = traffic(protocol, ports);
        assert_eq!(read.unclear, None);
        read.matches
    }

    #[test]
    fn a_protocol_goes_by_name_and_by_number_and_all_of_them_have_no_ports() {
        let https = Match { protocol: Ranges::one(6_u8), port: Ranges::one(443_u16), ..Match::any() };

        assert_eq!(read("tcp", Some((443, 443))), https);
        assert_eq!(read("6", Some((443, 443))), https);
        assert_eq!(read("TCP", Some((443, 443))), https);
        assert_eq!(read("-1", None), Match::any());
        assert_eq!(read("-1", Some((0, 0))), Match::any());
        assert_eq!(read("all", Some((443, 443))), Match::any());
        assert_eq!(read("50", Some((443, 443))), Match { protocol: Ranges::one(50_u8), ..Match::any() });
    }

    #[test]
    fn what_says_no_ports_is_not_taken_for_all_of_them() {
        for ports in [None, Some((-1, -1)), Some((443, 80)), Some((0, 70_000))] {
            let read = traffic("tcp", ports);
            assert!(read.unclear.is_some());
            assert_eq!(read.matches, Match { protocol: Ranges::one(6_u8), ..Match::any() }, "{ports:?}");
        }
        assert_eq!(traffic("tls", Some((443, 443))), Traffic::unclear(Match::any(), "`tls` is no protocol"));
    }

    #[test]
    fn a_type_of_icmp_is_not_all_of_it() {
        assert_eq!(read("icmp", Some((-1, -1))), Match { protocol: Ranges::one(1_u8), ..Match::any() });
        assert_eq!(read("1", Some((8, -1))).conditions, [Condition::holds("the ICMP message is of type 8")]);
        assert_eq!(read("58", Some((1, 4))).conditions, [Condition::holds("the ICMP message is of type 1, code 4")]);
    }
}
