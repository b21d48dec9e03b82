//! Network ACLs, and their entries where those are resources of their own.

use super::super::document::Resource;
use super::super::view::{Field, View};
use super::{MOST_OWNERS, Owner, Owners, Reading, name_tag, traffic_of};
use crate::firewall::dialects::aws::acls::{Acl, AclEntry};
use crate::firewall::dialects::aws::groups::words;
use crate::firewall::dialects::aws::traffic;
use crate::firewall::dialects::entry;
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{Match, NoteKind, Place, Way};

impl Reading<'_, '_> {
    pub(super) fn acls(&mut self) -> Vec<Acl> {
        let resources = self.of(&["aws_network_acl", "aws_default_network_acl"]);
        let owners = Owners::of(&resources);
        let mut any_unknown = false;
        let mut acls: Vec<Acl> = Vec::new();
        for resource in &resources {
            let acl = self.acl(*resource);
            acls.push(acl);
        }
        for resource in self.of(&["aws_network_acl_rule"]) {
            let values = resource.values;
            let way = match values.get("egress") {
                Field::Known(view) if view.value() == true => Some(Way::Out),
                Field::Known(view) if view.value() == false => Some(Way::In),
                Field::Nothing => Some(Way::In),
                _ => None,
            };
            let entry = |reading: &mut Self, way| {
                reading.acl_entry(way, values, resource.address, ("rule_number", "rule_action"))
            };
            let mut read = match way {
                Some(way) => vec![entry(self, way)],
                None => [Way::In, Way::Out].map(|way| entry(self, way)).into(),
            };
            if way.is_none() {
                for entry in &mut read {
                    entry.passes = Err("does not say whether it is egress".to_owned());
                }
            }
            let why = format!("nobody knows which network ACL {} belongs to", resource.address);
            match self.owner(resource, "network_acl_id", &owners) {
                Owner::One(at) => {
                    acls[at].entries.append(&mut read);
                    continue;
                }
                Owner::OneOf(all) if all.len() <= MOST_OWNERS => {
                    for at in all {
                        let unsure = |entry: &AclEntry| AclEntry { passes: Err(why.clone()), ..entry.clone() };
                        acls[at].entries.extend(read.iter().map(unsure));
                    }
                }
                _ => any_unknown = true,
            }
            self.rules.note(NoteKind::NotUnderstood, &Place::new(self.file, 0, resource.address, ""), why);
        }
        // Such entries may stand first in any of them.
        for acl in acls.iter_mut().filter(|_| any_unknown) {
            let place = acl.place.clone();
            acl.entries.extend(
                [Way::In, Way::Out].map(|way| unclear(way, &place, "nobody knows which entries it has besides")),
            );
        }
        acls
    }

    fn acl(&mut self, resource: Resource) -> Acl {
        let values = resource.values;
        let place = self.place(resource.address.to_owned(), values);
        let mut entries = Vec::new();
        for (key, way) in [("ingress", Way::In), ("egress", Way::Out)] {
            let Some(blocks) = values.items(key) else {
                if self.document.sets(resource.address, key) != Some(false) {
                    let why = format!("`{key}` of {} is known after it is applied", resource.address);
                    entries.push(unclear(way, &place, &why));
                }
                continue;
            };
            for block in blocks {
                entries.push(self.acl_entry(way, block, resource.address, ("rule_no", "action")));
            }
        }
        Acl { id: resource.address.to_owned(), name: name_tag(values), subnets: None, place, entries }
    }

    fn acl_entry(&mut self, way: Way, values: View, of: &str, (number, action): (&str, &str)) -> AclEntry {
        let mut why = None;
        let number = values.number(number).unwrap_or_else(|unknown| {
            why = Some(unknown);
            None
        });
        let name = number.map_or_else(|| "an entry".to_owned(), |number| format!("entry {number}"));
        let place = self.place(format!("{name} of {of}, {}", words(way)), values);
        let mut meant = traffic_of(values, "protocol");
        if let (Ok(Some(kind)), Ok(code)) = (values.number("icmp_type"), values.number("icmp_code"))
            && values.text("protocol").is_some_and(|it| ["icmp", "1", "icmpv6", "58"].contains(&it))
        {
            meant = traffic(values.text("protocol").unwrap_or_default(), Some((kind, code.unwrap_or(-1))));
        }
        let networks: Vec<&str> = ["cidr_block", "ipv6_cidr_block"].iter().filter_map(|key| values.text(key)).collect();
        let mut peers = Ranges::all();
        let read = match networks.as_slice() {
            [network] => entry::entry(network).map_err(|oddity| oddity.what),
            _ => Err("names no network that is known, or two".to_owned()),
        };
        match read {
            Ok(entry) => peers = entry.noted(self.rules, &place),
            Err(unknown) => why = why.or(Some(unknown)),
        }
        why = why.or_else(|| values.strangers(ENTRY_ARGUMENTS).first().map(|key| format!("`{key}` is not understood")));
        let passes = match (why.or(meant.unclear), values.text(action)) {
            (Some(why), _) => Err(why),
            (None, Some(word)) if word.eq_ignore_ascii_case("allow") => Ok(true),
            (None, Some(word)) if word.eq_ignore_ascii_case("deny") => Ok(false),
            (None, _) => Err("neither allows nor denies".to_owned()),
        };
        AclEntry { way, number, traffic: meant.matches, peers, passes, place }
    }
}

/// Something of an ACL of which nothing is known, not even where it is in the order.
fn unclear(way: Way, place: &Place, why: &str) -> AclEntry {
    let (traffic, peers) = (Match::any(), Ranges::all());
    AclEntry { way, number: None, traffic, peers, passes: Err(why.to_owned()), place: place.clone() }
}

/// What entries of ACLs have.
const ENTRY_ARGUMENTS: &[&str] = &[
    "action",
    "cidr_block",
    "egress",
    "from_port",
    "icmp_code",
    "icmp_type",
    "id",
    "ipv6_cidr_block",
    "network_acl_id",
    "protocol",
    "region",
    "rule_action",
    "rule_no",
    "rule_number",
    "to_port",
];
