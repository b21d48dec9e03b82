//! `listen` on loopback: what it answers, what it tells, how it ends, and what `check` takes in of its report.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends at what it did not expect")]

mod support;
#[path = "support/trusting.rs"]
mod trusting;

use std::io::{BufRead, BufReader, PipeWriter, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, SystemTime};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use support::{Ended, binary, codes, run, self_signed};
use workos_preflight::secret::Secret;
use workos_preflight::workos::signature;

const HOOK: &str = "https://app.customer.example/webhooks/workos";
const SECRET: &str = "whsec_0FWAiVGkEfGBqqsJH4aNAGBJ4";
const ACTIONS_SECRET: &str = "whsec_Qm3vT8yK2nLx5RwZ7cPdHs6Bf";
const PUBLISHED: &str = "3.217.146.166";
const EVENT: &str = r#"{"id":"event_01","event":"user.created","data":{"id":"user_01","email":"planted@example.com"},"created_at":"x"}"#;

/// A listener behind a proxy on this machine, which ends TLS.
struct Listening {
    child: Child,
    address: SocketAddr,
    stderr: Option<BufReader<ChildStderr>>,
    said: String,
}

impl Listening {
    fn start(arguments: &[&str]) -> Self {
        Self::of(listen(arguments))
    }

    fn of(mut command: Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        Self::writing_to(command)
    }

    /// A listener whose output goes where the command says.
    fn writing_to(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut said = String::new();
        let address = loop {
            let from = said.len();
            assert!(stderr.read_line(&mut said).unwrap() > 0, "it ended: {said}");
            let line = &said[from..];
            let begun = ["listening on http://", "listening on https://"].map(|begun| line.split_once(begun));
            if let Some((_, rest)) = begun.into_iter().flatten().next() {
                break rest.split('/').next().unwrap().parse().unwrap();
            }
        };
        Listening { child, address, stderr: Some(stderr), said }
    }

    /// Sends a request as it stands; the whole answer.
    fn send(&self, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(request).unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8(answer).unwrap()
    }

    fn deliver(&self, delivery: &Delivery) -> String {
        self.send(delivery.request().as_bytes())
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), signal).unwrap();
    }

    fn end(mut self) -> Ended {
        self.stderr.take().unwrap().read_to_string(&mut self.said).unwrap();
        let mut ended: Ended = self.child.wait_with_output().unwrap().into();
        ended.err = self.said;
        ended
    }
}

/// A listener that speaks HTTP.
fn listen(arguments: &[&str]) -> Command {
    speaking(&[&["--plain"], arguments].concat())
}

/// A listener that speaks as its arguments say.
fn speaking(arguments: &[&str]) -> Command {
    let mut command = binary();
    command
        .env("WORKOS_WEBHOOK_SECRET", SECRET)
        .env("WORKOS_ACTIONS_SECRET", ACTIONS_SECRET)
        .args(["listen", "--bind", "127.0.0.1:0", "--webhook-url", HOOK, "--trusted-proxy", "127.0.0.1"])
        .args(if arguments.contains(&"--for") { &[][..] } else { &["--for", "30s"] })
        .args(arguments);
    command
}

struct Delivery {
    path: &'static str,
    secret: &'static str,
    signed: String,
    sent: String,
    /// How long ago it was signed, in milliseconds.
    age: i64,
    headers: String,
    preface: String,
}

impl Default for Delivery {
    fn default() -> Self {
        Delivery {
            path: "/webhooks/workos",
            secret: SECRET,
            signed: EVENT.to_owned(),
            sent: EVENT.to_owned(),
            age: 0,
            headers: format!("X-Forwarded-For: {PUBLISHED}\r\n"),
            preface: String::new(),
        }
    }
}

impl Delivery {
    fn request(&self) -> String {
        let at = signature::milliseconds(SystemTime::now()).saturating_add_signed(-self.age);
        let signature = match self.secret {
            "" => String::new(),
            secret => {
                format!("WorkOS-Signature: {}\r\n", signature::sign(&Secret::new(secret), at, self.signed.as_bytes()))
            }
        };
        format!(
            "{}POST {} HTTP/1.1\r\nHost: app.customer.example\r\n{}{signature}Content-Length: {}\r\n\r\n{}",
            self.preface,
            self.path,
            self.headers,
            self.sent.len(),
            self.sent
        )
    }
}

