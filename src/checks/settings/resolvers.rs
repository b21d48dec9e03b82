//! Which DNS servers are in effect here?

use crate::check::{
    Check, CheckId, Code, Contact, Finding, Grade, Outcome, Planned, Remediation, Running, Spec, Touch, Vantage,
};
use crate::checks::egress::resolves;
use crate::context::Context;
use crate::facts::Facts;
use crate::host::{Oddity, RESOLVER_FILE, oddities};
use crate::outcome::Cause;
use crate::settings::Settings;

pub(super) static SPEC: Spec = Spec {
    id: ID,
    title: "resolvers are set",
    explain: "\
Says which DNS servers this host asks (from /etc/resolv.conf, or --resolver) and which domains it tries behind short \
names. The file is read as the C library reads it: three servers at most, and none from a line that it passes over, such \
as one with a Windows line end; variables that overrule it (RES_OPTIONS, LOCALDOMAIN) count.

A host without a resolver cannot reach anything by name, and one with a resolver of another network can only reach what \
that network knows. Later checks ask each of these servers directly and judge it by its answers.

Usually broken by a container that was started before the network was, by a file that a VPN client or DHCP wrote over, \
or by a stub such as 127.0.0.53 whose service does not run.",
    vantages: &[Vantage::Inside],
    required: super::never,
    codes: &[&NONE, &NOT_READ, &PASSED_OVER],
    needs: &[],
    plan: |_, _| Planned::one(ResolversSet),
};

pub(super) const ID: CheckId = CheckId::new("settings.resolvers");

pub(in crate::checks) static NONE: Code = Code::error("none", "no DNS server is set, and names are resolved here")
    .explains(&[
        &resolves::codes::NOT_RESOLVED,
        &resolves::codes::DNS_TIMED_OUT,
        &resolves::codes::DNS_UNREACHABLE,
        &resolves::codes::SERVFAIL,
    ])
    .caused_by(&[
        Cause::installer(
            "The service that writes /etc/resolv.conf is stopped, or was told of no server by DHCP.",
            "`resolvectl` or `nmcli` shows no DNS server for the interface that leads out.",
            "Name the customer's DNS servers in the network's configuration, and let the service write the file.",
        )
        .shown_by("ls -l /etc/resolv.conf; resolvectl dns; nmcli device show | grep DNS"),
        Cause::installer(
            "The container was started before the host had a network, and keeps the empty file that it got then.",
            "/etc/resolv.conf of the host names servers, and that of the container does not.",
            "Start the container anew, or name the servers in its definition (`dns:`, `dnsConfig`).",
        )
        .shown_by("cat /etc/resolv.conf"),
        Cause::network(
            "This network has no DNS, because a proxy resolves for everybody.",
            "Other machines of this network have no server either, and reach the internet through a proxy.",
            "Tell the installer the proxy, to be set as HTTPS_PROXY by its address.",
        ),
    ]);

pub(in crate::checks) static NOT_READ: Code = Code::undecided(
    "not-read",
    "the resolver file could not be read or understood, so the servers are not known",
)
.explains(&[&resolves::codes::NOT_RESOLVED])
.caused_by(&[
    Cause::installer(
        "/etc/resolv.conf is a link to a file that is not there, as where systemd-resolved is switched off.",
        "The command shows an arrow, and says that there is no such file.",
        "Start the service whose file it is, or put a file with the customer's DNS servers in the place of the link.",
    )
    .shown_by("ls -l /etc/resolv.conf; cat /etc/resolv.conf"),
    Cause::installer(
        "The file may not be read by this user.",
        "`cat` says `Permission denied`.",
        "Let everybody read /etc/resolv.conf: every program of this host needs it.",
    )
    .shown_by("ls -lL /etc/resolv.conf"),
    Cause::installer(
        "The file holds something else than the lines of a resolver file, such as binary data.",
        "`cat -A` shows no line that begins with `nameserver`.",
        "Write the file anew, with a line `nameserver ADDRESS` for each server.",
    )
    .shown_by("cat -A /etc/resolv.conf"),
]);

pub(in crate::checks) static PASSED_OVER: Code =
    Code::warning("passed-over", "a line of the resolver file names a server, and the C library passes over it")
        .explains(&[
            &resolves::codes::PASSED_OVER,
            &resolves::codes::NOT_RESOLVED,
            &resolves::codes::DNS_TIMED_OUT,
            &resolves::codes::DNS_UNREACHABLE,
        ])
        .caused_by(&[
            Cause::installer(
                "The file was written on Windows, or by a template with Windows line ends.",
                "`cat -A` shows `^M` before the `$` at the end of the line.",
                "Give the file Unix line ends, and mend the template that writes it.",
            )
            .shown_by("cat -A /etc/resolv.conf"),
            Cause::installer(
                "The line is indented, or a byte order mark stands before it.",
                "`cat -A` shows a blank, `^I` or `M-oM-;M-?` before `nameserver`.",
                "Write the line as `nameserver ADDRESS`, with nothing before it.",
            )
            .shown_by("cat -A /etc/resolv.conf"),
            Cause::installer(
                "The line names a host, or an address with a port, where the C library takes an address alone.",
                "What stands behind `nameserver` is not an IP address and nothing else.",
                "Write the server's IP address behind `nameserver`; its port is always 53.",
            )
            .shown_by("cat -A /etc/resolv.conf"),
        ]);

