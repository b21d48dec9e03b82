use std::sync::Arc;

use super::*;
use crate::context::bounds::journal::{Journal, Journaled};
use crate::endpoint::Endpoint;
use crate::net::fake::{Fake, response};
use crate::net::{
    Asking, Attempted, Connected, Handshake, Layered, Method, Network, Question, RecordKind, Records, Response,
};
use crate::settings::{Proxy, Scheme};

const LONG_ENOUGH: Duration = Duration::from_millis(30);

fn api() -> Endpoint {
    Endpoint::new("api.workos.com", 443)
}

fn way(last: u8) -> Way {
    Way::direct(&api(), [104, 18, last, 1].into())
}

fn question(kind: RecordKind) -> Question {
    Question { server: "10.20.0.53:53".parse().unwrap(), name: "api.workos.com".to_owned(), kind }
}

/// What is known when it has gone on for a while, without the times: they are of no use to a test.
async fn learnt(network: impl Network + 'static, ask: impl AsyncFnOnce(&dyn Network, &Journal)) -> Vec<String> {
    let Layered { network, underway, .. } = Layered::over(network, 1);
    let journal = Arc::new(Journal::new(underway));
    let journaled = Journaled::new(network, Arc::clone(&journal));
    // It goes on while it is looked at.
    let mut asking = std::pin::pin!(ask(&journaled, &journal));
    let _ = tokio::time::timeout(LONG_ENOUGH, &mut asking).await;
    in_lines(&journal)
}

fn in_lines(journal: &Journal) -> Vec<String> {
    journal.learnt().iter().map(|seen| format!("{}: {}", seen.what, without_times(&seen.value))).collect()
}

