//! Everything that is read from disk, within a limit of size and time, and everything that is written to it.

mod place;
mod reading;
mod text;
mod writing;

pub use reading::{Unreadable, endless, give_up_after, is_there, names_in, read, read_within, standard_input};
pub use text::{NotText, exact_text, is_utf16, text};
pub use writing::{Place, Unwritable};
