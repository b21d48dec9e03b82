//! Does the name of an endpoint resolve here?

pub(in crate::checks) mod codes;
mod waiting;
mod words;

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::future::join_all;

use self::codes::{
    CUT_SHORT, DNS_TIMED_OUT, DNS_UNREACHABLE, NODATA, NOT_RESOLVED, NXDOMAIN, ONE_RESOLVER_DEAD, PASSED_OVER, REFUSED,
    SERVFAIL, SLOW, STRANGE_CODE, TCP_ONLY, TOO_SLOW,
};
use crate::check::{
    About, Check, CheckId, Contact, Endpoint, Evidence, Finding, Findings, Grade, Outcome, Planned, Running, Spec,
    Touch, Vantage,
};
use crate::context::{Asked, Context, Lookup, looking_up, routes};
use crate::facts::Facts;
use crate::host::SERVICES_FILE;
use crate::net::{ErrorKind, NetError, RecordKind};
use crate::said::{in_any_order, listed, spoken};
use crate::settings::Settings;

pub(super) static SPEC: Spec = Spec {
    id: ID,
    title: "the hostname resolves",
    explain: "\
Looks up the hostname the way an application on this host does (hosts file, name service switch, DNS), and asks each DNS \
server in effect directly, for A and for AAAA, over UDP and over TCP when UDP stays silent or has to cut its answer.

Nothing else can work before the name resolves, and the ways of not resolving have different owners: NXDOMAIN comes from \
a filter or a private zone, SERVFAIL from a forwarder that cannot reach the internet, silence from a firewall on port 53. \
A name can also resolve too late: the C library waits 5 s for each server and question, and Node's fetch gives up a \
connection after 10 s with the lookup in it. How long the system's own lookup takes is measured, up to 30 s.

Usually broken by an internal resolver that forwards nothing outside, a DNS filter whose categories include \
authentication services, or a rule that lets UDP 53 through to other resolvers than those in /etc/resolv.conf; slowed by \
a first resolver that is dead, or by AAAA questions that are dropped on the way. Through a forward proxy the proxy \
resolves: what is found here is then evidence only.",
    vantages: &[Vantage::Inside],
    required: super::required,
    codes: &[
        &NXDOMAIN,
        &NODATA,
        &SERVFAIL,
        &REFUSED,
        &STRANGE_CODE,
        &CUT_SHORT,
        &DNS_TIMED_OUT,
        &DNS_UNREACHABLE,
        &NOT_RESOLVED,
        &PASSED_OVER,
        &TOO_SLOW,
        &SLOW,
        &TCP_ONLY,
        &ONE_RESOLVER_DEAD,
    ],
    needs: &[],
    plan: |_, settings| Planned::each(settings.server_endpoints().into_iter().cloned().map(Resolves), String::new()),
};

pub(super) const ID: CheckId = CheckId::new("egress.resolves");

struct Resolves(Endpoint);

impl Check for Resolves {
    fn subject(&self) -> Option<String> {
        Some(self.0.host.clone())
    }

    fn about(&self) -> About {
        About::Endpoint(self.0.clone())
    }

    fn contacts(&self, _: &Facts, settings: &Settings) -> Vec<Contact> {
        let mut contacts = looking_up(&self.0.host, settings, "whether the name resolves here");
        contacts.extend([
            Contact::new(Touch::File(SERVICES_FILE.into()), "who else is asked, where that takes long"),
            Contact::new(Touch::INTERFACES, "whether programs ask for IPv6 addresses here"),
            routes(),
        ]);
        contacts
    }

    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
        Box::pin(async move {
            let lookup = cx.lookup(&self.0.host).await;
            let again = if waiting::is_unexplained(&self.0.host, &lookup, cx) {
                quickest(&self.0.host, cx).await
            } else {
                None
            };
            let found = judge(&self.0.host, &lookup, again, cx);
            match cx.resolving_proxy(&self.0) {
                None => found,
                // The proxy resolves: what was seen here stays, what it would mean without the proxy goes.
                Some(proxy) => Outcome { findings: Findings::default(), ..found }
                    .with("resolution", "by the proxy; the local answer is evidence only")
                    .via(proxy.to_string()),
            }
        })
    }
}

