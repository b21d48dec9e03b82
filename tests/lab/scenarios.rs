//! Every scenario: one for each fault, and those that need more than a fault.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use workos_preflight::report::v1::{CheckResult, Report, Status, Verdict};
use workos_preflight::simulator::world::{API, INSTALLATION, PROXY};
use workos_preflight::simulator::{
    ApiManner, FAULTS, Fault, Http2Manner, InstallationManner, ProxyManner, ResolverManner, Service, Site, World,
    ZoneAnswer,
};

use crate::addresses::HOST;
use crate::claims::{
    an_allowlist_is_thought_of, egress_only, first_to_mend, kept_out, names_the_dead, no_key_is_read, nothing_found,
    passes, the_api_is_left_alone, through_the_proxy, tried, waits_together,
};
use crate::found::results;
use crate::play::Seen;
use crate::scenario::{Expect, PUBLIC_ROOTS, Scenario, TRUSTED};
use crate::words::WORDS;

/// Where the played API answers over IPv6.
const API_V6: Ipv6Addr = Ipv6Addr::new(0x2606, 0x4700, 0, 0, 0, 0, 0x6812, 0x201);
/// Where the played installation answers.
pub(crate) const INSTALLATION_HTTPS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(93, 184, 215, 14)), 443);
/// A resolver with an IPv6 address.
const RESOLVER_V6: Ipv6Addr = Ipv6Addr::new(0xfd20, 0, 0, 0, 0, 0, 0, 0x53);
/// A resolver that is no more.
pub(crate) const DEAD_RESOLVER: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 20, 0, 52));

pub(crate) fn all() -> Vec<Scenario> {
    let mut all: Vec<Scenario> =
        FAULTS.iter().map(|fault| Scenario::of(fault, WORDS.iter().find(|words| words.fault == fault.name))).collect();
    all.extend(healthy());
    all.extend(silence());
    all.extend(proxies());
    all.extend(names());
    all.extend(roots());
    all.extend(families());
    all.extend(losses());
    all.extend(outside());
    all.extend(http2());
    all
}

/// Nothing is wrong.
fn healthy() -> Vec<Scenario> {
    let unconfigured = Scenario {
        configured: false,
        ..Scenario::new("without any setting the egress question is answered", World::healthy())
    };
    let demo = Scenario {
        configured: false,
        no_resolver: true,
        command: "demo",
        ..Scenario::new("the demonstration needs no network and no resolver", nothing_but_a_resolver())
    };
    vec![
        Scenario::new("the healthy world is ready, and nothing is found in it", World::healthy())
            .expecting(ready().and(nothing_found)),
        Scenario::new("the host's own address is the one to allow", World::healthy()).expecting(ready().and(
            |report, _| {
                let source = format!("from {HOST}");
                (!passes(report, "egress.connects", |result| {
                    result.evidence.iter().any(|seen| seen.value.contains(&source))
                }))
                .then(|| format!("no connection comes {source}"))
            },
        )),
        Scenario::new("a resolver that is named is asked in place of the system's", World::healthy())
            .with(&["--resolver", "10.20.0.53"])
            .without_system_resolver()
            .expecting(ready()),
        unconfigured.expecting(Expect { codes: vec!["egress.trusted/intercepted"], ..incomplete() }.and(egress_only)),
        demo.expecting(ready().and(|report, _| {
            report.demonstration.is_none().then(|| "the report does not say that it is a demonstration".to_owned())
        })),
    ]
}

/// Nothing answers, and the run ends all the same.
fn silence() -> Vec<Scenario> {
    const MORE_HOSTS: [&str; 3] = ["mail.example", "files.example", "license.example"];
    let mut dropped = World::healthy();
    for (host, last) in MORE_HOSTS.into_iter().zip(1..) {
        let address = Ipv4Addr::new(93, 184, 217, last);
        dropped.inside_zone.set(host, ZoneAnswer::v4(&[address]));
        dropped.services.insert((address, 443).into(), Service::Drops);
        dropped.settings.push(("network.endpoints", host.to_owned()));
    }
    dropped.services.values_mut().for_each(|service| *service = Service::Drops);
    let mut silent = dropped.clone();
    silent.resolver_manner = ResolverManner::Silent;
    vec![
        Scenario::new("where everything is dropped the run ends soon", dropped)
            .expecting(not_ready(&["egress.connects/timed-out", "ingress.connects/hairpin"]).and(waits_together)),
        Scenario::new("where everything is dropped and the resolver is silent the run ends soon", silent).expecting(
            not_ready(&["egress.resolves/dns-timed-out", "domain.resolves/no-public-view"]).and(waits_together),
        ),
    ]
}

