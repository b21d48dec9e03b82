//! The commands: the only place where all parts meet, where stdout is held, and where an outcome becomes an exit code.

mod about;
mod check;
mod compare;
mod completions;
mod demo;
mod elsewhere;
mod exit;
mod explain;
mod gather;
mod init;
mod listen;
mod man;
mod outputs;
mod plan;
mod probe;
mod requirements;
mod rules;
mod saved;
mod schema;
mod session;
mod terminal;
mod usage;

use std::io;
use std::panic;
use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};
use crate::documents::Document;
use crate::reporters::{Encoding, Format, Look};
use crate::said;
use crate::settings::{Setting, SettingsError, Source};
use exit::Stream;

/// Why a command could not be carried out. One clear sentence each.
#[derive(Debug, thiserror::Error)]
enum Failure {
    /// Settings that cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// Words that mean nothing.
    #[error("{0}")]
    Usage(String),
    /// Something on this machine that is needed and not to be had.
    #[error("{what}: {why}")]
    Machine {
        /// What was to be done.
        what: String,
        /// Why it could not be.
        why: String,
    },
    /// The reader of stdout went away; nobody is left to tell.
    #[error("the output was closed")]
    Closed,
}

impl Failure {
    fn machine(what: impl Into<String>, why: impl std::fmt::Display) -> Self {
        Failure::Machine { what: what.into(), why: why.to_string() }
    }

    fn file<T>(what: &'static str, file: &Setting<std::path::PathBuf>, why: impl Into<String>) -> Result<T, Failure> {
        let from = Some(file.source.clone()).filter(|source| *source != Source::Default);
        Err(SettingsError::Unreadable { what, path: file.value.clone(), from, why: why.into() }.into())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::Closed,
            _ => Failure::machine("cannot write the output", error),
        }
    }
}

/// Exit codes besides those of a verdict.
const UNUSABLE: u8 = 2;
const DEFECT: u8 = 70;

/// Parses the command line, carries the command out, and says how it ended.
pub fn main() -> ExitCode {
    panic::set_hook(Box::new(|broken| {
        let place = broken.location().map(ToString::to_string).unwrap_or_default();
        say(&format!("a defect in the tool at {place}; please report it"));
    }));
    gather::keep_secrets_of_the_environment();
    let ended = panic::catch_unwind(|| match Cli::try_parse() {
        Ok(typed) => carry_out(typed),
        Err(error) => usage::answer(&error),
    });
    let code = match ended {
        Ok(Ok(code)) => code,
        Ok(Err(Failure::Closed)) => 0,
        Ok(Err(failure)) => {
            say(&failure.to_string());
            UNUSABLE
        }
        Err(_) => DEFECT,
    };
    // What was queued is waited for, however the command ended.
    for stream in [Stream::Out, Stream::Err] {
        let _ = exit::finish(stream);
    }
    ExitCode::from(code)
}

fn carry_out(typed: Cli) -> Result<u8, Failure> {
    match typed.command {
        None => check::run(&typed.check),
        Some(Command::Check(args)) => check::run(&args),
        Some(Command::Plan(args)) => plan::run(&args),
        Some(Command::Requirements(args)) => requirements::run(&args),
        Some(Command::Rules(args)) => rules::run(&args),
        Some(Command::Listen(args)) => listen::run(&args),
        Some(Command::Compare(args)) => compare::run(&args),
        Some(Command::Probe(args)) => probe::run(&args),
        Some(Command::Explain(args)) => explain::run(&args),
        Some(Command::Init(args)) => init::run(&args),
        Some(Command::Demo(args)) => demo::run(&args),
        Some(Command::Schema(args)) => schema::run(&args),
        Some(Command::Help(args)) => about::help(&args.command),
        Some(Command::Version) => about::version(),
        Some(Command::Completions(args)) => completions::run(&args),
        Some(Command::Man(args)) => man::run(&args),
    }
}

/// Everything about the tool itself goes to stderr.
fn say(sentence: &str) {
    exit::to_stderr(format!("workos-preflight: {}\n", said::line(sentence)).as_bytes());
}

/// Prints a text for a person to stdout, in one write. What strangers said in it has passed [`said::line`].
fn print(text: &str) -> Result<u8, Failure> {
    exit::to_stdout(Encoding::Text, said::harmless_lines(text).as_bytes())?;
    Ok(0)
}

/// Prints a document to stdout, in one write.
fn print_document(document: &Document, format: &'static Format, look: Look) -> Result<u8, Failure> {
    let write = format
        .writes(document.kind())
        .map_err(|why| Failure::Usage(format!("this is not written as {}: {why}", format.name)))?;
    let mut text = Vec::new();
    write(document, look, &mut text)?;
    exit::to_stdout(format.encoding, &text)?;
    Ok(0)
}

/// Prints JSON to stdout, in one write.
fn print_json(value: &serde_json::Value) -> Result<u8, Failure> {
    exit::to_stdout(Encoding::Json, format!("{}\n", said::escaped(&format!("{value:#}"))).as_bytes())?;
    Ok(0)
}
