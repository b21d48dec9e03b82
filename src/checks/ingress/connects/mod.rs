//! Does the installation accept a connection at its public address?

pub(in crate::checks) mod codes;

use std::net::IpAddr;

use self::codes::{
    HAIRPIN, NO_ROUTE, NOT_CONTACTED, PROHIBITED, REFUSED, RESET, SOME_ADDRESSES, TIMED_OUT, UNREACHABLE,
};
use super::arrival::{Arrival, arrival};
use super::contacts_of_arrival;
use crate::check::{
    About, Check, CheckId, Command, Contact, Endpoint, Finding, Grade, Outcome, Planned, Remediation, Running, Spec,
    Vantage, command,
};
use crate::checks::domain::public;
use crate::context::{Context, Tried};
use crate::elsewhere::{OTHERWISE_OUTSIDE, SEEN_LONG_AGO};
use crate::facts::Facts;
use crate::net::ErrorKind;
use crate::net::special::special;
use crate::said::{in_any_order, listed, spoken};
use crate::settings::Settings;
use crate::settings::values::{shown_url, url_endpoint, web_url};

pub(super) static SPEC: Spec = Spec {
    id: ID,
    title: "the installation takes connections",
    explain: "\
Opens a TCP connection to every public address of the external name; from inside also to the address that the resolvers \
here give, when that is another one.

From outside this shows whether the edge lets connections in. From inside it is hairpin: the packets go out to the \
customer's own edge and must be turned around there, which many firewalls do not do. A connection then proves only that \
something listens, and a failure proves nothing, so it is left undecided and never decides the verdict.

A look from outside comes from this machine's address, and not from WorkOS's: where an allowlist for WorkOS stands at the \
edge, being kept out is right, and `probe --expect-closed` asks for that.

Usually broken by a port forwarding that is missing at the edge, by a rule that lets in fewer sources than WorkOS and the \
browsers come from, or by an application that is not started.",
    vantages: &[Vantage::Inside, Vantage::Outside],
    required: super::required,
    codes: &[&HAIRPIN, &NOT_CONTACTED, &TIMED_OUT, &REFUSED, &RESET, &UNREACHABLE, &NO_ROUTE, &PROHIBITED, &SOME_ADDRESSES, &SEEN_LONG_AGO, &OTHERWISE_OUTSIDE],
    needs: &[public::ID],
    plan: |_, settings| Planned::each(settings.inbound_endpoints().into_iter().map(Connects), settings.no_inbound_endpoint()),
};

pub(super) const ID: CheckId = CheckId::new("ingress.connects");

struct Connects(Endpoint);

impl Check for Connects {
    fn subject(&self) -> Option<String> {
        Some(self.0.to_string())
    }

    fn about(&self) -> About {
        About::Endpoint(self.0.clone())
    }

    fn contacts(&self, facts: &Facts, settings: &Settings) -> Vec<Contact> {
        contacts_of_arrival(&self.0, false, "whether the installation accepts a connection", facts, settings)
    }

    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
        Box::pin(async move {
            let arrival = arrival(&self.0, cx).await;
            judge(&self.0, &arrival, cx).via("direct").tried(arrival.attempts())
        })
    }
}

