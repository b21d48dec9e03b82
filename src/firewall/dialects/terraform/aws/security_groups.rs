//! Security groups, with rules in their blocks and rules that are resources of their own.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::super::document::{Resource, instance};
use super::super::view::View;
use super::{KINDS, MOST_OWNERS, Owner, Owners, Reading, name_tag, traffic_in_words, traffic_of};
use crate::firewall::dialects::aws::Traffic;
use crate::firewall::dialects::aws::groups::{self, Group, GroupRule, Peer, words};
use crate::firewall::rules::{Condition, Match, NoteKind, Place, Way};

impl Reading<'_, '_> {
    pub(super) fn groups(&mut self) -> Vec<Group> {
        let resources = self.of(&["aws_security_group", "aws_default_security_group"]);
        let owners = Owners::of(&resources);
        let mut deleted: HashMap<&str, Vec<Resource>> = HashMap::new();
        for resource in self.document.deleted.iter().filter(|it| KINDS.contains(&it.kind)) {
            if let Some(id) = resource.values.text("security_group_id") {
                deleted.entry(id).or_default().push(*resource);
            }
        }
        let mut groups: Vec<Group> = Vec::new();
        for resource in &resources {
            let deleted = resource.values.text("id").and_then(|id| deleted.get(id)).map_or(&[][..], Vec::as_slice);
            let group = self.group(*resource, deleted);
            groups.push(group);
        }
        let mut foreign: BTreeMap<String, usize> = BTreeMap::new();
        for resource in self.of(&[
            "aws_security_group_rule",
            "aws_vpc_security_group_ingress_rule",
            "aws_vpc_security_group_egress_rule",
        ]) {
            let owner = match self.owner(resource, "security_group_id", &owners) {
                Owner::Unknown => self.by_its_module(resource, &resources, &owners),
                Owner::OneOf(all) if all.len() > MOST_OWNERS => Owner::Unknown,
                owner => owner,
            };
            let mut read = self.apart(resource, &name_of(&owner, &resources));
            match owner {
                Owner::One(at) => groups[at].rules.append(&mut read),
                Owner::OneOf(all) => {
                    for at in all {
                        let belongs =
                            Condition::holds(format!("{} belongs to {}", resource.address, groups[at].called()));
                        let on = |when: &Match| when.clone().on(belongs.clone());
                        groups[at].rules.extend(
                            read.iter()
                                .map(|rule| GroupRule { when: rule.when.iter().map(on).collect(), ..rule.clone() }),
                        );
                    }
                }
                Owner::Foreign(id) => {
                    let at = *foreign.entry(id).or_insert_with_key(|id| {
                        groups.push(self.foreign(id, resource.address));
                        groups.len() - 1
                    });
                    groups[at].rules.append(&mut read);
                }
                Owner::Unknown => {
                    let mut group = self.foreign(&format!("the group of {}", resource.address), resource.address);
                    group.rules.append(&mut read);
                    groups.push(group);
                }
            }
        }
        groups
    }

    /// Whose a rule is of which nothing is said that can be followed. The plan does not say what a local value is; a group whose id
    /// is not known is one that the plan makes, and where a module makes one alone and goes by a local value, it is that.
    fn by_its_module(&mut self, resource: Resource, all: &[Resource], owners: &Owners) -> Owner {
        let near = owners.made_in.get(instance(resource.address)).map_or(&[][..], Vec::as_slice);
        if let ([at], true) = (near, self.document.is_local(resource.address, "security_group_id")) {
            let group = all.get(*at).map_or("", |group| group.address);
            let what = format!("its group is a local value, taken to be {group}, the only one that its module makes");
            self.rules.note(NoteKind::Assumed, &Place::new(self.file, 0, resource.address, ""), what);
            return Owner::One(*at);
        }
        // The only group there is may be the one.
        if all.len() == 1 { Owner::OneOf(vec![0]) } else { Owner::Unknown }
    }

