//! Does an endpoint accept a connection?

pub(in crate::checks) mod codes;

use std::net::IpAddr;

use self::codes::{FAILED, IPV6_BROKEN, NO_ROUTE, PROHIBITED, REFUSED, RESET, SOME_ADDRESSES, TIMED_OUT, UNREACHABLE};
use super::{addresses, called, proxy, resolves};
use crate::check::{
    About, Check, CheckId, Command, Contact, Endpoint, Finding, Grade, Outcome, Planned, Remediation, Remediations,
    Running, Spec, Touch, Vantage, command,
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
        let hop = one.way.first_hop();
        match &one.connection.result {
            Ok(connection) => {
                let steady = format!("{hop}: connected from {}", connection.from.ip());
                outcome.saw_of_which("connection", format!("{steady} in {}", spoken(one.connection.took)), steady);
            }
            Err(error) => outcome.saw("connection", format!("{hop}: {error}")),
        }
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
        format!("{}, in {}", endpoint.host, cx.facts.cloudflare_in_words())
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
                ))
                .in_short(format!("exempt {} from inspection", called(&endpoint.host))),
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
                ))
                .in_short("give this host a route out"),
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
            .in_short("allow it in this host's own firewall")
            .into(),
        ),
        _ => (
            &FAILED,
            format!("connections to {all} on port {port} fail; the evidence has the words of the system"),
            Remediation::installer(format!("Run the command below on this host and follow what it says about {all}.")).in_short("follow what `curl` says on this host").into(),
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
    let opened = Remediation::network(allow(endpoint, addresses, cx)).in_short(opening(endpoint));
    // A rule for the published ranges would not cover these.
    let opened = if elsewhere.is_empty() || cx.settings.proxy_for(endpoint).is_some() {
        opened.into()
    } else {
        let (host, elsewhere) = (&endpoint.host, listed(&elsewhere));
        Remediation::network(format!(
            "Have {host} resolve to its public addresses: {elsewhere} lies outside the ranges from which it answers, and the ranges opened would not lead there."
        ))
        .in_short("have DNS give its public addresses")
        .or(Remediation::network(format!(
            "If {elsewhere} is meant to answer for {host}, allow outbound TCP {} {} to {elsewhere}.",
            endpoint.port,
            cx.source_in_words(addresses.first().copied())
        ))
        .in_short(format!("open TCP {} to that address", endpoint.port)))
    };
    let opened = match written_down(endpoint, addresses, cx) {
        Some(unpinned) => opened.or(unpinned),
        None => opened,
    };
    if settings::proxy::past_the_proxy(endpoint, cx).is_some() {
        return first_the_proxy(endpoint, cx, opened);
    }
    opened.or(Remediation::installer(
        "If this site goes out through a proxy, open nothing: set HTTPS_PROXY=http://PROXY:PORT and run this again.",
    )
    .in_short("set HTTPS_PROXY"))
}

/// What a list of what is to be done says of a rule that is missing.
fn opening(endpoint: &Endpoint) -> String {
    format!("open TCP {} to {}", endpoint.port, called(&endpoint.host))
}

/// The line of the hosts file that holds on to an address, where one does.
fn written_down(endpoint: &Endpoint, addresses: &[IpAddr], cx: &Context) -> Option<Remediation> {
    let lines = cx.host.hosts_lines(&endpoint.host);
    let line = lines.into_iter().find(|line| addresses.contains(&line.address))?;
    Some(
        Remediation::installer(format!(
            "Remove the entry for {} from line {} of {HOSTS_FILE}: it holds on to {}, and {} may have moved since.",
            endpoint.host, line.number, line.address, endpoint.host
        ))
        .in_short(format!("remove line {} from {HOSTS_FILE}", line.number)),
    )
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
        .in_short(opening(endpoint))
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
mod tests;
