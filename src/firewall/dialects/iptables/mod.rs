//! iptables: what `iptables-save`, `ip6tables-save` and `ipset save` print, and rules for `iptables-restore`.

mod address;
mod build;
mod emit;
mod options;
mod sets;
mod tables;
mod target;
#[cfg(test)]
mod tests;
mod text;
mod words_for;
mod write;

use super::{Dialect, Input, Reads, Scope, Unread};
use crate::firewall::addresses::Family;
use crate::firewall::rules::{File, NoteKind, Place, Rules};
use sets::Sets;
use text::{Dump, Table, Text};

/// Rules of IPv4, and of IPv6 where they stand beside them.
pub(super) static IPTABLES: Dialect = Dialect {
    name: "iptables",
    title: "iptables-save, ip6tables-save and ipset save",
    reads: Some(Reads {
        export: "iptables-save; ip6tables-save; ipset save",
        recognises: text::recognises,
        read: read_v4,
    }),
    writes: Some(|request| write::write(request, Family::V4)),
};

/// The same for IPv6. An export is read as whichever family it says that it is of, so that this is asked for by name only.
pub(super) static IP6TABLES: Dialect = Dialect {
    name: "ip6tables",
    title: "ip6tables-save, where nothing in it says that it is IPv6",
    reads: Some(Reads { export: "ip6tables-save; ipset save", recognises: |_| false, read: read_v6 }),
    writes: Some(|request| write::write(request, Family::V6)),
};

/// Whether a text holds sets and no rules.
pub(super) fn is_sets(text: &str) -> bool {
    text::read("", text).is_ok_and(|text| text.dumps.is_empty() && !text.sets.is_empty() && text.odd.is_empty())
}

fn read_v4(inputs: &[Input], scope: &Scope) -> Result<Rules, Unread> {
    read(inputs, scope, Family::V4)
}

fn read_v6(inputs: &[Input], scope: &Scope) -> Result<Rules, Unread> {
    read(inputs, scope, Family::V6)
}

fn read(inputs: &[Input], scope: &Scope, otherwise: Family) -> Result<Rules, Unread> {
    let dialect = if otherwise == Family::V4 { "iptables" } else { "ip6tables" };
    let mut rules = Rules {
        files: inputs.iter().map(|input| File { name: input.name.clone(), dialect }).collect(),
        ..Rules::default()
    };
    let texts = inputs.iter().map(|input| text::read(&input.name, &input.text)).collect::<Result<Vec<Text>, _>>()?;
    if let Some(first) = inputs.first().filter(|_| texts.iter().all(|text| text.dumps.is_empty())) {
        let why = if texts.iter().all(|text| text.sets.is_empty()) {
            "holds no rules of iptables; export them with `iptables-save` and `ip6tables-save`"
        } else {
            "holds sets alone, and nothing says what becomes of their addresses; add what `iptables-save` and `ip6tables-save` print"
        };
        return Err(Unread { file: first.name.clone(), line: None, why: why.to_owned() });
    }
    let sets = sets_of(&texts, &mut rules);
    let mut groups: Vec<Group> = Vec::new();
    for ((file, text), input) in (0_u16..).zip(&texts).zip(inputs) {
        for (line, quoted, why) in &text.odd {
            rules.note(NoteKind::NotUnderstood, &Place::new(file, *line, format!("line {line}"), quoted), *why);
        }
        for dump in &text.dumps {
            let family = dump
                .family
                .or_else(|| clue(dump))
                .or_else(|| named(&input.name))
                .or_else(|| hint(dump))
                .unwrap_or_else(|| {
                    let line = dump.tables.first().map_or(0, |table| table.line);
                    let what =
                        format!("nothing in the text says of which family it is; it is read as {}", otherwise.as_str());
                    rules.note(NoteKind::Assumed, &Place::new(file, line, format!("line {line}"), ""), what);
                    otherwise
                });
            for table in &dump.tables {
                let has = |group: &Group| group.tables.iter().any(|(_, known)| known.name == table.name);
                if groups.iter().any(|group| group.family == family && has(group)) {
                    let place = Place::new(file, table.line, format!("table {}", table.name), "");
                    let what = "this table is in these files more than once; what passes has to pass all of them";
                    rules.note(NoteKind::Assumed, &place, what);
                }
                match groups.iter_mut().find(|group| group.family == family && !has(group)) {
                    Some(group) => group.tables.push((file, table)),
                    None => groups.push(Group { family, tables: vec![(file, table)] }),
                }
            }
        }
    }
    for group in &groups {
        let built = build::build(&group.tables, group.family, &sets, scope, &mut rules);
        built.map_err(|tables::Circle(file, line, chain)| Unread {
            file: inputs.get(usize::from(file)).map_or_else(String::new, |input| input.name.clone()),
            line: Some(line),
            why: format!("has a chain that leads back to itself ({chain}), which the kernel refuses"),
        })?;
    }
    Ok(rules)
}

