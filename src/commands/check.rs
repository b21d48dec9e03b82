//! `check`: the ordered checks, from here.

use std::sync::Arc;

use super::{Failure, elsewhere, gather, rules, session};
use crate::checks::GROUPS;
use crate::cli::CheckArgs;
use crate::outcome::Vantage;
use crate::plan::Plan;

pub(super) fn run(args: &CheckArgs) -> Result<u8, Failure> {
    let choice = gather::choice(&args.choice)?;
    let (settings, facts) = gather::settings(&args.settings)?;
    let choice = gather::with_what_decides(choice, &settings);
    let elsewhere = elsewhere::seen(&settings, &facts)?;
    let plan = Plan { elsewhere, ..Plan::new(GROUPS, &facts, &settings, Vantage::Inside, &choice) };
    let review = if settings.rules.is_empty() { None } else { Some(Arc::new(rules::audit::read(&settings, &facts)?)) };
    let mut cx = session::this_machine(settings, facts)?;
    Arc::make_mut(&mut cx).review = review;
    session::block_on(session::run(plan, cx, None, &args.output))?
}
