//! Plain sockets: what the network does to a connection, whatever the binary makes of it.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, SocketAddrV4, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use crate::host::{Host, PATIENCE};
use crate::trial::{End, hold};

/// After so long without an answer a connection counts as dropped: by then the kernel has asked twice.
pub(crate) const SILENCE: Duration = Duration::from_secs(2);
/// What is sent, so that a server in between that reads HTTP passes it on.
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: app.customer.example\r\nconnection: close\r\n\r\n";

/// One connection as a server saw it.
pub(crate) struct Visit {
    /// Where it came from.
    pub(crate) from: SocketAddr,
    /// What was said in it, up to the end of a request.
    pub(crate) said: Vec<u8>,
}

/// Accepts connections on a host and tells of each; they are answered with 204.
pub(crate) fn receive(host: &Host, at: SocketAddrV4) -> Result<Receiver<Visit>, End> {
    let listener = host.run(move || TcpListener::bind(at))?;
    let (tell, told) = mpsc::channel();
    host.serve(move || {
        for stream in listener.incoming() {
            // What a client does wrong shows in what is not told.
            let _ = stream.and_then(attend).map(|visit| tell.send(visit));
        }
    });
    Ok(told)
}

fn attend(mut stream: TcpStream) -> io::Result<Visit> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let from = stream.peer_addr()?;
    let mut said = Vec::new();
    let mut buffer = [0; 4096];
    // A PROXY header in binary begins as a request ends.
    while !said.windows(4).skip(1).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut buffer)? {
            0 => break,
            read => said.extend_from_slice(&buffer[..read]),
        }
    }
    stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")?;
    stream.shutdown(Shutdown::Write)?;
    // Closing with unread bytes would send a reset that can overtake the answer.
    while stream.read(&mut buffer)? > 0 {}
    Ok(Visit { from, said })
}

/// The next connection that a server tells of.
pub(crate) fn next(visits: &Receiver<Visit>) -> Result<Visit, End> {
    visits.recv_timeout(PATIENCE).map_err(|_| End::Wrong("no connection arrives".to_owned()))
}

/// Opens a connection from a host, from one of its addresses where it is named.
pub(crate) fn open(from: Option<Ipv4Addr>, to: SocketAddrV4, patience: Duration) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    if let Some(from) = from {
        socket.bind(&SocketAddrV4::new(from, 0).into())?;
    }
    socket.connect_timeout(&to.into(), patience)?;
    let stream = TcpStream::from(socket);
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// Asks with one request and reads the answer to its end.
pub(crate) fn ask(host: &Host, from: Option<Ipv4Addr>, to: SocketAddrV4) -> io::Result<String> {
    host.run(move || {
        let mut stream = open(from, to, PATIENCE)?;
        stream.write_all(REQUEST)?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).map(|_| answer)
    })
}

/// The answer is the one that [`receive`] gives.
pub(crate) fn is_answered(host: &Host, from: Option<Ipv4Addr>, to: SocketAddrV4) -> Result<(), End> {
    let answer = ask(host, from, to);
    let answered = answer.as_ref().is_ok_and(|answer| answer.starts_with("HTTP/1.1 204"));
    hold(answered, || format!("{to} from {from:?} should answer 204, and gives {answer:?}"))
}

/// The connection fails in this way.
pub(crate) fn fails(host: &Host, from: Option<Ipv4Addr>, to: SocketAddrV4, kind: ErrorKind) -> Result<(), End> {
    let opened =
        host.run(move || open(from, to, if kind == ErrorKind::TimedOut { SILENCE } else { PATIENCE }).map(drop));
    let failed = opened.as_ref().is_err_and(|error| error.kind() == kind);
    hold(failed, || format!("connecting to {to} from {from:?} should give {kind:?}, and gives {opened:?}"))
}
