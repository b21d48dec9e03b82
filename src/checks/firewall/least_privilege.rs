//! Do the exported rules let pass only what is needed?

use super::{NO_RULES, files, with_rules};
use crate::check::{
    Check, CheckId, Code, Contact, Finding, Grade, Outcome, Planned, Remediation, Running, Spec, Vantage,
};
use crate::context::Context;
use crate::facts::Facts;
use crate::firewall::Direction;
use crate::firewall::addresses::Family;
use crate::firewall::ranges::Ranges;
use crate::firewall::review::{Cited, Review, Wide, some};
use crate::outcome::Cause;
use crate::said::all_of;
use crate::settings::{RULES, Settings};

pub(super) static SPEC: Spec = Spec {
    id: ID,
    title: "rules let nothing else pass",
    explain: "\
Looks at the rules by which the required flows pass, and at what else passes by them: addresses, ports and protocols that no \
flow needs, each told exactly. Then at what passes because no rule speaks of it, and whether anything is written to a log.

Nothing here keeps the application from working. It is what a review of the change asks about. Addresses that others reported \
for WorkOS are never too wide; a port that users reach is judged by --exposure, and not at all without it.

Usually broken by 0.0.0.0/0 in an outbound rule, by a whole /8 around a range, by a rule without a port, or by a policy that \
accepts.",
    vantages: &[Vantage::Inside],
    required: with_rules,
    codes: &[&TOO_WIDE, &NO_DEFAULT_DENY, &NO_LOGGING],
    needs: &[],
    plan: |_, settings| {
        if settings.rules.is_empty() { Planned::from(&RULES) } else { Planned::one(Least) }
    },
};

pub(super) const ID: CheckId = CheckId::new("firewall.least-privilege");

static TOO_WIDE: Code = Code::warning("too-wide", "a rule lets more pass than any required flow needs").caused_by(&[
    Cause::network(
        "The rule was written for everything, because addresses were not known.",
        "The rule holds 0.0.0.0/0, no address, or no port.",
        "Replace what the rule holds with the objects that `workos-preflight requirements` prints.",
    ),
    Cause::network(
        "The rule serves other applications, too.",
        "The rule is older than this installation, or names others in its comment.",
        "Leave the rule; a waiver for this code says so in every report.",
    ),
]);

static NO_DEFAULT_DENY: Code = Code::warning("no-default-deny", "what no rule speaks of passes").caused_by(&[
    Cause::network(
        "The policy accepts, and no rule at the end denies.",
        "The finding names the policy, or the rule for everything.",
        "Apply what `workos-preflight rules generate --part default-deny` writes, once what is needed is let through.",
    ),
    Cause::network(
        "Another firewall on the way denies what this one lets pass.",
        "The rules are of a host behind an edge firewall.",
        "Audit the rules of the edge firewall as well.",
    ),
]);

static NO_LOGGING: Code = Code::warning("no-logging", "nothing that passes or is denied is written to a log")
    .caused_by(&[Cause::network(
        "Logging was left out to spare the disk.",
        "No rule of the file logs.",
        "Log what is denied, at a limited rate; `workos-preflight rules generate --log` writes such rules.",
    )]);

struct Least;

impl Check for Least {
    fn contacts(&self, _: &Facts, settings: &Settings) -> Vec<Contact> {
        files(settings, "what its rules let pass beyond need")
    }

    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
        Box::pin(async move {
            match &cx.review {
                Some(review) => judged(review),
                None => Outcome::graded(Grade::Modelled).not_available(NO_RULES),
            }
        })
    }
}

/// More rules of one kind are told by nobody.
const MOST: usize = 20;

fn judged(review: &Review) -> Outcome {
    let mut outcome = Outcome::graded(Grade::Modelled);
    for wide in review.wide.iter().take(MOST) {
        outcome.found(too_wide(wide));
    }
    let mut told: Vec<&Cited> = Vec::new();
    for (direction, family, by) in &review.open {
        if !told.contains(&by) {
            outcome.found(open(*direction, *family, by));
            told.push(by);
        }
    }
    if review.unlogged {
        outcome.found(
            NO_LOGGING.found(
                "no rule writes anything to a log, so that what is denied later cannot be found",
                Remediation::network(
                    "Log what is denied, at a limited rate: `workos-preflight rules generate --log` shows how.",
                )
                .in_short("log what is denied"),
            ),
        );
    }
    outcome
}

