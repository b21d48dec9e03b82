//! What lies in a folder is in its registry, and what is in a registry is tried.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

#[path = "support/source.rs"]
mod source;

use std::collections::BTreeSet;
use std::fs;

use clap::CommandFactory;
use source::{File, Token};
use workos_preflight::check::{Code, Spec};
use workos_preflight::checks::specs;
use workos_preflight::elsewhere::{OTHERWISE_OUTSIDE, SEEN_LONG_AGO};
use workos_preflight::reporters::FORMATS;
use workos_preflight::simulator::FAULTS;

/// Files and folders of `src/checks/` that are no checks, by what they are a part of.
const PARTS_OF_CHECKS: &[(&str, &str)] = &[
    ("credentials/asking", "every question to the API with a key"),
    ("credentials/sign_in", "credentials.redirect: where a sign-in leads"),
    ("domain/front", "domain.here: what stands before an installation"),
    ("domain/view", "the public view, for all of domain"),
    ("egress/causes", "what lies behind findings of several checks of egress"),
    ("firewall/judged", "what exported rules come to for a flow, whichever way it goes"),
    ("ingress/arrival", "what arrived, for ingress and webhook"),
    ("ingress/wall", "another product that answers first"),
    ("webhook/elsewhere", "webhook.delivered: what came from elsewhere"),
    ("webhook/receiver", "what receives webhooks and Actions"),
    ("webhook/turned", "webhook.delivered: what was turned away"),
    ("webhook/unheld", "webhook.delivered: signatures that do not hold"),
];

/// Files and folders of `src/reporters/` that are no formats.
const PARTS_OF_REPORTERS: &[(&str, &str)] =
    &[("fixture", "the reports of the tests"), ("wording", "what formats for people say in the same words")];

/// What lies in a folder of `src/`, without `mod.rs`, and without the ends of names.
fn entries(folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(source::root().join("src").join(folder)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name != "mod.rs").map(|name| name.trim_end_matches(".rs").to_owned()).collect()
}

/// `credentials.environment` lies in `credentials/environment`.
fn path_of(spec: &Spec) -> String {
    spec.id.as_str().replace('.', "/").replace('-', "_")
}

fn files() -> Vec<File> {
    source::all()
}

/// The files of a check, or of a part of one: `src/checks/egress/proxy.rs`, or all of `src/checks/egress/trusted/`.
fn files_of<'a>(files: &'a [File], path: &str) -> Vec<&'a File> {
    let (file, folder) = (format!("src/checks/{path}.rs"), format!("src/checks/{path}/"));
    files.iter().filter(|it| it.name == file || it.name.starts_with(&folder)).collect()
}

#[test]
fn every_file_of_a_group_is_a_check_that_is_registered_or_is_said_to_be_a_part_of_one() {
    let files = files();
    let registered: BTreeSet<String> = specs().map(|(_, spec)| path_of(spec)).collect();
    let parts: BTreeSet<String> = PARTS_OF_CHECKS.iter().map(|(path, _)| (*path).to_owned()).collect();
    let groups = entries("checks").into_iter().filter(|name| source::root().join("src/checks").join(name).is_dir());
    let lying: BTreeSet<String> = groups
        .flat_map(|group| entries(&format!("checks/{group}")).into_iter().map(move |it| format!("{group}/{it}")))
        .collect();

    let known: BTreeSet<String> = registered.union(&parts).cloned().collect();
    let differ: Vec<&String> = lying.symmetric_difference(&known).collect();
    assert!(differ.is_empty(), "in src/checks/ and not in the registry or among the parts, or the reverse: {differ:?}");
    for part in &parts {
        let declares =
            |file: &&File| file.code.windows(2).any(|pair| pair[0].is_word("static") && pair[1].is_word("SPEC"));
        assert!(!files_of(&files, part).iter().any(declares), "{part} is a check, and registered nowhere");
    }
}

#[test]
fn every_file_of_the_reporters_is_a_format_that_can_be_named_or_is_said_to_be_a_part() {
    let named = FORMATS.iter().map(|format| format.name.to_owned());
    let known: BTreeSet<String> = named.chain(PARTS_OF_REPORTERS.iter().map(|(name, _)| (*name).to_owned())).collect();

    assert_eq!(entries("reporters"), known);
}

/// Whether tests have a check asked, or judged, as what its `SPEC` declares: `ask(&SPEC, …)` or `held(&SPEC, …)`.
fn holds_to_its_spec(tests: &[Token], check: &str) -> bool {
    // A `SPEC` that is imported by its name may be another check's, and is not taken for this one's.
    let borrowed = tests.split(|token| token.is(';')).any(|statement| {
        let import = statement.iter().rposition(|token| token.is_word("use")).map(|at| &statement[at..]);
        import.is_some_and(|import| import.iter().any(|token| token.is_word("SPEC")) && !names(import, check))
    });
    tests.iter().enumerate().any(|(at, token)| {
        let called = matches!(token.word(), Some("ask" | "held")) && tests.get(at + 1).is_some_and(|it| it.is('('));
        let given = tests.get(at + 2..).unwrap_or_default();
        let end = given.iter().position(|token| token.is(',')).unwrap_or(0);
        let bare = given.len() > 1 && given[0].is('&') && given[1].is_word("SPEC") && end == 2;
        let by_path = given[..end].last().is_some_and(|last| last.is_word("SPEC")) && names(&given[..end], check);
        called && ((bare && !borrowed) || by_path)
    })
}

