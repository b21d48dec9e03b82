//! Checks in the bounds of what they declare, through a whole plan against the played world.
#![expect(clippy::unwrap_used, reason = "a test ends at what it did not expect, in what it is built of too")]

#[path = "support/planned.rs"]
mod planned;

use std::sync::Arc;

use workos_preflight::check::{Status, Vantage};
use workos_preflight::checks::GROUPS;
use workos_preflight::context::Context;
use workos_preflight::facts::Facts;
use workos_preflight::host::ThisHost;
use workos_preflight::net::{Layered, Limits, Live, TrustStores};
use workos_preflight::plan::{Choice, Plan};
use workos_preflight::report::Report;
use workos_preflight::secret::Secret;
use workos_preflight::settings::{GivenSecrets, Layer, SETTINGS, Setting, Settings, Source};
use workos_preflight::simulator::{Ground, Simulator, World};

/// The healthy installation, asked everything with this key.
async fn asked_with(key: &str) -> Report {
    let world = World::healthy();
    let mut layer = Layer::default();
    for &setting in SETTINGS {
        let values = world.settings.iter().filter(|(name, _)| *name == setting.name).map(|(_, value)| value.clone());
        layer.give(setting, values, Source::Demonstration);
    }
    let secret = |value: &str| Some(Setting { value: Secret::new(value), source: Source::Demonstration });
    let secrets = GivenSecrets {
        api_key: secret(key),
        webhook_secret: secret(&world.webhook_secret),
        actions_secret: secret(&world.actions_secret),
    };
    let settings = Settings::merge(&[layer], secrets, Vec::new()).unwrap();
    let facts = Facts::embedded();
    let plan = Plan::new(GROUPS, &facts, &settings, Vantage::Inside, &Choice::default());
    let simulator = Simulator::start(world, Ground::Loopback).await.unwrap();
    let stores = TrustStores::from_pem(simulator.trusted_pem(), simulator.public_roots_pem()).unwrap();
    let trust = stores.summary.clone();
    let limits = Limits { attempt: settings.timeout.value };
    let live = Live::played(limits, stores, simulator.map().clone());
    let network = Layered::over(live, settings.retries.value);
    let cx = Context { trust, ..Context::new(network, ThisHost::default(), settings, facts, Vantage::Inside) };
    planned::run(plan, Arc::new(cx)).await
}

#[tokio::test]
async fn a_word_that_stands_in_the_place_of_a_key_breaks_no_check() {
    for key in ["limit", "json", "workos"] {
        let report = asked_with(key).await;
        let broke: Vec<_> = report.broke().map(|row| (row.spec.id, row.reason())).collect();
        let asked = |id: &str| report.rows.iter().any(|row| row.spec.id.as_str() == id && row.status() == Status::Pass);

        assert!(broke.is_empty(), "{key}: {broke:?}");
        assert!(asked("egress.answers") && asked("webhook.refuses-unsigned"), "{key}");
    }
}
