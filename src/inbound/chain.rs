//! Who sent a request that came through proxies: the peer is seen, what stands before it is said, and only what trusted proxies
//! say is believed.

use std::net::IpAddr;

use hyper::HeaderMap;
use ipnet::IpNet;

use super::forwarded::{Claim, forwarded, x_forwarded_for};
use crate::workos::delivery::{Header, Unnamed};

/// Where a request came from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Traced {
    /// The farthest address that is seen, or that a trusted proxy names.
    pub source: IpAddr,
    /// The address at the other end of the connection.
    pub peer: IpAddr,
    /// How the one was told from the other, in words; empty where there is nothing to tell.
    pub told: String,
    /// Where the source is a trusted proxy: why it is not known whom that had the request from.
    pub unnamed: Option<Unnamed>,
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
    let mut unnamed = None;
    let mut note = None;

    if said.announced == Announced::Nobody {
        unnamed = Some(Unnamed::NotAnnounced);
    } else if is_trusted(nearest) {
        let walk = walked(said.headers, is_trusted);
        hops.extend(walk.hops);
        unnamed = walk.unnamed;
    } else {
        let claimed = [x_forwarded_for(said.headers), forwarded(said.headers)];
        let claimed = claimed.iter().find_map(|claims| claims.last());
        if let Some(Claim::Sender(named)) = claimed {
            note = Some(format!("a header names {named}, and {nearest} is no trusted proxy, so it is not believed"));
        }
    }

    let source = *hops.last().unwrap_or(&peer);
    let mut told = Vec::new();
    if hops.len() > 1 {
        let from_the_source: Vec<String> = hops.iter().rev().map(ToString::to_string).collect();
        told.push(from_the_source.join(" → "));
    }
    told.extend(unnamed.map(|why| format!("the trusted proxy {source} {}", why.in_words())));
    told.extend(note);
    Traced { source, peer, told: told.join("; "), unnamed }
}

/// How far headers lead from a trusted proxy.
#[derive(PartialEq, Eq)]
struct Walk {
    /// The nearest first; all but the last are trusted proxies.
    hops: Vec<IpAddr>,
    /// Why the last is a proxy, too.
    unnamed: Option<Unnamed>,
}

/// What a trusted proxy's headers say. Where it sends two kinds, and they tell different things, none of them is believed: a
/// proxy that sets the one may pass on the other as it was sent.
fn walked(headers: &HeaderMap, is_trusted: impl Fn(IpAddr) -> bool) -> Walk {
    let x_forwarded_for = x_forwarded_for(headers);
    let mut forwarded = forwarded(headers);
    // One that tells of the protocol or the host alone contradicts nobody.
    if !x_forwarded_for.is_empty() && forwarded.iter().all(|claim| *claim == Claim::Nobody) {
        forwarded.clear();
    }
    let walk = |header, claims: &[Claim]| walk(header, claims, &is_trusted);
    match (x_forwarded_for.is_empty(), forwarded.is_empty()) {
        (true, true) => Walk { hops: Vec::new(), unnamed: Some(Unnamed::Silent) },
        (false, true) => walk(Header::XForwardedFor, &x_forwarded_for),
        (true, false) => walk(Header::Forwarded, &forwarded),
        (false, false) => {
            let (one, other) = (walk(Header::XForwardedFor, &x_forwarded_for), walk(Header::Forwarded, &forwarded));
            let sender = |walk: &Walk| walk.hops.last().filter(|_| walk.unnamed.is_none()).copied();
            if sender(&one) == sender(&other) {
                one
            } else {
                Walk { hops: Vec::new(), unnamed: Some(Unnamed::Contradiction) }
            }
        }
    }
}

fn walk(header: Header, claims: &[Claim], is_trusted: impl Fn(IpAddr) -> bool) -> Walk {
    let mut hops = Vec::new();
    for claim in claims.iter().rev() {
        let why = match claim {
            Claim::Sender(address) => {
                hops.push(*address);
                if is_trusted(*address) {
                    continue;
                }
                return Walk { hops, unnamed: None };
            }
            Claim::Unknown => Unnamed::Unknown(header),
            Claim::Obfuscated => Unnamed::Obfuscated(header),
            Claim::Nobody => Unnamed::Empty(header),
            // What cannot be read where it has to be believed is not believed at all.
            Claim::Unreadable => return Walk { hops: Vec::new(), unnamed: Some(Unnamed::Unreadable(header)) },
        };
        return Walk { hops, unnamed: Some(why) };
    }
    Walk { hops, unnamed: Some(Unnamed::OnlyProxies(header)) }
}

#[cfg(test)]
mod tests {
    use hyper::header::{FORWARDED, HeaderName, HeaderValue};
    use proptest::prelude::*;

