//! What `listen` stands for and until when, what it saw there, and what it concludes; the deliveries that it causes, and takes back.

pub(crate) mod marker;
pub(crate) mod provocation;
mod seen;
mod stand;
pub(crate) mod vendor;

pub(crate) use seen::{Caused, Seen, Stood};
pub(crate) use stand::{EndOfStand, Stand, Until, Wanted};
