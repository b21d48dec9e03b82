//! Where a report goes: it takes the place of a file whole or not at all, and what is no file is written to and stays.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use support::{Ended, binary, run_in};
use tempfile::TempDir;

/// A demonstration that is over soon.
const DEMO: [&str; 3] = ["demo", "--only", "settings"];

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Runs the demonstration in a folder with these arguments.
fn demo(folder: &TempDir, arguments: &[&str]) -> Ended {
    run_in(folder.path(), &[&DEMO[..], arguments].concat())
}

/// Runs a script of the shell in a folder, in which `demo` is the demonstration.
fn shell(folder: &TempDir, script: &str) -> Ended {
    let demo = format!("demo() {{ \"$BIN\" {} \"$@\"; }}\n{script}", DEMO.join(" "));
    let mut bash = Command::new("/bin/bash");
    bash.env_clear().env("LC_ALL", "C.UTF-8").env("PATH", "/usr/bin:/bin").env("BIN", binary().get_program());
    bash.args(["-c", &demo]).current_dir(folder.path()).output().unwrap().into()
}

fn verdict(path: &Path) -> String {
    let text = fs::read(path).unwrap();
    let report: Value = serde_json::from_slice(&text)
        .unwrap_or_else(|error| panic!("{}: {error}: {}", path.display(), String::from_utf8_lossy(&text)));
    report["verdict"].as_str().unwrap().to_owned()
}

fn names(folder: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(folder.path()).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn written(folder: &TempDir, name: &str, mode: u32) -> PathBuf {
    let path = folder.path().join(name);
    // Longer than any report, so that what is left of it would be seen.
    fs::write(&path, "before ".repeat(100_000)).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    path
}

fn pipe(folder: &TempDir, name: &str) -> PathBuf {
    let path = folder.path().join(name);
    nix::unistd::mkfifo(&path, nix::sys::stat::Mode::from_bits_truncate(0o600)).unwrap();
    path
}

#[test]
fn a_ticket_goes_wherever_a_report_goes() {
    let folder = folder();
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();

    let shown = demo(&folder, &["--format", "markdown", "--report", "markdown=ticket.md"]);
    let beside = demo(&folder, &["--format", "markdown", "--output", "output.md"]);

    assert_eq!((shown.code, beside.code), (Some(0), Some(0)));
    for ticket in [&shown.out, &read("ticket.md"), &read("output.md")] {
        assert!(ticket.starts_with("# WorkOS preflight: READY\n"), "{ticket}");
        assert!(ticket.contains("\n| passed | This host's settings | "), "{ticket}");
    }
    assert!(!beside.out.contains("# WorkOS") && beside.out.contains("READY:"), "{}", beside.out);
}

#[test]
fn a_file_keeps_its_mode_and_a_new_one_has_the_usual() {
    let folder = folder();
    for mode_before in [0o600, 0o640, 0o664, 0o444] {
        let path = written(&folder, "r.json", mode_before);

        assert_eq!(demo(&folder, &["--report", "json=r.json"]).code, Some(0), "{mode_before:o}");
        assert_eq!((verdict(&path), mode(&path)), ("ready".to_owned(), mode_before), "{mode_before:o}");
        fs::remove_file(path).unwrap();
    }
    assert_eq!(shell(&folder, "umask 027; demo --report json=new.json").code, Some(0));
    assert_eq!(mode(&folder.path().join("new.json")), 0o640);
    assert_eq!(names(&folder), ["new.json"], "nothing is left beside it");
}

#[test]
fn a_file_keeps_its_owner() {
    let folder = folder();
    let path = written(&folder, "r.json", 0o600);
    // Somebody else's where this user may give files away, and otherwise another group's where this user has one.
    let groups = nix::unistd::getgroups().unwrap();
    let given = if nix::unistd::geteuid().is_root() {
        std::os::unix::fs::chown(&path, Some(1), Some(1))
    } else {
        std::os::unix::fs::chown(&path, None, groups.last().map(|group| group.as_raw()))
    };
    given.unwrap();
    let before = fs::metadata(&path).unwrap();

    assert_eq!(demo(&folder, &["--report", "json=r.json"]).code, Some(0));
    let after = fs::metadata(&path).unwrap();
    assert_eq!((after.uid(), after.gid(), mode(&path)), (before.uid(), before.gid(), 0o600));
    assert_eq!(verdict(&path), "ready");
}

#[test]
fn links_are_followed_and_stay() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("a")).unwrap();
    fs::create_dir(at("b")).unwrap();
    symlink("a", at("to-a")).unwrap();
    fs::write(at("a/r.json"), "before").unwrap();
    // One link after another: relative, absolute, through a link to a directory, and to what is not there yet.
    symlink("../to-a/r.json", at("b/second")).unwrap();
    symlink(at("b/second"), at("first")).unwrap();
    symlink("b/new.json", at("dangling")).unwrap();

    for (named, arrives) in [("first", "a/r.json"), ("to-a/r.json", "a/r.json"), ("dangling", "b/new.json")] {
        assert_eq!(demo(&folder, &["--report", &format!("json={named}")]).code, Some(0), "{named}");
        assert_eq!(verdict(&at(arrives)), "ready", "{named}");
        fs::write(at(arrives), "before").unwrap();
    }
    for link in ["first", "b/second", "to-a", "dangling"] {
        assert!(at(link).is_symlink(), "{link}");
    }
    symlink("loop", at("loop")).unwrap();
    assert_eq!(demo(&folder, &["--report", "json=loop"]).code, Some(2));
}