fn judge(endpoint: &Endpoint, arrival: &Arrival, cx: &Context) -> Outcome {
    let connected = |tried: &[Tried]| tried.iter().any(|one| one.connection.result.is_ok());
    let (public, inside) = (connected(&arrival.public), connected(&arrival.inside));
    let mut outcome = Outcome::graded(if public || inside { Grade::Reached } else { Grade::Declared });
    outcome.saw(
        "vantage",
        match cx.vantage {
            Vantage::Inside => "inside: a success is hairpin, and no proof that the internet gets in",
            Vantage::Outside => "outside",
        },
    );
    for (place, one) in
        arrival.public.iter().map(|one| ("public", one)).chain(arrival.inside.iter().map(|one| ("inside", one)))
    {
        let at = format!("{} ({place} address)", one.way.first_hop());
        match &one.connection.result {
            Ok(_) => {
                let steady = format!("{at}: connected");
                outcome.saw_of_which("connection", format!("{steady} in {}", spoken(one.connection.took)), steady);
            }
            Err(error) => outcome.saw("connection", format!("{at}: {error}")),
        }
    }
    if !arrival.withheld.is_empty() {
        let value = format!("{} (--allow-private would)", listed(&arrival.withheld));
        outcome.saw_of_which("not contacted", value, in_any_order(&arrival.withheld));
    }
    if public && cx.vantage == Vantage::Outside {
        // A machine without IPv6 misses nothing that the edge could give it.
        let ours = |kind: &ErrorKind| matches!(kind, ErrorKind::NoRoute | ErrorKind::Prohibited);
        let error = |one: &Tried| one.connection.result.as_ref().err().is_some_and(|error| !ours(&error.kind));
        let missed: Vec<Tried> = arrival.public.iter().filter(|one| error(one)).cloned().collect();
        return if missed.is_empty() { outcome } else { outcome.because(some_addresses(endpoint, &missed)) };
    }
    if public || (inside && cx.vantage == Vantage::Inside) {
        return outcome;
    }
    outcome.because(match cx.vantage {
        _ if arrival.public.is_empty() && arrival.inside.is_empty() => not_contacted(endpoint, &arrival.withheld),
        Vantage::Inside if arrival.public.is_empty() => hairpin(endpoint, &arrival.inside, cx),
        Vantage::Inside => hairpin(endpoint, &arrival.public, cx),
        Vantage::Outside => blocked(endpoint, &arrival.public, cx),
    })
}

fn curl(endpoint: &Endpoint) -> Command {
    command!("curl -sv --connect-timeout 5 {}", endpoint.https("/"))
}

fn addresses(tried: &[Tried]) -> String {
    listed(tried.iter().map(|one| one.way.first_hop().ip()).collect::<Vec<_>>())
}

fn not_contacted(endpoint: &Endpoint, withheld: &[IpAddr]) -> Finding {
    let (problem, action, brief) = if withheld.is_empty() {
        (
            "has no address of the family that is to be used".to_owned(),
            "Leave -4 and -6 out.".to_owned(),
            "leave -4 and -6 out",
        )
    } else {
        (
            format!("leads to {} only, which is no public address: nothing was sent there", listed(withheld)),
            format!(
                "Publish the public address of the installation for {}; in a network where {} is the installation, give --allow-private.",
                endpoint.host,
                listed(withheld)
            ),
            "publish the installation's public address",
        )
    };
    NOT_CONTACTED.found(
        format!("{} {problem}", endpoint.host),
        Remediation::installer(action).in_short(brief).verify(command!("dig @1.1.1.1 {} +short", endpoint.host)),
    )
}

fn hairpin(endpoint: &Endpoint, tried: &[Tried], cx: &Context) -> Finding {
    let webhook = cx.settings.webhook_url.as_ref().and_then(|url| web_url(&url.value));
    let webhook = webhook.filter(|url| url_endpoint(url).as_ref() == Some(endpoint));
    let url = webhook.map_or_else(|| endpoint.https("/"), |url| shown_url(url.as_str()));
    let probe = command!("workos-preflight probe {} --report json=outside.json", url);
    HAIRPIN.found(
        format!("could not connect from here to {} on port {}; the edge may not turn connections from inside around (hairpin), so this proves nothing", addresses(tried), endpoint.port),
        Remediation::network(format!("Look from a machine on the internet, where {endpoint} must accept the connection: `{probe}` answers this and what rests on it, once its report is given here with --inbound-report."))
            .in_short("look from the internet with probe")
            .verify(curl(endpoint)),
    )
}

fn some_addresses(endpoint: &Endpoint, missed: &[Tried]) -> Finding {
    let (all, port) = (addresses(missed), endpoint.port);
    let why = missed.first().and_then(|one| one.connection.result.as_ref().err());
    let why = why.map(|error| format!(" ({})", error.detail)).unwrap_or_default();
    SOME_ADDRESSES.found(
        format!("{all} does not accept a connection on port {port}{why}, and others of its addresses do: callers fail by chance"),
        Remediation::network(format!(
            "Let {all} accept inbound TCP {port} as the others do, or remove it from the public zone of {}.",
            endpoint.host
        ))
        .in_short("open or unpublish the address that is silent")
        .verify(curl(endpoint)),
    )
}

