//! What is being asked at this moment, and how far that has come: for whoever has to go before it ends.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::{
    Asking, Attempted, Connected, Handshake, NetError, Network, Phase, Question, Records, Request, Response, Through,
    Way,
};

/// What a network is asked: a verb, and what it is about.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Verb {
    /// The system's own resolution of a name.
    Resolve(String),
    /// A question to a DNS server.
    Ask(Question),
    /// A connection.
    Connect(Way),
    /// A TLS handshake.
    Handshake(Way),
    /// A request.
    Fetch(Box<Request>),
}

impl Verb {
    /// How many steps one attempt has, each of which may take as long as the limit of an attempt says; `None` where another
    /// limit holds.
    pub fn steps(&self) -> Option<u32> {
        let to = |way: &Way| if matches!(way.through, Through::Proxy { .. }) { 3 } else { 1 };
        match self {
            Verb::Resolve(_) => None,
            Verb::Ask(_) => Some(1),
            Verb::Connect(way) => Some(to(way)),
            Verb::Handshake(way) => Some(to(way) + 1),
            Verb::Fetch(request) => Some(to(&request.way) + 2),
        }
    }
}

/// How far the latest attempt at something has come.
#[derive(Clone, Debug)]
pub struct Reached {
    /// When it began.
    pub began: Instant,
    /// The furthest step that it has come to; `None` where nothing is known of that.
    pub phase: Option<Phase>,
    /// Which attempt it is; the first is 1.
    pub attempt: u32,
    /// The attempt before it ended like this.
    pub failed: Option<NetError>,
    /// It has ended itself, and another is waited for.
    pub over: bool,
}

/// The attempts at everything that is asked through a [`Watched`] network.
#[derive(Clone, Default)]
pub struct Underway(Arc<Mutex<HashMap<Verb, Arc<Mutex<Reached>>>>>);

impl Underway {
    /// How far this has come, where it was ever begun.
    pub fn reached(&self, verb: &Verb) -> Option<Reached> {
        let reached = Arc::clone(locked(&self.0).get(verb)?);
        let reached = locked(&reached).clone();
        Some(reached)
    }

