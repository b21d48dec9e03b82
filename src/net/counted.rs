//! A network that counts what it is asked, for tests that want nothing to be asked.

use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Asking, Connected, Handshake, Network, Question, Records, Request, Response, Way};

/// Counts whatever it is asked, and asks `inner`.
pub struct Counted {
    inner: Box<dyn Network>,
    asked: AtomicUsize,
    fetched: AtomicUsize,
}

impl Counted {
    /// A network that has been asked nothing.
    pub fn new(inner: impl Network + 'static) -> Self {
        Counted { inner: Box::new(inner), asked: AtomicUsize::new(0), fetched: AtomicUsize::new(0) }
    }

    /// How often it was asked anything.
    pub fn count(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    /// How many requests it was to send.
    pub fn fetched(&self) -> usize {
        self.fetched.load(Ordering::Relaxed)
    }

    fn counting(&self) -> &dyn Network {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.inner.as_ref()
    }
}

impl Network for Counted {
    fn resolve<'a>(&'a self, name: &'a str) -> Asking<'a, Vec<IpAddr>> {
        Box::pin(async move { self.counting().resolve(name).await })
    }

    fn ask<'a>(&'a self, question: &'a Question) -> Asking<'a, Records> {
        Box::pin(async move { self.counting().ask(question).await })
    }

    fn connect<'a>(&'a self, way: &'a Way) -> Asking<'a, Connected> {
        Box::pin(async move { self.counting().connect(way).await })
    }

    fn handshake<'a>(&'a self, way: &'a Way) -> Asking<'a, Handshake> {
        Box::pin(async move { self.counting().handshake(way).await })
    }

    fn fetch<'a>(&'a self, request: &'a Request) -> Asking<'a, Response> {
        Box::pin(async move {
            self.fetched.fetch_add(1, Ordering::Relaxed);
            self.counting().fetch(request).await
        })
    }
}
