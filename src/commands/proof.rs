//! The proof that a run of `listen` saved, as far as checks take it in.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{Failure, saved};
use crate::checks::delivered;
use crate::context::SavedDelivery;
use crate::outcome::{Command, Grade, Remediation, Remediations};
use crate::report::v1;
use crate::settings::Settings;

/// What the run of `listen` saw whose report the settings name.
pub(super) fn delivery(settings: &Settings) -> Result<Option<SavedDelivery>, Failure> {
    let Some(named) = &settings.inbound_report else { return Ok(None) };
    let report = saved::read(&format!("the inbound report (named by {})", named.source), &named.value)?;
    let id = delivered::SPEC.id.as_str();
    let result = report.checks.iter().find(|check| check.id == id).and_then(|check| check.results.first());
    let judged = result.filter(|result| came_to_a_conclusion(result));
    Ok(Some(SavedDelivery {
        taken_at: moment(&report.started_at),
        host: report.host.name.clone(),
        subject: result.and_then(|result| result.subject.clone()),
        judged: judged.is_some(),
        grade: judged.and_then(|result| result.grade).map_or(Grade::Declared, Grade::from),
        findings: judged.map(|result| result.findings.iter().filter_map(finding).collect()).unwrap_or_default(),
        evidence: judged.map(|result| result.evidence.iter().map(evidence).collect()).unwrap_or_default(),
        demonstration: report.demonstration.is_some(),
    }))
}

/// A proof, or a finding. What a check took in from another report is older than the report it stands in, and what was left
/// unknown without a finding is nothing.
fn came_to_a_conclusion(result: &v1::CheckResult) -> bool {
    let second_hand = result.evidence.iter().any(|seen| seen.what == delivered::SAVED_REPORT);
    let proved =
        matches!(result.status, v1::Status::Pass | v1::Status::Warn) && result.grade == Some(v1::Grade::Proved);
    !second_hand && (proved || !result.findings.is_empty())
}

/// RFC 3339; what is none counts as long ago, so that nothing recent is claimed.
fn moment(text: &str) -> SystemTime {
    let seconds = text.parse::<jiff::Timestamp>().map_or(0, jiff::Timestamp::as_second);
    UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or_default())
}

/// A finding without a way to mend it is none that this tool wrote.
fn finding(finding: &v1::Finding) -> Option<(String, String, Remediations)> {
    let mut ways = finding.remediations.iter().map(|v1::Remediation { who, action, verify }| Remediation {
        who: (*who).into(),
        action: action.clone(),
        brief: None,
        verify: verify.clone().map(Command::repeated),
    });
    let likeliest = Remediations::from(ways.next()?);
    Some((finding.code.clone(), finding.problem.clone(), ways.fold(likeliest, Remediations::or)))
}

fn evidence(evidence: &v1::Evidence) -> (String, String) {
    (evidence.what.clone(), evidence.value.clone())
}
