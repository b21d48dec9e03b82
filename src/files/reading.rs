//! The one reader. Whatever stands at a path, a device that never ends, a pipe that nobody writes to, a file system that
//! hangs, it takes bounded memory and bounded time.

use std::ffi::OsString;
use std::fs::{self, File, FileType};
use std::io::{self, IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use crate::said::size;

use super::place;

/// How long it may take until a file is open: as long as a pipe that nobody writes to is waited for.
const OPENING: Duration = Duration::from_secs(5);

/// How long a file on a disk may take, which can be one of the network.
const FROM_DISK: Duration = Duration::from_secs(10);

/// How long a pipe may take: who writes to it may be asking a vault, or a person.
const FROM_PIPE: Duration = Duration::from_secs(20);

/// How long a person at a terminal may take.
const FROM_TERMINAL: Duration = Duration::from_mins(1);

/// What is read of a device to learn whether it has an end, as `/dev/null` has, in bytes.
const FIRST_OF_DEVICE: u64 = 4096;

/// How long a run may take, once that is known: no file may take longer.
static RUN: OnceLock<Duration> = OnceLock::new();

/// Says how long this run may take. The first word counts.
pub fn give_up_after(run: Duration) {
    let _ = RUN.set(run);
}

/// Why a file cannot be read. Each is what a sentence goes on with: "the CA bundle /etc/x.pem cannot be read: …".
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// There is nothing at the path.
    #[error("there is no such file")]
    Missing,
    /// The path is a link, and what it leads to is not there.
    #[error("it is a link to {}, which is not there", .0.display())]
    Dangling(PathBuf),
    /// It is a directory.
    #[error("it is a directory")]
    Directory,
    /// It is a device that goes on without an end, or a disk.
    #[error("it is a device and no file")]
    Device,
    /// It is a socket.
    #[error("it is a socket and no file")]
    Socket,
    /// It is larger than anything that is wanted, in bytes.
    #[error("it is larger than {}", size(*.0))]
    TooLarge(u64),
    /// It is a pipe that nobody opened for writing.
    #[error("it is a pipe, and nobody writes to it; waited {} s", .0.as_secs())]
    NobodyWrites(Duration),
    /// It is a pipe, or standard input, whose end did not come.
    #[error("what is written to it did not end within {} s", .0.as_secs())]
    Unended(Duration),
    /// Its file system does not answer.
    #[error("the file system did not answer within {} s", .0.as_secs())]
    Hangs(Duration),
    /// This user may not read it.
    #[error("this user may not read it")]
    Forbidden,
    /// What the system says.
    #[error("{0}")]
    Failed(io::Error),
}

impl From<io::Error> for Unreadable {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Unreadable::Missing,
            io::ErrorKind::IsADirectory => Unreadable::Directory,
            io::ErrorKind::PermissionDenied => Unreadable::Forbidden,
            _ => Unreadable::Failed(error),
        }
    }
}

/// Reads a file of at most `largest` bytes: a regular one, or a pipe such as the shell's `<(…)`.
pub fn read(path: &Path, largest: u64) -> Result<Vec<u8>, Unreadable> {
    read_within(path, largest, FROM_TERMINAL)
}

/// The same in at most `limit`, for one who has less time than a file usually gets.
pub fn read_within(path: &Path, largest: u64, limit: Duration) -> Result<Vec<u8>, Unreadable> {
    let path = path.to_owned();
    in_time(limit, move |told| {
        let kind = match fs::metadata(&path) {
            Ok(found) => found.file_type(),
            Err(error) => return Err(missing(&path, error)),
        };
        refuse(kind)?;
        if is_pipe(kind) {
            told.say(News::Pipe);
        }
        // A pipe opens when somebody opens its other end.
        let mut file = File::open(&path)?;
        let found = file.metadata()?;
        let kind = found.file_type();
        refuse(kind)?;
        if kind.is_file() {
            place::is_read(&found);
            told.say(News::Open { patience: FROM_DISK, is_stream: false });
        } else {
            told.stream(file.is_terminal());
        }
        bounded(&mut file, largest, &told.given_up)?.ok_or(if is_device(kind) {
            Unreadable::Device
        } else {
            Unreadable::TooLarge(largest)
        })
    })
}

/// Reads standard input to its end, at most `largest` bytes.
pub fn standard_input(largest: u64) -> Result<Vec<u8>, Unreadable> {
    in_time(FROM_TERMINAL, move |told| {
        told.stream(io::stdin().is_terminal());
        bounded(&mut io::stdin().lock(), largest, &told.given_up)?.ok_or(Unreadable::TooLarge(largest))
    })
}