/// How long the quickest of three lookups takes, which are made at once.
async fn quickest(host: &str, cx: &Context) -> Option<Duration> {
    let lookups = join_all((0..3).map(|_| cx.unrepeated.resolve(host))).await;
    lookups.into_iter().filter(|lookup| lookup.result.is_ok()).map(|lookup| lookup.took).min()
}

fn judge(host: &str, lookup: &Lookup, again: Option<Duration>, cx: &Context) -> Outcome {
    let addresses = lookup.addresses();
    let mut outcome =
        Outcome::graded(if addresses.is_empty() { Grade::Declared } else { Grade::Reached }).tried(lookup.attempts());
    if !addresses.is_empty() {
        outcome.saw_all("addresses", &addresses);
        outcome = outcome.in_short(format!("{host} → {}", listed(&addresses)));
    }
    for asked in &lookup.servers {
        outcome.evidence.push(answer(host, asked));
    }
    let positive = lookup.servers.iter().filter_map(|asked| asked.answer.result.as_ref().ok());
    if let Some(led) = positive.map(|records| &records.aliases).find(|aliases| !aliases.is_empty()) {
        outcome.saw("aliases", led.join(" → "));
    }
    if let Some(system) = lookup.system.as_ref().filter(|system| system.took >= waiting::PATIENCE) {
        outcome.saw_passing("the system's lookup", format!("took {}", spoken(system.took)));
    }
    if let Some(again) = again {
        outcome.saw_passing("the quickest of three more", format!("took {}", spoken(again)));
    }
    let late = waiting::late(host, lookup, again, cx);
    let fails = lookup
        .system
        .as_ref()
        .is_some_and(|system| system.result.as_ref().is_err_and(|error| !matches!(error.kind, ErrorKind::TimedOut(_))));
    if addresses.is_empty() || fails && late.is_none() {
        outcome.found(late.unwrap_or_else(|| why_not(host, lookup, cx)));
        return outcome;
    }
    let dead = waiting::dead(lookup);
    // That the first server is dead says already why lookups take so long, unless they take too long.
    let said = dead.as_ref().is_some_and(|dead| dead.is_first);
    let late = late.filter(|late| !(said && *late.code == SLOW));
    if let Some(dead) = dead {
        outcome.found(words::one_dead(host, &dead, lookup));
    }
    if let Some(late) = late {
        outcome.found(late);
    }
    outcome
}

fn answer(host: &str, asked: &Asked) -> Evidence {
    let about = format!("{host} {} from {}", asked.kind, asked.server);
    match &asked.answer.result {
        Ok(records) => {
            let ttl = records.ttl.map(|ttl| format!(", TTL {ttl} s")).unwrap_or_default();
            let tcp = if records.over_tcp_only { ", over TCP only" } else { "" };
            let steady = format!("{about}: {}{tcp}", in_any_order(&records.addresses));
            Evidence::new("answer", format!("{about}: {}{ttl}{tcp}", listed(&records.addresses))).of_which(steady)
        }
        Err(error) => {
            let how = match error.kind {
                ErrorKind::NoData => "no records of this type",
                ErrorKind::NoSuchName => "NXDOMAIN",
                ErrorKind::ServFail => "SERVFAIL",
                ErrorKind::DnsRefused => "REFUSED",
                _ => &error.detail,
            };
            Evidence::new("answer", format!("{about}: {how}"))
        }
    }
}