#[test]
fn every_name_of_a_file_shows_the_report() {
    let folder = folder();
    let (path, other) = (written(&folder, "r.json", 0o600), folder.path().join("other.json"));
    fs::hard_link(&path, &other).unwrap();

    assert_eq!(demo(&folder, &["--report", "json=r.json"]).code, Some(0));
    assert_eq!((verdict(&path), verdict(&other), mode(&other)), ("ready".to_owned(), "ready".to_owned(), 0o600));
}

#[test]
fn a_file_in_a_directory_that_may_not_be_written_to_is_written_over() {
    let folder = folder();
    fs::create_dir(folder.path().join("fixed")).unwrap();
    fs::write(folder.path().join("fixed/r.json"), "before").unwrap();
    fs::set_permissions(folder.path().join("fixed"), fs::Permissions::from_mode(0o555)).unwrap();

    let ended = demo(&folder, &["--report", "json=fixed/r.json"]);
    fs::set_permissions(folder.path().join("fixed"), fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(verdict(&folder.path().join("fixed/r.json")), "ready");
}

#[test]
fn a_pipe_gets_the_report_and_stays_a_pipe() {
    let folder = folder();
    for (script, what) in [
        ("cat p > got & demo --report json=p >/dev/null; wait", "a reader that is there"),
        ("demo --report json=p >/dev/null & sleep 2; cat p > got; wait", "a reader that comes late"),
        ("ln -s p link; cat p > got & demo --report json=link >/dev/null; wait", "a link to it"),
    ] {
        let path = pipe(&folder, "p");
        let ended = shell(&folder, script);

        assert_eq!(verdict(&folder.path().join("got")), "ready", "{what}: {ended:?}");
        assert!(
            fs::symlink_metadata(&path).unwrap().file_type().eq(&fs::metadata(&path).unwrap().file_type()),
            "{what}"
        );
        assert!(!fs::metadata(&path).unwrap().is_file(), "{what}");
        fs::remove_file(path).unwrap();
    }
}

#[test]
fn what_the_shell_opened_is_written_to() {
    let folder = folder();
    for (script, what) in [
        ("demo --report json=>(cat > got); sleep 1", "what reads in the shell"),
        ("demo --report json=/proc/self/fd/3 3> got", "a file under a number"),
        ("ln -s /proc/self/fd/3 three; demo --report json=three 3> got", "a link to a number"),
        ("ln -s /proc/self/fd/1 out; demo --report json=out > got", "a link to standard output"),
        ("ln -s /proc/self/fd/1 o2; ln -s o2 o1; demo --report json=o1 | cat > got", "standard output that is a pipe"),
        ("ln -s /proc/self/fd/2 err; demo --report json=err 2> got", "a link to standard error"),
    ] {
        let ended = shell(&folder, script);

        assert_eq!(ended.code, Some(0), "{what}: {ended:?}");
        assert_eq!(verdict(&folder.path().join("got")), "ready", "{what}");
    }
    for link in ["three", "out", "o1", "o2", "err"] {
        assert!(folder.path().join(link).is_symlink(), "{link}");
    }
    // What was written there before is kept.
    shell(&folder, "echo before > log; demo --report json=/proc/self/fd/3 3>> log");
    assert!(fs::read_to_string(folder.path().join("log")).unwrap().starts_with("before\n{"));
    assert_eq!(demo(&folder, &["--report", "json=/proc/self/fd/99"]).code, Some(2));
}

#[test]
fn a_dash_is_standard_output_in_place_of_what_a_person_reads() {
    let folder = folder();
    for arguments in [
        &["--report", "json=-"][..],
        &["--format", "json", "--output", "-"],
        &["--report", "json=-", "--report", "junit=r.xml"],
        &["--format", "junit", "--output", "r.xml", "--report", "json=-"],
    ] {
        let ended = demo(&folder, arguments);

        assert_eq!(ended.code, Some(0), "{arguments:?}: {ended:?}");
        assert_eq!(ended.json()["verdict"], "ready", "{arguments:?}");
    }
    assert_eq!(names(&folder), ["r.xml"]);
    assert!(demo(&folder, &["--report", "human=-"]).out.contains("demonstration"));
}

#[test]
fn a_file_that_is_named_twice_is_said_before_anything_is_asked() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    pipe(&folder, "p");
    fs::create_dir(at("d")).unwrap();
    symlink("d", at("to-d")).unwrap();
    fs::write(at("there"), "before").unwrap();
    fs::hard_link(at("there"), at("hard")).unwrap();
    symlink("there", at("link")).unwrap();
    symlink("not-there", at("dangling")).unwrap();
    symlink("/proc/self/fd/1", at("out")).unwrap();
    let absolute = at("new").display().to_string();

    for (first, second) in [
        ("new", "new"),
        ("new", "./new"),
        ("new", "d/../new"),
        ("new", &absolute),
        ("d/new", "to-d/new"),
        ("there", "link"),
        ("there", "hard"),
        ("not-there", "dangling"),
        ("p", "p"),
        ("-", "-"),
        ("-", "out"),
    ] {
        for arguments in [
            ["--report", &format!("json={first}"), "--report", &format!("junit={second}")].map(str::to_owned),
            ["--format=json".to_owned(), format!("--output={first}"), "--report".to_owned(), format!("human={second}")],
        ] {
            let ended = demo(&folder, &arguments.each_ref().map(String::as_str));

            assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{arguments:?}: {ended:?}");
            assert!(ended.err.contains("named twice") && ended.err.contains(second), "{}", ended.err);
        }
    }
    let ended = demo(&folder, &["--format", "json", "--report", "junit=-"]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""));
    assert!(ended.err.contains("--format json"), "{}", ended.err);
    let ended = shell(&folder, "demo --report json=new > new");
    assert!(ended.err.contains("where standard output goes"), "{}", ended.err);
    assert_eq!(fs::read_to_string(at("there")).unwrap(), "before");
}

