//! Stories: several runs of the binary in one network, while the embedded WorkOS keeps what was written into it.

use std::fs;
use std::io::{self, BufRead, BufReader};
use std::net::{IpAddr, SocketAddr};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use workos_preflight::report::v1::{CheckResult, Grade, Report, Status};
use workos_preflight::simulator::environment::{Organization, WebhookEndpoint};
use workos_preflight::simulator::world::INSTALLATION;
use workos_preflight::simulator::{Authorities, Ground, Simulator, World, WritesManner};

use crate::addresses::{Addresses, Fate, HOST};
use crate::found::{read, summary};
use crate::namespace;
use crate::play::{Played, settle};
use crate::{cut, places, screens, siege, undeclared};

/// What is told of one network.
pub(crate) struct Story {
    /// A sentence that holds when the trial passes.
    pub(crate) title: String,
    world: World,
    tell: Box<Telling>,
}

type Telling = dyn Fn(&Place) -> Result<(), String>;

/// The address at which the listener stands: the public one of the installation.
pub(crate) const DOOR: &str = "93.184.215.14:443";
const CHAIN: &str = "/etc/lab/chain.pem";
const KEY: &str = "/etc/lab/key.pem";
const PUBLIC_ROOTS: &str = "/etc/lab/public-roots.pem";

/// On a machine that has much else to do, this is still enough.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40);

