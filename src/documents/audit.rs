//! The review of exported rules: what becomes of each required flow and who decides it, what would have to be changed, and the
//! report of the checks that looked at it.

use crate::check::Group;
use crate::firewall::audit::Fate;
use crate::firewall::evaluate::Verdict;
use crate::firewall::ranges::Ranges;
use crate::firewall::review::{Change, Cited, Review, Reviewed, Told, some};
use crate::firewall::{Flow, Protocol};
use crate::report::Report;
use crate::said::{all_of, hidden};

/// What exported rules come to.
pub struct Audit {
    /// The report of the checks.
    pub report: Report,
    /// Where the titles of groups are found.
    pub groups: &'static [Group],
    /// The files, with their languages.
    pub files: Vec<(String, &'static str)>,
    /// Files of folders that were passed over, and why.
    pub skipped: Vec<(String, String)>,
    /// Every flow that the rules were held to.
    pub flows: Vec<Decided>,
    /// What would have to be changed, where something is missing.
    pub change: Option<Written>,
}

/// What becomes of a flow.
pub struct Decided {
    /// The flow.
    pub flow: Flow,
    /// What becomes of it as a whole.
    pub fate: Fate,
    /// Who decides which part of it.
    pub by: Vec<By>,
}

/// Peers of a flow about which the same rule says the same.
#[derive(Clone)]
pub struct By {
    /// Whether they pass.
    pub verdict: Verdict,
    /// Which they are.
    pub peers: Ranges,
    /// Over which protocols.
    pub protocols: Vec<Protocol>,
    /// Who decides.
    pub rule: Cited,
    /// What would let them pass if it were reached, or had effect.
    pub hidden: Option<Cited>,
    /// Why that has no effect, where it has none.
    pub idle: Option<String>,
    /// What would have to be known, for what is unsure.
    pub why: Vec<String>,
}

/// Rules for what is missing.
pub struct Written {
    /// The language; nothing, where the one that was read is not written.
    pub dialect: Option<&'static str>,
    /// The rules, with remarks before them.
    pub rules: String,
    /// What a reader has to know before that is applied.
    pub remarks: Vec<String>,
    /// The flows, each with what of it is missing alone.
    pub flows: Vec<Flow>,
}

/// What stands above everything.
pub const TITLE: &str = "Review of exported firewall rules";

/// What stands above the flows.
pub const FLOWS: &str = "Required flows, and the rules that decide them";

/// What stands above the change.
pub const CHANGE: &str = "What to change";

impl Audit {
    /// A review without secrets.
    pub fn new(report: &Report, groups: &'static [Group], review: &Review, change: Option<Change>) -> Self {
        Audit {
            report: report.clone().without_secrets(),
            groups,
            files: review.files.iter().map(|file| (hidden(&file.name), file.dialect)).collect(),
            skipped: review.skipped.iter().map(|(file, why)| (hidden(file), hidden(why))).collect(),
            flows: review.flows.iter().map(decided).collect(),
            change: change.map(written),
        }
    }
}

fn decided(reviewed: &Reviewed) -> Decided {
    let mut by: Vec<By> = Vec::new();
    for told in &reviewed.parts {
        let same =
            |known: &&mut By| known.verdict == told.verdict && known.rule == clean(&told.by) && known.why == told.why;
        match by.iter_mut().find(same) {
            Some(known) => {
                known.peers = known.peers.or(&told.peers);
                if !known.protocols.contains(&told.protocol) {
                    known.protocols.push(told.protocol);
                }
            }
            None => by.push(group(told)),
        }
    }
    // What is wrong is read first.
    by.sort_by_key(|group| match group.verdict {
        Verdict::Denied => 0,
        Verdict::Unsure => 1,
        Verdict::Allowed => 2,
    });
    let mut flow = reviewed.flow.clone();
    flow.reason = hidden(&flow.reason);
    Decided { flow, fate: reviewed.fate, by }
}

fn group(told: &Told) -> By {
    By {
        verdict: told.verdict,
        peers: told.peers.clone(),
        protocols: vec![told.protocol],
        rule: clean(&told.by),
        hidden: told.hidden.as_ref().map(clean),
        idle: told.idle.as_deref().map(hidden),
        why: told.why.iter().map(|why| hidden(why)).collect(),
    }
}

fn clean(cited: &Cited) -> Cited {
    Cited {
        file: hidden(&cited.file),
        line: cited.line,
        name: hidden(&cited.name).into(),
        quoted: hidden(&cited.quoted).into(),
    }
}

fn written(change: Change) -> Written {
    let Change { written, flows } = change;
    match written {
        Some((dialect, generated)) => {
            let remarks = generated.remarks.iter().map(|remark| hidden(remark)).collect();
            Written { dialect: Some(dialect), rules: hidden_lines(&generated.rules), remarks, flows }
        }
        None => Written { dialect: None, rules: String::new(), remarks: Vec::new(), flows },
    }
}

fn hidden_lines(text: &str) -> String {
    text.lines().map(|line| if line.is_empty() { String::new() } else { hidden(line) } + "\n").collect()
}

/// What becomes of a flow, in a word.
pub fn fate(fate: Fate) -> &'static str {
    match fate {
        Fate::Allowed => "allowed",
        Fate::Missing => "missing",
        Fate::Shadowed => "shadowed",
        Fate::Unsure => "unsure",
    }
}

