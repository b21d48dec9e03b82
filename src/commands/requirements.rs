//! `requirements`: the sheet for a firewall request. Nothing is sent.

use std::path::Path;

use super::{Failure, gather, print_document, saved, session, terminal};
use crate::checks::HOSTED_LOGIN;
use crate::cli::{RequirementsArgs, When};
use crate::documents::Document;
use crate::documents::requirements::{Request, Sheet};
use crate::firewall::{Delta, flows};
use crate::outcome::Vantage;
use crate::reporters::Detail;
use crate::settings::values::host;

pub(super) fn run(args: &RequirementsArgs) -> Result<u8, Failure> {
    let (settings, facts) = gather::settings(&args.settings)?;
    let hosted_login = args.learnt.as_deref().map(hosted_logins).transpose()?.unwrap_or_default();
    let now = flows(&facts, &settings, &hosted_login);
    let request = Request { requester: args.requester.clone(), ticket: args.ticket.clone() };
    let head = session::head_here(&settings, &facts, Vantage::Inside);
    let aged = facts.too_old(head.started_at);
    let sheet = match args.compare_facts.as_deref().map(gather::older_facts).transpose()? {
        None => Sheet::new(request, head, now),
        Some(older) => {
            let before = flows(&older, &settings, &hosted_login);
            Sheet::of_changes(request, head, Delta::between(&before, &now), older.as_of)
        }
    };
    let sheet = sheet.aged(aged);
    print_document(&Document::Requirements(Box::new(sheet)), args.format, terminal::look(Detail::Normal, When::Auto))
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
