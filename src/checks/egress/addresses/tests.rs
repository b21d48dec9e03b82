use super::*;
use crate::check::{Status, Who};
use crate::checks::fixture::{Held, Site, ask, codes};
use crate::context::IPV4_ONLY;
use crate::host::HostsLine;
use crate::net::fake::{Fake, certificate, handshake, response};
use crate::net::{CertificateProblem, ErrorKind, Method, RecordKind, Records};

const API: &str = "api.workos.com";
const RESOLVER: &str = "10.20.0.53:53";

/// A network in which the name leads to an address.
fn leads_to(address: &str) -> Fake {
    Fake::default().resolves(API, Ok(&[address])).serves(RESOLVER, API, Ok(&[address]))
}

/// At which somebody answers with a certificate, and like the API.
fn api_at(network: Fake, address: &str, here: bool, public: bool) -> Fake {
    let holds = |holds: bool| if holds { Ok(()) } else { Err(CertificateProblem::UnknownIssuer) };
    let unauthorized =
        response(401, &[("content-type", "application/json"), ("cf-ray", "8a-FRA")], "{\"message\":\"Unauthorized\"}");
    let socket = if address.contains(':') { format!("[{address}]:443") } else { format!("{address}:443") };
    network
        .connects(&socket, Ok(()))
        .shakes(API, Ok(handshake(certificate(API, "Some CA"), holds(here), holds(public))))
        .fetches(Method::Get, "https://api.workos.com/organizations?limit=1", Ok(unauthorized))
}

async fn run_in(site: Site) -> Held {
    ask(&SPEC, &Addresses(Endpoint::new(API, 443)), &site.context()).await
}

async fn run(network: Fake) -> Held {
    run_in(Site::of(network)).await
}

fn words(outcome: &Outcome) -> String {
    let finding = &outcome.findings[0];
    let remedies: Vec<&str> = finding.remediations.iter().map(|one| one.action.as_str()).collect();
    format!("{} {}", finding.problem, remedies.join(" "))
}

#[tokio::test]
async fn published_addresses_pass_name_their_range_and_are_not_called_on() {
    let outcome = run(leads_to("104.18.2.1")).await;

    assert_eq!((outcome.status(), outcome.evidence.len()), (Status::Pass, 1));
    assert_eq!(outcome.evidence[0].value, "104.18.2.1: in 104.16.0.0/13");
}

#[tokio::test]
async fn nowhere_private_reserved_and_elsewhere_come_apart_where_nobody_answers() {
    for (address, code) in [
        ("0.0.0.0", "sinkholed"),
        ("127.0.0.1", "sinkholed"),
        ("::", "sinkholed"),
        ("203.0.113.7", "sinkholed"),
        ("198.18.0.9", "sinkholed"),
        ("10.1.2.3", "private-answer"),
        ("100.64.0.7", "private-answer"),
        ("fd00::7", "private-answer"),
        ("93.184.215.14", "outside-ranges"),
    ] {
        assert_eq!(codes(&run(leads_to(address)).await), [code], "{address}");
    }
}

#[tokio::test]
async fn behind_an_unusual_address_the_api_itself_makes_it_a_warning() {
    for address in ["10.20.0.99", "100.64.0.7", "198.18.0.9", "127.0.0.1", "fd00::99", "192.168.7.7"] {
        let outcome = run(api_at(leads_to(address), address, true, true)).await;

        assert_eq!((codes(&outcome), outcome.status()), (vec!["relayed"], Status::Warn), "{address}");
    }
    let moved = run(api_at(leads_to("93.184.215.14"), "93.184.215.14", true, true)).await;
    assert_eq!(codes(&moved), ["outside-ranges"]);
}

#[tokio::test]
async fn an_inspected_or_bare_store_is_for_later_checks_and_a_stranger_is_not_the_api() {
    let at = "100.64.0.7";
    let inspected = run(api_at(leads_to(at), at, true, false)).await;
    let bare = run(api_at(leads_to(at), at, false, true)).await;
    let stranger = run(api_at(leads_to(at), at, false, false)).await;

    assert_eq!((codes(&inspected), codes(&bare)), (vec!["relayed"], vec!["relayed"]));
    assert!(words(&inspected).contains("Some CA"));
    assert_eq!(codes(&stranger), ["private-answer"]);
    assert!(words(&stranger).contains("--ca-bundle"));
}

#[tokio::test]
async fn another_answer_behind_a_good_certificate_is_not_the_api() {
    let page = response(200, &[("content-type", "text/html")], "<title>Intranet</title>");
    let network = api_at(leads_to("10.1.2.3"), "10.1.2.3", true, true);
    let network = network.fetches(Method::Get, "https://api.workos.com/organizations?limit=1", Ok(page));
    let outcome = run(network).await;

    assert_eq!(codes(&outcome), ["private-answer"]);
    assert!(words(&outcome).contains("Intranet"));
}

#[tokio::test]
async fn block_pages_are_named_also_inside_the_ranges_and_no_port_is_to_be_opened() {
    for (address, product) in [
        ("146.112.61.106", "Cisco Umbrella"),
        ("::ffff:146.112.61.104", "Cisco Umbrella"),
        ("64:ff9b::9270:3d6a", "Cisco Umbrella"),
        ("208.91.112.55", "FortiGuard"),
        ("162.159.36.12", "Cloudflare Gateway"),
        ("72.5.65.111", "Palo Alto"),
    ] {
        let outcome = run(leads_to(address)).await;

        assert_eq!((codes(&outcome), outcome.status()), (vec!["blocked"], Status::Fail), "{address}");
        assert!(words(&outcome).contains(product), "{address}");
        assert_eq!(outcome.findings[0].remediations.likeliest().who, Who::Network);
    }
}

