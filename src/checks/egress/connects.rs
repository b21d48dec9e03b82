//! Does an endpoint accept a connection?

use std::net::IpAddr;

use super::{addresses, proxy, resolves};
use crate::check::{
    About, Check, CheckId, Code, Command, Contact, Endpoint, Finding, Grade, Outcome, Planned, Remediation,
    Remediations, Running, Spec, Touch, Vantage, command,
};
use crate::checks::settings;
use crate::context::{Context, Tried, reaching};
use crate::facts::Facts;
use crate::host::{HOSTS_FILE, NoSource};
use crate::net::ErrorKind;
use crate::said::{listed, spoken};
use crate::settings::{Family, Settings};

pub(super) static SPEC: Spec = Spec {
    id: ID,
    title: "the endpoint accepts a connection",
    explain: "\
Opens a TCP connection to every address that the name resolves to, IPv4 and IPv6, all at once. Through a forward proxy it \
is the tunnel that the proxy opened.

A connection shows that packets pass in both directions, and no more: who answers is for the next checks to say. How it \
fails names the owner: silence is a rule that drops, a refusal is a closed port or a rule that rejects with a reset, \
unreachable is a rule that rejects with ICMP or a missing host, no route and prohibited are this host's own doing.

Usually broken by an egress rule that lacks TCP 443 to Cloudflare's ranges, by a rule that was written for one address of \
the day, or by IPv6 that is configured on the host and leads nowhere.",
    vantages: &[Vantage::Inside],
    required: super::required,
    codes: &[&TIMED_OUT, &REFUSED, &RESET, &UNREACHABLE, &NO_ROUTE, &PROHIBITED, &FAILED, &SOME_ADDRESSES, &IPV6_BROKEN],
    // The name and its addresses matter when connections go direct, the proxy when they do not.
    needs: &[resolves::ID, addresses::ID, proxy::ID],
    plan: |_, settings| Planned::each(settings.server_endpoints().into_iter().cloned().map(Connects), String::new()),
};

pub(super) const ID: CheckId = CheckId::new("egress.connects");

static TIMED_OUT: Code = Code::error("timed-out", "no address answers in time: packets are dropped on the way");
static REFUSED: Code =
    Code::error("refused", "the connection is refused: a closed port, or a rule that rejects with a reset");
static RESET: Code = Code::error("reset", "the connection is reset as soon as it is made");
static UNREACHABLE: Code =
    Code::error("unreachable", "the connection is rejected on the way with ICMP, or there is no such host");
static NO_ROUTE: Code = Code::error("no-route", "this host has no route to the address");
static PROHIBITED: Code = Code::error("prohibited", "this host itself forbids the connection");
static FAILED: Code = Code::error("failed", "the connection fails in a way that has no name of its own");
static SOME_ADDRESSES: Code = Code::warning("some-addresses", "some of the addresses answer and others do not");
static IPV6_BROKEN: Code =
    Code::warning("ipv6-broken", "IPv6 addresses are published and do not answer, while IPv4 does");

struct Connects(Endpoint);

impl Check for Connects {
    fn subject(&self) -> Option<String> {
        Some(self.0.to_string())
    }

    fn about(&self) -> About {
        About::Endpoint(self.0.clone())
    }

    fn contacts(&self, _: &Facts, given: &Settings) -> Vec<Contact> {
        let mut contacts = reaching(&self.0, false, given, "whether it accepts a connection");
        contacts.extend(super::whose_addresses(&self.0, given));
        // Where it does not, the cause may be that a proxy is passed by.
        contacts.extend(settings::proxy::contacts());
        let pinned = "whether it holds on to an address that does not answer";
        contacts.push(Contact::new(Touch::File(HOSTS_FILE.into()), pinned));
        contacts
    }

    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
        Box::pin(async move {
            let tried = cx.try_ways(cx.ways(&self.0).await).await;
            let outcome = judge(&self.0, &tried, cx).via(cx.via(&self.0));
            outcome.tried(tried.iter().map(|one| one.connection.attempts).max().unwrap_or(0))
        })
    }
}

