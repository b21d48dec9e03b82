//! What is said of addresses that are not published ones.

use std::net::{IpAddr, SocketAddr};

use super::Kind;
use super::behind::Behind;
use super::codes::{BLOCKED, OUTSIDE_RANGES, PRIVATE_ANSWER, RELAYED, SEARCH_LIST, SINKHOLED};
use crate::check::{Command, Finding, Remediation, Remediations, command};
use crate::context::{Context, GivenBy};
use crate::facts::{BlockPage, Confidence};
use crate::host::{HOSTS_FILE, RESOLVER_FILE, SERVICES_FILE};
use crate::said::listed;

/// Addresses of one kind, behind which stands the same, and that came the same way.
pub(super) struct Odd {
    pub(super) addresses: Vec<IpAddr>,
    pub(super) kind: Kind,
    pub(super) behind: Behind,
    pub(super) given_by: GivenBy,
}

impl Odd {
    /// Whether one sentence can say both.
    pub(super) fn is_like(&self, other: &Odd) -> bool {
        self.kind == other.kind && self.behind == other.behind && self.given_by == other.given_by
    }

    pub(super) fn finding(&self, host: &str, port: u16, cx: &Context) -> Finding {
        match (&self.kind, &self.given_by) {
            (Kind::Outside, _) if self.behind.is_api() => moved(host, port, self, cx),
            _ if self.behind.is_api() => relayed(host, port, self, cx),
            (_, GivenBy::SearchList { name, server, first }) => search_list(host, self, name, *server, *first, cx),
            (Kind::BlockPage(page), _) => blocked(host, self, page),
            (Kind::Private, _) => private_answer(host, self, cx),
            (Kind::Outside, _) => outside_ranges(host, self, cx),
            (Kind::Published(_) | Kind::Nowhere | Kind::Reserved, _) => sinkholed(host, self, cx),
        }
    }

    fn all(&self) -> String {
        listed(&self.addresses)
    }

    /// What gives the address, where it is a thing of this host: to be changed there and by nobody else.
    fn on_this_host(&self, host: &str, cx: &Context) -> Option<Remediation> {
        match &self.given_by {
            GivenBy::Hosts(line) => Some(
                Remediation::installer(format!(
                    "Remove the entry for {host} from line {} of {HOSTS_FILE}, so that DNS is asked for it.",
                    line.number
                ))
                .in_short(format!("remove line {} from {HOSTS_FILE}", line.number))
                .verify(command!("getent -s files ahosts {}; grep -n {} {}", host, host, HOSTS_FILE)),
            ),
            GivenBy::Unknown => {
                let services = cx.host.name_services().map(|on| format!(" (`{on}`)")).unwrap_or_default();
                Some(
                    Remediation::installer(format!(
                        "Find the service on the `hosts:` line of {SERVICES_FILE}{services} that gives {}, which no DNS server and no line of {HOSTS_FILE} does, and take {host} out of it.",
                        self.all()
                    ))
                    .in_short(format!("find what in {SERVICES_FILE} gives it"))
                    .verify(command!("getent -s dns ahosts {}; getent ahosts {}", host, host)),
                )
            }
            GivenBy::Server(_) | GivenBy::SearchList { .. } => None,
        }
    }

    fn whence(&self) -> String {
        match &self.given_by {
            GivenBy::Hosts(line) => format!(" (line {} of {HOSTS_FILE})", line.number),
            GivenBy::Server(server) => format!(" (so answers {server})"),
            GivenBy::SearchList { name, .. } => format!(" (the answer for {name}, by the search list)"),
            GivenBy::Unknown => String::new(),
        }
    }

    fn server(&self) -> Option<SocketAddr> {
        match &self.given_by {
            GivenBy::Server(server) => Some(*server),
            _ => None,
        }
    }

    /// The kind of question that shows it.
    fn asked(&self) -> &'static str {
        if self.addresses.iter().all(IpAddr::is_ipv6) { "AAAA" } else { "A" }
    }

    fn dig(&self, host: &str) -> Command {
        match self.server() {
            Some(server) if server.port() == 53 => command!("dig @{} {} {} +short", server.ip(), host, self.asked()),
            _ => command!("dig {} {} +short; getent ahosts {}", host, self.asked(), host),
        }
    }
}