struct ResolversSet;

impl Check for ResolversSet {
    fn contacts(&self, _: &Facts, _: &Settings) -> Vec<Contact> {
        vec![Contact::new(Touch::File(RESOLVER_FILE.into()), "which DNS servers are in effect")]
    }

    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
        Box::pin(async move {
            let servers: Vec<String> = cx.resolvers().iter().map(ToString::to_string).collect();
            let file = cx.host.resolvers();
            let mut outcome = Outcome::graded(Grade::Declared);
            if cx.settings.resolver.is_none() {
                if !file.search.is_empty() {
                    let dots = if file.ndots == 1 { String::new() } else { format!(" (ndots:{})", file.ndots) };
                    outcome.saw("search list", format!("{}{dots}", file.search.join(", ")));
                }
                if !file.unasked.is_empty() {
                    outcome.saw(
                        "never asked",
                        format!(
                            "{}: the C library asks the first three servers, by interfaces that are there",
                            file.unasked.join(", ")
                        ),
                    );
                }
                if !file.passed_over.is_empty() {
                    outcome.found(passed_over(&file.passed_over));
                }
            }
            if !servers.is_empty() {
                return outcome.with("servers", servers.join(", "));
            }
            // A proxy that resolves needs none here, if it is itself named by address.
            match cx.resolving_proxy(&cx.settings.api.value) {
                Some(proxy) => outcome.with("servers", format!("none; the proxy {proxy} resolves")),
                None => match (file.unreadable, &cx.settings.resolver) {
                    (Some(why), None) => outcome.because(not_read(&why)),
                    _ => outcome.because(none()),
                },
            }
        })
    }
}

fn not_read(why: &str) -> Finding {
    NOT_READ.found(
        format!("/etc/resolv.conf could not be read or understood ({why}), so this host's DNS servers could not be asked one by one"),
        Remediation::installer("Mend /etc/resolv.conf, or give --resolver.").in_short("mend /etc/resolv.conf").verify("cat /etc/resolv.conf"),
    )
}

fn passed_over(lines: &[(usize, Oddity)]) -> Finding {
    let numbers: Vec<String> = lines.iter().map(|(line, _)| line.to_string()).collect();
    let action = if lines.iter().any(|(_, oddity)| *oddity == Oddity::WindowsLineEnd) {
        format!("Give {RESOLVER_FILE} Unix line ends (`sed 's/\\r$//'`), or correct what writes it.")
    } else {
        format!(
            "Write each server in {RESOLVER_FILE} on a line of its own that begins with `nameserver`, and its address behind a blank."
        )
    };
    PASSED_OVER.found(
        format!(
            "line {} of {RESOLVER_FILE} names a DNS server, and the C library passes over it ({}), as programs that read the file themselves may not",
            numbers.join(", "),
            oddities(lines)
        ),
        Remediation::installer(action).in_short("mend /etc/resolv.conf").verify("cat -A /etc/resolv.conf"),
    )
}

fn none() -> Finding {
    NONE.found(
        "no DNS server is set in /etc/resolv.conf",
        Remediation::installer("Name the customer's DNS servers in /etc/resolv.conf (or through the service that writes it), or give --resolver.")
            .in_short("name a DNS server in /etc/resolv.conf")
            .verify("cat /etc/resolv.conf"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Status;
    use crate::checks::fixture::{Site, ask, codes};
    use crate::net::fake::Fake;

    #[tokio::test]
    async fn servers_and_search_list_are_evidence_and_none_fails() {
        let some = ask(&SPEC, &ResolversSet, &Site::of(Fake::default()).context()).await;
        let mut site = Site::of(Fake::default());
        site.host.resolvers.clear();
        let none = ask(&SPEC, &ResolversSet, &site.context()).await;

        assert_eq!((some.status(), some.evidence.len()), (Status::Pass, 2));
        assert_eq!(codes(&none), ["none"]);
    }

    #[tokio::test]
    async fn servers_that_are_never_asked_are_evidence_and_lines_that_are_passed_over_warn() {
        let mut site = Site::of(Fake::default());
        site.host.resolver_file.unasked = vec!["10.20.0.30".to_owned()];
        let fourth = ask(&SPEC, &ResolversSet, &site.context()).await;
        let mut site = Site::of(Fake::default());
        site.host.resolver_file.passed_over = vec![(2, Oddity::WindowsLineEnd)];
        let windows = ask(&SPEC, &ResolversSet, &site.context()).await;

        assert_eq!(fourth.status(), Status::Pass);
        assert!(fourth.evidence.iter().any(|seen| seen.what == "never asked" && seen.value.contains("10.20.0.30")));
        assert_eq!((codes(&windows), windows.status()), (vec!["passed-over"], Status::Warn));
        assert!(windows.findings[0].problem.contains("CR LF"));
    }

    #[tokio::test]
    async fn a_file_that_is_not_understood_is_not_taken_for_an_empty_one() {
        let mut site = Site::of(Fake::default());
        site.host.resolvers.clear();
        site.host.resolver_file.unreadable = Some("an odd line".to_owned());

        assert_eq!(codes(&ask(&SPEC, &ResolversSet, &site.context()).await), ["not-read"]);
    }
}
