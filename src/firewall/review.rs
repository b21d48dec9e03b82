//! What exported rules come to, once and for all who tell of it: every required flow with who decides it, and what stands there
//! beyond need. Plain values that outlive the rules they were read from.

use std::sync::Arc;

use super::addresses::{Family, as_networks};
use super::audit::{
    self, Fate, Hidden, Judged, Known, concerned, judge, open_by_default, outdated, outdated_list, place, spoken_of,
    too_wide,
};
use super::dialects::{Generated, Request, dialect};
use super::evaluate::{By, Leg, Verdict};
use super::flow::{Direction, Flow, Need, Protocol};
use super::ranges::Ranges;
use super::rules::{File, Note, NoteKind, Place, Rules};
use crate::facts::Facts;

/// What exported rules come to.
#[derive(Clone, Default, Debug)]
pub struct Review {
    /// The files, with their languages.
    pub files: Vec<File>,
    /// Files of folders that were passed over, and why.
    pub skipped: Vec<(String, String)>,
    /// Every flow that the rules can be held to.
    pub flows: Vec<Reviewed>,
    /// Rules by which flows pass, and that let more pass than any flow needs.
    pub wide: Vec<Wide>,
    /// What passes because nothing stops it: which way, in which family, and what lets it.
    pub open: Vec<(Direction, Family, Cited)>,
    /// Whether nothing that passes is ever logged, in a language that can say so.
    pub unlogged: bool,
    /// Ranges that were published once, are not any more, and are still let through.
    pub stale: Vec<Stale>,
    /// The earlier list that the rules hold in the place of today's: how many addresses it had, and until when it was published.
    pub earlier_list: Option<(usize, String)>,
    /// What was noticed while reading: the kind, where, and in which words.
    pub notes: Vec<(NoteKind, Cited, String)>,
}

/// A flow, and what becomes of it.
#[derive(Clone, Debug)]
pub struct Reviewed {
    /// The flow.
    pub flow: Flow,
    /// What becomes of it as a whole.
    pub fate: Fate,
    /// What becomes of its IPv6, where that is another.
    pub v6: Option<Fate>,
    /// What becomes of each part of it, and by whom.
    pub parts: Vec<Told>,
    /// What of it does not pass, as somebody would have to let it.
    pub lacking: Option<Flow>,
}

/// What becomes of some peers of a flow.
#[derive(Clone, Debug)]
pub struct Told {
    /// Over which protocol.
    pub protocol: Protocol,
    /// To which host, for firewalls that go by name.
    pub host: Option<String>,
    /// Which peers.
    pub peers: Ranges,
    /// Whether they pass.
    pub verdict: Verdict,
    /// Of which packets that holds.
    pub leg: Leg,
    /// Who decides.
    pub by: Cited,
    /// What would let them pass if it were reached, or had effect.
    pub hidden: Option<Cited>,
    /// Why what is hidden has no effect, where that is the reason.
    pub idle: Option<String>,
    /// What would have to be known, for what is unsure.
    pub why: Vec<String>,
}

/// A rule that lets more pass than any flow needs.
#[derive(Clone, Debug)]
pub struct Wide {
    /// The rule.
    pub rule: Cited,
    /// The flows that pass by it.
    pub flows: Vec<String>,
    /// Which way.
    pub direction: Direction,
    /// Addresses that no flow needs.
    pub addresses: Ranges,
    /// Ports that no flow needs.
    pub ports: Ranges,
    /// Protocols that no flow needs, by number.
    pub protocols: Ranges,
}

/// A range that was published once.
#[derive(Clone, Debug)]
pub struct Stale {
    /// What of it passes.
    pub addresses: Ranges,
    /// Which it was, and until when: "104.28.0.0/14, a part of 104.16.0.0/12 until 2021-04".
    pub since: String,
    /// The rule that lets it pass.
    pub rule: Cited,
}

/// A place in a file, in words that stand by themselves.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Cited {
    /// The file; empty, where nothing is written anywhere.
    pub file: String,
    /// The line; 0, where lines mean nothing.
    pub line: u32,
    /// What its language calls it.
    pub name: Arc<str>,
    /// What is written there.
    pub quoted: Arc<str>,
}

impl Cited {
    /// A place in one of these rules' files; nothing, where no rule is.
    pub fn of(place: Option<&Place>, rules: &Rules) -> Self {
        let Some(place) = place else {
            return Cited { name: "no rule".into(), ..Cited::default() };
        };
        let file = rules.files.get(usize::from(place.file)).map(|file| file.name.clone()).unwrap_or_default();
        Cited { file, line: place.line, name: place.name.clone(), quoted: place.quoted.clone() }
    }

    fn by(by: &By, rules: &Rules) -> Self {
        Cited::of(place(by), rules)
    }

    /// `rule 3 of INPUT (iptables.rules:12)`. The folder is said once, where the files are.
    pub fn in_words(&self) -> String {
        let file = self.file.rsplit(['/', '\\']).next().unwrap_or_default();
        match (file, self.line) {
            ("", _) => self.name.to_string(),
            (file, 0) => format!("{} ({file})", self.name),
            (file, line) => format!("{} ({file}:{line})", self.name),
        }
    }

    /// The same with what is written there, where that says more than its name; its beginning, where it is long.
    pub fn quoted(&self) -> String {
        const MOST: usize = 120;

        if self.quoted.is_empty() || self.quoted == self.name {
            return self.in_words();
        }
        let mut written = self.quoted.replace('`', "'");
        if let Some((cut, _)) = written.char_indices().nth(MOST) {
            written.truncate(cut);
            written.push('…');
        }
        format!("{}: `{written}`", self.in_words())
    }
}

