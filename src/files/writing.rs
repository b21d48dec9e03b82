//! The one writer. A report takes the place of a regular file whole or not at all, and whatever else stands at its name, a
//! pipe, a device, what the shell opened, is written to and stays what it is.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tempfile::{Builder, NamedTempFile};

use super::place::{self, Identity, Reached, folder, identity, reached};

/// How long a pipe is waited for that nobody reads from yet.
const FOR_A_READER: Duration = Duration::from_secs(30);

/// Why a report cannot be written. Each is what a sentence goes on with: "cannot write report.json: …".
#[derive(Debug, thiserror::Error)]
pub enum Unwritable {
    /// A directory stands there.
    #[error("it is a directory")]
    Directory,
    /// The name is that of a directory, or none.
    #[error("it names no file")]
    NoName,
    /// The directory that it should lie in is not there.
    #[error("there is no directory {}", .0.display())]
    NoFolder(PathBuf),
    /// A socket stands there.
    #[error("it is a socket")]
    Socket,
    /// A disk stands there.
    #[error("it is a disk")]
    Disk,
    /// A setting names it, or it holds the settings.
    #[error(
        "this run reads it, and a report in its place would be all that is left of it; give the report a name of its own"
    )]
    Read,
    /// This process was started without it.
    #[error("nothing is open under the number {0}")]
    NotOpen(u32),
    /// Neither the file nor its directory may be written to.
    #[error("this user may not write there")]
    Forbidden,
    /// It lies on a file system that is not written to.
    #[error("its file system is mounted read-only")]
    ReadOnly,
    /// There is no room for it.
    #[error("there is no space left for it; what was there before is kept")]
    Full,
    /// It is larger than this process may write.
    #[error("it is larger than a file may be here (`ulimit -f`); what was there before is kept")]
    TooLarge,
    /// A file stands there that is not to be replaced.
    #[error("it is there already")]
    There,
    /// A pipe that nobody opened for reading.
    #[error("it is a pipe, and nobody reads from it; waited {} s", .0.as_secs())]
    NobodyReads(Duration),
    /// What the system says.
    #[error("{0}")]
    Failed(io::Error),
}

impl From<io::Error> for Unwritable {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Unwritable::Full,
            io::ErrorKind::FileTooLarge => Unwritable::TooLarge,
            io::ErrorKind::ReadOnlyFilesystem => Unwritable::ReadOnly,
            io::ErrorKind::PermissionDenied => Unwritable::Forbidden,
            io::ErrorKind::IsADirectory => Unwritable::Directory,
            _ => Unwritable::Failed(error),
        }
    }
}

/// A place that a report goes to.
#[derive(Debug)]
pub struct Place {
    named: PathBuf,
    identity: Identity,
}

impl Place {
    /// Finds out what a name stands for, and whether it can be written to as far as that can be known before it is.
    pub fn of(named: &Path) -> Result<Self, Unwritable> {
        let reached = reached(named)?;
        if place::was_read(&reached) {
            return Err(Unwritable::Read);
        }
        match &reached {
            Reached::Output | Reached::Errors | Reached::Open(_) => {}
            Reached::Pipe(path) | Reached::Device(path) => may_write(path)?,
            Reached::Nothing(path) => drop(Draft::new_beside(path, FOR_ALL)?),
            // What cannot be replaced can still be written over.
            Reached::File(path, found) => Draft::beside(path, found).map(drop).or_else(|_| may_write(path))?,
        }
        Ok(Place { named: named.to_owned(), identity: identity(&reached) })
    }

    /// As it was named.
    pub fn named(&self) -> &Path {
        &self.named
    }

    /// Whether it is standard output, which whoever holds that writes to.
    pub fn is_standard_output(&self) -> bool {
        self.identity == Identity::Output
    }

    /// Whether both are one file, also where they are named differently.
    pub fn is(&self, other: &Place) -> bool {
        self.identity == other.identity && self.identity != Identity::Shared
    }

    /// Whether what goes to standard output arrives in this file too.
    pub fn is_where_standard_output_goes(&self) -> bool {
        matches!(self.identity, Identity::There(..)) && self.identity == place::standard_output()
    }

