//! Reads a report that was saved earlier. Every way in which a file is none has a sentence of its own, and none of them
//! repeats what stands in the file.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;
use serde_json::error::Category;

use super::Failure;
use crate::files::{self, Unreadable};
use crate::report::v1::{Report, SCHEMA};

/// No report is larger. A file that does not end, such as a device, ends here.
const LARGEST: u64 = 16 * 1024 * 1024;

/// How standard input is named.
const STDIN: &str = "-";

/// Whether a name stands for standard input.
pub(super) fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == STDIN
}

/// The report in a file, or on standard input where the file is `-`. `what` is what it is wanted as: `the report before`.
pub(super) fn read(what: &str, path: &Path) -> Result<Report, Failure> {
    let named = if is_stdin(path) { "standard input".to_owned() } else { path.display().to_string() };
    let content = content(path).and_then(|bytes| parsed(&bytes));
    content.map_err(|why| Failure::Usage(format!("{what} ({named}) {why}")))
}

/// What every sentence ends with.
const WANTED: &str = "expected what `workos-preflight --report json=FILE` writes";

fn content(path: &Path) -> Result<Vec<u8>, String> {
    let read = if is_stdin(path) { files::standard_input(LARGEST) } else { files::read(path, LARGEST) };
    read.map_err(|error| match error {
        Unreadable::Directory => format!("is a directory; {WANTED}"),
        Unreadable::TooLarge(_) => format!("is larger than 16 MiB, and no report is; {WANTED}"),
        other => format!("cannot be read: {other}"),
    })
}

/// What a document says of itself.
#[derive(Deserialize)]
struct Named {
    schema: Option<Value>,
}

fn parsed(bytes: &[u8]) -> Result<Report, String> {
    if files::is_utf16(bytes) {
        return Err("is UTF-16, as `>` of some shells writes it; --output or --report writes UTF-8".to_owned());
    }
    let text = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    if text.trim_ascii().is_empty() {
        return Err(format!("is empty; {WANTED}"));
    }
    let named: Named = serde_json::from_slice(text).map_err(|error| match error.classify() {
        Category::Data => format!("is JSON, but no report; {WANTED}"),
        _ => format!("is not JSON from line {}, column {} on; {WANTED}", error.line(), error.column()),
    })?;
    match named.schema.as_ref().and_then(Value::as_str) {
        Some(SCHEMA) => {}
        Some(other) if other.starts_with("workos-preflight/report/") => {
            return Err(format!("is a report of another version than `{SCHEMA}`; this version reads that one only"));
        }
        Some(other) if other.starts_with("workos-preflight/comparison/") => {
            return Err(format!("is a comparison, and no report; {WANTED}"));
        }
        _ => return Err(format!("does not say `{SCHEMA}` under `schema`; {WANTED}")),
    }
    // The library's own words would quote the file.
    serde_json::from_slice(text).map_err(|error| {
        if is_of_before_the_release(text) {
            return format!(
                "was written before `{SCHEMA}` had the shape that it is released with; write it anew with this version"
            );
        }
        let (line, column) = (error.line(), error.column());
        format!("says that it is `{SCHEMA}`, but line {line}, column {column} is not; `workos-preflight schema report` says what is")
    })
}

/// Whether a report is as development versions wrote them: without its areas, or with rows that do not say how they ended.
fn is_of_before_the_release(text: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Older {
        checks: Vec<OlderCheck>,
        areas: Option<Value>,
    }
    #[derive(Deserialize)]
    struct OlderCheck {
        results: Vec<serde_json::Map<String, Value>>,
    }
    let Ok(Older { checks, areas }) = serde_json::from_slice(text) else { return false };
    let mut results = checks.iter().flat_map(|check| &check.results);
    areas.is_none() || results.any(|result| result.contains_key("status") && !result.contains_key("ended"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reporters::fixture;

    fn said(bytes: &[u8]) -> String {
        parsed(bytes).unwrap_err()
    }

    #[test]
    fn what_was_written_is_read_also_behind_a_byte_order_mark() {
        let report = Report::from(&fixture::broken());
        let written = serde_json::to_vec(&report).unwrap();

        assert_eq!(parsed(&written), Ok(report.clone()));
        assert_eq!(parsed(&[&b"\xef\xbb\xbf"[..], &written].concat()), Ok(report));
    }

    #[test]
    fn whatever_is_no_report_is_told_apart() {
        for (bytes, part) in [
            (&b""[..], "is empty"),
            (b" \n", "is empty"),
            (b"\xff\xfe{\0", "is UTF-16"),
            (b"{\n  \"schema\": hunter2", "is not JSON from line 2, column 13 on"),
            (b"\"hunter2\"", "is JSON, but no report"),
            (b"[\"hunter2\"]", "does not say `workos-preflight/report/v1`"),
            (b"{}", "does not say `workos-preflight/report/v1`"),
            (b"{\"schema\": \"hunter2\"}", "does not say `workos-preflight/report/v1`"),
            (b"{\"schema\": \"workos-preflight/report/v2\"}", "another version"),
            (b"{\"schema\": \"workos-preflight/comparison/v1\"}", "is a comparison"),
            (b"{\"schema\": \"workos-preflight/report/v1\",\n\"vantage\": \"hunter2\"}", "line 2, column 20 is not"),
        ] {
            let said = said(bytes);

            assert!(said.contains(part), "{said}");
            assert!(!said.contains("hunter2"), "{said}");
        }
    }

    #[test]
    fn a_report_of_a_development_version_is_refused_in_a_sentence_of_its_own() {
        let mut older = serde_json::to_value(Report::from(&fixture::broken())).unwrap();
        for check in older["checks"].as_array_mut().unwrap() {
            for result in check["results"].as_array_mut().unwrap() {
                let result = result.as_object_mut().unwrap();
                let reason =
                    result.remove("skipped").filter(|skipped| !skipped.is_null()).map(|_| "needs egress.connects");
                result.remove("ended");
                result.extend([("reason".to_owned(), reason.into()), ("not_applicable".to_owned(), false.into())]);
            }
        }

        let said = said(&serde_json::to_vec(&older).unwrap());

        assert!(said.contains("before `workos-preflight/report/v1` had the shape"), "{said}");
    }

    proptest::proptest! {
        #[test]
        fn whatever_stands_in_a_file_it_is_read_without_a_panic(bytes: Vec<u8>, at: proptest::sample::Index, byte: u8) {
            let _ = parsed(&bytes);
            let mut changed = serde_json::to_vec(&Report::from(&fixture::broken())).unwrap();
            let at = at.index(changed.len());
            changed[at] = byte;
            let _ = parsed(&changed);
        }
    }
}