fn result(report: &Value) -> &Value {
    let checks = report["checks"].as_array().unwrap();
    &checks.iter().find(|check| check["id"] == "webhook.delivered").unwrap()["results"][0]
}

fn evidence(report: &Value) -> String {
    result(report)["evidence"].to_string()
}

#[test]
fn a_signed_delivery_from_a_published_address_is_proved_and_left_to_the_application() {
    let listening = Listening::start(&["--format", "json"]);
    let answer = listening.deliver(&Delivery::default());
    let ended = listening.end();
    let report = ended.json();

    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("retry-after: 300"), "{answer}");
    assert_eq!(ended.code, Some(0));
    assert_eq!((&report["verdict"], &report["inbound"]), (&"ready".into(), &"proved".into()));
    assert_eq!(result(&report)["grade"], "proved");
    assert!(evidence(&report).contains("3.217.146.166 → 127.0.0.1"), "{report:#}");
}

#[test]
fn a_person_reads_each_delivery_as_it_arrives_and_the_verdict() {
    let listening = Listening::start(&["--accept"]);
    let answer = listening.deliver(&Delivery::default());
    let ended = listening.end();

    let text = ended.out.split_whitespace().collect::<Vec<_>>().join(" ");

    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    for words in [
        "webhook from 3.217.146.166 (published)",
        "user.created event_01",
        "the signature holds",
        "answered 200",
        "READY:",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn a_stranger_is_answered_with_a_bare_status_and_does_not_end_it() {
    let listening = Listening::start(&["--format", "json"]);
    let unsigned = listening.deliver(&Delivery { secret: "", ..Delivery::default() });
    let elsewhere = listening.send(b"GET /.env HTTP/1.1\r\nHost: x\r\n\r\n");
    let method = listening.send(b"GET /webhooks/workos HTTP/1.1\r\nHost: x\r\n\r\n");
    let garbage = listening.send(b"\x16\x03\x01garbage\r\n\r\n");
    listening.deliver(&Delivery::default());
    let ended = listening.end();

    for (answer, status) in [(&unsigned, "401"), (&elsewhere, "404"), (&method, "405")] {
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
        assert!(answer.ends_with("\r\n\r\n") && !answer.contains("server:") && !answer.contains("date:"), "{answer}");
    }
    assert!(garbage.is_empty() || garbage.starts_with("HTTP/1.1 400"), "{garbage}");
    assert_eq!(ended.code, Some(0));
    assert!(evidence(&ended.json()).contains("1 asked for another path"), "{}", ended.out);
}

#[test]
fn each_way_in_which_a_signature_fails_has_its_words() {
    let pretty = serde_json::to_string_pretty(&serde_json::from_str::<Value>(EVENT).unwrap()).unwrap();
    let spaced = EVENT.replace("\":", "\": ");
    let of = |change: fn(&mut Delivery)| {
        let mut delivery = Delivery::default();
        change(&mut delivery);
        delivery
    };
    let deliveries = [
        (of(|it| it.secret = ""), "no WorkOS-Signature header"),
        (of(|it| it.secret = "whsec_another0000000000000"), "another endpoint's, or the body was rewritten on the way"),
        (of(|it| it.secret = "0FWAiVGkEfGBqqsJH4aNAGBJ4"), "has a whsec_ before it that does not belong there"),
        (of(|it| it.age = 400_000), "old by this host's clock"),
        (of(|it| it.age = -400_000), "ahead of this host's clock"),
        (Delivery { sent: spaced, ..Delivery::default() }, "with other white space"),
        (
            Delivery { sent: pretty, signed: EVENT.replace("user", "other"), ..Delivery::default() },
            "changed on the way",
        ),
    ];
    // All at once, because each listens to its end.
    let listening = |_| Listening::start(&["--format", "json", "--for", "6s"]);
    let listeners: Vec<Listening> = deliveries.iter().map(listening).collect();
    let answers: Vec<String> =
        listeners.iter().zip(&deliveries).map(|(it, (delivery, _))| it.deliver(delivery)).collect();
    for ((listener, (_, words)), answer) in listeners.into_iter().zip(&deliveries).zip(answers) {
        let ended = listener.end();

        assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
        assert_eq!((ended.code, codes(&ended.json())), (Some(1), vec!["webhook.delivered/bad-signature".to_owned()]));
        let problem = result(&ended.json())["findings"][0]["problem"].as_str().unwrap().to_owned();
        assert!(problem.contains(words), "{words}: {problem}");
    }
}

#[test]
fn a_secret_that_was_spoilt_on_its_way_into_a_file_is_named_and_so_is_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let base64 = data_encoding::BASE64.encode(SECRET.as_bytes());
    for (name, text, words, look) in [
        ("mark", format!("\u{feff}{SECRET}\r\n"), "a byte order mark before it", true),
        ("line", format!("export WORKOS_WEBHOOK_SECRET=\"{SECRET}\"\n"), "a whole line of an .env file", true),
        ("curly", format!("“{SECRET}”"), "quotes around it", true),
        ("encoded", base64, "base64 once too often", true),
        ("doubled", format!("whsec_{SECRET}"), "a whsec_ before it that does not belong there", false),
    ] {
        let file = folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        let file = file.to_str().unwrap();
        let listening = Listening::start(&["--format", "json", "--for", "1s", "--webhook-secret-file", file]);
        listening.deliver(&Delivery::default());
        let ended = listening.end();
        let report = ended.json();

        let finding = &result(&report)["findings"][0];
        assert_eq!(finding["code"], "bad-signature", "{name}");
        assert!(finding["problem"].as_str().unwrap().contains(words), "{name}: {finding}");
        assert!(finding["remediations"][0]["verify"].as_str().unwrap().contains(file), "{name}: {finding}");
        assert_eq!(ended.err.contains("so no signature will hold"), look, "{name}: {}", ended.err);
        assert_eq!(codes(&report).iter().any(|it| it.starts_with("settings.consistent/")), look, "{name}: {report:#}");
        assert!(!ended.out.contains(SECRET) && !ended.err.contains(SECRET), "{name}");
    }
}

#[test]
fn where_nothing_arrives_it_is_unknown_and_says_what_would_settle_it() {
    let ended = Listening::start(&["--format", "json", "--for", "500ms"]).end();
    let report = ended.json();

    assert_eq!((ended.code, codes(&report)), (Some(3), vec!["webhook.delivered/nothing-arrived".to_owned()]));
    assert!(result(&report)["findings"][0]["remediations"][0]["action"].as_str().unwrap().contains("test event"));
}

#[test]
fn an_event_that_is_delivered_again_counts_once() {
    let listening = Listening::start(&["--format", "json", "--count", "2"]);
    listening.deliver(&Delivery::default());
    listening.deliver(&Delivery::default());
    let other = EVENT.replace("event_01", "event_02");
    listening.deliver(&Delivery { signed: other.clone(), sent: other, ..Delivery::default() });
    let ended = listening.end();

    assert_eq!(ended.code, Some(0));
    assert!(evidence(&ended.json()).contains("3 with a signature that holds"), "{}", ended.out);
}

#[test]
fn a_proxy_header_names_the_sender_and_without_one_nobody_is_let_in() {
    for preface in ["PROXY TCP4 3.217.146.166 10.20.0.10 51200 443\r\n", ""] {
        let listening = Listening::start(&["--format", "json", "--proxy-protocol", "--for", "2s"]);
        let answer =
            listening.deliver(&Delivery { headers: String::new(), preface: preface.to_owned(), ..Delivery::default() });
        let ended = listening.end();

        assert_eq!(answer.starts_with("HTTP/1.1 503"), !preface.is_empty(), "{answer}");
        assert_eq!(ended.code, Some(if preface.is_empty() { 3 } else { 0 }));
        let words = if preface.is_empty() { "lacked the PROXY header" } else { "3.217.146.166 (published)" };
        assert!(evidence(&ended.json()).contains(words), "{}", ended.out);
    }
}

#[test]
fn why_a_trusted_proxys_word_does_not_count_stands_in_the_finding_and_trusting_it_again_is_not_advised() {
    let standard = |value: &str| format!("Forwarded: {value}\r\n");
    let usual = |value: &str| format!("X-Forwarded-For: {value}\r\n");
    let sent: Vec<(String, &str)> = vec![
        (usual("unknown"), "“unknown”"),
        (usual(""), "empty"),
        (usual(&format!("{PUBLISHED}, é")), "is no address"),
        (standard("for=_hidden;proto=https"), "obfuscated"),
        (standard("proto=https;host=a.example"), "without a `for`"),
        (standard(&format!("for={PUBLISHED};x=\", for=198.51.100.7")), "cannot be read"),
        (usual(PUBLISHED) + &standard("for=_gazonk"), "different senders"),
        (String::new(), "does not say"),
    ];
    let listening = |_| Listening::start(&["--format", "json", "--for", "5s"]);
    let listeners: Vec<Listening> = sent.iter().map(listening).collect();
    for (listener, (headers, _)) in listeners.iter().zip(&sent) {
        listener.deliver(&Delivery { headers: headers.clone(), ..Delivery::default() });
    }
    for (listener, (headers, words)) in listeners.into_iter().zip(&sent) {
        let report = listener.end().json();

        assert_eq!(codes(&report), ["webhook.delivered/from-elsewhere"], "{headers}");
        let finding = &result(&report)["findings"][0];
        assert!(finding["problem"].as_str().unwrap().contains(words), "{headers}: {finding}");
        assert!(!finding["remediations"].to_string().contains("--trusted-proxy 127"), "{headers}: {finding}");
    }
}

#[test]
fn an_action_is_allowed_only_where_that_was_asked_for_and_the_answer_is_signed() {
    let body = r#"{"object":"authentication_action_context","id":"action_1","user":{"email":"planted@example.com"}}"#;
    let action = || Delivery {
        path: "/actions/workos",
        secret: ACTIONS_SECRET,
        signed: body.to_owned(),
        sent: body.to_owned(),
        ..Delivery::default()
    };
    let url = ["--actions-url", "https://app.customer.example/actions/workos"];
    let listening = Listening::start(&[&url[..], &["--actions", "allow", "--format", "json"]].concat());
    let allowed = listening.deliver(&action());
    let late = listening.deliver(&Delivery { age: 31_000, ..action() });
    listening.deliver(&Delivery::default());
    let ended = listening.end();
    let refusing = Listening::start(&url);
    let deferred = refusing.deliver(&action());
    refusing.deliver(&Delivery::default());
    refusing.end();

    let answer: Value = serde_json::from_str(allowed.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    let payload = allowed.split("\"payload\":").nth(1).unwrap().split(",\"signature\"").next().unwrap();
    let at = answer["payload"]["timestamp"].as_u64().unwrap();
    assert_eq!(answer["object"], "authentication_action_response");
    assert_eq!(answer["payload"]["verdict"], "Allow");
    assert_eq!(answer["signature"], signature::code_of(&Secret::new(ACTIONS_SECRET), at, payload.as_bytes()));
    assert!(late.starts_with("HTTP/1.1 401") && deferred.starts_with("HTTP/1.1 503"), "{late}{deferred}");
    let told = ended.json()["checks"][1]["results"][0]["evidence"].to_string();
    assert!(
        told.contains("from 3.217.146.166 (published): the signature holds") && told.contains("answered 200"),
        "{told}"
    );
    assert!(ended.err.contains("Action from 3.217.146.166") && !(ended.err + &ended.out).contains("planted"));
}

#[test]
fn where_only_actions_are_used_an_action_is_the_proof() {
    let body = r#"{"object":"user_registration_action_context","id":"action_1"}"#;
    let mut command = binary();
    command.env("WORKOS_ACTIONS_SECRET", ACTIONS_SECRET);
    let url = "https://app.customer.example/actions/workos";
    command.args(["listen", "--plain", "--bind", "127.0.0.1:0", "--actions-url", url, "--trusted-proxy", "127.0.0.1"]);
    command.args(["--for", "30s", "--format", "json"]);
    let listening = Listening::of(command);
    listening.deliver(&Delivery {
        path: "/actions/workos",
        secret: ACTIONS_SECRET,
        signed: body.to_owned(),
        sent: body.to_owned(),
        ..Delivery::default()
    });
    let ended = listening.end();
    let report = ended.json();

    assert_eq!((ended.code, &report["inbound"]), (Some(0), &"proved".into()));
    assert_eq!(
        (&report["checks"][0]["id"], report["checks"].as_array().unwrap().len()),
        (&"actions.delivered".into(), 1)
    );
}

#[test]
fn nothing_of_a_body_and_no_secret_is_printed_in_any_format() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let (json, junit) = (format!("json={}", file("r.json")), format!("junit={}", file("r.xml")));
    let listening = Listening::start(&["-v", "--report", &json, "--report", &junit]);
    listening.deliver(&Delivery { secret: "whsec_planted000000000000", ..Delivery::default() });
    listening.deliver(&Delivery::default());
    let ended = listening.end();

    let all = [
        ended.out,
        ended.err,
        std::fs::read_to_string(file("r.json")).unwrap(),
        std::fs::read_to_string(file("r.xml")).unwrap(),
    ];
    for text in all {
        assert!(!text.contains("planted") && !text.contains(SECRET), "{text}");
    }
}

#[test]
fn ctrl_c_ends_it_with_what_is_known() {
    let listening = Listening::start(&["--format", "json"]);
    listening.signal(Signal::SIGINT);
    let ended = listening.end();
    let report = ended.json();

    assert_eq!(ended.code, Some(130));
    assert_eq!((&report["interrupted"], &report["verdict"]), (&true.into(), &"undecided".into()));
}

#[test]
fn a_reader_that_goes_away_does_not_end_it_while_there_is_a_file_to_write() {
    let folder = tempfile::tempdir().unwrap();
    let saved = folder.path().join("r.json");
    let mut listening = Listening::start(&["--report", &format!("json={}", saved.display())]);
    drop(listening.child.stdout.take());
    let stranger = "X-Forwarded-For: 8.8.4.4\r\n".to_owned();
    listening.deliver(&Delivery { secret: "", headers: stranger, ..Delivery::default() });
    listening.deliver(&Delivery::default());
    let ended = listening.end();
    let report: Value = serde_json::from_str(&std::fs::read_to_string(saved).unwrap()).unwrap();

    assert!(!ended.err.contains("defect") && !ended.err.contains("cannot write"), "{}", ended.err);
    assert_eq!((&report["interrupted"], &report["inbound"]), (&false.into(), &"proved".into()));
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly_where_nothing_else_is_to_be_written() {
    let mut listening = Listening::start(&["--for", "60s"]);
    drop(listening.child.stdout.take());
    let stranger = "X-Forwarded-For: 8.8.4.4\r\n".to_owned();
    listening.deliver(&Delivery { secret: "", headers: stranger, ..Delivery::default() });
    let begun = std::time::Instant::now();
    let ended = listening.end();

    assert!(!ended.err.contains("defect") && !ended.err.contains("cannot write"), "{}", ended.err);
    assert!(begun.elapsed() < std::time::Duration::from_secs(50), "it waited for its time to be over");
}

#[test]
fn enough_is_what_came_from_workos_and_the_rest_is_waited_for() {
    let listening = Listening::start(&["--format", "json", "--count", "2", "--for", "2s"]);
    listening.deliver(&Delivery::default());
    let other = EVENT.replace("event_01", "event_02");
    let elsewhere = "X-Forwarded-For: 8.8.4.4\r\n".to_owned();
    listening.deliver(&Delivery { signed: other.clone(), sent: other, headers: elsewhere, ..Delivery::default() });
    let ended = listening.end();
    let report = ended.json();

    assert_eq!((ended.code, codes(&report)), (Some(3), vec!["webhook.delivered/fewer-than-asked".to_owned()]));
    assert_eq!(report["inbound"], "proved");
}

#[test]
fn what_says_to_be_of_this_tools_own_checks_is_no_delivery() {
    let own = r#"{"id":"event_workos_preflight_1","event":"workos_preflight.test","data":{}}"#.to_owned();
    let listening = Listening::start(&["--format", "json"]);
    let answer = listening.deliver(&Delivery { signed: own.clone(), sent: own, ..Delivery::default() });
    listening.deliver(&Delivery::default());
    let ended = listening.end();

    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(evidence(&ended.json()).contains("1 with a signature that holds"), "{}", ended.out);
}

/// Fills a pipe, so that whoever writes to it next waits until somebody reads.
fn stuff(pipe: &PipeWriter) {
    let manner = |flags| fcntl(pipe, FcntlArg::F_SETFL(flags)).unwrap();
    manner(OFlag::O_NONBLOCK);
    for size in [4096, 1] {
        while (&*pipe).write(&vec![b' '; size]).is_ok() {}
    }
    manner(OFlag::empty());
}

#[test]
fn a_reader_that_stands_still_keeps_nobody_from_being_answered_and_nothing_from_ending() {
    /// Flags, what ends it, and the exit code.
    type End = (&'static [&'static str], fn(&Listening), Option<i32>);
    let ends: [End; 3] = [
        (&["--count", "3"], |_| {}, Some(0)),
        (&["--count", "9", "--for", "2s"], |_| {}, Some(3)),
        (&["--count", "9"], |listening| listening.signal(Signal::SIGTERM), Some(130)),
    ];
    for (arguments, end, code) in ends {
        for stdout_stands in [true, false] {
            let folder = tempfile::tempdir().unwrap();
            let saved = folder.path().join("r.json");
            let (_unread, out) = std::io::pipe().unwrap();
            let mut command = listen(arguments);
            command.args(["--report", &format!("json={}", saved.display())]).stderr(Stdio::piped());
            let mut listening = if stdout_stands {
                stuff(&out);
                command.stdout(out);
                Listening::writing_to(command)
            } else {
                let (said, err) = std::io::pipe().unwrap();
                command.args(["--format", "json"]).stdout(Stdio::piped()).stderr(err.try_clone().unwrap());
                let child = command.spawn().unwrap();
                drop(command);
                let mut line = String::new();
                BufReader::new(said.try_clone().unwrap()).read_line(&mut line).unwrap();
                let address = line.split_once("http://").unwrap().1.split('/').next().unwrap().parse().unwrap();
                stuff(&err);
                // Nobody reads it, and nobody closes it.
                std::mem::forget((said, err));
                Listening { child, address, stderr: None, said: line }
            };
            for event in ["event_01", "event_02", "event_03"] {
                let body = EVENT.replace("event_01", event);
                let answer = listening.deliver(&Delivery { signed: body.clone(), sent: body, ..Delivery::default() });
                assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
            }
            end(&listening);
            let ended = listening.child.wait().unwrap();
            let report: Value = serde_json::from_str(&std::fs::read_to_string(saved).unwrap()).unwrap();

            assert_eq!((ended.code(), &report["inbound"]), (code, &"proved".into()), "{arguments:?} {stdout_stands}");
            assert!(evidence(&report).contains("3 with a signature that holds"));
        }
    }
}

#[test]
fn a_signed_delivery_at_another_path_is_told_with_that_path_and_is_no_silence() {
    let webhook = || Delivery { path: "/workos?token=planted", ..Delivery::default() };
    let unsigned = || Delivery { path: "/other", secret: "whsec_of_somebody_else", ..Delivery::default() };
    let action = || Delivery { path: "/elsewhere", secret: ACTIONS_SECRET, ..Delivery::default() };
    let listening = Listening::start(&[
        "--format",
        "json",
        "--for",
        "3s",
        "--actions-url",
        "https://app.customer.example/actions/workos",
    ]);
    let answers = [webhook(), unsigned(), action()].map(|delivery| listening.deliver(&delivery));
    let ended = listening.end();
    let report = ended.json();

    assert!(answers.iter().all(|answer| answer.starts_with("HTTP/1.1 404")), "{answers:?}");
    assert_eq!(
        (ended.code, codes(&report)),
        (Some(3), vec!["webhook.delivered/other-path".to_owned(), "actions.delivered/other-path".to_owned()])
    );
    let problem = result(&report)["findings"][0]["problem"].as_str().unwrap();
    assert!(problem.contains("for /workos, where") && problem.contains(PUBLISHED), "{problem}");
    assert!(!(ended.out + &ended.err).contains("planted"));
}

#[test]
fn connections_without_a_byte_are_health_checks_however_the_door_speaks() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let certificate = self_signed(folder.path(), "c.pem", "k.pem");
    let tls = ["--tls-cert", &path("c.pem"), "--tls-key", &path("k.pem")];
    let ways: [&[&str]; 3] = [&["--plain"], &["--plain", "--proxy-protocol"], &tls];
    let listeners = ways.map(|way| Listening::of(speaking(&[way, &["--format", "json", "--for", "3s"]].concat())));
    for (listener, way) in listeners.iter().zip(&ways) {
        for _ in 0..3 {
            drop(TcpStream::connect(listener.address).unwrap());
        }
        if way.contains(&"--proxy-protocol") {
            // A balancer announces its own checks as such.
            TcpStream::connect(listener.address).unwrap().write_all(b"PROXY UNKNOWN\r\n").unwrap();
        }
        if way.contains(&"--tls-cert") {
            let name = "app.customer.example".try_into().unwrap();
            let config = trusting::trusting(&certificate).unwrap();
            let mut connection = rustls::ClientConnection::new(config, name).unwrap();
            let mut stream = TcpStream::connect(listener.address).unwrap();
            while connection.is_handshaking() || connection.wants_write() {
                connection.complete_io(&mut stream).unwrap();
            }
        }
    }
    for (listener, way) in listeners.into_iter().zip(ways) {
        let report = listener.end().json();
        let mute = if way.contains(&"--proxy-protocol") { 4 } else { 3 };

        assert_eq!(codes(&report), ["webhook.delivered/nothing-arrived"], "{way:?}");
        let action = result(&report)["findings"][0]["remediations"][0]["action"].as_str().unwrap().to_owned();
        assert!(action.contains("test event"), "{way:?}: {action}");
        let seen = evidence(&report);
        assert!(seen.contains(&format!("{mute} brought not one byte, as health checks do")), "{way:?}: {seen}");
        assert_eq!(
            seen.contains("1 made a TLS handshake and asked for nothing"),
            way.contains(&"--tls-cert"),
            "{seen}"
        );
        assert!(!seen.contains("turned away"), "{way:?}: {seen}");
    }
}