    /// Writes the whole of it. The name is followed anew: what stands there may be another thing by now.
    pub fn write(&self, bytes: &[u8]) -> Result<(), Unwritable> {
        match reached(&self.named)? {
            Reached::Output => straight(&mut io::stdout().lock(), bytes),
            Reached::Errors => straight(&mut io::stderr().lock(), bytes),
            // A file that is open under a number keeps what was written there before.
            Reached::Open(path) => straight(&mut OpenOptions::new().append(true).open(path)?, bytes),
            Reached::Device(path) => straight(&mut options().open(path)?, bytes),
            Reached::Pipe(path) => straight(&mut opened_for_a_reader(path)?, bytes),
            Reached::Nothing(path) => match anew(&path, bytes, FOR_ALL)? {
                Made::Whole => Ok(()),
                Made::BySomebodyElse => match reached(&path)? {
                    Reached::File(path, found) => over(&path, &found, bytes),
                    _ => Err(Unwritable::There),
                },
            },
            Reached::File(path, found) => over(&path, &found, bytes),
        }
    }

    /// Makes a file, for its owner alone, and replaces none. What is no file is written to as ever.
    pub fn create(&self, bytes: &[u8]) -> Result<(), Unwritable> {
        match reached(&self.named)? {
            Reached::Nothing(path) => match anew(&path, bytes, FOR_ITS_OWNER)? {
                Made::Whole => Ok(()),
                Made::BySomebodyElse => Err(Unwritable::There),
            },
            Reached::File(..) => Err(Unwritable::There),
            _ => self.write(bytes),
        }
    }
}

/// The mode of a new file, of which the umask takes away.
const FOR_ALL: u32 = 0o666;
const FOR_ITS_OWNER: u32 = 0o600;

/// What became of a new file.
enum Made {
    /// It is there.
    Whole,
    /// Another is there meanwhile.
    BySomebodyElse,
}

/// To write, and nothing else: without making, emptying or following, and without making a terminal this process's own.
fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        use std::os::unix::fs::OpenOptionsExt;

        options.custom_flags((OFlags::NOFOLLOW | OFlags::NOCTTY).bits().cast_signed());
    }
    options
}

#[cfg(unix)]
fn may_write(path: &Path) -> Result<(), Unwritable> {
    use rustix::fs::{Access, AtFlags, CWD, accessat};

    Ok(accessat(CWD, path, Access::WRITE_OK, AtFlags::EACCESS).map_err(io::Error::from)?)
}

#[cfg(not(unix))]
fn may_write(path: &Path) -> Result<(), Unwritable> {
    Ok(OpenOptions::new().write(true).open(path).map(drop)?)
}

