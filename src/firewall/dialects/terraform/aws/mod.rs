//! Security groups and network ACLs of AWS, as Terraform has them.

mod network_acls;
mod security_groups;

use std::collections::HashMap;

use super::document::{Document, Resource, bare, instance};
use super::view::{Field, View};
use crate::firewall::dialects::aws::acls::Acl;
use crate::firewall::dialects::aws::groups::Group;
use crate::firewall::dialects::aws::prefix_lists::{Entries, PrefixLists};
use crate::firewall::dialects::aws::{Traffic, traffic};
use crate::firewall::dialects::entry;
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{Match, Place, Rules};

/// Which of the resources are read here.
pub(super) const KINDS: &[&str] = &[
    "aws_security_group",
    "aws_default_security_group",
    "aws_security_group_rule",
    "aws_vpc_security_group_ingress_rule",
    "aws_vpc_security_group_egress_rule",
    "aws_network_acl",
    "aws_default_network_acl",
    "aws_network_acl_rule",
];

/// How the entries of a prefix list come into a plan.
const ADVICE: &str = "a data source `aws_ec2_managed_prefix_list` brings them into the plan";

/// The groups and ACLs of a plan.
pub(super) fn read(rules: &mut Rules, document: &Document, file: u16) -> (Vec<Group>, Vec<Acl>) {
    let mut reading = Reading { rules, document, file, lists: PrefixLists::of(ADVICE) };
    reading.prefix_lists();
    (reading.groups(), reading.acls())
}

struct Reading<'r, 'd> {
    rules: &'r mut Rules,
    document: &'d Document<'d>,
    file: u16,
    lists: PrefixLists,
}

/// To more than these no resource is said to belong perhaps.
const MOST_OWNERS: usize = 16;

/// To which thing a resource belongs.
enum Owner {
    /// To this one: its place among those that there are.
    One(usize),
    /// To one of these, nobody knows which.
    OneOf(Vec<usize>),
    /// To one that is not in the plan, by its id.
    Foreign(String),
    /// Nobody knows.
    Unknown,
}

/// Things that resources can belong to, by what those know of them.
struct Owners<'d> {
    by_id: HashMap<&'d str, usize>,
    /// By their addresses without indices.
    by_name: HashMap<String, Vec<(usize, &'d str)>>,
    /// Those that get their id only when the plan is applied, by the module that makes them.
    made_in: HashMap<&'d str, Vec<usize>>,
}

