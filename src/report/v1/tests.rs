//! The format that scripts depend on, held to the contract.

use super::*;
use crate::reporters::fixture;
use crate::settings::Strategy;

fn written(report: &crate::report::Report) -> serde_json::Value {
    serde_json::to_value(Report::from(report)).unwrap()
}

#[test]
fn what_is_written_is_what_the_schema_says() {
    let schema = jsonschema::validator_for(&schema()).unwrap();

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

    undescribed("Report", &schema(), &mut found);

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
    assert!(result.not_applicable && result.reason.is_some());
    assert_eq!(report.unchecked, ["events", "actions"]);
}

#[test]
fn times_are_in_utc_to_the_second() {
    assert_eq!(Report::from(&fixture::healthy()).started_at, "2026-11-23T18:00:00Z");
}

#[test]
fn inbound_is_proved_only_by_a_delivery() {
    assert_eq!(Inbound::from(&fixture::healthy()), Inbound::NotProved);
    assert_eq!(Inbound::from(&fixture::delivered()), Inbound::Proved);
}

#[test]
fn inbound_does_not_apply_where_nothing_needs_to_come_in() {
    let mut outbound_only = fixture::healthy();
    outbound_only.rows.retain(|row| row.spec.id.group() == "egress");
    let mut events = fixture::healthy();
    events.head.strategy = Strategy::Events;
    for row in events.rows.iter_mut().filter(|row| row.spec.id.group() == "ingress") {
        row.not_applicable = true;
    }

    assert_eq!(Inbound::from(&outbound_only), Inbound::NotApplicable);
    assert_eq!(Inbound::from(&events), Inbound::NotApplicable);
}
