//! Every document as JSON. Each has a wire format of its own, which only ever gains fields, and a schema of it.

mod audit;
mod change;
mod explain;
mod faults;
mod plan;
mod requirements;
mod touch;

use std::io::{self, Write};

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::Value;

use super::{Documents, Encoding, Format, Look, Reporter};
use crate::documents::{Document, Kind};
use crate::report::{Report, compare, v1};
use crate::said::escaped;

/// For programs.
pub(super) static FORMAT: Format = Format {
    name: "json",
    ending: "json",
    encoding: Encoding::Json,
    report: Some(|_, _| Box::new(Json)),
    documents: Some(Documents::every(document)),
};

struct Json;

impl Reporter for Json {
    fn end(&mut self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        written(&v1::Report::from(report), out)
    }
}

fn document(document: &Document, _look: Look, out: &mut dyn Write) -> io::Result<()> {
    match document {
        Document::Audit(document) => written(&audit::Audit::from(document.as_ref()), out),
        Document::Change(change) => written(&change::Change::from(change.as_ref()), out),
        Document::Plan(plan) => written(&plan::Plan::from(plan.as_ref()), out),
        Document::Requirements(sheet) => written(&requirements::Requirements::from(sheet.as_ref()), out),
        Document::Explain(page) => written(&explain::Page::from(page), out),
        Document::Comparison(comparison) => written(&compare::v1::Comparison::from(*comparison), out),
        Document::Faults(faults) => written(&faults::Faults::from(faults), out),
    }
}

/// The JSON Schema of what is written.
pub(super) fn schema(kind: Kind) -> Value {
    match kind {
        Kind::Report => of::<v1::Report>(),
        Kind::Comparison => of::<compare::v1::Comparison>(),
        Kind::Plan => of::<plan::Plan>(),
        Kind::Requirements => of::<requirements::Requirements>(),
        Kind::Explain => of::<explain::Page>(),
        Kind::Faults => of::<faults::Faults>(),
        Kind::Audit => of::<audit::Audit>(),
        Kind::Change => of::<change::Change>(),
    }
}

fn of<Wire: JsonSchema>() -> Value {
    SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<Wire>().to_value()
}

/// One JSON document, as a person can read it too.
fn written(content: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let text = serde_json::to_string_pretty(content)?;
    writeln!(out, "{}", escaped(&text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reporters::fixture;

    #[test]
    fn escapes_change_nothing_that_is_read() {
        let hostile = fixture::hostile();

        let written = fixture::written(&FORMAT, fixture::NORMAL, &hostile);
        let read: v1::Report = serde_json::from_str(&written).unwrap();

        assert_eq!(read, v1::Report::from(&hostile));
        assert!(written.ends_with("}\n") && !written.ends_with("\n\n"));
    }
}
