//! `check`: the ordered checks, from here.

use std::sync::Arc;

use super::{Failure, gather, session};
use crate::check::Vantage;
use crate::checks::GROUPS;
use crate::cli::CheckArgs;
use crate::context::Context;
use crate::host::ThisHost;
use crate::net::{Limits, Live, Memo, Retrying};
use crate::plan::Plan;

pub(super) fn run(args: &CheckArgs) -> Result<u8, Failure> {
    let choice = gather::choice(&args.choice)?;
    let (settings, facts) = gather::settings(&args.settings)?;
    let stores = gather::trust(&settings)?;
    let plan = Plan::new(GROUPS, &facts, &settings, Vantage::Inside, &choice);
    let live = Live::new(Limits { attempt: settings.timeout.value }, stores);
    let network = Memo::new(Retrying::new(live, settings.retries.value));
    let cx =
        Context { settings, facts, vantage: Vantage::Inside, network: Arc::new(network), host: Arc::new(ThisHost) };
    session::block_on(session::run(plan, Arc::new(cx), None, &args.output))?
}
