//! Bad input ends in one clear sentence that names the setting, where its value came from, and what would be right.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use std::io::Write;
use std::os::unix::ffi::OsStringExt;
use std::process::Stdio;

use support::{Ended, binary, run, run_in};

/// Exit 2, nothing on stdout, one sentence on stderr that holds these words.
fn refused(ended: &Ended, words: &[&str]) {
    assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{ended:?}");
    assert_eq!(ended.err.lines().count(), 1, "{}", ended.err);
    for word in words {
        assert!(ended.err.contains(word), "{word} is missing in: {}", ended.err);
    }
}

fn with_file(text: &str) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("preflight.toml"), text).unwrap();
    run_in(folder.path(), &["plan"])
}

#[test]
fn a_settings_file_that_cannot_be_used_says_where_and_what_is_right() {
    refused(&with_file("strategy = 'firewall\n"), &["preflight.toml", "line 1"]);
    refused(
        &with_file("[instalation]\ndomain = 'a.example'"),
        &["instalation.domain", "did you mean `installation.domain`?"],
    );
    refused(&with_file("[network]\ntimeout = ['5s']"), &["network.timeout", "preflight.toml", "an array", "\"5s\""]);
    refused(&with_file("[network]\nretries = 'many'"), &["network.retries", "a string", "whole number"]);
    refused(&with_file("strategy = 'firewal'"), &["strategy", "preflight.toml", "`firewall`"]);
    refused(&with_file("[workos]\napi_key = 'sk_live_planted0000'"), &["workos.api_key_file"]);
    refused(&with_file("[[waive]]\nid = 'egress.answers'"), &["`reason`"]);
}

#[test]
fn values_on_the_command_line_are_refused_with_what_is_right() {
    for (flag, value, right) in [
        ("--api-url", "https:///path", "https://api.workos.com"),
        ("--api-url", "http://api.workos.com", "an https URL"),
        ("--domain", "https://app.customer.example", "without scheme"),
        ("--address", "app.customer.example", "IP address"),
        ("--timeout", "5 parsecs", "`5s`"),
        ("--timeout", "0", "1ms"),
        ("--retries", "-1x", "0 to 10"),
        ("--deadline", "99h", "60m"),
        ("--resolver", "dns.example", "10.20.0.53"),
        ("--public-resolver", "http://dns.example", "`none`"),
        ("--endpoint", "host:99999", "8443"),
        ("--environment", "prod", "`production`"),
        ("--samples", "0", "1 to 50"),
        ("--organization", "acme", "org_"),
        ("--proxy", "ftp://proxy.example", "socks5h"),
    ] {
        refused(&run(&["plan", &format!("{flag}={value}")]), &[flag, right]);
    }
}

#[test]
fn files_that_are_named_and_cannot_be_read_are_named_with_who_named_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(folder.path().join("empty"), "").unwrap();
    std::fs::write(folder.path().join("binary"), [0xff, 0xfe, 0x00]).unwrap();
    std::fs::write(folder.path().join("huge"), vec![b'#'; 2 << 20]).unwrap();

    for (flag, name) in [
        ("--api-key-file", "missing"),
        ("--api-key-file", "empty"),
        ("--api-key-file", "binary"),
        ("--api-key-file", "."),
        ("--webhook-secret-file", "missing"),
        ("--facts", "missing"),
        ("--facts", "empty"),
        ("--facts", "binary"),
    ] {
        refused(&run(&["plan", flag, &path(name)]), &[name, flag]);
    }
    for (flag, name) in [
        ("--ca-bundle", "missing"),
        ("--ca-bundle", "empty"),
        ("--public-roots", "binary"),
        ("--public-roots", "missing"),
    ] {
        refused(&run(&["check", flag, &path(name)]), &[name, flag]);
    }
    for name in ["missing", "huge", "."] {
        refused(&run(&["plan", "--config", &path(name)]), &["settings file", name]);
    }
}

#[test]
fn an_environment_that_is_not_text_is_refused_by_name() {
    let mut command = binary();
    command.arg("plan").env("PREFLIGHT_DOMAIN", std::ffi::OsString::from_vec(vec![0xff, b'a']));

    refused(&command.output().unwrap().into(), &["installation.domain", "PREFLIGHT_DOMAIN", "UTF-8"]);
}

/// The settings of a report, as `name value from where`.
fn shown(ended: &Ended, name: &str) -> String {
    let report = ended.json();
    let setting = report["settings"].as_array().unwrap().iter().find(|setting| setting["name"] == name).cloned();
    let setting = setting.unwrap_or_else(|| panic!("{name} is not among the settings: {report}"));
    let text = |field: &str| setting[field].as_str().unwrap_or_default().to_owned();
    format!("{} {} {}", text("value"), text("from"), text("where")).trim().to_owned()
}

#[test]
fn a_flag_wins_over_the_environment_and_that_over_the_file_and_each_is_said() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("preflight.toml"),
        "[workos]\nenvironment = 'staging'\n[installation]\ndomain = 'file.example'\n",
    )
    .unwrap();
    let run = |flags: &[&str], variables: &[(&str, &str)]| -> Ended {
        let mut command = binary();
        command.args(["check", "--only", "settings.consistent", "--format", "json"]).args(flags);
        command.envs(variables.iter().copied()).current_dir(folder.path()).output().unwrap().into()
    };
    let variable = [("PREFLIGHT_DOMAIN", "environment.example")];

    assert_eq!(shown(&run(&[], &[]), "installation.domain"), "file.example file preflight.toml");
    assert_eq!(shown(&run(&[], &variable), "installation.domain"), "environment.example environment PREFLIGHT_DOMAIN");
    assert_eq!(
        shown(&run(&["--domain", "flag.example"], &variable), "installation.domain"),
        "flag.example flag --domain"
    );
    assert_eq!(shown(&run(&[], &[]), "workos.environment"), "staging file preflight.toml");
    assert_eq!(shown(&run(&[], &[]), "network.timeout"), "5s default");
}

#[test]
fn the_users_own_settings_file_is_found_where_the_folder_has_none() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("workos-preflight");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("preflight.toml"), "[installation]\ndomain = 'home.example'\n").unwrap();
    let mut command = binary();
    command
        .args(["check", "--only", "settings.consistent", "--format", "json"])
        .env("XDG_CONFIG_HOME", home.path())
        .current_dir(home.path());

    assert!(shown(&command.output().unwrap().into(), "installation.domain").starts_with("home.example file"));
}

#[test]
fn a_key_can_come_from_standard_input_and_its_final_line_break_is_not_part_of_it() {
    let mut child = binary()
        .args(["check", "--only", "settings.consistent", "--format", "json", "--api-key-file", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"sk_live_abcdefghijklmnopqrst\n").unwrap();
    let ended = Ended::from(child.wait_with_output().unwrap());

    assert_eq!(ended.json()["verdict"], "ready");
    assert_eq!(shown(&ended, "workos.api_key_file"), "sk_live_…qrst flag --api-key-file");
}

#[test]
fn a_key_with_a_line_break_in_the_environment_is_a_finding() {
    let mut command = binary();
    command
        .args(["check", "--only", "settings.consistent", "--format", "json"])
        .env("WORKOS_API_KEY", "sk_live_planted00000000\n");
    let ended = Ended::from(command.output().unwrap());

    assert_eq!(ended.code, Some(1));
    assert!(
        ended.out.contains("key-with-white-space")
            && ended.out.contains("line break")
            && !ended.out.contains("planted")
    );
}