fn blocked(endpoint: &Endpoint, tried: &[Tried], cx: &Context) -> Finding {
    let all = addresses(tried);
    let port = endpoint.port;
    let this = this_machine(tried, cx);
    let open = format!(
        "If an allowlist for WorkOS's addresses stands at the edge, it leaves {this} out, as it should: look with --expect-closed. If not, allow inbound TCP {port} to {all} there and forward it to the installation."
    );
    let let_in =
        || Remediation::network(open.clone()).in_short(format!("open inbound TCP {port}, or give --expect-closed"));
    let kind = tried.iter().find_map(|one| one.connection.result.as_ref().err()).map(|error| &error.kind);
    let (code, problem, remediation) = match kind {
        Some(ErrorKind::Refused) => (
            &REFUSED,
            format!("{all} refuses connections on port {port}"),
            Remediation::network(format!("Start the installation if it is not up. {open}"))
                .in_short(format!("start the installation, or open TCP {port} to it")),
        ),
        Some(ErrorKind::Reset | ErrorKind::Closed) => {
            (&RESET, format!("connections to {all} on port {port} are reset as soon as they are made"), let_in())
        }
        Some(ErrorKind::Unreachable) => (&UNREACHABLE, format!("{all} is unreachable: rejected on the way"), let_in()),
        Some(ErrorKind::NoRoute) => (
            &NO_ROUTE,
            format!("this machine has no route to {all}"),
            Remediation::installer(format!("Look from a machine that has a route to {all}."))
                .in_short("look from a machine with a route there"),
        ),
        Some(ErrorKind::Prohibited) => (
            &PROHIBITED,
            format!("this machine itself forbids connections to {all} on port {port}"),
            Remediation::installer(format!("Look from a machine that may connect to {all} on port {port}."))
                .in_short("look from a machine that may connect"),
        ),
        _ => (&TIMED_OUT, format!("no answer from {all} on port {port}: the packets are dropped on the way"), let_in()),
    };
    code.found(problem, remediation.verify(curl(endpoint)))
}

