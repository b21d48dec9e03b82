//! Does the name of an endpoint resolve here?

use std::net::SocketAddr;
use std::time::Duration;

use super::in_words;
use crate::check::{
    About, Check, CheckId, Code, Command, Contact, Endpoint, Finding, Grade, Outcome, Planned, Remediation, Running,
    Spec, Touch, Vantage, command,
};
use crate::context::{Asked, Context, Lookup};
use crate::net::{ErrorKind, Phase};
use crate::settings::values::spoken;

pub(super) static SPEC: Spec = Spec {
    id: ID,
    title: "the hostname resolves",
    explain: "\
Looks up the hostname the way an application on this host does (hosts file, name service switch, DNS), and asks each DNS \
server in effect directly, for A and for AAAA, over UDP and over TCP when UDP stays silent.

Nothing else can work before the name resolves, and the ways of not resolving have different owners: NXDOMAIN comes from \
a filter or a private zone, SERVFAIL from a forwarder that cannot reach the internet, silence from a firewall on port 53.

Usually broken by an internal resolver that forwards nothing outside, a DNS filter whose categories include \
authentication services, or a rule that lets UDP 53 through to other resolvers than those in /etc/resolv.conf. Through a \
forward proxy the proxy resolves: what is found here is then evidence only.",
    vantages: &[Vantage::Inside],
    required: super::required,
    codes: &[
        &NXDOMAIN, &NODATA, &SERVFAIL, &REFUSED, &DNS_TIMED_OUT, &DNS_UNREACHABLE, &NOT_RESOLVED, &SLOW, &TCP_ONLY,
        &ONE_RESOLVER_DEAD,
    ],
    needs: &[],
    plan: |_, settings| Planned::each(settings.server_endpoints().into_iter().cloned().map(Resolves), ""),
};

pub(super) const ID: CheckId = CheckId::new("egress.resolves");

static NXDOMAIN: Code = Code::error("nxdomain", "the resolver says that the name does not exist");
static NODATA: Code = Code::error("nodata", "the resolver knows the name, and no address for it");
static SERVFAIL: Code = Code::error("servfail", "the resolver says that it could not find out");
static REFUSED: Code = Code::error("refused", "the resolver refuses to answer this question");
static DNS_TIMED_OUT: Code = Code::error("dns-timed-out", "no DNS server answered in time, over UDP or TCP");
static DNS_UNREACHABLE: Code =
    Code::error("dns-unreachable", "no DNS server can be reached: port 53 is closed or there is no way there");
static NOT_RESOLVED: Code =
    Code::error("not-resolved", "the system's own resolution gives nothing, and the DNS servers do not explain it");
static SLOW: Code = Code::warning("slow", "the name resolves, and takes longer than a second to");
static TCP_ONLY: Code =
    Code::error("tcp-only", "the resolver answers over TCP and stays silent over UDP, which applications ask over");
static ONE_RESOLVER_DEAD: Code = Code::warning("one-resolver-dead", "one of several resolvers does not answer");

/// Longer than this is felt at every new connection.
const PATIENCE: Duration = Duration::from_secs(1);

struct Resolves(Endpoint);

impl Check for Resolves {
    fn subject(&self) -> Option<String> {
        Some(self.0.host.clone())
    }

    fn about(&self) -> About {
        About::Endpoint(self.0.clone())
    }

    fn contacts(&self) -> Vec<Contact> {
        vec![Contact::new(Touch::Name(self.0.host.clone()), "whether the name resolves here")]
    }

    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
        Box::pin(async move {
            let lookup = cx.lookup(&self.0.host).await;
            let found = judge(&self.0.host, &lookup, cx);
            match cx.resolving_proxy(&self.0) {
                None => found,
                // The proxy resolves: what was seen here stays, what it would mean without the proxy goes.
                Some(proxy) => Outcome { findings: Vec::new(), ..found }
                    .with("resolution", "by the proxy; the local answer is evidence only")
                    .via(proxy.to_string()),
            }
        })
    }
}

fn judge(host: &str, lookup: &Lookup, cx: &Context) -> Outcome {
    let addresses = lookup.addresses();
    let mut outcome =
        Outcome::graded(if addresses.is_empty() { Grade::Declared } else { Grade::Reached }).tried(lookup.attempts());
    if !addresses.is_empty() {
        outcome.saw("addresses", in_words(&addresses));
    }
    for asked in &lookup.servers {
        outcome.saw("answer", format!("{} {} from {}: {}", host, asked.kind, asked.server, in_short(asked)));
    }
    let positive = lookup.servers.iter().filter_map(|asked| asked.answer.result.as_ref().ok());
    if let Some(led) = positive.map(|records| &records.aliases).find(|aliases| !aliases.is_empty()) {
        outcome.saw("aliases", led.join(" → "));
    }
    if addresses.is_empty() {
        outcome.found(why_not(host, lookup, cx));
    } else {
        for warning in warnings(host, lookup) {
            outcome.found(warning);
        }
    }
    outcome
}

