//! `init`: the settings file that it writes, with and without somebody at the terminal.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use support::terminal::OnTerminal;
use support::{Ended, binary, run_in};

const GIVEN: &[&str] = &[
    "--strategy",
    "firewall",
    "--domain",
    "app.customer.example",
    "--client-id",
    "client_01HZBC6N1EB1ZY7KG32X",
    "--redirect-uri",
    "https://app.customer.example/callback",
    "--webhook-url",
    "https://app.customer.example/webhooks/workos",
    "--api-key-file",
    "key",
    "-6",
    "--browser-hosts",
    "--samples",
    "3",
];

fn written(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("preflight.toml")).unwrap()
}

/// The settings that a run takes from the file: name and value.
fn in_effect(folder: &Path) -> Vec<(String, String)> {
    let report = run_in(folder, &["check", "--only", "settings.consistent", "--format", "json"]).json();
    let settings = report["settings"].as_array().unwrap().iter().filter(|setting| setting["from"] == "file");
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    settings.map(|setting| (text(&setting["name"]), text(&setting["value"]))).collect()
}

#[test]
fn without_anything_given_it_writes_what_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let ended = run_in(folder.path(), &["init"]);

    assert_eq!((ended.code, ended.out.as_str()), (Some(0), ""), "{ended:?}");
    assert!(ended.err.contains("preflight.toml is written") && ended.err.contains("workos-preflight plan"));
    let mode = std::fs::metadata(folder.path().join("preflight.toml")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(in_effect(folder.path()).is_empty());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn what_is_given_is_what_check_then_takes_from_it() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("key"), "sk_live_abcdefghijklmnopqrst\n").unwrap();
    let ended = run_in(folder.path(), &[&["init"], GIVEN].concat());
    assert_eq!(ended.code, Some(0), "{ended:?}");

    let taken = in_effect(folder.path());
    for (name, value) in [
        ("strategy", "firewall"),
        ("installation.domain", "app.customer.example"),
        ("workos.client_id", "client_01HZBC6N1EB1ZY7KG32X"),
        ("installation.redirect_uris", "https://app.customer.example/callback"),
        ("installation.webhook_url", "https://app.customer.example/webhooks/workos"),
        ("network.family", "6"),
        ("checks.browser_hosts", "true"),
        ("checks.samples", "3"),
    ] {
        assert!(taken.contains(&(name.to_owned(), value.to_owned())), "{name} is not {value} in {taken:?}");
    }
    assert!(taken.iter().any(|(name, _)| name == "workos.api_key_file"), "{taken:?}");
    assert_eq!(taken.len(), 9, "{taken:?}");
    assert!(!written(folder.path()).contains("sk_live"));
}

#[test]
fn a_file_that_is_there_is_written_over_only_when_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("preflight.toml");
    std::fs::write(&file, "strategy = 'events'\n").unwrap();
    let refused = run_in(folder.path(), &[&["init"], GIVEN].concat());

    assert_eq!((refused.code, refused.out.as_str(), refused.err.lines().count()), (Some(2), "", 1));
    assert!(refused.err.contains("preflight.toml is there already") && refused.err.contains("--force"));
    assert_eq!(written(folder.path()), "strategy = 'events'\n");

    assert_eq!(run_in(folder.path(), &["init", "--output", "other.toml"]).code, Some(0));
    assert_eq!(written(folder.path()), "strategy = 'events'\n");
    let forced = run_in(folder.path(), &["init", "--force", "--domain", "app.customer.example"]);
    assert_eq!(forced.code, Some(0), "{forced:?}");
    assert!(written(folder.path()).contains("\ndomain = \"app.customer.example\"\n"));

    std::fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink("nowhere/at/all", &file).unwrap();
    assert_eq!(run_in(folder.path(), &["init"]).code, Some(2));
}

