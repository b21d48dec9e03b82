//! What scripts and tickets depend on: exit codes, choices of checks, files, colours, interruption, closed pipes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use support::{Ended, binary, codes, run, run_in};

#[test]
fn exit_codes_follow_the_verdict_and_the_users_view_of_it() {
    assert_eq!(run(&["demo"]).code, Some(0));
    assert_eq!(run(&["demo", "--fault", "egress-refused"]).code, Some(1));
    assert_eq!(run(&["demo", "--frobnicate"]).code, Some(2));
    assert_eq!(run(&["demo", "--fault", "webhook-allowlisted"]).code, Some(3));
    assert_eq!(run(&["demo", "--fault", "intercepted"]).code, Some(0));
    assert_eq!(run(&["demo", "--fault", "intercepted", "--fail-on", "warn"]).code, Some(4));
    assert_eq!(run(&["demo", "--fault", "egress-refused", "--exit-zero"]).code, Some(0));
}

#[test]
fn only_brings_what_the_chosen_need_and_skip_gives_its_reason() {
    let only = run(&["demo", "--only", "egress.connects", "--format", "json"]).json();
    let skipped = run(&["demo", "--skip", "webhook=ticket 7", "--format", "json"]).json();
    let ids: Vec<&str> = only["checks"].as_array().unwrap().iter().map(|check| check["id"].as_str().unwrap()).collect();

    assert_eq!(ids, ["egress.resolves", "egress.addresses", "egress.proxy", "egress.connects"]);
    assert!(skipped.to_string().contains(r#"{"kind":"left-out","reason":"ticket 7"}"#), "{skipped}");
    assert_eq!(skipped["verdict"], "ready");
}

#[test]
fn an_unknown_check_is_a_usage_error_that_names_the_nearest() {
    for flag in ["--only", "--skip"] {
        let ended = run(&["demo", flag, "egress.conects"]);
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""));
        assert!(ended.err.contains("did you mean `egress.connects`?"), "{}", ended.err);
    }
}

#[test]
fn an_output_file_gets_the_format_and_the_terminal_the_human_report() {
    let folder = tempfile::tempdir().unwrap();
    let ended = run_in(
        folder.path(),
        &["demo", "--format", "json", "--output", "r.json", "--report", "junit=r.xml", "--report", "human=r.txt"],
    );
    let json = std::fs::read_to_string(folder.path().join("r.json")).unwrap();
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();

    assert_eq!(ended.code, Some(0));
    assert!(ended.out.contains("\nREADY:"));
    assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap()["verdict"], "ready");
    assert!(std::fs::read_to_string(folder.path().join("r.xml")).unwrap().contains("<testsuites"));
    assert!(std::fs::read_to_string(folder.path().join("r.txt")).unwrap().contains("READY:"));
    assert_eq!(names.len(), 3, "nothing is left beside them: {names:?}");
}

#[test]
fn a_file_that_cannot_be_written_ends_the_command_before_anything_is_sent() {
    for target in ["/nonexistent/r.json", "/"] {
        let ended = run(&["demo", "--format", "json", "--output", target]);
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""));
        assert!(ended.err.contains(target) && ended.err.lines().count() == 1, "{}", ended.err);
    }
    assert_eq!(run(&["demo", "--report", "junit"]).code, Some(2));
    assert_eq!(run(&["demo", "--report", "yaml=x"]).code, Some(2));
}

#[test]
fn quiet_says_what_is_wrong_and_verbose_where_values_came_from() {
    let quiet = run(&["demo", "--fault", "key-revoked", "-q"]);
    let verbose = run(&["demo", "-v"]);

    assert!(quiet.out.contains("[credentials.accepted/unauthorized]") && !quiet.out.contains("the hostname resolves"));
    assert!(verbose.out.contains("installation.domain") && verbose.out.contains("demonstration"));
    assert!(verbose.out.contains("TLS 1.3"));
    // Wrappers and aliases add flags: the last one counts.
    assert_eq!(run(&["demo", "--fault", "key-revoked", "-v", "-q"]).out.lines().count(), quiet.out.lines().count());
    assert!(run(&["demo", "-q", "-v"]).out.contains("TLS 1.3"));
}

