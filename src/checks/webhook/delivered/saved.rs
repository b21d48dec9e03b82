//! The proof that a run of `listen` saved: whose it is, how old, and what it found.

use std::time::{Duration, SystemTime};

use super::{NO_PROOF, OF_ANOTHER, PROOF_IS_OLD, SPEC};
use crate::check::{Check, Contact, Finding, Grade, Outcome, Remediation, Running, Severity, Touch};
use crate::context::{Context, SavedDelivery};
use crate::facts::Facts;
use crate::said::distance;
use crate::settings::Settings;
use crate::settings::values::{shown_url, web_url};

/// The evidence that names the report which a check took in.
pub const SAVED_REPORT: &str = "saved report";

/// A saved report of `listen`.
pub(super) struct Saved {
    pub(super) report: String,
    pub(super) url: Option<String>,
    /// The installation's names, which stand in where no URL is given.
    pub(super) hosts: Vec<String>,
}

impl Check for Saved {
    fn subject(&self) -> Option<String> {
        self.url.as_deref().map(shown_url)
    }

    fn contacts(&self, _: &Facts, _: &Settings) -> Vec<Contact> {
        // The report itself was read before the run, and a plan lists it there.
        vec![Contact::new(Touch::CLOCK, "how old the proof is that a delivery arrived, as `listen` saved it")]
    }

    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
        Box::pin(async move {
            match &cx.inbound {
                Some(saved) => self.taken_in(saved, cx.host.now()),
                None => Outcome::graded(Grade::Declared).because(self.no_proof()),
            }
        })
    }
}

impl Saved {
    pub(super) fn taken_in(&self, saved: &SavedDelivery, now: SystemTime) -> Outcome {
        let age = now.duration_since(saved.taken_at).unwrap_or_default();
        let mut outcome = Outcome::graded(saved.grade)
            .with(SAVED_REPORT, format!("{}, taken on {}", self.report, saved.host))
            .with("its age", distance(saved.taken_at, now));
        for (what, value) in &saved.evidence {
            outcome.saw("as it saw", format!("{what}: {value}"));
        }
        if saved.demonstration || !self.is_about(saved.subject.as_deref()) {
            outcome.grade = Grade::Declared;
            return outcome.because(self.of_another(saved));
        }
        if !saved.judged {
            outcome.grade = Grade::Declared;
            return outcome.because(self.no_proof());
        }
        if saved.taken_at > now + A_DAY {
            outcome.grade = Grade::Declared;
            return outcome.because(self.dated_ahead());
        }
        for (name, problem, remediation) in &saved.findings {
            // A code of a later version is not understood, so nothing is known.
            let code = SPEC.codes.iter().find(|code| code.name == name).copied().unwrap_or(&NO_PROOF);
            outcome.found(code.found(problem, remediation.clone()));
        }
        let holds = outcome.findings.iter().all(|finding| finding.code.severity == Severity::Warning);
        if holds && age > OLD { outcome.because(proof_is_old(age)) } else { outcome }
    }

    /// Whether a saved subject is this installation: the same URL, or one at its name where no URL is given.
    pub(super) fn is_about(&self, subject: Option<&str>) -> bool {
        let Some(subject) = subject else { return true };
        match &self.url {
            Some(url) => subject == shown_url(url),
            None => web_url(subject).is_some_and(|url| {
                let host = url.host_str().unwrap_or_default();
                self.hosts.iter().any(|own| own == host)
            }),
        }
    }

    fn no_proof(&self) -> Finding {
        NO_PROOF.found(
            format!("{} tells of no deliveries that this version understands", self.report),
            Remediation::installer("Give the report that `workos-preflight listen --report json=FILE` saved."),
        )
    }

    fn dated_ahead(&self) -> Finding {
        NO_PROOF.found(
            format!("{} is dated in the future by this host's clock, so its age is not known", self.report),
            Remediation::installer("Set the clocks of both machines by NTP, and listen again.")
                .verify("timedatectl; date -u"),
        )
    }

    fn of_another(&self, saved: &SavedDelivery) -> Finding {
        let what =
            if saved.demonstration { "of a demonstration" } else { "about another webhook URL than is given here" };
        OF_ANOTHER.found(
            format!(
                "{} is {what}{}",
                self.report,
                saved.subject.as_ref().map(|url| format!(" ({url})")).unwrap_or_default()
            ),
            Remediation::installer(
                "Listen at this installation's webhook URL, with the same --webhook-url, and give the report of that.",
            ),
        )
    }
}

/// Clocks that are further apart are wrong.
const A_DAY: Duration = Duration::from_hours(24);

/// Firewalls change; a proof that is older says little of today.
const OLD: Duration = Duration::from_hours(30 * 24);

fn proof_is_old(age: Duration) -> Finding {
    PROOF_IS_OLD.found(
        format!("the delivery arrived {} days ago; firewalls have changed since, perhaps", age.as_secs() / 86_400),
        Remediation::installer("Listen again, and give the new report with --inbound-report."),
    )
}