#[test]
fn what_speaks_otherwise_than_the_listener_is_told_by_what_it_speaks() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    self_signed(folder.path(), "c.pem", "k.pem");
    let tls = ["--tls-cert", &path("c.pem"), "--tls-key", &path("k.pem")];
    let hello = b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03".as_slice();
    let announced =
        b"PROXY TCP4 3.217.146.166 10.20.0.10 51200 443\r\nPOST /webhooks/workos HTTP/1.1\r\n\r\n".as_slice();
    let second = b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c".as_slice();
    let plain = b"POST /webhooks/workos HTTP/1.1\r\nHost: a\r\n\r\n".as_slice();
    let cases = [
        (&["--plain"][..], hello, "spoke TLS, where plain HTTP is expected", "--tls-cert"),
        (&["--plain"], announced, "began with a PROXY header, which is not expected", "--proxy-protocol"),
        (&["--plain"], second, "began with a PROXY header, which is not expected", "--proxy-protocol"),
        (
            &["--plain"],
            b"POST /webhooks/workos HTTP/1.1\r\nNo Header\r\n\r\n",
            "no HTTP request that could be read",
            "HTTP/1.1",
        ),
        (&tls, announced, "began with a PROXY header, which is not expected", "--proxy-protocol"),
        (&tls, plain, "spoke plain HTTP, where TLS is expected", "--plain"),
    ];
    let listeners: Vec<Listening> = cases
        .iter()
        .map(|(way, bytes, ..)| {
            let listener = Listening::of(speaking(&[*way, &["--format", "json", "--for", "3s"]].concat()));
            let mut stream = TcpStream::connect(listener.address).unwrap();
            stream.write_all(bytes).unwrap();
            stream.shutdown(std::net::Shutdown::Write).unwrap();
            let _ = stream.read_to_end(&mut Vec::new());
            listener
        })
        .collect();
    for (listener, (way, _, said, remedy)) in listeners.into_iter().zip(&cases) {
        let report = listener.end().json();
        let finding = &result(&report)["findings"][0];

        assert_eq!(codes(&report), ["webhook.delivered/nothing-arrived"], "{way:?}");
        assert!(finding["problem"].as_str().unwrap().contains(said), "{way:?}: {finding}");
        let action = finding["remediations"][0]["action"].as_str().unwrap();
        assert!(action.contains(remedy), "{way:?}: {action}");
    }
}

