//! The table of the module's documentation, and what holds for any two reports.

use proptest::prelude::*;

use super::*;
use crate::documents::Kind;
use crate::outcome::Outcome;
use crate::report::v1::{Check, Evidence, Explained, Finding, Grade, Remediation, ToDo, Who};
use crate::reporters::{self, fixture};

/// What a report may have of a row, in short.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Is {
    Pass,
    Warn,
    Unknown,
    Fail,
    WaivedUnknown,
    WaivedFail,
    ForACause,
    LeftOut,
    NotApplicable,
    Missing,
}

const EVERY: [Is; 10] = [
    Is::Pass,
    Is::Warn,
    Is::Unknown,
    Is::Fail,
    Is::WaivedUnknown,
    Is::WaivedFail,
    Is::ForACause,
    Is::LeftOut,
    Is::NotApplicable,
    Is::Missing,
];

fn result(is: Is) -> Option<CheckResult> {
    let left_out = || Skipped::LeftOut { reason: Some("ticket 7".to_owned()) };
    let (status, severity, skipped) = match is {
        Is::Missing => return None,
        Is::Pass => (Status::Pass, None, None),
        Is::Warn => (Status::Warn, Some(Severity::Warning), None),
        Is::Unknown | Is::WaivedUnknown => (Status::Unknown, Some(Severity::Undecided), None),
        Is::Fail | Is::WaivedFail => (Status::Fail, Some(Severity::Error), None),
        Is::ForACause => (Status::Skip, None, Some(Skipped::Needs { check: "egress.resolves".to_owned() })),
        Is::LeftOut => (Status::Skip, None, Some(left_out())),
        Is::NotApplicable => (Status::Skip, None, Some(Skipped::NotApplicable { enable: "give --deep".to_owned() })),
    };
    Some(CheckResult {
        subject: Some("api.workos.com:443".to_owned()),
        status,
        grade: None,
        via: None,
        duration_ms: 7,
        attempts: 1,
        ended: None,
        skipped,
        waived: matches!(is, Is::WaivedFail | Is::WaivedUnknown).then(|| "CHG-1042".to_owned()),
        findings: severity.map(|severity| found(severity, "broken")).into_iter().collect(),
        evidence: Vec::new(),
    })
}

fn found(severity: Severity, code: &str) -> Finding {
    let remediations = vec![Remediation { who: Who::Network, action: "Allow it.".to_owned(), verify: None }];
    Finding { code: code.to_owned(), severity, problem: "does not answer".to_owned(), remediations }
}

/// A report with one row, or with none.
fn report(result: Option<CheckResult>) -> Report {
    let mut report = Report::from(&fixture::healthy());
    report.checks = result
        .map(|result| Check {
            id: "egress.connects".to_owned(),
            group: "egress".to_owned(),
            title: "the endpoint accepts a connection".to_owned(),
            required: true,
            results: vec![result],
        })
        .into_iter()
        .collect();
    report
}

/// What becomes of the only row, why, and whether it counts; `None` where it is not a row of the comparison at all.
fn between_failing_and_unknown(row: &Pair<'_>) -> bool {
    let status = |result: Option<&CheckResult>| result.map(|result| result.status);
    let both = [status(row.before), status(row.after)];
    both.contains(&Some(Status::Fail)) && both.contains(&Some(Status::Unknown))
}

fn became(before: &Report, after: &Report) -> Option<(Change, Why, bool)> {
    let comparison = Comparison::of(before, after);
    assert!(comparison.rows.len() <= 1);
    comparison.rows.first().map(|pair| (pair.change, pair.why, pair.counts))
}

fn between(before: Option<CheckResult>, after: Option<CheckResult>) -> Option<(Change, Why, bool)> {
    became(&report(before), &report(after))
}

#[test]
fn what_was_hidden_before_and_fails_is_revealed_and_nothing_else_is() {
    let revealed = |before, after| {
        let (before, after) = (report(result(before)), report(result(after)));
        Comparison::of(&before, &after).rows.iter().any(Pair::is_revealed)
    };

    assert!(revealed(Is::ForACause, Is::Fail));
    for (before, after) in [
        (Is::ForACause, Is::WaivedFail),
        (Is::ForACause, Is::Unknown),
        (Is::Fail, Is::ForACause),
        (Is::Fail, Is::Fail),
        (Is::Pass, Is::Fail),
        (Is::Missing, Is::Fail),
    ] {
        assert!(!revealed(before, after), "{before:?}, {after:?}");
    }
}

