//! What the internet does to a port that is open: silence, slowness, garbage and floods, while a genuine delivery must get in.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use rustls_pki_types::ServerName;
use socket2::{Domain, Socket, Type};
use workos_preflight::report::v1::Status;
use workos_preflight::secret::Secret;
use workos_preflight::simulator::world::INSTALLATION;
use workos_preflight::workos::signature;

use crate::found::{read, summary};
use crate::stories::{DOOR, Place, delivered, ended};
use crate::trusting::trusting;

/// Connections that say nothing.
const IDLE: usize = 1000;

/// What the listener may take at most, in KiB: its connections are bounded, and so is what each may hold.
const MOST_MEMORY: usize = 64 * 1024;

/// A listed source, and one that besieges.
const WORKOS: Ipv4Addr = Ipv4Addr::new(3, 217, 146, 166);
const STRANGER: Ipv4Addr = Ipv4Addr::new(93, 184, 215, 14);

/// A story: the listener is besieged, and WorkOS delivers all the same.
pub(crate) fn withstood(place: &Place) -> Result<(), String> {
    allow_many_files()?;
    let mut command = place.command(&["listen", "--count", "2", "--for", "60s", "--format", "json"]);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut child = command.spawn().map_err(words)?;
    let mut said = BufReader::new(child.stderr.take().ok_or("no stderr")?);
    let mut line = String::new();
    said.read_line(&mut line).map_err(words)?;
    if !line.contains("listening on") {
        return Err(format!("it says {line}"));
    }
    // Nobody reads on otherwise, and it would wait for that.
    let rest = thread::spawn(move || {
        let mut rest = String::new();
        let _ = said.read_to_string(&mut rest);
        rest
    });
    let config = trusting(place.simulator.public_roots_pem()).map_err(words)?;

    let over = Arc::new(AtomicBool::new(false));
    let besieging = Besieging { config: Arc::clone(&config), over: Arc::clone(&over), standing: Arc::default() };
    let idle = idle()?;
    let besiegers = besieging.begin();
    besieging.wait_until_all_stand()?;

    let secret = &place.world.webhook_secret;
    let first = deliver(&config, secret, "event_first", WORKOS).map_err(|error| format!("in the siege: {error}"))?;
    let memory = peak_memory(child.id())?;
    let second =
        deliver(&config, secret, "event_second", WORKOS).map_err(|error| format!("in the siege, again: {error}"))?;
    over.store(true, Ordering::Relaxed);
    let mut out = String::new();
    child.stdout.take().ok_or("no stdout")?.read_to_string(&mut out).map_err(words)?;
    let code = ended(&mut child)?;
    drop(idle);
    for besieger in besiegers {
        besieger.join().map_err(|_| "a besieger broke".to_owned())?;
    }

    let said = rest.join().map_err(|_| "the reader broke".to_owned())?;
    let (report, wrong) = read(&out).map_err(|error| format!("{error}: {out}{said}"))?;
    if code != Some(0) || !wrong.is_empty() || said.contains("defect") {
        return Err(format!("it ended with {code:?} {wrong:?}:\n{}\n{said}", summary(&report)));
    }
    let result = delivered(&report)?;
    if result.status != Status::Pass || (first, second) != (503, 503) {
        return Err(format!("answered {first} and {second}:\n{}", summary(&report)));
    }
    if !result.evidence.iter().any(|seen| seen.what == "turned away") {
        return Err("nothing is told of what was turned away".to_owned());
    }
    if memory > MOST_MEMORY {
        return Err(format!("it took {memory} KiB"));
    }
    Ok(())
}

fn words(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// Both ends of the silent connections are files; the listener is bounded by itself.
fn allow_many_files() -> Result<(), String> {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).map_err(words)?;
    setrlimit(Resource::RLIMIT_NOFILE, most, most).map_err(words)
}

fn idle() -> Result<Vec<TcpStream>, String> {
    (0..IDLE).map(|_| connect(STRANGER).map_err(|error| format!("an idle connection: {error}"))).collect()
}

fn connect(from: Ipv4Addr) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::new(IpAddr::V4(from), 0).into())?;
    let door: SocketAddr = DOOR.parse().map_err(io::Error::other)?;
    socket.connect_timeout(&door.into(), Duration::from_secs(20))?;
    let stream = TcpStream::from(socket);
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    stream.set_write_timeout(Some(Duration::from_secs(30)))?;
    Ok(stream)
}

type Tls = StreamOwned<ClientConnection, TcpStream>;

