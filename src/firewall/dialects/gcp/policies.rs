//! Firewall policies, of an organisation, a folder or a network: lists of rules that may leave the answer to what comes behind them.

use serde_json::Value;

use super::super::Scope;
use super::export::{is_true, service, text, words};
use super::firewalls::{Party, Targets, crossed};
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{Answer, Chain, ChainId, Condition, Match, NoteKind, Place, Rule, Rules, Then, Way};

/// A firewall policy.
pub(super) struct FirewallPolicy {
    /// Where it stands.
    pub(super) place: Place,
    /// Its name.
    pub(super) name: String,
    /// `HIERARCHY`, `NETWORK`; empty, where the document does not say it.
    pub(super) kind: String,
    /// Its rules, in any order.
    pub(super) rules: Vec<Value>,
}

impl FirewallPolicy {
    /// Reads one.
    pub(super) fn of(value: &Value, file: u16) -> Self {
        let name =
            ["displayName", "shortName", "name"].iter().map(|name| text(value, name)).find(|name| !name.is_empty());
        let name = name.unwrap_or("without a name").to_owned();
        let rules = value.get("rules").and_then(Value::as_array).cloned().unwrap_or_default();
        let place = Place::new(file, 0, format!("firewall policy {name}"), &name);
        FirewallPolicy { place, name, kind: text(value, "type").to_owned(), rules }
    }

    /// Whether it is one of a network, which is asked beside the rules of the network rather than before them.
    pub(super) fn is_of_network(&self) -> bool {
        self.kind.starts_with("NETWORK")
    }

    /// Its rules of a way, as a chain that others jump to.
    pub(super) fn add_chain(&self, rules: &mut Rules, way: Way, scope: &Scope) -> ChainId {
        let of_way = super::firewalls::words(way);
        let name = format!("firewall policy {} ({of_way})", self.name);
        let id = rules.add_chain(Chain { name, rules: Vec::new(), policy: None });
        let mut mine: Vec<&Value> = self
            .rules
            .iter()
            .filter(|rule| {
                let direction = text(rule, "direction");
                direction.is_empty() || direction.eq_ignore_ascii_case(of_way)
            })
            .collect();
        mine.sort_by_key(|rule| rule.get("priority").and_then(Value::as_u64));
        for rule in mine {
            self.add_rule(rules, id, rule, scope);
        }
        id
    }

    fn add_rule(&self, rules: &mut Rules, chain: ChainId, rule: &Value, scope: &Scope) {
        let priority = rule.get("priority").and_then(Value::as_u64).unwrap_or_default();
        let (action, name) = (text(rule, "action"), text(rule, "ruleName"));
        let named = if name.is_empty() { String::new() } else { format!(" ({name})") };
        let place = Place::new(
            self.place.file,
            0,
            format!("rule {priority}{named} of firewall policy {}", self.name),
            &quoted(rule),
        );
        let mut when = matches(rules, &place, rule, scope);
        if text(rule, "direction").is_empty() {
            let what = format!("{} is for this direction", place.name);
            when = when.into_iter().map(|each| each.on(Condition::holds(what.clone()))).collect();
        }
        let then = match action.to_ascii_lowercase().as_str() {
            "allow" => Some(Then::Answer(Answer::Accept)),
            "deny" => Some(Then::Answer(Answer::Drop)),
            "goto_next" => Some(Then::Return),
            _ => None,
        };
        let idle = is_true(rule, "disabled").then(|| "it is disabled".to_owned());
        if let Some(why) = &idle {
            rules.note(NoteKind::Idle, &place, format!("has no effect: {why}"));
        }
        let Some(then) = then else {
            let why = format!("{} does `{action}`", place.name);
            for each in when.iter().filter(|_| idle.is_none()) {
                rules.not_understood(chain, &place, each, &why);
            }
            return;
        };
        if let Some(chain) = rules.chains.get_mut(chain.0 as usize) {
            chain.rules.push(Rule { logs: is_true(rule, "enableLogging"), idle, ..Rule::new(place, when, then) });
        }
    }
}

