//! squid on the loopback of a network where every host is this one, and what it answers to a CONNECT.

use std::env;
use std::fs;
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};

/// The hosts that there are, and the one address of each.
pub(crate) const HOSTS: [(&str, &str); 7] = [
    ("a.example", "10.1.0.1"),
    ("sub.a.example", "10.1.0.2"),
    ("deep.sub.a.example", "10.1.3.1"),
    ("nota.example", "10.2.0.1"),
    ("b.example", "10.2.0.2"),
    ("six.example", "fd00:1::1"),
    ("sub.six.example", "fd00:2::1"),
];

/// Ports that are asked for. Nobody listens there, which squid is told only where it lets the client try.
pub(crate) const PORTS: [u16; 4] = [443, 444, 8443, 80];

/// Where clients come from.
pub(crate) const CLIENTS: [&str; 4] = ["127.0.0.1", "127.0.0.2", "10.9.0.1", "10.9.1.255"];

/// Where the configuration lies.
pub(crate) const PLACE: &str = "/mnt/squid";

const PROXY: ([u8; 4], u16) = ([127, 0, 0, 1], 3128);

/// What a squid needs besides the lists of access, so that it leaves nothing behind and asks nobody.
const BESIDES: &str = "http_port 127.0.0.1:3128
pid_filename none
cache_log /dev/null
access_log none
cache deny all
netdb_filename none
pinger_enable off
hosts_file /mnt/squid/hosts
dns_nameservers 127.0.0.1
connect_timeout 1 second
shutdown_lifetime 0 seconds
coredump_dir none
visible_hostname trial
";

/// Whether a program can be called.
pub(crate) fn is_there(program: &str) -> bool {
    let paths = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&paths).any(|path| path.join(program).exists())
}

/// Every address there is becomes this host's.
pub(crate) fn network() -> Result<(), String> {
    for line in ["link set lo up", "route add local 10.0.0.0/8 dev lo", "-6 route add local fd00::/8 dev lo"] {
        let done = Command::new("ip").args(line.split(' ')).output().map_err(|error| format!("ip: {error}"))?;
        if !done.status.success() {
            return Err(format!("ip {line}: {}", String::from_utf8_lossy(&done.stderr)));
        }
    }
    fs::create_dir_all(PLACE).map_err(|error| format!("{PLACE}: {error}"))?;
    let hosts: String = HOSTS.iter().flat_map(|(name, address)| [*address, " ", *name, "\n"]).collect();
    fs::write(format!("{PLACE}/hosts"), format!("127.0.0.1 localhost\n{hosts}")).map_err(|error| error.to_string())
}

/// A squid that runs.
pub(crate) struct Squid(Child);

impl Drop for Squid {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a configuration is, besides what every one needs: the first file and those that it names.
pub(crate) struct Files<'a>(pub(crate) &'a [(String, String)]);

impl Files<'_> {
    fn put(&self) {
        for (nth, (name, text)) in self.0.iter().enumerate() {
            let text = if nth == 0 { format!("{BESIDES}{text}") } else { text.clone() };
            fs::write(format!("{PLACE}/{name}"), text).unwrap();
        }
    }

    fn first(&self) -> String {
        format!("{PLACE}/{}", self.0[0].0)
    }
}

impl Squid {
    /// Starts it; nothing, where it does not take the configuration.
    pub(crate) fn start(files: &Files, name: &str) -> Option<Self> {
        files.put();
        let mut squid = Command::new("squid");
        squid.args(["-N", "-n", name, "-f", &files.first()]);
        let mut squid = Squid(squid.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        let begun = Instant::now();
        loop {
            if squid.0.try_wait().unwrap().is_some() {
                return None;
            }
            if TcpStream::connect(SocketAddr::from(PROXY)).is_ok() {
                return Some(squid);
            }
            assert!(begun.elapsed() < Duration::from_mins(1), "squid neither runs nor ends");
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Whether it takes a configuration, and what it says otherwise.
    pub(crate) fn parses(files: &Files) -> Result<(), String> {
        files.put();
        let done = Command::new("squid").args(["-k", "parse", "-f", &files.first()]).output().unwrap();
        let says = String::from_utf8_lossy(&done.stderr).into_owned();
        let complains = ["FATAL", "ERROR", "WARNING"].iter().any(|word| says.contains(word));
        if done.status.success() && !complains { Ok(()) } else { Err(says) }
    }

    /// Whether it lets this client have a tunnel there. Where it does, nobody answers at the other end.
    #[expect(clippy::unused_self, reason = "only a squid that runs can be asked")]
    pub(crate) fn lets(&self, client: &str, host: &str, port: u16) -> Result<bool, String> {
        let wrong = |error: std::io::Error| format!("{client} -> {host}:{port}: {error}");
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).map_err(wrong)?;
        let from = SocketAddr::new(client.parse::<IpAddr>().unwrap(), 0);
        socket.bind(&from.into()).map_err(wrong)?;
        socket.set_read_timeout(Some(Duration::from_secs(20))).map_err(wrong)?;
        socket.connect(&SocketAddr::from(PROXY).into()).map_err(wrong)?;
        let mut stream = TcpStream::from(socket);
        let asked = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n");
        stream.write_all(asked.as_bytes()).map_err(wrong)?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).map_err(wrong)?;
        match &answer[9..] {
            b"403" => Ok(false),
            b"200" | b"503" => Ok(true),
            other => Err(format!("{client} -> {host}:{port}: squid answers {}", String::from_utf8_lossy(other))),
        }
    }
}