fn over_tls(config: &Arc<ClientConfig>, from: Ipv4Addr) -> io::Result<Tls> {
    let name = ServerName::try_from(INSTALLATION).map_err(io::Error::other)?;
    let connection = ClientConnection::new(Arc::clone(config), name).map_err(io::Error::other)?;
    let mut stream = StreamOwned::new(connection, connect(from)?);
    stream.conn.complete_io(&mut stream.sock)?;
    Ok(stream)
}

/// A genuine delivery; the status it is answered with.
fn deliver(config: &Arc<ClientConfig>, secret: &str, id: &str, from: Ipv4Addr) -> io::Result<u16> {
    let body = format!(r#"{{"id":"{id}","event":"user.created","data":{{"id":"user_1"}},"created_at":"2026-11-25"}}"#);
    let now = signature::milliseconds(SystemTime::now());
    let signed = signature::sign(&Secret::new(secret), now, body.as_bytes());
    post(config, from, &format!("WorkOS-Signature: {signed}\r\n"), &body)
}

/// What a stranger sends without a signature; the status it is answered with.
pub(crate) fn unsigned(root: &str, body: &str) -> io::Result<u16> {
    post(&trusting(root)?, STRANGER, "", body)
}

fn post(config: &Arc<ClientConfig>, from: Ipv4Addr, headers: &str, body: &str) -> io::Result<u16> {
    let mut stream = over_tls(config, from)?;
    let length = body.len();
    let head =
        format!("POST /webhooks/workos HTTP/1.1\r\nHost: {INSTALLATION}\r\n{headers}Content-Length: {length}\r\n\r\n");
    stream.write_all((head + body).as_bytes())?;
    let mut answer = [0; 12];
    stream.read_exact(&mut answer)?;
    String::from_utf8_lossy(&answer)[9..].trim().parse().map_err(io::Error::other)
}

/// Deliveries in a siege, and how many of them have to be answered in time.
const SHARED: usize = 20;
const ANSWERED: usize = 19;
const IN_TIME: Duration = Duration::from_secs(10);

/// A story: the siege comes from the very address that deliveries come from, as behind one router. Nearly all of them are
/// answered all the same.
pub(crate) fn from_one_address(place: &Place) -> Result<(), String> {
    share(place, "1024", STRANGER)
}

/// A story: the listener has few descriptors. Nearly all deliveries of a listed address are answered all the same.
pub(crate) fn with_few_descriptors(place: &Place) -> Result<(), String> {
    share(place, "64", WORKOS)
}

fn share(place: &Place, descriptors: &str, from: Ipv4Addr) -> Result<(), String> {
    allow_many_files()?;
    let inner = place.command(&["listen", "--count", "1000", "--for", "120s"]);
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n $0; exec \"$@\"", descriptors]).arg(inner.get_program()).args(inner.get_args());
    command.env_clear().envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.current_dir("/etc/lab").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(words)?;
    let mut line = String::new();
    let mut said = BufReader::new(child.stderr.take().ok_or("no stderr")?);
    said.read_line(&mut line).map_err(words)?;
    if !line.contains("listening on") {
        return Err(format!("it says {line}"));
    }
    let config = trusting(place.simulator.public_roots_pem()).map_err(words)?;
    let over = Arc::new(AtomicBool::new(false));
    let besieging = Besieging { config: Arc::clone(&config), over: Arc::clone(&over), standing: Arc::default() };
    let idle = idle()?;
    let besiegers = besieging.begin();
    besieging.wait_until_all_stand()?;

    let delivers = |number: usize| {
        let begun = Instant::now();
        let status = deliver(&config, &place.world.webhook_secret, &format!("event_{number}"), from);
        status.is_ok_and(|status| status == 503) && begun.elapsed() < IN_TIME
    };
    let answered = (0..SHARED).filter(|number| delivers(*number)).count();
    let memory = peak_memory(child.id())?;
    over.store(true, Ordering::Relaxed);
    child.kill().and_then(|()| child.wait()).map_err(words)?;
    drop(idle);
    for besieger in besiegers {
        besieger.join().map_err(|_| "a besieger broke".to_owned())?;
    }
    if answered < ANSWERED || memory > MOST_MEMORY {
        return Err(format!("{answered} of {SHARED} were answered in time, and it took {memory} KiB"));
    }
    Ok(())
}

/// The largest resident set so far, in KiB.
fn peak_memory(process: u32) -> Result<usize, String> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).map_err(words)?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    line.trim().trim_end_matches(" kB").parse().map_err(words)
}

