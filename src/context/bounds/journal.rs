//! What a check has asked of the network so far: what goes on, and how the rest ended. It is read where a run is cut short, so
//! that what was learnt by then is not lost with the check.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::learnt;
use crate::context::Lookup;
use crate::net::{
    Asking, Attempted, Connected, Handshake, NetError, Network, Question, Records, Request, Response, Underway, Verb,
    Way,
};
use crate::outcome::Evidence;

/// What one check has asked.
#[derive(Default)]
pub struct Journal {
    steps: Mutex<Steps>,
    underway: Underway,
}

#[derive(Default)]
struct Steps {
    kept: Vec<Step>,
    begun: u64,
}

/// What goes on at a moment.
#[derive(Clone, Copy, Debug)]
pub struct GoesOn {
    /// Since when.
    pub began: Instant,
    /// Which attempt it is, where attempts are repeated.
    pub attempt: Option<u32>,
    /// How many steps an attempt has, where each may take as long as the limit of an attempt says.
    pub steps: Option<u32>,
}

/// One thing that was asked.
#[derive(Clone)]
pub(super) struct Step {
    number: u64,
    pub(super) what: Asked,
    pub(super) began: Instant,
    /// How it ended; `None` as long as it goes on.
    pub(super) came: Option<Came>,
}

/// What was asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Asked {
    /// The system's resolution and every DNS server, for a name: verbs of their own, where no other check has asked before.
    LookUp(String),
    /// A verb of the network.
    Verb(Verb),
}

/// How it ended.
#[derive(Clone, Debug)]
pub(super) enum Came {
    /// With these addresses.
    Addresses(Vec<IpAddr>),
    /// With a connection, from this address of this host.
    Connected,
    /// With a handshake, in this version.
    Shaken(String),
    /// With an answer of this status.
    Answered(u16),
    /// Not well.
    Failed(NetError),
}

/// So many are kept. A check that asks more often has no use for the oldest of those that ended.
const MOST: usize = 256;

impl Journal {
    pub(super) fn new(underway: Underway) -> Self {
        Journal { steps: Mutex::default(), underway }
    }

    /// What is known of it by now: what goes on, how long it has been silent, and how the rest ended.
    pub fn learnt(&self) -> Vec<Evidence> {
        learnt::evidence(&self.steps().kept, &self.underway, Instant::now())
    }

    /// What has gone on for longest at this moment.
    pub fn goes_on(&self) -> Option<GoesOn> {
        let step = self.steps().kept.iter().find(|step| step.came.is_none())?.clone();
        let (attempt, steps) = match &step.what {
            Asked::Verb(verb) => (self.underway.reached(verb).map(|reached| reached.attempt), verb.steps()),
            Asked::LookUp(_) => (None, None),
        };
        Some(GoesOn { began: step.began, attempt: attempt.filter(|_| steps.is_some()), steps })
    }

    /// Looking a name up, until that is told of.
    pub(in crate::context) fn looks_up(&self, name: &str) -> Pending<'_> {
        self.begin(Asked::LookUp(name.to_owned()))
    }

    fn begin(&self, what: Asked) -> Pending<'_> {
        let mut steps = self.steps();
        if steps.kept.len() >= MOST
            && let Some(oldest) = steps.kept.iter().position(|step| step.came.is_some())
        {
            steps.kept.remove(oldest);
        }
        let number = steps.begun;
        steps.begun += 1;
        steps.kept.push(Step { number, what, began: Instant::now(), came: None });
        Pending { journal: self, number }
    }

    fn steps(&self) -> MutexGuard<'_, Steps> {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Something that goes on. What is given up before it ends was never asked, as far as anybody can tell.
pub(in crate::context) struct Pending<'j> {
    journal: &'j Journal,
    number: u64,
}

impl Pending<'_> {
    /// It gave the addresses of a name.
    pub(in crate::context) fn gave(&self, lookup: &Lookup) {
        self.came(Came::Addresses(lookup.addresses()));
    }

    fn came(&self, came: Came) {
        let mut steps = self.journal.steps();
        if let Some(step) = steps.kept.iter_mut().find(|step| step.number == self.number) {
            step.came = Some(came);
        }
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        self.journal.steps().kept.retain(|step| step.number != self.number || step.came.is_some());
    }
}

/// A network whose every verb stands in a journal.
pub(super) struct Journaled {
    inner: Arc<dyn Network>,
    journal: Arc<Journal>,
}

impl Journaled {
    pub(super) fn new(inner: Arc<dyn Network>, journal: Arc<Journal>) -> Self {
        Journaled { inner, journal }
    }

    async fn noted<T>(&self, verb: Verb, asking: Asking<'_, T>, came: impl FnOnce(&T) -> Came) -> Attempted<T> {
        let pending = self.journal.begin(Asked::Verb(verb));
        let ended = asking.await;
        pending.came(match &ended.result {
            Ok(answer) => came(answer),
            Err(error) => Came::Failed(error.clone()),
        });
        ended
    }
}

impl Network for Journaled {
    fn resolve<'a>(&'a self, name: &'a str) -> Asking<'a, Vec<IpAddr>> {
        let came = |addresses: &Vec<IpAddr>| Came::Addresses(addresses.clone());
        Box::pin(self.noted(Verb::Resolve(name.to_owned()), self.inner.resolve(name), came))
    }

    fn ask<'a>(&'a self, question: &'a Question) -> Asking<'a, Records> {
        let came = |records: &Records| Came::Addresses(records.addresses.clone());
        Box::pin(self.noted(Verb::Ask(question.clone()), self.inner.ask(question), came))
    }

    fn connect<'a>(&'a self, way: &'a Way) -> Asking<'a, Connected> {
        Box::pin(self.noted(Verb::Connect(way.clone()), self.inner.connect(way), |_| Came::Connected))
    }

    fn handshake<'a>(&'a self, way: &'a Way) -> Asking<'a, Handshake> {
        let came = |handshake: &Handshake| Came::Shaken(handshake.version.clone());
        Box::pin(self.noted(Verb::Handshake(way.clone()), self.inner.handshake(way), came))
    }

    fn fetch<'a>(&'a self, request: &'a Request) -> Asking<'a, Response> {
        let came = |response: &Response| Came::Answered(response.status);
        Box::pin(self.noted(Verb::Fetch(Box::new(request.clone())), self.inner.fetch(request), came))
    }
}
