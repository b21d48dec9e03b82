//! `rules`: a firewall's rules, written, judged and compared. Nothing is sent.

pub(super) mod audit;
mod compare;
mod generate;
mod reading;

use super::Failure;
use crate::cli::{Needed, RulesArgs, RulesCommand};
use crate::firewall::Need;
use crate::firewall::dialects::{DIALECTS, Dialect, dialect};
use crate::said::hidden;
use crate::settings::{Settings, nearest};

pub(super) fn run(args: &RulesArgs) -> Result<u8, Failure> {
    match &args.command {
        RulesCommand::Generate(args) => generate::run(args),
        RulesCommand::Audit(args) => audit::run(args),
        RulesCommand::Compare(args) => compare::run(args),
    }
}

/// The language of this name, among those that are `done`: read, or written.
fn named(name: &str, done: &str, can: fn(&Dialect) -> bool) -> Result<&'static Dialect, Failure> {
    let mut names: Vec<&str> = DIALECTS.iter().filter(|dialect| can(dialect)).map(|dialect| dialect.name).collect();
    names.sort_unstable();
    let said = hidden(name);
    let why = match dialect(name) {
        Some(found) if can(found) => return Ok(found),
        Some(_) => format!("`{said}` is not {done}"),
        None => {
            let near = nearest(name, names.iter().copied()).map(|near| format!("; did you mean `{near}`?"));
            format!("`{said}` names no language of a firewall{}", near.unwrap_or_default())
        }
    };
    Err(Failure::Usage(format!("--dialect {why} ({done} are {})", names.join(", "))))
}

/// How much a flow has to be needed, at least.
fn least(need: Needed) -> Need {
    match need {
        Needed::Required => Need::Required,
        Needed::Recommended => Need::Recommended,
        Needed::WhereUsed => Need::WhereUsed,
    }
}

/// The language that the settings name.
fn given(settings: &Settings) -> Option<&str> {
    settings.dialect.as_ref().map(|dialect| dialect.value.as_str())
}
