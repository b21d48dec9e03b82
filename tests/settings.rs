//! Bad input ends in one clear sentence that names the setting, where its value came from, and what would be right.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use std::io::Write;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::process::Stdio;

use support::{Ended, binary, codes, own_variables, run, run_in};

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
        ("--strategy", "fierwall", "did you mean `firewall`?"),
        ("--webhook-url", "app.customer.example/hook", "`https://app.customer.example/hook`"),
        ("--webhook-url", "https:///hook", "a whole URL such as"),
        ("--actions-url", "localhost:8443/actions", "`https://localhost:8443/actions`"),
        ("--redirect-uri", "/callback", "a whole URL such as"),
        ("--redirect-uri", "https://app.customer.example:84433/", "a whole URL such as"),
    ] {
        refused(&run(&["plan", &format!("{flag}={value}")]), &[flag, right]);
    }
}

#[test]
fn a_url_that_is_none_is_refused_wherever_it_stands_and_one_that_only_does_not_suit_is_a_finding() {
    let mut command = binary();
    let ended = command.args(["plan"]).env("WORKOS_REDIRECT_URI", "app.customer.example/cb").output().unwrap();
    refused(&ended.into(), &["installation.redirect_uris", "environment WORKOS_REDIRECT_URI", "with its scheme"]);
    refused(
        &with_file("[installation]\nwebhook_url = 'app.customer.example/hook'"),
        &["installation.webhook_url", "preflight.toml", "with its scheme"],
    );
    refused(
        &run(&["listen", "--plain", "--webhook-url", "app.customer.example/hook"]),
        &["installation.webhook_url", "flag --webhook-url"],
    );

    for flag in ["--webhook-url", "--actions-url", "--redirect-uri"] {
        let only = ["check", "--only", "settings.consistent", "--format", "json"];
        let ended = run(&[&only[..], &[flag, "ftp://app.customer.example/x"]].concat());
        assert_eq!(codes(&ended.json()), ["settings.consistent/malformed-url"], "{ended:?}");
    }
    // A native application has a scheme of its own, and WorkOS a wildcard for the port of a developer's machine.
    for uri in ["com.customer.app:/callback", "http://localhost:*/callback"] {
        assert_eq!(run(&["plan", "--redirect-uri", uri]).code, Some(0), "{uri}");
    }
}

#[test]
fn a_proxy_that_is_none_is_refused_on_the_command_line_and_a_finding_in_the_environment() {
    for (value, named) in [
        ("http://10.0.0.1:31z8", "the port is no number from 1 to 65535 (`31z8`)"),
        ("http://10.0.0.1:+5", "the port is no number from 1 to 65535 (`+5`)"),
        ("http://10.0.0.1:65536", "65536"),
        ("http://10.0.0.1:3128\r", "carriage return"),
        ("'http://10.0.0.1:3128'", "quotes"),
        ("socks://10.0.0.1:1080/", "socks5h://10.0.0.1:1080"),
        ("quic://10.0.0.1:443", "`quic://` is no scheme"),
        ("http://:3128", "it names no host"),
        ("http://[fe80::1%25eth0]:3128", "zone"),
    ] {
        refused(&run(&["plan", "--proxy", value]), &["network.proxy", "--proxy", named]);

        let mut command = binary();
        command.args(["check", "--only", "settings", "--format", "json"]).env("https_proxy", value);
        let ended = Ended::from(command.output().unwrap());
        assert_eq!(ended.code, Some(1), "{value}: {ended:?}");
        let report = ended.json().to_string();
        for word in ["\"malformed\"", "https_proxy is `", named] {
            assert!(report.contains(word), "{value}: {word} is missing in: {report}");
        }

        // A look from outside has no row about this machine's settings.
        let mut command = binary();
        command.args(["probe", "https://app.customer.example/"]).env("https_proxy", value);
        refused(&command.output().unwrap().into(), &["network.proxy", "environment https_proxy", named]);
    }
}

