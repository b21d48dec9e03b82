//! Stdout and stderr of a command that must not wait for whoever reads them. A terminal that is paused, or a pipe whose reader
//! sleeps, would otherwise keep it from answering, and from ending. Each stream has a thread of its own, which waits instead.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// The two ways out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::commands) enum Stream {
    /// Stdout.
    Out,
    /// Stderr.
    Err,
}

/// What may be waiting to be written before what is not needed is left out, in bytes.
const MOST_WAITING: usize = 64 * 1024;

/// How long the end of a command waits for what is not written yet.
const PATIENCE: Duration = Duration::from_secs(1);

static OUTLETS: OnceLock<[Arc<Outlet>; 2]> = OnceLock::new();

/// What goes out by one way.
#[derive(Default)]
struct Outlet {
    queue: Mutex<Queue>,
    changed: Condvar,
    /// Told when nobody reads on.
    closed: Arc<Notify>,
}

#[derive(Default)]
struct Queue {
    texts: VecDeque<Vec<u8>>,
    /// How much is not written yet, with what is being written.
    waiting: usize,
    failed: Option<io::ErrorKind>,
}

/// From now on nothing waits for these two.
pub(super) fn begin(out: impl Write + Send + 'static, err: impl Write + Send + 'static) {
    let mut streams = Some((out, err));
    OUTLETS.get_or_init(|| {
        let outlets: [Arc<Outlet>; 2] = Default::default();
        if let Some((out, err)) = streams.take() {
            let [for_out, for_err] = outlets.clone();
            thread::spawn(move || for_out.drain(out));
            thread::spawn(move || for_err.drain(err));
        }
        outlets
    });
}

/// Whether nothing waits any more, and who is told when nobody reads stdout.
pub(in crate::commands) fn begun() -> Option<Arc<Notify>> {
    OUTLETS.get().map(|[out, _]| Arc::clone(&out.closed))
}

/// Has something written, where nothing may wait; `None` where that is not so.
pub(super) fn write(stream: Stream, text: &[u8]) -> Option<io::Result<()>> {
    of(stream).map(|outlet| outlet.take(text))
}

/// Whether so much waits to be written that what is not needed is better left out.
pub(in crate::commands) fn is_behind(stream: Stream) -> bool {
    of(stream).is_some_and(|outlet| outlet.queue().waiting > MOST_WAITING)
}

/// Waits a moment until all is written, and says what went wrong with it. `Ok(false)` where it is not read.
pub(in crate::commands) fn finish(stream: Stream) -> io::Result<bool> {
    of(stream).map_or(Ok(true), |outlet| outlet.finish(PATIENCE))
}

fn of(stream: Stream) -> Option<&'static Outlet> {
    let [out, err] = OUTLETS.get()?;
    Some(if stream == Stream::Out { out } else { err })
}

impl Outlet {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, text: &[u8]) -> io::Result<()> {
        let mut queue = self.queue();
        if let Some(failed) = queue.failed {
            return Err(failed.into());
        }
        queue.waiting += text.len();
        queue.texts.push_back(text.to_vec());
        self.changed.notify_all();
        Ok(())
    }

    fn finish(&self, patience: Duration) -> io::Result<bool> {
        let end = Instant::now() + patience;
        let mut queue = self.queue();
        while queue.waiting > 0 && queue.failed.is_none() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(false);
            }
            queue = self.changed.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        queue.failed.map_or(Ok(true), |failed| Err(failed.into()))
    }

    /// Writes what comes, for as long as the process lives.
    fn drain(&self, mut out: impl Write) {
        loop {
            let text = {
                let mut queue = self.queue();
                loop {
                    match queue.texts.pop_front() {
                        Some(text) => break text,
                        None => queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner),
                    }
                }
            };
            let written = whole(&mut out, &text);
            let mut queue = self.queue();
            queue.waiting -= text.len();
            if let Err(error) = written {
                queue.failed = Some(error.kind());
                self.closed.notify_one();
                self.changed.notify_all();
                return;
            }
            self.changed.notify_all();
        }
    }
}

/// Writes all of it, also where somebody else has made the stream one that does not wait.
fn whole(out: &mut impl Write, mut text: &[u8]) -> io::Result<()> {
    while !text.is_empty() {
        match out.write(text) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => text = &text[written..],
            Err(error) => wait_or(error)?,
        }
    }
    while let Err(error) = out.flush() {
        wait_or(error)?;
    }
    Ok(())
}

fn wait_or(error: io::Error) -> io::Result<()> {
    match error.kind() {
        io::ErrorKind::Interrupted => Ok(()),
        io::ErrorKind::WouldBlock => {
            thread::sleep(Duration::from_millis(20));
            Ok(())
        }
        _ => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Takes a text whenever it is let.
    struct Paused {
        go: mpsc::Receiver<io::Result<()>>,
        written: Arc<Mutex<Vec<u8>>>,
    }

    impl Write for Paused {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            self.go.recv().unwrap_or(Ok(()))?;
            // One at a time, so that the rest has to be written, too.
            self.written.lock().unwrap().push(text[0]);
            Ok(1)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What was written so far.
    type Written = Arc<Mutex<Vec<u8>>>;

    fn paused() -> (Arc<Outlet>, mpsc::Sender<io::Result<()>>, Written) {
        let (let_go, go) = mpsc::channel();
        let written = Arc::default();
        let outlet: Arc<Outlet> = Arc::default();
        let (own, out) = (Arc::clone(&outlet), Paused { go, written: Arc::clone(&written) });
        thread::spawn(move || own.drain(out));
        (outlet, let_go, written)
    }

    #[test]
    fn nobody_waits_for_a_reader_and_nothing_that_was_taken_is_lost() {
        let (outlet, let_go, written) = paused();
        for text in [&b"one "[..], b"two ", &vec![b'x'; MOST_WAITING]] {
            outlet.take(text).unwrap();
        }

        assert!(!outlet.finish(Duration::from_millis(1)).unwrap());
        assert!(outlet.queue().waiting > MOST_WAITING);
        drop(let_go);
        assert!(outlet.finish(Duration::from_mins(1)).unwrap());
        assert_eq!(written.lock().unwrap()[..8], *b"one two ");
        assert_eq!(outlet.queue().waiting, 0);
    }

    #[tokio::test]
    async fn a_reader_that_is_gone_is_told_and_one_that_is_slow_is_waited_for() {
        let (outlet, let_go, written) = paused();
        outlet.take(b"ab").unwrap();
        for answer in [Err(io::ErrorKind::WouldBlock.into()), Ok(()), Err(io::ErrorKind::Interrupted.into()), Ok(())] {
            let_go.send(answer).unwrap();
        }
        assert!(outlet.finish(Duration::from_mins(1)).unwrap());
        assert_eq!(*written.lock().unwrap(), b"ab");

        outlet.take(b"c").unwrap();
        let_go.send(Err(io::ErrorKind::BrokenPipe.into())).unwrap();
        outlet.closed.notified().await;
        assert_eq!(outlet.finish(Duration::from_mins(1)).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        assert_eq!(outlet.take(b"d").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
