//! Are the addresses of the external name ones that the internet can reach?

pub(in crate::checks) mod codes;

use std::net::IpAddr;

use self::codes::{AAAA_ONLY, MIXED, PRIVATE_ADDRESS, PRIVATE_ALLOWED, RESERVED_ADDRESS};
use super::front::front;
use super::resolves;
use super::view::public_view;
use crate::check::{CheckId, Command, Finding, Grade, Outcome, Remediation, Running, Spec, Vantage, command};
use crate::context::Context;
use crate::elsewhere::{OTHERWISE_OUTSIDE, SEEN_LONG_AGO};
use crate::net::special::{Special, special};
use crate::said::{in_any_order, listed};

pub(super) static SPEC: Spec = Spec {
    id: ID,
    title: "the external addresses are public",
    explain: "\
Looks at every address that the internet is told for the external name.

WorkOS can deliver webhooks and Actions only to a public address, and its listed source addresses are IPv4: a name with \
IPv6 addresses alone may not be reached by them. An address of a private network in public DNS leads every caller into \
their own network.

Usually broken by a record that was copied from the internal zone, by a dynamic DNS client that reports the inside \
address, or by a name that was prepared with a documentation address and never completed.",
    vantages: &[Vantage::Inside, Vantage::Outside],
    required: super::required,
    codes: &[&PRIVATE_ADDRESS, &RESERVED_ADDRESS, &MIXED, &AAAA_ONLY, &PRIVATE_ALLOWED, &SEEN_LONG_AGO, &OTHERWISE_OUTSIDE],
    needs: &[resolves::ID],
    plan: |_, settings| super::per_name(settings, |_| Vec::new(), look),
};

pub(in crate::checks) const ID: CheckId = CheckId::new("domain.public");

fn look<'a>(host: &'a str, cx: &'a Context) -> Running<'a> {
    Box::pin(async move {
        let view = public_view(host, cx).await;
        let mut outcome = judge(host, &view.addresses(), cx).via(view.via.clone()).tried(view.attempts());
        if let Some(ttl) = view.ttl() {
            outcome.saw_passing("time to live", in_seconds(ttl));
        }
        // From inside `domain.here` says it.
        if let Some(front) = front(&view.addresses(), &view.aliases(), &cx.facts)
            && cx.vantage == Vantage::Outside
        {
            outcome.saw("in front", format!("{front}: the installation sees its addresses, and not the callers'"));
        }
        outcome
    })
}

/// Short enough to be a failover record, or so long that a move takes days, is worth a note.
fn in_seconds(ttl: u32) -> String {
    match ttl {
        0..60 => format!("{ttl} s (short: callers ask often)"),
        86_401.. => format!("{ttl} s (long: a move of the installation takes this long to be seen)"),
        _ => format!("{ttl} s"),
    }
}

fn judge(host: &str, addresses: &[IpAddr], cx: &Context) -> Outcome {
    let mut outcome = Outcome::graded(Grade::Reached).with_all("addresses", addresses);
    let of = |kind: Option<Special>| -> Vec<IpAddr> {
        addresses.iter().copied().filter(|address| special(*address) == kind).collect()
    };
    let (public, private) = (of(None), of(Some(Special::Private)));
    let unusable: Vec<IpAddr> = addresses.iter().copied().filter(|address| special(*address).is_some()).collect();
    if public.is_empty() && cx.vantage == Vantage::Outside {
        if cx.probing.allow_private {
            return outcome.because(private_allowed(host, &unusable));
        }
        let value = format!("{} (--allow-private would)", listed(&unusable));
        outcome.saw_of_which("not contacted", value, in_any_order(&unusable));
    }
    if public.is_empty() {
        return outcome.because(if private.is_empty() {
            reserved(host, &unusable)
        } else {
            private_address(host, &unusable)
        });
    }
    if !unusable.is_empty() {
        outcome.found(mixed(host, &public, &unusable));
    }
    if public.iter().all(IpAddr::is_ipv6) {
        outcome.found(aaaa_only(host));
    }
    outcome
}

