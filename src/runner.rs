//! Runs a plan: each check when its needs have passed, all at once, reported in plan order.

use std::collections::HashMap;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use tokio::sync::{Semaphore, watch};
use tokio::task::{AbortHandle, JoinError};

use crate::check::{About, Check, CheckId, Spec};
use crate::context::{Context, Ended, Guard, Journal};
use crate::elsewhere::{Elsewhere, Settled, Standing};
use crate::ending::{Ending, Stop, Why};
use crate::outcome::{Evidence, Status};
use crate::plan::{Fate, Plan};
use crate::report::waivers::{standings, waive};
use crate::report::{Head, Report, Row};
use crate::said::lasted;
use crate::settings::Settings;

/// Hears of a run while it goes on.
pub trait Observer {
    /// The next row of the report, in plan order.
    fn row(&mut self, row: &Row);
    /// The rows of a group have all been told.
    fn area_is_through(&mut self);
    /// What is waited for, several times a second.
    fn waiting(&mut self, wait: &Wait);
}

/// What a run waits for at a moment, so that the next row can be told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wait {
    /// The check that keeps it, and what that is about.
    pub check: String,
    /// For how long no row has been told.
    pub silent: Duration,
    /// For how long it has gone on.
    pub lasted: Duration,
    /// Which attempt goes on, and how many there are at most, where attempts are repeated.
    pub attempt: Option<(u32, u32)>,
    /// For how long it can go on altogether.
    pub at_most: Duration,
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
    let late = Stop::Deadline { passed: deadline, again: longer(&cx.settings) };
    let now = jiff::Timestamp::try_from(cx.host.now()).unwrap_or_default();
    let today = jiff::tz::TimeZone::UTC.to_datetime(now).date();
    let mut rows: Vec<Option<Row>> = Vec::new();
    let Spawned { mut asking, questions, tasks } = spawn(plan, &cx, &mut rows);

    tokio::pin!(interrupt);
    let overrun = tokio::time::sleep(deadline);
    tokio::pin!(overrun);
    let mut tick = tokio::time::interval(TICK);
    let mut told = 0;
    let mut waiting_since = Instant::now();
    let mut stopped: Option<Stop> = None;
    loop {
        while let Some(Some(row)) = rows.get_mut(told) {
            waive(row, &cx.settings.waivers, today);
            observer.row(row);
            told += 1;
            if questions.get(told).map(Question::group) != Some(row.group()) {
                observer.area_is_through();
            }
            waiting_since = Instant::now();
        }
        if told == rows.len() {
            break;
        }
        if let Some(by) = stopped {
            for (slot, question) in rows.iter_mut().zip(&questions) {
                slot.get_or_insert_with(|| question.cut_short(by, &questions));
            }
            continue;
        }
        tokio::select! {
            biased;
            Some((index, ended)) = asking.next() => {
                if let (Some(slot), Some(question)) = (rows.get_mut(index), questions.get(index)) {
                    *slot = Some(ended.unwrap_or_else(|error| question.lost(&error)));
                }
            }
            () = &mut interrupt => stopped = Some(Stop::Interruption),
            () = &mut overrun => stopped = Some(late),
            _ = tick.tick() => {
                if let Some(question) = questions.get(told) {
                    let left = deadline.saturating_sub(started.elapsed());
                    observer.waiting(&question.wait(&questions, &cx.settings, waiting_since.elapsed(), left));
                }
            }
        }
    }
    for task in tasks {
        task.abort();
    }
    let rows: Vec<Row> = rows.into_iter().flatten().collect();
    let waivers = standings(&cx.settings.waivers, &rows, today);
    let interrupted = stopped == Some(Stop::Interruption);
    Report { head, rows, duration: started.elapsed(), interrupted, waivers }
}

/// The longest deadline that can be set.
const LONGEST: Duration = Duration::from_hours(1);

/// The deadline with which another run comes further: twice as long, and long enough for what was being asked to run into its
/// own bounds, and for what follows it to do so, too. Then each ends in a conclusion, whatever was silent.
fn longer(settings: &Settings) -> Option<Duration> {
    let bounds = settings.timeout.value * (settings.retries.value + 1);
    let passed = settings.deadline.value;
    let wanted = (passed * 2).max(passed + bounds * 2).as_secs_f64();
    let step: f64 = if wanted <= 60.0 { 10.0 } else { 60.0 };
    let wanted = Duration::from_secs_f64((wanted / step).ceil() * step).min(LONGEST);
    (wanted > passed).then_some(wanted)
}

