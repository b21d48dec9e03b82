//! squid: what a forward proxy lets its clients CONNECT to, by the name of the host.

mod access;
mod acls;
mod config;
mod write;

use super::{Dialect, Input, Reads, Scope, Unread};
use crate::firewall::rules::{File, Rules};

pub(super) static DIALECT: Dialect = Dialect {
    name: "squid",
    title: "squid.conf: acl and http_access, with the files that it includes",
    reads: Some(Reads { export: "cat /etc/squid/squid.conf /etc/squid/conf.d/*.conf", recognises, read }),
    writes: Some(write::write),
};

fn recognises(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').lines().any(|line| {
        let mut words = line.split_whitespace();
        match (words.next(), words.next(), words.next()) {
            (Some("http_access"), Some("allow" | "deny"), _) => true,
            (Some("acl"), Some(_), Some(kind)) => {
                matches!(kind, "src" | "dst" | "dstdomain" | "dstdom_regex" | "port" | "method" | "proto")
                    || kind == "ssl::server_name"
            }
            _ => false,
        }
    })
}

/// One file is the configuration; the others are what it includes, and lists of values.
fn read(inputs: &[Input], _: &Scope) -> Result<Rules, Unread> {
    let mut rules = Rules::default();
    rules.files.extend(inputs.iter().map(|input| File { name: input.name.clone(), dialect: DIALECT.name }));
    let is_configuration = |at: &usize| recognises(&inputs[*at].text);
    let mut is_named = vec![false; inputs.len()];
    for (by, input) in inputs.iter().enumerate() {
        let lines = input.text.lines().filter_map(|line| line.trim_start().strip_prefix("include"));
        let lists = lines.filter(|rest| rest.starts_with(char::is_whitespace)).take(MOST_INCLUDES);
        for word in lists.flat_map(config::words) {
            for at in config::named(inputs, &word.text, Some(by)) {
                is_named[at] = true;
            }
        }
    }
    let roots: Vec<usize> = (0..inputs.len()).filter(is_configuration).filter(|at| !is_named[*at]).collect();
    let file = inputs.first().map(|input| input.name.clone()).unwrap_or_default();
    let unread = |why: String| Unread { file: file.clone(), line: None, why };
    let root = match roots.as_slice() {
        [root] => *root,
        [] if inputs.len() == 1 => {
            return Err(unread("has no `acl` and no `http_access`: give the whole squid.conf".to_owned()));
        }
        [] => return Err(unread("is no configuration that includes the others: give squid.conf with them".to_owned())),
        [first, second, ..] => {
            let (first, second) = (&inputs[*first].name, &inputs[*second].name);
            let why = format!("does not include {second}, nor the other way round: give one configuration at a time");
            return Err(Unread { file: first.clone(), line: None, why });
        }
    };
    let directives = config::directives(inputs, root)
        .ok_or_else(|| unread("includes itself again and again: squid does not start with it".to_owned()))?;
    access::add_layers(&mut rules, &directives, inputs);
    Ok(rules)
}

/// More includes in one file are not looked at for which file is the first.
const MOST_INCLUDES: usize = 1000;

#[cfg(test)]
mod tests;
