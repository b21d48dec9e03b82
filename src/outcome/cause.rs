//! What usually lies behind a finding, as the manual tells it to somebody who has one before them.

use super::Who;

/// Something that usually lies behind findings of a kind.
#[derive(PartialEq, Eq, Debug)]
pub struct Cause {
    /// What is the case, as a sentence: "A firewall on the way drops what it does not allow."
    pub what: &'static str,
    /// How to tell it from the other causes, as a sentence: "Every other host outside is silent as well."
    pub told_by: &'static str,
    /// Who mends it.
    pub who: Who,
    /// What they do, as an imperative sentence.
    pub mend: &'static str,
    /// What shows it without this tool, where something does. Names in capitals stand for what only the reader knows.
    pub command: Option<&'static str>,
}

impl Cause {
    /// One that whoever runs the customer's network mends.
    pub const fn network(what: &'static str, told_by: &'static str, mend: &'static str) -> Self {
        Cause { what, told_by, who: Who::Network, mend, command: None }
    }

    /// One that whoever sets the host up mends.
    pub const fn installer(what: &'static str, told_by: &'static str, mend: &'static str) -> Self {
        Cause { what, told_by, who: Who::Installer, mend, command: None }
    }

    /// One that the maker of the application mends.
    pub const fn vendor(what: &'static str, told_by: &'static str, mend: &'static str) -> Self {
        Cause { what, told_by, who: Who::Vendor, mend, command: None }
    }

    /// One that `WorkOS` mends.
    pub const fn workos(what: &'static str, told_by: &'static str, mend: &'static str) -> Self {
        Cause { what, told_by, who: Who::Workos, mend, command: None }
    }

    /// The same with what shows it without this tool.
    #[must_use]
    pub const fn shown_by(self, command: &'static str) -> Self {
        Cause { command: Some(command), ..self }
    }
}
