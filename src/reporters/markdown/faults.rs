//! The faults for a ticket.

use super::Blocks;
use crate::documents::faults::Faults;

impl Blocks {
    pub(super) fn faults(&mut self, Faults(faults): &Faults) {
        self.heading(1, "Faults of the demonstration");
        self.paragraph(&format!("`{} demo --fault NAME` plays one.", env!("CARGO_PKG_NAME")));
        let rows = faults.iter().map(|fault| {
            let finds = if fault.finds.is_empty() { fault.first().to_owned() } else { fault.finds.join(", ") };
            [format!("`{}`", fault.name), fault.shows.to_owned(), finds]
        });
        self.table(["fault", "what is broken", "what a run finds"], rows);
    }
}
