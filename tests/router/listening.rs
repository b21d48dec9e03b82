//! `listen` in the installation's place while `WorkOS` delivers.

use std::net::{Ipv4Addr, SocketAddrV4};

use workos_preflight::report::v1::{Grade, Inbound, Status, Verdict};

use crate::command::{Expect, Listening, Ran, Serves, Waits, check_with_the_proof, probe};
use crate::delivery::Delivery;
use crate::edge::Edge;
use crate::found::findings;
use crate::front::{Front, Proxying};
use crate::host::PATIENCE;
use crate::network::{FRONT, Network, PUBLIC, ROUTER, UNLISTED, VANTAGE, published, reported};
use crate::plain::open;
use crate::trial::{End, Scenario, hold};

/// What stands in front of the listener is the only one whose word is taken for a source.
const TRUSTED: [&str; 2] = ["--trusted-proxy", "10.20.0.20/32"];

pub(crate) fn all() -> Vec<Scenario> {
    let mut all = vec![
        Scenario::new("deliveries from all published sources are proved, each by its name", |network| {
            network.has(&Edge::admitting(&published()))?;
            let ran =
                heard(network, &["--expect-all"], &published().into_iter().map(Delivery::from).collect::<Vec<_>>())?;
            let each = published().into_iter().fold(proved(), Expect::says);
            ran.judge(Some(Verdict::Ready), &[each])?;
            hold(ran.report.inbound == Inbound::Proved, || format!("inbound is {:?}", ran.report.inbound))
        }),
        Scenario::new("an address that is missing in the allowlist is noticed", missing),
        Scenario::new("nothing that arrives is no delivery", |network| {
            network.has(&Edge::admitting(&[]))?;
            let listening = Listening::start(network, Serves::Tls, 1, Waits::InVain, &[])?;
            Delivery::from(published()[0]).is_lost(network).map_err(End::Broke)?;
            let expect = Expect::of(ID).is(Status::Unknown).finds("nothing-arrived").leaves_out(published()[0]);
            listening.report(network)?.judge(Some(Verdict::Undecided), &[expect])
        }),
        Scenario::new("an unlisted source is named, and is no proof", |network| {
            let ran = heard(network, &[], &[Delivery::from(UNLISTED)])?;
            let expect = failed("from-elsewhere").says(UNLISTED);
            ran.judge(Some(Verdict::NotReady), &[expect])
        }),
        Scenario::new("a source that is only reported is told as such", |network| {
            let source = reported()[0];
            let ran = heard(network, &[], &[Delivery::from(source)])?;
            let expect = Expect::of(ID).is(Status::Warn).finds("from-reported-source").says(source);
            ran.judge(None, &[expect])
        }),
        Scenario::new("a delivery with another secret is told apart from one that does not arrive", |network| {
            let listening = Listening::start(network, Serves::Tls, 1, Waits::InVain, &[])?;
            let delivery = Delivery::from(published()[0]).signed_with_another_secret();
            let status = delivery.send(network)?;
            let ran = listening.report(network)?;
            ran.judge(Some(Verdict::NotReady), &[failed("bad-signature").says(published()[0])])?;
            hold(status != 200, || "what is signed with another secret is answered 200".to_owned())
        }),
        Scenario::new("a delivery that is left to the application is proved all the same", |network| {
            let listening = Listening::start(network, Serves::Tls, 1, Waits::ToTheEnd, &[])?;
            let status = Delivery::from(published()[0]).send(network)?;
            listening.report(network)?.judge(Some(Verdict::Ready), &[proved()])?;
            // WorkOS delivers it again, to whoever stands there then.
            hold(status == 503, || format!("the delivery should be answered 503, not {status}"))
        }),
        Scenario::new("a proof is taken into a check from inside, which alone would prove nothing", |network| {
            heard(network, &[], &[Delivery::from(published()[0])])?;
            network.resolves(true)?;
            network.runs_the_application()?;
            let ran = check_with_the_proof(network)?;
            ran.judge(Some(Verdict::Incomplete), &[proved()])?;
            hold(ran.report.inbound == Inbound::Proved, || format!("inbound is {:?}", ran.report.inbound))
        }),
        Scenario::new(
            "a look from outside at the listener is told beside the delivery, and sees that it refuses what is not signed",
            |network| {
                let listening = Listening::start(network, Serves::Tls, 1, Waits::ToTheEnd, &["--accept"])?;
                let refuses = Expect::of("webhook.refuses-unsigned").is(Status::Pass);
                probe(&network.vantage, &[])?.judge(Some(Verdict::Incomplete), &[refuses])?;
                Delivery::from(published()[0]).send(network)?;
                listening.report(network)?.judge(
                    Some(Verdict::Ready),
                    &[proved().says(published()[0]).says("said to be of this tool's own checks")],
                )
            },
        ),
        Scenario::new("a PROXY header of somebody who is not trusted is not believed", |network| {
            let listening = Listening::start(network, Serves::Tls, 1, Waits::InVain, &PROXY_PROTOCOL)?;
            let sent = Delivery::from(UNLISTED).announcing(published()[0]).send(network);
            let expect = Expect::of(ID).is(Status::Unknown).finds("nothing-arrived").leaves_out(published()[0]);
            listening.report(network)?.judge(Some(Verdict::Undecided), &[expect])?;
            hold(sent.is_err(), || format!("no TLS should come about after it, and the answer is {sent:?}"))
        }),
        Scenario::new("a connection that says nothing is no delivery", |network| {
            let listening = Listening::start(network, Serves::Tls, 1, Waits::ToTheEnd, &["--accept"])?;
            let silent = network.vantage.run(|| open(None, SocketAddrV4::new(PUBLIC, 443), PATIENCE))?;
            let status = Delivery::from(published()[0]).send(network)?;
            drop(silent);
            listening.report(network)?.judge(Some(Verdict::Ready), &[proved().says(published()[0])])?;
            hold(status == 200, || format!("the delivery is answered {status}"))
        }),
        Scenario::new("a router that hides the source is named in its place, and is no proof", |network| {
            network.has(&Edge { hides_sources: true, ..Edge::default() })?;
            let ran = heard(network, &[], &[Delivery::from(published()[0])])?;
            let expect = failed("from-elsewhere").says(ROUTER).leaves_out(published()[0]);
            ran.judge(Some(Verdict::NotReady), &[expect])
        }),
        Scenario::new("a source that only a header names is not believed", |network| {
            let ran = heard(network, &[], &[Delivery::from(UNLISTED).claiming(published()[0])])?;
            ran.judge(Some(Verdict::NotReady), &[failed("from-elsewhere").says(UNLISTED)])
        }),
        Scenario::new("behind nginx without --trusted-proxy the proxy is the source, and is no proof", |network| {
            let ran = heard_behind(Front::Nginx, network, &[], &[Delivery::from(published()[0])])?;
            ran.judge(Some(Verdict::NotReady), &[failed("from-elsewhere").says(FRONT)])
        }),
        Scenario::new(
            "behind a trusted nginx the nearest source counts, and not what a client put before it",
            |network| {
                let delivery = Delivery::from(UNLISTED).claiming(published()[0]);
                let ran = heard_behind(Front::Nginx, network, &TRUSTED, &[delivery])?;
                ran.judge(Some(Verdict::NotReady), &[failed("from-elsewhere").says(UNLISTED)])
            },
        ),
        Scenario::new("a trusted proxy that is another one vouches for nobody", |network| {
            let other = ["--trusted-proxy", "10.20.0.21/32"];
            let ran = heard_behind(Front::Nginx, network, &other, &[Delivery::from(published()[0])])?;
            ran.judge(Some(Verdict::NotReady), &[failed("from-elsewhere").says(FRONT)])
        }),
    ];
    all.extend(published().into_iter().map(|source| {
        Scenario::new(format!("a delivery from {source} alone is proved"), move |network| {
            network.has(&Edge::admitting(&[source]))?;
            let ran = heard(network, &[], &[Delivery::from(source)])?;
            ran.judge(Some(Verdict::Ready), &[proved().says(source)])
        })
    }));
    let through: [(&str, Front, &[&str]); 4] = [
        ("nginx that ends TLS", Front::Nginx, &TRUSTED),
        ("nginx that encrypts anew", Front::NginxReencrypting, &TRUSTED),
        ("HAProxy with a PROXY header in text", Front::Haproxy(Proxying::V1), &PROXY_PROTOCOL),
        ("HAProxy with a PROXY header in binary", Front::Haproxy(Proxying::V2), &PROXY_PROTOCOL),
    ];
    all.extend(through.into_iter().map(|(what, front, arguments)| {
        Scenario::new(format!("behind {what} the source is recognised"), move |network| {
            let source = published()[5];
            let ran = heard_behind(front, network, arguments, &[Delivery::from(source)])?;
            ran.judge(Some(Verdict::Ready), &[proved().says(source).says(FRONT)])
        })
    }));
    all.extend(nonces());
    all.into_iter().map(|scenario| scenario.about("listen")).collect()
}