/// Why somebody who reads a file without a limit would not come to its end: it is a device that goes on, or larger than
/// `largest`. What cannot be opened ends nothing.
pub fn endless(path: &Path, largest: u64) -> Option<Unreadable> {
    let found = fs::metadata(path).ok()?;
    if is_device(found.file_type()) {
        let read = read_within(path, FIRST_OF_DEVICE, Duration::from_secs(1));
        return read.err().filter(|why| matches!(why, Unreadable::Device));
    }
    (found.is_file() && found.len() > largest).then_some(Unreadable::TooLarge(largest))
}

/// Whether there is anything at a path, be it a link that leads nowhere.
pub fn is_there(path: &Path) -> Result<bool, Unreadable> {
    let path = path.to_owned();
    in_time(FROM_DISK, move |_| {
        let leads_nowhere = |path: &Path| path.is_symlink() && !path.exists();
        Ok(path.symlink_metadata().is_ok() || path.parent().is_some_and(leads_nowhere))
    })
}

/// The names in a folder, at most `most` of them, in no order.
pub fn names_in(folder: &Path, most: usize) -> Result<Vec<OsString>, Unreadable> {
    let folder = folder.to_owned();
    in_time(FROM_DISK, move |_| {
        let entries = fs::read_dir(&folder).map_err(|error| missing(&folder, error))?;
        let names: io::Result<Vec<OsString>> =
            entries.take(most).map(|entry| entry.map(|entry| entry.file_name())).collect();
        Ok(names?)
    })
}

fn missing(path: &Path, error: io::Error) -> Unreadable {
    match fs::read_link(path) {
        Ok(to) if error.kind() == io::ErrorKind::NotFound => Unreadable::Dangling(to),
        _ => error.into(),
    }
}

/// What is not even opened: opening a disk or a socket says nothing, and opening a device can do something.
fn refuse(kind: FileType) -> Result<(), Unreadable> {
    if kind.is_dir() {
        return Err(Unreadable::Directory);
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;

        if kind.is_block_device() {
            return Err(Unreadable::Device);
        }
        if kind.is_socket() {
            return Err(Unreadable::Socket);
        }
    }
    Ok(())
}

/// Reads until the end or until nobody waits any more; nothing where there is more than is wanted.
fn bounded(from: &mut impl Read, largest: u64, given_up: &AtomicBool) -> io::Result<Option<Vec<u8>>> {
    const CHUNK: u64 = 64 * 1024;

    let mut bytes = Vec::new();
    while !given_up.load(Ordering::Relaxed) {
        let wanted = (largest + 1 - bytes.len() as u64).min(CHUNK);
        // This asks for memory and takes a refusal, and goes on after an interruption.
        if Read::take(&mut *from, wanted).read_to_end(&mut bytes)? == 0 {
            return Ok(Some(bytes));
        }
        if bytes.len() as u64 > largest {
            break;
        }
    }
    Ok(None)
}

#[cfg(unix)]
fn is_pipe(kind: FileType) -> bool {
    std::os::unix::fs::FileTypeExt::is_fifo(&kind)
}

#[cfg(not(unix))]
fn is_pipe(_: FileType) -> bool {
    false
}

#[cfg(unix)]
fn is_device(kind: FileType) -> bool {
    std::os::unix::fs::FileTypeExt::is_char_device(&kind)
}

#[cfg(not(unix))]
fn is_device(_: FileType) -> bool {
    false
}

/// What the thread that reads says to the one that waits.
enum News<T> {
    /// What is opened now is a pipe.
    Pipe,
    /// It is open, and may take this long.
    Open { patience: Duration, is_stream: bool },
    /// It is read, or is not.
    Ended(Result<T, Unreadable>),
}

/// How the thread that reads says how far it is, and hears that nobody waits any more.
struct Told<T> {
    news: Sender<News<T>>,
    given_up: Arc<AtomicBool>,
}

impl<T> Told<T> {
    fn say(&self, news: News<T>) {
        // Where nobody waits any more, there is nobody to tell.
        let _ = self.news.send(news);
    }

    fn stream(&self, is_terminal: bool) {
        let patience = if is_terminal { FROM_TERMINAL } else { FROM_PIPE };
        self.say(News::Open { patience, is_stream: true });
    }
}

