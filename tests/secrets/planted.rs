//! A secret in every place, wrapped in every way: every argument and option of every command, every setting of the settings
//! file, every environment variable. Commands, options, settings and formats are taken from the code, so that a new one is covered.

use std::sync::Mutex;

use clap::CommandFactory;
use workos_preflight::cli::Cli;
use workos_preflight::reporters::of_reports;
use workos_preflight::settings::{SETTINGS, Shape};

use crate::support::{Ended, binary, own_variables};

/// A key and a signing secret are told by their shape, an older signing secret only because it was given as one.
const SECRETS: [&str; 3] =
    ["sk_live_abcPLANTEDefghijklmnopwxyz", "whsec_abcPLANTEDefghijklmnopwxyz", "0abcPLANTED9efghijklmnopwxyz"];

/// What people wrap a secret in, and where they put it.
const WRAPPINGS: &[fn(&str) -> String] = &[
    |secret| secret.to_owned(),
    |secret| format!("'{secret}'"),
    |secret| format!("\"{secret}\""),
    |secret| format!(" {secret}"),
    |secret| format!("{secret}\t"),
    |secret| format!("WORKOS_API_KEY={secret}"),
    |secret| format!("export WORKOS_WEBHOOK_SECRET=\"{secret}\""),
    |secret| format!("\u{feff}{secret}"),
    |secret| format!("{secret}\u{200b}"),
    |secret| format!("https://user:{secret}@app.customer.example/hook"),
    |secret| format!("http://{secret}@proxy.customer.example:3128"),
    |secret| format!("https://app.customer.example/hook?token={secret}#x"),
    |secret| format!("https://app.customer.example/{secret}/hook"),
    |secret| format!("https://{secret}/hook"),
    |secret| format!("https://app.customer.example/{}", secret.replace('_', "%5F")),
    |secret| format!("{secret}.customer.example"),
    |secret| format!("{secret}:8443"),
    |secret| format!("./{secret}"),
    |secret| data_encoding::BASE64.encode(secret.as_bytes()),
    |secret| data_encoding::BASE64.encode(format!("user:{secret}").as_bytes()),
];

/// What shows that a secret was written, however it is spelt: the middle of each, as it is and in base64.
fn traces() -> Vec<String> {
    let mut traces = vec!["planted".to_owned()];
    for secret in SECRETS {
        for before in 0..3 {
            let encoded = data_encoding::BASE64.encode([&vec![b' '; before], secret.as_bytes()].concat().as_slice());
            traces.push(encoded[12..24].to_lowercase());
        }
    }
    traces
}

/// A string as TOML reads it, which is how JSON writes one.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

/// One run: its arguments, and what stands in its environment and in its settings file.
#[derive(Clone, Default)]
struct Run {
    arguments: Vec<String>,
    variables: Vec<(String, String)>,
    file: Option<String>,
}

impl Run {
    fn of(arguments: &[&str]) -> Self {
        Run { arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(), ..Run::default() }
    }

    fn and(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(|argument| (*argument).to_owned()));
        self
    }

    /// Runs it in a folder of its own, and holds everything that it writes, files and their names aside, to be without a trace.
    fn ended(&self, traces: &[String]) -> Ended {
        let folder = tempfile::tempdir().unwrap();
        if let Some(text) = &self.file {
            std::fs::write(folder.path().join("preflight.toml"), text).unwrap();
        }
        let mut command = binary();
        command.current_dir(folder.path()).env("WORKOS_WEBHOOK_SECRET", SECRETS[2]).args(&self.arguments);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        let ended = Ended::from(command.output().unwrap());
        assert!(ended.code != Some(70) && ended.code.is_some(), "{:?}: {ended:?}", self.arguments);
        let mut written = vec![ended.out.clone(), ended.err.clone()];
        for name in ["report.xml", "report.txt", "report.json"] {
            written.extend(std::fs::read_to_string(folder.path().join(name)));
        }
        for text in written {
            let found = |line: &&str| traces.iter().any(|trace| line.to_lowercase().contains(trace));
            let shown = text.lines().find(found);
            assert!(
                shown.is_none(),
                "{:?} {:?} {:?} shows\n{}",
                self.arguments,
                self.variables,
                self.file,
                shown.unwrap_or_default()
            );
        }
        ended
    }
}

/// Runs all of them, as many at a time as there are processors. What ends in an error does so in every format.
fn all(runs: Vec<Vec<Run>>) {
    let traces = traces();
    let threads = std::thread::available_parallelism().map_or(2, usize::from) * 4;
    let runs = Mutex::new(runs.into_iter());
    let next = || runs.lock().unwrap().next();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(formats) = next() {
                    let _ = formats.iter().find(|run| run.ended(&traces).code == Some(2));
                }
            });
        }
    });
}

