//! One run from plan to exit code: the report streams to stdout, goes to the files that were named, and ends in a verdict.

use std::future::Future;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use tokio::sync::Notify;

use super::compare::Baseline;
use super::exit::{self, Stream};
use super::outputs::Outputs;
use super::terminal::{self, Waiting};
use super::{Failure, gather, say};
use crate::checks::GROUPS;
use crate::cli::{FailOn, OutputArgs};
use crate::context::Context;
use crate::facts::Facts;
use crate::files;
use crate::firewall::review::Review;
use crate::host::{Host, ThisHost};
use crate::net::{Layered, Limits, Live, TrustStores, TrustSummary};
use crate::outcome::Vantage;
use crate::plan::Plan;
use crate::report::{Head, Report, Row, Verdict};
use crate::reporters::{Encoding, HUMAN, Reporter};
use crate::runner::{self, Observer, Wait};
use crate::said::hidden;
use crate::settings::{Probing, Settings};

/// The exit code of a run that the user ended.
pub(super) const INTERRUPTED: u8 = 130;

/// A runtime that ends without waiting for a name resolution that hangs.
pub(super) fn block_on<T>(future: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::machine("cannot start", error))?;
    let ended = runtime.block_on(async {
        survive_full_files();
        future.await
    });
    runtime.shutdown_background();
    Ok(ended)
}

/// A file that may not grow (`ulimit -f`) is an error to whoever writes it, and not the end of the process.
fn survive_full_files() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};

        // Once it is heard it no longer kills. Where it cannot be heard, it stays as it was.
        let _ = signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()));
    }
}

/// What a run looks at: this machine, its network, and what its environment says to programs.
pub(super) fn this_machine(settings: Settings, facts: Facts) -> Result<Arc<Context>, Failure> {
    let (live, trust) = live(&settings)?;
    Ok(Arc::new(Context { variables: gather::variables(), ..context(settings, facts, Vantage::Inside, live, trust) }))
}

/// What a look from outside looks at. Nothing of it is about the machine that it is made from.
pub(super) fn from_outside(settings: Settings, facts: Facts, probing: Probing) -> Result<Arc<Context>, Failure> {
    let (live, trust) = live(&settings)?;
    Ok(Arc::new(Context { probing, ..context(settings, facts, Vantage::Outside, live, trust) }))
}

fn live(settings: &Settings) -> Result<(Live, TrustSummary), Failure> {
    let stores = gather::trust(settings)?;
    let trust = stores.summary.clone();
    Ok((Live::new(Limits { attempt: settings.timeout.value }, stores), trust))
}

/// Runs checks that connect to nobody, without a word before they are through.
pub(super) async fn unconnected(plan: Plan, settings: Settings, facts: Facts, review: Arc<Review>) -> Report {
    let stores = TrustStores::none();
    let live = Live::new(Limits { attempt: settings.timeout.value }, stores);
    let cx = context(settings, facts, Vantage::Inside, live, TrustSummary::default());
    let cx = Arc::new(Context { review: Some(review), ..cx });
    let head = head(&cx, None);
    runner::run(plan, cx, head, std::future::pending(), &mut Silent).await
}

/// Hears of a run, and says nothing.
struct Silent;

impl Observer for Silent {
    fn row(&mut self, _: &Row) {}

    fn area_is_through(&mut self) {}

    fn waiting(&mut self, _: &Wait) {}
}

/// The same over a network that is given, which may be played.
pub(super) fn context(settings: Settings, facts: Facts, vantage: Vantage, live: Live, trust: TrustSummary) -> Context {
    let network = Layered::over(live, settings.retries.value);
    Context { trust, ..Context::new(network, ThisHost::default(), settings, facts, vantage) }
}

/// Runs a plan and reports it. `demonstration` says what is played, when something is.
pub(super) async fn run(
    plan: Plan,
    cx: Arc<Context>,
    demonstration: Option<String>,
    output: &OutputArgs,
) -> Result<u8, Failure> {
    let head = head(&cx, demonstration);
    let mut account = Account::open(&head, Outputs::of(output)?, output)?;
    let closed = Arc::clone(&account.telling.closed);
    let mut by_user = false;
    let stop = told_to_stop();
    let interrupt = async {
        tokio::select! {
            () = stop => by_user = true,
            () = closed.notified() => {}
        }
    };
    let report = runner::run(plan, cx, head, interrupt, &mut account.telling).await;
    let code = account.close(&report)?;
    Ok(if by_user { INTERRUPTED } else { code })
}

