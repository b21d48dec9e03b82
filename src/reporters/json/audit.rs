//! The review of exported rules as a stable format, version 1.

use schemars::JsonSchema;
use serde::Serialize;

use crate::documents::audit;
use crate::firewall::addresses::as_networks;
use crate::firewall::review::Cited;
use crate::report::v1;

/// What [`Audit::schema`] holds.
const SCHEMA: &str = "workos-preflight/audit/v1";

/// What exported rules come to for the flows that are required.
#[derive(Serialize, JsonSchema)]
pub(super) struct Audit {
    /// The name and version of this format.
    #[schemars(extend("const" = SCHEMA))]
    schema: String,
    /// The report of the checks that looked at the rules, with its own schema.
    report: v1::Report,
    /// The files that were read.
    files: Vec<File>,
    /// Files of folders that were passed over.
    passed_over: Vec<PassedOver>,
    /// The flows that the rules were held to.
    flows: Vec<Flow>,
    /// What would have to be changed; null, where nothing is missing.
    change: Option<Change>,
}

/// A file that was read.
#[derive(Serialize, JsonSchema)]
pub(super) struct File {
    /// Its name, as it was given.
    name: String,
    /// Its language.
    dialect: String,
}

/// A file that was not.
#[derive(Serialize, JsonSchema)]
pub(super) struct PassedOver {
    /// Its name.
    name: String,
    /// Why.
    why: String,
}

/// A flow, and who decides it.
#[derive(Serialize, JsonSchema)]
struct Flow {
    /// Its name, as `requirements` has it.
    id: String,
    /// `egress` or `ingress`.
    direction: String,
    /// `required`, `recommended` or `where used`.
    need: String,
    /// `allowed`, `missing`, `shadowed` or `unsure`.
    verdict: String,
    /// Who decides which of its peers, those that do not pass first.
    decided: Vec<Decided>,
}

/// Peers about which the same rule says the same.
#[derive(Serialize, JsonSchema)]
struct Decided {
    /// `allowed`, `denied` or `unsure`.
    verdict: String,
    /// The peers, as networks.
    peers: Vec<String>,
    /// Over which protocols.
    protocols: Vec<String>,
    /// Who decides.
    by: Rule,
    /// What would let them pass if it were reached, or had effect.
    hidden: Option<Rule>,
    /// Why that has no effect.
    idle: Option<String>,
    /// What would have to be known; each finishes "unsure whether …".
    unsure_whether: Vec<String>,
}

/// A rule, or a policy.
#[derive(Serialize, JsonSchema)]
pub(super) struct Rule {
    /// The file; empty, where nothing is written anywhere.
    file: String,
    /// The line; null, where lines mean nothing.
    line: Option<u32>,
    /// What its language calls it.
    name: String,
    /// What is written there.
    quoted: String,
}

/// Rules for what is missing.
#[derive(Serialize, JsonSchema)]
struct Change {
    /// Their language; null, where the one that was read is not written, and `rules` says in words what to let through.
    dialect: Option<String>,
    /// The rules.
    rules: String,
    /// What a reader has to know before they are applied.
    remarks: Vec<String>,
    /// The flows of which something is missing.
    flows: Vec<String>,
}

impl From<&audit::Audit> for Audit {
    fn from(audit: &audit::Audit) -> Self {
        Audit {
            schema: SCHEMA.to_owned(),
            report: v1::Report::from(&audit.report),
            files: audit.files.iter().map(File::from).collect(),
            passed_over: audit.skipped.iter().map(PassedOver::from).collect(),
            flows: audit.flows.iter().map(Flow::from).collect(),
            change: audit.change.as_ref().map(|change| Change {
                dialect: change.dialect.map(str::to_owned),
                rules: change.lines().join("\n"),
                remarks: change.remarks.clone(),
                flows: change.flows.iter().map(|flow| flow.id.clone()).collect(),
            }),
        }
    }
}

impl From<&(String, &'static str)> for File {
    fn from((name, dialect): &(String, &'static str)) -> Self {
        File { name: name.clone(), dialect: (*dialect).to_owned() }
    }
}

impl From<&(String, String)> for PassedOver {
    fn from((name, why): &(String, String)) -> Self {
        PassedOver { name: name.clone(), why: why.clone() }
    }
}

impl From<&audit::Decided> for Flow {
    fn from(decided: &audit::Decided) -> Self {
        Flow {
            id: decided.flow.id.clone(),
            direction: decided.flow.direction.as_str().to_owned(),
            need: decided.flow.need.as_str().to_owned(),
            verdict: audit::fate(decided.fate).to_owned(),
            decided: decided.by.iter().map(Decided::from).collect(),
        }
    }
}

impl From<&audit::By> for Decided {
    fn from(by: &audit::By) -> Self {
        Decided {
            verdict: audit::verdict(by.verdict).to_owned(),
            peers: as_networks(&by.peers).iter().map(ToString::to_string).collect(),
            protocols: by.protocols.iter().map(|protocol| protocol.as_str().to_owned()).collect(),
            by: Rule::from(&by.rule),
            hidden: by.hidden.as_ref().map(Rule::from),
            idle: by.idle.clone(),
            unsure_whether: by.why.clone(),
        }
    }
}

impl From<&Cited> for Rule {
    fn from(cited: &Cited) -> Self {
        Rule {
            file: cited.file.clone(),
            line: Some(cited.line).filter(|line| *line > 0),
            name: cited.name.to_string(),
            quoted: cited.quoted.to_string(),
        }
    }
}
