//! Where the reports of a run go: standard output, and the files that were named.

use std::path::Path;

use super::{Failure, terminal};
use crate::checks::GROUPS;
use crate::cli::OutputArgs;
use crate::files::{Place, Unwritable};
use crate::report::Report;
use crate::reporters::{Format, HUMAN, Tells};
use crate::said::caught;

/// A report in a format that reports have.
#[derive(Clone, Copy)]
pub(super) struct Told {
    /// The format.
    pub(super) format: &'static Format,
    /// What tells it.
    pub(super) begin: Tells,
}

impl Told {
    fn in_format(format: &'static Format) -> Result<Self, Failure> {
        let begin = format.tells().map_err(|why| Failure::Usage(format!("no report is in {}: {why}", format.name)))?;
        Ok(Told { format, begin })
    }
}

/// Where the reports of a run go. It is settled before anything is sent, so that no run is lost for a name.
pub(super) struct Outputs {
    /// What standard output gets.
    pub(super) on_stdout: Told,
    files: Vec<(Told, String, Place)>,
}

impl Outputs {
    /// Looks at every name: whether it can be written to, and whether another stands for the same file.
    pub(super) fn of(output: &OutputArgs) -> Result<Self, Failure> {
        let mut on_stdout: Vec<(Told, String)> = Vec::new();
        let mut files: Vec<(Told, String, Place)> = Vec::new();
        if output.output.is_none() && output.format != HUMAN {
            on_stdout.push((Told::in_format(output.format)?, format!("--format {}", output.format.name)));
        }
        let main = output.output.iter().map(|path| (output.format, path, format!("--output {}", path.display())));
        let besides = output
            .report
            .iter()
            .map(|(format, path)| (*format, path, format!("--report {}={}", format.name, path.display())));
        for (format, path, typed) in main.chain(besides) {
            let told = Told::in_format(format)?;
            let place = Place::of(path).map_err(|why| cannot_write(path, &why))?;
            if let Some((_, earlier, _)) = files.iter().find(|(.., other)| other.is(&place)) {
                return Err(named_twice(&path.display().to_string(), earlier, &typed));
            }
            if place.is_where_standard_output_goes() {
                return Err(named_twice(&path.display().to_string(), "where standard output goes", &typed));
            }
            if place.is_standard_output() {
                on_stdout.push((told, typed));
            } else {
                files.push((told, typed, place));
            }
        }
        match &on_stdout[..] {
            [] => Ok(Outputs { on_stdout: Told::in_format(HUMAN)?, files }),
            [(told, _)] => Ok(Outputs { on_stdout: *told, files }),
            [(_, first), (_, second), ..] => Err(named_twice("standard output", first, second)),
        }
    }

    /// Whether there is nothing to write but what standard output gets.
    pub(super) fn is_stdout_alone(&self) -> bool {
        self.files.is_empty()
    }

    /// Writes every file, also after one that could not be written.
    pub(super) fn write(&self, report: &Report, output: &OutputArgs) -> Result<(), Failure> {
        let mut failed = Ok(());
        for (told, _, place) in &self.files {
            let mut text = Vec::new();
            let mut reporter = (told.begin)(terminal::plain(terminal::detail(output.quiet, output.verbose)), GROUPS);
            let written = reporter
                .begin(&report.head, &mut text)
                .and_then(|()| report.rows.iter().try_for_each(|row| reporter.row(row, &mut text)))
                .and_then(|()| reporter.end(report, &mut text))
                .map_err(Unwritable::from)
                .and_then(|()| place.write(caught(&String::from_utf8_lossy(&text)).as_bytes()));
            failed = failed.and(written.map_err(|why| cannot_write(place.named(), &why)));
        }
        failed
    }
}

fn cannot_write(path: &Path, why: &Unwritable) -> Failure {
    Failure::machine(format!("cannot write {}", path.display()), why)
}

fn named_twice(what: &str, first: &str, second: &str) -> Failure {
    Failure::Usage(format!("{what} is named twice, by {first} and by {second}; each report wants a place of its own"))
}
