//! The trials: one for each scenario, played in a child that makes its own network before it starts a thread.

use std::collections::BTreeSet;
use std::env;
use std::process::{Command, ExitCode};

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use workos_preflight::checks;
use workos_preflight::simulator::Fault;

use crate::mending::Mending;
use crate::namespace;
use crate::play::{self, Played};
use crate::scenario::Scenario;
use crate::words::WORDS;
use crate::{judge, mending, scenarios, stories};

/// The private argument of the child: it plays the scenario by the title that follows.
const IN_LAB: &str = "--in-lab";

/// A trial waits most of its time, so more of them run at once than there are processors.
const AT_ONCE: usize = 8;

pub(crate) fn main() -> ExitCode {
    let mut typed = env::args().skip(1);
    if typed.next().as_deref() == Some(IN_LAB) {
        return play::main(&typed.next().unwrap_or_default(), typed.next().as_deref());
    }
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    let mut trials = vec![
        Trial::test("lab: every scenario has a title of its own", titles_differ),
        Trial::test("lab: every code that a scenario expects is one that its check declares", codes_are_declared),
        Trial::test("lab: the words that findings must have are about faults that there are", words_have_faults),
        Trial::test("lab: fifteen ways to be broken have fifteen different codes", fifteen_codes_differ),
    ];
    trials.extend(scenarios::all().into_iter().map(trial));
    trials.extend(stories::all().into_iter().map(|story| {
        in_child(story.title, |played| match played {
            Played::Told(told) => told.map_err(Failed::from),
            _ => Err(Failed::from("the child told no story")),
        })
    }));
    trials.extend(mending::all().into_iter().map(mended));
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn trial(scenario: Scenario) -> Trial {
    in_child(scenario.title.clone(), move |played| match played {
        Played::Saw(seen) => judge::judge(&scenario, &seen),
        _ => Err(Failed::from("the child ran no binary")),
    })
}

/// What is wrong is found, then mended as the report says, and looked at again.
fn mended(mending: Mending) -> Trial {
    let title = mending.before.title.clone();
    Trial::ignorable_test(title.clone(), move || {
        let before = match played(&[&title])? {
            Played::Saw(seen) => seen,
            other => return unseen(other),
        };
        let way = mending.led(&before)?;
        // Said here, where it is no fault of the lab's.
        mending.followed(&way)?;
        match played(&[&title, &way])? {
            Played::Saw(after) => {
                mending.judge(&way, &before, &after).map(|()| Completion::Completed).map_err(Failed::from)
            }
            other => unseen(other),
        }
    })
}

/// A trial that a child plays, which makes its network before it starts a thread.
fn in_child(title: String, judge: impl FnOnce(Played) -> Result<(), Failed> + Send + 'static) -> Trial {
    Trial::ignorable_test(title.clone(), move || match played(&[&title])? {
        refused @ Played::Refused(_) => unseen(refused),
        played => judge(played).map(|()| Completion::Completed),
    })
}

/// What a child played that was told so.
fn played(told: &[&str]) -> Result<Played, Failed> {
    let child = Command::new(env::current_exe()?).arg(IN_LAB).args(told).output()?;
    let played = serde_json::from_slice(&child.stdout).map_err(|error| {
        Failed::from(format!("the child ended unheard ({error}): {}", String::from_utf8_lossy(&child.stderr)))
    })?;
    match played {
        Played::Broke(why) => Err(Failed::from(format!("the lab itself broke: {why}"))),
        played => Ok(played),
    }
}

/// The end of a trial in which no binary ran.
fn unseen(played: Played) -> Result<Completion, Failed> {
    match played {
        Played::Refused(why) => namespace::ignored(&format!("no network can be made here: {why}")),
        _ => Err(Failed::from("the child ran no binary")),
    }
}

fn titles_differ() -> Result<(), Failed> {
    let mut titles = BTreeSet::new();
    let twice: Vec<String> = all_titles().filter(|title| !titles.insert(title.clone())).collect();
    if twice.is_empty() { Ok(()) } else { Err(format!("more than one scenario is called {twice:?}").into()) }
}

fn all_titles() -> impl Iterator<Item = String> {
    let scenarios = scenarios::all().into_iter().map(|it| it.title);
    let stories = stories::all().into_iter().map(|it| it.title);
    scenarios.chain(stories).chain(mending::all().into_iter().map(|it| it.before.title))
}

fn codes_are_declared() -> Result<(), Failed> {
    let all = scenarios::all();
    let expected = all.iter().flat_map(|it| it.expect.codes.iter().map(move |code| (code, &it.title)));
    let strange: Vec<_> = expected.filter(|(code, _)| checks::code(code).is_none()).collect();
    if strange.is_empty() { Ok(()) } else { Err(format!("no check declares {strange:?}").into()) }
}

fn words_have_faults() -> Result<(), Failed> {
    let strange: Vec<&str> =
        WORDS.iter().map(|words| words.fault).filter(|fault| Fault::named(fault).is_none()).collect();
    if strange.is_empty() { Ok(()) } else { Err(format!("there is no fault called {strange:?}").into()) }
}

fn fifteen_codes_differ() -> Result<(), Failed> {
    const FIFTEEN: [&str; 15] = [
        "egress-refused",
        "egress-dropped",
        "egress-unreachable",
        "tls-reset",
        "tls-stalled",
        "plain-http",
        "nxdomain",
        "servfail",
        "dns-silent",
        "untrusted-ca",
        "expired",
        "wrong-name",
        "block-page",
        "key-revoked",
        "api-down",
    ];
    let mut codes = BTreeSet::new();
    for name in FIFTEEN {
        let fault = Fault::named(name).ok_or_else(|| format!("there is no fault `{name}`"))?;
        let code = fault.expect.first().ok_or_else(|| format!("`{name}` is found as nothing"))?;
        if !codes.insert(*code) {
            return Err(format!("`{name}` is found as {code}, and another one too").into());
        }
    }
    Ok(())
}
