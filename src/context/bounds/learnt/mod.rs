//! What a check had learnt when it was cut short, in words.

#[cfg(test)]
mod tests;

use std::time::Duration;

use tokio::time::Instant;

use super::journal::{Asked, Came, Step};
use crate::contact::Touch;
use crate::net::{ErrorKind, NetError, Phase, Reached, Request, Through, Underway, Verb, Way};
use crate::outcome::Evidence;
use crate::said::{in_any_order, lasted, listed, spoken};

/// So many things are named under each head, and the rest is counted.
const MOST: usize = 8;

/// What goes on, before what was found: that is what the run ended in.
pub(super) fn evidence(steps: &[Step], underway: &Underway, now: Instant) -> Vec<Evidence> {
    let mut told = Told::default();
    for step in steps.iter().filter(|step| step.came.is_none() && !is_in_pieces(step, steps)) {
        told.goes_on(going_on(step, underway, now));
    }
    for step in steps.iter().filter(|step| !is_part(step, steps)) {
        let Some(came) = &step.came else { continue };
        let what = named(&step.what);
        match came {
            Came::Addresses(addresses) if addresses.is_empty() => told.ended("found", what, ": no address".to_owned()),
            Came::Addresses(addresses) => {
                let (how, steady) = (listed(addresses), in_any_order(addresses));
                told.ended_as("found", what, format!(" → {how}"), format!(" → {steady}"));
            }
            Came::Connected => told.ended("connected", what, String::new()),
            Came::Shaken(version) => told.ended("answered", what, format!(": {version}")),
            Came::Answered(status) => told.ended("answered", what, format!(": {status}")),
            // That a name has no records of the one type says nothing where it has some of the other.
            Came::Failed(NetError { kind: ErrorKind::NoData, .. }) => {}
            Came::Failed(error) => told.ended("failed", what, format!(": {error}")),
        }
    }
    told.in_lines()
}

/// Whether a lookup is told by the questions that it is made of.
fn is_in_pieces(step: &Step, steps: &[Step]) -> bool {
    let Asked::LookUp(name) = &step.what else { return false };
    steps.iter().any(|other| other.came.is_none() && asks_for(&other.what, name))
}

/// Whether a question is told by the lookup that it was part of.
fn is_part(step: &Step, steps: &[Step]) -> bool {
    let whole = |other: &Step, name: &str| other.came.is_some() && other.what == Asked::LookUp(name.to_owned());
    match &step.what {
        Asked::Verb(Verb::Resolve(name)) => steps.iter().any(|other| whole(other, name)),
        Asked::Verb(Verb::Ask(question)) => steps.iter().any(|other| whole(other, &question.name)),
        Asked::LookUp(_) | Asked::Verb(_) => false,
    }
}

fn asks_for(what: &Asked, name: &str) -> bool {
    match what {
        Asked::Verb(Verb::Resolve(asked)) => asked == name,
        Asked::Verb(Verb::Ask(question)) => question.name == name,
        Asked::LookUp(_) | Asked::Verb(_) => false,
    }
}

/// What is waited for, and for how long.
struct Waiting {
    what: String,
    /// How its latest attempt but one ended, and what does not come now.
    lacks: String,
    /// Where it is not asked at this moment, nothing is silent.
    long: Option<Duration>,
}

fn going_on(step: &Step, underway: &Underway, now: Instant) -> Waiting {
    let reached = match &step.what {
        Asked::Verb(verb) => underway.reached(verb),
        Asked::LookUp(_) => None,
    };
    let phase = reached.as_ref().and_then(|reached| reached.phase);
    let (what, lacks) = match &step.what {
        Asked::LookUp(_) | Asked::Verb(Verb::Resolve(_) | Verb::Ask(_)) => (named(&step.what), "no answer"),
        Asked::Verb(Verb::Connect(way)) => waiting(way, phase.unwrap_or(Phase::Connect), None),
        Asked::Verb(Verb::Handshake(way)) => waiting(way, phase.unwrap_or(Phase::Handshake), None),
        Asked::Verb(Verb::Fetch(request)) => waiting(&request.way, phase.unwrap_or(Phase::Answer), Some(request)),
    };
    // Another check may have begun it; this one has waited for it since then.
    let since = reached.as_ref().map_or(step.began, |reached| reached.began.max(step.began));
    let long = Some(now.saturating_duration_since(since));
    match reached {
        Some(Reached { over: true, failed: None, .. }) => {
            Waiting { what, lacks: "it is waited before it is asked again".to_owned(), long: None }
        }
        Some(Reached { failed: Some(failed), .. }) => Waiting { what, lacks: format!("{failed}, and {lacks}"), long },
        Some(Reached { failed: None, .. }) | None => Waiting { what, lacks: lacks.to_owned(), long },
    }
}

