//! From what a run found to what is written, and back where other commands read it.

use std::time::Duration;

use super::{
    Area, Check, CheckResult, Ended, Evidence, Explained, Facts, Finding, Grade, Head, Host, Inbound, Remediation,
    Report, Route, SCHEMA, Setting, Severity, Skipped, Status, Stop, Summary, ToDo, Tool, Vantage, Verdict, Waiver,
    Who,
};
use crate::check;
use crate::ending::{self, Ending, Why};
use crate::outcome;
use crate::report::{self, Row};
use crate::said::utc;
use crate::settings::{Source, Wanted};

impl From<&report::Report> for Report {
    fn from(report: &report::Report) -> Self {
        let head = &report.head;
        let mut checks: Vec<Check> = Vec::new();
        for row in &report.rows {
            let id = row.spec.id.as_str();
            match checks.iter_mut().find(|check| check.id == id) {
                Some(check) => check.results.push(row.into()),
                None => checks.push(Check {
                    id: id.to_owned(),
                    group: row.group().to_owned(),
                    title: row.spec.title.to_owned(),
                    required: row.required,
                    results: vec![row.into()],
                }),
            }
        }
        let Head { tool, made_at, host, route, facts, settings_file } = Head::from(head);
        Report {
            schema: SCHEMA.to_owned(),
            tool,
            started_at: made_at,
            duration_ms: milliseconds(report.duration),
            interrupted: report.interrupted,
            demonstration: head.demonstration.clone(),
            host,
            vantage: head.vantage.into(),
            strategy: head.strategy.as_str().to_owned(),
            route,
            facts,
            settings_file,
            settings: head.settings.iter().map(setting).collect(),
            verdict: report.verdict().into(),
            inbound: report.inbound().into(),
            areas: report.areas().into_iter().map(Area::from).collect(),
            to_do: report.to_do().iter().map(ToDo::from).collect(),
            summary: report.summary().into(),
            waivers: report.waivers.iter().map(Waiver::from).collect(),
            checks,
        }
    }
}

impl From<&report::Head> for Head {
    fn from(head: &report::Head) -> Self {
        Head {
            tool: Tool { name: env!("CARGO_PKG_NAME").to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
            made_at: utc(head.started_at),
            host: Host {
                name: head.host.clone(),
                os: std::env::consts::OS.to_owned(),
                addresses: head.addresses.clone(),
            },
            route: Route { via: head.via.clone(), from: head.via_from.as_ref().map(ToString::to_string) },
            facts: Facts { as_of: head.facts_as_of.clone() },
            settings_file: head.settings_file.as_ref().map(|path| path.display().to_string()),
        }
    }
}

impl From<report::Area> for Area {
    fn from(area: report::Area) -> Self {
        let wants: Vec<String> = area.wants.into_iter().map(Wanted::in_short).collect();
        Area {
            group: area.group.to_owned(),
            required: area.required,
            asked: area.asked,
            enable: (!wants.is_empty()).then(|| wants.join(", ")),
        }
    }
}

impl From<&report::ToDo<'_>> for ToDo {
    fn from(to_do: &report::ToDo<'_>) -> Self {
        let report::ToDo { row, finding, explains } = to_do;
        let mut ways = finding.remediations.iter();
        let first = ways.next().unwrap_or(finding.remediations.likeliest());
        ToDo {
            who: first.who.into(),
            action: first.action.clone(),
            either: ways.map(|way| format!("{}: {}", way.who.as_str(), way.action)).collect(),
            check: row.spec.id.to_string(),
            code: finding.code.name.to_owned(),
            subject: row.subject.clone(),
            explains: explains.iter().map(Explained::from).collect(),
        }
    }
}

impl From<&report::Found<'_>> for Explained {
    fn from((row, finding): &report::Found<'_>) -> Self {
        Explained { check: row.spec.id.to_string(), code: finding.code.name.to_owned(), subject: row.subject.clone() }
    }
}

impl From<report::Inbound> for Inbound {
    fn from(inbound: report::Inbound) -> Self {
        match inbound {
            report::Inbound::Proved => Inbound::Proved,
            report::Inbound::NotProved => Inbound::NotProved,
            report::Inbound::NotApplicable => Inbound::NotApplicable,
        }
    }
}

