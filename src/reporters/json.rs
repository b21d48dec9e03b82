//! The report, version 1, as one JSON document, and so the comparison.

use std::io::{self, Write};

use serde::Serialize;

use super::{Encoding, Format, Reporter};
use crate::report::{Report, v1};
use crate::said::escaped;

/// For programs.
pub(super) static FORMAT: Format = Format { name: "json", encoding: Encoding::Json, report: |_, _| Box::new(Json) };

struct Json;

impl Reporter for Json {
    fn end(&mut self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        document(&v1::Report::from(report), out)
    }
}

/// One JSON document, as a person can read it too.
pub(super) fn document(content: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let text = serde_json::to_string_pretty(content)?;
    writeln!(out, "{}", escaped(&text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reporters::fixture;

    #[test]
    fn a_broken_network_in_json() {
        let written = fixture::written(&FORMAT, fixture::NORMAL, &fixture::broken());

        fixture::golden("broken.json", &written.replace(std::env::consts::OS, "linux"));
    }

    #[test]
    fn escapes_change_nothing_that_is_read() {
        let hostile = fixture::hostile();

        let written = fixture::written(&FORMAT, fixture::NORMAL, &hostile);
        let read: v1::Report = serde_json::from_str(&written).unwrap();

        assert_eq!(read, v1::Report::from(&hostile));
        assert!(written.ends_with("}\n") && !written.ends_with("\n\n"));
    }
}
