//! What would have let something pass that is stopped: a rule that stands behind the one that stops it, or one without effect.

use super::shape::Shape;
use super::{Asking, Leg, Part, Question, packets};
use crate::firewall::addresses::Family;
use crate::firewall::program::{By, Go};
use crate::firewall::rules::{Answer, Then};

impl<'a> Asking<'a> {
    /// The first rule that would let some of these peers pass, and why it has no effect where it has none.
    pub fn behind(&self, question: &Question, part: &Part<'a>) -> Option<(By<'a>, Option<String>)> {
        let layer = part.layer?;
        let first = part.peers.first()?;
        let family = if Family::V4.all().contains(first) { Family::V4 } else { Family::V6 };
        let shape = Shape::of(question, family, part.leg, layer.replies);
        let (_, packet) = packets(question.protocol, layer.replies).into_iter().find(|(leg, _)| *leg == Leg::First)?;
        let number = self.rules.layers.iter().position(|it| std::ptr::eq(it, layer))?;
        let program = self.laid_out(number, layer, packet);
        let program = program.as_ref().as_ref().ok()?;
        let concerns = |when| shape.fits(when).is_some_and(|fit| fit.peers.overlaps(&part.peers));
        let reached_too_late = program.steps.iter().find(|step| {
            step.then == Go::Answer(Answer::Accept) && matches!(step.by, By::Rule(..)) && concerns(&step.when)
        });
        if let Some(step) = reached_too_late {
            return Some((step.by, None));
        }
        let idle = self.rules.chains.iter().flat_map(|chain| chain.rules.iter().map(move |rule| (chain, rule)));
        idle.filter(|(_, rule)| rule.then == Then::Answer(Answer::Accept)).find_map(|(chain, rule)| {
            let why = rule.idle.clone()?;
            rule.when.iter().any(&concerns).then_some((By::Rule(chain, rule), Some(why)))
        })
    }
}
