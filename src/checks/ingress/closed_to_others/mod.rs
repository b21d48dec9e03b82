//! Is the installation closed to addresses that WorkOS does not list?

pub(in crate::checks) mod codes;

use std::net::IpAddr;

use futures_util::future::join_all;

use self::codes::{NO_STRANGER, NOT_TRIED, OPEN_TO_ALL};
use super::wall::{Front, MADE_UP_PATH};
use super::{arrival, contacts_of_arrival};
use crate::check::{
    About, Check, CheckId, Command, Contact, Endpoint, Finding, Grade, Method, Outcome, Planned, Remediation, Running,
    Spec, Touch, Vantage, command,
};
use crate::checks::domain::public;
use crate::context::{Context, Tried};
use crate::facts::Facts;
use crate::net::special::special;
use crate::net::{ErrorKind, NetError, Phase, Request, Response, Trust, Way};
use crate::said::listed;
use crate::settings::Settings;
use crate::settings::values::{url_endpoint, web_url};

pub(super) static SPEC: Spec = Spec {
    id: ID,
    title: "the installation is closed to others",
    explain: "\
With `probe --expect-closed`: connects to every public address of the installation from this machine, whose address WorkOS \
does not list, and goes on to TLS and to a request where that succeeds. Where an allowlist for WorkOS's addresses stands at \
the edge, the packets are dropped, refused or rejected, or every path is refused with 403 or cut off without an answer \
(those of the webhook and of Actions among them, where they are given), and the evidence says which.

An allowlist that lets everybody in protects nothing, and nothing else notices: everything works. So where it was to be \
closed, an open edge is not ready. What passes here shows \
that this machine is kept out, and not that WorkOS gets in.

Usually broken by a rule for any source that stands before the allowlist, or by a load balancer with a rule set of its \
own. Where users sign in over the internet, port 443 is open to all on purpose: then the webhook and Actions paths are \
what can be restricted.",
    vantages: &[Vantage::Outside],
    required: |_, vantage| vantage == Vantage::Outside,
    codes: &[&OPEN_TO_ALL, &NOT_TRIED, &NO_STRANGER],
    needs: &[public::ID],
    plan: |_, settings| {
        let edges = settings.inbound_endpoints().into_iter().map(|endpoint| ClosedToOthers::at(endpoint, settings));
        match Planned::each(edges, settings.no_inbound_endpoint()) {
            Planned::Checks(checks) => Planned::AsTold {
                checks: Box::new(|probing| probing.expect_closed.then_some(checks)),
                otherwise: "give --expect-closed to see whether this machine, which is not WorkOS, is kept out".to_owned(),
            },
            nowhere => nowhere,
        }
    },
};

pub(super) const ID: CheckId = CheckId::new("ingress.closed-to-others");

struct ClosedToOthers {
    endpoint: Endpoint,
    /// The paths there of which this run knows what they are for.
    known: Vec<String>,
}

impl ClosedToOthers {
    fn at(endpoint: Endpoint, settings: &Settings) -> Self {
        let given = [&settings.webhook_url, &settings.actions_url].into_iter().flatten();
        let urls = given.filter_map(|given| web_url(&given.value));
        let there = urls.filter(|url| url.scheme() == "https" && url_endpoint(url).as_ref() == Some(&endpoint));
        let mut known: Vec<String> = there.map(|url| url.path().to_owned()).filter(|path| path != "/").collect();
        known.dedup();
        ClosedToOthers { endpoint, known }
    }
}

impl Check for ClosedToOthers {
    fn subject(&self) -> Option<String> {
        Some(self.endpoint.to_string())
    }

    fn about(&self) -> About {
        About::Endpoint(self.endpoint.clone())
    }

    fn contacts(&self, facts: &Facts, settings: &Settings) -> Vec<Contact> {
        let why = "whether this machine, which is not WorkOS, is kept out";
        let mut contacts = contacts_of_arrival(&self.endpoint, true, why, facts, settings);
        let get = |path| Touch::request(Method::Get, &self.endpoint, path);
        contacts.extend([
            Contact::new(get("/"), "only where TLS succeeds, whether every path is refused"),
            Contact::new(get(MADE_UP_PATH), "the same, of a path that no application has"),
        ]);
        let known = self.known.iter();
        contacts.extend(known.map(|path| Contact::new(get(path), "the same, of a path that WorkOS asks for")));
        contacts
    }

    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
        Box::pin(async move {
            let arrival = arrival(&self.endpoint, cx).await;
            let looks = arrival.public.iter().map(|one| async {
                let gate = gate(one, &self.known, cx).await;
                Seen { at: one.way.first_hop().ip(), gate }
            });
            let seen = join_all(looks).await;
            judge(&self.endpoint, &seen, cx).via("direct").tried(arrival.attempts())
        })
    }
}

