//! A plan as a stable format, version 1.

use schemars::JsonSchema;
use serde::Serialize;

use super::touch::Touch;
use crate::documents::plan;
use crate::report::v1::{Head, Skipped};

/// What [`Plan::schema`] holds.
const SCHEMA: &str = "workos-preflight/plan/v1";

/// What a command of `workos-preflight` would touch. Nothing has been sent.
#[derive(Serialize, JsonSchema)]
pub(super) struct Plan {
    /// The name and version of this format.
    #[schemars(extend("const" = SCHEMA))]
    schema: String,
    /// Where, when and by which way it was made.
    #[serde(flatten)]
    head: Head,
    /// Which command it is the plan of: `check` or `probe`.
    command: String,
    /// What it would touch, each thing once.
    contacts: Vec<Contact>,
    /// The checks, in the order in which they would be asked.
    checks: Vec<Check>,
}

/// One thing that would be touched.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Contact")]
struct Contact {
    /// What is touched, in its parts.
    #[serde(flatten)]
    touch: Touch,
    /// The same in words.
    what: String,
    /// Why: each reason once.
    #[schemars(length(min = 1))]
    why: Vec<String>,
}

/// One check about one subject.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "PlannedCheck")]
struct Check {
    /// `group.check`, stable.
    id: String,
    /// What it is about. Null when it is about the run as a whole, or is not asked.
    subject: Option<String>,
    /// Whether a failure would decide the verdict.
    required: bool,
    /// Whether it would be asked.
    runs: bool,
    /// Why it would not be. Null when it would.
    skipped: Option<Skipped>,
}

impl From<&plan::Plan> for Plan {
    fn from(plan: &plan::Plan) -> Self {
        Plan {
            schema: SCHEMA.to_owned(),
            head: Head::from(&plan.head),
            command: plan.command.to_owned(),
            contacts: plan.contacts.iter().map(Contact::from).collect(),
            checks: plan.checks.iter().map(Check::from).collect(),
        }
    }
}

impl From<&plan::Contact> for Contact {
    fn from(contact: &plan::Contact) -> Self {
        Contact { touch: Touch::from(&contact.touch), what: contact.what(), why: contact.why.clone() }
    }
}

impl From<&plan::Planned> for Check {
    fn from(check: &plan::Planned) -> Self {
        Check {
            id: check.id.to_string(),
            subject: check.subject.clone(),
            required: check.required,
            runs: check.idle.is_none(),
            skipped: check.idle.as_ref().map(Skipped::from),
        }
    }
}
