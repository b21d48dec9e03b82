//! Network security groups as any document that holds them says them, in plain words, and the layers that they come to.

use super::super::Scope;
use super::matches::{is_any, matches};
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{
    Answer, Chain, ChainId, Condition, Layer, Match, NoteKind, Place, Policy, Replies, Rule, Rules, Then, Way,
};

/// A network security group.
#[derive(Clone, Default, Debug)]
pub(crate) struct SecurityGroup {
    /// Its name.
    pub(crate) name: String,
    /// Its path in Azure, where that is told.
    pub(crate) id: String,
    /// Where it stands.
    pub(crate) place: Place,
    /// Its rules in any order. Rules from 65000 on are the default ones; those that are not among them are added.
    pub(crate) rules: Vec<SecurityRule>,
}

/// A rule of one, each field as it is written. Fields that have a plural hold what stands in either.
#[derive(Clone, Default, Debug)]
pub(crate) struct SecurityRule {
    /// Where it stands.
    pub(crate) place: Place,
    /// `100`; nothing, where the document does not say it yet.
    pub(crate) priority: Option<u32>,
    /// `Inbound` or `Outbound`.
    pub(crate) direction: String,
    /// `Allow` or `Deny`.
    pub(crate) access: String,
    /// `Tcp`, `*`.
    pub(crate) protocol: String,
    /// Where it comes from.
    pub(crate) source: Side,
    /// Where it goes to.
    pub(crate) destination: Side,
}

/// One end of what a rule matches.
#[derive(Clone, Default, Debug)]
pub(crate) struct Side {
    /// Networks, addresses, `*`, service tags.
    pub(crate) prefixes: Vec<String>,
    /// Application security groups, by name or path.
    pub(crate) groups: Vec<String>,
    /// `443`, `8000-9000`, `*`.
    pub(crate) ports: Vec<String>,
    /// Whether Azure resolved the prefixes already, which writes `0.0.0.0/0` for `*`.
    pub(crate) resolved: bool,
}

/// Adds what these groups come to, given that they stand in one document. Each that is named in the scope is a layer, and so is
/// a single one; of several, nobody knows which one the installation is behind.
pub(crate) fn add_layers(rules: &mut Rules, groups: Vec<SecurityGroup>, scope: &Scope) {
    let named = |group: &SecurityGroup| scope.names(&[&group.name, &group.id]);
    let chosen = groups.iter().any(named);
    let groups: Vec<SecurityGroup> = groups.into_iter().filter(|group| !chosen || named(group)).collect();
    if chosen || groups.len() < 2 {
        add_each(rules, groups);
        return;
    }
    for way in [Way::In, Way::Out] {
        let chains: Vec<(String, ChainId, Place)> = groups
            .iter()
            .map(|group| (group.name.clone(), add_chain(rules, group, way), group.place.clone()))
            .collect();
        let Some(((last, otherwise, place), others)) = chains.split_last() else { return };
        let mut choice: Vec<Rule> = others
            .iter()
            .map(|(name, chain, place)| {
                let it_is = Condition::holds(format!("`{name}` is the network security group of the installation"));
                Rule::new(place.clone(), vec![Match::any().on(it_is)], Then::Goto(*chain))
            })
            .collect();
        choice.push(Rule::new(place.clone(), vec![Match::any()], Then::Goto(*otherwise)));
        let name = format!("one of {} network security groups, {last} among them ({})", chains.len(), words(way));
        let policy = Policy { answer: Answer::Drop, place: place.clone() };
        let chain = rules.add_chain(Chain { name: name.clone(), rules: choice, policy: Some(policy) });
        rules.layers.push(layer(name, way, chain));
    }
}

/// Adds a layer for each of these groups and ways: all of them have to let pass, as the one of a subnet and the one of a network
/// interface have.
pub(crate) fn add_each(rules: &mut Rules, groups: Vec<SecurityGroup>) {
    for group in groups {
        for way in [Way::In, Way::Out] {
            let chain = add_chain(rules, &group, way);
            rules.layers.push(layer(format!("network security group {} ({})", group.name, words(way)), way, chain));
        }
    }
}

fn layer(name: String, way: Way, chain: ChainId) -> Layer {
    Layer { name, way, families: Ranges::all(), chain, replies: Replies::Remembered }
}

fn words(way: Way) -> &'static str {
    if way == Way::In { "inbound" } else { "outbound" }
}

/// Where the default rules begin.
const DEFAULTS: u32 = 65000;

fn add_chain(rules: &mut Rules, group: &SecurityGroup, way: Way) -> ChainId {
    let (direction, other) = if way == Way::In { ("inbound", "outbound") } else { ("outbound", "inbound") };
    let mut mine: Vec<SecurityRule> =
        group.rules.iter().filter(|rule| !rule.direction.eq_ignore_ascii_case(other)).cloned().collect();
    if mine.iter().all(|rule| rule.priority.is_none_or(|priority| priority < DEFAULTS)) {
        mine.extend(default_rules(group, way));
    }
    // A rule whose place in the order is unknown may come before all others.
    mine.sort_by_key(|rule| rule.priority);
    note_clashes(rules, &mine);
    let name = format!("{} ({})", group.name, words(way));
    let at = rules.add_chain(Chain { name, rules: Vec::new(), policy: None });
    let mut policy = Policy { answer: Answer::Drop, place: group.place.clone() };
    // What Azure adds is not asked where a rule answers everything before it, and nobody wonders why.
    let is_answered = mine.iter().any(SecurityRule::is_for_everything);
    let mut is_noted = rules.notes.iter().any(|note| note.what == TAGS_TAKEN);
    for rule in mine {
        if is_answered && rule.priority.is_some_and(|priority| priority >= DEFAULTS) {
            continue;
        }
        if rule.is_the_last() {
            policy.place = rule.place;
        } else {
            if !is_noted && rule.names_the_internet_or_the_network() {
                rules.note(NoteKind::Assumed, &group.place, TAGS_TAKEN);
                is_noted = true;
            }
            add_rule(rules, at, &rule, rule.direction.eq_ignore_ascii_case(direction));
        }
    }
    if let Some(chain) = rules.chains.get_mut(at.0 as usize) {
        chain.policy = Some(policy);
    }
    at
}