#[test]
fn the_table_is_what_is_done() {
    use Change::{Changed, Gone, Improved, New, Regressed, Unchanged};
    let asked = [Is::Pass, Is::Warn, Is::WaivedUnknown, Is::WaivedFail, Is::Unknown, Is::Fail, Is::ForACause];
    let table = [
        [Unchanged, Regressed, Regressed, Regressed, Regressed, Regressed, Regressed],
        [Improved, Unchanged, Regressed, Regressed, Regressed, Regressed, Regressed],
        [Improved, Improved, Unchanged, Regressed, Regressed, Regressed, Changed],
        [Improved, Improved, Changed, Unchanged, Regressed, Regressed, Changed],
        [Improved, Improved, Improved, Improved, Unchanged, Regressed, Changed],
        [Improved, Improved, Improved, Improved, Changed, Unchanged, Changed],
        [Improved, Improved, Changed, Changed, Changed, Changed, Unchanged],
    ];
    for (before, row) in asked.iter().zip(table) {
        for (after, change) in asked.iter().zip(row) {
            let (became, _, counts) = between(result(*before), result(*after)).unwrap();

            let waived = matches!(after, Is::WaivedFail | Is::WaivedUnknown);
            assert_eq!(became, change, "{before:?} to {after:?}");
            assert_eq!(counts, change == Regressed && !waived, "{before:?} to {after:?}");
        }
        for not_asked in [Is::LeftOut, Is::NotApplicable, Is::Missing] {
            let gone = between(result(*before), result(not_asked)).unwrap();
            let new = between(result(not_asked), result(*before)).unwrap();

            assert_eq!(gone, (Gone, Why::Asked, false), "{before:?} to {not_asked:?}");
            assert_eq!(new, (New, Why::Asked, *before == Is::Fail), "{not_asked:?} to {before:?}");
        }
    }
}

#[test]
fn what_neither_asked_is_no_row() {
    for before in [Is::LeftOut, Is::NotApplicable, Is::Missing] {
        for after in [Is::LeftOut, Is::NotApplicable, Is::Missing] {
            assert_eq!(between(result(before), result(after)), None);
        }
    }
}

#[test]
fn what_is_new_and_failing_counts_only_where_it_is_required() {
    let mut after = report(result(Is::Fail));
    after.checks[0].required = false;

    assert_eq!(became(&report(None), &after), Some((Change::New, Why::Asked, false)));
}

#[test]
fn a_failure_that_becomes_required_is_worse() {
    let required = report(result(Is::Fail));
    let mut optional = required.clone();
    optional.checks[0].required = false;

    assert_eq!(became(&optional, &required), Some((Change::Regressed, Why::Requirement, true)));
    assert_eq!(became(&required, &optional), Some((Change::Improved, Why::Requirement, false)));
}

#[test]
fn more_of_what_decides_is_worse_and_something_else_is_a_change() {
    let with = |codes: &[&str]| {
        let mut row = result(Is::Fail).unwrap();
        row.findings = codes.iter().map(|code| found(Severity::Error, code)).collect();
        Some(row)
    };

    assert_eq!(between(with(&["a"]), with(&["b", "a"])), Some((Change::Regressed, Why::Findings, true)));
    assert_eq!(between(with(&["a"]), with(&["a", "a"])), Some((Change::Regressed, Why::Findings, true)));
    assert_eq!(between(with(&["a", "b"]), with(&["b"])), Some((Change::Improved, Why::Findings, false)));
    assert_eq!(between(with(&["timed-out"]), with(&["refused"])), Some((Change::Changed, Why::Findings, false)));
    assert_eq!(between(with(&["a", "b"]), with(&["b", "a"])), Some((Change::Unchanged, Why::Nothing, false)));
}

