//! Does the installation's external name resolve for the internet?

pub(in crate::checks) mod codes;

use self::codes::{DANGLING_CNAME, NO_PUBLIC_VIEW, NODATA, NXDOMAIN, REFUSED, SEEN_FROM_INSIDE_ONLY, SERVFAIL};
use super::view::{self, PublicView, public_view};
use crate::check::{
    CheckId, Command, Finding, Grade, Outcome, Remediation, Remediations, Running, Spec, Vantage, command,
};
use crate::context::Context;
use crate::elsewhere::{OTHERWISE_OUTSIDE, SEEN_LONG_AGO};
use crate::net::special::special;
use crate::net::{ErrorKind, NetError, Phase, ProxyRefusal, RecordKind};
use crate::said::{in_any_order, listed};

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
    codes: &[&NXDOMAIN, &NODATA, &SERVFAIL, &DANGLING_CNAME, &REFUSED, &SEEN_FROM_INSIDE_ONLY, &NO_PUBLIC_VIEW, &SEEN_LONG_AGO, &OTHERWISE_OUTSIDE],
    needs: &[],
    plan: |_, settings| super::per_name(settings, |_| Vec::new(), look),
};

pub(super) const ID: CheckId = CheckId::new("domain.resolves");

fn look<'a>(host: &'a str, cx: &'a Context) -> Running<'a> {
    Box::pin(async move {
        let view = public_view(host, cx).await;
        let outcome = match (&view.answers, view.unanswered()) {
            (Ok(_), None) => seen_from_outside(host, &view, cx).await,
            (Err(error), _) | (Ok(_), Some(error)) => seen_from_inside(host, &view, error, cx),
        };
        outcome.via(view.via.clone()).tried(view.attempts())
    })
}

