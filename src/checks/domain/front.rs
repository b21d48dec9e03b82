//! What stands in front of an installation, as far as its public name gives it away: a load balancer, or a network that
//! delivers content. The installation then sees the addresses of that, and not the callers'.

use std::net::IpAddr;

use crate::facts::Facts;

/// Names that an external name is an alias of, and whose service that is. A row that begins with a dot is a suffix.
const ALIASES: &[(&str, &str)] = &[
    (".cloudfront.net", "Amazon CloudFront"),
    (".elb.amazonaws.com", "an Amazon load balancer"),
    (".awsglobalaccelerator.com", "AWS Global Accelerator"),
    (".execute-api.amazonaws.com", "Amazon API Gateway"),
    (".azureedge.net", "Azure CDN"),
    (".azurefd.net", "Azure Front Door"),
    (".trafficmanager.net", "Azure Traffic Manager"),
    (".azurewebsites.net", "Azure App Service"),
    (".cloudapp.azure.com", "a public address of Azure"),
    (".akamaiedge.net", "Akamai"),
    (".edgekey.net", "Akamai"),
    (".edgesuite.net", "Akamai"),
    (".akamaized.net", "Akamai"),
    (".fastly.net", "Fastly"),
    (".fastlylb.net", "Fastly"),
    (".cdn.cloudflare.net", "Cloudflare"),
    (".incapdns.net", "Imperva"),
    (".impervadns.net", "Imperva"),
    (".sucuri.net", "Sucuri"),
    (".stackpathdns.com", "StackPath"),
    (".b-cdn.net", "bunny.net"),
    (".netlify.app", "Netlify"),
    (".vercel-dns.com", "Vercel"),
    (".ngrok-cname.com", "ngrok"),
];

/// What stands in front, and how that was told: "Fastly (by way of `x.fastly.net`)".
pub(super) fn front(addresses: &[IpAddr], aliases: &[String], facts: &Facts) -> Option<String> {
    let by_alias = aliases.iter().find_map(|alias| {
        let name = alias.to_ascii_lowercase();
        let (_, service) = ALIASES.iter().find(|(suffix, _)| name.ends_with(suffix) || is_regional(&name, suffix))?;
        Some(format!("{service} (by way of {alias})"))
    });
    let by_address = || {
        let range = addresses.iter().find_map(|address| facts.cloudflare_range(*address))?;
        Some(format!("Cloudflare ({range})"))
    };
    by_alias.or_else(by_address)
}

/// Amazon puts the region between a service and its domain: `x.execute-api.eu-west-1.amazonaws.com`.
fn is_regional(name: &str, suffix: &str) -> bool {
    let Some(service) = suffix.strip_suffix(".amazonaws.com") else { return false };
    name.strip_suffix(".amazonaws.com")
        .and_then(|rest| rest.rsplit_once('.'))
        .is_some_and(|(before, _)| before.ends_with(service))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(addresses: &[&str], aliases: &[&str]) -> Option<String> {
        let addresses: Vec<IpAddr> = addresses.iter().map(|address| address.parse().unwrap()).collect();
        let aliases: Vec<String> = aliases.iter().map(|alias| (*alias).to_owned()).collect();
        front(&addresses, &aliases, &Facts::embedded())
    }

    #[test]
    fn a_service_is_recognised_by_its_names_and_cloudflare_by_its_ranges() {
        let shows = |aliases: &[&str], service: &str| found(&["93.184.215.14"], aliases).unwrap().starts_with(service);

        assert!(shows(&["D111.CloudFront.net"], "Amazon CloudFront"));
        assert!(shows(&["www.other.example", "lb-1.eu-west-1.elb.amazonaws.com"], "an Amazon load balancer"));
        assert!(shows(&["x1.execute-api.eu-west-1.amazonaws.com"], "Amazon API Gateway"));
        assert!(found(&["104.18.2.1"], &[]).unwrap().starts_with("Cloudflare (104.16.0.0/13)"));
    }

    #[test]
    fn other_names_are_nobodys() {
        assert_eq!(found(&["93.184.215.14"], &["lb.customer.example", "notfastly.net"]), None);
    }
}
