//! What do the resolvers here say of the external name, beside what the internet is told?

use std::net::IpAddr;

use super::resolves;
use super::view::{PublicView, public_view};
use crate::check::{CheckId, Code, Command, Finding, Grade, Outcome, Remediation, Running, Spec, Vantage, command};
use crate::context::{Context, Lookup};
use crate::net::{Attempted, ErrorKind, NetError};
use crate::outcome::Cause;
use crate::said::listed;

pub(super) static SPEC: Spec = Spec {
    id: ID,
    title: "the external name resolves inside",
    explain: "\
Asks the resolvers of this host for the external name, and lays their answer beside what the internet is told.

Two answers are split-horizon DNS, and right where each leads to the installation from its side: the evidence says so. A \
name that the resolvers here do not know is found late: browsers on the customer's own network are redirected to it after \
each sign-in, and applications often call themselves by it.

Usually broken by an internal zone of the same domain that lacks the name: its servers answer for the whole domain and \
hide the public record.",
    vantages: &[Vantage::Inside],
    required: |_, _| false,
    codes: &[&INSIDE_UNRESOLVABLE, &INSIDE_SILENT],
    needs: &[resolves::ID],
    plan: |_, settings| super::per_name(settings, |_| Vec::new(), look),
};

pub(super) const ID: CheckId = CheckId::new("domain.split");

pub(in crate::checks) static INSIDE_UNRESOLVABLE: Code =
    Code::warning("inside-unresolvable", "the resolvers of this host do not know the external name").caused_by(&[
        Cause::network(
            "The internal zone of the same domain lacks the name, and its servers answer for the whole domain.",
            "Other names of the domain resolve inside, and the answer says that the internal servers have authority (`aa`).",
            "Add the name to the internal zone, with the address at which the installation is reached from inside.",
        )
        .shown_by("dig NAME A; dig @1.1.1.1 NAME A +short"),
        Cause::network(
            "The resolvers of this network answer internal names alone, because a proxy resolves those of the internet.",
            "They do not know `example.com` either.",
            "Add the name to the internal zone, or have the resolvers pass questions for it on to public DNS.",
        )
        .shown_by("dig example.com A +short; dig NAME A +short"),
        Cause::network(
            "A filter of names on the resolver holds the name back, as for domains that are new.",
            "The resolver's log or its block list names it.",
            "Exempt the name from the filter.",
        )
        .shown_by("dig NAME A"),
    ]);
pub(in crate::checks) static INSIDE_SILENT: Code =
    Code::undecided("inside-silent", "the resolvers of this host give no answer about the external name").caused_by(&[
        Cause::network(
            "The resolver passes questions for this domain on to servers that do not answer.",
            "Other names resolve at once, and this one ends in a time-out or SERVFAIL.",
            "Mend the forwarding for this domain on the resolver.",
        )
        .shown_by("dig NAME A; dig example.com A +short"),
        Cause::network(
            "The resolvers do not answer this host at all.",
            "No other name resolves either, and egress.resolves says the same of the API.",
            "Let this host ask its resolvers on UDP and TCP 53, or name others in /etc/resolv.conf.",
        )
        .shown_by("dig example.com A"),
    ]);

fn look<'a>(host: &'a str, cx: &'a Context) -> Running<'a> {
    Box::pin(async move {
        let (view, lookup) = tokio::join!(public_view(host, cx), cx.lookup(host));
        judge(host, &view, &lookup, cx).via("direct").tried(lookup.attempts())
    })
}

fn judge(host: &str, view: &PublicView, lookup: &Lookup, cx: &Context) -> Outcome {
    let inside = lookup.addresses();
    let outside = view.answers.is_ok().then(|| view.addresses());
    let mut outcome = Outcome::graded(if inside.is_empty() { Grade::Declared } else { Grade::Reached });
    if inside.is_empty() {
        outcome.saw("inside", unanswered(lookup));
    } else {
        outcome.saw_all("inside", &inside);
    }
    match &outside {
        Some(addresses) => outcome.saw_all("outside", addresses),
        None => outcome.saw("outside", "unknown: no public resolver could be asked"),
    }
    if inside.is_empty() && lookup.servers.is_empty() {
        return outcome
            .not_available("this host has no resolver, so what callers inside are told cannot be seen from here");
    }
    if inside.is_empty() {
        let denied = errors(lookup).any(|error| is_denial(&error.kind));
        return outcome.because(if denied {
            inside_unresolvable(host, outside.as_deref().unwrap_or_default(), cx)
        } else {
            inside_silent(host, &unanswered(lookup), cx)
        });
    }
    match outside {
        Some(outside) if same(&inside, &outside) => outcome,
        Some(_) => outcome.with("split-horizon", "callers inside and on the internet are led to different addresses"),
        None => outcome,
    }
}

