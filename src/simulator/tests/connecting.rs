//! Connections, handshakes, certificates and tunnels.

use super::super::world::{AUTHKIT, ERRORS, HOSTED_ADDRESS, PROXY_ADDRESS, PUBLIC_DNS, PUBLIC_DNS_ADDRESSES};
use super::*;

#[tokio::test]
async fn dropped_connections_hang() {
    let simulator = playing("egress-dropped").await;
    let address = api(&simulator);

    let attempts = futures_util::future::join_all(
        (0..4).map(|_| timeout(Duration::from_millis(700), TcpStream::connect(address))),
    );

    assert!(attempts.await.iter().all(Result::is_err));
}

#[tokio::test]
async fn refused_connections_are_refused() {
    let simulator = playing("egress-refused").await;

    let error = TcpStream::connect(api(&simulator)).await.unwrap_err();

    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn what_only_a_namespace_can_play_is_refused_on_loopback() {
    for fault in FAULTS.iter().filter(|it| !it.anywhere) {
        let error = Simulator::start(fault.world(), Ground::Loopback).await.unwrap_err();

        assert_eq!(error.kind(), io::ErrorKind::Unsupported);
        assert!(error.to_string().contains("104.18."), "{error}");
    }
}

#[tokio::test]
async fn every_fault_that_is_played_anywhere_starts_on_loopback() {
    for fault in FAULTS.iter().filter(|it| it.anywhere) {
        let world = fault.world();
        let expected = world.services.len() + 1;

        let simulator = Simulator::start(world, Ground::Loopback).await.unwrap();

        assert_eq!(simulator.map().len(), expected, "{}", fault.name);
        assert!(simulator.map().values().all(|it| it.ip().is_loopback()), "{}", fault.name);
    }
}

#[test]
fn faults_are_named_once_and_expect_addressed_codes() {
    let kebab = |it: &str| it.chars().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '-');
    let names: BTreeSet<_> = FAULTS.iter().map(|it| it.name).collect();

    assert_eq!(names.len(), FAULTS.len());
    for fault in FAULTS {
        assert!(kebab(fault.name), "{}", fault.name);
        assert!(fault.shows.ends_with('.'), "{}", fault.name);
        for address in fault.expect {
            let (id, code) = address.split_once('/').unwrap();
            let (group, check) = id.split_once('.').unwrap();
            assert!([group, check, code].into_iter().all(kebab), "{address}");
        }
    }
}

#[test]
fn every_address_that_a_name_leads_to_is_played() {
    for fault in FAULTS {
        let world = fault.world();
        let named = [&world.inside_zone, &world.public_zone].into_iter().flat_map(Zone::all_addresses);

        for address in named {
            let played = world.services.keys().any(|it| it.ip() == address);
            assert!(played || address == PROXY_ADDRESS.ip(), "{}: {address}", fault.name);
        }
    }
}

