//! What this network claims to do, shown with plain sockets, so that what the binary says of it can be held to it.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};

use workos_preflight::simulator::world::INSTALLATION as NAME;

use crate::delivery::Delivery;
use crate::edge::{Edge, Hairpin, Others};
use crate::front::{Front, Proxying};
use crate::host::{Host, tool};
use crate::namespace::assert_no_way_out;
use crate::network::{FRONT, INSTALLATION, Network, PUBLIC, ROUTER, UNLISTED, VANTAGE, published, reported};
use crate::plain::{SILENCE, ask, fails, is_answered, next, open, receive};
use crate::trial::{End, Scenario, hold};

/// The installation as the internet has it.
const EDGE: SocketAddrV4 = SocketAddrV4::new(PUBLIC, 443);
/// The installation as the LAN has it.
const APPLICATION: SocketAddrV4 = SocketAddrV4::new(INSTALLATION, 443);

pub(crate) fn all() -> Vec<Scenario> {
    vec![
        Scenario::new("no host has a way to an address that is not played", nowhere_else),
        Scenario::new("a connection from outside reaches the installation with its source", |network| {
            let visits = receive(&network.installation, APPLICATION)?;
            is_answered(&network.vantage, None, EDGE)?;
            comes_from(next(&visits)?.from, VANTAGE)
        }),
        Scenario::new("every source of WorkOS reaches the installation as itself", |network| {
            let visits = receive(&network.installation, APPLICATION)?;
            published().into_iter().chain(reported()).chain([UNLISTED]).try_for_each(|source| {
                is_answered(&network.workos, Some(source), EDGE)?;
                comes_from(next(&visits)?.from, source)
            })
        }),
        Scenario::new("a router that hides sources shows its own address in their place", |network| {
            network.has(&Edge { hides_sources: true, ..Edge::default() })?;
            let visits = receive(&network.installation, APPLICATION)?;
            is_answered(&network.vantage, None, EDGE)?;
            comes_from(next(&visits)?.from, ROUTER)
        }),
        Scenario::new("a connection to the internet comes from the public address", |network| {
            let at = SocketAddrV4::new(VANTAGE, 8080);
            let visits = receive(&network.vantage, at)?;
            is_answered(&network.installation, None, at)?;
            comes_from(next(&visits)?.from, PUBLIC)
        }),
        Scenario::new("an allowlist lets in who is on it, and drops the rest", |network| {
            let listed = published();
            network.has(&Edge::admitting(&listed))?;
            let _visits = receive(&network.installation, APPLICATION)?;
            listed.iter().try_for_each(|source| is_answered(&network.workos, Some(*source), EDGE))?;
            fails(&network.workos, Some(UNLISTED), EDGE, ErrorKind::TimedOut)?;
            fails(&network.vantage, None, EDGE, ErrorKind::TimedOut)
        }),
        Scenario::new("what a firewall does shows in how a connection fails, from one rule set to the next", refusals),
        Scenario::new("a connection that is reset once the client has spoken comes about before", |network| {
            network.has(&Edge::closed(Others::ResetOnceSpoken))?;
            let _visits = receive(&network.installation, APPLICATION)?;
            let asked = ask(&network.vantage, None, EDGE);
            let reset = asked.as_ref().is_err_and(|error| error.kind() == ErrorKind::ConnectionReset);
            hold(reset, || format!("a request should be reset, and gives {asked:?}"))
        }),
        Scenario::new("without hairpin the public address is silent from inside", |network| {
            let _visits = receive(&network.installation, APPLICATION)?;
            is_answered(&network.corporate, None, APPLICATION)?;
            fails(&network.corporate, None, EDGE, ErrorKind::TimedOut)?;
            fails(&network.installation, None, EDGE, ErrorKind::TimedOut)
        }),
        Scenario::new("hairpin without SNAT breaks on the same LAN", |network| {
            network.has(&Edge { hairpin: Hairpin::WithoutSnat, ..Edge::default() })?;
            let _visits = receive(&network.installation, APPLICATION)?;
            is_answered(&network.vantage, None, EDGE)?;
            fails(&network.corporate, None, EDGE, ErrorKind::TimedOut)?;
            fails(&network.installation, None, EDGE, ErrorKind::TimedOut)
        }),
        Scenario::new("hairpin with SNAT works on the same LAN, and the source is the router", |network| {
            network.has(&Edge { hairpin: Hairpin::WithSnat, ..Edge::default() })?;
            let visits = receive(&network.installation, APPLICATION)?;
            [&network.corporate, &network.installation].into_iter().try_for_each(|host| {
                is_answered(host, None, EDGE)?;
                comes_from(next(&visits)?.from, ROUTER)
            })
        }),
        Scenario::new("with a split horizon the name has one address inside and another outside", |network| {
            network.resolves(true)?;
            resolves(&network.installation, INSTALLATION)?;
            resolves(&network.vantage, PUBLIC)
        }),
        Scenario::new("without a split horizon the name has one address everywhere", |network| {
            network.resolves(false)?;
            resolves(&network.installation, PUBLIC)?;
            resolves(&network.vantage, PUBLIC)
        }),
        Scenario::new("a delivery is signed as the application verifies it", |network| {
            network.runs_the_application()?;
            let (right, wrong) = (Delivery::from(published()[0]), Delivery::from(published()[0]));
            let answers = (right.send(network)?, wrong.signed_with_another_secret().send(network)?);
            hold(answers == (200, 400), || format!("the application should answer 200 and 400, and gives {answers:?}"))
        }),
        Scenario::new("nginx names the source in X-Forwarded-For", |network| {
            Front::Nginx.stands(network, &Edge::default())?;
            let visits = receive(&network.installation, SocketAddrV4::new(INSTALLATION, 8080))?;
            let source = published()[3];
            let status = Delivery::from(source).claiming(UNLISTED).send(network)?;
            let visit = next(&visits)?;
            comes_from(visit.from, FRONT)?;
            let said = String::from_utf8_lossy(&visit.said);
            let named = said.contains(&format!("X-Forwarded-For: {UNLISTED}, {source}\r\n"));
            hold(named && status == 204, || format!("{source} should be named and answered 204, not {status}: {said}"))
        }),
        haproxy(Proxying::V1),
        haproxy(Proxying::V2),
    ]
}