    /// A group that is not in the plan: other rules of it are not, either.
    fn foreign(&mut self, id: &str, address: &str) -> Group {
        let place = Place::new(self.file, 0, id, address);
        let what = format!(
            "{id} is not in this plan, only rules for it are: what else it lets pass stays unsure; export the group too"
        );
        self.rules.note(NoteKind::Undefined, &place, what);
        let mut group = Group::new(id, None, place.clone());
        for way in [Way::In, Way::Out] {
            let other = Condition::holds(format!("{id} has another rule that lets it pass, {}", words(way)));
            group.rules.push(GroupRule {
                way,
                place: place.clone(),
                when: vec![Match::any().on(other)],
                unclear: None,
            });
        }
        group
    }

    fn group(&mut self, resource: Resource, deleted: &[Resource]) -> Group {
        let values = resource.values;
        let place = self.place(resource.address.to_owned(), values);
        let mut group = Group::new(resource.address, values.text("name"), place.clone());
        group.names.extend(values.text("id").map(ToOwned::to_owned));
        group.names.extend(name_tag(values));
        for (key, way) in [("ingress", Way::In), ("egress", Way::Out)] {
            match values.items(key) {
                Some(blocks) => {
                    let gone = if self.document.sets(resource.address, key) == Some(false) {
                        self.gone(way, deleted)
                    } else {
                        HashSet::new()
                    };
                    for block in blocks {
                        let mut read = self.inline(way, block, resource.address);
                        read.retain(|rule| rule.when.is_empty() || !rule.when.iter().all(|when| gone.contains(when)));
                        group.rules.append(&mut read);
                    }
                }
                // What is not written is only known after it is applied, too: what stands in resources of their own.
                None if self.document.sets(resource.address, key) == Some(false) => {}
                None => {
                    let what = format!(
                        "a rule among `{key}` of {}, known after it is applied, lets it pass",
                        resource.address
                    );
                    let when = vec![Match::any().on(Condition::holds(what))];
                    group.rules.push(GroupRule { way, place: place.clone(), when, unclear: None });
                }
            }
        }
        group
    }

    /// What the rules match that go with this plan, while the state of their group still has them inline.
    fn gone(&mut self, way: Way, deleted: &[Resource]) -> HashSet<Match> {
        let notes = self.rules.notes.len();
        let mut gone = HashSet::new();
        for resource in deleted {
            let rules = self.apart(*resource, "its own group");
            gone.extend(rules.into_iter().filter(|rule| rule.way == way).flat_map(|rule| rule.when));
        }
        self.rules.notes.truncate(notes);
        gone
    }

    /// A block in a group: a rule for each peer.
    fn inline(&mut self, way: Way, block: View, group: &str) -> Vec<GroupRule> {
        let traffic = traffic_of(block, "protocol");
        let name = format!("{} {} of {group}", words(way), traffic_in_words(block, "protocol"));
        self.peers(way, block, &traffic, &name, group, None)
    }

    /// A rule that is a resource of its own.
    fn apart(&mut self, resource: Resource, group: &str) -> Vec<GroupRule> {
        let values = resource.values;
        let (key, ways) = match resource.kind {
            "aws_vpc_security_group_ingress_rule" => ("ip_protocol", vec![Way::In]),
            "aws_vpc_security_group_egress_rule" => ("ip_protocol", vec![Way::Out]),
            _ => match values.text("type") {
                Some("ingress") => ("protocol", vec![Way::In]),
                Some("egress") => ("protocol", vec![Way::Out]),
                _ => ("protocol", vec![Way::In, Way::Out]),
            },
        };
        let mut traffic = traffic_of(values, key);
        if ways.len() > 1 {
            traffic = Traffic::unclear(traffic.matches, "does not say whether it is ingress or egress");
        }
        let name = format!("{} ({})", resource.address, traffic_in_words(values, key));
        let mut read = Vec::new();
        for way in ways {
            let of_way = self.peers(way, values, &traffic, &name, group, Some(resource.address));
            if of_way.is_empty() {
                let place = self.place(name.clone(), values);
                let peer = Peer::Unclear("names no peer");
                read.push(groups::rule(self.rules, &mut self.lists, way, place, &traffic, peer));
            }
            read.extend(of_way);
        }
        read
    }