impl From<&Row> for CheckResult {
    fn from(row: &Row) -> Self {
        CheckResult {
            subject: row.subject.clone(),
            status: row.status().into(),
            grade: row.grade().map(Grade::from),
            via: row.via().map(str::to_owned),
            duration_ms: milliseconds(row.took),
            attempts: row.attempts(),
            ended: ended(row.ending()),
            skipped: skipped(row.ending()),
            waived: row.waived.clone(),
            findings: row.findings().iter().map(Finding::from).collect(),
            evidence: row.evidence().iter().filter(|seen| !seen.confidential).map(Evidence::from).collect(),
        }
    }
}

fn ended(ending: &Ending) -> Option<Ended> {
    match ending {
        Ending::Asked(_) | Ending::Skipped(_) => None,
        Ending::CutShort { by, .. } => {
            Some(Ended::CutShort { by: (*by).into(), why: ending.reason().unwrap_or_default() })
        }
        Ending::Broke(what) => Some(Ended::Broke { why: what.clone() }),
    }
}

fn skipped(ending: &Ending) -> Option<Skipped> {
    match ending {
        Ending::Asked(outcome) => {
            let detail = outcome.findings.not_available()?.to_owned();
            Some(Skipped::NotAvailable { detail })
        }
        Ending::Skipped(why) => Some(Skipped::from(why)),
        Ending::CutShort { .. } | Ending::Broke(_) => None,
    }
}

impl From<&Why> for Skipped {
    fn from(why: &Why) -> Self {
        match why {
            Why::NotApplicable { enable, .. } => Skipped::NotApplicable { enable: enable.clone() },
            Why::LeftOut(reason) => Skipped::LeftOut { reason: reason.clone() },
            Why::Needs(cause) => Skipped::Needs { check: cause.to_string() },
        }
    }
}

impl CheckResult {
    /// Why it was skipped, or left unknown without a finding, in the words of the run's own report.
    pub fn reason(&self) -> Option<String> {
        let ended = self.ended.as_ref().map(|ended| match ended {
            Ended::CutShort { why, .. } => why.clone(),
            Ended::Broke { why } => ending::broke(why),
        });
        ended.or_else(|| self.skipped.as_ref().map(Skipped::in_words))
    }

    /// The check whose failure, or open question, kept it from being asked.
    pub fn cause(&self) -> Option<&str> {
        match &self.skipped {
            Some(Skipped::Needs { check }) => Some(check),
            _ => None,
        }
    }
}

impl Skipped {
    fn in_words(&self) -> String {
        match self {
            Skipped::NotApplicable { enable } => enable.clone(),
            Skipped::LeftOut { reason } => ending::left_out(reason.as_deref()),
            Skipped::Needs { check } => ending::needs(check),
            Skipped::NotAvailable { detail } => detail.clone(),
        }
    }
}

impl From<ending::Stop> for Stop {
    fn from(by: ending::Stop) -> Self {
        match by {
            ending::Stop::Deadline { .. } => Stop::Deadline,
            ending::Stop::Interruption => Stop::Interruption,
        }
    }
}

impl From<&check::Finding> for Finding {
    fn from(finding: &check::Finding) -> Self {
        Finding {
            code: finding.code.name.to_owned(),
            severity: finding.code.severity.into(),
            problem: finding.problem.clone(),
            remediations: finding.remediations.iter().map(Remediation::from).collect(),
        }
    }
}

impl From<&check::Remediation> for Remediation {
    fn from(remediation: &check::Remediation) -> Self {
        Remediation {
            who: remediation.who.into(),
            action: remediation.action.clone(),
            verify: remediation.verify.as_ref().map(ToString::to_string),
        }
    }
}

impl From<&check::Evidence> for Evidence {
    fn from(evidence: &check::Evidence) -> Self {
        let steady = match &evidence.steady {
            outcome::Steady::Whole => None,
            outcome::Steady::Part(part) => Some(part.clone()),
            outcome::Steady::Nothing => Some(String::new()),
        };
        Evidence { what: evidence.what.to_owned(), value: evidence.value.clone(), steady }
    }
}

impl From<&Evidence> for outcome::Steady {
    fn from(evidence: &Evidence) -> Self {
        match evidence.steady.as_deref() {
            None => outcome::Steady::Whole,
            Some("") => outcome::Steady::Nothing,
            Some(part) => outcome::Steady::Part(part.to_owned()),
        }
    }
}

impl From<&report::waivers::Waived> for Waiver {
    fn from(waived: &report::waivers::Waived) -> Self {
        let report::waivers::Waived { waiver, standing } = waived;
        Waiver {
            id: waiver.id.clone(),
            reason: waiver.reason.clone(),
            until: waiver.until.to_string(),
            standing: standing.as_str().to_owned(),
        }
    }
}

