//! Stdout and stderr. Nothing else in the tool writes to them, so that nothing is written that has not passed here.

mod outlet;

use std::io::{self, Write};

use super::terminal;
use crate::reporters::Encoding;
use crate::said;

pub(super) use outlet::{Stream, begun, finish, is_behind};

/// What leaves the tool for a terminal or a pipe.
fn leaving(encoding: Encoding, text: &str) -> String {
    let text = said::caught(text);
    if terminal::unicode() {
        return text;
    }
    match encoding {
        Encoding::Text => said::in_ascii(&text),
        Encoding::Json => said::json_in_ascii(&text).into_owned(),
        Encoding::Xml => said::xml_in_ascii(&text).into_owned(),
    }
}

/// Writes to stdout, at one go.
pub(super) fn to_stdout(encoding: Encoding, text: &[u8]) -> io::Result<()> {
    let text = leaving(encoding, &String::from_utf8_lossy(text));
    if let Some(taken) = outlet::write(Stream::Out, text.as_bytes()) {
        return taken;
    }
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Writes to stderr, at one go. Where nobody listens, it is lost.
pub(super) fn to_stderr(text: &[u8]) {
    let text = leaving(Encoding::Text, &String::from_utf8_lossy(text));
    if outlet::write(Stream::Err, text.as_bytes()).is_some() {
        return;
    }
    let mut err = io::stderr().lock();
    let _ = err.write_all(text.as_bytes());
    let _ = err.flush();
}

/// From now on nothing waits for whoever reads stdout or stderr; what is written is taken, and written when it can be.
pub(super) fn never_wait() {
    outlet::begin(io::stdout(), io::stderr());
}
