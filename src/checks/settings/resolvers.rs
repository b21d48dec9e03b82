//! Which DNS servers are in effect here?

use crate::check::{
    Check, CheckId, Code, Contact, Finding, Grade, Outcome, Planned, Remediation, Running, Spec, Touch, Vantage,
};
use crate::context::Context;

pub(super) static SPEC: Spec = Spec {
    id: ID,
    title: "resolvers are set",
    explain: "\
Says which DNS servers this host asks (from /etc/resolv.conf, or --resolver) and which domains it tries behind short \
names.

A host without a resolver cannot reach anything by name, and one with a resolver of another network can only reach what \
that network knows. Later checks ask each of these servers directly and judge it by its answers.

Usually broken by a container that was started before the network was, by a file that a VPN client or DHCP wrote over, \
or by a stub such as 127.0.0.53 whose service does not run.",
    vantages: &[Vantage::Inside],
    required: super::never,
    codes: &[&NONE, &NOT_READ],
    needs: &[],
    plan: |_, _| Planned::one(ResolversSet),
};

pub(super) const ID: CheckId = CheckId::new("settings.resolvers");

static NONE: Code = Code::error("none", "no DNS server is set, and names are resolved here");

static NOT_READ: Code =
    Code::undecided("not-read", "the resolver file could not be read or understood, so the servers are not known");

struct ResolversSet;

impl Check for ResolversSet {
    fn contacts(&self) -> Vec<Contact> {
        vec![Contact::new(Touch::Local("/etc/resolv.conf".to_owned()), "which DNS servers are in effect")]
    }

    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
        Box::pin(async move {
            let servers: Vec<String> = cx.resolvers().iter().map(ToString::to_string).collect();
            let file = cx.host.resolvers();
            let search = file.search;
            let mut outcome = Outcome::graded(Grade::Declared);
            if !search.is_empty() && cx.settings.resolver.is_none() {
                outcome.saw("search list", search.join(", "));
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
        Remediation::installer("Mend /etc/resolv.conf, or give --resolver.").verify("cat /etc/resolv.conf"),
    )
}

fn none() -> Finding {
    NONE.found(
        "no DNS server is set in /etc/resolv.conf",
        Remediation::installer("Name the customer's DNS servers in /etc/resolv.conf (or through the service that writes it), or give --resolver.")
            .verify("cat /etc/resolv.conf"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Status;
    use crate::checks::fixture::{Site, codes};
    use crate::net::fake::Fake;

    #[tokio::test]
    async fn servers_and_search_list_are_evidence_and_none_fails() {
        let some = ResolversSet.run(&Site::of(Fake::default()).context()).await;
        let mut site = Site::of(Fake::default());
        site.host.resolvers.clear();
        let none = ResolversSet.run(&site.context()).await;

        assert_eq!((some.status(), some.evidence.len()), (Status::Pass, 2));
        assert_eq!(codes(&none), ["none"]);
    }

    #[tokio::test]
    async fn a_file_that_is_not_understood_is_not_taken_for_an_empty_one() {
        let mut site = Site::of(Fake::default());
        site.host.resolvers.clear();
        site.host.unreadable_resolvers = Some("an odd line".to_owned());

        assert_eq!(codes(&ResolversSet.run(&site.context()).await), ["not-read"]);
    }
}
