//! How requests travel: over the connection that was judged, in the version of HTTP that was agreed on, through every kind of
//! proxy, and in spite of what breaks HTTP/2.
#![expect(clippy::unwrap_used, reason = "a test ends at what it did not expect, in what it is built of too")]

mod counted;
mod raw;
mod wanting;

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use workos_preflight::endpoint::Endpoint;
use workos_preflight::net::{
    BodyEnd, CertificateProblem, Coding, ErrorKind, Limits, Live, Network, RecordKind, Request, Response, Through,
    TrustStores, Version, Way, doh,
};
use workos_preflight::settings::Proxy;
use workos_preflight::simulator::world::{API, PROXY, PUBLIC_DNS};
use workos_preflight::simulator::{ApiManner, Fault, Ground, Http2Manner, Service, Simulator, Site, World};

use counted::Counted;

const API_HTTPS: ([u8; 4], u16) = ([104, 18, 2, 1], 443);
const PUBLIC_DNS_HTTPS: ([u8; 4], u16) = ([104, 16, 248, 249], 443);
const UNAUTHORIZED: &str = r#"{"message":"Unauthorized"}"#;
/// Long enough for a slow machine, and short where silence is waited for.
const PATIENT: Duration = Duration::from_secs(20);
const IMPATIENT: Duration = Duration::from_secs(2);

/// A world that is played on loopback, and a network that only it is in.
struct Stage {
    live: Live,
    /// The connections to the API, which the network makes through here.
    api: Counted,
    _simulator: Simulator,
}

impl Stage {
    async fn of(world: World, limit: Duration) -> Self {
        let simulator = Simulator::start(world, Ground::Loopback).await.unwrap();
        let stores = TrustStores::from_pem(simulator.trusted_pem(), simulator.public_roots_pem()).unwrap();
        let mut places = simulator.map().clone();
        let api = Counted::before(places[&API_HTTPS.into()]).await;
        places.insert(API_HTTPS.into(), api.address);
        Stage { live: Live::played(Limits { attempt: limit }, stores, places), api, _simulator: simulator }
    }

    /// The healthy world with this in the place of the API.
    async fn with(service: Service, limit: Duration) -> Self {
        let mut world = World::healthy();
        world.services.insert(API_HTTPS.into(), service);
        Self::of(world, limit).await
    }

    async fn get(&self) -> Response {
        self.live.fetch(&asked()).await.result.unwrap()
    }
}

fn way() -> Way {
    Way::direct(&Endpoint::new(API, 443), IpAddr::from(API_HTTPS.0))
}

fn asked() -> Request {
    Request::get(way(), "/organizations?limit=1")
}

fn api(http2: Http2Manner) -> Service {
    Service::Http2 { manner: http2, site: Site::Workos(ApiManner::Works) }
}

#[tokio::test]
async fn each_server_is_spoken_to_in_the_version_that_it_agrees_to() {
    for (service, version) in [
        (api(Http2Manner::Works), Version::Http2),
        (api(Http2Manner::Only), Version::Http2),
        (Service::https(Site::Workos(ApiManner::Works)), Version::Http1),
    ] {
        let stage = Stage::with(service.clone(), PATIENT).await;
        let answer = stage.get().await;

        assert_eq!((answer.version, answer.status, answer.end), (version, 401, BodyEnd::Whole), "{service:?}");
        assert_eq!((answer.text().as_ref(), answer.http2_broke.as_deref()), (UNAUTHORIZED, None), "{service:?}");
    }
}

