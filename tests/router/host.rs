//! A host: a thread with a network and an `/etc` of its own. What it starts, threads and programs, is on that host too.

use std::fs;
use std::io::{ErrorKind, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::{Duration, Instant};

use nix::sched::{CloneFlags, unshare};
use nix::unistd::gettid;

use crate::namespace::{assert_no_way_out, cover};
use crate::trial::End;

/// Where the programs of administrators are, which an ordinary user's `PATH` lacks.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// How long to wait for what must come about, also on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

type Job = Box<dyn FnOnce() + Send>;

/// One host of the network.
pub(crate) struct Host {
    /// The thread, by which `ip` finds the host's network.
    pub(crate) thread: i32,
    jobs: Sender<Job>,
}

impl Host {
    /// A host with no link yet, and therefore with no way out.
    pub(crate) fn new() -> Result<Self, End> {
        let (jobs, given) = mpsc::channel::<Job>();
        let (tell, told) = mpsc::channel();
        thread::spawn(move || {
            let apart = unshare(CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS);
            let apart = apart.map_err(|error| format!("unshare: {error}"));
            let made = apart.and_then(|()| cover("/etc")).and_then(|()| assert_no_way_out());
            tell.send(made.map(|()| gettid().as_raw())).unwrap();
            for job in given {
                job();
            }
        });
        let thread = told.recv().unwrap().map_err(End::Refused)?;
        let host = Self { thread, jobs };
        host.ip(["link set lo up"])?;
        Ok(host)
    }

    /// Does something on this host and waits for what comes of it.
    pub(crate) fn run<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> T {
        let (tell, told) = mpsc::channel();
        self.jobs.send(Box::new(move || drop(tell.send(job())))).unwrap();
        told.recv().unwrap()
    }

    /// Does something on this host beside everything else.
    pub(crate) fn serve(&self, job: impl FnOnce() + Send + 'static) {
        self.run(move || drop(thread::spawn(job)));
    }

    /// Gives `ip` these lines.
    pub(crate) fn ip<L: Into<String>>(&self, lines: impl IntoIterator<Item = L>) -> Result<(), End> {
        let lines: Vec<String> = lines.into_iter().map(Into::into).collect();
        self.run(move || feed("ip", &["-batch", "-"], &lines.join("\n")))
    }

    /// Lays a cable from here to another host; both ends are up.
    pub(crate) fn cable(&self, near: &str, other: &Host, far: &str) -> Result<(), End> {
        self.ip([
            format!("link add {near} type veth peer name {far} netns {}", other.thread),
            format!("link set {near} up"),
        ])?;
        other.ip([format!("link set {far} up")])
    }

    /// Gives `nft` these rules, which it takes as a whole or not at all.
    pub(crate) fn nft(&self, rules: String) -> Result<(), End> {
        self.run(move || feed("nft", &["-f", "-"], &rules))
    }

    /// Lets the host pass packets on.
    pub(crate) fn forwards(&self) -> Result<(), End> {
        const SWITCH: &str = "/proc/sys/net/ipv4/ip_forward";
        self.run(|| fs::write(SWITCH, "1").map_err(|error| End::Refused(format!("{SWITCH}: {error}"))))
    }

    /// Starts a server that stays in the foreground, and waits until it listens on a TCP port.
    pub(crate) fn start(&self, program: &'static str, arguments: &'static [&str], port: u16) -> Result<(), End> {
        self.run(move || {
            let mut server = tool(program)
                .args(arguments)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .map_err(|error| lacking(program, &error))?;
            let started = Instant::now();
            while !listens(port)? {
                if server.try_wait()?.is_some() {
                    let said = server.wait_with_output()?.stderr;
                    return Err(End::Broke(format!("{program} ended: {}", String::from_utf8_lossy(&said))));
                }
                if started.elapsed() > PATIENCE {
                    return Err(End::Broke(format!("{program} does not listen on port {port}")));
                }
                thread::sleep(Duration::from_millis(10));
            }
            // It ends with the namespaces.
            Ok(())
        })
    }
}

/// A program of the system.
pub(crate) fn tool(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", PATH).env("LC_ALL", "C.UTF-8");
    command
}

fn feed(program: &str, arguments: &[&str], text: &str) -> Result<(), End> {
    let mut command = tool(program);
    let command = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut running = command.spawn().map_err(|error| lacking(program, &error))?;
    // One that ends before it has read everything says why.
    let _ = running.stdin.take().unwrap().write_all(text.as_bytes());
    let ended = running.wait_with_output()?;
    if ended.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&ended.stderr);
    // What a kernel was built without, or a sandbox keeps to itself.
    let lacks = ["Operation not supported", "Operation not permitted", "Unknown device type", "Protocol not supported"];
    let end = if lacks.iter().any(|it| said.contains(it)) { End::Refused } else { End::Broke };
    Err(end(format!("{program}: {said}\n{text}")))
}

fn lacking(program: &str, error: &std::io::Error) -> End {
    match error.kind() {
        ErrorKind::NotFound => End::Refused(format!("`{program}` is not installed")),
        _ => End::Broke(format!("{program}: {error}")),
    }
}

/// Whether something accepts connections on a port of this thread's network. Asking the kernel leaves the server alone.
fn listens(port: u16) -> Result<bool, End> {
    const LISTEN: &str = "0A";
    let table = fs::read_to_string("/proc/thread-self/net/tcp")?;
    let port = format!(":{port:04X}");
    Ok(table.lines().skip(1).any(|line| {
        let mut columns = line.split_whitespace().skip(1);
        columns.next().is_some_and(|local| local.ends_with(&port)) && columns.nth(1) == Some(LISTEN)
    }))
}