fn dig(host: &str) -> Command {
    command!("dig @1.1.1.1 {} A +short", host)
}

fn private_address(host: &str, addresses: &[IpAddr]) -> Finding {
    PRIVATE_ADDRESS.found(
        format!(
            "the internet is told {} for {host}, an address of a private network that WorkOS cannot reach",
            listed(addresses)
        ),
        Remediation::network(format!(
            "Replace {} with the public address of this installation in the public zone of {host}.",
            listed(addresses)
        ))
        .in_short("publish the installation's public address")
        .verify(dig(host)),
    )
}

fn reserved(host: &str, addresses: &[IpAddr]) -> Finding {
    RESERVED_ADDRESS.found(
        format!("the internet is told {} for {host}, which no host on the internet has", listed(addresses)),
        Remediation::network(format!(
            "Replace {} with the public address of this installation in the public zone of {host}.",
            listed(addresses)
        ))
        .in_short("publish the installation's public address")
        .verify(dig(host)),
    )
}

fn private_allowed(host: &str, addresses: &[IpAddr]) -> Finding {
    PRIVATE_ALLOWED.found(
        format!(
            "{host} leads to {}, which is no public address: it is looked at because of --allow-private, and WorkOS cannot reach it",
            listed(addresses)
        ),
        Remediation::network(format!(
            "Before going live, publish the public address of this installation in the public zone of {host}."
        ))
        .verify(dig(host)),
    )
}

fn mixed(host: &str, public: &[IpAddr], others: &[IpAddr]) -> Finding {
    MIXED.found(
        format!(
            "{host} has the public address {} and {} beside it: callers fail by chance",
            listed(public),
            listed(others)
        ),
        Remediation::network(format!("Remove {} from the public zone of {host}.", listed(others)))
            .in_short("take the other addresses out of public DNS")
            .verify(dig(host)),
    )
}

fn aaaa_only(host: &str) -> Finding {
    AAAA_ONLY.found(
        format!("{host} has IPv6 addresses only, and the source addresses that WorkOS lists are IPv4"),
        Remediation::network(format!("Add an A record with a public IPv4 address to {host}.")).verify(dig(host)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::fixture::{Held, Site, codes, held};
    use crate::net::fake::Fake;

    fn judge(host: &str, addresses: &[IpAddr], cx: &Context) -> Held {
        held(&SPEC, super::judge(host, addresses, cx))
    }

    fn judged_in(site: Site, addresses: &[&str]) -> Vec<&'static str> {
        let addresses: Vec<IpAddr> = addresses.iter().map(|address| address.parse().unwrap()).collect();
        codes(&judge("app.customer.example", &addresses, &site.context()))
    }

    fn judged(addresses: &[&str]) -> Vec<&'static str> {
        judged_in(Site::of(Fake::default()), addresses)
    }

    #[test]
    fn from_outside_private_addresses_fail_unless_they_are_allowed() {
        let outside = || Site::of(Fake::default()).seen_from_outside();

        assert_eq!(judged_in(outside(), &["10.20.0.10"]), ["private-address"]);
        assert_eq!(judged_in(outside().allow_private(), &["10.20.0.10"]), ["private-allowed"]);
        assert_eq!(judged_in(outside().allow_private(), &["93.184.215.14"]), [""; 0]);
    }

    #[test]
    fn public_addresses_pass_and_others_have_their_own_codes() {
        assert!(judged(&["93.184.215.14"]).is_empty());
        assert_eq!(judged(&["10.20.0.10"]), ["private-address"]);
        assert_eq!(judged(&["203.0.113.7"]), ["reserved-address"]);
        assert_eq!(judged(&["93.184.215.14", "10.20.0.10"]), ["mixed"]);
        assert_eq!(judged(&["2606:2800:21f::1"]), ["aaaa-only"]);
        assert_eq!(judged(&["2606:2800:21f::1", "10.20.0.10"]), ["mixed", "aaaa-only"]);
    }
}
