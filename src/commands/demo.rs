//! `demo`: the main job against an embedded WorkOS and customer site, over real sockets on loopback.

use std::sync::Arc;

use super::{Failure, gather, print_document, session, terminal};
use crate::checks::GROUPS;
use crate::cli::DemoArgs;
use crate::documents::faults::Faults;
use crate::documents::{self, Document};
use crate::facts::Facts;
use crate::net::{Limits, Live, TrustStores};
use crate::outcome::Vantage;
use crate::plan::Plan;
use crate::reporters::Detail;
use crate::secret::Secret;
use crate::settings::{Fallback, GivenSecrets, Layer, SETTINGS, Setting, Settings, Source, Taker};
use crate::simulator::{FAULTS, Fault, Ground, Simulator, World};

pub(super) fn run(args: &DemoArgs) -> Result<u8, Failure> {
    let choice = gather::choice(&args.choice)?;
    let fault = match args.fault.as_deref() {
        Some("list") => {
            let look = terminal::look(Detail::Normal, args.output.color);
            return print_document(&Document::Faults(list()), args.output.format, look);
        }
        Some(name) => Some(named(name)?),
        None => None,
    };
    let mut world = World::healthy();
    if let Some(fault) = fault {
        (fault.apply)(&mut world);
    }
    let settings = settings(&world, args)?;
    let facts = Facts::embedded();
    let plan = Plan::new(GROUPS, &facts, &settings, Vantage::Inside, &choice);
    session::block_on(async {
        let simulator = Simulator::start(world, Ground::Loopback)
            .await
            .map_err(|error| Failure::machine("cannot start the embedded WorkOS on loopback", error))?;
        let stores = TrustStores::from_pem(simulator.trusted_pem(), simulator.public_roots_pem())
            .map_err(|error| Failure::machine("the embedded certificates cannot be read", error))?;
        let trust = stores.summary.clone();
        let live = Live::played(Limits { attempt: settings.timeout.value }, stores, simulator.map().clone());
        let cx = Arc::new(session::context(settings, facts, Vantage::Inside, live, trust));
        session::run(plan, cx, Some(played(fault)), &args.output).await
    })?
}

/// What the report says of itself.
fn played(fault: Option<&Fault>) -> String {
    match fault {
        None => "the embedded WorkOS and customer site, nothing broken".to_owned(),
        Some(fault) => format!(
            "the embedded WorkOS and customer site with the fault `{}` ({})",
            fault.name,
            fault.shows.trim_end_matches('.')
        ),
    }
}

/// The settings of the played world, merged by the ordinary way.
fn settings(world: &World, args: &DemoArgs) -> Result<Settings, Failure> {
    let mut layer = Layer::default();
    for &setting in SETTINGS {
        let values = world.settings.iter().filter(|(name, _)| *name == setting.name).map(|(_, value)| value.clone());
        layer.give(setting, values, Source::Demonstration);
    }
    // What applies in a demonstration is what it is declared to be, unless the world that is played needs more.
    let mut usual = Layer::default();
    for &setting in SETTINGS {
        if let Some(Fallback::Value(value)) = setting.taken_by(Taker::Demo).map(|taken| taken.default) {
            usual.give(setting, [value.to_owned()], Source::Demonstration);
        }
    }
    let secret = |value: &str| Some(Setting { value: Secret::new(value), source: Source::Demonstration });
    let secrets = GivenSecrets {
        api_key: secret(&world.api_key),
        webhook_secret: secret(&world.webhook_secret),
        actions_secret: secret(&world.actions_secret),
    };
    Ok(Settings::merge(&[args.settings.layer().clone(), layer, usual], secrets, Vec::new())?)
}

/// The faults that can be played on loopback.
fn playable() -> impl Iterator<Item = &'static Fault> {
    FAULTS.iter().filter(|fault| fault.anywhere)
}

fn named(name: &str) -> Result<&'static Fault, Failure> {
    let Some(fault) = Fault::named(name) else {
        let names: Vec<&str> = playable().map(|fault| fault.name).collect();
        let near =
            crate::settings::nearest(name, names).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        return Err(Failure::Usage(format!(
            "--fault {name} is not a fault{near} (`workos-preflight demo --fault list` names them)"
        )));
    };
    if fault.anywhere {
        Ok(fault)
    } else {
        Err(Failure::Usage(format!(
            "--fault {name} cannot be played on loopback: it needs a network of its own, as the project's tests make"
        )))
    }
}

/// The faults, as a document.
fn list() -> Faults {
    let listed = |fault: &Fault| documents::faults::Fault { name: fault.name, shows: fault.shows, finds: fault.expect };
    Faults(playable().map(listed).collect())
}
