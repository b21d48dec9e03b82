//! Runs a plan: each check when its needs have passed, all at once, reported in plan order.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinHandle;

use crate::check::{Check, Grade, Severity, Status};
use crate::context::Context;
use crate::plan::{self, Fate, Plan};
use crate::report::{Head, Report, Row};
use crate::settings::Waiver;
use crate::settings::values::spoken;

/// Hears of a run while it goes on.
pub trait Observer {
    /// The next row of the report, in plan order.
    fn row(&mut self, row: &Row);
    /// The first check in plan order that is still running, and for how long the run has been waiting for it.
    fn waiting(&mut self, check: &str, since: Duration);
}

/// How many checks run at once. They mostly wait, so this bounds sockets, not speed.
const AT_ONCE: usize = 32;

/// How often somebody who watches is told what is being waited for.
const TICK: Duration = Duration::from_millis(100);

/// Runs the plan until it is through, the deadline passes, or `interrupt` completes.
pub async fn run(
    plan: Plan,
    cx: Arc<Context>,
    head: Head,
    interrupt: impl Future<Output = ()>,
    observer: &mut dyn Observer,
) -> Report {
    let started = Instant::now();
    let deadline = cx.settings.deadline.value;
    let now = jiff::Timestamp::try_from(cx.host.now()).unwrap_or_default();
    let today = jiff::tz::TimeZone::UTC.to_datetime(now).date();
    let mut rows: Vec<Option<Row>> = Vec::new();
    let (mut ended, labels, tasks) = spawn(plan, &cx, &mut rows);

    tokio::pin!(interrupt);
    let overrun = tokio::time::sleep(deadline);
    tokio::pin!(overrun);
    let mut tick = tokio::time::interval(TICK);
    let mut told = 0;
    let mut waiting_since = Instant::now();
    let mut cut_short: Option<String> = None;
    let mut interrupted = false;
    loop {
        while let Some(Some(row)) = rows.get_mut(told) {
            waive(row, &cx.settings.waivers, today);
            observer.row(row);
            told += 1;
            waiting_since = Instant::now();
        }
        if told == rows.len() {
            break;
        }
        if let Some(reason) = &cut_short {
            for (slot, (_, empty)) in rows.iter_mut().zip(&labels) {
                slot.get_or_insert_with(|| Row {
                    status: Status::Unknown,
                    reason: Some(reason.clone()),
                    ..empty.clone()
                });
            }
            continue;
        }
        tokio::select! {
            biased;
            Some((index, row)) = ended.recv() => {
                if let Some(slot) = rows.get_mut(index) {
                    *slot = Some(row);
                }
            }
            () = &mut interrupt => {
                interrupted = true;
                cut_short = Some("interrupted before it was through".to_owned());
            }
            () = &mut overrun => {
                cut_short = Some(format!("not through when the run's deadline of {} passed", spoken(deadline)));
            }
            _ = tick.tick() => {
                if let Some((label, _)) = labels.get(told) {
                    observer.waiting(label, waiting_since.elapsed());
                }
            }
        }
    }
    for task in tasks {
        task.abort();
    }
    Report { head, rows: rows.into_iter().flatten().collect(), duration: started.elapsed(), interrupted }
}

type Ended = mpsc::UnboundedReceiver<(usize, Row)>;

/// What a row passes on to those that need it: whether they may run, and otherwise which check is the cause.
#[derive(Clone, Debug)]
enum Signal {
    Pending,
    Go,
    Stop(String),
}

