//! A delivery as `WorkOS` sends it: a signed POST over TLS that is verified against the public root, from a given address.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use rustls::{ClientConnection, StreamOwned};
use rustls_pki_types::ServerName;
use workos_preflight::secret::Secret;
use workos_preflight::simulator::World;
use workos_preflight::simulator::world::INSTALLATION as NAME;
use workos_preflight::workos::signature;

use crate::host::PATIENCE;
use crate::network::{Network, PUBLIC};
use crate::plain;
use crate::trusting::trusting;

/// One event on its way.
#[derive(Clone)]
pub(crate) struct Delivery {
    source: Ipv4Addr,
    secret: String,
    /// What is said before TLS begins.
    preface: String,
    headers: String,
}

impl Delivery {
    /// Signed with the secret of the installation's endpoint.
    pub(crate) fn from(source: Ipv4Addr) -> Self {
        Self { source, secret: World::healthy().webhook_secret, preface: String::new(), headers: String::new() }
    }

    /// Signed with a secret of something else.
    pub(crate) fn signed_with_another_secret(self) -> Self {
        Self { secret: "whsec_of_another_endpoint".to_owned(), ..self }
    }

    /// Saying of itself that it was forwarded for somebody else.
    pub(crate) fn claiming(self, source: Ipv4Addr) -> Self {
        Self { headers: format!("X-Forwarded-For: {source}\r\n"), ..self }
    }

    /// Beginning as a proxy does that announces somebody else.
    pub(crate) fn announcing(self, source: Ipv4Addr) -> Self {
        Self { preface: format!("PROXY TCP4 {source} {PUBLIC} 40000 443\r\n"), ..self }
    }

    /// The status of the answer.
    pub(crate) fn send(&self, network: &Network) -> io::Result<u16> {
        self.send_within(network, PATIENCE)
    }

    /// Sends it where it is lost on the way; an error says that it was not.
    pub(crate) fn is_lost(&self, network: &Network) -> Result<(), String> {
        match self.send_within(network, plain::SILENCE) {
            Err(error) if error.kind() == ErrorKind::TimedOut => Ok(()),
            other => Err(format!("a delivery from {} should be lost, and comes to {other:?}", self.source)),
        }
    }

    fn send_within(&self, network: &Network, patience: Duration) -> io::Result<u16> {
        let (delivery, root) = (self.clone(), network.public_root.clone());
        network.workos.run(move || {
            let mut stream = plain::open(Some(delivery.source), SocketAddrV4::new(PUBLIC, 443), patience)?;
            stream.write_all(delivery.preface.as_bytes())?;
            let name = ServerName::try_from(NAME).map_err(io::Error::other)?;
            let connection = ClientConnection::new(trusting(&root)?, name).map_err(io::Error::other)?;
            let mut stream = StreamOwned::new(connection, stream);
            stream.write_all(delivery.request().as_bytes())?;
            status(&mut stream)
        })
    }

    fn request(&self) -> String {
        let now = signature::milliseconds(SystemTime::now());
        let event = event();
        let signature = signature::sign(&Secret::new(self.secret.as_str()), now, event.as_bytes());
        let (headers, length) = (&self.headers, event.len());
        format!(
            "POST /webhooks/workos HTTP/1.1\r\nHost: {NAME}\r\nContent-Type: application/json\r\n\
             WorkOS-Signature: {signature}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{event}"
        )
    }
}

/// Every event has an identifier of its own, by which repeated ones are told.
fn event() -> String {
    static SENT: AtomicU32 = AtomicU32::new(0);
    let id = format!("event_01HZBCG2M4W8R6T1YQX5{:06}", SENT.fetch_add(1, Ordering::Relaxed));
    let data = r#"{"object":"directory_user","state":"active"}"#;
    format!(r#"{{"id":"{id}","event":"dsync.user.created","data":{data},"created_at":"2026-11-23T18:00:00.000Z"}}"#)
}

/// The status in the first line of an answer, which is all that a delivery looks at.
fn status(stream: &mut impl Read) -> io::Result<u16> {
    let mut answer = Vec::new();
    let mut buffer = [0; 1024];
    while !answer.windows(2).any(|end| end == b"\r\n") {
        match stream.read(&mut buffer)? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            read => answer.extend_from_slice(&buffer[..read]),
        }
    }
    let line = String::from_utf8_lossy(&answer);
    let code = line.split(' ').nth(1).and_then(|code| code.parse().ok());
    code.ok_or_else(|| io::Error::new(ErrorKind::InvalidData, format!("no HTTP: {line}")))
}
