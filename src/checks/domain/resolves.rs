//! Does the installation's external name resolve for the internet?

use super::view::{self, PublicView, public_view};
use crate::check::{CheckId, Code, Command, Finding, Grade, Outcome, Remediation, Running, Spec, Vantage, command};
use crate::checks::egress::in_words;
use crate::context::Context;
use crate::net::special::special;
use crate::net::{ErrorKind, NetError, RecordKind};

pub(super) static SPEC: Spec = Spec {
    id: ID,
    title: "the external name resolves",
    explain: "\
Asks a public resolver for the installation's external name: DNS over HTTPS at cloudflare-dns.com, whose addresses lie \
inside the ranges that the egress rule for WorkOS allows anyway, over the same route and trust as the API \
(--public-resolver names another, or none).

WorkOS sends browsers, webhooks and Actions to this name as the internet knows it. What the resolvers of the customer's \
network answer can differ, and proves nothing about that.

Usually broken by a record that exists only in the internal zone, by an alias that leads to a name that is gone, or by \
DNSSEC signatures that have run out.",
    vantages: &[Vantage::Inside, Vantage::Outside],
    required: super::required,
    codes: &[&NXDOMAIN, &NODATA, &SERVFAIL, &DANGLING_CNAME, &REFUSED, &SEEN_FROM_INSIDE_ONLY, &NO_PUBLIC_VIEW],
    needs: &[],
    plan: |facts, settings| super::per_name(facts, settings, &[], look),
};

pub(super) const ID: CheckId = CheckId::new("domain.resolves");

static NXDOMAIN: Code = Code::error("nxdomain", "the name does not exist in public DNS");
static NODATA: Code = Code::error("nodata", "the name exists in public DNS, and has no address");
static SERVFAIL: Code = Code::error("servfail", "public resolvers cannot find the name out");
static DANGLING_CNAME: Code = Code::error("dangling-cname", "the name is an alias for a name without addresses");
static REFUSED: Code = Code::error("refused", "the public resolver refuses the question");
static SEEN_FROM_INSIDE_ONLY: Code = Code::warning(
    "seen-from-inside-only",
    "no public resolver could be asked; the resolvers here give a public address",
);
static NO_PUBLIC_VIEW: Code =
    Code::undecided("no-public-view", "no public resolver could be asked, and the resolvers here do not settle it");

fn look<'a>(host: &'a str, cx: &'a Context) -> Running<'a> {
    Box::pin(async move {
        let view = public_view(host, cx).await;
        let outcome = match &view.answers {
            Ok(_) => seen_from_outside(host, &view, cx).await,
            Err(error) => seen_from_inside(host, &view, error, cx),
        };
        outcome.via(view.via.clone()).tried(view.attempts())
    })
}

async fn seen_from_outside(host: &str, view: &PublicView, cx: &Context) -> Outcome {
    let addresses = view.addresses();
    let mut outcome = Outcome::graded(Grade::Reached);
    if !addresses.is_empty() {
        outcome.saw("addresses", in_words(&addresses));
    }
    outcome.saw("asked", view.asked());
    for (kind, answer, aliases) in view.answers.iter().flatten() {
        let led = if aliases.is_empty() { String::new() } else { format!(" by way of {}", aliases.join(" → ")) };
        let said = match &answer.result {
            Ok(records) => in_words(&records.addresses),
            Err(error) if error.kind == ErrorKind::NoData => "no records of this type".to_owned(),
            Err(error) => error.detail.clone(),
        };
        outcome.saw("answer", format!("{kind}: {said}{led}"));
    }
    if !addresses.is_empty() {
        return outcome;
    }
    let answers = || view.answers.iter().flatten();
    let kind =
        answers().find(|(kind, ..)| *kind == RecordKind::A).and_then(|(_, answer, _)| answer.result.as_ref().err());
    let alias = answers().find_map(|(_, _, aliases)| aliases.last());
    outcome.because(match (kind.map(|error| &error.kind), alias) {
        (Some(ErrorKind::NoSuchName | ErrorKind::NoData), Some(alias)) => dangling(host, alias),
        (Some(ErrorKind::NoSuchName), None) => nxdomain(host),
        (Some(ErrorKind::ServFail), _) => servfail(host, view::answers_unchecked(host, cx).await),
        (Some(ErrorKind::DnsRefused), _) => refused(host, view.asked()),
        _ => nodata(host),
    })
}

fn seen_from_inside(host: &str, view: &PublicView, error: &NetError, cx: &Context) -> Outcome {
    let mut outcome = Outcome::graded(Grade::Declared);
    if !view.inside.is_empty() {
        outcome.saw("addresses", in_words(&view.inside));
        outcome.grade = Grade::Reached;
    }
    outcome.saw("public view", format!("{}: {}", view.asked(), error.detail));
    let public = !view.inside.is_empty() && view.inside.iter().all(|address| special(*address).is_none());
    outcome.because(if public { inside_only(host, view, cx) } else { no_public_view(host, view, cx) })
}

fn dig(host: &str) -> Command {
    command!("dig @1.1.1.1 {} A +short", host)
}

fn nxdomain(host: &str) -> Finding {
    NXDOMAIN.found(
        format!("{host} does not exist in public DNS (NXDOMAIN)"),
        Remediation::network(format!("Publish an A record for {host} in the public zone, with the address at which this installation is reached from the internet."))
            .verify(dig(host)),
    )
}

