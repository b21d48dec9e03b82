//! Everything that is read from disk, within a limit of size and time.

mod reading;
mod text;

pub use reading::{Unreadable, give_up_after, is_there, names_in, read, read_within, standard_input};
pub use text::{NotText, exact_text, is_utf16, text};