#[test]
fn a_place_that_takes_no_report_is_named_before_anything_is_asked() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("d")).unwrap();
    fs::write(at("file"), "").unwrap();
    symlink("nowhere/r.json", at("dangling")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();

    for (named, why) in [
        ("d", "a directory"),
        ("d/", "a directory"),
        ("new/", "no file"),
        ("..", "a directory"),
        ("missing/r.json", "no directory missing"),
        ("file/r.json", "Not a directory"),
        ("dangling", "no directory nowhere"),
        ("socket", "a socket"),
        ("/proc/self/fd/99", "99"),
    ] {
        let ended = demo(&folder, &["--report", &format!("json={named}")]);

        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{named}: {ended:?}");
        assert!(ended.err.contains(why) && ended.err.lines().count() == 1, "{named}: {}", ended.err);
    }
    assert_eq!(names(&folder), ["d", "dangling", "file", "socket"]);
}

#[test]
fn a_report_never_takes_the_place_of_what_the_run_reads() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    let key = "sk_live_abcdefghijklmnopqrstuvwx\n";
    fs::write(at("key"), key).unwrap();
    symlink("key", at("link")).unwrap();
    fs::hard_link(at("key"), at("hard")).unwrap();
    let settings = "[workos]\napi_key_file = \"key\"\n";
    fs::write(at("preflight.toml"), settings).unwrap();
    let run = |arguments: &[&str]| {
        let check = ["check", "--only", "settings.consistent", "--public-resolver", "none"];
        run_in(folder.path(), &[&check[..], arguments].concat())
    };

    for named in ["key", "link", "hard", "./key", "preflight.toml"] {
        for arguments in [["--report".to_owned(), format!("json={named}")], ["--output".to_owned(), named.to_owned()]] {
            let ended = run(&[&arguments[0], &arguments[1]]);

            assert_eq!(ended.code, Some(2), "{named}: {ended:?}");
            assert!(ended.err.contains(named) && ended.err.contains("this run reads it"), "{named}: {}", ended.err);
        }
    }
    assert_eq!(fs::read_to_string(at("key")).unwrap(), key);
    assert_eq!(fs::read_to_string(at("preflight.toml")).unwrap(), settings);

    // The report of the last run may be held to and then replaced.
    for _ in 0..2 {
        assert_eq!(run(&["--exit-zero", "--report", "json=last.json"]).code, Some(0));
        let ended = run(&["--baseline", "last.json", "--report", "json=last.json"]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }
}

