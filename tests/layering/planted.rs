//! The test of the test: a breach is planted in each kind of place, and each has to be found where it stands.

use crate::breaches;
use crate::source::{self, File};

/// A check in which `PLANTED` names what is to be found, or what may stand there.
const PLACES: &[(&str, &str)] = &[
    ("at the top", "use PLANTED;\n"),
    ("under another name", "use PLANTED as Other;\n"),
    ("for others", "pub(crate) use PLANTED;\n"),
    ("with everything in it", "use PLANTED::*;\n"),
    ("without an import", "fn f() -> PLANTED { todo() }\n"),
    ("in a body", "fn f() {\n    let a = 1;\n    use PLANTED;\n}\n"),
    ("in a closure in a body", "fn f() {\n    let g = || PLANTED::new();\n}\n"),
    ("in what a macro is given", "fn f() {\n    tokio::join!(async { PLANTED::new() });\n}\n"),
    ("behind what a macro says", "fn f() {\n    vec![\"}\", \"{\"];\n    PLANTED::new();\n}\n"),
    ("in a nested module", "mod inner {\n    mod innermost {\n        use PLANTED;\n    }\n}\n"),
    ("behind a nested module", "mod inner {\n    fn f() {}\n}\nuse PLANTED;\n"),
    ("behind the tests", "#[cfg(test)]\nmod tests {\n    fn f() { \"}\"; '}'; }\n}\n\nuse PLANTED;\n"),
    ("behind a function for tests", "#[cfg(test)]\nfn f() {}\n\nuse PLANTED;\n"),
    ("behind a module that only tests have", "#[cfg(test)]\npub(crate) mod fake;\nuse PLANTED;\n"),
    ("in a function for tests", "#[cfg(test)]\nfn f() -> PLANTED { todo() }\n"),
    ("where there are no tests", "#[cfg(not(test))]\nmod real {\n    use PLANTED;\n}\n"),
    ("in a signature", "impl Iterator<Item = PLANTED> for Own {}\n"),
    ("between angles", "fn f() { Vec::<PLANTED>::new(); }\n"),
    ("as a trait", "fn f() { <u8 as PLANTED>::from(1); }\n"),
    ("in an attribute", "#[derive(PLANTED)]\nstruct Own;\n"),
    ("in the string of an attribute", "#[serde(with = \"PLANTED\")]\nstruct Own;\n"),
    ("behind comments and strings", "/* /* */ use nobody; */ // }\nconst A: &str = r#\"\"}\"#;\nuse PLANTED;\n"),
    ("behind characters and lifetimes", "fn f<'a>(a: &'a str) -> char { '\"' }\nuse PLANTED;\n"),
];

/// The same with `PLANTED` in parts, for imports that are written as trees, and the lines that are breaches whatever stands in the
/// parts: who calls the whole house by another name has named all that is in it.
const TREES: &[(&str, &[usize])] = &[
    ("use ROOT::{check, BRANCH::LEAF};\n", &[]),
    ("use ROOT::{check::{Check, Spec}, BRANCH::{Own, LEAF}};\n", &[]),
    ("use ROOT::BRANCH::{self as other, LEAF as Other};\n", &[]),
    ("use {std::fmt, ROOT::{BRANCH::LEAF}};\n", &[]),
    ("use ROOT::BRANCH as other;\nfn f() { other::LEAF::new(); }\n", &[]),
    ("use ROOT::{self as house};\nuse house::BRANCH::LEAF;\n", &[1]),
];

/// What no check may name, however it is written.
const FORBIDDEN: &[&str] = &[
    "crate::commands::run",
    "crate::net::Live",
    "crate::workos::writing",
    "crate::inbound::Listener",
    "super::super::super::commands::run",
    "super::super::super::net::Live",
    "self::super::super::super::commands::run",
    "crate::context::Live",
    "crate::context::live::Renamed",
    "std::fs::read",
    "std::env::var",
    "std::net::TcpStream",
    "core::net::ToSocketAddrs",
    "::reqwest::Client",
    "reqwest::Client",
    "tokio::net::TcpStream",
    "tokio::spawn",
];

/// What touches the world without being a path.
const TOUCHES: &[&str] = &[
    "println!(\"a\")",
    "eprint!(\"a\")",
    "dbg!(1)",
    "path.exists()",
    "path.join(\"a\").is_file()",
    "path.metadata()",
    "path.symlink_metadata()",
    "\"a:1\".to_socket_addrs()",
    "include!(\"other.rs\")",
];

/// What every check may.
const ALLOWED: &[&str] =
    &["crate::net::Network", "super::super::super::context::Context", "std::fmt::Write", "url::Url"];

