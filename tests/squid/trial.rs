//! The trials, each the first process of namespaces of its own, with which its squid ends.

use std::env;
use std::io::{self, Write};
use std::process::{Command, ExitCode, Stdio};

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::unistd::geteuid;
use serde::{Deserialize, Serialize};

use crate::{agree, namespace, proxy};

/// The private argument of the child that leaves the machine's namespaces; the title of a trial follows.
const LEAVES: &str = "--leaves-the-machine";
/// The private argument of its child in turn, the first process of the namespaces.
const PLAYS: &str = "--plays";

/// What must hold between squid and what is said of its configuration.
pub(crate) struct Question {
    /// A sentence that holds when the trial passes.
    pub(crate) title: String,
    /// Asks it; what was wrong, otherwise.
    pub(crate) ask: Box<dyn Fn() -> Result<(), String>>,
}

/// How a trial ended early.
#[derive(Serialize, Deserialize, Debug)]
enum End {
    /// Something did not hold.
    Wrong(String),
    /// This machine lacks what is needed.
    Refused(String),
}

pub(crate) fn main() -> ExitCode {
    let mut typed = env::args().skip(1);
    match (typed.next().as_deref(), typed.next()) {
        (Some(LEAVES), Some(title)) => return leave(&title),
        (Some(PLAYS), Some(title)) => return tell(&play(&title)),
        _ => {}
    }
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(2);
    libtest_mimic::run(&arguments, agree::all().into_iter().map(trial).collect()).exit_code()
}

fn trial(question: Question) -> Trial {
    let title = question.title;
    Trial::ignorable_test(format!("squid: {title}"), move || {
        if !geteuid().is_root() {
            return namespace::ignored("squid gives up root for a user of its own, which only root can let it");
        }
        if !["squid", "ip"].iter().all(|program| proxy::is_there(program)) {
            return namespace::ignored("`squid` or `ip` is not installed");
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

/// Makes the namespaces, and starts their first process. Users stay the machine's: squid needs one that is not root.
fn leave(title: &str) -> ExitCode {
    let apart = CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWPID;
    let left = set_pdeathsig(Signal::SIGKILL).and_then(|()| unshare(apart));
    if let Err(error) = left.map_err(|error| error.to_string()).and_then(|()| own_files()) {
        return tell(&Err(End::Refused(error)));
    }
    match env::current_exe().and_then(|this| Command::new(this).args([PLAYS, title]).status()) {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => tell(&Err(End::Refused(format!("cannot start the first process: {error}")))),
    }
}

/// What squid shares between processes, and its configuration, are seen by this trial alone.
fn own_files() -> Result<(), String> {
    let none: Option<&str> = None;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none).map_err(|error| format!("mount: {error}"))?;
    let shared = mount(Some("lab"), "/dev/shm", Some("tmpfs"), MsFlags::MS_NOSUID, Some("mode=1777"));
    shared.map_err(|error| format!("mount /dev/shm: {error}"))?;
    namespace::cover("/mnt")
}

fn play(title: &str) -> Result<(), End> {
    set_pdeathsig(Signal::SIGKILL).map_err(|error| End::Refused(format!("prctl: {error}")))?;
    namespace::assert_no_way_out().map_err(End::Refused)?;
    proxy::network().map_err(End::Refused)?;
    let question = agree::all().into_iter().find(|question| question.title == title);
    let question = question.ok_or_else(|| End::Wrong(format!("there is no trial `{title}`")))?;
    (question.ask)().map_err(End::Wrong)
}

fn tell(played: &Result<(), End>) -> ExitCode {
    match serde_json::to_writer(io::stdout(), played) {
        Ok(()) if io::stdout().flush().is_ok() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}
