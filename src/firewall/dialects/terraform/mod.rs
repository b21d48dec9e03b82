//! Terraform: plans and states as it prints them in JSON, whichever cloud they are for, and rules written for a security group of AWS.

mod aws;
mod azure;
mod document;
mod google;
#[cfg(test)]
mod tests;
mod view;
mod write;

use serde_json::Value;

use super::aws::{acls, groups};
use super::azure::groups as azure_groups;
use super::gcp::firewalls;
use super::{Dialect, Input, Reads, Scope, Unread};
use crate::firewall::rules::{Answer, Condition, File, Match, NoteKind, Place, Rule, Rules, Then};
use document::Document;

/// Plans and states.
pub(super) static PLAN: Dialect = Dialect {
    name: "terraform-plan",
    title: "Terraform plans and states: the rules of AWS, Azure and Google Cloud in them",
    reads: Some(Reads { export: "terraform plan -out p && terraform show -json p", recognises, read }),
    writes: None,
};

/// Resources for a security group of AWS.
pub(super) static AWS: Dialect = Dialect {
    name: "terraform-aws",
    title: "Terraform resources that add rules to an AWS security group",
    reads: None,
    writes: Some(write::write),
};

/// A configuration is recognised too, so that it can be said what to give in its place.
fn recognises(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if !text.starts_with('{') {
        return is_configuration(text);
    }
    let has = |key: &str| text.contains(&format!("\"{key}\""));
    let kinds = [aws::KINDS, azure::KINDS, google::KINDS].concat();
    has("planned_values")
        || has("resource_changes")
        || has("root_module")
        || (has("terraform_version") && (has("values") || has("resources")))
        // A configuration can be JSON, too.
        || (has("resource") && kinds.iter().any(|kind| has(kind)))
}

/// Whether a text is a configuration as people write it.
fn is_configuration(text: &str) -> bool {
    let begins =
        ["resource \"", "data \"", "module \"", "variable \"", "provider \"", "output \"", "terraform {", "locals {"];
    text.lines().any(|line| begins.iter().any(|word| line.starts_with(word)) && line.trim_end().ends_with(['{', '}']))
}

const SHOW: &str = "`terraform plan -out p && terraform show -json p`";

fn read(inputs: &[Input], scope: &Scope) -> Result<Rules, Unread> {
    let mut rules = Rules::default();
    let (mut of_aws, mut acls_of_aws, mut of_azure, mut of_google) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (nth, input) in inputs.iter().enumerate() {
        let file = u16::try_from(nth).unwrap_or(u16::MAX);
        rules.files.push(File { name: input.name.clone(), dialect: PLAN.name });
        let value = parsed(input)?;
        let unread = |why: String| Unread { file: input.name.clone(), line: None, why };
        let document = Document::of(&value).ok_or_else(|| {
            unread(format!("is neither a plan nor a state as Terraform shows it; give the output of {SHOW}"))
        })?;
        let place = Place::new(file, 0, "the plan", "");
        for lacking in &document.lacking {
            rules.note(NoteKind::NotUnderstood, &place, lacking.clone());
        }
        let (groups, acls) = aws::read(&mut rules, &document, file);
        let (azure, google) = (azure::read(&mut rules, &document, file), google::read(&document, file));
        let count = groups.len() + acls.len() + azure.len() + google.len();
        note_others(&mut rules, &document, file);
        if count == 0 {
            return Err(unread(
                "plans no security group, network ACL or firewall rule of AWS, Azure or Google Cloud".to_owned(),
            ));
        }
        of_aws.extend(groups);
        acls_of_aws.extend(acls);
        of_azure.extend(azure);
        of_google.extend(google);
    }
    let clouds = [!(of_aws.is_empty() && acls_of_aws.is_empty()), !of_azure.is_empty(), !of_google.is_empty()];
    let several = clouds.iter().filter(|has| **has).count() > 1;
    let mut first = 0;
    groups::lay_out(&mut rules, of_aws, true, scope);
    acls::lay_out(&mut rules, acls_of_aws, scope);
    first = apart(&mut rules, first, several, "AWS");
    if !of_azure.is_empty() {
        azure_groups::add_layers(&mut rules, of_azure, scope);
        first = apart(&mut rules, first, several, "Azure");
    }
    if !of_google.is_empty() {
        firewalls::add_layers(&mut rules, of_google, scope);
        apart(&mut rules, first, several, "Google Cloud");
    }
    Ok(rules)
}

/// The rules of one cloud bear on nothing in another: where a plan is for several, it has to be known in which the installation is.
fn apart(rules: &mut Rules, first: usize, several: bool, cloud: &str) -> usize {
    let layers: Vec<_> = rules.layers.iter().skip(first).map(|layer| layer.chain).collect();
    for chain in layers.into_iter().filter(|_| several) {
        if let Some(chain) = rules.chains.get_mut(chain.0 as usize) {
            let place = Place { name: format!("what is not in {cloud}").into(), ..Place::default() };
            let elsewhere = Match::any().on(Condition::fails(format!("the installation is in {cloud}")));
            chain.rules.insert(0, Rule::new(place, vec![elsewhere], Then::Answer(Answer::Accept)));
        }
    }
    rules.layers.len()
}

fn parsed(input: &Input) -> Result<Value, Unread> {
    let text = input.text.trim_start_matches('\u{feff}');
    let unread = |line, why| Unread { file: input.name.clone(), line, why };
    if is_configuration(text) {
        let why = format!("is a configuration, whose values Terraform alone can work out; give the output of {SHOW}");
        return Err(unread(None, why));
    }
    let value: Value = serde_json::from_str(text).map_err(|error| {
        unread(Some(error.line()).filter(|line| *line > 0), format!("is no JSON: {error}; give the output of {SHOW}"))
    })?;
    if value.get("lineage").is_some() && value.get("values").is_none() {
        let why = "is a state as Terraform keeps it; give the output of `terraform show -json`";
        return Err(unread(None, why.to_owned()));
    }
    Ok(value)
}

/// Notes what looks as if it let something pass or stopped it, and is not read.
fn note_others(rules: &mut Rules, document: &Document, file: u16) {
    let looks =
        ["firewall", "security_group", "secgroup", "security_list", "network_acl", "network_policy", "security_rule"];
    let known = [aws::KINDS, azure::KINDS, google::KINDS, HARMLESS].concat();
    for resource in &document.resources {
        if !resource.is_data && !known.contains(&resource.kind) && looks.iter().any(|word| resource.kind.contains(word))
        {
            let place = Place::new(file, 0, resource.address, &resource.values.value().to_string());
            rules.note(
                NoteKind::NotUnderstood,
                &place,
                format!("{} is not read, and may decide what passes", resource.kind),
            );
        }
    }
}

/// What binds groups to something, or gives names to hosts.
const HARMLESS: &[&str] = &[
    "aws_network_acl_association",
    "aws_network_interface_sg_attachment",
    "aws_vpc_security_group_vpc_association",
    "aws_db_security_group",
    "aws_db_subnet_group",
    "azurerm_application_security_group",
    "azurerm_network_interface_application_security_group_association",
    "azurerm_network_interface_security_group_association",
    "azurerm_subnet_network_security_group_association",
];