/// A check that was started: the index of its row, and what became of it.
type Asked = Pin<Box<dyn Future<Output = (usize, Result<Row, JoinError>)> + Send>>;

/// Checks that were started.
struct Spawned {
    /// Each gives the index of its row, and the row; an error where it broke in a way that nothing else noticed.
    asking: FuturesUnordered<Asked>,
    /// What each row is about.
    questions: Vec<Question>,
    tasks: Vec<AbortHandle>,
}

/// What a row is about, and how far it has come.
#[derive(Clone)]
struct Question {
    spec: &'static Spec,
    required: bool,
    subject: Option<String>,
    about: About,
    progress: watch::Receiver<Progress>,
    /// What other runs saw, and what an answer from here is worth beside it.
    elsewhere: Arc<Elsewhere>,
    standing: Standing,
    required_outside: bool,
}

/// How far a question has come.
#[derive(Clone)]
enum Progress {
    /// The check of this row has to pass first.
    WaitsFor(usize),
    /// As many are being asked as may be at once.
    Queued,
    /// It is being asked since then, and what it asks of the network stands there.
    Asked(Instant, Arc<Journal>),
}

impl Question {
    /// How it is called while it is waited for.
    fn label(&self) -> String {
        match &self.subject {
            Some(subject) => format!("{} {subject}", self.spec.id),
            None => self.spec.id.to_string(),
        }
    }

    fn group(&self) -> &'static str {
        self.spec.id.group()
    }

    /// What keeps it at this moment, where nothing has been told for so long and so much of the run is left.
    fn wait(&self, all: &[Question], settings: &Settings, silent: Duration, left: Duration) -> Wait {
        let root = self.root(all);
        let goes_on = match &*root.progress.borrow() {
            Progress::Asked(_, journal) => journal.goes_on(),
            Progress::WaitsFor(_) | Progress::Queued => None,
        };
        let lasted = goes_on.map_or(silent, |goes_on| goes_on.began.elapsed());
        let tries = settings.retries.value + 1;
        let steps = goes_on.and_then(|goes_on| goes_on.steps);
        let longest = steps.map_or(Duration::MAX, |steps| settings.timeout.value * steps * tries);
        Wait {
            check: root.label(),
            silent,
            lasted,
            attempt: goes_on.and_then(|goes_on| goes_on.attempt).map(|attempt| (attempt.min(tries), tries)),
            at_most: longest.min(lasted + left),
        }
    }

    fn ended(&self, ending: Ending, took: Duration) -> Row {
        Row::new(self.spec, self.required, self.subject.clone(), ending, took).about(self.about.clone())
    }

    /// The row of a question that may be settled by what was seen elsewhere, and whether it was. What was seen from outside
    /// decides as much as it did there.
    fn settled(&self, ending: Ending, took: Duration) -> (Row, bool) {
        let Settled { ending, elsewhere } =
            self.elsewhere.settle(self.spec, self.subject.as_deref(), self.standing, ending);
        let mut row = self.ended(ending, took);
        let decided = elsewhere && row.status() != Status::Unknown;
        row.required |= decided && self.required_outside;
        (row, decided)
    }

    /// Whether what was seen elsewhere decides it.
    fn is_decided_elsewhere(&self) -> bool {
        self.elsewhere.decides(self.spec, self.subject.as_deref())
    }

    /// The row of a question that was still open when the run ended, with what was learnt by then.
    fn cut_short(&self, by: Stop, all: &[Question]) -> Row {
        let (waits_for, evidence, took) = match &*self.progress.borrow() {
            Progress::WaitsFor(_) => {
                let root = self.root(all);
                (Some(root.spec.id), vec![Evidence::new("waited for", root.label())], Duration::ZERO)
            }
            Progress::Queued => {
                let turn = format!("one of {AT_ONCE} checks that run at once");
                (None, vec![Evidence::new("waited for", turn)], Duration::ZERO)
            }
            Progress::Asked(since, journal) => {
                let took = since.elapsed();
                let mut evidence = journal.learnt();
                evidence.push(Evidence::new("running for", lasted(took)).passing());
                (None, evidence, took)
            }
        };
        self.settled(Ending::CutShort { by, waits_for, evidence }, took).0
    }

    /// What is waited for in the end, where what is waited for waits itself.
    fn root<'q>(&'q self, all: &'q [Question]) -> &'q Question {
        let mut root = self;
        // Every need stands before what needs it, so that this comes to an end.
        while let Progress::WaitsFor(need) = *root.progress.borrow()
            && let Some(before) = all.get(need)
        {
            root = before;
        }
        root
    }

    /// The row of a question whose task ended in a way that nothing inside it noticed.
    fn lost(&self, error: &JoinError) -> Row {
        let what = if error.is_panic() { "it panicked" } else { "its task was taken away" };
        self.ended(Ending::Broke(what.to_owned()), Duration::ZERO)
    }
}

