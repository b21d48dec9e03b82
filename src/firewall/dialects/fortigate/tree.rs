//! A configuration as a tree of blocks and entries, as its commands nest them. A command that is none, or that stands where none like it
//! can, is kept where it was met.

use std::collections::BTreeMap;

use crate::firewall::dialects::edge::shown;
use crate::firewall::dialects::edge::words::{Command, commands};
use crate::firewall::rules::Place;

/// A configuration.
pub(super) struct Tree {
    pub blocks: Vec<Block>,
    /// What was not understood outside of every block.
    pub trouble: Vec<Trouble>,
}

/// `config … end`.
pub(super) struct Block {
    /// What it configures: `firewall policy`.
    pub path: String,
    pub place: Place,
    pub items: Vec<Item>,
    /// What is set without an entry.
    pub settings: Settings,
    pub blocks: Vec<Block>,
}

/// What a block holds, in order.
pub(super) enum Item {
    Entry(Entry),
    /// An entry is moved before another, or behind it.
    Move {
        name: String,
        before: bool,
        other: String,
        place: Place,
    },
    Trouble(Trouble),
}

/// `edit … next`.
pub(super) struct Entry {
    pub name: String,
    pub place: Place,
    pub settings: Settings,
    pub blocks: Vec<Block>,
    /// What was not understood in it.
    pub trouble: Option<Trouble>,
    /// Its commands, until its end is met.
    quoted: String,
}

/// Something that was not understood.
#[derive(Clone)]
pub(super) struct Trouble {
    pub place: Place,
    pub why: String,
}

/// What is set, by key.
#[derive(Default)]
pub(super) struct Settings(BTreeMap<String, Vec<String>>);

impl Settings {
    /// The values of a key; none, where it is not set.
    pub(super) fn all(&self, key: &str) -> &[String] {
        self.0.get(key).map_or(&[], Vec::as_slice)
    }

    /// The first value of a key.
    pub(super) fn one(&self, key: &str) -> Option<&str> {
        self.all(key).first().map(String::as_str)
    }

    /// Whether the key is set to `enable`.
    pub(super) fn enabled(&self, key: &str) -> bool {
        self.one(key) == Some("enable")
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// All of it on one line, as a definition.
    pub(super) fn in_words(&self) -> String {
        let silent = ["uuid", "comment", "color"];
        let each = self.0.iter().filter(|(key, _)| !silent.contains(&key.as_str()));
        let mut words = each.map(|(key, values)| format!("{key} {}", values.join(" "))).collect::<Vec<_>>().join(", ");
        if let Some((cut, _)) = words.char_indices().nth(300) {
            words.truncate(cut);
        }
        words.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
    }

    fn put(&mut self, verb: &str, key: &str, values: Vec<String>) {
        match verb {
            "set" | "select" => {
                self.0.insert(key.to_owned(), values);
            }
            "append" => self.0.entry(key.to_owned()).or_default().extend(values),
            "unselect" => {
                if let Some(known) = self.0.get_mut(key) {
                    known.retain(|value| !values.contains(value));
                }
            }
            _ => {
                self.0.remove(key);
            }
        }
    }

    /// What is set later takes the place of what was.
    pub(super) fn take(&mut self, later: Settings) {
        self.0.extend(later.0);
    }
}

enum Open {
    Block(Block),
    Entry(Entry),
}

/// Blocks in one another: no configuration nests them as deep.
const DEEPEST: usize = 64;

impl Tree {
    /// Reads a text; otherwise the line at which its blocks lie too deep.
    pub(super) fn of(text: &str, file: u16) -> Result<Self, usize> {
        let mut growing = Growing { file, tree: Tree { blocks: Vec::new(), trouble: Vec::new() }, open: Vec::new() };
        for command in commands(text) {
            growing.command(&command);
            if growing.open.len() > DEEPEST {
                return Err(command.line);
            }
        }
        while !growing.open.is_empty() {
            growing.trouble(0, "", "the file ends within a block");
            growing.close();
        }
        Ok(growing.tree)
    }
}

struct Growing {
    file: u16,
    tree: Tree,
    open: Vec<Open>,
}

impl Growing {
    fn command(&mut self, command: &Command) {
        let mut words: Vec<&str> = command.words.iter().map(|word| word.text.as_ref()).collect();
        // A console's prompt, `FGT (policy) #`, may stand before it.
        let verbs = ["config", "edit", "set", "append", "unset", "select", "unselect", "next", "end", "move"];
        if !words.first().is_some_and(|first| verbs.contains(first))
            && let Some(prompt) = command.words.iter().take(3).position(|word| word.is("#") || word.is("$"))
        {
            words.drain(..=prompt);
        }
        let Some(verb) = words.first().copied() else { return };
        if let Some(odd) = command.odd
            && (odd.contains("never") || matters(&command.words))
        {
            self.trouble(command.line, command.text, odd);
            return;
        }
        if swallows(command.text) {
            self.trouble(command.line, command.text, "holds other commands within its quotes");
            return;
        }
        let place = || Place::new(self.file, command.line, format!("line {}", command.line), command.text);
        match (verb, words.as_slice()) {
            ("config", [_, path @ ..]) if !path.is_empty() => {
                let block = Block {
                    path: path.join(" "),
                    place: place(),
                    items: Vec::new(),
                    settings: Settings::default(),
                    blocks: Vec::new(),
                };
                self.open.push(Open::Block(block));
            }
            ("edit", [_, name]) => {
                if matches!(self.open.last(), Some(Open::Entry(_))) {
                    self.trouble(command.line, command.text, "begins before the entry above it has ended");
                    self.close();
                }
                let entry = Entry {
                    name: (*name).to_owned(),
                    place: Place::new(self.file, command.line, *name, ""),
                    settings: Settings::default(),
                    blocks: Vec::new(),
                    trouble: None,
                    quoted: command.text.to_owned(),
                };
                match self.open.last() {
                    Some(Open::Block(_)) => self.open.push(Open::Entry(entry)),
                    _ => self.trouble(command.line, command.text, "is an entry outside of a block"),
                }
            }
            ("next", [_]) if matches!(self.open.last(), Some(Open::Entry(_))) => self.close(),
            ("end", [_]) if !self.open.is_empty() => {
                if matches!(self.open.last(), Some(Open::Entry(_))) {
                    self.close();
                }
                self.close();
            }
            ("set" | "append" | "unset" | "select" | "unselect", [_, key, values @ ..])
                if !self.open.is_empty() && (verb == "unset" || !values.is_empty()) =>
            {
                let values = values.iter().map(ToString::to_string).collect();
                let text = command.text;
                match self.open.last_mut() {
                    Some(Open::Entry(entry)) => {
                        if entry.quoted.len() < 400 {
                            entry.quoted.push_str("; ");
                            entry.quoted.push_str(text);
                        }
                        entry.settings.put(verb, key, values);
                    }
                    Some(Open::Block(block)) => block.settings.put(verb, key, values),
                    None => {}
                }
            }
            // So all of a configuration is shown, where nothing is set.
            ("set", [_, key]) if !self.open.is_empty() => match self.open.last_mut() {
                Some(Open::Entry(entry)) => entry.settings.put(verb, key, Vec::new()),
                Some(Open::Block(block)) => block.settings.put(verb, key, Vec::new()),
                None => {}
            },
            ("move", [_, name, whither @ ("before" | "after"), other]) => {
                let item = Item::Move {
                    name: (*name).to_owned(),
                    before: *whither == "before",
                    other: (*other).to_owned(),
                    place: place(),
                };
                match self.open.last_mut() {
                    Some(Open::Block(block)) => block.items.push(item),
                    _ => self.trouble(command.line, command.text, "moves something outside of a block"),
                }
            }
            ("show" | "get" | "exit" | "diagnose", _) if self.open.is_empty() => {}
            _ => {
                let why = format!("`{}` is not understood here", shown(verb));
                self.trouble(command.line, command.text, &why);
            }
        }
    }