/// The most telling of the servers' answers: one that knows beats one that could not find out, and that beats silence.
fn why_not(host: &str, lookup: &Lookup, cx: &Context) -> Finding {
    let asked = |wanted: &dyn Fn(&ErrorKind) -> bool| -> Vec<SocketAddr> {
        let failed =
            lookup.servers.iter().filter(|asked| asked.answer.result.as_ref().is_err_and(|error| wanted(&error.kind)));
        let mut servers: Vec<SocketAddr> = failed.map(|asked| asked.server).collect();
        servers.dedup();
        servers
    };
    let knows = lookup.servers.iter().find(|asked| asked.answer.result.is_ok());
    let system = lookup.system.as_ref().and_then(|system| system.result.as_ref().err());
    if let Some(NetError { kind: ErrorKind::Endless(file), .. }) = system {
        return words::endless(host, file);
    }
    let file = cx.host.resolvers();
    if knows.is_some() && lookup.system.is_some() && !file.passed_over.is_empty() {
        return words::passed_over(host, &file.passed_over, file.servers.len());
    }
    if let Some(server) = tcp_only(lookup) {
        return words::tcp_only(host, server, cx);
    }
    // Applications stop at the first server that says that the name is not there, whatever the next one would say.
    if let Some(denier) = asked(&|kind| *kind == ErrorKind::NoSuchName).first().copied() {
        let before = |knows: &Asked| lookup.servers.iter().position(|asked| asked.server == knows.server);
        let denies_first =
            |knows: &&Asked| before(knows) > lookup.servers.iter().position(|asked| asked.server == denier);
        match knows {
            None => return words::nxdomain(host, denier, None, cx),
            Some(knows) if denies_first(&knows) || file.rotates => {
                return words::nxdomain(host, denier, Some(knows.server), cx);
            }
            Some(_) => {}
        }
    }
    if knows.is_some() {
        return words::not_resolved(host, lookup, cx);
    }
    // A family that was not there is no answer to the question when the other one failed otherwise.
    if let [first, ..] = asked(&|kind| *kind == ErrorKind::ServFail)[..] {
        return words::servfail(host, first);
    }
    if let [first, ..] = asked(&|kind| *kind == ErrorKind::DnsRefused)[..] {
        return words::refused(host, first);
    }
    for asked in &lookup.servers {
        match asked.answer.result.as_ref().map_err(|error| &error.kind) {
            Err(ErrorKind::DnsCode(code)) => return words::strange_code(host, asked.server, *code),
            Err(ErrorKind::CutShort(over_tcp)) => return words::cut_short(host, asked.server, over_tcp, cx),
            _ => {}
        }
    }
    let silent = asked(&|kind| matches!(kind, ErrorKind::TimedOut(_)));
    if let Some((server, missing)) = half_silent(lookup) {
        return words::half_silent(host, server, missing, cx);
    }
    if !silent.is_empty() {
        return words::timed_out(host, &silent, cx);
    }
    if let [first, ..] = asked(&|kind| *kind == ErrorKind::NoData)[..] {
        let failed = lookup.servers.iter().filter_map(|asked| asked.answer.result.as_ref().err());
        let led = failed.filter(|error| error.kind == ErrorKind::NoData).find_map(|error| error.aliases.last());
        return words::nodata(host, first, led.map(String::as_str));
    }
    let closed = asked(&|kind| {
        matches!(kind, ErrorKind::Refused | ErrorKind::Unreachable | ErrorKind::NoRoute | ErrorKind::Prohibited)
    });
    if !closed.is_empty() {
        return words::unreachable(host, &closed, cx);
    }
    words::not_resolved(host, lookup, cx)
}

/// The server that answers for the one family, if only that there is nothing, and never for the other.
fn half_silent(lookup: &Lookup) -> Option<(SocketAddr, RecordKind)> {
    let mut silent = lookup.servers.iter().filter(|asked| asked.is_silent());
    silent.find_map(|asked| {
        let other = lookup.servers.iter().find(|other| other.server == asked.server && other.kind != asked.kind)?;
        let answers = !other.is_silent()
            && other.answer.result.as_ref().map_or_else(|error| error.kind.is_dns_answer(), |_| true);
        answers.then_some((asked.server, asked.kind))
    })
}

/// The first server, where whatever was heard of any was heard over TCP alone.
fn tcp_only(lookup: &Lookup) -> Option<SocketAddr> {
    let over_tcp = |asked: &&Asked| match &asked.answer.result {
        Ok(records) => records.over_tcp_only,
        Err(error) => matches!(error.kind, ErrorKind::OverTcpOnly(_)),
    };
    let answered =
        |asked: &&Asked| asked.answer.result.as_ref().map_or_else(|error| error.kind.is_dns_answer(), |_| true);
    let mut answers = lookup.servers.iter().filter(answered).peekable();
    let first = answers.peek()?.server;
    // An empty answer for the other family says nothing of the way that the one that counts took.
    let counts = |asked: &&Asked| !asked.answer.result.as_ref().is_err_and(|error| error.kind == ErrorKind::NoData);
    let mut counting = answers.filter(counts).peekable();
    counting.peek().is_some().then_some(())?;
    counting.all(|asked| over_tcp(&asked)).then_some(first)
}

#[cfg(test)]
mod tests;
