//! Which policies select the installation's pod: what selectors demand, and what is known of the pod.

use std::collections::{BTreeMap, BTreeSet};

use super::Policy;
use super::node::{Node, cut};
use crate::firewall::dialects::Scope;
use crate::firewall::rules::{NoteKind, Rules};

/// What a pod's labels have to be.
#[derive(Clone, Default, Debug)]
pub(super) struct Selector {
    wants: Vec<Want>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Want {
    key: String,
    /// One of these; or none of these; without any, whatever is there at all, or that nothing is.
    of: Vec<String>,
    is: bool,
}

/// The key of a pod's namespace in the selectors of Cilium.
pub(super) const NAMESPACE: &str = "io.kubernetes.pod.namespace";

impl Selector {
    /// Reads one; otherwise why it cannot be read.
    pub(super) fn read(node: Option<&Node>) -> Result<Self, String> {
        let mut wants = Vec::new();
        let Some(node) = node else { return Ok(Selector::default()) };
        node.only(&["matchLabels", "matchExpressions"])?;
        if let Some(labels) = node.get("matchLabels") {
            for (key, value) in labels.map().ok_or("`matchLabels` is no map")? {
                let value = value.text().ok_or_else(|| format!("the label `{}` is no text", cut(key, 80)))?;
                wants.push(Want { key: bare(key)?, of: vec![value.to_owned()], is: true });
            }
        }
        for expression in node.list_of("matchExpressions")? {
            expression.only(&["key", "operator", "values"])?;
            let key = bare(expression.word("key").ok_or("an expression has no `key`")?)?;
            let mut of = Vec::new();
            for value in expression.list_of("values")? {
                of.push(value.text().ok_or("a value of an expression is no text")?.to_owned());
            }
            let is = match (expression.word("operator").unwrap_or_default(), of.is_empty()) {
                ("In", false) | ("Exists", true) => true,
                ("NotIn", false) | ("DoesNotExist", true) => false,
                (other, _) => return Err(format!("`{}` is no operator with such values", cut(other, 40))),
            };
            wants.push(Want { key, of, is });
        }
        wants.sort();
        wants.dedup();
        Ok(Selector { wants })
    }

    pub(super) fn is_all(&self) -> bool {
        self.wants.is_empty()
    }

    /// The one namespace that it is bound to, taken out of what it demands.
    pub(super) fn take_namespace(&mut self) -> Option<String> {
        let at = self.wants.iter().position(|want| want.key == NAMESPACE && want.is && want.of.len() == 1)?;
        self.wants.remove(at).of.pop()
    }

    /// Whether a pod with these labels is selected, as far as they say.
    fn selects(&self, labels: &BTreeMap<String, String>) -> Option<bool> {
        let mut certain = true;
        for want in &self.wants {
            match labels.get(&want.key) {
                Some(value) => {
                    let holds = (want.of.is_empty() || want.of.contains(value)) == want.is;
                    if !holds {
                        return Some(false);
                    }
                }
                None => certain = false,
            }
        }
        certain.then_some(true)
    }

