//! Who sent a request that came through proxies: the peer is seen, what stands before it is said, and only what trusted proxies
//! say is believed.

use std::net::{IpAddr, SocketAddr};

use hyper::HeaderMap;
use hyper::header::HeaderName;
use ipnet::IpNet;

/// Where a request came from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Traced {
    /// The farthest address that is seen, or that a trusted proxy names.
    pub source: IpAddr,
    /// The address at the other end of the connection.
    pub peer: IpAddr,
    /// How the one was told from the other, in words; empty where there is nothing to tell.
    pub told: String,
    /// The source is a trusted proxy that does not say whom it had the request from.
    pub unnamed: bool,
}

/// What stands in the headers and before TLS about the way that a request took.
pub(super) struct Said<'a> {
    /// What a PROXY header said, where the peer had to send one.
    pub(super) announced: Announced,
    /// The request's headers.
    pub(super) headers: &'a HeaderMap,
}

/// What a PROXY header says of the sender.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Announced {
    /// None is sent here.
    NotUsed,
    /// The sender's address.
    Sender(IpAddr),
    /// The balancer speaks for itself, or does not say. Whoever stands behind it may have written the headers.
    Nobody,
}

/// Walks from the peer towards the sender for as long as every hop is a trusted proxy.
pub(super) fn trace(peer: IpAddr, said: &Said<'_>, trusted: &[IpNet]) -> Traced {
    let peer = peer.to_canonical();
    let is_trusted = |address: IpAddr| trusted.iter().any(|range| range.contains(&address));
    let mut hops = vec![peer];
    if let Announced::Sender(announced) = said.announced {
        hops.push(announced.to_canonical());
    }
    let nearest = *hops.last().unwrap_or(&peer);
    let x_forwarded_for = claims(said.headers, &X_FORWARDED_FOR, entries);
    let forwarded = claims(said.headers, &FORWARDED, elements);
    let mut notes = Vec::new();

    let claimed: &[Claim] = if x_forwarded_for.is_empty() { &forwarded } else { &x_forwarded_for };
    if said.announced == Announced::Nobody {
        notes.push(format!("the PROXY header of {nearest} names nobody, so headers are not believed either"));
    } else if is_trusted(nearest) {
        let walk = |claims: &[Claim]| walked(claims, is_trusted);
        let sender = |claims: &[Claim]| walk(claims).0.last().copied();
        if !x_forwarded_for.is_empty() && !forwarded.is_empty() && sender(&x_forwarded_for) != sender(&forwarded) {
            // A proxy that sets the one may pass on the other as it was sent.
            notes.push("X-Forwarded-For and Forwarded name different senders, so neither is believed".to_owned());
        } else if claimed.is_empty() {
            notes.push(format!("the trusted proxy {nearest} does not say whom the request came from"));
        } else {
            let (further, unreadable) = walk(claimed);
            hops.extend(further);
            notes.extend(unreadable.then(|| "an entry of the chain is no address, and ends it".to_owned()));
        }
    } else if let Some(Claim(Some(named))) = claimed.last() {
        notes.push(format!("a header names {named}, and {nearest} is no trusted proxy, so it is not believed"));
    }

    let source = *hops.last().unwrap_or(&peer);
    let mut told = Vec::new();
    if hops.len() > 1 {
        let from_the_source: Vec<String> = hops.iter().rev().map(ToString::to_string).collect();
        told.push(from_the_source.join(" → "));
    }
    told.extend(notes);
    let unnamed = is_trusted(source) && claimed.is_empty();
    Traced { source, peer, told: told.join("; "), unnamed }
}

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED: HeaderName = hyper::header::FORWARDED;

/// A longer chain is nobody's.
const MOST_CLAIMS: usize = 32;

/// One entry of a chain, sender first; `None` where it is no address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Claim(Option<IpAddr>);

