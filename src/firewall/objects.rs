//! The objects of a firewall that flows speak of: each named once, with its hosts and addresses.

use ipnet::IpNet;

use super::flow::{Flow, Party};

/// Hosts and addresses under a name, as firewalls have them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Object {
    /// Its name, by which flows refer to it.
    pub name: String,
    /// Who it is, in words.
    pub who: String,
    /// Its host names, for firewalls that go by name; one may begin with `*.`.
    pub hosts: Vec<String>,
    /// Its addresses. Empty where nobody publishes any, and where they lie within another object.
    pub ranges: Vec<IpNet>,
    /// The object in which its addresses lie and change, for firewalls that do not go by name.
    pub within: Option<String>,
}

/// The objects of these flows, in the order in which the flows first speak of them.
pub fn objects(flows: &[Flow]) -> Vec<Object> {
    let mut objects: Vec<Object> = Vec::new();
    for party in flows.iter().flat_map(|flow| [&flow.source, &flow.destination]) {
        let around = party.within.map(|owner| Object {
            name: owner.object.to_owned(),
            who: owner.who.to_owned(),
            hosts: Vec::new(),
            ranges: party.ranges.clone(),
            within: None,
        });
        for object in [Some(Object::from(party)), around].into_iter().flatten() {
            if objects.iter().all(|known| known.name != object.name) {
                objects.push(object);
            }
        }
    }
    objects
}

impl From<&Party> for Object {
    fn from(party: &Party) -> Self {
        Object {
            name: party.object.clone(),
            who: party.who.clone(),
            hosts: party.hosts.clone(),
            ranges: if party.within.is_some() { Vec::new() } else { party.ranges.clone() },
            within: party.within.map(|owner| owner.object.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::firewall::fixture;

    #[test]
    fn every_object_is_named_once_and_no_list_of_ranges_is_said_twice() {
        let flows = fixture::flows();
        let objects = objects(&flows);
        let named = |name: &str| -> Vec<&Object> { objects.iter().filter(|object| object.name == name).collect() };

        for party in flows.iter().flat_map(|flow| [&flow.source, &flow.destination]) {
            assert_eq!(named(&party.object).len(), 1, "{}", party.object);
        }
        let (api, around) = (named("workos-api")[0], named("cloudflare"));
        assert_eq!((api.hosts.as_slice(), api.ranges.len()), (["api.workos.com".to_owned()].as_slice(), 0));
        assert_eq!((api.within.as_deref(), around.len(), around[0].ranges.len()), (Some("cloudflare"), 1, 22));
        let lists = objects.iter().filter(|object| object.ranges.len() > 1);
        for (nth, object) in lists.clone().enumerate() {
            assert!(lists.clone().skip(nth + 1).all(|other| other.ranges != object.ranges), "{}", object.name);
        }
    }
}