/// The address that an allowlist leaves out, as far as it is known here.
fn this_machine(tried: &[Tried], cx: &Context) -> String {
    let source = tried.iter().find_map(|one| cx.host.source_for(one.way.first_hop().ip()).ok());
    match source {
        Some(source) if special(source).is_some() => {
            format!("this machine ({source}, translated on the way)")
        }
        Some(source) => format!("this machine ({source})"),
        None => "this machine".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Status;
    use crate::checks::fixture::{Held, Site, ask, codes};
    use crate::net::Phase;
    use crate::net::fake::Fake;

    const APP: &str = "app.customer.example";

    fn site(public: Result<(), ErrorKind>, inside: Result<(), ErrorKind>) -> Site {
        let network = Fake::default()
            .resolves(APP, Ok(&["10.20.0.10"]))
            .serves("10.20.0.53:53", APP, Ok(&["10.20.0.10"]))
            .serves("9.9.9.9:53", APP, Ok(&["93.184.215.14"]))
            .connects("93.184.215.14:443", public)
            .connects("10.20.0.10:443", inside);
        Site::of(network).with("network.public_resolver", "9.9.9.9").with("installation.domain", APP)
    }

    async fn run(site: Site) -> Held {
        ask(&SPEC, &Connects(Endpoint::new(APP, 443)), &site.context()).await
    }

    const DROPPED: Result<(), ErrorKind> = Err(ErrorKind::TimedOut(Phase::Connect));

    #[tokio::test]
    async fn from_inside_a_failure_is_undecided_and_the_inside_address_stands_in() {
        let nothing = run(site(DROPPED, Err(ErrorKind::Refused))).await;
        let inside = run(site(DROPPED, Ok(()))).await;

        assert_eq!((codes(&nothing), nothing.status()), (vec!["hairpin"], Status::Unknown));
        assert_eq!(inside.status(), Status::Pass);
        assert!(inside.evidence.iter().any(|seen| seen.value.contains("no proof")));
    }

    #[tokio::test]
    async fn what_proves_nothing_names_the_look_that_would_and_asks_it_for_the_webhook_where_that_is_there() {
        let bare = run(site(DROPPED, Err(ErrorKind::Refused))).await;
        let url = "https://app.customer.example/webhooks";
        let webhook = run(site(DROPPED, Err(ErrorKind::Refused)).with("installation.webhook_url", url)).await;

        for (outcome, looked_at) in [(bare, "https://app.customer.example/"), (webhook, url)] {
            let action = &outcome.findings[0].remediations.likeliest().action;
            let probe = format!("`workos-preflight probe {looked_at} --report json=outside.json`");
            assert!(action.contains(&probe) && action.contains("--inbound-report"), "{action}");
        }
    }

    #[tokio::test]
    async fn from_outside_only_the_public_address_counts_and_each_failure_has_its_code() {
        assert_eq!(run(site(Ok(()), Ok(())).seen_from_outside()).await.status(), Status::Pass);
        for (kind, code) in [
            (ErrorKind::TimedOut(Phase::Connect), "timed-out"),
            (ErrorKind::Refused, "refused"),
            (ErrorKind::Reset, "reset"),
            (ErrorKind::Unreachable, "unreachable"),
            (ErrorKind::NoRoute, "no-route"),
            (ErrorKind::Prohibited, "prohibited"),
        ] {
            assert_eq!(codes(&run(site(Err(kind), Ok(())).seen_from_outside()).await), [code]);
        }
    }

    #[tokio::test]
    async fn from_outside_an_address_of_several_that_does_not_answer_warns() {
        let network = |second| {
            Fake::default()
                .serves("9.9.9.9:53", APP, Ok(&["93.184.215.14", "93.184.215.15"]))
                .connects("93.184.215.14:443", Ok(()))
                .connects("93.184.215.15:443", Err(second))
        };
        let seen = |second| Site::of(network(second)).with("network.public_resolver", "9.9.9.9").seen_from_outside();
        let dropped = run(seen(ErrorKind::TimedOut(Phase::Connect))).await;

        assert_eq!((codes(&dropped), dropped.status()), (vec!["some-addresses"], Status::Warn));
        assert!(dropped.findings[0].problem.starts_with("93.184.215.15 does"));
        assert_eq!(run(seen(ErrorKind::NoRoute)).await.status(), Status::Pass);
    }

    #[tokio::test]
    async fn from_outside_a_dropped_connection_may_be_an_allowlist_that_works() {
        let outcome = run(site(DROPPED, Ok(())).seen_from_outside()).await;

        let action = &outcome.findings[0].remediations.likeliest().action;
        assert!(action.contains("10.20.0.10, translated on the way") && action.contains("--expect-closed"), "{action}");
    }

    #[tokio::test]
    async fn from_outside_a_private_address_is_contacted_only_where_that_is_allowed() {
        let private = || {
            let network = Fake::default()
                .resolves(APP, Ok(&["10.20.0.10"]))
                .serves("10.20.0.53:53", APP, Ok(&["10.20.0.10"]))
                .serves("9.9.9.9:53", APP, Ok(&["10.20.0.10"]))
                .connects("10.20.0.10:443", Ok(()));
            Site::of(network).with("network.public_resolver", "9.9.9.9").seen_from_outside()
        };

        assert_eq!(codes(&run(private()).await), ["not-contacted"]);
        assert_eq!(run(private().allow_private()).await.status(), Status::Pass);
    }

    #[tokio::test]
    async fn only_addresses_of_the_wanted_family_are_tried() {
        let outcome = run(site(Ok(()), Ok(())).with("network.family", "6").seen_from_outside()).await;

        assert_eq!(codes(&outcome), ["not-contacted"]);
        assert!(outcome.findings[0].problem.contains("family"));
    }
}