/// What a row passes on to those that need it: whether they may run, and otherwise which check is the cause.
#[derive(Clone, Copy, Debug)]
enum Signal {
    Pending,
    Go(By),
    Stop(Cause),
}

/// Who saw that something holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum By {
    /// This run.
    Here,
    /// Only somebody elsewhere.
    Elsewhere,
}

/// What keeps a question from being asked.
#[derive(Clone, Copy, Debug)]
struct Cause {
    check: CheckId,
    /// It is known to be wrong, and not only open: whatever somebody saw behind it was seen before that.
    failed: bool,
}

/// Starts every check. Rows that do not run are filled in at once.
fn spawn(plan: Plan, cx: &Arc<Context>, rows: &mut Vec<Option<Row>>) -> Spawned {
    let asking = FuturesUnordered::new();
    let permits = Arc::new(Semaphore::new(AT_ONCE));
    let mut signals: Vec<Need> = Vec::new();
    let mut questions = Vec::new();
    let mut tasks = Vec::new();
    let elsewhere = Arc::new(plan.elsewhere);
    let ended: Arc<Mutex<HashMap<usize, Ended>>> = Arc::default();
    for (index, entry) in plan.entries.into_iter().enumerate() {
        let spec = entry.spec;
        let (subject, about) = match &entry.fate {
            Fate::Runs { check, .. } => (check.subject(), check.about()),
            Fate::Skipped(_) => (None, About::Run),
        };
        let (tells, progress) = watch::channel(Progress::Queued);
        let question = Question {
            spec,
            required: entry.required,
            subject,
            about,
            progress,
            elsewhere: Arc::clone(&elsewhere),
            standing: entry.standing(),
            required_outside: entry.required_outside,
        };
        questions.push(question.clone());
        let (signal, heard) = watch::channel(Signal::Pending);
        signals.push(Need { index, id: spec.id, heard });
        let (check, contacts, needs, looks) = match entry.fate {
            Fate::Runs { check, needs, looks, contacts } => (check, contacts, needs, looks),
            Fate::Skipped(why) => {
                rows.push(Some(question.ended(Ending::Skipped(why), Duration::ZERO)));
                continue;
            }
        };
        rows.push(None);
        let bound = |to: &[usize]| -> Vec<Need> { to.iter().filter_map(|need| signals.get(*need).cloned()).collect() };
        let (needs, looks, ended) = (bound(&needs), bound(&looks), Arc::clone(&ended));
        let (cx, permits) = (Arc::clone(cx), Arc::clone(&permits));
        let task = tokio::spawn(async move {
            let not_asked = |check| Ending::Skipped(Why::Needs(check));
            let needed = all_passed(needs, &tells).await;
            let looked = all_ended(looks, &tells, &ended).await;
            let (row, elsewhere) = match needed {
                // What rests on what cannot be seen from here is not asked from here where somebody saw it.
                Ok(Some(unseen)) if question.is_decided_elsewhere() => {
                    question.settled(not_asked(unseen), Duration::ZERO)
                }
                Ok(_) => {
                    tells.send_replace(Progress::Queued);
                    let _permit = permits.acquire().await;
                    let begun = Instant::now();
                    let (cx, guard) = cx.bounded(&contacts);
                    let cx = Context { ended: looked, ..cx };
                    tells.send_replace(Progress::Asked(begun, guard.journal()));
                    let ending = ask(check.as_ref(), &cx, guard).await;
                    question.settled(ending, begun.elapsed())
                }
                Err(Cause { check, failed: true }) => (question.ended(not_asked(check), Duration::ZERO), false),
                Err(Cause { check, failed: false }) => question.settled(not_asked(check), Duration::ZERO),
            };
            keep(&ended, index, &row);
            signal.send_replace(passed_on(&row, elsewhere, needed.err()));
            row
        });
        tasks.push(task.abort_handle());
        asking.push(Box::pin(task.map(move |ended| (index, ended))) as Asked);
    }
    Spawned { asking, questions, tasks }
}

