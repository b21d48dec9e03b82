//! Who may use whom: the code's own paths, held to the table that the structure rests on.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::path::{Path, PathBuf};

use clap::CommandFactory;

/// A part of the tree, what it must not mention, and why.
const RULES: &[(&str, &[&str], &str)] = &[
    (
        "src/check.rs",
        &["crate::net", "crate::runner", "crate::report", "crate::commands"],
        "the words depend on no machinery",
    ),
    ("src/facts/", &["crate::"], "facts stay data"),
    ("src/secret.rs", &["crate::"], "a secret knows nobody"),
    (
        "src/said",
        &[
            "crate::net",
            "crate::checks",
            "crate::settings",
            "crate::report",
            "crate::commands",
            "std::io",
            "std::fs",
            "std::env",
        ],
        "what is done to words depends on no document, and writes none",
    ),
    (
        "src/settings/",
        &[
            "crate::net",
            "crate::checks",
            "crate::context",
            "crate::runner",
            "crate::report",
            "crate::commands",
            "crate::cli",
            "tokio::",
        ],
        "settings are plain values",
    ),
    (
        "src/checks/",
        &[
            "tokio::net",
            "tokio::spawn",
            "tokio::time",
            "std::net::Tcp",
            "std::net::Udp",
            "std::process",
            "std::fs",
            "std::io",
            "std::env",
            "SystemTime::now",
            "Instant::now",
            "println!",
            "reqwest",
            "hickory",
            "rustls",
            "crate::runner",
            "crate::plan",
            "crate::report",
            "crate::commands",
            "crate::cli",
            "crate::simulator",
            "net::Live",
            "inbound::Listener",
            "inbound::{",
        ],
        "a check cannot print, exit, spawn, read the clock or open a socket",
    ),
    (
        "src/inbound/",
        &[
            "crate::checks",
            "crate::context",
            "crate::runner",
            "crate::report",
            "crate::commands",
            "crate::cli",
            "crate::net",
        ],
        "the listener receives and tells; judging is for checks",
    ),
    (
        "src/firewall/",
        &[
            "crate::net",
            "crate::checks",
            "crate::context",
            "crate::runner",
            "crate::report",
            "crate::commands",
            "tokio::",
        ],
        "the model of a firewall sends nothing and prints nothing",
    ),
    (
        "src/workos/",
        &["reqwest", "tokio::", "crate::checks", "crate::commands", "crate::runner"],
        "the API is described in one place",
    ),
    (
        "src/net/",
        &["crate::checks", "crate::runner", "crate::report", "crate::commands", "crate::facts", "crate::workos"],
        "the network knows no judgement",
    ),
    ("src/plan.rs", &["crate::net", "tokio::", "crate::report", "crate::commands"], "planning cannot send"),
    (
        "src/runner.rs",
        &["crate::checks", "crate::reporters", "crate::workos", "crate::commands"],
        "the runner knows no check and no format",
    ),
    (
        "src/report/",
        &["crate::net", "crate::checks", "crate::runner", "crate::commands", "crate::context"],
        "a report is what was found",
    ),
    (
        "src/report/compare",
        &["crate::reporters", "crate::settings", "crate::plan", "std::fs", "std::io", "std::env", "SystemTime"],
        "a comparison is of plain values",
    ),
    ("src/commands/compare.rs", &["std::fs", "serde_json"], "saved reports are read in one place"),
    (
        "src/reporters/",
        &["crate::net", "crate::checks", "crate::runner", "crate::commands", "crate::context", "tokio::"],
        "formats cannot run anything",
    ),
    (
        "src/simulator/",
        &["crate::checks", "crate::runner", "crate::commands", "crate::context", "crate::net"],
        "the played world is not the tool's",
    ),
];

/// Libraries that touch the world, and the only places that may use them.
const WORLDLY: &[(&str, &[&str])] = &[
    ("reqwest", &["src/net/"]),
    ("resolv_conf", &["src/host/"]),
    ("hickory_proto", &["src/net/", "src/simulator/"]),
    ("tokio_rustls", &["src/net/", "src/inbound/", "src/simulator/"]),
    ("rustls", &["src/net/", "src/inbound/", "src/simulator/"]),
    ("tokio_socks", &["src/net/"]),
    ("h2", &["src/net/", "src/simulator/"]),
    ("hyper", &["src/net/", "src/inbound/", "src/simulator/"]),
    ("x509_parser", &["src/net/"]),
    ("colored", &["src/reporters/", "src/commands/"]),
    ("clap", &["src/cli", "src/commands/"]),
];

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The code of a file: without comments, and without its tests, which may use what they like.
fn code(text: &str) -> Vec<(usize, String)> {
    let before_tests = text.split("#[cfg(test)]\nmod tests").next().unwrap_or(text);
    let before_tests = before_tests.split("#[cfg(test)]\npub mod fake").next().unwrap_or(before_tests);
    let lines = before_tests.lines().enumerate().map(|(number, line)| (number + 1, line));
    let code = lines.filter(|(_, line)| !line.trim_start().starts_with("//"));
    code.map(|(number, line)| (number, line.to_owned())).collect()
}

fn source() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    files(&root.join("src"), &mut found);
    let name = |path: &PathBuf| path.strip_prefix(root).unwrap().display().to_string();
    found.iter().map(|path| (name(path), std::fs::read_to_string(path).unwrap())).collect()
}

