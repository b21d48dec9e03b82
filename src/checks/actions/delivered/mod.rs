//! Does a genuine Action of WorkOS arrive, from a published address, with its signature intact?

pub(in crate::checks) mod codes;

use self::codes::{BAD_SIGNATURE, FROM_ELSEWHERE, FROM_REPORTED_SOURCE, NOT_VERIFIED, NOTHING_ARRIVED, OTHER_PATH};
use crate::check::{CheckId, Finding, Outcome, Planned, Remediation, Spec, Vantage};
use crate::checks::delivered::Heard;
use crate::checks::delivered::{grade, origin_in_words, refusal, worst};
use crate::checks::webhook::unheld::HeldTo;
use crate::checks::webhook::{elsewhere, turned, unheld};
use crate::elsewhere::SEEN_LONG_AGO;
use crate::facts::Origin;
use crate::said::spoken;
use crate::settings::ACTIONS_URL;
use crate::settings::values::{shown_url, web_url};
use crate::workos::delivery::{Delivery, Signature};
use crate::workos::signature::Refusal;

/// The check, which `listen` answers.
pub static SPEC: Spec = Spec {
    id: ID,
    title: "a genuine Action arrives",
    explain: "\
Looks at what arrived at the Actions URL while `workos-preflight listen` stood there: from which address, and whether the \
signature holds with the Actions secret, which may be 30 seconds old at most.

WorkOS asks before a sign-in or a registration goes on, and waits for the answer. Where the request does not get in, or the \
answer is not signed as it should be, it denies: nobody can log in. So an Action that arrives while somebody listens proves \
the way, and is answered with 503 or, where that was asked for, with a signed Allow.

Usually broken by an allowlist that lacks WorkOS's addresses, by the webhook's secret in the place of the Actions', and by a \
clock that is more than half a minute off.",
    vantages: &[Vantage::Inside],
    required: |_, _| false,
    codes: &[&FROM_ELSEWHERE, &BAD_SIGNATURE, &NOTHING_ARRIVED, &OTHER_PATH, &NOT_VERIFIED, &FROM_REPORTED_SOURCE, &SEEN_LONG_AGO],
    needs: &[],
    plan: |_, settings| match settings.actions_url.as_ref().filter(|_| !settings.inbound_reports.is_empty()) {
        None => Planned::NotApplicable(format!("`workos-preflight listen {} URL` answers it", ACTIONS_URL.flags())),
        Some(url) => Planned::one(Heard::at(url)),
    },
};

pub(super) const ID: CheckId = CheckId::new("actions.delivered");

/// What came to the Actions URL.
pub struct Arrivals<'a> {
    /// The Actions URL.
    pub url: &'a str,
    /// What came, in order.
    pub actions: &'a [Delivery],
    /// What is signed with the Actions secret, and came to another path.
    pub astray: &'a [Delivery],
    /// How long somebody listened.
    pub lasted: std::time::Duration,
    /// What signatures were held to.
    pub secret: &'a HeldTo,
}

/// Judges what came.
pub fn judge(arrivals: &Arrivals<'_>) -> Outcome {
    let genuine: Vec<&Delivery> = arrivals.actions.iter().filter(|action| action.is_genuine()).collect();
    let refused: Vec<(&Delivery, &Refusal)> = arrivals.actions.iter().filter_map(refusal).collect();
    let mut outcome =
        Outcome::graded(grade(&genuine, arrivals.actions)).with_passing("listened for", spoken(arrivals.lasted));
    for action in arrivals.actions.iter().take(MOST_SHOWN) {
        let signature = match &action.signature {
            Signature::Holds(verified) => format!("the signature holds ({} ms old)", verified.age),
            Signature::Refused(why) => format!("the signature {}", unheld::in_words(why)),
            Signature::Unchecked => "the signature is not checked".to_owned(),
        };
        let origin = origin_in_words(action.origin);
        outcome.saw("Action", format!("from {} ({origin}): {signature}; answered {}", action.source, action.answered));
    }
    let from = |wanted: Origin| genuine.iter().copied().find(|action| action.origin == wanted);
    if from(Origin::Published).is_some() {
        outcome
    } else if let Some(reported) = from(Origin::Reported) {
        outcome.because(from_reported_source(reported))
    } else if let Some(stray) = genuine.first() {
        outcome.because(from_elsewhere(stray))
    } else if let Some(stray) = arrivals.astray.first() {
        outcome.because(astray(stray, arrivals))
    } else if let Some((action, why)) = worst(&refused) {
        outcome.because(bad_signature(action, why, arrivals))
    } else if arrivals.actions.iter().any(|it| it.signature == Signature::Unchecked && it.origin.is_workos()) {
        outcome.because(not_verified())
    } else {
        outcome.because(nothing_arrived(arrivals))
    }
}

/// Actions beyond these are passed over.
const MOST_SHOWN: usize = 10;

