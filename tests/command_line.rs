//! What people type and are told of it: help, version, completions, manual pages.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use std::process::{Command, Stdio};

use clap::CommandFactory;
use support::terminal::OnTerminal;
use support::{binary, run, run_in};
use workos_preflight::cli::Cli;

fn commands() -> Vec<String> {
    Cli::command().get_subcommands().map(|command| command.get_name().to_owned()).collect()
}

#[test]
fn version_names_the_build_in_lines_and_the_flag_the_version_alone() {
    let version = run(&["version"]);
    let lines: Vec<Vec<&str>> = version.out.lines().map(|line| line.split_whitespace().collect()).collect();
    let facts = workos_preflight::facts::Facts::embedded().as_of;

    assert_eq!((version.code, version.err.as_str()), (Some(0), ""));
    assert_eq!(lines[0], ["workos-preflight", env!("CARGO_PKG_VERSION")]);
    assert_eq!((lines[1][0], &lines[2][..]), ("commit", &["facts", facts.as_str()][..]));
    assert!(lines[3][0] == "target" && lines[3][1].starts_with(std::env::consts::ARCH), "{}", version.out);
    for flag in ["-V", "--version"] {
        assert_eq!(run(&[flag]).out, format!("workos-preflight {}\n", env!("CARGO_PKG_VERSION")));
    }
}

#[test]
fn help_of_a_command_is_what_its_flag_says() {
    for command in commands() {
        let help = run(&["help", &command]);
        assert_eq!((help.code, help.err.as_str()), (Some(0), ""), "{command}");
        assert!(help.out.contains(&format!("Usage: workos-preflight {command}")), "{}", help.out);
        assert_eq!(help.out, run(&[&command, "--help"]).out);
    }
    assert_eq!(run(&["help"]).out, run(&["--help"]).out);
}

#[test]
fn a_command_that_there_is_not_is_told_with_the_nearest() {
    for command in ["help", "man"] {
        let ended = run(&[command, "chekc"]);
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""));
        assert!(ended.err.contains("`chekc` is not a command; did you mean `check`?"), "{}", ended.err);
    }
}

/// What bash offers in the place of the last word.
fn offered(script: &str, words: &[&str]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("completions"), script).unwrap();
    let asked = "source ./completions; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); \
                 f=$(complete -p workos-preflight | sed 's/.*-F \\([^ ]*\\).*/\\1/'); \
                 $f workos-preflight \"${COMP_WORDS[COMP_CWORD]}\" \"${COMP_WORDS[COMP_CWORD-1]}\"; echo \"${COMPREPLY[@]}\"";
    let output = Command::new("bash")
        .args(["-c", asked, "bash", "workos-preflight"])
        .args(words)
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    said.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_their_options_and_the_values_of_these() {
    let script = run(&["completions", "bash"]).out;
    let offered = |words: &[&str]| offered(&script, words);

    assert_eq!(offered(&["pl"]), ["plan"]);
    assert_eq!(offered(&["check", "--webhook-u"]), ["--webhook-url"]);
    assert_eq!(offered(&["plan", "--strategy", "fire"]), ["firewall"]);
    assert!(offered(&["plan", "--format", ""]).contains(&"markdown".to_owned()));
    assert_eq!(offered(&["completions", "f"]), ["fish"]);
}

#[test]
fn every_shell_has_completions_that_know_every_command() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let ended = run(&["completions", shell]);
        assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{shell}");
        for command in commands() {
            assert!(ended.out.contains(&command), "{shell} does not know {command}");
        }
    }
    assert!(run(&["completions", "bsh"]).err.contains("did you mean `bash`?"));
}

#[test]
fn every_command_has_a_manual_page_under_the_name_that_is_looked_for() {
    let folder = tempfile::tempdir().unwrap();
    let ended = run_in(folder.path(), &["man", "--output", "."]);
    assert_eq!((ended.code, ended.out.as_str(), ended.err.as_str()), (Some(0), "", ""));
    let page = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();

    for command in commands() {
        let page = page(&format!("workos-preflight-{command}.1"));
        assert!(page.contains(&format!(".TH workos-preflight-{command} 1")), "{page}");
        assert!(page.contains(&format!("\\fBworkos\\-preflight {command}\\fR")), "{page}");
        assert_eq!(page, run(&["man", &command]).out);
    }
    let whole = page("workos-preflight.1");
    assert!(whole.contains("\\-\\-webhook\\-url") && whole.contains("workos\\-preflight\\-listen(1)"), "{whole}");
    assert_eq!(whole, run(&["man"]).out);
    let nowhere = run_in(folder.path(), &["man", "--output", "nowhere"]);
    assert!(nowhere.code == Some(2) && nowhere.err.contains("nowhere"), "{}", nowhere.err);
}