#[test]
fn noise_does_not_hide_that_an_address_of_workos_was_turned_away() {
    let listening = Listening::start(&["--format", "json", "--proxy-protocol", "--for", "4s"]);
    let announced = |from: &str| format!("PROXY TCP4 {from} 10.20.0.10 51200 443\r\nno HTTP\r\n\r\n");
    for host in 0..150 {
        listening.send(announced(&format!("10.1.0.{host}")).as_bytes());
    }
    listening.send(announced(PUBLISHED).as_bytes());
    let unsigned = format!(
        "PROXY TCP4 10.2.0.1 10.20.0.10 1 443\r\n{}",
        Delivery { secret: "whsec_other", ..Delivery::default() }.request()
    );
    listening.send(unsigned.as_bytes());
    let report = listening.end().json();

    assert_eq!(codes(&report), ["webhook.delivered/bad-signature", "webhook.delivered/turned-away"]);
    let problem = result(&report)["findings"][1]["problem"].as_str().unwrap();
    assert!(problem.contains(PUBLISHED) && problem.contains("made no HTTP request"), "{problem}");
    assert!(evidence(&report).contains("151 made no HTTP request"), "{}", evidence(&report));
}

#[test]
fn what_cannot_be_carried_out_is_one_clear_sentence() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.pem").display().to_string();
    let hook = ["--webhook-url", HOOK];
    for (arguments, words) in [
        (&["--plain"][..], "--webhook-url https://"),
        (&hook, "choose how to listen: --tls-cert FILE --tls-key FILE"),
        (&["--plain", "--webhook-url", "app.customer.example"], "a whole URL"),
        (&[&hook[..], &["--plain", "--for", "soon"]].concat(), "--for is `soon`"),
        (&[&hook[..], &["--plain", "--bind", &taken]].concat(), "is taken"),
        (&[&hook[..], &["--tls-cert", &missing, "--tls-key", &missing]].concat(), "missing.pem"),
        (&[&hook[..], &["--plain", "--bind", "127.0.0.1:0", "--deliver", "--yes"]].concat(), "WORKOS_API_KEY"),
        (&["--clean-up"], "WORKOS_API_KEY"),
    ] {
        let ended = run(&[&["listen"], arguments].concat());
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(ended.err.contains(words) && ended.err.lines().count() == 1, "{}", ended.err);
    }
    for arguments in [
        &["--plain", "--proxy-protocol"][..],
        &["--plain", "--trusted-proxy", "here"],
        &["--plain", "--trusted-proxy", "0.0.0.0/0"],
        &["--plain", "--trusted-proxy", "10.20.0.5/24"],
        &["--plain", "--self-signed"],
        &["--plain", "--count", "0"],
        &["--deliver", "--clean-up"],
        &["--actions", "deny"],
    ] {
        let ended = run(&[&["listen"], &hook[..], arguments].concat());
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{arguments:?}");
    }
}

