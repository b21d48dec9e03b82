//! The permissions of a security group, and its rules where they stand by themselves.

use serde_json::Value;

use super::super::groups::{self, Group, GroupRule, Peer, called, words};
use super::super::prefix_lists::PrefixLists;
use super::fields::{Object, name_tag, numbers, strange, strangers, text, traffic_in_words, traffic_of};
use crate::firewall::rules::{Match, Place, Rules, Way};

/// Reads groups and rules out of a file.
pub(super) struct GroupReader<'a> {
    pub(super) rules: &'a mut Rules,
    pub(super) lists: &'a mut PrefixLists,
    pub(super) file: u16,
}

impl GroupReader<'_> {
    /// A group with its permissions.
    pub(super) fn group(&mut self, value: &Value) -> Group {
        let id = text(value, "GroupId").or_else(|| text(value, "GroupName")).unwrap_or("the security group");
        let name = text(value, "GroupName");
        let place = Place::new(self.file, 0, called(id, name), text(value, "Description").unwrap_or_default());
        let mut group = Group::new(id, name, place.clone());
        group.names.extend(name_tag(value));
        let object = value.as_object();
        if let Some(object) = object {
            strange(self.rules, &place, object, GROUP);
        }
        for (key, way) in [("IpPermissions", Way::In), ("IpPermissionsEgress", Way::Out)] {
            match object.and_then(|object| object.get(key)) {
                Some(Value::Array(permissions)) => {
                    for permission in permissions {
                        let read = self.permission(&group.called(), way, permission);
                        group.rules.extend(read);
                    }
                }
                other => {
                    let says = if other.is_some() { "has no list in" } else { "says nothing of" };
                    group.rules.push(GroupRule {
                        way,
                        place: place.clone(),
                        when: vec![Match::any()],
                        unclear: Some(format!("{} {says} `{key}`", group.called())),
                    });
                }
            }
        }
        group
    }

    /// A permission is a rule for each peer that it names.
    fn permission(&mut self, group: &str, way: Way, value: &Value) -> Vec<GroupRule> {
        let of_group = format!("of {group}");
        let whole = Place::new(self.file, 0, format!("{} {of_group}", words(way)), &value.to_string());
        let Some(object) = value.as_object() else {
            let unclear = Some("is no permission".to_owned());
            return vec![GroupRule { way, place: whole, when: vec![Match::any()], unclear }];
        };
        let traffic = traffic_of(object, numbers(object, "FromPort", "ToPort"), "IpProtocol");
        let (said, side) = (traffic_in_words(object), if way == Way::Out { "to" } else { "from" });
        let mut read = Vec::new();
        for (kind, id) in PEERS {
            let Some(list) = object.get(*kind).filter(|list| !list.is_null()) else { continue };
            let Some(items) = list.as_array() else {
                let why = format!("`{kind}` is no list");
                read.push(groups::rule(self.rules, self.lists, way, whole.clone(), &traffic, Peer::Unclear(&why)));
                continue;
            };
            for item in items {
                let peer = text(item, id).or_else(|| text(item, "GroupName").filter(|_| *id == "GroupId"));
                let name = format!("{} {said} {side} {} {of_group}", words(way), peer.unwrap_or("an unknown peer"));
                let place = Place::new(self.file, 0, name, &quoted(object, kind, item));
                let why;
                let known = item.as_object().is_some_and(|item| strangers(item, ITEM).all(|key| key == *id));
                let peer = match peer {
                    Some(peer) if known => peer_of(id, peer),
                    _ => {
                        why = format!("`{item}` among `{kind}` is not understood");
                        Peer::Unclear(&why)
                    }
                };
                read.push(groups::rule(self.rules, self.lists, way, place, &traffic, peer));
            }
        }
        for key in strangers(object, PERMISSION) {
            let why = format!("`{key}` is not understood");
            read.push(groups::rule(self.rules, self.lists, way, whole.clone(), &traffic, Peer::Unclear(&why)));
        }
        read
    }

    /// A rule that stands by itself, and the id of its group.
    pub(super) fn apart(&mut self, value: &Value) -> (String, Vec<GroupRule>) {
        let group = text(value, "GroupId").unwrap_or("the security group").to_owned();
        let name = text(value, "SecurityGroupRuleId").unwrap_or("a rule");
        let ways = match value.get("IsEgress").and_then(Value::as_bool) {
            Some(true) => vec![Way::Out],
            Some(false) => vec![Way::In],
            None => vec![Way::In, Way::Out],
        };
        let empty = Object::new();
        let object = value.as_object().unwrap_or(&empty);
        let traffic = traffic_of(object, numbers(object, "FromPort", "ToPort"), "IpProtocol");
        let referred = object.get("ReferencedGroupInfo").and_then(|group| text(group, "GroupId"));
        let peers: Vec<Peer> = ["CidrIpv4", "CidrIpv6", "PrefixListId"]
            .iter()
            .filter_map(|key| text(value, key).filter(|text| !text.is_empty()).map(|text| peer_of(key, text)))
            .chain(referred.map(Peer::Group))
            .collect();
        let unknown = strangers(object, RULE).map(|key| format!("`{key}` is not understood")).next();
        let way_unknown = (ways.len() > 1).then(|| "does not say whether it is egress".to_owned());
        let several = (peers.len() != 1).then(|| "names no peer, or more than one".to_owned());
        let why = unknown.or(way_unknown).or(several);
        let peer = match (&why, peers.as_slice()) {
            (Some(why), _) => Peer::Unclear(why),
            (None, [peer]) => *peer,
            (None, _) => Peer::Unclear("names no peer, or more than one"),
        };
        let mut read = Vec::new();
        for way in ways {
            let name = format!("{name} ({} {} of {group})", words(way), traffic_in_words(object));
            let place = Place::new(self.file, 0, name, &value.to_string());
            read.push(groups::rule(self.rules, self.lists, way, place, &traffic, peer));
        }
        (group, read)
    }
}