fn matches(rules: &mut Rules, place: &Place, rule: &Value, scope: &Scope) -> Vec<Match> {
    let empty = Value::Null;
    let matched = rule.get("match").unwrap_or(&empty);
    let source = party(matched, "src");
    let destination = party(matched, "dest");
    let sources = source.alternatives(rules, place, "source");
    let destinations = destination.alternatives(rules, place, "destination");
    let layer4 = matched.get("layer4Configs").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut services: Vec<Match> = layer4.iter().filter_map(|config| service(config).matches(rules, place)).collect();
    if layer4.is_empty() {
        services.push(Match::any());
    }
    let accounts = Targets { tags: Vec::new(), accounts: words(rule, "targetServiceAccounts") };
    let (mut targets, _) = accounts.conditions(scope, false);
    let secure: Vec<String> = objects(rule, "targetSecureTags");
    if let Some(first) = secure.first()
        && !secure.iter().any(|tag| scope.names(&[tag]))
    {
        let more = if secure.len() > 1 { " or another of its list" } else { "" };
        targets = vec![Some(Condition::holds(format!("the installation bears the secure tag `{first}`{more}")))];
    }
    let mut when = crossed(&services, &sources, &destinations, &targets);
    let networks: Vec<String> = words(rule, "targetResources").iter().map(|path| last_of(path).to_owned()).collect();
    let mut also = Vec::new();
    if !networks.is_empty() && !networks.iter().any(|name| scope.names(&[name])) {
        also.push(format!("the installation is in the network `{}`", networks.join("` or `")));
    }
    for (field, end) in [
        ("srcNetworkScope", "source"),
        ("srcNetworkType", "source"),
        ("srcNetworkContext", "source"),
        ("destNetworkScope", "destination"),
        ("destNetworkType", "destination"),
        ("destNetworkContext", "destination"),
    ] {
        let scope = text(matched, field);
        if !scope.is_empty() {
            also.push(format!("the {end} is of the networks that are called `{scope}`"));
        }
    }
    for what in also {
        when = when.into_iter().map(|each| each.on(Condition::holds(what.clone()))).collect();
    }
    when
}

fn last_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Names in a list of objects, or of words.
fn objects(value: &Value, field: &str) -> Vec<String> {
    let items = value.get(field).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    items.iter().map(|item| item.as_str().unwrap_or_else(|| text(item, "name")).to_owned()).collect()
}

/// One end of a match: any of its ranges and of what else holds addresses.
fn party(matched: &Value, end: &str) -> Party {
    let mut names = Vec::new();
    for (field, what) in [
        ("Fqdns", "the FQDN object"),
        ("RegionCodes", "the region"),
        ("ThreatIntelligences", "the list of Google"),
        ("AddressGroups", "the address group"),
        ("Networks", "the network"),
    ] {
        let held = words(matched, &format!("{end}{field}"));
        names.extend(held.iter().map(|name| format!("{what} `{}`", last_of(name))));
    }
    names.extend(
        objects(matched, &format!("{end}SecureTags")).iter().map(|tag| format!("the secure tag `{}`", last_of(tag))),
    );
    Party { ranges: words(matched, &format!("{end}IpRanges")), names }
}

fn quoted(rule: &Value) -> String {
    let said = ["action", "direction", "priority", "match", "disabled"].iter();
    let said: Vec<String> =
        said.filter_map(|name| rule.get(name).map(|value| format!("\"{name}\": {value}"))).collect();
    said.join(", ")
}

/// Stands for rules that are not in the files: they may change the answer that comes at the end.
pub(super) fn not_there(place: &Place, what: &str, answer: Answer) -> Rule {
    let does = if answer.passes() { "lets it pass" } else { "stops it" };
    let when = Match { source: Ranges::all(), ..Match::any() }.on(Condition::holds(format!("{what} {does}")));
    Rule::new(place.clone(), vec![when], Then::Answer(answer))
}