fn moved(host: &str, port: u16, odd: &Odd, cx: &Context) -> Finding {
    let all = odd.all();
    OUTSIDE_RANGES.found(
        format!(
            "{host} resolves to {all}{}, outside Cloudflare's published ranges (as of {}), and {}: a firewall rule for these ranges does not cover it",
            odd.whence(),
            cx.facts.as_of,
            odd.behind.in_words()
        ),
        Remediation::network(format!(
            "Compare the answer with a public resolver: if {host} really moved, write the rule for TCP {port} for {all} besides and give --facts a newer list; if {all} is a relay of your own, write it for the relay."
        ))
        .in_short("compare the answer with a public resolver")
        .verify(command!("dig @1.1.1.1 {} A +short", host)),
    )
}

fn relayed(host: &str, port: u16, odd: &Odd, cx: &Context) -> Finding {
    let all = odd.all();
    let relay = if tunnelled(&odd.addresses) {
        "a tunnel agent (VPN, ZTNA or transparent proxy) that gives out addresses of its own passes connections on"
    } else {
        "a relay that reads the server name (an SNI proxy) or a translator passes connections on"
    };
    RELAYED.found(
        format!("{host} resolves to {all}{}, {}, and {}: {relay}", odd.whence(), odd.kind.in_words(), odd.behind.in_words()),
        Remediation::network(format!(
            "Keep TCP {port} open {} to {all}, and write the firewall rule towards Cloudflare's ranges for what stands there: this host does not connect to WorkOS itself.",
            cx.source_in_words(odd.addresses.first().copied())
        ))
        .verify(command!("curl -sv https://{}:{}/", host, port)),
    )
}

fn search_list(host: &str, odd: &Odd, name: &str, server: SocketAddr, first: bool, cx: &Context) -> Finding {
    let all = odd.all();
    let domain = name.strip_prefix(host).unwrap_or(name).trim_start_matches('.');
    let file = cx.host.resolvers();
    let wildcard = Remediation::network(format!(
        "Remove the wildcard record *.{domain} on {server} (or whatever else answers for {name} there)."
    ))
    .in_short("remove the wildcard record")
    .verify(command!("dig @{} {}. A; dig @{} {}. A", server.ip(), name, server.ip(), host));
    if first {
        let dots = host.matches('.').count();
        return SEARCH_LIST.found(
            format!(
                "{host} has {dots} dots and `ndots:{}` is set in {RESOLVER_FILE}, so {name} is asked before the name itself, and {server} answers it with {all}; {}",
                file.ndots,
                odd.behind.in_words()
            ),
            Remediation::installer(format!(
                "Set `options ndots:1` in {RESOLVER_FILE} (in Kubernetes: dnsConfig of the pod), or take {domain} off the search list there."
            ))
            .in_short("set `options ndots:1`")
            .verify(command!("getent ahosts {}; getent ahosts {}.", host, host))
            .or(wildcard),
        );
    }
    SEARCH_LIST.found(
        format!(
            "no server gives an address for {host} itself; the search list of {RESOLVER_FILE} makes {name} of it, and {server} answers that with {all}; {}",
            odd.behind.in_words()
        ),
        Remediation::network(format!(
            "Make {server} resolve {host} itself: what applications get now is the answer for another name."
        ))
        .in_short(format!("have DNS resolve {host}"))
        .verify(command!("dig @{} {}. A", server.ip(), host))
        .or(wildcard),
    )
}

fn blocked(host: &str, odd: &Odd, page: &BlockPage) -> Finding {
    let sure = match page.confidence {
        Confidence::High => "the block page of",
        Confidence::Medium => "known as the block page of",
    };
    let product = &page.product;
    let problem = format!(
        "{host} resolves to {}{}, {sure} {product}: a DNS filter blocks the name, and {}",
        odd.all(),
        odd.whence(),
        odd.behind.in_words()
    );
    let remedy = Remediation::network(format!(
        "Unblock {host} in {product}: take it off the block list, or exempt it from the category it is filed under, in the policy that applies to this host. Neither an open port nor a trusted CA unblocks the name."
    ))
    .in_short(unblock(host))
    .verify(odd.dig(host));
    BLOCKED.found(problem, remedy)
}

/// What a list of what is to be done says of a name that a filter blocks.
fn unblock(host: &str) -> String {
    format!("unblock {host} in the DNS filter")
}