#[tokio::test]
async fn http2_only_is_reached_through_every_kind_of_proxy() {
    for fault in ["proxy-credentials", "proxy-tls", "socks", "socks-local-names", "socks-credentials"] {
        let mut world = Fault::named(fault).unwrap_or_else(|| panic!("{fault} is a fault")).world();
        let proxy = world.settings.iter().find(|(name, _)| *name == "network.proxy").unwrap().1.clone();
        let proxy = Proxy::parse(&proxy).unwrap();
        assert_eq!(proxy.endpoint.host, PROXY);
        world.past_proxy.insert(API_HTTPS.into(), api(Http2Manner::Only));
        world.services.insert(API_HTTPS.into(), Service::Refuses);
        let address = world.inside_zone.addresses(PROXY)[0];
        let simulator = Simulator::start(world, Ground::Loopback).await.unwrap();
        let stores = TrustStores::from_pem(simulator.trusted_pem(), simulator.public_roots_pem()).unwrap();
        let live = Live::played(Limits { attempt: PATIENT }, stores, simulator.map().clone());
        let target = (!proxy.resolves()).then_some(IpAddr::from(API_HTTPS.0));
        let through = Through::Proxy { proxy, address, target };
        let way = Way { endpoint: Endpoint::new(API, 443), through };

        let answer = live.fetch(&Request::get(way, "/organizations")).await.result;
        let answer = answer.unwrap_or_else(|error| panic!("{fault}: {error}"));

        assert_eq!((answer.version, answer.text().as_ref()), (Version::Http2, UNAUTHORIZED), "{fault}");
    }
}

#[tokio::test]
async fn http2_that_breaks_in_whatever_way_is_left_for_http1_and_kept_as_evidence() {
    for manner in Http2Manner::BROKEN {
        let silent = matches!(
            manner,
            Http2Manner::NeverAnswers | Http2Manner::StallsAfterSettings | Http2Manner::StallsInBodies
        );
        let stage = Stage::with(api(manner), if silent { IMPATIENT } else { PATIENT }).await;

        let answer = stage.get().await;
        assert_eq!((answer.version, answer.text().as_ref()), (Version::Http1, UNAUTHORIZED), "{manner:?}");
        let how = answer.http2_broke.unwrap_or_else(|| panic!("{manner:?} is not told"));
        let said = match manner {
            Http2Manner::ClosesAfterPreface | Http2Manner::ClosesOnRequest => "closed the connection",
            Http2Manner::SpeaksHttp1 | Http2Manner::BreaksTheRules => "is not HTTP/2",
            Http2Manner::GoesAway => "GOAWAY, INTERNAL_ERROR",
            Http2Manner::ResetsStreams => "RST_STREAM, INTERNAL_ERROR",
            Http2Manner::WantsHttp1 => "RST_STREAM, HTTP_1_1_REQUIRED",
            Http2Manner::CutsBodies => "broke off",
            Http2Manner::StallsInBodies => "did not end",
            _ => "no answer within 2 s",
        };
        assert!(how.contains(said), "{manner:?}: {how}");

        // It is not tried again.
        let made = stage.api.made();
        let again = stage.get().await;
        assert!(again.version == Version::Http1 && again.http2_broke.is_some(), "{manner:?}");
        assert_eq!(stage.api.made(), made, "{manner:?}");
    }
}

#[tokio::test]
async fn http2_that_breaks_after_a_handshake_was_looked_at_is_left_for_http1_too() {
    for manner in [Http2Manner::GoesAway, Http2Manner::ClosesAfterPreface, Http2Manner::SpeaksHttp1] {
        let stage = Stage::with(api(manner), PATIENT).await;
        let seen = stage.live.handshake(&way()).await.result.unwrap();

        let answer = stage.get().await;

        assert_eq!((seen.protocol.as_deref(), answer.version), (Some("h2"), Version::Http1), "{manner:?}");
    }
}

#[tokio::test]
async fn what_http1_does_no_better_is_not_laid_to_http2() {
    for manner in [ApiManner::NeverAnswers, ApiManner::TruncatedJson] {
        let service = Service::Http2 { manner: Http2Manner::Works, site: Site::Workos(manner) };
        let stage = Stage::with(service, IMPATIENT).await;

        match stage.live.fetch(&asked()).await.result {
            Ok(answer) => assert_eq!((answer.end, answer.http2_broke), (BodyEnd::Cut, None), "{manner:?}"),
            Err(error) => assert!(matches!(error.kind, ErrorKind::TimedOut(_)), "{manner:?}: {error}"),
        }
    }
    // Nor is there HTTP/1.1 to go to where a server has none.
    let unanswered = Service::Http2 { manner: Http2Manner::Only, site: Site::Workos(ApiManner::NeverAnswers) };
    let stage = Stage::with(unanswered, IMPATIENT).await;
    let error = stage.live.fetch(&asked()).await.result.unwrap_err();
    assert!(matches!(error.kind, ErrorKind::TimedOut(_)), "{error}");
}