/// A report that is told while it comes about, and then written to the files that were named.
pub(super) struct Account<'a> {
    telling: Telling,
    outputs: Outputs,
    baseline: Option<Baseline>,
    output: &'a OutputArgs,
    /// Lines that were left out, because what was told before them is not read.
    left_out: usize,
}

impl<'a> Account<'a> {
    /// Reads the report that this one is held to, and begins to tell.
    pub(super) fn open(head: &Head, outputs: Outputs, output: &'a OutputArgs) -> Result<Self, Failure> {
        let head = &head.clone().without_secrets();
        let baseline = output.baseline.as_deref().map(Baseline::read).transpose()?;
        let on_stdout = outputs.on_stdout;
        let look = terminal::look(terminal::detail(output.quiet, output.verbose), output.color);
        let mut telling = Telling {
            reporter: (on_stdout.begin)(look, GROUPS),
            waiting: Waiting::new(),
            failed: None,
            // Where nothing waits for stdout, it is known only later that nobody reads it.
            closed: exit::begun().filter(|_| outputs.is_stdout_alone()).unwrap_or_default(),
            alone: outputs.is_stdout_alone(),
            for_people: on_stdout.format == HUMAN,
            encoding: on_stdout.format.encoding,
        };
        telling.write(|reporter, out| reporter.begin(head, out));
        Ok(Account { telling, outputs, baseline, output, left_out: 0 })
    }

    /// Tells what happens before there are rows: to stdout where a person reads there, else to stderr.
    pub(super) fn happens(&mut self, line: &str) {
        if exit::is_behind(if self.telling.for_people { Stream::Out } else { Stream::Err }) {
            self.left_out += 1;
            return;
        }
        self.own_up_to_what_was_left_out();
        self.tell(line);
    }

    fn own_up_to_what_was_left_out(&mut self) {
        let lines = match std::mem::take(&mut self.left_out) {
            0 => return,
            1 => "one line is left out".to_owned(),
            lines => format!("{lines} lines are left out"),
        };
        self.tell(&format!("{lines} here: what was told before was not read in time"));
    }

    fn tell(&mut self, line: &str) {
        let line = &hidden(line);
        if self.telling.for_people {
            self.telling.write(|reporter, out| reporter.happens(line, out));
        } else {
            say(line);
        }
    }

    /// Completes when nobody reads on and there is no file to write either.
    pub(super) fn closed(&self) -> Arc<Notify> {
        Arc::clone(&self.telling.closed)
    }

    /// Tells the rows of a report that no run of a plan told.
    pub(super) fn rows(&mut self, rows: &[Row]) {
        self.own_up_to_what_was_left_out();
        for row in rows {
            self.telling.row(row);
        }
    }

    /// Ends, and says what the exit code is.
    pub(super) fn close(mut self, report: &Report) -> Result<u8, Failure> {
        let report = &report.clone().without_secrets();
        self.telling.waiting.clear();
        self.telling.write(|reporter, out| reporter.end(report, out));
        self.outputs.write(report, self.output)?;
        match exit::finish(Stream::Out) {
            Ok(true) => {}
            Ok(false) => say("stdout is not read, so the end of the report is not shown there"),
            Err(error) => self.telling.failed = Some(error),
        }
        let against = match (self.telling.failed, &self.baseline) {
            (Some(error), _) if error.kind() != io::ErrorKind::BrokenPipe => return Err(error.into()),
            (Some(_), _) | (None, None) => None,
            (None, Some(baseline)) => Some(baseline.hold(report, self.output, self.telling.for_people)?),
        };
        Ok(against.filter(|_| !self.output.exit_zero).unwrap_or_else(|| code(report, self.output)))
    }
}

/// Ctrl-C, what a supervisor sends, or a terminal that goes away. It is heard from the call on, also before somebody waits for it.
#[cfg(unix)]
pub(super) fn told_to_stop() -> impl Future<Output = ()> {
    use tokio::signal::unix::{Signal, SignalKind, signal};

    async fn heard(signal: io::Result<Signal>) {
        match signal {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    }
    let [interrupt, terminate] = [SignalKind::interrupt(), SignalKind::terminate()].map(signal);
    // A terminal that goes away is told of by a hang-up, which `nohup` has ignored on purpose.
    let hangup = if ignores_hangups() { Err(io::ErrorKind::Unsupported.into()) } else { signal(SignalKind::hangup()) };
    async move {
        tokio::select! {
            () = heard(interrupt) => {}
            () = heard(terminate) => {}
            () = heard(hangup) => {}
        }
    }
}

/// Whether this process was started with hang-ups ignored.
#[cfg(unix)]
fn ignores_hangups() -> bool {
    static IGNORES: std::sync::OnceLock<bool> = std::sync::OnceLock::new();
    // Asked once, because hearing of signals changes the answer.
    *IGNORES.get_or_init(|| {
        let status = files::read(Path::new("/proc/self/status"), 1 << 20).unwrap_or_default();
        let status = String::from_utf8_lossy(&status);
        let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 != 0)
    })
}

