//! Firewall rules of a VPC network as any document that holds them says them, in plain words, and the chains that they come to.

use std::collections::BTreeMap;

use super::super::{Scope, entry};
use crate::firewall::addresses::{Family, any, network};
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{
    Answer, Chain, ChainId, Condition, Layer, Match, NoteKind, Place, Policy, Replies, Rule, Rules, Then, Way,
};

/// A firewall rule, each field as it is written.
#[derive(Clone, Default, Debug)]
pub(crate) struct Firewall {
    /// Where it stands.
    pub(crate) place: Place,
    /// Its network, by name or path.
    pub(crate) network: String,
    /// `INGRESS` or `EGRESS`.
    pub(crate) direction: String,
    /// `1000`; nothing, where the document does not say it yet.
    pub(crate) priority: Option<u32>,
    /// Whether it is switched off.
    pub(crate) disabled: bool,
    /// What it lets pass.
    pub(crate) allowed: Vec<Service>,
    /// What it stops.
    pub(crate) denied: Vec<Service>,
    /// Where it comes from.
    pub(crate) source: Party,
    /// Where it goes to.
    pub(crate) destination: Party,
    /// Which instances it is for; all, where none are named.
    pub(crate) targets: Targets,
    /// Whether it is logged.
    pub(crate) logs: bool,
}

/// A protocol and its ports.
#[derive(Clone, Default, Debug)]
pub(crate) struct Service {
    /// `tcp`, `6`, `all`.
    pub(crate) protocol: String,
    /// `443`, `8000-9000`; all, where none are named.
    pub(crate) ports: Vec<String>,
}

/// One end of what a rule matches: anything that any of these holds.
#[derive(Clone, Default, Debug)]
pub(crate) struct Party {
    /// Networks and addresses.
    pub(crate) ranges: Vec<String>,
    /// What holds addresses that the document does not resolve, in words: "the network tag `web`".
    pub(crate) names: Vec<String>,
}

/// The instances that a rule is for: those that bear any of these.
#[derive(Clone, Default, Debug)]
pub(crate) struct Targets {
    /// Network tags.
    pub(crate) tags: Vec<String>,
    /// Service accounts.
    pub(crate) accounts: Vec<String>,
}

/// Adds the layers that these rules alone come to, for documents of other tools that hold some.
pub(crate) fn add_layers(rules: &mut Rules, firewalls: Vec<Firewall>, scope: &Scope) {
    let place = firewalls.first().map(|firewall| firewall.place.clone()).unwrap_or_default();
    let networks = Networks::of(firewalls, scope);
    for way in [Way::In, Way::Out] {
        let steps = networks.steps(rules, way, scope);
        add_layer(rules, way, steps, &networks.name(), &place);
    }
}

/// Adds a layer of these steps, with the answer that every network has at its end.
pub(super) fn add_layer(rules: &mut Rules, way: Way, steps: Vec<Rule>, network: &str, place: &Place) {
    let (answer, implied) = match way {
        Way::Out => (Answer::Accept, "implied rule 65535 (egress is allowed)"),
        _ => (Answer::Drop, "implied rule 65535 (ingress is denied)"),
    };
    let place = Place::new(place.file, 0, format!("{implied} of {network}"), "");
    let name = format!("firewall rules of {network} ({})", words(way));
    let chain = Chain { name: name.clone(), rules: steps, policy: Some(Policy { answer, place }) };
    let chain = rules.add_chain(chain);
    rules.layers.push(Layer { name, way, families: Ranges::all(), chain, replies: Replies::Remembered });
}

pub(super) fn words(way: Way) -> &'static str {
    if way == Way::In { "ingress" } else { "egress" }
}

/// The rules, by their network.
pub(super) struct Networks(BTreeMap<String, Vec<Firewall>>);