fn in_short(asked: &Asked) -> String {
    match &asked.answer.result {
        Ok(records) => {
            let ttl = records.ttl.map(|ttl| format!(", TTL {ttl} s")).unwrap_or_default();
            let tcp = if records.over_tcp_only { ", over TCP only" } else { "" };
            format!("{}{ttl}{tcp}", in_words(&records.addresses))
        }
        Err(error) => match error.kind {
            ErrorKind::NoData => "no records of this type".to_owned(),
            ErrorKind::NoSuchName => "NXDOMAIN".to_owned(),
            ErrorKind::ServFail => "SERVFAIL".to_owned(),
            ErrorKind::DnsRefused => "REFUSED".to_owned(),
            _ => error.detail.clone(),
        },
    }
}

/// The most telling of the servers' answers: one that knows beats one that could not find out, and that beats silence.
fn why_not(host: &str, lookup: &Lookup, cx: &Context) -> Finding {
    let asked = |wanted: fn(&ErrorKind) -> bool| -> Vec<SocketAddr> {
        let mut servers: Vec<SocketAddr> = lookup
            .servers
            .iter()
            .filter(|asked| asked.answer.result.as_ref().is_err_and(|error| wanted(&error.kind)))
            .map(|asked| asked.server)
            .collect();
        servers.dedup();
        servers
    };
    if lookup.from_servers().is_empty() {
        if let [first, ..] = asked(|kind| *kind == ErrorKind::NoSuchName)[..] {
            return nxdomain(host, first, cx);
        }
        // A family that was not there is no answer to the question when the other one failed otherwise.
        for (kind, problem) in
            [(ErrorKind::ServFail, servfail as fn(&str, SocketAddr) -> Finding), (ErrorKind::DnsRefused, refused)]
        {
            let servers: Vec<SocketAddr> = lookup
                .servers
                .iter()
                .filter(|asked| asked.answer.result.as_ref().is_err_and(|error| error.kind == kind))
                .map(|asked| asked.server)
                .collect();
            if let [first, ..] = servers[..] {
                return problem(host, first);
            }
        }
        let silent = asked(|kind| matches!(kind, ErrorKind::TimedOut(Phase::Lookup)));
        if !silent.is_empty() {
            return timed_out(host, &silent, cx);
        }
        if let [first, ..] = asked(|kind| *kind == ErrorKind::NoData)[..] {
            return nodata(host, first);
        }
        let closed = asked(|kind| {
            matches!(kind, ErrorKind::Refused | ErrorKind::Unreachable | ErrorKind::NoRoute | ErrorKind::Prohibited)
        });
        if !closed.is_empty() {
            return unreachable(host, &closed, cx);
        }
    }
    let over_tcp = lookup.servers.iter().filter(|asked| asked.answer.result.is_ok());
    let mut over_tcp = over_tcp.peekable();
    match over_tcp.peek().map(|asked| asked.server) {
        Some(server)
            if over_tcp.all(|asked| asked.answer.result.as_ref().is_ok_and(|records| records.over_tcp_only)) =>
        {
            tcp_only(host, server, cx)
        }
        _ => not_resolved(host, lookup),
    }
}

fn warnings(host: &str, lookup: &Lookup) -> Vec<Finding> {
    let mut warnings = Vec::new();
    let answered: Vec<&Asked> = lookup.servers.iter().filter(|asked| asked.answer.result.is_ok()).collect();
    let silent: Vec<&Asked> = lookup
        .servers
        .iter()
        .filter(|asked| {
            let dead = |kind: &ErrorKind| {
                matches!(
                    kind,
                    ErrorKind::TimedOut(_) | ErrorKind::Refused | ErrorKind::Unreachable | ErrorKind::NoRoute
                )
            };
            asked.answer.result.as_ref().is_err_and(|error| dead(&error.kind))
        })
        .filter(|asked| !answered.iter().any(|other| other.server == asked.server))
        .collect();
    if let (Some(dead), false) = (silent.first(), answered.is_empty()) {
        warnings.push(one_dead(dead.server));
    }
    if let Some(fastest) = answered.iter().map(|asked| asked.answer.took).min().filter(|took| *took > PATIENCE) {
        warnings.push(slow(host, fastest));
    }
    warnings
}

fn dig(host: &str, server: SocketAddr) -> Command {
    match server.port() {
        53 => command!("dig @{} {} A", server.ip(), host),
        port => command!("dig @{} -p {} {} A", server.ip(), port, host),
    }
}

