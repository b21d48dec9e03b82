//! `completions`: what a shell completes, made of what may be typed.

use clap::CommandFactory;

use super::{Failure, exit};
use crate::cli::{Cli, CompletionsArgs};
use crate::reporters::Encoding;

pub(super) fn run(args: &CompletionsArgs) -> Result<u8, Failure> {
    let mut script = Vec::new();
    let mut whole = Cli::command();
    let name = whole.get_name().to_owned();
    clap_complete::generate(args.shell, &mut whole, name, &mut script);
    exit::to_stdout(Encoding::Text, repaired(&String::from_utf8_lossy(&script)).as_bytes())?;
    Ok(0)
}

/// The script for bash has two spellings of a name with a hyphen, so that it would complete nothing behind a command
/// (<https://github.com/clap-rs/clap/issues/6421>). In the others the wrong one does not stand.
fn repaired(script: &str) -> String {
    script.replace("workos__subcmd__preflight", "workos__preflight")
}
