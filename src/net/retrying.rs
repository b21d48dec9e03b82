//! Repeats an attempt after a transient failure. The number of attempts is part of the answer.

use std::net::IpAddr;

use super::{Asking, Attempted, Connected, Handshake, Network, Question, Records, Request, Response, Way};

/// A network whose transient failures are tried again.
pub struct Retrying<N> {
    inner: N,
    retries: u32,
}

impl<N: Network> Retrying<N> {
    /// Repeats at most `retries` times.
    pub fn new(inner: N, retries: u32) -> Self {
        Retrying { inner, retries }
    }

    async fn repeat<'a, T>(&'a self, attempt: impl Fn(&'a N) -> Asking<'a, T>) -> Attempted<T> {
        let mut attempts = 0;
        loop {
            let mut ended = attempt(&self.inner).await;
            attempts += 1;
            let again = ended.result.as_ref().err().is_some_and(super::NetError::is_transient);
            if !again || attempts > self.retries {
                ended.attempts = attempts;
                return ended;
            }
        }
    }
}

impl<N: Network> Network for Retrying<N> {
    fn resolve<'a>(&'a self, name: &'a str) -> Asking<'a, Vec<IpAddr>> {
        Box::pin(self.repeat(move |inner| inner.resolve(name)))
    }

    fn ask<'a>(&'a self, question: &'a Question) -> Asking<'a, Records> {
        Box::pin(self.repeat(move |inner| inner.ask(question)))
    }

    fn connect<'a>(&'a self, way: &'a Way) -> Asking<'a, Connected> {
        Box::pin(self.repeat(move |inner| inner.connect(way)))
    }

    fn handshake<'a>(&'a self, way: &'a Way) -> Asking<'a, Handshake> {
        Box::pin(self.repeat(move |inner| inner.handshake(way)))
    }

    fn fetch<'a>(&'a self, request: &'a Request) -> Asking<'a, Response> {
        Box::pin(self.repeat(move |inner| inner.fetch(request)))
    }
}
