//! What is said of a name that does not resolve, or resolves late.

use std::net::SocketAddr;
use std::time::Duration;

use super::codes::{
    CUT_SHORT, DNS_TIMED_OUT, DNS_UNREACHABLE, NODATA, NOT_RESOLVED, NXDOMAIN, ONE_RESOLVER_DEAD, PASSED_OVER, REFUSED,
    SERVFAIL, SLOW, STRANGE_CODE, TCP_ONLY, TOO_SLOW,
};
use super::waiting::{Cause, Dead};
use crate::check::{Command, Finding, Remediation, Remediations, command};
use crate::context::{Context, Lookup};
use crate::host::{Oddity, RESOLVER_FILE, SERVICES_FILE, oddities};
use crate::net::{ErrorKind, RecordKind, dns_code};
use crate::said::{listed, spoken};
use crate::workos::USUAL_HOST;

fn dig(host: &str, server: SocketAddr) -> Command {
    dig_for(host, server, "A")
}

fn dig_for(host: &str, server: SocketAddr, kind: &str) -> Command {
    let scope = match server {
        SocketAddr::V6(v6) if v6.scope_id() != 0 => format!("%{}", v6.scope_id()),
        _ => String::new(),
    };
    let at = format!("{}{scope}", server.ip());
    match server.port() {
        53 => command!("dig @{} {} {}", at, host, kind),
        port => command!("dig @{} -p {} {} {}", at, port, host, kind),
    }
}

fn servers_in_words(servers: &[SocketAddr]) -> String {
    listed(servers)
}