/// Those who do not only stand about.
#[derive(Clone)]
struct Besieging {
    config: Arc<ClientConfig>,
    over: Arc<AtomicBool>,
    standing: Arc<AtomicUsize>,
}

type Besieger = fn(&Besieging) -> io::Result<()>;

/// Each kind, and how many of it.
const KINDS: [(Besieger, usize); 8] = [
    (slow_body, 200),
    (slow_handshake, 20),
    (garbage, 20),
    (slow_head, 10),
    (malformed, 10),
    (endless_head, 5),
    (huge_announced, 5),
    (huge_in_chunks, 5),
];

impl Besieging {
    fn begin(&self) -> Vec<JoinHandle<()>> {
        let mut threads = Vec::new();
        for (besiege, number) in KINDS {
            for _ in 0..number {
                let own = self.clone();
                threads.push(thread::spawn(move || {
                    own.standing.fetch_add(1, Ordering::Relaxed);
                    while !own.over.load(Ordering::Relaxed) {
                        // Being thrown out is what should come of it; then it comes again.
                        let _ = besiege(&own);
                        thread::sleep(Duration::from_millis(50));
                    }
                }));
            }
        }
        threads
    }

    fn wait_until_all_stand(&self) -> Result<(), String> {
        let all: usize = KINDS.iter().map(|(_, number)| number).sum();
        for _ in 0..4000 {
            if self.standing.load(Ordering::Relaxed) == all {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(5));
        }
        Err("the siege did not begin".to_owned())
    }

    /// Bytes one after the other, for as long as they are taken.
    fn slowly(&self, stream: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
        for byte in bytes.iter().cycle() {
            if self.over.load(Ordering::Relaxed) {
                break;
            }
            stream.write_all(&[*byte])?;
            stream.flush()?;
            thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    /// The same bytes again and again, as fast as they are taken, up to 100 MB.
    fn flood(&self, stream: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
        let mut sent = 0;
        while sent < 100_000_000 && !self.over.load(Ordering::Relaxed) {
            stream.write_all(bytes)?;
            sent += bytes.len();
        }
        Ok(())
    }
}

fn slow_handshake(siege: &Besieging) -> io::Result<()> {
    siege.slowly(&mut connect(STRANGER)?, &[0x16, 0x03, 0x01, 0x3f, 0xff, 0x01])
}

fn garbage(_: &Besieging) -> io::Result<()> {
    let mut stream = connect(STRANGER)?;
    stream.write_all(&[0x13; 3000])?;
    stream.read(&mut [0; 64]).map(drop)
}

fn slow_head(siege: &Besieging) -> io::Result<()> {
    siege.slowly(&mut over_tls(&siege.config, STRANGER)?, b"POST /webhooks/workos HTTP/1.1\r\nX: y\r\n")
}

fn slow_body(siege: &Besieging) -> io::Result<()> {
    let mut stream = over_tls(&siege.config, STRANGER)?;
    stream.write_all(b"POST /webhooks/workos HTTP/1.1\r\nHost: x\r\nContent-Length: 10000\r\n\r\n")?;
    siege.slowly(&mut stream, b"a")
}

fn malformed(siege: &Besieging) -> io::Result<()> {
    let mut stream = over_tls(&siege.config, STRANGER)?;
    stream
        .write_all(b"\x00POST /webhooks/workos HTTP/9.9\r\nContent-Length: -1\r\nContent-Length: 3\r\n\r\n\xff\xff")?;
    stream.read(&mut [0; 64]).map(drop)
}

fn endless_head(siege: &Besieging) -> io::Result<()> {
    let mut stream = over_tls(&siege.config, STRANGER)?;
    stream.write_all(b"POST /webhooks/workos HTTP/1.1\r\n")?;
    siege.flood(&mut stream, format!("X-Long: {}\r\n", "a".repeat(8000)).as_bytes())
}

fn huge_announced(siege: &Besieging) -> io::Result<()> {
    let mut stream = over_tls(&siege.config, STRANGER)?;
    stream.write_all(b"POST /webhooks/workos HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n")?;
    siege.flood(&mut stream, &[b'a'; 16_384])
}

fn huge_in_chunks(siege: &Besieging) -> io::Result<()> {
    let mut stream = over_tls(&siege.config, STRANGER)?;
    stream.write_all(b"POST /webhooks/workos HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")?;
    siege.flood(&mut stream, format!("1000\r\n{}\r\n", "a".repeat(0x1000)).as_bytes())
}