#[test]
fn a_proxy_that_is_none_is_told_whichever_checks_are_chosen() {
    let run = |value: &str| {
        let mut command = binary();
        command.args(["check", "--only", "browser", "--format", "json"]).env("HTTPS_PROXY", value);
        Ended::from(command.output().unwrap())
    };
    let (wrong, right) = (run("http://10.0.0.1:31z8"), run("http://10.0.0.1:3128"));

    assert_eq!(wrong.code, Some(1), "{wrong:?}");
    assert!(wrong.out.contains("\"malformed\""), "{wrong:?}");
    assert!(!right.out.contains("settings.proxy"), "{right:?}");
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

/// Every flag that names a file, and the command that reads it.
const FILES: &[(&str, &str)] = &[
    ("plan", "--config"),
    ("plan", "--facts"),
    ("plan", "--api-key-file"),
    ("plan", "--webhook-secret-file"),
    ("check", "--ca-bundle"),
    ("check", "--public-roots"),
    ("check", "--inbound-report"),
    ("check", "--baseline"),
    ("requirements", "--learnt"),
];

#[test]
fn whatever_stands_in_the_place_of_a_file_ends_in_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    nix::unistd::mkfifo(&folder.path().join("fifo"), nix::sys::stat::Mode::from_bits_truncate(0o600)).unwrap();
    std::os::unix::fs::symlink("gone", folder.path().join("dangling")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", folder.path().join("device")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket")).unwrap();
    let kinds = [
        (path("fifo"), "nobody writes to it"),
        (path("dangling"), "a link to gone, which is not there"),
        (path("device"), "a device"),
        ("/dev/urandom".to_owned(), "a device"),
        (path("socket"), "a socket"),
        (path("."), "a directory"),
        (path("missing"), "no such file"),
        (path("dangling/below"), "no such file"),
    ];
    std::thread::scope(|all| {
        for (command, flag) in FILES {
            for (path, words) in &kinds {
                all.spawn(move || {
                    let mut limited = binary();
                    // What is asked of the disk is bound by the run; memory is bound by the system.
                    limited.args([command, flag, path.as_str(), "--deadline", "2s"]);
                    let limited = support::with_memory_of(&limited, 1 << 30);
                    refused(&limited, &[words, path.as_str()]);
                });
            }
        }
    });
}

#[test]
fn a_pipe_that_is_written_to_is_a_file_like_any_other() {
    let shell = |script: &str| -> Ended {
        let bash = |mut command: std::process::Command| {
            command.env_clear().env("LC_ALL", "C.UTF-8").env("BIN", env!("CARGO_BIN_EXE_workos-preflight"));
            command.args(["-c", script]).output().unwrap().into()
        };
        bash(std::process::Command::new("/bin/bash"))
    };

    for script in [
        "$BIN plan --config <(printf \"strategy = 'events'\\n\")",
        "printf \"strategy = 'events'\\n\" | $BIN plan --config /dev/stdin",
        "$BIN plan --config /dev/fd/3 3< <(sleep 0.2; printf \"strategy = 'events'\\n\")",
    ] {
        let ended = shell(script);

        assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{script}: {ended:?}");
        assert!(ended.out.contains("events"), "{script}: {}", ended.out);
    }
}

#[test]
fn settings_as_windows_writes_them_are_read_or_named() {
    let folder = tempfile::tempdir().unwrap();
    let write = |bytes: &[u8]| std::fs::write(folder.path().join("preflight.toml"), bytes).unwrap();
    let text = "[installation]\r\ndomain = \"app.customer.example\"\r\n";

    write(format!("\u{feff}{text}").as_bytes());
    let read = run_in(folder.path(), &["check", "--only", "settings.consistent", "--direct", "--format", "json"]);
    assert!(shown(&read, "installation.domain").starts_with("app.customer.example file"), "{read:?}");

    for mark in ["", "\u{feff}"] {
        let both: Vec<u16> = format!("{mark}{text}").encode_utf16().collect();
        write(&both.iter().flat_map(|unit| unit.to_le_bytes()).collect::<Vec<u8>>());
        refused(&run_in(folder.path(), &["plan"]), &["preflight.toml", "UTF-16", "UTF-8"]);
        // A bundle is read byte by byte, and named as UTF-16 where certificates stand in it.
        for (command, flag) in FILES.iter().filter(|(_, flag)| !["--ca-bundle", "--public-roots"].contains(flag)) {
            refused(&run_in(Path::new("/"), &[command, flag, &path(&folder)]), &["UTF-16"]);
        }
    }
}

/// The settings file in a folder.
fn path(folder: &tempfile::TempDir) -> String {
    folder.path().join("preflight.toml").display().to_string()
}