/// The proxy comes from the environment, as applications have it.
fn proxies() -> Vec<Scenario> {
    let url = format!("http://{PROXY}:3128");
    let with_credentials = format!("http://installer:demo@{PROXY}:3128");
    let with_wrong_ones = format!("http://installer:guess-7153@{PROXY}:3128");
    let hidden = |secrets: &[&'static str], expect: Expect| Expect { secrets: secrets.to_vec(), ..expect };
    vec![
        Scenario::new("a proxy in HTTPS_PROXY is the way out", proxy_only(ProxyManner::Opens))
            .with_variable("HTTPS_PROXY", &url)
            .expecting(ready().and(through_the_proxy)),
        Scenario::new("a proxy in https_proxy with its credentials is the way out", proxy_only(ProxyManner::Requires))
            .with_variable("https_proxy", &with_credentials)
            .expecting(hidden(&["installer:demo", "aW5zdGFsbGVyOmRlbW8"], ready()).and(through_the_proxy)),
        Scenario::new("a proxy that wants other credentials says so", proxy_only(ProxyManner::Requires))
            .with_variable("HTTPS_PROXY", &with_wrong_ones)
            .expecting(hidden(&["guess-7153"], not_ready(&["egress.proxy/proxy-auth-required"]))),
        Scenario::new("NO_PROXY takes the API past the proxy, into the drop", proxy_only(ProxyManner::Opens))
            .with_variable("HTTPS_PROXY", &url)
            .with_variable("NO_PROXY", API)
            .expecting(not_ready(&["egress.connects/timed-out"]).and(|report, _| first_to_mend(report, "NO_PROXY"))),
        Scenario::new("HTTP_PROXY alone takes the API past the proxy, into the drop", proxy_only(ProxyManner::Opens))
            .with_variable("HTTP_PROXY", &url)
            .expecting(
                not_ready(&["egress.connects/timed-out"])
                    .and(|report, _| first_to_mend(report, "Set HTTPS_PROXY to http://proxy")),
            ),
        Scenario::new("a proxy whose port is none is named before any port is opened", proxy_only(ProxyManner::Opens))
            .with_variable("HTTPS_PROXY", &format!("http://{PROXY}:31z8"))
            .expecting(
                not_ready(&["settings.proxy/malformed", "egress.connects/timed-out"])
                    .and(|report, _| first_to_mend(report, "31z8")),
            ),
        Scenario::new("a line end behind the proxy is named, and the proxy is asked", proxy_only(ProxyManner::Opens))
            .with_variable("HTTPS_PROXY", &format!("{url}\r"))
            .expecting(not_ready(&["settings.proxy/malformed"]).and(through_the_proxy)),
        Scenario::new(
            "behind a proxy that is named by its address no resolver is needed",
            proxy_only(ProxyManner::Opens),
        )
        .with_variable("HTTPS_PROXY", "http://10.20.0.31:3128")
        .without_system_resolver()
        .expecting(ready().and(through_the_proxy)),
        Scenario::new("--direct takes everything past the proxy, into the drop", proxy_only(ProxyManner::Opens))
            .with_variable("HTTPS_PROXY", &url)
            .with(&["--direct"])
            .expecting(not_ready(&["egress.connects/timed-out"])),
    ]
}

/// What the machine's own files say of names.
fn names() -> Vec<Scenario> {
    let mut custom = World::healthy();
    let answer = ZoneAnswer::v4(&[Ipv4Addr::new(104, 18, 5, 1)]);
    custom.inside_zone.set("auth.customer.example", answer.clone());
    custom.public_zone.set("auth.customer.example", answer);
    custom.services.insert(([104, 18, 5, 1], 443).into(), Service::https(Site::Workos(ApiManner::Works)));
    custom.set("workos.api_url", "https://auth.customer.example");

    let mut unknown = World::healthy();
    unknown.inside_zone.set(API, ZoneAnswer::NxDomain);

    let mut over_v6 = World::healthy();
    over_v6.resolver = SocketAddr::new(RESOLVER_V6.into(), 53);

    let mut half = World::healthy();
    half.resolver_manner = ResolverManner::SilentAboutAaaa;
    let mut wildcard = World::healthy();
    wildcard.inside_zone.set("api.workos.com.corp.example", ZoneAnswer::v4(&[Ipv4Addr::new(10, 20, 0, 98)]));

    let one_dead = Expect { codes: vec!["egress.resolves/one-resolver-dead"], ..ready() };
    vec![
        Scenario {
            resolver_options: "options timeout:1 attempts:1\n",
            timeout: "2s",
            ..Scenario::new("questions for AAAA that stay unanswered are a warning with the wait that they cost", half)
        }
        .expecting(Expect { codes: vec!["egress.resolves/slow"], ..ready() }.and(|report, _| {
            let said = findings_in_words(report);
            (!said.contains("AAAA questions to 10.20.0.53:53")).then(|| format!("the cause is not named: {said}"))
        })),
        Scenario {
            resolver_options: "search corp.example\noptions ndots:5\n",
            ..Scenario::new("a wildcard of the search list that answers first is named for what it is", wildcard)
        }
        .expecting(not_ready(&["egress.addresses/search-list"])),
        Scenario {
            hosts: "10.20.0.98 api.workos.com",
            ..Scenario::new("a line of the hosts file that leads elsewhere is named", World::healthy())
        }
        .expecting(not_ready(&["egress.addresses/private-answer"]).and(|report, _| {
            let said = findings_in_words(report);
            (!said.contains("of /etc/hosts")).then(|| format!("the line is not named: {said}"))
        })),
        Scenario::new("a custom API domain is what is looked at", custom).expecting(ready().and(|report, _| {
            let of_api = |result: &CheckResult| result.subject.as_deref() == Some("auth.customer.example:443");
            (!passes(report, "egress.trusted", of_api)).then(|| "the custom domain was not looked at".to_owned())
        })),
        Scenario {
            hosts: "104.18.2.1 api.workos.com",
            ..Scenario::new("an entry in the hosts file is enough", unknown)
        }
        .expecting(ready()),
        Scenario {
            dead_resolvers: vec![DEAD_RESOLVER],
            resolver_options: "options timeout:1 attempts:1\n",
            timeout: "2s",
            ..Scenario::new("a dead resolver before a good one is a warning", World::healthy())
        }
        .expecting(one_dead.clone().and(names_the_dead)),
        Scenario {
            dead_resolvers: vec![DEAD_RESOLVER],
            ..Scenario::new(
                "a dead resolver that the system waits for longer than we do is a warning",
                World::healthy(),
            )
        }
        .expecting(one_dead.and(names_the_dead)),
    ]
}

/// Where the trusted roots come from.
fn roots() -> Vec<Scenario> {
    let intercepted = |title| {
        let world = Fault::named("intercepted").unwrap().world();
        Scenario::new(title, world).with_a_bare_store()
    };
    let warned = || Expect { codes: vec!["egress.trusted/intercepted"], ..ready() };
    vec![
        intercepted("an inspecting proxy that only --ca-bundle trusts is a warning")
            .with(&["--ca-bundle", TRUSTED])
            .expecting(warned()),
        intercepted("an inspecting proxy that only SSL_CERT_FILE trusts is a warning")
            .with_variable("SSL_CERT_FILE", TRUSTED)
            .expecting(warned()),
        intercepted("an inspecting proxy that nothing trusts is a failure")
            .expecting(not_ready(&["egress.trusted/untrusted"])),
    ]
}

/// One family of addresses only.
fn families() -> Vec<Scenario> {
    let both = |service: Service| {
        let mut world = World::healthy();
        let v4 = [Ipv4Addr::new(104, 18, 2, 1), Ipv4Addr::new(104, 18, 3, 1)].to_vec();
        world.inside_zone.set(API, ZoneAnswer::Addresses { v4, v6: vec![API_V6], ttl: 300 });
        world.services.insert(SocketAddr::new(API_V6.into(), 443), service);
        world
    };
    let working = || both(Service::https(Site::Workos(ApiManner::Works)));
    let mut four_dropped = working();
    for (address, service) in &mut four_dropped.services {
        if address.is_ipv4() {
            *service = Service::Drops;
        }
    }
    let mut unrouted = working();
    unrouted.services.retain(|address, _| address.is_ipv4());
    let only = |title, world, flag| {
        Scenario { configured: false, ..Scenario::new(title, world) }.with(&["--public-roots", PUBLIC_ROOTS, flag])
    };
    vec![
        Scenario::new("both families are tried where both are there", working())
            .expecting(ready().and(|report, _| tried(report, true, true))),
        Scenario::new("IPv6 that is dropped while IPv4 works is a warning", both(Service::Drops))
            .expecting(Expect { codes: vec!["egress.connects/ipv6-broken"], ..ready() }),
        Scenario::new("a host without IPv6 does not miss it", unrouted)
            .expecting(ready().and(nothing_found).and(|report, _| tried(report, true, true))),
        only("-4 leaves a broken IPv6 alone", both(Service::Drops), "-4")
            .expecting(incomplete().and(nothing_found).and(|report, _| tried(report, true, false))),
        only("-6 gets by where IPv4 is dropped", four_dropped, "-6")
            .expecting(incomplete().and(nothing_found).and(|report, _| tried(report, false, true))),
        only("-6 fails where IPv6 is dropped", both(Service::Drops), "-6")
            .expecting(not_ready(&["egress.connects/timed-out"])),
    ]
}

/// One packet in five is lost. What that does differs from run to run; that it is no failure does not.
fn losses() -> Vec<Scenario> {
    vec![
        Scenario {
            loss: 20,
            timeout: "8s",
            arguments: vec!["--retries=4".to_owned(), "--deadline=120s".to_owned()],
            ..Scenario::new("a link that loses one packet in five is no failure", World::healthy())
        }
        .expecting(ready().and(|report, _| {
            let failed =
                report.checks.iter().find(|check| check.results.iter().any(|result| result.status == Status::Fail));
            failed.map(|check| format!("{} fails", check.id))
        })),
    ]
}

/// `probe`, on a machine that is not the installation's.
fn outside() -> Vec<Scenario> {
    let of = |fault: &str, code: &'static str| {
        let title = format!("{fault} is found as {code}");
        let world = Fault::named(fault).unwrap().world();
        Scenario::from_outside(&title, world).expecting(not_ready(&[code]).and(the_api_is_left_alone))
    };
    let with = |service: Service| {
        let mut world = World::healthy();
        world.services.insert(INSTALLATION_HTTPS, service);
        world
    };
    let closed = |title, service, words: fn(&Report, &Seen) -> Option<String>| {
        Scenario::from_outside(title, with(service)).with(&["--expect-closed"]).expecting(ready().and(words))
    };
    let mut one_of_two = with(Service::https(Site::Installation(InstallationManner::Works)));
    let second = Ipv4Addr::new(93, 184, 215, 15);
    one_of_two.public_zone.set(INSTALLATION, ZoneAnswer::v4(&[Ipv4Addr::new(93, 184, 215, 14), second]));
    one_of_two.services.insert((second, 443).into(), Service::Drops);
    let healthy = || Scenario::from_outside("the healthy installation is ready", World::healthy());
    let private = || Fault::named("domain-private").unwrap().world();
    vec![
        healthy().expecting(ready().and(nothing_found).and(the_api_is_left_alone).and(no_key_is_read)),
        of("ingress-self-signed", "ingress.trusted/self-signed"),
        of("ingress-private-ca", "ingress.trusted/private-ca"),
        of("ingress-incomplete-chain", "ingress.trusted/incomplete-chain"),
        of("ingress-wrong-name", "ingress.trusted/wrong-name"),
        of("ingress-expired", "ingress.trusted/expired"),
        of("domain-nxdomain", "domain.resolves/nxdomain"),
        of("callback-missing", "ingress.callback/not-found"),
        of("webhook-open", "webhook.refuses-unsigned/accepts-unsigned"),
        of("actions-missing", "actions.answers/not-found"),
        of("domain-private", "domain.public/private-address"),
        Scenario::from_outside("a private address is contacted where that is allowed", private())
            .with(&["--allow-private"])
            .expecting(Expect { codes: vec!["domain.public/private-allowed"], ..ready() }),
        Scenario::from_outside("a dropped installation is not ready", with(Service::Drops))
            .expecting(not_ready(&["ingress.connects/timed-out"]).and(an_allowlist_is_thought_of)),
        Scenario::from_outside("a refusing installation is not ready", with(Service::Refuses))
            .expecting(not_ready(&["ingress.connects/refused"]).and(an_allowlist_is_thought_of)),
        Scenario::from_outside("one address of two that is dropped is a warning", one_of_two)
            .expecting(Expect { codes: vec!["ingress.connects/some-addresses"], ..ready() }),
        closed("an installation that drops others is closed to them", Service::Drops, |report, _| {
            kept_out(report, "dropped")
        }),
        closed("an installation that refuses others is closed to them", Service::Refuses, |report, _| {
            kept_out(report, "refused")
        }),
        closed("an installation that rejects others is closed to them", Service::Unreachable, |report, _| {
            kept_out(report, "rejected on the way")
        }),
        closed(
            "an installation that resets others in the handshake is closed to them",
            Service::ResetsInHandshake,
            |report, _| kept_out(report, "reset in the handshake"),
        ),
        Scenario::from_outside("an installation that lets everybody in is open to all", World::healthy())
            .with(&["--expect-closed"])
            .expecting(not_ready(&["ingress.closed-to-others/open-to-all"])),
        closed(
            "an installation that refuses others at every path is closed to them",
            Service::https(Site::Installation(InstallationManner::ForbidsEverything)),
            |report, _| kept_out(report, "refused with 403 at every path"),
        ),
        Scenario {
            host: Ipv4Addr::new(3, 217, 146, 166),
            ..Scenario::from_outside("a machine with a listed address cannot look as others do", World::healthy())
        }
        .with(&["--expect-closed"])
        .expecting(undecided(&["ingress.closed-to-others/no-stranger"]).and(|report, _| {
            let asked = results(report).find(|(check, _)| check.id == "ingress.closed-to-others");
            let problem = asked.and_then(|(_, result)| result.findings.first()).map(|it| it.problem.as_str());
            let named = problem.is_some_and(|problem| problem.contains("3.217.146.166"));
            (!named).then(|| format!("the listed address is not the reason: {problem:?}"))
        })),
        Scenario::from_outside("the public view that is blocked leaves a public answer from here", {
            Fault::named("doh-blocked").unwrap().world()
        })
        .expecting(Expect { codes: vec!["domain.resolves/seen-from-inside-only"], ..ready() }),
    ]
}

