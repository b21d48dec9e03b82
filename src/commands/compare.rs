//! `compare`: what improved, regressed and stayed between two saved reports. Nothing is sent.

use std::io;
use std::path::Path;

use super::exit;
use super::saved::{self, is_stdin};
use super::{Failure, print_document, terminal};
use crate::cli::{CompareArgs, OutputArgs};
use crate::documents::Document;
use crate::report::compare::{Comparison, Verdict};
use crate::report::{Report, v1};
use crate::reporters::{self, Encoding};

pub(super) fn run(args: &CompareArgs) -> Result<u8, Failure> {
    if is_stdin(&args.before) && is_stdin(&args.after) {
        return Err(Failure::Usage("standard input can be only one of the two reports".to_owned()));
    }
    let before = saved::read("the report before", &args.before)?;
    let after = saved::read("the report after", &args.after)?;
    let comparison = Comparison::of(&before, &after);
    let look = terminal::look(terminal::detail(args.quiet, args.verbose), args.color);
    match print_document(&Document::Comparison(&comparison), args.format, look) {
        // Whoever has read enough of it may still ask for the exit code.
        Ok(_) | Err(Failure::Closed) => {}
        Err(failure) => return Err(failure),
    }
    Ok(code(&comparison))
}

fn code(comparison: &Comparison) -> u8 {
    u8::from(comparison.verdict() == Verdict::Worse)
}

/// The report that a run is held to.
pub(super) struct Baseline(v1::Report);

impl Baseline {
    /// Read before anything is sent, so that a run is not lost for a name.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        if is_stdin(path) {
            return Err(Failure::Usage("--baseline wants a file; standard input is not read for it".to_owned()));
        }
        saved::read("the baseline", path).map(Baseline)
    }

    /// Says what the run comes to against it: after a human report, and otherwise to stderr, so that the report on stdout
    /// stays what its format says. The exit code is that of the comparison.
    pub(super) fn hold(&self, report: &Report, output: &OutputArgs, on_stdout: bool) -> Result<u8, Failure> {
        let after = v1::Report::from(report);
        let comparison = Comparison::of(&self.0, &after);
        let detail = terminal::detail(output.quiet, output.verbose);
        if on_stdout {
            let mut text = b"\n".to_vec();
            reporters::against_baseline(&comparison, terminal::look(detail, output.color), &mut text)?;
            match exit::to_stdout(Encoding::Text, &text) {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
                written => written?,
            }
        } else {
            let mut text = Vec::new();
            reporters::against_baseline(&comparison, terminal::look_of_stderr(detail, output.color), &mut text)?;
            exit::to_stderr(&text);
        }
        Ok(code(&comparison))
    }
}