/// Ctrl-C.
#[cfg(not(unix))]
pub(super) async fn told_to_stop() {
    let _ = tokio::signal::ctrl_c().await;
}

/// What the verdict, and the user's view of warnings, make of a report.
pub(super) fn code(report: &Report, output: &OutputArgs) -> u8 {
    match report.verdict() {
        _ if output.exit_zero => 0,
        Verdict::NotReady => 1,
        Verdict::Undecided => 3,
        Verdict::Incomplete if output.complete => 3,
        Verdict::Ready | Verdict::Incomplete if output.fail_on == FailOn::Warn && report.warns() => 4,
        Verdict::Ready | Verdict::Incomplete => 0,
    }
}

pub(super) fn head(cx: &Context, demonstration: Option<String>) -> Head {
    let head = head_of(cx.host.as_ref(), &cx.settings, &cx.facts, cx.vantage);
    let told = head.settings.into_iter().chain(cx.probing.shown()).collect();
    Head { settings: told, demonstration, ..head }
}

/// What is known of this machine before anything is asked.
pub(super) fn head_here(settings: &Settings, facts: &Facts, vantage: Vantage) -> Head {
    head_of(&ThisHost::default(), settings, facts, vantage)
}

fn head_of(host: &dyn Host, settings: &Settings, facts: &Facts, vantage: Vantage) -> Head {
    let ranges = &facts.cloudflare;
    let outside = [ranges.ipv4.first(), ranges.ipv6.first()].into_iter().flatten().map(ipnet::IpNet::network);
    let sources = outside.filter_map(|address| host.source_for(address).ok()).filter(|source| !source.is_loopback());
    let proxy = match vantage {
        Vantage::Inside => settings.proxy_for(&settings.api.value),
        // What arrives at the installation passes no proxy of this machine.
        Vantage::Outside => None,
    };
    Head {
        started_at: host.now(),
        host: host.name(),
        addresses: sources.map(|address| address.to_string()).collect(),
        vantage,
        strategy: settings.strategy.value,
        via: proxy.map_or_else(|| "direct".to_owned(), ToString::to_string),
        via_from: settings.proxy.as_ref().filter(|_| proxy.is_some()).map(|proxy| proxy.source.clone()),
        settings_file: settings.file.clone(),
        typed: gather::typed(),
        facts_as_of: facts.as_of.clone(),
        settings: settings.shown.clone(),
        demonstration: None,
    }
}

/// The report as it is told on stdout while the run goes on.
struct Telling {
    reporter: Box<dyn Reporter>,
    waiting: Waiting,
    failed: Option<io::Error>,
    closed: Arc<Notify>,
    /// Whether nothing else gets the report.
    alone: bool,
    for_people: bool,
    encoding: Encoding,
}

impl Telling {
    fn write(&mut self, tell: impl FnOnce(&mut dyn Reporter, &mut dyn Write) -> io::Result<()>) {
        if self.failed.is_some() {
            return;
        }
        let mut text = Vec::new();
        let told = tell(self.reporter.as_mut(), &mut text);
        if !text.is_empty() {
            self.waiting.clear();
        }
        let written = told.and_then(|()| exit::to_stdout(self.encoding, &text));
        if let Err(error) = written {
            self.failed = Some(error);
            // Where nobody reads on and no file waits for the report, there is nothing to go on for.
            if self.alone {
                self.closed.notify_one();
            }
        }
    }
}

impl Observer for Telling {
    fn row(&mut self, row: &Row) {
        let row = row.clone().without_secrets();
        self.write(|reporter, out| reporter.row(&row, out));
    }

    fn area_is_through(&mut self) {
        self.write(|reporter, out| reporter.area_is_through(out));
    }

    fn waiting(&mut self, wait: &Wait) {
        self.waiting.tell(wait);
    }
}
