//! The child: makes the scenario's network, starts the embedded `WorkOS` in it, runs the binary, and prints what it saw.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::net::Ipv4Addr;
use std::process::{Command, ExitCode, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use nix::sched::CloneFlags;
use serde::{Deserialize, Serialize};
use workos_preflight::simulator::{Ground, Simulator, World};

use crate::addresses::{Addresses, Fate};
use crate::namespace;
use crate::scenario::{PUBLIC_ROOTS, REPORTS, Scenario, TRUSTED, WORKPLACE};
use crate::{mending, scenarios, stories};

/// How playing a scenario ended.
#[derive(Serialize, Deserialize)]
pub(crate) enum Played {
    /// The binary ran.
    Saw(Seen),
    /// A story was told to its end, or to where it went wrong.
    Told(Result<(), String>),
    /// This machine does not allow networks of one's own.
    Refused(String),
    /// The lab did not do what it should.
    Broke(String),
}

/// What the binary did.
#[derive(Serialize, Deserialize)]
pub(crate) struct Seen {
    /// Its exit code; none when a signal ended it.
    pub(crate) exit: Option<i32>,
    /// What it wrote for the user.
    pub(crate) stdout: String,
    /// What it said of itself.
    pub(crate) stderr: String,
    /// What it wrote in the other formats.
    pub(crate) reports: String,
    /// How long it ran.
    pub(crate) took: Duration,
}

/// The certificates of the played authorities, as PEM.
struct Roots {
    trusted: String,
    public: String,
}

/// Plays what has this title; where a way to mend it is given, with that followed.
pub(crate) fn main(title: &str, way: Option<&str>) -> ExitCode {
    let scenario = scenarios::all().into_iter().find(|scenario| scenario.title == title);
    let story = stories::all().into_iter().find(|story| story.title == title);
    let mending = mending::all().into_iter().find(|mending| mending.before.title == title);
    let played = match (scenario, story, mending, way) {
        (Some(scenario), ..) => play(&scenario),
        (_, Some(story), ..) => stories::play(&story),
        (.., Some(mending), None) => play(&mending.before),
        (.., Some(mending), Some(way)) => match mending.followed(way) {
            Ok(scenario) => play(&scenario),
            Err(why) => Played::Broke(why),
        },
        _ => Played::Broke(format!("there is no scenario `{title}`")),
    };
    match serde_json::to_writer(io::stdout(), &played) {
        Ok(()) if io::stdout().flush().is_ok() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

fn play(scenario: &Scenario) -> Played {
    let laid = Addresses::of(&scenario.world).and_then(|mut addresses| {
        scenario.dead_resolvers.iter().try_for_each(|dead| addresses.put(*dead, Fate::Dropped))?;
        Ok(addresses)
    });
    if let Err(instead) = settle(laid, scenario.host) {
        return instead;
    }
    if scenario.loss > 0 {
        match lose(scenario.loss) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Played::Refused("nft, which loses the packets, is not installed".to_owned());
            }
            Err(error) => return Played::Broke(format!("nft: {error}")),
        }
    }
    match namespace::assert_no_way_out().and_then(|()| run(scenario)) {
        Ok(seen) => Played::Saw(seen),
        Err(why) => Played::Broke(why),
    }
}

/// Makes a network of one's own with these addresses in it.
pub(crate) fn settle(addresses: Result<Addresses, String>, host: Ipv4Addr) -> Result<(), Played> {
    let addresses = addresses.map_err(Played::Broke)?;
    namespace::enter(CloneFlags::empty()).map_err(Played::Refused)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime.and_then(|runtime| runtime.block_on(addresses.lay(host))) {
        Ok(()) => Ok(()),
        // A kernel without veth, or a sandbox that forbids it.
        Err(error) if matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::PermissionDenied) => {
            Err(Played::Refused(format!("netlink: {error}")))
        }
        Err(error) => Err(Played::Broke(format!("netlink: {error}"))),
    }
}

/// Loses this many packets of a hundred where they arrive, so that nobody is told.
fn lose(percent: u8) -> io::Result<()> {
    let rules = format!(
        "add table inet loss; \
         add chain inet loss arriving {{ type filter hook input priority 0; policy accept; }}; \
         add rule inet loss arriving numgen random mod 100 < {percent} drop"
    );
    let ran = Command::new("nft").arg(rules).output()?;
    if ran.status.success() { Ok(()) } else { Err(io::Error::other(String::from_utf8_lossy(&ran.stderr).into_owned())) }
}

fn run(scenario: &Scenario) -> Result<Seen, String> {
    let roots = start(scenario.world.clone())?;
    files(scenario, &roots).map_err(|error| format!("cannot write the files: {error}"))?;
    let started = Instant::now();
    let ran = Command::new(env!("CARGO_BIN_EXE_workos-preflight"))
        .env_clear()
        .envs(scenario.environment())
        .args(scenario.typed())
        .current_dir(WORKPLACE)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cannot run the binary: {error}"))?;
    let took = started.elapsed();
    let reports: Vec<String> = REPORTS.iter().filter_map(|(_, path)| fs::read_to_string(path).ok()).collect();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).map_err(|_| "the output is not UTF-8".to_owned());
    Ok(Seen {
        exit: ran.status.code(),
        took,
        reports: reports.concat(),
        stdout: text(ran.stdout)?,
        stderr: text(ran.stderr)?,
    })
}

/// Plays the world in a thread of its own until the process ends.
fn start(world: World) -> Result<Roots, String> {
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let simulator = Simulator::start(world, Ground::AsNamed).await;
            let roots = simulator.as_ref().map(|simulator| Roots {
                trusted: simulator.trusted_pem().to_owned(),
                public: simulator.public_roots_pem().to_owned(),
            });
            tell.send(roots.map_err(|error| format!("cannot play the world: {error}"))).unwrap();
            std::future::pending::<()>().await;
        });
    });
    told.recv().map_err(|error| error.to_string())?
}

/// What the binary, the resolver and the trust store read. `/etc` was empty before.
fn files(scenario: &Scenario, roots: &Roots) -> io::Result<()> {
    let mut resolvers: Vec<String> =
        scenario.dead_resolvers.iter().map(|address| format!("nameserver {address}\n")).collect();
    if !scenario.no_resolver {
        resolvers.push(format!("nameserver {}\n", scenario.world.resolver.ip()));
    }
    let system = if scenario.bare_store { &roots.public } else { &roots.trusted };
    fs::create_dir_all("/etc/ssl/certs")?;
    fs::create_dir_all(WORKPLACE)?;
    fs::write("/etc/resolv.conf", resolvers.concat() + scenario.resolver_options)?;
    fs::write("/etc/hosts", format!("127.0.0.1 localhost\n::1 localhost\n{}\n", scenario.hosts))?;
    fs::write("/etc/nsswitch.conf", "hosts: files dns\n")?;
    fs::write("/etc/ssl/certs/ca-certificates.crt", system)?;
    fs::write(TRUSTED, &roots.trusted)?;
    fs::write(PUBLIC_ROOTS, &roots.public)
}
