use super::*;
use crate::check::Status;
use crate::checks::fixture::{Held, Site, ask, codes};
use crate::context::IPV4_ONLY;
use crate::net::fake::Fake;
use crate::net::{Phase, RecordKind, Records};
use crate::settings::{Proxy, Setting, Source};

const API: &str = "api.workos.com";

fn network(addresses: &[&str]) -> Fake {
    Fake::default().resolves(API, Ok(addresses)).serves("10.20.0.53:53", API, Ok(addresses))
}

async fn run(network: Fake) -> Held {
    ask(&SPEC, &Connects(Endpoint::new(API, 443)), &Site::of(network).context()).await
}

#[tokio::test]
async fn an_address_that_the_hosts_file_holds_on_to_is_named_with_its_line() {
    for kind in [ErrorKind::TimedOut(Phase::Connect), ErrorKind::Refused, ErrorKind::Unreachable] {
        let mut site = Site::of(network(&["104.18.9.9"]).connects("104.18.9.9:443", Err(kind.clone())));
        site.host.hosts_lines = vec![crate::host::HostsLine { number: 3, address: "104.18.9.9".parse().unwrap() }];
        let outcome = ask(&SPEC, &Connects(Endpoint::new(API, 443)), &site.context()).await;

        let said = |one: &Remediation| one.action.contains("line 3 of /etc/hosts");
        assert!(outcome.findings[0].remediations.iter().any(said), "{kind:?}");
    }
}

#[tokio::test]
async fn a_connection_passes_and_proves_no_more_than_that_packets_came_back() {
    let outcome = run(network(&["104.18.2.1"]).connects("104.18.2.1:443", Ok(()))).await;

    assert_eq!((outcome.status(), outcome.grade), (Status::Pass, Grade::Reached));
}

#[tokio::test]
async fn each_way_of_failing_has_its_own_code() {
    for (kind, code) in [
        (ErrorKind::TimedOut(Phase::Connect), "timed-out"),
        (ErrorKind::Refused, "refused"),
        (ErrorKind::Reset, "reset"),
        (ErrorKind::Unreachable, "unreachable"),
        (ErrorKind::NoRoute, "unreachable"),
        (ErrorKind::Prohibited, "prohibited"),
        (ErrorKind::Other, "failed"),
    ] {
        assert_eq!(codes(&run(network(&["104.18.2.1"]).connects("104.18.2.1:443", Err(kind))).await), [code]);
    }
}

#[tokio::test]
async fn a_failure_without_a_name_is_left_to_the_words_of_the_system() {
    let outcome = run(network(&["104.18.2.1"]).connects("104.18.2.1:443", Err(ErrorKind::Other))).await;
    let (finding, remedy) = (&outcome.findings[0], outcome.findings[0].remediations.likeliest());

    assert!(finding.problem.contains("104.18.2.1") && finding.problem.contains("443"), "{}", finding.problem);
    assert!(outcome.evidence.iter().any(|seen| seen.value.contains("as the test decided")), "{outcome:?}");
    assert!(remedy.verify.as_ref().is_some_and(|command| command.to_string().contains("curl")), "{remedy:?}");
}

#[tokio::test]
async fn no_route_is_said_only_where_this_host_has_none() {
    let mut site = Site::of(network(&["104.18.2.1"]).connects("104.18.2.1:443", Err(ErrorKind::NoRoute)));
    site.host.routed = false;

    assert_eq!(codes(&ask(&SPEC, &Connects(Endpoint::new(API, 443)), &site.context()).await), ["no-route"]);
}

#[tokio::test]
async fn a_dropped_connection_names_host_port_source_and_ranges() {
    let outcome =
        run(network(&["104.18.2.1"]).connects("104.18.2.1:443", Err(ErrorKind::TimedOut(Phase::Connect)))).await;
    let remedy = outcome.findings[0].remediations.likeliest();

    for part in ["TCP 443", "10.20.0.10", "15 IPv4, 7 IPv6", "`workos-preflight requirements`", "api.workos.com"] {
        assert!(remedy.action.contains(part), "{part} is missing in: {}", remedy.action);
    }
    assert_eq!(remedy.who.as_str(), "network");
}

#[tokio::test]
async fn one_address_of_two_warns() {
    let network = network(&["104.18.2.1", "104.18.3.1"])
        .connects("104.18.2.1:443", Ok(()))
        .connects("104.18.3.1:443", Err(ErrorKind::TimedOut(Phase::Connect)));

    assert_eq!(codes(&run(network).await), ["some-addresses"]);
}

#[tokio::test]
async fn broken_ipv6_warns_beside_ipv4_and_fails_alone() {
    let both = network(&["104.18.2.1", "2606:4700::1"])
        .connects("104.18.2.1:443", Ok(()))
        .connects("[2606:4700::1]:443", Err(ErrorKind::Refused));
    let alone = network(&["2606:4700::1"]).connects("[2606:4700::1]:443", Err(ErrorKind::Refused));

    assert_eq!(codes(&run(both).await), ["ipv6-broken"]);
    assert_eq!(codes(&run(alone).await), ["refused"]);
}

