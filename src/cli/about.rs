//! The commands that tell of the tool itself.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

/// The argument of `help`.
#[derive(Args, Debug)]
pub struct HelpArgs {
    /// Of which command
    #[arg(value_name = "COMMAND", num_args = 0..=2)]
    pub command: Vec<String>,
}

/// The argument of `completions`.
#[derive(Args, Debug)]
#[command(
    after_help = "bash: workos-preflight completions bash > ~/.local/share/bash-completion/completions/workos-preflight\n\
                  zsh: workos-preflight completions zsh > a directory of $fpath, as _workos-preflight\n\
                  fish: workos-preflight completions fish > ~/.config/fish/completions/workos-preflight.fish"
)]
pub struct CompletionsArgs {
    /// For which shell
    #[arg(value_enum, value_name = "SHELL")]
    pub shell: Shell,
}

/// The arguments of `man`.
#[derive(Args, Debug)]
#[command(
    after_help = "workos-preflight man | man -l - shows the page of the whole, workos-preflight man check | man -l - that of a command."
)]
pub struct ManArgs {
    /// Of which command
    #[arg(value_name = "COMMAND", num_args = 0..=2)]
    pub command: Vec<String>,
    /// Write the pages of the whole and of every command into this directory, as packages want them
    #[arg(long, value_name = "DIRECTORY", value_hint = clap::ValueHint::DirPath, conflicts_with = "command")]
    pub output: Option<PathBuf>,
}
