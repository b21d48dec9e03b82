//! `rules compare`: what exactly a change of rules lets through and shuts. Nothing is sent.

use std::path::Path;
use std::time::Instant;

use super::reading::{self, Exported};
use super::{given, least};
use crate::checks::known_of_the_firewall;
use crate::cli::RuleCompareArgs;
use crate::commands::{Failure, gather, print_document, session, terminal};
use crate::documents::Document;
use crate::documents::change::Change;
use crate::firewall::audit::concerned;
use crate::firewall::compare::{Budget, Comparison, Verdict, compare, requested};
use crate::firewall::{Flow, flows};
use crate::outcome::Vantage;
use crate::reporters::Detail;
use crate::settings::Settings;

pub(in crate::commands) fn run(args: &RuleCompareArgs) -> Result<u8, Failure> {
    if args.before == args.after && args.before == Path::new("-") {
        return Err(Failure::Usage("standard input can be only one of the two sides".to_owned()));
    }
    let (settings, facts) = gather::settings(&args.settings)?;
    let (before, after) = (side(&args.before, &settings)?, side(&args.after, &settings)?);
    let known = known_of_the_firewall(&settings);
    let wanted: Vec<Flow> = if args.requested {
        let all = flows(&facts, &settings, &[]).into_iter().filter(|flow| flow.need <= least(args.need));
        concerned(all.collect(), &known)
    } else {
        Vec::new()
    };
    let asked = requested(&wanted, &known, &before.rules, &after.rules);
    let (began, deadline) = (Instant::now(), settings.deadline.value);
    let late = || began.elapsed() > deadline;
    let comparison = compare(&before.rules, &after.rules, &asked, Budget { stop: Some(&late), ..Budget::default() });

    let head = session::head_here(&settings, &facts, Vantage::Inside);
    let skipped: Vec<(String, String)> = before.skipped.iter().chain(&after.skipped).cloned().collect();
    let ids = args.requested.then(|| wanted.iter().map(|flow| flow.id.clone()).collect());
    let change = Change::new(head, [&before.rules, &after.rules], &skipped, ids, &comparison);
    let look = terminal::look(Detail::Normal, args.color);
    match print_document(&Document::Change(Box::new(change)), args.format, look) {
        // Whoever has read enough of it may still ask for the exit code.
        Ok(_) | Err(Failure::Closed) => {}
        Err(failure) => return Err(failure),
    }
    Ok(code(&comparison))
}

fn side(path: &Path, settings: &Settings) -> Result<Exported, Failure> {
    let scope: Vec<String> = settings.scope.iter().map(|scope| scope.value.clone()).collect();
    reading::read(&[path.to_owned()], given(settings), &scope)
}

fn code(comparison: &Comparison) -> u8 {
    match comparison.verdict {
        Verdict::Nothing | Verdict::Exactly => 0,
        Verdict::Differs | Verdict::Otherwise(_) => 1,
        Verdict::Undecided => 3,
    }
}
