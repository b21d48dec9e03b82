//! Where the reports of a run go: standard output, and the files that were named.

use std::path::Path;

use super::{Failure, terminal};
use crate::checks::GROUPS;
use crate::cli::OutputArgs;
use crate::files::{Place, Unwritable};
use crate::report::Report;
use crate::reporters::{Format, HUMAN};
use crate::said::caught;

/// Where the reports of a run go. It is settled before anything is sent, so that no run is lost for a name.
pub(super) struct Outputs {
    /// What standard output gets.
    pub(super) on_stdout: &'static Format,
    files: Vec<(&'static Format, String, Place)>,
}

impl Outputs {
    /// Looks at every name: whether it can be written to, and whether another stands for the same file.
    pub(super) fn of(output: &OutputArgs) -> Result<Self, Failure> {
        let mut on_stdout: Vec<(&'static Format, String)> = Vec::new();
        let mut files: Vec<(&'static Format, String, Place)> = Vec::new();
        if output.output.is_none() && output.format != HUMAN {
            on_stdout.push((output.format, format!("--format {}", output.format.name)));
        }
        let main = output.output.iter().map(|path| (output.format, path, format!("--output {}", path.display())));
        let besides = output
            .report
            .iter()
            .map(|(format, path)| (*format, path, format!("--report {}={}", format.name, path.display())));
        for (format, path, typed) in main.chain(besides) {
            let place = Place::of(path).map_err(|why| cannot_write(path, &why))?;
            if let Some((_, earlier, _)) = files.iter().find(|(.., other)| other.is(&place)) {
                return Err(named_twice(&path.display().to_string(), earlier, &typed));
            }
            if place.is_where_standard_output_goes() {
                return Err(named_twice(&path.display().to_string(), "where standard output goes", &typed));
            }
            if place.is_standard_output() {
                on_stdout.push((format, typed));
            } else {
                files.push((format, typed, place));
            }
        }
        match &on_stdout[..] {
            [] => Ok(Outputs { on_stdout: HUMAN, files }),
            [(format, _)] => Ok(Outputs { on_stdout: format, files }),
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
        for (format, _, place) in &self.files {
            let mut text = Vec::new();
            let look = terminal::plain(terminal::detail(output.quiet, output.verbose));
            let mut reporter = (format.report)(look, GROUPS);
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
