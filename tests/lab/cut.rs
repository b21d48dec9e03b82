//! Runs that are over before they are through: what was learnt by then stands in the report, and so does what leads further.

use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use nix::sys::signal::Signal;
use workos_preflight::report::v1::{CheckResult, Ended, Report, Status, Stop};
use workos_preflight::simulator::{Fault, World};

use crate::found::{is, read, results, summary};
use crate::scenario::Scenario;
use crate::stories::{DOOR, PATIENCE, Place, Story, delivered, ended, hold, reads, signal, silent, story};

pub(crate) fn all() -> Vec<Story> {
    let hangs = |name: &'static str, id: &'static str, told: &'static [&'static str], waits: &'static str| {
        let title = format!("the deadline passes ({name}), and {id} keeps who was silent, and for how long");
        story(&title, fault(name), move |place| {
            let report = reads(checks(place, &["--timeout", "30s", "--deadline", "3s"]))?;
            keeps(&report, id, Stop::Deadline, told)?;
            let flag = leads_on(&report, id).ok_or_else(|| format!("{id} names no flag:\n{}", summary(&report)))?;
            hold(flag == "3m" && waits_for(&report, waits, id), &report)
        })
    };
    vec![
        hangs(
            "egress-dropped",
            "egress.connects",
            &["unanswered: 104.18.2.1:443, 104.18.3.1:443: silent for ", "found: api.workos.com → 104.18."],
            "egress.answers",
        ),
        hangs(
            "tls-stalled",
            "egress.handshake",
            &[
                "unanswered: handshake with api.workos.com:443 at 104.18.",
                ": no answer for ",
                "found: api.workos.com → ",
            ],
            "egress.answers",
        ),
        hangs(
            "proxy-silent",
            "egress.proxy",
            &["unanswered: the proxy 10.20.0.31:3128, asked for a way to api.workos.com:443: no answer for "],
            "egress.answers",
        ),
        story(
            "with the flag that a run names which was cut short, another comes to a conclusion",
            fault("egress-dropped"),
            |place| {
                let cut = reads(checks(place, &["--timeout", "1s", "--deadline", "1s"]))?;
                let flag = leads_on(&cut, "egress.connects").ok_or_else(|| summary(&cut))?;
                let through = reads(checks(place, &["--timeout", "1s", "--deadline", &flag]))?;
                let concluded = |(_, result): (_, &CheckResult)| result.ended.is_none();
                hold(results(&through).all(concluded), &through)?;
                let timed_out = |(check, result): (_, &CheckResult)| {
                    result.findings.iter().any(|finding| is(check, finding, "egress.connects/timed-out"))
                };
                hold(results(&through).any(timed_out), &through)
            },
        ),
        story("a supervisor ends it in a black hole, and what was learnt is kept", fault("egress-dropped"), |place| {
            for by in [Signal::SIGTERM, Signal::SIGINT] {
                let mut child = checks(place, &["--timeout", "30s"])
                    .stdout(Stdio::piped())
                    .spawn()
                    .map_err(|error| error.to_string())?;
                // Long enough for the names to be known, and far less than anything is given up after.
                thread::sleep(Duration::from_secs(3));
                signal(&child, by)?;
                let report = last_words(&mut child)?;
                hold(report.interrupted, &report)?;
                let told = ["unanswered: 104.18.2.1:443, 104.18.3.1:443: silent for "];
                keeps(&report, "egress.connects", Stop::Interruption, &told)?;
                hold(waits_for(&report, "egress.answers", "egress.connects"), &report)?;
            }
            Ok(())
        }),
        story("Ctrl-C while it waits for what WorkOS was made to send keeps that it was", silent, |place| {
            let mut command = place.command(&["listen", "--deliver", "--yes", "--format", "json"]);
            let mut child =
                command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().map_err(|it| it.to_string())?;
            place.wait_for_writes(2)?;
            // Until the answer to the second has come.
            thread::sleep(Duration::from_secs(1));
            signal(&child, Signal::SIGINT)?;
            let report = last_words(&mut child)?;
            let result = delivered(&report)?;
            hold(report.interrupted && result.status == Status::Unknown, &report)?;
            hold(result.evidence.iter().any(|seen| seen.what == "caused"), &report)?;
            place.is_as_before()
        }),
    ]
}

/// The healthy world with a fault, and nobody at the door where a story has its listener.
fn fault(name: &'static str) -> impl Fn(&mut World) {
    move |world| {
        let fault = Fault::named(name).unwrap();
        *world = fault.world();
        world.services.retain(|address, _| address.to_string() != DOOR);
    }
}

/// A check of this world, whose settings are given.
fn checks(place: &Place, arguments: &[&str]) -> Command {
    let scenario = Scenario::new("", place.world.clone()).with(arguments);
    let mut command = Command::new(env!("CARGO_BIN_EXE_workos-preflight"));
    command
        .env_clear()
        .envs(scenario.environment())
        .args(scenario.typed())
        .current_dir("/etc/lab")
        .stdin(Stdio::null());
    command
}

/// The report of a run that has been told to end, which it must do with 130.
fn last_words(child: &mut Child) -> Result<Report, String> {
    let out = child.stdout.take().ok_or("no stdout")?;
    let reading = thread::spawn(move || std::io::read_to_string(out));
    match ended(child)? {
        Some(130) => {}
        other => return Err(format!("it ended with {other:?}, or not within {PATIENCE:?}")),
    }
    let out = reading.join().map_err(|_| "the reader broke")?.map_err(|error| error.to_string())?;
    read(&out).map(|(report, _)| report)
}

fn of<'r>(report: &'r Report, id: &str) -> Result<&'r CheckResult, String> {
    let cut = |result: &CheckResult| result.status == Status::Unknown && result.ended.is_some();
    let found = results(report).find(|(check, result)| check.id == id && cut(result));
    found.map(|(_, result)| result).ok_or_else(|| format!("{id} was not cut short:\n{}", summary(report)))
}

/// Whether a result was ended by this, and tells this.
fn keeps(report: &Report, id: &str, ended_by: Stop, told: &[&str]) -> Result<(), String> {
    let result = of(report, id)?;
    let by = matches!(&result.ended, Some(Ended::CutShort { by, .. }) if *by == ended_by);
    let seen: Vec<String> = result.evidence.iter().map(|seen| format!("{}: {}", seen.what, seen.value)).collect();
    let missing = told.iter().find(|told| !seen.iter().any(|seen| seen.contains(*told)));
    match missing {
        None if by => Ok(()),
        None => Err(format!("{id} ended otherwise: {:?}", result.ended)),
        Some(missing) => Err(format!("{id} does not say `{missing}`: {seen:#?}")),
    }
}

/// The deadline to run again with.
fn leads_on(report: &Report, id: &str) -> Option<String> {
    let reason = of(report, id).ok()?.reason()?;
    reason.split_once("run again with --deadline ").map(|(_, flag)| flag.to_owned())
}

/// Whether the one was not begun because it needs the other.
fn waits_for(report: &Report, id: &str, need: &str) -> bool {
    of(report, id).is_ok_and(|result| {
        let so = result.evidence.iter().any(|seen| seen.what == "waited for" && seen.value.starts_with(need));
        so && result.reason().is_some_and(|reason| reason.starts_with(&format!("needs {need}, which was not through")))
    })
}