/// A check that must have passed, and what is heard of it.
#[derive(Clone)]
struct Need {
    /// Its row.
    index: usize,
    id: CheckId,
    heard: watch::Receiver<Signal>,
}

/// Runs a check in the bounds of what it declared. One that breaks, or reaches out of them, ends itself and nothing else.
async fn ask(check: &dyn Check, cx: &Context, guard: Guard) -> Ending {
    match AssertUnwindSafe(async { guard.over(check.run(cx)).await }).catch_unwind().await {
        Ok(Ok(outcome)) => Ending::Asked(outcome),
        Ok(Err(undeclared)) => Ending::Broke(undeclared.to_string()),
        Err(_) => Ending::Broke("it panicked".to_owned()),
    }
}

/// A row that was skipped names the cause it was skipped for, so that the root of a chain is named at its end.
fn passed_on(row: &Row, elsewhere: bool, cause: Option<Cause>) -> Signal {
    match row.status() {
        Status::Pass | Status::Warn => Signal::Go(if elsewhere { By::Elsewhere } else { By::Here }),
        status => {
            let own = Cause { check: row.spec.id, failed: status == Status::Fail };
            Signal::Stop(cause.filter(|_| row.cause().is_some()).unwrap_or(own))
        }
    }
}

/// Waits for every need; the first in registry order that did not pass is the cause. Otherwise the first that was seen to hold
/// elsewhere alone, if there is one.
async fn all_passed(needs: Vec<Need>, tells: &watch::Sender<Progress>) -> Result<Option<CheckId>, Cause> {
    let mut unseen = None;
    for Need { index, id, mut heard } in needs {
        tells.send_replace(Progress::WaitsFor(index));
        let signal = heard.wait_for(|signal| !matches!(signal, Signal::Pending)).await.map(|signal| *signal);
        match signal {
            Ok(Signal::Go(By::Here)) => {}
            Ok(Signal::Go(By::Elsewhere)) => unseen = unseen.or(Some(id)),
            Ok(Signal::Stop(cause)) => return Err(cause),
            // It broke, and its task is gone.
            Ok(Signal::Pending) | Err(_) => return Err(Cause { check: id, failed: false }),
        }
    }
    Ok(unseen)
}

/// Waits for what is looked at to end, however that may be, and tells how. What does not run, or broke, tells nothing.
async fn all_ended(
    looks: Vec<Need>,
    tells: &watch::Sender<Progress>,
    ended: &Mutex<HashMap<usize, Ended>>,
) -> Arc<[Ended]> {
    let mut seen = Vec::new();
    for Need { index, mut heard, .. } in looks {
        tells.send_replace(Progress::WaitsFor(index));
        let over = heard.wait_for(|signal| !matches!(signal, Signal::Pending)).await.is_ok();
        if over {
            seen.extend(ended.lock().unwrap_or_else(PoisonError::into_inner).get(&index).cloned());
        }
    }
    seen.into()
}

