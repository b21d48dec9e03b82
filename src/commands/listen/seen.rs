//! What came while `listen` stood there, in bounded number, and what the report says of it.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use super::post::{Post, Target};
use super::provocation::Listed;
use crate::check::Spec;
use crate::checks::delivered::{self, Arrivals, HeldTo};
use crate::checks::{self, actions_delivered, arrives, consistent};
use crate::cli::ListenArgs;
use crate::context::Context;
use crate::facts::Facts;
use crate::inbound::nonce::ProbeSeen;
use crate::inbound::{Heard, Tally};
use crate::outcome::{Grade, Outcome, Status};
use crate::report::Row;
use crate::settings::Settings;
use crate::settings::values::shown_url;
use crate::workos::delivery::{Delivery, Purpose, may_hide};

/// How a run that made WorkOS send something ended.
#[derive(Default)]
pub(super) struct Ending {
    /// What WorkOS was made to send, or why it could not be.
    pub(super) caused: Option<Result<String, String>>,
    /// Whether WorkOS lists the event, where it did not arrive.
    pub(super) listed: Listed,
    /// The requests that wrote, and what identifies their answers.
    pub(super) written: Vec<String>,
    /// What was deleted again, or what is left.
    pub(super) taken_back: Option<Result<Vec<String>, String>>,
}

impl Ending {
    /// What was written at WorkOS, as evidence, and what of it is left, as a finding.
    fn noted(&self, mut outcome: Outcome) -> Outcome {
        if let Some(Ok(what)) = &self.caused {
            outcome.saw("caused", what);
        }
        for request in &self.written {
            outcome.saw("written", request);
        }
        match &self.taken_back {
            Some(Ok(done)) => done.iter().for_each(|what| outcome.saw("at WorkOS", what)),
            Some(Err(left)) => outcome.found(delivered::left_behind(left)),
            None => {}
        }
        outcome
    }
}

/// What was heard so far, in bounded number.
#[derive(Default)]
pub(super) struct Seen {
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
pub(super) struct Stood<'a> {
    pub(super) args: &'a ListenArgs,
    pub(super) cx: &'a Context,
    pub(super) post: &'a Post,
    pub(super) lasted: Duration,
    pub(super) ending: &'a Ending,
    pub(super) tally: &'a Tally,
}

impl Seen {
    pub(super) fn take(&mut self, heard: Heard) {
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
        let alike = |kept: &&Delivery| !kept.is_genuine() && room(kept) == room(&delivery);
        let refused = self.deliveries.iter().filter(alike).count();
        if genuine {
            // WorkOS delivers again what is answered 503; what has no id counts each time.
            let id = id(&delivery).unwrap_or_else(|| format!("unnamed {}", self.deliveries.len() + self.more));
            if delivery.origin.is_workos() {
                self.listed.insert(id.clone());
            }
            self.genuine.insert(id);
        }
        let kept = if genuine { self.deliveries.len() < MOST_GENUINE } else { refused < MOST_REFUSED };
        if kept {
            self.deliveries.push(delivery);
        } else {
            self.more += 1;
        }
    }

    pub(super) fn is_enough(&self, args: &ListenArgs, post: &Post, facts: &Facts) -> bool {
        let probed = !args.nonce || !self.probes.is_empty();
        if args.deliver {
            return probed && self.deliveries.iter().any(|delivery| delivery.own);
        }
        let webhooks = || self.deliveries.iter().filter(|it| it.is_genuine() && it.purpose == Purpose::Webhook);
        let from = |address: &IpAddr| webhooks().any(|delivery| delivery.source == *address);
        let all = || facts.workos_sources.published.addresses.iter().all(from);
        let action = |it: &&Delivery| it.purpose == Purpose::Action && it.is_genuine() && it.origin.is_workos();
        let delivered = match post.webhook {
            Some(_) => self.listed.len() >= post.enough || (args.expect_all && all()),
            None => self.deliveries.iter().filter(action).count() >= post.enough,
        };
        probed && (delivered || !post.deliveries)
    }

    /// Whether as much as is wanted has come, and some of it from addresses that nobody lists.
    pub(super) fn came_from_elsewhere(&self, args: &ListenArgs, post: &Post) -> bool {
        let probed = !args.nonce || !self.probes.is_empty();
        let all = self.genuine.len() >= post.enough && self.listed.len() < post.enough;
        all && probed && post.deliveries && !args.deliver
    }

