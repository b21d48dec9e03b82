//! The exact difference of two rule sets: what passes afterwards that did not before, what no longer passes, and whether that is what
//! was requested.

mod cell;
mod difference;
mod lists;
mod merge;
mod names;
mod region;
mod sides;
#[cfg(test)]
mod tests;
mod valuations;

use std::collections::BTreeSet;

use super::addresses::Family;
use super::audit::{Known, goes_by_name, peer_of, questions};
use super::evaluate::{self, Question, ask};
use super::flow::Flow;
use super::ranges::Ranges;
use super::rules::{NoteKind, Place, Rules, Way};
use cell::Cell;
use difference::Purse;
use lists::Table;
use merge::Found;
use sides::{Compared, Kind};

pub use names::Named;

/// Connections that were requested to pass.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Requested<'a> {
    /// The flow that they belong to.
    pub flow: &'a str,
    /// Which connections, of one family.
    pub asked: Question<'a>,
    /// Whether somebody says which addresses the peers have. Otherwise some of all addresses have to pass.
    pub peers_are_known: bool,
}

/// What flows request of a firewall whose rules these are, before and after.
pub fn requested<'a>(flows: &'a [Flow], known: &'a Known, before: &Rules, after: &Rules) -> Vec<Requested<'a>> {
    let by_name = goes_by_name(before) || goes_by_name(after);
    let of_flow = |flow: &'a Flow| {
        let peers_are_known = !peer_of(flow).ranges.is_empty();
        let questions = questions(flow, by_name, known).into_iter();
        questions.map(move |(_, _, asked)| Requested { flow: &flow.id, asked, peers_are_known })
    };
    flows.iter().flat_map(of_flow).collect()
}

/// What a comparison may take.
#[derive(Clone, Copy)]
pub struct Budget<'b> {
    /// How many steps of rules it looks at.
    pub steps: u64,
    /// How many boxes it finds.
    pub rows: usize,
    /// Asked now and then; once it says so, the comparison ends.
    pub stop: Option<&'b dyn Fn() -> bool>,
}

impl Default for Budget<'_> {
    fn default() -> Self {
        Budget { steps: 400_000_000, rows: 100_000, stop: None }
    }
}

/// What a change does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Comparison {
    /// Packets that begin a connection (of TCP, a SYN) to which the answer changes. Rows do not overlap; together they are all such
    /// packets, or at least those, where it is not complete.
    pub rows: Vec<Row>,
    /// Packets of established connections to which the answer changes otherwise than to those that begin one. What opens here does
    /// not bear on the verdict: nothing is established that nothing began.
    pub established: Vec<Row>,
    /// What was requested and does not pass afterwards, or may not.
    pub left_out: Vec<LeftOut>,
    /// What could not be compared.
    pub unjudged: Vec<Unjudged>,
    /// What was requested and of which neither side says anything, as of a family whose rules were not exported. The verdict is
    /// about the rest.
    pub unsaid: Vec<Unjudged>,
    /// Whether everything else was compared. Otherwise there may be more.
    pub complete: bool,
    /// What follows.
    pub verdict: Verdict,
}

/// A box of packets to which the answer changes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// How it changes.
    pub effect: Effect,
    /// On which way.
    pub way: Way,
    /// Where they come in.
    pub from: Named,
    /// Where they go out.
    pub to: Named,
    /// To which host, where the firewall goes by names.
    pub host: Named,
    /// From which addresses.
    pub source: Ranges,
    /// To which, of the same family.
    pub destination: Ranges,
    /// By which protocol.
    pub protocol: Ranges,
    /// From which port.
    pub source_port: Ranges,
    /// To which.
    pub port: Ranges,
    /// Whether that was requested.
    pub requested: bool,
    /// Who decided.
    pub before: Deciders,
    /// Who decides now.
    pub after: Deciders,
    /// On what it hangs, for what may change; each finishes "unsure whether …".
    pub conditions: Vec<String>,
}

/// How the answer changes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Effect {
    /// What did not pass does.
    Opens,
    /// What passed does not.
    Closes,
    /// It depends on what the files do not say whether it opens, or stays as it was.
    MayOpen,
    /// The same, for closing.
    MayClose,
    /// It depends which of both.
    MayEither,
}