/// A reader that has enough, such as `>(head -1)`, is no failure.
fn straight(to: &mut dyn Write, bytes: &[u8]) -> Result<(), Unwritable> {
    match to.write_all(bytes).and_then(|()| to.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// A pipe opens when somebody opens its other end, and opening it cannot be called off.
fn opened_for_a_reader(path: PathBuf) -> Result<File, Unwritable> {
    let (tell, told) = mpsc::channel();
    let open = move || {
        // Where nobody waits any more, it is closed again.
        let _ = tell.send(options().open(path));
    };
    thread::Builder::new().name("pipe".to_owned()).spawn(open)?;
    let opened = told.recv_timeout(FOR_A_READER).map_err(|_| Unwritable::NobodyReads(FOR_A_READER))?;
    Ok(opened?)
}

/// A file that nobody had made before.
fn anew(path: &Path, bytes: &[u8], mode: u32) -> Result<Made, Unwritable> {
    let mut draft = Draft::new_beside(path, mode)?;
    draft.fill(bytes)?;
    match draft.0.persist_noclobber(path) {
        Ok(_) => Ok(Made::Whole),
        Err(refused) if refused.error.kind() == io::ErrorKind::AlreadyExists => Ok(Made::BySomebodyElse),
        // A file system that has no way to do that without replacing.
        Err(_) => {
            let mut options = options();
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
            in_place(options.create_new(true).open(path)?, bytes)?;
            Ok(Made::Whole)
        }
    }
}

/// In the place of a file, which keeps its mode, its owner and its other names.
fn over(path: &Path, found: &Metadata, bytes: &[u8]) -> Result<(), Unwritable> {
    let replaced = Draft::beside(path, found).and_then(|mut draft| {
        draft.fill(bytes)?;
        // It is a mount of its own, or not ours in a directory for all.
        Ok(draft.0.persist(path).map(drop).map_err(|refused| refused.error)?)
    });
    match replaced {
        Ok(()) => Ok(()),
        Err(why @ (Unwritable::Full | Unwritable::TooLarge)) => Err(why),
        Err(why) => match options().open(path) {
            Ok(file) if file.metadata()?.is_file() => in_place(file, bytes),
            Ok(_) => Err(why),
            Err(error) => Err(error.into()),
        },
    }
}

/// Over what stands in a file that cannot be replaced. What goes beyond its end is written first: where there is no room for
/// it, what was there is still whole.
fn in_place(mut file: File, bytes: &[u8]) -> Result<(), Unwritable> {
    let before = file.metadata()?.len();
    let (over, beyond) = bytes.split_at(usize::try_from(before).unwrap_or(usize::MAX).min(bytes.len()));
    let mut extend = || {
        file.seek(SeekFrom::Start(before))?;
        file.write_all(beyond)?;
        // Some file systems say only now that there is no room.
        if beyond.is_empty() { Ok(()) } else { file.sync_all() }
    };
    if let Err(error) = extend() {
        file.set_len(before)?;
        return Err(error.into());
    }
    file.seek(SeekFrom::Start(0))?;
    file.write_all(over)?;
    file.set_len(bytes.len() as u64)?;
    file.sync_all()?;
    Ok(())
}

/// A file beside a place, under a name that nobody can foresee, which is gone again unless it takes the place.
struct Draft(NamedTempFile);

impl Draft {
    /// Empty, with the mode and the owner of what it shall replace; an error where these cannot be had.
    fn beside(path: &Path, replaces: &Metadata) -> Result<Self, Unwritable> {
        if is_more_than_a_name(path, replaces) {
            return Err(Unwritable::Forbidden);
        }
        let draft = Draft::new_beside(path, FOR_ITS_OWNER)?;
        draft.adopt(replaces)?;
        Ok(draft)
    }

    /// Empty, where nothing is replaced.
    #[cfg_attr(not(unix), expect(unused_variables, reason = "modes are an affair of Unix"))]
    fn new_beside(path: &Path, mode: u32) -> Result<Self, Unwritable> {
        let mut named = Builder::new();
        // Not made from the file's own name, which may be as long as names can be.
        named.prefix(".workos-preflight-");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            named.permissions(fs::Permissions::from_mode(mode));
        }
        Ok(Draft(named.tempfile_in(folder(path))?))
    }

    #[cfg(unix)]
    fn adopt(&self, found: &Metadata) -> io::Result<()> {
        use std::os::unix::fs::{MetadataExt, fchown};

        let file = self.0.as_file();
        let made = file.metadata()?;
        let (owner, group) = (found.uid(), found.gid());
        if (made.uid(), made.gid()) != (owner, group) {
            fchown(file, Some(owner), Some(group))?;
        }
        // After the owner, since a change of owner takes parts of the mode away.
        file.set_permissions(found.permissions())
    }

    #[cfg(not(unix))]
    fn adopt(&self, found: &Metadata) -> io::Result<()> {
        self.0.as_file().set_permissions(found.permissions())
    }

    fn fill(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes)?;
        self.0.as_file().sync_all()
    }
}

/// Whether a file would lose what another in its place cannot have: its other names, or rights beyond its mode.
#[cfg(target_os = "linux")]
fn is_more_than_a_name(path: &Path, found: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;

    let mut rights = [0; 1024];
    let listed = rustix::fs::lgetxattr(path, "system.posix_acl_access", &mut rights[..]);
    found.nlink() > 1 || listed.is_ok() || listed == Err(rustix::io::Errno::RANGE)
}

#[cfg(all(unix, not(target_os = "linux")))]
fn is_more_than_a_name(_: &Path, found: &Metadata) -> bool {
    std::os::unix::fs::MetadataExt::nlink(found) > 1
}

#[cfg(not(unix))]
fn is_more_than_a_name(_: &Path, _: &Metadata) -> bool {
    false
}
