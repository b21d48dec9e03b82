use super::*;
use crate::check::Status;
use crate::checks::fixture::{Site, codes};
use crate::net::RecordKind::{A, Aaaa};
use crate::net::fake::Fake;
use crate::net::{Phase, Records};

const RESOLVER: &str = "10.20.0.53:53";
const API: &str = "api.workos.com";

async fn run(network: Fake) -> Outcome {
    let site = Site::of(network);
    Resolves(Endpoint::new(API, 443)).run(&site.context()).await
}

#[tokio::test]
async fn a_name_that_resolves_passes_with_its_addresses() {
    let outcome =
        run(Fake::default().resolves(API, Ok(&["104.18.2.1"])).serves(RESOLVER, API, Ok(&["104.18.2.1"]))).await;

    assert_eq!(outcome.status(), Status::Pass);
    assert_eq!(outcome.evidence[0].value, "104.18.2.1");
}

#[tokio::test]
async fn each_way_of_not_resolving_has_its_own_code() {
    for (kind, code) in [
        (ErrorKind::NoSuchName, "nxdomain"),
        (ErrorKind::NoData, "nodata"),
        (ErrorKind::ServFail, "servfail"),
        (ErrorKind::DnsRefused, "refused"),
        (ErrorKind::DnsCode(1), "strange-code"),
        (ErrorKind::DnsCode(4), "strange-code"),
        (ErrorKind::CutShort(Box::new(ErrorKind::TimedOut(Phase::Connect))), "cut-short"),
        (ErrorKind::OverTcpOnly(Box::new(ErrorKind::NoSuchName)), "tcp-only"),
        (ErrorKind::TimedOut(Phase::Lookup), "dns-timed-out"),
        (ErrorKind::Refused, "dns-unreachable"),
    ] {
        let network = Fake::default().resolves(API, Err(ErrorKind::NotResolved)).serves(RESOLVER, API, Err(kind));
        assert_eq!(codes(&run(network).await), [code]);
    }
}

#[tokio::test]
async fn a_file_without_an_end_is_the_cause_whatever_the_servers_say() {
    for answer in [Ok(&["104.18.2.1"][..]), Err(ErrorKind::NoSuchName), Err(ErrorKind::Refused)] {
        let network =
            Fake::default().resolves(API, Err(ErrorKind::Endless("/etc/hosts"))).serves(RESOLVER, API, answer);
        let outcome = run(network).await;

        assert_eq!(codes(&outcome), ["not-resolved"]);
        let finding = &outcome.findings[0];
        assert!(finding.problem.contains("/etc/hosts") && finding.problem.contains("no end"), "{}", finding.problem);
    }
}

#[tokio::test]
async fn a_hosts_file_entry_is_enough_for_applications_and_so_for_us() {
    let outcome =
        run(Fake::default().resolves(API, Ok(&["104.18.2.1"])).serves(RESOLVER, API, Err(ErrorKind::NoSuchName))).await;

    assert_eq!(outcome.status(), Status::Pass);
}

#[tokio::test]
async fn a_system_that_ignores_dns_is_told_from_dns_that_fails() {
    let outcome =
        run(Fake::default().resolves(API, Err(ErrorKind::NotResolved)).serves(RESOLVER, API, Ok(&["104.18.2.1"])))
            .await;

    assert_eq!(codes(&outcome), ["not-resolved"]);
}

#[tokio::test]
async fn udp_that_is_dropped_fails_though_tcp_answers() {
    let tcp = Records { addresses: vec!["104.18.2.1".parse().unwrap()], over_tcp_only: true, ..Records::default() };
    let network = Fake::default()
        .resolves(API, Err(ErrorKind::TimedOut(Phase::Lookup)))
        .answers(RESOLVER, API, A, Ok(tcp))
        .answers(RESOLVER, API, Aaaa, Err(ErrorKind::NoData));

    assert_eq!(codes(&run(network).await), ["tcp-only"]);
}

#[tokio::test]
async fn one_dead_resolver_of_two_warns_and_names_it() {
    let network = Fake::default().resolves(API, Ok(&["104.18.2.1"])).serves(RESOLVER, API, Ok(&["104.18.2.1"])).serves(
        "10.20.0.54:53",
        API,
        Err(ErrorKind::TimedOut(Phase::Lookup)),
    );
    let mut site = Site::of(network);
    site.host.resolvers.push("10.20.0.54:53".parse().unwrap());
    let outcome = Resolves(Endpoint::new(API, 443)).run(&site.context()).await;

    assert_eq!(codes(&outcome), ["one-resolver-dead"]);
    assert!(outcome.findings[0].problem.contains("10.20.0.54"));
}

