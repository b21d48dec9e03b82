//! Services that a FortiGate has from the beginning. A definition in the file comes before them.

use crate::firewall::dialects::edge::named::Part;
use crate::firewall::dialects::edge::services::{Service, Services};
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{Place, Rules};

/// A service by name: its protocols, and the ports of each.
type Known = (&'static str, &'static [u8], &'static [(u16, u16)]);

/// Those that are told by ports.
const SERVICES: &[Known] = &[
    ("ALL_TCP", &[6], &[(1, 65535)]),
    ("ALL_UDP", &[17], &[(1, 65535)]),
    ("DNS", &[6, 17], &[(53, 53)]),
    ("FTP", &[6], &[(21, 21)]),
    ("FTP_GET", &[6], &[(21, 21)]),
    ("FTP_PUT", &[6], &[(21, 21)]),
    ("HTTP", &[6], &[(80, 80)]),
    ("HTTPS", &[6], &[(443, 443)]),
    ("IMAP", &[6], &[(143, 143)]),
    ("IMAPS", &[6], &[(993, 993)]),
    ("KERBEROS", &[6, 17], &[(88, 88), (464, 464)]),
    ("LDAP", &[6], &[(389, 389)]),
    ("LDAP_UDP", &[17], &[(389, 389)]),
    ("MS-SQL", &[6], &[(1433, 1434)]),
    ("MYSQL", &[6], &[(3306, 3306)]),
    ("NTP", &[6, 17], &[(123, 123)]),
    ("POP3", &[6], &[(110, 110)]),
    ("POP3S", &[6], &[(995, 995)]),
    ("RDP", &[6], &[(3389, 3389)]),
    ("SMB", &[6], &[(445, 445)]),
    ("SMTP", &[6], &[(25, 25)]),
    ("SMTPS", &[6], &[(465, 465)]),
    ("SNMP", &[6, 17], &[(161, 162)]),
    ("SSH", &[6], &[(22, 22)]),
    ("SYSLOG", &[17], &[(514, 514)]),
    ("TELNET", &[6], &[(23, 23)]),
    ("TFTP", &[17], &[(69, 69)]),
];

/// Groups that it has from the beginning.
const GROUPS: &[(&str, &[&str])] = &[("Web Access", &["DNS", "HTTP", "HTTPS"])];

/// Services that are all of a protocol.
const PROTOCOLS: &[(&str, u8)] =
    &[("ALL_ICMP", 1), ("ALL_ICMP6", 58), ("GRE", 47), ("AH", 51), ("ESP", 50), ("OSPF", 89)];

/// What a name stands for that the file does not define.
pub(super) fn service(name: &str, _: &Place, _: &mut Rules) -> Option<Part<Services>> {
    by_name(name).map(|each| Part::Is(Services::of(each)))
}

fn by_name(name: &str) -> Option<Vec<Service>> {
    if name == "ALL" {
        return Some(vec![Service::any()]);
    }
    if let Some((_, number)) = PROTOCOLS.iter().find(|(known, _)| *known == name) {
        return Some(vec![Service::protocol(*number)]);
    }
    if let Some((_, members)) = GROUPS.iter().find(|(known, _)| *known == name) {
        return members.iter().map(|member| by_name(member)).collect::<Option<Vec<_>>>().map(|each| each.concat());
    }
    let (_, protocols, ports) = SERVICES.iter().find(|(known, ..)| *known == name)?;
    let ports = Ranges::of(ports.iter().map(|(first, last)| (u128::from(*first), u128::from(*last))));
    Some(protocols.iter().map(|number| Service::to(*number, ports.clone())).collect())
}