#[tokio::test]
async fn a_request_goes_on_with_the_connection_that_was_judged() {
    for service in [api(Http2Manner::Works), Service::https(Site::Workos(ApiManner::Works))] {
        let stage = Stage::with(service.clone(), PATIENT).await;
        stage.live.connect(&way()).await.result.unwrap();
        stage.live.handshake(&way()).await.result.unwrap();
        stage.get().await;
        stage.get().await;
        assert_eq!(stage.api.made(), 1, "{service:?}");

        let alone = Request { fresh: true, ..asked() };
        stage.live.fetch(&alone).await.result.unwrap();
        stage.live.fetch(&alone).await.result.unwrap();
        assert_eq!(stage.api.made(), 3, "{service:?}");
    }
}

#[tokio::test]
async fn requests_at_the_same_time_share_one_connection_of_http2() {
    let stage = Stage::with(api(Http2Manner::Works), PATIENT).await;
    stage.get().await;
    let request = asked();
    let answers = tokio::join!(stage.live.fetch(&request), stage.live.fetch(&request), stage.live.fetch(&request));

    assert!([answers.0, answers.1, answers.2].iter().all(|answer| answer.result.is_ok()));
    assert_eq!(stage.api.made(), 1);
}

#[tokio::test]
async fn a_connection_that_was_closed_while_it_stood_idle_is_made_anew() {
    for service in [api(Http2Manner::Works), Service::https(Site::Workos(ApiManner::Works))] {
        let stage = Stage::with(service.clone(), PATIENT).await;
        stage.live.handshake(&way()).await.result.unwrap();
        stage.api.cut().await;
        assert_eq!(stage.get().await.status, 401, "after the handshake: {service:?}");
        stage.api.cut().await;
        let answer = stage.get().await;
        assert_eq!((answer.status, answer.http2_broke), (401, None), "after a request: {service:?}");
        assert_eq!(stage.api.made(), 3, "{service:?}");
    }
}

#[tokio::test]
async fn nothing_is_sent_to_a_server_whose_certificate_does_not_hold() {
    let world = Fault::named("self-signed").unwrap().world();
    let stage = Stage::of(world, PATIENT).await;
    let judged = stage.live.handshake(&way()).await.result.unwrap().here.unwrap_err();

    let error = stage.live.fetch(&asked()).await.result.unwrap_err();

    assert_eq!(error.kind, ErrorKind::Certificate(Box::new(judged.clone())));
    assert_eq!(judged, CertificateProblem::SelfSigned);
}

#[tokio::test]
async fn a_body_that_comes_compressed_unasked_is_undone_or_named() {
    let manner = |manner| Service::https(Site::Workos(manner));
    let undone = Stage::with(manner(ApiManner::Compressed), PATIENT).await.get().await;
    let named = Stage::with(manner(ApiManner::CompressedForBrowsers), PATIENT).await.get().await;

    let gzip = Coding::Undone("gzip".to_owned());
    assert_eq!((undone.text().as_ref(), undone.coding.as_ref()), (UNAUTHORIZED, Some(&gzip)));
    assert_eq!(named.coding, Some(Coding::Unread("br".to_owned())));
}

#[tokio::test]
async fn dns_over_https_is_asked_in_the_version_that_the_resolver_has() {
    for service in [
        Service::Http2 { manner: Http2Manner::Only, site: Site::DnsOverHttps },
        Service::Http2 { manner: Http2Manner::GoesAway, site: Site::DnsOverHttps },
        Service::https(Site::DnsOverHttps),
    ] {
        let mut world = World::healthy();
        world.services.insert(PUBLIC_DNS_HTTPS.into(), service.clone());
        let stage = Stage::of(world, PATIENT).await;
        let way = Way::direct(&Endpoint::new(PUBLIC_DNS, 443), IpAddr::from(PUBLIC_DNS_HTTPS.0));
        let request = doh::request(way, "/dns-query", "app.customer.example", RecordKind::A, false).unwrap();

        let records = doh::answer(&stage.live.fetch(&request).await.result.unwrap()).unwrap();

        assert_eq!(records.addresses, [IpAddr::from([93, 184, 215, 14])], "{service:?}");
    }
}