pub(crate) fn all() -> Vec<Story> {
    let mut all = vec![
        story(
            "--deliver proves a delivery, and leaves nothing behind",
            |_| {},
            |place| {
                let report = place.delivers(&[], 0)?;
                let result = delivered(&report)?;
                hold(result.status == Status::Pass && result.grade == Some(Grade::Proved), &report)?;
                hold(says(result, "organization.created"), &report)?;
                place.is_as_before()
            },
        ),
        story(
            "a resolver file, hosts file or name service switch without an end is named, and costs no memory",
            |_| {},
            |place| {
                ["/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf"]
                    .into_iter()
                    .try_for_each(|file| endless(place, file))
            },
        ),
        story("--deliver uses an endpoint that is registered for the event, and registers none", register, |place| {
            let report = place.delivers(&[], 0)?;
            hold(delivered(&report)?.status == Status::Pass, &report)?;
            if place.simulator.writes() != 2 {
                return Err(format!("{} requests wrote", place.simulator.writes()));
            }
            place.is_as_before()
        }),
        story("--deliver says that nothing arrived where WorkOS lists the event", silent, |place| {
            let report = place.delivers(&["--for", "2s"], 1)?;
            let finding = delivered(&report)?.findings.first().ok_or("nothing was found")?;
            hold(finding.code == "not-delivered" && finding.problem.contains("lists it as event_"), &report)?;
            hold(finding.remediations[0].action.contains("3.217.146.166"), &report)?;
            place.is_as_before()
        }),
        story(
            "a delivery from an address that nobody lists is named",
            |world| {
                world.delivers_from = vec![IpAddr::from([198, 51, 100, 7])];
            },
            |place| {
                let report = place.delivers(&[], 1)?;
                let finding = delivered(&report)?.findings.first().ok_or("nothing was found")?;
                hold(finding.code == "from-elsewhere" && finding.problem.contains("198.51.100.7"), &report)?;
                place.is_as_before()
            },
        ),
        story(
            "a key that may not create organizations leaves it unknown, and the endpoint is gone again",
            |world| {
                world.environments.iter_mut().for_each(|it| it.forbidden = vec!["organizations"]);
            },
            |place| {
                let report = place.delivers(&[], 3)?;
                let finding = delivered(&report)?.findings.first().ok_or("nothing was found")?;
                hold(finding.code == "not-caused" && finding.problem.contains("403"), &report)?;
                place.is_as_before()
            },
        ),
        story("of what a check does not declare no packet leaves", |_| {}, undeclared::no_packet_leaves),
        story("a report that goes to a device leaves it a device", |_| {}, places::devices_stay),
        story("a report is written over a file that is mounted", |_| {}, places::mounted_files_are_written_over),
        story("a full disk keeps the report that was there", |_| {}, places::a_full_disk_keeps_what_was_there),
        story("a besieged listener lets a genuine delivery in, and keeps its memory", |_| {}, siege::withstood),
        story("a siege from their own address keeps hardly any deliveries out", |_| {}, siege::from_one_address),
        story("a siege keeps hardly any deliveries out where descriptors are few", |_| {}, siege::with_few_descriptors),
        story("what a stranger repeats of --deliver, unsigned, ends nothing and proves nothing", silent, repeated),
        story(
            "a probe with the nonce reaches this very listener, and both say so",
            |_| {},
            |place| {
                let (listened, probed) = place.probed(|nonce| nonce)?;
                let (here, there) = (arrives(&listened)?, arrives(&probed)?);
                hold(here.status == Status::Pass, &listened)?;
                hold(there.status == Status::Pass && there.grade == Some(Grade::Answered), &probed)?;
                let source = here.evidence.iter().find(|seen| seen.what == "source").ok_or("no source")?;
                let same =
                    there.evidence.iter().any(|seen| seen.what == "the listener saw" && seen.value == source.value);
                hold(same, &probed)
            },
        ),
        story(
            "a probe with the nonce of another run does not reach this listener",
            |_| {},
            |place| {
                let (listened, probed) = place.probed(|_| "0123456789abcdef0123456789abcdef".to_owned())?;
                let code = |result: &CheckResult| result.findings.first().map(|finding| finding.code.clone());
                hold(code(arrives(&listened)?).as_deref() == Some("not-arrived"), &listened)?;
                hold(code(arrives(&probed)?).as_deref() == Some("not-the-listener"), &probed)
            },
        ),
        story(
            "without consent nothing is written",
            |_| {},
            |place| {
                let ended = place.run(&["listen", "--deliver"])?;
                let said = String::from_utf8_lossy(&ended.stderr).into_owned();
                if ended.status.code() != Some(2) || !said.contains("POST   /organizations") || !said.contains("--yes")
                {
                    return Err(format!("{ended:?}"));
                }
                if place.simulator.writes() != 0 {
                    return Err("something was written".to_owned());
                }
                place.is_as_before()
            },
        ),
        story("Ctrl-C while it waits deletes what was made, and says 130", silent, |place| {
            let mut child = place.begin(&["listen", "--deliver", "--yes"])?;
            place.wait_for_writes(2)?;
            signal(&child, Signal::SIGINT)?;
            match ended(&mut child)? {
                Some(130) => place.is_as_before(),
                other => Err(format!("it ended with {other:?}")),
            }
        }),
        story(
            "a deletion whose answer is lost is seen to have happened",
            |world| world.writes = WritesManner::SilentAfter(3),
            |place| {
                let report = place.delivers(&["--timeout", "1s"], 0)?;
                hold(delivered(&report)?.findings.is_empty(), &report)?;
                place.is_as_before()
            },
        ),
        story(
            "Ctrl-C while a write is on its way waits for its answer, and leaves nothing behind",
            |world| world.writes = WritesManner::Late(700),
            |place| {
                let mut child = place.begin(&["listen", "--deliver", "--yes"])?;
                place.wait_for_writes(1)?;
                signal(&child, Signal::SIGTERM)?;
                match ended(&mut child)? {
                    Some(130) if place.simulator.writes() != 2 => Err(format!(
                        "{} requests wrote, and only the first and what deletes it should",
                        place.simulator.writes()
                    )),
                    Some(130) => place.is_as_before(),
                    other => Err(format!("it ended with {other:?}")),
                }
            },
        ),
        story(
            "with nothing left over the clean-up says so",
            |_| {},
            |place| {
                let ended = place.run(&["listen", "--clean-up"])?;
                let said = String::from_utf8_lossy(&ended.stdout).into_owned();
                if ended.status.success() && said.contains("Nothing is left over") {
                    Ok(())
                } else {
                    Err(format!("{ended:?}"))
                }
            },
        ),
        story(
            "what others called and registered is not cleaned up",
            |world| {
                for environment in &mut world.environments {
                    let called = ["", " GmbH & Co", "-production", " (a test)"];
                    environment.organizations.extend(called.iter().enumerate().map(|(at, rest)| Organization {
                        id: format!("org_01OTHER{at}"),
                        name: format!("workos-preflight-0123456789ab{rest}"),
                        domain: String::new(),
                    }));
                    let registered = ["workos-preflight=0123456789abc", "workos-preflight=0123456789ab&x=1"];
                    let registered = registered.iter().enumerate().map(|(at, query)| WebhookEndpoint {
                        id: format!("we_01OTHER{at}"),
                        url: format!("https://{INSTALLATION}/webhooks/workos?{query}"),
                        ..left_endpoint()
                    });
                    environment.webhook_endpoints.extend(registered);
                }
            },
            |place| {
                let ended = place.run(&["listen", "--clean-up", "--yes"])?;
                if !ended.status.success() || place.simulator.writes() != 0 {
                    return Err(format!("{ended:?}"));
                }
                place.is_as_before()
            },
        ),
    ];
    all.extend(cleaning());
    all.extend(cut::all());
    all.extend(screens::all());
    for step in 1..=4 {
        all.push(killed(step, "carried out and not answered", WritesManner::SilentAfter(step)));
        all.push(killed(step, "not carried out", WritesManner::SilentBefore(step)));
        let title = format!("a server error to write {step}, which is carried out all the same, leaves nothing behind");
        all.push(story(
            &title,
            move |world| world.writes = WritesManner::FailsAfter(step),
            |place| {
                let _ = place.run(&["listen", "--deliver", "--yes", "--for", "3s"])?;
                place.is_as_before()
            },
        ));
    }
    all
}