/// Tables of one family, each once: what a kernel can hold at a time.
struct Group<'t, 'a> {
    family: Family,
    tables: Vec<(u16, &'t Table<'a>)>,
}

fn sets_of<'a>(texts: &[Text<'a>], rules: &mut Rules) -> Sets<'a> {
    let mut sets = Sets::default();
    for (file, text) in (0_u16..).zip(texts) {
        for (line, words) in &text.sets {
            let name = words.split_whitespace().nth(1).unwrap_or_default();
            let place = Place::new(file, *line, format!("set {name}"), words);
            sets.line(words, &place, rules);
        }
        for rule in
            text.dumps.iter().flat_map(|dump| &dump.tables).flat_map(|table| &table.chains).flat_map(|it| &it.rules)
        {
            let mut words = rule.text.split_whitespace().skip_while(|word| !matches!(*word, "--add-set" | "--del-set"));
            words.next();
            sets.filled.extend(words.next().filter(|name| !sets.filled.iter().any(|it| it == name)).map(str::to_owned));
        }
    }
    sets
}

/// The family that what stands in the rules belongs to.
fn clue(dump: &Dump) -> Option<Family> {
    let rules = dump.tables.iter().flat_map(|table| &table.chains).flat_map(|chain| &chain.rules);
    rules.flat_map(|rule| rule.text.split_whitespace()).find_map(|word| {
        let address = word.split(['/', ',', '-']).next().unwrap_or_default();
        match word {
            "icmpv6" | "ipv6-icmp" | "icmp6" | "--icmpv6-type" => Some(Family::V6),
            "--icmp-type" => Some(Family::V4),
            _ if word.starts_with("icmp6-") || word.starts_with("ufw6-") => Some(Family::V6),
            _ if word.starts_with("icmp-") || word.starts_with("ufw-") => Some(Family::V4),
            _ if address.contains(['.', ':']) => address.parse().ok().map(Family::of),
            _ => None,
        }
    })
}

/// What nearly nobody writes for IPv6, though ip6tables takes it.
fn hint(dump: &Dump) -> Option<Family> {
    let mut rules = dump.tables.iter().flat_map(|table| &table.chains).flat_map(|chain| &chain.rules);
    rules.any(|rule| rule.text.split_whitespace().any(|word| word == "icmp")).then_some(Family::V4)
}

/// The family that the name of a file says, or of the folder that it lies in: `rules.v6`, `rules/v6`, `ip6tables`, `iptables-v6.conf`.
fn named(file: &str) -> Option<Family> {
    let file = file.to_ascii_lowercase();
    let parts: Vec<&str> = file.rsplit(['/', '\\']).take(2).collect();
    parts.into_iter().find_map(|part| {
        let words = || part.split(|c: char| !c.is_ascii_alphanumeric());
        let is = |known: &[&str]| words().any(|word| known.contains(&word));
        if part.contains("ip6tables")
            || is(&["v6", "ipv6", "ip6", "inet6", "rules6", "iptables6", "iptablesv6", "rulesv6"])
        {
            return Some(Family::V6);
        }
        (part.contains("iptables") || is(&["v4", "ipv4", "ip4", "rules4", "rulesv4"])).then_some(Family::V4)
    })
}
