//! What a name that a report goes to stands for, with links followed.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use super::writing::Unwritable;

/// How standard output is named.
const STANDARD_OUTPUT: &str = "-";

/// As many links as the kernel follows.
const MOST_LINKS: usize = 40;

/// What a name stands for.
pub(super) enum Reached {
    /// This process's standard output.
    Output,
    /// This process's standard error.
    Errors,
    /// Another open file of a process, by its number: `/dev/fd/3`, or what the shell makes of `>(…)`.
    Open(PathBuf),
    /// A regular file.
    File(PathBuf, Metadata),
    /// A pipe with a name.
    Pipe(PathBuf),
    /// A device that takes characters, such as a terminal.
    Device(PathBuf),
    /// Nothing yet, in a directory that is there.
    Nothing(PathBuf),
}

/// Follows a name. Directories, sockets and disks are no place for a report.
pub(super) fn reached(named: &Path) -> Result<Reached, Unwritable> {
    if named.as_os_str() == STANDARD_OUTPUT {
        return Ok(Reached::Output);
    }
    // Asked of the system first, which does not follow a link that a stranger put into a directory for all.
    if let Err(error) = fs::metadata(named)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error.into());
    }
    let mut path = named.to_owned();
    for _ in 0..MOST_LINKS {
        if let Some(open) = open_file(&path)? {
            return Ok(open);
        }
        match fs::symlink_metadata(&path) {
            Ok(found) if found.is_symlink() => {
                let leads_to = fs::read_link(&path)?;
                path = path.parent().unwrap_or(Path::new("")).join(leads_to);
            }
            Ok(found) => return there(path, found),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return nothing(path),
            Err(error) => return Err(error.into()),
        }
    }
    Err(Unwritable::Failed(io::Error::other("too many links")))
}

/// The directory that a path lies in, as it can be opened.
pub(super) fn folder(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// `/dev/fd/N` and `/proc/…/fd/N` look like links to files and are what a process has open: replacing what they lead to
/// would take it from who reads there.
fn open_file(path: &Path) -> Result<Option<Reached>, Unwritable> {
    let Some(number) = path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok()) else { return Ok(None) };
    if !folder(path).ends_with("fd") {
        return Ok(None);
    }
    let Ok(real) = fs::canonicalize(folder(path)) else { return Ok(None) };
    let own = fs::canonicalize("/proc/self").is_ok_and(|own| real.starts_with(own)) || real == Path::new("/dev/fd");
    let of_a_process = real.starts_with("/proc") && real.ends_with("fd");
    match number {
        1 if own => Ok(Some(Reached::Output)),
        2 if own => Ok(Some(Reached::Errors)),
        _ if !(own || of_a_process) => Ok(None),
        _ if fs::metadata(path).is_ok() => Ok(Some(Reached::Open(path.to_owned()))),
        _ => Err(Unwritable::NotOpen(number)),
    }
}

fn there(path: PathBuf, found: Metadata) -> Result<Reached, Unwritable> {
    let kind = found.file_type();
    if kind.is_file() {
        return Ok(Reached::File(path, found));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;

        if kind.is_fifo() {
            return Ok(Reached::Pipe(path));
        }
        if kind.is_char_device() {
            return Ok(Reached::Device(path));
        }
        if kind.is_socket() {
            return Err(Unwritable::Socket);
        }
        if kind.is_block_device() {
            return Err(Unwritable::Disk);
        }
    }
    Err(Unwritable::Directory)
}

fn nothing(path: PathBuf) -> Result<Reached, Unwritable> {
    // `Path` takes a final separator for nothing, and the system for a directory.
    let names_a_folder = path.as_os_str().as_encoded_bytes().last().is_none_or(|last| *last == b'/');
    if names_a_folder || path.file_name().is_none() {
        return Err(Unwritable::NoName);
    }
    match fs::metadata(folder(&path)) {
        Ok(found) if found.is_dir() => Ok(Reached::Nothing(path)),
        Ok(_) => Err(Unwritable::NoFolder(folder(&path).to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Unwritable::NoFolder(folder(&path).to_owned())),
        Err(error) => Err(error.into()),
    }
}

/// The files that were read so far. A report in the place of one, of a key or of settings, could not be undone.
static READ: RwLock<Vec<Identity>> = RwLock::new(Vec::new());

/// Keeps a file that is read from being replaced by what is written later.
pub(super) fn is_read(found: &Metadata) {
    if of(found) != Identity::Shared {
        READ.write().unwrap_or_else(PoisonError::into_inner).push(of(found));
    }
}

/// Whether this is a file that was read.
pub(super) fn was_read(reached: &Reached) -> bool {
    let Reached::File(_, found) = reached else { return false };
    READ.read().unwrap_or_else(PoisonError::into_inner).contains(&of(found))
}

/// What two names have in common that stand for one file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Identity {
    /// Standard output, however it is named.
    Output,
    /// Something that is there.
    There(u64, u64),
    /// Something that is not there yet, by its directory and its name.
    Nothing(PathBuf),
    /// What may be written to by several, such as a terminal, and never is the same in the sense that is meant.
    Shared,
}

/// What tells a file from others.
pub(super) fn identity(reached: &Reached) -> Identity {
    match reached {
        Reached::Output => Identity::Output,
        Reached::Errors | Reached::Device(_) => Identity::Shared,
        Reached::File(_, found) => of(found),
        Reached::Open(path) | Reached::Pipe(path) => fs::metadata(path).map_or(Identity::Shared, |found| of(&found)),
        Reached::Nothing(path) => {
            let folder = fs::canonicalize(folder(path)).unwrap_or_else(|_| folder(path).to_owned());
            Identity::Nothing(folder.join(path.file_name().unwrap_or_default()))
        }
    }
}

#[cfg(unix)]
fn of(found: &Metadata) -> Identity {
    use std::os::unix::fs::{FileTypeExt, MetadataExt};

    if found.file_type().is_char_device() { Identity::Shared } else { Identity::There(found.dev(), found.ino()) }
}

#[cfg(not(unix))]
fn of(_: &Metadata) -> Identity {
    Identity::Shared
}

/// What standard output is, where it is a file or a pipe.
pub(super) fn standard_output() -> Identity {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd;

        let open = io::stdout().as_fd().try_clone_to_owned().map(fs::File::from);
        open.and_then(|open| open.metadata()).map_or(Identity::Shared, |found| of(&found))
    }
    #[cfg(not(unix))]
    Identity::Shared
}
