//! What a check that ran has to say: what is wrong, or why there is nothing to conclude. Never both.

use std::ops::Deref;

use super::Finding;

/// What is wrong, worst first as the check sees it; or else why there is nothing to conclude, where only asking could show it.
#[derive(Clone, Debug)]
pub enum Findings {
    /// What is wrong; nothing, where the claim holds.
    Made(Vec<Finding>),
    /// Nothing can be concluded here, for this reason, and that says nothing about the claim.
    NotAvailable(String),
}

impl Findings {
    /// Why nothing can be concluded.
    pub fn not_available(&self) -> Option<&str> {
        match self {
            Findings::Made(_) => None,
            Findings::NotAvailable(why) => Some(why),
        }
    }

    /// There is nothing to conclude, unless something is wrong already.
    pub(super) fn not_to_be_had(&mut self, why: String) {
        if self.is_empty() {
            *self = Findings::NotAvailable(why);
        }
    }

    /// One more. Where something is wrong, there was something to conclude after all.
    pub(super) fn push(&mut self, finding: Finding) {
        match self {
            Findings::Made(findings) => findings.push(finding),
            Findings::NotAvailable(_) => *self = Findings::Made(vec![finding]),
        }
    }

    /// The same with each finding changed.
    #[must_use]
    pub fn each(self, change: impl FnMut(Finding) -> Finding) -> Self {
        match self {
            Findings::Made(findings) => Findings::Made(findings.into_iter().map(change).collect()),
            not_available @ Findings::NotAvailable(_) => not_available,
        }
    }
}

impl Default for Findings {
    fn default() -> Self {
        Findings::Made(Vec::new())
    }
}

impl Deref for Findings {
    type Target = [Finding];

    fn deref(&self) -> &[Finding] {
        match self {
            Findings::Made(findings) => findings,
            Findings::NotAvailable(_) => &[],
        }
    }
}