/// Keeps how a row ended for those who look at it.
fn keep(ended: &Mutex<HashMap<usize, Ended>>, index: usize, row: &Row) {
    let codes = row.findings().iter().map(|finding| finding.code.name).collect();
    let how = Ended { check: row.spec.id.as_str(), subject: row.subject.clone(), status: row.status(), codes };
    ended.lock().unwrap_or_else(PoisonError::into_inner).insert(index, how);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{CheckId, Contact, Group, Planned, Running, Spec};
    use crate::context::reaching;
    use crate::endpoint::Endpoint;
    use crate::facts::Facts;
    use crate::host::fake::FakeHost;
    use crate::net::counted::Counted;
    use crate::net::fake::Fake;
    use crate::net::{Layered, Network};
    use crate::outcome::{Code, Grade, Outcome, Remediation, Vantage};
    use crate::plan::Choice;
    use crate::settings::{DEADLINE, Declared, GivenSecrets, Layer, Source, Strategy, TIMEOUT, Waiver};

    /// What the check of a test does.
    #[derive(Clone, Copy)]
    enum Does {
        Pass,
        Fail,
        FindUndeclared,
        ReachOut,
        Hang,
        Connect,
        Break,
        BreakBeforeItRuns,
        BreakAfterItRan,
        LookAtWhatFails,
    }

    /// Breaks when it is let go of.
    struct Fragile;

    impl Drop for Fragile {
        fn drop(&mut self) {
            panic!("as the test decided");
        }
    }

    impl Check for Does {
        fn looks_at(&self) -> Option<&'static str> {
            matches!(self, Does::LookAtWhatFails).then_some("a.fails")
        }

        fn contacts(&self, _: &Facts, settings: &Settings) -> Vec<Contact> {
            match self {
                Does::Connect => reaching(&Endpoint::new("api.workos.com", 443), false, settings, ""),
                _ => Vec::new(),
            }
        }

        fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
            assert!(!matches!(self, Does::BreakBeforeItRuns), "as the test decided");
            Box::pin(async move {
                let outcome = Outcome::graded(Grade::Reached);
                match self {
                    Does::Pass | Does::BreakBeforeItRuns | Does::BreakAfterItRan => outcome,
                    Does::Fail => outcome.because(BROKEN.found("it is broken", Remediation::installer("Mend it."))),
                    Does::FindUndeclared => {
                        outcome.because(STRANGE.found("it is odd", Remediation::installer("Mend it.")))
                    }
                    Does::ReachOut => {
                        let _ = cx.network.resolve("a.example").await;
                        outcome
                    }
                    Does::Hang => std::future::pending().await,
                    Does::Connect => {
                        let way = cx.way(&Endpoint::new("api.workos.com", 443)).await;
                        outcome.with("reached", way.is_some().to_string())
                    }
                    Does::Break => panic!("as the test decided"),
                    Does::LookAtWhatFails => {
                        let seen =
                            cx.ended.iter().map(|row| format!("{} {:?} {:?}", row.named(), row.status, row.codes));
                        outcome.with("seen", seen.collect::<Vec<_>>().join("; "))
                    }
                }
            })
        }
    }

    /// Does something, and breaks when it is let go of.
    struct Dropped(Does, Fragile);

    impl Check for Dropped {
        fn contacts(&self, facts: &Facts, settings: &Settings) -> Vec<Contact> {
            self.0.contacts(facts, settings)
        }

        fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
            self.0.run(cx)
        }
    }

    static BROKEN: Code = Code::error("broken", "it is broken");
    static STRANGE: Code = Code::warning("strange", "no spec declares it");
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
    const EARLY_ID: CheckId = CheckId::new("a.early");
    const LATE_ID: CheckId = CheckId::new("a.late");
    static EARLY: Spec = spec("a.early", &[], |_, _| Planned::one(Does::BreakBeforeItRuns));
    static LATE: Spec = spec("a.late", &[], |_, _| Planned::one(Dropped(Does::BreakAfterItRan, Fragile)));
    static AFTER_EARLY: Spec = spec("a.after-early", &[EARLY_ID], |_, _| Planned::one(Does::Pass));
    static AFTER_LATE: Spec = spec("a.after-late", &[LATE_ID], |_, _| Planned::one(Does::Pass));
    static BREAKING_ODDLY: &[Group] =
        &[Group { id: "a", title: "", noun: "", specs: &[&EARLY, &LATE, &AFTER_EARLY, &AFTER_LATE, &PASSES] }];
    static LOOKS: Spec = spec("a.looks", &[], |_, _| Planned::one(Does::LookAtWhatFails));
    static LOOKING: &[Group] = &[Group { id: "a", title: "", noun: "", specs: &[&FAILS, &LOOKS] }];
    static LOOKING_AT_NOTHING: &[Group] = &[Group { id: "a", title: "", noun: "", specs: &[&LOOKS] }];
    static CHAIN: &[Group] = &[Group { id: "a", title: "", noun: "", specs: &[&FAILS, &AFTER, &LAST, &PASSES] }];
    const HANGS_ID: CheckId = CheckId::new("a.hangs");
    const AFTER_HANGS_ID: CheckId = CheckId::new("a.after-hangs");
    static AFTER_AFTER_HANGS: Spec = spec("a.after-after", &[AFTER_HANGS_ID], |_, _| Planned::one(Does::Pass));
    static CONNECTING: &[Group] = &[Group { id: "a", title: "", noun: "", specs: &[&CONNECTS] }];
    static CONNECTS: Spec = spec("a.connects", &[], |_, _| Planned::one(Does::Connect));
    static AFTER_HANGS: Spec = spec("a.after-hangs", &[HANGS_ID], |_, _| Planned::one(Does::Pass));
    const STRANGE_ID: CheckId = CheckId::new("a.finds-undeclared");
    static FINDS_UNDECLARED: Spec = spec("a.finds-undeclared", &[], |_, _| Planned::one(Does::FindUndeclared));
    static AFTER_STRANGE: Spec = spec("a.after-strange", &[STRANGE_ID], |_, _| Planned::one(Does::Pass));
    const REACHES_ID: CheckId = CheckId::new("a.reaches-out");
    static REACHES: Spec =
        Spec { required: |_, _| false, ..spec("a.reaches-out", &[], |_, _| Planned::one(Does::ReachOut)) };
    static AFTER_REACHES: Spec = spec("a.after-reaches", &[REACHES_ID], |_, _| Planned::one(Does::Pass));
    static REACHING: &[Group] = &[Group { id: "a", title: "", noun: "", specs: &[&REACHES, &AFTER_REACHES, &PASSES] }];
    static UNDECLARED: &[Group] =
        &[Group { id: "a", title: "", noun: "", specs: &[&FINDS_UNDECLARED, &AFTER_STRANGE, &PASSES] }];
    static HANGING: &[Group] =
        &[Group { id: "a", title: "", noun: "", specs: &[&HANGS, &AFTER_HANGS, &AFTER_AFTER_HANGS, &PASSES] }];
    static BREAKING: &[Group] = &[Group { id: "a", title: "", noun: "", specs: &[&BREAKS, &PASSES] }];

    #[derive(Default)]
    struct Heard(Vec<String>);

    impl Observer for Heard {
        fn row(&mut self, row: &Row) {
            self.0.push(row.spec.id.to_string());
        }

        fn area_is_through(&mut self) {}

        fn waiting(&mut self, _: &Wait) {}
    }

    async fn run_of(
        groups: &'static [Group],
        waivers: Vec<Waiver>,
        interrupt: impl Future<Output = ()>,
    ) -> (Report, Vec<String>) {
        run_on(Arc::new(Fake::default()), groups, waivers, interrupt).await
    }

    async fn run_on(
        network: Arc<dyn Network>,
        groups: &'static [Group],
        waivers: Vec<Waiver>,
        interrupt: impl Future<Output = ()>,
    ) -> (Report, Vec<String>) {
        let mut layer = Layer::default();
        layer.give(&DEADLINE, ["50ms".to_owned()], Source::Default);
        let settings = Settings::merge(&[layer], GivenSecrets::default(), waivers).unwrap();
        let facts = Facts::embedded();
        let plan = Plan::new(groups, &facts, &settings, Vantage::Inside, &Choice::default());
        let head = Head {
            started_at: std::time::SystemTime::UNIX_EPOCH,
            host: String::new(),
            addresses: Vec::new(),
            vantage: Vantage::Inside,
            strategy: Strategy::Firewall,
            via: String::new(),
            via_from: None,
            settings_file: None,
            typed: String::new(),
            facts_as_of: String::new(),
            settings: Vec::new(),
            demonstration: None,
        };
        let cx = Context::new(Layered::bare(network), FakeHost::default(), settings, facts, Vantage::Inside);
        let mut listener = Heard::default();
        let report = run(plan, Arc::new(cx), head, interrupt, &mut listener).await;
        (report, listener.0)
    }

    fn status_of(report: &Report, id: &str) -> (Status, Option<String>) {
        let row = report.rows.iter().find(|row| row.spec.id.as_str() == id).unwrap();
        (row.status(), row.reason())
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
    async fn whoever_looks_at_another_check_waits_for_it_and_is_shown_how_it_ended_also_where_it_failed() {
        let seen = async |groups| {
            let (report, _) = run_of(groups, Vec::new(), std::future::pending()).await;
            report.rows.last().unwrap().evidence()[0].value.clone()
        };

        assert_eq!(seen(LOOKING).await, "a.fails Fail [\"broken\"]");
        assert_eq!(seen(LOOKING_AT_NOTHING).await, "");
    }

    #[tokio::test]
    async fn the_deadline_leaves_what_hangs_unknown_and_keeps_what_ended() {
        let (report, order) = run_of(HANGING, Vec::new(), std::future::pending()).await;

        assert_eq!(order, ["a.hangs", "a.after-hangs", "a.after-after", "a.passes"]);
        assert_eq!(status_of(&report, "a.passes").0, Status::Pass);
        let (status, reason) = status_of(&report, "a.hangs");
        assert!(status == Status::Unknown && reason.unwrap().contains("deadline of 50 ms"));
        assert!(matches!(report.rows[0].ending(), Ending::CutShort { by: Stop::Deadline { .. }, .. }));
    }

    #[tokio::test]
    async fn what_was_cut_short_says_how_long_it_had_been_running_or_what_it_waited_for() {
        let (report, _) = run_of(HANGING, Vec::new(), std::future::pending()).await;

        let seen = |row: &Row| row.evidence().iter().map(|seen| (seen.what, seen.value.clone())).collect::<Vec<_>>();
        let [hangs, after, last, passes] = report.rows.as_slice() else { panic!("four rows") };
        let (running, waited) = (seen(hangs), seen(after));
        assert_eq!((running[0].0, running[0].1.ends_with('s')), ("running for", true), "{running:?}");
        assert!(hangs.took >= Duration::from_millis(40), "{:?}", hangs.took);
        assert_eq!(waited, [("waited for", "a.hangs".to_owned())]);
        assert!(seen(passes).is_empty() && after.took.is_zero());
        // What is waited for in the end is named, however long the chain to it is.
        assert_eq!(seen(last), waited);
        for waits in [after, last] {
            assert!(matches!(waits.ending(), Ending::CutShort { waits_for: Some(HANGS_ID), .. }), "{}", waits.spec.id);
            let reason = waits.reason().unwrap();
            assert_eq!(reason, "needs a.hangs, which was not through when the run's deadline of 50 ms passed");
        }
        assert!(matches!(hangs.ending(), Ending::CutShort { waits_for: None, .. }));
    }

    #[tokio::test]
    async fn what_was_learnt_of_the_network_by_then_is_kept_whatever_ended_the_run() {
        let silent = || Arc::new(Fake::api().hangs("104.18.2.1:443"));
        let soon = async { tokio::time::sleep(Duration::from_millis(20)).await };
        let (overran, _) = run_on(silent(), CONNECTING, Vec::new(), std::future::pending()).await;
        let (interrupted, _) = run_on(silent(), CONNECTING, Vec::new(), soon).await;

        for report in [overran, interrupted] {
            let seen: Vec<_> = report.rows[0].evidence().iter().map(|seen| (seen.what, seen.value.as_str())).collect();
            let [(unanswered, silent), found, (running, _)] = seen.as_slice() else { panic!("{seen:?}") };
            assert_eq!(
                (*unanswered, *found, *running),
                ("unanswered", ("found", "api.workos.com → 104.18.2.1"), "running for")
            );
            assert!(silent.starts_with("104.18.2.1:443: silent for "), "{silent}");
        }
    }

    #[tokio::test]
    async fn the_flag_to_run_again_with_leaves_time_for_what_was_silent_to_be_judged_and_for_what_follows() {
        let flag = |given: &[(&'static Declared, &str)]| {
            let mut layer = Layer::default();
            for (setting, value) in given {
                layer.give(setting, [(*value).to_owned()], Source::Default);
            }
            let settings = Settings::merge(&[layer], GivenSecrets::default(), Vec::new()).unwrap();
            Stop::Deadline { passed: settings.deadline.value, again: longer(&settings) }.again()
        };

        // A minute, and a proxy that takes 70 seconds.
        assert_eq!(flag(&[]).as_deref(), Some("--deadline 2m"));
        assert_eq!(flag(&[(&TIMEOUT, "80s")]).as_deref(), Some("--deadline 7m"));
        assert_eq!(flag(&[(&DEADLINE, "1s")]).as_deref(), Some("--deadline 30s"));
        assert_eq!(flag(&[(&DEADLINE, "30s")]).as_deref(), Some("--deadline 1m"));
        assert_eq!(flag(&[(&DEADLINE, "31s")]).as_deref(), Some("--deadline 2m"));
        assert_eq!(flag(&[(&DEADLINE, "59m")]).as_deref(), Some("--deadline 60m"));
        assert_eq!(flag(&[(&DEADLINE, "60m")]), None);
    }

    #[tokio::test]
    async fn an_interruption_completes_the_report_and_marks_it() {
        let (report, _) = run_of(HANGING, Vec::new(), std::future::ready(())).await;

        assert!(report.interrupted && report.rows.len() == 4);
        assert!(matches!(report.rows[0].ending(), Ending::CutShort { by: Stop::Interruption, .. }));
        assert_eq!(status_of(&report, "a.hangs").0, Status::Unknown);
    }

    #[tokio::test]
    async fn a_check_that_breaks_is_unknown_and_ends_nothing_else() {
        let (report, _) = run_of(BREAKING, Vec::new(), std::future::pending()).await;

        assert!(status_of(&report, "a.breaks").1.unwrap().contains("the check itself broke"));
        assert_eq!(status_of(&report, "a.passes").0, Status::Pass);
    }

    #[tokio::test]
    async fn a_finding_that_is_not_declared_is_a_defect_that_names_it_and_leaves_the_verdict_open() {
        let (report, _) = run_of(UNDECLARED, Vec::new(), std::future::pending()).await;

        let (status, reason) = status_of(&report, "a.finds-undeclared");
        let reason = reason.unwrap();
        assert!(status == Status::Unknown && reason.contains("`strange`") && reason.contains("defect"), "{reason}");
        assert_eq!(status_of(&report, "a.after-strange"), (Status::Skip, Some("needs a.finds-undeclared".to_owned())));
        assert_eq!(report.verdict(), crate::report::Verdict::Undecided);
    }

    #[tokio::test]
    async fn a_check_that_reaches_for_what_it_does_not_declare_is_a_defect_that_names_it_and_nothing_is_asked() {
        let network = Arc::new(Counted::new(Fake::default().resolves("a.example", Ok(&["192.0.2.1"]))));
        let (report, _) = run_on(network.clone(), REACHING, Vec::new(), std::future::pending()).await;

        let (status, reason) = status_of(&report, "a.reaches-out");
        let reason = reason.unwrap();
        assert!(status == Status::Unknown && reason.contains("look up a.example"), "{reason}");
        assert!(reason.contains("does not declare") && reason.contains("defect"), "{reason}");
        assert_eq!(network.count(), 0);
        assert_eq!(status_of(&report, "a.after-reaches"), (Status::Skip, Some("needs a.reaches-out".to_owned())));
        assert_eq!(status_of(&report, "a.passes").0, Status::Pass);
        assert_eq!(report.verdict(), crate::report::Verdict::Undecided);
    }

    #[tokio::test]
    async fn a_check_that_breaks_outside_its_guard_is_unknown_at_once_and_holds_nothing_up() {
        let (report, _) = run_of(BREAKING_ODDLY, Vec::new(), std::future::pending()).await;

        for id in ["a.early", "a.late"] {
            let (status, reason) = status_of(&report, id);
            assert!(status == Status::Unknown && reason.unwrap().contains("the check itself broke"), "{id}");
        }
        assert_eq!(status_of(&report, "a.after-early"), (Status::Skip, Some("needs a.early".to_owned())));
        assert_eq!(status_of(&report, "a.after-late").0, Status::Pass);
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
        assert_eq!((covered.waivers[0].warning(), expired.waivers[0].warning().is_some()), (None, true));
    }
}
