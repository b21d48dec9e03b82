//! Does the firewall let all published ranges through, or only today's addresses?

use std::net::IpAddr;

use futures_util::future::join_all;

use super::called;
use super::connects;
use super::connects::codes::SOME_ADDRESSES;
use crate::check::{
    About, By, Check, CheckId, Code, Contact, Endpoint, Finding, Grade, Outcome, Planned, Remediation, Running, Spec,
    Touch, Vantage, command,
};
use crate::context::{Context, routes};
use crate::facts::Facts;
use crate::host::NoSource;
use crate::net::{ErrorKind, Way};
use crate::outcome::Cause;
use crate::settings::{DEEP, Settings};

pub(super) static SPEC: Spec = Spec {
    id: ID,
    title: "all published ranges are let through",
    explain: "\
With --deep, opens a TCP connection on port 443 to one address in each of Cloudflare's published ranges, and nothing is \
spoken on it.

The API's addresses change within these ranges. A rule that was written for the addresses of one day works until they \
change, and then fails without anybody having touched it.

Usually broken by a rule made from `dig api.workos.com`, or by a list of ranges that was copied in part. Some ranges \
answer nobody on this port, so a few silent ones are no sign of anything; most of them silent is.",
    vantages: &[Vantage::Inside],
    required: |_, _| false,
    codes: &[&ONLY_CURRENT_ADDRESSES],
    needs: &[connects::ID],
    plan: |facts, settings| {
        if !settings.deep {
            return Planned::from(&DEEP);
        }
        if settings.proxy_for(&settings.api.value).is_some() {
            return Planned::NotApplicable("requests go through a proxy, whose own firewall cannot be tried from here".to_owned());
        }
        Planned::one(Ranges { endpoint: settings.api.value.clone(), addresses: one_of_each(facts) })
    },
};

pub(super) const ID: CheckId = CheckId::new("egress.ranges");

pub(in crate::checks) static ONLY_CURRENT_ADDRESSES: Code = Code::warning(
    "only-current-addresses",
    "today's addresses answer, and most of the published ranges do not",
)
.explains(&[&SOME_ADDRESSES])
.caused_by(&[
    Cause::network(
        "The rule holds the addresses of one day.",
        "The rule lists single addresses.",
        "Allow outbound TCP 443 to all of Cloudflare's published ranges (`workos-preflight requirements` prints them).",
    )
    .shown_by("dig api.workos.com A +short"),
    Cause::network(
        "The list of ranges was copied in part, or is an old one.",
        "The rule lists ranges, and fewer than `workos-preflight requirements` prints.",
        "Put the published ranges in the place of the rule's.",
    ),
    Cause::network(
        "The rule names api.workos.com, and the firewall looks its addresses up itself.",
        "The rule holds no addresses at all.",
        "Leave the rule as it is, and have the firewall look the name up as often as its TTL says.",
    ),
]);

struct Ranges {
    endpoint: Endpoint,
    addresses: Vec<IpAddr>,
}

/// The second address of each range: the first is the network's own.
fn one_of_each(facts: &Facts) -> Vec<IpAddr> {
    let ranges = facts.cloudflare.ipv4.iter().chain(&facts.cloudflare.ipv6);
    ranges
        .map(|range| match range.network() {
            IpAddr::V4(first) => IpAddr::V4((u32::from(first).saturating_add(1)).into()),
            IpAddr::V6(first) => IpAddr::V6((u128::from(first).saturating_add(1)).into()),
        })
        .collect()
}

impl Check for Ranges {
    fn about(&self) -> About {
        About::Endpoint(self.endpoint.clone())
    }

    fn contacts(&self, _: &Facts, _: &Settings) -> Vec<Contact> {
        let why = "whether its published range is let through; nothing is spoken on it";
        let endpoints = self.addresses.iter().map(|address| Endpoint::new(address.to_string(), 443));
        let connections = endpoints.map(|endpoint| Touch::Connect { endpoint, by: By::Name, tls: false });
        connections.map(|connection| Contact::new(connection, why)).chain([routes()]).collect()
    }

    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
        Box::pin(async move {
            let routed = |address: &&IpAddr| cx.host.source_for(**address) != Err(NoSource::NoRoute);
            let asked = |address: &&IpAddr| {
                cx.settings.family.as_ref().is_none_or(|family| family.value == crate::settings::Family::of(**address))
            };
            let ways: Vec<Way> = self
                .addresses
                .iter()
                .filter(routed)
                .filter(asked)
                .map(|address| Way::direct(&Endpoint::new(address.to_string(), 443), *address))
                .collect();
            // One attempt each: silence is common here, and most of them must be silent to mean anything.
            let tried = join_all(ways.iter().map(|way| cx.unrepeated.connect(way))).await;
            let blocked = |kind: &ErrorKind| {
                matches!(
                    kind,
                    ErrorKind::TimedOut(_)
                        | ErrorKind::Refused
                        | ErrorKind::Unreachable
                        | ErrorKind::Prohibited
                        | ErrorKind::NoRoute
                )
            };
            let silent: Vec<IpAddr> = ways
                .iter()
                .zip(&tried)
                .filter(|(_, one)| one.result.as_ref().is_err_and(|error| blocked(&error.kind)))
                .map(|(way, _)| way.first_hop().ip())
                .collect();
            judge(&self.endpoint, ways.len(), &silent, cx).via("direct").tried(1)
        })
    }
}

fn judge(endpoint: &Endpoint, tried: usize, silent: &[IpAddr], cx: &Context) -> Outcome {
    let outcome =
        Outcome::graded(Grade::Reached).with("answered", format!("{} of {tried} ranges", tried - silent.len()));
    let outcome = if silent.is_empty() { outcome } else { outcome.with_all("silent", silent) };
    if silent.len() * 2 > tried { outcome.because(only_current(endpoint, tried, silent, cx)) } else { outcome }
}

fn only_current(endpoint: &Endpoint, tried: usize, silent: &[IpAddr], cx: &Context) -> Finding {
    ONLY_CURRENT_ADDRESSES.found(
        format!(
            "{} answers, and {} of {tried} published ranges do not: the rule probably holds only today's addresses (some ranges answer nobody, but not most)",
            endpoint.host,
            silent.len()
        ),
        Remediation::network(format!(
            "Allow outbound TCP 443 {} to {}.",
            cx.source_in_words(silent.first().copied()),
            cx.facts.cloudflare_in_words()
        ))
        .in_short(format!("open TCP 443 to all ranges of {}", called(&endpoint.host)))
        .verify(command!("nc -vz -w 3 {} 443", silent.first().map(ToString::to_string).unwrap_or_default())),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Status;
    use crate::checks::fixture::{Held, Site, ask, codes};
    use crate::net::Phase;
    use crate::net::fake::Fake;

    async fn run(answering: usize) -> Held {
        let addresses = one_of_each(&Facts::embedded());
        let mut network = Fake::default();
        for (place, address) in addresses.iter().enumerate() {
            let result = if place < answering { Ok(()) } else { Err(ErrorKind::TimedOut(Phase::Connect)) };
            network = network.connects(&std::net::SocketAddr::new(*address, 443).to_string(), result);
        }
        let check = Ranges { endpoint: Endpoint::new("api.workos.com", 443), addresses };
        ask(&SPEC, &check, &Site::of(network).context()).await
    }

    #[tokio::test]
    async fn a_few_silent_ranges_mean_nothing_and_most_of_them_do() {
        assert_eq!(run(22).await.status(), Status::Pass);
        assert_eq!(run(15).await.status(), Status::Pass);
        assert_eq!(codes(&run(2).await), ["only-current-addresses"]);
    }
}