fn nxdomain(host: &str, server: SocketAddr, cx: &Context) -> Finding {
    let action = if host == "api.workos.com" {
        format!(
            "Make {server} resolve {host}: the name exists in public DNS, so forward workos.com to the internet or take it off the filter's list."
        )
    } else if *host == cx.settings.api.value.host {
        format!(
            "Make {server} resolve {host}, or correct --api-url if the custom Authentication API domain is spelt differently."
        )
    } else {
        format!("Make {server} resolve {host}, or correct --endpoint if the name is spelt differently.")
    };
    NXDOMAIN.found(
        format!("{server} says that {host} does not exist (NXDOMAIN)"),
        Remediation::network(action).verify(dig(host, server)),
    )
}

fn nodata(host: &str, server: SocketAddr) -> Finding {
    NODATA.found(
        format!("{server} knows {host}, and has neither A nor AAAA records for it"),
        Remediation::network(format!(
            "Remove the zone or override for {host} on {server} that hides its addresses, so that public DNS answers."
        ))
        .verify(dig(host, server)),
    )
}

fn servfail(host: &str, server: SocketAddr) -> Finding {
    SERVFAIL.found(
        format!("{server} answers SERVFAIL for {host}: it could not find out"),
        Remediation::network(format!(
            "Let the resolver {server} reach its forwarders or the public DNS servers (UDP and TCP 53 outbound), and check its DNSSEC validation and clock."
        ))
        .verify(dig(host, server)),
    )
}

fn refused(host: &str, server: SocketAddr) -> Finding {
    REFUSED.found(
        format!("{server} refuses to answer for {host} (REFUSED)"),
        Remediation::network(format!("Allow recursive queries from this host on the resolver {server}, or give this host a resolver that serves it."))
            .verify(dig(host, server)),
    )
}

