//! What `WorkOS` needs from a network: published addresses, ranges and hosts, with their date and source.

mod age;

use std::net::IpAddr;

use ipnet::IpNet;
use serde::Deserialize;
use serde_json::error::Category;

pub use age::OLD;

/// The embedded facts; `--facts FILE` replaces them.
const EMBEDDED: &str = include_str!("networks.json");

/// What is known of the network side of `WorkOS`.
#[derive(Clone, Debug, Deserialize)]
pub struct Facts {
    /// The day the facts were gathered, `2026-11-23`.
    pub as_of: String,
    /// Cloudflare's published ranges, which the API answers from.
    pub cloudflare: Cloudflare,
    /// Where webhooks, Actions and streams come from.
    pub workos_sources: WorkosSources,
    /// Where DNS filters lead a name that they block.
    #[serde(default = "embedded_block_pages")]
    pub block_pages: Vec<BlockPage>,
    /// Who needs which hosts.
    pub hosts: Hosts,
}

/// A list that replaces the embedded one need not know the filters.
fn embedded_block_pages() -> Vec<BlockPage> {
    Facts::embedded().block_pages
}

/// Where a DNS filter leads a name that it blocks.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct BlockPage {
    /// The filter.
    pub product: String,
    /// The addresses it answers with.
    pub addresses: Vec<IpAddr>,
    /// How sure that is.
    pub confidence: Confidence,
}

/// How sure a fact is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// Its owner says so.
    High,
    /// Others saw it.
    Medium,
}

/// Cloudflare's published ranges.
#[derive(Clone, Debug, Deserialize)]
pub struct Cloudflare {
    /// Who says so, and since when it is unchanged.
    #[serde(default)]
    pub source: String,
    /// Published `IPv4` ranges.
    pub ipv4: Vec<IpNet>,
    /// Published `IPv6` ranges.
    pub ipv6: Vec<IpNet>,
    /// Ranges that were published once, and are not any more.
    #[serde(default = "embedded_retired")]
    pub retired: Vec<Retired>,
    /// Ranges that look retired, and are not.
    #[serde(default)]
    pub never_flag: Vec<NeverFlag>,
}

/// What was taken back once stays taken back, also where a list that replaces the embedded one does not say so.
fn embedded_retired() -> Vec<Retired> {
    Facts::embedded().cloudflare.retired
}

/// A range that was published once.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Retired {
    /// The range.
    pub cidr: IpNet,
    /// When it was taken off the list, `2021-04`.
    pub removed: String,
    /// The entry that it was a part of, where what was published was another range.
    #[serde(default)]
    pub was_part_of: Option<IpNet>,
}

/// A range that was taken off the list, and is on it again.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct NeverFlag {
    /// The range.
    pub cidr: IpNet,
    /// Why it is good.
    pub why: String,
}

/// Where requests that `WorkOS` starts come from.
#[derive(Clone, Debug, Deserialize)]
pub struct WorkosSources {
    /// The addresses that the on-prem guide publishes.
    pub published: Sources,
    /// Addresses that others reported.
    pub reported: Sources,
    /// The lists as they were earlier, oldest first.
    #[serde(default)]
    pub history: Vec<Earlier>,
}

/// A list of sources as it was for a time, as far as that is known.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub struct Earlier {
    /// Since when it was so: `2026-09-09 (reported)`.
    #[serde(default)]
    pub since: Option<String>,
    /// Until when: `about 2026-02`.
    #[serde(default)]
    pub until: Option<String>,
    /// How many addresses it had.
    pub count: usize,
    /// Which, where that is known.
    #[serde(default)]
    pub addresses: Vec<IpAddr>,
}

/// Source addresses and who says so.
#[derive(Clone, Debug, Deserialize)]
pub struct Sources {
    /// Who says so, and when.
    pub source: String,
    /// The addresses.
    pub addresses: Vec<IpAddr>,
}

/// Who needs which hosts.
#[derive(Clone, Debug, Deserialize)]
pub struct Hosts {
    /// What other machines of the customer need, where they are used with `WorkOS`.
    #[serde(default)]
    pub other: Vec<OtherHost>,
    /// What browsers of users and admins need.
    pub browser: Vec<BrowserHost>,
    /// Where the public view of a name is asked for.
    pub public_dns: Vec<PublicDns>,
}

