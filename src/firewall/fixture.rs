//! Flows as the sheet has them for an installation whose resolver is known, for the tests of what reads and writes rules.

use std::net::IpAddr;

use ipnet::IpNet;

use super::flow::{Direction, Flow, Need, Owner, Party, Protocol, TCP};
use crate::facts::Facts;

/// DNS, the API, WorkOS in (published and reported) and Cloudflare in.
pub(crate) fn flows() -> Vec<Flow> {
    let facts = Facts::embedded();
    let hosts = |addresses: &[IpAddr]| addresses.iter().copied().map(IpNet::from).collect::<Vec<_>>();
    let cloudflare: Vec<IpNet> = facts.cloudflare.ipv4.iter().chain(&facts.cloudflare.ipv6).copied().collect();
    let flow = |id: &str, direction, source: Party, destination: Party, need| Flow {
        id: id.to_owned(),
        direction,
        source,
        destination,
        protocols: TCP,
        port: 443,
        need,
        reason: format!("what {id} is for"),
        since: "the on-prem guide".to_owned(),
    };
    let server = || Party::called("server", "the installation's server");
    let installation = || Party::called("installation", "the installation").named("app.customer.example");
    let api =
        Party::called("workos-api", "the WorkOS API, at Cloudflare").named("api.workos.com").at(cloudflare.clone());
    let within = Some(Owner { object: "cloudflare", who: "Cloudflare, published ranges" });
    let dns = Party::called("resolvers", "its resolver").at(["10.20.0.2/32".parse().unwrap()]);
    let source = |object: &str, ranges: Vec<IpNet>| Party::called(object, object).at(ranges);
    vec![
        Flow {
            protocols: &[Protocol::Udp, Protocol::Tcp],
            port: 53,
            ..flow("egress-dns", Direction::Egress, server(), dns, Need::Required)
        },
        flow("egress-api", Direction::Egress, server(), Party { within, ..api }, Need::Required),
        flow(
            "ingress-workos",
            Direction::Ingress,
            source("workos-published", hosts(&facts.workos_sources.published.addresses)),
            installation(),
            Need::Required,
        ),
        flow(
            "ingress-workos-reported",
            Direction::Ingress,
            source("workos-reported", hosts(&facts.workos_sources.reported.addresses)),
            installation(),
            Need::Recommended,
        ),
        flow(
            "ingress-cloudflare",
            Direction::Ingress,
            source("cloudflare", cloudflare),
            installation(),
            Need::WhereUsed,
        ),
    ]
}
