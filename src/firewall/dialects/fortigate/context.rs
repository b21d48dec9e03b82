//! The contexts of a FortiGate: one, or a VDOM each, with the blocks of the configuration that bear on what passes.

use std::collections::{BTreeSet, HashMap};

use super::tree::{Block, Entry, Item, Settings, Tree, Trouble};
use crate::firewall::dialects::edge::order::Order;
use crate::firewall::dialects::edge::{is_the_internet, shown};
use crate::firewall::dialects::entry;
use crate::firewall::rules::{NoteKind, Place, Rules};

/// All contexts of the files.
#[derive(Default)]
pub(super) struct Contexts {
    all: Vec<Context>,
    by_name: HashMap<String, usize>,
}

/// A VDOM, or the whole firewall.
#[derive(Default)]
pub(super) struct Context {
    /// Nothing, where there are no VDOMs.
    pub name: String,
    tables: HashMap<String, Table>,
    /// Settings that stand in no entry, by block.
    pub settings: HashMap<String, Settings>,
    /// Interfaces by which something on the internet is reached.
    pub outward: BTreeSet<String>,
    /// Interfaces that have addresses.
    pub addressed: BTreeSet<String>,
}

/// The entries of a block, in order. A block that stands in a file twice is one.
#[derive(Default)]
pub(super) struct Table {
    entries: Vec<Slot>,
    by_name: HashMap<String, usize>,
    order: Order,
}

/// An entry, or what stands in the place of one.
pub(super) enum Slot {
    Entry(Entry),
    Trouble(Trouble),
}

impl Table {
    /// The entries, in order.
    pub(super) fn in_order(&self) -> impl Iterator<Item = &Slot> {
        self.order.iter().filter_map(|at| self.entries.get(at))
    }

    /// The entries, in order, without what stands between them.
    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.in_order().filter_map(|slot| match slot {
            Slot::Entry(entry) => Some(entry),
            Slot::Trouble(_) => None,
        })
    }

    fn push(&mut self, slot: Slot) -> usize {
        self.entries.push(slot);
        self.order.push()
    }

    fn take(&mut self, items: Vec<Item>, rules: &mut Rules) {
        let before = self.entries.len();
        for item in items {
            match item {
                Item::Entry(entry) => self.entry(entry, before),
                Item::Trouble(trouble) => {
                    rules.note(NoteKind::NotUnderstood, &trouble.place, trouble.why.clone());
                    self.push(Slot::Trouble(trouble));
                }
                Item::Move { name, before, other, place } => {
                    match (self.by_name.get(&name), self.by_name.get(&other)) {
                        (Some(entry), Some(other)) if before => self.order.move_before(*entry, Some(*other)),
                        (Some(entry), Some(other)) => self.order.move_after(*entry, Some(*other)),
                        _ => {
                            let why = "moves an entry that is not there, or to one that is not".to_owned();
                            rules.note(NoteKind::NotUnderstood, &place, why.clone());
                            self.push(Slot::Trouble(Trouble { place, why }));
                        }
                    }
                }
            }
        }
    }

    /// An entry that was there before is changed; one that stands twice in the same block is odd. `edit 0` is a new one each time.
    fn entry(&mut self, entry: Entry, before: usize) {
        let known = self.by_name.get(&entry.name).copied().filter(|_| entry.name != "0");
        let known = known.and_then(|at| self.entries.get_mut(at).map(|slot| (at, slot)));
        if let Some((at, Slot::Entry(known))) = known {
            let twice =
                (at >= before).then(|| Trouble { place: entry.place.clone(), why: "stands there twice".to_owned() });
            known.trouble = known.trouble.take().or(entry.trouble).or(twice);
            known.settings.take(entry.settings);
            known.blocks.extend(entry.blocks);
            return;
        }
        let name = entry.name.clone();
        let at = self.push(Slot::Entry(entry));
        self.by_name.insert(name, at);
    }
}

impl Context {
    /// The entries of a block.
    pub(super) fn entries(&self, path: &str) -> impl Iterator<Item = &Entry> {
        self.tables.get(path).into_iter().flat_map(Table::entries)
    }

    pub(super) fn table(&self, path: &str) -> Option<&Table> {
        self.tables.get(path)
    }

    /// Which way the internet is, as routes and interfaces have it.
    fn ways(&mut self, block: &Block) {
        let entries = block.items.iter().filter_map(|item| match item {
            Item::Entry(entry) => Some((&entry.name, &entry.settings)),
            _ => None,
        });
        for (name, settings) in entries {
            let says = |key: &str, words: &[&str]| settings.one(key).is_some_and(|value| words.contains(&value));
            if says("status", &["disable", "down"]) {
                continue;
            }
            if block.path == "router static" {
                let outward = match settings.all("dst") {
                    [net] => entry::entry(net).is_ok_and(|to| is_the_internet(&to.ranges)),
                    [net, mask] => entry::netmask(net, mask).is_ok_and(|to| is_the_internet(&to.ranges)),
                    // The default route has no destination, and some go by the name of one.
                    _ => settings.one("dstaddr").is_none_or(str::is_empty),
                };
                if !outward || settings.enabled("blackhole") {
                    continue;
                }
                let named = settings.all("sdwan-zone").iter().chain(settings.all("device"));
                let mut named: Vec<String> = named.filter(|name| !name.is_empty()).cloned().collect();
                if named.is_empty() {
                    named.push("virtual-wan-link".to_owned());
                }
                self.outward.extend(named);
                continue;
            }
            if says("type", &["loopback", "tunnel"]) {
                continue;
            }
            if says("mode", &["dhcp", "pppoe"]) && !says("defaultgw", &["disable"]) {
                self.outward.insert(name.clone());
            }
            if settings.one("ip").is_some_and(|ip| !ip.starts_with("0.0.0.0")) {
                self.addressed.insert(name.clone());
            }
        }
    }