/// Nothing outside of this machine, and nothing for long.
const NEAR: &[&str] = &[
    "--api-url",
    "https://127.0.0.1:1",
    "--resolver",
    "127.0.0.1:1",
    "--public-resolver",
    "none",
    "--timeout",
    "50ms",
    "--retries",
    "0",
    "--direct",
];

/// What a command needs in order to come to the value that is planted, and to end.
fn usual(command: &str) -> Run {
    match command {
        "check" => Run::of(&["check", "--only", "settings"]).and(NEAR),
        "plan" | "requirements" => Run::of(&[command]).and(NEAR),
        "listen" => Run::of(&[
            "listen",
            "--plain",
            "--bind",
            "127.0.0.1:0",
            "--for",
            "20ms",
            "--webhook-url",
            "https://app.customer.example/h",
        ])
        .and(NEAR),
        "probe" => Run::of(&["probe", "https://app.customer.example/h", "--plan"]),
        "demo" => Run::of(&["demo", "--only", "settings.consistent"]),
        "init" => Run::of(&["init", "--output", "-"]),
        other => Run::of(&[other]),
    }
}

/// The formats of a command: what its option takes, and the report's where that is no list.
fn formats(command: &clap::Command) -> Vec<String> {
    let option = command.get_arguments().find(|argument| argument.get_long() == Some("format"));
    let Some(option) = option else { return vec![String::new()] };
    let listed: Vec<String> = option.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
    if listed.is_empty() { of_reports().map(|format| format.name.to_owned()).collect() } else { listed }
}

/// All of them for a plan, which takes settings and options by the same code as the others; for each of those every fourth,
/// another fourth at each place.
fn wrappings(command: &clap::Command, place: usize) -> impl Iterator<Item = usize> + use<> {
    let all = command.get_name() == "plan";
    (0..WRAPPINGS.len()).filter(move |wrapping| all || (wrapping + place).is_multiple_of(4))
}

/// In each format, with every secret in turn, so that each wrapping meets each place and each secret each wrapping.
fn in_every_format(
    command: &clap::Command,
    place: usize,
    wrapping: usize,
    planted: impl Fn(Run, String) -> Run,
) -> Vec<Run> {
    let secret = SECRETS[(place + wrapping) % SECRETS.len()];
    let value = WRAPPINGS[wrapping](secret);
    let formats = formats(command).into_iter();
    let runs = formats.map(|format| {
        let run = usual(command.get_name());
        let run = if format.is_empty() { run } else { run.and(&["--format", &format]) };
        planted(run, value.clone())
    });
    runs.collect()
}

fn commands() -> Vec<clap::Command> {
    Cli::command().get_subcommands().cloned().collect()
}

#[test]
fn no_argument_and_no_option_of_any_command_shows_a_secret() {
    let mut runs = Vec::new();
    for command in commands() {
        for (place, argument) in command.get_arguments().enumerate() {
            for wrapping in wrappings(&command, place) {
                runs.push(in_every_format(&command, place, wrapping, |run, value| match argument.get_long() {
                    Some(long) => run.and(&[&format!("--{long}={value}")]),
                    None => run.and(&["--", &value]),
                }));
            }
        }
        for wrapping in 0..WRAPPINGS.len() {
            runs.push(in_every_format(&command, 0, wrapping, |run, value| run.and(&[&value])));
            runs.push(in_every_format(&command, 1, wrapping, |run, value| run.and(&[&format!("--{value}")])));
        }
    }
    for wrapping in WRAPPINGS {
        for secret in SECRETS {
            runs.push(vec![Run::of(&[&wrapping(secret)])]);
            runs.push(vec![usual("check").and(&[
                "--skip",
                &format!("settings.proxy={}", wrapping(secret)),
                "--report",
                "junit=report.xml",
                "--report",
                "json=report.json",
            ])]);
            runs.push(vec![usual("check").and(&["--report", &format!("json={}", wrapping(secret))])]);
        }
    }
    all(runs);
}

