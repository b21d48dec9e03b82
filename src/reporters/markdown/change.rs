//! What a change of rules does, for its ticket: the verdict is the heading.

use super::Blocks;
use crate::documents::change::{Change, TITLE};

impl Blocks {
    pub(super) fn change(&mut self, change: &Change) {
        self.heading(1, change.verdict_in_words().trim_end_matches('.'));
        self.paragraph(&format!("{TITLE}."));
        self.head(&change.head);
        let side = |label: &str, files: &[(String, &str)]| -> Vec<[String; 2]> {
            files.iter().map(|(file, dialect)| [label.to_owned(), format!("`{file}` ({dialect})")]).collect()
        };
        let [before, after] = &change.files;
        let passed = change.skipped.iter().map(|(file, why)| ["passed over".to_owned(), format!("`{file}`: {why}")]);
        let requested = change.requested.iter().map(|flows| {
            let flows: Vec<String> = flows.iter().map(|flow| format!("`{flow}`")).collect();
            ["requested".to_owned(), flows.join(", ")]
        });
        let rows = side("before", before).into_iter().chain(side("after", after)).chain(requested).chain(passed);
        self.table(["what", "which"], rows);
        if !change.left_out.is_empty() {
            self.heading(2, "Requested, and not there");
            self.table(["what"], change.left_out.iter().map(|missed| [missed.sentence()]));
        }
        for (heading, rows) in change.parts() {
            self.heading(2, heading);
            let rows = rows.into_iter().map(|row| {
                let [before, after] = row.deciders();
                let whether = row.conditions.join("; and whether ");
                let whether = if whether.is_empty() { whether } else { format!("unsure whether {whether}") };
                [row.what(), before, after, whether]
            });
            self.table(["connections", "decided before by", "decided after by", "hangs on"], rows);
        }
        if !change.unjudged.is_empty() {
            self.heading(2, "Could not be compared");
            self.table(["why"], change.unjudged.iter().map(|why| [why.clone()]));
        }
    }
}