#[test]
fn a_lesser_finding_beside_a_failure_is_a_change() {
    let mut more = result(Is::Fail).unwrap();
    more.findings.push(found(Severity::Warning, "odd"));

    assert_eq!(between(result(Is::Fail), Some(more)), Some((Change::Changed, Why::Evidence, false)));
}

#[test]
fn another_grade_path_or_reason_is_a_change() {
    let graded = |grade| CheckResult { grade: Some(grade), ..result(Is::Pass).unwrap() };
    let mut by_proxy = result(Is::Pass).unwrap();
    by_proxy.via = Some("http://proxy.customer.example:3128".to_owned());
    let mut other_cause = result(Is::ForACause).unwrap();
    other_cause.skipped = Some(Skipped::Needs { check: "egress.proxy".to_owned() });
    let changed = Some((Change::Changed, Why::Evidence, false));

    assert_eq!(between(Some(graded(Grade::Proved)), Some(graded(Grade::Reached))), changed);
    assert_eq!(between(result(Is::Pass), Some(by_proxy)), changed);
    assert_eq!(between(result(Is::ForACause), Some(other_cause)), changed);
}

#[test]
fn evidence_is_told_by_name_and_what_is_another_in_every_run_is_passed_over() {
    let seen = |tell: &dyn Fn(&mut Outcome)| {
        let mut outcome = Outcome::graded(outcome::Grade::Reached);
        tell(&mut outcome);
        let mut row = result(Is::Pass).unwrap();
        row.evidence = outcome.evidence.iter().map(Evidence::from).collect();
        report(Some(row))
    };
    let before = seen(&|outcome| {
        outcome.saw_all("addresses", ["104.18.2.1", "104.18.3.1"]);
        outcome.saw_of_which("answer", "104.18.2.1, TTL 300 s", "104.18.2.1");
        outcome.saw_passing("request id", "a");
        outcome.saw("by", "a");
    });
    let again = seen(&|outcome| {
        outcome.saw_passing("request id", "b");
        outcome.saw("by", "a");
        outcome.saw_of_which("answer", "104.18.2.1, TTL 7 s", "104.18.2.1");
        outcome.saw_all("addresses", ["104.18.3.1", "104.18.2.1", "104.18.3.1"]);
    });
    let moved = seen(&|outcome| {
        outcome.saw_all("addresses", ["203.0.113.9"]);
        outcome.saw_of_which("answer", "104.18.2.1, TTL 300 s", "104.18.2.1");
        outcome.saw("by", "a");
    });

    assert_eq!(became(&before, &again), Some((Change::Unchanged, Why::Nothing, false)));
    assert_eq!(became(&before, &moved), Some((Change::Changed, Why::Evidence, false)));
    let comparison = Comparison::of(&before, &moved);
    let [difference] = comparison.rows[0].differences.as_slice() else { panic!("{:?}", comparison.rows[0]) };
    assert_eq!(difference.what, "addresses");
    assert_eq!((difference.before.as_str(), difference.after.as_str()), ("104.18.2.1, 104.18.3.1", "203.0.113.9"));
}

#[test]
fn a_check_that_is_not_planned_any_more_stands_for_all_of_its_subjects() {
    let mut unplanned = result(Is::LeftOut).unwrap();
    unplanned.subject = None;
    let before = report(result(Is::Pass));
    let after = report(Some(unplanned));
    let comparison = Comparison::of(&before, &after);

    let [pair] = comparison.rows.as_slice() else { panic!("{:?}", comparison.rows) };
    assert_eq!((pair.change, pair.subject), (Change::Gone, Some("api.workos.com:443")));
    assert_eq!(pair.after.and_then(CheckResult::reason).as_deref(), Some("left out by --skip: ticket 7"));
    assert_eq!(became(&after, &before), Some((Change::New, Why::Asked, false)));
}