/// Judges connections to all addresses of an endpoint, the two families apart.
fn judge(endpoint: &Endpoint, tried: &[Tried], cx: &Context) -> Outcome {
    let connected = |one: &&Tried| one.connection.result.is_ok();
    let any = tried.iter().any(|one| connected(&one));
    let mut outcome = Outcome::graded(if any { Grade::Reached } else { Grade::Declared });
    for one in tried {
        let how = match &one.connection.result {
            Ok(connection) => format!("connected from {} in {}", connection.from.ip(), spoken(one.connection.took)),
            Err(error) => error.detail.clone(),
        };
        outcome.saw("connection", format!("{}: {how}", one.way.first_hop()));
    }
    let (v4, v6): (Vec<&Tried>, Vec<&Tried>) = tried.iter().partition(|one| one.way.first_hop().is_ipv4());
    let v6_missed: Vec<&Tried> = v6.iter().copied().filter(|one| !connected(one)).collect();
    // IPv6 decides only where it is the only way.
    let deciding = if v4.is_empty() { &v6 } else { &v4 };
    let missed: Vec<&Tried> = deciding.iter().copied().filter(|one| !connected(one)).collect();

    if !any {
        for (kind, of_kind) in by_kind(&missed) {
            outcome.found(problem(endpoint, &kind, &of_kind, cx));
        }
    } else if !missed.is_empty() {
        outcome.found(some_addresses(endpoint, &missed, cx));
    }
    let v6_routed = v6_missed.iter().any(|one| cx.host.source_for(one.way.first_hop().ip()) != Err(NoSource::NoRoute));
    let forced = cx.settings.family.as_ref().is_some_and(|family| family.value == Family::V6);
    if any && !v4.is_empty() && !v6.is_empty() && v6_missed.len() == v6.len() && v6_routed && !forced {
        outcome.found(ipv6_broken(endpoint, &v6_missed, cx));
    }
    outcome
}

/// The missed addresses by how they were missed, in the order of the answer.
fn by_kind(missed: &[&Tried]) -> Vec<(ErrorKind, Vec<IpAddr>)> {
    let mut kinds: Vec<(ErrorKind, Vec<IpAddr>)> = Vec::new();
    for one in missed {
        let Err(error) = &one.connection.result else { continue };
        let address = one.way.first_hop().ip();
        match kinds.iter_mut().find(|(kind, _)| *kind == error.kind) {
            Some((_, addresses)) => addresses.push(address),
            None => kinds.push((error.kind.clone(), vec![address])),
        }
    }
    kinds
}

fn missed_in_words(missed: &[&Tried]) -> String {
    listed(missed.iter().map(|one| one.way.first_hop().ip()).collect::<Vec<_>>())
}

fn curl(endpoint: &Endpoint, cx: &Context) -> Command {
    command!("curl -sv --connect-timeout {} {}", cx.settings.timeout.value.as_secs().max(1), endpoint.https("/"))
}

/// Where a rule must lead to: the published ranges for the API, the addresses of the day for anything else.
pub(in crate::checks) fn destination(endpoint: &Endpoint, addresses: &[IpAddr], cx: &Context) -> String {
    if *endpoint == cx.settings.api.value {
        format!("{}, from which {} answers", cx.facts.cloudflare_in_words(), endpoint.host)
    } else {
        format!("{} (now {})", endpoint.host, listed(addresses))
    }
}

