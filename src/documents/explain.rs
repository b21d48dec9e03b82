//! The manual: a check's page, what codes mean, or the list of what has a page.

use crate::check::{Group, Spec};
use crate::outcome::{Code, Severity};
use crate::said::all_of;

/// What was asked for.
pub enum Page {
    /// The checks of these groups.
    List(Vec<&'static Group>),
    /// A check.
    Check(&'static Spec, Decides),
    /// What these findings mean, each of its check.
    Codes(Vec<(&'static Spec, &'static Code)>),
}

/// When a failure decides a verdict.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decides {
    /// Whether `check` asks it, and then under which strategies.
    pub check: Option<Strategies>,
    /// Whether `probe` asks it, and then whether it decides there.
    pub probe: Option<bool>,
}

/// Strategies under which a failure decides the verdict of `check`.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Strategies {
    /// Whatever else is set.
    pub always: Vec<&'static str>,
    /// Where the settings call for it.
    pub when_asked: Vec<&'static str>,
}

impl Decides {
    /// As sentences.
    pub fn in_words(&self) -> String {
        let inside = match &self.check {
            None => "Is no part of `check`.".to_owned(),
            Some(strategies) => strategies.in_words(),
        };
        let outside = match self.probe {
            Some(true) => " Decides the verdict of `probe`.",
            Some(false) => " Never decides the verdict of `probe`.",
            None => "",
        };
        inside + outside
    }
}

impl Strategies {
    fn in_words(&self) -> String {
        let with = |strategies: &[&str]| format!("with strategy {}", all_of(strategies));
        match (&self.always[..], &self.when_asked[..]) {
            ([], []) => "Never decides the verdict of `check`.".to_owned(),
            (always, []) => format!("Decides the verdict {}.", with(always)),
            ([], asked) => format!("Decides the verdict {} where the settings call for it.", with(asked)),
            (always, asked) => {
                format!("Decides the verdict {}, and {} where the settings call for it.", with(always), with(asked))
            }
        }
    }
}

/// What a finding of this severity does to its row: "fails".
pub fn effect(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "fails",
        Severity::Undecided => "leaves it unknown",
        Severity::Warning => "warns",
    }
}

/// What a code means, whole: "fails: no address answered. The check asks whether the endpoint accepts a connection."
pub fn meaning(spec: &Spec, code: &Code) -> String {
    format!("{}: {}. The check asks whether {}.", effect(code.severity), code.means, spec.title)
}
