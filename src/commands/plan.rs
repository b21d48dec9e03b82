//! `plan`: what `check` would touch, and why. Nothing is sent.

use std::fmt::Write as _;

use serde_json::json;

use super::{Failure, gather, print};
use crate::check::{Contact, Touch, Vantage};
use crate::checks::GROUPS;
use crate::cli::{PlanArgs, PlanFormat};
use crate::plan::{Fate, Plan};

pub(super) fn run(args: &PlanArgs) -> Result<u8, Failure> {
    let choice = gather::choice(&args.choice)?;
    let (settings, facts) = gather::settings(&args.settings)?;
    let plan = Plan::new(GROUPS, &facts, &settings, Vantage::Inside, &choice);
    match args.format {
        PlanFormat::Human => print(&human(&plan)),
        PlanFormat::Json => print(&format!("{:#}\n", as_json(&plan))),
    }
}

fn human(plan: &Plan) -> String {
    let mut text = "What `check` would touch with these settings. Nothing has been sent.\n".to_owned();
    let contacts = plan.contacts();
    let parts: [(&str, fn(&Touch) -> bool); 4] = [
        ("On this machine", |touch| matches!(touch, Touch::Local(_))),
        ("Names", |touch| matches!(touch, Touch::Name(_))),
        ("Connections", |touch| matches!(touch, Touch::Connection(..))),
        ("Requests", |touch| matches!(touch, Touch::Request(..))),
    ];
    for (heading, belongs) in parts {
        let of_part: Vec<&Contact> = contacts.iter().filter(|contact| belongs(&contact.what)).collect();
        if of_part.is_empty() {
            continue;
        }
        let _ = writeln!(text, "\n{heading}");
        for contact in of_part {
            let _ = writeln!(text, "  {}\n      {}", contact.what, contact.why);
        }
    }
    let mut idle = Vec::new();
    for row in &plan.rows {
        if let Fate::NotApplicable(reason) | Fate::LeftOut(reason) = &row.fate {
            idle.push(format!("  {:<28} {reason}", row.spec.id.as_str()));
        }
    }
    if !idle.is_empty() {
        let _ = writeln!(text, "\nNot asked\n{}", idle.join("\n"));
    }
    text
}

fn as_json(plan: &Plan) -> serde_json::Value {
    let contacts: Vec<_> = plan
        .contacts()
        .into_iter()
        .map(|contact| {
            let kind = match &contact.what {
                Touch::Local(_) => "local",
                Touch::Name(_) => "name",
                Touch::Connection(..) => "connection",
                Touch::Request(..) => "request",
            };
            json!({ "kind": kind, "what": contact.what.to_string(), "why": contact.why })
        })
        .collect();
    let checks: Vec<_> = plan
        .rows
        .iter()
        .map(|row| {
            let (subject, reason) = match &row.fate {
                Fate::Runs { check, .. } => (check.subject(), None),
                Fate::NotApplicable(reason) | Fate::LeftOut(reason) => (None, Some(reason)),
            };
            json!({ "id": row.spec.id.as_str(), "subject": subject, "required": row.required, "runs": reason.is_none(), "reason": reason })
        })
        .collect();
    json!({ "schema": "workos-preflight/plan/v1", "contacts": contacts, "checks": checks })
}