#[test]
fn no_setting_of_a_file_and_no_variable_shows_a_secret() {
    let with_settings = commands()
        .into_iter()
        .filter(|command| ["check", "plan", "requirements", "listen"].contains(&command.get_name()));
    let mut runs = Vec::new();
    for command in with_settings {
        for (place, setting) in SETTINGS.iter().enumerate() {
            for wrapping in wrappings(&command, place) {
                runs.push(in_every_format(&command, place, wrapping, |mut run, value| {
                    // A flag would win.
                    let flag = setting.flags();
                    if let Some(at) = run.arguments.iter().position(|argument| *argument == flag) {
                        run.arguments.drain(at..at + if flag == "--direct" { 1 } else { 2 });
                    }
                    let value = quoted(&value);
                    let value = if setting.shape == Shape::List { format!("[{value}]") } else { value };
                    run.file = Some(match setting.name.split_once('.') {
                        Some((table, key)) => format!("[{table}]\n{key} = {value}\n"),
                        None => format!("{} = {value}\n", setting.name),
                    });
                    run
                }));
            }
        }
        for (place, variable) in own_variables().enumerate() {
            for wrapping in wrappings(&command, place) {
                runs.push(in_every_format(&command, place, wrapping, |mut run, value| {
                    run.arguments.retain(|argument| argument != "--direct");
                    run.variables.push((variable.to_owned(), value));
                    run.and(if command.get_name() == "check" { &["-v"] } else { &[] })
                }));
            }
        }
    }
    for wrapping in WRAPPINGS {
        for secret in SECRETS {
            let value = wrapping(secret);
            for text in [
                format!("{value} = 1\n"),
                format!("{} = 1\n", quoted(&value)),
                format!("[workos]\napi_key = {}\n", quoted(&value)),
                format!("[workos]\nclient_id = {value}\n"),
                format!("[[waive]]\nid = {}\nreason = 'x'\nuntil = '2027-01-31'\n", quoted(&value)),
                format!("[[waive]]\nid = 'egress.answers'\nreason = 'x'\nuntil = {}\n", quoted(&value)),
                format!("[[waive]]\nid = 'settings.consistent'\nreason = {}\nuntil = '2999-01-31'\n", quoted(&value)),
            ] {
                let failing = [
                    "--redirect-uri",
                    "http://app.customer.example/",
                    "--report",
                    "junit=report.xml",
                    "--report",
                    "json=report.json",
                ];
                runs.push(vec![Run { file: Some(text), ..usual("check").and(&failing) }]);
            }
        }
    }
    all(runs);
}

#[test]
fn a_whole_run_shows_no_secret_that_stands_in_its_urls_and_files() {
    let mut runs = Vec::new();
    for (nth, wrapping) in WRAPPINGS.iter().enumerate() {
        let secret = SECRETS[nth % SECRETS.len()];
        let value = wrapping(secret);
        for format in of_reports() {
            let mut run = Run::of(&[
                "check",
                "-v",
                "--format",
                format.name,
                "--client-id",
                &value,
                "--resolver",
                "127.0.0.1:1",
                "--public-resolver",
                "none",
                "--timeout",
                "100ms",
                "--retries",
                "0",
                "--browser-hosts",
                "--probe-pair",
                "--send-signed",
            ]);
            for (flag, url) in [
                ("--webhook-url", format!("https://user:{secret}@127.0.0.1:1/{secret}?token={secret}")),
                ("--actions-url", format!("https://127.0.0.1:1/{}", secret.to_lowercase())),
                ("--redirect-uri", format!("https://127.0.0.1:1/callback/{secret}?state={secret}#{secret}")),
                ("--proxy", format!("http://user:{secret}@127.0.0.1:1")),
            ] {
                run = run.and(&[flag, &url]);
            }
            run.variables.push(("WORKOS_API_KEY".to_owned(), value.clone()));
            run.variables.push(("WORKOS_ACTIONS_SECRET".to_owned(), value.clone()));
            runs.push(vec![run]);
        }
    }
    all(runs);
}

#[test]
fn a_secret_that_is_read_from_a_file_shows_nowhere_else_either() {
    let folder = tempfile::tempdir().unwrap();
    let traces = traces();
    for (nth, wrapping) in WRAPPINGS.iter().enumerate() {
        let path = folder.path().join(format!("file{nth}"));
        std::fs::write(&path, format!("{}\n", wrapping("1xyzPLANTEDa9efghijklmnopwxyz"))).unwrap();
        let file = path.to_str().unwrap();
        for flag in ["--api-key-file", "--webhook-secret-file", "--actions-secret-file"] {
            for place in ["--domain", "--client-id", "--redirect-uri", "--no-proxy"] {
                let run = usual("check").and(&["-v", flag, file, place, "1xyzPLANTEDa9efghijklmnopwxyz"]);
                if nth < 9 {
                    run.ended(&traces);
                }
            }
        }
    }
}

#[test]
fn a_secret_in_the_place_of_a_name_ends_every_command_before_anything_is_sent() {
    for setting in SETTINGS.iter().filter(|setting| matches!(setting.shape, Shape::Text | Shape::List)) {
        if setting.name == "workos.client_id" {
            continue;
        }
        for command in ["check", "plan", "requirements", "listen"] {
            let value = format!("{}={}", setting.flags(), SECRETS[0]);
            let ended = Run::of(&[command, &value]).ended(&traces());

            assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{command} {value}: {ended:?}");
            assert!(ended.err.contains(setting.name) && ended.err.lines().count() == 1, "{command} {value}: {ended:?}");
        }
    }
    for url in [SECRETS[0].to_owned(), format!("https://{}/hook", SECRETS[1])] {
        let ended = Run::of(&["probe", &url]).ended(&traces());
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{url}: {ended:?}");
    }
}