/// Who has to do what, likeliest first, where the connection is dropped on this site.
async fn dropped(change: impl FnOnce(Site) -> Site, variables: &[(&'static str, &str)]) -> Vec<String> {
    let network = network(&["104.18.2.1"]).connects("104.18.2.1:443", Err(ErrorKind::TimedOut(Phase::Connect)));
    let mut cx = change(Site::of(network)).context();
    let read = |(name, value): &(&'static str, &str)| (*name, Proxy::parse(value));
    cx.variables.proxies = variables.iter().map(read).collect();
    let outcome = ask(&SPEC, &Connects(Endpoint::new(API, 443)), &cx).await;
    assert_eq!(codes(&outcome), ["timed-out"]);
    let remedies = outcome.findings[0].remediations.iter();
    remedies.map(|remedy| format!("{}: {}", remedy.who.as_str(), remedy.action)).collect()
}

#[tokio::test]
async fn without_any_proxy_the_network_opens_or_the_installer_names_the_proxy() {
    let remedies = dropped(|site| site, &[]).await;

    assert!(remedies[0].starts_with("network: Allow outbound TCP 443"), "{remedies:?}");
    assert!(remedies[1].starts_with("installer: If this site goes out through a proxy"), "{remedies:?}");
    assert_eq!(remedies.len(), 2);
}

#[tokio::test]
async fn what_takes_requests_past_a_proxy_comes_before_any_opened_port() {
    let system = |mut site: Site| {
        site.host.system_proxies = vec![("/etc/environment".to_owned(), "https_proxy=http://a:1".to_owned())];
        site
    };
    let exempt = |site: Site| site.with("network.proxy", "http://a:1").with("network.no_proxy", "workos.com");
    let remedies = [
        (dropped(exempt, &[("HTTPS_PROXY", "http://a:1")]).await, "out of NO_PROXY"),
        (dropped(|site| site, &[("HTTP_PROXY", "http://a:1")]).await, "Set HTTPS_PROXY to http://a:1"),
        (dropped(|site| site.with("network.direct", "true"), &[("https_proxy", "http://a:1")]).await, "--direct"),
        (dropped(system, &[]).await, "/etc/environment"),
    ];

    for (remedies, words) in remedies {
        assert!(remedies[0].starts_with("installer: ") && remedies[0].contains(words), "{words}: {remedies:?}");
        assert!(remedies[1].starts_with("network: Allow outbound") && remedies.len() == 2, "{remedies:?}");
    }
}

#[tokio::test]
async fn a_proxy_that_cannot_be_read_is_mended_before_any_port_is_opened() {
    let network = network(&["104.18.2.1"]).connects("104.18.2.1:443", Err(ErrorKind::Refused));
    let mut cx = Site::of(network).context();
    let value = Proxy::parse("http://a:31z8").unwrap_err();
    std::sync::Arc::make_mut(&mut cx.settings).misread_proxy =
        Some(Setting { value, source: Source::Environment("HTTPS_PROXY") });
    let outcome = ask(&SPEC, &Connects(Endpoint::new(API, 443)), &cx).await;
    let first = outcome.findings[0].remediations.likeliest();

    assert!(first.who.as_str() == "installer" && first.action.contains("31z8"), "{first:?}");
}

#[tokio::test]
async fn for_an_address_outside_the_ranges_the_ranges_are_not_what_to_open() {
    for address in ["93.184.215.14", "198.18.0.7"] {
        let place = format!("{address}:443");
        let outcome = run(network(&[address]).connects(&place, Err(ErrorKind::Unreachable))).await;
        let actions: Vec<&str> = outcome.findings[0].remediations.iter().map(|remedy| remedy.action.as_str()).collect();

        assert!(actions[0].contains(address) && actions[0].contains("outside the ranges"), "{actions:?}");
        assert!(actions.iter().all(|action| !action.contains("104.16.0.0/13")), "{actions:?}");
    }
}

#[tokio::test]
async fn an_address_that_stands_for_a_published_one_is_opened_as_that_one() {
    let own = Records { addresses: vec!["fd00:64::c000:aa".parse().unwrap()], ..Records::default() };
    for address in ["64:ff9b::6812:201", "fd00:64::6812:201", "::ffff:104.18.2.1"] {
        let place = format!("[{address}]:443");
        let network = network(&[address]).connects(&place, Err(ErrorKind::TimedOut(Phase::Connect)));
        let cx = Site::of(network.answers("10.20.0.53:53", IPV4_ONLY, RecordKind::Aaaa, Ok(own.clone()))).context();
        // As the check of the addresses does before this one.
        cx.nat64().await;
        let outcome = ask(&SPEC, &Connects(Endpoint::new(API, 443)), &cx).await;
        let first = outcome.findings[0].remediations.likeliest();

        assert!(first.action.starts_with("Allow outbound TCP 443"), "{address}: {}", first.action);
    }
}

#[tokio::test]
async fn an_api_or_a_proxy_that_is_given_by_address_is_judged_whatever_was_asked_of_translators_before() {
    let own = Records { addresses: vec!["fd00:64::c000:aa".parse().unwrap()], ..Records::default() };
    for (name, value, place, first) in [
        ("network.resolver", "10.20.0.53:53", "[fd00:64::6812:201]:443", "Allow outbound TCP 443"),
        ("workos.api_url", "https://[fd00:64::6812:201]", "[fd00:64::6812:201]:443", "Allow outbound TCP 443"),
        ("workos.api_url", "https://[fd00::5]", "[fd00::5]:443", "Have fd00::5 resolve"),
        ("network.proxy", "http://[fd00::9]:3128", "[fd00::9]:3128", "Allow outbound TCP 443"),
    ] {
        let network = network(&["fd00:64::6812:201"]).connects(place, Err(ErrorKind::TimedOut(Phase::Connect)));
        let network = network.answers("10.20.0.53:53", IPV4_ONLY, RecordKind::Aaaa, Ok(own.clone()));
        let cx = Site::of(network).with(name, value).context();
        cx.nat64().await;
        let outcome = ask(&SPEC, &Connects(cx.settings.api.value.clone()), &cx).await;

        let said = &outcome.findings[0].remediations.likeliest().action;
        assert!(said.starts_with(first), "{name} {value}: {said}");
    }
}
