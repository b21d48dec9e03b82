//! A plan or a state as `terraform show -json` prints it: its resources, wherever their modules are, and what their configuration
//! refers to.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::view::View;

/// A resource.
#[derive(Clone, Copy)]
pub(super) struct Resource<'a> {
    /// `module.web[0].aws_security_group.app["a"]`.
    pub(super) address: &'a str,
    /// `aws_security_group`.
    pub(super) kind: &'a str,
    /// Whether it was looked up only.
    pub(super) is_data: bool,
    /// Its attributes.
    pub(super) values: View<'a>,
}

/// What was read.
pub(super) struct Document<'a> {
    /// The resources as they will be, and data sources as they are.
    pub(super) resources: Vec<Resource<'a>>,
    /// Resources that go, as they were.
    pub(super) deleted: Vec<Resource<'a>>,
    /// Resources and modules as they are written, by their addresses without indices; none, in a state.
    written: HashMap<String, &'a Value>,
    modules: HashMap<String, &'a Value>,
    /// What says that this is not all.
    pub(super) lacking: Vec<String>,
}

/// Modules lie no deeper in each other.
const DEEPEST: usize = 40;
/// More references than lead anywhere.
const MOST: usize = 1000;

impl<'a> Document<'a> {
    /// Reads a document; nothing, where it is neither a plan nor a state.
    pub(super) fn of(root: &'a Value) -> Option<Self> {
        let planned = root.get("planned_values").filter(|values| !values.is_null());
        let is_plan = planned.is_some();
        let values = planned.or_else(|| root.get("values")).or_else(|| root.get("root_module").map(|_| root))?;
        let mut document = Document {
            resources: Vec::new(),
            deleted: Vec::new(),
            written: HashMap::new(),
            modules: HashMap::new(),
            lacking: Vec::new(),
        };
        if let Some(module) = root.get("configuration").and_then(|configuration| configuration.get("root_module")) {
            document.take_in(module, "", 0);
        }
        let changes = changes(root);
        let known = |address: &str, values: &'a Value| {
            if !is_plan {
                return View::known(values);
            }
            let change = changes.get(address);
            View::planned(values, change.and_then(|change| change.get("after_unknown")))
        };
        let modules = [Some(values), root.get("prior_state").and_then(|state| state.get("values"))];
        for (nth, values) in modules.into_iter().flatten().enumerate() {
            let mut found = Vec::new();
            if let Some(module) = values.get("root_module") {
                resources_in(module, 0, &mut found);
            }
            for (address, kind, data, values) in found {
                // Of what was before, only data sources stand nowhere else.
                match (nth, data) {
                    (0, is_data) => {
                        document.resources.push(Resource { address, kind, is_data, values: known(address, values) });
                    }
                    (_, true) => {
                        document.resources.push(Resource { address, kind, is_data: true, values: View::known(values) });
                    }
                    _ => {}
                }
            }
        }
        for (address, change) in &changes {
            let goes =
                change.get("actions").and_then(Value::as_array).is_some_and(|all| all.iter().any(|it| it == "delete"));
            let kind = change.get("type").and_then(Value::as_str);
            if let (true, Some(kind), Some(before)) = (goes, kind, change.get("before")) {
                document.deleted.push(Resource { address, kind, is_data: false, values: View::known(before) });
            }
        }
        if root.get("complete") == Some(&Value::Bool(false)) {
            document.lacking.push("says that it is not complete".to_owned());
        }
        if root.get("errored") == Some(&Value::Bool(true)) {
            document.lacking.push("says that planning ended with an error".to_owned());
        }
        if root.get("deferred_changes").and_then(Value::as_array).is_some_and(|all| !all.is_empty()) {
            document.lacking.push("defers changes, which are not in it".to_owned());
        }
        Some(document)
    }

    /// Whether the block of a resource sets this argument; nothing, where the configuration does not say.
    pub(super) fn sets(&self, address: &str, key: &str) -> Option<bool> {
        // A block without arguments has no expressions at all.
        let expressions = self.written(address)?.get("expressions");
        Some(expressions.is_some_and(|expressions| expressions.get(key).is_some()))
    }

    /// What the argument of a resource refers to: addresses, with indices as far as those are written.
    pub(super) fn refers(&self, address: &str, key: &str) -> Vec<String> {
        let mut path = Path::default();
        if let Some(resource) = self.written(address)
            && let Some(expression) = resource.get("expressions").and_then(|all| all.get(key))
        {
            self.follow(instance(address), expression, 0, &mut path);
            let of_each = references(expression).any(|it| it.starts_with("each."));
            if let Some(each) = resource.get("for_each_expression").filter(|_| of_each) {
                self.follow(instance(address), each, 0, &mut path);
            }
        }
        path.found.sort();
        path.found.dedup();
        path.found
    }

    /// Whether the argument of a resource is nothing but a value that its module worked out under a name.
    pub(super) fn is_local(&self, address: &str, key: &str) -> bool {
        let expression = self.written(address).and_then(|resource| resource.get("expressions")?.get(key));
        expression.is_some_and(|expression| {
            references(expression).next().is_some() && references(expression).all(|it| it.starts_with("local."))
        })
    }

    /// The same, where it is one resource, whichever of its instances.
    pub(super) fn refers_to(&self, address: &str, key: &str) -> Option<String> {
        let mut found: Vec<String> = self.refers(address, key).iter().map(|it| bare(it)).collect();
        found.dedup();
        found.pop().filter(|_| found.is_empty())
    }

    fn follow(&self, module: &str, expression: &Value, depth: usize, path: &mut Path) {
        for reference in references(expression) {
            path.steps += 1;
            if depth > DEEPEST || path.steps > MOST {
                return;
            }
            let parts = parts(reference);
            match parts.as_slice() {
                ["var", name, ..] => {
                    let outer = instance_around(module);
                    let call = bare(module);
                    let call = call.rsplit('.').next().unwrap_or_default();
                    let calls = self.module(outer).and_then(|module| module.get("module_calls")?.get(call));
                    let given = calls.and_then(|call| call.get("expressions")?.get(*name));
                    if let Some(given) = given.filter(|_| !module.is_empty()) {
                        self.follow(outer, given, depth + 1, path);
                    }
                }
                ["module", call, output, ..] => {
                    let inner = join(module, &format!("module.{call}"));
                    let outputs = self.module(&inner).and_then(|module| module.get("outputs"));
                    if let Some(given) = outputs.and_then(|outputs| outputs.get(*output)?.get("expression")) {
                        self.follow(&inner, given, depth + 1, path);
                    }
                }
                ["data", kind, name, ..] => path.found.push(join(module, &format!("data.{kind}.{name}"))),
                ["each" | "count" | "local" | "path" | "self" | "terraform" | "module", ..] => {}
                [kind, name, ..] => path.found.push(join(module, &format!("{kind}.{name}"))),
                _ => {}
            }
        }
    }

    /// A resource as it is written, whichever of its instances.
    fn written(&self, address: &str) -> Option<&'a Value> {
        self.written.get(&bare(address)).copied()
    }

    /// A module as it is written, whichever of its instances.
    fn module(&self, path: &str) -> Option<&'a Value> {
        self.modules.get(&bare(path)).copied()
    }

    /// Takes in what is written in a module, and in those that it calls.
    fn take_in(&mut self, module: &'a Value, path: &str, depth: usize) {
        self.modules.insert(path.to_owned(), module);
        for resource in module.get("resources").and_then(Value::as_array).into_iter().flatten() {
            if let Some(address) = resource.get("address").and_then(Value::as_str) {
                self.written.insert(join(path, address), resource);
            }
        }
        for (call, of) in module.get("module_calls").and_then(Value::as_object).into_iter().flatten() {
            if let Some(called) = of.get("module").filter(|_| depth < DEEPEST) {
                self.take_in(called, &join(path, &format!("module.{call}")), depth + 1);
            }
        }
    }
}

