//! Network ACLs and their entries.

use serde_json::Value;

use super::super::Traffic;
use super::super::acls::{Acl, AclEntry};
use super::super::groups::{called, words};
use super::fields::{Object, name_tag, numbers, strange, strangers, text, traffic_of};
use crate::firewall::dialects::entry;
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{Match, Place, Rules, Way};

/// An ACL with its entries.
pub(super) fn acl(rules: &mut Rules, value: &Value, file: u16) -> Acl {
    let id = text(value, "NetworkAclId").unwrap_or("that is not named").to_owned();
    let name = name_tag(value);
    let whole = called(&id, name.as_deref());
    let place = Place::new(file, 0, whole.as_str(), "");
    let empty = Object::new();
    strange(rules, &place, value.as_object().unwrap_or(&empty), ACL);
    let subnets = value.get("Associations").and_then(Value::as_array).map(|associations| {
        associations.iter().filter_map(|association| text(association, "SubnetId")).map(ToOwned::to_owned).collect()
    });
    let entries = match value.get("Entries").and_then(Value::as_array) {
        Some(entries) => entries.iter().flat_map(|entry| acl_entry(rules, entry, file, &whole)).collect(),
        None => unclear_both_ways(&place, &format!("{whole} has no list of entries")),
    };
    Acl { id, name, subnets, place, entries }
}

const ACL: &[&str] = &["Associations", "Entries", "IsDefault", "NetworkAclId", "OwnerId", "Tags", "VpcId"];
const ACL_ENTRY: &[&str] =
    &["CidrBlock", "Egress", "IcmpTypeCode", "Ipv6CidrBlock", "PortRange", "Protocol", "RuleAction", "RuleNumber"];

fn unclear_both_ways(place: &Place, why: &str) -> Vec<AclEntry> {
    let entry = |way| AclEntry {
        way,
        number: None,
        traffic: Match::any(),
        peers: Ranges::all(),
        passes: Err(why.to_owned()),
        place: place.clone(),
    };
    vec![entry(Way::In), entry(Way::Out)]
}

/// An entry; two, where nobody knows which way it is for.
pub(super) fn acl_entry(rules: &mut Rules, value: &Value, file: u16, acl: &str) -> Vec<AclEntry> {
    let number = value.get("RuleNumber").and_then(Value::as_i64);
    let name = number.map_or_else(|| "an entry".to_owned(), |number| format!("entry {number}"));
    let place = |side: &str| Place::new(file, 0, format!("{name} of {acl}{side}"), &value.to_string());
    let (Some(object), Some(egress)) = (value.as_object(), value.get("Egress").and_then(Value::as_bool)) else {
        return unclear_both_ways(&place(""), "does not say whether it is egress");
    };
    let way = if egress { Way::Out } else { Way::In };
    let place = place(&format!(", {}", words(way)));
    let pair = match (object.get("PortRange"), object.get("IcmpTypeCode")) {
        (Some(Value::Object(ports)), _) if !ports.is_empty() => numbers(ports, "From", "To"),
        (_, Some(Value::Object(icmp))) if !icmp.is_empty() => numbers(icmp, "Type", "Code"),
        _ => Ok(None),
    };
    let Traffic { matches: traffic, unclear: mut why } = traffic_of(object, pair, "Protocol");
    let given = ["CidrBlock", "Ipv6CidrBlock"].map(|key| text(value, key).filter(|text| !text.is_empty()));
    let peers = match given {
        [Some(network), None] | [None, Some(network)] => match entry::entry(network) {
            Ok(entry) => entry.noted(rules, &place),
            Err(oddity) => {
                why = why.or(Some(oddity.what));
                Ranges::all()
            }
        },
        _ => {
            why = why.or_else(|| Some("names no network, or two".to_owned()));
            Ranges::all()
        }
    };
    why = why.or_else(|| strangers(object, ACL_ENTRY).next().map(|key| format!("`{key}` is not understood")));
    let passes = match (why, text(value, "RuleAction")) {
        (Some(why), _) => Err(why),
        (None, Some("allow")) => Ok(true),
        (None, Some("deny")) => Ok(false),
        (None, _) => Err("neither allows nor denies".to_owned()),
    };
    vec![AclEntry { way, number, traffic, peers, passes, place }]
}
