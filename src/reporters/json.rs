//! The report, version 1, as one JSON document, and so the comparison.

use std::io::{self, Write};

use serde::Serialize;

use super::{Reporter, steers};
use crate::report::{Report, v1};

pub(super) struct Json;

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

/// JSON says the same with escapes, and a terminal that shows it is then not steered by it. Such characters can only
/// stand inside strings, line breaks between tokens apart.
fn escaped(json: &str) -> String {
    json.chars()
        .map(|c| match c {
            // All of them lie in the basic plane, so that four digits are enough.
            c if steers(c) && c != '\n' => format!("\\u{:04x}", u32::from(c)),
            c => c.to_string(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reporters::{Format, fixture};

    #[test]
    fn a_broken_network_in_json() {
        let written = fixture::written(Format::Json, fixture::NORMAL, &fixture::broken());

        fixture::golden("broken.json", &written.replace(std::env::consts::OS, "linux"));
    }

    #[test]
    fn escapes_change_nothing_that_is_read() {
        let hostile = fixture::hostile();

        let written = fixture::written(Format::Json, fixture::NORMAL, &hostile);
        let read: v1::Report = serde_json::from_str(&written).unwrap();

        assert_eq!(read, v1::Report::from(&hostile));
        assert!(written.ends_with("}\n") && !written.ends_with("\n\n"));
    }
}
