//! `probe` from the internet.

use workos_preflight::report::v1::{Status, Vantage, Verdict};

use crate::command::{Expect, probe, probe_as_told};
use crate::edge::{Edge, Others};
use crate::host::Host;
use crate::network::{Network, PUBLIC, published};
use crate::trial::{End, Scenario, hold};

pub(crate) fn all() -> Vec<Scenario> {
    let refused = |title, others, code, says: &'static str| {
        Scenario::new(title, move |network: &Network| {
            network.has(&Edge::closed(others))?;
            network.runs_the_application()?;
            let expect = Expect::of("ingress.connects").is(Status::Fail).finds(code).says(PUBLIC).says(says);
            probe(&network.vantage, &[])?.judge(Some(Verdict::NotReady), &[expect])?;
            let told = probe_as_told(&network.vantage)?;
            hold(told.to_lowercase().contains("not ready: this machine is kept out"), || told.clone())
        })
    };
    let mut all = vec![
        Scenario::new("an installation that is open is reached and trusted from outside", |network| {
            network.runs_the_application()?;
            let ran = probe(&network.vantage, &[])?;
            let expect = [passes("ingress.connects"), passes("ingress.trusted")];
            ran.judge(Some(Verdict::Incomplete), &expect)?;
            hold(ran.report.vantage == Vantage::Outside, || "the vantage should be outside".to_owned())
        }),
        refused("ingress that is dropped is told from outside", Others::Dropped, "timed-out", "dropped"),
        refused("ingress that is prohibited is told from outside", Others::Prohibited, "unreachable", "rejected"),
        refused("ingress that is answered with a reset is told from outside", Others::Refused, "refused", "refuses"),
        Scenario::new("ingress that is reset once the client has spoken is told from outside", |network| {
            network.has(&Edge::closed(Others::ResetOnceSpoken))?;
            network.runs_the_application()?;
            let ran = probe(&network.vantage, &[])?;
            ran.judge(None, &[passes("ingress.connects"), Expect::of("ingress.trusted").says("reset")])?;
            hold(ran.report.verdict != Verdict::Ready, || "what is reset should not be ready".to_owned())
        }),
        Scenario::new("an application that does not run is refused behind an open edge", |network| {
            let expect = Expect::of("ingress.connects").is(Status::Fail).finds("refused").says(PUBLIC);
            probe(&network.vantage, &[])?.judge(Some(Verdict::NotReady), &[expect])
        }),
        Scenario::new("an edge that is open to all is not ready where it should be closed", |network| {
            network.runs_the_application()?;
            let open = Expect::of("ingress.closed-to-others").is(Status::Fail).finds("open-to-all").says(PUBLIC);
            probe(&network.vantage, &["--expect-closed"])?.judge(Some(Verdict::NotReady), &[open])
        }),
        Scenario::new("a machine with an address of WorkOS says that it sees what WorkOS sees", |network| {
            network.has(&Edge::admitting(&published()))?;
            network.runs_the_application()?;
            let source = published()[2];
            network.workos.ip([format!("route replace default via 203.0.113.1 src {source}")])?;
            let ran = probe(&network.workos, &["--expect-closed"])?;
            let expect = Expect::of("ingress.closed-to-others").is(Status::Unknown).finds("no-stranger").says(source);
            ran.judge(Some(Verdict::Undecided), &[expect])
        }),
    ];
    all.extend(
        [
            ("drops", Others::Dropped, "dropped"),
            ("rejects", Others::Prohibited, "rejected"),
            ("resets", Others::Refused, "refused"),
            ("resets once the client has spoken", Others::ResetOnceSpoken, "reset in the handshake"),
        ]
        .map(|(does, others, says)| {
            Scenario::new(format!("an allowlist that {does} is closed to others from outside"), move |network| {
                network.has(&Edge { others, ..Edge::admitting(&published()) })?;
                network.runs_the_application()?;
                closed(&network.vantage, passes("ingress.closed-to-others").says(says))
            })
        }),
    );
    all.into_iter().map(|scenario| scenario.about("probe")).collect()
}

fn passes(id: &'static str) -> Expect {
    Expect::of(id).is(Status::Pass)
}

/// This machine is kept out, as it should be.
fn closed(from: &Host, expect: Expect) -> Result<(), End> {
    probe(from, &["--expect-closed"])?.judge(Some(Verdict::Ready), &[expect])
}