    /// Whether a setting that stands in no entry is enabled.
    pub(super) fn enabled(&self, path: &str, key: &str) -> bool {
        self.settings.get(path).is_some_and(|settings| settings.enabled(key))
    }
}

/// Blocks whose entries or settings bear on what passes.
fn bears(path: &str) -> bool {
    path.starts_with("firewall ")
        || ["system zone", "system sdwan", "system virtual-wan-link", "system settings", "log setting"].contains(&path)
}

impl Contexts {
    /// Those that have policies.
    pub(super) fn with_policies(self) -> Vec<Context> {
        let lists = ["firewall policy", "firewall policy6", "firewall consolidated policy"];
        self.all.into_iter().filter(|context| lists.iter().any(|list| context.tables.contains_key(*list))).collect()
    }

    /// Takes in a file.
    pub(super) fn take(&mut self, tree: Tree, rules: &mut Rules) {
        for trouble in tree.trouble {
            rules.note(NoteKind::NotUnderstood, &trouble.place, trouble.why);
        }
        for block in tree.blocks {
            match block.path.as_str() {
                "vdom" => self.vdoms(block, rules),
                "global" => {
                    note_trouble(&block.items, rules);
                    for inner in block.blocks {
                        self.block(String::new(), inner, rules);
                    }
                }
                _ => self.block(String::new(), block, rules),
            }
        }
    }

    fn vdoms(&mut self, block: Block, rules: &mut Rules) {
        for item in block.items {
            match item {
                Item::Entry(vdom) => {
                    if let Some(trouble) = &vdom.trouble {
                        rules.note(NoteKind::NotUnderstood, &trouble.place, trouble.why.clone());
                    }
                    for inner in vdom.blocks {
                        self.block(vdom.name.clone(), inner, rules);
                    }
                }
                other => note_trouble(&[other], rules),
            }
        }
        for inner in block.blocks {
            Self::misplaced(&inner, rules);
        }
    }

    fn block(&mut self, context: String, block: Block, rules: &mut Rules) {
        for inner in &block.blocks {
            if !matches!(block.path.as_str(), "system sdwan" | "system virtual-wan-link") {
                Self::misplaced(inner, rules);
            }
        }
        if matches!(block.path.as_str(), "router static" | "system interface") {
            self.context(context.clone()).ways(&block);
        }
        if !bears(&block.path) {
            note_trouble(&block.items, rules);
            for item in &block.items {
                if let Item::Entry(entry) = item {
                    entry.blocks.iter().for_each(|inner| Self::misplaced(inner, rules));
                }
            }
            return;
        }
        let context = self.context(context);
        // An SD-WAN keeps its zones and members one block further in.
        if block.path.ends_with("sdwan") || block.path.ends_with("virtual-wan-link") {
            for inner in block.blocks {
                let path = format!("sdwan {}", inner.path);
                context.tables.entry(path).or_default().take(inner.items, rules);
            }
        }
        context.settings.entry(block.path.clone()).or_default().take(block.settings);
        context.tables.entry(block.path).or_default().take(block.items, rules);
    }

    fn context(&mut self, name: String) -> &mut Context {
        let at = *self.by_name.entry(name.clone()).or_insert_with(|| {
            self.all.push(Context { name, ..Context::default() });
            self.all.len() - 1
        });
        &mut self.all[at]
    }

    /// A block of rules within another one shows that something before it was not read as it was meant.
    fn misplaced(block: &Block, rules: &mut Rules) {
        if bears(&block.path) {
            let what = format!("`config {}` stands within another block that has not ended", shown(&block.path));
            rules.note(NoteKind::NotUnderstood, &block.place, what);
        }
        note_trouble(&block.items, rules);
        let inner = block.items.iter().filter_map(|item| match item {
            Item::Entry(entry) => Some(&entry.blocks),
            _ => None,
        });
        for inner in inner.flatten().chain(&block.blocks) {
            Self::misplaced(inner, rules);
        }
    }
}

fn note_trouble(items: &[Item], rules: &mut Rules) {
    for item in items {
        let (place, why): (&Place, &str) = match item {
            Item::Trouble(trouble) | Item::Entry(Entry { trouble: Some(trouble), .. }) => {
                (&trouble.place, &trouble.why)
            }
            _ => continue,
        };
        rules.note(NoteKind::NotUnderstood, place, why);
    }
}
