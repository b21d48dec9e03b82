//! What a report says of requests from `WorkOS`: whether they are known to arrive.

use super::{Report, Row};
use crate::outcome::{Grade, Status};
use crate::settings::Strategy;

/// Whether requests from `WorkOS` are known to arrive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Inbound {
    /// A genuine delivery from `WorkOS` was seen to arrive.
    Proved,
    /// None was. A run that looks from one side cannot tell by itself.
    NotProved,
    /// Nothing in the plan needs `WorkOS` to reach the installation.
    NotApplicable,
}

impl Report {
    /// What the strongest evidence of the run says of the way in: only a signed round trip that the vendor started proves it.
    pub fn inbound(&self) -> Inbound {
        if self.rows.iter().any(proves) {
            return Inbound::Proved;
        }
        let of = |group: &'static str| self.rows.iter().filter(move |row| row.group() == group);
        let planned = of("ingress").chain(of("webhook")).next().is_some();
        let called_for = of("ingress").any(|row| !row.is_not_applicable());
        if !planned || (self.head.strategy == Strategy::Events && !called_for) {
            Inbound::NotApplicable
        } else {
            Inbound::NotProved
        }
    }
}

/// Short of a failure, what is said beside a proof is about the source, or that more was wanted; the signature was right.
fn proves(row: &Row) -> bool {
    row.grade() == Some(Grade::Proved) && row.status() != Status::Fail
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reporters::fixture;

    #[test]
    fn inbound_is_proved_only_by_a_delivery() {
        assert_eq!(fixture::healthy().inbound(), Inbound::NotProved);
        assert_eq!(fixture::delivered().inbound(), Inbound::Proved);
    }

    #[test]
    fn a_delivery_that_fails_proves_nothing_whatever_its_grade() {
        assert_eq!(fixture::delivered_and_refused().inbound(), Inbound::NotProved);
    }

    #[test]
    fn inbound_does_not_apply_where_nothing_needs_to_come_in() {
        let mut outbound_only = fixture::healthy();
        outbound_only.rows.retain(|row| row.group() == "egress");
        let mut events = fixture::healthy();
        events.head.strategy = Strategy::Events;
        events.rows.retain(|row| row.group() != "ingress" || row.is_not_applicable());

        assert_eq!(outbound_only.inbound(), Inbound::NotApplicable);
        assert_eq!(events.inbound(), Inbound::NotApplicable);
    }

    #[test]
    fn an_installation_that_fetches_events_and_has_a_name_is_not_proved() {
        let mut named = fixture::healthy();
        named.head.strategy = Strategy::Events;

        assert_eq!(named.inbound(), Inbound::NotProved);
    }
}