#[test]
fn what_is_hidden_by_a_waived_cause_does_not_count() {
    let needs = || Skipped::Needs { check: "egress.connects".to_owned() };
    let with_cause = |is, dependent: CheckResult| {
        let mut report = report(result(is));
        let mut hidden = report.checks[0].clone();
        hidden.id = "egress.handshake".to_owned();
        hidden.results = vec![CheckResult { skipped: dependent.skipped.map(|_| needs()), ..dependent }];
        report.checks.push(hidden);
        report
    };
    let before = with_cause(Is::Pass, result(Is::Pass).unwrap());
    let waived = with_cause(Is::WaivedFail, result(Is::ForACause).unwrap());
    let counting = with_cause(Is::Fail, result(Is::ForACause).unwrap());

    assert_eq!(Comparison::of(&before, &waived).verdict(), Verdict::Same);
    assert_eq!(Comparison::of(&before, &waived).count(Change::Regressed), 2);
    assert_eq!(Comparison::of(&before, &counting).rows.iter().filter(|pair| pair.counts).count(), 2);
}

#[test]
fn what_makes_reports_hard_to_compare_is_noted() {
    let before = Report::from(&fixture::healthy());
    let mut after = before.clone();
    after.started_at = "2026-11-22T18:00:00Z".to_owned();
    after.host.addresses = vec!["10.20.0.11".to_owned()];
    after.vantage = crate::report::v1::Vantage::Outside;
    after.strategy = "events".to_owned();
    after.facts.as_of = "2027-01-01".to_owned();
    after.tool.version = "9.9.9".to_owned();
    after.interrupted = true;
    after.demonstration = Some("everything".to_owned());
    after.settings[2].value = "other.customer.example".to_owned();
    let comparison = Comparison::of(&before, &after);

    let about: Vec<&Aspect> = comparison.notes.iter().map(|note| &note.about).collect();
    assert_eq!(
        about,
        [
            &Aspect::Host,
            &Aspect::Vantage,
            &Aspect::Strategy,
            &Aspect::Facts,
            &Aspect::Tool,
            &Aspect::Setting("installation.domain".to_owned()),
            &Aspect::Order,
            &Aspect::Demonstration,
            &Aspect::Interrupted,
        ]
    );
    assert!(Comparison::of(&before, &before).notes.is_empty());
}

#[test]
fn what_is_written_is_what_the_schema_says() {
    let schema = jsonschema::validator_for(&reporters::schema(Kind::Comparison)).unwrap();

    for before in fixture::every() {
        for after in fixture::every() {
            let (before, after) = (Report::from(&before), Report::from(&after));
            let written = serde_json::to_value(v1::Comparison::from(&Comparison::of(&before, &after))).unwrap();
            let errors: Vec<String> = schema.iter_errors(&written).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{errors:#?}");
        }
    }
}

fn any_result() -> impl Strategy<Value = Option<CheckResult>> {
    let codes = prop::collection::vec(prop::sample::select(vec!["a", "b", "c"]), 1..3);
    let value = prop::sample::select(vec!["x, y", "y, x", "z", "3 ms"]);
    let steady = prop::sample::select(vec![None, Some(String::new()), Some("x, y".to_owned())]);
    (prop::sample::select(EVERY.to_vec()), codes, value, steady).prop_map(|(is, codes, value, steady)| {
        let mut row = result(is)?;
        if let Some(severity) = row.findings.first().map(|finding| finding.severity) {
            row.findings = codes.iter().map(|code| found(severity, code)).collect();
        }
        row.evidence = vec![Evidence { what: "seen".to_owned(), value: value.to_owned(), steady }];
        Some(row)
    })
}

fn any_report() -> impl Strategy<Value = Report> {
    let subject = prop::sample::select(vec![None, Some("a"), Some("b")]);
    let check = (any::<bool>(), prop::collection::vec((subject, any_result()), 0..4));
    prop::collection::vec(check, 3).prop_map(|checks| {
        let mut report = report(None);
        for (index, (required, results)) in checks.into_iter().enumerate() {
            let results = results
                .into_iter()
                .filter_map(|(subject, result)| Some(CheckResult { subject: subject.map(str::to_owned), ..result? }));
            report.checks.push(Check {
                id: format!("group.check-{index}"),
                group: "group".to_owned(),
                title: "it holds".to_owned(),
                required,
                results: results.collect(),
            });
        }
        report
    })
}

proptest! {
    #[test]
    fn whatever_a_report_holds_it_is_no_better_and_no_worse_than_itself(report in any_report()) {
        let comparison = Comparison::of(&report, &report);

        prop_assert_eq!(comparison.verdict(), Verdict::Same);
        prop_assert!(comparison.rows.iter().all(|pair| pair.change == Change::Unchanged), "{:?}", comparison.rows);
    }

    #[test]
    fn whatever_two_reports_hold_turning_them_round_turns_better_and_worse_round(before in any_report(), after in any_report()) {
        let there = Comparison::of(&before, &after);
        let back = Comparison::of(&after, &before);

        for (one, other) in [
            (Change::Improved, Change::Regressed),
            (Change::Regressed, Change::Improved),
            (Change::New, Change::Gone),
            (Change::Gone, Change::New),
            (Change::Changed, Change::Changed),
            (Change::Unchanged, Change::Unchanged),
        ] {
            // What failed and is not seen any more is the one thing that has no reverse.
            let count = |comparison: &Comparison<'_>, change| {
                let reversible = comparison.rows.iter().filter(|row| !between_failing_and_unknown(row));
                reversible.filter(|row| row.change == change).count()
            };
            prop_assert_eq!(count(&there, one), count(&back, other), "{:?}", one);
        }
    }
}