fn nodata(host: &str) -> Finding {
    NODATA.found(
        format!("{host} exists in public DNS, and has no address"),
        Remediation::network(format!("Add an A record to {host} in the public zone, with the address at which this installation is reached from the internet."))
            .verify(dig(host)),
    )
}

fn servfail(host: &str, answers_unchecked: bool) -> Finding {
    let (problem, action) = if answers_unchecked {
        (
            format!("public resolvers refuse {host} because its DNSSEC signatures do not hold; unchecked, it answers"),
            format!(
                "Sign the public zone of {host} anew, or correct the DS record at the registrar: validating resolvers, WorkOS's among them, do not see the name."
            ),
        )
    } else {
        (
            format!("public resolvers answer SERVFAIL for {host}: they cannot find it out"),
            format!("Bring the public name servers of {host} back: they do not answer, or refuse the zone."),
        )
    };
    SERVFAIL.found(
        problem,
        Remediation::network(action).verify(command!("dig @1.1.1.1 {} A; dig @1.1.1.1 {} A +cd", host, host)),
    )
}

fn dangling(host: &str, alias: &str) -> Finding {
    DANGLING_CNAME.found(
        format!("{host} is an alias for {alias}, which has no address in public DNS"),
        Remediation::network(format!("Publish {alias} in public DNS, or replace the alias of {host} with an A record of this installation's public address."))
            .verify(dig(host)),
    )
}

fn refused(host: &str, witness: &str) -> Finding {
    REFUSED.found(
        format!("{witness} refuses the question for {host}"),
        Remediation::network(format!(
            "Have the public name servers of {host} serve its zone to everybody; they refuse it now."
        ))
        .verify(dig(host)),
    )
}

fn how_to_see(host: &str, cx: &Context) -> String {
    match view::witness_endpoint(cx) {
        Some(witness) => format!(
            "Allow HTTPS {} to {witness}, or name a resolver that sees the internet with --public-resolver.",
            cx.source_in_words(None)
        ),
        None => format!(
            "Name a resolver that sees the internet with --public-resolver, or look up {host} from a machine on the internet."
        ),
    }
}

fn inside_only(host: &str, view: &PublicView, cx: &Context) -> Finding {
    SEEN_FROM_INSIDE_ONLY.found(
        format!(
            "{}; the resolvers here say {}, which is a public address and may differ from what the internet is told",
            view.unheard(),
            in_words(&view.inside)
        ),
        Remediation::network(how_to_see(host, cx)).verify(dig(host)),
    )
}

fn no_public_view(host: &str, view: &PublicView, cx: &Context) -> Finding {
    let inside = if view.inside.is_empty() { "nothing".to_owned() } else { in_words(&view.inside) };
    NO_PUBLIC_VIEW.found(
        format!(
            "{}, and the resolvers here say {inside}: what the internet is told of {host} is unknown",
            view.unheard()
        ),
        Remediation::network(how_to_see(host, cx)).verify(dig(host)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Status;
    use crate::checks::fixture::{Site, codes};
    use crate::net::fake::Fake;

    const APP: &str = "app.customer.example";
    const PUBLIC: &str = "9.9.9.9:53";

    async fn run(network: Fake) -> Outcome {
        let site = Site::of(network).with("network.public_resolver", "9.9.9.9").with("installation.domain", APP);
        look(APP, &site.context()).await
    }

    fn inside(result: Result<&[&str], ErrorKind>) -> Fake {
        Fake::default().resolves(APP, result.clone()).serves("10.20.0.53:53", APP, result)
    }

    #[tokio::test]
    async fn the_public_answer_counts_and_the_inside_one_does_not() {
        let outcome = run(inside(Ok(&["10.20.0.10"])).serves(PUBLIC, APP, Ok(&["93.184.215.14"]))).await;

        assert_eq!(outcome.status(), Status::Pass);
        assert_eq!(outcome.evidence[0].value, "93.184.215.14");
    }

    #[tokio::test]
    async fn what_public_dns_lacks_has_its_own_codes() {
        for (kind, code) in [
            (ErrorKind::NoSuchName, "nxdomain"),
            (ErrorKind::NoData, "nodata"),
            (ErrorKind::ServFail, "servfail"),
            (ErrorKind::DnsRefused, "refused"),
        ] {
            assert_eq!(codes(&run(inside(Ok(&["10.20.0.10"])).serves(PUBLIC, APP, Err(kind))).await), [code]);
        }
    }

    #[tokio::test]
    async fn without_a_public_view_a_public_answer_stands_in_and_a_private_one_settles_nothing() {
        let silent = Err(ErrorKind::TimedOut(crate::net::Phase::Lookup));
        let public = run(inside(Ok(&["93.184.215.14"])).serves(PUBLIC, APP, silent.clone())).await;
        let private = run(inside(Ok(&["10.20.0.10"])).serves(PUBLIC, APP, silent)).await;

        assert_eq!((codes(&public), public.status()), (vec!["seen-from-inside-only"], Status::Warn));
        assert_eq!((codes(&private), private.status()), (vec!["no-public-view"], Status::Unknown));
    }
}
