//! Connections, many at a time: whether a byte goes there and another comes back.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, Socket, Type};

/// A connection to be tried: from where, to where.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Try {
    pub(crate) source: IpAddr,
    pub(crate) destination: SocketAddr,
    pub(crate) udp: bool,
}

/// Tries all of them at once, and says of each whether a byte came back in time. Errors are such of this machine.
pub(crate) fn all(tries: &[Try], patience: Duration) -> Result<Vec<bool>, String> {
    let mut open: Vec<Option<Trying>> = Vec::with_capacity(tries.len());
    for one in tries {
        open.push(Some(Trying::begin(one).map_err(|error| format!("{one:?}: {error}"))?));
    }
    let mut came_back = vec![false; tries.len()];
    let (begun, mut pause) = (Instant::now(), Duration::from_millis(1));
    loop {
        let mut left = 0;
        for (trying, came_back) in open.iter_mut().zip(&mut came_back) {
            match trying.as_mut().map(Trying::look) {
                Some(Some(ended)) => {
                    *came_back = ended;
                    *trying = None;
                }
                Some(None) => left += 1,
                None => {}
            }
        }
        if left == 0 || begun.elapsed() > patience {
            return Ok(came_back);
        }
        thread::sleep(pause);
        pause = (pause * 3 / 2).min(Duration::from_millis(30));
    }
}

enum Trying {
    Tcp { stream: TcpStream, sent: bool },
    Udp(UdpSocket),
}

/// Ports that connections come from: none twice in a long time, so that nothing is remembered of one.
static FROM: AtomicU32 = AtomicU32::new(0);
const FIRST_FROM: u16 = 10_000;

fn next_from() -> u16 {
    let ports = u32::from(u16::MAX - FIRST_FROM);
    FIRST_FROM + u16::try_from(FROM.fetch_add(1, Ordering::Relaxed) % ports).unwrap()
}

impl Trying {
    fn begin(one: &Try) -> std::io::Result<Self> {
        let (kind, protocol) = if one.udp { (Type::DGRAM, Protocol::UDP) } else { (Type::STREAM, Protocol::TCP) };
        let socket = Socket::new(Domain::for_address(one.destination), kind, Some(protocol))?;
        socket.set_nonblocking(true)?;
        // From a port a connection may be ending that was made long ago.
        let bind = || socket.bind(&SocketAddr::new(one.source, next_from()).into());
        (0..1000).find_map(|_| bind().ok()).map_or_else(bind, Ok)?;
        match socket.connect(&one.destination.into()) {
            Err(error) if !may_still_come(&error) => return Err(error),
            _ => {}
        }
        if one.udp {
            let socket = UdpSocket::from(socket);
            // What the firewall itself refuses to send is an answer.
            let _ = socket.send(b"?");
            return Ok(Trying::Udp(socket));
        }
        Ok(Trying::Tcp { stream: socket.into(), sent: false })
    }

    /// How it ended, if it has.
    fn look(&mut self) -> Option<bool> {
        let mut byte = [0];
        let read = match self {
            Trying::Udp(socket) => socket.recv(&mut byte),
            Trying::Tcp { stream, sent } => {
                if stream.take_error().ok().flatten().is_some() {
                    return Some(false);
                }
                if !*sent {
                    stream.peer_addr().ok()?;
                    match stream.write(b"?") {
                        Ok(_) => *sent = true,
                        Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                        Err(_) => return Some(false),
                    }
                }
                stream.read(&mut byte)
            }
        };
        match read {
            Ok(bytes) => Some(bytes == 1),
            Err(error) if error.kind() == ErrorKind::WouldBlock => None,
            Err(error) if error.kind() == ErrorKind::NotConnected => None,
            Err(_) => Some(false),
        }
    }
}

/// What begins a connection goes on, or was refused by this host's own firewall at once.
fn may_still_come(error: &std::io::Error) -> bool {
    const IN_PROGRESS: i32 = 115;
    const REFUSED_HERE: [i32; 4] = [1, 13, 111, 113];
    error.raw_os_error().is_some_and(|code| code == IN_PROGRESS || REFUSED_HERE.contains(&code))
}

/// Answers every connection's first byte.
pub(crate) fn answer_all(listener: &TcpListener) {
    for mut stream in listener.incoming().flatten() {
        thread::spawn(move || {
            let mut byte = [0];
            let _ = stream.set_read_timeout(Some(Duration::from_secs(1)));
            if stream.read_exact(&mut byte).is_ok() {
                let _ = stream.write_all(b"!");
                // Whoever asked closes it, so that nothing here waits for a port to come free.
                let _ = stream.read(&mut byte);
            }
        });
    }
}

/// Sends every datagram back.
pub(crate) fn echo(socket: &UdpSocket) {
    let mut byte = [0];
    loop {
        if let Ok((_, from)) = socket.recv_from(&mut byte) {
            let _ = socket.send_to(&byte, from);
        }
    }
}