/// HTTP/2, and what boxes on the path make of it.
fn http2() -> Vec<Scenario> {
    let over = |manner| {
        let mut world = World::healthy();
        for service in world.services.values_mut() {
            if let Service::Tls { site: site @ (Site::Workos(_) | Site::DnsOverHttps), .. } = service {
                *service = Service::Http2 { manner, site: site.clone() };
            }
        }
        world
    };
    let mut through_a_proxy = proxy_only(ProxyManner::Opens);
    let api = Service::Http2 { manner: Http2Manner::Only, site: Site::Workos(ApiManner::Works) };
    through_a_proxy.past_proxy.values_mut().for_each(|service| *service = api.clone());
    let broken = Http2Manner::BROKEN.into_iter().map(|manner| {
        Scenario::new(&format!("HTTP/2 that is broken ({manner:?}) is a warning where HTTP/1.1 works"), over(manner))
            .expecting(Expect { codes: vec!["egress.http2/broken"], ..ready() })
    });
    let mut all = vec![
        Scenario::new("an API and a resolver that speak HTTP/2 alone are ready", over(Http2Manner::Only))
            .expecting(ready().and(nothing_found)),
        Scenario::new("an API and a resolver that speak both are ready", over(Http2Manner::Works))
            .expecting(ready().and(nothing_found)),
        Scenario::new("an API that speaks HTTP/2 alone is reached through a proxy", through_a_proxy)
            .with_variable("HTTPS_PROXY", &format!("http://{PROXY}:3128"))
            .expecting(ready().and(through_the_proxy)),
    ];
    all.extend(broken);
    all
}

