//! Repeats an attempt after a transient failure. The number of attempts is part of the answer.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

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
        // The C library repeats its questions itself, and how long that takes is part of the answer.
        self.inner.resolve(name)
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
        Box::pin(async move {
            let first = self.repeat(|inner| inner.fetch(request)).await;
            let Some(wait) = first.result.as_ref().ok().and_then(wait_asked_for) else { return first };
            tokio::time::sleep(wait).await;
            let second = self.repeat(|inner| inner.fetch(request)).await;
            Attempted { attempts: first.attempts + second.attempts, ..second }
        })
    }
}

/// The longest wait that a rate limit may ask for; past it, the limit itself is the answer.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// What a 429 asks us to wait, in seconds or up to a date.
fn wait_asked_for(response: &Response) -> Option<Duration> {
    let value = response.header("retry-after").filter(|_| response.status == 429)?.trim();
    let wait = match value.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => httpdate::parse_http_date(value).ok()?.duration_since(SystemTime::now()).unwrap_or_default(),
    };
    (wait <= LONGEST_WAIT).then_some(wait)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::Endpoint;
    use crate::net::fake::{Fake, response};
    use crate::net::{ErrorKind, Method};

    fn request() -> Request {
        Request::get(Way::direct(&Endpoint::new("a.example", 443), [192, 0, 2, 1].into()), "/")
    }

    async fn attempts(result: Result<Response, ErrorKind>) -> u32 {
        let network = Retrying::new(Fake::default().fetches(Method::Get, "https://a.example/", result), 2);
        network.fetch(&request()).await.attempts
    }

    #[tokio::test]
    async fn only_transient_failures_are_repeated() {
        assert_eq!(attempts(Err(ErrorKind::Reset)).await, 3);
        assert_eq!(attempts(Err(ErrorKind::Refused)).await, 1);
        assert_eq!(attempts(Ok(response(500, &[], ""))).await, 1);
    }

    #[tokio::test]
    async fn a_rate_limit_is_waited_for_once_when_it_asks_for_little() {
        assert_eq!(attempts(Ok(response(429, &[("retry-after", "0")], ""))).await, 2);
        assert_eq!(attempts(Ok(response(429, &[("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT")], ""))).await, 2);
        assert_eq!(attempts(Ok(response(429, &[("retry-after", "3600")], ""))).await, 1);
        assert_eq!(attempts(Ok(response(429, &[("retry-after", "soon")], ""))).await, 1);
    }
}