/// Where references were followed to.
#[derive(Default)]
struct Path {
    found: Vec<String>,
    steps: usize,
}

fn references(expression: &Value) -> impl Iterator<Item = &str> {
    expression.get("references").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// Each change, by the address of its resource: its `change`, with the type beside it.
fn changes(root: &Value) -> BTreeMap<&str, Change<'_>> {
    let all = root.get("resource_changes").and_then(Value::as_array);
    let change = |it| {
        let it: &Value = it;
        Some((it.get("address")?.as_str()?, Change { of: it }))
    };
    all.into_iter().flatten().filter_map(change).collect()
}

struct Change<'a> {
    of: &'a Value,
}

impl<'a> Change<'a> {
    fn get(&self, key: &str) -> Option<&'a Value> {
        if key == "type" { self.of.get(key) } else { self.of.get("change")?.get(key) }
    }
}

type Found<'a> = (&'a str, &'a str, bool, &'a Value);

fn resources_in<'a>(module: &'a Value, depth: usize, found: &mut Vec<Found<'a>>) {
    let list = |key: &str| module.get(key).and_then(Value::as_array).into_iter().flatten();
    for resource in list("resources") {
        let text = |key: &str| resource.get(key).and_then(Value::as_str);
        if let (Some(address), Some(kind), Some(values)) = (text("address"), text("type"), resource.get("values")) {
            found.push((address, kind, text("mode") == Some("data"), values));
        }
    }
    if depth < DEEPEST {
        for child in list("child_modules") {
            resources_in(child, depth + 1, found);
        }
    }
}