#[test]
fn no_secret_gets_into_the_file_and_none_is_repeated() {
    let key = "sk_live_PLANTEDabcdefghijkl";
    for given in [
        &["--api-key-file", key][..],
        &["--webhook-secret-file", "whsec_PLANTEDabcdefghijkl"],
        &["--api-key-file", "0FWAiVGkPLANTEDEfGBqqsJH4aN"],
        &["--client-id", key],
        &["--domain", key],
        &["--proxy", "http://user:PLANTED@proxy.customer.example:3128"],
        &["--webhook-url", "https://user:PLANTED@app.customer.example/hook"],
    ] {
        let folder = tempfile::tempdir().unwrap();
        let ended = run_in(folder.path(), &[&["init"], given].concat());

        assert_eq!((ended.code, ended.out.as_str(), ended.err.lines().count()), (Some(2), "", 1), "{given:?}");
        assert!(ended.err.contains(given[0]) && !ended.err.contains("PLANTED"), "{}", ended.err);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{given:?}");
    }
    let folder = tempfile::tempdir().unwrap();
    let mut command = binary();
    command.args(["init", "--domain", "app.customer.example", "--output", "-"]);
    command.env("WORKOS_API_KEY", key).env("HTTPS_PROXY", "http://user:PLANTED@proxy.customer.example:3128");
    let ended = Ended::from(command.current_dir(folder.path()).output().unwrap());
    assert!(ended.code == Some(0) && ended.out.contains("domain = \"app.customer.example\""), "{ended:?}");
    assert!(!ended.out.contains("PLANTED") && !ended.err.contains("PLANTED"), "{ended:?}");
}

#[test]
fn what_is_no_value_is_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    for (given, right) in [
        (["--webhook-url", "app.customer.example/hook"], "`https://app.customer.example/hook`"),
        (["--strategy", "firewal"], "did you mean `firewall`?"),
        (["--timeout", "soon"], "`5s`"),
    ] {
        let ended = run_in(folder.path(), &[&["init"], &given[..]].concat());
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""));
        assert!(ended.err.contains(right), "{}", ended.err);
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn at_a_terminal_it_asks_for_what_matters_again_where_the_answer_is_none_and_never_for_the_key_itself() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("key"), "sk_live_abcdefghijklmnopqrst\n").unwrap();
    let mut command = binary();
    command.args(["init", "--client-id", "client_01HZBC6N1EB1ZY7KG32X"]).current_dir(folder.path());
    let mut asked = OnTerminal::start(&mut command, 80);
    asked.answer("firewall, events [firewall]: ", "\n");
    asked.answer("external domain name", "https://app.customer.example\n");
    asked.answer("without scheme", "app.customer.example\n");
    asked.answer("redirect URI", "https://app.customer.example/a, https://app.customer.example/b\n");
    asked.answer("delivers webhooks to", "app.customer.example/hook\n");
    asked.answer("with its scheme", "https://app.customer.example/hook\n");
    asked.answer("holds the API key", "sk_live_PLANTEDabcdefghijkl\n");
    asked.answer("the name of the file that holds it", "key\n");
    let (status, shown) = asked.ended();

    assert_eq!(status.code(), Some(0), "{shown}");
    assert!(!shown.contains("client ID") && shown.contains("is written"), "{shown}");
    let taken = in_effect(folder.path());
    let names: Vec<&str> = taken.iter().map(|(name, _)| name.as_str()).collect();
    let uris = ["installation.redirect_uris"; 2];
    let expected =
        [&["workos.api_key_file", "workos.client_id", "installation.domain"], &uris[..], &["installation.webhook_url"]];
    assert_eq!(names, expected.concat(), "{taken:?}");
    assert!(!written(folder.path()).contains("PLANTED"));
}

#[test]
fn answers_that_end_too_early_leave_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = binary();
    let mut asked = OnTerminal::start(command.arg("init").current_dir(folder.path()), 80);
    asked.answer("firewall, events [firewall]: ", "events\n");
    asked.answer("external domain name", "\u{4}");
    let (status, shown) = asked.ended();

    assert_eq!(status.code(), Some(2), "{shown}");
    assert!(shown.contains("nothing is written"), "{shown}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
