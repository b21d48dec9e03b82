//! Actions: whether the application's endpoint for sign-in and registration Actions does what it must.

mod answers;
pub mod delivered;

use crate::check::Group;

pub(super) const GROUP: Group =
    Group { id: "actions", title: "Actions", noun: "Actions", specs: &[&answers::SPEC, &delivered::SPEC] };
