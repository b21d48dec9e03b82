//! What the writers for a host's own firewall have in common: one end of every flow is the host, the other is an object with
//! addresses of either family.

use ipnet::IpNet;

use super::Request;
use super::edge::writing::{Taken, harmless, own_name};
use crate::firewall::addresses::{Family, as_networks, networks};
use crate::firewall::{Direction, Flow, Party};

/// What is to be written.
pub(super) struct Plan<'a> {
    /// The objects, each once, in the order in which the flows first speak of them.
    pub objects: Vec<Object>,
    /// The flows.
    pub flows: Vec<Planned<'a>>,
}

/// Addresses under a name.
pub(super) struct Object {
    /// Its name, in letters, digits and hyphens, short enough to be followed by `-v4`.
    pub name: String,
    /// Who it is, on one line.
    pub who: String,
    /// Its networks, none within another.
    pub networks: Vec<IpNet>,
}

/// A flow and the object at its other end.
pub(super) struct Planned<'a> {
    pub flow: &'a Flow,
    pub peer: usize,
}

/// Names of sets end at 31 characters in the kernel and in firewalld.
const LONGEST: usize = 28;

/// Sorts out what the flows need.
pub(super) fn plan(request: &Request) -> Plan<'_> {
    let (mut objects, mut flows): (Vec<Object>, Vec<Planned>) = (Vec::new(), Vec::new());
    let (mut known, mut taken): (Vec<&str>, Taken) = (Vec::new(), Taken::default());
    for flow in &request.flows {
        let party = peer(flow);
        let (object, who) = match party.within.filter(|_| !party.ranges.is_empty()) {
            Some(owner) => (owner.object, owner.who),
            None => (party.object.as_str(), party.who.as_str()),
        };
        let peer = known.iter().position(|name| *name == object).unwrap_or_else(|| {
            known.push(object);
            let name = own_name(object, LONGEST).replace(['_', '.'], "-");
            objects.push(Object {
                name: taken.free(&name, LONGEST),
                who: harmless(who),
                networks: as_networks(&networks(&party.ranges)),
            });
            objects.len() - 1
        });
        flows.push(Planned { flow, peer });
    }
    Plan { objects, flows }
}

impl Plan<'_> {
    /// The objects that nobody publishes addresses of, with the flows that need them.
    pub(super) fn blank(&self) -> Vec<(&Object, Vec<&str>)> {
        let needs = |at: usize| {
            self.flows.iter().filter(|planned| planned.peer == at).map(|planned| planned.flow.id.as_str()).collect()
        };
        let blank = self.objects.iter().enumerate().filter(|(_, object)| object.networks.is_empty());
        blank.map(|(at, object)| (object, needs(at))).collect()
    }

    /// The directions of the flows.
    pub(super) fn directions(&self) -> Vec<Direction> {
        let both = [Direction::Ingress, Direction::Egress];
        both.into_iter().filter(|way| self.flows.iter().any(|planned| planned.flow.direction == *way)).collect()
    }
}

impl Object {
    /// Its networks of one family.
    pub(super) fn of(&self, family: Family) -> impl Iterator<Item = &IpNet> {
        self.networks.iter().filter(move |net| Family::of(net.addr()) == family)
    }

    /// The families that it has, or can come to have.
    pub(super) fn families(&self) -> Vec<Family> {
        let blank = self.networks.is_empty();
        Family::BOTH.into_iter().filter(|family| blank || self.of(*family).next().is_some()).collect()
    }
}

/// The end that is not the host.
fn peer(flow: &Flow) -> &Party {
    if flow.direction == Direction::Egress { &flow.destination } else { &flow.source }
}

/// `v4` or `v6`.
pub(super) fn suffix(family: Family) -> &'static str {
    if family == Family::V4 { "v4" } else { "v6" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::firewall::fixture;

    #[test]
    fn an_object_is_named_once_and_one_without_addresses_is_told_apart() {
        let mut flows = fixture::flows();
        flows[0].destination.ranges.clear();
        let request = Request { flows, as_of: "2026-11-23".to_owned(), log: false };
        let plan = plan(&request);

        let names: Vec<&str> = plan.objects.iter().map(|object| object.name.as_str()).collect();
        assert_eq!(names, ["workos-resolvers", "workos-cloudflare", "workos-published", "workos-reported"]);
        assert_eq!(plan.flows[1].peer, plan.flows[4].peer, "the API is at Cloudflare, and Cloudflare comes in");
        let blank: Vec<_> = plan.blank().into_iter().map(|(object, flows)| (object.name.as_str(), flows)).collect();
        assert_eq!(blank, [("workos-resolvers", vec!["egress-dns"])]);
        assert_eq!(plan.objects[1].families(), Family::BOTH);
    }
}
