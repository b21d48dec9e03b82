//! Who may use whom: every path of the code, held to the table that the structure rests on.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod mentions;
mod planted;
#[path = "../support/source.rs"]
mod source;
mod table;

use mentions::{Mention, Tree};
use source::File;
use table::{GUARDED, ROWS, Row};

/// The libraries that `Cargo.toml` names, as they are called in code.
fn libraries() -> Vec<String> {
    let cargo: toml::Table = std::fs::read_to_string(source::root().join("Cargo.toml")).unwrap().parse().unwrap();
    let mut names = Vec::new();
    dependencies(&cargo, &mut names);
    assert!(names.len() > 20, "{names:?}");
    names
}

fn dependencies(table: &toml::Table, names: &mut Vec<String>) {
    for (key, value) in table.iter().filter_map(|(key, value)| Some((key, value.as_table()?))) {
        match key.as_str() {
            "dependencies" => names.extend(value.keys().map(|name| name.replace('-', "_"))),
            "dev-dependencies" | "build-dependencies" => {}
            _ => dependencies(value, names),
        }
    }
}

fn row_of(file: &File) -> Option<&'static Row> {
    let module = if file.module.is_empty() { "lib".to_owned() } else { file.module.join("::") };
    let fits = |row: &&Row| begins(&module, row.module);
    ROWS.iter().filter(fits).max_by_key(|row| row.module.len())
}

/// Whether a path is this one, or lies in it.
fn begins(path: &str, with: &str) -> bool {
    path.strip_prefix(with).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// Whether a row allows what is named.
fn allows(row: &Row, path: &[String]) -> bool {
    let all = path.last().is_some_and(|last| last == "*");
    let path = path[..path.len() - usize::from(all)].join("::");
    let own = format!("crate::{}", row.module);
    let entries = row.may.iter().copied().flatten().copied().chain([own.as_str(), "std"]);
    let best = entries.filter(|entry| begins(&path, entry)).max_by_key(|entry| entry.len());
    let Some(best) = best else { return false };
    // Naming everything of a module names what is guarded in it.
    let guarded = |guard: &&&str| begins(&path, guard) || (all && begins(guard, &path));
    GUARDED.iter().filter(guarded).all(|guard| begins(best, guard) || begins(guard, &own))
}

fn breaches(files: &[File]) -> Vec<String> {
    let tree = Tree::of(files, libraries());
    let mut breaches = Vec::new();
    for file in files.iter().filter(|file| !file.code.is_empty()) {
        let Some(row) = row_of(file) else {
            breaches.push(format!("{}: the table has no row for it", file.name));
            continue;
        };
        let forbidden = tree.mentions(file).into_iter().filter(|mention| !allows(row, &mention.path));
        breaches.extend(forbidden.map(|Mention { line, path }| {
            format!("{}:{line}: {} must not use {}: {}", file.name, row.module, path.join("::"), row.why)
        }));
    }
    breaches.sort();
    breaches.dedup();
    breaches
}

#[test]
fn nobody_uses_what_the_table_keeps_from_them() {
    let breaches = breaches(&source::all());

    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

/// Who hands bytes to stdout and stderr: the exit, and the writer of files, since a report's place can be one of the two as well.
fn is_the_exit(file: &File) -> bool {
    file.name.starts_with("src/commands/exit/") || file.name.starts_with("src/files/")
}

#[test]
fn of_stdout_and_stderr_nobody_but_the_exit_asks_more_than_whether_they_are_a_terminal() {
    let mut asked = 0;
    for file in source::all().iter().filter(|file| !is_the_exit(file)) {
        for (at, token) in file.code.iter().enumerate() {
            let place = format!("{}:{}", file.name, token.line);
            let called = |at: usize| file.code.get(at + 1).is_some_and(|token| token.is('('));
            if token.word().is_some_and(|word| matches!(word, "stdout" | "stderr")) && called(at) {
                // The line that says what is waited for holds ids of checks.
                let waiting = at > 2 && file.code[at - 3].is_word("ProgressDrawTarget");
                let terminal = file.code.get(at + 4).is_some_and(|token| token.is_word("is_terminal"));
                assert!(waiting || terminal, "{place} belongs into src/commands/exit/");
                asked += 1;
            }
            let device =
                ["/dev/std", "/dev/fd", "/dev/tty"].iter().any(|it| token.text().is_some_and(|text| text.contains(it)));
            assert!(!device, "{place} names one of them as a file");
        }
    }
    assert!(asked > 2, "they are asked nowhere, so that this test looks for the wrong words");
}

#[test]
fn what_goes_into_a_file_that_was_named_leaves_through_the_exit_too() {
    let files = source::all();
    let outputs = files.iter().find(|file| file.name == "src/commands/outputs.rs").unwrap();
    let words: Vec<&str> = outputs.code.iter().filter_map(source::Token::word).collect();
    let writes: Vec<&[&str]> = words.windows(3).filter(|words| words[..2] == ["place", "write"]).collect();

    assert_eq!(writes, [["place", "write", "caught"]]);
}