impl Effect {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Effect::Opens => "opens",
            Effect::Closes => "closes",
            Effect::MayOpen => "may-open",
            Effect::MayClose => "may-close",
            Effect::MayEither => "may-either",
        }
    }
}

/// Who decides a row: some of it the one, some the other.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Deciders {
    /// In the order of their layers and rules; the first few.
    pub first: Vec<Decider>,
    /// Whether there are more.
    pub more: bool,
}

/// A rule that decides, or a policy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decider {
    /// In which layer.
    pub layer: String,
    /// Where it stands; nothing, where a chain ends without an answer.
    pub place: Option<Place>,
    /// Whether it is what a chain answers to everything else.
    pub policy: bool,
}

/// Something that was requested and is not there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LeftOut {
    /// Of which flow.
    pub flow: String,
    /// Which peers.
    pub peers: Ranges,
    /// Whether that is sure.
    pub sure: bool,
    /// Who stops it, or may.
    pub by: Option<Decider>,
    /// What would have to be known.
    pub why: Vec<String>,
}

/// Something that could not be compared.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unjudged {
    /// On which way; nothing, where it is all of them.
    pub way: Option<Way>,
    /// Of which family.
    pub family: Option<Family>,
    /// Why, in words that stand by themselves.
    pub why: String,
}

/// What follows of a comparison.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Nothing changes, and what was requested passes.
    Nothing,
    /// Something changes, and nothing was requested.
    Differs,
    /// What was requested, and nothing else.
    Exactly,
    /// Something else than was requested. That much is proved, whether or not the comparison is complete.
    Otherwise(Wrong),
    /// It may be what was requested, and may not.
    Undecided,
}

/// What is wrong with a change.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Wrong {
    /// It opens what was not requested.
    pub opens_more: bool,
    /// It does not let through what was requested.
    pub leaves_out: bool,
    /// It shuts something.
    pub shuts: bool,
}

/// Compares two rule sets, exactly. What was requested is held against the difference; nothing, where nothing was.
pub fn compare(before: &Rules, after: &Rules, requested: &[Requested], budget: Budget) -> Comparison {
    let mut purse = Purse { steps: budget.steps, rows: budget.rows, stop: budget.stop, empty: false };
    let mut unjudged = not_understood(before, after);
    let hosts: Vec<&str> = requested.iter().filter_map(|one| one.asked.host).collect();
    let (mut rows, mut established) = (Vec::new(), Vec::new());
    match Table::of([before, after], &hosts) {
        None => {
            let why = "the names of interfaces and hosts are too many to be told apart".to_owned();
            unjudged.push(Unjudged { way: None, family: None, why });
        }
        Some(mut table) => {
            let alike = stands_between(before) && stands_between(after);
            let ways = if alike { &[Way::Through][..] } else { &[Way::In, Way::Out, Way::Through][..] };
            for way in ways.iter().copied() {
                let of_way = requested.iter().map(|one| &one.asked).filter(|asked| alike || asked.way == way);
                let wanted = wanted(&mut table, of_way);
                let new = sides::compared(&mut table, [before, after], way, Kind::New, &mut purse, &mut unjudged);
                let mut known =
                    sides::compared(&mut table, [before, after], way, Kind::Known, &mut purse, &mut unjudged);
                known.found = besides(known.found, &new.found);
                let told = |compared: Compared, wanted: &[Cell]| -> Vec<Row> {
                    let found = merge::merged(told_apart(compared.found.clone(), wanted));
                    found.into_iter().map(|one| row(&table, way, &compared, one)).collect()
                };
                rows.extend(told(new, &wanted));
                established.extend(told(known, &[]));
            }
        }
    }
    for rows in [&mut rows, &mut established] {
        rows.sort_by_key(|row| row.effect);
    }
    let (mut left_out, mut unsaid) = (Vec::new(), Vec::new());
    for one in requested {
        match silent(before, after, one) {
            Some(silent) if unsaid.contains(&silent) => {}
            Some(silent) => unsaid.push(silent),
            None => lack(&mut left_out, after, one),
        }
    }
    let complete = !purse.empty;
    let verdict = Verdict::Undecided;
    let mut comparison = Comparison { rows, established, left_out, unjudged, unsaid, complete, verdict };
    comparison.verdict = comparison.follows(!requested.is_empty());
    comparison
}

