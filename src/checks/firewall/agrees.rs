//! Do the exported rules say the same as what was seen on the network?

use super::{NO_RULES, files, flows};
use crate::check::{
    Check, CheckId, Code, Contact, Finding, Grade, Outcome, Planned, Remediation, Running, Spec, Status, Vantage,
};
use crate::context::{Context, Ended};
use crate::facts::Facts;
use crate::firewall::audit::Fate;
use crate::firewall::review::{Review, Reviewed};
use crate::outcome::Cause;
use crate::settings::{RULES, Settings};

pub(super) static SPEC: Spec = Spec {
    id: ID,
    title: "rules agree with what was seen",
    explain: "\
Holds the exported rules to what other checks of the same run saw: whether names were resolved and connections accepted, and, \
with --inbound-report, whether WorkOS's deliveries arrived.

Rules that let a flow through which is blocked all the same are not the only ones on the way. Rules that stop a flow which \
works are not the ones that are in force.

Usually broken by a second firewall, by rules that were exported and then changed, or by the export of another device. It says \
nothing where nothing was seen.",
    vantages: &[Vantage::Inside],
    required: |_, _| false,
    codes: &[&ALLOWED_BUT_BLOCKED, &DENIED_BUT_OPEN],
    needs: &[],
    plan: |facts, settings| {
        if settings.rules.is_empty() {
            return Planned::from(&RULES);
        }
        let flows = flows(facts, settings).into_iter().map(|flow| flow.id);
        Planned::each(flows.filter(|flow| witness(flow).is_some()).map(|flow| Agrees { flow }), "nothing of it is looked at".to_owned())
    },
};

pub(super) const ID: CheckId = CheckId::new("firewall.agrees");

static ALLOWED_BUT_BLOCKED: Code =
    Code::warning("allowed-but-blocked", "the exported rules let a flow through that is blocked all the same")
        .caused_by(&[
            Cause::network(
                "Another firewall is on the way, and stops it.",
                "The flow passes from a machine right behind the firewall whose rules were exported.",
                "Export and audit the rules of the other firewalls on the way.",
            ),
            Cause::network(
                "The exported rules are not in force yet.",
                "The firewall names a change that was not committed or installed.",
                "Put the rules in force, and run this again.",
            ),
        ]);

static DENIED_BUT_OPEN: Code = Code::warning(
    "denied-but-open",
    "a flow works that the exported rules stop: they are not the ones that are in force",
)
.caused_by(&[
    Cause::network(
        "The rules were changed since they were exported.",
        "A fresh export differs.",
        "Export the rules again.",
    ),
    Cause::network(
        "The rules are of another device, interface or group than the one on the way.",
        "Packets of the installation are not seen on that device.",
        "Export the rules of the device that the installation is behind, and name its part with --scope.",
    ),
]);

/// Which check sees whether a flow passes.
fn witness(flow: &str) -> Option<&'static str> {
    match flow {
        "egress-dns" => Some("egress.resolves"),
        "egress-api" | "egress-endpoints" => Some("egress.connects"),
        "egress-proxy" => Some("egress.proxy"),
        "ingress-workos" => Some("webhook.delivered"),
        _ => None,
    }
}

/// Findings that come of a firewall on the way, and hardly of anything else.
const BLOCKED: &[&str] =
    &["timed-out", "dns-timed-out", "proxy-timed-out", "unreachable", "prohibited", "not-delivered", "no-answer"];

struct Agrees {
    flow: String,
}

impl Check for Agrees {
    fn subject(&self) -> Option<String> {
        Some(self.flow.clone())
    }

    fn looks_at(&self) -> Option<&'static str> {
        witness(&self.flow)
    }

    fn contacts(&self, _: &Facts, settings: &Settings) -> Vec<Contact> {
        files(settings, "whether its rules agree with what was seen")
    }

    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
        Box::pin(async move {
            match &cx.review {
                Some(review) => judged(review, &self.flow, &cx.ended),
                None => Outcome::graded(Grade::Modelled).not_available(NO_RULES),
            }
        })
    }
}

fn judged(review: &Review, flow: &str, ended: &[Ended]) -> Outcome {
    let outcome = Outcome::graded(Grade::Modelled);
    let Some(reviewed) = review.flow(flow) else {
        return outcome.not_available("the files are lists of addresses, and none of them speaks of this flow");
    };
    let seen = ended.iter().find_map(|row| seen(row).map(|passes| (row, passes)));
    let Some((row, passes)) = seen else {
        return outcome.not_available("nothing of it was seen");
    };
    let outcome = outcome.with("seen", format!("{}: {}", row.named(), row.status.as_str()));
    match (reviewed.fate, passes) {
        (Fate::Allowed, false) => outcome.because(blocked(reviewed, row)),
        (Fate::Missing | Fate::Shadowed, true) => outcome.because(open(reviewed, row)),
        _ => outcome,
    }
}

/// Whether it was seen to pass, or to be stopped; nothing, where neither is sure.
fn seen(row: &Ended) -> Option<bool> {
    match row.status {
        Status::Pass | Status::Warn => Some(true),
        Status::Fail if row.codes.iter().any(|code| BLOCKED.contains(code)) => Some(false),
        Status::Fail | Status::Skip | Status::Unknown => None,
    }
}

fn by(reviewed: &Reviewed) -> String {
    reviewed.parts.first().map(|told| told.by.quoted()).unwrap_or_default()
}

fn blocked(reviewed: &Reviewed, row: &Ended) -> Finding {
    ALLOWED_BUT_BLOCKED.found(
        format!("{} lets {} through, and {} found it blocked", by(reviewed), reviewed.flow.id, row.named()),
        Remediation::network("Audit the rules of the next firewall on the way; these do not stop it.")
            .in_short("look for the next firewall on the way"),
    )
}

fn open(reviewed: &Reviewed, row: &Ended) -> Finding {
    DENIED_BUT_OPEN.found(
        format!("{} stops {}, and {} found it open", by(reviewed), reviewed.flow.id, row.named()),
        Remediation::network(
            "Export the rules that are in force at the device which the installation is behind, and audit those.",
        )
        .in_short("export the rules that are in force"),
    )
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{accept, rules, site};
    use super::*;
    use crate::checks::fixture::{ask, codes};
    use crate::firewall::rules::{Answer, Match};

    async fn run(allow: bool, status: Status, found: Vec<&'static str>) -> crate::checks::fixture::Held {
        let list = if allow { vec![accept(3, Match::any())] } else { Vec::new() };
        let (mut cx, _) = site(&rules(&list, Answer::Drop), &[]);
        cx.ended = vec![Ended { check: "egress.connects", subject: None, status, codes: found }].into();
        ask(&SPEC, &Agrees { flow: "egress-api".to_owned() }, &cx).await
    }

    #[tokio::test]
    async fn rules_and_network_that_say_different_things_warn_and_whatever_is_open_says_nothing() {
        assert_eq!(codes(&run(true, Status::Fail, vec!["timed-out"]).await), ["allowed-but-blocked"]);
        assert_eq!(codes(&run(false, Status::Pass, Vec::new()).await), ["denied-but-open"]);
        for (allow, status, found) in [(true, Status::Pass, vec![]), (false, Status::Fail, vec!["timed-out"])] {
            assert_eq!(run(allow, status, found).await.status(), Status::Pass);
        }
        for (status, found) in [(Status::Fail, vec!["refused"]), (Status::Unknown, vec![]), (Status::Skip, vec![])] {
            assert_eq!(run(true, status, found).await.status(), Status::Skip);
        }
    }
}
