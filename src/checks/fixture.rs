//! A context on fakes, for the tests of checks.

use std::ops::Deref;
use std::sync::Arc;

use crate::check::{Check, Code, Outcome, Remediation, Severity, Spec, Vantage};
use crate::context::Context;
use crate::facts::Facts;
use crate::host::fake::FakeHost;
use crate::net::fake::Fake;
use crate::net::{Layered, TrustSummary};
use crate::secret::Secret;
use crate::settings::{GivenSecrets, Layer, Probing, Setting, Settings, Source, declared};

/// The parts of a context, to be changed before it is made.
pub(super) struct Site {
    pub(super) network: Arc<Fake>,
    pub(super) host: FakeHost,
    pub(super) trust: TrustSummary,
    layer: Layer,
    key: Option<Secret>,
    webhook_secret: Option<Secret>,
    actions_secret: Option<Secret>,
    vantage: Vantage,
    probing: Probing,
}

impl Site {
    /// An installation with default settings on this network.
    pub(super) fn of(network: Fake) -> Self {
        Site {
            network: Arc::new(network),
            host: FakeHost::default(),
            trust: TrustSummary { roots: 140, ..TrustSummary::default() },
            layer: Layer::default(),
            key: None,
            webhook_secret: None,
            actions_secret: None,
            vantage: Vantage::Inside,
            probing: Probing::default(),
        }
    }

    /// The installation with a setting.
    pub(super) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.layer.give(declared(name).unwrap(), [value.to_owned()], Source::Flag("--test"));
        self
    }

    /// The installation with an API key.
    pub(super) fn key(mut self, key: &str) -> Self {
        self.key = Some(Secret::new(key));
        self
    }

    /// The installation with a webhook secret.
    pub(super) fn webhook_secret(mut self, secret: &str) -> Self {
        self.webhook_secret = Some(Secret::new(secret));
        self
    }

    /// The installation with an Actions secret.
    pub(super) fn actions_secret(mut self, secret: &str) -> Self {
        self.actions_secret = Some(Secret::new(secret));
        self
    }

    /// The installation seen from the internet.
    pub(super) fn seen_from_outside(mut self) -> Self {
        self.vantage = Vantage::Outside;
        self
    }

    /// The installation seen from the internet, with private addresses allowed.
    pub(super) fn allow_private(mut self) -> Self {
        self.probing.allow_private = true;
        self
    }

    /// The settings.
    pub(super) fn settings(&self) -> Settings {
        let given = |secret: &Option<Secret>, variable| {
            let source = Source::Environment(variable);
            secret.clone().map(|value| Setting { value, source })
        };
        let secrets = GivenSecrets {
            api_key: given(&self.key, "WORKOS_API_KEY"),
            webhook_secret: given(&self.webhook_secret, "WORKOS_WEBHOOK_SECRET"),
            actions_secret: given(&self.actions_secret, "WORKOS_ACTIONS_SECRET"),
        };
        Settings::merge(std::slice::from_ref(&self.layer), secrets, Vec::new()).unwrap()
    }

    /// The context of a check.
    pub(super) fn context(self) -> Context {
        let settings = self.settings();
        let cx = Context::new(Layered::bare(self.network), self.host, settings, Facts::embedded(), self.vantage);
        Context { probing: self.probing, trust: self.trust, ..cx }
    }
}

/// What a check concluded, held to what its spec declares. The codes of no other outcome can be read.
#[derive(Debug)]
pub(super) struct Held(Outcome);

impl Held {
    /// The outcome itself, for what goes on from it.
    pub(super) fn into_outcome(self) -> Outcome {
        self.0
    }
}

impl Deref for Held {
    type Target = Outcome;

    fn deref(&self) -> &Outcome {
        &self.0
    }
}

/// What a check concludes of a context, in the bounds of what it declares.
pub(super) async fn ask(spec: &Spec, check: &dyn Check, cx: &Context) -> Held {
    let contacts = check.contacts(&cx.facts, &cx.settings);
    let (cx, guard) = cx.bounded(&contacts);
    let outcome = guard.over(check.run(&cx)).await;
    held(spec, outcome.unwrap_or_else(|undeclared| panic!("{}: {undeclared}", spec.id)))
}

/// What a part of a check concludes, such as the judgement apart from the asking.
pub(super) fn held(spec: &Spec, outcome: Outcome) -> Held {
    for finding in outcome.findings.iter() {
        assert!(spec.declares(finding.code), "{} does not declare {}", spec.id, finding.code.name);
        for remediation in finding.remediations.iter() {
            said_in_short(spec, finding.code, remediation);
        }
    }
    Held(outcome)
}

/// A list of what is to be done has room for so much of a remedy.
const BRIEF: usize = 48;

fn said_in_short(spec: &Spec, code: &Code, remediation: &Remediation) {
    let Some(brief) = &remediation.brief else {
        // What neither fails nor stands behind something else comes into no list.
        let listed = code.severity != Severity::Warning || !code.explains.is_empty();
        let short = remediation.action.chars().count() <= BRIEF;
        assert!(short || !listed, "{}/{} fits no list: {}", spec.id, code.name, remediation.action);
        return;
    };
    let imperative = brief.starts_with(|c: char| c.is_ascii_lowercase()) && !brief.ends_with('.');
    assert!(imperative && brief.chars().count() <= BRIEF, "{}/{}: “{brief}” fits no list", spec.id, code.name);
}

/// The codes of an outcome's findings.
pub(super) fn codes(outcome: &Held) -> Vec<&'static str> {
    outcome.findings.iter().map(|finding| finding.code.name).collect()
}