fn sinkholed(host: &str, odd: &Odd, cx: &Context) -> Finding {
    let all = odd.all();
    let behind = odd.behind.in_words();
    if let Some(here) = odd.on_this_host(host, cx) {
        return SINKHOLED
            .found(format!("{host} resolves to {all}{}, {}: {behind}", odd.whence(), odd.kind.in_words()), here);
    }
    if tunnelled(&odd.addresses) {
        return SINKHOLED.found(
            format!(
                "{host} resolves to {all}{}, as tunnel agents give out in the place of a real address, and {behind}",
                odd.whence()
            ),
            agent(host, &all).verify(odd.dig(host)),
        );
    }
    let at = odd.server().map(|server| format!(" (on {server}, or where it forwards to)")).unwrap_or_default();
    SINKHOLED.found(
        format!(
            "{host} resolves to {all}{}, {}, as Pi-hole, AdGuard, NextDNS, Cloudflare's filtering resolvers and others answer for a name that they block: {behind}",
            odd.whence(),
            odd.kind.in_words()
        ),
        Remediation::network(format!("Take {host} off the DNS filter's block list{at}, or exempt it from its category, so that its public addresses are answered."))
            .in_short(unblock(host))
            .verify(odd.dig(host)),
    )
}

fn private_answer(host: &str, odd: &Odd, cx: &Context) -> Finding {
    let all = odd.all();
    let problem =
        format!("{host} resolves to {all}{}, {}: {}", odd.whence(), odd.kind.in_words(), odd.behind.in_words());
    if let Some(here) = odd.on_this_host(host, cx) {
        return PRIVATE_ANSWER.found(problem, here);
    }
    let at = odd.server().map(|server| format!(" on {server}")).unwrap_or_default();
    let zone = Remediation::network(format!(
        "Remove the internal zone, override or block rule for {host}{at} that gives {all}, or, if a relay is meant to stand there, have it pass {host}:443 on untouched."
    ))
    .in_short("remove the internal zone or override")
    .verify(odd.dig(host));
    let remedies: Remediations = match &odd.behind {
        Behind::Stranger(issuer) => zone.or(Remediation::installer(format!(
            "If {all} belongs to the site's own TLS inspection, add the root of {issuer} to this host's trust store, or give it with --ca-bundle."
        ))
        .in_short("trust the CA of the site's inspection")),
        _ if tunnelled(&odd.addresses) => agent(host, &all).verify(odd.dig(host)).or(zone),
        _ => zone.into(),
    };
    PRIVATE_ANSWER.found(problem, remedies)
}

fn agent(host: &str, all: &str) -> Remediation {
    Remediation::network(format!(
        "Have the tunnel agent (VPN, ZTNA or transparent proxy) that gives out {all} pass {host}:443 on, or exclude {host} from it, so that the public addresses are answered."
    ))
    .in_short(format!("have the tunnel agent pass {host} on"))
}

fn outside_ranges(host: &str, odd: &Odd, cx: &Context) -> Finding {
    let all = odd.all();
    let problem = format!(
        "{host} resolves to {all}{}, outside Cloudflare's published ranges (as of {}), and {}",
        odd.whence(),
        cx.facts.as_of,
        odd.behind.in_words()
    );
    if let Some(here) = odd.on_this_host(host, cx) {
        return OUTSIDE_RANGES.found(problem, here);
    }
    let at = odd.server().map_or_else(|| "the resolver".to_owned(), |server| server.to_string());
    OUTSIDE_RANGES.found(
        problem,
        Remediation::network(format!(
            "Compare the answer with a public resolver: if that gives other addresses, {at} leads the name elsewhere, as a DNS filter does to its block page; take {host} off its list, or remove the override."
        ))
        .in_short("have DNS give its public addresses")
        .verify(command!("dig @1.1.1.1 {} A +short", host)),
    )
}

/// Whether these are of the ranges that tunnel agents give out: carrier space and the space for benchmarks.
fn tunnelled(addresses: &[IpAddr]) -> bool {
    addresses.iter().any(|address| match address.to_canonical() {
        IpAddr::V4(v4) => matches!(v4.octets(), [198, 18 | 19, ..] | [100, 64..=127, ..]),
        IpAddr::V6(_) => false,
    })
}
