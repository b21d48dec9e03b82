//! What a change of a firewall's rules does: what it lets through that did not pass, what it shuts, and whether that is what was
//! requested.

use crate::firewall::addresses::{Family, any};
use crate::firewall::compare::{Comparison, Decider, Deciders, Effect, LeftOut, Named, Row, Verdict};
use crate::firewall::ranges::Ranges;
use crate::firewall::review::{Cited, some};
use crate::firewall::rules::{Rules, Way};
use crate::report::Head;
use crate::said::{all_of, counted, hidden, listed};

/// What a change does, as values that stand by themselves.
pub struct Change {
    /// When, where and by which way it was looked at.
    pub head: Head,
    /// The files before, with their languages, and those after.
    pub files: [Vec<(String, &'static str)>; 2],
    /// Files of folders that were passed over, and why.
    pub skipped: Vec<(String, String)>,
    /// What was requested, where something was: the flows.
    pub requested: Option<Vec<String>>,
    /// What follows.
    pub verdict: Verdict,
    /// Whether everything was compared.
    pub complete: bool,
    /// What opens and shuts, for connections that begin.
    pub rows: Vec<Changed>,
    /// The same for those that stand, where that is another.
    pub established: Vec<Changed>,
    /// What was requested and does not pass afterwards.
    pub left_out: Vec<Missed>,
    /// What could not be compared.
    pub unjudged: Vec<String>,
}

/// Packets to which the answer changes.
pub struct Changed {
    /// How.
    pub effect: Effect,
    /// Whether that was requested.
    pub requested: bool,
    /// On which way.
    pub way: Way,
    /// Names of interfaces or zones that they come in and go out by, and of hosts: each where it is not any.
    pub names: Vec<(&'static str, Named)>,
    /// From which addresses.
    pub source: Ranges,
    /// To which.
    pub destination: Ranges,
    /// By which protocol.
    pub protocol: Ranges,
    /// From which port.
    pub source_port: Ranges,
    /// To which port.
    pub port: Ranges,
    /// Who decided.
    pub before: Vec<Cited>,
    /// Who decides now.
    pub after: Vec<Cited>,
    /// On what it hangs.
    pub conditions: Vec<String>,
}

/// Something that was requested and is not there.
pub struct Missed {
    /// Of which flow.
    pub flow: String,
    /// Which peers.
    pub peers: Ranges,
    /// Whether that is sure.
    pub sure: bool,
    /// Who stops it, or may.
    pub by: Option<Cited>,
    /// What would have to be known.
    pub why: Vec<String>,
}

/// What stands above everything.
pub const TITLE: &str = "What a change of firewall rules does";

impl Change {
    /// What a comparison comes to, without secrets.
    pub fn new(
        head: Head,
        [before, after]: [&Rules; 2],
        skipped: &[(String, String)],
        requested: Option<Vec<String>>,
        comparison: &Comparison,
    ) -> Self {
        let files = |rules: &Rules| rules.files.iter().map(|file| (hidden(&file.name), file.dialect)).collect();
        let rows = |rows: &[Row]| rows.iter().map(|row| changed(row, before, after)).collect();
        let unjudged = comparison.unjudged.iter().map(|one| {
            let family = one.family.map(|family| format!(" ({})", family.as_str())).unwrap_or_default();
            let way = one.way.map(|way| format!("{}: ", way_in_words(way))).unwrap_or_default();
            hidden(&format!("{way}{}{family}", one.why))
        });
        Change {
            head: head.without_secrets(),
            files: [files(before), files(after)],
            skipped: skipped.iter().map(|(file, why)| (hidden(file), hidden(why))).collect(),
            requested,
            verdict: comparison.verdict,
            complete: comparison.complete,
            rows: rows(&comparison.rows),
            established: rows(&comparison.established),
            left_out: comparison.left_out.iter().map(|one| missed(one, after)).collect(),
            unjudged: unjudged.collect(),
        }
    }

    /// What a reviewer wants to know, in one line.
    pub fn verdict_in_words(&self) -> String {
        let count = |effect| self.rows.iter().filter(|row| row.effect == effect).count();
        let least = if self.complete { "" } else { " (at least: the comparison did not come to its end)" };
        match self.verdict {
            Verdict::Nothing if self.requested.is_some() => {
                "Nothing changes, and what was requested passes already.".to_owned()
            }
            Verdict::Nothing => "Nothing changes: the same connections pass.".to_owned(),
            Verdict::Exactly => "Does what was requested and nothing else.".to_owned(),
            Verdict::Differs => {
                let parts = [
                    (count(Effect::Opens), "opens"),
                    (count(Effect::Closes), "shuts"),
                    (count(Effect::MayOpen), "may open"),
                    (count(Effect::MayClose) + count(Effect::MayEither), "may shut"),
                ];
                let said = parts.iter().filter(|(number, _)| *number > 0);
                let said =
                    all_of(said.map(|(number, does)| format!("{does} {}", counted(*number, "range of connections"))));
                let said = if said.is_empty() { "changes connections that stand".to_owned() } else { said };
                format!("Changes what passes: {said}{least}.")
            }
            Verdict::Otherwise(wrong) => {
                let parts = [
                    (wrong.opens_more, "opens more than was requested"),
                    (wrong.leaves_out, "leaves out something that was requested"),
                    (wrong.shuts, "shuts something that passed"),
                ];
                let said = listed(parts.iter().filter(|(is, _)| *is).map(|(_, does)| *does));
                format!("Does not do what was requested alone: it {said}{least}.")
            }
            Verdict::Undecided => {
                format!("Cannot be decided: what follows hangs on what the files do not say{least}.")
            }
        }
    }

    /// The rows under headings, what matters most first; headings without rows are left out.
    pub fn parts(&self) -> Vec<(&'static str, Vec<&Changed>)> {
        let of = |is: &dyn Fn(&&Changed) -> bool| self.rows.iter().filter(is).collect::<Vec<_>>();
        let asked = self.requested.is_some();
        let opens = |row: &Changed| row.effect == Effect::Opens;
        let parts = [
            (if asked { "Opens beyond what was requested" } else { "Opens" }, of(&|row| opens(row) && !row.requested)),
            ("Shuts", of(&|row| row.effect == Effect::Closes)),
            (
                "May open or shut: the files do not say",
                of(&|row| !matches!(row.effect, Effect::Opens | Effect::Closes) && !row.requested),
            ),
            ("Opens as requested", of(&|row| row.requested)),
            ("For connections that stand already", self.established.iter().collect()),
        ];
        parts.into_iter().filter(|(_, rows)| !rows.is_empty()).collect()
    }
}

fn changed(row: &Row, before: &Rules, after: &Rules) -> Changed {
    let names = [("in by", &row.from), ("out by", &row.to), ("to host", &row.host)];
    let cited = |deciders: &Deciders, rules| deciders.first.iter().map(|decider| cited(decider, rules)).collect();
    Changed {
        effect: row.effect,
        requested: row.requested,
        way: row.way,
        names: names
            .into_iter()
            .filter(|(_, named)| !named.is_any())
            .map(|(what, named)| (what, named.clone()))
            .collect(),
        source: row.source.clone(),
        destination: row.destination.clone(),
        protocol: row.protocol.clone(),
        source_port: row.source_port.clone(),
        port: row.port.clone(),
        before: cited(&row.before, before),
        after: cited(&row.after, after),
        conditions: row.conditions.iter().map(|condition| hidden(condition)).collect(),
    }
}

fn missed(one: &LeftOut, after: &Rules) -> Missed {
    Missed {
        flow: one.flow.clone(),
        peers: one.peers.clone(),
        sure: one.sure,
        by: one.by.as_ref().map(|by| cited(by, after)),
        why: one.why.iter().map(|why| hidden(why)).collect(),
    }
}

fn cited(decider: &Decider, rules: &Rules) -> Cited {
    let cited = Cited::of(decider.place.as_ref(), rules);
    Cited {
        file: hidden(&cited.file),
        line: cited.line,
        name: hidden(&cited.name).into(),
        quoted: hidden(&cited.quoted).into(),
    }
}

/// Which way packets take, in words.
pub fn way_in_words(way: Way) -> &'static str {
    match way {
        Way::In => "in",
        Way::Out => "out",
        Way::Through => "through",
    }
}

impl Changed {
    /// "TCP 443, in, from 3.217.146.166 to any address"
    pub fn what(&self) -> String {
        let names = self.names.iter().map(|(what, named)| format!(", {what} {}", hidden(&named.in_words())));
        let from = if covers_ports(&self.source_port) {
            String::new()
        } else {
            format!(" (from port {})", numbers(&self.source_port))
        };
        format!(
            "{}{from}, {}, from {} to {}{}",
            self.service(),
            way_in_words(self.way),
            addresses(&self.source),
            addresses(&self.destination),
            names.collect::<String>()
        )
    }

    /// "TCP 443", "any protocol"
    pub fn service(&self) -> String {
        let bytes = Ranges::between(0_u8, u8::MAX);
        let protocol = self.protocol.and(&bytes);
        let named = |number: u128| match number {
            1 => "ICMP".to_owned(),
            6 => "TCP".to_owned(),
            17 => "UDP".to_owned(),
            58 => "ICMPv6".to_owned(),
            number => format!("protocol {number}"),
        };
        let protocols = if protocol == bytes {
            "any protocol".to_owned()
        } else if protocol.count() <= 4 {
            let each = protocol.intervals().iter().flat_map(|(first, last)| *first..=*last);
            all_of(each.map(named))
        } else {
            format!("protocols {}", numbers(&protocol))
        };
        if covers_ports(&self.port) { protocols } else { format!("{protocols} {}", numbers(&self.port)) }
    }

    /// "stopped by rule 3 … before, allowed by rule 4 … now"
    pub fn deciders(&self) -> [String; 2] {
        [&self.before, &self.after].map(|cited| match &cited[..] {
            [] => "nobody".to_owned(),
            cited => cited.iter().map(Cited::quoted).collect::<Vec<_>>().join("; "),
        })
    }
}

impl Missed {
    /// "egress-api: 104.16.0.0/13 is stopped by …"
    pub fn sentence(&self) -> String {
        let by = self.by.as_ref().map(Cited::quoted).unwrap_or_default();
        let who = format!("{}: {}", self.flow, addresses(&self.peers));
        match (self.sure, self.why.is_empty()) {
            (true, _) => format!("{who} is stopped by {by}"),
            (false, true) => format!("{who} may be stopped by {by}"),
            (false, false) => format!("{who}: unsure whether {} ({by})", self.why.join("; and whether ")),
        }
    }
}

fn covers_ports(ports: &Ranges) -> bool {
    ports.covers(&Ranges::between(0_u8, u16::MAX))
}

/// Numbers in spans, no more than a handful.
fn numbers(set: &Ranges) -> String {
    let span = |(first, last): &(u128, u128)| if first == last { first.to_string() } else { format!("{first}-{last}") };
    let spans: Vec<String> = set.intervals().iter().take(6).map(span).collect();
    let more = if set.intervals().len() > 6 { " and more" } else { "" };
    format!("{}{more}", spans.join(", "))
}

/// Addresses in words; a whole family by its name.
pub fn addresses(set: &Ranges) -> String {
    if set.is_all() {
        return "any address".to_owned();
    }
    let parts = Family::BOTH.into_iter().filter_map(|family| {
        let part = set.and(&family.all());
        match part == family.all() {
            _ if part.is_empty() => None,
            true => Some(any(family).to_string()),
            false => Some(some(&part)),
        }
    });
    parts.collect::<Vec<_>>().join(", ")
}
