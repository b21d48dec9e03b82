//! How a question of a run ended. What a row of the report says of itself is read from this, and set nowhere beside it.

use std::time::Duration;

use crate::check::{CheckId, Spec};
use crate::outcome::{Evidence, Finding, Grade, Outcome, Status};
use crate::said::spoken;
use crate::settings::Wanted;

/// How a question ended.
#[derive(Clone, Debug)]
pub enum Ending {
    /// It was asked, and this is what its check concluded.
    Asked(Outcome),
    /// It was not asked.
    Skipped(Why),
    /// The run ended before it was through.
    CutShort {
        /// What ended the run.
        by: Stop,
        /// The check that was not through, where this one had not begun because it needs that.
        waits_for: Option<CheckId>,
        /// What is known of it nevertheless.
        evidence: Vec<Evidence>,
    },
    /// The check broke, which is a defect of the tool and says nothing of what was asked: what happened, as a clause.
    Broke(String),
}

/// Why a question was not asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Why {
    /// No setting calls for it.
    NotApplicable {
        /// Which setting would, as a sentence.
        enable: String,
        /// The setting, where it is one.
        wants: Option<Wanted>,
    },
    /// The user left it out, and perhaps said why.
    LeftOut(Option<String>),
    /// This check did not pass, which has to hold first.
    Needs(CheckId),
}

/// What ends a run before it is through.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stop {
    /// The time that the whole run has is over.
    Deadline {
        /// How long that was.
        passed: Duration,
        /// How long it has to be for another run to come further, where it may be longer.
        again: Option<Duration>,
    },
    /// The user.
    Interruption,
}

impl Ending {
    /// What a check concluded, held to what it says of itself: a finding that it does not declare is none that could be
    /// explained, waived or relied on.
    pub fn of(spec: &Spec, outcome: Outcome) -> Self {
        match outcome.findings.iter().find(|finding| !spec.declares(finding.code)) {
            Some(finding) => {
                Ending::Broke(format!("it found `{}`, which {} does not declare", finding.code.name, spec.id))
            }
            None => Ending::Asked(outcome),
        }
    }

    /// What it comes to.
    pub fn status(&self) -> Status {
        match self {
            Ending::Asked(outcome) => outcome.status(),
            Ending::Skipped(_) => Status::Skip,
            Ending::CutShort { .. } | Ending::Broke(_) => Status::Unknown,
        }
    }

    /// Why it was skipped, or left unknown without a finding, in words.
    pub fn reason(&self) -> Option<String> {
        match self {
            Ending::Asked(outcome) => outcome.findings.not_available().map(str::to_owned),
            Ending::Skipped(why) => Some(why.in_words()),
            Ending::CutShort { by, waits_for: None, .. } => Some(by.in_words()),
            Ending::CutShort { by, waits_for: Some(check), .. } => {
                Some(format!("{}, which was not through when {}", needs(check.as_str()), by.happened()))
            }
            Ending::Broke(what) => Some(broke(what)),
        }
    }

    /// The check whose failure, or open question, kept it from being asked.
    pub fn cause(&self) -> Option<CheckId> {
        match self {
            Ending::Skipped(Why::Needs(cause)) => Some(*cause),
            _ => None,
        }
    }

    /// The check that it waited for, whether that did not pass or was not through.
    pub fn waited_for(&self) -> Option<CheckId> {
        match self {
            Ending::CutShort { waits_for, .. } => *waits_for,
            _ => self.cause(),
        }
    }

    /// What is wrong.
    pub fn findings(&self) -> &[Finding] {
        self.outcome().map(|outcome| &*outcome.findings).unwrap_or_default()
    }

    /// What was seen.
    pub fn evidence(&self) -> &[Evidence] {
        match self {
            Ending::Asked(outcome) => &outcome.evidence,
            Ending::CutShort { evidence, .. } => evidence,
            Ending::Skipped(_) | Ending::Broke(_) => &[],
        }
    }

    /// How strong the best evidence is, where there is a conclusion that rests on it.
    pub fn grade(&self) -> Option<Grade> {
        self.outcome().filter(|outcome| outcome.findings.not_available().is_none()).map(|outcome| outcome.grade)
    }

    /// What the check concluded, where it came to that.
    pub fn outcome(&self) -> Option<&Outcome> {
        match self {
            Ending::Asked(outcome) => Some(outcome),
            Ending::Skipped(_) | Ending::CutShort { .. } | Ending::Broke(_) => None,
        }
    }
}

