//! Runs a plan: each check when its needs have passed, all at once, reported in plan order.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinHandle;

use crate::check::{Grade, Severity, Status};
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
            // Everything that had ended was taken in above; what is still empty did not end.
            for row in rows.iter_mut().filter(|row| row.is_none()) {
                *row = None;
            }
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
                Err(cause) => {
                    signal.send_replace(Signal::Stop(cause.clone()));
                    Row { reason: Some(format!("needs {cause}")), ..empty }
                }
                Ok(()) => {
                    let _permit = permits.acquire().await;
                    let begun = Instant::now();
                    let ran = match AssertUnwindSafe(check.run(&cx)).catch_unwind().await {
                        Ok(outcome) => empty.ran(outcome, begun.elapsed()),
                        Err(_) => Row {
                            status: Status::Unknown,
                            reason: Some(
                                "the check itself broke; this is a defect in the tool, please report it".to_owned(),
                            ),
                            took: begun.elapsed(),
                            ..empty
                        },
                    };
                    let passed = matches!(ran.status, Status::Pass | Status::Warn);
                    signal.send_replace(if passed { Signal::Go } else { Signal::Stop(ran.spec.id.to_string()) });
                    ran
                }
            };
            // Nobody listens any more when the run was cut short.
            let _ = tell.send((index, row));
        }));
    }
    (ended, labels, tasks)
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
    if !matches!(row.status, Status::Fail | Status::Unknown) {
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
