//! Runs the unmodified binary in an environment that holds nothing but what a test gives it.

#![allow(
    dead_code,
    clippy::unnecessary_wraps,
    reason = "each test binary uses a part of it, and compares with exit codes"
)]

pub(crate) mod terminal;

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use workos_preflight::settings::{PROXY_VARIABLES, SETTINGS, secret_variables};

/// The binary, with an empty environment but for a UTF-8 locale.
pub(crate) fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_workos-preflight"));
    command.env_clear().env("LC_ALL", "C.UTF-8").stdin(Stdio::null());
    command
}

/// How a command ended, as text.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Ended {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Ended {
    /// Stdout as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("not JSON ({error}): {self:?}"))
    }
}

/// Runs the binary with these arguments.
pub(crate) fn run(args: &[&str]) -> Ended {
    binary().args(args).output().unwrap().into()
}

/// Runs a command that may have this much memory.
pub(crate) fn with_memory_of(command: &Command, bytes: u64) -> Ended {
    let mut limited = Command::new("/bin/sh");
    limited.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    limited.args(["-c", "ulimit -v \"$0\" && exec \"$@\"", &(bytes / 1024).to_string()]);
    limited.arg(command.get_program()).args(command.get_args()).stdin(Stdio::null());
    limited.output().unwrap().into()
}

/// Runs the binary in a folder.
pub(crate) fn run_in(folder: &Path, args: &[&str]) -> Ended {
    binary().args(args).current_dir(folder).output().unwrap().into()
}

/// A certificate for the installation and its key, written into a folder under these names: the certificate in PEM.
pub(crate) fn self_signed(folder: &Path, chain: &str, key: &str) -> String {
    let made = rcgen::generate_simple_self_signed(vec!["app.customer.example".to_owned()]).unwrap();
    std::fs::write(folder.join(chain), made.cert.pem()).unwrap();
    std::fs::write(folder.join(key), made.signing_key.serialize_pem()).unwrap();
    made.cert.pem()
}

/// Every environment variable that holds a setting or a secret of this tool, or a proxy of any program.
pub(crate) fn own_variables() -> impl Iterator<Item = &'static str> {
    let of_settings = SETTINGS.iter().flat_map(|setting| setting.environment);
    of_settings.chain(&PROXY_VARIABLES).copied().chain(secret_variables())
}

/// Every `check-id/code` in a report.
pub(crate) fn codes(report: &Value) -> Vec<String> {
    let mut codes = Vec::new();
    for check in report["checks"].as_array().unwrap() {
        for result in check["results"].as_array().unwrap() {
            for finding in result["findings"].as_array().unwrap() {
                codes.push(format!("{}/{}", check["id"].as_str().unwrap(), finding["code"].as_str().unwrap()));
            }
        }
    }
    codes
}

/// The exit code that a verdict stands for.
pub(crate) fn code_of(verdict: &Value) -> Option<i32> {
    match verdict.as_str().unwrap() {
        "ready" => Some(0),
        "not-ready" => Some(1),
        "undecided" => Some(3),
        other => panic!("{other} is no verdict"),
    }
}