/// At which step it waits, and what does not come.
fn waiting(way: &Way, phase: Phase, request: Option<&Request>) -> (String, &'static str) {
    match (phase, &way.through) {
        (Phase::Lookup | Phase::Connect, Through::Address(_)) => (way.first_hop().to_string(), "silent"),
        (Phase::Lookup | Phase::Connect, Through::Proxy { .. }) => (format!("the proxy {}", way.first_hop()), "silent"),
        (Phase::ProxyHandshake, _) => (format!("handshake with the proxy {}", way.first_hop()), "no answer"),
        (Phase::Tunnel, _) => {
            (format!("the proxy {}, asked for a way to {}", way.first_hop(), way.endpoint), "no answer")
        }
        (Phase::Answer, _) if request.is_some() => (request.map(sent).unwrap_or_default(), "no answer"),
        (Phase::Handshake | Phase::Answer, _) => (shaking(way), "no answer"),
    }
}

/// What was asked, and whom.
fn named(what: &Asked) -> String {
    match what {
        Asked::LookUp(name) => name.clone(),
        Asked::Verb(Verb::Resolve(name)) => format!("{name} by the system's own resolution"),
        Asked::Verb(Verb::Ask(question)) => format!("{} at {}", question.name, question.server),
        Asked::Verb(Verb::Connect(way)) => match &way.through {
            Through::Proxy { .. } => format!("{} {}", way.endpoint, along(way)),
            Through::Address(_) => way.first_hop().to_string(),
        },
        Asked::Verb(Verb::Handshake(way)) => shaking(way),
        Asked::Verb(Verb::Fetch(request)) => sent(request),
    }
}

fn shaking(way: &Way) -> String {
    format!("handshake with {} {}", way.endpoint, along(way))
}

fn sent(request: &Request) -> String {
    // What stands in a query may be a secret.
    let touch = Touch::request(request.method, &request.way.endpoint, &request.path).with_query_as_given();
    format!("{touch} {}", along(&request.way))
}

fn along(way: &Way) -> String {
    match &way.through {
        Through::Proxy { .. } => format!("through the proxy {}", way.first_hop()),
        Through::Address(address) => format!("at {address}"),
    }
}

/// A time without the fraction that nobody needs.
fn whole(long: Duration) -> String {
    if long < Duration::from_secs(1) { lasted(long) } else { spoken(Duration::from_secs(long.as_secs())) }
}

/// What is told: things of which the same is said stand together.
#[derive(Default)]
struct Told {
    waiting: Vec<(Vec<String>, String, Option<Duration>)>,
    ended: Vec<(&'static str, Vec<String>, String, String)>,
}

impl Told {
    fn goes_on(&mut self, Waiting { what, lacks, long }: Waiting) {
        // What is asked for each record type, or in every sample, is one thing.
        if self.waiting.iter().any(|(things, _, _)| things.contains(&what)) {
            return;
        }
        let alike = |(_, other, since): &&mut (_, String, Option<Duration>)| {
            *other == lacks && since.unwrap_or_default().abs_diff(long.unwrap_or_default()) < Duration::from_secs(1)
        };
        match self.waiting.iter_mut().find(alike) {
            Some((things, _, _)) => things.push(what),
            None => self.waiting.push((vec![what], lacks, long)),
        }
    }

    fn ended(&mut self, head: &'static str, what: String, how: String) {
        self.ended_as(head, what, how.clone(), how);
    }

    /// How something ended, and what of that stays from run to run.
    fn ended_as(&mut self, head: &'static str, what: String, how: String, steady: String) {
        match self.ended.iter_mut().find(|(of, _, said, _)| *of == head && *said == how) {
            Some((_, things, ..)) if things.contains(&what) => {}
            Some((_, things, ..)) => things.push(what),
            None => self.ended.push((head, vec![what], how, steady)),
        }
    }

    fn in_lines(self) -> Vec<Evidence> {
        let waiting = self.waiting.into_iter().map(|(things, lacks, long)| {
            let long = long.map(|long| format!(" for {}", whole(long))).unwrap_or_default();
            ("unanswered", things, format!(": {lacks}{long}"), format!(": {lacks}"))
        });
        let line = |(what, things, how, steady): (&'static str, Vec<String>, String, String)| {
            let more = match things.len().saturating_sub(MOST) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let value = format!("{}{more}{how}", listed(things.iter().take(MOST)));
            Evidence::new(what, value).of_which(format!("{}{steady}", in_any_order(things)))
        };
        waiting.chain(self.ended).map(line).collect()
    }
}
