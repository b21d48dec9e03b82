//! Runs the binary on a host and judges its report. Every command line stands here.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use workos_preflight::report::v1::{CheckResult, Grade, Report, Status, Verdict};
use workos_preflight::simulator::World;
use workos_preflight::simulator::world::INSTALLATION as NAME;

use crate::found::{exit_of, findings, is, read, results, summary};
use crate::host::{Host, PATIENCE};
use crate::network::{CERTIFICATE, INSTALLATION, KEY, Network, PUBLIC, PUBLIC_ROOTS, WORKPLACE};
use crate::trial::End;

/// Where `listen` stands once the application is not there.
const URL: &str = "https://app.customer.example/webhooks/workos";
/// How long one attempt of `check` and `probe` may take: where it is dropped, all of it is waited for.
const TIMEOUT: &str = "2s";
const REPORT: &str = "/etc/lab/report.json";
const FROM_OUTSIDE: &str = "/etc/lab/outside.json";

/// The commands that the binary lists.
pub(crate) fn commands() -> BTreeSet<String> {
    let help = Command::new(env!("CARGO_BIN_EXE_workos-preflight")).arg("--help").env_clear().output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    listed.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

/// Looks from the installation.
pub(crate) fn check(network: &Network) -> Result<Ran, End> {
    check_with(network, &[])
}

/// The same without a public resolver to ask.
pub(crate) fn check_without_public_view(network: &Network) -> Result<Ran, End> {
    check_with(network, &WITHOUT_PUBLIC_VIEW)
}

pub(crate) const WITHOUT_PUBLIC_VIEW: [&str; 2] = ["--public-resolver", "none"];

/// The same with the report that `listen` left.
pub(crate) fn check_with_the_proof(network: &Network) -> Result<Ran, End> {
    check_with(network, &["--inbound-report", REPORT])
}

/// The same with the report of a look from outside, brought to the installation, and with the proof where there is one.
pub(crate) fn check_with_what_was_seen(network: &Network, outside: &Ran, proof: bool) -> Result<Ran, End> {
    check_with_what_was_seen_and(network, outside, proof, &[])
}

/// The same with more arguments.
pub(crate) fn check_with_what_was_seen_and(
    network: &Network,
    outside: &Ran,
    proof: bool,
    more: &[&str],
) -> Result<Ran, End> {
    let report = serde_json::to_vec(&outside.report).map_err(|error| End::Broke(error.to_string()))?;
    network.installation.run(move || fs::write(FROM_OUTSIDE, report))?;
    let both = ["--inbound-report", FROM_OUTSIDE, "--inbound-report", REPORT];
    check_with(network, &[if proof { &both[..] } else { &both[..2] }, more].concat())
}

fn check_with(network: &Network, more: &[&str]) -> Result<Ran, End> {
    let public = PUBLIC.to_string();
    let arguments = ["check", "--domain", NAME, "--address", &public, "--webhook-url", URL, "--timeout", TIMEOUT];
    run(&network.installation, &[&arguments, more].concat())
}

/// Looks from a host on the internet.
pub(crate) fn probe(from: &Host, arguments: &[&str]) -> Result<Ran, End> {
    run(from, &[&["probe", URL, "--timeout", TIMEOUT], arguments].concat())
}

/// What a person reads of the same look.
pub(crate) fn probe_as_told(from: &Host) -> Result<String, End> {
    let mut command = binary(&["probe", URL, "--timeout", TIMEOUT, "--public-roots", PUBLIC_ROOTS]);
    let ended = from.run(move || command.output())?;
    Ok(String::from_utf8_lossy(&ended.stdout).split_whitespace().collect::<Vec<_>>().join(" "))
}

fn run(host: &Host, arguments: &[&str]) -> Result<Ran, End> {
    let mut command = binary(arguments);
    command.args(["--format", "json", "--public-roots", PUBLIC_ROOTS]);
    let ended = host.run(move || command.output())?;
    Ran::of(ended.status.code(), &String::from_utf8_lossy(&ended.stdout), &String::from_utf8_lossy(&ended.stderr))
}

fn binary(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_workos-preflight"));
    command.env_clear().args(arguments).current_dir(WORKPLACE);
    command.env("WORKOS_WEBHOOK_SECRET", World::healthy().webhook_secret);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// How `listen` serves its port.
#[derive(Clone, Copy)]
pub(crate) enum Serves {
    /// TLS with the installation's certificate on 443.
    Tls,
    /// TLS with a certificate of its own on 443, for a server in front that does not look at it.
    SelfSigned,
    /// HTTP on 8080, behind a server that ends TLS.
    Plain,
}

/// Whether `listen` hears what it waits for.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Waits {
    /// It ends with it.
    ToTheEnd,
    /// It does not, and ends with its time.
    InVain,
}

/// A `listen` that is ready.
pub(crate) struct Listening {
    child: Child,
    said: Receiver<String>,
}

impl Listening {
    /// Starts it on the installation, to end after so many genuine deliveries, and waits until it is ready.
    pub(crate) fn start(
        network: &Network,
        serves: Serves,
        count: usize,
        waits: Waits,
        arguments: &[&str],
    ) -> Result<Self, End> {
        // On a busy machine a delivery takes its time, and nobody should wait so long for one that does not come.
        let lasting = if waits == Waits::InVain { "12s" } else { "60s" };
        let port = if matches!(serves, Serves::Plain) { 8080 } else { 443 };
        let (bind, count) = (format!("{INSTALLATION}:{port}"), count.to_string());
        let mut typed = vec!["listen", "--webhook-url", URL, "--bind", &bind, "--for", lasting];
        // Where none is wanted, something else is.
        if count != "0" {
            typed.extend(["--count", &count]);
        }
        typed.extend(match serves {
            Serves::Tls => vec!["--tls-cert", CERTIFICATE, "--tls-key", KEY],
            Serves::SelfSigned => vec!["--self-signed"],
            Serves::Plain => vec!["--plain"],
        });
        typed.extend(["--format", "json", "--output", REPORT]);
        typed.extend(arguments);
        let mut command = binary(&typed);
        // The human report, which the other format leaves to stdout, is not looked at.
        command.stdout(Stdio::null());
        let mut child = network.installation.run(move || command.spawn())?;
        let stderr = child.stderr.take().unwrap();
        let (tell, said) = mpsc::channel();
        thread::spawn(move || {
            BufReader::new(stderr).lines().map_while(Result::ok).try_for_each(|line| tell.send(line))
        });
        let mut listening = Self { child, said };
        listening.says("listening on ")?;
        Ok(listening)
    }

    /// Waits for the line in which it says this, and gives what follows.
    pub(crate) fn says(&mut self, what: &str) -> Result<String, End> {
        let mut before = String::new();
        while let Ok(line) = self.said.recv_timeout(PATIENCE) {
            if let Some((_, rest)) = line.split_once(what) {
                return Ok(rest.to_owned());
            }
            before += &line;
        }
        // It may have ended by itself, and has said why.
        let _ = self.child.kill();
        Err(End::Wrong(format!("`listen` does not say `{what}`: {before}")))
    }

    /// Waits for its end and reads its report.
    pub(crate) fn report(mut self, network: &Network) -> Result<Ran, End> {
        let started = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait()? {
                break status;
            }
            if started.elapsed() > PATIENCE * 4 {
                self.child.kill()?;
                return Err(End::Wrong(format!("`listen` does not end: {}", self.said.iter().collect::<String>())));
            }
            thread::sleep(Duration::from_millis(10));
        };
        let said: String = self.said.iter().collect();
        let report = network.installation.run(|| fs::read_to_string(REPORT));
        let report = report.map_err(|error| End::Wrong(format!("`listen` leaves no report ({error}): {said}")))?;
        Ran::of(status.code(), &report, &said)
    }
}