#[test]
fn colour_is_for_terminals_or_for_who_asks() {
    let coloured = |args: &[&str], variables: &[(&str, &str)]| {
        let mut command = binary();
        command.args(["demo", "--only", "settings"]).args(args).envs(variables.iter().copied());
        String::from_utf8(command.output().unwrap().stdout).unwrap().contains('\u{1b}')
    };

    assert!(!coloured(&[], &[]));
    assert!(coloured(&["--color", "always"], &[]));
    assert!(coloured(&[], &[("CLICOLOR_FORCE", "1")]));
    assert!(!coloured(&[], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    assert!(!coloured(&["--color", "never"], &[("CLICOLOR_FORCE", "1")]));
}

#[test]
fn a_locale_without_unicode_gets_the_ascii_twins() {
    let mut command = binary();
    let output = command.env("LC_ALL", "C").args(["demo", "--fault", "egress-refused"]).output().unwrap();

    let text = String::from_utf8(output.stdout).unwrap();
    let strange: Vec<&str> = text.lines().filter(|line| !line.is_ascii()).collect();
    assert!(strange.is_empty(), "{strange:?}");
}

#[test]
fn without_a_terminal_nothing_is_drawn() {
    let ended = run(&["demo", "--fault", "egress-dropped"]);

    assert_eq!(ended.err, "");
    assert!(!ended.out.contains('\r') && !ended.out.contains('\u{1b}'));
}

#[test]
fn an_interruption_still_prints_a_complete_report() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let mut child = binary()
            .args(["demo", "--fault", "egress-dropped", "--timeout", "30s", "-v"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        // With every row wanted, those before the one that hangs are streamed, so the run is under way when they are here.
        while !line.contains("the addresses are published ones") {
            line.clear();
            assert!(lines.read_line(&mut line).unwrap() > 0, "the run ended by itself");
        }
        kill(Pid::from_raw(child.id().try_into().unwrap()), signal).unwrap();
        let mut rest = String::new();
        lines.read_to_string(&mut rest).unwrap();

        assert_eq!(child.wait().unwrap().code(), Some(130));
        assert!(rest.contains("interrupted") && rest.contains("the webhook refuses unsigned events"), "{rest}");
        assert!(rest.contains("104.18.2.1:443, 104.18.3.1:443: silent for "), "{rest}");
    }
}

#[test]
fn a_run_whose_deadline_passes_names_the_flag_to_run_again_with_which_its_command_takes() {
    let begin = ["demo", "--fault", "egress-dropped", "--only", "egress", "--format", "json", "--timeout", "700ms"];
    let report = |ended: &Ended| -> serde_json::Value { serde_json::from_str(&ended.out).unwrap() };
    let cut = run(&[&begin[..], &["--deadline", "300ms"]].concat());
    let shown = report(&cut).to_string();
    let (_, rest) = shown.split_once("run again with --deadline ").unwrap();
    let flag: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
    let through = run(&[&begin[..], &["--deadline", &flag]].concat());

    assert_eq!((cut.code, &report(&cut)["verdict"]), (Some(3), &"undecided".into()));
    assert_eq!((through.code, &report(&through)["verdict"]), (Some(1), &"not-ready".into()), "{flag}");
    assert!(!through.out.contains("cut-short"), "{}", through.out);
}

#[test]
fn a_pipe_that_closes_ends_the_run_quietly() {
    let mut child = binary()
        .args(["demo", "--fault", "egress-dropped", "--timeout", "30s"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0];
    child.stdout.as_mut().unwrap().read_exact(&mut first).unwrap();
    drop(child.stdout.take());
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();

    assert_eq!(said, "");
    assert!(child.wait().unwrap().code().is_some_and(|code| code != 70));
}

#[test]
fn plan_lists_what_would_be_touched_and_why() {
    let human =
        run(&["plan", "--domain", "app.customer.example", "--webhook-url", "https://app.customer.example/hook"]);
    let json = run(&["plan", "--skip", "egress.clock=ticket 7", "--format", "json"]).json();

    assert_eq!(human.code, Some(0));
    for line in [
        "Nothing has been sent.",
        "look up api.workos.com",
        "TCP to app.customer.example:443",
        "POST https://app.customer.example/hook",
        "cloudflare-dns.com",
    ] {
        assert!(human.out.contains(line), "{line} is missing in {}", human.out);
    }
    let contacts = json["contacts"].as_array().unwrap();
    assert!(contacts.iter().all(|contact| contact["why"].as_array().is_some_and(|why| !why.is_empty())));
    let skipped = |id: &str| {
        let check = json["checks"].as_array().unwrap().iter().find(|check| check["id"] == id).unwrap();
        assert_eq!(check["runs"].as_bool().unwrap(), check["skipped"].is_null());
        check["skipped"].clone()
    };
    let no_key = skipped("credentials.accepted");
    assert_eq!(no_key["kind"], "not-applicable");
    assert!(no_key["enable"].as_str().unwrap().contains("WORKOS_API_KEY"), "{no_key}");
    assert_eq!(skipped("egress.clock"), serde_json::json!({ "kind": "left-out", "reason": "ticket 7" }));
    assert!(skipped("egress.connects").is_null());
}

#[test]
fn a_plan_names_the_files_that_were_read_to_make_it_and_tells_a_program_where_the_key_goes() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("key"), "sk_live_planted0000000000000\n").unwrap();
    std::fs::write(path("preflight.toml"), format!("[workos]\napi_key_file = '{}'\n", path("key"))).unwrap();
    let json = run(&["plan", "--config", &path("preflight.toml"), "--format", "json"]).json();
    let contacts = json["contacts"].as_array().unwrap();

    for (file, why) in
        [("preflight.toml", "the settings, read before the run"), ("key", "the API key, read before the run")]
    {
        let read = contacts.iter().find(|contact| contact["kind"] == "file" && contact["path"] == path(file).as_str());
        assert_eq!(read.map(|read| &read["why"][0]), Some(&why.into()), "{file}");
    }
    let requests =
        contacts.iter().filter(|contact| contact["kind"] == "request" && contact["host"] == "api.workos.com");
    let with_key: Vec<_> = requests.map(|request| (&request["query"], &request["with_key"])).collect();
    assert!(
        with_key.contains(&(&"limit=1".into(), &true.into())) && with_key.contains(&(&"limit=1".into(), &false.into()))
    );
}

#[test]
fn a_probe_says_what_it_would_touch_which_is_the_installation_and_the_public_resolver() {
    let mut command = binary();
    let url = "https://app.customer.example/hook?token=planted";
    let output = command
        .env("WORKOS_API_KEY", "sk_live_plantedplantedplanted")
        .env("WORKOS_CLIENT_ID", "client_planted")
        .args(["probe", url, "--actions-url", "https://app.customer.example/actions", "--plan"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();

    assert_eq!(output.status.code(), Some(0));
    for line in ["Nothing has been sent.", "POST https://app.customer.example/hook?…", "cloudflare-dns.com", "/actions"]
    {
        assert!(text.contains(line), "{line} is missing in {text}");
    }
    assert!(!text.contains("workos.com") && !text.contains("planted"), "{text}");
    let json = run(&["probe", "app.customer.example", "--plan", "--format", "json"]).json();
    assert_eq!(json["schema"], "workos-preflight/plan/v1");
}

#[test]
fn a_probe_of_what_workos_could_not_call_is_a_usage_error_that_says_what_is_right() {
    for (args, right) in [
        (&["http://app.customer.example/"][..], "an https URL"),
        (&["https://10.20.0.10/hook"], "a host name"),
        (&["https://app.customer.example:8443/"], "the webhook's path"),
        (&["app.customer.example", "--actions-url", "ftp://u:planted@x.example/"], "--actions-url"),
        (&["https://a.example/x", "--webhook-url", "https://a.example/y"], "both name a webhook"),
        (&["app.customer.example", "--client-id", "client_x"], "--client-id"),
        (&[], "<URL>"),
    ] {
        let ended = run(&[&["probe"], args].concat());

        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{args:?}");
        assert!(ended.err.contains(right) && !ended.err.contains("planted"), "{args:?}: {}", ended.err);
    }
}

#[test]
fn explain_knows_every_check_and_every_code() {
    for (_, spec) in workos_preflight::checks::specs() {
        let page = run(&["explain", spec.id.as_str()]);
        assert_eq!(page.code, Some(0));
        for code in spec.codes {
            assert!(page.out.contains(code.name), "{}/{}", spec.id, code.name);
        }
    }
    assert_eq!(run(&["explain"]).code, Some(0));
    assert_eq!(run(&["explain", "egress.conects"]).code, Some(2));
}

#[test]
fn version_help_and_schemas_go_to_stdout() {
    for args in [
        &["--version"][..],
        &["--help"],
        &["check", "--help"],
        &["compare", "--help"],
        &["schema", "report"],
        &["schema", "config"],
    ] {
        let ended = run(args);
        assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{args:?}");
        assert!(!ended.out.is_empty());
    }
}

/// An API that nobody can mistake: nothing listens there.
fn refusing_api() -> (std::net::TcpListener, String) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, format!("https://127.0.0.1:{port}"))
}

#[test]
fn a_waiver_covers_a_failure_until_its_date() {
    let (listener, api) = refusing_api();
    drop(listener);
    let folder = tempfile::tempdir().unwrap();
    let check = |until: &str, id: &str| {
        let waiver = format!("[[waive]]\nid = '{id}'\nreason = 'change 4711'\nuntil = '{until}'\n");
        std::fs::write(folder.path().join("preflight.toml"), waiver).unwrap();
        run_in(
            folder.path(),
            &[
                "check",
                "--direct",
                "--api-url",
                &api,
                "--public-resolver",
                "none",
                "--skip",
                "egress.addresses",
                "--format",
                "json",
            ],
        )
    };
    let waived = check("2999-01-01", "egress.connects/refused");
    let expired = check("2020-01-01", "egress.connects/refused");
    let unknown = check("2999-01-01", "egress.connects/refusd");

    assert_eq!(codes(&waived.json()), ["egress.connects/refused"], "{waived:?}");
    assert_eq!((waived.json()["summary"]["waived"].as_u64(), waived.code), (Some(1), Some(0)));
    assert_eq!(expired.code, Some(1));
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.err.contains("egress.connects/refused"), "{}", unknown.err);
}
