//! The trials: one for each scenario, played by the first process of namespaces of its own, with which everything in them ends.

use std::collections::BTreeSet;
use std::env;
use std::io::{self, Write};
use std::process::{Command, ExitCode, Stdio};
use std::sync::LazyLock;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use nix::sched::CloneFlags;
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use serde::{Deserialize, Serialize};

use crate::network::Network;
use crate::{claims, command, inside, listening, namespace, probing, taking_in};

/// The private argument of the child that leaves the machine's namespaces; the title of a scenario follows.
const LEAVES: &str = "--leaves-the-machine";
/// The private argument of its child in turn, the first process of the namespaces.
const PLAYS: &str = "--plays";

/// A trial waits most of its time, so more of them run at once than there are processors.
const AT_ONCE: usize = 6;

/// A network, and what must hold in it.
pub(crate) struct Scenario {
    /// A sentence that holds when the trial passes.
    pub(crate) title: String,
    /// The command of the binary that it is about, where a version may not have it.
    pub(crate) command: Option<&'static str>,
    /// Plays it.
    pub(crate) play: Play,
}

type Play = Box<dyn Fn(&Network) -> Result<(), End>>;

impl Scenario {
    pub(crate) fn new(title: impl AsRef<str>, play: impl Fn(&Network) -> Result<(), End> + 'static) -> Self {
        Self { title: format!("router: {}", title.as_ref()), command: None, play: Box::new(play) }
    }

    pub(crate) fn about(self, command: &'static str) -> Self {
        Self { command: Some(command), ..self }
    }
}

/// How a scenario ended early.
#[derive(Serialize, Deserialize, Debug)]
pub(crate) enum End {
    /// Something did not hold.
    Wrong(String),
    /// This machine lacks what the network is made with.
    Refused(String),
    /// The network did not do what it should.
    Broke(String),
}

impl From<io::Error> for End {
    fn from(error: io::Error) -> Self {
        End::Broke(error.to_string())
    }
}

/// Holds, or ends the scenario with what was seen in its place.
pub(crate) fn hold(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), End> {
    if holds { Ok(()) } else { Err(End::Wrong(otherwise())) }
}

pub(crate) fn main() -> ExitCode {
    let mut typed = env::args().skip(1);
    match (typed.next().as_deref(), typed.next()) {
        (Some(LEAVES), Some(title)) => return leave(&title),
        (Some(PLAYS), Some(title)) => return tell(&play(&title)),
        _ => {}
    }
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    let mut trials = vec![Trial::test("router: every scenario has a title of its own", titles_differ)];
    trials.extend(all().into_iter().map(trial));
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn all() -> Vec<Scenario> {
    [claims::all(), inside::all(), listening::all(), probing::all(), taking_in::all()].into_iter().flatten().collect()
}

fn trial(scenario: Scenario) -> Trial {
    let Scenario { title, command, .. } = scenario;
    Trial::ignorable_test(title.clone(), move || {
        static COMMANDS: LazyLock<BTreeSet<String>> = LazyLock::new(command::commands);
        if let Some(missing) = command.filter(|command| !COMMANDS.contains(*command)) {
            return namespace::ignored(&format!("this version has no `{missing}`"));
        }
        let child = Command::new(env::current_exe()?).args([LEAVES, &title]).stdin(Stdio::null()).output()?;
        let played: Result<(), End> = serde_json::from_slice(&child.stdout).map_err(|error| {
            Failed::from(format!("the child ended unheard ({error}): {}", String::from_utf8_lossy(&child.stderr)))
        })?;
        match played {
            Ok(()) => Ok(Completion::Completed),
            Err(End::Wrong(what)) => Err(Failed::from(what)),
            Err(End::Broke(why)) => Err(Failed::from(format!("the network itself broke: {why}"))),
            Err(End::Refused(why)) => namespace::ignored(&format!("no network can be made here: {why}")),
        }
    })
}

/// Makes the namespaces, and starts their first process. Whoever ends this one ends that one, and with it all others.
fn leave(title: &str) -> ExitCode {
    let left = set_pdeathsig(Signal::SIGKILL).map_err(|error| format!("prctl: {error}"));
    if let Err(why) = left.and_then(|()| namespace::enter(CloneFlags::CLONE_NEWPID)) {
        return tell(&Err(End::Refused(why)));
    }
    let first = env::current_exe().and_then(|this| Command::new(this).args([PLAYS, title]).status());
    match first {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => tell(&Err(End::Broke(format!("cannot start the first process: {error}")))),
    }
}

fn play(title: &str) -> Result<(), End> {
    set_pdeathsig(Signal::SIGKILL).map_err(io::Error::from)?;
    let scenario = all().into_iter().find(|scenario| scenario.title == title);
    let scenario = scenario.ok_or_else(|| End::Broke(format!("there is no scenario `{title}`")))?;
    (scenario.play)(&Network::make()?)
}

fn tell(played: &Result<(), End>) -> ExitCode {
    match serde_json::to_writer(io::stdout(), played) {
        Ok(()) if io::stdout().flush().is_ok() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

fn titles_differ() -> Result<(), Failed> {
    let mut titles = BTreeSet::new();
    let twice: Vec<String> = all().into_iter().map(|it| it.title).filter(|it| !titles.insert(it.clone())).collect();
    if twice.is_empty() { Ok(()) } else { Err(format!("more than one scenario is called {twice:?}").into()) }
}
