//! `help` and `version`: what the tool says of itself.

use clap::CommandFactory;

use super::{Failure, print, usage};
use crate::cli::{self, Cli, Length};
use crate::facts::Facts;
use crate::settings::nearest;

/// Prints the help of the whole, or of a command.
pub(super) fn help(of: &[String]) -> Result<u8, Failure> {
    usage::show(&cli::help(&command(of)?, Length::Full))
}

/// Prints what this build is, a line for each.
pub(super) fn version() -> Result<u8, Failure> {
    let lines = [
        ("commit", COMMIT.filter(|commit| !commit.is_empty()).unwrap_or("not recorded")),
        ("facts", &Facts::embedded().as_of),
        ("target", env!("BUILT_FOR")),
    ];
    let lines = lines.map(|(what, is)| format!("{what:7} {is}\n")).concat();
    print(&format!("{} {}\n{lines}", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")))
}

/// What whoever builds a package says that it is built from.
const COMMIT: Option<&str> = option_env!("WORKOS_PREFLIGHT_COMMIT");

/// The whole, or one of its commands, as its help and its manual page tell it.
pub(super) fn command(of: &[String]) -> Result<clap::Command, Failure> {
    let mut whole = Cli::command();
    whole.build();
    let mut within = &whole;
    for name in of {
        match within.find_subcommand(name) {
            Some(one) => within = one,
            None => return Err(unknown(name, within)),
        }
    }
    Ok(within.clone())
}

fn unknown(name: &str, whole: &clap::Command) -> Failure {
    let near = nearest(name, whole.get_subcommands().map(clap::Command::get_name));
    let near = near
        .map_or_else(|| "; `workos-preflight help` lists them".to_owned(), |near| format!("; did you mean `{near}`?"));
    Failure::Usage(format!("{} is not a command{near}", usage::typed(name)))
}