fn walked(claims: &[Claim], is_trusted: impl Fn(IpAddr) -> bool) -> (Vec<IpAddr>, bool) {
    let mut hops = Vec::new();
    for Claim(claim) in claims.iter().rev() {
        let Some(address) = claim else { return (hops, true) };
        hops.push(*address);
        if !is_trusted(*address) {
            break;
        }
    }
    (hops, false)
}

fn claims(headers: &HeaderMap, name: &HeaderName, read: fn(&str) -> Vec<Claim>) -> Vec<Claim> {
    let mut claims: Vec<Claim> = Vec::new();
    for value in headers.get_all(name) {
        match value.to_str() {
            Ok(text) => claims.extend(read(text)),
            Err(_) => claims.push(Claim(None)),
        }
    }
    // The nearest hops stand last, and they are the ones that count.
    claims.split_off(claims.len().saturating_sub(MOST_CLAIMS))
}

/// `X-Forwarded-For: 3.217.146.166, 10.20.0.5`
fn entries(text: &str) -> Vec<Claim> {
    text.split(',').map(|entry| Claim(address(entry.trim()))).collect()
}

/// `Forwarded: for=3.217.146.166;proto=https, for="[2001:db8::1]:4711"` (RFC 7239).
fn elements(text: &str) -> Vec<Claim> {
    let named = |element: &str| {
        let pairs = split_outside_quotes(element, ';');
        let named = pairs.iter().find_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            name.trim().eq_ignore_ascii_case("for").then(|| value.trim().trim_matches('"').to_owned())
        });
        Claim(named.and_then(|named| address(&named)))
    };
    split_outside_quotes(text, ',').iter().map(|element| named(element)).collect()
}

fn split_outside_quotes(text: &str, separator: char) -> Vec<String> {
    let (mut parts, mut part, mut quoted) = (Vec::new(), String::new(), false);
    for c in text.chars() {
        quoted ^= c == '"';
        if c == separator && !quoted {
            parts.push(std::mem::take(&mut part));
        } else {
            part.push(c);
        }
    }
    parts.push(part);
    parts
}