#[test]
fn what_stands_in_the_usual_place_of_settings_is_never_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let usual = folder.path().join("preflight.toml");

    std::fs::create_dir(&usual).unwrap();
    refused(&run_in(folder.path(), &["plan"]), &["preflight.toml", "a directory"]);

    std::fs::remove_dir(&usual).unwrap();
    std::os::unix::fs::symlink("/nowhere/preflight.toml", &usual).unwrap();
    refused(&run_in(folder.path(), &["plan"]), &["preflight.toml", "/nowhere/preflight.toml", "not there"]);

    let of_the_user = folder.path().join("workos-preflight");
    let elsewhere = |home: &str, value: &Path| -> Ended {
        binary().arg("plan").env(home, value).current_dir("/").output().unwrap().into()
    };
    std::os::unix::fs::symlink("/nowhere", &of_the_user).unwrap();
    refused(&elsewhere("XDG_CONFIG_HOME", folder.path()), &["workos-preflight/preflight.toml"]);
    std::fs::remove_file(&of_the_user).unwrap();
    std::fs::create_dir_all(of_the_user.join("preflight.toml")).unwrap();
    refused(&elsewhere("XDG_CONFIG_HOME", folder.path()), &["workos-preflight/preflight.toml", "a directory"]);
    // Where nothing is, nothing is wrong.
    assert_eq!(elsewhere("HOME", Path::new("/dev/null")).code, Some(0));
    assert_eq!(elsewhere("HOME", folder.path()).code, Some(0));
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
fn standard_input_is_no_file_whose_mode_is_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("-"), "another file\n").unwrap();
    let ended = |args: &[&str]| {
        let mut command = binary();
        command.args(args).args(["--format", "json", "--api-key-file", "-"]).current_dir(folder.path());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(b"sk_live_abcdefghijklmnopqrst\n").unwrap();
        Ended::from(child.wait_with_output().unwrap())
    };
    let plan = ended(&["plan"]).json();
    let checked = ended(&["check", "--only", "settings.consistent"]).json();
    let contacts = plan["contacts"].as_array().unwrap();

    assert!(contacts.iter().all(|contact| contact["path"] != "-"), "{contacts:?}");
    assert!(contacts.iter().any(|contact| contact["local"] == "standard input"), "{contacts:?}");
    assert_eq!(codes(&checked), [""; 0]);
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

#[test]
fn of_a_flag_that_is_given_twice_the_last_one_counts_and_lists_grow() {
    let ended = run(&[
        "check",
        "--format",
        "human",
        "--format",
        "json",
        "--only",
        "settings.consistent",
        "--only",
        "settings.proxy,settings.trust",
        "--domain",
        "first.example",
        "--domain",
        "last.example",
        "--timeout",
        "1s",
        "--timeout",
        "2s",
        "--deep",
        "--deep",
        "--endpoint",
        "a.example,b.example:8443",
        "--endpoint",
        "c.example",
        "--organization",
        "org_1, org_2",
    ]);

    let report = ended.json();
    let values = |name: &str| -> Vec<String> {
        let settings = report["settings"].as_array().unwrap().iter().filter(|setting| setting["name"] == name);
        settings.map(|setting| setting["value"].as_str().unwrap().trim().to_owned()).collect()
    };
    assert_eq!(values("installation.domain"), ["last.example"]);
    assert_eq!(values("network.timeout"), ["2s"]);
    assert_eq!(values("network.endpoints"), ["a.example", "b.example:8443", "c.example"]);
    assert_eq!(values("workos.organizations"), ["org_1", "org_2"]);
    assert_eq!(report["checks"].as_array().unwrap().len(), 3, "{report}");
}

#[test]
fn a_variable_that_is_set_and_empty_is_not_set() {
    let variables = own_variables().chain(["XDG_CONFIG_HOME", "HOME", "NO_COLOR", "CLICOLOR_FORCE", "COLUMNS"]);
    let mut command = binary();
    command.args(["check", "--only", "settings.consistent", "--format", "json"]).envs(variables.map(|name| (name, "")));
    let ended = Ended::from(command.output().unwrap());

    let report = ended.json();
    let given = report["settings"].as_array().unwrap().iter().filter(|setting| setting["from"] != "default");
    assert_eq!(given.count(), 0, "{report}");
    assert_eq!(ended.code, run(&["check", "--only", "settings.consistent"]).code);
}

#[test]
fn where_the_locale_has_no_more_than_ascii_every_document_keeps_to_it() {
    let folder = tempfile::tempdir().unwrap();
    let saved = folder.path().join("saved.json").display().to_string();
    run(&["demo", "--fault", "shared-key", "--only", "settings,credentials", "--report", &format!("json={saved}")]);
    for arguments in [
        &["demo", "--fault", "list"][..],
        &["demo", "--fault", "shared-key", "--only", "settings,credentials", "-v"],
        &["demo", "--only", "settings", "--format", "json"],
        &["demo", "--fault", "shared-key", "--only", "settings,credentials", "--format", "junit"],
        &["compare", &saved, &saved, "-v"],
        &["compare", &saved, &saved, "--format", "json"],
        &["explain"],
        &["explain", "egress.connects"],
        &["explain", "credentials.isolated"],
        &["plan", "--browser-hosts", "--endpoint", "bücher.example"],
        &["plan", "--format", "json"],
        &["requirements"],
        &["requirements", "--format", "markdown"],
        &["requirements", "--format", "json"],
        &["schema"],
        &["--help"],
        &["listen", "--help"],
        &["plan", "--domain", "é…“x”"],
        &["é…"],
    ] {
        let output = binary().env("LC_ALL", "C").args(arguments).output().unwrap();
        assert!(output.stdout.is_ascii() && output.stderr.is_ascii(), "{arguments:?}");
        assert!(!(output.stdout.is_empty() && output.stderr.is_empty()), "{arguments:?}");
    }
}
