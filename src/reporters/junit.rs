//! The report as `JUnit` XML: a suite per group, a test case per check and subject.

use std::io::{self, Write};

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use super::{Encoding, Format, Reporter, worst, worst_first};
use crate::outcome::{Finding, Status};
use crate::report::{Report, Row};
use crate::said::{harmless, utc};

/// For CI systems that show test results.
pub(super) static FORMAT: Format = Format {
    name: "junit",
    ending: "xml",
    encoding: Encoding::Xml,
    report: Some(|_, _| Box::new(Junit)),
    documents: None,
};

struct Junit;

impl Reporter for Junit {
    fn end(&mut self, report: &Report, out: &mut dyn Write) -> io::Result<()> {
        // Written at one go, so that an error of `out` keeps its kind: a broken pipe is told apart by it.
        let mut xml = Vec::new();
        document(report).serialize(&mut xml).map_err(io::Error::other)?;
        out.write_all(&xml)
    }
}

fn document(report: &Report) -> quick_junit::Report {
    let mut document = quick_junit::Report::new(env!("CARGO_PKG_NAME"));
    document.set_time(report.duration);
    let began = jiff::Timestamp::try_from(report.head.started_at).unwrap_or_default();
    document.timestamp = began.to_string().parse().ok();
    let mut suites: Vec<TestSuite> = Vec::new();
    for row in &report.rows {
        let case = case(row);
        if let Some(suite) = suites.iter_mut().find(|suite| suite.name.as_str() == row.group()) {
            suite.add_test_case(case);
        } else {
            let mut suite = suite(report, row.group());
            suite.add_test_case(case);
            suites.push(suite);
        }
    }
    document.add_test_suites(suites);
    document
}

fn suite(report: &Report, group: &str) -> TestSuite {
    let head = &report.head;
    let mut suite = TestSuite::new(group);
    let mut property = |name: &str, value: &str| {
        suite.add_property((name, harmless(value).as_str()));
    };
    property("version", env!("CARGO_PKG_VERSION"));
    property("started", &utc(head.started_at));
    property("host", &head.host);
    property("addresses", &head.addresses.join(", "));
    property("route", &head.via);
    if let Some(from) = &head.via_from {
        property("route named by", &from.to_string());
    }
    if let Some(file) = &head.settings_file {
        property("settings file", &file.display().to_string());
    }
    property("vantage", head.vantage.as_str());
    property("strategy", head.strategy.as_str());
    property("facts", &head.facts_as_of);
    property("verdict", report.verdict().as_str());
    if report.interrupted {
        property("interrupted", "true");
    }
    if let Some(played) = &head.demonstration {
        property("demonstration", played);
    }
    suite
}

fn case(row: &Row) -> TestCase {
    let id = row.spec.id.as_str();
    let name = row.subject.as_ref().map_or_else(|| id.to_owned(), |subject| format!("{id} {}", harmless(subject)));
    let mut case = TestCase::new(name, status(row));
    case.set_classname(format!("{}.{}", env!("CARGO_PKG_NAME"), row.group()));
    case.set_time(row.took);
    if row.status() == Status::Warn || row.waived.is_some() {
        case.set_system_out(account(row));
    }
    case
}

/// What is waived, left out, or unknown without being required does not make a build fail.
fn status(row: &Row) -> TestCaseStatus {
    let reason = harmless(&row.reason().unwrap_or_default());
    let skipped = |message: String| {
        let mut status = TestCaseStatus::skipped();
        status.set_message(message);
        status
    };
    if let Some(waived) = &row.waived {
        return skipped(format!("waived: {}", harmless(waived)));
    }
    match row.status() {
        Status::Pass | Status::Warn => TestCaseStatus::success(),
        Status::Skip if row.is_not_applicable() => skipped(format!("not checked: {reason}")),
        Status::Skip => skipped(format!("skipped: {reason}")),
        Status::Unknown if !row.required => skipped(format!("unknown: {}", said(row))),
        Status::Fail => broken(row, NonSuccessKind::Failure),
        Status::Unknown => broken(row, NonSuccessKind::Error),
    }
}

fn broken(row: &Row, kind: NonSuccessKind) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_message(said(row));
    let id = row.spec.id;
    status.set_type(worst(row).map_or_else(|| id.to_string(), |finding| format!("{id}/{}", finding.code.name)));
    status.set_description(account(row));
    status
}

/// What is wrong, in one line.
fn said(row: &Row) -> String {
    harmless(&worst(row).map(|finding| finding.problem.clone()).or_else(|| row.reason()).unwrap_or_default())
}

/// Everything that is known about it, line by line.
fn account(row: &Row) -> String {
    let mut lines: Vec<String> = row.reason().iter().map(|reason| harmless(reason)).collect();
    for Finding { code, problem, remediations } in worst_first(row) {
        lines.push(format!("{} [{}/{}]", harmless(problem), row.spec.id, code.name));
        for (nth, remediation) in remediations.iter().enumerate() {
            let or = if nth == 0 { "" } else { "or " };
            lines.push(format!("{or}{}: {}", remediation.who.as_str(), harmless(&remediation.action)));
            lines.extend(remediation.verify.iter().map(|command| format!("see it: {}", harmless(command.as_str()))));
        }
    }
    let public = row.evidence().iter().filter(|seen| !seen.confidential);
    lines.extend(public.map(|seen| format!("seen: {}: {}", seen.what, harmless(&seen.value))));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::FORMAT;
    use crate::reporters::fixture;

    #[test]
    fn what_xml_cannot_carry_does_not_break_it() {
        let written = fixture::written(&FORMAT, fixture::NORMAL, &fixture::hostile());

        let carried =
            |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
        assert!(written.chars().all(carried));
        assert!(written.contains("&lt;script&gt;") && !written.contains("<script>"), "{written}");
    }
}