fn from_reported_source(action: &Delivery) -> Finding {
    FROM_REPORTED_SOURCE.found(
        format!("a genuine Action arrived from {}, which WorkOS's guide does not list", action.source),
        Remediation::network(format!(
            "Keep {} allowed, and allow the other reported addresses too (`workos-preflight requirements` lists them).",
            action.source
        ))
        .in_short("keep the reported addresses allowed"),
    )
}

fn from_elsewhere(action: &Delivery) -> Finding {
    let (problem, remediations) = elsewhere::told(action, "a genuine Action");
    FROM_ELSEWHERE.found(problem, remediations)
}

fn astray(stray: &Delivery, arrivals: &Arrivals<'_>) -> Finding {
    let asked = stray.astray.as_deref().unwrap_or_default();
    let path = web_url(arrivals.url).map_or_else(|| "/".to_owned(), |url| url.path().to_owned());
    OTHER_PATH.found(
        format!(
            "an Action arrived from {} ({}) whose signature holds, and it asked for {asked}, where --actions-url says {path}",
            stray.source,
            origin_in_words(stray.origin)
        ),
        turned::other_path(asked, &path, arrivals.url),
    )
}

fn bad_signature(action: &Delivery, why: &Refusal, arrivals: &Arrivals<'_>) -> Finding {
    BAD_SIGNATURE.found(
        format!(
            "what arrived from {} ({}) is not proved to be WorkOS's: the signature {}{}",
            action.source,
            origin_in_words(action.origin),
            unheld::in_words(why),
            arrivals.secret.oddity(why)
        ),
        unheld::remedy(why, "the Actions endpoint", arrivals.secret),
    )
}

fn not_verified() -> Finding {
    NOT_VERIFIED.found(
        "Actions arrived, and there was no secret to hold their signatures to",
        Remediation::installer(
            "Give the Actions secret, with WORKOS_ACTIONS_SECRET or --actions-secret-file, and listen again.",
        )
        .in_short("give the Actions secret, and listen again"),
    )
}

fn nothing_arrived(arrivals: &Arrivals<'_>) -> Finding {
    NOTHING_ARRIVED.found(
        format!("no Action arrived at {} within {}; whether WorkOS sent one in that time is not known", shown_url(arrivals.url), spoken(arrivals.lasted)),
        Remediation::vendor("While somebody listens, send a test Action from the WorkOS dashboard (Authentication, Actions, “Send test action”), or sign in.")
            .in_short("send a test Action while this listens"),
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::check::{Grade, Status};
    use crate::checks::fixture::{Held, Site, codes, held};
    use crate::net::fake::Fake;
    use crate::workos::delivery::Purpose;
    use crate::workos::signature::{SecretSlip, Verified};

    fn judge(arrivals: &Arrivals<'_>) -> Held {
        held(&SPEC, super::judge(arrivals))
    }

    fn action(source: &str, signature: Signature) -> Delivery {
        Delivery { purpose: Purpose::Action, event: None, answered: 503, ..Delivery::straight_from(source, signature) }
    }

    fn judged(actions: &[Delivery]) -> Held {
        let lasted = Duration::from_secs(9);
        let (astray, actions): (Vec<Delivery>, Vec<Delivery>) =
            actions.iter().cloned().partition(|action| action.astray.is_some());
        let settings = Site::of(Fake::default()).actions_secret("whsec_Qm3vT8yK2nLx5RwZ7cPd").settings();
        judge(&Arrivals {
            url: "https://app.customer.example/actions",
            actions: &actions,
            astray: &astray,
            lasted,
            secret: &HeldTo::actions_secret(&settings),
        })
    }

    #[test]
    fn a_signed_action_from_a_published_address_is_the_proof() {
        let outcome = judged(&[action("3.217.146.166", Signature::Holds(Verified { age: 5 }))]);

        assert_eq!((outcome.status(), outcome.grade), (Status::Pass, Grade::Proved));
        assert!(outcome.evidence.iter().any(|seen| seen.value.contains("answered 503")));
    }

    #[test]
    fn everything_else_has_its_own_code() {
        let holds = || Signature::Holds(Verified { age: 5 });
        let webhooks = Signature::Refused(Refusal::OtherSecret(SecretSlip::Of("the webhook endpoint")));
        for (actions, code) in [
            (vec![action("35.82.80.13", holds())], "from-reported-source"),
            (vec![action("10.20.0.1", holds())], "from-elsewhere"),
            (vec![action("3.217.146.166", webhooks)], "bad-signature"),
            (vec![Delivery { astray: Some("/hook".to_owned()), ..action("3.217.146.166", holds()) }], "other-path"),
            (vec![action("3.217.146.166", Signature::Unchecked)], "not-verified"),
            (vec![action("8.8.4.4", Signature::Refused(Refusal::Missing))], "nothing-arrived"),
            (vec![], "nothing-arrived"),
        ] {
            assert_eq!(codes(&judged(&actions)), [code]);
        }
    }
}