impl From<report::Summary> for Summary {
    fn from(summary: report::Summary) -> Self {
        let report::Summary { pass, warn, fail, skip, unknown, waived } = summary;
        Summary { pass, warn, fail, skip, unknown, waived }
    }
}

impl From<report::Verdict> for Verdict {
    fn from(verdict: report::Verdict) -> Self {
        match verdict {
            report::Verdict::Ready => Verdict::Ready,
            report::Verdict::Incomplete => Verdict::Incomplete,
            report::Verdict::NotReady => Verdict::NotReady,
            report::Verdict::Undecided => Verdict::Undecided,
        }
    }
}

impl From<check::Vantage> for Vantage {
    fn from(vantage: check::Vantage) -> Self {
        match vantage {
            check::Vantage::Inside => Vantage::Inside,
            check::Vantage::Outside => Vantage::Outside,
        }
    }
}

impl From<check::Status> for Status {
    fn from(status: check::Status) -> Self {
        match status {
            check::Status::Pass => Status::Pass,
            check::Status::Warn => Status::Warn,
            check::Status::Fail => Status::Fail,
            check::Status::Skip => Status::Skip,
            check::Status::Unknown => Status::Unknown,
        }
    }
}

impl From<check::Grade> for Grade {
    fn from(grade: check::Grade) -> Self {
        match grade {
            check::Grade::Declared => Grade::Declared,
            check::Grade::Modelled => Grade::Modelled,
            check::Grade::Reached => Grade::Reached,
            check::Grade::Identified => Grade::Identified,
            check::Grade::Answered => Grade::Answered,
            check::Grade::Authorized => Grade::Authorized,
            check::Grade::Proved => Grade::Proved,
        }
    }
}

impl From<check::Severity> for Severity {
    fn from(severity: check::Severity) -> Self {
        match severity {
            check::Severity::Error => Severity::Error,
            check::Severity::Undecided => Severity::Undecided,
            check::Severity::Warning => Severity::Warning,
        }
    }
}

impl From<check::Who> for Who {
    fn from(who: check::Who) -> Self {
        match who {
            check::Who::Network => Who::Network,
            check::Who::Installer => Who::Installer,
            check::Who::Vendor => Who::Vendor,
            check::Who::Workos => Who::Workos,
        }
    }
}

impl From<Vantage> for check::Vantage {
    fn from(vantage: Vantage) -> Self {
        match vantage {
            Vantage::Inside => check::Vantage::Inside,
            Vantage::Outside => check::Vantage::Outside,
        }
    }
}

impl From<Status> for check::Status {
    fn from(status: Status) -> Self {
        match status {
            Status::Pass => check::Status::Pass,
            Status::Warn => check::Status::Warn,
            Status::Fail => check::Status::Fail,
            Status::Skip => check::Status::Skip,
            Status::Unknown => check::Status::Unknown,
        }
    }
}

impl From<Grade> for check::Grade {
    fn from(grade: Grade) -> Self {
        match grade {
            Grade::Declared => check::Grade::Declared,
            Grade::Modelled => check::Grade::Modelled,
            Grade::Reached => check::Grade::Reached,
            Grade::Identified => check::Grade::Identified,
            Grade::Answered => check::Grade::Answered,
            Grade::Authorized => check::Grade::Authorized,
            Grade::Proved => check::Grade::Proved,
        }
    }
}

impl From<Who> for check::Who {
    fn from(who: Who) -> Self {
        match who {
            Who::Network => check::Who::Network,
            Who::Installer => check::Who::Installer,
            Who::Vendor => check::Who::Vendor,
            Who::Workos => check::Who::Workos,
        }
    }
}

impl From<Verdict> for report::Verdict {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Ready => report::Verdict::Ready,
            Verdict::Incomplete => report::Verdict::Incomplete,
            Verdict::NotReady => report::Verdict::NotReady,
            Verdict::Undecided => report::Verdict::Undecided,
        }
    }
}

fn setting((name, value, source): &(&'static str, String, Source)) -> Setting {
    let (from, place) = match source {
        Source::Flag(flag) => ("flag", Some((*flag).to_owned())),
        Source::Argument(name) => ("argument", Some((*name).to_owned())),
        Source::Environment(variable) => ("environment", Some((*variable).to_owned())),
        Source::File(path) => ("file", Some(path.display().to_string())),
        Source::Default => ("default", None),
        Source::Demonstration => ("demonstration", None),
    };
    Setting { name: (*name).to_owned(), value: value.clone(), from: from.to_owned(), place }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
