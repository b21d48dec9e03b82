//! What came while `listen` stood there, in bounded number, and what the report says of it.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use super::provocation::Listed;
use super::stand::{Stand, Target, Until, Wanted};
use crate::check::Spec;
use crate::checks::delivered::{self, Arrivals, HeldTo};
use crate::checks::{actions_delivered, arrives, consistent};
use crate::context::Context;
use crate::ending::Ending;
use crate::facts::Facts;
use crate::inbound::nonce::ProbeSeen;
use crate::inbound::{Heard, Tally};
use crate::outcome::{Grade, Outcome};
use crate::report::Row;
use crate::settings::Settings;
use crate::settings::values::shown_url;
use crate::workos::delivery::{Delivery, Purpose, may_hide};

/// What a run made WorkOS send, and what became of that.
#[derive(Default)]
pub(crate) struct Caused {
    /// What it was made to send, or why it could not be.
    pub(crate) event: Option<Result<String, String>>,
    /// Listening ended before it can be said that it does not arrive.
    pub(crate) too_early: bool,
    /// Whether WorkOS lists the event, where it did not arrive.
    pub(crate) listed: Listed,
    /// The requests that wrote, and what identifies their answers.
    pub(crate) written: Vec<String>,
    /// What was deleted again, or what is left.
    pub(crate) taken_back: Option<Result<Vec<String>, String>>,
}

impl Caused {
    /// What was written at WorkOS, as evidence, and what of it is left, as a finding.
    fn noted(&self, mut outcome: Outcome) -> Outcome {
        if let Some(Ok(what)) = &self.event {
            outcome.saw("caused", what);
        }
        for request in &self.written {
            outcome.saw_passing("written", request);
        }
        match &self.taken_back {
            Some(Ok(done)) => done.iter().for_each(|what| outcome.saw_passing("at WorkOS", what)),
            Some(Err(left)) => outcome.found(delivered::left_behind(left)),
            None => {}
        }
        outcome
    }
}

/// What was heard so far, in bounded number.
#[derive(Default)]
pub(crate) struct Seen {
    deliveries: Vec<Delivery>,
    /// The events of signed ones.
    genuine: BTreeSet<String>,
    /// Those of them that came from a listed address.
    listed: BTreeSet<String>,
    /// What was signed as it should be, and came to another path.
    astray: Vec<Delivery>,
    probes: Vec<ProbeSeen>,
    /// Deliveries beyond those that are kept.
    more: usize,
}

/// So many that are not genuine are kept of each kind of address, and so many that are.
const MOST_REFUSED: usize = 200;
const MOST_GENUINE: usize = 10_000;

/// A run of `listen` that is over.
#[derive(Clone, Copy)]
pub(crate) struct Stood<'a> {
    pub(crate) cx: &'a Context,
    pub(crate) stand: &'a Stand,
    pub(crate) until: &'a Until,
    pub(crate) lasted: Duration,
    pub(crate) caused: &'a Caused,
    pub(crate) tally: &'a Tally,
}

impl Seen {
    pub(crate) fn take(&mut self, heard: Heard) {
        match heard {
            Heard::Delivery(delivery) if delivery.astray.is_none() => self.take_delivery(*delivery),
            Heard::Delivery(delivery) if self.astray.len() < MOST_REFUSED => self.astray.push(*delivery),
            Heard::Probe(probe) if self.probes.len() < MOST_REFUSED => self.probes.push(probe),
            Heard::Delivery(_) | Heard::Probe(_) => self.more += 1,
            // It is counted where it is turned away.
            Heard::Turned(_) => {}
        }
    }

    fn take_delivery(&mut self, delivery: Delivery) {
        let id = |delivery: &Delivery| delivery.event.as_ref().and_then(|event| event.id.clone());
        let genuine = delivery.is_genuine() && delivery.purpose == Purpose::Webhook;
        // Those of WorkOS's addresses have a room of their own, which scanners cannot fill, and those that may be of WorkOS, too.
        let room = |it: &Delivery| (it.origin.is_workos(), it.resembles_own || may_hide(it.origin, it.source));
        let refused = || {
            let own = room(&delivery);
            self.deliveries.iter().filter(|kept| !kept.is_genuine() && room(kept) == own).count()
        };
        let kept = if genuine { self.deliveries.len() < MOST_GENUINE } else { refused() < MOST_REFUSED };
        if genuine {
            // WorkOS delivers again what is answered 503; what has no id counts each time.
            let id = id(&delivery).unwrap_or_else(|| format!("unnamed {}", self.deliveries.len() + self.more));
            if delivery.origin.is_workos() {
                self.listed.insert(id.clone());
            }
            self.genuine.insert(id);
        }
        if kept {
            self.deliveries.push(delivery);
        } else {
            self.more += 1;
        }
    }

