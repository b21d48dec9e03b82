//! Azure: network security groups, as the command line, the API, PowerShell and templates say them.

mod bicep;
mod export;
pub(super) mod groups;
mod matches;
mod planned;
mod script;

use super::{Dialect, Input, Reads, Scope, Unread};
use crate::firewall::rules::{File, Rules};
use export::Document;

pub(super) static DIALECT: Dialect = Dialect {
    name: "azure",
    title: "Azure network security groups: az network nsg list, the effective rules of an interface, templates",
    reads: Some(Reads {
        export: "az network nic list-effective-nsg --resource-group GROUP --name NIC --output json",
        recognises,
        read,
    }),
    writes: Some(script::write),
};

/// The script that makes rules.
pub(super) static CLI: Dialect = Dialect {
    name: "azure-cli",
    title: "a script of az commands for an Azure network security group",
    reads: None,
    writes: Some(script::write),
};

/// The template that makes rules.
pub(super) static BICEP: Dialect = Dialect {
    name: "bicep",
    title: "a Bicep template for an Azure network security group",
    reads: None,
    writes: Some(bicep::write),
};

fn recognises(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let says = ["\"securityRules\"", "\"SecurityRules\"", "\"effectiveSecurityRules\"", "\"EffectiveSecurityRules\""];
    text.starts_with(['{', '['])
        && (says.iter().any(|word| text.contains(word)) || text.contains("Microsoft.Network/networkSecurityGroups"))
}

/// Groups of several files are those of an interface and of its subnet: all of them have to let pass.
fn read(inputs: &[Input], scope: &Scope) -> Result<Rules, Unread> {
    let mut rules = Rules::default();
    let mut documents = Vec::new();
    for input in inputs {
        let file = u16::try_from(rules.files.len()).unwrap_or(u16::MAX);
        rules.files.push(File { name: input.name.clone(), dialect: DIALECT.name });
        let unread = |why| Unread { file: input.name.clone(), line: None, why };
        documents.push(export::document(&mut rules, input, file).map_err(unread)?);
    }
    let names = |document: &Document| match document {
        Document::Effective(_) => Vec::new(),
        Document::Groups(groups) => groups.iter().map(|group| group.name.clone()).collect::<Vec<String>>(),
    };
    let known: Vec<String> = documents.iter().flat_map(names).collect();
    let asked = |name: &String| scope.names(&[name]);
    if !scope.only.is_empty() && !known.is_empty() && !known.iter().any(asked) {
        let file = inputs.first().map(|input| input.name.clone()).unwrap_or_default();
        let why = format!("holds none of the network security groups that were named; it has {}", known.join(", "));
        return Err(Unread { file, line: None, why });
    }
    for document in documents {
        match document {
            Document::Effective(groups) => groups::add_each(&mut rules, groups),
            Document::Groups(groups) => groups::add_layers(&mut rules, groups, scope),
        }
    }
    Ok(rules)
}

#[cfg(test)]
mod tests;