    /// As `kubectl -l` takes it.
    pub(super) fn words(&self) -> String {
        let word = |want: &Want| match (want.of.as_slice(), want.is) {
            ([], true) => want.key.clone(),
            ([], false) => format!("!{}", want.key),
            ([one], true) => format!("{}={one}", want.key),
            ([one], false) => format!("{}!={one}", want.key),
            (of, true) => format!("{} in ({})", want.key, of.join(",")),
            (of, false) => format!("{} notin ({})", want.key, of.join(",")),
        };
        cut(&self.wants.iter().map(word).collect::<Vec<_>>().join(","), 300)
    }
}

/// A label without the source that Cilium puts before it.
fn bare(key: &str) -> Result<String, String> {
    let key = key.strip_prefix("k8s:").or(key.strip_prefix("any:")).unwrap_or(key);
    if key.contains(':') {
        return Err(format!("the label `{}` is none of a pod", cut(key, 80)));
    }
    Ok(key.to_owned())
}

/// Whether a policy selects the pod.
#[derive(Clone, Debug)]
pub(super) enum Selected {
    Never,
    /// Where all of this holds; always, where there is nothing.
    If(Vec<String>),
}

/// For each policy, whether it selects the pod that is asked about.
pub(super) fn selected(policies: &[Policy], scope: &Scope, rules: &mut Rules) -> Vec<Selected> {
    let full = |policy: &Policy| format!("{}/{}", policy.namespace.as_deref().unwrap_or_default(), policy.name);
    let named: Vec<bool> = policies.iter().map(|policy| scope.names(&[&policy.name, &full(policy)])).collect();
    let mut labels: BTreeMap<String, String> = BTreeMap::new();
    for only in &scope.only {
        if let Some((key, value)) = only.split_once('=') {
            labels.insert(key.trim().to_owned(), value.trim_start_matches('=').trim().to_owned());
        }
    }
    let labelled = !labels.is_empty();
    let all: BTreeSet<&str> = policies.iter().filter_map(|policy| policy.namespace.as_deref()).collect();
    let mut spaces: BTreeSet<&str> = all.iter().copied().filter(|space| scope.names(&[space])).collect();
    if spaces.is_empty() {
        let of_named = policies.iter().zip(&named).filter(|(_, named)| **named);
        spaces = of_named.filter_map(|(policy, _)| policy.namespace.as_deref()).collect();
    }
    let nothing_named = spaces.is_empty() && !labelled && !named.contains(&true);
    if spaces.is_empty() {
        spaces = all;
    }
    if !scope.only.is_empty() && nothing_named {
        let what = format!("no namespace, policy or label is called {}", cut(&scope.only.join(", "), 200));
        rules.note(NoteKind::Undefined, &super::whole(), what);
    }
    let one_space = spaces.len() <= 1;
    if let (false, Some(first), Some(last)) = (one_space, spaces.first(), spaces.last()) {
        let what = format!(
            "policies of {} namespaces stand here, from `{}` to `{}`, and nothing says which one the pod is in: what they differ in \
             is unsure until its namespace is named",
            spaces.len(),
            cut(first, 80),
            cut(last, 80),
        );
        rules.note(NoteKind::Assumed, &super::whole(), what);
    }
    if let (true, Some(space)) = (one_space, spaces.first()) {
        labels.entry(NAMESPACE.to_owned()).or_insert_with(|| (*space).to_owned());
    }
    let by_name: BTreeSet<(Option<&str>, String)> = policies
        .iter()
        .zip(&named)
        .filter(|(_, named)| **named)
        .map(|(policy, _)| (policy.namespace.as_deref(), policy.selector.words()))
        .collect();
    // Without a name, the one selector there is will be that of the application.
    let open: BTreeSet<String> = policies
        .iter()
        .filter(|policy| policy.namespace.as_deref().is_none_or(|space| spaces.contains(space)))
        .filter(|policy| !policy.selector.is_all() && policy.selector.selects(&labels).is_none())
        .map(|policy| policy.selector.words())
        .collect();
    let assumed = open.len() == 1 && one_space && by_name.is_empty() && !labelled;
    if let (true, Some(words)) = (assumed, open.first()) {
        let what = format!("the pod is taken to be one that the policies here select: `{words}`");
        rules.note(NoteKind::Assumed, &super::whole(), what);
    }
    policies
        .iter()
        .map(|policy| {
            let space = policy.namespace.as_deref();
            if space.is_some_and(|space| !spaces.contains(space)) {
                return Selected::Never;
            }
            let mut unless = Vec::new();
            if let (Some(space), false) = (space, one_space) {
                unless.push(format!("the pod is in the namespace `{}`", cut(space, 80)));
            }
            let words = policy.selector.words();
            match policy.selector.selects(&labels) {
                _ if policy.selector.is_all() || by_name.contains(&(space, words.clone())) => {}
                Some(true) => {}
                Some(false) => return Selected::Never,
                None if assumed => {}
                None => unless.push(format!("the pod is one that `{words}` selects")),
            }
            Selected::If(unless)
        })
        .collect()
}
