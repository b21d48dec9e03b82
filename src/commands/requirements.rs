//! `requirements`: the sheet for a firewall request. Nothing is sent.

use std::fmt::Write as _;
use std::path::Path;

use ipnet::IpNet;
use serde_json::json;

use super::terminal::{self, filled};
use super::{Failure, gather, print, print_json, saved};
use crate::checks::HOSTED_LOGIN;
use crate::cli::{RequirementsArgs, SheetFormat};
use crate::firewall::{Direction, Flow, Party, flows};
use crate::said::{hide_under, line};
use crate::settings::values::host;

pub(super) fn run(args: &RequirementsArgs) -> Result<u8, Failure> {
    let (settings, facts) = gather::settings(&args.settings)?;
    let hosted_login = args.learnt.as_deref().map(hosted_logins).transpose()?.unwrap_or_default();
    let sheet = Sheet {
        strategy: settings.strategy.value.as_str(),
        as_of: &facts.as_of,
        flows: flows(&facts, &settings, &hosted_login),
    };
    match args.format {
        SheetFormat::Human => print(&sheet.human(terminal::width().clamp(60, 110))),
        SheetFormat::Json => print_json(&sheet.json()),
        SheetFormat::Markdown => print(&sheet.markdown()),
    }
}

/// The hosts of the hosted login that a saved run was led to.
fn hosted_logins(path: &Path) -> Result<Vec<String>, Failure> {
    let report = saved::read("the report to learn from (named by flag --learnt)", path)?;
    let seen = report.checks.iter().flat_map(|check| &check.results).flat_map(|result| &result.evidence);
    let mut hosts: Vec<String> = Vec::new();
    // A report is a file like any other: only what is a host name goes into the sheet.
    for host in seen.filter(|evidence| evidence.what == HOSTED_LOGIN).filter_map(|evidence| host(&evidence.value).ok())
    {
        if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    if hosts.is_empty() {
        return Err(Failure::Usage(format!(
            "--learnt {} names no hosted login; a report of `check` with --client-id and --redirect-uri does, once the redirect URI is registered",
            path.display()
        )));
    }
    Ok(hosts)
}

struct Sheet<'a> {
    strategy: &'static str,
    as_of: &'a str,
    flows: Vec<Flow>,
}

/// The directions, under the headings that a person reads them.
const DIRECTIONS: [(Direction, &str); 2] = [
    (Direction::Egress, "Egress: connections opened inside"),
    (Direction::Ingress, "Ingress: connections opened outside"),
];

impl Sheet<'_> {
    fn human(&self, width: usize) -> String {
        let head = format!(
            "What must be let through for an application that uses WorkOS: {} strategy, facts of {}. Nothing has been sent.",
            self.strategy,
            line(self.as_of)
        );
        let mut text = filled(&head, width, "") + "\n";
        let mut number = 0;
        for (direction, heading) in DIRECTIONS {
            let _ = writeln!(text, "\n{heading}");
            for flow in self.flows.iter().filter(|flow| flow.direction == direction) {
                number += 1;
                let _ = writeln!(text, "\n  {number}. {} ({})", flow.id, flow.need.as_str());
                for (label, words) in [
                    ("from", in_words(&flow.source)),
                    ("to", format!("{}, {}", in_words(&flow.destination), port(flow))),
                    ("for", flow.reason.clone()),
                    ("since", flow.since.clone()),
                ] {
                    let indent = " ".repeat(12);
                    let _ =
                        writeln!(text, "     {label:<6} {}", filled(&line(&words), width.saturating_sub(12), &indent));
                }
            }
        }
        text.push_str(
            "\nEverything else can stay closed. Answers to these connections must come back (stateful rules).\n",
        );
        text
    }

    fn markdown(&self) -> String {
        let mut text = format!(
            "# What must be let through for an application that uses WorkOS\n\n{} strategy, facts of {}.\n\n\
             | flow | direction | need | from | to | port | for | since |\n|---|---|---|---|---|---|---|---|\n",
            self.strategy,
            in_markdown(self.as_of)
        );
        for flow in &self.flows {
            let cells = [
                flow.id.clone(),
                flow.direction.as_str().to_owned(),
                flow.need.as_str().to_owned(),
                in_words(&flow.source),
                in_words(&flow.destination),
                port(flow),
                flow.reason.clone(),
                flow.since.clone(),
            ];
            let _ = writeln!(text, "| {} |", cells.map(|cell| in_markdown(&cell)).join(" | "));
        }
        text
    }

    fn json(&self) -> serde_json::Value {
        let party = |party: &Party| json!({ "object": party.object, "who": party.who, "hosts": party.hosts, "ranges": party.ranges });
        let flows: Vec<_> = self
            .flows
            .iter()
            .map(|flow| {
                json!({
                    "id": flow.id,
                    "direction": flow.direction.as_str(),
                    "need": flow.need.as_str(),
                    "source": party(&flow.source),
                    "destination": party(&flow.destination),
                    "protocols": protocols(flow),
                    "port": flow.port,
                    "reason": flow.reason,
                    "since": flow.since,
                })
            })
            .collect();
        let mut sheet = json!({
            "schema": "workos-preflight/requirements/v1",
            "strategy": self.strategy,
            "facts": { "as_of": self.as_of },
            "flows": flows,
        });
        hide_under(&["as_of", "who", "hosts", "reason", "since"], &mut sheet);
        sheet
    }
}

/// A text as markdown shows it: no link, no picture, no cell and no line of its own.
fn in_markdown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in line(text).chars() {
        if matches!(c, '\\' | '|' | '<' | '[' | ']' | '`') {
            shown.push('\\');
        }
        shown.push(c);
    }
    shown
}

fn protocols(flow: &Flow) -> Vec<&'static str> {
    flow.protocols.iter().map(|protocol| protocol.as_str()).collect()
}

fn port(flow: &Flow) -> String {
    format!("{} {}", protocols(flow).join(" and ").to_uppercase().replace("AND", "and"), flow.port)
}

/// "the WorkOS API, at Cloudflare: api.workos.com; 173.245.48.0/20 …"
fn in_words(party: &Party) -> String {
    let ranges = party.ranges.iter().map(|range| shown(*range)).collect::<Vec<_>>().join(" ");
    let places: Vec<String> = [party.hosts.join(" "), ranges].into_iter().filter(|place| !place.is_empty()).collect();
    if places.is_empty() { party.who.clone() } else { format!("{}: {}", party.who, places.join("; ")) }
}

/// A single address is written without its length.
fn shown(range: IpNet) -> String {
    if range.prefix_len() == range.max_prefix_len() { range.addr().to_string() } else { range.to_string() }
}
