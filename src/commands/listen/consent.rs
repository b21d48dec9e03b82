//! Asks before anything is written at WorkOS, and says exactly what, and where.

use std::io::{self, IsTerminal};

use super::super::{Failure, exit};
use crate::said::harmless_lines;

/// Shows what would be written, and goes on only with consent: `--yes`, or a yes at the prompt.
pub(super) fn ask(what: &str, yes: bool, flag: &str) -> Result<(), Failure> {
    exit::to_stderr(harmless_lines(what).as_bytes());
    if yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        return Err(Failure::Usage(format!(
            "{flag} writes at WorkOS, and nobody is there to be asked; give --yes if that is meant"
        )));
    }
    exit::to_stderr(b"Go on? [y/N] ");
    let mut answer = String::new();
    let read = io::stdin().read_line(&mut answer);
    if read.is_ok() && matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes") {
        return Ok(());
    }
    Err(Failure::Usage(format!("{flag} was not agreed to; nothing was written")))
}
