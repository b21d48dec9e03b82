//! x
use crate::check::Group;
pub(super) const GROUP: Group = Group { id: "webhook", title: "webhook", specs: &[] };
