//! `compare`: what improved, regressed and stayed between two saved reports. Nothing is sent.

use std::io::{self, Write};

use super::saved::{self, is_stdin};
use super::{Failure, terminal};
use crate::cli::{CompareArgs, ComparisonFormat};
use crate::report::compare::{Comparison, Verdict};
use crate::reporters;

pub(super) fn run(args: &CompareArgs) -> Result<u8, Failure> {
    if is_stdin(&args.before) && is_stdin(&args.after) {
        return Err(Failure::Usage("standard input can be only one of the two reports".to_owned()));
    }
    let before = saved::read("the report before", &args.before)?;
    let after = saved::read("the report after", &args.after)?;
    let comparison = Comparison::of(&before, &after);
    let mut text = Vec::new();
    match args.format {
        ComparisonFormat::Human => {
            let look = terminal::look(terminal::detail(args.quiet, args.verbose), args.color);
            reporters::comparison(&comparison, look, &mut text)?;
        }
        ComparisonFormat::Json => reporters::comparison_as_json(&comparison, &mut text)?,
    }
    print(&text)?;
    Ok(code(&comparison))
}

/// Prints to stdout. Whoever has read enough of it may still ask for the exit code.
fn print(text: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

fn code(comparison: &Comparison) -> u8 {
    u8::from(comparison.verdict() == Verdict::Worse)
}
