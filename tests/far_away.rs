//! A link with 800 ms a round trip, as by satellite: slow, and no failure.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod far;

use std::time::Duration;

use workos_preflight::check::Status;
use workos_preflight::report::Verdict;

#[test]
fn a_satellite_link_is_slow_and_no_failure() {
    let (report, _) = far::run(Duration::from_millis(800), &[]);
    let failed: Vec<&str> = report
        .rows
        .iter()
        .filter(|row| matches!(row.status(), Status::Fail | Status::Unknown))
        .map(|row| row.spec.id.as_str())
        .collect();
    let found: Vec<String> = report
        .rows
        .iter()
        .flat_map(|row| row.findings().iter().map(move |finding| format!("{}/{}", row.spec.id, finding.code.name)))
        .collect();

    assert_eq!((report.verdict(), &failed[..]), (Verdict::Ready, &[][..]));
    assert!(found.contains(&"egress.stable/slow".to_owned()), "{found:?}");
}
