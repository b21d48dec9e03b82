//! A plan that the library's own runner runs, where nobody watches: for tests of what no run of the binary shows.

use std::sync::Arc;
use std::time::SystemTime;

use workos_preflight::context::Context;
use workos_preflight::plan::Plan;
use workos_preflight::report::{Head, Report, Row};
use workos_preflight::runner::{self, Observer, Wait};

struct Silent;

impl Observer for Silent {
    fn row(&mut self, _row: &Row) {}

    fn area_is_through(&mut self) {}

    fn waiting(&mut self, _wait: &Wait) {}
}

/// Runs a plan to its end.
pub(crate) async fn run(plan: Plan, cx: Arc<Context>) -> Report {
    let head = Head {
        started_at: SystemTime::now(),
        host: String::new(),
        addresses: Vec::new(),
        vantage: cx.vantage,
        strategy: cx.settings.strategy.value,
        via: String::new(),
        via_from: None,
        settings_file: None,
        typed: String::new(),
        facts_as_of: cx.facts.as_of.clone(),
        settings: Vec::new(),
        demonstration: None,
    };
    runner::run(plan, cx, head, std::future::pending(), &mut Silent).await
}
