//! `compare` and `--baseline`: what a change did, from saved reports of real runs to exit codes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::LazyLock;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use support::{Ended, binary, run, run_in};
use tempfile::TempDir;

/// A folder with reports of a healthy and of a broken network.
struct Saved(TempDir);

/// The two reports, made once: a dropped packet takes its time.
static REPORTS: LazyLock<[(&str, String); 2]> = LazyLock::new(|| {
    let healthy = run(&["demo", "--format", "json"]).out;
    [("healthy.json", healthy), ("dropped.json", run(&["demo", "--fault", "egress-dropped", "--format", "json"]).out)]
});

impl Saved {
    fn reports() -> Self {
        let saved = Saved(tempfile::tempdir().unwrap());
        REPORTS.iter().for_each(|(name, text)| saved.write(name, text));
        saved
    }

    fn run(&self, args: &[&str]) -> Ended {
        run_in(self.0.path(), args)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), text).unwrap();
    }
}

fn rows<'a>(comparison: &'a Value, change: &str) -> Vec<&'a str> {
    let rows = comparison["rows"].as_array().unwrap().iter().filter(|row| row["change"] == change);
    rows.map(|row| row["id"].as_str().unwrap()).collect()
}

#[test]
fn a_network_that_broke_is_worse_and_the_cause_comes_before_what_follows_from_it() {
    let saved = Saved::reports();
    let ended = saved.run(&["compare", "healthy.json", "dropped.json"]);

    assert_eq!((ended.code, ended.err.as_str()), (Some(1), ""));
    assert!(ended.out.starts_with("Worse: "), "{}", ended.out);
    for part in [
        "verdict  ready → not ready",
        "passed before, fails now",
        "[egress.connects/timed-out]",
        "network       Allow",
        "no longer established (needs egress.connects): egress.handshake",
        "both are demonstrations",
    ] {
        assert!(ended.out.contains(part), "{part} is missing in\n{}", ended.out);
    }
}

#[test]
fn what_failed_before_and_still_fails_is_named_with_its_remedy() {
    let saved = Saved::reports();
    for detail in [&["compare", "dropped.json", "dropped.json"][..], &["compare", "-q", "dropped.json", "dropped.json"]]
    {
        let ended = saved.run(detail);

        assert_eq!(ended.code, Some(0), "{ended:?}");
        for part in [
            "Neither better nor worse: 1 still wrong",
            "Still wrong",
            "[egress.connects/timed-out]",
            "network       Allow",
        ] {
            assert!(ended.out.contains(part), "{part} is missing in\n{}", ended.out);
        }
    }
}

#[test]
fn a_network_that_was_repaired_is_better() {
    let saved = Saved::reports();
    let ended = saved.run(&["compare", "dropped.json", "healthy.json"]);

    assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""));
    assert!(ended.out.starts_with("Better: ") && ended.out.contains("none worse"), "{}", ended.out);
    assert!(ended.out.contains("failed before, passes now"), "{}", ended.out);
}

#[test]
fn a_report_is_as_good_as_itself_and_as_the_next_run_of_the_same_network() {
    let saved = Saved::reports();
    saved.run(&["demo", "--report", "json=again.json"]);
    let itself = saved.run(&["compare", "dropped.json", "dropped.json", "--format", "json"]);
    let again = saved.run(&["compare", "healthy.json", "again.json", "--format", "json"]);

    assert_eq!((itself.code, again.code), (Some(0), Some(0)));
    assert_eq!((&itself.json()["verdict"], &again.json()["verdict"]), (&"same".into(), &"same".into()));
    assert!(rows(&itself.json(), "changed").is_empty());
    // The demonstration makes its certificates anew.
    assert_eq!(rows(&again.json(), "changed"), ["egress.trusted"]);
}

#[test]
fn json_holds_to_the_schema_that_the_binary_prints() {
    let saved = Saved::reports();
    let validator = jsonschema::validator_for(&run(&["schema", "comparison"]).json()).unwrap();

    for (before, after, code) in [("healthy.json", "dropped.json", 1), ("dropped.json", "healthy.json", 0)] {
        let ended = saved.run(&["compare", before, after, "--format", "json"]);
        let errors: Vec<String> = validator.iter_errors(&ended.json()).map(|error| error.to_string()).collect();

        assert!(errors.is_empty(), "{errors:?}");
        assert_eq!(ended.code, Some(code));
    }
}

