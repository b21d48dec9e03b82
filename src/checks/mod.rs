//! The checks, in run order: one folder per group, one file per check.

mod actions;
mod browser;
mod credentials;
mod domain;
mod egress;
mod events;
#[cfg(test)]
mod fixture;
mod flaw;
mod ingress;
mod settings;
mod webhook;
mod whence;

use crate::check::{Code, Group, Spec};

pub use actions::delivered as actions_delivered;
pub use ingress::arrives;
pub use settings::consistent;
pub(crate) use settings::proxy::ID as PROXY_SETTINGS;
pub(crate) use settings::to_pem;
pub use webhook::delivered;

/// The evidence, of whichever check, that names a host of the hosted login.
pub const HOSTED_LOGIN: &str = credentials::HOSTED_LOGIN;

/// Every group, in run order. A check's needs stand before it.
pub static GROUPS: &[Group] = &[
    settings::GROUP,
    egress::GROUP,
    browser::GROUP,
    credentials::GROUP,
    events::GROUP,
    domain::GROUP,
    ingress::GROUP,
    webhook::GROUP,
    actions::GROUP,
];

/// Every check, in run order.
pub fn specs() -> impl Iterator<Item = (&'static Group, &'static Spec)> {
    GROUPS.iter().flat_map(|group| group.specs.iter().map(move |spec| (group, *spec)))
}

/// The check with this id.
pub fn spec(id: &str) -> Option<&'static Spec> {
    specs().map(|(_, spec)| spec).find(|spec| spec.id.as_str() == id)
}

/// A finding's kind by its address, `check-id/code`.
pub fn code(address: &str) -> Option<(&'static Spec, &'static Code)> {
    let (id, name) = address.split_once('/')?;
    let spec = spec(id)?;
    spec.codes.iter().find(|code| code.name == name).map(|code| (spec, *code))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn needs_stand_before_those_that_need_them() {
        let ids: Vec<&str> = specs().map(|(_, spec)| spec.id.as_str()).collect();

        for (position, (_, spec)) in specs().enumerate() {
            for need in spec.needs {
                let at = ids.iter().position(|id| *id == need.as_str());
                assert!(at.is_some_and(|at| at < position), "{} needs {need}, which does not stand before it", spec.id);
            }
        }
    }

    #[test]
    fn a_checks_id_is_its_path_and_its_group() {
        for (group, spec) in specs() {
            let path = spec.id.as_str().replace('.', "/").replace('-', "_");
            let path = format!("{}/src/checks/{path}", env!("CARGO_MANIFEST_DIR"));
            let lives = [format!("{path}.rs"), format!("{path}/mod.rs")].iter().any(|it| Path::new(it).is_file());
            assert!(lives, "{} should live in {path}.rs", spec.id);
            assert_eq!(spec.id.group(), group.id);
        }
    }

    #[test]
    fn every_check_explains_itself_and_every_code_says_what_it_means() {
        for (_, spec) in specs() {
            assert!(spec.explain.len() > 200, "{} explains too little", spec.id);
            assert!(!spec.title.ends_with('.') && !spec.codes.is_empty(), "{}", spec.id);
            let mut names: Vec<&str> = spec.codes.iter().map(|code| code.name).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), spec.codes.len(), "{} has a code twice", spec.id);
            assert!(spec.codes.iter().all(|code| code.means.len() > 15), "{}", spec.id);
        }
    }
}
