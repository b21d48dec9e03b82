//! Every document that a command prints, in every format: as the binary prints it, and held to the schema that it prints.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use std::sync::LazyLock;

use serde_json::Value;
use support::{Ended, binary, run, run_in};
use tempfile::TempDir;
use workos_preflight::documents::Kind;
use workos_preflight::reporters::{FORMATS, of_documents, of_reports};

/// What prints a document, and which kind it is of.
const PRINTED: &[(Kind, &[&str])] = &[
    (Kind::Plan, &["plan"]),
    (
        Kind::Plan,
        &["plan", "--domain", "app.customer.example", "--skip", "egress=a | b", "--proxy", "http://10.20.0.9:3128"],
    ),
    (Kind::Plan, &["probe", "https://app.customer.example/hook?token=x", "--plan"]),
    (Kind::Requirements, &["requirements", "--domain", "app.customer.example", "--resolver", "10.20.0.53"]),
    (Kind::Explain, &["explain"]),
    (Kind::Explain, &["explain", "egress"]),
    (Kind::Explain, &["explain", "egress.connects"]),
    (Kind::Explain, &["explain", "egress.connects/timed-out"]),
    (Kind::Explain, &["explain", "timed-out"]),
    (Kind::Faults, &["demo", "--fault", "list"]),
    (Kind::Comparison, &["compare", "a.json", "a.json"]),
    (Kind::Audit, &["rules", "audit", "rules.list", "--exit-zero"]),
    (Kind::Change, &["rules", "compare", "rules.list", "rules.list"]),
];

/// A folder with a report.
static SAVED: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let ended = run_in(folder.path(), &["demo", "--only", "settings", "--report", "json=a.json"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    std::fs::write(folder.path().join("rules.list"), "3.217.146.166\n104.16.0.0/13\n").unwrap();
    folder
});

fn printed(command: &[&str], format: &str) -> Ended {
    // A report has formats that no other document has, and the other way round.
    run_in(SAVED.path(), &[command, &["--format", format]].concat())
}

#[test]
fn every_document_is_printed_in_every_format_and_its_json_holds_to_the_schema_that_the_binary_prints() {
    let printing: Vec<Kind> = PRINTED.iter().map(|(kind, _)| *kind).chain([Kind::Report]).collect();
    assert!(Kind::ALL.iter().all(|kind| printing.contains(kind)), "a document is printed by no command here");
    for (kind, command) in PRINTED {
        for format in of_documents(*kind) {
            let ended = printed(command, format.name);

            assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{command:?} {}", format.name);
            assert!(ended.out.len() > 40 && ended.out.ends_with('\n'), "{command:?} {}: {}", format.name, ended.out);
        }
        let validator = jsonschema::validator_for(&run(&["schema", kind.as_str()]).json()).unwrap();
        let written: Value = printed(command, "json").json();
        let errors: Vec<String> = validator.iter_errors(&written).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{command:?}: {errors:?}");
    }
}

#[test]
fn a_format_that_a_document_does_not_have_is_refused_with_those_that_it_has() {
    for (kind, command) in PRINTED {
        for format in FORMATS.iter().filter(|format| format.writes(*kind).is_err()) {
            let ended = printed(command, format.name);

            assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{kind:?} {command:?}");
            for other in of_documents(*kind) {
                assert!(ended.err.contains(other.name), "{command:?}: {}", ended.err);
            }
        }
    }
    for format in FORMATS.iter().filter(|format| format.tells().is_err()) {
        for typed in [["--format", format.name], ["--report", &format!("{}=r", format.name)]] {
            let ended = run_in(SAVED.path(), &[&["demo"][..], &typed].concat());

            assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{typed:?}");
            for other in of_reports() {
                assert!(ended.err.contains(other.name), "{typed:?}: {}", ended.err);
            }
        }
    }
    assert!(!SAVED.path().join("r").exists());
}

#[test]
fn the_help_of_every_command_names_its_formats_and_that_of_schema_the_documents() {
    for (command, kind) in [
        ("plan", Kind::Plan),
        ("requirements", Kind::Requirements),
        ("compare", Kind::Comparison),
        ("explain", Kind::Explain),
    ] {
        let help = run(&[command, "--help"]).out;
        for format in of_documents(kind) {
            let (_, option) = help.split_once("--format").unwrap();
            assert!(option.contains(format.name), "{command}: {help}");
        }
    }
    for command in ["check", "demo", "probe", "listen"] {
        let help = run(&[command, "--help"]).out;
        let (_, option) = help.split_once("--format").unwrap();
        for format in of_reports() {
            assert!(option.contains(format.name), "{command}: {help}");
        }
    }
    let help = run(&["schema", "--help"]).out;
    assert!(Kind::ALL.iter().all(|kind| help.contains(kind.as_str())), "{help}");
}

#[test]
fn documents_keep_to_the_terminal_and_to_what_it_can_show() {
    for (_, command) in PRINTED {
        let shown = |variables: &[(&str, &str)]| {
            let mut command_line = binary();
            command_line.args(*command).current_dir(SAVED.path()).envs(variables.iter().copied());
            Ended::from(command_line.output().unwrap()).out
        };
        let narrow = shown(&[("COLUMNS", "70")]);
        // A command to copy stays whole, and so does a rule.
        let copied = |line: &str| {
            line.trim_start().starts_with("see it ") || line.starts_with("  # ") || line.starts_with("Ticket ")
        };
        let too_wide = |line: &&str| line.chars().count() > 70 && line.split_whitespace().count() > 3 && !copied(line);
        assert_eq!(narrow.lines().find(too_wide), None, "{command:?}");
        assert!(shown(&[("LC_ALL", "C")]).is_ascii(), "{command:?}");
        assert!(!shown(&[]).contains('\u{1b}'), "{command:?}");
        assert!(!shown(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]).contains('\u{1b}'), "{command:?}");
    }
}