fn servers_in_words(servers: &[SocketAddr]) -> String {
    servers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn timed_out(host: &str, servers: &[SocketAddr], cx: &Context) -> Finding {
    let source = cx.source_in_words(servers.first().map(SocketAddr::ip));
    let all = servers_in_words(servers);
    let limit = spoken(cx.settings.timeout.value);
    DNS_TIMED_OUT.found(
        format!("no answer from {all} within {limit}, over UDP or TCP, to any attempt"),
        Remediation::network(format!(
            "Allow UDP and TCP 53 {source} to {all}, and see that a DNS server is running there."
        ))
        .verify(servers.first().map_or_else(|| command!("getent ahosts {}", host), |server| dig(host, *server))),
    )
}

fn unreachable(host: &str, servers: &[SocketAddr], cx: &Context) -> Finding {
    let source = cx.source_in_words(servers.first().map(SocketAddr::ip));
    let all = servers_in_words(servers);
    DNS_UNREACHABLE.found(
        format!("{all} cannot be reached: port 53 is closed there, or rejected on the way"),
        Remediation::network(format!("Start a DNS server at {all} and allow UDP and TCP 53 {source} to it, or correct the name servers in /etc/resolv.conf."))
            .verify(servers.first().map_or_else(|| command!("getent ahosts {}", host), |server| dig(host, *server))),
    )
}

fn not_resolved(host: &str, lookup: &Lookup) -> Finding {
    let from_servers = lookup.from_servers();
    let (problem, action) = if lookup.servers.is_empty() {
        (
            format!("the system does not resolve {host}, and names no DNS server that could be asked why"),
            "Name a DNS server in /etc/resolv.conf (or give --resolver) that resolves public names.".to_owned(),
        )
    } else if from_servers.is_empty() {
        (
            format!("the system does not resolve {host}, and the DNS servers give no usable answer either"),
            format!(
                "Make the DNS servers in /etc/resolv.conf answer for {host}; the evidence lists what each says now."
            ),
        )
    } else {
        (
            format!("the system does not resolve {host}, although its DNS servers give {}", in_words(&from_servers)),
            "Put `dns` on the `hosts:` line of /etc/nsswitch.conf, and remove what stands before it and ends the search.".to_owned(),
        )
    };
    NOT_RESOLVED.found(problem, Remediation::installer(action).verify(command!("getent ahosts {}", host)))
}

fn slow(host: &str, took: Duration) -> Finding {
    SLOW.found(
        format!("the fastest resolver took {} to answer for {host}", spoken(took)),
        Remediation::network("Give this host a resolver near by that keeps answers in a cache.")
            .verify(command!("time getent ahosts {}", host)),
    )
}

fn tcp_only(host: &str, server: SocketAddr, cx: &Context) -> Finding {
    TCP_ONLY.found(
        format!("{server} answers over TCP and stays silent over UDP: applications ask over UDP, wait, and give up"),
        Remediation::network(format!(
            "Allow UDP 53 {} to {server}, beside TCP 53.",
            cx.source_in_words(Some(server.ip()))
        ))
        .verify(dig(host, server).and("+notcp")),
    )
}

fn one_dead(server: SocketAddr) -> Finding {
    ONE_RESOLVER_DEAD.found(
        format!("{server} does not answer while another resolver does: lookups wait for it, some for seconds"),
        Remediation::installer(format!("Remove {server} from /etc/resolv.conf, or have it repaired."))
            .verify(dig("api.workos.com", server)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Status;
    use crate::checks::fixture::{Site, codes};
    use crate::net::RecordKind::{A, Aaaa};
    use crate::net::Records;
    use crate::net::fake::Fake;

    const RESOLVER: &str = "10.20.0.53:53";
    const API: &str = "api.workos.com";

    async fn run(network: Fake) -> Outcome {
        let site = Site::of(network);
        Resolves(Endpoint::new(API, 443)).run(&site.context()).await
    }

    #[tokio::test]
    async fn a_name_that_resolves_passes_with_its_addresses() {
        let outcome =
            run(Fake::default().resolves(API, Ok(&["104.18.2.1"])).serves(RESOLVER, API, Ok(&["104.18.2.1"]))).await;

        assert_eq!(outcome.status(), Status::Pass);
        assert_eq!(outcome.evidence[0].value, "104.18.2.1");
    }

    #[tokio::test]
    async fn each_way_of_not_resolving_has_its_own_code() {
        for (kind, code) in [
            (ErrorKind::NoSuchName, "nxdomain"),
            (ErrorKind::NoData, "nodata"),
            (ErrorKind::ServFail, "servfail"),
            (ErrorKind::DnsRefused, "refused"),
            (ErrorKind::TimedOut(Phase::Lookup), "dns-timed-out"),
            (ErrorKind::Refused, "dns-unreachable"),
        ] {
            let network = Fake::default().resolves(API, Err(ErrorKind::NotResolved)).serves(RESOLVER, API, Err(kind));
            assert_eq!(codes(&run(network).await), [code]);
        }
    }

    #[tokio::test]
    async fn a_hosts_file_entry_is_enough_for_applications_and_so_for_us() {
        let outcome =
            run(Fake::default().resolves(API, Ok(&["104.18.2.1"])).serves(RESOLVER, API, Err(ErrorKind::NoSuchName)))
                .await;

        assert_eq!(outcome.status(), Status::Pass);
    }

    #[tokio::test]
    async fn a_system_that_ignores_dns_is_told_from_dns_that_fails() {
        let outcome =
            run(Fake::default().resolves(API, Err(ErrorKind::NotResolved)).serves(RESOLVER, API, Ok(&["104.18.2.1"])))
                .await;

        assert_eq!(codes(&outcome), ["not-resolved"]);
    }

    #[tokio::test]
    async fn udp_that_is_dropped_fails_though_tcp_answers() {
        let tcp = Records { addresses: vec!["104.18.2.1".parse().unwrap()], over_tcp_only: true, ..Records::default() };
        let network = Fake::default()
            .resolves(API, Err(ErrorKind::TimedOut(Phase::Lookup)))
            .answers(RESOLVER, API, A, Ok(tcp))
            .answers(RESOLVER, API, Aaaa, Err(ErrorKind::NoData));

        assert_eq!(codes(&run(network).await), ["tcp-only"]);
    }

    #[tokio::test]
    async fn one_dead_resolver_of_two_warns_and_names_it() {
        let network = Fake::default()
            .resolves(API, Ok(&["104.18.2.1"]))
            .serves(RESOLVER, API, Ok(&["104.18.2.1"]))
            .serves("10.20.0.54:53", API, Err(ErrorKind::TimedOut(Phase::Lookup)));
        let mut site = Site::of(network);
        site.host.resolvers.push("10.20.0.54:53".parse().unwrap());
        let outcome = Resolves(Endpoint::new(API, 443)).run(&site.context()).await;

        assert_eq!(codes(&outcome), ["one-resolver-dead"]);
        assert!(outcome.findings[0].problem.contains("10.20.0.54"));
    }

    #[tokio::test]
    async fn behind_a_proxy_a_local_failure_is_evidence_only() {
        let network = Fake::default().resolves(API, Err(ErrorKind::NotResolved)).serves(
            RESOLVER,
            API,
            Err(ErrorKind::NoSuchName),
        );
        let site = Site::of(network).with("network.proxy", "http://proxy.example:3128");
        let outcome = Resolves(Endpoint::new(API, 443)).run(&site.context()).await;

        assert_eq!(outcome.status(), Status::Pass);
        assert!(outcome.evidence.iter().any(|seen| seen.value.contains("NXDOMAIN")));
    }
}
