//! Writes a report: to a person as the run goes on, to programs when it is over.

mod human;
mod json;
mod junit;

#[cfg(test)]
pub(crate) mod fixture;

use std::cmp::Reverse;
use std::fmt;
use std::io::{self, Write};

use crate::check::Group;
use crate::outcome::Finding;
use crate::report::compare::Comparison;
use crate::report::{Head, Report, Row};
use crate::said::listed;

/// Writes one run in one format. Everything goes to the writer that is handed in.
pub trait Reporter {
    /// The run begins.
    fn begin(&mut self, _head: &Head, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    /// Something happens before there are rows, which only people are told of.
    fn happens(&mut self, _line: &str, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    /// The next row, in plan order.
    fn row(&mut self, _row: &Row, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    /// The run is over; its rows have all been told.
    fn end(&mut self, report: &Report, out: &mut dyn Write) -> io::Result<()>;
}

/// Writes a comparison to a person, who is told everything that is different and what to do about what is worse.
pub fn comparison(comparison: &Comparison, look: Look, out: &mut dyn Write) -> io::Result<()> {
    human::Human::new(look, &[]).comparison(comparison, out)
}

/// Writes what a run that has just been reported comes to against an earlier one: what is different, a line each.
pub fn against_baseline(comparison: &Comparison, look: Look, out: &mut dyn Write) -> io::Result<()> {
    human::Human::new(look, &[]).against_baseline(comparison, out)
}

/// Writes a comparison to a program.
pub fn comparison_as_json(comparison: &Comparison, out: &mut dyn Write) -> io::Result<()> {
    json::document(&crate::report::compare::v1::Comparison::from(comparison), out)
}

/// One way to write. Each has a file or a folder of its own here, which declares it, and its line in [`FORMATS`].
pub struct Format {
    /// As it is written on the command line.
    pub name: &'static str,
    /// How it carries characters.
    pub encoding: Encoding,
    /// How it begins a report. Only [`HUMAN`] looks at the look and at the titles of groups. It colours through `colored`, so
    /// that whoever asks for colour also says so with `colored::control::set_override`.
    pub report: fn(Look, &'static [Group]) -> Box<dyn Reporter>,
}

/// Every format, in the order in which they are named to people.
pub static FORMATS: &[&Format] = &[&human::FORMAT, &json::FORMAT, &junit::FORMAT];

/// For a person at a terminal.
pub static HUMAN: &Format = &human::FORMAT;

/// How a format carries characters, as far as that decides what is done where the locale has ASCII alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Encoding {
    /// Text that is read as it stands.
    Text,
    /// JSON, which has escapes.
    Json,
    /// XML, which has references.
    Xml,
}

impl Format {
    /// The format of this name, or else the sentence that says which there are.
    pub fn named(name: &str) -> Result<&'static Format, String> {
        FORMATS.iter().copied().find(|format| format.name == name).ok_or_else(|| {
            format!("the formats are {}", listed(FORMATS.iter().map(|format| format!("`{}`", format.name))))
        })
    }
}

impl PartialEq for Format {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl fmt::Debug for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// How much a person wants to read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Detail {
    /// What is wrong, and the verdict.
    Quiet,
    /// Every check, and evidence of what did not pass.
    Normal,
    /// The settings, and evidence of everything.
    Verbose,
}

/// How a person is shown the report.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Look {
    /// How much of it.
    pub detail: Detail,
    /// Whether in colour.
    pub colour: bool,
    /// Whether characters beyond ASCII can be shown.
    pub unicode: bool,
    /// How many columns there are.
    pub width: usize,
}

/// A row's findings, those that decided its status first, and otherwise as its check named them.
fn worst_first(row: &Row) -> Vec<&Finding> {
    let mut findings: Vec<&Finding> = row.findings().iter().collect();
    findings.sort_by_key(|finding| Reverse(finding.code.severity));
    findings
}

/// The finding that decided a row's status.
fn worst(row: &Row) -> Option<&Finding> {
    worst_first(row).first().copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::said;

    #[test]
    fn a_format_is_known_by_its_name_and_an_unknown_one_is_told_the_names() {
        for format in FORMATS.iter().copied() {
            assert_eq!(Format::named(format.name), Ok(format));
        }

        assert_eq!(Format::named("xml").unwrap_err(), "the formats are `human`, `json`, `junit`");
    }

    #[test]
    fn no_format_passes_on_what_could_steer_a_terminal() {
        for look in fixture::LOOKS {
            for format in FORMATS {
                let written = fixture::written(format, look, &fixture::hostile());

                let acting: Vec<char> = written.chars().filter(|&c| said::acts(c) && c != '\n').collect();
                assert!(acting.is_empty(), "{format:?} passes on {acting:?}:\n{written}");
                assert!(written.contains("Blocked by policy"), "{written}");
            }
        }
    }
}