/// What `--clean-up` does where something was left over.
fn cleaning() -> Vec<Story> {
    let cleaned = |code: i32, organizations: bool, endpoints: bool, said: &'static str| {
        move |place: &Place| {
            let ended = place.run(&["listen", "--clean-up", "--yes"])?;
            let out = String::from_utf8_lossy(&ended.stdout).into_owned();
            let now = place.simulator.environments();
            let organization = now.iter().any(|it| it.organizations.iter().any(|it| it.id == LEFT_ORGANIZATION));
            let endpoint = now.iter().any(|it| it.webhook_endpoints.iter().any(|it| it.id == LEFT_ENDPOINT));
            let as_wanted = (organization, endpoint) == (organizations, endpoints) && out.contains(said);
            if ended.status.code() == Some(code) && as_wanted { Ok(()) } else { Err(format!("{ended:?}")) }
        }
    };
    vec![
        story("what a run left over is cleaned up", left_over, cleaned(0, false, false, "Nothing is left over now")),
        story(
            "an object that is too large to be read does not keep the clean-up from the others",
            |world| {
                for environment in &mut world.environments {
                    environment.organizations[0].domain = "x".repeat(5 << 20);
                }
                left_over(world);
                world.environments.iter_mut().for_each(|it| it.organizations.rotate_left(1));
            },
            cleaned(1, false, false, "too large"),
        ),
        story(
            "many large objects are looked through in small pages",
            |world| {
                for environment in &mut world.environments {
                    let large = |at| Organization {
                        id: format!("org_01LARGE{at}"),
                        name: "<title>Large</title>".to_owned(),
                        domain: "x".repeat(40 * 1024),
                    };
                    environment.organizations.extend((0..20).map(large));
                }
                left_over(world);
                world.environments.iter_mut().for_each(|it| it.organizations.rotate_left(5));
            },
            cleaned(0, false, false, "Nothing is left over now"),
        ),
        story(
            "a key that may not see organizations still cleans up endpoints, and says what it could not see",
            |world| {
                left_over(world);
                world.environments.iter_mut().for_each(|it| it.forbidden = vec!["organizations"]);
            },
            cleaned(1, true, false, "organizations could not be looked through"),
        ),
        story(
            "a deletion that is refused and happens all the same is told as done",
            |world| {
                left_over(world);
                world.writes = WritesManner::DeletesAndRefuses(409);
            },
            cleaned(0, false, false, "Nothing is left over now"),
        ),
        story(
            "a deletion that is confirmed and does not happen is told as not done",
            |world| {
                left_over(world);
                world.writes = WritesManner::DeletesNothing;
            },
            cleaned(1, true, true, "still there"),
        ),
    ]
}

const LEFT_ORGANIZATION: &str = "org_01LEFTOVER";
const LEFT_ENDPOINT: &str = "we_01LEFTOVER";