    /// Whether all that is wanted has come.
    pub(crate) fn is_enough(&self, stand: &Stand, until: &Until, facts: &Facts) -> bool {
        let Some(wanted) = until.wanted else { return self.is_probed(until) };
        let genuine = |purpose| self.deliveries.iter().filter(move |it| it.is_genuine() && it.purpose == purpose);
        let delivered = match (wanted, stand.awaited().0) {
            (Wanted::Caused, _) => self.deliveries.iter().any(|delivery| delivery.own),
            (_, Purpose::Webhook) => {
                let from = |address: &IpAddr| genuine(Purpose::Webhook).any(|delivery| delivery.source == *address);
                let from_all = || facts.workos_sources.published.addresses.iter().all(from);
                until.is_reached_by(self.listed.len()) || (until.from_all && from_all())
            }
            (_, Purpose::Action) => {
                until.is_reached_by(genuine(Purpose::Action).filter(|it| it.origin.is_workos()).count())
            }
        };
        delivered && self.is_probed(until)
    }

    /// Whether as much as is wanted has come, and some of it from addresses that nobody lists.
    pub(crate) fn came_from_elsewhere(&self, until: &Until) -> bool {
        let all = until.is_reached_by(self.genuine.len()) && !until.is_reached_by(self.listed.len());
        all && self.is_probed(until)
    }

    fn is_probed(&self, until: &Until) -> bool {
        !until.probe || !self.probes.is_empty()
    }

    pub(crate) fn rows(&self, stood: &Stood<'_>) -> Vec<Row> {
        let Stood { cx, stand, until, lasted, tally, .. } = *stood;
        let mut rows = Vec::new();
        // With --deliver the secret is that of an endpoint of its own.
        rows.extend(self.secrets(&cx.settings, lasted).filter(|_| until.wanted != Some(Wanted::Caused)));
        if until.probe {
            let outcome = arrives::heard(&self.probes, lasted);
            rows.push(row(&arrives::SPEC, &stand.awaited().1.url, true, self.with_turned(outcome, tally), lasted));
        }
        rows.extend(stand.webhook().map(|target| self.webhooks(target, stood)));
        if let Some(target) = stand.actions() {
            let arrivals = actions_delivered::Arrivals {
                url: &target.url,
                actions: &of(&self.deliveries, Purpose::Action),
                astray: &of(&self.astray, Purpose::Action),
                lasted,
                secret: &HeldTo::actions_secret(&cx.settings),
            };
            let outcome = actions_delivered::judge(&arrivals);
            // Where both are stood at, webhooks are what is waited for.
            let alone = stand.webhook().is_none();
            let outcome = if alone { self.with_turned(outcome, tally) } else { outcome };
            rows.push(row(&actions_delivered::SPEC, &target.url, alone && until.wanted.is_some(), outcome, lasted));
        }
        rows
    }

    /// What `check` says of a secret that is none. One for which a signature held is right, whatever it looks like.
    fn secrets(&self, settings: &Settings, lasted: Duration) -> Option<Row> {
        let proved = |purpose| self.deliveries.iter().any(|it| it.purpose == purpose && it.is_genuine());
        let mut outcome = Outcome::graded(Grade::Declared);
        for purpose in [Purpose::Webhook, Purpose::Action].into_iter().filter(|purpose| !proved(*purpose)) {
            if let Some(finding) = consistent::of_secret(purpose, settings) {
                outcome.found(finding);
            }
        }
        let wrong = !outcome.findings.is_empty();
        wrong.then(|| Row::new(&consistent::SPEC, true, None, Ending::Asked(outcome), lasted))
    }

    fn webhooks(&self, webhook: &Target, stood: &Stood<'_>) -> Row {
        let Stood { cx, until, lasted, caused, tally, .. } = *stood;
        let webhooks = of(&self.deliveries, Purpose::Webhook);
        let secret = HeldTo::webhook_secret(&cx.settings);
        let awaited = caused.event.as_ref().filter(|_| !caused.too_early);
        let event = match awaited {
            Some(Ok(what)) => Some(match &caused.listed {
                Listed::As(event) => format!("{what}, and lists it as {event}"),
                Listed::No | Listed::Unknown => what.clone(),
            }),
            _ => None,
        };
        let arrivals = Arrivals {
            url: &webhook.url,
            deliveries: &webhooks,
            lasted,
            caused: event.as_deref(),
            unlisted: caused.listed == Listed::No,
            from_all: until.from_all,
            wanted: until.at_least(),
            astray: &of(&self.astray, Purpose::Webhook),
            turned: &tally.telling(),
            secret: &secret,
        };
        let outcome = match awaited {
            Some(Err(why)) if webhooks.is_empty() && arrivals.astray.is_empty() => {
                Outcome::graded(Grade::Declared).because(delivered::not_caused(why))
            }
            _ => delivered::judge(&arrivals, &cx.facts),
        };
        let outcome = caused.noted(self.with_turned(outcome, tally));
        row(&delivered::SPEC, &webhook.url, until.wanted.is_some(), outcome, lasted)
    }

