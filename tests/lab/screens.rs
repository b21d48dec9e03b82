//! What a person sees: whole runs of the binary, at the widths of terminals and where a terminal can show least.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::sched::{CloneFlags, unshare};
use nix::unistd::sethostname;
use workos_preflight::facts::Facts;
use workos_preflight::settings::{self, Shape};
use workos_preflight::simulator::{ApiManner, Fault, InstallationManner, Service, Site, World};

use crate::scenario::{PUBLIC_ROOTS, WORKPLACE};
use crate::scenarios::INSTALLATION_HTTPS;
use crate::stories::{Place, Story, story};

/// What a terminal is like, by the name of its golden files.
const TERMINALS: [(&str, &[(&str, &str)]); 4] = [
    ("60", &[("COLUMNS", "60"), ("LC_ALL", "C.UTF-8"), ("TERM", "xterm")]),
    ("80", &[("COLUMNS", "80"), ("LC_ALL", "C.UTF-8"), ("TERM", "xterm")]),
    ("200", &[("COLUMNS", "200"), ("LC_ALL", "C.UTF-8"), ("TERM", "xterm")]),
    // Colour is asked for and forbidden, so that it is seen to be left out.
    ("plain", &[("COLUMNS", "80"), ("LC_ALL", "C"), ("TERM", "dumb"), ("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]),
];

/// The lines of a terminal of the usual size.
const SCREEN: usize = 24;

pub(crate) fn all() -> Vec<Story> {
    vec![
        story(
            "seen: without settings, where TCP 443 is dropped, all that is to be known stands on one screen",
            |world| {
                *world = Fault::named("egress-dropped").unwrap().world();
                routed(world);
            },
            |place| {
                let screens = screens(place, "dropped", false, 1)?;
                let lines = screens.iter().map(|(name, text)| (*name, text.lines().count()));
                match lines.into_iter().find(|(name, lines)| *name == "80" && *lines >= SCREEN) {
                    Some((_, lines)) => Err(format!("{lines} lines, and the one to type in, are more than {SCREEN}")),
                    None => Ok(()),
                }
            },
        ),
        story(
            "seen: without settings, where nothing is wrong, the next command is ready to be edited",
            late,
            |place| {
                configure(&[("network.public_roots", PUBLIC_ROOTS.to_owned())])?;
                screens(place, "reaches", false, 0).map(|_| ())
            },
        ),
        story(
            "seen: with every setting, what is wrong unfolds and the rest is folded",
            |world| {
                late(world);
                (Fault::named("redirect-unregistered").unwrap().apply)(world);
                let open = Service::https(Site::Installation(InstallationManner::AcceptsUnsigned));
                world.services.insert(INSTALLATION_HTTPS, open);
            },
            |place| {
                let mut given = place.world.settings.clone();
                given.retain(|(name, _)| *name != "network.resolver");
                given.push(("network.public_roots", PUBLIC_ROOTS.to_owned()));
                configure(&given)?;
                screens(place, "full", true, 1).map(|_| ())
            },
        ),
    ]
}

/// Nothing is wrong, and every answer takes so long that the times are as wide in every run.
fn late(world: &mut World) {
    *world = World::healthy();
    routed(world);
    for service in world.services.values_mut() {
        if let Service::Tls { site: site @ Site::Workos(_), .. } = service {
            *site = Site::Workos(ApiManner::Late(150));
        }
    }
}

/// A way that leads out, by which the machine's own address is known.
fn routed(world: &mut World) {
    let first = Facts::embedded().cloudflare.ipv4.first().unwrap().network();
    world.services.insert((first, 443).into(), Service::Drops);
}

/// A settings file where the binary looks for one.
fn configure(given: &[(&'static str, String)]) -> Result<(), String> {
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in given {
        if !names.contains(name) {
            names.push(name);
        }
    }
    let lines = names.into_iter().map(|name| {
        let values: Vec<String> =
            given.iter().filter(|(other, _)| *other == name).map(|(_, value)| format!("{value:?}")).collect();
        match settings::declared(name).map(|setting| setting.shape) {
            Some(Shape::List | Shape::Files) => format!("{name} = [{}]\n", values.join(", ")),
            _ => format!("{name} = {}\n", values.join(", ")),
        }
    });
    let text: String = lines.collect();
    fs::write(Path::new(WORKPLACE).join("preflight.toml"), text).map_err(|error| error.to_string())
}

/// On a machine that has much else to do a time has a digit more now and then, and lines break elsewhere.
const TRIES: usize = 3;

/// What the binary shows on every terminal, which is what it should.
fn screens(place: &Place, what: &str, secrets: bool, exit: i32) -> Result<Vec<(&'static str, String)>, String> {
    // Of this thread and of what it starts.
    unshare(CloneFlags::CLONE_NEWUTS).and_then(|()| sethostname("app01")).map_err(|error| error.to_string())?;
    let mut seen = shown_at_once(place, what, secrets, exit);
    for _ in 1..TRIES {
        if seen.is_ok() {
            break;
        }
        seen = shown_at_once(place, what, secrets, exit);
    }
    seen
}

/// Runs the binary without an argument on every terminal at once, and compares what it shows with what it should.
fn shown_at_once(place: &Place, what: &str, secrets: bool, exit: i32) -> Result<Vec<(&'static str, String)>, String> {
    let begun = TERMINALS.map(|(name, variables)| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_workos-preflight"));
        command.env_clear().envs(variables.iter().copied()).current_dir(WORKPLACE);
        if secrets {
            command.env("WORKOS_API_KEY", &place.world.api_key);
            command.env("WORKOS_WEBHOOK_SECRET", &place.world.webhook_secret);
            command.env("WORKOS_ACTIONS_SECRET", &place.world.actions_secret);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        (name, command.spawn())
    });
    let (mut seen, mut wrong) = (Vec::new(), Vec::new());
    for (name, child) in begun {
        let ended = child.and_then(std::process::Child::wait_with_output).map_err(|error| error.to_string())?;
        let text = String::from_utf8(ended.stdout).map_err(|error| error.to_string())?;
        if ended.status.code() != Some(exit) || !ended.stderr.is_empty() {
            wrong.push(format!("{:?} {}", ended.status, String::from_utf8_lossy(&ended.stderr)));
        }
        let width = name.parse().unwrap_or(80);
        wrong.extend(shown(&text, width, name == "plain"));
        wrong.extend(golden(&format!("{what}.{name}.txt"), &steadied(&text)));
        seen.push((name, text));
    }
    if wrong.is_empty() { Ok(seen) } else { Err(wrong.join("\n")) }
}

/// What a terminal could not show of this: lines that are too long, unless they are there to be copied, and signs it has not.
fn shown(text: &str, width: usize, ascii: bool) -> Vec<String> {
    let copied = |line: &str| ["workos-preflight ", "curl ", "http"].iter().any(|start| line.contains(start));
    let long = text.lines().filter(|line| line.chars().count() > width && !copied(line));
    let mut wrong: Vec<String> = long.map(|line| format!("longer than {width}: {line}")).collect();
    if text.contains('\u{1b}') || (ascii && !text.is_ascii()) {
        wrong.push(format!("a terminal like this cannot show: {text:?}"));
    }
    wrong
}

/// The text with a stroke for every digit of the time of day, of how long something took and of until when a certificate holds.
fn steadied(text: &str) -> String {
    let mut signs: Vec<char> = text.chars().collect();
    for at in 0..signs.len() {
        let unit = |unit: &str| signs[at..].iter().take(unit.len()).copied().eq(unit.chars());
        let from = (0..at).rev().take_while(|nth| signs[*nth].is_ascii_digit() || signs[*nth] == '.').last();
        // A whole number of seconds is a setting's.
        let took = from.filter(|from| unit(" ms") || (unit(" s") && signs[*from..at].contains(&'.')));
        let moment = at.checked_sub(19).filter(|_| signs[at] == 'Z');
        let moment = moment.filter(|from| [4, 7].iter().all(|nth| signs[from + nth] == '-'));
        let until = signs[..at].ends_with(&['u', 'n', 't', 'i', 'l', ' ']).then_some(at..signs.len().min(at + 10));
        if let Some(varies) = took.or(moment).map(|from| from..at).or(until) {
            signs[varies].iter_mut().filter(|sign| sign.is_ascii_digit()).for_each(|sign| *sign = '_');
        }
    }
    signs.into_iter().collect()
}

/// What differs from the golden file; with `UPDATE_GOLDENS=1` in the environment, that is written.
fn golden(name: &str, seen: &str) -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/screens").join(name);
    if std::env::var_os("UPDATE_GOLDENS").is_some_and(|value| value == "1") {
        fs::create_dir_all(path.parent().unwrap()).and_then(|()| fs::write(&path, seen)).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    (golden != seen).then(|| format!("{name} differs; UPDATE_GOLDENS=1 accepts this:\n{seen}"))
}
