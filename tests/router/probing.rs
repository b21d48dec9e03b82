//! `probe` from the internet.

use workos_preflight::report::v1::{Status, Vantage, Verdict};

use crate::command::{Expect, probe};
use crate::edge::{Edge, Others};
use crate::network::{Network, PUBLIC, published};
use crate::trial::{End, Scenario, hold};

pub(crate) fn all() -> Vec<Scenario> {
    let refused = |title, others, code, says: &'static str| {
        Scenario::new(title, move |network: &Network| {
            network.has(&Edge::closed(others))?;
            network.runs_the_application()?;
            let expect = Expect::of("ingress.connects").is(Status::Fail).finds(code).says(PUBLIC).says(says);
            probe(network, &[])?.judge(Some(Verdict::NotReady), &[expect])
        })
    };
    let all = vec![
        Scenario::new("an installation that is open is reached and trusted from outside", |network| {
            network.runs_the_application()?;
            let ran = probe(network, &[])?;
            let expect = [passes("ingress.connects"), passes("ingress.trusted")];
            ran.judge(Some(Verdict::Ready), &expect)?;
            hold(ran.report.vantage == Vantage::Outside, || "the vantage should be outside".to_owned())
        }),
        refused("ingress that is dropped is told from outside", Others::Dropped, "timed-out", "dropped"),
        refused("ingress that is prohibited is told from outside", Others::Prohibited, "unreachable", "rejected"),
        refused("ingress that is answered with a reset is told from outside", Others::Refused, "refused", "refuses"),
        Scenario::new("ingress that is reset once the client has spoken is told from outside", |network| {
            network.has(&Edge::closed(Others::ResetOnceSpoken))?;
            network.runs_the_application()?;
            let ran = probe(network, &[])?;
            ran.judge(None, &[passes("ingress.connects"), Expect::of("ingress.trusted").says("reset")])?;
            hold(ran.report.verdict != Verdict::Ready, || "what is reset should not be ready".to_owned())
        }),
        Scenario::new("an allowlist is closed to others from outside", |network| {
            network.has(&Edge::admitting(&published()))?;
            network.runs_the_application()?;
            closed(network, Verdict::Ready, passes("ingress.closed-to-others"))
        }),
        Scenario::new("an allowlist that rejects is closed to others from outside", |network| {
            network.has(&Edge { others: Others::Prohibited, ..Edge::admitting(&published()) })?;
            network.runs_the_application()?;
            closed(network, Verdict::Ready, passes("ingress.closed-to-others"))
        }),
        Scenario::new("an edge that is open to all is a warning where it should be closed", |network| {
            network.runs_the_application()?;
            let open = Expect::of("ingress.closed-to-others").is(Status::Warn).finds("open-to-all").says(PUBLIC);
            closed(network, Verdict::Ready, open)
        }),
    ];
    all.into_iter().map(|scenario| scenario.about("probe")).collect()
}

fn passes(id: &'static str) -> Expect {
    Expect::of(id).is(Status::Pass)
}

fn closed(network: &Network, verdict: Verdict, expect: Expect) -> Result<(), End> {
    probe(network, &["--expect-closed"])?.judge(Some(verdict), &[expect])
}