#[test]
fn what_tells_of_the_tool_ends_quietly_where_nobody_reads() {
    for args in [&["help"][..], &["version"], &["completions", "bash"], &["man"], &["check", "--help"]] {
        let (reads, writes) = std::io::pipe().unwrap();
        drop(reads);
        let ended = binary().args(args).stdout(writes).stderr(Stdio::piped()).output().unwrap();

        assert_eq!((ended.status.code(), ended.stderr.as_slice()), (Some(0), &b""[..]), "{args:?}");
    }
}

#[test]
fn what_is_mistyped_is_told_with_what_is_near() {
    for (typed, meant) in [
        (&["demo", "--fault", "egres-refused"][..], "`egress-refused`"),
        (&["explain", "egress.connects/timed-ot"], "`egress.connects/timed-out`"),
        (&["demo", "--only", "egress.conects"], "`egress.connects`"),
        (&["demo", "--format", "jsn"], "`json`"),
        (&["demo", "--report", "jsn=x"], "`json`"),
        (&["plan", "--format", "markdwn"], "`markdown`"),
        (&["demo", "--color", "alway"], "`always`"),
        (&["plan", "--environment", "prod"], "`production`"),
        (&["schema", "reprot"], "`report`"),
        (&["chekc"], "`check`"),
        (&["listen", "--webhok-url", "x"], "`--webhook-url`"),
    ] {
        let ended = run(typed);
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{typed:?}");
        assert!(ended.err.contains(&format!("did you mean {meant}?")), "{typed:?}: {}", ended.err);
        assert_eq!(ended.err.lines().count(), 1, "{}", ended.err);
    }
}

