//! `check` on the installation, with the reports of those who saw what it cannot see.

use std::net::SocketAddrV4;

use workos_preflight::report::v1::{Grade, Inbound, Status, Verdict};
use workos_preflight::simulator::Certificate;

use crate::command::{
    Expect, Ran, WITHOUT_PUBLIC_VIEW, check, check_with_what_was_seen, check_with_what_was_seen_and,
    check_without_public_view, probe,
};
use crate::delivery::Delivery;
use crate::edge::{Edge, Others};
use crate::listening::heard;
use crate::network::{FRONT, Network, published};
use crate::trial::{End, Scenario, hold};

pub(crate) fn all() -> Vec<Scenario> {
    let all = vec![
        Scenario::new(
            "a correct network without hairpin ends well by what a probe and a listener saw of it",
            |network| {
                heard(network, &[], &[Delivery::from(published()[0])])?;
                without_hairpin(network, Certificate::Good)?;
                check(network)?.judge(Some(Verdict::Undecided), &[open("ingress.connects"), unasked()])?;
                let outside = probe(&network.vantage, &[])?;

                let ran = check_with_what_was_seen(network, &outside, true)?;

                let [connects, trusted, refuses] =
                    ["ingress.connects", "ingress.trusted", "webhook.refuses-unsigned"].map(seen);
                let connects = connects.says("from here: could not connect");
                let delivered =
                    Expect::of("webhook.delivered").is(Status::Pass).graded(Grade::Proved).says("seen by listen");
                // No key was given, so nothing is known of credentials.
                ran.judge(Some(Verdict::Incomplete), &[connects, trusted, refuses, delivered])?;
                hold(ran.report.inbound == Inbound::Proved, || format!("inbound is {:?}", ran.report.inbound))
            },
        ),
        Scenario::new("what a probe saw is enough where nobody listened, and is no proof of deliveries", |network| {
            without_hairpin(network, Certificate::Good)?;
            let outside = probe(&network.vantage, &[])?;

            let ran = check_with_what_was_seen(network, &outside, false)?;

            let nobody = Expect::of("webhook.delivered").is(Status::Skip).says("no report");
            ran.judge(Some(Verdict::Incomplete), &[seen("webhook.refuses-unsigned"), nobody])?;
            hold(ran.report.inbound != Inbound::Proved, || "a probe is taken for a proof".to_owned())
        }),
        Scenario::new("a certificate that a probe finds wrong fails the check that cannot see it", |network| {
            without_hairpin(network, Certificate::SelfSigned)?;
            let outside = probe(&network.vantage, &[])?;

            let ran = check_with_what_was_seen(network, &outside, false)?;

            let wrong = Expect::of("ingress.trusted").is(Status::Fail).finds("self-signed").says("seen from outside: ");
            ran.judge(Some(Verdict::NotReady), &[seen("ingress.connects"), wrong, unasked()])
        }),
        Scenario::new(
            "what is wrong as seen from outside counts where callers inside are led past the edge",
            |network| {
                network.has(&Edge::default())?;
                network.resolves(true)?;
                network.runs_the_application()?;
                let nowhere = Edge { to: SocketAddrV4::new(FRONT, 443), ..Edge::default() };
                check(network)?.judge(Some(Verdict::Incomplete), &[passes("ingress.connects")])?;
                network.has(&nowhere)?;
                // An allowlist would let this one in, so what it does not reach is not there.
                let outside = from_workos(network)?;

                let ran = check_with_what_was_seen(network, &outside, false)?;

                let wrong = Expect::of("ingress.connects").is(Status::Fail).says("seen from outside: ");
                ran.judge(Some(Verdict::NotReady), &[wrong])
            },
        ),
        Scenario::new(
            "where no public resolver can be asked from inside, others saw where the name leads",
            |network| {
                network.has(&Edge::default())?;
                network.resolves(true)?;
                network.runs_the_application()?;
                let unseen = Expect::of("domain.resolves").is(Status::Unknown).finds("no-public-view");
                check_without_public_view(network)?.judge(Some(Verdict::Undecided), &[unseen])?;
                let outside = probe(&network.vantage, &[])?;

                let ran = check_with_what_was_seen_and(network, &outside, false, &WITHOUT_PUBLIC_VIEW)?;

                let all =
                    ["domain.resolves", "domain.public", "ingress.connects", "webhook.refuses-unsigned"].map(seen);
                // Whether that is here nobody outside can say.
                let here = Expect::of("domain.here").is(Status::Skip).says("cannot be seen from here");
                ran.judge(Some(Verdict::Incomplete), &[&all[..], &[here]].concat())
            },
        ),
        Scenario::new("a report of another installation is refused", |network| {
            without_hairpin(network, Certificate::Good)?;
            let mut outside = probe(&network.vantage, &[])?;
            for check in &mut outside.report.checks {
                for result in &mut check.results {
                    result.subject = result.subject.as_ref().map(|subject| subject.replace("app.", "other."));
                }
            }

            match check_with_what_was_seen(network, &outside, false) {
                Err(End::Wrong(why)) => hold(why.contains("another installation"), || why.clone()),
                _ => Err(End::Wrong("it is taken".to_owned())),
            }
        }),
    ];
    let kept_out = [
        ("drops", Others::Dropped),
        ("rejects", Others::Prohibited),
        ("resets", Others::Refused),
        ("resets once the client has spoken", Others::ResetOnceSpoken),
    ]
    .map(|(does, others)| {
        Scenario::new(format!("a probe that an allowlist {does} decides nothing"), move |network| {
            without_hairpin(network, Certificate::Good)?;
            network.has(&Edge { others, ..Edge::admitting(&published()) })?;
            let outside = probe(&network.vantage, &[])?;
            network.has(&Edge::admitting(&published()))?;
            let alone = check(network)?;

            let ran = check_with_what_was_seen(network, &outside, false)?;

            ran.judge(Some(alone.report.verdict), &[unasked()])?;
            hold(alone.report.verdict == Verdict::Undecided, || format!("{:?} alone", alone.report.verdict))
        })
    });
    all.into_iter().chain(kept_out).map(|scenario| scenario.about("probe")).collect()
}

/// The application runs behind an open edge that turns nothing around, and its name is the same everywhere.
fn without_hairpin(network: &Network, certificate: Certificate) -> Result<(), End> {
    network.has(&Edge::default())?;
    network.resolves(false)?;
    network.runs_the_application_with(certificate)
}

/// A look from an address that WorkOS publishes.
fn from_workos(network: &Network) -> Result<Ran, End> {
    let source = published()[2];
    network.workos.ip([format!("route replace default via 203.0.113.1 src {source}")])?;
    probe(&network.workos, &[])
}

fn passes(id: &'static str) -> Expect {
    Expect::of(id).is(Status::Pass)
}

/// It holds by what somebody saw from outside a moment ago.
fn seen(id: &'static str) -> Expect {
    passes(id).says("seen from outside: ").says(" ago")
}

fn open(id: &'static str) -> Expect {
    Expect::of(id).is(Status::Unknown).finds("hairpin")
}

/// What rests on the ingress was not asked.
fn unasked() -> Expect {
    Expect::of("webhook.refuses-unsigned").is(Status::Skip)
}