pub(super) fn nxdomain(host: &str, server: SocketAddr, knows: Option<SocketAddr>, cx: &Context) -> Finding {
    let action = if let Some(knows) = knows {
        let instead =
            if cx.host.resolvers().rotates { format!("take {server} out of") } else { format!("put {knows} first in") };
        format!(
            "Make {server} resolve {host} as {knows} does, or {instead} {RESOLVER_FILE}: applications stop at the first answer."
        )
    } else if host == USUAL_HOST {
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
    let turn = if cx.host.resolvers().rotates { "in turn with" } else { "before" };
    let though = knows.map(|knows| format!(", and is asked {turn} {knows}, which gives addresses")).unwrap_or_default();
    NXDOMAIN.found(
        format!("{server} says that {host} does not exist (NXDOMAIN){though}"),
        Remediation::network(action).in_short(resolved(host)).verify(dig(host, server)),
    )
}

/// What a list of what is to be done says of a name that does not resolve.
fn resolved(host: &str) -> String {
    format!("have DNS resolve {host}")
}

pub(super) fn nodata(host: &str, server: SocketAddr, led: Option<&str>) -> Finding {
    if let Some(alias) = led {
        let (leads, action) = if alias.eq_ignore_ascii_case(host) {
            (
                "in a circle: an alias that it gives leads back to the name".to_owned(),
                format!(
                    "Remove the alias records for {host} on {server} that lead in a circle, so that public DNS answers."
                ),
            )
        } else {
            (
                format!("on to {alias}, and gives no address for that"),
                format!(
                    "Make {server} resolve {alias} as well, or let public DNS answer for {host}: an alias is no use without what it leads to."
                ),
            )
        };
        return NODATA.found(
            format!("{server} leads {host} {leads}"),
            Remediation::network(action).in_short(resolved(host)).verify(dig(host, server)),
        );
    }
    NODATA.found(
        format!("{server} knows {host}, and has neither A nor AAAA records for it"),
        Remediation::network(format!(
            "Remove the zone or override for {host} on {server} that hides its addresses, so that public DNS answers."
        ))
        .in_short(resolved(host))
        .verify(dig(host, server)),
    )
}

pub(super) fn servfail(host: &str, server: SocketAddr) -> Finding {
    SERVFAIL.found(
        format!("{server} answers SERVFAIL for {host}: it could not find out"),
        Remediation::network(format!(
            "Let the resolver {server} reach its forwarders or the public DNS servers (UDP and TCP 53 outbound), and check its DNSSEC validation and clock."
        ))
        .in_short("let the resolver reach public DNS")
        .verify(dig(host, server)),
    )
}

pub(super) fn refused(host: &str, server: SocketAddr) -> Finding {
    REFUSED.found(
        format!("{server} refuses to answer for {host} (REFUSED)"),
        Remediation::network(format!("Allow recursive queries from this host on the resolver {server}, or give this host a resolver that serves it."))
            .in_short("allow this host on its resolver")
            .verify(dig(host, server)),
    )
}

pub(super) fn strange_code(host: &str, server: SocketAddr, code: u16) -> Finding {
    let name = dns_code(code);
    let (says, action) = match code {
        1 => (
            "it does not understand the question",
            format!(
                "Replace or update the DNS service at {server} (or the DNS proxy of the firewall that stands there), which cannot read an ordinary question, or give this host another resolver."
            ),
        ),
        4 => (
            "it does not serve this kind of question",
            format!(
                "Have {server} answer A and AAAA questions and resolve for others (recursion), or give this host a resolver that does."
            ),
        ),
        _ => (
            "that is no answer to a question for addresses",
            format!(
                "Find out in the log of the DNS service at {server} why it answers so, or give this host another resolver."
            ),
        ),
    };
    STRANGE_CODE.found(
        format!("{server} answers {name} for {host}: {says}"),
        Remediation::network(action)
            .in_short("repair or replace the DNS service")
            .verify(dig(host, server).and("+noedns")),
    )
}

pub(super) fn cut_short(host: &str, server: SocketAddr, over_tcp: &ErrorKind, cx: &Context) -> Finding {
    let how = match over_tcp {
        ErrorKind::TimedOut(_) => "no answer comes",
        ErrorKind::Refused => "the connection is refused",
        ErrorKind::Reset | ErrorKind::Closed => "the connection is cut off",
        ErrorKind::Unreachable | ErrorKind::NoRoute | ErrorKind::Prohibited => "it cannot be reached",
        _ => "none comes that could be read",
    };
    CUT_SHORT.found(
        format!("{server} cuts its answer for {host} over UDP and asks to be asked over TCP (TC), and over TCP {how}: applications get nothing"),
        Remediation::network(format!(
            "Allow TCP 53 {} to {server} beside UDP 53, and have the DNS service there listen on TCP.",
            cx.source_in_words(Some(server.ip()))
        ))
        .in_short("allow TCP 53 to the resolver")
        .verify(dig(host, server).and("+tcp")),
    )
}

pub(super) fn timed_out(host: &str, servers: &[SocketAddr], cx: &Context) -> Finding {
    let source = cx.source_in_words(servers.first().map(SocketAddr::ip));
    let all = servers_in_words(servers);
    let limit = spoken(cx.settings.timeout.value);
    let others = unasked(cx);
    DNS_TIMED_OUT.found(
        format!("no answer from {all} within {limit}, over UDP or TCP, to any attempt{others}"),
        Remediation::network(format!(
            "Allow UDP and TCP 53 {source} to {all}, and see that a DNS server is running there."
        ))
        .in_short("allow DNS (port 53) to the resolver")
        .verify(servers.first().map_or_else(|| command!("getent ahosts {}", host), |server| dig(host, *server))),
    )
}

/// One family is answered for, and the other, which has the addresses, never.
pub(super) fn half_silent(host: &str, server: SocketAddr, missing: RecordKind, cx: &Context) -> Finding {
    DNS_TIMED_OUT.found(
        format!(
            "{missing} questions for {host} to {server} are not answered within {}, while those of the other family are: port 53 is open, and something drops this kind of question or its answer",
            spoken(cx.settings.timeout.value)
        ),
        Remediation::network(format!(
            "Have {missing} questions for {host} to {server} answered: look at the DNS inspection of the firewall in front of it, and at what it forwards them to."
        ))
        .in_short(format!("have {missing} questions answered"))
        .verify(dig_for(host, server, &missing.to_string())),
    )
}

/// Servers that stand behind those that fail, and could not help.
fn unasked(cx: &Context) -> String {
    let unasked = cx.host.resolvers().unasked;
    if unasked.is_empty() || cx.settings.resolver.is_some() {
        return String::new();
    }
    format!("; {} stands in {RESOLVER_FILE} as well and is never asked", unasked.join(", "))
}

pub(super) fn unreachable(host: &str, servers: &[SocketAddr], cx: &Context) -> Finding {
    let source = cx.source_in_words(servers.first().map(SocketAddr::ip));
    let all = servers_in_words(servers);
    DNS_UNREACHABLE.found(
        format!("{all} cannot be reached: port 53 is closed there, or rejected on the way{}", unasked(cx)),
        Remediation::network(format!("Start a DNS server at {all} and allow UDP and TCP 53 {source} to it, or correct the name servers in {RESOLVER_FILE}."))
            .in_short("give this host a DNS server that answers")
            .verify(servers.first().map_or_else(|| command!("getent ahosts {}", host), |server| dig(host, *server))),
    )
}

pub(super) fn not_resolved(host: &str, lookup: &Lookup, cx: &Context) -> Finding {
    let from_servers = lookup.from_servers();
    let file = cx.host.resolvers();
    if lookup.servers.is_empty() && !file.passed_over.is_empty() {
        let lines: Vec<String> = file.passed_over.iter().map(|(line, _)| line.to_string()).collect();
        return NOT_RESOLVED.found(
            format!(
                "the system does not resolve {host}: the lines of {RESOLVER_FILE} that name DNS servers cannot be read (line {}: {})",
                lines.join(", "),
                oddities(&file.passed_over)
            ),
            mend(&file.passed_over),
        );
    }
    let services = cx.host.name_services();
    let asks_dns = services.as_deref().is_some_and(asks_dns);
    if !from_servers.is_empty() && asks_dns {
        return unlike_ours(host, lookup, cx);
    }
    let (problem, action, brief) = if lookup.servers.is_empty() {
        (
            format!("the system does not resolve {host}, and names no DNS server that could be asked why"),
            format!("Name a DNS server in {RESOLVER_FILE} (or give --resolver) that resolves public names."),
            format!("name a DNS server in {RESOLVER_FILE}"),
        )
    } else if from_servers.is_empty() {
        (
            format!("the system does not resolve {host}, and the DNS servers give no usable answer either"),
            format!(
                "Make the DNS servers in {RESOLVER_FILE} answer for {host}; the evidence lists what each says now."
            ),
            resolved(host),
        )
    } else {
        let services = services.map(|on| format!(", now `{on}`")).unwrap_or_default();
        (
            format!("the system does not resolve {host}, although its DNS servers give {}", listed(&from_servers)),
            format!(
                "Put `dns` on the `hosts:` line of {SERVICES_FILE}{services}, and remove what stands before it and ends the search."
            ),
            format!("put `dns` on the line of {SERVICES_FILE}"),
        )
    };
    NOT_RESOLVED
        .found(problem, Remediation::installer(action).in_short(brief).verify(command!("getent ahosts {}", host)))
}

pub(super) fn endless(host: &str, file: &str) -> Finding {
    NOT_RESOLVED.found(
        format!(
            "the system cannot look up {host}: every lookup reads {file}, which has no end here, so that the program that asks takes more and more memory"
        ),
        Remediation::installer(format!("Put an ordinary {file} in the place of what stands or is mounted there."))
            .in_short(format!("put an ordinary {file} there"))
            .verify(command!("ls -lL {}", file)),
    )
}

/// Whether the name service switch comes to DNS for a name that nothing before it knows.
pub(super) fn asks_dns(services: &str) -> bool {
    let words: Vec<String> = services.split_whitespace().map(str::to_ascii_lowercase).collect();
    let before: Vec<&String> = words.iter().take_while(|word| *word != "dns").collect();
    // Multicast DNS ends the search for names in .local alone.
    let ends = |pair: &[&String]| pair.last().is_some_and(|word| word.starts_with('[')) && !pair[0].starts_with("mdns");
    before.len() < words.len() && !before.windows(2).any(ends)
}

/// The servers answer our questions, and the C library asks them and gets nothing.
fn unlike_ours(host: &str, lookup: &Lookup, cx: &Context) -> Finding {
    let gives = listed(lookup.from_servers());
    let both = match lookup.servers.iter().find(|asked| asked.answer.result.is_ok()) {
        Some(asked) => dig(host, asked.server).and("+noedns").then(&dig(host, asked.server).and("+edns=0")),
        None => command!("getent ahosts {}", host),
    };
    if cx.host.resolvers().edns {
        return NOT_RESOLVED.found(
            format!("the system does not resolve {host}, although its DNS servers give {gives} to a plain question: {RESOLVER_FILE} has the C library ask with EDNS (`options edns0`), which something on the way may not understand"),
            Remediation::network(
                "Update the DNS service, or the firewall whose DNS inspection stands before it, so that questions with EDNS are answered; the command shows both kinds.",
            )
            .in_short("have questions with EDNS answered")
            .verify(both)
            .or(Remediation::installer(format!("Take `edns0` out of the `options` line of {RESOLVER_FILE}, or correct what writes it.")).in_short(format!("take `edns0` out of {RESOLVER_FILE}"))),
        );
    }
    NOT_RESOLVED.found(
        format!("the system does not resolve {host}, although its DNS servers give {gives} when they are asked directly"),
        Remediation::installer(format!(
            "Compare what the commands say: where the first one works and the second does not, it lies at {RESOLVER_FILE} or {SERVICES_FILE}; where both work now, answers to this host are lost now and then."
        ))
        .in_short("compare what `dig` and `getent` say")
        .verify(command!("dig {} A; getent ahosts {}", host, host)),
    )
}

pub(super) fn passed_over(host: &str, odd: &[(usize, Oddity)], servers: usize) -> Finding {
    let lines: Vec<String> = odd.iter().map(|(line, _)| line.to_string()).collect();
    let instead = if odd.len() < servers { "the others alone" } else { "127.0.0.1 instead" };
    PASSED_OVER.found(
        format!(
            "the DNS servers know {host}, and the C library passes over the lines of {RESOLVER_FILE} that name them (line {}: {}): it asks {instead}",
            lines.join(", "),
            oddities(odd)
        ),
        mend(odd),
    )
}

/// How lines of the resolver file are made readable.
fn mend(odd: &[(usize, Oddity)]) -> Remediation {
    let windows = odd.iter().any(|(_, oddity)| *oddity == Oddity::WindowsLineEnd);
    let action = if windows {
        format!("Give {RESOLVER_FILE} Unix line ends (`sed 's/\\r$//'`), or correct what writes it.")
    } else {
        format!(
            "Write each server in {RESOLVER_FILE} on a line of its own that begins with `nameserver`, and an address behind a blank."
        )
    };
    Remediation::installer(action)
        .in_short(format!("mend the lines of {RESOLVER_FILE}"))
        .verify(command!("cat -A {}", RESOLVER_FILE))
}

pub(super) fn tcp_only(host: &str, server: SocketAddr, cx: &Context) -> Finding {
    TCP_ONLY.found(
        format!("{server} answers over TCP and stays silent over UDP: applications ask over UDP, wait, and give up"),
        Remediation::network(format!(
            "Allow UDP 53 {} to {server}, beside TCP 53.",
            cx.source_in_words(Some(server.ip()))
        ))
        .in_short("allow UDP 53 to the resolver")
        .verify(dig(host, server).and("+notcp")),
    )
}

pub(super) fn one_dead(host: &str, dead: &Dead, lookup: &Lookup) -> Finding {
    let all = servers_in_words(&dead.servers);
    let took = lookup.system.as_ref().map(|system| system.took).filter(|took| took.as_millis() >= 500);
    let wait = match (dead.is_first, took) {
        (true, Some(took)) => format!("asked first: a lookup here took {}", spoken(took)),
        (true, None) => "asked first: lookups wait for it, some for seconds".to_owned(),
        (false, _) if dead.is_before => {
            "asked first: port 53 is closed there, so the C library goes on to the next, and what asks one server alone gets nothing".to_owned()
        }
        (false, _) => "asked only where those before it stay silent: then there is none to fall back on".to_owned(),
    };
    ONE_RESOLVER_DEAD.found(
        format!("{all} does not answer while another resolver does, and is {wait}"),
        Remediation::installer(format!("Remove {all} from {RESOLVER_FILE}, or have it repaired.")).verify(
            dead.servers.first().map_or_else(|| command!("getent ahosts {}", host), |server| dig(host, *server)),
        ),
    )
}

/// How a lookup ended that took long.
#[derive(Clone, Copy)]
pub(super) enum How {
    /// With addresses.
    Given,
    /// Without.
    Failed,
    /// Not while it was waited for.
    Unended,
}

/// A name that is there late, or too late.
pub(super) fn late(host: &str, waited: Duration, how: How, cause: &Cause, too_late: bool, cx: &Context) -> Finding {
    let spent = spoken(waited);
    let takes = match how {
        How::Given => format!("takes {spent}"),
        How::Failed => format!("fails after {spent}"),
        How::Unended => format!("had not ended after {spent}"),
    };
    let why = match cause {
        Cause::DeadFirst(servers) => {
            format!("{} is asked first and does not answer", servers_in_words(servers))
        }
        Cause::Half { server, missing } => format!(
            "{missing} questions to {server} are not answered within {}, while those of the other family are, and the C library waits for both",
            spoken(cx.settings.timeout.value)
        ),
        Cause::Slow { server, kind, took } => {
            format!("{server} took {} to answer the {kind} question", spoken(*took))
        }
        Cause::SearchList(names) => format!(
            "the search list of {RESOLVER_FILE} is asked first (`ndots:{}`, {names} more names)",
            cx.host.resolvers().ndots
        ),
        Cause::Unsteady(again) => format!(
            "the DNS servers answer, and another lookup took {}: packets are lost on the way to them, or a cache has it now",
            spoken(*again)
        ),
        Cause::Unclear => format!(
            "the DNS servers answer at once, so something else that is asked is slow{}",
            cx.host.name_services().map(|on| format!(" (`hosts: {on}` in {SERVICES_FILE})")).unwrap_or_default()
        ),
    };
    let code = if too_late { &TOO_SLOW } else { &SLOW };
    let bears = if too_late && !matches!(how, How::Failed) {
        ": Node's fetch gives up a connection after 10 s with the lookup in it, and the SDKs a request after 25 to 60 s"
    } else {
        ""
    };
    let when = if matches!(cause, Cause::Unsteady(_)) { "now and then" } else { "for each new connection" };
    code.found(
        format!("the lookup of {host}, as an application makes it, {takes}, {when}: {why}{bears}"),
        remedy(host, cause, cx),
    )
}

fn remedy(host: &str, cause: &Cause, cx: &Context) -> Remediations {
    let time = command!("time getent ahosts {}", host);
    // What the file says already needs no saying.
    let impatient = cx.host.resolvers().is_impatient();
    let shorter = "write `options timeout:1 attempts:1` into /etc/resolv.conf, so that lookups wait for seconds only";
    let sooner = "have lookups give up sooner";
    match cause {
        Cause::DeadFirst(servers) => {
            let remove = Remediation::installer(format!(
                "Remove {} from {RESOLVER_FILE}, or have it repaired.",
                servers_in_words(servers)
            ))
            .in_short("remove the resolver that is dead")
            .verify(time);
            if impatient { remove.into() } else { remove.or(Remediation::installer(format!("Until then, {shorter}.")).in_short(sooner)) }
        }
        Cause::Half { server, missing } => {
            let without = "`options no-aaaa` (from glibc 2.36 on) keeps the question from being asked";
            let meanwhile = match (impatient, missing) {
                (true, RecordKind::A) => None,
                (true, RecordKind::Aaaa) => Some(format!("Until then, let {RESOLVER_FILE} say it: {without}.")),
                (false, RecordKind::A) => Some(format!("Until then, {shorter}.")),
                (false, RecordKind::Aaaa) => Some(format!("Until then, {shorter}; {without}.")),
            };
            let answer = Remediation::network(format!(
                "Have {missing} questions for {host} to {server} answered, if only by an empty answer: let the firewall in front of it pass them, and the resolver reply."
            ))
            .in_short(format!("have {missing} questions answered"))
            .verify(dig_for(host, *server, &missing.to_string()));
            match meanwhile {
                Some(meanwhile) => answer.or(Remediation::installer(meanwhile).in_short(sooner)),
                None => answer.into(),
            }
        }
        Cause::Slow { server, kind, took } => Remediation::network(format!(
            "See why {server} takes {} for the {kind} question for {host} (its forwarders, or a firewall before them), or give this host a resolver near by that keeps answers in a cache.",
            spoken(*took)
        ))
        .in_short("have the resolver answer sooner")
        .verify(dig_for(host, *server, &kind.to_string()))
        .into(),
        Cause::SearchList(_) => Remediation::installer(format!(
            "Set `options ndots:1` in {RESOLVER_FILE} (in Kubernetes: dnsConfig of the pod), or shorten the search list there."
        ))
        .in_short("set `options ndots:1`")
        .verify(time)
        .into(),
        Cause::Unsteady(_) => Remediation::network(format!(
            "Find where packets are lost between this host and {}: each that is lost costs a lookup 5 s.",
            cx.host.resolvers().servers.first().map_or_else(|| "its DNS servers".to_owned(), ToString::to_string)
        ))
        .in_short("find where DNS packets are lost")
        .verify(command!("for i in $(seq 20); do time getent ahosts {}; done", host))
        .into(),
        Cause::Unclear => Remediation::installer(format!(
            "Look at what stands before `dns` on the `hosts:` line of {SERVICES_FILE}, and take out what is slow or not needed."
        ))
        .in_short(format!("take out what is slow in {SERVICES_FILE}"))
        .verify(command!("time getent -s dns ahosts {}; time getent ahosts {}", host, host))
        .into(),
    }
}
