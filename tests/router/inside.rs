//! `check` on the installation itself, which sees its own public address through the customer's router or not at all.

use workos_preflight::report::v1::{Grade, Inbound, Status, Verdict};

use crate::command::{Expect, Ran, check};
use crate::edge::{Edge, Hairpin, Others};
use crate::found::results;
use crate::network::{INSTALLATION, Network, PUBLIC};
use crate::trial::{End, Scenario, hold};

pub(crate) fn all() -> Vec<Scenario> {
    vec![
        Scenario::new("with hairpin and SNAT a connection from inside is reached, and proves nothing", |network| {
            let ran = look(network, Hairpin::WithSnat, false)?;
            ran.judge(
                Some(Verdict::Incomplete),
                &[reached(), Expect::of("webhook.refuses-unsigned").is(Status::Pass)],
            )?;
            proves_nothing(&ran)
        }),
        Scenario::new("without hairpin the public address is undecided from inside", |network| {
            let ran = look(network, Hairpin::Off, false)?;
            ran.judge(Some(Verdict::Undecided), &[undecided()])?;
            proves_nothing(&ran)
        }),
        Scenario::new("with hairpin but no SNAT the public address is undecided from inside", |network| {
            let ran = look(network, Hairpin::WithoutSnat, false)?;
            ran.judge(Some(Verdict::Undecided), &[undecided()])?;
            proves_nothing(&ran)
        }),
        Scenario::new("where the name leads inside, the inside address stands in, and proves nothing", |network| {
            for hairpin in [Hairpin::Off, Hairpin::WithoutSnat] {
                network.has(&Edge { hairpin, ..Edge::default() })?;
                if hairpin == Hairpin::Off {
                    network.resolves(true)?;
                    network.runs_the_application()?;
                }
                let ran = check(network)?;
                let stands_in = reached().says(format!("{INSTALLATION}:443 (inside address): connected"));
                ran.judge(Some(Verdict::Incomplete), &[stands_in])?;
                proves_nothing(&ran)?;
            }
            Ok(())
        }),
        Scenario::new("an edge that is closed to the internet looks from inside as one that is open", |network| {
            let open = look(network, Hairpin::Off, true)?;
            network.has(&Edge::closed(Others::Dropped))?;
            let closed = check(network)?;
            closed.judge(Some(open.report.verdict), &[])?;
            let rows = |ran: &Ran| -> Vec<(String, Status)> {
                results(&ran.report).map(|(check, row)| (check.id.clone(), row.status)).collect()
            };
            hold(rows(&open) == rows(&closed), || format!("{:?}\nand closed\n{:?}", rows(&open), rows(&closed)))
        }),
        Scenario::new(
            "an application that does not run is no failure from inside where nothing can be reached",
            |network| {
                network.resolves(false)?;
                check(network)?.judge(Some(Verdict::Undecided), &[undecided()])
            },
        ),
        Scenario::new("a way out that loses full-size packets without a word carries small requests only", |network| {
            network.has(&Edge { longest: Some(1280), ..Edge::default() })?;
            network.resolves(true)?;
            network.runs_the_application()?;
            // Otherwise the kernel hands on several packets as one long one.
            network.installation.ip(["link set eth0 gso_max_segs 1"])?;
            let small = Expect::of("egress.answers").is(Status::Pass);
            let large = Expect::of("egress.carries").is(Status::Fail).finds("stalled-on-size");
            check(network)?.judge(Some(Verdict::NotReady), &[small, large])
        }),
        Scenario::new("a way out that carries full-size packets is told as one", |network| {
            let ran = look(network, Hairpin::Off, true)?;
            ran.judge(Some(Verdict::Incomplete), &[Expect::of("egress.carries").is(Status::Pass)])
        }),
        Scenario::new("a split horizon is evidence, and no failure", |network| {
            let ran = look(network, Hairpin::Off, true)?;
            let split =
                Expect::of("domain.split").is(Status::Pass).says("split-horizon").says(INSTALLATION).says(PUBLIC);
            ran.judge(Some(Verdict::Incomplete), &[split])
        }),
        Scenario::new("where the name is the same everywhere no split horizon is said", |network| {
            let same = Expect::of("domain.split").is(Status::Pass).says(PUBLIC).leaves_out("split-horizon");
            look(network, Hairpin::Off, false)?.judge(Some(Verdict::Undecided), &[same])
        }),
    ]
}

/// The application runs, and the edge is open.
fn look(network: &Network, hairpin: Hairpin, split: bool) -> Result<Ran, End> {
    network.has(&Edge { hairpin, ..Edge::default() })?;
    network.resolves(split)?;
    network.runs_the_application()?;
    check(network)
}

fn reached() -> Expect {
    Expect::of("ingress.connects").is(Status::Pass).graded(Grade::Reached).says("no proof")
}

fn undecided() -> Expect {
    Expect::of("ingress.connects").is(Status::Unknown).finds("hairpin").says(PUBLIC)
}

/// Nothing that is seen from inside says that deliveries arrive.
fn proves_nothing(ran: &Ran) -> Result<(), End> {
    let proved = results(&ran.report).find(|(_, row)| row.grade == Some(Grade::Proved));
    let proved = proved.map(|(check, _)| check.id.as_str());
    hold(proved.is_none() && ran.report.inbound != Inbound::Proved, || format!("{proved:?} is taken for a proof"))
}
