//! Asks each question once, also when several checks ask it at the same time.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use super::{Asking, Attempted, Connected, Handshake, Network, Question, Records, Request, Response, Way};

/// A network that remembers its answers.
pub struct Memo<N> {
    inner: N,
    resolutions: Cells<String, Vec<IpAddr>>,
    records: Cells<Question, Records>,
    connections: Cells<Way, Connected>,
    handshakes: Cells<Way, Handshake>,
    responses: Cells<Request, Response>,
}

impl<N: Network> Memo<N> {
    /// Remembers what `inner` answers.
    pub fn new(inner: N) -> Self {
        Memo {
            inner,
            resolutions: Cells::new(),
            records: Cells::new(),
            connections: Cells::new(),
            handshakes: Cells::new(),
            responses: Cells::new(),
        }
    }
}

struct Cells<K, T>(Mutex<HashMap<K, Arc<OnceCell<Attempted<T>>>>>);

impl<K: Hash + Eq + Clone, T: Clone> Cells<K, T> {
    fn new() -> Self {
        Cells(Mutex::new(HashMap::new()))
    }

    async fn once(&self, question: &K, ask: impl Future<Output = Attempted<T>>) -> Attempted<T> {
        let cell = {
            let mut cells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(cells.entry(question.clone()).or_default())
        };
        cell.get_or_init(|| ask).await.clone()
    }
}

impl<N: Network> Network for Memo<N> {
    fn resolve<'a>(&'a self, name: &'a str) -> Asking<'a, Vec<IpAddr>> {
        Box::pin(async move { self.resolutions.once(&name.to_owned(), self.inner.resolve(name)).await })
    }

    fn ask<'a>(&'a self, question: &'a Question) -> Asking<'a, Records> {
        Box::pin(self.records.once(question, self.inner.ask(question)))
    }

    fn connect<'a>(&'a self, way: &'a Way) -> Asking<'a, Connected> {
        Box::pin(self.connections.once(way, self.inner.connect(way)))
    }

    fn handshake<'a>(&'a self, way: &'a Way) -> Asking<'a, Handshake> {
        Box::pin(self.handshakes.once(way, self.inner.handshake(way)))
    }

    fn fetch<'a>(&'a self, request: &'a Request) -> Asking<'a, Response> {
        Box::pin(self.responses.once(request, self.inner.fetch(request)))
    }
}
