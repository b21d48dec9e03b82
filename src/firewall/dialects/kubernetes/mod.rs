//! Policies of Kubernetes for its network, and Cilium's: what is allowed once any policy selects a pod. Without one, all is.

mod cilium;
#[cfg(test)]
mod naive;
mod network_policy;
mod node;
mod peers;
mod selector;
#[cfg(test)]
mod tests;
mod write;
mod write_cilium;

use super::{Dialect, Input, Reads, Scope, Unread};
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{
    Answer, Chain, Condition, File, Layer, Match, NoteKind, Place, Policy as ChainPolicy, Replies, Rule, Rules, Then,
    Way,
};
use node::Node;
use peers::Peer;
use selector::{Selected, Selector};

pub(super) static DIALECT: Dialect = Dialect {
    name: NAME,
    title: "NetworkPolicy of Kubernetes; Cilium's policies too are read",
    reads: Some(Reads {
        export: "kubectl get networkpolicies,ciliumnetworkpolicies,ciliumclusterwidenetworkpolicies -A -o json",
        recognises,
        read,
    }),
    writes: Some(write::write),
};

pub(super) static CILIUM: Dialect = Dialect {
    name: "cilium",
    title: "CiliumNetworkPolicy, by name where a name is known",
    reads: None,
    writes: Some(write_cilium::write),
};

const NAME: &str = "kubernetes";

const KINDS: [&str; 3] = ["NetworkPolicy", "CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"];

/// A policy, as far as it was read.
struct Policy {
    place: Place,
    /// `NetworkPolicy shop/web`.
    title: String,
    name: String,
    /// Nothing, where it is the cluster's.
    namespace: Option<String>,
    selector: Selector,
    ways: Vec<OneWay>,
    /// What was not understood of it as a whole.
    unclear: Vec<String>,
}

impl Policy {
    fn unclear(&mut self, why: &str) {
        self.unclear.push(format!("{}: {why}", self.title));
    }

    /// Where it follows from that the rest is denied.
    fn rest(&self) -> Place {
        Place { name: format!("the default deny of {}", self.title).into(), ..self.place.clone() }
    }
}

/// What a policy says of one way.
struct OneWay {
    way: Way,
    /// Whether what it does not allow is denied to pods that it selects.
    isolates: bool,
    rules: Vec<PolicyRule>,
}

struct PolicyRule {
    place: Place,
    effect: Effect,
    when: Vec<Match>,
    /// Why nobody can say what it does to what it may match.
    unclear: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Effect {
    Allow,
    Deny,
}

impl PolicyRule {
    fn allows(place: Place, when: Vec<Match>) -> Self {
        PolicyRule { place, effect: Effect::Allow, when, unclear: None }
    }

    fn unclear(place: Place, effect: Effect, when: Vec<Match>, why: String) -> Self {
        PolicyRule { place, effect, when, unclear: Some(why) }
    }
}

/// Every peer with every port.
fn product(way: Way, peers: &[Peer], ports: &[Match]) -> Vec<Match> {
    let sure: Vec<&Ranges> = peers.iter().filter(|(_, doubt)| doubt.is_none()).map(|(set, _)| set).collect();
    let mut ends: Vec<(Ranges, Option<&String>)> = Vec::new();
    if !sure.is_empty() {
        ends.push((Ranges::any_of(sure), None));
    }
    ends.extend(peers.iter().filter_map(|(set, doubt)| Some((set.clone(), Some(doubt.as_ref()?)))));
    let mut all = Vec::new();
    for (set, doubt) in &ends {
        for port in ports {
            let mut when = port.clone();
            if way == Way::In {
                when.source = set.clone();
            } else {
                when.destination = set.clone();
            }
            when.conditions.extend(doubt.iter().map(|what| Condition::holds(what.as_str())));
            all.push(when);
        }
    }
    all
}

/// What reads the documents of a file.
struct Reader {
    rules: Rules,
    file: u16,
    /// Whether any rule sends DNS through Cilium's proxy, without which it knows no host by its name.
    sees_dns: bool,
}

impl Reader {
    fn place(&self, node: &Node, name: &str) -> Place {
        Place::new(self.file, node.line, node::cut(name, 200), &node.shown(400))
    }

