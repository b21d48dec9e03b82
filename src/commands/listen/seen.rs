//! What came while `listen` stood there, in bounded number, and what the report says of it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use super::post::{Post, Target};
use super::provocation::Listed;
use crate::check::{Grade, Outcome, Spec, Status};
use crate::checks::delivered::{self, Arrivals};
use crate::checks::{self, actions_delivered, arrives};
use crate::cli::ListenArgs;
use crate::context::Context;
use crate::facts::Facts;
use crate::inbound::Heard;
use crate::inbound::nonce::ProbeSeen;
use crate::net::special::special;
use crate::report::Row;
use crate::secret::Secret;
use crate::settings::Setting;
use crate::settings::values::shown_url;
use crate::workos::delivery::{Delivery, Purpose, Turned};

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
    /// What was turned away of listed addresses, and of those behind which WorkOS may be hidden.
    telling: Vec<(Turned, IpAddr)>,
    probes: Vec<ProbeSeen>,
    turned: BTreeMap<Turned, usize>,
    /// Deliveries beyond those that are kept.
    more: usize,
}

/// So many that are not genuine are kept, and so many that are.
const MOST_REFUSED: usize = 200;
const MOST_GENUINE: usize = 10_000;

/// Where a secret was read from, or where it would be.
fn source_of(secret: Option<&Setting<Secret>>, usual: &str) -> String {
    secret.map_or_else(|| usual.to_owned(), |secret| secret.source.to_string())
}

impl Seen {
    pub(super) fn take(&mut self, heard: Heard, facts: &Facts) {
        match heard {
            Heard::Delivery(delivery) => self.take_delivery(*delivery),
            Heard::Probe(probe) if self.probes.len() < MOST_REFUSED => self.probes.push(probe),
            Heard::Probe(_) => {}
            Heard::Turned(why, source) => {
                *self.turned.entry(why).or_default() += 1;
                let origin = facts.origin(source);
                let tells = origin.is_workos() || special(source).is_some();
                if self.telling.len() < MOST_REFUSED && tells && why != Turned::OwnCheck {
                    self.telling.push((why, source));
                }
            }
        }
    }

    fn take_delivery(&mut self, delivery: Delivery) {
        let id = |delivery: &Delivery| delivery.event.as_ref().and_then(|event| event.id.clone());
        let genuine = delivery.is_genuine() && delivery.purpose == Purpose::Webhook;
        // Those of WorkOS's addresses have a room of their own, which scanners cannot fill.
        let alike = |kept: &&Delivery| !kept.is_genuine() && kept.origin.is_workos() == delivery.origin.is_workos();
        let refused = self.deliveries.iter().filter(alike).count();
        if genuine {
            // WorkOS delivers again what is answered 503; what has no id counts each time.
            let id = id(&delivery).unwrap_or_else(|| format!("unnamed {}", self.deliveries.len() + self.more));
            if delivery.origin.is_workos() {
                self.listed.insert(id.clone());
            }
            self.genuine.insert(id);
        }
        let room = if genuine { self.deliveries.len() < MOST_GENUINE } else { refused < MOST_REFUSED };
        if room {
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

    pub(super) fn rows(
        &self,
        args: &ListenArgs,
        cx: &Context,
        post: &Post,
        lasted: Duration,
        ending: &Ending,
    ) -> Vec<Row> {
        let mut rows = Vec::new();
        if args.nonce {
            let outcome = arrives::heard(&self.probes, lasted);
            rows.push(row(&arrives::SPEC, &post.first().url, true, self.with_turned(outcome), lasted));
        }
        rows.extend(post.webhook.as_ref().map(|target| self.webhooks(target, args, cx, post, lasted, ending)));
        if let Some(target) = &post.actions {
            let arrivals = actions_delivered::Arrivals {
                url: &target.url,
                actions: &self.of(Purpose::Action),
                lasted,
                secret: &source_of(cx.settings.actions_secret.as_ref(), "WORKOS_ACTIONS_SECRET"),
            };
            let outcome = actions_delivered::judge(&arrivals);
            // Where both are stood at, webhooks are what is waited for.
            let alone = post.webhook.is_none();
            let outcome = if alone { self.with_turned(outcome) } else { outcome };
            rows.push(row(&actions_delivered::SPEC, &target.url, alone && post.deliveries, outcome, lasted));
        }
        rows
    }

    fn of(&self, purpose: Purpose) -> Vec<Delivery> {
        self.deliveries.iter().filter(|delivery| delivery.purpose == purpose).cloned().collect()
    }

    fn webhooks(
        &self,
        webhook: &Target,
        args: &ListenArgs,
        cx: &Context,
        post: &Post,
        lasted: Duration,
        ending: &Ending,
    ) -> Row {
        let webhooks = self.of(Purpose::Webhook);
        let secret = source_of(cx.settings.webhook_secret.as_ref(), "WORKOS_WEBHOOK_SECRET");
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
            turned: &self.telling,
            secret: &secret,
        };
        let outcome = match &ending.caused {
            Some(Err(why)) if webhooks.is_empty() => {
                Outcome::graded(Grade::Declared).because(delivered::not_caused(why))
            }
            _ => delivered::judge(&arrivals, &cx.facts),
        };
        let outcome = ending.noted(self.with_turned(outcome));
        row(&delivered::SPEC, &webhook.url, post.deliveries, outcome, lasted)
    }

    /// What was turned away, as evidence: it may be what one waits for, in another shape.
    fn with_turned(&self, mut outcome: Outcome) -> Outcome {
        for (why, count) in &self.turned {
            outcome.saw("turned away", format!("{count} {}", why.in_words()));
        }
        if self.more > 0 {
            outcome.saw("not kept", format!("{} more requests", self.more));
        }
        outcome
    }
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
