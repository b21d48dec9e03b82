//! Do the exported rules hold today's addresses, or those of an earlier year?

use super::{NO_RULES, files, with_rules};
use crate::check::{
    Check, CheckId, Code, Contact, Finding, Grade, Outcome, Planned, Remediation, Running, Spec, Vantage,
};
use crate::context::Context;
use crate::facts::Facts;
use crate::firewall::review::{Review, Stale, some};
use crate::outcome::Cause;
use crate::settings::{RULES, Settings};

pub(super) static SPEC: Spec = Spec {
    id: ID,
    title: "rules hold current addresses",
    explain: "\
Looks in the exported rules for ranges that Cloudflare published once and took back, and for the list of addresses that WorkOS \
published in an earlier year.

A range that was taken back belongs to somebody else by now, so a rule for it lets others through. An earlier list lacks \
addresses that deliveries come from today, which then fail now and then.

Usually broken by a list that was copied from an old gist or package: 104.16.0.0/12 became 104.16.0.0/13 and 104.24.0.0/14 in \
2021. The facts have a day, which every report names; --facts FILE takes newer ones in.",
    vantages: &[Vantage::Inside],
    required: with_rules,
    codes: &[&STALE_RANGE, &STALE_SOURCE_LIST],
    needs: &[],
    plan: |_, settings| {
        if settings.rules.is_empty() { Planned::from(&RULES) } else { Planned::one(Current) }
    },
};

pub(super) const ID: CheckId = CheckId::new("firewall.current");

static STALE_RANGE: Code =
    Code::warning("stale-range", "a rule lets a range pass that was published once, and is not any more").caused_by(&[
        Cause::network(
            "The list was copied from an old source.",
            "The rule holds the entry that the finding names.",
            "Replace the list with Cloudflare's published ranges (`workos-preflight requirements` prints them).",
        ),
    ]);

static STALE_SOURCE_LIST: Code =
    Code::warning("stale-source-list", "the rules hold an earlier list of WorkOS's addresses").caused_by(&[
        Cause::network(
            "The list was copied before addresses were added.",
            "The rules hold exactly the addresses of the earlier list.",
            "Add the addresses that are missing (`workos-preflight requirements` prints them).",
        ),
    ]);

struct Current;

impl Check for Current {
    fn contacts(&self, _: &Facts, settings: &Settings) -> Vec<Contact> {
        files(settings, "whether it holds addresses of an earlier year")
    }

    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
        Box::pin(async move {
            match &cx.review {
                Some(review) => judged(review, &cx.facts),
                None => Outcome::graded(Grade::Modelled).not_available(NO_RULES),
            }
        })
    }
}

fn judged(review: &Review, facts: &Facts) -> Outcome {
    let mut outcome = Outcome::graded(Grade::Modelled).with("facts of", facts.as_of.clone());
    for stale in &review.stale {
        outcome.found(stale_range(stale, facts));
    }
    if let Some((held, until)) = &review.earlier_list {
        outcome.found(stale_list(*held, until, facts));
    }
    outcome
}

fn stale_range(stale: &Stale, facts: &Facts) -> Finding {
    let range = some(&stale.addresses);
    STALE_RANGE.found(
        format!(
            "{} lets {range} pass: Cloudflare published {} (list of {})",
            stale.rule.quoted(),
            stale.since,
            facts.as_of
        ),
        Remediation::network(format!("Take {range} out of {}.", stale.rule.in_words()))
            .in_short(format!("take {range} out of the rules")),
    )
}

fn stale_list(held: usize, until: &str, facts: &Facts) -> Finding {
    let today = facts.workos_sources.published.addresses.len();
    STALE_SOURCE_LIST.found(
        format!(
            "exactly the {held} addresses are let in that WorkOS published until {until}; today they are {today} (list of {})",
            facts.as_of
        ),
        Remediation::network(format!(
            "Add the {} addresses that are missing; `workos-preflight rules audit` writes the rules for them.",
            today.saturating_sub(held)
        ))
        .in_short("bring the list of WorkOS's addresses up to date"),
    )
}

#[cfg(test)]
mod tests {
    use ipnet::IpNet;

    use super::super::fixture::{accept, rules, site};
    use super::*;
    use crate::checks::fixture::{Held, ask, codes};
    use crate::firewall::addresses::networks;
    use crate::firewall::ranges::Ranges;
    use crate::firewall::rules::{Answer, Match};

    async fn run(when: Match) -> Held {
        ask(&SPEC, &Current, &site(&rules(&[accept(3, when)], Answer::Drop), &[]).0).await
    }

    fn out_to(nets: &[&str]) -> Match {
        let nets: Vec<IpNet> = nets.iter().map(|net| net.parse().unwrap()).collect();
        Match { destination: networks(&nets), protocol: Ranges::one(6_u8), port: Ranges::one(443_u16), ..Match::any() }
    }

    #[tokio::test]
    async fn the_old_twelve_leaves_exactly_what_was_taken_back_and_the_range_that_came_back_is_fine() {
        let held = run(out_to(&["104.16.0.0/12", "2c0f:f248::/32"])).await;

        assert_eq!(codes(&held), ["stale-range"]);
        let action = &held.findings.iter().next().unwrap().remediations.likeliest().action;
        assert_eq!(action, "Take 104.28.0.0/14 out of rule 3 (rules.txt:3).");
        assert!(codes(&run(out_to(&["104.16.0.0/13", "104.24.0.0/14"])).await).is_empty());
        assert!(codes(&run(out_to(&["0.0.0.0/0"])).await).is_empty());
    }

    #[tokio::test]
    async fn the_list_of_an_earlier_year_is_known_by_its_addresses() {
        let earlier = Facts::embedded().workos_sources.history[0].addresses.clone();
        let nets: Vec<IpNet> = earlier.into_iter().map(IpNet::from).collect();
        let from = |nets: &[IpNet]| Match { source: networks(nets), ..Match::any() };

        assert_eq!(codes(&run(from(&nets)).await), ["stale-source-list"]);
        assert!(codes(&run(from(&nets[1..])).await).is_empty());
    }
}