    fn trouble(&mut self, line: usize, text: &str, why: &str) {
        let name = if line == 0 { "end of the file".to_owned() } else { format!("line {line}") };
        let trouble = Trouble { place: Place::new(self.file, line, name, text), why: why.to_owned() };
        match self.open.last_mut() {
            Some(Open::Entry(entry)) => {
                entry.trouble.get_or_insert(trouble);
            }
            Some(Open::Block(block)) => block.items.push(Item::Trouble(trouble)),
            None => self.tree.trouble.push(trouble),
        }
    }

    fn close(&mut self) {
        let Some(closed) = self.open.pop() else { return };
        match (closed, self.open.last_mut()) {
            (Open::Entry(mut entry), Some(Open::Block(block))) => {
                let quoted = std::mem::take(&mut entry.quoted);
                let (line, name) = (entry.place.line as usize, entry.place.name.clone());
                entry.place = Place::new(self.file, line, name, &quoted);
                block.items.push(Item::Entry(entry));
            }
            (Open::Block(block), Some(Open::Block(outer))) => outer.blocks.push(block),
            (Open::Block(block), Some(Open::Entry(outer))) => outer.blocks.push(block),
            (Open::Block(block), None) => self.tree.blocks.push(block),
            // Entries are opened within blocks alone.
            (Open::Entry(_), _) => {}
        }
    }
}

/// Whether the command is about what rules are made of, rather than some certificate or page of text.
fn matters(words: &[crate::firewall::dialects::edge::words::Word]) -> bool {
    let silent =
        ["comment", "comments", "description", "buffer", "certificate", "private-key", "csr", "password", "psksecret"];
    !words.get(1).is_some_and(|key| silent.contains(&key.text.as_ref()))
}

/// Whether a quote that was not closed in its line may have taken commands with it.
fn swallows(text: &str) -> bool {
    text.lines().skip(1).any(|line| {
        let mut words = line.split_whitespace();
        match (words.next(), words.next(), words.next()) {
            (Some("next" | "end"), None, _) | (Some("config"), Some("firewall" | "system" | "vdom"), _) => true,
            (Some("set"), Some(key), Some(_)) => {
                ["srcaddr", "dstaddr", "action", "service", "member", "status", "subnet", "srcintf", "dstintf"]
                    .contains(&key)
            }
            _ => false,
        }
    })
}
