//! `check`: the ordered checks, from here.

use super::{Failure, gather, proof, session};
use crate::check::Vantage;
use crate::checks::GROUPS;
use crate::cli::CheckArgs;
use crate::net::{Limits, Live};
use crate::plan::Plan;

pub(super) fn run(args: &CheckArgs) -> Result<u8, Failure> {
    let choice = gather::choice(&args.choice)?;
    let (settings, facts) = gather::settings(&args.settings)?;
    let stores = gather::trust(&settings)?;
    let inbound = proof::delivery(&settings)?;
    let plan = Plan::new(GROUPS, &facts, &settings, Vantage::Inside, &choice);
    let trust = stores.summary.clone();
    let live = Live::new(Limits { attempt: settings.timeout.value }, stores);
    let cx = session::context(settings, facts, Vantage::Inside, live, trust, inbound);
    session::block_on(session::run(plan, cx, None, &args.output))?
}