const GROUP: &[&str] = &[
    "Description",
    "GroupId",
    "GroupName",
    "IpPermissions",
    "IpPermissionsEgress",
    "OwnerId",
    "SecurityGroupArn",
    "Tags",
    "VpcId",
];
const PERMISSION: &[&str] =
    &["FromPort", "IpProtocol", "IpRanges", "Ipv6Ranges", "PrefixListIds", "ToPort", "UserIdGroupPairs"];
/// Where the peers of a permission stand, and what says who each is.
const PEERS: &[(&str, &str)] = &[
    ("IpRanges", "CidrIp"),
    ("Ipv6Ranges", "CidrIpv6"),
    ("PrefixListIds", "PrefixListId"),
    ("UserIdGroupPairs", "GroupId"),
];
const ITEM: &[&str] = &["Description", "GroupName", "PeeringStatus", "UserId", "VpcId", "VpcPeeringConnectionId"];
const RULE: &[&str] = &[
    "CidrIpv4",
    "CidrIpv6",
    "Description",
    "FromPort",
    "GroupId",
    "GroupOwnerId",
    "IpProtocol",
    "IsEgress",
    "PrefixListId",
    "ReferencedGroupInfo",
    "SecurityGroupRuleArn",
    "SecurityGroupRuleId",
    "Tags",
    "ToPort",
];

fn peer_of<'a>(key: &str, name: &'a str) -> Peer<'a> {
    match key {
        "PrefixListId" => Peer::PrefixList(name),
        "GroupId" => Peer::Group(name),
        _ => Peer::Network(name),
    }
}

/// The permission with this peer alone, as commands take it.
fn quoted(permission: &Object, kind: &str, item: &Value) -> String {
    let scalar = |key: &str| permission.get(key).map(|value| format!("\"{key}\":{value},")).unwrap_or_default();
    format!("{{{}{}{}\"{kind}\":[{item}]}}", scalar("IpProtocol"), scalar("FromPort"), scalar("ToPort"))
}
