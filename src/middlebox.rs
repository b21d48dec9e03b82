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
use url::Url;

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

/// Where products that stand in front of applications send browsers to sign in: the end of a host's name. Lower case.
const SIGN_IN_HOSTS: &[(&str, &str, Confidence)] = &[
    (".cloudflareaccess.com", "Cloudflare Access", Likely),
    ("login.microsoftonline.com", "Microsoft Entra ID, as of an application proxy", Likely),
    (".msappproxy.net", "Microsoft Entra application proxy", Likely),
    ("accounts.google.com", "Google, as of Identity-Aware Proxy", Likely),
    (".okta.com", "Okta", Likely),
    (".oktapreview.com", "Okta", Likely),
    (".onelogin.com", "OneLogin", Likely),
    (".pingone.com", "PingOne", Likely),
    (".duosecurity.com", "Cisco Duo", Likely),
    (".zscaler.net", "Zscaler", Likely),
    (".zscalertwo.net", "Zscaler", Likely),
    (".goskope.com", "Netskope", Likely),
    (".awsapps.com", "AWS IAM Identity Center", Likely),
    (".amazoncognito.com", "Amazon Cognito, as of a load balancer", Possible),
    (".auth0.com", "Auth0", Possible),
];

/// Paths that such products have on the application's own host. Lower case.
const SIGN_IN_PATHS: &[(&str, &str, Confidence)] = &[
    ("/my.policy", "F5 BIG-IP APM", Likely),
    ("/my.logon", "F5 BIG-IP APM", Likely),
    ("/logon/logonpoint", "Citrix NetScaler Gateway", Likely),
    ("/vpn/index.html", "Citrix NetScaler Gateway", Likely),
    ("/remote/login", "Fortinet FortiGate", Likely),
    ("/global-protect/", "Palo Alto GlobalProtect", Likely),
    ("/dana-na/", "Ivanti Connect Secure", Likely),
    ("/cdn-cgi/access/", "Cloudflare Access", Likely),
    ("/adfs/ls", "Microsoft AD FS", Likely),
    ("/.auth/login", "Azure App Service authentication", Likely),
    ("/oauth2/sign_in", "oauth2-proxy", Likely),
    ("/oauth2/start", "oauth2-proxy", Likely),
    ("/siteminderagent/", "SiteMinder", Likely),
];

/// Whose sign-in a browser is sent to.
pub fn by_sign_in(target: &Url) -> Option<Guess> {
    let host = format!(".{}", target.host_str()?.to_ascii_lowercase());
    let path = target.path().to_ascii_lowercase();
    // `login.example.com` stands for itself and what is below it.
    let of_host = |mark: &str| host.ends_with(mark) && (mark.starts_with('.') || host.ends_with(&format!(".{mark}")));
    let found = SIGN_IN_HOSTS
        .iter()
        .find(|(mark, ..)| of_host(mark))
        .or_else(|| SIGN_IN_PATHS.iter().find(|(mark, ..)| path.starts_with(mark)))?;
    Some(Guess { product: found.1, confidence: found.2 })
}

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
    fn a_sign_in_gives_its_product_away_by_host_or_path() {
        let product = |url| by_sign_in(&Url::parse(url).unwrap()).map(|guess| guess.product);

        assert_eq!(product("https://customer.cloudflareaccess.com/x"), Some("Cloudflare Access"));
        assert_eq!(product("https://accounts.google.com/o/oauth2"), Some("Google, as of Identity-Aware Proxy"));
        assert_eq!(product("https://app.customer.example/my.policy"), Some("F5 BIG-IP APM"));
        assert_eq!(product("https://notaccounts.google.com/"), None);
        assert_eq!(product("https://app.customer.example/login"), None);
    }

    #[test]
    fn a_page_gives_its_product_away_by_text_or_header() {
        let via = [("via".to_owned(), "1.1 gw (squid/6.1)".to_owned())];

        assert_eq!(by_page("<h1>FortiGuard Intrusion Prevention</h1>", &[]).unwrap().product, "Fortinet FortiGuard");
        assert_eq!(by_page("", &via).unwrap().product, "Squid");
        assert_eq!(by_page("<h1>Hello</h1>", &[]), None);
    }
}