async fn seen_from_outside(host: &str, view: &PublicView, cx: &Context) -> Outcome {
    let addresses = view.addresses();
    let mut outcome = Outcome::graded(Grade::Reached);
    if !addresses.is_empty() {
        outcome.saw_all("addresses", &addresses);
        outcome = outcome.in_short(format!("{host} → {}", listed(&addresses)));
    }
    outcome.saw("asked", view.asked());
    for (kind, answer) in view.answers.iter().flatten() {
        match &answer.result {
            Ok(records) => {
                let aliases = match records.aliases.as_slice() {
                    [] => String::new(),
                    aliases => format!(" by way of {}", aliases.join(" → ")),
                };
                let steady = format!("{kind}: {}{aliases}", in_any_order(&records.addresses));
                outcome.saw_of_which("answer", format!("{kind}: {}{aliases}", listed(&records.addresses)), steady);
            }
            // It names the aliases itself.
            Err(error) => outcome.saw("answer", format!("{kind}: {error}")),
        }
    }
    if !addresses.is_empty() {
        return outcome;
    }
    let answers = || view.answers.iter().flatten();
    let kind = answers().find(|(kind, _)| *kind == RecordKind::A).and_then(|(_, answer)| answer.result.as_ref().err());
    let alias = answers().find_map(|(_, answer)| view::led_along(answer).last());
    outcome.because(match (kind.map(|error| error.kind.over_either()), alias) {
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
        outcome.saw_all("addresses", &view.inside);
        outcome.grade = Grade::Reached;
    }
    outcome.saw("public view", format!("{}: {}", view.asked(), error.detail));
    let public = !view.inside.is_empty() && view.inside.iter().all(|address| special(*address).is_none());
    outcome.because(if public { inside_only(host, view, error, cx) } else { no_public_view(host, view, error, cx) })
}

fn dig(host: &str) -> Command {
    command!("dig @1.1.1.1 {} A +short", host)
}

/// Ends of names that stand in no public zone, whoever asks for it: kept for other uses (RFC 2606, 6761, 6762, 7686, 8375), for
/// private use (ICANN), or left out of the root for the harm of it.
const NEVER_PUBLIC: &[&str] = &[
    "local",
    "localhost",
    "localdomain",
    "internal",
    "intranet",
    "private",
    "corp",
    "home",
    "lan",
    "mail",
    "test",
    "invalid",
    "onion",
    "alt",
    "home.arpa",
    "domain",
    "workgroup",
];

/// Why a name can be in no public zone, if that is so.
fn never_public(host: &str) -> Option<String> {
    if !host.contains('.') {
        return Some("a name of one word stands in no public zone".to_owned());
    }
    let end = NEVER_PUBLIC.iter().find(|end| host.strip_suffix(*end).is_some_and(|before| before.ends_with('.')))?;
    Some(format!("no public zone has names that end in .{end}"))
}

fn nxdomain(host: &str) -> Finding {
    if let Some(why) = never_public(host) {
        return NXDOMAIN.found(
            format!("{host} does not exist in public DNS (NXDOMAIN), and cannot: {why}"),
            Remediation::network(
                "Give this installation a name under a domain that the customer owns in public DNS, with a record that leads to its public address, and give that name with --domain.",
            )
            .in_short("give the installation a public name")
            .verify(dig(host)),
        );
    }
    NXDOMAIN.found(
        format!("{host} does not exist in public DNS (NXDOMAIN)"),
        Remediation::network(format!("Publish an A record for {host} in the public zone, with the address at which this installation is reached from the internet."))
            .in_short("publish an A record for the name")
            .verify(dig(host)),
    )
}

fn nodata(host: &str) -> Finding {
    NODATA.found(
        format!("{host} exists in public DNS, and has no address"),
        Remediation::network(format!("Add an A record to {host} in the public zone, with the address at which this installation is reached from the internet."))
            .in_short("add an A record to the name")
            .verify(dig(host)),
    )
}

fn servfail(host: &str, answers_unchecked: bool) -> Finding {
    let (problem, action, in_short) = if answers_unchecked {
        (
            format!("public resolvers refuse {host} because its DNSSEC signatures do not hold; unchecked, it answers"),
            format!(
                "Sign the public zone of {host} anew, or correct the DS record at the registrar: validating resolvers, WorkOS's among them, do not see the name."
            ),
            "mend the DNSSEC signatures of the zone",
        )
    } else {
        (
            format!("public resolvers answer SERVFAIL for {host}: they cannot find it out"),
            format!("Bring the public name servers of {host} back: they do not answer, or refuse the zone."),
            "bring the zone's name servers back",
        )
    };
    SERVFAIL.found(
        problem,
        Remediation::network(action).in_short(in_short).verify(command!(
            "dig @1.1.1.1 {} A; dig @1.1.1.1 {} A +cd",
            host,
            host
        )),
    )
}

fn dangling(host: &str, alias: &str) -> Finding {
    if alias.eq_ignore_ascii_case(host) {
        return DANGLING_CNAME.found(
            format!("{host} is an alias that leads back to itself in public DNS, so it has no address"),
            Remediation::network(format!("Replace the alias records of {host}, which lead in a circle, with an A record of this installation's public address."))
                .in_short("replace the alias by an A record")
                .verify(dig(host)),
        );
    }
    DANGLING_CNAME.found(
        format!("{host} is an alias for {alias}, which has no address in public DNS"),
        Remediation::network(format!("Publish {alias} in public DNS, or replace the alias of {host} with an A record of this installation's public address."))
            .in_short("replace the alias by an A record")
            .verify(dig(host)),
    )
}

fn refused(host: &str, witness: &str) -> Finding {
    REFUSED.found(
        format!("{witness} refuses the question for {host}, so what the internet is told is not known"),
        Remediation::installer(format!(
            "Name a resolver with --public-resolver that answers this host: {witness} refuses its questions (REFUSED)."
        ))
        .in_short("name another resolver with --public-resolver")
        .verify(dig(host)),
    )
}

/// How the internet's view would become visible, by what kept it from being seen.
fn how_to_see(host: &str, error: &NetError, cx: &Context) -> Remediations {
    let another = || {
        Remediation::installer("Name another resolver that sees the internet with --public-resolver.")
            .in_short("name another with --public-resolver")
    };
    let Some(witness) = view::witness_endpoint(cx) else {
        return Remediation::network(format!(
            "Name a resolver that sees the internet with --public-resolver, or look up {host} from a machine on the internet."
        ))
        .in_short("name a public resolver")
        .into();
    };
    if view::is_plain(cx) {
        let source = cx.source_in_words(witness.host.parse().ok());
        return match &error.kind {
            ErrorKind::DnsCode(_) | ErrorKind::DnsRefused => Remediation::installer(format!(
                "Name another resolver with --public-resolver: {witness} answers, and not this question ({}).",
                error.detail
            ))
            .in_short("name another resolver with --public-resolver"),
            _ => {
                return Remediation::network(format!(
                    "Allow UDP and TCP {} {source} to {}.",
                    witness.port, witness.host
                ))
                .in_short("let this host ask the public resolver")
                .or(another());
            }
        }
        .into();
    }
    let proxy = cx.settings.proxy_for(&witness);
    match &error.kind {
        ErrorKind::Certificate(_) => Remediation::network(format!(
            "Exempt {witness} from TLS inspection: it is answered with a certificate that is not trusted here, and egress.trusted says the same of the API where that is inspected too."
        ))
        .in_short("exempt the public resolver from inspection")
        .or(Remediation::installer(
            "Add the root of the site's TLS inspection to this host's trust store, or give it with --ca-bundle.",
        )
        .in_short("trust the root of the TLS inspection"))
        .or(another()),
        ErrorKind::Proxy(ProxyRefusal::SignIn(_)) => Remediation::installer(format!(
            "Give the proxy's user name and password, as egress.proxy says: it wants a sign-in before it connects to {witness}, too."
        ))
        .in_short("give the proxy's user name and password")
        .into(),
        ErrorKind::Proxy(ProxyRefusal::Denied(_)) => Remediation::network(format!(
            "Allow CONNECT to {witness} in the policy of the proxy."
        ))
        .in_short("let the proxy pass the public resolver")
        .or(another()),
        ErrorKind::Proxy(_) => Remediation::network(format!(
            "Have the proxy{} open the way to {witness}; if egress.proxy fails as well, settle that first.",
            proxy.map(|proxy| format!(" {proxy}")).unwrap_or_default()
        ))
        .in_short("let the proxy pass the public resolver")
        .or(another()),
        ErrorKind::NotHttp
        | ErrorKind::DnsCode(_)
        | ErrorKind::Alert(_)
        | ErrorKind::TlsTooOld
        | ErrorKind::ClientCertificateRequired
        | ErrorKind::Other => Remediation::installer(format!(
            "Name another resolver with --public-resolver: something answers at {witness}, and not as DNS over HTTPS is spoken ({}).",
            error.detail
        ))
        .in_short("name another resolver with --public-resolver")
        .or(Remediation::network(format!(
            "If a page of a web filter answers there, let {witness} through without a page in between."
        ))
        .in_short("let the public resolver through the filter")),
        ErrorKind::NotTls(_)
        | ErrorKind::Reset
        | ErrorKind::Closed
        | ErrorKind::TimedOut(Phase::Handshake | Phase::Answer) => Remediation::network(format!(
            "Allow the server name {} through the firewall's or proxy's TLS filter: the connection is made, and breaks off or goes silent behind it.",
            witness.host
        ))
        .in_short("let the public resolver through the filter")
        .or(another()),
        ErrorKind::NotResolved if proxy.is_none() => Remediation::network(format!(
            "Make the DNS servers of this host resolve {}.",
            witness.host
        ))
        .in_short("let this host resolve the public resolver")
        .or(another()),
        _ if proxy.is_some() => Remediation::network(format!(
            "Settle first what egress.proxy says of the proxy, by which {witness} is asked."
        ))
        .in_short("settle what egress.proxy says")
        .or(another()),
        _ => Remediation::network(format!("Allow HTTPS {} to {witness}.", cx.source_in_words(view::witness_address(cx))))
            .in_short("open TCP 443 to the public resolver")
            .or(another()),
    }
}

fn inside_only(host: &str, view: &PublicView, error: &NetError, cx: &Context) -> Finding {
    SEEN_FROM_INSIDE_ONLY.found(
        format!(
            "{}; the resolvers here say {}, which is a public address and may differ from what the internet is told",
            view.unheard(),
            listed(&view.inside)
        ),
        how_to_see(host, error, cx).verify(dig(host)),
    )
}

fn no_public_view(host: &str, view: &PublicView, error: &NetError, cx: &Context) -> Finding {
    let inside = if view.inside.is_empty() { "nothing".to_owned() } else { listed(&view.inside) };
    NO_PUBLIC_VIEW.found(
        format!(
            "{}, and the resolvers here say {inside}: what the internet is told of {host} is unknown",
            view.unheard()
        ),
        how_to_see(host, error, cx).and(from_elsewhere(host, cx)).verify(dig(host)),
    )
}

/// What cannot be seen from inside somebody else can look at.
fn from_elsewhere(host: &str, cx: &Context) -> Option<Remediation> {
    let probe = command!("workos-preflight probe https://{}/ --report json=outside.json", host);
    let remediation = Remediation::installer(format!(
        "Where it is to stay so, look from a machine on the internet with `{probe}`, and give its report here with --inbound-report."
    ));
    (cx.vantage == Vantage::Inside).then(|| remediation.in_short("take in what a probe sees outside"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Status;
    use crate::checks::fixture::{Held, Site, codes, held};
    use crate::net::fake::Fake;
    use crate::net::{CertificateProblem, Records};

    const APP: &str = "app.customer.example";
    const PUBLIC: &str = "9.9.9.9:53";

    async fn look(host: &str, cx: &Context) -> Held {
        held(&SPEC, super::look(host, cx).await)
    }

    async fn run(network: Fake) -> Held {
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
    async fn an_alias_that_leads_nowhere_is_named_by_a_plain_resolver_too_and_once() {
        let outcome = run(inside(Ok(&[])).leads_nowhere(PUBLIC, APP, &["lb.cdn.example", "gone.cdn.example"])).await;
        let said: Vec<&str> = outcome.evidence.iter().map(|seen| seen.value.as_str()).collect();

        assert_eq!(codes(&outcome), ["dangling-cname"]);
        assert!(outcome.findings[0].problem.contains("an alias for gone.cdn.example"), "{outcome:?}");
        assert!(said.contains(&"A: NXDOMAIN, by way of lb.cdn.example → gone.cdn.example"), "{said:?}");
    }

    #[tokio::test]
    async fn the_alias_of_an_answer_is_evidence() {
        let records = Records {
            addresses: vec!["93.184.215.14".parse().unwrap()],
            aliases: vec!["lb.cdn.example".to_owned()],
            ..Records::default()
        };
        let none = Err(ErrorKind::NoData);
        let network = inside(Ok(&[])).answers(PUBLIC, APP, RecordKind::A, Ok(records));
        let outcome = run(network.answers(PUBLIC, APP, RecordKind::Aaaa, none)).await;

        assert!(outcome.evidence.iter().any(|seen| seen.value == "A: 93.184.215.14 by way of lb.cdn.example"));
    }

    #[tokio::test]
    async fn a_name_that_no_public_zone_can_hold_is_not_to_be_published() {
        for name in ["app", "app.corp.local", "app.customer.internal", "x.lan", "y.home.arpa"] {
            let action = nxdomain(name).remediations.likeliest().action.clone();
            assert!(action.contains("--domain") && !action.contains("Publish"), "{name}: {action}");
        }
        for name in ["app.customer.example", "local.customer.example", "app.mylocal", "a.homearpa"] {
            assert!(nxdomain(name).remediations.likeliest().action.starts_with("Publish"), "{name}");
        }
    }

    #[test]
    fn an_alias_that_leads_back_is_not_to_be_published() {
        assert!(dangling(APP, APP).problem.contains("back to itself"));
        assert!(dangling(APP, "gone.example").problem.contains("gone.example"));
    }

    #[tokio::test]
    async fn without_a_public_view_a_public_answer_stands_in_and_a_private_one_settles_nothing() {
        let silent = Err(ErrorKind::TimedOut(crate::net::Phase::Lookup));
        let public = run(inside(Ok(&["93.184.215.14"])).serves(PUBLIC, APP, silent.clone())).await;
        let private = run(inside(Ok(&["10.20.0.10"])).serves(PUBLIC, APP, silent)).await;

        assert_eq!((codes(&public), public.status()), (vec!["seen-from-inside-only"], Status::Warn));
        assert_eq!((codes(&private), private.status()), (vec!["no-public-view"], Status::Unknown));
        let other = private.findings[0].remediations.iter().last().map(|way| way.action.as_str()).unwrap_or_default();
        assert!(other.contains("probe") && other.contains("--inbound-report"), "{other}");
    }

    /// A witness over HTTPS that cannot be asked for this reason.
    async fn unseen(kind: ErrorKind, settings: &[(&'static str, &str)]) -> String {
        let network = ["104.16.248.249:443", "104.16.249.249:443", "10.20.0.30:3128"]
            .iter()
            .fold(inside(Ok(&["10.20.0.10"])).resolves("proxy.example", Ok(&["10.20.0.30"])), |network, address| {
                network.connects(address, Err(kind.clone()))
            });
        let network = network.serves(PUBLIC, APP, Err(kind.clone()));
        let site = Site::of(network).with("installation.domain", APP);
        let site = settings.iter().fold(site, |site, (name, value)| site.with(name, value));
        let outcome = look(APP, &site.context()).await;
        assert_eq!((codes(&outcome), outcome.status()), (vec!["no-public-view"], Status::Unknown));
        outcome.findings[0].remediations.likeliest().action.clone()
    }

    #[tokio::test]
    async fn what_would_show_the_public_view_follows_from_what_hides_it() {
        let proxied = [("network.proxy", "http://proxy.example:3128")];
        let sign_in = ErrorKind::Proxy(ProxyRefusal::SignIn(vec!["Basic".to_owned()]));
        let denied = ErrorKind::Proxy(ProxyRefusal::Denied("no".to_owned()));

        assert!(unseen(ErrorKind::Refused, &[]).await.starts_with("Allow HTTPS"));
        let nameless = [("network.public_resolver", "https://doh.example/dns-query")];
        assert!(unseen(ErrorKind::NotResolved, &nameless).await.contains("resolve doh.example"));
        assert!(unseen(ErrorKind::TimedOut(Phase::Connect), &[]).await.starts_with("Allow HTTPS"));
        assert!(
            unseen(ErrorKind::Certificate(Box::new(CertificateProblem::UnknownIssuer)), &[])
                .await
                .contains("TLS inspection")
        );
        assert!(unseen(ErrorKind::NotHttp, &[]).await.contains("not as DNS over HTTPS is spoken"));
        assert!(unseen(ErrorKind::Reset, &[]).await.contains("server name"));
        assert!(unseen(sign_in, &proxied).await.contains("user name and password"));
        assert!(unseen(denied, &proxied).await.contains("policy of the proxy"));
        assert!(unseen(ErrorKind::TimedOut(Phase::Connect), &proxied).await.contains("egress.proxy"));
        assert!(
            unseen(ErrorKind::TimedOut(Phase::Lookup), &[("network.public_resolver", "9.9.9.9")])
                .await
                .starts_with("Allow UDP and TCP 53")
        );
    }

    #[tokio::test]
    async fn a_code_that_is_no_answer_leaves_the_public_view_unknown() {
        let outcome = run(inside(Ok(&["10.20.0.10"])).serves(PUBLIC, APP, Err(ErrorKind::DnsCode(4)))).await;

        assert_eq!((codes(&outcome), outcome.status()), (vec!["no-public-view"], Status::Unknown));
    }
}
