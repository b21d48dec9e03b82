//! Namespaces that belong to one scenario: an empty network, and files of its own where the system keeps those of the resolver.

use std::env;
use std::fs;
use std::io::ErrorKind;
use std::net::UdpSocket;
use std::path::Path;

use libtest_mimic::{Completion, Failed};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{getgid, getuid};

/// Leaves the machine's network and its `/etc` behind, and what `more` names. No thread may have been started yet.
pub(crate) fn enter(more: CloneFlags) -> Result<(), String> {
    let (user, group) = (getuid(), getgid());
    let apart = CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS | more;
    unshare(apart).map_err(|error| format!("unshare: {error}"))?;
    // Without this an ordinary user may not map a group (user_namespaces(7)).
    write("/proc/self/setgroups", "deny")?;
    write("/proc/self/uid_map", &format!("0 {user} 1"))?;
    write("/proc/self/gid_map", &format!("0 {group} 1"))?;

    let none: Option<&str> = None;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none).map_err(|error| format!("mount: {error}"))?;
    cover("/etc")?;
    // A name service cache would answer from the network outside.
    ["/run/nscd", "/var/run/nscd"].into_iter().filter(|path| Path::new(path).is_dir()).try_for_each(cover)
}

/// An error where packets could leave: nothing may be sent then.
pub(crate) fn assert_no_way_out() -> Result<(), String> {
    for (any, elsewhere) in [("0.0.0.0:0", "192.0.2.1:443"), ("[::]:0", "[2001:db8:ffff::1]:443")] {
        // Connecting a UDP socket asks the routing table and sends nothing.
        match UdpSocket::bind(any).and_then(|socket| socket.connect(elsewhere)) {
            Err(error) if error.kind() == ErrorKind::NetworkUnreachable => {}
            // A kernel without IPv6 has no way out over it either.
            Err(error) if any.starts_with('[') && error.kind() != ErrorKind::PermissionDenied => {}
            other => return Err(format!("{elsewhere} should have no route, and connecting gave {other:?}")),
        }
    }
    Ok(())
}

/// The end of a trial that cannot be played here: ignored with the reason, or failed where it must be played.
pub(crate) fn ignored(why: &str) -> Result<Completion, Failed> {
    if env::var_os("NETLAB_REQUIRED").is_some_and(|value| value == "1") {
        return Err(Failed::from(format!("{why}, and NETLAB_REQUIRED=1")));
    }
    Ok(Completion::ignored_with(why))
}

/// Puts an empty directory over one, for this mount namespace only.
pub(crate) fn cover(path: &str) -> Result<(), String> {
    mount(Some("lab"), path, Some("tmpfs"), MsFlags::MS_NOSUID | MsFlags::MS_NODEV, Some("mode=755"))
        .map_err(|error| format!("mount {path}: {error}"))
}

fn write(path: &str, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("{path}: {error}"))
}
