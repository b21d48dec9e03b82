//! What a run of `listen` heard. Nothing here can see a delivery, so its saved report alone answers the question.

use crate::check::{Check, Contact, Grade, Outcome, Running, Touch};
use crate::context::Context;
use crate::facts::Facts;
use crate::settings::values::shown_url;
use crate::settings::{Setting, Settings};

/// Whether a saved report tells of a delivery.
pub(in crate::checks) struct Heard {
    /// At which URL, where one is given; anywhere at this installation where none is.
    url: Option<String>,
}

impl Heard {
    /// At this URL.
    pub(in crate::checks) fn at(url: &Setting<String>) -> Self {
        Heard { url: Some(shown_url(&url.value)) }
    }

    /// At whichever URL of the installation the listener stood.
    pub(super) fn anywhere() -> Self {
        Heard { url: None }
    }
}

impl Check for Heard {
    fn subject(&self) -> Option<String> {
        self.url.clone()
    }

    fn contacts(&self, _: &Facts, _: &Settings) -> Vec<Contact> {
        // The reports themselves were read before the run, and a plan lists them there.
        vec![Contact::new(Touch::CLOCK, "how old the proof is that a delivery arrived, as `listen` saved it")]
    }

    fn run<'a>(&'a self, _: &'a Context) -> Running<'a> {
        Box::pin(async {
            let none = "no report given with --inbound-report is of a `listen` that stood there";
            Outcome::graded(Grade::Declared).not_available(none)
        })
    }
}
