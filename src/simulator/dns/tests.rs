//! What a client of the inside resolver is told, over UDP and TCP.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use hickory_proto::op::{OpCode, Query};
use tokio::time::{Duration, timeout};

use super::*;
use crate::simulator::{Ground, Simulator, World};

const SECOND: Duration = Duration::from_secs(1);

async fn resolver(manner: ResolverManner, answer: ZoneAnswer) -> (Simulator, SocketAddr) {
    let mut world = World::healthy();
    world.resolver_manner = manner;
    world.inside_zone.set("asked.example", answer);
    world.inside_zone.set("end.example", ZoneAnswer::v4(&[Ipv4Addr::new(192, 0, 2, 7)]));
    let played = world.resolver;
    let simulator = Simulator::start(world, Ground::Loopback).await.unwrap();
    let real = simulator.map()[&played];
    (simulator, real)
}

fn question(name: &str, kind: RecordType) -> Message {
    let mut message = Message::new(4711, MessageType::Query, OpCode::Query);
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(Name::from_ascii(name).unwrap(), kind));
    message
}

async fn over_udp(resolver: SocketAddr, message: &Message) -> Option<Message> {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.send_to(&message.to_vec().unwrap(), resolver).await.unwrap();
    let mut buffer = [0; 1500];
    let length = timeout(SECOND, socket.recv(&mut buffer)).await.ok()?.unwrap();
    Some(Message::from_vec(&buffer[..length]).unwrap())
}

async fn over_tcp(resolver: SocketAddr, message: &Message) -> Option<Message> {
    let mut stream = TcpStream::connect(resolver).await.unwrap();
    let bytes = message.to_vec().unwrap();
    stream.write_u16(u16::try_from(bytes.len()).unwrap()).await.unwrap();
    stream.write_all(&bytes).await.unwrap();
    let length = timeout(SECOND, stream.read_u16()).await.ok()?.unwrap();
    let mut buffer = vec![0; usize::from(length)];
    stream.read_exact(&mut buffer).await.unwrap();
    Some(Message::from_vec(&buffer).unwrap())
}

async fn asked(answer: ZoneAnswer, kind: RecordType) -> Option<Message> {
    let (_simulator, resolver) = resolver(ResolverManner::Answers, answer).await;
    over_udp(resolver, &question("ASKED.example.", kind)).await
}

#[tokio::test]
async fn addresses_are_answered_by_family() {
    let both = ZoneAnswer::Addresses {
        v4: vec![Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(192, 0, 2, 2)],
        v6: vec![Ipv6Addr::LOCALHOST],
        ttl: 30,
    };

    let v4 = asked(both.clone(), RecordType::A).await.unwrap();
    let v6 = asked(both, RecordType::AAAA).await.unwrap();

    assert_eq!(v4.metadata.id, 4711);
    assert_eq!(v4.answers.len(), 2);
    assert_eq!(v4.answers[0].ttl, 30);
    assert_eq!(v6.answers[0].data, RData::AAAA(AAAA(Ipv6Addr::LOCALHOST)));
}

#[tokio::test]
async fn an_alias_comes_with_what_it_leads_to() {
    let answer = asked(ZoneAnswer::Alias { to: "end.example".to_owned() }, RecordType::A).await.unwrap();

    assert!(matches!(answer.answers[0].data, RData::CNAME(_)));
    assert_eq!(answer.answers[1].data, RData::A(A(Ipv4Addr::new(192, 0, 2, 7))));
}

#[tokio::test]
async fn an_alias_to_nothing_is_nxdomain_with_the_alias() {
    let answer = asked(ZoneAnswer::Alias { to: "gone.example".to_owned() }, RecordType::A).await.unwrap();

    assert_eq!(answer.metadata.response_code, ResponseCode::NXDomain);
    assert_eq!(answer.answers.len(), 1);
}

#[tokio::test]
async fn an_alias_to_itself_is_servfail() {
    let answer = asked(ZoneAnswer::Alias { to: "asked.example".to_owned() }, RecordType::A).await.unwrap();

    assert_eq!(answer.metadata.response_code, ResponseCode::ServFail);
}

#[tokio::test]
async fn negative_answers_carry_an_soa() {
    for (zone, code) in [(ZoneAnswer::NxDomain, ResponseCode::NXDomain), (ZoneAnswer::NoData, ResponseCode::NoError)] {
        let answer = asked(zone, RecordType::A).await.unwrap();

        assert_eq!(answer.metadata.response_code, code);
        assert!(answer.answers.is_empty());
        assert_eq!(answer.authorities[0].record_type(), RecordType::SOA);
    }
}

#[tokio::test]
async fn failures_have_their_codes() {
    let failed = asked(ZoneAnswer::ServFail, RecordType::A).await.unwrap();
    let refused = asked(ZoneAnswer::Refused, RecordType::A).await.unwrap();
    let silent = asked(ZoneAnswer::Silence, RecordType::A).await;

    assert_eq!(failed.metadata.response_code, ResponseCode::ServFail);
    assert_eq!(refused.metadata.response_code, ResponseCode::Refused);
    assert!(silent.is_none());
}

#[tokio::test]
async fn a_failed_validation_shows_its_addresses_when_checking_is_disabled() {
    let zone = ZoneAnswer::ServFailUnlessCheckingDisabled { v4: vec![Ipv4Addr::new(192, 0, 2, 9)] };
    let (_simulator, resolver) = resolver(ResolverManner::Answers, zone).await;
    let checked = question("asked.example.", RecordType::A);
    let mut unchecked = checked.clone();
    unchecked.metadata.checking_disabled = true;

    let checked = over_udp(resolver, &checked).await.unwrap();
    let unchecked = over_udp(resolver, &unchecked).await.unwrap();

    assert_eq!(checked.metadata.response_code, ResponseCode::ServFail);
    assert_eq!(unchecked.answers[0].data, RData::A(A(Ipv4Addr::new(192, 0, 2, 9))));
}

#[tokio::test]
async fn manners_differ_between_udp_and_tcp() {
    let message = question("end.example.", RecordType::A);
    for (manner, udp, tcp) in [
        (ResolverManner::Answers, Some((1, false)), Some(1)),
        (ResolverManner::Silent, None, None),
        (ResolverManner::UdpSilent, None, Some(1)),
        (ResolverManner::Truncates, Some((0, true)), Some(1)),
        (ResolverManner::Refuses, Some((0, false)), Some(0)),
    ] {
        let (_simulator, resolver) = resolver(manner, ZoneAnswer::NoData).await;

        let over_udp = over_udp(resolver, &message).await;
        let over_tcp = over_tcp(resolver, &message).await;

        assert_eq!(over_udp.map(|it| (it.answers.len(), it.metadata.truncation)), udp, "{manner:?} over UDP");
        assert_eq!(over_tcp.map(|it| it.answers.len()), tcp, "{manner:?} over TCP");
    }
}

#[test]
fn what_is_no_question_gets_no_answer() {
    let zone = Zone::default();
    for odd in [&[][..], &[0; 11], &[0; 12], &[0xff; 40]] {
        assert_eq!(answer(&zone, odd, ResolverManner::Answers), None);
    }
}