    /// A rule for each peer that these values name. What is written is looked up under an address, where it has one.
    fn peers(
        &mut self,
        way: Way,
        values: View,
        traffic: &Traffic,
        name: &str,
        group: &str,
        address: Option<&str>,
    ) -> Vec<GroupRule> {
        let place = self.place(name.to_owned(), values);
        let mut whoever: Vec<String> = Vec::new();
        let mut refers: Vec<(&Kind, String)> = Vec::new();
        let mut peers: Vec<Peer> = Vec::new();
        for (key, kind) in PEERS {
            let words = values.words(key);
            peers.extend(words.known.iter().map(|word| match kind {
                Kind::Network => Peer::Network(word),
                Kind::List => Peer::PrefixList(word),
                Kind::Group => Peer::Group(word),
            }));
            if words.more {
                match address.and_then(|address| self.document.refers_to(address, key)) {
                    Some(one) if !matches!(kind, Kind::Network) => refers.push((kind, one)),
                    _ => whoever.push(format!("`{key}` of {name}, known after it is applied, holds the address")),
                }
            }
        }
        if values.is_true("self") {
            peers.push(Peer::Group(group));
        }
        if values.is_unknown("self") {
            whoever.push(format!(
                "`self` of {name}, known after it is applied, is true, and the peer is a member of {group}"
            ));
        }
        let strangers: Vec<String> =
            values.strangers(ARGUMENTS).into_iter().map(|key| format!("`{key}` is not understood")).collect();
        peers.extend(refers.iter().map(|(kind, one)| match kind {
            Kind::List => Peer::PrefixList(one),
            Kind::Network | Kind::Group => Peer::Group(one),
        }));
        peers.extend(whoever.iter().map(|whoever| Peer::Whoever(whoever)));
        peers.extend(strangers.iter().map(|why| Peer::Unclear(why)));
        peers
            .into_iter()
            .map(|peer| groups::rule(self.rules, &mut self.lists, way, place.clone(), traffic, peer))
            .collect()
    }
}

enum Kind {
    Network,
    List,
    Group,
}

/// Where the peers of a rule stand, in a block and in either kind of resource.
const PEERS: &[(&str, Kind)] = &[
    ("cidr_blocks", Kind::Network),
    ("ipv6_cidr_blocks", Kind::Network),
    ("cidr_ipv4", Kind::Network),
    ("cidr_ipv6", Kind::Network),
    ("prefix_list_ids", Kind::List),
    ("prefix_list_id", Kind::List),
    ("security_groups", Kind::Group),
    ("source_security_group_id", Kind::Group),
    ("referenced_security_group_id", Kind::Group),
];

/// What rules have besides, in a block and in either kind of resource.
const ARGUMENTS: &[&str] = &[
    "arn",
    "cidr_blocks",
    "cidr_ipv4",
    "cidr_ipv6",
    "description",
    "from_port",
    "id",
    "ip_protocol",
    "ipv6_cidr_blocks",
    "prefix_list_id",
    "prefix_list_ids",
    "protocol",
    "referenced_security_group_id",
    "region",
    "security_group_id",
    "security_group_rule_id",
    "security_groups",
    "self",
    "source_security_group_id",
    "tags",
    "tags_all",
    "timeouts",
    "to_port",
    "type",
];

fn name_of(owner: &Owner, all: &[Resource]) -> String {
    match owner {
        Owner::One(at) => all[*at].address.to_owned(),
        Owner::Foreign(id) => id.clone(),
        Owner::OneOf(_) | Owner::Unknown => "its own group".to_owned(),
    }
}
