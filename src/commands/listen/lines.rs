//! One line for each thing that arrives, while it arrives. Nothing of a body but ids and the event's name is shown.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::SystemTime;

use crate::checks::delivered::{origin_in_words, refusal_in_words};
use crate::facts::Facts;
use crate::inbound::Heard;
use crate::inbound::nonce::ProbeSeen;
use crate::said::spoken;
use crate::said::time_of_day;
use crate::workos::delivery::{Delivery, Signature, TurnedAway};

/// Tells of what arrives; strangers only until it would be too much.
pub(super) struct Lines<'a> {
    facts: &'a Facts,
    strangers: usize,
    /// Addresses whose health checks were told of, once each.
    checking: BTreeSet<IpAddr>,
}

/// So many requests that WorkOS did not sign are told one by one.
const MOST_STRANGERS: usize = 20;

impl<'a> Lines<'a> {
    pub(super) fn new(facts: &'a Facts) -> Self {
        Lines { facts, strangers: 0, checking: BTreeSet::new() }
    }

    /// The line about something, if it is told.
    pub(super) fn of(&mut self, heard: &Heard) -> Option<String> {
        let is_stranger = match heard {
            Heard::Delivery(delivery) => !delivery.is_genuine() && !delivery.origin.is_workos(),
            Heard::Turned(away) => !self.facts.origin(away.source).is_workos(),
            Heard::Probe(_) => false,
        };
        if let Heard::Turned(away) = heard
            && is_stranger
            && away.why.is_health_check()
            && (self.checking.len() >= MOST_STRANGERS || !self.checking.insert(away.source))
        {
            return None;
        }
        if is_stranger {
            self.strangers += 1;
            if self.strangers > MOST_STRANGERS {
                let last = self.strangers == MOST_STRANGERS + 1;
                return last.then(|| "further requests that WorkOS did not sign are counted, and not told".to_owned());
            }
        }
        Some(match heard {
            Heard::Delivery(delivery) => arrived(delivery),
            Heard::Probe(probe) => probed(probe),
            Heard::Turned(away) => turned(away),
        })
    }
}

fn arrived(delivery: &Delivery) -> String {
    let about = delivery.event.as_ref().map_or_else(
        || format!("{} bytes that tell of no event", delivery.bytes),
        |event| format!("{} {}", event.name, event.id.as_deref().unwrap_or_default()).trim_end().to_owned(),
    );
    let signature = match &delivery.signature {
        Signature::Holds(verified) => format!("the signature holds ({} ms old)", verified.age),
        Signature::Refused(why) => format!("the signature {}", refusal_in_words(why)),
        Signature::Unchecked => "the signature is not checked: no secret is given".to_owned(),
    };
    let astray = delivery.astray.as_ref().map_or_else(String::new, |path| format!(" at another path, {path}"));
    let chain = if delivery.chain.is_empty() { String::new() } else { format!(" [{}]", delivery.chain) };
    format!(
        "{}  {} from {} ({}){chain}{astray}: {about}; {signature}; answered {} in {}",
        time_of_day(delivery.at),
        delivery.purpose.in_words(),
        delivery.source,
        origin_in_words(delivery.origin),
        delivery.answered,
        spoken(delivery.took),
    )
}

fn probed(probe: &ProbeSeen) -> String {
    let traced = &probe.traced;
    let chain = if traced.told.is_empty() { String::new() } else { format!(" [{}]", traced.told) };
    format!("{}  probe from {}{chain}: it knows the nonce", time_of_day(SystemTime::now()), traced.source)
}

fn turned(away: &TurnedAway) -> String {
    let path = away.path.as_ref().map_or_else(String::new, |path| format!(" ({path})"));
    let (time, source, words) = (time_of_day(SystemTime::now()), away.source, away.why.in_words());
    if away.why.is_health_check() {
        return format!("{time}  a connection from {source} {words}; further ones of it are counted, and not told");
    }
    format!("{time}  turned away: a connection from {source} {words}{path}")
}