/// The place of the check, and what it is surrounded by.
const CHECK: &str = "src/checks/egress/planted.rs";
const AROUND: &[(&str, &str)] = &[
    ("src/lib.rs", "pub mod checks;\n"),
    ("src/checks/mod.rs", "mod egress;\n"),
    ("src/checks/egress/mod.rs", "mod planted;\n"),
    ("src/commands/mod.rs", "pub fn run() {}\n"),
    ("src/net/mod.rs", "pub struct Live;\npub trait Network {}\n"),
    ("src/context/mod.rs", "pub mod live;\npub use crate::net::{Live, Network};\npub struct Context;\n"),
    ("src/context/live.rs", "pub use super::Live as Renamed;\n"),
];

fn house(check: &str) -> Vec<File> {
    let around = AROUND.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    source::of(around.chain([(CHECK.to_owned(), check.to_owned())]))
}

/// The lines of the check in which something is found.
fn found(check: &str) -> Vec<usize> {
    found_in(&house(check))
}

fn found_in(files: &[File]) -> Vec<usize> {
    let found = breaches(files);
    let lines = found.iter().filter_map(|breach| breach.strip_prefix(CHECK)?.strip_prefix(':')?.split(':').next());
    let mut lines: Vec<usize> = lines.map(|line| line.parse().unwrap()).collect();
    lines.dedup();
    lines
}

/// Relative paths climb out of nested modules first.
fn written(planted: &str, place: &str) -> String {
    let before = place.split("PLANTED").next().unwrap_or_default();
    let nested =
        before.matches("mod in").count() + before.matches("mod real").count() - before.matches("fn f() {}\n}").count();
    let climbs = "super::".repeat(nested);
    match planted.strip_prefix("self::") {
        Some(rest) => place.replace("PLANTED", &format!("self::{climbs}{rest}")),
        None if planted.starts_with("super::") => place.replace("PLANTED", &format!("{climbs}{planted}")),
        None => place.replace("PLANTED", planted),
    }
}

fn line_of(text: &str, what: &str) -> usize {
    1 + text[..text.rfind(what).unwrap()].matches('\n').count()
}

#[test]
fn a_breach_is_found_in_each_kind_of_place_and_where_it_stands() {
    for (place, text) in PLACES {
        for planted in FORBIDDEN {
            assert_eq!(found(&written(planted, text)), [line_of(text, "PLANTED")], "{planted} {place}:\n{text}");
        }
        for harmless in ALLOWED {
            assert_eq!(found(&written(harmless, text)), [], "{harmless} {place}:\n{text}");
        }
    }
}

#[test]
fn a_breach_is_found_in_every_tree_of_imports() {
    for (tree, whatever) in TREES {
        for (root, branch, leaf) in [
            ("crate", "net", "Live"),
            ("crate", "workos", "writing"),
            ("super::super::super", "net", "Live"),
            ("crate", "commands", "run"),
        ] {
            let text = tree.replace("ROOT", root).replace("BRANCH", branch).replace("LEAF", leaf);
            assert!(found(&text).contains(&line_of(&text, leaf)), "{text}");
        }
        let harmless = tree.replace("ROOT", "crate").replace("BRANCH", "net").replace("LEAF", "Network");
        assert_eq!(found(&harmless), *whatever, "{harmless}");
    }
}

#[test]
fn what_touches_the_world_without_a_path_is_found_too() {
    for touch in TOUCHES {
        assert_eq!(found(&format!("fn f() {{\n    {touch};\n}}\n")), [2], "{touch}");
        assert_eq!(found(&format!("/// {touch}\nconst A: &str = r#\"{touch}\"#;\n")), [], "{touch}");
    }
}

#[test]
fn tests_may_use_what_they_like_and_nothing_else_may() {
    for tests in [
        "#[cfg(test)]\nmod tests {\n    use crate::net::Live;\n}\n",
        "#[cfg(test)]\n#[allow(dead_code)]\npub(crate) mod fake {\n    use crate::net::Live;\n}\n",
        "#[cfg(all(test, unix))]\nmod tests {\n    use crate::net::Live;\n}\n",
    ] {
        assert_eq!(found(tests), [], "{tests}");
    }
    let around = AROUND.iter().map(|(name, text)| {
        let declared = if name.ends_with("egress/mod.rs") { "#[cfg(test)]\nmod planted;\n" } else { text };
        ((*name).to_owned(), declared.to_owned())
    });
    let for_tests = source::of(around.chain([(CHECK.to_owned(), "use crate::net::Live;\n".to_owned())]));
    assert_eq!((found_in(&for_tests), found("use crate::net::Live;\n")), (Vec::new(), vec![1]));
}

#[test]
fn a_module_without_a_row_is_a_breach() {
    let found = breaches(&source::of([("src/newcomer/part.rs".to_owned(), "fn f() {}\n".to_owned())]));

    assert!(found.len() == 1 && found[0].contains("no row"), "{found:?}");
}
