//! What a piece of the line comes to under everything that the files leave open: rules in doubt may cover one another, exclude one
//! another, or together leave no way out.

use std::collections::HashMap;

use super::shape::{Doubt, Fit};
use crate::firewall::program::{Go, Program};

/// A step in doubt, or the certain one behind them all.
pub(super) type At = u32;

/// What the steps in doubt and the certain one come to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Comes {
    /// It passes, whatever holds.
    Passing,
    /// It is stopped, whatever holds.
    Stopped,
    /// The one or the other.
    Open,
}

/// As many things that are left open are tried in every combination: more than a thousand combinations tell nobody anything.
const MOST_OPEN: usize = 10;

/// Weighs pieces, each list of steps once.
pub(super) struct Scales<'p, 'a, 's> {
    program: &'p Program<'a>,
    fits: &'p [Option<Fit<'s>>],
    known: HashMap<(Vec<At>, At), Comes>,
}

impl<'p, 'a, 's> Scales<'p, 'a, 's> {
    pub(super) fn new(program: &'p Program<'a>, fits: &'p [Option<Fit<'s>>]) -> Self {
        Scales { program, fits, known: HashMap::new() }
    }

    /// What becomes of a piece that these steps in doubt reach in turn, and that one decides where none of them does.
    pub(super) fn weigh(&mut self, doubtful: &[At], certain: At) -> Comes {
        if let Some(known) = self.known.get(&(doubtful.to_vec(), certain)) {
            return *known;
        }
        let comes = self.under_everything(doubtful, certain);
        self.known.insert((doubtful.to_vec(), certain), comes);
        comes
    }

    fn under_everything(&self, doubtful: &[At], certain: At) -> Comes {
        let mut open: Vec<&Doubt> = Vec::new();
        for doubt in doubtful.iter().flat_map(|step| self.doubts(*step)) {
            if !open.iter().any(|known| known.is_about(doubt)) {
                open.push(doubt);
            }
        }
        if open.len() > MOST_OPEN {
            return Comes::Open;
        }
        let mut seen = (false, false);
        for holding in 0..1_u32 << open.len() {
            let holds = |doubt: &Doubt| {
                let at = open.iter().position(|known| known.is_about(doubt));
                at.is_some_and(|at| (holding & (1 << at) != 0) == doubt.wants())
            };
            if self.passes(self.decides(doubtful, holds).unwrap_or(certain)) {
                seen.0 = true;
            } else {
                seen.1 = true;
            }
            if seen == (true, true) {
                return Comes::Open;
            }
        }
        if seen.0 { Comes::Passing } else { Comes::Stopped }
    }

    /// The first of the steps in doubt that answers, given what holds.
    fn decides(&self, doubtful: &[At], holds: impl Fn(&Doubt) -> bool) -> Option<At> {
        let mut asleep_until = 0;
        for step in doubtful {
            if (*step as usize) < asleep_until || !self.doubts(*step).iter().all(&holds) {
                continue;
            }
            match self.program.steps.get(*step as usize)?.then {
                Go::Answer(_) => return Some(*step),
                Go::To(ahead) => asleep_until = ahead,
            }
        }
        None
    }

    fn doubts(&self, step: At) -> &'p [Doubt<'s>] {
        self.fits.get(step as usize).and_then(Option::as_ref).map_or(&[], |fit| &fit.unless)
    }

    /// Whether the answer of this step lets pass.
    pub(super) fn passes(&self, step: At) -> bool {
        let step = self.program.steps.get(step as usize);
        step.is_some_and(|step| matches!(step.then, Go::Answer(answer) if answer.passes()))
    }
}
