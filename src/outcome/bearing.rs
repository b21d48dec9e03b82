//! Whom a finding tells something of, where it is read by somebody who was not there.

/// What a finding of a look from outside is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bearing {
    /// The installation, from wherever it is looked at.
    Installation,
    /// The installation, unless an allowlist leaves the machine out that looks: one that works looks just like this.
    Allowlist,
    /// The machine that looks, and nothing else.
    Looker,
}
