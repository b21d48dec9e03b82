//! Three hosts: a firewall, what is outside of it, and what is behind it. Outside and behind, every address there is belongs to
//! the host, so that connections can come from and go to wherever a rule draws a boundary.

use std::collections::HashSet;
use std::fs;
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use nix::sched::{CloneFlags, unshare};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::unistd::gettid;

use crate::probe;

/// The firewall's own addresses towards the outside and towards what is behind, and that of the server behind.
pub(crate) const OUTER: [&str; 2] = ["198.18.0.1", "fd00::1"];
pub(crate) const INNER: [&str; 2] = ["198.18.1.1", "fd00:1::1"];
pub(crate) const SERVER: [&str; 2] = ["198.18.2.2", "fd00:2::2"];

/// The ports that every host serves.
pub(crate) const PORTS: [u16; 3] = [443, 80, 843];

/// The firewall, in which this thread is, and its neighbours.
pub(crate) struct Net {
    pub(crate) outside: Host,
    pub(crate) behind: Host,
}

type Work = Box<dyn FnOnce() + Send>;

/// A host of its own: whatever it is to do is done by a thread that is there.
pub(crate) struct Host {
    work: Sender<Work>,
    thread: i32,
}

impl Host {
    fn new() -> Result<Self, String> {
        let (work, todo) = channel::<Work>();
        let (ready, made) = channel();
        thread::spawn(move || {
            let left = unshare(CloneFlags::CLONE_NEWNET).map_err(|error| format!("unshare: {error}"));
            let gone = ready.send(left.map(|()| gettid().as_raw())).is_err();
            while let Some(work) = (!gone).then(|| todo.recv().ok()).flatten() {
                work();
            }
        });
        let thread = made.recv().map_err(|error| error.to_string())??;
        Ok(Host { work, thread })
    }

    /// Does something there, and waits for it.
    pub(crate) fn run<T: Send + 'static>(&self, what: impl FnOnce() -> T + Send + 'static) -> T {
        self.begin(what)()
    }

    /// Begins something there; what is given back waits for its end.
    pub(crate) fn begin<T: Send + 'static>(&self, what: impl FnOnce() -> T + Send + 'static) -> impl FnOnce() -> T {
        let (done, answer) = channel();
        self.work.send(Box::new(move || done.send(what()).unwrap())).unwrap();
        move || answer.recv().unwrap()
    }

    /// A host's commands, one in a line.
    fn set_up(&self, lines: String) -> Result<(), String> {
        self.run(move || set_up(&lines))
    }
}

impl Net {
    /// Makes it. This thread has to be in a namespace of its own, and stays the firewall.
    pub(crate) fn make() -> Result<Self, String> {
        let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).map_err(|error| error.to_string())?;
        setrlimit(Resource::RLIMIT_NOFILE, most, most).map_err(|error| error.to_string())?;
        let net = Net { outside: Host::new()?, behind: Host::new()? };
        let (outside, behind) = (net.outside.thread, net.behind.thread);
        set_up(&format!(
            "ip link add eth0 address 02:00:00:00:00:01 type veth peer name up0 address 02:00:00:00:00:02
            ip link add eth1 address 02:00:00:00:01:01 type veth peer name up0 netns {behind} address 02:00:00:00:01:02
            ip link set up0 netns {outside}"
        ))?;
        for host in ["outside", "behind"] {
            let (this, lines) = if host == "outside" { (&net.outside, OUTSIDE) } else { (&net.behind, BEHIND) };
            this.set_up(format!("{EVERYWHERE}\n{lines}"))?;
        }
        set_up(FIREWALL)?;
        net.serve(&PORTS)?;
        Ok(net)
    }

    /// Serves these ports on every host.
    pub(crate) fn serve(&self, ports: &'static [u16]) -> Result<(), String> {
        for host in [&self.outside, &self.behind] {
            host.run(move || serve(ports, &[]))?;
        }
        self.behind.run(move || serve(ports, &SERVER))?;
        serve(ports, &[OUTER, INNER].concat())
    }
}

/// Where every address is the host's own. What is on a link comes first, then what is local.
const EVERYWHERE: &str = "sysctl net.ipv4.ip_nonlocal_bind=1
    sysctl net.ipv6.ip_nonlocal_bind=1
    sysctl net.ipv4.conf.all.rp_filter=0
    sysctl net.ipv4.conf.default.rp_filter=0
    sysctl net.ipv4.conf.all.accept_local=1
    sysctl net.ipv4.tcp_synack_retries=1
    sysctl net.ipv4.tcp_syn_retries=1
    sysctl net.ipv4.icmp_ratelimit=0
    ip link set lo up
    ip link set up0 name eth0
    ip link set eth0 up
    sysctl net.ipv4.conf.eth0.rp_filter=0
    ip rule add pref 100 lookup local
    ip rule add pref 50 lookup main
    ip rule del pref 0
    ip route add local 0.0.0.0/0 dev lo table local
    ip -6 rule add pref 100 lookup local
    ip -6 rule add pref 50 lookup main
    ip -6 rule del pref 0
    ip -6 route add local ::/0 dev lo table local";

