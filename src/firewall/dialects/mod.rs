//! The languages of firewalls, one file or folder each: what it is read from, and what is written in it.

mod aerleon;
mod asa;
mod aws;
mod azure;
mod csv;
mod edge;
mod entry;
mod firewalld;
mod fortigate;
mod gcp;
mod host;
mod iptables;
mod json;
mod kubernetes;
mod list;
mod nftables;
mod paloalto;
#[cfg(test)]
mod round_trip;
mod squid;
mod table;
mod terraform;
#[cfg(test)]
mod tests;
mod ufw;
mod windows;

use super::Flow;
use super::rules::Rules;

/// A firewall's language.
pub struct Dialect {
    /// As it is written on the command line: `iptables`.
    pub name: &'static str,
    /// What it is, for somebody who chooses one: "iptables-save, ip6tables-save and ipset save".
    pub title: &'static str,
    /// How it is read, where it is.
    pub reads: Option<Reads>,
    /// How it is written, where it is.
    pub writes: Option<fn(&Request) -> Generated>,
}

/// How a language is read.
pub struct Reads {
    /// The command that exports it, to be typed where the firewall is.
    pub export: &'static str,
    /// Whether a text looks like it. The first language in the registry that says so has it.
    pub recognises: fn(&str) -> bool,
    /// Reads all files of the language that belong together.
    pub read: fn(&[Input], &Scope) -> Result<Rules, Unread>,
}

/// A text and its name.
pub struct Input {
    /// As it was named on the command line; `standard input`.
    pub name: String,
    /// What stands in it.
    pub text: String,
}

/// Which part of what was exported is asked about, and what else is known of the installation.
#[derive(Clone, Default, Debug)]
pub struct Scope {
    /// Security groups, network ACLs, policies, tables, VDOMs, chains, namespaces, by name or id; all, where none is named. Of several
    /// that are not named, nobody knows which one the installation is behind: their rules are read under that condition.
    pub only: Vec<String>,
}

impl Scope {
    /// Whether something by these names is asked about.
    pub fn holds(&self, names: &[&str]) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| names.iter().any(|name| name.eq_ignore_ascii_case(only)))
    }

    /// Whether it was named.
    pub fn names(&self, names: &[&str]) -> bool {
        !self.only.is_empty() && self.holds(names)
    }
}

/// Why nothing could be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unread {
    /// Which file.
    pub file: String,
    /// At which line, where that is known.
    pub line: Option<usize>,
    /// Why, and what would be right: "is no JSON: expected `,` at line 3; export it with `nft -j list ruleset`".
    pub why: String,
}

/// What is to be written.
pub struct Request {
    /// The flows, in the order of the sheet.
    pub flows: Vec<Flow>,
    /// The day of the facts, for comments.
    pub as_of: String,
    /// Whether what crosses by these rules, and what is denied, is to be logged.
    pub log: bool,
}

/// Rules in a firewall's language.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Generated {
    /// What lets the flows through, and changes nothing else.
    pub rules: String,
    /// What denies everything else, to be applied apart; nothing, where the firewall does so by itself.
    pub default_deny: Option<String>,
    /// What takes the rules away again; nothing, where there is nothing to take away (a list).
    pub rollback: Option<String>,
    /// What begins a comment, so that the other parts can stand beside the rules; nothing, where the language has none.
    pub comment: Option<&'static str>,
    /// What a reader has to know before he applies it.
    pub remarks: Vec<String>,
}

/// Every language, in the order in which a text is tried on them.
pub static DIALECTS: &[&Dialect] = &[
    &fortigate::DIALECT,
    &terraform::PLAN,
    // Its identifiers are those of the clouds it is for.
    &asa::DIALECT,
    &azure::DIALECT,
    &aws::SECURITY_GROUPS,
    &aws::NETWORK_ACLS,
    &kubernetes::DIALECT,
    &kubernetes::CILIUM,
    &aerleon::DIALECT,
    &aws::CLI,
    &aws::CLOUDFORMATION,
    &gcp::DIALECT,
    &terraform::AWS,
    &iptables::IPTABLES,
    &iptables::IP6TABLES,
    &azure::CLI,
    &azure::BICEP,
    &paloalto::DIALECT,
    &nftables::DIALECT,
    &ufw::DIALECT,
    &firewalld::DIALECT,
    &json::DIALECT,
    &csv::DIALECT,
    &squid::DIALECT,
    &windows::DIALECT,
    // What is left when no other language has it.
    &list::DIALECT,
];

/// The language whose rules this text completes, where both are given: by themselves, sets of `ipset save` are a list of addresses.
pub fn completed_by(text: &str) -> Option<&'static Dialect> {
    iptables::is_sets(text).then_some(&iptables::IPTABLES)
}

/// The language of this name.
pub fn dialect(name: &str) -> Option<&'static Dialect> {
    DIALECTS.iter().copied().find(|dialect| dialect.name == name)
}