#[test]
fn what_was_left_out_is_no_longer_asked_and_not_worse() {
    let saved = Saved::reports();
    saved.run(&["demo", "--skip", "webhook=ticket 7", "--report", "json=without.json"]);
    let ended = saved.run(&["compare", "healthy.json", "without.json"]);

    assert_eq!(ended.code, Some(0), "{}", ended.out);
    assert!(ended.out.contains("No longer asked") && ended.out.contains("left out by --skip: ticket 7"));
}

#[test]
fn a_failure_that_was_hidden_is_told_and_counts_for_nothing() {
    let saved = Saved::reports();
    saved.run(&["demo", "--fault", "key-revoked", "--report", "json=revoked.json"]);
    let ended = saved.run(&["compare", "dropped.json", "revoked.json"]);

    assert_eq!(ended.code, Some(0), "{}", ended.out);
    assert!(ended.out.contains("\nHidden before, and failing\n"), "{}", ended.out);
    assert!(ended.out.contains("[credentials.accepted/unauthorized]"), "{}", ended.out);
}

#[test]
fn quiet_is_short_and_verbose_lists_what_is_unchanged() {
    let saved = Saved::reports();
    let out = |more: &[&str]| saved.run(&[&["compare", "healthy.json", "dropped.json"], more].concat()).out;
    let (quiet, normal, verbose) = (out(&["-q"]), out(&[]), out(&["-v"]));

    assert!(quiet.lines().count() < normal.lines().count() && normal.lines().count() < verbose.lines().count());
    assert!(!normal.contains("the hostname resolves") && verbose.contains("the hostname resolves"));
    assert_eq!(out(&["-q", "-v"]), verbose, "the last one counts");
}

#[test]
fn colour_locale_and_width_are_those_of_the_report() {
    let saved = Saved::reports();
    let out = |args: &[&str], variables: &[(&str, &str)]| {
        let mut command = binary();
        command.args(["compare", "healthy.json", "dropped.json"]).args(args).envs(variables.iter().copied());
        Ended::from(command.current_dir(saved.0.path()).output().unwrap()).out
    };

    assert!(!out(&[], &[]).contains('\u{1b}'));
    assert!(out(&["--color", "always"], &[]).contains('\u{1b}'));
    assert!(out(&[], &[("CLICOLOR_FORCE", "1")]).contains('\u{1b}'));
    assert!(!out(&[], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]).contains('\u{1b}'));
    assert!(!out(&["--color", "never"], &[("CLICOLOR_FORCE", "1")]).contains('\u{1b}'));
    assert!(out(&[], &[("LC_ALL", "C")]).is_ascii());
    let narrow = out(&[], &[("COLUMNS", "60")]);
    let too_wide = |line: &&str| line.chars().count() > 60 && !line.contains("see it");
    assert_eq!(narrow.lines().find(too_wide), None, "{narrow}");
}

