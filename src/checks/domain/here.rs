//! Does the external name lead to this installation?

use std::net::IpAddr;

use super::front::front;
use super::public;
use super::view::public_view;
use crate::check::{
    CheckId, Code, Command, Contact, Finding, Grade, Method, Outcome, Remediation, Running, Spec, Touch, Vantage,
    command,
};
use crate::checks::ingress::{callback, connects, trusted};
use crate::checks::webhook::receiver;
use crate::context::{Context, requesting};
use crate::net::{Request, Response};
use crate::outcome::Cause;
use crate::said::{in_any_order, listed};
use crate::settings::Settings;

pub(super) static SPEC: Spec = Spec {
    id: ID,
    title: "the external name leads here",
    explain: "\
Compares the addresses that the internet is told with those given by --address, or, where none are given, with the \
addresses of this host's own interfaces. As evidence, the API's edge is asked from which address this host's requests \
arrive (/cdn-cgi/trace on the API host).

The name can be public, resolve, and lead to the machine that was replaced last year. Behind address translation or a \
load balancer this host cannot know its public address by itself: then --address says what it should be.

A load balancer or a content network in front is recognised by its names and addresses, and named: the installation then \
sees the addresses of that, so allowlists belong there, or must look at X-Forwarded-For.

Usually broken by a record that still points to a former installation or to a parking page of the registrar.",
    vantages: &[Vantage::Inside],
    required: super::required,
    codes: &[&ELSEWHERE, &NOT_THIS_HOST],
    needs: &[public::ID],
    plan: |_, settings| super::per_name(settings, besides, look),
};

pub(super) const ID: CheckId = CheckId::new("domain.here");

/// What is found at an address that is another machine's, and says nothing of the installation.
const OF_THE_OTHER_MACHINE: &[&Code] = &[
    &connects::codes::HAIRPIN,
    &connects::codes::SOME_ADDRESSES,
    &trusted::codes::SELF_SIGNED,
    &trusted::codes::PRIVATE_CA,
    &trusted::codes::WRONG_NAME,
    &trusted::codes::EXPIRED,
    &trusted::codes::NO_ALTERNATIVE_NAME,
    &trusted::codes::NOT_TLS,
    &trusted::codes::TLS_TOO_OLD,
    &trusted::codes::NO_HANDSHAKE,
    &callback::codes::NOT_FOUND,
    &callback::codes::SERVER_ERROR,
    &callback::codes::LOGIN_WALL,
    &callback::codes::UNTRUSTED,
    &callback::codes::NOT_REACHED,
    &callback::codes::UNCLEAR_ANSWER,
    &callback::codes::REDIRECTS_ELSEWHERE,
    &receiver::codes::NOT_FOUND,
    &receiver::codes::METHOD_REFUSED,
    &receiver::codes::REDIRECTS,
    &receiver::codes::SERVER_ERROR,
    &receiver::codes::LOGIN_WALL,
    &receiver::codes::REFUSED_BEFORE_THE_APPLICATION,
    &receiver::codes::UNCLEAR_ANSWER,
    &receiver::codes::NO_ANSWER,
];

pub(in crate::checks) static ELSEWHERE: Code =
    Code::error("elsewhere", "the name leads to other addresses than those given by --address")
        .explains(OF_THE_OTHER_MACHINE)
        .caused_by(&[
        Cause::network(
            "The public record still points to a former installation, or to the registrar's parking page.",
            "Another machine answers there, with another certificate or a page that is not the application's.",
            "Point the public record to the address of this installation.",
        )
        .shown_by("dig @1.1.1.1 NAME A +short; curl -skI https://NAME/"),
        Cause::installer(
            "--address is not what callers see: it is the inside address, or a load balancer or content network stands in front.",
            "What the record leads to belongs to that load balancer or network, and the application answers there.",
            "Give --address as the internet sees it: the address of what stands in front.",
        )
        .shown_by("dig @1.1.1.1 NAME"),
        Cause::network(
            "The record was changed a moment ago, and resolvers still keep the old one.",
            "The zone's own servers give the new address, and 1.1.1.1 the old one with a time to live that runs down.",
            "Wait until the time to live is over; nothing else has to change.",
        )
        .shown_by("dig @1.1.1.1 NAME A; dig @SERVER NAME A +short"),
    ]);
pub(in crate::checks) static NOT_THIS_HOST: Code =
    Code::warning("not-this-host", "the name leads to addresses that this host does not have itself").caused_by(&[
        Cause::installer(
            "The public address belongs to what stands before this host: a firewall that translates, a load balancer, a content network.",
            "Customer IT knows the address as the installation's.",
            "Give the address with --address, so that it is held to that.",
        )
        .shown_by("dig @1.1.1.1 NAME A +short; ip -br address"),
        Cause::network(
            "The public record points to another machine, such as a former installation.",
            "Customer IT does not know the address, or another certificate answers there.",
            "Point the public record to the address of this installation.",
        )
        .shown_by("dig @1.1.1.1 NAME A +short; curl -skI https://NAME/"),
        Cause::installer(
            "The check was started on another machine than the one on which the installation runs.",
            "The application does not run here.",
            "Run the check on the installation's own host.",
        )
        .shown_by("hostname; ss -ltn"),
    ]);

