//! What AWS's API and its command line describe: responses, the lists in them, and single things out of those.

mod entries;
mod fields;
mod permissions;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::{Input, Scope, Unread, entry};
use super::acls::{self, Acl};
use super::groups::{self, Group};
use super::prefix_lists::{Entries, PrefixLists};
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{File, NoteKind, Place, Rules};
use entries::{acl, acl_entry};
use fields::{Object, is_nothing, strange, text};
use permissions::GroupReader;

/// Whether a text holds security groups, their rules, or prefix lists that those refer to.
pub(super) fn holds_groups(text: &str) -> bool {
    const KEYS: &[&str] =
        &["SecurityGroups", "SecurityGroupRules", "SecurityGroupRuleId", "IpPermissions", "IpPermissionsEgress"];
    let lists = || !holds_acls(text) && has_any(text, &["PrefixLists", "PrefixListId", "Cidr"]);
    is_printed(text, &["SecurityGroups", "SecurityGroupRules", "IpPermissions", "PrefixLists"])
        || (is_json(text) && (has_any(text, KEYS) || lists()))
}

/// Whether a text holds network ACLs.
pub(super) fn holds_acls(text: &str) -> bool {
    is_printed(text, &["NetworkAcls"])
        || (is_json(text)
            && (has_any(text, &["NetworkAcls"]) || (has_any(text, &["RuleNumber"]) && has_any(text, &["RuleAction"]))))
}

/// Whether the same was printed for eyes: as text, as a table, or as YAML.
fn is_printed(text: &str, keys: &[&str]) -> bool {
    text.lines()
        .map(|line| line.trim_start_matches(['\u{feff}', '|', '-', ' ']))
        .filter(|line| !line.is_empty())
        .take(3)
        .any(|line| {
            keys.iter().any(|key| {
                let text = line.strip_prefix(&key.to_ascii_uppercase()).is_some_and(|rest| rest.starts_with('\t'));
                let table = line.strip_prefix("Describe").is_some_and(|rest| rest.starts_with(key));
                let yaml = line.strip_prefix(key).is_some_and(|rest| rest.trim_end() == ":");
                text || table || yaml
            })
        })
}

fn is_json(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '['])
}

fn has_any(text: &str, keys: &[&str]) -> bool {
    keys.iter().any(|key| text.contains(&format!("\"{key}\"")))
}

/// Reads security groups, and whatever else of AWS stands beside them.
pub(super) fn groups(inputs: &[Input], scope: &Scope) -> Result<Rules, Unread> {
    read(inputs, scope, super::SECURITY_GROUPS.name)
}

/// Reads network ACLs, and whatever else of AWS stands beside them.
pub(super) fn acls(inputs: &[Input], scope: &Scope) -> Result<Rules, Unread> {
    read(inputs, scope, super::NETWORK_ACLS.name)
}

fn read(inputs: &[Input], scope: &Scope, dialect: &'static str) -> Result<Rules, Unread> {
    let mut rules = Rules::default();
    let mut texts: Vec<(u16, Vec<Value>)> = Vec::new();
    for (nth, input) in inputs.iter().enumerate() {
        rules.files.push(File { name: input.name.clone(), dialect });
        texts.push((u16::try_from(nth).unwrap_or(u16::MAX), documents(input)?));
    }
    let mut found = Found {
        groups: Vec::new(),
        group_rules: Vec::new(),
        acls: Vec::new(),
        entries: Vec::new(),
        lists: PrefixLists::of(ENTRIES),
        lists_seen: 0,
        empty: 0,
        cut: false,
    };
    for ((file, values), input) in texts.iter().zip(inputs) {
        let before = found.count();
        for value in values {
            found.sort_out(&mut rules, value, *file, &input.name, 0);
        }
        if found.count() == before {
            let why = "holds no security group, no network ACL and no prefix list; export them with `aws ec2 \
                       describe-security-groups`, `describe-network-acls` and `get-managed-prefix-list-entries`, with \
                       `--output json` and without `--query`";
            return Err(Unread { file: input.name.clone(), line: None, why: why.to_owned() });
        }
    }
    if found.groups.is_empty() && found.group_rules.is_empty() && found.acls.is_empty() && found.entries.is_empty() {
        let file = inputs.first().map(|input| input.name.clone()).unwrap_or_default();
        let why =
            "lists no security group and no network ACL; give the output of `aws ec2 describe-security-groups` too";
        return Err(Unread { file, line: None, why: why.to_owned() });
    }
    found.all(rules, scope, &inputs.first().map(|input| input.name.clone()).unwrap_or_default())
}