#[tokio::test]
async fn everything_ends_with_the_simulator() {
    let simulator = playing("").await;
    let address = api(&simulator);
    let mut open = TcpStream::connect(address).await.unwrap();

    drop(simulator);

    let end = timeout(PATIENCE, open.read(&mut [0; 1])).await.unwrap();
    assert!(matches!(end, Ok(0) | Err(_)));
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_good_certificate_is_trusted_for_every_name_of_the_world() {
    let simulator = playing("").await;
    let played = [
        (https(API_ADDRESSES[1]), API),
        (https(PUBLIC_DNS_ADDRESSES[0]), PUBLIC_DNS),
        (https(INSTALLATION_ADDRESS), INSTALLATION),
        (https(HOSTED_ADDRESS), AUTHKIT),
        (https(HOSTED_ADDRESS), ERRORS),
    ];

    for (address, name) in played {
        secured(&simulator, address, name).await.unwrap();
    }
}

#[tokio::test]
async fn each_certificate_is_refused_for_its_own_reason() {
    for (fault, expected) in [
        ("expired", "Expired"),
        ("not-yet-valid", "NotValidYet"),
        ("wrong-name", "NotValidForName"),
        ("self-signed", "UnknownIssuer"),
        ("incomplete-chain", "UnknownIssuer"),
        ("untrusted-ca", "UnknownIssuer"),
    ] {
        let simulator = playing(fault).await;

        let error = secured(&simulator, https(API_ADDRESSES[0]), API).await.unwrap_err();

        let said = format!("{:?}", refusal(&error).unwrap());
        assert!(said.starts_with(expected), "{fault}: {said}");
    }
}

#[tokio::test]
async fn an_intercepted_connection_is_trusted_here_but_not_publicly() {
    let simulator = playing("intercepted").await;

    let here = secured(&simulator, https(API_ADDRESSES[0]), API).await;
    let stream = TcpStream::connect(api(&simulator)).await.unwrap();
    let publicly = handshake(simulator.public_roots_pem(), stream, API).await;

    assert!(here.is_ok());
    assert_eq!(refusal(&publicly.unwrap_err()), Some(&CertificateError::UnknownIssuer));
}

#[tokio::test]
async fn a_wanted_client_certificate_is_missed() {
    let simulator = playing("ingress-client-certificate").await;

    let mut stream = secured(&simulator, https(INSTALLATION_ADDRESS), INSTALLATION).await.unwrap();
    // In TLS 1.3 the server's refusal comes after the client's side of the handshake is complete.
    let error = timeout(PATIENCE, stream.read(&mut [0; 1])).await.unwrap().unwrap_err();

    assert!(error.to_string().contains("CertificateRequired"), "{error}");
}

#[tokio::test]
async fn handshakes_fail_as_they_should() {
    let reset = secured(&playing("tls-reset").await, https(API_ADDRESSES[0]), API).await.unwrap_err();
    let old = secured(&playing("tls-old").await, https(API_ADDRESSES[0]), API).await.unwrap_err();
    let garbage = secured(&playing("tls-garbage").await, https(API_ADDRESSES[0]), API).await.unwrap_err();
    let plain = secured(&playing("plain-http").await, https(API_ADDRESSES[0]), API).await.unwrap_err();
    let simulator = playing("tls-stalled").await;
    let stalled = timeout(Duration::from_millis(300), secured(&simulator, https(API_ADDRESSES[0]), API)).await;

    assert_eq!(reset.kind(), io::ErrorKind::ConnectionReset);
    assert!(old.to_string().contains("ProtocolVersion"), "{old}");
    assert!(garbage.to_string().contains("corrupt"), "{garbage}");
    assert!(plain.to_string().contains("corrupt"), "{plain}");
    assert!(stalled.is_err());
}

#[tokio::test]
async fn a_proxy_opens_a_tunnel_where_the_direct_way_is_closed() {
    let simulator = playing("proxy-only").await;
    let mut stream = TcpStream::connect(simulator.map()[&PROXY_ADDRESS]).await.unwrap();
    let mut head = [0; 39];

    stream.write_all(format!("CONNECT {API}:443 HTTP/1.1\r\nHost: {API}:443\r\n\r\n").as_bytes()).await.unwrap();
    stream.read_exact(&mut head).await.unwrap();
    let tunnel = handshake(simulator.trusted_pem(), stream, API).await.unwrap();
    let answer = exchange(tunnel, "GET /organizations HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;

    assert_eq!(&head, b"HTTP/1.1 200 Connection established\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
}

#[tokio::test]
async fn a_proxy_says_why_there_is_no_tunnel() {
    let connect = format!("CONNECT {API}:443 HTTP/1.1\r\n");
    for (fault, request, found) in [
        ("proxy-407", connect.clone(), "Proxy-Authenticate: Basic"),
        ("proxy-407", format!("{connect}Proxy-Authorization: {PROXY_AUTHORIZATION}\r\n"), "200 Connection established"),
        ("proxy-403", connect.clone(), "<title>Access Denied"),
        ("proxy-502", connect.clone(), "HTTP/1.1 502 "),
        ("proxy-500", connect.clone(), "HTTP/1.1 500 "),
        ("proxy-407-rule", connect.clone(), "matches no rule"),
        ("proxy-sign-in-page", connect.clone(), "Location: https://gateway.proxy.example/"),
        ("proxy-windows-sign-in", connect.clone(), "Negotiate, NTLM"),
        ("proxy-old", connect.clone(), "HTTP/1.0 200 Connection established\n"),
        ("proxy-not-a-proxy", connect.clone(), "Server: nginx"),
        ("proxy-only", "CONNECT unknown.example:443 HTTP/1.1\r\n".to_owned(), "HTTP/1.1 502 "),
        ("proxy-only", "GET http://example.com/ HTTP/1.1\r\n".to_owned(), "HTTP/1.1 400 "),
    ] {
        let simulator = playing(fault).await;
        let mut stream = TcpStream::connect(simulator.map()[&PROXY_ADDRESS]).await.unwrap();
        let mut answer = [0; 1024];

        stream.write_all(format!("{request}\r\n").as_bytes()).await.unwrap();
        let length = timeout(PATIENCE, stream.read(&mut answer)).await.unwrap().unwrap();

        let answer = String::from_utf8_lossy(&answer[..length]);
        assert!(answer.contains(found), "{fault}: {answer}");
    }
}