fn too_wide(wide: &Wide) -> Finding {
    let beyond = beyond(wide);
    let flows = all_of(&wide.flows);
    TOO_WIDE.found(
        format!("{} lets {beyond} pass beyond what {flows} needs", wide.rule.quoted()),
        Remediation::network(format!("Narrow {} to what {flows} needs: take {beyond} out.", wide.rule.in_words()))
            .in_short(format!("narrow {}", wide.rule.in_words())),
    )
}

/// "53 addresses …, the ports 80 and 8000-9000, and every protocol"
fn beyond(wide: &Wide) -> String {
    let way = if wide.direction == Direction::Egress { "to" } else { "from" };
    let addresses = Family::BOTH.into_iter().filter_map(|family| {
        let part = wide.addresses.and(&family.all());
        // Nearly everything is said as that.
        let most = part.count() > family.all().count() / 2;
        match (part.is_empty(), most) {
            (true, _) => None,
            (false, true) => Some(format!("{way} nearly any {} address", family.as_str())),
            (false, false) => Some(format!("{way} {}", some(&part))),
        }
    });
    let ports = (!wide.ports.is_empty()).then(|| numbers(&wide.ports, 65_000, "any port", "port"));
    let protocols = (!wide.protocols.is_empty()).then(|| numbers(&wide.protocols, 200, "any protocol", "protocol"));
    all_of(addresses.chain(ports).chain(protocols))
}

fn numbers(set: &Ranges, most: u128, any: &str, one: &str) -> String {
    if set.count() > most {
        return any.to_owned();
    }
    let span = |(first, last): &(u128, u128)| if first == last { first.to_string() } else { format!("{first}-{last}") };
    let spans: Vec<String> = set.intervals().iter().take(6).map(span).collect();
    let more = if set.intervals().len() > 6 { " and more" } else { "" };
    format!("{one} {}{more}", spans.join(", "))
}

fn open(direction: Direction, family: Family, by: &Cited) -> Finding {
    let way = match direction {
        Direction::Egress => "out",
        Direction::Ingress => "in",
    };
    NO_DEFAULT_DENY.found(
        format!("what no rule speaks of passes {way} over {}: {}", family.as_str(), by.quoted()),
        Remediation::network(
            "Deny what no rule lets through, once what is needed is let through: `workos-preflight rules generate --part default-deny` writes it.",
        )
        .in_short(format!("deny the rest ({way})")),
    )
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{accept, rules, site};
    use super::*;
    use crate::checks::fixture::{ask, codes};
    use crate::firewall::rules::{Answer, Match, Rules};

    async fn run(rules: &Rules, given: &[(&'static str, &str)]) -> crate::checks::fixture::Held {
        ask(&SPEC, &Least, &site(rules, given).0).await
    }

    #[tokio::test]
    async fn a_rule_for_every_address_is_too_wide_and_says_by_how_much() {
        let tcp = Match { protocol: Ranges::one(6_u8), port: Ranges::one(443_u16), ..Match::any() };
        let held = run(&rules(&[accept(3, tcp)], Answer::Drop), &[]).await;

        assert!(codes(&held).contains(&"too-wide"), "{held:?}");
        assert!(format!("{held:?}").contains("to nearly any IPv4 address"), "{held:?}");
    }

    #[tokio::test]
    async fn a_policy_that_accepts_is_no_default_deny() {
        assert!(codes(&run(&rules(&[], Answer::Accept), &[]).await).contains(&"no-default-deny"));
        assert!(codes(&run(&rules(&[], Answer::Drop), &[]).await).is_empty());
    }

    #[tokio::test]
    async fn rules_of_a_firewall_that_could_log_and_does_not_warn() {
        let mut rules = rules(&[accept(3, Match::any())], Answer::Drop);
        rules.files[0].dialect = "iptables";

        assert!(codes(&run(&rules, &[]).await).contains(&"no-logging"));
    }
}