/// A run of the binary that left a report.
pub(crate) struct Ran {
    pub(crate) report: Report,
    wrong: Vec<String>,
}

impl Ran {
    fn of(exit: Option<i32>, text: &str, stderr: &str) -> Result<Self, End> {
        let read = read(text);
        let (report, mut wrong) =
            read.map_err(|error| End::Wrong(format!("no report ({error}), exit {exit:?}: {text}\n{stderr}")))?;
        if exit != Some(exit_of(report.verdict)) {
            wrong.push(format!("the verdict {:?} does not end with {exit:?}", report.verdict));
        }
        let secret = World::healthy().webhook_secret;
        if text.contains(&secret) || stderr.contains(&secret) {
            wrong.push("the webhook secret is printed".to_owned());
        }
        Ok(Self { report, wrong })
    }

    /// Holds the report to what is expected, and to what is expected of every report.
    pub(crate) fn judge(&self, verdict: Option<Verdict>, expected: &[Expect]) -> Result<(), End> {
        let mut wrong = self.wrong.clone();
        if let Some(verdict) = verdict.filter(|verdict| *verdict != self.report.verdict) {
            wrong.push(format!("the verdict should be {verdict:?}, and is {:?}", self.report.verdict));
        }
        wrong.extend(expected.iter().flat_map(|expect| expect.against(&self.report)));
        if wrong.is_empty() {
            return Ok(());
        }
        let named: BTreeSet<&str> = expected.iter().map(|expect| expect.id).collect();
        let rows = results(&self.report).filter(|(check, _)| named.contains(check.id.as_str()));
        let rows: Vec<String> = rows.map(|(check, row)| format!("  {}: {}", check.id, spelled(row))).collect();
        Err(End::Wrong(format!("\n  {}\n{}\n{}", wrong.join("\n  "), summary(&self.report), rows.join("\n"))))
    }
}

