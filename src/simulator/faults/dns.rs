//! Faults of name resolution.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::Fault;
use crate::simulator::service::{ApiManner, Service, Site};
use crate::simulator::world::{API, API_ADDRESSES, World, https};
use crate::simulator::zone::{ResolverManner, ZoneAnswer};

pub(super) const FAULTS: &[Fault] = &[
    Fault::new(
        "nxdomain",
        "The resolver inside says that the name of the WorkOS API does not exist.",
        &["egress.resolves/nxdomain"],
        |world| world.inside_zone.set(API, ZoneAnswer::NxDomain),
    ),
    Fault::new(
        "nodata",
        "The resolver inside knows the name of the WorkOS API but has no address for it.",
        &["egress.resolves/nodata"],
        |world| world.inside_zone.set(API, ZoneAnswer::NoData),
    ),
    Fault::new(
        "servfail",
        "The resolver inside could not find out what the name of the WorkOS API means.",
        &["egress.resolves/servfail"],
        |world| world.inside_zone.set(API, ZoneAnswer::ServFail),
    ),
    Fault::new(
        "dns-refused",
        "The resolver inside refuses to answer this machine.",
        &["egress.resolves/refused"],
        |world| world.resolver_manner = ResolverManner::Refuses,
    ),
    Fault::new(
        "dns-silent",
        "The resolver inside answers nothing, neither over UDP nor over TCP.",
        &["egress.resolves/dns-timed-out"],
        |world| world.resolver_manner = ResolverManner::Silent,
    ),
    Fault::new(
        "dns-udp-dropped",
        "DNS over UDP is dropped on the way to the resolver; over TCP it works, but applications ask over UDP first.",
        &["egress.resolves/tcp-only"],
        |world| world.resolver_manner = ResolverManner::UdpSilent,
    ),
    Fault::new(
        "dns-truncated",
        "The resolver asks to be asked again over TCP, which is allowed: nothing is wrong.",
        &[],
        |world| world.resolver_manner = ResolverManner::Truncates,
    ),
    Fault::new(
        "dns-cut-short",
        "The resolver asks to be asked again over TCP, and hangs up there.",
        &["egress.resolves/cut-short"],
        |world| world.resolver_manner = ResolverManner::TruncatesOnly,
    ),
    Fault::new(
        "dns-notimp",
        "The resolver inside answers NOTIMP: it does not serve questions for addresses.",
        &["egress.resolves/strange-code"],
        |world| world.resolver_manner = ResolverManner::Fails(4),
    ),
    Fault::new(
        "dns-filtered",
        "A filtering resolver answers with the address of its block page, where nobody has the API's certificate.",
        &["egress.addresses/blocked"],
        |world| answer_api_with(world, Ipv4Addr::new(146, 112, 61, 106), &Service::ResetsInHandshake),
    ),
    Fault::new(
        "relayed",
        "The resolver inside leads to a relay of the customer's network, which passes the connection on to the WorkOS API.",
        &["egress.addresses/relayed"],
        |world| {
            let relay = Service::https(Site::Workos(ApiManner::Works));
            answer_api_with(world, Ipv4Addr::new(10, 20, 0, 99), &relay);
        },
    ),
    Fault::new(
        "sinkholed",
        "A filtering resolver answers 0.0.0.0 instead of the addresses of the WorkOS API.",
        &["egress.addresses/sinkholed"],
        |world| answer_api_with(world, Ipv4Addr::UNSPECIFIED, &Service::Refuses),
    ),
    Fault::new(
        "private-answer",
        "The resolver inside answers with an address of the customer's own network.",
        &["egress.addresses/private-answer"],
        |world| answer_api_with(world, Ipv4Addr::new(10, 1, 2, 3), &Service::Refuses),
    ),
    Fault::new(
        "outside-ranges",
        "The WorkOS API is reached at an address outside Cloudflare's published ranges, which an allowlist would not match.",
        &["egress.addresses/outside-ranges"],
        |world| {
            let relay = Service::https(Site::Workos(ApiManner::Works));
            answer_api_with(world, Ipv4Addr::new(93, 184, 215, 7), &relay);
        },
    ),
    Fault::new(
        "ipv6-broken",
        "The WorkOS API has IPv6 addresses here that refuse connections, while IPv4 works.",
        &["egress.connects/ipv6-broken"],
        |world| {
            let v6 = Ipv6Addr::new(0x2606, 0x4700, 0, 0, 0, 0, 0x6812, 0x201);
            let answer = ZoneAnswer::Addresses { v4: API_ADDRESSES.to_vec(), v6: vec![v6], ttl: 300 };
            world.inside_zone.set(API, answer);
            world.services.insert(https(v6), Service::Refuses);
        },
    ),
];

fn answer_api_with(world: &mut World, address: Ipv4Addr, service: &Service) {
    world.inside_zone.set(API, ZoneAnswer::v4(&[address]));
    world.put(&[address], service);
}