    fn policy(&mut self, node: &Node, kind: &str) -> Policy {
        let metadata = node.get("metadata");
        let word = |key: &str| metadata.and_then(|metadata| metadata.word(key)).map(|word| node::cut(word, 100));
        let (name, namespace) = (word("name").unwrap_or_else(|| "(no name)".to_owned()), word("namespace"));
        let title = namespace.as_ref().map_or(format!("{kind} {name}"), |space| format!("{kind} {space}/{name}"));
        let place = Place::new(self.file, node.line, node::cut(&title, 200), &heading(node, &title));
        // Without a namespace, it is of the one that it is applied to.
        let namespace = Some(namespace.unwrap_or_else(|| "(the current one)".to_owned()));
        Policy { place, title, name, namespace, selector: Selector::default(), ways: Vec::new(), unclear: Vec::new() }
    }
}

/// A policy without its rules.
fn heading(node: &Node, title: &str) -> String {
    let spec = node.get("spec");
    let said = ["podSelector", "endpointSelector", "policyTypes", "enableDefaultDeny"].into_iter().filter_map(|key| {
        let value = spec.and_then(|spec| spec.get(key))?;
        Some(format!("{key}: {}", value.shown(150)))
    });
    [title.to_owned()].into_iter().chain(said).collect::<Vec<_>>().join(", ")
}

/// Where something holds of all of it.
fn whole() -> Place {
    Place { name: "all policies".into(), ..Place::default() }
}

fn recognises(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.starts_with('{') {
        let Ok(value) = serde_json::from_str::<serde_json::Value>(text) else { return false };
        let kind = |value: &serde_json::Value| value.get("kind").and_then(serde_json::Value::as_str).map(str::to_owned);
        let items = value.get("items").and_then(serde_json::Value::as_array);
        let is_list = kind(&value).is_some_and(|kind| kind.ends_with("List")) && value.get("apiVersion").is_some();
        return kind(&value).is_some_and(|kind| KINDS.contains(&kind.as_str()))
            || (is_list
                && items.is_some_and(|items| {
                    items.is_empty()
                        || items.iter().any(|one| kind(one).is_none_or(|kind| KINDS.contains(&kind.as_str())))
                }));
    }
    text.lines().any(|line| {
        let line = line.trim_start_matches([' ', '-']).trim();
        let kind = line.strip_prefix("kind:").map(|kind| kind.split('#').next().unwrap_or_default().trim());
        kind.is_some_and(|kind| KINDS.contains(&kind.trim_matches(['"', '\''])))
    })
}

fn read(inputs: &[Input], scope: &Scope) -> Result<Rules, Unread> {
    let mut reader = Reader { rules: Rules::default(), file: 0, sees_dns: false };
    let mut policies = Vec::new();
    for (file, input) in inputs.iter().enumerate() {
        reader.file = u16::try_from(file).unwrap_or(u16::MAX);
        reader.rules.files.push(File { name: input.name.clone(), dialect: NAME });
        let documents =
            node::documents(&input.text).map_err(|(line, why)| Unread { file: input.name.clone(), line, why })?;
        let mut known = false;
        for document in &documents {
            known |= read_document(document, &mut reader, &mut policies, None);
        }
        if !known {
            let why = "holds no NetworkPolicy, CiliumNetworkPolicy or CiliumClusterwideNetworkPolicy; a chart is rendered first: `helm template`";
            return Err(Unread { file: input.name.clone(), line: None, why: why.to_owned() });
        }
    }
    Ok(layers(&policies, scope, reader))
}

/// Whether the document is a policy, or a list that could hold some. Items of a typed list may go without their kind.
fn read_document(
    document: &Node,
    reader: &mut Reader,
    policies: &mut Vec<Policy>,
    item_of: Option<(&str, &str)>,
) -> bool {
    let (own_kind, own_version) = (document.word("kind"), document.word("apiVersion"));
    let (kind, version) = match (own_kind, item_of) {
        (None, Some((list, version))) => (list.strip_suffix("List").unwrap_or(list), own_version.unwrap_or(version)),
        (kind, _) => (kind.unwrap_or_default(), own_version.unwrap_or_default()),
    };
    match (kind, version.split('/').next().unwrap_or_default()) {
        ("NetworkPolicy", "networking.k8s.io" | "extensions") => policies.push(network_policy::read(document, reader)),
        ("CiliumNetworkPolicy" | "CiliumClusterwideNetworkPolicy", "cilium.io") => {
            policies.extend(cilium::read(document, kind, reader));
        }
        (list, _) if list.ends_with("List") && item_of.is_none() => {
            let items = document.list_of("items").unwrap_or_default();
            let read = items.iter().map(|item| read_document(item, reader, policies, Some((list, version))));
            return read.fold(items.is_empty(), |known, one| known | one);
        }
        (kind, _) if decides_too(kind) => {
            let mut policy = reader.policy(document, &node::cut(kind, 60));
            let (kind, version) = (node::cut(kind, 60), node::cut(version, 60));
            policy.unclear(&format!("a `{kind}` of `{version}` is not read here, and decides too"));
            policy.namespace = None;
            policies.push(policy);
        }
        _ => return false,
    }
    true
}

/// Whether objects of a kind can decide what passes.
fn decides_too(kind: &str) -> bool {
    [
        "NetworkPolicy",
        "AuthorizationPolicy",
        "EgressFirewall",
        "FirewallPolicy",
        "NetworkSet",
        "SecurityGroupPolicy",
        "CIDRGroup",
    ]
    .iter()
    .any(|ending| kind.ends_with(ending))
}

/// One layer for each way: what is denied by name, what is allowed, and what is then denied to pods that are selected.
fn layers(policies: &[Policy], scope: &Scope, mut reader: Reader) -> Rules {
    let selected = selector::selected(policies, scope, &mut reader.rules);
    let blind = !reader.sees_dns;
    let mut rules = reader.rules;
    for policy in policies {
        for why in &policy.unclear {
            rules.note(NoteKind::NotUnderstood, &policy.place, why.clone());
        }
    }
    for (way, words) in [(Way::In, "ingress"), (Way::Out, "egress")] {
        let mut chain = Chain { name: format!("policies of Kubernetes ({words})"), rules: Vec::new(), policy: None };
        let (mut denied, mut allowed, mut unclear, mut isolated) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut default = None;
        for (policy, selected) in policies.iter().zip(&selected) {
            let Selected::If(unless) = selected else { continue };
            let on = |mut when: Match| {
                when.conditions.extend(unless.iter().map(|what| Condition::holds(what.as_str())));
                if !when.host.is_any() && blind {
                    when.conditions.push(Condition::holds("Cilium sees answers of DNS: no rule here has `rules: dns`"));
                }
                when
            };
            for why in &policy.unclear {
                for (answer, does) in [(Answer::Accept, "lets it pass"), (Answer::Drop, "stops it")] {
                    let when = on(Match::any().on(Condition::holds(format!("it {does}: {why}"))));
                    chain.rules.push(Rule::new(policy.place.clone(), vec![when], Then::Answer(answer)));
                }
            }
            for one in policy.ways.iter().filter(|one| one.way == way) {
                for rule in &one.rules {
                    let (answer, does) = match rule.effect {
                        Effect::Allow => (Answer::Accept, "lets it pass"),
                        Effect::Deny => (Answer::Drop, "stops it"),
                    };
                    let mut when: Vec<Match> = rule.when.iter().cloned().map(on).collect();
                    if let Some(why) = &rule.unclear {
                        rules.note(NoteKind::NotUnderstood, &rule.place, why.clone());
                        let what = Condition::holds(format!("{} {does}: {why}", rule.place.name));
                        for when in &mut when {
                            when.conditions.push(what.clone());
                        }
                    }
                    let into = match (rule.effect, &rule.unclear) {
                        (Effect::Deny, _) => &mut denied,
                        (Effect::Allow, None) => &mut allowed,
                        (Effect::Allow, Some(_)) => &mut unclear,
                    };
                    into.push(Rule::new(rule.place.clone(), when, Then::Answer(answer)));
                }
                if one.isolates && unless.is_empty() {
                    default = default.or(Some(policy));
                } else if one.isolates {
                    isolated.push(Rule::new(policy.rest(), vec![on(Match::any())], Then::Answer(Answer::Drop)));
                }
            }
        }
        chain.rules.extend(denied.into_iter().chain(allowed).chain(unclear));
        let (answer, place) = if let Some(policy) = default {
            (Answer::Drop, policy.rest())
        } else {
            chain.rules.extend(isolated);
            let name = format!("the lack of a policy that selects the pod for {words}");
            (Answer::Accept, Place { name: name.into(), ..whole() })
        };
        chain.policy = Some(ChainPolicy { answer, place });
        let name = chain.name.clone();
        let chain = rules.add_chain(chain);
        rules.layers.push(Layer { name, way, families: Ranges::all(), chain, replies: Replies::Remembered });
    }
    if policies.is_empty() {
        rules.note(NoteKind::Assumed, &whole(), "there is no policy in these files: nothing is denied");
    }
    rules.note(
        NoteKind::Assumed,
        &whole(),
        "peers that are asked about are outside of the cluster and are seen with their own addresses, and ports on the way in are the pod's own: a Service or an ingress controller in front can change both",
    );
    rules
}