#[test]
fn help_that_cannot_be_written_is_no_success() {
    let folder = folder();
    for asked in ["--help", "--version", "check --help"] {
        let ended = shell(&folder, &format!("\"$BIN\" {asked} >/dev/full"));
        assert_eq!(ended.code, Some(2), "{asked}: {ended:?}");
        let ended = shell(&folder, &format!("\"$BIN\" {asked} | true; exit ${{PIPESTATUS[0]}}"));
        assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{asked}");
    }
}

#[test]
fn a_reader_that_has_enough_costs_the_saved_report_nothing() {
    let folder = folder();
    for (script, what) in [
        ("demo -v --report json=r.json | head -1 >/dev/null; exit ${PIPESTATUS[0]}", "one line is read"),
        ("demo -v --report json=r.json | true; exit ${PIPESTATUS[0]}", "nothing is read"),
        (
            "demo --format json --report json=r.json | head -c 5 >/dev/null; exit ${PIPESTATUS[0]}",
            "five bytes are read",
        ),
        ("demo --report human=>(head -1 >/dev/null) --report json=r.json", "another report's reader goes"),
    ] {
        let ended = shell(&folder, script);

        assert_eq!((ended.code, ended.err.as_str()), (Some(0), ""), "{what}: {ended:?}");
        assert_eq!(verdict(&folder.path().join("r.json")), "ready", "{what}");
        fs::remove_file(folder.path().join("r.json")).unwrap();
    }
}

#[test]
fn a_report_that_is_too_large_leaves_what_was_there() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("r.json"), "before").unwrap();
    fs::write(at("hard"), "before").unwrap();
    fs::hard_link(at("hard"), at("other")).unwrap();

    // Of a block the shell knows 512 or 1024 bytes, and a report has more.
    let ended = shell(&folder, "ulimit -f 1; demo --report json=r.json | cat >/dev/null; exit ${PIPESTATUS[0]}");
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.err.contains("r.json") && ended.err.contains("ulimit -f"), "{}", ended.err);
    let ended = shell(
        &folder,
        "ulimit -f 1; demo --report json=hard --report json=new.json | cat >/dev/null; exit ${PIPESTATUS[0]}",
    );
    assert_eq!(ended.code, Some(2), "{ended:?}");

    for name in ["r.json", "hard"] {
        assert_eq!(fs::read_to_string(at(name)).unwrap(), "before", "{name}");
    }
    assert_eq!(names(&folder), ["hard", "other", "r.json"], "no draft is left, and nothing half-written");
}

#[test]
fn what_others_left_beside_a_file_is_in_nobodys_way() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("victim"), "untouched").unwrap();
    for name in [".r.json.1", ".r.json.2", ".workos-preflight-", ".workos-preflight-aaaaaa"] {
        symlink("victim", at(name)).unwrap();
    }

    let longest = "n".repeat(255);
    for name in ["r.json", &longest] {
        assert_eq!(demo(&folder, &["--report", &format!("json={name}")]).code, Some(0), "{name}");
        assert_eq!(verdict(&at(name)), "ready");
    }
    assert_eq!(fs::read_to_string(at("victim")).unwrap(), "untouched");
}
