//! Writes what there is to say, each document in each format: a report to a person as the run goes on, everything else when it
//! is known.

mod csv;
mod human;
mod json;
mod junit;
mod markdown;
mod wording;

#[cfg(test)]
pub(crate) mod fixture;

use std::cmp::Reverse;
use std::fmt;
use std::io::{self, Write};

use crate::check::Group;
use crate::documents::{Document, Kind};
use crate::outcome::Finding;
use crate::report::compare::{Comparison, Pair, words};
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

    /// The rows of a group have all been told.
    fn area_is_through(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    /// The run is over; its rows have all been told.
    fn end(&mut self, report: &Report, out: &mut dyn Write) -> io::Result<()>;
}

/// Writes what a run that has just been reported comes to against an earlier one: what is different, a line each.
pub fn against_baseline(comparison: &Comparison, look: Look, out: &mut dyn Write) -> io::Result<()> {
    human::Human::new(look, &[]).against_baseline(comparison, out)
}

/// One way to write. Each has a file or a folder of its own here, which declares it, and its line in [`FORMATS`].
pub struct Format {
    /// As it is written on the command line.
    pub name: &'static str,
    /// What names of files in it end with.
    pub ending: &'static str,
    /// How it carries characters.
    pub encoding: Encoding,
    /// What tells a report in it, where reports have it. Only [`HUMAN`] looks at more of the look than the detail. It
    /// colours through `colored`, so that whoever asks for colour also says so with `colored::control::set_override`.
    report: Option<Tells>,
    /// What writes other documents in it, and which.
    documents: Option<Documents>,
}

/// The documents that a format has besides reports.
struct Documents {
    kinds: &'static [Kind],
    write: Writes,
}

impl Documents {
    /// All of them.
    const fn every(write: Writes) -> Self {
        Documents { kinds: &Kind::ALL, write }
    }
}

/// Begins to tell a report.
pub type Tells = fn(Look, &'static [Group]) -> Box<dyn Reporter>;

/// Writes a document.
pub type Writes = fn(&Document, Look, &mut dyn Write) -> io::Result<()>;

/// Every format, in the order in which they are named to people.
pub static FORMATS: &[&Format] = &[&human::FORMAT, &json::FORMAT, &markdown::FORMAT, &junit::FORMAT, &csv::FORMAT];

/// The formats of reports.
pub fn of_reports() -> impl Iterator<Item = &'static Format> {
    FORMATS.iter().copied().filter(|format| format.report.is_some())
}

/// The formats of another document.
pub fn of_documents(kind: Kind) -> impl Iterator<Item = &'static Format> {
    FORMATS.iter().copied().filter(move |format| format.writing(kind).is_some())
}

/// The JSON Schema of a kind of document.
pub fn schema(kind: Kind) -> serde_json::Value {
    json::schema(kind)
}

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
    /// The format of this name, or else the sentence that says which reports have.
    pub fn named(name: &str) -> Result<&'static Format, String> {
        FORMATS.iter().copied().find(|format| format.name == name).ok_or_else(|| the_formats_are(of_reports()))
    }

    /// What tells a report in this format, or else the sentence that says which reports have.
    pub fn tells(&self) -> Result<Tells, String> {
        self.report.ok_or_else(|| the_formats_are(of_reports()))
    }

    /// What writes another document in this format, or else the sentence that says which it has.
    pub fn writes(&self, kind: Kind) -> Result<Writes, String> {
        self.writing(kind).ok_or_else(|| the_formats_are(of_documents(kind)))
    }

    fn writing(&self, kind: Kind) -> Option<Writes> {
        self.documents.as_ref().filter(|documents| documents.kinds.contains(&kind)).map(|documents| documents.write)
    }
}

