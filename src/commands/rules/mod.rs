//! `rules`: a firewall's rules, written, judged and compared. Nothing is sent.

pub(super) mod audit;
mod generate;
mod reading;

use super::Failure;
use crate::cli::{RulesArgs, RulesCommand};
use crate::firewall::dialects::{DIALECTS, Dialect, dialect};
use crate::said::hidden;
use crate::settings::{Settings, nearest};

pub(super) fn run(args: &RulesArgs) -> Result<u8, Failure> {
    match &args.command {
        RulesCommand::Generate(args) => generate::run(args),
        RulesCommand::Audit(args) => audit::run(args),
    }
}

/// The language of this name, among those that can do what is wanted of it.
fn named(name: &str, what: &str, can: fn(&Dialect) -> bool) -> Result<&'static Dialect, Failure> {
    let names = || DIALECTS.iter().filter(|dialect| can(dialect)).map(|dialect| dialect.name);
    let said = hidden(name);
    let why = match dialect(name) {
        Some(found) if can(found) => return Ok(found),
        Some(_) => format!("`{said}` is not {what}"),
        None => {
            let near = nearest(name, names()).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            format!("`{said}` names no language of a firewall{near}")
        }
    };
    let all: Vec<&str> = names().collect();
    Err(Failure::Usage(format!("--dialect {why} ({what}: {})", all.join(", "))))
}

/// The language that the settings name.
fn given(settings: &Settings) -> Option<&str> {
    settings.dialect.as_ref().map(|dialect| dialect.value.as_str())
}
