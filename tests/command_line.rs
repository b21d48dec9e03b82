//! What people type and are told of it: help, version, completions, manual pages.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use std::process::{Command, Stdio};

use clap::CommandFactory;
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
