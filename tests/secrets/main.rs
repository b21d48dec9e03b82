//! Planted secrets appear in no output: no format, no verbosity, no error.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

#[path = "../support/mod.rs"]
mod support;

mod planted;

use support::{Ended, binary};
use workos_preflight::documents::Kind;
use workos_preflight::reporters::{HUMAN, of_documents, of_reports};

/// Every secret holds this, so one search finds any of them.
const PLANTED: &str = "PLANTED";

fn clean(what: &str, ended: &Ended) {
    for (stream, text) in [("stdout", &ended.out), ("stderr", &ended.err)] {
        let line = text.lines().find(|line| line.contains(PLANTED) || line.contains(&"PLANTED".to_lowercase()));
        assert!(line.is_none(), "{what}: {stream} shows a secret: {}", line.unwrap_or_default());
    }
}

fn planted(args: &[&str], variables: &[(&str, &str)]) -> Ended {
    let mut command = binary();
    command.args(args).envs([
        ("WORKOS_API_KEY", "sk_live_PLANTED0000000000000000wxyz"),
        ("WORKOS_WEBHOOK_SECRET", "whsec_PLANTED000000000000000wxyz"),
        ("WORKOS_ACTIONS_SECRET", "PLANTED0"),
    ]);
    command.envs(variables.iter().copied()).output().unwrap().into()
}

const INSTALLATION: &[&str] = &[
    "--webhook-url",
    "https://user:PLANTED@127.0.0.1:1/hook?token=PLANTED#PLANTED",
    "--redirect-uri",
    "https://127.0.0.1:1/callback?state=PLANTED",
    "--actions-url",
    "ftp://app.customer.example/a?key=PLANTED",
    "--client-id",
    "sk_live_PLANTED0000000000000000wxyz",
    "--public-resolver",
    "none",
    "--resolver",
    "127.0.0.1:1",
    "--timeout",
    "200ms",
    "--retries",
    "0",
];

#[test]
fn no_format_and_no_verbosity_shows_a_planted_secret() {
    for proxy in [
        "http://user:PLANTED@127.0.0.1:1",
        "http://PLANTED:p@ss@PLANTED@127.0.0.1:1",
        "socks5h://user:PLANTED@127.0.0.1:1",
    ] {
        for format in of_reports().map(|format| format.name) {
            for detail in [&[][..], &["-v"], &["-q"]] {
                let mut args = vec!["check", "--format", format, "--proxy", proxy];
                args.extend(INSTALLATION);
                args.extend(detail);
                let ended = planted(&args, &[]);

                assert_ne!(ended.code, Some(2), "{ended:?}");
                clean(&format!("{proxy} {format} {detail:?}"), &ended);
            }
        }
    }
}

#[test]
fn plan_shows_none_either() {
    for format in of_documents(Kind::Plan).map(|format| format.name) {
        let mut args = vec!["plan", "--format", format];
        args.extend(INSTALLATION);
        let ended = planted(&args, &[("HTTPS_PROXY", "http://user:PLANTED@127.0.0.1:1")]);

        assert_eq!(ended.code, Some(0), "{ended:?}");
        clean(format, &ended);
    }
}

#[test]
fn a_malformed_proxy_is_told_without_its_password() {
    for proxy in [
        "http://user:PLANTED@:bad",
        "http://user:PLANTED",
        "socks4://user:PLANTED@host:1080",
        "http:/user:PLANTED@host:3128\r",
        "\"http://user:PLANTED@host:3128\"",
        "http://user:PLANTED@PLANTED@ho st:3128",
        "http://user:PLAN/PLANTED@host:3128x",
    ] {
        let typed = planted(&["check", "--proxy", proxy], &[]);
        let set = planted(&["check", "--only", "settings", "--format", "json"], &[("HTTPS_PROXY", proxy)]);

        clean(proxy, &typed);
        clean(proxy, &set);
        assert_eq!(typed.code, Some(2), "{proxy}: {typed:?}");
        assert_eq!(set.code, Some(1), "{proxy}: {set:?}");
        assert!(set.out.contains("\"malformed\""), "{proxy}: {set:?}");
    }
}

#[test]
fn other_proxy_variables_are_masked_too() {
    let variables = [
        ("https_proxy", "http://user:PLANTED@127.0.0.1:1"),
        ("HTTPS_PROXY", "http://user:PLANTEDX@127.0.0.1:1"),
        ("http_proxy", "PLANTED nonsense"),
        ("ALL_PROXY", "socks5://PLANTED:PLANTED@127.0.0.1:1"),
    ];
    for format in of_reports().map(|format| format.name) {
        let ended = planted(
            &["check", "-v", "--format", format, "--timeout", "200ms", "--retries", "0", "--public-resolver", "none"],
            &variables,
        );

        assert!(ended.out.contains("disagreement"), "{ended:?}");
        clean(format, &ended);
    }
}

#[test]
fn files_that_hold_secrets_are_never_quoted() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("broken.toml", "[workos]\nclient_id = 'PLANTED\n"),
        ("key.toml", "[workos]\napi_key = 'PLANTED'\n"),
        ("typed.toml", "[network]\nproxy = ['PLANTED']\n"),
        ("proxy.toml", "[network]\nproxy = 'http://u:PLANTED@:bad'\n"),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let ended = planted(&["plan", "--config", path.to_str().unwrap()], &[]);

        assert_eq!(ended.code, Some(2), "{name}: {ended:?}");
        clean(name, &ended);
    }
}

#[test]
fn names_of_organizations_are_for_a_person_who_asks_for_everything_and_in_no_other_format() {
    let folder = tempfile::tempdir().unwrap();
    let shown = |args: &[&str]| {
        let output = binary().args(["demo", "--fault", "shared-key"]).args(args).output().unwrap();
        String::from_utf8(output.stdout).unwrap().contains("Globex")
    };

    for format in of_reports() {
        for detail in [&[][..], &["-v"], &["-q"]] {
            let asked = format == HUMAN && detail == ["-v"];
            let args = [&["--format", format.name], detail].concat();
            assert_eq!(shown(&args), asked, "{args:?}");
        }
        let file = folder.path().join(format.name);
        shown(&["-v", "--report", &format!("{}={}", format.name, file.display())]);
        let written = std::fs::read_to_string(file).unwrap();
        assert!(written.contains("credentials.isolated"), "{}", format.name);
        assert_eq!(written.contains("Globex"), format == HUMAN, "{}", format.name);
    }
}