/// Starts every check. Rows that do not run are filled in at once.
fn spawn(
    plan: Plan,
    cx: &Arc<Context>,
    rows: &mut Vec<Option<Row>>,
) -> (Ended, Vec<(String, Row)>, Vec<JoinHandle<()>>) {
    let (tell, ended) = mpsc::unbounded_channel();
    let permits = Arc::new(Semaphore::new(AT_ONCE));
    let mut signals: Vec<watch::Receiver<Signal>> = Vec::new();
    let mut labels = Vec::new();
    let mut tasks = Vec::new();
    for (index, planned) in plan.rows.into_iter().enumerate() {
        let empty = empty(&planned);
        let label = match &empty.subject {
            Some(subject) => format!("{} {subject}", planned.spec.id),
            None => planned.spec.id.to_string(),
        };
        let (signal, heard) = watch::channel(Signal::Pending);
        signals.push(heard);
        labels.push((label, empty.clone()));
        let (check, needs) = match planned.fate {
            Fate::Runs { check, needs } => (check, needs),
            Fate::NotApplicable(reason) => {
                rows.push(Some(Row { reason: Some(reason), not_applicable: true, ..empty }));
                continue;
            }
            Fate::LeftOut(reason) => {
                rows.push(Some(Row { reason: Some(reason), ..empty }));
                continue;
            }
        };
        rows.push(None);
        let needs: Vec<watch::Receiver<Signal>> = needs.iter().filter_map(|need| signals.get(*need).cloned()).collect();
        let (cx, permits, tell) = (Arc::clone(cx), Arc::clone(&permits), tell.clone());
        tasks.push(tokio::spawn(async move {
            let row = match all_passed(needs).await {
                Ok(()) => {
                    let _permit = permits.acquire().await;
                    ask(check.as_ref(), &cx, empty).await
                }
                Err(cause) => Row { reason: Some(format!("needs {cause}")), cause: Some(cause), ..empty },
            };
            signal.send_replace(passed_on(&row));
            // Nobody listens any more when the run was cut short.
            let _ = tell.send((index, row));
        }));
    }
    (ended, labels, tasks)
}

/// Runs a check. One that breaks ends itself and nothing else.
async fn ask(check: &dyn Check, cx: &Context, empty: Row) -> Row {
    let begun = Instant::now();
    match AssertUnwindSafe(check.run(cx)).catch_unwind().await {
        Ok(outcome) => {
            let declared = outcome.findings.iter().all(|finding| empty.spec.codes.contains(&finding.code));
            debug_assert!(declared, "{} makes a finding that it does not declare", empty.spec.id);
            empty.ran(outcome, begun.elapsed())
        }
        Err(_) => Row {
            status: Status::Unknown,
            reason: Some("the check itself broke; this is a defect in the tool, please report it".to_owned()),
            took: begun.elapsed(),
            ..empty
        },
    }
}

/// A row that was skipped names the cause it was skipped for, so that the root of a chain is named at its end.
fn passed_on(row: &Row) -> Signal {
    match (row.status, &row.cause) {
        (Status::Pass | Status::Warn, _) => Signal::Go,
        (Status::Skip, Some(cause)) => Signal::Stop(cause.clone()),
        _ => Signal::Stop(row.spec.id.to_string()),
    }
}

/// Waits for every need; the first in registry order that did not pass is the cause.
async fn all_passed(needs: Vec<watch::Receiver<Signal>>) -> Result<(), String> {
    for mut need in needs {
        let signal = need.wait_for(|signal| !matches!(signal, Signal::Pending)).await.map(|signal| signal.clone());
        match signal {
            Ok(Signal::Go) => {}
            Ok(Signal::Stop(cause)) => return Err(cause),
            Ok(Signal::Pending) | Err(_) => return Err("a check that did not end".to_owned()),
        }
    }
    Ok(())
}

fn empty(planned: &plan::Row) -> Row {
    let subject = match &planned.fate {
        Fate::Runs { check, .. } => check.subject(),
        Fate::NotApplicable(_) | Fate::LeftOut(_) => None,
    };
    Row {
        spec: planned.spec,
        group: planned.group,
        required: planned.required,
        subject,
        status: Status::Skip,
        reason: None,
        not_applicable: false,
        cause: None,
        findings: Vec::new(),
        evidence: Vec::new(),
        grade: Grade::Declared,
        via: None,
        attempts: 0,
        took: Duration::ZERO,
        waived: None,
    }
}

