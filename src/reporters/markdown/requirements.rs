//! The sheet for a firewall request, for its ticket.

use super::Blocks;
use crate::documents::requirements::{self, OTHERWISE, in_words, port};

impl Blocks {
    pub(super) fn requirements(&mut self, sheet: &requirements::Sheet) {
        self.heading(1, "What must be let through for an application that uses WorkOS");
        self.paragraph(&format!("{} strategy, facts of {}.", sheet.strategy, sheet.as_of));
        let rows = sheet.flows.iter().map(|flow| {
            [
                format!("`{}`", flow.id),
                flow.direction.as_str().to_owned(),
                flow.need.as_str().to_owned(),
                in_words(&flow.source),
                in_words(&flow.destination),
                port(flow),
                flow.reason.clone(),
                flow.since.clone(),
            ]
        });
        self.table(["flow", "direction", "need", "from", "to", "port", "for", "since"], rows);
        self.paragraph(OTHERWISE);
    }
}