impl Review {
    /// Holds rules to the flows.
    pub fn of(rules: &Rules, all: Vec<Flow>, facts: &Facts, known: &Known, skipped: Vec<(String, String)>) -> Self {
        let flows = concerned(all, known);
        let judged = spoken_of(rules, judge(rules, &flows, known));
        let mut directions: Vec<Direction> = judged.iter().map(|one| one.flow.direction).collect();
        directions.sort_unstable();
        directions.dedup();
        let wide: Vec<Wide> = too_wide(rules, &judged, known)
            .into_iter()
            .map(|wide| Wide {
                rule: Cited::of(Some(&wide.rule.place), rules),
                flows: wide.flows.iter().map(|flow| flow.id.clone()).collect(),
                direction: wide.direction,
                addresses: wide.addresses,
                ports: wide.ports,
                protocols: wide.protocols,
            })
            .collect();
        let open = open_by_default(rules, known, &directions);
        Review {
            stale: outdated(rules, &judged, facts, known)
                .into_iter()
                .map(|old| Stale {
                    addresses: old.addresses,
                    since: old.since,
                    rule: Cited::of(Some(&old.rule.place), rules),
                })
                .collect(),
            earlier_list: outdated_list(&judged, facts),
            open: open.iter().map(|open| (open.direction, open.family, Cited::by(&open.by, rules))).collect(),
            unlogged: audit::unlogged(rules),
            notes: rules.notes.iter().map(|note| noted(note, rules)).collect(),
            flows: judged.iter().map(|one| reviewed(one, rules)).collect(),
            files: rules.files.clone(),
            wide,
            skipped,
        }
    }

    /// The flow of this id.
    pub fn flow(&self, id: &str) -> Option<&Reviewed> {
        self.flows.iter().find(|reviewed| reviewed.flow.id == id)
    }

    /// What is missing, as rules in the language that was read; nothing, where nothing is missing.
    pub fn change(&self, facts: &Facts) -> Option<Change> {
        // What only some deployments need is for a person to decide.
        let wanted = self.flows.iter().filter(|reviewed| reviewed.flow.need != Need::WhereUsed);
        let flows: Vec<Flow> = wanted.filter_map(|reviewed| reviewed.lacking.clone()).collect();
        if flows.is_empty() {
            return None;
        }
        let writes = |file: &File| Some((file.dialect, dialect(file.dialect)?.writes?));
        let written = self.files.iter().find_map(writes).map(|(name, write)| {
            let request = Request { flows: flows.clone(), as_of: facts.as_of.clone(), log: false };
            (name, write(&request))
        });
        Some(Change { written, flows })
    }
}

/// What would have to be changed.
#[derive(Clone, Debug)]
pub struct Change {
    /// The language and what is written in it; nothing, where the language that was read is not written.
    pub written: Option<(&'static str, Generated)>,
    /// The flows, with what of them is missing alone.
    pub flows: Vec<Flow>,
}

fn noted(note: &Note, rules: &Rules) -> (NoteKind, Cited, String) {
    (note.kind, Cited::of(Some(&note.place), rules), note.what.clone())
}

fn reviewed(one: &Judged, rules: &Rules) -> Reviewed {
    let parts = one.asked.iter().flat_map(|asked| {
        asked.parts.iter().map(|said| {
            let (hidden, idle) = match &said.hidden {
                None => (None, None),
                Some(Hidden::Behind(by)) => (Some(Cited::by(by, rules)), None),
                Some(Hidden::Idle(by, why)) => (Some(Cited::by(by, rules)), Some(why.clone())),
            };
            Told {
                protocol: asked.protocol,
                host: asked.host.clone(),
                peers: said.part.peers.clone(),
                verdict: said.part.verdict,
                leg: said.part.leg,
                by: Cited::by(&said.part.by, rules),
                hidden,
                idle,
                why: said.part.why.clone(),
            }
        })
    });
    let fate = one.fate();
    Reviewed {
        flow: one.flow.clone(),
        fate,
        v6: one.fate_of(Family::V6).filter(|v6| *v6 != fate && one.fate_of(Family::V4).is_some()),
        parts: parts.collect(),
        lacking: one.lacking(),
    }
}

/// Addresses as a sentence has them: no more than some, and how many networks there are.
pub fn some(set: &Ranges) -> String {
    const MOST: usize = 6;

    let nets = as_networks(set);
    let shown = |net: &ipnet::IpNet| {
        if net.prefix_len() == net.max_prefix_len() { net.addr().to_string() } else { net.to_string() }
    };
    let words: Vec<String> = nets.iter().take(MOST).map(shown).collect();
    match nets.len().saturating_sub(MOST) {
        0 => words.join(", "),
        more => format!("{} and {more} more", words.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_said_by_the_name_of_its_file_and_quoted_by_its_beginning() {
        let cited = |file: &str, line, quoted: &str| Cited {
            file: file.to_owned(),
            line,
            name: "rule 3".into(),
            quoted: quoted.into(),
        };

        assert_eq!(cited("/srv/exports/v4", 12, "rule 3").quoted(), "rule 3 (v4:12)");
        assert_eq!(cited(r"C:\exports\rules.csv", 0, "Allow").quoted(), "rule 3 (rules.csv): `Allow`");
        assert_eq!(cited("", 0, "").quoted(), "rule 3");
        let long = cited("v4", 1, &"é".repeat(400)).quoted();
        assert!(long.ends_with("é…`") && long.chars().count() < 150, "{long}");
    }
}
