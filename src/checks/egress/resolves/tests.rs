use super::*;
use crate::check::Status;
use crate::checks::fixture::{Held, Site, ask, codes, held};
use crate::net::RecordKind::{A, Aaaa};
use crate::net::fake::Fake;
use crate::net::{Phase, Records};

fn judge(host: &str, lookup: &Lookup, again: Option<Duration>, cx: &Context) -> Held {
    held(&SPEC, super::judge(host, lookup, again, cx))
}

const RESOLVER: &str = "10.20.0.53:53";
const API: &str = "api.workos.com";

async fn run(network: Fake) -> Held {
    let site = Site::of(network);
    ask(&SPEC, &Resolves(Endpoint::new(API, 443)), &site.context()).await
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
    let outcome = ask(&SPEC, &Resolves(Endpoint::new(API, 443)), &site.context()).await;

    assert_eq!(codes(&outcome), ["one-resolver-dead"]);
    assert!(outcome.findings[0].problem.contains("10.20.0.54"));
}

#[tokio::test]
async fn behind_a_proxy_a_local_failure_is_evidence_only() {
    let network =
        Fake::default().resolves(API, Err(ErrorKind::NotResolved)).serves(RESOLVER, API, Err(ErrorKind::NoSuchName));
    let site = Site::of(network).with("network.proxy", "http://proxy.example:3128");
    let outcome = ask(&SPEC, &Resolves(Endpoint::new(API, 443)), &site.context()).await;

    assert_eq!(outcome.status(), Status::Pass);
    assert!(outcome.evidence.iter().any(|seen| seen.value.contains("NXDOMAIN")));
}

/// A server behind the usual one.
const SECOND: &str = "10.20.0.54:53";

async fn run_with_second(network: Fake) -> Held {
    let mut site = Site::of(network);
    site.host.resolvers.push(SECOND.parse().unwrap());
    ask(&SPEC, &Resolves(Endpoint::new(API, 443)), &site.context()).await
}

