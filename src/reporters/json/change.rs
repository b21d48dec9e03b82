//! What a change of rules does as a stable format, version 1.

use schemars::JsonSchema;
use serde::Serialize;

use super::audit::{File, PassedOver, Rule};
use crate::documents::change;
use crate::firewall::addresses::as_networks;
use crate::firewall::compare::Verdict;
use crate::firewall::ranges::Ranges;
use crate::report::v1::Head;

/// What [`Change::schema`] holds.
const SCHEMA: &str = "workos-preflight/rule-comparison/v1";

/// What a change of a firewall's rules lets through that did not pass, and what it shuts.
#[derive(Serialize, JsonSchema)]
pub(super) struct Change {
    /// The name and version of this format.
    #[schemars(extend("const" = SCHEMA))]
    schema: String,
    /// When, where and by which way it was looked at.
    #[serde(flatten)]
    head: Head,
    /// `nothing`, `exactly`, `differs` (nothing was requested), `otherwise` or `undecided`.
    verdict: String,
    /// The same, in a sentence.
    says: String,
    /// It opens what was not requested.
    opens_more: bool,
    /// It does not let through what was requested.
    leaves_out: bool,
    /// It shuts something.
    shuts: bool,
    /// Whether everything was compared; otherwise there may be more than what is told.
    complete: bool,
    /// The files before.
    before: Vec<File>,
    /// The files after.
    after: Vec<File>,
    /// Files of folders that were passed over.
    passed_over: Vec<PassedOver>,
    /// The flows that were requested; null, where nothing was.
    requested: Option<Vec<String>>,
    /// What changes for connections that begin. No two of them overlap.
    changes: Vec<Changed>,
    /// What changes for connections that stand, where it is something else.
    established: Vec<Changed>,
    /// What was requested and does not pass afterwards.
    left_out: Vec<Missed>,
    /// What could not be compared, in words.
    not_compared: Vec<String>,
}

/// Packets to which the answer changes: those that lie in every one of these sets.
#[derive(Serialize, JsonSchema)]
struct Changed {
    /// `opens`, `closes`, `may-open`, `may-close` or `may-either`.
    effect: String,
    /// Whether that was requested.
    requested: bool,
    /// `in`, `out` or `through`.
    way: String,
    /// From which networks.
    source: Vec<String>,
    /// To which.
    destination: Vec<String>,
    /// By which protocols, by number.
    protocols: Vec<Span>,
    /// From which ports.
    source_ports: Vec<Span>,
    /// To which ports.
    ports: Vec<Span>,
    /// By which interfaces or zones, and to which hosts, where not by any.
    names: Vec<Names>,
    /// Who decided: the first few.
    decided_before: Vec<Rule>,
    /// Who decides now: the first few.
    decided_after: Vec<Rule>,
    /// What it hangs on; each finishes "unsure whether …".
    unsure_whether: Vec<String>,
}

/// From the first number to the last, both within.
#[derive(Serialize, JsonSchema)]
struct Span {
    /// The first.
    first: u64,
    /// The last.
    last: u64,
}

/// Names of interfaces, zones or hosts.
#[derive(Serialize, JsonSchema)]
#[expect(clippy::struct_field_names, reason = "the names of the format")]
struct Names {
    /// `in by`, `out by` or `to host`.
    what: String,
    /// The names.
    names: Vec<String>,
    /// Whether it is all names but these.
    but: bool,
}

/// Something that was requested and is not there.
#[derive(Serialize, JsonSchema)]
struct Missed {
    /// Of which flow.
    flow: String,
    /// Which peers, as networks.
    peers: Vec<String>,
    /// Whether that is sure.
    sure: bool,
    /// Who stops it, or may.
    by: Option<Rule>,
    /// What would have to be known.
    unsure_whether: Vec<String>,
}

impl From<&change::Change> for Change {
    fn from(change: &change::Change) -> Self {
        let wrong = match change.verdict {
            Verdict::Otherwise(wrong) => wrong,
            _ => crate::firewall::compare::Wrong::default(),
        };
        let verdict = match change.verdict {
            Verdict::Nothing => "nothing",
            Verdict::Differs => "differs",
            Verdict::Exactly => "exactly",
            Verdict::Otherwise(_) => "otherwise",
            Verdict::Undecided => "undecided",
        };
        let [before, after] = &change.files;
        Change {
            schema: SCHEMA.to_owned(),
            head: Head::from(&change.head),
            verdict: verdict.to_owned(),
            says: change.verdict_in_words(),
            opens_more: wrong.opens_more,
            leaves_out: wrong.leaves_out,
            shuts: wrong.shuts,
            complete: change.complete,
            before: before.iter().map(File::from).collect(),
            after: after.iter().map(File::from).collect(),
            passed_over: change.skipped.iter().map(PassedOver::from).collect(),
            requested: change.requested.clone(),
            changes: change.rows.iter().map(Changed::from).collect(),
            established: change.established.iter().map(Changed::from).collect(),
            left_out: change.left_out.iter().map(Missed::from).collect(),
            not_compared: change.unjudged.clone(),
        }
    }
}

impl From<&change::Changed> for Changed {
    fn from(row: &change::Changed) -> Self {
        Changed {
            effect: row.effect.as_str().to_owned(),
            requested: row.requested,
            way: change::way_in_words(row.way).to_owned(),
            source: networks(&row.source),
            destination: networks(&row.destination),
            protocols: spans(&row.protocol, u128::from(u8::MAX)),
            source_ports: spans(&row.source_port, u128::from(u16::MAX)),
            ports: spans(&row.port, u128::from(u16::MAX)),
            names: row
                .names
                .iter()
                .map(|(what, named)| Names { what: (*what).to_owned(), names: named.names.clone(), but: named.but })
                .collect(),
            decided_before: row.before.iter().map(Rule::from).collect(),
            decided_after: row.after.iter().map(Rule::from).collect(),
            unsure_whether: row.conditions.clone(),
        }
    }
}

impl From<&change::Missed> for Missed {
    fn from(missed: &change::Missed) -> Self {
        Missed {
            flow: missed.flow.clone(),
            peers: networks(&missed.peers),
            sure: missed.sure,
            by: missed.by.as_ref().map(Rule::from),
            unsure_whether: missed.why.clone(),
        }
    }
}

fn networks(set: &Ranges) -> Vec<String> {
    as_networks(set).iter().map(ToString::to_string).collect()
}

fn spans(set: &Ranges, greatest: u128) -> Vec<Span> {
    let number = |number: u128| u64::try_from(number).unwrap_or(u64::MAX);
    let within = set.and(&Ranges::between(0_u8, greatest));
    within.intervals().iter().map(|(first, last)| Span { first: number(*first), last: number(*last) }).collect()
}
