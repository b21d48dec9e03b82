//! What resolvers know and how they treat questions.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How the inside resolver treats questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResolverManner {
    /// It answers over UDP and TCP.
    Answers,
    /// It answers nothing at all.
    Silent,
    /// It answers over TCP only, as where UDP 53 is dropped.
    UdpSilent,
    /// It answers REFUSED to everything.
    Refuses,
    /// Over UDP it sends the TC bit and no records; over TCP it answers.
    Truncates,
    /// Over UDP it sends the TC bit and no records; over TCP it hangs up.
    TruncatesOnly,
    /// It answers everything with this response code: 1 for FORMERR, 4 for NOTIMP.
    Fails(u16),
    /// It answers A questions and says nothing to AAAA questions.
    SilentAboutAaaa,
}

/// The names a resolver knows; every other name is NXDOMAIN.
#[derive(Clone, Debug, Default)]
pub struct Zone {
    answers: BTreeMap<String, ZoneAnswer>,
}

/// What a resolver says about one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ZoneAnswer {
    /// These addresses; NODATA for a family without any.
    Addresses {
        /// A records.
        v4: Vec<Ipv4Addr>,
        /// AAAA records.
        v6: Vec<Ipv6Addr>,
        /// How long they may be kept, in seconds.
        ttl: u32,
    },
    /// A CNAME.
    Alias {
        /// The name it points to.
        to: String,
    },
    /// The name does not exist.
    NxDomain,
    /// The name exists without any address.
    NoData,
    /// The resolver could not find out.
    ServFail,
    /// SERVFAIL by DNSSEC validation: a question with the CD bit gets the addresses.
    ServFailUnlessCheckingDisabled {
        /// A records behind the failed validation.
        v4: Vec<Ipv4Addr>,
    },
    /// REFUSED, for this name only.
    Refused,
    /// No answer at all, for this name only.
    Silence,
}

impl ZoneAnswer {
    /// IPv4 addresses, kept for five minutes.
    pub fn v4(addresses: &[Ipv4Addr]) -> Self {
        Self::Addresses { v4: addresses.to_vec(), v6: Vec::new(), ttl: 300 }
    }

    /// The addresses that are in the answer, whether or not validation lets them through.
    fn addresses(&self) -> Vec<IpAddr> {
        match self {
            Self::Addresses { v4, v6, .. } => {
                v4.iter().copied().map(IpAddr::from).chain(v6.iter().copied().map(IpAddr::from)).collect()
            }
            Self::ServFailUnlessCheckingDisabled { v4 } => v4.iter().copied().map(IpAddr::from).collect(),
            _ => Vec::new(),
        }
    }
}

impl Zone {
    /// Says from now on what this name has.
    pub fn set(&mut self, name: &str, answer: ZoneAnswer) {
        self.answers.insert(canonical(name), answer);
    }

    /// What is said about a name.
    pub fn answer(&self, name: &str) -> &ZoneAnswer {
        self.answers.get(&canonical(name)).unwrap_or(&ZoneAnswer::NxDomain)
    }

    /// The addresses of a name, aliases followed.
    pub fn addresses(&self, name: &str) -> Vec<IpAddr> {
        let mut name = canonical(name);
        // A played chain is short; a loop ends here.
        for _ in 0..8 {
            match self.answer(&name) {
                ZoneAnswer::Alias { to } => name = canonical(to),
                other => return other.addresses(),
            }
        }
        Vec::new()
    }

    /// Every address that some name leads to.
    #[cfg(test)]
    pub(super) fn all_addresses(&self) -> Vec<IpAddr> {
        self.answers.values().flat_map(ZoneAnswer::addresses).collect()
    }

    /// The names that lead to an address.
    pub(super) fn names_of(&self, address: IpAddr) -> impl Iterator<Item = &str> {
        self.answers.keys().filter(move |name| self.addresses(name).contains(&address)).map(String::as_str)
    }
}

fn canonical(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}