fn problem(endpoint: &Endpoint, kind: &ErrorKind, addresses: &[IpAddr], cx: &Context) -> Finding {
    let all = listed(addresses);
    let one = addresses.len() == 1;
    let port = endpoint.port;
    let attempts = cx.settings.retries.value + 1;
    let limit = spoken(cx.settings.timeout.value);
    let routeless = addresses.first().is_some_and(|address| cx.host.source_for(*address) == Err(NoSource::NoRoute));
    let (code, problem, remediations) = match kind {
        ErrorKind::TimedOut(_) => (
            &TIMED_OUT,
            format!(
                "no answer from {all} on port {port} within {limit}, {}: the packets are dropped on the way, not refused",
                times(attempts)
            ),
            opened_or_proxied(endpoint, addresses, cx),
        ),
        ErrorKind::Refused => (
            &REFUSED,
            format!(
                "{all} {} connections on port {port}: a closed port, or a rule on the way that rejects with a reset",
                if one { "refuses" } else { "refuse" }
            ),
            opened_or_proxied(endpoint, addresses, cx),
        ),
        ErrorKind::Reset | ErrorKind::Closed => (
            &RESET,
            format!("connections to {all} on port {port} are reset as soon as they are made"),
            first_the_proxy(
                endpoint,
                cx,
                Remediation::network(format!(
                    "Exempt {endpoint} from the inspection that resets its connections. {}",
                    allow(endpoint, addresses, cx)
                )),
            ),
        ),
        ErrorKind::NoRoute if routeless => (
            &NO_ROUTE,
            format!("this host has no route to {all}"),
            first_the_proxy(
                endpoint,
                cx,
                Remediation::installer(format!(
                    "Give this host a route to {all} (usually a default gateway), or set the proxy that leads out."
                )),
            )
            .and(written_down(endpoint, addresses, cx)),
        ),
        ErrorKind::Unreachable | ErrorKind::NoRoute => (
            &UNREACHABLE,
            format!(
                "{all} {} unreachable: rejected on the way with ICMP, or there is no such host",
                if one { "is" } else { "are" }
            ),
            opened_or_proxied(endpoint, addresses, cx),
        ),
        ErrorKind::Prohibited => (
            &PROHIBITED,
            format!("this host itself forbids connections to {all} on port {port}"),
            Remediation::installer(format!(
                "Allow outbound TCP {port} to {all} in this host's own firewall, `prohibit` routes, SELinux or sandbox policy."
            ))
            .into(),
        ),
        _ => (
            &FAILED,
            format!("connections to {all} on port {port} fail; the evidence has the words of the system"),
            Remediation::installer(format!("Run the command below on this host and follow what it says about {all}.")).into(),
        ),
    };
    code.found(problem, remediations.verify(curl(endpoint, cx)))
}

fn allow(endpoint: &Endpoint, addresses: &[IpAddr], cx: &Context) -> String {
    let source = cx.source_in_words(addresses.first().copied());
    format!("Allow outbound TCP {} {source} to {}.", endpoint.port, destination(endpoint, addresses, cx))
}

/// The network opens a way, or the installer names the proxy that is the way; which is likelier is said by the settings.
fn opened_or_proxied(endpoint: &Endpoint, addresses: &[IpAddr], cx: &Context) -> Remediations {
    let is_api = *endpoint == cx.settings.api.value;
    let elsewhere = addresses.iter().copied().filter(|address| is_api && cx.cloudflare_range(*address).is_none());
    let elsewhere: Vec<IpAddr> = elsewhere.collect();
    let opened = Remediation::network(allow(endpoint, addresses, cx));
    // A rule for the published ranges would not cover these.
    let opened = if elsewhere.is_empty() || cx.settings.proxy_for(endpoint).is_some() {
        opened.into()
    } else {
        let (host, elsewhere) = (&endpoint.host, listed(&elsewhere));
        Remediation::network(format!(
            "Have {host} resolve to its public addresses: {elsewhere} lies outside the ranges from which it answers, and the ranges opened would not lead there."
        ))
        .or(Remediation::network(format!(
            "If {elsewhere} is meant to answer for {host}, allow outbound TCP {} {} to {elsewhere}.",
            endpoint.port,
            cx.source_in_words(addresses.first().copied())
        )))
    };
    let opened = match written_down(endpoint, addresses, cx) {
        Some(unpinned) => opened.or(unpinned),
        None => opened,
    };
    if settings::proxy::past_the_proxy(endpoint, cx).is_some() {
        return first_the_proxy(endpoint, cx, opened);
    }
    opened.or(Remediation::installer(
        "If this site goes out through a proxy, open nothing: set HTTPS_PROXY=http://PROXY:PORT (the site's own) and run this again.",
    ))
}

