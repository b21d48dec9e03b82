//! A resolver over UDP and TCP, and how a zone answers a DNS message.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use hickory_proto::op::{Edns, Message, MessageType, Metadata, ResponseCode};
use hickory_proto::rr::rdata::{A, AAAA, CNAME, SOA};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};

use super::zone::{ResolverManner, Zone, ZoneAnswer};

/// Answers datagrams until it is dropped.
pub(super) async fn serve_udp(socket: UdpSocket, zone: Arc<Zone>, manner: ResolverManner) {
    let mut buffer = vec![0; 4096];
    loop {
        let Ok((length, peer)) = socket.recv_from(&mut buffer).await else {
            // An ICMP error about an earlier answer comes up here; the socket is still good.
            tokio::task::yield_now().await;
            continue;
        };
        if matches!(manner, ResolverManner::Silent | ResolverManner::UdpSilent) {
            continue;
        }
        let question = buffer.get(..length).unwrap_or_default();
        if let Some(answer) = answer(&zone, question, manner) {
            // A client that has gone away is its own affair.
            let _ = socket.send_to(&answer, peer).await;
        }
    }
}

/// Answers questions on one TCP connection, each with its length in front.
pub(super) async fn serve_tcp(mut stream: TcpStream, zone: Arc<Zone>, manner: ResolverManner) -> io::Result<()> {
    // The TC bit says "ask over TCP", so over TCP it is not set.
    let manner = if manner == ResolverManner::Truncates { ResolverManner::Answers } else { manner };
    if manner == ResolverManner::TruncatesOnly {
        return Ok(());
    }
    loop {
        let length = stream.read_u16().await?;
        let mut question = vec![0; usize::from(length)];
        stream.read_exact(&mut question).await?;
        if manner == ResolverManner::Silent {
            continue;
        }
        let Some(answer) = answer(&zone, &question, manner) else {
            continue;
        };
        let length = u16::try_from(answer.len()).map_err(io::Error::other)?;
        stream.write_all(&[&length.to_be_bytes(), answer.as_slice()].concat()).await?;
    }
}

/// The answer to one message; none to what is no question.
pub(super) fn answer(zone: &Zone, question: &[u8], manner: ResolverManner) -> Option<Vec<u8>> {
    let question = Message::from_vec(question).ok()?;
    let query = question.queries.first()?;
    if question.metadata.message_type != MessageType::Query {
        return None;
    }
    let mut answer = Message::new(question.metadata.id, MessageType::Response, question.metadata.op_code);
    answer.metadata = Metadata::response_from_request(&question.metadata);
    answer.metadata.recursion_available = true;
    answer.queries.push(query.clone());
    if question.edns.is_some() {
        let mut edns = Edns::new();
        edns.set_max_payload(1232);
        answer.edns = Some(edns);
    }
    match manner {
        ResolverManner::Refuses => answer.metadata.response_code = ResponseCode::Refused,
        ResolverManner::Truncates | ResolverManner::TruncatesOnly => answer.metadata.truncation = true,
        ResolverManner::Fails(code) => answer.metadata.response_code = code.into(),
        ResolverManner::SilentAboutAaaa if query.query_type() == RecordType::AAAA => return None,
        _ => fill(zone, query.name(), query.query_type(), question.metadata.checking_disabled, &mut answer)?,
    }
    answer.to_vec().ok()
}

/// Puts the zone's records for a name into the answer; `None` where the zone is silent about it.
fn fill(zone: &Zone, name: &Name, kind: RecordType, checking_disabled: bool, answer: &mut Message) -> Option<()> {
    let mut name = name.clone();
    // A played chain is short; a loop ends here.
    for _ in 0..8 {
        let (addresses, ttl): (Vec<IpAddr>, u32) = match zone.answer(&name.to_ascii()) {
            ZoneAnswer::Silence => return None,
            ZoneAnswer::Addresses { v4, v6, ttl } => {
                (v4.iter().copied().map(IpAddr::from).chain(v6.iter().copied().map(IpAddr::from)).collect(), *ttl)
            }
            ZoneAnswer::ServFailUnlessCheckingDisabled { v4 } if checking_disabled => {
                (v4.iter().copied().map(IpAddr::from).collect(), 300)
            }
            ZoneAnswer::Alias { to } => {
                let to = Name::from_ascii(format!("{to}.")).ok()?;
                answer.answers.push(Record::from_rdata(name, 300, RData::CNAME(CNAME(to.clone()))));
                if kind == RecordType::CNAME {
                    return Some(());
                }
                name = to;
                continue;
            }
            ZoneAnswer::NoData => (Vec::new(), 0),
            ZoneAnswer::NxDomain => {
                answer.metadata.response_code = ResponseCode::NXDomain;
                (Vec::new(), 0)
            }
            ZoneAnswer::ServFail | ZoneAnswer::ServFailUnlessCheckingDisabled { .. } => {
                answer.metadata.response_code = ResponseCode::ServFail;
                return Some(());
            }
            ZoneAnswer::Refused => {
                answer.metadata.response_code = ResponseCode::Refused;
                return Some(());
            }
        };
        let of_kind: Vec<RData> = addresses
            .into_iter()
            .filter_map(|address| match (address, kind) {
                (IpAddr::V4(it), RecordType::A | RecordType::ANY) => Some(RData::A(A(it))),
                (IpAddr::V6(it), RecordType::AAAA | RecordType::ANY) => Some(RData::AAAA(AAAA(it))),
                _ => None,
            })
            .collect();
        if of_kind.is_empty() {
            answer.authorities.extend(start_of_authority(&name));
        }
        answer.answers.extend(of_kind.into_iter().map(|data| Record::from_rdata(name.clone(), ttl, data)));
        return Some(());
    }
    answer.metadata.response_code = ResponseCode::ServFail;
    Some(())
}

/// The SOA that lets a resolver keep a negative answer.
fn start_of_authority(name: &Name) -> Option<Record> {
    let zone = name.trim_to(2);
    let primary = Name::from_ascii("ns1.demo-dns.example.").ok()?;
    let person = Name::from_ascii("hostmaster.demo-dns.example.").ok()?;
    let soa = SOA::new(primary, person, 2_026_110_101, 7200, 900, 1_209_600, 60);
    Some(Record::from_rdata(zone, 60, RData::SOA(soa)))
}

#[cfg(test)]
mod tests;