/// What became of one connection.
struct Seen {
    at: IpAddr,
    gate: Gate,
}

enum Gate {
    /// It came about, and so did TLS, or another sign that something answers.
    Open(String),
    /// It was kept out: packets came back that say so, in these words.
    Closed(String),
    /// It was kept out: nothing came back.
    Silent(String),
    /// This machine did not get as far as the edge.
    Untried(String),
}

async fn gate(tried: &Tried, known: &[String], cx: &Context) -> Gate {
    match &tried.connection.result {
        Err(error) => match error.kind {
            ErrorKind::TimedOut(_) => Gate::Silent(format!("dropped ({})", error.detail)),
            ErrorKind::Refused => Gate::Closed("refused".to_owned()),
            ErrorKind::Reset | ErrorKind::Closed => Gate::Closed("reset as soon as it was made".to_owned()),
            ErrorKind::Unreachable => Gate::Closed("unreachable: rejected on the way".to_owned()),
            _ => Gate::Untried(error.detail.clone()),
        },
        Ok(_) => match cx.network.handshake(&tried.way).await.result {
            Ok(handshake) => match refuses_every_path(&tried.way, known, cx).await {
                Some(how) => Gate::Closed(format!("connected, and {how}")),
                None => Gate::Open(format!("connected, with TLS ({})", handshake.version)),
            },
            Err(NetError { kind: ErrorKind::ClientCertificateRequired, .. }) => {
                Gate::Closed("connected, and refused for want of a client certificate, as WorkOS would be".to_owned())
            }
            Err(NetError { kind: ErrorKind::Reset | ErrorKind::Closed, .. }) => {
                Gate::Closed("connected, and reset in the handshake".to_owned())
            }
            Err(NetError { kind: ErrorKind::TimedOut(Phase::Handshake), .. }) => {
                Gate::Closed("connected, and silent in the handshake".to_owned())
            }
            Err(error) => Gate::Open(format!("connected, and answered: {}", error.detail)),
        },
    }
}

/// How what answers refuses the front page, every path that is known, and one that no application has, if it does so in one way.
async fn refuses_every_path(way: &Way, known: &[String], cx: &Context) -> Option<&'static str> {
    let paths = ["/", MADE_UP_PATH].into_iter().chain(known.iter().map(String::as_str));
    let answers = join_all(paths.map(|path| async move {
        let request = Request { trust: Trust::Public, ..Request::get(way.clone(), path) };
        (path, cx.network.fetch(&request).await.result)
    }))
    .await;
    let made_up = answers.iter().find(|(path, _)| *path == MADE_UP_PATH).and_then(|(_, answer)| answer.as_ref().ok());
    let front = Front { made_up: made_up.cloned(), asks_certificate: false };
    let is_refused = |path: &str, response: &Response| response.status == 403 && front.wall(response, path).is_some();
    let is_cut = |error: &NetError| matches!(error.kind, ErrorKind::Closed | ErrorKind::Reset);
    if answers.iter().all(|(path, answer)| answer.as_ref().is_ok_and(|response| is_refused(path, response))) {
        return Some("refused with 403 at every path");
    }
    let cut = answers.iter().all(|(_, answer)| answer.as_ref().is_err_and(is_cut));
    cut.then_some("cut off without an answer at every path")
}

fn judge(endpoint: &Endpoint, seen: &[Seen], cx: &Context) -> Outcome {
    let source = seen.iter().find_map(|one| cx.host.source_for(one.at).ok());
    if let Some(whose) = source.and_then(|source| published(source, cx)) {
        return Outcome::graded(Grade::Declared).because(no_stranger(endpoint, &whose));
    }
    if seen.is_empty() {
        return Outcome::graded(Grade::Declared).because(no_address(endpoint));
    }
    let came_back = seen.iter().any(|one| match &one.gate {
        Gate::Open(_) | Gate::Closed(_) => true,
        Gate::Silent(_) | Gate::Untried(_) => false,
    });
    let mut outcome = Outcome::graded(if came_back { Grade::Reached } else { Grade::Declared });
    outcome.saw("this machine's address", source_in_words(source));
    for Seen { at, gate } in seen {
        let (Gate::Open(how) | Gate::Closed(how) | Gate::Silent(how) | Gate::Untried(how)) = gate;
        outcome.saw("connection", format!("{at}: {how}"));
    }
    let of = |wanted: fn(&Gate) -> bool| -> Vec<IpAddr> {
        seen.iter().filter(|one| wanted(&one.gate)).map(|one| one.at).collect()
    };
    let (open, untried) = (of(|gate| matches!(gate, Gate::Open(_))), of(|gate| matches!(gate, Gate::Untried(_))));
    if !open.is_empty() {
        return outcome.because(open_to_all(endpoint, &open, source, cx));
    }
    if !untried.is_empty() {
        return outcome.because(not_tried(endpoint, &untried));
    }
    outcome.with("shown", "that this machine is kept out; not that WorkOS gets in, nor that the installation is up")
}