/// A probe that knows the listener's nonce.
fn nonces() -> Vec<Scenario> {
    let arrives = || Expect::of("ingress.arrives").is(Status::Pass);
    vec![
        Scenario::new("a probe with the nonce arrives at the listener, and both name the prober", move |network| {
            let (probed, heard) = both(network, Serves::Tls, &[])?;
            probed.judge(Some(Verdict::Incomplete), &[arrives().says(VANTAGE)])?;
            heard.judge(Some(Verdict::Ready), &[arrives().says(VANTAGE)])?;
            hold(heard.report.inbound != Inbound::Proved, || "a probe is taken for a proof".to_owned())
        }),
        Scenario::new(
            "a router that hides the source shows in a probe with the nonce, on both sides",
            move |network| {
                network.has(&Edge { hides_sources: true, ..Edge::default() })?;
                let (probed, heard) = both(network, Serves::Tls, &[])?;
                probed.judge(None, &[arrives().says(ROUTER)])?;
                heard.judge(None, &[arrives().says(ROUTER).leaves_out(VANTAGE)])
            },
        ),
        Scenario::new("a probe with the nonce arrives through nginx, which names the prober", move |network| {
            Front::Nginx.stands(network, &Edge::default())?;
            let (probed, heard) = both(network, Serves::Plain, &TRUSTED)?;
            probed.judge(Some(Verdict::Incomplete), &[arrives().says(VANTAGE)])?;
            heard.judge(Some(Verdict::Ready), &[arrives().says(VANTAGE).says(FRONT)])
        }),
        Scenario::new("an application that answers in the listener's place does not know the nonce", |network| {
            network.runs_the_application()?;
            let probed = probe(&network.vantage, &["--nonce", "0123456789abcdef0123456789abcdef"])?;
            let other = Expect::of("ingress.arrives").is(Status::Fail).finds("not-the-listener");
            probed.judge(Some(Verdict::NotReady), &[other])
        }),
    ]
}