const OUTSIDE: &str = "ip addr add 198.18.0.2/24 dev eth0
    ip -6 addr add fd00::2/64 dev eth0 nodad
    ip neigh replace 198.18.0.1 lladdr 02:00:00:00:00:01 nud permanent dev eth0
    ip -6 neigh replace fd00::1 lladdr 02:00:00:00:00:01 nud permanent dev eth0
    ip route add 198.18.2.0/24 via 198.18.0.1
    ip -6 route add fd00:2::/64 via fd00::1";

const BEHIND: &str = "ip addr add 198.18.1.2/24 dev eth0
    ip -6 addr add fd00:1::2/64 dev eth0 nodad
    ip neigh replace 198.18.1.1 lladdr 02:00:00:00:01:01 nud permanent dev eth0
    ip -6 neigh replace fd00:1::1 lladdr 02:00:00:00:01:01 nud permanent dev eth0
    ip route add default via 198.18.1.1 table 102
    ip -6 route add default via fd00:1::1 table 102
    ip rule add pref 40 from 198.18.2.2 lookup 102
    ip -6 rule add pref 40 from fd00:2::2 lookup 102";

/// Answers to what came in by a link go out by it.
const FIREWALL: &str = "sysctl net.ipv4.conf.all.rp_filter=0
    sysctl net.ipv4.conf.default.rp_filter=0
    sysctl net.ipv4.tcp_synack_retries=1
    sysctl net.ipv4.tcp_syn_retries=1
    sysctl net.ipv4.icmp_ratelimit=0
    sysctl net.ipv4.ip_forward=1
    sysctl net.ipv6.conf.all.forwarding=1
    ip link set lo up
    ip link set eth0 up
    ip link set eth1 up
    sysctl net.ipv4.conf.eth0.rp_filter=0
    sysctl net.ipv4.conf.eth1.rp_filter=0
    ip addr add 198.18.0.1/24 dev eth0
    ip addr add 198.18.1.1/24 dev eth1
    ip -6 addr add fd00::1/64 dev eth0 nodad
    ip -6 addr add fd00:1::1/64 dev eth1 nodad
    ip neigh replace 198.18.0.2 lladdr 02:00:00:00:00:02 nud permanent dev eth0
    ip neigh replace 198.18.1.2 lladdr 02:00:00:00:01:02 nud permanent dev eth1
    ip -6 neigh replace fd00::2 lladdr 02:00:00:00:00:02 nud permanent dev eth0
    ip -6 neigh replace fd00:1::2 lladdr 02:00:00:00:01:02 nud permanent dev eth1
    ip route add default via 198.18.0.2
    ip -6 route add default via fd00::2
    ip route add 198.18.2.0/24 via 198.18.1.2
    ip -6 route add fd00:2::/64 via fd00:1::2
    ip route add default via 198.18.1.2 table 101
    ip -6 route add default via fd00:1::2 table 101
    ip rule add pref 40 from 198.18.1.1 lookup 101
    ip -6 rule add pref 40 from fd00:1::1 lookup 101";

fn set_up(lines: &str) -> Result<(), String> {
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let Some((name, value)) = line.strip_prefix("sysctl ").and_then(|rest| rest.split_once('=')) else {
            let words: Vec<&str> = line.split_whitespace().collect();
            ran(words[0], &words[1..], "")?;
            continue;
        };
        let path = format!("/proc/sys/{}", name.replace('.', "/"));
        // What a kernel leaves to the machine as a whole is its own.
        let written = fs::write(&path, value);
        written.or_else(|error| if needed(name) { Err(format!("{path}: {error}")) } else { Ok(()) })?;
    }
    Ok(())
}

fn needed(name: &str) -> bool {
    ["nonlocal_bind", "forward", "accept_local"].iter().any(|part| name.contains(part))
}

/// Runs a command of the firewall (or of the host whose thread asks) with this input; its output, or what was wrong.
pub(crate) fn ran(program: &str, arguments: &[&str], input: &str) -> Result<String, String> {
    let output = run(program, arguments, input).map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(format!("{program} {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim()))
}

fn run(program: &str, arguments: &[&str], input: &str) -> std::io::Result<Output> {
    use std::io::Write;

    let mut command = Command::new(program);
    command.env("XTABLES_LOCKFILE", "/etc/xtables.lock").args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let mut pipe = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writing = thread::spawn(move || pipe.write_all(input.as_bytes()));
    let output = child.wait_with_output();
    // A program that refuses its input does not read it to the end.
    let _ = writing.join();
    output
}

/// Serves these ports here: a byte for a byte, over TCP on every address, over UDP on these.
fn serve(ports: &[u16], udp: &[&str]) -> Result<(), String> {
    for port in ports.iter().copied() {
        if udp.is_empty() || udp.contains(&OUTER[0]) {
            let listener = TcpListener::bind(("::", port)).map_err(|error| format!("listen on {port}: {error}"))?;
            thread::spawn(move || probe::answer_all(&listener));
        }
        for address in udp.iter().collect::<HashSet<_>>() {
            let at = SocketAddr::new(address.parse::<IpAddr>().unwrap(), port);
            let socket = UdpSocket::bind(at).map_err(|error| format!("receive at {at}: {error}"))?;
            thread::spawn(move || probe::echo(&socket));
        }
    }
    Ok(())
}

/// How long a connection is waited for that does not come about.
pub(crate) const PATIENCE: Duration = Duration::from_millis(220);