/// Whose address it is, where an allowlist may let it in for what it is.
fn published(source: IpAddr, cx: &Context) -> Option<String> {
    let sources = &cx.facts.workos_sources;
    if sources.published.addresses.contains(&source) || sources.reported.addresses.contains(&source) {
        return Some(format!("{source}, one of WorkOS's listed addresses"));
    }
    cx.facts.cloudflare_range(source).map(|range| format!("{source}, an address of Cloudflare's ({range})"))
}

fn source_in_words(source: Option<IpAddr>) -> String {
    match source {
        Some(source) if special(source).is_some() => {
            format!("{source}, which is translated on the way: what address arrives is not known here")
        }
        Some(source) => source.to_string(),
        None => "not known".to_owned(),
    }
}

fn curl(endpoint: &Endpoint) -> Command {
    command!("curl -sv --connect-timeout 5 {}", endpoint.https("/"))
}

fn open_to_all(endpoint: &Endpoint, open: &[IpAddr], source: Option<IpAddr>, cx: &Context) -> Finding {
    let (all, port) = (listed(open), endpoint.port);
    let (published, reported) =
        (&cx.facts.workos_sources.published.addresses, &cx.facts.workos_sources.reported.addresses);
    OPEN_TO_ALL.found(
        format!(
            "{all} lets this machine in on port {port}, and WorkOS does not list its address ({})",
            source_in_words(source)
        ),
        Remediation::network(format!(
            "If WorkOS alone is to come in, allow inbound TCP {port} to {all} from its listed addresses ({}) and those that are reported besides ({}), and drop the rest. If users sign in over the internet, {port} is open on purpose: then let only these addresses reach the webhook and Actions paths, in the reverse proxy.",
            listed(published),
            listed(reported)
        ))
        .in_short("let in WorkOS's addresses alone")
        .verify(curl(endpoint)),
    )
}

fn not_tried(endpoint: &Endpoint, untried: &[IpAddr]) -> Finding {
    NOT_TRIED.found(
        format!("this machine cannot send to {} at all, so whether it is kept out there is open", listed(untried)),
        Remediation::installer(format!("Look from a machine that has a route to {}.", listed(untried)))
            .in_short("look from a machine with a route there")
            .verify(curl(endpoint)),
    )
}

fn no_address(endpoint: &Endpoint) -> Finding {
    NOT_TRIED.found(
        format!("{} has no address of the family that is to be used, so nothing was tried", endpoint.host),
        Remediation::installer("Look without -4 or -6, from a machine that has both families.")
            .in_short("look without -4 or -6")
            .verify(curl(endpoint)),
    )
}

