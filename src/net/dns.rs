//! One question to one DNS server, asked as the C library asks it: from a connected UDP socket, without EDNS, and over TCP
//! what UDP had to cut. What an application gets is what counts, and a library that asks otherwise gets something else.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use hickory_proto::op::{Message, MessageType, Query, ResponseCode};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use hickory_proto::serialize::binary::{BinDecodable, BinEncodable};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

use super::error::{ErrorKind, NetError, Phase};
use super::{Question, RecordKind, Records};

/// An attempt sends its datagram this often, since one can be lost, and turns to TCP as well when the first stays silent.
const SENDINGS: u32 = 5;

/// Asks over UDP, and over TCP beside it where UDP stays silent, so that both have been tried within one attempt's time.
pub(super) async fn ask(server: SocketAddr, question: &Question, limit: Duration) -> Result<Records, NetError> {
    let message = message(&question.name, question.kind)?;
    let patience = limit / SENDINGS;
    let late = |_| NetError::timed_out(Phase::Lookup, limit);
    let udp = async { timeout(limit, over_udp(server, &message, patience)).await.map_err(late)? };
    let tcp = async |limit| timeout(limit, over_tcp(server, &message)).await.map_err(late)?;
    tokio::pin!(udp);
    let answer = match timeout(patience, &mut udp).await {
        Ok(answer) => answer?,
        Err(_) => match tokio::join!(udp, tcp(limit.saturating_sub(patience))) {
            (Ok(answer), _) => answer,
            (Err(NetError { kind: ErrorKind::TimedOut(_), .. }), Ok(answer)) => return over_tcp_only(&answer),
            (Err(error), _) => return Err(error),
        },
    };
    if !answer.metadata.truncation {
        return read(&answer);
    }
    match tcp(limit).await {
        Ok(answer) => read(&answer),
        Err(error) => Err(NetError::new(
            ErrorKind::CutShort(Box::new(error.kind)),
            format!("the answer over UDP is cut (TC), and over TCP: {}", error.detail),
        )),
    }
}

fn over_tcp_only(answer: &Message) -> Result<Records, NetError> {
    match read(answer) {
        Ok(records) => Ok(Records { over_tcp_only: true, ..records }),
        Err(NetError { kind, detail, aliases }) => Err(NetError {
            kind: ErrorKind::OverTcpOnly(Box::new(kind)),
            detail: format!("{detail}, over TCP only"),
            aliases,
        }),
    }
}

/// A question with an id of its own.
pub(super) fn message(name: &str, kind: RecordKind) -> Result<Message, NetError> {
    // As it stands: `my_app` is no host by the book, and every server answers for it.
    let mut asked = Name::from_ascii(name)
        .or_else(|_| Name::from_utf8(name))
        .map_err(|error| NetError::new(ErrorKind::Other, format!("`{name}` is no DNS name: {error}")))?;
    asked.set_fqdn(true);
    let mut message = Message::query();
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(
        asked,
        match kind {
            RecordKind::A => RecordType::A,
            RecordKind::Aaaa => RecordType::AAAA,
        },
    ));
    Ok(message)
}

/// The bytes of a question.
pub(super) fn bytes(message: &Message) -> Result<Vec<u8>, NetError> {
    message.to_bytes().map_err(|error| NetError::new(ErrorKind::Other, error.to_string()))
}

async fn over_udp(server: SocketAddr, question: &Message, again: Duration) -> Result<Message, NetError> {
    let any: SocketAddr = match server {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any).await?;
    // A connected socket hears of a closed port, and takes datagrams from nobody else.
    socket.connect(server).await?;
    let bytes = bytes(question)?;
    let mut buffer = vec![0; 4096];
    loop {
        socket.send(&bytes).await?;
        let heard = timeout(again, async {
            loop {
                let length = socket.recv(&mut buffer).await?;
                if let Some(answer) = buffer.get(..length).and_then(|heard| answer_to(question, heard)) {
                    return Ok(answer);
                }
            }
        });
        if let Ok(answer) = heard.await {
            return answer;
        }
    }
}

async fn over_tcp(server: SocketAddr, question: &Message) -> Result<Message, NetError> {
    let mut stream = TcpStream::connect(server).await?;
    let bytes = bytes(question)?;
    let length = u16::try_from(bytes.len()).map_err(|error| NetError::new(ErrorKind::Other, error.to_string()))?;
    stream.write_all(&[&length.to_be_bytes(), bytes.as_slice()].concat()).await?;
    let length = stream.read_u16().await?;
    let mut heard = vec![0; usize::from(length)];
    stream.read_exact(&mut heard).await?;
    answer_to(question, &heard)
        .ok_or_else(|| NetError::new(ErrorKind::Other, "what came back does not answer the question"))
}

/// A datagram that is the answer to this question; anything else is somebody else's, or a forgery.
fn answer_to(question: &Message, heard: &[u8]) -> Option<Message> {
    let answer = Message::from_bytes(heard).ok()?;
    // A server that did not understand the question need not repeat it.
    let repeats = answer.queries.is_empty() || answer.queries == question.queries;
    let fits = answer.metadata.id == question.metadata.id && answer.metadata.message_type == MessageType::Response;
    (fits && repeats).then_some(answer)
}

/// What an answer says.
pub(super) fn read(message: &Message) -> Result<Records, NetError> {
    let found = records(&message.answers);
    let code = message.metadata.response_code;
    let kind = match code {
        ResponseCode::NoError if !found.addresses.is_empty() => return Ok(found),
        // An alias that leads to nothing is told apart by the caller, from the aliases.
        ResponseCode::NoError => ErrorKind::NoData,
        ResponseCode::NXDomain => ErrorKind::NoSuchName,
        ResponseCode::ServFail => ErrorKind::ServFail,
        ResponseCode::Refused => ErrorKind::DnsRefused,
        other => ErrorKind::DnsCode(other.into()),
    };
    let aliases = found.aliases;
    let led = if aliases.is_empty() { String::new() } else { format!(", by way of {}", aliases.join(" → ")) };
    Err(NetError { kind, detail: format!("{}{led}", in_words(code)), aliases })
}

/// A response code by its name in the registry.
fn in_words(code: ResponseCode) -> String {
    match code {
        ResponseCode::NoError => "no records of this type".to_owned(),
        ResponseCode::NXDomain => "NXDOMAIN".to_owned(),
        ResponseCode::ServFail => "SERVFAIL".to_owned(),
        ResponseCode::Refused => "REFUSED".to_owned(),
        other => super::error::dns_code(other.into()),
    }
}

/// What the records of an answer say.
fn records(answers: &[Record]) -> Records {
    let mut found = Records::default();
    for record in answers.iter().take(64) {
        match &record.data {
            RData::A(address) => found.addresses.push(address.0.into()),
            RData::AAAA(address) => found.addresses.push(address.0.into()),
            RData::CNAME(alias) => found.aliases.push(alias.0.to_utf8().trim_end_matches('.').to_owned()),
            _ => continue,
        }
        found.ttl = Some(found.ttl.map_or(record.ttl, |ttl| ttl.min(record.ttl)));
    }
    found
}
