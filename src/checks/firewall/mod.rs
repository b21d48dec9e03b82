//! Firewall: what exported rules let through, held to what is required and to what was seen.

mod agrees;
mod current;
mod egress;
mod ingress;
mod judged;
mod least_privilege;
mod understood;

use crate::check::{CheckId, Contact, Group, Touch, Vantage};
use crate::facts::Facts;
use crate::firewall::Flow;
use crate::firewall::audit::{Known, Users, concerned};
use crate::settings::{Exposure, Place, Settings};

pub(super) const GROUP: Group = Group {
    id: "firewall",
    title: "The firewall's exported rules",
    noun: "firewall rules",
    specs: &[&understood::SPEC, &egress::SPEC, &ingress::SPEC, &least_privilege::SPEC, &current::SPEC, &agrees::SPEC],
};

/// The checks that are about the rules alone, and send nothing.
pub(super) const OF_THE_RULES: &[CheckId] =
    &[understood::ID, egress::ID, ingress::ID, least_privilege::ID, current::ID];

/// Rules that somebody gives are to let everything through that is required.
fn with_rules(settings: &Settings, _: Vantage) -> bool {
    !settings.rules.is_empty()
}

/// What the settings say of the place where the rules stand.
pub fn known(settings: &Settings) -> Known {
    let text = |given: &Option<crate::settings::Setting<String>>| given.as_ref().map(|given| given.value.clone());
    Known {
        here: None,
        outside: text(&settings.outside),
        inside: text(&settings.inside),
        through: settings.place.as_ref().is_some_and(|place| place.value == Place::Router),
        users: match settings.exposure.as_ref().map(|exposure| exposure.value) {
            None => Users::Unsaid,
            Some(Exposure::Public) => Users::Anywhere,
            Some(Exposure::Private) => Users::Inside,
        },
    }
}

/// The flows that the rules are held to.
fn flows(facts: &Facts, settings: &Settings) -> Vec<Flow> {
    concerned(crate::firewall::flows(facts, settings, &[]), &known(settings))
}

/// The files, which are read before the run.
fn files(settings: &Settings, why: &str) -> Vec<Contact> {
    let touch = |path: &std::path::Path| {
        if path.as_os_str() == "-" { Touch::Local("standard input") } else { Touch::File(path.to_owned()) }
    };
    settings.rules.iter().map(|file| Contact::new(touch(&file.value), why)).collect()
}

/// What is said where there are no rules to look at.
const NO_RULES: &str = "the rules were not read for this run";

#[cfg(test)]
mod fixture {
    use std::sync::Arc;

    use super::*;
    use crate::checks::fixture::Site;
    use crate::context::Context;
    use crate::firewall::review::Review;
    use crate::firewall::rules::{
        Answer, Chain, File, Layer, Match, Place as At, Policy, Replies, Rule, Rules, Then, Way,
    };
    use crate::net::fake::Fake;

    /// A rule that accepts what it matches.
    pub(super) fn accept(line: usize, when: Match) -> Rule {
        Rule::new(
            At::new(0, line, format!("rule {line}"), "as it is written"),
            vec![when],
            Then::Answer(Answer::Accept),
        )
    }

    /// Rules that stand at one host, the same both ways, with this answer to everything else.
    pub(super) fn rules(list: &[Rule], policy: Answer) -> Rules {
        let mut rules =
            Rules { files: vec![File { name: "rules.txt".to_owned(), dialect: "made-up" }], ..Rules::default() };
        for way in [Way::In, Way::Out] {
            let policy = Policy { answer: policy, place: At::new(0, 99, "the policy", "policy") };
            let chain = rules.add_chain(Chain { name: "chain".to_owned(), rules: list.to_vec(), policy: Some(policy) });
            let families = crate::firewall::ranges::Ranges::all();
            rules.layers.push(Layer { name: "layer".to_owned(), way, families, chain, replies: Replies::Remembered });
        }
        rules
    }

    /// A site with these rules.
    pub(super) fn site(rules: &Rules, given: &[(&'static str, &str)]) -> (Context, Settings) {
        let site = given.iter().fold(Site::of(Fake::default()), |site, (name, value)| site.with(name, value));
        let site = site.with("firewall.rules", "rules.txt");
        let settings = site.settings();
        let facts = Facts::embedded();
        let all = crate::firewall::flows(&facts, &settings, &[]);
        let review = Review::of(rules, all, &facts, &known(&settings), Vec::new());
        (Context { review: Some(Arc::new(review)), ..site.context() }, settings)
    }
}