fn no_stranger(endpoint: &Endpoint, whose: &str) -> Finding {
    NO_STRANGER.found(
        format!("this machine has {whose}: it sees what WorkOS sees, and not what others see"),
        Remediation::installer("Look from a machine whose address is not on the allowlist.")
            .in_short("look from a machine that is not allowed in")
            .verify(curl(endpoint)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Status;
    use crate::checks::fixture::{Held, Site, ask, codes};
    use crate::net::fake::{Fake, certificate, handshake, response};
    use crate::net::{Handshake, Method};

    const APP: &str = "app.customer.example";

    async fn run(source: &str, connection: Result<(), ErrorKind>, shaken: Result<Handshake, ErrorKind>) -> Held {
        let network = Fake::default()
            .resolves(APP, Ok(&["93.184.215.14"]))
            .serves("10.20.0.53:53", APP, Ok(&["93.184.215.14"]))
            .serves("9.9.9.9:53", APP, Ok(&["93.184.215.14"]))
            .connects("93.184.215.14:443", connection)
            .shakes(APP, shaken);
        let mut site = Site::of(network).with("network.public_resolver", "9.9.9.9").seen_from_outside();
        site.host.addresses = vec![source.parse().unwrap()];
        ask(&SPEC, &edge(&site), &site.context()).await
    }

    fn edge(site: &Site) -> ClosedToOthers {
        ClosedToOthers::at(Endpoint::new(APP, 443), &site.settings())
    }

    fn welcomed() -> Handshake {
        handshake(certificate(APP, "R11"), Ok(()), Ok(()))
    }

    #[tokio::test]
    async fn what_lets_a_stranger_in_is_open_to_all() {
        let open = run("93.184.216.9", Ok(()), Ok(welcomed())).await;
        let private = run("10.0.0.9", Ok(()), Ok(welcomed())).await;

        assert_eq!((codes(&open), open.status()), (vec!["open-to-all"], Status::Fail));
        assert!(open.findings[0].remediations.likeliest().action.contains("3.217.146.166"));
        assert!(private.findings[0].problem.contains("translated on the way"));
    }

    #[tokio::test]
    async fn every_way_of_being_kept_out_passes_and_is_named() {
        for (connection, shaken, words) in [
            (Err(ErrorKind::TimedOut(Phase::Connect)), Ok(welcomed()), "dropped"),
            (Err(ErrorKind::Refused), Ok(welcomed()), "refused"),
            (Err(ErrorKind::Unreachable), Ok(welcomed()), "rejected on the way"),
            (Ok(()), Err(ErrorKind::Reset), "reset in the handshake"),
            (Ok(()), Err(ErrorKind::ClientCertificateRequired), "want of a client certificate"),
        ] {
            let outcome = run("93.184.216.9", connection, shaken).await;

            assert_eq!(outcome.status(), Status::Pass);
            assert!(outcome.evidence.iter().any(|seen| seen.what == "connection" && seen.value.contains(words)));
        }
    }

    #[tokio::test]
    async fn an_edge_that_refuses_every_path_is_closed_and_an_application_that_refuses_one_is_not() {
        for (made_up, status) in [(403, Status::Pass), (404, Status::Fail)] {
            let network = Fake::default()
                .resolves(APP, Ok(&["93.184.215.14"]))
                .serves("9.9.9.9:53", APP, Ok(&["93.184.215.14"]))
                .connects("93.184.215.14:443", Ok(()))
                .shakes(APP, Ok(welcomed()))
                .fetches(Method::Get, "https://app.customer.example/", Ok(response(403, &[], "Forbidden")))
                .fetches(
                    Method::Get,
                    "https://app.customer.example/workos-preflight-made-up-path",
                    Ok(response(made_up, &[], "Forbidden")),
                );
            let mut site = Site::of(network).with("network.public_resolver", "9.9.9.9").seen_from_outside();
            site.host.addresses = vec!["93.184.216.9".parse().unwrap()];

            assert_eq!(ask(&SPEC, &edge(&site), &site.context()).await.status(), status);
        }
    }

    #[tokio::test]
    async fn an_edge_is_closed_only_where_the_known_paths_are_refused_as_well() {
        let refused = || Ok(response(403, &[], "Forbidden"));
        for (everywhere, webhook, status, words) in [
            (refused as fn() -> _, refused(), Status::Pass, "403 at every path"),
            (refused, Ok(response(405, &[], "")), Status::Fail, "with TLS"),
            (|| Err(ErrorKind::Closed), Err(ErrorKind::Closed), Status::Pass, "cut off without an answer"),
            (|| Err(ErrorKind::Closed), Ok(response(401, &[], "")), Status::Fail, "with TLS"),
            (|| Err(ErrorKind::TimedOut(Phase::Answer)), Err(ErrorKind::Closed), Status::Fail, "with TLS"),
        ] {
            let network = Fake::default()
                .resolves(APP, Ok(&["93.184.215.14"]))
                .serves("9.9.9.9:53", APP, Ok(&["93.184.215.14"]))
                .connects("93.184.215.14:443", Ok(()))
                .shakes(APP, Ok(welcomed()))
                .fetches(Method::Get, "https://app.customer.example/", everywhere())
                .fetches(Method::Get, "https://app.customer.example/workos-preflight-made-up-path", everywhere())
                .fetches(Method::Get, "https://app.customer.example/hook", webhook);
            let mut site = Site::of(network)
                .with("network.public_resolver", "9.9.9.9")
                .with("installation.webhook_url", "https://app.customer.example/hook?token=1")
                .seen_from_outside();
            site.host.addresses = vec!["93.184.216.9".parse().unwrap()];
            let outcome = ask(&SPEC, &edge(&site), &site.context()).await;

            assert_eq!(outcome.status(), status);
            assert!(outcome.evidence.iter().any(|seen| seen.what == "connection" && seen.value.contains(words)));
        }
    }

    #[tokio::test]
    async fn a_listed_machine_and_one_without_a_route_conclude_nothing() {
        let listed = run("3.217.146.166", Ok(()), Ok(welcomed())).await;
        let unrouted = run("93.184.216.9", Err(ErrorKind::NoRoute), Ok(welcomed())).await;

        assert_eq!((codes(&listed), listed.status()), (vec!["no-stranger"], Status::Unknown));
        assert_eq!((codes(&unrouted), unrouted.status()), (vec!["not-tried"], Status::Unknown));
    }
}