/// As a run leaves it that was killed.
fn left_over(world: &mut World) {
    for environment in &mut world.environments {
        environment.organizations.push(Organization {
            id: LEFT_ORGANIZATION.to_owned(),
            name: "workos-preflight-0123456789ab (a test of webhook delivery; safe to delete)".to_owned(),
            domain: String::new(),
        });
        environment.webhook_endpoints.push(left_endpoint());
    }
}

fn left_endpoint() -> WebhookEndpoint {
    WebhookEndpoint {
        id: LEFT_ENDPOINT.to_owned(),
        url: format!("https://{INSTALLATION}/webhooks/workos?workos-preflight=0123456789ab"),
        secret: "whsec_left0Kp7Lm2Nq9Rs4Tv".to_owned(),
        enabled: true,
        events: vec!["organization.created".to_owned()],
    }
}

/// A stranger sends the very event that was caused, without a signature.
fn repeated(place: &Place) -> Result<(), String> {
    let mut command = place.command(&["listen", "--deliver", "--yes", "--for", "6s", "--format", "json"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().map_err(|error| error.to_string())?;
    place.wait_for_writes(2)?;
    let held = format!("{:?}", place.simulator.environments());
    let named = held.split('"').find(|word| word.starts_with("workos-preflight-")).ok_or("nothing was made")?;
    let body = format!(r#"{{"id":"event_1","event":"organization.created","data":{{"name":"{named}"}}}}"#);
    let status = siege::unsigned(place.simulator.public_roots_pem(), &body)
        .map_err(|error| format!("the repetition: {error}"))?;
    let goes_on = child.try_wait().map_err(|error| error.to_string())?.is_none();
    let ended = child.wait_with_output().map_err(|error| error.to_string())?;
    let (report, _) = read(&String::from_utf8_lossy(&ended.stdout))?;
    let result = delivered(&report)?;
    hold(goes_on && status == 401 && ended.status.code() == Some(1), &report)?;
    hold(result.status == Status::Fail && result.grade != Some(Grade::Proved), &report)?;
    hold(says(result, "0 with a signature that holds, 1 without"), &report)?;
    place.is_as_before()
}

/// Killed while a write hangs: the clean-up of another run finds what is left.
fn killed(step: u32, how: &str, writes: WritesManner) -> Story {
    let title = format!("killed at write {step} ({how}), nothing is left after --clean-up");
    story(
        &title,
        move |world| world.writes = writes,
        move |place| {
            let mut child = place.begin(&["listen", "--deliver", "--yes", "--timeout", "30s"])?;
            place.wait_for_writes(step)?;
            signal(&child, Signal::SIGKILL)?;
            ended(&mut child)?;
            let cleaned = place.run(&["listen", "--clean-up", "--yes"])?;
            if !cleaned.status.success() {
                return Err(format!("the clean-up: {cleaned:?}"));
            }
            place.is_as_before()
        },
    )
}

pub(crate) fn story(
    title: &str,
    change: impl Fn(&mut World),
    tell: impl Fn(&Place) -> Result<(), String> + 'static,
) -> Story {
    let mut world = World::healthy();
    // The listener stands where the application would.
    world.services.retain(|address, _| address.to_string() != DOOR);
    change(&mut world);
    Story { title: format!("lab: {title}"), world, tell: Box::new(tell) }
}

fn register(world: &mut World) {
    for environment in &mut world.environments {
        environment.webhook_endpoints.iter_mut().for_each(|it| it.events.push("organization.created".to_owned()));
    }
}

pub(crate) fn silent(world: &mut World) {
    world.writes = WritesManner::DeliversNothing;
}

/// Tells a story in a network of its own.
pub(crate) fn play(story: &Story) -> Played {
    let addresses = Addresses::of(&story.world).and_then(|mut addresses| {
        let door: SocketAddr = DOOR.parse().map_err(|_| "the door has no address".to_owned())?;
        addresses.put(door.ip(), Fate::Local)?;
        story.world.delivers_from.iter().try_for_each(|source| addresses.put(*source, Fate::Local))?;
        Ok(addresses)
    });
    if let Err(instead) = settle(addresses, HOST) {
        return instead;
    }
    let told = namespace::assert_no_way_out().and_then(|()| Place::new(&story.world));
    match told {
        Ok(place) => Played::Told((story.tell)(&place)),
        Err(why) => Played::Broke(why),
    }
}

/// A look-up of the C library would read all of the file.
fn endless(place: &Place, file: &str) -> Result<(), String> {
    let words = |error: io::Error| error.to_string();
    let before = fs::read(file).and_then(|before| fs::remove_file(file).map(|()| before)).map_err(words)?;
    std::os::unix::fs::symlink("/dev/zero", file).map_err(words)?;
    let binary = env!("CARGO_BIN_EXE_workos-preflight");
    // In KiB; what is mapped counts, and not what is used.
    let script = format!("ulimit -v 1500000; exec '{binary}' check --only egress.resolves --direct --format json");
    let ended = Command::new("/bin/sh").env_clear().args(["-c", &script]).current_dir("/etc/lab").output();
    fs::remove_file(file).and_then(|()| fs::write(file, before)).map_err(words)?;
    let ended = ended.map_err(words)?;
    let (out, err) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    let (report, _) = read(&out).map_err(|error| format!("{file}: {error}: {out}{err}"))?;
    let results = report.checks.iter().filter(|check| check.id == "egress.resolves").flat_map(|check| &check.results);
    let mut findings = results.flat_map(|result| &result.findings);
    hold(findings.any(|finding| finding.code == "not-resolved" && finding.problem.contains(file)), &report)?;
    place.is_as_before()
}

/// The network in which a story is told.
pub(crate) struct Place {
    pub(crate) simulator: Arc<Simulator>,
    pub(crate) world: World,
    before: String,
}

impl Place {
    fn new(world: &World) -> Result<Self, String> {
        let words = |error: io::Error| error.to_string();
        let authorities = Authorities::new().map_err(words)?;
        let (chain, key) = authorities.certificate_pem(&[INSTALLATION.to_owned()]).map_err(words)?;
        let (tell, told) = mpsc::channel();
        let played = world.clone();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let simulator = Simulator::start_under(&authorities, played, Ground::AsNamed).await;
                tell.send(simulator.map(Arc::new)).unwrap();
                std::future::pending::<()>().await;
            });
        });
        let simulator = told.recv().map_err(|error| error.to_string())?.map_err(words)?;
        for (path, text) in [
            (CHAIN, chain.as_str()),
            (KEY, key.as_str()),
            (PUBLIC_ROOTS, simulator.public_roots_pem()),
            ("/etc/ssl/certs/ca-certificates.crt", simulator.trusted_pem()),
            ("/etc/resolv.conf", &format!("nameserver {}\n", world.resolver.ip())),
            ("/etc/hosts", "127.0.0.1 localhost\n"),
            ("/etc/nsswitch.conf", "hosts: files dns\n"),
        ] {
            let folder = std::path::Path::new(path).parent().unwrap();
            fs::create_dir_all(folder).and_then(|()| fs::write(path, text)).map_err(words)?;
        }
        let before = format!("{:?}", simulator.environments());
        Ok(Place { simulator, world: world.clone(), before })
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_workos-preflight"));
        command
            .env_clear()
            .env("WORKOS_API_KEY", &self.world.api_key)
            .env("WORKOS_WEBHOOK_SECRET", &self.world.webhook_secret)
            .args(arguments)
            .args(["--webhook-url", &format!("https://{INSTALLATION}/webhooks/workos"), "--bind", DOOR])
            .args(["--tls-cert", CHAIN, "--tls-key", KEY])
            .current_dir("/etc/lab")
            .stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Result<Output, String> {
        self.command(arguments).output().map_err(|error| format!("cannot run the binary: {error}"))
    }

    fn begin(&self, arguments: &[&str]) -> Result<Child, String> {
        let mut command = self.command(arguments);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().map_err(|error| format!("cannot run the binary: {error}"))
    }

    /// A `listen --deliver` with consent that must end with this code; its report.
    fn delivers(&self, arguments: &[&str], code: i32) -> Result<Report, String> {
        let typed = [&["listen", "--deliver", "--yes", "--format", "json"], arguments].concat();
        let ended = self.run(&typed)?;
        let (out, err) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
        for secret in [&self.world.api_key, &self.world.webhook_secret] {
            if out.contains(secret.as_str()) || err.contains(secret.as_str()) {
                return Err("a secret was printed".to_owned());
            }
        }
        let (report, wrong) = read(&out).map_err(|error| format!("{error}: {out}{err}"))?;
        if ended.status.code() != Some(code) || !wrong.is_empty() {
            return Err(format!("it ended with {:?} {wrong:?}:\n{}\n{err}", ended.status.code(), summary(&report)));
        }
        Ok(report)
    }

    /// Listens with a nonce, probes with what is made of it, and gives both reports: the listener's and the probe's.
    fn probed(&self, present: impl Fn(String) -> String) -> Result<(Report, Report), String> {
        let words = |error: io::Error| error.to_string();
        let mut command = self.command(&["listen", "--nonce", "--for", "8s", "--format", "json"]);
        let mut listening = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(words)?;
        let mut said = BufReader::new(listening.stderr.take().ok_or("no stderr")?);
        let nonce = loop {
            let mut line = String::new();
            if said.read_line(&mut line).map_err(words)? == 0 {
                return Err("no nonce was shown".to_owned());
            }
            if let Some((_, nonce)) = line.trim().split_once(" --nonce ") {
                break nonce.to_owned();
            }
        };
        let url = format!("https://{INSTALLATION}/webhooks/workos");
        let probing = Command::new(env!("CARGO_BIN_EXE_workos-preflight"))
            .env_clear()
            .args(["probe", &url, "--nonce", &present(nonce), "--only", "ingress.arrives", "--format", "json"])
            .args(["--public-roots", PUBLIC_ROOTS])
            .current_dir("/etc/lab")
            .output()
            .map_err(words)?;
        let listened = listening.wait_with_output().map_err(words)?;
        let report = |out: &[u8]| read(&String::from_utf8_lossy(out)).map(|(report, _)| report);
        Ok((report(&listened.stdout)?, report(&probing.stdout).map_err(|error| format!("{error}: {probing:?}"))?))
    }

    /// Whether WorkOS holds what it held before, and nothing else.
    pub(crate) fn is_as_before(&self) -> Result<(), String> {
        let now = format!("{:?}", self.simulator.environments());
        if now == self.before { Ok(()) } else { Err(format!("WorkOS holds\n{now}\nand before\n{}", self.before)) }
    }

    pub(crate) fn wait_for_writes(&self, count: u32) -> Result<(), String> {
        let begun = Instant::now();
        while self.simulator.writes() < count {
            if begun.elapsed() > PATIENCE {
                return Err(format!("only {} requests wrote", self.simulator.writes()));
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}

/// What a command reports, however it ends.
pub(crate) fn reads(mut command: Command) -> Result<Report, String> {
    let ended = command.output().map_err(|error| format!("cannot run the binary: {error}"))?;
    let (out, err) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    match read(&out) {
        Ok((report, wrong)) if wrong.is_empty() => Ok(report),
        Ok((report, wrong)) => Err(format!("{wrong:?}\n{}\n{err}", summary(&report))),
        Err(error) => Err(format!("{error}: {out}{err}")),
    }
}

pub(crate) fn delivered(report: &Report) -> Result<&CheckResult, String> {
    let check = report.checks.iter().find(|check| check.id == "webhook.delivered");
    check.and_then(|check| check.results.first()).ok_or_else(|| "there is no result".to_owned())
}

fn arrives(report: &Report) -> Result<&CheckResult, String> {
    let check = report.checks.iter().find(|check| check.id == "ingress.arrives");
    check.and_then(|check| check.results.first()).ok_or_else(|| summary(report))
}

pub(crate) fn says(result: &CheckResult, word: &str) -> bool {
    result.evidence.iter().any(|seen| seen.value.contains(word))
}

pub(crate) fn hold(holds: bool, report: &Report) -> Result<(), String> {
    if holds { Ok(()) } else { Err(summary(report)) }
}

pub(crate) fn signal(child: &Child, signal: Signal) -> Result<(), String> {
    let id = i32::try_from(child.id()).map_err(|error| error.to_string())?;
    kill(Pid::from_raw(id), signal).map_err(|error| error.to_string())
}

/// Its exit code; none where a signal ended it.
pub(crate) fn ended(child: &mut Child) -> Result<Option<i32>, String> {
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().map_err(|error| error.to_string())? {
            return Ok(status.code());
        }
        if begun.elapsed() > PATIENCE {
            let _ = child.kill();
            return Err("it does not end".to_owned());
        }
        thread::sleep(Duration::from_millis(5));
    }
}
