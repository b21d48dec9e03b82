//! Services that a FortiGate has from the beginning. A definition in the file comes before them.

use crate::firewall::dialects::edge::named::Part;
use crate::firewall::dialects::edge::services::{Service, Services};
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{Place, Rules};

/// A service by name: its protocols, and the ports of each.
type Known = (&'static str, &'static [u8], &'static [(u16, u16)]);

/// Those that are told by ports.
const SERVICES: &[Known] = &[
    ("AFS3", &[6, 17], &[(7000, 7009)]),
    ("ALL_TCP", &[6], &[(1, 65535)]),
    ("ALL_UDP", &[17], &[(1, 65535)]),
    ("AOL", &[6], &[(5190, 5194)]),
    ("BGP", &[6], &[(179, 179)]),
    ("CVSPSERVER", &[6, 17], &[(2401, 2401)]),
    ("DCE-RPC", &[6, 17], &[(135, 135)]),
    ("DHCP", &[17], &[(67, 68)]),
    ("DHCP6", &[17], &[(546, 547)]),
    ("DNS", &[6, 17], &[(53, 53)]),
    ("FINGER", &[6], &[(79, 79)]),
    ("FTP", &[6], &[(21, 21)]),
    ("FTP_GET", &[6], &[(21, 21)]),
    ("FTP_PUT", &[6], &[(21, 21)]),
    ("GOPHER", &[6], &[(70, 70)]),
    ("GTP", &[6, 17], &[(2123, 2123), (2152, 2152), (3386, 3386)]),
    ("HTTP", &[6], &[(80, 80)]),
    ("HTTPS", &[6], &[(443, 443)]),
    ("IKE", &[17], &[(500, 500), (4500, 4500)]),
    ("IMAP", &[6], &[(143, 143)]),
    ("IMAPS", &[6], &[(993, 993)]),
    ("Internet-Locator-Service", &[6], &[(389, 389)]),
    ("IRC", &[6], &[(6660, 6669)]),
    ("KERBEROS", &[6, 17], &[(88, 88), (464, 464)]),
    ("L2TP", &[6, 17], &[(1701, 1701)]),
    ("LDAP", &[6], &[(389, 389)]),
    ("LDAP_UDP", &[17], &[(389, 389)]),
    ("MGCP", &[17], &[(2427, 2427), (2727, 2727)]),
    ("MS-SQL", &[6], &[(1433, 1434)]),
    ("MYSQL", &[6], &[(3306, 3306)]),
    ("NetMeeting", &[6], &[(1720, 1720)]),
    ("NFS", &[6, 17], &[(111, 111), (2049, 2049)]),
    ("NNTP", &[6], &[(119, 119)]),
    ("NTP", &[6, 17], &[(123, 123)]),
    ("ONC-RPC", &[6, 17], &[(111, 111)]),
    ("POP3", &[6], &[(110, 110)]),
    ("POP3S", &[6], &[(995, 995)]),
    ("PPTP", &[6], &[(1723, 1723)]),
    ("QUAKE", &[17], &[(26000, 26000), (27000, 27000), (27910, 27910), (27960, 27960)]),
    ("RADIUS", &[17], &[(1812, 1813)]),
    ("RADIUS-OLD", &[17], &[(1645, 1646)]),
    ("RAUDIO", &[17], &[(7070, 7070)]),
    ("RDP", &[6], &[(3389, 3389)]),
    ("REXEC", &[6], &[(512, 512)]),
    ("RIP", &[17], &[(520, 520)]),
    ("RLOGIN", &[6], &[(513, 513)]),
    ("RSH", &[6], &[(514, 514)]),
    ("SAMBA", &[6], &[(139, 139)]),
    ("SCCP", &[6], &[(2000, 2000)]),
    ("SIP", &[6, 17], &[(5060, 5060)]),
    ("SIP-MSNmessenger", &[6], &[(1863, 1863)]),
    ("SMB", &[6], &[(445, 445)]),
    ("SMTP", &[6], &[(25, 25)]),
    ("SMTPS", &[6], &[(465, 465)]),
    ("SNMP", &[6, 17], &[(161, 162)]),
    ("SSH", &[6], &[(22, 22)]),
    ("SYSLOG", &[17], &[(514, 514)]),
    ("TALK", &[17], &[(517, 518)]),
    ("TELNET", &[6], &[(23, 23)]),
    ("TFTP", &[17], &[(69, 69)]),
    ("UUCP", &[6], &[(540, 540)]),
    ("VDOLIVE", &[6], &[(7000, 7010)]),
    ("VNC", &[6], &[(5900, 5900)]),
    ("WAIS", &[6], &[(210, 210)]),
    ("WINFRAME", &[6], &[(1494, 1494), (2598, 2598)]),
    ("WINS", &[6, 17], &[(1512, 1512)]),
    ("X-WINDOWS", &[6], &[(6000, 6063)]),
];

/// Groups that it has from the beginning.
const GROUPS: &[(&str, &[&str])] = &[
    ("Email Access", &["DNS", "IMAP", "IMAPS", "POP3", "POP3S", "SMTP", "SMTPS"]),
    ("Exchange Server", &["DCE-RPC", "DNS", "HTTPS"]),
    ("Web Access", &["DNS", "HTTP", "HTTPS"]),
    ("Windows AD", &["DCE-RPC", "DNS", "KERBEROS", "LDAP", "LDAP_UDP", "SAMBA", "SMB"]),
];

/// A protocol, with its first port and its last.
type Reach = (u8, u16, u16);

/// Services whose ports differ from protocol to protocol.
const MIXED: &[(&str, &[Reach])] = &[
    ("H323", &[(6, 1503, 1503), (6, 1720, 1720), (17, 1719, 1719)]),
    ("MMS", &[(6, 1755, 1755), (17, 1024, 5000)]),
    ("PC-Anywhere", &[(6, 5631, 5631), (17, 5632, 5632)]),
    ("RTSP", &[(6, 554, 554), (6, 7070, 7070), (6, 8554, 8554), (17, 554, 554)]),
    ("SOCKS", &[(6, 1080, 1080), (17, 1080, 1080)]),
    ("SQUID", &[(6, 3128, 3128)]),
    ("TRACEROUTE", &[(17, 33434, 33535)]),
];

/// Services that are some kinds of messages of a protocol.
const MESSAGES: &[(&str, u8)] =
    &[("INFO_ADDRESS", 1), ("INFO_REQUEST", 1), ("PING", 1), ("PING6", 58), ("TIMESTAMP", 1)];

/// Services that are all of a protocol.
const PROTOCOLS: &[(&str, u8)] =
    &[("ALL_ICMP", 1), ("ALL_ICMP6", 58), ("GRE", 47), ("AH", 51), ("ESP", 50), ("OSPF", 89)];

/// What a name stands for that the file does not define.
pub(super) fn service(name: &str, _: &Place, _: &mut Rules) -> Option<Part<Services>> {
    if let Some((_, number)) = MESSAGES.iter().find(|(known, _)| *known == name) {
        let words = format!("of the ICMP service `{name}`");
        return Some(Part::Perhaps(words.into(), Services::of([Service::protocol(*number)])));
    }
    by_name(name).map(|each| Part::Is(Services::of(each)))
}

fn by_name(name: &str) -> Option<Vec<Service>> {
    if name == "ALL" {
        return Some(vec![Service::any()]);
    }
    if name == "NONE" {
        return Some(vec![Service::to(6, Ranges::one(0_u8))]);
    }
    if let Some((_, parts)) = MIXED.iter().find(|(known, _)| *known == name) {
        return Some(
            parts.iter().map(|(number, first, last)| Service::to(*number, Ranges::between(*first, *last))).collect(),
        );
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
