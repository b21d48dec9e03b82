//! The options of `init`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::settings::{ByCheck, Typed};

/// The options of `init`.
#[derive(Args, Debug)]
#[command(
    after_help = "On a terminal it asks for the few settings that matter and are not given; elsewhere it writes what is given. Every \
                  other setting stands in the file as a comment. The file is for its owner alone, and holds no key and no secret, only \
                  the names of files that hold them."
)]
pub struct InitArgs {
    /// Where to write it; `-` is standard output [default: preflight.toml]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "The file")]
    pub output: Option<PathBuf>,
    /// Write over a file that is there
    #[arg(long, help_heading = "The file")]
    pub force: bool,
    /// What stands in it.
    #[command(flatten)]
    pub settings: Typed<ByCheck>,
}
