//! Asks before anything is written at WorkOS, and says exactly what, and where.

use std::io::{self, IsTerminal, Write};

use super::super::Failure;

/// Shows what would be written, and goes on only with consent: `--yes`, or a yes at the prompt.
pub(super) fn ask(what: &str, yes: bool, flag: &str) -> Result<(), Failure> {
    let mut err = io::stderr().lock();
    let _ = write!(err, "{what}");
    if yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        return Err(Failure::Usage(format!(
            "{flag} writes at WorkOS, and nobody is there to be asked; --yes is right where that is meant"
        )));
    }
    let _ = write!(err, "Go on? [y/N] ");
    let _ = err.flush();
    let mut answer = String::new();
    let read = io::stdin().read_line(&mut answer);
    if read.is_ok() && matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes") {
        return Ok(());
    }
    Err(Failure::Usage(format!("{flag} was not agreed to; nothing was written")))
}