/// Answered by Cloudflare's edge on most zones: a few lines of text, `ip=` among them.
const TRACE: &str = "/cdn-cgi/trace";

fn besides(settings: &Settings) -> Vec<Contact> {
    let api = &settings.api.value;
    let trace = Touch::request(Method::Get, api, TRACE);
    let trace = Contact::new(trace, "from which address this host's requests arrive, as evidence");
    let own = Contact::new(Touch::INTERFACES, "whether the name leads to one of them");
    requesting(api, settings, [trace, own])
}

fn look<'a>(host: &'a str, cx: &'a Context) -> Running<'a> {
    Box::pin(async move {
        let (view, arriving) = tokio::join!(public_view(host, cx), arriving_from(cx));
        if !view.is_seen() {
            // Somebody else saw where the name leads, and it cannot be seen from here.
            return Outcome::graded(Grade::Declared)
                .not_available("where the name leads on the internet cannot be seen from here")
                .via(view.via.clone())
                .tried(view.attempts());
        }
        judge(host, &view.addresses(), &view.aliases(), arriving, cx).via(view.via.clone()).tried(view.attempts())
    })
}

/// The address from which this host's requests arrive at the API's edge, where it says so.
async fn arriving_from(cx: &Context) -> Option<IpAddr> {
    let way = cx.way(&cx.settings.api.value).await?;
    let response = cx.network.fetch(&Request::get(way, TRACE)).await.result.ok()?;
    said_address(&response)
}

fn said_address(response: &Response) -> Option<IpAddr> {
    let text = response.text();
    let line = text.lines().take(40).find_map(|line| line.strip_prefix("ip="))?;
    line.trim().parse().ok().filter(|_| response.status == 200)
}

fn judge(host: &str, addresses: &[IpAddr], aliases: &[String], arriving: Option<IpAddr>, cx: &Context) -> Outcome {
    let mut outcome = Outcome::graded(Grade::Reached).with_all("addresses", addresses);
    let own = cx.host.addresses();
    outcome.saw_all("this host's addresses", &own);
    if let Some(arriving) = arriving {
        outcome.saw("outgoing requests arrive from", arriving.to_string());
    }
    let front = front(addresses, aliases, &cx.facts);
    if let Some(front) = &front {
        outcome.saw("in front", format!("{front}: the installation sees its addresses, and not those of WorkOS"));
    }
    let wanted: Vec<IpAddr> = cx.settings.addresses.iter().map(|address| address.value).collect();
    if !wanted.is_empty() {
        // A family of which no address was given is not judged, unless it is all there is.
        let of_given = |address: &IpAddr| wanted.iter().any(|given| given.is_ipv4() == address.is_ipv4());
        let (judged, unjudged): (Vec<IpAddr>, Vec<IpAddr>) = addresses.iter().copied().partition(of_given);
        if !unjudged.is_empty() && !judged.is_empty() {
            let value = format!("{}: no --address of that family is given", listed(&unjudged));
            outcome.saw_of_which("not judged", value, in_any_order(&unjudged));
        }
        let judged = if judged.is_empty() { unjudged } else { judged };
        let also_right = judged.iter().any(|address| wanted.contains(address));
        let others: Vec<IpAddr> = judged.into_iter().filter(|address| !wanted.contains(address)).collect();
        return if others.is_empty() {
            outcome
        } else {
            outcome.because(elsewhere(host, &others, &wanted, also_right))
        };
    }
    if addresses.iter().all(|address| own.contains(address)) {
        outcome
    } else {
        let same_edge = arriving.is_some_and(|arriving| addresses.contains(&arriving));
        outcome.because(not_this_host(host, addresses, same_edge, front.as_deref()))
    }
}

fn dig(host: &str) -> Command {
    command!("dig @1.1.1.1 {} A +short", host)
}

fn elsewhere(host: &str, found: &[IpAddr], wanted: &[IpAddr], also_right: bool) -> Finding {
    if also_right {
        return ELSEWHERE.found(
            format!("{host} leads here, and to {} as well, which this installation should not be at", listed(found)),
            Remediation::network(format!(
                "Remove {} from the public record of {host}, or give it with --address too.",
                listed(found)
            ))
            .in_short("take the other addresses out of public DNS")
            .verify(dig(host)),
        );
    }
    ELSEWHERE.found(
        format!("{host} leads to {}, and this installation should be at {}", listed(found), listed(wanted)),
        Remediation::network(format!("Point the public record of {host} to {}, or correct --address.", listed(wanted)))
            .in_short("point the public record to this installation")
            .verify(dig(host)),
    )
}