/// What one check must have come to.
#[derive(Clone)]
pub(crate) struct Expect {
    id: &'static str,
    status: Option<Status>,
    grade: Option<Grade>,
    code: Option<&'static str>,
    says: Vec<String>,
    leaves_out: Vec<String>,
}

impl Expect {
    pub(crate) fn of(id: &'static str) -> Self {
        Self { id, status: None, grade: None, code: None, says: Vec::new(), leaves_out: Vec::new() }
    }

    /// Every one of its results has this status.
    pub(crate) fn is(self, status: Status) -> Self {
        Self { status: Some(status), ..self }
    }

    /// Its best evidence is this.
    pub(crate) fn graded(self, grade: Grade) -> Self {
        Self { grade: Some(grade), ..self }
    }

    /// It has a finding with this code.
    pub(crate) fn finds(self, code: &'static str) -> Self {
        Self { code: Some(code), ..self }
    }

    /// Its findings or its evidence say this.
    #[expect(clippy::needless_pass_by_value, reason = "an address or a text, as it stands")]
    pub(crate) fn says(mut self, text: impl ToString) -> Self {
        self.says.push(text.to_string());
        self
    }

    /// Neither its findings nor its evidence say this.
    #[expect(clippy::needless_pass_by_value, reason = "an address or a text, as it stands")]
    pub(crate) fn leaves_out(mut self, text: impl ToString) -> Self {
        self.leaves_out.push(text.to_string());
        self
    }

    fn against(&self, report: &Report) -> Vec<String> {
        let id = self.id;
        let rows: Vec<&CheckResult> =
            results(report).filter(|(check, _)| check.id == id).map(|(_, result)| result).collect();
        if rows.is_empty() {
            return vec![format!("{id} is not in the report")];
        }
        let mut wrong = Vec::new();
        if let Some(status) = self.status.filter(|status| rows.iter().any(|row| row.status != *status)) {
            wrong.push(format!("{id} should be {status:?}"));
        }
        if self.grade.is_some() && rows.iter().map(|row| row.grade).max() != Some(self.grade) {
            wrong.push(format!("{id} should be graded {:?}", self.grade));
        }
        let address = self.code.map(|code| format!("{id}/{code}"));
        if let Some(address) = address
            && !findings(report).any(|(check, _, finding)| is(check, finding, &address))
        {
            wrong.push(format!("{address} is not found"));
        }
        let text: String = rows.into_iter().map(spelled).collect();
        let lacks = self.says.iter().filter(|said| !text.contains(*said));
        wrong.extend(lacks.map(|said| format!("{id} does not say `{said}`")));
        let should_not = self.leaves_out.iter().filter(|said| text.contains(*said));
        wrong.extend(should_not.map(|said| format!("{id} should not say `{said}`")));
        wrong
    }
}

/// Everything that a result says, for a search.
fn spelled(row: &CheckResult) -> String {
    let found = row.findings.iter().map(|it| format!("{} {}: {} ", it.code, it.problem, it.remediations[0].action));
    let reason = row.reason().unwrap_or_default();
    let seen = row.evidence.iter().map(|it| format!("[{}: {}] ", it.what, it.value));
    format!("{:?} {:?} {reason} {}", row.status, row.grade, found.chain(seen).collect::<String>())
}
