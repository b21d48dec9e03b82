//! The words of the project: what a check is, what it may conclude, and what a conclusion must carry.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use crate::context::Context;
use crate::facts::Facts;
use crate::settings::{Declared, NoClient, Probing, Settings, Wanted};

pub use crate::contact::{By, Contact, Learnt, Method, Query, Server, Touch};
pub use crate::endpoint::Endpoint;
pub(crate) use crate::outcome::command;
pub use crate::outcome::{
    Code, Command, Evidence, Finding, Findings, Grade, Outcome, Remediation, Remediations, Severity, Status, Vantage,
    Who,
};

/// One question about one subject, asked once per run.
pub trait Check: Send + Sync {
    /// The subject as the report shows it: an endpoint, a name, a file.
    fn subject(&self) -> Option<String> {
        None
    }

    /// What the question is about; binds [`Spec::needs`] to the checks about the same thing.
    fn about(&self) -> About {
        About::Run
    }

    /// The check whose results it is shown, however they end: that check stands earlier, and is waited for where it runs.
    fn looks_at(&self) -> Option<&'static str> {
        None
    }

    /// Every name, address, request and file that running it may touch under these settings, with the reason. Running it is
    /// held to them: what is not declared is not touched, and ends it.
    fn contacts(&self, facts: &Facts, settings: &Settings) -> Vec<Contact>;

    /// Asks the question. Everything it may look at is in the context.
    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a>;
}

/// A check in progress.
pub type Running<'a> = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// What is known about a kind of check before anything is sent.
pub struct Spec {
    /// `group.check`, which is also where its file lies.
    pub id: CheckId,
    /// A claim that holds when the check passes: "the endpoint accepts a connection".
    pub title: &'static str,
    /// The manual page: what is looked at, why it matters, what usually breaks it.
    pub explain: &'static str,
    /// From where the question can be asked.
    pub vantages: &'static [Vantage],
    /// Whether a failure decides the verdict.
    pub required: fn(&Settings, Vantage) -> bool,
    /// Every finding it can make.
    pub codes: &'static [&'static Code],
    /// Checks that must have passed first; all stand earlier in the registry.
    pub needs: &'static [CheckId],
    /// The checks of this kind that these settings call for. There is no network in reach: planning sends nothing.
    pub plan: fn(&Facts, &Settings) -> Planned,
}

impl Spec {
    /// By which name a finding of this check is explained and waived: `egress.connects/timed-out`.
    pub fn address(&self, code: &Code) -> String {
        format!("{}/{}", self.id, code.name)
    }

    /// Whether it is one of the findings that the check can make.
    pub fn declares(&self, code: &'static Code) -> bool {
        self.codes.iter().any(|declared| std::ptr::eq(*declared, code))
    }
}

/// Checks about one thing, in run order.
pub struct Group {
    /// The first half of its checks' ids.
    pub id: &'static str,
    /// The heading a person sees.
    pub title: &'static str,
    /// What it is called among others: "webhooks".
    pub noun: &'static str,
    /// Its checks, in run order.
    pub specs: &'static [&'static Spec],
}

/// Checks of one kind, one per subject.
pub type Checks = Vec<Box<dyn Check>>;

/// The checks that a look from outside is to make by what it was told, if it was told to make them.
pub type AsTold = Box<dyn FnOnce(&Probing) -> Option<Checks>>;

/// What a [`Spec`] makes of the settings.
pub enum Planned {
    /// One check per subject.
    Checks(Checks),
    /// None, for want of this setting.
    Wants(Wanted),
    /// None, for want of this setting, which is said in words of its own.
    WantsAs(Wanted, String),
    /// None, for a reason that no one setting mends.
    NotApplicable(String),
    /// As many as follow from what a look from outside was told for this one run. What it was not told it does not require.
    AsTold {
        /// The checks, if it was told to ask.
        checks: AsTold,
        /// What would have told it.
        otherwise: String,
    },
}

impl Planned {
    /// One check.
    pub fn one(check: impl Check + 'static) -> Self {
        Planned::Checks(vec![Box::new(check)])
    }

    /// One check per subject, or, without any subject, what would give one.
    pub fn each<C: Check + 'static>(checks: impl IntoIterator<Item = C>, otherwise: impl Into<Planned>) -> Self {
        let checks: Checks = checks.into_iter().map(|check| Box::new(check) as Box<dyn Check>).collect();
        if checks.is_empty() { otherwise.into() } else { Planned::Checks(checks) }
    }
}

impl From<Wanted> for Planned {
    fn from(wanted: Wanted) -> Self {
        Planned::Wants(wanted)
    }
}

impl From<&'static Declared> for Planned {
    fn from(setting: &'static Declared) -> Self {
        Planned::Wants(setting.wanted())
    }
}

impl From<NoClient> for Planned {
    fn from(none: NoClient) -> Self {
        match none {
            NoClient::NotGiven(wanted) => Planned::Wants(wanted),
            NoClient::NotSent(why) => Planned::NotApplicable(why.to_owned()),
        }
    }
}

impl From<(Wanted, String)> for Planned {
    fn from((wanted, why): (Wanted, String)) -> Self {
        Planned::WantsAs(wanted, why)
    }
}

impl From<String> for Planned {
    fn from(reason: String) -> Self {
        Planned::NotApplicable(reason)
    }
}

/// `group.check`: the name of a kind of check. Every check file declares its own; naming another's is an import.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CheckId(&'static str);

impl CheckId {
    /// Declares an id; a registry test holds it to its file's path.
    pub const fn new(id: &'static str) -> Self {
        CheckId(id)
    }

    /// `egress.connects`
    pub const fn as_str(self) -> &'static str {
        self.0
    }

    /// `connects`
    pub fn name(self) -> &'static str {
        self.0.split_once('.').map_or(self.0, |(_, name)| name)
    }

    /// `egress`
    pub fn group(self) -> &'static str {
        self.0.split_once('.').map_or(self.0, |(group, _)| group)
    }
}

impl fmt::Display for CheckId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// What a check is about, as far as needs are concerned.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum About {
    /// The run as a whole: bound to, and by, everything.
    Run,
    /// A host, whichever port.
    Host(String),
    /// A host and a port.
    Endpoint(Endpoint),
}

impl About {
    /// Whether a need between checks about these two is a need between the checks.
    pub fn concerns(&self, other: &About) -> bool {
        match (self, other) {
            (About::Run, _) | (_, About::Run) => true,
            (About::Endpoint(a), About::Endpoint(b)) => a == b,
            (About::Host(a), About::Host(b)) => a == b,
            (About::Host(host), About::Endpoint(endpoint)) | (About::Endpoint(endpoint), About::Host(host)) => {
                endpoint.host == *host
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn needs_bind_by_host_and_by_endpoint() {
        let https = About::Endpoint(Endpoint::new("a.example", 443));
        let other_port = About::Endpoint(Endpoint::new("a.example", 8443));
        let host = About::Host("a.example".to_owned());

        assert!(https.concerns(&host) && other_port.concerns(&host));
        assert!(!https.concerns(&other_port));
        assert!(!https.concerns(&About::Host("b.example".to_owned())));
        assert!(https.concerns(&About::Run));
    }
}
