//! Settings: whether what was given can work at all, before anything is sent.

mod consistent;

use crate::check::Group;

pub(super) const GROUP: Group = Group { id: "settings", title: "Settings", specs: &[&consistent::SPEC] };
