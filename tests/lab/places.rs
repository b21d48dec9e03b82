//! Where reports go that only a mount namespace of one's own can hold: devices, mounts, a disk that is full.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{FileTypeExt, symlink};
use std::path::Path;
use std::process::{Command, Output};

use nix::mount::{MsFlags, mount};

use crate::stories::Place;

/// Longer than any report, so that what is left of it would be seen.
fn long() -> String {
    "before ".repeat(100_000)
}

/// The demonstration, with reports that go to these places.
fn demo(reports: &[&str]) -> Result<Output, String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_workos-preflight"));
    command.env_clear().args(["demo", "--only", "settings"]);
    command.args(reports.iter().flat_map(|report| ["--report", report]));
    command.output().map_err(words)
}

fn ends(output: &Output, code: i32, says: &str) -> Result<(), String> {
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(code) && said.contains(says) { Ok(()) } else { Err(format!("{output:?}")) }
}

fn holds_a_report(path: &str) -> Result<(), String> {
    let text = fs::read(path).map_err(words)?;
    let report: serde_json::Value = serde_json::from_slice(&text).map_err(|error| format!("{path}: {error}"))?;
    if report["verdict"] == "ready" { Ok(()) } else { Err(format!("{path}: {report}")) }
}

/// Puts the one in the place of the other.
fn bind(from: &str, to: &str, more: MsFlags) -> Result<(), String> {
    let none: Option<&str> = None;
    let bound = mount(Some(from), to, none, MsFlags::MS_BIND, none);
    bound.map_err(|error| format!("mount {from} at {to}: {error}"))?;
    if more.is_empty() {
        return Ok(());
    }
    let flags = MsFlags::MS_BIND | MsFlags::MS_REMOUNT | MsFlags::MS_NOSUID | MsFlags::MS_NODEV | more;
    mount(none, to, none, flags, none).map_err(|error| format!("mount {to} again: {error}"))
}

/// A directory that is a file system of its own.
fn disk(path: &str, size: &str) -> Result<(), String> {
    fs::create_dir(path).map_err(words)?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    mount(Some("lab"), path, Some("tmpfs"), flags, Some(size)).map_err(|error| format!("mount {path}: {error}"))
}

fn words(error: impl Into<io::Error>) -> String {
    error.into().to_string()
}

/// A story: devices take the report and stay devices, by name and through a link.
pub(crate) fn devices_stay(_: &Place) -> Result<(), String> {
    for device in ["null", "full"] {
        let place = format!("/etc/lab/{device}");
        File::create(&place).map_err(words)?;
        bind(&format!("/dev/{device}"), &place, MsFlags::empty())?;
    }
    symlink("null", "/etc/lab/link").map_err(words)?;

    ends(&demo(&["json=/etc/lab/null"])?, 0, "")?;
    ends(&demo(&["json=/etc/lab/link", "junit=/etc/lab/null"])?, 0, "")?;
    ends(&demo(&["json=/etc/lab/full"])?, 2, "no space left")?;
    let stays = |name: &str| fs::metadata(name).is_ok_and(|found| found.file_type().is_char_device());
    let all = stays("/etc/lab/null") && stays("/etc/lab/full") && Path::new("/etc/lab/link").is_symlink();
    if all { Ok(()) } else { Err("a device is gone".to_owned()) }
}

/// A story: a file that is mounted alone, as into a container, is written over; one that is mounted read-only is told before.
pub(crate) fn mounted_files_are_written_over(_: &Place) -> Result<(), String> {
    disk("/etc/lab/outside", "size=4m")?;
    fs::create_dir("/etc/lab/inside").map_err(words)?;
    for (from, name) in [("/etc/lab/outside", "another"), ("/etc/lab", "same"), ("/etc/lab", "fixed")] {
        let (source, place) = (format!("{from}/source-{name}"), format!("/etc/lab/inside/{name}"));
        fs::write(&source, long()).map_err(words)?;
        File::create(&place).map_err(words)?;
        bind(&source, &place, if name == "fixed" { MsFlags::MS_RDONLY } else { MsFlags::empty() })?;
    }

    ends(&demo(&["json=/etc/lab/inside/another", "junit=/etc/lab/new.xml"])?, 0, "")?;
    holds_a_report("/etc/lab/outside/source-another")?;
    ends(&demo(&["json=/etc/lab/inside/same"])?, 0, "")?;
    holds_a_report("/etc/lab/source-same")?;

    // A directory that is read-only, and in it a file that is not.
    bind("/etc/lab/inside", "/etc/lab/inside", MsFlags::MS_RDONLY)?;
    bind("/etc/lab/source-same", "/etc/lab/inside/same", MsFlags::empty())?;
    fs::write("/etc/lab/source-same", long()).map_err(words)?;
    ends(&demo(&["json=/etc/lab/inside/same"])?, 0, "")?;
    holds_a_report("/etc/lab/source-same")?;
    let new = demo(&["json=/etc/lab/inside/new"])?;
    ends(&new, 2, "read-only")?;
    if new.stdout.is_empty() { Ok(()) } else { Err(format!("it was asked before: {new:?}")) }
}

/// A story: where there is no room for a report, what was there before is whole, and other reports are written.
pub(crate) fn a_full_disk_keeps_what_was_there(_: &Place) -> Result<(), String> {
    disk("/etc/lab/disk", "size=128k")?;
    for name in ["alone", "named-twice"] {
        fs::write(format!("/etc/lab/disk/{name}"), "before").map_err(words)?;
    }
    fs::hard_link("/etc/lab/disk/named-twice", "/etc/lab/disk/other").map_err(words)?;
    let mut ballast = File::create("/etc/lab/disk/ballast").map_err(words)?;
    while ballast.write_all(&[0; 4096]).is_ok() {}

    for name in ["alone", "named-twice", "new"] {
        let _ = fs::remove_file("/etc/lab/elsewhere.json");
        let place = format!("/etc/lab/disk/{name}");
        ends(&demo(&[&format!("json={place}"), "json=/etc/lab/elsewhere.json"])?, 2, "no space left")?;
        holds_a_report("/etc/lab/elsewhere.json")?;
    }
    for name in ["alone", "named-twice", "other"] {
        let now = fs::read_to_string(format!("/etc/lab/disk/{name}")).map_err(words)?;
        if now != "before" {
            return Err(format!("{name} holds {now}"));
        }
    }
    let names = fs::read_dir("/etc/lab/disk").map_err(words)?.count();
    if names == 4 { Ok(()) } else { Err(format!("{names} files are on the disk")) }
}
