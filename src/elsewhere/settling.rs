//! How a question that ended here is settled by what was seen elsewhere.

use super::{Elsewhere, OLD, OTHERWISE_OUTSIDE, SEEN_LONG_AGO, Sighting};
use crate::check::Spec;
use crate::ending::{Ending, Why};
use crate::outcome::{Evidence, Finding, Outcome, Remediation, Status, Steady};

/// What an answer from here is worth.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// It stands.
    Here,
    /// It proves nothing, whatever it is: only who looks from outside can tell.
    OutsideOnly,
}

/// A question as it stands once everybody was heard.
#[derive(Debug)]
pub struct Settled {
    /// How it ended.
    pub ending: Ending,
    /// It was decided by what was seen elsewhere.
    pub elsewhere: bool,
}

/// The evidence that holds what somebody else saw.
const AS_IT_SAW: &str = "as it saw";

/// The evidence that holds what kept a question open here.
const FROM_HERE: &str = "from here";

/// A report that is given may hold more.
const MOST_TOLD: usize = 8;

impl Elsewhere {
    /// A question that is open here takes the newest answer that was found elsewhere, with whose it is and how old. What
    /// decides nothing, or is not needed, is told beside.
    pub fn settle(&self, spec: &Spec, subject: Option<&str>, standing: Standing, ending: Ending) -> Settled {
        let seen: Vec<&Sighting> = self.about(spec, subject).collect();
        let stays = |ending| Settled { ending, elsewhere: false };
        if seen.is_empty() {
            return stays(ending);
        }
        let deciding = seen.iter().copied().find(|seen| seen.decides());
        match openness(&ending) {
            Openness::NotAsked => stays(ending),
            Openness::Answered if standing == Standing::Here => {
                let otherwise = deciding.filter(|seen| seen.outcome.status() == Status::Fail);
                let holds = matches!(ending.status(), Status::Pass | Status::Warn);
                let finding = otherwise.filter(|_| holds).and_then(otherwise_outside);
                stays(told_beside(ending, &seen, finding))
            }
            Openness::Answered | Openness::Open => match deciding {
                Some(deciding) => Settled { ending: Ending::of(spec, taken(deciding, &ending)), elsewhere: true },
                None => stays(undecided(spec, &seen, ending)),
            },
        }
    }
}

/// How far a question is answered from here.
enum Openness {
    /// It is not to be asked, or its check broke, which says nothing of it.
    NotAsked,
    /// It could not be answered.
    Open,
    /// It was answered.
    Answered,
}

fn openness(ending: &Ending) -> Openness {
    match ending {
        Ending::Skipped(Why::NotApplicable { .. } | Why::LeftOut(_)) | Ending::Broke(_) => Openness::NotAsked,
        Ending::Skipped(Why::Needs(_)) | Ending::CutShort { .. } => Openness::Open,
        Ending::Asked(outcome) => match outcome.status() {
            Status::Pass | Status::Warn | Status::Fail => Openness::Answered,
            Status::Unknown | Status::Skip => Openness::Open,
        },
    }
}

/// Nobody could tell. Where it was not asked here, the others' reason is worth more than none.
fn undecided(spec: &Spec, seen: &[&Sighting], ending: Ending) -> Ending {
    let reason = seen.iter().find(|seen| seen.outcome.status() == Status::Unknown && seen.bears());
    match reason {
        Some(reason) if ending.status() == Status::Skip => Ending::of(spec, taken(reason, &ending)),
        _ => told_beside(ending, seen, None),
    }
}

/// What was seen elsewhere, and with it what was seen here.
fn taken(sighting: &Sighting, ending: &Ending) -> Outcome {
    let witness = &sighting.witness;
    let mut outcome = Outcome::graded(sighting.outcome.grade);
    outcome.saw_of_which(witness.place.seen(), witness.in_words(), witness.host.clone());
    for (what, value, steady) in &sighting.evidence {
        let seen = Evidence::new(AS_IT_SAW, format!("{what}: {value}"));
        outcome.evidence.push(match steady {
            Steady::Whole => seen,
            Steady::Part(part) => seen.of_which(format!("{what}: {part}")),
            Steady::Nothing => seen.passing(),
        });
    }
    for finding in sighting.outcome.findings.iter() {
        outcome.found(finding.clone());
    }
    if outcome.status() != Status::Fail && witness.age > OLD {
        outcome.found(seen_long_ago(sighting));
    }
    match ending {
        Ending::Skipped(Why::Needs(need)) => outcome.saw(FROM_HERE, format!("not asked: {need} is not seen to hold")),
        Ending::CutShort { by, .. } => outcome.saw(FROM_HERE, by.in_words()),
        Ending::Asked(_) | Ending::Skipped(_) | Ending::Broke(_) => {}
    }
    for finding in ending.findings() {
        outcome.saw(FROM_HERE, finding.problem.clone());
    }
    outcome.evidence.extend(ending.evidence().iter().cloned());
    outcome
}

/// The same with what others saw of it, and what follows from that.
fn told_beside(mut ending: Ending, seen: &[&Sighting], finding: Option<Finding>) -> Ending {
    let told = seen.iter().take(MOST_TOLD).map(|sighting| {
        let whose = &sighting.witness;
        Evidence::new(whose.place.seen(), sighting.in_words()).of_which(sighting.told_by(&whose.host))
    });
    match &mut ending {
        Ending::Asked(outcome) => {
            outcome.evidence.extend(told);
            if let Some(finding) = finding {
                outcome.found(finding);
            }
        }
        Ending::CutShort { evidence, .. } => evidence.extend(told),
        Ending::Skipped(_) | Ending::Broke(_) => {}
    }
    ending
}

fn otherwise_outside(sighting: &Sighting) -> Option<Finding> {
    let failed = sighting.outcome.findings.iter().max_by_key(|finding| finding.code.severity)?;
    Some(OTHERWISE_OUTSIDE.found(
        format!("it holds from here, and was seen otherwise from outside by {}", sighting.in_words()),
        failed.remediations.clone(),
    ))
}

fn seen_long_ago(sighting: &Sighting) -> Finding {
    SEEN_LONG_AGO.found(
        format!(
            "what decides here was seen by {}; firewalls and certificates have changed since, perhaps",
            sighting.witness.in_words()
        ),
        Remediation::installer("Make the report anew with `probe` or `listen`, and give it with --inbound-report.")
            .in_short("make the old report anew"),
    )
}
