//! x
use crate::check::Group;
pub(super) const GROUP: Group = Group { id: "ingress", title: "ingress", specs: &[] };