/// Whether a path goes to the `SPEC` of a check, or of the file around the tests.
fn names(path: &[Token], check: &str) -> bool {
    path.windows(4).any(|end| {
        let module = end[0].word().is_some_and(|word| word == check || word == "super");
        module && end[1].is(':') && end[2].is(':') && end[3].is_word("SPEC")
    })
}

#[test]
fn every_check_is_tested_beside_its_code() {
    let files = files();
    for (_, spec) in specs() {
        let path = path_of(spec);
        let check = path.rsplit('/').next().unwrap();
        let held = files_of(&files, &path).into_iter().any(|file| holds_to_its_spec(&file.tests, check));
        assert!(held, "{}: no test beside it has it asked with its SPEC", spec.id);
    }
}

#[test]
fn a_check_that_only_asserts_or_is_tested_as_another_counts_as_untested() {
    for tests in [
        "use super::*;\nfn f() { assert!(true); assert_eq!(1, 1); }",
        "use super::*;\nfn ask() {}\nfn f() { ask(); }",
        "use super::*;\nfn f() { ask(&check, &SPEC); }",
        "use super::*;\nfn f() { ask(&clock::SPEC, &check); }",
        "use super::super::clock::SPEC;\nfn f() { ask(&SPEC, &check); }",
    ] {
        assert!(!holds_to_its_spec(&source::tokens(tests), "http2"), "{tests}");
    }
    for tests in [
        "use super::*;\nfn f() { ask(&SPEC, &check); }",
        "use super::SPEC;\nfn f() { held(&SPEC, judge()); }",
        "fn f() { held(&super::SPEC, judge()); }",
        "fn f() { fixture::ask(&crate::checks::egress::http2::SPEC, &check); }",
    ] {
        assert!(holds_to_its_spec(&source::tokens(tests), "http2"), "{tests}");
    }
}

#[test]
fn the_front_page_leads_to_every_public_module_once() {
    let root = fs::read_to_string(source::root().join("src/lib.rs")).unwrap();
    let page: String = root.lines().filter_map(|line| line.strip_prefix("//!")).collect();
    let modules: Vec<&str> = root.lines().filter_map(|line| line.strip_prefix("pub mod ")).collect();
    assert!(modules.len() > 20, "{modules:?}");
    for module in modules {
        let link = format!("[`{}`]", module.trim_end_matches([';', '{', '}', ' ']));
        assert_eq!(page.matches(&link).count(), 1, "{link}");
    }
}

#[test]
fn remedies_name_only_commands_that_exist() {
    let cli = workos_preflight::cli::Cli::command();
    let known: Vec<&str> = cli.get_subcommands().map(clap::Command::get_name).collect();
    for file in files() {
        for (token, text) in file.code.iter().filter_map(|token| Some((token, token.text()?))) {
            for rest in text.split("workos-preflight ").skip(1) {
                let word: String = rest.chars().take_while(char::is_ascii_lowercase).collect();
                let place = format!("{}:{}", file.name, token.line);
                assert!(word.is_empty() || known.contains(&word.as_str()), "{place} names the command {word}");
            }
        }
    }
}

/// Everything that tests of the whole binary, the lab and the router expect, as `check-id/code`.
fn expected_of_the_binary() -> BTreeSet<String> {
    let mut texts = BTreeSet::new();
    let mut folders = vec![source::root().join("tests")];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let tokens = source::tokens(&fs::read_to_string(&path).unwrap());
                texts.extend(tokens.iter().filter_map(Token::text).map(str::to_owned));
            }
        }
    }
    texts.extend(FAULTS.iter().flat_map(|fault| fault.expect).map(|address| (*address).to_owned()));
    texts
}

/// Whether the tests beside a check, or beside what it shares with others, name a code.
fn is_expected_beside(files: &[File], spec: &Spec, code: &Code) -> bool {
    let own = files_of(files, &path_of(spec)).into_iter();
    own.flat_map(|file| &file.tests).filter_map(Token::text).any(|text| text == code.name)
}

/// Whether it is said of what other runs answered, whichever check it is about, and the tests of that name it.
fn is_of_other_runs(files: &[File], code: &Code) -> bool {
    let shared = [&SEEN_LONG_AGO, &OTHERWISE_OUTSIDE].into_iter().any(|shared| std::ptr::eq(shared, code));
    let mut tests = files.iter().filter(|file| file.name.starts_with("src/elsewhere/")).flat_map(|file| &file.tests);
    shared && tests.any(|token| token.text() == Some(code.name))
}

#[test]
fn every_code_is_expected_by_a_test_beside_its_check_or_by_a_fault_or_by_a_scenario() {
    let (files, of_the_binary) = (files(), expected_of_the_binary());
    let mut untried = Vec::new();
    let mut tried = 0;
    for (_, spec) in specs() {
        for code in spec.codes {
            let address = format!("{}/{}", spec.id, code.name);
            let beside = is_expected_beside(&files, spec, code) || is_of_other_runs(&files, code);
            if of_the_binary.contains(&address) || beside {
                tried += 1;
            } else {
                untried.push(address);
            }
        }
    }

    assert!(
        untried.is_empty(),
        "{} of {} codes are expected nowhere:\n{}",
        untried.len(),
        tried + untried.len(),
        untried.join("\n")
    );
}