fn words(outcome: &Held) -> String {
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
    let outcome = ask(&SPEC, &Resolves(Endpoint::new(API, 443)), &site.context()).await;

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

async fn on_a_host_with(address: &str, network: Fake) -> Held {
    let mut site = Site::of(network);
    site.host.addresses.push(address.parse().unwrap());
    ask(&SPEC, &Resolves(Endpoint::new(API, 443)), &site.context()).await
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
    let searching = ask(&SPEC, &Resolves(Endpoint::new(API, 443)), &searching.context()).await;
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
    let impatient = ask(&SPEC, &Resolves(Endpoint::new(API, 443)), &site.context()).await;
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

fn not_resolved(first: Result<&[&str], ErrorKind>, second: Result<&[&str], ErrorKind>) -> Fake {
    Fake::default().resolves(API, Err(ErrorKind::NotResolved)).serves(RESOLVER, API, first).serves(SECOND, API, second)
}

#[tokio::test]
async fn where_servers_are_asked_in_turn_a_later_one_that_denies_the_name_is_the_cause() {
    let network = || not_resolved(Ok(&["104.18.2.1"]), Err(ErrorKind::NoSuchName));
    let mut site = Site::of(network());
    site.host.resolvers.push(SECOND.parse().unwrap());
    site.host.resolver_file.rotates = true;
    let in_turn = ask(&SPEC, &Resolves(Endpoint::new(API, 443)), &site.context()).await;

    assert_eq!(codes(&in_turn), ["nxdomain"]);
    assert!(
        words(&in_turn).contains("in turn") && words(&in_turn).contains("take 10.20.0.54:53 out"),
        "{}",
        words(&in_turn)
    );
    assert_eq!(codes(&run_with_second(network()).await), ["not-resolved"]);
}

#[tokio::test]
async fn a_switch_that_asks_dns_already_is_not_the_cause_and_edns_can_be() {
    let mut site = Site::of(not_resolved(Ok(&["104.18.2.1"]), Err(ErrorKind::NoData)));
    site.host.resolver_file.edns = true;
    let edns = ask(&SPEC, &Resolves(Endpoint::new(API, 443)), &site.context()).await;
    let plain = run(not_resolved(Ok(&["104.18.2.1"]), Err(ErrorKind::NoData))).await;

    assert!(words(&edns).contains("options edns0"), "{}", words(&edns));
    assert!(!words(&plain).contains("Put `dns`") && !words(&plain).contains("edns0"), "{}", words(&plain));
    for (services, asked) in [
        ("files dns", true),
        ("files mdns4_minimal [NOTFOUND=return] dns myhostname", true),
        ("dns", true),
        ("files [NOTFOUND=return] dns", false),
        ("files resolve [!UNAVAIL=return] dns", false),
        ("files mdns4", false),
    ] {
        assert_eq!(words::asks_dns(services), asked, "{services}");
    }
}

#[tokio::test]
async fn one_family_that_is_never_answered_is_no_server_that_is_silent() {
    let silent = || Err(ErrorKind::TimedOut(Phase::Lookup));
    for other in [ErrorKind::NoData, ErrorKind::NoSuchName, ErrorKind::ServFail] {
        let network = Fake::default()
            .resolves(API, Err(ErrorKind::NotResolved))
            .answers(RESOLVER, API, A, silent())
            .answers(RESOLVER, API, Aaaa, Err(other.clone()));
        let said = words(&run(network).await);
        if other == ErrorKind::NoData {
            assert!(said.contains("A questions for api.workos.com") && !said.contains("Allow UDP"), "{said}");
        } else {
            assert!(!said.contains("no answer from"), "{said}");
        }
    }
}

#[tokio::test]
async fn an_alias_that_leads_nowhere_or_in_a_circle_is_named() {
    for (alias, wanted) in [("x.cdn.example", "on to x.cdn.example"), (API, "in a circle")] {
        let cx = Site::of(Fake::default()).context();
        let none = |kind| Asked {
            server: RESOLVER.parse().unwrap(),
            kind,
            answer: crate::net::Attempted {
                result: Err(crate::net::NetError {
                    aliases: vec![alias.to_owned()],
                    ..crate::net::fake::error(ErrorKind::NoData)
                }),
                attempts: 1,
                took: Duration::ZERO,
            },
        };
        let system = crate::net::Attempted {
            result: Err(crate::net::fake::error(ErrorKind::NotResolved)),
            attempts: 1,
            took: Duration::ZERO,
        };
        let outcome = judge(API, &Lookup { system: Some(system), servers: vec![none(A), none(Aaaa)] }, None, &cx);

        assert_eq!(codes(&outcome), ["nodata"]);
        assert!(words(&outcome).contains(wanted), "{}", words(&outcome));
    }
}

#[tokio::test]
async fn a_closed_first_server_is_not_called_the_last_one() {
    let network = Fake::default()
        .resolves(API, Ok(&["104.18.2.1"]))
        .serves(RESOLVER, API, Err(ErrorKind::Refused))
        .serves(SECOND, API, Ok(&["104.18.2.1"]));
    let outcome = run_with_second(network).await;

    assert_eq!(codes(&outcome), ["one-resolver-dead"]);
    assert!(words(&outcome).contains("asked first: port 53 is closed"), "{}", words(&outcome));
}

#[tokio::test]
async fn a_file_that_names_no_server_that_can_be_read_is_named_with_its_line() {
    let mut site = Site::of(Fake::default().resolves(API, Err(ErrorKind::NotResolved)));
    site.host.resolvers.clear();
    site.host.resolver_file.passed_over = vec![(3, crate::host::Oddity::NoAddress)];
    let outcome = ask(&SPEC, &Resolves(Endpoint::new(API, 443)), &site.context()).await;

    assert_eq!(codes(&outcome), ["not-resolved"]);
    assert!(words(&outcome).contains("line 3"), "{}", words(&outcome));
}

#[tokio::test]
async fn a_lookup_that_fails_is_not_said_to_take_so_long() {
    let said = words(&run(half_answered(5).resolves(API, Err(ErrorKind::NotResolved))).await);

    assert!(said.contains("fails after 5 s") && !said.contains("Node"), "{said}");
}