impl Comparison {
    fn follows(&self, requested: bool) -> Verdict {
        let wrong = Wrong {
            opens_more: self.rows.iter().any(|row| row.effect == Effect::Opens && !row.requested),
            leaves_out: self.left_out.iter().any(|one| one.sure),
            shuts: self.rows.iter().chain(&self.established).any(|row| row.effect == Effect::Closes),
        };
        let unsure = |row: &Row| match row.effect {
            Effect::Opens | Effect::Closes => false,
            // What may have passed before and was requested is to pass afterwards, which is asked by itself.
            Effect::MayOpen => !row.requested,
            Effect::MayClose | Effect::MayEither => true,
        };
        let may_shut = |row: &Row| matches!(row.effect, Effect::MayClose | Effect::MayEither);
        let undecided = !self.complete || !self.unjudged.is_empty();
        match (requested, self.rows.is_empty() && self.established.is_empty()) {
            (true, _) if wrong != Wrong::default() => Verdict::Otherwise(wrong),
            (true, _)
                if undecided
                    || !self.left_out.is_empty()
                    || self.rows.iter().any(unsure)
                    || self.established.iter().any(may_shut) =>
            {
                Verdict::Undecided
            }
            (true, false) => Verdict::Exactly,
            (false, false) => Verdict::Differs,
            (_, true) if undecided => Verdict::Undecided,
            (_, true) => Verdict::Nothing,
        }
    }
}

/// What was not understood on one side and is not the same on the other can do anything.
fn not_understood(before: &Rules, after: &Rules) -> Vec<Unjudged> {
    let parts = |rules: &Rules| {
        let notes = rules.notes.iter().filter(|note| note.kind == NoteKind::NotUnderstood);
        let mut parts: Vec<(String, String)> =
            notes.map(|note| (note.what.clone(), note.place.quoted.to_string())).collect();
        parts.sort();
        parts
    };
    let (old, new) = (parts(before), parts(after));
    if old == new {
        return Vec::new();
    }
    let (old_set, new_set): (BTreeSet<_>, BTreeSet<_>) = (old.iter().collect(), new.iter().collect());
    let only = old_set.symmetric_difference(&new_set).next().map_or_else(
        || "a part that was not understood stands more often on one side than on the other".to_owned(),
        |(what, quoted)| format!("a part that was not understood is not the same on both sides: {what}: {quoted}"),
    );
    vec![Unjudged { way: None, family: None, why: only }]
}

/// Whether these are the rules of a firewall that stands between, and asks the same of packets whichever way they go: which way that is
/// lies in their addresses.
fn stands_between(rules: &Rules) -> bool {
    let of_way = |way: Way| {
        let layers = rules.layers.iter().filter(move |layer| layer.way == way);
        layers.map(|layer| (layer.chain, &layer.families, layer.replies)).collect::<Vec<_>>()
    };
    let through = of_way(Way::Through);
    !through.is_empty() && of_way(Way::In) == through && of_way(Way::Out) == through
}

/// The boxes of what was requested.
fn wanted<'q>(table: &mut Table, requested: impl Iterator<Item = &'q Question<'q>>) -> Vec<Cell> {
    let mut cells = Vec::new();
    for asked in requested {
        let mut cell = Cell::all();
        cell.0[cell::PROTOCOL] = Ranges::one(asked.protocol);
        cell.0[cell::PORT] = Ranges::one(asked.port);
        let (peers, here) = match asked.peer {
            evaluate::Peer::Source => (cell::SOURCE, cell::DESTINATION),
            evaluate::Peer::Destination => (cell::DESTINATION, cell::SOURCE),
        };
        // A host's own firewall need not say that it is the host's own address.
        if let (Way::Through, Some(addresses)) = (asked.way, &asked.here) {
            cell.0[here] = addresses.clone();
        }
        // Where the firewall goes by names, the name stands for whatever addresses it has.
        if let Some(host) = asked.host {
            cells.push(cell.with(cell::HOST, table.host.matching(&super::rules::Names::one_of([host]))));
        }
        cells.push(cell.with(peers, asked.peers.clone()));
    }
    cells
}