/// The parts of an address, each with its index: `module`, `a["x.y"]`, `aws_security_group`, `b`.
fn parts(address: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut from, mut within, mut quoted, mut escaped) = (0, false, false, false);
    for (at, c) in address.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' if within => quoted = !quoted,
            '[' if !quoted => within = true,
            ']' if !quoted => within = false,
            '.' if !within => {
                parts.push(&address[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&address[from..]);
    parts
}

/// An address without its indices: `module.a["x"].b.c[0]` is `module.a.b.c`.
pub(super) fn bare(address: &str) -> String {
    let bare: Vec<&str> = parts(address).iter().map(|part| part.split('[').next().unwrap_or_default()).collect();
    bare.join(".")
}

/// The module of an address: `module.a["x"].module.b[0]`; nothing, at the root.
pub(super) fn instance(address: &str) -> &str {
    let parts = parts(address);
    let modules = parts.chunks_exact(2).take_while(|pair| pair[0] == "module");
    let length: usize = modules.map(|pair| pair[0].len() + pair[1].len() + 2).sum();
    &address[..length.saturating_sub(1)]
}

/// The module that calls this one.
fn instance_around(module: &str) -> &str {
    let parts = parts(module);
    let length: usize = parts.iter().rev().skip(2).map(|part| part.len() + 1).sum();
    &module[..length.saturating_sub(1)]
}

fn join(module: &str, rest: &str) -> String {
    if module.is_empty() { rest.to_owned() } else { format!("{module}.{rest}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_apart_whatever_its_indices_hold() {
        let odd = r#"module.a["x.y\"]z"].module.b[0].aws_security_group.c["k"]"#;

        assert_eq!(bare(odd), "module.a.module.b.aws_security_group.c");
        assert_eq!(instance(odd), r#"module.a["x.y\"]z"].module.b[0]"#);
        assert_eq!(instance_around(instance(odd)), r#"module.a["x.y\"]z"]"#);
        assert_eq!((instance("aws_security_group.c"), instance_around("module.a")), ("", ""));
        assert_eq!(instance("module.a.data.aws_security_group.c"), "module.a");
        for odd in ["", ".", "module.", "module", "[", "module.a", "]]\"", "module.a[\"", "ä.ö", "module.ä.module.ö"]
        {
            let _ = (bare(odd), instance(odd), instance_around(odd));
        }
    }
}