/// Does it on a thread of its own, because opening and reading cannot be called off, and waits no longer than it may take.
fn in_time<T: Send + 'static>(
    limit: Duration,
    job: impl FnOnce(&Told<T>) -> Result<T, Unreadable> + Send + 'static,
) -> Result<T, Unreadable> {
    const STACK: usize = 256 * 1024;

    let (news, receive) = mpsc::channel();
    let told = Told { news, given_up: Arc::default() };
    let given_up = Arc::clone(&told.given_up);
    let work = move || {
        let ended = job(&told);
        told.say(News::Ended(ended));
    };
    thread::Builder::new().name("file".to_owned()).stack_size(STACK).spawn(work).map_err(Unreadable::Failed)?;

    let began = Instant::now();
    let limit = RUN.get().map_or(limit, |run| limit.min(*run));
    let mut patience = OPENING.min(limit);
    let mut too_late: fn(Duration) -> Unreadable = Unreadable::Hangs;
    loop {
        match receive.recv_timeout(patience.saturating_sub(began.elapsed())) {
            Ok(News::Pipe) => too_late = Unreadable::NobodyWrites,
            Ok(News::Open { patience: longer, is_stream }) => {
                patience = longer.min(limit);
                too_late = if is_stream { Unreadable::Unended } else { Unreadable::Hangs };
            }
            Ok(News::Ended(ended)) => return ended,
            Err(RecvTimeoutError::Timeout) => {
                given_up.store(true, Ordering::Relaxed);
                return Err(too_late(patience));
            }
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Unreadable::Failed(io::Error::other("reading it broke")));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(path: impl AsRef<Path>, largest: u64) -> String {
        let read = read_within(path.as_ref(), largest, Duration::from_millis(200));
        read.err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    #[cfg(unix)]
    fn what_has_no_end_is_told_from_what_has_one() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("small"), "127.0.0.1 localhost\n").unwrap();
        File::create(at("large")).unwrap().set_len(1 << 30).unwrap();
        std::os::unix::fs::symlink("/dev/zero", at("link")).unwrap();

        for path in [PathBuf::from("/dev/zero"), at("link")] {
            assert!(matches!(endless(&path, 1 << 20), Some(Unreadable::Device)), "{}", path.display());
        }
        assert!(matches!(endless(&at("large"), 1 << 20), Some(Unreadable::TooLarge(_))));
        for path in [at("small"), PathBuf::from("/dev/null"), at("missing"), folder.path().to_owned()] {
            assert!(endless(&path, 1 << 20).is_none(), "{}", path.display());
        }
    }

    #[test]
    fn a_file_is_read_up_to_the_size_that_is_wanted_and_not_beyond() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, vec![b'x'; 100_000]).unwrap();

        assert_eq!(read(&path, 100_000).unwrap().len(), 100_000);
        assert_eq!(said(&path, 99_999), "it is larger than 99999 bytes");
        assert_eq!(said(&path, 64 * 1024), "it is larger than 64 KiB");
        assert_eq!(said(&path, 0), "it is larger than 0 bytes");
    }

    #[test]
    fn what_is_not_there_is_told_from_a_link_that_leads_nowhere() {
        let folder = tempfile::tempdir().unwrap();
        let (missing, link) = (folder.path().join("missing"), folder.path().join("link"));
        std::os::unix::fs::symlink("gone", &link).unwrap();

        assert_eq!(said(&missing, 10), "there is no such file");
        assert_eq!(said(&link, 10), "it is a link to gone, which is not there");
        assert_eq!(said(folder.path(), 10), "it is a directory");
        assert!(matches!(names_in(&missing, 10), Err(Unreadable::Missing)));
        assert_eq!(names_in(folder.path(), 10).unwrap(), ["link"]);
    }

    #[test]
    fn devices_without_an_end_and_sockets_are_no_files() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("socket");
        let _listening = std::os::unix::net::UnixListener::bind(&socket).unwrap();

        for device in ["/dev/zero", "/dev/urandom", "/dev/full"] {
            assert_eq!(said(device, 1 << 20), "it is a device and no file", "{device}");
        }
        assert_eq!(said(&socket, 10), "it is a socket and no file");
        assert_eq!(read(Path::new("/dev/null"), 10).unwrap(), b"");
    }

    #[test]
    fn a_pipe_is_read_to_its_end_and_given_up_where_nobody_writes_or_the_end_does_not_come() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = |name: &str| {
            let path = folder.path().join(name);
            nix::unistd::mkfifo(&path, nix::sys::stat::Mode::from_bits_truncate(0o600)).unwrap();
            path
        };
        let (written, silent, open) = (pipe("written"), pipe("silent"), pipe("open"));
        let writer = thread::spawn({
            let written = written.clone();
            move || fs::write(written, "all of it").unwrap()
        });
        let _both_ends = fs::OpenOptions::new().read(true).write(true).open(&open).unwrap();

        assert_eq!(read(&written, 100).unwrap(), b"all of it");
        writer.join().unwrap();
        assert!(said(&silent, 10).contains("nobody writes to it"));
        assert!(said(&open, 10).contains("did not end within"));
    }
}