/// What the probe and the listener say, after the one has presented the other's nonce.
fn both(network: &Network, serves: Serves, arguments: &[&str]) -> Result<(Ran, Ran), End> {
    let arguments = [&["--nonce"], arguments].concat();
    let mut listening = Listening::start(network, serves, 0, Waits::ToTheEnd, &arguments)?;
    let nonce = listening.says("--nonce ")?;
    let probed = probe(&network.vantage, &["--nonce", nonce.trim()])?;
    Ok((probed, listening.report(network)?))
}

const ID: &str = "webhook.delivered";
/// The header counts only from whom it is expected.
const PROXY_PROTOCOL: [&str; 3] = ["--proxy-protocol", "--trusted-proxy", "10.20.0.20/32"];

/// One listed source is dropped; the others arrive.
fn missing(network: &Network) -> Result<(), End> {
    let (missing, listed): (Vec<_>, Vec<_>) = published().into_iter().partition(|it| *it == published()[4]);
    network.has(&Edge::admitting(&listed))?;
    let listening =
        Listening::start(network, Serves::Tls, published().len(), Waits::InVain, &["--accept", "--expect-all"])?;
    for source in &listed {
        answered(&Delivery::from(*source), network)?;
    }
    Delivery::from(missing[0]).is_lost(network).map_err(End::Broke)?;
    let ran = listening.report(network)?;
    let each = listed.iter().chain(&missing).fold(Expect::of(ID), Expect::says);
    ran.judge(None, &[each.is(Status::Warn).finds("not-from-all")])?;
    let named = |address: &Ipv4Addr| {
        let mut found = findings(&ran.report).filter(|(_, _, finding)| finding.code == "not-from-all");
        found.any(|(_, _, finding)| finding.problem.contains(&address.to_string()))
    };
    hold(named(&missing[0]) && !listed.iter().any(named), || {
        format!("the finding should name {} and no other", missing[0])
    })
}

/// Deliveries straight to the listener.
pub(crate) fn heard(network: &Network, arguments: &[&str], deliveries: &[Delivery]) -> Result<Ran, End> {
    receive(network, Serves::Tls, arguments, deliveries)
}

/// Deliveries through what stands in front of it.
fn heard_behind(front: Front, network: &Network, arguments: &[&str], deliveries: &[Delivery]) -> Result<Ran, End> {
    front.stands(network, &Edge::default())?;
    let serves = match front {
        Front::Nginx => Serves::Plain,
        Front::NginxReencrypting => Serves::SelfSigned,
        Front::Haproxy(_) => Serves::Tls,
    };
    receive(network, serves, arguments, deliveries)
}

fn receive(network: &Network, serves: Serves, arguments: &[&str], deliveries: &[Delivery]) -> Result<Ran, End> {
    let listening =
        Listening::start(network, serves, deliveries.len(), Waits::ToTheEnd, &[&["--accept"], arguments].concat())?;
    deliveries.iter().try_for_each(|delivery| answered(delivery, network))?;
    listening.report(network)
}

/// What is signed is answered 200, wherever it comes from.
fn answered(delivery: &Delivery, network: &Network) -> Result<(), End> {
    let sent = delivery.send(network);
    hold(sent.as_ref().is_ok_and(|status| *status == 200), || {
        format!("the delivery should be answered 200, not {sent:?}")
    })
}

fn proved() -> Expect {
    Expect::of(ID).is(Status::Pass).graded(Grade::Proved)
}

fn failed(code: &'static str) -> Expect {
    Expect::of(ID).is(Status::Fail).finds(code)
}
