//! Where pods, nodes and the world are, as far as anybody can say without the cluster.

use std::sync::LazyLock;

use crate::facts::Facts;
use crate::firewall::addresses::networks;
use crate::firewall::dialects::entry::{self, Oddity};
use crate::firewall::ranges::Ranges;

/// Addresses, and what would have to be known for them to be meant.
pub(super) type Peer = (Ranges, Option<String>);

/// Addresses that a pod can have: private ones of IPv4, and of IPv6 all that are given out, but for those that are known to be
/// somebody else's. A cluster may use public addresses of IPv4 for its pods, but then nobody on the internet is reached at them
/// from there.
pub(super) fn of_pods() -> Ranges {
    static PODS: LazyLock<Ranges> = LazyLock::new(|| {
        let usual = ["10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "2000::/3"];
        let usual: Vec<Ranges> =
            usual.iter().filter_map(|net| entry::entry(net).ok()).map(|entry| entry.ranges).collect();
        Ranges::any_of(&usual).minus(&somebody_elses())
    });
    PODS.clone()
}

/// Addresses that a node or the API server can have: any but those that are known to be somebody else's.
pub(super) fn of_nodes() -> Ranges {
    somebody_elses().not()
}

/// The addresses of WorkOS and of Cloudflare are no cluster's.
fn somebody_elses() -> Ranges {
    static KNOWN: LazyLock<Ranges> = LazyLock::new(|| {
        let facts = Facts::embedded();
        let sources = &facts.workos_sources;
        let hosts = sources.published.addresses.iter().chain(&sources.reported.addresses).copied().map(Into::into);
        let all: Vec<ipnet::IpNet> =
            facts.cloudflare.ipv4.iter().chain(&facts.cloudflare.ipv6).copied().chain(hosts).collect();
        networks(&all)
    });
    KNOWN.clone()
}

/// Outside of the cluster: certainly what no pod can have.
pub(super) fn of_world(families: &Ranges) -> Vec<Peer> {
    let pods = of_pods().and(families);
    vec![(families.minus(&pods), None), (pods, Some("the address is outside of the cluster".to_owned()))]
}

/// A block less what is taken out of it.
pub(super) fn block(cidr: &str, except: &[&str], odd: &mut Vec<Oddity>) -> Result<Ranges, String> {
    let mut read = |text: &str| {
        let entry = entry::entry(text).map_err(|oddity| oddity.what)?;
        // Brackets and the like are no mere oddity here: the API takes none of them.
        odd.extend(entry.oddity);
        Ok::<Ranges, String>(entry.ranges)
    };
    let mut left = read(cidr)?;
    let mut out = Vec::new();
    for one in except {
        out.push(read(one)?);
    }
    if !out.is_empty() {
        left = left.minus(&Ranges::any_of(&out));
    }
    Ok(left)
}
