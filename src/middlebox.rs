//! Boxes that stand between a host and the internet, and how they give themselves away: small data tables, and a guess with its confidence.

/// Which product it probably is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Guess {
    /// The product.
    pub product: &'static str,
    /// How sure the mark makes us.
    pub confidence: Confidence,
}

/// How sure a mark makes us.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Confidence {
    /// The product's own name stands there.
    Likely,
    /// A word that the product uses by default, and others may too.
    Possible,
}

impl Guess {
    /// "likely Zscaler"
    pub fn in_words(self) -> String {
        match self.confidence {
            Confidence::Likely => format!("likely {}", self.product),
            Confidence::Possible => format!("possibly {}", self.product),
        }
    }
}

use Confidence::{Likely, Possible};

/// What inspecting products write into the issuer of the certificates they make. Lower case.
const ISSUERS: &[(&str, &str, Confidence)] = &[
    ("zscaler", "Zscaler", Likely),
    ("fortinet", "Fortinet FortiGate", Likely),
    ("fortigate", "Fortinet FortiGate", Likely),
    ("palo alto", "Palo Alto Networks", Likely),
    ("netskope", "Netskope", Likely),
    ("goskope", "Netskope", Likely),
    ("blue coat", "Symantec (Blue Coat) ProxySG", Likely),
    ("bluecoat", "Symantec (Blue Coat) ProxySG", Likely),
    ("sophos", "Sophos", Likely),
    ("cisco umbrella", "Cisco Umbrella", Likely),
    ("opendns", "Cisco Umbrella", Likely),
    ("check point", "Check Point", Likely),
    ("checkpoint", "Check Point", Likely),
    ("forcepoint", "Forcepoint", Likely),
    ("websense", "Forcepoint", Likely),
    ("mcafee", "Skyhigh (McAfee) Web Gateway", Likely),
    ("skyhigh", "Skyhigh (McAfee) Web Gateway", Likely),
    ("barracuda", "Barracuda", Likely),
    ("watchguard", "WatchGuard", Likely),
    ("sonicwall", "SonicWall", Likely),
    ("kaspersky", "Kaspersky", Likely),
    ("eset ssl filter", "ESET", Likely),
    ("bitdefender", "Bitdefender", Likely),
    ("avast", "Avast", Likely),
    ("iboss", "iboss", Likely),
    ("cato networks", "Cato Networks", Likely),
    ("cloudflare for teams", "Cloudflare Gateway", Likely),
    ("gateway ca - cloudflare", "Cloudflare Gateway", Likely),
    ("mitmproxy", "mitmproxy", Likely),
    ("charles proxy", "Charles", Likely),
    ("portswigger", "Burp", Likely),
    ("do_not_trust_fiddlerroot", "Fiddler", Likely),
    ("squid", "Squid", Likely),
    ("pfsense", "pfSense", Likely),
    ("opnsense", "OPNsense", Likely),
    ("kubernetes", "a Kubernetes ingress", Possible),
    ("inspect", "a TLS-inspecting proxy", Possible),
    ("proxy", "a TLS-inspecting proxy", Possible),
    ("firewall", "a TLS-inspecting firewall", Possible),
];

/// What blocking products write into their pages and headers. Lower case.
const PAGES: &[(&str, &str, Confidence)] = &[
    ("fortiguard", "Fortinet FortiGuard", Likely),
    ("fortinet", "Fortinet FortiGate", Likely),
    ("zscaler", "Zscaler", Likely),
    ("palo alto", "Palo Alto Networks", Likely),
    ("umbrella", "Cisco Umbrella", Likely),
    ("opendns", "Cisco Umbrella", Likely),
    ("netskope", "Netskope", Likely),
    ("sophos", "Sophos", Likely),
    ("forcepoint", "Forcepoint", Likely),
    ("websense", "Forcepoint", Likely),
    ("mcafee web gateway", "Skyhigh (McAfee) Web Gateway", Likely),
    ("skyhigh", "Skyhigh (McAfee) Web Gateway", Likely),
    ("blue coat", "Symantec (Blue Coat) ProxySG", Likely),
    ("proxysg", "Symantec (Blue Coat) ProxySG", Likely),
    ("check point", "Check Point", Likely),
    ("barracuda", "Barracuda", Likely),
    ("watchguard", "WatchGuard", Likely),
    ("sonicwall", "SonicWall", Likely),
    ("squid", "Squid", Likely),
    ("tinyproxy", "tinyproxy", Likely),
    ("cloudflare gateway", "Cloudflare Gateway", Likely),
];

/// Who made a certificate, by its issuer.
pub fn by_issuer(issuer: &str) -> Option<Guess> {
    find(ISSUERS, &issuer.to_ascii_lowercase())
}

/// Who made a page, by its text and its headers.
pub fn by_page(text: &str, headers: &[(String, String)]) -> Option<Guess> {
    let telling = headers
        .iter()
        .filter(|(name, _)| matches!(name.as_str(), "server" | "via" | "x-squid-error" | "proxy-agent" | "location"));
    let mut words: Vec<&str> = telling.map(|(_, value)| value.as_str()).collect();
    let start: String = text.chars().take(20_000).collect();
    words.push(&start);
    find(PAGES, &words.join("\n").to_ascii_lowercase())
}

fn find(table: &[(&str, &'static str, Confidence)], text: &str) -> Option<Guess> {
    let (_, product, confidence) = table.iter().find(|(mark, ..)| text.contains(mark))?;
    Some(Guess { product, confidence: *confidence })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_products_own_name_is_likely_and_a_common_word_only_possible() {
        let zscaler = by_issuer("C=US, O=Zscaler Inc., CN=Zscaler Intermediate Root CA").unwrap();
        let unnamed = by_issuer("O=Customer Corp, CN=Corp Inspect CA").unwrap();

        assert_eq!(zscaler.in_words(), "likely Zscaler");
        assert_eq!(unnamed.in_words(), "possibly a TLS-inspecting proxy");
        assert_eq!(by_issuer("C=US, O=Google Trust Services, CN=WE1"), None);
    }

    #[test]
    fn a_page_gives_its_product_away_by_text_or_header() {
        let via = [("via".to_owned(), "1.1 gw (squid/6.1)".to_owned())];

        assert_eq!(by_page("<h1>FortiGuard Intrusion Prevention</h1>", &[]).unwrap().product, "Fortinet FortiGuard");
        assert_eq!(by_page("", &via).unwrap().product, "Squid");
        assert_eq!(by_page("<h1>Hello</h1>", &[]), None);
    }
}
