//! `plan`: what `check` would touch, and why. Nothing is sent.

use super::{Failure, gather, print_document, session, terminal};
use crate::checks::GROUPS;
use crate::cli::{PlanArgs, When};
use crate::documents::{self, Document};
use crate::outcome::Vantage;
use crate::plan::Plan;
use crate::report::Head;
use crate::reporters::{Detail, Format};

pub(super) fn run(args: &PlanArgs) -> Result<u8, Failure> {
    let choice = gather::choice(&args.choice)?;
    let (settings, facts) = gather::settings(&args.settings)?;
    let choice = gather::with_what_decides(choice, &settings);
    let plan = Plan::new(GROUPS, &facts, &settings, Vantage::Inside, &choice);
    let head = session::head_here(&settings, &facts, Vantage::Inside);
    print(plan, head, "check", args.format, When::Auto)
}

/// Prints what a command would touch.
pub(super) fn print(
    mut plan: Plan,
    head: Head,
    command: &'static str,
    format: &'static Format,
    color: When,
) -> Result<u8, Failure> {
    // It is read for every run, whatever is asked.
    plan.loaded.extend(gather::trust_store());
    let document = Document::Plan(Box::new(documents::plan::Plan::of(&plan, head, command)));
    print_document(&document, format, terminal::look(Detail::Normal, color))
}
