//! What commands print besides the report of a run, as plain values without secrets. A command gathers one, and a format of
//! [`crate::reporters`] writes it.

pub mod audit;
pub mod change;
pub mod explain;
pub mod faults;
pub mod plan;
pub mod requirements;

#[cfg(test)]
pub(crate) mod fixture;

use crate::report::compare::Comparison;

/// A document, whichever format it will be written in.
pub enum Document<'a> {
    /// What a command would touch.
    Plan(Box<plan::Plan>),
    /// The sheet for a firewall request.
    Requirements(Box<requirements::Sheet>),
    /// A page of the manual.
    Explain(explain::Page),
    /// What is different between two saved reports.
    Comparison(&'a Comparison<'a>),
    /// What a demonstration can break.
    Faults(faults::Faults),
    /// What exported rules come to.
    Audit(Box<audit::Audit>),
    /// What a change of rules does.
    Change(Box<change::Change>),
}

/// The kinds of documents, the report of a run among them. Each has a published schema.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// The report of a run.
    Report,
    /// What is different between two saved reports.
    Comparison,
    /// What a command would touch.
    Plan,
    /// The sheet for a firewall request.
    Requirements,
    /// A page of the manual.
    Explain,
    /// What a demonstration can break.
    Faults,
    /// What exported rules come to.
    Audit,
    /// What a change of rules does.
    Change,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 8] = [
        Kind::Report,
        Kind::Comparison,
        Kind::Plan,
        Kind::Requirements,
        Kind::Explain,
        Kind::Faults,
        Kind::Audit,
        Kind::Change,
    ];

    /// As it is written on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Report => "report",
            Kind::Comparison => "comparison",
            Kind::Plan => "plan",
            Kind::Requirements => "requirements",
            Kind::Explain => "explain",
            Kind::Faults => "faults",
            Kind::Audit => "audit",
            Kind::Change => "rule-comparison",
        }
    }

    /// What the schema of it is of, for somebody who chooses one.
    pub fn of_what(self) -> &'static str {
        match self {
            Kind::Report => "the report of a run",
            Kind::Comparison => "what `compare` prints",
            Kind::Plan => "what `plan` prints, and `probe --plan`",
            Kind::Requirements => "what `requirements` prints",
            Kind::Explain => "what `explain` prints",
            Kind::Faults => "what `demo --fault list` prints",
            Kind::Audit => "what `rules audit` prints",
            Kind::Change => "what `rules compare` prints",
        }
    }
}

impl Document<'_> {
    /// Which kind it is of.
    pub fn kind(&self) -> Kind {
        match self {
            Document::Plan(_) => Kind::Plan,
            Document::Requirements(_) => Kind::Requirements,
            Document::Explain(_) => Kind::Explain,
            Document::Comparison(_) => Kind::Comparison,
            Document::Faults(_) => Kind::Faults,
            Document::Audit(_) => Kind::Audit,
            Document::Change(_) => Kind::Change,
        }
    }
}
