//! A plan for a ticket.

use super::Blocks;
use super::text::{code, prose};
use crate::contact::Piece;
use crate::documents::plan::{HEADINGS, Plan};

impl Blocks {
    pub(super) fn plan(&mut self, plan: &Plan) {
        self.heading(1, &plan.title());
        self.paragraph("Nothing has been sent.");
        self.head(&plan.head);
        for heading in HEADINGS {
            let contacts = plan.under(heading);
            if contacts.is_empty() {
                continue;
            }
            self.heading(2, heading);
            self.stand_off();
            for contact in contacts {
                let pieces = contact.pieces.iter().map(|piece| match piece {
                    Piece::Words(words) => prose(words),
                    Piece::Literal(text) => code(text),
                });
                self.item(0, &pieces.collect::<Vec<_>>().join(" "));
                contact.why.iter().for_each(|reason| self.item(1, &prose(reason)));
            }
        }
        let idle = plan.idle();
        if !idle.is_empty() {
            self.heading(2, "Not asked");
            self.table(["check", "why"], idle.iter().map(|(id, reason)| [id.to_string(), reason.clone()]));
        }
    }
}