/// The documents in a text, one behind the other, as several commands leave them.
fn documents(input: &Input) -> Result<Vec<Value>, Unread> {
    let text = input.text.trim_start_matches('\u{feff}');
    let values: Result<Vec<Value>, _> = serde_json::Deserializer::from_str(text).into_iter::<Value>().collect();
    values.map_err(|error| Unread {
        file: input.name.clone(),
        line: Some(error.line()).filter(|line| *line > 0),
        why: format!("is no JSON: {error}; export it with `--output json`"),
    })
}

/// How the entries of a prefix list are got.
const ENTRIES: &str = "export them with `aws ec2 get-managed-prefix-list-entries --prefix-list-id {id} > {id}.json`, and give \
                       that file too";

/// What stands in the documents, sorted out.
struct Found<'a> {
    groups: Vec<(u16, &'a Value)>,
    group_rules: Vec<(u16, &'a Value)>,
    acls: Vec<(u16, &'a Value)>,
    /// Entries of an ACL that is not named.
    entries: Vec<(u16, &'a Value)>,
    lists: PrefixLists,
    lists_seen: usize,
    empty: usize,
    /// Whether more groups, or rules of them, were there to be asked for.
    cut: bool,
}

impl<'a> Found<'a> {
    fn count(&self) -> usize {
        [self.groups.len(), self.group_rules.len(), self.acls.len(), self.entries.len(), self.lists_seen, self.empty]
            .iter()
            .sum()
    }

    fn sort_out(&mut self, rules: &mut Rules, value: &'a Value, file: u16, name: &str, depth: u8) {
        let here = Place::new(file, 0, "the document", "");
        match value {
            // A list of networks without anything around it.
            Value::Array(items) if items.iter().any(|item| text(item, "Cidr").is_some()) => {
                self.list(rules, items, id_in(name).as_deref(), false, &here);
            }
            Value::Array(items) if depth < 3 => {
                for item in items {
                    self.sort_out(rules, item, file, name, depth + 1);
                }
            }
            Value::Object(object) if is_response(object) => self.response(rules, object, name, &here),
            Value::Object(object) => {
                let has = |key: &str| object.contains_key(key);
                let one = (file, value);
                if has("IpPermissions") || has("IpPermissionsEgress") {
                    self.groups.push(one);
                } else if has("SecurityGroupRuleId") || has("IsEgress") {
                    self.group_rules.push(one);
                } else if has("NetworkAclId") && has("Entries") {
                    self.acls.push(one);
                } else if has("RuleNumber") && has("RuleAction") {
                    self.entries.push(one);
                } else if has("PrefixListId") {
                    self.list_of(rules, object, &here);
                } else {
                    rules.note(NoteKind::NotUnderstood, &here, "holds something that is no description by AWS's API");
                }
            }
            _ => rules.note(NoteKind::NotUnderstood, &here, "holds something that is no description by AWS's API"),
        }
    }

    fn response(&mut self, rules: &mut Rules, object: &'a Object, name: &str, here: &Place) {
        let more = object.get("NextToken").is_some_and(|token| !is_nothing(token));
        if more {
            let what = "holds a part only, since it has a `NextToken`: export it again without `--max-items` and `--no-paginate`";
            rules.note(NoteKind::NotUnderstood, here, what);
            self.cut |= object.contains_key("SecurityGroups") || object.contains_key("SecurityGroupRules");
        }
        for (key, value) in object {
            if matches!(key.as_str(), "NextToken" | "ResponseMetadata") || is_nothing(value) {
                // An empty list is an answer all the same.
                self.empty += usize::from(RESPONSES.contains(&key.as_str()));
                continue;
            }
            let Some(items) = value.as_array().filter(|_| RESPONSES.contains(&key.as_str())) else {
                rules.note(NoteKind::NotUnderstood, here, format!("`{key}` is not understood"));
                continue;
            };
            let placed = items.iter().map(|item| (here.file, item));
            match key.as_str() {
                "SecurityGroups" => self.groups.extend(placed),
                "SecurityGroupRules" => self.group_rules.extend(placed),
                "NetworkAcls" => self.acls.extend(placed),
                "Entries" => self.list(rules, items, id_in(name).as_deref(), more, here),
                _ => {
                    for item in items {
                        match item.as_object() {
                            Some(object) => self.list_of(rules, object, here),
                            None => rules.note(NoteKind::NotUnderstood, here, "holds a prefix list that is none"),
                        }
                    }
                }
            }
        }
    }

    /// A prefix list as it is described: with its name, and with its networks where it is one of AWS's own gateways.
    fn list_of(&mut self, rules: &mut Rules, object: &'a Object, here: &Place) {
        let Some(id) = object.get("PrefixListId").and_then(Value::as_str) else {
            return rules.note(NoteKind::NotUnderstood, here, "holds a prefix list without an id");
        };
        self.lists_seen += 1;
        let of = |key: &str| object.get(key).and_then(Value::as_str);
        self.lists.describe(id, of("PrefixListName"), of("AddressFamily"));
        match object.get("Cidrs").or_else(|| object.get("Entries")) {
            Some(Value::Array(items)) => self.list(rules, items, Some(id), false, here),
            None | Some(Value::Null) => {}
            Some(_) => rules.note(NoteKind::NotUnderstood, here, format!("the networks of {id} are no list")),
        }
    }

    fn list(&mut self, rules: &mut Rules, items: &[Value], id: Option<&str>, more: bool, here: &Place) {
        self.lists_seen += 1;
        let name = id.map_or_else(|| "prefix list".to_owned(), |id| format!("prefix list {id}"));
        let mut entries =
            Entries { addresses: Ranges::none(), more, place: Place { name: name.as_str().into(), ..here.clone() } };
        let mut intervals = Vec::new();
        for item in items {
            let place = Place::new(here.file, 0, name.as_str(), &item.to_string());
            let Some(network) = item.as_str().or_else(|| text(item, "Cidr")) else {
                rules.note(NoteKind::NotUnderstood, &place, "holds an entry without a network");
                entries.more = true;
                continue;
            };
            if let Some(object) = item.as_object() {
                entries.more |= strange(rules, &place, object, &["Cidr", "Description"]);
            }
            match entry::entry(network) {
                Ok(entry) => intervals.extend_from_slice(entry.noted(rules, &place).intervals()),
                Err(oddity) => oddity.note(rules, &place),
            }
        }
        entries.addresses = Ranges::of(intervals);
        self.lists.hold(id, entries);
    }

    /// What all of it comes to.
    fn all(mut self, mut rules: Rules, scope: &Scope, file: &str) -> Result<Rules, Unread> {
        let mut referred = BTreeSet::new();
        for (_, value) in self.groups.iter().chain(&self.group_rules) {
            prefix_lists_in(value, &mut referred);
        }
        self.lists.match_up(&mut rules, &referred);
        let groups = self.all_groups(&mut rules);
        let acls = self.all_acls(&mut rules);
        let unread = |why| Unread { file: file.to_owned(), line: None, why };
        let named = |only: &str| Scope { only: vec![only.to_owned()] };
        for only in &scope.only {
            // By how it begins an id says what it is of.
            let of_group = only.starts_with("sg-") && !groups.is_empty();
            if of_group && !groups.iter().any(|group| group.is_named(&named(only))) {
                let known = some(groups.iter().map(Group::called));
                return Err(unread(format!("holds no security group {only}; it has {known}")));
            }
            let of_acl = (only.starts_with("acl-") || only.starts_with("subnet-")) && !acls.is_empty();
            if of_acl && !acls.iter().any(|acl| acl.is_named(&named(only))) {
                let known = some(acls.iter().map(Acl::called));
                return Err(unread(format!("holds no network ACL for {only}; it has {known}")));
            }
        }
        let of_others = |only: &String| ["acl-", "subnet-"].iter().any(|begins| only.starts_with(begins));
        let place = groups.first().map(|group| group.place.clone());
        let asked = scope.only.iter().any(|only| !of_others(only));
        if let Some(place) = place.filter(|_| asked && !groups.iter().any(|group| group.is_named(scope))) {
            rules.note(
                NoteKind::Assumed,
                &place,
                "none of the names that were asked for is that of a security group here: all are read",
            );
        }
        groups::lay_out(&mut rules, groups, !self.cut, scope);
        acls::lay_out(&mut rules, acls, scope);
        Ok(rules)
    }

    fn all_groups(&mut self, rules: &mut Rules) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        let mut known: BTreeMap<String, (usize, &Value)> = BTreeMap::new();
        for (file, value) in &self.groups {
            let mut group = GroupReader { rules, lists: &mut self.lists, file: *file }.group(value);
            match known.get(&group.id) {
                Some((_, first)) if first == value => {
                    rules.note(NoteKind::Duplicate, &group.place, format!("{} stands there twice", group.id));
                }
                Some((at, _)) => {
                    let what = format!("{} stands there twice, and not alike: the rules of both are read", group.id);
                    rules.note(NoteKind::NotUnderstood, &group.place, what);
                    if let Some(before) = groups.get_mut(*at) {
                        before.rules.append(&mut group.rules);
                    }
                }
                None => {
                    known.insert(group.id.clone(), (groups.len(), value));
                    groups.push(group);
                }
            }
        }
        // Rules that stand by themselves are those of the group, too, where that is described besides.
        let mut at: BTreeMap<String, usize> = known.into_iter().map(|(id, (at, _))| (id, at)).collect();
        for (file, value) in &self.group_rules {
            let (id, read) = GroupReader { rules, lists: &mut self.lists, file: *file }.apart(value);
            let at = *at.entry(id).or_insert_with_key(|id| {
                groups.push(Group::new(id, None, Place::new(*file, 0, id.as_str(), "")));
                groups.len() - 1
            });
            if let Some(group) = groups.get_mut(at) {
                group.rules.extend(read);
            }
        }
        groups
    }

    fn all_acls(&self, rules: &mut Rules) -> Vec<Acl> {
        let mut acls: Vec<Acl> = Vec::new();
        let mut known: BTreeMap<String, &Value> = BTreeMap::new();
        for (file, value) in &self.acls {
            let acl = acl(rules, value, *file);
            match known.insert(acl.id.clone(), value) {
                Some(first) if first == *value => {
                    rules.note(NoteKind::Duplicate, &acl.place, format!("{} stands there twice", acl.id));
                    continue;
                }
                Some(_) => {
                    let what = format!("{} stands there twice, and not alike", acl.id);
                    rules.note(NoteKind::NotUnderstood, &acl.place, what);
                }
                None => {}
            }
            acls.push(acl);
        }
        if let Some((file, _)) = self.entries.first() {
            let id = "that the entries are of";
            let place = Place::new(*file, 0, "the network ACL", "");
            let entries =
                self.entries.iter().flat_map(|(file, value)| acl_entry(rules, value, *file, "the network ACL"));
            let entries = entries.collect();
            acls.push(Acl { id: id.to_owned(), name: None, subnets: None, place, entries });
        }
        acls
    }
}

/// The first of these names, and how many more there are.
fn some(names: impl Iterator<Item = String>) -> String {
    let names: Vec<String> = names.collect();
    match names.split_at_checked(8) {
        Some((first, more)) if !more.is_empty() => format!("{} and {} more", first.join(", "), more.len()),
        _ => names.join(", "),
    }
}

const RESPONSES: &[&str] = &["SecurityGroups", "SecurityGroupRules", "NetworkAcls", "PrefixLists", "Entries"];

fn is_response(object: &Object) -> bool {
    !object.contains_key("NetworkAclId")
        && !object.contains_key("PrefixListId")
        && RESPONSES.iter().any(|key| object.contains_key(*key))
}

/// The id of a prefix list in the name of a file.
fn id_in(name: &str) -> Option<String> {
    name.match_indices("pl-").map(|(at, _)| &name[at..]).find_map(|rest| {
        let digits = rest[3..].bytes().take_while(u8::is_ascii_hexdigit).count();
        (digits >= 8).then(|| rest[..3 + digits].to_owned())
    })
}

fn prefix_lists_in(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            found.extend(object.get("PrefixListId").and_then(Value::as_str).map(ToOwned::to_owned));
            object.values().for_each(|value| prefix_lists_in(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| prefix_lists_in(item, found)),
        _ => {}
    }
}
