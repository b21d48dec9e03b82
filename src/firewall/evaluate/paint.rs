//! One program asked for every peer at once: the line of peers is cut wherever a step begins or ends, and each piece is painted by
//! the first step that decides it. A step that may match leaves the piece open, and is remembered.

use super::shape::{Fit, Shape};
use super::weigh::{Comes, Scales};
use super::{Judged, Leg, MOST_REASONS, Verdict};
use crate::firewall::program::{By, Go, Program};
use crate::firewall::ranges::{Interval, Ranges};
use crate::firewall::rules::Layer;

/// A piece of the line.
#[derive(Clone, Default)]
struct Cell {
    /// The step that decides it.
    certain: Option<u32>,
    /// The first step that may let it pass, and the first that may stop it.
    may_pass: Option<u32>,
    may_stop: Option<u32>,
    /// The steps in doubt that reach it, in turn, as long as they are few: answers, and what passes over others.
    doubtful: Vec<u32>,
    /// Steps in doubt have reached it that are not among them.
    muddled: bool,
    /// It is passed over until this step.
    asleep_until: u32,
    /// It may be passed over until this step.
    perhaps_asleep_until: u32,
}

impl Cell {
    /// Keeps a step in doubt, if it has not lost any.
    fn remembers(&mut self, at: u32) -> bool {
        self.muddled |= self.doubtful.len() == MOST_DOUBTFUL;
        if !self.muddled {
            self.doubtful.push(at);
        }
        !self.muddled
    }
}

/// More steps in doubt are not weighed against each other.
const MOST_DOUBTFUL: usize = 16;

/// Looks at cells in all: beyond them the rest stays unsure. Only rules that pass over most of themselves again and again get there.
const MOST_LOOKS: u64 = 400_000_000;

/// What the program says to each of the peers.
pub(super) fn paint<'a>(
    program: &Program<'a>,
    shape: &Shape,
    peers: &Ranges,
    layer: &'a Layer,
    leg: Leg,
) -> Vec<(Interval, Judged<'a>)> {
    let fits: Vec<Option<Fit>> =
        program.steps.iter().map(|step| shape.fits(&step.when).filter(|fit| fit.peers.overlaps(peers))).collect();
    let starts = starts(peers, &fits);
    let mut painting = Painting::of(starts.len());
    for (at, (step, fit)) in (0_u32..).zip(program.steps.iter().zip(&fits)) {
        let Some(fit) = fit else { continue };
        for (from, to) in cells(&starts, fit.peers) {
            painting.step(at, step.then, from..to, fit.unless.is_empty());
        }
        if painting.looks > MOST_LOOKS {
            break;
        }
    }
    let mut scales = Scales::new(program, &fits);
    let mut judged = |cell: &Cell| painting.judged(cell, program, &fits, &mut scales, layer, leg);
    starts.iter().zip(&painting.cells).map(|(interval, cell)| (*interval, judged(cell))).collect()
}

/// The pieces: the peers, cut at every beginning and end.
fn starts(peers: &Ranges, fits: &[Option<Fit>]) -> Vec<Interval> {
    let mut cuts: Vec<u128> = Vec::new();
    for fit in fits.iter().flatten() {
        for (first, last) in fit.peers.intervals() {
            cuts.push(*first);
            cuts.extend(last.checked_add(1));
        }
    }
    cuts.sort_unstable();
    cuts.dedup();
    let mut pieces = Vec::new();
    for (first, last) in peers.intervals() {
        let mut from = *first;
        let within = cuts.partition_point(|cut| cut <= first);
        for cut in cuts.iter().skip(within).take_while(|cut| *cut <= last) {
            pieces.push((from, cut - 1));
            from = *cut;
        }
        pieces.push((from, *last));
    }
    pieces
}

/// The pieces that lie in this set, as spans of their positions.
fn cells<'c>(starts: &'c [Interval], set: &'c Ranges) -> impl Iterator<Item = (usize, usize)> + 'c {
    set.intervals().iter().filter_map(|(first, last)| {
        let from = starts.partition_point(|(_, end)| end < first);
        let to = starts.partition_point(|(begin, _)| begin <= last);
        (from < to).then_some((from, to))
    })
}

struct Painting {
    cells: Vec<Cell>,
    /// Each for one question: which cell from here on is still open.
    undecided: Next,
    not_passing: Next,
    not_stopped: Next,
    looks: u64,
}

impl Painting {
    fn of(cells: usize) -> Self {
        let next = || Next::of(cells);
        Painting {
            cells: vec![Cell::default(); cells],
            undecided: next(),
            not_passing: next(),
            not_stopped: next(),
            looks: 0,
        }
    }

    /// A step, on the cells of a span.
    fn step(&mut self, at: u32, then: Go, span: std::ops::Range<usize>, certain: bool) {
        // A doubtful answer is only of interest where none of its kind has been given yet.
        let which = match then {
            Go::Answer(answer) if !certain && answer.passes() => Which::NotPassing,
            Go::Answer(_) if !certain => Which::NotStopped,
            _ => Which::Undecided,
        };
        let mut cell = self.open(which).from(span.start);
        while cell < span.end {
            self.looks += 1;
            self.on_cell(at, then, cell, certain);
            cell = self.open(which).from(cell + 1);
        }
    }