fn without_times(value: &str) -> String {
    let units = ["ms", "s", "s,"];
    let words: Vec<&str> = value.split(' ').collect();
    let timed = |at: usize| units.iter().any(|unit| words.get(at) == Some(unit));
    let kept = (0..words.len()).filter(|at| !timed(*at) && !timed(at + 1));
    kept.map(|at| words[at]).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn addresses_that_are_silent_alike_are_told_together_and_apart_from_those_that_answered() {
    let network = Fake::default()
        .hangs("104.18.2.1:443")
        .hangs("104.18.3.1:443")
        .connects("104.18.4.1:443", Err(ErrorKind::Refused))
        .connects("104.18.5.1:443", Ok(()));
    let learnt = learnt(network, async |network, _| {
        let ways = [2, 3, 4, 5].map(way);
        futures_util::future::join_all(ways.iter().map(|way| network.connect(way))).await;
    })
    .await;

    assert_eq!(
        learnt,
        [
            "unanswered: 104.18.2.1:443, 104.18.3.1:443: silent for",
            "failed: 104.18.4.1:443: as the test decided",
            "connected: 104.18.5.1:443",
        ]
    );
}

#[tokio::test]
async fn a_handshake_and_a_request_that_hang_are_named_and_a_query_is_not_shown() {
    let network = Fake::default().hangs("api.workos.com").hangs("https://api.workos.com/hook?token=planted");
    let learnt = learnt(network, async |network, _| {
        let (way, request) = (way(2), Request::get(way(2), "/hook?token=planted"));
        tokio::join!(network.handshake(&way), network.fetch(&request));
    })
    .await;

    assert_eq!(
        learnt,
        ["unanswered: handshake with api.workos.com:443 at 104.18.2.1, \
             GET https://api.workos.com/hook?… at 104.18.2.1: no answer for"]
    );
}

#[tokio::test]
async fn an_answer_is_told_with_its_status_each_once() {
    let network =
        Fake::default().fetches(Method::Get, "https://api.workos.com/a", Ok(response(401, &[], ""))).hangs("name");
    let learnt = learnt(network, async |network, _| {
        for _ in 0..3 {
            network.fetch(&Request::get(way(2), "/a")).await;
        }
        network.resolve("name").await;
    })
    .await;

    assert_eq!(
        learnt,
        [
            "unanswered: name by the system's own resolution: no answer for",
            "answered: GET https://api.workos.com/a at 104.18.2.1: 401"
        ]
    );
}

#[tokio::test]
async fn who_asked_to_be_asked_later_is_not_called_silent() {
    let busy = response(429, &[("retry-after", "9")], "");
    let network = Fake::default().fetches(Method::Get, "https://api.workos.com/a", Ok(busy));
    let learnt = learnt(network, async |network, _| drop(network.fetch(&Request::get(way(2), "/a")).await)).await;

    assert_eq!(
        learnt,
        ["unanswered: GET https://api.workos.com/a at 104.18.2.1: it is waited before it is asked again"]
    );
}

#[tokio::test]
async fn a_lookup_is_told_by_its_questions_while_it_lasts_and_by_its_addresses_afterwards() {
    let servers = |network: Fake| network.serves("10.20.0.53:53", "api.workos.com", Ok(&["104.18.2.1"]));
    let ask = async |network: &dyn Network| {
        let questions = [RecordKind::A, RecordKind::Aaaa].map(question);
        futures_util::future::join_all(questions.iter().map(|question| network.ask(question))).await;
    };
    let silent = learnt(servers(Fake::default()).hangs("10.20.0.53:53"), async |network, journal| {
        let _lookup = journal.looks_up("api.workos.com");
        ask(network).await;
    })
    .await;
    let half = learnt(servers(Fake::default()).hangs("api.workos.com"), async |network, journal| {
        let _lookup = journal.looks_up("api.workos.com");
        tokio::join!(ask(network), network.resolve("api.workos.com"));
    })
    .await;
    let through = learnt(servers(Fake::api()).hangs("104.18.2.1:443"), async |network, journal| {
        let lookup = journal.looks_up("api.workos.com");
        ask(network).await;
        let system = network.resolve("api.workos.com").await;
        lookup.gave(&crate::context::Lookup { system: Some(system), servers: Vec::new() });
    })
    .await;
    // Another check asks, and this one waits with it.
    let elsewhere = learnt(Fake::default(), async |_, journal| {
        let _lookup = journal.looks_up("api.workos.com");
        std::future::pending::<()>().await;
    })
    .await;

    assert_eq!(silent, ["unanswered: api.workos.com at 10.20.0.53:53: no answer for"]);
    assert_eq!(
        half,
        [
            "unanswered: api.workos.com by the system's own resolution: no answer for",
            "found: api.workos.com at 10.20.0.53:53 → 104.18.2.1",
        ]
    );
    assert_eq!(through, ["found: api.workos.com → 104.18.2.1"]);
    assert_eq!(elsewhere, ["unanswered: api.workos.com: no answer for"]);
}

#[tokio::test]
async fn what_was_given_up_is_not_told() {
    let learnt = learnt(Fake::default().hangs("api.workos.com"), async |network, _| {
        let hangs = network.resolve("api.workos.com");
        assert!(tokio::time::timeout(Duration::from_millis(1), hangs).await.is_err());
    })
    .await;

    assert_eq!(learnt, [""; 0]);
}

/// Times out once, and then hangs.
#[derive(Default)]
struct Hopeless(std::sync::atomic::AtomicBool);

impl Network for Hopeless {
    fn resolve<'a>(&'a self, _: &'a str) -> Asking<'a, Vec<std::net::IpAddr>> {
        Box::pin(std::future::pending())
    }

    fn ask<'a>(&'a self, _: &'a Question) -> Asking<'a, Records> {
        Box::pin(std::future::pending())
    }

    fn connect<'a>(&'a self, _: &'a Way) -> Asking<'a, Connected> {
        if self.0.swap(true, std::sync::atomic::Ordering::Relaxed) {
            return Box::pin(std::future::pending());
        }
        let result = Err(NetError::timed_out(Phase::Connect, Duration::from_secs(5)));
        Box::pin(std::future::ready(Attempted { result, attempts: 1, took: Duration::from_secs(5) }))
    }

    fn handshake<'a>(&'a self, _: &'a Way) -> Asking<'a, Handshake> {
        Box::pin(std::future::pending())
    }

    fn fetch<'a>(&'a self, _: &'a Request) -> Asking<'a, Response> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn a_second_attempt_says_how_the_first_one_ended() {
    let learnt = learnt(Hopeless::default(), async |network, _| drop(network.connect(&way(2)).await)).await;

    assert_eq!(learnt, ["unanswered: 104.18.2.1:443: no answer within and silent for"]);
}

#[test]
fn behind_a_proxy_it_is_told_which_of_its_steps_is_waited_for() {
    let endpoint = Endpoint::new("proxy.example", 3128);
    let proxy = Proxy { scheme: Scheme::Http, endpoint, credentials: None };
    let through = Through::Proxy { proxy, address: [10, 0, 0, 9].into(), target: None };
    let way = Way { endpoint: api(), through };
    let request = Request::get(way.clone(), "/");
    let at = |phase| {
        let (what, lacks) = waiting(&way, phase, Some(&request));
        format!("{what}: {lacks}")
    };

    assert_eq!(at(Phase::Connect), "the proxy 10.0.0.9:3128: silent");
    assert_eq!(at(Phase::ProxyHandshake), "handshake with the proxy 10.0.0.9:3128: no answer");
    assert_eq!(at(Phase::Tunnel), "the proxy 10.0.0.9:3128, asked for a way to api.workos.com:443: no answer");
    assert_eq!(at(Phase::Handshake), "handshake with api.workos.com:443 through the proxy 10.0.0.9:3128: no answer");
    assert_eq!(at(Phase::Answer), "GET https://api.workos.com/ through the proxy 10.0.0.9:3128: no answer");
}
