//! The faults of a demonstration as a stable format, version 1.

use schemars::JsonSchema;
use serde::Serialize;

use crate::documents::faults;

/// What [`Faults::schema`] holds.
const SCHEMA: &str = "workos-preflight/faults/v1";

/// What `workos-preflight demo --fault NAME` can break.
#[derive(Serialize, JsonSchema)]
pub(super) struct Faults {
    /// The name and version of this format.
    #[schemars(extend("const" = SCHEMA))]
    schema: String,
    /// Every fault that can be played.
    faults: Vec<Fault>,
}

/// One thing that can be broken.
#[derive(Serialize, JsonSchema)]
struct Fault {
    /// As it is written on the command line.
    name: String,
    /// What is broken.
    shows: String,
    /// What a run then finds, the cause first, each as `check-id/code`. Empty where the run stays ready.
    finds: Vec<String>,
}

impl From<&faults::Faults> for Faults {
    fn from(faults::Faults(faults): &faults::Faults) -> Self {
        let fault = |fault: &faults::Fault| Fault {
            name: fault.name.to_owned(),
            shows: fault.shows.to_owned(),
            finds: fault.finds.iter().map(ToString::to_string).collect(),
        };
        Faults { schema: SCHEMA.to_owned(), faults: faults.iter().map(fault).collect() }
    }
}