impl Networks {
    /// Those of the networks that are asked about.
    pub(super) fn of(firewalls: Vec<Firewall>, scope: &Scope) -> Self {
        let mut networks: BTreeMap<String, Vec<Firewall>> = BTreeMap::new();
        for firewall in firewalls {
            let name = firewall.network.rsplit('/').next().unwrap_or_default().to_owned();
            networks.entry(name).or_default().push(firewall);
        }
        if networks.keys().any(|name| scope.names(&[name])) {
            networks.retain(|name, _| scope.names(&[name]));
        }
        Networks(networks)
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// What they are called together.
    pub(super) fn name(&self) -> String {
        match self.0.first_key_value() {
            Some((name, _)) if self.0.len() == 1 && !name.is_empty() => format!("network {name}"),
            Some(_) if self.0.len() > 1 => format!("one of {} networks", self.0.len()),
            _ => "the network".to_owned(),
        }
    }

    /// The rules of a single network, or the choice between several of which nobody says where the installation is.
    pub(super) fn steps(&self, rules: &mut Rules, way: Way, scope: &Scope) -> Vec<Rule> {
        let named = Targets::named(self.0.values().flatten().map(|firewall| &firewall.targets), scope);
        let mut chains: Vec<(&str, ChainId, Place)> = Vec::new();
        for (name, firewalls) in &self.0 {
            let title = format!("firewall rules of network {name} ({})", words(way));
            let id = rules.add_chain(Chain { name: title, rules: Vec::new(), policy: None });
            fill(rules, id, firewalls, way, scope, named);
            let place = firewalls.first().map(|firewall| firewall.place.clone()).unwrap_or_default();
            chains.push((name, id, place));
        }
        if let [(_, only, _)] = chains.as_slice()
            && let Some(chain) = rules.chains.get_mut(only.0 as usize)
        {
            return std::mem::take(&mut chain.rules);
        }
        let last = chains.len().saturating_sub(1);
        let step = |(nth, (name, chain, place)): (usize, &(&str, ChainId, Place))| {
            let mut when = Match::any();
            if nth != last {
                when = when.on(Condition::holds(format!("the installation is in the network `{name}`")));
            }
            Rule::new(place.clone(), vec![when], Then::Goto(*chain))
        };
        chains.iter().enumerate().map(step).collect()
    }
}

/// Lowest number first; of the same number, what stops before what lets pass.
fn fill(rules: &mut Rules, chain: ChainId, firewalls: &[Firewall], way: Way, scope: &Scope, named: bool) {
    let other = if way == Way::In { "EGRESS" } else { "INGRESS" };
    let mut mine: Vec<&Firewall> =
        firewalls.iter().filter(|firewall| !firewall.direction.eq_ignore_ascii_case(other)).collect();
    mine.sort_by_key(|firewall| (firewall.priority, firewall.denied.is_empty()));
    for firewall in mine {
        firewall.add(rules, chain, way, scope, named);
    }
}

impl Firewall {
    fn add(&self, rules: &mut Rules, chain: ChainId, way: Way, scope: &Scope, named: bool) {
        let (answer, services) = match (self.allowed.is_empty(), self.denied.is_empty()) {
            (false, true) => (Some(Answer::Accept), self.allowed.clone()),
            (true, false) => (Some(Answer::Drop), self.denied.clone()),
            _ => (None, [self.allowed.as_slice(), self.denied.as_slice()].concat()),
        };
        let (targets, mut idle) = self.targets.conditions(scope, named);
        let (source, destination) = (self.source.clone(), self.destination.clone());
        let v4 = |ranges: Ranges, party: &Party, is_peer: bool| {
            // Whoever names neither ranges nor tags means all of IPv4.
            if party.ranges.is_empty() && party.names.is_empty() && is_peer { network(any(Family::V4)) } else { ranges }
        };
        let sources: Vec<(Ranges, Option<Condition>)> = source
            .alternatives(rules, &self.place, "source")
            .into_iter()
            .map(|(ranges, condition)| (v4(ranges, &source, way == Way::In), condition))
            .collect();
        let destinations: Vec<(Ranges, Option<Condition>)> = destination
            .alternatives(rules, &self.place, "destination")
            .into_iter()
            .map(|(ranges, condition)| (v4(ranges, &destination, way == Way::Out), condition))
            .collect();
        let services = self.services(rules, &services);
        let mut when = crossed(&services, &sources, &destinations, &targets);
        if self.direction.is_empty()
            || !["INGRESS", "EGRESS"].iter().any(|word| self.direction.eq_ignore_ascii_case(word))
        {
            let what = format!("{} has the direction `{}`", self.place.name, self.direction);
            when = when.into_iter().map(|each| each.on(Condition::holds(what.clone()))).collect();
        }
        if self.disabled {
            idle = Some("it is disabled".to_owned());
        }
        let why = match (answer, self.priority) {
            _ if idle.is_some() => None,
            (None, _) => Some("nobody can say whether it lets pass or stops"),
            (_, None) => Some("its priority is not known"),
            _ => None,
        };
        if let Some(why) = why {
            let why = format!("{}: {why}", self.place.name);
            for each in &when {
                rules.not_understood(chain, &self.place, each, &why);
            }
            return;
        }
        if let Some(why) = &idle {
            rules.note(NoteKind::Idle, &self.place, format!("has no effect: {why}"));
        }
        let answer = answer.unwrap_or(Answer::Drop);
        if let Some(chain) = rules.chains.get_mut(chain.0 as usize) {
            chain.rules.push(Rule {
                logs: self.logs,
                idle,
                ..Rule::new(self.place.clone(), when, Then::Answer(answer))
            });
        }
    }

