//! The exact difference of two rule sets: what passes afterwards that did not before, what no longer passes, and whether that is what
//! was requested.

mod cell;
mod comparison;
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
use super::rules::{NoteKind, Rules, Way};
use cell::Cell;
use difference::Purse;
use lists::Table;
use merge::Found;
use sides::{Compared, Kind};

pub use comparison::{Comparison, Decider, Deciders, Effect, LeftOut, Row, Unjudged, Verdict, Wrong};
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