fn same(inside: &[IpAddr], outside: &[IpAddr]) -> bool {
    inside.iter().all(|address| outside.contains(address))
}

/// The name is not there, or, as the system's resolution says it, not to be found.
fn is_denial(kind: &ErrorKind) -> bool {
    matches!(kind.over_either(), ErrorKind::NoSuchName | ErrorKind::NoData)
}

fn errors(lookup: &Lookup) -> impl Iterator<Item = &NetError> {
    let servers = lookup.servers.iter().filter_map(|asked| asked.answer.result.as_ref().err());
    let system = lookup.system.as_ref().and_then(|Attempted { result, .. }| result.as_ref().err());
    servers.chain(system)
}

/// What was heard in the place of addresses.
fn unanswered(lookup: &Lookup) -> String {
    errors(lookup).next().map_or_else(|| "no address".to_owned(), |error| error.detail.clone())
}

fn resolvers(cx: &Context) -> String {
    let servers: Vec<IpAddr> = cx.resolvers().iter().map(std::net::SocketAddr::ip).collect();
    if servers.is_empty() { "the resolvers of this host".to_owned() } else { listed(&servers) }
}

fn dig(host: &str, cx: &Context) -> Command {
    match cx.resolvers().first() {
        Some(server) => command!("dig @{} {} A +short", server.ip(), host),
        None => command!("getent hosts {}", host),
    }
}

fn inside_unresolvable(host: &str, outside: &[IpAddr], cx: &Context) -> Finding {
    let public =
        if outside.is_empty() { String::new() } else { format!(" (the internet is told {})", listed(outside)) };
    INSIDE_UNRESOLVABLE.found(
        format!("{} does not know {host}{public}: sign-ins from the customer's network end nowhere, and so do calls of the application to itself", resolvers(cx)),
        Remediation::network(format!(
            "Add {host} to the internal zone on {}, with the address at which this installation is reached from inside, or have them pass the question on to public DNS.",
            resolvers(cx)
        ))
        .in_short("add the name to the internal zone")
        .verify(dig(host, cx)),
    )
}

fn inside_silent(host: &str, instead: &str, cx: &Context) -> Finding {
    INSIDE_SILENT.found(
        format!("whether {host} resolves inside is open: {} gives no answer about it ({instead})", resolvers(cx)),
        Remediation::network(format!(
            "Have {} answer for {host}: it neither gives addresses nor says that there are none.",
            resolvers(cx)
        ))
        .in_short("have the resolvers answer for the name")
        .verify(dig(host, cx)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Status;
    use crate::checks::fixture::{Held, Site, codes, held};
    use crate::net::Phase;
    use crate::net::fake::Fake;

    const APP: &str = "app.customer.example";

    async fn look(host: &str, cx: &Context) -> Held {
        held(&SPEC, super::look(host, cx).await)
    }

    async fn run(inside: Result<&[&str], ErrorKind>) -> Held {
        let network = Fake::default().resolves(APP, inside.clone()).serves("10.20.0.53:53", APP, inside).serves(
            "9.9.9.9:53",
            APP,
            Ok(&["93.184.215.14"]),
        );
        let site = Site::of(network).with("network.public_resolver", "9.9.9.9").with("installation.domain", APP);
        look(APP, &site.context()).await
    }

    fn is_split(outcome: &Outcome) -> bool {
        outcome.evidence.iter().any(|seen| seen.what == "split-horizon")
    }

    #[tokio::test]
    async fn two_answers_are_evidence_and_no_fault() {
        let same = run(Ok(&["93.184.215.14"])).await;
        let other = run(Ok(&["10.20.0.10"])).await;

        assert_eq!((same.status(), is_split(&same)), (Status::Pass, false));
        assert_eq!((other.status(), is_split(&other)), (Status::Pass, true));
    }

    #[tokio::test]
    async fn a_name_that_is_unknown_inside_warns_and_silence_settles_nothing() {
        let unknown = run(Err(ErrorKind::NoSuchName)).await;
        let silent = run(Err(ErrorKind::TimedOut(Phase::Lookup))).await;

        assert_eq!((codes(&unknown), unknown.status()), (vec!["inside-unresolvable"], Status::Warn));
        assert!(unknown.findings[0].remediations.likeliest().action.contains("10.20.0.53"));
        assert_eq!((codes(&silent), silent.status()), (vec!["inside-silent"], Status::Unknown));
    }
}