/// Fakes and fixtures are for tests.
fn is_for_tests(name: &str) -> bool {
    name.ends_with("fake.rs") || name.ends_with("fixture.rs") || name.contains("/tests")
}

#[test]
fn nobody_uses_what_the_table_keeps_from_them() {
    let mut breaches = Vec::new();
    for (name, text) in source().iter().filter(|(name, _)| !is_for_tests(name)) {
        for (part, forbidden, why) in RULES.iter().filter(|(part, ..)| name.starts_with(part)) {
            for (number, line) in code(text) {
                if let Some(word) = forbidden.iter().find(|word| line.contains(*word)) {
                    breaches.push(format!("{name}:{number}: {part} must not use {word}: {why}"));
                }
            }
        }
    }
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn libraries_that_touch_the_world_stay_where_they_belong() {
    let mut breaches = Vec::new();
    for (name, text) in source().iter().filter(|(name, _)| !is_for_tests(name)) {
        for (number, line) in code(text) {
            for (library, places) in WORLDLY {
                let used = line.contains(&format!("{library}::")) && !line.contains(&format!("_{library}::"));
                if used && !places.iter().any(|place| name.starts_with(place)) {
                    breaches.push(format!("{name}:{number}: {library} belongs to {places:?}"));
                }
            }
        }
    }
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn nothing_is_written_but_through_the_one_exit() {
    // Whether it is a terminal may be asked anywhere in commands; the line that says what is waited for holds ids of checks.
    let harmless =
        ["stdout().is_terminal()", "stderr().is_terminal()", "ProgressDrawTarget::stderr()", "error.use_stderr()"];
    let mut breaches = Vec::new();
    // A report's place can be one of the two as well; what goes there is handed over by one file, which the next test holds.
    let is_exit = |name: &str| name == "src/commands/exit/mod.rs" || name.starts_with("src/files/");
    for (name, text) in source().iter().filter(|(name, _)| !is_for_tests(name) && !is_exit(name)) {
        for (number, line) in code(text) {
            let rest = harmless.iter().fold(line.clone(), |line, word| line.replace(word, ""));
            let writes = [
                "stdout()",
                "stderr()",
                "print!(",
                "println!(",
                "/dev/std",
                "/dev/fd",
                "/dev/tty",
                "error.print()",
                "error.exit()",
                ".exit()",
            ];
            if let Some(word) = writes.iter().find(|word| rest.contains(*word)) {
                breaches.push(format!("{name}:{number}: {word} belongs into src/commands/exit/mod.rs"));
            }
        }
    }
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn the_disk_is_read_and_written_in_one_place() {
    // (what, who else may)
    let words = [
        ("fs::read", ""),
        ("fs::write", ""),
        ("File::open", ""),
        ("File::create", ""),
        ("OpenOptions", ""),
        ("tempfile", ""),
        ("Place::of", "src/commands/outputs.rs"),
    ];
    let mut breaches = Vec::new();
    for (name, text) in source().iter().filter(|(name, _)| !is_for_tests(name) && !name.starts_with("src/files/")) {
        for (number, line) in code(text) {
            if let Some((word, _)) = words.iter().find(|(word, who)| line.contains(word) && name != who) {
                breaches.push(format!("{name}:{number}: {word} belongs into src/files/"));
            }
        }
    }
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
    let outputs = source().into_iter().find(|(name, _)| name == "src/commands/outputs.rs").unwrap().1;
    let writes = outputs.lines().filter(|line| line.contains("place.write("));
    assert!(writes.clone().count() == 1 && writes.clone().all(|line| line.contains("caught(")), "{outputs}");
}

#[test]
fn only_listen_writes_at_workos() {
    for (name, text) in source().iter().filter(|(name, _)| !is_for_tests(name)) {
        let may = name.starts_with("src/listening/") || name.starts_with("src/workos/");
        for (number, line) in code(text) {
            let named = [", writing", "{writing", "::writing"].iter().any(|word| line.contains(word));
            let writes = line.contains("crate::workos::") && named;
            assert!(may || !writes, "{name}:{number} may not write at WorkOS");
        }
    }
}

#[test]
fn every_check_file_is_tested_beside_its_code() {
    for spec in workos_preflight::checks::specs().map(|(_, spec)| spec) {
        let name = format!("src/checks/{}", spec.id.as_str().replace('.', "/").replace('-', "_"));
        let read = |end: &str| std::fs::read_to_string(format!("{}/{name}{end}", env!("CARGO_MANIFEST_DIR")));
        let text = read(".rs").or_else(|_| read("/mod.rs")).unwrap();
        // A long one keeps its tests in a file of its own beside it.
        let tests = read("/tests.rs").unwrap_or_else(|_| text.clone());
        assert!(text.contains("#[cfg(test)]") && tests.contains("assert"), "{name}");
    }
}

#[test]
fn remedies_name_only_commands_that_exist() {
    let cli = workos_preflight::cli::Cli::command();
    let known: Vec<&str> = cli.get_subcommands().map(clap::Command::get_name).collect();
    for (name, text) in source() {
        for (number, line) in code(&text) {
            for rest in line.split("workos-preflight ").skip(1) {
                let word: String = rest.chars().take_while(char::is_ascii_lowercase).collect();
                assert!(word.is_empty() || known.contains(&word.as_str()), "{name}:{number} names the command {word}");
            }
        }
    }
}