fn ready() -> Expect {
    Expect { verdict: Some(Verdict::Ready), ..Expect::default() }
}

/// Nothing is wrong, and no setting calls for the rest.
fn incomplete() -> Expect {
    Expect { verdict: Some(Verdict::Incomplete), ..Expect::default() }
}

fn undecided(codes: &[&'static str]) -> Expect {
    Expect { codes: codes.to_vec(), verdict: Some(Verdict::Undecided), ..ready() }
}

fn not_ready(codes: &[&'static str]) -> Expect {
    Expect { codes: codes.to_vec(), verdict: Some(Verdict::NotReady), ..Expect::default() }
}

fn nothing_but_a_resolver() -> World {
    let mut world = World::healthy();
    world.services.clear();
    world
}

/// The world of the fault `proxy-only`, with the proxy in no setting.
pub(crate) fn proxy_only(manner: ProxyManner) -> World {
    let mut world = Fault::named("proxy-only").unwrap().world();
    world.settings.retain(|(name, _)| *name != "network.proxy");
    for service in world.services.values_mut().filter(|service| matches!(service, Service::Proxy(_))) {
        *service = Service::Proxy(manner);
    }
    world
}

/// Every finding, with what is to be done.
fn findings_in_words(report: &Report) -> String {
    let results = report.checks.iter().flat_map(|check| &check.results);
    let words = results.flat_map(|result| &result.findings).map(|finding| {
        let remedies: Vec<&str> = finding.remediations.iter().map(|one| one.action.as_str()).collect();
        format!("{} {}", finding.problem, remedies.join(" "))
    });
    words.collect::<Vec<_>>().join("\n")
}
