//! What a report must show where no table can say it: each answers with the complaint if it does not hold.

use std::collections::BTreeSet;
use std::time::Duration;

use workos_preflight::report::v1::{CheckResult, Report, Skipped, Status, Vantage, Who};

use crate::found::{findings, results};
use crate::play::Seen;
use crate::scenarios::DEAD_RESOLVER;

/// Whether a check has a result like this that passed.
pub(crate) fn passes(report: &Report, id: &str, like: impl Fn(&CheckResult) -> bool) -> bool {
    results(report).any(|(check, result)| check.id == id && result.status == Status::Pass && like(result))
}

/// Not even a warning.
pub(crate) fn nothing_found(report: &Report, _: &Seen) -> Option<String> {
    findings(report).next().map(|(check, _, finding)| format!("{}/{} is found", check.id, finding.code))
}

/// The only question that needs no setting has its answer, and the others say which setting they wait for.
pub(crate) fn egress_only(report: &Report, _: &Seen) -> Option<String> {
    if !passes(report, "egress.answers", |_| true) {
        return Some("egress.answers does not pass".to_owned());
    }
    // What is not asked for has all its checks skipped; `settings` and `egress` always have something to look at.
    let skipped = |group: &str| {
        results(report)
            .filter(|(check, _)| check.group == group)
            .all(|(_, result)| matches!(result.skipped, Some(Skipped::NotApplicable { .. })))
    };
    let groups: BTreeSet<&str> = report.checks.iter().map(|check| check.group.as_str()).collect();
    let (named, left): (BTreeSet<&str>, BTreeSet<&str>) = (
        report.areas.iter().filter(|area| !area.asked).map(|area| area.group.as_str()).collect(),
        groups.into_iter().filter(|group| skipped(group)).collect(),
    );
    if left.is_empty() || !left.is_subset(&named) {
        return Some(format!("`areas` says that {named:?} were not asked, and nothing was looked at in {left:?}"));
    }
    let says_how = |reason: &str| {
        let is_variable =
            |word: &str| word.contains('_') && word.chars().all(|it| it.is_ascii_uppercase() || it == '_');
        reason
            .split(|it: char| !(it.is_ascii_alphanumeric() || "-_".contains(it)))
            .any(|word| word.starts_with("--") || is_variable(word))
    };
    results(report)
        .filter(|(_, result)| result.status == Status::Skip)
        .find(|(_, result)| !result.reason().as_deref().is_some_and(says_how))
        .map(|(check, result)| format!("{} is skipped and names no setting: {:?}", check.id, result.reason()))
}

/// The API answers, and not to a direct connection.
pub(crate) fn through_the_proxy(report: &Report, _: &Seen) -> Option<String> {
    let by_proxy = |result: &CheckResult| result.via.as_deref().is_some_and(|via| via != "direct");
    (!passes(report, "egress.answers", by_proxy)).then(|| "the API was not reached through the proxy".to_owned())
}

/// Of a connection that fails, the first remedy is a setting of the installer's that holds these words, and opening a port comes
/// after it.
pub(crate) fn first_to_mend(report: &Report, words: &str) -> Option<String> {
    let (.., finding) = findings(report).find(|(check, ..)| check.id == "egress.connects")?;
    let actions: Vec<&str> = finding.remediations.iter().map(|remedy| remedy.action.as_str()).collect();
    let so = finding.remediations[0].who == Who::Installer && actions[0].contains(words);
    (!so || !actions[1].contains("Allow outbound TCP 443")).then(|| format!("the remedies are {actions:?}"))
}

/// The warning is about the resolver that is no more.
pub(crate) fn names_the_dead(report: &Report, _: &Seen) -> Option<String> {
    let named = findings(report).any(|(_, _, finding)| {
        finding.code == "one-resolver-dead" && finding.problem.contains(&DEAD_RESOLVER.to_string())
    });
    (!named).then(|| "the dead resolver is not named".to_owned())
}

/// In which families the API's addresses were tried.
pub(crate) fn tried(report: &Report, four: bool, six: bool) -> Option<String> {
    let connected: Vec<&str> = results(report)
        .filter(|(check, _)| check.id == "egress.connects")
        .flat_map(|(_, result)| &result.evidence)
        .filter(|seen| seen.what == "connection")
        .map(|seen| seen.value.as_str())
        .collect();
    let over = |start: &str| connected.iter().any(|value| value.starts_with(start));
    let (over_four, over_six) = (over("104.18."), over("[2606:4700:"));
    ((four, six) != (over_four, over_six)).then(|| format!("the connections were {connected:?}"))
}

/// No check is about the API, or says that it looked from inside.
pub(crate) fn the_api_is_left_alone(report: &Report, seen: &Seen) -> Option<String> {
    let about = results(report)
        .find(|(_, result)| result.subject.as_deref().is_some_and(|subject| subject.contains("workos.com")));
    if let Some((check, _)) = about {
        return Some(format!("{} is about the API", check.id));
    }
    let outside = report.vantage == Vantage::Outside && seen.reports.contains("the installation from outside");
    (!outside).then(|| "the reports do not say that they look from outside".to_owned())
}

/// No setting of a credential is in effect, although the environment holds some.
pub(crate) fn no_key_is_read(report: &Report, _: &Seen) -> Option<String> {
    let named = report.settings.iter().find(|setting| setting.name.contains("key") || setting.name.contains("secret"));
    named.map(|setting| format!("{} is in effect", setting.name))
}

/// Whoever is kept out by an allowlist reads that this is right, and who is left out.
pub(crate) fn an_allowlist_is_thought_of(report: &Report, _: &Seen) -> Option<String> {
    let (_, _, finding) = findings(report).next()?;
    let action = &finding.remediations[0].action;
    let said = ["allowlist", "10.20.0.10", "--expect-closed"].iter().all(|word| action.contains(word));
    (!said).then(|| format!("the remedy misleads: {action}"))
}

/// The installation keeps this machine out, in this way.
pub(crate) fn kept_out(report: &Report, how: &str) -> Option<String> {
    let so = passes(report, "ingress.closed-to-others", |result| {
        result.evidence.iter().any(|seen| seen.what == "connection" && seen.value.contains(how))
    });
    (!so).then(|| format!("it is not kept out by being {how}"))
}

/// A shape, not a time: questions that do not depend on each other wait together.
pub(crate) fn waits_together(report: &Report, seen: &Seen) -> Option<String> {
    let sum: Duration = results(report).map(|(_, result)| Duration::from_millis(result.duration_ms)).sum();
    (seen.took > sum / 2).then(|| format!("the run took {:?}, and its checks {sum:?} in all", seen.took))
}
