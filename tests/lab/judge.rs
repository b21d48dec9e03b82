//! What must hold of every run, and what a scenario expects besides.

use libtest_mimic::Failed;
use workos_preflight::report::v1::{CheckResult, Ended, Finding, Report, Severity, Status, Verdict};

use crate::found::{exit_of, findings, is, read, results, summary};
use crate::play::Seen;
use crate::scenario::{Scenario, Words};

/// Fails with everything that does not hold, and with what was found.
pub(crate) fn judge(scenario: &Scenario, seen: &Seen) -> Result<(), Failed> {
    let (report, mut wrong) = read(&seen.stdout).map_err(|error| unreadable(seen, &error))?;
    wrong.extend(always(scenario, seen, &report));
    wrong.extend(expected(scenario, &report));
    wrong.extend(scenario.expect.also.iter().filter_map(|also| also(&report, seen)));

    if wrong.is_empty() {
        return Ok(());
    }
    let (wrong, found) = (wrong.join("\n  "), summary(&report));
    let (took, typed) = (seen.took, scenario.typed().join(" "));
    Err(format!("\n  {wrong}\nfound, in {took:?}:\n{found}\narguments: {typed}\n").into())
}

/// What holds whatever is wrong with the network.
pub(crate) fn always(scenario: &Scenario, seen: &Seen, report: &Report) -> Vec<String> {
    let mut wrong = Vec::new();
    let exit = exit_of(report.verdict);
    if seen.exit != Some(exit) {
        wrong.push(format!("the verdict {:?} ends with {exit}, not {:?}", report.verdict, seen.exit));
    }
    let required = |wanted| {
        results(report).any(|(check, result)| check.required && result.status == wanted && result.waived.is_none())
    };
    let accepted = |cause: &str| {
        let open = |it: &CheckResult| matches!(it.status, Status::Fail | Status::Unknown);
        let of = || results(report).filter(|(check, it)| check.id == cause && open(it));
        of().next().is_some() && of().all(|(_, it)| it.waived.is_some())
    };
    let hidden = results(report)
        .any(|(check, it)| check.required && it.waived.is_none() && it.cause().is_some_and(|cause| !accepted(cause)));
    let verdict = match (required(Status::Fail), required(Status::Unknown) || hidden) {
        (true, _) => Verdict::NotReady,
        (_, true) => Verdict::Undecided,
        _ if report.areas.iter().any(|area| area.required && !area.asked) => Verdict::Incomplete,
        _ => Verdict::Ready,
    };
    if report.verdict != verdict {
        wrong.push(format!("the rows come to {verdict:?}, and the verdict is {:?}", report.verdict));
    }
    for (check, _, finding) in findings(report) {
        if finding.remediations.iter().all(|way| way.action.trim().is_empty()) || finding.problem.trim().is_empty() {
            wrong.push(format!("{}/{} says nothing to do", check.id, finding.code));
        }
    }
    for (check, result) in results(report) {
        if let Some(Ended::Broke { why }) = &result.ended {
            wrong.push(format!("{} broke: {why}", check.id));
        }
    }
    if !seen.reports.contains("<testsuites") || !seen.reports.contains("workos-preflight") {
        wrong.push(format!("the other formats were not written: {}", seen.reports));
    }
    if !seen.stderr.is_empty() {
        wrong.push(format!("stderr should be empty, and is: {}", seen.stderr));
    }
    let world = &scenario.world;
    let given = [world.api_key.trim_matches('"'), &world.webhook_secret, &world.actions_secret];
    for secret in given.iter().chain(&scenario.expect.secrets) {
        for (place, text) in [("stdout", &seen.stdout), ("stderr", &seen.stderr), ("the files", &seen.reports)] {
            if text.contains(secret) {
                wrong.push(format!("`{secret}` stands in {place}"));
            }
        }
    }
    wrong
}

/// What this scenario expects.
fn expected(scenario: &Scenario, report: &Report) -> Vec<String> {
    let expect = &scenario.expect;
    let mut wrong = Vec::new();
    for code in &expect.codes {
        if !findings(report).any(|(check, _, finding)| is(check, finding, code)) {
            wrong.push(format!("{code} is not found"));
        }
    }
    // A cause comes before its symptoms, so it is what a reader meets first.
    let serious = |finding: &Finding| finding.severity != Severity::Warning;
    let first = findings(report).find(|(_, _, finding)| serious(finding));
    let meant = expect
        .codes
        .iter()
        .find(|code| findings(report).any(|(check, _, finding)| serious(finding) && is(check, finding, code)));
    if let Some((check, _, first)) = first
        && !meant.is_some_and(|code| is(check, first, code))
    {
        wrong.push(format!("{}/{} is the first thing wrong, and should not be", check.id, first.code));
    }
    if expect.codes.is_empty() {
        let bad = results(report).filter(|(_, result)| matches!(result.status, Status::Fail | Status::Unknown));
        wrong.extend(bad.map(|(check, result)| format!("{} is {:?}", check.id, result.status)));
    }
    if let Some(verdict) = expect.verdict.filter(|verdict| *verdict != report.verdict) {
        wrong.push(format!("the verdict should be {verdict:?}, and is {:?}", report.verdict));
    }
    if let (Some(words), Some(code)) = (expect.words, expect.codes.first()) {
        match findings(report).find(|(check, _, finding)| is(check, finding, code)) {
            Some((_, _, finding)) => wrong.extend(missing_words(words, finding)),
            None => wrong.push(format!("{code} says nothing")),
        }
    }
    wrong
}

fn missing_words(words: &Words, finding: &Finding) -> Vec<String> {
    let Finding { problem, remediations, .. } = finding;
    let Some(remediation) = remediations.iter().find(|way| way.who == words.who) else {
        return vec![format!("{:?} has nothing to do", words.who)];
    };
    let mut wrong = Vec::new();
    let lacks = |text: &String, wanted: &[&str]| -> Vec<String> {
        wanted
            .iter()
            .filter(|word| !text.contains(*word))
            .map(|word| format!("`{word}` is missing in: {text}"))
            .collect()
    };
    wrong.extend(lacks(problem, words.problem));
    wrong.extend(lacks(&remediation.action, words.action));
    wrong
}

fn unreadable(seen: &Seen, error: &str) -> Failed {
    format!("no report ({error}), exit {:?}\nstdout: {}\nstderr: {}", seen.exit, seen.stdout, seen.stderr).into()
}