#[tokio::test]
async fn behind_a_proxy_a_local_failure_is_evidence_only() {
    let network =
        Fake::default().resolves(API, Err(ErrorKind::NotResolved)).serves(RESOLVER, API, Err(ErrorKind::NoSuchName));
    let site = Site::of(network).with("network.proxy", "http://proxy.example:3128");
    let outcome = Resolves(Endpoint::new(API, 443)).run(&site.context()).await;

    assert_eq!(outcome.status(), Status::Pass);
    assert!(outcome.evidence.iter().any(|seen| seen.value.contains("NXDOMAIN")));
}

/// A server behind the usual one.
const SECOND: &str = "10.20.0.54:53";

async fn run_with_second(network: Fake) -> Outcome {
    let mut site = Site::of(network);
    site.host.resolvers.push(SECOND.parse().unwrap());
    Resolves(Endpoint::new(API, 443)).run(&site.context()).await
}

fn words(outcome: &Outcome) -> String {
    let finding = &outcome.findings[0];
    let remedies: Vec<&str> = finding.remediations.iter().map(|one| one.action.as_str()).collect();
    format!("{} {}", finding.problem, remedies.join(" "))
}

#[tokio::test]
async fn a_code_that_is_no_answer_is_named_and_is_not_called_a_refusal() {
    for (code, name) in [(1, "FORMERR"), (4, "NOTIMP"), (9, "NOTAUTH"), (23, "response code 23")] {
        let network = Fake::default().resolves(API, Err(ErrorKind::NotResolved)).serves(
            RESOLVER,
            API,
            Err(ErrorKind::DnsCode(code)),
        );
        let said = words(&run(network).await);

        assert!(said.contains(name) && !said.contains("REFUSED"), "{said}");
    }
}

#[tokio::test]
async fn the_first_server_that_denies_the_name_is_the_cause_whatever_the_next_one_says() {
    let network = Fake::default()
        .resolves(API, Err(ErrorKind::NotResolved))
        .serves(RESOLVER, API, Err(ErrorKind::NoSuchName))
        .serves(SECOND, API, Ok(&["104.18.2.1"]));
    let outcome = run_with_second(network).await;

    assert_eq!(codes(&outcome), ["nxdomain"]);
    assert!(words(&outcome).contains("put 10.20.0.54:53 first"));
}

#[tokio::test]
async fn lines_that_the_c_library_passes_over_are_the_cause_where_the_servers_know_the_name() {
    let network = Fake::default().resolves(API, Err(ErrorKind::NotResolved)).serves(RESOLVER, API, Ok(&["104.18.2.1"]));
    let mut site = Site::of(network);
    site.host.resolver_file.passed_over = vec![(1, crate::host::Oddity::WindowsLineEnd)];
    let outcome = Resolves(Endpoint::new(API, 443)).run(&site.context()).await;

    assert_eq!(codes(&outcome), ["passed-over"]);
    assert!(words(&outcome).contains("CR LF"));
}

/// A name that the system has after so many seconds, while the server leaves AAAA questions unanswered.
fn half_answered(seconds: u64) -> Fake {
    Fake::default()
        .resolves(API, Ok(&["104.18.2.1"]))
        .serves(RESOLVER, API, Ok(&["104.18.2.1"]))
        .answers(RESOLVER, API, Aaaa, Err(ErrorKind::TimedOut(Phase::Lookup)))
        .resolving_takes(std::time::Duration::from_secs(seconds))
}

async fn on_a_host_with(address: &str, network: Fake) -> Outcome {
    let mut site = Site::of(network);
    site.host.addresses.push(address.parse().unwrap());
    Resolves(Endpoint::new(API, 443)).run(&site.context()).await
}

#[tokio::test]
async fn the_wait_for_aaaa_warns_and_fails_where_applications_have_given_up() {
    let (v4, v6) = ("10.20.0.11", "2001:db8::10");

    assert_eq!(on_a_host_with(v6, half_answered(0)).await.status(), Status::Pass);
    assert_eq!(codes(&on_a_host_with(v6, half_answered(3)).await), ["slow"]);
    assert_eq!(codes(&on_a_host_with(v6, half_answered(15)).await), ["too-slow"]);
    // Node asks for no IPv6 addresses where the host has none, and the others wait longer.
    assert_eq!(codes(&on_a_host_with(v4, half_answered(15)).await), ["slow"]);
    assert_eq!(codes(&on_a_host_with(v4, half_answered(26)).await), ["too-slow"]);
    let said = words(&on_a_host_with(v6, half_answered(15)).await);
    assert!(said.contains("15 s") && said.contains("AAAA questions to 10.20.0.53:53"), "{said}");
}