    /// What was turned away, as evidence: it may be what one waits for, in another shape.
    fn with_turned(&self, mut outcome: Outcome, tally: &Tally) -> Outcome {
        for (why, count) in tally.by_reason() {
            let what = if why.is_health_check() { "looked in" } else { "turned away" };
            outcome.saw_of_which(what, format!("{count} {}", why.in_words()), why.in_words());
        }
        if self.more > 0 {
            outcome.saw_passing("not kept", format!("{} more requests", self.more));
        }
        outcome
    }
}

fn of(deliveries: &[Delivery], purpose: Purpose) -> Vec<Delivery> {
    deliveries.iter().filter(|delivery| delivery.purpose == purpose).cloned().collect()
}

fn row(spec: &'static Spec, url: &str, required: bool, outcome: Outcome, took: Duration) -> Row {
    Row::new(spec, required, Some(shown_url(url)), Ending::Asked(outcome), took)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Origin;
    use crate::inbound::Traced;
    use crate::outcome::Status;
    use crate::workos::delivery::Signature;
    use crate::workos::signature::{Refusal, Verified};

    const WORKOS: &str = "3.217.146.166";
    const STRANGER: &str = "93.184.215.99";

    /// So much more than is kept of anything that is refused.
    const FLOOD: usize = 3 * MOST_REFUSED;

    fn delivery(source: &str, signature: Signature) -> Delivery {
        Delivery { answered: 401, ..Delivery::straight_from(source, signature) }
    }

    fn refused(source: &str) -> Delivery {
        delivery(source, Signature::Refused(Refusal::Missing))
    }

    fn genuine() -> Delivery {
        delivery(WORKOS, Signature::Holds(Verified { age: 120 }))
    }

    fn take(seen: &mut Seen, delivery: &Delivery, times: usize) {
        for _ in 0..times {
            seen.take(Heard::Delivery(Box::new(delivery.clone())));
        }
    }

    fn flood(seen: &mut Seen) {
        take(seen, &refused(STRANGER), FLOOD);
    }

    #[test]
    fn what_is_refused_is_kept_in_bounded_number_and_the_rest_is_counted() {
        let mut seen = Seen::default();
        flood(&mut seen);

        assert_eq!((seen.deliveries.len(), seen.more), (MOST_REFUSED, FLOOD - MOST_REFUSED));
    }

    #[test]
    fn strangers_leave_room_for_what_is_refused_of_workos_and_for_what_may_be_its_own() {
        let mut seen = Seen::default();
        flood(&mut seen);
        take(&mut seen, &refused(WORKOS), 1);
        take(&mut seen, &Delivery { resembles_own: true, ..refused(STRANGER) }, 1);

        assert_eq!(seen.deliveries.iter().filter(|it| it.origin == Origin::Published).count(), 1);
        assert_eq!(seen.deliveries.iter().filter(|it| it.resembles_own).count(), 1);
    }

    #[test]
    fn what_comes_astray_is_kept_in_bounded_number_too() {
        let mut seen = Seen::default();
        take(&mut seen, &Delivery { astray: Some("/other".to_owned()), ..genuine() }, FLOOD);

        assert_eq!((seen.astray.len(), seen.more), (MOST_REFUSED, FLOOD - MOST_REFUSED));
    }

    #[test]
    fn probes_are_kept_in_bounded_number_too() {
        let source: IpAddr = STRANGER.parse().unwrap();
        let traced = Traced { source, peer: source, told: String::new(), unnamed: None };
        let mut seen = Seen::default();
        for _ in 0..FLOOD {
            seen.take(Heard::Probe(ProbeSeen { traced: traced.clone(), whole: Ok(Verified { age: 120 }) }));
        }

        assert_eq!((seen.probes.len(), seen.more), (MOST_REFUSED, FLOOD - MOST_REFUSED));
    }

    #[test]
    fn what_is_genuine_is_kept_however_much_was_refused_and_in_bounded_number_itself() {
        let mut seen = Seen::default();
        flood(&mut seen);
        take(&mut seen, &genuine(), MOST_GENUINE + 1);

        let kept = seen.deliveries.iter().filter(|it| it.is_genuine()).count();
        assert!(kept > MOST_GENUINE / 2 && seen.deliveries.len() <= MOST_GENUINE, "{kept}");
        // The same event, delivered again and again, counts once.
        assert_eq!((seen.genuine.len(), seen.listed.len()), (1, 1));
    }

    #[test]
    fn what_is_left_at_workos_warns_and_what_was_deleted_is_told() {
        let noted = |taken_back| {
            let caused = Caused { taken_back: Some(taken_back), ..Caused::default() };
            caused.noted(Outcome::graded(Grade::Proved))
        };
        let (left, deleted) =
            (noted(Err("organization org_1".to_owned())), noted(Ok(vec!["deleted org_1".to_owned()])));

        assert_eq!((left.findings[0].code.name, left.status()), ("left-behind", Status::Warn));
        assert_eq!((deleted.status(), deleted.evidence[0].value.as_str()), (Status::Pass, "deleted org_1"));
    }
}