#[test]
fn what_is_wrong_and_was_is_still_wrong_however_it_changed_and_what_got_worse_is_not() {
    let still = |before: CheckResult, after: CheckResult| {
        let (before, after) = (report(Some(before)), report(Some(after)));
        Comparison::of(&before, &after).rows.iter().any(Pair::is_still_wrong)
    };
    let of = |is: Is| result(is).unwrap();
    let with = |codes: &[&str]| {
        let findings = codes.iter().map(|code| found(Severity::Error, code)).collect();
        CheckResult { findings, ..of(Is::Fail) }
    };

    assert!(still(of(Is::Fail), of(Is::Fail)) && still(of(Is::Unknown), of(Is::Unknown)));
    // Nothing got better where it is only not seen any more.
    assert!(still(of(Is::Fail), of(Is::Unknown)));
    assert!(still(with(&["a", "b"]), with(&["a"])) && still(with(&["a"]), with(&["b"])));
    for (before, after) in [
        (with(&["a"]), with(&["a", "b"])),
        (of(Is::Unknown), of(Is::Fail)),
        (of(Is::Pass), of(Is::Fail)),
        (of(Is::Fail), of(Is::WaivedFail)),
        (of(Is::WaivedFail), of(Is::Fail)),
        (of(Is::Fail), of(Is::Pass)),
        (of(Is::Fail), of(Is::ForACause)),
        (of(Is::ForACause), of(Is::Fail)),
    ] {
        assert!(!still(before.clone(), after.clone()), "{before:?}, {after:?}");
    }
}

#[test]
fn a_finding_that_the_later_report_takes_off_its_list_names_what_it_follows_from() {
    let mut after = report(result(Is::Fail));
    let about = after.checks[0].results[0].subject.clone();
    let explains = |subject| Explained { check: "egress.connects".to_owned(), code: "broken".to_owned(), subject };
    after.to_do = vec![ToDo {
        who: Who::Installer,
        action: "Name the proxy.".to_owned(),
        either: Vec::new(),
        check: "settings.proxy".to_owned(),
        code: "not-covered".to_owned(),
        subject: None,
        explains: vec![explains(Some("another.example:443".to_owned()))],
    }];
    let cause = |after: &Report| {
        let before = report(result(Is::Fail));
        Comparison::of(&before, after).rows[0].cause_of("broken").map(str::to_owned)
    };
    assert_eq!(cause(&after), None);
    after.to_do[0].explains.push(explains(about));

    assert_eq!(cause(&after).as_deref(), Some("settings.proxy/not-covered"));
    for format in reporters::of_documents(Kind::Comparison) {
        let before = report(result(Is::Fail));
        let document = crate::documents::Document::Comparison(&Comparison::of(&before, &after));
        let written = fixture::document(format, fixture::NORMAL, &document);

        assert!(written.contains("settings.proxy"), "{format:?}: {written}");
        // What follows from it is not mended by itself; the list of what is to be done is for programs.
        let remedy = written.contains("Allow it.") && format.name != "json";
        assert!(!remedy, "{format:?}: {written}");
    }
}