#[test]
fn lists_are_repeated_or_take_commas_or_both() {
    let folder = tempfile::tempdir().unwrap();
    for (flag, values) in [
        ("--organization", ["org_1", "org_2", "org_3"]),
        ("--address", ["192.0.2.1", "192.0.2.2", "2001:db8::3"]),
        ("--endpoint", ["a.example", "b.example:8443", "c.example"]),
        ("--authkit-domain", ["a.authkit.app", "b.authkit.app", "c.authkit.app"]),
    ] {
        let [one, two, three] = values;
        let shown = |typed: &[&str]| {
            let usual = ["check", "--only", "settings", "--format", "json"];
            let settings = run_in(folder.path(), &[&usual[..], typed].concat()).json()["settings"].clone();
            settings.as_array().unwrap().iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        let repeated = shown(&[flag, one, flag, two, flag, three]);
        for value in values {
            assert!(repeated.iter().any(|shown| shown.contains(value)), "{flag}: {repeated:?}");
        }
        assert_eq!(shown(&[flag, &format!("{one},{two},{three}")]), repeated);
        assert_eq!(shown(&[flag, &format!(" {one}, {two},"), flag, three]), repeated);
    }
    let ids = |typed: &[&str]| {
        let report = run(&[&["demo", "--format", "json"], typed].concat()).json();
        report["checks"].as_array().unwrap().iter().map(|check| check["id"].to_string()).collect::<Vec<_>>()
    };
    let repeated = ids(&["--only", "settings.consistent", "--only", "egress.resolves"]);
    assert_eq!(repeated.len(), 2);
    assert_eq!(ids(&["--only", "settings.consistent, egress.resolves,"]), repeated);
    assert_eq!(run(&["demo", "--only", ","]).code, Some(2));
}

/// A value that an option takes.
fn value_of(option: &clap::Arg) -> Option<String> {
    let listed = option.get_possible_values().first().map(|value| value.get_name().to_owned());
    listed.or_else(|| {
        let usual = ["json", "junit=x", "5", "127.0.0.1:1", "0123456789abcdef0123456789abcdef", "x"];
        let takes = |value: &&&str| {
            let alone = clap::Arg::new("x").long("x").value_parser(option.get_value_parser().clone());
            clap::Command::new("x").arg(alone).try_get_matches_from(["x", "--x", value]).is_ok()
        };
        usual.iter().find(takes).map(|value| (*value).to_owned())
    })
}

#[test]
fn of_a_flag_that_takes_one_value_and_is_given_twice_the_last_one_wins_in_every_command() {
    let mut tried = 0;
    let whole = Cli::command();
    for command in whole.get_subcommands() {
        for option in command.get_arguments().filter(|option| matches!(option.get_action(), clap::ArgAction::Set)) {
            let Some(long) = option.get_long() else { continue };
            let value = value_of(option).unwrap_or_else(|| panic!("no value is known for --{long}"));
            let flag = format!("--{long}={value}");
            let asked = Cli::command().try_get_matches_from(["workos-preflight", command.get_name(), &flag, &flag]);
            let refused = asked.err().map(|error| error.kind());
            assert_ne!(refused, Some(clap::error::ErrorKind::ArgumentConflict), "{} {flag}", command.get_name());
            tried += 1;
        }
    }
    assert!(tried > 100, "{tried}");

    let demo = ["demo", "--only", "settings.consistent"];
    let last = |typed: &[&str]| run(&[&demo[..], typed].concat());
    assert!(last(&["--format", "json", "--format", "junit"]).out.starts_with("<?xml"));
    assert!(last(&["--color", "always", "--color", "never"]).out.find('\u{1b}').is_none());
    assert_eq!(last(&["--fault", "no-such-fault", "--fault", "key-revoked"]).code, Some(0));
    let family = |typed: &[&str]| run(&[&["check", "--only", "settings", "--format", "json"], typed].concat()).out;
    let given = |flag: &str| format!("\"where\": \"{flag}\"");
    assert!(family(&["-4", "-6"]).contains(&given("-6")) && family(&["-6", "-4"]).contains(&given("-4")));
}

#[test]
fn on_a_terminal_one_line_says_what_is_waited_for_and_is_drawn_anew_once_a_second() {
    let drawn = |term: &str| {
        let mut command = binary();
        command.args(["demo", "--fault", "egress-dropped", "--only", "egress.connects", "--timeout", "2s"]);
        let begun = std::time::Instant::now();
        let (status, shown) = OnTerminal::start(command.env("TERM", term), 80).ended();
        assert_eq!(status.code(), Some(1), "{shown}");
        (shown, begun.elapsed().as_secs())
    };
    let (shown, seconds) = drawn("xterm");
    let lines: Vec<&str> = shown.split("waiting for ").skip(1).collect();

    assert!(lines.len() >= 3 && lines.len() as u64 <= seconds + 1, "{} in {seconds} s: {shown:?}", lines.len());
    for (line, says) in [(lines[0], "try 1 of 2, "), (lines[lines.len() - 1], "try 2 of 2, ")] {
        assert!(line.starts_with("egress.connects api.workos.com:443: ") && line.contains(says), "{line:?}");
        assert!(line.contains(" s of at most 4 s"), "{line:?}");
    }
    // Each time it is drawn, and once where it is taken away.
    assert!(shown.matches("\u{1b}[2K").count() <= 2 * (lines.len() + 1), "{shown:?}");
    let (last, _) = shown.rsplit_once("\u{1b}[2K").unwrap();
    assert!(!shown[last.len()..].contains("waiting for"), "the line is left behind: {shown:?}");

    let (shown, _) = drawn("dumb");
    assert!(!shown.contains("waiting for") && !shown.contains('\u{1b}'), "{shown:?}");
}

/// Whether a line holds what is copied as it stands: a command, or one long word such as a path.
fn is_to_be_copied(line: &str) -> bool {
    let words = ["see it ", "workos-preflight "];
    words.iter().any(|word| line.contains(word)) || line.split_whitespace().count() == 1
}

#[test]
fn every_command_keeps_to_the_width_but_for_what_is_copied() {
    let folder = tempfile::tempdir().unwrap();
    let demo = ["demo", "--only", "egress.trusted"];
    run_in(folder.path(), &[&demo[..], &["--fault", "egress-dropped", "--report", "json=before.json"]].concat());
    run_in(folder.path(), &[&demo[..], &["--report", "json=after.json"]].concat());
    for args in [
        &["demo", "-v"][..],
        &["demo", "--fault", "key-revoked"],
        &["demo", "-q", "--fault", "intercepted"],
        &["demo", "--fault", "list"],
        &["plan", "--domain", "app.customer.example", "--webhook-url", "https://app.customer.example/webhooks/workos"],
        &["requirements", "--domain", "app.customer.example"],
        &["probe", "https://app.customer.example/hook", "--plan"],
        &["compare", "-v", "before.json", "after.json"],
        &["compare", "after.json", "before.json"],
        &["explain"],
        &["explain", "egress.trusted"],
        &["explain", "egress.connects/timed-out"],
        &["version"],
        &["help"],
        &["help", "listen"],
        &["-h"],
        &["listen", "-h"],
    ] {
        for (columns, most) in [("60", 60), ("80", 80), ("200", 120)] {
            let mut command = binary();
            let ended = command.args(args).env("COLUMNS", columns).current_dir(folder.path()).output().unwrap();
            let text = String::from_utf8(ended.stdout).unwrap();
            let wide = text.lines().find(|line| line.chars().count() > most && !is_to_be_copied(line));

            assert!(!text.is_empty() && wide.is_none(), "{args:?} at {columns}: {wide:?}");
        }
        for (locale, term) in [("C", "xterm"), ("C", "dumb"), ("C.UTF-8", "dumb")] {
            let mut command = binary();
            let ended = command.args(args).env("LC_ALL", locale).env("TERM", term).current_dir(folder.path()).output();
            let text = String::from_utf8(ended.unwrap().stdout).unwrap();

            assert!(!text.contains('\u{1b}') && (locale != "C" || text.is_ascii()), "{args:?} with {locale}, {term}");
        }
    }
}
