//! Are the addresses of the API the ones that firewall rules for WorkOS are written for?

use std::net::IpAddr;

use super::{in_words, resolves};
use crate::check::{
    About, Check, CheckId, Code, Contact, Endpoint, Finding, Grade, Outcome, Planned, Remediation, Running, Spec,
    Touch, Vantage, command,
};
use crate::context::Context;
use crate::net::special::{Special, special};

pub(super) static SPEC: Spec = Spec {
    id: ID,
    title: "the addresses are published ones",
    explain: "\
Holds every address that the name resolves to against Cloudflare's published ranges, from which WorkOS answers.

Firewall rules for WorkOS are written for these ranges: an address outside them is not covered by such a rule, and an \
address of nowhere or of a private network means that somebody answers in WorkOS's place.

Usually broken by a DNS filter that answers with 0.0.0.0 or the address of its block page, by a split-horizon zone that \
was set up for another purpose, or by a transparent proxy that has its own address answered. Through a forward proxy the \
proxy resolves: what is found here is then evidence only.",
    vantages: &[Vantage::Inside],
    required: super::required,
    codes: &[&SINKHOLED, &PRIVATE_ANSWER, &OUTSIDE_RANGES],
    needs: &[resolves::ID],
    plan: |_, settings| Planned::one(Addresses(settings.api.value.clone())),
};

pub(super) const ID: CheckId = CheckId::new("egress.addresses");

static SINKHOLED: Code = Code::error("sinkholed", "the name resolves to an address of nowhere, as name filters answer");
static PRIVATE_ANSWER: Code = Code::error("private-answer", "the name resolves to an address of a private network");
static OUTSIDE_RANGES: Code =
    Code::warning("outside-ranges", "the name resolves to a public address outside the published ranges");

struct Addresses(Endpoint);

impl Check for Addresses {
    fn subject(&self) -> Option<String> {
        Some(self.0.host.clone())
    }

    fn about(&self) -> About {
        About::Endpoint(self.0.clone())
    }

    fn contacts(&self) -> Vec<Contact> {
        vec![Contact::new(Touch::Name(self.0.host.clone()), "whether its addresses are published ones")]
    }

    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
        Box::pin(async move {
            let lookup = cx.lookup(&self.0.host).await;
            let found = judge(&self.0.host, &lookup.addresses(), cx).tried(lookup.attempts());
            match cx.resolving_proxy(&self.0) {
                None => found,
                Some(proxy) => Outcome { findings: Vec::new(), ..found }.via(proxy.to_string()),
            }
        })
    }
}

fn judge(host: &str, addresses: &[IpAddr], cx: &Context) -> Outcome {
    let mut outcome = Outcome::graded(Grade::Reached);
    for address in addresses {
        let where_ = match (cx.facts.cloudflare_range(*address), special(*address)) {
            (Some(range), _) => format!("in {range}"),
            (None, Some(Special::Nowhere)) => "an address of nowhere".to_owned(),
            (None, Some(Special::Private)) => "a private address".to_owned(),
            (None, Some(Special::Reserved)) => "a reserved address".to_owned(),
            (None, None) => "outside Cloudflare's published ranges".to_owned(),
        };
        outcome.saw("address", format!("{address}: {where_}"));
    }
    let of = |wanted: fn(Option<Special>) -> bool| -> Vec<IpAddr> {
        let unpublished = addresses.iter().copied().filter(|address| cx.facts.cloudflare_range(*address).is_none());
        unpublished.filter(|address| wanted(special(*address))).collect()
    };
    let nowhere = of(|kind| matches!(kind, Some(Special::Nowhere | Special::Reserved)));
    let private = of(|kind| kind == Some(Special::Private));
    let outside = of(|kind| kind.is_none());
    if !nowhere.is_empty() {
        outcome.found(sinkholed(host, &nowhere));
    }
    if !private.is_empty() {
        outcome.found(private_answer(host, &private));
    }
    if !outside.is_empty() {
        outcome.found(outside_ranges(host, &outside, cx));
    }
    outcome
}

fn sinkholed(host: &str, addresses: &[IpAddr]) -> Finding {
    SINKHOLED.found(
        format!("{host} resolves to {}, an address of nowhere: a name filter answers in WorkOS's place", in_words(addresses)),
        Remediation::network(format!("Take {host} off the DNS filter's block list (or allow its category), so that its public addresses are answered."))
            .verify(command!("dig {} A +short", host)),
    )
}

fn private_answer(host: &str, addresses: &[IpAddr]) -> Finding {
    PRIVATE_ANSWER.found(
        format!("{host} resolves to {}, an address of a private network: somebody answers in WorkOS's place", in_words(addresses)),
        Remediation::network(format!(
            "Remove the internal zone, override or hosts entry for {host} that gives {}, unless it is a transparent proxy that must be used: then set it as a proxy.",
            in_words(addresses)
        ))
        .verify(command!("dig {} A +short; getent ahosts {}", host, host)),
    )
}

fn outside_ranges(host: &str, addresses: &[IpAddr], cx: &Context) -> Finding {
    OUTSIDE_RANGES.found(
        format!(
            "{} lies outside Cloudflare's published ranges (as of {}): a firewall rule for these ranges does not cover it",
            in_words(addresses),
            cx.facts.as_of
        ),
        Remediation::network(format!(
            "Compare the answer with a public resolver; if {host} really moved, allow TCP 443 to {} besides, and give --facts a newer list.",
            in_words(addresses)
        ))
        .verify(command!("dig @1.1.1.1 {} A +short", host)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Status;
    use crate::checks::fixture::{Site, codes};
    use crate::net::fake::Fake;

    fn judged(addresses: &[&str]) -> Outcome {
        let addresses: Vec<IpAddr> = addresses.iter().map(|address| address.parse().unwrap()).collect();
        judge("api.workos.com", &addresses, &Site::of(Fake::default()).context())
    }

    #[test]
    fn published_addresses_pass_and_name_their_range() {
        let outcome = judged(&["104.18.2.1", "2606:4700::1"]);

        assert_eq!(outcome.status(), Status::Pass);
        assert_eq!(outcome.evidence[0].value, "104.18.2.1: in 104.16.0.0/13");
    }

    #[test]
    fn nowhere_private_and_elsewhere_come_apart() {
        assert_eq!(codes(&judged(&["0.0.0.0"])), ["sinkholed"]);
        assert_eq!(codes(&judged(&["10.1.2.3"])), ["private-answer"]);
        assert_eq!(codes(&judged(&["93.184.215.14"])), ["outside-ranges"]);
        assert_eq!(judged(&["93.184.215.14"]).status(), Status::Warn);
    }
}
