//! Do the exported rules let in what is opened to the installation?

use super::judged::{IPV6_MISSING, MISSING, OPTIONAL_MISSING, SHADOWED, UNSURE, planned};
use super::with_rules;
use crate::check::{CheckId, Spec, Vantage};
use crate::firewall::Direction;

pub(super) static SPEC: Spec = Spec {
    id: ID,
    title: "rules let inbound flows pass",
    explain: "\
\
Holds the exported rules (--rules FILE, or `rules audit FILE`) to each connection that is opened to the installation: from \
WorkOS's published addresses, from those that others reported, and from Cloudflare's ranges as the guide has them. With \
--exposure public, also from everybody.

A missing address shows as webhooks and Actions that fail now and then. Cloudflare's ranges matter only where the external name \
is proxied by Cloudflare, so that they warn; sign-ins otherwise come from users' browsers.

Usually broken by a list of the addresses of an earlier year, or by a rule behind one that denies.",
    vantages: &[Vantage::Inside],
    required: with_rules,
    codes: &[&MISSING, &SHADOWED, &UNSURE, &IPV6_MISSING, &OPTIONAL_MISSING],
    needs: &[],
    plan: |facts, settings| planned(facts, settings, Direction::Ingress),
};

pub(super) const ID: CheckId = CheckId::new("firewall.ingress");

#[cfg(test)]
mod tests {
    use super::super::fixture::{accept, rules, site};
    use super::super::judged::Passes;
    use super::*;
    use crate::check::Status;
    use crate::checks::fixture::{ask, codes};
    use crate::facts::Facts;
    use crate::firewall::addresses::{Family, networks};
    use crate::firewall::rules::{Answer, Condition, Match, Rule, Then};

    #[tokio::test]
    async fn a_published_address_that_is_missing_fails_and_what_is_only_recommended_or_where_used_warns() {
        let published: Vec<ipnet::IpNet> =
            Facts::embedded().workos_sources.published.addresses.iter().copied().map(ipnet::IpNet::from).collect();
        let of = async |nets: &[ipnet::IpNet], flow: &str| {
            let rules = rules(&[accept(3, Match { source: networks(nets), ..Match::any() })], Answer::Drop);
            let (cx, _) = site(&rules, &[("installation.domain", "app.customer.example")]);
            ask(&SPEC, &Passes { flow: flow.to_owned() }, &cx).await
        };

        assert_eq!(of(&published, "ingress-workos").await.status(), Status::Pass);
        assert_eq!(codes(&of(&published[1..], "ingress-workos").await), ["missing"]);
        assert_eq!(codes(&of(&published, "ingress-workos-reported").await), ["optional-missing"]);
        assert_eq!(codes(&of(&published, "ingress-cloudflare").await), ["optional-missing"]);
    }

    #[tokio::test]
    async fn what_comes_too_late_what_the_files_do_not_say_and_forgotten_ipv6_are_told_apart() {
        let of = async |rules: Vec<Rule>, flow: &str| {
            let (cx, _) = site(&super::super::fixture::rules(&rules, Answer::Drop), &[]);
            codes(&ask(&SPEC, &Passes { flow: flow.to_owned() }, &cx).await)
        };
        let drop = Rule { then: Then::Answer(Answer::Drop), ..accept(2, Match::any()) };
        let known = Match::any().on(Condition::holds("the group is what it was"));
        let v4 = Match { source: Family::V4.all(), ..Match::any() };

        assert_eq!(of(vec![drop, accept(3, Match::any())], "ingress-workos").await, ["shadowed"]);
        assert_eq!(of(vec![accept(3, known)], "ingress-workos").await, ["unsure"]);
        assert_eq!(of(vec![accept(3, v4)], "ingress-cloudflare").await, ["ipv6-missing"]);
    }
}
