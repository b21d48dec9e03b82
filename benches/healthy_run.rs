//! How long a healthy run takes, as a multiple of the round trips that it cannot avoid: name, TCP, TLS, one request, and
//! one request that depends on its answer. What is left out samples and looks deeper, and is no part of the path.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark prints, and ends at what it did not expect")]

#[path = "../tests/far/mod.rs"]
mod far;

use std::time::Duration;

use workos_preflight::report::Verdict;

const ROUND_TRIP: Duration = Duration::from_millis(40);
const UNAVOIDABLE: u32 = 5;
const RUNS: usize = 11;

fn main() {
    // `cargo test --benches` runs it once, to see that it still can.
    let runs = if std::env::args().any(|argument| argument == "--bench") { RUNS } else { 1 };
    let mut multiples: Vec<f64> = (0..runs).map(|_| multiple()).collect();
    multiples.sort_by(f64::total_cmp);
    println!(
        "healthy run, {} ms a round trip: {:.2} times the {UNAVOIDABLE} it cannot avoid (min {:.2}, max {:.2}, {runs} runs)",
        ROUND_TRIP.as_millis(),
        multiples[runs / 2],
        multiples[0],
        multiples[runs - 1],
    );
}

fn multiple() -> f64 {
    let (report, took) = far::run(ROUND_TRIP, &["credentials.accepted"]);
    assert_eq!(report.verdict(), Verdict::Ready);
    took.as_secs_f64() / (ROUND_TRIP * UNAVOIDABLE).as_secs_f64()
}
