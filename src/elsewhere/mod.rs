//! What other runs saw of the installation, and what of that decides here. Some questions cannot be answered from where a run
//! stands: whoever stood elsewhere, `probe` on the internet or `listen` at the webhook URL, may have answered them.

mod settling;
#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::time::{Duration, SystemTime};

use crate::check::{CheckId, Spec};
use crate::outcome::{Bearing, Cause, Code, Outcome, Severity, Status, Steady};
use crate::said::distance;

pub use settling::{Settled, Standing};

/// What decided here was seen long ago. Every check that is asked from outside, or by `listen`, declares it.
pub static SEEN_LONG_AGO: Code =
    Code::warning("seen-long-ago", "what decides here was seen elsewhere, and more than 30 days ago").caused_by(&[
        Cause::installer(
            "The report was made for an earlier test, and is given again.",
            "The evidence says how old it is, and on which machine it was made.",
            "Make a new report with `probe` or `listen`, and give that one with --inbound-report.",
        ),
    ]);

/// It holds from here, and did not from outside. Every check that is asked from both sides declares it.
pub static OTHERWISE_OUTSIDE: Code = Code::warning(
    "otherwise-outside",
    "it holds as seen from here, and a report from outside says otherwise, which is where WorkOS looks from",
)
.caused_by(&[
    Cause::installer(
        "It was mended after the report was made.",
        "The evidence says how old the report is.",
        "Run `probe` again, and give the new report with --inbound-report.",
    ),
    Cause::network(
        "Callers inside are led past the edge: to another address, or around what stands in front.",
        "`domain.split` shows two different answers for the name.",
        "Mend what the report names at the edge, which callers from the internet meet.",
    ),
]);

/// Firewalls change, and certificates are replaced; what is older says little of today.
const OLD: Duration = Duration::from_hours(30 * 24);

/// What runs elsewhere saw.
#[derive(Default, Debug)]
pub struct Elsewhere {
    /// Newest first.
    sightings: Vec<Sighting>,
}

/// What one run saw of one question.
#[derive(Clone, Debug)]
pub struct Sighting {
    /// The check that was asked.
    pub check: CheckId,
    /// What about, as the report names it.
    pub subject: Option<String>,
    /// Who saw it.
    pub witness: Witness,
    /// What was concluded; what it saw stands beside.
    pub outcome: Outcome,
    /// What it saw: names and values, and which part of those stays.
    pub evidence: Vec<(String, String, Steady)>,
}

/// A run elsewhere.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Witness {
    /// When it began.
    pub taken_at: SystemTime,
    /// How long ago that is.
    pub age: Duration,
    /// The machine that it ran on.
    pub host: String,
    /// Where it stood.
    pub place: Place,
}

/// Where somebody stood who saw something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// On the internet.
    Outside {
        /// At an address that `WorkOS` publishes, which every right allowlist lets in.
        published: bool,
    },
    /// At the webhook URL, in the application's place.
    Listener,
}

impl Place {
    /// The name of the evidence that says so.
    pub const fn seen(self) -> &'static str {
        match self {
            Place::Outside { .. } => "seen from outside",
            Place::Listener => "seen by listen",
        }
    }
}

/// The names of the evidence by which a result is known that was taken from elsewhere.
pub const SEEN: [&str; 2] = [Place::Outside { published: false }.seen(), Place::Listener.seen()];

impl Witness {
    /// "laptop, 3 hours ago"
    fn in_words(&self) -> String {
        format!("{}, {} ago", self.host, distance(self.taken_at, self.taken_at + self.age))
    }
}

impl Elsewhere {
    /// What these runs saw, in any order.
    pub fn of(mut sightings: Vec<Sighting>) -> Self {
        sightings.sort_by_key(|seen| Reverse(seen.witness.taken_at));
        Elsewhere { sightings }
    }

    /// Whether somebody saw what decides a question.
    pub fn decides(&self, spec: &Spec, subject: Option<&str>) -> bool {
        self.about(spec, subject).any(Sighting::decides)
    }

    /// What was seen of a question, newest first. A question without a subject is about whatever was looked at.
    fn about<'a>(&'a self, spec: &Spec, subject: Option<&'a str>) -> impl Iterator<Item = &'a Sighting> {
        let id = spec.id;
        let same =
            move |seen: &&Sighting| seen.check == id && subject.is_none_or(|it| seen.subject.as_deref() == Some(it));
        self.sightings.iter().filter(same)
    }
}

impl Sighting {
    /// Whether it says that something holds, or that it does not.
    fn decides(&self) -> bool {
        matches!(self.outcome.status(), Status::Pass | Status::Warn | Status::Fail) && self.bears()
    }

    /// Whether what it rests on is about the installation. Whoever an allowlist leaves out sees what it leaves them to see.
    fn bears(&self) -> bool {
        let worst = self.outcome.findings.iter().map(|finding| finding.code.severity).max();
        let mut weighty =
            self.outcome.findings.iter().filter(|finding| Some(finding.code.severity) == worst).peekable();
        weighty.peek().is_none()
            || weighty.any(|finding| match finding.code.bearing {
                Bearing::Installation => true,
                Bearing::Allowlist => self.witness.place == Place::Outside { published: true },
                Bearing::Looker => false,
            })
    }

    /// What it comes to, in words.
    fn in_words(&self) -> String {
        self.told_by(&self.witness.in_words())
    }

    /// The same with another name for whose it is.
    fn told_by(&self, who: &str) -> String {
        let found = |severity| self.outcome.findings.iter().find(|finding| finding.code.severity == severity);
        match (found(Severity::Error).or_else(|| found(Severity::Undecided)), self.bears()) {
            (None, _) => format!("{who}: it held"),
            (Some(finding), true) => format!("{who}: {}", finding.problem),
            (Some(finding), false) if finding.code.bearing == Bearing::Allowlist => {
                format!("{who}: {}; so does an allowlist that works look, and it decides nothing", finding.problem)
            }
            (Some(finding), false) => format!("{who}: {}; that decides nothing here", finding.problem),
        }
    }
}
