//! Do the exported rules let out what the application's server opens?

use super::judged::{IPV6_MISSING, MISSING, SHADOWED, UNSURE, planned};
use super::with_rules;
use crate::check::{CheckId, Spec, Vantage};
use crate::firewall::Direction;

pub(super) static SPEC: Spec = Spec {
    id: ID,
    title: "rules let outbound flows pass",
    explain: "\
\
Holds the exported rules (--rules FILE, or `rules audit FILE`) to each connection that the application's server opens: to \
WorkOS's API in all of Cloudflare's published ranges, and to the resolvers. Each connection is asked of the rules as the firewall \
would ask them, for every address at once: its first packet, those that follow, and those that come back.

A rule that holds only some of the ranges works until the API's addresses change, which no look from a host shows.

Usually broken by a list that was copied in part, a rule behind one that denies, IPv6 that was forgotten, or DNS over TCP.",
    vantages: &[Vantage::Inside],
    required: with_rules,
    codes: &[&MISSING, &SHADOWED, &UNSURE, &IPV6_MISSING],
    needs: &[],
    plan: |facts, settings| planned(facts, settings, Direction::Egress),
};

pub(super) const ID: CheckId = CheckId::new("firewall.egress");

#[cfg(test)]
mod tests {
    use super::super::fixture::{accept, rules, site};
    use super::super::judged::Passes;
    use super::*;
    use crate::check::Status;
    use crate::checks::fixture::{ask, codes};
    use crate::facts::Facts;
    use crate::firewall::addresses::networks;
    use crate::firewall::ranges::Ranges;
    use crate::firewall::rules::{Answer, Condition, Match, Rule, Rules, Then};

    async fn run(rules: &Rules) -> crate::checks::fixture::Held {
        let (cx, _) = site(rules, &[]);
        ask(&SPEC, &Passes { flow: "egress-api".to_owned() }, &cx).await
    }

    fn tcp_443(nets: &[&str]) -> Match {
        let nets: Vec<ipnet::IpNet> = nets.iter().map(|net| net.parse().unwrap()).collect();
        let destination = if nets.is_empty() { Ranges::all() } else { networks(&nets) };
        Match { destination, protocol: Ranges::one(6_u8), port: Ranges::one(443_u16), ..Match::any() }
    }

    fn deny(line: usize, when: Match) -> Rule {
        Rule { then: Then::Answer(Answer::Drop), ..accept(line, when) }
    }

    #[tokio::test]
    async fn what_every_range_passes_passes_and_says_by_which_rule() {
        let held = run(&rules(&[accept(3, tcp_443(&[]))], Answer::Drop)).await;

        assert_eq!(held.status(), Status::Pass);
        assert!(format!("{:?}", held.evidence).contains("rule 3 (rules.txt:3): `as it is written`"), "{held:?}");
    }

    #[tokio::test]
    async fn a_range_that_no_rule_lets_through_is_missing_and_the_remedy_names_it_alone() {
        let mut nets: Vec<String> = Facts::embedded().cloudflare.ipv4.iter().map(ToString::to_string).collect();
        nets.retain(|net| net != "131.0.72.0/22");
        nets.push("::/0".to_owned());
        let nets: Vec<&str> = nets.iter().map(String::as_str).collect();
        let held = run(&rules(&[accept(3, tcp_443(&nets))], Answer::Drop)).await;

        assert_eq!(codes(&held), ["missing"]);
        let action = &held.findings.iter().next().unwrap().remediations.likeliest().action;
        assert!(action.starts_with("Allow outbound TCP 443 to api.workos.com (131.0.72.0/22);"), "{action}");
        assert!(format!("{held:?}").contains("the policy (rules.txt:99): `policy` stops it"), "{held:?}");
    }

    #[tokio::test]
    async fn a_rule_that_comes_too_late_or_has_no_effect_is_named_with_what_stops_the_flow() {
        let late = run(&rules(&[deny(2, Match::any()), accept(3, tcp_443(&[]))], Answer::Drop)).await;
        assert_eq!(codes(&late), ["shadowed"]);
        let action = &late.findings.iter().next().unwrap().remediations.likeliest().action;
        assert!(action.starts_with("Move rule 3 (rules.txt:3) before rule 2 (rules.txt:2), and allow"), "{action}");
        let off = Rule { idle: Some("it is switched off".to_owned()), ..accept(3, tcp_443(&[])) };
        let idle = run(&rules(&[off], Answer::Drop)).await;
        assert_eq!(codes(&idle), ["shadowed"]);
        assert!(format!("{idle:?}").contains("has no effect: it is switched off"), "{idle:?}");
    }

    #[tokio::test]
    async fn what_the_files_do_not_say_is_unsure_and_says_what_would_have_to_be_known() {
        let named = tcp_443(&[]).on(Condition::holds("the object api holds the address"));
        let held = run(&rules(&[accept(3, named)], Answer::Drop)).await;

        assert_eq!((codes(&held), held.status()), (vec!["unsure"], Status::Unknown));
        assert!(format!("{held:?}").contains("unsure whether the object api holds the address"), "{held:?}");
    }

    #[tokio::test]
    async fn ipv6_that_was_forgotten_warns() {
        let held = run(&rules(&[accept(3, tcp_443(&["0.0.0.0/0"]))], Answer::Drop)).await;

        assert_eq!((codes(&held), held.status()), (vec!["ipv6-missing"], Status::Warn));
    }
}