fn the_formats_are(formats: impl Iterator<Item = &'static Format>) -> String {
    format!("the formats are {}", listed(formats.map(|format| format!("`{}`", format.name))))
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

/// The parts of a comparison that are told in this detail, each under its heading.
fn parts<'p, 'a>(comparison: &'p Comparison<'a>, detail: Detail) -> Vec<(&'static str, Vec<&'p Pair<'a>>)> {
    match detail {
        Detail::Quiet => words::in_short(comparison),
        Detail::Normal => words::parts(comparison),
        Detail::Verbose => [words::parts(comparison), vec![words::unchanged(comparison)]].concat(),
    }
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
    use crate::{documents, said};

    #[test]
    fn a_format_is_known_by_its_name_and_an_unknown_one_is_told_the_names() {
        for format in FORMATS.iter().copied() {
            assert_eq!(Format::named(format.name), Ok(format));
        }

        assert_eq!(Format::named("xml").unwrap_err(), "the formats are `human`, `json`, `markdown`, `junit`");
    }

    #[test]
    fn a_document_is_refused_in_the_formats_of_others() {
        let of_plans = |format: &Format| format.writes(Kind::Plan).unwrap_err();
        assert_eq!(of_plans(&junit::FORMAT), "the formats are `human`, `json`, `markdown`");
        assert_eq!(of_plans(&csv::FORMAT), "the formats are `human`, `json`, `markdown`");
        let of_sheets: Vec<_> = of_documents(Kind::Requirements).map(|format| format.name).collect();
        assert_eq!(of_sheets, ["human", "json", "markdown", "csv"]);
        let of_reports = "the formats are `human`, `json`, `markdown`, `junit`";
        assert!(csv::FORMAT.tells().is_err_and(|why| why == of_reports));
    }

    #[test]
    fn a_report_has_a_golden_in_every_format() {
        for format in of_reports() {
            for (name, report) in [("broken", fixture::broken()), ("unfinished", fixture::unfinished())] {
                let written = fixture::written(format, fixture::NORMAL, &report);

                fixture::golden_in(format, name, &written.replace(std::env::consts::OS, "linux"));
            }
        }
    }

    #[test]
    fn every_document_has_a_golden_in_every_format() {
        let mut kinds = vec![Kind::Report];
        documents::fixture::each(|name, document| {
            kinds.push(document.kind());
            for format in of_documents(document.kind()) {
                let written = fixture::document(format, fixture::NORMAL, document);
                fixture::golden_in(format, name, &written.replace("\r\n", "\n"));
            }
        });

        assert!(Kind::ALL.iter().all(|kind| kinds.contains(kind)), "{kinds:?}");
    }

    #[test]
    fn every_document_in_json_holds_to_its_published_schema() {
        let held = |name: &str, kind: Kind, written: &str| {
            let written: serde_json::Value = serde_json::from_str(written).unwrap();
            let validator = jsonschema::validator_for(&schema(kind)).unwrap();
            let errors: Vec<String> = validator.iter_errors(&written).map(|error| error.to_string()).collect();

            assert!(errors.is_empty(), "{name}: {errors:?}");
            let said = format!("workos-preflight/{}/v1", kind.as_str());
            assert_eq!(written["schema"], said, "{name}");
            let mut other = written;
            other["schema"] = "workos-preflight/other/v1".into();
            assert!(!validator.is_valid(&other), "the schema of {name} holds for anything");
        };
        documents::fixture::each(|name, document| {
            held(name, document.kind(), &fixture::document(&json::FORMAT, fixture::NORMAL, document));
        });
        for report in fixture::every() {
            held("report", Kind::Report, &fixture::written(&json::FORMAT, fixture::NORMAL, &report));
        }
    }

    #[test]
    fn no_document_passes_on_what_could_steer_a_terminal() {
        for look in fixture::LOOKS {
            documents::fixture::each_hostile(|document| {
                for format in of_documents(document.kind()) {
                    // Lines of a table end with both signs; one of them alone would act.
                    let written = fixture::document(format, look, document).replace("\r\n", "\n");

                    let acting: Vec<char> = written.chars().filter(|&c| said::acts(c) && c != '\n').collect();
                    assert!(acting.is_empty(), "{format:?} passes on {acting:?}:\n{written}");
                    assert!(!written.contains("::error"), "{written}");
                    assert!(written.contains("owned"), "{written}");
                }
            });
        }
    }

    #[test]
    fn no_format_passes_on_what_could_steer_a_terminal() {
        for look in fixture::LOOKS {
            for format in of_reports() {
                let written = fixture::written(format, look, &fixture::hostile());

                let acting: Vec<char> = written.chars().filter(|&c| said::acts(c) && c != '\n').collect();
                assert!(acting.is_empty(), "{format:?} passes on {acting:?}:\n{written}");
                assert!(written.contains("Blocked by policy"), "{written}");
            }
        }
    }
}