fn not_this_host(host: &str, addresses: &[IpAddr], same_edge: bool, front: Option<&str>) -> Finding {
    let note = match front {
        Some(front) => format!("; in front stands {front}, which an allowlist for WorkOS's addresses has to be set on"),
        None if same_edge => "; this host's own requests leave from there, so it is probably the same site".to_owned(),
        None => String::new(),
    };
    NOT_THIS_HOST.found(
        format!("{host} leads to {}, which is no address of this host{note}", listed(addresses)),
        Remediation::installer(format!(
            "Ask customer IT for the public address of this installation and give it with --address; if it is {}, the name is right.",
            listed(addresses)
        ))
        .verify(command!("dig @1.1.1.1 {} A +short; ip -br address", host)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Planned, Status};
    use crate::checks::fixture::{Held, Site, ask, codes, held};
    use crate::facts::Facts;
    use crate::net::fake::{Fake, response};

    fn judge(host: &str, addresses: &[IpAddr], aliases: &[String], arriving: Option<IpAddr>, cx: &Context) -> Held {
        held(&SPEC, super::judge(host, addresses, aliases, arriving, cx))
    }

    fn judged(site: Site, arriving: Option<&str>) -> Held {
        let arriving = arriving.map(|address| address.parse().unwrap());
        judge("app.customer.example", &["93.184.215.14".parse().unwrap()], &[], arriving, &site.context())
    }

    #[tokio::test]
    async fn what_only_somebody_else_sees_is_not_judged_by_what_is_told_here() {
        for (told_here, asked) in [(None, false), (Some("10.20.0.10"), false), (Some("93.184.215.14"), true)] {
            let network = match told_here {
                Some(address) => Fake::default().resolves("app.customer.example", Ok(&[address])),
                None => Fake::default(),
            };
            let site = Site::of(network).with("network.public_resolver", "none");
            let site = site.with("installation.addresses", "93.184.215.14");
            let site = site.with("installation.domain", "app.customer.example");
            let Planned::Checks(checks) = (SPEC.plan)(&Facts::embedded(), &site.settings()) else { panic!("no check") };
            let outcome = ask(&SPEC, checks[0].as_ref(), &site.context()).await;

            assert_eq!(outcome.status(), if asked { Status::Pass } else { Status::Skip }, "{outcome:?}");
        }
    }

    #[test]
    fn the_given_address_decides_where_one_is_given() {
        let right = Site::of(Fake::default()).with("installation.addresses", "93.184.215.14");
        let wrong = Site::of(Fake::default()).with("installation.addresses", "8.8.4.4");

        assert_eq!(judged(right, None).status(), Status::Pass);
        assert_eq!(codes(&judged(wrong, None)), ["elsewhere"]);
    }

    #[test]
    fn a_family_of_which_no_address_is_given_is_not_judged_unless_it_is_all_there_is() {
        let judged = |addresses: &[&str]| {
            let cx = Site::of(Fake::default()).with("installation.addresses", "93.184.215.14").context();
            let addresses: Vec<IpAddr> = addresses.iter().map(|address| address.parse().unwrap()).collect();
            judge("app.customer.example", &addresses, &[], None, &cx)
        };

        assert_eq!(judged(&["93.184.215.14", "2606:2800:21f::1"]).status(), Status::Pass);
        assert_eq!(codes(&judged(&["2606:2800:21f::1"])), ["elsewhere"]);
    }

    #[test]
    fn without_one_only_this_hosts_own_address_passes() {
        let mut own = Site::of(Fake::default());
        own.host.addresses = vec!["93.184.215.14".parse().unwrap()];
        let behind = judged(Site::of(Fake::default()), Some("93.184.215.14"));

        assert_eq!(judged(own, None).status(), Status::Pass);
        assert_eq!(codes(&behind), ["not-this-host"]);
        let command = behind.findings[0].remediations.likeliest().verify.as_ref().map(ToString::to_string);
        assert_eq!(command.as_deref(), Some("dig @1.1.1.1 app.customer.example A +short; ip -br address"));
        assert!(behind.findings[0].problem.contains("probably the same site"));
    }

    #[test]
    fn what_stands_in_front_is_named_because_it_hides_the_callers() {
        let aliases = ["lb-1.eu-west-1.elb.amazonaws.com".to_owned()];
        let cx = Site::of(Fake::default()).context();
        let outcome = judge("app.customer.example", &["93.184.215.14".parse().unwrap()], &aliases, None, &cx);

        assert!(outcome.evidence.iter().any(|seen| seen.what == "in front" && seen.value.contains("load balancer")));
        assert!(outcome.findings[0].problem.contains("load balancer"));
    }

    #[test]
    fn the_edges_trace_is_read_for_its_address_and_nothing_else() {
        assert_eq!(said_address(&response(200, &[], "fl=1\nip=198.51.100.9\nts=1")), "198.51.100.9".parse().ok());
        assert_eq!(said_address(&response(200, &[], "ip=<script>")), None);
        assert_eq!(said_address(&response(404, &[], "ip=198.51.100.9")), None);
    }
}