    pub(super) fn rows(&self, stood: &Stood<'_>) -> Vec<Row> {
        let Stood { args, cx, post, lasted, tally, .. } = *stood;
        let mut rows = Vec::new();
        // With --deliver the secret is that of an endpoint of its own.
        rows.extend(self.secrets(&cx.settings, lasted).filter(|_| !args.deliver));
        if args.nonce {
            let outcome = arrives::heard(&self.probes, lasted);
            rows.push(row(&arrives::SPEC, &post.first().url, true, self.with_turned(outcome, tally), lasted));
        }
        rows.extend(post.webhook.as_ref().map(|target| self.webhooks(target, stood)));
        if let Some(target) = &post.actions {
            let arrivals = actions_delivered::Arrivals {
                url: &target.url,
                actions: &of(&self.deliveries, Purpose::Action),
                astray: &of(&self.astray, Purpose::Action),
                lasted,
                secret: &HeldTo::actions_secret(&cx.settings),
            };
            let outcome = actions_delivered::judge(&arrivals);
            // Where both are stood at, webhooks are what is waited for.
            let alone = post.webhook.is_none();
            let outcome = if alone { self.with_turned(outcome, tally) } else { outcome };
            rows.push(row(&actions_delivered::SPEC, &target.url, alone && post.deliveries, outcome, lasted));
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
        let row = Row { subject: None, ..row(&consistent::SPEC, "", true, outcome, lasted) };
        (!row.findings.is_empty()).then_some(row)
    }

    fn webhooks(&self, webhook: &Target, stood: &Stood<'_>) -> Row {
        let Stood { args, cx, post, lasted, ending, tally } = *stood;
        let webhooks = of(&self.deliveries, Purpose::Webhook);
        let secret = HeldTo::webhook_secret(&cx.settings);
        let caused = match &ending.caused {
            Some(Ok(what)) => Some(match &ending.listed {
                Listed::As(event) => format!("{what}, and lists it as {event}"),
                Listed::No | Listed::Unknown => what.clone(),
            }),
            _ => None,
        };
        let arrivals = Arrivals {
            url: &webhook.url,
            deliveries: &webhooks,
            lasted,
            caused: caused.as_deref(),
            unlisted: ending.listed == Listed::No,
            from_all: args.expect_all,
            wanted: if post.enough == usize::MAX { 1 } else { post.enough },
            astray: &of(&self.astray, Purpose::Webhook),
            turned: &tally.telling(),
            secret: &secret,
        };
        let outcome = match &ending.caused {
            Some(Err(why)) if webhooks.is_empty() && arrivals.astray.is_empty() => {
                Outcome::graded(Grade::Declared).because(delivered::not_caused(why))
            }
            _ => delivered::judge(&arrivals, &cx.facts),
        };
        let outcome = ending.noted(self.with_turned(outcome, tally));
        row(&delivered::SPEC, &webhook.url, post.deliveries, outcome, lasted)
    }

    /// What was turned away, as evidence: it may be what one waits for, in another shape.
    fn with_turned(&self, mut outcome: Outcome, tally: &Tally) -> Outcome {
        for (why, count) in tally.by_reason() {
            let what = if why.is_health_check() { "looked in" } else { "turned away" };
            outcome.saw(what, format!("{count} {}", why.in_words()));
        }
        if self.more > 0 {
            outcome.saw("not kept", format!("{} more requests", self.more));
        }
        outcome
    }
}

fn of(deliveries: &[Delivery], purpose: Purpose) -> Vec<Delivery> {
    deliveries.iter().filter(|delivery| delivery.purpose == purpose).cloned().collect()
}

fn row(spec: &'static Spec, url: &str, required: bool, outcome: Outcome, took: Duration) -> Row {
    let group = checks::specs().find(|(_, known)| known.id == spec.id).map(|(group, _)| group);
    let empty = Row {
        spec,
        group: group.unwrap_or(&checks::GROUPS[0]),
        required,
        subject: Some(shown_url(url)),
        status: Status::Unknown,
        reason: None,
        not_applicable: false,
        cause: None,
        findings: Vec::new(),
        evidence: Vec::new(),
        grade: outcome.grade,
        via: None,
        attempts: 0,
        took,
        waived: None,
    };
    empty.ran(outcome, took)
}