    fn services(&self, rules: &mut Rules, services: &[Service]) -> Vec<Match> {
        services.iter().filter_map(|service| service.matches(rules, &self.place)).collect()
    }
}

impl Service {
    /// What it matches; nothing, where no packet has such a port.
    pub(super) fn matches(&self, rules: &mut Rules, place: &Place) -> Option<Match> {
        let mut when = Match::any();
        if !self.protocol.eq_ignore_ascii_case("all") {
            match entry::protocol(&self.protocol) {
                Some(number) => when.protocol = Ranges::one(number),
                None => when = when.on(Condition::holds(format!("`{}` is the protocol", self.protocol))),
            }
        }
        let mut ports = Vec::new();
        for word in &self.ports {
            match entry::ports(word) {
                Ok(set) => ports.push(set),
                Err(oddity) => oddity.note(rules, place),
            }
        }
        if !self.ports.is_empty() {
            when.port = Ranges::any_of(&ports);
            when.protocol = when.protocol.and(&Ranges::of([(6, 6), (17, 17), (132, 132)]));
        }
        (!when.is_nothing()).then_some(when)
    }
}

/// As many names stand apart, each a condition of its own.
const APART: usize = 6;

impl Party {
    /// The addresses that are certain, then those that something holds which the document does not resolve; all, where none is named.
    pub(super) fn alternatives(&self, rules: &mut Rules, place: &Place, end: &str) -> Vec<(Ranges, Option<Condition>)> {
        if self.ranges.is_empty() && self.names.is_empty() {
            return vec![(Ranges::all(), None)];
        }
        let mut known = Vec::new();
        for word in &self.ranges {
            match entry::entry(word) {
                Ok(entry) => known.push(entry.noted(rules, place)),
                Err(oddity) => oddity.note(rules, place),
            }
        }
        let mut all = vec![(Ranges::any_of(&known), None)];
        let holds = |what: &str| Some(Condition::holds(format!("{what} holds the {end}")));
        match self.names.as_slice() {
            [first, .., last] if self.names.len() > APART => {
                let what = format!("one of {} names, from {first} to {last} in {},", self.names.len(), place.name);
                all.push((Ranges::all(), holds(&what)));
            }
            names => all.extend(names.iter().map(|name| (Ranges::all(), holds(name)))),
        }
        all.retain(|(ranges, _)| !ranges.is_empty());
        all
    }
}

impl Targets {
    /// Whether some of these are named in the scope, which says which ones the installation bears.
    pub(super) fn named<'a>(mut all: impl Iterator<Item = &'a Targets>, scope: &Scope) -> bool {
        !scope.only.is_empty() && all.any(|targets| targets.all().any(|(_, name)| scope.names(&[name])))
    }

    fn all(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let tags = self.tags.iter().map(|tag| ("network tag", tag.as_str()));
        tags.chain(self.accounts.iter().map(|account| ("service account", account.as_str())))
    }

    /// What has to hold so that it is for the installation, one of these at least; and why it is for it in no case.
    pub(super) fn conditions(&self, scope: &Scope, named: bool) -> (Vec<Option<Condition>>, Option<String>) {
        let all: Vec<(&str, &str)> = self.all().collect();
        if all.is_empty() || all.iter().any(|(_, name)| scope.names(&[name])) {
            return (vec![None], None);
        }
        let (kind, first) = all[0];
        if named {
            let why =
                format!("it is for instances with the {kind} `{first}`, which was not named among the installation's");
            return (vec![None], Some(why));
        }
        let bears = |what: String| Some(Condition::holds(format!("the installation bears {what}")));
        if all.len() > APART {
            return (vec![bears(format!("one of {} marks, the {kind} `{first}` among them", all.len()))], None);
        }
        (all.iter().map(|(kind, name)| bears(format!("the {kind} `{name}`"))).collect(), None)
    }
}

/// Every combination of these.
pub(super) fn crossed(
    services: &[Match],
    sources: &[(Ranges, Option<Condition>)],
    destinations: &[(Ranges, Option<Condition>)],
    targets: &[Option<Condition>],
) -> Vec<Match> {
    let mut all = Vec::new();
    for service in services {
        for (source, source_holds) in sources {
            for (destination, destination_holds) in destinations {
                for target in targets {
                    let mut when = service.clone();
                    (when.source, when.destination) = (source.clone(), destination.clone());
                    when.conditions.extend([source_holds, destination_holds, target].into_iter().flatten().cloned());
                    all.push(when);
                }
            }
        }
    }
    all
}
