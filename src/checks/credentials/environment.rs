//! Is the key of the environment that this installation should use?

use super::isolated::OWN_ENVIRONMENT;
use super::{isolated, pair};
use crate::check::{
    Check, CheckId, Code, Contact, Finding, Grade, Outcome, Planned, Remediation, Running, Spec, Touch, Vantage,
};
use crate::checks::webhook::registered;
use crate::checks::whence::Whence;
use crate::context::Context;
use crate::facts::Facts;
use crate::outcome::Cause;
use crate::settings::{API_KEY_FILE, Environment, Settings};
use crate::workos;

pub(super) static SPEC: Spec = Spec {
    id: ID,
    title: "the key's environment is as expected",
    explain: "\
Compares the key's prefix with the expected environment (--environment, production unless said otherwise): sk_live_ for \
production, sk_test_ for staging. Nothing is sent.

An on-prem customer should have a production environment of their own: staging environments retry webhooks for minutes \
instead of days, use other domains, and are shared with the vendor's developers. The prefix is a convention that WorkOS \
does not document, so the verdict has the grade `declared`.

Usually broken by the key of the vendor's own staging environment that was left in a sample configuration.",
    vantages: &[Vantage::Inside],
    required: super::required,
    codes: &[&STAGING_KEY_IN_PRODUCTION, &PRODUCTION_KEY_IN_STAGING, &UNKNOWN_PREFIX],
    needs: &[],
    plan: |_, settings| match settings.api_key {
        Some(_) => Planned::one(KeyEnvironment),
        None => Planned::from(&API_KEY_FILE),
    },
};

pub(super) const ID: CheckId = CheckId::new("credentials.environment");

pub(in crate::checks) static STAGING_KEY_IN_PRODUCTION: Code = Code::error(
    "staging-key-in-production",
    "a staging key where production is expected",
)
.explains(&[
    &isolated::codes::SHARED,
    &isolated::codes::ORGANIZATION_MISSING,
    &isolated::codes::MANY,
    &pair::DIFFERENT_ENVIRONMENTS,
    &registered::codes::NOT_REGISTERED,
])
.caused_by(&[
    Cause::vendor(
        "The key of the vendor's own staging environment was left in a sample configuration.",
        "The key's last characters are those of a key in the vendor's staging environment in the WorkOS dashboard.",
        "Ask support@workos.com for a production environment of this customer's own, and set its key here.",
    )
    .shown_by("printenv WORKOS_API_KEY | head -c 8"),
    Cause::installer(
        "This is a staging installation, and nobody said so to this tool.",
        "Nobody signs in here but those who test.",
        "Give --environment staging.",
    ),
    Cause::installer(
        "The key of this customer's production environment exists, and is not the one that is read here.",
        "The report names another file or variable as the key's source than the application has.",
        "Give this tool the key that the application has.",
    ),
]);
pub(in crate::checks) static PRODUCTION_KEY_IN_STAGING: Code =
    Code::warning("production-key-in-staging", "a production key where staging is expected").caused_by(&[
        Cause::installer(
            "The configuration of the production installation was copied to try something.",
            "The same key stands in the configuration of the production installation.",
            "Set a staging key here, so that tests do not touch a customer's data.",
        )
        .shown_by("printenv WORKOS_API_KEY | head -c 8"),
        Cause::installer(
            "This is the production installation, and `--environment staging` was left from trying.",
            "Users of the customer sign in here.",
            "Give --environment production, or leave it out.",
        ),
    ]);
pub(in crate::checks) static UNKNOWN_PREFIX: Code =
    Code::warning("unknown-prefix", "the key has neither of the usual prefixes").caused_by(&[
        Cause::vendor(
            "The key is an older one, or WorkOS has begun to make keys of another form: the prefixes are a convention.",
            "credentials.accepted passes with this key.",
            "Compare the key's last four characters with this customer's environment in the WorkOS dashboard; if they are there, all is well.",
        ),
        Cause::vendor(
            "It is a key that the application issued to its own customer, which begins with sk_ as well.",
            "credentials.accepted finds that the API does not know it (401).",
            "Use the API key of this customer's environment, from API Keys in the WorkOS dashboard.",
        ),
    ]);

struct KeyEnvironment;

impl Check for KeyEnvironment {
    fn contacts(&self, _: &Facts, _: &Settings) -> Vec<Contact> {
        vec![Contact::new(Touch::Local("the API key's prefix"), "of which environment the key is")]
    }

    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
        Box::pin(async move {
            let place = Whence::of_key(&cx.settings);
            let Some(key) = cx.settings.api_key.as_ref().map(|key| &key.value) else {
                return Outcome::graded(Grade::Declared).because(unknown_prefix(&place));
            };
            let expected = cx.settings.environment.value;
            let outcome = Outcome::graded(Grade::Declared)
                .with("key", key.masked())
                .with("expected environment", expected.as_str());
            let of = if key.expose().starts_with("sk_live_") {
                Environment::Production
            } else if key.expose().starts_with("sk_test_") {
                Environment::Staging
            } else if workos::key::malformed(key).is_some() {
                return outcome.not_available("the key is malformed: see settings.consistent");
            } else {
                return outcome.because(unknown_prefix(&place));
            };
            match (expected, of) {
                (Environment::Production, Environment::Staging) => outcome.because(staging_key(&place)),
                (Environment::Staging, Environment::Production) => outcome.because(production_key(&place)),
                _ => outcome.in_short(format!("{} key", expected.as_str())),
            }
        })
    }
}

fn staging_key(place: &Whence) -> Finding {
    STAGING_KEY_IN_PRODUCTION.found(
        "the key begins with sk_test_, as staging keys do, and production is expected",
        Remediation::vendor(format!(
            "{OWN_ENVIRONMENT}, and set that environment's key ({}). If this is a staging installation, give --environment staging.",
            place.words
        ))
        .in_short("set this customer's production key")
        .verify(place.beginning()),
    )
}

fn production_key(place: &Whence) -> Finding {
    PRODUCTION_KEY_IN_STAGING.found(
        "the key begins with sk_live_, as production keys do, and staging is expected",
        Remediation::installer(
            "Set a staging key, so that tests do not touch a customer's data; or give --environment production.",
        )
        .verify(place.beginning()),
    )
}

fn unknown_prefix(place: &Whence) -> Finding {
    UNKNOWN_PREFIX.found(
        "the key has neither of the usual prefixes sk_live_ and sk_test_, so its environment cannot be told",
        Remediation::vendor(
            "Compare the key's last four characters with the WorkOS dashboard of this customer's environment.",
        )
        .verify(place.beginning()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::fixture::{Site, ask, codes};
    use crate::net::fake::Fake;

    async fn run(key: &str, expected: &str) -> Vec<&'static str> {
        let site = Site::of(Fake::default()).key(key).with("workos.environment", expected);
        codes(&ask(&SPEC, &KeyEnvironment, &site.context()).await)
    }

    #[tokio::test]
    async fn prefix_and_expectation_are_compared() {
        assert!(run("sk_live_1", "production").await.is_empty());
        assert!(run("sk_test_1", "staging").await.is_empty());
        assert_eq!(run("sk_test_1", "production").await, ["staging-key-in-production"]);
        assert_eq!(run("sk_live_1", "staging").await, ["production-key-in-staging"]);
        assert_eq!(run("sk_example_123456789", "production").await, ["unknown-prefix"]);
    }
}
