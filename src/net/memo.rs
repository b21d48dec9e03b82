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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::endpoint::Endpoint;
    use crate::net::fake::error;
    use crate::net::{ErrorKind, RecordKind};

    /// Notes every question that reaches it, takes a while, and has no good answer.
    #[derive(Default)]
    struct Noting(Mutex<Vec<String>>);

    impl Noting {
        fn note<T: Send + 'static>(&self, question: String) -> Asking<'_, T> {
            Box::pin(async move {
                self.0.lock().unwrap().push(question);
                tokio::task::yield_now().await;
                Attempted { result: Err(error(ErrorKind::Refused)), attempts: 1, took: Duration::ZERO }
            })
        }
    }

    impl Network for Noting {
        fn resolve<'a>(&'a self, name: &'a str) -> Asking<'a, Vec<IpAddr>> {
            self.note(format!("resolve {name}"))
        }

        fn ask<'a>(&'a self, question: &'a Question) -> Asking<'a, Records> {
            self.note(format!("ask {} {:?}", question.name, question.kind))
        }

        fn connect<'a>(&'a self, way: &'a Way) -> Asking<'a, Connected> {
            self.note(format!("connect {}", way.endpoint))
        }

        fn handshake<'a>(&'a self, way: &'a Way) -> Asking<'a, Handshake> {
            self.note(format!("handshake {}", way.endpoint))
        }

        fn fetch<'a>(&'a self, request: &'a Request) -> Asking<'a, Response> {
            self.note(format!("fetch {}", request.path))
        }
    }

    async fn everything(memo: &Memo<Noting>, host: &str) {
        let way = Way::direct(&Endpoint::new(host, 443), [192, 0, 2, 1].into());
        let server = ([192, 0, 2, 53], 53).into();
        let question = Question { server, name: host.to_owned(), kind: RecordKind::A };
        let request = Request::get(way.clone(), format!("/{host}"));
        let ended = tokio::join!(
            memo.resolve(host),
            memo.ask(&question),
            memo.connect(&way),
            memo.handshake(&way),
            memo.fetch(&request)
        );
        assert!(ended.0.result.is_err() && ended.4.result.is_err());
    }

    #[tokio::test]
    async fn whoever_asks_and_when_each_question_is_asked_once_also_where_it_failed() {
        let memo = Memo::new(Noting::default());
        tokio::join!(everything(&memo, "a"), everything(&memo, "a"), everything(&memo, "b"));
        everything(&memo, "a").await;

        let mut asked = memo.inner.0.lock().unwrap().clone();
        asked.sort_unstable();
        let of = |host: &str| {
            ["ask {} A", "connect {}:443", "fetch /{}", "handshake {}:443", "resolve {}"]
                .map(|question| question.replace("{}", host))
        };
        let mut once = [of("a"), of("b")].concat();
        once.sort_unstable();
        assert_eq!(asked, once);
    }
}
