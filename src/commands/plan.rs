//! `plan`: what `check` would touch, and why. Nothing is sent.

use std::fmt::Write as _;

use serde_json::json;

use super::{Failure, gather, print, print_json};
use crate::check::{Contact, Touch};
use crate::checks::GROUPS;
use crate::cli::{PlanArgs, PlanFormat};
use crate::outcome::Vantage;
use crate::plan::{Fate, Plan};
use crate::said::{hidden, line};

pub(super) fn run(args: &PlanArgs) -> Result<u8, Failure> {
    let choice = gather::choice(&args.choice)?;
    let (settings, facts) = gather::settings(&args.settings)?;
    let choice = gather::with_what_decides(choice, &settings);
    let plan = Plan::new(GROUPS, &facts, &settings, Vantage::Inside, &choice);
    match args.format {
        PlanFormat::Human => print(&human(&plan, "check")),
        PlanFormat::Json => print_json(&as_json(&plan)),
    }
}

/// The kinds of contact, in the order and under the headings that a person reads them.
const KINDS: [(&str, &str); 4] =
    [("local", "On this machine"), ("name", "Names"), ("connection", "Connections"), ("request", "Requests")];

fn kind_of(touch: &Touch) -> &'static str {
    match touch {
        Touch::Local(_) => "local",
        Touch::Name(_) => "name",
        Touch::Connection(..) => "connection",
        Touch::Request(..) => "request",
    }
}

/// What a command would touch, for a person.
pub(super) fn human(plan: &Plan, command: &str) -> String {
    let mut text = format!("What `{command}` would touch with these settings. Nothing has been sent.\n");
    let contacts = plan.contacts();
    for (kind, heading) in KINDS {
        let of_part: Vec<&Contact> = contacts.iter().filter(|contact| kind_of(&contact.what) == kind).collect();
        if of_part.is_empty() {
            continue;
        }
        let _ = writeln!(text, "\n{heading}");
        for contact in of_part {
            let (what, why) = (line(&contact.what.to_string()), line(&contact.why));
            let _ = writeln!(text, "  {what}\n      {}", why.replace("; ", "\n      "));
        }
    }
    let mut idle = Vec::new();
    for entry in &plan.entries {
        if let Fate::Skipped(why) = &entry.fate {
            idle.push(format!("  {:<28} {}", entry.spec.id.as_str(), line(&why.in_words())));
        }
    }
    if !idle.is_empty() {
        let _ = writeln!(text, "\nNot asked\n{}", idle.join("\n"));
    }
    text
}

/// The same for a program.
pub(super) fn as_json(plan: &Plan) -> serde_json::Value {
    let contacts: Vec<_> = plan
        .contacts()
        .into_iter()
        .map(|contact| json!({ "kind": kind_of(&contact.what), "what": hidden(&contact.what.to_string()), "why": hidden(&contact.why) }))
        .collect();
    let checks: Vec<_> = plan
        .entries
        .iter()
        .map(|entry| {
            let (subject, reason) = match &entry.fate {
                Fate::Runs { check, .. } => (check.subject(), None),
                Fate::Skipped(why) => (None, Some(why.in_words())),
            };
            let (subject, reason) = (subject.as_deref().map(hidden), reason.as_deref().map(hidden));
            json!({ "id": entry.spec.id.as_str(), "subject": subject, "required": entry.required, "runs": reason.is_none(), "reason": reason })
        })
        .collect();
    json!({ "schema": "workos-preflight/plan/v1", "contacts": contacts, "checks": checks })
}
