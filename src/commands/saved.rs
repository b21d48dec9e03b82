//! Reads a report that an earlier run saved.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::Failure;
use crate::check::{Grade, Remediation, Who};
use crate::checks::delivered;
use crate::context::SavedDelivery;
use crate::report::v1;
use crate::settings::Settings;

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

/// What the run of `listen` saw whose report the settings name.
pub(super) fn delivery(settings: &Settings) -> Result<Option<SavedDelivery>, Failure> {
    let Some(named) = &settings.inbound_report else { return Ok(None) };
    let report = report(&named.value)?;
    let id = delivered::SPEC.id.as_str();
    let result = report.checks.iter().find(|check| check.id == id).and_then(|check| check.results.first());
    let judged = result.filter(|result| result.status != v1::Status::Skip);
    Ok(Some(SavedDelivery {
        taken_at: moment(&report.started_at),
        host: report.host.name.clone(),
        subject: result.and_then(|result| result.subject.clone()),
        judged: judged.is_some(),
        grade: judged.and_then(|result| result.grade).map_or(Grade::Declared, grade),
        findings: judged.map(|result| result.findings.iter().map(finding).collect()).unwrap_or_default(),
        evidence: judged.map(|result| result.evidence.iter().map(evidence).collect()).unwrap_or_default(),
        demonstration: report.demonstration.is_some(),
    }))
}

/// RFC 3339; what is none counts as long ago, so that nothing recent is claimed.
fn moment(text: &str) -> SystemTime {
    let seconds = text.parse::<jiff::Timestamp>().map_or(0, jiff::Timestamp::as_second);
    UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or_default())
}

fn finding(finding: &v1::Finding) -> (String, String, Remediation) {
    let who = match finding.remediation.who {
        v1::Who::Network => Who::Network,
        v1::Who::Installer => Who::Installer,
        v1::Who::Vendor => Who::Vendor,
        v1::Who::Workos => Who::Workos,
    };
    let remediation =
        Remediation { who, action: finding.remediation.action.clone(), verify: finding.remediation.verify.clone() };
    (finding.code.clone(), finding.problem.clone(), remediation)
}

fn evidence(evidence: &v1::Evidence) -> (String, String) {
    (evidence.what.clone(), evidence.value.clone())
}

fn grade(grade: v1::Grade) -> Grade {
    match grade {
        v1::Grade::Declared => Grade::Declared,
        v1::Grade::Modelled => Grade::Modelled,
        v1::Grade::Reached => Grade::Reached,
        v1::Grade::Identified => Grade::Identified,
        v1::Grade::Answered => Grade::Answered,
        v1::Grade::Authorized => Grade::Authorized,
        v1::Grade::Proved => Grade::Proved,
    }
}