impl Why {
    /// The same with somebody's words put otherwise.
    #[must_use]
    pub fn reworded(&self, word: impl Fn(&str) -> String) -> Self {
        match self {
            Why::NotApplicable { enable, wants } => Why::NotApplicable { enable: word(enable), wants: *wants },
            Why::LeftOut(reason) => Why::LeftOut(reason.as_deref().map(word)),
            Why::Needs(cause) => Why::Needs(*cause),
        }
    }

    /// As a person reads it behind "skipped:".
    pub fn in_words(&self) -> String {
        match self {
            Why::NotApplicable { enable, .. } => enable.clone(),
            Why::LeftOut(reason) => left_out(reason.as_deref()),
            Why::Needs(cause) => needs(cause.as_str()),
        }
    }
}

impl Stop {
    /// What became of whatever was still being asked, and with which flag it would come further.
    pub fn in_words(self) -> String {
        match (self, self.again()) {
            (Stop::Interruption, _) => "interrupted before it was through".to_owned(),
            (Stop::Deadline { .. }, None) => format!("not through when {}", self.happened()),
            (Stop::Deadline { .. }, Some(flag)) => {
                format!("not through when {}; run again with {flag}", self.happened())
            }
        }
    }

    /// The flag with which another run would come further.
    pub fn again(self) -> Option<String> {
        match self {
            Stop::Deadline { again, .. } => again.map(|again| format!("--deadline {}", given(again))),
            Stop::Interruption => None,
        }
    }

    fn happened(self) -> String {
        match self {
            Stop::Deadline { passed, .. } => format!("the run's deadline of {} passed", spoken(passed)),
            Stop::Interruption => "the run was interrupted".to_owned(),
        }
    }
}

/// A duration as a flag takes it, in whole seconds or minutes.
fn given(duration: Duration) -> String {
    match duration.as_secs() {
        seconds if seconds.is_multiple_of(60) => format!("{}m", seconds / 60),
        seconds => format!("{seconds}s"),
    }
}

/// What a person reads of a question that waits for another; a report that is read back says it in the same words.
pub fn needs(cause: &str) -> String {
    format!("needs {cause}")
}

/// What a person reads of a question that the user left out.
pub fn left_out(reason: Option<&str>) -> String {
    match reason {
        Some(reason) => format!("left out by --skip: {reason}"),
        None => "left out by --skip".to_owned(),
    }
}

/// What a person reads of a check that broke.
pub fn broke(what: &str) -> String {
    format!("the check itself broke: {what}; this is a defect in the tool, please report it")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Planned;
    use crate::outcome::{Code, Remediation, Vantage};

    static KNOWN: Code = Code::error("known", "it is known");
    static STRANGE: Code = Code::error("strange", "it is of another check");
    static SPEC: Spec = Spec {
        id: CheckId::new("a.check"),
        title: "",
        explain: "",
        vantages: &[Vantage::Inside],
        required: |_, _| true,
        codes: &[&KNOWN],
        needs: &[],
        plan: |_, _| Planned::NotApplicable(String::new()),
    };

    fn with(code: &'static Code) -> Ending {
        let found = code.found("is wrong", Remediation::installer("Mend it."));
        Ending::of(&SPEC, Outcome::graded(Grade::Reached).because(found))
    }

    #[test]
    fn a_finding_that_the_spec_does_not_declare_is_a_defect_that_names_it() {
        let (known, strange) = (with(&KNOWN), with(&STRANGE));

        assert_eq!((known.status(), known.grade()), (Status::Fail, Some(Grade::Reached)));
        assert_eq!((strange.status(), strange.grade(), strange.findings().len()), (Status::Unknown, None, 0));
        let reason = strange.reason().unwrap();
        assert!(reason.contains("`strange`") && reason.contains("a.check"), "{reason}");
        assert!(reason.contains("a defect in the tool"), "{reason}");
    }

    #[test]
    fn only_a_need_is_a_cause_and_nothing_that_was_not_concluded_has_a_grade() {
        let needs = Ending::Skipped(Why::Needs(SPEC.id));
        let left_out = Ending::Skipped(Why::LeftOut(Some("needs a.check".to_owned())));
        let evidence = vec![Evidence::new("waited for", "a.check")];
        let cut = Ending::CutShort { by: Stop::Interruption, waits_for: None, evidence };

        assert_eq!([needs.cause(), left_out.cause(), cut.cause()], [Some(SPEC.id), None, None]);
        assert_eq!([needs.grade(), left_out.grade(), cut.grade()], [None; 3]);
        assert_eq!((cut.status(), cut.evidence().len()), (Status::Unknown, 1));
    }
}
