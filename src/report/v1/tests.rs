//! The format that scripts depend on, held to the contract.

use std::time::Duration;

use serde_json::json;

use super::*;
use crate::documents::Kind;
use crate::ending::{Ending, Stop, Why};
use crate::outcome::{Grade, Outcome};
use crate::report::Row;
use crate::reporters::{self, fixture};

fn written(report: &crate::report::Report) -> serde_json::Value {
    serde_json::to_value(Report::from(report)).unwrap()
}

#[test]
fn what_is_written_is_what_the_schema_says() {
    let schema = jsonschema::validator_for(&reporters::schema(Kind::Report)).unwrap();

    for report in fixture::every() {
        let report = written(&report);
        let errors: Vec<String> = schema.iter_errors(&report).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
    let mut wrong = written(&fixture::broken());
    wrong["checks"][0]["results"][0]["status"] = "fine".into();
    assert!(!schema.is_valid(&wrong));
}

#[test]
fn every_field_is_described_in_the_schema() {
    fn undescribed(name: &str, value: &serde_json::Value, found: &mut Vec<String>) {
        let Some(object) = value.as_object() else { return };
        for (key, property) in object.get("properties").and_then(|all| all.as_object()).into_iter().flatten() {
            if property.get("description").is_none() {
                found.push(format!("{name}.{key}"));
            }
        }
        for (key, value) in object {
            undescribed(key, value, found);
        }
    }
    let mut found = Vec::new();

    undescribed("Report", &reporters::schema(Kind::Report), &mut found);

    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn what_is_written_is_read_back_the_same() {
    for report in fixture::every() {
        let text = serde_json::to_string_pretty(&Report::from(&report)).unwrap();

        let read: Report = serde_json::from_str(&text).unwrap();

        assert_eq!(serde_json::to_string_pretty(&read).unwrap(), text);
    }
}

#[test]
fn reading_passes_over_fields_that_a_later_version_added() {
    let mut later = written(&fixture::broken());
    later["weather"] = "fine".into();
    later["host"]["kernel"] = "6.12".into();
    later["checks"][0]["results"][0]["mood"] = 7.into();

    let read: Report = serde_json::from_value(later).unwrap();

    assert_eq!(read, Report::from(&fixture::broken()));
}

#[test]
fn results_about_several_subjects_stand_under_one_check_in_plan_order() {
    let report = Report::from(&fixture::broken());

    let connects = report.checks.iter().filter(|check| check.id == "egress.connects").collect::<Vec<_>>();
    let subjects: Vec<_> = connects[0].results.iter().map(|result| result.subject.as_deref().unwrap()).collect();

    assert_eq!(connects.len(), 1);
    assert_eq!(subjects, ["api.workos.com:443", "files.vendor.example:443"]);
}

#[test]
fn what_was_not_called_for_is_one_skipped_result_without_subject_or_grade() {
    let report = Report::from(&fixture::broken());

    let events = report.checks.iter().find(|check| check.id == "events.readable").unwrap();

    let [result] = events.results.as_slice() else { panic!("{:?}", events.results) };
    assert_eq!((result.status, &result.subject, result.grade), (Status::Skip, &None, None));
    assert!(matches!(&result.skipped, Some(Skipped::NotApplicable { enable }) if enable.contains("strategy")));
    assert_eq!(result.ended, None);
    let unasked: Vec<&str> = report.areas.iter().filter(|area| !area.asked).map(|area| area.group.as_str()).collect();
    assert_eq!(unasked, ["events", "actions"]);
}

#[test]
fn times_are_in_utc_to_the_second() {
    assert_eq!(Report::from(&fixture::healthy()).started_at, "2026-11-23T18:00:00Z");
}

/// The result of a row that ended so.
fn of(ending: Ending) -> CheckResult {
    let row = fixture::healthy().rows.remove(2);
    CheckResult::from(&Row::new(row.spec, row.required, row.subject, ending, row.took))
}

#[test]
fn every_way_to_end_has_a_kind_of_its_own_and_is_read_back_in_the_same_words() {
    let cause = fixture::healthy().rows[0].spec.id;
    let not_available = || Outcome::graded(Grade::Reached).not_available("there is no resolver");
    let cut = |by, waits_for| Ending::CutShort { by, waits_for, evidence: Vec::new() };
    let deadline = |again| Stop::Deadline { passed: Duration::from_mins(1), again };
    for (ending, ended, skipped) in [
        (Ending::Asked(Outcome::graded(Grade::Reached)), json!(null), json!(null)),
        (
            Ending::Asked(not_available()),
            json!(null),
            json!({"kind": "not-available", "detail": "there is no resolver"}),
        ),
        (
            Ending::Skipped(Why::NotApplicable { enable: "give `--deep`".to_owned(), wants: None }),
            json!(null),
            json!({"kind": "not-applicable", "enable": "give `--deep`"}),
        ),
        (Ending::Skipped(Why::LeftOut(None)), json!(null), json!({"kind": "left-out", "reason": null})),
        (
            Ending::Skipped(Why::LeftOut(Some("needs egress.connects".to_owned()))),
            json!(null),
            json!({"kind": "left-out", "reason": "needs egress.connects"}),
        ),
        (Ending::Skipped(Why::Needs(cause)), json!(null), json!({"kind": "needs", "check": cause.as_str()})),
        (
            cut(deadline(Some(Duration::from_mins(2))), None),
            json!({
                "kind": "cut-short", "by": "deadline",
                "why": "not through when the run's deadline of 60 s passed; run again with --deadline 2m",
            }),
            json!(null),
        ),
        (
            cut(deadline(None), None),
            json!({"kind": "cut-short", "by": "deadline", "why": "not through when the run's deadline of 60 s passed"}),
            json!(null),
        ),
        (
            cut(deadline(Some(Duration::from_mins(2))), Some(cause)),
            json!({
                "kind": "cut-short", "by": "deadline",
                "why": format!("needs {cause}, which was not through when the run's deadline of 60 s passed"),
            }),
            json!(null),
        ),
        (
            cut(Stop::Interruption, None),
            json!({"kind": "cut-short", "by": "interruption", "why": "interrupted before it was through"}),
            json!(null),
        ),
        (Ending::Broke("it panicked".to_owned()), json!({"kind": "broke", "why": "it panicked"}), json!(null)),
    ] {
        let reason = ending.reason();
        let result = of(ending);
        let written = serde_json::to_value(&result).unwrap();

        assert_eq!((&written["ended"], &written["skipped"]), (&ended, &skipped));
        let read: CheckResult = serde_json::from_value(written).unwrap();
        assert_eq!((read.reason(), &read), (reason, &result));
    }
}

#[test]
fn a_result_that_lacks_what_may_be_null_is_of_another_shape() {
    for member in ["ended", "skipped"] {
        let mut older = written(&fixture::broken());
        older["checks"][0]["results"][0].as_object_mut().unwrap().remove(member);

        assert!(serde_json::from_value::<Report>(older).is_err(), "{member}");
    }
}

#[test]
fn the_schema_names_every_strategy_there_is_and_no_other() {
    let schema = reporters::schema(Kind::Report);
    let said = schema["properties"]["strategy"]["description"].as_str().unwrap();
    let named: Vec<&str> = said.split('`').skip(1).step_by(2).collect();
    let strategies = Strategy::ALL.iter().map(|strategy| strategy.as_str());

    assert_eq!(named, ["WorkOS"].into_iter().chain(strategies).collect::<Vec<_>>());
}