/// Marks a row whose failure is known and accepted: by its id, or code by code for everything that is wrong with it.
fn waive(row: &mut Row, waivers: &[Waiver], today: jiff::civil::Date) {
    if !matches!(row.status, Status::Fail | Status::Unknown) && row.cause.is_none() {
        return;
    }
    let in_force = || waivers.iter().filter(|waiver| today <= waiver.until);
    let id = row.spec.id.as_str();
    let whole = in_force().find(|waiver| waiver.id == id);
    let mut serious = row.findings.iter().filter(|finding| finding.code.severity > Severity::Warning).peekable();
    let by_code = if serious.peek().is_some() {
        let covering = |code: &str| {
            in_force().find(|waiver| waiver.id.strip_prefix(id).and_then(|rest| rest.strip_prefix('/')) == Some(code))
        };
        serious
            .map(|finding| covering(finding.code.name))
            .collect::<Option<Vec<_>>>()
            .and_then(|all| all.first().copied())
    } else {
        None
    };
    row.waived = whole.or(by_code).map(|waiver| format!("{} (until {})", waiver.reason, waiver.until));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{CheckId, Code, Contact, Group, Outcome, Planned, Remediation, Running, Spec, Vantage};
    use crate::facts::Facts;
    use crate::host::fake::FakeHost;
    use crate::net::fake::Fake;
    use crate::plan::Choice;
    use crate::settings::{GivenSecrets, Layer, Settings, Source, Strategy};

    /// What the check of a test does.
    #[derive(Clone, Copy)]
    enum Does {
        Pass,
        Fail,
        Hang,
        Break,
    }

    impl Check for Does {
        fn contacts(&self) -> Vec<Contact> {
            Vec::new()
        }

        fn run<'a>(&'a self, _cx: &'a Context) -> Running<'a> {
            Box::pin(async move {
                let outcome = Outcome::graded(Grade::Reached);
                match self {
                    Does::Pass => outcome,
                    Does::Fail => outcome.because(BROKEN.found("it is broken", Remediation::installer("Mend it."))),
                    Does::Hang => std::future::pending().await,
                    Does::Break => panic!("as the test decided"),
                }
            })
        }
    }

    static BROKEN: Code = Code::error("broken", "it is broken");
    static CODES: &[&Code] = &[&BROKEN];

    const fn spec(id: &'static str, needs: &'static [CheckId], plan: fn(&Facts, &Settings) -> Planned) -> Spec {
        Spec {
            id: CheckId::new(id),
            title: "it works",
            explain: "",
            vantages: &[Vantage::Inside],
            required: |_, _| true,
            codes: CODES,
            needs,
            plan,
        }
    }

    const FAILS_ID: CheckId = CheckId::new("a.fails");
    const AFTER_ID: CheckId = CheckId::new("a.after");
    static FAILS: Spec = spec("a.fails", &[], |_, _| Planned::one(Does::Fail));
    static AFTER: Spec = spec("a.after", &[FAILS_ID], |_, _| Planned::one(Does::Pass));
    static LAST: Spec = spec("a.last", &[AFTER_ID], |_, _| Planned::one(Does::Pass));
    static PASSES: Spec = spec("a.passes", &[], |_, _| Planned::one(Does::Pass));
    static HANGS: Spec = spec("a.hangs", &[], |_, _| Planned::one(Does::Hang));
    static BREAKS: Spec = spec("a.breaks", &[], |_, _| Planned::one(Does::Break));
    static CHAIN: &[Group] = &[Group { id: "a", title: "", specs: &[&FAILS, &AFTER, &LAST, &PASSES] }];
    static HANGING: &[Group] = &[Group { id: "a", title: "", specs: &[&HANGS, &PASSES] }];
    static BREAKING: &[Group] = &[Group { id: "a", title: "", specs: &[&BREAKS, &PASSES] }];

    #[derive(Default)]
    struct Heard(Vec<String>);

    impl Observer for Heard {
        fn row(&mut self, row: &Row) {
            self.0.push(row.spec.id.to_string());
        }

        fn waiting(&mut self, _check: &str, _since: Duration) {}
    }

    async fn run_of(
        groups: &'static [Group],
        waivers: Vec<Waiver>,
        interrupt: impl Future<Output = ()>,
    ) -> (Report, Vec<String>) {
        let mut layer = Layer::default();
        layer.give("network.deadline", ["50ms".to_owned()], Source::Default);
        let settings = Settings::merge(&[layer], GivenSecrets::default(), waivers).unwrap();
        let facts = Facts::embedded();
        let plan = Plan::new(groups, &facts, &settings, Vantage::Inside, &Choice::default());
        let head = Head {
            started_at: std::time::SystemTime::UNIX_EPOCH,
            host: String::new(),
            address: None,
            vantage: Vantage::Inside,
            strategy: Strategy::Firewall,
            via: String::new(),
            facts_as_of: String::new(),
            settings: Vec::new(),
            demonstration: None,
        };
        let network = Arc::new(Fake::default());
        let host = Arc::new(FakeHost::default());
        let (unrepeated, trust) = (network.clone(), crate::net::TrustSummary::default());
        let cx = Context { settings, facts, vantage: Vantage::Inside, network, unrepeated, trust, host, inbound: None };
        let mut listener = Heard::default();
        let report = run(plan, Arc::new(cx), head, interrupt, &mut listener).await;
        (report, listener.0)
    }

    fn status_of(report: &Report, id: &str) -> (Status, Option<String>) {
        let row = report.rows.iter().find(|row| row.spec.id.as_str() == id).unwrap();
        (row.status, row.reason.clone())
    }

    #[tokio::test]
    async fn a_failure_skips_what_needs_it_names_the_root_and_leaves_the_rest_alone() {
        let (report, order) = run_of(CHAIN, Vec::new(), std::future::pending()).await;

        assert_eq!(order, ["a.fails", "a.after", "a.last", "a.passes"]);
        assert_eq!(status_of(&report, "a.after"), (Status::Skip, Some("needs a.fails".to_owned())));
        assert_eq!(status_of(&report, "a.last"), (Status::Skip, Some("needs a.fails".to_owned())));
        assert_eq!(status_of(&report, "a.passes").0, Status::Pass);
    }

    #[tokio::test]
    async fn the_deadline_leaves_what_hangs_unknown_and_keeps_what_ended() {
        let (report, order) = run_of(HANGING, Vec::new(), std::future::pending()).await;

        assert_eq!(order, ["a.hangs", "a.passes"]);
        assert_eq!(status_of(&report, "a.passes").0, Status::Pass);
        let (status, reason) = status_of(&report, "a.hangs");
        assert!(status == Status::Unknown && reason.unwrap().contains("deadline of 50 ms"));
    }

    #[tokio::test]
    async fn an_interruption_completes_the_report_and_marks_it() {
        let (report, _) = run_of(HANGING, Vec::new(), std::future::ready(())).await;

        assert!(report.interrupted && report.rows.len() == 2);
        assert_eq!(status_of(&report, "a.hangs").0, Status::Unknown);
    }

    #[tokio::test]
    async fn a_check_that_breaks_is_unknown_and_ends_nothing_else() {
        let (report, _) = run_of(BREAKING, Vec::new(), std::future::pending()).await;

        assert!(status_of(&report, "a.breaks").1.unwrap().contains("the check itself broke"));
        assert_eq!(status_of(&report, "a.passes").0, Status::Pass);
    }

    #[tokio::test]
    async fn a_waiver_covers_a_failure_until_its_date_and_satisfies_no_need() {
        let waiver = |id: &str, until| Waiver { id: id.to_owned(), reason: "ticket 7".to_owned(), until };
        let later = jiff::civil::date(2999, 1, 1);
        let (covered, _) = run_of(CHAIN, vec![waiver("a.fails/broken", later)], std::future::pending()).await;
        let (expired, _) =
            run_of(CHAIN, vec![waiver("a.fails", jiff::civil::date(2020, 1, 1))], std::future::pending()).await;

        assert_eq!(covered.rows[0].waived.as_deref(), Some("ticket 7 (until 2999-01-01)"));
        assert_eq!(status_of(&covered, "a.after").0, Status::Skip);
        assert_eq!(expired.rows[0].waived, None);
    }
}
