//! When, from where and by which way something was looked at or written, and held to what.

use super::Blocks;
use crate::outcome::Vantage;
use crate::report::Head;
use crate::said::utc;

impl Blocks {
    pub(super) fn head(&mut self, head: &Head) {
        let host = head.machine();
        let from = match head.vantage {
            Vantage::Inside => host,
            Vantage::Outside => format!("{host}, the installation from outside"),
        };
        let row = |name: &str, value: String| [name.to_owned(), value];
        let mut rows = vec![
            row("by", concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")).to_owned()),
            row("at", utc(head.started_at)),
            row("from", from),
            row("way out", head.way()),
            row("strategy", head.strategy.as_str().to_owned()),
            row("facts", format!("of {}", head.facts_as_of)),
            row("settings file", head.file()),
        ];
        // Whoever gets the ticket can have the same looked at once more.
        if !head.typed.is_empty() {
            rows.push(row("typed", format!("`{}`", head.typed)));
        }
        self.table(["", ""], rows);
    }
}