#[tokio::test]
async fn a_slow_lookup_that_is_quick_when_repeated_is_a_lost_packet_or_a_busy_machine() {
    let seconds = std::time::Duration::from_secs;
    let quick = std::time::Duration::from_millis(20);
    for (first, again, expected) in [
        (seconds(10), quick, vec!["slow"]),
        (seconds(30), quick, vec!["slow"]),
        (seconds(2), quick, vec![]),
        (seconds(10), seconds(5), vec!["slow"]),
        (seconds(10), seconds(10), vec!["too-slow"]),
    ] {
        let site = Site::of(Fake::default());
        let cx = site.context();
        let resolved =
            |took| crate::net::Attempted { result: Ok(vec!["104.18.2.1".parse().unwrap()]), attempts: 1, took };
        let records = Records { addresses: vec!["104.18.2.1".parse().unwrap()], ..Records::default() };
        let asked = Asked {
            server: RESOLVER.parse().unwrap(),
            kind: A,
            answer: crate::net::Attempted { result: Ok(records), attempts: 1, took: quick },
        };
        let lookup = Lookup { system: Some(resolved(first)), servers: vec![asked] };

        assert_eq!(codes(&judge(API, &lookup, Some(again), &cx)), expected, "{first:?} and {again:?}");
    }
}

#[tokio::test]
async fn a_lookup_that_fails_after_a_wait_fails_unless_another_one_succeeds() {
    let failing = || {
        Fake::default()
            .resolves(API, Err(ErrorKind::NotResolved))
            .serves(RESOLVER, API, Ok(&["104.18.2.1"]))
            .resolving_takes(std::time::Duration::from_secs(10))
    };
    let cx = Site::of(failing()).context();
    let lookup = cx.lookup(API).await;

    assert_eq!(codes(&run(failing()).await), ["not-resolved"]);
    let outcome = judge(API, &lookup, Some(std::time::Duration::from_millis(20)), &cx);
    assert_eq!((codes(&outcome), outcome.status()), (vec!["slow"], Status::Warn));
}

#[tokio::test]
async fn a_lookup_that_fails_of_half_an_answer_is_not_laid_to_the_name_service_switch() {
    let network = half_answered(5).resolves(API, Err(ErrorKind::NotResolved));

    assert_eq!(codes(&run(network).await), ["too-slow"]);
}

#[tokio::test]
async fn the_cause_of_a_slow_lookup_is_named() {
    let slow = |network: Fake| network.resolving_takes(std::time::Duration::from_secs(6));
    let answered = || Fake::default().resolves(API, Ok(&["104.18.2.1"])).serves(RESOLVER, API, Ok(&["104.18.2.1"]));
    let mut searching = Site::of(slow(answered()));
    searching.host.resolver_file.ndots = 5;
    let searching = Resolves(Endpoint::new(API, 443)).run(&searching.context()).await;
    let unclear = run(slow(answered())).await;

    assert_eq!((codes(&searching), codes(&unclear)), (vec!["slow"], vec!["slow"]));
    assert!(words(&searching).contains("ndots:5"));
    assert!(words(&unclear).contains("nsswitch.conf"));
}

#[tokio::test]
async fn what_the_resolver_file_says_already_is_not_advised() {
    let mut site = Site::of(half_answered(3));
    site.host.resolver_file.timeout = 1;
    site.host.resolver_file.attempts = 1;
    let impatient = Resolves(Endpoint::new(API, 443)).run(&site.context()).await;
    let patient = run(half_answered(3)).await;

    assert!(words(&patient).contains("timeout:1") && words(&patient).contains("no-aaaa"));
    assert!(!words(&impatient).contains("timeout:1") && words(&impatient).contains("no-aaaa"));
}

#[tokio::test]
async fn a_dead_server_is_waited_for_where_it_is_asked_first() {
    let silent = ErrorKind::TimedOut(Phase::Lookup);
    let first = |seconds| {
        Fake::default()
            .resolves(API, Ok(&["104.18.2.1"]))
            .serves(RESOLVER, API, Err(silent.clone()))
            .serves(SECOND, API, Ok(&["104.18.2.1"]))
            .resolving_takes(std::time::Duration::from_secs(seconds))
    };
    let (some, long) = (run_with_second(first(5)).await, run_with_second(first(12)).await);
    let behind = run_with_second(
        Fake::default().resolves(API, Ok(&["104.18.2.1"])).serves(RESOLVER, API, Ok(&["104.18.2.1"])).serves(
            SECOND,
            API,
            Err(silent.clone()),
        ),
    )
    .await;

    assert_eq!((codes(&some), codes(&long)), (vec!["one-resolver-dead"], vec!["one-resolver-dead", "too-slow"]));
    assert!(words(&some).contains("took 5 s"));
    assert_eq!(codes(&behind), ["one-resolver-dead"]);
    assert!(words(&behind).contains("asked only where those before it stay silent"));
}