/// A host that browsers need.
#[derive(Clone, Debug, Deserialize)]
pub struct BrowserHost {
    /// Its name, or a pattern that begins with `*.`.
    pub host: String,
    /// Hosted pages do not do their work without it.
    #[serde(default = "required")]
    pub required: bool,
    /// What it is needed for.
    pub why: String,
    /// Who says so.
    #[serde(default)]
    pub source: Option<String>,
}

/// What nothing else is said of.
fn required() -> bool {
    true
}

/// A host that a machine other than the application's server needs.
#[derive(Clone, Debug, Deserialize)]
pub struct OtherHost {
    /// Its name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// What it is needed for.
    pub why: String,
    /// Who says so.
    #[serde(default)]
    pub source: Option<String>,
}

/// A public DNS over HTTPS service.
#[derive(Clone, Debug, Deserialize)]
pub struct PublicDns {
    /// Its name.
    pub host: String,
    /// Its addresses, so that it can be asked where local DNS fails.
    pub addresses: Vec<IpAddr>,
    /// Its port.
    pub port: u16,
}

/// Whose an address is, as far as the facts say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origin {
    /// One of the addresses that the on-prem guide publishes for what `WorkOS` sends.
    Published,
    /// One that others reported.
    Reported,
    /// Cloudflare's, in this published range.
    Cloudflare(IpNet),
    /// Nobody's that the facts know.
    Unlisted,
}

impl Origin {
    /// Whether it is one of `WorkOS`'s addresses, published or reported.
    pub fn is_workos(self) -> bool {
        matches!(self, Origin::Published | Origin::Reported)
    }
}

impl Facts {
    /// The facts this binary was built with.
    ///
    /// # Panics
    /// Never: a test of every build reads them.
    #[expect(clippy::expect_used, reason = "the embedded file is read by a test of every build")]
    pub fn embedded() -> Self {
        serde_json::from_str(EMBEDDED).expect("the embedded facts are valid")
    }

