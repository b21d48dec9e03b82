//! Everything that is read from disk, within a limit of size and time.

mod reading;

pub use reading::{Unreadable, names_in, read, read_within, standard_input};
