//! What a report says, as the scenarios of every network ask it.

use serde_json::Value;
use workos_preflight::documents::Kind;
use workos_preflight::report::v1::{Check, CheckResult, Finding, Report, Verdict};
use workos_preflight::reporters::schema;

/// A report in JSON, and what the schema has against it.
pub(crate) fn read(text: &str) -> Result<(Report, Vec<String>), String> {
    let json: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let validator = jsonschema::validator_for(&schema(Kind::Report)).map_err(|error| error.to_string())?;
    let wrong = validator.iter_errors(&json).map(|error| format!("the schema does not allow: {error}")).collect();
    Ok((serde_json::from_value(json).map_err(|error| error.to_string())?, wrong))
}

/// The exit code that a verdict stands for.
pub(crate) fn exit_of(verdict: Verdict) -> i32 {
    match verdict {
        Verdict::Ready | Verdict::Incomplete => 0,
        Verdict::NotReady => 1,
        Verdict::Undecided => 3,
    }
}

/// Every finding with its check and its result, in run order.
pub(crate) fn findings(report: &Report) -> impl Iterator<Item = (&Check, &CheckResult, &Finding)> {
    results(report).flat_map(|(check, result)| result.findings.iter().map(move |finding| (check, result, finding)))
}

/// Every result with its check, in run order.
pub(crate) fn results(report: &Report) -> impl Iterator<Item = (&Check, &CheckResult)> {
    report.checks.iter().flat_map(|check| check.results.iter().map(move |result| (check, result)))
}

/// Whether a finding is the one with this address, `check-id/code`.
pub(crate) fn is(check: &Check, finding: &Finding, address: &str) -> bool {
    address.split_once('/') == Some((check.id.as_str(), finding.code.as_str()))
}

/// The verdict and every finding, a line each, for a person who reads why a trial failed.
pub(crate) fn summary(report: &Report) -> String {
    let lines = findings(report).map(|(check, result, finding)| {
        format!(
            "  {}/{} ({:?}, {}): {} → {:?}: {}",
            check.id,
            finding.code,
            finding.severity,
            result.subject.as_deref().unwrap_or("the run"),
            finding.problem,
            finding.remediations[0].who,
            finding.remediations[0].action
        )
    });
    let lines: Vec<String> = lines.collect();
    format!("  verdict {:?}\n{}", report.verdict, lines.join("\n"))
}