#[tokio::test]
async fn an_address_under_a_translators_prefix_is_judged_by_the_one_it_stands_for() {
    let learnt = |prefix: &str| {
        let records = Records { addresses: vec![prefix.parse().unwrap()], ..Records::default() };
        move |network: Fake| network.answers(RESOLVER, IPV4_ONLY, RecordKind::Aaaa, Ok(records))
    };
    let known = run(leads_to("64:ff9b::6812:201")).await;
    let own = run(learnt("fd00:64::c000:aa")(leads_to("fd00:64::6812:201"))).await;
    let short = run(learnt("2a00:1:c000:aa::")(leads_to("2a00:1:6812:201::"))).await;
    let private = run(learnt("fd00:64::c000:aa")(leads_to("fd00:64::a01:203"))).await;
    let other = run(learnt("fd00:65::c000:aa")(leads_to("fd00:64::6812:201"))).await;

    assert_eq!([&known, &own, &short].map(|outcome| outcome.status()), [Status::Pass; 3]);
    assert!(own.evidence[0].value.contains("104.18.2.1 by address translation (NAT64, fd00:64::/96)"));
    assert_eq!((codes(&private), codes(&other)), (vec!["private-answer"], vec!["private-answer"]));
}

#[tokio::test]
async fn ipv6_that_leads_elsewhere_fails_only_where_it_is_the_only_way() {
    let both = ["fd00::7", "104.18.2.1"];
    let outcome = run(Fake::default().resolves(API, Ok(&both)).serves(RESOLVER, API, Ok(&both))).await;

    assert_eq!((codes(&outcome), outcome.status()), (vec!["ipv6-elsewhere"], Status::Warn));
    assert_eq!(run(leads_to("fd00::7")).await.status(), Status::Fail);
}

fn searching(ndots: u32, network: Fake) -> Site {
    let mut site = Site::of(network);
    site.host.resolver_file.search = vec!["corp.example".to_owned()];
    site.host.resolver_file.ndots = ndots;
    site
}

#[tokio::test]
async fn a_wildcard_of_the_search_list_is_named_whatever_it_answers() {
    for wildcard in ["10.20.0.99", "93.184.215.14", "104.21.7.7"] {
        let network = Fake::default().resolves(API, Ok(&[wildcard])).serves(RESOLVER, API, Ok(&["104.18.2.1"])).serves(
            RESOLVER,
            "api.workos.com.corp.example",
            Ok(&[wildcard]),
        );
        let outcome = run_in(searching(5, network)).await;

        assert_eq!(codes(&outcome), ["search-list"], "{wildcard}");
        assert!(words(&outcome).contains("ndots") && words(&outcome).contains("*.corp.example"));
    }
}

#[tokio::test]
async fn the_search_list_is_named_too_where_the_name_itself_is_not_known() {
    let network = Fake::default()
        .resolves(API, Ok(&["10.20.0.99"]))
        .serves(RESOLVER, API, Err(ErrorKind::NoSuchName))
        .serves(RESOLVER, "api.workos.com.corp.example", Ok(&["10.20.0.99"]));
    let outcome = run_in(searching(1, network)).await;

    assert_eq!(codes(&outcome), ["search-list"]);
    assert!(words(&outcome).contains("Make 10.20.0.53:53 resolve api.workos.com itself"));
}

#[tokio::test]
async fn a_published_address_that_changes_from_answer_to_answer_is_not_laid_to_the_search_list() {
    let network = Fake::default().resolves(API, Ok(&["104.18.3.1"])).serves(RESOLVER, API, Ok(&["104.18.2.1"])).serves(
        RESOLVER,
        "api.workos.com.corp.example",
        Err(ErrorKind::NoSuchName),
    );

    assert_eq!(run_in(searching(5, network)).await.status(), Status::Pass);
}

#[tokio::test]
async fn the_line_of_the_hosts_file_and_other_services_are_named_in_place_of_a_zone() {
    let network = || Fake::default().resolves(API, Ok(&["10.1.2.3"])).serves(RESOLVER, API, Ok(&["104.18.2.1"]));
    let mut pinned = Site::of(network());
    pinned.host.hosts_lines = vec![HostsLine { number: 7, address: "10.1.2.3".parse().unwrap() }];
    let (pinned, service) = (run_in(pinned).await, run(network()).await);

    assert_eq!((codes(&pinned), codes(&service)), (vec!["private-answer"], vec!["private-answer"]));
    assert!(words(&pinned).contains("line 7 of /etc/hosts"));
    assert!(words(&service).contains("`files dns`"));
    assert_eq!(pinned.findings[0].remediations.likeliest().who, Who::Installer);
}

#[tokio::test]
async fn an_api_that_is_given_by_address_is_judged_and_no_name_is_made_of_it() {
    for (address, resolver) in [("fd00::5", None), ("fd00::5", Some("10.20.0.53")), ("2606:4700::1", None)] {
        let mut site = searching(1, Fake::default()).with("workos.api_url", &format!("https://[{address}]"));
        if let Some(server) = resolver {
            site = site.with("network.resolver", server);
        }
        let cx = site.context();
        let outcome = ask(&SPEC, &Addresses(cx.settings.api.value.clone()), &cx).await;

        let expected: &[&str] = if address == "fd00::5" { &["private-answer"] } else { &[] };
        assert_eq!(codes(&outcome), expected, "{address} {resolver:?}");
    }
}
