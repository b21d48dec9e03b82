//! Reads a report that an earlier run saved.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::Failure;
use crate::report::v1;

/// A file larger than this is no report, in bytes.
const LARGEST_REPORT: u64 = 16 << 20;

/// The report in a file. What is wrong with it is said without repeating what stands in it.
pub(super) fn report(path: &Path) -> Result<v1::Report, Failure> {
    let unusable =
        |why: String| Failure::Machine { what: format!("the saved report {} cannot be used", path.display()), why };
    let mut text = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LARGEST_REPORT + 1).read_to_end(&mut text))
        .map_err(|error| unusable(error.to_string()))?;
    if text.len() as u64 > LARGEST_REPORT {
        return Err(unusable("it is larger than 16 MiB, and no report is".to_owned()));
    }
    let value: serde_json::Value = serde_json::from_slice(&text).map_err(|error| {
        unusable(format!(
            "it is not JSON (line {}, column {}); `--report json=FILE` writes one",
            error.line(),
            error.column()
        ))
    })?;
    if value.get("schema").and_then(serde_json::Value::as_str) != Some(v1::SCHEMA) {
        return Err(unusable(format!(
            "its `schema` is not `{}`; `--report json=FILE` writes such a report",
            v1::SCHEMA
        )));
    }
    serde_json::from_value(value).map_err(|error| unusable(format!("it is not a whole report: {error}")))
}