/// What `check` makes of a saved report, for this webhook URL.
fn check(report: &str, hook: &str) -> Ended {
    run(&[
        "check",
        "--only",
        "webhook.delivered",
        "--inbound-report",
        report,
        "--webhook-url",
        hook,
        "--format",
        "json",
    ])
}

#[test]
fn check_takes_the_saved_proof_in_with_its_age_and_for_its_own_url_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let saved = path("inbound.json");
    let listening = Listening::start(&["--report", &format!("json={saved}")]);
    listening.deliver(&Delivery::default());
    assert_eq!(listening.end().code, Some(0));
    let mut old: Value = serde_json::from_str(&std::fs::read_to_string(&saved).unwrap()).unwrap();
    old["started_at"] = "2025-01-01T00:00:00Z".into();
    std::fs::write(path("old.json"), old.to_string()).unwrap();
    std::fs::write(path("none.json"), "planted").unwrap();
    let mut ahead = old.clone();
    ahead["started_at"] = "2999-01-01T00:00:00Z".into();
    std::fs::write(path("ahead.json"), ahead.to_string()).unwrap();

    let (own, aged, none) = (check(&saved, HOOK), check(&path("old.json"), HOOK), check(&path("none.json"), HOOK));

    assert_eq!((own.code, own.json()["inbound"].clone()), (Some(0), "proved".into()));
    assert!(evidence(&own.json()).contains("seen by listen") && evidence(&own.json()).contains(" ago"), "{}", own.out);
    assert_eq!((aged.code, codes(&aged.json())), (Some(0), vec!["webhook.delivered/seen-long-ago".to_owned()]));
    let (another_path, ahead) = (format!("{HOOK}/other"), path("ahead.json"));
    for (report, hook, words) in [
        (&saved, "https://other.example/hook", HOOK),
        (&saved, another_path.as_str(), HOOK),
        (&ahead, HOOK, "ahead of this host's clock"),
    ] {
        let refused = check(report, hook);
        assert_eq!((refused.code, refused.out.as_str()), (Some(2), ""), "{refused:?}");
        assert!(refused.err.contains(words) && refused.err.lines().count() == 1, "{}", refused.err);
    }
    assert!(none.code == Some(2) && none.err.contains("--inbound-report") && !none.err.contains("planted"), "{none:?}");
}