/// In the middle nothing leads further, whatever the hosts around it send there.
fn nowhere_else(network: &Network) -> Result<(), End> {
    network.internet.run(assert_no_way_out).map_err(End::Wrong)?;
    let elsewhere = SocketAddrV4::new(Ipv4Addr::new(192, 0, 2, 1), 443);
    let around = [&network.installation, &network.front, &network.corporate, &network.vantage, &network.workos];
    around.into_iter().try_for_each(|host| {
        // The kernel limits how often it says that there is no such network, and otherwise is silent.
        let opened = host.run(move || open(None, elsewhere, SILENCE).map(drop));
        let nowhere = [ErrorKind::NetworkUnreachable, ErrorKind::TimedOut];
        let failed = opened.as_ref().is_err_and(|error| nowhere.contains(&error.kind()));
        hold(failed, || format!("there should be no way to {elsewhere}, and connecting gives {opened:?}"))
    })
}

fn refusals(network: &Network) -> Result<(), End> {
    let _visits = receive(&network.installation, APPLICATION)?;
    for (others, kind) in [
        (Others::Dropped, ErrorKind::TimedOut),
        (Others::Prohibited, ErrorKind::HostUnreachable),
        (Others::Refused, ErrorKind::ConnectionRefused),
    ] {
        network.has(&Edge::closed(others))?;
        fails(&network.vantage, None, EDGE, kind)?;
        network.has(&Edge::default())?;
        is_answered(&network.vantage, None, EDGE)?;
    }
    Ok(())
}

fn haproxy(version: Proxying) -> Scenario {
    Scenario::new(format!("HAProxy names the source in a PROXY header, {version:?}"), move |network| {
        Front::Haproxy(version).stands(network, &Edge::default())?;
        let visits = receive(&network.installation, APPLICATION)?;
        let source = published()[3];
        is_answered(&network.workos, Some(source), EDGE)?;
        let visit = next(&visits)?;
        comes_from(visit.from, FRONT)?;
        let header = match version {
            Proxying::V1 => format!("PROXY TCP4 {source} {FRONT} ").into_bytes(),
            // The signature, version 2 and PROXY, TCP over IPv4, 12 bytes of addresses, and the first of them.
            Proxying::V2 => {
                [b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c".as_slice(), &source.octets(), &FRONT.octets()].concat()
            }
        };
        let said = String::from_utf8_lossy(&visit.said);
        hold(visit.said.starts_with(&header), || format!("{source} is not named: {said:?}"))
    })
}

fn comes_from(peer: SocketAddr, address: Ipv4Addr) -> Result<(), End> {
    hold(peer.ip() == IpAddr::V4(address), || {
        format!("the connection should come from {address}, and comes from {peer}")
    })
}

/// What the system of a host says of the installation's name.
fn resolves(host: &Host, address: Ipv4Addr) -> Result<(), End> {
    let answered = host.run(|| tool("getent").args(["ahostsv4", NAME]).output())?;
    let answered = String::from_utf8_lossy(&answered.stdout).into_owned();
    let all = !answered.is_empty() && answered.lines().all(|line| line.starts_with(&format!("{address} ")));
    hold(all, || format!("{NAME} should be {address}, and is: {answered}"))
}
