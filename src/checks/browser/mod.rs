//! Browser: whether a desktop reaches the hosts that browsers of users and admins need.

pub(super) mod reachable;

use crate::check::Group;

pub(super) const GROUP: Group =
    Group { id: "browser", title: "Hosts that browsers need", noun: "browsers", specs: &[&reachable::SPEC] };