    fn begin(&self, verb: Verb) -> Arc<Mutex<Reached>> {
        let mut all = locked(&self.0);
        let before = all.get(&verb).map(|before| locked(before).clone());
        // What is asked once more after an answer begins anew.
        let (attempt, failed) = match before {
            Some(Reached { attempt, failed: Some(failed), .. }) => (attempt + 1, Some(failed)),
            _ => (1, None),
        };
        let begun = Reached { began: Instant::now(), phase: None, attempt, failed, over: false };
        let begun = Arc::new(Mutex::new(begun));
        all.insert(verb, Arc::clone(&begun));
        begun
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

tokio::task_local! {
    /// The attempt that goes on in this task.
    static THIS: Arc<Mutex<Reached>>;
}

/// Whoever watches the attempt that goes on here hears what it waits for now. Several connections may be tried for it, of which
/// the furthest counts.
pub(super) fn waits_for(phase: Phase) {
    // Where nobody watches, nobody hears.
    let _ = THIS.try_with(|this| {
        let mut this = locked(this);
        this.phase = this.phase.max(Some(phase));
    });
}

/// A network of which it is known how far what it is asked has come.
pub struct Watched<N> {
    inner: N,
    underway: Underway,
}

impl<N: Network> Watched<N> {
    /// Tells `underway` of every attempt.
    pub fn new(inner: N, underway: Underway) -> Self {
        Watched { inner, underway }
    }

    async fn watch<T>(&self, verb: Verb, attempt: Asking<'_, T>) -> Attempted<T> {
        let reached = self.underway.begin(verb);
        let ended = THIS.scope(Arc::clone(&reached), attempt).await;
        let mut reached = locked(&reached);
        reached.over = true;
        reached.failed = ended.result.as_ref().err().cloned();
        ended
    }
}

impl<N: Network> Network for Watched<N> {
    fn resolve<'a>(&'a self, name: &'a str) -> Asking<'a, Vec<IpAddr>> {
        Box::pin(self.watch(Verb::Resolve(name.to_owned()), self.inner.resolve(name)))
    }

    fn ask<'a>(&'a self, question: &'a Question) -> Asking<'a, Records> {
        Box::pin(self.watch(Verb::Ask(question.clone()), self.inner.ask(question)))
    }

    fn connect<'a>(&'a self, way: &'a Way) -> Asking<'a, Connected> {
        Box::pin(self.watch(Verb::Connect(way.clone()), self.inner.connect(way)))
    }

    fn handshake<'a>(&'a self, way: &'a Way) -> Asking<'a, Handshake> {
        Box::pin(self.watch(Verb::Handshake(way.clone()), self.inner.handshake(way)))
    }

    fn fetch<'a>(&'a self, request: &'a Request) -> Asking<'a, Response> {
        Box::pin(self.watch(Verb::Fetch(Box::new(request.clone())), self.inner.fetch(request)))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::endpoint::Endpoint;
    use crate::net::fake::error;
    use crate::net::{ErrorKind, Retrying};

    const AWHILE: Duration = Duration::from_millis(20);

    /// Fails once after a while, comes to a handshake and back to a connection, and hangs.
    #[derive(Default)]
    struct Hanging(Mutex<u32>);

    impl Network for Hanging {
        fn resolve<'a>(&'a self, _: &'a str) -> Asking<'a, Vec<IpAddr>> {
            Box::pin(std::future::pending())
        }

        fn ask<'a>(&'a self, _: &'a Question) -> Asking<'a, Records> {
            Box::pin(std::future::pending())
        }

        fn connect<'a>(&'a self, _: &'a Way) -> Asking<'a, Connected> {
            Box::pin(std::future::pending())
        }

        fn handshake<'a>(&'a self, _: &'a Way) -> Asking<'a, Handshake> {
            Box::pin(async move {
                tokio::time::sleep(AWHILE).await;
                let attempts = {
                    let mut attempts = locked(&self.0);
                    *attempts += 1;
                    *attempts
                };
                if attempts > 1 {
                    waits_for(Phase::Handshake);
                    waits_for(Phase::Connect);
                    std::future::pending::<()>().await;
                }
                Attempted { result: Err(error(ErrorKind::Reset)), attempts: 1, took: AWHILE }
            })
        }

        fn fetch<'a>(&'a self, _: &'a Request) -> Asking<'a, Response> {
            Box::pin(std::future::pending())
        }
    }

    #[tokio::test]
    async fn an_attempt_that_hangs_is_known_by_its_beginning_its_furthest_step_and_what_came_before_it() {
        let underway = Underway::default();
        let network = Retrying::new(Watched::new(Hanging::default(), underway.clone()), 1);
        let way = Way::direct(&Endpoint::new("a.example", 443), [192, 0, 2, 1].into());
        let begun = Instant::now();
        let hangs = tokio::time::timeout(AWHILE * 5, network.handshake(&way)).await;

        let reached = underway.reached(&Verb::Handshake(way.clone())).unwrap();
        assert!(hangs.is_err() && !reached.over);
        assert!((AWHILE..AWHILE * 5).contains(&(reached.began - begun)), "{:?}", reached.began - begun);
        assert_eq!((reached.phase, reached.attempt), (Some(Phase::Handshake), 2));
        assert_eq!(reached.failed.map(|failed| failed.kind), Some(ErrorKind::Reset));
        assert!(underway.reached(&Verb::Connect(way)).is_none());
    }

    #[tokio::test]
    async fn an_attempt_that_ended_is_over() {
        let underway = Underway::default();
        let network = Watched::new(crate::net::fake::Fake::api(), underway.clone());
        assert!(network.resolve("api.workos.com").await.result.is_ok());

        let reached = underway.reached(&Verb::Resolve("api.workos.com".to_owned())).unwrap();
        assert!(reached.over && reached.failed.is_none());
        assert!(network.resolve("api.workos.com").await.result.is_ok());
        let again = underway.reached(&Verb::Resolve("api.workos.com".to_owned())).unwrap();
        assert_eq!((reached.attempt, again.attempt), (1, 1));
    }
}
