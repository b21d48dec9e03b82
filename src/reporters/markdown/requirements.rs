//! The sheet for a firewall request, for its ticket.

use super::Blocks;
use crate::documents::requirements::{self, OBJECTS, OTHERWISE, REMOVED, TITLE, addresses, port};
use crate::firewall::Flow;

impl Blocks {
    pub(super) fn requirements(&mut self, sheet: &requirements::Sheet) {
        self.heading(1, TITLE);
        self.table(["field", "value"], sheet.head().into_iter().map(|(label, words)| [label.to_owned(), words]));
        self.flows(&sheet.flows);
        if let Some(compared) = sheet.compared.as_ref().filter(|compared| !compared.removed.is_empty()) {
            self.heading(2, REMOVED);
            self.flows(&compared.removed);
        }
        if sheet.objects.is_empty() {
            return;
        }
        self.heading(2, OBJECTS);
        let rows = sheet.objects.iter().map(|object| {
            let within = object.within.iter().map(|within| format!("within `{within}`"));
            let places: Vec<String> = within.chain([addresses(&object.ranges)]).filter(|it| !it.is_empty()).collect();
            [format!("`{}`", object.name), object.who.clone(), object.hosts.join(" "), places.join("; ")]
        });
        self.table(["object", "who", "host names", "addresses"], rows);
        self.paragraph(OTHERWISE);
    }

    fn flows(&mut self, flows: &[Flow]) {
        if flows.is_empty() {
            return;
        }
        let rows = flows.iter().map(|flow| {
            [
                format!("`{}`", flow.id),
                flow.direction.as_str().to_owned(),
                flow.need.as_str().to_owned(),
                format!("`{}`", flow.source.object),
                format!("`{}`", flow.destination.object),
                port(flow),
                flow.reason.clone(),
                flow.since.clone(),
            ]
        });
        self.table(["flow", "direction", "need", "from", "to", "port", "for", "source of the fact"], rows);
    }
}
