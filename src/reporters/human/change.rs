//! What a change of rules does, as a person reads it: the verdict first, then what is beside the request, then the rest.

use std::io::{self, Write};

use super::{BELOW, Human, Paint};
use crate::documents::change::{Change, Changed};
use crate::firewall::compare::Verdict;

impl Human {
    pub(super) fn change(&mut self, change: &Change, out: &mut dyn Write) -> io::Result<()> {
        let paint = match change.verdict {
            Verdict::Nothing | Verdict::Exactly => Paint::Good,
            Verdict::Otherwise(_) => Paint::Bad,
            Verdict::Differs | Verdict::Undecided => Paint::Odd,
        };
        self.stand_off(out)?;
        self.hanging("", paint, &change.verdict_in_words(), out)?;
        self.stand_off(out)?;
        self.head(&change.head, out)?;
        for (label, files) in ["before", "after"].into_iter().zip(&change.files) {
            let named: Vec<String> = files.iter().map(|(file, dialect)| format!("{file} ({dialect})")).collect();
            self.hanging(&format!("  {label:<10} "), Paint::Plain, &named.join(", "), out)?;
        }
        if let Some(requested) = &change.requested {
            self.hanging("  requested  ", Paint::Plain, &requested.join(", "), out)?;
        }
        for (file, why) in &change.skipped {
            self.hanging("  passed over  ", Paint::Plain, &format!("{file}: {why}"), out)?;
        }
        if !change.left_out.is_empty() {
            self.title("Requested, and not there", out)?;
            for missed in &change.left_out {
                self.hanging("  - ", Paint::Plain, &missed.sentence(), out)?;
            }
        }
        for (heading, rows) in change.parts() {
            self.title(heading, out)?;
            for row in rows {
                self.changed(row, out)?;
            }
        }
        if !change.unjudged.is_empty() {
            self.title("Could not be compared", out)?;
            for why in &change.unjudged {
                self.hanging("  ? ", Paint::Plain, why, out)?;
            }
        }
        Ok(())
    }

    fn changed(&mut self, row: &Changed, out: &mut dyn Write) -> io::Result<()> {
        self.hanging("  - ", Paint::Plain, &row.what(), out)?;
        let below = " ".repeat(BELOW);
        let [before, after] = row.deciders();
        self.hanging(&format!("{below}before  "), Paint::Faint, &before, out)?;
        self.hanging(&format!("{below}after   "), Paint::Faint, &after, out)?;
        if !row.conditions.is_empty() {
            let whether = format!("unsure whether {}", row.conditions.join("; and whether "));
            self.hanging(&below, Paint::Plain, &whether, out)?;
        }
        Ok(())
    }
}