/// What becomes of peers, in a word.
pub fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allowed => "allowed",
        Verdict::Denied => "denied",
        Verdict::Unsure => "unsure",
    }
}

impl Decided {
    /// Who decides it, a sentence each.
    pub fn sentences(&self) -> Vec<String> {
        let alone = self.by.len() == 1;
        self.by.iter().map(|by| by.sentence(alone, self.flow.protocols.len())).collect()
    }
}

impl By {
    /// "3.217.146.166: stopped by the policy of INPUT (rules:3)"
    fn sentence(&self, alone: bool, protocols: usize) -> String {
        let over = if self.protocols.len() < protocols {
            format!(" over {}", all_of(self.protocols.iter().map(|protocol| protocol.as_str().to_uppercase())))
        } else {
            String::new()
        };
        let who = if alone { format!("everything{over}") } else { format!("{}{over}", some(&self.peers)) };
        let by = self.rule.quoted();
        let said = match self.verdict {
            Verdict::Allowed => format!("allowed by {by}"),
            Verdict::Denied => format!("stopped by {by}"),
            Verdict::Unsure if self.why.is_empty() => format!("unsure, by {by}"),
            Verdict::Unsure => format!("unsure whether {} ({by})", self.why.join("; and whether ")),
        };
        let hidden = match (&self.hidden, &self.idle) {
            (Some(hidden), Some(idle)) => {
                format!("; {} would let it through, and has no effect: {idle}", hidden.quoted())
            }
            (Some(hidden), None) => format!("; {} would let it through, and comes too late", hidden.quoted()),
            (None, _) => String::new(),
        };
        format!("{who}: {said}{hidden}")
    }
}

impl Written {
    /// Above the rules, in which language they are.
    pub fn heading(&self) -> String {
        match self.dialect {
            Some(dialect) => format!("{CHANGE}: rules for what is missing, in {dialect}"),
            None => format!("{CHANGE}: let this through, which is missing"),
        }
    }

    /// What is to be let through, where no rules are written for it, a line each.
    pub fn lines(&self) -> Vec<String> {
        if self.dialect.is_some() {
            return self.rules.lines().map(str::to_owned).collect();
        }
        let line = |flow: &Flow| {
            let peer = crate::firewall::audit::peer_of(flow);
            let way = if flow.direction == crate::firewall::Direction::Egress { "to" } else { "from" };
            let places = [peer.hosts.join(" "), super::requirements::addresses(&peer.ranges)];
            let places: Vec<&str> = places.iter().map(String::as_str).filter(|place| !place.is_empty()).collect();
            let places = if places.is_empty() { peer.who.clone() } else { places.join(" ") };
            format!("{}: {} {}, {way} {places}", flow.id, flow.direction.as_str(), super::requirements::port(flow))
        };
        self.flows.iter().map(line).collect()
    }
}
