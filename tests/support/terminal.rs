//! A terminal that the binary runs on: what it draws, and what somebody types.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// A command on a terminal of its own.
pub(crate) struct OnTerminal {
    child: Child,
    keyboard: File,
    shown: Arc<Mutex<String>>,
}

impl OnTerminal {
    /// Starts a command whose three streams are a terminal of this width, 24 lines high.
    pub(crate) fn start(command: &mut Command, columns: u16) -> Self {
        let screen: OwnedFd = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&screen).unwrap();
        unlockpt(&screen).unwrap();
        tcsetwinsize(&screen, Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let name = ptsname(&screen, Vec::new()).unwrap().into_string().unwrap();
        let stream = || Stdio::from(File::options().read(true).write(true).open(&name).unwrap());
        if command.get_envs().all(|(name, _)| name != "TERM") {
            command.env("TERM", "xterm");
        }
        let child = command.stdin(stream()).stdout(stream()).stderr(stream()).spawn().unwrap();
        // What is still open here would keep the end of the output from being seen.
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut reads = File::from(screen.try_clone().unwrap());
        let shown = Arc::new(Mutex::new(String::new()));
        let told = Arc::clone(&shown);
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            // The other end is closed when the command is over, which reads as an error.
            while let Ok(count @ 1..) = reads.read(&mut bytes) {
                told.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..count]));
            }
        });
        OnTerminal { child, keyboard: File::from(screen), shown }
    }

    /// What was shown so far.
    pub(crate) fn shown(&self) -> String {
        self.shown.lock().unwrap().clone()
    }

    /// Waits until these words are shown, and types a line.
    pub(crate) fn answer(&mut self, asked: &str, line: &str) {
        let end = Instant::now() + Duration::from_secs(20);
        while !self.shown().contains(asked) {
            assert!(Instant::now() < end, "{asked} is not asked in {}", self.shown());
            thread::sleep(Duration::from_millis(10));
        }
        self.keyboard.write_all(line.as_bytes()).unwrap();
    }

    /// How it ended, and everything that was shown.
    pub(crate) fn ended(mut self) -> (ExitStatus, String) {
        let status = self.child.wait().unwrap();
        // What was written last is on its way.
        thread::sleep(Duration::from_millis(100));
        (status, self.shown())
    }
}