/// What opens in two: what was requested, and the rest.
fn told_apart(found: Vec<Found>, wanted: &[Cell]) -> Vec<Found> {
    let mut all = Vec::with_capacity(found.len());
    for one in found {
        if !matches!(one.effect, Effect::Opens | Effect::MayOpen) || !wanted.iter().any(|cell| cell.overlaps(&one.cell))
        {
            all.push(one);
            continue;
        }
        let mut rest = vec![one.cell.clone()];
        for cell in wanted {
            let within = rest.iter().map(|piece| piece.and(cell)).filter(|piece| !piece.is_empty());
            all.extend(within.map(|cell| Found { cell, requested: true, ..one.clone() }));
            rest = rest.iter().flat_map(|piece| piece.minus(cell)).collect();
        }
        all.extend(rest.into_iter().map(|cell| Found { cell, ..one.clone() }));
    }
    all
}

/// What is found of established connections and does not already follow of what begins one.
fn besides(known: Vec<Found>, new: &[Found]) -> Vec<Found> {
    /// Pairs of boxes that are held against each other: beyond them what is left counts as said of established connections alone.
    const MOST: usize = 4_000_000;
    let same: BTreeSet<(&Cell, Effect)> = new.iter().map(|one| (&one.cell, one.effect)).collect();
    let mut looked = 0;
    let mut found = Vec::new();
    for one in known {
        if same.contains(&(&one.cell, one.effect)) {
            continue;
        }
        let mut rest = vec![one.cell.clone()];
        for other in new.iter().filter(|other| other.effect == one.effect) {
            looked += rest.len();
            if rest.is_empty() || looked > MOST {
                break;
            }
            rest = rest.iter().flat_map(|piece| piece.minus(&other.cell)).collect();
        }
        found.extend(rest.into_iter().map(|cell| Found { cell, ..one.clone() }));
    }
    found
}

fn row(table: &Table, way: Way, compared: &Compared, found: Found) -> Row {
    let Found { effect, conditions, requested, cell, before, after } = found;
    let conditions = conditions.iter().filter_map(|number| table.conditions.get(*number as usize).cloned());
    let conditions: BTreeSet<String> = conditions.collect();
    let Cell([from, to, host, source, destination, protocol, source_port, port]) = cell;
    Row {
        effect,
        way,
        from: table.from.named(&from),
        to: table.to.named(&to),
        host: table.host.named(&host),
        source,
        destination,
        protocol,
        source_port,
        port,
        requested,
        before: compared.deciders(0, &before),
        after: compared.deciders(1, &after),
        conditions: conditions.into_iter().collect(),
    }
}

/// What was requested, where neither side has rules for its family, and there are some for the other.
fn silent(before: &Rules, after: &Rules, requested: &Requested) -> Option<Unjudged> {
    let way = requested.asked.way;
    let family = Family::BOTH.into_iter().find(|family| family.all().covers(&requested.asked.peers))?;
    let layers = || before.layers.iter().chain(&after.layers).filter(|layer| layer.way == way);
    let silent = layers().next().is_some() && !layers().any(|layer| layer.families.overlaps(&family.all()));
    silent.then(|| {
        let why = format!("there are no rules for {} {} on either side", family.as_str(), sides::said(way));
        Unjudged { way: Some(way), family: Some(family), why }
    })
}

/// Adds what does not pass afterwards, or may not.
fn lack(left_out: &mut Vec<LeftOut>, after: &Rules, requested: &Requested) {
    let parts = ask(after, &requested.asked);
    // Of peers that nobody knows, those that matter may be among those that pass.
    let some_pass = parts.iter().any(|part| part.verdict == evaluate::Verdict::Allowed);
    let sure = requested.peers_are_known || !some_pass;
    for part in parts.into_iter().filter(|part| part.verdict != evaluate::Verdict::Allowed) {
        let lacks = LeftOut {
            flow: requested.flow.to_owned(),
            by: part.layer.map(|layer| sides::decider(layer, part.by)),
            peers: part.peers,
            sure: sure && part.verdict == evaluate::Verdict::Denied,
            why: part.why,
        };
        let same = left_out.iter_mut().find(|known| {
            known.flow == lacks.flow && known.by == lacks.by && known.sure == lacks.sure && known.why == lacks.why
        });
        match same {
            Some(known) => known.peers = known.peers.or(&lacks.peers),
            None => left_out.push(lacks),
        }
    }
}
