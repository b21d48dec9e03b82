//! The rules of the customer's router, as one transaction: a fault is another set of rules.

use std::net::{Ipv4Addr, SocketAddrV4};

use crate::network::{INSTALLATION, LAN, PUBLIC};

/// What the router does with connections to the public address.
#[derive(Clone)]
pub(crate) struct Edge {
    /// Where they are forwarded to.
    pub(crate) to: SocketAddrV4,
    /// Which sources may come in; everyone where nothing is said.
    pub(crate) admits: Option<Vec<Ipv4Addr>>,
    /// What becomes of the others, and of everyone where `admits` is empty.
    pub(crate) others: Others,
    /// What becomes of connections from inside.
    pub(crate) hairpin: Hairpin,
    /// Whether the router puts its own address in the place of the source.
    pub(crate) hides_sources: bool,
    /// The longest packet that gets out, where longer ones vanish without a word.
    pub(crate) longest: Option<u16>,
}

/// What the firewall does with a connection that it does not let in.
#[derive(Clone, Copy)]
pub(crate) enum Others {
    /// It loses the packets.
    Dropped,
    /// ICMP communication administratively prohibited.
    Prohibited,
    /// A TCP reset in answer to the SYN.
    Refused,
    /// It lets the connection come about, and resets it once the client has spoken.
    ResetOnceSpoken,
}

/// What becomes of connections from inside to the public address.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Hairpin {
    /// They are lost in the router.
    Off,
    /// They are forwarded with their source, so that answers on the same LAN do not come back through the router.
    WithoutSnat,
    /// They are forwarded with the router's address as their source.
    WithSnat,
}

impl Default for Edge {
    /// The edge as it should be, open to everyone, with the public name resolved differently inside in place of a hairpin.
    fn default() -> Self {
        Self {
            to: SocketAddrV4::new(INSTALLATION, 443),
            admits: None,
            others: Others::Dropped,
            hairpin: Hairpin::Off,
            hides_sources: false,
            longest: None,
        }
    }
}

impl Edge {
    /// Only these sources may come in.
    pub(crate) fn admitting(sources: &[Ipv4Addr]) -> Self {
        Self { admits: Some(sources.to_vec()), ..Self::default() }
    }

    /// Nobody may come in, and this is what they are told.
    pub(crate) fn closed(others: Others) -> Self {
        Self { others, ..Self::admitting(&[]) }
    }

    pub(crate) fn rules(&self) -> String {
        let (to, inside) = (self.to, self.to.ip());
        let (dnat, unhair) = match self.hairpin {
            Hairpin::Off => ("iifname \"wan\"", String::new()),
            Hairpin::WithoutSnat => ("", String::new()),
            Hairpin::WithSnat => ("", format!("ip saddr {LAN} ip daddr {inside} ct status dnat masquerade")),
        };
        let turned =
            if self.hairpin == Hairpin::Off { "" } else { "iifname \"lan\" oifname \"lan\" ct status dnat accept" };
        let hide = if self.hides_sources { "oifname \"lan\" ct status dnat masquerade" } else { "" };
        let hole = self.longest.map(|longest| format!("iifname \"lan\" oifname \"wan\" meta length > {longest} drop"));
        let hole = hole.unwrap_or_default();
        let forwarded = "iifname \"wan\" oifname \"lan\" ct status dnat";
        let admit = match &self.admits {
            None => format!("{forwarded} accept"),
            Some(sources) if sources.is_empty() => String::new(),
            Some(sources) => {
                let sources: Vec<String> = sources.iter().map(Ipv4Addr::to_string).collect();
                format!("{forwarded} ip saddr {{ {} }} accept", sources.join(", "))
            }
        };
        let (spoken, others) = match self.others {
            Others::Dropped => ("", String::new()),
            Others::Prohibited => ("", format!("{forwarded} reject with icmp type admin-prohibited")),
            Others::Refused => ("", format!("{forwarded} reject with tcp reset")),
            Others::ResetOnceSpoken => {
                ("iifname \"wan\" tcp flags & psh == psh reject with tcp reset", format!("{forwarded} accept"))
            }
        };
        // Naming the table before deleting it makes the same text right for the first time and for every other.
        format!(
            "table ip edge\n\
             delete table ip edge\n\
             table ip edge {{\n\
             chain prerouting {{ type nat hook prerouting priority dstnat; policy accept;\n\
             {dnat} ip daddr {PUBLIC} tcp dport 443 dnat to {to}\n\
             }}\n\
             chain postrouting {{ type nat hook postrouting priority srcnat; policy accept;\n\
             oifname \"wan\" masquerade\n\
             {unhair}\n\
             {hide}\n\
             }}\n\
             chain forward {{ type filter hook forward priority filter; policy drop;\n\
             {hole}\n\
             {spoken}\n\
             ct state established,related accept\n\
             iifname \"lan\" oifname \"wan\" accept\n\
             {turned}\n\
             {admit}\n\
             {others}\n\
             }}\n\
             chain input {{ type filter hook input priority filter; policy drop;\n\
             ct state established,related accept\n\
             }}\n\
             }}\n"
        )
    }
}