    fn open(&mut self, which: Which) -> &mut Next {
        match which {
            Which::Undecided => &mut self.undecided,
            Which::NotPassing => &mut self.not_passing,
            Which::NotStopped => &mut self.not_stopped,
        }
    }

    fn on_cell(&mut self, at: u32, then: Go, number: usize, certain: bool) {
        let cell = &mut self.cells[number];
        if cell.asleep_until > at {
            return;
        }
        let certain = certain && cell.perhaps_asleep_until <= at;
        match then {
            Go::Answer(_) if certain => {
                cell.certain = Some(at);
                self.undecided.close(number);
                self.not_passing.close(number);
                self.not_stopped.close(number);
            }
            Go::Answer(answer) => {
                let may = if answer.passes() { &mut cell.may_pass } else { &mut cell.may_stop };
                may.get_or_insert(at);
                if cell.remembers(at) {
                    return;
                }
                // From here on only the first of each kind tells anything.
                if cell.may_pass.is_some() {
                    self.not_passing.close(number);
                }
                if cell.may_stop.is_some() {
                    self.not_stopped.close(number);
                }
            }
            Go::To(step) => {
                let until = u32::try_from(step).unwrap_or(u32::MAX);
                if certain {
                    cell.asleep_until = cell.asleep_until.max(until);
                } else {
                    cell.perhaps_asleep_until = cell.perhaps_asleep_until.max(until);
                    cell.remembers(at);
                }
            }
        }
    }

    fn judged<'a>(
        &self,
        cell: &Cell,
        program: &Program<'a>,
        fits: &[Option<Fit>],
        scales: &mut Scales,
        layer: &'a Layer,
        leg: Leg,
    ) -> Judged<'a> {
        let by = |step: u32| program.steps.get(step as usize).map_or(By::Nobody, |step| step.by);
        let certain = cell.certain.map(|step| (step, scales.passes(step)));
        let may_pass = cell.may_pass.or(certain.filter(|(_, passes)| *passes).map(|(step, _)| step));
        let may_stop = cell.may_stop.or(certain.filter(|(_, passes)| !passes).map(|(step, _)| step));
        let judged = |verdict, by, perhaps, why| Judged { verdict, by, perhaps, layer: Some(layer), leg, why };
        match (certain, may_pass, may_stop) {
            // The certain one is the better word, unless a rule in doubt stands before a mere policy.
            (Some((step, true)), _, None) => judged(Verdict::Allowed, by(step), None, Vec::new()),
            (Some((step, false)), None, _) => judged(Verdict::Denied, by(step), None, Vec::new()),
            (Some((step, _)), ..) if !cell.muddled && scales.weigh(&cell.doubtful, step) != Comes::Open => {
                match scales.weigh(&cell.doubtful, step) {
                    Comes::Passing => judged(Verdict::Allowed, may_pass.map_or(By::Nobody, by), None, Vec::new()),
                    _ => judged(Verdict::Denied, may_stop.map_or(By::Nobody, by), None, Vec::new()),
                }
            }
            _ => {
                let mut why: Vec<String> = Vec::new();
                for step in [cell.may_pass, cell.may_stop].into_iter().flatten() {
                    let doubts = fits.get(step as usize).and_then(Option::as_ref).map_or(&[][..], |fit| &fit.unless);
                    for doubt in doubts.iter().map(super::shape::Doubt::in_words) {
                        if why.len() < MOST_REASONS && !why.contains(&doubt) {
                            why.push(doubt);
                        }
                    }
                }
                if certain.is_none() && self.looks > MOST_LOOKS {
                    why.push(format!("{} lets it pass: its rules are too many to be walked", layer.name));
                }
                if why.is_empty() {
                    why.push(format!("{} goes on behind a rule that is in doubt", layer.name));
                }
                judged(Verdict::Unsure, may_stop.map_or(By::Nobody, by), may_pass.map(by), why)
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Which {
    Undecided,
    NotPassing,
    NotStopped,
}

/// Which cell from a given one on is still open. Closed ones are passed over in as good as no time.
struct Next(Vec<u32>);

impl Next {
    fn of(cells: usize) -> Self {
        Next((0..=u32::try_from(cells).unwrap_or(u32::MAX)).collect())
    }

    fn from(&mut self, cell: usize) -> usize {
        let mut at = cell.min(self.0.len() - 1);
        while self.0[at] as usize != at {
            let next = self.0[at] as usize;
            self.0[at] = self.0[next];
            at = self.0[at] as usize;
        }
        at
    }

    fn close(&mut self, cell: usize) {
        self.0[cell] = u32::try_from(cell + 1).unwrap_or(u32::MAX);
    }
}