#[tokio::test]
async fn heads_that_real_servers_send_are_read() {
    const ANSWER: &[u8] = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 26\r\n\r\n{\"message\":\"Unauthorized\"}";
    let over_http2 = [
        &b"\0\0\0\x04\0\0\0\0\0"[..],
        // :status 103 twice, then :status 401, each without Huffman coding; then the body, which ends the stream.
        b"\0\0\x05\x01\x04\0\0\0\x01\x08\x03103",
        b"\0\0\x05\x01\x04\0\0\0\x01\x08\x03103",
        b"\0\0\x05\x01\x04\0\0\0\x01\x08\x03401",
        b"\0\0\x1a\0\x01\0\0\0\x01{\"message\":\"Unauthorized\"}",
    ]
    .concat();
    let cases = [
        ("HTTP/2", "103 before the answer", over_http2),
        ("HTTP/1.1", "100", [b"HTTP/1.1 100 Continue\r\n\r\n", ANSWER].concat()),
        ("HTTP/1.1", "103 and 102", [&b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"[..], ANSWER].concat()),
        ("HTTP/1.1", "bare line feeds", b"HTTP/1.1 401 Unauthorized\nContent-Length: 26\n\n{\"message\":\"Unauthorized\"}".to_vec()),
        ("HTTP/1.1", "a folded header", b"HTTP/1.1 401 Unauthorized\r\nX-Long: a\r\n  b\r\nContent-Length: 26\r\n\r\n{\"message\":\"Unauthorized\"}".to_vec()),
        ("HTTP/1.1", "no reason", b"HTTP/1.1 401\r\nContent-Length: 26\r\n\r\n{\"message\":\"Unauthorized\"}".to_vec()),
        ("HTTP/1.1", "no length", b"HTTP/1.0 401 No\r\n\r\n{\"message\":\"Unauthorized\"}".to_vec()),
    ];
    for (version, what, bytes) in cases {
        let server = raw::Server::saying(API, bytes, version == "HTTP/2").await;
        let answer = server.fetch(&asked(), PATIENT).await.unwrap_or_else(|error| panic!("{what}: {error}"));

        assert_eq!((answer.version.to_string().as_str(), answer.status), (version, 401), "{what}");
        assert_eq!((answer.text().as_ref(), answer.end), (UNAUTHORIZED, BodyEnd::Whole), "{what}");
    }
}

#[tokio::test]
async fn a_head_without_end_is_not_read_to_its_end() {
    let endless = [&b"HTTP/1.1 200 OK\r\n"[..], &b"X-More: and more and more\r\n".repeat(100_000)].concat();
    let server = raw::Server::saying(API, endless, false).await;

    let error = server.fetch(&asked(), PATIENT).await.unwrap_err();

    assert_eq!(error.kind, ErrorKind::NotHttp, "{error}");
}

#[tokio::test]
async fn every_request_says_the_same_of_who_sends_it() {
    let server = raw::Server::saying(API, b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(), false).await;
    server.fetch(&asked(), PATIENT).await.unwrap();
    let heard = server.heard();

    assert!(heard.starts_with("GET /organizations?limit=1 HTTP/1.1\r\nhost: api.workos.com\r\n"), "{heard}");
    let expected = format!("\r\nuser-agent: {}\r\n", workos_preflight::net::USER_AGENT);
    assert!(heard.contains(&expected), "{heard}");
}

/// An address that is in no world.
fn nowhere() -> SocketAddr {
    API_HTTPS.into()
}

#[tokio::test]
async fn a_certificate_that_is_wanted_of_the_client_is_missed_in_either_version_of_tls() {
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let error = wanting::handshake(version).await.unwrap_err();

        assert_eq!(error.kind, ErrorKind::ClientCertificateRequired, "{:?}: {}", version.version, error.detail);
    }
}