    use super::*;

    const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

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
                unnamed: None
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
        assert_eq!(source(PROXY, None, &[(&X_FORWARDED_FOR, &format!("é, ü, {WORKOS}:51234"))]), WORKOS);
        assert_eq!(source(PROXY, None, &[(&FORWARDED, &format!("for=é;, for=\"{WORKOS}:4711\""))]), WORKOS);
        let named = traced(PROXY, None, &[(&X_FORWARDED_FOR, WORKOS)]);
        assert_eq!((named.told, named.unnamed), (format!("{WORKOS} → {PROXY}"), None));
    }

    #[test]
    fn a_string_that_is_left_open_lets_nobody_pass_for_somebody_else() {
        let spoofed = format!("for={WORKOS};x=\", for=198.51.100.7");
        let quoted = format!("for={WORKOS};x=\"\\\"\", for=198.51.100.7");

        assert_eq!(source(PROXY, None, &[(&FORWARDED, &spoofed)]), PROXY);
        assert_eq!(source(PROXY, None, &[(&FORWARDED, &quoted)]), "198.51.100.7");
        assert_eq!(source(PROXY, None, &[(&FORWARDED, &spoofed), (&FORWARDED, "for=198.51.100.8")]), "198.51.100.8");
    }

    #[test]
    fn two_headers_that_disagree_are_both_left_aside() {
        let both = |x: &str, standard: &str| traced(PROXY, None, &[(&X_FORWARDED_FOR, x), (&FORWARDED, standard)]);
        let longer = format!("{WORKOS}, 10.20.0.9");
        let agreed = format!("for={WORKOS}");

        for (x, standard) in [("198.51.100.7", &*agreed), (WORKOS, "for=_gazonk"), ("unknown", &agreed), ("", &agreed)]
        {
            let seen = both(x, standard);
            assert_eq!(
                (seen.source.to_string(), seen.unnamed),
                (PROXY.to_owned(), Some(Unnamed::Contradiction)),
                "{x}"
            );
            assert!(seen.told.contains("neither is believed"));
        }
        for (x, standard) in [(WORKOS, &*agreed), (&longer, &agreed), (WORKOS, "proto=https;host=app.customer.example")]
        {
            assert_eq!(
                (both(x, standard).source.to_string(), both(x, standard).unnamed),
                (WORKOS.to_owned(), None),
                "{x}"
            );
        }
    }

    #[test]
    fn what_a_load_balancer_announces_stands_before_what_headers_say() {
        assert_eq!(source(PROXY, Some(WORKOS), &[]), WORKOS);
        assert_eq!(source(PROXY, Some(WORKOS), &[(&X_FORWARDED_FOR, "198.51.100.7")]), WORKOS);
        assert_eq!(source(PROXY, Some("10.20.0.9"), &[(&X_FORWARDED_FOR, WORKOS)]), WORKOS);
        // In TCP mode the balancer passes on what a stranger wrote.
        let nobody = traced(PROXY, Some("nobody"), &[(&X_FORWARDED_FOR, WORKOS)]);
        assert_eq!((nobody.source.to_string(), nobody.unnamed), (PROXY.to_owned(), Some(Unnamed::NotAnnounced)));
    }

    #[test]
    fn why_a_trusted_proxy_names_nobody_is_told() {
        let x = |value: &str| traced(PROXY, None, &[(&X_FORWARDED_FOR, value)]).unnamed;
        let standard = |value: &str| traced(PROXY, None, &[(&FORWARDED, value)]).unnamed;

        assert_eq!(traced(PROXY, None, &[]).unnamed, Some(Unnamed::Silent));
        assert_eq!(x("unknown"), Some(Unnamed::Unknown(Header::XForwardedFor)));
        assert_eq!(x(&format!("{WORKOS}, ")), Some(Unnamed::Empty(Header::XForwardedFor)));
        assert_eq!(x(&format!("{WORKOS}, é")), Some(Unnamed::Unreadable(Header::XForwardedFor)));
        assert_eq!(x(&format!("{WORKOS}, é, 10.20.0.9")), Some(Unnamed::Unreadable(Header::XForwardedFor)));
        assert_eq!(x("10.20.0.9, 10.20.0.8"), Some(Unnamed::OnlyProxies(Header::XForwardedFor)));
        assert_eq!(standard("for=_hidden;proto=https"), Some(Unnamed::Obfuscated(Header::Forwarded)));
        assert_eq!(standard("proto=https;host=a.example"), Some(Unnamed::Empty(Header::Forwarded)));
        assert!(traced(PROXY, None, &[]).told.contains("does not say"));
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