/// The line of the hosts file that holds on to an address, where one does.
fn written_down(endpoint: &Endpoint, addresses: &[IpAddr], cx: &Context) -> Option<Remediation> {
    let lines = cx.host.hosts_lines(&endpoint.host);
    let line = lines.into_iter().find(|line| addresses.contains(&line.address))?;
    Some(Remediation::installer(format!(
        "Remove the entry for {} from line {} of {HOSTS_FILE}: it holds on to {}, and {} may have moved since.",
        endpoint.host, line.number, line.address, endpoint.host
    )))
}

/// Where a setting takes requests past a proxy, that comes before everything else.
fn first_the_proxy(endpoint: &Endpoint, cx: &Context, then: impl Into<Remediations>) -> Remediations {
    let then = then.into();
    match settings::proxy::past_the_proxy(endpoint, cx) {
        // Other hosts than the API are often exempted on purpose.
        Some(other) if *endpoint != cx.settings.api.value && cx.settings.proxy.is_some() => then.or(other),
        Some(first) => then.iter().cloned().fold(first.into(), Remediations::or),
        None => then,
    }
}

fn times(attempts: u32) -> String {
    match attempts {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        more => format!("{more} times"),
    }
}

fn some_addresses(endpoint: &Endpoint, missed: &[&Tried], cx: &Context) -> Finding {
    let addresses: Vec<IpAddr> = missed.iter().map(|one| one.way.first_hop().ip()).collect();
    SOME_ADDRESSES.found(
        format!(
            "{} does not answer on port {} while other addresses do: connections fail or wait by chance",
            missed_in_words(missed),
            endpoint.port
        ),
        Remediation::network(format!(
            "Allow outbound TCP {} {} to {}: the rule covers only some addresses.",
            endpoint.port,
            cx.source_in_words(addresses.first().copied()),
            destination(endpoint, &addresses, cx)
        ))
        .verify(command!(
            "curl -sv --connect-to ::{}: {}",
            addresses.first().map(ToString::to_string).unwrap_or_default(),
            endpoint.https("/")
        )),
    )
}

fn ipv6_broken(endpoint: &Endpoint, missed: &[&Tried], cx: &Context) -> Finding {
    let elsewhere = |one: &&Tried| cx.cloudflare_range(one.way.first_hop().ip()).is_none();
    let action = if *endpoint == cx.settings.api.value && missed.iter().all(elsewhere) {
        format!(
            "Have {} resolve to its public IPv6 addresses, or to none: {} lies outside the ranges from which it answers.",
            endpoint.host,
            missed_in_words(missed)
        )
    } else {
        format!(
            "Allow outbound TCP {} to Cloudflare's IPv6 ranges as well, or take the IPv6 default route off this host.",
            endpoint.port
        )
    };
    IPV6_BROKEN.found(
        format!(
            "{} does not answer over IPv6 while IPv4 does: applications that prefer IPv6 wait or fail",
            missed_in_words(missed)
        ),
        Remediation::network(action).verify(command!("curl -6 -sv {}", endpoint.https("/"))),
    )
}

#[cfg(test)]
mod tests {
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

        for part in ["TCP 443", "10.20.0.10", "104.16.0.0/13", "api.workos.com"] {
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
            let actions: Vec<&str> =
                outcome.findings[0].remediations.iter().map(|remedy| remedy.action.as_str()).collect();

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
}