/// What the tags are taken for, as Azure documents them; a network with public addresses or a default route into it is the exception
/// that is documented too.
const TAGS_TAKEN: &str = "the service tag `Internet` is taken for every public address, and `VirtualNetwork` for none of them and for \
                          every private destination: it is otherwise where the network uses public addresses of its own, or a \
                          default route leads into it (`az network nic list-effective-nsg` shows what the tags stand for)";

/// The rules that Azure gives every group.
fn default_rules(group: &SecurityGroup, way: Way) -> [SecurityRule; 3] {
    let rule = |priority: u32, name: &str, access: &str, source: &str, destination: &str| {
        let side =
            |prefix: &str| Side { prefixes: vec![prefix.to_owned()], ports: vec!["*".to_owned()], ..Side::default() };
        let mut place = group.place.clone();
        place.name = format!("default rule {priority} ({name}) of {}", group.name).into();
        SecurityRule {
            place,
            priority: Some(priority),
            direction: words(way).to_owned(),
            access: access.to_owned(),
            protocol: "*".to_owned(),
            source: side(source),
            destination: side(destination),
        }
    };
    if way == Way::In {
        [
            rule(65000, "AllowVnetInBound", "Allow", "VirtualNetwork", "VirtualNetwork"),
            rule(65001, "AllowAzureLoadBalancerInBound", "Allow", "AzureLoadBalancer", "*"),
            rule(65500, "DenyAllInBound", "Deny", "*", "*"),
        ]
    } else {
        [
            rule(65000, "AllowVnetOutBound", "Allow", "VirtualNetwork", "VirtualNetwork"),
            rule(65001, "AllowInternetOutBound", "Allow", "*", "Internet"),
            rule(65500, "DenyAllOutBound", "Deny", "*", "*"),
        ]
    }
}

impl SecurityRule {
    /// Whether it certainly answers whatever comes to it.
    fn is_for_everything(&self) -> bool {
        let any = |words: &[String]| words.iter().all(|word| is_any(word));
        let all = |side: &Side| {
            !side.prefixes.is_empty() && any(&side.prefixes) && side.groups.is_empty() && any(&side.ports)
        };
        let knows = ["allow", "deny"].iter().any(|word| self.access.eq_ignore_ascii_case(word));
        let is_of_a_way = ["inbound", "outbound"].iter().any(|word| self.direction.eq_ignore_ascii_case(word));
        let before = self.priority.is_some_and(|priority| priority < DEFAULTS);
        knows && before && is_of_a_way && is_any(&self.protocol) && all(&self.source) && all(&self.destination)
    }

    /// Whether what it matches hangs on what these two tags stand for.
    fn names_the_internet_or_the_network(&self) -> bool {
        let unresolved = [&self.source, &self.destination].into_iter().filter(|side| !side.resolved);
        unresolved
            .flat_map(|side| &side.prefixes)
            .any(|prefix| ["Internet", "VirtualNetwork"].iter().any(|tag| prefix.eq_ignore_ascii_case(tag)))
    }

    /// Whether it is the default rule that denies what is left.
    fn is_the_last(&self) -> bool {
        self.priority.is_some_and(|priority| priority >= 65500) && self.access.eq_ignore_ascii_case("Deny")
    }
}

/// Azure takes a priority once for each direction.
fn note_clashes(rules: &mut Rules, sorted: &[SecurityRule]) {
    for pair in sorted.windows(2) {
        if let ([before, rule], Some(priority)) = (pair, pair[0].priority)
            && rule.priority == Some(priority)
        {
            let what = format!("has the priority {priority} of {} too, which Azure refuses", before.place.name);
            rules.note(NoteKind::Malformed, &rule.place, what);
        }
    }
}

fn add_rule(rules: &mut Rules, chain: ChainId, rule: &SecurityRule, is_of_this_way: bool) {
    let mut when = matches(rules, rule);
    let unsure = |when: &mut Vec<Match>, what: String| {
        for each in when {
            each.conditions.push(Condition::holds(what.clone()));
        }
    };
    if !is_of_this_way {
        unsure(&mut when, format!("{} has the direction `{}`", rule.place.name, rule.direction));
    }
    let answer = [("allow", Answer::Accept), ("deny", Answer::Drop)]
        .into_iter()
        .find(|(word, _)| rule.access.eq_ignore_ascii_case(word))
        .map(|(_, answer)| answer);
    let why = if rule.priority.is_none() {
        Some("its priority is not known")
    } else if answer.is_none() {
        Some("what it does is not known")
    } else {
        None
    };
    if let Some(why) = why {
        for each in &when {
            rules.not_understood(chain, &rule.place, each, &format!("{}: {why}", rule.place.name));
        }
    } else if let (Some(answer), Some(chain)) = (answer, rules.chains.get_mut(chain.0 as usize)) {
        chain.rules.push(Rule::new(rule.place.clone(), when, Then::Answer(answer)));
    }
}