impl<'d> Owners<'d> {
    fn of(all: &[Resource<'d>]) -> Self {
        let mut owners = Owners { by_id: HashMap::new(), by_name: HashMap::new(), made_in: HashMap::new() };
        for (at, resource) in all.iter().enumerate() {
            owners.by_id.extend(resource.values.text("id").map(|id| (id, at)));
            if resource.values.is_unknown("id") {
                owners.made_in.entry(instance(resource.address)).or_default().push(at);
            }
            owners.by_name.entry(bare(resource.address)).or_default().push((at, resource.address));
        }
        owners
    }
}

impl<'d> Reading<'_, 'd> {
    fn of(&self, kinds: &[&str]) -> Vec<Resource<'d>> {
        self.document.resources.iter().filter(|it| kinds.contains(&it.kind) && !it.is_data).copied().collect()
    }

    fn place(&self, name: String, values: View) -> Place {
        Place::new(self.file, 0, name, &values.value().to_string())
    }

    /// Prefix lists that the plan makes, or looked up.
    fn prefix_lists(&mut self) {
        // Entries that are resources of their own, by the id or the address of their list.
        let mut apart: HashMap<String, Vec<Option<&str>>> = HashMap::new();
        for entry in self.of(&["aws_ec2_managed_prefix_list_entry"]) {
            let id = entry.values.text("prefix_list_id").map(ToOwned::to_owned);
            let list = id.or_else(|| self.document.refers_to(entry.address, "prefix_list_id")).unwrap_or_default();
            apart.entry(list).or_default().push(entry.values.text("cidr"));
        }
        let nowhere = apart.remove("").is_some();
        let lists = |it: &&Resource| it.kind == "aws_ec2_managed_prefix_list" || it.kind == "aws_prefix_list";
        let mut instances: HashMap<String, usize> = HashMap::new();
        for list in self.document.resources.iter().filter(lists) {
            *instances.entry(bare(list.address)).or_default() += 1;
        }
        for list in self.document.resources.iter().filter(lists) {
            let place = self.place(list.address.to_owned(), list.values);
            let of_gateway = list.values.words("cidr_blocks");
            let (mut networks, mut more) = (of_gateway.known, of_gateway.more || (nowhere && !list.is_data));
            // A resource has `entry`, a data source `entries`. Where none are written, they are resources of their own.
            for key in ["entry", "entries"] {
                match list.values.items(key) {
                    Some(items) => {
                        networks.extend(items.iter().filter_map(|item| item.text("cidr")));
                        more |= items.iter().any(|item| item.text("cidr").is_none());
                    }
                    None => more |= self.document.sets(list.address, key) != Some(false),
                }
            }
            // By its address it is known where it is the only one that has it.
            let address = Some(bare(list.address)).filter(|it| instances.get(it) == Some(&1));
            let names: Vec<String> = list.values.text("id").map(ToOwned::to_owned).into_iter().chain(address).collect();
            for entry in names.iter().filter_map(|name| apart.get(name)).flatten() {
                networks.extend(entry);
                more |= entry.is_none();
            }
            let mut addresses = Vec::new();
            for network in networks {
                match entry::entry(network) {
                    Ok(entry) => addresses.push(entry.noted(self.rules, &place)),
                    Err(oddity) => oddity.note(self.rules, &place),
                }
            }
            let entries = Entries { addresses: Ranges::any_of(&addresses), more, place };
            for name in names {
                self.lists.describe(&name, list.values.text("name"), list.values.text("address_family"));
                self.lists.hold(Some(&name), entries.clone());
            }
        }
    }

    /// To which of these a resource belongs: by its id, where that is known, and otherwise by what is written.
    fn owner(&self, resource: Resource, key: &str, all: &Owners) -> Owner {
        if let Some(id) = resource.values.text(key) {
            return all.by_id.get(id).map_or_else(|| Owner::Foreign(id.to_owned()), |at| Owner::One(*at));
        }
        // The better what is written fits, the better: this instance, one in this module, any of that name.
        let mut best = (0, Vec::new());
        for refers in self.document.refers(resource.address, key) {
            for (at, address) in all.by_name.get(&bare(&refers)).into_iter().flatten() {
                let fit = match () {
                    () if refers == *address => 3,
                    () if instance(&refers) == instance(address) => 2,
                    () => 1,
                };
                if fit > best.0 {
                    best = (fit, Vec::new());
                }
                if fit == best.0 && !best.1.contains(at) {
                    best.1.push(*at);
                }
            }
        }
        match best.1.as_slice() {
            [] => Owner::Unknown,
            [one] => Owner::One(*one),
            _ => Owner::OneOf(best.1),
        }
    }
}

fn name_tag(values: View) -> Option<String> {
    match values.get("tags") {
        Field::Known(tags) => tags.text("Name").map(ToOwned::to_owned),
        _ => None,
    }
}

fn traffic_of(values: View, protocol: &str) -> Traffic {
    let Some(word) = values.text(protocol) else {
        let why = if values.is_unknown(protocol) {
            "is of a protocol that is known after it is applied"
        } else {
            "names no protocol"
        };
        return Traffic::unclear(Match::any(), why);
    };
    match (values.number("from_port"), values.number("to_port")) {
        (Ok(Some(first)), Ok(Some(last))) => traffic(word, Some((first, last))),
        (Ok(None), Ok(None)) => traffic(word, None),
        (Err(why), _) | (_, Err(why)) => Traffic::unclear(traffic(word, None).matches, why),
        _ => Traffic::unclear(traffic(word, None).matches, "has one of `from_port` and `to_port` without the other"),
    }
}

fn traffic_in_words(values: View, protocol: &str) -> String {
    let ports = (values.number("from_port"), values.number("to_port"));
    match (values.text(protocol), ports) {
        (None, _) => "a protocol that is not known".to_owned(),
        (Some("-1" | "all"), _) => "every protocol".to_owned(),
        (Some(protocol), (Ok(Some(first)), Ok(Some(last)))) if first == last => format!("{protocol} {first}"),
        (Some(protocol), (Ok(Some(first)), Ok(Some(last)))) => format!("{protocol} {first}-{last}"),
        (Some(protocol), _) => protocol.to_owned(),
    }
}