/// An address, bare or bracketed, with or without a port.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse::<IpAddr>().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|place| place.ip()))?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    const PROXY: &str = "10.20.0.5";
    const WORKOS: &str = "3.217.146.166";

    fn traced(peer: &str, announced: Option<&str>, headers: &[(&HeaderName, &str)]) -> Traced {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
                map.append(*name, value);
            }
        }
        let announced = match announced {
            None => Announced::NotUsed,
            Some("nobody") => Announced::Nobody,
            Some(address) => Announced::Sender(address.parse().unwrap()),
        };
        let said = Said { announced, headers: &map };
        trace(peer.parse().unwrap(), &said, &["10.20.0.0/24".parse().unwrap()])
    }

    fn source(peer: &str, announced: Option<&str>, headers: &[(&HeaderName, &str)]) -> String {
        traced(peer, announced, headers).source.to_string()
    }

    #[test]
    fn without_a_proxy_the_peer_is_the_source_also_in_its_ipv6_clothes() {
        assert_eq!(
            traced(WORKOS, None, &[]),
            Traced {
                source: WORKOS.parse().unwrap(),
                peer: WORKOS.parse().unwrap(),
                told: String::new(),
                unnamed: false
            }
        );
        assert_eq!(source("::ffff:3.217.146.166", None, &[]), WORKOS);
    }

    #[test]
    fn a_stranger_that_names_somebody_is_not_believed() {
        let spoofed = traced("198.51.100.7", None, &[(&X_FORWARDED_FOR, WORKOS)]);

        assert_eq!(spoofed.source.to_string(), "198.51.100.7");
        assert!(spoofed.told.contains("no trusted proxy"));
    }

    #[test]
    fn a_trusted_proxy_is_believed_for_the_nearest_entry_that_is_not_trusted_itself() {
        assert_eq!(source(PROXY, None, &[(&X_FORWARDED_FOR, WORKOS)]), WORKOS);
        assert_eq!(
            source(PROXY, None, &[(&X_FORWARDED_FOR, &format!("{WORKOS}, 198.51.100.7, 10.20.0.9"))]),
            "198.51.100.7"
        );
        assert_eq!(source(PROXY, None, &[(&X_FORWARDED_FOR, "198.51.100.7"), (&X_FORWARDED_FOR, WORKOS)]), WORKOS);
        assert_eq!(source(PROXY, None, &[(&X_FORWARDED_FOR, &format!("{WORKOS}:51234"))]), WORKOS);
        assert_eq!(traced(PROXY, None, &[(&X_FORWARDED_FOR, WORKOS)]).told, format!("{WORKOS} → {PROXY}"));
    }

    #[test]
    fn the_standard_header_is_read_with_its_quotes() {
        let forwarded = |value: &str| source(PROXY, None, &[(&FORWARDED, value)]);

        assert_eq!(forwarded("for=3.217.146.166;proto=https;by=10.20.0.5"), WORKOS);
        assert_eq!(forwarded("proto=https;For=\"3.217.146.166:4711\""), WORKOS);
        assert_eq!(forwarded("for=198.51.100.7, for=\"[2001:db8::1]:4711\""), "2001:db8::1");
        assert_eq!(forwarded("host=\"a,b;c\";for=3.217.146.166"), WORKOS);
        assert_eq!(forwarded("for=_hidden"), PROXY);
    }

    #[test]
    fn two_headers_that_disagree_are_both_left_aside() {
        let both = traced(PROXY, None, &[(&X_FORWARDED_FOR, "198.51.100.7"), (&FORWARDED, "for=3.217.146.166")]);

        assert_eq!(both.source.to_string(), PROXY);
        assert!(both.told.contains("neither is believed"));
        assert_eq!(source(PROXY, None, &[(&X_FORWARDED_FOR, WORKOS), (&FORWARDED, "for=3.217.146.166")]), WORKOS);
        let longer = format!("{WORKOS}, 10.20.0.9");
        assert_eq!(source(PROXY, None, &[(&X_FORWARDED_FOR, &longer), (&FORWARDED, "for=3.217.146.166")]), WORKOS);
    }

    #[test]
    fn what_a_load_balancer_announces_stands_before_what_headers_say() {
        assert_eq!(source(PROXY, Some(WORKOS), &[]), WORKOS);
        assert_eq!(source(PROXY, Some(WORKOS), &[(&X_FORWARDED_FOR, "198.51.100.7")]), WORKOS);
        assert_eq!(source(PROXY, Some("10.20.0.9"), &[(&X_FORWARDED_FOR, WORKOS)]), WORKOS);
        // In TCP mode the balancer passes on what a stranger wrote.
        assert_eq!(source(PROXY, Some("nobody"), &[(&X_FORWARDED_FOR, WORKOS)]), PROXY);
    }

    #[test]
    fn a_proxy_that_names_nobody_is_said_to() {
        assert!(traced(PROXY, None, &[]).told.contains("does not say"));
        assert!(traced(PROXY, None, &[(&X_FORWARDED_FOR, "unknown")]).told.contains("no address"));
    }

    proptest! {
        #[test]
        fn whatever_a_stranger_sends_the_peer_is_the_source(x in "[ -~]{0,60}", forwarded in "[ -~]{0,60}") {
            prop_assert_eq!(source("198.51.100.7", None, &[(&X_FORWARDED_FOR, &x), (&FORWARDED, &forwarded)]), "198.51.100.7");
        }

        #[test]
        fn whatever_stands_in_the_headers_is_read_without_a_panic(x in ".*", forwarded in "(for=[\\[\\]\"0-9a-f:., ;]{0,30}){0,40}") {
            let _ = traced(PROXY, None, &[(&X_FORWARDED_FOR, &x), (&FORWARDED, &forwarded)]);
        }
    }
}
