//! The trials: each in namespaces of its own, with which everything in them ends.

use std::env;
use std::fs;
use std::io::{self, Write};
use std::process::{Command, ExitCode, Stdio};

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use nix::sched::CloneFlags;
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use serde::{Deserialize, Serialize};

use crate::net::Net;
use crate::{corners, iptables, namespace, nftables, tools, written};

/// The private argument of the child that leaves the machine's namespaces; the title of a trial follows.
const LEAVES: &str = "--leaves-the-machine";

const PROTOCOLS: &str = "icmp 1 ICMP\ntcp 6 TCP\nudp 17 UDP\nipv6-icmp 58 IPv6-ICMP\nsctp 132 SCTP\n";
const SERVICES: &str = "ssh 22/tcp\ndomain 53/tcp\ndomain 53/udp\nhttp 80/tcp\nhttps 443/tcp\nhttps 443/udp\n";

/// A trial waits most of its time for packets that do not come.
const AT_ONCE: usize = 4;

/// What must hold between the kernel and what is said of its rules.
pub(crate) struct Question {
    /// A sentence that holds when the trial passes.
    pub(crate) title: String,
    /// The programs without which it cannot be asked.
    pub(crate) needs: &'static [&'static str],
    /// Asks it.
    pub(crate) ask: Asks,
}

/// Asks it in a network that was made for it.
pub(crate) type Asks = Box<dyn Fn(&Net) -> Result<(), End>>;

/// How a trial ended early.
#[derive(Serialize, Deserialize, Debug)]
pub(crate) enum End {
    /// Something did not hold.
    Wrong(String),
    /// This machine lacks what is needed.
    Refused(String),
}

fn all() -> Vec<Question> {
    [iptables::all(), nftables::all(), corners::all(), tools::all(), written::all()].into_iter().flatten().collect()
}

pub(crate) fn main() -> ExitCode {
    let mut typed = env::args().skip(1);
    if let (Some(LEAVES), Some(title)) = (typed.next().as_deref(), typed.next()) {
        let played = play(&title);
        return match serde_json::to_writer(io::stdout(), &played) {
            Ok(()) if io::stdout().flush().is_ok() => ExitCode::SUCCESS,
            _ => ExitCode::FAILURE,
        };
    }
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    libtest_mimic::run(&arguments, all().into_iter().map(trial).collect()).exit_code()
}

fn trial(question: Question) -> Trial {
    let Question { title, needs, .. } = question;
    Trial::ignorable_test(format!("kernel: {title}"), move || {
        let there = |program: &&&str| {
            let paths = env::var_os("PATH").unwrap_or_default();
            env::split_paths(&paths).any(|path| path.join(program).exists())
        };
        if let Some(missing) = needs.iter().find(|program| !there(program)) {
            return namespace::ignored(&format!("`{missing}` is not installed"));
        }
        let child = Command::new(env::current_exe()?).args([LEAVES, &title]).stdin(Stdio::null()).output()?;
        let played: Result<(), End> = serde_json::from_slice(&child.stdout).map_err(|error| {
            Failed::from(format!("the child ended unheard ({error}): {}", String::from_utf8_lossy(&child.stderr)))
        })?;
        match played {
            Ok(()) => Ok(Completion::Completed),
            Err(End::Wrong(what)) => Err(Failed::from(what)),
            Err(End::Refused(why)) => namespace::ignored(&format!("no network can be made here: {why}")),
        }
    })
}

/// Leaves the machine's network, makes another, and asks.
fn play(title: &str) -> Result<(), End> {
    set_pdeathsig(Signal::SIGKILL).map_err(|error| End::Refused(format!("prctl: {error}")))?;
    tools::remember_etc();
    namespace::enter(CloneFlags::empty()).map_err(End::Refused)?;
    namespace::assert_no_way_out().map_err(End::Refused)?;
    // The names by which tools know protocols and ports, where the machine's own files are no longer seen.
    for (path, names) in [("/etc/protocols", PROTOCOLS), ("/etc/services", SERVICES)] {
        fs::write(path, names).map_err(|error| End::Refused(format!("{path}: {error}")))?;
    }
    let net = Net::make().map_err(End::Refused)?;
    let question = all().into_iter().find(|question| question.title == title);
    let question = question.ok_or_else(|| End::Wrong(format!("there is no trial `{title}`")))?;
    (question.ask)(&net)
}