    /// Facts from what stands in a file; the error says what is wrong with it, and never repeats what stands there.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Err("it is empty".to_owned());
        }
        let facts: Facts = serde_json::from_str(text).map_err(|error| match error.classify() {
            Category::Data => error.to_string(),
            _ => format!("it is not JSON from line {}, column {} on", error.line(), error.column()),
        })?;
        facts.sound()?;
        Ok(facts)
    }

    /// Whether they are complete enough to judge by.
    fn sound(&self) -> Result<(), String> {
        if self.gathered().is_none() {
            return Err("`as_of` is no day such as `2026-11-23`".to_owned());
        }
        if self.cloudflare.ipv4.is_empty() {
            return Err("`cloudflare.ipv4` is empty".to_owned());
        }
        if self.workos_sources.published.addresses.is_empty() {
            return Err("`workos_sources.published.addresses` is empty".to_owned());
        }
        for (list, v4) in [(&self.cloudflare.ipv4, true), (&self.cloudflare.ipv6, false)] {
            let name = if v4 { "cloudflare.ipv4" } else { "cloudflare.ipv6" };
            if let Some(other) = list.iter().find(|range| range.addr().is_ipv4() != v4) {
                return Err(format!("`{name}` holds {other}, which is of the other family"));
            }
            if let Some(odd) = list.iter().find(|range| **range != range.trunc()) {
                return Err(format!("`{name}` holds {odd}, which has host bits set; expected {}", odd.trunc()));
            }
            if let Some(wide) = list.iter().find(|range| range.prefix_len() == 0) {
                return Err(format!("`{name}` holds {wide}, which is every address of its family"));
            }
        }
        Ok(())
    }

    /// The published Cloudflare range that an address lies in.
    pub fn cloudflare_range(&self, address: IpAddr) -> Option<IpNet> {
        let address = address.to_canonical();
        self.cloudflare.ipv4.iter().chain(&self.cloudflare.ipv6).copied().find(|range| range.contains(&address))
    }

    /// The filter whose block page has this address.
    pub fn block_page(&self, address: IpAddr) -> Option<&BlockPage> {
        self.block_pages.iter().find(|page| page.addresses.contains(&address.to_canonical()))
    }

    /// Whose an address is.
    pub fn origin(&self, address: IpAddr) -> Origin {
        if self.workos_sources.published.addresses.contains(&address) {
            Origin::Published
        } else if self.workos_sources.reported.addresses.contains(&address) {
            Origin::Reported
        } else {
            self.cloudflare_range(address).map_or(Origin::Unlisted, Origin::Cloudflare)
        }
    }

    /// "Cloudflare's published ranges (15 IPv4, 7 IPv6; …)", with where they are printed: a remedy that held them all would be
    /// read by nobody.
    pub fn cloudflare_in_words(&self) -> String {
        format!(
            "Cloudflare's published ranges ({} IPv4, {} IPv6; `{} requirements` prints them)",
            self.cloudflare.ipv4.len(),
            self.cloudflare.ipv6.len(),
            env!("CARGO_PKG_NAME")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_facts_are_complete() {
        let facts = Facts::embedded();

        assert_eq!((facts.cloudflare.ipv4.len(), facts.cloudflare.ipv6.len()), (15, 7));
        assert_eq!(facts.workos_sources.published.addresses.len(), 9);
        assert!(facts.hosts.public_dns[0].addresses.iter().all(|address| facts.cloudflare_range(*address).is_some()));
        assert!(facts.cloudflare_range("8.8.8.8".parse().unwrap()).is_none());
        assert!(facts.cloudflare_range("::ffff:104.18.2.1".parse().unwrap()).is_some());
        assert_eq!(facts.block_page("::ffff:146.112.61.106".parse().unwrap()).unwrap().confidence, Confidence::High);
        assert_eq!((facts.cloudflare.retired.len(), facts.cloudflare.never_flag.len()), (2, 1));
        let counted: Vec<usize> = facts.workos_sources.history.iter().map(|earlier| earlier.count).collect();
        assert_eq!((counted, facts.workos_sources.history[0].addresses.len()), (vec![6, 9, 15], 6));
        assert_eq!(facts.sound(), Ok(()));
    }

    #[test]
    fn each_mistake_in_a_file_of_facts_has_a_sentence_of_its_own() {
        let with = |from: &str, to: &str| {
            assert!(EMBEDDED.contains(from), "{from}");
            Facts::parse(&EMBEDDED.replacen(from, to, 1)).unwrap_err()
        };
        for (said, words) in [
            (Facts::parse(" \n").unwrap_err(), "it is empty"),
            (Facts::parse("<html>").unwrap_err(), "it is not JSON from line 1, column 1 on"),
            (Facts::parse("{}").unwrap_err(), "missing field `as_of`"),
            (with("\"2026-11-23\"", "\"yesterday\""), "`as_of` is no day such as `2026-11-23`"),
            (with("\"104.16.0.0/13\"", "\"104.16.0/13\""), "invalid IP address syntax"),
            (with("\"104.16.0.0/13\"", "\"104.16.0.1/13\""), "host bits set; expected 104.16.0.0/13"),
            (with("\"104.16.0.0/13\"", "\"2400:cb00::/32\""), "of the other family"),
            (with("\"104.16.0.0/13\"", "\"0.0.0.0/0\""), "every address of its family"),
        ] {
            assert!(said.contains(words), "{said}");
        }
    }

    #[test]
    fn facts_of_an_earlier_shape_are_read_and_what_was_retired_stays_so() {
        let mut earlier: serde_json::Value = serde_json::from_str(EMBEDDED).unwrap();
        for (table, key) in [("cloudflare", "retired"), ("cloudflare", "never_flag"), ("workos_sources", "history")] {
            earlier[table].as_object_mut().unwrap().remove(key);
        }
        let facts = Facts::parse(&earlier.to_string()).unwrap();

        assert_eq!(facts.cloudflare.retired, Facts::embedded().cloudflare.retired);
        assert!(facts.workos_sources.history.is_empty());
    }
}