#[test]
fn standard_input_can_be_one_of_the_two() {
    let saved = Saved::reports();
    let mut child = binary()
        .args(["compare", "-", "dropped.json"])
        .current_dir(saved.0.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(&std::fs::read(saved.path("healthy.json")).unwrap()).unwrap();

    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert_eq!(saved.run(&["compare", "-", "-"]).code, Some(2));
    assert_eq!(saved.run(&["demo", "--baseline", "-"]).code, Some(2));
}

/// The same report as development versions wrote it.
fn as_before_the_release(text: &str) -> String {
    let mut report: Value = serde_json::from_str(text).unwrap();
    for check in report["checks"].as_array_mut().unwrap() {
        for result in check["results"].as_array_mut().unwrap() {
            let result = result.as_object_mut().unwrap();
            result.remove("ended").unwrap();
            result.remove("skipped").unwrap();
            result.insert("reason".to_owned(), Value::Null);
            result.insert("not_applicable".to_owned(), false.into());
        }
    }
    report.to_string()
}

#[test]
fn a_file_that_is_no_report_is_named_in_one_sentence_that_quotes_nothing_of_it() {
    let saved = Saved::reports();
    std::fs::create_dir(saved.path("folder")).unwrap();
    saved.write("garbage", "{ \"password\": hunter2");
    saved.write("other", "{ \"schema\": \"hunter2\" }");
    saved.write("later", "{ \"schema\": \"workos-preflight/report/v9\", \"hunter2\": 1 }");
    saved.write("torn", &std::fs::read(saved.path("healthy.json")).unwrap()[..4000]);
    saved.write("large", vec![b' '; 16 * 1024 * 1024 + 1]);
    let comparison = saved.run(&["compare", "healthy.json", "dropped.json", "--format", "json"]).out;
    saved.write("comparison", comparison);
    saved.write("older", as_before_the_release(&REPORTS[0].1));

    for (name, part) in [
        ("missing", "cannot be read"),
        ("folder", "is a directory"),
        ("garbage", "is not JSON from line 1, column 15 on"),
        ("other", "does not say `workos-preflight/report/v1`"),
        ("later", "another version"),
        ("torn", "is not JSON from line"),
        ("large", "larger than 16 MiB"),
        ("comparison", "is a comparison"),
        ("older", "before `workos-preflight/report/v1` had the shape"),
    ] {
        for args in [
            &["compare", name, "healthy.json"][..],
            &["compare", "healthy.json", name],
            &["demo", "--baseline", name],
            &["check", "--inbound-report", name],
        ] {
            let ended = saved.run(args);

            assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{args:?}");
            assert!(ended.err.contains(name) && ended.err.contains(part), "{}", ended.err);
            assert_eq!(ended.err.lines().count(), 1, "{}", ended.err);
            assert!(!ended.err.contains("hunter2"), "{}", ended.err);
        }
    }
}

#[test]
fn a_pipe_that_closes_ends_the_comparison_quietly() {
    let saved = Saved::reports();
    let mut child = binary()
        .args(["compare", "healthy.json", "dropped.json", "-v"])
        .current_dir(saved.0.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();

    assert_eq!(said, "");
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn a_run_fails_only_on_what_got_worse_than_in_its_baseline() {
    let saved = Saved::reports();
    let broke = saved.run(&["demo", "--fault", "egress-dropped", "--baseline", "healthy.json"]);
    let known = saved.run(&["demo", "--fault", "egress-dropped", "--baseline", "dropped.json"]);
    let repaired = saved.run(&["demo", "--baseline", "dropped.json"]);
    let excused = saved.run(&["demo", "--fault", "egress-dropped", "--baseline", "healthy.json", "--exit-zero"]);

    assert_eq!((broke.code, known.code, repaired.code, excused.code), (Some(1), Some(0), Some(0), Some(0)));
    for (ended, verdict, against) in [
        (&broke, "\nNOT READY:", "\nWorse than the baseline"),
        (&known, "\nNOT READY:", "\nNo worse than the baseline"),
        (&repaired, "\nREADY:", "\nBetter than the baseline"),
        (&excused, "\nNOT READY:", "\nWorse than the baseline"),
    ] {
        let (report, comparison) = (ended.out.find(verdict).unwrap(), ended.out.find(against).unwrap());
        assert!(report < comparison, "{}", ended.out);
        assert_eq!(ended.err, "");
    }
    // Nobody thinks any more of what was wrong before, so that what to do stands with it once more.
    let (_, still) = known.out.split_once("\nStill wrong\n").unwrap();
    for part in ["[egress.connects/timed-out]", "network       Allow", "see it        curl"] {
        assert!(still.contains(part), "{part} is missing in\n{still}");
    }
    assert_eq!(saved.run(&["demo", "--baseline", "dropped.json", "--fail-on", "warn"]).code, Some(2));
}

#[test]
fn a_report_on_stdout_that_is_not_for_people_stays_whole_and_the_comparison_goes_to_stderr() {
    let saved = Saved::reports();
    let json = saved.run(&["demo", "--fault", "egress-dropped", "--baseline", "healthy.json", "--format", "json"]);
    let to_a_file = saved.run(&["demo", "--baseline", "healthy.json", "--format", "json", "--output", "healthy.json"]);

    assert_eq!((json.code, &json.json()["verdict"]), (Some(1), &"not-ready".into()));
    assert!(json.err.starts_with("Worse than the baseline"), "{}", json.err);
    assert_eq!((to_a_file.code, to_a_file.err.as_str()), (Some(0), ""));
    assert!(to_a_file.out.contains("than the baseline"), "{}", to_a_file.out);
    assert!(is_report(&saved.path("healthy.json")));
}

fn is_report(path: &Path) -> bool {
    serde_json::from_slice::<Value>(&std::fs::read(path).unwrap()).unwrap()["schema"] == "workos-preflight/report/v1"
}

#[test]
fn an_interrupted_run_says_so_whatever_its_baseline() {
    let saved = Saved::reports();
    let path = saved.path("dropped.json");
    let mut child = binary()
        .args(["demo", "--fault", "egress-dropped", "--timeout", "30s", "--baseline", path.to_str().unwrap()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    // The areas before the one that hangs are streamed, so the run is under way when they are here.
    while !line.contains("This host's settings") {
        line.clear();
        assert!(out.read_line(&mut line).unwrap() > 0, "the run ended by itself");
    }
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();

    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(rest.contains("the run after was interrupted"), "{rest}");
}
